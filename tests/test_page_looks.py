"""The page in a real browser: languages, dark and light, phones, the keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from page_driver import ANSWER, CONTRAST, QUESTION, Opened, keep

from rag.assistant import Assistant

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's and its server's own are not ours to mend


def test_the_interface_follows_the_browser_and_the_switch(browser: Browser, address: str) -> None:
    window = Opened(browser, address, locale="en-GB")
    assert window.text('[data-do="new"]') == "New chat"
    window.ask(QUESTION)
    keep(window.page, "english")
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
        keep(window.page, scheme)
        weak = window.page.evaluate(CONTRAST)
        assert weak == []
        assert not window.troubles
        window.context.close()


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
@pytest.mark.parametrize("width", [320, 340, 420])
def test_the_top_of_a_narrow_page_is_one_line(
    browser: Browser, address: str, locale: str, width: int
) -> None:
    window = Opened(browser, address, viewport={"width": width, "height": 800}, locale=locale)
    boxes = [
        box.bounding_box() for box in window.page.locator(".top b, .top nav a, .tools button:visible").all()
    ]
    assert len(boxes) == 7
    assert all(box and box["height"] < 40 and box["x"] + box["width"] <= width for box in boxes)
    window.context.close()


def test_what_adds_documents_is_apart_from_their_heading_and_in_one_line(
    browser: Browser, address: str
) -> None:
    window = Opened(browser, address, viewport={"width": 1024, "height": 800}, locale="en-US")
    boxes = [box.bounding_box() for box in window.page.locator(".documents h2 > span").all()]
    heading, add = (box for box in boxes if box)
    assert add["height"] < 30
    assert heading["x"] + heading["width"] < add["x"] or heading["y"] + heading["height"] <= add["y"]
    window.context.close()


def test_a_phone_shows_one_panel_at_a_time(browser: Browser, address: str) -> None:
    window = Opened(browser, address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    window.ask(QUESTION)
    keep(window.page, "phone-chat")
    assert window.page.evaluate("document.documentElement.scrollWidth") <= 390
    window.page.click(".turn a.cite")
    window.page.wait_for_selector(".reader mark.quote")
    keep(window.page, "phone-evidence")
    assert not window.page.is_visible("#question")
    window.page.click('.tabs [data-tab="left"]')
    assert window.page.is_visible(".documents")
    keep(window.page, "phone-documents")
    assert not window.troubles
    window.context.close()


def test_where_nothing_hovers_the_tools_of_a_row_are_seen_and_in_its_flow(
    browser: Browser, address: str
) -> None:
    window = Opened(browser, address, viewport={"width": 1024, "height": 768}, has_touch=True, is_mobile=True)
    tools = window.page.locator(".documents li[data-document] .row-tools").first
    look = tools.evaluate("(one) => [getComputedStyle(one).opacity, getComputedStyle(one).position]")
    assert look == ["1", "static"]
    window.context.close()


def test_a_long_title_without_a_gap_leaves_the_table_on_the_screen(
    opened: Opened, tmp_path: Path, page_assistant: Assistant
) -> None:
    file = tmp_path / "渡口.md"
    file.write_text(f"# {'a' * 200}\n\n渡口去年修好了。", encoding="utf-8")
    page_assistant.ingest(file)
    opened.page.click('nav.pages a[href="library"]')
    opened.page.wait_for_selector(f'tr[data-document]:has-text("{"a" * 50}")')
    box = opened.page.locator("table").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 1440
    page_assistant.library.remove([file.name])


def test_a_narrow_page_that_shows_the_evidence_prints_the_chat_and_nothing_else(
    browser: Browser, address: str
) -> None:
    window = Opened(browser, address, viewport={"width": 700, "height": 900})
    window.ask(QUESTION)
    window.page.click(".turn a.cite")
    window.page.wait_for_selector(".reader mark.quote")
    window.page.emulate_media(media="print")
    assert window.page.is_visible(".turn .short")
    for hidden in (".skip", ".right", ".composer", ".nav-holder"):
        assert not any(one.is_visible() for one in window.page.locator(hidden).all())
    window.context.close()


def test_the_days_of_chats_are_those_of_the_readers_clock(browser: Browser, address: str) -> None:
    shown = []
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):  # 26 hours apart
        window = Opened(browser, address, timezone_id=zone)
        window.ask(QUESTION)
        window.page.wait_for_selector(".conversations li:has([aria-current]) time")
        shown.append(window.text(".conversations li:has([aria-current]) time"))
        window.context.close()
    assert shown[0] > shown[1]


@pytest.mark.parametrize("width", [420, 900])
def test_on_a_narrow_page_the_keyboard_goes_to_the_evidence_and_back_to_the_chip(
    browser: Browser, address: str, width: int
) -> None:
    window = Opened(browser, address, viewport={"width": width, "height": 800})
    window.ask(QUESTION)
    window.page.focus(".turn a.cite")
    window.page.keyboard.press("Enter")
    window.page.wait_for_selector(".reader mark.quote")
    assert window.page.evaluate("document.activeElement.matches('.card.current')")
    window.page.focus(".reader .close")
    window.page.keyboard.press("Escape")
    window.page.wait_for_selector(".reader", state="hidden")
    assert window.page.evaluate("document.activeElement.matches('.card.current')")
    window.page.keyboard.press("Escape")
    assert window.page.evaluate("document.activeElement.matches('.turn a.cite')")
    assert window.page.is_hidden(".right")
    window.page.click('[data-do="export_menu"]')
    window.page.keyboard.press("Escape")
    assert window.page.is_hidden(".export .items")
    assert not window.troubles
    window.context.close()


def test_arabic_begins_on_the_right(opened: Opened) -> None:
    opened.page.fill("#question", "من هي مديرة ميناء النورس؟")
    opened.page.press("#question", "Enter")
    opened.page.keyboard.press("Escape")
    begins = """() => {
      const words = document.querySelector('.turn:last-child .question > span:last-child').firstChild;
      const range = document.createRange();
      range.setStart(words, 0); range.setEnd(words, 1);
      const [box, first] = [words.parentElement.parentElement, range].map((one) => one.getBoundingClientRect());
      return box.right - first.right;
    }"""
    assert opened.page.evaluate(begins) < 5  # pixels


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
