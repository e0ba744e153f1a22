"""Checks a sentence that a language model wrote against the passages it cites, and finds the words it stands on.

Literal things first: figures by value and by what they are said of, dates, names, quotations. The rest by words
and meaning. Takes a sentence and passages, gives `Checked`; knows nothing of markers, answers or screens.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.datatypes import Span as TextSpan
from index.embedder import Embedder
from index.text import HAN, detect_language, fold
from rag.answerers.extractive import PassageReader
from rag.checking.binding import Fact, Facts, read_facts
from rag.checking.dates import Date, covers, find_dates
from rag.checking.names import Name, Searched, find_names, holds, searched
from rag.checking.support import Evidence, Feature, features, pick_evidence, present
from rag.checking.values import Figure, bears_out, same_dimension
from rag.datatypes import DoubtReason, Passage

KEPT_VECTORS = 2_000
BORNE_OUT = 0.5  # score, 0..1, from which a sentence without a literal fault counts as borne out


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """The words of one passage that bear a sentence out."""

    passage: int  # `Passage.number`
    quotes: tuple[TextSpan, ...]  # half-open, into `Passage.text`
    score: float  # 0..1, higher is better


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check found."""

    supports: tuple[
        Support, ...
    ]  # the best words of each cited passage, best passage first; also when it fails
    reason: DoubtReason | None  # None: borne out
    missing: tuple[
        str, ...
    ] = ()  # words of the sentence that stand in no cited passage, or of something else


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A sentence taken apart."""

    text: str
    chinese: bool
    facts: Facts
    dates: tuple[Date, ...]
    names: tuple[Name, ...]
    quotations: tuple[tuple[str, ...], ...]

    @property
    def taken(self) -> list[TextSpan]:
        return [(f.figure.start, f.figure.end) for f in self.facts.facts] + [
            (d.start, d.end) for d in self.dates
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A passage taken apart."""

    passage: Passage
    chinese: bool
    facts: Facts
    dates: tuple[Date, ...]
    whole: Searched  # with title and headings
    above: Searched


class SentenceChecker:
    """Holds sentences to the passages that they cite."""

    def __init__(self, reader: PassageReader, embedder: Embedder) -> None:
        """Take the models that judge what is not literal."""
        self._reader = reader
        self._embedder = embedder
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def check(self, sentence: str, cited: Sequence[Passage], *, question: str = "") -> Checked:
        """Check one sentence, its markers taken out, against the passages that it cites.

        Args:
            sentence: Chinese or English, the passages in either.
            cited: the passages, in any order.
            question: what was asked; it tells which of two readings of a short sentence is meant.
        """
        if not cited:
            return Checked(supports=(), reason="uncited")
        said = _take_apart(sentence)
        views = [_view(passage) for passage in cited]
        wanted = {crossing: self._wanted(said, views, crossing) for crossing in (False, True)}
        supports = sorted(
            (self._support(said, view, wanted[view.chinese != said.chinese]) for view in views),
            key=lambda support: -support.score,
        )
        reason, missing = _literal_fault(said, views, wanted)
        if reason is None and max(support.score for support in supports) < BORNE_OUT:
            reason = "support"
        return Checked(supports=tuple(supports), reason=reason, missing=missing)

    def attribute(self, sentence: str, passages: Sequence[Passage], *, question: str = "") -> Checked:
        """Find which passages bear out a sentence that cites none; those alone are among its supports."""
        single = [(passage, self.check(sentence, [passage], question=question)) for passage in passages]
        bearing = sorted(
            (checked.supports[0] for _, checked in single if checked.reason is None), key=lambda s: -s.score
        )
        if bearing:
            return Checked(supports=tuple(bearing[:2]), reason=None)
        nearest = sorted(single, key=lambda entry: -entry[1].supports[0].score)[:2]
        if not nearest:
            return Checked(supports=(), reason="uncited")
        return self.check(sentence, [passage for passage, _ in nearest], question=question)

    def _wanted(self, said: _Said, views: Sequence[_View], crossing: bool) -> list[Feature]:
        passages = [view.passage for view in views if (view.chinese != said.chinese) == crossing]
        if not passages:
            return []
        return features(said.text, passages, chinese=said.chinese, crossing=crossing, taken=said.taken)

    def _support(self, said: _Said, view: _View, wanted: Sequence[Feature]) -> Support:
        text = view.passage.text
        literal = [_literal_count(said, view, span) for span in view.facts.sentences]
        evidence = pick_evidence(wanted, text, view.facts.sentences, literal)
        if not evidence.quotes:
            return Support(passage=view.passage.number, quotes=(), score=0.0)
        quoted = " ".join(text[start:end] for start, end in evidence.quotes)
        return Support(
            passage=view.passage.number, quotes=evidence.quotes, score=self._score(said, evidence, quoted)
        )

    def _score(self, said: _Said, evidence: Evidence, quoted: str) -> float:
        """Weigh the share of words found against the nearness of meaning."""
        vectors = self._embed([said.text, quoted])
        cosine = float(vectors[0] @ vectors[1])
        return float(1 / (1 + np.exp(-(4 * evidence.coverage + 6 * cosine - 6))))

    def _embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return unit vectors; those of the latest texts are kept, since an answer cites a passage again and again."""
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        unknown = [text for text in dict.fromkeys(texts) if text not in known]
        if unknown:
            known.update(zip(unknown, self._embedder.embed_documents(unknown), strict=True))
        with self._lock:
            self._vectors.update((text, known[text]) for text in unknown)
            while len(self._vectors) > KEPT_VECTORS:
                self._vectors.popitem(last=False)
        return [known[text] for text in texts]


def _is_chinese(text: str) -> bool:
    return detect_language(text) == "zh"


@lru_cache(maxsize=256)
def _take_apart(sentence: str) -> _Said:
    facts = read_facts(sentence)
    stated = tuple(d for d in find_dates(sentence) if d.year or d.month or d.day or d.part)
    taken = [(d.start, d.end) for d in stated]
    names = tuple(n for n in find_names(sentence) if not any(n.start < e and s < n.end for s, e in taken))
    return _Said(
        text=sentence,
        chinese=_is_chinese(sentence),
        facts=facts,
        dates=stated,
        names=names,
        quotations=tuple(_quotations(sentence)),
    )


_QUOTED = re.compile(r"\"([^\"]{2,200})\"|《([^》]{2,80})》")
_ELLIPSIS = re.compile(r"…+|\.{3,}")
_UNSPOKEN = re.compile(r"[\W_]+")


def _quotations(sentence: str) -> list[tuple[str, ...]]:
    """Return the quoted strings of a sentence, bare of punctuation, each as the pieces between its ellipses."""
    found = []
    for match in _QUOTED.finditer(fold(sentence)):
        pieces = tuple(
            bare
            for piece in _ELLIPSIS.split(match[1] or match[2])
            if len(bare := _UNSPOKEN.sub("", piece)) > 1
        )
        if pieces:
            found.append(pieces)
    return found


def _view(passage: Passage) -> _View:
    return _cached_view(
        passage.number, passage.text, passage.title, passage.heading, passage.date, _Holder(passage)
    )


class _Holder:
    """Hands a passage through a cache that must not look at it: its mappings cannot be hashed."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holder)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _cached_view(
    number: int, text: str, title: str, heading: tuple[str, ...], date: str | None, holder: _Holder
) -> _View:
    above = "\n".join((title, *heading))
    published = find_dates(date or "")
    facts = read_facts(text, date, above)
    return _View(
        passage=holder.passage,
        chinese=_is_chinese(text),
        facts=facts,
        dates=(*facts.dates, *find_dates(above, date), *published),
        whole=searched(f"{above}\n{text}"),
        above=searched(above),
    )


def _literal_count(said: _Said, view: _View, span: TextSpan) -> int:
    """Return how many figures, dates and names of the claim stand in one sentence of a passage."""
    start, end = span
    figures = [fact.figure for fact in view.facts.facts if fact.sentence == span]
    dates = [date for date in view.facts.dates if start <= date.start < end]
    there = searched(view.passage.text[start:end])
    return (
        sum(any(bears_out(found, fact.figure) for found in figures) for fact in said.facts.facts)
        + sum(any(covers(found, date) for found in dates) for date in said.dates)
        + sum(holds(name, there, chinese=said.chinese) is True for name in said.names)
    )


# Literal faults

Fault = tuple[DoubtReason | None, tuple[str, ...]]


def _literal_fault(said: _Said, views: Sequence[_View], wanted: dict[bool, list[Feature]]) -> Fault:
    """Return the first literal thing in a sentence that its passages do not bear out."""
    for reason, missing in (
        ("quotation", _missing_quotations(said, views)),
        ("figure", _missing_figures(said, views)),
        ("date", _missing_dates(said, views)),
        ("name", _missing_names(said, views)),
    ):
        if missing:
            return reason, missing  # type: ignore[return-value]
    return _misbound(said, views, wanted)


def _missing_quotations(said: _Said, views: Sequence[_View]) -> tuple[str, ...]:
    texts = [_UNSPOKEN.sub("", view.whole.folded) for view in views]
    scripts = {view.chinese for view in views}
    return tuple(
        "…".join(pieces)
        for pieces in said.quotations
        if (re.search(f"[{HAN}]", pieces[0]) is not None) in scripts
        and not any(all(piece in text for piece in pieces) for text in texts)
    )


def _missing_figures(said: _Said, views: Sequence[_View]) -> tuple[str, ...]:
    missing = []
    every = [fact.figure for view in views for fact in view.facts.facts]
    above = [
        fact.figure
        for view in views
        for fact in read_facts("\n".join((view.passage.title, *view.passage.heading))).facts
    ]
    for fact in said.facts.facts:
        if any(bears_out(found, fact.figure) for found in (*every, *above)):
            continue
        if fact.figure.small and fact.figure.spelt and not _contradicted(fact.figure, every):
            continue
        missing.append(said.text[fact.figure.start : fact.figure.end])
    return tuple(missing)


def _contradicted(said: Figure, found: Sequence[Figure]) -> bool:
    """Tell whether passages count something of the kind of a small number: that number may be a count of one's own."""
    return any(figure.small and same_dimension(figure, said) for figure in found)


def _missing_dates(said: _Said, views: Sequence[_View]) -> tuple[str, ...]:
    return tuple(
        said.text[date.start : date.end]
        for date in said.dates
        if not any(covers(found, date) for view in views for found in view.dates)
    )


def _missing_names(said: _Said, views: Sequence[_View]) -> tuple[str, ...]:
    return tuple(
        said.text[name.start : name.end]
        for name in said.names
        if all(holds(name, view.whole, chinese=said.chinese) is False for view in views)
    )


def _misbound(said: _Said, views: Sequence[_View], wanted: dict[bool, list[Feature]]) -> Fault:
    """Return the first figure that stands in the passages, but as another year's or another thing's."""
    for fact in said.facts.facts:
        found = [
            (view, other)
            for view in views
            for other in view.facts.facts
            if bears_out(other.figure, fact.figure)
        ]
        if not found:
            continue
        written = said.text[fact.figure.start : fact.figure.end]
        of_year = [(view, other) for view, other in found if not _other_year(fact, other, view)]
        if not of_year:
            return "date", (*(f"{year}" for year in sorted(fact.years)), written)
        if all(
            _others(said, fact, other, view, wanted[view.chinese != said.chinese]) for view, other in of_year
        ):
            return "figure", (written,)
        if name := _foreign_name(said, fact, of_year):
            return "name", (name, written)
    return None, ()


def _other_year(said: Fact, found: Fact, view: _View) -> bool:
    """Tell whether a figure of a passage is of another year than the sentence says."""
    if not (said.years and said.sure and found.years) or said.years & found.years:
        return False
    if found.sure:
        return True
    stated = {date.year for date in view.facts.dates}
    return bool(said.years & stated)


def _others(said: _Said, fact: Fact, found: Fact, view: _View, wanted: Sequence[Feature]) -> bool:
    """Tell whether the words that a sentence puts to a figure are in the passage those of another figure."""
    mine = [f for f in wanted if any(s <= f.start < e for s, e in fact.own)]
    own = searched(view.facts.words(found))
    in_sentence = {n for n, f in enumerate(mine) if present(f, own)}
    for rival in view.facts.facts:
        if rival.figure.dimension != found.figure.dimension or rival.figure.number == found.figure.number:
            continue
        if any(bears_out(rival.figure, other.figure) for other in said.facts.facts):
            continue
        there = searched(view.facts.words(rival))
        in_rival = {n for n, f in enumerate(mine) if present(f, there)}
        if (
            in_rival - in_sentence
            and not in_sentence - in_rival
            and len(in_rival - in_sentence) >= 0.6 * len(mine)
        ):
            return True
    return False


def _foreign_name(said: _Said, fact: Fact, found: Sequence[tuple[_View, Fact]]) -> str:
    """Return a name that a sentence puts to a figure where the passage's sentence has another of its kind."""
    for name in said.names:
        if name.person or not any(s <= name.start < e for s, e in fact.own):
            continue
        if all(_displaced(said, name, view, other) for view, other in found):
            return said.text[name.start : name.end]
    return ""


def _displaced(said: _Said, name: Name, view: _View, found: Fact) -> bool:
    start, end = found.sentence
    text = view.passage.text[start:end]
    if holds(name, searched(text), chinese=said.chinese) is not False:
        return False
    if holds(name, view.above, chinese=said.chinese) is True:
        return False
    mine = searched(said.text)
    return any(
        not other.person and holds(other, mine, chinese=view.chinese) is False
        for other in find_names(text)
        if other.end <= found.figure.start - start
    )
