"""The ``chuchu`` command. Turns words on a command line into calls, and errors into one clear line.

Heavy modules load inside the commands, so that ``--help`` and wrong usage answer at once.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import ChuchuError
from ui import cli_chat, cli_evaluation, cli_models, cli_users
from ui.options import (
    DEFAULT_LIBRARY,
    AnswererName,
    AsJson,
    Dimensions,
    EmbedderName,
    LibraryFolder,
    MaybeLibrary,
    RerankerName,
    Sample,
    Strict,
    check_documents,
    check_readable,
    library_folder,
    path,
)
from ui.streams import lead_nowhere, standard_streams

if TYPE_CHECKING:
    from rag.assistant import Assistant

app = typer.Typer(
    name="chuchu",
    help="Answers questions about your documents and shows the exact words each sentence stands on.",
    epilog='Example: chuchu ask --sample "2022年产值是多少？"',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
library_app = typer.Typer(
    help="Look after a library.",
    epilog="Example: chuchu library info --library papers",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(library_app, name="library")
cli_chat.register(app)
cli_evaluation.register(app)
cli_models.register(app)
cli_users.register(app)

Documents = Annotated[
    list[Path], typer.Argument(parser=path, help="Files and folders to read.", show_default=False)
]
Only = Annotated[
    list[str] | None,
    typer.Option("--documents", "-d", help="Only documents whose name or path matches, such as '*2023*'."),
]
INTERRUPTED = 130  # the exit status that Typer gives after Ctrl-C


@app.callback()
def _main(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log to standard error.")] = False,
) -> None:
    logging.basicConfig(
        level=logging.INFO if verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s"
    )


@app.command(epilog="Example: chuchu ingest ~/papers notes.md --library papers")
def ingest(
    documents: Documents,
    library: LibraryFolder = DEFAULT_LIBRARY,
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Also remove documents whose file is gone from these folders.")
    ] = False,
    max_megabytes: Annotated[int, typer.Option(min=1, help="Leave out files larger than this.")] = 100,
) -> None:
    """Read files and folders into a library; only new and changed files are worked on."""
    from index.ingest import IngestInterrupted
    from index.library import Library
    from rag.assistant import Assistant
    from ui.progress import ingest_progress
    from ui.terminal import print_report

    missing = check_documents(documents)
    if not Library.exists(library):
        check_readable(documents)
    try:
        with (
            Assistant.create(library, embedder=embedder, dimensions=dimensions) as assistant,
            ingest_progress() as progress,
        ):
            report = assistant.ingest(
                documents, prune=prune, max_bytes=max_megabytes * 1_000_000, progress=progress
            )
    except IngestInterrupted as stopped:
        print_report(stopped.report)
        raise
    print_report(report)
    if missing or (report.failed and not report.present):
        raise typer.Exit(1)


@app.command(epilog='Example: chuchu ask "2022年产值是多少？" --sample')
def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.", show_default=False)],
    library: MaybeLibrary = None,
    sample: Sample = False,
    as_json: AsJson = False,
    documents: Only = None,
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
    answerer: AnswererName = None,
    strict: Strict = None,
    reranker: RerankerName = None,
) -> None:
    """Answer a question from a library and cite the words that say so."""
    from ui.terminal import print_answer

    with _open(
        library,
        sample=sample,
        embedder=embedder,
        dimensions=dimensions,
        answerer=answerer,
        strict=strict,
        reranker=reranker,
    ) as assistant:
        answer = assistant.ask(question, documents=documents or ())
    if as_json:
        _print_json(answer.to_dict())
    else:
        print_answer(answer)


@app.command(epilog='Example: chuchu search "高新技术企业" --library papers -k 5')
def search(
    query: Annotated[str, typer.Argument(help="Words or a question.", show_default=False)],
    library: MaybeLibrary = None,
    sample: Sample = False,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many hits at most.")] = 10,
    as_json: AsJson = False,
    documents: Only = None,
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
) -> None:
    """Find the chunks of a library that match a query best."""
    from dataclasses import asdict

    from ui.terminal import print_hits

    with _open(library, sample=sample, embedder=embedder, dimensions=dimensions) as assistant:
        hits = assistant.search(query, k=k, documents=documents or ())
    if as_json:
        _print_json([asdict(hit) for hit in hits])
    else:
        print_hits(hits)


@library_app.command("list", epilog="Example: chuchu library list --library papers")
def library_list(library: LibraryFolder = DEFAULT_LIBRARY, as_json: AsJson = False) -> None:
    """List the documents: id, date, language, characters, title, path."""
    from dataclasses import asdict

    from index.library import Library
    from ui.terminal import print_documents

    with Library.open(library) as opened:
        found = opened.documents()
    if as_json:
        _print_json([asdict(document) for document in found])
    else:
        print_documents(found)


@library_app.command("remove", epilog="Example: chuchu library remove '*2021*' --library papers")
def library_remove(
    patterns: Annotated[list[str], typer.Argument(help="Names, paths or patterns such as '*2021*'.")],
    library: LibraryFolder = DEFAULT_LIBRARY,
) -> None:
    """Remove documents by name, path or pattern; one that is also there under another name stays under that."""
    from index.library import Library, unmatched
    from ui.terminal import print_documents

    with Library.open(library) as opened:
        unknown = opened.without_match(patterns)
        print_documents(opened.remove(patterns))
    if unknown:
        raise ChuchuError(unmatched(unknown))


@library_app.command("verify", epilog="Example: chuchu library verify --library papers")
def library_verify(library: LibraryFolder = DEFAULT_LIBRARY) -> None:
    """Compare everything on disk with everything else; prints each mismatch, exits 1 if there is one."""
    from index.library import Library
    from ui.terminal import err, print_row

    with Library.open(library) as opened:
        problems = opened.verify()
    for problem in problems:
        print_row(problem.kind, problem.message)
    if problems:
        raise ChuchuError(
            f"{len(problems)} mismatches; `chuchu library rebuild --library {library}` mends them"
        )
    err.print("everything matches")


@library_app.command("rebuild", epilog="Example: chuchu library rebuild --library papers")
def library_rebuild(
    library: LibraryFolder = DEFAULT_LIBRARY,
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also cut all documents into chunks again.")
    ] = False,
) -> None:
    """Make the search indexes anew from the stored texts; with --embedder, embed all with that model.

    The library answers as before until that is done. Stopped or killed, it goes on when called again.
    """
    from index.embedder import load_embedder
    from index.library import Library
    from index.rebuild import rebuild
    from index.reembed import pending
    from ui.progress import ingest_progress
    from ui.terminal import print_rebuild

    with Library.open(library) as opened, ingest_progress() as progress:
        begun = None if embedder or dimensions else pending(opened)
        name, kept = (
            (begun.embedder, begun.dimensions) if begun else opened.embedder_for(embedder or "", dimensions)
        )
        report = rebuild(
            opened, load_embedder(name, kept), embedder_name=name, everything=everything, progress=progress
        )
    print_rebuild(report)


@library_app.command("feedback", epilog="Example: chuchu library feedback --library papers > feedback.jsonl")
def library_feedback(library: LibraryFolder = DEFAULT_LIBRARY) -> None:
    """Print what users of the chat page thought of answers, as a questions file for chuchu eval."""
    from index.library import Library
    from ui.conversations import LibraryConversations, questions_file

    with Library.open(library) as opened:
        names = {info.id: info.name for info in opened.documents()}
        typer.echo(questions_file(LibraryConversations(opened).judgements(), names), nl=False)


@library_app.command("info", epilog="Example: chuchu library info --library papers --json")
def library_info(library: LibraryFolder = DEFAULT_LIBRARY, as_json: AsJson = False) -> None:
    """Print what the library holds and how it was made."""
    from dataclasses import asdict

    from index.library import Library
    from ui.terminal import print_row

    with Library.open(library) as opened:
        facts = asdict(opened.stats())
    if as_json:
        _print_json(facts)
    else:
        for name, value in facts.items():
            print_row(name, value)


def _open(
    library: Path | None,
    *,
    sample: bool,
    embedder: str | None = None,
    dimensions: int | None = None,
    answerer: str | None = None,
    strict: bool | None = None,
    reranker: str | None = None,
) -> Assistant:
    """Open the assistant of a library, or of the sample documents, with the models that were asked for."""
    from rag.assistant import Assistant
    from rag.settings import Settings

    folder = library_folder(library, sample=sample, embedder=embedder, dimensions=dimensions)
    settings = Settings.load(folder).changed(answerer=answerer, strict=strict, reranker=reranker)
    assistant = Assistant.open(folder, settings=settings, embedder=embedder, dimensions=dimensions)
    if not assistant.library.stats().documents:
        typer.echo(
            f"{folder} holds no documents yet; read some with: chuchu ingest DOCS --library {folder}",
            err=True,
        )
    return assistant


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def main() -> None:
    """Run the command; what a person can do something about ends in one line on stderr and exit status 1."""
    with standard_streams():
        _run()


def _run() -> None:
    try:
        app()
    except ChuchuError as error:
        _fail(str(error), 1)
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        _fail("stopped; what was finished is kept", INTERRUPTED)
    except OSError as error:
        _settle_output()
        _fail(f"a file or the output could not be read or written: {error}", 1)
    except Exception as error:
        logging.getLogger(__name__).info("unexpected error", exc_info=True)
        _settle_output()
        _fail(f"something went wrong inside ({type(error).__name__}: {error}); --verbose shows where", 1)


def _settle_output() -> None:
    """Write what is still to be written; where that fails let it go nowhere, or Python fails once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        lead_nowhere(sys.stdout)


def _fail(message: str, status: int) -> None:
    one_line = " ".join(message.split())
    print(f"chuchu: {one_line}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
