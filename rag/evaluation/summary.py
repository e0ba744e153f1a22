"""Sums results up: means with intervals, by group, and the curves of the report. Takes results, gives JSON.

The form of ``metrics.json`` is fixed: ``{"overall": {name: {"value", "low", "high", "n"}}, "by_type": …}``.
A metric that nothing measured has value None and n 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.evaluation import bootstrap
from rag.evaluation.bootstrap import Floats, Statistic
from rag.evaluation.results import FAILURES, Result

Row = tuple[float, ...]

MEANS = (
    "answer_accuracy",
    "short_exact_match",
    "short_f1",
    "retrieval_recall@1",
    "retrieval_recall@5",
    "retrieval_recall@10",
    "retrieval_mrr@10",
    "retrieval_ndcg@10",
    "citation_precision",
    "citation_recall",
    "refusal_precision",
    "refusal_recall",
)
MIN_QUESTIONS = 5  # of a document, for an interval: there may be thousands of documents with a few each
BINS = 10  # of the reliability curve
STAGES = ("retrieve_s", "rerank_s", "answer_s", "total_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number about many results: which row each contributes (or None), and what is made of them."""

    name: str
    row: Callable[[Result], Row | None]
    statistic: Statistic
    lower_is_better: bool = False


def _mean_metric(name: str) -> Metric:
    def row(result: Result) -> Row | None:
        value = result.scores.get(name)
        return None if value is None else (value,)

    return Metric(name=name, row=row, statistic=bootstrap.mean)


def _refusal_row(result: Result) -> Row | None:
    if result.answer is None or not result.question.measured:
        return None
    return 1 - result.answer.confidence, float(result.question.unanswerable)


def _seconds_row(stage: str) -> Callable[[Result], Row | None]:
    def row(result: Result) -> Row | None:
        seconds = result.answer.timings.get(stage) if result.answer else None
        return None if seconds is None else (seconds,)

    return row


def correctness(result: Result) -> float | None:
    """How right an answer that was given is, 0..1: its accuracy; 0 where the documents do not say.

    None for a refusal, whose answer was never seen, and where nothing is known.
    """
    if result.answer is None or result.answer.status != "answered" or not result.question.measured:
        return None
    return 0.0 if result.question.unanswerable else result.scores["answer_accuracy"]


def _calibration_row(result: Result) -> Row | None:
    right = correctness(result)
    return None if right is None or result.answer is None else (result.answer.confidence, right)


def expected_calibration_error(samples: Floats) -> Floats:
    """Return ECE: ``sum of |bin| / n * |mean confidence - mean correctness|``, ten bins of equal width.

    Naeini et al., AAAI 2015; Guo et al., ICML 2017. Column 0 is confidence, column 1 correctness.
    """
    confidence, right = samples[..., 0], samples[..., 1]
    gap = confidence - right
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    total = sum(np.abs(np.where(bins == b, gap, 0.0).sum(axis=-1)) for b in range(BINS))
    return np.asarray(total / samples.shape[-2])


def area_under_risk_coverage(samples: Floats) -> Floats:
    """Return AURC: the mean, over coverages k/n, of the share of wrong answers among the k most confident.

    Geifman et al., ICLR 2019. Lower is better. Answers of equal confidence share the mean of their
    correctness, so that their order does not matter.
    """
    flat = samples.reshape(-1, *samples.shape[-2:])
    sure = -flat[..., 0]  # the surest first
    size = bootstrap.by_level(sure, np.ones_like(sure))
    wrong = bootstrap.by_level(sure, 1 - flat[..., 1])
    share = np.divide(wrong, size, out=np.zeros_like(wrong), where=size > 0)
    size_before = np.cumsum(size, axis=1) - size
    wrong_before = np.cumsum(wrong, axis=1) - wrong
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, flat.shape[1] + 1))])
    # the sum over j = 1 … size of (wrong_before + j * share) / (size_before + j), in closed form
    steps = harmonic[(size_before + size).astype(int)] - harmonic[size_before.astype(int)]
    total = (wrong + (wrong_before - share * size_before) * steps).sum(axis=1)
    return np.asarray((total / flat.shape[1]).reshape(samples.shape[:-2]))


def _risks(sample: Floats) -> Floats:
    """Return the share of wrong answers among the k most confident, for k = 1 … n."""
    _, place = np.unique(-sample[:, 0], return_inverse=True)
    wrong = (np.bincount(place, weights=1 - sample[:, 1]) / np.bincount(place))[np.sort(place)]
    return np.asarray(np.cumsum(wrong) / np.arange(1, len(wrong) + 1))


METRICS: tuple[Metric, ...] = (
    *(_mean_metric(name) for name in MEANS[:10]),
    Metric(name="refusal_auroc", row=_refusal_row, statistic=bootstrap.auroc),
    *(_mean_metric(name) for name in MEANS[10:]),
    Metric(
        name="calibration_ece",
        row=_calibration_row,
        statistic=expected_calibration_error,
        lower_is_better=True,
    ),
    Metric(
        name="risk_coverage_area",
        row=_calibration_row,
        statistic=area_under_risk_coverage,
        lower_is_better=True,
    ),
    Metric(
        name="latency_p50_s",
        row=_seconds_row("total_s"),
        statistic=bootstrap.quantile(0.5),
        lower_is_better=True,
    ),
    Metric(
        name="latency_p95_s",
        row=_seconds_row("total_s"),
        statistic=bootstrap.quantile(0.95),
        lower_is_better=True,
    ),
)


def summarise(results: Iterable[Result], *, threshold: float | None = None) -> dict[str, Any]:
    """Return everything that ``metrics.json`` holds; ``threshold`` is the run's own refusal threshold."""
    ordered = sorted(results, key=lambda result: result.question.id)
    return {
        "overall": measure(ordered),
        "by_type": _by(ordered, lambda r: (r.question.type,) if r.question.type else ()),
        "by_language": _by(ordered, lambda r: (r.question.language,) if r.question.language else ()),
        "by_document": _by(ordered, lambda r: tuple(dict.fromkeys(r.question.documents)), MIN_QUESTIONS),
        "questions": len(ordered),
        "measured": sum(result.question.measured for result in ordered),
        "failures": {name: sum(r.failure == name for r in ordered) for name in FAILURES},
        "doubted_sentences": sum(len(r.answer.doubts) for r in ordered if r.answer),
        "doubted_answers": sum(bool(r.answer.doubts) for r in ordered if r.answer),
        "latency": {stage: _latency(ordered, stage) for stage in STAGES},
        "reliability": reliability_curve(ordered),
        "risk_coverage": risk_coverage_curve(ordered),
        "refusal_thresholds": threshold_curve(ordered),
        "refusal_threshold": threshold,
    }


def measure(results: Sequence[Result], fewest: int = 1) -> dict[str, Any]:
    """Return each metric with its 95 % bootstrap interval over questions, None for fewer than ``fewest``."""
    return {metric.name: _measured(metric, results, fewest) for metric in METRICS}


def _measured(metric: Metric, results: Sequence[Result], fewest: int) -> dict[str, Any]:
    rows = [row for result in results if (row := metric.row(result)) is not None]
    values = np.array(rows, dtype=np.float64)
    value = float(metric.statistic(values[None])[0]) if rows else math.nan
    if math.isnan(value):
        return {"value": None, "low": None, "high": None, "n": len(rows)}
    if len(rows) < fewest:
        return {"value": _rounded(value), "low": None, "high": None, "n": len(rows)}
    low, high = bootstrap.interval(values, metric.statistic)
    return {"value": _rounded(value), "low": _rounded(low), "high": _rounded(high), "n": len(rows)}


def _rounded(value: float) -> float:
    """Six decimals: the order of summing may change later ones."""
    return round(value, 6)


def _by(
    results: Sequence[Result], keys: Callable[[Result], Sequence[str]], fewest: int = 1
) -> dict[str, Any]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        for key in keys(result):
            groups.setdefault(key, []).append(result)
    return {key: measure(groups[key], fewest) for key in sorted(groups)}


def _latency(results: Sequence[Result], stage: str) -> dict[str, Any]:
    rows = [row[0] for result in results if (row := _seconds_row(stage)(result)) is not None]
    if not rows:
        return {"mean": None, "p50": None, "p95": None, "max": None, "n": 0}
    p50, p95 = np.quantile(rows, [0.5, 0.95])
    figures = {"mean": float(np.mean(rows)), "p50": float(p50), "p95": float(p95), "max": max(rows)}
    return {**{name: _rounded(value) for name, value in figures.items()}, "n": len(rows)}


def reliability_curve(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Return for each tenth of confidence that has answers: their number, mean confidence and correctness."""
    rows = [row for result in results if (row := _calibration_row(result)) is not None]
    curve = []
    for b in range(BINS):
        inside = [row for row in rows if min(int(row[0] * BINS), BINS - 1) == b]
        if inside:
            confidence, right = np.mean(np.array(inside), axis=0)
            curve.append({"confidence": _rounded(confidence), "correct": _rounded(right), "n": len(inside)})
    return curve


def risk_coverage_curve(results: Sequence[Result]) -> list[dict[str, float]]:
    """Return the share of wrong answers when only the most confident share of questions is answered."""
    rows = [row for result in results if (row := _calibration_row(result)) is not None]
    if not rows:
        return []
    measured = sum(result.question.measured for result in results)
    risks = _risks(np.array(rows, dtype=np.float64))
    return [{"coverage": _rounded(k / measured), "risk": _rounded(r)} for k, r in enumerate(risks, start=1)]


def threshold_curve(results: Sequence[Result]) -> list[dict[str, float]]:
    """Return, for each refusal threshold, how often the right thing is done.

    Right is a right answer at or above the threshold, or a refusal below it where the documents do not say.
    What this run refused stays refused: a threshold below the run's own changes nothing here.
    """
    measured = [result for result in results if result.question.measured and result.answer is not None]
    if not measured:
        return []
    asked = sum(result.question.answerable for result in measured)
    answerable, unanswerable = max(1, asked), max(1, len(measured) - asked)
    curve = []
    for threshold in [step / 50 for step in range(51)]:
        given = [r for r in measured if correctness(r) is not None and (r.confidence or 0.0) >= threshold]
        right = sum(correctness(r) or 0.0 for r in given if r.question.answerable)
        kept_silent = sum(r.question.unanswerable for r in measured) - sum(
            r.question.unanswerable for r in given
        )
        curve.append(
            {
                "threshold": threshold,
                "right": _rounded((right + kept_silent) / len(measured)),
                "answered_right": _rounded(right / answerable),
                "refused_right": _rounded(kept_silent / unanswerable),
            }
        )
    return curve
