"""Writes and reads the checkpoints of a training run: weights, the states of its optimizers, and the step.

Takes tensors and optimizers by name; knows nothing of the model they belong to. A checkpoint is one safetensors
file, ``model/NAME`` and ``OPTIMIZER/NUMBER/STATE``, written whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import Optimizer

CHECKPOINT = "checkpoint.safetensors"
"""Its name in a run's folder."""


def save(path: Path, step: int, weights: Mapping[str, Tensor], optimizers: Mapping[str, Optimizer]) -> None:
    """Write a checkpoint beside the last one and put it in its place."""
    tensors = {f"model/{name}": weight for name, weight in weights.items()}
    for kind, optimizer in optimizers.items():
        for number, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"{kind}/{number}/{name}"] = torch.as_tensor(value)
    copies = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    beside = path.with_name(path.name + ".new")
    save_file(copies, beside, metadata={"step": str(step)})
    os.replace(beside, path)


def load(path: Path, optimizers: Mapping[str, Optimizer]) -> tuple[int, dict[str, Tensor]]:
    """Put the optimizers into the states that a checkpoint holds; return its step and weights."""
    weights: dict[str, Tensor] = {}
    states: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in optimizers}
    with safe_open(path, framework="pt") as file:
        step = int(file.metadata()["step"])
        for name in file.keys():  # noqa: SIM118 - a safetensors file is not a mapping
            kind, _, rest = name.partition("/")
            value = file.get_tensor(name)
            if kind == "model":
                weights[rest] = value
                continue
            number, _, state = rest.partition("/")
            whole = state == "step" and isinstance(
                optimizers[kind], torch.optim.SparseAdam
            )  # it counts in int
            states[kind].setdefault(int(number), {})[state] = int(value) if whole else value
    for kind, optimizer in optimizers.items():
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": states[kind], "param_groups": groups})
    return step, weights
