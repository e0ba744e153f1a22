"""Runs: the folder, going on after an interruption, workers, conversations, errors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from index.errors import AnswererError, QueryError, QuestionsError
from rag.datatypes import Answer
from rag.evaluation.questions import Question, QuestionSet
from rag.evaluation.runner import WARM_UP, Run, end, evaluate, write_texts
from rag.settings import Settings

MakeAnswer = Callable[..., Answer]
Scripted = Callable[..., Any]

FACTS = {"甲有几家工厂？": "12家", "乙有几家工厂？": "7家", "丙有几家工厂？": "3家", "丁有几家工厂？": "9家"}
SILENT = "戊有几家工厂？"


@pytest.fixture
def asked() -> QuestionSet:
    known = [
        Question(
            id=f"q{n}",
            question=text,
            answers=(gold,),
            evidence=(f"有{gold}工厂",),
            type="fact",
            language="zh",
        )
        for n, (text, gold) in enumerate(FACTS.items())
    ]
    silent = Question(id="q9", question=SILENT, answers=(), type="unanswerable", language="zh")
    return QuestionSet(path="q.jsonl", questions=(*known, silent))


@pytest.fixture
def script(make_answer: MakeAnswer) -> dict[str, Answer | BaseException]:
    """Right on the first three, wrong on the fourth, refusing where the documents do not say."""
    replies: dict[str, Answer | BaseException] = {
        text: make_answer(
            question=text,
            text=f"{gold}。“有{gold}工厂”[1]",
            short_answer=gold,
            passages=[f"有{gold}工厂。"],
            cite=[1],
            confidence=0.9,
        )
        for text, gold in FACTS.items()
    }
    replies["丁有几家工厂？"] = make_answer(text="8家", passages=["别的。"], cite=[1], confidence=0.6)
    replies[SILENT] = make_answer(text="没有找到", status="unanswerable", confidence=0.1)
    return replies


def values(run: Run) -> dict[str, float | None]:
    return {name: entry["value"] for name, entry in run.metrics["overall"].items()}


def test_a_run_counts_what_was_right(asked: QuestionSet, script: Any, scripted_assistant: Scripted) -> None:
    run = evaluate(scripted_assistant(script), asked)
    found = values(run)
    assert found["answer_accuracy"] == 0.75
    assert found["short_exact_match"] == 0.75
    assert found["retrieval_recall@1"] == 0.75
    assert found["citation_precision"] == 0.75
    assert found["refusal_auroc"] == found["refusal_precision"] == found["refusal_recall"] == 1.0
    assert found["latency_p50_s"] == 0.25
    assert run.metrics["overall"]["answer_accuracy"]["n"] == 4
    assert run.metrics["failures"]["not_retrieved"] == 1
    assert set(run.metrics["by_type"]) == {"fact", "unanswerable"}
    assert set(run.metrics["by_language"]) == {"zh"}
    assert run.folder is None


def test_the_folder_holds_the_same_in_every_form(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    run = evaluate(scripted_assistant(script), asked, tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "metrics.json", "report.html", "results.csv", "results.jsonl", "run.json",
    ]  # fmt: skip
    loaded = Run.load(tmp_path / "run")
    assert loaded.results == run.results
    assert loaded.metrics == json.loads(json.dumps(run.metrics))
    table = list(
        csv.DictReader(io.StringIO((tmp_path / "run" / "results.csv").read_text(encoding="utf-8-sig")))
    )
    assert [row["id"] for row in table] == [result.question.id for result in run.results]
    assert [row["answer_accuracy"] for row in table] == ["1.0", "1.0", "1.0", "0.0", ""]
    assert "有12家工厂" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("workers", [1, 3])
def test_neither_workers_nor_order_change_the_numbers(
    asked: QuestionSet, script: Any, scripted_assistant: Scripted, workers: int
) -> None:
    forth = evaluate(scripted_assistant(script), asked)
    backwards = replace(asked, questions=tuple(reversed(asked.questions)))
    back = evaluate(scripted_assistant(script), backwards, workers=workers)
    assert forth.metrics == back.metrics
    assert tuple(reversed(back.results)) == forth.results


def test_an_interrupted_run_asks_only_what_is_missing(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    whole = evaluate(scripted_assistant(script), asked)
    broken = scripted_assistant({**script, "丙有几家工厂？": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        evaluate(broken, asked, tmp_path)
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write('{"question": {"id": "q2", "question": "丙'.encode()[:-1])  # torn by the kill
    second = scripted_assistant(script)
    run = evaluate(second, asked, tmp_path)
    first = asked.questions[2].question
    assert [text for text, _, _ in second.asked] == [WARM_UP, first, "丁有几家工厂？", SILENT]
    assert run.metrics == whole.metrics


@pytest.mark.parametrize("workers", [1, 3])
def test_a_stopped_run_is_a_finished_one_of_fewer_questions_and_can_go_on(
    workers: int, asked: QuestionSet, script: Any, scripted_assistant: Scripted, tmp_path: Path
) -> None:
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count

    evaluate(
        scripted_assistant(script),
        asked,
        tmp_path / "run",
        workers=workers,
        progress=progress,
        stop=lambda: done >= 2,
    )
    stopped = Run.load(tmp_path / "run")
    assert 2 <= len(stopped.results) < len(asked.questions)
    assert stopped.info["left_out"] == len(asked.questions) - len(stopped.results)
    assert "stopped" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    again = scripted_assistant(script)
    whole = evaluate(again, asked, tmp_path / "run")
    assert len([q for q, *_ in again.asked if q != WARM_UP]) == stopped.info["left_out"]
    assert (len(whole.results), whole.info["left_out"]) == (len(asked.questions), 0)
    assert values(whole) == values(evaluate(scripted_assistant(script), asked))


def test_a_run_stopped_before_the_first_answer_says_so(
    asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    with pytest.raises(QuestionsError, match="before the first answer"):
        evaluate(scripted_assistant(script), asked, stop=lambda: True)


def test_a_finished_run_is_not_asked_again(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    first = evaluate(scripted_assistant(script), asked, tmp_path)
    second = scripted_assistant(script)
    assert evaluate(second, asked, tmp_path).metrics == first.metrics
    assert second.asked == []


def written_by(folder: Path, **changes: Any) -> dict[str, Any]:
    """Make a folder's run one of other versions, machine or workers; return its run.json."""
    path = folder / "run.json"
    info: dict[str, Any] = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(info), encoding="utf-8")
    return info


def test_a_run_that_is_not_asked_again_keeps_what_it_was_made_by(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    versions = evaluate(scripted_assistant(script), asked, tmp_path).info["versions"]
    changes = {"versions": {**versions, "torch": "1.0"}, "machine": {"cpu": "older"}, "workers": 9}
    begun = written_by(tmp_path, **changes)
    again = evaluate(scripted_assistant(script), asked, tmp_path).info
    assert {**again, "finished": ""} == {**begun, "finished": ""}


def test_a_run_that_goes_on_tells_by_what_both_parts_were_made(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    broken = {**script, "乙有几家工厂？": QueryError("the question is too long")}
    evaluate(scripted_assistant(broken), asked, tmp_path)
    begun = written_by(tmp_path, machine={"cpu": "older"})
    run = evaluate(scripted_assistant(script), asked, tmp_path, workers=2)
    assert [run.info[part] for part in ("date", "machine", "workers")] == [begun["date"], {"cpu": "older"}, 1]
    (later,) = run.info["continued"]
    assert (later.keys(), later["workers"]) == ({"date", "machine", "workers"}, 2)
    assert "后来在以下条件下继续" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert evaluate(scripted_assistant(script), asked, tmp_path).info["continued"] == [later]


def test_another_version_makes_another_run(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    evaluate(scripted_assistant(script), asked, tmp_path)
    written_by(tmp_path, versions={"chuchu": "0.0.1"})
    with pytest.raises(QuestionsError, match=r"another run \(chuchu: 0.0.1 there, .* now\)"):
        evaluate(scripted_assistant(script), asked, tmp_path)


def test_a_folder_with_another_run_is_left_alone_unless_told(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    evaluate(scripted_assistant(script), asked, tmp_path)
    fewer = replace(asked, questions=asked.questions[:2])
    with pytest.raises(QuestionsError, match=r"another run .*--overwrite"):
        evaluate(scripted_assistant(script), fewer, tmp_path)
    assert len(evaluate(scripted_assistant(script), fewer, tmp_path, overwrite=True).results) == 2


def test_other_settings_make_another_run(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    first, second = scripted_assistant(script), scripted_assistant(script)
    first.settings, second.settings = _Settings(0.5), _Settings(0.7)
    evaluate(first, asked, tmp_path)
    with pytest.raises(QuestionsError, match=r"refusal_threshold: 0.5 there, 0.7 now"):
        evaluate(second, asked, tmp_path)


class _Settings:
    def __init__(self, refusal_threshold: float) -> None:
        self.refusal_threshold = refusal_threshold

    def model_dump(self, *, mode: str) -> dict[str, float]:
        return {"refusal_threshold": self.refusal_threshold}


def test_a_foreign_folder_is_not_written_into(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(QuestionsError, match=r"holds a report.html without run.json"):
        evaluate(scripted_assistant(script), asked, tmp_path)
    assert (tmp_path / "report.html").read_text() == "mine"


def test_two_runs_into_one_folder_do_not_mix(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    with FileLock(tmp_path / ".lock"), pytest.raises(QuestionsError, match="another evaluation is writing"):
        evaluate(scripted_assistant(script), asked, tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_line(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QuestionsError, match="cannot be written to"):
        evaluate(scripted_assistant(script), asked, tmp_path / "file" / "run")


def test_one_error_is_kept_and_counts_as_wrong_and_is_tried_again(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    broken = {**script, "乙有几家工厂？": QueryError("the question is too long")}
    run = evaluate(scripted_assistant(broken), asked, tmp_path)
    assert run.results[1].error == "the question is too long"
    assert values(run)["answer_accuracy"] == 0.5
    assert run.metrics["failures"]["error"] == 1
    assert values(evaluate(scripted_assistant(script), asked, tmp_path))["answer_accuracy"] == 0.75


def test_a_bug_in_answering_is_kept_as_an_error_too(
    asked: QuestionSet, script: Any, scripted_assistant: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    run = evaluate(scripted_assistant({**script, "乙有几家工厂？": ZeroDivisionError("by zero")}), asked)
    assert run.results[1].error == "ZeroDivisionError: by zero"
    assert "Traceback" in caplog.text


def test_a_server_that_is_gone_stops_the_run_and_keeps_what_is_done(
    tmp_path: Path, script: Any, scripted_assistant: Scripted, asked: QuestionSet
) -> None:
    many = tuple(Question(id=f"x{n}", question="坏？", language="zh") for n in range(9))
    questions = replace(asked, questions=(*asked.questions, *many))
    broken = scripted_assistant({**script, "坏？": AnswererError("no server at localhost")})
    with pytest.raises(AnswererError, match=r"5 times in a row \(no server at localhost\)"):
        evaluate(broken, questions, tmp_path)
    assert len((tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()) == 10
    with pytest.raises(QuestionsError, match="was not finished"):
        Run.load(tmp_path)


def test_an_interrupted_run_can_be_ended_with_what_it_has_and_still_goes_on(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    broken = scripted_assistant({**script, "丙有几家工厂？": KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        evaluate(broken, asked, tmp_path)
    run = end(tmp_path, "no power")
    assert run is not None
    assert Run.load(tmp_path).results == run.results
    assert [result.question.id for result in run.results] == ["q0", "q1"]
    assert (run.info["left_out"], run.info["interrupted_by"]) == (3, "no power")
    assert "no power" in (tmp_path / "report.html").read_text(encoding="utf-8")
    with pytest.raises(QuestionsError, match="was not interrupted"):
        end(tmp_path)
    whole = evaluate(scripted_assistant(script), asked, tmp_path)
    assert (len(whole.results), "interrupted_by" in whole.info) == (5, False)


def test_an_interrupted_run_without_an_answer_is_not_ended(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    gone: dict[str, Any] = dict.fromkeys(script, AnswererError("no server at localhost"))
    with pytest.raises(AnswererError, match="5 times in a row"):
        evaluate(scripted_assistant(gone), asked, tmp_path)
    assert end(tmp_path) is None
    with FileLock(tmp_path / ".lock"), pytest.raises(QuestionsError, match="another evaluation is writing"):
        end(tmp_path)


def test_questions_with_errors_of_their_own_stop_nothing(
    script: Any, scripted_assistant: Scripted, asked: QuestionSet
) -> None:
    many = tuple(Question(id=f"x{n}", question="坏？", language="zh") for n in range(9))
    broken = scripted_assistant({**script, "坏？": QueryError("no document is called 2023")})
    run = evaluate(broken, replace(asked, questions=(*many, *asked.questions)))
    assert run.metrics["failures"]["error"] == 9
    assert values(run)["answer_accuracy"] == 0.75


def test_a_question_with_an_error_of_its_own_does_not_hide_that_the_server_is_gone(
    script: Any, scripted_assistant: Scripted, asked: QuestionSet
) -> None:
    errors = (AnswererError("no server"), QueryError("no document is called 2023"))
    texts = ("坏？", "错？")
    many = tuple(Question(id=f"x{n}", question=texts[n % 2], language="zh") for n in range(20))
    broken = scripted_assistant({**script, **dict(zip(texts, errors, strict=True))})
    with pytest.raises(AnswererError, match="5 times in a row"):
        evaluate(broken, replace(asked, questions=many))
    assert len(broken.asked) == 1 + 9


def test_earlier_questions_are_asked_first_and_handed_on_with_their_answers(
    make_answer: MakeAnswer, scripted_assistant: Scripted
) -> None:
    script = {
        "甲在哪里？": make_answer(text="在河边。"),
        "乙呢？": make_answer(text="在山上。"),
        "丙呢？": make_answer(),
    }
    assistant = scripted_assistant(script)
    question = Question(
        id="q", question="丙呢？", history=("甲在哪里？", "乙呢？"), scope=("*2023*",), language="zh"
    )
    evaluate(assistant, QuestionSet(path="q", questions=(question,)))
    assert assistant.asked[1:] == [
        ("甲在哪里？", (), ("*2023*",)),
        ("乙呢？", (("甲在哪里？", "在河边。"),), ("*2023*",)),
        ("丙呢？", (("甲在哪里？", "在河边。"), ("乙呢？", "在山上。")), ("*2023*",)),
    ]


def test_questions_without_answers_measure_time_and_confidence_only(
    make_answer: MakeAnswer, scripted_assistant: Scripted
) -> None:
    question = Question(id="q", question="几家工厂？", language="zh")
    run = evaluate(
        scripted_assistant({"几家工厂？": make_answer(text="12家")}),
        QuestionSet(path="q", questions=(question,)),
    )
    found = run.metrics["overall"]
    assert {name for name, entry in found.items() if entry["value"] is not None} == {
        "latency_p50_s",
        "latency_p95_s",
    }
    assert found["answer_accuracy"] == {"value": None, "low": None, "high": None, "n": 0}
    assert run.metrics["measured"] == 0


def test_a_deeper_search_tells_ranked_low_from_not_retrieved(
    asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    class Searching(scripted_assistant):  # type: ignore[misc, valid-type]
        def search(self, query: str, k: int = 10, *, documents: Any = ()) -> list[Any]:
            texts = ["别的"] * 30 + ["有9家工厂"]
            return [type("Hit", (), {"chunk": type("Chunk", (), {"text": text})}) for text in texts[:k]]

    wrong = evaluate(Searching(script), asked).results[3]
    assert (wrong.failure, wrong.search_rank) == ("ranked_low", 31)


def test_progress_counts_every_question_once(
    tmp_path: Path, asked: QuestionSet, script: Any, scripted_assistant: Scripted
) -> None:
    for _ in range(2):  # the second time from the folder
        steps: list[int] = []
        evaluate(scripted_assistant(script), asked, tmp_path, progress=steps.append)
        assert sum(steps) == 5


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "{", "could not be read"),
        ("run.json", "[]", "holds no object"),
        ("results.jsonl", "{}\n", "line 1: not a result"),
        ("metrics.json", None, "metrics.json is missing"),
    ],
)
def test_a_damaged_run_folder_is_named(
    tmp_path: Path,
    asked: QuestionSet,
    script: Any,
    scripted_assistant: Scripted,
    name: str,
    content: Any,
    message: str,
) -> None:
    evaluate(scripted_assistant(script), asked, tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(QuestionsError, match=message):
        Run.load(tmp_path)


def test_texts_are_written_as_files(tmp_path: Path) -> None:
    folder = write_texts({"甲.txt": "一。", "b.txt": "two"}, tmp_path / "texts")
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        "甲.txt": "一。",
        "b.txt": "two",
    }


@pytest.mark.parametrize(
    ("answerer", "workers"),
    [("extractive", 1), ("openai:http://localhost:1/v1#m", 1), ("openai:https://models.example/v1#m", 4)],
)
def test_only_servers_are_asked_several_questions_at_a_time(
    asked: QuestionSet, script: Any, scripted_assistant: Scripted, answerer: str, workers: int
) -> None:
    assistant = scripted_assistant(script)
    assistant.settings = Settings(answerer=answerer)
    assert evaluate(assistant, asked).info["workers"] == workers
