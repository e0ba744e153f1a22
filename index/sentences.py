"""Takes a text, gives the spans of its sentences, Chinese and English; knows nothing of headings or documents."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

from index.datatypes import Span
from index.text import is_spaced

_OPENERS = "“‘\"'(£$€&"  # of a word at the start of a wrapped line
_CLOSERS = "”’\"'」』）)】〕》〉]*_"
_SPOKEN = "说|表示|介绍|指出|强调|认为|称|道|问|答|告诉记者|坦言|回忆|感慨|解释|透露|说道|说明"
_END = re.compile(
    rf"(?P<zh>[。！？｡؟۔।॥]+|(?<=[\u3041-\u309f])．|(?<=[\u3400-\u9fff”）)])[?!]+(?=[\s{re.escape(_CLOSERS)}\u3400-\u9fff“]|$))"
    rf"(?P<zh_close>[{re.escape(_CLOSERS)}]*)"
    rf"|(?P<en>(?<=[^\s.])\.(?![.A-Za-z0-9_])|[?!]+(?![A-Za-z0-9_])|(?<=\.\.)\.)(?P<en_close>[{re.escape(_CLOSERS)}]*)"
    r"|(?P<line>\n\s*)"
)
# “……。”李明说。 is one sentence: without its speaker a quotation cannot be cited well.
_SPEAKER = re.compile(rf"[^。！？，；：:\n“”]{{0,40}}?(?:{_SPOKEN})(?=。)")
_TITLE_CLOSER = re.compile("[》〉]")


def _set(words: str) -> frozenset[str]:
    """Make a set of words."""
    return frozenset(words.split())


_NEVER_LAST = _set(
    "mr mrs ms dr prof st gen col sen rep gov hon rev messrs mt vs fig figs no nos vol pp eq sec ch ed "
    "eds cf e.g i.e viz approx dept est ext tel"
)
_MAYBE_LAST = _set(
    "inc ltd co corp llc plc bros jr sr etc al u.s u.k u.n e.u d.c a.m p.m ph.d m.d b.a m.a mon tue wed "
    "thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec"
)
_MONTHS = _set("jan feb mar apr jun jul aug sep sept oct nov dec")
_STARTERS = _set(
    "the a an it its he she they we i you his her their our this that these those there in on at as for "
    "but and or so if when while after before since however meanwhile last next"
)
_WORD_BEFORE = re.compile(r"[\w.&-]+$")
_WORD_AFTER = re.compile(r"\s*[“\"'‘(]*([A-Za-z]+)")
_ITEM_NUMBER = re.compile(r"(?:^|\n)[ \t#*>-]*(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxIVX]{1,5})$")
_WRAPPED_WIDTH = 45  # columns: a line of spaced words this long without an end mark was broken by its margin


def split_sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of ``text``, in order, without the white space around them.

    Every character that is not white space lies in exactly one span. Closing quotes and brackets stay with their
    sentence; decimals, abbreviations, initials, URLs and the numbers of list items end none. A blank line always
    ends a sentence, a single line break does unless it looks like a wrapped line of words with spaces.
    """
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        if match.end() > start and _is_end(text, start, match):
            _append(spans, text, start, match.end())
            start = match.end()
    _append(spans, text, start, len(text))
    return spans


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    """Append [start, end) without the white space around it, if anything is left."""
    piece = text[start:end]
    stripped = piece.lstrip()
    start += len(piece) - len(stripped)
    stripped = stripped.rstrip()
    if stripped:
        spans.append((start, start + len(stripped)))


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether the end mark found really ends a sentence that began at ``start``."""
    if match["line"] is not None:
        return _line_ends(text, start, match)
    if match["zh"] is not None:
        closers = match["zh_close"]
        if _TITLE_CLOSER.search(closers) and "。" not in match["zh"]:
            return False  # 《谁动了我的奶酪？》一书
        if closers[:1] in ("）", ")") and "。" not in match["zh"]:
            return False
        return not (closers and _SPEAKER.match(text, match.end()))
    return _latin_ends(text, start, match)


def _line_ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a line break ends the sentence: not if a line of Latin text was wrapped."""
    before = text[max(start, match.start() - 8) : match.start()].rstrip()
    after = text[match.end() : match.end() + 8]
    if match["line"].count("\n") > 1 or not after:
        return True
    if not is_spaced(before, after) or before.endswith(tuple(".!?:;")):
        return True
    if after[0].islower() or before.endswith((",", "-")):
        return False
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]  # the sentence may begin in mid-line
    opens = after[0].isalnum() or after[0] in _OPENERS
    return not (opens and _columns(line) >= _WRAPPED_WIDTH)


def _columns(line: str) -> int:
    """Return how many columns a line takes; a wide character, as of Korean, takes two."""
    return len(line) + sum(east_asian_width(character) == "W" for character in line)


def _latin_ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a full stop, question or exclamation mark of Latin text ends a sentence."""
    after = text[match.end() : match.end() + 1]
    following = _WORD_AFTER.match(text, match.end())
    next_word = following[1] if following else ""
    if next_word and next_word[0].islower():
        return False  # "Is it?" he asked
    if match["en"] != ".":
        return not after or after.isspace() or not after.isascii()
    before = text[max(start, match.start() - 24) : match.start()]
    if after and not after.isspace():  # 3.14 never comes here; 系统.然后 is an OCR full stop
        return not after.isascii() and not before[-1:].isascii()
    if (
        _ITEM_NUMBER.search(before)
        and len(before) <= 12
        and not text[start : match.start()].rstrip(before).strip()
    ):
        return False
    found = _WORD_BEFORE.search(before)
    word = found[0].lower() if found else ""
    if word in _MONTHS and text[match.end() : match.end() + 2].strip().isdigit():
        return False
    if word in _NEVER_LAST or (len(word) == 1 and word.isalpha() and word.isascii() and word != "i"):
        return not text[match.end() : match.end() + 2].strip()  # at the end of all, or of a line
    if word in _MAYBE_LAST:
        return not next_word or next_word.lower() in _STARTERS
    return True
