"""Cuts an English question into words, names, figures and phrases, each with its Chinese meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from index.terms import pinyin_names
from index.text import FUNCTION_WORDS, HAN
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
    """Names by their pinyin, as the library writes them: longest first."""
    for pinyin, start, end in sorted(pinyin_names(query), key=lambda name: name[1] - name[2]):
        written = vocabulary.written(pinyin)
        if written is not None:
            yield Unit(start, end, "name", ((written, 1.0),))


Word = tuple[str, int, int]


def _english_words(folded: str) -> list[Word]:
    return [(m.group(), *m.span()) for m in re.finditer(r"[a-z][a-z0-9]*(?:'[a-z]+)?", folded)]


ASKING = word_set("who whom whose what which when where why how")
_SILENT = (
    FUNCTION_WORDS["en"]
    | ASKING
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
            meanings = choose(_meanings([word for word, _, _ in group]), vocabulary)
            if meanings:
                yield Unit(start, end, "word", meanings)
                place += length - 1
                break
            if length == 1:
                heard = vocabulary.sounding(query[start:end]) if query[start].isupper() else None
                yield Unit(start, end, "name" if heard else "unknown", ((heard or query[start:end], 1.0),))
        place += 1


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
