"""A question that compares two things is asked as two questions, and answered by the name of one."""

from __future__ import annotations

import pytest

from rag.comparing import find_comparison


@pytest.mark.parametrize(
    ("text", "questions", "greatest"),
    [
        ("青川桥和临江桥哪座更长？", ("青川桥有多长？", "临江桥有多长？"), True),
        ("青川桥与临江桥相比，哪个短些？", ("青川桥有多长？", "临江桥有多长？"), False),
        ("2021年和2022年哪一年产值高？", ("2021年产值是多少？", "2022年产值是多少？"), True),
        ("2021年和2022年青川港哪年游客多？", ("2021年青川港游客有多少？", "2022年青川港游客有多少？"), True),
        ("青川港2020年和2022年产值哪年高？", ("青川港2020年产值有多高？", "青川港2022年产值有多高？"), True),
        ("青川县和临江县哪个排名高？", ("青川县排名第几？", "临江县排名第几？"), False),
        ("青川县和临江县哪个排名更靠后？", ("青川县排名第几？", "临江县排名第几？"), True),
        ("成人票和学生票哪个便宜？", ("成人票多少钱？", "学生票多少钱？"), False),
    ],
)
def test_two_things_compared_are_asked_about_in_turn(
    text: str, questions: tuple[str, str], greatest: bool
) -> None:
    comparison = find_comparison(text, "zh")
    assert comparison is not None
    assert (comparison.questions, comparison.greatest) == (questions, greatest)


@pytest.mark.parametrize(
    ("text", "questions", "greatest"),
    [
        (
            "Which is longer, the Linz Bridge or the Graz Bridge?",
            ("How long is the Linz Bridge?", "How long is the Graz Bridge?"),
            True,
        ),
        (
            "Which park had fewer visitors, Linz or Graz?",
            ("How many visitors did Linz have?", "How many visitors did Graz have?"),
            False,
        ),
        (
            "Which ticket is cheaper, the blue one or the red one?",
            ("How much does the blue one cost?", "How much does the red one cost?"),
            False,
        ),
    ],
)
def test_in_english_too(text: str, questions: tuple[str, str], greatest: bool) -> None:
    comparison = find_comparison(text, "en")
    assert comparison is not None
    assert (comparison.questions, comparison.greatest) == (questions, greatest)


@pytest.mark.parametrize(
    "text",
    ["哪座桥更长？", "青川桥和临江桥哪座好看？", "青川桥和临江桥分别有多长？", "青川桥比临江桥长多少？"],
)
def test_no_comparison_of_two_figures(text: str) -> None:
    assert find_comparison(text, "zh") is None
