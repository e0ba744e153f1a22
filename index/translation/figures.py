"""Rewrites dates and figures: 10 billion yuan and 100亿元, March 28 and 3月28日. Knows no other words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.translation.lexicon import Unit, all_alike

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september",
         "october", "november", "december"), 1
    )
}  # fmt: skip
_MONTH = "|".join(f"{name}|{name[:3]}\\.?" for name in _MONTHS if name != "may") + "|may|sept\\.?"
_DATE = re.compile(
    rf"""\b(?:
      (?P<month1>{_MONTH})\s(?P<day1>[0-3]?\d)(?:st|nd|rd|th)?(?:,?\s(?:of\s)?(?P<year1>(?:1\d|20)\d\d))?(?![\d,%])
    | (?P<day2>[0-3]?\d)(?:st|nd|rd|th)?\s(?:of\s)?(?P<month2>{_MONTH})(?:,?\s(?P<year2>(?:1\d|20)\d\d))?
    | (?P<month3>{_MONTH}),?\s(?:of\s)?(?P<year3>(?:1\d|20)\d\d)
    | (?:in|by|of|since|until|last|this|next|early|late|mid|before|after)[\s-](?P<month4>{_MONTH})(?!,?\s\d)
    | (?P<year5>(?:1[5-9]|20)\d\d)(?![\d.,]*\d|\s*(?:%|percent|yuan|people|companies|enterprises|million|billion))
    )(?!\w)""",
    re.VERBOSE,
)
_SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "hundred": 1e2,
           "k": 1e3, "m": 1e6, "mn": 1e6, "bn": 1e9}  # fmt: skip
_CURRENCIES = {
    "yuan": "元", "rmb": "元", "cny": "元", "renminbi": "元", "dollars": "美元", "dollar": "美元", "usd": "美元",
    "euros": "欧元", "euro": "欧元", "eur": "欧元", "yen": "日元", "pounds": "英镑",
}  # fmt: skip
_FIGURE = re.compile(
    rf"""(?<![\w.])(?P<sign>[$€£¥]|us\$|rmb\s?)?\s?(?P<digits>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)
    (?:\s?(?P<percent>%|percent\b|per\scent\b)
      | (?:[\s-]?(?P<scale>{"|".join(_SCALES)})\b)?(?:\s(?P<currency>{"|".join(_CURRENCIES)})\b)?)(?![a-z\d])""",
    re.VERBOSE,
)
_SIGNS = {"$": "美元", "us$": "美元", "€": "欧元", "£": "英镑", "¥": "元", "rmb": "元"}


def figures_in_english(folded: str) -> Iterator[Unit]:
    """Yield the dates and figures of a folded English text as Chinese writes them; they may overlap."""
    for match in _DATE.finditer(folded):
        parts = {key.rstrip("0123456789"): value for key, value in match.groupdict().items() if value}
        month = parts.get("month", "").rstrip(".")
        number = next((n for name, n in _MONTHS.items() if month and name.startswith(month[:3])), 0)
        said = (f"{parts['year']}年" if "year" in parts else "") + (f"{number}月" if number else "")
        said += f"{int(parts['day'])}日" if "day" in parts else ""
        start = match.start(next(key for key, value in match.groupdict().items() if value))
        yield Unit(start, match.end(), "date", ((said, 1.0),))
    for match in _FIGURE.finditer(folded):
        yield Unit(match.start(), match.end(), "figure", all_alike(_chinese_figures(match)))


def _chinese_figures(match: re.Match[str]) -> list[str]:
    """Return how Chinese writes a figure, the usual way first: 10 billion yuan → 100亿元."""
    digits = match["digits"].replace(",", "")
    if match["percent"]:
        return [f"{digits}%"]
    unit = _CURRENCIES.get(match["currency"] or "") or _SIGNS.get((match["sign"] or "").strip(), "")
    value = float(digits) * _SCALES.get(match["scale"] or "", 1.0)
    forms = [chinese_number(value) + unit]
    if match["scale"] is None or value < 1e4:
        forms = [plain_number(value) + unit, *forms] if value < 1e5 else [*forms, plain_number(value) + unit]
    return list(dict.fromkeys(forms))


def chinese_number(value: float) -> str:
    """Return a number with 万 and 亿: 30000 → 3万, 88.5e9 → 885亿."""
    for scale, name in ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")):
        if value >= scale:
            return plain_number(value / scale) + name
    return plain_number(value)


def plain_number(value: float) -> str:
    """Return a number with at most six decimals and no zeros at their end."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


_CHINESE_DATE = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?")
_CHINESE_FIGURE = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)(万亿|千亿|百亿|千万|百万|十万|亿|万|千|百)?(元|美元|欧元|人民币|%)?"
)
_CHINESE_SCALES = {
    "万亿": 1e12, "千亿": 1e11, "百亿": 1e10, "亿": 1e8, "千万": 1e7, "百万": 1e6, "十万": 1e5, "万": 1e4,
    "千": 1e3, "百": 1e2,
}  # fmt: skip
_ENGLISH_UNITS = {"元": "yuan", "人民币": "yuan", "美元": "dollars", "欧元": "euros", "%": "%"}


def figures_in_chinese(folded: str) -> Iterator[Unit]:
    """Yield the dates and figures of a folded Chinese text as English writes them; they may overlap."""
    names = [name.capitalize() for name in _MONTHS]
    for match in _CHINESE_DATE.finditer(folded):
        year, month, day = match.groups()
        if not (year or month) or (month and not 1 <= int(month) <= 12):
            continue
        said = [names[int(month) - 1]] if month else []
        said += [part for part in (day, year) if part]
        yield Unit(match.start(), match.end(), "date", ((" ".join(said), 1.0),))
    for match in _CHINESE_FIGURE.finditer(folded):
        digits, scale, unit = match.groups()
        value = float(digits.replace(",", "")) * _CHINESE_SCALES.get(scale or "", 1.0)
        behind = _ENGLISH_UNITS.get(unit or "", "")
        said_unit = behind if behind in ("", "%") else f" {behind}"
        forms = [
            english_number(value) + said_unit,
            f"{value:,.0f}" if value.is_integer() else plain_number(value),
        ]
        yield Unit(match.start(), match.end(), "figure", all_alike(list(dict.fromkeys(forms))))


def english_number(value: float) -> str:
    """Return a number with million, billion and trillion: 1e10 → 10 billion, 3e4 → 30,000."""
    for scale, name in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= scale:
            return f"{plain_number(value / scale)} {name}"
    return f"{value:,.0f}" if value == int(value) else plain_number(value)
