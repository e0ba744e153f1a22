"""What an earlier question was about, in Chinese and English: its answer, a name in it, or its subject.

Takes a question that stands alone and its answer, gives the words that a later question may leave out or point back
at. Knows nothing of that later question but the sort of thing it wants.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from index.terms import tagged_words
from index.text import MONTHS, fold, is_chinese
from rag.asks import FIGURES
from rag.candidates import find_candidates
from rag.questions import ENGLISH_OPENERS, QuestionAnalysis, analyse_question

Sort = Literal["company", "school", "place", "person", "thing", "any"]
"""What a pronoun stands for: it and 它 for a thing, which an organisation or a place may be, they and 其 for any."""

_ANSWERS = {"company": "organisation", "school": "organisation", "person": "person", "place": "place"}

_NOT_FOUND = ("文档中没有", "The documents")


def topics(earlier: Sequence[tuple[str, str]], sort: Sort, noun: str = "") -> Iterator[str]:
    """Yield what earlier turns were about, of the sort that a pronoun wants, the likeliest first.

    Args:
        earlier: (question, answer) pairs, oldest first; an answer may be "".
        sort: what is wanted.
        noun: the noun behind a Chinese pronoun, as in 该项目.
    """
    people = _people(earlier)
    for asked, answered in reversed(earlier):
        if found := _topic(asked, answered, sort, noun, people):
            yield found
    for asked, _ in reversed(earlier):
        if sort != "company" and not asked_in_chinese(asked) and (thing := thing_english(asked)):
            yield thing


def _topic(asked: str, answered: str, sort: Sort, noun: str, people: Collection[str]) -> str:
    analysis = analyse_question(asked)
    if analysis.language == "zh":
        return _topic_chinese(analysis, answered, sort, noun)
    return _topic_english(analysis, answered, sort, people)


def asked_in_chinese(asked: str) -> bool:
    """Whether a question is asked in Chinese, whatever names it holds."""
    return analyse_question(asked).language == "zh"


def subject(asked: str) -> str:
    """Return what a question is asked of: what a Chinese one opens with, a name or a thing in an English one."""
    analysis = analyse_question(asked)
    return (
        _subject(analysis) if analysis.language == "zh" else next(iter(_names(asked)), thing_english(asked))
    )


def _people(earlier: Sequence[tuple[str, str]]) -> set[str]:
    """Return the names that earlier answers gave to questions for a person."""
    return {
        person
        for asked, answered in earlier
        if analyse_question(asked).kind == "person"
        and (person := _introduced(asked) or short_answer(answered))
    }


_TITLE = "总经理"
_INTRODUCED = re.compile(
    r"who (?:is|was) (?P<english>.+)|谁是(?P<behind>.+)|(?P<before>.+?)是谁", re.IGNORECASE
)


def _introduced(asked: str) -> str:
    """Return whom a question names to hear who that is: Who is |Ada Berg|? 谁是|李明远|？ Not: Linz's mayor."""
    text = asked.strip(" ?？。")
    match = _INTRODUCED.fullmatch(text)
    name = next(filter(None, match.groups()), "") if match else ""
    if not is_chinese(name):
        return name if names_english(name) == [name] else ""
    titled = f"{_TITLE}{name}"  # a Chinese name is told by what stands before it
    spans = [(c.start, c.end) for c in find_candidates(titled) if c.kind == "person"]
    return name if (len(_TITLE), len(titled)) in spans else ""


def short_answer(answered: str) -> str:
    """Return what an answer begins with, without its quotations and citations; "" where nothing was found."""
    short = _opening(answered)
    return "" if len(short) > 60 else short


def listed(answered: str) -> list[str]:
    """Return the things that an answer names one after the other, in a line or a line each; figures are none."""
    openings = [opening for line in answered.splitlines() if (opening := _opening(line))]
    things = openings if len(openings) > 1 else _joined("".join(openings))
    return [] if any(thing[0].isdigit() for thing in things) else things


def _opening(answered: str) -> str:
    opening = re.split(r"[。；;\n]|(?<!\b[A-Z])\.\s|\s*[“\"]|\s*\(|\s*\[\d", answered.strip())[0].strip(
        " .,，"
    )
    return "" if opening.startswith(_NOT_FOUND) else opening


def _joined(text: str) -> list[str]:
    """Return what commas, 、 and words for and join."""
    if not is_chinese(text):
        return [thing for thing in re.split(r",\s+(?:and\s+)?|\s+and\s+", text) if thing]
    things, position = [""], 0
    for word, _ in tagged_words(fold(text)):  # by words: 和 in 共和国 joins nothing
        if re.fullmatch(r"、|和|与|及|以及", word):
            things.append("")
        else:
            things[-1] += text[position : position + len(word)]
        position += len(word)
    return [thing.strip() for thing in things if thing.strip()]


# Chinese

TIME = r"(?:(?:20|19)\d\d年度?(?:\d{1,2}月(?:\d{1,2}日)?|上半年|下半年|[一二三四]季度)?|\d{1,2}月(?:\d{1,2}[日号])?|去年|今年|前年|明年|上一?年|次年|第二年|全年|上半年|下半年)"
_SUBJECT_END = re.compile(
    rf"的|[在位处](?!建|置|理|方)于?|是|有(?!限|色|机)|为(?!民)|将(?!军)|什么|哪|(?<![许很众更诸最])多[少大长高宽远久深重快厚]|几[个家名项条]|谁|何[时年处地]|共[有计投]|一共|总共|已经?|累计|由|对|会(?!议|展|员)|可以"
    rf"|{TIME}|首批|实现|达到|突破|超过|完成|拥有|计划|预计|获[得批]|荣获|成立|生产(?!总值|线|基地)|研[制发](?!院|中心)|发布|总投资|举[行办]|召开|全年|增长|投资|宣布|签约|升级"
)
NAME_ENDS = {
    "company": r"(?:公司|集团|银行|厂|企业|科技|股份)$",
    "place": r"(?:高新区|开发区|园区|产业园|创新园|新区|科教城|[市省县区镇])$",
    "school": r"(?:大学|学院|学校|中学|小学|研究院|研究所|实验室|医院|银行|中心)$",
}


def _topic_chinese(analysis: QuestionAnalysis, answered: str, sort: Sort, noun: str) -> str:
    asked = analysis.text
    asks = analysis.kind
    opens = analysis.asks[0].span[0] == 0  # 哪家企业……: the answer is what it is about
    leading = opens and (sort == "any" or (sort == "thing" and not noun and asks != "person"))
    wanted = asks in ("organisation", "person", "place") and (_ANSWERS.get(sort) == asks or leading)
    if wanted and (found := _introduced(asked) or short_answer(answered) or _description(analysis)):
        return found
    if sort == "person":
        people = [c for c in find_candidates(asked) if c.kind == "person"]
        return asked[people[0].start : people[0].end] if people else ""
    if noun:
        match = re.search(rf"[^,。;的在]{{2,30}}{noun}", fold(asked))
        return asked[slice(*match.span())] if match else _subject(analysis)
    ends = NAME_ENDS.get(sort)
    names = owners(asked)
    if ends:
        fitting = [name for name in names if re.search(ends, fold(name))]
        if fitting:
            return fitting[0]
        if sort == "company":  # a company by its short name: what is not called a place
            others = [name for name in names if not re.search(NAME_ENDS["place"], fold(name))]
            return others[0] if others else ""
        return ""
    return _subject(analysis)


def _description(analysis: QuestionAnalysis) -> str:
    """谁发明了电灯 → 发明了电灯的人; 某公司的总经理是谁 → 某公司的总经理."""
    ask = analysis.asks[0]
    text = analysis.text.strip(" ?？。")
    before, after = text[: ask.span[0]], text[ask.span[1] :]
    if not after and before:
        return re.sub(r"(?:是|为|叫|由)$", "", before)
    if not before and after:
        noun = (
            {"person": "人", "place": "地方"}.get(ask.kind)
            or re.sub(r"^哪.", "", text[: ask.span[1]])
            or "企业"
        )
        return f"{after}的{noun}"
    return ""


WHO_ACTED = re.compile(r"谁(?:[\u4e00-\u9fff]{1,4}了)(?=[^,，?？]{2})")  # 谁设计了|青石大桥


def _subject(analysis: QuestionAnalysis) -> str:
    """Return what a question opens with, up to the first particle, verb or question word, without a date.

    Where it asks how much, without the noun of what is measured: 青石大桥 of 青石大桥全长多少.
    """
    asked = analysis.text
    acted = WHO_ACTED.match(fold(asked))
    text = re.sub(
        rf"^(?:请问|那么?)?(?:(?:截至|到|在)?{TIME}[,，]?(?:底|末|初)?|谁(?:是|担?任|当))",
        "",
        asked[acted.end() if acted else 0 :],
    )
    match = _SUBJECT_END.search(fold(text), 2)
    opening = (text[: match.start()] if match else text if acted else "").strip(" ,，?？。")
    if match and analysis.kind in FIGURES:
        opening = without_measure(opening) or opening
    return opening if len(opening) >= 2 else ""


SIZE = (
    r"[全总净主桥身]?[长宽高深厚重]度?|[主边单]?跨[度径]?|面积|占地|工期|造价|[单售房]价|价格|寿命|海拔|里程"
)
_MEASURE = (
    rf"(?:{SIZE}|.*(?:[额值率量数龄速]|收入|支出|投资|利润|成本|费用|资金|预算|资本|资产|人口|产能|规模|距离|温度|比[例重]|工资|年薪)"
    r"|员工|职工|在校学生|学生|教师|企业)"
)


def without_measure(text: str) -> str:
    """Return a text without the noun of quantity that it ends in and what qualifies that: "" where no more is there.

    A size is that of the thing before it, 东湖隧道总造价; money and numbers may be qualified by what stands behind
    a name, 云帆科技营业收入.
    """
    words = tagged_words(fold(text))
    if not words or words[-1][1].startswith("ns") or not re.fullmatch(_MEASURE, words[-1][0]):
        return text
    if not re.fullmatch(SIZE, words[-1][0]):
        names = [c.end for c in find_candidates(text) if c.start == 0 and c.kind in ("organisation", "place")]
        if names and max(names) < len(text):
            return text[: max(names)]
    words.pop()
    while words and (words[-1][1] == "b" or (words[-1][1][0] in "vad" and len(words[-1][0]) > 1)):
        words.pop()
    return text[: sum(len(word) for word, _ in words)]


def owners(asked: str) -> list[str]:
    """Return the names in a Chinese question, the one it opens with first."""
    opening = _subject(analyse_question(asked))
    names = [opening] if opening else []
    for name in named(asked):
        if not any(name in known for known in names):
            names.append(name)
    return names


def named(text: str) -> list[str]:
    """Return the organisations and places that a Chinese text names."""
    return [text[c.start : c.end] for c in find_candidates(text) if c.kind in ("organisation", "place")]


# English

_ENGLISH_NAMES = re.compile(
    r"(?:[A-Z][\w&.'-]*[\w)](?:\s+(?:of|and|the|for)\s+(?=[A-Z])|\s+(?=[A-Z(])|(?=\b))(?:\([^)]{1,30}\))?)+(?:\([^)]{1,30}\))?|[\u4e00-\u9fff]{2,20}"
)


_CALENDAR = re.compile(rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|{'|'.join(MONTHS)}")


def _topic_english(analysis: QuestionAnalysis, answered: str, sort: Sort, people: Collection[str]) -> str:
    """Return the answer where the question asked for what is wanted, else a name in the question."""
    asked = analysis.text
    sorts: dict[str, tuple[Sort, ...]] = {
        "organisation": ("company", "school", "thing", "any"),
        "person": ("person", "any"),
        # where is |the yard| asks for its place; which city is |Graz| for a thing
        "place": ("place",) if analysis.folded.startswith("where") else ("place", "thing", "any"),
    }
    if sort in sorts.get(analysis.kind, ()) and (found := _introduced(asked) or short_answer(answered)):
        return found
    if sort == "person" and analysis.kind == "person" and (described := _described(asked)):
        return described
    names = _names(asked)
    if sort == "thing" and names and (placed := _placed_english(asked, names[0])):
        return placed
    if sort == "person":
        return next((name for name in names if name in people), next(iter(names), ""))
    return next((name for name in names if sort == "any" or name not in people), "")


def _described(asked: str) -> str:
    """Return whom a question asks for: the mayor of Linz, the person who founded Yunfan."""
    match = re.match(r"who (?:is|was|are|were) (?P<title>the .+?|.+['’]s .+?)[ ?]*$", asked, re.IGNORECASE)
    if match:
        return match["title"]
    return f"the person who{asked[3:].rstrip(' ?')}" if re.match(r"who [a-z]", asked, re.IGNORECASE) else ""


def _placed_english(asked: str, name: str) -> str:
    """Return the thing that lies where a name says, |the new pier in Linz|; "" where a question speaks of none."""
    match = re.search(
        rf"\bthe (?:(?!(?:{_NO_NOUN})\b)[a-z][a-z-]* ){{1,3}}(?:in|at|on|near) (?:the )?{re.escape(name)}",
        asked,
    )
    return match.group() if match else ""


def _names(asked: str) -> list[str]:
    return [name for name in names_english(asked) if not _CALENDAR.fullmatch(name)]


_PLACED = "over|under|near|across|behind"
_NO_NOUN = (  # what ends the name of a thing: did |the museum have| a café
    "in|at|on|for|by|from|with|to|during|since|after|before|and|or|that|which|who"
    "|an?|the|its|his|her|their|any|some|more|last|this|next|each|every"
)
_ENGLISH_THING = re.compile(
    r"(?:\b(?:(?P<helps>do|does|did|has|have|had|can|will)|(?P<is>is|are|was|were)) )?"
    rf"(?P<thing>\bthe(?: (?:of|{_PLACED}) the| (?!(?:{_PLACED}|{_NO_NOUN})\b)[\w-]+)+)(?P<owns>['’])?",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(r"(?:\w\w[^\We]ed|[kptv]en|built|held|made|sold|found|lost|sunk|laid|cut|set)$")
_ENGLISH_ASKED_OF = re.compile(r"^what (?:is|are|was|were) the [\w -]+? of (?=the\b)", re.IGNORECASE)


def thing_english(asked: str) -> str:
    """Return the first thing without a name that an English question speaks of, without the verb behind it.

    did |the museum| have, was |the old bridge| built, where is |the old bridge|; of |the tower| its height is asked.
    """
    match = _ENGLISH_THING.search(_ENGLISH_ASKED_OF.sub("", asked))
    if not match:
        return ""
    *words, last = match["thing"].split()
    acts = match["helps"] or (match["is"] and _PARTICIPLE.search(last))
    return " ".join(words if acts and not match["owns"] and len(words) > 1 else [*words, last])


def names_english(text: str) -> list[str]:
    """Return the names in an English text, capitals and Chinese, without the 's before what they own."""
    names = []
    for match in _ENGLISH_NAMES.finditer(text):
        owns = re.match(r"\s\w", text[match.end() :])
        words = re.sub(r"['’]s$", "", match.group().strip()).split() if owns else match.group().split()
        while words and words[0].lower() in ENGLISH_OPENERS:
            words = words[1:]
        if words:
            names.append(" ".join(words))
    return names
