"""Draws the curves of a summary as SVG for a page. The home of matplotlib; knows nothing of results.

Text stays text: axis titles are written as placeholders and become both languages, colours become the page's
own variables, so one drawing serves Chinese and English, light and dark.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from rag.evaluation.strings import STRINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, FIRST, SECOND, THIRD = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {INK: "--ink", SOFT: "--line", FIRST: "--c1", SECOND: "--c2", THIRD: "--c3"}
_LONGEST = 24  # characters of a name beside a bar
_KEYS = list(STRINGS)
_NAMES_FROM = 1000  # numbers of placeholders below it are those of ``_KEYS``
_STYLE: Any = {
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": SOFT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
}


def plots(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return the drawings that a summary has data for: name → SVG."""
    import matplotlib
    from matplotlib.figure import Figure

    drawings: dict[str, tuple[Callable[[Axes, Any], bool], Any]] = {
        "groups": (_groups, metrics["by_type"]),
        "reliability": (_reliability, metrics["reliability"]),
        "risk": (_risk, metrics["risk_coverage"]),
        "threshold": (_thresholds, metrics),
        "latency": (_latency, metrics["latency"]),
    }
    names = _type_labels(metrics["by_type"])
    found = {}
    for name, (draw, content) in drawings.items():
        with matplotlib.rc_context(_STYLE | {"svg.hashsalt": name}):
            figure = Figure(figsize=(4.2, 3.1), layout="constrained")
            if draw(figure.add_subplot(), content):
                found[name] = _svg(figure, names)
    return found


def _groups(axes: Axes, by_type: Mapping[str, Any]) -> bool:
    """Accuracy and its interval for each type."""
    entries = _with_accuracy(by_type)
    if not entries:
        return False
    values = [entry["value"] for entry in entries.values()]
    errors = [
        [max(0.0, entry["value"] - entry["low"]) for entry in entries.values()],
        [max(0.0, entry["high"] - entry["value"]) for entry in entries.values()],
    ]
    axes.barh(list(range(len(entries))), values, color=FIRST, height=0.55)
    axes.errorbar(
        values, list(range(len(entries))), xerr=errors, fmt="none", ecolor=INK, capsize=3, linewidth=1.2
    )
    labels = [_name(number, label) for number, label in enumerate(_type_labels(by_type))]
    axes.set_yticks(list(range(len(entries))), labels)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.02)
    axes.set_xlabel(_text("axis.accuracy"))
    return True


def _with_accuracy(by_type: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    entries = {name: metrics["answer_accuracy"] for name, metrics in by_type.items()}
    return {name: entry for name, entry in entries.items() if entry["value"] is not None}


def _type_labels(by_type: Mapping[str, Any]) -> list[str]:
    return [f"{name[:_LONGEST]} ({entry['n']})" for name, entry in _with_accuracy(by_type).items()]


def _reliability(axes: Axes, curve: Sequence[Mapping[str, float]]) -> bool:
    """Share right against confidence, a dot for each tenth."""
    if not curve:
        return False
    most = max(point["n"] for point in curve)
    x, y = [point["confidence"] for point in curve], [point["correct"] for point in curve]
    axes.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1.2)
    axes.plot(x, y, color=FIRST, linewidth=1)
    axes.scatter(x, y, s=[20 + 160 * point["n"] / most for point in curve], color=FIRST, zorder=3)
    _unit_square(axes)
    axes.set_xlabel(_text("axis.confidence"))
    axes.set_ylabel(_text("axis.correct"))
    return True


def _risk(axes: Axes, curve: Sequence[Mapping[str, float]]) -> bool:
    """Share wrong among the surest, against their share of all questions."""
    if not curve:
        return False
    x, y = [point["coverage"] for point in curve], [point["risk"] for point in curve]
    axes.step([0, *x], [y[0], *y], where="pre", color=FIRST, linewidth=1.6)
    axes.fill_between([0, *x], [y[0], *y], step="pre", color=FIRST, alpha=0.15, linewidth=0)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, max(0.1, *y) * 1.1)
    axes.set_xlabel(_text("axis.coverage"))
    axes.set_ylabel(_text("axis.risk"))
    return True


def _thresholds(axes: Axes, metrics: Mapping[str, Any]) -> bool:
    """Draw what is done right at each refusal threshold, and this run's own."""
    curve = metrics["refusal_thresholds"]
    if not curve:
        return False
    x = [point["threshold"] for point in curve]
    for name, color, dashes in (
        ("right", FIRST, "-"),
        ("answered_right", SECOND, "--"),
        ("refused_right", THIRD, ":"),
    ):
        axes.plot(
            x, [point[name] for point in curve], color=color, linestyle=dashes, label=_text(f"line.{name}")
        )
    if metrics["refusal_threshold"] is not None:
        axes.axvline(metrics["refusal_threshold"], color=INK, linewidth=1)
    _unit_square(axes)
    axes.set_xlabel(_text("axis.threshold"))
    axes.set_ylabel(_text("axis.share"))
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2, fontsize=9)
    return True


def _latency(axes: Axes, latency: Mapping[str, Mapping[str, float]]) -> bool:
    """Median and 95th percentile of the seconds of each stage."""
    stages = [stage for stage, figures in latency.items() if figures["n"]]
    if not stages:
        return False
    rows = list(range(len(stages)))
    axes.barh(
        [r - 0.19 for r in rows], [latency[s]["p50"] for s in stages], height=0.36, color=FIRST, label="p50"
    )
    axes.barh(
        [r + 0.19 for r in rows], [latency[s]["p95"] for s in stages], height=0.36, color=SECOND, label="p95"
    )
    axes.set_yticks(rows, [_text(f"stage.{stage}") for stage in stages])
    axes.invert_yaxis()
    axes.set_xlabel(_text("axis.seconds"))
    axes.legend(loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2)
    return True


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.05)


def _text(key: str) -> str:
    """Return a placeholder for a text in both languages; see ``_svg``."""
    english = STRINGS[key][1]
    return _placeholder(_KEYS.index(key), len(english))


def _name(number: int, name: str) -> str:
    """Return a placeholder for a name, which matplotlib's own font may not be able to draw."""
    return _placeholder(_NAMES_FROM + number, sum(2 if ord(c) > 0x2E7F else 1 for c in name))


def _placeholder(number: int, width: int) -> str:
    """About as wide as the words that will take its place."""
    return f"@{number}{'n' * (width - len(str(number)) - 2)}@"


def _svg(figure: Figure, names: Sequence[str]) -> str:
    """Return the drawing as an element for a page, with its placeholders and colours replaced."""
    stream = StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    drawing = stream.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"(<svg[^>]*?) (?:width|height)=\"[^\"]*\"", r"\1", drawing)
    drawing = re.sub(r"(<svg[^>]*?) (?:width|height)=\"[^\"]*\"", r"\1", drawing)
    drawing = re.sub(r"font-family: [^;\"]*;", "", drawing)  # the page's own
    for color, variable in _VARIABLES.items():
        drawing = drawing.replace(color, f"var({variable})")
    return re.sub(r"@(\d+)n*@", lambda match: _words(int(match[1]), names), drawing)


def _words(number: int, names: Sequence[str]) -> str:
    if number >= _NAMES_FROM:
        return html.escape(names[number - _NAMES_FROM])
    chinese, english = (html.escape(text) for text in STRINGS[_KEYS[number]])
    return f'<tspan class="zh">{chinese}</tspan><tspan class="en">{english}</tspan>'
