"""A BERT encoder in plain PyTorch: token numbers in, hidden states out. Knows nothing of their use.

The shipped embedder and reader share this body (Devlin et al. 2019, arXiv:1810.04805). ``transformers``
computes the same, and a test holds the two together, but importing it takes seconds, and a question asked
from the shell should not wait for that. Weights keep their Hugging Face names: the folders load in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from index.errors import ModelError

Linear = tuple[Tensor, Tensor]
"""A weight, shape (out, in), and its bias, shape (out,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BertConfig:
    """The sizes that ``config.json`` states."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float = 1e-12

    @classmethod
    def read(cls, folder: Path) -> BertConfig:
        """Read ``config.json``.

        Raises:
            ModelError: it is missing, not JSON, or describes something else than a plain BERT.
        """
        path = folder / "config.json"
        try:
            stated = json.loads(path.read_text(encoding="utf-8"))
            config = cls(**{f.name: stated[f.name] for f in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} does not describe a BERT model ({error}); is it the right folder?"
            ) from None
        kind = (stated.get("model_type"), stated.get("hidden_act"))
        if kind != ("bert", "gelu"):
            raise ModelError(
                f"{path} describes {kind[0]!r} with {kind[1]!r}; a BERT with 'gelu' was expected."
            )
        return config


@dataclass(frozen=True, slots=True)
class _Layer:
    qkv: Linear
    attended: Linear
    attended_norm: Linear
    up: Linear
    down: Linear
    norm: Linear


class Bert:
    """The encoder; hold it for as long as texts come. Its memory is the weights in float32."""

    def __init__(self, config: BertConfig, weights: dict[str, Tensor], prefix: str = "") -> None:
        """Take the weights by their Hugging Face names, each behind ``prefix``.

        Raises:
            ModelError: a weight is missing.
        """
        self.config = config
        try:
            self._arrange(weights, prefix)
        except KeyError as error:
            raise ModelError(f"The weights lack {error}; they are not those of this BERT.") from None

    def _arrange(self, weights: dict[str, Tensor], prefix: str) -> None:
        def linear(name: str) -> Linear:
            return weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"]

        def layer(name: str) -> _Layer:
            parts = [linear(f"{name}.attention.self.{part}") for part in ("query", "key", "value")]
            qkv = torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts])  # one product, not three
            return _Layer(
                qkv,
                linear(f"{name}.attention.output.dense"),
                linear(f"{name}.attention.output.LayerNorm"),
                linear(f"{name}.intermediate.dense"),
                linear(f"{name}.output.dense"),
                linear(f"{name}.output.LayerNorm"),
            )

        self.words = weights[f"{prefix}embeddings.word_embeddings.weight"]
        self.types = weights[f"{prefix}embeddings.token_type_embeddings.weight"]
        self.positions = weights[f"{prefix}embeddings.position_embeddings.weight"]
        self._norm = linear("embeddings.LayerNorm")
        self._layers = [layer(f"encoder.layer.{n}") for n in range(self.config.num_hidden_layers)]

    @torch.inference_mode()
    def __call__(self, ids: Tensor, types: Tensor, lengths: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            ids: token numbers, shape (rows, width), padded on the right.
            types: token types, same shape.
            lengths: tokens in each row, padding not counted, shape (rows,).

        Returns:
            Hidden states, shape (rows, width, hidden); those of padding mean nothing.
        """
        width = ids.shape[1]
        device = self.words.device
        ids, types = ids.to(device), types.to(device)
        mask = None
        if int(lengths.min()) < width:  # attention without a mask is faster
            mask = (torch.arange(width) < lengths[:, None]).to(device)[:, None, None, :]
        hidden = self.words[ids].float() + self.types[types] + self.positions[:width]
        hidden = self._normalise(hidden, self._norm)
        for layer in self._layers:
            attended = self._attend(hidden, layer, mask)
            hidden = self._normalise(
                hidden + functional.linear(attended, *layer.attended), layer.attended_norm
            )
            wide = functional.gelu(functional.linear(hidden, *layer.up))
            hidden = self._normalise(hidden + functional.linear(wide, *layer.down), layer.norm)
        return hidden

    def _attend(self, hidden: Tensor, layer: _Layer, mask: Tensor | None) -> Tensor:
        rows, width, size = hidden.shape
        heads = self.config.num_attention_heads
        qkv = functional.linear(hidden, *layer.qkv).view(rows, width, 3, heads, size // heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return attended.transpose(1, 2).reshape(rows, width, size)

    def _normalise(self, hidden: Tensor, norm: Linear) -> Tensor:
        return functional.layer_norm(hidden, hidden.shape[-1:], *norm, eps=self.config.layer_norm_eps)


def load_weights(folder: Path, device: str = "cpu") -> dict[str, Tensor]:
    """Read ``model.safetensors`` as float32 on a device; the word embeddings stay as they are stored.

    Rows of words are looked up and not multiplied, so widening them would only cost time and 37 MB.

    Raises:
        ModelError: the file is missing or is not a safetensors file, or PyTorch knows no such device.
    """
    path = folder / "model.safetensors"
    try:
        stored = load_file(path, device=device)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(f"{path} could not be loaded on {device!r}: {error}") from None
    return {name: w if "word_embeddings" in name else w.float() for name, w in stored.items()}


def batches(lengths: Sequence[int], rows: int, tokens: int) -> Iterator[list[int]]:
    """Yield positions in batches of like length, which saves padding; the longest come first.

    Args:
        lengths: tokens of each text.
        rows: the most texts in a batch.
        tokens: the most tokens in a batch, padding counted; one text alone may be longer.
    """
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda p: -lengths[p]):
        if batch and (len(batch) == rows or lengths[batch[0]] * (len(batch) + 1) > tokens):
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def pad(rows: Sequence[Sequence[int] | NDArray[np.int64]]) -> Tensor:
    """Return lists of numbers as one int64 tensor, shape (rows, longest), padded with 0 on the right."""
    padded = torch.zeros(len(rows), max(map(len, rows), default=0), dtype=torch.int64)
    for row, numbers in zip(padded, rows, strict=True):
        row[: len(numbers)] = torch.as_tensor(numbers)
    return padded
