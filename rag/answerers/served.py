"""A language model on any server that speaks the OpenAI protocol: Ollama, vLLM, llama.cpp, LM Studio, hosted ones.

Takes messages, gives pieces of text through the ``openai`` package. The key comes from the environment and goes
nowhere but into the request: no message, log, setting or fingerprint holds it.
"""

from __future__ import annotations

import logging
import math
import os
import re
import time
import weakref
from codecs import getincrementaldecoder
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index.errors import AnswererError, ModelError
from rag.answerers.chat import Ending, ThoughtFilter
from rag.answerers.events import DONE, Piece, ServerError, pieces_of
from rag.answerers.names import is_here
from rag.answerers.watch import Watch
from rag.prompts import Message

if TYPE_CHECKING:
    import httpx2
    from openai import OpenAI

KEY_VARIABLES = ("CHUCHU_API_KEY", "OPENAI_API_KEY")
NO_KEY = "none"  # what a server that needs no key is sent: the client insists on one
MAX_COMPLAINT = 200  # characters of what a server says that are passed on
COMPLETE = ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "tool_calls", "function_call")
WITHHELD = ("content_filter", "safety", "sensitive", "recitation", "blocklist", "prohibited_content")
"""Reasons for the end of a reply, in small letters; any other one means that it was cut."""

_UTF16 = "utf-16-le"
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
            ModelError: the ``openai`` package is not installed or too old, or the key cannot be sent.
        """
        try:
            import httpx2  # noqa: F401 - openai before 3 has another HTTP client
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
            timeout=openai.Timeout(None, connect=o.connect_s),  # the rest is watched here
            max_retries=0,  # done here, where the time that all takes is known
            default_headers={"Connection": "close"},  # each reply has its own, which its watch knows
            http_client=openai.DefaultHttpxClient(
                trust_env=not is_here(url),  # no proxy to this machine
                event_hooks={"request": [_watched]},
            ),
        )
        if not _is_openai(url):  # the client takes them from the environment, even where None is passed
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
        piece, rest = self._begun(messages, max_new_tokens, until)
        if piece is None:
            raise AnswererError(f"{self._where} ended without a word; ask again")
        thoughts = ThoughtFilter(unsure=_MAY_THINK.search(self._model) is not None)
        characters = getincrementaldecoder(_UTF16)("replace")  # JSON can cut those beyond U+FFFF in two
        finish = ""
        with closing(rest):
            try:
                while piece is not None:
                    finish = (finish or "stop") if piece is DONE else (piece.finish or finish)
                    if piece.thinks:
                        yield from _some(thoughts.outside())
                    yield from _some(thoughts.feed(characters.decode(_utf16(piece.text))))
                    piece = next(rest, None)
            except _Refused as refused:
                if not finish:  # what fails behind the end of a reply takes nothing from it
                    raise refused.error from None
        yield from _some(thoughts.feed(characters.decode(b"", final=True)) + thoughts.finish())
        if not finish:
            raise AnswererError(f"{self._where} broke off in the middle of its answer; ask again")
        if finish in WITHHELD:
            raise AnswererError(f"{self._where} withheld its answer ({finish}); ask in other words")
        yield Ending(complete=finish in COMPLETE)

    @property
    def _where(self) -> str:
        return f"the model {self._model!r} at {self._url}"

    def _begun(
        self, messages: Sequence[Message], max_new_tokens: int, until: float
    ) -> tuple[Piece | None, Generator[Piece]]:
        """Return the first piece that says something and those behind it, after as many tries as it takes."""
        o = self._options
        for attempt in range(o.retries + 1):
            pieces = self._pieces(messages, max_new_tokens, until)
            try:
                return next((piece for piece in pieces if piece.says_something), None), pieces
            except _Refused as refused:
                wait = refused.wait_s or min(o.backoff_s * 2**attempt, o.longest_wait_s)
                late = attempt == o.retries or wait > o.longest_wait_s or time.monotonic() + wait > until
                if late or not refused.again:
                    raise refused.error from None
                _log.info("trying again in %.1f s: %s", wait, refused.error)
                time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _pieces(self, messages: Sequence[Message], max_new_tokens: int, until: float) -> Generator[Piece]:
        """Yield the pieces of one reply as they come, each within its time."""
        import httpx2
        import openai

        with closing(Watch()) as watch:
            try:
                watch.deadline = min(until, time.monotonic() + self._options.silence_s)
                with closing(self._request(messages, max_new_tokens, watch)) as response:
                    self._heed(response)
                    for piece in pieces_of(response.iter_bytes()):
                        watch.deadline = math.inf
                        yield piece
                        if late := self._late(watch, until):
                            raise late
                        watch.deadline = min(until, time.monotonic() + self._options.silence_s)
            except (openai.OpenAIError, httpx2.HTTPError, ServerError, ValueError) as error:
                raise self._late(watch, until) or self._refused(error) from None
            if late := self._late(watch, until):
                raise late

    def _request(self, messages: Sequence[Message], max_new_tokens: int, watch: Watch) -> httpx2.Response:
        import openai

        limit = "max_completion_tokens" if "max_tokens" in self._unwelcome else "max_tokens"
        parameters: dict[str, Any] = {limit: max_new_tokens, "temperature": self._options.temperature}
        # Its overloads know no parameters by name.
        create: Any = self._client.chat.completions.with_raw_response.create
        _WATCH.set(watch)
        try:
            reply = create(
                model=self._model,
                messages=[{"role": m.role, "content": m.content} for m in messages],
                stream=True,
                **{name: value for name, value in parameters.items() if name not in self._unwelcome},
            )
        except openai.BadRequestError as error:
            refused = {name for name in ("max_tokens", "temperature") if name in str(error)} - self._unwelcome
            if not refused:
                raise
            self._unwelcome |= frozenset(refused)  # OpenAI's reasoning models take neither
            return self._request(messages, max_new_tokens, watch)
        response: httpx2.Response = reply.http_response
        return response

    def _heed(self, response: httpx2.Response) -> None:
        """Refuse a page, which is what a URL that leads to no model answers with."""
        kind = response.headers.get("content-type", "")
        if "html" in kind:
            page = f"sent a page ({kind}) and no answer; the URL of most servers ends in /v1"
            raise _Refused(AnswererError(f"{self._where} {page}"))

    def _late(self, watch: Watch, until: float) -> _Refused | None:
        """Say what took too long, if anything did: the reply as a whole, or what was waited for."""
        o = self._options
        if time.monotonic() > until:
            said = f"took longer than {o.total_s:g} s for an answer; ask for less or take a faster model"
        elif watch.expired:
            said = f"said nothing for {o.silence_s:g} s; it may be overloaded"
        else:
            return None
        return _Refused(AnswererError(f"{self._where} {said}"))

    def _refused(self, error: Exception) -> _Refused:
        """Say in one sentence what went wrong and what to do, and whether to try again."""
        import httpx2
        import openai

        o = self._options
        status = _status_of(error)
        again, wait = True, 0.0
        if isinstance(error, openai.APITimeoutError):
            said = f"could not be reached within {o.connect_s:g} s; is the server running?"
        elif isinstance(error, (openai.APIConnectionError, httpx2.HTTPError)):
            said = f"could not be reached or broke off ({self._clean(error)}); is the server running?"
        elif status:
            quota = getattr(error, "code", None) == "insufficient_quota"
            again = (status == 429 and not quota) or status >= 500
            wait = _retry_after(error.response.headers) if isinstance(error, openai.APIStatusError) else 0.0
            said = self._status(status, error, wait)
        elif isinstance(error, ServerError):
            said, again = f"failed ({self._clean(error)}); ask again later", False
        else:
            said, again = f"sent what is no answer ({self._clean(error)}); is that a chat model's URL?", False
        return _Refused(AnswererError(f"{self._where} {said}"), again=again, wait_s=wait)

    def _status(self, status: int, error: Exception, wait_s: float) -> str:
        if status in (401, 403):  # what such a server says may repeat the key
            held = "does not accept the key" if self._key else "asks for a key"
            return f"{held} (HTTP {status}); set CHUCHU_API_KEY"
        told, wait = self._clean(error), math.ceil(wait_s)
        if status == 404 and not re.search(r"/v\d", urlsplit(self._url).path):
            return f"is not there (HTTP 404: {told}); the URL of most servers ends in /v1"
        if status == 404:
            return f"is not there (HTTP 404: {told}); see which models the server has"
        if status == 429 and wait:
            return f"has no capacity for us now (HTTP 429: {told}); ask again in {wait} s"
        if status == 429:
            return f"has no capacity for us now (HTTP 429: {told}); ask again later"
        if status >= 500 and wait:
            return f"failed (HTTP {status}: {told}); ask again in {wait} s"
        if status >= 500:
            return f"failed (HTTP {status}: {told}); ask again later"
        return f"refused the request (HTTP {status}: {told})"

    def _clean(self, error: Exception) -> str:
        """Return what an error, or the server in it, says in one line, without the key."""
        body = getattr(error, "body", None)
        said = str(body.get("message") or "") if isinstance(body, dict) else ""
        line = " ".join((said or str(error.__cause__ or error) or type(error).__name__).split())
        line = _utf16(line).decode(_UTF16, "replace")
        return (line.replace(self._key, "…") if self._key else line)[:MAX_COMPLAINT]


_WATCH: ContextVar[Watch] = ContextVar("_WATCH")


def _watched(request: httpx2.Request) -> None:
    """Have the connection of a request told to the watch of its reply."""
    request.extensions["trace"] = _WATCH.get().trace


class _Refused(Exception):  # noqa: N818 - it carries the error that a person sees
    """A try that failed."""

    def __init__(self, error: AnswererError, *, again: bool = False, wait_s: float = 0.0) -> None:
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


def _utf16(text: str) -> bytes:
    """Return a text in UTF-16, where halves of characters that follow each other are one."""
    return text.encode(_UTF16, "surrogatepass")


_WIDE = re.compile(r"[\u2e80-\U0003ffff]")


def _estimate(text: str) -> int:
    wide = len(_WIDE.findall(text))
    return wide + round((len(text) - wide) * 1.5 / 4)


def _some(text: str) -> Iterator[str]:
    """Yield a text unless it is empty."""
    if text:
        yield text


def _status_of(error: Exception) -> int:
    """Return the HTTP status of an error, also of one reported in the stream of a reply; 0 where it has none."""
    code = str(getattr(error, "status_code", None) or getattr(error, "code", None) or "")
    return int(code) if re.fullmatch(r"[45]\d\d", code) else 0


def _retry_after(headers: httpx2.Headers) -> float:
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
