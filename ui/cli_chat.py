"""The command ``chuchu chat``: reads what changed, then serves the page. Turns words into calls."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import ChuchuError, SettingsError
from rag.answerers.names import FORMS
from ui.options import (
    DEFAULT_LIBRARY,
    Dimensions,
    EmbedderName,
    MaybeLibrary,
    RerankerName,
    Sample,
    Strict,
    check_documents,
    path,
)

if TYPE_CHECKING:
    from rag.assistant import Assistant


def register(app: typer.Typer) -> None:
    """Mount the command on the main application."""
    app.command("chat", epilog="Example: chuchu chat ~/papers")(chat)


def chat(
    documents: Annotated[
        list[Path] | None,
        typer.Argument(
            parser=path,
            help="Files and folders to read; none: the library, or else the samples.",
            show_default=False,
        ),
    ] = None,
    library: MaybeLibrary = None,
    sample: Sample = False,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need --auth.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port.", show_default="first free one from 7860")
    ] = None,
    auth: Annotated[
        Path | None,
        typer.Option(parser=path, help="Users file: log-in is needed; see chuchu users.", show_default=False),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(parser=path, help="PEM certificate: serves https.", show_default=False)
    ] = None,
    key: Annotated[
        Path | None, typer.Option(parser=path, help="PEM key of the certificate.", show_default=False)
    ] = None,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Also serve the model context protocol at /mcp.")
    ] = False,
    max_megabytes: Annotated[int, typer.Option(min=1, help="Largest file that may be uploaded.")] = 100,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
    answerer: Annotated[
        list[str] | None,
        typer.Option(
            "--answerer", help=f"{FORMS}; given again, the page offers several.", show_default=False
        ),
    ] = None,
    strict: Strict = None,
    reranker: RerankerName = None,
) -> None:
    """Open the chat page on your documents; with none named, on the library here, or else on the samples."""
    from ui.server import ServerOptions, check_host, serve

    options = ServerOptions(
        host=host,
        port=port,
        auth=auth,
        certificate=certificate,
        key=key,
        mcp=mcp,
        max_megabytes=max_megabytes,
    )
    check_host(options)  # before anything slow is done
    with _assistant(
        documents or [],
        library,
        sample=sample,
        embedder=embedder,
        dimensions=dimensions,
        answerers=answerer or [],
        changes={"strict": strict, "reranker": reranker},
    ) as assistant:
        threading.Thread(target=_warm, args=(assistant,), name="warm", daemon=True).start()
        serve(
            assistant,
            options,
            ready=lambda url: _ready(url, open_browser=open_browser),
            tell=lambda note: typer.echo(note, err=True),
        )
    _leave()


def _assistant(
    documents: list[Path],
    library: Path | None,
    *,
    sample: bool,
    embedder: str | None,
    dimensions: int | None,
    answerers: list[str],
    changes: Mapping[str, object],
) -> Assistant:
    """Return the assistant of the documents' library, brought up to date, or of the samples.

    The first of the answerers is the default; the others are offered beside those of the library's settings.

    Raises
    ------
    SettingsError
        samples and documents or a library were asked for together.
    """
    from index.library import Library
    from rag.assistant import Assistant
    from rag.settings import Settings
    from ui.progress import ingest_progress
    from ui.sample import sample_library
    from ui.terminal import print_report

    if sample and (documents or library):
        raise SettingsError("--sample has documents and a library of its own; leave out DOCS and --library")
    check_documents(documents)
    folder = library or DEFAULT_LIBRARY
    if sample or (not documents and library is None and not Library.exists(folder)):
        folder = sample_library(embedder, dimensions)
        typer.echo("These are the samples; what is added to them lasts until the next update.", err=True)
        typer.echo("Name your own: chuchu chat DOCS", err=True)
    settings = Settings.load(folder).changed(**changes)
    if answerers:
        offered = (*answerers[1:], *settings.offered)
        settings = settings.changed(answerer=answerers[0], answerers=offered)
    if not documents:
        return Assistant.open(folder, settings=settings, embedder=embedder, dimensions=dimensions)
    assistant = Assistant.create(folder, settings=settings, embedder=embedder, dimensions=dimensions)
    with ingest_progress() as progress:
        report = assistant.ingest(documents, progress=progress)
    print_report(report)
    return assistant


def _warm(assistant: Assistant) -> None:
    """Load the models while the browser opens, so that the first question does not wait for them."""
    try:
        _ = assistant.embedder, assistant.reranker, assistant.answerer
        assistant.library.vector_index()
    except ChuchuError as error:  # each question is answered with it, too
        typer.echo(f"chuchu: {error}", err=True)


def _leave() -> None:
    """End the process while threads may still be inside a model, whose code aborts when Python ends around it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _ready(url: str, *, open_browser: bool) -> None:
    typer.echo(f"The page is at {url}; stop it with Ctrl-C.", err=True)
    if open_browser:
        import webbrowser

        webbrowser.open(url)
