"""Fakes and fixtures that several tests share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from index.embedder import Vectors
from rag.datatypes import Answer, Citation, Doubt, Passage, Status

pytest_plugins = ("command_driver", "page_driver")
settings.register_profile("chuchu", deadline=None)  # a busy machine is slow, which is no fault of the code
settings.load_profile("chuchu")


class FakeEmbedder:
    """Hashes character bigrams into a few dimensions: texts with common words are near; deterministic everywhere.

    ``texts`` is what it was asked to embed as documents, so that a test can say "nothing".
    """

    def __init__(self, dimensions: int = 64, name: str = "fake") -> None:
        self.dimensions = dimensions
        self.fingerprint = f"{name}-{dimensions}"
        self.texts: list[str] = []

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.texts += texts
        if progress is not None:
            progress(len(texts))
        return self.embed_queries(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            framed = f"^{text}$"
            for start in range(len(framed) - 1):
                bigram = framed[start : start + 2].encode("utf-8", "replace")
                row[int.from_bytes(hashlib.blake2b(bigram, digest_size=4).digest()) % self.dimensions] += 1
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@pytest.fixture
def fake_embedder() -> FakeEmbedder:
    """An embedder without a model; see `FakeEmbedder`."""
    return FakeEmbedder()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real documents and development data beside the checkout; tests that use it skip without it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "seeds").is_dir():
        pytest.skip("no shared/ folder beside the checkout")
    return folder


def build_answer(
    *,
    text: str = "",
    short_answer: str = "",
    status: Status = "answered",
    confidence: float = 0.8,
    passages: Sequence[str] = (),
    cite: Sequence[int] = (),
    question: str = "几家工厂？",
    total_s: float = 0.25,
) -> Answer:
    """An answer with these texts as passages, each its own document, of which it cites some whole."""
    made = tuple(
        Passage(
            number=number,
            document_id=number,
            source=f"docs/{number}.txt",
            title=f"文档{number}",
            text=passage,
            spans=((0, len(passage)),),
            scores={"fused": 1 / number},
        )
        for number, passage in enumerate(passages, start=1)
    )
    citations = tuple(
        Citation(
            number=n,
            passage=passage.number,
            document_id=passage.document_id,
            source=passage.source,
            title=passage.title,
            page=None,
            heading=(),
            date=None,
            start=0,
            end=len(passage.text),
            spans=passage.spans,
            quote=passage.text,
            answer_start=0,
            answer_end=len(text),
            verdict="supported",
        )
        for n, passage in enumerate((made[number - 1] for number in cite), start=1)
    )
    return Answer(
        question=question,
        query=question,
        language="zh",
        status=status,
        text=text,
        short_answer=short_answer,
        confidence=confidence,
        citations=citations,
        passages=made,
        timings={"retrieve_s": 0.1, "rerank_s": 0.1, "answer_s": total_s - 0.2, "total_s": total_s},
        settings="fake",
    )


@pytest.fixture
def make_answer() -> Callable[..., Answer]:
    """Makes answers by their parts; see `build_answer`."""
    return build_answer


def build_doubted_answer(**changes: Any) -> Answer:
    """An answer of two sentences, each with a citation, of which the second has a figure that no passage has."""
    first, second = "产茶42吨。[1]", "售价9元。[2]"
    answer = build_answer(text=first + second, passages=["产茶42吨。", "售价8元。"], cite=[1, 2])
    good, bad = answer.citations
    whole = {"answer_start": len(first), "answer_end": len(first + second)}
    doubt = Doubt(start=len(first), end=len(first + second), reason="figure", missing=("9元",))
    return replace(
        answer,
        citations=(replace(good, answer_end=len(first)), replace(bad, **whole, verdict="unsupported")),
        doubts=(doubt,),
        **changes,
    )


@pytest.fixture
def doubted_answer() -> Answer:
    """An answer with a sentence that failed its check; see `build_doubted_answer`."""
    return build_doubted_answer()


class ScriptedAssistant:
    """Answers by a script: question → answer or exception; remembers what it was asked, with which history."""

    def __init__(self, script: Mapping[str, Answer | BaseException]) -> None:
        self.script = script
        self.asked: list[tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]] = []

    def ask(
        self, question: str, *, history: Sequence[tuple[str, str]] = (), documents: Sequence[str] = ()
    ) -> Answer:
        self.asked.append((question, tuple(history), tuple(documents)))
        reply = self.script[question]
        if isinstance(reply, BaseException):
            raise reply
        return reply


@pytest.fixture
def scripted_assistant() -> type[ScriptedAssistant]:
    """The class of assistants that answer by a script; see `ScriptedAssistant`."""
    return ScriptedAssistant
