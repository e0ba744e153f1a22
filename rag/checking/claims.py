"""Tells sentences that claim something from greetings, headings and lead-ins. Takes a sentence, gives yes or no."""

from __future__ import annotations

import re

from index.terms import tagged_words
from index.text import HAN, fold
from rag.checking.dates import find_dates
from rag.checking.names import find_names, is_ordinary
from rag.checking.values import find_figures

_GREETING = re.compile(
    r"(?:您好|你好|好的|当然(?:可以)?|没问题|谢谢|感谢(?:您的?)?(?:提问|耐心)?|不客气|希望.{0,12}(?:帮助|有用|帮到)\w*|如有.{0,20}(?:告诉|联系|提问)\w*"
    r"|如果.{0,24}(?:请告诉我|随时.{0,8})|请问还有.*|还有.{0,10}(?:可以帮|想了解|想问).*"
    r"|hello|hi(?: there)?|sure|certainly|of course|thanks?(?: you)?(?: for .*)?"
    r"|you are welcome|you're welcome|great question"
    r"|(?:i )?hope (?:this|that) helps.*|let me know .*|feel free .*|please let me know .*|happy to help.*|here you go)"
)
_REPORTED = r"规定|显示|指出|要求|表明|表示|强调|证明"  # 文件规定企业不能…… says something
_REPORTED_EN = r"\b(?:say|state|show|require|note|report|indicate|stipulate)s?\b"
REFUSAL = re.compile(  # what documents do not say cannot be quoted from them
    rf"(?:文档|文件|资料|段落|材料|文中|原文|上下文|文章)(?:(?!{_REPORTED})[^。；]){{0,12}}"
    r"(?:没有|未|无法|不能|不足以)[^。；]{0,12}"
    r"(?:提及|提到|提供|找到|说明|包含|涉及|给出|回答|记载|答案|确定|得知)"
    r"|^(?:抱歉|对不起|很遗憾)?[，,]?(?:我|目前|根据[^。，]{0,12}[，,]?)?(?:无法|不能)[^。；]{0,10}(?:回答|确定|得知|找到)"
    rf"|\b(?:documents?|passages?|context|texts?|sources?|materials?)\b(?:(?!{_REPORTED_EN})[^.;]){{0,40}}"
    r"\b(?:not|don't|doesn't|no|never)\b"
    r"[^.;]{0,30}\b(?:say|state|mention|mentioned|contain|provide|include|answer|specify|information)\b"
    r"|\b(?:cannot|can't|could not|unable to)\b[^.;]{0,20}\b(?:answer|find|determine|be (?:found|determined))\b"
    r"|\bnot (?:mentioned|stated|specified|provided|found|given) in the \w*\s?"
    r"(?:documents?|passages?|context|text|sources?)\b",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(r".*[:：]$")
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
    bare = folded.strip(" \t\n#*_>-–—•·~。.!,、;\"'()[]").replace("\u3000", "")
    if not re.search(r"\w", bare):
        return False
    dates = [(date.start, date.end) for date in find_dates(bare)]
    if any(not figure.small for figure in find_figures(bare, dates)):
        return True
    if _GREETING.fullmatch(bare) or REFUSAL.search(bare) or _LEAD_IN.fullmatch(bare):
        return False
    bold = re.fullmatch(r"\s*(?:[*_]{2}[^*_]+[*_]{2}|[-*•]?\s*[*_]{2}[^*_]+[*_]{2}[:：]?)\s*", sentence)
    short = len(re.findall(rf"[{HAN}]|[a-z0-9.]+", bare)) <= 8 and not re.search("[。.!?！？]", sentence)
    heading = bold and short and not find_figures(bare)
    if not (heading or _SUMMARY.fullmatch(bare.rstrip(": "))):
        return True
    first, tag = tagged_words(bare)[0]
    alone = len(bare) == 3 and len(first) == 1 and tag == "nr"  # 王鹏程: a name only beside other words
    return alone or not all(is_ordinary(name) for name in find_names(sentence))
