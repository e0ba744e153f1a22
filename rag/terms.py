"""What a question speaks of, as terms that can be looked for, and how much of it a text holds.

Takes a question, or any text, and folded sentences; gives terms with weights, and shares 0..1. Knows nothing of
what is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import exp, log

from index.datatypes import Span as TextSpan
from index.terms import PINYIN_MARK, document_terms, weighted_query
from index.text import fold
from index.translation import Translation
from index.translation.lexicon import word_set
from rag.questions import QuestionAnalysis


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a passage must speak of: terms of the question with their weights (rarer among the sentences: heavier)."""

    weights: Mapping[str, float]
    forms: Mapping[str, str] = field(default_factory=dict)  # how else a term may be written: 营收 → 营业收入

    @property
    def total(self) -> float:
        """Sum of all weights, at least a little above 0."""
        return sum(self.weights.values()) or 1e-6

    def coverage(self, text: str, around: tuple[str, str]) -> tuple[float, float]:
        """Return the share of the terms, by weight, in a text, and the further one in what stands around it.

        ``around`` is the titles over the text and the rest of its passage, which counts less.
        """
        inside = nearby = 0.0
        for term, weight in self.weights.items():
            if self.form(term, text) in text:
                inside += weight
            elif self.form(term, around[0]) in around[0]:
                nearby += weight
            elif self.form(term, around[1]) in around[1]:
                nearby += 0.6 * weight
        return inside / self.total, nearby / self.total

    def nearness(self, text: str, at: TextSpan) -> float:
        """Return the share of the terms, by weight, each times exp(-distance / 12) of its place nearest to a span."""
        start, end = at
        value = 0.0
        for term, weight in self.weights.items():
            form = self.form(term, text)
            before = text.rfind(form, 0, start)
            after = text.find(form, end)
            distances = []
            if before >= 0:
                distances.append(start - before - len(form))
            if after >= 0:
                distances.append(after - end + 2)
            if distances:
                value += weight * exp(-min(distances) / 12)
        return value / self.total

    def form(self, term: str, text: str) -> str:
        """Return a term as a text may have it: its other form where it has not the term itself."""
        return term if term in text else self.forms.get(term, term)


def question_terms(
    analysis: QuestionAnalysis, sentences: Sequence[str], *, crossing: bool, lent: Sequence[str] = ()
) -> Terms:
    """Weigh the terms of a question by how few of the folded sentences hold them (smoothed idf).

    Across languages only what both can share counts: numbers, names as they are or in pinyin.
    """
    if crossing:
        terms = dict.fromkeys([*_shared_terms(analysis.text), *lent])
    else:
        terms = dict.fromkeys(content_terms(analysis.content))
        for ask in analysis.asks:
            terms.update(dict.fromkeys(content_terms(ask.noun)))
    for year in analysis.years:
        terms.pop(str(year), None)
    n = len(sentences) + 1
    weights = {}
    forms = {} if crossing else _other_forms(analysis.folded)
    for term in terms:
        holders = sum(term in sentence or forms.get(term, term) in sentence for sentence in sentences)
        weights[term] = log(1 + n / (holders + 0.5))
        if crossing and not holders and not term.isdigit():
            # An absent word may have been put into the wrong one; an absent Latin name may be anything.
            weights[term] *= 0.0 if term.isascii() else 0.4
    return Terms(weights=weights, forms=forms)


SHORT_FORMS: Mapping[str, str] = {
    "gdp": "生产总值",
    "营收": "营业收入",
    "规上": "规模以上",
    "高企": "高新技术企业",
    "社零": "消费品零售",
    "固投": "固定资产投资",
    "外贸": "进出口",
    "国企": "国有企业",
    "民企": "民营企业",
    "央企": "中央企业",
    "亚军": "第二名",
    "季军": "第三名",
}
"""What Chinese newspapers call one thing, short and in full."""


def other_wording(text: str) -> str:
    """Return a folded text with what has a short form in it, and in full what it has in short.

    >>> other_wording("规上营业收入")
    '规模以上营收'
    """
    for short, full in SHORT_FORMS.items():
        text = text.replace(full, short) if full in text else text.replace(short, full)
    return text


def in_full(question: str, texts: Sequence[str]) -> str:
    """Return a question with those of its short forms in full that the texts have in full only."""
    folded, held = fold(question), [fold(text) for text in texts]
    for short, full in SHORT_FORMS.items():
        place = folded.find(short)
        if place >= 0 and any(full in text for text in held) and not any(short in text for text in held):
            question = question[:place] + full + question[place + len(short) :]
            folded = fold(question)
    return question


def _other_forms(question: str) -> dict[str, str]:
    """Return the terms of a folded question that may be written otherwise: 营收 → 营业收入, 业收 → 营收."""
    forms: dict[str, str] = {}
    for short, full in SHORT_FORMS.items():
        if full in question:
            forms.update((term, short) for term in content_terms(full))
        elif short in question:
            forms[short] = full
    return forms


def _shared_terms(text: str) -> Iterator[str]:
    """Terms that a text of another language can hold too: pinyin, numbers, Chinese names, Latin words."""
    for term in weighted_query(text):
        yield term.term
    yield from content_terms(" ".join(re.findall(r"[\u3400-\u9fff]+", text)))


def lent_words(made: Translation | None) -> tuple[str, ...]:
    """Return the words of a translation as they are looked for in a sentence."""
    return tuple(_stem(fold(word)) if word.isascii() else fold(word) for word in made.leading) if made else ()


@lru_cache(maxsize=4096)
def matching_text(text: str, *, crossing: bool) -> str:
    """Return the folded text in which terms are looked for; across languages with the pinyin of its names."""
    folded = fold(text)
    if not crossing:
        return folded
    return folded + " " + " ".join(term for term in document_terms(text) if term.startswith(PINYIN_MARK))


_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_STOP = frozenset(
    "的了在是有和与及或为被把将从向对于以而且并也都就还但其这那该此之所者等个们上中下内外前后来去到得着过给约共总已曾能会可要应由经自又再则很最更不"
    "哪谁几多少什么吗呢么吧啊请问一是达将"
)
_GLUE = re.compile("[的了是吗呢吧么什谁哪]")  # of 押金是多少 the pair 金是 would stand in no text
STOP_WORDS = word_set(
    "a an the of in on at to for from by with and or is are was were be been being do does did has have "
    "had it its this that these those what which who whom whose when where why how many much long far "
    "there their they he she his her as about into than then so not no according please tell me us give "
    "per total will would can could should"
)


def content_terms(text: str) -> Iterator[str]:
    """Character pairs of Chinese words (single characters where a run is one long), Latin words, numbers."""
    folded = fold(text)
    for run in _HAN_RUN.findall(_GLUE.sub(" ", folded)):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        yield from (pair for pair in pairs if not _STOP.issuperset(pair))
    for word in _LATIN.findall(folded):
        if word not in STOP_WORDS:
            yield _stem(word)
    yield from _NUMBER.findall(folded)


def _stem(word: str) -> str:
    """Cut the commonest endings, so that a term found inside the text matches its other forms."""
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
