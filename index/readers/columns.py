"""From the glyphs of a page to its text in reading order, characters with boxes. Geometry; knows no PDF.

Coordinates are points (1/72 inch) from the page's top left corner, y growing downwards. The method is a
recursive XY-cut (Nagy and Seth 1984) that looks for gutters first: a headline that spans columns blocks a
gutter and so divides the page into bands, and within a band a column is read whole before the next begins.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from index.datatypes import MarkKind, Span


class Box(NamedTuple):
    """A rectangle in points from the page's top left corner."""

    left: float
    top: float
    right: float
    bottom: float


class Glyph(NamedTuple):
    """One character as drawn; ``spaced`` if the file puts a space before it."""

    character: str
    box: Box
    spaced: bool


@dataclass(slots=True, eq=False)
class Run:
    """Neighbouring glyphs of one line, in the order of drawing."""

    glyphs: list[Glyph]
    left: float
    top: float
    right: float
    bottom: float
    size: float = 0.0  # of the font, in points
    upright: bool = True

    @property
    def em(self) -> float:
        """About the width of a Chinese character."""
        return self.size or (self.bottom - self.top) / 1.2

    @property
    def middle(self) -> float:
        """Its vertical centre."""
        return (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBlock:
    """A paragraph, table or list item of a page; ``span`` points into the page's text."""

    span: Span
    size: float  # of its font, in points
    box: Box
    kind: MarkKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """A page's text in reading order; ``boxes`` has one entry a character, None for added white space."""

    text: str
    boxes: tuple[Box | None, ...]
    blocks: tuple[PageBlock, ...]


_MAX_DEPTH = 40  # of nested columns; a page has three or four
_RUN_GAP = 0.7  # em; wider gaps end a run; word spaces are narrower, gutters wider
_GUTTER = 0.6  # em, the least width of a gutter
_COLUMN = 7.5  # em, the least width of a column of prose; what is narrower belongs to a table or a list
_CELL_GAP = 1.6  # em, the least gap between two cells of a table row
_HEADLINE = 1.3  # times the em of the text below it
_GUESSES = 12  # of where columns begin, tried in each region
_BULLETS = frozenset("•●■◆▪‣◦○□◇➢✓★")
_CLOSED = frozenset('。！？!?.：:；;”’"」』）)…')
LEADER = re.compile(r"[.．·…](?:\s*[.．·…]){3,}\s*[0-9ivxlc]{0,5}$")
"""The dots that lead to the page number in a table of contents."""
_SHARED = frozenset("“”‘’…—·")
"""Set in Chinese and in Latin text: of the script of the characters beside them."""
_SOFT_HYPHENS = frozenset("\x02\ufffe\u00ad")
_HYPHENS = frozenset("-\u2010") | _SOFT_HYPHENS


def make_runs(glyphs: Iterable[Glyph]) -> list[Run]:
    """Join glyphs that follow each other on a line, as drawn."""
    runs: list[Run] = []
    run: Run | None = None
    for glyph in glyphs:
        left, top, right, bottom = glyph.box
        if run is not None:
            height = run.bottom - run.top
            overlap = min(bottom, run.bottom) - max(top, run.top)
            gap = left - run.right
            if (
                overlap > 0.5 * min(height, bottom - top)
                and 0.8 * height < bottom - top < 1.25 * height
                and -0.4 * height < gap < _RUN_GAP * height / 1.2
            ):
                run.glyphs.append(glyph)
                run.right = max(run.right, right)
                run.top = min(run.top, top)
                run.bottom = max(run.bottom, bottom)
                continue
        run = Run([glyph], left, top, right, bottom)
        runs.append(run)
    return runs


def read_page(runs: Sequence[Run]) -> PageText:
    """Put runs into reading order and join them to paragraphs."""
    writer = _PageWriter()
    upright = [run for run in runs if run.upright]
    body = median([run.em for run in upright for _ in run.glyphs]) if upright else 0.0
    for region in _cut(upright, 0):
        lines = _lines(region)
        for table, group in groupby(_mark_rows(lines), key=lambda pair: pair[0]):
            rows = [line for _, line in group]
            if table:
                writer.write(rows, [line.characters() for line in rows], "table")
            else:
                for paragraph in _paragraphs(rows, lines, body):
                    kind: MarkKind | None = "list_item" if paragraph[0].text[:1] in _BULLETS else None
                    writer.write(paragraph, [_join(paragraph)], kind)
    turned = (run for run in runs if not run.upright)  # stamps, axis labels: after the rest, as drawn
    for _, stamp in groupby(turned, key=lambda run: round(run.size, 1)):
        line = _Line(list(stamp))
        characters: Characters = []
        for glyph in (glyph for run in line.runs for glyph in run.glyphs):
            if glyph.spaced and characters:
                characters.append((" ", None))
            characters.append((glyph.character, glyph.box))
        writer.write([line], [characters], None)
    return writer.page()


# ---- columns ---------------------------------------------------------------------------------------------


def _cut(runs: list[Run], depth: int) -> list[list[Run]]:
    """Divide runs into regions of one column each, in reading order."""
    if len(runs) < 4 or depth > _MAX_DEPTH:
        return [runs] if runs else []
    bands = _best_bands(runs)
    if bands is None:
        return [runs]
    regions: list[list[Run]] = []
    for band in bands:
        for part in band:
            regions.extend(_cut(part, depth + 1))
    return regions


Bands = list[tuple[list[Run], ...]]
"""From top to bottom: (left, right) of a gutter, or (everything,) where something blocks it."""


def _best_bands(runs: list[Run]) -> Bands | None:
    em = median(run.em for run in runs)
    tried = [_bands(runs, x, em) for x in _left_edges(runs, em)]
    gain, bands = max(tried, key=lambda result: result[0], default=(0.0, None))
    return bands if gain > 0 else None


def _left_edges(runs: list[Run], em: float) -> list[float]:
    """Guess where columns begin: where the most runs begin, but for the leftmost. At most a dozen guesses."""
    edges: list[list[float]] = []
    for left in sorted(run.left for run in runs):
        if edges and left - edges[-1][0] < _GUTTER * em:
            edges[-1].append(left)
        else:
            edges.append([left])
    likely = sorted((edge for edge in edges[1:] if len(edge) >= 2), key=len, reverse=True)
    return sorted(edge[0] - 0.1 * em for edge in likely[:_GUESSES])


def _bands(runs: list[Run], x: float, em: float) -> tuple[float, Bands | None]:
    """Divide runs at a gutter; also give how much height it really divides, less what blocks it."""
    edge = x - _GUTTER * em
    blockers = sorted((run for run in runs if run.left < x and run.right > edge), key=lambda run: run.top)
    walls: list[list[float]] = []  # y-intervals that blockers close
    heads: list[float] = []  # the largest em in each
    for run in blockers:
        if walls and run.top < walls[-1][1] + em:
            walls[-1][1] = max(walls[-1][1], run.bottom)
            heads[-1] = max(heads[-1], run.em)
        else:
            walls.append([run.top, run.bottom])
            heads.append(run.em)
    for run in sorted(runs, key=lambda run: run.top):  # a further line of a headline may be short
        for wall, head in zip(walls, heads, strict=True):
            alike = run.em > _HEADLINE * em and 0.85 < run.em / head < 1.18
            if alike and wall[0] < run.middle and run.top < wall[1] + 0.8 * run.em:
                wall[1] = max(wall[1], run.bottom)
    slots: list[list[Run]] = [[] for _ in range(2 * len(walls) + 1)]  # free, wall, free, wall … free
    for run in runs:
        slot = 0
        for number, (top, bottom) in enumerate(walls):
            if run.middle > bottom:
                slot = 2 * number + 2
            elif run.middle >= top:
                slot = 2 * number + 1
        slots[slot].append(run)
    bands: Bands = []
    gain = 0.0
    for number, slot_runs in enumerate(slots):
        if not slot_runs:
            continue
        sides = [run for run in slot_runs if run.left < x], [run for run in slot_runs if run.left >= x]
        divided = _divided_height(*sides, em) if number % 2 == 0 else 0.0
        if divided:
            headline = _headline_above(*sides, em)
            if headline:
                bands.append((headline,))
                sides = sides[0], [run for run in sides[1] if run not in headline]
            bands.append(sides)
            gain += divided
        elif bands and len(bands[-1]) == 1:
            bands[-1][0].extend(slot_runs)
        else:
            bands.append((list(slot_runs),))
    return gain - sum(bottom - top for top, bottom in walls) * 0.1, bands if gain else None


def _headline_above(left: list[Run], right: list[Run], em: float) -> list[Run]:
    """Find a headline over both sides of a gutter that is so short that it stands on the right side only."""
    top = min(run.top for run in left)
    above = [run for run in right if run.middle < top]
    return above if all(run.em > _HEADLINE * em for run in above) else []


def _divided_height(left: list[Run], right: list[Run], em: float) -> float:
    """Say how much height two sides of a gutter share, 0 unless both look like columns of prose."""
    if not left or not right:
        return 0.0
    sides = _lines(left), _lines(right)
    if min(len(lines) for lines in sides) < 2:
        return 0.0
    widths = [max(line.right for line in lines) - min(line.left for line in lines) for lines in sides]
    if min(widths) < _COLUMN * em or _is_table(sides, widths, em):
        return 0.0
    return min(max(line.bottom for line in lines) - min(line.top for line in lines) for lines in sides)


def _is_table(sides: tuple[list[_Line], list[_Line]], widths: Sequence[float], em: float) -> bool:
    """Tell cells from columns: cells share their baselines and do not fill their width, or are figures."""
    fewer, more = sorted(sides, key=len)
    middles = [line.middle for line in more]
    aligned = sum(any(abs(line.middle - y) < 0.3 * em for y in middles) for line in fewer) / len(fewer)
    if aligned < 0.8:
        return False
    for lines, width in zip(sides, widths, strict=True):
        full = sum(line.right - line.left > 0.6 * width for line in lines) / len(lines)
        text = "".join(line.text for line in lines)
        if full < 0.5 or sum(character.isdigit() for character in text) > 0.5 * len(text):
            return True
    return False


# ---- lines and paragraphs --------------------------------------------------------------------------------

Characters = list[tuple[str, Box | None]]


class _Line:
    """Runs that stand side by side, from left to right."""

    __slots__ = ("bottom", "em", "left", "middle", "right", "runs", "text", "top")

    def __init__(self, runs: list[Run]) -> None:
        self.runs = runs
        self.left = min(run.left for run in runs)
        self.right = max(run.right for run in runs)
        largest = max(runs, key=lambda run: (len(run.glyphs), run.bottom - run.top))
        self.top, self.bottom, self.em, self.middle = largest.top, largest.bottom, largest.em, largest.middle
        self.text = "".join(glyph.character for run in runs for glyph in run.glyphs)

    def characters(self) -> Characters:
        """Its characters with spaces where the file or a gap puts them; none between Chinese characters."""
        found: Characters = []
        previous: Glyph | None = None
        chinese = False
        for run in self.runs:
            for glyph in run.glyphs:
                if previous is not None:
                    gap = (glyph.box.left - previous.box.right) / self.em
                    pair = [one for one in (previous.character, glyph.character) if one not in _SHARED]
                    chinese = all(map(_is_han, pair)) if pair else chinese
                    if gap > _CELL_GAP:
                        found.append(("\t", None))
                    elif gap > 1.0 if chinese else glyph.spaced or gap > 0.2:
                        found.append((" ", None))
                found.append((glyph.character, glyph.box))
                previous = glyph
        return found

    @property
    def has_cells(self) -> bool:
        """Whether gaps divide it into cells."""
        return any(after.left - before.right > _CELL_GAP * self.em for before, after in pairwise(self.runs))


def _lines(runs: list[Run]) -> list[_Line]:
    """Group runs into lines by vertical overlap, from top to bottom."""
    lines: list[list[Run]] = []
    bands: list[tuple[float, float]] = []
    for run in sorted(runs, key=lambda run: run.middle):
        if bands:
            top, bottom = bands[-1]
            overlap = min(bottom, run.bottom) - max(top, run.top)
            if overlap > 0.5 * min(bottom - top, run.bottom - run.top):
                lines[-1].append(run)
                if run.bottom - run.top > bottom - top:
                    bands[-1] = (run.top, run.bottom)
                continue
        lines.append([run])
        bands.append((run.top, run.bottom))
    return [_Line(sorted(line, key=lambda run: run.left)) for line in lines]


def _mark_rows(lines: list[_Line]) -> list[tuple[bool, _Line]]:
    """Say of each line whether it is a row of a table: two neighbours at least have cells."""
    cells = [False, *(line.has_cells for line in lines), False]
    return [
        (here and (before or after), line)
        for before, here, after, line in zip(cells, cells[1:], cells[2:], lines, strict=False)
    ]


def _paragraphs(lines: list[_Line], region: list[_Line], body: float) -> list[list[_Line]]:
    """Join consecutive lines that a person reads as one paragraph."""
    left = median([line.left for line in region])
    right = max(line.right for line in region)
    steps = [after.top - before.top for before, after in pairwise(region)]
    pitch = median(steps) if steps else 0.0
    paragraphs: list[list[_Line]] = []
    for line in lines:
        if paragraphs and _continues(paragraphs[-1][-1], line, left, right, pitch, body):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    return paragraphs


def _continues(before: _Line, line: _Line, left: float, right: float, pitch: float, body: float) -> bool:
    em = line.em
    if not 0.88 < before.em / em < 1.14 or line.text[:1] in _BULLETS or LEADER.search(before.text):
        return False
    if before.has_cells or line.has_cells:
        return False
    step = line.top - before.top
    if step > min(max(1.4 * pitch, 1.3 * em), 2.6 * em):
        return False
    if em > 1.15 * body:  # lines of a headline, often centred
        return True
    if line.left - left > 0.8 * em and line.left - before.left > 0.8 * em:  # an indented first line
        return False
    first_word = re.match(r"[\x21-\x7e\u00c0-\u024f]*", line.text)
    word = max(1, len(first_word[0]) if first_word else 1)
    width = (line.right - line.left) / max(1, len(line.text))
    fits = before.right + (word + 1) * width < right - 0.3 * em  # the line ended before it had to
    return not fits or (before.text[-1:] not in _CLOSED and before.right - left > 0.75 * (right - left))


def _join(lines: list[_Line]) -> Characters:
    """Join a paragraph's lines: no space beside Chinese, one between words, none in a broken word."""
    joined: Characters = []
    before: Characters = []
    for line in lines:
        characters = line.characters()
        if joined and characters:
            last, first = joined[-1][0], characters[0][0]
            if last in _HYPHENS and len(joined) > 1 and joined[-2][0].isalpha() and first.islower():
                joined.pop()
            elif not (_is_chinese(reversed(before)) or _is_chinese(characters)):
                joined.append((" ", None))
        joined.extend(characters)
        before = characters
    return joined


def _is_chinese(characters: Iterable[tuple[str, Box | None]]) -> bool:
    """Whether the first character that is of one script only is Chinese."""
    return next((_is_han(character) for character, _ in characters if character not in _SHARED), False)


def _is_han(character: str) -> bool:
    """Tell Chinese and Japanese characters and punctuation; lines break beside them without a space."""
    return (
        "\u2e80" <= character <= "\u9fff"
        or "\uf900" <= character <= "\ufaff"
        or "\ufe30" <= character <= "\ufe4f"
        or "\uff00" <= character <= "\uffef"
        or character >= "\U00020000"
    )


class _PageWriter:
    def __init__(self) -> None:
        self._characters: Characters = []
        self._blocks: list[PageBlock] = []

    def write(self, lines: list[_Line], rows: list[Characters], kind: MarkKind | None) -> None:
        """Write one block; ``rows`` are separated by line feeds."""
        found: Characters = []
        for row in rows:
            found += [("\n", None), *row] if found else row
        found = _compose(found)
        if not found:
            return
        if self._characters:
            listed = kind == "list_item" and self._blocks[-1].kind == "list_item"
            self._characters += [("\n", None)] * (1 if listed else 2)
        start = len(self._characters)
        self._characters += found
        boxes = [Box(line.left, line.top, line.right, line.bottom) for line in lines]
        self._blocks.append(
            PageBlock(
                span=(start, len(self._characters)),
                size=median(line.em for line in lines),
                box=union(boxes),
                kind=kind,
            )
        )

    def page(self) -> PageText:
        return PageText(
            text="".join(character for character, _ in self._characters),
            boxes=tuple(box for _, box in self._characters),
            blocks=tuple(self._blocks),
        )


def union(boxes: Sequence[Box]) -> Box:
    """Give the smallest rectangle around some."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _compose(characters: Characters) -> Characters:
    """Compose Unicode (NFC) while each character keeps its box, and drop soft hyphens left inside."""
    found: Characters = []
    for character, box in characters:
        if character in _SOFT_HYPHENS:
            continue
        if found and not character.isascii():
            pair = unicodedata.normalize("NFC", found[-1][0] + character)
            if len(pair) == 1:
                found[-1] = (pair, found[-1][1] or box)
                continue
        found.extend((part, box) for part in unicodedata.normalize("NFC", character))
    return found
