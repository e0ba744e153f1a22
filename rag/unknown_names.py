"""Tells whether a question names something that passages do not. Takes texts, gives yes or no.

Only what cannot well be said in other words is looked for: codes (K12), and words in Latin letters that are names
and nothing else. Not what may be put otherwise: an abbreviation, a nationality, a name made of common words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache

from index.terms import pinyin_names, tagged_words
from index.text import detect_language, fold
from index.translation.lexicon import lexicon, singular
from rag.crossing import PassageWords
from rag.questions import ENGLISH_OPENERS
from rag.stages import APART, NAME_APART
from rag.terms import STOP_WORDS
from rag.variants import names_other_variant

_CODE = re.compile(r"(?<![A-Za-z\d.-])[A-Z][A-Za-z]{0,5}-?\d{1,4}[A-Za-z]?(?![A-Za-z\d%]|\.\d)")
_NO_CODE = re.compile(  # CO2, H1, Q3, Line5
    r"(?:[CHNOS]\d?)+|FY-?\d+|Q[1-4]|[A-Z][a-z]{2,}\d+|(?i:covid)-?19"
)
_WORD = r"[A-Z][A-Za-z\d\u00c0-\u024f'’-]*"
_RUN = re.compile(  # not what Chinese explains: Blueharbour Storage (蓝港储能), 蓝港储能(Blueharbour)
    rf"(?<![A-Za-z\d.-])(?<![\u3400-\u9fff][(（])(?>{_WORD}(?: (?:of |the |and )*{_WORD})*)(?!\s?[(（][\u3400-\u9fff])"
)
_PERHAPS_OTHERWISE = re.compile(  # CEO, Spanish
    r"[A-Z]+s?|.{1,2}|.*(?:ish|ese|[ei]an)|French|Dutch|Swiss|Greek|Czech|Thai|Welsh"
)
_LETTERS = re.compile("[a-z]+")
MISSPELT = 0.85  # likeness (difflib) from which on a name may be a word of the passages, if they begin alike
SAME_NAME = 0.1  # share of a word's meanings from which on two words with one in common may name the same


@lru_cache(maxsize=64)
def names_unknown(question: str, passages: tuple[str, ...]) -> bool:
    """Return whether a code or a name of the question stands in none of the passages.

    So does a name of which they hold another of its kind only: 黄萼藤, where they tell of 红萼藤, X2 of X2 Pro.

    Args:
        question: as it was asked; in other languages than Chinese and English no names are told.
        passages: with their titles. In Chinese ones a name may stand as it sounds, as its pinyin is written, or as
            the lexicon has it; in other languages it may stand in any form, and none is missed.
    """
    codes, names, told = list(_codes(question)), list(_names(question)), list(_told_apart(question))
    text = fold("\n".join(passages))
    if names_other_variant(fold(question), text):
        return True
    if not codes and not names and not told:
        return False
    if any(detect_language(text) not in ("zh", "en") for text in (question, *passages)):
        return False
    squeezed = _squeezed(text)
    if any(_squeezed(fold(code)) not in squeezed for code in codes):
        return True
    if any(name not in text and any(other in text for other in others) for name, others in told):
        return True
    chinese = "\n".join(fold(passage) for passage in passages if detect_language(passage) == "zh")
    words = PassageWords(chinese)
    return any(not any(_stands(word, text, chinese, words) for word in name) for name in names)


def _squeezed(folded: str) -> str:
    return re.sub(r"[^a-z0-9\u3400-\u9fff]", "", folded)


def _codes(question: str) -> Iterator[str]:
    return (match[0] for match in _CODE.finditer(question) if not _NO_CODE.fullmatch(match[0]))


def _told_apart(question: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what a number, a colour or a side tells apart, and what it is told from: 第一人 and 第二人民, 第三人民."""
    for match in NAME_APART.finditer(fold(question)):
        word, name = match["number"] or match["word"], match["name"]
        alike = next(words for words in APART if word in words)
        yield name[:-1], [name.replace(word, other, 1) for other in alike if other != word]


def _names(question: str) -> Iterator[Sequence[str]]:
    """Yield of each run of capitalised words those that are names by themselves, Thornbury of Thornbury Railway.

    The whole run is a form of the name too: Tang Wan is found in pinyin, and Wan alone is not.
    """
    for match in _RUN.finditer(question):
        words = [re.sub(r"['’]s?$", "", word) for word in match[0].split() if word[0].isupper()]
        if not match.start():  # a capital may only open the question
            words = words[1:] if words[0].lower() in ENGLISH_OPENERS else []
        names = [
            word for word in words if not _PERHAPS_OTHERWISE.fullmatch(word) and _only_a_name(fold(word))
        ]
        if names:
            yield [*names, " ".join(words)]


@lru_cache(maxsize=4096)
def _only_a_name(word: str) -> bool:
    """Tell whether the lexicon does not know a word, or for the greater part as a name of two characters or more."""
    meanings = lexicon("en", "zh").meanings(singular(word))
    named = sum(share for meaning, share in meanings if len(meaning) > 1 and _is_name(meaning))
    known_as_other = word in STOP_WORDS or word in ENGLISH_OPENERS or not word.isalpha()
    return not known_as_other and 2 * named >= sum(share for _, share in meanings)


def _is_name(meaning: str) -> bool:
    return any(tag.startswith(("nr", "ns", "nt", "nz")) for _, tag in tagged_words(meaning))


def _stands(name: str, text: str, chinese: str, words: PassageWords) -> bool:
    folded = fold(name)
    beginning = folded[: max(4, len(folded) - 3)]  # of Canadian and Canada
    if re.search(rf"(?<![a-z]){re.escape(beginning)}", text) or _stands_otherwise(folded, text):
        return True
    if not chinese:
        return False
    return (
        any(meaning in chinese for meaning, _ in lexicon("en", "zh").meanings(folded))
        or any(words.written(pinyin) for pinyin, _, _ in pinyin_names(f"in {name}"))
        or words.sounding(name) is not None
    )


def _stands_otherwise(name: str, text: str) -> bool:
    """Tell whether a name may stand misspelt, or under another that the lexicon has for the same: Holland."""
    alike = {word for word in _LETTERS.findall(text) if word[0] == name[0]}
    if get_close_matches(name, alike, n=1, cutoff=MISSPELT):
        return True
    there = text.replace(".", "")  # U.S.
    return any(re.search(rf"(?<![a-z]){re.escape(other)}s?(?![a-z])", there) for other in _same(name))


@lru_cache(maxsize=4096)
def _same(name: str) -> frozenset[str]:
    """Return the English words that mean what a name does in Chinese: Netherland and Dutch of Holland."""
    chinese = _meanings(name, "en", "zh")
    return frozenset(word for meaning in chinese for word in _meanings(meaning, "zh", "en"))


def _meanings(word: str, source: str, target: str) -> list[str]:
    return [
        meaning for meaning, share in lexicon(source, target).meanings(singular(word)) if share >= SAME_NAME
    ]
