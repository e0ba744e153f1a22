"""The reader's training curves: what ``index.training.curves`` keeps, drawn as losses and exact answers."""

from __future__ import annotations

from pathlib import Path

from index.training.curves import DRAWING, TABLE, append, chart, cut, read, write_drawing

__all__ = ["DRAWING", "TABLE", "append", "cut", "draw", "read"]


def draw(table: Path, drawing: Path) -> None:
    """Draw the losses, and each source's share of exact answers, over the steps as an SVG file."""
    columns = read(table)
    steps = columns["step"]
    losses = {name: columns[name] for name in ("span_loss", "relevance_loss")}
    exact = {name: column for name, column in columns.items() if name.startswith("exact_")}
    highest = max(1.0, *(value for column in losses.values() for value in column))
    charts = [chart(steps, losses, highest, "loss"), chart(steps, exact, 1.0, "exact answers", place=1)]
    write_drawing(drawing, charts)
