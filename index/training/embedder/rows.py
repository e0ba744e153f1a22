"""First values of the new pieces' rows, before anything is trained.

A row begins as the mean of the start's rows of its glosses' pieces, as the Chinese rows once did. A word
without a gloss takes the English words that come with it in parallel sentences more often than chance would
have it (the Dice coefficient), and one without those the pieces that the start's tokenizer cuts it into.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.training.embedder.parallel import Pair
from index.training.embedder.vocabulary import Word
from index.translation.lexicon import word_set

Rows = NDArray[np.float32]

_NORM = 0.9  # of the usual norm of a row: a mean of several is surer of less
_FEWEST = 2  # sentences that a word must share with another
_SURE = 0.12  # least Dice coefficient of two words that translate each other
_ENGLISH_WORD = re.compile(r"[a-z]+")
_SILENT = word_set("the a an of to and in is that for it on with as was be by at this are or from")


def aligned_words(
    pairs: Iterable[Pair], tokenizer: Tokenizer, pieces: set[str], most: int = 3
) -> dict[str, list[tuple[str, float]]]:
    """Return by piece the English words that translate it, with Dice coefficients, the best first.

    Args:
        pairs: parallel sentences of any languages.
        tokenizer: cuts the texts.
        pieces: those to align.
        most: English words of a piece.
    """
    together: dict[str, Counter[str]] = defaultdict(Counter)
    left: Counter[str] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    seen: dict[str, set[str]] = defaultdict(set)
    batch = list(pairs)
    wanted = {tokenizer.token_to_id(piece): piece for piece in pieces}
    encoded = tokenizer.encode_batch_fast([p.text for p in batch])  # whose tokens are not filled in
    for pair, encoding in zip(batch, encoded, strict=True):
        found = {wanted[n] for n in encoding.ids if n in wanted}
        english = set(_ENGLISH_WORD.findall(pair.english.lower()))
        for word in english:
            right[pair.language, word] += 1
        for piece in found:
            left[piece] += 1
            seen[piece].add(pair.language)
            together[piece].update(english)
    result: dict[str, list[tuple[str, float]]] = {}
    for piece, counter in together.items():
        languages = seen[piece]
        scored = [
            (2 * n / (left[piece] + sum(right[language, word] for language in languages)), word)
            for word, n in counter.items()
            if n >= _FEWEST
        ]
        best = sorted(((s, w) for s, w in scored if s >= _SURE), reverse=True)[:most]
        if best:
            result[piece] = [(word, score) for score, word in best]
    return result


class RowMaker:
    """Makes rows from the start's; texts are cut by the start's tokenizer."""

    def __init__(self, start: Tokenizer, rows: Rows) -> None:
        """Take the start's tokenizer and rows, shape (pieces, dimensions)."""
        self._start = start
        self._rows = rows
        self.mean = rows[5:].mean(axis=0)
        self._norm = float(np.median(np.linalg.norm(rows[5:] - self.mean, axis=1)))

    def of_text(self, text: str) -> Rows | None:
        """Return the mean of a text's rows; None where it has no token."""
        ids = self._start.encode(text, add_special_tokens=False).ids
        mean: Rows | None = self._rows[ids].mean(axis=0) if ids else None
        return mean

    def scaled(self, row: Rows) -> Rows:
        """Return a mean of rows with the length that one row has."""
        centred = row - self.mean
        length = float(np.linalg.norm(centred))
        return np.asarray(self.mean + centred * (_NORM * self._norm / max(length, 1e-6)), dtype=np.float32)

    def mixed(self, texts: Sequence[tuple[str, float]]) -> Rows | None:
        """Return the weighted mean of texts' means; None where none has a token."""
        found = [(row, weight) for text, weight in texts if (row := self.of_text(text)) is not None]
        if not found:
            return None
        total = sum(weight for _, weight in found)
        return np.asarray(sum(row * (weight / total) for row, weight in found), dtype=np.float32)


def gloss_weights(words: Iterable[Word], tokenizer: Tokenizer) -> dict[str, list[tuple[str, float]]]:
    """Return by piece the glosses of the words that normalise to it, weighted by how frequent those are.

    Of one word the first gloss counts most: 1, 1/2, 1/3.
    """
    normalise = tokenizer.normalizer.normalize_str
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for word in words:
        share = 10 ** (word.zipf - 3)
        found[normalise(word.text)] += [(gloss, share / (n + 1)) for n, gloss in enumerate(word.glosses[:3])]
    return found


def first_rows(
    tokenizer: Tokenizer,
    start: Tokenizer,
    rows: Rows,
    words: Sequence[Word],
    pairs: Sequence[Pair],
) -> Rows:
    """Return rows for all pieces of the wider tokenizer: the start's, then the new ones' first values.

    Args:
        tokenizer: the wider one.
        start: the one that ``rows`` belong to.
        rows: the start's, shape (pieces, dimensions).
        words: of glossaries.
        pairs: parallel sentences to align words in; none where glosses are to be all.
    """
    pieces = [str(tokenizer.id_to_token(n)) for n in range(len(rows), tokenizer.get_vocab_size())]
    maker = RowMaker(start, rows)
    glosses = gloss_weights(words, tokenizer)
    aligned = aligned_words(pairs, tokenizer, set(pieces))
    made = [maker.scaled(_first_row(piece, maker, glosses, aligned)) for piece in pieces]
    return np.concatenate([rows, np.stack(made)]) if made else rows


def _first_row(
    piece: str,
    maker: RowMaker,
    glosses: Mapping[str, list[tuple[str, float]]],
    aligned: Mapping[str, list[tuple[str, float]]],
) -> Rows:
    """Return the mean of what a piece's glosses say, or where it has none the words that come with it."""
    beside = aligned.get(piece, [])
    telling = [(word, score) for word, score in beside if word not in _SILENT]
    row = maker.mixed(glosses.get(piece) or telling or beside)
    if row is None:
        row = maker.of_text(piece.replace("▁", " "))
    return row if row is not None else maker.mean


__all__ = ["RowMaker", "aligned_words", "first_rows", "gloss_weights"]
