"""Curves and sums over results, against values made by hand and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from rag.datatypes import Answer
from rag.evaluation import bootstrap
from rag.evaluation.metrics import score
from rag.evaluation.questions import Question
from rag.evaluation.results import Result
from rag.evaluation.summary import (
    METRICS,
    _risks,
    area_under_risk_coverage,
    expected_calibration_error,
    reliability_curve,
    risk_coverage_curve,
    summarise,
    threshold_curve,
)

MakeAnswer = Callable[..., Answer]


@pytest.fixture
def results(make_answer: MakeAnswer) -> list[Result]:
    """(confidence, gold known, answered, right): two right, one wrong, one refused, two unanswerable."""
    rows = [
        (0.95, True, True, True),
        (0.85, True, True, False),
        (0.65, True, True, True),
        (0.25, True, False, False),
        (0.55, False, True, False),
        (0.15, False, False, True),
    ]
    made = []
    for n, (confidence, answerable, answered, right) in enumerate(rows):
        question = Question(
            id=f"q{n}",
            question="几家？",
            answers=("12家",) if answerable else (),
            type="fact" if answerable else "unanswerable",
            documents=("a.txt", "b.txt") if answerable else (),
            language="zh",
        )
        answer = make_answer(
            text="12家" if right else "3家",
            status="answered" if answered else "unanswerable",
            confidence=confidence,
        )
        made.append(Result(question=question, answer=answer, scores=score(question, answer)))
    return made


def test_calibration_error_is_the_mean_gap_of_the_bins() -> None:
    samples = np.array([[[0.95, 1.0], [0.85, 0.0], [0.65, 1.0], [0.55, 0.0]]])
    assert expected_calibration_error(samples)[0] == pytest.approx((0.05 + 0.85 + 0.35 + 0.55) / 4)


@pytest.mark.parametrize("seed", range(10))
def test_the_reliability_curve_equals_scikit_learns(make_answer: MakeAnswer, seed: int) -> None:
    draw = np.random.default_rng(seed)
    confidence = draw.random(80)
    right = draw.random(80) < confidence
    question = Question(id="q", question="几家？", answers=("12家",), type="fact", language="zh")
    made = [
        make_answer(text="12家" if r else "3家", confidence=float(c))
        for c, r in zip(confidence, right, strict=True)
    ]
    curve = reliability_curve([Result(question=question, answer=a, scores=score(question, a)) for a in made])
    true, predicted = calibration_curve(right, confidence, n_bins=10)
    assert [point["correct"] for point in curve] == pytest.approx(list(true), abs=1e-6)
    assert [point["confidence"] for point in curve] == pytest.approx(list(predicted), abs=1e-6)
    assert sum(point["n"] for point in curve) == 80


def test_the_area_under_risk_coverage_is_the_mean_of_the_risks() -> None:
    samples = np.array([[[0.9, 1.0], [0.8, 0.0], [0.7, 1.0], [0.6, 0.0]]])
    assert area_under_risk_coverage(samples)[0] == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)


@pytest.mark.parametrize("seed", range(20))
def test_the_area_is_the_mean_of_the_curve_with_ties_and_many_samples(seed: int) -> None:
    draw = np.random.default_rng(seed)
    samples = np.stack([draw.integers(0, 5, (3, 17)) / 4, draw.integers(0, 2, (3, 17))], axis=-1).astype(
        np.float64
    )
    curves = [_risks(sample).mean() for sample in samples]
    assert list(area_under_risk_coverage(samples)) == pytest.approx(curves)


def test_equal_confidence_shares_its_risk_whatever_the_order() -> None:
    samples = np.array([[[0.5, 1.0], [0.5, 0.0]], [[0.5, 0.0], [0.5, 1.0]]])
    assert list(area_under_risk_coverage(samples)) == [0.5, 0.5]


def test_the_risk_coverage_curve_goes_as_far_as_questions_were_answered(results: list[Result]) -> None:
    assert risk_coverage_curve(results) == [
        {"coverage": pytest.approx(1 / 6, abs=1e-6), "risk": 0.0},
        {"coverage": pytest.approx(2 / 6, abs=1e-6), "risk": 0.5},
        {"coverage": 0.5, "risk": pytest.approx(1 / 3, abs=1e-6)},
        {"coverage": pytest.approx(4 / 6, abs=1e-6), "risk": 0.5},
    ]


def test_the_threshold_curve_weighs_answers_and_refusals(results: list[Result]) -> None:
    at = {point["threshold"]: point for point in threshold_curve(results)}
    assert at[0.0] == {"threshold": 0.0, "right": 0.5, "answered_right": 0.5, "refused_right": 0.5}
    assert at[0.6]["right"] == pytest.approx(4 / 6, abs=1e-6)
    assert at[0.9] == {"threshold": 0.9, "right": 0.5, "answered_right": 0.25, "refused_right": 1.0}


def test_where_nothing_has_an_answer_all_may_be_refused_rightly(results: list[Result]) -> None:
    silent = [result for result in results if result.question.unanswerable]
    assert threshold_curve(silent)[-1]["refused_right"] == 1.0


def test_refusal_auroc_is_that_of_confidence(results: list[Result]) -> None:
    labels = [r.question.unanswerable for r in results]
    oracle = roc_auc_score(labels, [1 - (r.confidence or 0) for r in results])
    assert summarise(results)["overall"]["refusal_auroc"]["value"] == pytest.approx(oracle, abs=1e-6)


def test_a_question_counts_for_each_of_its_documents(results: list[Result]) -> None:
    by_document = summarise(results)["by_document"]
    assert {name: entry["answer_accuracy"]["n"] for name, entry in by_document.items()} == {
        "a.txt": 4,
        "b.txt": 4,
    }


def test_a_document_of_few_questions_has_no_interval(
    results: list[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [
        replace(result, question=result.question.model_copy(update={"id": f"{n}", "documents": (name,)}))
        for n, (result, name) in enumerate(zip(results * 2, ["a.txt"] * 8 + ["b.txt"] * 4, strict=True))
    ]
    monkeypatch.setattr(bootstrap, "interval", lambda *_: (0.0, 1.0))
    found = {name: entry["latency_p50_s"] for name, entry in summarise(many)["by_document"].items()}
    assert found == {
        "a.txt": {"value": 0.25, "low": 0.0, "high": 1.0, "n": 8},
        "b.txt": {"value": 0.25, "low": None, "high": None, "n": 4},
    }


def test_every_metric_of_the_contract_is_there(results: list[Result]) -> None:
    contract = {
        "answer_accuracy", "short_exact_match", "short_f1", "retrieval_recall@1", "retrieval_recall@5",
        "retrieval_recall@10", "retrieval_mrr@10", "citation_precision", "citation_recall", "refusal_auroc",
        "refusal_precision", "refusal_recall", "latency_p50_s", "latency_p95_s",
    }  # fmt: skip
    overall = summarise(results)["overall"]
    assert contract <= set(overall) == {metric.name for metric in METRICS}
    assert all(set(entry) == {"value", "low", "high", "n"} for entry in overall.values())
    for entry in overall.values():
        if entry["value"] is not None:
            assert entry["low"] <= entry["value"] <= entry["high"]


def test_nothing_at_all_is_summed_up_too() -> None:
    assert summarise([])["overall"]["answer_accuracy"] == {"value": None, "low": None, "high": None, "n": 0}
