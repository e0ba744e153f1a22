"""Doubts in words, and an answer's text cut at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from rag.datatypes import Answer, Doubt, DoubtReason
from rag.doubts import explain, signed_text, stretches

MakeAnswer = Callable[..., Answer]


@pytest.mark.parametrize("reason", get_args(DoubtReason))
def test_every_reason_has_words_in_both_languages_and_names_what_is_missing(reason: DoubtReason) -> None:
    doubt = Doubt(start=0, end=1, reason=reason, missing=("9元", "王五"))
    chinese, english = explain(doubt, "zh"), explain(doubt, "en")
    assert chinese.endswith("：9元、王五")
    assert english.endswith(": 9元, 王五")
    assert chinese != english
    assert explain(replace(doubt, missing=()), "en") == english.partition(":")[0]


def test_the_stretches_are_the_text_cut_at_the_doubts(make_answer: MakeAnswer) -> None:
    first, second = Doubt(start=3, end=6, reason="date"), Doubt(start=6, end=9, reason="uncited")
    answer = replace(make_answer(text="甲乙丙丁戊己庚辛壬癸"), doubts=(first, second))
    cut = [(answer.text[s.start : s.end], s.doubt) for s in stretches(answer)]
    assert cut == [("甲乙丙", None), ("丁戊己", first), ("庚辛壬", second), ("癸", None)]
    assert [s.ends_doubt for s in stretches(answer, 2, 5)] == [False, False]
    assert signed_text(answer) == "甲乙丙丁戊己 ✖庚辛壬 ✖癸"


def test_a_doubt_inside_another_is_shown_once(make_answer: MakeAnswer) -> None:
    outer, inner = Doubt(start=0, end=4, reason="date"), Doubt(start=1, end=2, reason="name")
    answer = replace(make_answer(text="甲乙丙丁"), doubts=(outer, inner))
    assert {s.doubt for s in stretches(answer)} == {outer}
    assert signed_text(answer) == "甲乙丙丁 ✖"


def test_a_text_without_doubts_stays_whole(make_answer: MakeAnswer) -> None:
    answer = make_answer(text="甲乙")
    assert [(s.start, s.end, s.doubt) for s in stretches(answer)] == [(0, 2, None)]
    assert list(stretches(make_answer(text=""))) == []
