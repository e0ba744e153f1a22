"""Passages and questions that do not fit each other but look as if they did.

Three kinds teach the reader to say "not here": another passage of the same document, the passages that BM25
finds for the question elsewhere, and near misses: the right passage, asked about another year, place or name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from index.training.sentences import sentences_of
from rag.training.examples import LANGUAGES, Example

_FREQUENT = 3_000  # a term in more passages than this tells nothing and costs the most
_TERMS = 14  # rarest ones of a question that are looked up


class HardPassages:
    """Finds the passages that look most like what a question asks for; a BM25 in memory, made to be quick."""

    def __init__(self, chunks: Sequence[tuple[int, str]], language: str) -> None:
        """Index ``(document, passage)`` pairs by character bigrams, or by words where language is "en"."""
        self.chunks = chunks
        self._language = language
        postings: dict[str, list[int]] = defaultdict(list)
        self._by_document: dict[int, list[int]] = defaultdict(list)
        for position, (document, text) in enumerate(chunks):
            self._by_document[document].append(position)
            for term in set(terms(text, language)):
                postings[term].append(position)
        self._postings: dict[str, NDArray[np.int32]] = {
            term: np.array(found, dtype=np.int32)
            for term, found in postings.items()
            if len(found) <= _FREQUENT
        }
        lengths = np.array([len(text) for _, text in chunks], dtype=np.float32)
        self._norms = 0.6 + 0.4 * lengths / max(float(lengths.mean()), 1.0) if len(lengths) else lengths

    def search(self, query: str, k: int = 6) -> list[int]:
        """Return positions of the best chunks for a query, best first."""
        found = [
            self._postings[t] for t in dict.fromkeys(terms(query, self._language)) if t in self._postings
        ]
        found = sorted(found, key=len)[:_TERMS]
        if not found:
            return []
        idf = [np.full(len(p), np.log(len(self.chunks) / len(p)), dtype=np.float32) for p in found]
        positions, inverse = np.unique(np.concatenate(found), return_inverse=True)
        scores = np.bincount(inverse, np.concatenate(idf)) / self._norms[positions]
        return [int(p) for p in positions[np.argsort(-scores, kind="stable")[:k]]]

    def elsewhere(self, example: Example, random: Random) -> str | None:
        """Return a passage of another document that looks right and does not hold the answer."""
        found = [p for p in self.search(example.query) if self.chunks[p][0] != example.document]
        return self._without_answer(found, example, random, best=4)

    def same_document(self, example: Example, random: Random) -> str | None:
        """Return another passage of the same document that does not hold the answer."""
        return self._without_answer(self._by_document.get(example.document, []), example, random)

    def hardest(self, example: Example, count: int) -> list[str]:
        """Return the best passages that do not hold the answer, from any document."""
        answer = example.answer.strip("《》“”")
        found = (self.chunks[p][1] for p in self.search(example.query, k=4 * count))
        return [text for text in found if answer not in text][:count]

    def anything(self, random: Random) -> str:
        """Return any passage."""
        return random.choice(self.chunks)[1]

    def _without_answer(
        self, positions: Sequence[int], example: Example, random: Random, best: int | None = None
    ) -> str | None:
        answer = example.answer.strip("《》“”")
        texts = [self.chunks[p][1] for p in positions]
        texts = [text for text in texts if answer not in text and text[:30] != example.passage[:30]]
        return random.choice(texts[:best]) if texts else None


def terms(text: str, language: str) -> list[str]:
    """Return what a passage is found by: words of Latin texts, else character bigrams and Latin words."""
    text = text.lower()
    if language == "en":
        return re.findall(r"[a-z0-9]{3,}", text)
    pairs = [text[n : n + 2] for n in range(len(text) - 1) if _dense(text[n]) and _dense(text[n + 1])]
    return pairs + re.findall(r"[a-z0-9.]{2,}", text)


def _dense(char: str) -> bool:
    return "\u3040" <= char <= "\u9fff" or "가" <= char <= "힣"


def without_its_sentence(example: Example) -> str | None:
    """Return the passage without the sentences that hold the answer, if enough is left."""
    spans = sentences_of(example.passage, LANGUAGES[example.source])
    pieces = [example.passage[start:end] for start, end in spans]
    rest = "".join(piece for piece in pieces if example.answer not in piece)
    return rest if len(rest) > 40 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names to put in the place of others, by tag, and English ones."""

    by_tag: Mapping[str, tuple[str, ...]]
    english: tuple[str, ...]

    @classmethod
    def of(cls, examples: Sequence[Example], english_sentences: Sequence[str]) -> Names:
        """Collect the names that questions and English sentences hold, as often as they do."""
        by_tag: dict[str, list[str]] = defaultdict(list)
        for example in examples:
            for name, tag in example.names:
                by_tag[tag].append(name)
        english = [name for sentence in english_sentences for name in _ENGLISH_NAME.findall(sentence)]
        return cls(by_tag={tag: tuple(names) for tag, names in by_tag.items()}, english=tuple(english))


_ENGLISH_NAME = re.compile(r"(?<=\w )[A-Z][a-z]{3,}(?: [A-Z][a-z]+)?")


def near_miss(example: Example, names: Names, random: Random) -> str | None:
    """Return the question with one year, month or name changed, so that the passage does not answer it."""
    question = example.question
    swaps: list[tuple[tuple[int, int], Sequence[str]]] = []
    for match in re.finditer(r"(?:19|20)\d\d", question):
        swaps.append((match.span(), [str(int(match.group()) + step) for step in (-3, -2, -1, 1, 2)]))
    for match in re.finditer(r"(?<!\d)\d{1,2}(?=月)", question):
        swaps.append((match.span(), [str(month) for month in range(1, 13)]))
    for name, tag in example.names:
        place = question.find(name)
        if place >= 0:
            swaps.append(((place, place + len(name)), names.by_tag.get(tag, ())))
    if example.source in {"parallel", "english_news", "english"}:
        swaps += [(match.span(), names.english) for match in _ENGLISH_NAME.finditer(question)]
    swaps = [swap for swap in swaps if swap[1]]
    if not swaps:
        return None
    (start, end), others = random.choice(swaps)
    for _ in range(8):
        other = random.choice(others)
        if other not in question and other not in example.passage:
            return question[:start] + other + question[end:]
    return None
