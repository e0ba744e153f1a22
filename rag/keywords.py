"""Puts keywords into the form of a question, which the reader has learned from: 绿萝 原产地 → 绿萝 原产地是什么？.

Takes what a person typed, gives what the reader and the rules are asked.
"""

from __future__ import annotations

import re

from index.text import detect_language, fold
from rag.questions import analyse_question

_RARE_WHAT = re.compile("甚[麼么麽]|什麽")
_ASKS = re.compile(r"还是|请|介绍|[说讲谈]一?[说讲谈下]|告诉|总结|概括|列出|列举")
_FIGURE = re.compile(
    r"(?:[数率额费价]|[产销容含用流]量|数量|费用|价[格钱]|面积|收入|产值|人口|[长高宽深温]度)[是为]?$"
)
_OPEN_END = re.compile(r"[是为於于叫称作成]$")  # 前身为: the word asked for goes right behind


def as_question(text: str) -> str:
    """Return a Chinese text that lacks a question word with one behind it; anything else as it is.

    甚麼, which the reader seldom saw, becomes 什么.
    """
    if detect_language(text) != "zh":
        return text
    text = _RARE_WHAT.sub("什么", text)
    start, end = analyse_question(text).asks[0].span
    folded = fold(text)
    if start < end or _ASKS.search(folded):
        return text
    words = text.rstrip(" ?？。.!！")
    folded = folded[: len(words)]
    is_ = "" if _OPEN_END.search(folded) else "是"
    return f"{words}{is_}{'多少' if _FIGURE.search(folded) else '什么'}？" if words else text
