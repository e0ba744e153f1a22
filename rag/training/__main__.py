"""The command ``python -m rag.training``: prepare → train → export → evaluate, each step once.

A second call with the same folder goes on where the first was stopped. The folder then holds ``windows/``,
``checkpoint.safetensors``, ``curves.tsv`` and ``curves.svg``, ``reader/`` (what ``Reader.load`` opens),
``scores.json`` and ``scores.md``.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from index.runtime import prepare_torch
from index.training.command import claim, guarded, recipe_parser
from rag.training.settings import TrainingSettings

logger = logging.getLogger("rag.training")

DEFAULT_SETTINGS = Path(__file__).parent / "reader.toml"
SHIPPED = Path(__file__).parents[1] / "models" / "reader"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe; return 0, or 1 after one line on stderr that says what to do."""
    does = "Train the reader, export it, and measure it against the one it started from."
    parser = recipe_parser("rag.training", does, DEFAULT_SETTINGS)
    options = parser.parse_args(arguments)
    return guarded(lambda: run(TrainingSettings.read(options.settings), options.data, options.out))


def run(settings: TrainingSettings, data: Path, out: Path) -> Path:
    """Run every step that has not been done, and return the folder of the trained reader.

    Raises:
        SettingsError: the data folder is incomplete, or ``out`` holds a run with other settings.
    """
    prepare_torch()
    from rag.training.evaluate import evaluate, table
    from rag.training.export import export
    from rag.training.mixture import prepare
    from rag.training.train import train

    start = Path(settings.start) if settings.start else SHIPPED
    claim(out, settings, {"evaluation": True})
    windows = prepare(settings, data, start, out)
    trained = export(train(settings, start, windows, out), start, out / "reader")
    before = (
        {} if settings.training.new_heads else evaluate(start, data, settings.mixture, settings.evaluation)
    )
    _calibrate(trained, data, settings)
    after = evaluate(trained, data, settings.mixture, settings.evaluation)
    (out / "scores.json").write_text(
        json.dumps({"start": before, "trained": after}, indent=1), encoding="utf-8"
    )
    (out / "scores.md").write_text(table(before, after), encoding="utf-8")
    logger.info("the reader is in %s, its scores in %s", trained, out / "scores.md")
    return trained


def _calibrate(folder: Path, data: Path, settings: TrainingSettings) -> None:
    """Fit the relevance to chances on development questions, where there are any."""
    from rag.training import calibration

    names = ("cmrc2018_trial.json.gz", "drcd_dev.json.gz")
    files = [data / "dev" / name for name in names if (data / "dev" / name).is_file()]
    if files and settings.evaluation.relevance:
        calibration.calibrate(folder, files, settings.evaluation.relevance)


if __name__ == "__main__":
    sys.exit(main())
