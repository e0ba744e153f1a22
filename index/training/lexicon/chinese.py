"""Weighs what English and Chinese words are called in the other language: sentences, a dictionary, glossaries.

Reads ``train/en_zh_pairs.tsv.gz``, ``train/cedict.tsv.gz`` and, for how common a word is, ``train/news_zh.txt.gz``;
leaves out what ``dev/tatoeba_test.tsv.gz`` holds.
"""

from __future__ import annotations

import gzip
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from index.errors import SettingsError
from index.text import FUNCTION_WORDS, HAN, fold
from index.training.lexicon.alignment import PHRASE, build_corpus, count_phrases, english_words
from index.training.lexicon.tables import Entries, table
from index.training.questions import in_english_and_chinese
from index.translation.lexicon import singular, word_set

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

CHINESE_LENGTH = 8  # characters of a Chinese phrase
DICTIONARY = 2.0  # how many sentences a dictionary's words of one phrase are worth at least
GLOSSARIES = Path(__file__).parents[1] / "glossaries"  # written for this project


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

Pair = tuple[str, str]
"""English words parted by blanks, Chinese without."""

Gloss = tuple[str, str, float]
"""English, Chinese, and how much this meaning weighs beside others of the entry."""


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
        if 1 <= len(words) <= PHRASE and words[0] not in _FUNCTION:
            yield " ".join(words)


def word_frequencies(data: Path, share: int = 1) -> Counter[str]:
    """Return how often each word stands in every ``share``-th line of the news."""
    counts: Counter[str] = Counter()
    for number, row in enumerate(_rows(data / "train" / "news_zh.txt.gz")):
        if number % share == 0:
            counts.update(chinese_cut(row[0]))
    return counts


# Weights


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


def both_tables(data: Path) -> Iterator[tuple[tuple[str, str], Entries]]:
    """Yield (direction, table) of both directions; two and a half minutes on one core, 3 GB of memory.

    Raises:
        SettingsError: a file is missing in ``data``.
    """
    glosses = list(dictionary_pairs(data))
    corpus = build_corpus(read_pairs(data), chinese_cut)
    logger.info("%d pairs of sentences", len(corpus.english))
    counts = count_phrases(corpus, _worth_keeping)
    frequencies = word_frequencies(data)
    glossaries = {path.stem: glossary_pairs(path.stem) for path in GLOSSARIES.glob("*.txt")}
    for way, direction in DIRECTIONS.items():
        weights = combine(counts, glosses, glossaries, frequencies, way)
        entries = (
            (english, chinese, weight) if way[0] == "en" else (chinese, english, weight)
            for (english, chinese), weight in weights.items()
        )
        yield way, table(entries, direction.kept, direction.least)
