"""From the bytes of an HTML file to a draft: what a person would read, in order, its structure as marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from index.datatypes import MarkKind, Span
from index.errors import ReadError
from index.readers.draft import Draft, DraftWriter, stretch
from index.readers.text import decode

_SILENT_TAGS = """
    script style noscript template head nav iframe object embed svg canvas audio video map select button
    textarea input datalist dialog rt rp annotation annotation-xml -comment
"""
_BLOCK_TAGS = """
    html body address article aside blockquote center dd details div dl dt fieldset figcaption figure footer
    form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main ol optgroup p pre section summary table caption
    tbody thead tfoot tr td th ul
"""
_SECTION_TAGS = "article aside blockquote details fieldset figure main section td th"
_SILENT = frozenset(_SILENT_TAGS.split())
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_PAGE_FURNITURE = frozenset({"header", "footer"})  # of the page, unless they stand in what has its own
_SECTIONS = frozenset(_SECTION_TAGS.split())
_FURNITURE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "menu", "menubar", "dialog"})
_KINDS: dict[str, MarkKind] = {
    "li": "list_item",
    "figcaption": "caption",
    "caption": "caption",
    "pre": "code",
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SIGNS = {"mfrac": "/", "msup": "^"}  # between the two parts of a formula: 1/2 is not 12
_LONGEST_CELL = 400  # characters; a longer cell is a column of a page, not a value
_ICON = re.compile("icon|symbol", re.I)
_HAN = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]"
_BREAK_IN_CHINESE = re.compile(rf"(?<={_HAN})[ \t]*[\r\n]\s*(?={_HAN})")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.I)
_HEAD = 2_000  # characters in which a page says that it is XHTML
_SELF_CLOSED = re.compile(  # an HTML parser overlooks the stroke, and these swallow what follows
    r"<(title|script|style|iframe|textarea|noscript|noframes|xmp)((?:\s[^<>]*)?)/>", re.I
)
_HEADINGS_ASKED = 20  # among which the headline under a logo is looked for
_BLANK_LINES = re.compile(r"\n{3,}")


def read_html(content: bytes) -> Draft:
    """Read an HTML file.

    Scripts, styles, navigation, page headers and footers, forms' controls and hidden parts are left out.
    Headings, list items, tables (cells separated by tabs, rows by line feeds), captions, quotes and code
    become marks.

    Raises
    ------
    ReadError
        If the bytes are not text.

    """
    from selectolax.lexbor import LexborHTMLParser

    text, metadata = _decode(content)
    if text.lstrip().startswith("<?xml") or "www.w3.org/1999/xhtml" in text[:_HEAD]:
        text = _SELF_CLOSED.sub(r"<\1\2></\1>", text)
    tree = LexborHTMLParser(text)
    draft = _Walk().run(tree.root)
    if not draft.text.strip():  # a page that hides or frames everything: better too much than nothing
        draft = _Walk(everything=True).run(tree.root)
    properties = _properties(tree)
    for key, names in (
        ("author", ("author", "article:author")),
        ("date", ("article:published_time", "pubdate", "publishdate", "date", "dc.date")),
    ):
        value = next((properties[name] for name in names if name in properties), "")
        if value:
            metadata[key] = value
    return Draft(text=draft.text, marks=draft.marks, title=_title(tree, properties), metadata=metadata)


def _decode(content: bytes) -> tuple[str, dict[str, str]]:
    """Decode as text files are, then as the page declares whatever it is if that fails."""
    declared = _META_CHARSET.search(content[:4096])
    name = declared[1].decode("ascii") if declared else ""
    try:
        return decode(content, name)
    except ReadError:
        try:
            return content.decode(name), {"encoding": name.lower()}
        except (LookupError, UnicodeDecodeError):
            raise ReadError("its encoding is not recognised, or it is not HTML; save it as UTF-8.") from None


def _properties(tree: Any) -> dict[str, str]:
    """Collect the page's <meta> values by lower-case name; the first of a name wins."""
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = (attributes.get("property") or attributes.get("name") or "").lower()
        if name:
            found.setdefault(name, " ".join((attributes.get("content") or "").split()))
    return found


def _title(tree: Any, properties: dict[str, str]) -> str:
    """Prefer a headline that the <title> contains ("Headline - Site name") over the whole <title>.

    A logo may be a heading too: the last part is the site's name if the page says so or heads a text with the part
    before it.
    """
    node = tree.css_first("title")
    title = _one_line(node.text()) if node else ""
    headlines = [properties.get("og:title", ""), *(_one_line(node.text()) for node in tree.css("h1")[:3])]
    if not title:
        return next((line for line in headlines if line), "")
    held = sorted((line for line in headlines if line and line in title), key=title.index)
    if not held:
        return title
    parted = re.fullmatch(rf"(.*\S)\s*[-–—|_·•»:：/]\s*{re.escape(held[0])}", title)
    if parted:
        headings = (_one_line(node.text()) for node in tree.css("h2, h3")[:_HEADINGS_ASKED])
        if held[0] == properties.get("og:site_name") or parted[1] in headings:
            return parted[1]
    return held[0]


def _one_line(text: str) -> str:
    return " ".join(_BREAK_IN_CHINESE.sub("", text).split())


class _Place(NamedTuple):
    """What the open blocks around a text make of it."""

    kind: MarkKind | None = None
    level: int = 0
    section: bool = False  # headers and footers in it are its own

    def within(self, tag: str) -> _Place:
        """Return the place inside one more block; the innermost heading, list item or caption counts."""
        kind, level = self.kind, self.level
        if kind != "code" and tag in _HEADINGS:
            kind, level = "heading", _HEADINGS[tag]
        elif kind != "code" and tag in _KINDS:
            kind, level = _KINDS[tag], 0
        return _Place(kind, level, self.section or tag in _SECTIONS)


class _Walk:
    """One pass over a page's tree, without recursion, writing each block as it ends."""

    def __init__(self, *, everything: bool = False) -> None:
        self._everything = everything  # page furniture too
        self._writer = DraftWriter()
        self._inline: list[str] = []  # of the open block; NUL, which the parser never gives, is a <br>
        self._places = [_Place()]  # the innermost of the open blocks last
        self._quotes: list[int] = []  # for each open <blockquote>, how many blocks stand before it
        self._spans: list[Span] = []
        self._last: MarkKind | None = None

    def run(self, root: Any) -> Draft:
        node = root
        while node is not None:
            entered = self._enter(node)
            child = node.child if entered else None
            if entered and child is None:
                self._leave(node.tag)
            while child is None and node.mem_id != root.mem_id:
                child = node.next
                if child is None:
                    node = node.parent
                    self._leave(node.tag)
            node = child
        self._flush()
        return self._writer.draft()

    def _enter(self, node: Any) -> bool:
        tag = node.tag
        if tag == "-text":
            self._inline.append(node.text(deep=False))
            return False
        if tag == "br":
            self._inline.append("\0")
            return False
        if tag in _SILENT or self._is_furniture(node):
            self._inline.append(" ")
            return False
        if tag in _BLOCKS:
            self._flush()
            if tag == "table" and (rows := _data_rows(node)):
                self._write_table(node, rows)
                return False
            if tag == "blockquote":
                self._quotes.append(len(self._spans))
            self._places.append(self._places[-1].within(tag))
        elif (sign := _SIGNS.get(node.parent.tag)) and _beside(node, forward=False) is not None:
            self._inline.append(sign)
        return True

    def _leave(self, tag: str) -> None:
        if tag not in _BLOCKS:
            return
        self._flush()
        self._places.pop()
        if tag == "blockquote":
            first = self._quotes.pop()
            if first < len(self._spans):
                self._writer.mark("quote", (self._spans[first][0], self._spans[-1][1]))

    def _is_furniture(self, node: Any) -> bool:
        attributes = node.attributes
        if not attributes and node.tag not in _PAGE_FURNITURE:
            return False
        style = (attributes.get("style") or "").replace(" ", "").lower()
        if "hidden" in attributes or "display:none" in style:
            return not self._everything
        if attributes.get("aria-hidden") == "true" and not _is_drawn(node):
            return not self._everything
        if (attributes.get("role") or "").lower() in _FURNITURE_ROLES:
            return not self._everything
        if self._everything or node.tag not in _PAGE_FURNITURE or self._places[-1].section:
            return False
        return (
            node.tag == "footer" or node.css_first("h1") is None
        )  # some generators put the title in <header>

    def _flush(self) -> None:
        raw = "".join(self._inline)
        self._inline.clear()
        if not raw.strip("\0 \t\r\n"):
            return None
        place = self._places[-1]
        if place.kind == "code":
            return self._write(raw.replace("\0", "\n").strip("\n"), "code")
        lines = [_one_line(line) for line in raw.split("\0")]
        if place.kind is None:
            return self._write(_BLANK_LINES.sub("\n\n", "\n".join(lines)))
        between = " " if place.kind == "heading" else "\n"
        return self._write(between.join(filter(None, lines)), place.kind, place.level)

    def _write(self, text: str, kind: MarkKind | None = None, level: int = 0) -> None:
        separator = "\n" if kind == self._last == "list_item" else "\n\n"
        span = self._writer.write(text, kind, level, separator=separator)
        if span is not None:
            self._spans.append(span)
            self._last = kind

    def _write_table(self, table: Any, rows: list[list[str]]) -> None:
        caption = table.css_first("caption")
        if caption is not None:
            self._write(_one_line(caption.text()), "caption")
        self._write("\n".join("\t".join(row) for row in rows), "table")


def _is_drawn(node: Any) -> bool:
    """Whether what a screen reader passes over is text on the page, of which no copy for it stands beside.

    Blocks are closed menus and dialogs, and some icons are drawn by their names.
    """
    words = _letters(node)
    icon = node.tag == "i" or _ICON.search(node.attributes.get("class") or "")
    if not words or icon or node.tag in _BLOCKS:
        return False
    beside = (_beside(node, forward=False), _beside(node, forward=True))
    return not any(
        other is not None and (other.css_first("math") is not None or _letters(other) == words)
        for other in beside
    )


def _letters(node: Any) -> str:
    return "".join(filter(str.isalnum, node.text()))


def _beside(node: Any, *, forward: bool) -> Any:
    """Return the element right before or after another one; None if there is none, or text between them."""
    node = node.next if forward else node.prev
    while node is not None and (node.tag == "-comment" or (node.tag == "-text" and not node.text().strip())):
        node = node.next if forward else node.prev
    return None if node is None or node.tag == "-text" else node


def _data_rows(table: Any) -> list[list[str]]:
    """Read a table of data; a table that only lays out a page gives no rows and is read as blocks."""
    inside = table.css("table, h1, h2, h3, h4, h5, h6")
    if any(node.mem_id != table.mem_id for node in inside):  # css() finds the table itself too
        return []
    rows = [row for row in _grid(table.css("tr")) if any(row)]
    if max(map(len, rows), default=0) < 2 or any(len(cell) > _LONGEST_CELL for row in rows for cell in row):
        return []
    return rows


def _grid(rows: Iterable[Any]) -> list[list[str]]:
    """Return rows of texts: what stretches down is repeated in each row, what goes across has empty cells behind it."""
    found: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # by column: rows that a cell still goes down, and its text
    for row in rows:
        line: list[str] = []
        begun: dict[int, tuple[int, str]] = {}
        for cell in row.css("td, th"):
            _hang(line, hanging)
            text = _one_line(_Walk().run(cell).text)
            across, down = (stretch(cell.attributes.get(name)) for name in ("colspan", "rowspan"))
            for part in (text, *("",) * (across - 1)):
                begun[len(line)] = (down, part)
                line.append(part)
        _hang(line, hanging)
        found.append(line)
        hanging = {n: (left - 1, text) for n, (left, text) in (hanging | begun).items() if left > 1}
    return found


def _hang(line: list[str], hanging: Mapping[int, tuple[int, str]]) -> None:
    """Fill the next columns of a row with what stretches into them from the rows above."""
    while len(line) in hanging:
        line.append(hanging[len(line)][1])
