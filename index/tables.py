"""Finds tables in plain text by the form of their lines; knows nothing of files, chunks or questions.

Four forms: cells between bars (Markdown), cells between tabs (as the readers write the tables of HTML, DOCX and
PDF), cells set apart by blanks (scanned pages and plain text) and cells between commas (CSV copied into a text).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise
from typing import Literal

from index.datatypes import Span

Form = Literal["bars", "tabs", "blanks", "commas"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells; spans are half-open, into the text, without the white space at their ends, empty ones kept."""

    rows: tuple[tuple[Span, ...], ...]  # at least two, of as many cells; rules between them are left out
    header_rows: int  # that name the columns: 0, 1, or 2 where a name stands over those of several columns
    start: int  # where its first line begins
    end: int  # where its last line ends, without the line feed
    caption: Span | None = None  # the lines right over it, or under it, that say what it is of

    @property
    def extent(self) -> Span:
        """Where it begins and ends with its caption."""
        start, end = self.caption or (self.start, self.end)
        return min(start, self.start), max(end, self.end)

    @property
    def has_header(self) -> bool:
        """Whether its first row names the columns."""
        return self.header_rows > 0

    @property
    def header(self) -> tuple[tuple[Span, ...], ...]:
        """The rows that name the columns."""
        return self.rows[: self.header_rows]

    @property
    def body(self) -> tuple[tuple[Span, ...], ...]:
        """The rows under the header."""
        return self.rows[self.header_rows :]


_MOST_CELLS = 60  # of a row; what has more is no table that is read

_BAR = re.compile(r"(?<!\\)\|")
_RULE_SIGNS = frozenset("|:- \t\u3000\xa0")
_BLANKS = re.compile(r"[ \u3000\xa0]{2,}")
_COMMA = re.compile(r'"[^"]*"|,(?!\s)')  # none in quotes; prose has blanks behind its commas
_CUTS: dict[Form, re.Pattern[str]] = {
    "bars": _BAR,
    "tabs": re.compile("\t"),
    "blanks": _BLANKS,
    "commas": _COMMA,
}
_WORD = re.compile(r"\S+")
_FIGURE = re.compile(
    r"(?!(?:1[89]|20)\d\d年[^\W\d])[-+−±]?[¥$€£￥]?\d[\d,.:：%％\-—–~～至/／年月日时分元万亿起以上下]*[^\W\d]{0,4}[)）]?$|[-—–/／*]+$"
)
_YEAR = re.compile(r"(?:FY\s?)?(?:1[89]|20)\d\d(?:年[度底末]?|[AE]|/\d\d)?$|[一二]〇\S\S年$")
_NAMED = re.compile(  # words that stand over columns, where no figure tells the first row from the others
    r"(?:序号|编号|名次|排名|姓名|名称|项目|指标|类别|类型|种类|单位|时间|日期|年份|年度|地点|地址|电话|职务|职位|部门|内容|备注|说明|负责人|联系人|"
    r"\S{1,6}(?:名称|时间|日期|地点|地址|电话|方式|单位|部门|情况|人数|数量|金额|价格)|"
    r"no\.?|#|rank|name|item|date|time|place|location|title|position|role|type|category|description|notes?|"
    r"(?:tele)?phone|e-?mail|address|(?:opening )?hours|contact|manager|director|department|office|venue)$",
    re.IGNORECASE,
)
_SHORT = 24  # characters of a cell between blanks; what is longer is a column of running text
_CAPTION = 80  # characters of a line that is a caption
_NUMBERED = re.compile(
    r"[#*_\s]*(?:附?表\s?(?:\d+|[一二三四五六七八九十]+)|Table\s?\d+)(?![年月日个\d])", re.IGNORECASE
)
UNIT_LINE = re.compile(r"[（(]?\S{0,2}单位\s?[:：]|[（(](?:\w+ )?in\b", re.IGNORECASE)
_ENDS_IN_UNIT = re.compile(r"单位\s?[:：]\s?\S{1,8}。$")
_FINISHED = tuple("。.!?！？:：;；,，、…")


def find_tables(text: str) -> Iterator[Table]:
    """Yield the tables of a text from first to last; they never overlap.

    A table has two rows at least, of as many cells (a row between tabs may lack the last ones). Between blanks or
    commas it has three columns at least and a header, which may lack the first cell: running text looks alike.
    """
    lines = [match.span() for match in re.finditer(r"[^\n]+", text)]
    formed = ((_form_of(text[slice(*line)]), group, line) for line, group in _neighbours(text, lines))
    tables: list[Table] = []
    for (form, _), run in groupby(formed, key=lambda one: one[:2]):
        if form is not None:
            tables.extend(_tables(text, [line for *_, line in run], form))
    yield from _with_captions(text, tables)


def _with_captions(text: str, tables: Sequence[Table]) -> Iterator[Table]:
    """Yield the tables with their captions: those under them where only there a number stands, else those over them."""
    ends = [0, *(table.end for table in tables)]
    over = [_lines_over(text, end, table.start) for end, table in zip(ends, tables, strict=False)]
    if tables and not (over[0] and _NUMBERED.match(text, *over[0])):
        starts = [*(table.start for table in tables[1:]), len(text)]
        under = [_line_under(text, table.end, start) for table, start in zip(tables, starts, strict=True)]
        if under[-1]:
            over = under
    for table, caption in zip(tables, over, strict=True):
        yield replace(table, caption=caption)


def _lines_over(text: str, after: int, start: int) -> Span | None:
    """Return the caption right over a table, a line with its unit between them allowed."""
    begun = None
    for line in reversed([match.span() for match in re.finditer(r"[^\n]+", text[after:start])][-2:]):
        first, last = _trimmed(text, after + line[0], after + line[1])
        unit = begun is None and UNIT_LINE.match(text, first, last)
        if (
            first == last
            or text.count("\n", last, begun or start) > 2
            or not (unit or _is_caption(text, first, last))
        ):
            break
        begun = first
        if not unit:
            break
    return None if begun is None else _trimmed(text, begun, start)


def _line_under(text: str, end: int, before: int) -> Span | None:
    """Return the caption right under a table; it is known by its number."""
    line = re.compile(r"\n{1,2}([^\n]+)").match(text, end, before)
    return line.span(1) if line and _NUMBERED.match(line[1]) and _is_caption(text, *line.span(1)) else None


def _is_caption(text: str, start: int, end: int) -> bool:
    """Whether a line is short, no sentence unless it states a unit, and no part of a list, a quotation or a table."""
    marked = text.startswith(("- ", "* ", "+ ", ">", "|"), start, end)
    finished = text.endswith(_FINISHED, start, end) and not _ENDS_IN_UNIT.search(text, start, end)
    return end - start <= _CAPTION and not marked and not finished


def _form_of(line: str) -> Form | None:
    """Return how a line divides into cells; None where it does not."""
    if len(_BAR.findall(line)) >= 2 or _is_rule(line):
        return "bars"
    if "\t" in line.strip():
        return "tabs"
    if _BLANKS.search(line.strip()):
        return "blanks"
    return "commas" if _COMMA.findall(line).count(",") > 1 else None


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
    if form in ("blanks", "commas"):
        yield from _set_apart(text, _aligned(text, rows) if form == "blanks" else rows)
        return
    lines = [line for line, _ in rows]
    filled = [_filled(cells, wide, line[1]) for line, cells in rows]
    first = rows[0][1]
    if (
        form == "tabs"
        and all(len(cells) > len(first) for _, cells in rows[1:])
        and not _names(text, first[0])
    ):
        start = lines[0][0]  # a reader cuts off the tabs before its first cell, as white space around a text
        filled[0] = (*((start, start),) * (wide - len(first)), *first)
    yield _table(text, lines, filled, ruled=ruled)


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


def _aligned(text: str, rows: Sequence[tuple[Span, tuple[Span, ...]]]) -> list[tuple[Span, tuple[Span, ...]]]:
    """Give rows that lack cells as many as the others: figures with single blanks between, or what is under columns."""
    wide = max(len(cells) for _, cells in rows)
    full = [row for row in rows if len(row[1]) == wide]
    short = all(end - start <= _SHORT for _, cells in full for start, end in cells)
    if wide < 3 or not 2 <= len(full) < len(rows) or not short:
        return list(rows)
    columns = [
        (min(start for start, _ in places), max(end for _, end in places))
        for places in zip(*(_places(text, *row) for row in full), strict=True)
    ]
    result = [rows[0]]
    for line, cells in rows[1:]:
        parts = tuple(part for cell in cells for part in _figures(text, cell))
        if len(cells) == wide or len(parts) == wide:
            result.append((line, cells if len(cells) == wide else parts))
            continue
        under = [
            [n for n, (start, end) in enumerate(columns) if start < last and first < end]
            for first, last in _places(text, line, cells)
        ]
        if all(len(found) == 1 for found in under) and len({found[0] for found in under}) == len(cells):
            filled = {found[0]: cell for found, cell in zip(under, cells, strict=True)}
            cells = tuple(filled.get(n, (line[1], line[1])) for n in range(wide))
        result.append((line, cells))
    return result


def _figures(text: str, cell: Span) -> list[Span]:
    """Return the figures that a cell consists of; a cell with words in it is one."""
    parts = [match.span() for match in _WORD.finditer(text, *cell)]
    return parts if all(_is_figure(text, part) for part in parts) else [cell]


def _places(text: str, line: Span, cells: Sequence[Span]) -> list[Span]:
    """Return where cells begin and end on a line as it is shown: a Chinese character is two wide."""
    bounds = [line[0], *(bound for cell in cells for bound in cell)]
    widths = (
        sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in text[start:end])
        for start, end in pairwise(bounds)
    )
    places = list(accumulate(widths))
    return list(zip(places[::2], places[1::2], strict=True))


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
        header_rows=_tiers(text, rows)
        or int(not _are_pairs(text, rows) and (ruled or _has_header(text, rows))),
        start=lines[0][0],
        end=lines[-1][1],
    )


def _tiers(text: str, rows: Sequence[tuple[Span, ...]]) -> int:
    """Return 2 where the second row goes on naming the columns, else 0.

    The first row spans several of its names, or the second has no row's name and no figures over columns of figures.
    """
    first, second = ([text[slice(*cell)] for cell in row] for row in rows[:2])
    spanned = [n for n in range(2, len(first)) if not first[n] and first[1]]
    names = [cell for row in rows[:2] for cell in row]
    if len(rows) < 3 or any(_is_number(text, cell) for cell in names):
        return 0
    if not second[0] and any(second) and _over_figures(text, rows[1:]):
        return 2
    whole = all(name or first[n] for n, name in enumerate(second) if n)
    return 2 if spanned and whole and second[0] in ("", first[0]) else 0


def _are_pairs(text: str, rows: Sequence[tuple[Span, ...]]) -> bool:
    """Whether each row is a name and its value: 名称 | 云帆公司, 地址 | 建设路8号."""
    if len(rows[0]) != 2 or not _names(text, rows[0][0]) or _names(text, rows[0][1]):
        return False
    return 2 * sum(_names(text, row[0]) for row in rows[1:]) >= len(rows) - 1


def _is_number(text: str, cell: Span) -> bool:
    """Whether a cell holds a figure that is no year, which may name a column."""
    return _is_figure(text, cell) and not _YEAR.match(text[slice(*cell)])


def _has_header(text: str, rows: Sequence[tuple[Span, ...]]) -> bool:
    """Whether the first row names the columns: it holds no figures but years, and stands over figures."""
    head = rows[0]
    if any(_is_number(text, cell) for cell in head):
        return False
    names = [text[slice(*cell)] for cell in head[1:]]
    if sum(bool(name) for name in names) < 0.5 * len(names):
        return False
    return _over_figures(text, rows) or any(_names(text, cell) for cell in head)


def _names(text: str, cell: Span) -> bool:
    """Whether a cell is a word that stands over a column."""
    return bool(_NAMED.match(text[slice(*cell)]))


def _is_figure(text: str, cell: Span) -> bool:
    """Whether a cell holds a figure, a date or a time and no words."""
    return bool(_FIGURE.match(text[slice(*cell)]))


def _cells(text: str, line: Span, form: Form) -> tuple[Span, ...]:
    """Return the spans of a line's cells."""
    start, end = line if form == "tabs" else _trimmed(text, *line)  # a tab at an end parts an empty cell
    if form == "bars":
        start += text[start] == "|"
        end -= end > start and text[end - 1] == "|" and text[end - 2] != "\\"
    cuts = [match.span() for match in _CUTS[form].finditer(text, start, end) if match[0][0] != '"']
    bounds = [start, *(place for cut in cuts for place in cut), end]
    cells = (_trimmed(text, *cell) for cell in zip(bounds[::2], bounds[1::2], strict=True))
    return tuple(_unquoted(text, *cell) if form == "commas" else cell for cell in cells)


def _unquoted(text: str, start: int, end: int) -> Span:
    """Return the span of a cell without the quotation marks around it."""
    quoted = end - start > 1 and text[start] == text[end - 1] == '"'
    return (start + 1, end - 1) if quoted else (start, end)


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
