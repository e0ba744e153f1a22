"""Tells by where a candidate stands whether it is meant: by the words around it, or by its place in a row.

Takes an analysed question and a folded sentence; gives scores. Knows nothing of the candidate but its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import takewhile
from math import exp

from index.datatypes import Span as TextSpan
from index.terms import PINYIN_MARK, document_terms
from rag.asks import FIGURES, Ask
from rag.questions import QuestionAnalysis
from rag.terms import STOP_WORDS, content_terms, other_wording

_ITEM_MARK = re.compile("[、,;。]")  # 企业6家、学校9所: what stands beyond the mark is another figure's
_CLAUSE_MARK = re.compile(";")
_TURNED = FIGURES | {"person"}  # 有多少工人 ↔ 工人近百人, 谁是厂长 ↔ 厂长王立
_SILENT = re.compile(rf"\b(?:{'|'.join(sorted(STOP_WORDS))})\b")
_SOFT = str.maketrans("", "", " ,;:的了约达到为是有共总已将逾超近过成个\"'、()")


def neighbours(analysis: QuestionAnalysis, ask: Ask, text: str, at: TextSpan) -> dict[str, float]:
    """Return how well what stands just before and behind the candidate repeats what stands around the question word.

    What is counted, held or chosen may change its side: 有多少工人 ↔ 工人近百人, 谁是厂长 ↔ 厂长王立,
    三大产业是哪些 ↔ 甲、乙、丙三大产业.
    A quoted term of the question right beside the candidate explains it: “三快”(甲、乙、丙).
    """
    question = analysis.folded
    head, tail = question[: ask.span[0]], re.split(r"[,;?。]", question[ask.span[1] :])[0]
    # What stands beside "of" or "will" may be far from the question word.
    head = "" if {*head.split()[-1:]} & STOP_WORDS else head
    tail = "" if {*tail.split()[:1]} & STOP_WORDS else tail
    befores = [_telling(words)[-8:] for words in (head, other_wording(head))]
    afters = [_telling(words)[:8] for words in (tail, other_wording(tail))]
    mark = _ITEM_MARK if ask.kind in FIGURES else _CLAUSE_MARK
    beside = mark.split(text[: at[0]])[-1], mark.split(text[at[1] :])[0]
    left, right = _telling(beside[0])[-10:], _telling(beside[1])[:10]
    quoted = [term.translate(_SOFT) for term in analysis.quoted]
    return {
        "left": max(
            *(_shared(before, left, end=True, near_end=True) for before in befores),
            *(_shared(after, left, end=True, near_end=True) for after in afters if ask.kind in _TURNED),
            float(any(term and left.endswith(term) for term in quoted)),
        ),
        "right": max(
            *(_shared(after, right, end=False, near_end=False) for after in afters),
            *(_shared(before, right, end=True, near_end=False) for before in befores if ask.kind == "list"),
            float(any(term and right.startswith(term) for term in quoted)),
        ),
    }


ITEM_END = re.compile("[,;:。!?、]")


def item(text: str, at: TextSpan) -> str:
    """Return what stands around a place in its item of a row: 企业 of 企业6家、学校9所."""
    before, after = ITEM_END.split(text[: at[0]])[-1], ITEM_END.split(text[at[1] :])[0]
    return f"{before} {after}"


def follows(before: str, words: Iterable[str]) -> bool:
    """Whether a text ends with one of some words, but for what every figure may have before it: 约, 达到."""
    said = _telling(before)
    return any(len(word) > 1 and said.endswith(word.translate(_SOFT) or "\0") for word in words)


def _telling(words: str) -> str:
    """Return words in one piece, without those that every sentence has: will, the, 的."""
    return _SILENT.sub("", words).translate(_SOFT)


def _shared(wanted: str, there: str, *, end: bool, near_end: bool) -> float:
    """0..1: the longest piece at the end (or beginning) of ``wanted`` that stands in ``there``.

    Discounted by its distance from the end (or beginning) of ``there``, where the candidate is.
    """
    for length in range(min(len(wanted), 6), 0, -1):
        piece = wanted[-length:] if end else wanted[:length]
        place = there.rfind(piece) if near_end else there.find(piece)
        if place >= 0:
            if length < 4 and piece.isalpha() and piece.isascii():  # a few Latin letters say nothing
                return 0.0
            distance = len(there) - place - length if near_end else place
            score = min(length, 4) / 4 * exp(-distance / 6)
            return score * 0.5 if length == 1 else score
    return 0.0


_ALIGN = re.compile(r"分别|依次|respectively")
_VALUE = re.compile(r"\d+(?:[.,]\d+)*(?!月|年)")
_JOINT = re.compile(r"、|以及|[和与及]")


@lru_cache(maxsize=512)
def respectively(text: str, analysis: QuestionAnalysis, crossing: bool) -> dict[int, float]:
    """Return, for "A、B分别为x、y", the place of each value → 1 where the question names its owner alone, else -1.

    All are -1 where it names another of their kind: C市 for "A、B两市分别为x、y".
    """
    places = _of_each(text, analysis.folded)
    matches = list(_ALIGN.finditer(text))
    ends = [*(following.start() for following in matches[1:]), len(text)]
    for match, end in zip(matches, ends, strict=False):
        rest = re.split(r"[;。]", text[match.end() : end])[0]
        values = [match.end() + found.start() for found in _VALUE.finditer(rest)]
        owners = _owners(text[: match.start()], rest, analysis.folded)
        if len(owners) >= 2 and len(values) >= len(owners):
            places.update(zip(values, _meant(owners, text, analysis, crossing), strict=False))
    return places


_OF_EACH = re.compile(  # a ticket costs 6 for adults and 3 for children
    r"(?P<one>\d[\d.,]*)(?: [a-z]+){0,2} (?P<word>for|in|at|from|among) (?P<a>[a-z' -]{2,30}?),?"
    r" and (?:[$£€])?(?P<other>\d[\d.,]*)(?: [a-z]+){0,2} (?P=word) (?P<b>[a-z' -]{2,30})"
)


def _of_each(text: str, question: str) -> dict[int, float]:
    """Return the places of two values that a preposition gives their owners, where the question names one of these."""
    match = _OF_EACH.search(text)
    if not match:
        return {}
    terms = [set(content_terms(match[owner])) for owner in ("a", "b")]
    asked = set(content_terms(question))
    named = [bool((one - other) & asked) for one, other in (terms, reversed(terms))]
    if sum(named) != 1:
        return {}
    return dict(
        zip((match.start("one"), match.start("other")), (1.0 if yes else -1.0 for yes in named), strict=True)
    )


def _owners(before: str, rest: str, question: str) -> list[str]:
    """Return what the values are of: what is joined in the clause before them, else in clauses before that."""
    *earlier, last = re.split(r"[;。:]", before)[-1].split(",")
    owners = [owner for owner in _JOINT.split(last.strip()) if owner]
    if len(owners) > 1:
        return owners
    number = len(_VALUE.findall(re.split(r",(?!\d)", rest)[0]))
    verb = _VERB.match(rest)
    if not owners and (verb is None or verb[1] in question):
        return _clause_owners(",".join([*earlier, last]), number)
    telling = (clause.strip() for clause in reversed(earlier) if not _VALUE.search(clause))
    rows = ([owner for owner in _JOINT.split(clause) if owner] for clause in telling)
    return next((row for row in rows if len(row) == number), [])


def _meant(owners: list[str], text: str, analysis: QuestionAnalysis, crossing: bool) -> list[float]:
    """Return 1 for the owner that a question names alone and -1 for the others; nothing where it names several."""
    question = analysis.folded
    named = [_owner_named(owner, question, crossing) for owner in owners]
    shared = [] if crossing else _shared_names(owners, question)
    most = max(shared, default=0)
    if most > 1 and shared.count(most) == 1:
        named = [length == most for length in shared]
    strange = any(name not in text and name[-1] in "".join(owners) for name in analysis.names)
    if most < 2 and strange and not crossing and not _ALIGN.search(question):
        return [-1.0] * len(owners)
    return [1.0 if yes else -1.0 for yes in named] if sum(named) == 1 else []


def _shared_names(owners: list[str], question: str) -> list[int]:
    """Return how many characters of each owner a question names: of the outer ones by what is beside the others.

    An inner one is whole, and may be a single character, 二 of 第一、二、三产业: it counts one more. What all owners
    end with tells none from the others.
    """
    first, *inner, last = _without_common_end(owners)
    return [
        max((n for n in range(1, len(first) + 1) if first[-n:] in question), default=0),
        *(len(owner) + 1 if owner in question else 0 for owner in inner),
        max((n for n in range(1, len(last) + 1) if last[:n] in question), default=0),
    ]


def _without_common_end(owners: list[str]) -> list[str]:
    """Return owners without the end that all have: 甲市 and 乙市 of 甲市高新区, 乙市高新区."""
    columns = zip(*(reversed(owner) for owner in owners), strict=False)
    common = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, columns))
    return [owner[: len(owner) - common] for owner in owners]


_VERB = re.compile(r"(?:同比|环比)?(?![为达有是约占])([\u4e00-\u9fff]{2})")  # behind 分别: 增长


def _clause_owners(text: str, number: int) -> list[str]:
    """Return what the last clauses are about, for "A产值9亿元,B产值7亿元,分别增长x、y": A and B."""
    clauses = [clause for clause in text.split(",") if clause.strip()][-number:]
    subjects = [re.split(r"\d", clause)[0].strip() for clause in clauses]
    owners = _without_common_end(subjects)
    return owners if len(owners) == number and all(owners) else []


def aligned(places: Mapping[int, float], at: TextSpan) -> float:
    """Return 1 for the value of the owner asked for, -1 for another's and for a span over several values."""
    covered = [value for place, value in places.items() if at[0] <= place < at[1]]
    return covered[0] if len(covered) == 1 else -1.0 if covered else 0.0


def _owner_named(owner: str, question: str, crossing: bool) -> bool:
    """Whether a question names the owner: by its ends, or across languages by its pinyin."""
    if crossing:
        joined = re.sub(r"[^a-z]", "", question)
        pinyin = [term[1:] for term in document_terms(owner) if term.startswith(PINYIN_MARK)]
        return any(len(word) > 3 and word in joined for word in pinyin)
    return (
        owner in question
        or (len(owner) > 6 and owner[-6:] in question)
        or (len(owner) > 4 and owner[:4] in question and owner[-2:] in question)
    )
