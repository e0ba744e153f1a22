"""Tells what a sentence claims from greetings, headings, lead-ins and what the documents do not say."""

from __future__ import annotations

import re
from itertools import pairwise

from index.terms import tagged_words
from index.text import HAN, fold
from rag.checking.dates import find_dates
from rag.checking.names import find_names, is_ordinary
from rag.checking.values import find_figures

_GREETING = re.compile(
    r"(?:您好|你好|好的|当然(?:可以)?|没问题|谢谢|感谢(?:您的?)?(?:提问|耐心)?|不客气|希望.{0,12}(?:帮助|有用|帮到)\w*|如有.{0,20}(?:告诉|联系|提问)\w*"
    r"|(?:以上|上述)?(?:信息|内容|数据|答案|回答)(?:均|都)?(?:来自|出自|源自|参见)|如果.{0,24}(?:请告诉我|随时.{0,8})|请问还有.*|还有.{0,10}(?:可以帮|想了解|想问).*"
    r"|hello|hi(?: there)?|sure|certainly|of course|thanks?(?: you)?(?: for .*)?"
    r"|you are welcome|you're welcome|great question"
    r"|(?:i )?hope (?:this|that) helps.*|let me know .*|feel free .*|please let me know .*|happy to help.*|here you go)"
)
_REPORTED = r"规定|显示|指出|要求|表明|表示|强调|证明"  # 文件规定企业不能…… says something
_REPORTED_EN = r"\b(?:say|state|show|require|note|report|indicate|stipulate)s?\b"
_SOURCE = r"(?:文档|文件|资料|段落|材料|文中|原文|上下文|文章)"
_SOURCE_EN = (
    r"\b(?:documents?|passages?|context|texts?|sources?(?! of\b)|(?:provided|given|supplied) materials?)\b"
)
_NOT = r"(?:没有|未|无法|不能|不足以?|[找查看]不[到出])"
_CANNOT = r"(?:cannot|can't|can not|could not|couldn't)"
_NOT_EN = rf"\b(?:not|don't|doesn't|didn't|no|never|{_CANNOT})\b"
_TOLD = r"(?:提及|提到|提供|找到|说明|包含|涉及|给出|回答|作答|记载|写明|列出|答案|确定|得知)(?!的)"
_CONTENT = r"(?:答案|信息|内容|记载|数据|描述|介绍)[。.]?$"
_TELL = (
    r"\b(?:(?:say|state|mention|contain|provide|include|give|discuss|answer|determine)s?|address(?:es)?"
    r"|specif\w+|mentioned|information)\b"
)
_FOUND = r"(?:answered|found|determined|mentioned|stated|specified|provided|given|clear)"
_IN_EN = rf"\b(?:in|from|by|with|on) (?:(?:any|all) of )?(?:(?:the|these|this) )?\w*\s?{_SOURCE_EN}"
_ASKS = r"(?:who|what|when|where|which|why|how|if|whether)\b"
_REFUSAL = re.compile(  # what documents do not say cannot be quoted from them
    rf"{_SOURCE}(?:(?!{_REPORTED})[^。；;,，]){{0,12}}"
    rf"(?:{_NOT}(?:[^。；;,，]{{0,12}}{_TOLD}|[^。；;,，]{{0,20}}{_CONTENT}|$)|不(?:包含|包括|含)[^。；;,，]{{0,20}}{_CONTENT}"
    r"|与[^。；;,，]{0,6}问题(?:无关|不相关))"
    r"|(?:(?:文档|文件|资料|段落|文章|原文)[中里内]|文中)(?:并|也|都)?(?:没有|未见|[找查看]不[到出])"
    r"(?:(?![应须将被不可])[^。；;,，]){1,20}[。.]?$"  # 文件中没有列出的不得…… says something
    r"|[^。；;,，]未(?:明确|具体)?(?:提及|提到)[。.]?$"
    r"|我们?(?:目前|暂时)?(?:无法|不能)[^。；;,，]{0,10}(?:回答|作答|确定|得知)"
    rf"|{_SOURCE_EN}(?:(?!{_REPORTED_EN})[^.;,]){{0,40}}{_NOT_EN}[^.;]{{0,30}}{_TELL}"
    r"|(?:\b(?:is|are) |^)not (?:\w+ )?(?:mentioned|stated)[.]?$"
    rf"|\b(?:none of|neither(?: of)?|no|nothing in)(?: (?:the|these))?(?: \w+)? {_SOURCE_EN}[^.;,]{{0,20}} {_TELL}"
    rf"|\b(?:not|{_CANNOT} be) {_FOUND}\b[^.;]{{0,20}}{_IN_EN}"
    rf"|\b(?:answer|information) is not {_IN_EN}"
    rf"|\bno (?:information|mention|answer|details?)\b[^.;]{{0,40}}{_IN_EN}"
    r"|\bthere(?:'s| is| are) no (?:\w+ )?(?:information|mention|answer|details?)"
    r"(?=[.!]?$| (?:of|about|on|regarding|concerning|that)\b)"
    rf"|(?:\b(?:this|that|it) {_CANNOT} be (?:answered|determined)"
    rf"|\b(?:answer|question|information)s?\b[^.;,]{{0,20}} {_CANNOT} be {_FOUND})(?=[.!]?$| {_ASKS})",
    re.IGNORECASE,
)
_IMPERSONAL = re.compile(  # with another subject it would be said of the world
    r"(?:(?:很|非常)?(?:抱歉|遗憾)|对不起|因此|所以|故|从而)*(?:我们?|目前|暂时?|从){0,2}(?:根据[^。，,]{0,12})?"
    r"(?:(?:无法|不能)[^。；;,，]{0,10}(?:回答|作答|确定|得知|得出|判断|找到)(?!的)|不(?:知道|清楚)(?=[。.]?$)"
    r"|(?:没有|未)(?:明确|具体|直接)?(?:提及|提到)|.{0,6}(?:信息|资料)(?:不足|不够)(?=[。.]?$|以(?:回答|确定|判断)(?!的))"
    rf"|(?:没有|未能?|暂?无)[^。；;,，]{{0,10}}(?:{_CONTENT}|(?:答案|信息|内容)来?(?:回答|确定|说明)))"
    r"|(?:也|亦|并|且|又|更)(?:没有|未|无法|不能)"
    rf"[^。；;,，]{{0,12}}{_TOLD}"
    r"|(?:(?:sorry|unfortunately|therefore|thus|hence|so|and|nor)\s)?(?:(?:i|we) )?"
    rf"(?:{_CANNOT}|(?:(?:i am|i'm|am|are|was|were) )?(?:unable|not able) to"
    r"|(?:do|did)(?: not|n't)(?= (?:know|find)))\b"
    r"[^.;]{0,20}\b(?:answer|find|determine|know|tell|say)\b"
    r"|no (?:information|mention|details?) (?:is|are|was|were) (?:given|provided|available|found|made)\b"
    r"|(?:there is )?(?:insufficient|not enough) information(?=[.]?$| (?:to|about|on|in)\b)"
    r"|(?:and |so )?it is (?:not possible|impossible) to (?:answer|determine|say|tell)\b",
    re.IGNORECASE,
)
_CONTINUED = re.compile(  # where documents were the subject of the clause before
    rf"(?:其|它们?|也|并)?(?:没有|未)[^。；;,，]{{0,12}}{_TOLD}"
    rf"|(?:and )?(?:they|it|which)\b[^.;,]{{0,20}}{_NOT_EN}[^.;]{{0,30}}{_TELL}"
    rf"|nor (?:do|does|did)\b[^.;]{{0,30}}{_TELL}",
    re.IGNORECASE,
)
_UNSAID = re.compile(
    r"(?:没有|未)(?:明确|具体)?(?:提及|提到|说明)[。.]?$|\bnot (?:\w+ )?(?:mentioned|stated|specified)\b"
)
_ASIDE = re.compile(  # the height, however, is not stated
    r", (?:however|unfortunately|though),(?= (?:is|are|was|were|do|does|did|has|have|can|could|cannot|will)\b)"
)
_COMMA = r"(?:(?<!\d)[,，]|[,，](?!\d)|[;；])\s*"
_CONCEDES = r"(?:(?:al)?though|while|whereas)\b"
_CUT = re.compile(
    rf"(?:{_COMMA})?(?:但是?|不过|然而|\bbut\b|\bhowever\b)[,，]?\s*|{_COMMA}"
    rf"|\s(?={_CONCEDES}|and (?:the )?(?:\w+ )?{_SOURCE_EN})"
)
"""Where a clause ends."""
_CONTRASTED = re.compile(rf"(?:{_CONCEDES}|虽然|尽管|and (?:the )?(?:\w+ )?{_SOURCE_EN})")
_ASKED = re.compile(rf"[^a-z]*?(?:谁|什么|何|哪|多少|多[长宽高大久远]|是否|怎)|(?:(?:or|and|nor) )?{_ASKS}")
_LISTED = re.compile(r"(?:以及|及|或|很?抱歉|对不起|很遗憾)|(?:or|nor|unfortunately|(?:i'm |i am )?sorry)\b")
_FRAMED = re.compile(
    rf"{_LISTED.pattern}|(?:根据|依据|按照|基于|关于|有关|对于|至于|对此|请|建议|您|你)"
    r"|(?:according|based|from|in|on|as|for|with|regarding|given|please)\b"
)
_SPEAKS_OF = re.compile(  # what documents are about; that they say something is more
    rf"(?:虽然|尽管)?(?:提供的|这些|以上|上述)?{_SOURCE}[中里]?[只仅都均已]?(?:提到|提及|介绍|描述|说明|涉及|包含|给出)了?"
    rf"|(?:{_CONCEDES} )?(?:the |these )?(?:\w+ )?{_SOURCE_EN} (?:only )?"
    r"(?:describe|mention|discuss|contain|provide|give|cover|include)s?\b(?! that)"
)
_STATES = re.compile(r"\b(?:is|are|was|were|has|have|had|will|would)\b")
_STATES_TOO = re.compile(
    r"^(?:it|he|she|they|this|these) \w|\b\w{3,}ed\b|\b(?:rose|fell|grew|made|led|won|began|became|built|cost)\b"
)
_LEAD_IN = re.compile(r".*[:：]$")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKUP = " \t\n#*_>-–—•·"
_SUMMARY = re.compile(
    r"(?:综上(?:所述)?|总之|总的来说|总而言之|简而言之|简言之|具体(?:如下|来说|而言)|如下|以下是[^:]{0,24}|主要.{0,10}如下"
    r"|答案?|结论|回答|来源|参考(?:资料|文献)?|注"
    r"|in short|in summary|to sum up|overall|in conclusion|to summari[sz]e"
    r"|answer|sources?|references?|note|summary|here (?:is|are) [^:]{0,60})"
)


def is_checkable(sentence: str) -> bool:
    """Tell whether a sentence, without its markers, claims something that a passage could bear out.

    False for headings marked with #, and for what holds no word at all. Also for greetings, lead-ins such as
    "in short:" and saying that the documents do not say, unless they give a figure; and for bold headings and
    "in short" or "here is", unless they give a figure or a name.
    """
    if re.match(r"\s*#{1,6}\s", sentence):
        return False
    folded = fold(sentence)
    bare = folded.strip(_MARKUP + "~。.!,、;\"'()[]").replace("\u3000", "")
    if not re.search(r"\w", bare):
        return False
    dates = [(date.start, date.end) for date in find_dates(bare)]
    if any(not figure.small for figure in find_figures(bare, dates)):
        return True
    if _GREETING.fullmatch(bare) or refuses(bare) or _LEAD_IN.fullmatch(bare):
        return False
    bold = re.fullmatch(r"\s*(?:[*_]{2}[^*_]+[*_]{2}|[-*•]?\s*[*_]{2}[^*_]+[*_]{2}[:：]?)\s*", sentence)
    short = len(re.findall(rf"[{HAN}]|[a-z0-9.]+", bare)) <= 8 and not re.search("[。.!?！？]", sentence)
    heading = bold and short and not find_figures(bare)
    if not (heading or _SUMMARY.fullmatch(bare.rstrip(": "))):
        return True
    first, tag = _tagged(bare)[0]
    alone = len(bare) == 3 and len(first) == 1 and tag == "nr"  # 王鹏程: a name only beside other words
    return alone or not all(is_ordinary(name) for name in find_names(sentence))


def refuses(sentence: str) -> bool:
    """Tell whether a sentence says, as a whole or in a clause, that the documents do not say something."""
    return any(refused for _, _, refused in _clauses(fold(sentence)))


def claimed(sentence: str) -> str:
    """Return what a sentence claims: all of it but the clauses that say what the documents do not say, if any.

    With those goes what belongs to them: lead-ins before them, and the rest of a list of what is not said.
    """
    clauses = _clauses(fold(sentence))
    if not any(refused for _, _, refused in clauses):
        return sentence
    return "，".join(sentence[start:end] for start, end, refused in clauses if refused is False)


def _clauses(folded: str) -> list[tuple[int, int, bool | None]]:
    """Return where the clauses of a sentence begin and end, and whether each is a refusal; None: a part of one."""
    text = _ASIDE.sub(lambda match: " " * len(match[0]), folded)
    cuts = list(_CUT.finditer(text))
    starts, ends = [0, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), len(text)]
    said = [text[start:end].strip(_MARKUP) for start, end in zip(starts, ends, strict=True)]
    opposed = [  # to the clause before: each then says something of its own
        cut[0].strip() not in (",", "，") or any(map(_CONTRASTED.match, pair))
        for cut, pair in zip(cuts, pairwise(said), strict=True)
    ]
    clauses: list[tuple[int, int, bool | None]] = []
    leading, named, told = True, False, False  # none of its own yet; documents named, or what is spoken of
    for clause, start, end, *beside in zip(
        said, starts, ends, [False, *opposed], [*opposed, False], strict=True
    ):
        framed = _FRAMED.match(clause) is not None
        refused: bool | None = bool(
            _REFUSAL.search(clause)
            or (leading and _IMPERSONAL.match(clause))
            or (told and _CONTINUED.match(clause))
            or (named and _UNSAID.search(clause))
        )
        before = clauses[-1][2] if clauses else None
        if not refused and before is not False and not _stands_alone(clause, opposed=any(beside)):
            refused = None
        if refused is False and not any(c[2] for c in clauses):  # what led to it was no lead-in to a refusal
            clauses = [(first, last, False) for first, last, _ in clauses]
        leading = bool(refused) or (refused is None and (framed or any(c[2] for c in clauses)))
        source = re.search(rf"{_SOURCE}|{_SOURCE_EN}", clause) is not None
        named, told = named or source, told or (source and not framed)
        clauses.append((start, end, refused))
    return clauses


def _stands_alone(clause: str, *, opposed: bool) -> bool:
    """Tell whether a clause beside a refusal says something, and is no lead-in or thing that is missing."""
    dates = [(date.start, date.end) for date in find_dates(clause)]
    if any(not figure.small for figure in find_figures(clause, dates)):
        return True
    if _ASKED.match(clause) or (opposed and _LISTED.match(clause)):
        return False
    spoken_of = _SPEAKS_OF.match(clause)
    if opposed and not spoken_of:
        return re.search(r"\w", clause) is not None
    if _STATES.search(clause):
        return True
    if _FRAMED.match(clause):
        return False
    bare = clause[spoken_of.end() if spoken_of else 0 :].rstrip(" 。.!")
    if not re.search(rf"[{HAN}]", bare):
        return _STATES_TOO.search(bare) is not None
    words = [*_tagged(bare), ("", "")]
    return re.search("[由被将是了]", bare) is not None or any(
        following != "的" and (tag == "v" or (tag == "vn" and following) or (tag == "a" and not following))
        for (_, tag), (following, _) in pairwise(words)
    )


def _tagged(text: str) -> list[tuple[str, str]]:
    return tagged_words(_LONE_SURROGATE.sub("\ufffd", text))  # which has no UTF-8
