from __future__ import annotations

import pytest

from rag.questions import analyse_question


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("青川港2022年实现产值多少？", "money"),
        ("项目總投資多少？", "money"),
        ("农业机械化率是多少？", "percent"),
        ("本地就业占比达到多少？", "percent"),
        ("园区有多少家企业？", "quantity"),
        ("全县有几所中学？", "quantity"),
        ("累计引进人才多少名？", "quantity"),
        ("电站的年发电量约为多少？", "quantity"),
        ("青川在全省排名第几？", "rank"),
        ("它的综合排名是多少？", "rank"),
        ("大桥什么时候通车？", "date"),
        ("学校是哪一年成立的？", "date"),
        ("仪式是哪一天举行的？", "date"),
        ("工程历时多久？", "duration"),
        ("占地几英亩？", "quantity"),
        ("县里的几条河分别叫什么？", "phrase"),
        ("20几所学校的学生在哪里集会？", "place"),
        ("青川大学的主校区在哪里？", "place"),
        ("桥在什么时期建成？", "date"),
        ("What is the advantage of the method?", "phrase"),
        ("What is the cause of death after a certain age?", "phrase"),
        ("青川大学的校长是谁？", "person"),
        ("哪位院士领衔该项目？", "person"),
        ("哪家企业首创了这项技术？", "organisation"),
        ("什么公司生产这种电池？", "organisation"),
        ("博士来自哪个国家？", "place"),
        ("总部位于哪里？", "place"),
        ("由哪三家企业引领？", "list"),
        ("主导产业是哪些？", "list"),
        ("什么是“三办”？", "definition"),
        ("“三办”指什么？", "definition"),
        ("为什么要搬迁？", "reason"),
        ("会议改期是为什么？", "reason"),
        ("为什么公司亏损？", "reason"),
        ("这里为什么人多？", "reason"),
        ("青川古称又名为什么？", "phrase"),
        ("青川被称为什么之都？", "phrase"),
        ("工厂是否已经投产？", "yes_no"),
        ("老人要不要买票？", "yes_no"),
        ("青川市的人口是什么？", "quantity"),
        ("馆内有没有餐厅？", "yes_no"),
        ("青川區為甚麼出名？", "reason"),
        ("首创的技术叫什么？", "phrase"),
        ("How much was invested in the port?", "money"),
        ("How much lower was the revenue than in 2022?", "quantity"),
        ("How many companies are in the zone?", "quantity"),
        ("What percentage of workers are local?", "percent"),
        ("When did the bridge open?", "date"),
        ("In what year was the school founded?", "date"),
        ("How long did the works take?", "duration"),
        ("Who is the mayor?", "person"),
        ("Which company was listed?", "organisation"),
        ("Which country does he come from?", "place"),
        ("Where is the plant?", "place"),
        ("Which three companies lead the industry?", "list"),
        ("Why was it moved?", "reason"),
        ("What rank did the city hold?", "rank"),
        ("岸边铺面的租金是多少？", "money"),
        ("职业学院的学费多少？", "money"),
        ("去年接待游客、卖出多少门票？", "quantity"),
        ("研发经费投入强度达到多少？", "percent"),
        ("研发经费是多少？", "money"),
        ("港史馆几点关门？", "date"),
        ("白条怎么卖？", "money"),
        ("白条现在什么价？", "money"),
        ("白条怎么卖出去的？", "reason"),
        ("白条有什么价值？", "list"),
        ("港史馆哪几天关门？", "date"),
        ("港史馆周几闭馆？", "date"),
        ("学校一周几次晚自习？", "quantity"),
        ("院士提了几点建议？", "phrase"),
        ("公司提出几点措施？", "phrase"),
        ("港史馆去年的门票销量是多少？", "quantity"),
        ("用了多少天然气？", "quantity"),
        ("用了多少人民币？", "money"),
        ("What is a tide mill?", "definition"),
        ("What is an early warning buoy?", "definition"),
        ("What is a good way to reach the island?", "phrase"),
        ("What is Yunfan?", "definition"),
        ("What is the slogan of Yunfan?", "phrase"),
        ("“潮汐贷”是什么？", "definition"),
        ("青川高新区是什么？", "definition"),
        ("青川高新区的口号是什么？", "phrase"),
        ("口号是什么？", "phrase"),
    ],
)
def test_the_kind_of_answer_is_told_by_the_question_word_and_its_noun(question: str, kind: str) -> None:
    assert analyse_question(question).kind == kind


@pytest.mark.parametrize(
    ("question", "units"),
    [
        ("园区有多少家企业？", ("家",)),
        ("收到多少份简历？", ("份",)),
        ("全年服务商户多少家次？", ("家次",)),
        ("学校是哪一年成立的？", ("年",)),
        ("In what year was it founded?", ("年",)),
        ("港史馆几点关门？", ("时",)),
        ("港史馆星期几闭馆？", ("日",)),
        ("港口有多少座桥吊？", ("座",)),
        ("全县有多少座桥？", ("座",)),
        ("园区有多少家规上企业？", ("家",)),
        ("会场能坐多少个人？", ("个",)),
        ("申请了多少项新技术专利？", ("项",)),
    ],
)
def test_the_unit_asked_for_is_kept(question: str, units: tuple[str, ...]) -> None:
    assert analyse_question(question).asks[0].units == units


@pytest.mark.parametrize(
    ("question", "noun", "units"),
    [
        ("港口去年引进了多少项目？", "项目", ()),
        ("青川县有多少人才？", "人才", ()),
        ("青川县有多少家庭用上了温泉水？", "家庭", ()),
        ("云帆科技有多少分公司？", "分公司", ()),
        ("云帆科技有多少股东？", "股东", ()),
        ("有多少年轻人回到青川？", "年轻人", ()),
        ("青川县有多少人口？", "人口", ("人", "名")),
        ("码头占用了多少面积？", "面积", ("平方米", "平方公里", "亩", "公顷", "平方千米", "㎡")),
    ],
)
def test_a_measure_is_not_the_first_character_of_a_noun(
    question: str, noun: str, units: tuple[str, ...]
) -> None:
    analysis = analyse_question(question)
    assert analysis.asks[0].units == units
    assert noun in analysis.content


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("大坝修了多少年？", "duration"),
        ("大坝修了多少年时间？", "duration"),
        ("建港多少周年？", "duration"),
        ("有多少年轻人回到青川？", "quantity"),
    ],
)
def test_a_duration_is_asked_for_by_a_unit_of_time_that_is_a_word(question: str, kind: str) -> None:
    assert analyse_question(question).kind == kind


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("由哪三家企业引领？", 3),
        ("四大主导产业是哪些？", 4),
        ("Which two cities joined?", 2),
        ("有哪些企业？", None),
        ("青川有哪十二座桥？", 12),
        ("第八大街有哪些店？", None),
        ("332个队员有哪些爱好？", None),
        ("Which 3 bridges are there?", 3),
    ],
)
def test_the_number_of_items_of_a_list_is_kept(question: str, count: int | None) -> None:
    assert analyse_question(question).asks[0].count == count


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "去年和今年青川港的吞吐量分别是多少？",
            ("去年青川港的吞吐量是多少？", "今年青川港的吞吐量是多少？"),
        ),
        ("北园和南园2022年的产值分别是多少？", ("北园2022年的产值是多少？", "南园2022年的产值是多少？")),
        (
            "2022年青川市和临江市的产值各是多少？",
            ("2022年青川市的产值是多少？", "2022年临江市的产值是多少？"),
        ),
        (
            "青川港去年的产值和今年的产值分别是多少？",
            ("青川港去年的产值是多少？", "青川港今年的产值是多少？"),
        ),
        (
            "青川港一期、二期和三期的投资分别是多少？",
            ("青川港一期的投资是多少？", "青川港二期的投资是多少？", "青川港三期的投资是多少？"),
        ),
        (
            "青川高新区2021年和2023年签约项目分别有几个？",
            ("青川高新区2021年签约项目有几个？", "青川高新区2023年签约项目有几个？"),
        ),
        (
            "青川县和临江县分别是什么时候设立的？",
            ("青川县是什么时候设立的？", "临江县是什么时候设立的？"),
        ),
        (
            "青川高新区2021年在建桥梁总长度与2023年通车桥梁总长度分别是多少？",
            ("青川高新区2021年在建桥梁总长度是多少？", "青川高新区2023年通车桥梁总长度是多少？"),
        ),
        (
            "青川港今年已拿下多少个订单，总金额约多少？",
            ("青川港今年已拿下多少个订单", "青川港今年已拿下订单,总金额约多少"),
        ),
        ("园区有多少家企业？", ("园区有多少家企业？",)),
        (
            "How many ships and how many trucks does the port have?",
            ("How many ships does the port have?", "how many trucks does the port have?"),
        ),
        (
            "Who designed the Linlan lighthouse and when?",
            ("Who designed the Linlan lighthouse?", "when designed the Linlan lighthouse?"),
        ),
        (
            "When, where and by whom was it built?",
            ("When was it built?", "where was it built?", "whom was it built?"),
        ),
        (
            "When did the bridge open and how much did it cost?",
            ("When did the bridge open?", "how much did it cost?"),
        ),
        (
            "When was Linz Works founded and where is it based?",
            ("When was Linz Works founded?", "where is Linz Works based?"),
        ),
        (
            "When was the Linz library opened and who is its manager?",
            ("When was the Linz library opened?", "who is Linz's manager?"),
        ),
        (
            "How many visitors came in 2021 and how many in 2022?",
            ("How many visitors came in 2021?", "How many visitors came in 2022?"),
        ),
        ("青川馆几点开门几点关门？", ("青川馆几点开门", "青川馆几点关门？")),
        ("青川塔多高多重？", ("青川塔多高？", "青川塔多重？")),
        ("青川节什么时候在哪里举行？", ("青川节什么时候举行？", "青川节在哪里举行？")),
        ("2021年和2022年青川节来客各多少？", ("2021年青川节来客多少？", "2022年青川节来客多少？")),
        ("What did she paint and where did she live?", ("What did she paint?", "where did she live?")),
        (
            "What is the chapel called and when was it built?",
            ("What is the chapel called?", "when was it built, the chapel called?"),
        ),
        (
            "How did Brandt die, and where is he buried?",
            ("How did Brandt die?", "where is Brandt buried?"),
        ),
        (
            "Who built the Constance, and for how much?",
            ("Who built the Constance?", "how much built the Constance?"),
        ),
        (
            "In which town did Wold teach, and for how long?",
            ("In which town did Wold teach?", "how long did Wold teach?"),
        ),
        (
            "When were Linz and Graz founded, respectively?",
            ("When were Linz founded?", "When were Graz founded?"),
        ),
    ],
)
def test_a_question_that_asks_several_things_is_taken_apart(question: str, parts: tuple[str, ...]) -> None:
    assert analyse_question(question).parts == parts


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Why did the mayor, who took office in 2019, resign?", "reason"),
        ("How do the keepers know when to ring the bell and what to say?", "reason"),
        ("What happened when the dam broke?", "phrase"),
        ("What is the name of the man who built the tower?", "person"),
        ("What does a season ticket cost?", "money"),
        ("How much is a season pass?", "money"),
        ("How much are two tickets for the ferry?", "money"),
        ("How much is the harvest?", "quantity"),
        ("How long is the new quay?", "quantity"),
        ("How long was the old mill closed?", "duration"),
        ("How long was she in prison?", "duration"),
    ],
)
def test_what_an_english_question_opens_with_is_asked(question: str, kind: str) -> None:
    analysis = analyse_question(question)
    assert ([ask.kind for ask in analysis.asks], analysis.parts) == ([kind], (question,))


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("2022年产值多少？", (2022,)),
        ("２０２１年和二〇二二年的产值？", (2021, 2022)),
        ("2000元够吗？", ()),
        ("GDP in 2020?", (2020,)),
        ("2000多名员工来自哪里？", ()),
        ("1500余名职工住在哪里？", ()),
        ("1200平方米的展厅在哪里？", ()),
        ("1500公里的线路叫什么？", ()),
        ("Who leads the 1500 employees?", ()),
    ],
)
def test_years_are_found_and_amounts_are_not(question: str, years: tuple[int, ...]) -> None:
    assert analyse_question(question).years == years


def test_how_much_after_a_year_is_told_from_more_than_a_number() -> None:
    assert analyse_question("2023多少产值来自2000多名员工？").years == (2023,)


def test_names_and_quoted_words_constrain() -> None:
    analysis = analyse_question("青川高新区的“三办”服务是什么时候推出的？")
    assert "青川高新区" in analysis.names
    assert analysis.quoted == ("三办",)


@pytest.mark.parametrize("question", ["2023年云溪港产值多少？", "二〇二三年度云溪港产值多少？"])
def test_a_year_is_no_part_of_the_word_behind_it(question: str) -> None:
    analysis = analyse_question(question)
    assert analysis.years == (2023,)
    assert analysis.content.split() == ["云溪港产值", "?"]
    assert analysis.names == analyse_question("云溪港产值多少？").names


def test_what_goes_to_a_place_is_no_part_of_its_name() -> None:
    assert analyse_question("一家准备到青川高新区投资的企业要交什么材料？").names == ("青川高新区",)
    assert "周到科技公司" in analyse_question("周到科技公司何时成立？").names


def test_an_owner_and_what_it_owns_are_two_names() -> None:
    assert analyse_question("What was Yunfan's R&D spending in 2023?").names == ("yunfan", "r&d")
    assert "o'brien" in analyse_question("Who is O'Brien?").names


def test_the_language_is_that_of_the_words_that_hold_the_question_together() -> None:
    assert analyse_question("Who is the manager of 云帆科技?").language == "en"
    assert analyse_question("BYD的总投资是多少？").language == "zh"


def test_blanking_the_question_words_keeps_offsets() -> None:
    analysis = analyse_question("园区有多少家企业？")
    assert len(analysis.content) == len(analysis.text)
    assert "多少" not in analysis.content


@pytest.mark.parametrize(
    "question", ["", "？", "a", "多少", "分别", "和分别是多少", "A和B分别", "x" * 5000, "多少，多少，多少"]
)
def test_odd_questions_have_one_ask_and_one_part_at_least(question: str) -> None:
    analysis = analyse_question(question)
    assert analysis.asks
    assert analysis.parts


@pytest.mark.parametrize(
    "question", ["谁" * 900, "、".join(f"第{n}桥" for n in range(1, 30)) + "分别有多长？"]
)
def test_a_question_of_more_parts_than_a_person_asks_is_asked_as_a_whole(question: str) -> None:
    assert analyse_question(question).parts == (question,)


def test_a_dozen_parts_are_asked_one_by_one() -> None:
    question = "、".join(f"第{n}桥" for n in range(1, 13)) + "分别有多长？"
    assert len(analyse_question(question).parts) == 12
