"""Tells who leaves an office, or takes it, where that is asked for.

Takes the best candidate, its confidence and its case; gives a candidate and a confidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answerers.case import Case
from rag.answerers.contradictions import OTHER
from rag.answerers.evidence import Found

_OFFICE = "[^,。?的]{0,12}?(?:长|书记|主任|主席|经理|总裁|总监|教练|主编|董事)"  # 原馆长, but 原唱, 还原
_FORMER = re.compile(f"(?<!目)前任|上一?任|[卸离]任|(?<![太平中草高还])原(?![因来则价材料告]){_OFFICE}")
_NEXT = re.compile("下一?任|继任")
_PRESENT = re.compile("[现新]任|现在")
_LEAVES = re.compile("不再|(?:[离卸]任|离职|辞[去职任]|退休)(?!的)|[调转]任|免去")
_LEFT = re.compile("(?:原|(?<![目日])前|上一?[任届])[^,;。]{0,12}$|(?:[离卸]任|离职|辞职|退休)的$")
_TAKES = re.compile("[接继出升就]任|接替|当选|成为|(?<![现原前连离卸辞首责信调转担])任(?![职期满务免意何])")
_SUCCEEDS = "[接继]|[出升就]任|当选|成为|将由|下一?[任届]"
_ENDS = rf"{_LEAVES.pattern}|{_SUCCEEDS}|[原曾]|(?<![目日])前|上一?[任届]|[去逝]世"
_MAX_NAME = 4  # characters of a name that only the reader sees as one


def in_office(best: Found, sure: float, case: Case) -> tuple[Found, float]:
    """Return the person who leaves an office, or takes it in the best one's sentence, where that is asked for.

    The confidence is that of the sentence, which speaks of the office; little of it is left where none speaks of a
    change.
    """
    former, following = _FORMER.search(case.question), _NEXT.search(case.question)
    if case.ask.kind != "person" or not (former or following or _PRESENT.search(case.question)):
        return best, sure
    persons = [found for found in case.ranked if found.kind == "person"]
    people = [found for found in case.ranked if found.kind == "person" or _may_be_a_name(found, persons)]

    def fits(person: Found) -> bool:
        if not former and person.sentence != best.sentence:
            return False
        beside = [f.start for f in people if f.sentence == person.sentence and f.start >= person.end]
        told = case.text(person)[person.end : min(beside, default=person.sentence.end)]
        leaves = bool(_LEAVES.search(told) or _LEFT.search(case.before(person)))
        return leaves if former else bool(_TAKES.search(told)) and not leaves

    fitting = best if fits(best) else next(filter(fits, people), None)
    if not fitting:
        changes = re.search(_ENDS if former else _SUCCEEDS, case.sentence(best))
        return best, sure if changes or not (former or following) else sure * OTHER
    return fitting, case.surest(fitting)


def _may_be_a_name(found: Found, persons: Sequence[Found]) -> bool:
    """Whether a span that only the reader proposes is short and cuts through the name of no person."""
    return (
        found.kind == "phrase"
        and found.end - found.start <= _MAX_NAME
        and not any(
            found.sentence == person.sentence and found.start < person.end and person.start < found.end
            for person in persons
        )
    )
