"""Thoughts are left out of a reply wherever its pieces are cut."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answerers.chat import ThoughtFilter


def shown(pieces: list[str], *, inside: bool = False, unsure: bool = False) -> str:
    thoughts = ThoughtFilter(inside=inside, unsure=unsure)
    return "".join(thoughts.feed(piece) for piece in pieces) + thoughts.finish()


@pytest.mark.parametrize(
    ("text", "inside", "unsure", "left"),
    [
        ("<think>甲</think>\n\n乙", False, False, "乙"),
        ("<THINKING>甲</THINKING>乙", False, False, "乙"),
        ("甲</think>乙", True, False, "乙"),
        ("甲</think>乙", False, True, "乙"),
        ("<think>甲</think>乙", False, True, "乙"),
        ("乙丙", False, True, "乙丙"),
        ("<think></think>乙<think>甲</think>丙", False, False, "乙丙"),
        ("<think>甲", False, False, ""),
        ("甲", True, False, ""),
        ("3 < 4 <b>丙</b> <", False, False, "3 < 4 <b>丙</b> <"),
        ("  \n乙 丙\n", False, False, "乙 丙\n"),
    ],
)
def test_what_is_left_of_a_reply(text: str, inside: bool, unsure: bool, left: str) -> None:
    assert shown([text], inside=inside, unsure=unsure) == left
    assert shown(list(text), inside=inside, unsure=unsure) == left


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "甲", "乙 ", "think>", "</"]), max_size=20).map(
        "".join
    ),
    st.integers(1, 9),
)
def test_it_does_not_matter_where_a_reply_is_cut(text: str, size: int) -> None:
    assert shown([text[at : at + size] for at in range(0, len(text), size)]) == shown([text])


def test_a_reply_that_was_kept_back_comes_when_thoughts_come_apart_from_it() -> None:
    thoughts = ThoughtFilter(unsure=True)
    assert thoughts.feed("乙") == ""
    assert thoughts.outside() == "乙"
    assert thoughts.feed("丙") == "丙"
    assert thoughts.outside() == ""
