"""Scores how well passages answer a question, question and passage read together. Knows nothing of search.

A cross-encoder (Nogueira and Cho 2019, arXiv:1901.04085) sees each pair as one text, which is slower and
finer than comparing vectors that were made apart: it reads only what search has found.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index import hub
from index.errors import ModelError
from index.runtime import prepare_torch

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

READER = "reader"
"""The name of the reranking that comes with the package: by the reader's relevance alone."""

BATCH = 16  # pairs; a pair is as long as a question and a chunk together


class Reranker(Protocol):
    """Anything that tells how well passages answer a question; the reader is one."""

    @property
    def fingerprint(self) -> str:
        """Name and content of the model in one short string."""
        ...

    def relevance(self, question: str, passages: Sequence[str], above: Sequence[str] = ()) -> Sequence[float]:
        """Return for each passage, read under what stands above it, how well it answers, 0..1, higher is better."""
        ...


def load_reranker(name_or_path: str = READER, device: str | None = None) -> Reranker | None:
    """Load a reranker; None for "reader", which needs no other model.

    Args:
        name_or_path: "reader", or the folder or Hugging Face name of a cross-encoder.
        device: where it computes, such as "cpu" or "cuda"; by default where sentence-transformers puts it.

    Raises:
        ModelError: there is no such model, it may not be used, is damaged, or is no reranker.
        SettingsError: ``CHUCHU_THREADS`` is not a number.
    """
    return None if name_or_path == READER else CrossEncoderReranker.load(name_or_path, device=device)


class CrossEncoderReranker:
    """Any cross-encoder that gives one score for a pair; may be shared by threads."""

    def __init__(self, model: CrossEncoder, *, fingerprint: str) -> None:
        """Take a loaded model; the fingerprint tells a folder's files, or the commit of a Hugging Face name."""
        self._model = model
        self._lock = Lock()  # a tokenizer is set up anew for each call, which two threads must not do at once
        self.fingerprint = fingerprint

    @classmethod
    def load(cls, name_or_path: str, *, device: str | None = None) -> CrossEncoderReranker:
        """Load a folder or a Hugging Face name; only safetensors, no code from the model's repository.

        A name that has been downloaded before is taken as it is, without asking the network.

        Raises:
            ModelError: there is no such model, it may not be used, is damaged, or is no reranker.
        """
        source = hub.locate(name_or_path, kind="reranker", owner="cross-encoder", instead=READER)
        prepare_torch()
        from sentence_transformers import CrossEncoder

        model = hub.load(CrossEncoder, source, name=name_or_path, kind="reranker", device=device)
        if wrong := _wrong(model):
            raise ModelError(f"The reranker {name_or_path!r} {wrong}; choose a cross-encoder with one label.")
        if model.device.type == "cpu":
            model.float()  # half precision is slower than single there
        return cls(model, fingerprint=f"{hub.short_name(name_or_path)}@{source.content()}")

    def relevance(self, question: str, passages: Sequence[str], above: Sequence[str] = ()) -> list[float]:
        """Return the sigmoid of the model's score for each passage; what is too long for it is cut.

        Raises:
            ModelError: a score is no number.
        """
        if not passages:
            return []
        from torch.nn import Sigmoid

        over = above or [""] * len(passages)
        read = [f"{titles}\n{text}" if titles else text for titles, text in zip(over, passages, strict=True)]
        pairs = [(question, text) for text in read]
        with self._lock:
            scores = self._model.predict(
                pairs,
                batch_size=BATCH,
                activation_fn=Sigmoid(),  # stated: some models' own configurations leave scores as they are
                show_progress_bar=False,
            )
        if not np.isfinite(scores).all():
            raise ModelError(
                f"The reranker {self.fingerprint} gave a score that is no number: its weights are damaged, or "
                "too large for the precision they are in; choose another."
            )
        return [float(score) for score in scores]


def _wrong(model: CrossEncoder) -> str:
    """Return why a loaded model is no reranker, empty where it is one.

    Of an embedder, sentence-transformers makes a cross-encoder whose last layer is random.
    """
    stated = model.config.architectures or []
    classifies = "ForSequenceClassification"
    if type(model.model).__name__.endswith(classifies) and not any(s.endswith(classifies) for s in stated):
        return f"is a {', '.join(stated) or 'model of no stated kind'}, which has learned no scores for pairs"
    if model.num_labels != 1:
        return f"gives {model.num_labels} scores for a passage, not one"
    return ""
