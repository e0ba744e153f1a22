"""What others need of a reader and of what it says, as protocols: theirs are the shipped reader and fakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rag.datatypes import Span


class ReadingLike(Protocol):
    """The part of `rag.reader.Reading` that is used: what the reader thinks of one passage."""

    @property
    def relevance_logit(self) -> float:
        """Log-odds that the passage holds the answer, before calibration."""
        ...

    def best(self, top: int = 1, *, start: int = 0, end: int | None = None) -> Sequence[Span]:
        """Return the best spans between two offsets, best first."""
        ...

    def score(self, start: int, end: int) -> float:
        """Return the log-odds of any span."""
        ...


class PassageReader(Protocol):
    """The part of `rag.reader.Reader` that is used."""

    def readings(
        self, question: str, passages: Sequence[str], above: Sequence[str] = ()
    ) -> Sequence[ReadingLike]:
        """Read a question with each passage, and what stands above it."""
        ...
