"""Turns hits into the numbered passages that are read and shown; knows no model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from index.chunking import titles
from index.datatypes import Chunk, Hit
from index.datatypes import Span as TextSpan
from rag.datatypes import Passage

MAX_MERGED = 450  # characters; a longer passage needs several windows of the reader

TextOf = Callable[[int], str]
"""Returns the text of a document by its id."""


def passages_from_hits(
    hits: Sequence[Hit], text_of: TextOf, *, max_merged: int = MAX_MERGED
) -> list[Passage]:
    """Return one passage per hit, best first, hits that follow each other under a heading merged into one.

    Merged passages keep the best rank and score of their hits, and the spans of both in document order, with the
    white space between them: without it the last word of one would be one with the first of the next.
    """
    groups: list[list[Hit]] = []
    for hit in hits:
        home = next((group for group in groups if _continues(group, hit, max_merged)), None)
        if home is None:
            groups.append([hit])
        else:
            home.append(hit)
    return number(_merge(group, text_of) for group in groups)


def number(passages: Iterable[Passage]) -> list[Passage]:
    """Return the passages numbered from 1 in the order given."""
    return [replace(passage, number=n) for n, passage in enumerate(passages, start=1)]


def _continues(group: Sequence[Hit], hit: Hit, max_merged: int) -> bool:
    """Whether a hit stands directly before or after a group, under the same heading, and all is short enough."""
    positions = {other.chunk.position for other in group}
    return (
        _place(group[0].chunk) == _place(hit.chunk)
        and bool(positions & {hit.chunk.position - 1, hit.chunk.position + 1})
        and sum(len(other.chunk.text) for other in group) + len(hit.chunk.text) <= max_merged
    )


def _place(chunk: Chunk) -> tuple[object, ...]:
    """Return what a citation tells of a place; a caption is not the text beside it."""
    return chunk.document_id, chunk.article, chunk.heading, chunk.page, chunk.date, chunk.kind == "caption"


def _merge(group: Sequence[Hit], text_of: TextOf) -> Passage:
    best = group[0]
    in_order = sorted(group, key=lambda hit: hit.chunk.position)
    whole = text_of(best.document.id)
    spans = [*in_order[0].chunk.spans]
    for hit in in_order[1:]:
        own = [
            span for span in hit.chunk.spans if not _inside(span, spans)
        ]  # without its table's header again
        start, end = spans[-1]
        if whole[end : own[0][0]].isspace():
            spans[-1] = (start, own[0][0])
        spans += own
    return Passage(
        number=0,
        document_id=best.document.id,
        source=best.document.source,
        title=best.document.title,
        text="".join(whole[start:end] for start, end in spans),
        spans=tuple(spans),
        heading=best.chunk.heading,
        page=best.chunk.page,
        date=best.chunk.date or best.document.date,
        language=best.document.language,
        chunk_ids=tuple(hit.chunk.id for hit in in_order),
        scores=best.scores,
        ranks=best.ranks,
        matched=tuple(dict.fromkeys(word for hit in in_order for word in hit.matched)),
        title_path=titles(best.document, in_order[0].chunk),
        cut=_is_cut(whole, spans),
    )


def _is_cut(whole: str, spans: Sequence[TextSpan]) -> bool:
    """Whether a text has words between spans of it, or a line right behind the last one."""
    gaps = (whole[end:start] for (_, end), (start, _) in pairwise(spans))
    return any(gap.strip() for gap in gaps) or bool(re.match(r"\s?\S", whole[spans[-1][1] :][:2]))


def _inside(span: TextSpan, others: Iterable[TextSpan]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in others)
