"""Where a recipe computes, and in which type: a GPU where there is one, bfloat16 where it is fast."""

from __future__ import annotations

import torch

from index.runtime import multiplies_bfloat16


def chosen_device() -> str:
    """Return "cuda" where there is a GPU, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def chosen_precision(stated: str, device: str) -> torch.dtype:
    """Return the type of products; "auto" is bf16 on a GPU, and on a CPU that multiplies it by itself."""
    fast = device == "cuda" or multiplies_bfloat16()
    return torch.bfloat16 if stated == "bf16" or (stated == "auto" and fast) else torch.float32
