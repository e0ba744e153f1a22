"""Tells how far the answer reaches from the candidate chosen: to the end of a change, a range, all that are joined.

Takes a candidate and its case; gives the candidate, another in its sentence, or a wider one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.answerers.case import Case
from rag.answerers.evidence import Found
from rag.asks import FIGURES

_CHANGED = re.compile(
    r"[^\d,。;]{0,8}?[增升提扩涨降减跌缩调改变][^\d,。;]{0,3}?[至到为](?:(?:19|20)\d\d年)?[^\d,。;]{0,3}"
)
BEFORE = re.compile(r"原|[最起当]初|刚开始|一开始|[之此以]前|(?<![目当提])前|过去|[由从](?:多少|几)")
"""What a question says that asks for what was before a change."""
_ORIGIN = re.compile(r"[由从](?P<when>[^\d,。;]{0,6}的|(?:19|20)\d\d年的?)?$")
_ADDED = re.compile(r"[新净]增[^\d,。;]{0,4}$")
_SUM = re.compile(r"[^\d。;]{0,12}(?:累计|总数|(?<!公)共|达)[^\d,。;]{0,4}")


def outcome(best: Found, case: Case) -> Found:
    """Return the figure that holds in the end, where the best one is a step to it: Y in 由X增至Y, 新增X，累计Y.

    Not where the question asks for the step: for what was before, or was added.
    """
    question, text, before = case.question, case.text(best), case.before(best)
    origin = _ORIGIN.search(before)
    if BEFORE.search(question):
        return next((found for found in case.beside(best) if _leads_to(found, best, case)), best)
    if origin and not (origin["when"] and case.analysis.years):
        between = _CHANGED
    elif _ADDED.search(before) and "增" not in question:
        between = _SUM
    else:
        return best
    unit = _unit(text, best)
    later = (
        found
        for found in case.beside(best)
        if found.start >= best.end
        and _unit(text, found) == unit
        and between.fullmatch(text, best.end, found.start)
    )
    return next(later, best)


def _leads_to(found: Found, best: Found, case: Case) -> bool:
    """Whether a figure is what the best one was before: X in 由X增至Y."""
    return (
        found.end <= best.start
        and bool(_ORIGIN.search(case.before(found)))
        and bool(_CHANGED.fullmatch(case.text(best), found.end, best.start))
    )


_TO = re.compile(r"\s?(?:[至到~—–-]{1,2}|to)\s?")
_TO_DAY = re.compile(rf"{_TO.pattern}\d{{1,2}}\s?[日号]")
_ONE_END = re.compile(  # of a range is asked for
    r"开[始工幕业馆门学播]|[起首]|[启始]|截止?|结束|到期|闭|完|止|最[高低多少大小长短早晚迟快慢]|至[少多]|不超过"
    r"|\b(?:start|beg[ia]n|open|launch|end|clos|finish|until|since|least|most|first|last|min|max)"
)


def whole_date(best: Found, case: Case) -> Found:
    """Return the date that the best span is a part of: 10月7日、8日 for the 8日 that the reader saw."""
    if case.ask.kind != "date" or {"年", "时"} & {*case.ask.units}:
        return best
    around = (
        found
        for found in case.ranked
        if found.sentence == best.sentence
        and found.kind == "date"
        and found.start <= best.start
        and best.end <= found.end
    )
    return max(around, key=lambda found: found.end - found.start, default=best)


_NUMBER_BEFORE = re.compile(r"[\d()-]{5,}\s+")


def without_number(best: Found, case: Case) -> Found:
    """Return a person without the telephone number that a list has before the name."""
    number = (
        _NUMBER_BEFORE.match(case.text(best), best.start, best.end) if case.ask.kind == "person" else None
    )
    return replace(best, start=number.end(), lead=0) if number else best


_CLOCKS = re.compile(rf"(?P<first>\d{{1,2}}:\d{{2}}){_TO.pattern}(?P<last>\d{{1,2}}:\d{{2}})")
_OPENS = re.compile(
    r"开[门馆园市始业]|上[班课学]|起床|\b(?:do|does|did) .*\b(?:open|start|begin)\b|\bopening time"
)
_CLOSES = re.compile(
    r"闭[馆园]|关[门闭]|打烊|[下放][班课学]|结束|收[摊市]|\b(?:close|end|finish|shut)s?\b|closing time"
)
HOURS = re.compile(f"{_OPENS.pattern}|{_CLOSES.pattern}|[从到]")
"""What a question says that asks for an end of the hours when something is open."""


def end_of_hours(best: Found, case: Case) -> Found:
    """Return the hours that a time of day is of, 8:00—22:00, or that end of them that the question asks for."""
    if case.ask.units != ("时",):
        return best
    text = case.text(best)
    for hours in _CLOCKS.finditer(text, best.sentence.start, best.sentence.end):
        if hours.start() < best.end and best.start < hours.end():
            opens, closes = (bool(asked.search(case.question)) for asked in (_OPENS, _CLOSES))
            start, end = hours.span("first" if opens > closes else "last" if closes > opens else 0)
            return replace(best, start=start, end=end, parts=(), lead=0)
    return best


def whole_range(best: Found, case: Case) -> Found:
    """Return the range that a figure or date is one end of: 150元到200元, 5月2日至4日.

    Not where that end is asked for, nor of a change: 由30元到25元.
    """
    ask, text = case.ask, case.text(best)
    if best.kind != ask.kind and not (ask.kind in FIGURES and best.kind in FIGURES):
        return best
    if (ask.kind not in FIGURES and ask.kind != "date") or {"年", "时"} & {*ask.units}:
        return best
    if _ONE_END.search(case.question) or _ORIGIN.search(case.before(best)):
        return best
    ends = list(case.beside(best))
    if best.kind != "date":
        ends = [f for f in ends if _unit(text, f) == _unit(text, best)]
    start = min((f.start for f in ends if _TO.fullmatch(text, f.end, best.start)), default=best.start)
    end = max((f.end for f in ends if _TO.fullmatch(text, best.end, f.start)), default=best.end)
    if best.kind == "date" and (day := _TO_DAY.match(text, end)):
        end = day.end()
    if _ORIGIN.search(text[best.sentence.start : start]):
        return best
    return replace(best, start=start, end=end, lead=best.lead if start == best.start else 0)


_WHERE = re.compile("在?(?:哪里|哪儿|何处|何地|什么地方)|地址")
_ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{0,16}\d+号(?:[\u4e00-\u9fff\d-]{0,12}(?:室|楼|层|厅|院|幢|座|栋|号|大厦))?"
)


def whole_address(best: Found, case: Case) -> Found:
    """Return the address that a place begins: 青川区 of 青川区建设路109号, where it is asked where something is."""
    if case.ask.kind != "place" or case.ask.units or not _WHERE.search(case.question):
        return best
    rest = _ADDRESS.match(case.text(best), best.end, best.sentence.end)
    return replace(best, end=rest.end()) if rest and not best.parts else best


def _unit(text: str, found: Found) -> str:
    """Return what stands behind the digits of a figure; of 4元5角 the first of its units."""
    figure = re.sub(r"(?<=[元块])[\d一二三四五六七八九].*", "", text[found.start : found.end])
    return re.sub(r"^.*[\d.,]\s*[千百十万亿]*", "", figure)


_JOINT = re.compile(r"[^,。;:!?\d]{0,9}?(?:、|以及|和|与|及|and)\s?")
_IN_A_ROW = re.compile(r"(?:[^\S\n]+[\u4e00-\u9fff]{2,4})+(?=\s*$)")  # 责任编辑 高山 林小河
_TITLED = re.compile(r"(?:、|以及|和|与|及| and )[^,。;、]{0,12}|, ")
_ONE_PERSON = re.compile(r"[是叫为]$|^ (?:is|was|has|does|[a-z]+s)\b(?!.* by\W*$)")  # around 谁, who
_NO_UNIT = re.compile(r"(?:多少|几)[?。]?")


def coordinated(best: Found, case: Case) -> Found:
    """Widen a figure or person to what it is joined with: 8所学校和5家医院, 甲、乙共同.

    Figures are joined only where the question asks for several things at once or names no unit; one person only to
    the names that end its line, as in a masthead.
    """
    ask, question, text = case.ask, case.question, case.text(best)
    start, end = ask.span
    several = not any(_ONE_PERSON.search(around) for around in (question[:start], question[end:]))
    bare = bool(_NO_UNIT.fullmatch(question, start))  # so several units may do
    figure = best.kind in ("quantity", "money", "percent", "rank")
    if best.kind == "person" and ask.kind == "person":
        row = _IN_A_ROW.match(text[: best.sentence.end], best.end)
        if row and text[best.start - 1].isspace():
            return replace(best, end=row.end())
        if not several:
            return best
        pattern = _TITLED
    elif best.features["aligned"] > 0:  # one of several values, each its owner's
        return best
    elif figure and ask.kind in ("quantity", "list") and (bare or re.search(r"[和与及、]", ask.noun)):
        pattern = _JOINT
    else:
        return best
    same = sorted((found for found in case.beside(best) if not found.parts), key=lambda found: found.start)
    parts = [(best.start, best.end)]
    for other in same:
        if other.start > parts[-1][1] and pattern.fullmatch(text[parts[-1][1] : other.start]):
            parts.append((other.start, other.end))
    for other in reversed(same):
        if other.end < parts[0][0] and pattern.fullmatch(text[other.end : parts[0][0]]):
            parts.insert(0, (other.start, other.end))
    if len(parts) == 1:
        return best
    end = parts[-1][1]
    if figure:  # the last noun too: 8所学校和5家医院
        noun = re.match(
            r"[\u4e00-\u9fff]{1,10}?(?=项目|入选|[,。;、等在的]|$)", text[end : best.sentence.end]
        )
        end += noun.end() if noun and noun.end() <= 8 else 0
        return replace(best, start=parts[0][0], end=end, parts=())
    return replace(best, start=parts[0][0], end=end, parts=tuple(parts))
