"""The values that flow from documents to hits. They hold data and know nothing of how it is read or stored.

Offsets are Unicode code points, half-open, into ``Document.text``, which is never altered after reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Span = tuple[int, int]
"""Half-open (start, end) in code points into ``Document.text``."""

MarkKind = Literal["title", "heading", "list_item", "table", "caption", "furniture", "code", "quote"]

BlockKind = Literal[
    "title",  # of the document
    "heading",  # of an article or a section; `level` tells which
    "byline",
    "paragraph",
    "list",
    "table",
    "caption",
    "contents",  # a table of contents
    "furniture",  # page numbers, running heads, imprint
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a paginated document; ``number`` starts at 1."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A structural fact that the file format states, such as a DOCX heading; plain text has none."""

    kind: MarkKind
    span: Span
    level: int = 0  # 1 is the highest heading


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentInfo:
    """What is known about a document, without its text."""

    id: int = 0  # 0: not stored yet; ids are never reused
    source: str  # the path it was read from, as text
    title: str
    language: str = "zh"  # ISO 639-1 of most of its text
    date: str | None = None  # ISO 8601, shortened to what the document states: 2023, 2023-04, 2023-04-03
    metadata: Mapping[str, str] = field(default_factory=dict)  # author, newspaper, column, encoding, …
    page_count: int = 0  # 0: not paginated
    characters: int = 0

    @property
    def name(self) -> str:
        """The file's name, the last part of ``source``."""
        return file_name(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document(DocumentInfo):
    """One file, read. Every offset anywhere points into its ``text``."""

    text: str
    pages: tuple[Page, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, heading, caption … of a document, in reading order, its pieces stitched.

    ``heading`` is the path of headings above it (article › section), without the document's title.
    ``article`` numbers the articles of a document from 0; ``date`` is what that article states of its own.
    """

    kind: BlockKind
    spans: tuple[Span, ...]
    level: int = 0
    article: int = 0
    heading: tuple[str, ...] = ()
    page: int | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What is embedded and searched: ``"".join(document.text[s:e] for s, e in spans) == text``, always."""

    id: int = 0  # 0: not stored yet
    document_id: int = 0
    position: int  # 0, 1, 2 … within its document, in reading order
    spans: tuple[Span, ...]
    text: str
    kind: BlockKind = "paragraph"
    article: int = 0
    heading: tuple[str, ...] = ()  # article › section, without the document's title
    page: int | None = None
    date: str | None = None

    @property
    def start(self) -> int:
        """Where its first span begins."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """Where its last span ends."""
        return self.spans[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A chunk found for a query. ``rank`` starts at 1.

    ``scores`` and ``ranks`` are named by kind: "cosine" (-1..1), "bm25" (≥ 0), "fused" (0..1), "reranked"
    (0..1, a cross-encoder's), "relevance" (0..1, the reader's); higher is better in all. A leg that did not
    find the chunk is absent.
    ``matched`` are the query's terms that the lexical leg found in it.
    """

    rank: int
    chunk: Chunk
    document: DocumentInfo
    scores: Mapping[str, float]
    ranks: Mapping[str, int] = field(default_factory=dict)
    matched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Limits a search. Empty means everything."""

    documents: tuple[str, ...] = ()  # shell patterns on file name or path: "*2023*"; any may match
    document_ids: tuple[int, ...] = ()
    exclude_chunks: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    date_from: str | None = None  # ISO 8601, inclusive, compared with the chunk's date or else the document's
    date_to: str | None = None  # inclusive: "2023" holds all of 2023


def file_name(path: str) -> str:
    """Return the last part of a path of any operating system."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]
