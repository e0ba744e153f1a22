"""Writes a trained encoder as a sentence-transformers folder: fp16 weights, vocabulary, checksums."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from index.training.average import WEIGHTS, write
from index.training.embedder.encoder import POSITIONS, ROWS
from index.weights import write_checksums

_KEPT = (
    "1_Pooling/config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
)


def export(weights: Mapping[str, Tensor], tokenizer: Tokenizer, start: Path, folder: Path) -> Path:
    """Write the folder, with the start's settings of everything but the vocabulary.

    Positions beyond the longest text that the folder states are left out.

    The configuration says float32 although the weights are fp16: transformers would otherwise compute in
    fp16, which is slow on a CPU.
    """
    for name in _KEPT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(start / name, folder / name)
    stated = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
    weights = dict(weights) | {POSITIONS: weights[POSITIONS][: stated["max_seq_length"]]}
    write(weights, folder / WEIGHTS)
    config = json.loads((start / "config.json").read_text(encoding="utf-8"))
    config |= {"dtype": "float32", "vocab_size": len(weights[ROWS])}
    config |= {"max_position_embeddings": len(weights[POSITIONS])}
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_checksums(folder)
    return folder
