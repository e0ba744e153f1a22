"""What the commands of a recipe share: options, logs, one clear line where it cannot be done, one run a folder."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from index.errors import ChuchuError, SettingsError


def recipe_parser(module: str, description: str, settings: Path) -> argparse.ArgumentParser:
    """Return the parser of a recipe's command: ``--settings``, ``--data``, ``--out``.

    Args:
        module: what ``python -m`` is given.
        description: what the command does; its line breaks are kept.
        settings: the file that is read where none is named.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        epilog=f"example: python -m {module} --data data --out run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--settings", type=Path, default=settings, help="a TOML file (default: %(default)s)")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds train/ and dev/")
    parser.add_argument("--out", type=Path, required=True, help="the folder to work in")
    return parser


def guarded(work: Callable[[], object]) -> int:
    """Run a command's work; return 0, or 1 after one line on stderr that says what to do."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        work()
    except ChuchuError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def claim(out: Path, stated: str) -> None:
    """Keep a run's settings in its folder, and refuse a folder that was begun with others.

    Args:
        out: the folder to work in; made where there is none.
        stated: what must not change between two calls, as JSON.

    Raises:
        SettingsError: the folder holds a run with other settings.
    """
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "settings.json"
    if kept.is_file() and kept.read_text(encoding="utf-8") != stated:
        raise SettingsError(f"{out} holds a run with other settings; give those, or another --out.")
    kept.write_text(stated, encoding="utf-8")
