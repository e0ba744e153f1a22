"""Measures the product's search in other languages than the documents': ``python tests/benchmarks/languages.py``.

The questions are those written for the recipes and held out of them, put into fifteen other languages; each passage
is a file of a library. Prints MRR@10 of ``Assistant.search`` by the languages of question and passage.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from index.training.questions import TRANSLATED, by_original, written
from rag import Assistant

Asked = list[tuple[str, int]]
"""Questions, each with the number of the passage that answers it."""


def questions_on(language: str) -> tuple[list[str], dict[str, Asked]]:
    """Return the held-out passages of a language, and what is asked of them, by the question's language."""
    held = [question for question in written(language).held_out if question.answer]
    passages = list(dict.fromkeys(question.context for question in held))
    numbers = {passage: n for n, passage in enumerate(passages)}
    translations = by_original(TRANSLATED)
    asked: dict[str, Asked] = defaultdict(list)
    for question in held:
        for translation in translations[question.question]:
            asked[translation.language].append((translation.text, numbers[question.context]))
    return passages, asked


def reciprocal_rank(assistant: Assistant, question: str, name: str) -> float:
    """Return 1 / rank of a file among the first ten, 0 where it is not there."""
    hits = assistant.search(question, k=10)
    return next((1 / hit.rank for hit in hits if Path(hit.document.source).name == name), 0.0)


def main() -> int:
    """Print one line a pair of languages and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=250, help="questions of a pair of languages")
    parser.add_argument("--out", type=Path, help="a JSON file for the figures too")
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for target in ("zh", "en"):
        passages, asked = questions_on(target)
        with TemporaryDirectory() as folder:
            for n, passage in enumerate(passages):
                (Path(folder) / f"{n}.txt").write_text(passage, encoding="utf-8")
            with Assistant.from_documents(folder, library=Path(folder) / "library") as assistant:
                for language, every in sorted(asked.items()):
                    chosen = Random(1).sample(every, min(options.most, len(every)))
                    ranks = [reciprocal_rank(assistant, text, f"{n}.txt") for text, n in chosen]
                    found[f"{language}→{target}"] = {"mrr@10": sum(ranks) / len(ranks), "n": len(ranks)}
                    print(f"{language}→{target}  {sum(ranks) / len(ranks):.3f}  ({len(ranks)})", flush=True)
    for target in ("zh", "en"):
        others = [
            scores for pair, scores in found.items() if pair.endswith(target) and pair[:2] not in ("zh", "en")
        ]
        mean = sum(scores["mrr@10"] * scores["n"] for scores in others) / sum(s["n"] for s in others)
        print(f"fifteen others→{target}  {mean:.3f}")
    if options.out:
        options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
