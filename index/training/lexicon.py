"""Makes the bilingual lexicon of ``index.translation`` from parallel sentences and a dictionary.

``python -m index.training.lexicon --data FOLDER --out FOLDER`` reads ``train/en_zh_pairs.tsv.gz``,
``train/cedict.tsv.gz`` and, for how common a word is, ``train/news_zh.txt.gz``; it leaves out what
``dev/tatoeba_test.tsv.gz`` holds. The method is that of phrase-based translation: IBM Model 1 both ways
(Brown et al. 1993), links that both ways agree on and their neighbours, phrases consistent with the links
(Koehn, Och and Marcu 2003), smoothed with the dictionary's glosses.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import lzma
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import ChuchuError, SettingsError
from index.text import FUNCTION_WORDS, HAN, fold
from index.training.questions import in_english_and_chinese
from index.translation.lexicon import FILES, singular, word_set

logger = logging.getLogger("index.training.lexicon")

SOURCES: Mapping[str, float] = {
    "wmt": 1.0,
    "ntrex": 1.0,
    "sib": 1.0,
    "tatoeba": 1.0,
    "pydocs": 0.05,
    "questions": 1.0,
}
"""How much one pair counts: documentation of a programming language has senses that few other texts share."""

LONGEST = 60  # words of a sentence; longer ones are left out
ROUNDS = 5  # of expectation maximisation; Model 1 hardly moves after that
ENGLISH_PHRASE, CHINESE_PHRASE = 3, 3  # words
CHINESE_LENGTH = 8  # characters of a Chinese phrase
DICTIONARY = 2.0  # how many sentences a dictionary's words of one phrase are worth at least
GLOSSARIES = Path(__file__).parent / "glossaries"  # written for this project


class Worth(NamedTuple):
    """What the first word of a glossary's entry weighs; the second weighs half of it, the third a third."""

    sentences: float  # at least
    share: float = 0.0  # of what the sentences say of the key, where that is more


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What one direction takes."""

    dictionary: float  # what CC-CEDICT's words are worth, where more: share of what the sentences say
    glossaries: Mapping[str, Worth]
    kept: int  # translations of one key, at most
    least: float  # share of a translation, at least


# Of many translations the documents choose. Everyday English words are too many and too broad the other way.
DIRECTIONS = {
    ("en", "zh"): Direction(
        dictionary=0.25,
        glossaries={
            "business": Worth(20.0),
            "english": Worth(20.0, 0.5),
            "names": Worth(20.0, 0.1),
            "terms": Worth(5.0),
        },
        kept=10,
        least=0.01,
    ),
    ("zh", "en"): Direction(
        dictionary=0.0,
        glossaries={
            "business": Worth(20.0),
            "english": Worth(5.0),
            "names": Worth(20.0, 0.1),
            "terms": Worth(5.0),
            "chinese": Worth(20.0, 0.5),
        },
        kept=8,
        least=0.03,
    ),
}

UNSEEN = 0.3  # sentences in which a key was translated by what was never seen

Pair = tuple[str, str]
"""English words parted by blanks, Chinese without."""

Gloss = tuple[str, str, float]
"""English, Chinese, and how much this meaning weighs beside others of the entry."""

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Parallel sentences as word numbers; 0 is the empty word that stands at the head of each."""

    english: list[list[int]]
    chinese: list[list[int]]
    weights: Floats  # shape (sentences,)
    english_words: list[str]
    chinese_words: list[str]


def english_words(text: str) -> list[str]:
    """Return the Latin words of a text as the lexicon has them, and its figures; hyphens part words."""
    return [singular(word) for word in re.findall(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,]\d+)*", fold(text))]


def chinese_cut(text: str) -> list[str]:
    """Return the words of a Chinese text in Simplified characters, the Latin ones singular; no punctuation."""
    import rjieba

    words = []
    for piece in re.findall(rf"[{HAN}]+|[a-z]+|\d+(?:[.,]\d+)*", fold(text)):
        words.extend(rjieba.cut(piece) if re.match(f"[{HAN}]", piece) else [singular(piece)])
    return words


# Reading


def read_pairs(data: Path) -> Iterator[tuple[float, str, str]]:
    """Yield (weight, English, Chinese) of the training pairs that are no development sentences."""
    held_out: set[str] = set()
    for _, english, other in _rows(data / "dev" / "tatoeba_test.tsv.gz"):
        held_out.update((english, other))
    for source, english, chinese in _rows(data / "train" / "en_zh_pairs.tsv.gz"):
        if source in SOURCES and english not in held_out and chinese not in held_out:
            yield SOURCES[source], english, chinese
    for english, chinese in in_english_and_chinese():
        yield SOURCES["questions"], english, chinese


def _rows(path: Path) -> Iterator[list[str]]:
    if not path.is_file():
        raise SettingsError(f"{path} is missing; give --data the folder that holds train/ and dev/.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n").split("\t")


def build_corpus(pairs: Iterable[tuple[float, str, str]]) -> Corpus:
    """Give the words of all pairs their numbers."""
    numbers: tuple[dict[str, int], dict[str, int]] = ({"": 0}, {"": 0})
    sides: tuple[list[list[int]], list[list[int]]] = ([], [])
    weights = []
    for weight, english, chinese in pairs:
        words = english_words(english), chinese_cut(chinese)
        if not all(1 <= len(side) <= LONGEST for side in words):
            continue
        for side, known, said in zip(sides, numbers, words, strict=True):
            side.append([known.setdefault(word, len(known)) for word in said])
        weights.append(weight)
    return Corpus(sides[0], sides[1], np.array(weights, dtype=np.float32), *(list(n) for n in numbers))


# Model 1


def word_tables(corpus: Corpus) -> tuple[Mapping[tuple[int, int], float], Mapping[tuple[int, int], float]]:
    """Return p(chinese | english) and p(english | chinese) of the word pairs that matter.

    Each is IBM Model 1 with an empty word on the conditioning side.
    """
    return _model1(corpus.english, corpus.chinese, corpus.weights), _model1(
        corpus.chinese, corpus.english, corpus.weights
    )


def _model1(
    given: Sequence[Sequence[int]], said: Sequence[Sequence[int]], weights: Floats
) -> Mapping[tuple[int, int], float]:
    """Return p(word said | word given), by (given, said), of pairs with a chance of at least 0.001."""
    owners, sayings, slots, factors = _cooccurrences(given, said, weights)
    size = int(sayings.max()) + 1
    keys = owners.astype(np.int64) * size + sayings
    pairs, pair_of = np.unique(keys, return_inverse=True)
    pair_of = pair_of.astype(np.int32)
    del keys, owners, sayings
    conditions = (pairs // size).astype(np.int64)
    table = np.full(len(pairs), 1.0 / size)
    slot_count = int(slots.max()) + 1
    for _ in range(ROUNDS):
        likely = table[pair_of]
        totals = np.bincount(slots, weights=likely, minlength=slot_count)
        likely *= factors
        likely /= totals[slots]
        expected = np.bincount(pair_of, weights=likely, minlength=len(pairs))
        table = expected / np.bincount(conditions, weights=expected)[conditions]
    kept = np.flatnonzero(table >= 1e-3)
    return {(int(pairs[n] // size), int(pairs[n] % size)): float(table[n]) for n in kept.tolist()}


def _cooccurrences(
    given: Sequence[Sequence[int]], said: Sequence[Sequence[int]], weights: Floats
) -> tuple[Ints, Ints, Ints, Floats]:
    """Return flat arrays over all word pairs of all sentences: given, said, number of the said word's place, weight."""
    owners, sayings, slots, factors = [], [], [], []
    place = 0
    for one, other, weight in zip(given, said, weights.tolist(), strict=True):
        left = np.array([0, *one], dtype=np.int32)
        right = np.array(other, dtype=np.int32)
        owners.append(np.repeat(left, len(right)))
        sayings.append(np.tile(right, len(left)))
        slots.append(np.tile(np.arange(place, place + len(right), dtype=np.int32), len(left)))
        factors.append(np.full(len(left) * len(right), weight, dtype=np.float32))
        place += len(right)
    return (
        np.concatenate(owners),
        np.concatenate(sayings),
        np.concatenate(slots),
        np.concatenate(factors),
    )


# Links and phrases


def links(
    english: Sequence[int],
    chinese: Sequence[int],
    forward: Mapping[tuple[int, int], float],
    backward: Mapping[tuple[int, int], float],
) -> list[tuple[int, int]]:
    """Return the linked word places of two sentences: those that each side likes best, grown by neighbours.

    Of several places of one word the one at the like share of the sentence wins.
    """
    score = np.array(
        [[forward.get((e, c), 0.0) * backward.get((c, e), 0.0) for c in chinese] for e in english]
    )
    rows = np.arange(len(english))[:, None] / len(english)
    columns = np.arange(len(chinese))[None, :] / len(chinese)
    score = np.sqrt(score) * np.exp(-2.0 * np.abs(rows - columns))
    best_of_row = score == score.max(axis=1, keepdims=True)
    best_of_column = score == score.max(axis=0, keepdims=True)
    real = score > 1e-3
    sure = best_of_row & best_of_column & real
    found = {(int(e), int(c)) for e, c in zip(*np.nonzero(sure), strict=True)}
    maybe = [
        (int(e), int(c))
        for e, c in zip(*np.nonzero((best_of_row | best_of_column) & real & ~sure), strict=True)
    ]
    maybe.sort(key=lambda place: -score[place])
    taken_rows, taken_columns = {e for e, _ in found}, {c for _, c in found}
    for e, c in maybe:
        if (e in taken_rows and c in taken_columns) or not any(
            (e + i, c + j) in found for i, j in ((-1, 0), (1, 0), (0, -1), (0, 1))
        ):
            continue
        found.add((e, c))
        taken_rows.add(e)
        taken_columns.add(c)
    return sorted(found)


def phrase_pairs(
    linked: Sequence[tuple[int, int]], english: int, chinese: int
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the (English, Chinese) stretches, half-open, that no link leaves, up to three words each.

    Words without a link are not added at the edges.
    """
    by_english: dict[int, list[int]] = defaultdict(list)
    by_chinese: dict[int, list[int]] = defaultdict(list)
    for e, c in linked:
        by_english[e].append(c)
        by_chinese[c].append(e)
    for first in range(english):
        if first not in by_english:
            continue
        low, high = chinese, -1
        for last in range(first, min(first + ENGLISH_PHRASE, english)):
            if last not in by_english:
                continue
            low, high = min(low, *by_english[last]), max(high, *by_english[last])
            if high - low >= CHINESE_PHRASE:
                break
            if all(first <= e <= last for c in range(low, high + 1) for e in by_chinese.get(c, ())):
                yield (first, last + 1), (low, high + 1)


def count_phrases(corpus: Corpus) -> Counter[tuple[str, str]]:
    """Return how often, by weight, an English and a Chinese stretch are translations of each other."""
    forward, backward = word_tables(corpus)
    logger.info("%d and %d word pairs", len(forward), len(backward))
    english_words, chinese_words = corpus.english_words, corpus.chinese_words
    counts: Counter[tuple[str, str]] = Counter()
    for english, chinese, weight in zip(corpus.english, corpus.chinese, corpus.weights.tolist(), strict=True):
        linked = links(english, chinese, forward, backward)
        for (first, last), (low, high) in phrase_pairs(linked, len(english), len(chinese)):
            said = [english_words[n] for n in english[first:last]]
            meant = [chinese_words[n] for n in chinese[low:high]]
            if _worth_keeping(said, meant):
                counts[" ".join(said), "".join(meant)] += weight
    return counts


def _worth_keeping(english: Sequence[str], chinese: Sequence[str]) -> bool:
    """Tell a phrase that carries matter from one with function words or figures at its edges."""
    joined = "".join(chinese)
    return (
        len(joined) <= CHINESE_LENGTH
        and re.fullmatch(f"[{HAN}]+", joined) is not None
        and all(word.isalpha() for word in english)
        and english[0] not in _FUNCTION
        and english[-1] not in _FUNCTION
        and chinese[0] not in _CHINESE_FUNCTION
        and chinese[-1] not in _CHINESE_FUNCTION
    )


_FUNCTION = FUNCTION_WORDS["en"] | {"these", "those", "also", "t"}
_CHINESE_FUNCTION = word_set(
    "的 了 在 是 和 与 及 或 也 都 就 而 把 被 将 对 从 于 以 之 其 这 那 我 你 他 她 它 我们 你们 "
    "他们 她们 它们 着 过 地 得 吗 呢 吧"
)


# The dictionary


def dictionary_pairs(data: Path) -> Iterator[Gloss]:
    """Yield (English stems, Chinese word, weight) from CC-CEDICT; an entry's first glosses weigh most."""
    for _, simplified, _, glosses in _rows(data / "train" / "cedict.tsv.gz"):
        chinese = fold(simplified)
        if not re.fullmatch(f"[{HAN}]{{1,{CHINESE_LENGTH}}}", chinese):
            continue
        for rank, gloss in enumerate(glosses.split("/"), start=1):
            for english in _meanings(gloss):
                yield english, chinese, 1.0 / rank


_NO_MEANING = re.compile(
    r"variant of|see |CL:|surname|old |abbr|also |used in|classifier|erhua|\(dialect|\(old|\(archaic"
)


def _meanings(gloss: str) -> Iterator[str]:
    """Yield what a gloss means, without remarks, articles and "to"."""
    if _NO_MEANING.search(gloss):
        return
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]|\d+|\S*\|\S*", " ", gloss)
    for part in re.split(r"[;,]", plain):
        words = english_words(part)
        while words and words[0] in ("to", "a", "an", "the", "be", "sb", "sth"):
            words = words[1:]
        if 1 <= len(words) <= ENGLISH_PHRASE and words[0] not in _FUNCTION:
            yield " ".join(words)


def word_frequencies(data: Path, share: int = 1) -> Counter[str]:
    """Return how often each word stands in every ``share``-th line of the news."""
    counts: Counter[str] = Counter()
    for number, row in enumerate(_rows(data / "train" / "news_zh.txt.gz")):
        if number % share == 0:
            counts.update(chinese_cut(row[0]))
    return counts


# Tables


def glossary_pairs(name: str) -> list[Gloss]:
    """Return (English, Chinese word, weight) of a glossary; an entry's first word weighs 1, its second 1/2.

    English words and phrases are parted by commas, Chinese ones by blanks, and either may be what is explained.
    """
    pairs = []
    for line in (GLOSSARIES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        explained, meanings = line.split(":", 1)
        from_chinese = re.match(f"[{HAN}]", explained) is not None
        english, chinese = (meanings, explained) if from_chinese else (explained, meanings)
        for e, phrase in enumerate(english.split(","), start=1):
            words = " ".join(english_words(phrase))
            pairs += [
                (words, word, 1.0 / (e if from_chinese else c)) for c, word in enumerate(chinese.split(), 1)
            ]
    return pairs


def combine(
    counts: Mapping[Pair, float],
    glosses: Iterable[Gloss],
    glossaries: Mapping[str, Sequence[Gloss]],
    frequencies: Mapping[str, int],
    way: tuple[str, str],
) -> dict[Pair, float]:
    """Return what each (English, Chinese) pair weighs, in sentences: those that hold it, and the dictionaries' share.

    CC-CEDICT's sentences are shared among the words of one English phrase by how early the gloss stands and how
    common the word is in the news; what the news never says is left out. Pairs that only sentences know need more
    than one of them.
    """
    direction = DIRECTIONS[way]
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for english, chinese, weight in glosses:
        common = (frequencies.get(chinese, 0) + 0.3) ** 0.6
        shares[english][chinese] = max(shares[english].get(chinese, 0.0), weight * common)
    weights: dict[Pair, float] = defaultdict(float)
    for (english, chinese), count in counts.items():
        if chinese in shares.get(english, {}):
            weights[english, chinese] = count
        elif count > (1.9 if " " in english else 0.9):
            weights[english, chinese] = count - 0.6
    said = _totals(weights, 0)
    for english, of in shares.items():
        total = sum(of.values())
        worth = max(DICTIONARY, direction.dictionary * said[english])
        for chinese, share in of.items():
            if chinese in frequencies or (english, chinese) in weights:
                weights[english, chinese] += worth * share / total
    explained = 0 if way[0] == "en" else 1
    said = _totals(weights, explained)
    for name, (sentences, share) in direction.glossaries.items():
        for english, chinese, weight in glossaries[name]:
            pair = english, chinese
            weights[pair] += weight * max(sentences, share * said[pair[explained]])
    return dict(weights)


def _totals(weights: Mapping[Pair, float], side: int) -> defaultdict[str, float]:
    """Return what all pairs of each English (0) or Chinese (1) phrase weigh together."""
    totals: defaultdict[str, float] = defaultdict(float)
    for pair, weight in weights.items():
        totals[pair[side]] += weight
    return totals


def table(
    weights: Iterable[tuple[str, str, float]], kept: int, least: float
) -> dict[str, list[tuple[str, float]]]:
    """Return the best translations of each key with their shares, most likely first, from (key, word, weight)."""
    of: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for key, word, weight in weights:
        of[key].append((word, weight))
    made = {}
    for key, entries in of.items():
        total = sum(weight for _, weight in entries) + UNSEEN
        entries.sort(key=lambda entry: (-entry[1], entry[0]))
        likely = [(word, weight / total) for word, weight in entries[:kept] if weight / total >= least]
        if likely:
            made[key] = likely
    return made


def write(path: Path, entries: Mapping[str, Sequence[tuple[str, float]]]) -> int:
    """Write a table as ``index.translation.Lexicon`` reads it; return its bytes. Equal input, equal bytes."""
    lines = sorted(
        "\t".join([key, *(f"{word}:{max(1, round(100 * share))}" for word, share in of)])
        for key, of in entries.items()
    )
    path.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9))
    return path.stat().st_size


def run(data: Path, out: Path) -> None:
    """Make both tables; two and a half minutes on one core, 3 GB of memory.

    Raises:
        SettingsError: a file is missing in ``data``.
    """
    glosses = list(dictionary_pairs(data))
    corpus = build_corpus(read_pairs(data))
    logger.info("%d pairs of sentences", len(corpus.english))
    counts = count_phrases(corpus)
    frequencies = word_frequencies(data)
    out.mkdir(parents=True, exist_ok=True)
    glossaries = {path.stem: glossary_pairs(path.stem) for path in GLOSSARIES.glob("*.txt")}
    for (source, target), direction in DIRECTIONS.items():
        weights = combine(counts, glosses, glossaries, frequencies, (source, target))
        entries = (
            (english, chinese, weight) if source == "en" else (chinese, english, weight)
            for (english, chinese), weight in weights.items()
        )
        made = table(entries, direction.kept, direction.least)
        size = write(out / FILES[source, target], made)
        logger.info("%s: %d entries, %d bytes", FILES[source, target], len(made), size)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m index.training.lexicon",
        description="Make the bilingual lexicon from parallel sentences and a dictionary.",
        epilog="example: python -m index.training.lexicon --data data --out index/models/lexicon",
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds train/ and dev/")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the two tables")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        run(options.data, options.out)
    except ChuchuError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
