"""Puts English sentences into other languages word by word: no translations, but their words and their length.

Everyday sentences are what parallel news and documentation lack. A glossary's forms stand in for
English words, each as often as it is frequent; the order of words stays English, which an average over tokens
forgives.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from random import Random

from index.training.embedder.vocabulary import Word
from index.translation.lexicon import base_forms, word_set

_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?|\d+|[.?!,]")
_LEAST = 0.6  # share of a sentence's words that must have a translation
_SILENT = word_set("a an the to of do does did is are am be been")

Forms = Mapping[str, tuple[tuple[str, ...], tuple[float, ...]]]
"""By English word: forms of one language, and the cumulated weights to choose by."""


def forms_of(words: Iterable[Word]) -> Forms:
    """Turn one language's glosses around: by English word, its translations and their weights."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for word in words:
        for n, gloss in enumerate(word.glosses):
            key = gloss.lower().strip("?!. ")
            if key.isascii() and " " not in key:
                found[key][word.text] = 10 ** (0.5 * word.zipf) / (n + 1) ** 2
    result = {}
    for english, forms in found.items():
        total, cumulated = 0.0, []
        for weight in forms.values():
            total += weight
            cumulated.append(total)
        result[english] = (tuple(forms), tuple(cumulated))
    return result


def gloss(sentence: str, forms: Forms, joint: str, random: Random) -> str | None:
    """Return the sentence word by word; None where too few of its words are known.

    Args:
        sentence: English.
        forms: of the language wanted.
        joint: what stands between words, a blank or nothing.
        random: chooses among forms.
    """
    result: list[str] = []
    words = known = 0
    for token in _WORD.findall(sentence):
        if not token[0].isalpha():
            result.append(token)
            continue
        lower = token.lower()
        choice = next((forms[form] for form in (lower, *base_forms(lower)) if form in forms), None)
        if lower in _SILENT and (choice is None or random.random() < 0.5):
            continue
        words += 1
        if choice:
            known += 1
            result.append(random.choices(choice[0], cum_weights=choice[1])[0])
        elif token[0].isupper() or random.random() < 0.3:
            result.append(token)
            known += token[0].isupper()
    if not words or known < _LEAST * words:
        return None
    return re.sub(r" (?=[.?!,])", "", joint.join(result))
