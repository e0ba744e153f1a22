"""Tells whether a text holds an answer or a quote, whatever its script, width, spacing or punctuation.

Takes strings, gives booleans and overlaps; knows nothing of questions.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import groupby

from index.datatypes import Span
from index.text import fold

MIN_OVERLAP = 0.5  # share of the shorter of two texts from which they count as overlapping

MIN_RUN = 6  # characters; fewer are shared by chance, such as a figure

_SEPARATOR = "\x1f"  # stands between two figures or two Latin words, so that 2019[1] is not 20191
_LATIN = "a-zß-öø-ɏ"
_HAN = "〇零一二两兩三四五六七八九十百千万萬亿億"
_POINT = "点點"  # of 五点三
_GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)")
_BETWEEN_FIGURES = re.compile(  # what may stand between two figures, or inside one
    rf"(?<=\d)(?:[.．]?\s+|，)(?=\d)|(?<=[{_HAN}{_POINT}])\s+(?=[{_HAN}])"
)
_BETWEEN_WORDS = re.compile(rf"(?<=[{_LATIN}])\s+(?=[{_LATIN}])")
_BEFORE_YEAR = re.compile(r"(?<=\d)\.(?=\d{4}年)")  # the point of a list's number: a year is no decimals
_PARTED = re.compile(rf"[\d{_LATIN}{_HAN}{_POINT}]")  # what a separator may follow, before its own kind
_PARTING_NOTHING = re.compile(
    rf"(?<=\d){_SEPARATOR}(?!\d)|(?<=[{_LATIN}]){_SEPARATOR}(?![{_LATIN}])|(?<=[{_HAN}{_POINT}]){_SEPARATOR}(?![{_HAN}])"
)
_INSIDE_WORD = re.compile(rf"(?<=[{_LATIN}])(?=[{_LATIN}])|(?<=[{_HAN}{_POINT}])(?=[{_HAN}])")
_EDGE = rf"(?:(?<![{_LATIN}])|(?![{_LATIN}]))"  # anywhere but inside a Latin word
_PLURAL = rf"(?:(?<=[{_LATIN}]{{3}})e?s)?"
_KEPT = frozenset("%‰")  # punctuation by category, part of a figure by meaning
_DASHES = frozenset("~∼")  # the reverse: from 5~10
_MINUS = re.compile(r"(?<![\w%‰℃°)）])[-－−](?=\d)")  # where it is no dash and no hyphen
_NEGATIVE = re.compile(
    r"(?<![0-9A-Za-z%‰℃°)）])[-－−](?=\d)|(?:零下|[负負]|\b(?:minus|negative)\b)\s*(?=\d)", re.IGNORECASE
)


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str:
    """Return text in Simplified, half width and lower case, without white space and punctuation.

    What is part of a figure stays: the point of a decimal and the sign of a percentage, without which 2.5 and
    25 would be the same. The commas of 1,000 go.
    """
    return re.sub(rf"(?<!\d){_SEPARATOR}", "", _in_words(text))


@lru_cache(maxsize=65_536)
def _in_words(text: str) -> str:
    """Return text as ``normalise`` does, with a separator also where one Latin word ends and the next begins."""
    folded = _BETWEEN_WORDS.sub("-", fold(unicodedata.normalize("NFKC", _marks_apart(text))))
    dense = "".join(_GROUPED.sub(lambda match: match[0].replace(",", ""), folded).split())
    dense = _BEFORE_YEAR.sub("-", dense)
    kept: list[str] = []
    for position, character in enumerate(dense):
        between = dense[position - 1 : position].isdigit() and dense[position + 1 : position + 2].isdigit()
        if character in _KEPT or not _is_punctuation(character) or (character == "." and between):
            kept.append(character)
        elif kept and _PARTED.match(kept[-1]):
            kept.append(_SEPARATOR)
    return _PARTING_NOTHING.sub("", "".join(kept))


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" or character in _DASHES


def _marks_apart(text: str) -> str:
    """Set the marks of lists and notes, such as ① and ¹, apart from the figures that they would become part of."""
    runs = ((no, "".join(run)) for no, run in groupby(text, lambda c: unicodedata.category(c) == "No"))
    return "".join(f"-{run}-" if no else run for no, run in runs)


def holds(text: str, wanted: str) -> bool:
    """Whether ``wanted`` stands in ``text``, both normalised; a figure or a Latin word never inside a longer one.

    An English plural holds its singular. White space between digits may separate two figures of a table or lie
    inside one that a scan tore apart, a full-width comma may separate two figures or group the digits of one, and a
    point before white space may end a sentence or the number of a list: either reading counts. A ``wanted`` that is
    negative holds its sign, or the word for it. Nothing is held when ``wanted`` has no letters and no digits.
    """
    if _MINUS.search(wanted):
        text, wanted = _NEGATIVE.sub("负", text), _NEGATIVE.sub("负", wanted)
    needles = {normalise(reading) for reading in _readings(wanted)} - {""}
    return any(_stands(needle, reading) for needle in needles for reading in _readings(text))


def _readings(text: str) -> set[str]:
    """Return a text as it is and with all of its figures apart."""
    return {text, _BETWEEN_FIGURES.sub(";", text)}


def _stands(needle: str, text: str) -> bool:
    """Whether what ``normalise`` made of a text stands in another, at the edges of figures and words."""
    if needle not in normalise(text):
        return False
    spaced = _INSIDE_WORD.sub(f"{_SEPARATOR}?", re.escape(needle))
    pattern = _EDGE + _before(needle[0]) + spaced + _after(needle[-1]) + _PLURAL + _EDGE
    return re.search(pattern, _in_words(text)) is not None


def _before(first: str) -> str:
    if first in _HAN:  # the numeral of a word is no part of the figure: 唯一一家, 周一三点
        return rf"(?:(?<![{_HAN}])(?<![{_HAN}][{_POINT}])|(?<=[唯统之]一)|(?<=[周拜期][一二三四五六]))"
    return r"(?<!\d)(?<!\d\.)" if first.isdigit() else ""


def _after(last: str) -> str:
    if last in _HAN:
        return rf"(?![{_HAN}]|[{_POINT}][{_HAN}])"
    return r"(?!\d)(?!\.\d)" if last.isdigit() else ""


def overlap(left: str, right: str) -> float:
    """Return the longest common run of two texts, normalised, over the length of the shorter one: 0..1."""
    a, b = sorted((normalise(left), normalise(right)), key=len)
    if not a:
        return 0.0
    return 1.0 if a in b else _longest_run(a, b) / len(a)


def find_loosely(text: str, wanted: str) -> tuple[int, int] | None:
    """Return where ``wanted`` stands in ``text``, white space aside; a figure never inside a longer one."""
    dense = re.sub(r"\s+", "", wanted)
    if not dense:
        return None
    spaced = r"\s*".join(map(re.escape, dense))
    match = re.search(_before(dense[0]) + spaced + _after(dense[-1]), text)
    return match.span() if match else None


def overlaps(left: str, right: str) -> bool:
    """Whether one text holds the other, or both share a run of six characters and half of the shorter one."""
    share = overlap(left, right)
    shorter = min(len(normalise(left)), len(normalise(right)))
    return share == 1.0 or (share >= MIN_OVERLAP and share * shorter >= MIN_RUN)


def _longest_run(short: str, long: str) -> int:
    """Length of the longest common substring; only runs longer than the best so far are looked for."""
    best = 0
    for start in range(len(short)):
        while start + best < len(short) and short[start : start + best + 1] in long:
            best += 1
    return best


def find(text: str, wanted: str) -> list[Span]:
    """Return where ``wanted`` stands in ``text``, white space, punctuation and script aside, for marking."""
    kept = [(i, c) for i, c in enumerate(fold(text)) if not _is_punctuation(c)]
    haystack = "".join(c for _, c in kept)
    needle = "".join(c for c in fold(wanted) if not _is_punctuation(c))
    spans: list[Span] = []
    start = haystack.find(needle) if needle else -1
    while start >= 0:
        end = start + len(needle)
        spans.append((kept[start][0], kept[end - 1][0] + 1))
        start = haystack.find(needle, end)
    return spans
