"""Finds words and phrases that are translations of each other in parallel sentences, English on one side.

The method is that of phrase-based translation: IBM Model 1 both ways (Brown et al. 1993), links that both ways agree
on and their neighbours, phrases consistent with the links (Koehn, Och and Marcu 2003).
"""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.text import fold
from index.translation.lexicon import singular

logger = logging.getLogger("index.training.lexicon")

LONGEST = 60  # words of a sentence; longer ones are left out
ROUNDS = 5  # of expectation maximisation; Model 1 hardly moves after that
PHRASE = 3  # words of either side

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Parallel sentences as word numbers; 0 is the empty word that stands at the head of each."""

    english: list[list[int]]
    other: list[list[int]]
    weights: Floats  # shape (sentences,)
    english_words: list[str]
    other_words: list[str]


def english_words(text: str) -> list[str]:
    """Return the Latin words of a text as the lexicon has them, and its figures; hyphens part words."""
    return [singular(word) for word in re.findall(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*", fold(text))]


def build_corpus(pairs: Iterable[tuple[float, str, str]], cut: Callable[[str], list[str]]) -> Corpus:
    """Give the words of all pairs their numbers; ``cut`` parts the other language's side."""
    numbers: tuple[dict[str, int], dict[str, int]] = ({"": 0}, {"": 0})
    sides: tuple[list[list[int]], list[list[int]]] = ([], [])
    weights = []
    for weight, english, other in pairs:
        words = english_words(english), cut(other)
        if not all(1 <= len(side) <= LONGEST for side in words):
            continue
        for side, known, said in zip(sides, numbers, words, strict=True):
            side.append([known.setdefault(word, len(known)) for word in said])
        weights.append(weight)
    return Corpus(sides[0], sides[1], np.array(weights, dtype=np.float32), *(list(n) for n in numbers))


# Model 1


def word_tables(corpus: Corpus) -> tuple[Mapping[tuple[int, int], float], Mapping[tuple[int, int], float]]:
    """Return p(other | english) and p(english | other) of the word pairs that matter.

    Each is IBM Model 1 with an empty word on the conditioning side.
    """
    return _model1(corpus.english, corpus.other, corpus.weights), _model1(
        corpus.other, corpus.english, corpus.weights
    )


def _model1(
    given: Sequence[Sequence[int]], said: Sequence[Sequence[int]], weights: Floats
) -> Mapping[tuple[int, int], float]:
    """Return p(word said | word given), by (given, said), of pairs with a chance of at least 0.001."""
    owners, sayings, slots, factors = _cooccurrences(given, said, weights)
    size = int(sayings.max()) + 1
    keys = owners.astype(np.int64) * size + sayings
    pairs, pair_of = np.unique(keys, return_inverse=True)
    pair_of = pair_of.astype(np.int32)
    del keys, owners, sayings
    conditions = (pairs // size).astype(np.int64)
    table = np.full(len(pairs), 1.0 / size)
    slot_count = int(slots.max()) + 1
    for _ in range(ROUNDS):
        likely = table[pair_of]
        totals = np.bincount(slots, weights=likely, minlength=slot_count)
        likely *= factors
        likely /= totals[slots]
        expected = np.bincount(pair_of, weights=likely, minlength=len(pairs))
        table = expected / np.bincount(conditions, weights=expected)[conditions]
    kept = np.flatnonzero(table >= 1e-3)
    return {(int(pairs[n] // size), int(pairs[n] % size)): float(table[n]) for n in kept.tolist()}


def _cooccurrences(
    given: Sequence[Sequence[int]], said: Sequence[Sequence[int]], weights: Floats
) -> tuple[Ints, Ints, Ints, Floats]:
    """Return flat arrays over all word pairs of all sentences: given, said, number of the said word's place, weight."""
    owners, sayings, slots, factors = [], [], [], []
    place = 0
    for one, other, weight in zip(given, said, weights.tolist(), strict=True):
        left = np.array([0, *one], dtype=np.int32)
        right = np.array(other, dtype=np.int32)
        owners.append(np.repeat(left, len(right)))
        sayings.append(np.tile(right, len(left)))
        slots.append(np.tile(np.arange(place, place + len(right), dtype=np.int32), len(left)))
        factors.append(np.full(len(left) * len(right), weight, dtype=np.float32))
        place += len(right)
    return (
        np.concatenate(owners),
        np.concatenate(sayings),
        np.concatenate(slots),
        np.concatenate(factors),
    )


# Links and phrases


def links(
    english: Sequence[int],
    other: Sequence[int],
    forward: Mapping[tuple[int, int], float],
    backward: Mapping[tuple[int, int], float],
) -> list[tuple[int, int]]:
    """Return the linked word places of two sentences: those that each side likes best, grown by neighbours.

    Of several places of one word the one at the like share of the sentence wins.
    """
    score = np.array([[forward.get((e, c), 0.0) * backward.get((c, e), 0.0) for c in other] for e in english])
    rows = np.arange(len(english))[:, None] / len(english)
    columns = np.arange(len(other))[None, :] / len(other)
    score = np.sqrt(score) * np.exp(-2.0 * np.abs(rows - columns))
    best_of_row = score == score.max(axis=1, keepdims=True)
    best_of_column = score == score.max(axis=0, keepdims=True)
    real = score > 1e-3
    sure = best_of_row & best_of_column & real
    found = {(int(e), int(c)) for e, c in zip(*np.nonzero(sure), strict=True)}
    maybe = [
        (int(e), int(c))
        for e, c in zip(*np.nonzero((best_of_row | best_of_column) & real & ~sure), strict=True)
    ]
    maybe.sort(key=lambda place: -score[place])
    taken_rows, taken_columns = {e for e, _ in found}, {c for _, c in found}
    for e, c in maybe:
        if (e in taken_rows and c in taken_columns) or not any(
            (e + i, c + j) in found for i, j in ((-1, 0), (1, 0), (0, -1), (0, 1))
        ):
            continue
        found.add((e, c))
        taken_rows.add(e)
        taken_columns.add(c)
    return sorted(found)


def phrase_pairs(
    linked: Sequence[tuple[int, int]], english: int, other: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the (English, other) stretches, half-open, that no link leaves, up to three words each.

    Words without a link are not added at the edges.
    """
    by_english: dict[int, list[int]] = defaultdict(list)
    by_other: dict[int, list[int]] = defaultdict(list)
    for e, c in linked:
        by_english[e].append(c)
        by_other[c].append(e)
    for first in range(english):
        if first not in by_english:
            continue
        low, high = other, -1
        for last in range(first, min(first + PHRASE, english)):
            if last not in by_english:
                continue
            low, high = min(low, *by_english[last]), max(high, *by_english[last])
            if high - low >= PHRASE:
                break
            if all(first <= e <= last for c in range(low, high + 1) for e in by_other.get(c, ())):
                yield (first, last + 1), (low, high + 1)


def count_phrases(
    corpus: Corpus, kept: Callable[[Sequence[str], Sequence[str]], bool], joint: str = ""
) -> Counter[tuple[str, str]]:
    """Return how often, by weight, an English stretch and one of the other language are translations of each other.

    ``kept`` tells which are worth it; ``joint`` stands between the words of the other language.
    """
    forward, backward = word_tables(corpus)
    logger.info("%d and %d word pairs", len(forward), len(backward))
    english_words, other_words = corpus.english_words, corpus.other_words
    counts: Counter[tuple[str, str]] = Counter()
    for english, other, weight in zip(corpus.english, corpus.other, corpus.weights.tolist(), strict=True):
        linked = links(english, other, forward, backward)
        for (first, last), (low, high) in phrase_pairs(linked, len(english), len(other)):
            said = [english_words[n] for n in english[first:last]]
            meant = [other_words[n] for n in other[low:high]]
            if kept(said, meant):
                counts[" ".join(said), joint.join(meant)] += weight
    return counts
