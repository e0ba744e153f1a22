"""Takes a document as it was read, gives its blocks in reading order; knows nothing of chunks, vectors or questions.

pieces (lines and paragraphs) → roles (what each is) → stitching (halves joined) → articles (whose each is, in which
order) → facts (title, date) → blocks. OCR'd newspaper and magazine pages are the hard case; Markdown, prose and
documents whose format states the structure take the same way with less guessing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from index.datatypes import Block, BlockKind, Document, Span
from index.layout import cues
from index.layout.articles import assign, find_articles, in_reading_order, is_title, set_headings
from index.layout.facts import describe
from index.layout.pieces import Piece, Role, cut, strip_ornaments
from index.layout.roles import Style, assign_roles
from index.layout.stitching import stitch
from index.readers.kinds import kind_of

__all__ = ["analyse"]

_KINDS: dict[Role, BlockKind] = {
    "text": "paragraph",
    "heading": "heading",
    "byline": "byline",
    "list": "list",
    "table": "table",
    "code": "table",
    "caption": "caption",
    "contents": "contents",
    "imprint": "list",
    "furniture": "furniture",
    "label": "furniture",
    "jump_to": "furniture",
    "jump_from": "furniture",
    "pull_quote": "furniture",
}


def analyse(document: Document) -> tuple[Document, tuple[Block, ...]]:
    """Find the articles, headlines, paragraphs and the rest of a document, and put them in reading order.

    Returns
    -------
    tuple[Document, tuple[Block, ...]]
        The document with title, date and metadata where its text states them (its text is untouched), and its
        blocks. All its text but white space, Markdown signs, ornaments and rules lies in exactly one block.

    """
    pieces = cut(document)
    if not pieces:
        return document, ()
    for piece in pieces:
        strip_ornaments(piece)
    style, titles = assign_roles(pieces, document.text, len(document.pages))
    _find_title(pieces, style)
    whole = _states_paragraphs(document, style)
    pieces = stitch(pieces, document.text, surely=style.newspaper or whole)
    for order, piece in enumerate(pieces):
        piece.order = order
    articles = find_articles(pieces, style, titles)
    assign(pieces, articles, style, document.text)
    ordered = [stitch(own, document.text, surely=whole) for own in in_reading_order(pieces, articles)]
    set_headings(ordered, articles)
    document, dates = describe(document, pieces, articles, style)
    return document, tuple(_block(piece, dates) for own in ordered for piece in own)


def _states_paragraphs(document: Document, style: Style) -> bool:
    """Whether the format says where paragraphs end, so that one without an end mark is whole."""
    kind = kind_of(Path(document.source))
    return kind in ("html", "docx") or (kind == "markdown" and not style.newspaper)


def _find_title(pieces: list[Piece], style: Style) -> None:
    """Mark the first heading as the title if it stands over all others, as in a report or a Markdown file."""
    headings = [piece for piece in pieces if piece.role == "heading"]
    if (
        not headings
        or (headings[0].extra.get("front") and not headings[0].stated)
        or any(p.extra.get("mark") == "title" for p in headings)
    ):
        return
    first, rest = headings[0], headings[1:]
    if any(piece.is_body for piece in pieces[: first.order]) or cues.numbered_level(first.text):
        return
    below = pieces[first.order + 1] if first.order + 1 < len(pieces) else None
    if below is not None and (below.role == "byline" or cues.is_dateline(below.text)):
        return  # the headline of an article, of which there may be more
    over = first.stated and first.level == 1 and all(not p.stated or p.level > 1 for p in rest)
    numbered = rest and all(cues.numbered_level(piece.text) for piece in rest)
    leads = not first.stated and first.order <= 1 and not style.newspaper
    if over or leads or (numbered and not first.stated):
        first.extra["title"] = "1"


def _block(piece: Piece, dates: dict[int, str]) -> Block:
    """Make the block of a piece."""
    kind: BlockKind = "title" if is_title(piece) else _KINDS[piece.role]
    return Block(
        kind=kind,
        spans=merged(piece.spans),
        level=piece.level if kind in ("heading", "title") else 0,
        article=piece.article,
        heading=piece.above,
        page=piece.page,
        date=dates.get(piece.article),
    )


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that touch; empty ones go."""
    result: list[Span] = []
    for start, end in spans:
        if result and result[-1][1] == start:
            result[-1] = (result[-1][0], end)
        elif end > start:
            result.append((start, end))
    return tuple(result)
