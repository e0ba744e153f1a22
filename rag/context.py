"""Turns hits into the numbered passages that are read and shown; knows no model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from index.datatypes import Hit
from rag.datatypes import Passage

MAX_MERGED = 450  # characters; a longer passage needs several windows of the reader


def passages_from_hits(hits: Sequence[Hit], *, max_merged: int = MAX_MERGED) -> list[Passage]:
    """Return one passage per hit, best first, hits that follow each other in an article merged into one.

    Merged passages keep the best rank and score of their hits, and the spans of both in document order.
    """
    groups: list[list[Hit]] = []
    for hit in hits:
        home = next((group for group in groups if _continues(group, hit, max_merged)), None)
        if home is None:
            groups.append([hit])
        else:
            home.append(hit)
    return number(_merge(group) for group in groups)


def number(passages: Iterable[Passage]) -> list[Passage]:
    """Return the passages numbered from 1 in the order given."""
    return [replace(passage, number=n) for n, passage in enumerate(passages, start=1)]


def _continues(group: Sequence[Hit], hit: Hit, max_merged: int) -> bool:
    """Whether a hit stands directly before or after a group, in the same article, and all is short enough."""
    first = group[0].chunk
    positions = {other.chunk.position for other in group}
    return (
        first.document_id == hit.chunk.document_id
        and first.article == hit.chunk.article
        and bool(positions & {hit.chunk.position - 1, hit.chunk.position + 1})
        and sum(len(other.chunk.text) for other in group) + len(hit.chunk.text) <= max_merged
    )


def _merge(group: Sequence[Hit]) -> Passage:
    best = group[0]
    in_order = sorted(group, key=lambda hit: hit.chunk.position)
    return Passage(
        number=0,
        document_id=best.document.id,
        source=best.document.source,
        title=best.document.title,
        text="".join(hit.chunk.text for hit in in_order),
        spans=tuple(span for hit in in_order for span in hit.chunk.spans),
        heading=best.chunk.heading,
        page=in_order[0].chunk.page,
        date=best.chunk.date or best.document.date,
        language=best.document.language,
        chunk_ids=tuple(hit.chunk.id for hit in in_order),
        scores=best.scores,
        ranks=best.ranks,
        matched=tuple(dict.fromkeys(word for hit in in_order for word in hit.matched)),
    )
