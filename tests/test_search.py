"""Search over documents in one language and in two, by the query and by its translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from index.datatypes import Filter
from index.embedder import Vectors
from index.errors import QueryError
from index.fusion import LEAST_SCALE, merge_sides
from index.ingest import ingest
from index.library import Library
from index.search import search, translations

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

TEXTS = {
    "factory.txt": "云河市的钢铁厂去年的产值达到三百亿元，总经理陈金湖说，工厂雇用了两千名工人。",
    "museum.txt": "山谷里的博物馆每年接待十万名游客，馆长介绍了新的展览，门票免费。",
    "weather.txt": "明天有雨，气温下降，请市民注意保暖，农民应当提前收割庄稼。",
}
ENGLISH = {
    "bridge.txt": "The bridge over the river was opened by the mayor, and thousands of people walked across it.",
    "bakery.txt": "The bakery sells bread and cakes; its owner learned the trade from her grandmother.",
}


@pytest.fixture
def chinese_library(tmp_path: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    yield from made(tmp_path, fake_embedder, TEXTS)


@pytest.fixture
def mixed_library(tmp_path: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    yield from made(tmp_path, fake_embedder, {**TEXTS, **ENGLISH})


@pytest.fixture
def crowded_library(tmp_path: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    notice = "青石桥因维修暂时封闭，请行人绕行，恢复通行的时间另行通知。"
    notices = {f"notice-{n}.txt": notice + "！" * n for n in range(150)}
    others = {f"other-{n}.txt": f"第{n}座石桥由{n + 3}名石匠建成，桥长{n * 7 + 20}米。" for n in range(12)}
    yield from made(tmp_path, fake_embedder, notices | others)


def made(folder: Path, embedder: FakeEmbedder, texts: dict[str, str]) -> Iterator[Library]:
    documents = folder / "documents"
    documents.mkdir()
    for name, text in texts.items():
        (documents / name).write_text(text, encoding="utf-8")
    with Library.create(
        folder / "library", fingerprint=embedder.fingerprint, dimensions=embedder.dimensions
    ) as library:
        ingest(library, [documents], embedder)
        yield library


def found(library: Library, embedder: FakeEmbedder, query: str, where: Filter | None = None) -> list[str]:
    return [hit.document.name for hit in search(library, embedder, query, 5, where=where)]


def test_an_english_question_finds_a_chinese_passage(
    chinese_library: Library, fake_embedder: FakeEmbedder
) -> None:
    assert (
        found(chinese_library, fake_embedder, "How many visitors does the museum receive?")[0] == "museum.txt"
    )
    assert (
        found(chinese_library, fake_embedder, "What is the output value of the steel plant?")[0]
        == "factory.txt"
    )


def test_a_pinyin_name_in_a_question_is_written_as_the_library_writes_it(chinese_library: Library) -> None:
    made = translations(chinese_library, "Who is Chen Jinhu?")
    assert set(made) == {"zh"}
    assert made["zh"].text == "陈金湖 是谁？"


def test_each_document_is_searched_in_its_own_language(
    mixed_library: Library, fake_embedder: FakeEmbedder
) -> None:
    assert found(mixed_library, fake_embedder, "Who opened the bridge?")[0] == "bridge.txt"
    assert (
        found(mixed_library, fake_embedder, "How many visitors does the museum receive?")[0] == "museum.txt"
    )
    assert found(mixed_library, fake_embedder, "谁教面包店的店主做面包？")[0] == "bakery.txt"
    assert found(mixed_library, fake_embedder, "博物馆每年接待多少游客？")[0] == "museum.txt"


def test_hits_of_a_translation_show_the_words_of_the_passage_that_it_found(
    mixed_library: Library, fake_embedder: FakeEmbedder
) -> None:
    best = search(mixed_library, fake_embedder, "Which museum is in the valley?", 1)[0]
    assert "博物馆" in best.matched
    assert {"fused", "bm25", "cosine"} == set(best.scores)
    assert all(0 <= hit.scores["fused"] <= 1 for hit in search(mixed_library, fake_embedder, "bread 面包", 5))


def test_an_embedder_may_mix_the_translation_into_the_questions_vector(
    chinese_library: Library, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "Which museum is in the valley?"
    made = translations(chinese_library, asked)["zh"].text

    def cosines(share: float) -> dict[int, float]:
        monkeypatch.setattr(fake_embedder, "translated_share", share, raising=False)
        return {
            hit.chunk.id: hit.scores["cosine"] for hit in search(chinese_library, fake_embedder, asked, 3)
        }

    plain, translated = fake_embedder.embed_queries([asked, made])
    mixed = 0.75 * plain + 0.25 * translated
    ids, expected = chinese_library.vector_index().search((mixed / np.linalg.norm(mixed))[None], 3)
    assert cosines(0.25) == pytest.approx(dict(zip(ids[0].tolist(), expected[0].tolist(), strict=True)))
    assert cosines(0.0) != pytest.approx(cosines(0.25))


def test_a_filter_by_language_holds_on_both_sides(
    mixed_library: Library, fake_embedder: FakeEmbedder
) -> None:
    only = Filter(languages=("en",))
    assert set(found(mixed_library, fake_embedder, "Who opened the bridge?", only)) == set(ENGLISH)
    assert set(found(mixed_library, fake_embedder, "谁开了桥？", Filter(languages=("zh",)))) == set(TEXTS)
    assert found(mixed_library, fake_embedder, "谁开了桥？", Filter(languages=("fr",))) == []


def test_a_question_in_the_documents_language_has_no_translation(chinese_library: Library) -> None:
    assert translations(chinese_library, "产值是多少？") == {}


@pytest.mark.parametrize("query", ["", "  \n", "长" * 2001, "山谷\udce4\udcb8"])
def test_a_query_that_is_empty_endless_or_no_text_is_refused(
    chinese_library: Library, fake_embedder: FakeEmbedder, query: str
) -> None:
    with pytest.raises(QueryError):
        search(chinese_library, fake_embedder, query)


@pytest.mark.parametrize("query", [None, b"museum", 5, ["museum"]])
def test_a_query_of_another_type_is_refused_by_its_name(
    chinese_library: Library, fake_embedder: FakeEmbedder, query: Any
) -> None:
    with pytest.raises(QueryError, match=f"is text, but {type(query).__name__} was given"):
        search(chinese_library, fake_embedder, query)


@pytest.mark.parametrize("k", [0, -1, None, "5", 2.5, 10**30])
def test_no_hits_cannot_be_asked_for(chinese_library: Library, fake_embedder: FakeEmbedder, k: Any) -> None:
    with pytest.raises(QueryError, match="at least 1"):
        search(chinese_library, fake_embedder, "博物馆", k)


def test_what_lies_below_many_near_duplicates_is_found(
    crowded_library: Library, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def embed_queries(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return type(fake_embedder).embed_queries(fake_embedder, texts)

    monkeypatch.setattr(fake_embedder, "embed_queries", embed_queries)
    question = "青石桥封闭维修，行人怎么绕行？"
    hits = search(crowded_library, fake_embedder, question, 10)
    assert [hit.document.name.partition("-")[0] for hit in hits] == ["notice"] + ["other"] * 9
    assert [hit.rank for hit in hits] == list(range(1, 11))
    assert asked == [question]  # embedded once, however deep the search goes
    assert len(search(crowded_library, fake_embedder, question, 50)) == 13  # all that there is


def test_an_empty_library_finds_nothing(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    with Library.create(tmp_path / "empty", fingerprint=fake_embedder.fingerprint, dimensions=64) as library:
        assert search(library, fake_embedder, "anything?") == []


def test_sides_are_scaled_by_their_confidence() -> None:
    merged = merge_sides([([(1, 1.0), (2, 0.5)], 0.4), ([(3, 1.0)], 0.2)])
    assert merged == [(1, 1.0), (3, pytest.approx(LEAST_SCALE + (1 - LEAST_SCALE) / 2)), (2, 0.5)]
    assert merge_sides([([(1, 0.9)], 1.0)]) == [(1, 0.9)]
    assert merge_sides([([(1, 0.9)], 0.0), ([(2, 0.8)], 0.0)]) == [(1, 0.9), (2, 0.8)]
