"""What a format's parser gives: text with marks and pages, on its way to a ``Document``. Knows no format."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from index.datatypes import Mark, MarkKind, Page, Span

# Control characters but tab and line feed: they carry no meaning in a document, break SQLite's text functions
# (NUL) and steer the terminal that an answer is printed on (ESC). Lone surrogates cannot be stored as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029\ud800-\udfff]")
_INVISIBLE = dict.fromkeys(
    map(ord, "\u00ad\u200b\u2060")
)  # hints for line breaking; they hide words from search
_WIDEST = 100  # rows or columns that a cell stretches over, whatever its file says
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One parsed file. Spans point into ``text``, which is normalised as ``normalise`` does."""

    text: str
    marks: tuple[Mark, ...] = ()
    pages: tuple[Page, ...] = ()
    title: str = ""  # as the file states it; empty when it does not
    metadata: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the pipe between the parsing process and this one."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Draft:
        """Rebuild what ``to_json`` gave.

        Raises
        ------
        ValueError, KeyError, TypeError
            If the values are not a draft whose spans lie in its text; a parser that was taken over by a
            malicious file could send anything.

        """
        text = str(values["text"])
        return cls(
            text=text,
            marks=tuple(
                Mark(kind=mark["kind"], span=_span(mark["span"], text), level=int(mark["level"]))
                for mark in values["marks"]
            ),
            pages=tuple(
                Page(number=int(page["number"]), span=_span(page["span"], text)) for page in values["pages"]
            ),
            title=str(values["title"]),
            metadata={str(key): str(value) for key, value in values["metadata"].items()},
        )


def _span(values: Iterable[int], text: str) -> Span:
    start, end = (int(value) for value in values)
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"span {start}..{end} is outside a text of {len(text)} characters")
    return start, end


def normalise(text: str) -> str:
    """Make every line end a line feed, compose Unicode (NFC), drop control characters but tab and line feed.

    Lone surrogates become U+FFFD. The result of normalising pieces that end in line feeds is the same as
    normalising their concatenation, so that offsets may be counted while a text is being put together.
    """
    text = _LINE_ENDS.sub("\n", text)
    if _UNPRINTABLE.search(text):
        text = _UNPRINTABLE.sub(lambda match: "\ufffd" if "\ud800" <= match[0] <= "\udfff" else "", text)
    return unicodedata.normalize("NFC", text)


class DraftWriter:
    """Puts a draft together block by block, counting offsets."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._marks: list[Mark] = []
        self._pages: list[Page] = []
        self._page_start = 0

    @property
    def length(self) -> int:
        """Characters written so far."""
        return self._length

    def write(
        self, text: str, kind: MarkKind | None = None, level: int = 0, *, separator: str = "\n\n"
    ) -> Span | None:
        """Append one block after ``separator`` and mark it; an empty block leaves no trace.

        Returns
        -------
        Span | None
            Where the block stands, or None if it was empty.

        """
        text = normalise(text.translate(_INVISIBLE)).strip()
        if not text:
            return None
        if self._length:
            self._append(separator)
        span = (self._length, self._length + len(text))
        self._append(text)
        if kind is not None:
            self._marks.append(Mark(kind=kind, span=span, level=level))
        return span

    def mark(self, kind: MarkKind, span: Span, level: int = 0) -> None:
        """Mark a span that is already written."""
        self._marks.append(Mark(kind=kind, span=span, level=level))

    def draft(self, title: str = "", metadata: Mapping[str, str] | None = None) -> Draft:
        """Finish; marks come out in reading order, outer before inner."""
        marks = tuple(sorted(self._marks, key=lambda mark: (mark.span[0], -mark.span[1])))
        return Draft(
            text="".join(self._pieces),
            marks=marks,
            title=" ".join(normalise(title).split()),
            metadata=dict(metadata or {}),
        )

    def _append(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)


def stretch(stated: str | None) -> int:
    """Return over how many rows or columns a cell of a table stretches; 1 where its file states no number."""
    stated = (stated or "").strip()
    return min(max(1, int(stated)), _WIDEST) if stated.isdecimal() and len(stated) < 6 else 1
