"""What an answerer is: it takes a question and numbered passages, gives pieces of text and then a draft.

It knows nothing of libraries, files or screens. The assistant turns a draft into an ``Answer`` by checking
each claim against the stored text (`rag.citations.cite`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from index.datatypes import Span as TextSpan
from rag.datatypes import Doubt, Passage, Verdict

NOT_FOUND: Mapping[str, str] = {"zh": "文档中没有找到答案。", "en": "The documents do not say."}
"""What every answerer says, and language models are told to say, when the passages do not hold the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. ``text`` stands alone: a follow-up has been rewritten with its history."""

    text: str
    language: str  # ISO 639-1; the answer is framed in it
    original: str = ""  # as the person wrote it, where that differs from `text`
    history: tuple[tuple[str, str], ...] = ()  # earlier (question, answer) pairs, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A stretch of the draft's text and the words of one passage that it stands on."""

    start: int  # half-open, into `Draft.text`, its marker [n] included
    end: int
    number: int  # the n of its marker [n], from 1
    passage: int  # `Passage.number`
    quotes: tuple[TextSpan, ...]  # half-open, into `Passage.text`
    verdict: Verdict = "supported"  # "unsupported": the passage does not bear the sentence out


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A finished reply whose citations are not yet verified; the last thing an answerer yields."""

    answered: bool  # False: the passages do not say
    text: str  # equal to the pieces yielded before it, joined
    short_answer: str  # "" when the question asks for no short one, or is not answered
    confidence: float  # 0..1, calibrated: the chance that the short answer is right
    claims: tuple[Claim, ...] = ()
    notes: tuple[str, ...] = ()  # what the person should know: sources that disagree
    doubts: tuple[Doubt, ...] = ()  # sentences that failed their check


@runtime_checkable
class Answerer(Protocol):
    """Anything that answers from passages: the extractive one, a local language model, a server."""

    @property
    def fingerprint(self) -> str:
        """Name and settings in one short string, recorded with each answer."""
        ...

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """Yield pieces of the text as they come, then exactly one `Draft`.

        Raises:
            AnswererError: a model could not be reached or failed.
        """
        ...


@runtime_checkable
class Rewriter(Protocol):
    """An answerer that can also make a follow-up question stand alone, better than rules do."""

    def rewrite(self, question: str, history: Sequence[tuple[str, str]], language: str) -> str:
        """Return the question with what it leaves to its history put in; "" when that did not succeed.

        ``history`` is earlier (question, answer) pairs, oldest first. Never raises an `AnswererError`.
        """
        ...


def draft_of(answerer: Answerer, question: Question, passages: Sequence[Passage]) -> Draft:
    """Return the draft at the end of the stream, for callers who want no pieces."""
    for piece in answerer.stream(question, passages):
        if isinstance(piece, Draft):
            return piece
    raise RuntimeError(
        f"{answerer.fingerprint} ended its stream without a draft; an Answerer must yield one last"
    )
