"""Makes English questions from parallel sentences and finds the answer on both sides.

A figure is found by its value, a date by its year, month and day, a name by the dictionary; so the answer's
place in the Chinese sentence is known exactly although nothing was aligned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from index.datatypes import Span
from index.text import MONTHS
from index.translation.lexicon import word_set
from rag.training.answers import AnswerKind
from rag.training.words import Lexicon


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAnswer:
    """An answer that both sentences hold; ``asks`` are the English words that ask for it."""

    kind: AnswerKind
    english: Span
    chinese: Span
    asks: tuple[str, ...]


_MONTH = "|".join(MONTHS)
_SHORT = "|".join(name[:3] for name in MONTHS) + "|Sept"
_ENGLISH_DATE = re.compile(
    rf"\b(?:(?P<month1>{_MONTH}|{_SHORT})\.?\s(?P<day1>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s(?P<year1>(?:19|20)\d\d))?"
    rf"|(?P<day2>\d{{1,2}})\s(?P<month2>{_MONTH})(?:\s(?P<year2>(?:19|20)\d\d))?"
    rf"|(?P<month3>{_MONTH})\s(?P<year3>(?:19|20)\d\d)|(?P<year4>(?:19|20)\d\d))\b"
)
_ENGLISH_FIGURE = re.compile(
    r"(?<![\w.\-$£€])(?:[$£€]\s?)?\d[\d,]*(?:\.\d+)?"
    r"(?:\s?%|\s(?:percent|per cent|hundred|thousand|million|billion|trillion)\b|[mbk]n?\b)?(?![\w\-])"
)
_CHINESE_FIGURE = re.compile(
    r"(百分之)?(\d[\d,，]*(?:\.\d+)?)\s?(万亿|千亿|百亿|十亿|千万|百万|十万|亿|万|千|百)?\s?(%|％|个百分点)?"
)
_UNITS = (
    "个小时|个月|个百分点|个人|美元|欧元|英镑|日元|元|人|名|位|家|个|项|件|条|辆|台|套|架|艘|次|场|届|起|份|张|部|款|种|岁|天|小时|"
    "分钟|秒|年|周|米|公里|千米|英里|英尺|吨|公斤|克|度|倍|分|平方公里|平方米|磅|票|集|页"
)
_CHINESE_UNIT = re.compile(rf"\s?(?:{_UNITS})")
_ENGLISH_SCALE = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "k": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "b": 1e9,
    "bn": 1e9,
}
_CHINESE_SCALE = {
    "百": 1e2,
    "千": 1e3,
    "万": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "十亿": 1e9,
}
_CHINESE_SCALE |= {"百亿": 1e10, "千亿": 1e11, "万亿": 1e12}
_NUMERALS = {"two": "[两二]"} | dict(
    zip(("three", "four", "five", "six", "seven", "eight", "nine", "ten"), "三四五六七八九十", strict=True)
)
_TIMES_AND_MONEY = word_set(
    "people years days hours minutes months dollars euros yuan meters kilometers miles km"
)
_NO_UNIT = word_set("and for the with from per were are was that")
_ENGLISH_NAME = re.compile(r"[A-Z][A-Za-z'\-]+(?: (?:of |the )?[A-Z][A-Za-z'\-]+){0,4}")
_PERSON = re.compile(
    r"\(\d{4}|politician|president|prime minister|actor|actress|writer|singer|player|leader|emperor|name"
)
_PLACE = re.compile(
    "city|capital|province|country|county|state|island|river|republic|town|district|continent|Africa|Europe|Asia|America|nation"
)


def shared_answers(english: str, chinese: str, lexicon: Lexicon) -> list[SharedAnswer]:
    """Return the dates, figures and names that both sentences hold, none twice."""
    found: list[SharedAnswer] = []
    for finder in (_dates(english, chinese), _figures(english, chinese), _names(english, chinese, lexicon)):
        for answer in finder:
            start, end = answer.english
            if all(end <= other.english[0] or other.english[1] <= start for other in found):
                found.append(answer)
    return found


def _dates(english: str, chinese: str) -> Iterator[SharedAnswer]:
    for match in _ENGLISH_DATE.finditer(english):
        parts = match.groupdict()
        month = next((parts[f"month{n}"] for n in (1, 2, 3) if parts[f"month{n}"]), None)
        day = parts["day1"] or parts["day2"]
        year = next((parts[f"year{n}"] for n in (1, 2, 3, 4) if parts[f"year{n}"]), None)
        pattern = rf"{year}\s?年" if year else ""
        if month:
            pattern += rf"\s?{[m[:3] for m in MONTHS].index(month[:3]) + 1}\s?月"
        pattern += rf"\s?{int(day)}\s?[日号]" if day else ""
        place = re.search(rf"(?<!\d){pattern}(?!代)", chinese)
        if place:
            asks: tuple[str, ...] = ("when", "when did", "what date", "on what day")
            if parts["year4"]:
                asks = ("what year", "when", "in which year")
            yield SharedAnswer(kind="date", english=match.span(), chinese=place.span(), asks=asks)


def _figures(english: str, chinese: str) -> Iterator[SharedAnswer]:
    places = list(chinese_figures(chinese))
    for match in _ENGLISH_FIGURE.finditer(english):
        figure = match.group().rstrip()
        start, end = match.start(), match.start() + len(figure)
        value, percent = english_value(figure)
        same = [place for v, p, place in places if abs(v - value) < 1e-6 * max(1.0, value) and p == percent]
        if len(same) != 1:
            continue
        unit = re.match(r"[ \-]([a-z]{3,})", english[end:])
        counted = unit is not None and unit[1] not in _NO_UNIT
        if unit and unit[1] in _TIMES_AND_MONEY and not percent and figure[0] not in "$£€":
            end += len(unit[0])
        if figure[0] in "$£€":
            asks: tuple[str, ...] = ("how much", "how much money")
        elif percent:
            asks = ("what percentage", "how much", "by how much")
        else:
            asks = ("how many", "how many", "how much") if counted else ("how many", "what", "how much")
        yield SharedAnswer(kind="figure", english=(start, end), chinese=same[0], asks=asks)
    for word, numeral in _NUMERALS.items():
        spelt = re.search(rf"\b{word}\b", english)
        pattern = rf"(?<![十百第几零〇一二三四五六七八九]){numeral}(?![十百千月日万])(?:{_UNITS})"
        numerals = list(re.finditer(pattern, chinese))
        if spelt and len(numerals) == 1:
            place = numerals[0].span()
            yield SharedAnswer(kind="figure", english=spelt.span(), chinese=place, asks=("how many",))


def english_value(figure: str) -> tuple[float, bool]:
    """Return an English figure's value and whether it is a percentage.

    >>> english_value("$1.5 million")
    (1500000.0, False)
    """
    match = re.match(r"[$£€]?\s?([\d,]+(?:\.\d+)?)\s?(\S+)?", figure)
    if match is None:
        return 0.0, False
    scale = match[2] or ""
    value = float(match[1].replace(",", "") or 0)
    return value * _ENGLISH_SCALE.get(scale, 1), scale.startswith(("%", "per"))


def chinese_figures(text: str) -> Iterator[tuple[float, bool, Span]]:
    """Yield value, whether it is a percentage, and span with unit, of the figures in digits.

    >>> list(chinese_figures("约1.5万人"))
    [(15000.0, False, (1, 6))]
    """
    for match in _CHINESE_FIGURE.finditer(text):
        value = float(re.sub("[,，]", "", match[2])) * _CHINESE_SCALE.get(match[3] or "", 1)
        end = match.end()
        unit = None if match[4] else _CHINESE_UNIT.match(text, end)
        end = unit.end() if unit else end
        while text[end - 1].isspace():
            end -= 1
        yield value, bool(match[1] or match[4] in {"%", "％"}), (match.start(), end)


def _names(english: str, chinese: str, lexicon: Lexicon) -> Iterator[SharedAnswer]:
    for match in _ENGLISH_NAME.finditer(english):
        name = match.group().removeprefix("The ")
        start = match.end() - len(name)
        for form in lexicon.by_english.get(name, ()):
            if chinese.count(form) != 1:
                continue
            meaning = lexicon.names[form]
            kind, asks = _name_kind(meaning)
            place = chinese.index(form)
            end = place + len(form)
            if (
                kind == "place"
                and not form.endswith(tuple("省市县州国"))
                and re.match("[省市县州国]", chinese[end:])
            ):
                end += 1
            yield SharedAnswer(kind=kind, english=(start, match.end()), chinese=(place, end), asks=asks)
            break


def _name_kind(meaning: str) -> tuple[AnswerKind, tuple[str, ...]]:
    place = _PLACE.search(meaning)
    if _PERSON.search(meaning) and not place:
        return "person", ("who",)
    if "country" in meaning or "republic" in meaning.lower():
        return "place", ("where", "which country", "which place")
    if place:
        return "place", ("where", "which city", "which place", "in which city")
    return "name", ("what", "which", "which organization")


_CUT = re.compile(r"[,;:()\"“”]| (?:but|while|although|because|which|and (?:the|he|she|it|they|we)) ")
_SMALL = word_set("The A In It He She They This There At On For We I His Her An After When As With From")
_PREPOSITIONS = word_set("in on at by since from to of about around nearly over than until with for")
_FIRST = word_set("But And So However Also Meanwhile Then")


def ask_in_english(sentence: str, answer: SharedAnswer, random: Random) -> str | None:
    """Return an English question made of the clause around an answer, or None where too little is left.

    There is no parser here: the question words stand in front, a form of "do" or "be" may follow, the rest
    keeps its order. That is close enough to what people ask for the words to be learnt from.
    """
    left, right = _clause(sentence, answer.english, random)
    if len(left) + len(right) < 3:
        return None
    asks = random.choice(answer.asks)
    choice = random.random()
    preposition = bool(left) and left[-1].lower() in _PREPOSITIONS
    if answer.kind == "figure":
        spoken = _ask_figure(asks, left, right, choice, random)
    elif answer.kind == "date":
        left = left[:-1] if preposition else left
        helper = [] if asks.endswith("did") else random.choice((["did"], ["was"], []))
        spoken = [asks, *helper, *left, *right]
    elif not left:
        named = asks.replace("in which", "which").replace("where", "which place")
        spoken = [named, *right]
    else:
        left = left[:-1] if left[-1] in {"in", "at"} and asks in {"where", "in which city"} else left
        helper = random.choice((["did"], ["was"], ["is"], []))
        spoken = [asks, *helper, *left, *right] if choice < 0.75 else [*left, asks, *right]
    drop = 0.06 if random.random() < 0.5 else 0.0
    spoken = [word for word in spoken if random.random() >= drop and not _skipped(word, random)]
    text = " ".join(spoken).strip(" ,;:-")
    if len(text) < 12:
        return None
    return text[0].upper() + text[1:] + ("?" if random.random() < 0.85 else "")


def _skipped(word: str, random: Random) -> bool:
    return word in {"the", "a", "an", "also", "just", "very"} and random.random() < 0.2


def _clause(sentence: str, span: Span, random: Random) -> tuple[list[str], list[str]]:
    """Return the words around a span, within its clause mostly, at most 18."""
    start, end = 0, len(sentence)
    if random.random() < 0.75:
        for cut in _CUT.finditer(sentence, 0, span[0]):
            if span[0] - cut.end() > 25 or random.random() < 0.3:
                start = cut.end()
        for cut in _CUT.finditer(sentence, span[1]):
            if cut.start() - span[0] > 20 or cut.start() - start > 40:
                end = cut.start()
                break
    left = sentence[start : span[0]].split()
    right = re.sub(r"[.!?]+[\"”’]?$", "", sentence[span[1] : end]).split()
    if left and left[0] in _FIRST:
        left = left[1:]
    if left and left[0] in _SMALL and not (len(left) > 1 and left[1][:1].isupper()):
        left[0] = left[0].lower()
    while len(left) + len(right) > 18:
        if len(left) > len(right):
            left.pop(0)
        else:
            right.pop()
    return left, right


def _ask_figure(asks: str, left: list[str], right: list[str], choice: float, random: Random) -> list[str]:
    if left and left[-1].lower() in {"about", "around", "nearly", "over", "than", "by"}:
        left = left[:-1]
    if left and left[-1] in {"more", "less"}:
        left = left[:-1]
    if asks == "what percentage" and right[:1] == ["of"]:
        return [asks, *right, *left]
    counted = bool(right) and asks in {"how many", "what percentage"} and re.fullmatch("[a-z]{3,}", right[0])
    noun, rest = (right[:1], right[1:]) if counted else ([], right)
    helper = random.choice((["did"], ["does"], [], ["were"], []))
    return [asks, *noun, *helper, *left, *rest] if choice < 0.8 else [*left, asks, *right]
