"""Two runs, question by question."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.errors import QuestionsError
from rag.datatypes import Answer
from rag.evaluation.compare import compare, compare_html, gain, write_comparison
from rag.evaluation.questions import Question, QuestionSet
from rag.evaluation.runner import Run, evaluate

MakeAnswer = Callable[..., Answer]


@pytest.fixture
def run_of(make_answer: MakeAnswer, scripted_assistant: Any) -> Callable[[str], Run]:
    """Runs over questions of which those with a 1 in the pattern are answered right; the last is unanswerable."""

    def build(pattern: str) -> Run:
        questions = [
            Question(
                id=f"q{n:02d}",
                question=f"第{n}个镇有几家工厂？",
                answers=("12家",),
                type="fact",
                language="zh",
            )
            for n in range(len(pattern) - 1)
        ]
        questions.append(
            Question(id="silent", question="谁？", answers=(), type="unanswerable", language="zh")
        )
        script = {
            q.question: make_answer(
                text="12家" if right == "1" else "3家", short_answer="12家" if right == "1" else "3家"
            )
            for q, right in zip(questions[:-1], pattern, strict=False)
        }
        script["谁？"] = make_answer(
            text="李", status="unanswerable" if pattern[-1] == "1" else "answered", confidence=0.3
        )
        return evaluate(scripted_assistant(script), QuestionSet(path="q", questions=tuple(questions)))

    return build


def test_differences_are_paired_and_the_questions_that_changed_are_listed(
    run_of: Callable[[str], Run],
) -> None:
    comparison = compare(run_of("000000000111"), run_of("111111111011"))
    accuracy = next(d for d in comparison.differences if d.name == "answer_accuracy")
    assert (accuracy.first, accuracy.second, accuracy.n) == (0.181818, 0.909091, 11)
    assert accuracy.difference == pytest.approx(8 / 11, abs=1e-6)
    assert accuracy.p == pytest.approx(
        2 * 11 / 2**10, abs=1e-6
    )  # ten changed, one for the worse: the sign test
    assert accuracy.verdict == "better"
    assert accuracy.low is not None
    assert 0 < accuracy.low < 8 / 11
    assert [change.first.question.id for change in comparison.better] == [f"q{n:02d}" for n in range(9)]
    assert [change.first.question.id for change in comparison.worse] == ["q09"]


def test_one_changed_question_is_no_proof(run_of: Callable[[str], Run]) -> None:
    comparison = compare(run_of("1111111111"), run_of("0111111111"))
    assert {d.verdict for d in comparison.differences} == {"same"}
    assert len(comparison.worse) == 1


def test_a_run_against_itself_differs_in_nothing(run_of: Callable[[str], Run]) -> None:
    run = run_of("10101")
    comparison = compare(run, run)
    assert all(d.difference == 0 and d.p == 1 for d in comparison.differences if d.difference is not None)
    assert (comparison.better, comparison.worse, comparison.settings) == ((), (), ())


def test_refusing_rightly_is_a_gain(run_of: Callable[[str], Run]) -> None:
    first, second = run_of("10"), run_of("11")
    assert gain(first.results[-1], second.results[-1]) == 1.0
    assert gain(second.results[-1], first.results[-1]) == -1.0


def test_runs_over_different_questions_are_refused_and_the_ids_named(run_of: Callable[[str], Run]) -> None:
    with pytest.raises(QuestionsError, match=r"only in the second: q04, q05\)"):
        compare(run_of("11111"), run_of("1111111"))
    first, second = run_of("1111"), run_of("1111")
    other = second.results[1].question.model_copy(update={"answers": ("13家",)})
    changed = replace(
        second, results=(second.results[0], replace(second.results[1], question=other), *second.results[2:])
    )
    with pytest.raises(QuestionsError, match=r"same id but another question, answer or evidence: q01"):
        compare(first, changed)


def test_settings_that_differ_stand_at_the_top(run_of: Callable[[str], Run], tmp_path: Path) -> None:
    first, second = run_of("1011"), run_of("1101")
    second = replace(second, info={**second.info, "settings": {"dense_weight": 0.7}}, folder=tmp_path)
    comparison = compare(first, second)
    assert comparison.settings == (("dense_weight", None, 0.7),)
    page = compare_html(comparison)
    assert page.index("dense_weight") < page.index("answer_accuracy")
    assert page.count("<details") == 2


@pytest.mark.parametrize(("name", "page"), [("c.html", "c.html"), ("folder", "folder/compare.html")])
def test_the_page_and_its_figures_are_written(
    run_of: Callable[[str], Run], tmp_path: Path, name: str, page: str
) -> None:
    comparison = compare(run_of("1011"), run_of("1101"))
    assert write_comparison(comparison, tmp_path / name) == tmp_path / page
    figures = json.loads((tmp_path / page).with_suffix(".json").read_text(encoding="utf-8"))
    assert figures["better"] == [{"id": "q01", "gain": 1.05}]  # right now, and F1 rose by a half
    assert figures["metrics"][0]["name"] == "answer_accuracy"


def test_a_page_that_cannot_be_written_is_one_clear_line(
    run_of: Callable[[str], Run], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QuestionsError, match="cannot be written"):
        write_comparison(compare(run_of("11"), run_of("11")), tmp_path / "file" / "c.html")
