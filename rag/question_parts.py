"""Splits a question that asks for several things into questions that stand alone, in Chinese and English.

Takes a question and the things it asks for; gives a text for each of them, with what it shares with the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rag.asks import WEAK, Ask

_RESPECTIVELY_ZH = re.compile(r"分别|各自|各(?=[有为是几]|多少)")
MAX_PARTS = 16  # each is searched and read for; a list of more is no question that a person asks
_JOIN_ZH = re.compile(r"、|以及|[和与及]")


def split_parts(text: str, folded: str, asks: tuple[Ask, ...], language: str) -> tuple[str, ...]:
    """Return one question that stands alone for each thing asked; the text itself where one is asked, or too many."""
    parts = _split(text, folded, asks, language)
    return parts if len(parts) <= MAX_PARTS else (text,)


def _split(text: str, folded: str, asks: tuple[Ask, ...], language: str) -> tuple[str, ...]:
    if language == "en":
        return _split_english(text, asks)
    respectively = _RESPECTIVELY_ZH.search(folded)
    if respectively and len(asks) == 1 and asks[0].kind != "list":
        parts = _split_respectively(text, folded, respectively)
        if parts:
            return parts
    if len(asks) > 1:
        return _split_clauses(text, folded, asks)
    return (text,)


def _split_respectively(text: str, folded: str, respectively: re.Match[str]) -> tuple[str, ...]:
    """A和B分别是多少 → A是多少, B是多少; what opens A (its owner, a place) is given to a B that lacks it."""
    start, end = respectively.span()
    head, tail = text[:start].rstrip(" ,，"), text[end:]
    folded_head = folded[: len(head)]
    cuts = [
        match.span()
        for match in _JOIN_ZH.finditer(folded_head)
        if match.start() >= 2 and match.end() <= len(head) - 2
    ]
    if not cuts:
        return ()
    if (
        "、" not in folded_head
    ):  # one of several 和 may belong to a name: take the cut that leaves the most alike sides
        cuts = [max(cuts, key=lambda cut: _likeness(folded_head[: cut[0]], folded_head[cut[1] :]))]
    pieces: list[str] = []
    position = 0
    for cut_start, cut_end in [*cuts, (len(head), len(head))]:
        pieces.append(head[position:cut_start])
        position = cut_end
    if any(len(piece) < 2 for piece in pieces):
        return ()
    pieces = _share(pieces)
    return tuple(piece + tail for piece in pieces)


_WHEN = re.compile(
    r"(?:(?:19|20)\d\d年|[去今前明]年)?(?:(?:第?[一二三四]|[上下]个?)季度|[上下]半年|\d{1,2}月份?|年[底末初])?"
)


_OWNS = re.compile(r"高新区|开发区|园区|公司|集团|大学|中心|[市省县区]")
_OWNER = re.compile(rf"[^的年月日]{{2,12}}?(?:{_OWNS.pattern})的?|[^的]{{2,14}}的")


_SLOT = rf"(?:第?[一二三四五六七八九首]期|第[一二三四五六七八九十\d]+[批轮届号]|{_WHEN.pattern})"
_ENDS = re.compile(rf"(?<=..)(?P<slot>{_SLOT})$")
_BEGINS = re.compile(_SLOT)


def share_slot(pieces: Sequence[str]) -> list[str] | None:
    """Return what each of several times or stages asks: 某厂一期, 二期的投资 → 某厂一期的投资, 某厂二期的投资.

    None where the pieces are not one thing in several times or stages.
    """
    first, *inner, last = pieces
    end, begin = _ENDS.search(first), _BEGINS.match(last)
    if not end or not begin or min(len(end["slot"]), len(begin[0])) < 2:
        return None
    slots = [end["slot"], *inner, begin[0]]
    if len({slot[-1] for slot in slots}) > 1:
        return None
    return [first[: end.start()] + slot + last[begin.end() :] for slot in slots]


def _share(pieces: list[str]) -> list[str]:
    """Give each piece what it lacks: the first one's owner or time in front, the last one's time and noun behind."""
    if shared := share_slot(pieces):
        return shared
    *earlier, last = pieces
    times = [_time_in(piece) for piece in pieces]
    first, final = times[0], times[-1]
    if final and all(time and time[0] == piece for piece, time in zip(earlier, times, strict=False)):
        return [*(piece + last[final.end() :] for piece in earlier), last]  # 去年和今年青川港的产值
    if final and final.start() > 1 and not any(times[:-1]):
        return [*(piece + last[final.start() :] for piece in earlier), last]  # 北园和南园2022年的产值
    owner = _OWNER.match(pieces[0])
    shared = list(pieces)
    if owner and len(owner.group()) < len(pieces[0]):
        for number, piece in enumerate(pieces[1:], start=1):
            if not _OWNS.search(piece):
                own_time = times[number] and _time_in(owner.group())
                shared[number] = owner.group()[: own_time.start() if own_time else None] + piece
    if first and not first.start():  # 2022年北园和南园的产值
        shared = [piece if _time_in(piece) else first.group() + piece for piece in shared]
    noun = re.search(r"(?<=的)[^的]{2,12}$", pieces[-1])
    if noun and "的" not in pieces[0]:
        shared[:-1] = [piece + "的" + noun.group() for piece in shared[:-1]]
    return shared


def _time_in(piece: str) -> re.Match[str] | None:
    """Return the first time that a piece names, as a match."""
    return next((match for match in _WHEN.finditer(piece) if len(match[0]) > 1), None)


def _likeness(left: str, right: str) -> float:
    """Likeness of two sides of 和: shared endings and beginnings, and like lengths. Higher is more alike."""
    ending = 0
    while ending < min(len(left), len(right)) and left[-1 - ending] == right[-1 - ending]:
        ending += 1
    shared = len(set(left) & set(right)) / max(1, min(len(set(left)), len(set(right))))
    return ending + shared - abs(len(left) - len(right)) / max(len(left), len(right))


def _split_clauses(text: str, folded: str, asks: tuple[Ask, ...]) -> tuple[str, ...]:
    """One part for each question word; a later clause gets the topic of the first where it names none."""
    bounds: list[int] = [0]
    for earlier, later in pairwise(asks):
        gap = folded[earlier.span[1] : later.span[0]]
        cut = re.search(r"[,;?。]|(?:以及|并且|[和与及])(?=[^,;]{0,12}$)", gap)
        if not cut:
            return _split_adjacent(text, folded, asks)
        bounds.append(earlier.span[1] + cut.end())
    bounds.append(len(text))
    pieces = [text[start:end].strip(" ,，;；、?？。和与及") for start, end in pairwise(bounds)]
    # What is asked later is asked of the same thing: 某地新建多少座桥，共长多少米 → 某地新建桥,共长多少米.
    start, end = asks[0].span
    topic = (text[:start] + text[end : bounds[1]]).strip(" ,，;；、?？。")
    return tuple(
        piece if number == 0 or len(topic) < 2 or topic[:2] in piece else topic + "," + piece
        for number, piece in enumerate(pieces)
    )


MAX_DONE = 4  # characters of what is done at one time, before the other is asked for
_BETWEEN_ASKS = re.compile(r"[、又和与]?[在由于为]?")


def _split_adjacent(text: str, folded: str, asks: tuple[Ask, ...]) -> tuple[str, ...]:
    """One part for each of several question words in a row, without the others: 树多高多重, 谁何时创办的."""
    gaps = [folded[earlier.span[1] : later.span[0]] for earlier, later in pairwise(asks)]
    if (
        len({folded[slice(*ask.span)] for ask in asks}) == 1 and max(map(len, gaps)) <= MAX_DONE
    ):  # 几点开门几点关门
        bounds = [*(ask.span[0] for ask in asks), len(text)]
        return tuple(text[: bounds[0]] + text[start:end] for start, end in pairwise(bounds))
    if not all(_BETWEEN_ASKS.fullmatch(gap) for gap in gaps):
        return (text,)
    first, last = asks[0].span[0], asks[-1].span[1]
    words = [
        gap.lstrip("、又和与") + text[slice(*ask.span)] for gap, ask in zip(["", *gaps], asks, strict=True)
    ]
    return tuple(text[:first] + word + text[last:] for word in words)


def _split_english(text: str, asks: tuple[Ask, ...]) -> tuple[str, ...]:
    if len(asks) > 1:
        return _split_english_words(text, asks)
    match = re.match(
        r"(?P<head>.*?\b(?:did|do|does|are|were|is|was|of|have|has)\s+(?:the\s+)?)(?P<a>[^,?]{2,80}?)\s+and\s+(?:the\s+)?(?P<b>[^,?]{2,60}?)"
        r"(?P<tail>\s+(?:become|became|have|has|had|invest\w*|rank\w*|upgrad\w*|promot\w*|found\w*|establish\w*|list\w*|grow|grew|reach\w*)?\b[^?]*?)?,?\s*respectively\s*\??$",
        text,
        re.IGNORECASE,
    )
    if not match:
        return (text,)
    tail = match.group("tail") or ""
    return tuple(f"{match.group('head')}{name}{tail}?" for name in (match.group("a"), match.group("b")))


_ENGLISH_NAME = re.compile(r"(?<!\w)[A-Z][\w&'’-]*(?: (?:of |the )*[A-Z][\w&'’-]*)*")
_PRONOUN = re.compile(r"\b(?:it|he|she|they|(?P<own>its|his|her|their))\b")
_HELPS = re.compile(r"^(?:do|does|did|is|are|was|were|has|have|had|can|could|will|would)\b ?")
_AT = "(?:in|for|during|at|on|from)"
_LAST_PHRASE = re.compile(rf" {_AT} (?:the )?[\w-]+$")
_HOW_MANY_EN = re.compile("(?:[Hh]ow (?:many|much))")


def _split_english_words(text: str, asks: tuple[Ask, ...]) -> tuple[str, ...]:
    """One part for each question word; one that stands alone gets what the first other one asks about."""
    starts = [0, *(ask.span[0] for ask in asks[1:])]
    ends = [*starts[1:], len(text)]
    rests = [_clause(text[ask.span[1] : end]) for ask, end in zip(asks, ends, strict=True)]
    topic = next(filter(None, rests), "")
    pieces = [_clause(text[start:end]) for start, end in zip(starts, ends, strict=True)]
    named = {match.group() for match in _ENGLISH_NAME.finditer(pieces[0][1:])}
    if len(named) == 1:  # When was Osprey founded and where is it based?
        (name,) = named
        pieces[1:] = [
            _PRONOUN.sub(lambda found: f"{name}'s" if found["own"] else name, piece, count=1)
            for piece in pieces[1:]
        ]
    elif asks[0].kind in WEAK and not _PRONOUN.search(
        told := _HELPS.sub("", rests[0])
    ):  # What is the bridge called and when was it built?
        pieces[1:] = [f"{p}, {told}" if told and _PRONOUN.search(p) else p for p in pieces[1:]]
    asked = _LAST_PHRASE.sub("", pieces[0])
    if _HOW_MANY_EN.match(asked):  # How many visitors came in 2021 and how many in 2022?
        pieces[1:] = [
            re.sub(rf"^{_HOW_MANY_EN.pattern}(?= {_AT} |$)", lambda _: asked, p) for p in pieces[1:]
        ]
    return tuple(
        f"{piece if rest or not topic else f'{piece} {topic}'}?"
        for piece, rest in zip(pieces, rests, strict=True)
    )


def _clause(text: str) -> str:
    return re.sub(
        r"(?:(?:^|[\s,;]+)(?:and(?: (?:for|from|to|at|on|of|with))?|in|by))+$", "", text.strip(" ,;?.")
    )
