"""The page in a real browser: stopping, a server that goes away or comes back, a log-in that ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from page_driver import ANSWER, QUESTION, READY, Opened

from index.library import Library
from rag.answerers.base import Draft, Question
from rag.assistant import Assistant
from rag.datatypes import Passage
from ui.server import Server, ServerOptions
from ui.users import Users

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's and its server's own are not ours to mend


class SlowAnswerer:
    """Writes a word every fifth of a second, for half a minute."""

    fingerprint = "slow"

    def __init__(self) -> None:
        self.written = 0

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        for _ in range(150):
            time.sleep(0.2)
            self.written += 1
            yield "慢"
        yield Draft(text="慢" * 150, short_answer="", answered=True, confidence=1.0, claims=())


STOPPED_AFTER = """(stop) => new Promise((done) => {
  const place = document.querySelector('.turn:last-child');
  const begun = performance.now();
  new MutationObserver(() => { if (place.querySelector('.stopped')) done(performance.now() - begun); })
    .observe(place, {childList: true, subtree: true});
  if (stop === 'click') document.querySelector('[data-do="stop"]').click();
  else document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));
})"""
"""Milliseconds from the click or key to the word that it has stopped, by the page's own clock."""


@pytest.fixture
def serve(page_assistant: Assistant, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Serves a copy of the sample library, by the extractive answerer or another."""
    copy = page_assistant.library.backup(tmp_path / "copy")
    with ExitStack() as stack:

        def start(answerer: Any = None, **options: Any) -> Server:
            assistant = Assistant(
                Library.open(copy),
                embedder=page_assistant.embedder,
                reader=page_assistant.reader,
                answerer=answerer,
            )
            stack.enter_context(assistant)
            return stack.enter_context(Server(assistant, ServerOptions(**({"port": 0} | options))))

        yield start


@pytest.mark.parametrize("how", ["click", "key"])
def test_the_stop_button_and_escape_stop_within_half_a_second(
    browser: Browser, serve: Callable[..., Server], how: str
) -> None:
    slow = SlowAnswerer()
    window = Opened(browser, serve(slow).url)
    window.page.fill("#question", QUESTION)
    window.page.press("#question", "Enter")
    window.page.wait_for_selector('.working .text:has-text("慢慢")')
    assert window.page.evaluate(STOPPED_AFTER, how) < 500
    time.sleep(0.5)
    written = slow.written
    time.sleep(1)
    assert slow.written == written, "the server goes on working"
    assert window.page.is_visible('[data-do="send"]')
    assert not window.troubles
    window.context.close()


def test_a_server_that_goes_away_is_told_and_one_that_comes_back_is_asked_again(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    server = serve(SlowAnswerer())
    port = int(server.url.rstrip("/").rpartition(":")[2])
    window = Opened(browser, server.url)
    window.page.fill("#question", QUESTION)
    window.page.press("#question", "Enter")
    window.page.wait_for_selector('.working .text:has-text("慢慢")')
    server.close()
    window.page.wait_for_selector('.turn .error:has-text("与服务器的连接断了")')
    assert window.page.is_visible('[data-do="send"]')
    window.page.click(".documents .title")
    window.page.wait_for_selector('.toast.failed:has-text("与服务器的连接断了")')
    serve(port=port)
    window.page.click(".turn .error button")
    window.page.wait_for_selector(".turn[data-message] .short")
    assert window.text(".short") == ANSWER
    window.context.close()


def test_a_log_in_that_ended_is_told_and_the_question_is_kept(
    browser: Browser, serve: Callable[..., Server], tmp_path: Path
) -> None:
    users = Users(tmp_path / "users.txt")
    users.set("anna", "first password")
    server = serve(auth=users.path)
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(12_000)

    def log_in(password: str) -> None:
        page.fill('input[type="text"], label:has-text("username") input', "anna")
        page.fill('input[type="password"]', password)
        page.press('input[type="password"]', "Enter")
        page.wait_for_selector(READY)

    page.goto(server.url)
    log_in("first password")
    users.set("anna", "second password")
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    page.wait_for_selector('.turn .error:has-text("登录已失效")')
    page.click(".toast button")
    page.wait_for_selector('input[type="password"]')
    log_in("second password")
    assert page.input_value("#question") == QUESTION
    page.press("#question", "Enter")
    page.wait_for_selector(".turn[data-message] .short")
    context.close()


def test_a_question_that_was_being_answered_is_in_the_box_when_the_page_is_loaded_again(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    window = Opened(browser, serve(SlowAnswerer()).url)
    window.page.fill("#question", QUESTION)
    window.page.press("#question", "Enter")
    window.page.wait_for_selector('.working .text:has-text("慢慢")')
    window.reload()
    assert window.page.input_value("#question") == QUESTION
    window.context.close()


JOINS_LATE = """(ms) => {
  const before = window.fetch;
  window.fetch = async (...request) => {
    const reply = await before(...request);
    if (String(request[0]).includes('/queue/join')) await new Promise((done) => setTimeout(done, ms));
    return reply;
  };
}"""
"""Lets Gradio wait for what its queue replies, as over a slow line."""


@pytest.mark.parametrize(
    "pause", [0, 700]
)  # milliseconds: before the queue takes it, or before Gradio knows of it
def test_a_question_that_is_stopped_as_soon_as_it_is_sent_ends_and_the_next_is_answered(
    pause: int, browser: Browser, serve: Callable[..., Server]
) -> None:
    slow = SlowAnswerer()
    window = Opened(browser, serve(slow).url)
    window.page.evaluate(JOINS_LATE, 1500)
    window.page.fill("#question", QUESTION)
    window.page.press("#question", "Enter")
    window.page.wait_for_timeout(pause)
    window.page.keyboard.press("Escape")
    assert window.text(".turn .stopped").startswith("已停止。")
    time.sleep(2.5)
    written = slow.written
    time.sleep(1)
    assert slow.written == written <= 5, "the server goes on working"
    window.page.click(".stopped button")
    window.page.wait_for_selector('.working .text:has-text("慢慢")')
    assert not window.troubles
    window.context.close()


def test_a_question_for_which_there_is_no_room_is_told_so_and_can_be_asked_again(
    browser: Browser, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.server._WAITING", 1)
    monkeypatch.setattr("ui.app.questions_at_once", lambda answerer: 1)
    url = serve(SlowAnswerer()).url
    answered, waiting, refused = (Opened(browser, url) for _ in range(3))
    for window in (answered, waiting, refused):
        window.page.fill("#question", QUESTION)
        window.page.press("#question", "Enter")
        if window is answered:
            window.page.wait_for_selector('.working .text:has-text("慢慢")')
        time.sleep(0.5)
    refused.page.wait_for_selector('.turn .error:has-text("等待回答的人太多")')
    assert refused.page.is_visible('[data-do="send"]')
    waiting.page.click('[data-do="stop"]')
    answered.page.click('[data-do="stop"]')
    time.sleep(0.5)
    refused.page.click(".turn .error button")
    refused.page.wait_for_selector('.working .text:has-text("慢慢")')
    for window in (answered, waiting, refused):
        window.context.close()


def test_what_was_stopped_stays_on_the_page_when_its_language_is_switched(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    window = Opened(browser, serve(SlowSecond()).url)
    window.ask(QUESTION)
    window.page.fill("#question", "另一个问题？")
    window.page.press("#question", "Enter")
    window.page.wait_for_selector('.working .text:has-text("慢慢")')
    window.page.click('[data-do="stop"]')
    window.page.click('.turn[data-message] [data-do="edit"]')
    window.page.click('[data-do="language"]')
    window.page.wait_for_selector('.badge.sure:has-text("sure")')
    window.page.wait_for_selector('.turn[data-message] + .turn .stopped:has-text("Stopped. Try again")')
    assert window.page.is_visible(".editing")
    assert window.page.locator(".turn.edited[data-message]").count() == 1
    assert not window.troubles
    window.context.close()


class SlowSecond(SlowAnswerer):
    """Answers at once, but for the second time it is asked."""

    fingerprint = "slow second"
    asked = 0

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        self.asked += 1
        if self.asked == 2:
            yield from super().stream(question, passages)
        answer = f"第{self.asked}次的回答"
        yield answer
        yield Draft(text=answer, short_answer="", answered=True, confidence=1.0, claims=())


def test_what_a_stopped_answer_was_to_replace_stays_and_is_replaced_by_trying_again(
    browser: Browser, serve: Callable[..., Server]
) -> None:
    window = Opened(browser, serve(SlowSecond()).url)
    window.ask(QUESTION)
    window.page.click('.turn:last-child [data-do="retry"]')
    window.page.wait_for_selector('.working .text:has-text("慢慢")')
    window.page.click('[data-do="stop"]')
    window.page.wait_for_selector(".stopped")
    assert window.page.locator(".turn[data-message]").count() == 1  # it is still what the server remembers
    window.page.click(".stopped button")
    window.page.wait_for_selector('.answered:has-text("第3次的回答")')  # the first stands until it is written
    assert window.page.locator(".turn").count() == 1
    window.reload()
    window.page.wait_for_selector('.turn:has-text("第3次的回答")')
    assert window.page.locator(".turn").count() == 1
    assert not window.troubles
    window.context.close()
