"""Groups pieces into articles and puts each article's pieces in reading order, with the headings above them.

On a newspaper page an article's later columns can stand before its headline or behind other articles. Which article
a paragraph belongs to is decided by what stands above it, by jumps (下转 → 上接) and by its words (``columns``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from index.layout import cues
from index.layout.columns import by_words
from index.layout.pieces import Piece
from index.layout.roles import Style, is_prose, key

_DEAR = 1.5  # times the price where signs state the headings: who set them saw the columns
_NEAREST_JUMPS = 50  # to each side, of which one may end in a landing
_LARGEST_PAGE = 300_000  # characters; longer documents are not single pages and keep their order


@dataclass(slots=True)
class Article:
    """One article: its headline and where it stands."""

    number: int
    headline: list[Piece] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The headline in one line, its kicker and second line included."""
        return " ".join(cues.bare(piece.text) for piece in self.headline)

    @property
    def order(self) -> int:
        """Where its headline stands among the pieces."""
        return self.headline[0].order if self.headline else -1


def heads_all(article: Article, pieces: Sequence[Piece]) -> bool:
    """Whether all running text stands below the headline: what stands above the only one may be another article."""
    return not any(is_prose(piece) and piece.order < article.order for piece in pieces)


def find_articles(pieces: Sequence[Piece], style: Style, titles: frozenset[str]) -> list[Article]:
    """Find the headlines and number the articles; a document that is one text has one article without a headline."""
    groups = _heading_groups(pieces)
    headlines = _article_headlines(pieces, groups, style, titles)
    front = _has_front_matter(pieces, headlines)
    articles = [Article(number=0)] if front or not headlines else []
    articles += [Article(number=len(articles) + n, headline=headline) for n, headline in enumerate(headlines)]
    return articles


def _has_front_matter(pieces: Sequence[Piece], headlines: list[list[Piece]]) -> bool:
    """Whether an imprint, contents or sections of their own stand before the first headline."""
    first = headlines[0][0].order if headlines else 0
    if any(is_title(piece) or piece.extra.get("front") for piece in pieces[:first]):
        return True
    return (
        sum(piece.role in ("imprint", "contents", "heading") for piece in pieces if piece.order < first) >= 3
    )


def is_title(piece: Piece) -> bool:
    """Whether a piece is the title over a whole document."""
    return piece.role == "heading" and (piece.extra.get("mark") == "title" or "title" in piece.extra)


def _heading_groups(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group headings with no text between them."""
    groups: list[list[Piece]] = []
    open_group = False
    for piece in pieces:
        if piece.role == "heading" and not is_title(piece):
            if open_group:
                groups[-1].append(piece)
            else:
                groups.append([piece])
            open_group = True
        elif piece.role not in ("caption", "furniture", "pull_quote"):
            open_group = False
    return groups


def _article_headlines(
    pieces: Sequence[Piece], groups: list[list[Piece]], style: Style, titles: frozenset[str]
) -> list[list[Piece]]:
    """Choose the headings that are headlines of articles."""
    cued = [group for group in groups if _is_cued(pieces, group, titles)]
    cued_ids = {id(group) for group in cued}
    listed = sum(any(_in_contents(piece, titles) for piece in group) for group in groups)
    levels = (
        frozenset()
        if listed >= 5
        else _article_levels(groups, cued_ids, style, any(is_title(p) for p in pieces))
    )  # the contents know better
    headlines: list[list[Piece]] = []
    groups = [group for group in groups if not group[-1].extra.get("front")]
    for group in groups:
        if id(group) in cued_ids:
            headlines.append(_headline_of(group, titles))
        elif levels and any(piece.level in levels and piece.stated for piece in group):
            headlines.append(_headline_by_level(group, levels))
    return headlines if len(headlines) >= 2 or cued else []


def _following(pieces: Sequence[Piece], piece: Piece) -> Piece | None:
    """Find what follows a piece, captions and furniture aside."""
    for follower in pieces[piece.order + 1 : piece.order + 12]:
        if follower.role not in ("caption", "furniture", "pull_quote"):
            return follower
    return None


def _is_cued(pieces: Sequence[Piece], group: list[Piece], titles: frozenset[str]) -> bool:
    """Whether a byline, dateline, ornament, label or the contents say that an article begins here."""
    following = _following(pieces, group[-1])
    if following is not None:
        if following.role == "byline" and not cues.is_sign_off(following.text):
            return True
        if following.role == "text" and (cues.is_dateline(following.text) or following.extra.get("ornament")):
            return True
    before = pieces[group[0].order - 1] if group[0].order else None
    if before is not None and before.role == "label" and group[0].stated:
        return True
    if group[0].text.endswith("——") and len(group) > 1:
        return True
    return any(_in_contents(piece, titles) for piece in group)


def _in_contents(piece: Piece, titles: frozenset[str]) -> bool:
    """Whether the contents list the heading or begin with it."""
    name = key(piece.text)
    return len(name) >= 4 and (
        name in titles or any(title.startswith(name) and len(name) >= 6 for title in titles)
    )


def _article_levels(groups: list[list[Piece]], cued: set[int], style: Style, titled: bool) -> frozenset[int]:
    """Choose the stated heading levels that articles have in this document."""
    total: Counter[int] = Counter()
    with_cue: Counter[int] = Counter()
    for group in groups:
        for piece in group:
            if piece.stated:
                total[piece.level] += 1
                with_cue[piece.level] += id(group) in cued and piece is group[-1]
    levels = {level for level in total if with_cue[level] >= 2 and with_cue[level] >= 0.5 * total[level]}
    top = min(total, default=0)
    if top and total[top] >= 2 and (style.newspaper or not (style.marked or titled)):
        levels.add(top)
    return frozenset(levels)


def _headline_by_level(group: list[Piece], levels: frozenset[int]) -> list[Piece]:
    """Take the headings of a group from the first of an article's level, with plain lines leaning on it."""
    first = next(n for n, piece in enumerate(group) if piece.level in levels and piece.stated)
    headline = [group[first]]
    for piece in group[first + 1 :]:
        if piece.stated:
            break
        headline.append(piece)
    return headline


def _headline_of(group: list[Piece], titles: frozenset[str]) -> list[Piece]:
    """Take the headline out of a group of headings: not the name of the column above it, not a section below it."""
    listed = [n for n, piece in enumerate(group) if _in_contents(piece, titles)]
    whole = key("".join(piece.text for piece in group))
    if len(group) == 1 or whole in titles:
        return group
    if listed:
        first, last = listed[0], listed[-1]
        while last + 1 < len(group) and not group[last + 1].stated:
            last += 1
        return group[first : last + 1]
    last_piece = group[-1]
    first = len(group) - 1
    if group[0].order <= 3 and "：" in last_piece.text and not last_piece.stated:
        return [last_piece]  # over the first headline of a page stands the name of the series
    while first > 0 and _leans(group[first - 1]):
        first -= 1
    return group[first:]


def _leans(upper: Piece) -> bool:
    """Whether a heading right above another is part of the same headline and not the name of a column."""
    return cues.width(cues.bare(upper.text)) > 5


def assign(pieces: Sequence[Piece], articles: list[Article], style: Style, text: str) -> None:
    """Say of every piece which article it belongs to."""
    _by_position(pieces, articles)
    jumped = _by_jumps(pieces)
    columns = not style.marked or pieces[0].page is not None  # HTML and DOCX have their text in order
    if style.newspaper and columns and len(articles) >= 2 and len(text) <= _LARGEST_PAGE:
        by_words(pieces, articles, jumped, text, _DEAR if style.headed else 1.0)


def _by_position(pieces: Sequence[Piece], articles: list[Article]) -> None:
    """Give each piece the article whose headline stands last above it; what stands above all, the first article."""
    starts = {id(piece): article.number for article in articles for piece in article.headline}
    current = articles[0].number
    first = next((article.order for article in articles if article.headline), len(pieces))
    for piece in pieces:
        current = starts.get(id(piece), current)
        piece.article = current
        if piece.order < first and len(articles) > 1 and is_prose(piece) and not piece.extra.get("front"):
            piece.article = (
                1 if not articles[0].headline else 0
            )  # a column of an article whose headline is below
    for piece, following in zip(reversed(pieces[:-1]), reversed(pieces[1:]), strict=True):
        if piece.role in ("label",) or (
            piece.role == "heading" and id(piece) not in starts and id(following) in starts
        ):
            piece.article = following.article  # a column's name goes with what it heads


def _by_jumps(pieces: Sequence[Piece]) -> set[int]:
    """Follow 下转 to 上接: the pieces behind the second belong to the article of the first; return their orders."""
    leaving = [piece for piece in pieces if piece.role == "jump_to"]
    order = attrgetter("order")
    jumped: set[int] = set()
    for landing in (piece for piece in pieces if piece.role == "jump_from"):
        at = bisect_left(leaving, landing.order, key=order)
        origin = _origin(landing, leaving[max(0, at - _NEAREST_JUMPS) : at + _NEAREST_JUMPS])
        if origin is None:
            continue
        del leaving[bisect_left(leaving, origin.order, key=order)]
        landing.article = origin.article
        for position in range(landing.order + 1, len(pieces)):
            piece = pieces[position]
            if piece.role in ("heading", "label", "jump_from", "jump_to", "contents"):
                break
            piece.article = origin.article
            jumped.add(piece.order)
    return jumped


def _origin(landing: Piece, leaving: list[Piece]) -> Piece | None:
    """Choose the jump that ends in ``landing``: it must lie on the side of it that the page numbers say."""
    fitting = []
    for piece in leaving:
        if piece.target.isdigit() and landing.target.isdigit() and piece.target != landing.target:
            onwards = int(landing.target) < int(piece.target)  # it leaves landing.target for piece.target
            if onwards != (piece.order < landing.order):
                continue
        if piece.page is not None and landing.target.isdigit() and piece.page == int(landing.target):
            return piece
        fitting.append(piece)
    return min(fitting, key=lambda piece: abs(piece.order - landing.order), default=None)


def in_reading_order(pieces: Sequence[Piece], articles: list[Article]) -> list[list[Piece]]:
    """Return the pieces of each article in the order to be read: what stands before its headline comes last."""
    by_number: dict[int, list[Piece]] = {article.number: [] for article in articles}
    for piece in pieces:
        by_number[piece.article].append(piece)
    ordered = []
    for article in articles:
        own = by_number[article.number]
        first = article.order
        early = [piece for piece in own if piece.order < first]
        leading = [piece for piece in early if not (piece.is_body or piece.role in ("heading", "jump_from"))]
        late = [piece for piece in early if piece.is_body or piece.role in ("heading", "jump_from")]
        labels = [piece for piece in late if piece.role == "heading" and _is_label_of(piece, pieces, article)]
        late = [piece for piece in late if piece not in labels]
        ordered.append([*leading, *labels, *(piece for piece in own if piece.order >= first), *late])
    return ordered


def _is_label_of(piece: Piece, pieces: Sequence[Piece], article: Article) -> bool:
    """Whether a heading stands right above the headline, as a column's name does."""
    return all(
        p.role in ("heading", "label", "caption", "furniture") for p in pieces[piece.order : article.order]
    )


def set_headings(ordered: list[list[Piece]], articles: list[Article]) -> None:
    """Write above each piece the path of headings it stands under: article › section › subsection."""
    for article, pieces in zip(articles, ordered, strict=True):
        headline = {id(piece) for piece in article.headline}
        partial = len(articles) == 1 and not heads_all(article, pieces)
        base = (article.title,) if article.headline and (partial or len(articles) > 1) else ()
        stack: list[tuple[int, str]] = []
        under_heading = False
        seen_headline = not article.headline
        for piece in pieces:
            if id(piece) in headline:
                piece.above, piece.level, seen_headline = (), 1, True
                continue
            if is_title(piece) or (partial and piece.order < article.order):
                piece.above, piece.level = (), 1
            elif piece.role == "heading":
                if not seen_headline:
                    piece.above, piece.level = (), 1  # the name of a column
                    continue
                rank = _rank(piece)
                while stack and stack[-1][0] >= rank:
                    stack.pop()
                piece.above = base + tuple(name for _, name in stack)
                stack.append((rank, cues.bare(piece.text)))
                piece.level = min(6, len(stack) + len(base))
                under_heading = True
            elif piece.role == "jump_from":  # what lands here left another place than the section above
                stack.clear()
            elif piece.role == "caption" and len(articles) > 1 and not under_heading:
                piece.above = base
            else:
                under_heading = under_heading and piece.role in (
                    "caption",
                    "furniture",
                    "pull_quote",
                    "byline",
                )
                piece.above = base + tuple(name for _, name in stack)


def _rank(piece: Piece) -> int:
    """Rank of a section heading, a smaller one higher: signs first, then numbering, then plain lines."""
    if piece.stated and piece.level:
        return piece.level
    numbered = cues.numbered_level(piece.text)
    return 7 + numbered if numbered else 13
