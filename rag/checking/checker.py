"""Checks a sentence that a language model wrote against the passages it cites, and finds the words it stands on.

Literal things first (`rag.checking.faults`): figures by value and by what they are said of, dates, names, quotations.
The rest by words, meaning and the reader. Takes a sentence and passages, gives `Checked`; knows nothing of markers,
answers or screens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from index.datatypes import Span as TextSpan
from index.embedder import Embedder
from rag.checking.agreement import says
from rag.checking.direction import denies
from rag.checking.faults import literal_fault
from rag.checking.parts import Said, View, anchors_in, take_apart, view_of
from rag.checking.support import Evidence, Feature, features, pick_evidence
from rag.datatypes import DoubtReason, Passage
from rag.readings import PassageReader

MAX_ANCHORS = 3
WEIGHTS: Mapping[str, float] = {
    "bias": -5.3,
    "coverage": 1.7,  # share of the sentence's words that stand in the quoted ones
    "least": 2.4,  # the same for its worst clause
    "anchors": 1.2,  # each figure, date and name that stands there, up to MAX_ANCHORS
    "cosine": 1.8,
    "relevance": 0.4,  # the reader's log-odds that the quoted words answer the sentence, or the question with its words
    "crossing": 1.5,  # across languages fewer words are found
}
"""A logistic regression on the labelled sentences without a literal fault, rounded."""
MAX_LOGIT = 4.0  # of the reader, either way
ATTRIBUTED = 3  # passages that a sentence without markers is checked against
BORNE_OUT = 0.45  # score, 0..1, from which a sentence counts as borne out; 0.35 to 0.5 are nearly alike


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


class SentenceChecker:
    """Holds sentences to the passages that they cite."""

    def __init__(self, reader: PassageReader, embedder: Embedder) -> None:
        """Take the models that judge what is not literal."""
        self._reader = reader
        self._embedder = embedder

    def check(self, sentence: str, cited: Sequence[Passage], *, question: str = "") -> Checked:
        """Check one sentence, its markers taken out, against the passages that it cites.

        Args:
            sentence: Chinese or English, the passages in either.
            cited: the passages, in any order.
            question: what was asked; a sentence that is hardly more than a figure is read together with it, and one
                that says what the reader finds there as its answer has the reader on its side.
        """
        if not cited:
            return Checked(supports=(), reason="uncited")
        said = take_apart(sentence)
        views = [view_of(passage) for passage in cited]
        wanted = _wanted(said, cited, views)
        claim = sentence if max(map(len, wanted.values())) > 1 else f"{question} {sentence}".strip()
        supports = sorted(
            (
                self._support(claim, question, said, passage, view, wanted)
                for passage, view in zip(cited, views, strict=True)
            ),
            key=lambda support: -support.score,
        )
        reason, missing = literal_fault(said, views, wanted)
        if reason is None and (supports[0].score < BORNE_OUT or _denied(said, cited, views, supports)):
            reason = "support"
        return Checked(supports=tuple(supports), reason=reason, missing=missing)

    def attribute(self, sentence: str, passages: Sequence[Passage], *, question: str = "") -> Checked:
        """Find which passages bear out a sentence that cites none; those alone are among its supports.

        Where none does, it is checked against the passages nearest to it, as if it cited them.
        """
        nearest = _nearest(take_apart(sentence), passages)[:ATTRIBUTED]
        singly = [self.check(sentence, [passage], question=question) for passage in nearest]
        bearing = sorted(
            (c.supports[0] for c in singly if c.reason is None), key=lambda support: -support.score
        )
        if bearing:
            return Checked(supports=tuple(bearing[:2]), reason=None)
        return self.check(sentence, nearest[:2], question=question)

    def _support(
        self,
        claim: str,
        question: str,
        said: Said,
        passage: Passage,
        view: View,
        wanted: Mapping[bool, Sequence[Feature]],
    ) -> Support:
        crossing = view.chinese != said.chinese
        evidence = _evidence(said, view, wanted[crossing])
        if not evidence.quotes:
            return Support(passage=passage.number, quotes=(), score=0.0)
        quoted = " ".join(passage.text[start:end] for start, end in evidence.quotes)
        # The answer bears out its own clause, not the next one.
        asked = question if evidence.clauses == 1 else ""
        relevance = self._relevance(claim, asked, said.text, quoted)
        score = self._score(claim, quoted, evidence, relevance, crossing=crossing)
        return Support(passage=passage.number, quotes=evidence.quotes, score=score)

    def _relevance(self, claim: str, question: str, sentence: str, quoted: str) -> float:
        """Return the reader's log-odds that words answer a claim, or the question with what the sentence says."""
        relevance = self._reader.readings(claim, [quoted])[0].relevance_logit
        if question:
            (reading,) = self._reader.readings(question, [quoted])
            if any(says(sentence, span.text) or says(span.text, sentence) for span in reading.best()):
                return max(relevance, reading.relevance_logit)
        return relevance

    def _score(
        self, claim: str, quoted: str, evidence: Evidence, relevance: float, *, crossing: bool
    ) -> float:
        """Weigh words found, nearness of meaning and the reader's opinion into a chance, 0..1."""
        claimed, evidenced = self._embedder.embed_documents([claim, quoted])
        signs = {
            "bias": 1.0,
            "coverage": evidence.coverage,
            "least": evidence.least,
            "anchors": min(evidence.anchors, MAX_ANCHORS),
            "cosine": float(claimed @ evidenced),
            "relevance": max(-MAX_LOGIT, min(MAX_LOGIT, relevance)),
            "crossing": float(crossing),
        }
        return 1 / (1 + exp(-sum(weight * signs[name] for name, weight in WEIGHTS.items())))


def _wanted(said: Said, passages: Sequence[Passage], views: Sequence[View]) -> dict[bool, list[Feature]]:
    """Return what a sentence says, as it is looked for in passages of its own language and in those of the other."""
    wanted: dict[bool, list[Feature]] = {False: [], True: []}
    for crossing in wanted:
        there = [p for p, v in zip(passages, views, strict=True) if (v.chinese != said.chinese) == crossing]
        if there:
            wanted[crossing] = features(
                said.text, there, chinese=said.chinese, crossing=crossing, taken=said.taken
            )
    return wanted


def _evidence(said: Said, view: View, wanted: Sequence[Feature]) -> Evidence:
    anchors = [anchors_in(said, view, span) for span in view.facts.sentences]
    return pick_evidence(
        wanted, view.facts.text, view.facts.sentences, anchors, above=view.above, clauses=said.clauses
    )


def _nearest(said: Said, passages: Sequence[Passage]) -> list[Passage]:
    """Order passages by what they hold of a sentence, without asking a model."""
    views = [view_of(passage) for passage in passages]
    wanted = _wanted(said, passages, views)
    found = [_evidence(said, view, wanted[view.chinese != said.chinese]) for view in views]
    order = sorted(range(len(passages)), key=lambda n: -(found[n].anchors + 3 * found[n].coverage))
    return [passages[n] for n in order]


def _denied(said: Said, cited: Sequence[Passage], views: Sequence[View], supports: Sequence[Support]) -> bool:
    """Tell whether the words quoted deny what the sentence says, or say what it denies; within a language."""
    texts = {p.number: p.text for p, v in zip(cited, views, strict=True) if v.chinese == said.chinese}
    quoted = " ".join(
        texts[support.passage][start:end]
        for support in supports
        if support.passage in texts
        for start, end in support.quotes
    )
    return denies(said.text, quoted)
