"""Puts a question into another language word by word: terms to search with, and a rough rendering to read by.

Takes a question and what is known of a library's words, gives weighted terms and a text. It is no translator:
a statistical lexicon (``models/lexicon``) says what words and short phrases may mean, the library's own words
choose among the meanings, names are found by their pinyin, figures and dates are rewritten, and the question
word is moved to where the other language has it. English and Chinese only, both ways.
"""

from __future__ import annotations

from dataclasses import dataclass

from index.terms import QueryTerm
from index.text import fold
from index.translation.chinese_order import chinese_order
from index.translation.from_chinese import chinese_units, english_order
from index.translation.from_english import english_units
from index.translation.lexicon import Lexicon, NoVocabulary, Vocabulary, weighted_terms

__all__ = ["Lexicon", "NoVocabulary", "Translation", "Vocabulary", "translate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A question in another language, as well as single words go.

    ``terms`` are for the lexical leg; ``text`` is a rough rendering; ``leading`` are the best meanings of
    the question's words, of which a perfect passage would hold one and all.
    """

    terms: tuple[QueryTerm, ...]
    text: str
    leading: tuple[str, ...] = ()


def translate(
    query: str, *, source: str, target: str, vocabulary: Vocabulary | None = None
) -> Translation | None:
    """Put a question into another language; None for a pair of languages without a lexicon.

    Args:
        query: the question.
        source: its language, ISO 639-1.
        target: the language wanted.
        vocabulary: the words of the documents that are searched; it decides between meanings.
    """
    known = vocabulary or NoVocabulary()
    if (source, target) == ("en", "zh"):
        return _to_chinese(query, known)
    if (source, target) == ("zh", "en"):
        return _to_english(query, known)
    return None


def _to_chinese(query: str, vocabulary: Vocabulary) -> Translation:
    folded = fold(query)
    units = english_units(query, folded, vocabulary)
    return Translation(
        terms=weighted_terms(units),
        text=chinese_order(folded, units),
        leading=tuple(dict.fromkeys(unit.text for unit in units)),
    )


def _to_english(query: str, vocabulary: Vocabulary) -> Translation:
    folded = fold(query)
    units = chinese_units(query, folded, vocabulary)
    return Translation(
        terms=weighted_terms(units),
        text=english_order(units),
        leading=tuple(dict.fromkeys(unit.text for unit in units if unit.kind != "asking")),
    )
