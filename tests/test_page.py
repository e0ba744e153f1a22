"""The chat page in a real browser: asking, and from a chip to the very words."""

from __future__ import annotations

import pytest
from page_driver import ANSWER, QUESTION, READY, Opened, keep

from rag.assistant import Assistant
from ui.conversations import LibraryConversations

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's and its server's own are not ours to mend


def test_a_question_is_answered_in_steps_with_the_short_answer_apart(opened: Opened) -> None:
    opened.page.fill("#question", QUESTION)
    opened.page.press("#question", "Enter")
    opened.page.wait_for_selector(".answer.working .phase")
    opened.page.wait_for_selector(".turn[data-message] .short")
    assert opened.text(".short") == ANSWER
    assert opened.page.locator(".turn a.cite").count() >= 1
    keep(opened.page, "answer")


def test_the_first_screen_offers_questions_that_the_library_answers(opened: Opened) -> None:
    opened.page.click(".examples button")
    opened.page.wait_for_selector(".turn[data-message] .answer")
    assert opened.page.locator(".unanswerable").count() == 0
    keep(opened.page, "example")


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
    keep(opened.page, "reader")


def test_chips_of_an_old_conversation_work_after_a_reload(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.reload()
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
    keep(opened.page, "unanswerable")


def test_a_question_in_another_language_says_so(opened: Opened) -> None:
    opened.ask("What was the industrial output of Lanwan High-tech Zone in 2021?")
    assert opened.text(".badge.languages") == "英文提问 · 中文原文"


def test_follow_ups_are_offered_and_asked(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.page.wait_for_selector(".follow-ups button")
    question = opened.text(".follow-ups button")
    assert opened.page.get_attribute(".follow-ups button", "dir") == "auto"
    opened.page.click(".follow-ups button")
    opened.page.wait_for_function("document.querySelectorAll('.turn[data-message]').length == 2")
    assert question.strip() == opened.page.locator(".question > span:last-child").nth(1).inner_text()
    assert opened.page.locator(".turn").nth(1).locator(".unanswerable").count() == 0


def test_what_is_too_long_to_paste_is_said(opened: Opened) -> None:
    paste = """(text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", text);
      document.querySelector("#question").dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }"""
    opened.page.evaluate(paste, "长" * 2000)
    assert opened.page.locator(".toast").is_hidden()
    opened.page.evaluate(paste, "长" * 2001)
    assert opened.text(".toast") == "问题最多 2000 个字，多出的没有粘贴进来。"


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


def test_whoever_undoes_or_retries_an_older_answer_is_asked_about_the_later_ones(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.ask("临澜市常住人口是多少？")
    answers: list[bool] = []
    opened.page.on("dialog", lambda dialog: dialog.accept() if answers.pop() else dialog.dismiss())
    older = opened.page.locator(".turn").first
    for deed in ("undo", "retry"):
        answers.append(False)
        older.locator(f'[data-do="{deed}"]').click()
    assert answers == []
    assert opened.page.locator(".turn[data-message]").count() == 2
    older.locator("a.cite").first.click()
    opened.page.wait_for_selector(".reader mark.quote")
    answers.append(True)
    older.locator('[data-do="undo"]').click()
    opened.page.wait_for_selector(".welcome")
    assert opened.page.is_hidden(".reader")
    assert opened.page.locator(".card").count() == 0


def test_the_evidence_of_an_undone_answer_goes_with_it(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.ask("临澜市常住人口是多少？")
    opened.page.locator(".turn").nth(1).locator("a.cite").first.click()
    opened.page.wait_for_selector(".reader mark.quote")
    opened.page.locator('.turn [data-do="undo"]').nth(1).click()
    opened.page.wait_for_selector(".reader", state="hidden")
    assert opened.page.locator(".turn").count() == 1
    assert opened.page.locator(".card").count() == 0


def test_what_is_being_typed_stays_when_something_else_is_asked(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.page.wait_for_selector(".follow-ups button")
    opened.page.fill("#question", "写到一半")
    opened.page.click(".follow-ups button")
    opened.page.wait_for_function("document.querySelectorAll('.turn[data-message]').length == 2")
    assert opened.page.input_value("#question") == "写到一半"


def test_the_open_chat_and_what_is_typed_outlive_a_visit_of_another_page(opened: Opened) -> None:
    opened.ask(QUESTION)
    opened.page.fill("#question", "写到一半")
    opened.page.click('nav.pages a[href="library"]')
    opened.page.wait_for_selector("tr[data-document]")
    opened.page.click('nav.pages a[href="./"]')
    opened.page.wait_for_selector(".turn[data-message] a.cite")
    opened.page.wait_for_selector(READY)
    assert opened.page.input_value("#question") == "写到一半"
    chat = opened.page.url
    opened.page.focus(".skip")
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "question"
    assert opened.page.url == chat
    opened.page.click('[data-do="new"]')
    opened.page.wait_for_selector(".welcome")
    opened.reload()
    assert opened.page.locator(".turn").count() == 0
    assert opened.page.input_value("#question") == ""


def test_an_address_of_another_chat_opens_it(opened: Opened) -> None:
    opened.ask(QUESTION)
    first = opened.page.evaluate("location.hash")
    opened.page.click('[data-do="new"]')
    opened.ask("澜湾高新区有多少家企业？")
    second = opened.page.evaluate("location.hash")
    opened.page.evaluate("(hash) => { location.hash = hash; }", first)
    opened.page.wait_for_selector(f'.question:has-text("{QUESTION}")')
    opened.page.go_back()
    opened.page.wait_for_selector('.question:has-text("多少家企业")')
    assert opened.page.evaluate("location.hash") == second


def test_feedback_is_kept(opened: Opened, page_assistant: Assistant) -> None:
    opened.ask(QUESTION)
    message = int(opened.page.get_attribute(".turn", "data-message") or 0)
    opened.page.click(".turn a.cite")
    opened.page.click('.turn [data-do="wrong_citation"]')
    opened.page.wait_for_selector('[data-do="wrong_citation"][aria-pressed="true"]')
    opened.reload()
    opened.page.wait_for_selector('[data-do="wrong_citation"][aria-pressed="true"]')
    kept = LibraryConversations(page_assistant.library).judgements()
    assert [
        (one.kind, one.citation, one.answer.short_answer) for one in kept if one.message_id == message
    ] == [("wrong_citation", 1, ANSWER)]


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
