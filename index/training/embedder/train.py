"""Trains an encoder on the mixture, on a CPU or a GPU, and goes on where an earlier run was stopped.

Sentences are drawn to the teacher's vector of their English, w (1 - cosine) plus a contrastive loss against the
batch (InfoNCE: van den Oord et al. 2018, arXiv:1807.03748), and to each other; questions to their passages,
against the batch's other passages and the BM25-hard ones. The checkpoint holds everything that decides the
next step, so a run that was killed and resumed ends with the weights of one that was not.
"""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from index.training import checkpoint, curves
from index.training.checkpoint import CHECKPOINT
from index.training.embedder.encoder import Encoder
from index.training.embedder.mixture import Batch, Mixture
from index.training.embedder.settings import Training

logger = logging.getLogger(__name__)

_SUB_BATCH = 2_000  # tokens that are computed at once; like lengths stand together


def rate_at(step: int, options: Training) -> float:
    """Return the share of the peak rate at a step, from 0: up, level, and then down in a straight line.

    With a level stretch the number of steps need not be known at the start (Hu et al. 2024, arXiv:2404.06395).
    """
    falling = max(1, int(options.decay_share * options.steps))
    return min(1.0, (step + 1) / options.warmup_steps, max(0.02, (options.steps - step) / falling))


def contrast(ours: Tensor, theirs: Tensor, temperature: float, others: Tensor | None = None) -> Tensor:
    """Return the InfoNCE loss of rows that belong together, both ways; ``others`` are more wrong candidates."""
    labels = torch.arange(len(ours), device=ours.device)
    candidates = theirs if others is None else torch.cat([theirs, others])
    there = functional.cross_entropy(ours @ candidates.T / temperature, labels)
    back = functional.cross_entropy(theirs @ ours.T / temperature, labels)
    return (there + back) / 2


def loss_of(
    columns: Sequence[Tensor], taught: Tensor | None, negatives: Tensor | None, options: Training
) -> Tensor:
    """Return the loss of a batch.

    Args:
        columns: unit vectors, each of shape (examples, dimensions).
        taught: the teacher's unit vectors of the English, or None where columns are compared.
        negatives: unit vectors of wrong passages, or of other English sentences, or None.
        options: temperature and weight.
    """
    if taught is None:
        return contrast(columns[0], columns[1], options.temperature, negatives)
    each = [
        options.distance_weight * (1 - (column * taught).sum(dim=1)).mean()
        + contrast(column, taught, options.temperature, negatives)
        for column in columns
    ]
    between = [contrast(a, b, options.temperature) for a, b in itertools.combinations(columns, 2)]
    return sum(each, torch.zeros(())) / len(each) + (
        sum(between, torch.zeros(())) / len(between) if between else 0
    )


def rows_from(gradient: Tensor | None, first: int) -> Tensor | None:
    """Return a sparse gradient without the rows before ``first``."""
    if gradient is None:
        return None
    whole = gradient.coalesce()
    numbers, values = whole.indices(), whole.values()
    moving = numbers[0] >= first
    return torch.sparse_coo_tensor(
        numbers[:, moving], values[moving], whole.shape, is_coalesced=True, check_invariants=False
    )


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Unit vectors of texts, in the parts that were computed apart, and their way back to the texts' order."""

    parts: tuple[Tensor, ...]
    order: Tensor  # shape (texts,): of each row of the parts, the number of its text
    tokens: int

    @property
    def vectors(self) -> Tensor:
        """In the order of the texts, shape (texts, dimensions)."""
        joined = torch.cat(self.parts)
        return joined.index_select(0, torch.argsort(self.order).to(joined.device))


class Texts:
    """Encodes texts, sorted by length, in parts that run beside each other.

    Each part has one thread of its own. On a busy machine that is faster than two threads on every product:
    they wait for each other twice a step instead of a thousand times.
    """

    def __init__(self, tokenizer: Tokenizer, encoder: Encoder, options: Training) -> None:
        """Cut texts to ``options.longest`` tokens; compute in as many parts as there are threads."""
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(options.longest)
        self._encoder = encoder
        self._parts = options.threads if encoder.rows.device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(self._parts, initializer=torch.set_num_threads, initargs=(1,))

    def encode(self, texts: Sequence[str], *, learning: bool = True) -> Encoded:
        """Encode texts; with ``learning`` the weights' gradients can be asked for."""
        rows = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        order = sorted(range(len(rows)), key=lambda n: (-len(rows[n]), n))
        batches: list[list[int]] = []
        for n in order:
            if not batches or len(rows[batches[-1][0]]) * (len(batches[-1]) + 1) > _SUB_BATCH:
                batches.append([])
            batches[-1].append(n)
        shares: list[list[list[int]]] = [[] for _ in range(min(self._parts, len(batches)))]
        for batch in sorted(batches, key=lambda b: (-len(b) * len(rows[b[0]]), b)):
            min(shares, key=lambda share: sum(len(b) * len(rows[b[0]]) for b in share)).append(batch)
        with torch.set_grad_enabled(learning):
            parts = self._each(lambda share: self._encode(share, rows, learning), shares)
        numbers = torch.tensor([n for share in shares for batch in share for n in batch])
        return Encoded(tuple(parts), numbers, sum(map(len, rows)))

    def _encode(
        self, share: Sequence[Sequence[int]], rows: Sequence[Sequence[int]], learning: bool
    ) -> Tensor:
        with torch.set_grad_enabled(learning):  # which each thread must be told
            return self._encoder([[rows[n] for n in batch] for batch in share])

    def gradients(self, encoded: Encoded, wanted: Tensor) -> None:
        """Set the weights' gradients, given those of the vectors, shape (texts, dimensions)."""
        weights = [weight for weight in self._encoder.weights.values() if weight.requires_grad]
        joined = wanted.index_select(0, encoded.order.to(wanted.device))
        pieces = torch.split(joined, [len(part) for part in encoded.parts])
        found = self._each(
            lambda n: torch.autograd.grad(encoded.parts[n], weights, pieces[n], allow_unused=True),
            range(len(encoded.parts)),
        )
        for place, weight in enumerate(weights):
            given = [gradients[place] for gradients in found if gradients[place] is not None]
            weight.grad = sum(given[1:], given[0]) if given else None

    def _each(self, work: Callable[[Any], Any], tasks: Iterable[Any]) -> list[Any]:
        return list(self._pool.map(work, tasks))


class Teacher:
    """The teacher's vectors of English sentences, each computed once."""

    def __init__(self, texts: Texts) -> None:
        """Take the teacher's tokenizer and weights."""
        self._texts = texts
        self._known: dict[str, Tensor] = {}

    def vectors(self, english: Sequence[str]) -> Tensor:
        """Return unit vectors, shape (sentences, dimensions)."""
        new = [text for text in dict.fromkeys(english) if text not in self._known]
        if new:
            vectors = self._texts.encode(new, learning=False).vectors
            self._known.update(zip(new, vectors, strict=True))
        return torch.stack([self._known[text] for text in english])


class Trainer:
    """An encoder in training with two optimizers: a sparse one for the rows, of which a batch moves few."""

    def __init__(
        self,
        encoder: Encoder,
        tokenizer: Tokenizer,
        teacher: Teacher,
        bank: Sequence[str],
        options: Training,
    ) -> None:
        """Take what is trained, by whom, and English sentences to contrast with in every step."""
        self.encoder = encoder
        for weight in encoder.body:
            weight.requires_grad_(not options.fixed_rows)
        self.options = options
        self._teacher = teacher
        self._bank = tuple(bank)
        self._texts = Texts(tokenizer, encoder, options)
        self.dense = torch.optim.AdamW(
            encoder.body,
            lr=options.body_rate,
            weight_decay=options.weight_decay,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.sparse = torch.optim.SparseAdam([encoder.rows], lr=options.row_rate, betas=(0.9, 0.98))
        self.step = 0

    def train_step(self, batch: Batch) -> tuple[float, int]:
        """Take one step; return its loss and its tokens, the teacher's not counted."""
        rate = rate_at(self.step, self.options)
        peaks = ((self.dense, self.options.body_rate), (self.sparse, self.options.row_rate))
        for optimizer, peak in peaks:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
        taught = self._teacher.vectors(batch.english) if batch.english else None
        texts = [text for column in batch.columns for text in column] + list(batch.negatives)
        encoded = self._texts.encode(texts)
        vectors = encoded.vectors.detach().requires_grad_()
        count = len(batch.columns[0])
        columns = torch.split(vectors[: count * len(batch.columns)], count)
        negatives = vectors[count * len(batch.columns) :] if batch.negatives else self._others(batch)
        loss = loss_of(columns, taught, negatives, self.options)
        torch.autograd.backward(loss)
        assert vectors.grad is not None  # the loss is made of them
        self._texts.gradients(encoded, vectors.grad)
        if self.options.fixed_rows:
            self.encoder.rows.grad = rows_from(self.encoder.rows.grad, self.options.fixed_rows)
        torch.nn.utils.clip_grad_norm_(self.encoder.body, 1.0)
        self.dense.step()
        self.sparse.step()  # type: ignore[no-untyped-call]  # torch has no types here
        self.step += 1
        return float(loss.detach()), encoded.tokens

    def _others(self, batch: Batch) -> Tensor | None:
        """Return the teacher's vectors of the bank's sentences that are not in the batch."""
        known = set(batch.english)
        others = [text for text in self._bank if text not in known] if batch.english else []
        return self._teacher.vectors(others) if others else None

    def save(self, path: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        checkpoint.save(path, self.step, self.encoder.weights, self._optimizers)

    @torch.no_grad()
    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        self.step, weights = checkpoint.load(path, self._optimizers)
        for name, weight in weights.items():
            self.encoder.weights[name].copy_(weight)

    @property
    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"dense": self.dense, "sparse": self.sparse}


def draw(table: Path, drawing: Path) -> None:
    """Draw each source's loss over the steps as an SVG file."""
    columns = curves.read(table)
    losses = {n.removeprefix("loss_"): column for n, column in columns.items() if n.startswith("loss_")}
    highest = max(1.0, *(value for column in losses.values() for value in column if value == value))
    curves.write_drawing(drawing, [curves.chart(columns["step"], losses, highest, "loss by source")])


@dataclass(slots=True)
class Tally:
    """What happened since the last point of the curves."""

    began: float  # of time.monotonic
    tokens: int = 0
    losses: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def train(trainer: Trainer, mixture: Mixture, out: Path) -> None:
    """Train to the last step, from the start or from the checkpoint in ``out``."""
    options = trainer.options
    kept = out / CHECKPOINT
    if kept.is_file():
        trainer.load(kept)
        logger.info("going on from step %d", trainer.step)
    curves.cut(out / curves.TABLE, trainer.step)
    saved = time.monotonic()
    tally = Tally(saved)
    while trainer.step < options.steps:
        batch = mixture.batch(trainer.step)
        loss, tokens = trainer.train_step(batch)
        tally.losses[batch.source].append(loss)
        tally.tokens += tokens
        ended = trainer.step == options.steps
        if ended or trainer.step % options.report_steps == 0:
            _report(out, tally, trainer.step, options.steps, sorted(mixture.counts))
            tally = Tally(time.monotonic())
        if ended or time.monotonic() - saved >= options.checkpoint_s:
            trainer.save(kept)
            saved = time.monotonic()


def _report(out: Path, tally: Tally, step: int, total: int, sources: Sequence[str]) -> None:
    """Add a point to the curves and draw them again."""
    table = out / curves.TABLE
    speed = round(tally.tokens / max(time.monotonic() - tally.began, 1e-9))
    seen = curves.last(table, "tokens") + tally.tokens
    means = {name: round(sum(values) / len(values), 4) for name, values in tally.losses.items()}
    losses = {f"loss_{name}": means.get(name, math.nan) for name in sources}
    curves.append(table, {"step": step, "tokens": seen, "tokens_per_s": speed} | losses)
    draw(table, out / curves.DRAWING)
    logger.info("step %d of %d, %d tokens, %d tokens/s, losses %s", step, total, seen, speed, means)
