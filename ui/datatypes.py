"""The values that the page keeps and shows. Knows no storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.datatypes import Answer

Language = Literal["zh", "en"]
"""Of the interface; documents and questions have their own."""

Feedback = Literal["up", "down", "wrong_citation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A conversation as the list of past ones shows it."""

    id: int
    title: str  # the first question, or the name that its user gave it
    updated: str  # ISO 8601, UTC
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A question and its answer; ``id`` is unique among all conversations and never used again."""

    id: int
    question: str
    answer: Answer
    feedback: str = ""  # a Feedback, or "" while there is none
