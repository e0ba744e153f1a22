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

from rag.assistant import Assistant
from ui.actions import Actions
from ui.datatypes import Conversations, Language
from ui.panels import FRAME
from ui.strings import words

_STATIC = Path(__file__).parent / "static"
_SCRIPTS = ("core.js", "evidence.js", "library.js", "chat.js", "start.js")  # one scope, in this order
_ASKING = 8  # questions answered at once; the others wait their turn
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
NOBODY = "local"  # the user of a page without log-in


def make_app(assistant: Assistant, conversations: Conversations) -> gr.Blocks:
    """Return the app of an assistant, not launched; ``look()`` has what its launch needs."""
    actions = Actions(assistant, conversations, Path(gr.utils.get_upload_folder()))
    app = gr.Blocks(title="出处 chuchu", fill_width=True, analytics_enabled=False)
    with app:
        Navbar(visible=False)
        answers = gr.HTML({}, html_template="", js_on_load=_relay("answers"), elem_classes="wire")
        readings = gr.HTML({}, html_template="", js_on_load=_relay("readings"), elem_classes="wire")
        page = gr.HTML(
            html_template=FRAME,
            js_on_load=_script(),
            apply_default_css=False,
            elem_id="chuchu-block",
            words={"zh": words("zh"), "en": words("en")},
        )
        _wire(actions, page, answers, readings)
    return app


def _wire(actions: Actions, page: gr.HTML, answers: gr.HTML, readings: gr.HTML) -> None:
    """Tie the events of the page's script to the actions."""

    def ask(event: gr.EventData, request: gr.Request) -> Iterator[Values]:
        values = _values(event)
        for reply in actions.ask(user_of(request), values, _language(values)):
            yield reply | {"turn": values.get("turn")}

    def ingest(event: gr.EventData, request: gr.Request) -> Iterator[Values]:
        values = _values(event)
        yield from actions.ingest(user_of(request), values, _language(values))

    def call(action: str, values: dict[str, Any], language: str, request: gr.Request) -> dict[str, Any]:
        return actions.call(user_of(request), action, values, "zh" if language == "zh" else "en")

    quiet: dict[str, Any] = {
        "show_progress": "hidden",
        "api_visibility": "private",
        "trigger_mode": "multiple",
    }
    asking = page.ask(ask, None, answers, concurrency_limit=_ASKING, **quiet)
    page.stop(None, None, None, cancels=[asking], **quiet)
    page.ingest(ingest, None, readings, concurrency_limit=None, **quiet)
    api(call, api_name="page", queue=False, concurrency_limit=None, api_visibility="undocumented")


def user_of(request: gr.Request) -> str:
    """Return the name of the user who is logged in, or that of everybody where there is no log-in."""
    return request.username or NOBODY


def look() -> dict[str, Any]:
    """Return the arguments of ``launch`` that make the page look as it should, without a font from elsewhere."""
    theme = gr.themes.Base(font=[fonts.Font(name) for name in _FONTS], font_mono=[fonts.Font("monospace")])
    style = (_STATIC / "page.css").read_text(encoding="utf-8")  # as head: gradio rewrites what it gets as css
    return {"theme": theme, "head": f"<style>{style}</style>", "footer_links": [], "ssr_mode": False}


def _relay(name: str) -> str:
    """Return a script that hands each new value of a hidden component to the page's script."""
    return f"watch('value', () => window.dispatchEvent(new CustomEvent('chuchu-{name}', {{detail: props.value}})))"


@cache
def _script() -> str:
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in _SCRIPTS)


def _values(event: gr.EventData) -> Values:
    data = event._data
    return data if isinstance(data, dict) else {}


def _language(values: Values) -> Language:
    return "zh" if values.get("language") == "zh" else "en"
