from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import index.embedder
from index.embedder import Embedder, SentenceTransformerEmbedder, load_embedder
from index.errors import ModelError

TEXTS = [
    "长江是中国第一长河。",
    "",
    "The library closes at nine in the evening.",
    "臺灣的捷運與公車可以轉乘。",
    "２０２２年产值８８５亿元",
    "一",
    "很长的文章，" * 400,
]


@pytest.fixture(scope="module")
def builtin() -> Embedder:
    return load_embedder()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random one-layer model whose own configuration states two prompts."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing
    from torch import manual_seed
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    manual_seed(3)
    body = tmp_path_factory.mktemp("body")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "query", "passage", ":", "猫", "狗", "cat", "dog"]
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(body)
    BertModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=12,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            max_position_embeddings=32,
        )
    ).save_pretrained(body)
    transformer = Transformer(str(body), max_seq_length=16)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    SentenceTransformer(
        modules=[transformer, Pooling(12)],
        prompts={"query": "query : ", "document": "passage : "},
        device="cpu",
    ).save(str(folder))
    return folder


def test_rows_are_unit_float32_in_the_order_of_the_texts(builtin: Embedder) -> None:
    vectors = builtin.embed_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.concatenate([builtin.embed_documents([text]) for text in TEXTS])
    assert np.einsum("nd,nd->n", alone, vectors).min() > 0.9999  # bfloat16 rounds otherwise in other batches


def test_a_text_has_the_same_vector_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUCHU_PRECISION", "float32")
    exact = load_embedder()
    for text, vector in zip(TEXTS, exact.embed_documents(TEXTS), strict=True):
        np.testing.assert_allclose(exact.embed_documents([text])[0], vector, atol=1e-5)


def test_the_shipped_folder_gives_the_same_in_sentence_transformers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUCHU_PRECISION", "float32")
    builtin = load_embedder()
    reference = SentenceTransformerEmbedder.load(str(index.embedder._SHIPPED), device="cpu")
    np.testing.assert_allclose(builtin.embed_documents(TEXTS), reference.embed_documents(TEXTS), atol=1e-5)
    np.testing.assert_allclose(builtin.embed_queries(TEXTS), reference.embed_queries(TEXTS), atol=1e-5)
    assert builtin.fingerprint.split("@")[1] == reference.fingerprint.split("@")[1]


def test_vectors_of_either_precision_may_stand_in_one_library(monkeypatch: pytest.MonkeyPatch) -> None:
    embedders = []
    for stated in ("float32", "bfloat16"):
        monkeypatch.setenv("CHUCHU_PRECISION", stated)
        embedders.append(load_embedder())
    exact, rounded = embedders
    assert rounded.fingerprint == exact.fingerprint
    cosines = (rounded.embed_documents(TEXTS) * exact.embed_documents(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_no_texts_give_no_rows(builtin: Embedder) -> None:
    assert builtin.embed_documents([]).shape == (0, 384)
    assert builtin.embed_queries([]).shape == (0, 384)


def test_the_same_text_always_gives_the_same_vector(builtin: Embedder) -> None:
    np.testing.assert_array_equal(builtin.embed_queries(TEXTS), builtin.embed_queries(TEXTS))


def test_progress_counts_every_text_once(builtin: Embedder) -> None:
    counts: list[int] = []
    builtin.embed_documents(["短句。" * 30] * 70, progress=counts.append)
    assert sum(counts) == 70
    assert len(counts) > 1


def test_meaning_crosses_scripts_and_languages(builtin: Embedder) -> None:
    query = builtin.embed_queries(["图书馆几点关门？"])[0]
    cosines = (
        builtin.embed_documents(["圖書館晚上九點關門。", TEXTS[2], "The recipe asks for two eggs."]) @ query
    )
    assert cosines[0] > cosines[2]
    assert cosines[1] > cosines[2]


def test_control_tokens_in_a_text_are_text(builtin: Embedder) -> None:
    written, control = builtin.embed_documents(["[SEP]", ""])
    assert written @ control < 0.99


def test_fewer_dimensions_are_the_first_ones_renormalised(builtin: Embedder) -> None:
    short = load_embedder(dimensions=64)
    vectors = builtin.embed_documents(TEXTS)[:, :64]
    expected = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(short.embed_documents(TEXTS), expected, atol=1e-5)
    assert short.dimensions == 64
    assert short.fingerprint == f"{builtin.fingerprint}:64"


@pytest.mark.parametrize("dimensions", [0, -1, 385])
def test_dimensions_that_it_has_not_are_refused(dimensions: int) -> None:
    with pytest.raises(ModelError, match=f"{dimensions} dimensions were asked .* which has 384"):
        load_embedder(dimensions=dimensions)


def test_a_damaged_embedder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "embedder"
    shutil.copytree(index.embedder._SHIPPED, folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(30_000_000)
        file.write(bytes(4096))  # what a torn page leaves
    monkeypatch.setattr(index.embedder, "_SHIPPED", folder)
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged: .*install chuchu again"):
        load_embedder()


def test_a_model_by_path_is_prompted_as_its_configuration_says(tiny: Path) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = load_embedder(str(tiny), device="cpu")
    plain = SentenceTransformer(str(tiny), device="cpu")
    queries = plain.encode(["query : 猫", "query : dog"], prompt="", normalize_embeddings=True)
    documents = plain.encode(["passage : 猫", "passage : dog"], prompt="", normalize_embeddings=True)
    np.testing.assert_allclose(embedder.embed_queries(["猫", "dog"]), queries, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_documents(["猫", "dog"]), documents, atol=1e-5)
    assert not np.allclose(queries, documents)
    assert (embedder.dimensions, embedder.fingerprint[:5]) == (12, "tiny@")


def test_a_model_by_path_takes_empty_and_overlong_texts(tiny: Path) -> None:
    embedder = load_embedder(str(tiny), dimensions=5, device="cpu")
    counts: list[int] = []
    vectors = embedder.embed_documents(["", "猫 " * 500, "cat"], progress=counts.append)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors.shape, sum(counts)) == ((3, 5), 3)
    assert embedder.embed_queries([]).shape == (0, 5)


def test_a_changed_configuration_changes_the_fingerprint(tiny: Path, tmp_path: Path) -> None:
    changed = tmp_path / "tiny"
    shutil.copytree(tiny, changed)
    path = changed / "config_sentence_transformers.json"
    stated = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**stated, "prompts": {"query": "q: ", "document": ""}}), encoding="utf-8")
    assert load_embedder(str(tiny)).fingerprint != load_embedder(str(changed)).fingerprint


def test_a_model_without_safetensors_is_refused(tiny: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    shutil.copytree(tiny, pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"The embedder .*pickled' holds pytorch_model\.bin .*not opened"):
        load_embedder(str(pickled))


@pytest.mark.parametrize(
    ("name", "stated", "expected"),
    [
        ("intfloat/multilingual-e5-small", {"query": "", "document": ""}, ("query: ", "passage: ")),
        ("intfloat/multilingual-e5-small", {"query": "Q ", "passage": "P "}, ("Q ", "P ")),
        ("Qwen/Qwen3-Embedding-0.6B", {"query": "Instruct: ", "document": ""}, ("Instruct: ", "")),
        ("Qwen/Qwen3-Embedding-0.6B", {}, (f"{index.embedder._WEB_SEARCH}\nQuery:", "")),
        ("intfloat/multilingual-e5-large", {}, ("query: ", "passage: ")),
        ("intfloat/multilingual-e5-large-instruct", {}, (f"{index.embedder._WEB_SEARCH}\nQuery: ", "")),
        ("intfloat/e5-mistral-7b-instruct", {"web_search_query": "Instruct: "}, ("Instruct: ", "")),
        ("BAAI/bge-m3", {}, ("", "")),
    ],
)
def test_stated_prompts_win_over_known_ones(
    name: str, stated: dict[str, str], expected: tuple[str, str]
) -> None:
    assert index.embedder._prompts(name, stated) == expected


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "a/b/c", "two words", ""])
def test_what_is_neither_folder_nor_name_is_refused_at_once(name: str) -> None:
    with pytest.raises(ModelError, match="no such folder, and not a Hugging Face name"):
        load_embedder(name)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model: no modules\.json"):
        load_embedder(str(tmp_path))


def test_a_missing_a_gated_and_an_unreachable_name_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    class Reply:
        status_code = 404
        headers: dict[str, str] = {}  # noqa: RUF012  # only read
        request = None

    def failing(error: Exception) -> Any:
        def model_info(*_: object, **__: object) -> None:
            raise error

        return model_info

    reply: Any = Reply()
    for error, message in [
        (RepositoryNotFoundError("404", response=reply), "There is no embedder 'someone/model'"),
        (GatedRepoError("403", response=reply), "is gated: accept its terms"),
        (
            ConnectionError("Name or service not known\nmore advice"),
            r"asked \(Name or service not known\); go online",
        ),
    ]:
        monkeypatch.setattr(huggingface_hub.HfApi, "model_info", failing(error))
        with pytest.raises(ModelError, match=message):
            load_embedder("someone/model")


def test_the_builtin_needs_neither_transformers_nor_the_network() -> None:
    code = (
        "import sys, socket; socket.socket.connect = None\n"
        "from index.embedder import load_embedder; load_embedder().embed_queries(['你好'])\n"
        "heavy = {'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
