"""Intervals and paired tests by resampling questions. Takes arrays, gives numbers; knows no metrics.

Seeded, so the same values give the same interval; callers sort by question id, so order does not matter.
Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), percentile intervals; for tests,
Koehn, "Statistical Significance Tests for Machine Translation Evaluation" (2004), and Fisher's permutations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""Takes values of shape (..., n, columns), gives the statistic of each sample: shape (...)."""

RESAMPLES = 2_000
PERMUTATIONS = 20_000
EXACT_UP_TO = 16  # pairs that differ; 2**16 sign patterns are tried in full
SEED = 20_260_101
LEVEL = 0.95
_BATCH = 2_000_000  # sampled values at a time, 16 MB


def interval(
    values: Floats, statistic: Statistic, *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Return the 95 % percentile interval of a statistic over rows of ``values``, shape (n, columns).

    Resamples for which the statistic is undefined (NaN) are left out; (nan, nan) when all are.
    """
    samples = np.concatenate(
        [statistic(values[rows]) for rows in _resampled_rows(len(values), resamples, seed)]
    )
    samples = samples[~np.isnan(samples)]
    if not len(samples):
        return math.nan, math.nan
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _resampled_rows(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield row numbers drawn with replacement, shape (some, n), ``resamples`` rows in all."""
    generator = np.random.default_rng(seed)
    batch = max(1, _BATCH // n)
    for start in range(0, resamples, batch):
        yield generator.integers(0, n, size=(min(batch, resamples - start), n))


def mean(samples: Floats) -> Floats:
    """Return the mean over questions of the first column."""
    return np.asarray(samples[..., 0].mean(axis=-1))


def mean_of_known(samples: Floats) -> Floats:
    """Return the mean over questions of the first column where it is not NaN; NaN where none is known."""
    column = samples[..., 0]
    known = ~np.isnan(column)
    count = known.sum(axis=-1)
    total = np.where(known, column, 0.0).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def quantile(q: float) -> Statistic:
    """Return the q-quantile over questions of the first column."""
    return lambda samples: np.asarray(np.quantile(samples[..., 0], q, axis=-1))


def auroc(samples: Floats) -> Floats:
    """Return the chance that a positive scores above a negative, ties counting half (Hanley and McNeil 1982).

    Column 0 is the score, column 1 is 1 for positives and 0 for negatives; NaN where one of them is missing.
    """
    flat = samples.reshape(-1, *samples.shape[-2:])
    positive = by_level(flat[..., 0], flat[..., 1])
    negative = by_level(flat[..., 0], 1 - flat[..., 1])
    below = np.cumsum(negative, axis=1) - negative
    pairs = positive.sum(axis=1) * negative.sum(axis=1)
    won = (positive * (below + negative / 2)).sum(axis=1)
    share = np.where(pairs > 0, won / np.maximum(pairs, 1), np.nan)
    return np.asarray(share.reshape(samples.shape[:-2]))


def by_level(levels: Floats, weights: Floats) -> Floats:
    """Sum the weights of equal levels in each sample: (samples, n) twice gives (samples, levels), lowest first."""
    known, place = np.unique(levels, return_inverse=True)
    rows = np.arange(len(levels))[:, None] * len(known)
    sums = np.bincount(
        (rows + place.reshape(levels.shape)).ravel(), weights.ravel(), minlength=len(levels) * len(known)
    )
    return np.asarray(sums.reshape(len(levels), len(known)))


def paired_p_value(
    left: Floats, right: Floats, statistic: Statistic, *, permutations: int = PERMUTATIONS, seed: int = SEED
) -> float:
    """Return the two-sided p-value of ``statistic(right) - statistic(left)`` if runs were interchangeable.

    Both have shape (n, columns), a question a row. Each question's two rows are swapped or not: in all ways
    where at most ``EXACT_UP_TO`` questions differ, so the test is exact, else in ``permutations`` random ones
    (and the observed one, after Phipson and Smyth 2010).
    """
    differ = np.flatnonzero(~np.all((left == right) | (np.isnan(left) & np.isnan(right)), axis=1))
    observed = abs(float(statistic(right[None])[0] - statistic(left[None])[0]))
    if not len(differ) or math.isnan(observed):
        return 1.0
    exact = len(differ) <= EXACT_UP_TO
    extreme, total = (0, 0) if exact else (1, 1)
    for swapped in _swaps(len(differ), permutations, seed, exact=exact, n=len(left)):
        mask = np.zeros((len(swapped), len(left), 1), dtype=bool)
        mask[:, differ, 0] = swapped
        gaps = np.abs(statistic(np.where(mask, left, right)) - statistic(np.where(mask, right, left)))
        extreme += int((gaps >= observed - 1e-12).sum())
        total += int((~np.isnan(gaps)).sum())
    return extreme / total


def _swaps(d: int, permutations: int, seed: int, *, exact: bool, n: int) -> Iterator[NDArray[np.bool_]]:
    """Yield which of d questions to swap, shape (some, d)."""
    generator = np.random.default_rng(seed)
    count = 2**d if exact else permutations
    batch = max(1, _BATCH // max(n, 1))
    for start in range(0, count, batch):
        size = min(batch, count - start)
        if exact:
            numbers = np.arange(start, start + size)[:, None]
            yield (numbers >> np.arange(d)) & 1 == 1
        else:
            yield generator.integers(0, 2, size=(size, d)) == 1
