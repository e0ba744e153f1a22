"""The page in a real browser: documents, uploads, pages of PDFs, past conversations, evaluations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from page_driver import ANSWER, QUESTION, READY, Opened, keep

from rag.assistant import Assistant

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's and its server's own are not ours to mend


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


def test_uploads_are_read_and_bad_files_say_why(opened: Opened, tmp_path: Path) -> None:
    good, bad = tmp_path / "青禾镇志.txt", tmp_path / "picture.png"
    good.write_text("青禾镇志\n\n青禾镇的木桥建于1931年，长46米。\n", encoding="utf-8")
    bad.write_bytes(b"\x89PNG\r\n")
    opened.page.set_input_files("input.files", [good, bad])
    opened.page.wait_for_selector(".report:not([hidden])")
    assert "picture.png" in opened.text('[role="status"] .report li'), "it is read out"
    opened.page.wait_for_selector('.documents li:has-text("青禾镇志")')
    opened.ask("青禾镇的木桥长多少米？")
    assert opened.text(".short") == "46米"
    keep(opened.page, "upload")
    opened.page.on("dialog", lambda dialog: dialog.accept())
    row = opened.page.locator('.documents li:has-text("青禾镇志")')
    row.hover()
    row.locator('[data-do="remove"]').click()
    row.wait_for(state="detached")
    opened.page.click(".turn a.cite")
    opened.page.wait_for_selector(".gone:not([hidden])")
    assert "46米" in opened.text(".reader .body")


def test_where_no_upload_succeeds_the_report_is_taken_away_as_any_other(
    opened: Opened, tmp_path: Path
) -> None:
    (tmp_path / "渡口.txt").write_text("渡口去年修好了。", encoding="utf-8")
    opened.page.route("**/upload*", lambda route: route.fulfill(status=413, body="too large"))
    opened.page.set_input_files("input.files", [tmp_path / "渡口.txt"])
    opened.page.wait_for_selector('.report li:has-text("渡口.txt：上传失败")')
    opened.page.click('.report [data-do="dismiss"]')
    assert opened.page.is_hidden(".report")
    opened.troubles.clear()  # the console tells of the refusal


SLOW_SEARCH = """(slow) => { const real = window.fetch; window.fetch = async (...all) => {
  if (String(all[1]?.body).includes(slow)) await new Promise((done) => setTimeout(done, 1500));
  return real(...all); } }"""
"""Holds back the calls whose values hold a text."""


@pytest.mark.parametrize("rows", ["tr[data-document]", ".conversations .list li"])
def test_a_search_that_is_overtaken_changes_nothing(opened: Opened, rows: str) -> None:
    find = '.find[name="documents"]' if rows.startswith("tr") else '.find[name="conversations"]'
    opened.ask(QUESTION)
    if rows.startswith("tr"):
        opened.page.click('nav.pages a[href="library"]')
    opened.page.wait_for_selector(rows)
    opened.page.evaluate(SLOW_SEARCH, "nowhere")
    opened.page.fill(find, "nowhere")
    opened.page.wait_for_timeout(400)  # typing ends, the search is under way
    opened.page.fill(find, "")
    opened.page.wait_for_timeout(2_000)
    assert opened.page.locator(rows).count() >= 1
    assert "没有匹配" not in opened.page.inner_text(".list >> nth=-1")


def test_a_page_of_a_pdf_shows_the_words_boxed(
    opened: Opened, tmp_path: Path, page_assistant: Assistant
) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"pdf.fonttype": 42}):
        figure = Figure(figsize=(6, 8))
        figure.text(0.1, 0.8, "The lighthouse of Port Elden was built in 1874.")
        figure.text(0.1, 0.7, "It is 31 metres high and painted white.")
        figure.savefig(tmp_path / "lighthouse.pdf")
    page_assistant.ingest(tmp_path / "lighthouse.pdf")
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
    keep(opened.page, "pdf")
    page_assistant.library.remove(["lighthouse.pdf"])


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


@pytest.mark.parametrize(("kind", "start"), [("markdown", "# "), ("html", "<!doctype html>"), ("json", "{")])
def test_a_conversation_is_exported(opened: Opened, kind: str, start: str) -> None:
    opened.ask(QUESTION)
    opened.page.click('[data-do="export_menu"]')
    with opened.page.expect_download() as download:
        opened.page.click(f'[data-do="export_{kind}"]')
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert text.startswith(start)
    assert ANSWER in text


def test_the_library_page_lists_checks_and_hands_a_document_over(opened: Opened) -> None:
    opened.page.click('nav.pages a[href="library"]')
    opened.page.wait_for_selector("tr[data-document]")
    assert opened.page.locator("tr[data-document]").count() == 8
    keep(opened.page, "library")
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
    keep(opened.page, "evaluate")
    opened.page.click(".failures button")
    opened.page.wait_for_selector(".turn a.cite")
    assert opened.text(".question > span:last-child") == "临澜市常住人口是多少？"
    assert opened.page.locator(".card").count() >= 1


def test_a_stopped_evaluation_is_a_listed_run_of_what_was_asked(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    line = json.dumps({"question": QUESTION, "answers": [ANSWER]}, ensure_ascii=False)
    other = [line.replace("2021", str(year)) for year in range(1900, 2000)]
    file.write_text("\n".join([line, *other]) + "\n", encoding="utf-8")
    opened.page.click('nav.pages a[href="evaluate"]')
    opened.page.wait_for_selector(READY)
    opened.page.set_input_files(".questions-file", file)
    opened.page.wait_for_function("/已回答 [1-9]/.test(document.querySelector('.progress').textContent)")
    opened.page.click('[data-do="stop_run"]')
    opened.page.wait_for_selector('.run:has-text("提前停止")')
    assert opened.page.locator(".runs li").first.inner_text().endswith("%")
    shown = opened.text(".run h2")
    assert 0 < int(shown.split()[0]) < 101
    keep(opened.page, "evaluate-stopped")
    opened.reload()
    opened.page.wait_for_selector(".runs li button")
    opened.page.click(".runs li button >> nth=0")
    opened.page.wait_for_selector('.run:has-text("提前停止")')
    assert opened.text(".run h2") == shown


def drop(opened: Opened, *paths: Path) -> None:
    """Drop files and folders from the file manager on the middle of the page."""
    session = opened.context.new_cdp_session(opened.page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 400, "data": data})
        if kind == "dragOver":
            opened.page.wait_for_selector(".drop:not([hidden])")
            keep(opened.page, "drop")
    session.detach()


def test_a_dropped_folder_is_read_with_all_that_is_in_it(
    opened: Opened, tmp_path: Path, page_assistant: Assistant
) -> None:
    folder = tmp_path / "镇志"
    (folder / "卷二").mkdir(parents=True)
    (folder / "卷一.txt").write_text("竹溪镇志\n\n竹溪镇的石塔高27米。\n", encoding="utf-8")
    (folder / "卷二" / "桥.md").write_text("# 竹溪桥\n\n竹溪桥长58米。\n", encoding="utf-8")
    (folder / "卷二" / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.txt").write_text("藏起来的。", encoding="utf-8")
    drop(opened, folder)
    opened.page.wait_for_selector(".report:not([hidden])")
    assert "读入 2 篇" in opened.text(".report")
    assert "picture.png" in opened.text(".report li")
    assert opened.page.is_hidden(".drop")
    names = {
        Path(info.source).relative_to(page_assistant.library.folder).as_posix()
        for info in page_assistant.library.documents()
        if "镇志" in info.source
    }
    assert names == {"uploads/镇志/卷一.txt", "uploads/镇志/卷二/桥.md"}
    opened.ask("竹溪桥长多少米？")
    assert opened.text(".short") == "58米"
    page_assistant.library.remove(["卷一.txt", "桥.md"])


def test_a_document_is_read_again_where_its_file_changed_and_told_where_it_is_gone(
    opened: Opened, tmp_path: Path, page_assistant: Assistant
) -> None:
    file = tmp_path / "松岭林场.txt"
    file.write_text("松岭林场\n\n松岭林场有护林员14名。\n", encoding="utf-8")
    page_assistant.ingest(file)
    opened.reload()
    opened.ask("松岭林场有护林员多少名？")
    assert opened.text(".short") == "14名"
    file.write_text("松岭林场\n\n松岭林场现在有护林员31名。\n", encoding="utf-8")
    row = opened.page.locator('.documents li:has-text("松岭林场")')
    row.hover()
    row.locator('[data-do="reread"]').click()
    opened.page.wait_for_selector('.report:has-text("更新 1 篇")')
    opened.page.click('.turn [data-do="retry"]')
    opened.page.wait_for_selector('.turn .short:has-text("31名")')
    opened.page.click('[data-do="dismiss"]')
    file.unlink()
    row.hover()
    row.locator('[data-do="reread"]').click()
    opened.page.wait_for_selector(".report .failed")
    assert "松岭林场.txt：" in opened.text(".report li")
    keep(opened.page, "reread")
    page_assistant.library.remove(["松岭林场.txt"])


def test_a_quote_is_copied_with_its_source(opened: Opened) -> None:
    opened.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.ask(QUESTION)
    opened.page.click('.card [data-do="copy_source"]')
    opened.page.wait_for_selector(".toast:not([hidden])")
    quote, source = opened.page.evaluate("navigator.clipboard.readText()").split("\n")
    assert quote.startswith("“")
    assert quote.endswith("”")
    assert ANSWER in quote
    assert source.startswith("—— 临澜日报 2022-03-16 › ")
    assert "临澜日报-2022-03-16.txt，第 " in source
