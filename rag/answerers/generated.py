"""Answers written by a language model and held to their citations while they are being written.

    question, passages ─▶ extracted guess ─▶ prompt ─▶ pieces ─▶ sentences and markers ─▶ checked ─▶ draft

Takes any `ChatModel` and a checker; knows no library that runs one. What it yields is what the draft holds: a
marker is renumbered, left out or put in before it is shown, and with ``strict`` a sentence is shown when it has
passed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from index.errors import AnswererError
from index.text import fold, is_chinese
from rag import prompts
from rag.answerers.base import NOT_FOUND, Answerer, Claim, Draft, Question, draft_of
from rag.answerers.chat import ChatModel, Ending
from rag.answerers.markers import LEADS, LEADS_EN, SAYS, SAYS_EN, Marked, SentenceParser
from rag.asks import EXPLANATIONS
from rag.checking import Checked, Support, is_checkable
from rag.checking.agreement import absent
from rag.checking.claims import claimed, refuses
from rag.datatypes import Doubt, Passage
from rag.prompts import Message, PromptLanguage
from rag.questions import analyse_question

MAX_ATTRIBUTED = 2  # markers put behind a sentence that came without one
REWRITE_TOKENS = 160  # a question is short; a model that goes on is not rewriting
MAX_REWRITTEN = 200  # characters

NOTES: Mapping[str, Mapping[PromptLanguage, str]] = {
    "unknown": {
        "zh": "模型引用了{count}个不存在的段落编号，已去掉。",
        "en": "The model cited {count} passage numbers that do not exist; they were left out.",
    },
    "removed": {
        "zh": "有{count}句话没有通过引文核对，已删去。",
        "en": "{count} sentences that their passages do not bear out were removed.",
    },
    "cut": {
        "zh": "回答达到了长度上限或被中断，可能不完整。",
        "en": "The answer reached the longest length allowed or was broken off, and may be incomplete.",
    },
    "left_out": {
        "zh": "模型一次读不下全部段落，最后{count}段没有给它看。",
        "en": "The last {count} passages did not fit into what the model reads at once.",
    },
    "differs": {
        "zh": "直接从段落摘出的答案是“{extracted}”，上面的回答里没有相同的内容；请核对引文。",
        "en": 'The answer extracted from the passages is "{extracted}", which the text above does not say; '
        "compare the citations.",
    },
}

_log = logging.getLogger(__name__)


class Checker(Protocol):
    """The part of `rag.checking.SentenceChecker` that is used here; sentences come without markers."""

    def check(self, sentence: str, cited: Sequence[Passage], *, question: str = "") -> Checked:
        """Say whether the cited passages bear a sentence out, and with which words."""
        ...

    def attribute(self, sentence: str, passages: Sequence[Passage], *, question: str = "") -> Checked:
        """Say which passages bear out a sentence that cites none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratingOptions:
    """How an answer is asked for and held to its passages."""

    strict: bool = False  # sentences that fail their check are left out rather than marked
    max_new_tokens: int = 1024  # of an answer
    threshold: float = 0.4  # confidence, 0..1, at most, of an answer that the model refuses


class GeneratedAnswerer:
    """An answerer whose sentences a language model writes."""

    def __init__(
        self,
        model: ChatModel,
        extractive: Answerer,
        checker: Checker,
        options: GeneratingOptions | None = None,
    ) -> None:
        """Take the model, the answerer that extracts a first guess, and what checks sentences."""
        self._model = model
        self._extractive = extractive
        self._checker = checker
        self._options = options or GeneratingOptions()

    @property
    def fingerprint(self) -> str:
        """Model, prompts and options, and the extractive answerer that is asked first."""
        options = f"strict={self._options.strict} max_new_tokens={self._options.max_new_tokens}"
        return (
            f"{self._model.fingerprint} prompts={prompts.digest()} {options}, {self._extractive.fingerprint}"
        )

    def stream(self, question: Question, passages: Sequence[Passage]) -> Iterator[str | Draft]:
        """Yield the text as it is written and checked, then its draft.

        Raises:
            AnswererError: the model failed, wrote nothing, or has no room for a single passage.
        """
        extracted = draft_of(self._extractive, question, passages)
        language = prompts.language_of(question.language)
        if not any(passage.text.strip() for passage in passages):
            yield NOT_FOUND[language]
            yield Draft(answered=False, text=NOT_FOUND[language], short_answer="", confidence=0.0)
            return
        shown, messages, room = self._fit(question, passages, extracted)
        writer = _Writer(self._checker, shown, question.text, strict=self._options.strict)
        ending = Ending(complete=False)
        with closing(self._model.stream(messages, max_new_tokens=room)) as pieces:
            for piece in pieces:
                if isinstance(piece, Ending):
                    ending = piece
                elif text := writer.feed(piece):
                    yield text
                if writer.refused_at_once:
                    ending = Ending(complete=True)
                    break
        if text := writer.finish():
            yield text
        if not writer.text and not writer.removed:
            if ending.complete:
                raise AnswererError(f"{self._model.fingerprint} wrote no answer; ask in other words")
            said = f"wrote no answer within {room} tokens; raise max_new_tokens"
            raise AnswererError(f"{self._model.fingerprint} {said}")
        if not writer.text and extracted.answered:  # no sentence held, but the passages say it
            removed = NOTES["removed"][language].format(count=writer.removed)
            yield extracted.text
            yield replace(extracted, notes=(*extracted.notes, removed))
            return
        if not writer.text:
            yield writer.say(NOT_FOUND[language])
        elif writer.doubts and not (writer.borne_out or writer.refused or extracted.answered):
            yield writer.refuse(NOT_FOUND[language])
        counts = {
            "unknown": writer.unknown,
            "removed": writer.removed,
            "left_out": len(passages) - len(shown),
            "cut": int(not ending.complete),
        }
        notes = [NOTES[kind][language].format(count=count) for kind, count in counts.items() if count]
        explains = any(ask.kind in EXPLANATIONS for ask in analyse_question(question.text).asks)
        yield self._draft(writer, extracted, notes, language, explains=explains)

    def _draft(
        self,
        writer: _Writer,
        extracted: Draft,
        notes: Sequence[str],
        language: PromptLanguage,
        *,
        explains: bool,
    ) -> Draft:
        """Put together what was written and what was extracted; say where they differ, not as explanations do."""
        missing = absent(extracted.short_answer, writer.text) if extracted.answered else []
        if missing and not (explains and writer.answered):
            joint = "; " if language == "en" else "；"
            notes = [*notes, NOTES["differs"][language].format(extracted=joint.join(missing))]
        sure = extracted.confidence if writer.answered else min(extracted.confidence, self._options.threshold)
        return Draft(
            answered=writer.answered,
            text=writer.text,
            short_answer=extracted.short_answer if writer.answered else "",
            confidence=sure,
            claims=tuple(writer.shown_claims),
            notes=tuple(notes),
            doubts=tuple(writer.doubts),
        )

    def rewrite(self, question: str, history: Sequence[tuple[str, str]], language: str) -> str:
        """Return a follow-up question that stands alone; "" where the model failed or did something else."""
        messages = prompts.rewrite_messages(question, history, language)
        try:
            with closing(self._model.stream(messages, max_new_tokens=REWRITE_TOKENS)) as pieces:
                written = "".join(piece for piece in pieces if isinstance(piece, str))
        except AnswererError as error:
            _log.warning("the question was rewritten by rules, because the model failed: %s", error)
            return ""
        return _usable(written, question, history)

    def _fit(
        self, question: Question, passages: Sequence[Passage], extracted: Draft
    ) -> tuple[Sequence[Passage], list[Message], int]:
        """Return the passages that fit into the model's context, the prompt, and the tokens left for a reply."""
        room = min(self._options.max_new_tokens, self._model.context_tokens // 2)
        needed = 0
        for count in range(len(passages), 0, -1):
            messages = prompts.answer_messages(
                question,
                passages[:count],
                guess=_guess(extracted, passages[:count]),
                found=extracted.answered,
                left_out=len(passages) - count,
            )
            needed = self._model.count_tokens(messages)
            if needed + room <= self._model.context_tokens:
                return passages[:count], messages, room
        raise AnswererError(
            f"one passage and the rules take {needed} tokens and the reply {room}, but {self._model.fingerprint} "
            f"reads {self._model.context_tokens} at once; raise context_tokens or lower max_new_tokens"
        )


class _Writer:
    """Turns what a model writes into the text of a draft, sentence by sentence; ``text`` only grows."""

    def __init__(self, checker: Checker, passages: Sequence[Passage], question: str, *, strict: bool) -> None:
        self.text = ""
        self.claims: list[Claim] = []
        self._asides: list[Claim] = []  # of sentences that cite where something is not said
        self.doubts: list[Doubt] = []
        self.removed = 0  # sentences that failed, with strict
        self.unknown = 0  # numbers cited that no passage has
        self.refused = False  # a sentence says that the passages do not say
        self.refused_at_once = False  # the first sentence is the one that says so
        self._checker = checker
        self._passages = {passage.number: passage for passage in passages}
        self._question = question
        self._strict = strict
        self._numbers: dict[int, int] = {}  # the n of [n], by the passage's number, in the order shown
        self._parser = SentenceParser()
        self._start = 0  # of the sentence under way, in `text`

    @property
    def answered(self) -> bool:
        """Whether something was said that is not only that the passages do not say."""
        return self.borne_out or not (self.refused or self.removed)

    @property
    def borne_out(self) -> bool:
        """Whether some sentence is borne out by a passage."""
        return any(claim.verdict == "supported" for claim in self.claims)

    @property
    def shown_claims(self) -> list[Claim]:
        """What the markers of the text stand for; those of a mere refusal stand for nothing."""
        asides = self._asides if self.borne_out else []
        return sorted([*self.claims, *asides], key=lambda claim: claim.start)

    def feed(self, piece: str) -> str:
        """Take the next piece of the reply; return what can be shown."""
        before = len(self.text)
        for sentence in self._parser.feed(piece):
            self._close(sentence)
            if self.refused_at_once:
                return self.text[before:]
        beginning = self._parser.beginning()
        if not self._strict and not _may_refuse(beginning.text):
            self._show(self._rendered(beginning))
        return self.text[before:]

    def finish(self) -> str:
        """Return what is left to be shown when the reply has ended."""
        before = len(self.text)
        for sentence in () if self.refused_at_once else self._parser.finish():
            self._close(sentence)
        return self.text[before:]

    def say(self, text: str) -> str:
        """Append what is no sentence of the model's."""
        self.text += text
        return text

    def refuse(self, sentence: str) -> str:
        """Say on a line of its own that the passages do not say, where nothing that the model wrote is borne out."""
        self.refused = True
        return self.say(f"\n\n{sentence}")

    def _show(self, rendered: str) -> None:
        """Append what is new in the sentence under way."""
        self.text += rendered[len(self.text) - self._start :]

    def _rendered(self, sentence: Marked, attributed: Sequence[int] = ()) -> str:
        """Write a sentence with the markers of the passages that there are, in the numbering of the answer."""
        text, at = sentence.lead if self._start else "", 0
        for offset, number in sentence.markers:
            if number in self._passages:
                text += sentence.text[at:offset] + self._marker(number)
                at = offset
        return text + sentence.text[at:] + "".join(self._marker(number) for number in attributed)

    def _marker(self, passage: int) -> str:
        return f"[{self._numbers.setdefault(passage, len(self._numbers) + 1)}]"

    def _close(self, sentence: Marked) -> None:
        """Check a whole sentence, show it, and remember what it stands on."""
        cited = [self._passages[number] for number in sentence.numbers if number in self._passages]
        self.unknown += sum(number not in self._passages for _, number in sentence.markers)
        if _is_not_found(sentence.text) or not (cited or claimed(sentence.text)):
            self.refused = True
            self.refused_at_once = self._start == 0 and _is_not_found(sentence.text)
            self._show(self._rendered(replace(sentence, markers=())))
        else:
            self._hold(sentence, cited)
        self._start = len(self.text)

    def _hold(self, sentence: Marked, cited: Sequence[Passage]) -> None:
        """Hold a sentence that says something to the passages it cites, or else to those that bear it out."""
        claim = claimed(sentence.text)
        said = claim or sentence.text
        checkable = is_checkable(said)
        words = _LEAD_IN.sub("", _BULLET.sub("", said).replace("**", ""))
        if not cited and not checkable:
            self._show(self._rendered(sentence))
            return
        if cited:
            checked = self._checker.check(words, cited, question=self._question)
        else:
            checked = self._checker.attribute(words, list(self._passages.values()), question=self._question)
        if checked.reason is not None and not (claim and checkable):
            self.refused = self.refused or not claim  # a passage may itself say that something is missing
            self._show(self._rendered(sentence))
            self._asides += self._claims(sentence, [passage.number for passage in cited], checked.supports)
            return
        failed = checkable and checked.reason is not None
        if failed and self._strict:
            self.removed += 1
            return
        attributed = [] if cited or failed else [s.passage for s in checked.supports[:MAX_ATTRIBUTED]]
        self._show(self._rendered(sentence, attributed))
        numbers = [*(passage.number for passage in cited), *attributed]
        self.claims += self._claims(sentence, numbers, checked.supports, failed=failed)
        if failed and checked.reason is not None:
            reason = checked.reason if cited else "uncited"
            start, end = self._place(sentence)
            self.doubts.append(Doubt(start=start, end=end, reason=reason, missing=checked.missing))

    def _place(self, sentence: Marked) -> tuple[int, int]:
        """Return where the sentence that was shown last stands in the text."""
        return self._start + len(sentence.lead if self._start else ""), len(self.text)

    def _claims(
        self, sentence: Marked, passages: Sequence[int], supports: Sequence[Support], *, failed: bool = False
    ) -> list[Claim]:
        quotes = {support.passage: support.quotes for support in supports}
        start, end = self._place(sentence)
        return [
            Claim(
                start=start,
                end=end,
                number=self._numbers[passage],
                passage=passage,
                # Where nothing in it is nearer than the rest, the whole.
                quotes=quotes.get(passage) or ((0, len(self._passages[passage].text)),),
                verdict="unsupported" if failed else "supported",
            )
            for passage in passages
        ]


_BULLET = re.compile(r"^\s*(?:[-*•·#]+|\d{1,2}[.、)）])\s+")
_SOURCE = r"(?:passages?|documents?|texts?|context|sources?)"
_LEAD_IN = re.compile(
    rf"^(?:(?:{'|'.join(LEADS)})[以上述所提供给出的]{{0,6}}(?:段落|文档|文件|资料|材料|文本)?\s*"
    r"(?:中?的?(?:描述|内容|信息|记载|介绍|说明))?[,，:：]\s*"
    rf"|(?:{'|'.join(LEADS_EN)})(?: the)?(?: (?:given|provided))?(?: {_SOURCE})?\s*,\s*"
    rf"|段落[中里]?(?:{'|'.join(SAYS)})(?!的)[,，:：]?\s*"
    rf"|(?:the )?passages? (?:{'|'.join(SAYS_EN)})s?(?: that)?[,:]?\s+"
    r"|(?:as )?(?:\w+ )?(?:in|from|per)\s*,\s*"
    r"|(?:答案|回答)(?:(?:是|为)[:：]?|[:：])\s*|(?:the )?answer(?: is(?: that)?:?|:)\s+)+",
    re.IGNORECASE,
)
"""What says only that passages are the source; as a clause of the claim it would stand in none of them."""
_SIGNS = re.compile(r"[\s。.!！,，“”\"'*]+")


def _bare(text: str) -> str:
    return _SIGNS.sub("", fold(text))


def _is_not_found(sentence: str) -> bool:
    """Whether a sentence is the one that models are told to write when the passages do not say."""
    return _bare(sentence) in {_bare(fixed) for fixed in NOT_FOUND.values()}


def _may_refuse(beginning: str) -> bool:
    """Whether a sentence may yet become that one: its markers would then be no citations."""
    bare = _bare(beginning)
    return any(_bare(fixed).startswith(bare) for fixed in NOT_FOUND.values())


def _guess(extracted: Draft, passages: Sequence[Passage]) -> tuple[str, int] | None:
    """Return the short answer that was extracted and the passage that it stands in, where that is shown."""
    numbers = {passage.number for passage in passages}
    if not extracted.answered or not extracted.short_answer or not extracted.claims:
        return None
    passage = extracted.claims[0].passage
    return (extracted.short_answer, passage) if passage in numbers else None


_PREFIX = re.compile(
    r"^(?:改写(?:后的?)?)?(?:最后一个)?(?:问题?|改写)\s*[:：]\s*"
    r"|^(?:改写(?:后的?|为|如下)?|问)\s*[:：]\s*"
    r"|^(?:the )?(?:rewritten |last )?(?:question|q)(?: is)?\s*:\s*",
    re.IGNORECASE,
)
_FRAME = "“”\"'「」*_` \t"  # what stands around a question that is set off
_INTRODUCES = re.compile(r"[:：]$")
_ASKS = re.compile(r"[?？]$")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


def _usable(written: str, question: str, history: Sequence[tuple[str, str]]) -> str:
    """Return a rewritten question, or "" where it is none.

    It is none where it is empty, overlong or in another script, has lost figures of the question or has some that
    the conversation lacks, or cites: then the model has answered.
    """
    lines = [
        _PREFIX.sub("", line.lstrip("#> \t").strip(_FRAME)).strip(_FRAME) for line in written.splitlines()
    ]
    lines = [line for line in lines if line and not _INTRODUCES.search(line)]
    line = next((line for line in lines if _ASKS.search(line)), next(iter(lines), ""))
    own, now = _figures(question), _figures(line)
    known = own.union(*(_figures(text) for turn in history for text in turn))
    refused = any(_bare(fixed) in _bare(line) for fixed in NOT_FOUND.values()) or (
        refuses(line) and not refuses(question)
    )
    cites = prompts.as_data(line) != line
    if not line or len(line) > MAX_REWRITTEN or not own <= now <= known or refused or cites:
        return ""
    return line if is_chinese(line) or not is_chinese(question) else ""


def _figures(text: str) -> set[str]:
    return set(_DIGITS.findall(fold(text)))
