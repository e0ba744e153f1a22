"""Puts the tables of a passage into sentences, which a reader of sentences understands, and knows where each cell was.

Every cell becomes one: "营业收入：2022年12.5亿元。营业收入：2023年14.8亿元。", "Low dose: Response rate 38.0%." So a
figure stands beside the names of its row and its column and before its unit, and beside no others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from index.datatypes import Span as TextSpan
from index.tables import Table, find_tables
from rag.candidates import MEASURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a cell stands in a text that was made of its table; offsets are code points."""

    named: int  # where the name of its column begins
    start: int  # where it begins itself, its unit before it included
    end: int
    column: str  # the name of its column, without the unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbalised:
    """A text whose tables are sentences. Offsets are code points, half-open."""

    text: str
    source: str  # what it was made of
    places: tuple[int, ...] | None = (
        None  # of each character in the source, -1: none there; None: all the same
    )
    cells: tuple[Cell, ...] = ()  # in the order of the text

    def original(self, start: int, end: int) -> TextSpan:
        """Return where a span of the text stands in the source: from its first to its last character there.

        A span that holds only words that were added stands where the next words of the source do.
        """
        if self.places is None:
            return start, end
        found = [place for place in self.places[start:end] if place >= 0]
        found = found or [place for place in self.places[end:] if place >= 0][:1]
        return (min(found), max(found) + 1) if found else (0, len(self.source))

    def cell(self, start: int, end: int) -> Cell | None:
        """Return the cell that a span of the text lies in, the name of its column in front of it allowed."""
        within = bisect_right(self.cells, start, key=lambda cell: cell.named) - 1
        return self.cells[within] if within >= 0 and end <= self.cells[within].end else None


class _Writer:
    """Puts together the text of a ``Verbalised``, and remembers where each piece of it comes from."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._places: list[int] = []
        self._cells: list[Cell] = []

    def copy(self, span: TextSpan) -> None:
        """Take over a span of the source."""
        self._pieces.append(self._source[slice(*span)])
        self._places.extend(range(*span))

    def add(self, words: str) -> None:
        """Write words that do not stand here in the source."""
        self._pieces.append(words)
        self._places.extend([-1] * len(words))

    def cell(self, named: int, start: int, column: str) -> None:
        """Say that a cell was written from ``start`` on, and the name of its column from ``named``."""
        self._cells.append(Cell(named=named, start=start, end=self.length, column=column))

    @property
    def length(self) -> int:
        """Characters written so far."""
        return len(self._places)

    def result(self) -> Verbalised:
        """Return what was written."""
        return Verbalised(
            text="".join(self._pieces),
            source=self._source,
            places=tuple(self._places),
            cells=tuple(self._cells),
        )


_HAN = re.compile("[\u3400-\u9fff]")
_UNIT = re.compile(rf"\s*(?:[（(](?:单位[:：]\s*)?({MEASURE})[)）]|[/／]\s?({MEASURE}))$")
_STATED_UNIT = re.compile(
    rf"(?<![\u3400-\u9fff])(?:计量|金额|货币)?单位\s*[:：]\s*({MEASURE})(?=[\s|)）。]|$)"
)
_BARE_FIGURE = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?$")
_BARE_YEAR = re.compile(r"(?:1[89]|20)\d\d$")
_OTHER_MEASURE = re.compile(  # a column that is not counted in what its row or its table is
    r"率|比|增|降|幅|[%％]|[人户家个件]数|数量|年[份度]?$|编?号|电话|日期|排名|名次|growth|change|rate\b|share|ratio|number|count\b|year|code",
    re.IGNORECASE,
)
_PERIOD = re.compile(r"(?:\d{4}|[一二]〇\S\S|[去今前上本]|当)年")
_CURRENCY = re.compile("[¥$€£￥]$")
_NOTHING = re.compile(r"[-—–/／*.…·\s]*$")
_NUMBERS_ROWS = re.compile(r"(?:序号|编号|no\.?|#)$", re.IGNORECASE)
_ABOVE = 60  # characters over a table in which its unit may be stated


@lru_cache(maxsize=512)
def verbalise(text: str) -> Verbalised:
    """Return a text with every cell of its tables that have a header as a sentence, and all else as it is."""
    tables = [table for table in find_tables(text) if table.has_header]
    if not tables:
        return Verbalised(text=text, source=text)
    writer = _Writer(text)
    done = 0
    for table in tables:
        writer.copy((done, table.start))
        _write_table(writer, text, table)
        done = table.end
    writer.copy((done, len(text)))
    return writer.result()


def _write_table(writer: _Writer, text: str, table: Table) -> None:
    """Write a line for each row, the header left out: its names stand in every cell's sentence."""
    names = [text[slice(*cell)] for cell in table.header]
    above = _STATED_UNIT.search(text, max(0, table.start - _ABOVE), table.header[-1][1])
    unit = above[1] if above else _unit(_UNIT.fullmatch(names[0]))
    owner = 1 if _NUMBERS_ROWS.match(names[0]) and len(names) > 2 else 0
    told = [row for row in table.rows[1:] if any(start < end for start, end in row)]
    for number, row in enumerate(told):
        if number:
            writer.add("\n")
        _write_row(writer, text, names, row, owner, unit)


def _write_row(
    writer: _Writer, text: str, names: list[str], row: tuple[TextSpan, ...], owner: int, unit: str
) -> None:
    """Write a sentence for each cell: the row's owner, the column's name, the cell and its unit.

    ``unit`` is the table's; it holds where neither the column nor the row states another.
    """
    start, end = row[owner]
    own_unit = _UNIT.search(text[start:end])
    end = start + own_unit.start() if own_unit else end
    chinese = bool(_HAN.search("".join(names) + text[start:end]))
    colon, stop, gap = ("：", "。", "") if chinese else (": ", ".", " ")
    year = "年" if chinese and _BARE_YEAR.match(text[start:end]) else ""
    cells = [n for n in range(len(row)) if n != owner and not _NOTHING.match(text[slice(*row[n])])]
    if not cells:
        writer.copy((start, end))
        writer.add(year + stop)
    for position, n in enumerate(cells):
        writer.add(gap if position else "")
        writer.copy((start, end))
        writer.add(year + colon if start < end else "")
        name, by = names[n], ""
        if _BARE_FIGURE.match(text[slice(*row[n])]):
            stated = _UNIT.search(name)
            other = _OTHER_MEASURE.search(name) and not _PERIOD.match(name)
            shared = "" if other else _unit(own_unit) or unit
            name, by = (name[: stated.start()], _unit(stated)) if stated else (name, shared)
        _write_cell(writer, text, row[n], name, by, chinese=chinese)
        writer.add(stop)


def _write_cell(writer: _Writer, text: str, cell: TextSpan, name: str, unit: str, *, chinese: bool) -> None:
    """Write a cell behind the name of its column and before its unit: 2023年14.8亿元, Revenue 14.8 million in 2023."""
    year = bool(_BARE_YEAR.match(name))
    start = writer.length
    if chinese or not year:
        writer.add(f"{name}年" if year else name)
        if name and not (_HAN.match(name[-1]) or _HAN.match(text[cell[0]])) and not year:
            writer.add(" ")  # PM2.5 29
    inner = writer.length
    before = bool(_CURRENCY.match(unit))
    writer.add(unit if before else "")
    writer.copy(cell)
    writer.add("" if before or not unit else unit if chinese or unit == "%" else f" {unit}")
    writer.cell(start, inner, name)
    if year and not chinese:
        writer.add(f" in {name}")


def _unit(stated: re.Match[str] | None) -> str:
    return next(filter(None, stated.groups())).strip() if stated else ""
