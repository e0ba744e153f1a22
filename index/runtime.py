"""How much of the machine the models may use: the one place that reads ``CHUCHU_THREADS``."""

from __future__ import annotations

import os

from index.errors import SettingsError

VARIABLE = "CHUCHU_THREADS"
DEFAULT_THREADS = 2  # short texts gain little from more, and spinning threads starve what else is running


def thread_count() -> int:
    """Return the threads a model may use: ``CHUCHU_THREADS``, else 2, never more than there are cores.

    Raises:
        SettingsError: the variable is not a whole number of at least 1.
    """
    stated = os.environ.get(VARIABLE, "").strip()
    if not stated:
        return min(DEFAULT_THREADS, os.cpu_count() or 1)
    if not stated.isascii() or not stated.isdigit() or int(stated) < 1:
        raise SettingsError(
            f"{VARIABLE} is {stated!r}, but a whole number of at least 1 was expected; change or unset it."
        )
    return int(stated)


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
