"""What a language model is to the answerers: it takes messages and gives pieces of text, its thinking left out.

Knows nothing of passages and citations. `rag.answerers.local` and `rag.answerers.served` are the two kinds.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.prompts import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The last thing a model's stream gives."""

    complete: bool  # False: it was cut at the most tokens allowed


class ChatModel(Protocol):
    """A chat model, on this machine or on a server; may be shared by threads."""

    @property
    def fingerprint(self) -> str:
        """Name, content and settings in one short string."""
        ...

    @property
    def context_tokens(self) -> int:
        """The most tokens of prompt and reply together."""
        ...

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens the messages take, as the model is given them."""
        ...

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int) -> Generator[str | Ending]:
        """Yield the reply in pieces as they come, without what the model only thinks, then an `Ending`.

        Closing the generator stops the model.

        Raises:
            AnswererError: it could not be reached or failed.
        """
        ...


_TAG = re.compile(r"<(?P<close>/?)(?:think|thinking|thought|reasoning)>\s*", re.IGNORECASE)
_MAYBE_TAG = re.compile(r"<(?:/?[a-z]{0,9})?$", re.IGNORECASE)


class ThoughtFilter:
    """Takes a reply in pieces, gives it without its ``<think>…</think>`` blocks, wherever the pieces are cut."""

    def __init__(self, *, inside: bool = False, unsure: bool = False) -> None:
        """Start inside a block where the prompt opened one.

        ``unsure`` is for models that may begin with a thought whose opening tag stands in their prompt: all is
        kept back until a tag, ``outside()`` or the end tells.
        """
        self._inside = inside
        self._unsure = unsure and not inside
        self._pending = ""
        self._begun = False

    def outside(self) -> str:
        """Learn that thoughts come apart from the reply; return what was kept back for want of knowing it."""
        if not self._unsure:
            return ""
        self._unsure = False
        return self.feed("")

    def feed(self, piece: str) -> str:
        """Take the next piece; return what can be shown of it and of those before."""
        self._pending += piece
        shown = ""
        while match := _TAG.search(self._pending):
            if not self._inside and not (self._unsure and match["close"]):
                shown += self._pending[: match.start()]
            self._pending = self._pending[match.end() :]
            self._inside, self._unsure = not match["close"], False
        if self._inside:
            self._pending = self._pending[-12:]  # the longest tag that may have begun
        elif not self._unsure:
            held = _MAYBE_TAG.search(self._pending)
            cut = held.start() if held else len(self._pending)
            shown, self._pending = shown + self._pending[:cut], self._pending[cut:]
        return self._without_lead(shown)

    def finish(self) -> str:
        """Return what was held back; nothing of a thought that never ended."""
        rest = "" if self._inside else self._pending
        self._pending = ""
        return self._without_lead(rest)

    def _without_lead(self, shown: str) -> str:
        """Take off the white space before the first word."""
        if not self._begun:
            shown = shown.lstrip()
            self._begun = bool(shown)
        return shown
