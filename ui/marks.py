"""Texts with marks by offsets, as fragments of HTML: quoted words in a passage and in a whole document.

Takes texts and spans, gives text; everything that comes from a document passes through ``escape``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from html import escape
from itertools import pairwise

from index.datatypes import Document, Span
from rag.datatypes import Answer, Citation, Passage
from ui.datatypes import Language
from ui.strings import say

Marked = tuple[Span, str]
"""A span and the class that it is shown in."""

_MARKER = re.compile(r"\[(\d{1,3})\]")
_SYNTAX = re.compile(r"#{1,6} ")  # Markdown's sign of a heading: shown, but softly
_LIST = re.compile(r"[、，,；;]\s*")


def marked(text: str, marks: Sequence[Marked], start: int = 0, end: int | None = None) -> str:
    """Return ``text[start:end]`` escaped, with each mark in a ``<mark class=…>``; the first mark that fits wins."""
    end = len(text) if end is None else end
    inside = [(max(s, start), min(e, end), name) for (s, e), name in marks if s < end and e > start]
    cuts = sorted({start, end, *(cut for s, e, _ in inside for cut in (s, e))})
    pieces = []
    for low, high in pairwise(cuts):
        name = next((name for s, e, name in inside if s <= low and high <= e), "")
        piece = escape(text[low:high])
        pieces.append(f'<mark class="{name}">{piece}</mark>' if name else piece)
    return "".join(pieces)


def in_passage(passage: Passage, spans: Sequence[Span]) -> list[Span]:
    """Map spans of a document to spans of a passage's text; what lies outside the passage is left out."""
    found, offset = [], 0
    for start, end in passage.spans:
        for low, high in spans:
            low, high = max(low, start), min(high, end)
            if low < high:
                found.append((offset + low - start, offset + high - start))
        offset += end - start
    return found


def exact_words(short_answer: str, citation: Citation) -> list[Span]:
    """Return where in the document the short answer, or each part of a list, stands inside a citation's quote."""
    quote = citation.quote
    whole = short_answer if short_answer in quote else ""
    parts = [
        part for part in ([whole] if whole else _LIST.split(short_answer)) if len(part) > 1 and part in quote
    ]
    places = [
        i for start, end in citation.spans for i in range(start, end)
    ]  # in the document, by place in quote
    if len(places) != len(quote):  # its spans are not its quote: nothing can be said of single words
        return []
    found = [
        next(iter(standing(part, quote)), (quote.index(part), quote.index(part) + len(part)))
        for part in parts
    ]
    return [span for start, end in found for span in _runs(places[start:end])]


def standing(words: str, text: str) -> list[Span]:
    """Return where words stand in a text, not as part of a longer Latin word or figure: no 20 of 2020."""
    if not words:
        return []
    before = r"(?<![0-9A-Za-z])(?<!\d[.,])" if words[0].isascii() and words[0].isalnum() else ""
    after = r"(?![0-9A-Za-z]|[.,]\d)" if words[-1].isascii() and words[-1].isalnum() else ""
    return [found.span() for found in re.finditer(before + re.escape(words) + after, text)]


def _runs(offsets: Sequence[int]) -> list[Span]:
    """Return neighbouring offsets as spans."""
    spans: list[Span] = []
    for offset in offsets:
        if spans and spans[-1][1] == offset:
            spans[-1] = (spans[-1][0], offset + 1)
        else:
            spans.append((offset, offset + 1))
    return spans


def document_html(
    document: Document, marks: Sequence[Marked], headings: Collection[str], language: Language
) -> str:
    """Return a whole document, line by line, with its marks; lines that are ``headings`` are set as such."""
    pages = {page.span[0]: page.number for page in document.pages}
    lines, at, waiting = [], 0, sorted(pages)
    for line in document.text.split("\n"):
        end = at + len(line)
        while waiting and waiting[0] <= end:
            number = pages[waiting.pop(0)]
            label = escape(say(language, "page", page=number))
            lines.append(f'<p class="page-number" data-page="{number}">{label}</p>')
        if line.strip():
            near = [mark for mark in marks if mark[0][0] < end and mark[0][1] > at]
            sign = _SYNTAX.match(line)
            if sign:
                near.append(((at, at + sign.end()), "syntax"))
            kind = ' class="heading"' if line.strip().lstrip("# ") in headings else ""
            lines.append(f"<p{kind}>{marked(document.text, near, at, end)}</p>")
        at = end + 1
    return "".join(lines)


def passage_html(passage: Passage, marks: Sequence[Marked]) -> str:
    """Return a passage with its marks, whose spans are those of the document."""
    own = [(span, name) for whole, name in marks for span in in_passage(passage, [whole])]
    return marked(passage.text, own)


def citation_marks(answer: Answer, citation: Citation) -> list[Marked]:
    """Return the marks of a citation: the exact words of the short answer first, then the whole quote."""
    words = exact_words(answer.short_answer, citation) if answer.short_answer else []
    return [*((span, "quote hit") for span in words), *((span, "quote") for span in citation.spans)]


def markers(answer: Answer, start: int = 0, end: int | None = None) -> Iterator[tuple[Span, int]]:
    """Yield where the markers [n] of ``answer.text[start:end]`` stand, each with the place of its citation.

    The place is that among ``answer.citations``, from 1: several may share a number, and the one of the marker's own
    sentence is meant. A [n] that belongs to the words of a document is none.
    """
    quoted = [span for citation in answer.citations for span in _quoted(answer, citation)]
    for found in _MARKER.finditer(answer.text, start, len(answer.text) if end is None else end):
        place = _cited(answer, int(found[1]), found.start())
        if place and not any(low <= found.start() < high for low, high in quoted):
            yield found.span(), place


def _quoted(answer: Answer, citation: Citation) -> Iterator[Span]:
    """Yield where an answer quotes a citation's words between quotation marks, whole or cut at either end."""
    whole = re.compile(f"“(?:……)?{re.escape(citation.quote)}(?:……)?”")
    for found in whole.finditer(answer.text, citation.answer_start, citation.answer_end):
        yield found.span()


def _cited(answer: Answer, number: int, offset: int) -> int:
    """Return the place of the citation of a number that stands at an offset, or else of the first; 0: there is none."""
    same = [(place, c) for place, c in enumerate(answer.citations, start=1) if c.number == number]
    here = (place for place, c in same if c.answer_start <= offset < c.answer_end)
    return next(here, same[0][0] if same else 0)
