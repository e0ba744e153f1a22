"""Takes a sentence and a passage apart into what is compared: figures, dates, names, quotations, clauses.

Takes texts, gives frozen values; judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from index.datatypes import Span as TextSpan
from index.text import detect_language, fold
from rag.checking.binding import Facts, read_facts
from rag.checking.dates import Date, covers, find_dates, years_between
from rag.checking.names import Name, Searched, find_names, holds, searched
from rag.checking.support import clauses_of
from rag.checking.values import bears_out
from rag.datatypes import Passage

QUOTED_ANCHORS = 3  # what a quotation counts for: words quoted rightly say more than a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence taken apart."""

    text: str
    chinese: bool
    facts: Facts
    dates: tuple[Date, ...]
    names: tuple[Name, ...]
    quotations: tuple[tuple[str, ...], ...]
    clauses: tuple[TextSpan, ...]

    @property
    def taken(self) -> list[TextSpan]:
        """The spans of its figures and dates."""
        return [(f.figure.start, f.figure.end) for f in self.facts.facts] + [
            (d.start, d.end) for d in self.dates
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A passage taken apart."""

    chinese: bool
    facts: Facts
    dates: tuple[Date, ...]  # also of its headings, and the day it was published on
    whole: Searched  # with title and headings
    above: Searched  # title and headings


def is_in_chinese(text: str) -> bool:
    """Tell whether a text is to be read as Chinese."""
    return detect_language(text) == "zh"


@lru_cache(maxsize=256)
def take_apart(sentence: str) -> Said:
    """Take a sentence of an answer apart."""
    facts = read_facts(sentence)
    stated = tuple(
        d for d in find_dates(sentence) if (d.year or d.month or d.day or d.part) and not d.derived
    )
    taken = [(d.start, d.end) for d in stated] + [(f.figure.start, f.figure.end) for f in facts.facts]
    names = tuple(n for n in find_names(sentence) if not any(n.start < e and s < n.end for s, e in taken))
    return Said(
        text=sentence,
        chinese=is_in_chinese(sentence),
        facts=facts,
        dates=stated,
        names=names,
        quotations=tuple(_quotations(sentence)),
        clauses=tuple(clauses_of(fold(sentence))),
    )


_QUOTED = re.compile(r"\"([^\"]{2,200})\"|《([^》]{2,80})》")
_ELLIPSIS = re.compile(r"…+|\.{3,}")
UNSPOKEN = re.compile(r"[\W_]+")


def _quotations(sentence: str) -> list[tuple[str, ...]]:
    """Return the quoted strings of a sentence, bare of punctuation, each as the pieces between its ellipses."""
    found = []
    for match in _QUOTED.finditer(fold(sentence)):
        pieces = tuple(
            bare
            for piece in _ELLIPSIS.split(match[1] or match[2])
            if len(bare := UNSPOKEN.sub("", piece)) > 1
        )
        if pieces:
            found.append(pieces)
    return found


def view_of(passage: Passage) -> View:
    """Take a passage apart; the latest are kept, since an answer cites the same ones again and again."""
    return _view(passage.text, "\n".join((passage.title, *passage.heading)), passage.date)


@lru_cache(maxsize=256)
def _view(text: str, above: str, published: str | None) -> View:
    facts = read_facts(text, published, above)
    dates = (*facts.dates, *years_between(text, list(facts.dates)))
    return View(
        chinese=is_in_chinese(text),
        facts=facts,
        dates=(*dates, *find_dates(above, published), *find_dates(published or "")),
        whole=searched(f"{above}\n{text}"),
        above=searched(above),
    )


def anchors_in(said: Said, view: View, span: TextSpan) -> frozenset[int]:
    """Return which figures, dates and names of the claim, numbered in that order, stand in a sentence of a passage."""
    start, end = span
    figures = [fact.figure for fact in view.facts.facts if fact.sentence == span]
    dates = [date for date in view.dates if start <= date.start < end]
    there = searched(view.facts.text[start:end])
    stands = [
        *(any(bears_out(found, fact.figure) for found in figures) for fact in said.facts.facts),
        *(any(covers(found, date) for found in dates) for date in said.dates),
        *(holds(name, there, chinese=said.chinese) is True for name in said.names),
    ]
    bare = UNSPOKEN.sub("", there.folded)
    for pieces in said.quotations:
        stands += [any(piece in bare for piece in pieces)] * QUOTED_ANCHORS
    return frozenset(number for number, yes in enumerate(stands) if yes)
