"""Embedders of well-known families by path, through sentence-transformers: prompts, pooling, dimensions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tiny_encoders import WIDTH, write_embedder

from index.embedder import _WEB_SEARCH, Embedder, SentenceTransformerEmbedder, Vectors, load_embedder
from index.errors import EmbedderMismatchError, ModelError
from rag import Assistant

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXTS = ["茶园产茶", "where is the tea?", "长河", "狗" * 200, ""]
QWEN_PROMPT = "instruct: find\nquery:"
FAMILIES: dict[str, dict[str, Any]] = {
    # Folder name → its architecture, pooling and stated prompts, as on Hugging Face.
    "multilingual-e5-small": {"family": "xlm-roberta", "pooling": "mean"},
    "bge-m3": {"family": "xlm-roberta", "pooling": "cls"},
    "bge-small-zh-v1.5": {"family": "bert", "pooling": "cls"},
    "Qwen3-Embedding-0.6B": {
        "family": "qwen3",
        "pooling": "lasttoken",
        "prompts": {"query": QWEN_PROMPT, "document": ""},
    },
}
PROMPTS = {
    "multilingual-e5-small": ("query: ", "passage: "),
    "bge-m3": ("", ""),
    "bge-small-zh-v1.5": ("为这个句子生成表示以用于检索相关文章：", ""),
    "Qwen3-Embedding-0.6B": (QWEN_PROMPT, ""),
}


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes the model of a family once."""
    root = tmp_path_factory.mktemp("models")

    def folder(name: str) -> Path:
        path = root / name
        return path if path.exists() else write_embedder(path, **FAMILIES[name])

    return folder


def plain(folder: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu")


def encoded(model: SentenceTransformer, texts: list[str]) -> Vectors:
    return np.asarray(model.encode(texts, prompt="", normalize_embeddings=True))


@pytest.mark.parametrize("name", FAMILIES)
def test_each_side_is_embedded_with_its_prompt(name: str, folder_of: Callable[[str], Path]) -> None:
    query, document = PROMPTS[name]
    model, embedder = plain(folder_of(name)), load_embedder(str(folder_of(name)), device="cpu")
    queries, documents = embedder.embed_queries(TEXTS), embedder.embed_documents(TEXTS)
    np.testing.assert_allclose(queries, encoded(model, [query + text for text in TEXTS]), atol=1e-5)
    np.testing.assert_allclose(documents, encoded(model, [document + text for text in TEXTS]), atol=1e-5)
    alike = np.allclose(queries, documents, atol=1e-4)
    assert alike == (query == document)
    assert embedder.dimensions == WIDTH
    assert queries.dtype == np.float32
    assert embedder.fingerprint.startswith(f"{name}@")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_text_has_one_vector_in_any_company(name: str, folder_of: Callable[[str], Path]) -> None:
    embedder = load_embedder(str(folder_of(name)), device="cpu")
    together = embedder.embed_documents(TEXTS * 9)  # padded to the longest, and in two batches
    alone = np.concatenate([embedder.embed_documents([text]) for text in TEXTS])
    np.testing.assert_allclose(together, np.tile(alone, (9, 1)), atol=1e-5)


def test_the_last_token_is_pooled_over_padding_on_either_side(folder_of: Callable[[str], Path]) -> None:
    """The end of text closes a text; the state of a padding in its place would be the same for all texts."""
    import torch

    model = plain(folder_of("Qwen3-Embedding-0.6B"))
    embedder = load_embedder(str(folder_of("Qwen3-Embedding-0.6B")), device="cpu")
    vectors = embedder.embed_documents(["茶", "长河产鱼 many letters"])
    for text, vector in zip(["茶", "长河产鱼 many letters"], vectors, strict=True):
        ids = torch.tensor([model.tokenizer(text)["input_ids"]])
        with torch.no_grad():
            body: Any = model[0]
            state = body.auto_model(input_ids=ids).last_hidden_state[0, -1].numpy()
        np.testing.assert_allclose(vector, state / np.linalg.norm(state), atol=1e-5)


def test_a_qwen_without_stated_prompts_gets_the_instruction_of_its_card(tmp_path: Path) -> None:
    folder = write_embedder(tmp_path / "Qwen3-Embedding-4B", "qwen3", pooling="lasttoken")
    embedder = load_embedder(str(folder), device="cpu")
    expected = encoded(plain(folder), [f"{_WEB_SEARCH}\nQuery:茶园"])
    np.testing.assert_allclose(embedder.embed_queries(["茶园"]), expected, atol=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_fewer_dimensions_are_the_first_ones_renormalised(
    name: str, folder_of: Callable[[str], Path]
) -> None:
    whole = load_embedder(str(folder_of(name)), device="cpu")
    cut = load_embedder(str(folder_of(name)), dimensions=6, device="cpu")
    expected = whole.embed_queries(TEXTS)[:, :6]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(cut.embed_queries(TEXTS), expected, atol=1e-5)
    assert (cut.dimensions, cut.fingerprint) == (6, f"{whole.fingerprint}:6")
    with pytest.raises(ModelError, match=f"{WIDTH + 1} dimensions were asked .* which has {WIDTH}"):
        load_embedder(str(folder_of(name)), dimensions=WIDTH + 1, device="cpu")


def test_fingerprints_tell_weights_apart_and_copies_not(
    tmp_path: Path, folder_of: Callable[[str], Path]
) -> None:
    prints = [load_embedder(str(folder_of(name)), device="cpu").fingerprint for name in FAMILIES]
    other = write_embedder(tmp_path / "bge-m3", "xlm-roberta", pooling="cls", seed=2)
    again = write_embedder(tmp_path / "again" / "bge-m3", "xlm-roberta", pooling="cls", seed=2)
    prints.append(load_embedder(str(other), device="cpu").fingerprint)
    assert len(set(prints)) == len(FAMILIES) + 1
    assert load_embedder(str(again), device="cpu").fingerprint == prints[-1]


def test_truncated_weights_are_one_line(tmp_path: Path, folder_of: Callable[[str], Path]) -> None:
    import shutil

    damaged = Path(shutil.copytree(folder_of("bge-m3"), tmp_path / "bge-m3"))
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"The embedder .*bge-m3' could not be loaded") as caught:
        load_embedder(str(damaged))
    assert "\n" not in str(caught.value)


def test_a_library_of_such_a_model_answers_and_refuses_its_sister(
    tmp_path: Path, folder_of: Callable[[str], Path]
) -> None:
    (tmp_path / "tea.txt").write_text("青岭茶园2023年产茶叶42吨。", encoding="utf-8")
    name = str(folder_of("multilingual-e5-small"))
    with Assistant.from_documents(tmp_path / "tea.txt", tmp_path / "library", embedder=name) as assistant:
        assert isinstance(assistant.embedder, SentenceTransformerEmbedder)
        expected: Embedder = load_embedder(name, device="cpu")
        assert assistant.library.fingerprint == expected.fingerprint
        assert "42吨" in assistant.ask("青岭茶园2023年产茶叶多少吨？").text
    sister = Assistant.open(tmp_path / "library", embedder=str(folder_of("bge-m3")))
    with pytest.raises(EmbedderMismatchError):
        sister.search("茶叶")
    sister.close()
