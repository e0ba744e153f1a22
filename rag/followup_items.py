"""Which of the things that an answer lists a follow-up means: 第二个呢？ the last one, the second telescope.

Takes a follow-up and the turns before it, gives the follow-up with the thing in the ordinal's place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text import fold, is_chinese
from rag.followup_topics import listed
from rag.questions import analyse_question

_NUMERALS = "一二三四五六七八九十"
_ENGLISH_NUMERALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_ORDINAL = re.compile(
    rf"(?:第(?P<nth>[{_NUMERALS}])|最后一)(?P<measure>[个家位项种款座所名条本部支])(?P<rest>[^?？。]*)"
    rf"|\bthe (?:(?P<english>{'|'.join(_ENGLISH_NUMERALS)})|last)\b(?P<noun> one\b| of (?:them|these|those)\b| [a-z]+)?",
    re.IGNORECASE,
)
# what may stand behind 第二个 without its noun
_NO_NOUN = re.compile(r"$|[呢是的有在叫由位为谁多何哪怎如]|什么")
_NOTHING_ELSE = re.compile(
    r"(?:那么?|还有|and|(?:and |but )?(?:what|how) about)?[,，\s]*_(?:呢|怎么样|如何)?[?？。.!\s]*",
    re.IGNORECASE,
)


def bind(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Put the thing that an ordinal counts in the latest list of an answer in its place; else leave the question."""
    ordinal = _ORDINAL.search(fold(question))
    if not ordinal:
        return question
    for asked, answered in reversed(earlier):
        things = _things(asked, answered, people=ordinal["measure"] == "名")
        end, place = _end(ordinal, fold(asked)), _place(ordinal)
        if things and end is not None and place < len(things):
            return _put(things, place, question, (ordinal.start(), end), asked, earlier[-1][0])
    return question


def _things(asked: str, answered: str, *, people: bool) -> list[str]:
    """Return what an answer lists, where it must be ``people`` only that; what something is, is no list."""
    things, kind = listed(answered), analyse_question(asked).kind
    return things if len(things) > 1 and (kind == "person" if people else kind != "definition") else []


def _put(
    things: Sequence[str], place: int, question: str, span: tuple[int, int], asked: str, last: str
) -> str:
    """Return a question with one of the things in a span of it: the last question where it says nothing else."""
    thing = things[place]
    before, after = question[: span[0]], question[span[1] :]
    if not _NOTHING_ELSE.fullmatch(f"{before}_{after}"):
        return f"{before}{thing}{after}"
    other = next((one for one in things if one in last), "")
    if other:
        return last.replace(other, thing, 1)
    person = analyse_question(asked).kind == "person"
    if is_chinese(question[slice(*span)]):
        return f"{thing}{'是谁' if person else '怎么样'}？"
    return f"{'Who' if person else 'What'} is {thing}?"


def _place(ordinal: re.Match[str]) -> int:
    """Return which one of a list is meant, counted from 0; -1 for the last."""
    if ordinal["nth"]:
        return _NUMERALS.index(ordinal["nth"])
    return _ENGLISH_NUMERALS.index(ordinal["english"].lower()) if ordinal["english"] else -1


def _end(ordinal: re.Match[str], asked: str) -> int | None:
    """Return where an ordinal and its noun end; None where the noun is not what was asked for."""
    if ordinal["rest"] is not None:
        rest = ordinal["rest"]
        noun = next((rest[:size] for size in (4, 3, 2) if len(rest) >= size and rest[:size] in asked), "")
        return ordinal.start("rest") + len(noun) if noun or _NO_NOUN.match(rest) else None
    noun = (ordinal["noun"] or "").strip()
    if not noun:
        return ordinal.end() if not ordinal.string[ordinal.end() :].strip(" ?.!") else None
    plural = rf"\b(?:{noun}e?s|{noun[:-1]}ies)\b"
    return ordinal.end() if noun.startswith(("one", "of ")) or re.search(plural, asked) else None
