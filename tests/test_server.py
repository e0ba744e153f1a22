"""The page's server as programs and strangers meet it: over HTTP, with Gradio's own client, and with MCP's."""

from __future__ import annotations

import asyncio
import gc
import http.client
import logging
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from index.datatypes import Hit
from index.errors import LibraryError, QueryError, SettingsError
from index.ingest import ingest
from index.library import Library
from index.search import check_query, search
from rag.assistant import Assistant
from rag.datatypes import Answer, Event
from rag.settings import Settings
from ui.conversations import LibraryConversations
from ui.endpoints import EndPoints
from ui.server import Server, ServerOptions, check_host, is_loopback
from ui.users import Users

if TYPE_CHECKING:
    from gradio_client import Client

    from tests.conftest import FakeEmbedder

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's and its clients' own are not ours to mend

PASSWORD = "correct horse"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) ![x](https://evil.example/q)"


class SmallAssistant:
    """Answers everything with its question; a question about a failure fails."""

    def __init__(self, library: Library, embedder: FakeEmbedder, make_answer: Callable[..., Answer]) -> None:
        self.library = library
        self.settings = Settings()
        self._embedder = embedder
        self._make_answer = make_answer
        self.asked: list[tuple[tuple[tuple[str, str], ...], tuple[str, ...]]] = []

    def ask(self, question: str, *, history: Any = (), documents: Any = (), where: object = None) -> Answer:
        question = check_query(question)
        if "failure" in question:
            raise ZeroDivisionError("the secret of the house")
        self.asked.append((tuple(history), tuple(documents)))
        return self._make_answer(question=question, text=f"{question}[1]", passages=["三家工厂。"], cite=[1])

    def stream(self, question: str, **options: Any) -> Iterator[Event]:
        yield Event(phase="answer", answer=self.ask(question, **options))

    def search(self, query: str, k: int = 10, *, documents: Any = ()) -> list[Hit]:
        return search(self.library, self._embedder, query, k)


@pytest.fixture(scope="module", autouse=True)
def loops_that_gradio_leaves_open() -> Iterator[None]:
    """Let them go while this module's tests are run, not at the end of all tests, where they would be errors."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    from tests.conftest import FakeEmbedder

    folder = tmp_path_factory.mktemp("server")
    (folder / "docs").mkdir()
    (folder / "docs" / "工厂.txt").write_text(f"三家工厂在河边。\n\n{HOSTILE}", encoding="utf-8")
    with Library.create(folder / "library", fingerprint="fake-64", dimensions=64) as library:
        ingest(library, [folder / "docs"], FakeEmbedder())
        yield library


@pytest.fixture(scope="module")
def small(library: Library) -> SmallAssistant:
    from tests.conftest import FakeEmbedder, build_answer

    return SmallAssistant(library, FakeEmbedder(), build_answer)


def serving(small: SmallAssistant, **options: Any) -> Server:
    return Server(cast("Assistant", small), ServerOptions(port=0, **options))


@pytest.fixture(scope="module")
def address(small: SmallAssistant) -> Iterator[str]:
    with serving(small, mcp=True, max_megabytes=1) as server:
        yield server.url


@pytest.fixture(scope="module")
def with_users(small: SmallAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path = tmp_path_factory.mktemp("users") / "users.txt"
    for name in ("wang", "li"):
        Users(path).set(name, PASSWORD)
    with serving(small, auth=path, mcp=True) as server:
        yield server


def client_of(address: str, **options: Any) -> Client:
    from gradio_client import Client

    return Client(address, verbose=False, analytics_enabled=False, **options)


# --- the address -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_this_machine_alone_needs_no_users(host: str) -> None:
    assert is_loopback(host)
    assert check_host(ServerOptions(host=host)) is None


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "papers.example", "localhost.evil.example", "", "127.1"]
)
def test_any_other_host_without_users_is_refused_with_the_command_that_would_be_right(host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_host(ServerOptions(host=host))
    assert "chuchu users add NAME --file users.txt" in str(caught.value)
    assert f"chuchu chat --host {host} --auth users.txt" in str(caught.value)


def test_a_users_file_without_users_or_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    with pytest.raises(SettingsError, match="no users file"):
        check_host(ServerOptions(host="0.0.0.0", auth=path))
    path.write_text("# nobody\n")
    with pytest.raises(SettingsError, match="is empty: add one"):
        check_host(ServerOptions(host="0.0.0.0", auth=path))


def test_a_taken_port_is_told_before_anything_is_loaded(small: SmallAssistant) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"Port {port} is taken"):
            Server(cast("Assistant", small), ServerOptions(port=port))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 70_000}, "no port"),
        ({"host": "203.0.113.7", "port": 0}, "chuchu users add"),
        ({"certificate": Path("none.pem"), "key": Path("none.pem"), "port": 0}, "no file none.pem"),
    ],
)
def test_options_that_cannot_be_end_in_one_sentence(
    small: SmallAssistant, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        Server(cast("Assistant", small), ServerOptions(**options))


@pytest.mark.parametrize("host", ["192.168..5", "x" * 64])
def test_a_host_that_is_no_name_ends_in_one_sentence(
    small: SmallAssistant, tmp_path: Path, host: str
) -> None:
    Users(tmp_path / "users.txt").set("wang", PASSWORD)
    with pytest.raises(SettingsError, match=f"cannot be at --host {re.escape(host)}"):
        serving(small, host=host, auth=tmp_path / "users.txt")


def test_a_certificate_that_is_none_ends_in_one_sentence(small: SmallAssistant, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("not a certificate")
    with pytest.raises(SettingsError, match="no certificate with its key"):
        serving(small, certificate=tmp_path / "x.pem", key=tmp_path / "x.pem")
    with pytest.raises(SettingsError, match="go together"):
        serving(small, certificate=tmp_path / "x.pem")


def test_whoever_starts_it_is_told_what_to_know(
    with_users: Server, small: SmallAssistant, tmp_path: Path
) -> None:
    assert with_users.notes == ()
    path = tmp_path / "users.txt"
    Users(path).set("wang", PASSWORD)
    with serving(small, auth=path, host="0.0.0.0") as server:
        assert "unencrypted" in server.notes[0]
        assert server.url.startswith("http://127.0.0.1:")
        assert httpx.get(server.url, headers={"host": "papers.example"}).status_code == 200


def test_what_was_uploaded_goes_when_the_server_stops(small: SmallAssistant) -> None:
    with serving(small) as server:
        folder = server._folder
        (path,) = upload(server.url, "a.txt", b"text").json()
        assert Path(path).is_file()
        if sys.platform != "win32":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


# --- the page ----------------------------------------------------------------------------------------------


def test_the_page_loads_nothing_from_elsewhere_and_every_script_has_the_nonce(address: str) -> None:
    reply = httpx.get(address)
    assert reply.status_code == 200
    (nonce,) = re.findall(r"'nonce-([\w-]+)'", reply.headers["content-security-policy"])
    scripts = re.findall(r"<script[^>]*>", reply.text)
    assert scripts
    assert all(f'nonce="{nonce}"' in script for script in scripts)
    for address_of in re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"([^\"]*)\"", reply.text):
        assert not re.match(r"(?i)(https?:)?//", address_of), address_of
    style = httpx.get(address + "theme.css").text
    assert not re.search(r"""(?i)url\(["']?(https?:)?//|@import""", style)


@pytest.mark.parametrize(
    "path", ["", "gradio_api/info", "config", "theme.css", "none", "gradio_api/file=/etc/passwd"]
)
def test_every_reply_has_the_headers(address: str, path: str) -> None:
    headers = httpx.get(address + path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_only_three_end_points_are_told_to_programs(address: str) -> None:
    assert httpx.get(address + "gradio_api/info").json()["named_endpoints"].keys() == {
        "/ask",
        "/search",
        "/documents",
    }


def raw(address: str, target: str) -> int:
    """Ask for a target as it is, which clients would tidy up."""
    url = httpx.URL(address)
    connection = http.client.HTTPConnection(url.host, url.port, timeout=10)
    try:
        connection.putrequest("GET", target, skip_host=False, skip_accept_encoding=True)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def upload(address: str, name: str, content: bytes, **options: Any) -> httpx.Response:
    files = {"files": (name, content)}
    return httpx.post(address + "gradio_api/upload", files=files, **options)


def test_nothing_but_uploads_can_be_read_whatever_the_path(address: str, small: SmallAssistant) -> None:
    (path,) = upload(address, "mine.txt", b"mine").json()
    mine = f"/gradio_api/file={path}"
    assert raw(address, mine) == 200
    database = small.library.folder / "library.sqlite3"
    uploads = Path(path).parents[1]
    (uploads / "link.sqlite3").symlink_to(database)
    (uploads / "folder").symlink_to(small.library.folder)
    for target in (
        str(database),
        f"{uploads}/../../../../../../etc/passwd",
        f"{uploads}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        f"{uploads}/..%2f..%2f..%2f..%2fetc/passwd",
        f"{uploads}/link.sqlite3",
        f"{uploads}/folder/library.sqlite3",
        str(uploads),
        "/etc/passwd",
        "//etc/passwd",
        "%2fetc%2fpasswd",
        "../../../../etc/passwd",
        "....//....//etc/passwd",
        "/proc/self/environ",
        "file:///etc/passwd",
        "https://evil.example/",
        "http://127.0.0.1:1/",
        "/etc/passwd%00.png",
    ):
        assert raw(address, f"/gradio_api/file={target}") in (403, 404), target
        assert raw(address, f"/gradio_api/file/{target}") == 404
        assert raw(address, f"/static/../..{target}") in (403, 404)
        assert raw(address, f"/assets/%2e%2e/%2e%2e/%2e%2e{target}") in (403, 404)


def test_an_uploads_name_cannot_leave_its_folder(address: str) -> None:
    for name in (
        "../../../../tmp/escaped.txt",
        "/tmp/escaped.txt",
        "..\\..\\escaped.txt",
        "a\0b.txt",
        "." * 300,
    ):
        reply = upload(address, name, b"x")
        assert reply.status_code in (200, 400)
        for path in reply.json() if reply.status_code == 200 else ():
            assert "chuchu-page-" in path
            assert ".." not in Path(path).parts
    assert not Path("/tmp/escaped.txt").exists()


def test_a_file_that_is_too_large_is_refused_by_size(address: str) -> None:
    assert upload(address, "a.txt", b"x" * 900_000).status_code == 200
    assert upload(address, "a.txt", b"x" * 1_100_000).status_code == 413
    assert upload(address, "a.txt", b"x" * 11_000_000).status_code == 413


def test_other_sites_cannot_use_the_page(address: str) -> None:
    elsewhere = {"origin": "https://evil.example"}
    assert httpx.get(address, headers={"host": "evil.example"}).status_code == 421
    assert httpx.get(address + "config", headers=elsewhere).status_code == 403
    join = httpx.post(address + "gradio_api/queue/join", headers=elsewhere, content=b"{}")
    assert join.status_code == 403
    assert upload(address, "a.txt", b"x", headers=elsewhere).status_code == 403


# --- programs ----------------------------------------------------------------------------------------------


def test_programs_get_what_python_gets(address: str, small: SmallAssistant) -> None:
    client = client_of(address)
    answer = client.predict("几家工厂？", [["先前的问题", "先前的回答"]], ["*.txt"], api_name="/ask")
    assert small.asked[-1] == ((("先前的问题", "先前的回答"),), ("*.txt",))
    client.predict("几家工厂？", ["先前的问题"], api_name="/ask")
    assert small.asked[-1][0][0] == ("先前的问题", "")
    expected = small.ask("几家工厂？")
    assert Answer.from_dict(answer) == expected
    hits = client.predict("工厂", api_name="/search")
    assert [hit["chunk"]["text"] for hit in hits] == [hit.chunk.text for hit in small.search("工厂")]
    assert len(client.predict("工厂", k=1, api_name="/search")) == 1
    (document,) = client.predict(api_name="/documents")
    assert document["title"] == small.library.documents()[0].title


def test_what_is_hostile_comes_back_as_it_is_and_as_json(address: str) -> None:
    answer = client_of(address).predict(HOSTILE, api_name="/ask")
    assert answer["question"] == HOSTILE
    made = httpx.post(address + "gradio_api/call/ask", json={"data": [HOSTILE]}).json()
    stream = httpx.get(f"{address}gradio_api/call/ask/{made['event_id']}")
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("arguments", "end_point", "message"),
    [
        (["  "], "/ask", "the question is empty"),
        (["x" * 2_001], "/ask", "2,000 are the limit"),
        (["x", 0], "/search", "k is 0, expected 1 to 100"),
        (["x", 1_000_000], "/search", "expected 1 to 100"),
    ],
)
def test_bad_calls_end_in_the_same_sentence_as_everywhere(
    address: str, arguments: list[Any], end_point: str, message: str
) -> None:
    with pytest.raises(Exception, match=message):
        client_of(address).predict(*arguments, api_name=end_point)


def test_a_bad_call_without_the_queue_is_refused_with_its_sentence(address: str) -> None:
    reply = httpx.post(address + "gradio_api/run/search", json={"data": ["x", 0, None]})
    assert reply.status_code == 400
    assert reply.json() == {"detail": "k is 0, expected 1 to 100."}


def test_a_turn_may_be_a_question_alone(small: SmallAssistant) -> None:
    points = EndPoints(cast("Assistant", small))
    points.ask("几家？", history=["河边有什么？", ["有工厂。"], ["谁的？", "赵家的。"]], documents=["*"])
    history, documents = small.asked[-1]
    assert history == (("河边有什么？", ""), ("有工厂。", ""), ("谁的？", "赵家的。"))
    assert documents == ("*",)


@pytest.mark.parametrize(
    ("point", "values", "error", "message"),
    [
        ("ask", {"question": 5}, QueryError, "the question is 5, expected a text"),
        ("ask", {"question": None}, QueryError, "expected a text"),
        (
            "ask",
            {"question": "x", "history": "几家？"},
            SettingsError,
            "history is '几家？', expected a list",
        ),
        ("ask", {"question": "x", "history": [7]}, SettingsError, "a turn of history is 7, expected a list"),
        ("ask", {"question": "x", "history": [["谁？", None]]}, SettingsError, "expected a question and its"),
        ("ask", {"question": "x", "history": [{"role": "user"}]}, SettingsError, "expected a list"),
        ("ask", {"question": "x", "documents": [3]}, SettingsError, "documents holds 3, expected patterns"),
        ("search", {"query": "x", "documents": 3}, SettingsError, "documents is 3, expected a list"),
        ("search", {"query": "x", "k": "5"}, SettingsError, "k is '5', expected 1 to 100"),
        ("search", {"query": ["x"]}, QueryError, "expected a text"),
    ],
)
def test_values_of_the_wrong_kind_are_told(
    small: SmallAssistant, point: str, values: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        getattr(EndPoints(cast("Assistant", small)), point)(**values)


def test_a_failure_tells_a_number_and_the_log_the_rest(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(Exception, match=r"error [0-9a-f]{8}") as caught:
        client_of(address).predict("a failure", api_name="/ask")
    assert "secret" not in str(caught.value)
    (number,) = re.findall(r"error ([0-9a-f]{8})", str(caught.value))
    assert number in caplog.text
    assert "ZeroDivisionError: the secret of the house" in caplog.text


def test_twenty_ask_at_once_and_none_fails(address: str) -> None:
    answers: list[str] = []

    def ask(n: int) -> None:
        answers.append(client_of(address).predict(f"问题{n}", api_name="/ask")["question"])

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == sorted(f"问题{n}" for n in range(20))


async def use_tools(address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(address + "mcp", headers=headers) as (reading, writing, _),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        return {
            "tools": {tool.name: tool.description or "" for tool in tools},
            "read_only": [tool.annotations.readOnlyHint for tool in tools if tool.annotations],
            "answer": await session.call_tool("ask", {"question": "几家工厂？", "documents": ["*.txt"]}),
            "hits": await session.call_tool("search", {"query": "工厂", "k": 1}),
            "documents": await session.call_tool("documents", {}),
            "empty": await session.call_tool("ask", {"question": ""}),
            "failed": await session.call_tool("ask", {"question": "a failure"}),
        }


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def test_an_assistant_elsewhere_asks_by_mcp(address: str, small: SmallAssistant) -> None:
    said = run(use_tools(address))
    assert said["tools"].keys() == {"ask", "search", "documents"}
    assert all("Returns:" in description for description in said["tools"].values())
    assert said["read_only"] == [True, True, True]
    assert Answer.from_dict(said["answer"].structuredContent) == small.ask("几家工厂？")
    assert [hit["rank"] for hit in said["hits"].structuredContent["result"]] == [1]
    assert said["documents"].structuredContent["result"][0]["source"].endswith("工厂.txt")
    assert said["empty"].isError
    assert "the question is empty" in said["empty"].content[0].text
    assert said["failed"].isError
    assert "secret" not in said["failed"].content[0].text


def test_without_the_extra_the_command_that_brings_it_is_told(
    small: SmallAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.fastmcp", None)
    with pytest.raises(SettingsError, match=r"pip install 'chuchu\[mcp\]'"):
        serving(small, mcp=True)


# --- users -------------------------------------------------------------------------------------------------


def test_a_stranger_sees_nothing(with_users: Server) -> None:
    url = with_users.url
    for path in (
        "config",
        "gradio_api/info",
        "gradio_api/file=/etc/passwd",
        "gradio_api/queue/data?session_hash=x",
    ):
        assert httpx.get(url + path).status_code in (401, 403), path
    assert upload(url, "a.txt", b"x").status_code == 401
    for path in (
        "gradio_api/call/page",
        "gradio_api/call/ask",
        "gradio_api/queue/join",
        "gradio_api/run/page",
    ):
        assert httpx.post(url + path, json={"data": []}).status_code == 401, path
    page = httpx.get(url)
    assert '"auth_required":true' in page.text
    assert "工厂" not in page.text
    assert httpx.post(url + "mcp", json={}).status_code == 401


def test_only_the_right_password_logs_in(with_users: Server) -> None:
    def log_in(name: str, password: str) -> int:
        return httpx.post(with_users.url + "login", data={"username": name, "password": password}).status_code

    assert "After ten wrong passwords, wait five minutes" in httpx.get(with_users.url).text
    assert log_in("wang", PASSWORD) == 200
    assert log_in("wang", "wrong password") == 400
    assert log_in("nobody", PASSWORD) == 400
    with pytest.raises(Exception, match=r"(?i)credentials|401|login"):
        client_of(with_users.url, auth=("wang", "wrong password"))


def test_a_removed_user_and_an_old_password_are_out_at_once(small: SmallAssistant, tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    users = Users(path)
    for name in ("wang", "li", "zhao"):
        users.set(name, PASSWORD)
    with serving(small, auth=path, mcp=True) as server:
        sessions = {name: httpx.Client(base_url=server.url) for name in ("wang", "li", "zhao")}

        def enter(name: str, password: str = PASSWORD) -> int:
            form = {"username": name, "password": password}
            return sessions[name].post("login", data=form).status_code

        def statuses() -> dict[str, int]:
            call = {"data": ["conversations", {}, "zh"]}
            return {
                name: session.post("gradio_api/run/page", json=call).status_code
                for name, session in sessions.items()
            }

        def by_program() -> int:
            return httpx.post(server.url + "mcp", auth=("wang", PASSWORD), json={}).status_code

        assert [enter(name) for name in sessions] == [200, 200, 200]
        assert statuses() == {"wang": 200, "li": 200, "zhao": 200}
        assert by_program() != 401
        users.set("wang", "another password")
        users.remove("li")
        assert statuses() == {"wang": 401, "li": 401, "zhao": 200}
        assert by_program() == 401
        assert (enter("wang"), enter("li"), enter("wang", "another password")) == (400, 400, 200)
        assert statuses() == {"wang": 200, "li": 401, "zhao": 200}
        path.write_text("damaged", encoding="utf-8")
        assert set(statuses().values()) == {401}
        for session in sessions.values():
            session.close()


def test_two_users_do_not_see_each_other(with_users: Server) -> None:
    from tests.conftest import build_answer

    wang, li = (client_of(with_users.url, auth=(name, PASSWORD)) for name in ("wang", "li"))
    kept = with_users.conversations
    chat = kept.new("wang")
    message = kept.append(
        "wang", chat, "王的秘密", build_answer(question="王的秘密", passages=["秘密"], cite=[1])
    )

    def page(client: Client, action: str, **values: Any) -> dict[str, Any]:
        return cast("dict[str, Any]", client.predict(action, values, "zh", api_name="/page"))

    assert "王的秘密" in page(wang, "conversations")["html"]
    assert "王的秘密" in page(wang, "conversation", conversation=chat)["html"]
    assert "王的秘密" not in page(li, "conversations")["html"]
    assert "王的秘密" not in page(li, "conversations", query="秘密")["html"]
    for action, values in (
        ("conversation", {"conversation": chat}),
        ("rename", {"conversation": chat, "title": "x"}),
        ("delete", {"conversation": chat}),
        ("export", {"conversation": chat, "format": "html"}),
        ("evidence", {"message": message}),
        ("reader", {"message": message, "kind": "cite", "number": 1}),
        ("feedback", {"message": message, "kind": "up"}),
        ("undo", {"conversation": chat, "message": message}),
        ("follow_ups", {"conversation": chat, "message": message}),
    ):
        assert "不在了" in page(li, action, **values)["error"], action
    assert [summary.title for summary in kept.list("wang")] == ["王的秘密"]
    with pytest.raises(LibraryError):
        kept.messages("local", chat)


def test_programs_with_a_users_password_ask_by_mcp(with_users: Server) -> None:
    import base64

    credentials = base64.b64encode(f"wang:{PASSWORD}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}"}
    assert not run(use_tools(with_users.url, headers))["answer"].isError
    named = httpx.post(with_users.url + "mcp", headers=headers | {"host": "papers.example"}, json={})
    assert named.status_code != 421, "by whatever name this machine is known"


def test_conversations_outlive_the_server(small: SmallAssistant) -> None:
    from tests.conftest import build_answer

    with serving(small) as server:
        number = server.conversations.append("local", server.conversations.new("local"), "问", build_answer())
    with serving(small) as server:
        shown = client_of(server.url).predict("evidence", {"message": number}, "zh", api_name="/page")
        assert "error" not in shown
    assert (
        LibraryConversations.open(small.library).answer("local", number).question == build_answer().question
    )


@pytest.mark.parametrize("signal_name", ["SIGINT", "SIGTERM"])
def test_the_command_serves_until_it_is_told_to_stop(
    library: Library, tmp_path: Path, signal_name: str
) -> None:
    folder = tmp_path / "library"
    shutil.copytree(library.folder, folder)
    command = [sys.executable, "-m", "ui.cli", "chat", "--library", str(folder), "--port", "0", "--no-open"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    try:
        told = ""
        for line in process.stderr:
            told += line
            if url := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        assert url, told
        assert httpx.get(url[0]).status_code == 200
        process.send_signal(getattr(signal, signal_name))
        assert process.wait(30) == 0
        assert "Traceback" not in told + process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert not list(tmp_path.glob("chuchu-page-*"))
