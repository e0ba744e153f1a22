"""Writes a trained reader as the folder that ``Reader.load`` opens: fp16 weights, vocabulary, checksums."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from safetensors.torch import load_file

from index.weights import write_checksums
from rag.training.average import WEIGHTS, mean, write
from rag.training.train import Trainer

_VOCABULARY = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "stop_tokens.json")


def export(trainer: Trainer, start: Path, folder: Path, averaged: Path | None = None) -> Path:
    """Write the folder, with the vocabulary and the stop tokens of the model that training started from.

    The weights may be averaged with those of the start, or of the reader in ``averaged``, which keeps what it
    knew and the new data did not ask for (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models",
    arXiv:2109.01903).

    The configuration says float32 although the weights are fp16: transformers would otherwise compute in
    fp16, which is slow on a CPU.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: w.detach().float().cpu() for name, w in trainer.model.state_dict().items()}
    share = trainer.options.start_share
    if share:
        weights = mean([(load_file((averaged or start) / WEIGHTS), share), (weights, 1 - share)])
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
