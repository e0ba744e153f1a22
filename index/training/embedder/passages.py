"""Questions and queries with the passages that answer them, and the passages that only look as if they did."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from index.training.questions import Question, all_written
from index.training.sentences import sentences_of

SIZES = {"zh": (60, 150), "ja": (60, 140), "ko": (90, 210), "en": (200, 450)}
"""Characters of a passage, the fewest and the most."""

_FREQUENT = 2_000  # a term in more passages than this tells nothing and costs the most
_TERMS = 12  # rarest ones of a question that are looked up


def written_questions() -> list[Question]:
    """Return the answered ones of the questions written for this project, less those held out."""
    return [question for question in all_written().training if question.answer]


def sentences(text: str, language: str) -> list[str]:
    """Cut a text into sentences whose concatenation it is."""
    return [text[start:end] for start, end in sentences_of(text, language)]


def chunks(text: str, language: str, most: int) -> list[str]:
    """Cut a text into chunks of whole sentences, of at most ``most`` characters where sentences allow it.

    A longer sentence is cut where it is full.
    """
    result = [""]
    for sentence in sentences(text, language):
        for first in range(0, len(sentence), most):
            piece = sentence[first : first + most]
            if result[-1] and len(result[-1]) + len(piece) > most:
                result.append("")
            result[-1] += piece
    return [chunk for chunk in result if chunk.strip()]


def window(asked: Question, random: Random) -> str:
    """Return whole sentences around the answer, of random size; the answer's sentence alone may be longer."""
    parts = sentences(asked.context, asked.language)
    low, high = SIZES[asked.language]
    wanted = random.randint(low, high)
    ends = np.cumsum([len(part) for part in parts])
    first = last = min(int(np.searchsorted(ends, asked.start, side="right")), len(parts) - 1)
    size = len(parts[first])
    while True:
        grow = [n for n in (first - 1, last + 1) if 0 <= n < len(parts) and size + len(parts[n]) <= wanted]
        if not grow:
            break
        n = random.choice(grow)
        first, last, size = min(first, n), max(last, n), size + len(parts[n])
    if size <= 2 * high:
        return "".join(parts[first : last + 1])
    place = max(0, asked.start - random.randint(0, wanted // 2))
    return asked.context[place : place + wanted]


class Lookalikes:
    """Finds the passages that share most with a question; BM25 in memory, made to be quick."""

    def __init__(self, passages: Sequence[str], language: str) -> None:
        """Index passages by character bigrams, or by words where the language is "en"."""
        self.passages = passages
        self._language = language
        postings: dict[str, list[int]] = defaultdict(list)
        for position, text in enumerate(passages):
            for term in set(terms(text, language)):
                postings[term].append(position)
        self._postings: dict[str, NDArray[np.int32]] = {
            term: np.array(found, dtype=np.int32)
            for term, found in postings.items()
            if len(found) <= _FREQUENT
        }

    def find(self, question: str, asked: Question, count: int) -> list[str]:
        """Return the best passages that neither hold the answer nor come from its context, best first."""
        found = [
            self._postings[t] for t in dict.fromkeys(terms(question, self._language)) if t in self._postings
        ]
        found = sorted(found, key=lambda p: (len(p), int(p[0])))[:_TERMS]
        if not found or not count:
            return []
        idf = [np.full(len(p), np.log(len(self.passages) / len(p)), dtype=np.float32) for p in found]
        positions, inverse = np.unique(np.concatenate(found), return_inverse=True)
        order = positions[np.argsort(-np.bincount(inverse, np.concatenate(idf)), kind="stable")[: 8 * count]]
        texts = (self.passages[int(p)] for p in order)
        return [text for text in texts if asked.answer not in text and text not in asked.context][:count]


def terms(text: str, language: str) -> list[str]:
    """Return what a passage is found by: words of Latin texts, else character bigrams and Latin words."""
    text = text.lower()
    if language == "en":
        return re.findall(r"[a-z0-9]{3,}", text)
    dense = [("\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3") for c in text]
    pairs = [text[n : n + 2] for n in range(len(text) - 1) if dense[n] and dense[n + 1]]
    return pairs + re.findall(r"[a-z0-9.]{2,}", text)


def around(article: str, random: Random) -> tuple[str, str] | None:
    """Return a sentence of a Chinese article and the passage around it, mostly without the sentence itself."""
    parts = [part for part in sentences(article, "zh") if part.strip()]
    places = [n for n, part in enumerate(parts) if 10 <= len(part) <= 60]
    if not places or len(parts) < 3:
        return None
    n = random.choice(places)
    wanted = random.randint(*SIZES["zh"])
    near, size = [], 0
    for m in sorted(range(max(0, n - 3), min(len(parts), n + 4)), key=lambda m: (abs(m - n), m)):
        if (m != n or random.random() < 0.2) and size + len(parts[m]) <= wanted:
            near.append(m)
            size += len(parts[m])
    passage = "".join(parts[m] for m in sorted(near))
    return (parts[n].strip(), passage) if len(passage) >= 30 else None


def put_into(language: str, source: str) -> Callable[[str], str]:
    """Return a function that renders a query in another language word by word; empty where it cannot."""
    from index.translation import translate

    def render(query: str) -> str:
        translation = translate(query, source=source, target=language)
        return translation.text if translation else ""

    return render
