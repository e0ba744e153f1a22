"""Progress bars on standard error for reading, embedding and indexing; nothing where it is no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from index.ingest import Progress as IngestProgress
from index.ingest import Stage
from ui.terminal import err

UNITS: dict[Stage, str] = {"reading": "files", "embedding": "chunks", "indexing": "index"}


class _Rate(ProgressColumn):
    """Finished per second, in the task's own unit."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} {task.fields['unit']}/s" if speed else "", style="progress.data.speed")


@contextmanager
def ingest_progress() -> Iterator[IngestProgress]:
    """Show one bar per stage, each from its first call on, with rate and time left."""
    columns = (
        TextColumn("{task.description:>10}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    bars = {}
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as shown:

        def progress(stage: Stage, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = shown.add_task(stage, unit=UNITS[stage])
            shown.update(bars[stage], completed=done, total=total)

        yield progress
