"""Ties the claims of a draft to exact spans of documents, and checks them against the stored text.

Takes passages and offsets into them, gives offsets into documents; finds nothing by searching.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from index.datatypes import Span as TextSpan
from rag.answerers.base import Claim, Draft
from rag.datatypes import Citation, Passage, Verdict


def map_span(passage: Passage, start: int, end: int) -> tuple[TextSpan, ...]:
    """Map a half-open span of ``passage.text`` to spans of its document, one per stitched piece it touches.

    Pieces that touch in the document are joined. Raises ValueError when the span is empty or leaves the passage.
    """
    if not 0 <= start < end <= len(passage.text):
        raise ValueError(
            f"span {start}..{end} is not inside passage {passage.number} of {len(passage.text)} characters"
        )
    spans: list[TextSpan] = []
    offset = 0  # of the current piece, in the passage
    for piece_start, piece_end in passage.spans:
        length = piece_end - piece_start
        low, high = max(start - offset, 0), min(end - offset, length)
        if low < high:
            span = (piece_start + low, piece_start + high)
            if spans and spans[-1][1] == span[0]:
                span = (spans.pop()[0], span[1])
            spans.append(span)
        offset += length
    return tuple(spans)


def verify(citation: Citation, document_text: str) -> Verdict:
    """Return "supported" if the document's text at the citation's spans is exactly its quote."""
    inside = all(0 <= start < end <= len(document_text) for start, end in citation.spans)
    found = "".join(document_text[start:end] for start, end in citation.spans)
    return "supported" if inside and found and found == citation.quote else "unsupported"


def cite(
    draft: Draft, passages: Sequence[Passage], document_text: Callable[[int], str | None]
) -> tuple[Citation, ...]:
    """Return one verified citation per claim of a draft, in the order of the claims.

    ``document_text`` gives the stored text of a document id, or None when it is gone; a claim on a passage that
    was not handed in is left out, since there is nothing to show for it.
    """
    by_number = {passage.number: passage for passage in passages}
    return tuple(
        _cite(claim, by_number[claim.passage], document_text)
        for claim in draft.claims
        if claim.passage in by_number and claim.quotes
    )


def _cite(claim: Claim, passage: Passage, document_text: Callable[[int], str | None]) -> Citation:
    spans = tuple(span for start, end in claim.quotes for span in map_span(passage, start, end))
    quote = "".join(passage.text[start:end] for start, end in claim.quotes)
    unverified = Citation(
        number=claim.number,
        passage=passage.number,
        document_id=passage.document_id,
        source=passage.source,
        title=passage.title,
        page=passage.page,
        heading=passage.heading,
        date=passage.date,
        start=spans[0][0],
        end=spans[-1][1],
        spans=spans,
        quote=quote,
        answer_start=claim.start,
        answer_end=claim.end,
        verdict="unsupported",
    )
    if claim.verdict == "unsupported":
        return unverified
    return replace(unverified, verdict=verify(unverified, document_text(passage.document_id) or ""))
