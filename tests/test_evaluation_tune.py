"""Tuning: chooses on some questions, judges on others, and stays where it is when in doubt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from index.errors import AnswererError, QueryError, QuestionsError
from rag.answerers.base import Draft
from rag.answerers.base import Question as Asked
from rag.assistant import Assistant
from rag.datatypes import Answer, Passage
from rag.evaluation.metrics import score
from rag.evaluation.questions import Question
from rag.evaluation.results import Result
from rag.evaluation.runner import GIVE_UP_AFTER
from rag.evaluation.tune import Step, _ask, _fit_threshold, _step, choose, held_out, steps_of, tune
from rag.settings import Settings

MakeAnswer = Callable[..., Answer]


def strata(n: int) -> np.ndarray:
    return np.zeros(n, dtype=int)


def step_of(scores: np.ndarray, present: int) -> Step:
    options = [{"dense_weight": float(n)} for n in range(scores.shape[1])]
    return _step("ranking", "ndcg", scores, options, present, strata(len(scores)))


def test_an_option_that_is_better_everywhere_is_found_and_taken() -> None:
    scores = np.tile([0.2, 0.5, 0.9], (40, 1))
    step = step_of(scores, 1)
    assert (step.fitted, step.before, step.better) == ({"dense_weight": 2.0}, 0.5, True)
    assert step.after == pytest.approx(0.9)


def test_noise_does_not_change_settings() -> None:
    taken = 0
    for seed in range(30):
        scores = np.random.default_rng(seed).random((40, 12))
        taken += step_of(scores, 5).better
    assert taken <= 2


def test_what_is_held_out_is_scored_by_a_choice_that_never_saw_it() -> None:
    scores = np.full((10, 3), 0.5)
    scores[0] = [0.5, 1.0, 0.0]  # one question that likes option 1 cannot choose it for itself
    after = held_out(scores, 0, strata(10), folds=10)
    assert after[0] == 0.5
    assert list(after[1:]) == [0.5] * 9


def test_folds_share_out_every_class() -> None:
    classes = np.array([0] * 20 + [1] * 5)
    scores = np.zeros((25, 2))
    scores[classes == 1, 1] = 1.0
    assert held_out(scores, 0, classes)[classes == 1].tolist() == [1.0] * 5


@pytest.mark.parametrize(
    ("means", "present", "expected"),
    [
        ([0.5, 0.5, 0.4], 1, 1),  # the present one wins ties
        ([0.9, 0.9, 0.9, 0.1, 0.5], 4, 1),  # the middle of the best stretch
        ([0.9, 0.1, 0.9, 0.9, 0.2], 1, 0),  # of two stretches the nearer
    ],
)
def test_the_choice_among_equals(means: Sequence[float], present: int, expected: int) -> None:
    assert choose(np.array([means]), present) == expected


def test_a_threshold_between_right_and_wrong_confidence_is_found(make_answer: MakeAnswer) -> None:
    results = []
    for n in range(60):
        silent = n % 3 == 0
        question = Question(
            id=f"q{n:02d}", question="几家？", language="zh",
            answers=() if silent else ("12家",), type="unanswerable" if silent else "fact",
        )  # fmt: skip
        answer = make_answer(text="3家" if silent else "12家", confidence=0.5 + n / 1000 if silent else 0.8)
        results.append(Result(question=question, answer=answer, scores=score(question, answer)))
    step = _fit_threshold(Settings(refusal_threshold=0.3), results)
    assert step.better
    assert 0.56 < step.fitted["refusal_threshold"] <= 0.8
    assert step.before == pytest.approx(40 / 60)
    assert step.after == 1.0


def test_too_few_questions_are_refused_with_a_way_out() -> None:
    questions = [Question(id="q", question="几家？", answers=("12家",), type="fact", language="zh")]
    nobody: Any = type("Nobody", (), {"settings": Settings()})()
    with pytest.raises(QuestionsError, match=r"1 questions with answers are too few .* chuchu questions"):
        tune(nobody, questions)
    assert steps_of(questions) == 2


class Handed:
    """A person's own answerer, which knows one answer and counts how often it is asked."""

    fingerprint = "handed"
    asked = 0

    def stream(self, question: Asked, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        self.asked += 1
        yield Draft(answered=True, text="42吨。", short_answer="42吨", confidence=0.9)


def test_an_answerer_that_was_handed_in_is_the_one_that_is_asked(
    tmp_path: Path, fake_embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "茶园.txt"
    text.write_text("青岭茶园2023年产茶叶42吨。", encoding="utf-8")
    known = [Question(id=f"a{n:02d}", question="产茶叶多少吨？", answers=("42吨",)) for n in range(20)]
    silent = [Question(id=f"s{n}", question="谁？", answers=(), type="unanswerable") for n in range(5)]
    fits = step_of(np.full((20, 2), 0.5), 0)
    monkeypatch.setattr("rag.evaluation.tune._fit_ranking", lambda *_: fits)
    with Assistant.create(tmp_path / "library", embedder=fake_embedder) as made:
        made.ingest(text)
        handed = Handed()
        tuning = tune(Assistant(made.library, embedder=fake_embedder, answerer=handed), [*known, *silent])
    assert handed.asked == 25
    assert tuning.steps == (fits,)
    assert "handed in" in tuning.skipped[0]


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def ask(self, *_: Any, **__: Any) -> Answer:
        raise self.error


def test_a_model_that_cannot_be_reached_is_asked_a_few_times_only() -> None:
    questions = [Question(id=str(n), question="几家？", answers=("3家",)) for n in range(50)]
    asked: list[int] = []
    with pytest.raises(AnswererError, match=r"times in a row \(the server is away\)"):
        _ask(cast(Assistant, Failing(AnswererError("the server is away"))), questions, asked.append)
    assert len(asked) < GIVE_UP_AFTER


def test_questions_with_errors_of_their_own_are_all_asked() -> None:
    questions = [Question(id=str(n), question="几家？", answers=("3家",)) for n in range(50)]
    failing = cast(Assistant, Failing(QueryError("no document is called 2023")))
    assert len(_ask(failing, questions, lambda _: None)) == 50
