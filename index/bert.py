"""A BERT encoder in plain PyTorch: token numbers in, hidden states out. Knows nothing of their use.

The shipped embedder and reader share this body (Devlin et al. 2019, arXiv:1810.04805). ``transformers``
computes the same, and a test holds the two together, but importing it takes seconds, and a question asked
from the shell should not wait for that. Weights keep their Hugging Face names: the folders load in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from index.errors import ModelError
from index.linear import Linear
from index.runtime import precision

Norm = tuple[Tensor, Tensor]
"""A gain and a bias, each of shape (hidden,)."""


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
    attended_norm: Norm
    up: Linear
    down: Linear
    norm: Norm


class Bert:
    """The encoder; hold it for as long as texts come. Its memory is the weights, in what it multiplies in."""

    def __init__(
        self,
        config: BertConfig,
        weights: dict[str, Tensor],
        prefix: str = "",
        *,
        dtype: torch.dtype | None = None,
    ) -> None:
        """Take the weights by their Hugging Face names, each behind ``prefix``.

        ``dtype`` is what layers are multiplied in, by default the processor's own (``index.runtime.precision``);
        sums, norms and attention are float32 whatever it is.

        Raises:
            ModelError: a weight is missing.
            SettingsError: ``CHUCHU_PRECISION`` names no precision.
        """
        self.config = config
        try:
            self._arrange(weights, prefix, dtype)
        except KeyError as error:
            raise ModelError(f"The weights lack {error}; they are not those of this BERT.") from None

    def _arrange(self, weights: dict[str, Tensor], prefix: str, dtype: torch.dtype | None) -> None:
        self.words = weights[f"{prefix}embeddings.word_embeddings.weight"]
        self.types = weights[f"{prefix}embeddings.token_type_embeddings.weight"]
        self.positions = weights[f"{prefix}embeddings.position_embeddings.weight"]
        if dtype is None:
            dtype = torch.float32 if self.words.device.type != "cpu" else getattr(torch, precision())

        def pair(name: str) -> Norm:
            return weights[f"{prefix}{name}.weight"], weights[f"{prefix}{name}.bias"]

        def linear(*names: str) -> Linear:  # one product of several, side by side
            pairs = [pair(name) for name in names]
            return Linear(torch.cat([w for w, _ in pairs]), torch.cat([b for _, b in pairs]), dtype)

        def layer(name: str) -> _Layer:
            return _Layer(
                linear(*(f"{name}.attention.self.{part}" for part in ("query", "key", "value"))),
                linear(f"{name}.attention.output.dense"),
                pair(f"{name}.attention.output.LayerNorm"),
                linear(f"{name}.intermediate.dense"),
                linear(f"{name}.output.dense"),
                pair(f"{name}.output.LayerNorm"),
            )

        self._norm = pair("embeddings.LayerNorm")
        self._layers = [layer(f"encoder.layer.{n}") for n in range(self.config.num_hidden_layers)]

    @torch.inference_mode()
    def __call__(self, ids: Tensor, types: Tensor, lengths: Sequence[int]) -> Tensor:
        """Encode texts that stand one behind the other, without padding; those of like length are best together.

        Args:
            ids: token numbers of all texts, shape (tokens,).
            types: their token types, same shape.
            lengths: tokens of each text; they add up to all.

        Returns:
            Hidden states, float32, shape (tokens, hidden).
        """
        device, tokens = self.words.device, len(ids)
        spare = _round(tokens) - tokens  # filled with one more text that nobody reads
        places = torch.cat([torch.arange(length) for length in lengths])
        lengths = [*lengths, spare] if spare else lengths
        ids, types, places = (functional.pad(n, (0, spare)).to(device) for n in (ids, types, places))
        hidden = self.words[ids].float() + self.types[types] + self.positions[places]
        hidden = self._normalise(hidden, self._norm)
        runs = [(length, len(list(same))) for length, same in groupby(lengths)]
        for layer in self._layers:
            attended = layer.attended(self._attend(layer.qkv(hidden).float(), runs))
            hidden = self._normalise(attended.float().add_(hidden), layer.attended_norm)
            down = layer.down(layer.up(hidden, gelu=True))
            hidden = self._normalise(down.float().add_(hidden), layer.norm)
        return hidden[:tokens]

    def _attend(self, qkv: Tensor, runs: Sequence[tuple[int, int]]) -> Tensor:
        """Let the tokens of each text attend to each other; a run is so many texts of one length."""
        heads, size = self.config.num_attention_heads, self.config.hidden_size
        attended = []
        for part, (length, texts) in zip(
            torch.split(qkv, [n * texts for n, texts in runs]), runs, strict=True
        ):
            query, key, value = part.view(texts, length, 3, heads, size // heads).permute(2, 0, 3, 1, 4)
            found = functional.scaled_dot_product_attention(query, key, value)
            attended.append(found.transpose(1, 2).reshape(-1, size))
        return torch.cat(attended)

    def _normalise(self, hidden: Tensor, norm: Norm) -> Tensor:
        return functional.layer_norm(hidden, hidden.shape[-1:], *norm, eps=self.config.layer_norm_eps)


def _round(tokens: int) -> int:
    """Return a number of tokens rounded up to one of few, by some percent.

    Something is kept for each shape that was multiplied: 3 MB for each number of tokens between 500 and 600
    with PyTorch 2.13. Of numbers below 64, as of a question, each sixteenth is one of the few.
    """
    step = 16 if tokens < 64 else 64
    return -(-tokens // step) * step


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


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Yield positions in batches of like length, the longest first.

    Args:
        lengths: tokens of each text.
        tokens: the most tokens in a batch; one text alone may be longer.
    """
    batch: list[int] = []
    held = 0
    for position in sorted(range(len(lengths)), key=lambda p: -lengths[p]):
        if batch and held + lengths[position] > tokens:
            yield batch
            batch, held = [], 0
        batch.append(position)
        held += lengths[position]
    if batch:
        yield batch
