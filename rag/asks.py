"""Finds what a question asks for by its question words, in Chinese and English: kinds of answers and their units.

Takes a folded question and its language; gives an `Ask` for each thing asked. The patterns are the closed class of
question words and the nouns of quantity; no other vocabulary is listed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, zip_longest
from typing import Literal

from index.datatypes import Span as TextSpan
from index.terms import tagged_words
from rag.candidates import LETTER_UNIT, LONG_UNIT
from rag.numerals import han_number

AnswerKind = Literal[
    "money",
    "percent",
    "quantity",  # a number, mostly with a unit
    "rank",
    "date",  # from a year to a day
    "duration",
    "person",
    "organisation",
    "place",
    "list",
    "definition",
    "reason",  # why and how: a sentence, not a short answer
    "yes_no",
    "phrase",  # anything else that is short
]

FIGURES: frozenset[AnswerKind] = frozenset({"money", "percent", "quantity", "rank", "duration"})
EXPLANATIONS: frozenset[AnswerKind] = frozenset({"definition", "reason", "yes_no"})
"""Kinds of answers that take a sentence."""
WEAK: frozenset[AnswerKind] = frozenset({"phrase", "yes_no", "reason", "definition"})
"""Kinds that ask for nothing where a question word of another kind stands beside theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing asked: the kind of its answer, the unit its figure must have, and where its question word stands."""

    kind: AnswerKind
    span: (
        TextSpan  # of the question word in the folded question, with its unit or noun: 多少家, which company
    )
    units: tuple[str, ...] = ()  # any of these will do: 家; "" never occurs; empty: any unit
    noun: str = ""  # what is counted or chosen: 项目, 企业, company
    count: int | None = None  # how many items a list must have: 哪三家 → 3
    open: bool = False  # what … does it weigh: not even whether a thing or a figure is asked for is told


_ENGLISH_NUMERALS = {
    word: n
    for n, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=2
    )
}

# Units by the noun of quantity that stands near 多少 or "how much"; the first pattern that matches wins.
_MONEY_UNITS = ("元", "美元", "欧元", "港元", "日元", "英镑", "人民币")
_QUANTITY_NOUNS: tuple[tuple[str, AnswerKind, tuple[str, ...]], ...] = (
    (r"排名|名次|位次|位列|排第|排在第|列第|位居", "rank", ()),
    (
        r"增速|增长率|增幅|涨幅|降幅|占比|比例|比重|百分比|份额|覆盖率|[^效功频速费税汇]率(?=$|是|为|达|约|有|和|与)"
        r"|(?:研发|经费)(?:投入)?强度"
        r"|同比(?:增长|下降)|增长了?$",
        "percent",
        ("%", "百分点"),
    ),
    (r"面积", "quantity", ("平方米", "平方公里", "亩", "公顷", "平方千米", "㎡")),
    (
        r"产能|产量|年产",
        "quantity",
        ("吨", "台", "套", "辆", "支", "片", "只", "件", "米", "块", "颗", "枚", "公斤", "千克", "瓶", "箱", "平方米", "立方米", "千瓦", "kw", "mw", "gw", "gwh", "mwh"),
    ),
    (r"发电量|用电量|电量|度电", "quantity", ("度", "千瓦时", "kwh", "mwh", "gwh")),
    (r"装机|功率", "quantity", ("千瓦", "兆瓦", "吉瓦", "kw", "mw", "gw", "瓦")),
    (r"人口|常住", "quantity", ("人", "名")),
    (r"年龄|岁数", "quantity", ("岁",)),
    (
        r"投资额?|产值|收入|销售额|营业额|营收|融资|金额|资金|生产总值|gdp|利润|税收|纳税|预算|资助|奖励|补贴|补助|资产|债务"
        r"|市值|价格|售价|单价|房租|租金|学费|成本|费用|经费|工资|薪|贷款|注册资本|出资|[押定订本]金|保证金|违约金|赔偿|交易额|成交额|进出口|出口额|进口额|外资|罚款|票房|总额|增加值"
        r"|规模(?=[^,。]*(?:基金|资金))|基金",
        "money",
        _MONEY_UNITS,
    ),
    (
        r"多[长高宽深远]|长度|高度|宽度|深度|距离|海拔|直径|里程|跨度",
        "quantity",
        ("米", "公里", "千米", "厘米", "毫米", "里", "尺", "英尺", "英里", "海里", "光年", "km", "m", "cm", "mm"),
    ),
    (r"重量|多重|体重", "quantity", ("吨", "公斤", "千克", "克", "斤", "kg", "磅")),
    (r"温度|[气体水室]温", "quantity", ("度", "℃", "摄氏度")),
    (r"时长|工期|周期|寿命", "duration", ()),
)  # fmt: skip

_CHANGE = r"缩短|提高|提升|降低|下降|减少|减小|加快|增加|增长|上升|涨|节约|节省|省下|改善|压缩|扩大|翻|多出|少了|多了"

_MEASURE = (
    r"人民币|家次|人次|班次|批次|车次|平方米|平方公里|立方米|公顷|公里|英[亩里尺寸]|公斤|千瓦时?|个百分点|个月|小时|分钟|台套|美元|亿元|万元|万吨|万人|万个|万台|万辆"
    r"|[家户人名位个项件条款种类份台套辆架艘支只座栋幢处所间张篇部本册场期轮批届级层门片块根枚颗笔单宗起例倍元吨度岁米年月天日周次亩分票"
    r"股首幅段句字步站道面口头匹棵朵双对组队排列章节集代孔克斤里盘局]"
)
_SAME_UNITS = tuple(
    row.split()
    for row in (
        "公里 千米 km", "米 m", "厘米 cm", "毫米 mm", "平方米 ㎡ m² m2", "平方公里 平方千米", "立方米 m³ m3", "公斤 千克 kg", "克 g",
        "千瓦 kw", "兆瓦 mw", "吉瓦 gw", "千瓦时 度 kwh", "兆瓦时 mwh", "吉瓦时 gwh", "安时 ah", "毫安时 mah", "岁 周岁",
        "摄氏度 ℃ 度",
    )
)  # fmt: skip
_LIST_NUMBER = r"[二三四五六七八九]?十[一二三四五六七八九]?|[两二三四五六七八九]|\d{1,2}"
_COUNTED = rf"(?<![\d第一二三四五六七八九十百千])({_LIST_NUMBER})(?:大|个|项|家|种|类|方面|链|化|最|点|位|名|条)"  # 四大主导产业, 三链融合
_QUOTED_COUNT = re.compile(r"[\"“](?P<number>[两二三四五六七八九])[^\d\"”一两二三四五六七八九十]{1,4}[\"”]")
_PLACE_NOUNS = r"国家?|省份?|城市|地方|地区|市|县|区(?!块)|州|洲|镇|乡|村|岛|街道|位置"
_ORGANISATION_NOUNS = (
    r"企业|公司|机构|大学|学校|高校|学院|单位|组织|集团|银行|部门|园区|高新区|开发区|医院|研究院|研究所|实验室|团队|球队|俱乐部"
    r"|协会|媒体|报社|报纸|出版社|平台|党派?|军队|车企|工厂"
)
_HAN = r"\u4e00-\u9fff"
_HOW_MANY = r"(?<![哪这那好近十\d])几(?![乎率])"
_AS_WHAT = (  # 又称之为什么, 被评为什么 ask for what it is called
    r"(?:(?<=[算称之作成视定认名叫列命变更译读])为什么(?=[?。]?$)|(?<=被[称定评封列视认选誉])为什么)"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    kind: AnswerKind


def _rules(*pairs: tuple[str, AnswerKind]) -> tuple[_Rule, ...]:
    return tuple(_Rule(re.compile(pattern), kind) for pattern, kind in pairs)


# Order matters: at one place the earlier rule wins, and longer phrases stand before their parts.
_CHINESE_RULES = _rules(
    (r"(?:排名|位列|排|位居|列)?第几(?:位|名)?|第多少(?:位|名)?", "rank"),
    (
        r"什么(?:时[候间期]|年[代份]|季节|日期|月份|世纪)|何时|何年何?月?|何日|哪[一个]*(?:年|天|月|日|世纪|年代|时期|朝代?|季度)(?:哪[一个]*(?:月|日|天))?份?"
        rf"|哪几[天日号]|几月几?[日号]?|几号|几时|多会儿|几几年|(?<![这那有])几点(?![建意评要措方]|原因|理由)(?:钟|半)?|(?:星期|礼拜|周)几(?!{_MEASURE})",
        "date",
    ),
    (
        rf"多久|多长时间|多少(?P<measure>年|个月|天|小时|分钟|周年?|个小时)时?间?(?!份)|{_HOW_MANY}(?:年|个月|天|小时|分钟|周|个小时)(?!级)",
        "duration",
    ),
    (r"百分之(?:多少|几)|多大(?:比例|比重)", "percent"),
    (r"多少钱|多少资金|(?:怎么卖|[什甚]么价(?:位|钱|格)?|啥价)(?=[?。]?$)", "money"),
    (
        rf"多少(?P<measure>{LONG_UNIT}|{_MEASURE}|(?:{LETTER_UNIT})(?![a-z]))?|{_HOW_MANY}(?P<measure2>{_MEASURE})|多(?:大(?!学)|高|长|远|重|深|宽|快|厚)",
        "quantity",
    ),
    (
        rf"哪(?:[\"]?(?:{_LIST_NUMBER}))大?(?:{_MEASURE}|方面|者|大)?|哪些|哪几(?:{_MEASURE}|方面|大)?|那些(?=[^,。]*[?]$)"
        rf"|(?:有|包括|包含|分为)(?:哪(?!{_LIST_NUMBER})|什么)(?=[^,。]*$)(?!时候)",
        "list",
    ),
    (r"谁|何人|哪[一]?位|(?<!为)什么人|何许人", "person"),
    (rf"哪里|哪儿|何处|何地|(?<!为)什么地方|哪[一个座]*(?:{_PLACE_NOUNS})", "place"),
    (
        rf"哪[一]?(?:家|所|支)(?:{_ORGANISATION_NOUNS})?|(?:哪[一个]*|(?<!为)什么)(?:{_ORGANISATION_NOUNS})",
        "organisation",
    ),
    (rf"(?!{_AS_WHAT})为什么|为何|为啥|怎么样?|怎样|如何|什么原因|何以|缘何", "reason"),
    (
        r"什么是|何谓|何为|(?:指的是|是指|指|意味着)什么|什么意思|是什么意思|的?(?:含义|定义|意思)是?(?:什么)?(?=[?。]?$)",
        "definition",
    ),
    (rf"是否|能否|可否|([{_HAN}])[不没]\1|吗(?=[?。]?$)", "yes_no"),
    (rf"(?:哪|什么|何种|何|{_HOW_MANY}|啥)(?:一?(?:个|种|款|项|类|条|部|本|首|样))?", "phrase"),
)

_ENGLISH_UNITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"compan(?:y|ies)|enterprises?|firms?|businesses|manufacturers|suppliers|banks|hospitals|factories",
        ("家", "户", "companies", "enterprises", "firms"),
    ),
    (
        r"people|persons?|employees|staff|workers|talents?|students|experts|graduates|residents|inhabitants|members"
        r"|visitors|tourists|visits|guests|passengers|customers|readers|spectators|viewers|participants|volunteers|pupils"
        r"|teachers|doctors|nurses|patients|soldiers|sailors|fishermen|farmers|children|boys|girls|men|women|adults|families",
        ("人", "名", "位", "个", "人次", "people", "employees", "visitors", "students"),
    ),
    (r"years?", ("年", "years", "year")),
    (r"days?", ("天", "日", "days")),
    (r"months?", ("个月", "months")),
    (r"hours?", ("小时", "hours")),
    (r"tons?|tonnes?", ("吨", "tons", "tonnes")),
    (r"mu", ("亩", "mu")),
    (r"times", ("次", "倍", "times")),
    (r"vehicles|cars|trucks", ("辆", "台")),
    (r"projects|jobs|countries|cities|parks|items|units|places", ("个", "项", "座")),
)

_ENGLISH_RULES = _rules(
    (
        r"(?:what|which) (?:is |was )?(?:the )?(?:\w+ ){0,2}rank(?:ing)?\b|how(?= (?:high )?(?:did|does|do|is|was|were) .{0,60}?\brank)|where(?= (?:(?:did|does|do) .{0,60}?\brank\b|(?:is|was|were) .{0,60}?\branked\b))"
        r"|what (?:place|position)\b",
        "rank",
    ),
    (r"when|(?:what|which|in what|in which) (?:year|date|day|month|century|decade|time)\b", "date"),
    (  # of a thing, how long it is or lasts: how long is the bridge, how long is the course
        r"how long(?= (?:is|was|are|were) (?!(?:he|she|they|we|you|i|people)\b)(?![^?]*(?:\w\wed|ing|en|valid|there)\b))",
        "quantity",
    ),
    (r"how long|how many (?:\w+ )?(?:years|months|days|hours|weeks|minutes)\b", "duration"),
    (
        r"(?:what|which)(?= (?:is |was )?(?:the )?(?:\w+ )?(?:percentage|proportion|share|percent|rate|ratio)\b)"
        r"|what(?= (?:did|has|have|does) (?:the )?(?:[\w'-]+ )?(?:percentage|proportion|share|rate|ratio)\b)"
        r"|by what percentage|how many percent",
        "percent",
    ),
    (
        r"how much money|how much(?=\W*$)|what(?= (?:is|was) the (?:\w+ )?(?:price|cost)\b)|(?:how much|what)(?= (?:does|did|do|will|would) .{0,60}\bcost\b)",
        "money",
    ),
    (
        r"what(?= (?:do|does|did) .{0,60}\b(?:weigh|measure)\b)|how many(?: \w+)?|how much|how (?:large|big|tall|high|old|far|heavy|deep|wide|fast|often)\b",
        "quantity",
    ),
    (
        r"(?:which|what) (?:two|three|four|five|six|seven|eight|nine|ten|\d{1,2})\b(?: \w+)?|(?:what|which) are\b"
        r"|(?:which|what) (?:\w+ )?(?:companies|enterprises|industries|parks|cities|countries|products|areas|measures"
        r"|factors|projects|names|members|types|kinds)\b|^(?:list|name)\b",
        "list",
    ),
    (r"who(?:se|m)?\b", "person"),
    (
        r"where|(?:which|what|in which|in what) (?:country|city|province|town|place|state|region|county|district|village)\b",
        "place",
    ),
    (
        r"(?:which|what) (?:\w+ )?(?:company|enterprise|firm|organi[sz]ation|university|institution|institute|bank|agency"
        r"|manufacturer|school|college|team|group|corporation|department|zone|park)\b",
        "organisation",
    ),
    (r"why|how (?:do|does|did|can|could|is|are|was|were|to|will|would)\b|for what reason", "reason"),
    (
        r"what (?:is|are) meant by|what does(?= .{1,60}? (?:mean|stand for))|define\b|what (?:is|was) the (?:meaning|definition)",
        "definition",
    ),
    (r"^(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b", "yes_no"),
    (r"what|which|how", "phrase"),
)

_LENGTHS = (
    "米", "公里", "千米", "厘米", "毫米", "里", "英尺", "英里", "海里", "km", "m", "cm", "mm", "met", "feet", "foot", "ft", "inch",
    "mile", "yard",
)  # fmt: skip
_TIMES = ("年", "月", "天", "小时", "分钟", "周", "year", "month", "week", "day", "hour", "minute")
_WEIGHTS = ("吨", "公斤", "千克", "克", "斤", "kg", "mg", "gram", "ton", "pound", "ounce")
_ENGLISH_QUANTITIES: tuple[tuple[str, AnswerKind, tuple[str, ...]], ...] = (
    (r"how long", "quantity", (*_LENGTHS, *_TIMES)),
    (r"how (?:tall|deep|wide)\b", "quantity", _LENGTHS),
    (r"how heavy\b", "quantity", _WEIGHTS),
    (r"how old\b", "quantity", ("岁", "周岁", *_TIMES)),
    (r"how much (?:more|less|lower|higher|larger|smaller|greater|cheaper|dearer)\b.* than\b", "quantity", ()),
    (
        r"percent|growth rate|proportion|share of|how much (?:did|has|have|was|were) .{0,80}"
        r"(?:grow|increase|rise|rose|fall|shorten|decline|decrease|reduce|improve)",
        "percent",
        ("%",),
    ),
    (r"\barea\b|square|how large", "quantity", ("平方米", "平方公里", "亩", "公顷", "square")),
    (
        r"invest|output value|revenue|sales|income|financ|funding|fund\b|amount|gdp|gross domestic|profit|tax|price|cost|worth"
        r"|budget|subsid|capital|money|pay|spend|spent|raise|loan|value|turnover|stock"
        r"|\b(?:fees?|fares?|dividends?|bids?|grants?|fines?|salar(?:y|ies)|wages?|rents?|tolls?|premiums?|donat)"
        r"|\btickets?\b|\badmission\b|how much (?:is|are|for) (?:an?|one|two)\b",
        "money",
        _MONEY_UNITS,
    ),
    (
        r"what (?:is|was) the (?:[\w-]+ ){0,2}(?:growth|increase|rise|decline|decrease|drop|fall) (?:of|in) .*",
        "quantity",
        (),
    ),
    (r"electricity|power generation|generate", "quantity", ("度", "千瓦时", "kwh", "mwh", "gwh")),
    (r"population", "quantity", ("人", "people")),
)
_ENGLISH_WHAT_QUANTITY = re.compile(
    r"what (?:is|was|were|are) (?:the )?(?:(?!\b(?:of|in|for|among|after|behind) ).){0,60}?\b(?:gdp|output|investment|revenue|sales|population|price|profit|area|"
    r"number|amount|capacity|growth|(?:increase|rise|decline|decrease|drop|fall)(?= in)|percentage|budget|total|value|turnover|income|size|scale|height|length|width|depth|weight|speed"
    r"|distance|temperature|age)\b"
)
_CHINESE_WHAT_QUANTITY = re.compile(
    r"(?:产值|投资额?|收入|销售额|营收|生产总值|gdp|人口|面积|增速|增长率|占比|比例|产能|价格|金额|利润|排名|数量|总数|规模|温度|浓度|年龄|高度|长度)"
    r"(?:约|大约)?(?:是|为|达到?|有)什么"
)


_WHAT_IT_IS = re.compile(
    r"what (?:is|was) (?:(?P<kind>an? [\w-]+(?: (?!(?:of|in|on|at|to|for|from|by|with|that|which)\b)[\w-]+){0,2})|(?:the )?(?P<name>[^?]+?))\s*\?*"
    r"|[“\"「『《‘]?(?P<chinese>[^?]+?)[”\"」』》’]?是(?:一?[个种])?什么\?*"
)


def asks_what_it_is(folded: str, named: Sequence[str]) -> bool:
    """Whether a question asks what a thing is: a kind of thing (a lightship), or one by its name and no more.

    What is asked of a thing, its theme or address, has the same form; only a name tells the two apart.
    """
    match = _WHAT_IT_IS.fullmatch(folded.strip())
    return bool(match and (match["kind"] or (match["name"] or match["chinese"]) in named))


def find_asks(folded: str, language: str) -> tuple[Ask, ...]:
    """Return what a folded question asks for, in order; a phrase at its end where it has no question word."""
    rules = _ENGLISH_RULES if language == "en" else _CHINESE_RULES
    found: list[Ask] = []
    taken = [False] * len(folded)
    for rule in rules:
        for match in rule.pattern.finditer(folded):
            start, end = match.span()
            if start == end or any(taken[start:end]):
                continue
            if language == "en" and start and folded[start - 1].isalnum():
                continue
            taken[start:end] = [True] * (end - start)
            found.append(_refine(Ask(kind=rule.kind, span=(start, end)), match, folded, language))
    found.sort(key=lambda ask: ask.span)
    found = [
        ask for ask, later in zip_longest(found, found[1:]) if not (later and _counts(ask, later, folded))
    ]
    # "which" inside a relative clause and a stray 什么 beside a stronger question word ask nothing.
    if language == "en" and found:
        found = _asking_english(folded, found)
    else:
        found = [ask for ask in found if ask.kind not in WEAK] or found
    return tuple(found) or (Ask(kind="phrase", span=(len(folded), len(folded))),)


def _counts(ask: Ask, later: Ask, folded: str) -> bool:
    """Whether 几 says only that there are several of what is asked for: 几条河叫什么."""
    counts = folded[ask.span[0]] == "几" != folded[later.span[0]]
    return counts and not re.search(r"[,;、和与及]", folded[ask.span[1] : later.span[0]])


def _asking_english(folded: str, asks: list[Ask]) -> list[Ask]:
    """Keep what the question opens with and the question words after "and": the others open subordinate clauses.

    What opens a question is not what is asked where a clause says what kind of thing that is: the man who built it.
    """
    first = asks[0]
    opening = next((ask for ask in asks if ask.kind not in WEAK), first)
    later = [ask for ask in asks if ask.kind not in ("yes_no", "definition") and _asks_too(ask, folded)]
    clause = folded[slice(*opening.span)] in ("when", "where")
    weak = first.kind == "reason" or (first.kind == "phrase" and (clause or opening in later))
    if first.span[0] or not weak:
        first = opening
    return [first, *(ask for ask in later if ask.span > first.span)]


def _asks_too(ask: Ask, folded: str) -> bool:
    """Whether a question word opens a later clause that asks: and when was it built; not: and what to do."""
    before, after = folded[: ask.span[0]], folded[ask.span[1] :]
    joined = re.search(r"(?:\band|;|\?|(?P<comma>,))\s*(?:(?:in|by|at|of|for|from|to|on|with) )?$", before)
    relative = joined and joined["comma"] and folded[ask.span[0] :].startswith(("who", "which"))
    return bool(joined) and not relative and not after.startswith(" to ")


_WHAT_ALONE = re.compile(
    r"what (?:do|does|did|is|are|was|were|has|have|had|can|could|will|would)\b|(?:什么|啥)(?:[?。]|$)"
)


def _refine(ask: Ask, match: re.Match[str], folded: str, language: str) -> Ask:
    if not _holds_measure(match):  # 多少 with the first character of 项目 or 年轻人
        ask = replace(ask, kind="quantity", span=(ask.span[0], match.start("measure")))
        return _by_noun_of_quantity(ask, folded)
    if ask.kind == "list":
        return replace(ask, count=_count(match.group(), language) or _counted(folded))
    if ask.kind == "definition":
        return replace(ask, count=_counted(folded))
    if ask.kind == "phrase":
        pattern = _ENGLISH_WHAT_QUANTITY if language == "en" else _CHINESE_WHAT_QUANTITY
        if pattern.search(folded):
            ask = replace(ask, kind="quantity")
        elif language == "zh" and (counted := _QUOTED_COUNT.search(folded)):  # “四送”是送什么
            return replace(ask, kind="list", count=_numeral(counted.group("number")))
        else:
            return replace(ask, open=bool(_WHAT_ALONE.match(folded[ask.span[0] :])))
    if ask.kind == "date":
        grain = _GRAIN.search(match.group())
        return replace(ask, units=(_GRAINS.get(grain[0], grain[0]),)) if grain else ask
    if ask.kind == "quantity":
        return _refine_quantity(ask, match, folded, language)
    if ask.kind == "place":
        noun = re.search(r"[省市县州区镇乡村岛]$|[a-z]+$", match.group())
        unit = _ENGLISH_PLACES.get(noun.group(), noun.group()) if noun else ""
        return replace(ask, units=(unit,)) if unit and not unit.isascii() else ask
    return ask


_GRAIN = re.compile(r"年|month|day|date|year|月|日|天|号|季度|世纪|century|点|星期|礼拜|周")
_GRAINS = {  # 日 also for the rest of what names a day
    **{"year": "年", "month": "月", "century": "世纪", "点": "时"},
    **dict.fromkeys(("day", "date", "天", "号", "星期", "礼拜", "周"), "日"),
}
_ENGLISH_PLACES = {
    "province": "省",
    "city": "市",
    "county": "县",
    "district": "区",
    "town": "镇",
    "village": "村",
}


def _refine_quantity(ask: Ask, match: re.Match[str], folded: str, language: str) -> Ask:
    start, end = ask.span
    if language == "en":
        word = match.group().split()[-1]
        for pattern, units in _ENGLISH_UNITS:
            if match.group().startswith("how many") and re.search(
                rf"^how many (?:[\w-]+ ){{0,5}}?(?:{pattern})\b", folded[start : start + 70]
            ):
                return replace(ask, units=units, noun=word)
        if match.group().startswith("how many"):
            return replace(ask, noun=word)
        return _by_noun(ask, folded, _ENGLISH_QUANTITIES)
    groups = match.groupdict()
    measure = groups.get("measure") or groups.get("measure2")
    if measure and not (
        measure in "位名" and re.search(r"(?:排名|位列|排|居|列)[^,。]{0,4}$", folded[:start])
    ):
        noun = re.match(r"[\u4e00-\u9fff]{1,4}", folded[end:])
        if measure in _MONEY_UNITS or measure in ("亿元", "万元"):
            return replace(ask, kind="money", units=_MONEY_UNITS)
        same = (unit for row in _SAME_UNITS if measure in row for unit in row)
        return replace(ask, units=tuple(dict.fromkeys((measure, *same))), noun=noun.group() if noun else "")
    return _by_noun_of_quantity(ask, folded)


_BEFORE_MEASURES = ("", "九", "千")
"""What a measure is cut behind: alone 座桥 seems one word, behind 千 so does 个人, behind 九 家规."""


def _holds_measure(match: re.Match[str]) -> bool:
    """Whether what a rule took for the measure of 多少 is a word there: 项 in 多少项专利, not in 多少项目."""
    measure = match.groupdict().get("measure")
    if not measure:
        return True
    rest = match.string[match.start("measure") :]
    return any(
        len(before) + len(measure) in accumulate(len(word) for word, _ in tagged_words(before + rest))
        for before in _BEFORE_MEASURES
    )


def _by_noun_of_quantity(ask: Ask, folded: str) -> Ask:
    """Take the kind and units of the noun that stands before 多少 in its clause, or after it: 达到多少产值."""
    start, end = ask.span
    clause_start = max(folded.rfind(mark, 0, start) for mark in ",;。") + 1
    before = folded[clause_start:start]
    after = re.match(r"[^,。;?]{0,8}", folded[end:])
    if re.search(_CHANGE, before[-4:]):  # 缩短了多少: a percentage as well as a figure with its unit
        return ask
    near = _by_noun(ask, before, _QUANTITY_NOUNS)
    if near is not ask:
        return near
    return _by_noun(ask, folded[start:end] + (after.group() if after else ""), _QUANTITY_NOUNS)


def _by_noun(ask: Ask, text: str, nouns: tuple[tuple[str, AnswerKind, tuple[str, ...]], ...]) -> Ask:
    """Take the kind and units of the noun of quantity that stands last in ``text``, nearest to its question word."""
    best, best_end = ask, -1
    for pattern, kind, units in nouns:
        for match in re.finditer(pattern, text):
            if match.end() > best_end:
                best, best_end = replace(ask, kind=kind, units=units), match.end()
    return best


def _count(asked: str, language: str) -> int | None:
    """Return how many items the words that ask for a list want: 哪三家, which two."""
    if language == "en":
        word = next((word for word in asked.split() if word.isdigit() or word in _ENGLISH_NUMERALS), "")
        return int(word) if word.isdigit() else _ENGLISH_NUMERALS.get(word)
    number = re.search(_LIST_NUMBER, asked)
    return _numeral(number[0]) if number else None


def _counted(folded: str) -> int | None:
    """Return how many there are of what a question names: 四大主导产业."""
    number = re.search(_COUNTED, folded)
    return _numeral(number[1]) if number else None


def _numeral(text: str) -> int:
    return int(text) if text.isdigit() else int(han_number(text) or 0)
