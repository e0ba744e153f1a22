"""Measures embedders on development sets, two side by side, and prints what it finds as one table.

    python -m index.training.embedder.evaluate FOLDER --data FOLDER [--against FOLDER] [--out FILE]

Passages: each context is cut into chunks and found by its best one; nDCG@10 and MRR with one right context.
Sentences: the share of held-out sentences whose own translation is the nearest of all (R@1), into English and
into Chinese. ``fused`` adds BM25 on the library's terms by a min-max weighted sum, half each.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import math
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index import lexical
from index.embedder import Embedder, StaticEmbedder
from index.fusion import weighted_sum
from index.text import is_chinese
from index.training.command import guarded
from index.training.devices import chosen_device, chosen_precision
from index.training.embedder.encoder import load_encoder
from index.training.embedder.parallel import read_parallel
from index.training.embedder.passages import chunks
from index.training.embedder.settings import EmbedderSettings
from index.training.embedder.train import Texts
from index.training.questions import by_original, written
from index.training.tables import read_rows

logger = logging.getLogger(__name__)

Vectors = NDArray[np.float32]
Scores = dict[str, float]
"""By the name of a row of the table, 0..1, higher is better."""

_ENGLISH_CHUNK = 3  # English characters that take the room of a Chinese one
_FUSED = 50  # chunks that each leg finds


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageSet:
    """Questions, contexts, and by question the number of the context that answers it."""

    name: str
    questions: tuple[str, ...]
    contexts: tuple[str, ...]
    right: tuple[int, ...]
    language: str  # of the contexts
    fused: bool = False  # whether BM25 can help: one language on both sides


def read_squad(path: Path, name: str, most: int) -> PassageSet:
    """Read a gzipped SQuAD file: all its contexts, and a sample of its questions."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        articles = json.load(file)["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    contexts = list(dict.fromkeys(paragraph["context"] for paragraph in paragraphs))
    numbers = {context: n for n, context in enumerate(contexts)}
    asked = [(qa["question"], numbers[p["context"]]) for p in paragraphs for qa in p["qas"]]
    asked = Random(1).sample(asked, min(most, len(asked)))
    return _passage_set(name, asked, contexts, "zh", fused=True)


def read_bipar(path: Path, most: int) -> Iterator[PassageSet]:
    """Yield Chinese and English questions on Chinese passages, and Chinese ones on English passages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = {row["id"]: row for row in map(json.loads, lines)}
    twins = [
        (row, rows[name[:-2] + "EN"])
        for name, row in sorted(rows.items())
        if name.endswith("_ZH") and name[:-2] + "EN" in rows
    ]
    chosen = Random(1).sample(twins, min(most, len(twins)))
    for name, asked, answered, language in (
        ("BiPaR zh→zh", 0, 0, "zh"),
        ("BiPaR en→zh", 1, 0, "zh"),
        ("BiPaR zh→en", 0, 1, "en"),
    ):
        contexts = list(dict.fromkeys(twin[answered]["ctx"] for twin in twins))
        numbers = {context: n for n, context in enumerate(contexts)}
        pairs = [(twin[asked]["q"], numbers[twin[answered]["ctx"]]) for twin in chosen]
        yield _passage_set(name, pairs, contexts, language)


def written_sets(everyday: Path, most: int) -> Iterator[PassageSet]:
    """Yield the held-out questions written for this project, by the languages of passage and question.

    Those that were put into other languages than Chinese and English are taken together.
    """
    translations = by_original(everyday / "questions")
    for language in ("zh", "en") if most else ():
        held = [question for question in written(language).held_out if question.answer]
        contexts = list(dict.fromkeys(question.context for question in held))
        numbers = {context: n for n, context in enumerate(contexts)}
        asked: dict[str, list[tuple[str, int]]] = {"zh": [], "en": [], "others": []}
        for question in held:
            number = numbers[question.context]
            asked["zh" if is_chinese(question.question) else "en"].append((question.question, number))
            for translation in translations[question.question]:
                known = translation.language if translation.language in asked else "others"
                asked[known].append((translation.text, number))
        for name, pairs in asked.items():
            chosen = Random(1).sample(pairs, min(most, len(pairs)))
            if chosen:
                yield _passage_set(f"written {name}→{language}", chosen, contexts, language)


def _passage_set(
    name: str, asked: Sequence[tuple[str, int]], contexts: Sequence[str], language: str, fused: bool = False
) -> PassageSet:
    return PassageSet(
        name=name,
        questions=tuple(question for question, _ in asked),
        contexts=tuple(contexts),
        right=tuple(number for _, number in asked),
        language=language,
        fused=fused,
    )


def passage_scores(embedder: Embedder, wanted: PassageSet, size: int) -> Scores:
    """Return nDCG@10 and MRR of the dense leg and, where BM25 can help, nDCG@10 of both legs fused."""
    most = size if wanted.language == "zh" else _ENGLISH_CHUNK * size
    cut = [
        (n, chunk)
        for n, context in enumerate(wanted.contexts)
        for chunk in chunks(context, wanted.language, most)
    ]
    owners = np.array([n for n, _ in cut])
    vectors = embedder.embed_documents([chunk for _, chunk in cut])
    similar = embedder.embed_queries(wanted.questions) @ vectors.T
    ranks = [rank_of(row, owners, right) for row, right in zip(similar, wanted.right, strict=True)]
    scores = {
        f"{wanted.name}, nDCG@10": ndcg(ranks),
        f"{wanted.name}, MRR": float(np.mean([1 / r for r in ranks])),
    }
    if wanted.fused:
        scores[f"{wanted.name}, fused nDCG@10"] = ndcg(
            _fused_ranks(wanted, [chunk for _, chunk in cut], owners, similar)
        )
    return scores


def rank_of(similar: Vectors, owners: NDArray[np.int64], right: int) -> int:
    """Return the rank of a context by its best chunk, from 1; of equals, the right one comes last."""
    best = np.full(int(owners.max()) + 1, -np.inf, dtype=np.float32)
    np.maximum.at(best, owners, similar)
    return int((best >= best[right]).sum())


def ndcg(ranks: Sequence[int | None], k: int = 10) -> float:
    """Return nDCG@k with one right answer a question: the mean of 1 / log2(1 + rank), 0 beyond k."""
    return float(np.mean([1 / math.log2(1 + rank) if rank and rank <= k else 0.0 for rank in ranks]))


def _fused_ranks(
    wanted: PassageSet, texts: Sequence[str], owners: NDArray[np.int64], similar: Vectors
) -> list[int | None]:
    connection = sqlite3.connect(":memory:")
    lexical.create_tables(connection)
    lexical.add(connection, [(n, "", text) for n, text in enumerate(texts)])
    ranks: list[int | None] = []
    for question, row, right in zip(wanted.questions, similar, wanted.right, strict=True):
        near = [(int(n), float(row[n])) for n in np.argsort(-row)[:_FUSED]]
        found = weighted_sum(near, lexical.search(connection, question, _FUSED))
        order = list(dict.fromkeys(int(owners[n]) for n, _ in found))
        ranks.append(order.index(right) + 1 if right in order else None)
    return ranks


def found_first(queries: Vectors, candidates: Vectors) -> float:
    """Return the share of rows whose nearest candidate is the one in the same place (R@1)."""
    return float(((queries @ candidates.T).argmax(axis=1) == np.arange(len(queries))).mean())


def sentence_scores(embedder: Embedder, held_out: Sequence[Mapping[str, str]]) -> Scores:
    """Return R@1 from each variety into English and into Simplified Chinese."""
    names = sorted(held_out[0])
    vectors = {name: embedder.embed_documents([row[name] for row in held_out]) for name in names}
    scores = {
        f"sentences {name}→en, R@1": found_first(vectors[name], vectors["en"])
        for name in names
        if name != "en"
    }
    into = {
        f"sentences {name}→zh, R@1": found_first(vectors[name], vectors["zh-Hans"])
        for name in names
        if name != "zh-Hans"
    }
    for target, part in (("en", scores), ("zh", into)):
        part[f"sentences, mean into {target}, R@1"] = float(np.mean(list(part.values())))
    return scores | into


def tatoeba_scores(embedder: Embedder, path: Path, most: int) -> Scores:
    """Return R@1 into English by language, among the different English sentences of that language."""
    rows: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for code, sentence, text in read_rows(path):
        rows[code].append((sentence, text))
    scores: Scores = {}
    for language, pairs in sorted(rows.items()):
        chosen = pairs[:most]
        english = list(dict.fromkeys(e for e, _ in chosen))
        nearest = (
            embedder.embed_queries([t for _, t in chosen]) @ embedder.embed_documents(english).T
        ).argmax(axis=1)
        scores[f"Tatoeba {language}→en, R@1"] = float(
            np.mean([english[n] == e for n, (e, _) in zip(nearest, chosen, strict=True)])
        )
    if scores:
        scores["Tatoeba, mean, R@1"] = float(np.mean(list(scores.values())))
    return scores


def evaluate(
    embedder: Embedder, data: Path, held_out: Sequence[Mapping[str, str]], settings: EmbedderSettings
) -> Scores:
    """Measure an embedder on all sets of a data folder and on written questions; a missing file's set is left out."""
    dev, options, everyday = data / "dev", settings.evaluation, settings.everyday_folder
    scores: Scores = {}
    for wanted in (*passage_sets(dev, options.questions), *written_sets(everyday, options.questions)):
        scores |= passage_scores(embedder, wanted, options.chunk)
        logger.info("%s: %.3f", wanted.name, scores[f"{wanted.name}, nDCG@10"])
    if options.tatoeba:
        scores |= tatoeba_scores(embedder, dev / "tatoeba_test.tsv.gz", options.tatoeba)
        logger.info("Tatoeba: %.3f", scores.get("Tatoeba, mean, R@1", float("nan")))
    if held_out:
        scores |= sentence_scores(embedder, held_out)
    return scores


def passage_sets(dev: Path, most: int) -> Iterator[PassageSet]:
    """Yield the passage sets that there are."""
    for name, file in (("CMRC trial", "cmrc2018_trial.json.gz"), ("DRCD dev", "drcd_dev.json.gz")):
        if most and (dev / file).is_file():
            yield read_squad(dev / file, name, most)
    if most and (dev / "bipar_zh_en.jsonl.gz").is_file():
        yield from read_bipar(dev / "bipar_zh_en.jsonl.gz", most)


class BatchEmbedder:
    """A trained folder as the recipe computes it, for measuring many texts: bfloat16 products where they are fast."""

    fingerprint = "measured"

    def __init__(self, texts: Texts, dimensions: int) -> None:
        """Take what encodes."""
        self._texts = texts
        self.dimensions = dimensions

    @classmethod
    def load(cls, folder: Path, settings: EmbedderSettings) -> BatchEmbedder:
        """Load a BERT's folder; texts are cut where the folder says."""
        precision = chosen_precision(settings.training.precision, chosen_device())
        encoder = load_encoder(folder, precision, chosen_device())
        longest = int(
            json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
        )
        options = settings.training.model_copy(update={"longest": longest})
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(Texts(tokenizer, encoder, options), encoder.config.hidden_size)

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed passages."""
        vectors: Vectors = self._texts.encode(texts, learning=False).vectors.cpu().numpy()
        if progress:
            progress(len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions."""
        return self.embed_documents(texts)


def load_folder(folder: Path, settings: EmbedderSettings) -> Embedder:
    """Load a trained folder: a table of word vectors where it has no transformer."""
    if (folder / "config.json").is_file():
        return BatchEmbedder.load(folder, settings)
    return StaticEmbedder.load(folder, name=folder.name)


def table(before: Scores, after: Scores) -> str:
    """Return two embedders' scores as a Markdown table, with the share of the first one's error that is gone."""
    lines = ["| | start | trained | error |", "|---|---|---|---|"]
    for name, value in after.items():
        old = before.get(name)
        change = "" if old is None or old >= 1 else f"{100 * ((1 - value) / (1 - old) - 1):+.0f} %"
        lines.append(f"| {name} | {'' if old is None else f'{old:.3f}'} | {value:.3f} | {change} |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of one embedder, or of two; return 0, or 1 after one line on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m index.training.embedder.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="an embedder's folder")
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds train/ and dev/")
    parser.add_argument("--settings", type=Path, default=Path(__file__).parent / "embedder.toml")
    parser.add_argument("--against", type=Path, help="another embedder's folder, for the first column")
    parser.add_argument("--out", type=Path, help="a JSON file for the scores too")
    options = parser.parse_args(arguments)
    return guarded(lambda: _measure(options))


def _measure(options: argparse.Namespace) -> None:
    settings = EmbedderSettings.read(options.settings)
    held_out = read_parallel(options.data, settings.held_out).held_out
    folders = [folder for folder in (options.against, options.folder) if folder]
    scores = {
        str(folder): evaluate(load_folder(folder, settings), options.data, held_out, settings)
        for folder in folders
    }
    if options.out:
        options.out.write_text(json.dumps(scores, indent=1, ensure_ascii=False), encoding="utf-8")
    print(table(scores[str(folders[0])] if options.against else {}, scores[str(options.folder)]))


if __name__ == "__main__":
    sys.exit(main())
