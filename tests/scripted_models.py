"""A chat model that replies by script and a checker that compares figures and words: deterministic, without weights."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence

from index.errors import AnswererError
from index.sentences import split_sentences
from rag.answerers.base import Answerer, Draft, Question
from rag.answerers.chat import Ending
from rag.checking import Checked, Support
from rag.datatypes import DoubtReason, Passage
from rag.prompts import Message


class ScriptedModel:
    """Replies with given texts in turn, in pieces of a few characters; remembers what it was asked.

    A text of "!…" is an error; ``closed`` counts the replies that were not read to their end.
    """

    def __init__(
        self, *replies: str, size: int = 3, complete: bool = True, context_tokens: int = 100_000
    ) -> None:
        self.replies = list(replies)
        self.size, self.complete, self.context_tokens = size, complete, context_tokens
        self.asked: list[list[Message]] = []
        self.most: list[int] = []
        self.closed = 0

    @property
    def fingerprint(self) -> str:
        return "scripted"

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content) for message in messages)

    def stream(self, messages: Sequence[Message], *, max_new_tokens: int) -> Generator[str | Ending]:
        self.asked.append(list(messages))
        self.most.append(max_new_tokens)
        reply = self.replies.pop(0)
        if reply.startswith("!"):
            raise AnswererError(reply[1:])
        done = False
        try:
            for at in range(0, len(reply), self.size):
                yield reply[at : at + self.size]
            yield Ending(complete=self.complete)
            done = True
        finally:
            self.closed += not done


class WordChecker:
    """Bears a sentence out where one cited passage has its figures and half of its character pairs."""

    def check(self, sentence: str, cited: Sequence[Passage], *, question: str = "") -> Checked:
        supports = sorted((_support(sentence, p) for p in cited), key=lambda s: -s.score)
        best = next(p for p in cited if p.number == supports[0].passage)
        missing = tuple(f for f in re.findall(r"\d[\d.]*", sentence) if f not in best.text)
        reason: DoubtReason | None = "figure" if missing else "support" if supports[0].score < 0.5 else None
        return Checked(supports=tuple(supports), reason=reason, missing=missing)

    def attribute(self, sentence: str, passages: Sequence[Passage], *, question: str = "") -> Checked:
        found = self.check(sentence, passages, question=question)
        return Checked(supports=found.supports[:1], reason=found.reason, missing=found.missing)


def _support(sentence: str, passage: Passage) -> Support:
    best = max(split_sentences(passage.text), key=lambda span: _overlap(sentence, passage.text[slice(*span)]))
    return Support(
        passage=passage.number, quotes=(best,), score=_overlap(sentence, passage.text[slice(*best)])
    )


def _overlap(sentence: str, text: str) -> float:
    words = re.sub(r"\W", "", sentence)
    pairs = {words[n : n + 2] for n in range(len(words) - 1)}
    return sum(pair in re.sub(r"\W", "", text) for pair in pairs) / max(1, len(pairs))


class FixedAnswerer:
    """Extracts what it is told to: the answerer that is asked for a first guess."""

    fingerprint = "fixed"

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def stream(self, question: Question, passages: Sequence[Passage]) -> Generator[str | Draft]:
        yield self.draft.text
        yield self.draft


NOTHING_EXTRACTED = Draft(answered=False, text="文档中没有找到答案。", short_answer="", confidence=0.1)


def as_answerer(draft: Draft) -> Answerer:
    return FixedAnswerer(draft)


def passages_of(*texts: str) -> list[Passage]:
    """Passages with these texts, each its own document."""
    return [
        Passage(
            number=n,
            document_id=n,
            source=f"docs/{n}.txt",
            title=f"文档{n}",
            text=text,
            spans=((0, len(text)),),
        )
        for n, text in enumerate(texts, start=1)
    ]
