"""The oracle is ``transformers``: same weights, same tokens, same hidden states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from index.bert import Bert, BertConfig, _round, batches, load_weights
from index.errors import ModelError

SIZES = {
    "vocab_size": 50,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 16,
    "type_vocab_size": 6,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import BertConfig as HuggingFaceConfig
    from transformers import BertModel

    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("bert")
    BertModel(HuggingFaceConfig(**SIZES)).save_pretrained(path)
    return path


IDS = torch.tensor([2, 7, 9, 11, 3, 2, 8, 9, 1, 3, 2, 49, 3])
TYPES = torch.tensor([0, 1, 5, 3, 3, 0, 0, 4, 2, 3, 0, 2, 3])
LENGTHS = [5, 5, 3]  # a run of two, and one alone


def encoder(folder: Path, dtype: torch.dtype = torch.float32) -> Bert:
    return Bert(BertConfig.read(folder), load_weights(folder), dtype=dtype)


@pytest.fixture(scope="module")
def expected(folder: Path) -> torch.Tensor:
    """Hidden states of each text by itself."""
    from transformers import BertModel

    reference = BertModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        return torch.cat(
            [
                reference(input_ids=ids[None], token_type_ids=types[None]).last_hidden_state[0]
                for ids, types in zip(IDS.split(LENGTHS), TYPES.split(LENGTHS), strict=True)
            ]
        )


def test_hidden_states_equal_those_of_transformers(folder: Path, expected: torch.Tensor) -> None:
    torch.testing.assert_close(encoder(folder)(IDS, TYPES, LENGTHS), expected, atol=1e-5, rtol=1e-5)


def test_bfloat16_rounds_the_products_and_nothing_else(folder: Path, expected: torch.Tensor) -> None:
    """Its numbers have 8 bits: each product is off by up to 1/256 of its size, and there are eight."""
    hidden = encoder(folder, torch.bfloat16)(IDS, TYPES, LENGTHS)
    assert hidden.dtype == torch.float32
    torch.testing.assert_close(hidden, expected, atol=0.03, rtol=0.03)
    assert torch.cosine_similarity(hidden, expected).min() > 0.9999


def test_texts_beside_it_change_nothing(folder: Path) -> None:
    together = encoder(folder)(IDS, TYPES, LENGTHS)
    alone = encoder(folder)(IDS[5:10], TYPES[5:10], [5])
    torch.testing.assert_close(together[5:10], alone, atol=1e-5, rtol=1e-5)


def test_many_short_texts_need_no_more_places_than_one(folder: Path) -> None:
    bert = encoder(folder)
    many = bert(IDS.repeat(5), TYPES.repeat(5), LENGTHS * 5)  # 65 tokens, rounded up by more than 16 places
    torch.testing.assert_close(many, bert(IDS, TYPES, LENGTHS).repeat(5, 1), atol=1e-5, rtol=1e-5)


@given(st.integers(1, 5000))
def test_numbers_of_tokens_are_rounded_up_to_few(tokens: int) -> None:
    rounded = _round(tokens)
    assert tokens <= rounded < tokens + (16 if tokens < 64 else 64)
    assert len({_round(n) for n in range(1, 2049)}) <= 36


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "roberta"}, "describes 'roberta'"),
        ({"hidden_act": "relu"}, "with 'relu'"),
        ({"hidden_size": None}, "does not describe a BERT"),
    ],
)
def test_another_architecture_is_refused(
    folder: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    stated = {**json.loads((folder / "config.json").read_text(encoding="utf-8")), **change}
    stated = {name: value for name, value in stated.items() if value is not None}
    (tmp_path / "config.json").write_text(json.dumps(stated), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        BertConfig.read(tmp_path)


def test_weights_of_something_else_are_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"lack 'bert\.embeddings"):
        Bert(BertConfig.read(folder), load_weights(folder), prefix="bert.")


def test_a_file_that_is_not_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"model\.safetensors could not be loaded"):
        load_weights(tmp_path)


@given(st.lists(st.integers(1, 300)), st.integers(1, 2000))
def test_batches_hold_each_text_once_within_their_bounds(lengths: list[int], tokens: int) -> None:
    made = list(batches(lengths, tokens))
    assert sorted(n for batch in made for n in batch) == list(range(len(lengths)))
    assert all(len(batch) == 1 or sum(lengths[n] for n in batch) <= tokens for batch in made)
    in_turn = [lengths[n] for batch in made for n in batch]
    assert in_turn == sorted(lengths, reverse=True)
