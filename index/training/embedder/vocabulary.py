"""Widens the start's vocabulary by words of other languages. Takes a tokenizer and texts, gives a tokenizer.

The start's pieces keep their numbers, so its rows stay where they are, and its normaliser stays as it is but
for a few Latin letters that no decomposition takes apart. A new piece is the normalised form of a frequent
word, or, where a script has no blanks or few words are known, a frequent part of words that merges find in the texts.
"""

from __future__ import annotations

import copy
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from index.training.embedder.parallel import read_rows

LETTERS = {"ß": "ss", "ı": "i", "đ": "d", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l"}
"""Letters without a decomposition, and how they are written without them."""

_WORD_SCORE = -10.9  # about the start's English words: the cut with the fewest pieces wins
_PIECE_SCORE = -12.2  # a part of a word; two are worth less than any word
_HAN_SCORE = -14.0  # Japanese words of characters alone must not cut Chinese anew
_MARK = "▁"
_MOST_FREQUENT, _FIRST_PLACE = 7.7, 10  # Zipf frequency of place n: 7.7 - log10(n), flattened at the top
_ALPHABET = 2_000  # characters that merges may begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of a glossary: ``zipf`` is log10 of its number in a thousand million words."""

    language: str
    text: str
    zipf: float
    glosses: tuple[str, ...]


def read_words(folder: Path) -> list[Word]:
    """Read the glossaries of a folder, ``LANGUAGE.tsv``; an empty list where there are none.

    A word form a line, ``form⇥gloss, gloss``, the most frequent first: its frequency is taken from its place,
    by Zipf's law. Without glossaries words of other languages begin from parallel text alone.
    """
    return [
        Word(
            language=path.stem,
            text=text,
            zipf=_MOST_FREQUENT - math.log10(place),
            glosses=tuple(gloss for part in glosses.split(",") if (gloss := part.strip())),
        )
        for path in sorted(folder.glob("*.tsv"))
        for place, (text, glosses) in enumerate(read_rows(path), start=_FIRST_PLACE)
    ]


def prepared(tokenizer: Tokenizer) -> dict[str, Any]:
    """Return the tokenizer's JSON with ``LETTERS`` replaced before words are marked."""
    stated: dict[str, Any] = json.loads(tokenizer.to_str())
    normalisers = stated["normalizer"]["normalizers"]
    steps = [{"type": "Replace", "pattern": {"String": a}, "content": b} for a, b in LETTERS.items()]
    known = [step for step in steps if step not in normalisers]
    at = next((n for n, step in enumerate(normalisers) if step["type"] == "Replace"), len(normalisers))
    normalisers[at:at] = known
    return stated


def word_counts(
    words: Iterable[Word], texts: Mapping[str, Sequence[str]], tokenizer: Tokenizer
) -> dict[str, dict[str, float]]:
    """Return by language how often each normalised word comes: in the glossary's words and in the texts.

    A word counts as often as it would in a million words, and in the texts as often as it is there.
    """
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    cut = tokenizer.pre_tokenizer.pre_tokenize_str
    normalise = tokenizer.normalizer.normalize_str
    for word in words:
        form = normalise(word.text)
        pieces = [piece for piece, _ in cut(form)]
        if len(pieces) == 1:
            counts[word.language][pieces[0]] += 10 ** (word.zipf - 3)
    for language, sentences in texts.items():
        for sentence in sentences:
            for piece, _ in cut(normalise(sentence)):
                counts[language][piece] += 1
    return counts


def split_marks(piece: str) -> list[str]:
    """Cut a pre-token at its word marks; each part keeps its own."""
    parts = piece.split(_MARK)
    return [part for part in [parts[0], *(_MARK + p for p in parts[1:])] if part]


def frequent_words(
    counts: Mapping[str, float], known: set[str], most: int, chinese: set[str]
) -> dict[str, float]:
    """Return the most frequent new words with their scores.

    Args:
        counts: by normalised word.
        known: pieces that there are.
        most: how many to return.
        chinese: the Chinese characters that there are; words of nothing else are left to Chinese.
    """
    chosen: dict[str, float] = {}
    for piece in sorted(counts, key=lambda p: (-counts[p], p)):
        if len(chosen) == most:
            break
        bare = piece.removeprefix(_MARK)
        if piece in known or not 1 < len(bare) <= 20 or not bare.isprintable() or _MARK in bare:
            continue
        if any(c.isdigit() for c in bare) or set(bare) <= chinese:
            continue
        if bare.isascii() and (not piece.startswith(_MARK) or not bare.isalpha()):
            continue
        han = all("\u4e00" <= c <= "\u9fff" for c in bare)
        chosen[piece] = (_HAN_SCORE if han else _WORD_SCORE) - 0.02 * math.log1p(len(chosen))
    return chosen


def found_pieces(texts: Sequence[str], tokenizer: Tokenizer, most: int) -> list[str]:
    """Return parts of words that come often in the texts, by byte-pair merges, the most frequent first."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = tokenizer.normalizer
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=_ALPHABET + most, limit_alphabet=_ALPHABET, max_token_length=8, show_progress=False
    )
    learner.train_from_iterator(texts, trainer)
    numbers = learner.get_vocab()
    return sorted((piece for piece in numbers if len(piece) > 1), key=lambda piece: numbers[piece])


def widen(
    tokenizer: Tokenizer,
    words: Sequence[Word],
    texts: Mapping[str, Sequence[str]],
    quotas: Mapping[str, tuple[int, int]],
) -> Tokenizer:
    """Return a tokenizer with new pieces after the start's.

    Args:
        tokenizer: the start's.
        words: of glossaries, with frequencies.
        texts: by language, normal sentences of it.
        quotas: by language, how many words and how many parts of words to add.
    """
    stated = prepared(tokenizer)
    wider = Tokenizer.from_str(json.dumps(stated))
    vocabulary: list[list[Any]] = stated["model"]["vocab"]
    known = {piece for piece, _ in vocabulary}
    chinese = {piece for piece in known if len(piece) == 1 and "\u4e00" <= piece <= "\u9fff"}
    counts = word_counts(words, texts, wider)
    for language, (most_words, most_parts) in quotas.items():
        whole: dict[str, float] = defaultdict(float)
        for piece, count in counts.get(language, {}).items():
            for part in split_marks(piece):
                whole[part] += count
        new = frequent_words(whole, known, most_words, chinese)
        if most_parts and texts.get(language):
            parts = [
                p
                for p in found_pieces(texts[language], wider, 2 * most_parts)
                if p not in known and p not in new
            ]
            parts = [p for p in parts if _MARK not in p and not p.isascii() and not set(p) <= chinese]
            new |= {p: _PIECE_SCORE - 0.1 * math.log1p(n) for n, p in enumerate(parts[:most_parts])}
        vocabulary += [[piece, score] for piece, score in new.items()]
        known |= set(new)
    return Tokenizer.from_str(json.dumps(copy.deepcopy(stated), ensure_ascii=False))
