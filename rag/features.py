"""What the reader is fed: tokens of a question and a passage, and which of them match the other side.

Takes texts, gives numpy arrays; knows nothing of the network that reads them. Training shares it.

A row is ``[CLS] question [SEP] above window of the passage [SEP]``, where *above* is what stands over the passage
(titles, a date), the same in every window, and often nothing. The token type of a question token is 0, 1 or 2 for
no, a weak or a strong match with the window and what stands above, of a token of these 3, 4 or 5. A *strong* match
shares two neighbouring Chinese characters (or kana, hangul …) or a whole Latin piece, a *weak* one a single
character or a stop word. Chinese is written without spaces, so a question's words seldom start where the passage's
tokens do: matching by character pairs finds them across token boundaries. The tokenizer has folded scripts, width
and case.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CLS, SEP, MASK = 2, 3, 4
SPECIAL = 5  # numbers below are [PAD] [UNK] [CLS] [SEP] [MASK]
PASSAGE = 3  # added to the match of a passage token
MAX_QUESTION = 40  # tokens; the rest of a longer question is not read
MAX_ABOVE = 40  # tokens of what stands above; what comes before them is not read
WINDOW, STRIDE = 192, 96  # tokens of the passage

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """A tokenised text: numbers, shape (n,), and code-point offsets, shape (n, 2), that never overlap."""

    ids: Integers
    spans: Integers


NOTHING = Tokens(np.empty(0, dtype=np.int64), np.empty((0, 2), dtype=np.int64))
"""A text without tokens."""


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """What each token of a text can match with: numbers, and the positions of the tokens that own them."""

    length: int  # tokens
    strong: Integers
    strong_owner: Integers
    weak: Integers
    weak_owner: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One input of the network."""

    ids: Integers
    types: Integers
    offset: int  # where the window's first token stands in the row
    first: int  # where it stands in the passage's tokens
    length: int  # tokens of the window


class Featuriser:
    """Turns questions and passages into rows, by a tokenizer and a set of stop tokens."""

    def __init__(self, tokenizer: Tokenizer, stop: Sequence[int] = ()) -> None:
        """Take a tokenizer and the numbers of its function words, and make tables over the vocabulary."""
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a document is text, not a control token
        self._tokenizer = tokenizer
        self.pieces = tokenizer.get_vocab_size()  # numbers of the vocabulary
        pieces = [""] * self.pieces
        for piece, number in tokenizer.get_vocab().items():
            pieces[number] = piece.replace("▁", "")
        lengths = np.array([len(piece) for piece in pieces])
        self._starts = np.concatenate([[0], np.cumsum(lengths)])
        self._characters = np.frombuffer("".join(pieces).encode("utf-32-le"), dtype=np.uint32).astype(
            np.int64
        )
        self._tabulate(lengths, stop)

    def _tabulate(self, lengths: Integers, stop: Sequence[int]) -> None:
        """Note of each piece of the vocabulary what it matches by."""
        alphabet, spelling = np.unique(self._characters, return_inverse=True)

        def count(pattern: str) -> Integers:
            """How many characters of each piece match the pattern."""
            hits = np.array([re.match(pattern, chr(character)) is not None for character in alphabet])
            total = np.concatenate([[0], np.cumsum(hits[spelling])])
            counts: Integers = total[self._starts[1:]] - total[self._starts[:-1]]
            return counts

        stopped = np.zeros(len(lengths), dtype=bool)
        stopped[list(stop)] = True
        known = count(r"\w") > 0
        known[:SPECIAL] = False
        latin = known & (count("[a-z0-9]") == lengths)
        letter = (lengths == 1) & (count("[0-9]") == 0)
        self._known = known
        self._spelt = known & ~latin & ~stopped  # matched by its characters
        self._whole = latin & ~stopped & ~letter  # a Latin piece that matches strongly, as a whole
        self._faint = known & (stopped | (latin & letter))  # matches weakly, as a whole

    @classmethod
    def load(cls, folder: Path) -> Featuriser:
        """Read ``tokenizer.json`` and ``stop_tokens.json`` from a reader's folder.

        Raises:
            ModelError: one of them is missing or unreadable.
        """
        from tokenizers import Tokenizer

        try:
            stop = json.loads((folder / "stop_tokens.json").read_text(encoding="utf-8"))
            return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), stop)
        except Exception as error:  # the tokenizers library raises plain Exception
            raise ModelError(f"The reader's vocabulary in {folder} could not be read: {error}") from None

    def tokenise(self, texts: Sequence[str]) -> list[Tokens]:
        """Tokenise texts, without special tokens."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [
            Tokens(np.array(e.ids, dtype=np.int64), _clamped(text, e.offsets))
            for text, e in zip(texts, encodings, strict=True)
        ]

    def keys(self, ids: Integers, cut: int = 0) -> Keys:
        """Return what the tokens of a text can match with; no pair of characters spans the ``cut``."""
        position = np.arange(len(ids))
        lengths = np.where(self._spelt[ids], self._starts[ids + 1] - self._starts[ids], 0)
        owner = np.repeat(position, lengths)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        characters = self._characters[self._starts[ids][owner] + within]
        # Two characters are neighbours when no token that is not spelt stands between them.
        paired = np.flatnonzero((owner[1:] - owner[:-1] <= 1) & ((owner[:-1] < cut) == (owner[1:] < cut)))
        pairs = (characters[paired] << 21) | characters[paired + 1]  # a code point has 21 bits
        left, right = owner[paired], owner[paired + 1]
        crossing = left != right
        whole = np.flatnonzero(self._whole[ids])
        single = np.flatnonzero(self._faint[ids])
        return Keys(
            length=len(ids),
            strong=np.concatenate(
                [pairs, pairs[crossing], -1 - ids[whole]]
            ),  # negative: a piece, not characters
            strong_owner=np.concatenate([left, right[crossing], whole]),
            weak=np.concatenate([characters, -1 - ids[single]]),
            weak_owner=np.concatenate([owner, single]),
        )

    def has_words(self, tokens: Tokens) -> bool:
        """Return whether a text holds more than punctuation and characters that the vocabulary lacks."""
        return bool(self._known[tokens.ids].any())

    def rows(self, question: Tokens, passage: Tokens, above: Tokens = NOTHING) -> list[Row]:
        """Return the rows of a question and a passage: one for each window of it; none where a side has no words.

        Of what stands above the end is read, where the nearest title and the date are.
        """
        if not (self.has_words(question) and self.has_words(passage)):
            return []
        asked, over = question.ids[:MAX_QUESTION], above.ids[-MAX_ABOVE:]
        asked_keys = self.keys(asked)
        return [self.row(asked, asked_keys, over, passage.ids[s:e], s) for s, e in windows(len(passage.ids))]

    def row(self, asked: Integers, asked_keys: Keys, above: Integers, window: Integers, first: int) -> Row:
        """Return the row of one window, whose first token is the passage's ``first``."""
        seen = np.concatenate([above, window])
        seen_keys = self.keys(seen, cut=len(above))
        return Row(
            ids=np.concatenate([[CLS], asked, [SEP], seen, [SEP]]),
            types=np.concatenate(
                [
                    [0],
                    matches(asked_keys, seen_keys),
                    [0],
                    PASSAGE + matches(seen_keys, asked_keys),
                    [PASSAGE],
                ]
            ),
            offset=len(asked) + 2 + len(above),
            first=first,
            length=len(window),
        )


def matches(keys: Keys, others: Keys) -> Integers:
    """Return for each token 2 where it matches the other text strongly, 1 where weakly, else 0."""
    kinds = np.zeros(keys.length, dtype=np.int64)
    kinds[keys.weak_owner[np.isin(keys.weak, others.weak)]] = 1
    kinds[keys.strong_owner[np.isin(keys.strong, others.strong)]] = 2
    return kinds


def windows(length: int, window: int = WINDOW, stride: int = STRIDE) -> list[tuple[int, int]]:
    """Return half-open windows over so many tokens; they overlap, cover all, and the last one is full too.

    >>> windows(200)
    [(0, 192), (8, 200)]
    """
    if length <= window:
        return [(0, length)] if length else []
    firsts = range(0, length - window, stride)
    return [(first, first + window) for first in firsts] + [(length - window, length)]


def _clamped(text: str, offsets: Sequence[tuple[int, int]]) -> Integers:
    """Return token offsets that neither overlap nor begin or end with white space.

    The vocabulary's word-start mark lets a Latin piece or a number begin one character early, on the last
    character of the token before or on the space between.
    """
    spans = np.array(offsets, dtype=np.int64).reshape(-1, 2)
    ends = np.maximum.accumulate(spans[:, 1])
    starts = np.minimum(np.maximum(spans[:, 0], np.concatenate([[0], ends[:-1]])), ends)
    for n in np.flatnonzero(starts < ends):
        while starts[n] < ends[n] and text[starts[n]].isspace():
            starts[n] += 1
        while starts[n] < ends[n] and text[ends[n] - 1].isspace():
            ends[n] -= 1
    return np.stack([starts, ends], axis=1)
