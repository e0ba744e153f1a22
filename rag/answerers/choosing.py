"""Chooses the answer to one thing asked among its ranked candidates, by what their sentences say beside them.

Takes an analysed question, candidates with their features, best first, and passages; gives a candidate and a
confidence. What the features weigh is in `rag.answerers.scoring`; here is which of the best few is meant, by what
`rag.answerers.contradictions` tells of each, and by those beside it in its sentence or table. How far the answer
reaches from there is in `rag.answerers.reach`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from index.text import detect_language, fold, is_chinese
from rag.answerers.alignment import ITEM_END, item
from rag.answerers.case import Case
from rag.answerers.contradictions import (
    OTHER,
    counts_otherwise,
    denies_otherwise,
    is_anothers_number,
    is_compared,
    is_elsewhen,
    is_free,
    is_left_blank,
    is_of_another,
    is_of_its_date,
    is_unmeasured,
)
from rag.answerers.evidence import Found
from rag.answerers.extremes import extreme
from rag.answerers.offices import in_office
from rag.answerers.reach import (
    coordinated,
    end_of_hours,
    outcome,
    whole_address,
    whole_date,
    whole_range,
    without_number,
)
from rag.answerers.scoring import confidence
from rag.answerers.stated import SURE, alternative, phone, told_in_full
from rag.asks import EXPLANATIONS, FIGURES
from rag.datatypes import Passage
from rag.naming import opens_with_another
from rag.questions import QuestionAnalysis
from rag.terms import content_terms

HELD = 0.75  # of the confidence of a figure that is only aimed at is enough for one that was reached


def choose(
    analysis: QuestionAnalysis, ranked: Sequence[Found], passages: Sequence[Passage], threshold: float
) -> tuple[Found, float]:
    """Return the candidate that answers the first thing asked, and its confidence.

    Args:
        analysis: of the question.
        ranked: the candidates, best first; at least one.
        passages: that they were found in.
        threshold: confidence from which on a candidate may take the place of the best one.
    """
    case = Case(analysis, ranked, passages)
    best, sure = _of_what_is_asked(case, threshold)
    if (
        counts_otherwise(best, case)
        or is_unmeasured(best, case)
        or opens_with_another(analysis, case.sentence(best))
    ):
        sure *= OTHER
    if is_left_blank(best, case) or is_compared(best, case) or is_anothers_number(best, case):
        sure *= OTHER
    for meant in (_in_its_unit, _told_fully, _whole, _plainer, _behind_its_noun, _total, _compared_with):
        if found := meant(best, case):
            best, sure = found, max(sure, confidence(found.features))
    best, sure = in_office(best, sure, case)
    if stated := alternative(case, threshold) or phone(case):
        return stated
    if sure < SURE and (most := extreme(case)):
        return most, SURE
    if sure < threshold and (told := told_in_full(case)):
        best, sure = told, SURE
    if case.ask.kind in EXPLANATIONS:  # the sentence is the answer, whichever of its spans is the best
        sure = case.surest(best)
    for reach in (
        whole_date, outcome, whole_range, end_of_hours, whole_address, coordinated, without_number,
    ):  # fmt: skip
        best = reach(best, case)
    return best, sure


def _of_what_is_asked(case: Case, threshold: float) -> tuple[Found, float]:
    """Return the best candidate that is not told of something else than what is asked for, and its confidence."""
    best, sure = case.ranked[0], confidence(case.ranked[0].features)
    if is_of_another(best, case):
        fitting = next((found for found in case.ranked if is_free(found, case)), None)
        if fitting and (fits := confidence(fitting.features)) >= threshold:
            best, sure = fitting, fits
        else:
            sure *= OTHER
    elif is_of_its_date(best, case):
        sure *= OTHER
    if is_elsewhen(best, case):
        held = next((found for found in case.ranked if not is_elsewhen(found, case)), None)
        needed = max(threshold, HELD * sure)
        if held and held.kind == best.kind and (fits := confidence(held.features)) >= needed:
            best, sure = held, fits
    if denies_otherwise(best, case):
        same = next((found for found in case.beside(best) if not denies_otherwise(found, case)), None)
        if same and (fits := confidence(same.features)) >= threshold:
            best, sure = same, fits
    return best, sure


_PART = re.compile(r"[^;.]*?,? of which (?:about |some )?|[^;。\d]{0,16}?[,(]其中,?[^;。\d]*")
_OF_WHICH = re.compile(r"其中,?([^;。\d]*)$")


def _whole(best: Found, case: Case) -> Found | None:
    """Return the figure that the best one is a part of, where the question says nothing of that part: 9, of which 4."""
    text = case.text(best)
    if detect_language(text) != case.analysis.language:  # the part may be asked for in other words
        return None
    clause = re.split(r"[,;]\s|[,;。)]|\.$", text[best.end : best.sentence.end])[0]
    if before := _OF_WHICH.search(case.before(best)):  # 其中研发人员630人
        clause = before[1] + clause
    asked = set(content_terms(clause)) & case.terms
    wholes = (
        found
        for found in case.beside(best)
        if found.end < best.start
        and _PART.fullmatch(text[found.end : best.start])
        and asked <= set(content_terms(case.clause(found)))
    )
    return max(wholes, key=lambda found: found.end, default=None)


_OF_TIME_OR_SUM = re.compile(r"[今去全本当]年|\d{4}年|[上下]半年|累计|[总共达约超近逾已]")
_CHANGES = frozenset("增加扩升涨提降减缩改到至")  # 加宽到12米 is no kind of 宽7米
WORD = 2  # characters that make the one a kind of the other; one may only be a longer word: 重, 体重


def _plainer(best: Found, case: Case) -> Found | None:
    """Return the candidate beside the best one that is told of just what is asked, and that one of a kind of it.

    So of 申请专利9件，发明专利申请4件, where the question says nothing of inventions: of the characters around the one,
    in its item, all are in the question or around the other too, and none of the question's is missing.
    """
    if case.analysis.language != "zh" or case.ask.kind == "list":
        return None
    if best.kind == "phrase" or best.features["aligned"]:
        return None
    wanted = {*case.question}
    around = _around(best, case)
    further = around - wanted
    if not further or not around & wanted or further & _CHANGES:
        return None
    text = case.text(best)

    def is_beside(found: Found) -> bool:
        """Whether a candidate is in another item of the same row."""
        between = text[found.end : best.start] or text[best.end : found.start]
        return bool(ITEM_END.search(between)) and ";" not in between

    for found in case.beside(best):
        there = _around(found, case)
        plainer = (
            there & wanted >= around & wanted and len(further - there) >= WORD and there - wanted < further
        )
        if plainer and is_beside(found):
            return found
    return None


def _around(found: Found, case: Case) -> set[str]:
    """Return the Chinese characters that stand around a candidate in its item of a row, but those of times and sums."""
    around = item(
        case.sentence(found), (found.start - found.sentence.start, found.end - found.sentence.start)
    )
    return {*re.findall("[\u3400-\u9fff]", _OF_TIME_OR_SUM.sub("", around))}


def _behind_its_noun(best: Found, case: Case) -> Found | None:
    """Return the figure that stands behind a word of a question in another language, where the best one does not."""
    # "How many" of what has no unit asks for a noun that none of the words may be.
    counts = case.question.startswith("how many") and not case.ask.units
    if case.ask.kind not in FIGURES or best.behind_noun or best.features["aligned"] or counts:
        return None
    told = (f for f in case.beside(best) if f.behind_noun and f.features["unit"] >= best.features["unit"])
    return next(told, None)


def _in_its_unit(best: Found, case: Case) -> Found | None:
    """Return a figure in the unit asked for that is nearly as sure as the best one, which is in another."""
    if case.ask.kind not in FIGURES or best.features["unit"] >= 0:
        return None
    needed = HELD * confidence(best.features)
    told = (f for f in case.ranked if f.features["unit"] == 1 and confidence(f.features) >= needed)
    return next((found for found in told if is_free(found, case)), None)


FULLER = 0.4  # share of the question's terms told beside a figure beyond another's, to be believed before it


def _told_fully(best: Found, case: Case) -> Found | None:
    """Return a figure of the same unit beside which far more of the question is told, between its semicolons."""
    if case.ask.kind not in FIGURES:
        return None
    terms = set(content_terms(case.analysis.content))
    needed = _told_share(best, case, terms) + FULLER
    return next(
        (
            found
            for found in case.ranked
            if found.kind == best.kind
            and found.features["unit"] >= best.features["unit"]
            and confidence(found.features) >= 0.4
            and found.features["year"] >= best.features["year"]
            and _told_share(found, case, terms) >= needed
            and is_free(found, case)
            and not is_elsewhen(found, case)
        ),
        None,
    )


def _told_share(found: Found, case: Case, terms: Set[str]) -> float:
    """Return the share, 0..1, of some terms that stand in the part of a sentence that holds a candidate."""
    text, (start, end) = case.text(found), (found.sentence.start, found.sentence.end)
    start = max(start, text.rfind(";", start, found.start))
    close = text.find(";", found.end, end)
    told = text[start : close if close >= 0 else end]
    return sum(term in told for term in terms) / max(1, len(terms))


_TOTAL = re.compile(r"合计|总[计额]|共计|全[国省市县区]|\b(?:total|overall|group|all)\b")


def _total(best: Found, case: Case) -> Found | None:
    """Return the figure of all rows of a table, where the best one is of a row that the question does not name."""
    read = case.read(best)
    cell = read.cell(best.start, best.end)
    if not cell or not cell.names or _TOTAL.search(fold(cell.names)):
        return None
    if is_chinese(cell.names) != (case.analysis.language == "zh"):  # a row may be named in the other language
        return None
    for found in case.ranked:
        if found.sentence.passage != best.sentence.passage or found.kind != best.kind:
            continue
        other = read.cell(found.start, found.end)
        if other and other.column == cell.column and _TOTAL.search(fold(other.names)):
            apart = set(content_terms(cell.names)) - set(content_terms(other.names))
            return None if apart & case.terms else found
    return None


_COMPARES = re.compile(r"\b(?:than|compared (?:with|to)|up from|down from|against|versus)\b[^;.]*$")


def _compared_with(best: Found, case: Case) -> Found | None:
    """Return the figure of the year asked for that the best one, of no stated year, is compared with: 9, up from 8."""
    if case.ask.kind not in FIGURES or not -1 < best.features["year"] < 0:
        return None
    text = case.text(best)
    return next(
        (
            found
            for found in case.beside(best)
            if found.features["year"] == 1
            and found.start >= best.end
            and _COMPARES.search(text[best.end : found.start])
        ),
        None,
    )
