"""What programs can ask the page's server: ask, search and documents, as Gradio end points and as tools of MCP.

Takes plain values, gives the JSON forms of answers, hits and documents; knows nothing of the page.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from index.datatypes import Hit
from index.errors import ChuchuError, QueryError, SettingsError
from index.runtime import models_at_once
from rag.assistant import Assistant
from ui.guard import FAILED

if TYPE_CHECKING:
    import gradio as gr
    from mcp.server.fastmcp import FastMCP

_log = logging.getLogger(__name__)

MAX_K = 100  # hits
_INSTRUCTIONS = (
    "Answers questions about a library of documents, in Chinese, English or fifteen more languages, and quotes the "
    "exact words of the documents that each sentence of an answer stands on."
)


class EndPoints:
    """The three questions, asked of one assistant; may be shared by threads."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def ask(
        self, question: str, history: list[list[str] | str] | None = None, documents: list[str] | None = None
    ) -> Any:
        """Answer a question from the documents and cite the words that say so.

        Args:
            question: in Chinese, English or one of fifteen more languages; may lean on the history.
            history: earlier turns, oldest first, each a question and its answer, or a question alone.
            documents: shell patterns on file names or paths, such as "*2023*"; none means all documents.

        Returns:
            The answer: text, short_answer, status ("answered" or "unanswerable"), confidence, citations with
            their verbatim quotes, source, page and offsets, and the passages that were read.
        """
        turns = [_turn(turn) for turn in _list(history, "history") if turn]
        answer = self._assistant.ask(_question(question), history=turns, documents=_patterns(documents))
        return answer.to_dict()

    def search(self, query: str, k: int = 10, documents: list[str] | None = None) -> Any:
        """Find the passages of the documents that match a query best.

        Args:
            query: words or a question, in Chinese, English or one of fifteen more languages.
            k: how many hits at most, 1 to 100.
            documents: shell patterns on file names or paths, such as "*2023*"; none means all documents.

        Returns:
            Hits, best first: rank, scores by kind, the chunk with its text, page and offsets, and its document.
        """
        if not isinstance(k, int) or not 1 <= k <= MAX_K:
            raise SettingsError(f"k is {k!r:.80}, expected 1 to {MAX_K}.")
        hits: list[Hit] = self._assistant.search(_question(query), k=k, documents=_patterns(documents))
        return [asdict(hit) for hit in hits]

    def documents(self) -> Any:
        """List the documents of the library.

        Returns:
            Each document's id, source, title, language, date, metadata, number of pages and of characters.
        """
        return [asdict(info) for info in self._assistant.library.documents()]


# Programs send whatever JSON can say, and Gradio does not hold it to the annotations.


def _question(question: object) -> str:
    if not isinstance(question, str):
        raise QueryError(f"the question is {question!r:.80}, expected a text")
    return question


def _list(values: object, name: str) -> Sequence[Any]:
    if values is None:
        return ()
    if not isinstance(values, list | tuple):
        raise SettingsError(f"{name} is {values!r:.80}, expected a list.")
    return values


def _turn(turn: object) -> tuple[str, str]:
    """Return a turn as a question and its answer; "" where it is a question alone."""
    question, answer, *_ = (turn, "") if isinstance(turn, str) else (*_list(turn, "a turn of history"), "")
    if not isinstance(question, str) or not isinstance(answer, str):
        raise SettingsError(f"history holds {turn!r:.80}, expected a question and its answer.")
    return question, answer


def _patterns(documents: object) -> str | Sequence[str]:
    patterns = documents if isinstance(documents, str) else _list(documents, "documents")
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise SettingsError(f"documents holds {pattern!r:.80}, expected patterns such as '*2023*'.")
    return patterns


def add_end_points(app: gr.Blocks, assistant: Assistant) -> None:
    """Give an app, not launched yet, the named end points /ask, /search and /documents."""
    from gradio.events import api
    from gradio.exceptions import Error

    points = EndPoints(assistant)

    def told(sentence: str) -> Exception:
        return Error(sentence, print_exception=False)

    # Gradio reads the signatures, so the functions stand here by themselves.
    def ask(
        question: str, history: list[list[str] | str] | None = None, documents: list[str] | None = None
    ) -> dict:  # type: ignore[type-arg]
        with plain_failures(told):
            answer: dict[str, Any] = points.ask(question, history, documents)
            return answer

    def search(query: str, k: int = 10, documents: list[str] | None = None) -> list:  # type: ignore[type-arg]
        with plain_failures(told):
            hits: list[Any] = points.search(query, k, documents)
            return hits

    def documents() -> list:  # type: ignore[type-arg]
        with plain_failures(told):
            found: list[Any] = points.documents()
            return found

    for event in app.fns.values():  # Gradio names events after their functions, ours would become /ask_1
        if event.api_name in {function.__name__ for function in (ask, search, documents)}:
            event.api_name = f"page_{event.api_name}"
    with app:
        for function, point in ((ask, points.ask), (search, points.search), (documents, points.documents)):
            function.__doc__ = point.__doc__
            api(
                function,
                api_name=function.__name__,
                concurrency_limit=models_at_once(),
                concurrency_id="end points",
            )


def make_mcp(assistant: Assistant) -> FastMCP[None]:
    """Return a server of the model context protocol with the tools ask, search and documents.

    Raises
    ------
    SettingsError
        the extra ``mcp`` is not installed.
    """
    try:
        from mcp.server.fastmcp import FastMCP
        from mcp.server.fastmcp.exceptions import ToolError
        from mcp.server.transport_security import TransportSecuritySettings
        from mcp.types import ToolAnnotations
    except ImportError:
        raise SettingsError(
            "--mcp needs the extra: run `pip install 'chuchu[mcp]'`, or leave --mcp out."
        ) from None
    from anyio import CapacityLimiter, to_thread

    from ui.guard import MCP

    points = EndPoints(assistant)
    turns = CapacityLimiter(models_at_once())
    # Each call stands alone, so any number of programs may come and go; the guard looks after hosts and users.
    server: FastMCP[None] = FastMCP(
        "chuchu",
        instructions=_INSTRUCTIONS,
        stateless_http=True,
        json_response=True,
        streamable_http_path=MCP,
        log_level="ERROR",
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=False
        ),  # the guard's part
    )

    async def run(function: Callable[..., Any], *values: Any) -> dict[str, Any]:
        with plain_failures(ToolError):
            result = await to_thread.run_sync(function, *values, limiter=turns)
        return result if isinstance(result, dict) else {"result": result}

    async def ask(
        question: str, history: list[list[str] | str] | None = None, documents: list[str] | None = None
    ) -> dict[str, Any]:
        return await run(points.ask, question, history, documents)

    async def search(query: str, k: int = 10, documents: list[str] | None = None) -> dict[str, Any]:
        return await run(points.search, query, k, documents)

    async def documents() -> dict[str, Any]:
        return await run(points.documents)

    for tool, point in ((ask, points.ask), (search, points.search), (documents, points.documents)):
        server.add_tool(
            tool,
            description=point.__doc__,
            annotations=ToolAnnotations(readOnlyHint=True, openWorldHint=False),
        )
    return server


@contextmanager
def plain_failures(told: Callable[[str], Exception]) -> Iterator[None]:
    """Turn what goes wrong into an error with one sentence: our own, or a number that the log explains."""
    try:
        yield
    except ChuchuError as error:
        raise told(str(error)) from None
    except Exception as error:
        number = secrets.token_hex(4)
        _log.error("error %s", number, exc_info=error)
        raise told(f"{FAILED}{number}.") from None
