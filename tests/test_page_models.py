"""The page in a real browser: choosing who answers, and sentences that a model could not support."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from page_driver import ANSWER, QUESTION, READY, Opened, keep

from index.library import Library
from rag import assistant as assistant_module
from rag.answerers import load_answerer
from rag.answerers.base import Answerer, Claim, Draft, Question
from rag.assistant import Assistant
from rag.datatypes import Doubt, Passage
from rag.settings import Settings
from ui.server import Server, ServerOptions

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's and its server's own are not ours to mend

SERVED = "openai:http://127.0.0.1:9/v1#scripted-7b"


class ScriptedModel:
    """Writes a sentence that its passage supports, one with a wrong figure, and one without a passage."""

    fingerprint = "scripted"

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        sentences = ("园区实现工业产值312亿元[1]。", "总投资169亿元[2]。", "<b>前景很好</b>。")
        text = "".join(sentences)
        ends = [len("".join(sentences[: n + 1])) for n in range(3)]
        yield from sentences
        whole = ((0, len(passages[0].text)),)
        yield Draft(
            answered=True,
            text=text,
            short_answer="",
            confidence=0.6,
            claims=(
                Claim(start=0, end=ends[0], number=1, passage=1, quotes=whole),
                Claim(start=ends[0], end=ends[1], number=2, passage=1, quotes=whole, verdict="unsupported"),
            ),
            notes=("模型说169亿元，原文摘录是168亿元。",),
            doubts=(
                Doubt(start=ends[0], end=ends[1], reason="figure", missing=("169亿元",)),
                Doubt(start=ends[1], end=ends[2], reason="uncited"),
            ),
        )


@pytest.fixture
def window(
    browser: Browser, page_assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opened]:
    """A page that offers the extractive answerer and a scripted model."""

    def load(settings: Settings, *others: object) -> Answerer:
        return ScriptedModel() if settings.answerer == SERVED else load_answerer(settings, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(assistant_module, "load_answerer", load)
    copy = page_assistant.library.backup(tmp_path / "copy")
    with (
        Assistant(
            Library.open(copy),
            settings=Settings(answerers=(SERVED,)),
            embedder=page_assistant.embedder,
            reader=page_assistant.reader,
        ) as other,
        Server(other, ServerOptions(port=0)) as server,
    ):
        opened = Opened(browser, server.url)
        yield opened
        assert not opened.troubles
        opened.context.close()


def test_who_answers_is_chosen_and_kept_for_the_conversation(window: Opened) -> None:
    page = window.page
    page.wait_for_selector(".answerer select")
    assert page.locator(".answerer option").all_inner_texts() == ["摘录原文", "scripted-7b · 127.0.0.1:9"]
    assert "openai" not in page.content()
    window.ask(QUESTION)
    assert window.text(".short") == ANSWER
    page.select_option(".answerer select", label="scripted-7b · 127.0.0.1:9")
    page.click('.turn [data-do="retry"]')
    page.wait_for_selector(".doubted")
    first = page.url
    page.click('[data-do="new"]')
    page.wait_for_selector(".welcome")
    page.select_option(".answerer select", label="摘录原文")
    window.ask(QUESTION)
    assert window.text(".short") == ANSWER
    page.goto(first)
    window.reload()
    page.wait_for_selector(f"{READY} .doubted")
    assert page.evaluate("document.querySelector('.answerer select').selectedOptions[0].text") == (
        "scripted-7b · 127.0.0.1:9"
    )


def test_sentences_that_failed_their_check_are_marked_and_say_why(window: Opened) -> None:
    page = window.page
    page.select_option(".answerer select", label="scripted-7b · 127.0.0.1:9")
    window.ask(QUESTION)
    assert page.locator(".doubted").all_inner_texts() == ["总投资169亿元2。", "<b>前景很好</b>。"]
    assert page.locator(".note").all_inner_texts() == ["模型说169亿元，原文摘录是168亿元。"]
    page.hover(".doubt >> nth=0")
    assert "它引用的原文里没有这个数字：169亿元" in window.text(".tip")
    page.focus(".doubt >> nth=1")
    assert "这句话没有注明出处" in window.text(".tip")
    keep(page, "doubts")
    cards = page.locator(".card:has(.verdict)")
    assert cards.locator(".verdict").all_inner_texts() == ["✔", "✖"]
    assert "169亿元" in cards.nth(1).locator(".doubted-why").inner_text()
    page.click(".turn a.cite.unsupported")
    page.wait_for_selector(".reader mark.quote")
    page.click('[data-do="language"]')
    page.wait_for_selector('html[lang="en-US"], html[lang="en"]')
    page.wait_for_selector('.doubt[data-quote^="The passages it cites do not have this figure"]')
    page.wait_for_selector('.badge.bad:text-matches("✖ .*: 2")')  # it is written anew with the language


def test_the_answer_is_copied_with_its_numbers_and_signs(window: Opened) -> None:
    page = window.page
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.select_option(".answerer select", label="scripted-7b · 127.0.0.1:9")
    window.ask(QUESTION)
    page.click('.turn [data-do="copy"]')
    page.wait_for_selector(".toast:not([hidden])")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "园区实现工业产值312亿元[1]。总投资169亿元[2]。✖<b>前景很好</b>。✖"


def test_the_answerer_that_is_evaluated_is_chosen_too(window: Opened, tmp_path: Path) -> None:
    file = tmp_path / "questions.csv"
    file.write_text(f"question,answers\n{QUESTION},{ANSWER}\n", encoding="utf-8")
    page = window.page
    page.click('nav.pages a[href="evaluate"]')
    page.wait_for_selector(f"{READY} .answerer:not([hidden])")
    page.select_option(".answerer select", label="scripted-7b · 127.0.0.1:9")
    page.set_input_files(".questions-file", file)
    page.wait_for_selector('.run h2:has-text("scripted-7b · 127.0.0.1:9")')
    assert "scripted-7b" in page.locator(".runs li").first.inner_text()
    keep(page, "evaluate-models")
