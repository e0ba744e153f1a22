"""Compares the rows of a table: which of them has most or least of what a column holds, or how much that is.

Takes a case; gives a candidate where one whole table answers, and nothing where rows may be missing, are told in
several units, or share the figure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import groupby

from index.text import fold
from rag.answerers.case import Case
from rag.answerers.evidence import Found, Sentence
from rag.asks import EXPLANATIONS, FIGURES
from rag.checking.values import find_figures, same_dimension
from rag.tables import Cell, Verbalised, names_of_rows, verbalise
from rag.terms import content_terms

_SUPERLATIVE = re.compile(
    r"最(?:[高多大长重贵宽深]|(?P<less>[低少小短轻窄浅]|便宜))"
    r"|\b(?:highest|largest|biggest|greatest|longest|heaviest|most(?: expensive)?"
    r"|(?P<fewer>lowest|smallest|shortest|lightest|cheapest|fewest|least))\b"
)
_PRICED = re.compile("贵|便宜|cheap|expensive")
_PRICE = re.compile(r"价|租金|费|\b(?:price|cost|fare|fee)s?\b")
_OF_ALL = re.compile(r"合计|[总小共]计|平均|^全|\b(?:total|average|overall|all)\b")
_SAYS_LITTLE = re.compile("[哪一个座家所支款种门位条项次的是有在]|时间|时长|数量|价格|金额|人数|总?额")
REMARK = re.compile(r"[（(][^（）()]*[)）]")
_SHARED = 2  # characters that the names of a column and a question have in one piece


def extreme(case: Case) -> Found | None:
    """Return the row, or the figure, that a superlative picks in the first whole table that has what it compares."""
    superlative = _SUPERLATIVE.search(case.question)
    if not superlative or case.ask.kind in EXPLANATIONS:
        return None
    least = bool(superlative["less"] or superlative["fewer"])
    for number, passage in enumerate(case.passages):
        read = verbalise(passage.text)
        over = fold(" ".join((*passage.titles, passage.text)))
        for _, cells in groupby(() if passage.cut else read.cells, key=lambda cell: cell.table):
            cell = _picked(case.question, superlative, read, list(cells), over, least=least)
            if cell:
                row = next(one for one in reversed(read.cells) if not one.column and one.start < cell.start)
                told = cell if case.ask.kind in FIGURES else row
                sentence = Sentence(passage=number, start=row.start, end=cell.end)
                found = replace(case.ranked[0], sentence=sentence, start=told.start, end=told.end)
                return replace(found, kind="phrase", parts=(), lead=0)
    return None


def _picked(
    question: str,
    superlative: re.Match[str],
    read: Verbalised,
    cells: Sequence[Cell],
    over: str,
    *,
    least: bool,
) -> Cell | None:
    """Return the cell with the greatest figure, or the least, of the column asked for; those of all rows left out."""
    rows = {cell.row for cell in cells if not _OF_ALL.search(fold(" ".join(cell.row)))}
    column, rest = _column(question, superlative, {cell.column: None for cell in cells if cell.column})
    told = [cell for cell in cells if cell.column == column and cell.row in rows] if column else []
    figures = [find_figures(fold(read.text[cell.start : cell.end]), ()) for cell in told]
    if len(told) < (len(rows) if least else 2) or any(len(found) != 1 for found in figures):
        return None
    if names_of_rows(question, frozenset(fold(name) for row in rows for name in row)):
        return None
    terms = [*content_terms(_SAYS_LITTLE.sub(" ", rest))]
    if 2 * sum(term in over for term in terms) < len(terms):
        return None
    values = [found[0] for found in figures]
    best = (min if least else max)(values, key=lambda figure: figure.number)
    single = sum(figure.number == best.number for figure in values) == 1
    return (
        told[values.index(best)] if single and all(same_dimension(best, other) for other in values) else None
    )


def _column(
    question: str, superlative: re.Match[str], columns: Sequence[str] | dict[str, None]
) -> tuple[str, str]:
    """Return the one column whose name a question shares most of, and what is left of the question without it."""
    rest = question.replace(superlative[0], " ")
    named = {column: fold(REMARK.sub("", column)) for column in columns}
    if _PRICED.search(superlative[0]):
        prices = [column for column, name in named.items() if _PRICE.search(name)]
        return (prices[0], rest) if len(prices) == 1 else ("", rest)
    shared = {column: _pieces(name, rest) for column, name in named.items()}
    most = max((sum(map(len, pieces)) for pieces in shared.values()), default=0)
    best = [column for column, pieces in shared.items() if most and sum(map(len, pieces)) == most]
    if len(best) != 1:
        return "", rest
    for piece in shared[best[0]]:
        rest = rest.replace(piece, " ", 1)
    return best[0], rest


def _pieces(name: str, question: str) -> list[str]:
    """Return what of a column's name stands in a question: pieces of two characters, in English whole words."""
    if name.isascii():
        return [word for word in re.findall(r"[a-z]{3,}", name) if re.search(rf"\b{word}\b", question)]
    blocks = SequenceMatcher(None, name, question, autojunk=False).get_matching_blocks()
    return [name[block.a : block.a + block.size] for block in blocks if block.size >= _SHARED]
