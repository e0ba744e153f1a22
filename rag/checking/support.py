"""Picks the sentences of a passage that bear a sentence out best, and says how well, by words and by meaning.

Takes a sentence and a passage, gives spans and scores 0..1; knows nothing of figures, which are checked by value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.datatypes import Span as TextSpan
from index.text import HAN, fold
from index.translation.from_chinese import chinese_units
from index.translation.from_english import english_units
from index.translation.lexicon import Unit, lexicon
from rag.answerers.evidence import PassageWords, content_terms
from rag.checking.names import Searched, searched
from rag.datatypes import Passage

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
        units = (chinese_units if chinese else english_units)(text, folded, PassageWords(passages))
        return [
            Feature(forms=_forms(unit, folded, chinese), start=unit.start, end=unit.end)
            for unit in units
            if unit.kind in ("word", "name", "kept", "unknown")
        ]
    found: list[Feature] = []
    for run in re.finditer(rf"[{HAN}]+|[a-z]+(?:[-'][a-z]+)*", folded):
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


def share(wanted: Sequence[Feature], text: Searched) -> float:
    """Return the share of features that a text says; 1 where nothing is wanted."""
    return sum(present(feature, text) for feature in wanted) / len(wanted) if wanted else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The sentences of one passage that come nearest to a sentence."""

    quotes: tuple[TextSpan, ...]
    coverage: float  # 0..1: share of the features that stand in them


def pick_evidence(
    wanted: Sequence[Feature], text: str, sentences: Sequence[TextSpan], literal: Sequence[int]
) -> Evidence:
    """Choose the sentences that together say most: the best first, more while each adds something.

    Args:
        wanted: what is to be borne out.
        text: the passage.
        sentences: its sentences.
        literal: for each sentence, how many figures, dates and names of the claim it holds.
    """
    held = [
        frozenset(n for n, f in enumerate(wanted) if present(f, searched(text[s:e]))) for s, e in sentences
    ]
    chosen: list[int] = []
    covered: frozenset[int] = frozenset()
    while len(chosen) < min(MAX_QUOTES, len(sentences)):
        rest = [n for n in range(len(sentences)) if n not in chosen]
        best = max(rest, key=lambda n: (len(held[n] - covered) + (0 if chosen else 2 * literal[n]), -n))
        gain = len(held[best] - covered) + (2 * literal[best] if not chosen else 0)
        if chosen and gain < max(2, 0.2 * len(wanted)):
            break
        chosen.append(best)
        covered |= held[best]
    quotes = tuple(sentences[n] for n in sorted(chosen))
    return Evidence(quotes=quotes, coverage=len(covered) / len(wanted) if wanted else 1.0)
