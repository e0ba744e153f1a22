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
_GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.．]?\s+(?=\d)")
_BETWEEN_WORDS = re.compile(rf"(?<=[{_LATIN}])\s+(?=[{_LATIN}])")
_BEFORE_YEAR = re.compile(r"(?<=\d)\.(?=\d{4}年)")  # the point of a list's number: a year is no decimals
_PARTED = re.compile(rf"[\d{_LATIN}]")  # what a separator may follow, where the same kind follows it
_PARTING_NOTHING = re.compile(rf"(?<=\d){_SEPARATOR}(?!\d)|(?<=[{_LATIN}]){_SEPARATOR}(?![{_LATIN}])")
_INSIDE_WORD = re.compile(rf"(?<=[{_LATIN}])(?=[{_LATIN}])")
_EDGE = rf"(?:(?<![{_LATIN}])|(?![{_LATIN}]))"  # anywhere but inside a Latin word
_PLURAL = rf"(?:(?<=[{_LATIN}]{{3}})e?s)?"
_KEPT = frozenset("%‰")  # punctuation by category, part of a figure by meaning


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
        if (
            character in _KEPT
            or unicodedata.category(character)[0] not in "PZC"
            or (character == "." and between)
        ):
            kept.append(character)
        elif kept and _PARTED.match(kept[-1]):
            kept.append(_SEPARATOR)
    return _PARTING_NOTHING.sub("", "".join(kept))


def _marks_apart(text: str) -> str:
    """Set the marks of lists and notes, such as ① and ¹, apart from the figures that they would become part of."""
    runs = ((no, "".join(run)) for no, run in groupby(text, lambda c: unicodedata.category(c) == "No"))
    return "".join(f"-{run}-" if no else run for no, run in runs)


def holds(text: str, wanted: str) -> bool:
    """Whether ``wanted`` stands in ``text``, both normalised; a figure or a Latin word never inside a longer one.

    An English plural holds its singular. White space between digits may separate two figures of a table or lie
    inside one that a scan tore apart, and a point before it may end a sentence or the number of a list: either
    reading counts. Nothing is held when ``wanted`` has no letters and no digits.
    """
    needle = normalise(wanted)
    if not needle:
        return False
    spaced = _INSIDE_WORD.sub(f"{_SEPARATOR}?", re.escape(needle))
    pattern = re.compile(_EDGE + _before(needle[0]) + spaced + _after(needle[-1]) + _PLURAL + _EDGE)
    forms = {text, _BETWEEN_DIGITS.sub(" | ", text)}
    return any(needle in normalise(form) and pattern.search(_in_words(form)) for form in forms)


def _before(first: str) -> str:
    return r"(?<!\d)(?<!\d\.)" if first.isdigit() else ""


def _after(last: str) -> str:
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
    kept = [(i, c) for i, c in enumerate(fold(text)) if unicodedata.category(c)[0] not in "PZC"]
    haystack = "".join(c for _, c in kept)
    needle = "".join(c for c in fold(wanted) if unicodedata.category(c)[0] not in "PZC")
    spans: list[Span] = []
    start = haystack.find(needle) if needle else -1
    while start >= 0:
        end = start + len(needle)
        spans.append((kept[start][0], kept[end - 1][0] + 1))
        start = haystack.find(needle, end)
    return spans
