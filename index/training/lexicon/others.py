"""Makes the lexicons of fifteen other languages, each into English, of ``index.translation``.

Two glossaries are most of one: forms of everyday words with their English (``embedder/everyday/words``), and
English words with what they are called (``glossaries/others``). Parallel sentences add what they say of words
and phrases. Question words and function words are a glossary of their own (``glossaries/others/asking.tsv``), which
has the last word.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from index.text import FUNCTION_WORDS
from index.training.embedder.parallel import Pair, read_parallel
from index.training.embedder.settings import EmbedderSettings
from index.training.lexicon.alignment import PHRASE, build_corpus, count_phrases, english_words
from index.training.lexicon.chinese import GLOSSARIES, SOURCES
from index.training.lexicon.tables import Entries, table
from index.training.tables import read_rows
from index.translation.from_others import (
    EXACT,
    LONGEST_PHRASE,
    STEMMERS,
    UNSPACED,
    form_of,
    key_of,
    words_of,
)
from index.translation.lexicon import OTHERS, singular

FOLDER = GLOSSARIES / "others"
EVERYDAY = EmbedderSettings().everyday_folder
GLOSSED = 5.0  # sentences that the first meaning of a glossary's entry is worth at least
SHARE = 0.5  # of what the sentences say of the key, where that is more
KEPT, LEAST = 6, 0.03  # translations of one key at most, share of one at least
_ENGLISH_FUNCTION = {singular(word) for word in FUNCTION_WORDS["en"]} | FUNCTION_WORDS["en"]

Gloss = tuple[str, str, float]
"""A word or phrase of the other language, its English, and how much this meaning weighs, 1 at most."""


def glosses(language: str) -> Iterator[Gloss]:
    """Yield what the glossaries say of a language's words; the second meaning weighs half, the third a third."""
    for text, meanings in read_rows(EVERYDAY / "words" / f"{language}.tsv"):
        for rank, phrase in enumerate(meanings.split(","), start=1):
            words = english_words(phrase)
            words = words[1:] if len(words) > 1 and words[0] == "to" else words
            if 1 <= len(words) <= PHRASE:
                yield text, " ".join(words), 1.0 / rank
    for english, meanings in read_rows(FOLDER / f"{language}.tsv"):
        for rank, text in enumerate(meanings.split(","), start=1):
            yield text.strip(), english, 1.0 / rank


def asking(language: str) -> Iterator[tuple[str, str]]:
    """Yield the question words and function words of a language with their English."""
    for of, text, english in read_rows(FOLDER / "asking.tsv"):
        if of == language:
            yield text, english


def keyed(text: str, language: str, *, exact: bool = False) -> str:
    """Return the key of a glossary's word or phrase; empty where it has none."""
    if language == "ja" and not exact:
        text = re.sub("(?<=.)[のな]$", "", text)  # adjectives stand without it before a noun too
    if language in UNSPACED:
        return form_of(text, language)
    words = words_of(text, language, ())
    if len(words) > LONGEST_PHRASE:
        return ""
    if exact:
        return EXACT + " ".join(form_of(text[word.start : word.end], language) for word in words)
    return " ".join(word.key for word in words)


def counted(language: str, pairs: Iterable[Pair], known: set[str]) -> Counter[tuple[str, str]]:
    """Return how often, by weight, an English phrase and one of the language are translations of each other."""
    corpus = build_corpus(
        (
            (SOURCES.get(pair.source, 1.0), pair.english, pair.text)
            for pair in pairs
            if pair.language == language
        ),
        lambda text: [word.key for word in words_of(text, language, known)],
    )
    return count_phrases(corpus, _worth_keeping, joint=" ")


def _worth_keeping(english: Sequence[str], other: Sequence[str]) -> bool:
    """Tell a phrase of letters that no English function words lead or end."""
    return (
        all(word.replace("'", "").isalpha() for word in english)
        and not any(re.search(r"\d", word) for word in other)
        and not {english[0], english[-1]} & _ENGLISH_FUNCTION
    )


def made(language: str, pairs: Iterable[Pair]) -> Entries:
    """Return the table of one language: by key, the likely English with its share."""
    weights: dict[tuple[str, str], float] = defaultdict(float)
    forms: dict[tuple[str, str], float] = {}  # what the glossaries call each form as it is written
    glossed: dict[tuple[str, str], float] = {}
    for text, english, weight in glosses(language):
        if key := keyed(text, language):
            glossed[key, english] = max(weight, glossed.get((key, english), 0.0))
            if language in STEMMERS:
                form = keyed(text, language, exact=True)
                forms[form, english] = max(weight, forms.get((form, english), 0.0))
    asked = dict(asking(language))
    known = {key for key, _ in glossed if " " not in key}
    if language in UNSPACED:
        known |= {keyed(text, language) for text in asked}
    for (english, key), count in counted(language, pairs, known).items():
        if key and count > (1.9 if " " in english or " " in key else 0.9):
            weights[key, english] = count - 0.6
    said: dict[str, float] = defaultdict(float)
    for (key, _), weight in weights.items():
        said[key] += weight
    for (key, english), weight in glossed.items():
        weights[key, english] += weight * max(GLOSSED, SHARE * said[key])
    found = table(((key, english, weight) for (key, english), weight in weights.items()), KEPT, LEAST)
    return found | _exceptions(forms, found, language) | _asking_entries(asked, language)


def _exceptions(forms: Mapping[tuple[str, str], float], found: Entries, language: str) -> Entries:
    """Return entries for the forms whose meanings are others than their stem's likeliest."""
    own = table(((form, english, weight) for (form, english), weight in forms.items()), KEPT, LEAST)
    entries: Entries = {}
    for form, meanings in own.items():
        stem = " ".join(key_of(word, language) for word in form.removeprefix(EXACT).split())
        if stem in found and found[stem][0][0] not in dict(meanings):
            entries[form] = meanings
    return entries


def _asking_entries(asked: Mapping[str, str], language: str) -> Entries:
    """Return entries for question words and function words; of several that have one key the first counts."""
    entries: Entries = {}
    for text, english in asked.items():
        key = keyed(text, language, exact=language not in UNSPACED)
        if key.removeprefix(EXACT):
            entries.setdefault(key, [(english, 1.0)])
    return entries


def other_tables(data: Path) -> Iterator[tuple[tuple[str, str], Entries]]:
    """Yield (direction, table) of each language into English; half a minute each, most of it for the sentences."""
    pairs = read_parallel(data, EmbedderSettings().held_out, EVERYDAY).pairs
    for language in OTHERS:
        yield (language, "en"), made(language, pairs)
