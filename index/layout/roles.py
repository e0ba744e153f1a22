"""What each piece is, judged by its neighbours: running heads, contents, plain headings, pull quotes, captions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.layout import cues
from index.layout.pieces import HEADLINE_LINES, Piece, Role
from index.layout.stitching import shares_word

_SKIPPED: frozenset[Role] = frozenset({"caption", "furniture", "contents", "pull_quote"})
_PHOTO_GAP = 3  # blank lines that OCR leaves where a picture stood
_FAR = 50  # pieces; on and on over captions would take quadratic time
_TABLE_CELL = 8  # width of a line that may be a cell of a table
_ROW = 60  # width of the longest row of a list
_VALUE = re.compile(r"[A-Z]?\d+")
_PAGE_FIGURE = re.compile(r"(?:(?<=第)|(?<=\b[A-Z])|(?<![^\W_]))\d+(?:(?=\s*[页頁版])|(?![^\W_]))")
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What kind of document it is, as far as that changes how it is read."""

    newspaper: bool  # bylines, datelines, jumps, photo credits
    headed: bool  # headings are stated by signs or marks, so short plain lines are rarely headings
    marked: bool  # the file format states the headings


def key(text: str) -> str:
    """Return the letters and digits only, for comparing titles."""
    return _NOT_WORD.sub("", text).lower()


def assign_roles(pieces: list[Piece], text: str, pages: int) -> tuple[Style, frozenset[str]]:
    """Give every piece its role in place; return the document's style and the keys of the titles in its contents."""
    if pages >= 3:
        _find_running_heads(pieces)
    _free_figures(pieces)
    style = _style(pieces)
    titles = _find_contents(pieces)
    _find_rows(pieces)
    _find_masthead(pieces)
    _find_front_matter(pieces)
    if style.newspaper:
        _find_pull_quotes(pieces, text)
    if not style.marked:
        _find_headings(pieces, text, style, titles)
        _find_sub_headlines(pieces, style)
    if style.newspaper:
        _find_photo_captions(pieces, style)
        _find_name_lines(pieces)
    _find_repeated_headings(pieces)
    _undo_lone_headings(pieces, titles)
    return style, titles


def _free_figures(pieces: Sequence[Piece]) -> None:
    """Take bare values that stand among short lines for those of a table, not for page numbers."""
    for position, piece in enumerate(pieces):
        if piece.role != "furniture" or piece.stated or not _VALUE.fullmatch(piece.text):
            continue
        beside = [*pieces[max(0, position - 1) : position], *pieces[position + 1 : position + 2]]
        year = piece.text.isdigit() and len(piece.text) > 3
        if year or any(cues.width(other.text) <= _TABLE_CELL for other in beside):
            piece.role = "list"


def _style(pieces: Sequence[Piece]) -> Style:
    newspaper = sum(
        piece.role in ("byline", "jump_to", "jump_from")
        or (piece.role == "text" and cues.is_dateline(piece.text))
        or (piece.role == "caption" and "摄" in cues.simple(piece.text[-3:]))
        for piece in pieces
    )
    headings = [piece for piece in pieces if piece.role == "heading" and piece.stated]
    return Style(
        newspaper=newspaper >= 2,
        headed=len(headings) >= 3,
        marked=any(piece.extra.get("mark") for piece in headings),
    )


def _find_running_heads(pieces: Sequence[Piece]) -> None:
    """Mark lines that come again at the top or foot of three pages or more, but for the number of the page."""
    edges: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.page is not None:
            edges.setdefault(piece.page, []).append(piece)
    candidates = [
        (_running_forms(piece.text, page), piece)
        for page, on_page in edges.items()
        for piece in {id(p): p for p in (*on_page[:2], *on_page[-2:])}.values()
        if cues.width(piece.text) <= 60
    ]
    seen = Counter(form for forms, _ in candidates for form in forms)
    for forms, piece in candidates:
        if any(seen[form] >= 3 for form in forms):
            piece.role = "furniture"


def _running_forms(text: str, page: int) -> list[str]:
    """Return a line as it is and as it is but for the number of its page, given as the distance from the page."""
    if cues.is_finished(text):  # 2020年产值700亿元。 is no running head
        return [text]
    figures = _PAGE_FIGURE.finditer(text)
    return [text, *(f"{text[: f.start()]}<{int(f[0]) - page}>{text[f.end() :]}" for f in figures)]


def _find_contents(pieces: Sequence[Piece]) -> frozenset[str]:
    """Mark tables of contents; return the keys of the titles they list."""
    lines = [
        position
        for position, piece in enumerate(pieces)
        if piece.role in ("text", "list") and cues.is_contents_line(piece.text)
    ]
    found: set[int] = set()
    run: list[int] = []
    names = Counter(key(piece.text) for piece in pieces) if lines else Counter()
    for position in [*lines, 1 << 60]:
        if run and position - run[-1] > 4:
            if (
                len(run) >= 3
                and _numbers_rise([pieces[p].text for p in run])
                and _lists_titles(pieces, run, names)
            ):
                found.update(run)
            run = []
        run.append(position)
    if not found:
        return frozenset()
    titles: set[str] = set()
    title = ""
    first, last = min(found), max(found)
    for position in range(first, len(pieces)):
        piece = pieces[position]
        if position in found:
            piece.role = "contents"
            title = _entry_title(piece.text)
            titles.add(key(title))
        elif title and piece.gap == 0 and piece.role in ("text", "list") and position <= last + 1:
            piece.role = "contents"
            title += piece.text
            titles.update((key(title), key(piece.text)))
        else:
            title = ""
    _mark_contents_headings(pieces, found, first)
    return frozenset(title for title in titles if len(title) >= 4)


def _lists_titles(pieces: Sequence[Piece], run: Sequence[int], names: Counter[str]) -> bool:
    """Whether lines with rising numbers are contents: a list of cities and their output looks the same.

    They are where a heading says so just above or two of their titles come again among the ``names`` of all pieces.
    Where leaders lead to the numbers one title is enough; without any it is a list of prices.
    """
    if any(cues.is_contents_title(piece.text) for piece in pieces[max(0, run[0] - 3) : run[0]]):
        return True
    lines = [pieces[position].text for position in run]
    own = Counter(map(key, lines))
    titles = {title for line in lines if len(title := key(_entry_title(line))) >= 4}
    again = sum(names[title] > own[title] for title in titles)
    return again >= (1 if sum(map(cues.has_leaders, lines)) * 2 >= len(lines) else 2)


def _mark_contents_headings(pieces: Sequence[Piece], found: set[int], first: int) -> None:
    """Mark the heading of the contents and the headings inside it."""
    for position, piece in enumerate(pieces[: max(found)]):
        follower = pieces[position + 1]
        if (piece.role in ("heading", "text") and cues.is_contents_title(piece.text)) or (
            position >= first - 2 and piece.role == "heading" and follower.role == "contents"
        ):
            piece.role = "contents"


def is_prose(piece: Piece) -> bool:
    """Whether a piece is running text, not a line of a list."""
    return (
        piece.role == "text"
        and cues.width(piece.text) >= 40
        and (cues.is_finished(piece.text) or "，" in piece.text or ", " in piece.text)
    )


def _find_rows(pieces: Sequence[Piece]) -> None:
    """Mark short lines that open alike, and the names of their columns, as rows of a list: a ranking, a schedule."""
    for upper, lower in pairwise(pieces):
        if cues.are_rows(upper.text, lower.text) and _may_be_row(upper) and _may_be_row(lower):
            for piece in (upper, lower):
                piece.role, piece.extra["row"] = "list", "1"
    for names, row in pairwise(pieces):
        cells, named = len(row.text.split()), len(names.text.split())
        beside = row.extra.get("row") and row.gap == 0
        if beside and min(cells, named) >= 3 and abs(cells - named) <= 1 and _may_be_row(names):
            names.role, names.extra["row"] = "list", "1"


def _may_be_row(piece: Piece) -> bool:
    """Whether a plain line is short and no sentence."""
    plain = piece.role == "text" or "row" in piece.extra
    return plain and cues.width(piece.text) <= _ROW and not piece.text.endswith("。")


def _find_masthead(pieces: Sequence[Piece]) -> None:
    """Mark the name of a newspaper and its date line, two lines or one, as imprint."""
    first = pieces[0]
    if first.role in ("heading", "text", "imprint") and (paper := cues.masthead(first.text)):
        first.role = "imprint"
        first.extra.update(masthead=paper, front="1")
        return
    for name, line in pairwise(pieces[:3]):
        if (
            name.role in ("heading", "text")
            and line.role == "imprint"
            and cues.is_masthead(cues.bare(name.text), line.text)
        ):
            name.role = "imprint"
            for piece in pieces[: line.order + 1]:
                piece.extra["front"] = "1"
            name.extra["masthead"] = cues.bare(name.text)
            _find_later_mastheads(pieces, name, line)
            return


def _find_later_mastheads(pieces: Sequence[Piece], name: Piece, line: Piece) -> None:
    """Mark the masthead, and the issue line under it, where they come again over a later page of one text."""
    for upper, lower in pairwise(pieces[line.order + 1 :]):
        if key(upper.text) == key(name.text) and lower.role == "imprint":
            upper.role = lower.role = "furniture"


def _find_front_matter(pieces: Sequence[Piece]) -> None:
    """Mark the lines before the first running text as imprint, if that is what stands there."""
    first = next(
        (n for n, piece in enumerate(pieces) if is_prose(piece) or piece.role == "byline"), len(pieces)
    )
    headline = next(
        (n for n in range(first - 1, max(-1, first - 4), -1) if pieces[n].role == "heading"), first
    )
    while headline and pieces[headline - 1].role == "heading":
        headline -= 1
    first = min(first, headline)
    if first < len(pieces) and _opens_article(pieces[first]):
        first = _headline_start(pieces, first)
    if sum(piece.role in ("imprint", "contents") for piece in pieces[:first]) < 4:
        return
    for piece in pieces[:first]:
        piece.extra["front"] = "1"
        if piece.role == "text":
            piece.role = "imprint"


def _headline_start(pieces: Sequence[Piece], below: int) -> int:
    """Return where the lines begin, three at most, that stand together as a headline over a byline or dateline."""
    start = below
    while start and below - start < HEADLINE_LINES and pieces[start - 1].role == "text":
        if not cues.looks_like_headline(pieces[start - 1].text):
            break
        start -= 1
        if pieces[start].gap:
            break
    return start


def _numbers_rise(lines: Sequence[str]) -> bool:
    """Whether the page numbers mostly do not fall from line to line."""
    numbers = [
        int(found[-1] if re.search(r"\d\s*[)）]?$", line) else found[0])
        for line in lines
        if (found := re.findall(r"\d{1,3}", line))
    ]
    rises = sum(a <= b for a, b in pairwise(numbers))
    return len(numbers) >= 3 and rises >= 0.7 * (len(numbers) - 1)


def _entry_title(line: str) -> str:
    """Return the title in a line of a table of contents."""
    line = re.sub(r"^(?:[-*•]\s*)?(?:[Pp]\.?\s*)?\d{1,3}(?:[-/]\d{1,3})?(?:\s+|\s*[|/／]\s*)", "", line)
    return re.sub(r"(?:[.…·．_\-—\s]{3,}|[/／(（]\s*)[Pp]?\d{1,3}[)）]?$", "", line)


def _find_pull_quotes(pieces: Sequence[Piece], text: str) -> None:
    """Mark sentences set large that the running text holds as well."""
    body = [piece for piece in pieces if piece.role == "text"]
    owners = {
        position: piece
        for piece in body
        for position in range(piece.start // 64, piece.spans[-1][1] // 64 + 1)
    }
    before_headline = True
    previous: Piece | None = None
    for piece in pieces:
        if piece.role == "heading" or piece.role == "byline":
            before_headline = False
        if piece.role != "text":
            continue
        if 20 <= len(piece.text) <= 180 and len(piece.spans) == 1:
            twin, probes = _twin(piece, text, owners)
            interrupts = previous is not None and not cues.is_finished(previous.text)
            if (probes >= 3 and interrupts) or (
                twin is not None and (before_headline or len(twin.text) > 1.3 * len(piece.text))
            ):
                piece.role = "pull_quote"
                continue
        previous = piece


def _twin(piece: Piece, text: str, owners: dict[int, Piece]) -> tuple[Piece | None, int]:
    """Find the paragraph that holds most of a piece's words by four probes of it, and how many stand in any."""
    size = max(8, min(14, len(piece.text) // 5))
    step = (len(piece.text) - size) / 3
    low, high = max(0, piece.start - 30_000), piece.spans[-1][1] + 30_000
    found: Counter[int] = Counter()
    by_id: dict[int, Piece] = {}
    for number in range(4):
        at = int(number * step)
        probe = piece.text[at : at + size]
        position = text.find(probe, low, piece.start)
        if position < 0:
            position = text.find(probe, piece.spans[-1][1], high)
        if position >= 0 and (owner := _owner(owners, position)) is not None:
            found[id(owner)] += 1
            by_id[id(owner)] = owner
    best = found.most_common(1)
    return (by_id[best[0][0]] if best and best[0][1] >= 3 else None), found.total()


def _owner(owners: dict[int, Piece], position: int) -> Piece | None:
    """Find the paragraph at a position of the text; one taken out as a pull quote owns nothing."""
    for cell in (position // 64, position // 64 - 1, position // 64 + 1):
        piece = owners.get(cell)
        if piece and piece.role == "text" and any(start <= position < end for start, end in piece.spans):
            return piece
    return None


def neighbour(pieces: Sequence[Piece], position: int, step: int) -> Piece | None:
    """Find the next piece (step 1) or the previous one (-1), a few captions and furniture aside."""
    for near in range(position + step, position + step * _FAR, step):
        if not 0 <= near < len(pieces):
            return None
        if pieces[near].role not in _SKIPPED:
            return pieces[near]
    return None


def _find_headings(pieces: Sequence[Piece], text: str, style: Style, titles: frozenset[str]) -> None:
    """Mark plain lines that head what follows; from the end, so that what follows is known."""
    for position in range(len(pieces) - 1, -1, -1):
        piece = pieces[position]
        if piece.role not in ("text", "list") or piece.extra.get("row") or len(piece.text) > 100:
            continue
        previous, following = neighbour(pieces, position, -1), neighbour(pieces, position, 1)
        if following is None:
            continue
        kicker = piece.text.endswith("——") and following.role == "heading"
        if _is_headline(piece, previous, following, text):
            piece.role = "heading"
            below = following.extra.get("headline", "0")
            piece.extra["headline"] = str(int(below) + 1)  # how many lines of the headline are known
        elif len(piece.spans) == 1 and (
            kicker
            or (
                cues.looks_like_heading(piece.text)
                and _heads(piece, previous, following, text, style, titles)
            )
        ):
            piece.role = "heading"


def _ends_or_heads(text: str) -> bool:
    """Whether a line is not a paragraph cut in mid-sentence."""
    return cues.is_finished(text) or cues.looks_like_headline(text)


def _opens_article(piece: Piece) -> bool:
    """Whether a piece stands under headlines: a byline or dateline."""
    if piece.role == "byline":
        return not cues.is_sign_off(piece.text)
    return piece.role == "text" and cues.is_dateline(piece.text)


def _is_headline(piece: Piece, previous: Piece | None, following: Piece, text: str) -> bool:
    """Whether a short line stands right over a byline or dateline, or over the next line of such a headline."""
    if piece.role != "text" or len(piece.spans) > HEADLINE_LINES:
        return False
    if (
        not cues.looks_like_headline(piece.text)
        or cues.is_names(piece.text)
        or _is_rest(piece, previous, text)
    ):
        return False
    if "headline" not in following.extra:
        return _opens_article(following)
    apart = piece.gap or previous is None or previous.role != "text" or _ends_or_heads(previous.text)
    return bool(apart) and following.gap == 0 and int(following.extra["headline"]) < HEADLINE_LINES


def _heads(
    piece: Piece, previous: Piece | None, following: Piece, text: str, style: Style, titles: frozenset[str]
) -> bool:
    """Whether a line that could be a heading by its looks is one where it stands."""
    if len(key(piece.text)) >= 5 and key(piece.text) in titles:
        return True
    listed = piece.role == "list"
    if following.role == "byline" or (following.role == "text" and cues.is_dateline(following.text)):
        return not listed and not _is_rest(piece, previous, text)
    if following.role == "text" and cues.is_names(following.text) and style.newspaper:
        return not listed
    if cues.is_names(piece.text) or _is_rest(piece, previous, text):
        return False
    if style.headed:  # the headings have signs: a plain line is one only if it leans on another
        return following.role == "heading" and style.newspaper and piece.gap < _PHOTO_GAP and not listed
    if following.extra.get("row"):
        return not listed
    ranked = cues.numbered_level(piece.text)
    if listed and not (
        ranked and piece.gap and following.gap and following.role == "text" and len(following.text) > 60
    ):
        return False
    if following.role == "heading":
        return (piece.gap > 0 or previous is None) and (
            ranked > 0 or previous is None or not cues.reads_like_a_sentence(piece.text)
        )
    if previous is None and following.role == "imprint":
        return True
    if following.role not in ("text", "list", "table") or cues.cannot_start(following.text):
        return False
    above = piece.gap or previous is None
    if not ranked and (not above or not following.gap) and not _is_line_style(piece, previous, following):
        return False
    if (
        shares_word(piece.text, following.text, piece, text)
        and not cues.starts_sentence(following.text)
        and ("是" in piece.text or cues.width(piece.text) > 24)
    ):
        return False
    return not ("是" in piece.text and cues.width(piece.text) > 14) and (
        cues.is_finished(following.text)
        or cues.width(following.text) >= 30
        or "，" in following.text
        or bool(ranked)
        or cues.looks_like_heading(following.text)
    )


def _is_line_style(piece: Piece, previous: Piece | None, following: Piece) -> bool:
    """Whether a short line stands right over a long paragraph, set line by line or under a blank line."""
    return (
        following.gap == 0
        and cues.width(piece.text) <= 30
        and cues.width(following.text) >= max(28, 2.5 * cues.width(piece.text))
        and (previous is None or previous.role != "text" or cues.is_finished(previous.text))
    )


def _is_rest(piece: Piece, previous: Piece | None, text: str) -> bool:
    """Whether a line is rather the rest of the unfinished paragraph before it."""
    if (
        previous is None
        or previous.role != "text"
        or cues.is_finished(previous.text)
        or cues.width(previous.text) < 30
    ):
        return False
    if not cues.has_cjk(piece.text):
        return piece.text[0].islower()
    return shares_word(previous.text, piece.text, previous, text)


def _find_sub_headlines(pieces: Sequence[Piece], style: Style) -> None:
    """Mark a short line right under a heading, before the text or byline, as part of the headline."""
    if not style.newspaper:
        return
    for position, piece in enumerate(pieces[:-1]):
        previous, following = pieces[position - 1] if position else None, neighbour(pieces, position, 1)
        if (
            piece.role == "text"
            and previous is not None
            and previous.role == "heading"
            and following is not None
            and following.role in ("text", "byline")
            and piece.gap < _PHOTO_GAP
            and cues.looks_like_heading(piece.text)
            and not cues.cannot_start(following.text)
            and cues.width(following.text) > cues.width(piece.text)
        ):
            piece.role = "heading"


def _find_name_lines(pieces: Sequence[Piece]) -> None:
    """Mark a line of nothing but names between a headline and the text as the byline."""
    for position, piece in enumerate(pieces):
        if piece.role == "text" and cues.is_names(piece.text):
            previous, following = neighbour(pieces, position, -1), neighbour(pieces, position, 1)
            if previous and following and previous.role in ("heading", "byline") and is_prose(following):
                piece.role = "byline"


def _find_photo_captions(pieces: Sequence[Piece], style: Style) -> None:
    """Mark short lines that stand where a picture stood as its caption."""
    for position, piece in enumerate(pieces):
        if (
            piece.role != "text"
            or len(piece.spans) > 1
            or cues.is_finished(piece.text)
            or cues.width(piece.text) > 40
        ):
            continue
        previous = neighbour(pieces, position, -1)
        under_heading = previous is not None and previous.role == "heading" and not style.headed
        if piece.gap >= _PHOTO_GAP and not under_heading and cues.is_balanced(piece.text):
            piece.role = "caption"


def _find_repeated_headings(pieces: Sequence[Piece]) -> None:
    """Mark a heading with nothing under it that stands again further down as an announcement of that article."""
    last: dict[str, int] = {}
    for piece in pieces:
        if piece.role == "heading":
            last[key(piece.text)] = piece.order
    for piece in pieces:
        if piece.role != "heading" or piece.extra.get("front") or last[key(piece.text)] <= piece.order:
            continue
        following = neighbour(pieces, piece.order, 1)
        if following is not None and following.role in ("heading", "imprint", "label"):
            piece.role = "contents"


def _undo_lone_headings(pieces: Sequence[Piece], titles: frozenset[str]) -> None:
    """Make a plain line a paragraph again when nothing stands under it down to the end: the stump of a cut text."""
    below = False
    for piece in reversed(pieces):
        if piece.is_body or piece.role in ("byline", "jump_from", "imprint"):
            below = True
        elif piece.role == "heading" and not piece.stated and not below and key(piece.text) not in titles:
            piece.role = "text"
