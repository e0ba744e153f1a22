"""Tells what a figure of a text is said of: its year, and the words around it that no other figure shares.

Takes sentences with their figures and dates; gives facts. Knows nothing of answers or models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from index.datatypes import Span as TextSpan
from index.sentences import split_sentences
from index.text import fold
from rag.checking.dates import Date, find_dates, published_in
from rag.checking.values import Figure, find_figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A figure of a text with what it is said of."""

    figure: Figure
    years: frozenset[int] = frozenset()  # empty: cannot be told
    sure: bool = False  # the year stands in the sentence itself
    own: tuple[TextSpan, ...] = ()  # the words that belong to this figure rather than to its neighbours
    sentence: TextSpan = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is bound in one text; offsets are into it."""

    text: str
    folded: str
    sentences: tuple[TextSpan, ...]
    dates: tuple[Date, ...]  # each with its year, where that can be told
    facts: tuple[Fact, ...]

    def words(self, fact: Fact) -> str:
        """Return the folded words that belong to a fact."""
        return " ".join(self.folded[start:end] for start, end in fact.own)


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
    background = [date.year for date in find_dates(above, published) if date.year and date.part != "decade"]
    year = background[-1] if background else published_in(published)[0]
    dates: list[Date] = []
    facts: list[Fact] = []
    for start, end in sentences:
        here = _dated([date for date in found if start <= date.start < end], year)
        facts += _bind(
            folded, (start, end), [f for f in figures if start <= f.start < end], here, year, found
        )
        dates += here
        stated = [date.year for date in found if start <= date.start < end and date.year]
        year = stated[-1] if stated else year
    return Facts(text=text, folded=folded, sentences=sentences, dates=tuple(dates), facts=tuple(facts))


def _dated(dates: Sequence[Date], year: int | None) -> list[Date]:
    """Give dates without a year the one of the date before them."""
    result: list[Date] = []
    for date in dates:
        year = date.year if date.year is not None and date.part != "decade" else year
        result.append(replace(date, year=year) if date.year is None else date)
    return result


_BREAK = re.compile(
    r"[,;，；、。:：]|\b(?:and|but|while|whereas|from|to|than|up|down|versus)\b|其中|而(?!且)"
)
_HARD_BREAK = re.compile(r"[,;，；。]|\b(?:and|but|while|whereas)\b")
_COMPARED = re.compile(r"(?:同?比|较|相比|相较于?|compared (?:with|to)|than(?: in)?|over|from) ?$")
_RESPECTIVELY = re.compile(r"分别|依次|\brespectively\b")
_OWNERS = re.compile(r"、|以及|[和与及]|,\s?(?:and\s)?|\band\b")


def _bind(
    folded: str,
    sentence: TextSpan,
    figures: Sequence[Figure],
    dates: Sequence[Date],
    background: int | None,
    stated: Sequence[Date],
) -> list[Fact]:
    """Bind each figure of one sentence."""
    explicit = {(date.start, date.end) for date in stated if date.year}
    dated = [
        date
        for date in dates
        if date.year and date.part != "decade" and not _COMPARED.search(folded[sentence[0] : date.start])
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
                years=years or (frozenset({background}) if background else frozenset()),
                sure=bool(years) and bool(sure),
                own=_own(folded, figure, before, after, first=place == 0),
                sentence=sentence,
            )
        )
    return _aligned(folded, sentence, facts, dated)


def _years(folded: str, figure: Figure, figures: Sequence[Figure], dates: Sequence[Date]) -> frozenset[int]:
    """Return the year that a figure is said of: in its own piece of the sentence, else before it, else behind."""
    if not dates:
        return frozenset()
    low, high = _piece(folded, figure, dates[0].start, len(folded))
    inside = [date for date in dates if low <= date.start < high]
    before = [date for date in inside if date.end <= figure.start] or (
        [] if inside else [date for date in dates if date.end <= figure.start]
    )
    if before:
        return _alike(before, folded)
    behind = inside or list(dates)
    return frozenset({behind[0].year}) if behind[0].year else frozenset()


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


def _own(folded: str, figure: Figure, before: int, after: int, *, first: bool) -> tuple[TextSpan, ...]:
    """Return the words of a figure: from the first break after the figure before it, to the next break."""
    low = before
    if not first:
        match = _HARD_BREAK.search(folded, before, figure.start)
        low = match.end() if match else before
    following = _HARD_BREAK.search(folded, figure.end, after)
    high = following.start() if following else after
    return tuple((s, e) for s, e in ((low, figure.start), (figure.end, high)) if s < e)


def _aligned(folded: str, sentence: TextSpan, facts: list[Fact], dates: Sequence[Date]) -> list[Fact]:
    """For "A、B分别为x、y", give each figure the words of its owner alone."""
    match = _RESPECTIVELY.search(folded, *sentence)
    if not match:
        return facts
    behind = match.group() != "respectively"
    values = [fact for fact in facts if (fact.figure.start > match.start()) == behind]
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


def _pieces(folded: str, start: int, end: int) -> list[TextSpan]:
    """Split what stands before "respectively" into the owners of the values."""
    edges = [
        (start, start),
        *((m.start(), m.end()) for m in _OWNERS.finditer(folded, start, end)),
        (end, end),
    ]
    return [(a[1], b[0]) for a, b in pairwise(edges) if folded[a[1] : b[0]].strip()]
