"""Ends a wait for a server: takes an HTTP request and a deadline, breaks the connection off once it has passed.

The limit of HTTP clients is one of each read: a server that drips headers, comments or single bytes never meets it.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from contextlib import suppress
from typing import Any

TICK_S = 0.05  # how often a wait is looked at


class Watch:
    """Watches over one reply at a time, in a thread of its own until it is closed."""

    def __init__(self) -> None:
        self.deadline = math.inf  # of the monotonic clock; none: nothing is waited for
        self.expired = False
        self._connection: Any = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="served-model", daemon=True)
        self._thread.start()

    def trace(self, _event: str, told: dict[str, Any]) -> None:
        """Learn, as httpx's ``trace`` extension, which connection a request uses: the last that was opened."""
        stream: Any = told.get("return_value")
        if hasattr(stream, "get_extra_info"):
            self._connection = stream.get_extra_info("socket")

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(TICK_S):
            if self.expired or time.monotonic() > self.deadline:
                self.expired = True
                self._break_off()

    def _break_off(self) -> None:
        if self._connection is not None:
            with suppress(OSError):  # it is closed already
                # Closing would not wake the thread that reads; an encrypted one's own method leaves the client astray.
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)
