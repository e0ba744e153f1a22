from __future__ import annotations

from collections.abc import Iterator

import pytest

from index.chunking import ChunkingOptions, chunk_document
from index.datatypes import Chunk, Document, DocumentInfo, Hit
from index.layout import analyse
from index.sentences import split_sentences
from index.tables import Table, find_tables
from rag.context import passages_from_hits
from rag.tables import verbalise

BARS = "| 指标 | 2022年 | 2023年 |\n|---|---:|---:|\n| 营业收入（亿元） | 12.5 | 14.8 |\n| 员工人数 | 1,200 | 1,350 |"
TABS = "园区\t所在城市\t成立时间\n青溪园\t临江市\t1998年3月\n白鹭园\t\t2006年11月"
BLANKS = (
    "项目          成人票   儿童票   开放时间\n"
    "观光缆车      80元     40元     8:30—17:00\n"
    "江心岛游船    120元    60元     9:00—16:30"
)

COMMAS = '名次,队伍,用时,奖金（元）\n1,飞鱼队,4分12秒,"20,000"\n2,白鹭队,4分15秒,'


def cells(text: str) -> list[list[list[str]]]:
    return [[[text[slice(*cell)] for cell in row] for row in table.rows] for table in find_tables(text)]


@pytest.mark.parametrize("before", ["", "正文在此。\n\n", "一句话\n"])
@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (BARS, ["指标", "2022年", "2023年"], ["员工人数", "1,200", "1,350"]),
        (TABS, ["园区", "所在城市", "成立时间"], ["白鹭园", "", "2006年11月"]),
        (
            BLANKS,
            ["项目", "成人票", "儿童票", "开放时间"],
            ["江心岛游船", "120元", "60元", "9:00—16:30"],
        ),
        (COMMAS, ["名次", "队伍", "用时", "奖金（元）"], ["2", "白鹭队", "4分15秒", ""]),
    ],
)
def test_a_table_is_found_in_each_form_with_its_cells(
    text: str, first: list[str], last: list[str], before: str
) -> None:
    whole = before + text + "\n\n后文。"
    (table,) = find_tables(whole)
    (rows,) = cells(whole)
    assert (rows[0], rows[-1]) == (first, last)
    assert table.has_header
    assert whole[table.start : table.end] == text


def test_a_header_may_have_nothing_over_the_first_column() -> None:
    (rows,) = cells("        2022年   2023年\n产值    12.1     13.4\n税收    1.2      1.3")
    assert rows[0] == ["", "2022年", "2023年"]


def test_a_row_set_by_blanks_may_lack_a_cell_or_have_one_blank_between_two() -> None:
    lacking = BLANKS.replace("120元    60元     9:00", "         60元     9:00")
    close = BLANKS.replace("80元     40元", "80元 40元")
    for text, row in (
        (lacking, ["江心岛游船", "", "60元", "9:00—16:30"]),
        (close, ["观光缆车", "80元", "40元", "8:30—17:00"]),
    ):
        (rows,) = cells(f"{text}\n夜游          60元     30元     18:00—21:00")
        assert row in rows
        assert len(rows) == 4


def test_a_name_of_two_words_is_one_cell_where_another_is_lacking() -> None:
    text = "Room       Beds     Price\nNorth      2        120\nSouth      3        140\n"
    for row, found in (
        ("West Lake           90", ["West Lake", "", "90"]),
        ("West Lake  4 90", ["West Lake", "4", "90"]),
    ):
        (rows,) = cells(text + row)
        assert rows[-1] == found


TIERS = (
    "区\t2022年\t\t2023年\t\n区\t收入（亿元）\t企业数\t收入（亿元）\t企业数\n"
    "东区\t3.1\t120\t3.6\t131\n西区\t2.2\t80\t\t85"
)


def test_names_over_several_columns_are_joined_with_those_of_each() -> None:
    (table,) = find_tables(TIERS)
    assert table.header_rows == 2
    assert verbalise(TIERS).text == (
        "东区：2022年收入3.1亿元。东区：2022年企业数120。东区：2023年收入3.6亿元。东区：2023年企业数131。\n"
        "西区：2022年收入2.2亿元。西区：2022年企业数80。西区：2023年企业数85。"
    )


def test_tiers_with_bare_years_are_joined_as_english_says_it() -> None:
    head = "| Site | 2021 | | 2022 | |\n|---|---|---|---|---|\n| | Beds | Staff | Beds | Staff |"
    text = f"{head}\n| North | 12 | 30 | 14 | 31 |"
    assert verbalise(text).text == (
        "North: Beds 12 in 2021.\nNorth: Staff 30 in 2021.\nNorth: Beds 14 in 2022.\nNorth: Staff 31 in 2022."
    )


def test_a_second_row_without_a_name_over_figures_goes_on_naming_the_columns() -> None:
    text = "| 科室 | 门诊 | 床位 |\n|---|---|---|\n| | 万人次 | |\n| 内科 | 4.2 | 86 |\n| 外科 | 3.7 | 75 |"
    assert verbalise(text).text == (
        "内科：门诊4.2万人次。内科：床位86。\n外科：门诊3.7万人次。外科：床位75。"
    )
    head = "| Staff | Room | Ext. |\n|---|---|---|\n| | number | number |\n"
    assert verbalise(f"{head}| Ann | 12 | 401 |").text == "Ann: Room number 12.\nAnn: Ext. number 401."


def test_a_row_of_words_under_the_header_is_no_second_header() -> None:
    (table,) = find_tables("姓名\t职务\t年龄\n\t顾问\t–\n王明\t书记\t白鹭")
    assert table.header_rows == 1
    (table,) = find_tables("姓名\t\t职务\n李青\t青溪\t主任\n王明\t白鹭\t书记")
    assert table.header_rows == 1


def test_a_first_row_that_lost_the_tab_before_it_has_nothing_over_the_first_column() -> None:
    (rows,) = cells("2022年\t2023年\n产值\t12.1\t13.4\n税收\t1.2\t1.3")
    assert rows[0] == ["", "2022年", "2023年"]
    (rows,) = cells("姓名\t职务\n李青\t主任\t青溪\n王明\t书记\t白鹭")
    assert rows[0] == ["姓名", "职务", ""]


@pytest.mark.parametrize(
    "text", ["| 名称 | 云帆公司 |\n|---|---|\n| 地址 | 建设路8号 |", "公司名称\t云帆公司\n地址\t建设路8号"]
)
def test_a_row_of_a_name_and_its_value_is_no_header(text: str) -> None:
    (table,) = find_tables(text)
    assert table.header_rows == 0


def captions(text: str) -> list[str | None]:
    return [text[slice(*table.caption)] if table.caption else None for table in find_tables(text)]


def test_a_caption_stands_over_its_table() -> None:
    first, second = "表1 北园产值（单位：亿元）", "表2 南园产值\n单位：亿元"
    assert captions(f"两园如下。\n\n{first}\n\n{BARS}\n\n{second}\n{BARS}\n\n来源：统计局") == [first, second]


def test_a_numbered_caption_may_stand_under_its_table() -> None:
    text = f"两园如下。\n\n{BARS}\n\n表1 北园产值\n\n{BARS}\n\n表2 南园产值"
    assert captions(text) == ["表1 北园产值", "表2 南园产值"]


@pytest.mark.parametrize(
    "over", ["两园的产值如下。", "各园的产值：", "很" * 90, "", "- 北园和南园", "| 北园 |"]
)
def test_a_sentence_an_item_or_a_long_line_is_no_caption(over: str) -> None:
    assert captions(f"{over}\n\n{BARS}") == [None]


@pytest.mark.parametrize(
    "text",
    [
        "张三    李四   王五\n赵六   孙七   周八",  # names at the foot of a page
        "卷首语      王明   3\n湖城的春天   李青   12\n老船厂   赵云   28",  # contents
        "第一章    总则\n第二章    附则",
        "他说,今年,风大\n她说,明年,雨多\n谁也说不准,反正,那12年过去了",
        "It has 1, 2, 3\nOf these, 4, 5\nName, a, 6",
        "这一栏写到一半的时候突然停了下来等着那边   那一栏也是一样写到一半的时候停了下来   第三栏在2023年停了下来\n"
        "接着往下写的时候才发现上面没有写完的事情   话还得从头说起因为读者已经忘了前面   是什么了所以2024年又写了",
        "只有一行   没有   12",
    ],
)
def test_what_only_looks_like_a_table_is_none(text: str) -> None:
    assert not list(find_tables(text))


def test_a_first_row_of_figures_is_no_header() -> None:
    (table,) = find_tables("产值\t12.5\t14.8\n税收\t1.1\t1.3")
    assert table.header == ()
    assert verbalise("产值\t12.5\t14.8\n税收\t1.1\t1.3").text == "产值\t12.5\t14.8\n税收\t1.1\t1.3"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            BARS,
            "营业收入：2022年12.5亿元。营业收入：2023年14.8亿元。\n员工人数：2022年1,200。员工人数：2023年1,350。",
        ),
        (TABS, "青溪园：所在城市临江市。青溪园：成立时间1998年3月。\n白鹭园：成立时间2006年11月。"),
        (
            "Group\tPatients\tResponse rate (%)\nControl\t112\t21.4\nLow dose\t108\t–",
            "Control: Patients 112.\nControl: Response rate 21.4%.\nLow dose: Patients 108.",
        ),
        (
            "Item\t2022\t2023\nRevenue (million yuan)\t12.5\t14.8\nGrants ($)\t3\t4",
            "Revenue: 12.5 million yuan in 2022.\nRevenue: 14.8 million yuan in 2023.\n"
            "Grants: $3 in 2022.\nGrants: $4 in 2023.",
        ),
        (
            "单位：万人\n年份\t人口\t增长率\n2021\t312\t2.1\n2022\t320\t2.6",
            "单位：万人\n2021年：人口312万人。2021年：增长率2.1。\n2022年：人口320万人。2022年：增长率2.6。",
        ),
        (
            "序号\t站点\tPM2.5（微克）\n1\t湖城站\t29\n2\t青溪站\t31",
            "湖城站：序号1。湖城站：PM2.5 29微克。\n青溪站：序号2。青溪站：PM2.5 31微克。",
        ),
        ("名次\t队\t积分\n1\t东队\t29", "东队：名次1。东队：积分29。"),
        ("Place\tRunner\tTime\n1\tAnn\t37:42", "Ann: Place 1.\nAnn: Time 37:42."),
        ("Place\tBeds\tStaff\nNorth\t12\t30", "North: Beds 12.\nNorth: Staff 30."),
        (
            "部门\t姓名\t电话\n办公室\t王敏\t5501\n办公室\t李强\t5502",
            "办公室 王敏：电话5501。\n办公室 李强：电话5502。",
        ),
        (
            "茶\t年份\t产量（吨）\n红茶\t2022\t30\n红茶\t2023\t35",
            "红茶 2022年：产量30吨。\n红茶 2023年：产量35吨。",
        ),
        (
            "部门\t人数\t电话\n办公室\t3\t5501\n办公室\t4\t5502",  # nothing tells the rows apart
            "办公室：人数3人。办公室：电话5501。\n办公室：人数4人。办公室：电话5502。",
        ),
        ("村\t户数\n东村\t412\n西村\t96", "东村：户数412户。\n西村：户数96户。"),
    ],
)
def test_every_cell_becomes_a_sentence_with_its_row_its_column_and_its_unit(
    text: str, sentences: str
) -> None:
    assert verbalise(text).text == sentences


@pytest.mark.parametrize(
    ("caption", "cell", "sentence"),
    [
        ("表1 北园产值（单位：万元）", "1,250", "北园产值，收入：2023年1,250万元。"),
        ("**表一：北园产值（人民币亿元）**", "12.5", "北园产值，收入：2023年12.5亿元。"),
        ("北园产值\n单位：万元", "(25)", "北园产值，收入：2023年-25万元。"),
        ("北园产值（单位：微克/立方米）", "25", "北园产值，收入：2023年25微克/立方米。"),
        ("（单位：万元）", "25①", "收入：2023年25万元。"),
        ("北园产值", "(25)", "北园产值，收入：2023年(25)。"),
        ("北园产值（%）", "12.5%", "北园产值，收入：2023年12.5%。"),
    ],
)
def test_a_caption_tells_what_each_cell_is_of_and_in_which_unit(
    caption: str, cell: str, sentence: str
) -> None:
    assert verbalise(f"{caption}\n\n项目\t2023年\n收入\t{cell}").text == f"{caption}\n\n{sentence}"


@pytest.mark.parametrize(
    ("caption", "figure"),
    [
        ("Table 2. North yard (in millions of US dollars)", "25 million US dollars"),
        ("North yard (US$ million)", "US$25 million"),
        ("North yard, in thousands", "25 thousand"),
        ("North yard (USD million)", "USD 25 million"),
        ("North yard (in million EUR)", "EUR 25 million"),
        ("Table 2: North yard (%)", "25%"),
    ],
)
def test_an_english_caption_states_its_unit_too(caption: str, figure: str) -> None:
    (sentence,) = verbalise(f"{caption}\nItem\t2023\nSales\t25").text.splitlines()[1:]
    assert sentence.endswith(f"Sales: {figure} in 2023.")


def test_a_sentence_that_ends_in_a_unit_states_that_of_the_table_under_it() -> None:
    text = "下表为各项目投资情况，单位：万元。\n\n项目\t计划\t完成\n老街\t1,250\t800"
    assert verbalise(text).text.endswith("\n\n老街：计划1,250万元。老街：完成800万元。")
    (table,) = find_tables(text)
    assert table.extent[0] == 0


def test_a_row_that_is_counted_otherwise_has_not_the_unit_of_its_table() -> None:
    text = "单位：万元\n项目\t2023年\n收入\t25\n毛利率\t31.2\n员工人数\t120"
    assert verbalise(text).text.endswith("毛利率：2023年31.2。\n员工人数：2023年120。")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("单位：亿元\n项目\t2023年\n产值\t25\n从业人员\t1420", "从业人员：2023年1420。"),
        ("单位：亿元\n园区\t产值\t员工总数\n北园\t25\t1420", "北园：员工总数1420。"),
        ("单位：万人\n项目\t2023年\n产业\t2\n从业人员\t1.4", "从业人员：2023年1.4万人。"),
        ("Sales (in million euros)\nItem\t2023\nCosts\t25\nEmployees\t120", "Employees: 120 in 2023."),
        (
            "Assets (in million euros)\nItem\t2023\nCash\t25\nLoans to customers\t120",
            "Loans to customers: 120 million euros in 2023.",
        ),
    ],
)
def test_people_are_not_counted_in_money(text: str, cell: str) -> None:
    assert verbalise(text).text.endswith(cell)


def test_a_name_in_the_caption_is_not_repeated_before_a_row_that_holds_it() -> None:
    read = verbalise("N4 boilers of 2023\nBoiler\tOutput (kW)\nN4\t6\nN4 Duo\t9\nT2\t5")
    assert read.text == (
        "N4 boilers of 2023\nboilers of 2023, N4: Output 6 kW.\nboilers of 2023, N4 Duo: Output 9 kW.\n"
        "N4 boilers of 2023, T2: Output 5 kW."
    )


def test_each_cell_is_a_sentence_of_its_own_whatever_it_begins_with() -> None:
    text = verbalise("item\t2022\t2023\nnet profit\t25\t27").text
    assert [text[slice(*span)] for span in split_sentences(text)] == [
        "net profit: 25 in 2022.",
        "net profit: 27 in 2023.",
    ]


@pytest.mark.parametrize("nothing", ["–", "", "n/a", "——"])
def test_a_blank_cell_is_known_by_its_names(nothing: str) -> None:
    text = f"北园产值\n项目\t2022年\t2023年\n收入\t{nothing}\t25"
    assert verbalise(text).blanks == ("北园产值 收入 2022年 ",)


def test_a_cell_knows_its_column_and_where_it_was() -> None:
    whole = f"前文。\n\n{BARS}\n\n后文14.8。"
    read = verbalise(whole)
    start = read.text.index("14.8亿元")
    cell = read.cell(start, start + len("14.8亿元"))
    assert cell is not None
    assert cell.column == "2023年"
    assert whole[slice(*read.original(start, start + len("14.8亿元")))] == "14.8"
    sentence = read.text.index("营业收入：2023年")
    assert whole[slice(*read.original(sentence, cell.end))] == "营业收入（亿元） | 12.5 | 14.8"
    assert read.cell(sentence, cell.end) is None
    row = read.cell(sentence, sentence + len("营业收入：2023年"))
    assert row is not None
    assert read.text[row.start : row.end] == "营业收入"
    after = read.text.index("后文")
    assert whole[slice(*read.original(after, after + 7))] == "后文14.8。"
    assert read.cell(after, after + 7) is None


def test_a_loss_is_quoted_with_its_brackets() -> None:
    read = verbalise("单位：万元\n项目\t2023年\n收入\t(25)")
    start = read.text.index("-25万元")
    assert read.source[slice(*read.original(start, start + len("-25万元")))] == "(25)"


def test_text_without_tables_is_read_as_it_is() -> None:
    read = verbalise("湖城新区去年实现产值85亿元。")
    assert (read.text, read.original(2, 4), read.cell(2, 4)) == (read.source, (2, 4), None)


def chunked(text: str, options: ChunkingOptions | None = None) -> tuple[Document, tuple[Chunk, ...]]:
    document, blocks = analyse(Document(source="page.txt", title="page", text=text))
    return document, chunk_document(document, blocks, options or ChunkingOptions())


def test_a_table_set_by_blanks_stays_in_lines() -> None:
    _, (chunk,) = chunked(f"湖城景区今年公布了新的票价。\n{BLANKS}\n景区电话：0571-88001234。")
    assert BLANKS in chunk.text
    assert verbalise(chunk.text).text.count("观光缆车：") == 3


@pytest.mark.parametrize("rule", ["", "|---|---|---|\n"])
def test_the_header_opens_every_chunk_of_a_long_table(rule: str) -> None:
    rows = [f"| 第{n}号园区 | {n}.5 | {2 * n} |" for n in range(1, 40)]
    header = "| 园区 | 产值（亿元） | 企业数 |"
    document, chunks = chunked("# 一览\n\n" + header + "\n" + rule + "\n".join(rows))
    assert len(chunks) > 2
    for chunk in chunks:
        assert chunk.text == "".join(document.text[start:end] for start, end in chunk.spans)
        assert chunk.text.startswith(f"{header}\n{rule}|")
    found = [line for chunk in chunks for line in chunk.text.split("\n")]
    assert [line for line in found if "号园区" in line] == rows


def test_the_caption_of_a_long_table_opens_every_chunk_and_its_cells_are_told_with_it() -> None:
    rows = "\n".join(f"| 第{n}号园区 | {n}.5 | {2 * n} |" for n in range(1, 40))
    caption = "表1 北区各园情况（单位：亿元）"
    _, chunks = chunked(
        f"# 一览\n\n各园如下。\n\n{caption}\n\n| 园区 | 产值 | 企业数 |\n|---|---|---|\n{rows}"
    )
    tables = [chunk for chunk in chunks if chunk.kind == "table"]
    assert len(tables) > 2
    assert all(chunk.text.startswith(f"{caption}\n\n| 园区 |") for chunk in tables)
    assert "北区各园情况，第39号园区：产值39.5亿元。" in verbalise(tables[-1].text).text


@pytest.mark.parametrize(("unit", "figure"), [("in dollars", "6.50 dollars"), ("thousands", "6.50 thousand")])
def test_an_english_heading_that_states_a_unit_opens_the_chunk_of_its_table(unit: str, figure: str) -> None:
    text = f"# Fares\n\n## Season ({unit})\n\n| Passenger | Weekday |\n|---|---|\n| Adult | 6.50 |"
    _, (chunk,) = chunked(text)
    assert verbalise(chunk.text).text.endswith(f"Adult: Weekday {figure}.")


def test_a_heading_that_states_a_unit_opens_the_chunk_of_its_table() -> None:
    rows = "| 园区 | 产值 |\n|---|---|\n| 北园 | 12.5 |"
    _, chunks = chunked(f"# 一览\n\n## 各园产值（单位：亿元）\n\n{rows}\n\n## 主办单位：\n\n统计局和各园区。")
    assert [verbalise(chunk.text).text for chunk in chunks if "单位" in chunk.text] == [
        "各园产值（单位：亿元）\n\n各园产值，北园：产值12.5亿元。"
    ]


def test_a_caption_shares_the_chunk_of_its_table_only() -> None:
    rows = "\n".join(f"| 第{n}号园区 | {n}.5 | {2 * n} |" for n in range(1, 12))
    table = f"| 园区 | 产值 | 企业数 |\n|---|---|---|\n{rows}"
    _, chunks = chunked(f"# 一览\n\n表1 北区\n\n{table}\n\n表2 南区\n\n{table}")
    assert [chunk.text.split("\n")[0] for chunk in chunks if chunk.kind == "table"] == [
        "表1 北区",
        "表2 南区",
    ]


def test_the_header_of_a_long_table_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def counted(text: str) -> Iterator[Table]:
        looked.append(text)
        return find_tables(text)

    monkeypatch.setattr("index.chunking.find_tables", counted)
    rows = "\n".join(f"| 第{n}号园区 | {n}.5 | {2 * n} |" for n in range(1, 200))
    _, chunks = chunked(f"# 一览\n\n| 园区 | 产值（亿元） | 企业数 |\n{rows}")
    assert len(chunks) > 10
    assert len(looked) == 1


def test_chunks_of_one_table_are_merged_with_one_header() -> None:
    rows = [f"第{n}号园区\t{n}.5\t{2 * n}" for n in range(1, 12)]
    text = "园区\t产值（亿元）\t企业数\n" + "\n".join(rows)
    document, chunks = chunked(text, ChunkingOptions(minimum=20, target=60, maximum=90))
    assert len(chunks) > 1
    info = DocumentInfo(id=1, source="page.txt", title="page")
    hits = [
        Hit(rank=n, chunk=chunk, document=info, scores={"fused": 1 / n})
        for n, chunk in enumerate(reversed(chunks), start=1)
    ]
    (passage,) = passages_from_hits(hits, lambda _: document.text, max_merged=1_000)
    assert passage.text == text
    assert passage.text == "".join(document.text[start:end] for start, end in passage.spans)
