"""From the bytes of a DOCX file to a draft: body, then footnotes; headings, lists, tables as marks."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

from index.datatypes import MarkKind
from index.errors import ReadError
from index.readers.draft import Draft, DraftWriter, stretch
from index.readers.limits import DEFAULT_LIMITS, ReadLimits
from index.readers.titles import sane_title

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_DRAWN = f"{_W}txbxContent"
_UNSEEN = frozenset(  # deleted or moved away, field codes, readings, the second copy of what is drawn
    {
        f"{_W}del",
        f"{_W}moveFrom",
        f"{_W}instrText",
        f"{_W}delText",
        f"{_W}rPr",
        f"{_W}pPr",
        f"{_W}rt",
        f"{_MC}Fallback",
        _DRAWN,
    }
)
_RATIO_MATTERS_BYTES = 10_000_000  # a short text of one phrase repeated may shrink a hundredfold, harmlessly
_STYLES: tuple[tuple[re.Pattern[str], MarkKind], ...] = (
    (re.compile(r"title$", re.I), "title"),
    (re.compile(r"caption|题注", re.I), "caption"),
    (re.compile(r"toc |table of |目录", re.I), "furniture"),
    (re.compile(r"(intense )?quote|引用", re.I), "quote"),
    (re.compile(r"(source )?code|html preformatted|源代码", re.I), "code"),
    (re.compile(r"list|列表", re.I), "list_item"),
)


def read_docx(content: bytes, limits: ReadLimits = DEFAULT_LIMITS) -> Draft:
    """Read a DOCX file: paragraphs, tables and text boxes in order, then foot- and endnotes.

    Headers and footers are left out, deleted text too; inserted text counts. Numbers that Word makes for
    lists and headings are not in the file and not in the text.

    Raises
    ------
    ReadError
        If the archive is damaged, too large when unpacked, or declares XML entities.

    """
    _check_archive(content, limits)
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = Document(io.BytesIO(content))
    except (PackageNotFoundError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ReadError(
            "it is no Word document, or a damaged one; open it in Word and save it again."
        ) from error
    walk = _Walk(_Styles(document.styles.element))
    walk.blocks(document.element.body)
    for note in _notes(document.part):
        walk.blocks(note)
    properties = document.core_properties
    author = " ".join((properties.author or "").split())
    return walk.writer.draft(
        title=sane_title(properties.title or ""),
        metadata={"author": author} if author and author != "python-docx" else {},
    )


def _check_archive(content: bytes, limits: ReadLimits) -> None:
    """Refuse bombs by the sizes that the archive declares; ``zipfile`` never unpacks more than that."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > limits.max_zip_entries:
                raise ReadError(
                    f"it has {len(parts):,} parts, more than the limit of {limits.max_zip_entries:,}; "
                    "save it again in Word."
                )
            if unpacked > limits.max_zip_bytes:
                raise ReadError(
                    f"it unpacks to {unpacked / 1e6:,.0f} MB, more than the limit of "
                    f"{limits.max_zip_bytes / 1e6:,.0f} MB; split it or raise the limit."
                )
            if unpacked > max(_RATIO_MATTERS_BYTES, limits.max_zip_ratio * len(content)):
                raise ReadError(
                    f"it unpacks to {unpacked / len(content):,.0f} times its size, more than "
                    f"{limits.max_zip_ratio:,.0f}, as a bomb does; save it again in Word."
                )
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        if re.search(rb"<!(DOCTYPE|ENTITY)", file.read(4096).replace(b"\0", b"")):
                            raise ReadError(
                                f"its part {part.filename} declares XML entities, as no Word document does; "
                                "it may be an attack and is not read."
                            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise ReadError(
            "it is damaged or cut off (no whole ZIP archive); copy or download it again."
        ) from error


def _notes(part: Any) -> Iterator[Any]:
    """Yield footnotes and endnotes in their order, without the separators that Word keeps there."""
    from docx.oxml.parser import parse_xml

    for relation in part.rels.values():
        if not relation.is_external and relation.reltype.endswith(("/footnotes", "/endnotes")):
            for note in parse_xml(relation.target_part.blob):
                if note.get(f"{_W}type") is None:
                    yield note


class _Styles:
    """What a paragraph style says of its paragraphs, looked up through the styles it is based on."""

    def __init__(self, root: Any) -> None:
        self._styles = {style.get(f"{_W}styleId"): style for style in root.iter(f"{_W}style")}

    def role(self, paragraph: Any) -> tuple[MarkKind | None, int]:
        """Give the mark of a paragraph and, for a heading, its level."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return None, 0
        style = properties.find(f"{_W}pStyle")
        chain = [properties, *self._chain(None if style is None else style.get(f"{_W}val"))]
        for element in chain:
            level = element.find(f".//{_W}outlineLvl")
            if level is not None and level.get(f"{_W}val", "9") in "012345678":
                return "heading", int(level.get(f"{_W}val")) + 1
        names = [name.get(f"{_W}val", "") for element in chain[1:] for name in element.iterfind(f"{_W}name")]
        for name in names:
            heading = re.match(r"(?:heading|标题)\s*(\d)", name, re.I)
            if heading:
                return "heading", int(heading[1])
            for pattern, kind in _STYLES:
                if pattern.match(name):
                    return kind, 0
        if any(self._is_numbered(element) for element in chain):
            return "list_item", 0
        return None, 0

    def _chain(self, style_id: str | None) -> Iterator[Any]:
        seen: set[str | None] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            style = self._styles[style_id]
            yield style
            base = style.find(f"{_W}basedOn")
            style_id = None if base is None else base.get(f"{_W}val")

    @staticmethod
    def _is_numbered(element: Any) -> bool:
        number = element.find(f".//{_W}numPr/{_W}numId")
        return number is not None and number.get(f"{_W}val") != "0"


class _Walk:
    def __init__(self, styles: _Styles) -> None:
        self.writer = DraftWriter()
        self._styles = styles
        self._last: MarkKind | None = None

    def blocks(self, parent: Any) -> None:
        """Write the paragraphs and tables of a body, a note, a text box or a cell."""
        for element in parent:
            if element.tag == f"{_W}p":
                self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                self._table(element)
            elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}moveTo", f"{_W}customXml"):
                self.blocks(element)

    def _paragraph(self, paragraph: Any) -> None:
        kind, level = self._styles.role(paragraph)
        text = "".join(_text(paragraph))
        if kind in ("heading", "title"):
            text = " ".join(text.split())
        self._write(text, kind, level)
        for box in paragraph.iter(_DRAWN):
            if not any(parent.tag in _UNSEEN for parent in box.iterancestors()):
                self.blocks(box)

    def _write(self, text: str, kind: MarkKind | None, level: int = 0) -> None:
        separator = "\n" if kind == self._last and kind in ("list_item", "code") else "\n\n"
        if self.writer.write(text, kind, level, separator=separator) is not None:
            self._last = kind

    def _table(self, table: Any) -> None:
        rows = [list(_cells(row)) for row in _rows(table)]
        if max(map(len, rows), default=0) < 2:  # a frame around paragraphs
            for row in rows:
                for cell in row:
                    self.blocks(cell)
            return
        lines = ["\t".join(texts) for texts in _grid(rows) if any(texts)]
        self._write("\n".join(lines), "table")


def _rows(table: Any) -> Iterator[Any]:
    for element in table:
        if element.tag == f"{_W}tr":
            yield element
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"):
            yield from _rows(element)


def _cells(row: Any) -> Iterator[Any]:
    for element in row:
        if element.tag == f"{_W}tc":
            yield element
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent"):
            yield from _cells(element)


def _grid(rows: Iterable[Iterable[Any]]) -> Iterator[list[str]]:
    """Yield the texts of each row: what a cell merges downwards is repeated, what it goes across is empty behind it."""
    above: list[str] = []
    for row in rows:
        texts: list[str] = []
        for cell in row:
            across = cell.find(f"{_W}tcPr/{_W}gridSpan")
            merged = cell.find(f"{_W}tcPr/{_W}vMerge")
            goes_on = merged is not None and merged.get(f"{_W}val") != "restart"
            texts.append(above[len(texts)] if goes_on and len(texts) < len(above) else _cell_text(cell))
            stated = across.get(f"{_W}val") if across is not None else ""
            texts += [""] * (stretch(stated) - 1)
        above = texts
        yield texts


def _cell_text(cell: Any) -> str:
    pieces = ("".join(_text(paragraph)) for paragraph in _paragraphs(cell))
    return " ".join(" ".join(pieces).split())


def _paragraphs(element: Any) -> Iterator[Any]:
    """Yield the paragraphs below an element, those of drawn boxes too, each box once."""
    for child in element:
        if child.tag in _UNSEEN and child.tag != _DRAWN:
            continue
        if child.tag == f"{_W}p":
            yield child
        yield from _paragraphs(child)


def _text(paragraph: Any) -> Iterator[str]:
    """Yield the visible text below an element, in order."""
    for element in paragraph:
        if element.tag in _UNSEEN:
            continue
        if element.tag in (f"{_W}t", _MATHS):
            yield element.text or ""
        elif element.tag in (f"{_W}tab", f"{_W}ptab"):
            yield "\t"
        elif element.tag in (f"{_W}br", f"{_W}cr"):
            yield "\n"
        elif element.tag == f"{_W}noBreakHyphen":
            yield "-"
        else:
            yield from _text(element)
