"""Resampling: seeded, right on average, and exact where it claims to be."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from rag.evaluation import bootstrap


def column(values: list[float]) -> bootstrap.Floats:
    return np.array(values, dtype=np.float64)[:, None]


def test_the_same_values_give_the_same_interval() -> None:
    values = column([0.0, 1.0, 1.0, 0.0, 1.0])
    assert bootstrap.interval(values, bootstrap.mean) == bootstrap.interval(values, bootstrap.mean)


def test_the_interval_agrees_with_scipys_and_holds_the_value() -> None:
    values = np.random.default_rng(1).random(80)
    low, high = bootstrap.interval(values[:, None], bootstrap.mean, resamples=9_000)
    oracle = stats.bootstrap(
        (values,), np.mean, n_resamples=9_000, method="percentile", rng=np.random.default_rng(2)
    )
    assert low < values.mean() < high
    assert (low, high) == pytest.approx(tuple(oracle.confidence_interval), abs=0.01)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    draw = np.random.default_rng(3)
    covered = 0
    for _ in range(200):
        low, high = bootstrap.interval(
            (draw.random(60) < 0.7).astype(float)[:, None], bootstrap.mean, resamples=500
        )
        covered += low <= 0.7 <= high
    assert 0.88 <= covered / 200 <= 0.99


def test_batches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    values = column([float(i % 3) for i in range(50)])
    whole = bootstrap.interval(values, bootstrap.mean)
    monkeypatch.setattr(bootstrap, "_BATCH", 70)
    assert bootstrap.interval(values, bootstrap.mean) == whole


@pytest.mark.parametrize("seed", range(40))
def test_auroc_equals_scikit_learns(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(2, 60))
    scores = draw.integers(0, 6, n) / 5  # with ties
    labels = np.array([0, 1, *draw.integers(0, 2, n - 2)])
    values = np.stack([scores, labels], axis=1).astype(np.float64)
    assert bootstrap.auroc(values[None])[0] == pytest.approx(roc_auc_score(labels, scores))


def test_auroc_of_one_class_is_unknown() -> None:
    assert math.isnan(bootstrap.auroc(np.array([[[0.5, 1.0], [0.2, 1.0]]]))[0])


def test_a_mean_leaves_out_what_is_unknown() -> None:
    assert bootstrap.mean_of_known(np.array([[[1.0], [math.nan], [0.0]]]))[0] == 0.5
    assert math.isnan(bootstrap.mean_of_known(np.array([[[math.nan]]]))[0])


def test_the_permutation_test_is_exact_for_few_differences() -> None:
    left, right = [0.1, 0.4, 0.5, 0.9, 0.3, 0.3], [0.3, 0.7, 0.4, 1.0, 0.9, 0.3]
    gaps = np.array(right) - np.array(left)
    observed = abs(gaps.sum())
    ways = [
        abs(sum(sign * gap for sign, gap in zip(signs, gaps, strict=True)))
        for signs in itertools.product((1, -1), repeat=6)
    ]
    oracle = sum(way >= observed - 1e-12 for way in ways) / len(ways)
    assert bootstrap.paired_p_value(column(left), column(right), bootstrap.mean) == pytest.approx(oracle)


def test_it_equals_the_sign_test_for_right_and_wrong() -> None:
    left, right = [0.0] * 9 + [1.0] * 3 + [1.0] * 20, [1.0] * 9 + [0.0] * 3 + [1.0] * 20
    oracle = stats.binomtest(3, 12, 0.5).pvalue
    assert bootstrap.paired_p_value(column(left), column(right), bootstrap.mean) == pytest.approx(oracle)


def test_many_differences_are_sampled_and_come_near() -> None:
    left, right = [0.0] * 25 + [1.0] * 12, [1.0] * 25 + [0.0] * 12
    oracle = stats.binomtest(12, 37, 0.5).pvalue
    assert bootstrap.paired_p_value(column(left), column(right), bootstrap.mean) == pytest.approx(
        oracle, abs=0.01
    )


def test_equal_runs_differ_by_nothing() -> None:
    values = column([0.0, math.nan, 1.0])
    assert bootstrap.paired_p_value(values, values, bootstrap.mean_of_known) == 1.0
