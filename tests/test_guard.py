from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from ui.guard import FILES, LOOPBACK_NAMES, Attempts, Guard, Rules, host_name

Message = MutableMapping[str, Any]


class Reply:
    def __init__(self, sent: list[Message]) -> None:
        self.status: int = sent[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in sent[1:])

    @property
    def detail(self) -> str:
        return str(json.loads(self.body)["detail"])


async def page(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[..., Any]) -> None:
    """Echo the body as a page with a script of its own, in two pieces."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"1")]
    headers += [
        (b"x-frame-options", b"ALLOWALL"),
        (b"x-seen", dict(scope["headers"]).get(b"accept-encoding", b"-")),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<script>one()</scr", "more_body": True})
    await send({"type": "http.response.body", "body": b'ipt><script src="x.js"></script>' + body})


def ask(
    path: str = "/",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    pieces: int = 1,
    app: Any = page,
    guard: Guard | None = None,
    **rules: Any,
) -> Reply:
    """Send one request through a guard; with several pieces, without saying how long it is."""
    defaults: dict[str, Any] = {
        "hosts": LOOPBACK_NAMES,
        "files": Path("/nowhere"),
        "upload_bytes": 20_000_000,
    }
    guard = guard or Guard(app, Rules(**(defaults | rules)))
    sent: list[Message] = []
    all_headers = {"host": "127.0.0.1:7860"} | ({"content-length": str(len(body))} if pieces == 1 else {})
    all_headers |= headers or {}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        "client": ("10.0.0.9", 1234),
    }
    size = -(-len(body) // pieces) or 1
    waiting = [body[at : at + size] for at in range(0, max(len(body), 1), size)]

    async def receive() -> Message:
        piece = waiting.pop(0) if waiting else b""
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(guard(scope, receive, send))
    return Reply(sent)


def test_a_reply_has_our_headers_in_place_of_others() -> None:
    reply = ask()
    assert reply.status == 200
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "same-origin"
    policy = reply.headers["content-security-policy"]
    for rule in (
        "default-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "img-src 'self' data: blob:",
    ):
        assert rule in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "http" not in policy, "no other host is allowed anything"


def test_a_pages_own_scripts_carry_the_nonce_of_its_reply() -> None:
    first, second = ask(headers={"accept-encoding": "br"}), ask()
    nonces = re.findall(r"nonce-([\w-]+)'", first.headers["content-security-policy"])
    assert len(nonces) == 1
    html = f'<script nonce="{nonces[0]}">one()</script><script nonce="{nonces[0]}" src="x.js"></script>'
    assert first.body.decode() == html
    assert first.headers["content-length"] == str(len(html))
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["x-seen"] == "-", "compressed, the scripts could not be marked"
    assert nonces[0] not in second.body.decode()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:7860",
        "",
        "localhost.evil.example",
        "[::1",
        "0.0.0.0",
    ],
)
def test_a_name_that_points_here_from_elsewhere_is_refused(host: str) -> None:
    reply = ask(headers={"host": host})
    assert reply.status == 421
    assert "http://127.0.0.1" in reply.detail


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:7860", "[::1]:7860", "localhost.:80"]
)
def test_this_machines_names_are_let_in(host: str) -> None:
    assert ask(headers={"host": host}).status == 200
    assert host_name(host) in LOOPBACK_NAMES


def test_with_users_any_name_is_let_in() -> None:
    assert ask(headers={"host": "papers.example"}, hosts=None).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://localhost:7860"},
        {"origin": "https://evil.example", "x-forwarded-host": "other.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_scripts_and_forms_of_other_sites_are_refused(headers: dict[str, str], method: str) -> None:
    assert ask("/gradio_api/queue/join", method=method, headers=headers).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"},
        {"origin": "https://papers.example", "x-forwarded-host": "papers.example"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"sec-fetch-site": "none"},
        {},
    ],
)
def test_the_page_itself_links_to_it_and_programs_are_let_in(headers: dict[str, str]) -> None:
    assert ask("/gradio_api/queue/join", method="POST", headers=headers).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/deep_link",
        "/gradio_api/proxy=https://evil.example/",
        "/gradio_api/token",
        "/gradio_api/vibe-edit/",
        "/gradio_api/process_recording",
        "/gradio_api/run-history/records",
        "/gradio_api/stream/x",
        "/monitoring/summary",
        "/gradio_api/file/etc/passwd",
        "/docs",
        "/openapi.json",
        "/a\\b",
        "/a\0b",
    ],
)
def test_doors_that_the_page_does_not_use_are_closed(path: str) -> None:
    assert ask(path).status == 404


def test_only_files_of_the_upload_folder_are_handed_out(tmp_path: Path) -> None:
    uploads, secret = tmp_path / "uploads", tmp_path / "secret.txt"
    (uploads / "a").mkdir(parents=True)
    (uploads / "a" / "mine.txt").write_text("mine")
    secret.write_text("secret")
    (uploads / "a" / "link.txt").symlink_to(secret)
    (uploads / "out").symlink_to(tmp_path)
    (tmp_path / "uploads-not").mkdir()
    (tmp_path / "uploads-not" / "x").write_text("secret")

    def status(name: str) -> int:
        return ask(FILES + name, files=uploads).status

    assert status(f"{uploads}/a/mine.txt") == 200
    assert status(f"{uploads}/a/../a/mine.txt") == 200
    for name in (
        str(secret),
        f"{uploads}/../secret.txt",
        f"{uploads}/a/../../secret.txt",
        f"{uploads}/a/link.txt",
        f"{uploads}/out/secret.txt",
        f"{uploads}-not/x",
        f"{uploads}/none.txt",
        "a/mine.txt",
        "../secret.txt",
        "/etc/passwd",
        "//etc/passwd",
        "file:///etc/passwd",
        "https://evil.example/x.png",
        "~/secret",
        "",
        "x" * 10_000,
    ):
        assert status(name) == 403, name


def test_a_file_that_is_handed_out_can_do_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text("<script>alert(1)</script>")
    headers = ask(f"{FILES}{tmp_path}/x.html", files=tmp_path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("pieces", [1, 40])
def test_a_body_that_is_too_large_is_refused_said_or_not(pieces: int) -> None:
    large = b"x" * 9_000_000
    assert ask("/gradio_api/queue/join", method="POST", body=large, pieces=pieces).status == 413
    assert ask("/gradio_api/upload", method="POST", body=large, pieces=pieces).status == 200
    assert (
        ask("/gradio_api/upload", method="POST", body=large, pieces=pieces, upload_bytes=1_000).status == 413
    )


@pytest.mark.parametrize("length", ["-1", "x", "9e9", ""])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    assert ask(method="POST", headers={"content-length": length}).status == 413


def test_a_failure_inside_comes_out_as_a_number_that_the_log_explains(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError("the secret")

    with caplog.at_level(logging.ERROR):
        reply = ask(app=broken)
    (number,) = re.findall(r"error ([0-9a-f]{8})", reply.detail)
    assert reply.status == 500
    assert "secret" not in reply.body.decode()
    assert number in caplog.text
    assert "ZeroDivisionError: the secret" in caplog.text


def test_a_frameworks_own_error_page_is_replaced(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Message, receive: object, send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"Traceback: the secret"})
        raise ZeroDivisionError("the secret")

    reply = ask(app=broken)
    (number,) = re.findall(r"error ([0-9a-f]{8})", reply.detail)
    assert "secret" not in reply.body.decode()
    assert caplog.text.count(number) == 1


def replying(status: int, body: bytes) -> Any:
    async def app(scope: object, receive: object, send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def test_a_failure_that_was_replied_is_in_the_log_with_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reply = ask("/gradio_api/run/page", method="POST", app=replying(500, b'{"error":null}'))
    (number,) = re.findall(r"error ([0-9a-f]{8})\.", reply.detail)
    assert reply.status == 500
    (said,) = (record.getMessage() for record in caplog.records)
    assert number in said
    assert "POST /gradio_api/run/page" in said
    assert '{"error":null}' in said


def test_a_sentence_that_was_written_to_be_shown_is_a_refusal() -> None:
    body = json.dumps({"error": "k is 0, expected 1 to 100.", "visible": True}).encode()
    reply = ask("/gradio_api/run/search", method="POST", app=replying(500, body))
    assert (reply.status, reply.detail) == (400, "k is 0, expected 1 to 100.")
    body = json.dumps({"error": "Something went wrong here. The log explains error 12ab34cd."}).encode()
    assert ask("/gradio_api/run/search", method="POST", app=replying(500, body)).status == 500


def test_a_full_queue_is_told_as_one() -> None:
    reply = ask("/gradio_api/queue/join", method="POST", app=replying(503, b'{"detail":"Queue is full."}'))
    assert reply.status == 503
    assert "try again in a moment" in reply.detail


def test_web_sockets_are_refused() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    guard = Guard(page, Rules(hosts=None, files=Path("/nowhere"), upload_bytes=1))
    asyncio.run(guard({"type": "websocket"}, None, send))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]


def basic(credentials: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


def test_programs_log_in_with_name_and_password_and_are_known_for_a_while() -> None:
    checked: list[str] = []

    async def login(name: str, password: str) -> bool:
        checked.append(name)
        return (name, password) == ("wang", "pass:word")

    guard = Guard(page, Rules(hosts=None, files=Path("/nowhere"), upload_bytes=1, login=login))
    assert ask("/", guard=guard).status == 200, "the page has a log-in of its own"
    for path in ("/mcp", "/mcp/"):
        assert ask(path, guard=guard).headers["www-authenticate"].startswith("Basic")
        assert ask(path, guard=guard, headers=basic("wang:pass:word")).status == 200
    assert checked == ["wang"], "what was right is not hashed at every call"
    for headers in (
        basic("wang:wrong"),
        basic("wang"),
        {"authorization": "Basic ?"},
        {"authorization": "Bearer x"},
    ):
        assert ask("/mcp", guard=guard, headers=headers).status == 401


def test_an_address_that_guesses_is_stopped_and_others_are_not() -> None:
    async def login(name: str, password: str) -> bool:
        return False

    async def wrong(scope: object, receive: object, send: Callable[..., Any]) -> None:
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard = Guard(wrong, Rules(hosts=None, files=Path("/nowhere"), upload_bytes=1, login=login))
    replies = [ask("/login", method="POST", guard=guard) for _ in range(12)]
    assert [reply.status for reply in replies] == [400] * 12, "the form shows no other failure"
    assert [reply.body for reply in replies[:10]] == [b""] * 10
    assert all("wait five minutes" in reply.detail for reply in replies[10:])
    assert ask("/mcp", guard=guard, headers=basic("wang:x")).status == 429
    assert not guard.attempts.exhausted("10.0.0.10")


def together(guard: Guard, count: int, path: str, headers: Callable[[int], dict[str, str]]) -> list[int]:
    """Send requests of one address at the same time; returns their statuses."""
    statuses: list[int] = []

    async def one(number: int) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            if "status" in message:
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in headers(number).items()],
            "client": ("10.0.0.9", number),
        }
        await guard(scope, receive, send)

    async def all_of_them() -> None:
        await asyncio.gather(*(one(number) for number in range(count)))

    asyncio.run(all_of_them())
    return statuses


@pytest.mark.parametrize("path", ["/login", "/mcp"])
def test_guesses_that_come_together_are_no_more_than_those_that_come_in_turn(path: str) -> None:
    checked: list[str] = []

    async def login(name: str, password: str) -> bool:
        checked.append(password)
        await asyncio.sleep(0.01)
        return False

    async def form(scope: object, receive: object, send: Callable[..., Any]) -> None:
        await login("wang", "x")
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard = Guard(form, Rules(hosts=None, files=Path("/nowhere"), upload_bytes=1, login=login))
    together(guard, 40, path, lambda number: basic(f"wang:{number}"))
    assert len(checked) == 10


def test_many_who_are_right_at_once_are_let_in() -> None:
    async def login(name: str, password: str) -> bool:
        await asyncio.sleep(0.01)
        return True

    guard = Guard(page, Rules(hosts=None, files=Path("/nowhere"), upload_bytes=1, login=login))
    assert together(guard, 40, "/mcp", lambda number: basic("wang:right")) == [200] * 40
    for _ in range(20):  # one after the other
        assert ask("/login", method="POST", guard=guard).status == 200


def test_failures_are_forgotten_after_a_while() -> None:
    attempts = Attempts(most=2, within_s=0.0)
    for _ in range(5):
        attempts.began("10.0.0.9")
    assert not attempts.exhausted("10.0.0.9")
