"""What a document says of itself: title, date, newspaper, issue, authors. Knows nothing of how it is searched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from index.datatypes import Document
from index.layout import cues
from index.layout.articles import Article, heads_all, is_title
from index.layout.pieces import LONGEST_HEADING, Piece
from index.layout.roles import Style, is_prose
from index.text import MONTHS

_FULL_DATE = re.compile(r"(\d{4})\s*(?:年|[-/.])\s*(\d{1,2})\s*(?:月|[-/.])\s*(\d{1,2})\s*日?(?!\d)")
_MONTH_DAY = re.compile(r"(?<![\d年])(\d{1,2})月(\d{1,2})日")
_YEAR_MONTH = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?!\s*\d)")
_ISSUE = re.compile(r"(\d{4})\s*年\s*第?\s*\**\s*(\d+)\s*\**\s*期")
_NAMED_ISSUE = re.compile(rf"{_ISSUE.pattern}[{cues.CJK}]{{2,12}}$")  # 2023年第2期简报
_TOTAL_ISSUE = re.compile(r"总第?\s*\**\s*(\d+)\s*\**\s*期")
_PAPER = re.compile(
    rf"([{cues.CJK}]{{2,8}}(?:日报|晚报|早报|时报|商报|周报|周刊|导报|新闻网?))(?:讯|电)?\s*[（(]?(?:实习|特约)?(?:记者|讯)?"
)
_SHORT_MONTHS = tuple(month[:3] for month in MONTHS)
_MONTH = rf"({'|'.join(MONTHS)}|(?:{'|'.join(_SHORT_MONTHS)}|Sept)\b\.?)"
_ENGLISH_DATE = re.compile(rf"\b{_MONTH}\s+(\d{{1,2}}),?\s+(\d{{4}})\b")
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})\s+{_MONTH},?\s+(\d{{4}})\b")
_DATES = (
    (_FULL_DATE, (1, 2, 3)),
    (_ENGLISH_DATE, (3, 1, 2)),
    (_DAY_FIRST, (3, 2, 1)),
    (_YEAR_MONTH, (1, 2)),
)
"""Each pattern with the groups that hold its year, month and day."""
_ISO_DATE = re.compile(r"(\d{4})(?:([-/.]?)(\d{1,2})(?:\2(\d{1,2}))?)?(?!\d)")
_SAID_OF_DATE = re.compile(r"(?:[:：于至自从]|\b(?:on|in|since|from|to|until))\s*$")
_OPENING = 40  # characters of an article's first paragraph in which its date stands
_HEAD = 12  # pieces at the start of a document among which masthead and date are looked for


def describe(
    document: Document, pieces: Sequence[Piece], articles: Sequence[Article], style: Style
) -> tuple[Document, dict[int, str]]:
    """Return the document with a better title, its date and metadata, and the date of each article that states one."""
    head = [piece for piece in pieces if not piece.is_body or len(piece.text) < 60][:_HEAD]
    metadata = dict(document.metadata)
    issue = _first(_ISSUE, head)
    masthead = _masthead(pieces, articles, style, bool(issue))
    paper = masthead or _paper(pieces, style)
    if paper:
        metadata.setdefault("newspaper", paper)
    if issue:
        metadata.setdefault("issue", f"{issue[1]}年第{int(issue[2])}期")
    total = _first(_TOTAL_ISSUE, head)
    if total:
        metadata.setdefault("total_issue", f"总第{int(total[1])}期")
    with_headline = [article for article in articles if article.headline]
    metadata["articles"] = str(max(1, len(with_headline)))
    authors = _authors(pieces)
    if len(with_headline) <= 1 and authors:
        metadata.setdefault("author", authors)
    date = document.date or _stated_date(metadata.get("date", "")) or _date(head, issue)
    title = _title(document, pieces, with_headline, masthead, metadata, date)
    described = replace(document, title=title, date=date, metadata=metadata)
    year = date[:4] if date else None
    return described, _article_dates(pieces, articles, year)


def _first(pattern: re.Pattern[str], pieces: Sequence[Piece]) -> re.Match[str] | None:
    return next((match for piece in pieces if (match := pattern.search(piece.text))), None)


def _masthead(pieces: Sequence[Piece], articles: Sequence[Article], style: Style, issued: bool) -> str:
    """Return the name over everything: a marked masthead, or in an issue the first heading before any prose.

    The headline of an article is none.
    """
    headlines = {id(piece) for article in articles for piece in article.headline}
    marked = next((piece for piece in pieces[:3] if piece.extra.get("masthead")), None)
    if marked is not None:
        return marked.extra["masthead"]
    if _NAMED_ISSUE.match(cues.bare(pieces[0].text)):
        return ""
    for piece in pieces[:_HEAD]:
        if is_prose(piece):
            break
        if issued and piece.role == "heading" and id(piece) not in headlines and cues.width(piece.text) <= 16:
            return cues.bare(piece.text)
    return ""


def _paper(pieces: Sequence[Piece], style: Style) -> str:
    """Return the newspaper that most datelines name."""
    if not style.newspaper:
        return ""
    names: dict[str, int] = {}
    for piece in pieces:
        if piece.role == "text" and (match := _PAPER.match(piece.text)) and cues.is_dateline(piece.text):
            names[match[1]] = names.get(match[1], 0) + 1
    return max(names, key=names.__getitem__, default="")


def _authors(pieces: Sequence[Piece]) -> str:
    """Return the first byline, without its ornaments."""
    for piece in pieces:
        if piece.role == "byline" and not cues.is_sign_off(piece.text):
            return cues.bare(piece.text)
    return ""


def _date(head: Sequence[Piece], issue: re.Match[str] | None) -> str | None:
    """Return the date that a masthead, running head or imprint states, the one said to be of publication first."""
    first = None
    for piece in head:
        if is_prose(piece):
            break
        text = piece.text
        # the events of a chronology, the years of a life
        listed = (piece.is_body and piece.role != "text") or text.startswith(("- ", "* ", "+ ", "•"))
        if listed or text.endswith("。") or (piece.role == "text" and cues.width(text) > 30):
            continue
        match, found = next(_dates(text), (None, None))
        if match and cues.is_published(text):
            return found
        if match and first is None and _is_bare(text, match):
            first = found
    return first or (issue[1] if issue else None)


def _is_bare(text: str, date: re.Match[str]) -> bool:
    """Whether a line is a date and what an imprint has beside it, not what was founded, signed or born then."""
    before, after = text[: date.start()], text[date.end() :]
    if not any(map(str.isalpha, before + after)) or cues.is_imprint(text):
        return True
    return cues.is_issue_line(text) and not _SAID_OF_DATE.search(before)


def _stated_date(value: str) -> str | None:
    """Read the date in a file's metadata, which may be ISO 8601 of any length, as ISO 8601."""
    found = find_date(value)
    if found is None and (match := _ISO_DATE.match(value.strip())):
        found = _iso(*(int(part) for part in (match[1], match[3], match[4]) if part))
    return found


def find_date(text: str) -> str | None:
    """Find the first full date of a text, as ISO 8601; a year and month do if there is no day."""
    return next((date for _, date in _dates(text)), None)


def _dates(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield what can be dates, full ones first, each as it stands and as ISO 8601."""
    for pattern, order in _DATES:
        for match in pattern.finditer(text):
            parts = (match[n] for n in order)
            numbers = (int(p) if p.isdigit() else _SHORT_MONTHS.index(p[:3]) + 1 for p in parts)
            date = _iso(*numbers)
            if date:
                yield match, date


def _iso(year: int, month: int | None = None, day: int | None = None) -> str | None:
    """Write a date as ISO 8601 if it can be one."""
    if not (1000 <= year <= 2999 and month in (None, *range(1, 13)) and day in (None, *range(1, 32))):
        return None
    return "-".join([f"{year:04d}", *(f"{part:02d}" for part in (month, day) if part)])


def _title(
    document: Document,
    pieces: Sequence[Piece],
    articles: Sequence[Article],
    masthead: str,
    metadata: Mapping[str, str],
    date: str | None,
) -> str:
    """Masthead and issue, or the title that the file states, or the main headline, or the title it has."""
    if masthead:
        return " ".join(part for part in (masthead, metadata.get("issue", "") or date or "") if part)
    stem = document.name.rsplit(".", 1)[0]
    title = document.title if cues.width(document.title) <= LONGEST_HEADING else ""
    if title and title not in (stem, document.name, document.source):
        return title
    if _NAMED_ISSUE.match(cues.bare(pieces[0].text)):
        return cues.bare(pieces[0].text)
    marked = next((piece for piece in pieces if is_title(piece)), None)
    if marked:
        return cues.bare(marked.text)
    if articles:
        leads = len(articles) > 1 or heads_all(articles[0], pieces)
        return articles[0].title if leads else title or stem
    heading = next((piece for piece in pieces[:_HEAD] if piece.role == "heading"), None)
    if heading is None or any(map(is_prose, pieces[: heading.order])) or cues.numbered_level(heading.text):
        return title or stem
    return cues.bare(heading.text)


def _article_dates(pieces: Sequence[Piece], articles: Sequence[Article], year: str | None) -> dict[int, str]:
    """Return the date in the opening of each article; one without a year is of the document's year."""
    dates: dict[int, str] = {}
    begun: set[int] = set()
    headlined = {article.number: article.order for article in articles if article.headline}
    for piece in pieces:
        number = piece.article
        if (
            piece.role == "byline"
            and number in headlined
            and number not in dates
            and (found := find_date(piece.text))
        ):
            dates[number] = found
        if (
            piece.role != "text"
            or number not in headlined
            or number in begun
            or piece.order < headlined[number]
        ):
            continue
        begun.add(number)
        opening = piece.text[:_OPENING]
        full = _FULL_DATE.search(opening)
        month_day = _MONTH_DAY.search(opening)
        if full:
            found = _iso(int(full[1]), int(full[2]), int(full[3]))
        elif month_day and year:
            found = _iso(int(year), int(month_day[1]), int(month_day[2]))
        else:
            found = None
        if found:
            dates.setdefault(number, found)
    return dates
