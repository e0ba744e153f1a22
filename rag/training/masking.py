"""Texts with words hidden, which a reader in training guesses beside answering questions.

Questions teach where an answer stands, and too few of them teach a small body a language. Guessing hidden words
of plain text does (Devlin et al. 2018, "BERT", arXiv:1810.04805), and of a sentence beside its translation it
teaches which words mean the same (Conneau and Lample 2019, "Cross-lingual language model pretraining",
arXiv:1901.07291).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from rag.features import CLS, MASK, PASSAGE, SEP, SPECIAL

_HIDDEN = 0.2  # share of the tokens that are guessed
_SHARES = {"zh": 0.62, "ja": 0.08, "en": 0.08, "ko": 0.02}  # of the texts; the rest are pairs


def masked_texts(
    chunks: Mapping[str, Sequence[tuple[int, str]]],
    pairs: Sequence[tuple[str, str]],
    count: int,
    random: Random,
) -> list[tuple[str, str]]:
    """Return about ``count`` texts, each of two parts: a translation, or nothing, and what stands after it.

    Args:
        chunks: passages by language, as (document, text).
        pairs: English and Chinese sentences that say the same.
        count: how many.
        random: chooses them, and which side of a pair comes first.
    """
    made = [
        ("", random.choice(chunks[language])[1])
        for language, share in _SHARES.items()
        if chunks.get(language)
        for _ in range(round(share * count))
    ]
    while pairs and len(made) < count:
        made.append(tuple(random.sample(random.choice(pairs), 2)))  # type: ignore[arg-type]  # a pair stays one
    return made


def hide(
    before: NDArray[np.int64], text: NDArray[np.int64], pieces: int, generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the row's tokens with some hidden, its token types, and the hidden tokens where they stood, else 0.

    Of the chosen tokens eight in ten become ``[MASK]``, one another piece, and one stays, as in BERT.
    """
    first = [CLS, *before, SEP] if len(before) else [CLS]
    ids = np.array([*first, *text, SEP], dtype=np.int64)
    types = np.zeros(len(ids), dtype=np.int64)
    types[len(ids) - len(text) - 1 :] = PASSAGE
    chosen = (generator.random(len(ids)) < _HIDDEN) & (ids >= SPECIAL)
    hidden = np.where(chosen, ids, 0)
    fate = generator.random(len(ids))
    ids[chosen & (fate < 0.8)] = MASK
    swapped = chosen & (fate >= 0.9)
    ids[swapped] = generator.integers(SPECIAL, pieces, int(swapped.sum()))
    return ids, types, hidden


class Guesser(nn.Module):
    """Guesses hidden tokens from the body's vectors, by the word vectors that the body reads; not exported."""

    def __init__(self, width: int, pieces: int) -> None:
        """Begin with a random turn of the vectors."""
        super().__init__()
        self.turn = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(pieces))

    def forward(self, states: Tensor, words: Tensor, wanted: Tensor) -> Tensor:
        """Return the mean loss over states of shape (n, width) whose tokens are ``wanted``, shape (n,)."""
        guesses = self.norm(functional.gelu(self.turn(states)))
        return functional.cross_entropy((guesses @ words.T + self.bias).float(), wanted)
