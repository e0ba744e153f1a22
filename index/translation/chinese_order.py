"""Puts the Chinese meanings of an English question in the order of a Chinese one. Knows no lexicon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from index.terms import tagged_words
from index.translation.from_english import ASKING, HOW
from index.translation.lexicon import Unit, word_set


class _Piece(NamedTuple):
    """A word of the question as the other order needs it."""

    kind: str  # "unit", "verb", "time", "of", "adverbial", "auxiliary", "pause", "silent"
    text: str  # in Chinese; in English for what is not a unit


_ADVERBIAL = word_set("in at on from by for with during within between under since before after among via")
_BE = word_set("is are was were be been")
_AUXILIARY = _BE | word_set("do does did has have had will would can could should may might must")
_MEASURES = (
    (r"(?:企业|公司|厂商|厂家|工厂|供应商|银行|医院|机构|单位|店|酒店|学校|大学)$", "家"),
    (r"(?:人才|员工|职工|工人|学生|专家|教授|博士|院士|孩子|女人|男人|士兵|毕业生)$", "名"),
    (r"(?:汽车|车辆|卡车|轿车)$", "辆"),
    (r"^(?:年|天|个月|小时|分钟|秒|周|米|千米|公里|英里|英亩|亩|公顷|吨|公斤|磅|次|倍|元|美元)$", ""),
    (r"^(?:岁|层|页|人|平方.*)$|[年天日]$", ""),
)  # fmt: skip
_AMOUNT = re.compile(
    r"(?:值|额|率|量|总数|总量|数量|投资|人口|面积|能力|产能|增速|速度|收入|营收|价格|租金|年龄|比例|规模|长度|高度"
    r"|宽度|深度|重量|利润|成本|费用|工资|薪水|温度|距离)$"
)
_TIME = re.compile(
    r"^(?:今年|去年|明年|前年|昨天|今天|目前|当前)$|(?:上半年|下半年|季度)$|^\d{4}年|^\d{1,2}月"
)


def chinese_order(folded: str, units: Sequence[Unit]) -> str:
    """Return the question in a Chinese order: modifiers and adverbials first, the question word in its place."""
    pieces = _pieces(folded, units)
    asking = next(
        (n for n, piece in enumerate(pieces) if piece.text in ASKING and piece.kind == "silent"), None
    )
    if asking is None:
        yes_no = bool(pieces) and pieces[0].kind == "auxiliary"
        return _joined([*_arranged(pieces), *(["吗"] if yes_no else [])])
    lead = pieces[:asking]
    while lead and lead[-1].kind in ("of", "adverbial", "silent"):  # in which year, by how much
        lead.pop()
    word, noun, rest = _asked(pieces[asking:])
    front, back = _question_word(word, noun, rest)
    return _joined([*_arranged(lead), *_arranged(rest, front=front), *back])


def _pieces(folded: str, units: Sequence[Unit]) -> list[_Piece]:
    """Return units and function words in the question's order."""
    found: list[tuple[int, _Piece]] = []
    for unit in units:
        kind = (
            "time" if unit.kind == "date" or _TIME.search(unit.text) else "verb" if _is_verb(unit) else "unit"
        )
        found.append((unit.start, _Piece(kind, unit.text)))
    for match in re.finditer(r"[a-z]+|[,;:]", folded):
        if any(unit.start <= match.start() < unit.end for unit in units):
            continue
        word = match.group()
        if word == "s" and found and found[-1][1].text in ASKING:
            word = "is"  # what's
        kind = (
            "pause" if word in ",;:" else "of" if word in ("of", "s") else "adverbial" if word in _ADVERBIAL
            else "auxiliary" if word in _AUXILIARY else "silent"
        )  # fmt: skip
        found.append((match.start(), _Piece(kind, word)))
    found.sort(key=lambda entry: entry[0])
    return [piece for _, piece in found]


@lru_cache(maxsize=20_000)
def _tag(word: str) -> str:
    tagged = tagged_words(word)
    return tagged[-1][1] if len(tagged) <= 2 else "n"


def _is_verb(unit: Unit) -> bool:
    return unit.kind == "word" and _tag(unit.text) in ("v", "vi", "vt")


def _asked(pieces: Sequence[_Piece]) -> tuple[str, list[str], list[_Piece]]:
    """Return the question word, the nouns that go with it (which company), and what follows."""
    word, place = pieces[0].text, 1
    if word == "how" and place < len(pieces):
        following = pieces[place].text
        if following in HOW:
            word, place = f"how {following}", place + 1
    noun: list[str] = []
    if word in ("what", "which", "whose", "how many", "how much"):
        while (place < len(pieces) and pieces[place].kind in ("unit", "time")) or (
            place < len(pieces)
            and pieces[place].kind == "verb"
            and not noun
            and place + 1 < len(pieces)
            and pieces[place + 1].kind == "unit"
        ):
            noun.append(pieces[place].text)
            place += 1
    return word, noun, list(pieces[place:])


def _question_word(word: str, noun: list[str], rest: list[_Piece]) -> tuple[list[str], list[str]]:
    """Return the Chinese question word with its nouns, for before the verb or for the end; the other is empty."""
    kinds = [piece.kind for piece in rest]
    helped = next((piece.text for piece in rest if piece.kind == "auxiliary"), "")
    verbal = "verb" in kinds
    subject = verbal and (not helped or (helped in _BE and kinds[:2] == ["auxiliary", "verb"]))
    if word in ("how many", "how much"):
        asked = ["多少" + _measure(noun) if word == "how many" else "多少", *noun]
        there = not verbal and (
            helped in ("has", "have", "had") or any(p.text in ("there", "have", "has", "had") for p in rest)
        )
        return (asked, []) if subject and not helped else ([], (["有"] if there else []) + asked)
    if word in ("when", "where", "why", "how"):
        said = {"when": "什么时候", "where": "哪里", "why": "为什么", "how": "怎么"}[word]
        if verbal:
            return ["在哪里" if word == "where" else said], []
        return [], [{"when": "是什么时候", "where": "在哪里"}.get(word, said)]
    if word in ("who", "whom"):
        return (["谁"], []) if subject else ([], ["谁" if verbal else "是谁"])
    if word == "whose":
        return [], ["谁的", *noun]
    if word in ("what", "which"):
        if noun:
            asked = [
                _which(noun),
                *noun[:-1],
                *([] if noun[-1] in ("年", "年份", "月", "月份") else noun[-1:]),
            ]
            if _AMOUNT.search(noun[-1]):
                return [], [*noun, "是" if not verbal else "", "多少"]
            return (asked, []) if subject else ([], asked if verbal else ["是", *asked])
        if helped in _BE and not verbal:
            amount = any(_AMOUNT.search(piece.text) for piece in rest if piece.kind == "unit")
            return [], ["是多少" if amount else "是什么"]
        return (["什么"], []) if subject else ([], ["什么"])
    return [], [HOW.get(word.removeprefix("how "), "多少")]


def _measure(noun: Sequence[str]) -> str:
    if not noun:
        return ""
    return next((measure for pattern, measure in _MEASURES if re.search(pattern, noun[-1])), "个")


def _which(noun: Sequence[str]) -> str:
    last = noun[-1]
    if last in ("年", "年份"):
        return "哪一年"
    if last in ("月", "月份"):
        return "哪个月"
    return "哪家" if re.search(_MEASURES[0][0], last) else "什么" if len(last) == 1 else "哪个"


def _arranged(pieces: Sequence[_Piece], front: Sequence[str] = ()) -> list[str]:
    """Return the Chinese words of a clause: times, modifiers before what they modify, adverbials before the verb.

    ``front`` goes before the first verb, or to the end where there is none.
    """
    times: list[str] = []
    clauses: list[_Clause] = [_Clause()]
    for piece in pieces:
        clause = clauses[-1]
        if piece.kind == "time":
            times.append(piece.text)
        elif piece.kind == "verb" and (clause.verb or clause.in_adverbial()) and clause.verb:
            clauses.append(_Clause(verb=piece.text))
        elif piece.kind == "verb":
            clause.verb = piece.text
            clause.chain = clause.object
        elif piece.kind == "unit":
            clause.chain[-1].append(piece.text)
        elif piece.kind == "of":
            clause.chain.append([])
        elif piece.kind == "adverbial":
            if clause.verb:
                clause.adverbials.append([[]])
                clause.chain = clause.adverbials[-1]
            else:
                clause.chain.append([])
        elif piece.kind == "pause":
            clauses.append(_Clause())
    said = [clause.words([] if n else front) for n, clause in enumerate(clauses)]
    return [*times, *(word for words in said for word in words)]


class _Clause:
    """One verb with what stands before and behind it; chains hold noun phrases, the head first."""

    def __init__(self, verb: str = "") -> None:
        self.verb = verb
        self.subject: list[list[str]] = [[]]
        self.object: list[list[str]] = [[]]
        self.adverbials: list[list[list[str]]] = []
        self.chain = self.object if verb else self.subject

    def in_adverbial(self) -> bool:
        return any(self.chain is adverbial for adverbial in self.adverbials)

    def words(self, front: Sequence[str]) -> list[str]:
        said = _reversed(self.subject)
        for adverbial in self.adverbials:
            said += _reversed(adverbial)
        return [*said, *front, *([self.verb] if self.verb else []), *_reversed(self.object)]


def _reversed(chain: Sequence[Sequence[str]]) -> list[str]:
    return [word for phrase in reversed(chain) for word in phrase]


JOINT = " "


def _joined(words: Sequence[str]) -> str:
    return JOINT.join(word for word in words if word) + "？"
