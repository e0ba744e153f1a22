"""Fits the fusion weights and the refusal threshold to questions. Takes an assistant and questions, gives settings.

Every choice is judged on questions that it was not made on (cross-validation), and taken only where it is better
than the present one by more than chance: the paired interval leaves out 0 and the permutation test agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from index.datatypes import Filter
from index.errors import AnswererError, QuestionsError
from index.search import search
from rag.evaluation import bootstrap
from rag.evaluation.bootstrap import Floats
from rag.evaluation.metrics import RANKED_AT, ndcg, needs, passage_gains
from rag.evaluation.questions import Question
from rag.evaluation.results import Result
from rag.evaluation.runner import GIVE_UP_AFTER, ask_one, failed_in_a_row
from rag.retriever import best_hits, depth, merged, rerank, search_options

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.reranker import Reranker
    from rag.settings import Settings

FOLDS = 5
ALPHA = 0.05
MIN_ANSWERABLE = 20  # fewer say nothing about weights
MIN_UNANSWERABLE = 5  # … about the threshold
DENSE_WEIGHTS = tuple(step / 10 for step in range(11))
RERANK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
THRESHOLDS = tuple(step / 40 for step in range(1, 40))

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was fitted together, and how the fitted values do on questions that they were not fitted on."""

    name: str  # "ranking" or "refusal"
    measure: str  # what is compared
    present: dict[str, float]
    fitted: dict[str, float]
    before: float
    after: float  # of held-out questions
    low: float  # of the difference, 95 % interval
    high: float
    p: float
    n: int

    @property
    def better(self) -> bool:
        """Whether the fitted values differ and beat the present ones beyond noise."""
        return self.fitted != self.present and self.low > 0 and self.p < ALPHA


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The outcome of all steps."""

    steps: tuple[Step, ...]
    skipped: tuple[str, ...]  # what could not be fitted, and why

    @property
    def fitted(self) -> dict[str, float]:
        """The settings to change, which are those of the steps that were better."""
        return {name: value for step in self.steps if step.better for name, value in step.fitted.items()}


def tune(assistant: Assistant, questions: Sequence[Question], progress: Progress | None = None) -> Tuning:
    """Fit weights, then, with the weights that won, the threshold.

    Args:
        assistant: whose library, models and present settings are used; it is not changed.
        questions: with answers; those whose documents do not say are needed for the threshold.
        progress: called with 1 for each question and step, ``steps(questions)`` times in all or more.

    Raises:
        QuestionsError: there are too few questions for either.
        AnswererError: the model failed several times in a row.
    """
    advance = progress or _ignore
    measured = sorted((q for q in questions if q.measured), key=lambda question: question.id)
    ranked = [question for question in measured if needs(question)]
    silent = sum(question.unanswerable for question in measured)
    skipped: list[str] = []
    steps: list[Step] = []
    settings = assistant.settings
    if len(ranked) < MIN_ANSWERABLE:
        raise QuestionsError(
            f"{len(ranked)} questions with answers are too few to tune on, {MIN_ANSWERABLE} are needed; "
            "chuchu questions drafts some"
        )
    open_minded = _with(assistant, settings.model_copy(update={"refusal_threshold": 0.0}))
    results = _ask(open_minded, measured, advance)
    queries = {r.question.id: r.answer.query for r in results if r.answer}
    steps.append(_fit_ranking(assistant, [q for q in ranked if q.id in queries], queries, advance))
    if steps[0].better:
        settings = settings.model_copy(update=steps[0].fitted)
        results = _ask(
            _with(assistant, settings.model_copy(update={"refusal_threshold": 0.0})), measured, advance
        )
    if assistant.handed_answerer is not None:
        skipped.append("refusal threshold: the answerer that was handed in may have one of its own or none")
    elif settings.answerer != "extractive":
        skipped.append("refusal threshold: a language model says by itself that the documents do not say")
    elif silent < MIN_UNANSWERABLE:
        skipped.append(
            f"refusal threshold: {silent} questions that the documents do not answer are too few, "
            f"{MIN_UNANSWERABLE} are needed"
        )
    else:
        steps.append(_fit_threshold(settings, results))
    return Tuning(steps=tuple(steps), skipped=tuple(skipped))


def steps_of(questions: Sequence[Question]) -> int:
    """Return how often ``tune`` reports progress, when the weights stay as they are."""
    return sum(q.measured for q in questions) + sum(q.measured and bool(needs(q)) for q in questions)


def _ignore(_: int) -> None:
    """Take no notice."""


def _with(assistant: Assistant, settings: Settings) -> Assistant:
    """Return an assistant with other settings that shares library, models and the answerer that was handed in."""
    made = type(assistant)
    return made(
        assistant.library,
        settings=settings,
        embedder=assistant.embedder,
        reader=assistant.reader,
        reranker=assistant.reranker,
        answerer=assistant.handed_answerer,  # not one made of its settings, which are to be others
    )


def _ask(assistant: Assistant, questions: Sequence[Question], advance: Progress) -> list[Result]:
    results: list[Result] = []
    failures = 0
    for question in questions:
        results.append(ask_one(assistant, question))
        failures = failed_in_a_row(failures, results[-1])
        if failures == GIVE_UP_AFTER:
            raise AnswererError(f"answering failed {GIVE_UP_AFTER} times in a row ({results[-1].error})")
        advance(1)
    return results


# --- ranking ----------------------------------------------------------------------------------------------------


def _fit_ranking(
    assistant: Assistant, questions: Sequence[Question], queries: dict[str, str], advance: Progress
) -> Step:
    """Fit the dense leg's and the reader's weights by nDCG@10 of the passages."""
    present = (assistant.settings.dense_weight, assistant.settings.rerank_weight)
    options = sorted({present, *product(DENSE_WEIGHTS, RERANK_WEIGHTS)})
    scores = np.zeros((len(questions), len(options)))
    for row, question in enumerate(questions):
        scores[row] = _ranking_scores(assistant, question, queries[question.id], options)
        advance(1)
    names = ("dense_weight", "rerank_weight")
    return _step(
        "ranking",
        f"retrieval_ndcg@{RANKED_AT}",
        scores,
        [dict(zip(names, option, strict=True)) for option in options],
        options.index(present),
        np.zeros(len(questions), dtype=int),
    )


def _ranking_scores(
    assistant: Assistant, question: Question, query: str, options: Sequence[tuple[float, float]]
) -> list[float]:
    """Return nDCG@10 of one question under each (dense weight, rerank weight)."""
    settings = assistant.settings
    where = Filter(documents=question.scope)
    reader = _Remembering(assistant.reader)
    reranker = None if assistant.reranker is None else _Remembering(assistant.reranker)
    most = depth(settings, reranker)
    wanted = needs(question)
    found = {}
    for dense_weight in {option[0] for option in options}:
        search_with = replace(search_options(settings), dense_weight=dense_weight)
        hits = search(assistant.library, assistant.embedder, query, most, where=where, options=search_with)
        found[dense_weight] = merged(assistant.library, best_hits(query, hits, reranker, settings.passages))
    scores = []
    for dense_weight, rerank_weight in options:
        passages = rerank(query, found[dense_weight], reader, rerank_weight)
        gains = passage_gains(wanted, passages)
        scores.append(ndcg(gains, len(wanted) - sum(gains), RANKED_AT))
    return scores


class _Remembering:
    """Reads each passage of one question once, however often it is ranked."""

    def __init__(self, reader: Reranker) -> None:
        self._reader = reader
        self._known: dict[tuple[str, str], float] = {}
        self.fingerprint = reader.fingerprint

    def relevance(self, question: str, passages: Sequence[str], above: Sequence[str] = ()) -> list[float]:
        pages = list(zip(above or [""] * len(passages), passages, strict=True))
        new = [page for page in dict.fromkeys(pages) if page not in self._known]
        if new:
            relevance = self._reader.relevance(question, [text for _, text in new], [over for over, _ in new])
            self._known.update(zip(new, relevance, strict=True))
        return [self._known[page] for page in pages]


# --- refusing ---------------------------------------------------------------------------------------------------


def _fit_threshold(settings: Settings, results: Sequence[Result]) -> Step:
    """Fit the threshold by the share of questions of which the right thing is done: answered right, or refused."""
    present = settings.refusal_threshold
    options = sorted({present, *THRESHOLDS})
    scores = np.array([[_right_at(result, option) for option in options] for result in results])
    return _step(
        "refusal",
        "right thing done",
        scores,
        [{"refusal_threshold": option} for option in options],
        options.index(present),
        np.array([result.question.unanswerable for result in results], dtype=int),
    )


def _right_at(result: Result, threshold: float) -> float:
    """How right an answer that was given without a threshold would be with one, 0..1."""
    given = result.answer is not None and result.answer.status == "answered"
    if given and result.answer is not None and result.answer.confidence >= threshold:
        return 0.0 if result.question.unanswerable else result.scores["answer_accuracy"] or 0.0
    return float(result.question.unanswerable)


# --- choosing ---------------------------------------------------------------------------------------------------


def _step(
    name: str,
    measure: str,
    scores: Floats,
    options: Sequence[dict[str, float]],
    present: int,
    strata: np.ndarray,
) -> Step:
    """Cross-validate the choice among options and compare it with the present one."""
    before = scores[:, present]
    after = held_out(scores, present, strata)
    pairs = np.stack([before, after], axis=1)
    low, high = bootstrap.interval(pairs, lambda s: s[..., 1].mean(axis=-1) - s[..., 0].mean(axis=-1))
    return Step(
        name=name,
        measure=measure,
        present=options[present],
        fitted=options[choose(scores, present)],
        before=float(before.mean()),
        after=float(after.mean()),
        low=low,
        high=high,
        p=bootstrap.paired_p_value(before[:, None], after[:, None], bootstrap.mean),
        n=len(scores),
    )


def held_out(scores: Floats, present: int, strata: np.ndarray, folds: int = FOLDS) -> Floats:
    """Return each question's score under the option that the other folds choose.

    Args:
        scores: shape (questions, options), higher is better.
        present: the option in use, which wins ties.
        strata: a class per question; each fold gets its share of each class.
        folds: number of parts.
    """
    fold = np.zeros(len(scores), dtype=int)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        fold[members] = np.arange(len(members)) % folds
    after = np.empty(len(scores))
    for part in range(folds):
        inside = fold == part
        if inside.any():
            after[inside] = scores[inside, choose(scores[~inside], present)]
    return after


def choose(scores: Floats, present: int) -> int:
    """Return the option with the best mean; among equals the middle of the plateau nearest to the present one."""
    means = scores.mean(axis=0).round(9)
    best = np.flatnonzero(means == means.max())
    if present in best:
        return present
    runs = np.split(best, np.flatnonzero(np.diff(best) > 1) + 1)
    nearest = min(runs, key=lambda run: int(np.abs(run - present).min()))
    return int(nearest[len(nearest) // 2])
