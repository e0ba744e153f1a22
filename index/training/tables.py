"""Reads tables of tab-separated fields, which is how the recipes keep sentences, words and questions."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path


def read_rows(path: Path) -> Iterator[list[str]]:
    """Yield the fields of a TSV file, gzipped or not; nothing where there is no such file."""
    if path.is_file():
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield line.rstrip("\n").split("\t")
