"""What stands before the page: who may speak to it, what it may be asked, and what browsers may do with its replies.

An ASGI middleware. Knows addresses, headers and sizes; nothing of documents, answers or Gradio's components.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Wire = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Wire]]
Send = Callable[[Wire], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Login = Callable[[str, str], Awaitable[bool]]

_log = logging.getLogger(__name__)

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FILES = "/gradio_api/file="
UPLOAD = "/gradio_api/upload"
LOGIN = "/login"
MCP = "/mcp"
_CLOSED = (
    # Doors of Gradio that the page does not use. They fetch addresses, keep a session's state on disk for
    # whoever has its link, run ffmpeg on what is sent, or tell the secret of the session to scripts.
    "/gradio_api/deep_link",
    "/gradio_api/dev",
    "/gradio_api/file/",
    "/gradio_api/process_recording",
    "/gradio_api/profiling",
    "/gradio_api/proxy=",
    "/gradio_api/run-history",
    "/gradio_api/runs",
    "/gradio_api/stream",
    "/gradio_api/token",
    "/gradio_api/vibe",
    "/custom_component",
    "/docs",
    "/monitoring",
    "/openapi.json",
    "/redoc",
)
_BODY_BYTES = 8_000_000  # of a request that is no upload; a question with a long history takes a hundredth
_TOO_MANY_ATTEMPTS = "Too many wrong passwords came from your address; wait five minutes."
_FAILURE_BYTES = 2_000  # of the reply of a failure, for the log
FAILED = "Something went wrong here. The log explains error "  # its number follows

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",  # with no-referrer, browsers send Origin: null from forms
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
_POLICY = (
    # Gradio's front end makes functions of the scripts that its components come with, hence unsafe-eval; and sets
    # styles on elements. Inline scripts run only with the nonce of this very reply, so that no text does.
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self' blob:; manifest-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a guard lets through."""

    hosts: frozenset[str] | None  # names under which the page may be asked for; None: any
    files: Path  # the only folder of which files are handed out
    upload_bytes: int  # of one request
    login: Login | None = None  # checks name and password where users have to log in
    refresh: Callable[[], bool] | None = None  # ends sessions; whether names or passwords changed since


class Guard:
    """Lets through what the rules allow, in both directions; what fails inside comes out as a number to quote."""

    def __init__(self, app: App, rules: Rules) -> None:
        self.app = app
        self.rules = rules
        self.attempts = Attempts()
        self._known: dict[bytes, float] = {}  # digests of headers that were right, and until when
        self._checking = asyncio.Lock()  # one header at a time: sent many times at once it is hashed once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            if self.rules.refresh is not None and self.rules.refresh():
                self._known.clear()
            await _Exchange(self, scope, receive, send).run()
        else:  # the page uses no web sockets
            await send({"type": "websocket.close", "code": 1008})

    async def refuses(self, header: bytes | None, client: str) -> tuple[int, str] | None:
        """Return status and sentence for a program whose Authorization header is not let through; None: it is."""
        if self._knows(header or b""):
            return None
        async with self._checking:
            if self.attempts.exhausted(client):
                return 429, _TOO_MANY_ATTEMPTS
            if await self.admits(header or b""):
                return None
            if header is not None:
                self.attempts.began(client)
            return 401, "Log in: send an Authorization header with the name and password of a user (Basic)."

    async def admits(self, header: bytes) -> bool:
        """Say whether an Authorization header has the name and password of a user (RFC 7617).

        A header that was right is taken for five minutes without hashing it again.
        """
        if self.rules.login is None or self._knows(header):
            return True
        kind, _, credentials = header.partition(b" ")
        try:
            name, separator, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except ValueError:
            return False
        if kind.lower() != b"basic" or not separator or not await self.rules.login(name, password):
            return False
        self._known[hashlib.sha256(header).digest()] = time.monotonic() + 300
        return True

    def _knows(self, header: bytes) -> bool:
        now = time.monotonic()
        self._known = {known: until for known, until in self._known.items() if until > now}
        return hashlib.sha256(header).digest() in self._known


class _Exchange:
    """One request and its reply."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard, self._rules, self._scope = guard, guard.rules, scope
        self._receive, self._send = receive, send
        self._client = (scope.get("client") or ("",))[0]
        self._path: str = scope["path"]
        self._headers = {name.lower(): value for name, value in scope["headers"]}
        self._nonce = secrets.token_urlsafe(16)
        self._left = self._limit()
        self._started = self._too_large = False
        self._start: Wire | None = None  # of a reply that waits for its whole body
        self._body = bytearray()
        self._failed = 0  # the status of a failure that the application replied, which waits for its body

    async def run(self) -> None:
        """Refuse the request, or pass it on and its reply back."""
        refusal = refused(self._path, self._scope["method"], self._headers, self._rules)
        length = self._headers.get(b"content-length", b"0")
        if refusal is None and (not length.isdigit() or int(length) > self._left):
            refusal = (413, f"That is too large: {self._left // 1_000_000:,} MB are the limit.")
        refusal = refusal or await self._unknown()
        if refusal is not None:
            await self._reply(*refusal)
            return
        if self._wants_page():  # its scripts need the nonce, so it must not come compressed
            self._scope["headers"] = [
                (k, v) for k, v in self._scope["headers"] if k.lower() != b"accept-encoding"
            ]
        try:
            await self._guard.app(self._scope, self._counted, self._pass)
        except Exception as error:
            if self._too_large and not self._started:
                await self._reply(413, "That is too large.")
                return
            number = self._log_failure(exc_info=error)
            if not self._started:
                await self._reply(500, f"{FAILED}{number}.")
            return
        if self._failed:
            await self._reply(*self._told())

    async def _unknown(self) -> tuple[int, str] | None:
        """Return why somebody who logs in, or a program that has to, is not let through; None: it is."""
        if self._rules.login is None:
            return None
        if self._is_mcp():
            return await self._guard.refuses(self._headers.get(b"authorization"), self._client)
        if self._logs_in():
            if self._guard.attempts.exhausted(self._client):
                return 400, _TOO_MANY_ATTEMPTS  # the form of the page says nothing at any other status
            self._guard.attempts.began(self._client)
        return None

    def _logs_in(self) -> bool:
        return self._scope["method"] == "POST" and self._path.rstrip("/") == LOGIN

    def _is_mcp(self) -> bool:
        return self._path == MCP or self._path.startswith(MCP + "/")

    def _limit(self) -> int:
        return self._rules.upload_bytes if self._path.startswith(UPLOAD) else _BODY_BYTES

    def _wants_page(self) -> bool:
        return not self._path.startswith(("/assets/", "/static/", "/gradio_api/", "/svelte/"))

    async def _counted(self) -> Wire:
        """Pass on what the client sends, up to the limit."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self._too_large = True
                raise ValueError("the body is larger than it may be")
        return message

    async def _pass(self, message: Wire) -> None:
        """Pass on what the application sends, with our headers; pages wait until they are whole."""
        if self._failed:
            self._body += message.get("body", b"")
            return
        if message["type"] == "http.response.start":
            if self._logs_in() and message["status"] != 400:
                self._guard.attempts.was_right(self._client)
            if message["status"] >= 500:
                self._failed = message["status"]
                return
            self._set_headers(message)
            if self._is_page(message):
                self._start = message
                return
            self._started = True
        elif self._start is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page()
            return
        await self._send(message)

    def _is_page(self, message: Wire) -> bool:
        headers = dict(message["headers"])
        return (
            self._wants_page()
            and b"content-encoding" not in headers
            and headers.get(b"content-type", b"").startswith(b"text/html")
        )

    async def _send_page(self) -> None:
        """Send a page whose own scripts carry the nonce; texts in it cannot hold "<script", Gradio escapes "<"."""
        assert self._start is not None
        body = bytes(self._body).replace(b"<script", f'<script nonce="{self._nonce}"'.encode())
        headers = [
            (name, value)
            for name, value in self._start["headers"]
            if name not in (b"content-length", b"cache-control")
        ]
        self._start["headers"] = [
            *headers,
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),  # it names the user
        ]
        self._started = True
        await self._send(self._start)
        await self._send(
            {"type": "http.response.body", "body": body if self._scope["method"] != "HEAD" else b""}
        )

    def _set_headers(self, message: Wire) -> None:
        files = self._path.startswith(FILES)
        policy = _FILE_POLICY if files else _POLICY.format(nonce=self._nonce)
        ours = {**_HEADERS, b"content-security-policy": policy.encode()}
        if files:
            ours[b"cache-control"] = b"private, no-store"
        theirs = [(n.lower(), v) for n, v in message.get("headers", []) if n.lower() not in ours]
        message["headers"] = [*theirs, *ours.items()]

    def _told(self) -> tuple[int, str]:
        """Return status and sentence for a failure that the application replied.

        Gradio replies with 500 to all that goes wrong in a call, and with a sentence only where it was written to
        be shown: a refusal of what was asked for, or a failure with a number of its own.
        """
        if self._failed == 503:
            return 503, "Too many are waiting for an answer; try again in a moment."
        try:
            sentence = json.loads(self._body)["error"]
        except (ValueError, LookupError, TypeError):
            sentence = None
        if not isinstance(sentence, str):
            return 500, f"{FAILED}{self._log_failure()}."
        return 500 if sentence.startswith(FAILED) else 400, sentence

    def _log_failure(self, exc_info: Exception | None = None) -> str:
        """Log what the application replied or raised; returns its number."""
        number = secrets.token_hex(4)
        replied = f": {bytes(self._body[:_FAILURE_BYTES])!r}" if self._failed else ""
        _log.error(
            "error %s at %s %s%s", number, self._scope["method"], self._path, replied, exc_info=exc_info
        )
        return number

    async def _reply(self, status: int, sentence: str) -> None:
        body = json.dumps({"detail": sentence}, ensure_ascii=False).encode()
        start = {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                *([(b"www-authenticate", b'Basic realm="chuchu", charset="UTF-8"')] if status == 401 else []),
            ],
        }
        self._set_headers(start)
        self._started = True
        await self._send(start)
        await self._send(
            {"type": "http.response.body", "body": body if self._scope["method"] != "HEAD" else b""}
        )


def refused(
    path: str, method: str, headers: MutableMapping[bytes, bytes], rules: Rules
) -> tuple[int, str] | None:
    """Return status and sentence for a request that is not let through; None: it is.

    Args:
        path: decoded, without the query.
        method: GET, POST, …
        headers: by lower-case names.
        rules: what is allowed.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if rules.hosts is not None and host_name(host) not in rules.hosts:
        # a page elsewhere can point its own name at this machine (DNS rebinding), but not change this header
        return 421, f"This page is not at {host[:100]!r}; open it as http://127.0.0.1 with its port."
    if not _from_here(headers, host):
        return 403, "Other web sites may not use this page."
    if path.startswith(_CLOSED) or "\\" in path or "\0" in path:
        return 404, "There is nothing here."
    if path.startswith(FILES) and not _is_inside(path.removeprefix(FILES), rules.files):
        return 403, "That file is not handed out."
    return None


def host_name(host: str) -> str:
    """Return the name of a Host header without its port: "[::1]:80" is "::1"; "" when it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _from_here(headers: MutableMapping[bytes, bytes], host: str) -> bool:
    """Say whether a request comes from the page itself, from a link, or from a program that is no browser.

    Browsers name the site that a script or form belongs to; the cookie of a log-in comes along all the same.
    """
    if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate":
        return False
    origin = headers.get(b"origin")
    if origin is None:
        return True
    forwarded = headers.get(b"x-forwarded-host", b"").decode("latin-1")  # no other site's script can set it
    return urlsplit(origin.decode("latin-1")).netloc.lower() in {host.lower(), forwarded.lower()} - {""}


def _is_inside(name: str, folder: Path) -> bool:
    """Say whether an absolute path is a file inside a folder, links and ".." followed."""
    try:
        path = Path(name)
        return path.is_absolute() and path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


class Attempts:
    """Ends guessing: remembers by address for a while which attempts failed or have not ended yet."""

    def __init__(self, *, most: int = 10, within_s: float = 300.0) -> None:
        self._most, self._within_s = most, within_s
        self._begun: dict[str, list[float]] = {}

    def exhausted(self, name: str) -> bool:
        """Say whether an address has failed too often of late."""
        return len(self._recent(name)) >= self._most

    def began(self, name: str) -> None:
        """Note an attempt, which counts as a failure until it was right."""
        if len(self._begun) > 10_000:  # more than can be somebody's mistakes
            self._begun.clear()
        self._begun[name] = [*self._recent(name), time.monotonic()]

    def was_right(self, name: str) -> None:
        """Take an attempt back."""
        if name in self._begun:
            self._begun[name] = self._recent(name)[:-1]

    def _recent(self, name: str) -> list[float]:
        since = time.monotonic() - self._within_s
        return [at for at in self._begun.get(name, []) if at > since]
