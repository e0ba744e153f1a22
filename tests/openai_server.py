"""A server on loopback that speaks the OpenAI chat protocol by script, well or badly."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[["Handler"], None]
"""One reply: what is done with one request."""


@dataclass
class Recorded:
    """What was asked, in order."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers each POST by the next act of the server's script; the last one is repeated."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        act = self.server.next_act(body, dict(self.headers))
        try:
            act(self)
        except (BrokenPipeError, ConnectionResetError):  # the client has gone, as it may
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by http.server
        """Say nothing."""

    def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """Send the head of a chunked reply."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, piece: bytes) -> None:
        """Send some bytes at once."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()

    def end(self) -> None:
        """End a chunked reply as it should be."""
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def drop(self) -> None:
        """Break off the connection."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Server(ThreadingHTTPServer):
    """Acts by its script; remembers what it was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, acts: Sequence[Act]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.recorded = Recorded()
        self._acts = list(acts)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def next_act(self, body: dict[str, Any], headers: Mapping[str, str]) -> Act:
        with self._lock:
            self.recorded.bodies.append(body)
            named = {name.lower(): value for name, value in headers.items()}
            self.recorded.headers.append(named)
            self.recorded.keys.append(named.get("authorization", "").removeprefix("Bearer "))
            return self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]


@contextmanager
def serving(*acts: Act) -> Iterator[Server]:
    """Serve by a script for as long as the block lasts."""
    server = Server(acts)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def event(content: str | None = None, finish: str | None = None, **delta: str) -> bytes:
    """One piece of a streamed reply."""
    held = dict(delta) if content is None else {"content": content, **delta}
    choice = {"index": 0, "delta": held, "finish_reason": finish}
    piece = {
        "id": "chat-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }
    return b"data: " + json.dumps(piece, ensure_ascii=False).encode() + b"\n\n"


def says(*texts: str, finish: str = "stop") -> Act:
    """Stream texts as a good server does."""

    def act(handler: Handler) -> None:
        handler.begin()
        handler.chunk(event(role="assistant", content=""))
        for text in texts:
            handler.chunk(event(text))
        handler.chunk(event(finish=finish))
        handler.chunk(b"data: [DONE]\n\n")
        handler.end()

    return act


def fails(status: int, message: str = "no", code: str | None = None, **headers: str) -> Act:
    """Refuse with a status, in OpenAI's form."""

    def act(handler: Handler) -> None:
        handler.begin(status, "application/json", **headers)
        handler.chunk(json.dumps({"error": {"message": message, "type": "x", "code": code}}).encode())
        handler.end()

    return act
