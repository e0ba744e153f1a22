from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import index.embedder
from index.embedder import Embedder, StaticEmbedder, load_embedder
from index.errors import ModelError

TEXTS = [
    "长江是中国第一长河。",
    "The library closes at nine in the evening.",
    "臺灣的捷運與公車可以轉乘。",
    "Die Bibliothek schließt abends um neun Uhr.",
    "很长的文章，" * 400,
]


@pytest.fixture(scope="module")
def fast() -> Embedder:
    return load_embedder("builtin-fast")


def test_the_shipped_folder_gives_the_same_in_sentence_transformers(fast: Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(index.embedder._SHIPPED_FAST), device="cpu").float()
    theirs = model.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(fast.embed_documents(TEXTS), theirs, atol=1e-5)


def test_rows_are_unit_and_empty_texts_are_zero(fast: Embedder) -> None:
    counts: list[int] = []
    vectors = fast.embed_documents([*TEXTS, ""], progress=counts.append)
    assert vectors.dtype == np.float32
    assert vectors.shape == (6, fast.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 1, 1, 0], atol=1e-5)
    assert counts == [6]


def test_meaning_crosses_scripts_and_languages(fast: Embedder) -> None:
    query = fast.embed_queries(["图书馆几点关门？"])[0]
    near, english, far = (
        fast.embed_documents(["圖書館晚上九點關門。", TEXTS[1], "The recipe asks for two eggs."]) @ query
    )
    assert near > far
    assert english > far


def test_fewer_dimensions_are_the_first_ones_renormalised(fast: Embedder) -> None:
    short = load_embedder("builtin-fast", dimensions=32)
    vectors = fast.embed_documents(TEXTS)[:, :32]
    expected = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(short.embed_documents(TEXTS), expected, atol=1e-5)
    assert short.fingerprint == f"{fast.fingerprint}:32"
    with pytest.raises(ModelError, match="which has"):
        load_embedder("builtin-fast", dimensions=1_000)


def test_its_vectors_never_mix_with_the_other_builtin(fast: Embedder) -> None:
    assert fast.fingerprint.startswith("builtin-fast@")
    assert fast.fingerprint != load_embedder().fingerprint


def test_a_damaged_folder_and_another_model_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "fast"
    shutil.copytree(index.embedder._SHIPPED_FAST, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(5_000_000)
        file.write(bytes(4096))
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        StaticEmbedder.load(folder, name="fast")
    with pytest.raises(ModelError, match="holds no table of word vectors"):
        StaticEmbedder.load(index.embedder._SHIPPED, name="fast")


def test_it_needs_neither_pytorch_nor_the_network() -> None:
    code = (
        "import sys, socket; socket.socket.connect = None\n"
        "from index.embedder import load_embedder; load_embedder('builtin-fast').embed_queries(['你好'])\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
