"""Answers as a terminal shows them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from index.datatypes import DocumentInfo
from index.ingest import IngestFailure, IngestReport
from rag.datatypes import Answer
from ui import terminal


def test_doubts_and_notes_stand_under_the_text_and_the_citation_is_marked(
    doubted_answer: Answer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "out", Console(highlight=False, soft_wrap=True))
    terminal.print_answer(replace(doubted_answer, notes=("摘录的数字是 8元 [bold]",)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "产茶42吨。[1]售价9元。[2] ✖",
        "✖ “售价9元。[2]” 它引用的原文里没有这个数字：9元",
        "摘录的数字是 8元 [bold]",
    ]
    assert [line[:5] for line in lines if line.startswith("[")] == ["[1] 文", "[2] ✖"]


def test_words_and_tabs_of_a_document_are_printed_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    consoles = (terminal.out, terminal.err)
    for console in consoles:
        with console.capture() as shown:
            console.print("比例为1:100:1000, 型号A:id:B, " + "long " * 30)
        assert shown.get() == "比例为1:100:1000, 型号A:id:B, " + "long " * 30 + "\n"
    terminal.print_row("3", "a\tb"[:1], 5)
    assert capsys.readouterr().out == "3\ta\t5\n"


def test_a_terminal_that_says_it_has_no_columns_shows_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    terminal._console().print("词")
    assert capsys.readouterr().out == "词\n"


def test_names_and_words_of_documents_tell_the_terminal_nothing(
    doubted_answer: Answer, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "\x1b]0;hacked\x07\x9b2J报告\x7f.txt"
    first, *others = doubted_answer.citations
    with terminal.out.capture() as answer, terminal.err.capture() as report:
        terminal.print_answer(
            replace(doubted_answer, citations=(replace(first, title=name, quote=name), *others))
        )
        terminal.print_report(IngestReport(failed=(IngestFailure(path=name, reason=f"{name}: it is empty"),)))
    terminal.print_documents([DocumentInfo(source=name, title=name)])
    printed = answer.get() + report.get() + capsys.readouterr().out
    assert printed.count("�]0;hacked��2J报告�.txt") == 5
    assert not set(printed) & set("\x07\x1b\x7f\x9b")
