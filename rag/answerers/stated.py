"""Finds what is stated outright: one of two alternatives, what a line tells of its label, a telephone number.

Takes a case; gives a candidate, or none where nothing states it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from index.datatypes import Span as TextSpan
from index.text import fold
from rag.answerers.case import Case
from rag.answerers.contradictions import PHONE_OF, is_of_another
from rag.answerers.evidence import Found
from rag.answerers.extremes import REMARK
from rag.answerers.reach import HOURS
from rag.candidates import PHONE
from rag.terms import content_terms

SURE = 0.6  # confidence of what a line or a table tells of all that the question names, and it names nothing else

_OR = re.compile(r"(?P<one>.+)还是(?P<other>[^,?呢]{1,8}?)[呢?]*")


def alternative(case: Case, threshold: float) -> tuple[Found, float] | None:
    """Return the one of two alternatives that the best sentence with only one of them states: 用大火还是小火."""
    match = _OR.fullmatch(case.question)
    if not match:
        return None
    other = match["other"]
    for found in case.ranked:
        sentence = case.sentence(found)
        stated = [word for word in (match["one"][-len(other) :], other) if word in sentence]
        sure = case.surest(found)
        if len(stated) == 1 and sure >= threshold:
            start = found.sentence.start + sentence.index(stated[0])
            return replace(
                found, start=start, end=start + len(stated[0]), kind="phrase", parts=(), lead=0
            ), sure
    return None


_LABEL = re.compile("[^:]{2,12}(?=:)")


def told_in_full(case: Case) -> Found | None:
    """Return what a table or a list tells of all that a question names: of its row and column, or of its label."""
    start, end = case.ask.span
    asked = HOURS.sub(" ", f"{case.question[:start]} {case.question[end:]}")
    for found in case.ranked:
        cell, label = case.read(found).cell(found.start, found.end), _LABEL.match(case.sentence(found))
        if cell and cell.row:
            names = [*cell.row, REMARK.sub("", cell.column)]
        elif label and not cell and found.features["kind"] == 1:
            names = [label[0]]
        else:
            continue
        if _names_all(asked, list(map(fold, names))) and not is_of_another(found, case):
            return replace(found, start=cell.start, end=cell.end, parts=(), lead=0) if cell else found
    return None


def _names_all(asked: str, names: Sequence[str]) -> bool:
    """Whether a question holds each of some names, and nothing else that tells anything."""
    for name in names:
        if not name or name not in asked:
            return False
        asked = asked.replace(name, " ", 1)
    return not any(content_terms(asked))


_PHONE = re.compile(rf"{PHONE.pattern}|(?<![\d.-])(?:1\d{{10}}|\d{{7,8}})(?![\d-])")


def _apart(sentence: str, name: TextSpan, number: TextSpan) -> tuple[bool, int]:
    """Return whether another item lies between a name and a number of a sentence, and how far they are apart."""
    between = sentence[number[1] : name[0]] or sentence[name[1] : number[0]]
    return bool(re.search("[,;。、]", between)), len(between)


def phone(case: Case) -> tuple[Found, float] | None:
    """Return the number beside the name whose telephone is asked for, in a line that need not call it that."""
    asked = PHONE_OF.fullmatch(case.question)
    if not asked:
        return None
    for found in case.ranked:
        sentence = case.sentence(found)
        place = sentence.find(asked["of"])
        name = place, place + len(asked["of"])
        numbers = [match.span() for match in _PHONE.finditer(sentence)]
        if place < 0 or not numbers:
            continue
        nearest = min(numbers, key=partial(_apart, sentence, name))
        start, end = (found.sentence.start + at for at in nearest)
        beside = replace(found, start=start, end=end, kind="phrase", parts=(), lead=0)
        return beside, max(SURE, case.surest(found))
    return None
