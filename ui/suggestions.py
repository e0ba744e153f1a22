"""Questions that a library can answer, to begin with or to go on with. Drafted from its sentences, then tried.

Takes an assistant and answers, gives questions; knows no page. Drafts are kept until the library changes.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable, Iterator, Sequence

from index.errors import ChuchuError
from index.text import detect_language, fold
from rag.answerers.extractive import ExtractiveAnswerer
from rag.assistant import Assistant
from rag.datatypes import Answer
from rag.evaluation.make_questions import make_questions
from rag.evaluation.questions import Question

_DRAFTS = 400  # of one state of a library
_FOUND_AMONG = 3  # chunks
_TRIED = 8  # drafts asked to find the ones that are answered
_SHORTEST, _LONGEST = {"zh": 9, "en": 20}, {"zh": 34, "en": 130}  # characters
_FRAME = re.compile(r"^在《[^》]*》中，")  # the title that a drafted question names
_UNCLEAR = re.compile(
    r"[;；]|多少多|哪一年初|多少[^?？]*、[^?？]*\d|____|“[^”]*$|^[^“]*”|(?<=[\u3400-\u9fff]) | (?=[\u3400-\u9fff])|\*"
)


class Suggestions:
    """Suggests questions to the users of one assistant; may be shared by threads."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()  # of the fields below
        self._generation = -1
        self._drafts: tuple[Question, ...] = ()
        self._answered: dict[str, bool] = {}

    def examples(self, language: str = "zh", count: int = 4) -> list[str]:
        """Return questions from all over the library, each of which it answers; those in a language first."""
        drafts = list(self._current())
        random.Random(len(drafts)).shuffle(drafts)
        spread = sorted(_alternate(drafts), key=lambda draft: draft.language != language)
        return self._first_answered(spread, count)

    def follow_ups(self, answer: Answer, asked: Sequence[str], count: int = 3) -> list[str]:
        """Return questions about what an answer's passages say beside it, each of which the library answers."""
        folded = [re.sub(r"\s", "", fold(passage.text)) for passage in answer.passages]
        drafts = [
            (place, draft)
            for draft in self._current()
            if (place := _place_of(draft, folded)) is not None and not _is_answered_by(draft, answer)
        ]
        drafts.sort(key=lambda pair: pair[0])
        known = {_plain(question) for question in asked}
        fresh = [draft for _, draft in drafts if _plain(draft.question) not in known]
        return self._first_answered(fresh, count)

    def _current(self) -> tuple[Question, ...]:
        """Return the drafts of the library's present state that read well by themselves."""
        generation = self._assistant.library.generation
        with self._lock:
            if generation == self._generation:
                return self._drafts
        try:
            made = make_questions(self._assistant.library, _DRAFTS, seed=3)
        except ChuchuError:  # no sentence that a question can be made of
            made = ()
        drafts = tuple(draft for draft in made if draft.answers and _reads_well(draft.question))
        with self._lock:
            self._generation, self._drafts, self._answered = generation, drafts, {}
        return drafts

    def _first_answered(self, drafts: Iterable[Question], count: int) -> list[str]:
        """Try drafts until enough are answered, one of each sentence."""
        found: list[str] = []
        sentences = set[tuple[str, ...]]()
        tried = 0
        for draft in drafts:
            if tried == _TRIED or len(found) == count:
                break
            sentence = tuple(draft.evidence or ())
            if sentence in sentences:
                continue
            tried += 1
            question = _FRAME.sub("", draft.question)
            if self._is_answered(question, draft):
                found.append(question)
                sentences.add(sentence)
        return found

    def _is_answered(self, question: str, draft: Question) -> bool:
        known = self._answered.get(question)
        if known is None:
            known = self._answered[question] = self._try(question, draft)
        return known

    def _try(self, question: str, draft: Question) -> bool:
        """Ask where asking is cheap; a language model is not troubled, finding the sentence must do."""
        if isinstance(self._assistant.answerer, ExtractiveAnswerer):
            answer = self._assistant.ask(question)
            right = any(_plain(gold) in _plain(answer.text) for gold in draft.answers or ())
            return answer.status == "answered" and right
        found = [_plain(hit.chunk.text) for hit in self._assistant.search(question, k=_FOUND_AMONG)]
        return any(_plain(quote) in text for quote in draft.evidence or () for text in found)


def _reads_well(question: str) -> bool:
    bare = _FRAME.sub("", question)
    language = "zh" if detect_language(bare) == "zh" else "en"
    return _SHORTEST[language] <= len(bare) <= _LONGEST[language] and not _UNCLEAR.search(bare)


def _place_of(draft: Question, passages: Sequence[str]) -> int | None:
    """Return the first passage that holds the sentence that a draft was made of."""
    evidence = [re.sub(r"\s", "", fold(quote)) for quote in draft.evidence or ()]
    return next((n for n, text in enumerate(passages) if any(quote in text for quote in evidence)), None)


def _is_answered_by(draft: Question, answer: Answer) -> bool:
    """Say whether an answer has quoted the draft's own sentence, so that asking it would show nothing new."""
    quotes = [_plain(citation.quote) for citation in answer.citations]
    return any(_plain(evidence) in quote for evidence in draft.evidence or () for quote in quotes)


def _alternate(drafts: Sequence[Question]) -> Iterator[Question]:
    """Deal the drafts out document by document, so that the first ones come from different documents."""
    by_document: dict[tuple[str, ...], list[Question]] = {}
    for draft in drafts:
        by_document.setdefault(tuple(draft.documents), []).append(draft)
    piles = list(by_document.values())
    for row in range(max(map(len, piles), default=0)):
        yield from (pile[row] for pile in piles if row < len(pile))


def _plain(text: str) -> str:
    return re.sub(r"[\s，。？！、“”,.?!]", "", fold(text))
