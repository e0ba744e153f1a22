"""Finds and describes every possible short answer in the passages of a question, as named numbers.

Takes an analysed question, passages and the reader's scores of them; gives candidates with features.
It decides nothing: `rag.answerers.scoring` weighs the features, `rag.answerers.choosing` takes one of the best.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from index.datatypes import Span as TextSpan
from index.sentences import split_sentences
from index.text import fold
from rag.answerers.alignment import aligned, follows, neighbours, respectively
from rag.answerers.proposals import KINDS, candidates_in, trimmed, within_clauses
from rag.asks import AnswerKind, Ask
from rag.candidates import Candidate, CandidateKind
from rag.crossing import is_crossing, translated
from rag.datatypes import Passage
from rag.naming import names_held
from rag.questions import QuestionAnalysis
from rag.readings import ReadingLike
from rag.stages import Stages
from rag.terms import lent_words, matching_text, question_terms
from rag.years import Years


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Sentence:
    """One sentence of a passage; spans are half-open, into ``Passage.text``."""

    passage: int  # position in the passages handed in
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A candidate in its sentence, with its features by name. Offsets are into ``Passage.text``."""

    sentence: Sentence
    start: int
    end: int
    kind: CandidateKind
    lead: int = 0
    parts: tuple[TextSpan, ...] = ()
    year: int | None = None  # the year its sentence speaks of, if it can be told
    behind_noun: bool = False  # just before it stands a word of the question, which is in another language
    features: Mapping[str, float] = field(default_factory=dict)


FEATURES = (
    "coverage",  # share of the question's terms, by weight, in the sentence
    "context",  # further share in the heading path, title and the passage before the sentence
    "bare",  # 1: next to none of them stands in the sentence itself
    "near",  # share of terms, each discounted by its distance from the candidate
    "left",  # words just before the candidate are the words before the question word
    "right",  # the same behind
    "year",  # 1 same year, -1 another year, 0 unknown or none asked
    "stage",  # 1 the phase, part of a year or other alternative asked for, -1 another, half where it stands before
    "kind",  # the candidate is of the kind asked for
    "names",  # share of the question's names that the sentence, its headings or what stands before it hold
    "names_least",  # the same for the one name or number that is held least
    "rival",  # 1: the sentence names another of the same kind instead (another high-tech zone)
    "unit",  # its unit is the one asked for: 1; another: -1
    "span",  # the reader's log-odds of the span
    "span_gap",  # the same, minus the best span of all passages
    "relevance",  # the reader's log-odds that the passage answers
    "cosine",  # of the sentence with a question in another language, times 5
    "cosine_gap",  # the same, minus the best sentence's
    "retrieval",  # the passage's fused score against the best one's
    "asked",  # the candidate stands in the question already
    "count",  # a list with the number of items asked for
    "aligned",  # 1: stands at the place of its owner in "A、B分别为x、y"; -1: at another's
    "reader",  # the best span of the reader in this passage
    "length",  # log of its characters
)

_MAIN_KIND: Mapping[AnswerKind, tuple[CandidateKind, ...]] = {
    **KINDS,
    "organisation": ("organisation",),
    "place": ("place",),
    "quantity": ("quantity",),
    "duration": ("duration",),
    "list": ("list",),
    "phrase": (),
}

BARE = 0.1  # coverage


def passage_sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """Split every passage into sentences."""
    return [
        Sentence(passage=number, start=start, end=end)
        for number, passage in enumerate(passages)
        for start, end in split_sentences(passage.text)
    ]


_ASKS = re.compile(r"[?？][”’\"'」』）)]*$")


def _telling(passages: Sequence[Passage], sentences: list[Sentence]) -> list[Sentence]:
    """Return the sentences that do not ask themselves, as an interviewer does; all where every one asks."""
    return [s for s in sentences if not _ASKS.search(passages[s.passage].text[s.start : s.end])] or sentences


def find_evidence(
    analysis: QuestionAnalysis,
    ask: Ask,
    passages: Sequence[Passage],
    readings: Sequence[ReadingLike],
    similar: Mapping[Sentence, float] | None = None,
) -> list[Found]:
    """Return all candidates for one thing asked, with their features.

    ``similar`` holds cosines of sentences with the question; it is wanted where their languages differ.
    """
    sentences = _telling(passages, passage_sentences(passages))
    crosses = [is_crossing(analysis, [passage]) for passage in passages]
    folded = [fold(passage.text) for passage in passages]
    texts = [folded[s.passage][s.start : s.end] for s in sentences]
    held = [
        matching_text(passages[s.passage].text[s.start : s.end], crossing=True)
        if crosses[s.passage]
        else text
        for s, text in zip(sentences, texts, strict=True)
    ]
    others = [passage for passage, crossing in zip(passages, crosses, strict=True) if crossing]
    made = translated(analysis, others) if others else None
    lent = lent_words(made)
    terms_of = {  # passages in the question's language and in another share few words
        crossing: question_terms(
            analysis,
            [text for s, text in zip(sentences, held, strict=True) if crosses[s.passage] == crossing],
            crossing=crossing,
            lent=lent if crossing else (),
        )
        for crossing in set(crosses)
    }
    nearest = max(similar.values(), default=0.0) if similar else 0.0
    spans = [reading.best(1) for reading in readings]
    best_span = max((span[0].score for span in spans if span), default=0.0)
    best_fused = max((passage.scores.get("fused", 0.0) for passage in passages), default=0.0) or 1.0
    stages = Stages(analysis.folded)
    found: list[Found] = []
    for sentence, text, matching in zip(sentences, texts, held, strict=True):
        passage = passages[sentence.passage]
        reading = readings[sentence.passage]
        crossing = crosses[sentence.passage]
        terms = terms_of[crossing]
        around = _surroundings(passage, folded[sentence.passage], sentence, crossing=crossing)
        coverage, context = terms.coverage(matching, around)
        cosine = similar.get(sentence, 0.0) if similar and crossing else 0.0
        named = made.names if made and crossing else ()
        names, least, rival = names_held(analysis, matching, around, named, crossing=crossing)
        years = Years(
            folded[sentence.passage],
            (sentence.start, sentence.end),
            fold(" ".join(passage.titles)),
            passage.date,
        )
        stage_at = stages.sentence(text, (around[0], folded[sentence.passage][: sentence.start]))
        proposed, top = (
            within_clauses(trimmed(best, passage.text), passage.text, ask)
            for best in (
                reading.best(4, start=sentence.start, end=sentence.end),
                spans[sentence.passage],
            )
        )
        row = respectively(text, analysis, crossing)
        for candidate in candidates_in(
            passage.text[sentence.start : sentence.end], sentence.start, proposed, ask
        ):
            at = candidate.start - sentence.start, candidate.end - sentence.start
            year, told = years.at(candidate.start, candidate.end)
            value = reading.score(candidate.start, candidate.end)
            features = {
                "coverage": coverage,
                "context": context,
                "bare": float(coverage < BARE),
                "near": terms.nearness(text, at),
                **neighbours(analysis, ask, text, at),
                "year": _year_agreement(analysis, year, told),
                "stage": stage_at(at[0]),
                "kind": _kind_agreement(ask, candidate),
                "names": names,
                "names_least": least,
                "rival": rival,
                "unit": _unit_agreement(ask, candidate),
                "span": max(-20.0, min(20.0, value)) / 10,
                "span_gap": max(-20.0, value - best_span) / 10,
                "relevance": max(-10.0, min(10.0, reading.relevance_logit)) / 5,
                "cosine": cosine * 5,
                "cosine_gap": (cosine - nearest) * 5 if crossing else 0.0,
                "retrieval": passage.scores.get("fused", 0.0) / best_fused,
                "asked": _asked(analysis, text[at[0] : at[1]]),
                "count": _count_agreement(ask, candidate),
                "aligned": aligned(row, at),
                "reader": float((candidate.start, candidate.end) in top),
                "length": log(1 + candidate.end - candidate.start) / 3,
            }
            found.append(
                Found(
                    sentence=sentence,
                    start=candidate.start,
                    end=candidate.end,
                    kind=candidate.kind,
                    lead=candidate.lead,
                    parts=candidate.parts,
                    year=year,
                    behind_noun=crossing and follows(text[: at[0]], lent),
                    features=features,
                )
            )
    return found


def _surroundings(passage: Passage, folded: str, sentence: Sentence, *, crossing: bool) -> tuple[str, str]:
    """Return the titles over a passage, and the passage without the sentence, as terms are looked for in them."""
    above = matching_text(" ".join(passage.titles), crossing=crossing)
    rest = folded[: sentence.start] + "\n" + folded[sentence.end :]
    return above, matching_text(rest, crossing=crossing) if crossing else rest


def _year_agreement(analysis: QuestionAnalysis, year: int | None, strong: bool) -> float:
    if not analysis.years or year is None:
        return 0.0
    sure = 1.0 if strong else 0.5
    return sure if year in analysis.years else -sure


def _kind_agreement(ask: Ask, candidate: Candidate) -> float:
    main = _MAIN_KIND[ask.kind]
    if candidate.kind in main or not main:  # no kind asked for: every span will do
        return 1.0
    if ask.kind == "quantity" and _unit_agreement(ask, candidate) == 1.0:  # 三年 for how long is the course
        return 1.0
    return 0.5 if candidate.kind in KINDS[ask.kind] else 0.0


def _unit_agreement(ask: Ask, candidate: Candidate) -> float:
    if not ask.units or candidate.kind == "phrase":
        return 0.0
    if ask.kind == "date":
        return 1.0 if candidate.unit in ask.units else -0.5
    if ask.kind == "place":
        return 1.0 if candidate.unit in ask.units else -0.5 if candidate.unit else 0.0
    if any(candidate.unit == unit or (len(unit) > 1 and unit in candidate.unit) for unit in ask.units):
        return 1.0
    if "人" in ask.units and candidate.unit in ("人次", "名", "位"):
        return 1.0
    if ask.kind in ("money", "percent") and candidate.kind == ask.kind:
        return 1.0
    return -0.3 if not candidate.unit else -1.0


def _asked(analysis: QuestionAnalysis, text: str) -> float:
    return float(text in analysis.folded)


def _count_agreement(ask: Ask, candidate: Candidate) -> float:
    if ask.count is None or not candidate.parts:
        return 0.0
    return 1.0 if len(candidate.parts) == ask.count else -1.0
