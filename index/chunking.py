"""Takes a document's blocks, gives the chunks that are embedded and searched; knows nothing of vectors or questions.

A chunk ends where a sentence ends. Paragraphs of one section share a chunk while it is short, captions stand apart
from the text, and a byline and a headline that states a fact ("22 projects signed") open the first chunk under them,
for no paragraph may repeat them; a byline at the end of a text closes its last chunk.
Tables of contents, running heads and pull quotes (whose words the running text holds) are left out; the lines of an
imprint are kept.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from index.datatypes import Block, BlockKind, Chunk, Document, DocumentInfo, Span
from index.errors import SettingsError
from index.layout import cues
from index.sentences import split_sentences
from index.tables import Table, find_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkingOptions:
    """How large chunks are and what goes into them; sizes in characters (a Latin letter counts as one too)."""

    target: int = 220  # a chunk is closed once it is this long
    maximum: int = 400  # a paragraph up to this length stays whole; a longer sentence is cut at its clauses
    minimum: int = 90  # a paragraph shorter than this shares a chunk with its neighbours
    latin_scale: float = 2.5  # English says in this many characters what Chinese says in one
    headings: Literal["facts", "all", "none"] = "facts"  # which headings open the first chunk under them
    bylines: bool = True  # whether a text's first chunk opens with its author or its last ends with one
    contents: bool = False  # whether tables of contents are searched
    furniture: bool = False  # whether running heads, page numbers, labels and pull quotes are searched

    def __post_init__(self) -> None:
        """Check the sizes.

        Raises
        ------
        SettingsError
            If they are not in order.

        """
        if not 1 <= self.minimum <= self.target <= self.maximum:
            raise SettingsError(
                f"chunk sizes must be 1 <= minimum <= target <= maximum, not {self.minimum}, {self.target}, "
                f"{self.maximum}; change them in the settings."
            )


DEFAULT_OPTIONS = ChunkingOptions()


@dataclass(slots=True)
class _Unit:
    """A sentence on its way into a chunk."""

    spans: list[Span]
    size: int
    block: int  # position of its block
    last: bool = False  # of its block


@dataclass(slots=True)
class _Section:
    """Blocks that may share chunks."""

    blocks: list[Block] = field(default_factory=list)
    lead: list[Block] = field(default_factory=list)  # headings and bylines that open its first chunk
    tail: list[Block] = field(default_factory=list)  # bylines that close its last chunk


class _Tables:
    """The tables of a document, with their headers and captions; they are looked for where a block is one."""

    def __init__(self, text: str, blocks: Sequence[Block]) -> None:
        found = find_tables(text) if any(block.kind == "table" for block in blocks) else ()
        self._text = text
        self._tables = tuple(found)
        self._starts = [table.extent[0] for table in self._tables]

    def with_captions(self, blocks: Sequence[Block]) -> list[Block]:
        """Return the blocks, each table and its caption as one: apart, the figures are nobody's."""
        result: list[Block] = []
        for _, run in groupby(enumerate(blocks), key=lambda one: self._home(*one)):
            members = [block for _, block in run]
            table = next((block for block in members if block.kind == "table"), None)
            if table is None or len(members) == 1:
                result.extend(members)
            else:
                whole = (members[0].spans[0][0], members[-1].spans[-1][1])
                result.append(replace(table, spans=(whole,)))
        return result

    def header(self, block: Block, longest: int) -> tuple[Span, ...]:
        """Return the spans of the caption and the lines that name a table's columns; none where they are longer."""
        start = block.spans[0][0]
        table = self._table(start)
        if block.kind != "table" or len(block.spans) > 1 or table is None or not table.has_header:
            return ()
        if start > table.rows[0][-1][1]:  # it begins below the header
            return ()
        below = self._text.rfind("\n", start, table.body[0][0][0])
        return ((start, below),) if below - start <= longest else ()

    def _home(self, number: int, block: Block) -> tuple[object, ...]:
        """Return what the blocks of a captioned table have in common; of another block its number."""
        table = self._table(block.spans[0][0])
        if table is None or table.caption is None or block.kind not in ("table", "caption", "paragraph"):
            return (number,)
        inside = block.spans[-1][1] <= table.extent[1]
        return (table.start, block.article, block.heading, "table") if inside else (number,)

    def _table(self, place: int) -> Table | None:
        """Return the last table that begins at a place or before it, its caption included."""
        number = bisect_right(self._starts, place) - 1
        return self._tables[number] if number >= 0 else None


_FACT = re.compile(
    r"\d|[（(]单位[:：]|\((?:in [^)]+|(?:thousand|million|billion)s?)\)$|"
    r"[一二三四五六七八九十百千万两]+(?:个|家|名|项|亿|万|倍|成|届|周年|年|月|日)"
)
_PATIENCE = (
    50  # headings and bylines that wait for their text while pictures pass; more would take quadratic time
)
_CLAUSE_END = re.compile(r"[，；：、,;:]|——|\s")
_MERGED: frozenset[BlockKind] = frozenset({"paragraph", "list", "table"})


def chunk_document(
    document: Document, blocks: Sequence[Block], options: ChunkingOptions = DEFAULT_OPTIONS
) -> tuple[Chunk, ...]:
    """Cut a document's blocks into chunks, in reading order.

    Every sentence of a paragraph, list, table or caption lies in exactly one chunk; none is cut unless it is longer
    than ``options.maximum``. Only the header of a table that takes several chunks opens each of them: without it
    their figures are nobody's. A heading with nothing under it becomes a chunk of its own.
    """
    options = _scaled(options, document)
    chunks: list[Chunk] = []
    tables = _Tables(document.text, blocks)
    for section in _sections(document.text, tables.with_captions(blocks), options):
        for spans, block in _pack(document.text, section, options, tables):
            chunks.append(
                Chunk(
                    document_id=document.id,
                    position=len(chunks),
                    spans=spans,
                    text="".join(document.text[start:end] for start, end in spans),
                    kind=block.kind,
                    article=block.article,
                    heading=block.heading,
                    page=block.page,
                    date=block.date,
                )
            )
    return tuple(chunks)


def context_text(document: DocumentInfo, chunk: Chunk) -> str:
    """Return what is embedded: title › article › section on a line, then the chunk's text."""
    path = titles(document, chunk)
    return f"{' › '.join(path)}\n{chunk.text}" if path else chunk.text


def titles(document: DocumentInfo, chunk: Chunk) -> tuple[str, ...]:
    """Return what stands over a chunk and not in it: the document's title, article, section.

    The title of a page with several articles is left out when it is only the headline of one of them.
    """
    path = [part for part in chunk.heading if not _opens_with(chunk.text, part)]
    title = document.title
    several = document.metadata.get("articles", "1") not in ("", "0", "1")
    masthead = document.metadata.get("newspaper", "")
    named = not several or (masthead and title.startswith(masthead))
    if title and named and title not in chunk.heading and not _opens_with(chunk.text, title):
        path.insert(0, title)
    return tuple(path)


def _opens_with(text: str, heading: str) -> bool:
    """Whether the first line of a chunk is the heading, as it is when the heading states a fact."""
    return text == heading or text.startswith(heading + "\n")


def _scaled(options: ChunkingOptions, document: Document) -> ChunkingOptions:
    """Make the sizes larger for a text in Latin letters."""
    sample = document.text[:20_000]
    letters = sum(character.isalpha() for character in sample)
    if (
        not letters
        or sum(character.isascii() and character.isalpha() for character in sample) < 0.7 * letters
    ):
        return options
    scale = options.latin_scale
    return ChunkingOptions(
        target=int(options.target * scale),
        maximum=int(options.maximum * scale),
        minimum=int(options.minimum * scale),
        latin_scale=scale,
        headings=options.headings,
        bylines=options.bylines,
        contents=options.contents,
        furniture=options.furniture,
    )


def _sections(text: str, blocks: Sequence[Block], options: ChunkingOptions) -> list[_Section]:
    """Group blocks that may share chunks, each with the headings and the bylines that open or close it."""
    left_out = {
        kind for kind, kept in (("contents", options.contents), ("furniture", options.furniture)) if not kept
    }
    several = any(block.article != blocks[0].article for block in blocks)
    sections: list[_Section] = []
    before: _Section | None = None  # the last one that is no caption
    waiting: list[Block] = []  # headings and bylines whose text is still to come
    for (_, family), run in groupby(
        (block for block in blocks if block.kind not in left_out), key=lambda b: (_place(b), _family(b))
    ):
        members = list(run)
        if family == "opening":
            waiting.extend(members)
            continue
        if family == "text":
            over = [block for block in waiting if _stands_over(text, block, members[0], several)]
            known = {id(block) for block in over}
            _set_apart(sections, before, [block for block in waiting if id(block) not in known])
            waiting = []
            before = _Section(blocks=members, lead=over)
            sections.append(before)
        else:  # a picture may stand between a heading and its text, and is all that some headings have
            parent = members[0].heading[:-1]
            before = _set_apart(sections, before, waiting[:-_PATIENCE])
            waiting = [
                block
                for block in waiting[-_PATIENCE:]
                if block.kind == "byline"
                or block.heading != parent
                or not _stands_over(text, block, members[0], several)
            ]
            sections.append(_Section(blocks=members))
            if family != "caption":
                before = sections[-1]
    _set_apart(sections, before, waiting)
    return sections


def _set_apart(
    sections: list[_Section], before: _Section | None, openings: Sequence[Block]
) -> _Section | None:
    """Give each heading without text a section of its own; a byline closes the one before it in its article, if any.

    Returns the section before what comes next.
    """
    for block in openings:
        if _is_heading(block) or before is None or before.blocks[0].article != block.article:
            before = _Section(blocks=[block])
            sections.append(before)
        else:
            before.tail.append(block)
    return before


def _place(block: Block) -> tuple[int, tuple[str, ...]]:
    """Where a block stands; headings of different levels may stand together."""
    return (block.article, () if _family(block) == "opening" else block.heading)


def _family(block: Block) -> str:
    """Which blocks may stand side by side: text with text, captions with captions, what opens a text together."""
    if block.kind in ("heading", "title", "byline"):
        return "opening"
    return "text" if block.kind in _MERGED else block.kind


def _is_heading(block: Block) -> bool:
    return block.kind in ("heading", "title")


def _stands_over(text: str, opening: Block, block: Block, several: bool) -> bool:
    """Whether a heading or byline is of the text that begins with ``block``.

    The headline of one of several articles and the column's name above it are on no path: they are over all of it.
    """
    if opening.article != block.article:
        return False
    if opening.kind == "title":
        return True
    path = opening.heading
    if opening.kind == "heading":
        if several and not path:
            return bool(block.heading)
        path = (*path, cues.bare(_words(text, opening)))
    return block.heading[: len(path)] == path


def _pack(
    text: str, section: _Section, options: ChunkingOptions, tables: _Tables
) -> Iterator[tuple[tuple[Span, ...], Block]]:
    """Pack the sentences of a section into chunks of about the target size."""
    units = [
        unit for number, block in enumerate(section.blocks) for unit in _units(text, block, number, options)
    ]
    lead = [block.spans for block in section.lead if _opens(text, block, options)]
    tail = [block.spans for block in section.tail if _opens(text, block, options)]
    groups = list(_groups(units, options))
    for number, group in enumerate(groups):
        spans = _joined(text, [unit.spans for unit in group], [unit.block for unit in group])
        over = lead if number == 0 else []
        block = group[0].block
        if number and groups[number - 1][-1].block == block:  # it goes on from the chunk before
            header = tables.header(section.blocks[block], options.maximum // 2)
            over = [header] if header else []
        under = tail if number == len(groups) - 1 else []
        if over or under:
            spans = _joined(text, [*over, spans, *under], range(len(over) + 1 + len(under)))
        if spans:
            yield tuple(spans), section.blocks[group[0].block]


def _opens(text: str, block: Block, options: ChunkingOptions) -> bool:
    """Whether a heading or byline is to open the chunk under it."""
    if block.kind == "byline":
        return options.bylines
    fact = _FACT.search(_words(text, block)) is not None
    return options.headings == "all" or (options.headings == "facts" and fact)


def _words(text: str, block: Block) -> str:
    return "".join(text[start:end] for start, end in block.spans)


def _groups(units: list[_Unit], options: ChunkingOptions) -> Iterator[list[_Unit]]:
    """Divide sentences into groups: paragraphs stay whole where they fit, long ones fall into even parts."""
    group: list[_Unit] = []
    size = 0
    for _, run in groupby(units, key=lambda unit: unit.block):
        paragraph = list(run)
        length = sum(unit.size for unit in paragraph)
        if group and (size + length > options.target if min(size, length) < options.minimum else True):
            yield group
            group, size = [], 0
        if length > options.maximum:
            yield from _even_parts(paragraph, length, options)
            continue
        group += paragraph
        size += length
    if group:
        yield group


def _even_parts(paragraph: list[_Unit], length: int, options: ChunkingOptions) -> Iterator[list[_Unit]]:
    """Divide a long paragraph into parts of about the same length, none above the maximum."""
    count = max(2, round(length / options.target))
    share = length / count
    part: list[_Unit] = []
    size = done = number = 0
    for unit in paragraph:
        full = done + size + unit.size / 2 > share * (number + 1)
        if part and (full or size + unit.size > options.maximum):
            yield part
            done, number = done + size, number + 1
            part, size = [], 0
        part.append(unit)
        size += unit.size
    if part:
        yield part


def _units(text: str, block: Block, number: int, options: ChunkingOptions) -> Iterator[_Unit]:
    """Cut a block into sentences; a sentence may lie in several spans of the text."""
    joined = _words(text, block)
    if block.kind in ("caption", "heading", "title") and len(joined) <= options.maximum:
        yield _Unit(list(block.spans), len(joined), number)
        return
    cuts = [match.span() for match in re.finditer(r"\S(?:.*\S)?", joined)] if block.kind == "table" else []
    if not cuts or any(end - start > options.maximum for start, end in cuts):  # no rows, or long ones
        cuts = split_sentences(joined)
    for start, end in cuts:
        for part_start, part_end in _parts(joined, start, end, options.maximum):
            yield _Unit(_to_document(block.spans, part_start, part_end), part_end - part_start, number)


def _parts(text: str, start: int, end: int, maximum: int) -> Iterator[Span]:
    """Cut a sentence longer than the maximum after a clause, or where it must be."""
    while end - start > maximum:
        cut = start + maximum
        for match in _CLAUSE_END.finditer(text, start + maximum // 2, start + maximum):
            cut = match.end()
        yield start, cut
        start = cut
    yield start, end


def _to_document(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Map offsets into a block's joined text to spans of the document."""
    result: list[Span] = []
    offset = 0
    for span_start, span_end in spans:
        low, high = max(start - offset, 0), min(end - offset, span_end - span_start)
        if low < high:
            result.append((span_start + low, span_start + high))
        offset += span_end - span_start
        if offset >= end:
            break
    return result


def _joined(text: str, pieces: Sequence[Sequence[Span]], owners: Sequence[int]) -> list[Span]:
    """Put spans one after another; what separates two pieces is taken from the text: the white space between them."""
    result: list[Span] = []
    owner = None
    for spans, next_owner in zip(pieces, owners, strict=True):
        for position, (start, end) in enumerate(spans):
            if result and position == 0:
                start = _separated(text, result, start, owner != next_owner)
            if result and result[-1][1] == start:
                result[-1] = (result[-1][0], end)
            else:
                result.append((start, end))
        owner = next_owner
    return result


def _separated(text: str, result: list[Span], start: int, paragraph: bool) -> int:
    """Include the white space between two pieces, or one line feed near them if other text stands between."""
    last_start, last_end = result[-1]
    if last_end <= start and not text[last_end:start].strip() and (start - last_end <= 4 or not paragraph):
        return last_end
    if not paragraph:
        return start
    if text[last_end : last_end + 1].isspace():
        result[-1] = (last_start, last_end + 1)
        return start
    return start - 1 if start and text[start - 1].isspace() else start
