"""Reads a reply in the OpenAI protocol: takes bytes as they come from a server, gives what it says piece by piece.

Knows streams of server-sent events, and replies that come whole from servers that cannot stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


class ServerError(Exception):
    """An error that a server reports where an answer should stand."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code  # mostly an HTTP status; "" where the server gives none


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What comes at once of a reply."""

    text: str = ""
    thinks: bool = False  # it carries a thought of its own, as servers with a reasoning parser send it
    finish: str = ""  # why the reply ended, in small letters

    @property
    def says_something(self) -> bool:
        """Whether it holds more than the role that most replies begin with."""
        return bool(self.text or self.finish) or self.thinks


DONE = Piece()
"""The mark that replies end with, known by its identity."""


def pieces_of(reads: Iterable[bytes]) -> Iterator[Piece]:
    """Yield the pieces of a reply, the last one `DONE` unless it broke off.

    Raises:
        ServerError: the server reports an error.
        ValueError: what came is no JSON.
    """
    kind, said = b"", []
    streamed, whole = False, []
    for line in _lines(reads):
        field, _, value = line.partition(b":")
        if field == b"data":
            said.append(value)
        elif field == b"event":
            kind = value.strip()
        elif not line:
            if said:
                streamed = True
                yield (piece := _piece(b"\n".join(said), failed=kind == b"error"))
                if piece is DONE:
                    return
            kind, said = b"", []
        elif not streamed and field not in (b"", b"id", b"retry"):
            whole.append(line)
    if whole and not streamed:
        yield _piece(b"\n".join(whole))
        yield DONE


def _lines(reads: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a reply as they end; HTTP clients' own also end at U+2028, which JSON may hold."""
    rest: list[bytes] = []
    for read in reads:
        *lines, last = read.split(b"\n")
        for line in lines:
            yield b"".join((*rest, line)).strip()
            rest.clear()
        rest.append(last)
    yield from (b"".join(rest).strip(), b"")


def _piece(said: bytes, *, failed: bool = False) -> Piece:
    """Return what a server says in one event, or at once."""
    if said.strip() == b"[DONE]":
        return DONE
    held = json.loads(said)
    if not isinstance(held, dict):
        return Piece()
    if failed or held.get("error"):
        raise _error(held.get("error") or held)
    choices = held.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None  # none: it only counts tokens
    if not isinstance(choice, dict):
        return Piece()
    delta = choice.get("delta") or choice.get("message")
    if not isinstance(delta, dict):
        delta = {}
    return Piece(
        text=_text(delta.get("content")),
        thinks=bool(delta.get("reasoning_content") or delta.get("reasoning")),
        finish=str(choice.get("finish_reason") or "").lower(),
    )


def _error(error: Any) -> ServerError:
    if not isinstance(error, dict):
        return ServerError(str(error), "")
    return ServerError(str(error.get("message") or error), str(error.get("code") or ""))


def _text(content: Any) -> str:
    """Return the text of a piece, which some servers send as a list of parts."""
    if isinstance(content, list):
        texts = [
            part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"
        ]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""
