"""Turns texts into unit vectors. Takes strings, gives float32 arrays; knows nothing of documents."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from index import weights
from index.errors import ModelError
from index.runtime import prepare_torch

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from index.bert import Bert

BUILTIN = "builtin"
FAST = "builtin-fast"
BATCH = 32  # texts; more gains nothing on a CPU
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


PROMPTS: Mapping[str, tuple[str, str]] = {
    # (query, document) of well-known families whose folders state none; from their model cards.
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
}
"""E5: https://huggingface.co/intfloat/multilingual-e5-small; BGE 1.5: https://huggingface.co/BAAI/bge-base-zh-v1.5."""


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

    def __init__(
        self, bert: Bert, tokenizer: Tokenizer, *, fingerprint: str, dimensions: int, max_tokens: int
    ) -> None:
        """Take what ``load`` has read; the tokenizer truncates to ``max_tokens`` and does not pad."""
        self._bert = bert
        self._tokenizer = tokenizer
        self._fingerprint = fingerprint
        self._dimensions = dimensions
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

    @property
    def fingerprint(self) -> str:
        """Name and SHA-256 of the folder's files, shortened; with the dimensions where they were cut."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages; what is beyond ``max_tokens`` of a text is not seen.

        ``progress`` is called with the number of texts finished since its last call.
        """
        from index.bert import batches

        vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        rows = [encoding.ids for encoding in encodings]
        for batch in batches([len(row) for row in rows], BATCH, BATCH * self.max_tokens):
            vectors[batch] = self._embed([rows[n] for n in batch])
            if progress:
                progress(len(batch))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: this model treats them as it treats passages."""
        return self.embed_documents(texts)

    def _embed(self, rows: list[list[int]]) -> Vectors:
        import torch

        from index.bert import pad

        ids = pad(rows)
        lengths = torch.tensor([len(row) for row in rows])
        hidden = self._bert(ids, torch.zeros_like(ids), lengths).cpu()
        counted = torch.arange(ids.shape[1]) < lengths[:, None]
        means = (hidden * counted[:, :, None]).sum(dim=1) / lengths[:, None]
        return _unit_rows(means.numpy()[:, : self._dimensions])


class StaticEmbedder:
    """A vector for each piece of the vocabulary, and their mean for a text: a lookup table, no transformer.

    It gives what sentence-transformers' ``StaticEmbedding`` gives for the same folder, without PyTorch. A text
    of any length is seen whole, but not its order of words.
    """

    def __init__(
        self, rows: NDArray[np.float32], tokenizer: Tokenizer, *, fingerprint: str, dimensions: int
    ) -> None:
        """Take what ``load`` has read; ``rows`` has shape (pieces, at least ``dimensions``)."""
        self._rows = rows
        self._tokenizer = tokenizer
        self._fingerprint = fingerprint
        self._dimensions = dimensions

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

    @property
    def fingerprint(self) -> str:
        """Name and SHA-256 of the folder's files, shortened; with the dimensions where they were cut."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages; ``progress`` is called with the number of texts finished since its last call."""
        means = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for first in range(0, len(texts), FAST_BATCH):
            batch = list(texts[first : first + FAST_BATCH])
            for n, encoding in enumerate(self._tokenizer.encode_batch_fast(batch, add_special_tokens=False)):
                if encoding.ids:
                    means[first + n] = self._rows[encoding.ids].mean(axis=0)[: self._dimensions]
            if progress:
                progress(len(batch))
        return _unit_rows(means)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions: this model treats them as it treats passages."""
        return self.embed_documents(texts)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model. Prompts, pooling and length come from its own configuration."""

    def __init__(self, model: SentenceTransformer, *, name: str, fingerprint: str, dimensions: int) -> None:
        """Take a loaded model; ``dimensions`` is how many numbers of its vectors are kept."""
        self._model = model
        self._fingerprint = fingerprint
        self._dimensions = dimensions
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
        local = _is_local(name_or_path)
        prepare_torch()
        from sentence_transformers import SentenceTransformer

        logging.getLogger("transformers").setLevel(
            logging.ERROR
        )  # its report of unused heads says nothing here
        try:
            model = SentenceTransformer(
                name_or_path,
                device=device,
                local_files_only=local,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise ModelError(
                f"The embedder {name_or_path!r} could not be loaded: {_first_line(error)}"
            ) from error
        full = model.get_embedding_dimension()
        if full is None:
            raise ModelError(f"The embedder {name_or_path!r} does not say how long its vectors are.")
        kept = _checked_dimensions(name_or_path, dimensions, full)
        return cls(
            model,
            name=name_or_path,
            fingerprint=_fingerprint(_short_name(name_or_path), _content(name_or_path), kept, full),
            dimensions=kept,
        )

    @property
    def fingerprint(self) -> str:
        """Name and content: the SHA-256 of a folder's files, or the commit of a Hugging Face name."""
        return self._fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

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
        vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))  # like lengths together: less padding
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            encoded = encode(
                [texts[n] for n in batch], prompt=prompt, batch_size=BATCH, show_progress_bar=False
            )
            vectors[batch] = _unit_rows(np.asarray(encoded, dtype=np.float32)[:, : self._dimensions])
            if progress:
                progress(len(batch))
        return vectors


def _unit_rows(rows: NDArray[np.float32]) -> Vectors:
    """Divide each row by its length; a row of a text without tokens, which has none, becomes zeros."""
    rows = np.nan_to_num(rows)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def _prompts(name: str, stated: Mapping[str, str]) -> tuple[str, str]:
    """Return the query and document prompts: what the model states, else what its family is known to need."""
    query = stated.get("query", "")
    document = next((stated[kind] for kind in ("document", "passage", "corpus") if stated.get(kind)), "")
    if query or document:
        return query, document
    short = _short_name(name).lower()
    return next((known for family, known in PROMPTS.items() if short.startswith(family)), ("", ""))


def _short_name(name_or_path: str) -> str:
    """Return the last part of a name or path."""
    return name_or_path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _first_line(error: BaseException) -> str:
    """Return the first line of an error's text; libraries add paragraphs of advice about themselves."""
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def _fingerprint(name: str, content: str, dimensions: int, full: int) -> str:
    return f"{name}@{content}" + ("" if dimensions == full else f":{dimensions}")


def _checked_dimensions(name: str, dimensions: int | None, full: int) -> int:
    if dimensions is not None and not 1 <= dimensions <= full:
        raise ModelError(f"{dimensions} dimensions were asked of the embedder {name!r}, which has {full}.")
    return dimensions or full


def _is_local(name_or_path: str) -> bool:
    """Return whether a model is on this machine; one that is not is known to be there to download.

    Asking once beforehand turns a misspelt name or a missing network into an error after a second;
    the loader itself would try again for over a minute.

    Raises:
        ModelError: there is no such folder and no such name, the name is gated, or it cannot be asked for.
    """
    if name_or_path and Path(name_or_path).is_dir():
        if not any((Path(name_or_path) / name).is_file() for name in ("modules.json", "config.json")):
            raise ModelError(
                f"The folder {name_or_path!r} holds no model: no modules.json and no config.json."
            )
        return True
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name_or_path) or name_or_path.startswith("."):
        raise ModelError(
            f"There is no embedder in {name_or_path!r}: no such folder, and not a Hugging Face name."
        )
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    repository = name_or_path if "/" in name_or_path else f"sentence-transformers/{name_or_path}"
    if isinstance(try_to_load_from_cache(repository, "config.json"), str):
        return True
    try:
        HfApi().model_info(repository, timeout=10)
    except GatedRepoError:
        raise ModelError(
            f"The embedder {name_or_path!r} is gated: accept its terms on huggingface.co and "
            "run `hf auth login`."
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError(
            f"There is no embedder {name_or_path!r}: neither a folder nor a name on huggingface.co."
        ) from None
    except Exception as error:  # the HTTP client behind the hub library is not ours to name
        raise ModelError(
            f"The embedder {name_or_path!r} is not on this machine and huggingface.co could not be asked "
            f"({_first_line(error)}); go online, give a folder, or use {BUILTIN!r}."
        ) from error
    return False


def _content(name_or_path: str) -> str:
    """Return what changes with a model's content: a digest of a folder, or the commit of a name."""
    folder = Path(name_or_path)
    if folder.is_dir():
        return weights.short_digest(weights.checksums(folder))
    from huggingface_hub import try_to_load_from_cache

    repository = name_or_path if "/" in name_or_path else f"sentence-transformers/{name_or_path}"
    found = try_to_load_from_cache(repository, "config.json")
    if not isinstance(found, str):
        raise ModelError(f"The embedder {name_or_path!r} was loaded, but its files are not in the cache.")
    return Path(found).parent.name[:12]  # …/snapshots/<commit>/config.json
