"""How the models use the machine: the one place that reads ``CHUCHU_THREADS`` and ``CHUCHU_PRECISION``."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Literal, cast

from index.errors import SettingsError

VARIABLE = "CHUCHU_THREADS"
DEFAULT_THREADS = 2  # short texts gain little from more, and spinning threads starve what else is running


_MOST_THREADS = 1024  # PyTorch crashes when it cannot start as many as it is told

PRECISION_VARIABLE = "CHUCHU_PRECISION"
Precision = Literal["float32", "bfloat16"]

_CPUINFO = Path("/proc/cpuinfo")
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}  # the instructions; without them oneDNN emulates, which is slow


def thread_count() -> int:
    """Return the threads a model may use: ``CHUCHU_THREADS``, else 2, never more than there are cores.

    Raises:
        SettingsError: the variable is not a whole number of at least 1, or more than any machine has cores.
    """
    stated = os.environ.get(VARIABLE, "").strip()
    if not stated:
        return min(DEFAULT_THREADS, os.cpu_count() or 1)
    if not re.fullmatch("[0-9]{1,4}", stated) or not 1 <= int(stated) <= _MOST_THREADS:
        raise SettingsError(
            f"{VARIABLE} is {stated!r}, but a whole number of at least 1, at most {_MOST_THREADS}, was expected; "
            "change or unset it."
        )
    return int(stated)


def precision() -> Precision:
    """Return what the shipped models multiply in: ``CHUCHU_PRECISION``, where that is "auto" or unset the fastest.

    That is bfloat16 on a processor that multiplies it by an instruction of its own, else float32. Answers and
    vectors differ by less than matters (``tests/test_bert.py``), so a library serves machines of both kinds.

    Raises:
        SettingsError: the variable is something else.
    """
    stated = os.environ.get(PRECISION_VARIABLE, "").strip().lower() or "auto"
    if stated == "auto":
        return "bfloat16" if multiplies_bfloat16() else "float32"
    if stated not in ("float32", "bfloat16"):
        raise SettingsError(
            f"{PRECISION_VARIABLE} is {stated!r}, but float32, bfloat16 or auto was expected; change or unset it."
        )
    return cast("Precision", stated)


@cache
def multiplies_bfloat16() -> bool:
    """Say whether the processor multiplies bfloat16 by itself; Linux knows, elsewhere the answer is no."""
    try:
        stated = _CPUINFO.read_text(encoding="utf-8")
    except OSError:
        return False
    found = re.search(r"^flags\s*:(.*)$", stated, re.MULTILINE)
    return found is not None and not _BFLOAT16_FLAGS.isdisjoint(found[1].split())


def models_at_once() -> int:
    """Return how many threads may ask models at the same time before they only slow each other down; at least 2.

    More would answer no sooner, and each holds memory of its own.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, cores // thread_count())


def prepare_torch() -> None:
    """Set the threads of PyTorch and of the tokenizers; call it before a model's first import of torch.

    OpenMP reads its wait policy when it is loaded. Its default spins between two operations, which makes
    everything several times slower as soon as another process wants the same cores.
    """
    threads = thread_count()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("RAYON_NUM_THREADS", str(threads))  # the tokenizers' own pool
    import torch

    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
