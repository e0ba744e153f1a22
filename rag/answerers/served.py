"""A language model on any server that speaks the OpenAI protocol: Ollama, vLLM, llama.cpp, LM Studio, hosted ones.

Takes messages, gives pieces of text through the ``openai`` package. The key comes from the environment and goes
nowhere but into the request: no message, log, setting or fingerprint holds it.
"""

from __future__ import annotations

import json
import logging
import math
import os
import re
import socket
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import AnswererError, ModelError
from rag.answerers.chat import Ending, ThoughtFilter
from rag.answerers.names import is_here
from rag.prompts import Message

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletionChunk

KEY_VARIABLES = ("CHUCHU_API_KEY", "OPENAI_API_KEY")
NO_KEY = "none"  # what a server that needs no key is sent: the client insists on one
MAX_COMPLAINT = 200  # characters of what a server says that are passed on
COMPLETE = ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "tool_calls", "function_call")
WITHHELD = ("content_filter", "safety", "sensitive", "recitation", "blocklist", "prohibited_content")
"""Reasons for the end of a reply, in small letters; any other one means that it was cut."""

_MAY_THINK = re.compile(r"r1\b|qwq|think|reason", re.IGNORECASE)  # models whose prompt opens a thought
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedOptions:
    """How a server is asked; times in seconds."""

    temperature: float = 0.0  # 0: the likeliest word each time
    context_tokens: int = 8192  # of prompt and reply; servers do not say how many they take
    connect_s: float = 5.0
    silence_s: float = 300.0  # until the first piece, and between two; two cores take minutes for a prompt
    total_s: float = 600.0  # of one reply, retries included
    retries: int = 4  # after 429, 5xx and lost connections, as long as nothing of the reply has come
    backoff_s: float = 0.5  # before the first retry; doubled for each further one
    longest_wait_s: float = 30.0  # before a retry; a server that asks for more is not asked again


class ServedModel:
    """A chat model behind a base URL; several threads may ask at once."""

    def __init__(self, url: str, model: str, options: ServedOptions | None = None) -> None:
        """Take the base URL and the server's name for the model; nothing is asked of the server yet.

        Raises:
            ModelError: the ``openai`` package is not installed, or the key cannot be sent.
        """
        try:
            import openai
        except ImportError as error:
            raise ModelError(
                f"the answerer openai:{url}#{model} needs the openai package; pip install 'chuchu[openai]'"
            ) from error
        self._url = url
        self._model = model
        self._options = options or ServedOptions()
        self._key = api_key(url)
        self._unwelcome: frozenset[str] = frozenset()  # parameters that this model has refused
        o = self._options
        self._client: OpenAI = openai.OpenAI(
            base_url=url,
            api_key=self._key or NO_KEY,
            timeout=openai.Timeout(o.silence_s, connect=o.connect_s),
            max_retries=0,  # done here, where the time that all takes is known
            http_client=openai.DefaultHttpxClient(trust_env=not is_here(url)),  # no proxy to this machine
        )
        if not _is_openai(
            url
        ):  # the client takes them from the environment, and passing None does not keep it from that
            self._client.organization = self._client.project = None
        weakref.finalize(self, self._client.close)

    @property
    def fingerprint(self) -> str:
        """URL, model and temperature."""
        return f"openai:{self._url}#{self._model} temperature={self._options.temperature:g}"

    @property
    def context_tokens(self) -> int:
        """The most tokens of prompt and reply together, as the options say."""
        return self._options.context_tokens

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of messages from above: the server's tokenizer is not known here.

        A character of Chinese counts 1, four of other text 1.5, a message 8 for its frame.
        """
        return sum(8 + _estimate(message.content) for message in messages)

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int) -> Generator[str | Ending]:
        """Yield the reply as it comes, without its thoughts, then its ending.

        Raises:
            AnswererError: the server could not be reached, refused, fell silent, or broke off.
        """
        until = time.monotonic() + self._options.total_s
        chunk, reply = self._begun(messages, max_new_tokens, until)
        thoughts = ThoughtFilter(unsure=_MAY_THINK.search(self._model) is not None)
        characters = _Characters()
        finish = ""
        said = chunk is not None
        try:
            while chunk is not None:
                for choice in _choices(chunk)[:1]:
                    finish = choice.finish_reason or finish
                    if _thought(choice.delta):
                        yield from _some(thoughts.outside())
                    yield from _some(thoughts.feed(characters.feed(_content(choice.delta))))
                chunk = self._next(reply, until)
            yield from _some(thoughts.feed(characters.finish()) + thoughts.finish())
        except _Refused as refused:
            raise refused.error from None
        finally:
            reply.close()
        reason = str(finish).lower()
        if not said:
            raise AnswererError(f"{self._where} ended without a word; ask again{self._hint}")
        if not reason and not reply.done:
            raise AnswererError(f"{self._where} broke off in the middle of its answer; ask again")
        if reason in WITHHELD:
            raise AnswererError(f"{self._where} withheld its answer ({reason}); ask in other words")
        yield Ending(complete=not reason or reason in COMPLETE)

    @property
    def _where(self) -> str:
        return f"the model {self._model!r} at {self._url}"

    @property
    def _hint(self) -> str:
        """What may be wrong with a URL that leads to no chat model; "" where it looks as usual."""
        usual = re.search(r"/v\d", urlsplit(self._url).path)
        return "" if usual else "; the URL of most servers ends in /v1"

    def _begun(
        self, messages: Sequence[Message], max_new_tokens: int, until: float
    ) -> tuple[ChatCompletionChunk | None, _Reply]:
        """Return the first piece of a reply and the reply, after as many tries as it takes."""
        o = self._options
        for attempt in range(o.retries + 1):
            try:
                reply = self._request(messages, max_new_tokens, until)
                return self._first(reply, until), reply
            except _Refused as refused:
                wait = refused.wait_s or min(o.backoff_s * 2**attempt, o.longest_wait_s)
                late = attempt == o.retries or wait > o.longest_wait_s or time.monotonic() + wait > until
                if late or not refused.again:
                    raise refused.error from None
                _log.info("trying again in %.1f s: %s", wait, refused.error)
                time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _request(self, messages: Sequence[Message], max_new_tokens: int, until: float) -> _Reply:
        import openai

        o = self._options
        limit = "max_completion_tokens" if "max_tokens" in self._unwelcome else "max_tokens"
        parameters: dict[str, Any] = {limit: max_new_tokens, "temperature": o.temperature}
        # Its overloads know no parameters by name.
        create: Any = self._client.chat.completions.with_raw_response.create
        patience = min(o.silence_s, max(0.001, until - time.monotonic()))
        try:
            raw = create(
                model=self._model,
                messages=[{"role": m.role, "content": m.content} for m in messages],
                stream=True,
                timeout=openai.Timeout(patience, connect=o.connect_s),
                **{name: value for name, value in parameters.items() if name not in self._unwelcome},
            )
        except openai.BadRequestError as error:
            refused = {name for name in ("max_tokens", "temperature") if name in str(error)} - self._unwelcome
            if not refused:
                raise self._refused(error) from None
            self._unwelcome |= frozenset(refused)  # OpenAI's reasoning models take neither
            return self._request(messages, max_new_tokens, until)
        except openai.OpenAIError as error:
            raise self._late() if time.monotonic() > until else self._refused(error) from None
        return _Reply(raw)

    def _first(self, reply: _Reply, until: float) -> ChatCompletionChunk | None:
        """Return the first piece that says something; None where the reply ends without one."""
        try:
            if "html" in reply.kind:
                page = f"{self._where} sent a page ({reply.kind}) and no answer; is that a chat model's URL?"
                raise _Refused(AnswererError(page + self._hint), again=False, wait_s=0.0)
            first = self._next(reply, until)
            while first is not None and not _says_something(first):
                first = self._next(reply, until)
            return first
        except BaseException:
            reply.close()
            raise

    def _next(self, reply: _Reply, until: float) -> ChatCompletionChunk | None:
        """Return the next piece; None at the end."""
        import openai

        if time.monotonic() > until:
            raise self._late()
        deadline = min(until, time.monotonic() + self._options.silence_s)
        try:
            with reply.watch.until(deadline):
                piece = reply.next()
            failed = None
        except (openai.OpenAIError, ValueError) as error:  # ValueError: what came is no JSON
            piece, failed = None, error
        if reply.watch.expired or failed is not None:
            if time.monotonic() > until:
                raise self._late()
            raise self._refused(failed) if failed and not reply.watch.expired else self._silent()
        return piece

    def _late(self) -> _Refused:
        said = f"{self._where} took longer than {self._options.total_s:g} s for an answer"
        return _Refused(
            AnswererError(f"{said}; ask for less or take a faster model"), again=False, wait_s=0.0
        )

    def _silent(self) -> _Refused:
        said = f"{self._where} said nothing for {self._options.silence_s:g} s; it may be overloaded"
        return _Refused(AnswererError(said), again=False, wait_s=0.0)

    def _refused(self, error: Exception) -> _Refused:
        """Say in one sentence what went wrong and what to do, and whether to try again."""
        import openai

        o = self._options
        status = _status_of(error)
        again, wait = True, 0.0
        if isinstance(error, openai.APITimeoutError) and "Connect" in type(error.__cause__).__name__:
            said = f"could not be reached within {o.connect_s:g} s; is the server running?"
        elif isinstance(error, openai.APITimeoutError):
            return self._silent()
        elif isinstance(error, openai.APIConnectionError):
            said = f"could not be reached or broke off ({self._clean(error)}); is the server running?"
        elif status:
            quota = getattr(error, "code", None) == "insufficient_quota"
            again = (status == 429 and not quota) or status >= 500
            wait = _retry_after(error.response.headers) if isinstance(error, openai.APIStatusError) else 0.0
            said = self._status(status, error, wait)
        elif getattr(error, "body", None):
            said, again = f"failed ({self._clean(error)}); ask again later", False
        else:
            said, again = f"sent what is no answer ({self._clean(error)}); is that a chat model's URL?", False
        return _Refused(AnswererError(f"{self._where} {said}"), again=again, wait_s=wait)

    def _status(self, status: int, error: Exception, wait_s: float) -> str:
        later = f"ask again in {math.ceil(wait_s)} s" if wait_s else "ask again later"
        if status in (401, 403):  # what such a server says may repeat the key
            held = "does not accept the key" if self._key else "asks for a key"
            return f"{held} (HTTP {status}); set CHUCHU_API_KEY"
        if status == 404:
            return (
                f"is not there (HTTP 404: {self._clean(error)}); see which models the server has{self._hint}"
            )
        if status == 429:
            return f"has no capacity for us now (HTTP 429: {self._clean(error)}); {later}"
        if status >= 500:
            return f"failed (HTTP {status}: {self._clean(error)}); {later}"
        return f"refused the request (HTTP {status}: {self._clean(error)})"

    def _clean(self, error: Exception) -> str:
        """Return what an error, or the server in it, says in one line, without the key."""
        body = getattr(error, "body", None)
        said = str(body.get("message") or "") if isinstance(body, dict) else ""
        if isinstance(body, str) and not _status_of(error):
            said = body
        line = _whole(" ".join((said or str(error.__cause__ or error) or type(error).__name__).split()))
        return (line.replace(self._key, "…") if self._key else line)[:MAX_COMPLAINT]


class _Reply:
    """The pieces of one reply as they come; a reply that came at once, from a server that cannot stream, is one."""

    def __init__(self, raw: Any) -> None:
        self.kind = str(raw.headers.get("content-type", ""))
        self.watch = _Watch(raw.http_response)
        self._response = raw.http_response
        self._events: Any = raw.parse(to=_events())
        self._unread = "json" in self.kind
        self._whole = False

    @property
    def done(self) -> bool:
        """Whether the server said that this was all."""
        return self._whole or bool(self._events.done)

    def next(self) -> ChatCompletionChunk | None:
        """Return the next piece; None at the end."""
        if self._unread:
            self._unread = False
            body = self._read()
            self._whole = body.startswith(b"{")  # some stream under the wrong name
            if self._whole:
                return _as_chunk(json.loads(body), self._response)
        piece: ChatCompletionChunk | None = next(self._events, None)
        return piece

    def close(self) -> None:
        """Close the connection."""
        self.watch.stop()
        self._events.close()

    def _read(self) -> bytes:
        import openai

        try:
            return bytes(self._response.read()).strip()
        except Exception as error:  # of the HTTP client, which the openai package names only where it reads
            raise openai.APIConnectionError(request=self._response.request) from error


class _Watch:
    """Breaks a connection off where a wait takes too long.

    The client's own limit begins anew with each byte: a server that sends comments or single bytes never meets it.
    """

    def __init__(self, response: Any) -> None:
        self.expired = False
        self._response = response
        self._deadline = math.inf  # none: nothing is waited for
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="served-model", daemon=True)
        self._thread.start()

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Give what is done here until a time of the monotonic clock."""
        self._set(deadline)
        try:
            yield
        finally:
            self._set(math.inf)

    def stop(self) -> None:
        """End the thread."""
        self._set(-math.inf)
        self._thread.join()

    def _set(self, deadline: float) -> None:
        with self._changed:
            self._deadline = deadline
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while (left := self._deadline - time.monotonic()) > 0:
                self._changed.wait(None if left == math.inf else left)
            self.expired = self._deadline > -math.inf
            if self.expired:
                _break_off(self._response)


def _break_off(response: Any) -> None:
    """End a connection from another thread; closing it alone would not wake the one that reads."""
    connection = response.extensions["network_stream"].get_extra_info("socket")
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Refused(Exception):  # noqa: N818 - it carries the error that a person sees
    """A try that failed."""

    def __init__(self, error: AnswererError, *, again: bool, wait_s: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.again = again
        self.wait_s = wait_s  # that the server asks for; 0: it does not say


def api_key(url: str) -> str:
    """Return the key for a server from the environment, "" where there is none for it.

    ``CHUCHU_API_KEY`` goes to whatever server is named. ``OPENAI_API_KEY`` was set for another purpose: it goes
    only where the connection is encrypted, or stays on this machine.

    Raises:
        ModelError: it cannot be sent: it holds blanks, line breaks or characters beyond ASCII.
    """
    own, general = (os.environ.get(name, "").strip() for name in KEY_VARIABLES)
    key = own or (general if urlsplit(url).scheme == "https" or is_here(url) else "")
    if re.search(r"[^!-~]", key):
        raise ModelError(
            f"the key in {KEY_VARIABLES[0] if own else KEY_VARIABLES[1]} holds a blank, a line break or a character "
            "that is not ASCII, such as a curly quotation mark; copy it again, the key alone"
        )
    return key


def _is_openai(url: str) -> bool:
    """Whether a URL is OpenAI's own, whose organizations and projects the environment may name."""
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname}".endswith(".api.openai.com")


@cache
def _events() -> Any:
    """Return the openai package's stream of pieces, made to tell whether it came to its end."""
    import openai
    from openai.types.chat import ChatCompletionChunk

    class Events(openai.Stream[ChatCompletionChunk]):
        done = False

        def _iter_events(self) -> Iterator[Any]:
            for event in super()._iter_events():
                self.done = self.done or event.data.startswith("[DONE]")
                if event.event == "error":
                    raise _stream_error(event.json(), self.response)
                yield event

    return Events


def _stream_error(said: Any, response: Any) -> Exception:
    """Return the error that a server reports where an answer should stand."""
    import openai

    error = said.get("error", said) if isinstance(said, dict) else said
    message = error.get("message") if isinstance(error, dict) else error
    return openai.APIError(str(message), request=response.request, body=error)


def _as_chunk(completion: Any, response: Any) -> ChatCompletionChunk:
    """Return a reply that came whole as the one piece of a streamed one."""
    from openai.types.chat import ChatCompletionChunk

    if completion.get("error"):
        raise _stream_error(completion, response)
    choices = [
        {**choice, "delta": choice.get("message")}
        for choice in completion.get("choices") or ()
        if isinstance(choice, dict)
    ]
    return ChatCompletionChunk.construct(**{**completion, "choices": choices})


class _Characters:
    """Takes text in pieces, gives it in whole characters: JSON can cut those beyond U+FFFF in two."""

    def __init__(self) -> None:
        self._half = ""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what is whole, with U+FFFD for what can no longer be."""
        text = self._half + piece
        cut = len(text) - ("\ud800" <= text[-1:] <= "\udbff")
        self._half = text[cut:]
        return _whole(text[:cut])

    def finish(self) -> str:
        """Return what is left."""
        return _whole(self._half)


def _whole(text: str) -> str:
    """Join the halves of characters, and write U+FFFD for those that stand alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


_WIDE = re.compile(r"[\u2e80-\U0003ffff]")


def _estimate(text: str) -> int:
    wide = len(_WIDE.findall(text))
    return wide + round((len(text) - wide) * 1.5 / 4)


def _choices(chunk: Any) -> Sequence[Any]:
    """Return a piece's choices: none in one that only counts tokens, or is of another make."""
    return [choice for choice in getattr(chunk, "choices", None) or () if hasattr(choice, "delta")]


def _content(delta: Any) -> str:
    """Return the text of a piece, which some servers send as a list of parts."""
    content = getattr(delta, "content", None)
    if isinstance(content, list):
        texts = [
            part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"
        ]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _says_something(chunk: Any) -> bool:
    """Whether a piece holds more than the role that most replies begin with."""
    return any(
        choice.finish_reason or _thought(choice.delta) or _content(choice.delta) for choice in _choices(chunk)
    )


def _thought(delta: Any) -> bool:
    """Whether a piece carries a thought of its own, as servers with a reasoning parser send it."""
    return bool(getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None))


def _some(text: str) -> Iterator[str]:
    """Yield a text unless it is empty."""
    if text:
        yield text


def _status_of(error: Exception) -> int:
    """Return the HTTP status of an error, also of one reported in the stream of a reply; 0 where it has none."""
    code = str(getattr(error, "status_code", None) or getattr(error, "code", None) or "")
    return int(code) if re.fullmatch(r"[45]\d\d", code) else 0


def _retry_after(headers: Any) -> float:
    """Return the seconds that a server asks to wait, as a number or until a date; 0 where it does not say."""
    said = str(headers.get("retry-after", ""))
    try:
        return max(0.0, float(said)) if math.isfinite(float(said)) else 0.0
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
