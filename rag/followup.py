"""Makes a follow-up question stand alone, by rules, from the questions and answers before it.

Takes a question and its history, gives a question. Knows four things people do in Chinese and English: leave out
all but what changed (那需求清单呢？ what about 2023?), point back with a pronoun (它, 该公司, she, that company),
leave out the owner of what they ask for (那总投资是多少？), and, in Chinese, leave out all but a question word
(有多少人？ 为什么？). Anything else is returned as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.terms import tagged_words
from index.text import MONTHS, detect_language, fold
from index.translation import OTHERS, into_english
from rag.candidates import find_candidates
from rag.questions import ENGLISH_OPENERS, QuestionAnalysis, analyse_question


def resolve(question: str, history: Sequence[tuple[str, str]]) -> str:
    """Return the question with what it leaves to the history put back; unchanged where it leaves nothing.

    Args:
        question: as the person wrote it.
        history: earlier (question, answer) pairs, oldest first; an answer may be "".
    """
    earlier: list[tuple[str, str]] = []
    for asked, answered in history:
        earlier.append((_resolve(asked, earlier), answered))
    return _resolve(question, earlier)


def _resolve(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """As ``resolve``, with earlier questions that already stand alone."""
    if not earlier or not question.strip():
        return question
    language = detect_language(question, default=detect_language(earlier[-1][0]))
    if language in OTHERS:
        return _resolve_other(question.strip(), language, earlier)
    if language == "en":
        return _resolve_english(question.strip(), earlier)
    return _resolve_chinese(question.strip(), earlier)


SHORT = 2  # words that are no question by themselves: "Und 2021?", "¿Y en Berlín?"


def _resolve_other(question: str, language: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Return the question in English words where those lean on earlier ones; else as it is.

    A few words alone are an ellipsis: those that open one are no words of the rendering.
    """
    english = into_english(question, language)
    if len(english.split()) <= SHORT:
        english = f"And {english}?"
    said = [
        (into_english(asked, of) if (of := detect_language(asked)) in OTHERS else asked, answered)
        for asked, answered in earlier
    ]
    alone = _resolve_english(english, said)
    return question if alone == english else alone


# Chinese

_COUNTED = (  # a measure word: 那 in front of it points, 那座桥, and opens nothing
    r"座(?!谈|位)|条(?!件|款|例|约|文)|所(?!有|得|属|需|在|谓)|项(?!目)|部(?!门|分|署|队|件)|本(?![地市区省县届月金科身期])"
    r"|台(?![湾州风])|场(?![地馆所景])|批(?![准复发])|次(?![年要品日])|款(?![项式])|份(?!额)|架(?!构)|支(?![出付持行部线])"
    r"|首(?![批个期次款台家席府都先届季套])|段(?!落)|片(?!区)|群(?![众体])|套(?![餐房])|期(?![末间限货])|[届件艘幢栋篇辆颗棵]"
)
_ELLIPSIS = re.compile(  # longer ones say enough by themselves
    rf"^(?:请问[,，]?)?(?P<opener>(?:那么?(?!{_COUNTED})|还有|再问一?下?)[,，]?(?:那么?)?(?:请问)?)?"
    r"(?P<what>[^?？]{1,24}?)(?P<end>呢|怎么样|如何|咋样|又?是多少呢?)[?？。]*$"
)
_THAT = r"(?:这|那(?!曲市|不勒斯)|(?<!应)该)"
_PRONOUNS: tuple[tuple[re.Pattern[str], str], ...] = (
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
    (re.compile(r"(?<!其)它们?|(?<![极尤与及耳名])其(?![他中实它余次妙间]|后(?!续))"), "any"),
    (re.compile(r"(?<=在)(?:这里|那里|那儿|这儿|当地)|^(?:那里|那儿|当地)"), "place"),
)
_TIME = r"(?:(?:20|19)\d\d年度?(?:\d{1,2}月(?:\d{1,2}日)?|上半年|下半年|[一二三四]季度)?|\d{1,2}月(?:\d{1,2}[日号])?|去年|今年|前年|明年|上一?年|次年|第二年|全年|上半年|下半年)"
_SUBJECT_END = re.compile(
    rf"的|[在位处](?!建|置|理|方)于?|是|有(?!限|色|机)|为(?!民)|将(?!军)|什么|哪|多少|几[个家名项条]|谁|何[时年处地]|共[有计投]|一共|总共|已经?|累计|由|对|会(?!议|展|员)|可以"
    rf"|{_TIME}|首批|实现|达到|完成|拥有|计划|预计|获[得批]|荣获|成立|生产(?!总值|线|基地)|研[制发](?!院|中心)|发布|总投资|举[行办]|召开|全年|增长|投资|宣布|签约|升级"
)
_NAME_ENDS = {
    "company": r"(?:公司|集团|银行|厂|企业|科技|股份)$",
    "place": r"(?:高新区|开发区|园区|产业园|创新园|新区|科教城|[市省县区镇])$",
    "school": r"(?:大学|学院|学校|中学|小学|研究院|研究所|实验室|医院|银行|中心)$",
}


def _resolve_chinese(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    last_question, last_answer = earlier[-1]
    folded = fold(question)
    time = re.fullmatch(rf"({_TIME})[?。]*", folded)
    if time:
        return _swap(last_question, question[: time.end(1)])
    ellipsis = _ELLIPSIS.match(folded)
    if ellipsis and not _has_question_word(ellipsis["what"]):
        what = question[slice(*ellipsis.span("what"))]
        bound = _bind(what, earlier)
        end = question[slice(*ellipsis.span("end"))]
        if bound != what:
            return f"{bound}{_predicate(last_question, end, bound)}"
        if _is_elliptical(ellipsis, what, last_question):
            return _swap(last_question, what, end)
    bound = _bind(question, earlier)
    if bound != question:
        return bound
    opened = re.match(
        rf"^(?:那么|那|其中|另外|还有)[,，]?(?!些|里|儿|个|家|位|种|年|天|时|{_COUNTED})", folded
    )
    if opened and not _owner(analyse_question(question[opened.end() :])):
        topic = _topic(last_question, last_answer, "any")
        return (
            f"{topic}{'中' if folded.startswith('其中') else '的'}{question[opened.end() :]}"
            if topic
            else question
        )
    return _with_topic(question, earlier)


BARE = 2  # characters of content that a question without a topic has at most: 谁负责？ 产值多少？
_SAYS_NOTHING = re.compile(r"[\W有在是的了过些要呢吧啊呀又还都约共]|一共|总共|大概|具体|到底")
_TO_THE_READER = re.compile(
    r"[你您我咱]|[今昨明]天|现在几点|几点了"
)  # who are you, what time is it: asked of no document


def _with_topic(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Put what the conversation is about before a question that is hardly more than its question word.

    A question word alone asks of all that the last question said: 大桥封闭,为什么？
    """
    analysis = analyse_question(question)
    left = _SAYS_NOTHING.sub("", analysis.content)
    start, end = analysis.asks[0].span
    if start == end or len(left) > BARE or _owner(analysis) or _TO_THE_READER.search(analysis.folded):
        return question
    if analysis.kind == "yes_no" or (left and analysis.kind == "definition"):
        return question
    if not analysis.content.strip(" ?。!"):
        return f"{_without_question_word(earlier[-1][0])},{question}"
    topic = next((t for asked, answered in reversed(earlier) if (t := _topic(asked, answered, "any"))), "")
    return topic + question


def _without_question_word(asked: str) -> str:
    start, end = analyse_question(asked).asks[0].span
    return re.sub(r"[是为叫由在有]$", "", (asked[:start] + asked[end:]).strip(" ,，?？。"))


def _has_question_word(folded: str) -> bool:
    return bool(re.search(r"什么|多少|哪|谁|几[个家名项月年]|何|是否|吗|怎么|为什么|有没有|(\w)不\1", folded))


def _is_elliptical(ellipsis: re.Match[str], what: str, last: str) -> bool:
    """Whether a question that looks like 那……呢 leaves something out: 海上风电项目进展如何 says all there is to say."""
    opener, end = ellipsis["opener"], ellipsis["end"]
    if end == "呢" or (opener and "是多少" not in end):
        return True
    named = [c for c in find_candidates(what) if c.kind in ("organisation", "place", "person")]
    whole = any((c.start, c.end) == (0, len(what)) for c in named)
    return bool((opener or whole or not named) and _counterpart(last, what))


def _bind(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Put what a pronoun points at in its place; the first pronoun of each kind only."""
    folded = fold(question)
    for pattern, kind in _PRONOUNS:
        match = pattern.search(folded)
        if not match:
            continue
        noun = match.groupdict().get("noun") or ""
        if _has_antecedent(question[: match.start()], kind, noun):
            continue
        for asked, answered in reversed(earlier):
            topic = _topic(asked, answered, kind, noun)
            if topic and topic not in question:
                return question[: match.start()] + topic + question[match.end() :]
    return question


def _has_antecedent(before: str, kind: str, noun: str) -> bool:
    """Whether a question itself says, before a pronoun, what that may point at."""
    if noun:
        return noun in fold(before)
    if kind == "person":
        return any(c.kind == "person" for c in find_candidates(before))
    names = _owners(before) if "," in fold(before) else _named(before)
    if kind == "company":
        return any(not re.search(_NAME_ENDS["place"], name) for name in names)
    return any(re.search(_NAME_ENDS.get(kind, ""), name) for name in names)


def _topic(asked: str, answered: str, kind: str, noun: str = "") -> str:
    """Return what an earlier turn was about, of the kind that a pronoun wants; "" where nothing fits."""
    analysis = analyse_question(asked)
    short = re.split(r"[。；;\n]|\[\d|[“\"]", answered.strip())[0].strip(" .,，") if answered else ""
    wanted = {"company": "organisation", "school": "organisation", "person": "person", "place": "place"}.get(
        kind
    )
    asks = analysis.kind
    opens = analysis.asks[0].span[0] == 0  # 哪家企业……: the answer is what it is about
    if asks in ("organisation", "person", "place") and (wanted == asks or (kind == "any" and opens)):
        if short and len(short) <= 40 and not short.startswith(("文档中没有", "The documents")):
            return short
        described = _description(analysis)
        if described:
            return described
    if kind == "person":
        people = [c for c in find_candidates(asked) if c.kind == "person"]
        return asked[people[0].start : people[0].end] if people else ""
    if noun:
        match = re.search(rf"[^,。;的在]{{2,30}}{noun}", fold(asked))
        return asked[slice(*match.span())] if match else _subject(asked)
    ends = _NAME_ENDS.get(kind)
    names = _owners(asked)
    if ends:
        fitting = [name for name in names if re.search(ends, fold(name))]
        if fitting:
            return fitting[0]
        if kind == "company":  # a company by its short name: what is not called a place
            others = [name for name in names if not re.search(_NAME_ENDS["place"], fold(name))]
            return others[0] if others else ""
        return ""
    return _subject(asked)


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


def _subject(asked: str) -> str:
    """Return what a question opens with, up to the first particle, verb or question word, without a date."""
    text = re.sub(
        rf"^(?:请问|那么?)?(?:(?:截至|到|在)?{_TIME}[,，]?(?:底|末|初)?|谁(?:是|担?任|当))", "", asked
    )
    match = _SUBJECT_END.search(fold(text), 2)
    subject = text[: match.start()] if match else ""
    return subject.strip(" ,，?？") if len(subject.strip()) >= 2 else ""


def _owners(asked: str) -> list[str]:
    """Names in a question, the one it opens with first."""
    names = [_subject(asked)] if _subject(asked) else []
    for name in _named(asked):
        if not any(name in known for known in names):
            names.append(name)
    return names


def _named(text: str) -> list[str]:
    """Return the organisations and places that a text names."""
    return [text[c.start : c.end] for c in find_candidates(text) if c.kind in ("organisation", "place")]


def _owner(analysis: QuestionAnalysis) -> bool:
    """Whether a question names someone or something of its own."""
    return bool(analysis.names or analysis.quoted or analysis.years)


def _swap(last: str, what: str, end: str = "呢") -> str:
    """Return the last question with the part that corresponds to ``what`` replaced by it; ``end`` stood behind it."""
    what = what.strip(" ,，的")
    place = _counterpart(last, what)
    if place:
        return last[: place[0]] + what + last[place[1] :]
    if re.fullmatch(_TIME, fold(what)):
        return f"{what}{last}"
    subject = _subject(last)
    if subject:
        return f"{subject}的{what}{_predicate(last, end, what)}"
    return f"{what}{last}"


def _predicate(last: str, end: str, what: str) -> str:
    """Return what a follow-up asks of ``what``; where it ends in 呢, what such a thing is asked for."""
    if end != "呢":
        return f"{end.removeprefix('又').removesuffix('呢')}？"
    ask = analyse_question(last).asks[0]
    same = last[slice(*ask.span)]
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
    if re.fullmatch(_TIME, new):
        found = _same_grain(folded, new)
        return found
    kinds = {c.kind for c in find_candidates(what) if c.start == 0 and c.end == len(what)} & {
        "organisation",
        "place",
        "person",
    }
    named = [c for c in find_candidates(last) if c.kind in kinds]
    for candidate in named:
        if folded[candidate.end - 2 : candidate.end] == new[-2:]:
            return candidate.start, candidate.end
    alike = _alike(folded, new)
    if alike:
        return alike
    if named:
        return named[0].start, named[0].end
    subject = _subject(last)
    if subject and kinds:
        start = last.index(subject)
        return start, start + len(subject)
    return None


def _same_grain(folded: str, new: str) -> tuple[int, int] | None:
    """Return the date of a question that a new date replaces: a year for a year, a month for a month."""
    if re.match(r"\d{1,2}月", new):
        match = re.search(r"\d{1,2}月(?:\d{1,2}[日号])?", folded)
    elif re.fullmatch(r"(?:20|19)\d\d年", new):
        match = re.search(r"(?:20|19)\d\d年|去年|今年|前年", folded)
    else:
        match = re.search(_TIME, folded)
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


# English

_ENGLISH_OPENS = "|".join(sorted(ENGLISH_OPENERS - {"its"}))
_ENGLISH_ASKS = r"what|which|who(?:m|se)?|when|where|why|how"
_ENGLISH_ELLIPSIS = re.compile(
    r"^(?:(?:and |but |so )?(?:what|how) about(?: (?:in|for|of|at|on))?(?: the)?"
    rf"|and(?: (?:in|for|of|at|on))?(?: the)?(?! (?:{_ENGLISH_OPENS})\b))"
    rf" (?P<what>(?![^?]*\b(?:{_ENGLISH_ASKS})\b)[^?\s][^?]{{0,59}}?)\s*\??$",
    re.IGNORECASE,
)
_ENGLISH_BARE = re.compile(
    rf"^(?:[Aa]nd )?(?:(?:[Ii]n|[Ff]or) |(?=\d))(?P<what>(?:19|20)\d\d"
    rf"|(?![^?]*\b(?:{_ENGLISH_ASKS}|is|are|was|were|do|does|did|has|have|had|can|will)\b)[A-Z][^?,]{{1,40}}?)\s*[?？]?$"
)
_ENGLISH_POSSESSIVE = re.compile(r"\b(?:its|his|her|their)\b(?=\s+\w)", re.IGNORECASE)
_NO_ANTECEDENT = (  # an it that stands for nothing: it takes three hours, is it true that, was it Li who
    r" (?:takes?|took)\b(?! (?:place|over|effect|off|part|on|up)\b)|(?<=is it)(?= that\b)| (?:true|possible)\b"
    r"| (?:safe|easy|hard|difficult|necessary|important|legal|allowed|better|best|worth|known|said)\b(?= (?:to|for|that|if)\b)"
    r"| (?:rain|snow)s?\b| (?-i:(?:[A-Z][\w.-]* )+(?:who|that)\b)"
)
_ENGLISH_PRONOUN = re.compile(
    r"\b(?:(?:that|this|the same) (?:company|firm|enterprise|project|zone|park|city|university|organi[sz]ation|person|country|place|product)"
    r"|the (?:company|firm|enterprise)(?= |\?)(?! (?:that|which|who|whose|with|behind|of)\b)"
    rf"|(?-i:[Ii]t)(?!{_NO_ANTECEDENT})|he|she|him|they|them)\b",
    re.IGNORECASE,
)
_ENGLISH_LEAD_IN = re.compile(
    r"^(?:(?:and|but|so) )?(?:in|at|on|by|as|of|for|from|during|since|after|before|under|until|according)\b[^,]*,\s*",
    re.IGNORECASE,
)
_ENGLISH_CLAUSE = re.compile(  # a noun in the clause before: who designed |the museum and| when
    r"\b(?:the|an?|this|that) [a-z][^,;]*(?:[,;]| (?:and|or|but|when|before|after|if|because|while|where|how|why|who)\b)",
    re.IGNORECASE,
)


def _resolve_english(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    last_question = earlier[-1][0]
    match = _ENGLISH_ELLIPSIS.match(question) or _ENGLISH_BARE.match(question)
    if match:
        return _swap_english(last_question, match["what"].strip())
    for pattern in (_ENGLISH_POSSESSIVE, _ENGLISH_PRONOUN):
        pronoun = pattern.search(question)
        if pronoun and not _has_english_antecedent(question[: pronoun.start()]):
            topic = next(
                (t for asked, answered in reversed(earlier) if (t := _topic_english(asked, answered))),
                next((t for asked, _ in reversed(earlier) if (t := _thing_english(asked))), ""),
            )
            if topic:
                ending = ("'" if topic.endswith("s") else "'s") if pattern is _ENGLISH_POSSESSIVE else ""
                return question[: pronoun.start()] + topic + ending + question[pronoun.end() :]
    return question


def _has_english_antecedent(before: str) -> bool:
    """Whether a question itself says, before a pronoun, what that may point at."""
    return bool(_names_english(before) or _ENGLISH_CLAUSE.search(_ENGLISH_LEAD_IN.sub("", before)))


_ENGLISH_NAMES = re.compile(
    r"(?:[A-Z][\w&.'-]*[\w)](?:\s+(?:of|and|the|for)\s+(?=[A-Z])|\s+(?=[A-Z(])|(?=\b))(?:\([^)]{1,30}\))?)+(?:\([^)]{1,30}\))?|[\u4e00-\u9fff]{2,20}"
)


_CALENDAR = re.compile(rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|{'|'.join(MONTHS)}")


def _topic_english(asked: str, answered: str) -> str:
    """Return the name that an earlier English question was about; the answer where the question asked for a name."""
    analysis = analyse_question(asked)
    short = re.split(r"[.。;；\n]\s|\s*[“\"(]", answered.strip())[0].strip(" .") if answered else ""
    if (
        analysis.kind in ("person", "organisation", "place")
        and short
        and len(short) <= 60
        and "do not say" not in short
    ):
        return short
    names = _names_english(asked) if analysis.language == "en" else [n for n in (_subject(asked),) if n]
    names = [name for name in names if not _CALENDAR.fullmatch(name)]
    return names[0] if names else ""


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


def _thing_english(asked: str) -> str:
    """Return the first thing without a name that an English question speaks of, without the verb behind it.

    did |the museum| have, was |the old bridge| built, where is |the old bridge|; of |the tower| its height is asked.
    """
    match = _ENGLISH_THING.search(_ENGLISH_ASKED_OF.sub("", asked))
    if not match:
        return ""
    *words, last = match["thing"].split()
    acts = match["helps"] or (match["is"] and _PARTICIPLE.search(last))
    return " ".join(words if acts and not match["owns"] and len(words) > 1 else [*words, last])


def _names_english(text: str) -> list[str]:
    names = []
    for match in _ENGLISH_NAMES.finditer(text):
        words = match.group().strip().split()
        while words and words[0].lower() in ENGLISH_OPENERS:
            words = words[1:]
        if words:
            names.append(" ".join(words))
    return names


_ENGLISH_OWNED = re.compile(
    r"(?<=['’]s )[a-z][\w&-]*(?: (?!(?:in|of|for|at|on|by|during|since|and)\b)[\w&-]+){0,3}(?= (?:in|for|at|on|by|during)\b|\?|$)"
)
"""What belongs to someone in a question, up to its time or place: Lanchuan's |net profit| in 2023?"""


def _swap_english(last: str, what: str) -> str:
    """Return the last English question with its year, its name, or its object replaced."""
    if analyse_question(last).language == "zh":
        return _swap(last, what + "年" if re.fullmatch(r"(?:19|20)\d\d", what) else what)
    if re.fullmatch(r"(?:19|20)\d\d", what):
        if re.search(r"\b(?:19|20)\d\d\b", last):
            return re.sub(r"\b(?:19|20)\d\d\b", what, last, count=1)
        return last.rstrip(" ?") + f" in {what}?"
    what = _ENGLISH_POSSESSIVE.sub("", what).strip()
    words = what.split()
    if words[-1][:1].isupper() or re.search(r"[\u4e00-\u9fff]", what):
        names = _names_english(last)
        if names:
            return last.replace(re.sub(r"['’]s$", "", names[0]), what, 1)
    alike = re.search(rf"\b[\w-]+(?= {re.escape(words[-1])}\b)", last) if len(words) > 1 else None
    if alike:
        return last[: alike.start()] + " ".join(words[:-1]) + last[alike.end() :]
    owned = _ENGLISH_OWNED.search(last)
    if owned:
        return last[: owned.start()] + what + last[owned.end() :]
    names = _names_english(last)
    return f"What is the {what} of {names[0]}?" if names else f"{last.rstrip(' ?')}, {what}?"
