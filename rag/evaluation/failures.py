"""Says where a question went wrong first, along the way from documents to answer. Pure; knows no models."""

from __future__ import annotations

from collections.abc import Sequence

from rag.datatypes import Answer
from rag.evaluation.matching import holds
from rag.evaluation.metrics import HasText, Need, answer_accuracy, is_right, needs, passage_gains, short_f1
from rag.evaluation.questions import Question
from rag.evaluation.results import Failure

READ_WELL = 5  # passages; an answer is rarely made from one that stands lower
SPAN_F1 = 0.5  # below it the short answer shares less than half with any gold answer


def is_lacking(question: Question, answer: Answer) -> bool:
    """Whether some of what the answer needs is in none of its passages."""
    wanted = needs(question)
    return sum(passage_gains(wanted, answer.passages)) < len(wanted)


def deepest_rank(wanted: Sequence[Need], texts: Sequence[HasText]) -> int | None:
    """Return the rank, from 1, by which ranked texts hold all needs together; None if they never do."""
    ranks = [
        next((rank for rank, t in enumerate(texts, start=1) if any(holds(t.text, n) for n in need)), None)
        for need in wanted
    ]
    known = [rank for rank in ranks if rank is not None]
    return max(known) if known and len(known) == len(ranks) else None


def classify(question: Question, answer: Answer, search_rank: int | None) -> Failure:
    """Return the first thing that went wrong, or "".

    ``search_rank`` is where a search much deeper than the passages finds all evidence, None where it fails.
    """
    refused = answer.status == "unanswerable"
    if question.unanswerable:
        return "" if refused else "wrongly_answered"
    if not question.answerable or (not refused and _is_good(question, answer)):
        return ""
    if is_lacking(question, answer):
        return "not_retrieved" if search_rank is None else "ranked_low"
    if refused:
        return "wrongly_refused"
    if any(is_right(question, citation) for citation in answer.citations):
        return "wrong_span"
    rank = deepest_rank(needs(question), answer.passages)
    return "ranked_low" if rank is not None and rank > READ_WELL else "wrong_sentence"


def _is_good(question: Question, answer: Answer) -> bool:
    """Tell whether the gold answer is in the text, and the short answer, if any, is about it."""
    span_is_wrong = (
        bool(answer.short_answer) and not question.in_parts and (short_f1(question, answer) or 0.0) < SPAN_F1
    )
    return answer_accuracy(question, answer) == 1.0 and not span_is_wrong
