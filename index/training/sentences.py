"""Cuts training texts into sentences; rougher than the library's own way, and much faster."""

from __future__ import annotations

import re

from index.datatypes import Span

_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]+[”’」』）)]?|[^。！？!?\n]+$")
_SPACED_SENTENCE = re.compile(r".+?[.!?](?=\s|$)\s*|.+$", re.DOTALL)
_SPACED = ("en", "ko")  # languages whose sentences end in a full stop and a blank


def sentences_of(text: str, language: str) -> list[Span]:
    """Return spans of sentences that cover the text; rougher than the library's, and much faster."""
    pattern = _SPACED_SENTENCE if language in _SPACED else _SENTENCE
    return [match.span() for match in pattern.finditer(text)]
