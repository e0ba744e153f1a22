"""The Evaluate page's actions without a browser: stopping, leaving, several users."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import AnswererError, LibraryError
from rag.assistant import Assistant
from rag.datatypes import Answer
from rag.evaluation.runner import WARM_UP
from tests.conftest import build_answer
from ui.choices import Choices
from ui.conversations import LibraryConversations
from ui.evaluating import Evaluating


class SlowAssistant(Assistant):
    """Takes a twentieth of a second to answer anything with "42吨"."""

    def ask(self, question: str, **options: object) -> Answer:
        time.sleep(0.05)
        return build_answer(question=question, text="42吨", passages=["产茶42吨。"], cite=[1])


@pytest.fixture
def evaluating(tmp_path: Path) -> Iterator[Evaluating]:
    (tmp_path / "茶园.txt").write_text("青岭茶园2023年产茶叶42吨。\n", encoding="utf-8")
    with SlowAssistant.create(tmp_path / "library") as assistant:
        assistant.ingest(tmp_path / "茶园.txt")
        (tmp_path / "uploads").mkdir()
        yield Evaluating(Choices(assistant), LibraryConversations(), tmp_path / "uploads")


def questions(evaluating: Evaluating, count: int = 100) -> dict[str, object]:
    path = evaluating._uploaded / "q.csv"
    path.write_text(
        "question,answers\n" + "".join(f"第{n}问？,42吨\n" for n in range(count)), encoding="utf-8"
    )
    return {"file": {"path": str(path), "name": "q.csv"}}


def listed(evaluating: Evaluating, user: str) -> int:
    return str(evaluating.runs(user, {}, "zh")["html"]).count('data-do="open_run"')


def wait_for_the_turn(evaluating: Evaluating) -> None:
    assert evaluating._turn.acquire(timeout=60)  # a busy machine takes long to draw the plots
    evaluating._turn.release()


def test_a_run_that_is_stopped_is_listed_and_another_users_stop_does_nothing(evaluating: Evaluating) -> None:
    steps = evaluating.evaluate("anna", questions(evaluating), "zh")
    assert [next(steps)["done"] for _ in range(3)] == [False] * 3
    evaluating.stop("bo", {}, "zh")
    assert next(steps)["done"] is False
    evaluating.stop("anna", {}, "zh")
    last = list(steps)[-1]
    assert "提前停止" in last["html"]
    assert (listed(evaluating, "anna"), listed(evaluating, "bo")) == (1, 0)


def test_a_run_whose_browser_has_gone_ends_and_is_listed(evaluating: Evaluating) -> None:
    steps = evaluating.evaluate("anna", questions(evaluating), "zh")
    assert [next(steps)["done"] for _ in range(3)] == [False] * 3
    steps.close()  # type: ignore[attr-defined]
    busy = list(evaluating.evaluate("bo", questions(evaluating), "zh"))
    assert "另一次评测" in busy[-1]["error"]
    wait_for_the_turn(evaluating)
    assert listed(evaluating, "anna") == 1


def test_a_bad_file_is_told_and_leaves_nothing_behind(evaluating: Evaluating) -> None:
    (evaluating._uploaded / "q.csv").write_text("nothing\n1\n", encoding="utf-8")
    values = {"file": {"path": str(evaluating._uploaded / "q.csv"), "name": "q.csv"}}
    assert list(list(evaluating.evaluate("anna", values, "zh"))[-1]) == ["done", "error"]
    wait_for_the_turn(evaluating)
    assert listed(evaluating, "anna") == 0


def test_names_that_are_made_safe_alike_do_not_share_runs(evaluating: Evaluating) -> None:
    folders = {evaluating._folder(user) for user in ("a", ".a", "a.", "con", "_con", "..", "local")}
    assert len(folders) == 7
    assert {folder.parent for folder in folders} == {evaluating._library.folder / "runs"}


def test_who_answers_is_chosen_and_told(evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def lend(key: str) -> Assistant:
        asked.append(key)
        return evaluating._choices.default

    monkeypatch.setattr(evaluating._choices, "assistant", lend)
    last = list(evaluating.evaluate("anna", {**questions(evaluating, 2), "answerer": "abc"}, "en"))[-1]
    assert asked == ["abc"]
    assert "2 questions · Extracts" in last["html"]
    assert "2 questions · Extracts" in str(evaluating.runs("anna", {}, "en")["html"])


def test_an_answerer_that_is_not_offered_is_told_and_ends_the_turn(evaluating: Evaluating) -> None:
    (told,) = evaluating.evaluate("anna", {**questions(evaluating, 2), "answerer": "gone"}, "en")
    assert "not offered any more" in told["error"]
    wait_for_the_turn(evaluating)


class BreakingAssistant(SlowAssistant):
    """Answers a number of questions; then its model is gone."""

    answers = 3

    def ask(self, question: str, **options: object) -> Answer:
        if question == WARM_UP:
            return build_answer()
        self.answers -= 1
        if self.answers < 0:
            raise AnswererError("no server at localhost")
        return super().ask(question, **options)


@pytest.mark.parametrize(("answers", "runs"), [(3, 1), (0, 0)])
def test_a_run_that_breaks_off_keeps_its_answers_and_tells_why(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch, answers: int, runs: int
) -> None:
    breaking = BreakingAssistant(evaluating._library, settings=evaluating._choices.default.settings)
    breaking.answers = answers
    monkeypatch.setattr(evaluating._choices, "assistant", lambda key: breaking)
    last = list(evaluating.evaluate("anna", questions(evaluating), "en"))[-1]
    if runs:
        assert "92 questions not asked" in last["html"]
        assert "ended early because of an error: no server at localhost<" in last["html"]
    else:
        assert "no server at localhost" in last["error"]
    wait_for_the_turn(evaluating)
    assert (listed(evaluating, "anna"), len(list(evaluating._folder("anna").glob("*")))) == (runs, runs)


def test_a_run_that_fails_before_it_begins_leaves_nothing_behind(
    evaluating: Evaluating, monkeypatch: pytest.MonkeyPatch
) -> None:
    def describe(*given: object, **options: object) -> dict[str, object]:
        raise LibraryError("the library is damaged")

    monkeypatch.setattr("rag.evaluation.runner.describe", describe)
    last = list(evaluating.evaluate("anna", questions(evaluating, 2), "en"))[-1]
    assert "the library is damaged" in last["error"]
    assert not list(evaluating._folder("anna").glob("*"))


def interrupted(evaluating: Evaluating, user: str, name: str, lines: int) -> Path:
    """Leave of a run of three questions what a killed server leaves."""
    list(evaluating.evaluate(user, questions(evaluating, 3), "zh"))
    wait_for_the_turn(evaluating)
    (made,) = evaluating._folder(user).glob("*")
    folder = made.rename(made.with_name(name))
    info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**info, "state": "running"}), encoding="utf-8")
    (folder / "metrics.json").unlink()
    kept = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
    (folder / "results.jsonl").write_text("".join(kept), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("lines", "runs"), [(2, 1), (0, 0)])
def test_what_a_killed_server_left_of_a_run_is_listed(evaluating: Evaluating, lines: int, runs: int) -> None:
    folder = interrupted(evaluating, "anna", "20240102-030405", lines)
    assert evaluating._turn.acquire(blocking=False)
    assert listed(evaluating, "anna") == 0, "it may be the one under way"
    assert folder.exists()
    evaluating._turn.release()
    assert listed(evaluating, "anna") == runs
    assert folder.exists() == bool(runs)
    if runs:
        assert "还有 1 题没有问" in evaluating.run("anna", {"run": folder.name}, "zh")["html"]


def test_a_folder_of_another_name_does_not_hide_the_runs(evaluating: Evaluating) -> None:
    list(evaluating.evaluate("anna", questions(evaluating, 2), "zh"))
    wait_for_the_turn(evaluating)
    (run,) = evaluating._folder("anna").glob("*")
    for name in ("baseline", f"{run.name}-copy", "99999999-999999"):
        shutil.copytree(run, run.with_name(name))
    assert listed(evaluating, "anna") == 1
    assert len(list(evaluating._folder("anna").glob("*"))) == 4
