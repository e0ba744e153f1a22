"""Finds tables in plain text by the form of their lines; knows nothing of files, chunks or questions.

Three forms: cells between bars (Markdown), cells between tabs (as the readers write the tables of HTML, DOCX and
PDF), and cells set apart by blanks (scanned pages and plain text).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from index.datatypes import Span

Form = Literal["bars", "tabs", "blanks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells; spans are half-open, into the text, without the white space at their ends, empty ones kept."""

    rows: tuple[tuple[Span, ...], ...]  # at least two, of as many cells; rules between them are left out
    has_header: bool  # whether the first row names the columns
    start: int  # where its first line begins
    end: int  # where its last line ends, without the line feed

    @property
    def header(self) -> tuple[Span, ...]:
        """The names of the columns; none where no row states them."""
        return self.rows[0] if self.has_header else ()


_MOST_CELLS = 60  # of a row; what has more is no table that is read

_BAR = re.compile(r"(?<!\\)\|")
_RULE_SIGNS = frozenset("|:- \t\u3000\xa0")
_BLANKS = re.compile(r"[ \u3000\xa0]{2,}")
_CUTS: dict[Form, re.Pattern[str]] = {"bars": _BAR, "tabs": re.compile("\t"), "blanks": _BLANKS}
_FIGURE = re.compile(
    r"[-+−±]?[¥$€£￥]?\d[\d,.:：%％\-—–~～至/／年月日时分元万亿起以上下]*[^\W\d]{0,4}[)）]?$|[-—–/／*]+$"
)
_YEAR = re.compile(r"(?:FY\s?)?(?:1[89]|20)\d\d(?:年[度底末]?|[AE]|/\d\d)?$|[一二]〇\S\S年$")
_NAMED = re.compile(  # words that stand over columns, where no figure tells the first row from the others
    r"(?:序号|编号|名次|排名|姓名|名称|项目|指标|类别|类型|种类|单位|时间|日期|年份|年度|地点|地址|电话|职务|职位|部门|内容|备注|说明|负责人|联系人|"
    r"\S{1,6}(?:名称|时间|日期|地点|单位|情况|人数|数量|金额|价格)|"
    r"no\.?|#|rank|name|item|date|time|place|location|title|position|role|type|category|description|notes?|phone|address)$",
    re.IGNORECASE,
)
_SHORT = 24  # characters of a cell between blanks; what is longer is a column of running text


def find_tables(text: str) -> Iterator[Table]:
    """Yield the tables of a text from first to last; they never overlap.

    A table has two rows at least, of as many cells (a row between tabs may lack the last ones). Between blanks it has
    three columns at least and a header, which may lack the first cell: columns of running text look alike.
    """
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    formed = ((_form_of(text[slice(*line)]), group, line) for line, group in _neighbours(text, lines))
    for (form, _), run in groupby(formed, key=lambda one: one[:2]):
        if form is not None:
            yield from _tables(text, [line for *_, line in run], form)


def _form_of(line: str) -> Form | None:
    """Return how a line divides into cells; None where it does not."""
    if len(_BAR.findall(line)) >= 2 or _is_rule(line):
        return "bars"
    if "\t" in line.strip():
        return "tabs"
    return "blanks" if _BLANKS.search(line.strip()) else None


def _is_rule(line: str) -> bool:
    """Whether a line only parts a header from its rows: |---|:--|."""
    return "|" in line and "-" in line and _RULE_SIGNS.issuperset(line)


def _neighbours(text: str, lines: Sequence[Span]) -> Iterator[tuple[Span, int]]:
    """Yield each line with the number of its group; a blank line ends a group."""
    group = 0
    for number, line in enumerate(lines):
        group += bool(number and text[lines[number - 1][1] : line[0]] != "\n")
        yield line, group


def _tables(text: str, lines: Sequence[Span], form: Form) -> Iterator[Table]:
    """Yield the tables in neighbouring lines of one form."""
    rows: list[tuple[Span, tuple[Span, ...]]] = []
    ruled = False
    for line in lines:
        if form == "bars" and _is_rule(text[slice(*line)]):
            ruled = ruled or len(rows) == 1
            continue
        rows.append((line, _cells(text, line, form)))
    wide = max((len(cells) for _, cells in rows), default=0)
    if len(rows) < 2 or not 2 <= wide <= _MOST_CELLS:
        return
    if form == "blanks":
        yield from _set_apart(text, rows)
        return
    filled = [_filled(cells, wide, line[1]) for line, cells in rows]
    yield _table(text, [line for line, _ in rows], filled, ruled=ruled)


def _set_apart(text: str, rows: Sequence[tuple[Span, tuple[Span, ...]]]) -> Iterator[Table]:
    """Yield what is surely a table among lines with blanks: as many short cells, a header, a column of figures."""
    before: tuple[Span, tuple[Span, ...]] | None = None
    for wide, run in groupby(rows, key=lambda row: len(row[1])):
        members = list(run)
        if before and len(before[1]) == wide - 1:  # a header with nothing over the first column
            start = before[0][0]
            headed = [(before[0], ((start, start), *before[1])), *members]
        else:
            headed = members
        before = members[-1]
        cells = [cells for _, cells in headed]
        if wide > 2 and len(headed) > 1 and _is_set_apart(text, cells) and _has_header(text, cells):
            yield _table(text, [line for line, _ in headed], cells, ruled=True)


def _is_set_apart(text: str, rows: Sequence[tuple[Span, ...]]) -> bool:
    return all(end - start <= _SHORT for cells in rows for start, end in cells) and _over_figures(text, rows)


def _over_figures(text: str, rows: Sequence[tuple[Span, ...]]) -> bool:
    """Whether the first row stands over a column, not the first, of which half or more are figures."""
    return any(
        2 * sum(_is_figure(text, cells[n]) for cells in rows[1:]) >= len(rows) - 1
        for n in range(1, len(rows[0]))
    )


def _table(text: str, lines: Sequence[Span], rows: Sequence[tuple[Span, ...]], *, ruled: bool) -> Table:
    return Table(
        rows=tuple(rows),
        has_header=ruled or _has_header(text, rows),
        start=lines[0][0],
        end=lines[-1][1],
    )


def _has_header(text: str, rows: Sequence[tuple[Span, ...]]) -> bool:
    """Whether the first row names the columns: it holds no figures but years, and stands over figures."""
    head = rows[0]
    if any(_is_figure(text, cell) and not _YEAR.match(text[slice(*cell)]) for cell in head):
        return False
    names = [text[slice(*cell)] for cell in head[1:]]
    if sum(bool(name) for name in names) < 0.5 * len(names):
        return False
    return _over_figures(text, rows) or any(_NAMED.match(text[slice(*cell)]) for cell in head)


def _is_figure(text: str, cell: Span) -> bool:
    """Whether a cell holds a figure, a date or a time and no words."""
    return bool(_FIGURE.match(text[slice(*cell)]))


def _cells(text: str, line: Span, form: Form) -> tuple[Span, ...]:
    """Return the spans of a line's cells."""
    start, end = line if form == "tabs" else _trimmed(text, *line)  # a tab at an end parts an empty cell
    if form == "bars":
        start += text[start] == "|"
        end -= end > start and text[end - 1] == "|" and text[end - 2] != "\\"
    cuts = [match.span() for match in _CUTS[form].finditer(text, start, end)]
    bounds = [start, *(place for cut in cuts for place in cut), end]
    return tuple(_trimmed(text, *cell) for cell in zip(bounds[::2], bounds[1::2], strict=True))


def _filled(cells: tuple[Span, ...], wide: int, end: int) -> tuple[Span, ...]:
    """Return a row with empty cells at its end where it lacks some."""
    return (*cells, *((end, end),) * (wide - len(cells)))


def _trimmed(text: str, start: int, end: int) -> Span:
    """Return a span without the white space at its ends."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
