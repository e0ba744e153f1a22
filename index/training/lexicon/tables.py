"""The tables of a lexicon: the best translations of each key with their shares. Knows no language."""

from __future__ import annotations

import lzma
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

UNSEEN = 0.3  # sentences in which a key was translated by what was never seen

Entries = dict[str, list[tuple[str, float]]]
"""The translations of each key with their shares, most likely first."""


def table(weights: Iterable[tuple[str, str, float]], kept: int, least: float) -> Entries:
    """Return the best translations of each key with their shares, most likely first, from (key, word, weight)."""
    of: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for key, word, weight in weights:
        of[key].append((word, weight))
    made = {}
    for key, entries in of.items():
        total = sum(weight for _, weight in entries) + UNSEEN
        entries.sort(key=lambda entry: (-entry[1], entry[0]))
        likely = [(word, weight / total) for word, weight in entries[:kept] if weight / total >= least]
        if likely:
            made[key] = likely
    return made


def write(path: Path, entries: Entries) -> int:
    """Write a table as ``index.translation.Lexicon`` reads it; return its bytes. Equal input, equal bytes."""
    lines = sorted(
        "\t".join([key, *(f"{word}:{max(1, round(100 * share))}" for word, share in of)])
        for key, of in entries.items()
    )
    path.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))
    return path.stat().st_size
