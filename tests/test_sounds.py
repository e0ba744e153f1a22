from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.terms import spelt_out
from index.translation.sounds import sounding
from rag.crossing import crossed

LETTER = "“晚餐铃响了，”奥莉芙·彭布尔说，1921年斯内尔格罗夫教授把猫头鹰还给了她。莫里蒂先生在邓斯福德等着。"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Pembull", "彭布尔"),
        ("Snellgrove's", "斯内尔格罗夫"),
        ("Moretti", "莫里蒂"),
        ("Dunsford", "邓斯福德"),
    ],
)
def test_a_foreign_name_is_found_as_chinese_writes_it(name: str, written: str) -> None:
    assert sounding(name, LETTER) == written


@pytest.mark.parametrize("name", ["Kingston", "Bartholomew", "Ann", "", "owl", "彭布尔"])
def test_a_name_that_nothing_sounds_like_is_not_found(name: str) -> None:
    assert sounding(name, LETTER) is None


def test_a_chinese_writing_is_found_in_latin_letters() -> None:
    text = "Professor Snellgrove gave the owl back to Olive Pembull in 1921."
    assert sounding("彭布尔", text) == "Pembull"
    assert sounding("斯内尔格罗夫", text) == "Snellgrove"
    assert sounding("猫头鹰", text) is None


def test_traditional_writing_is_as_good() -> None:
    assert sounding("Olivia", "奧莉維婭走了。") == "奧莉維婭"
    assert sounding("奧莉維婭", "Then Olivia left.") == "Olivia"


def test_of_two_writings_that_are_equally_near_the_more_frequent_is_taken() -> None:
    assert sounding("Marlowe", "马罗走了。马洛也走了，马洛又笑了。") == "马洛"


def test_a_question_is_read_with_the_name_as_the_passage_writes_it() -> None:
    assert "斯内尔格罗夫" in crossed("What did Professor Snellgrove give back?", LETTER)
    assert "Pembull" in crossed("彭布尔找到了什么？", "Miss Pembull found her owl on the roof.")


@given(st.text(alphabet=st.sampled_from("……“”123abc 他说重庆㐀𠀀〇的"), max_size=30))
def test_readings_stand_where_their_characters_do(text: str) -> None:
    readings = spelt_out(text)
    assert len(readings) == len(text)
    assert all(bool(r) <= (c >= "\u3400") for r, c in zip(readings, text, strict=True))
