"""Widens the start's vocabulary by words of other languages. Takes a tokenizer and texts, gives a tokenizer.

The start's pieces keep their numbers, so its rows stay where they are, and its normaliser stays as it is but
for a few Latin letters that no decomposition takes apart. A new piece is the normalised form of a frequent
word, a letter that has no piece, or, where a script has no blanks or few words are known, a frequent part of words
that merges find in the texts. How frequent a form is, the glossaries say by its place, and the texts by how often
they are cut into it: where endings are glued to words, stem and ending count, and few words come whole.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from index.training.tables import read_rows

LETTERS = {"ß": "ss", "ı": "i", "đ": "d", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l"}
"""Letters without a decomposition, and how they are written without them."""

_WORD_SCORE = -10.9  # about the start's English words: the cut with the fewest pieces wins
_PIECE_SCORE = -12.2  # a part of a word; two are worth less than any word
_LETTER_SCORE = -13.0  # what no word or part covers
_HAN_SCORE = -14.0  # Japanese words of characters alone must not cut Chinese anew
_MARK = "▁"
_MOST_FREQUENT, _FIRST_PLACE = 7.7, 10  # Zipf frequency of place n: 7.7 - log10(n), flattened at the top
_ALPHABET = 2_000  # characters that merges may begin with
_FEWEST = 3  # times that a letter must come to have a piece
_MOST_SAVED = 2  # a word that has a row of its own saves tokens; more than this do not make it dearer
_ROUNDS = (4.0, 3.0, 2.0, 1.5, 1.2, 1.0)  # times the words wanted that are left after a round of dropping
_DECIMALS = 4  # of a score: more would only make the file longer


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


def candidates(counts: Mapping[str, float], known: set[str], chinese: set[str]) -> list[str]:
    """Return the words that may become pieces, the most frequent first.

    Args:
        counts: by normalised word.
        known: pieces that there are.
        chinese: the Chinese characters that there are; words of nothing else are left to Chinese.
    """
    found: list[str] = []
    for piece in sorted(counts, key=lambda p: (-counts[p], p)):
        bare = piece.removeprefix(_MARK)
        if piece in known or not 1 < len(bare) <= 20 or not bare.isprintable() or _MARK in bare:
            continue
        if any(c.isdigit() for c in bare) or set(bare) <= chinese:
            continue
        if bare.isascii() and (not piece.startswith(_MARK) or not bare.isalpha()):
            continue
        found.append(piece)
    return found


def scored(pieces: Iterable[str]) -> dict[str, float]:
    """Return the pieces with the scores of words, the earlier ones a little higher."""
    result: dict[str, float] = {}
    for place, piece in enumerate(pieces):
        han = all("\u4e00" <= c <= "\u9fff" for c in piece.removeprefix(_MARK))
        result[piece] = (_HAN_SCORE if han else _WORD_SCORE) - 0.02 * math.log1p(place)
    return result


def alphabet(counts: Mapping[str, float]) -> list[str]:
    """Return the letters and marks of words, but for rare ones; without a piece a letter takes its word with it."""
    letters: Counter[str] = Counter()
    for word, count in counts.items():
        for letter in word:
            letters[letter] += max(1, round(count))
    return sorted(c for c, n in letters.items() if n >= _FEWEST and unicodedata.category(c)[0] in "LM")


def most_used(
    wanted: Sequence[str], told: Mapping[str, float], texts: Sequence[str], wider: Tokenizer, most: int
) -> list[str]:
    """Return the candidates that save the most tokens, those first.

    A form that is dropped is cut into others, which are used more then: so they are dropped in rounds, as a
    unigram vocabulary is (Kudo 2018, arXiv:1804.10959).

    Args:
        wanted: candidates.
        told: how often the glossaries say that a form comes.
        texts: of their language; cut into the candidates and the pieces that there are.
        wider: the tokenizer that would take them.
        most: how many to return.
    """
    kept = list(wanted)
    forms = [piece.removeprefix(_MARK) for piece in told]
    for share in _ROUNDS:
        trial = _with(wider, scored(kept))
        used: Counter[int] = Counter()  # by number: this quick call fills no tokens in
        for encoding in trial.encode_batch_fast(list(texts), add_special_tokens=False):
            used.update(encoding.ids)
        encoded = trial.encode_batch_fast(forms, add_special_tokens=False)
        for count, encoding in zip(told.values(), encoded, strict=True):
            used.update(dict.fromkeys(encoding.ids, round(count)))
        numbers = trial.get_vocab()
        worth = {
            piece: used[numbers[piece]] * min(_fewest_parts(piece, numbers) - 1, _MOST_SAVED)
            for piece in kept
        }
        kept.sort(key=lambda piece: (-worth[piece], piece))
        kept = kept[: round(share * most)]
    return kept


def _fewest_parts(piece: str, pieces: Container[str]) -> int:
    """Return how many other pieces a piece is cut into at least; a letter without a piece counts as one."""
    fewest = [0] + [len(piece)] * len(piece)
    for end in range(1, len(piece) + 1):
        for start in range(end):
            part = piece[start:end]
            if part != piece and (end - start == 1 or part in pieces):
                fewest[end] = min(fewest[end], fewest[start] + 1)
    return fewest[-1]


def _with(tokenizer: Tokenizer, pieces: Mapping[str, float]) -> Tokenizer:
    """Return the tokenizer with more pieces, after the ones that it has."""
    stated = json.loads(tokenizer.to_str())
    stated["model"]["vocab"] += [[piece, round(score, _DECIMALS)] for piece, score in pieces.items()]
    return Tokenizer.from_str(json.dumps(stated, ensure_ascii=False))


def found_parts(
    texts: Sequence[str], wider: Tokenizer, taken: Container[str], chinese: set[str], most: int
) -> dict[str, float]:
    """Return parts of words that come often in the texts, by byte-pair merges, with their scores.

    Args:
        texts: of one language.
        wider: the tokenizer that would take them.
        taken: pieces that there are.
        chinese: the Chinese characters that there are; parts of nothing else are left to Chinese.
        most: how many to return.
    """
    learner = Tokenizer(models.BPE())
    learner.normalizer = wider.normalizer
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.BpeTrainer(
        vocab_size=_ALPHABET + 2 * most, limit_alphabet=_ALPHABET, max_token_length=8, show_progress=False
    )
    learner.train_from_iterator(texts, trainer)
    numbers = learner.get_vocab()
    new = [
        piece
        for piece in sorted(numbers, key=lambda piece: numbers[piece])
        if len(piece) > 1 and piece not in taken and _MARK not in piece
    ]
    new = [piece for piece in new if not piece.isascii() and not set(piece) <= chinese]
    return {piece: _PIECE_SCORE - 0.1 * math.log1p(n) for n, piece in enumerate(new[:most])}


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
    wider = Tokenizer.from_str(json.dumps(prepared(tokenizer), ensure_ascii=False))
    known = set(wider.get_vocab())
    chinese = {piece for piece in known if len(piece) == 1 and "\u4e00" <= piece <= "\u9fff"}
    glossed, written = word_counts(words, {}, wider), word_counts((), texts, wider)
    for language, (most_words, most_parts) in quotas.items():
        told, seen = (_apart(counts.get(language, {})) for counts in (glossed, written))
        every = {piece: told.get(piece, 0.0) + seen.get(piece, 0.0) for piece in {*told, *seen}}
        letters = {letter: _LETTER_SCORE for letter in alphabet(every) if letter not in known}
        wider = _with(wider, letters)
        known |= set(letters)
        wanted = candidates(every, known, chinese)
        new = scored(most_used(wanted, told, texts.get(language, ()), wider, most_words))
        if most_parts and texts.get(language):
            new |= found_parts(texts[language], wider, known | {*new}, chinese, most_parts)
        wider = _with(wider, new)
        known |= set(new)
    return wider


def _apart(counts: Mapping[str, float]) -> dict[str, float]:
    """Return counts by word, of pre-tokens that may hold several marked words."""
    apart: dict[str, float] = defaultdict(float)
    for piece, count in counts.items():
        for part in split_marks(piece):
            apart[part] += count
    return apart


def cut(tokenizer: Tokenizer, pieces: int) -> Tokenizer:
    """Return the tokenizer with its first pieces alone."""
    stated = json.loads(tokenizer.to_str())
    stated["model"]["vocab"] = stated["model"]["vocab"][:pieces]
    return Tokenizer.from_str(json.dumps(stated, ensure_ascii=False))


def inherited(wider: Tokenizer, start: Tokenizer, base: int) -> tuple[Tokenizer, list[int]]:
    """Return the wider tokenizer with the start's pieces first, and the numbers that they had there.

    Args:
        wider: the start's first ``base`` pieces and others, chosen anew.
        start: may have some of those others, with rows that were trained.
        base: pieces that both begin with.
    """
    stated = json.loads(wider.to_str())
    vocabulary, numbers = stated["model"]["vocab"], start.get_vocab()
    old = sorted((entry for entry in vocabulary[base:] if entry[0] in numbers), key=lambda e: numbers[e[0]])
    new = [entry for entry in vocabulary[base:] if entry[0] not in numbers]
    stated["model"]["vocab"] = [*vocabulary[:base], *old, *new]
    kept = [*range(base), *(numbers[piece] for piece, _ in old)]
    return Tokenizer.from_str(json.dumps(stated, ensure_ascii=False)), kept
