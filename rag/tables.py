"""Puts the tables of a passage into sentences, which a reader of sentences understands, and knows where each cell was.

Every cell becomes one: "营业收入：2022年12.5亿元。营业收入：2023年14.8亿元。", "Low dose: Response rate 38.0%." So a
figure stands beside the names of its row and its column and before its unit, and beside no others.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.datatypes import Span as TextSpan
from index.tables import Table, find_tables
from index.terms import tagged_words
from rag.candidates import MEASURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where a cell stands in a text that was made of its table; offsets are code points."""

    named: int  # where the name of its column begins
    start: int  # where it begins itself, its unit before it included
    end: int
    column: str  # the name of its column, without the unit; empty for the name of a row
    names: str = ""  # all that tells it from others: what its table is about, its row and its column
    row: tuple[
        str, ...
    ] = ()  # the names of its row: one, or those of several columns that tell it from others
    table: int = 0  # where its table begins in the source
    whole: bool = False  # whether no part of it is an answer: a figure, the name of a row


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbalised:
    """A text whose tables are sentences. Offsets are code points, half-open."""

    text: str
    source: str  # what it was made of
    places: tuple[int, ...] | None = (
        None  # of each character in the source, -1: none there; None: all the same
    )
    cells: tuple[Cell, ...] = ()  # in the order of the text
    blanks: tuple[str, ...] = ()  # what tells cells left blank from others, as ``Cell.names`` does

    def original(self, start: int, end: int) -> TextSpan:
        """Return where a span of the text stands in the source: from its first to its last character there.

        A span that holds only words that were added stands where the next words of the source do.
        """
        if self.places is None:
            return start, end
        found = [place for place in self.places[start:end] if place >= 0]
        found = found or [place for place in self.places[end:] if place >= 0][:1]
        return (min(found), max(found) + 1) if found else (0, len(self.source))

    def rows(self, cell: Cell) -> frozenset[tuple[str, ...]]:
        """Return the names of the rows in the table of a cell."""
        return frozenset(other.row for other in self.cells if other.table == cell.table)

    def cell(self, start: int, end: int) -> Cell | None:
        """Return the cell that a span of the text lies in, the name of its column in front of it allowed.

        A row's name and the column's behind it are the row's.
        """
        within = bisect_right(self.cells, start, key=lambda cell: cell.named) - 1
        if within < 0:
            return None
        cell, *behind = self.cells[within : within + 2]
        named = not cell.column and any(one.named < end <= one.start for one in behind)
        return cell if named or end <= cell.end else None


class _Writer:
    """Puts together the text of a ``Verbalised``, and remembers where each piece of it comes from."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._places: list[int] = []
        self._cells: list[Cell] = []
        self.table = 0  # where the table that is written begins in the source
        self.row: tuple[str, ...] = ()  # the names of the row that is written
        self._blanks: list[str] = []

    def copy(self, span: TextSpan) -> None:
        """Take over a span of the source."""
        self._pieces.append(self._source[slice(*span)])
        self._places.extend(range(*span))

    def add(self, words: str, place: int = -1) -> None:
        """Write words that do not stand here in the source, or stand for the sign at a place in it."""
        self._pieces.append(words)
        self._places.extend([place] * len(words))

    def cell(self, named: int, start: int, column: str, names: str, *, whole: bool) -> None:
        """Say that a cell was written from ``start`` on, and the name of its column from ``named``."""
        self._cells.append(
            Cell(
                named=named,
                start=start,
                end=self.length,
                column=column,
                names=names,
                row=self.row,
                table=self.table,
                whole=whole,
            )
        )

    def blank(self, names: str) -> None:
        """Say that a cell is left blank."""
        self._blanks.append(names)

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
            blanks=tuple(self._blanks),
        )


_HAN = re.compile("[\u3400-\u9fff]")
_CODE = "(?:RMB|CNY|USD|EUR|GBP|HKD|JPY)"
_SCALE = r"(?i:thousand|million|billion|bn|m\b)"
_SCALED = (  # million US dollars, US$ million, EUR million
    rf"(?:人民币)?({MEASURE}|(?:(?:US|HK)?[$€£¥￥]|{_CODE})\s?{_SCALE}|(?:{_SCALE}\s)?{_CODE})"
)
_UNIT = re.compile(rf"\s*(?:[（(](?:单位[:：]\s*|(?i:in) )?{_SCALED}[)）]|[/／]\s?({MEASURE}))$")
_ONLY_UNIT = re.compile(rf"[（(]?{_SCALED}[)）]?$")
_COUNTED = re.compile(r"[户人家件辆台套间张](?=数$)")  # in which a column counts: 户数
_STATED_UNIT = re.compile(
    rf"(?<![\u3400-\u9fff])(?:计量|金额|货币)?单位\s*[:：]\s*{_SCALED}(?=[\s|*)）。]|$)"
)
_UNIT_IN = re.compile(rf"\b(?i:in) {_SCALED}(?=[*)）,.]|$)", re.MULTILINE)
_BARE_FIGURE = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?$")
_LOSS = re.compile(r"[（(](\d[\d,]*(?:\.\d+)?)[)）]$")  # as accounts write what is less than nothing
_FOOTNOTE = re.compile(r"(?<=\d)\s?(?:[*†‡§¹²³⁴-⁹①-⑳]+|\[\w{1,2}\]|[（(]注\S?[)）])$")
_WORDLESS = re.compile(r"[-+−(（]?\d[\d\s.,:：%％()（）/–—~～至+-]*$")
_BARE_YEAR = re.compile(r"(?:1[89]|20)\d\d$")
_OTHER_MEASURE = re.compile(  # a column that is not counted in what its row or its table is
    r"率|比|增|降|幅|[%％]|[人户家个件]数|数量|年[份度]?$|编?号|电话|日期|排名|名次|growth|change|rate\b|share|ratio|number|count\b|year|code",
    re.IGNORECASE,
)
_PERIOD = re.compile(r"(?:\d{4}|[一二]〇\S\S|[去今前上本]|当)年")
_COUNTED_OTHERWISE = re.compile(  # a row that is not counted in what its table is
    r"(?:率|[占比]比|比[重例]|增[长幅速减]|幅度|[人户家个件]数|数量|排名|growth|change|rate|share|ratio|margin|number)$",
    re.IGNORECASE,
)
_CURRENCY = re.compile(
    rf"(?:(?P<before>{_SCALE}) )?(?:(?P<sign>(?:US|HK)?[¥$€£￥])|(?P<code>{_CODE}))\s?(?P<behind>\w*)$"
)
_MONEY = re.compile(rf"元|[币镑]|[¥$€£￥]|{_CODE}|yuan|dollar|euro|pound|pence", re.IGNORECASE)
_PEOPLE = re.compile(  # not: loans to customers
    r"(?:人员|员工|职工|人口)(?:总?数)?$"
    r"|^(?:(?:total|average) )?"
    r"(?:employees|staff|headcount|workers|people|population|customers|visitors|members|students|passengers)$",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b(thousand|million|billion)s(?: of)?\b", re.IGNORECASE)
_NOTHING = re.compile(r"(?:[-—–/／*.…·\s]*|n\.?/?a\.?)$", re.IGNORECASE)
_NUMBERS_ROWS = re.compile(r"(?:序号|编号|名次|排名|位次|no\.?|#|rank(?:ing)?)$", re.IGNORECASE)
_RANKS = re.compile(r"(?:place|pos(?:ition)?\.?)$", re.IGNORECASE)  # where numbers stand under it
_NUMBER_ONLY = re.compile(r"\d{1,2}")
_ABOVE = 60  # characters over a table in which its unit may be stated
_TABLE_NUMBER = re.compile(
    r"(?:[续附]?表\s?(?:\d+(?:[-—.]\d+)*|[一二三四五六七八九十]+)|Table\s?\d+(?:[-.]\d+)*)\s*[:：.、–—-]?\s*",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s*[（(][^（）()]*[)）]$")


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
        writer.table = table.start
        _write_table(writer, text, table)
        done = table.end
    writer.copy((done, len(text)))
    return writer.result()


@dataclass(frozen=True, slots=True)
class _Column:
    """What names a column: one name, or those of two tiers, the upper first."""

    names: tuple[str, ...]

    @property
    def unit(self) -> str:
        """What its figures are counted in; empty where it states nothing."""
        return _unit(next(filter(None, map(_UNIT.search, self.names)), None))

    def name(self, *, chinese: bool, unit: bool = False) -> str:
        """Return its name, with the unit where that is wanted, and without the years that English says behind."""
        names = [name if unit else _UNIT.sub("", name) for name in self.names]
        if chinese:
            return "".join(f"{name}年" if _BARE_YEAR.match(name) else name for name in names)
        return " ".join(name for name in names if not _BARE_YEAR.match(name))

    @property
    def year(self) -> str:
        """The year that is one of its names."""
        return next((name for name in self.names if _BARE_YEAR.match(name)), "")


def _columns(text: str, table: Table) -> list[_Column]:
    """Return the columns of a table; a name in the upper of two tiers stands over the blank cells behind it too."""
    *upper, lower = ([text[slice(*cell)] for cell in row] for row in table.header)
    for tier in upper:
        for n in range(2, len(tier)):
            tier[n] = tier[n] or tier[n - 1]
        for n, unit in enumerate(lower):
            if tier[n] and _ONLY_UNIT.match(unit):
                tier[n], lower[n] = f"{tier[n]}（{unit.strip('()（）')}）", ""
    return [_Column(tuple(dict.fromkeys(filter(None, names)))) for names in zip(*upper, lower, strict=True)]


def _write_table(writer: _Writer, text: str, table: Table) -> None:
    """Write a line for each row, the header left out: its names stand in every cell's sentence."""
    columns = _columns(text, table)
    caption = text[slice(*table.caption)] if table.caption else ""
    first = caption.split("\n")[0].strip("#*_ ")
    above = _STATED_UNIT.search(text, max(0, table.start - _ABOVE), table.header[-1][-1][1])
    stated = _STATED_UNIT.search(caption) or _UNIT_IN.search(caption) or _UNIT.search(first) or above
    unit = _unit(stated) or columns[0].unit
    about = (
        ""
        if _STATED_UNIT.match(first) or first.endswith("。")
        else _REMARK.sub("", _TABLE_NUMBER.sub("", first, count=1))
    )
    told = [row for row in table.body if any(start < end for start, end in row)]
    owners = _owners(columns, [[text[slice(*cell)] for cell in row] for row in told])
    for number, row in enumerate(told):
        if number:
            writer.add("\n")
        _write_row(writer, text, columns, row, owners, unit, about)


def _owners(columns: Sequence[_Column], rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return the columns that name the rows: the first without numbers, the next with words or years where it can't.

    Rows may have their first name in common (a department, a group), or lack it where it is merged downwards.
    """
    name = columns[0].names[-1] if columns[0].names else ""
    ranks = _RANKS.match(name) and all(_NUMBER_ONLY.fullmatch(row[0]) for row in rows)
    numbered = len(columns) > 2 and (ranks or _NUMBERS_ROWS.match(name))
    first = int(bool(numbered))
    owners: tuple[int, ...] = (first,)
    for n in range(first + 1, len(columns) - 1):
        if _are_told_apart(rows, owners):
            break
        if all(
            _BARE_YEAR.match(row[n]) or not (_NOTHING.match(row[n]) or _WORDLESS.match(row[n]))
            for row in rows
        ):
            owners = (*owners, n)
    return owners if _are_told_apart(rows, owners) else (first,)


def _are_told_apart(rows: Sequence[Sequence[str]], owners: Sequence[int]) -> bool:
    """Whether columns name each row otherwise."""
    names = {tuple(row[n] for n in owners) for row in rows}
    return len(names) == len(rows) and all(map(any, names))


_NAME = re.compile(r"[A-Z0-9][\w-]*\s*")


def _without_names(about: str, row: str) -> str:
    """Return what a table is of without the names that a row's name holds too: "models" of X2 models over X2 Pro.

    Else the name over the row is taken for it.
    """
    said = {match[0].strip() for match in _NAME.finditer(row)}
    return _NAME.sub(lambda match: "" if match[0].strip() in said else match[0], about).strip()


def _write_row(
    writer: _Writer,
    text: str,
    columns: Sequence[_Column],
    row: tuple[TextSpan, ...],
    owners: tuple[int, ...],
    unit: str,
    about: str,
) -> None:
    """Write a sentence for each cell: the table's subject, the row's owners, the column's name, the cell, its unit.

    ``unit`` is the table's; it holds where neither the column nor the row states another.
    """
    start, end = row[owners[0]]
    own_unit = _UNIT.search(text[start:end])
    end = start + own_unit.start() if own_unit else end
    spans = [span for span in ((start, end), *(row[n] for n in owners[1:])) if span[0] < span[1]]
    writer.row = tuple(text[slice(*span)].strip() for span in spans)
    named = " ".join(writer.row)
    about = _without_names(about, named)
    chinese = bool(_HAN.search("".join(name for column in columns for name in column.names) + named))
    colon, stop, comma, gap = ("：", "。", "，", "") if chinese else (": ", ".", ", ", "\n")
    year = "年" if chinese and spans and _BARE_YEAR.match(writer.row[-1]) else ""
    if _COUNTED_OTHERWISE.search(named) or _are_people(named, unit):
        unit = ""
    told = [n for n in range(len(row)) if n not in owners and not _NOTHING.match(text[slice(*row[n])])]
    if not told:
        _write_names(writer, spans)
        writer.add(year + stop)
        return
    for n, column in enumerate(columns):
        names = f"{about} {named} {column.name(chinese=chinese)} {column.year}"
        if n not in told:
            if n not in owners:
                writer.blank(names)
            continue
        writer.add(gap if n > told[0] else "")
        writer.add(about + (comma if spans else colon) if about else "")
        _write_names(writer, spans)
        writer.add(year + colon if spans else "")
        _write_cell(writer, text, row[n], column, _unit(own_unit) or unit, names, chinese=chinese)
        writer.add(stop)


def _write_names(writer: _Writer, spans: Sequence[TextSpan]) -> None:
    """Write the names of a row, each a cell."""
    for number, span in enumerate(spans):
        writer.add(" " if number else "")
        begun = writer.length
        writer.copy(span)
        writer.cell(begun, begun, "", "", whole=True)


def _write_cell(
    writer: _Writer, text: str, cell: TextSpan, column: _Column, unit: str, names: str, *, chinese: bool
) -> None:
    """Write a cell behind the name of its column and before its unit: 2023年14.8亿元, Revenue 14.8 million in 2023.

    ``unit`` is that of its row or table; it holds where the column states no other and is counted in none.
    """
    start, end = cell
    if mark := _FOOTNOTE.search(text[start:end]):
        end = start + mark.start()
    words = text[start:end]
    name = column.name(chinese=chinese)
    other = (_OTHER_MEASURE.search(name) and not _PERIOD.match(name)) or _are_people(name, unit)
    counted = _COUNTED.search(name) if not unit else None
    unit = _PLURAL.sub(r"\1", column.unit or ("" if other else unit) or (counted[0] if counted else ""))
    loss = _LOSS.match(words) if unit else None
    if not (loss or _BARE_FIGURE.match(words)):
        name, unit = column.name(chinese=chinese, unit=True), ""
    named = writer.length
    writer.add(name)
    if name and not (_HAN.match(name[-1]) or _HAN.match(words[0])):
        writer.add(" ")  # PM2.5 29
    inner = writer.length
    before, behind = _around(unit)
    behind = behind if chinese or not behind or behind == "%" else f" {behind}"
    if loss:
        writer.add(f"-{before}", start)
        writer.copy((start + loss.start(1), start + loss.end(1)))
        writer.add(behind, end - 1)
    else:
        writer.add(before)
        writer.copy((start, end))
        writer.add(behind)
    writer.cell(named, inner, name or column.year, names, whole=bool(_WORDLESS.match(words)))
    if column.year and not chinese:
        writer.add(f" in {column.year}")


def _around(unit: str) -> tuple[str, str]:
    """Return what of a unit stands before a figure and what behind it: $ and million of $ million, EUR of EUR."""
    currency = _CURRENCY.match(unit)
    if not currency:
        return "", unit
    sign = currency["sign"] or f"{currency['code']} "
    return sign, currency["before"] or currency["behind"]


def _are_people(name: str, unit: str) -> bool:
    """Whether a row or column counts people where its table is counted in money."""
    return bool(_MONEY.search(unit) and _PEOPLE.search(name))


def _unit(stated: re.Match[str] | None) -> str:
    return next(filter(None, stated.groups())).strip(" )）") if stated else ""  # 微克/立方米）


@lru_cache(maxsize=512)
def names_of_rows(question: str, rows: frozenset[str]) -> frozenset[str]:
    """Return the names of a table's rows that a question holds in full: 小番茄, and not the 番茄 in it. All are folded.

    A name of one character must be a word of the question, and what only numbers a row names none.
    """
    words = {word for word, _ in tagged_words(question)}
    names = [row for row in rows if not _NUMBER_ONLY.fullmatch(row) and (len(row) > 1 or row in words)]
    whole = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return frozenset(re.findall(rf"(?<![a-z\d])(?:{whole})(?![a-z\d])", question)) if names else frozenset()
