"""The Evaluate page's actions without a browser: stopping, leaving, several users."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.datatypes import Answer
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
    assert evaluating._turn.acquire(timeout=5)
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
