"""Turns texts into unit vectors. Takes strings, gives float32 arrays; knows nothing of documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from index import hub, weights
from index.errors import ModelError
from index.runtime import prepare_torch

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from index.bert import Bert

BUILTIN = "builtin"
FAST = "builtin-fast"
BATCH = 32  # texts; more gains nothing on a CPU
BATCH_TOKENS = 2048  # of the shipped embedder; more leave the cache
FAST_BATCH = 1_000  # texts of the fast one; enough to keep the tokenizer busy

_SHIPPED = Path(__file__).parent / "models" / "embedder"
_SHIPPED_FAST = Path(__file__).parent / "models" / "fast"

Vectors = NDArray[np.float32]
"""Shape (n, dimensions), rows of unit length."""


@runtime_checkable
class Embedder(Protocol):
    """Anything that embeds. Query and document sides are told apart because many models prompt them apart."""

    @property
    def fingerprint(self) -> str:
        """Name and content of the model in one short string; vectors of different fingerprints never mix."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages; ``progress`` is called with the number of texts finished since its last call."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions."""
        ...


def translated_share(embedder: Embedder) -> float:
    """Return how much of a query's vector its word-by-word translation gets, 0..1.

    The built-in embedders say so (``translated_share``): they know fewer words of two languages than the lexicon. An
    embedder that says nothing gets 0: a large one reads the question better than its rough translation.
    """
    return float(getattr(embedder, "translated_share", 0.0))


_WEB_SEARCH = "Instruct: Given a web search query, retrieve relevant passages that answer the query"

PROMPTS: Mapping[str, tuple[str, str]] = {
    # (query, document) of well-known families whose folders state none, the longer names first.
    "multilingual-e5-large-instruct": (f"{_WEB_SEARCH}\nQuery: ", ""),
    "multilingual-e5-": ("query: ", "passage: "),
    "e5-small": ("query: ", "passage: "),
    "e5-base": ("query: ", "passage: "),
    "e5-large": ("query: ", "passage: "),
    "bge-small-zh": ("为这个句子生成表示以用于检索相关文章：", ""),
    "bge-base-zh": ("为这个句子生成表示以用于检索相关文章：", ""),
    "bge-large-zh": ("为这个句子生成表示以用于检索相关文章：", ""),
    "bge-small-en": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-base-en": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-large-en": ("Represent this sentence for searching relevant passages: ", ""),
    "qwen3-embedding-": (f"{_WEB_SEARCH}\nQuery:", ""),
}
"""From the models' cards: https://huggingface.co/intfloat/multilingual-e5-small, …/multilingual-e5-large-instruct,
https://huggingface.co/BAAI/bge-base-zh-v1.5 and https://huggingface.co/Qwen/Qwen3-Embedding-0.6B, which also states
its prompt itself. BGE-M3 and the BERTs of GTE want none."""


def load_embedder(
    name_or_path: str = BUILTIN, dimensions: int | None = None, device: str | None = None
) -> Embedder:
    """Load an embedder.

    Args:
        name_or_path: "builtin", "builtin-fast" (word vectors alone: hundreds of times faster, finds less),
            or the folder or Hugging Face name of any sentence-transformers model.
        dimensions: keep only the first so many of a vector's numbers, for models trained to allow that.
        device: where it computes, such as "cpu" or "cuda". By default the built-in one stays on the CPU
            and others go where sentence-transformers puts them.

    Raises:
        ModelError: there is no such model, it may not be used, is damaged, or has fewer dimensions.
        SettingsError: ``CHUCHU_THREADS`` is not a number.
    """
    if name_or_path == BUILTIN:
        return CompactEmbedder.load(_SHIPPED, name=BUILTIN, dimensions=dimensions, device=device or "cpu")
    if name_or_path == FAST:
        return StaticEmbedder.load(_SHIPPED_FAST, name=FAST, dimensions=dimensions)
    return SentenceTransformerEmbedder.load(name_or_path, dimensions=dimensions, device=device)


class CompactEmbedder:
    """The shipped embedder: a BERT whose token states are averaged, as its sentence-transformers folder says.

    It gives what ``SentenceTransformerEmbedder`` gives for the same folder, without the seconds that
    importing sentence-transformers takes. It has no prompts: queries and documents are embedded alike.
    """

    translated_share = 0.3  # 0 and 0.5 find less, on novels asked across English and Chinese

    def __init__(
        self, bert: Bert, tokenizer: Tokenizer, *, fingerprint: str, dimensions: int, max_tokens: int
    ) -> None:
        """Take what ``load`` has read; the tokenizer truncates to ``max_tokens`` and does not pad."""
        self._bert = bert
        self._tokenizer = tokenizer
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        self.max_tokens = max_tokens  # the rest of a longer text is not seen

    @classmethod
    def load(
        cls, folder: Path, *, name: str, dimensions: int | None = None, device: str = "cpu"
    ) -> CompactEmbedder:
        """Load a folder that holds a mean-pooled BERT and its ``SHA256SUMS``.

        Raises:
            ModelError: the folder is not whole, not such a model, or has fewer dimensions.
        """
        digest = weights.short_digest(weights.verify(folder))
        prepare_torch()
        from tokenizers import Tokenizer

        from index.bert import Bert, BertConfig, load_weights

        config = BertConfig.read(folder)
        dimensions = _checked_dimensions(name, dimensions, config.hidden_size)
        max_tokens = int(json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"])
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)
        tokenizer.encode_special_tokens = True  # "[SEP]" in a document is text, not a control token
        return cls(
            Bert(config, load_weights(folder, device)),
            tokenizer,
            fingerprint=_fingerprint(name, digest, dimensions, config.hidden_size),
            dimensions=dimensions,
            max_tokens=max_tokens,
        )

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages; what is beyond ``max_tokens`` of a text is not seen.

        ``progress`` is called with the number of texts finished since its last call.
        """
        from index.bert import batches

        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        rows = [encoding.ids for encoding in encodings]
        for batch in batches([len(row) for row in rows], BATCH_TOKENS):
            vectors[batch] = self._embed([rows[n] for n in batch])
            if progress:
                progress(len(batch))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: this model treats them as it treats passages."""
        return self.embed_documents(texts)

    def _embed(self, rows: list[list[int]]) -> Vectors:
        import torch

        ids = torch.tensor([number for row in rows for number in row])
        lengths = [len(row) for row in rows]
        hidden = self._bert(ids, torch.zeros_like(ids), lengths)
        means = torch.stack([states.mean(dim=0) for states in torch.split(hidden, lengths)])
        return unit_rows(means.cpu().numpy()[:, : self.dimensions])


class StaticEmbedder:
    """A vector for each piece of the vocabulary, and their mean for a text: a lookup table, no transformer.

    It gives what sentence-transformers' ``StaticEmbedding`` gives for the same folder, without PyTorch. A text
    of any length is seen whole, but not its order of words.
    """

    translated_share = 0.3

    def __init__(
        self, rows: NDArray[np.float32], tokenizer: Tokenizer, *, fingerprint: str, dimensions: int
    ) -> None:
        """Take what ``load`` has read; ``rows`` has shape (pieces, at least ``dimensions``)."""
        self._rows = rows
        self._tokenizer = tokenizer
        self.fingerprint = fingerprint
        self.dimensions = dimensions

    @classmethod
    def load(cls, folder: Path, *, name: str, dimensions: int | None = None) -> StaticEmbedder:
        """Load a ``StaticEmbedding`` folder with its ``SHA256SUMS``.

        Raises:
            ModelError: the folder is not whole, not such a model, or has fewer dimensions.
        """
        digest = weights.short_digest(weights.verify(folder))
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        tensors = load_file(folder / "model.safetensors")
        if "embedding.weight" not in tensors:
            raise ModelError(f"{folder} holds no table of word vectors; is it the right folder?")
        rows = tensors["embedding.weight"].astype(np.float32)
        dimensions = _checked_dimensions(name, dimensions, rows.shape[1])
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a document is text, not a control token
        fingerprint = _fingerprint(name, digest, dimensions, rows.shape[1])
        return cls(rows, tokenizer, fingerprint=fingerprint, dimensions=dimensions)

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages; ``progress`` is called with the number of texts finished since its last call."""
        means = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for first in range(0, len(texts), FAST_BATCH):
            batch = list(texts[first : first + FAST_BATCH])
            for n, encoding in enumerate(self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)):
                if encoding.ids:
                    means[first + n] = self._rows[encoding.ids].mean(axis=0)[: self.dimensions]
            if progress:
                progress(len(batch))
        return unit_rows(means)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: this model treats them as it treats passages."""
        return self.embed_documents(texts)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model. Prompts, pooling and length come from its own configuration."""

    def __init__(self, model: SentenceTransformer, *, name: str, fingerprint: str, dimensions: int) -> None:
        """Take a loaded model; ``dimensions`` is how many numbers of its vectors are kept."""
        self._model = model
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        query, document = _prompts(name, model.prompts)
        self.query_prompt = query
        self.document_prompt = document

    @classmethod
    def load(
        cls, name_or_path: str, *, dimensions: int | None = None, device: str | None = None
    ) -> SentenceTransformerEmbedder:
        """Load a folder or a Hugging Face name; only safetensors, no code from the model's repository.

        A name that has been downloaded before is taken as it is, without asking the network.

        Raises:
            ModelError: there is no such model, it may not be used, or it has fewer dimensions.
        """
        source = hub.locate(name_or_path, kind="embedder", owner="sentence-transformers", instead=BUILTIN)
        prepare_torch()
        from sentence_transformers import SentenceTransformer

        model = hub.load(SentenceTransformer, source, name=name_or_path, kind="embedder", device=device)
        if model.device.type == "cpu":
            model.float()  # half precision is slower than single there
        full = model.get_embedding_dimension()
        if full is None:
            raise ModelError(f"The embedder {name_or_path!r} does not say how long its vectors are.")
        kept = _checked_dimensions(name_or_path, dimensions, full)
        return cls(
            model,
            name=name_or_path,
            fingerprint=_fingerprint(hub.short_name(name_or_path), source.content(), kept, full),
            dimensions=kept,
        )

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages with the model's document prompt; longer ones are cut at the model's length.

        ``progress`` is called with the number of texts finished since its last call.
        """
        return self._embed(self._model.encode_document, self.document_prompt, texts, progress)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions with the model's query prompt."""
        return self._embed(self._model.encode_query, self.query_prompt, texts, None)

    def _embed(
        self,
        encode: Callable[..., Any],
        prompt: str,
        texts: Sequence[str],
        progress: Callable[[int], None] | None,
    ) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))  # like lengths together: less padding
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            encoded = encode(
                [texts[n] for n in batch], prompt=prompt, batch_size=BATCH, show_progress_bar=False
            )
            vectors[batch] = unit_rows(np.asarray(encoded, dtype=np.float32)[:, : self.dimensions])
            if progress:
                progress(len(batch))
        return vectors


def unit_rows(rows: NDArray[np.float32]) -> Vectors:
    """Divide each row by its length; a row of a text without tokens, which has none, becomes zeros."""
    rows = np.nan_to_num(rows)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def _prompts(name: str, stated: Mapping[str, str]) -> tuple[str, str]:
    """Return the query and document prompts: what the model states, else what its family is known to need."""
    query = stated.get("query") or stated.get("web_search_query", "")
    document = next((stated[kind] for kind in ("document", "passage", "corpus") if stated.get(kind)), "")
    if query or document:
        return query, document
    short = hub.short_name(name).lower()
    return next((known for family, known in PROMPTS.items() if short.startswith(family)), ("", ""))


def _fingerprint(name: str, content: str, dimensions: int, full: int) -> str:
    """Return name and content, a folder's hash or a commit, with the dimensions where they were cut."""
    return f"{name}@{content}" + ("" if dimensions == full else f":{dimensions}")


def _checked_dimensions(name: str, dimensions: int | None, full: int) -> int:
    if dimensions is not None and not 1 <= dimensions <= full:
        raise ModelError(f"{dimensions} dimensions were asked of the embedder {name!r}, which has {full}.")
    return dimensions or full
