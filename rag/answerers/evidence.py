"""Finds and describes every possible short answer in the passages of a question, as named numbers.

Takes an analysed question, passages and the reader's scores of them; gives candidates with features.
It decides nothing: `rag.answerers.scoring` weighs the features, `rag.answerers.extractive` writes the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import takewhile
from math import exp, log
from typing import Protocol

from index.datatypes import Span as TextSpan
from index.sentences import split_sentences
from index.terms import PINYIN_MARK, document_terms, weighted_query
from index.text import detect_language, fold
from index.translation import Translation, translate
from rag.candidates import NEGATIVE, Candidate, CandidateKind, find_candidates
from rag.crossing import PassageWords
from rag.datatypes import Passage, Span
from rag.questions import FIGURES, AnswerKind, Ask, QuestionAnalysis
from rag.stages import Stages
from rag.years import Years


class ReadingLike(Protocol):
    """The part of `rag.reader.Reading` that is used here: what the reader thinks of one passage."""

    @property
    def relevance_logit(self) -> float:
        """Log-odds that the passage holds the answer, before calibration."""
        ...

    def best(self, top: int = 1, *, start: int = 0, end: int | None = None) -> Sequence[Span]:
        """Return the best spans between two offsets, best first."""
        ...

    def score(self, start: int, end: int) -> float:
        """Return the log-odds of any span."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a passage must speak of: terms of the question with their weights (rarer among the sentences: heavier)."""

    weights: Mapping[str, float]

    @property
    def total(self) -> float:
        """Sum of all weights, at least a little above 0."""
        return sum(self.weights.values()) or 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Sentence:
    """One sentence of a passage; spans are half-open, into ``Passage.text``."""

    passage: int  # position in the passages handed in
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A candidate in its sentence, with its features by name. Offsets are into ``Passage.text``."""

    sentence: Sentence
    start: int
    end: int
    kind: CandidateKind
    lead: int = 0
    parts: tuple[TextSpan, ...] = ()
    year: int | None = None  # the year its sentence speaks of, if it can be told
    features: Mapping[str, float] = field(default_factory=dict)


FEATURES = (
    "coverage",  # share of the question's terms, by weight, in the sentence
    "context",  # further share in the heading path, title and the passage before the sentence
    "bare",  # 1: next to none of them stands in the sentence itself
    "near",  # share of terms, each discounted by its distance from the candidate
    "left",  # words just before the candidate are the words before the question word
    "right",  # the same behind
    "year",  # 1 same year, -1 another year, 0 unknown or none asked
    "stage",  # 1 the phase, batch, round or part of a year asked for, -1 another, half where it stands before
    "kind",  # the candidate is of the kind asked for
    "names",  # share of the question's names that the sentence, its headings or what stands before it hold
    "names_least",  # the same for the one name or number that is held least
    "rival",  # 1: the sentence names another of the same kind instead (another high-tech zone)
    "unit",  # its unit is the one asked for: 1; another: -1
    "span",  # the reader's log-odds of the span
    "span_gap",  # the same, minus the best span of all passages
    "relevance",  # the reader's log-odds that the passage answers
    "cosine",  # of the sentence with a question in another language, times 5
    "cosine_gap",  # the same, minus the best sentence's
    "retrieval",  # the passage's fused score against the best one's
    "asked",  # the candidate stands in the question already
    "count",  # a list with the number of items asked for
    "aligned",  # 1: stands at the place of its owner in "A、B分别为x、y"; -1: at another's
    "reader",  # the best span of the reader in this passage
    "length",  # log of its characters
)

_KINDS: Mapping[AnswerKind, tuple[CandidateKind, ...]] = {
    "money": ("money",),
    "percent": ("percent",),
    "quantity": ("quantity", "money", "percent", "duration"),
    "rank": ("rank",),
    "date": ("date",),
    "duration": ("duration", "date"),
    "person": ("person",),
    "organisation": ("organisation", "place", "quoted"),
    "place": ("place", "organisation"),
    "list": ("list", "quantity", "money", "organisation", "person"),
    "definition": ("list",),
    "reason": (),
    "yes_no": (),
    "phrase": ("quoted", "organisation", "place", "person", "list"),
}
_MAIN_KIND: Mapping[AnswerKind, tuple[CandidateKind, ...]] = {
    **_KINDS,
    "organisation": ("organisation",),
    "place": ("place",),
    "quantity": ("quantity",),
    "duration": ("duration",),
    "list": ("list",),
    "phrase": (),
}

BARE = 0.1  # coverage

_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_STOP = frozenset(
    "的了在是有和与及或为被把将从向对于以而且并也都就还但其这那该此之所者等个们上中下内外前后来去到得着过给约共总已曾能会可要应由经自又再则很最更不"
    "哪谁几多少什么吗呢么吧啊请问一是达将"
)
_STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "many",
        "much",
        "long",
        "far",
        "there",
        "their",
        "they",
        "he",
        "she",
        "his",
        "her",
        "as",
        "about",
        "into",
        "than",
        "then",
        "so",
        "not",
        "no",
        "according",
        "please",
        "tell",
        "me",
        "us",
        "give",
        "per",
        "total",
        "will",
        "would",
        "can",
        "could",
        "should",
    ]
)


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
    for term in terms:
        holders = sum(term in sentence for sentence in sentences)
        weights[term] = log(1 + n / (holders + 0.5))
        if crossing and not holders and not term.isdigit():
            # An absent word may have been put into the wrong one; an absent Latin name may be anything.
            weights[term] *= 0.0 if term.isascii() else 0.4
    return Terms(weights=weights)


def _shared_terms(text: str) -> Iterator[str]:
    """Terms that a text of another language can hold too: pinyin, numbers, Chinese names, Latin words."""
    for term in weighted_query(text):
        yield term.term
    yield from content_terms(" ".join(re.findall(r"[\u3400-\u9fff]+", text)))


@lru_cache(maxsize=4096)
def matching_text(text: str, *, crossing: bool) -> str:
    """Return the folded text in which terms are looked for; across languages with the pinyin of its names."""
    folded = fold(text)
    if not crossing:
        return folded
    return folded + " " + " ".join(term for term in document_terms(text) if term.startswith(PINYIN_MARK))


def content_terms(text: str) -> Iterator[str]:
    """Character pairs of Chinese (single characters where a run is one long), Latin words, numbers."""
    folded = fold(text)
    for run in _HAN_RUN.findall(folded):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        yield from (pair for pair in pairs if not all(c in _STOP for c in pair))
    for word in _LATIN.findall(folded):
        if word not in _STOP_WORDS:
            yield _stem(word)
    yield from _NUMBER.findall(folded)


def _stem(word: str) -> str:
    """Cut the commonest endings, so that a term found inside the text matches its other forms."""
    for ending in ("ies", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def passage_sentences(passages: Sequence[Passage]) -> list[Sentence]:
    """Split every passage into sentences."""
    return [
        Sentence(passage=number, start=start, end=end)
        for number, passage in enumerate(passages)
        for start, end in split_sentences(passage.text)
    ]


_ASKS = re.compile(r"[?？][”’\"'」』）)]*$")


def _telling(passages: Sequence[Passage], sentences: list[Sentence]) -> list[Sentence]:
    """Return the sentences that do not ask themselves, as an interviewer does; all where every one asks."""
    return [s for s in sentences if not _ASKS.search(passages[s.passage].text[s.start : s.end])] or sentences


def find_evidence(
    analysis: QuestionAnalysis,
    ask: Ask,
    passages: Sequence[Passage],
    readings: Sequence[ReadingLike],
    similar: Mapping[Sentence, float] | None = None,
) -> list[Found]:
    """Return all candidates for one thing asked, with their features.

    ``similar`` holds cosines of sentences with the question; it is wanted where their languages differ.
    """
    sentences = _telling(passages, passage_sentences(passages))
    crosses = [is_crossing(analysis, [passage]) for passage in passages]
    folded = [fold(passage.text) for passage in passages]
    texts = [folded[s.passage][s.start : s.end] for s in sentences]
    held = [
        matching_text(passages[s.passage].text[s.start : s.end], crossing=True)
        if crosses[s.passage]
        else text
        for s, text in zip(sentences, texts, strict=True)
    ]
    others = [passage for passage, crossing in zip(passages, crosses, strict=True) if crossing]
    made = translated(analysis, others) if others else None
    lent = lent_words(made)
    terms_of = {  # passages in the question's language and in another share few words
        crossing: question_terms(
            analysis,
            [text for s, text in zip(sentences, held, strict=True) if crosses[s.passage] == crossing],
            crossing=crossing,
            lent=lent if crossing else (),
        )
        for crossing in set(crosses)
    }
    nearest = max(similar.values(), default=0.0) if similar else 0.0
    spans = [reading.best(1) for reading in readings]
    best_span = max((span[0].score for span in spans if span), default=0.0)
    best_fused = max((passage.scores.get("fused", 0.0) for passage in passages), default=0.0) or 1.0
    stages = Stages(analysis.folded)
    found: list[Found] = []
    for sentence, text, matching in zip(sentences, texts, held, strict=True):
        passage = passages[sentence.passage]
        reading = readings[sentence.passage]
        crossing = crosses[sentence.passage]
        terms = terms_of[crossing]
        around = _surroundings(passage, folded[sentence.passage], sentence, crossing=crossing)
        coverage, context = _coverage(terms, matching, around)
        cosine = similar.get(sentence, 0.0) if similar and crossing else 0.0
        named = made.names if made and crossing else ()
        names, least, rival = _names(analysis, matching, around, named, crossing=crossing)
        years = Years(
            folded[sentence.passage],
            (sentence.start, sentence.end),
            fold(" ".join(passage.titles)),
            passage.date,
        )
        stage_at = stages.sentence(text, (around[0], folded[sentence.passage][: sentence.start]))
        proposed = _trimmed(reading.best(4, start=sentence.start, end=sentence.end), passage.text)
        top = _trimmed(spans[sentence.passage], passage.text)
        aligned = _respectively(text, analysis.folded, crossing)
        for candidate in _candidates(passage.text[sentence.start : sentence.end], sentence, proposed, ask):
            at = candidate.start - sentence.start, candidate.end - sentence.start
            year, told = years.at(candidate.start, candidate.end)
            value = reading.score(candidate.start, candidate.end)
            features = {
                "coverage": coverage,
                "context": context,
                "bare": float(coverage < BARE),
                "near": _nearness(terms, text, at),
                **_neighbours(analysis, ask, text, at),
                "year": _year_agreement(analysis, year, told),
                "stage": stage_at(at[0]),
                "kind": _kind_agreement(ask, candidate),
                "names": names,
                "names_least": least,
                "rival": rival,
                "unit": _unit_agreement(ask, candidate),
                "span": max(-20.0, min(20.0, value)) / 10,
                "span_gap": max(-20.0, value - best_span) / 10,
                "relevance": max(-10.0, min(10.0, reading.relevance_logit)) / 5,
                "cosine": cosine * 5,
                "cosine_gap": (cosine - nearest) * 5 if crossing else 0.0,
                "retrieval": passage.scores.get("fused", 0.0) / best_fused,
                "asked": _asked(analysis, text[at[0] : at[1]]),
                "count": _count_agreement(ask, candidate),
                "aligned": _aligned(aligned, at),
                "reader": float((candidate.start, candidate.end) in top),
                "length": log(1 + candidate.end - candidate.start) / 3,
            }
            found.append(
                Found(
                    sentence=sentence,
                    start=candidate.start,
                    end=candidate.end,
                    kind=candidate.kind,
                    lead=candidate.lead,
                    parts=candidate.parts,
                    year=year,
                    features=features,
                )
            )
    return found


def _candidates(text: str, sentence: Sentence, proposed: Sequence[TextSpan], ask: Ask) -> list[Candidate]:
    """Candidates of the kinds asked for and the reader's best spans, with offsets into the passage."""
    wanted = _KINDS[ask.kind]
    shift = sentence.start
    chosen: dict[TextSpan, Candidate] = {}
    astray: set[TextSpan] = set()  # figures where a date or a rank is asked for and dates where a figure is
    for c in find_candidates(text):
        if c.kind not in wanted and c.kind in _NUMERIC and _is_astray(c, ask):
            astray.add((c.start + shift, c.end + shift))
        elif c.kind in wanted:
            moved = Candidate(
                start=c.start + shift,
                end=c.end + shift,
                kind=c.kind,
                unit=c.unit,
                year=c.year,
                lead=c.lead,
                parts=tuple((s + shift, e + shift) for s, e in c.parts),
            )
            known = chosen.get((moved.start, moved.end))
            if known is None or wanted.index(moved.kind) < wanted.index(known.kind):
                chosen[moved.start, moved.end] = moved
    if ask.kind == "date" and "年" not in ask.units:  # 2015年9月 says more than its 2015年
        longer = [
            span for span in chosen if any(o != span and o[0] == span[0] and o[1] > span[1] for o in chosen)
        ]
        for span in longer:
            del chosen[span]
    for start, end in _heads(text, shift, proposed, ask):
        if ask.kind in _NUMERIC and not _NUMERAL.search(text, start - shift, end - shift):
            continue
        year = ask.kind == "date" and _BARE_YEAR.fullmatch(text, start - shift, end - shift)
        if (start, end) not in chosen and (year or not (ask.kind in _NUMERIC and (start, end) in astray)):
            parts = _items(text, start - shift, end - shift, shift) if ask.kind == "list" else ()
            typed = _filling(text, shift, (start, end), chosen.values())
            chosen[start, end] = (
                replace(typed, start=start, end=end)
                if typed
                else Candidate(start=start, end=end, kind="list" if parts else "phrase", parts=parts)
            )
    return list(chosen.values())


_AROUND_FIGURE = re.compile(
    r"(?:(?:the|an?|about|around|nearly|over|every|some|up to) )*\0(?: [a-z-]+){0,2}", re.IGNORECASE
)


def _filling(text: str, shift: int, span: TextSpan, candidates: Iterable[Candidate]) -> Candidate | None:
    """Return the figure or date that fills an English span but for its article and its noun: about 1,846 employees."""
    for found in candidates:
        if found.kind in _NUMERIC and span[0] <= found.start and found.end <= span[1]:
            before, after = (
                text[span[0] - shift : found.start - shift],
                text[found.end - shift : span[1] - shift],
            )
            if _AROUND_FIGURE.fullmatch(f"{before}\0{after}"):
                return found
    return None


def _is_astray(figure: Candidate, ask: Ask) -> bool:
    """Tell whether a figure of another kind cannot be meant: 17家 is no rank, 位 and 名 may be."""
    if ask.kind == "rank":
        return bool(figure.unit) and figure.unit not in ("位", "名")
    return "date" in (figure.kind, ask.kind)


_JOINT = re.compile(r"\s?(?:以及|[和与及]|联合| and )\s?")


def _items(text: str, start: int, end: int, shift: int) -> tuple[TextSpan, ...]:
    """Return the items that words join in a span, moved by ``shift``; none where it is one thing or a sentence.

    Rows with 、 are found whole by their form, and of those the reader often sees a part.
    """
    if _CLAUSE.search(text, start, end):
        return ()
    cuts = [match.span() for match in _JOINT.finditer(text, start, end)]
    bounds = [start, *(place for cut in cuts for place in cut), end]
    items = list(zip(bounds[::2], bounds[1::2], strict=True))
    whole = len(items) > 1 and all(stop - first > 1 for first, stop in items)
    return tuple((first + shift, stop + shift) for first, stop in items) if whole else ()


_CLAUSE = re.compile(r"[，。、；：,;:!?！？]")


_BARE_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_NUMERIC = frozenset({"money", "percent", "quantity", "rank", "date", "duration"})
_NUMERAL = re.compile(  # 万元 alone is a unit, 上万元, 万余元 and 千亿元 are figures
    r"[\d〇零一二三四五六七八九十两半数几今去前明]|[上近超逾约过破][百千万亿]|[百千万亿][余多]|[百千][万亿]|[A-Za-z]"
)
_CLASS_WORD = re.compile(
    r"(?:企业|品牌|厂商|车企|巨头|厂家|[校院局市县区省]长|主任|书记|经理|教授|博士|院士)(?=[^的等和与及、])"
)


_MANNER = re.compile(r"(?:(?:三方|双方)?(?:共同|联合|合作)[\u4e00-\u9fff]{1,4}|自主|独立|率先|首次)$")


def _heads(text: str, shift: int, proposed: Sequence[TextSpan], ask: Ask) -> list[TextSpan]:
    """Cut what stands in front of a name and behind it: 云帆 of 本地龙头企业云帆, 甲和乙 of 甲和乙共同建设."""
    if ask.kind not in ("organisation", "person", "list"):
        return list(proposed)
    manners = [_MANNER.search(text, start - shift + 2, end - shift) for start, end in proposed]
    proposed = [
        (start, match.start() + shift if match else end)
        for (start, end), match in zip(proposed, manners, strict=True)
    ]
    if ask.kind == "list":
        return list(dict.fromkeys(proposed))
    heads = []
    for start, end in proposed:
        cuts = [match.end() + shift for match in _CLASS_WORD.finditer(text, start - shift, end - shift)]
        fitting = [cut for cut in cuts if 2 <= end - cut <= 12]
        heads.append((fitting[-1] if fitting else start, end))
    return list(dict.fromkeys(heads))


_EDGES = " \t\n*.,，。、；;：:!?！？“”\"'‘’)）》」』·…—-"
_OPEN_EDGES = " \t\n*.,，。、；;：:!?！？“”\"'‘’(（《「『·…—-的"


_MINUS = re.compile(NEGATIVE)
_ADDRESS = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+|[\w.+-]+@[\w-]+\.[\x21-\x7e]+")
_CLOSING = {"“": "”", "「": "」", "『": "』", "《": "》"}
_BRACKETS = {")": "(", "）": "（"}


def _inside_quotation(text: str, start: int, end: int) -> int:
    """Return where a span begins that would end inside a quotation: 最高奖——“银杏奖 → 银杏奖.

    Several quotations in a row, 甲”和“乙, are one answer without its outer marks.
    """
    for position in range(end - 1, start - 1, -1):
        if closing := _CLOSING.get(text[position]):
            return start if closing in text[start:end] else position + 1
    return start


_INSIDE_FIGURE = re.compile(r"\d\0[.,]?\d|\d[.,]\0\d")


def _cuts_figure(text: str, place: int) -> bool:
    """Whether a place lies within the digits of a figure: 21|4,000, 214|,000, 214,|000."""
    return bool(_INSIDE_FIGURE.search(f"{text[max(0, place - 2) : place]}\0{text[place : place + 2]}"))


def _trimmed(spans: Sequence[Span], text: str) -> list[TextSpan]:
    """Return the spans without the punctuation at their edges and half of a quotation; empty ones are left out.

    What lies inside a web or mail address is no answer either.
    """
    trimmed: list[TextSpan] = []
    addresses = [match.span() for match in _ADDRESS.finditer(text)]
    for span in spans:
        start, end = span.start, span.end
        if any(s <= start and end <= e for s, e in addresses):
            continue
        if _cuts_figure(text, start) or _cuts_figure(text, end):
            continue
        while start < end and text[start] in _OPEN_EDGES and not _MINUS.match(text, start):
            start += 1
        while start < end and text[end - 1] in _EDGES:
            end -= 1
        opening = _BRACKETS.get(text[end : end + 1])
        if opening and text.count(opening, start, end) > text.count(text[end], start, end):
            end += 1  # 清光绪十二年（1886年）
        start = _inside_quotation(text, start, end)
        if start < end and text[start:end].lower() not in _STOP_WORDS:
            trimmed.append((start, end))
    return list(dict.fromkeys(trimmed))


def _surroundings(passage: Passage, folded: str, sentence: Sentence, *, crossing: bool) -> tuple[str, str]:
    """Return the titles over a passage, and the passage without the sentence, as terms are looked for in them."""
    above = matching_text(" ".join(passage.titles), crossing=crossing)
    rest = folded[: sentence.start] + "\n" + folded[sentence.end :]
    return above, matching_text(rest, crossing=crossing) if crossing else rest


def translated(analysis: QuestionAnalysis, passages: Sequence[Passage]) -> Translation | None:
    """Return a question in the language of the passages, as far as a lexicon knows its words."""
    source = detect_language(analysis.text)
    target = "en" if source == "zh" else "zh"
    return translate(analysis.text, source=source, target=target, vocabulary=passage_words(passages))


def passage_words(passages: Sequence[Passage]) -> PassageWords:
    """Return the words of passages, with their titles and headings, for a translation to choose among meanings."""
    return PassageWords("\n".join(" ".join((*p.titles, p.text)) for p in passages))


def lent_words(made: Translation | None) -> tuple[str, ...]:
    """Return the words of a translation as they are looked for in a sentence."""
    return tuple(_stem(fold(word)) if word.isascii() else fold(word) for word in made.leading) if made else ()


def is_crossing(analysis: QuestionAnalysis, passages: Sequence[Passage]) -> bool:
    """Tell whether the question is in another language than most of the passages."""
    chinese = sum(detect_language(passage.text) == "zh" for passage in passages)
    return (analysis.language == "zh") != (2 * chinese >= len(passages)) if passages else False


def _coverage(terms: Terms, text: str, around: tuple[str, str]) -> tuple[float, float]:
    inside = nearby = 0.0
    for term, weight in terms.weights.items():
        if term in text:
            inside += weight
        elif term in around[0]:
            nearby += weight
        elif term in around[1]:
            nearby += 0.6 * weight
    return inside / terms.total, nearby / terms.total


def _nearness(terms: Terms, text: str, at: TextSpan) -> float:
    """Return the sum of the terms' weights, each times exp(-distance / 12) of its nearest place in the sentence."""
    start, end = at
    value = 0.0
    for term, weight in terms.weights.items():
        before = text.rfind(term, 0, start)
        after = text.find(term, end)
        distances = []
        if before >= 0:
            distances.append(start - before - len(term))
        if after >= 0:
            distances.append(after - end + 2)
        if distances:
            value += weight * exp(-min(distances) / 12)
    return value / terms.total


_ITEM_MARK = re.compile("[、,;。]")
_TURNED = FIGURES | {"person"}  # 有多少工人 ↔ 工人近百人, 谁是厂长 ↔ 厂长王立
_SOFT = str.maketrans("", "", " ,;:的了约达到为是有共总已将逾超近过成个\"'、()")


def _neighbours(analysis: QuestionAnalysis, ask: Ask, text: str, at: TextSpan) -> dict[str, float]:
    """How well what stands just before and behind the candidate repeats what stands around the question word.

    What is counted, held or chosen may change its side: 有多少工人 ↔ 工人近百人, 谁是厂长 ↔ 厂长王立,
    三大产业是哪些 ↔ 甲、乙、丙三大产业.
    A quoted term of the question right beside the candidate explains it: “三快”(甲、乙、丙).
    """
    question = analysis.folded
    before = question[: ask.span[0]].translate(_SOFT)[-8:]
    after = re.split(r"[,;?。]", question[ask.span[1] :])[0].translate(_SOFT)[:8]
    beside = text[: at[0]], text[at[1] :]
    if ask.kind in FIGURES:  # 企业6家、学校9所: what stands beyond the mark is another figure's
        beside = _ITEM_MARK.split(beside[0])[-1], _ITEM_MARK.split(beside[1])[0]
    left, right = beside[0].translate(_SOFT)[-10:], beside[1].translate(_SOFT)[:10]
    quoted = [term.translate(_SOFT) for term in analysis.quoted]
    return {
        "left": max(
            _shared(before, left, end=True, near_end=True),
            _shared(after, left, end=True, near_end=True) if ask.kind in _TURNED else 0.0,
            float(any(term and left.endswith(term) for term in quoted)),
        ),
        "right": max(
            _shared(after, right, end=False, near_end=False),
            _shared(before, right, end=True, near_end=False) if ask.kind == "list" else 0.0,
            float(any(term and right.startswith(term) for term in quoted)),
        ),
    }


def _shared(wanted: str, there: str, *, end: bool, near_end: bool) -> float:
    """0..1: the longest piece at the end (or beginning) of ``wanted`` that stands in ``there``.

    Discounted by its distance from the end (or beginning) of ``there``, where the candidate is.
    """
    for length in range(min(len(wanted), 6), 0, -1):
        piece = wanted[-length:] if end else wanted[:length]
        place = there.rfind(piece) if near_end else there.find(piece)
        if place >= 0:
            distance = len(there) - place - length if near_end else place
            score = min(length, 4) / 4 * exp(-distance / 6)
            return score * 0.5 if length == 1 else score
    return 0.0


GENERIC_ENDING = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|分公司|公司|集团|国家高新技术产业开发区|高新技术产业开发区|国家高新区|高新区|经济开发区|开发区|经开区|保税区|示范区|自贸区|科教城|产业园|创新园|园区|新区"
    r"|分中心|研究院|研究所|实验室|大学|学院|医院|银行|[省市县区镇])$"
)
_KIND_OF_NAME = re.compile(
    r"(?:公司|集团|高新区|开发区|经开区|保税区|示范区|自贸区|科教城|园区?|新区|中心|研究[院所]|实验室|大学|学院|医院|银行|[省市县区镇])$"
)


def _names(
    analysis: QuestionAnalysis,
    text: str,
    around: tuple[str, str],
    translated: Sequence[Sequence[str]] = (),
    *,
    crossing: bool,
) -> tuple[float, float, float]:
    """Share of the question's names found, that of the least one, and whether another of its kind is named instead."""
    found: list[float] = []
    rival = 0.0
    for name in analysis.names:
        stem = GENERIC_ENDING.sub("", name) or name
        if crossing and analysis.language == "zh":  # in a Latin text a Chinese name is written in pinyin
            spelt = [
                term.removeprefix(PINYIN_MARK) for term in document_terms(stem) if term[0] == PINYIN_MARK
            ]
            stem = next((form for form in spelt if any(form in place for place in (text, *around))), stem)
        elif crossing and not re.search(r"[\u3400-\u9fff]|\d", stem):
            continue
        here = max(_overlap(stem, text), 0.9 * _overlap(stem, around[0]), 0.8 * _overlap(stem, around[1]))
        found.append(here)
        kind = _KIND_OF_NAME.search(name)
        if kind and _overlap(stem, text) < 0.5 and len(stem) >= 2:
            others = re.findall(rf"([\u3400-\u9fff]{{2,8}}){kind.group()}", text)
            if any(not _overlap(stem, other) > 0.5 and other[-2:] not in name for other in others):
                rival = 1.0
    for forms in translated:
        places = ((1.0, text), (0.9, around[0]), (0.8, around[1]))
        found.append(max(share * _overlap(fold(form), place) for form in forms for share, place in places))
    mean = sum(found) / len(found) if found else 1.0
    for number in _long_numbers(analysis):
        place = re.compile(rf"(?<![\d.]){re.escape(number)}(?!\d|\.\d)")
        here = 1.0 if place.search(_ungrouped(text)) else 0.0
        found.append(here or (0.8 if any(place.search(_ungrouped(there)) for there in around) else 0.0))
    return mean, min(found, default=1.0), rival


@lru_cache(maxsize=64)
def _long_numbers(analysis: QuestionAnalysis) -> tuple[str, ...]:
    """Numbers of two digits and more that the question states, years left out, and without grouping commas."""
    numbers = re.findall(r"(?<![\d.a-z])\d+(?:\.\d+)?(?!\d|\.\d|年)", _ungrouped(analysis.folded))
    plain = [n.lstrip("0") if n.isdigit() else n for n in numbers]  # 05月06日 is 5月6日
    return tuple(n for n in plain if len(n) > 1 and not (n.isdigit() and int(n) in analysis.years))


_GROUPED = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])")


@lru_cache(maxsize=512)
def _ungrouped(text: str) -> str:
    """Return a text with 12,000 written as 12000."""
    return _GROUPED.sub(lambda match: match[0].replace(",", ""), text)


def _overlap(stem: str, text: str) -> float:
    """Share of the stem's character pairs (or its Latin letters as one) that stand in a text."""
    if stem in text:
        return 1.0
    if not re.search(r"[\u3400-\u9fff]", stem) or len(stem) < 3:
        return 0.0
    pairs = [stem[i : i + 2] for i in range(len(stem) - 1)]
    return sum(pair in text for pair in pairs) / len(pairs)


def _year_agreement(analysis: QuestionAnalysis, year: int | None, strong: bool) -> float:
    if not analysis.years or year is None:
        return 0.0
    sure = 1.0 if strong else 0.5
    return sure if year in analysis.years else -sure


def _kind_agreement(ask: Ask, candidate: Candidate) -> float:
    main = _MAIN_KIND[ask.kind]
    if candidate.kind in main or not main:  # no kind asked for: every span will do
        return 1.0
    return 0.5 if candidate.kind in _KINDS[ask.kind] else 0.0


def _unit_agreement(ask: Ask, candidate: Candidate) -> float:
    if not ask.units or candidate.kind == "phrase":
        return 0.0
    if ask.kind == "date":
        return 1.0 if candidate.unit in ask.units else -0.5
    if ask.kind == "place":
        return 1.0 if candidate.unit in ask.units else -0.5 if candidate.unit else 0.0
    if any(candidate.unit == unit or (len(unit) > 1 and unit in candidate.unit) for unit in ask.units):
        return 1.0
    if ask.kind in ("money", "percent") and candidate.kind == ask.kind:
        return 1.0
    return -0.3 if not candidate.unit else -1.0


def _asked(analysis: QuestionAnalysis, text: str) -> float:
    return float(text in analysis.folded)


def _count_agreement(ask: Ask, candidate: Candidate) -> float:
    if ask.count is None or not candidate.parts:
        return 0.0
    return 1.0 if len(candidate.parts) == ask.count else -1.0


_ALIGN = re.compile(r"分别|依次|respectively")
_VALUE = re.compile(r"\d+(?:[.,]\d+)*(?!月|年)")


@lru_cache(maxsize=512)
def _respectively(text: str, question: str, crossing: bool) -> dict[int, float]:
    """For "A、B分别为x、y": the place of each value → 1 where the question names its owner alone, else -1."""
    match = _ALIGN.search(text)
    if not match:
        return {}
    rest = re.split(r"[;。]", text[match.end() :])[0]
    values: list[int] = []
    for found in _VALUE.finditer(rest):
        values.append(match.end() + found.start())
    clause_start = max(text.rfind(mark, 0, match.start()) for mark in ",;。:") + 1
    owners = [o for o in re.split(r"、|以及|[和与及]", text[clause_start : match.start()].strip()) if o]
    verb = _VERB.match(rest)
    if not owners and (verb is None or verb[1] in question):
        row = re.split(r",(?!\d)", rest)[0]
        owners = _clause_owners(re.split(r"[;。:]", text[: match.start()])[-1], len(_VALUE.findall(row)))
    if len(owners) < 2 or len(values) < len(owners):
        return {}
    values = values[: len(owners)]
    named = [_owner_named(owner, question, crossing) for owner in owners]
    if sum(named) != 1:
        return {}
    return {place: 1.0 if yes else -1.0 for place, yes in zip(values, named, strict=True)}


_VERB = re.compile(r"(?:同比|环比)?(?![为达有是约占])([\u4e00-\u9fff]{2})")  # behind 分别: 增长


def _clause_owners(text: str, number: int) -> list[str]:
    """Return what the last clauses are about, for "A产值9亿元,B产值7亿元,分别增长x、y": A and B."""
    clauses = [clause for clause in text.split(",") if clause.strip()][-number:]
    subjects = [re.split(r"\d", clause)[0].strip() for clause in clauses]
    columns = zip(*(reversed(subject) for subject in subjects), strict=False)
    common = sum(1 for _ in takewhile(lambda column: len({*column}) == 1, columns))
    owners = [subject[: len(subject) - common] for subject in subjects]
    return owners if len(owners) == number and all(owners) else []


def _aligned(places: Mapping[int, float], at: TextSpan) -> float:
    """1 for the value of the owner asked for, -1 for another's and for a span over several values."""
    covered = [value for place, value in places.items() if at[0] <= place < at[1]]
    return covered[0] if len(covered) == 1 else -1.0 if covered else 0.0


def _owner_named(owner: str, question: str, crossing: bool) -> bool:
    """Whether a question names the owner: by its ends, or across languages by its pinyin."""
    if crossing:
        joined = re.sub(r"[^a-z]", "", question)
        pinyin = [term[1:] for term in document_terms(owner) if term.startswith(PINYIN_MARK)]
        return any(len(word) > 3 and word in joined for word in pinyin)
    return (
        owner in question
        or (len(owner) > 6 and owner[-6:] in question)
        or (len(owner) > 4 and owner[:4] in question and owner[-2:] in question)
    )
