from __future__ import annotations

import pytest

from rag.followup import resolve


@pytest.mark.parametrize(
    ("question", "earlier", "expected"),
    [
        ("那需求量呢？", "青川港2023年煤炭供给量有多少吨？", "青川港2023年煤炭需求量有多少吨？"),
        ("那2021年呢？", "2022年青川市的产值是多少？", "2021年青川市的产值是多少？"),
        ("去年呢？", "2022年青川市的产值是多少？", "去年青川市的产值是多少？"),
        ("那临江高新区呢？", "2022年青川高新区有多少家企业？", "2022年临江高新区有多少家企业？"),
        ("那净利润呢？", "云帆科技2022年有多少员工？", "2022年云帆科技的净利润是多少？"),
        ("那造价呢？", "云帆科技2022年有多少员工？", "云帆科技的造价是多少？"),
        ("注册资本呢？", "云帆科技2022年有多少员工？", "云帆科技的注册资本是多少？"),
        ("那地址呢？", "云帆科技2022年有多少员工？", "云帆科技的地址是多少？"),
        ("利润呢？", "云帆科技的营业收入是多少？", "云帆科技的利润是多少？"),
        ("那總投資是多少？", "青川电池项目位于哪里？", "青川电池项目的總投資是多少？"),
        ("它的总经理是谁？", "云帆科技有限公司在哪里？", "云帆科技有限公司的总经理是谁？"),
        ("这家企业是哪一年上市的？", "云帆科技的总经理是谁？", "云帆科技是哪一年上市的？"),
        ("该园区面积多大？", "比奥科技在青川高新区的工厂年产多少套零件？", "青川高新区面积多大？"),
        ("该项目总投资多少？", "青川电池项目什么时候开工？", "青川电池项目总投资多少？"),
        ("那海上风电项目进展如何？", "2022年青川高新区有多少家企业？", "青川高新区的海上风电项目进展如何？"),
        ("那学校招生情况怎么样？", "谁是青川港的董事长？", "青川港的学校招生情况怎么样？"),
        ("临江高新区怎么样？", "2022年青川高新区有多少家企业？", "2022年临江高新区有多少家企业？"),
        ("该项目进展如何？", "青川电池项目什么时候开工？", "青川电池项目进展如何？"),
        ("那总投资是多少？", "青川大学的校长是谁？", "青川大学的总投资是多少？"),
        ("哪些企业与它合作？", "云帆科技的总经理是谁？", "哪些企业与云帆科技合作？"),
        ("截至2022年底，它有多少家工厂？", "云帆科技的总经理是谁？", "截至2022年底，云帆科技有多少家工厂？"),
        ("比奥科技在该园区有几家工厂？", "青川高新区有多少家企业？", "比奥科技在青川高新区有几家工厂？"),
        ("其中外资企业有多少家？", "青川高新区有多少家企业？", "青川高新区中外资企业有多少家？"),
        ("上年呢？", "2022年青川市的产值是多少？", "上年青川市的产值是多少？"),
        ("該校的校長是誰？", "青川大學在哪裡？", "青川大學的校長是誰？"),
        ("該區面積多大？", "比奧科技在青川高新區的工廠年產多少套零件？", "青川高新區面積多大？"),
        ("有多少人？", "青川港有多少家货运企业？", "青川港有多少人？"),
        ("在哪里？", "青川港什么时候开港？", "青川港在哪里？"),
        ("谁负责？", "青川大桥的维修要多久？", "青川大桥谁负责？"),
        ("产值多少？", "青川高新区在哪里？", "青川高新区产值多少？"),
        ("什么时候成立的？", "青川高新区的面积是多少？", "青川高新区什么时候成立的？"),
        ("有多少員工？", "雲帆科技的董事長是誰？", "雲帆科技有多少員工？"),
        ("有哪些企业？", "青川高新区在哪里？", "青川高新区有哪些企业？"),
        ("为什么？", "青川大桥什么时候封闭？", "青川大桥封闭,为什么？"),
        ("是谁说的？", "为什么要封闭青川大桥？", "要封闭青川大桥,是谁说的？"),
        ("多少钱？", "云帆科技什么时候收购了船厂？", "云帆科技收购了船厂,多少钱？"),
        ("2021年？", "2022年青川市的产值是多少？", "2021年青川市的产值是多少？"),
        ("合同金额呢？", "三标段的施工单位是谁？", "三标段的合同金额是多少？"),
        ("它的合同金额呢？", "三标段的施工单位是谁？", "三标段的合同金额是多少？"),
        ("地址呢？", "云帆科技的董事长是谁？", "云帆科技的地址是什么？"),
        ("总经理呢？", "云帆科技的董事长是谁？", "云帆科技的总经理是谁？"),
        ("竣工时间呢？", "青川电池项目什么时候开工？", "青川电池项目的竣工时间是什么时候？"),
        ("项目经理呢？", "青川电池项目什么时候开工？", "青川电池项目的项目经理是谁？"),
        ("总投资呢？", "青川电池项目什么时候开工？", "青川电池项目的总投资是多少？"),
        ("它什么时候通车？", "青石大桥全长多少？", "青石大桥什么时候通车？"),
        ("那东湖隧道呢？", "青石大桥全长多少？", "东湖隧道全长多少？"),
        ("东湖隧道呢？", "青石大桥长多少公里？", "东湖隧道长多少公里？"),
        ("临江高新区的面积呢？", "青石大桥全长多少？", "临江高新区的面积是多少？"),
        ("临江高新区的利润呢？", "2022年青川高新区的产值是多少？", "2022年临江高新区的利润是多少？"),
        ("總投資呢？", "東湖隧道總造價多少？", "東湖隧道的總投資是多少？"),
        ("价格呢？", "青川高新区面积多大？", "青川高新区的价格是多少？"),
        ("地址呢？", "云帆科技营业收入多少？", "云帆科技的地址是多少？"),
        ("它在哪里？", "青川市常住人口突破多少？", "青川市在哪里？"),
        ("那电灯呢？", "谁发明了蒸汽机？", "谁发明了电灯？"),
        ("同比增长多少？", "青川市2022年的产值是多少？", "青川市2022年的产值同比增长多少？"),
        ("比2021年增长多少？", "青川市2022年的产值是多少？", "青川市2022年的产值比2021年增长多少？"),
        ("比上年下降了多少？", "青川港有哪些码头？", "青川港比上年下降了多少？"),
        ("增长率是多少？", "青川市产值同比增长多少？", "青川市产值增长率是多少？"),
        ("平均工资多少？", "云帆科技的总经理是谁？", "云帆科技平均工资多少？"),
        ("Where is it?", "How many visitors did the museum have in 2023?", "Where is the museum?"),
        ("Who runs it?", "When was the old bridge built?", "Who runs the old bridge?"),
        ("How high is it?", "When did the new pier in Linz open?", "How high is the new pier in Linz?"),
        ("How big is it?", "Who is the mayor of Linz?", "How big is Linz?"),
        ("Who owns it?", "Where is the botanical garden?", "Who owns the botanical garden?"),
        ("Who owns it?", "When does the boat yard's canteen open?", "Who owns the boat yard?"),
        ("Where is it?", "What is the height of the tower?", "Where is the tower?"),
        ("Who designed it?", "Is the museum open on Mondays?", "Who designed the museum?"),
        ("Where is it?", "Does the museum have a shop?", "Where is the museum?"),
        ("Where is it?", "How many people visited the museum last year?", "Where is the museum?"),
        ("Who set it?", "What was the top speed?", "Who set the top speed?"),
        ("What is its height?", "When was the lighthouse built?", "What is the lighthouse's height?"),
        (
            "How much did it cost?",
            "How long did the repairs of the harbour wall take?",
            "How much did the repairs of the harbour wall cost?",
        ),
        ("In 2022?", "How many firms did Linz have in 2021?", "How many firms did Linz have in 2022?"),
        ("2021?", "How many firms did Linz have in 2022?", "How many firms did Linz have in 2021?"),
        (
            "What about 2023?",
            "How many firms did Linz have in 2022?",
            "How many firms did Linz have in 2023?",
        ),
        (
            "What about Graz?",
            "How many firms did Linz have in 2022?",
            "How many firms did Graz have in 2022?",
        ),
        (
            "What about R&D spending?",
            "What was Yunfan's net profit in 2023?",
            "What was Yunfan's R&D spending in 2023?",
        ),
        ("And a child?", "How much does an adult pay on a Sunday?", "How much does a child pay on a Sunday?"),
        ("And on a weekday?", "What does a seat cost on a Sunday?", "What does a seat cost on a weekday?"),
        ("And for a week ticket?", "What does a day ticket cost?", "What does a week ticket cost?"),
        ("And students?", "What does an adult pay?", "What does students pay?"),
        ("What about Linz?", "What was Yunfan's net profit in 2023?", "What was Linz's net profit in 2023?"),
        ("How about its revenue?", "What is Yunfan's net profit?", "What is Yunfan's revenue?"),
        (
            "And the first plant?",
            "When did Yunfan's second plant open?",
            "When did Yunfan's first plant open?",
        ),
        ("Who is its manager?", "Where is Yunfan Technology based?", "Who is Yunfan Technology's manager?"),
        ("When was it founded?", "Where is Yunfan Technology based?", "When was Yunfan Technology founded?"),
        (
            "When was that company founded?",
            "Where is Yunfan Technology based?",
            "When was Yunfan Technology founded?",
        ),
        ("And its revenue?", "What is Yunfan's net profit?", "What is Yunfan's revenue?"),
        ("And who is its mayor?", "How many firms did Linz have in 2022?", "And who is Linz's mayor?"),
        ("When did it take over Graz?", "Where is Yunfan based?", "When did Yunfan take over Graz?"),
        ("Is it true that its sales fell?", "Where is Yunfan based?", "Is it true that Yunfan's sales fell?"),
        (
            "At the end of 2022, how many people did it employ?",
            "Where is Yunfan based?",
            "At the end of 2022, how many people did Yunfan employ?",
        ),
        ("How about Linz's?", "What was Yunfan's profit in 2023?", "What was Linz's profit in 2023?"),
        ("And Linz's revenue?", "What was Yunfan's profit in 2023?", "What was Linz's revenue in 2023?"),
        ("Why did it rise?", "What was Yunfan's profit in 2023?", "Why did Yunfan's profit rise?"),
        (
            "Was it higher in 2022?",
            "What was Yunfan's profit in 2023?",
            "Was Yunfan's profit higher in 2022?",
        ),
        ("Who runs it?", "What was Yunfan's profit in 2023?", "Who runs Yunfan?"),
        ("What was it in 2022?", "What was Yunfan's profit in 2023?", "What was Yunfan's profit in 2022?"),
        ("What was it in 2022?", "How many firms did Linz have?", "How many firms did Linz have in 2022?"),
        (
            "And at the end of 2024?",
            "How many firms did Linz have in 2023?",
            "How many firms did Linz have at the end of 2024?",
        ),
        ("And the year before?", "What was Yunfan's profit in 2023?", "What was Yunfan's profit in 2022?"),
        ("And the following year?", "What was Yunfan's profit in 2023?", "What was Yunfan's profit in 2024?"),
        ("And last year?", "What was Yunfan's profit in 2023?", "What was Yunfan's profit last year?"),
        ("And in March?", "What was Yunfan's profit in 2023?", "What was Yunfan's profit in March 2023?"),
        (
            "And in the second quarter?",
            "What was Yunfan's profit in 2023?",
            "What was Yunfan's profit in the second quarter of 2023?",
        ),
        ("And now?", "What is Yunfan's profit?", "What is Yunfan's profit now?"),
        ("And 2021?", "What was the 2022 budget of Linz?", "What was the 2021 budget of Linz?"),
        ("And ships?", "How many full-time workers did Linz have?", "How many ships did Linz have?"),
        ("How many ships?", "How many sailors did Linz have?", "How many ships did Linz have?"),
        ("And its keeper?", "When was the lighthouse built?", "What is the keeper of the lighthouse?"),
        ("Why?", "When was the old bridge built?", "Why was the old bridge built?"),
        ("By whom?", "When was the old bridge built?", "By whom was the old bridge built?"),
        ("Why?", "What was Yunfan's profit in 2023?", "Yunfan's profit in 2023, why?"),
        ("How much?", "When was the old bridge sold?", "the old bridge sold, how much?"),
        ("Who said that?", "How many firms left Linz?", "firms left Linz, who said that?"),
        ("How high?", "When was the old bridge built?", "How high is the old bridge?"),
        ("How many steps?", "When was the tower built?", "How many steps does the tower have?"),
        ("那2021年呢？", "What was the profit of Yunfan in 2022?", "What was the profit of Yunfan in 2021?"),
        ("去年呢？", "What was the profit of Yunfan in 2022?", "What was the profit of Yunfan 去年?"),
        ("那Linz呢？", "What was the profit of Yunfan in 2022?", "What was the profit of Linz in 2022?"),
        ("利润呢？", "What was the revenue of Yunfan in 2022?", "Yunfan的利润是多少？"),
        ("总经理呢？", "Who is the chair of Yunfan?", "Yunfan的总经理是谁？"),
        ("它总投资多少？", "What was the revenue of Yunfan in 2022?", "Yunfan总投资多少？"),
        ("该公司有多少员工？", "What was the revenue of Yunfan in 2022?", "Yunfan有多少员工？"),
        ("它多高？", "When was the old lighthouse built?", "the old lighthouse多高？"),
        ("为什么？", "What was the revenue of Yunfan in 2022?", "Yunfan为什么？"),
        ("And at the end of 2021?", "2022年青川市的产值是多少？", "2021年青川市的产值是多少？"),
    ],
)
def test_what_is_left_out_is_put_back(question: str, earlier: str, expected: str) -> None:
    assert resolve(question, [(earlier, "")]) == expected


@pytest.mark.parametrize(
    ("question", "earlier", "answer", "expected"),
    [
        (
            "该公司有多少名员工？",
            "哪家公司研制了第一台风机？",
            "云帆科技有限公司。“……研制”[1]",
            "云帆科技有限公司有多少名员工？",
        ),
        ("他是哪里人？", "青川大学的校长是谁？", "李明远。“青川大学校长李明远”[1]", "李明远是哪里人？"),
        ("她是哪里人？", "青川大学的校长是谁？", "", "青川大学的校长是哪里人？"),
        ("它什么时候通车？", "谁设计了青石大桥？", "李明远。“……”[1]", "青石大桥什么时候通车？"),
        ("How old is it?", "Who designed the Glass Hall?", "Ada Berg. “…” [1]", "How old is Glass Hall?"),
        ("What is its height?", "Who built Linz Hall?", "Ada Berg [1]", "What is Linz Hall's height?"),
        ("When did she die?", "Who designed the Glass Hall?", "Ada Berg [1]", "When did Ada Berg die?"),
        ("Who replaced her?", "Who designed the Glass Hall?", "Ada Berg [1]", "Who replaced Ada Berg?"),
        ("Who paid her in 1902?", "Who built the Glass Hall?", "Ada Berg [1]", "Who paid Ada Berg in 1902?"),
        ("Who is her son?", "Who designed the Glass Hall?", "Ada Berg [1]", "Who is Ada Berg's son?"),
        ("Who runs the company?", "Who is the chair of Yunfan?", "Ada Berg. [1]", "Who runs Yunfan?"),
        ("Who runs the company?", "Which company built the hall?", "Yunfan. [1]", "Who runs Yunfan?"),
        ("Who owns it?", "Where is Yunfan based?", "Linz. [1]", "Who owns Yunfan?"),
        ("Who runs that city?", "Where is Yunfan based?", "Linz. [1]", "Who runs Linz?"),
        ("How old is she?", "Who is the chair of Yunfan?", "", "How old is the chair of Yunfan?"),
        ("How old was he?", "Who founded Yunfan?", "", "How old was the person who founded Yunfan?"),
        ("他哪年出生？", "Who designed the Glass Hall?", "Ada Berg. [1]", "Ada Berg哪年出生？"),
        ("它哪年开放？", "Who designed the Glass Hall?", "Ada Berg. [1]", "Glass Hall哪年开放？"),
        (
            "Where was he born?",
            "Who founded Yunfan Technology?",
            "John Li. “John Li founded it” [1]",
            "Where was John Li born?",
        ),
    ],
)
def test_a_pronoun_is_bound_to_the_answer_where_that_was_asked_for(
    question: str, earlier: str, answer: str, expected: str
) -> None:
    assert resolve(question, [(earlier, answer)]) == expected


_BRANDS = ("青川合作社有哪三个品牌？", "禾香、稻韵和青谷。“合作社有三个品牌：禾香、稻韵和青谷。”[1]")
_TOWERS = ("Which towers does Linz have?", "the Bell Tower, the Salt Tower and the Mint. “Linz has …” [1]")
_CHAIRS = ("谁是青川港的港长？", "王大鹏和李明远。“……”[1]")


@pytest.mark.parametrize(
    ("question", "earlier", "expected"),
    [
        ("第二个呢？", _BRANDS, "稻韵怎么样？"),
        ("那最后一个呢", _BRANDS, "青谷怎么样？"),
        ("第一个品牌获得了什么认证？", _BRANDS, "禾香获得了什么认证？"),
        ("第二个是哪年推出的？", _BRANDS, "稻韵是哪年推出的？"),
        ("第二个五年计划是什么？", _BRANDS, "第二个五年计划是什么？"),
        ("第二名是谁？", _BRANDS, "第二名是谁？"),
        ("第二名是谁？", _CHAIRS, "李明远是谁？"),
        ("Who won the final?", _TOWERS, "Who won the final?"),
        ("第二个呢？", _CHAIRS, "李明远是谁？"),
        ("What about the second one?", _BRANDS, "What is 稻韵?"),
        ("What about the second one?", _TOWERS, "What is the Salt Tower?"),
        ("And the last?", _TOWERS, "What is the Mint?"),
        ("When was the second tower built?", _TOWERS, "When was the Salt Tower built?"),
        ("How high is the first of them?", _TOWERS, "How high is the Bell Tower?"),
        ("When did the first war end?", _TOWERS, "When did the first war end?"),
        ("How high is the fifth one?", _TOWERS, "How high is the fifth one?"),
    ],
)
def test_an_ordinal_means_what_the_answer_lists(
    question: str, earlier: tuple[str, str], expected: str
) -> None:
    assert resolve(question, [earlier]) == expected


def test_the_next_ordinal_asks_the_same_of_another() -> None:
    history = [_TOWERS, ("When was the first one built?", "1310. [1]")]
    assert resolve("And the second one?", history) == "When was the Salt Tower built?"


def test_an_ordinal_counts_in_the_list_that_its_noun_names() -> None:
    history = [_BRANDS, ("稻韵是什么？", "大米和青稻。[1]"), ("谁推出了它？", "王大鹏、李明远。[1]")]
    assert resolve("第三个品牌是哪年推出的？", history) == "青谷是哪年推出的？"
    assert resolve("And the last one?", [("Which towers has Linz?", "The documents do not say.")])


@pytest.mark.parametrize(
    ("question", "earlier", "expected"),
    [
        (
            "Where does she work?",
            ("Who is Ada Berg?", "a marine biologist [1]"),
            "Where does Ada Berg work?",
        ),
        ("她是哪里人？", ("刘春梅是谁？", "理事长。[1]"), "刘春梅是哪里人？"),
        ("他是哪里人？", ("青川港的港长是谁？", "李明远。[1]"), "李明远是哪里人？"),
    ],
)
def test_who_was_asked_about_by_name_is_called_by_it(
    question: str, earlier: tuple[str, str], expected: str
) -> None:
    assert resolve(question, [earlier]) == expected


@pytest.mark.parametrize("question", ["用英文回答", "请用英语再说一遍。", "Answer in Chinese, please."])
def test_to_want_another_language_is_to_ask_again(question: str) -> None:
    assert resolve(question, [_BRANDS]) == _BRANDS[0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("不是，我问的是2021年", "2021年青川高新区的利润是多少？"),
        ("不对，我问的是临江高新区", "2022年临江高新区的利润是多少？"),
        ("我指的是2021年的。", "2021年青川高新区的利润是多少？"),
        ("錯了，是2021年", "2021年青川高新区的利润是多少？"),
        ("不是2022年，是2021年", "2021年青川高新区的利润是多少？"),
        ("不对，青川高新区的面积是多少？", "青川高新区的面积是多少？"),
        ("No, 2021.", "2021年青川高新区的利润是多少？"),
        ("不对", "不对"),
        ("不，谢谢", "不，谢谢"),
    ],
)
def test_a_correction_is_asked_instead(question: str, expected: str) -> None:
    assert resolve(question, [("2022年青川高新区的利润是多少？", "")]) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("No, 2021.", "What was the profit of Linz in 2021?"),
        ("no 2021", "What was the profit of Linz in 2021?"),
        ("No, I meant 2021.", "What was the profit of Linz in 2021?"),
        ("Sorry, I meant Graz", "What was the profit of Graz in 2022?"),
        ("I asked about the debt, please.", "What is the debt of Linz?"),
        ("Actually, who runs it?", "who runs Linz?"),
        ("不是，我问的是2021年", "What was the profit of Linz in 2021?"),
        ("No", "No"),
        ("No, thanks.", "No, thanks."),
        ("No, that is wrong.", "No, that is wrong."),
        ("No. 5 mill output", "No. 5 mill output"),
    ],
)
def test_an_english_correction_is_asked_instead(question: str, expected: str) -> None:
    assert resolve(question, [("What was the profit of Linz in 2022?", "")]) == expected


def test_a_thing_is_no_person_named_by_an_earlier_answer() -> None:
    history = [("Who is the chair of Yunfan?", "Ada Berg. [1]"), ("When was she born?", "1960. [1]")]
    assert resolve("Where is it headquartered?", history) == "Where is Yunfan headquartered?"


def test_who_was_called_she_is_no_he_later_on() -> None:
    history = [("Who built the hall?", "Ada Berg. [1]"), ("Who took over from her?", "John Li. [1]")]
    history.append(("When did he leave?", "1990. [1]"))
    assert resolve("Where was she born?", history) == "Where was Ada Berg born?"
    assert resolve("Where was he born?", history) == "Where was John Li born?"
    history = [
        ("青川港的港长是谁？", "刘春梅。[1]"),
        ("谁接替了她？", "李明远。[1]"),
        ("他是哪里人？", "青川。[1]"),
    ]
    assert resolve("她哪年出生？", history) == "刘春梅哪年出生？"


def test_a_chain_of_follow_ups_is_resolved_from_its_beginning() -> None:
    history = [("2022年青川高新区有多少家企业？", "500家"), ("那2023年呢？", "600家")]
    assert resolve("那临江高新区呢？", history) == "2023年临江高新区有多少家企业？"


@pytest.mark.parametrize(
    "question",
    [
        "谁发明了电灯？",
        "青川高新区2022年的产值是多少？",
        "Who invented the telephone?",
        "其他城市有哪些？",
        "什么是创客？",
        "谁是姚明？",
        "水的沸点是多少？",
        "北京在哪里？",
        "你是谁？",
        "今天星期几？",
        "谢谢！",
        "好的",
        "真的吗？",
        "",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert resolve(question, [("云帆科技的总经理是谁？", "王大鹏")]) == question


@pytest.mark.parametrize(
    "earlier",
    [
        "2022年澜湾高新区实现工业产值多少？",
        "澜湾高新区2022年营业利润是多少？",
        "谁是临澜港的董事长？",
        "桐光电子有多少名员工？",
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        "海上风电项目进展如何？",
        "请问海上风电项目进展如何？",
        "学校招生情况怎么样？",
        "青川大学的教学质量怎么样？",
        "澜江高新区的空气质量如何？",
        "如何申请营业执照？",
        "那座桥有多长？",
        "那条路什么时候通车？",
        "那所学校有多少名学生？",
        "临澜博物馆是谁设计的，它什么时候开放？",
        "青川电池项目什么时候开工，该项目总投资多少？",
        "云帆电子的总经理是谁，该公司有多少名员工？",
        "王鹏程是哪里人，其代表作是什么？",
        "土耳其的首都是哪里？",
        "马耳他的首都是哪里？",
        "其它企业有哪些？",
        "云帆科技2023年净利润是多少？",
        "能不能在网上买到门票呢？",
        "有没有直达海岛的轮渡呢？",
    ],
)
def test_a_whole_chinese_question_is_left_alone(question: str, earlier: str) -> None:
    assert resolve(question, [(earlier, "")]) == question


@pytest.mark.parametrize(
    "earlier",
    [
        "What was the output value of Lanwan in 2022?",
        "What was Yunfan's net profit in 2023?",
        "How many visitors did the old windmill have in 2023?",
        "云帆科技的总经理是谁？",
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        "How long does it take to reach the island by ferry?",
        "How long did it take to build the bridge?",
        "Is it true that the harbour was closed in 2020?",
        "Is it possible to visit the museum at night?",
        "Is it safe to swim in the harbour?",
        "Why is it that prices rose?",
        "Was it Wang Li who designed the museum?",
        "Does it rain in winter?",
        "And who is the mayor of Linlan?",
        "And is the mayor of Linlan elected?",
        "And in Linlan, who is the mayor?",
        "in Linlan, how many museums are there?",
        "How many IT companies are there?",
        "Who designed the museum and when did it open?",
        "When the museum opened, who paid for it?",
        "Who is Wang Li and where was he born?",
        "Which is the company that built the bridge?",
        "What about  ?",
    ],
)
def test_a_whole_english_question_is_left_alone(question: str, earlier: str) -> None:
    assert resolve(question, [(earlier, "")]) == question


@pytest.mark.parametrize("question", ["的呢？", "？呢", "，", "2021", "什么", "it"])
@pytest.mark.parametrize("earlier", ["青川电池项目什么时候开工？", "青川港的港长是谁？", "？", "the?"])
def test_odd_questions_are_resolved_to_some_question(question: str, earlier: str) -> None:
    assert resolve(question, [(earlier, "")])


def test_what_should_be_marketed_is_no_city() -> None:
    question = "哪些行业应该市场化？"
    assert resolve(question, [("2022年青川市的产值是多少？", "")]) == question


def test_without_a_history_nothing_changes() -> None:
    assert resolve("那需求呢？", []) == "那需求呢？"
