"""Judges whether a title that a file states in its properties is one a person would recognise."""

from __future__ import annotations

import re

_LEFTOVER = re.compile(
    r"microsoft (word|powerpoint|excel)|(power ?point|word) ?(presentation|document|演示文稿|文档)$|"
    r"untitled|无标题|未命名|"
    r"(文档|幻灯片|slide|document)\s*\d*$|\.(docx?|wps|indd|qxd|pptx?|xlsx?|pdf|tex|dvi|cdr|fit|txt)$|[a-z]:\\|"
    r"^[\W\d_]*$",
    re.I,
)


def sane_title(title: str) -> str:
    """Give a title back tidied, or empty if it is a program's leftover, a file name or misread bytes."""
    title = " ".join(title.split())
    misread = sum("\x80" <= character <= "\xff" or character == "\ufffd" for character in title)
    if not 2 <= len(title) <= 150 or _LEFTOVER.search(title) or misread > 0.3 * len(title):
        return ""
    return title
