"""The chat page in a real browser, on the sample documents with the shipped models."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.assistant import Assistant
from ui.conversations import LibraryConversations
from ui.sample import DOCUMENTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_spec = importlib.util.spec_from_file_location("page_driver", Path(__file__).with_name("page_driver.py"))
assert _spec is not None
assert _spec.loader is not None
driver = importlib.util.module_from_spec(_spec)
sys.modules["page_driver"] = driver
_spec.loader.exec_module(driver)

pytestmark = [
    pytest.mark.skipif(not Path(driver.CHROMIUM).exists(), reason="no Chromium: apt-get install chromium"),
    pytest.mark.filterwarnings("default"),  # Gradio's and its server's own are not ours to mend
]
QUESTION = "澜湾高新区2021年实现工业产值多少？"
ANSWER = "312亿元"
READY = "#chuchu.ready"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.create(tmp_path_factory.mktemp("page") / "library") as assistant:
        assistant.ingest(DOCUMENTS)
        yield assistant


@pytest.fixture(scope="module")
def address(assistant: Assistant) -> Iterator[str]:
    from ui.server import Server, ServerOptions

    with Server(assistant, ServerOptions(port=0)) as server:
        yield server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=driver.CHROMIUM, args=list(driver.ARGUMENTS))
        yield browser
        browser.close()


class Opened:
    """A page of a browser window of its own, and what it complained of."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(
            **({"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"} | options)
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on(
            "console", lambda said: self.troubles.extend([said.text] if said.type == "error" else [])
        )
        self.page.on("request", lambda request: self._check(request.url, url))
        self.page.goto(url)
        self.page.wait_for_selector(READY)

    def _check(self, requested: str, url: str) -> None:
        if not requested.startswith((url, "data:", "blob:")):
            self.troubles.append(f"asked another host: {requested}")

    def ask(self, question: str) -> None:
        before = self.page.locator(".turn[data-message]").count()
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")
        self.page.wait_for_function(f"document.querySelectorAll('.turn[data-message]').length > {before}")

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    window = Opened(browser, address)
    yield window
    window.context.close()
    assert not window.troubles


def test_a_question_is_answered_in_steps_with_the_short_answer_apart(opened: Opened) -> None:
    opened.page.fill("#question", QUESTION)
    opened.page.press("#question", "Enter")
    opened.page.wait_for_selector(".answer.working .phase")
    opened.page.wait_for_selector(".turn[data-message] .short")
    assert opened.text(".short") == ANSWER
    assert opened.page.locator(".turn a.cite").count() >= 1
    driver.keep(opened.page, "answer")


def test_the_first_screen_offers_questions_that_the_library_answers(opened: Opened) -> None:
    opened.page.click(".examples button")
    opened.page.wait_for_selector(".turn[data-message] .answer")
    assert opened.page.locator(".unanswerable").count() == 0
    driver.keep(opened.page, "example")


def test_hovering_a_chip_shows_the_quote_and_clicking_opens_the_very_words(opened: Opened) -> None:
    opened.ask(QUESTION)
    chip = opened.page.locator(".turn a.cite").first
    chip.hover()
    assert ANSWER in opened.text(".tip")
    chip.click()
    opened.page.wait_for_selector(".reader mark.quote")
    assert "".join(opened.page.locator(".card.current mark.quote").all_inner_texts()) == (
        "".join(opened.page.locator(".reader mark.quote").all_inner_texts())
    )
    assert opened.page.locator(".reader mark.hit").all_inner_texts() == [ANSWER]
    assert opened.page.evaluate(
        "(() => { const m = document.querySelector('.reader mark.quote').getBoundingClientRect(),"
        " b = document.querySelector('.reader .body').getBoundingClientRect();"
        " return m.top >= b.top && m.bottom <= b.bottom })()"
    )
    driver.keep(opened.page, "reader")


def test_chips_of_an_old_conversation_work_after_a_reload(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.page.reload()
    opened.page.wait_for_selector(READY)
    opened.page.click(".turn a.cite")
    opened.page.wait_for_selector(".reader mark.quote")
    assert opened.page.locator(".reader mark.hit").all_inner_texts() == [ANSWER]


def test_a_question_the_documents_do_not_answer_looks_different(opened: Opened) -> None:
    opened.ask("火星上有几座工厂？")
    assert opened.page.locator(".turn .unanswerable").count() == 1
    assert opened.page.locator(".nearest li").count() >= 1
    opened.page.click(".nearest a.cite")
    opened.page.wait_for_selector(".reader mark.quote")
    driver.keep(opened.page, "unanswerable")


def test_a_question_in_another_language_says_so(opened: Opened) -> None:
    opened.ask("What was the industrial output of Lanwan High-tech Zone in 2021?")
    assert opened.text(".badge.languages") == "英文提问 · 中文原文"


def test_follow_ups_are_offered_and_asked(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.page.wait_for_selector(".follow-ups button")
    question = opened.text(".follow-ups button")
    opened.page.click(".follow-ups button")
    opened.page.wait_for_function("document.querySelectorAll('.turn[data-message]').length == 2")
    assert question.strip() == opened.page.locator(".question > span:last-child").nth(1).inner_text()
    assert opened.page.locator(".turn").nth(1).locator(".unanswerable").count() == 0


def test_retry_edit_and_undo(opened: Opened) -> None:
    opened.ask(QUESTION)
    first = opened.page.get_attribute(".turn[data-message]", "data-message")
    opened.page.click('.turn [data-do="retry"]')
    opened.page.wait_for_selector(f'.turn[data-message]:not([data-message="{first}"])')
    assert opened.page.locator(".turn").count() == 1
    opened.page.press("#question", "ArrowUp")
    assert opened.page.input_value("#question") == QUESTION
    second = opened.page.get_attribute(".turn[data-message]", "data-message")
    opened.page.fill("#question", "临澜市常住人口是多少？")
    opened.page.press("#question", "Enter")
    opened.page.wait_for_selector(f'.turn[data-message]:not([data-message="{second}"])')
    assert opened.page.locator(".turn").count() == 1
    assert "148.6万" in opened.text(".short")
    opened.page.click('.turn [data-do="undo"]')
    opened.page.wait_for_selector(".welcome")
    assert opened.page.input_value("#question") == "临澜市常住人口是多少？"


def test_feedback_is_kept(opened: Opened, assistant: Assistant) -> None:
    opened.ask(QUESTION)
    message = int(opened.page.get_attribute(".turn", "data-message") or 0)
    opened.page.click('.turn [data-do="wrong_citation"]')
    opened.page.wait_for_selector('[data-do="wrong_citation"][aria-pressed="true"]')
    opened.page.reload()
    opened.page.wait_for_selector('[data-do="wrong_citation"][aria-pressed="true"]')
    kept = LibraryConversations(assistant.library).judgements()
    assert [(one.kind, one.answer.short_answer) for one in kept if one.message_id == message] == [
        ("wrong_citation", ANSWER)
    ]


def test_ticked_documents_limit_the_question(opened: Opened) -> None:
    opened.page.wait_for_selector(".documents li[data-document]")
    opened.page.locator(
        '.documents li:has-text("岚") input, .documents li:has-text("Lanchuan") input'
    ).first.click()
    opened.page.wait_for_selector(".scope.some")
    opened.ask(QUESTION)
    chosen = opened.page.locator(".documents li:has(input:checked)").get_attribute("data-title")
    titles = set(opened.page.locator(".card h4").all_inner_texts()) | set(
        opened.page.locator(".card.x h4").all_inner_texts()
    )
    assert titles <= {chosen}
    opened.page.click('[data-do="scope_clear"]')
    opened.page.wait_for_selector(".scope:not(.some)")


def test_excluding_a_passage_answers_without_it(opened: Opened) -> None:
    opened.ask(QUESTION)
    before = opened.page.get_attribute(".turn", "data-message")
    chunks = opened.page.get_attribute(".card", "data-chunks") or ""
    opened.page.click('.card [data-do="exclude"]')
    opened.page.wait_for_selector(f'.turn[data-message]:not([data-message="{before}"])')
    opened.page.wait_for_selector(".cards .card", state="attached")
    shown = [one.get_attribute("data-chunks") or "" for one in opened.page.locator(".card").all()]
    left = {chunk for one in shown for chunk in one.split(",")}
    assert not left & set(chunks.split(","))


def test_uploads_are_read_and_bad_files_say_why(opened: Opened, tmp_path: Path) -> None:
    good, bad = tmp_path / "青禾镇志.txt", tmp_path / "picture.png"
    good.write_text("青禾镇志\n\n青禾镇的木桥建于1931年，长46米。\n", encoding="utf-8")
    bad.write_bytes(b"\x89PNG\r\n")
    opened.page.set_input_files("input.files", [good, bad])
    opened.page.wait_for_selector(".report:not([hidden])")
    assert "picture.png" in opened.text(".report li")
    opened.page.wait_for_selector('.documents li:has-text("青禾镇志")')
    opened.ask("青禾镇的木桥长多少米？")
    assert opened.text(".short") == "46米"
    driver.keep(opened.page, "upload")
    opened.page.on("dialog", lambda dialog: dialog.accept())
    row = opened.page.locator('.documents li:has-text("青禾镇志")')
    row.hover()
    row.locator('[data-do="remove"]').click()
    row.wait_for(state="detached")
    opened.page.click(".turn a.cite")
    opened.page.wait_for_selector(".gone:not([hidden])")
    assert "46米" in opened.text(".reader .body")


def test_a_page_of_a_pdf_shows_the_words_boxed(opened: Opened, tmp_path: Path, assistant: Assistant) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"pdf.fonttype": 42}):
        figure = Figure(figsize=(6, 8))
        figure.text(0.1, 0.8, "The lighthouse of Port Elden was built in 1874.")
        figure.text(0.1, 0.7, "It is 31 metres high and painted white.")
        figure.savefig(tmp_path / "lighthouse.pdf")
    assistant.ingest(tmp_path / "lighthouse.pdf")
    opened.ask("When was the lighthouse of Port Elden built?")
    opened.page.click(".turn a.cite")
    opened.page.wait_for_selector(".reader .views:not([hidden])")
    opened.page.click('[data-do="view_page"]')
    opened.page.wait_for_selector(".sheet img")
    box = opened.page.locator(".sheet i").first.bounding_box()
    sheet = opened.page.locator(".sheet").bounding_box()
    assert box is not None
    assert sheet is not None
    assert 0.1 < (box["y"] - sheet["y"]) / sheet["height"] < 0.25  # the line stands a fifth below the top
    driver.keep(opened.page, "pdf")
    assistant.library.remove(["lighthouse.pdf"])


def test_conversations_are_listed_found_renamed_and_deleted(opened: Opened) -> None:
    opened.ask("轻轨1号线全长多少公里？")
    opened.page.on(
        "dialog", lambda dialog: dialog.accept("轨道交通") if dialog.type == "prompt" else dialog.accept()
    )
    row = opened.page.locator(".conversations li").first
    row.hover()
    row.locator('[data-do="rename"]').click()
    opened.page.wait_for_selector('.conversations li:has-text("轨道交通")')
    opened.page.fill(".conversations .find", "轨道交通")
    opened.page.wait_for_function("document.querySelectorAll('.conversations .list li').length === 1")
    opened.page.click('[data-do="new"]')
    opened.page.wait_for_selector(".welcome")
    opened.page.click('.conversations li:has-text("轨道交通") .title')
    opened.page.wait_for_selector(".turn a.cite")
    row.hover()
    row.locator('[data-do="delete"]').click()
    opened.page.wait_for_selector(".welcome")


@pytest.mark.parametrize(("kind", "start"), [("markdown", "# "), ("html", "<!doctype html>")])
def test_a_conversation_is_exported(opened: Opened, kind: str, start: str) -> None:
    opened.ask(QUESTION)
    opened.page.click('[data-do="export_menu"]')
    with opened.page.expect_download() as download:
        opened.page.click(f'[data-do="export_{kind}"]')
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith(start)
    assert ANSWER in text


def test_the_interface_follows_the_browser_and_the_switch(browser: Browser, address: str) -> None:
    window = Opened(browser, address, locale="en-GB")
    assert window.text('[data-do="new"]') == "New chat"
    window.ask(QUESTION)
    driver.keep(window.page, "english")
    window.page.click('[data-do="language"]')
    window.page.wait_for_selector('html[lang="zh-CN"]')
    assert window.text('[data-do="new"]') == "新对话"
    window.page.wait_for_selector('.badge.sure:has-text("把握")')
    assert not window.troubles
    window.context.close()


def test_dark_and_light_have_enough_contrast(browser: Browser, address: str) -> None:
    for scheme in ("light", "dark"):
        window = Opened(browser, address, color_scheme=scheme)
        window.ask(QUESTION)
        window.page.click(".turn a.cite")
        window.page.wait_for_selector(".reader mark.quote")
        driver.keep(window.page, scheme)
        weak = window.page.evaluate(driver.CONTRAST)
        assert weak == []
        assert not window.troubles
        window.context.close()


def test_a_phone_shows_one_panel_at_a_time(browser: Browser, address: str) -> None:
    window = Opened(browser, address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    window.ask(QUESTION)
    driver.keep(window.page, "phone-chat")
    assert window.page.evaluate("document.documentElement.scrollWidth") <= 390
    window.page.click(".turn a.cite")
    window.page.wait_for_selector(".reader mark.quote")
    driver.keep(window.page, "phone-evidence")
    assert not window.page.is_visible("#question")
    window.page.click('.tabs [data-tab="left"]')
    assert window.page.is_visible(".documents")
    driver.keep(window.page, "phone-documents")
    assert not window.troubles
    window.context.close()


def test_everything_is_reached_by_the_keyboard(opened: Opened) -> None:
    opened.page.keyboard.type(QUESTION)  # the question has the focus from the start
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_selector(".turn a.cite")
    for _ in range(60):
        opened.page.keyboard.press("Shift+Tab")
        if opened.page.evaluate("document.activeElement.matches('.turn a.cite')"):
            break
    assert ANSWER in opened.text(".tip")
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_selector(".reader mark.quote")
    opened.page.keyboard.press("Escape")
    opened.page.wait_for_selector(".reader", state="hidden")


def test_the_library_page_lists_checks_and_hands_a_document_over(opened: Opened) -> None:
    opened.page.click('nav.pages a[href="library"]')
    opened.page.wait_for_selector("tr[data-document]")
    assert opened.page.locator("tr[data-document]").count() == 8
    driver.keep(opened.page, "library")
    opened.page.click('[data-do="verify"]')
    opened.page.wait_for_selector('.report:has-text("没有问题")')
    opened.page.click("tr[data-document] summary")
    title = opened.page.locator("tr[data-document]").first.get_attribute("data-title")
    opened.page.locator('[data-do="ask_only"]').first.click()
    opened.page.wait_for_selector(".scope.some")
    assert opened.page.locator(".documents li:has(input:checked)").get_attribute("data-title") == title


def test_a_questions_file_is_run_and_a_failure_opens_in_the_chat(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    lines = [
        {"question": QUESTION, "answers": [ANSWER]},
        {"question": "临澜市常住人口是多少？", "answers": ["两个人"]},  # wrong on purpose
    ]
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    opened.page.click('nav.pages a[href="evaluate"]')
    opened.page.wait_for_selector(READY)
    opened.page.set_input_files(".questions-file", file)
    opened.page.wait_for_selector(".failures li")
    assert opened.page.locator(".failures li").count() == 1
    assert opened.page.locator(".plots svg").count() >= 1
    driver.keep(opened.page, "evaluate")
    opened.page.click(".failures button")
    opened.page.wait_for_selector(".turn a.cite")
    assert opened.text(".question > span:last-child") == "临澜市常住人口是多少？"
    assert opened.page.locator(".card").count() >= 1
