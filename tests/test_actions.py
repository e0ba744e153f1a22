"""What the page can ask for, without a browser: on a small library with a scripted answerer."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from index.errors import AnswererError, LibraryBusyError
from index.ingest import IngestReport
from rag.answerers.base import Claim, Draft, Question
from rag.assistant import Assistant
from rag.datatypes import Passage
from ui.actions import Actions
from ui.choices import Choices
from ui.conversations import LibraryConversations

TEXT = "青岭茶园2023年产茶叶42吨。\n\n青岭茶园的主人是陆云起。\n"


class FirstSentence:
    """Quotes the first passage whole; raises what it was told to."""

    fingerprint = "first"
    error: Exception | None = None

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        if self.error is not None:
            raise self.error
        if not passages:
            yield Draft(answered=False, text="没有。", short_answer="", confidence=0.1)
            return
        text = f"“{passages[0].text}”[1]"
        yield text
        claim = Claim(start=0, end=len(text), number=1, passage=1, quotes=((0, len(passages[0].text)),))
        yield Draft(answered=True, text=text, short_answer="42吨", confidence=0.9, claims=(claim,))


@pytest.fixture
def actions(tmp_path: Path) -> Iterator[Actions]:
    file = tmp_path / "茶园.txt"
    file.write_text(TEXT, encoding="utf-8")
    with Assistant.create(tmp_path / "library") as assistant:
        assistant._answerer = FirstSentence()
        assistant.ingest(file)
        yield Actions(Choices(assistant), LibraryConversations(), tmp_path / "uploads")


def ask(actions: Actions, user: str = "anna", **values: Any) -> dict[str, Any]:
    steps = list(actions.ask(user, {"question": "产茶叶多少吨？"} | values, "zh"))
    return steps[-1]


def test_asking_goes_through_its_phases_and_is_kept(actions: Actions) -> None:
    steps = list(actions.ask("anna", {"question": "产茶叶多少吨？"}, "zh"))
    assert [step["phase"] for step in steps] == ["searching", "passages", "text", "text", "answer"]
    kept = actions.conversations.messages("anna", steps[-1]["conversation"])
    assert [(m.id, m.question) for m in kept] == [(steps[-1]["message"], "产茶叶多少吨？")]


def test_a_replaced_message_goes_with_all_after_it_once_the_new_answer_is_there(actions: Actions) -> None:
    first = ask(actions)
    ask(actions, conversation=first["conversation"], question="主人是谁？")
    again = ask(actions, conversation=first["conversation"], replaces=first["message"], question="几吨？")
    questions = [m.question for m in actions.conversations.messages("anna", again["conversation"])]
    assert questions == ["几吨？"]


def test_a_failed_answer_loses_nothing_and_says_why(actions: Actions) -> None:
    first = ask(actions)
    actions.assistant._answerer.error = AnswererError("the model is away; start it")  # type: ignore[union-attr]
    failed = ask(actions, conversation=first["conversation"], replaces=first["message"])
    assert failed == {"phase": "error", "error": "the model is away; start it"}
    assert len(actions.conversations.messages("anna", first["conversation"])) == 1


def test_who_stops_before_the_answer_is_shown_keeps_what_it_was_to_replace(actions: Actions) -> None:
    first = ask(actions)
    values = {"question": "几吨？", "conversation": first["conversation"], "replaces": first["message"]}
    steps = actions.ask("anna", values, "zh")
    shown = [next(steps) for _ in range(4)]  # all but the answer itself, which is made by now
    assert isinstance(steps, Generator)
    steps.close()
    assert shown[-1]["phase"] == "text"
    kept = actions.conversations.messages("anna", first["conversation"])
    assert [m.id for m in kept] == [first["message"]]


@pytest.mark.parametrize("shown", range(5))
def test_a_question_that_was_stopped_at_any_step_ends_there_and_is_not_kept(
    actions: Actions, shown: int
) -> None:
    actions.call("berta", "stop", {"ticket": "a-1"}, "zh")  # another user's
    actions.call("anna", "stop", {"ticket": "a-2"}, "zh")
    steps = actions.ask("anna", {"question": "产茶叶多少吨？", "ticket": "a-1"}, "zh")
    for _ in range(shown):  # with none the word to stop comes before the question
        next(steps)
    actions.call("anna", "stop", {"ticket": "a-1"}, "zh")
    assert list(steps) == []
    assert actions.conversations.list("anna") == []


def test_an_answer_that_cannot_be_kept_is_shown_and_what_it_was_to_replace_stays(
    actions: Actions, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(actions)

    def refuse(*_: Any, **__: Any) -> int:
        raise LibraryBusyError("another program writes to the library; try again in a moment")

    monkeypatch.setattr(actions.conversations, "append", refuse)
    failed = ask(actions, conversation=first["conversation"], replaces=first["message"])
    assert failed["phase"] == "error"
    assert failed["error"].startswith("这个回答没有保存：another program")
    assert "42吨" in failed["html"]
    assert "42吨" in failed["cards"]
    assert len(actions.conversations.messages("anna", first["conversation"])) == 1


def test_what_another_page_asked_meanwhile_outlives_a_retry_and_an_undo(actions: Actions) -> None:
    first = ask(actions)
    here = {"conversation": first["conversation"], "shown": first["message"]}
    ask(actions, conversation=first["conversation"], question="别处问的？")
    again = ask(actions, replaces=first["message"], question="几吨？", **here)
    questions = [m.question for m in actions.conversations.messages("anna", first["conversation"])]
    assert questions == ["别处问的？", "几吨？"]
    ask(actions, conversation=first["conversation"], question="又一次？")
    here["shown"] = again["message"]
    actions.call("anna", "undo", {"message": again["message"], **here}, "zh")
    questions = [m.question for m in actions.conversations.messages("anna", first["conversation"])]
    assert questions == ["别处问的？", "又一次？"]


def test_chosen_documents_that_are_gone_are_told_rather_than_said_to_hold_no_answer(actions: Actions) -> None:
    (document,) = actions.assistant.library.documents()
    actions.assistant.library.remove([document.id])
    failed = ask(actions, documents=[document.id])
    assert failed == {"phase": "error", "error": "选中的文档已经不在文档库里；请重新选择。"}


def test_a_search_of_the_chats_goes_on_when_one_is_renamed_or_deleted(actions: Actions) -> None:
    asked = ask(actions)["conversation"]
    ask(actions, question="主人是谁？")
    values = {"query": "产茶叶多少", "conversation": asked}
    renamed = actions.call("anna", "rename", {**values, "title": "茶"}, "zh")["html"]
    assert renamed.count("<li") == 1
    assert "<b>茶</b>" in renamed
    deleted = actions.call("anna", "delete", values, "zh")["html"]
    assert deleted == '<li class="empty">没有匹配的对话</li>'
    assert "还没有对话" in actions.call("bo", "conversations", {"query": " "}, "zh")["html"]


def test_days_come_with_the_whole_instant_from_which_the_page_makes_the_readers_own(actions: Actions) -> None:
    ask(actions)
    chats = actions.call("anna", "conversations", {}, "zh")["html"]
    stats = actions.call("anna", "stats", {}, "zh")["html"]
    instant = r'<time datetime="(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?\+00:00">\1</time>'
    assert [len(re.findall(instant, html)) for html in (chats, stats)] == [1, 1]


def test_an_internal_error_shows_a_number_that_the_log_explains(
    actions: Actions, caplog: pytest.LogCaptureFixture
) -> None:
    actions.assistant._answerer.error = ZeroDivisionError("secret path")  # type: ignore[union-attr]
    with caplog.at_level(logging.ERROR):
        failed = ask(actions)
    number = failed["error"].partition("编号 ")[2][:8]
    assert "secret" not in failed["error"]
    assert number in caplog.text


def test_another_users_messages_are_out_of_reach(actions: Actions) -> None:
    mine = ask(actions)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("evidence", {"message": mine["message"]}),
        ("reader", {"message": mine["message"], "kind": "cite", "number": 1}),
        ("conversation", {"conversation": mine["conversation"]}),
        ("rename", {"conversation": mine["conversation"], "title": "x"}),
        ("delete", {"conversation": mine["conversation"]}),
        ("undo", {"conversation": mine["conversation"], "message": mine["message"]}),
        ("feedback", {"message": mine["message"], "kind": "up"}),
        ("export", {"conversation": mine["conversation"], "format": "html"}),
        ("follow_ups", {"conversation": mine["conversation"], "message": mine["message"]}),
    ]
    replies = [actions.call("bo", name, values, "zh") for name, values in calls]
    assert [list(reply) for reply in replies] == [["error"]] * len(calls)
    assert ask(actions, user="bo", conversation=mine["conversation"])["phase"] == "error"
    assert len(actions.conversations.messages("anna", mine["conversation"])) == 1


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("nothing", {}),
        ("evidence", {}),
        ("evidence", {"message": "x"}),
        ("reader", {"document": 99}),
        ("page", {"document": 1, "page": 7}),
        ("reader", {"message": 1, "kind": "../x", "number": 1}),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(
    actions: Actions, action: str, values: dict[str, Any]
) -> None:
    reply = actions.call("anna", action, values, "zh")
    assert list(reply) == ["error"]
    assert "Traceback" not in reply["error"]


def test_the_reader_marks_the_cited_words_also_after_the_file_was_read_again(
    actions: Actions, tmp_path: Path
) -> None:
    asked = ask(actions)
    values = {"message": asked["message"], "kind": "cite", "number": 1}
    shown = actions.call("anna", "reader", values, "zh")
    assert '<mark class="quote hit">42吨</mark>' in shown["html"]
    actions.assistant.library.remove(["*"])
    gone = actions.call("anna", "reader", values, "zh")
    assert "gone" in gone
    assert '<mark class="quote hit">42吨</mark>' in gone["html"]
    actions.assistant.ingest(tmp_path / "茶园.txt")
    again = actions.call("anna", "reader", values, "zh")
    assert "gone" not in again
    assert '<mark class="quote hit">42吨</mark>' in again["html"]


def ingest(actions: Actions, *files: Path) -> dict[str, Any]:
    uploads = [{"path": str(file), "name": file.name} for file in files]
    return list(actions.ingest("anna", {"files": uploads}, "zh"))[-1]


def test_who_reads_files_second_waits_for_the_first(
    actions: Actions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = actions.assistant.ingest

    def slowly(paths: Sequence[Path], *, progress: Callable[..., None], **options: Any) -> IngestReport:
        def lingering(*step: Any) -> None:
            sleep(0.1)  # while the library is being written
            progress(*step)

        return real(paths, progress=lingering, **options)

    monkeypatch.setattr(actions.assistant, "ingest", slowly)
    (tmp_path / "uploads").mkdir()
    files = [tmp_path / "uploads" / f"{name}.txt" for name in ("渡口", "风车")]
    for file in files:
        file.write_text(f"{file.stem}去年修好了。", encoding="utf-8")
    with ThreadPoolExecutor() as pool:
        replies = list(pool.map(lambda file: ingest(actions, file), files))
    assert [(reply.get("failed"), reply.get("changed")) for reply in replies] == [(0, True)] * 2
    assert len(actions.assistant.library.documents()) == 3


def test_a_file_over_the_limit_is_refused(actions: Actions, tmp_path: Path) -> None:
    limited = Actions(
        Choices(actions.assistant), actions.conversations, tmp_path / "uploads", max_bytes=1_000
    )
    file = tmp_path / "uploads" / "长卷.txt"
    file.parent.mkdir()
    file.write_text("渡口去年修好了。" * 100, encoding="utf-8")
    assert ingest(limited, file)["failed"] == 1


def test_of_many_conversations_the_rest_are_counted(actions: Actions) -> None:
    answer = actions.conversations.answer("anna", ask(actions)["message"])
    for _ in range(600):
        actions.conversations.append("anna", actions.conversations.new("anna"), "几吨？", answer)
    html = actions.call("anna", "conversations", {}, "zh")["html"]
    assert html.count("data-conversation") == 200
    assert html.endswith('<li class="empty">另有 401 段，请输入文字查找</li>')
    found = actions.call("anna", "conversations", {"query": "多少吨"}, "zh")["html"]
    assert '<li class="empty">' not in found


def test_citations_that_share_a_number_are_read_each_at_its_own_words(actions: Actions) -> None:
    answer = actions.conversations.answer("anna", ask(actions)["message"])
    (whole,) = answer.citations
    parts = [(TEXT.index(words), TEXT.index(words) + len(words)) for words in ("42吨", "陆云起")]
    shared = [replace(whole, spans=(span,), quote=TEXT[slice(*span)]) for span in parts]
    answer = replace(answer, short_answer="", citations=tuple(shared))
    shown = [actions.reading.evidence(answer, "cite", place, "zh") for place in (1, 2)]
    assert [re.findall(r'<mark class="quote">(.*?)</mark>', each["html"]) for each in shown] == [
        ["42吨"],
        ["陆云起"],
    ]
