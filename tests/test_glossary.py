from __future__ import annotations

from index.glossary import chinese_words


def test_a_longer_phrase_wins_over_its_parts() -> None:
    words = chinese_words("Who is the general manager?")
    assert "总经理" in words
    assert "经理" not in words


def test_words_are_matched_whole() -> None:
    assert "汽车" not in chinese_words("a carpet")


def test_a_chinese_question_needs_no_words() -> None:
    assert chinese_words("总经理是谁？") == ()
