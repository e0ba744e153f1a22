"""The real openai client against a server on loopback that does what servers do, well and badly."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import pytest
from openai_server import Act, Handler, event, fails, says, serving

from index.errors import AnswererError, ModelError
from rag.answerers.chat import Ending
from rag.answerers.served import KEY_VARIABLES, ServedModel, ServedOptions, api_key
from rag.prompts import Message

SECRET = "sk-secret-0123456789"
ASKED = [Message(role="system", content="规则"), Message(role="user", content="问题？")]
FAST = ServedOptions(backoff_s=0.01, silence_s=5.0, longest_wait_s=0.05)


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUCHU_API_KEY", "OPENAI_API_KEY", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def replied(url: str, options: ServedOptions = FAST, model: str = "qwen") -> tuple[str, Ending]:
    *pieces, ending = ServedModel(url, model, options).stream(ASKED, max_new_tokens=50)
    assert isinstance(ending, Ending)
    return "".join(piece for piece in pieces if isinstance(piece, str)), ending


def complaint(*acts: Act, options: ServedOptions = FAST) -> tuple[str, int]:
    """The error that a script ends in, and how often the server was asked."""
    with serving(*acts) as server:
        with pytest.raises(AnswererError) as caught:
            replied(server.url, options)
        message = str(caught.value)
        assert message.startswith(f"the model 'qwen' at {server.url} ")
        assert "\n" not in message
        return message.removeprefix(f"the model 'qwen' at {server.url} "), len(server.recorded.bodies)


def test_a_reply_is_streamed_and_the_request_holds_what_was_asked() -> None:
    with serving(says("产值", "885", "亿元[1]。")) as server:
        assert replied(server.url) == ("产值885亿元[1]。", Ending(complete=True))
    (body,) = server.recorded.bodies
    assert body == {
        "model": "qwen",
        "messages": [{"role": "system", "content": "规则"}, {"role": "user", "content": "问题？"}],
        "max_tokens": 50,
        "temperature": 0.0,
        "stream": True,
    }
    assert server.recorded.keys == ["none"]


def test_a_reply_cut_at_its_length_says_so() -> None:
    with serving(says("产值", finish="length")) as server:
        assert replied(server.url) == ("产值", Ending(complete=False))


def test_chunks_cut_in_the_middle_of_characters_and_lines_are_put_together() -> None:
    whole = event("产值八百八十五亿元\u2028") + event("。😀") + event(finish="stop") + b"data: [DONE]\n\n"

    def act(handler: Handler) -> None:
        handler.begin()
        for at in range(0, len(whole), 7):
            handler.chunk(whole[at : at + 7])
        handler.end()

    with serving(act) as server:
        assert replied(server.url)[0] == "产值八百八十五亿元\u2028。😀"


def test_of_content_in_parts_only_text_is_taken() -> None:
    parts: Any = [{"type": "text", "text": "产值"}, {"type": "image", "text": "图"}, "x", {"type": "text"}]
    pieces = [
        event(parts),
        b'data: {"choices": ["x"]}\n\n',
        b'data: {"choices": [{"index": 0}]}\n\n',
        event(cast("Any", 5)),
        event("885亿元", finish="stop"),
    ]
    with serving(streams(*pieces)) as server:
        assert replied(server.url) == ("产值885亿元", Ending(complete=True))


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_or_failing_server_is_asked_again(status: int) -> None:
    with serving(fails(status), fails(status, retry_after="0.02"), says("好")) as server:
        assert replied(server.url)[0] == "好"
        assert len(server.recorded.bodies) == 3


def test_a_connection_lost_before_the_first_word_is_tried_again() -> None:
    def lost(handler: Handler) -> None:
        handler.begin()
        handler.chunk(event(role="assistant", content=""))
        handler.drop()

    with serving(Handler.drop, lost, says("好")) as server:
        assert replied(server.url)[0] == "好"
        assert len(server.recorded.bodies) == 3


def test_retries_end() -> None:
    said, asked = complaint(fails(500, "engine on fire"))
    assert (said, asked) == ("failed (HTTP 500: engine on fire); ask again later", 5)
    said, asked = complaint(fails(429, "slow down"))
    assert (said, asked) == ("has no capacity for us now (HTTP 429: slow down); ask again later", 5)


def test_waits_are_within_the_time_that_an_answer_may_take() -> None:
    begun = time.monotonic()
    _, asked = complaint(fails(500), options=ServedOptions(backoff_s=60, total_s=1))
    assert asked == 1
    assert time.monotonic() - begun < 5


def test_a_wait_that_a_server_asks_for_is_kept_until_its_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    started = time.monotonic()
    with serving(fails(429, retry_after=until), says("好")) as server:
        assert replied(server.url, ServedOptions(backoff_s=0.01, longest_wait_s=5))[0] == "好"
    assert time.monotonic() - started > 0.5  # dates are whole seconds


@pytest.mark.parametrize(
    "options", [ServedOptions(longest_wait_s=30), ServedOptions(longest_wait_s=9000, total_s=60)]
)
def test_a_wait_beyond_what_is_allowed_is_told_at_once(options: ServedOptions) -> None:
    said, asked = complaint(fails(503, "down", retry_after="3600"), options=options)
    assert (said, asked) == ("failed (HTTP 503: down); ask again in 3600 s", 1)


def test_a_used_up_quota_is_not_asked_for_again() -> None:
    said, asked = complaint(fails(429, "You exceeded your current quota", "insufficient_quota"))
    assert asked == 1
    assert "You exceeded your current quota" in said


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (fails(404, "model 'qwen' not found"), "is not there (HTTP 404: model 'qwen' not found); see which"),
        (fails(400, "prompt too long"), "refused the request (HTTP 400: prompt too long)"),
        (fails(401, f"bad key {SECRET}"), "asks for a key (HTTP 401); set CHUCHU_API_KEY"),
    ],
)
def test_a_refusal_is_not_tried_again_and_says_what_to_do(act: Act, said: str) -> None:
    message, asked = complaint(act)
    assert message.startswith(said)
    assert asked == 1


def streams(*pieces: bytes, end: bool = True) -> Act:
    def act(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.chunk(piece)
        if end:
            handler.end()
        else:
            handler.drop()

    return act


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (streams(b"data: {garbage\n\n"), "sent what is no answer"),
        (streams(event("产值"), b"data: {garbage\n\n"), "sent what is no answer"),
        (streams(event("产值"), b"data: \xff\xfe\n\n"), "sent what is no answer"),
        (streams(event("产值"), end=False), "could not be reached or broke off"),
        (streams(event("产值")), "broke off in the middle of its answer"),
        (streams(b"data: [DONE]\n\n"), "ended without a word"),
        (streams(b"data: [1, 2]\n\n", b'data: {"a": 1}\n\n'), "ended without a word"),
        (streams(b'data: {"choices": 5}\n\n', b'data: {"choices": [5]}\n\n'), "ended without a word"),
        (
            streams(event("产值"), b'data: {"error": {"message": "out of memory"}}\n\n'),
            "failed (out of memory)",
        ),
        (streams(event("产值"), b'data: {"error": "out of memory"}\n\n'), "failed (out of memory)"),
        (
            streams(event("产值"), b'event: error\ndata: {"message": "out of memory"}\n\n'),
            "failed (out of memory)",
        ),
        (
            streams(event("产值"), b'data: {"error": {"message": "busy", "code": 503}}\n\n'),
            "failed (HTTP 503: busy)",
        ),
        (streams(event("产"), event(finish="content_filter")), "withheld its answer (content_filter)"),
        (streams(event("产"), event(finish="SAFETY")), "withheld its answer (safety)"),
        (streams(event("产"), event(finish="sensitive")), "withheld its answer (sensitive)"),
    ],
)
def test_what_is_no_whole_answer_is_an_error(act: Act, said: str) -> None:
    message, asked = complaint(act)
    assert message.startswith(said)
    assert asked == 1


def whole(body: bytes, kind: str = "application/json") -> Act:
    """Reply at once, without a stream."""

    def act(handler: Handler) -> None:
        handler.begin(200, kind)
        if body:
            handler.chunk(body)
        handler.end()

    return act


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (
            whole(b"<html>hello</html>", "text/html; charset=utf-8"),
            "sent a page (text/html; charset=utf-8) and no answer; the URL of most servers ends in /v1",
        ),
        (whole(b""), "ended without a word; ask again"),
        (whole(b'{"error": {"message": "no such template"}}'), "failed (no such template); ask again later"),
        (whole(b"{broken"), "sent what is no answer"),
    ],
)
def test_what_is_neither_a_stream_nor_a_reply_is_named(act: Act, said: str) -> None:
    message, asked = complaint(act)
    assert (message[: len(said)], asked) == (said, 1)


def test_a_reply_that_comes_whole_is_an_answer() -> None:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "产值885亿元[1]。"},
        "finish_reason": "length",
    }
    completion = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    with serving(whole(json.dumps(completion).encode())) as server:
        assert replied(server.url) == ("产值885亿元[1]。", Ending(complete=False))


def test_a_stream_under_the_name_of_json_is_read() -> None:
    with serving(whole(event("好") + event(finish="stop"))) as server:
        assert replied(server.url) == ("好", Ending(complete=True))


def test_a_url_without_its_version_is_hinted_at() -> None:
    with serving(fails(404)) as server:
        for url, hinted in ((server.url, False), (server.url.removesuffix("/v1"), True)):
            with pytest.raises(AnswererError, match="is not there") as caught:
                replied(url)
            assert str(caught.value).endswith("; the URL of most servers ends in /v1") is hinted


def test_what_follows_the_mark_of_the_end_is_not_waited_for() -> None:
    freed = threading.Event()

    def linger(handler: Handler) -> None:
        handler.begin()
        handler.chunk(event("好") + b"data: [DONE]\n\n")
        freed.wait(20)

    started = time.monotonic()
    with serving(linger) as server:
        assert replied(server.url) == ("好", Ending(complete=True))
        freed.set()
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("finish", "complete"),
    [("stop", True), ("EOS", True), ("tool_calls", True), ("max_tokens", False), ("MAX_TOKENS", False),
     ("network_error", False), ("insufficient_system_resource", False), ("anything", False)],
)  # fmt: skip
def test_only_a_reply_that_its_model_ended_is_complete(finish: str, complete: bool) -> None:
    with serving(says("产值", finish=finish)) as server:
        assert replied(server.url) == ("产值", Ending(complete=complete))


def test_a_stream_may_end_without_a_reason() -> None:
    with serving(streams(event("产值"), b"data: [DONE]\n\n")) as server:
        assert replied(server.url) == ("产值", Ending(complete=True))


def test_what_fails_behind_the_end_of_a_reply_takes_nothing_from_it() -> None:
    with serving(streams(event("产值"), event(finish="length"), end=False)) as server:
        assert replied(server.url) == ("产值", Ending(complete=False))


def test_the_last_reason_for_the_end_counts() -> None:
    with serving(
        streams(event("产", finish="stop"), event("值", finish="length"), b"data: [DONE]\n\n")
    ) as server:
        assert replied(server.url) == ("产值", Ending(complete=False))


def test_an_error_instead_of_the_first_piece_is_tried_again_by_its_code() -> None:
    busy = streams(b'data: {"error": {"message": "overloaded", "code": 503}}\n\n')
    with serving(busy, whole(b'{"error": {"message": "slow", "code": "429"}}'), says("好")) as server:
        assert replied(server.url)[0] == "好"
    refused = streams(b'data: {"error": {"message": "too long", "code": 400}}\n\n')
    assert complaint(refused) == ("refused the request (HTTP 400: too long)", 1)


def test_a_character_cut_in_two_is_put_together() -> None:
    halves = [json.dumps(half).encode() for half in ("好\ud83d", "\ude00。\ude00\ud83d")]
    pieces = [b'data: {"choices": [{"index": 0, "delta": {"content": %s}}]}\n\n' % half for half in halves]
    with serving(streams(*pieces, event(finish="stop"))) as server:
        assert replied(server.url)[0] == "好😀。\ufffd\ufffd"
    message, _ = complaint(fails(400, "bad \ud83d"))
    assert message == "refused the request (HTTP 400: bad \ufffd)"


def test_a_server_that_falls_silent_is_left_after_a_while() -> None:
    freed = threading.Event()

    def hang(handler: Handler) -> None:
        handler.begin()
        handler.chunk(event("产值"))
        freed.wait(20)

    begun = time.monotonic()
    message, asked = complaint(hang, options=ServedOptions(silence_s=0.3))
    freed.set()
    assert message == "said nothing for 0.3 s; it may be overloaded"
    assert asked == 1
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("said", [b": keep-alive\n\n", b" "])
@pytest.mark.parametrize("begun", [b"", event("产值")])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ServedOptions(silence_s=0.3), "said nothing for 0.3 s; it may be overloaded"),
        (
            ServedOptions(total_s=0.3),
            "took longer than 0.3 s for an answer; ask for less or take a faster model",
        ),
    ],
)
def test_bytes_that_say_nothing_are_silence(
    said: bytes, begun: bytes, options: ServedOptions, message: str
) -> None:
    def hum(handler: Handler) -> None:
        handler.begin()
        if begun:
            handler.chunk(begun)
        for _ in range(300):
            handler.chunk(said)
            time.sleep(0.02)

    started = time.monotonic()
    assert complaint(hum, options=options)[0] == message
    assert time.monotonic() - started < 4
    assert not any(thread.name == "served-model" for thread in threading.enumerate())


def drips(head: bytes, drop: bytes) -> Act:
    """Send a beginning, then the same few bytes again and again, which end nothing."""

    def act(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 " + head)
        for _ in range(300):
            handler.wfile.write(drop)
            handler.wfile.flush()
            time.sleep(0.02)

    return act


@pytest.mark.parametrize(
    "act",
    [
        drips(b"200 OK\r\n", b"X-A: 1\r\n"),
        drips(b"500 Failed\r\nContent-Length: 9999\r\n\r\n", b"no"),
        drips(b"400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nno\r\n"),
        drips(b"404 Gone\r\n\r\n", b"no"),
    ],
    ids=["headers", "sized", "chunked", "until closed"],
)
def test_headers_and_errors_that_drip_are_silence_too(act: Act) -> None:
    started = time.monotonic()
    assert complaint(act, options=ServedOptions(silence_s=0.3))[0].startswith("said nothing for 0.3 s")
    assert complaint(act, options=ServedOptions(total_s=0.3))[0].startswith("took longer than 0.3 s")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("begins", [False, True])
def test_the_whole_time_ends_a_silence_too(begins: bool) -> None:
    freed = threading.Event()

    def hang(handler: Handler) -> None:
        if begins:
            handler.begin()
            handler.chunk(event("产值"))
        freed.wait(20)

    started = time.monotonic()
    message, _ = complaint(hang, options=ServedOptions(silence_s=30, total_s=0.3))
    freed.set()
    assert message.startswith("took longer than 0.3 s for an answer")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("said", ["啊", ""])
def test_a_server_that_never_ends_is_left_after_the_whole_time(said: str) -> None:
    def babble(handler: Handler) -> None:
        handler.begin()
        for _ in range(200):
            handler.chunk(event(said))
            time.sleep(0.02)

    message, asked = complaint(babble, options=ServedOptions(silence_s=5, total_s=0.3))
    assert message.startswith("took longer than 0.3 s for an answer")
    assert asked == 1


def test_no_server_is_an_error_that_asks_for_it() -> None:
    with serving(says("好")) as server:
        url = server.url
    with pytest.raises(AnswererError, match=r"could not be reached or broke off .* is the server running"):
        replied(url, ServedOptions(retries=1, backoff_s=0.01))


def test_closing_the_stream_closes_the_connection() -> None:
    gone = threading.Event()

    def babble(handler: Handler) -> None:
        handler.begin()
        try:
            for _ in range(2000):
                handler.chunk(event("啊"))
                time.sleep(0.005)
        except OSError:
            gone.set()

    with serving(babble) as server:
        pieces = ServedModel(server.url, "qwen", FAST).stream(ASKED, max_new_tokens=50)
        next(pieces)
        pieces.close()
        assert gone.wait(10)


@pytest.mark.parametrize(
    ("model", "pieces"),
    [
        ("qwen", [event("<think>先想"), event("一想</th"), event("ink>\n\n产值885亿元")]),
        ("deepseek-r1", [event("先想一想"), event("</think>产值885亿元")]),
        ("deepseek-r1", [event(reasoning_content="先想一想"), event("产值"), event("885亿元")]),
        ("gpt-oss", [event(reasoning="先想一想"), event("产值885亿元")]),
        ("some-thinking-model", [event("产值885亿元")]),
    ],
)
def test_thoughts_are_no_part_of_the_reply(model: str, pieces: list[bytes]) -> None:
    with serving(streams(*pieces, event(finish="stop"))) as server:
        assert replied(server.url, model=model)[0] == "产值885亿元"


def test_parameters_that_a_model_refuses_are_left_out_and_not_sent_again() -> None:
    refusal = fails(
        400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'. Nor is 'temperature'."
    )
    with serving(refusal, says("好")) as server:
        model = ServedModel(server.url, "o9", FAST)
        for _ in range(2):
            assert next(model.stream(ASKED, max_new_tokens=50)) == "好"
        first, second, third = server.recorded.bodies
    assert "max_tokens" in first
    assert second["max_completion_tokens"] == 50
    assert second == third
    assert not {"max_tokens", "temperature"} & second.keys()


def test_the_key_comes_from_the_environment_and_is_in_no_log_error_or_name(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CHUCHU_API_KEY", SECRET)
    caplog.set_level(logging.DEBUG)
    with serving(fails(500, f"boom {SECRET}"), says("好"), fails(401, f"no {SECRET}")) as server:
        model = ServedModel(server.url, "qwen", FAST)
        assert next(model.stream(ASKED, max_new_tokens=50)) == "好"
        with pytest.raises(AnswererError, match=r"does not accept the key \(HTTP 401\)") as caught:
            list(model.stream(ASKED, max_new_tokens=50))
    assert server.recorded.keys == [SECRET] * 3
    assert SECRET not in caplog.text + str(caught.value) + model.fingerprint
    assert "trying again" in caplog.text


def test_whose_key_goes_where(monkeypatch: pytest.MonkeyPatch) -> None:
    assert api_key("https://api.example/v1") == ""
    monkeypatch.setenv("OPENAI_API_KEY", "general")
    assert api_key("https://api.example/v1") == "general"
    assert api_key("http://localhost:11434/v1") == api_key("http://127.0.0.1:1/v1") == "general"
    assert api_key("http://192.168.1.7:8000/v1") == ""  # it would travel in the clear
    monkeypatch.setenv("CHUCHU_API_KEY", " own ")
    assert api_key("http://192.168.1.7:8000/v1") == "own"


@pytest.mark.parametrize("key", [f"“{SECRET}”", f"{SECRET}\nx", f"{SECRET} x", f"{SECRET}\u200b"])
@pytest.mark.parametrize("variable", KEY_VARIABLES)
def test_a_key_that_cannot_be_sent_is_refused_without_being_repeated(
    key: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, key)
    with pytest.raises(ModelError, match=f"the key in {variable} holds a blank") as caught:
        ServedModel("http://127.0.0.1:1/v1", "qwen")
    assert SECRET not in str(caught.value)


def test_organization_and_project_go_to_openai_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    with serving(says("好")) as server:
        replied(server.url)
    assert not {"openai-organization", "openai-project"} & server.recorded.headers[0].keys()
    for url, sent in (
        ("https://api.openai.com/v1", "org-1"),
        ("https://eu.api.openai.com/v1", "org-1"),
        ("https://api.openai.com.example/v1", None),
        ("http://api.openai.com/v1", None),
    ):
        assert ServedModel(url, "o9")._client.organization == sent


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(says("好")) as server:
        assert replied(server.url)[0] == "好"


@pytest.mark.parametrize("missing", ["openai", "httpx2"])
def test_the_package_that_is_needed_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModelError, match=r"needs the openai package; pip install 'chuchu\[openai\]'"):
        ServedModel("http://127.0.0.1:1/v1", "qwen")


def test_several_may_ask_at_once() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def together(handler: Handler) -> None:
        barrier.wait()
        says("好")(handler)

    with serving(together) as server:
        model = ServedModel(server.url, "qwen", FAST)

        def ask(_: int) -> list[Any]:
            return list(model.stream(ASKED, max_new_tokens=50))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ask, range(4))) == [["好", Ending(complete=True)]] * 4


def test_tokens_are_estimated_from_above() -> None:
    model = ServedModel("http://127.0.0.1:1/v1", "qwen", ServedOptions(context_tokens=4096))
    assert model.context_tokens == 4096
    assert model.count_tokens([Message(role="user", content="园区产值")]) == 8 + 4
    assert model.count_tokens([Message(role="user", content="a" * 400)]) == 8 + 150


def test_events_are_what_the_protocol_says() -> None:
    """The fake itself: one line of JSON behind ``data:``."""
    line = event("好").decode().removeprefix("data: ").strip()
    assert json.loads(line)["choices"][0]["delta"] == {"content": "好"}
