"""A language model on any server that speaks the OpenAI protocol: Ollama, vLLM, llama.cpp, LM Studio, hosted ones.

Takes messages, gives pieces of text through the ``openai`` package. The key comes from the environment and goes
nowhere but into the request: no message, log, setting or fingerprint holds it.
"""

from __future__ import annotations

import logging
import os
import re
import time
import weakref
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from index.errors import AnswererError, ModelError
from rag.answerers.chat import Ending, ThoughtFilter
from rag.answerers.names import is_here
from rag.prompts import Message

if TYPE_CHECKING:
    from openai import OpenAI, Stream
    from openai.types.chat import ChatCompletionChunk

KEY_VARIABLES = ("CHUCHU_API_KEY", "OPENAI_API_KEY")
NO_KEY = "none"  # what a server that needs no key is sent: the client insists on one
MAX_COMPLAINT = 200  # characters of what a server says that are passed on

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
    longest_wait_s: float = 30.0  # that a server's Retry-After is heeded up to


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
        chunk, chunks = self._begun(messages, max_new_tokens, until)
        thoughts = ThoughtFilter(unsure=_MAY_THINK.search(self._model) is not None)
        finish = ""
        try:
            while chunk is not None:
                for choice in _choices(chunk)[:1]:
                    finish = choice.finish_reason or finish
                    if _thought(choice.delta):
                        yield from _some(thoughts.outside())
                    yield from _some(thoughts.feed(_content(choice.delta)))
                chunk = self._next(chunks, until)
            yield from _some(thoughts.finish())
        except _Refused as refused:
            raise refused.error from None
        finally:
            chunks.close()
        if not finish:
            raise AnswererError(f"{self._where} broke off in the middle of its answer; ask again")
        if finish == "content_filter":
            raise AnswererError(f"{self._where} withheld its answer (content_filter); ask in other words")
        yield Ending(complete=finish != "length")

    @property
    def _where(self) -> str:
        return f"the model {self._model!r} at {self._url}"

    def _begun(
        self, messages: Sequence[Message], max_new_tokens: int, until: float
    ) -> tuple[ChatCompletionChunk | None, Stream[ChatCompletionChunk]]:
        """Return the first piece of a reply and the stream of the rest, after as many tries as it takes."""
        for attempt in range(self._options.retries + 1):
            try:
                chunks = self._request(messages, max_new_tokens)
                return self._first(chunks, until), chunks
            except _Refused as refused:
                wait = min(
                    refused.wait_s or self._options.backoff_s * 2**attempt, self._options.longest_wait_s
                )
                late = attempt == self._options.retries or time.monotonic() + wait > until
                if late or not refused.again:
                    raise refused.error from None
                _log.info("trying again in %.1f s: %s", wait, refused.error)
                time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _request(self, messages: Sequence[Message], max_new_tokens: int) -> Stream[ChatCompletionChunk]:
        import openai

        limit = "max_completion_tokens" if "max_tokens" in self._unwelcome else "max_tokens"
        parameters: dict[str, Any] = {limit: max_new_tokens, "temperature": self._options.temperature}
        create: Any = self._client.chat.completions.create  # whose overloads know no parameters by name
        try:
            chunks = create(
                model=self._model,
                messages=[{"role": m.role, "content": m.content} for m in messages],
                stream=True,
                **{name: value for name, value in parameters.items() if name not in self._unwelcome},
            )
            return cast("Stream[ChatCompletionChunk]", chunks)
        except openai.BadRequestError as error:
            refused = {name for name in ("max_tokens", "temperature") if name in str(error)} - self._unwelcome
            if not refused:
                raise self._refused(error) from None
            self._unwelcome |= frozenset(refused)  # OpenAI's reasoning models take neither
            return self._request(messages, max_new_tokens)
        except openai.OpenAIError as error:
            raise self._refused(error) from None

    def _first(self, chunks: Stream[ChatCompletionChunk], until: float) -> ChatCompletionChunk | None:
        """Return the first piece that says something; None where the reply ends without one."""
        try:
            first = self._next(chunks, until)
            while first is not None and not _says_something(first):
                first = self._next(chunks, until)
            return first
        except _Refused:
            chunks.close()
            raise

    def _next(self, chunks: Iterator[ChatCompletionChunk], until: float) -> ChatCompletionChunk | None:
        """Return the next piece; None at the end."""
        import openai

        if time.monotonic() > until:
            late = AnswererError(
                f"{self._where} took longer than {self._options.total_s:g} s for an answer; "
                "ask for less or take a faster model"
            )
            raise _Refused(late, again=False, wait_s=0.0)
        try:
            return next(chunks, None)
        except (openai.OpenAIError, ValueError) as error:  # ValueError: what came is no JSON
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> _Refused:
        """Say in one sentence what went wrong and what to do, and whether to try again."""
        import openai

        o = self._options
        again, wait = True, 0.0
        if isinstance(error, openai.APITimeoutError) and "Connect" in type(error.__cause__).__name__:
            said = f"could not be reached within {o.connect_s:g} s; is the server running?"
        elif isinstance(error, openai.APITimeoutError):
            said, again = f"said nothing for {o.silence_s:g} s; it may be overloaded", False
        elif isinstance(error, openai.APIConnectionError):
            said = f"could not be reached or broke off ({self._clean(error)}); is the server running?"
        elif isinstance(error, openai.APIStatusError):
            again = error.status_code == 429 or error.status_code >= 500
            wait = _retry_after(error.response.headers)
            said = self._status(error.status_code, error)
        else:
            said, again = f"sent what is no answer ({self._clean(error)}); is that a chat model's URL?", False
        return _Refused(AnswererError(f"{self._where} {said}"), again=again, wait_s=wait)

    def _status(self, status: int, error: Exception) -> str:
        if status in (401, 403):  # what such a server says may repeat the key
            held = "does not accept the key" if self._key else "asks for a key"
            return f"{held} (HTTP {status}); set CHUCHU_API_KEY"
        if status == 404:
            return f"is not there (HTTP 404: {self._clean(error)}); see which models the server has"
        if status == 429:
            return f"has no capacity for us now (HTTP 429: {self._clean(error)}); ask again later"
        if status >= 500:
            return f"failed (HTTP {status}: {self._clean(error)}); ask again later"
        return f"refused the request (HTTP {status}: {self._clean(error)})"

    def _clean(self, error: Exception) -> str:
        """Return what an error, or the server in it, says in one line, without the key."""
        body = getattr(error, "body", None)
        said = str(body.get("message") or "") if isinstance(body, dict) else ""
        line = " ".join((said or str(error.__cause__ or error) or type(error).__name__).split())
        return (line.replace(self._key, "…") if self._key else line)[:MAX_COMPLAINT]


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


def _retry_after(headers: Any) -> float:
    """Return the seconds that a server asks to wait, 0 where it does not say in seconds."""
    try:
        return max(0.0, float(headers.get("retry-after", "0")))
    except ValueError:
        return 0.0
