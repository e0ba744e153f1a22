"""Tells which phase, batch, round, session, line or part of a year a text speaks of: which of several alike.

Of two phases of a project, or of two quarters, all words are the same but this one; so with the men's and the
women's race, or with revenue and profit. Takes folded text, gives comparable marks, and compares those of a
question with those of a place in a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rag.numerals import han_number


@dataclass(frozen=True, slots=True)
class Mark:
    """The stages of one kind that a text mentions in one place: 一期; 一、二期; 前三季度. Offsets are half-open."""

    kind: str  # phase, batch …; of a numbered model its name: 东风 of 东风二号
    stages: frozenset[str]
    start: int
    end: int


_HAN = {han: str(n) for n, han in enumerate("一二三四五六七八九", start=1)} | {"首": "1", "头一": "1"}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "ⅰ": "1", "ⅱ": "2", "ⅲ": "3"}
_CARDINAL = {word: str(n) for n, word in enumerate(("one", "two", "three", "four", "five"), start=1)}
_ORDINAL = {
    "first": "1",
    "second": "2",
    "third": "3",
    "fourth": "4",
    "1st": "1",
    "2nd": "2",
    "3rd": "3",
    "4th": "4",
}
_NUMBERS = _HAN | _ROMAN | _CARDINAL | _ORDINAL

_N = "[一二三四五六七八九]"
_LIST = rf"{_N}(?:\s?[、和与及至到-]?\s?{_N})*"  # 一、二期; 一至三期
_NUMERAL = r"\d{1,3}|[一二三四五六七八九十百]{1,4}"
_TENS = "[一二三四五六七八九十]{1,3}"
_TH = "|".join(_ORDINAL)
_TO = r"(?:\s?月)?\s?[至到—–~-]\s?"
_MONEY = r"(?:round|financing|funding|investment)"

_STAGE = re.compile(
    # 二期, 第二期, Ⅱ期; not 下一期, 分三期, 第二十期, and not the numbers of issues, which have digits: 第3期
    rf"(?<![哪这那每同本几多百十上下新近某前后分初周])(?P<phase>{_LIST}|首|头一|(?<![\d年.第])(?<![第共]\s)\d|(?<![a-z])i{{1,3}}v?|[ⅰⅱⅲ])\s?期"
    r"(?![间限末货刊待望盼许款]|付款|中考)"
    rf"|\b(?:phase|stage)s?\s(?P<phase2>{'|'.join(_CARDINAL)}|i{{1,3}}v?|\d)\b|\b(?P<phase3>{_TH})[\s-](?:phase|stage)\b"
    rf"|(?P<batch>首|头一|(?<!哪)第\s?(?:{_N}|\d+))\s?批(?![准复评发])|\b(?P<batch2>{_TH})\sbatch\b"  # 一批 is "some"
    rf"|(?P<round>(?<![a-z])(?:pre-?)?[a-g]\+?|天使|首|第\s?(?:{_N}|\d))\s?轮(?![播毂胎船椅廓])"
    rf"|\bseries\s(?P<round2>[b-g]\+?(?![a-z0-9+])|a\+?(?=\s{_MONEY}))|\b(?P<round3>(?:[b-g]\+?|angel)(?=\s{_MONEY}\b)|(?:{_TH})(?=\s(?:financing|funding)\b))"
    rf"|(?P<h1>上半年|(?<![\d十])[1一]{_TO}[6六]\s?月|前[6六]个?月|\b(?:first|1st)[\s-]half\b|\bfirst\ssix\smonths|(?<=年)h1)"
    r"|(?P<h2>下半年|\b(?:second|2nd|latter)[\s-]half\b|(?<=年)h2)"
    rf"|(?P<m9>前\s?[三3]\s?个?季度|[一1]\s?[至到-]\s?[三3]季度|(?<![\d十])[1一]{_TO}[9九]\s?月|\bfirst\s(?:three|3)\squarters|\bfirst\snine\smonths)"
    rf"|(?:第\s?|(?<=[\u4e00-\u9fff]))(?P<session>{_NUMERAL})\s?届(?!时|满)|(?<![\d.])(?P<line>{_NUMERAL})\s?号(?:线(?!索)|[楼院库馆厅桥])"
    r"|\bline\s(?P<line2>\d{1,3})\b(?!\.\d)"
    r"|(?<![a-z0-9])(?P<letter_line>[a-z]\d{1,2})\s?号?线"
    rf"|(?P<model>[\u4e00-\u9fff][a-z\u4e00-\u9fff](?<![月第一二三四五六七八九十]))-?(?P<number>\d{{1,2}}|{_TENS})号(?![线楼院库馆厅桥文令召角称码])"
    rf"|(?P<q>{_LIST}|[1-4])\s?季度(?!假)|\b(?P<q2>{_TH})[\s-]quarter\b|(?<![a-z0-9])q(?P<q3>[1-4])(?![0-9])"
)
_HALVES = {"h1", "h2", "m9"}
_ALTERNATIVES: Mapping[str, tuple[str, ...]] = {  # of each kind, patterns of what excludes each other
    "sex": ("男[子性单双篮足排]", "女[子性单双篮足排]"),
    "medal": tuple(rf"(?:\d+\s?[枚块]\s?)?{metal}[牌奖]" for metal in "金银铜"),  # 58枚金牌和41枚银牌
    "place": ("冠军|夺冠|第一名", "亚军|第二名", "季军|第三名"),
    "course": ("全程", "半程"),
    "trade": ("进出口", "出口(?![处在])", "进口(?!处)"),
    "extreme": ("最高", "最低"),
    "size": ("最大", "最小"),
    "length": ("最长", "最短"),
    "number": ("最多", "最少"),
    "speed": ("最快", "最慢"),
    "time": ("最早", "最[晚迟]"),
    "departure": ("首班", "末班"),
    "residence": ("城镇(?!化)", "农村"),
    "sector": tuple(f"第{number}产业" for number in "一二三"),
    "compared": ("同比", "环比"),
    "level": ("地上", "地下"),
    "ticket": tuple(
        f"(?:{whose})票"
        for whose in ("成人|成年", "儿童|小孩|少儿", "学生", "老人|老年人?", "军人", "教师", "团体|团队")
    ),
    "hours": ("开[馆门园业]|上班", "闭[馆园]|关[门闭]|打烊|下班"),
    "colour": tuple(f"{colour}[色灯]" for colour in "红橙黄绿青蓝紫黑白"),
    "measure": (
        "营业收入|营收|营业额|销售收入|销售额",
        "利润|净利|盈利",
        "产值",
        "生产总值|gdp",
        "税收|纳税",
        "募集|募资|融资",
        "市值",
        "注册资本",
    ),
}
_DAY = r"(?:星期|礼拜|(?<![一二两三几])周)[一二三四五六日天]|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
_WEEKDAYS = re.compile(  # 周二, 周二至周四, 周二至四; not of 除周一外, 一周日程
    rf"(?<!除)(?<!除了)(?P<first>{_DAY})(?:\s?(?:[至到~—–-]|to|through)\s?(?P<last>{_DAY}|[二三四五六日天]))?"
)
# Only another one beside a figure tells that it is not meant.
_OWN_CLAUSE = frozenset({"measure", "hours", "weekday"})
_COUNTED = frozenset({"medal"})  # each with its own figure, also where they are joined
_ALTERNATIVE = re.compile(
    "|".join(
        f"(?P<{kind}_{number}>{pattern})"
        for kind, patterns in _ALTERNATIVES.items()
        for number, pattern in enumerate(patterns)
    )
)
APART = ("一二三四五六七八九十", "红橙黄绿青蓝紫黑白", "东南西北")
"""Words that tell names apart which are alike else: 第一中学, 红山茶, 东城区. A number has 第 before it."""
_NUMBERED = rf"(?:第|(?<![{APART[0]}百\d])(?=.(?:食堂|车间|分厂|校区|医院)))"  # 第一中学, 一食堂
NAME_APART = re.compile(
    rf"(?=(?P<name>(?:{_NUMBERED}(?P<number>[{APART[0]}])(?![期批届季轮次个名位步点条款项十百])"
    rf"|(?P<word>[{''.join(APART[1:])}]))(?P<kind>[\u3400-\u9fff]{{2}})))"
)
_NAMED = "named "  # before what the names of one kind share
_JOINED = re.compile(r"\s?(?:[、和与及]|and)\s?")
_CLAUSE = re.compile("[,;。!?、]")


def marks(text: str) -> Iterator[Mark]:
    """Yield the stages that a folded text mentions, in its order.

    >>> [sorted(mark.stages) for mark in marks("首期与二期，b轮；上半年")]
    [['1', '2'], ['b'], ['h1']]
    """
    last: Mark | None = None
    found = [
        *map(_mark, _STAGE.finditer(text)),
        *map(_alternative, _ALTERNATIVE.finditer(text)),
        *map(_apart, NAME_APART.finditer(text)),
        *map(_weekdays, _WEEKDAYS.finditer(text)),
    ]
    for mark in sorted(found, key=lambda mark: mark.start):
        if text[mark.start - 1 : mark.start] == "比":  # 比一期多310亩 speaks of the other one
            continue
        alike = last and last.kind == mark.kind and mark.kind not in _COUNTED
        if last and alike and _JOINED.fullmatch(text[last.end : mark.start]):
            mark = Mark(mark.kind, last.stages | mark.stages, last.start, mark.end)
        elif last:
            yield last
        last = mark
    if last:
        yield last


def _mark(match: re.Match[str]) -> Mark:
    group = match.lastgroup or ""
    if group in _HALVES:
        return Mark("season", frozenset({group}), *match.span())
    if group == "letter_line":
        return Mark("line", frozenset({match[group]}), *match.span())
    if group == "number":
        return Mark(match["model"], frozenset({_number(match[group])}), *match.span())
    kind = "season"
    for other in ("phase", "batch", "round", "session", "line"):
        if group.startswith(other):
            kind = other
    word = match[group].removeprefix("第").strip()
    if kind in ("session", "line"):
        return Mark(kind, frozenset({_number(word)}), *match.span())
    single = _NUMBERS.get(word)
    if single is None and word[0] in _HAN and len(word) > 1:
        numbers = [int(_HAN[han]) for han in re.findall(_N, word)]
        if re.search("[至到-]", word):
            numbers = list(range(numbers[0], numbers[-1] + 1))
        return Mark(kind, frozenset(_stage(kind, str(n)) for n in numbers), *match.span())
    return Mark(kind, frozenset({_stage(kind, single or word.replace("pre-", "pre"))}), *match.span())


def _number(numeral: str) -> str:
    return str(int(numeral) if numeral.isdigit() else han_number(numeral) or numeral)


def _alternative(match: re.Match[str]) -> Mark:
    kind, _, which = (match.lastgroup or "").partition("_")
    return Mark(kind, frozenset({which}), *match.span())


def _weekdays(match: re.Match[str]) -> Mark:
    """Return the mark of a day of the week, or of all days from one to another."""
    first, last = (_number_of_day(match[day] or match["first"]) for day in ("first", "last"))
    days = {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    return Mark("weekday", frozenset(map(str, days)), *match.span())


def _number_of_day(word: str) -> int:
    if word.isascii():
        return ("mo", "tu", "we", "th", "fr", "sa", "su").index(word[:2])
    return "一二三四五六日".index(word[-1].replace("天", "日"))


def _apart(match: re.Match[str]) -> Mark:
    kind = _NAMED + match["kind"]
    return Mark(kind, frozenset({match["number"] or match["word"]}), *match.span("name"))


def _stage(kind: str, which: str) -> str:
    return f"q{which}" if kind == "season" else "angel" if which == "天使" else which


class Stages:
    """Compares the stages that a question asks for with those that places of a text speak of."""

    def __init__(self, asked: str) -> None:
        """Take a folded question."""
        self._wanted: dict[str, frozenset[str]] = {}
        for mark in marks(asked):
            self._wanted[mark.kind] = self._wanted.get(mark.kind, frozenset()) | mark.stages

    def sentence(self, text: str, before: Iterable[str]) -> Callable[[int], float]:
        """Return what compares places of a sentence, by their offset; all texts are folded.

        A place speaks of what its clause mentions last before it, or first behind it; else the sentence before or
        behind it; else of what was mentioned last ``before`` the sentence: in its titles, then its passage.

        It gives 1 for a stage asked for, -1 for another of its kind, half as much where the sentence itself tells
        none; the least of several kinds. 0 where nothing tells or none is asked for. Measures, hours, days and names
        are only told from others, in the place's own clause.
        """
        if not self._wanted:
            return lambda _: 0.0
        here = list(marks(text))
        earlier = {mark.kind: mark for part in before for mark in marks(part)}
        cuts = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text) + 1]

        def agreement(at: int) -> float:
            clause = max(cut for cut in cuts if cut <= at), min(cut for cut in cuts if cut > at)
            values = []
            for kind, stages in self._wanted.items():
                told = _told([mark for mark in here if mark.kind == kind], clause, at)
                if kind.startswith(_NAMED):
                    beside = [m for m in here if m.kind == kind and clause[0] <= m.start < clause[1]]
                    agrees = not beside or any(mark.stages & stages for mark in beside)
                    values.append(0.0 if agrees else -1.0)
                elif kind in _OWN_CLAUSE:
                    other = told and clause[0] <= told.start < clause[1] and not told.stages & stages
                    values.append(-1.0 if other else 0.0)
                elif told:
                    values.append(1.0 if told.stages & stages else -1.0)
                elif kind in earlier:
                    values.append(0.5 if earlier[kind].stages & stages else -0.5)
            return min(values, default=0.0)

        return agreement


def _told(here: list[Mark], clause: tuple[int, int], at: int) -> Mark | None:
    """Return the mark that holds for a place: of its clause if that has any, the last before it or the first behind."""
    near = [mark for mark in here if clause[0] <= mark.start < clause[1]] or here
    return next((mark for mark in reversed(near) if mark.start <= at), near[0] if near else None)
