"""Measures a reader's folder on held-out and development questions, and writes what it finds as a table.

    python -m rag.training.evaluate READER_FOLDER --data FOLDER

Spans are scored as CMRC 2018 does, over whole contexts; relevance by AUROC, gold pieces against the best BM25
wrong ones; refusing by the AUROC of the best passage's relevance on questions with and without an answer.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from index.training.command import guarded
from rag.evaluation.cmrc import exact_match, f1
from rag.evaluation.matching import find_loosely
from rag.reader import Reader
from rag.training.calibration import auroc, hard_pairs, logits
from rag.training.mixture import data_sets
from rag.training.settings import Evaluation, Mixture, TrainingSettings

logger = logging.getLogger(__name__)

Scores = dict[str, dict[str, float]]
"""By set: n and, in percent, em and f1; or n and auroc (0..1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question on one passage, with the answers that count."""

    question: str
    passage: str
    answers: tuple[str, ...]


def evaluate(folder: Path, data: Path, mixture: Mixture, options: Evaluation) -> Scores:
    """Measure a reader on all sets of a data folder; a set whose file is missing is left out."""
    reader = Reader.load(folder)
    scores: Scores = {}
    for name, asked in span_sets(data, mixture, options):
        if asked:
            scores[name] = score_spans(reader, asked)
            logger.info("%s: %s", name, scores[name])
    for name in ("cmrc2018_trial", "drcd_dev"):
        path = data / "dev" / f"{name}.json.gz"
        if options.relevance and path.is_file():
            found, labels = logits(reader, hard_pairs(path, options.relevance))
            scores[f"relevance_{name}"] = {"auroc": auroc(found, labels), "n": len(labels) // 2}
            logger.info("relevance_%s: %s", name, scores[f"relevance_{name}"])
    path = data / "dev" / "nomiracl_en_ja_ko.jsonl.gz"
    if options.refusals and path.is_file():
        scores |= score_refusals(reader, path, options.refusals)
    return scores


def score_spans(reader: Reader, asked: Sequence[Asked]) -> dict[str, float]:
    """Return exact match and F1 in percent, and the characters of answers found and wanted."""
    found = [next(iter(reader.read(a.question, [a.passage], top=1)), None) for a in asked]
    texts = [span.text if span else "" for span in found]
    pairs = list(zip(texts, (list(a.answers) for a in asked), strict=True))
    return {
        "em": 100 * float(np.mean([exact_match(text, answers) for text, answers in pairs])),
        "f1": 100 * float(np.mean([f1(text, answers) for text, answers in pairs])),
        "length": float(np.mean([len(text) for text in texts])),
        "gold_length": float(np.mean([len(a.answers[0]) for a in asked])),
        "n": len(asked),
    }


def score_refusals(reader: Reader, path: Path, limit: int) -> Scores:
    """Return by language the AUROC of the best passage's relevance: questions with an answer or without."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = Random(3).sample(rows, min(limit, len(rows)))
    best = [max(r.relevance_logit for r in reader.readings(row["question"], row["passages"])) for row in rows]
    scores: Scores = {}
    for language in sorted({row["language"] for row in rows}):
        chosen = [n for n, row in enumerate(rows) if row["language"] == language]
        answerable = np.array([bool(rows[n]["answerable"]) for n in chosen])
        if answerable.any() and not answerable.all():
            area = auroc(np.array(best)[chosen], answerable)
            scores[f"refusal_nomiracl_{language}"] = {"auroc": area, "n": len(chosen)}
    return scores


def span_sets(data: Path, mixture: Mixture, options: Evaluation) -> Iterator[tuple[str, list[Asked]]]:
    """Yield the sets of questions by name, each a sample that does not depend on the model."""
    for source, split in data_sets(data, mixture.held_out).items():
        held = [
            Asked(question=q.question, passage=q.context, answers=(q.answer,))
            for q in split.held_out
            if q.answer
        ]
        yield f"{source}_held_out", _sampled(held, options.spans)
    drcd = data / "dev" / "drcd_dev.json.gz"
    if drcd.is_file():
        yield "drcd_dev", _sampled(list(squad(drcd)), options.spans)
    bipar = data / "dev" / "bipar_zh_en.jsonl.gz"
    if bipar.is_file():
        yield from bipar_sets(bipar, options.spans)
    questions, documents = data / options.questions, data / options.documents
    if questions.is_file() and documents.is_dir():
        yield "own_questions", _sampled(list(own_questions(questions, documents)), options.spans)


def _sampled(asked: list[Asked], limit: int) -> list[Asked]:
    return Random(1).sample(asked, min(limit, len(asked)))


def squad(path: Path) -> Iterator[Asked]:
    """Yield the questions of a gzipped SQuAD file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    for paragraph in (p for article in articles for p in article["paragraphs"]):
        for entry in paragraph["qas"]:
            answers = tuple(answer["text"] for answer in entry["answers"])
            yield Asked(question=entry["question"], passage=paragraph["context"], answers=answers)


def bipar_sets(path: Path, limit: int) -> Iterator[tuple[str, list[Asked]]]:
    """Yield BiPaR's Chinese questions on Chinese passages, and the English ones on the same passages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows: dict[str, Any] = {r["id"]: r for r in map(json.loads, lines)}
    chinese: list[Asked] = []
    crossing: list[Asked] = []
    for name in Random(1).sample(sorted(n for n in rows if not n.endswith("_EN")), len(rows) // 2):
        row = rows[name]
        twin = rows.get(re.sub("(_[A-Z]+)?$", "_EN", name, count=1)) or rows.get(f"{name}_EN")
        answers, passage = tuple(row["answers"]), row["ctx"]
        if twin and len(chinese) < limit:
            chinese.append(Asked(question=row["q"], passage=passage, answers=answers))
            crossing.append(Asked(question=twin["q"], passage=passage, answers=answers))
    yield "bipar_zh", chinese
    yield "bipar_en_zh", crossing


def own_questions(questions: Path, documents: Path, around: int = 100) -> Iterator[Asked]:
    """Yield the questions with one short answer on the text around their evidence: reading at its best."""
    for line in questions.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        evidence = (row.get("evidence") or [""])[0]
        if row.get("type") not in {"fact", "follow_up"} or not evidence or not row.get("documents"):
            continue
        text = (documents / row["documents"][0]).read_text(encoding="utf-8")
        place = find_loosely(text, evidence)
        if place:
            passage = text[max(0, place[0] - around) : place[1] + around]
            passage = re.sub(r"\s*\n\s*", "", passage)
            yield Asked(question=row["question"], passage=passage, answers=tuple(row["answers"]))


def table(before: Scores, after: Scores) -> str:
    """Return two readers' scores as a Markdown table: EM / F1 in percent, or AUROC."""
    rows = ["| | n | start | trained |", "|---|---|---|---|"]
    for name, scores in after.items():
        cells = [_cell(before.get(name, {})), _cell(scores)]
        rows.append(f"| {name} | {scores['n']:.0f} | {cells[0]} | {cells[1]} |")
    return "\n".join(rows) + "\n"


def _cell(scores: Mapping[str, float]) -> str:
    if "em" in scores:
        return f"{scores['em']:.1f} / {scores['f1']:.1f}"
    return f"AUROC {scores['auroc']:.3f}" if "auroc" in scores else "-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of one reader, or of two; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a reader's folder")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds train/ and dev/")
    parser.add_argument("--settings", type=Path, default=Path(__file__).parent / "reader.toml")
    parser.add_argument("--against", type=Path, help="another reader's folder, for the first column")
    options = parser.parse_args(arguments)

    def run() -> None:
        settings = TrainingSettings.read(options.settings)
        scores = [
            evaluate(folder, options.data, settings.mixture, settings.evaluation) if folder else {}
            for folder in (options.against, options.folder)
        ]
        print(table(*scores))

    return guarded(run)


if __name__ == "__main__":
    sys.exit(main())
