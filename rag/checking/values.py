"""Reads figures by value, Chinese and English: 885亿元, 八百八十五亿元, 8.85百亿 and 88.5 billion are one.

Takes text, gives numbers with their units and offsets; knows nothing of dates (`rag.checking.dates`) beyond the
spans it is told to leave out, and nothing of what a figure is said of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from typing import Literal

from index.datatypes import Span as TextSpan
from index.text import fold
from rag.numerals import HAN_DIGITS, HAN_POWERS, han_number

Bound = Literal["", "about", "over", "under"]

_UNITS_BY_DIMENSION = """
yuan 1: 元, 人民币, 块钱, yuan, rmb, renminbi, cny
usd 1: 美元, 美金, us dollars, us dollar, dollars, dollar, usd
eur 1: 欧元, euros, euro, eur
hkd 1: 港元, 港币, hong kong dollars, hkd
jpy 1: 日元, japanese yen, yen, jpy
gbp 1: 英镑, pounds, gbp
% 1: %, percent, per cent, pct
% 0.1: ‰
point 1: 个百分点, 百分点, percentage points, percentage point
point 0.01: 个基点, 基点, basis points, basis point
metre 1000: 公里, 千米, km, kilometres, kilometre, kilometers, kilometer
metre 1: 米, metres, metre, meters, meter, m
metre 0.01: 厘米, cm, centimetres, centimetre, centimeters, centimeter
metre 0.001: 毫米, mm, millimetres, millimetre, millimeters, millimeter
mile 1: 英里, miles, mile
square 1000000: 平方公里, 平方千米, square kilometres, square kilometre, square kilometers, square kilometer, sq km, km²
square 10000: 公顷, hectares, hectare
square 1: 平方米, 平米, ㎡, square metres, square metre, square meters, square meter, m2, m²
mu 1: 亩, mu
cubic 1: 立方米, 立方, cubic metres, cubic meters
gram 1000000: 吨, tonnes, tonne, tons, ton, metric tons
gram 1000: 公斤, 千克, kg, kilograms, kilogram
gram 1: 克, grams, gram
kwh 1: 千瓦时, kwh, kilowatt-hours, kilowatt hours
kwh 1000: 兆瓦时, mwh, megawatt-hours
kwh 1000000: 吉瓦时, gwh, gigawatt-hours
kw 1: 千瓦, kw, kilowatts
kw 1000: 兆瓦, mw, megawatts
kw 1000000: 吉瓦, gw, gigawatts
celsius 1: ℃, 摄氏度, degrees celsius
year 1: 年, 年时间, 周年, years, year
month 1: 个月, 月时间, months, month
week 1: 周, 星期, weeks, week
day 1: 天, 日, days, day
day 1: 个工作日, working days
hour 1: 小时, 个小时, hours, hour
minute 1: 分钟, minutes, minute
second 1: 秒, 秒钟, seconds
age 1: 岁, 周岁, years old, year-old
person 1: 人, 名, 位, 余人, 人次, people, persons, employees, workers, staff, students, residents, visitors, experts
person 1: graduates, engineers, passengers, members, teachers, doctors, volunteers, guests, tourists, readers, farmers
house 1: 家, 家次, companies, company, enterprises, enterprise, firms, businesses, banks, hospitals, factories
house 1: shops, stores, restaurants, manufacturers, suppliers, institutions
fold 1: 倍, fold
time 1: 次, 趟, times
rank 1: 届, 世纪, century
object 1: 台, 套, 辆, 艘, 架, 张, 篇, 本, 册, 册次, 册件, 台套, 台(套), 株, 棵, 头, 枚, 栋, 幢, 间, books, vehicles
piece 1: 个, 项, 件, 条, 款, 种, 份, 座, 所, 只, 部, 场, 期, 轮, 批, 级, 层, 块, 根, 颗, 笔, 起, 例, 大, 类, 支, 户
piece 1: 段, 处, 片, 站, 班, 度, 剂, 剂次
"""
# A bare number, or one with a unit that is not listed, is of dimension "": it goes with any unit but a share.

_LOOSE = frozenset({"", "piece", "object", "house", "person", "time", "fold", "rank"})
"""Dimensions that a bare number may belong to without its unit being said."""

_DURATIONS = {"year": ("month", 12), "month": ("month", 1), "week": ("second", 604_800), "day": ("second", 86_400),
              "hour": ("second", 3600), "minute": ("second", 60), "second": ("second", 1)}  # fmt: skip
"""The smallest unit of which each unit of time is a whole multiple, and how many; days do not make up a month."""

_CLOCKS = frozenset({"clock", "dial"})
"""Minutes since midnight; since midnight or noon where it is not said which."""

_SIGNS = {"$": "usd", "us$": "usd", "hk$": "hkd", "¥": "yuan", "€": "eur", "£": "gbp",
          "rmb": "yuan", "cny": "yuan", "usd": "usd", "eur": "eur"}  # fmt: skip
_ENGLISH_POWERS = {
    "hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12,
    "k": 3, "m": 6, "mn": 6, "b": 9, "bn": 9, "tn": 12,
}  # fmt: skip
_TEENS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
ENGLISH_WORDS = dict(zip(_TEENS, range(20), strict=True)) | dict(zip(_TENS, range(20, 100, 10), strict=True))
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
    **{f"{teen}th": value for value, teen in enumerate(_TEENS[13:], 13)},
    **{f"{ten[:-1]}ieth": 10 * value for value, ten in enumerate(_TENS, 2)},
}  # fmt: skip
_PARTS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5,
          "tenth": 10, "tenths": 10}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number at ``text[start:end]``, in the base unit of its dimension."""

    start: int
    end: int
    number: Decimal
    dimension: str = ""  # yuan, %, metre, person, clock …; "": not said
    step: Decimal = Decimal(1)  # what one of its last written digit other than 0 is worth
    bound: Bound = ""  # what a word beside it says: 约 about, 超过 over, 近 under
    spelt: bool = False  # written in words or Chinese numerals
    minus: bool | None = False  # below zero; None: not told, since its sentence speaks of a loss or fall

    @property
    def small(self) -> bool:
        """Whether it is a count that a writer may have made by counting: three measures, 五项任务."""
        return self.dimension in _LOOSE and 1 < self.number <= 10 and self.number == int(self.number)

    @property
    def recurring(self) -> bool:
        """Whether no decimals state it in full: 三分之一."""
        return self.step < Decimal("1e-12")


def same_dimension(a: Figure, b: Figure) -> bool:
    """Tell whether two figures may be counts or measures of one thing, as far as their units say."""
    if a.dimension == b.dimension:
        return True
    if a.dimension in _DURATIONS and b.dimension in _DURATIONS:
        return _DURATIONS[a.dimension][0] == _DURATIONS[b.dimension][0]
    if {a.dimension, b.dimension} & _CLOCKS:
        return {a.dimension, b.dimension} <= _CLOCKS
    if "%" in (a.dimension, b.dimension) or "point" in (a.dimension, b.dimension):
        return False
    if {a.dimension, b.dimension} <= _LOOSE:
        return "" in (a.dimension, b.dimension) or "piece" in (a.dimension, b.dimension)
    return "" in (a.dimension, b.dimension)


def bears_out(found: Figure, said: Figure) -> bool:
    """Tell whether a figure of a passage is the one that a sentence says.

    Equal by value and not limits in opposite directions; or, where the sentence says about, over or nearly, rounded
    in that direction to its digits.
    """
    if not same_dimension(found, said):
        return False
    if None not in (found.minus, said.minus) and found.minus != said.minus:
        return False
    if found.dimension != said.dimension and {found.dimension, said.dimension} <= _DURATIONS.keys():
        found, said = _in_smallest(found), _in_smallest(said)
    if {found.dimension, said.dimension} == _CLOCKS:
        found, said = (replace(time, number=time.number % _HALF_DAY) for time in (found, said))
    if found.number == said.number:
        return {found.bound, said.bound} != {"over", "under"}
    if _rounds_to(found, said) or _rounds_to(said, found):
        return True
    if not said.bound:
        return False
    modes = {"over": (ROUND_FLOOR,), "under": (ROUND_CEILING,), "about": (ROUND_HALF_UP,)}[said.bound]
    return any(
        (found.number / said.step).to_integral_value(rounding=mode) * said.step == said.number
        for mode in modes
    )


def _in_smallest(figure: Figure) -> Figure:
    """Return a duration in the smallest unit that it is a whole multiple of: two years in months."""
    dimension, factor = _DURATIONS[figure.dimension]
    return replace(figure, dimension=dimension, number=figure.number * factor, step=figure.step * factor)


def _rounds_to(fraction: Figure, decimal: Figure) -> bool:
    """Tell whether a recurring fraction is what decimals say as far as they go: 三分之一, 33%."""
    if not fraction.recurring or decimal.recurring:
        return False
    step = min(decimal.step, Decimal(1))
    return (fraction.number / step).to_integral_value(rounding=ROUND_HALF_UP) * step == decimal.number


KINDS = (  # of things that are told apart by number: Line 2
    "line|phase|route|highway|chapter|section|article|table|number|room|building|terminal|platform|gate|level|volume"
    r"|issue|page|no\."
)
_NUMBERED = re.compile(  # part of a name: Line 2, 2号线, 丰麦7号
    rf"\b(?:{KINDS})\s?(?P<latin>\d+)\b"
    r"|(?<![\d月])(?P<han>\d+|[一二三四五六七八九十]+)号(?!召|称)|第(?P<kind>[一二三])(?:产业|剂|人民)"
)


def find_figures(text: str, taken: Iterable[TextSpan] = ()) -> list[Figure]:
    """Return the figures of a text in order, those that overlap a span already ``taken`` (a date) left out.

    One and 一 alone are words rather than figures and are left out, as are numbers inside names (5G, A380).
    """
    folded = _GROUPED.sub(lambda match: match[0].replace(" ", ","), fold(_THIN.sub(",", text)))
    spans = [
        *taken,
        *((match.start(match.lastgroup or 0), match.end()) for match in _NUMBERED.finditer(folded)),
    ]
    found: list[Figure] = []
    readers = (_clock_times, _compound_durations, _shares, _plain, _in_words)
    for figure in (figure for reader in readers for figure in reader(folded)):
        if not any(figure.start < end and start < figure.end for start, end in spans):
            found.append(figure)
            spans.append((figure.start, figure.end))
    return _signed(folded, _inherited(folded, sorted(found, key=lambda figure: figure.start)))


# Units


@cache
def _units() -> Mapping[str, tuple[str, Decimal]]:
    """Return the dimension and factor of each unit."""
    table: dict[str, tuple[str, Decimal]] = {}
    for line in _UNITS_BY_DIMENSION.strip().splitlines():
        head, names = line.split(":", 1)
        dimension, factor = head.split()
        table.update({name.strip(): (dimension, Decimal(factor)) for name in names.split(",")})
    return table


def _alternatives(words: Iterable[str]) -> str:
    """Return a pattern of words, longest first; Latin ones end at a word's end."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(
        re.escape(word) + (r"\b" if word[-1].isascii() and word[-1].isalnum() else "") for word in ordered
    )


_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
# Blanks between thousands: a narrow one always; plain ones may part the columns of a table, so it takes two and a unit.
_THIN = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_GROUPED = re.compile(r"(?<![\w.,])(?<!\d\s)\d{1,3}(?: \d{3}){2,}(?=\s?(?:%|[^\W\d_]))")
_HAN = r"[〇零一二两三四五六七八九十百千万亿]+(?:点[〇零一二三四五六七八九]+)?"
_SCALE = r"十百千万亿"
_WORD = "|".join([*ENGLISH_WORDS, "hundred", "thousand", "million", "billion", "trillion", "dozen"])
_SKIPPED = r"(?:[a-z]+-)?[a-z]+"  # an adjective between a number and what it counts: 120 high-tech companies
_ABOUT = r"约|大约|大概|约为|左右|上下|about|around|some|roughly|approximately|circa|an estimated"
_NOT = r"(?:不[得能应可宜]?|未|没有?)"
_OVER = (
    rf"{_NOT}(?:少于|低于|小于)|超过|超|逾|突破|多于|高于|大于|至少|最少|余|多"
    r"|not? (?:be )?(?:less|fewer|lower) than|\bover|more than|above|at least|exceed\w*|upwards of|in excess of"
)
_UNDER = (
    rf"{_NOT}(?:超过?|高于|多于|大于)|少于|低于|小于|至多|最多|(?<![附最])近|将近|接近|不足|不到|不满|未满"
    r"|not? (?:be )?(?:more|higher) than|not exceed(?:ing)?|nearly|almost|close to|\bunder|less than|fewer than"
    r"|below|up to|at most"
)
_BEFORE = re.compile(
    rf"(?:(?P<about>{_ABOUT})|(?P<over>{_OVER})|(?P<under>{_UNDER}))\s?(?:[$¥€£]|rmb\s?|us)?$"
)
_BEHIND = re.compile(
    r"\s?(?:(?P<about>左右|上下|or so)|(?P<over>[及或]?以上|多|余|(?:and|or) (?:more|over|above|older))"
    r"|(?P<under>[及或]?以下|以内|(?:and|or) (?:less|fewer|under|below|younger)))"
)


@cache
def _pattern() -> re.Pattern[str]:
    units = _alternatives(_units())
    nouns = _alternatives(u for u, (d, _) in _units().items() if d in ("person", "house") and u.isascii())
    return re.compile(
        rf"""(?<![a-z\d.])(?P<sign>(?:us|hk)?\$|[¥€£]|(?:rmb|cny|usd|eur)(?=[\s\d]))?\s?
        (?P<number>(?<![\d.])(?<![a-z][-_])(?:{_DIGITS}))(?!\.\d)
        (?P<scale>\s?[余多几]?[{_SCALE}]+|[\s-]?(?:hundred|thousand|million|billion|trillion|tn|bn|mn|k)\b
          |\s?[mb](?:(?=\s(?:{units}))|(?(sign)\b|(?!))))?
        (?P<rest>(?:(?:{_DIGITS})[{_SCALE}]+)*)[余多几]?(?P<scale2>[万亿]*)
        (?:[\s-]?(?!m\s[a-z]{{3,}}s\b)(?P<unit>{units})|(?:\s(?!(?:and|or|to|in|of|by|for|from|at|the|a)\b){_SKIPPED}){{0,3}}?\s(?P<noun>{nouns}))?
        (?!(?!(?:st|nd|rd|th)\b)[a-z\d])""",
        re.VERBOSE,
    )


@cache
def _han_pattern() -> re.Pattern[str]:
    chinese = _alternatives(u for u in _units() if not u.isascii())
    return re.compile(
        rf"(?P<rank>第)?(?P<number>{_HAN})(?P<some>[余多几])?(?P<scale>[万亿]*)"
        rf"(?:个半(?P<long>小时|月)|(?P<unit>{chinese})?(?P<half>半(?=[,。;、的]|$))?)"
    )


def _plain(folded: str) -> Iterator[Figure]:
    """Yield the figures in digits, and those in Chinese numerals."""
    for match in _pattern().finditer(folded):
        number = Decimal(match["number"].replace(",", ""))
        scale = _power(match["scale"]) + _power(match["scale2"])
        step = _step(match["number"]) * Decimal(10) ** scale
        value = number * Decimal(10) ** scale + _rest(match["rest"])
        unit = match["unit"] or match["noun"] or ""
        before = folded[: match.start("number")]
        if unit == "周" and before.endswith("第"):
            unit = ""
        yield _figure(folded, match.start(), match.end(), value, step, unit, match["sign"] or "")
    for match in _han_pattern().finditer(folded):
        value_or_none = han_number(match["number"])
        unit = f"个{match['long']}" if match["long"] else match["unit"] or ""
        if value_or_none is None or not (unit or match["rank"] or len(match["number"]) > 1):
            continue
        if match["long"] or (match["half"] and unit):
            value_or_none += Decimal("0.5")
        if value_or_none in (0, 1) and not match["scale"]:  # 一家, 第一: seldom a figure
            continue
        power = Decimal(10) ** _power(match["scale"])
        value = value_or_none * power
        figure = _figure(folded, match.start(), match.end(), value, _step(str(value)), unit, "")
        yield replace(figure, spelt=True, dimension="rank" if match["rank"] else figure.dimension)


def _figure(folded: str, start: int, end: int, value: Decimal, step: Decimal, unit: str, sign: str) -> Figure:
    """Return a figure with its unit taken in and the words beside it read."""
    dimension, factor = _units().get(unit, ("", Decimal(1)))
    if sign.strip() in _SIGNS:
        dimension, factor = _SIGNS[sign.strip()], Decimal(1)
    ordinal = re.match(r"(?:st|nd|rd|th)\b", folded[end:])
    if folded[:start].endswith("第") or ordinal:
        dimension = "rank"
    return Figure(
        start=start,
        end=end + (ordinal.end() if ordinal else 0),
        number=value * factor,
        dimension=dimension,
        step=step * factor,
        bound=_bound(folded, start, end),
    )


def _bound(folded: str, start: int, end: int) -> Bound:
    """Read what the words beside a figure say of its exactness."""
    inside = re.search(r"[余多](?=[十百千万亿]|[^\d]|$)", folded[start:end])
    match = _BEHIND.match(folded, end) or _BEFORE.search(folded[max(0, start - 24) : start])
    if match:
        return "about" if match["about"] else "over" if match["over"] else "under"
    return "over" if inside else ""


def _power(scale: str | None) -> int:
    """Return the power of ten that scale words stand for: 百亿 → 10, billion → 9."""
    word = (scale or "").strip(" -余多几")
    return _ENGLISH_POWERS.get(word) or sum(HAN_POWERS.get(character, 0) for character in word)


def _rest(text: str) -> Decimal:
    """Return what stands behind a first scale word: 2000万 of 1亿2000万."""
    return sum(
        (
            Decimal(digits.replace(",", "")) * Decimal(10) ** _power(scale)
            for digits, scale in re.findall(rf"({_DIGITS})([{_SCALE}]+)", text)
        ),
        Decimal(0),
    )


def _step(digits: str) -> Decimal:
    """Return the worth of the last digit other than 0: 1 for 885, 0.1 for 88.5, 100 for 4700."""
    number = Decimal(digits.replace(",", "")).normalize()
    exponent = number.as_tuple().exponent
    return Decimal(10) ** (exponent if isinstance(exponent, int) else 0)


# Times of day, and durations in several units

_HALF_DAY = 720  # minutes
_CLOCK = re.compile(
    r"(?:(?P<when>凌晨|清晨|早[上晨]?|[上中下]午|傍晚|晚上?|夜间)\s?)?"
    rf"(?:\b(?P<word>{'|'.join(_TEENS[1:13])})(?=\s(?:o'clock|[ap]\.?m)\b)"
    r"|(?<!\d)(?<!\d[.:])(?P<hour>[01]?\d|2[0-4])|(?P<han>(?(when)(?:十[一二]?|[一二两三四五六七八九])|(?!))))"
    r"(?::(?P<minute>[0-5]\d)(?![\d:]|\.\d|\s?[万亿千百])(?:\s?(?P<half>[ap])\.?m\b\.?)?|\s?(?P<half2>[ap])\.?m\b\.?|\s?o'clock\b"
    r"|(?:时(?![间代期段候差速长])|点钟?(?!\d(?!\d?分)|[多几位个建意评要方措]))"
    r"(?:(?P<minute2>[0-5]?\d)分(?!钟)|(?P<part>半|整|[一三]刻))?)"
)
_MINUTES = {"半": 30, "一刻": 15, "三刻": 45}
_COUNTED_OUT = re.compile(  # a ratio, a score, points
    r"(?:比[分例赛]?[^,。;\d]{0,6}|[升跌涨降共有以]了?|\b(?:ratio|scale|score|won|lost|beat)\b[^,.;\d]{0,12})$"
)
_SCORED = re.compile(r"\s?[的力险大完]?(?:[战击获取]?[胜败负]|比[分例]|不敌|领先|落后|平)")


_POINTS = re.compile(r"[第这那下列共有了出讲谈作做]\s?$")  # 提出3点


def _clock_times(folded: str) -> Iterator[Figure]:
    """Yield times of day, by the minute: 15:00, 下午3点, 3 p.m."""
    for match in _CLOCK.finditer(folded):
        start, end, when = match.start(), match.end(), (match["when"] or "")[:1]
        half = match["half"] or match["half2"] or ""
        if not (when or half) and (
            _COUNTED_OUT.search(folded[max(0, start - 16) : start]) or _SCORED.match(folded, end)
        ):
            continue
        if not when and match.group().endswith("点") and _POINTS.search(folded[:start]):
            continue
        written = match["hour"] or match["han"] or match["word"]
        hour = int(_counted(written))
        told = bool(when or half) or hour > 12 or written.startswith("0")
        if hour > 12:
            pass
        elif when in ("凌", "清") or half == "a":
            hour %= 12
        elif when in ("下", "傍") or half == "p":
            hour = hour % 12 + 12
        elif (when in ("晚", "夜") and hour > 4) or (when == "中" and hour < 11):  # 晚上2点 is past midnight
            hour += 12
        minutes = 60 * hour + int(match["minute"] or match["minute2"] or _MINUTES.get(match["part"] or "", 0))
        yield Figure(
            start=start,
            end=end,
            number=Decimal(minutes % (2 * _HALF_DAY if told else _HALF_DAY)),
            dimension="clock" if told else "dial",
            bound=_bound(folded, start, end),
        )


_COMPOUND = ("year", "month", "hour", "minute", "second")  # not days: 一天8小时 are eight hours each day


@cache
def _duration_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of a duration in several units, and that of each of its parts."""
    times = _alternatives(["分", *(unit for unit, (time, _) in _units().items() if time in _COMPOUND)])
    number = rf"(?:{_DIGITS}|(?!零){_HAN}|\b(?:an?|{_WORD})(?:[\s-](?:{_WORD}))*)"
    part = rf"{number}[\s-]?(?:{times})"
    return (
        re.compile(
            rf"(?<![\d.])(?:{part}(?:,?\s(?:and\s)?|零|又)?){{1,2}}{part}"
            rf"|\b(?:an?|one)\s(?P<halved>{times})\sand\sa\shalf\b"
        ),
        re.compile(rf"(?P<number>{number})[\s-]?(?P<unit>{times})"),
    )


def _compound_durations(folded: str) -> Iterator[Figure]:
    """Yield durations in several units, in the smallest of them: 1小时20分钟, an hour and a half."""
    whole, part = _duration_patterns()
    for match in whole.finditer(folded):
        if match["halved"]:
            parts = [(Decimal("1.5"), _units()[match["halved"]][0])]
        else:
            parts = [
                (_counted(found["number"]), "minute" if found["unit"] == "分" else _units()[found["unit"]][0])
                for found in part.finditer(match.group())
            ]
        scales = [_DURATIONS[unit] for _, unit in parts]
        if any(
            larger[0] != smaller[0] or number * smaller[1] >= larger[1]
            for (larger, smaller), (number, _) in zip(pairwise(scales), parts[1:], strict=True)
        ):
            continue  # 一小时、90分钟: two durations
        unit, factor = parts[-1][1], scales[-1][1]
        total = sum(
            (number * scale for (number, _), (_, scale) in zip(parts, scales, strict=True)), Decimal(0)
        )
        yield Figure(
            start=match.start(),
            end=match.end(),
            number=total / factor,
            dimension=unit,
            bound=_bound(folded, match.start(), match.end()),
        )


def _counted(text: str) -> Decimal:
    """Return the number of digits, Chinese numerals or English words."""
    if text[0].isascii() and text[0].isalpha():
        return _english_number(re.findall("[a-z]+", text)) or Decimal(1)  # an hour
    if text[0].isdecimal() and not text[0].isascii():  # of another script: ٣
        return Decimal(text.replace(",", ""))
    return _either(text) or Decimal(0)


# Shares, and numbers in English words

_NOT_TENTH = "立为员果功长本都绩分品型人就熟千百双交语份效因像群对套天年"
_SHARE = re.compile(
    rf"""(?P<hundred>百分之|千分之)(?P<percent>{_DIGITS}|{_HAN})
    | (?P<tenths>[一二两三四五六七八九]|(?<![\d.])\d(?:\.\d)?)成
      (?P<more>半|[一二三四五六七八九](?![{_NOT_TENTH}]))?(?![{_NOT_TENTH}])
    | (?P<under>{_HAN}|(?<![\d.])\d+)分之(?P<over>{_HAN}|\d+)
    | (?<![\d一二三四五六七八九十])(?:一半|半数|过半)
    | (?:(?<=[占约近超过达])|(?<![\w/.])(?=\d/\d+(?:\sof\b|的|以上)))(?P<top>\d)/(?P<bottom>\d|10)(?![\d/.%])
    | \b(?!(?<=\band\s)a[\s-]half\b(?!\sof))
      (?:(?P<count>a|one|two|three|four|nine)[\s-])(?P<part>{"|".join(sorted(_PARTS, key=len, reverse=True))})\b
      (?!\s(?:of\s)?(?:\d{{4}}|the\syear|year))
    | \bhalf\s(?:of|the)\b(?!\s(?:year|\d{{4}}))""",
    re.VERBOSE,
)


def _shares(folded: str) -> Iterator[Figure]:
    """Yield shares that are not written with a sign: 百分之十五, 一成半, 三分之一, two thirds."""
    for match in _SHARE.finditer(folded):
        value = _share(match)
        if value is not None:
            bound = _bound(folded, match.start(), match.end())
            yield Figure(
                start=match.start(), end=match.end(), number=value, dimension="%", bound=bound, spelt=True,
                step=_step(str(value)),
            )  # fmt: skip


def _share(match: re.Match[str]) -> Decimal | None:
    """Return the percentage that a share states."""
    if match["hundred"]:
        number = _either(match["percent"])
        return number if number is None or match["hundred"] == "百分之" else number / 10
    if match["tenths"]:
        more = match["more"] or ""
        tenths = _either(match["tenths"])
        return None if tenths is None else tenths * 10 + (5 if more == "半" else HAN_DIGITS.get(more, 0))
    if match["under"]:
        under, over = _either(match["under"]), _either(match["over"])
        return over * 100 / under if under and over else None
    if match["top"]:
        top, bottom = int(match["top"]), int(match["bottom"])
        return Decimal(top) * 100 / bottom if top < bottom else None
    if match["part"]:
        count = ENGLISH_WORDS.get(match["count"], 1)
        return Decimal(count) * 100 / _PARTS[match["part"]]
    return Decimal(50)


def _either(text: str) -> Decimal | None:
    """Return the number of digits or Chinese numerals."""
    return Decimal(text.replace(",", "")) if text[0].isdigit() and text[0].isascii() else han_number(text)


@cache
def _word_pattern() -> re.Pattern[str]:
    units = _alternatives(u for u in _units() if u.isascii() and u[0].isalpha())
    return re.compile(
        rf"\b(?P<ordinal>(?:(?:{'|'.join(_TENS)})-)?(?:{'|'.join(ORDINALS)}))\b(?!\s(?:quarter|half))"
        rf"|\b(?P<halved>half\s(?=an?\s))?(?P<words>(?!(?<=\bbelow\s)zero)"
        rf"(?:an?\s(?=hundred|thousand|million|billion|trillion|dozen))?(?:{_WORD})(?:(?:-|\s(?:and\s)?)(?:{_WORD}))*)\b"
        r"(?P<half>\sand\sa\shalf\b(?P<power>\s(?:million|billion|trillion)\b)?)?"
        rf"(?:[\s-](?P<unit>{units})|(?:\s(?!(?:and|or|to|in|of)\b){_SKIPPED}){{0,2}}?\s(?P<noun>{units}))?"
    )


def _in_words(folded: str) -> Iterator[Figure]:
    """Yield numbers in English words: three hundred and fifty; one alone is no figure."""
    for match in _word_pattern().finditer(folded):
        if match["ordinal"]:
            value = Decimal(sum((ORDINALS | ENGLISH_WORDS)[word] for word in match["ordinal"].split("-")))
            if value != 1:
                yield Figure(start=match.start(), end=match.end(), number=value, dimension="rank", spelt=True)
            continue
        words = re.findall("[a-z]+", match["words"])
        value = _english_number(words)
        if match["halved"]:
            value /= 2
        if match["half"]:
            half = Decimal(10) ** _power(words[-1]) / 2
            value = (value + half) * Decimal(10) ** _power(match["power"])
        if value != 1:
            unit = match["unit"] or match["noun"] or ""
            figure = _figure(folded, match.start(), match.end(), value, _step(str(value)), unit, "")
            yield replace(figure, spelt=True)


def _english_number(words: Sequence[str]) -> Decimal:
    """Return the number that English words say."""
    total = current = 0
    for word in words:
        if word in ENGLISH_WORDS:
            current += ENGLISH_WORDS[word]
        elif word == "dozen":
            current = (current or 1) * 12
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _ENGLISH_POWERS:
            total += (current or 1) * 10 ** _ENGLISH_POWERS[word]
            current = 0
    return Decimal(total + current)


# Rows of figures

_JOINED = re.compile(r"\s?(?:至|到|—|–|-|~|、|和|与|,\s|\bto\b|\band\b|\bor\b)\s?")


def _inherited(folded: str, figures: Sequence[Figure]) -> list[Figure]:
    """Give a bare number the unit and scale of the figure that it is joined to: 3至5亿元, 10 and 12 percent."""
    result = list(figures)
    for place in range(len(result) - 2, -1, -1):
        bare, following = result[place], result[place + 1]
        between = folded[bare.end : following.start]
        written = folded[bare.start : bare.end]
        scaled = following.dimension or not re.fullmatch(_DIGITS, folded[following.start : following.end])
        if bare.dimension or not scaled or not re.fullmatch(_DIGITS, written):
            continue
        if _JOINED.fullmatch(between) and following.dimension in _CLOCKS:
            result[place] = replace(bare, number=60 * bare.number % _HALF_DAY, dimension="dial")
        elif _JOINED.fullmatch(between):
            head = re.match(_DIGITS, folded[following.start : following.end].lstrip("$¥€£ "))
            worth = following.step / _step(head.group()) if head else Decimal(1)  # a number may be 0: -10~0℃
            result[place] = replace(
                bare, number=bare.number * worth, step=bare.step * worth, dimension=following.dimension
            )
    return result


# Signs

_MINUS = re.compile(
    r"(?:(?:^|[\s(|:,;=\">~、。至到$¥€£])-|零下|(?<![\d一二三四五六七八九十])负|公元前|\bminus\s|\bnegative\s)$"
)
_MAYBE_RANGE = re.compile(r"\d\s-$")  # 10 -20%
_MINUS_BEHIND = re.compile(r"(?:\sdegrees)?\s(?:celsius\s)?below zero\b|\s?bce?\b|\sb\.c\.")
_MINUS_AFTER_HAN = re.compile(r"[^\W\da-z〇零一二两三四五六七八九十百千万亿]-$")
_FALLING = re.compile(
    r"[亏损降减跌缩]|下滑|逆差|赤字|负(?!责)"
    r"|\b(?:loss|lose|losing|lost|deficit|fell|fall|declin|decreas|drop|down|lower|reduc|shr[aiu]nk|cut|below)"
)
_SENTENCE_END = re.compile(r"[。;!?\n]|\.\s")


def _signed(folded: str, figures: Sequence[Figure]) -> list[Figure]:
    """Read the sign of each figure: -5℃ and 零下5度 are below zero, and 亏损5亿元 may be what -5亿元 says."""
    result: list[Figure] = []
    ends = [0, *(match.end() for match in _SENTENCE_END.finditer(folded)), len(folded)]
    falling = [(low, high) for low, high in pairwise(ends) if _FALLING.search(folded, low, high)]
    figure_ends = {figure.end for figure in figures}
    for figure in figures:
        at = figure.start + folded[figure.start].isspace()
        before = folded[max(0, at - 16) : at]
        # 东风-41 is a name, 3亿元-41亿元 a range, 利润-41亿元 a loss
        measured = figure.dimension not in _LOOSE and at - 1 not in figure_ends
        if (
            (_MINUS.search(before) and not _MAYBE_RANGE.search(before))
            or _MINUS_BEHIND.match(folded, figure.end)
            or (measured and _MINUS_AFTER_HAN.search(before))
        ):
            frost = before.endswith("零下") and figure.dimension == "piece"  # 零下5度
            result.append(replace(figure, minus=True, dimension="celsius" if frost else figure.dimension))
        elif any(low <= figure.start < high for low, high in falling) or _MAYBE_RANGE.search(before):
            result.append(replace(figure, minus=None))
        else:
            result.append(figure)
    return result
