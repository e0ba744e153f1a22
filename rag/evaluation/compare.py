"""Compares two runs question by question. Takes runs, gives differences, their intervals and tests, a page."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.errors import QuestionsError
from rag.evaluation import bootstrap
from rag.evaluation.bootstrap import Floats, Statistic
from rag.evaluation.describe import differing_entries
from rag.evaluation.report import environment
from rag.evaluation.results import Result
from rag.evaluation.runner import Run
from rag.evaluation.summary import METRICS, Metric, Row, correctness

ALPHA = 0.05
PARTS = ("settings", "models", "corpus", "versions", "machine", "workers")
_SHOWN_IDS = 10
_SLOW_PERMUTATIONS = 2_000  # for statistics that are not vectorised
_MAX_SHOWN = 300  # questions on each list of the page


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One metric of two runs; ``difference`` is second minus first, ``p`` of a paired permutation test."""

    name: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int  # questions that count in at least one run
    verdict: str  # better, worse, same


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One question's two results; ``gain`` is how much better the second is, about -1..1."""

    first: Result
    second: Result
    gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that the page of a comparison shows."""

    first: Run
    second: Run
    settings: tuple[tuple[str, Any, Any], ...]  # name, first, second: where they differ
    differences: tuple[Difference, ...]
    better: tuple[Change, ...]  # most first
    worse: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: the figures, and the questions that changed by id."""
        return {
            "first": str(self.first.folder),
            "second": str(self.second.folder),
            "settings": [list(entry) for entry in self.settings],
            "metrics": [asdict(difference) for difference in self.differences],
            "better": [{"id": c.first.question.id, "gain": round(c.gain, 6)} for c in self.better],
            "worse": [{"id": c.first.question.id, "gain": round(c.gain, 6)} for c in self.worse],
        }


def compare(first: Run, second: Run) -> Comparison:
    """Pair two runs by question and measure what differs.

    Raises:
        QuestionsError: they are not over the same questions; the message names those that differ.
    """
    pairs = _pairs(first, second)
    changes = [Change(first=a, second=b, gain=gain(a, b)) for a, b in pairs]
    changes.sort(key=lambda change: (-abs(change.gain), change.first.question.id))
    return Comparison(
        first=first,
        second=second,
        settings=tuple(e for part in PARTS for e in differing_entries(first.info, second.info, part)),
        differences=tuple(_difference(metric, pairs) for metric in METRICS),
        better=tuple(change for change in changes if change.gain > 0),
        worse=tuple(change for change in changes if change.gain < 0),
    )


def gain(first: Result, second: Result) -> float:
    """Return how much better the second result is.

    What is right counts most: the answer's accuracy, or refusing where the documents do not say. Then, each a
    tenth of the one before: the short answer's F1, where the evidence is cited, and how high it was ranked.
    """
    finer = ("short_f1", "citation_recall", "retrieval_mrr@10")
    steps = [_rightness(second) - _rightness(first)]
    steps += [(second.scores.get(name) or 0.0) - (first.scores.get(name) or 0.0) for name in finer]
    return float(sum(step * 0.1**power for power, step in enumerate(steps)))


def _rightness(result: Result) -> float:
    if result.question.unanswerable:
        return result.scores["refusal_recall"] or 0.0
    return correctness(result) or 0.0


def _pairs(first: Run, second: Run) -> list[tuple[Result, Result]]:
    """Pair results by id, in the order of ids."""
    a = {result.question.id: result for result in first.results}
    b = {result.question.id: result for result in second.results}
    only = {"first": sorted(a.keys() - b.keys()), "second": sorted(b.keys() - a.keys())}
    different = sorted(key for key in a.keys() & b.keys() if a[key].question != b[key].question)
    complaints = [f"only in the {name}: {_some(ids)}" for name, ids in only.items() if ids]
    if different:
        complaints.append(f"same id but another question, answer or evidence: {_some(different)}")
    if complaints:
        raise QuestionsError(
            f"the two runs are over different questions ({'; '.join(complaints)}); compare like with like"
        )
    return [(a[key], b[key]) for key in sorted(a)]


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else ""
    return ", ".join(ids[:_SHOWN_IDS]) + more


def _difference(metric: Metric, pairs: Sequence[tuple[Result, Result]]) -> Difference:
    """Measure one metric on both sides, its difference over resampled questions, and the paired test."""
    rows = [(metric.row(a), metric.row(b)) for a, b in pairs]
    rows = [row for row in rows if row != (None, None)]
    width = next((len(row) for pair in rows for row in pair if row is not None), 1)
    left, right = (
        np.array([_padded(pair[side], width) for pair in rows]).reshape(-1, width) for side in (0, 1)
    )
    statistic = _of_known(metric.statistic)
    first, second = (_value(statistic, side) for side in (left, right))
    if first is None or second is None:
        return Difference(
            name=metric.name, first=first, second=second, difference=None, low=None, high=None, p=None,
            n=len(rows), verdict="same",
        )  # fmt: skip
    low, high = bootstrap.interval(
        np.concatenate([left, right], axis=1),
        lambda samples: statistic(samples[..., width:]) - statistic(samples[..., :width]),
    )
    permutations = bootstrap.PERMUTATIONS if metric.statistic is bootstrap.mean else _SLOW_PERMUTATIONS
    p = bootstrap.paired_p_value(left, right, statistic, permutations=permutations)
    return Difference(
        name=metric.name,
        first=round(first, 6),
        second=round(second, 6),
        difference=round(second - first, 6),
        low=_finite(low),
        high=_finite(high),
        p=round(p, 6),
        n=len(rows),
        verdict=_verdict(second - first, low, high, p, lower_is_better=metric.lower_is_better),
    )


def _padded(row: Row | None, width: int) -> Row:
    return (math.nan,) * width if row is None else row


def _value(statistic: Statistic, values: Floats) -> float | None:
    value = float(statistic(values[None])[0]) if len(values) else math.nan
    return None if math.isnan(value) else value


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def _of_known(statistic: Statistic) -> Statistic:
    """Apply a statistic to the rows of each sample that are known; NaN where none is."""
    if statistic is bootstrap.mean:
        return bootstrap.mean_of_known

    def known(samples: Floats) -> Floats:
        flat = samples.reshape(-1, *samples.shape[-2:])
        kept = [sample[~np.isnan(sample).any(axis=1)] for sample in flat]
        values = [float(statistic(sample[None])[0]) if len(sample) else math.nan for sample in kept]
        return np.array(values).reshape(samples.shape[:-2])

    return known


def _verdict(difference: float, low: float, high: float, p: float, *, lower_is_better: bool) -> str:
    """Better or worse only where the interval leaves out 0 and the test agrees."""
    if math.isnan(low) or low <= 0 <= high or p >= ALPHA:
        return "same"
    return "better" if (difference < 0) == lower_is_better else "worse"


def write_comparison(comparison: Comparison, out: str | Path) -> Path:
    """Write the page, and the same figures as JSON beside it; a name without .html is a folder.

    Raises:
        QuestionsError: it cannot be written.
    """
    page = Path(out) if Path(out).suffix.lower() in (".html", ".htm") else Path(out) / "compare.html"
    content = json.dumps(comparison.to_dict(), ensure_ascii=False, indent=2)
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(compare_html(comparison), encoding="utf-8")
        page.with_suffix(".json").write_text(content + "\n", encoding="utf-8")
    except OSError as error:
        raise QuestionsError(f"{page} cannot be written: {error.strerror or error}") from error
    return page


def compare_html(comparison: Comparison) -> str:
    """Return the page of a comparison."""
    return (
        environment()
        .get_template("compare.html")
        .render(
            comparison=comparison,
            lists=[
                ("got_better", comparison.better[:_MAX_SHOWN]),
                ("got_worse", comparison.worse[:_MAX_SHOWN]),
            ],
        )
    )
