"""The oracle is ``transformers``: same weights, same tokens, same hidden states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from index.bert import Bert, BertConfig, batches, load_weights, pad
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


def test_hidden_states_equal_those_of_transformers(folder: Path) -> None:
    from transformers import BertModel

    ids, types = pad([[2, 7, 9, 11, 3], [2, 49, 3]]), pad([[0, 1, 5, 3, 3], [0, 2, 3]])
    lengths = torch.tensor([5, 3])
    reference = BertModel.from_pretrained(folder).eval()
    mask = (torch.arange(5) < lengths[:, None]).long()
    with torch.inference_mode():
        expected = reference(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
    hidden = Bert(BertConfig.read(folder), load_weights(folder))(ids, types, lengths)
    torch.testing.assert_close(hidden[mask.bool()], expected[mask.bool()], atol=1e-5, rtol=1e-5)


def test_padding_changes_nothing(folder: Path) -> None:
    bert = Bert(BertConfig.read(folder), load_weights(folder))
    ids = torch.tensor([[2, 8, 15, 3]])
    alone = bert(ids, torch.zeros_like(ids), torch.tensor([4]))
    padded = torch.tensor([[2, 8, 15, 3, 0, 0, 0], [2, 1, 1, 1, 1, 1, 3]])
    beside = bert(padded, torch.zeros_like(padded), torch.tensor([4, 7]))
    torch.testing.assert_close(beside[0, :4], alone[0], atol=1e-5, rtol=1e-5)


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


@given(st.lists(st.integers(1, 300)), st.integers(1, 32), st.integers(1, 2000))
def test_batches_hold_each_text_once_within_their_bounds(lengths: list[int], rows: int, tokens: int) -> None:
    made = list(batches(lengths, rows, tokens))
    assert sorted(n for batch in made for n in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * max(lengths[n] for n in batch) <= tokens
