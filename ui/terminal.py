"""Answers, hits and progress as a terminal shows them. Takes values, prints text; decides nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.markup import escape

from index.datatypes import DocumentInfo, Hit
from index.ingest import IngestReport
from index.rebuild import RebuildReport
from rag.datatypes import Answer, Citation, Passage
from rag.doubts import SIGN, explain, stretches

SEPARATOR = " › "
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")  # of C0 and C1; those of white space do no harm


def _console(*, stderr: bool = False) -> Console:
    made = Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False)  # 1:100:1000 is no emoji
    if made.width < 1:  # COLUMNS=0, as programs without a window set it: nothing at all would be printed
        made.width = 80
    return made


out = _console()
"""Results go to standard output, plain when it is a pipe."""

err = _console(stderr=True)
"""Progress, logs and errors."""


def print_answer(answer: Answer) -> None:
    """Print the text, then its citations; the nearest passages where there is no answer."""
    text = "".join(
        _escape(answer.text[part.start : part.end]) + (f" [red]{SIGN}[/red]" if part.ends_doubt else "")
        for part in stretches(answer)
    )
    out.print(f"[bold]{text}[/bold]" if not answer.citations else text)
    for doubt in answer.doubts:
        sentence = _shorten(answer.text[doubt.start : doubt.end].strip())
        out.print(f"[red]{SIGN} “{_escape(sentence)}” {_escape(explain(doubt, answer.language))}[/red]")
    for note in answer.notes:
        out.print(f"[yellow]{_escape(note)}[/yellow]")
    for citation in answer.citations:
        sign = "" if citation.verdict == "supported" else f" {SIGN}"
        out.print(f"\n{_escape(f'[{citation.number}]')}{sign} {_escape(_where(citation))}", style="cyan")
        out.print(_indented(citation.quote))
    if answer.status == "unanswerable":
        for passage in answer.passages[:3]:
            out.print(f"\n{_escape(_where(passage))}", style="cyan")
            out.print(_indented(_shorten(passage.text)))


def print_hits(hits: Sequence[Hit]) -> None:
    """Print one block per hit: rank, scores, place, text."""
    for hit in hits:
        scores = "  ".join(f"{name} {value:.3f}" for name, value in hit.scores.items())
        place = SEPARATOR.join((hit.document.title, *hit.chunk.heading))
        page = f" p. {hit.chunk.page}" if hit.chunk.page else ""
        out.print(
            f"[bold]{hit.rank}[/bold]  {_escape(place)}{page}  [dim]{_escape(hit.document.name)}  {scores}[/dim]"
        )
        out.print(_indented(_shorten(hit.chunk.text, 300)) + "\n")


def print_report(report: IngestReport) -> None:
    """Print what an ingest did, then each file that is left out and why, on standard error."""
    counts = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "duplicates": report.duplicates,
        "moved": report.moved,
        "removed": report.pruned,
        "failed": len(report.failed),
    }
    done = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    err.print(f"{done or 'nothing to read'}; {report.chunks:,} chunks of {report.characters:,} characters")
    skipped = ", ".join(f"{count:,} {reason}" for reason, count in sorted(report.skipped.items()))
    if skipped:
        err.print(f"skipped: {skipped}")
    for failure in report.failed:
        err.print(_escape(failure.reason), style="red")


def print_rebuild(report: RebuildReport) -> None:
    """Print what a rebuild made anew, and what it could not mend."""
    err.print(f"indexes made anew; {report.documents:,} documents embedded again in {report.chunks:,} chunks")
    for source in report.mended:
        err.print(f"mended: {_escape(source)}")
    for source in report.lost:
        err.print(
            f"removed, its text is damaged and its file is gone or another: {_escape(source)}", style="red"
        )


def print_documents(documents: Sequence[DocumentInfo]) -> None:
    """Print one line per document: id, date, language, characters, title, path."""
    for document in documents:
        columns = (str(document.id), document.date or "-", document.language, f"{document.characters:,}")
        names = (
            " ".join(name.split()) for name in (document.title, document.source)
        )  # a name may hold newlines
        print_row(*columns, *names)


def print_row(*columns: object) -> None:
    """Print values with tabs between them; a rich console would make blanks of those."""
    typer.echo("\t".join(_visible(str(column)) for column in columns))


def _where(place: Citation | Passage) -> str:
    """Title › headings, date, page, file and offsets: enough to find the words again."""
    title = SEPARATOR.join(dict.fromkeys((place.title, *place.heading)))
    spans = ", ".join(f"{start}–{end}" for start, end in place.spans)
    parts = [title, place.date or "", f"p. {place.page}" if place.page else "", f"{place.source}:{spans}"]
    return ", ".join(part for part in parts if part)


def _shorten(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _indented(text: str) -> str:
    return _escape("    " + text.replace("\n", "\n    "))


def _escape(text: str) -> str:
    """Return a text that is printed as it stands, whatever markup or sequences for a terminal it holds."""
    return escape(_visible(text))


def _visible(text: str) -> str:
    """Return a text with a sign in place of each character that a terminal would obey."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)
