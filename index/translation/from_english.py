"""Cuts an English question into words, names, figures and phrases, each with its Chinese meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from index.terms import pinyin_names, spelt_at, spelt_out
from index.text import FUNCTION_WORDS, HAN, fold
from index.translation.figures import figures_in_english
from index.translation.lexicon import (
    Meaning,
    Unit,
    Vocabulary,
    base_forms,
    choose,
    lexicon,
    outside,
    singular,
    without_overlaps,
    word_set,
)

LONGEST_PHRASE = 3  # English words
_READ_SHARE = 0.1  # of a word's meanings, of which the word is the pinyin


def english_units(query: str, folded: str, vocabulary: Vocabulary) -> list[Unit]:
    """Return what a question in English says, piece by piece, without its function words."""
    units = [*_kept(folded), *figures_in_english(folded)]
    units = without_overlaps(units)
    units += outside(_names(query, vocabulary), units)
    words = [w for w in _english_words(folded) if not any(u.start < w[2] and w[1] < u.end for u in units)]
    units += _phrases(words, folded, query, vocabulary)
    return sorted(units)


def _kept(folded: str) -> Iterator[Unit]:
    """Chinese inside the English question stays as it is."""
    for match in re.finditer(rf"[{HAN}]+[a-z0-9{HAN}]*", folded):
        yield Unit(match.start(), match.end(), "kept", ((match.group(), 1.0),))


def _names(query: str, vocabulary: Vocabulary) -> Iterator[Unit]:
    """Names by their pinyin, as the library writes them: longest first.

    Behind them come names of several words that it does not write: they stay as they are, for what the lexicon
    has of their words are other people.
    """
    found = sorted(pinyin_names(query), key=lambda name: name[1] - name[2])
    unwritten: list[Unit] = []
    for pinyin, start, end in found:
        written = vocabulary.written(pinyin)
        if written is not None:
            yield Unit(start, end, "name", ((written, 1.0),))
        elif _named(query[start:end]):
            unwritten.append(Unit(start, end, "name", ((query[start:end].removesuffix("'s"), 1.0),)))
    yield from unwritten


def _named(words: str) -> bool:
    """Tell whether several words are each written with a capital letter and are none that the lexicon has as one."""
    parts = words.split()
    if len(parts) < 2 or not all(part[0].isupper() for part in parts):
        return False
    return not lexicon("en", "zh").meanings(fold(words))


Word = tuple[str, int, int]


def _english_words(folded: str) -> list[Word]:
    """Return the words of a question, without the "old" of "how old", which asks and says nothing."""
    words = [(m.group(), *m.span()) for m in re.finditer(r"[a-z][a-z0-9]*(?:'[a-z]+)?", folded)]
    asking = {word for before, word in pairwise(words) if before[0] == "how" and word[0] in HOW}
    return [word for word in words if word not in asking]


HOW = {  # asked for behind "how", and how Chinese asks
    "long": "多长时间", "old": "多大", "tall": "多高", "high": "多高", "far": "多远", "large": "多大",
    "big": "多大", "deep": "多深", "wide": "多宽", "heavy": "多重", "fast": "多快", "often": "多久",
    "much": "多少", "many": "多少",
}  # fmt: skip
ASKING = word_set("who whom whose what which when where why how")
_SILENT = (
    FUNCTION_WORDS["en"]
    | ASKING
    | {f"{word}'s" for word in ASKING}
    | word_set(
        "t s these those also please tell me us give show according some any each such than then so into "
        "per being may might shall could should must just only very too our your my them him himself "
        "themselves whether while during between within upon out up about over after before under"
    )
)


def _phrases(words: Sequence[Word], folded: str, query: str, vocabulary: Vocabulary) -> Iterator[Unit]:
    """Cut the words that are left into the longest phrases that the lexicon has."""
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
            group = words[place : place + length]
            start, end = group[0][1], group[-1][2]
            edges = group[0][0], group[-1][0]
            if length == 1 and edges[0] in _SILENT:
                break
            if (
                (edges[0] in _SILENT and length < 3)
                or edges[1] in _SILENT - _PARTICLES
                or _broken(folded, group)
            ):
                continue
            known: Sequence[Meaning] = _meanings([word for word, _, _ in group])
            if length == 1 and start > 0 and query[start].isupper():
                known = _as_read(edges[0], known)
            meanings = choose(known, vocabulary)
            if meanings:
                yield Unit(start, end, "word", meanings)
                place += length - 1
                break
            if length == 1:
                heard = vocabulary.sounding(query[start:end]) if query[start].isupper() else None
                read = heard or query[start:end].removesuffix("'s")
                yield Unit(start, end, "name" if heard else "unknown", ((read, 1.0),))
        place += 1


def _as_read(word: str, meanings: Sequence[Meaning]) -> Sequence[Meaning]:
    """Cut the meanings of a name in pinyin to the characters that are read so: 海淀 of 海淀区人民法院.

    Where hardly any meaning has such characters, the word is no pinyin, and they stay as they are.
    """
    read: dict[str, float] = {}
    for meaning, share in meanings:
        if place := spelt_at(singular(word), spelt_out(meaning)):
            name = meaning[slice(*place)]
            read[name] = read.get(name, 0.0) + share
    ranked = sorted(read.items(), key=lambda entry: -entry[1])
    return ranked if sum(read.values()) >= _READ_SHARE else meanings


_PARTICLES = word_set("up out off down over on in")


def _broken(folded: str, group: Sequence[Word]) -> bool:
    """Tell whether punctuation or something translated already parts the words of a phrase."""
    return any(
        re.fullmatch(r"[\s\-'’]{1,2}", folded[left[2] : right[1]]) is None for left, right in pairwise(group)
    )


@lru_cache(maxsize=20_000)
def _cached_meanings(words: tuple[str, ...]) -> tuple[Meaning, ...]:
    known = lexicon("en", "zh")
    plain = [singular(word) for word in words]
    found = dict(known.meanings(" ".join(plain)))
    for form in base_forms(plain[-1]):
        share = 0.4 if found else 1.0
        for meaning, chance in known.meanings(" ".join([*plain[:-1], form])):
            found[meaning] = max(found.get(meaning, 0.0), chance * share)
    return tuple(sorted(found.items(), key=lambda entry: -entry[1]))


def _meanings(words: Sequence[str]) -> tuple[Meaning, ...]:
    return _cached_meanings(tuple(words))
