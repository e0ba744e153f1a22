from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.embedder import Embedder, Vectors, translated_share
from rag.remembering import RememberingEmbedder

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder


def test_the_vectors_are_those_of_the_embedder_in_the_order_asked_for(fake_embedder: FakeEmbedder) -> None:
    remembering = RememberingEmbedder(fake_embedder)
    assert isinstance(remembering, Embedder)
    assert (remembering.fingerprint, remembering.dimensions) == (fake_embedder.fingerprint, 64)
    assert translated_share(remembering) == translated_share(fake_embedder) == 0.0
    for texts in (["一", "two", "一"], ["two", "三", "一"], [], ["一"]):
        np.testing.assert_array_equal(remembering.embed_documents(texts), fake_embedder.embed_queries(texts))
    np.testing.assert_array_equal(remembering.embed_queries(["谁"]), fake_embedder.embed_queries(["谁"]))


def test_only_what_is_not_among_the_last_is_embedded(fake_embedder: FakeEmbedder) -> None:
    remembering = RememberingEmbedder(fake_embedder, most=2)
    remembering.embed_documents(["a", "b", "a"])
    remembering.embed_documents(["a"])
    remembering.embed_documents(["c", "a"])
    assert fake_embedder.texts == ["a", "b", "c"]
    remembering.embed_documents(["b"])
    assert fake_embedder.texts == ["a", "b", "c", "b"], "b was used longest ago"


def test_a_query_is_embedded_once_and_apart_from_a_document(
    fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def embed_queries(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return fake_embedder.embed_documents(texts) * -1

    remembering = RememberingEmbedder(SimpleNamespace(dimensions=64, embed_queries=embed_queries))  # type: ignore[arg-type]
    first = remembering.embed_queries(["a"])
    np.testing.assert_array_equal(remembering.embed_queries(["b", "a"])[1], first[0])
    assert asked == ["a", "b"]
    monkeypatch.setattr(remembering, "_embedder", fake_embedder)
    np.testing.assert_array_equal(remembering.embed_documents(["a"]), -first)


def test_what_it_gives_may_be_changed(fake_embedder: FakeEmbedder) -> None:
    remembering = RememberingEmbedder(fake_embedder)
    remembering.embed_documents(["一"])[:] = 0
    np.testing.assert_array_equal(remembering.embed_documents(["一"]), fake_embedder.embed_queries(["一"]))


def test_progress_counts_all_texts(fake_embedder: FakeEmbedder) -> None:
    remembering, told = RememberingEmbedder(fake_embedder), list[int]()
    remembering.embed_documents(["一", "二"], told.append)
    remembering.embed_documents(["一", "二", "三"], told.append)
    assert told == [2, 3]


def test_threads_share_it(fake_embedder: FakeEmbedder) -> None:
    remembering = RememberingEmbedder(fake_embedder, most=5)
    wrong: list[int] = []

    def embed(n: int) -> None:
        texts = [f"{n} {m % 7}" for m in range(20)]
        if not np.array_equal(remembering.embed_documents(texts), fake_embedder.embed_queries(texts)):
            wrong.append(n)

    threads = [threading.Thread(target=embed, args=(n % 3,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
