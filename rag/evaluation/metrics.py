"""Scores one answer against its question. Pure functions: takes values, gives 0..1 or None where undefined.

Names are those of ``metrics.json``. ``None`` means that the question says nothing about this metric, such as
accuracy where no gold answer is known; it is left out of the mean.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from rag.datatypes import Answer, Citation
from rag.evaluation import cmrc
from rag.evaluation.matching import holds, normalise, overlaps
from rag.evaluation.questions import Question

MAX_ANSWER = 400  # characters of `Answer.text` beyond which it is no answer but a copy of the document
RECALL_AT = (1, 5, 10)
RANKED_AT = 10  # depth of MRR and nDCG

Need = tuple[str, ...]
"""Alternatives, of which a passage must hold one."""


class HasText(Protocol):
    """A passage or a chunk."""

    @property
    def text(self) -> str:
        """Its text."""
        ...


def score(question: Question, answer: Answer) -> dict[str, float | None]:
    """Return all metrics of one question by name."""
    passages = sorted(answer.passages, key=lambda passage: passage.number)
    gains = passage_gains(needs(question), passages)
    missing = len(needs(question)) - sum(gains)
    ranked = bool(needs(question))
    refused = answer.status == "unanswerable"
    return {
        "answer_accuracy": answer_accuracy(question, answer),
        "short_exact_match": short_exact_match(question, answer),
        "short_f1": short_f1(question, answer),
        **{f"retrieval_recall@{k}": recall(gains, missing, k) if ranked else None for k in RECALL_AT},
        f"retrieval_mrr@{RANKED_AT}": reciprocal_rank(gains, RANKED_AT) if ranked else None,
        f"retrieval_ndcg@{RANKED_AT}": ndcg(gains, missing, RANKED_AT) if ranked else None,
        "citation_precision": citation_precision(question, answer.citations),
        "citation_recall": citation_recall(question, answer.citations),
        "refusal_precision": float(question.unanswerable) if refused and question.measured else None,
        "refusal_recall": float(refused) if question.unanswerable else None,
    }


def answer_accuracy(question: Question, answer: Answer) -> float | None:
    """Return the share of gold answers that ``answer.text`` holds; any one suffices unless they are parts.

    ``|{p in parts: p in text}| / |parts|`` for types "list" and "multi_hop", else ``max over answers``;
    0 when the text is longer than 400 characters, and for a refusal, whose own words answer nothing. The [n] of
    citations are no part of the text. None without gold answers.
    """
    if not question.answers:
        return None
    if answer.status == "unanswerable" or len(answer.text) > MAX_ANSWER:
        return 0.0
    text = _without_markers(answer)
    held = [holds(text, gold) for gold in question.answers]
    return sum(held) / len(held) if question.in_parts else float(any(held))


def _without_markers(answer: Answer) -> str:
    numbers = "|".join({str(citation.number) for citation in answer.citations})
    return re.sub(rf"\[(?:{numbers})\]", " ", answer.text)


def short_exact_match(question: Question, answer: Answer) -> float | None:
    """Return CMRC 2018's exact match of ``answer.short_answer``; see ``rag.evaluation.cmrc``."""
    references = _references(question, answer.short_answer)
    return cmrc.exact_match(answer.short_answer, references) if references else None


def short_f1(question: Question, answer: Answer) -> float | None:
    """Return CMRC 2018's F1 of ``answer.short_answer``; see ``rag.evaluation.cmrc``."""
    references = _references(question, answer.short_answer)
    return cmrc.f1(answer.short_answer, references) if references else None


def _references(question: Question, prediction: str) -> tuple[str, ...]:
    """Return the strings of which one must be met.

    Parts make one reference, joined by the comma that the scorer drops, in the order in which the prediction
    names them, since a list has none of its own.
    """
    if not question.answers or not question.in_parts:
        return question.answers or ()
    return ("、".join(_in_order(question.answers, normalise(prediction))),)


def _in_order(parts: Sequence[str], text: str) -> list[str]:
    """Return parts in the order in which a text names them, each in a place of its own; those it lacks come last."""
    places: dict[int, int] = {}  # by position among the parts
    for position, part in sorted(enumerate(map(normalise, parts)), key=lambda found: -len(found[1])):
        places[position] = text.find(part) % (len(text) + 1)
        text = text.replace(part, "\0" * len(part), 1)  # the longest first: 张三 is not that of 张三丰
    return [parts[position] for position in sorted(places, key=lambda position: (places[position], position))]


def needs(question: Question) -> tuple[Need, ...]:
    """Return what retrieval must find: each piece of evidence; without any, the answer or each part."""
    if question.evidence:
        return tuple((piece,) for piece in question.evidence)
    if not question.answers:
        return ()
    return tuple((part,) for part in question.answers) if question.in_parts else (question.answers,)


def passage_gains(wanted: Sequence[Need], passages: Sequence[HasText]) -> list[int]:
    """Return for each passage, best first, how many needs it holds that no passage before it held."""
    open_needs = list(wanted)
    gains: list[int] = []
    for passage in passages:
        left = [need for need in open_needs if not any(holds(passage.text, text) for text in need)]
        gains.append(len(open_needs) - len(left))
        open_needs = left
    return gains


def recall(gains: Sequence[int], missing: int, k: int) -> float:
    """Return recall@k: the share of needs that the first k passages hold, ``sum(gains[:k]) / all needs``."""
    return sum(gains[:k]) / (sum(gains) + missing)


def reciprocal_rank(gains: Sequence[int], k: int) -> float:
    """Return ``1 / rank`` of the first passage that holds a need, 0 beyond rank k (MRR, Voorhees 1999)."""
    return next((1 / rank for rank, gain in enumerate(gains[:k], start=1) if gain), 0.0)


def ndcg(gains: Sequence[int], missing: int, k: int) -> float:
    """Return nDCG@k with linear gains, ``sum(gain / log2(rank + 1))`` over that of the best order.

    Needs that no passage holds count as passages of gain 1 that were not retrieved. Järvelin and Kekäläinen,
    ACM TOIS 2002, as in trec_eval.
    """
    best = sorted([*gains, *[1] * missing], reverse=True)
    return _dcg(gains[:k]) / _dcg(best[:k])


def _dcg(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def citation_precision(question: Question, citations: Sequence[Citation]) -> float | None:
    """Return the share of citations whose quote overlaps a piece of evidence or holds a gold answer.

    What overlaps is told by ``matching.overlaps``. None without citations or without gold.
    """
    if not citations or not (question.evidence or question.answers):
        return None
    return sum(is_right(question, citation) for citation in citations) / len(citations)


def is_right(question: Question, citation: Citation) -> bool:
    """Whether a citation's quote overlaps the evidence or holds a gold answer."""
    return any(overlaps(citation.quote, piece) for piece in question.evidence) or any(
        holds(citation.quote, gold) for gold in question.answers or ()
    )


def citation_recall(question: Question, citations: Sequence[Citation]) -> float | None:
    """Return the share of evidence pieces that some citation's quote overlaps; None without evidence."""
    if not question.evidence:
        return None
    covered = [any(overlaps(citation.quote, piece) for citation in citations) for piece in question.evidence]
    return sum(covered) / len(covered)


def all_wrong(question: Question) -> Mapping[str, float | None]:
    """Return the scores of a question whose answering failed: 0 where it could have been measured."""
    empty = Answer(
        question=question.question, query=question.question, language=question.language, status="answered",
        text="", short_answer="", confidence=0.0, citations=(), passages=(), timings={}, settings="",
    )  # fmt: skip
    return score(question, empty)
