"""Picks the sentences of a passage that bear a sentence out best, and says how well, by words and by meaning.

Takes a sentence and a passage, gives spans and scores 0..1; knows nothing of figures, which are checked by value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.datatypes import Span as TextSpan
from index.text import HAN, fold
from index.translation.from_chinese import chinese_units
from index.translation.from_english import english_units
from index.translation.lexicon import Unit, lexicon
from rag.checking.names import Searched, searched
from rag.crossing import passage_words
from rag.datatypes import Passage
from rag.terms import content_terms

_WEEKDAY = "(?:星期|礼拜|周)([一二三四五六日天])"

MAX_QUOTES = 3  # sentences quoted from one passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One thing that a sentence says: forms of which any counts, and where it stands in the sentence."""

    forms: tuple[str, ...]
    start: int
    end: int


def features(
    text: str, passages: Sequence[Passage], *, chinese: bool, crossing: bool, taken: Sequence[TextSpan]
) -> list[Feature]:
    """Return what a sentence says beyond its figures and dates: word pairs, or across languages words with meanings.

    Args:
        text: the sentence.
        passages: what it is held against; across languages their words choose among meanings.
        chinese: whether the sentence is Chinese.
        crossing: whether the passages are in the other language.
        taken: spans of figures and dates, which say nothing here.
    """
    folded = _blanked(fold(text), taken)
    if crossing:
        units = (chinese_units if chinese else english_units)(text, folded, passage_words(passages))
        return [
            Feature(forms=_forms(unit, folded, chinese), start=unit.start, end=unit.end)
            for unit in units
            if unit.kind in ("word", "name", "kept", "unknown")
        ]
    found: list[Feature] = []
    for run in re.finditer(rf"{_WEEKDAY}|(?:(?!{_WEEKDAY})[{HAN}])+|[a-z]+(?:[-'][a-z]+)*", folded):
        if run[1]:  # 星期六 and 周六 are one
            forms = tuple(
                week + day
                for week in ("周", "星期", "礼拜")
                for day in ("日天" if run[1] in "日天" else run[1])
            )
            found.append(Feature(forms=forms, start=run.start(), end=run.end()))
            continue
        for term in content_terms(run.group()):
            place = run.group().find(term)
            start = run.start() + max(place, 0)
            found.append(Feature(forms=(term,), start=start, end=start + len(term)))
    unique = {feature.forms: feature for feature in found}
    return list(unique.values())


def _forms(unit: Unit, folded: str, chinese: bool) -> tuple[str, ...]:
    """Return every meaning of a word that the lexicon knows, the best for these passages first."""
    source, target = ("zh", "en") if chinese else ("en", "zh")
    known = lexicon(source, target).meanings(folded[unit.start : unit.end])
    return tuple(dict.fromkeys(fold(word) for word, _ in (*unit.meanings, *known)))


def _blanked(folded: str, taken: Sequence[TextSpan]) -> str:
    """Return a text with spans replaced by blanks, so that offsets hold."""
    characters = list(folded)
    for start, end in taken:
        characters[start:end] = " " * (end - start)
    return "".join(characters)


def present(feature: Feature, text: Searched) -> bool:
    """Tell whether a text says a thing in one of its forms."""
    return any(_stands(form, text) for form in feature.forms)


def _stands(form: str, text: Searched) -> bool:
    if not form.isascii():
        return form in text.folded
    if " " in form:
        return all(_stands(word, text) for word in form.split())
    return form in text.words or (len(form) >= 4 and form in text.folded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The sentences of one passage that come nearest to a sentence, and what they say of it."""

    quotes: tuple[TextSpan, ...]
    coverage: float  # 0..1: share of the features that stand in them or in the headings above
    least: float  # 0..1: the same for the clause of the sentence that is covered least
    anchors: int  # figures, dates and names of the sentence that stand in them
    clauses: int  # of the sentence; those of hardly a word do not count


def pick_evidence(
    wanted: Sequence[Feature],
    text: str,
    sentences: Sequence[TextSpan],
    anchors: Sequence[frozenset[int]],
    *,
    above: Searched,
    clauses: Sequence[TextSpan],
) -> Evidence:
    """Choose the sentences that together say most: the best first, more while each adds something.

    Args:
        wanted: what is to be borne out.
        text: the passage.
        sentences: its sentences.
        anchors: for each sentence, which figures, dates and names of the claim it holds.
        above: title and headings of the passage, which speak of what its sentences leave out.
        clauses: of the claim.
    """
    held = [
        frozenset(n for n, f in enumerate(wanted) if present(f, searched(text[s:e]))) for s, e in sentences
    ]
    implied = frozenset(n for n, f in enumerate(wanted) if present(f, above))
    chosen: list[int] = []
    covered: frozenset[int] = frozenset()
    anchored: frozenset[int] = frozenset()
    while len(chosen) < min(MAX_QUOTES, len(sentences)):
        rest = [n for n in range(len(sentences)) if n not in chosen]
        gains = {n: len(held[n] - covered) + 2 * len(anchors[n] - anchored) for n in rest}
        best = max(rest, key=lambda n: (gains[n], -n))
        if chosen and not anchors[best] - anchored and gains[best] < max(2, 0.2 * len(wanted)):
            break
        chosen.append(best)
        covered |= held[best]
        anchored |= anchors[best]
    everything = [*range(len(wanted))]
    by_clause = [[n for n in everything if start <= wanted[n].start < end] for start, end in clauses]
    wordy = [group for group in by_clause if len(group) > 1] or [everything]
    return Evidence(
        quotes=tuple(sentences[n] for n in sorted(chosen)),
        coverage=_share(everything, covered | implied),
        least=min(_share(group, covered | implied) for group in wordy),
        anchors=len(anchored),
        clauses=len(wordy),
    )


def _share(wanted: Sequence[int], covered: frozenset[int]) -> float:
    """Return the share of features that are covered; 1 where nothing is wanted."""
    return sum(n in covered for n in wanted) / len(wanted) if wanted else 1.0


_CLAUSE_END = re.compile(r"[,;，；](?!\d)|\b(?:and|but|while|which|because)\b|并且?|其中")


def clauses_of(folded: str) -> list[TextSpan]:
    """Return the clauses of a sentence."""
    edges = [0, *(match.end() for match in _CLAUSE_END.finditer(folded)), len(folded)]
    return [(start, end) for start, end in pairwise(edges) if start < end]
