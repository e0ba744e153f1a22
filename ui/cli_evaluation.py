"""The commands eval, compare, questions and tune. Turns words into calls, and figures into lines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import ReadError, SettingsError
from ui.options import (
    DEFAULT_LIBRARY,
    AnswererName,
    Dimensions,
    EmbedderName,
    LibraryFolder,
    MaybeLibrary,
    RerankerName,
    Sample,
    Strict,
    library_folder,
    path,
)

if TYPE_CHECKING:
    from index.library import Library
    from rag.assistant import Assistant
    from rag.evaluation.questions import QuestionSet


QuestionsFile = Annotated[
    Path,
    typer.Argument(
        metavar="QUESTIONS",
        parser=path,
        help="JSONL or CSV with a column question, or SQuAD JSON.",
        show_default=False,
    ),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave bad lines out, and say which.")]


def register(app: typer.Typer) -> None:
    """Mount the commands on the main application."""
    app.command("eval", epilog="Example: chuchu eval questions.jsonl --library papers --out run")(evaluate)
    app.command("compare", epilog="Example: chuchu compare run-a run-b --out compare.html")(compare)
    app.command("questions", epilog="Example: chuchu questions --library papers --count 50 --out q.jsonl")(
        questions
    )
    app.command("tune", epilog="Example: chuchu tune questions.jsonl --library papers")(tune)


def evaluate(
    file: QuestionsFile,
    library: Annotated[
        Path | None, typer.Option("--library", "-l", parser=path, help="The library's folder.")
    ] = None,
    documents: Annotated[
        list[Path] | None,
        typer.Option(
            "--documents",
            "-d",
            parser=path,
            help="Files or folders to read into a library of the run's own.",
        ),
    ] = None,
    sample: Sample = False,
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=path, help="Folder for the run; an interrupted run goes on.")
    ] = Path("chuchu-run"),
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
    answerer: AnswererName = None,
    strict: Strict = None,
    reranker: RerankerName = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, help="Questions asked at a time; usually 1, or 4 with a server elsewhere."
        ),
    ] = None,
    skip_bad: SkipBad = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace another run in the folder.")
    ] = False,
) -> None:
    """Ask all questions of a file, score the answers, and write a report that shows what fails and why."""
    from rag.evaluation.questions import read_questions
    from rag.evaluation.runner import evaluate as run_evaluation

    asked = read_questions(file, skip_bad=skip_bad)
    _say_notes(asked)
    read = _roots(documents or ())
    try:
        with (
            _assistant(
                asked,
                library,
                documents,
                out,
                read=read,
                overwrite=overwrite,
                sample=sample,
                embedder=embedder,
                dimensions=dimensions,
                changes={"answerer": answerer, "strict": strict, "reranker": reranker},
            ) as assistant,
            _progress("asking", len(asked.questions)) as advance,
        ):
            run = run_evaluation(
                assistant,
                asked,
                out,
                workers=workers,
                progress=advance,
                overwrite=overwrite,
                documents=read,
            )
    except KeyboardInterrupt:
        typer.echo("stopped; the answers so far are kept, and the same command goes on", err=True)
        raise typer.Exit(130) from None
    _print_metrics(run.metrics)
    if not run.metrics["measured"]:
        typer.echo("accuracy was not measured: the questions give no answers", err=True)
    errors = run.metrics["failures"]["error"]
    if errors:
        typer.echo(
            f"{errors} questions could not be answered and count as wrong; run again to try them again",
            err=True,
        )
    typer.echo(f"{out / 'report.html'}", err=True)


def compare(
    first: Annotated[Path, typer.Argument(parser=path, help="A run folder.", show_default=False)],
    second: Annotated[
        Path, typer.Argument(parser=path, help="Another, over the same questions.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", parser=path, help="The page to write.")] = Path(
        "compare.html"
    ),
) -> None:
    """Compare two runs question by question: what got better, what got worse, and whether it is noise."""
    from rag.evaluation.compare import compare as compare_runs
    from rag.evaluation.compare import write_comparison
    from rag.evaluation.runner import Run

    comparison = compare_runs(Run.load(first), Run.load(second))
    page = write_comparison(comparison, out)
    typer.echo("metric\tfirst\tsecond\tdifference\tlow\thigh\tp\tverdict")
    for d in comparison.differences:
        if d.difference is not None:
            figures = (d.first, d.second, d.difference, d.low, d.high, d.p)
            typer.echo("\t".join([d.name, *(_figure(figure) for figure in figures), d.verdict]))
    typer.echo(
        f"{len(comparison.better)} questions got better, {len(comparison.worse)} worse: {page}", err=True
    )


def questions(
    library: MaybeLibrary = None,
    sample: Sample = False,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=10_000, help="How many at most.")] = 50,
    seed: Annotated[int, typer.Option(help="Another number gives other questions.")] = 1,
    out: Annotated[Path, typer.Option("--out", "-o", parser=path, help="The file to write.")] = Path(
        "questions.jsonl"
    ),
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")] = False,
) -> None:
    """Draft questions with answers and evidence from a library's own documents, for chuchu eval and tune."""
    from index.library import Library
    from rag.evaluation.make_questions import WARNING, make_questions
    from rag.evaluation.questions import write_questions

    if out.exists() and not overwrite:
        raise SettingsError(f"{out} is there already; choose another --out or --overwrite it")
    with Library.open(library_folder(library, sample=sample)) as opened:
        made = make_questions(opened, count, seed=seed)
    write_questions(out, made)
    silent = sum(question.unanswerable for question in made)
    typer.echo(f"{len(made)} questions, {silent} of them not answered by the documents: {out}", err=True)
    if len(made) < count:
        typer.echo(f"the documents gave no more than these of the {count} asked for", err=True)
    typer.echo(WARNING, err=True)


def tune(
    file: QuestionsFile,
    library: LibraryFolder = DEFAULT_LIBRARY,
    embedder: EmbedderName = None,
    dimensions: Dimensions = None,
    answerer: AnswererName = None,
    skip_bad: SkipBad = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
) -> None:
    """Fit fusion weights and refusal threshold to questions; settings change only when better beyond noise."""
    from rag.assistant import Assistant
    from rag.evaluation.questions import read_questions
    from rag.evaluation.tune import steps_of
    from rag.evaluation.tune import tune as fit
    from rag.settings import Settings

    asked = read_questions(file, skip_bad=skip_bad)
    _say_notes(asked)
    kept = Settings.load(library)
    with (
        Assistant.open(
            library, settings=kept.changed(answerer=answerer), embedder=embedder, dimensions=dimensions
        ) as assistant,
        _progress("tuning", steps_of(asked.questions)) as advance,
    ):
        tuning = fit(assistant, asked.questions, advance)
    typer.echo("what\tmeasure\tpresent\tfitted\tbefore\tafter\tdifference\tlow\thigh\tp\tn\tbetter")
    for step in tuning.steps:
        cells = (step.before, step.after, step.after - step.before, step.low, step.high, step.p)
        values = [
            " ".join(f"{name}={value:g}" for name, value in of.items()) for of in (step.present, step.fitted)
        ]
        figures = [_figure(cell) for cell in cells]
        typer.echo(
            "\t".join(
                [step.name, step.measure, *values, *figures, str(step.n), "yes" if step.better else "no"]
            )
        )
    for reason in tuning.skipped:
        typer.echo(f"not fitted: {reason}", err=True)
    if not tuning.fitted:
        typer.echo("nothing is better beyond noise; the settings stay as they are", err=True)
    elif dry_run:
        typer.echo("nothing was written (--dry-run)", err=True)
    else:
        kept.changed(**tuning.fitted).save(library)
        typer.echo(f"written to {library / 'settings.json'}", err=True)


@contextmanager
def _assistant(
    asked: QuestionSet,
    library: Path | None,
    documents: list[Path] | None,
    out: Path,
    *,
    read: Sequence[str],
    overwrite: bool,
    sample: bool,
    embedder: str | None,
    dimensions: int | None,
    changes: Mapping[str, object],
) -> Iterator[Assistant]:
    """Open the library to measure: the one named, the samples', or one made of documents or SQuAD contexts."""
    from rag.assistant import Assistant
    from rag.evaluation.runner import claimed
    from rag.settings import Settings

    if documents or (asked.texts and library is None and not sample):
        if documents and (library or sample):
            other = "--library" if library else "--sample"
            raise SettingsError(f"--documents are read into a library of the run's own; leave out {other}")
        folder = out / "library"
        settings = Settings.load(folder).changed(**changes)
        with _sources(asked, documents) as paths, ExitStack() as opened:
            with claimed(out, asked, read, overwrite=overwrite):
                assistant = opened.enter_context(
                    Assistant.create(folder, settings=settings, embedder=embedder, dimensions=dimensions)
                )
                _read(assistant, paths)
                _keep_only(assistant.library, paths)
            yield assistant
        return
    folder = library_folder(library, sample=sample, embedder=embedder, dimensions=dimensions)
    settings = Settings.load(folder).changed(**changes)
    with Assistant.open(folder, settings=settings, embedder=embedder, dimensions=dimensions) as assistant:
        yield assistant


@contextmanager
def _sources(asked: QuestionSet, documents: list[Path] | None) -> Iterator[list[Path]]:
    """Yield the documents to read; SQuAD's contexts lie in a folder for as long as they are read."""
    from rag.evaluation.runner import write_texts

    if documents:
        yield documents
        return
    with tempfile.TemporaryDirectory(prefix="chuchu-") as folder:
        yield [write_texts(asked.texts, Path(folder) / "documents")]


def _read(assistant: Assistant, paths: list[Path]) -> None:
    from ui.progress import ingest_progress
    from ui.terminal import print_report

    with ingest_progress() as progress:
        report = assistant.ingest(paths, prune=True, progress=progress)
    if report.failed:
        print_report(report)
    if not assistant.library.documents():
        raise ReadError(f"nothing could be read in {paths[0]}; name documents with text")


def _roots(paths: Sequence[Path]) -> list[str]:
    """Return files and folders by the paths that a library knows them by."""
    from index.readers.files import absolute, source_of

    return [source_of(absolute(path)) for path in paths]


def _keep_only(library: Library, paths: Sequence[Path]) -> None:
    """Remove what an earlier run in the same folder read from elsewhere."""
    roots = _roots(paths)
    others = [
        info.id
        for info in library.documents()
        if not any(Path(source).is_relative_to(root) for source in library.sources(info.id) for root in roots)
    ]
    if others:
        library.remove(others)


def _say_notes(asked: QuestionSet) -> None:
    for note in asked.notes:
        typer.echo(note, err=True)
    for problem in asked.skipped:
        typer.echo(f"left out: {problem}", err=True)


@contextmanager
def _progress(label: str, total: int) -> Iterator[Any]:
    """Show a bar with rate and time left on stderr; yields what advances it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ui.terminal import err

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)


def _print_metrics(metrics: dict[str, Any] | Any) -> None:
    """One line per metric: name, value, interval, number of questions."""
    typer.echo("metric\tvalue\tlow\thigh\tn")
    for name, m in metrics["overall"].items():
        if m["value"] is not None:
            typer.echo(
                "\t".join([name, _figure(m["value"]), _figure(m["low"]), _figure(m["high"]), str(m["n"])])
            )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
