"""From the bytes of a PDF to a draft with pages, to the boxes of its words, and to pictures of its pages.

PDFium is not thread-safe and a hostile file can make it take gigabytes: call this in a process of its own, as
``DocumentReader`` does.
"""

from __future__ import annotations

import ctypes
import re
import struct
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from index.datatypes import Mark, Page, Span
from index.errors import ReadError
from index.readers.columns import LEADER, Box, Glyph, PageText, make_runs, read_page, union
from index.readers.draft import Draft
from index.readers.limits import DEFAULT_LIMITS, ReadLimits
from index.readers.titles import sane_title

_TAIL_BYTES = 4096  # a whole PDF says "startxref … %%EOF" at its end
_MAX_PIXELS = 30_000_000  # of a rendered page
_HEADING_RATIO = 1.15  # to the body's font size
_LONGEST_HEADING = 120  # characters
_MARGIN = 0.09  # share of the page's height above and below in which running heads and page numbers stand
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_PAGE_NUMBER = re.compile(
    r"[\W_]*(第|page|p\.?)?[\W_]*[0-9０-９ivxlc]{1,5}[\W_]*(页|版)?[\W_]*(共?\D{0,3}[0-9]{1,5}页?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBoxes:
    """Where characters stand on a page, in points from its top left corner as it is displayed."""

    width: float
    height: float
    boxes: tuple[Box, ...]  # one for each line that a span touches


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    page: PageText
    height: float


def read_pdf(content: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> Draft:
    """Read the text layer of a PDF, column by column, page by page.

    Pages are separated by a blank line. Lines larger than the body's font are marked as headings, page
    numbers and lines that repeat at the top or bottom of pages as furniture.

    Raises
    ------
    ReadError
        If the file is damaged, cut off or encrypted, or has no text layer that can be read.

    """
    if not {b"%%EOF", b"startxref"} & set(re.findall(rb"%%EOF|startxref", content[-_TAIL_BYTES:])):
        if b"%PDF" not in content[:_TAIL_BYTES]:  # such as a log-in page, saved in its place
            raise ReadError("it is no PDF, whatever its name says; copy or download it again.")
        raise ReadError("it is cut off (the end of the PDF is missing); copy or download it again.")
    with _opened(content) as pdf:
        count = len(pdf)
        if not count:
            raise ReadError("it has no pages, or is damaged; print it to a new PDF.")
        if count > limits.max_pages:
            raise ReadError(
                f"it has {count:,} pages, more than the {limits.max_pages:,} allowed; split it or raise the limit."
            )
        sheets: list[_Sheet] = []
        characters = 0
        for number in range(count):
            page, _, height = _page_text(pdf, number)
            sheets.append(_Sheet(page=page, height=height))
            characters += len(page.text)
            if characters > limits.max_characters:
                raise ReadError(
                    f"it holds more than {limits.max_characters:,} characters; split it or raise the limit."
                )
        try:
            properties = pdf.get_metadata_dict(skip_empty=True)
        except UnicodeDecodeError:  # half a character in a title is no reason to refuse the text
            properties = {}
    _check_text(sheets)
    return _draft(sheets, properties)


def page_boxes(content: bytes, page: Page, spans: Sequence[Span]) -> PageBoxes:
    """Find where spans of a document's text stand on one of its pages.

    Parameters
    ----------
    content:
        The PDF that the document was read from; reading is deterministic, so the offsets still hold.
    page:
        One of the document's pages.
    spans:
        Offsets into the document's text; what lies outside the page is passed over.

    Raises
    ------
    ReadError
        If the page does not exist, or its text has another length than ``page.span``.

    """
    with _opened(content) as pdf:
        if not 1 <= page.number <= len(pdf):
            raise ReadError(f"it has {len(pdf)} pages and no page {page.number}; ingest it again.")
        found, width, height = _page_text(pdf, page.number - 1)
    start, end = page.span
    if len(found.text) != end - start:
        raise ReadError(
            f"page {page.number} has {len(found.text)} characters now, not {end - start}; ingest it again."
        )
    boxes = [
        box
        for span in spans
        for box in _line_boxes(found.boxes[max(0, span[0] - start) : max(0, min(span[1], end) - start)])
    ]
    return PageBoxes(width=width, height=height, boxes=tuple(boxes))


def render_page(content: bytes, number: int, scale: float = 1.5) -> bytes:
    """Draw a page as a PNG.

    Parameters
    ----------
    content:
        The PDF.
    number:
        Of the page, from 1.
    scale:
        Pixels per point; lowered where the picture would be larger than 30 megapixels.

    Raises
    ------
    ReadError
        If the PDF cannot be opened or has no such page.

    """
    with _opened(content) as pdf:
        if not 1 <= number <= len(pdf):
            raise ReadError(f"it has {len(pdf)} pages and no page {number}; ask for one it has.")
        page = pdf[number - 1]
        width, height = page.get_size()
        scale = min(scale, (_MAX_PIXELS / max(1.0, width * height)) ** 0.5)
        bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
        return _png(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels)


@contextmanager
def _opened(content: bytes) -> Iterator[Any]:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise ReadError("it is encrypted; remove its password in the program that opens it.") from error
        raise ReadError("it is not a PDF or it is damaged; open it and print it to a new PDF.") from error
    try:
        yield pdf
    except pypdfium2.PdfiumError as error:
        raise ReadError(f"it is damaged ({error}); open it and print it to a new PDF.") from error
    finally:
        pdf.close()


def _page_text(pdf: Any, number: int) -> tuple[PageText, float, float]:
    """Read one page (numbered from 0): its text, width and height. Depends on nothing but that page."""
    from pypdfium2 import raw

    page = pdf[number]
    try:
        text_page = page.get_textpage()
        try:
            width, height = page.get_size()
            turn = _turn(page)
            numbered = list(_glyphs(raw, text_page.raw, turn))
            indices = {id(glyph): index for index, glyph in numbered}
            runs = make_runs(glyph for _, glyph in numbered)
            matrix = raw.FS_MATRIX()
            for run in runs:
                index = indices[id(run.glyphs[0])]
                if raw.FPDFText_GetMatrix(text_page.raw, index, matrix):
                    along = complex(matrix.a, matrix.b) * 1j ** (-page.get_rotation() // 90)
                    run.size = raw.FPDFText_GetFontSize(text_page.raw, index) * abs(
                        complex(matrix.c, matrix.d)
                    )
                    run.upright = along.real >= abs(along.imag)
            return read_page(runs), width, height
        finally:
            text_page.close()
    finally:
        page.close()


def _glyphs(raw: Any, text_page: Any, turn: Any) -> Iterator[tuple[int, Glyph]]:
    """Yield the visible characters of a page with their numbers in PDFium's order."""
    rectangle = raw.FS_RECTF()
    reference = ctypes.byref(rectangle)
    spaced = False
    joined = -1  # the second half of a character beyond U+FFFF, which PDFium gives in two
    for index in range(raw.FPDFText_CountChars(text_page)):
        if index == joined:
            continue
        code = raw.FPDFText_GetUnicode(text_page, index)
        if (
            0xD800 <= code < 0xDC00
            and 0xDC00 <= (low := raw.FPDFText_GetUnicode(text_page, index + 1)) < 0xE000
        ):
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            joined = index + 1
        character = chr(code) if code < 0x110000 else "\ufffd"
        if character.isspace() or character in "\0\u200b\ufeff":
            spaced = True
            continue
        if not raw.FPDFText_GetLooseCharBox(text_page, index, reference):
            continue
        box = turn(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        if not box.left < box.right or not box.top < box.bottom:
            continue
        for letter in _letters(character):
            yield index, Glyph(letter, box, spaced)
            spaced = False


def _letters(character: str) -> str:
    """Undo what fonts do to letters: ligatures, and radicals that stand for the character they look like."""
    if character in _LIGATURES:
        return _LIGATURES[character]
    if "\u2e80" <= character <= "\u2fdf":
        return unicodedata.normalize("NFKC", character)
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return "" if category == "Cc" and character != "\x02" else character


def _turn(page: Any) -> Any:
    """Make the function from a PDF's coordinates to those from the top left corner of the page as shown."""
    left, bottom, right, top = page.get_bbox()
    rotation = page.get_rotation() % 360

    def turn(x0: float, y0: float, x1: float, y1: float) -> Box:
        if rotation == 90:
            return Box(y0 - bottom, x0 - left, y1 - bottom, x1 - left)
        if rotation == 180:
            return Box(right - x1, y0 - bottom, right - x0, y1 - bottom)
        if rotation == 270:
            return Box(top - y1, right - x1, top - y0, right - x0)
        return Box(x0 - left, top - y1, x1 - left, top - y0)

    return turn


def _check_text(sheets: list[_Sheet]) -> None:
    counts = Counter(
        unicodedata.category(character)
        for sheet in sheets
        for character in sheet.page.text[:10_000]
        if not character.isspace()
    )
    total = sum(counts.values())
    if not total:
        raise ReadError("it has no text layer, as scans have none; run OCR on it and use the result.")
    if counts["Co"] + counts["Cn"] + counts["So"] > 0.5 * total:
        raise ReadError(
            "its text layer cannot be read (the fonts do not say which characters they draw); run OCR on it."
        )


def _draft(sheets: list[_Sheet], properties: dict[str, str]) -> Draft:
    body = _body_size(sheets)
    furniture = _furniture(sheets)
    levels = _heading_levels(sheets, furniture, body)
    pieces: list[str] = []
    pages: list[Page] = []
    marks: list[Mark] = []
    position = 0
    for number, sheet in enumerate(sheets, 1):
        text = sheet.page.text
        if text and position:
            pieces.append("\n\n")
            position += 2
        pages.append(Page(number=number, span=(position, position + len(text))))
        for block_number, block in enumerate(sheet.page.blocks):
            span = (position + block.span[0], position + block.span[1])
            if (number, block_number) in furniture:
                marks.append(Mark(kind="furniture", span=span))
            elif block.kind is not None:
                marks.append(Mark(kind=block.kind, span=span))
            elif (level := levels.get((number, block_number))) is not None:
                marks.append(Mark(kind="heading", span=span, level=level))
        pieces.append(text)
        position += len(text)
    metadata = {}
    author = " ".join(properties.get("Author", "").split())
    if sane_title(author):
        metadata["author"] = author
    without = [str(page.number) for page in pages if page.span[0] == page.span[1]]
    if without:
        metadata["pages_without_text"] = ", ".join(without[:50])
    return Draft(
        text="".join(pieces),
        marks=tuple(marks),
        pages=tuple(pages),
        title=sane_title(properties.get("Title", "")),
        metadata=metadata,
    )


def _body_size(sheets: list[_Sheet]) -> float:
    """Give the font size that most characters have."""
    sizes: Counter[float] = Counter()
    for sheet in sheets:
        for block in sheet.page.blocks:
            sizes[round(block.size * 2) / 2] += block.span[1] - block.span[0]
    return sizes.most_common(1)[0][0]


BlockNumber = tuple[int, int]
"""Page number from 1, block number from 0."""


def _furniture(sheets: list[_Sheet]) -> set[BlockNumber]:
    """Find page numbers, and margin lines that come on three pages or more with only figures changed."""
    margins: dict[str, list[BlockNumber]] = {}
    found: set[BlockNumber] = set()
    for number, sheet in enumerate(sheets, 1):
        for block_number, block in enumerate(sheet.page.blocks):
            if _MARGIN * sheet.height < block.box.bottom and block.box.top < (1 - _MARGIN) * sheet.height:
                continue
            text = sheet.page.text[slice(*block.span)]
            if len(text) <= 20 and _PAGE_NUMBER.fullmatch(text):
                found.add((number, block_number))
            elif len(text) <= 100:
                margins.setdefault(re.sub(r"[\d\s]+", "", text), []).append((number, block_number))
    for places in margins.values():
        if len({number for number, _ in places}) >= 3:
            found.update(places)
    return found


def _heading_levels(sheets: list[_Sheet], furniture: set[BlockNumber], body: float) -> dict[BlockNumber, int]:
    """Take short blocks in larger letters for headings; the largest are level 1, at most six levels."""
    sizes: dict[BlockNumber, float] = {}
    for number, sheet in enumerate(sheets, 1):
        for block_number, block in enumerate(sheet.page.blocks):
            text = sheet.page.text[slice(*block.span)]
            large = block.size >= _HEADING_RATIO * body
            short = len(text) <= _LONGEST_HEADING and any(map(str.isalpha, text)) and not LEADER.search(text)
            if large and short and block.kind is None:
                sizes[number, block_number] = block.size
    sizes = {place: size for place, size in sizes.items() if place not in furniture}
    steps: list[float] = []
    for size in sorted(set(sizes.values()), reverse=True):
        if not steps or size < 0.92 * steps[-1]:
            steps.append(size)
    return {place: min(6, sum(size < 0.92 * step for step in steps) + 1) for place, size in sizes.items()}


def _line_boxes(boxes: Sequence[Box | None]) -> list[Box]:
    """Join the boxes of neighbouring characters on the same line to one rectangle."""
    lines: list[list[Box]] = []
    for box in boxes:
        if box is None:
            continue
        if lines:
            last = lines[-1][-1]
            overlap = min(box.bottom, last.bottom) - max(box.top, last.top)
            height = min(box.bottom - box.top, last.bottom - last.top)
            if overlap > 0.5 * height and -height < box.left - last.right < 3 * height:
                lines[-1].append(box)
                continue
        lines.append([box])
    return [union(line) for line in lines]


def _png(pixels: bytes, width: int, height: int, stride: int, channels: int) -> bytes:
    """Write a PNG (ISO/IEC 15948) of 8-bit RGB, RGBA or grey pixels."""
    rows = b"".join(b"\0" + pixels[y * stride : y * stride + width * channels] for y in range(height))
    colour = {1: 0, 3: 2, 4: 6}[channels]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 4)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
