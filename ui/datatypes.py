"""The values that the page keeps and shows, and what it needs of whoever keeps them. Knows no storage."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

from index.datatypes import Filter
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


Summaries = list[Summary]  # the class below has a method called list
Messages = list[Message]


class Conversations(Protocol):
    """Keeps conversations by user; a user never sees another's.

    Each method raises LibraryError when the conversation or message is not this user's, or is gone.
    """

    def new(self, user: str) -> int:
        """Begin a conversation; returns its id."""
        ...

    def list(self, user: str, query: str = "") -> Summaries:
        """Return a user's conversations that hold the query's words, the latest first; empty ones are left out."""
        ...

    def summary(self, user: str, conversation: int) -> Summary:
        """Return what the list says of one conversation."""
        ...

    def messages(self, user: str, conversation: int) -> Messages:
        """Return the messages of a conversation, oldest first."""
        ...

    def append(
        self,
        user: str,
        conversation: int,
        question: str,
        answer: Answer,
        *,
        where: Filter | None = None,
        replaces: Collection[int] = (),
    ) -> int:
        """Add a message, asked with a filter, and drop those it replaces, or do neither; returns its id."""
        ...

    def drop(self, user: str, conversation: int, messages: Collection[int]) -> None:
        """Drop messages of a conversation by their ids."""
        ...

    def rename(self, user: str, conversation: int, title: str) -> None:
        """Give a conversation a name."""
        ...

    def delete(self, user: str, conversation: int) -> None:
        """Forget a conversation."""
        ...

    def answer(self, user: str, message: int) -> Answer:
        """Return the answer of one message."""
        ...

    def feedback(self, user: str, message: int, kind: str, note: str = "", *, citation: int = 0) -> None:
        """Store what a user thinks of an answer; an empty ``kind`` takes it back."""
        ...
