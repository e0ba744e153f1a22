"""Tells sentences that claim something from greetings, headings and lead-ins. Takes a sentence, gives yes or no."""

from __future__ import annotations

import re

from index.text import HAN, fold
from rag.checking.dates import find_dates
from rag.checking.values import find_figures

_GREETING = re.compile(
    r"(?:您好|你好|好的|当然(?:可以)?|没问题|谢谢|感谢(?:您的?)?(?:提问|耐心)?|不客气|希望.{0,12}(?:帮助|有用|帮到)\w*|如有.{0,20}(?:告诉|联系|提问)\w*"
    r"|如果.{0,24}(?:请告诉我|随时.{0,8})|请问还有.*|还有.{0,10}(?:可以帮|想了解|想问).*"
    r"|hello|hi(?: there)?|sure|certainly|of course|thanks?(?: you)?(?: for .*)?"
    r"|you are welcome|you're welcome|great question"
    r"|(?:i )?hope (?:this|that) helps.*|let me know .*|feel free .*|please let me know .*|happy to help.*|here you go)"
)
_SILENT = re.compile(  # what documents do not say cannot be quoted from them
    r"(?:根据|从|在)?(?:所?[给提]供的?|上述|以上|这些|现有|已有|给定的?|本)?"
    r"(?:文档|段落|资料|材料|文章|文件|文本|信息|原文|passages?)(?:中|里|内|所示)?,?(?:均|都|也|并|中|里|暂|尚)*"
    r"(?:没有|未|无法|不能|不包含|不含|无)(?:.{0,40})"
    r"|.*\b(?:documents?|passages?|texts?|sources?|materials?|context|excerpts?)\b.{0,20}"
    r"(?:do|does|did|is|are|was|were|has|have)(?:n't| not)\b.*"
    r"|(?:i )?(?:could|can|was|am)(?:n't| ?not| unable to)\b.{0,60}"
    r"\b(?:documents?|passages?|texts?|sources?|context)\b.*"
    r"|(?:我)?(?:无法|不能)(?:回答|确定|判断).{0,30}"
)
_LEAD_IN = re.compile(r".*[:：]$")
_SUMMARY = re.compile(
    r"(?:综上(?:所述)?|总之|总的来说|总而言之|简而言之|简言之|具体(?:如下|来说|而言)|如下|以下是.{0,24}|主要.{0,10}如下"
    r"|答案?|结论|回答|来源|参考(?:资料|文献)?|注"
    r"|in short|in summary|to sum up|overall|in conclusion|to summari[sz]e"
    r"|answer|sources?|references?|note|summary|here (?:is|are) .{0,60})"
)


def is_checkable(sentence: str) -> bool:
    """Tell whether a sentence, without its markers, claims something that a passage could bear out.

    False for greetings, headings, lead-ins such as "in short:", for saying that the documents do not say, and
    for what holds no word at all.
    """
    if re.match(r"\s*#{1,6}\s", sentence):
        return False
    folded = fold(sentence)
    bare = folded.strip(" \t\n#*_>-–—•·~。.!,、;\"'()[]").replace("\u3000", "")
    if not re.search(r"\w", bare):
        return False
    if any(pattern.fullmatch(bare) for pattern in (_GREETING, _SILENT)):
        return False
    plain = bare.rstrip(": ")
    if _SUMMARY.fullmatch(plain):
        return False
    dates = [(date.start, date.end) for date in find_dates(bare)]
    if _LEAD_IN.fullmatch(bare) and not [f for f in find_figures(bare, dates) if not f.small]:
        return False
    bold = re.fullmatch(r"\s*(?:[*_]{2}[^*_]+[*_]{2}|[-*•]?\s*[*_]{2}[^*_]+[*_]{2}[:：]?)\s*", sentence)
    short = len(re.findall(rf"[{HAN}]|[a-z0-9.]+", bare)) <= 8 and not re.search("[。.!?！？]", sentence)
    return not (bold and short and not find_figures(bare))
