from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.candidates import find_candidates, parse_year


def found(text: str, kind: str) -> list[str]:
    return [text[c.start : c.end] for c in find_candidates(text) if c.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("青川港去年完成投资近60亿元。", "money", "60亿元"),
        ("该基金规模超3.5亿美元，期限八年。", "money", "3.5亿美元"),
        ("一期总投资约108亿元，占地300亩。", "money", "108亿元"),
        ("预计每年新增税收6000万元以上。", "money", "6000万元以上"),
        ("门票每张一百二十元。", "money", "一百二十元"),
        ("Sales came to RMB 2.7 billion last year.", "money", "RMB 2.7 billion"),
        ("合同金额为EUR 40万。", "money", "EUR 40万"),
        ("产值同比增长22.5%，创历史新高。", "percent", "22.5%"),
        ("合格率提高了３．２个百分点。", "percent", "３．２个百分点"),
        ("百分之八十的村民用上了自来水。", "percent", "百分之八十"),
        ("全镇共有企业4740余家。", "quantity", "4740余家"),
        ("目前，园区聚集了德语区项目35 个。", "quantity", "35 个"),
        ("新增专利1,024件。", "quantity", "1,024件"),
        ("风机全年发电约1200万度。", "quantity", "1200万度"),
        ("储能规模达到23.2GWh。", "quantity", "23.2GWh"),
        ("校舍占地超180万平方米。", "quantity", "180万平方米"),
        ("村里有三百五十多户人家。", "quantity", "三百五十多户"),
        ("累計走訪企業１００餘家次。", "quantity", "１００餘家次"),
        ("在全省县市中排名第23位。", "rank", "第23位"),
        ("综合实力位列全国第三。", "rank", "第三"),
        ("工程历时三个月。", "duration", "三个月"),
        ("大桥建设用了18个月时间。", "duration", "18个月"),
        ("2015年9月升级为省级园区。", "date", "2015年9月"),
        ("3月28日，新厂房落成。", "date", "3月28日"),
        ("产品于4月中旬面市。", "date", "4月中旬"),
        ("二〇二一年，学校迁到城南。", "date", "二〇二一年"),
        ("该塔建于20世纪90年代。", "date", "20世纪90年代"),
        ("The mill was built in 1874 and burnt down twice.", "date", "1874"),
        ("去年底，大会首次在此举办。", "date", "去年底"),
        ("The plant opened in September 2015.", "date", "September 2015"),
        ("It was founded on 3 May 1998 in Linz.", "date", "3 May 1998"),
        ("The fund raised $10 billion in two rounds.", "money", "$10 billion"),
        ("Output rose by 12.5 percent.", "percent", "12.5 percent"),
        ("The zone has 1,200 employees.", "quantity", "1,200 employees"),
        ("In 1998 Lanchuan opened its plant.", "date", "1998"),
        ("By 2015 output had doubled.", "date", "2015"),
        ("Since 2003 Graz has grown.", "date", "2003"),
        ("It was rebuilt in mid-1998.", "date", "1998"),
        ("He led the school 2019-2021.", "date", "2019-2021"),
        ("当地最低气温-5℃，多雪。", "quantity", "-5℃"),
        ("最冷时零下5度。", "quantity", "零下5度"),
        ("产值增长-2.3%，好于预期。", "percent", "-2.3%"),
        ("阅览室延长开放至21时。", "date", "21时"),
        ("渡轮9点开船，早上七点半检票。", "date", "9点"),
        ("渡轮9点开船，早上七点半检票。", "date", "早上七点半"),
        ("展馆每周一闭馆。", "date", "每周一"),
        ("集市逢星期六举行。", "date", "星期六"),
        ("展馆每周二至周日开放。", "date", "每周二至周日"),
        ("The ferry sailed for the first time on Tuesday.", "date", "Tuesday"),
        ("The mill is open Thursdays to Sundays 10:00-16:00.", "date", "Thursdays to Sundays"),
        ("门诊时间为周一至周六。", "date", "周一至周六"),
        ("They end at 12.30 pm.", "date", "12.30 pm"),
        ("投诉电话：0571-8600 2266。", "quantity", "0571-8600 2266"),
        ("头一年的苗，活下来的不到四成。", "percent", "四成"),
        ("成活率提高到九成以上。", "percent", "九成以上"),
        ("The mill is closed throughout January.", "date", "January"),
        ("It opened in May, after the flood.", "date", "May"),
        ("It is open from March to October.", "date", "March to October"),
        ("展馆每周一、周三和周五开放。", "date", "每周一、周三和周五"),
        ("办公室星期一至五办公。", "date", "星期一至五"),
        ("她以1分54秒12夺得冠军。", "duration", "1分54秒12"),
        ("他以10秒31夺得冠军。", "duration", "10秒31"),
        ("渡海需要1小时20分钟。", "duration", "1小时20分钟"),
        ("工程历时2年6个月。", "duration", "2年6个月"),
        ("周末照旧，9:00开馆。", "date", "9:00"),
        ("三月初三赶歌圩。", "date", "三月初三"),
        ("红柿十月成熟。", "date", "十月"),
        ("糖糕三块五，蜜糕四元。", "money", "三块五"),
        ("路上走了一小时二十分钟。", "duration", "一小时二十分钟"),
    ],
)
def test_a_figure_or_date_is_found_whole_and_without_what_stands_around_it(
    text: str, kind: str, answer: str
) -> None:
    assert answer in found(text, kind)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("青川大学校长李明远出席仪式。", "李明远"),
        ("在云帆科技总经理王大鹏看来，时机已到。", "王大鹏"),
        ("记者从副市长杨芬处获悉。", "杨芬"),
        ("市委書記歐陽建華說。", "歐陽建華"),
        ("创始人埃隆·哈里森到访。", "埃隆·哈里森"),
        ("埃隆·哈里森总统到访。", "埃隆·哈里森"),
        ("埃隆·哈里森则留任。", "埃隆·哈里森"),
        ("来自印度的昆塔博士在此工作三年。", "昆塔"),
        ("奖项由小說家蘇曼如奪得。", "蘇曼如"),
        ("钱学礼物理学家到访。", "钱学礼"),
        ("孙玉兰调任副市长。", "孙玉兰"),
        ("The chief engineer, Maria Lopez, resigned.", "Maria Lopez"),
    ],
)
def test_a_person_is_found_by_title_or_form(text: str, answer: str) -> None:
    assert answer in found(text, "person")


def test_a_name_of_three_characters_is_not_cut_to_two() -> None:
    assert found("总经理王大鹏表示，订单充足。", "person") == ["王大鹏"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("书记由原局长贺兰接任。", "贺兰"),
        ("李娜升任校长。", "李娜"),
        ("张伟继任院长。", "张伟"),
        ("王强兼任主编。", "王强"),
    ],
)
def test_a_name_ends_before_the_word_for_an_appointment(text: str, answer: str) -> None:
    assert found(text, "person") == [answer]


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("3月28日上午9时，新厂房落成。", ["3月28日"]),
        ("会议定于3月28日（周四）召开。", ["3月28日"]),
        ("每周一次，一周三天，由周一鸣讲授。", []),
        ("股指上涨12点，代表提出9点建议，占比升了2.5点。", []),
        ("股指涨了20点，有3点原因，评分8点5。", []),
        ("上午9点30分开馆。", ["上午9点30分"]),
    ],
)
def test_what_looks_like_a_time_or_belongs_to_a_date_is_none_of_its_own(text: str, dates: list[str]) -> None:
    assert found(text, "date") == dates


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("位于青川高新区的云帆电子科技有限公司在港交所上市。", "云帆电子科技有限公司"),
        ("来参展的安洁电子科技（江南）有限公司一直供货。", "安洁电子科技（江南）有限公司"),
        ("项目由江南大学牵头。", "江南大学"),
        ("She works for Northern Bridge Works Ltd in Leeds.", "Northern Bridge Works Ltd"),
    ],
)
def test_an_organisation_is_found_from_its_first_word(text: str, answer: str) -> None:
    assert answer in found(text, "organisation")


def test_a_company_ending_alone_names_nobody() -> None:
    assert "有限公司" not in found("该有限公司成立。", "organisation")


def test_a_country_is_a_place() -> None:
    assert "印度" in found("他来自印度，二十年前来华。", "place")


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("在甲山公司、乙水公司、丙石公司三家龙头企业的引领下", ["甲山公司", "乙水公司", "丙石公司"]),
        ("推行“三办”(马上办、网上办、一次办)服务", ["马上办", "网上办", "一次办"]),
        ("构筑“人才、创新和金融”三大高地", ["人才", "创新", "金融"]),
        ("主要涉及高端装备、先进算力、元宇宙等领域", ["高端装备", "先进算力", "元宇宙"]),
    ],
)
def test_a_list_is_split_into_its_items(text: str, items: list[str]) -> None:
    lists = [[text[s:e] for s, e in c.parts] for c in find_candidates(text) if c.kind == "list"]
    assert items in lists


def test_a_code_is_no_figure() -> None:
    assert found("采用V2X技术和R15协议", "quantity") == []


def test_an_amount_that_begins_like_a_year_is_no_month() -> None:
    assert found("一期投入1996.01万元", "date") == []
    assert "1996.01万元" in found("一期投入1996.01万元", "money")


def test_a_year_is_no_quantity() -> None:
    assert found("2021年设立分中心", "quantity") == []


def test_a_year_before_a_name_is_told_from_a_number_before_what_it_counts() -> None:
    text = "In 1998 Lanchuan grew. In 1200 cities it did not."
    assert (found(text, "date"), found(text, "quantity")) == (["1998"], ["1200"])


def test_a_minus_sign_is_told_from_the_dash_of_a_range() -> None:
    text = "最低气温-5℃，新增企业10-15家，门票5万元-8万元。"
    assert found(text, "quantity") == ["-5℃", "10-15家"]
    assert found(text, "money") == ["5万元", "8万元"]


@pytest.mark.parametrize(("text", "year"), [("2023", 2023), ("二〇二三", 2023), ("十九", None), ("", None)])
def test_a_year_is_read_in_both_scripts(text: str, year: int | None) -> None:
    assert parse_year(text) == year


@given(
    st.text(alphabet="年月日第一二三百万亿元家个、，。“”()（）·$%.,0123456789abAB 王李公司和", max_size=60)
)
def test_every_candidate_lies_inside_its_text(text: str) -> None:
    for candidate in find_candidates(text):
        assert 0 <= candidate.start < candidate.end <= len(text)
        assert all(candidate.start <= s < e <= candidate.end for s, e in candidate.parts)
        assert 0 <= candidate.lead <= candidate.start


@pytest.mark.parametrize(
    ("text", "found", "unit"),
    [
        ("开放时间8:30—17:00，周一闭馆。", "8:30—17:00", "时"),
        ("演出19：30开始。", "19：30", "时"),
        ("It opens at 9.20 pm on Fridays.", "9.20 pm", "时"),
        ("It closes at 10 p.m. every day.", "10 p.m.", "时"),
        ("10月7日、8日闭馆检修。", "10月7日、8日", "日"),
    ],
)
def test_times_with_a_colon_and_days_in_a_row_are_dates(text: str, found: str, unit: str) -> None:
    dates = {text[c.start : c.end]: c.unit for c in find_candidates(text) if c.kind == "date"}
    assert dates.get(found) == unit
    assert not any(c.kind == "quantity" for c in find_candidates(text))


def test_a_score_is_no_time() -> None:
    assert not any(c.kind == "date" for c in find_candidates("湖城队以21:15取胜，比分是21:15。"))


@pytest.mark.parametrize(
    ("text", "figure", "kind"),
    [
        ("员工人数：2022年1,200，2023年1,350。", "1,200", "quantity"),
        ("It took seven years.", "seven years", "duration"),
        ("It lasts two and a half hours.", "two and a half hours", "duration"),
        ("It weighs 46 kilograms.", "46 kilograms", "quantity"),
        ("It fell by five per cent.", "five per cent", "percent"),
    ],
)
def test_a_figure_ends_with_its_own_unit(text: str, figure: str, kind: str) -> None:
    found = [c for c in find_candidates(text) if text[c.start : c.end] == figure]
    assert [c.kind for c in found] == [kind]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("It was founded by Ludwig van Brandt and Bob O'Neill.", {"Ludwig van Brandt", "Bob O'Neill"}),
        ("Two plans of Anna-Lena Müller were shown.", {"Anna-Lena Müller"}),
        ("In March Émile Duval met McAllister on Monday.", {"Émile Duval", "McAllister"}),
        ("It opened. Our guides say so. September was wet.", set()),
    ],
)
def test_english_names_are_whole_and_other_capitals_are_none(text: str, names: set[str]) -> None:
    assert {text[c.start : c.end] for c in find_candidates(text) if c.kind == "person"} == names


def test_an_english_name_is_offered_without_its_honorific_too() -> None:
    text = "Dame Rosalind Alder stepped down."
    found = [text[c.start : c.end] for c in find_candidates(text) if c.kind == "person"]
    assert found == ["Dame Rosalind Alder", "Rosalind Alder"]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("It is to close in the fourth quarter of 2025.", "fourth quarter of 2025"),
        ("It was postponed until the spring of 2026.", "spring of 2026"),
        ("She will leave at the end of July 2025.", "end of July 2025"),
        ("Work began in late March 2024.", "late March 2024"),
    ],
)
def test_an_english_part_of_a_year_is_one_date(text: str, date: str) -> None:
    (found,) = [c for c in find_candidates(text) if c.kind == "date"]
    assert text[found.start : found.end] == date
    assert found.year == int(date[-4:])


def test_an_english_name_of_an_organisation_is_whole() -> None:
    text = "Whitlock & Stearns Ltd borrowed from the Bank of Marrow."
    found = {text[c.start : c.end] for c in find_candidates(text) if c.kind == "organisation"}
    assert found == {"Whitlock & Stearns Ltd", "Bank of Marrow"}


@pytest.mark.parametrize("text", ["She wrote for the Sunday Times.", "Only Wednesday Group paid."])
def test_the_name_of_a_paper_is_no_day(text: str) -> None:
    assert found(text, "date") == []
