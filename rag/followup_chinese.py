"""What a Chinese follow-up leaves out or points back at, and how that is put back. Takes and gives questions.

Knows Chinese questions; of those before, what `followup_topics` tells, in whatever language they were asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.terms import tagged_words
from index.text import fold
from rag.asks import FIGURES
from rag.candidates import find_candidates
from rag.followup_topics import (
    NAME_ENDS,
    SIZE,
    TIME,
    WHO_ACTED,
    Sort,
    asked_in_chinese,
    named,
    owners,
    subject,
    topics,
    without_measure,
)
from rag.questions import QuestionAnalysis, analyse_question

COUNTED = (  # a measure word: 那 in front of it points, 那座桥, and opens nothing
    r"座(?!谈|位)|条(?!件|款|例|约|文)|所(?!有|得|属|需|在|谓)|项(?!目)|部(?!门|分|署|队|件)|本(?![地市区省县届月金科身期])"
    r"|台(?![湾州风])|场(?![地馆所景])|批(?![准复发])|次(?![年要品日])|款(?![项式])|份(?!额)|架(?!构)|支(?![出付持行部线])"
    r"|首(?![批个期次款台家席府都先届季套])|段(?!落)|片(?!区)|群(?![众体])|套(?![餐房])|期(?![末间限货])|[届件艘幢栋篇辆颗棵]"
)
ELLIPSIS = re.compile(  # longer ones say enough by themselves
    rf"^(?:请问[,，]?)?(?P<opener>(?:那么?(?!{COUNTED})|还有|再问一?下?)[,，]?(?:那么?)?(?:请问)?)?"
    r"(?P<what>[^?？]{1,24}?)(?P<end>呢|怎么样|如何|咋样|又?是多少呢?)[?？。]*$"
)
_THAT = r"(?:这|那(?!曲市|不勒斯)|(?<!应)该)"
_PRONOUNS: tuple[tuple[re.Pattern[str], Sort], ...] = (
    (
        re.compile(rf"{_THAT}(?:家|个|所)?(?:公司|企业|集团|厂商|车企|工厂|厂|单位|机构)|本公司|贵公司"),
        "company",
    ),
    (
        re.compile(
            rf"{_THAT}(?:个|座|家)?(?:国家)?(?:高新区|开发区|园区|产业园|创新园|区|城市|市(?!场)|省|县|镇|国家|地区|地方)"
        ),
        "place",
    ),
    (
        re.compile(rf"{_THAT}(?:所|家)?(?:大学|学校|学院|高校|校|院|研究院|实验室|医院|银行|中心)"),
        "school",
    ),
    (
        re.compile(
            rf"{_THAT}(?:一|个|项|款|种|条|份|座|台|批|部|本|次|场|届|辆)?(?P<noun>项目|产品|技术|工程|活动|会议|政策|计划|办法|清单|榜单|电池|产业|仪式|平台|基地|中心|方案|系统|书|电影|比赛)"
        ),
        "thing",
    ),
    (
        re.compile(
            rf"{_THAT}(?:个|位)(?:人|院士|教授|校长|经理|先生|女士|博士)|(?<![其吉耳犹维排利])他们?(?![国人山乡项州命])|她们?"
        ),
        "person",
    ),
    (re.compile(r"(?<!其)它们?"), "thing"),
    (re.compile(r"(?<![极尤与及耳名])其(?![他中实它余次妙间]|后(?!续))"), "any"),
    (re.compile(r"(?<=在)(?:这里|那里|那儿|这儿|当地)|^(?:那里|那儿|当地)"), "place"),
)

BARE = 2  # characters of content that a question without a topic has at most: 谁负责？ 产值多少？
_SAYS_NOTHING = re.compile(r"[\W有在是的了过些要呢吧啊呀又还都约共]|一共|总共|大概|具体|到底")
_TO_THE_READER = re.compile(
    r"[你您我咱]|[今昨明]天|现在几点|几点了"
)  # who are you, what time is it: asked of no document
_YEAR = re.compile(r"(?:20|19)\d\d年|去年|今年|前年|上一?年")
_TIMELESS = re.compile(rf"{SIZE}|总投资额?|总造价|注册资[本金]|合同金?额|票价")  # what no year has its own of
_SAID = re.compile(r"说|讲|表示|介绍|提出|透露|指出|认为")  # 是谁说的？
_CHANGED = (  # what is asked of a figure and names none: 同比增长, 比上年多, 占全市
    rf"(?:同比|环比|(?:比|较|和|与|跟)(?:{TIME}|上个?[月季]度?|前一?年)?(?:同期)?(?:相比)?)*"
    r"(?:(?:增长|增加|增|上升|上涨|涨|提高|提升|扩大|下降|下跌|下滑|跌|降低|降|减少|缩小|缩短|变化)[率幅速]?度?|[多少高低]"
    r"|占(?:全[国省市区县]|比|.{1,6}比[重例]))"
)


def with_topic(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Put what the conversation is about before a question that is hardly more than its question word.

    A question word alone, or who said so, asks of all that the last question said: 大桥封闭,为什么？ And what has changed is its figure.
    """
    analysis = analyse_question(question)
    left = _SAYS_NOTHING.sub("", analysis.content)
    start, end = analysis.asks[0].span
    if start == end or _TO_THE_READER.search(analysis.folded):
        return question
    changed = re.fullmatch(_CHANGED, left) is not None
    if changed and (figure := _figure(earlier[-1][0])):
        return figure + question
    measured = bool(left) and not without_measure(left)
    if not changed and (has_owner(analysis) or (len(left) > BARE and not measured)):
        return question
    if analysis.kind == "yes_no" or (left and analysis.kind == "definition"):
        return question
    alone = not analysis.content.strip(" ?。!") or _SAID.fullmatch(left)
    if alone and asked_in_chinese(earlier[-1][0]):
        return f"{without_question_word(earlier[-1][0])},{question}"
    sort: Sort = "thing" if changed or measured else "any"
    return next(topics(earlier, sort), "") + question


def _figure(asked: str) -> str:
    """Return the figure that a Chinese question asks for, itself and no change in it; "" where it asks for none."""
    if not asked_in_chinese(asked) or analyse_question(asked).kind not in FIGURES:
        return ""
    return re.sub(rf"{_CHANGED}了?$", "", without_question_word(asked))


def without_question_word(asked: str) -> str:
    """Return what a Chinese question says beside its first question word: 大桥封闭 of 大桥什么时候封闭？."""
    start, end = analyse_question(asked).asks[0].span
    return re.sub(r"[是为叫由在有]$", "", (asked[:start] + asked[end:]).strip(" ,，?？。"))


def has_question_word(folded: str) -> bool:
    """Whether a Chinese text asks for something."""
    return bool(re.search(r"什么|多少|哪|谁|几[个家名项月年]|何|是否|吗|怎么|为什么|有没有|(\w)不\1", folded))


def is_elliptical(ellipsis: re.Match[str], what: str, last: str) -> bool:
    """Whether a question that looks like 那……呢 leaves something out: 海上风电项目进展如何 says all there is to say."""
    opener, end = ellipsis["opener"], ellipsis["end"]
    if end == "呢" or (opener and "是多少" not in end):
        return True
    names = [c for c in find_candidates(what) if c.kind in ("organisation", "place", "person")]
    whole = any((c.start, c.end) == (0, len(what)) for c in names)
    return bool((opener or whole or not names) and _counterpart(last, what))


def bind(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Put what a pronoun points at in its place; the first pronoun of each kind only."""
    folded = fold(question)
    for pattern, kind in _PRONOUNS:
        match = pattern.search(folded)
        if not match:
            continue
        noun = match.groupdict().get("noun") or ""
        if _has_antecedent(question[: match.start()], kind, noun):
            continue
        found = next((known for known in topics(earlier, kind, noun) if known not in question), "")
        if found:
            return question[: match.start()] + found + question[match.end() :]
    return question


def _has_antecedent(before: str, kind: Sort, noun: str) -> bool:
    """Whether a question itself says, before a pronoun, what that may point at."""
    if noun:
        return noun in fold(before)
    if kind == "person":
        return any(c.kind == "person" for c in find_candidates(before))
    names = owners(before) if "," in fold(before) else named(before)
    if kind == "company":
        return any(not re.search(NAME_ENDS["place"], name) for name in names)
    return any(re.search(NAME_ENDS.get(kind, ""), name) for name in names)


def has_owner(analysis: QuestionAnalysis) -> bool:
    """Whether a question names someone or something of its own."""
    return bool(analysis.names or analysis.quoted or analysis.years)


def swap(last: str, what: str, end: str = "呢") -> str:
    """Return the last Chinese question with the part that corresponds to ``what`` replaced by it; ``end`` stood behind."""
    what = what.strip(" ,，的")
    owner, _, owned = what.rpartition("的")
    if end == "呢" and is_name(owner):
        asked = swap(last, owner)
        return asked if owned in asked else swap(asked, owned)
    place = _counterpart(last, what)
    if place:
        return last[: place[0]] + what + last[place[1] :]
    if re.fullmatch(TIME, fold(what)):
        return f"{what}{last}"
    acted_on = WHO_ACTED.match(fold(last)) and not (
        _is_figure(what) or _is_title(what) or _is_date_word(what)
    )
    if end == "呢" and (acted_on or is_name(what)):
        opening = subject(last)
        return last.replace(opening, what, 1) if opening else f"{what}{last}"
    return asked_of(last, what, end)


def asked_of(last: str, what: str, end: str) -> str:
    """Ask for ``what`` of the subject of the last question, unless it names its own: 望江开发区的面积.

    A figure is asked of the same year, where there is one of each year.
    """
    opening = subject(last)
    owned = f"{opening}的{what}" if opening and not _names_owner(what) else what
    year = _YEAR.search(fold(last)) if owned != what and _is_figure(what) else None
    if year and not _TIMELESS.fullmatch(fold(what)):
        owned = f"{last[slice(*year.span())]}{owned}"
    return owned + predicate(last, end, what)


def is_name(what: str) -> bool:
    """Whether a few words are the name of something, and nothing that is asked of it: 东湖隧道, not 东湖隧道工期."""
    whole = any(
        (c.start, c.end) == (0, len(what)) and c.kind in ("organisation", "place", "person")
        for c in find_candidates(what)
    )
    counted = any(tag[0] in "mt" for _, tag in tagged_words(fold(what)))
    return whole or (
        _holds_place(what) and not counted and "的" not in what and without_measure(what) == what
    )


def _names_owner(what: str) -> bool:
    """Whether what is asked for names whose it is."""
    generic = "|".join(NAME_ENDS.values())
    names = [name for name in named(what) if not name.isascii() and not re.fullmatch(generic, name)]
    return bool(names) or _holds_place(what) or re.match(r"[A-Za-z][\w .&-]*的", what) is not None


def _holds_place(what: str) -> bool:
    return any(tag.startswith(("ns", "nt")) for _, tag in tagged_words(fold(what)))


def predicate(last: str, end: str, what: str) -> str:
    """Return what a follow-up asks of ``what``; where it ends in 呢, what such a thing is asked for."""
    if end != "呢":
        return f"{end.removeprefix('又').removesuffix('呢')}？"
    ask = analyse_question(last).asks[0]
    same = (
        last[slice(*ask.span)]
        if asked_in_chinese(last)
        else {"person": "谁", "date": "什么时候"}.get(ask.kind)
    )
    if ask.kind not in ("person", "date") or _is_figure(what):
        return "是多少？"
    if _is_title(what):
        return f"是{same if ask.kind == 'person' else '谁'}？"
    return f"是{same if ask.kind == 'date' and _is_date_word(what) else '什么'}？"


def _is_figure(noun: str) -> bool:
    ask = analyse_question(f"{noun}是多少").asks[0]
    return ask.kind != "quantity" or bool(ask.units)


def _is_title(noun: str) -> bool:
    """Whether a person's name may stand right behind a noun, as behind 总经理."""
    return any(c.kind == "person" and c.start == len(noun) for c in find_candidates(f"{noun}王大鹏"))


def _is_date_word(noun: str) -> bool:
    """Whether a noun is a time, or what happens at one: 开工时间, 竣工."""
    words = tagged_words(fold(noun))
    acts = bool(words) and words[-1][1].startswith("v")
    return acts or re.search(r"(?:时间|日期|时候|[年月日]份?)$", noun) is not None


def _counterpart(last: str, what: str) -> tuple[int, int] | None:
    """Where in the last question the thing stands that ``what`` replaces: of its kind, or alike at an end."""
    folded, new = fold(last), fold(what)
    if re.fullmatch(TIME, new):
        found = _same_grain(folded, new)
        return found
    kinds = {c.kind for c in find_candidates(what) if c.start == 0 and c.end == len(what)} & {
        "organisation",
        "place",
        "person",
    }
    fitting = [c for c in find_candidates(last) if c.kind in kinds]
    for candidate in fitting:
        if folded[candidate.end - 2 : candidate.end] == new[-2:]:
            return candidate.start, candidate.end
    alike = _alike(folded, new)
    if alike:
        return alike
    if fitting:
        return fitting[0].start, fitting[0].end
    opening = subject(last)
    if opening and kinds:
        start = last.index(opening)
        return start, start + len(opening)
    return None


def _same_grain(folded: str, new: str) -> tuple[int, int] | None:
    """Return the date of a question that a new date replaces: a year for a year, a month for a month."""
    if re.match(r"\d{1,2}月", new):
        match = re.search(r"\d{1,2}月(?:\d{1,2}[日号])?", folded)
    elif re.fullmatch(r"(?:20|19)\d\d年", new):
        match = re.search(r"(?:20|19)\d\d年|去年|今年|前年", folded)
    else:
        match = re.search(TIME, folded)
    return match.span() if match else None


_SEGMENT_START = re.compile(r"[的在中和与及是由对为有,，、“”\"'()（）《》年月日]")


def _alike(folded: str, new: str) -> tuple[int, int] | None:
    """Return the stretch of a question that ends, or begins, as ``new`` does, and differs in the rest.

    供给清单 for 需求清单, 常州高新区 for 武进高新区. Of several the one whose length is nearest wins.
    """
    found: list[tuple[float, int, int]] = []
    for length in range(len(new) - 1, 0, -1):
        for match in re.finditer(re.escape(new[-length:]), folded):
            start = _back(folded, match.start(), len(new) - length)
            size = match.end() - start
            if size <= length or (length == 1 and len(new) > 3):
                continue
            begins = start == 0 or _SEGMENT_START.match(folded[start - 1]) is not None
            # later is better too: what is asked for stands near the question word
            found.append(
                (length - abs(size - len(new)) + 0.8 * begins + 0.5 * start / len(folded), start, match.end())
            )
    return max(found)[1:] if found else None


def _back(folded: str, position: int, wanted: int) -> int:
    """Go back from ``position`` to where the segment begins: at a particle, or after about ``wanted`` characters."""
    start = position
    while start > 0 and not _SEGMENT_START.match(folded[start - 1]) and position - start < max(wanted, 2):
        start -= 1
    if start and re.match(r"[市省县区]", folded[position - 1]) and position - start < 2:
        return position
    return start
