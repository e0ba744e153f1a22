"""Puts a question into another language word by word: terms to search with, and a rough rendering to read by.

Takes a question and what is known of a library's words, gives weighted terms and a text. It is no translator:
a statistical lexicon (``models/lexicon``) says what words and short phrases may mean, the library's own words
choose among the meanings, names are found by their pinyin, figures and dates are rewritten, and the question
word is moved to where the other language has it. English and Chinese go into each other; fifteen other languages
go into English, and by way of it into Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.terms import QueryTerm
from index.text import fold
from index.translation.chinese_order import chinese_order
from index.translation.from_chinese import chinese_units, english_order
from index.translation.from_english import english_units
from index.translation.from_others import in_english, other_units
from index.translation.lexicon import OTHERS, Lexicon, NoVocabulary, Unit, Vocabulary, weighted_terms

NEAR = 5  # characters between the words of one name: a blank, a bracket, 's

__all__ = ["OTHERS", "Lexicon", "NoVocabulary", "Translation", "Vocabulary", "into_english", "translate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A question in another language, as well as single words go.

    ``terms`` are for the lexical leg; ``text`` is a rough rendering; ``leading`` are the best meanings of
    the question's words, of which a perfect passage would hold one and all; ``names`` are the meanings of what
    an English question writes with a capital letter, alternatives together: a passage without them is about
    something else.
    """

    terms: tuple[QueryTerm, ...]
    text: str
    leading: tuple[str, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()


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
    if source in OTHERS and target == "en":
        return _others_to_english(query, source, known)
    if source in OTHERS and target == "zh":
        return _to_chinese(into_english(query, source, known), known)
    return None


def _to_chinese(query: str, vocabulary: Vocabulary) -> Translation:
    folded = fold(query)
    units = english_units(query, folded, vocabulary)
    return Translation(
        terms=weighted_terms(units),
        text=chinese_order(folded, units),
        names=_capitalised(query, units),
        leading=tuple(dict.fromkeys(unit.text for unit in units)),
    )


def _capitalised(query: str, units: Sequence[Unit]) -> tuple[tuple[str, ...], ...]:
    """Return the meanings of what is written with a capital letter inside the question, and its Chinese.

    Where Chinese follows in brackets, it alone counts: the English before it says the same.
    """
    names: list[tuple[str, ...]] = []
    explained = len(query) + NEAR  # where the English that Chinese explains may end
    for unit in reversed(units):
        capital = unit.kind == "kept" or (unit.start > 0 and query[unit.start].isupper())
        if unit.kind == "kept" or (capital and explained - unit.end < NEAR):
            explained = unit.start
        said = unit.kind in ("word", "name", "unknown")
        if unit.kind == "kept" or (capital and said and explained != unit.start):
            names.append(tuple(word for word, _ in unit.meanings))
    return tuple(reversed(names))


def _to_english(query: str, vocabulary: Vocabulary) -> Translation:
    folded = fold(query)
    units = chinese_units(query, folded, vocabulary)
    return Translation(
        terms=weighted_terms(units),
        text=english_order(units),
        leading=tuple(dict.fromkeys(unit.text for unit in units if unit.kind != "asking")),
    )


def into_english(query: str, language: str, documents: Vocabulary | None = None) -> str:
    """Return a question in one of the other languages in English words, what is asked for first.

    ``documents``: of what is searched, whatever its language; it tells names from words. Where no word of the
    question says anything, it comes back as it is.
    """
    units = other_units(query, language, NoVocabulary(), documents or NoVocabulary())
    return in_english(units) or query


def _others_to_english(query: str, language: str, vocabulary: Vocabulary) -> Translation:
    units = other_units(query, language, vocabulary, vocabulary)
    return Translation(
        terms=weighted_terms(units),
        text=in_english(units),
        leading=tuple(dict.fromkeys(unit.text for unit in units)),
    )
