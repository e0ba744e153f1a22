"""Shows documents: whole, at the words that an answer cites, or as the picture of a page. Knows no page of ours.

Takes a library, answers and numbers; gives plain values with fragments of HTML.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.datatypes import Document, Span
from index.errors import LibraryError, ReadError
from index.library import Library
from index.readers import DocumentReader
from index.readers.kinds import kind_of
from rag.datatypes import Answer, Citation, Passage
from ui.datatypes import Language
from ui.marks import Marked, citation_marks, document_html, passage_html
from ui.strings import say

_SCALE = 2.0  # pixels per point: sharp on a dense screen, and below 1 MB a page


class Reading:
    """Opens documents of a library for reading; may be shared by threads."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._reader = DocumentReader()
        self._turn = threading.Lock()  # one page is drawn at a time

    def document(self, document_id: int, language: Language) -> dict[str, Any]:
        """Return a whole document without marks."""
        return self._shown(self._library.document(document_id), [], language)

    def outline(self, document_id: int) -> list[str]:
        """Return the headings of a document, in reading order."""
        chunks = self._library.document_chunks(document_id)
        return list(dict.fromkeys(" › ".join(chunk.heading) for chunk in chunks if chunk.heading))

    def evidence(self, answer: Answer, kind: str, number: int, language: Language) -> dict[str, Any]:
        """Return the document of a citation ("cite", by its place from 1) or passage of an answer, its words marked.

        A document that was removed or changed since is looked for under its file; where its text at these
        offsets is another, the passage is shown as it was.
        """
        place, passage = _find(answer, kind, number)
        own: list[Marked] = []
        if isinstance(place, Citation):
            own = citation_marks(answer, place)
        document = self._document_of(place, passage)
        if document is None:
            gone = say(language, "document_gone")
            return {"title": place.title, "html": f"<p>{passage_html(passage, own)}</p>", "gone": gone}
        around: list[Marked] = [(span, "around" if own else "quote near") for span in passage.spans]
        return self._shown(document, [*own, *around], language)

    def page(
        self, document_id: int, number: int, spans: Sequence[Span], language: Language
    ) -> dict[str, Any]:
        """Return a page of a PDF as a picture, with the boxes of some spans in shares of its size."""
        document = self._library.document(document_id)
        pages = {page.number: page for page in document.pages}
        if number not in pages:
            raise LibraryError(
                f"{document.name} has no page {number}, only {len(pages)}; choose another page"
            )
        path = Path(document.source)
        try:
            with self._turn:
                png = self._reader.render_page(path, number, _SCALE)
                found = self._reader.page_boxes(path, pages[number], _on(spans, pages[number].span))
        except ReadError:
            return {"gone": say(language, "page_gone")}
        boxes = [
            (
                b[0] / found.width,
                b[1] / found.height,
                (b[2] - b[0]) / found.width,
                (b[3] - b[1]) / found.height,
            )
            for b in found.boxes
        ]
        picture = "data:image/png;base64," + base64.b64encode(png).decode()
        label = say(language, "page", page=number)
        return {"picture": picture, "boxes": boxes, "page": number, "pages": len(pages), "label": label}

    def _document_of(self, place: Citation | Passage, passage: Passage) -> Document | None:
        """Return the document that still holds a passage word for word at its place; None: there is none."""
        ids = [place.document_id]
        stored = self._library.stored_file(place.source)
        if stored is not None:
            now = self._library.with_content(stored.sha256)
            ids += [now.id] if now else []
        for document_id in ids:
            try:
                document = self._library.document(document_id)
            except LibraryError:
                continue
            if "".join(document.text[start:end] for start, end in passage.spans) == passage.text:
                return document
        return None

    def _shown(self, document: Document, marks: Sequence[Marked], language: Language) -> dict[str, Any]:
        spans = [list(span) for span, name in marks if name in ("quote", "quote near")]
        has_pages = kind_of(Path(document.source)) == "pdf" and bool(document.pages)
        headings = {part for chunk in self._library.document_chunks(document.id) for part in chunk.heading}
        return {
            "document": document.id,
            "title": document.title,
            "html": document_html(document, marks, headings, language),
            "page": _page_of(document, spans[0][0] if spans else 0) if has_pages else None,
            "spans": spans,
        }


def _find(answer: Answer, kind: str, number: int) -> tuple[Citation | Passage, Passage]:
    passages = {passage.number: passage for passage in answer.passages}
    if kind == "passage" and number in passages:
        return passages[number], passages[number]
    citations = dict(enumerate(answer.citations, start=1))
    if kind == "cite" and number in citations and citations[number].passage in passages:
        return citations[number], passages[citations[number].passage]
    raise LibraryError(f"that answer has no {kind[:20]} {number}; load the page again")


def _page_of(document: Document, offset: int) -> int:
    return next((page.number for page in document.pages if page.span[0] <= offset < page.span[1]), 1)


def _on(spans: Sequence[Span], page: Span) -> list[Span]:
    """Return the parts of spans that lie on a page."""
    cut = ((max(start, page[0]), min(end, page[1])) for start, end in spans)
    return [(start, end) for start, end in cut if start < end]
