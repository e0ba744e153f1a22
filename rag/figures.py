"""Says a Chinese figure or date in English, exactly: 100亿元 → 10 billion yuan, 2015年9月 → September 2015.

Takes one short answer, gives its English or "" where there is nothing certain to say. Never rounds.
"""

from __future__ import annotations

import re
from decimal import Decimal, getcontext

from index.text import MONTHS, fold

_SCALES = {
    "万亿": 12,
    "千亿": 11,
    "百亿": 10,
    "十亿": 9,
    "亿": 8,
    "千万": 7,
    "百万": 6,
    "十万": 5,
    "万": 4,
    "千": 3,
    "百": 2,
}
_UNITS = {
    "元": "yuan", "人民币": "yuan", "美元": "US dollars", "欧元": "euros", "港元": "Hong Kong dollars", "日元": "Japanese yen",
    "英镑": "pounds", "家": "", "个": "", "名": "people", "人": "people", "位": "", "户": "", "项": "", "件": "", "条": "", "款": "",
    "种": "", "份": "", "台": "", "套": "", "辆": "", "座": "", "所": "", "次": "times", "倍": "times", "吨": "tonnes", "公斤": "kilograms",
    "米": "metres", "公里": "kilometres", "平方米": "square metres", "平方公里": "square kilometres", "立方米": "cubic metres", "亩": "mu",
    "公顷": "hectares", "度": "kWh", "千瓦时": "kWh", "千瓦": "kW", "兆瓦": "MW", "年": "years", "天": "days", "个月": "months",
    "小时": "hours", "分钟": "minutes", "岁": "years old", "%": "percent", "个百分点": "percentage points", "百分点": "percentage points",
}  # fmt: skip
_FIGURE = re.compile(
    r"(?P<lead>近|约|超过|超|逾|不足)?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s?(?P<scale>万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百)?"
    r"(?P<some>[余多])?(?P<scale2>亿|万)?\s?(?P<unit>[\u4e00-\u9fff%]{0,4}?)(?P<tail>以上|左右)?"
)
_DATE = re.compile(
    r"(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月份?)?(?:(?P<day>\d{1,2})[日号]|(?P<part>[上中下]旬|[初底末]))?"
)
_PARTS = {"上": "early", "中": "mid", "下": "late", "初": "early", "底": "end of", "末": "end of"}
_WORDS = ((12, "trillion"), (9, "billion"), (6, "million"))


def in_english(text: str) -> str:
    """Return the English of one figure or date; "" for anything else, and for text that is not Chinese."""
    folded = fold(text).strip()
    if not re.search(r"[\u4e00-\u9fff]", folded):
        return ""
    return _date(folded) or _figure(folded)


def _figure(folded: str) -> str:
    match = _FIGURE.fullmatch(folded)
    if not match or (match["unit"] and match["unit"] not in _UNITS):
        return ""
    if match["unit"] == "度" and not match["scale"]:  # 25度 may be of heat, of latitude or of a myopic eye
        return ""
    power = sum(_SCALES[match[name]] for name in ("scale", "scale2") if match[name])
    if len(match["number"]) + power > getcontext().prec:  # would be rounded
        return ""
    value = Decimal(match["number"].replace(",", "")) * (Decimal(10) ** power)
    words = [_number(value), _UNITS.get(match["unit"], "")]
    lead = {
        "近": "nearly",
        "约": "about",
        "超": "more than",
        "超过": "more than",
        "逾": "more than",
        "不足": "less than",
    }.get(match["lead"] or "", "")
    if match["some"] or match["tail"] == "以上":
        lead = "more than"
    elif match["tail"] == "左右":
        lead = "about"
    english = " ".join(word for word in (lead, *words) if word)
    return "" if english == folded else english


def _number(value: Decimal) -> str:
    for power, word in _WORDS:
        scaled = value / Decimal(10) ** power
        if scaled >= 1 and scaled == scaled.quantize(Decimal("0.00001")):
            return f"{_plain(scaled)} {word}"
    return _plain(value)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def _date(folded: str) -> str:
    match = _DATE.fullmatch(folded)
    if not match or not (match["year"] or match["month"]):
        return ""
    month = int(match["month"]) if match["month"] else 0
    if month > 12 or (match["day"] and not month):
        return ""
    words = [_PARTS[match["part"][0]]] if match["part"] else []
    if match["day"]:
        words.append(str(int(match["day"])))
    if month:
        words.append(MONTHS[month - 1])
    if match["year"]:
        words.append(match["year"])
    return " ".join(words)
