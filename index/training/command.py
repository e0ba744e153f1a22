"""What the commands of a recipe share: options, logs, one clear line where it cannot be done, one run a folder."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from index.errors import ChuchuError, SettingsError
from index.training.recipe import Recipe


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


def claim(out: Path, settings: Recipe, free: Mapping[str, bool | set[str]]) -> None:
    """Keep a run's settings in its folder, and refuse a folder that was begun with others.

    A setting that there was not yet when the run began counts as its default.

    Args:
        out: the folder to work in; made where there is none.
        settings: all of them.
        free: what may change between two calls: a part's name → True, or the names of some of its settings.

    Raises:
        SettingsError: the folder holds a run with other settings.
    """
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "settings.json"
    if kept.is_file() and not _same(kept.read_bytes(), settings, free):
        raise SettingsError(f"{out} holds a run with other settings; give those, or another --out.")
    kept.write_text(settings.model_dump_json(exclude=free, indent=1), encoding="utf-8")


def _same(kept: bytes, settings: Recipe, free: Mapping[str, bool | set[str]]) -> bool:
    """Whether settings as JSON are the same as these, but for what is free."""
    try:
        before = type(settings).model_validate_json(kept)
    except ValidationError:
        return False
    return before.model_dump(exclude=free) == settings.model_dump(exclude=free)
