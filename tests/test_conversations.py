from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.database import FILE_NAME
from index.datatypes import Filter
from index.errors import LibraryBusyError, LibraryError, SettingsError
from index.ingest import ingest
from index.library import Library
from rag.datatypes import Answer
from rag.evaluation.questions import read_questions
from ui.conversations import LibraryConversations, questions_file

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

MakeAnswer = Callable[..., Answer]


@pytest.fixture
def folder(tmp_path: Path, fake_embedder: FakeEmbedder) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "工厂.txt").write_text("三家工厂在河边。")
    with Library.create(tmp_path / "library", fingerprint="fake-64", dimensions=64) as library:
        ingest(library, [tmp_path / "docs"], fake_embedder)
    return tmp_path / "library"


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    with Library.open(folder) as opened:
        yield opened


@pytest.fixture(params=["library", "memory"])
def conversations(request: pytest.FixtureRequest) -> LibraryConversations:
    if request.param == "memory":
        return LibraryConversations()
    return LibraryConversations.open(request.getfixturevalue("library"))


def test_an_answer_comes_back_as_it_was(conversations: LibraryConversations, make_answer: MakeAnswer) -> None:
    answer = make_answer(
        text="三家。[1]", short_answer="三家", passages=["三家工厂在河边。", "别的"], cite=[1]
    )
    chat = conversations.new("li")
    number = conversations.append("li", chat, "几家工厂？", answer, where=Filter(document_ids=(1,)))
    (message,) = conversations.messages("li", chat)
    assert (message.id, message.question, message.answer, message.feedback) == (
        number,
        "几家工厂？",
        answer,
        "",
    )
    assert conversations.answer("li", number) == answer
    assert message.answer.citations[0].spans == answer.citations[0].spans


def test_it_is_there_after_a_restart_and_when_its_document_is_gone(
    folder: Path, make_answer: MakeAnswer
) -> None:
    answer = make_answer(text="三家。[1]", passages=["三家工厂在河边。"], cite=[1])
    with Library.open(folder) as library:
        kept = LibraryConversations.open(library)
        number = kept.append("li", kept.new("li"), "几家工厂？", answer)
        assert [info.name for info in library.remove(["工厂.txt"])] == ["工厂.txt"]
    with Library.open(folder) as library:
        again = LibraryConversations.open(library)
        assert again.answer("li", number).citations[0].quote == "三家工厂在河边。"
        assert again.note == ""
        with pytest.raises(LibraryError, match="no document 1"):
            library.document(again.answer("li", number).citations[0].document_id)


def test_nobody_sees_changes_or_guesses_what_another_said(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    answer = make_answer(text="秘密", passages=["秘密"], cite=[1])
    chat = conversations.new("li")
    number = conversations.append("li", chat, "问", answer)
    conversations.feedback("li", number, "up")
    for other in ("", "wang", "LI", "li ", "%", "' OR 1=1 --"):
        assert conversations.list(other) == []
        assert conversations.list(other, "秘密") == []
        assert conversations.judgements(other) == []
        attempts: tuple[tuple[Callable[..., object], tuple[object, ...]], ...] = (
            (conversations.messages, (chat,)),
            (conversations.summary, (chat,)),
            (conversations.answer, (number,)),
            (conversations.append, (chat, "问", answer)),
            (conversations.drop, (chat, [number])),
            (conversations.rename, (chat, "mine")),
            (conversations.delete, (chat,)),
            (conversations.feedback, (number, "down")),
            (conversations.feedback, (number, "")),
        )
        for method, arguments in attempts:
            with pytest.raises(LibraryError, match="any more"):
                method(other, *arguments)
    assert [(s.title, s.messages) for s in conversations.list("li")] == [("问", 1)]
    assert [j.kind for j in conversations.judgements("li")] == ["up"]


def test_a_conversation_is_named_after_its_first_question_until_it_is_renamed(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    chat = conversations.new("")
    conversations.append("", chat, "第一个\n问题" + "很长" * 60, make_answer())
    conversations.append("", chat, "第二个", make_answer())
    title = conversations.list("")[0].title
    assert title.startswith("第一个 问题很长")
    assert title.endswith("…")
    assert len(title) == 60
    conversations.rename("", chat, "  工厂\n的事 ")
    conversations.rename("", chat, "   ")
    assert conversations.list("")[0].title == "工厂 的事"


def test_conversations_are_found_by_words_of_their_title_questions_and_answers(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    first, second, empty = (conversations.new("") for _ in range(3))
    conversations.append("", first, "工廠有几家？", make_answer(text="Ｔｈｒｅｅ"))
    conversations.append("", second, "别的", make_answer(text="100%_sure"))
    conversations.rename("", second, "Bridges")

    def found(query: str) -> list[int]:
        return [summary.id for summary in conversations.list("", query)]

    assert found("工厂") == found("three") == found("工厂 THREE") == [first]
    assert found("bridges") == found("0%_s") == [second]
    assert found("工厂 bridges") == []
    assert found("") == [second, first], "last changed first, and none that is empty"
    assert empty not in found("")


def test_dropping_messages_keeps_the_others_and_what_was_thought_of_the_dropped(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    chat = conversations.new("")
    numbers = [conversations.append("", chat, f"问{n}", make_answer(question=f"问{n}")) for n in range(3)]
    conversations.feedback("", numbers[2], "down", "错了")
    conversations.drop("", chat, numbers[1:])
    assert [m.question for m in conversations.messages("", chat)] == ["问0"]
    again = conversations.append("", chat, "问", make_answer())
    assert again > numbers[2], "numbers of messages are never used again: old chips lead nowhere, not astray"
    (judged,) = conversations.judgements()
    assert (judged.kind, judged.note, judged.history, judged.answer.question) == (
        "down",
        "错了",
        ("问0", "问1"),
        "问2",
    )
    conversations.delete("", chat)
    assert conversations.judgements() == [], "what is deleted is gone altogether"


def test_feedback_is_shown_with_the_message_changed_and_taken_back(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    chat = conversations.new("")
    number = conversations.append("", chat, "问", make_answer())
    for kind in ("up", "wrong_citation", "down"):
        conversations.feedback("", number, kind, citation=2)
        assert conversations.messages("", chat)[0].feedback == kind
        assert len(conversations.judgements()) == 1
    conversations.feedback("", number, "")
    assert conversations.messages("", chat)[0].feedback == ""
    with pytest.raises(SettingsError, match="'maybe' is unknown"):
        conversations.feedback("", number, "maybe")


def test_feedback_becomes_a_questions_file(
    conversations: LibraryConversations, make_answer: MakeAnswer, tmp_path: Path
) -> None:
    chat = conversations.new("")
    good = make_answer(
        question="几家？", text="三家。[1]", short_answer="三家", passages=["三家。"], cite=[1]
    )
    none = make_answer(question="谁？", text="没有。", status="unanswerable", passages=["别的"])
    bad = make_answer(question="多少？", text="九。[1]", short_answer="九", passages=["九。"], cite=[1])
    for answer, kind in ((good, "up"), (none, "up"), (bad, "wrong_citation")):
        where = Filter(document_ids=(4, 9))
        conversations.feedback("", conversations.append("", chat, answer.question, answer, where=where), kind)
    path = tmp_path / "feedback.jsonl"
    path.write_text(questions_file(conversations.judgements(), {4: "四.txt"}))
    asked = read_questions(path).questions
    assert [(q.question, q.answers, q.evidence, q.documents, q.unanswerable) for q in asked] == [
        ("几家？", ("三家",), ("三家。",), ("1.txt",), False),
        ("谁？", (), (), (), True),
        ("多少？", None, (), (), False),
    ]
    assert [q.history for q in asked] == [(), ("几家？",), ("几家？", "谁？")]
    assert {q.scope for q in asked} == {("四.txt",)}
    last = json.loads(path.read_text().splitlines()[-1])["feedback"]
    assert last["kind"] == "wrong_citation"
    assert Answer.from_dict(last["answer"]) == bad


def test_the_last_judgement_of_the_same_question_counts(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    for kind in ("up", "down"):
        number = conversations.append("", conversations.new(""), "问", make_answer(question="问"))
        conversations.feedback("", number, kind)
    lines = questions_file(conversations.judgements(), {}).splitlines()
    assert [json.loads(line)["feedback"]["kind"] for line in lines] == ["down"]


def test_twenty_threads_lose_nothing(conversations: LibraryConversations, make_answer: MakeAnswer) -> None:
    def chat(user: str) -> None:
        number = conversations.new(user)
        for n in range(5):
            conversations.append(user, number, f"{user} {n}", make_answer())

    threads = [threading.Thread(target=chat, args=(f"user{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(20):
        (summary,) = conversations.list(f"user{n}")
        said = [m.question for m in conversations.messages(f"user{n}", summary.id)]
        assert said == [f"user{n} {m}" for m in range(5)]


def ingest_slowly(folder: str, documents: str, ready: Path, stop: Path) -> None:
    """Ingest again and again, a document at a time, until told to stop."""
    from tests.conftest import FakeEmbedder

    with Library.open(folder) as library:
        count = 0
        while not stop.exists():
            (Path(documents) / "again.txt").write_text(f"第{count}次。" * 50)
            ingest(library, [Path(documents)], FakeEmbedder())
            ready.touch()
            count += 1


def test_chatting_goes_on_while_another_process_ingests(
    folder: Path, tmp_path: Path, make_answer: MakeAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1]))  # where the child finds this module
    ready, stop = tmp_path / "ready", tmp_path / "stop"
    process = multiprocessing.get_context("spawn").Process(
        target=ingest_slowly, args=(str(folder), str(tmp_path / "docs"), ready, stop)
    )
    process.start()
    try:
        with Library.open(folder) as library:
            kept = LibraryConversations.open(library)
            chat = kept.new("")
            deadline = time.monotonic() + 60
            while not ready.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            for n in range(30):
                kept.append("", chat, f"问{n}", make_answer(passages=["很长。" * 500]))
            assert process.is_alive()
            assert [m.question for m in kept.messages("", chat)] == [f"问{n}" for n in range(30)]
    finally:
        stop.touch()
        process.join(60)
    assert process.exitcode == 0, "nor is the ingest refused because somebody chats"


def test_a_long_transaction_of_another_ends_in_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, make_answer: MakeAnswer
) -> None:
    monkeypatch.setattr("index.database.BUSY_TIMEOUT_S", 0.1)
    with Library.open(folder) as library:
        kept = LibraryConversations.open(library)
        chat = kept.new("")
        other = sqlite3.connect(folder / FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusyError, match="try again in a moment"):
            kept.append("", chat, "问", make_answer())
        assert kept.messages("", chat) == [], "reading does not wait"
        other.execute("ROLLBACK")
        other.close()
        kept.append("", chat, "问", make_answer())


def test_a_failed_change_leaves_nothing_behind(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    chat = conversations.new("")
    with pytest.raises(TypeError):
        conversations.append("", chat, "问", make_answer(), where=Filter(documents=(object(),)))  # type: ignore[arg-type]
    assert conversations.messages("", chat) == []
    conversations.append("", chat, "问", make_answer())


def test_a_message_that_is_not_stored_replaces_nothing(
    conversations: LibraryConversations, make_answer: MakeAnswer
) -> None:
    chat, other = conversations.new(""), conversations.new("")
    first = conversations.append("", chat, "问", make_answer())
    elsewhere = conversations.append("", other, "别处", make_answer())
    with pytest.raises(TypeError):
        conversations.append(
            "",
            chat,
            "再问",
            make_answer(),
            where=Filter(documents=(object(),)),  # type: ignore[arg-type]
            replaces=[first],
        )
    assert [m.question for m in conversations.messages("", chat)] == ["问"]
    conversations.append("", chat, "再问", make_answer(), replaces=[first, elsewhere])
    assert [m.question for m in conversations.messages("", chat)] == ["再问"]
    assert [m.question for m in conversations.messages("", other)] == ["别处"]


def write_protected(folder: Path) -> bool:
    """Take the right to write from a folder; False: this user may write everywhere."""
    for path in (*folder.rglob("*"), folder):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    try:
        (folder / "probe").touch()
    except OSError:
        return True
    return False


def test_a_library_that_cannot_be_written_keeps_them_in_memory_and_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, make_answer: MakeAnswer
) -> None:
    if not write_protected(folder):  # root writes everywhere: be refused as SQLite would

        def refuse(_: Path) -> None:
            error = sqlite3.OperationalError("attempt to write a readonly database")
            error.sqlite_errorcode = sqlite3.SQLITE_READONLY
            raise error

        monkeypatch.setattr("index.library.connect_writer", refuse)
    with Library.open(folder) as library:
        kept = LibraryConversations.open(library)
        assert "cannot be written" in kept.note
        chat = kept.new("")
        kept.append("", chat, "问", make_answer())
        assert len(kept.messages("", chat)) == 1
        assert len(library.documents()) == 1
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    shutil.rmtree(folder / "probe", ignore_errors=True)


def without_conversations(folder: Path) -> None:
    """Make of a library what the first version of the program made."""
    connection = sqlite3.connect(folder / FILE_NAME)
    for table in ("feedback", "messages", "conversations"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version=1")
    connection.commit()
    connection.close()


def test_a_library_of_the_first_version_gets_the_tables_and_keeps_the_rest(
    folder: Path, make_answer: MakeAnswer
) -> None:
    with Library.open(folder) as library:
        before = (library.documents(), library.generation)
    without_conversations(folder)
    with Library.open(folder) as library:
        assert (library.documents(), library.generation) == before
        kept = LibraryConversations.open(library)
        kept.append("", kept.new(""), "问", make_answer())
        assert kept.note == ""
        assert library.verify() == []
        assert library.stats().schema == 2


def test_a_library_of_the_first_version_that_cannot_be_lifted_now_is_read_all_the_same(folder: Path) -> None:
    without_conversations(folder)
    with Library.open(folder) as library:
        assert library.stats().schema == 2
    without_conversations(folder)
    other = Library(folder)
    with other.writing(), Library.open(folder) as library:
        assert [info.name for info in library.documents()] == ["工厂.txt"]
        kept = LibraryConversations.open(library)
        assert kept.note
        assert kept.list("") == []


def test_a_backup_and_a_rebuild_keep_what_was_said(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder, make_answer: MakeAnswer
) -> None:
    from index.rebuild import rebuild

    kept = LibraryConversations.open(library)
    chat = kept.new("")
    kept.append("", chat, "问", make_answer())
    rebuild(library, fake_embedder, everything=True)
    assert [m.question for m in kept.messages("", chat)] == ["问"]
    with Library.open(library.backup(tmp_path / "backup")) as copy:
        assert [m.question for m in LibraryConversations.open(copy).messages("", chat)] == ["问"]


def test_the_command_prints_what_was_thought_as_a_questions_file(
    folder: Path, make_answer: MakeAnswer
) -> None:
    with Library.open(folder) as library:
        kept = LibraryConversations.open(library)
        kept.feedback("", kept.append("", kept.new(""), "问", make_answer(question="问")), "down")
    command = [sys.executable, "-m", "ui.cli", "library", "feedback", "--library", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    (line,) = result.stdout.splitlines()
    assert (json.loads(line)["question"], result.stderr) == ("问", "")
