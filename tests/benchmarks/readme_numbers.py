"""Measures numbers of the README again and writes them into one file: the samples', and what else is asked for.

    python tests/benchmarks/readme_numbers.py --out metrics.json \
        [--documents FOLDER --questions FILE] [--squad FILE ...] [--scale 10000]

Without anything else, the questions on the shipped sample documents in ``tests/data`` are measured, and others
that are drafted from those documents. ``--documents`` with ``--questions`` adds the tables of ``seeds.py``;
``--squad`` adds public sets, each asked over its own articles; ``--scale`` adds the ingest of that many made-up
documents. Each part says with which command it was made.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.evaluation.describe import describe_machine, now

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SAMPLE_QUESTIONS = HERE.parent / "data" / "sample_questions.jsonl"
CHUCHU = (sys.executable, "-m", "ui.cli")
KEPT = ("overall", "by_type", "by_language", "questions", "measured", "failures", "latency")


def main() -> None:
    """Run what was asked for and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("metrics.json"))
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--squad", type=Path, nargs="*", default=[])
    parser.add_argument("--scale", type=int, default=0, help="made-up documents to ingest")
    parser.add_argument("--count", type=int, default=50, help="questions to draft from the samples")
    options = parser.parse_args()
    if (options.documents is None) != (options.questions is None):
        parser.error("--documents and --questions go together")
    numbers: dict[str, Any] = {
        "date": now(),
        **describe_machine(),
        "threads": os.environ.get("OMP_NUM_THREADS", "all"),
    }
    with tempfile.TemporaryDirectory(prefix="chuchu-numbers-") as name:
        folder = Path(name)
        numbers["samples"] = samples(folder)
        numbers["drafted"] = drafted(folder, options.count)
        if options.documents:
            numbers["documents"] = documents(folder, options.documents, options.questions)
        for path in options.squad:
            numbers.setdefault("squad", {})[path.name] = squad(folder, path)
        if options.scale:
            numbers["scale"] = scale(options.scale)
    options.out.write_text(json.dumps(numbers, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(options.out)


def samples(folder: Path) -> dict[str, Any]:
    """Ask the questions that people wrote on the sample documents."""
    run = folder / "samples"
    return evaluation([*CHUCHU, "eval", str(SAMPLE_QUESTIONS), "--sample", "--out", str(run)], run)


def drafted(folder: Path, count: int) -> dict[str, Any]:
    """Draft questions from the sample documents and ask them."""
    questions, run = folder / "questions.jsonl", folder / "drafted"
    command([*CHUCHU, "questions", "--sample", "--count", str(count), "--out", str(questions)])
    return evaluation([*CHUCHU, "eval", str(questions), "--sample", "--out", str(run)], run)


def documents(folder: Path, docs: Path, questions: Path) -> dict[str, Any]:
    """Run the benchmark of a folder of documents with a questions file."""
    out = folder / "documents.json"
    arguments = [sys.executable, str(HERE / "seeds.py"), str(docs), str(questions), "--out", str(out)]
    run = command(arguments)
    return {**run, "figures": json.loads(out.read_text(encoding="utf-8"))}


def squad(folder: Path, path: Path) -> dict[str, Any]:
    """Ask a public set over its own articles."""
    run = folder / path.name
    return evaluation([*CHUCHU, "eval", str(path), "--out", str(run)], run)


def scale(count: int) -> dict[str, Any]:
    """Ingest many made-up documents; its report is kept as it is printed."""
    return command([sys.executable, str(HERE / "ingest_scale.py"), "--documents", str(count)], keep=True)


def evaluation(arguments: Sequence[str], run: Path) -> dict[str, Any]:
    """Run ``chuchu eval`` and keep the numbers of its run folder."""
    made = command(arguments)
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return {**made, "metrics": {name: metrics[name] for name in KEPT}}


def command(arguments: Sequence[str], *, keep: bool = False) -> dict[str, Any]:
    """Run a command and say which it was, how long it took, and, if asked to, what it printed."""
    shown = " ".join(shortened(part) for part in arguments).replace("python -m ui.cli", "chuchu")
    print(shown, file=sys.stderr)
    begun = time.perf_counter()
    result = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
    made: dict[str, Any] = {"command": shown, "seconds": round(time.perf_counter() - begun, 1)}
    return {**made, "printed": result.stdout.splitlines()} if keep else made


def shortened(part: str) -> str:
    """Return a part of a command as a person would type it in the checkout."""
    if part == sys.executable:
        return "python"
    path = Path(part)
    if not path.is_absolute():
        return part
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


if __name__ == "__main__":
    main()
