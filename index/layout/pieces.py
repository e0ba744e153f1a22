"""From a document's text to its pieces: lines and wrapped paragraphs with what their own signs say they are.

A piece knows its spans, its role as far as syntax tells (Markdown signs, marks of the reader, typical words) and the
blank lines before it; nothing here looks at what stands around it, except to put wrapped lines together.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from index.datatypes import Document, Mark, Span
from index.layout import cues
from index.tables import find_tables
from index.text import is_spaced

Role = Literal[
    "text",
    "heading",
    "byline",
    "list",
    "table",
    "code",
    "caption",
    "contents",
    "furniture",
    "imprint",
    "label",
    "jump_to",
    "jump_from",
    "pull_quote",
]


@dataclass(slots=True)
class Piece:
    """A paragraph, line or marked block on its way to a ``Block``; the stages of the analysis refine it in place."""

    spans: list[Span]
    text: str
    role: Role = "text"
    level: int = 0  # of a heading; 0: not stated
    gap: int = 0  # blank lines before it
    stated: bool = False  # by a mark or a Markdown sign, not by looks
    page: int | None = None
    order: int = 0  # position among the pieces, in the order of the text
    article: int = -1
    above: tuple[str, ...] = ()
    target: str = ""  # of a jump: the page it names
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """Where its first span begins."""
        return self.spans[0][0]

    @property
    def is_body(self) -> bool:
        """Whether it carries the running text of an article."""
        return self.role in ("text", "list", "table", "code")


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    text: str  # without the white space around it
    indent: int
    hard: bool  # ends in a Markdown hard break
    width: int  # as it was set, a jump before its words included


_HASH = re.compile(r"(#{1,6})(?:[ \t\u3000]+|(?=[^#\s!/\d]))(.*?)[ \t#]*$")
_BOLD_LINE = re.compile(r"(\*\*|__)(?!\s)((?:(?!\1).)+)\1$")
_ITEM = re.compile(
    r"(?:[•·‣]|\d{1,3}[)、．]|[（(]\d{1,3}[）)]|[①-⑳])[ \t\u3000]*(?=\S)|(?:[-*+–]|\d{1,3}\.|[a-zA-Z][.)])[ \t]+(?=\S)|"
    r"\d{1,3}\.(?=[\u3400-\u9fff])"
)
_RULE = re.compile(r"(?:[-*_=~—]\s*){3,}$")
HEADLINE_LINES = 3  # at most
_REST = 4  # width of a line that is rather the rest of the headline's line above it
LONGEST_PARAGRAPH = 20_000  # characters
LONGEST_HEADING = 120  # width; what is longer is a paragraph, whatever its style says
_FENCE = re.compile(r"(?:`{3,}|~{3,})")
_ORNAMENT = re.compile(r"[■□●○◆◇▲△▼★☆※◎▶►▷⊙\s\u3000\xa0]+")
_MARK_ROLES: dict[str, Role] = {
    "title": "heading",
    "heading": "heading",
    "list_item": "list",
    "table": "table",
    "caption": "caption",
    "furniture": "furniture",
    "code": "code",
    "quote": "text",
}


def cut(document: Document) -> list[Piece]:
    """Cut a document into pieces, in the order of its text; white space, rules and fences belong to none."""
    pieces: list[Piece] = []
    position = 0
    for mark in _outer_marks(document.marks):
        start, end = mark.span
        if start > position:
            pieces.extend(_cut_plain(document.text, position, start))
        piece = _from_mark(document.text, mark, position)
        if piece:
            pieces.append(piece)
        position = max(position, end)
    pieces.extend(_cut_plain(document.text, position, len(document.text)))
    starts = [page.span[0] for page in document.pages]
    for order, piece in enumerate(pieces):
        piece.order = order
        if starts:
            piece.page = document.pages[max(0, bisect_right(starts, piece.start) - 1)].number
    return pieces


def _outer_marks(marks: tuple[Mark, ...]) -> Iterator[Mark]:
    """Yield the marks in order, the outermost of nested ones only; a list's items count one by one."""
    position = 0
    for mark in sorted(marks, key=lambda m: (m.span[0], -m.span[1])):
        if mark.span[0] >= position and mark.span[1] > mark.span[0]:
            yield mark
            position = mark.span[1]


def _from_mark(text: str, mark: Mark, position: int) -> Piece | None:
    """Make a piece of what a mark covers."""
    start, end = _trimmed(text, *mark.span)
    if start >= end:
        return None
    level = 1 if mark.kind == "title" else mark.level
    role = _MARK_ROLES[mark.kind]
    if role == "heading":
        hashes = _HASH.match(text[start:end])
        start += hashes.start(2) if hashes else 0
        if cues.width(text[start:end]) > LONGEST_HEADING:
            role, level = "text", 0
    gap = max(0, text.count("\n", position, start) - 1)
    piece = Piece(spans=[(start, end)], text=text[start:end], role=role, level=level, gap=gap, stated=True)
    piece.extra["mark"] = mark.kind
    return piece


def _trimmed(text: str, start: int, end: int) -> Span:
    """Return the span without the white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _cut_plain(text: str, start: int, end: int) -> Iterator[Piece]:
    """Cut unmarked text: groups of lines between blank lines, their wrapped lines put together."""
    group: list[_Line] = []
    gap = group_gap = 0
    position = start
    raws = text[start:end].split("\n")
    code = _code_lines(raws)
    for number, raw in enumerate(raws):
        stripped = raw.strip()
        if stripped and number in code:
            if group:
                yield from _cut_group(text, group, group_gap)
                group = []
            first = position + len(raw) - len(raw.lstrip())
            if not _FENCE.match(stripped):
                yield Piece([(first, first + len(stripped))], stripped, "code", gap=gap)
            gap = 0
        elif stripped:
            if not group:
                group_gap, gap = gap, 0
            lead = len(raw) - len(raw.lstrip())
            first = position + lead
            hard = raw.endswith("  ") or stripped.endswith("\\")
            group.extend(
                _apart(_Line(first, first + len(stripped), stripped, lead, hard, cues.width(stripped)))
            )
        else:
            if group:
                yield from _cut_group(text, group, group_gap)
                group = []
            gap += 1
        position += len(raw) + 1
    if group:
        yield from _cut_group(text, group, group_gap)


def _apart(line: _Line) -> Iterator[_Line]:
    """Yield a line, and a jump in brackets before its words or one after them as lines of their own."""
    landing, leaving = cues.jump_from(line.text), cues.jump_to(line.text)
    lands = landing is not None and landing[0].endswith(("）", ")", "】", "]"))
    cuts = {0, landing.end() if landing and lands else 0, leaving.start() if leaving else 0, len(line.text)}
    for span in pairwise(sorted(cuts)):
        start, end = _trimmed(line.text, *span)
        if start < end:
            yield replace(line, start=line.start + start, end=line.start + end, text=line.text[start:end])


def _code_lines(raws: list[str]) -> frozenset[int]:
    """Return the numbers of the lines inside code fences; a fence around prose (```markdown) or left open is none."""
    inside: set[int] = set()
    opened: int | None = None
    for number, raw in enumerate(raws):
        if raw[:1] in ("`", "~", " ") and _FENCE.match(raw.strip()):
            if opened is None:
                opened = number
            else:
                language = raws[opened].strip(" `~").lower()
                if language not in ("markdown", "md", "text", "txt"):
                    inside.update(range(opened, number + 1))
                opened = None
    return frozenset(inside)


def _cut_group(text: str, lines: list[_Line], gap: int) -> Iterator[Piece]:
    """Turn consecutive lines into pieces: tables of three columns and more, and what stands between them."""
    begun, first = lines[0].start, 0
    ends = [line.end for line in lines]
    for table in find_tables(text[begun : lines[-1].end]):
        if len(table.rows[0]) > 2:
            until = bisect_right(ends, begun + table.start)
            after = bisect_right(ends, begun + table.rows[-1][0][0]) + 1
            if until > first:
                yield from _cut_lines(lines[first:until], gap)
                gap = 0
            span = lines[until].start, ends[after - 1]
            yield Piece([span], text[slice(*span)], "table", gap=gap)
            first, gap = after, 0
    if first < len(lines):
        yield from _cut_lines(lines[first:], gap)


def _cut_lines(lines: list[_Line], gap: int) -> Iterator[Piece]:
    """Turn consecutive lines without tables into pieces."""
    longest = max(cues.width(line.text) for line in lines)
    wrapped = _is_wrapped(lines, longest)
    rows = _rows(lines, longest)
    heads = {row - 1 for row in rows if row - 2 not in rows and not cues.is_finished(lines[row - 1].text)}
    apart = heads | _headlines(lines)
    current: Piece | None = None
    previous: _Line | None = None
    for number, line in enumerate(lines):
        if _RULE.match(line.text) or _FENCE.match(line.text) or cues.is_table_rule(line.text):
            if current and previous and _underlines(line.text, current.text):
                current.role, current.level, current.stated = "heading", 1 if "=" in line.text else 2, True
            previous = None
            continue
        if (
            current
            and previous
            and number not in rows
            and _goes_on(previous, line, current, longest, wrapped and number not in apart)
        ):
            _extend(current, line)
        else:
            if current:
                yield current
            current = _classify(line, gap)
            gap = 0
        previous = line
    if current:
        yield current


def _underlines(rule: str, text: str) -> bool:
    """Whether a rule marks the line above it as a heading; dashes under a sentence only part it from the next."""
    sentence = "-" in rule and text.endswith((".", "。", "；", ";"))
    return set(rule) <= {"=", "-"} and cues.width(text) <= 60 and not sentence


def _is_wrapped(lines: list[_Line], longest: int) -> bool:
    """Whether the lines of a group were broken by a margin: most but the last are nearly as long as the longest."""
    if len(lines) < 3 or longest > 130:
        return False
    full = sum(cues.width(line.text) >= 0.75 * longest for line in lines[:-1])
    cut_lines = sum(not cues.is_finished(line.text) for line in lines[:-1])
    return full >= 0.6 * (len(lines) - 1) and cut_lines >= 0.4 * (len(lines) - 1)


def _rows(lines: list[_Line], longest: int) -> frozenset[int]:
    """Return the numbers of the lines that begin a row of a list, and of those that a short row stands before."""
    rows: set[int] = set()
    for step in (1, 2):  # a row may take two lines
        for number, (upper, lower) in enumerate(zip(lines, lines[step:], strict=False)):
            if cues.are_rows(upper.text, lower.text):
                rows.update((number, number + step))
    short = {row for row in rows if cues.width(lines[row].text) < 0.85 * longest}
    return frozenset(rows | {row + 1 for row in short})


def _headlines(lines: list[_Line]) -> frozenset[int]:
    """Return the numbers of the lines, three at most, that stand unfinished over a byline or dateline."""
    found: set[int] = set()
    first = 0  # after the last finished line
    for number, line in enumerate(lines):
        if cues.is_byline(line.text) or cues.opens_news_item(line.text):
            if number - first <= HEADLINE_LINES:
                found.update(
                    n for n in range(first, number) if n == first or cues.width(lines[n].text) > _REST
                )
            first = number + 1
        elif cues.is_finished(line.text):
            first = number + 1
    return frozenset(found)


def _goes_on(previous: _Line, line: _Line, current: Piece, longest: int, wrapped: bool) -> bool:
    """Whether a line continues the piece that the previous line belongs to."""
    if len(current.text) > LONGEST_PARAGRAPH:
        return False  # joining on and on would take quadratic time
    if current.role == "caption" and current.text[0] in "[【（(" and not cues.is_balanced(current.text):
        return True
    if (
        current.role not in ("text", "list")
        or previous.hard
        or _HASH.match(line.text)
        or _ITEM.match(line.text)
    ):
        return False
    if line.text.startswith(("|", ">")) or cues.is_imprint(line.text) or cues.is_byline(line.text):
        return False
    if cues.opens_news_item(line.text) or cues.is_jump(line.text):
        return False
    if current.role == "list" and line.indent > 0 and not cues.has_cjk(line.text):
        return True
    if previous.width < 0.6 * longest or cues.is_caption(line.text):
        return False
    if cues.is_finished(previous.text):
        return wrapped and line.indent <= previous.indent and previous.width >= 0.85 * longest
    if not cues.has_cjk(previous.text):
        return wrapped or line.text[0].islower() or previous.text[-1] in ",-"
    return previous.width >= 12 and (
        wrapped
        or previous.width > cues.width(previous.text)
        or not cues.looks_like_heading(previous.text)
        or cues.splits_figure(previous.text, line.text)
    )


def _extend(piece: Piece, line: _Line) -> None:
    """Add a wrapped line: the line break stays only where it stands for a space between words."""
    last_start, last_end = piece.spans[-1]
    before, after = piece.text[-1], line.text[0]
    if is_spaced(piece.text[-8:], line.text[:8]):
        if (
            before == "-" and after.islower() and piece.text[-2:-1].isalpha()
        ):  # a word hyphenated at the margin
            piece.spans[-1] = (last_start, last_end - 1)
            piece.spans.append((line.start, line.end))
            piece.text = piece.text[:-1] + line.text
        elif cues.splits_figure(piece.text, line.text) and cues.has_cjk(piece.text[-20:] + line.text[:20]):
            piece.spans.append((line.start, line.end))
            piece.text += line.text
        else:
            piece.spans.append((last_end, last_end + 1))  # the line feed, for the space
            piece.spans.append((line.start, line.end))
            piece.text += "\n" + line.text
    else:
        piece.spans.append((line.start, line.end))
        piece.text += line.text


def _classify(line: _Line, gap: int) -> Piece:
    """Make a piece of a first line, with the role that its own signs give it."""
    text, start, end = line.text, line.start, line.end
    hashes = _HASH.match(text)
    if hashes:
        inner = hashes[2].strip()
        offset = start + hashes.start(2)
        piece = Piece(
            [(offset, offset + len(inner))] if inner else [(start, end)], inner or text, "heading", gap=gap
        )
        if cues.width(inner) > LONGEST_HEADING:
            piece.role = "text"
            return piece
        piece.level, piece.stated = len(hashes[1]), True
        jump = cues.jump_from(cues.bare(inner))
        if jump:
            piece.role, piece.target = "jump_from", _target(jump)
        elif cues.is_label(inner):
            piece.role = "label"
        return piece
    bold = _BOLD_LINE.match(text)
    if bold and cues.looks_like_heading(bold[2]):
        return Piece([(start + 2, end - 2)], bold[2], "heading", level=0, gap=gap)
    if text.startswith(">"):
        inner = text.lstrip("> \t")
        return Piece([(end - len(inner), end)] if inner else [(start, end)], inner or text, "text", gap=gap)
    if text.startswith("|") or text.count("|") >= 3 or text.count("\t") >= 2:
        return Piece([(start, end)], text, "table", gap=gap)
    piece = Piece([(start, end)], text, "text", gap=gap)
    if _ITEM.match(text) and not cues.is_sign_off(text):
        piece.role = "list"
    if cues.is_page_number(text):
        piece.role = "furniture"
    elif cues.is_jump(text):
        leaving = cues.jump_to(text)
        piece.role, piece.target = (
            ("jump_to", _target(leaving)) if leaving else ("jump_from", _target(cues.jump_from(text)))
        )
    elif cues.is_byline(text) or cues.is_sign_off(text):
        piece.role = "byline"
    elif cues.is_caption(text):
        piece.role = "furniture" if cues.is_credit(text) else "caption"
    elif cues.is_imprint(text) or cues.is_issue_line(text):
        piece.role = "imprint"
    elif cues.is_label(text) and cues.width(text) <= 10:
        piece.role = "label"
    return piece


def _target(match: re.Match[str] | None) -> str:
    """Return the page that a jump names."""
    return next((group for group in match.groups() if group), "") if match else ""


def strip_ornaments(piece: Piece) -> None:
    """Take the ornament before a first paragraph (■) and after a last one out of the spans."""
    lead = _ORNAMENT.match(piece.text)
    cut_start = lead.end() if lead and lead.end() < len(piece.text) else 0
    kept = piece.text.rstrip("■□◆● \t\u3000\xa0")
    cut_end = len(piece.text) - len(kept) if kept else 0
    first, last = piece.spans[0], piece.spans[-1]
    if cut_start >= first[1] - first[0] or cut_end >= last[1] - last[0]:
        return
    if lead and lead[0].strip():
        piece.extra["ornament"] = "1"
    piece.spans[0] = (first[0] + cut_start, first[1])
    last = piece.spans[-1]
    piece.spans[-1] = (last[0], last[1] - cut_end)
    piece.text = piece.text[cut_start : len(piece.text) - cut_end]
