r"""Reads the sentences and the citation markers of a text that is still being written.

Takes pieces of text cut anywhere, gives sentences without their markers, and where the markers stood. Knows
``[1]``, ``【1】``, ``[1,2]``, ``[1-3]``, ``[1][2]``, ``[1] and [2]``, ``[1]–[3]``, ``[^1]``, ``\[1\]``, ``[段落1]``,
``（见段落1）``, ``【1†…】``, full-width digits, and what small models write instead, ``根据第1段和第2段，``,
``段落1指出，``, ``来自段落1。``, ``As stated in passages 1 and 2,`` and ``Passage 1 states that``; knows no passages:
which numbers exist is for others to say. A number in brackets right behind a name is an index where it stands in code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from string import ascii_letters

from index.sentences import split_sentences

_NUMBER = r"(?![0０]+(?!\d))\d{1,3}"  # passages count from 1, and a year in brackets is no marker
_JOINT = (
    r"\s*+(?:[,，、;；]\s*+(?:and\b|和)?|and\b|to\b|[&和与及]|[-–—~～至到])\s*+"  # possessive, as blanks meet
)
_WORDS = ("段落", "资料", "文档", "来源", "passage", "source", "document", "doc")
_WORD = rf"(?:{'|'.join(_WORDS)})s?"
_NAMED = rf"{_WORD}\s*+[:：#^]?\s*+{_NUMBER}"
_ONE = rf"(?:(?:{_WORD})?\s*+[:：#^]?\s*+{_NUMBER}|第\s*{_NUMBER}\s*个?段落?)"
_MORE = rf"(?:{_JOINT}{_ONE}){{0,30}}"
_SEE = ("见", "参见", "详见", "参考", "来源", "出处", "source", "sources", "see", "from")
_SEEN = rf"(?:(?:{'|'.join(_SEE)})\s*+[:：]?\s*+)?"
_NTH = rf"(?:第\s*{_NUMBER}\s*个?段落?|段落\s*{_NUMBER})"
_NTHS = rf"{_NTH}(?:\s*+(?:[、和与及&]|[-–—~～至到]|[,，](?=\s*(?:第|段落)))\s*+(?:{_NTH}|{_NUMBER})){{0,30}}"
# After a comma a bare number may be of what follows, unless there are several passages.
_PASSAGES = (
    rf"(?:passage\s{_NUMBER}(?:\s*+(?:,|and\b|to\b|&|,\s*and\b)\s*+passage\s{_NUMBER}|\s+and\s+{_NUMBER}){{0,30}}"
    rf"|passages\s{_NUMBER}(?:{_JOINT}(?:passage\s)?{_NUMBER}){{0,30}})"
)
LEADS, LEADS_EN = ("根据", "依据", "按照"), ("according to", "based on")
"""What stands before a passage that is named in words, or before any other source."""
SAYS = ("指出", "显示", "提到", "提及", "说明", "表明", "记载", "写道", "介绍")
SAYS_EN = ("state", "say", "mention", "note", "show", "indicate", "report", "describe", "explain")
"""What stands behind a passage that is named as the one who says something."""
_LED_ALL = (*LEADS, "来自", "出自", "源自", "引自", "参见", "详见", "参考")
_LED_ALL_EN = tuple(f"{word} " for word in ("to", "on", "in", "from", "per", "by", "see", "with"))
_LED, _LED_EN = "|".join(_LED_ALL), "|".join(_LED_ALL_EN)
_SAYING = rf"\s*[中里]?(?:{'|'.join(SAYS)})|\s(?:{'|'.join(SAYS_EN)})s?(?![a-z])"
_MARKERS = tuple(  # each small: what a marker is called, and the word that stays where it is taken out
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\\?[\[【［]{{1,2}}\s*+{_SEEN}(?P<numbers>{_ONE}{_MORE})(?:†[^\]】］\n]{{0,60}})?\s*\\?[\]】］]{{1,2}}",
        rf"[(（]\s*+{_SEEN}(?P<numbers>(?:{_NAMED}|第\s*{_NUMBER}\s*个?段落?){_MORE})\s*[)）]",
        rf"(?P<word>{_LED})(?P<numbers>{_NTHS})(?=[\s,，:：。；;.中里的所])",
        rf"(?P<word>\b(?:{_LED_EN}))(?P<numbers>{_PASSAGES})(?=[\s,.:;])",
        rf"(?P<word>段落|passages?)\s*(?P<numbers>{_NUMBER}{_MORE})(?={_SAYING})",
        rf"(?P<word>第)(?P<numbers>\s*{_NUMBER}\s*个?段落?{_MORE})(?={_SAYING})",
    )
)
_BETWEEN = re.compile(
    r"[ \t\u3000]*(?P<range>[-–—~～至到]|to)|(?:[ \t\u3000]*[、,])?(?:[ \t\u3000]*(?:和|and))?", re.IGNORECASE
)
"""What joins two markers in brackets, and nothing where they are taken out."""


def _begun(words: Iterable[str]) -> str:
    """Return a pattern for words, whole or only begun."""
    return "|".join(word[:n] for word in words for n in range(len(word), 0, -1))


_BLANKS = " \t\u3000"  # before a marker in brackets they go with it
_SQUARE = r"\\?[\[【［]{1,2}[^\]】］\n]{0,80}"
_ROUND = rf"[(（]\s*+{_SEEN}(?:{_WORD}|第)[^)）\n]{{0,60}}"
# numbers, "and", further words for a passage
_LISTED = r"[\s\d,，、;；&:：#^和与及第个段落至到–—~～andpsgeto-]{0,60}"
_OPENED = (
    re.compile(rf"(?:{_SQUARE}[\]】］]?|{_ROUND}[)）]?|\\)$", re.IGNORECASE),
    re.compile(rf"[(（]\s*+{_SEEN}(?:{_begun((*_WORDS, *_SEE))})?$", re.IGNORECASE),
    re.compile(r"`+$"),  # three of them open what one of them does not
)
_ROW = re.compile(  # a marker and what may join it to the next
    rf"(?:{_SQUARE}[\]】］]{{1,2}}|{_ROUND}[)）])"
    rf"(?:[{_BLANKS}]*[、,])?(?:[{_BLANKS}]*(?:and?|a|to?|[-–—~～至到和]))?[{_BLANKS}]*$",
    re.IGNORECASE,
)
LONGEST_ROW = 50  # markers that are taken together
LONGEST_IN_ROW = 120  # characters of one, with what joins it
_NAMING = (
    re.compile(rf"(?:{_begun((*_LED_ALL, *_LED_ALL_EN))})$", re.IGNORECASE),
    re.compile(rf"(?:{_LED}|{_LED_EN})?(?:{_begun(('段落', 'passages'))})$", re.IGNORECASE),
    re.compile(
        rf"(?:{_LED}|{_LED_EN})?(?:第\s*+\d{{0,3}}\s*+个?段?|段落|passages?){_LISTED}"
        rf"[中里]?(?:{_begun(SAYS)}|[a-z]{{1,12}})?$",
        re.IGNORECASE,
    ),
)
_LAST_LETTERS = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,12}$")
_RANGE = re.compile(rf"({_NUMBER})(?:[^\d,，、;；]*(?:[-–—~～至到]|\bto\b)\D*({_NUMBER}))?")
LONGEST_RANGE = 50  # numbers; [1-999] is no citation of each

_CODE = re.compile(r"`+|\n")
_INDEXED = re.compile(r"[A-Za-z0-9_)\]][\[(]$")  # a[1], f(x)[1]
_FENCE = 3  # backticks that open code of several lines

_UNSETTLED = re.compile(r"[\s。！？｡.!?…,，;；:：、”’\"'」』）)】〕》*_]*$")
_CLOSED = "”’\"'」』）)】〕》*_"
_LAST_WORD = re.compile(r"[A-Za-z0-9'’&-]*[A-Za-z0-9]$")
LOOK_AHEAD = 12  # characters behind a sentence that decide whether it has ended: 3.|14, U.S.|economy
LOOK_AHEAD_QUOTED = 45  # the same behind a closing quote: “……。”|李明在会上说。


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A sentence, or its beginning: its words without markers, and the markers that stood in or behind them."""

    lead: str  # white space before it
    text: str
    markers: tuple[tuple[int, int], ...]  # (offset into `text`, number), in the order written

    @property
    def numbers(self) -> tuple[int, ...]:
        """Each number once, in the order written."""
        return tuple(dict.fromkeys(number for _, number in self.markers))


def expand(numbers: str) -> list[int]:
    """Return the numbers that a marker's inside names: ``1,3-5`` → 1, 3, 4, 5."""
    found: list[int] = []
    for first, last in _RANGE.findall(numbers):
        low, high = int(first), int(last or first)
        found += range(low, min(high, low + LONGEST_RANGE - 1) + 1) if low <= high else (low, high)
    return found


class SentenceParser:
    """Takes a text in pieces, gives its sentences as soon as they are certain to have ended.

    What ``beginning()`` gives of the sentence under way only grows, and the sentence then begins with it, so that
    it can be shown at once.
    """

    def __init__(self) -> None:
        self._raw = ""  # may yet become a marker
        self._text = ""  # without markers, from the end of the last sentence on
        self._markers: list[tuple[int, int]] = []  # (offset into _text, number)
        self._shown = 0  # characters of _text that `beginning` gave away
        self._code = ""  # the backticks that have opened the code under way

    def feed(self, piece: str) -> list[Marked]:
        """Take the next piece; return the sentences that ended with it, mostly none."""
        raw = self._raw + piece
        cut = _settled(raw)
        self._take(raw[:cut])
        self._raw = raw[cut:]
        return self._ended(final=False)

    def finish(self) -> list[Marked]:
        """Return what is left, as sentences."""
        self._take(self._raw)
        self._raw = ""
        return self._ended(final=True)

    def beginning(self) -> Marked:
        """Return what is certain of the sentence under way: without end marks, which a marker may still precede."""
        spans = split_sentences(self._text)
        if not spans:
            return Marked(lead="", text="", markers=())
        start, end = spans[0][0], self._end(spans)
        certain = _UNSETTLED.sub("", _LAST_WORD.sub("", self._text[start:end]))
        self._shown = max(self._shown, start + len(certain))
        return self._marked(start, self._shown, self._shown)

    def _take(self, raw: str) -> None:
        at, closed = 0, False  # up to where `raw` is taken, and whether that is behind a marker in brackets
        for match in _found(raw):
            named = match.groupdict().get("word", "").replace("第", "段落")
            between = raw[at : match.start()]
            if not named:
                between = between.rstrip(_BLANKS)
            joint = _BETWEEN.fullmatch(between) if closed and not named else None
            if not joint:
                self._write(between)
                at += len(between)
                if self._code and _INDEXED.search(self._text + raw[at]):
                    closed = False
                    continue
            self._write(named)
            numbers = expand(match["numbers"])
            if joint and joint["range"]:
                numbers = [*expand(f"{self._markers[-1][1]}-{numbers[0]}")[1:-1], *numbers]
            self._markers += [(len(self._text), number) for number in numbers]
            at, closed = match.end(), not named
        self._write(raw[at:])

    def _write(self, words: str) -> None:
        """Append what is no marker, and follow where code begins and ends in it."""
        for mark in _CODE.findall(words):
            if mark == self._code or (mark == "\n" and len(self._code) < _FENCE):
                self._code = ""
            elif not self._code and mark != "\n":
                self._code = mark
        self._text += words

    def _ended(self, *, final: bool) -> list[Marked]:
        ended = []
        while spans := split_sentences(self._text):
            start, end = spans[0][0], self._end(spans)
            following = next((span[0] for span in spans if span[0] >= end), None)
            if following is None:
                if not final:
                    break
                following = len(self._text)
            elif not final and not _is_settled(self._text, end, following):
                break
            reach = self._reach(end, following)
            ended.append(self._marked(start, end, reach))
            self._markers = [(at - end, number) for at, number in self._markers if at > reach]
            self._text, self._shown = self._text[end:], 0
        return ended

    def _end(self, spans: list[tuple[int, int]]) -> int:
        """Return where the sentence under way ends as far as can be seen, never before what was given away."""
        return next((end for _, end in spans if end >= self._shown), spans[-1][1])

    def _reach(self, end: int, following: int) -> int:
        """Return up to where markers behind a sentence are its own: not those that open the line of the next."""
        line = self._text.find("\n", end, following)
        if (
            line < 0 or "\n" in self._text[line + 1 : following]
        ):  # no line between, or a line of markers alone
            return following
        return line

    def _marked(self, start: int, end: int, reach: int) -> Marked:
        markers = tuple(
            (min(max(at - start, 0), end - start), number) for at, number in self._markers if at <= reach
        )
        return Marked(lead=self._text[:start], text=self._text[start:end], markers=markers)


def _found(raw: str) -> Iterator[re.Match[str]]:
    """Yield the markers of a text from left to right, of two that overlap the first."""
    at = 0
    every = (match for pattern in _MARKERS for match in pattern.finditer(raw))
    for match in sorted(every, key=re.Match.start):
        # A bracket left open at the end of a line is settled there, so none may be closed on the next.
        broken = "word" not in match.groupdict() and "\n" in match[0]
        if match.start() >= at and not broken:
            yield match
            at = match.end()


def _first(patterns: Iterable[re.Pattern[str]], raw: str, end: int) -> int:
    """Return where the first match of any pattern before an end begins; the end where none does."""
    matches = (pattern.search(raw, 0, end) for pattern in patterns)
    return min((match.start() for match in matches if match), default=end)


def _settled(raw: str) -> int:
    """Return up to where nothing that a text ends with can become a marker, or belong to one."""
    end = _first(_OPENED, raw, len(raw))
    for _ in range(LONGEST_ROW):
        joined = _ROW.search(raw, max(0, end - LONGEST_IN_ROW), end)
        if not joined:
            break
        end = joined.start()
    named = _first(_NAMING, raw, end)
    if named == end:
        return len(raw[:end].rstrip(_BLANKS))
    # A marker before it may need the blank behind it, or the end of the word that says something.
    word = _LAST_LETTERS.search(raw, 0, named)
    return word.start() if word and raw[named] in ascii_letters else named


def _is_settled(text: str, end: int, following: int) -> bool:
    """Whether no text to come can move the end of a sentence."""
    if "\n" in text[end:following]:
        return True
    needed = LOOK_AHEAD_QUOTED if text[end - 1] in _CLOSED else LOOK_AHEAD
    return len(text) - following >= needed
