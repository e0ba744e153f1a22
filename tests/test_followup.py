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
        ("利润呢？", "云帆科技的营业收入是多少？", "云帆科技的利润是多少？"),
        ("那總投資是多少？", "青川电池项目位于哪里？", "青川电池项目的總投資是多少？"),
        ("它的总经理是谁？", "云帆科技有限公司在哪里？", "云帆科技有限公司的总经理是谁？"),
        ("这家企业是哪一年上市的？", "云帆科技的总经理是谁？", "云帆科技是哪一年上市的？"),
        ("该园区面积多大？", "比奥科技在青川高新区的工厂年产多少套零件？", "青川高新区面积多大？"),
        ("该项目总投资多少？", "青川电池项目什么时候开工？", "青川电池项目总投资多少？"),
        ("其中外资企业有多少家？", "青川高新区有多少家企业？", "青川高新区中外资企业有多少家？"),
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
        "",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert resolve(question, [("云帆科技的总经理是谁？", "王大鹏")]) == question


def test_without_a_history_nothing_changes() -> None:
    assert resolve("那需求呢？", []) == "那需求呢？"
