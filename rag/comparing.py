"""Takes apart a question that compares two things by a figure: A和B哪个更长 → A有多长, B有多长.

Takes the text of a question, gives the two questions to ask instead and whether more or less is looked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.datatypes import Span as TextSpan
from index.text import fold
from rag.question_parts import share_slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two things compared, a question about each, and where the word stands that asks for one of them."""

    names: tuple[str, str]
    questions: tuple[str, str]
    greatest: bool  # whether the greater figure is asked for
    span: TextSpan  # half-open, into the text


_MEASURED = {"短": "长", "低": "高", "矮": "高", "小": "大", "轻": "重", "窄": "宽", "浅": "深"}  # less: more
_LESS = {*_MEASURED, "便宜", "少", "靠后"}
_RANKS = ("排名", "名次", "位次")  # the smaller the better
_ADJECTIVE = "便宜|靠[前后]|[长短高低矮大小重轻宽窄深浅贵多少]"
_CHINESE = re.compile(
    r"(?P<a>[^,，、?？]{1,20}?)(?P<joint>[和与跟]|还是|、)(?P<b>[^,，、?？]{1,20}?)(?:之间|相比|比较|比起来)?[,，]?"
    rf"(?P<which>谁|哪[一]?(?:[个座家条所项款种株棵年只辆艘部栋层间处位月天]|者)?)的?(?P<noun>[\u4e00-\u9fff]{{2,14}}?)??"
    rf"(?:更为?|比较|较为?|最|要)?(?P<adjective>{_ADJECTIVE})一?[些点]?[?？]?"
)
_TIME = re.compile(r"(?:\d{4}|[今去前明])年(?:\d{1,2}月)?|\d{1,2}月")
_ENGLISH_MEASURED = {
    "longer": "long", "taller": "tall", "higher": "high", "larger": "large", "bigger": "big", "heavier": "heavy",
    "wider": "wide", "deeper": "deep", "older": "old", "shorter": "long", "lower": "high", "smaller": "large",
    "lighter": "heavy", "narrower": "wide", "younger": "old",
}  # fmt: skip
_ENGLISH_LESS = {"shorter", "lower", "smaller", "lighter", "narrower", "cheaper", "younger", "fewer", "less"}
_VERBS = {
    "has": "have",
    "have": "have",
    "had": "have",
    "sold": "sell",
    "made": "make",
    "drew": "draw",
    "got": "get",
}
_NAMES = r"[,:]? (?P<a>[^,?]{2,60}?),? or (?P<b>[^,?]{2,60}?)\s*\?*"
_ENGLISH = tuple(
    re.compile(rf"which (?:of them |one |[a-z]+ )?{predicate}{_NAMES}")
    for predicate in (
        rf"(?:is|was) (?P<word>{'|'.join(_ENGLISH_MEASURED)}|cheaper|more expensive)",
        rf"(?P<verb>{'|'.join(_VERBS)}) (?P<word>more|fewer|less) (?P<noun>[^,?]{{2,40}}?)",
    )
)


def find_comparison(text: str, language: str) -> Comparison | None:
    """Return what a question compares; None where it does not, or compares otherwise than two things by a figure."""
    text = text.rstrip()
    folded = fold(text)
    if language == "zh":
        match = _CHINESE.fullmatch(folded)
        return _chinese(match, text) if match else None
    match = next(filter(None, (pattern.fullmatch(folded) for pattern in _ENGLISH)), None)
    return _english(match, text) if match else None


def _chinese(match: re.Match[str], text: str) -> Comparison:
    adjective, noun = match["adjective"], match["noun"] or ""
    ranks = noun.endswith(_RANKS)
    if ranks:
        asked = f"{noun}第几？"
    elif adjective in ("多", "少"):
        asked = f"{noun}有多少？"
    elif noun:
        asked = f"{noun}是多少？"
    elif adjective in ("贵", "便宜"):
        asked = "多少钱？"
    else:
        asked = f"有多{_MEASURED.get(adjective, adjective)}？"
    names = things = _names(match, text)
    times = _TIME.fullmatch(names[0]), _TIME.match(names[1])
    if times[0] and times[1]:  # 2020年和2022年北园
        names, rest = (names[0], times[1][0]), names[1][times[1].end() :]
        things = names[0] + rest, names[1] + rest
    elif shared := share_slot(names):  # 北园2020年和2022年
        things = shared[0], shared[1]
        names = names[0], things[1].removesuffix(things[0][len(names[0]) :])
    return Comparison(
        names=names,
        questions=(things[0] + asked, things[1] + asked),
        greatest=(adjective in _LESS) == ranks,
        span=match.span("which"),
    )


def _names(match: re.Match[str], text: str) -> tuple[str, str]:
    """Return the two things as they are written in the text, of which a folded copy was matched."""
    return text[slice(*match.span("a"))].strip(), text[slice(*match.span("b"))].strip()


def _english(match: re.Match[str], text: str) -> Comparison:
    names, word = _names(match, text), match["word"]
    groups = match.groupdict()
    if groups.get("verb"):
        verb = groups["verb"]
        asked = (
            f"How many {groups['noun']} {'does' if verb in ('has', 'have') else 'did'} {{}} {_VERBS[verb]}?"
        )
    elif word in _ENGLISH_MEASURED:
        asked = f"How {_ENGLISH_MEASURED[word]} is {{}}?"
    else:
        asked = "How much does {} cost?"
    return Comparison(
        names=names,
        questions=(asked.format(names[0]), asked.format(names[1])),
        greatest=word not in _ENGLISH_LESS,
        span=(0, len("which")),
    )
