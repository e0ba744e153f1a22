"""Tells whether two texts say the opposite: one denies what the other says, or one rises where the other falls.

And whether one speaks of a change at all. Takes texts, gives yes or no; by a short list of words, so no means nothing
more than that none of them was seen.
"""

from __future__ import annotations

import re
from functools import lru_cache

from index.terms import stem
from index.text import FUNCTION_WORDS, HAN, fold

_DENIAL = re.compile(
    r"(?:没有|没能|未能|从未|并未|并不|不再|不能|不会|不是|无法|尚未|没|未(?!来|必|知)"
    r"|不(?!断|少|到|足|超|仅|但|过|久|同|低于|高于|多于|少于|良|锈|动产|可|得|等))"
    rf"(?:再|曾|被|出现|进行|实现)?(?P<what>[{HAN}]{{2}})"
)
_ENGLISH_DENIAL = re.compile(r"(?:\b(?:not|never|no|without|cannot)|n't)\b(?P<what>(?:\s[a-z]+){1,4})")
_EMPTY = FUNCTION_WORDS["en"] | {
    "yet",
    "any",
    "been",
    "being",
    "ever",
    "also",
    "only",
    "more",
    "less",
    "than",
}
_UP = re.compile(
    r"增长|增加|上升|上涨|提高|提升|上调|净增|[增升涨][至到]|升高|扩大"
    r"|\b(?:rose|rise|rises|rising|grew|grow|grown|growth|increas\w+|up|climb\w+|higher|gain\w*)\b"
)
_DOWN = re.compile(
    r"下降|减少|下跌|下滑|降低|下调|缩减|[降跌减][至到]|减产"
    r"|\b(?:fell|fall|fallen|falls|falling|declin\w+|decreas\w+|drop\w*|down|lower\w*|reduc\w+|shrank)\b"
)
_CHANGING = re.compile(r"\b(?:chang|adjust|revis|rais|cut|mov|expand|went|gone|go(?:es|ing)?\b)")


def denies(sentence: str, quoted: str) -> bool:
    """Tell whether one of two texts of one language says "not" to what the other says without it."""
    return _denied_in(quoted, sentence) or _denied_in(sentence, quoted)


def _denied_in(denying: str, plain: str) -> bool:
    said, also = fold(plain), _denied(plain)
    unsaid = _DENIAL.sub(" ", _ENGLISH_DENIAL.sub(" ", fold(denying)))
    return any(
        what not in also and _stands(what, said) and not _stands(what, unsaid) for what in _denied(denying)
    )


@lru_cache(maxsize=512)
def _denied(text: str) -> frozenset[str]:
    """Return what a text says is not so: two Han characters, or the stem of an English word."""
    folded = fold(text)
    found = {match["what"] for match in _DENIAL.finditer(folded)}
    for match in _ENGLISH_DENIAL.finditer(folded):
        words = [word for word in match["what"].split() if word not in _EMPTY and len(word) > 3]
        found |= {stem(word) for word in words[:1]}
    return frozenset(found)


def _stands(what: str, folded: str) -> bool:
    if what.isascii():
        return any(stem(word) == what for word in re.findall("[a-z]+", folded))
    return what in folded


def opposed(first: str, second: str) -> bool:
    """Tell whether one text speaks of rising alone and the other of falling alone, in whichever language."""
    ways = [(bool(_UP.search(text)), bool(_DOWN.search(text))) for text in (fold(first), fold(second))]
    return set(ways) == {(True, False), (False, True)}


def moves(text: str) -> bool:
    """Tell whether an English text speaks of rising, falling or another change."""
    folded = fold(text)
    return any(pattern.search(folded) for pattern in (_UP, _DOWN, _CHANGING))
