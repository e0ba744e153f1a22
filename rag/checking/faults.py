"""Finds what a sentence says literally and its passages do not: figures, dates, names, quotations.

Takes a sentence and passages taken apart; gives the first fault with its words. Knows no model.

A figure that stands in no passage is a fault of "figure"; one that stands there for another year is a fault of
"date", for another name a fault of "name", and beside another noun a fault of "figure" again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from index.text import HAN, fold
from rag.checking.binding import Event, Fact, Facts, read_facts
from rag.checking.dates import covers
from rag.checking.direction import opposed
from rag.checking.names import Name, Searched, find_names, holds, searched
from rag.checking.parts import UNSPOKEN, Said, View
from rag.checking.support import Feature, present
from rag.checking.values import Figure, bears_out, same_dimension
from rag.datatypes import DoubtReason

Fault = tuple[DoubtReason | None, tuple[str, ...]]


def literal_fault(said: Said, views: Sequence[View], wanted: Mapping[bool, Sequence[Feature]]) -> Fault:
    """Return the first literal thing in a sentence that its passages do not bear out."""
    literal: tuple[tuple[DoubtReason, tuple[str, ...]], ...] = (
        ("quotation", _missing_quotations(said, views)),
        ("figure", _missing_figures(said, views)),
        ("date", _missing_dates(said, views)),
        ("name", _missing_names(said, views)),
    )
    for reason, missing in literal:
        if missing:
            return reason, missing
    return _misbound(said, views, wanted)


def _missing_quotations(said: Said, views: Sequence[View]) -> tuple[str, ...]:
    texts = [UNSPOKEN.sub("", view.whole.folded) for view in views]
    scripts = {view.chinese for view in views}
    return tuple(
        "…".join(pieces)
        for pieces in said.quotations
        if (re.search(f"[{HAN}]", pieces[0]) is not None) in scripts
        and not any(all(piece in text for piece in pieces) for text in texts)
    )


def _missing_figures(said: Said, views: Sequence[View]) -> tuple[str, ...]:
    missing = []
    every = [fact.figure for view in views for fact in view.facts.facts]
    above = [fact.figure for view in views for fact in read_facts(view.above.text).facts]
    for fact in said.facts.facts:
        if any(bears_out(found, fact.figure) for found in (*every, *above)):
            continue
        if fact.figure.small and fact.figure.spelt and not _contradicted(fact.figure, every):
            continue
        missing.append(said.text[fact.figure.start : fact.figure.end])
    return tuple(missing)


def _contradicted(said: Figure, found: Sequence[Figure]) -> bool:
    """Tell whether passages count something of the kind of a small number: that number may be a count of one's own."""
    return any(figure.small and same_dimension(figure, said) for figure in found)


def _missing_dates(said: Said, views: Sequence[View]) -> tuple[str, ...]:
    return tuple(
        said.text[date.start : date.end]
        for date in said.dates
        if not any(covers(found, date) for view in views for found in view.dates)
    )


def _missing_names(said: Said, views: Sequence[View]) -> tuple[str, ...]:
    return tuple(
        said.text[name.start : name.end]
        for name in said.names
        if all(holds(name, view.whole, chinese=said.chinese) is False for view in views)
    )


def _misbound(said: Said, views: Sequence[View], wanted: Mapping[bool, Sequence[Feature]]) -> Fault:
    """Return the first figure that stands in the passages, but as another year's or another thing's."""
    for fact in said.facts.facts:
        found = [
            (view, other)
            for view in views
            for other in view.facts.facts
            if bears_out(other.figure, fact.figure)
        ]
        if not found:
            continue
        written = said.text[fact.figure.start : fact.figure.end]
        of_year = [(view, other) for view, other in found if not _other_year(fact, other, view)]
        if not of_year:
            return "date", (*(f"{year}" for year in sorted(fact.years)), written)
        if all(opposed(said.facts.words(fact), view.facts.words(other)) for view, other in of_year):
            return "support", (written,)
        verdicts = [
            _others(said, fact, other, view, wanted[view.chinese != said.chinese]) for view, other in of_year
        ]
        if all(verdicts):
            return ("name" if "name" in verdicts else "figure"), (written,)
        if name := _foreign_name(said, fact, of_year):
            return "name", (name, written)
    return _misdated(said, views, wanted)


def _misdated(said: Said, views: Sequence[View], wanted: Mapping[bool, Sequence[Feature]]) -> Fault:
    """Return the first date that stands in the passages, but as the date of something else."""
    for event in said.facts.events:
        if event.date not in said.dates or any(
            s <= f.figure.start < e for f in said.facts.facts for s, e in event.own
        ):
            continue  # where a figure stands by, the date is bound as that figure's
        found = [
            (view, other) for view in views for other in view.facts.events if covers(other.date, event.date)
        ]
        if found and all(
            _others(said, event, other, view, wanted[view.chinese != said.chinese]) for view, other in found
        ):
            return "date", (said.text[event.date.start : event.date.end],)
    return None, ()


def _other_year(said: Fact, found: Fact, view: View) -> bool:
    """Tell whether a figure of a passage is of another year than the sentence says."""
    if not (said.years and said.sure and found.years) or said.years & found.years:
        return False
    if found.sure:
        return True
    stated = {date.year for date in view.facts.dates}
    return bool(said.years & stated)


_LINKING = re.compile(r"[\s,:的了约达到为是有共总已将逾超近过成个\"'、()]+$")
ADJACENT = 6  # characters before a figure that name what it measures


def _others(
    said: Said, fact: Fact | Event, found: Fact | Event, view: View, wanted: Sequence[Feature]
) -> str:
    """Return "name" or "figure" where the words put to a figure are in the passage those of another; else "".

    Three signs, each asking that nothing of the sentence speaks for the figure that was found: another name, another
    noun right before the figure, or most of the words. Two more where the sentence has both figures of the passage, or
    one of what was before a change.
    """
    mine = [f for f in wanted if _within(f, fact)]
    if isinstance(fact, Fact) and isinstance(found, Fact) and _outdated(said, fact, found, view):
        return "figure"
    own = searched(view.facts.words(found))
    names = [n for n in said.names if any(s <= n.start < e for s, e in fact.own)]
    for rival in _rivals(said, fact, found, view):
        there = searched(view.facts.words(rival))
        if _named_otherwise(said, names, own, there, view):
            return "name"
        in_found = {n for n, f in enumerate(mine) if present(f, own)}
        in_rival = {n for n, f in enumerate(mine) if present(f, there)}
        if _outweighs(
            len(in_rival - in_found), len(in_found - in_rival), len(mine), dated=isinstance(fact, Event)
        ):
            return "figure"
        if _measured_otherwise(said, fact, found, rival, view):
            return "figure"
    if isinstance(fact, Fact) and _exchanged(said, fact, own, view, wanted):
        return "figure"
    return ""


def _exchanged(said: Said, fact: Fact, own: Searched, view: View, wanted: Sequence[Feature]) -> bool:
    """Tell whether the passage puts a figure's words to another figure of the sentence, and that one's to this."""
    for other in said.facts.facts:
        if not same_dimension(other.figure, fact.figure) or bears_out(other.figure, fact.figure):
            continue
        mine, its = (
            [f for f in wanted if _within(f, a) and not _within(f, b)]
            for a, b in ((fact, other), (other, fact))
        )
        theirs = [
            searched(view.facts.words(rival))
            for rival in view.facts.facts
            if bears_out(rival.figure, other.figure)
        ]
        if theirs and all(_leans(mine, own, there) > 0 and _leans(its, there, own) > 0 for there in theirs):
            return True
    return False


def _within(feature: Feature, fact: Fact | Event) -> bool:
    """Tell whether a thing that a sentence says belongs to one of its figures or dates."""
    return any(start <= feature.start < end for start, end in fact.own)


def _leans(words: Sequence[Feature], here: Searched, there: Searched) -> int:
    """Return how many more of some words stand there alone than here alone."""
    return sum(present(word, there) - present(word, here) for word in words)


_OF_NOW = re.compile(
    r"现(?=[有在任为是])|[目当]前|如今|至今|(?:[为是有达到至]|共计?)了?(?:约|近|超过?)?$"
    r"|\b(?:now|currently|today|is|are|has|have|reach\w*)\b|\bto\s?[$€£¥]?$"
)
_OF_THEN = re.compile(  # or compared with
    r"[原曾昔旧初始起由从比较]|(?<![目当])前|(?<!小)时|过去|以往|去年|上年|\b(?:ago|from|than|over|against|versus|compared)\b"
    r"|\b(?:was|were|had|used|once|before|earlier|previous|former|original|initial|first|start|beg[au]n|open|last|past|until)"
)
_PLANNED = re.compile(
    r"[拟将]|计划|规划|预计|目标|力争|争取|有望|\b(?:plan|will|would|expect|aim|target|propos|forecast|intend|should|may|could)"
)


def _outdated(said: Said, fact: Fact, found: Fact, view: View) -> bool:
    """Tell whether a sentence turns a change of the passage round, or gives as what is what was before it."""
    if fact.end:
        return found.end not in ("", fact.end) and any(
            other.end == found.end and rival.end == fact.end and bears_out(rival.figure, other.figure)
            for other in said.facts.facts
            for rival in view.facts.facts
        )
    if found.end != "old" or (fact.years and fact.sure) or _PLANNED.search(fold(view.facts.words(found))):
        return False
    before = [said.facts.folded[start:end] for start, end in fact.own if end <= fact.figure.start]
    return any(map(_OF_NOW.search, before)) and not _OF_THEN.search(
        said.facts.folded, fact.sentence[0], max(end for _, end in fact.own)
    )


def _outweighs(there: int, here: int, wanted: int, *, dated: bool) -> bool:
    """Tell whether a rival has so many of a sentence's words, and what was found so few, that it is the one meant.

    A date has more words to itself than a figure, so one of them may be shared by chance.
    """
    if not here:
        return there > 0 and there >= (0.4 if dated else 0.6) * wanted
    return dated and there >= 0.6 * wanted and there >= 2 * here


def _rivals(said: Said, fact: Fact | Event, found: Fact | Event, view: View) -> list[Fact | Event]:
    """Return the other figures of that kind in a passage, or its other dates, that the sentence does not say too."""
    if isinstance(found, Event) or isinstance(fact, Event):
        return [
            event for event in view.facts.events if not any(covers(event.date, date) for date in said.dates)
        ]
    return [
        other
        for other in view.facts.facts
        if other.figure.dimension == found.figure.dimension
        and other.figure.number != found.figure.number
        and not any(bears_out(other.figure, also.figure) for also in said.facts.facts)
        and not (fact.sure and other.sure and fact.years and not fact.years & other.years)
    ]


def _named_otherwise(said: Said, names: Sequence[Name], own: Searched, there: Searched, view: View) -> bool:
    """Tell whether a rival's words hold a name of the sentence, and those of what was found another instead."""
    moved = [
        name
        for name in names
        if holds(name, there, chinese=said.chinese) and holds(name, own, chinese=said.chinese) is False
    ]
    if not moved or any(holds(name, own, chinese=said.chinese) for name in names):
        return False
    mine = searched(said.text)
    return any(holds(other, mine, chinese=view.chinese) is False for other in find_names(own.text))


def _measured_otherwise(
    said: Said, fact: Fact | Event, found: Fact | Event, rival: Fact | Event, view: View
) -> bool:
    """Tell whether the noun right before a figure stands right before another in the passage, but not by this one."""
    if isinstance(fact, Event) or isinstance(found, Event) or isinstance(rival, Event):
        return False
    if not (said.chinese and view.chinese):
        return False
    noun = _before(said.facts, fact)[-2:]
    if not re.fullmatch(f"[{HAN}]{{2}}", noun):
        return False
    if noun in fold(view.facts.words(found)):
        return False
    beside, there = _before(view.facts, found), _before(view.facts, rival)
    return there.endswith(noun) or (noun in there and beside[-2:] not in said.facts.folded)


def _before(facts: Facts, fact: Fact) -> str:
    """Return the last characters before a figure, without what only links them to it."""
    low = min(fact.own[0][0], fact.figure.start) if fact.own else fact.figure.start
    return _LINKING.sub("", facts.folded[low : fact.figure.start])[-ADJACENT:]


def _foreign_name(said: Said, fact: Fact, found: Sequence[tuple[View, Fact]]) -> str:
    """Return a name that a sentence puts to a figure where the passage's sentence has another of its kind."""
    for name in said.names:
        if name.person or not any(s <= name.start < e for s, e in fact.own):
            continue
        if all(_displaced(said, name, view, other) for view, other in found):
            return said.text[name.start : name.end]
    return ""


def _displaced(said: Said, name: Name, view: View, found: Fact) -> bool:
    start, end = found.sentence
    text = view.facts.text[start:end]
    if holds(name, searched(text), chinese=said.chinese) is not False:
        return False
    if holds(name, view.above, chinese=said.chinese) is True:
        return False
    mine = searched(said.text)
    return any(
        not other.person and holds(other, mine, chinese=view.chinese) is False
        for other in find_names(text)
        if other.end <= found.figure.start - start
    )
