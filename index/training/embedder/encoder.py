"""The embedder in training: a BERT whose weights are float32 and whose products may be bfloat16.

Plain PyTorch functions over the weights by their Hugging Face names, so that what is trained is what is
exported, and every weight is cast once a step. All hidden states are computed in one precision; the means over
tokens are float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from index.bert import BertConfig

ROWS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"


class Encoder:
    """A mean-pooled BERT whose weights are leaves that gradients flow to; the rows' gradients are sparse."""

    def __init__(self, config: BertConfig, weights: dict[str, Tensor], *, precision: torch.dtype) -> None:
        """Take weights in float32, by Hugging Face name; ``precision`` is that of products."""
        self.config = config
        self.precision = precision
        self.weights = {
            name: w.detach().clone().float().requires_grad_()
            for name, w in weights.items()
            if "position_ids" not in name and "pooler" not in name
        }

    @property
    def rows(self) -> Tensor:
        """The word embeddings, shape (pieces, dimensions)."""
        return self.weights[ROWS]

    @property
    def body(self) -> list[Tensor]:
        """All other weights."""
        return [weight for name, weight in self.weights.items() if name != ROWS]

    def __call__(self, batches: Sequence[Sequence[Sequence[int]]]) -> Tensor:
        """Encode texts in batches; weights are cast once for all of them.

        Returns:
            Unit vectors, shape (texts, dimensions), in the order of the texts in the batches.
        """
        cast = {name: w.to(self.precision) for name, w in self.weights.items() if name != ROWS}
        return functional.normalize(torch.cat([self._means(rows, cast) for rows in batches]), dim=1)

    def _means(self, rows: Sequence[Sequence[int]], cast: dict[str, Tensor]) -> Tensor:
        device = self.rows.device
        width = max(map(len, rows))
        ids = torch.zeros(len(rows), width, dtype=torch.int64)
        for n, row in enumerate(rows):
            ids[n, : len(row)] = torch.as_tensor(row)
        lengths = torch.tensor([len(row) for row in rows])
        counted = torch.arange(width) < lengths[:, None]
        mask = None if bool(counted.all()) else counted.to(device)[:, None, None, :]
        hidden = self._hidden(ids.to(device), mask, cast).float()
        counted = counted.to(device)
        return (hidden * counted[:, :, None]).sum(dim=1) / lengths.to(device)[:, None]

    def _hidden(self, ids: Tensor, mask: Tensor | None, cast: dict[str, Tensor]) -> Tensor:
        def linear(x: Tensor, name: str) -> Tensor:
            return functional.linear(x, cast[f"{name}.weight"], cast[f"{name}.bias"])

        def norm(x: Tensor, name: str) -> Tensor:
            eps = self.config.layer_norm_eps
            return functional.layer_norm(x, x.shape[-1:], cast[f"{name}.weight"], cast[f"{name}.bias"], eps)

        texts, width = ids.shape
        heads, size = self.config.num_attention_heads, self.config.hidden_size
        hidden = functional.embedding(ids, self.rows, sparse=True).to(self.precision)
        hidden = hidden + cast["embeddings.token_type_embeddings.weight"][0]
        hidden = hidden + cast[POSITIONS][:width]
        hidden = norm(hidden, "embeddings.LayerNorm")
        for n in range(self.config.num_hidden_layers):
            layer = f"encoder.layer.{n}"
            parts = [f"{layer}.attention.self.{part}" for part in ("query", "key", "value")]
            weight = torch.cat([cast[f"{part}.weight"] for part in parts])
            bias = torch.cat([cast[f"{part}.bias"] for part in parts])
            qkv = functional.linear(hidden, weight, bias).view(texts, width, 3, heads, size // heads)
            query, key, value = qkv.permute(2, 0, 3, 1, 4)
            attended = attend(query, key, value, mask)
            attended = attended.transpose(1, 2).reshape(texts, width, size)
            hidden = norm(
                hidden + linear(attended, f"{layer}.attention.output.dense"),
                f"{layer}.attention.output.LayerNorm",
            )
            wide = functional.gelu(linear(hidden, f"{layer}.intermediate.dense"))
            hidden = norm(hidden + linear(wide, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        return hidden


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Return softmax(Q Kᵀ / √d) V, shape (texts, heads, width, size).

    On a CPU it is spelt out: the backward pass of PyTorch's fused attention takes six times as long there for
    texts of forty tokens in bfloat16 (torch 2.13).
    """
    if query.device.type != "cpu":
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    attended: Tensor = scores.softmax(dim=-1) @ value
    return attended


def load_encoder(folder: Path, precision: torch.dtype, device: str) -> Encoder:
    """Load a BERT's folder."""
    weights = {name: w.to(device) for name, w in load_file(folder / "model.safetensors").items()}
    return Encoder(BertConfig.read(folder), weights, precision=precision)
