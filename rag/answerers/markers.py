"""Reads the sentences and the citation markers of a text that is still being written.

Takes pieces of text cut anywhere, gives sentences without their markers, and where the markers stood. Knows
``[1]``, ``【1】``, ``[1,2]``, ``[1-3]``, ``[1][2]``, ``[^1]``, ``[段落1]``, ``【1†…】``, full-width digits, and what
small models write instead, ``根据第1段，`` and ``According to passage 1,``; knows no passages: which numbers exist
is for others to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.sentences import split_sentences

_NUMBER = r"\d{1,3}"  # a year in brackets is no marker
_JOINT = r"\s*(?:[,，、;；]|[-–—~～至])\s*"
_WORD = r"(?:段落|资料|文档|来源|passages?|sources?|documents?|docs?)?\s*[:：#^]?\s*"
LEADS, LEADS_EN = ("根据", "依据", "按照"), ("according to", "based on")
"""What stands before a passage that is named in words, or before any other source."""
_LED, _LED_EN = "|".join(LEADS), "|".join(f"{lead} " for lead in LEADS_EN)
_MARKER = re.compile(
    rf"[ \t\u3000]*[\[【［]{{1,2}}\s*{_WORD}(?P<numbers>{_NUMBER}(?:{_JOINT}{_NUMBER})*)"
    r"(?:†[^\]】］\n]{0,60})?\s*[\]】］]{1,2}"
    rf"|(?P<lead>{_LED})(?:第\s*(?P<nth>\d{{1,2}})\s*个?段落?|段落\s*(?P<named>\d{{1,2}}))(?=[\s,，:：中里的所])"
    rf"|(?P<lead_en>{_LED_EN})passage\s(?P<english>\d{{1,2}})(?=[\s,.:;])",
    re.IGNORECASE,
)
_BEGUN = "|".join(
    lead[:n] for lead in (*LEADS, *(f"{lead} " for lead in LEADS_EN)) for n in range(1, len(lead) + 1)
)
_OPENED = r"[ \t\u3000]*(?:[\[【［]{1,2}[^\]】］\n]{0,80}[\]】］]?)?"  # or the space before one
_MAYBE_MARKER = re.compile(
    rf"(?:{_OPENED}|{_BEGUN}|(?:{_LED})(?:第\s*\d{{0,2}}\s*个?段?落?|段落?\s*\d{{0,2}}){_OPENED}"
    rf"|(?:{_LED_EN})p[a-z]{{0,6}}\s?\d{{0,2}}{_OPENED})$",
    re.IGNORECASE,
)
_RANGE = re.compile(rf"({_NUMBER})(?:\s*[-–—~～至]\s*({_NUMBER}))?")
LONGEST_RANGE = 50  # numbers; [1-999] is no citation of each

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

    def feed(self, piece: str) -> list[Marked]:
        """Take the next piece; return the sentences that ended with it, mostly none."""
        raw = self._raw + piece
        held = _MAYBE_MARKER.search(raw)
        cut = held.start() if held else len(raw)
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
        at = 0
        for match in _MARKER.finditer(raw):
            self._text += raw[at : match.start()] + (match["lead"] or match["lead_en"] or "")
            self._markers += [(len(self._text), number) for number in expand(match[match.lastgroup or 0])]
            at = match.end()
        self._text += raw[at:]

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


def _is_settled(text: str, end: int, following: int) -> bool:
    """Whether no text to come can move the end of a sentence."""
    if "\n" in text[end:following]:
        return True
    needed = LOOK_AHEAD_QUOTED if text[end - 1] in _CLOSED else LOOK_AHEAD
    return len(text) - following >= needed
