from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answerers import Question, draft_of
from rag.answerers.extractive import ExtractiveAnswerer
from rag.datatypes import Passage
from rag.reader import Reader

PARKS = (
    "各园区情况\n\n园区\t所在城市\t2023年产值（亿元）\t企业数\t租金（元）\n青溪园\t临江市\t58.9\t120\t2.8\n"
    "白鹭园\t东海市\t31.2\t131\t2.3\n北山园\t临江市\t44.0\t\t2.6\n合计\t\t134.1\t251\t"
)
FARES = "Fares in dollars\n\nPassenger\tWeekday\tWeekend\nAdult\t6.50\t9.20\nChild\t3.20\t4.60\nSenior\t3.00\t4.60"


def passage(text: str, *, cut: bool = False) -> Passage:
    return Passage(
        number=1,
        document_id=1,
        source="1.txt",
        title="园区",
        text=text,
        spans=((0, len(text)),),
        scores={"fused": 1.0},
        cut=cut,
    )


@pytest.fixture(scope="module")
def answerer() -> ExtractiveAnswerer:
    return ExtractiveAnswerer(Reader.load())


@pytest.mark.parametrize(
    ("question", "text", "short"),
    [
        ("哪个园区2023年产值最高？", PARKS, "青溪园"),
        ("产值最低的园区是哪个？", PARKS, "白鹭园"),
        ("哪个园区的企业最多？", PARKS, "白鹭园"),
        ("哪个园区的租金最便宜？", PARKS, "白鹭园"),
        ("Which passenger has the highest weekend fare?", FARES, "Adult"),
        ("Who pays the lowest weekday fare?", FARES, "Senior"),
    ],
)
def test_the_row_of_the_greatest_or_least_figure_is_given_with_its_figure(
    answerer: ExtractiveAnswerer, question: str, text: str, short: str
) -> None:
    evidence = passage(text)
    asked = Question(text=question, language="en" if question.isascii() else "zh")
    draft = draft_of(answerer, asked, [evidence])
    assert draft.short_answer == short
    (quote,) = draft.claims[0].quotes
    assert evidence.text[slice(*quote)].startswith(short)
    assert evidence.text[slice(*quote)][-1].isdigit()


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("哪个园区的企业最少？", PARKS),  # one is not told
        ("哪个园区的面积最大？", PARKS),  # no such column
        ("哪座大桥的产值最高？", PARKS),  # no rows of this kind
        ("Which passenger has the lowest weekend fare?", FARES),  # two have
        ("哪个园区2023年产值最高？", PARKS.replace("31.2", "31.2%")),
    ],
)
def test_nothing_is_picked_where_rows_cannot_be_compared(
    answerer: ExtractiveAnswerer, question: str, text: str
) -> None:
    asked = Question(text=question, language="en" if question.isascii() else "zh")
    assert draft_of(answerer, asked, [passage(text)]).short_answer == ""


def test_nothing_is_picked_from_a_part_of_a_table(answerer: ExtractiveAnswerer) -> None:
    asked = Question(text="哪个园区2023年产值最高？", language="zh")
    assert draft_of(answerer, asked, [replace(passage(PARKS), cut=True)]).short_answer == ""
