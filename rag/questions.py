"""What a question asks for, in Chinese and English: its language, the kind of answer, its parts and constraints.

Takes the text of one question that stands alone; gives a `QuestionAnalysis`. Knows nothing of documents.
The patterns are the closed class of question words and the nouns of quantity; no other vocabulary is listed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, zip_longest
from typing import Literal

from index.datatypes import Span as TextSpan
from index.terms import tagged_words
from index.text import detect_language, fold
from rag.candidates import COUNTED
from rag.comparing import Comparison, find_comparison
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


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnalysis:
    """A question understood as far as its form tells. ``folded`` has the offsets of ``text``."""

    text: str
    folded: str
    language: str
    asks: tuple[Ask, ...]  # at least one
    parts: tuple[str, ...]  # questions that stand alone, one for each thing asked; (text,) when one is asked
    years: tuple[int, ...] = ()
    quoted: tuple[str, ...] = ()  # folded, without their marks
    names: tuple[str, ...] = ()  # folded: Latin names and numbers, bracketed aliases, X公司, X高新区 …
    relative_year: int | None = None  # 去年 -1, 今年 0, 明年 1
    comparison: Comparison | None = None  # of two things, which the parts then ask about

    @property
    def kind(self) -> AnswerKind:
        """The kind of the first thing asked."""
        return self.asks[0].kind

    @property
    def content(self) -> str:
        """The folded question with its question words and years blanked: what a passage must speak of."""
        characters = list(self.folded)
        for ask in self.asks:
            start, end = ask.span
            characters[start:end] = " " * (end - start)
        return _without_years("".join(characters))


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
        r"|市值|价格|售价|单价|房租|租金|学费|成本|费用|经费|工资|薪|贷款|注册资本|出资|交易额|成交额|进出口|出口额|进口额|外资|罚款|票房|总额|增加值"
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
    (r"温度|气温", "quantity", ("度", "℃", "摄氏度")),
    (r"时长|工期|周期|寿命", "duration", ()),
)  # fmt: skip

_CHANGE = r"缩短|提高|提升|降低|下降|减少|减小|加快|增加|增长|上升|涨|节约|节省|省下|改善|压缩|扩大|翻|多出|少了|多了"

_MEASURE = (
    r"人民币|家次|人次|班次|批次|车次|平方米|平方公里|立方米|公顷|公里|英[亩里尺寸]|公斤|千瓦时?|个百分点|个月|小时|分钟|台套|美元|亿元|万元|万吨|万人|万个|万台|万辆"
    r"|[家户人名位个项件条款种类份台套辆架艘支只座栋幢处所间张篇部本册场期轮批届级层门片块根枚颗笔单宗起例倍元吨度岁米年月天日周次亩分票"
    r"股首幅段句字步站道面口头匹棵朵双对组队排列章节集代孔克斤里盘局]"
)
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
    (r"多少钱|多少资金", "money"),
    (
        rf"多少(?P<measure>{_MEASURE})?|{_HOW_MANY}(?P<measure2>{_MEASURE})|多(?:大(?!学)|高|长|远|重|深|宽|快|厚)",
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
    (r"times", ("次", "倍", "times")),
    (r"vehicles|cars|trucks", ("辆", "台")),
    (r"projects|jobs|countries|cities|parks|items|units|places", ("个", "项", "座")),
)

_ENGLISH_RULES = _rules(
    (
        r"(?:what|which) (?:is |was )?(?:the )?(?:\w+ ){0,2}rank(?:ing)?\b|how(?= (?:high )?(?:did|does|do|is|was|were) .{0,60}?\brank)"
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

_LENGTHS_AND_TIMES = (
    "米", "公里", "千米", "厘米", "毫米", "里", "英尺", "英里", "海里", "km", "m", "cm", "mm", "met", "feet", "inch", "mile",
    "年", "月", "天", "小时", "分钟", "周", "year", "month", "week", "day", "hour", "minute",
)  # fmt: skip
_ENGLISH_QUANTITIES: tuple[tuple[str, AnswerKind, tuple[str, ...]], ...] = (
    (r"how long", "quantity", _LENGTHS_AND_TIMES),
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
        r"|\b(?:fees?|fares?|dividends?|bids?|grants?|fines?|salar(?:y|ies)|wages?|rents?|tolls?|premiums?|donat)",
        "money",
        _MONEY_UNITS,
    ),
    (r"electricity|power generation|generate", "quantity", ("度", "千瓦时", "kwh", "mwh", "gwh")),
    (r"population", "quantity", ("人", "people")),
)
_ENGLISH_WHAT_QUANTITY = re.compile(
    r"what (?:is|was|were|are) (?:the )?(?:(?!\b(?:of|in|for|among|after|behind) ).){0,60}?\b(?:gdp|output|investment|revenue|sales|population|price|profit|area|"
    r"number|amount|capacity|growth|percentage|budget|total|value|turnover|income|size|scale|height|length|width|depth|weight|speed"
    r"|distance|temperature|age)\b"
)
_YEAR = re.compile(
    r"(?<!\d)((?:1[0-9]|20)\d\d)(?!\d|(?:\.\d)|\s*(?:元|万|亿|家|名|个|人|吨|户|项|件|亩|米|套|台|%|[余几]|多(?!少)|[平立]方|公[里顷斤]"
    rf"|千[米瓦克]|兆瓦|[辆座株艘架]|位(?![列于置])|度(?!假)|次(?!年)|(?:{COUNTED})\b))"
)
_CHINESE_YEAR = re.compile(r"([一二][〇零一二三四五六七八九]{3})年")
_WHOLE_YEAR = re.compile(rf"(?<!\d)(?:1\d|20)\d\d\s?年度?|{_CHINESE_YEAR.pattern}度?")
_QUOTED = re.compile(r"[“\"「『《‘]([^”\"」』》’]{1,60})[”\"」』》’]")
_LATIN_NAME = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9.+-]*[A-Z0-9])[A-Za-z0-9][A-Za-z0-9.+-]*[A-Za-z0-9]")
_SUFFIXED_NAME = re.compile(
    r"[\u4e00-\u9fffa-z0-9()·]{2,24}?(?:有限公司|股份公司|分公司|公司|集团|高新技术产业开发区|国家高新区|高新区|开发区|经开区|保税区|示范区|自贸区|科教城|产业园|创新园|园区|新区"
    r"|分中心|研究院|研究所|实验室|大学|学院|医院|银行|(?<![城上面门股超都])[省市县区镇](?![场内外民政值占分间块别域]))"
)
_RELATIVE_YEARS = (
    ("前年", -2),
    ("去年", -1),
    ("上年", -1),
    ("今年", 0),
    ("本年", 0),
    ("当年", 0),
    ("明年", 1),
    ("last year", -1),
    ("this year", 0),
    ("next year", 1),
)


def analyse_question(text: str) -> QuestionAnalysis:
    """Analyse one question by rules.

    A question with no question word is taken as a phrase asked for. Parts are found for 分别/"respectively" over a
    pair or a list, and for several question words in one sentence.
    """
    folded = fold(text).replace("甚么", "什么")
    language = "zh" if detect_language(text) == "zh" else "en"
    comparison = find_comparison(text, language)
    asks = (Ask(kind="quantity", span=comparison.span),) if comparison else _find_asks(folded, language)
    if asks[0].kind == "yes_no" and detect_language(text) not in ("zh", "en"):  # German "was" asks what
        asks = (replace(asks[0], kind="phrase"), *asks[1:])
    names = _names(text, folded)
    quoted = tuple(match.group(1).strip() for match in _QUOTED.finditer(folded))
    if asks[0].kind == "phrase" and _asks_what_it_is(folded, (*names, *quoted)):
        asks = (replace(asks[0], kind="definition"), *asks[1:])
    return QuestionAnalysis(
        text=text,
        folded=folded,
        language=language,
        asks=asks,
        parts=comparison.questions if comparison else _split_parts(text, folded, asks, language),
        years=_years(folded),
        quoted=quoted,
        names=names,
        relative_year=next((shift for word, shift in _RELATIVE_YEARS if word in folded), None),
        comparison=comparison,
    )


_WHAT_IT_IS = re.compile(
    r"what (?:is|was) (?:(?P<kind>an? [\w-]+(?: (?!(?:of|in|on|at|to|for|from|by|with|that|which)\b)[\w-]+){0,2})|(?:the )?(?P<name>[^?]+?))\s*\?*"
    r"|[“\"「『《‘]?(?P<chinese>[^?]+?)[”\"」』》’]?是(?:一?[个种])?什么\?*"
)


def _asks_what_it_is(folded: str, named: Sequence[str]) -> bool:
    """Whether a question asks what a thing is: a kind of thing (a lightship), or one by its name and no more.

    What is asked of a thing, its theme or address, has the same form; only a name tells the two apart.
    """
    match = _WHAT_IT_IS.fullmatch(folded.strip())
    return bool(match and (match["kind"] or (match["name"] or match["chinese"]) in named))


_WEAK: frozenset[AnswerKind] = frozenset({"phrase", "yes_no", "reason", "definition"})


def _find_asks(folded: str, language: str) -> tuple[Ask, ...]:
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
        found = [ask for ask in found if ask.kind not in _WEAK] or found
    return tuple(found) or (Ask(kind="phrase", span=(len(folded), len(folded))),)


def _counts(ask: Ask, later: Ask, folded: str) -> bool:
    """Whether 几 says only that there are several of what is asked for: 几条河叫什么."""
    return folded[ask.span[0]] == "几" and not re.search(r"[,;、和与及]", folded[ask.span[1] : later.span[0]])


def _asking_english(folded: str, asks: list[Ask]) -> list[Ask]:
    """Keep what the question opens with and the question words after "and": the others open subordinate clauses.

    What opens a question is not what is asked where a clause says what kind of thing that is: the man who built it.
    """
    first = asks[0]
    opening = next((ask for ask in asks if ask.kind not in _WEAK), first)
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


_WHAT_ALONE = re.compile(r"what (?:do|does|did|is|are|was|were|has|have|had|can|could|will|would)\b")


def _refine(ask: Ask, match: re.Match[str], folded: str, language: str) -> Ask:
    if not _holds_measure(match):  # 多少 with the first character of 项目 or 年轻人
        ask = replace(ask, kind="quantity", span=(ask.span[0], match.start("measure")))
        return _by_noun_of_quantity(ask, folded)
    if ask.kind == "list":
        return replace(ask, count=_count(match.group(), language) or _counted(folded))
    if ask.kind == "definition":
        return replace(ask, count=_counted(folded))
    if ask.kind == "phrase":
        if language == "en" and _ENGLISH_WHAT_QUANTITY.search(folded):
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
        return replace(ask, units=(measure,), noun=noun.group() if noun else "")
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


def _years(folded: str) -> tuple[int, ...]:
    years = [int(match.group(1)) for match in _YEAR.finditer(folded)]
    for match in _CHINESE_YEAR.finditer(folded):
        years.append(int(han_number(match.group(1)) or 0))
    return tuple(dict.fromkeys(years))


def _without_years(folded: str) -> str:
    """Blank years with their 年, which would be cut as part of the next word: 年云 in 2023年云溪."""
    return _WHOLE_YEAR.sub(lambda match: " " * len(match.group()), folded)


_ENGLISH_CAPITALS = re.compile(
    r"(?<![A-Za-z])[A-Z][A-Za-z&.'-]*[A-Za-z](?:\s+(?:of\s+|and\s+)?[A-Z][A-Za-z&.'-]*[A-Za-z])*"
)
ENGLISH_OPENERS = frozenset((
    "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "is", "are", "was", "were", "do",
    "does", "did", "in", "at", "on", "by", "of", "the", "a", "an", "has", "have", "had", "can", "could",
    "for", "to", "from", "according", "will", "would", "should", "please", "tell", "name", "list", "and",
    "or", "that", "this", "it", "its", "after", "before", "during", "since",
))  # fmt: skip
"""Words that may open an English question with a capital letter and are no names."""


def _names(text: str, folded: str) -> tuple[str, ...]:
    """Return folded names: capitals and codes in Latin script, X公司 and the like in Chinese, bracketed aliases."""
    names: list[str] = []
    for match in _ENGLISH_CAPITALS.finditer(text):
        for run in _POSSESSIVE.split(match.group()):  # two names, Lanchuan and R&D, in Lanchuan's R&D
            words = run.split()
            if match.start() == 0:  # a capital that only opens the sentence
                while words and words[0].lower() in ENGLISH_OPENERS:
                    words = words[1:]
            names.append(fold(" ".join(words)))
    for match in _LATIN_NAME.finditer(text):
        word = match.group()
        if (
            not word[0].isdigit()
            and word.lower() not in ENGLISH_OPENERS
            and (match.start() or not word.istitle())
        ):
            names.append(fold(word))
    for match in _SUFFIXED_NAME.finditer(folded):
        name = re.sub(
            r"^.*(?:在|(?<![得周])到(?!家)|由|为|对|是|年[度初末底]|[年月日中]|哪家|和|与|的|有|名单|榜单)(?=[^在由为对是年月日和与的]{2})(?!限)",
            "",
            match.group(),
        )
        if not _ANY_QUESTION_WORD.search(name):
            names.append(name)
    for word, tag in tagged_words(_without_years(folded)):
        if tag.startswith(("nr", "ns", "nt", "nz")) and not any(word in name for name in names):
            names.append(word)
    return tuple(dict.fromkeys(name for name in names if len(name) > 1 and name not in _EVERYWHERE))


_POSSESSIVE = re.compile(r"['’]s?(?:\s+|$)")
_EVERYWHERE = frozenset(("中国", "我国", "全国", "国家高新区", "高新区"))  # names that tell nothing apart
_ANY_QUESTION_WORD = re.compile(r"什么|多少|哪|谁|何时|几[个家名]")
_RESPECTIVELY_ZH = re.compile(r"分别|各自|各(?=[有为是几]|多少)")
_JOIN_ZH = re.compile(r"、|以及|[和与及]")


def _split_parts(text: str, folded: str, asks: tuple[Ask, ...], language: str) -> tuple[str, ...]:
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


def _share(pieces: list[str]) -> list[str]:
    """Give each piece what it leaves out: the first one's owner or time in front, the last one's time and noun behind."""
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


_BETWEEN_ASKS = re.compile(r"[、又和与]?[在由于为]?")


def _split_adjacent(text: str, folded: str, asks: tuple[Ask, ...]) -> tuple[str, ...]:
    """One part for each of several question words in a row, without the others: 树多高多重, 谁何时创办的."""
    gaps = [folded[earlier.span[1] : later.span[0]] for earlier, later in pairwise(asks)]
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
    elif asks[0].kind in _WEAK and not _PRONOUN.search(
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
