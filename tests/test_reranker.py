"""Cross-encoders by path, through sentence-transformers: tiny ones on disk whose order is known beforehand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tiny_encoders import write_embedder, write_reranker

from index.chunking import ChunkingOptions
from index.errors import ModelError
from index.library import Library
from rag import Assistant
from rag.datatypes import Passage
from rag.evaluation.describe import describe
from rag.evaluation.questions import Question, QuestionSet
from rag.evaluation.tune import _ranking_scores
from rag.reader import Reader
from rag.reranker import CrossEncoderReranker, Reranker, load_reranker
from rag.retriever import rerank
from rag.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

PASSAGES = ["猫狗鱼", "茶茶茶", "长河", "茶园产茶", "茶园"]
BY_TEA = [1, 3, 4]  # by the share of 茶; the others have none


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reranker(tmp_path_factory.mktemp("models") / "tea")


@pytest.fixture(scope="module")
def reranker(folder: Path) -> Reranker:
    loaded = load_reranker(str(folder), device="cpu")
    assert loaded is not None
    return loaded


def test_its_scores_are_the_sigmoid_of_its_logits(folder: Path, reranker: Reranker) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Identity

    pairs = [("茶?", passage) for passage in PASSAGES]
    logits = CrossEncoder(str(folder), device="cpu").predict(pairs, activation_fn=Identity())
    assert np.ptp(logits) > 1
    scores = reranker.relevance("茶?", PASSAGES)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp(-logits)), atol=1e-6)
    assert sorted(range(5), key=lambda n: -scores[n])[:3] == BY_TEA


def test_a_model_that_states_another_activation_gives_chances_all_the_same(
    folder: Path, reranker: Reranker, tmp_path: Path
) -> None:
    stated = tmp_path / "stated"
    shutil.copytree(folder, stated)
    path = stated / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["sentence_transformers"] = {"activation_fn": "torch.nn.modules.linear.Identity"}
    path.write_text(json.dumps(config), encoding="utf-8")
    other = CrossEncoderReranker.load(str(stated), device="cpu")
    assert other.relevance("茶?", PASSAGES) == pytest.approx(reranker.relevance("茶?", PASSAGES))
    assert other.fingerprint != reranker.fingerprint


def test_it_takes_none_empty_and_overlong_texts_in_any_company(reranker: Reranker) -> None:
    texts = ["", "茶" * 500, "狗" * 500, "茶"] * 9
    assert reranker.relevance("茶?", []) == []
    alone = [reranker.relevance("茶?", [text])[0] for text in texts[:4]]
    assert reranker.relevance("茶?", texts) == pytest.approx(alone * 9, abs=1e-5)
    assert alone[1] > alone[0] > alone[2]
    assert all(0 < score < 1 for score in reranker.relevance("茶" * 500, texts[:4]))


def test_threads_may_share_it(reranker: Reranker) -> None:
    def ask(n: int) -> Sequence[float]:
        return reranker.relevance("茶?", PASSAGES[: 1 + n % 5])

    expected = reranker.relevance("茶?", PASSAGES)
    with ThreadPoolExecutor(4) as pool:
        for n, scores in enumerate(pool.map(ask, range(40))):
            assert scores == pytest.approx(expected[: 1 + n % 5], abs=1e-6)


def test_its_fingerprint_tells_its_name_and_content(folder: Path, reranker: Reranker, tmp_path: Path) -> None:
    assert reranker.fingerprint.startswith("tea@")
    again = CrossEncoderReranker.load(str(shutil.copytree(folder, tmp_path / "tea")), device="cpu")
    assert again.fingerprint == reranker.fingerprint
    other = write_reranker(tmp_path / "fish" / "tea", liked="鱼")
    assert CrossEncoderReranker.load(str(other), device="cpu").fingerprint != reranker.fingerprint


def test_the_reader_is_no_model_of_its_own() -> None:
    assert load_reranker() is None
    assert load_reranker("reader") is None


def test_two_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gives 2 scores for a passage, not one; choose a cross-encoder"):
        load_reranker(str(write_reranker(tmp_path / "two", labels=2)))


def test_an_embedder_is_refused_rather_than_given_a_random_head(tmp_path: Path) -> None:
    folder = write_embedder(tmp_path / "bge-m3", "xlm-roberta", pooling="cls")
    with pytest.raises(ModelError, match=r"bge-m3' is a XLMRobertaModel, which has learned no scores"):
        load_reranker(str(folder))


def test_pickles_are_not_opened(folder: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    shutil.copytree(folder, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"The reranker .*pickled' holds pytorch_model\.bin .*not opened"):
        load_reranker(str(pickled))


def test_damaged_weights_are_one_line(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    whole = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"The reranker .*damaged' could not be loaded") as caught:
        load_reranker(str(damaged))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["./nowhere", "a/b/c", ""])
def test_what_is_neither_folder_nor_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(ModelError, match=r"There is no reranker in .*not a Hugging Face name"):
        load_reranker(name)


def test_a_name_that_cannot_be_asked_for_says_what_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", unreachable)
    with pytest.raises(ModelError, match=r"reranker 'someone/reranker' is not on this machine .* 'reader'"):
        load_reranker("someone/reranker")


def test_scores_that_are_no_numbers_are_an_error(tmp_path: Path) -> None:
    broken = CrossEncoderReranker.load(str(write_reranker(tmp_path / "nan", weight=float("nan"))))
    with pytest.raises(ModelError, match="gave a score that is no number"):
        broken.relevance("茶?", PASSAGES)


# --- in an assistant --------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path, fake_embedder: FakeEmbedder) -> Library:
    """Twelve documents, all about the question's fish, of which the last one is full of tea."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for n in range(12):
        (docs / f"{n:02}.txt").write_text(f"长河产鱼{'狗' * n}。", encoding="utf-8")
    (docs / "tea.txt").write_text("茶茶茶茶鱼茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶。", encoding="utf-8")
    made = Library.create(
        tmp_path / "library", fingerprint=fake_embedder.fingerprint, dimensions=64, chunking=ChunkingOptions()
    )
    with Assistant(made, embedder=fake_embedder) as assistant:
        assistant.ingest(docs)
    return Library.open(tmp_path / "library")


def passages(
    library: Library, embedder: FakeEmbedder, settings: Settings, reranker: Reranker | None = None
) -> tuple[Passage, ...]:
    return (
        Assistant(library, settings=settings, embedder=embedder, reranker=reranker)
        .ask("长河产鱼多少吨？")
        .passages
    )


def test_it_chooses_the_passages_from_more_hits_than_are_kept(
    library: Library, fake_embedder: FakeEmbedder, folder: Path
) -> None:
    plain = Settings(passages=3, rerank_weight=0)
    without = passages(library, fake_embedder, plain)
    assert "tea" not in [passage.title for passage in without]
    assert all("reranked" not in passage.scores for passage in without)
    named = plain.changed(reranker=str(folder))
    found = passages(library, fake_embedder, named)
    assert [passage.number for passage in found] == [1, 2, 3]
    assert found[0].title == "tea"
    scores = [passage.scores["reranked"] for passage in found]
    assert scores == sorted(scores, reverse=True)
    assert {"fused", "reranked", "relevance"} <= found[0].scores.keys()
    shallow = passages(library, fake_embedder, named.changed(rerank_depth=3))
    assert {p.title for p in shallow} == {p.title for p in without}


def test_the_reader_has_its_share_beside_it() -> None:
    class Says:
        fingerprint = "says"

        def relevance(self, question: str, passages: Sequence[str], above: Sequence[str] = ()) -> list[float]:
            return [{"a": 0.1, "b": 0.9}[text] for text in passages]

    asked = [
        Passage(number=n, document_id=n, source=text, title=text, text=text, spans=((0, 1),), scores=scores)
        for n, (text, scores) in enumerate(
            [("a", {"fused": 0.1, "reranked": 0.8}), ("b", {"fused": 0.9, "reranked": 0.2})], start=1
        )
    ]
    assert [p.text for p in rerank("?", asked, Says(), 0.0)] == ["a", "b"]
    assert [p.text for p in rerank("?", asked, Says(), 0.5)] == ["b", "a"]


def test_it_is_in_the_fingerprint_and_in_what_a_run_says_of_itself(
    library: Library, fake_embedder: FakeEmbedder, folder: Path, tmp_path: Path
) -> None:
    plain = Assistant(library, embedder=fake_embedder)
    tea = Assistant(library, embedder=fake_embedder, settings=Settings(reranker=str(folder)))
    fish = CrossEncoderReranker.load(str(write_reranker(tmp_path / "fish", liked="鱼")))
    handed = Assistant(library, embedder=fake_embedder, settings=tea.settings, reranker=fish)
    assert len({plain.fingerprint, tea.fingerprint, handed.fingerprint}) == 3
    asked = QuestionSet(path="q", questions=())
    assert "reranker" not in describe(plain, asked, workers=1)["models"]
    described = describe(tea, asked, workers=1)
    assert described["models"]["reranker"].startswith("tea@")
    assert described["settings"]["rerank_depth"] == 32


def test_tuning_ranks_as_asking_does_and_reads_each_passage_once(
    library: Library, fake_embedder: FakeEmbedder, reranker: Reranker
) -> None:
    class Counting:
        fingerprint = "counting"

        def __init__(self) -> None:
            self.read: list[str] = []

        def relevance(
            self, question: str, passages: Sequence[str], above: Sequence[str] = ()
        ) -> Sequence[float]:
            self.read += passages
            return reranker.relevance(question, passages, above)

    counting, settings = Counting(), Settings(passages=3)
    assistant = Assistant(
        library,
        settings=settings,
        embedder=fake_embedder,
        reader=Reader.load(),
        reranker=counting,
    )
    question = Question(
        id="1",
        question="长河产鱼多少吨？",
        language="zh",
        answers=("鱼茶",),
        type="fact",
        documents=("tea.txt",),
    )
    options = [(weight, share) for weight in (0.0, 0.5, 1.0) for share in (0.0, 0.1)]
    assert _ranking_scores(assistant, question, question.question, options) == [1.0] * len(options)
    assert len(counting.read) == len(set(counting.read)) > settings.passages
