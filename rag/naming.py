"""Tells how far a text holds the names and numbers of a question, and whether it names another of their kind.

Takes an analysed question and folded texts; gives shares 0..1. Finds no names itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from index.terms import PINYIN_MARK, document_terms, tagged_words
from index.text import fold
from rag.questions import QuestionAnalysis
from rag.terms import SHORT_FORMS

GENERIC_ENDING = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|分公司|公司|集团|国家高新技术产业开发区|高新技术产业开发区|国家高新区|高新区|经济开发区|开发区|经开区|保税区|示范区|自贸区|科教城|产业园|创新园|园区|新区"
    r"|分中心|研究院|研究所|实验室|大学|学院|医院|银行|[省市县区镇])$"
)
_KIND_OF_NAME = re.compile(
    r"(?:公司|集团|高新区|开发区|经开区|保税区|示范区|自贸区|科教城|园区?|新区|中心|研究[院所]|实验室|大学|学院|医院|银行|[省市县区镇])$"
)

_NAMELESS = "(?<![城大强级])"  # 城市, 强镇, 县级市: no other city is named


def names_held(
    analysis: QuestionAnalysis,
    text: str,
    around: tuple[str, str],
    translated: Sequence[Sequence[str]] = (),
    *,
    crossing: bool,
) -> tuple[float, float, float]:
    """Return the share of the question's names found, that of the least one, and 1 where another of its kind is named.

    Args:
        analysis: of the question.
        text: a folded sentence.
        around: the titles over it, and the passage without it; what stands there counts a little less.
        translated: the forms of each name in the other language.
        crossing: whether the text is in another language than the question.
    """
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
        full = SHORT_FORMS.get(stem, stem)  # GDP is a name by its capitals
        stem = full if any(full in place for place in (text, *around)) else stem
        here = max(_overlap(stem, text), 0.9 * _overlap(stem, around[0]), 0.8 * _overlap(stem, around[1]))
        found.append(here)
        kind = _KIND_OF_NAME.search(name)
        if kind and _overlap(stem, text) < 0.5 and len(stem) >= 2:
            others = re.findall(rf"([\u3400-\u9fff]{{2,8}}){_NAMELESS}{kind.group()}", text)
            if any(_is_another(other, stem, name) for other in others):
                rival = 1.0
    asked, told = _subject(analysis.folded, nouns=False), _subject(text, nouns=True)
    if asked and told and not _overlap(asked, text):
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


_DATED_SUBJECT = re.compile(r"(?:本报讯)?\s*([\u4e00-\u9fff]{3,8}?)的?(?=(?:19|20)\d\d年)")


@lru_cache(maxsize=512)
def _subject(text: str, *, nouns: bool) -> str:
    """Return what a text puts before its year, if it may only be ``nouns``: 云帆科技 of 云帆科技2023年营收多少."""
    match = _DATED_SUBJECT.match(text)
    if not match or (nouns and not all(tag.startswith("n") for _, tag in tagged_words(match[1]))):
        return ""
    return match[1]


def opens_with_another(analysis: QuestionAnalysis, text: str) -> bool:
    """Tell whether a folded sentence opens with another name of a kind that the question names: B区区长 for A区."""
    for name in analysis.names:
        stem, kind = GENERIC_ENDING.sub("", name), _KIND_OF_NAME.search(name)
        if kind and len(stem) > 1 and _overlap(stem, text) < 0.5:
            opening = re.match(rf"\W*([\u3400-\u9fff]{{2,6}}?){_NAMELESS}{kind[0]}", text)
            if opening and _is_another(opening[1], stem, name):
                return True
    return False


def _is_another(before: str, stem: str, name: str) -> bool:
    """Whether what stands before the kind of a name is of another one, and not as 目前 in 目前公司."""
    if _overlap(stem, before) > 0.5:
        return False
    if before[-2:] in name:  # 江北人民医院 is another than 江南人民医院, 省人民医院 is not
        ends = zip(reversed(before), reversed(stem), strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))
        before, stem = before[: len(before) - shared], stem[: len(stem) - shared]
        if not shared or len(stem) < 2 or len(before) < 2 or before[-2:] in name:
            return False
    tag = tagged_words(before)[-1][1]
    return tag.startswith("n") and tag != "ng"


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
