"""Fits new rows to the start's on parallel sentences, without the transformer: minutes instead of hours.

A sentence is the sum of its rows, each weighted by how rare its piece is (SIF: Arora, Liang and Ma 2017); the
sum of a translation is drawn to that of the English, against those of the other sentences of the batch.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from index.training.embedder.settings import Alignment

logger = logging.getLogger(__name__)

_RARE = 1e-3  # the constant of SIF: a piece of this share counts half
_TEMPERATURE = 0.05


def weights_of(texts: Sequence[Sequence[int]], pieces: int) -> Tensor:
    """Return the SIF weight of each piece, shape (pieces,)."""
    counts = np.bincount(np.concatenate([np.asarray(t, dtype=np.int64) for t in texts]), minlength=pieces)
    return torch.from_numpy(_RARE / (_RARE + counts / max(counts.sum(), 1))).float()


def _sums(rows: Tensor, texts: Sequence[Sequence[int]], weights: Tensor, sparse: bool) -> Tensor:
    flat = torch.tensor([piece for text in texts for piece in text])
    starts = torch.tensor([0, *np.cumsum([len(text) for text in texts])[:-1]])
    return functional.normalize(
        functional.embedding_bag(
            flat, rows, starts, mode="sum", per_sample_weights=weights[flat], sparse=sparse
        ),
        dim=1,
    )


def align(
    rows: NDArray[np.float32],
    old: int,
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    options: Alignment,
    seed: int,
) -> NDArray[np.float32]:
    """Return the rows after fitting the new ones.

    Args:
        rows: shape (pieces, dimensions).
        old: how many of them stay as they are, the first ones.
        pairs: pieces of a sentence and of its English, neither empty.
        options: how long and how fast.
        seed: of the order of pairs.
    """
    if not pairs or not options.steps or old == len(rows):
        return rows
    weights = weights_of([text for pair in pairs for text in pair], len(rows))
    centre = torch.from_numpy(rows[:old].mean(axis=0))
    fixed = torch.from_numpy(rows).float() - centre
    moving = fixed.clone().requires_grad_()
    optimizer = torch.optim.SparseAdam([moving], lr=options.rate)
    generator = np.random.default_rng(seed)
    for step in range(options.steps):
        chosen = [pairs[n] for n in generator.integers(0, len(pairs), options.batch)]
        theirs = _sums(fixed, [english for _, english in chosen], weights, sparse=False)
        ours = _sums(moving, [text for text, _ in chosen], weights, sparse=True)
        similar = ours @ theirs.T
        labels = torch.arange(len(chosen))
        contrast = functional.cross_entropy(similar / _TEMPERATURE, labels) + functional.cross_entropy(
            similar.T / _TEMPERATURE, labels
        )
        loss = contrast / 2 + 2 * (1 - similar.diagonal()).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * max(0.05, 1 - step / options.steps)
        optimizer.step()  # type: ignore[no-untyped-call]  # torch has no types here
        with torch.no_grad():
            moving[:old] = fixed[:old]
        if step % 100 == 0:
            logger.info("alignment step %d of %d: loss %.3f", step, options.steps, float(loss.detach()))
    return np.asarray((moving.detach() + centre).numpy(), dtype=np.float32)
