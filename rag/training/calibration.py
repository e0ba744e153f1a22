"""Calibrates a reader's relevance on questions it was not trained on. Takes SQuAD files, writes two numbers.

    python -m rag.training.calibration READER_FOLDER DEV.json.gz…

For each question the piece of its context that holds the answer is set against the piece of any context
that BM25 ranks highest among those that do not. Their logits are fitted by Platt's method, and
``calibration.json`` and ``SHA256SUMS`` of the folder are rewritten. With one wrong piece for each right one,
0.5 means even odds.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import weights
from index.errors import SettingsError
from index.training.command import guarded
from rag.reader import Calibration, Reader

PIECE = 250  # characters, about a chunk
QUESTIONS = 1000  # of each file

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A question with a piece that answers it and the most similar piece that does not."""

    question: str
    right: str
    wrong: str


def fit_platt(logits: Floats, labels: NDArray[np.bool_], steps: int = 50) -> Calibration:
    """Fit slope and offset of a logistic curve by Newton's method.

    The targets are Platt's, (n+ + 1) / (n+ + 2) and 1 / (n- + 2), which keep the fit finite (Platt 1999,
    "Probabilistic outputs for support vector machines", section 2.2).
    """
    positive, negative = int(labels.sum()), int((~labels).sum())
    targets = np.where(labels, (positive + 1) / (positive + 2), 1 / (negative + 2))
    inputs = np.stack([logits, np.ones_like(logits)], axis=1)
    solution = np.zeros(2)
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-(inputs @ solution)))
        curvature = (inputs * (chances * (1 - chances))[:, None]).T @ inputs + 1e-9 * np.eye(2)
        solution = solution + np.linalg.solve(curvature, inputs.T @ (targets - chances))
    return Calibration(slope=float(solution[0]), offset=float(solution[1]))


def auroc(logits: Floats, labels: NDArray[np.bool_]) -> float:
    """Return the chance that a right one scores above a wrong one (Mann-Whitney U; ties count half)."""
    right, wrong = logits[labels][:, None], logits[~labels][None, :]
    return float(((right > wrong) + 0.5 * (right == wrong)).mean())


def pieces(context: str, length: int = PIECE) -> list[str]:
    """Cut a context after sentence ends into pieces of about so many characters."""
    cut = [""]
    for sentence in context.replace("。", "。\n").split("\n"):
        if cut[-1] and len(cut[-1]) + len(sentence) > length:
            cut.append("")
        cut[-1] += sentence
    return [piece for piece in cut if piece.strip()]


class Bigrams:
    """BM25 over character pairs (Robertson & Zaragoza 2009; k1 1.2, b 0.75), to find hard wrong pieces."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Index the texts."""
        lengths = np.array([max(len(text), 1) for text in texts])
        damping = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        self._count = len(texts)
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for n, text in enumerate(texts):
            for pair, count in Counter(_bigrams(text)).items():
                self._postings.setdefault(pair, []).append((n, count * 2.2 / (count + damping[n])))

    def ranked(self, query: str) -> list[int]:
        """Return the positions of the texts, best first."""
        scores = np.zeros(self._count)
        for pair in set(_bigrams(query)):
            postings = self._postings.get(pair, [])
            idf = log(1 + (self._count - len(postings) + 0.5) / (len(postings) + 0.5))
            for n, weight in postings:
                scores[n] += idf * weight
        return [int(n) for n in np.argsort(-scores, kind="stable")]


def _bigrams(text: str) -> Iterable[str]:
    return (text[n : n + 2] for n in range(len(text) - 1))


def hard_pairs(path: Path, limit: int = QUESTIONS, seed: int = 0) -> list[Pair]:
    """Read a gzipped SQuAD file and pair each of some questions with a right and a hard wrong piece."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        paragraphs = [p for article in json.load(file)["data"] for p in article["paragraphs"]]
    cut = [pieces(paragraph["context"]) for paragraph in paragraphs]
    all_pieces = [piece for group in cut for piece in group]
    found = Bigrams(all_pieces)
    pairs: list[Pair] = []
    asked = [(q, group) for p, group in zip(paragraphs, cut, strict=True) for q in p["qas"] if q["question"]]
    for entry, group in random.Random(seed).sample(asked, min(limit, len(asked))):
        golds = {answer["text"] for answer in entry["answers"]}
        right = next((piece for piece in group for gold in golds if gold in piece), None)
        ranked = (all_pieces[n] for n in found.ranked(entry["question"]))
        wrong = next((piece for piece in ranked if not any(gold in piece for gold in golds)), None)
        if right and wrong:
            pairs.append(Pair(question=entry["question"], right=right, wrong=wrong))
    return pairs


def logits(reader: Reader, pairs: Sequence[Pair]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the relevance logits of right and wrong pieces in turn, and which are right."""
    read = [r.relevance_logit for p in pairs for r in reader.readings(p.question, [p.right, p.wrong])]
    return np.array(read), np.tile([True, False], len(pairs))


def calibrate(folder: Path, files: Sequence[Path], questions: int = QUESTIONS) -> Calibration:
    """Fit on so many questions of each file, all together, and write the folder's calibration.

    Raises:
        ModelError: the folder holds no reader.
        SettingsError: a file is missing.
    """
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise SettingsError(f"{', '.join(missing)} is missing; give gzipped SQuAD files.")
    reader = Reader.load(folder)
    parts = [logits(reader, hard_pairs(path, questions)) for path in files]
    for path, (found, labels) in zip(files, parts, strict=True):
        print(f"{path.name}: {len(labels)} pieces, AUROC {auroc(found, labels):.3f}")
    found, labels = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    calibration = fit_platt(found, labels)
    _show(calibration, found, labels)
    stated = {"relevance": asdict(calibration), "fitted_on": [path.name for path in files]}
    path = folder / "calibration.json"
    path.write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
    weights.write_checksums(folder)
    return calibration


def _show(calibration: Calibration, found: Floats, labels: NDArray[np.bool_]) -> None:
    """Print how well the chances fit."""
    chances = np.array([calibration.probability(logit) for logit in found])
    print(
        f"{calibration}; Brier {((chances - labels) ** 2).mean():.3f}, right above 0.5: "
        f"{(chances[labels] > 0.5).mean():.3f}, wrong above 0.5: {(chances[~labels] > 0.5).mean():.3f}"
    )
    for low in np.arange(0, 1, 0.1):
        inside = (chances >= low) & (chances < low + 0.1)
        if inside.any():
            print(f"  {low:.1f}-{low + 0.1:.1f}: {inside.sum():5d} pieces, right {labels[inside].mean():.2f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit on all files together; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    return guarded(lambda: calibrate(options.folder, options.files))


if __name__ == "__main__":
    sys.exit(main())
