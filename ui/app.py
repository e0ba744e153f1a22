"""The chat page as a Gradio app: hands what the browser sends to ``Actions``, and its replies to the browser.

The frame is one ``gr.HTML`` whose script draws the fragments that the server renders; streams go through Gradio's
queue, all else through one call without a queue. Nothing is loaded from another host.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before gradio is imported: it asks at import

import gradio as gr
from gradio.components import Navbar
from gradio.events import api
from gradio.themes.utils import fonts

from index.runtime import models_at_once
from rag.answerers.names import is_elsewhere
from rag.assistant import Assistant
from ui.actions import Actions
from ui.choices import Choices
from ui.conversations import LibraryConversations
from ui.datatypes import Language
from ui.evaluating import Evaluating
from ui.panels import CHAT, EVALUATE, LIBRARY
from ui.strings import words
from ui.users import NOBODY, normal_name

_STATIC = Path(__file__).parent / "static"
_CHAT_SCRIPTS = (
    "core.js",
    "answerers.js",
    "uploads.js",
    "evidence.js",
    "library.js",
    "chat.js",
    "start.js",
)  # one scope, in order
_LIBRARY_SCRIPTS = ("core.js", "uploads.js", "pages.js")
_EVALUATE_SCRIPTS = ("core.js", "answerers.js", "evaluate.js", "pages.js")
_ASKING_ELSEWHERE = 16  # questions that a server on another machine gets at once: only waiting is done here
_FONTS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "sans-serif",
)
Values = dict[str, Any]


def make_app(
    assistant: Assistant, conversations: LibraryConversations, *, max_bytes: int | None = None
) -> gr.Blocks:
    """Return the app of an assistant, not launched; ``look()`` has what its launch needs.

    ``max_bytes`` is how large a file may be that is read; None: the readers' own limit.
    """
    uploaded = Path(gr.utils.get_upload_folder())
    choices = Choices(assistant)
    evaluating = Evaluating(choices, conversations, uploaded)
    more = {
        "runs": evaluating.runs,
        "run": evaluating.run,
        "report": evaluating.report,
        "stop_run": evaluating.stop,
        "open_result": evaluating.open_result,
    }
    actions = Actions(choices, conversations, uploaded, more, max_bytes)
    app = gr.Blocks(title="出处 chuchu", fill_width=True, analytics_enabled=False)
    with app:
        page = _page(CHAT, _CHAT_SCRIPTS)
        _wire(actions, page)
        _wire_reading(actions, page)
        _wire_calls(actions)
    with app.route("Library", "library"):
        _wire_reading(actions, _page(LIBRARY, _LIBRARY_SCRIPTS))
    with app.route("Evaluate", "evaluate"):
        _wire_evaluating(evaluating, _page(EVALUATE, _EVALUATE_SCRIPTS))
    return app


def _page(frame: str, scripts: tuple[str, ...]) -> gr.HTML:
    """Return a frame with its script inside the app that is being made."""
    Navbar(visible=False)
    return gr.HTML(
        html_template=frame,
        js_on_load=_script(scripts),
        apply_default_css=False,
        words={"zh": words("zh"), "en": words("en")},
    )


def _wire_of(name: str) -> gr.HTML:
    """Return a hidden component whose values reach the page's script as events ``chuchu-name``."""
    relay = f"watch('value', () => window.dispatchEvent(new CustomEvent('chuchu-{name}', {{detail: props.value}})))"
    return gr.HTML({}, html_template="", js_on_load=relay, elem_classes="wire")


_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "trigger_mode": "multiple"}


def _wire(actions: Actions, page: gr.HTML) -> None:
    """Tie asking and stopping to the actions."""

    def ask(event: gr.EventData, request: gr.Request) -> Iterator[Values]:
        values = _values(event)
        for reply in actions.ask(user_of(request), values, _language(values.get("language"))):
            yield reply | {"turn": values.get("turn")}

    limit = questions_at_once(actions.assistant.settings.answerer)
    asking = page.ask(ask, None, _wire_of("answers"), concurrency_limit=limit, **_QUIET)
    page.stop(None, None, None, cancels=[asking], **_QUIET)


def _wire_reading(actions: Actions, page: gr.HTML) -> None:
    """Tie uploads to the actions."""

    def ingest(event: gr.EventData, request: gr.Request) -> Iterator[Values]:
        values = _values(event)
        yield from actions.ingest(user_of(request), values, _language(values.get("language")))

    page.ingest(ingest, None, _wire_of("readings"), concurrency_limit=None, **_QUIET)


def _wire_evaluating(evaluating: Evaluating, page: gr.HTML) -> None:
    """Tie runs to their actions."""

    def evaluate(event: gr.EventData, request: gr.Request) -> Iterator[Values]:
        values = _values(event)
        yield from evaluating.evaluate(user_of(request), values, _language(values.get("language")))

    page.evaluate(evaluate, None, _wire_of("runs"), concurrency_limit=None, **_QUIET)


def _wire_calls(actions: Actions) -> None:
    """Tie all calls that have one reply to the actions."""

    def call(action: str, values: dict[str, Any], language: str, request: gr.Request) -> dict[str, Any]:
        return actions.call(user_of(request), action, values, _language(language))

    api(call, api_name="page", queue=False, concurrency_limit=None, api_visibility="undocumented")


def user_of(request: gr.Request) -> str:
    """Return the name of the user who is logged in, or that of everybody where there is no log-in."""
    return normal_name(request.username) if request.username else NOBODY


def questions_at_once(answerer: str) -> int:
    """Return how many questions an answerer gets at once; the others wait their turn."""
    return _ASKING_ELSEWHERE if is_elsewhere(answerer) else models_at_once()


def look() -> dict[str, Any]:
    """Return the arguments of ``launch`` that make the page look as it should, without a font from elsewhere."""
    theme = gr.themes.Base(font=[fonts.Font(name) for name in _FONTS], font_mono=[fonts.Font("monospace")])
    style = (_STATIC / "page.css").read_text(encoding="utf-8")  # as head: gradio rewrites what it gets as css
    return {"theme": theme, "head": f"<style>{style}</style>", "footer_links": [], "ssr_mode": False}


@cache
def _script(names: tuple[str, ...]) -> str:
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in names)


def _values(event: gr.EventData) -> Values:
    data = event._data
    return data if isinstance(data, dict) else {}


def _language(stated: object) -> Language:
    return "zh" if stated == "zh" else "en"
