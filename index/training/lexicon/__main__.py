"""Makes the lexicons of ``index.translation``: ``python -m index.training.lexicon --data FOLDER --out FOLDER``.

English and Chinese both ways, and fifteen other languages into English.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from index.training.command import guarded
from index.training.lexicon.chinese import both_tables
from index.training.lexicon.others import other_tables
from index.training.lexicon.tables import write
from index.translation.lexicon import FILES

logger = logging.getLogger("index.training.lexicon")


def run(data: Path, out: Path) -> None:
    """Make all tables; ten to twenty minutes on one core, 3 GB of memory.

    Raises:
        SettingsError: a file is missing in ``data``.
    """
    out.mkdir(parents=True, exist_ok=True)
    for way, entries in chain(both_tables(data), other_tables(data)):
        size = write(out / FILES[way], entries)
        logger.info("%s: %d entries, %d bytes", FILES[way], len(entries), size)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m index.training.lexicon",
        description="Make the lexicons from parallel sentences, a dictionary and glossaries.",
        epilog="example: python -m index.training.lexicon --data data --out index/models/lexicon",
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds train/ and dev/")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the tables")
    options = parser.parse_args(arguments)
    return guarded(lambda: run(options.data, options.out))


if __name__ == "__main__":
    sys.exit(main())
