"""Joins the halves of paragraphs that a column break, a page break, a caption or a jump cut in two."""

from __future__ import annotations

import re
from collections.abc import Iterable

from index.layout import cues
from index.layout.pieces import LONGEST_PARAGRAPH, Piece
from index.text import is_spaced

_WINDOW = 20_000  # characters to each side in which the same author's words are looked for
_INNER_PUNCTUATION = re.compile(r"[，。；、,;“]")
_LATIN_UNFINISHED = re.compile(
    r"(?:[,\-–—(\[“]|\b(?:the|an?|of|and|or|to|in|on|at|for|with|by|from|that|which|is|are|was|were|its|their|as))$"
)
_SHORTEST = 15  # width of the shortest line that may be the first half of a cut paragraph


def stitch(pieces: Iterable[Piece], text: str, *, surely: bool = False) -> list[Piece]:
    """Join each unfinished paragraph with the paragraph that goes on with it; a heading between them keeps them apart.

    ``pieces`` come in reading order; captions, furniture and pull quotes between the halves are stepped over. The
    second half joins the first, so what stood between them comes after. With ``surely``, only halves that cannot be
    anything else are joined: on a newspaper page the paragraph below may be of another article.
    """
    pieces = list(pieces)
    stitched: list[Piece] = []
    unfinished: Piece | None = None
    jumped = False
    lands = any(piece.role == "jump_from" for piece in pieces)
    left: Piece | None = None  # the paragraph that goes on behind the next landing
    for piece in pieces:
        jumped = jumped or piece.role in ("jump_to", "jump_from")
        if piece.role == "jump_to" and lands:
            left, unfinished = unfinished, None
        elif piece.role == "jump_from":
            left, unfinished = None, None if surely else left or unfinished
        if piece.role == "text":
            if unfinished and (
                belongs(unfinished, piece, text) if surely else continues(unfinished, piece, text, jumped)
            ):
                join(unfinished, piece, text)
                unfinished = _unfinished(unfinished)
                continue
            unfinished, jumped = _unfinished(piece), False
        elif piece.role in ("heading", "label", "list", "table", "code", "byline", "imprint"):
            unfinished = None
        stitched.append(piece)
    return stitched


def _unfinished(piece: Piece) -> Piece | None:
    """Return the piece if another may go on with it; joining on and on would take quadratic time."""
    return piece if len(piece.text) <= LONGEST_PARAGRAPH and is_cut(piece) else None


def join(first: Piece, second: Piece, text: str) -> None:
    """Add the second half to the first; between words with spaces the white space before the second is kept."""
    if (
        is_spaced(first.text[-8:], second.text[:8])
        and not first.text.endswith(("-", "("))
        and not cues.splits_figure(first.text, second.text)
        and text[second.start - 1 : second.start].isspace()
    ):
        second_start, second_end = second.spans[0]
        second.spans[0] = (second_start - 1, second_end)
        second.text = " " + second.text
    first.spans = [*first.spans, *second.spans]
    first.text += second.text


def is_cut(piece: Piece) -> bool:
    """Whether a paragraph stops without an end."""
    text = piece.text
    return (
        piece.role == "text"
        and not cues.is_finished(text)
        and cues.width(text) >= 8
        and (not cues.is_names(text))
    )


def continues(first: Piece, second: Piece, text: str, jumped: bool = False) -> bool:
    """Whether ``second`` goes on with the unfinished paragraph ``first``."""
    before, after = first.text.rstrip(), second.text
    if not cues.has_cjk(before[-20:] + after[:20]):
        return after[0].islower() or (_LATIN_UNFINISHED.search(before) is not None and after[0].isalnum())
    if belongs(first, second, text):
        return True
    if cues.width(before) < _SHORTEST * 2 and not _INNER_PUNCTUATION.search(before):
        return False  # a line of a list, a title, a signature
    if cues.is_dateline(after) or after.startswith(("**", "__")):
        return False
    if cues.starts_sentence(after) and before[-1] not in "，、,（(“《":
        return False
    return jumped or first.order + 1 >= second.order - 3 or not cues.opens_sentence(after)


def belongs(first: Piece, second: Piece, text: str) -> bool:
    """Whether ``second`` can only be the rest of ``first``: by its first word, its quotes or a word cut in two."""
    before, after = first.text.rstrip(), second.text
    if not cues.has_cjk(before[-20:] + after[:20]):
        return continues(first, second, text)
    if cues.cannot_start(after):
        return True
    if cues.width(before) < _SHORTEST and not _INNER_PUNCTUATION.search(before):
        return False
    if before.count("“") > before.count("”") and after.count("”") > after.count("“"):
        return True
    return shares_word(before, after, first, text)


def shares_word(before: str, after: str, near: Piece, text: str) -> bool:
    """Whether the characters at the joint stand together elsewhere nearby, as the halves of a word would."""
    low, high = max(0, near.start - _WINDOW), near.start + _WINDOW
    return any(
        text.find(joint, low, high) >= 0 for joint in (before[-2:] + after[:1], before[-1:] + after[:2])
    )
