"""Tells whether a text holds an answer or a quote, whatever its script, width, spacing or punctuation.

Takes strings, gives booleans and overlaps; knows nothing of questions.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from index.datatypes import Span
from index.text import fold

MIN_OVERLAP = 0.5  # share of the shorter of two texts from which they count as overlapping

MIN_RUN = 6  # characters; fewer are shared by chance, such as a figure

_SEPARATOR = "\x1f"  # what punctuation between two digits becomes, so that 2019[1] is not 20191
_GROUPED = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)\s+(?=\d)")
_KEPT = frozenset("%‰")  # punctuation by category, part of a figure by meaning


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str:
    """Return text in Simplified, half width and lower case, without white space and punctuation.

    What is part of a figure stays: the point of a decimal and the sign of a percentage, without which 2.5 and
    25 would be the same. The commas of 1,000 go.
    """
    folded = fold(unicodedata.normalize("NFKC", text))
    dense = "".join(_GROUPED.sub(lambda match: match[0].replace(",", ""), folded).split())
    kept: list[str] = []
    for position, character in enumerate(dense):
        between = dense[position - 1 : position].isdigit() and dense[position + 1 : position + 2].isdigit()
        if (
            character in _KEPT
            or unicodedata.category(character)[0] not in "PZC"
            or (character == "." and between)
        ):
            kept.append(character)
        elif kept and kept[-1].isdigit():
            kept.append(_SEPARATOR)
    return re.sub(rf"{_SEPARATOR}(?!\d)", "", "".join(kept))


def holds(text: str, wanted: str) -> bool:
    """Whether ``wanted`` stands in ``text``, both normalised; a figure never inside a longer one.

    White space between digits may separate two figures of a table or lie inside one that a scan tore apart:
    either reading counts. Nothing is held when ``wanted`` has no letters and no digits.
    """
    needle = normalise(wanted)
    if not needle:
        return False
    pattern = re.compile(_before(needle[0]) + re.escape(needle) + _after(needle[-1]))
    return any(pattern.search(normalise(form)) for form in (text, _BETWEEN_DIGITS.sub(" | ", text)))


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
