"""Writes a trained reader as the folder that ``Reader.load`` opens: fp16 weights, vocabulary, checksums."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from index.training.average import WEIGHTS, write
from index.weights import write_checksums
from rag.training.train import Trainer

_VOCABULARY = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "stop_tokens.json")


def export(trainer: Trainer, start: Path, folder: Path) -> Path:
    """Write the folder, with the vocabulary and the stop tokens of the model that training started from.

    The configuration says float32 although the weights are fp16: transformers would otherwise compute in
    fp16, which is slow on a CPU.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: w.detach().float().cpu() for name, w in trainer.model.state_dict().items()}
    write(weights, folder / WEIGHTS)
    config = json.loads(trainer.model.config.to_json_string(use_diff=False))
    config |= {
        "dtype": "float32",
        "architectures": ["BertForTokenClassification"],
        "hidden_dropout_prob": 0.0,
    }
    config.pop("_name_or_path", None)
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for name in _VOCABULARY:
        if (start / name).is_file():
            shutil.copyfile(start / name, folder / name)
    write_checksums(folder)
    return folder
