"""Words of a Chinese text with their part of speech, and what a dictionary knows of them.

Takes texts and CC-CEDICT's rows; knows nothing of questions. Tags are jieba's: n noun, v verb, ns place,
nr person, nt organisation, m number, d adverb …
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

NAME_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt", "nz"})

DATE = re.compile(
    r"(?<![\d\-—~～至])(?:"
    r"(?:19|20)\d\d年(?:\d{1,2}月(?:\d{1,2}[日号]|[初底]|[上中下]旬)?|上半年|下半年|前三季度|第?[一二三四]季度|[初底]|年底)?"
    r"|\d{1,2}月(?:\d{1,2}[日号]|[初底]|[上中下]旬)(?:[上下]午|晚间?|凌晨)?"
    r"|(?:今|去|明|前)年(?:\d{1,2}月(?:\d{1,2}[日号]|[初底]|[上中下]旬)?|上半年|[初底])"
    r"|\d{1,2}月)(?![\d至\-—~～来间份前后以起度])"
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text; ``start`` is -1 for one that was put in. The tag of a date is DATE."""

    text: str
    tag: str
    start: int
    end: int


def tag_words(text: str) -> list[Word]:
    """Cut a text into tagged words that cover it; a whole date is one word."""
    import rjieba

    words: list[Word] = []
    dates = iter([match.span() for match in DATE.finditer(text)])
    date = next(dates, None)
    position = 0
    for surface, tag in rjieba.tag(text, True):
        start, position = position, position + len(surface)
        while date and date[1] <= start:
            date = next(dates, None)
        if date and date[0] <= start and position <= date[1]:
            if words and words[-1].tag == "DATE" and words[-1].start == date[0]:
                words[-1] = Word(text[date[0] : position], "DATE", date[0], position)
                continue
            tag = "DATE" if start == date[0] else tag
        words.append(Word(surface, tag, start, position))
    return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """What CC-CEDICT says, by the simplified form of a word."""

    common: frozenset[str]  # words that are no names
    names: Mapping[str, str]  # proper names (their pinyin is capitalised) → glosses, "/" between them
    glosses: Mapping[str, tuple[str, ...]]
    by_english: Mapping[str, tuple[str, ...]]  # an English name → its Chinese forms

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Read the tab-separated dictionary: traditional, simplified, pinyin, glosses."""
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return cls.of(tuple(line.rstrip("\n").split("\t")) for line in lines)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, ...]]) -> Lexicon:
        """Make a lexicon of rows ``(traditional, simplified, pinyin, glosses)``."""
        common: set[str] = set()
        names: dict[str, str] = {}
        glosses: dict[str, list[str]] = defaultdict(list)
        for _, word, pinyin, meaning in rows:
            glosses[word] += meaning.split("/")
            if pinyin[:1].isupper():
                names.setdefault(word, meaning)
            else:
                common.add(word)
        by_english: dict[str, list[str]] = defaultdict(list)
        for word, meaning in names.items():
            for english in _english_names(meaning) if len(word) > 1 else ():
                by_english[english].append(word)
        return cls(
            common=frozenset(common),
            names=names,
            glosses={word: tuple(meanings) for word, meanings in glosses.items()},
            by_english={name: tuple(words) for name, words in by_english.items()},
        )


_ENGLISH_NAME = re.compile(r"[A-Z][A-Za-z'\-]+(?: (?:of|the|and|[A-Z][A-Za-z'\-]+))*")


def _english_names(meaning: str) -> Iterator[str]:
    """Yield the glosses that are an English name and nothing more."""
    for gloss in meaning.split("/"):
        name = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", gloss).split(",")[0].strip().removeprefix("the ")
        if len(name) > 2 and _ENGLISH_NAME.fullmatch(name):
            yield name
