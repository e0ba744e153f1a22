"""Tells which year a place in a text speaks of. Takes folded text, knows nothing of questions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.datatypes import Span as TextSpan
from rag.candidates import COUNTED, parse_year

_YEAR_IN_TEXT = re.compile(  # of what white space follows only what looks like one: not 1500 名, 1200 workers
    r"(?<!\d)(?<!\d[.,])(?<!\$)(?:(1[0-9]\d\d|20\d\d)(?=\s?年|[-/.]\d{1,2}[-/.])"
    rf"|((?:(?:19|20)|(?<=\bin )1[0-8])\d\d)(?=\.?$|\.\s|[,;:?!。)]|\s(?!(?:{COUNTED})\b|[\u4e00-\u9fff])))"
    r"|([一二][〇零一二三四五六七八九]{3})年"
)
_FROM_DATE = {
    "前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1,
    "last year": -1, "this year": 0, "next year": 1,
}  # fmt: skip
# of the year told last, else of the date
_FROM_TEXT = {"上年": -1, "同年": 0, "当年": 0, "次年": 1, "翌年": 1}
_OFFSETS = _FROM_DATE | _FROM_TEXT
_RELATIVE = re.compile("|".join(_OFFSETS))
_PLAN_ENDS = re.compile(r"十(?P<plan>[一二三四五])五[\"'”]?(?:规划)?(?:时?期)?末")
_END_OF_PLAN = {"一": 2010, "二": 2015, "三": 2020, "四": 2025, "五": 2030}
_BEFORE_ITS_YEAR = re.compile(  # 1,200 visitors in 2023
    r"(?:(?!\b(?:and|than|versus|against|compared)\b)[^,;:。\d])*\b(?:in|for|during|of|by)\s"
)
_COMPARED = re.compile(r"(?:[比较与同跟]|相比于?|相较于?)\s?$")  # 比2021年末增加5家: those are of no 2021
_FROM = re.compile(r"[由从]\s?$")
_ITS_FIGURE = re.compile(r"\s?年?[度初底末中]?的[^\d,;。]{0,6}")  # 由2021年的12家增至27家
_COMPARED_WITH = re.compile(
    r"(?:\bthan(?!\s[\d$£€])|\bfrom|\bcompared (?:with|to)|\bversus|\bvs\.?|\bagainst)\s(?:[\w.,%$£€-]+\s){0,6}$|\($"
)
_END = re.compile(r"[,;:。)]")


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """A year that a text states; it holds from ``start`` to ``until``."""

    start: int
    year: int
    until: int
    holds_before: bool = True  # for a figure in front of it too, where no other year is told


class Years:
    """Which year each place of a sentence speaks of: its own words first, then what stands before, then a date."""

    def __init__(self, text: str, sentence: TextSpan, above: str, date: str | None) -> None:
        """Take a passage's folded text, its sentence, the folded titles over it, and its ISO date."""
        self._text = text
        self._date = int(date[:4]) if date and date[:4].isdecimal() else None
        self._marks = self._find(text[slice(*sentence)], sentence[0])
        earlier = [mark for mark in self._find(text[: sentence[0]], 0) if mark.holds_before]
        titles = self._find(above, 0)
        self._weak = earlier[-1].year if earlier else titles[-1].year if titles else self._date

    def at(self, start: int, end: int) -> tuple[int | None, bool]:
        """Return the year of what stands between two offsets, if it can be told, and whether its sentence tells it."""
        behind = next((mark for mark in self._marks if mark.start >= end), None)
        if behind and _BEFORE_ITS_YEAR.fullmatch(self._text, end, behind.start):
            return behind.year, True
        before = [mark for mark in self._marks if mark.start <= start < mark.until]
        around = before[-1:] or [mark for mark in self._marks if mark.holds_before and mark.start >= end][:1]
        return (around[0].year, True) if around else (self._weak, False)

    def _find(self, text: str, shift: int) -> list[_Mark]:
        found = [
            (match.start(), match.end(), year)
            for match in _YEAR_IN_TEXT.finditer(text)
            if (year := parse_year(next(filter(None, match.groups()))))
        ]
        found += [(*match.span(), _END_OF_PLAN[match["plan"]]) for match in _PLAN_ENDS.finditer(text)]
        absolute = list(found)
        for match in _RELATIVE.finditer(text):
            told = [year for start, _, year in absolute if start < match.start()]
            base = told[-1] if told and match[0] in _FROM_TEXT else self._date
            if base is not None:
                found.append((*match.span(), base + _OFFSETS[match[0]]))
        return [self._mark(text, shift, *place) for place in sorted(found)]

    def _mark(self, text: str, shift: int, start: int, end: int, year: int) -> _Mark:
        before = text[max(0, start - 40) : start]
        its_figure = _ITS_FIGURE.match(text, end)
        if _COMPARED.search(before) or (_FROM.search(before) and its_figure):
            until = its_figure.end() + 1 if its_figure else start
            return _Mark(start + shift, year, until + shift, holds_before=False)
        if _COMPARED_WITH.search(before):
            close = _END.search(text, end + 1) if before.endswith("(") else None
            return _Mark(
                start + shift, year, (close.start() if close else len(text)) + shift, holds_before=False
            )
        return _Mark(start + shift, year, len(text) + shift)
