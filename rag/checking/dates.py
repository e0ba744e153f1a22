"""Reads dates by value, Chinese and English: 2023年3月5日, 二〇二三年三月五日 and March 5, 2023 are one.

Takes text and, where it is known, the day it was published on, by which 去年 and 5日 are understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from index.text import MONTHS, fold
from rag.candidates import AMOUNT, COUNTED, flat, parse_year
from rag.checking.values import ENGLISH_WORDS, ORDINALS
from rag.numerals import han_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """What a date at ``text[start:end]`` states; None and "" where it does not."""

    start: int
    end: int
    year: int | None = None  # below 0: before Christ
    month: int | None = None
    day: int | None = None
    part: str = ""  # Q1 … Q4, H1, H2, decade or century
    derived: bool = False  # counted from the date before it: 次年

    @property
    def in_one_year(self) -> bool:
        """Whether its year is the one meant, rather than the first of many."""
        return self.part not in ("decade", "century")


_YEAR = r"(?:1\d|20)\d\d"
_NUMERAL = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4,
             "first": 1, "second": 2, "third": 3, "fourth": 4}  # fmt: skip
_CENTURY = r"(?:1?\d|2[01])(?!\d)|二?十[一二三四五六七八九]?|[二三四五六七八九]"
_CHINESE = re.compile(
    rf"""(?:(?:(?P<century>{_CENTURY})|上个?)世纪)?(?P<decade>(?:\d{{4}}|\d0|[一二三四五六七八九]十)年代)
    | (?<![\d.])(?P<century2>{_CENTURY})(?:世纪|(?=\s?[、至到—~和与-]\s?(?:{_CENTURY})世纪))
    | (?<!\d)(?P<year>{_YEAR}|[一二][〇零一二三四五六七八九]{{3}})
      (?:\s?年度?|(?=\s?[-—–~、和与至到]\s?{_YEAR}\s?年))
      (?:的?\s?(?:(?P<month>{_NUMERAL})\s?月份?(?:\s?(?P<day>{_NUMERAL})\s?[日号])?|第?(?P<quarter>[一二三四1-4])季度|(?P<half>[上下])半年))?
    | (?P<relative>大前年|前年|去年|上年|今年|本年|明年)
      (?:(?P<month2>{_NUMERAL})\s?月份?(?:\s?(?P<day2>{_NUMERAL})\s?[日号])?|第?(?P<quarter2>[一二三四1-4])季度|(?P<half2>[上下])半年)?
    | (?<![\d个])(?P<month3>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])\s?月份?(?!个|均|薪|球|亮|饼)
      (?:\s?(?P<day3>{_NUMERAL})\s?[日号])?
    | 第?(?P<quarter3>[一二三四1-4])季度 | (?<![\w])?(?P<half3>[上下])半年
    | (?<![\d-])(?P<year4>(?:1[89]|20)\d\d)[-/.](?P<month4>0?[1-9]|1[0-2])
      (?:[-/.](?P<day4>0?[1-9]|[12]\d|3[01]))?(?![\d%]|\.\d|{AMOUNT}|\s?(?:{COUNTED}))
    | (?<![\d月.])(?P<day5>[1-9]|[12]\d|3[01])日(?!元|均|报|产|前|内|游)""",
    re.VERBOSE,
)
_MONTH = "|".join(rf"{name}|{name[:3]}\b\.?" for name in MONTHS if name != "May") + "|May|Sept\\b\\.?"
_NO_UNIT = rf"(?![\d%]|[.,:]\d|\s?(?:{COUNTED}|[\u4e00-\u9fff]))"
_ORDINAL = rf"\d{{1,2}}(?:st|nd|rd|th)|(?i:(?:twenty-)?(?:{'|'.join(ORDINALS)}))"
_ENGLISH = re.compile(
    rf"""\b(?P<month>{_MONTH})\s(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?:,?\s(?:of\s)?(?P<year>{_YEAR}))?(?![\d%]|,\d)
    | \b(?P<day2>[0-3]?\d)(?:st|nd|rd|th)?\s(?:of\s)?(?P<month2>{_MONTH})(?:,?\s(?P<year2>{_YEAR}))?\b
    | \b(?P<month3>{_MONTH}),?\s(?:of\s)?(?P<year3>{_YEAR})\b
    | \b(?i:in|by|of|since|until|late|early|mid|last|this|before|after|from|to)[\s-](?P<month4>{_MONTH})\b(?!\s\d)
    | (?:\b(?P<quarter>first|second|third|fourth)\s(?:quarter|(?P<half>half))
        |\bQ(?P<quarter2>[1-4])|\bH(?P<half2>[12]))\b
      (?:,?\s(?:of\s)?(?P<year4>{_YEAR}))?(?!\sof\sthe\s(?!year)\w)
    | (?<![\d$€£¥.,-])(?P<decade>(?:1\d|20)\d0)s\b
    | \b(?P<century>{_ORDINAL})(?:[\s-]centur(?:y|ies)\b
      |(?=\s(?:and|to|or)\s(?:the\s)?(?:{_ORDINAL})[\s-]centur(?:y|ies)\b))
    | (?<![\d$€£¥.,\w])(?P<year5>{_YEAR})(?:[-–](?P<year6>\d\d|{_YEAR})\b)?{_NO_UNIT}(?![A-Za-z])""",
    re.VERBOSE,
)
_LONGEST_SPAN = 100  # years from the first to the last of a span
_BEFORE_CHRIST = re.compile(r"\s?(?:BCE?\b|B\.C\.)")
_SHIFTS = {"大前年": -3, "前年": -2, "去年": -1, "上年": -1, "今年": 0, "本年": 0, "明年": 1}
_RELATIVE = re.compile(r"(?<!the )\b(?P<word>last|this|next) year\b")
_AFTER_ANOTHER = re.compile(  # understood by the date before it
    r"(?P<same>同年|当年|\b(?:in )?(?:the|that) same year\b|\bthat year\b)"
    r"|(?P<next>次年|翌年|第二年|\b(?:the )?(?:following|next) year\b|\b(?:one|a) year later\b|\bthe year after\b)"
    r"|(?P<last>\b(?:the )?(?:previous|preceding) year\b|\ba year earlier\b|\bthe year before\b|前一年|上一年)"
    r"|(?P<many>\b(?:two|three|four|five|six|ten|\d{1,2})) years (?:later|earlier)\b"
    r"|(?P<many2>[两二三四五六十]|\d{1,2})年[后前]"
)
_ENGLISH_SHIFTS = {"last": -1, "this": 0, "next": 1}


def find_dates(text: str, published: str | None = None) -> list[Date]:
    """Return the dates of a text in order.

    Args:
        text: Chinese or English.
        published: ISO day of the text. With it, 去年 is a year and 5日 a day of that month; without it they are
            spans that state nothing.
    """
    today = published_in(published)
    found: list[Date] = []
    for date in (*_chinese(fold(text), today), *_english(flat(text), today)):
        if not any(date.start < other.end and other.start < date.end for other in found):
            found.append(date)
    return _following(text, sorted(found, key=lambda date: date.start))


_MANY = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}


def _following(text: str, dates: list[Date]) -> list[Date]:
    """Add what counts from the date before it: 次年, two years later. It states nothing where none is before it."""
    result = list(dates)
    for match in _AFTER_ANOTHER.finditer(fold(text)):
        if any(match.start() < date.end and date.start < match.end() for date in dates):
            continue
        year = next((d.year for d in reversed(result) if d.end <= match.start() and d.year), None)
        if year is not None:
            many = match["many"] or match["many2"]
            shift = 0 if match["same"] else 1 if match["next"] else -1
            if many:
                number = _MANY.get(many) or _number(many) or 0
                shift = -number if match.group().endswith(("earlier", "前")) else number
            year += shift
        result = sorted(
            [*result, Date(start=match.start(), end=match.end(), year=year, derived=True)],
            key=lambda date: date.start,
        )
    return result


def years_between(text: str, dates: list[Date]) -> list[Date]:
    """Return the years inside the ranges of a text: 2020 and 2021 of 2019年至2022年."""
    folded = fold(text)
    return [
        Date(start=first.start, end=last.end, year=year)
        for first, last in pairwise(dates)
        if first.year
        and last.year
        and re.fullmatch(r"年?\s?(?:至|到|—|–|-|~|to|through|until)\s?", folded[first.end : last.start])
        for year in range(first.year + 1, min(last.year, first.year + 50))
    ]


def published_in(iso: str | None) -> tuple[int | None, int | None]:
    """Return year and month of an ISO date as far as it has them."""
    match = re.match(r"(\d{4})(?:-(\d\d))?", iso or "")
    return (int(match[1]), int(match[2]) if match[2] else None) if match else (None, None)


def _merged(match: re.Match[str]) -> dict[str, str]:
    """Return the groups that took part, their numbers cut off."""
    return {name.rstrip("0123456789"): value for name, value in match.groupdict().items() if value}


def _number(text: str | None) -> int | None:
    if not text:
        return None
    value = int(text) if text.isdigit() and text.isascii() else han_number(text)
    return None if value is None else int(value)


def _chinese(folded: str, today: tuple[int | None, int | None]) -> Iterator[Date]:
    for match in _CHINESE.finditer(folded):
        parts = _merged(match)
        year, month, day = (
            parse_year(parts.get("year", "")),
            _number(parts.get("month")),
            _number(parts.get("day")),
        )
        if "relative" in parts and today[0]:
            year = today[0] + _SHIFTS[parts["relative"]]
        if day and not month:
            month, year = today[1], today[0]
        if (month and not 1 <= month <= 12) or (day and not 1 <= day <= 31):
            continue
        part = ""
        if "decade" in parts:
            digits = parts["decade"].removesuffix("年代")
            year, part = (_number(digits) or 0) + _first_year(_number(parts.get("century"))), "decade"
        elif "century" in parts:
            year, part = _first_year(_number(parts["century"])), "century"
        elif "quarter" in parts:
            part = f"Q{_QUARTERS[parts['quarter']]}"
        elif "half" in parts:
            part = "H1" if parts["half"] == "上" else "H2"
        if year and folded.endswith("公元前", 0, match.start()):
            year = -year
        yield Date(start=match.start(), end=match.end(), year=year, month=month, day=day, part=part)


def _first_year(century: int | None) -> int:
    """Return the first year of a century as it is commonly counted: 1900 of the 20th; 0 where none is said."""
    return 100 * (century - 1) if century else 0


def _closing(first: str, last: str) -> int:
    """Return the last year of a span, whose century may be left to the first: 2019-21, 1998-02."""
    year = int(first[: -len(last)] + last)
    return year + 100 if len(last) == 2 and year < int(first) else year


def _english(shown: str, today: tuple[int | None, int | None]) -> Iterator[Date]:
    for match in _ENGLISH.finditer(shown):
        first, last = match["year5"], match["year6"]
        closing = _closing(first, last) if last else None
        if closing is not None and not 0 <= closing - int(first) <= _LONGEST_SPAN:
            continue  # a standard or a part: GB/T 1234-2020
        parts = _merged(match)
        name = parts.get("month", "")[:3]
        month = next((n for n, full in enumerate(MONTHS, 1) if name and full.startswith(name)), None)
        year, part = _number(parts.get("year")) if closing is None else closing, ""
        if year and _BEFORE_CHRIST.match(shown, match.end()):
            year = -year
        if "decade" in parts:
            year, part = int(parts["decade"]), "decade"
        elif "century" in parts:
            year, part = _first_year(_ordinal(parts["century"].lower())), "century"
        elif match["half"] or match["half2"]:
            part = f"H{match['half2'] or _QUARTERS[match['quarter']]}"
        elif "quarter" in parts:
            part = f"Q{_QUARTERS[parts['quarter']]}"
        start = match.start("month4") if match["month4"] else match.start()
        yield Date(
            start=start, end=match.end(), year=year, month=month, day=_number(parts.get("day")), part=part
        )
    for match in _RELATIVE.finditer(shown.lower()):
        year = today[0] + _ENGLISH_SHIFTS[match["word"]] if today[0] and match["word"] else None
        yield Date(start=match.start(), end=match.end(), year=year)


def _ordinal(word: str) -> int:
    """Return the number of an English ordinal: 20th, twentieth, twenty-first."""
    digits = re.match(r"\d+", word)
    return int(digits[0]) if digits else sum((ORDINALS | ENGLISH_WORDS)[part] for part in word.split("-"))


def covers(found: Date, said: Date) -> bool:
    """Tell whether a date of a passage states all that a sentence's date states; an unknown year is no difference.

    A year lies in its decade and century, a month in its quarter and half of the year.
    """
    if not (said.in_one_year and found.in_one_year):
        return _in_period(found, said)
    if said.part and said.part not in _parts_of_year(found):
        return False
    return (
        (said.year is None or found.year is None or said.year == found.year)
        and (said.month is None or said.month == found.month)
        and (said.day is None or said.day == found.day)
        and (said.year is None or found.year is not None or said.month is not None or bool(said.part))
    )


def _parts_of_year(date: Date) -> set[str]:
    """Return the quarter and the half of the year that a date lies in, as far as it says."""
    quarter = (date.month + 2) // 3 if date.month else int(date.part[1]) if date.part.startswith("Q") else 0
    return {date.part, *((f"Q{quarter}", f"H{(quarter + 1) // 2}") if quarter else ())}


def _in_period(found: Date, said: Date) -> bool:
    """Tell whether a date lies in a decade or century; 30年代 leaves open of which century it is."""
    if said.in_one_year or said.year is None or found.year is None or (said.year < 0) != (found.year < 0):
        return False
    first, year = abs(said.year), abs(found.year)
    if said.part == "century":  # 1900 is the last year of one, or the first of the next
        return first in (year // 100 * 100, (year - found.in_one_year) // 100 * 100)
    decade = year // 10 * 10
    return found.part != "century" and (
        decade == first or (min(decade, first) < 100 and (decade - first) % 100 == 0)
    )
