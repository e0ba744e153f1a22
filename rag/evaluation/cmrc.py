"""Scores a short answer as the CMRC 2018 shared task does. Takes strings, gives 0..1; knows no questions.

Source: Cui et al., "A Span-Extraction Dataset for Chinese Machine Reading Comprehension" (EMNLP 2019), and
the task's own evaluation script, version 5. Chinese characters and the script's punctuation are tokens by
themselves; what stands between them is tokenised as nltk's ``word_tokenize`` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

_PUNCTUATION = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
"""The script's own list. Its "……" is two characters long and so never equals one; hence "…" is not here."""

_CHINESE = re.compile(r"[\u4e00-\u9fa5]")
_PLAIN = re.compile(r"[\d\s]*(?:\d\.\d[\d\s]*)*")
_SENTENCE_END = re.compile(r"(?<=[.?!])[\"')\]]*\s+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[a-z]|mr|mrs|ms|dr|st|vs|inc|ltd|co|corp|jr|sr|(?:[a-z]\.)+[a-z])\.$"
)


def exact_match(prediction: str, references: Sequence[str]) -> float:
    """Return 1.0 if the prediction equals any reference, both lower-cased and without punctuation."""
    stripped = _without_punctuation(prediction)
    return float(any(_without_punctuation(reference) == stripped for reference in references))


def f1(prediction: str, references: Sequence[str]) -> float:
    """Return the best F1 over the references, of the longest common substring in tokens."""
    return max((_f1(prediction, reference) for reference in references), default=0.0)


def _f1(prediction: str, reference: str) -> float:
    predicted, gold = tokens(prediction), tokens(reference)
    common = longest_common_substring(gold, predicted)
    if common == 0:
        return 0.0
    precision, recall = common / len(predicted), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def tokens(text: str) -> list[str]:
    """Split a text as the script's ``mixed_segmentation`` does with punctuation removed."""
    found: list[str] = []
    between = ""
    for character in text.lower().strip():
        if character in _PUNCTUATION:
            continue
        if _CHINESE.match(character):
            found += [*_words(between), character]
            between = ""
        else:
            between += character
    return found + _words(between)


def longest_common_substring(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length, in tokens, of the longest run that both sequences share."""
    best = 0
    row = [0] * (len(right) + 1)
    for token in left:
        above = row
        row = [0] * (len(right) + 1)
        for j, other in enumerate(right):
            if token == other:
                row[j + 1] = above[j] + 1
                best = max(best, row[j + 1])
    return best


def _without_punctuation(text: str) -> str:
    return "".join(c for c in text.lower().strip() if c not in _PUNCTUATION)


def _words(text: str) -> list[str]:
    """Tokenise what stands between Chinese characters; figures, the usual case, need no tokeniser."""
    if _PLAIN.fullmatch(text):
        return text.split()
    return [word for sentence in _sentences(text) for word in _word_tokenizer().tokenize(sentence)]


def _sentences(text: str) -> Iterator[str]:
    """Cut at sentence ends, so that a full stop inside is split off too.

    nltk's own splitter needs data files that do not come with it; on answers, which are short, this rule and
    that model agree.
    """
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if not _ABBREVIATION.search(text[start : match.start()]):
            yield text[start : match.end()]
            start = match.end()
    yield text[start:]


@cache
def _word_tokenizer() -> Any:
    from nltk.tokenize import NLTKWordTokenizer  # half a second, and figures never need it

    return NLTKWordTokenizer()
