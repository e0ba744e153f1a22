"""Measures a folder of documents with a questions file: quality by type and language, each leg, times, memory.

    python tests/benchmarks/seeds.py DOCUMENTS QUESTIONS [--out numbers.json] [--run FOLDER]

Prints tables for people and writes the same figures as JSON. Loading, reading and asking are timed in processes
of their own, so that nothing is warm that should be cold. Set OMP_NUM_THREADS to say how many cores to use.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from index.datatypes import Chunk
from index.fusion import dense_weight, near_duplicates, reciprocal_rank, weighted_sum
from index.text import detect_language
from rag.assistant import Assistant
from rag.evaluation import bootstrap
from rag.evaluation.describe import describe
from rag.evaluation.metrics import RANKED_AT, RECALL_AT, HasText, needs, passage_gains, recall
from rag.evaluation.metrics import reciprocal_rank as rr
from rag.evaluation.questions import Question, read_questions
from rag.evaluation.runner import Run, evaluate

DEPTH = 60  # chunks that each leg gives
SHOWN = (
    "answer_accuracy",
    "short_exact_match",
    "short_f1",
    "retrieval_recall@1",
    "retrieval_recall@5",
    "citation_precision",
    "citation_recall",
    "refusal_auroc",
    "refusal_precision",
    "refusal_recall",
)
LEGS = ("dense alone", "lexical alone", "reciprocal rank", "weighted scores", "as answered from")


def main() -> None:
    """Run all stages and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--out", type=Path, help="file for the figures as JSON")
    parser.add_argument("--run", type=Path, help="folder to keep the run in, with its report")
    parser.add_argument("--stage", choices=("ingest", "ask"), help=argparse.SUPPRESS)
    parser.add_argument("--library", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage == "ingest":
        print(json.dumps(ingest(options.documents, options.library)))
    elif options.stage == "ask":
        print(json.dumps(ask(options.library, options.questions, options.run)))
    else:
        figures = measure(options.documents, options.questions, options.run)
        show(figures)
        if options.out:
            options.out.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def measure(documents: Path, questions: Path, run: Path | None) -> dict[str, Any]:
    """Return all figures; every stage is a process of its own."""
    with tempfile.TemporaryDirectory(prefix="chuchu-seeds-") as name:
        library = Path(name) / "library"
        folder = run or Path(name) / "run"
        arguments = [str(documents), str(questions), "--library", str(library), "--run", str(folder)]
        first = read_questions(questions).questions[0].question
        return {
            "threads": os.environ.get("OMP_NUM_THREADS", "all"),
            "import_rag_s": median_of(3, import_time),
            "ingest": stage("ingest", arguments),
            "cold_ask_s": median_of(3, lambda: cold_ask(first, library)),
            **stage("ask", arguments),
        }


def stage(name: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Run one stage of this script in a fresh process."""
    begun = time.perf_counter()
    command = [sys.executable, __file__, *arguments, "--stage", name]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {**json.loads(output.splitlines()[-1]), f"{name}_process_s": round(time.perf_counter() - begun, 2)}


def median_of(times: int, call: Callable[[], float]) -> float:
    """Return the median of several measurements."""
    return round(statistics.median(call() for _ in range(times)), 3)


def import_time() -> float:
    """Return how long ``import rag`` takes in a fresh process, without the interpreter's own start."""
    code = "import time; begun = time.perf_counter(); import rag; print(time.perf_counter() - begun)"
    return float(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    )


def cold_ask(question: str, library: Path) -> float:
    """Return how long ``chuchu ask`` takes from the shell."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "ui.cli", "ask", question, "--library", str(library)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


# --- in a process of their own ----------------------------------------------------------------------------------


def ingest(documents: Path, library: Path) -> dict[str, Any]:
    """Read, chunk, embed and index everything, the model's loading included."""
    begun = time.perf_counter()
    with Assistant.from_documents(documents, library=library) as assistant:
        seconds = round(time.perf_counter() - begun, 2)
        stats = assistant.library.stats()
    return {"seconds": seconds, "documents": stats.documents, "chunks": stats.chunks, "peak_mb": peak_mb()}


def ask(library: Path, questions: Path, folder: Path) -> dict[str, Any]:
    """Answer all questions, then search with each leg alone, then time warm searches."""
    asked = read_questions(questions)
    with Assistant.open(library) as assistant:
        run = evaluate(assistant, asked, folder, overwrite=True)
        peak = peak_mb()
        queries = {r.question.id: r.answer.query for r in run.results if r.answer}
        return {
            "described": describe(assistant, asked, workers=1),
            "metrics": {
                name: run.metrics[name] for name in ("overall", "by_type", "by_language", "failures")
            },
            "latency": run.metrics["latency"],
            "search": percentiles(assistant, list(queries.values())),
            "peak_mb": peak,
            "legs": legs(assistant, asked.questions, queries, run),
        }


def percentiles(assistant: Assistant, queries: Sequence[str]) -> dict[str, float]:
    """Time warm searches."""
    seconds = []
    for query in queries:
        begun = time.perf_counter()
        assistant.search(query, 10)
        seconds.append(time.perf_counter() - begun)
    p50, p95 = np.quantile(seconds, [0.5, 0.95])
    return {"p50": round(float(p50), 4), "p95": round(float(p95), 4)}


def legs(
    assistant: Assistant, questions: Iterable[Question], queries: Mapping[str, str], run: Run
) -> dict[str, dict[str, Any]]:
    """Return recall and MRR of each way of ranking, overall and by language, with intervals."""
    answers = {result.question.id: result.answer for result in run.results}
    rows: dict[str, dict[str, list[dict[str, float]]]] = {leg: {} for leg in LEGS}
    for question in sorted(questions, key=lambda q: q.id):
        answer = answers[question.id]
        if not needs(question) or answer is None:
            continue
        ranked: dict[str, Sequence[HasText]] = dict(rankings(assistant, queries[question.id]))
        ranked[LEGS[-1]] = answer.passages
        for leg, texts in ranked.items():
            gains = passage_gains(needs(question), texts)
            missing = len(needs(question)) - sum(gains)
            row = {f"recall@{k}": recall(gains, missing, k) for k in RECALL_AT} | {
                "mrr@10": rr(gains, RANKED_AT)
            }
            for group in ("all", question.language):
                rows[leg].setdefault(group, []).append(row)
    return {leg: {group: averages(found) for group, found in groups.items()} for leg, groups in rows.items()}


def rankings(assistant: Assistant, query: str) -> dict[str, list[Chunk]]:
    """Return the best chunks by each way of ranking."""
    library = assistant.library
    ids, cosines = library.vector_index().search(assistant.embedder.embed_queries([query]), DEPTH, None)
    dense = list(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))
    lexical = library.lexical_search(query, DEPTH, None)
    weight = dense_weight(detect_language(query), library.languages(), usual=assistant.settings.dense_weight)
    runs = (dense, lexical, reciprocal_rank([dense, lexical]), weighted_sum(dense, lexical, weight))
    return {leg: distinct(assistant, [i for i, _ in ranked]) for leg, ranked in zip(LEGS, runs, strict=False)}


def distinct(assistant: Assistant, ids: Sequence[int]) -> list[Chunk]:
    """Return the first ten chunks, near-duplicates left out as a search does."""
    chunks = assistant.library.chunks(ids[: 2 * RANKED_AT])
    first = near_duplicates([chunk.text for chunk in chunks])
    return [chunk for n, chunk in enumerate(chunks) if first[n] == n][:RANKED_AT]


def averages(rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return means with 95 % bootstrap intervals."""
    made = {}
    for name in rows[0]:
        values = np.array([[row[name]] for row in rows])
        low, high = bootstrap.interval(values, bootstrap.mean)
        made[name] = {"value": float(values.mean()), "low": low, "high": high, "n": len(rows)}
    return made


# --- tables -----------------------------------------------------------------------------------------------------


def show(figures: Mapping[str, Any]) -> None:
    """Print Markdown tables, as the README has them."""
    machine = figures["described"]["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, OMP_NUM_THREADS={figures['threads']}")
    print(f"{figures['described']['date'][:10]}, {figures['described']['versions']}\n")
    metrics = figures["metrics"]
    groups = {"all": metrics["overall"], **metrics["by_language"], **metrics["by_type"]}
    table(["metric", *groups], [[name, *(cell(group[name]) for group in groups.values())] for name in SHOWN])
    print("failures:", {name: count for name, count in metrics["failures"].items() if count}, "\n")
    for group in figures["legs"][LEGS[0]]:
        names = list(figures["legs"][LEGS[0]][group])
        table(
            [f"ranking ({group})", *names],
            [[leg, *(cell(figures["legs"][leg][group][n]) for n in names)] for leg in LEGS],
        )
    ingested = figures["ingest"]
    table(
        ["time and memory", ""],
        [
            ["import rag", f"{figures['import_rag_s']} s"],
            [
                f"ingest {ingested['documents']} documents, {ingested['chunks']} chunks",
                f"{ingested['seconds']} s",
            ],
            ["its memory", f"{ingested['peak_mb']} MB"],
            ["chuchu ask from the shell, cold", f"{figures['cold_ask_s']} s"],
            ["search, warm", f"p50 {figures['search']['p50']} s, p95 {figures['search']['p95']} s"],
            *(
                [f"ask, warm: {name}", f"p50 {at['p50']:.3f} s, p95 {at['p95']:.3f} s"]
                for name, at in figures["latency"].items()
            ),
            ["memory while asking", f"{figures['peak_mb']} MB"],
        ],
    )


def cell(entry: Mapping[str, Any]) -> str:
    """Return "value (low–high) n"."""
    if entry["value"] is None:
        return "–"
    return f"{entry['value']:.3f} ({entry['low']:.2f}–{entry['high']:.2f}) {entry['n']}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print one Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(row) + " |")
    print()


if __name__ == "__main__":
    main()
