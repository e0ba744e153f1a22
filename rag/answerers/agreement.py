"""Tells whether a text says what was extracted, by value. Takes a short answer and a text, gives what is absent."""

from __future__ import annotations

import re

from index.text import fold, is_chinese
from rag.checking.dates import covers, find_dates
from rag.checking.values import bears_out, find_figures

MAX_PHRASE = 12  # characters: a longer phrase is seldom repeated word for word by a text that agrees with it

_PARTS = re.compile(r"[;；、]\s*")
_FILLING = re.compile(r"[\s“”\"'《》()（）]")


def absent(short_answer: str, text: str) -> list[str]:
    """Return the parts of a short answer that the text does not say.

    Figures and dates count as said by their value (8.85百亿 says 885亿元), names by their characters. Of phrases
    longer than ``MAX_PHRASE``, and of names in another script than the text, nothing is claimed.
    """
    return [part for part in _PARTS.split(short_answer) if part.strip() and not _says(text, part)]


def _says(text: str, part: str) -> bool:
    if _bare(part) in _bare(text):
        return True
    dates = find_dates(part)
    figures = find_figures(part, [(date.start, date.end) for date in dates])
    if not dates and not figures:
        return len(part) > MAX_PHRASE or is_chinese(part) != is_chinese(text)
    said_dates = find_dates(text)
    said_figures = find_figures(text, [(date.start, date.end) for date in said_dates])
    return all(
        any(covers(said, date) or covers(date, said) for said in said_dates) for date in dates
    ) and all(
        any(bears_out(said, figure) or bears_out(figure, said) for said in said_figures) for figure in figures
    )


def _bare(text: str) -> str:
    return _FILLING.sub("", fold(text))
