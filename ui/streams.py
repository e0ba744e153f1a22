"""The standard streams as a command needs them: always there, in UTF-8, and calm where nobody reads on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO, cast


@contextmanager
def standard_streams() -> Iterator[None]:
    """Give the block standard streams, whatever the program was started with.

    One that is closed reads as empty, or takes what is written. Where the reader of a pipe, such as ``head``, has
    seen enough, the rest is left out and the work goes on, so that the exit status says how it went.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    # In this order: each of the files that are opened gets the number of the stream that is missing.
    sys.stdin = sys.stdin or _nowhere("r")
    out, err = (stream or _nowhere("w") for stream in before[1:])
    _set_up(sys.stdin, errors="surrogateescape")
    for stream in (out, err):
        _set_up(stream, encoding="utf-8", errors="backslashreplace")
    sys.stdout, sys.stderr = cast(TextIO, _Calm(out)), cast(TextIO, _Calm(err))
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def lead_nowhere(stream: TextIO) -> None:
    """Let what is still written to a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _nowhere(mode: Literal["r", "w"]) -> TextIO:
    return open(os.devnull, mode, encoding="utf-8")


def _set_up(stream: Any, **options: str) -> None:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(**options)


class _Calm:
    """Another stream, which leads nowhere once nobody reads it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._calmly():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._calmly():
            self._stream.flush()

    @contextmanager
    def _calmly(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            lead_nowhere(self._stream)
