"""Tells what a figure of a text is said of: its year, and the words around it that no other figure shares.

Takes sentences with their figures and dates; gives facts. Knows nothing of answers or models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from index.datatypes import Span as TextSpan
from index.sentences import split_sentences
from index.text import fold
from rag.checking.dates import Date, find_dates, published_in
from rag.checking.direction import moves
from rag.checking.values import Figure, find_figures, same_dimension


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A figure of a text with what it is said of."""

    figure: Figure
    years: frozenset[int] = frozenset()  # empty: cannot be told
    sure: bool = False  # the year stands in the sentence itself
    own: tuple[TextSpan, ...] = ()  # the words that belong to this figure rather than to its neighbours
    sentence: TextSpan = (0, 0)
    end: Literal["", "old", "new"] = ""  # of a change: 由38.5%提高到43.2%


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A date of a text with the words that belong to it rather than to the dates beside it."""

    date: Date
    own: tuple[TextSpan, ...]
    sentence: TextSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is bound in one text; offsets are into it."""

    text: str
    folded: str
    sentences: tuple[TextSpan, ...]
    dates: tuple[Date, ...]  # each with its year, where that can be told
    facts: tuple[Fact, ...]
    events: tuple[Event, ...]

    def words(self, bound: Fact | Event) -> str:
        """Return the words that belong to a figure or a date."""
        return " ".join(self.text[start:end] for start, end in bound.own)


@lru_cache(maxsize=1024)
def read_facts(text: str, published: str | None = None, above: str = "") -> Facts:
    """Find the figures and dates of a text and bind the ones to the others.

    Args:
        text: a passage, or one sentence of an answer.
        published: ISO day on which it was published, if known.
        above: title and headings, whose year holds where the text names none.
    """
    folded = fold(text)
    sentences = tuple(split_sentences(text))
    found = find_dates(text, published)
    figures = find_figures(text, [(date.start, date.end) for date in found])
    background = [date.year for date in find_dates(above, published) if date.year and date.in_one_year]
    year = background[-1] if background else published_in(published)[0]
    around = frozenset(background[-1:])
    dates: list[Date] = []
    facts: list[Fact] = []
    events: list[Event] = []
    for start, end in sentences:
        stated = [date for date in found if start <= date.start < end]
        here = _dated(stated, year)
        inside = [figure for figure in figures if start <= figure.start < end]
        facts += _bind(folded, (start, end), inside, here, around, stated)
        events += _events(folded, (start, end), here)
        dates += here
        years = [date.year for date in stated if date.year]
        if years:
            year, around = years[-1], frozenset(years)
    return Facts(
        text=text,
        folded=folded,
        sentences=sentences,
        dates=tuple(dates),
        facts=tuple(facts),
        events=tuple(events),
    )


def _events(folded: str, sentence: TextSpan, dates: Sequence[Date]) -> list[Event]:
    """Give each date of a sentence the words between the dates beside it."""
    events = []
    for place, date in enumerate(dates):
        before = dates[place - 1].end if place else sentence[0]
        after = dates[place + 1].start if place + 1 < len(dates) else sentence[1]
        end = date.end + folded.startswith(",", date.end)  # 2021年,企业家……
        own = _own(folded, (date.start, end), before, after, first=place == 0)
        events.append(Event(date=date, own=own, sentence=sentence))
    return events


def _dated(dates: Sequence[Date], year: int | None) -> list[Date]:
    """Give dates without a year the one of the date before them."""
    result: list[Date] = []
    for date in dates:
        year = date.year if date.year is not None and date.in_one_year else year
        result.append(replace(date, year=year) if date.year is None else date)
    return result


_BREAK = re.compile(
    r"[,;，；、。:：]|\b(?:and|but|while|whereas|from|to|than|up|down|versus)\b|其中|而(?!且)"
)
_HARD_BREAK = re.compile(r"[,;，；。、]|\b(?:and|but|while|whereas)\b")
_COMPARED = re.compile(r"(?:同?比|较|相比|相较于?|compared (?:with|to)|than(?: in)?|over|from) ?$")
_COMPARISON = re.compile(r"\s*(?:compared|(?:up|down)? ?from|against|versus|than|比|较|相比|而?上年)")
_RESPECTIVELY = re.compile(r"分别|依次|\brespectively\b")
_OWNERS = re.compile(r"、|以及|[和与及]|,\s?(?:and\s)?|\band\b")


def _bind(
    folded: str,
    sentence: TextSpan,
    figures: Sequence[Figure],
    dates: Sequence[Date],
    background: frozenset[int],
    stated: Sequence[Date],
) -> list[Fact]:
    """Bind each figure of one sentence."""
    explicit = {(date.start, date.end) for date in stated if date.year}
    dated = [
        date
        for date in dates
        if date.year and date.in_one_year and not _COMPARED.search(folded[sentence[0] : date.start])
    ]
    sure = [date for date in dated if (date.start, date.end) in explicit]
    facts = []
    for place, figure in enumerate(figures):
        years = _years(folded, figure, figures, sure or dated)
        before = figures[place - 1].end if place else sentence[0]
        after = figures[place + 1].start if place + 1 < len(figures) else sentence[1]
        facts.append(
            Fact(
                figure=figure,
                years=years or background,
                sure=bool(years) and bool(sure),
                own=_own(folded, (figure.start, figure.end), before, after, first=place == 0),
                sentence=sentence,
            )
        )
    return _aligned(folded, sentence, _carried(folded, _changed(folded, facts)), dated)


_FROM = re.compile(r"(?:\bfrom\b|(?<![自理缘])由|从(?![业事而未来]))(?=[^,;。、]{0,16}$)")
_TO = re.compile(  # in Chinese the verb stands between the values, in English before them
    r"(?P<verb>[^,;。、]{0,4}?[增升涨提扩翻攀降跌减缩压调变改延展回][^\W\da-z]{0,3}?[至到为成]了?)[^,;。、]{0,16}"
    r"|[^,;.]{0,40}?\s(?P<to>to\b)[^,;.]{0,20}"
)


def _changed(folded: str, facts: list[Fact]) -> list[Fact]:
    """Give both values of a change its subject and verb: X由A提高到B, X rose from A to B."""
    result = list(facts)
    for place, (old, new) in enumerate(pairwise(facts)):
        low = min((start for start, _ in old.own), default=old.figure.start)
        origins = [*_FROM.finditer(folded[low : old.figure.start])]
        to = _TO.fullmatch(folded[old.figure.end : new.figure.start])
        if not (origins and to and same_dimension(old.figure, new.figure)):
            continue
        head = (low, low + origins[-1].start())
        if to["to"] and not moves(folded[slice(*head)]):  # from 9 to 5
            continue
        start, end = (old.figure.end + edge for edge in to.span(to.lastgroup or 0))
        behind = tuple(span for span in new.own if span[0] >= new.figure.end)
        result[place] = replace(old, own=((low, old.figure.start), (old.figure.end, end)), end="old")
        result[place + 1] = replace(new, own=(head, (start, new.figure.start), *behind), end="new")
    return result


def _carried(folded: str, facts: list[Fact]) -> list[Fact]:
    """Let a figure that has no words of its own share those of the one before it: 12、15和18亿元."""
    result: list[Fact] = []
    for fact in facts:
        bare = not re.search(r"[^\W\d_]{2}", " ".join(folded[s:e] for s, e in fact.own))
        result.append(replace(fact, own=result[-1].own) if bare and result else fact)
    return result


def _years(folded: str, figure: Figure, figures: Sequence[Figure], dates: Sequence[Date]) -> frozenset[int]:
    """Return the year that a figure is said of: in its own piece of the sentence, else before it, else behind."""
    if not dates:
        return frozenset()
    low, high = _piece(folded, figure, dates[0].start, len(folded))
    inside = [date for date in dates if low <= date.start < high]
    before = [date for date in inside if date.end <= figure.start]
    if not inside:  # a day is of the event beside it, a year holds for the rest of the sentence
        before = [
            date
            for date in dates
            if date.end <= figure.start and not date.month and not _aside(folded, date.start)
        ]
    if before:
        return _alike(before, folded)
    behind = inside or [date for date in dates if date.start > figure.start]
    if not behind or (not inside and _apart(folded, figure, figures, behind[0])):
        return frozenset()
    return frozenset({behind[0].year}) if behind[0].year else frozenset()


def _apart(folded: str, figure: Figure, figures: Sequence[Figure], date: Date) -> bool:
    """Tell whether a date behind a figure, or behind the row that it begins, is in a clause of its own."""
    row = max((other.end for other in figures if other.end <= date.start), default=figure.end)
    return _HARD_BREAK.search(folded, row, date.start) is not None


def _aside(folded: str, place: int) -> bool:
    """Tell whether a place lies in a clause that only compares: …, compared with 47.8 million in 2021, …."""
    clause = max(folded.rfind(mark, 0, place) for mark in ",;。") + 1
    return _COMPARISON.match(folded, clause) is not None


def _alike(before: Sequence[Date], folded: str) -> frozenset[int]:
    """Return the year of the last date, and of those it is listed with: 2021年和2022年 are both meant."""
    years = {before[-1].year}
    for earlier, later in reversed(list(pairwise(before))):
        if not re.fullmatch(r"\s?(?:、|[和与及至到—–-]|and|to|,)?\s?", folded[earlier.end : later.start]):
            break
        years.add(earlier.year)
    return frozenset(year for year in years if year)


def _piece(folded: str, figure: Figure, low: int, high: int) -> TextSpan:
    """Return the piece of a sentence between two breaks in which a figure stands."""
    starts = [match.end() for match in _BREAK.finditer(folded, 0, figure.start)]
    end = _BREAK.search(folded, figure.end)
    return (starts[-1] if starts else low, end.start() if end else high)


def _own(folded: str, at: TextSpan, before: int, after: int, *, first: bool) -> tuple[TextSpan, ...]:
    """Return the words of a figure or date: from the first break after the one before it, to the next break."""
    low = before
    if not first:
        match = _HARD_BREAK.search(folded, before, at[0])
        low = match.end() if match else before
    following = _HARD_BREAK.search(folded, at[1], after)
    high = following.start() if following else after
    return tuple((s, e) for s, e in ((low, at[0]), (at[1], high)) if s < e)


def _aligned(folded: str, sentence: TextSpan, facts: list[Fact], dates: Sequence[Date]) -> list[Fact]:
    """For "A、B分别为x、y", give each figure the words of its owner alone."""
    match = _RESPECTIVELY.search(folded, *sentence)
    if not match:
        return facts
    behind = match.group() != "respectively"
    values = [fact for fact in facts if (fact.figure.start > match.start()) == behind]
    if (ranged := _over_years(folded, sentence, facts, values, dates)) is not None:
        return ranged
    limit = match.start() if behind else (values[0].figure.start if values else sentence[0])
    clause = max(folded.rfind(mark, sentence[0], limit) for mark in ",;:") + 1
    for head in (max(clause, sentence[0]), sentence[0]):
        pieces = _pieces(folded, head, limit)
        if 2 <= len(pieces) <= len(values):
            break
    else:
        return facts
    count = len(pieces)
    for value, piece in zip(values[:count], pieces, strict=True):
        within = frozenset(d.year for d in dates if d.year and piece[0] <= d.start < piece[1])
        place = facts.index(value)
        facts[place] = replace(
            value, own=(piece,), years=within or value.years, sure=bool(within) or value.sure
        )
    return facts


def _over_years(
    folded: str, sentence: TextSpan, facts: list[Fact], values: Sequence[Fact], dates: Sequence[Date]
) -> list[Fact] | None:
    """For "2019年至2022年依次为a、b、c、d", give each figure its year; None where there is no such range."""
    for first, last in pairwise(dates):
        years = range(first.year or 0, (last.year or 0) + 1)
        between = folded[first.end : last.start]
        if len(years) == len(values) > 1 and re.fullmatch(r"年?\s?(?:至|到|—|–|-|~|to|through)\s?", between):
            owned = {
                id(value): replace(value, years=frozenset({year}), sure=True)
                for value, year in zip(values, years, strict=True)
            }
            return [owned.get(id(fact), fact) for fact in facts]
    return None


def _pieces(folded: str, start: int, end: int) -> list[TextSpan]:
    """Split what stands before "respectively" into the owners of the values."""
    edges = [
        (start, start),
        *((m.start(), m.end()) for m in _OWNERS.finditer(folded, start, end)),
        (end, end),
    ]
    return [(a[1], b[0]) for a, b in pairwise(edges) if folded[a[1] : b[0]].strip()]
