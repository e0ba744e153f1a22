from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from index.terms import spelt_at, spelt_out
from index.text import detect_language
from index.translation import OTHERS
from rag.crossing import PassageWords, crossed

WHARF = "新码头由尹砚舟设计，2015年9月建成，总投资3.2亿元。码头旁的仓库可存放粮食。"


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("码头是谁设计的？", WHARF),
        ("Who designed the wharf?", "The wharf was designed by Ada Finch."),
        ("Wie heeft de kade ontworpen?", WHARF),
        ("", WHARF),
    ],
)
def test_a_question_in_the_passages_language_or_in_an_unknown_one_stays_as_it_is(
    question: str, passage: str
) -> None:
    assert crossed(question, passage) == question


def test_an_english_question_has_its_chinese_behind_it() -> None:
    asked = crossed("Who designed the wharf?", WHARF)
    assert asked.startswith("Who designed the wharf? ")
    assert "谁" in asked
    assert "设计" in asked
    assert "码头" in asked


def test_a_chinese_question_has_its_english_behind_it() -> None:
    asked = crossed("码头是谁设计的？", "The wharf was designed by Ada Finch.")
    assert asked.startswith("码头是谁设计的？ ")
    assert "wharf" in asked
    assert "who" in asked


def test_a_name_in_pinyin_is_written_as_the_passage_writes_it_though_nothing_marks_it_as_a_name() -> None:
    assert "尹砚舟" in crossed("What did Yin Yanzhou design?", WHARF)
    assert PassageWords(WHARF).written("yinyanzhou") == "尹砚舟"
    assert PassageWords(WHARF).written("wangdapeng") is None
    assert PassageWords(WHARF).written("ma") is None  # one character says too little


def test_the_passage_chooses_between_the_meanings_of_a_word() -> None:
    question = "Who saw the crane?"
    assert "起重机" in crossed(question, "港口的起重机是老周修好的。")
    assert "鹤" in crossed(question, "湖边的鹤是老周看见的。")


def test_a_spelt_name_is_found_where_it_is_read_first() -> None:
    readings = spelt_out("尹砚舟说，尹砚舟来了")
    assert spelt_at("yanzhou", readings) == (1, 3)
    assert spelt_at("yinyan", readings) == (0, 2)
    assert spelt_at("yanzh", readings) is None


@given(st.text(max_size=40), st.sampled_from([WHARF, "The wharf was built in 2015.", "波止場は古い。", ""]))
def test_any_question_in_chinese_or_english_is_kept_whole(question: str, passage: str) -> None:
    assume(detect_language(question) not in OTHERS)
    asked = crossed(question, passage)
    assert asked == question or asked.startswith(f"{question} ")
