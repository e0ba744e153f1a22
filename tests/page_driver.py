"""Fixtures of the tests of the page: a served library of the sample documents and a headless Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.assistant import Assistant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ARTEFACTS = Path(os.environ.get("CHUCHU_SCREENSHOTS", ""))
"""Where screenshots are kept for people to look at; unset: nowhere."""

QUESTION = "澜湾高新区2021年实现工业产值多少？"
ANSWER = "312亿元"
READY = "#chuchu.ready"


@pytest.fixture(scope="session")
def page_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The assistant of a library of its own of the sample documents."""
    from ui.sample import DOCUMENTS

    with Assistant.create(tmp_path_factory.mktemp("page") / "library") as assistant:
        assistant.ingest(DOCUMENTS)
        yield assistant


@pytest.fixture(scope="session")
def address(page_assistant: Assistant) -> Iterator[str]:
    """Where the page of that assistant is served."""
    from ui.server import Server, ServerOptions

    with Server(page_assistant, ServerOptions(port=0)) as server:
        yield server.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; tests of the page skip where there is none."""
    if not Path(CHROMIUM).exists():
        pytest.skip("no Chromium: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Opened:
    """A page of a browser window of its own, and what it complained of."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.context = browser.new_context(
            **({"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN"} | options)
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(12_000)
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

    def reload(self) -> None:
        """Load the page again; that a stream breaks off at that moment is no trouble."""
        before = len(self.troubles)
        self.page.reload()
        self.page.wait_for_selector(READY)
        cut_off = ("AbortError", "Connection errored out")
        self.troubles[before:] = [t for t in self.troubles[before:] if not any(one in t for one in cut_off)]

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    """A wide Chinese window on the page, which must not complain or ask another host."""
    window = Opened(browser, address)
    yield window
    window.context.close()
    assert not window.troubles


def keep(page: Any, name: str) -> None:
    """Keep a screenshot where someone wants to look at it."""
    if str(ARTEFACTS) != ".":
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}.png")


CONTRAST = """() => {
  const parts = (colour) => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = colour;
    c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => { for (; one; one = one.parentElement) {
    const p = parts(getComputedStyle(one).backgroundColor);
    if (p[3] === 255) return p; } return [255, 255, 255, 255]; };
  const weak = [];
  for (const one of document.querySelectorAll('#chuchu *')) {
    const own = [...one.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !one.checkVisibility() || one.matches('.sr, .skip')) continue;
    const [a, b] = [light(parts(getComputedStyle(one).color)), light(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const name = `${one.className || one.tagName} ${one.textContent.trim().slice(0, 20)}`;
    if (ratio < 4.5) weak.push(`${name} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""
"""Lists the visible texts whose contrast is below 4.5 : 1 (WCAG 2.2, 1.4.3)."""
