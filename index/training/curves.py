"""The training curves beside a checkpoint: a table and a drawing of it. Knows nothing of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

TABLE, DRAWING = "curves.tsv", "curves.svg"
HEIGHT = 300  # pixels of one chart
_WIDTH, _LEFT, _TOP = 720, 50, 20  # pixels
_COLOURS = ("#1b6ca8", "#c0392b", "#27ae60", "#8e44ad", "#d68910", "#16a085", "#7f8c8d", "#2c3e50", "#af7ac5")


def append(path: Path, point: Mapping[str, float]) -> None:
    """Add a point; the first one writes the header too."""
    new = not path.is_file()
    with path.open("a", encoding="utf-8") as file:
        if new:
            file.write("\t".join(point) + "\n")
        file.write("\t".join(str(value) for value in point.values()) + "\n")


def cut(path: Path, step: int) -> None:
    """Take away the points after a step: a resumed run makes them again."""
    if path.is_file():
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        kept = [row for row in rows if int(row.split("\t")[0]) <= step]
        path.write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, list[float]]:
    """Return the columns by name; empty ones of a table without a point."""
    names, *points = (row.split("\t") for row in path.read_text(encoding="utf-8").splitlines())
    return {name: [float(point[place]) for point in points] for place, name in enumerate(names)}


def last(path: Path, name: str) -> int:
    """Return the last value of a column of whole numbers; 0 where there is none."""
    columns = read(path) if path.is_file() else {}
    return int(columns[name][-1]) if columns.get(name) else 0


def write_drawing(path: Path, charts: Sequence[str]) -> None:
    """Write charts below each other as one SVG file; each is a ``chart`` made for its place."""
    size = f'width="{_WIDTH + 180}" height="{len(charts) * (HEIGHT + 40) + 20}"'
    style = 'font-family="sans-serif" font-size="12"'
    body = "".join(charts)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{body}</svg>\n', encoding="utf-8"
    )


def chart(
    steps: Sequence[float], curves: Mapping[str, Sequence[float]], high: float, title: str, place: int = 0
) -> str:
    """Return one chart: a frame, its scale, a line and a name for each curve; ``place`` counts from the top."""
    top = place * (HEIGHT + 40)
    base, last_step = top + _TOP + HEIGHT, max(steps[-1], 1.0)
    parts = [
        f'<rect x="{_LEFT}" y="{top + _TOP}" width="{_WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>',
        f'<text x="{_LEFT}" y="{top + _TOP - 5}">{escape(title)}, 0 to {high:g}; steps to {last_step:g}</text>',
    ]
    for number, (name, values) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(
            f"{_LEFT + _WIDTH * step / last_step:.1f},{base - HEIGHT * value / high:.1f}"
            for step, value in zip(steps, values, strict=True)
            if value == value  # not a number where a source had no example
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        label = f'x="{_LEFT + _WIDTH + 8}" y="{top + _TOP + 16 * (number + 1)}" fill="{colour}"'
        parts.append(f"<text {label}>{escape(name)}</text>")
    return "".join(parts)
