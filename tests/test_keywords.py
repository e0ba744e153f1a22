"""Keywords are put into the form of a question; questions stay as they are."""

from __future__ import annotations

import pytest

from rag.keywords import as_question


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("青川节 主办单位", "青川节 主办单位是什么？"),
        ("青川节的主办单位是？", "青川节的主办单位是什么？"),
        ("青川區的前身為?", "青川區的前身為什么？"),
        ("青川馆门票价格", "青川馆门票价格是多少？"),
        ("青川塔的高度是", "青川塔的高度是多少？"),
    ],
)
def test_keywords_ask_for_their_last_noun(typed: str, asked: str) -> None:
    assert as_question(typed) == asked


@pytest.mark.parametrize(
    "text",
    [
        "青川节由谁主办？",
        "青川馆可不可以拍照？",
        "请介绍青川馆",
        "熬糖用大火还是小火",
        "Qingchuan festival organiser",
        "？",
        "",
    ],
)
def test_anything_else_stays_as_it_is(text: str) -> None:
    assert as_question(text) == text


def test_a_rare_spelling_of_what_is_read_as_the_usual_one() -> None:
    assert as_question("青川區為甚麼出名？") == "青川區為什么出名？"
