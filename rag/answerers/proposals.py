"""Chooses the candidates for one thing asked in a sentence: by their form, and among the spans the reader proposes.

Takes a sentence, the reader's spans and the thing asked; gives candidates. Knows nothing of how good they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from index.datatypes import Span as TextSpan
from index.terms import tagged_words
from index.text import is_chinese
from rag.asks import AnswerKind, Ask
from rag.candidates import (
    NEGATIVE,
    PHONE,
    Candidate,
    CandidateKind,
    find_candidates,
    find_clock_times,
    flat,
    of_several_units,
)
from rag.datatypes import Span
from rag.terms import STOP_WORDS

KINDS: Mapping[AnswerKind, tuple[CandidateKind, ...]] = {
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

_NAMED = frozenset({"person", "organisation", "place"})
_BARE_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_NUMERIC = frozenset({"money", "percent", "quantity", "rank", "date", "duration"})
_LETTER = re.compile(r"[^\W\d_]")
_NUMERAL = re.compile(  # 万元 alone is a unit, 上万元, 万余元 and 千亿元 are figures
    r"[\d〇零一二三四五六七八九十两半数几今去前明]|[上近超逾约过破][百千万亿]|[百千万亿][余多]|[百千][万亿]|[A-Za-z]"
)
_SAYS_HOW_MUCH = re.compile(  # of English words: two thirds, twice, an hour, all
    r"\d|\b(?:no|none|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|\w+ty|hundred|thousand|[mbt]r?illion"
    r"|dozens?|scores?|half|halve[sd]|third|quarter|\w+th|once|twice|thrice|single|sole|only|doubled?|tripled?|pair|couple|both|few"
    r"|several|many|all|most|every|each|entire|whole|nothing|free|an?|per|century|centuries|decades?|years?|months?|weeks?|days?"
    r"|hours?|minutes?)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\d\s?[:：.]\s?\d\d|[点時时]|正午|中午|午夜|零晨|凌晨|\d ?[ap]\.?m|noon|midnight|o['’]clock",
    re.IGNORECASE,
)
_TIME = re.compile("[年月日时時期代朝末初后後前间間季春夏秋冬晨晚夜午节節]$")  # 清同治年间, 建国后


def candidates_in(text: str, shift: int, proposed: Sequence[TextSpan], ask: Ask) -> list[Candidate]:
    """Return the candidates of the kinds asked for, and those of the reader's best spans.

    The sentence begins at ``shift`` in its passage; offsets of spans and candidates are into the passage.
    """
    wanted = KINDS[ask.kind]
    chosen: dict[TextSpan, Candidate] = {}
    astray: set[TextSpan] = (
        set()
    )  # figures where a date, a rank or a thing is asked for and dates where a figure is
    clocks = find_clock_times(text) if ask.units == ("时",) else ()
    for c in (*find_candidates(text), *clocks):
        if c.kind in _NUMERIC and (c.kind not in wanted or c.kind == "date") and _is_astray(c, ask):
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
    whole = [(c.start + shift, c.end + shift) for c in clocks]
    for start, end in _heads(text, shift, proposed, ask):
        if any(s <= start and end <= e and (s, e) != (start, end) for s, e in whole):
            continue  # 8 of 8 p.m.
        if not _may_be(ask, text[start - shift : end - shift]):
            continue
        year = ask.kind == "date" and _BARE_YEAR.fullmatch(text, start - shift, end - shift)
        if (start, end) not in chosen and (year or (start, end) not in astray):
            parts = _items(text, start - shift, end - shift, shift) if ask.kind == "list" else ()
            typed = _filling(text, shift, (start, end), chosen.values())
            if typed and is_chinese(text[typed.end - shift : end - shift]):
                continue
            chosen[start, end] = (
                replace(typed, start=start, end=end)
                if typed
                else Candidate(start=start, end=end, kind="list" if parts else "phrase", parts=parts)
            )
    return list(chosen.values())


def _may_be(ask: Ask, words: str) -> bool:
    """Whether words that the reader proposes have the form of what is asked for."""
    if ask.kind == "definition":
        return bool(_LETTER.search(words))  # the number of a heading has none
    if ask.units == ("时",):
        return bool(_CLOCK.search(words))
    if ask.kind not in _NUMERIC:
        return True
    if ask.kind not in ("date", "rank") and words.isascii():
        return bool(_SAYS_HOW_MUCH.search(words))
    if _NUMERAL.search(words):
        return True
    return ask.kind == "date" and bool(_TIME.search(words))


_AROUND_FIGURE = re.compile(
    r"(?:(?:the|an?|about|around|nearly|over|every|some|up to) )*\0(?: [a-z-]+){0,2}", re.IGNORECASE
)


def _filling(text: str, shift: int, span: TextSpan, candidates: Iterable[Candidate]) -> Candidate | None:
    """Return the figure or date that fills a span but for what stands around it.

    In English an article and a noun, about 1,846 employees; in Chinese what happens then: 九月开花.
    """
    for found in candidates:
        if found.kind in _NUMERIC and span[0] <= found.start and found.end <= span[1]:
            rest = text[found.end - shift : span[1] - shift]
            if found.start == span[0] and is_chinese(rest) and tagged_words(rest)[0][1].startswith("v"):
                return found
            before, after = (
                text[span[0] - shift : found.start - shift],
                text[found.end - shift : span[1] - shift],
            )
            if _AROUND_FIGURE.fullmatch(f"{before}\0{after}") and STOP_WORDS.isdisjoint(after.split()):
                return found
    return None


def _is_astray(figure: Candidate, ask: Ask) -> bool:
    """Tell whether a figure of another kind cannot be meant: 17家 is no rank, 位 and 名 may be, 3月 no time of day.

    Where a thing is asked for by a question word (什么肉), it is no figure with a unit (五花肉500克); but what a
    thing weighs is.
    """
    if ask.kind == "phrase":
        return (
            ask.span[0] < ask.span[1]
            and not ask.open
            and bool(figure.unit)
            and figure.kind not in ("date", "rank")
        )
    if ask.kind not in _NUMERIC:
        return False
    if ask.kind == "rank":
        return bool(figure.unit) and figure.unit not in ("位", "名")
    if ask.kind == figure.kind == "date":
        return ask.units == ("时",) and figure.unit != "时"
    return "date" in (figure.kind, ask.kind)


_JOINT = re.compile(r"\s?(?:以及|[和与及]|联合| and )\s?")
_CLAUSE = re.compile(r"[，。、；：,;:!?！？]")


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
_ARTICLE = re.compile(r"the (?=[A-Z])")
_ROW = re.compile(r", | and ")
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


def trimmed(spans: Sequence[Span], text: str) -> list[TextSpan]:
    """Return the spans without the punctuation at their edges and half of a quotation; empty ones are left out.

    What lies inside a web or mail address is no answer either.
    """
    kept: list[TextSpan] = []
    addresses = [match.span() for match in _ADDRESS.finditer(text)]
    wholes = [(figure.start, figure.end) for figure in of_several_units(flat(text))]
    phones = [match.span() for match in PHONE.finditer(text)]
    for span in spans:
        start, end = next(
            ((s, e) for s, e in phones if s <= span.start and span.end <= e), (span.start, span.end)
        )
        if any(s <= start and end <= e for s, e in addresses):
            continue
        if any(_cuts_figure(text, at) or any(s < at < e for s, e in wholes) for at in (start, end)):
            continue
        while start < end and text[start] in _OPEN_EDGES and not _MINUS.match(text, start):
            start += 1
        while start < end and text[end - 1] in _EDGES:
            end -= 1
        opening = _BRACKETS.get(text[end : end + 1])
        if opening and text.count(opening, start, end) > text.count(text[end], start, end):
            end += 1  # 清光绪十二年（1886年）
        start = _inside_quotation(text, start, end)
        article = _ARTICLE.match(text, start, end)
        if article and not _ROW.search(text, start, end):  # the United States
            start = article.end()
        if start < end and text[start:end].lower() not in STOP_WORDS:
            kept.append((start, end))
    return list(dict.fromkeys(kept))


_BREAK = re.compile(r"\s*(?:[，。；]|(?<=[\u3400-\u9fff])[,;](?=\s?[\u3400-\u9fff]))\s*")


def within_clauses(spans: Iterable[TextSpan], text: str, ask: Ask) -> list[TextSpan]:
    """Cut spans at their Chinese clauses where a name or a figure is asked for: 许慎 of 青川人，许慎."""
    if ask.kind not in _NAMED and ask.kind not in _NUMERIC:
        return list(spans)
    clauses: list[TextSpan] = []
    for start, end in spans:
        cuts = [match.span() for match in _BREAK.finditer(text, start, end)]
        bounds = [start, *(place for cut in cuts for place in cut), end]
        clauses += zip(bounds[::2], bounds[1::2], strict=True)
    return [(start, end) for start, end in dict.fromkeys(clauses) if start < end]
