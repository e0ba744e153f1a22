"""Trains a reader on prepared windows, on a CPU or a GPU, and goes on where an earlier run was stopped.

Span cross-entropy over the passage's tokens and [CLS] (its "not here"), plus a binary cross-entropy of the
relevance at [CLS]. On windows of some sources the spans of the start are kept instead: learning without forgetting
(Li and Hoiem 2016). The checkpoint holds everything that decides the next step, so a run that was killed and
resumed ends with the weights of one that was not.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from index.errors import SettingsError
from index.training import checkpoint
from index.training.checkpoint import CHECKPOINT
from index.training.devices import chosen_device, chosen_precision
from rag.features import MASK, SPECIAL
from rag.reader import OUTPUTS
from rag.training import curves
from rag.training.examples import SOURCES
from rag.training.masking import Guesser
from rag.training.mixture import MASKED, Windows
from rag.training.settings import Training, TrainingSettings

logger = logging.getLogger(__name__)

_POOL = 40  # batches that are sorted by length together: little padding, and still well mixed
_FLOOR = 0.02  # share of the peak rate that the last steps still have
_GUESSER_ALONE = 120  # steps: its first guesses would push the body anywhere


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Windows padded to one width; each tensor but ``labels`` has shape (windows, width)."""

    ids: Tensor
    types: Tensor
    attended: Tensor  # 1 where a token is
    allowed: Tensor  # True where an answer may begin or end: the passage and [CLS]
    hidden: Tensor  # tokens to guess, else 0
    labels: Tensor  # shape (windows, 5), see Windows


class Taught(NamedTuple):
    """What the start made of a batch."""

    logits: Tensor  # shape (windows, width, outputs)
    kept: Tensor  # True for the windows in which its spans are kept, shape (windows,)


class Step(NamedTuple):
    """What one step of training found."""

    span_loss: Tensor
    relevance_loss: Tensor
    guess_loss: Tensor
    exact: Tensor  # which windows are answered exactly, shape (windows,)
    relevance: Tensor  # their logits, shape (windows,)


@dataclass(slots=True)
class Tally:
    """What happened since the last point of the curves."""

    steps: int = 0
    tokens: int = 0
    span_loss: float = 0.0
    relevance_loss: float = 0.0
    guess_loss: float = 0.0
    answered: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(SOURCES), 2), dtype=np.int64))
    judged: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(SOURCES), 2), dtype=np.int64))


def batch_order(lengths: NDArray[np.int64], tokens: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Return the windows of each batch of an epoch; the same for the same seed and epoch.

    Windows are shuffled, sorted by length within pools, and packed: rows x width is ``tokens`` at most.
    """
    generator = np.random.default_rng((seed, epoch))
    order = generator.permutation(len(lengths))
    pool = max(1, int(_POOL * tokens / max(float(lengths.mean()), 1.0)))
    batches: list[NDArray[np.int64]] = []
    for first in range(0, len(order), pool):
        members = order[first : first + pool]
        members = members[np.argsort(lengths[members], kind="stable")]
        packed = list(_packed(members, lengths, tokens))
        batches += [packed[n] for n in generator.permutation(len(packed))]
    return batches


def _packed(
    members: NDArray[np.int64], lengths: NDArray[np.int64], tokens: int
) -> Iterator[NDArray[np.int64]]:
    first = 0
    for n in range(len(members)):
        if n > first and lengths[members[n]] * (n + 1 - first) > tokens:
            yield members[first:n]
            first = n
    yield members[first:]


def collate(windows: Windows, members: NDArray[np.int64], device: torch.device) -> Batch:
    """Pad some windows to the longest of them."""
    width = int(windows.lengths[members].max())
    ids, types, attended, allowed, hidden = (
        np.zeros((len(members), width), dtype=np.int64) for _ in range(5)
    )
    labels = np.asarray(windows.labels[members], dtype=np.int64)
    for row, member in enumerate(members):
        start, end = int(windows.starts[member]), int(windows.starts[member + 1])
        size = end - start
        ids[row, :size] = windows.ids[start:end]
        types[row, :size] = windows.types[start:end]
        hidden[row, :size] = windows.hidden[start:end]
        attended[row, :size] = 1
        allowed[row, labels[row, 3] : size - 1] = 1
    allowed[:, 0] = 1
    ready = (torch.from_numpy(array).to(device) for array in (ids, types, attended, allowed, hidden, labels))
    ids_, types_, attended_, allowed_, hidden_, labels_ = ready
    return Batch(ids_, types_, attended_, allowed_.bool(), hidden_, labels_)


class Scores(NamedTuple):
    """What a reader gives each place of a window; the first of each is [CLS], "not here"."""

    starts: Tensor  # shape (windows, width)
    ends: Tensor  # shape (windows, width)
    spans: Tensor  # shape (windows, width * width)


def losses(logits: Tensor, batch: Batch, taught: Taught | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the span loss, the relevance loss, and which windows are answered exactly, shape (windows,).

    Half of the span loss is the mean of start and end, each among all tokens, half that of the span among all spans.

    Args:
        logits: shape (windows, width, outputs): start, end, relevance, and the two vectors.
        batch: what they were computed from.
        taught: what the start made of them, and where its spans are to be kept.
    """
    asked = (batch.labels[:, 4] != MASKED).float()  # the other windows count for nothing here
    scores = _scores(logits, batch)
    first, last, here = batch.labels[:, 0], batch.labels[:, 1], batch.labels[:, 2]
    wanted = Scores(first, last, first * logits.shape[1] + last)
    kept = _scores(taught.logits, batch) if taught else scores
    start, end, span = (
        functional.cross_entropy(given, place, reduction="none")
        if taught is None
        else _kept_or_taught(given, place, before, taught.kept)
        for given, place, before in zip(scores, wanted, kept, strict=True)
    )
    judged = functional.binary_cross_entropy_with_logits(logits[:, 0, 2], here.float(), reduction="none")
    exact = scores.spans.argmax(dim=1) == wanted.spans
    return _mean((start + end) / 4 + span / 2, asked), _mean(judged, asked), exact


def _scores(logits: Tensor, batch: Batch) -> Scores:
    """Return the scores of all places where an answer may be; those of others are -1e4."""
    starts = logits[..., 0].masked_fill(~batch.allowed, -1e4)
    ends = logits[..., 1].masked_fill(~batch.allowed, -1e4)
    opens, closes = logits[..., OUTPUTS:].chunk(2, dim=-1)
    products = opens @ closes.transpose(1, 2) * max(opens.shape[-1], 1) ** -0.5
    width = logits.shape[1]
    wrong = torch.ones(width, width, dtype=torch.bool, device=logits.device).tril(-1)
    wrong[0, 1:] = True  # [CLS] is "not here", and no beginning of an answer
    spans = (starts[:, :, None] + ends[:, None, :] + products).masked_fill(wrong, -1e4).flatten(1)
    return Scores(starts, ends, spans)


def _kept_or_taught(given: Tensor, wanted: Tensor, before: Tensor, kept: Tensor) -> Tensor:
    """Return each window's loss, where the start's places are kept in some of them.

    In those the loss is that of "here or not here", and how far the places have moved from the start's if it is
    here (Kullback-Leibler divergence, nats); in the others the cross-entropy of the place that is wanted.

    Args:
        given: scores of places, shape (windows, places); the first is "not here".
        wanted: the right place, shape (windows,).
        before: the start's scores of them.
        kept: True for the windows in which its places are kept, shape (windows,).
    """
    everywhere = given.logsumexp(dim=1)
    here = given[:, 1:].logsumexp(dim=1) - everywhere
    found = -torch.where(wanted == 0, given[:, 0] - everywhere, here)
    moved = functional.kl_div(
        given[:, 1:].log_softmax(dim=1), before[:, 1:].log_softmax(dim=1), reduction="none", log_target=True
    ).sum(dim=1)
    learnt = functional.cross_entropy(given, wanted, reduction="none")
    return torch.where(kept, found + moved, learnt)


def _mean(values: Tensor, counted: Tensor) -> Tensor:
    """Return the mean over the counted windows; 0 where there is none."""
    return (values * counted).sum() / counted.sum().clamp(min=1)


def rate_at(step: int, total: int, warmup: int) -> float:
    """Return the share of the peak rate at a step, from 0: up in ``warmup`` steps, then down to the end."""
    return min(1.0, (step + 1) / warmup) * max(_FLOOR, 1 - (step + 1) / total)


class Trainer:
    """A model in training with two optimizers: a sparse one for word vectors, of which a batch moves few."""

    def __init__(self, start: Path, settings: TrainingSettings) -> None:
        """Load the model to start from.

        Raises:
            SettingsError: the start has no reader's outputs and ``new_heads`` is not set.
        """
        self.options = settings.training
        self.device = torch.device(chosen_device())
        self.seed = settings.seed
        torch.manual_seed(self.seed)
        self.model = _load_model(start, self.options).to(self.device)
        vectors = self.model.bert.embeddings.word_embeddings
        vectors.sparse = True
        vectors.weight.requires_grad_(self.options.train_words)
        heads = list(self.model.classifier.parameters())
        apart = {id(vectors.weight), *map(id, heads)}
        body = [weight for weight in self.model.parameters() if id(weight) not in apart]
        self.guesser = Guesser(*reversed(vectors.weight.shape)) if settings.mixture.masked else None
        if self.guesser:
            heads += self.guesser.to(self.device).parameters()
        self.clipped = [*body, *heads]
        groups = [
            {"params": body, "peak": self.options.body_rate},
            {"params": heads, "peak": self.options.head_rate},
        ]
        dense = torch.optim.AdamW(
            groups, weight_decay=self.options.weight_decay, betas=(0.9, 0.98), fused=True
        )
        self.optimizers: dict[str, torch.optim.Optimizer] = {"dense": dense}
        if self.options.train_words:
            self.optimizers["sparse"] = torch.optim.SparseAdam(
                [{"params": [vectors.weight], "peak": self.options.body_rate}], betas=(0.9, 0.98)
            )
        self._body = self._compiled(self.model.bert)
        self._keeps = torch.tensor(
            [source in self.options.keep_spans for source in SOURCES] + [False], device=self.device
        )
        self._before = None
        if self.options.keep_spans:
            self._before = _load_model(start, self.options).to(self.device).eval().requires_grad_(False)
            self._body_before = self._compiled(self._before.bert)
        self.step = 0

    def _compiled(self, body: Any) -> Any:
        return torch.compile(body, dynamic=True) if self.options.compiled else body

    def train_step(self, batch: Batch, rate: float) -> Step:
        """Take one step at a share of the peak rates."""
        torch.manual_seed(self.seed + self.step)  # what is left out is the same after a kill
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
            optimizer.zero_grad()
        ids = self._with_hidden(batch.ids)
        taught = self._taught(ids, batch)
        with self._autocast():
            states = self._body(
                input_ids=ids, token_type_ids=batch.types, attention_mask=batch.attended
            ).last_hidden_state
            logits = self.model.classifier(states)
            guessing = self._guess(states.detach() if self.step < _GUESSER_ALONE else states, batch)
        span, relevance, exact = losses(logits.float(), batch, taught)
        torch.autograd.backward(
            span + self.options.relevance_weight * relevance + self.options.masked_weight * guessing
        )
        torch.nn.utils.clip_grad_norm_(self.clipped, 1.0)
        for optimizer in self.optimizers.values():
            optimizer.step()
        self.step += 1
        return Step(span.detach(), relevance.detach(), guessing.detach(), exact, logits[:, 0, 2].detach())

    def _taught(self, ids: Tensor, batch: Batch) -> Taught | None:
        """Return what the start makes of a batch; None where nothing of it is to be kept."""
        if self._before is None:
            return None
        kept = self._keeps[batch.labels[:, 4]]
        if not kept.any():
            return None
        with torch.no_grad(), self._autocast():
            states = self._body_before(
                input_ids=ids, token_type_ids=batch.types, attention_mask=batch.attended
            ).last_hidden_state
            return Taught(self._before.classifier(states).float(), kept)

    def _guess(self, states: Tensor, batch: Batch) -> Tensor:
        """Return the loss of guessing the hidden words; 0 where none is hidden."""
        hidden = batch.hidden > 0
        if self.guesser is None or not hidden.any():
            return torch.zeros((), device=self.device)
        words = self.model.bert.embeddings.word_embeddings.weight.detach()  # its gradient would be dense
        loss: Tensor = self.guesser(states[hidden], words, batch.hidden[hidden])
        return loss

    def _weights(self) -> dict[str, Tensor]:
        """Return all weights by name, those that are not exported too."""
        guesser = self.guesser.state_dict(prefix="guesser.") if self.guesser else {}
        return {**self.model.state_dict(), **guesser}

    def _with_hidden(self, ids: Tensor) -> Tensor:
        """Return the tokens with some of them hidden, special ones apart: no answer may hang on a single word."""
        if not self.options.hidden_tokens:
            return ids
        hidden = (torch.rand(ids.shape, device=ids.device) < self.options.hidden_tokens) & (ids >= SPECIAL)
        return ids.masked_fill(hidden, MASK)

    def _autocast(self) -> AbstractContextManager[Any]:
        precision = chosen_precision(self.options.precision, self.device.type)
        precise = precision == torch.float32
        return nullcontext() if precise else torch.autocast(self.device.type, dtype=precision)

    def save(self, path: Path) -> None:
        """Write the checkpoint, whole or not at all."""
        checkpoint.save(path, self.step, self._weights(), self.optimizers)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint."""
        self.step, weights = checkpoint.load(path, self.optimizers)
        apart = {name for name in weights if name.startswith("guesser.")}
        self.model.load_state_dict({name: weights[name] for name in weights.keys() - apart})
        if self.guesser:
            self.guesser.load_state_dict({name.removeprefix("guesser."): weights[name] for name in apart})


def _load_model(start: Path, options: Training) -> Any:
    """Load a reader, or an embedder whose missing outputs and token types are made new."""
    from transformers import BertForTokenClassification
    from transformers.utils import logging as library_logging

    library_logging.set_verbosity_error()
    library_logging.disable_progress_bar()
    config = json.loads((start / "config.json").read_text(encoding="utf-8"))
    if config.get("architectures") != ["BertForTokenClassification"] and not options.new_heads:
        raise SettingsError(
            f"{start} holds no reader; set training.new_heads = true to start from an embedder."
        )
    model = BertForTokenClassification.from_pretrained(
        start,
        num_labels=OUTPUTS if options.new_heads else len(config["id2label"]),
        type_vocab_size=6,
        hidden_dropout_prob=options.dropout,
        attention_probs_dropout_prob=0.0,
        ignore_mismatched_sizes=options.new_heads,
        # On a CPU the fused kernel's way back takes twice as long in bf16 as attention that is spelt out.
        attn_implementation="eager" if chosen_device() == "cpu" else "sdpa",
        dtype=torch.float32,
    )
    if options.new_heads:  # token types all start from the one that the embedder knows
        types = model.bert.embeddings.token_type_embeddings.weight
        types.data.normal_(std=0.02)
        model.classifier.reset_parameters()
    _widen(model, options.pair_width)
    return model.train()


def _widen(model: Any, pair_width: int) -> None:
    """Give a reader the outputs of the two vectors where it lacks them; their products begin with nothing."""
    outputs = OUTPUTS + 2 * pair_width
    if model.config.num_labels < outputs:
        wide = torch.nn.Linear(model.classifier.in_features, outputs)
        wide.weight.data[OUTPUTS : OUTPUTS + pair_width] = 0
        wide.bias.data[OUTPUTS:] = 0
        wide.weight.data[:OUTPUTS] = model.classifier.weight.data[:OUTPUTS]
        wide.bias.data[:OUTPUTS] = model.classifier.bias.data[:OUTPUTS]
        model.classifier = wide
    names = ["start", "end", "relevance"]
    names += [
        f"{side}_{n}"
        for side in ("opens", "closes")
        for n in range((len(model.classifier.bias) - OUTPUTS) // 2)
    ]
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: n for n, name in enumerate(names)}
    model.num_labels = len(names)


def train(settings: TrainingSettings, start: Path, windows: Windows, out: Path) -> Trainer:
    """Train to the end of the last epoch, from the start or from the checkpoint in ``out``."""
    options = settings.training
    torch.set_num_threads(options.threads)
    trainer = Trainer(start, settings)
    kept = out / CHECKPOINT
    if kept.is_file():
        trainer.load(kept)
        logger.info("going on from step %d", trainer.step)
    lengths = windows.lengths
    epoch, batches = 0, batch_order(lengths, options.batch_tokens, settings.seed, 0)
    first_of_epoch = 0
    total = max(1, math.ceil(options.epochs * len(batches)))
    curves.cut(out / curves.TABLE, trainer.step)
    tally, began, saved = Tally(), time.monotonic(), time.monotonic()
    while trainer.step < total:
        while trainer.step - first_of_epoch >= len(batches):
            first_of_epoch += len(batches)
            epoch += 1
            batches = batch_order(lengths, options.batch_tokens, settings.seed, epoch)
        batch = collate(windows, batches[trainer.step - first_of_epoch], trainer.device)
        rate = rate_at(trainer.step, total, options.warmup_steps)
        _count(tally, batch, trainer.train_step(batch, rate))
        now = time.monotonic()
        if trainer.step % options.report_steps == 0 or trainer.step == total:
            _report(out, tally, trainer.step, total, now - began)
            tally, began = Tally(), now
        if now - saved >= options.checkpoint_s or trainer.step == total:
            trainer.save(kept)
            saved = now
    return trainer


def _count(tally: Tally, batch: Batch, step: Step) -> None:
    labels = batch.labels.cpu().numpy()
    asked = labels[:, 4] != MASKED
    labels, exact, logits = labels[asked], step.exact[asked], step.relevance[asked]
    here, source = labels[:, 2] == 1, labels[:, 4]
    right = (logits > 0).cpu().numpy() == here
    tally.steps += 1
    tally.tokens += int(batch.attended.sum())
    tally.span_loss += float(step.span_loss)
    tally.relevance_loss += float(step.relevance_loss)
    tally.guess_loss += float(step.guess_loss)
    np.add.at(
        tally.answered,
        source[here],
        np.stack([np.ones(here.sum()), exact.cpu().numpy()[here]], 1).astype(int),
    )
    np.add.at(tally.judged, source, np.stack([np.ones(len(source)), right], 1).astype(int))


def _report(out: Path, tally: Tally, step: int, total: int, seconds: float) -> None:
    """Add a point to the curves and draw them again."""
    point: dict[str, float] = {
        "step": step,
        "tokens_per_s": round(tally.tokens / max(seconds, 1e-9)),
        "span_loss": round(tally.span_loss / tally.steps, 4),
        "relevance_loss": round(tally.relevance_loss / tally.steps, 4),
        "guess_loss": round(tally.guess_loss / tally.steps, 4),
    }
    for number, source in enumerate(SOURCES):
        asked, exact = (int(n) for n in tally.answered[number])
        seen, right = (int(n) for n in tally.judged[number])
        point[f"exact_{source}"] = round(exact / asked, 3) if asked else math.nan
        point[f"relevance_{source}"] = round(right / seen, 3) if seen else math.nan
    curves.append(out / curves.TABLE, point)
    curves.draw(out / curves.TABLE, out / curves.DRAWING)
    losses_ = point["span_loss"], point["relevance_loss"], point["tokens_per_s"]
    logger.info("step %d of %d: span loss %.3f, relevance loss %.3f, %d tokens/s", step, total, *losses_)
