"""Tells whether a text says what was extracted, by value. Takes a short answer and a text, gives what is absent."""

from __future__ import annotations

import re

from index.text import fold, is_chinese
from rag.checking.dates import Date, covers, find_dates
from rag.checking.values import Figure, bears_out, find_figures

MAX_PHRASE = 12  # characters: a longer phrase is seldom repeated word for word by a text that agrees with it

_PARTS = re.compile(r"[;；、]\s*")
_FILLING = re.compile(r"[\s“”\"'《》()（）]")


def absent(short_answer: str, text: str) -> list[str]:
    """Return the parts of a short answer that the text does not say.

    Figures and dates count as said by their value (8.85百亿 says 885亿元), names by their characters. Of phrases
    longer than ``MAX_PHRASE``, and of names in another script than the text, nothing is claimed.
    """
    return [
        part
        for part in _PARTS.split(short_answer)
        if part.strip() and not says(text, part) and not _is_left_open(part, text)
    ]


def says(text: str, part: str) -> bool:
    """Tell whether a text holds a figure, date or name: its characters, or all its figures and dates by value."""
    if _bare(part) in _bare(text):
        return True
    dates, figures = _values(part)
    said_dates, said_figures = _values(text)
    return bool(dates or figures) and (
        all(any(covers(said, date) or covers(date, said) for said in said_dates) for date in dates)
        and all(
            any(bears_out(said, figure) or bears_out(figure, said) for said in said_figures)
            for figure in figures
        )
    )


def _is_left_open(part: str, text: str) -> bool:
    """Whether nothing is claimed of a phrase that a text does not hold."""
    return not any(_values(part)) and (len(part) > MAX_PHRASE or is_chinese(part) != is_chinese(text))


def _values(text: str) -> tuple[list[Date], list[Figure]]:
    """Return the dates and the figures of a text."""
    dates = find_dates(text)
    return dates, find_figures(text, [(date.start, date.end) for date in dates])


def _bare(text: str) -> str:
    return _FILLING.sub("", fold(text))
