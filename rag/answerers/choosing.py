"""Chooses the answer to one thing asked among its ranked candidates, by what their sentences say beside them.

Takes an analysed question, candidates with their features, best first, and passages; gives a candidate and a
confidence. What the features weigh is in `rag.answerers.scoring`; here is what rules tell about the best few:
that a candidate is told of something else, or that another in its sentence or table is what is meant. How far the
answer reaches from there is in `rag.answerers.reach`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.terms import tagged_words
from index.text import detect_language, fold, is_chinese
from rag.answerers.alignment import ITEM_END, item
from rag.answerers.case import Case
from rag.answerers.evidence import Found
from rag.answerers.extremes import extreme
from rag.answerers.reach import (
    BEFORE,
    HOURS,
    coordinated,
    end_of_hours,
    outcome,
    whole_address,
    whole_date,
    whole_range,
    without_number,
)
from rag.answerers.scoring import confidence
from rag.asks import EXPLANATIONS, FIGURES
from rag.datatypes import Passage
from rag.naming import opens_with_another
from rag.questions import QuestionAnalysis
from rag.tables import Cell, names_of_rows, verbalise
from rag.terms import content_terms
from rag.variants import names_other_variant

OTHER = 0.4  # of its confidence is left to what is told of another year, stage or owner: all else may fit
SURE = 0.6  # confidence of what a line or a table tells of all that the question names, and it names nothing else
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
        _counts_otherwise(best, case)
        or _is_unmeasured(best, case)
        or opens_with_another(analysis, case.sentence(best))
    ):
        sure *= OTHER
    if _is_left_blank(best, case) or _is_compared(best, case):
        sure *= OTHER
    for meant in (_in_its_unit, _told_fully, _whole, _plainer, _behind_its_noun, _total, _compared_with):
        if found := meant(best, case):
            best, sure = found, max(sure, confidence(found.features))
    best, sure = _in_office(best, sure, case)
    if stated := _alternative(case, threshold) or _phone(case):
        return stated
    if sure < SURE and (most := extreme(case)):
        return most, SURE
    if sure < threshold and (told := _told_in_full(case)):
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
    if _is_of_another(best, case):
        fitting = next((found for found in case.ranked if _is_free(found, case)), None)
        if fitting and (fits := confidence(fitting.features)) >= threshold:
            best, sure = fitting, fits
        else:
            sure *= OTHER
    elif _is_of_its_date(best, case):
        sure *= OTHER
    if _is_elsewhen(best, case):
        held = next((found for found in case.ranked if not _is_elsewhen(found, case)), None)
        needed = max(threshold, HELD * sure)
        if held and held.kind == best.kind and (fits := confidence(held.features)) >= needed:
            best, sure = held, fits
    if _denies_otherwise(best, case):
        same = next((found for found in case.beside(best) if not _denies_otherwise(found, case)), None)
        if same and (fits := confidence(same.features)) >= threshold:
            best, sure = same, fits
    return best, sure


_PLAN = re.compile(
    r"力争|争取|确保|目标|预计|预期|有望|将(?:会|可|要|达|超|突破|实现|增|有)|届时"
    r"|\b(?:targets?|targeted|aims?|expects?|expected|forecasts?|hopes?|will)\b"
)
_ONCE = re.compile(
    r"[一二三四五六七八九十两几多\d]年前|当初|[起最]初|原(?:先|来|纪录|价|址|名)|以往|过去|刚(?:成立|起步|创办)"
)


_ADDS = re.compile("[新净再又]增|增加了?(?![到至])|新[设建添]")
_ADDED = re.compile(rf"(?:{_ADDS.pattern})[^,。\d]{{0,6}}$")


def _is_elsewhen(found: Found, case: Case) -> bool:
    """Whether a figure's clause tells what is aimed at, was once or came newly, and that is not asked for."""
    question, clause = case.question, case.clause(found)
    if case.ask.kind not in FIGURES:
        return False
    if _PLAN.search(clause) and not _PLAN.search(question):
        return True
    if bool(_ADDED.search(clause)) != bool(_ADDS.search(question)):
        return True
    return bool(_ONCE.search(clause)) and not (BEFORE.search(question) or _ONCE.search(question))


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
    if not further or not around & wanted:
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
    if case.ask.kind not in FIGURES or best.behind_noun or best.features["aligned"]:
        return None
    told = (f for f in case.beside(best) if f.behind_noun and f.features["unit"] >= best.features["unit"])
    return next(told, None)


def _in_its_unit(best: Found, case: Case) -> Found | None:
    """Return a figure in the unit asked for that is nearly as sure as the best one, which is in another."""
    if case.ask.kind not in FIGURES or best.features["unit"] >= 0:
        return None
    needed = HELD * confidence(best.features)
    told = (f for f in case.ranked if f.features["unit"] == 1 and confidence(f.features) >= needed)
    return next((found for found in told if _is_free(found, case)), None)


FULLER = 0.4  # share of the question's terms told beside a figure beyond another's, to be believed before it


def _told_fully(best: Found, case: Case) -> Found | None:
    """Return a figure of the same unit beside which far more of the question is told, between its semicolons."""
    if case.ask.kind not in FIGURES or not case.terms:
        return None
    needed = _told_share(best, case) + FULLER
    return next(
        (
            found
            for found in case.ranked
            if found.kind == best.kind
            and found.features["unit"] >= best.features["unit"]
            and confidence(found.features) >= 0.4
            and _told_share(found, case) >= needed
            and _is_free(found, case)
        ),
        None,
    )


def _told_share(found: Found, case: Case) -> float:
    """Return the share, 0..1, of the question's terms that stand in the part of a sentence that holds a candidate."""
    text, (start, end) = case.text(found), (found.sentence.start, found.sentence.end)
    start = max(start, text.rfind(";", start, found.start))
    close = text.find(";", found.end, end)
    told = text[start : close if close >= 0 else end]
    return sum(term in told for term in case.terms) / len(case.terms)


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


_DENIED = re.compile(r"\b(?:not|never|no longer|nor|cannot|\w+n't)\b")


def _denies_otherwise(found: Found, case: Case) -> bool:
    """Whether an English question denies and the candidate's clause does not, or the other way round."""
    if case.analysis.language != "en" or case.ask.kind in EXPLANATIONS:
        return False
    if detect_language(case.passage(found).text) != "en":
        return False
    before = re.split(r"[,;:.!?]\s", case.before(found))[-1]
    after = re.split(r"[,;:.!?](?:\s|$)", case.text(found)[found.end : found.sentence.end])[0]
    return bool(_DENIED.search(case.question)) != bool(_DENIED.search(f"{before} {after}"))


_DATED = re.compile(  # the year of something else than the figure: 1998年成立的公司有多少员工, 据2024年的报道
    r"\d{4}年[^,。?]{0,8}(?:成立|设立|创办|创立|创建|组建|建立|建成|始建|落成|启用|投产|开工|开业|开通|通车|签约|引进|落户|入驻|上市|获批|发布|出台|印发|公布|出生|毕业)的"
    r"|\d{4}年[^,。?]{0,6}(?:报道|文章|新闻|榜单|第\d+期)"
    r"|\b(?:founded|established|created|built|opened|launched|published|signed|listed|born) in \d{4}\b"
    r"|\b\d{4} (?:[a-z]+ ){0,2}(?:article|list|ranking|evaluation|issue)\b"
)


def _of_another_year(found: Found, case: Case) -> bool:
    """Whether a figure's own sentence says it of another year than the one asked for."""
    return case.ask.kind in FIGURES and found.features["year"] <= -1 and not _DATED.search(case.question)


def _is_of_its_date(found: Found, case: Case) -> bool:
    """Whether only its date or title tells a figure's year, and neither that nor the year before is asked for."""
    passage = case.passage(found)
    return (
        case.ask.kind in FIGURES
        and found.year is not None
        and -1 < found.features["year"] < 0
        and any(str(found.year) in words for words in (passage.date or "", *passage.titles))
        and all(abs(year - found.year) > 1 for year in case.analysis.years)
        and not _DATED.search(case.question)
    )


_CASE = re.compile(r"([\u4e00-\u9fff]{2})(?:的?时候?|期间)(?![间代期限刻])")


def _is_of_another_case(found: Found, case: Case) -> bool:
    """Whether a figure is told of when something else is so: of 飞行时 for 休眠时, where its sentence tells of both."""
    conditions = list(_CASE.finditer(case.sentence(found)))
    at = found.start - found.sentence.start
    of = next((match[1] for match in reversed(conditions) if match.end() <= at), None)
    asked = {match[1] for match in conditions if match[1] in case.question}
    return case.ask.kind in FIGURES and of is not None and bool(asked) and of not in asked


def _is_of_another(found: Found, case: Case) -> bool:
    """Whether a candidate's sentence tells it of another year, stage, alternative or owner, or of something else."""
    return (
        _of_another_year(found, case)
        or found.features["stage"] <= -1
        or found.features["aligned"] < 0
        or _is_of_another_case(found, case)
        or _is_named_otherwise(found, case)
        or _is_otherwise(found, case)
        or _is_deputy(found, case)
    )


_OFFICE_HELD = re.compile(r"副?(.?(?:长|书记|主任|主席|经理|总裁|总监|总编|主编))")


def _is_deputy(found: Found, case: Case) -> bool:
    """Whether a person is told as the deputy of the one asked for, 副总经理 for 总经理, or the other way round."""
    if case.ask.kind != "person":
        return False
    clause = case.clause(found)
    for match in _OFFICE_HELD.finditer(case.question):
        deputy, whole = f"副.?{match[1]}", match[1] in clause
        chief = match[1] in re.sub(deputy, "", clause)
        if whole and not (chief if match[0][0] != "副" else re.search(deputy, clause)):
            return True
    return False


def _is_free(found: Found, case: Case) -> bool:
    """Whether nothing tells that a candidate is of another year, stage or owner, or of something else."""
    told = min(found.features[name] for name in ("year", "stage", "aligned"))
    others = (_is_of_another_case, _is_named_otherwise, _is_otherwise, _is_deputy)
    return told >= 0 and not any(is_other(found, case) for is_other in others)


def _is_named_otherwise(found: Found, case: Case) -> bool:
    """Whether a candidate's sentence or row names another thing whose name is like the one in the question."""
    if cell := case.read(found).cell(found.start, found.end):
        return _is_of_another_row(cell, found, case)
    clause = case.clause(found)
    return names_other_variant(case.question, clause) or (
        names_other_variant(case.question, case.sentence(found))
    )


_MORE = re.compile(  # 比A桥长420米
    r"[比较][^,;。]{1,16}[长短高低大小多少宽窄深浅重轻贵快慢远近早晚](?:出|了|出了)?$"
)
_MORE_THAN = re.compile(r" ?(?:[a-z]+ )?(?:more|less|fewer|[a-z]{3,}er)(?: [a-z]+)? than\b")
_DIFFERENCE = re.compile(r"[比较差]|多[出了]|少[了]|than|more|less|fewer|differ")
_EARNINGS = re.compile("收入|支出|利润|产值|销售额|营业额|税收")
_TAKEN = re.compile(rf"(?:{_EARNINGS.pattern})[^,;。\d]{{0,4}}$")  # 门票收入 is no price
_WORTH = re.compile("的?(?:[房月]?租金?|工资|月?薪|奖金|利息|学费|生活费)")  # 两个月租金 is no time
_PRICE = re.compile(
    r"(?<![花赚挣投欠赔捐筹拨用出])(?<![花赚挣投欠赔捐筹拨用出]了)多少钱|票价|价[格钱]|单价|售价"
)


def _is_of_another_row(cell: Cell, found: Found, case: Case) -> bool:
    """Whether the question names another row than a cell's: in full, by more or less, or a strange one."""
    rows = [frozenset(map(fold, row)) for row in case.read(found).rows(cell)]
    named = names_of_rows(case.question, frozenset(name for row in rows for name in row))
    own = len(named.intersection(map(fold, cell.row)))
    row = fold(" ".join(cell.row))
    if own < max(len(named & row) for row in rows) or names_other_variant(case.question, row):
        return True
    told = fold(" ".join((*case.passage(found).titles, case.passage(found).text)))
    strange = {tag for word, tag in tagged_words(case.question) if tag in _NAME_TAGS and word not in told}
    return any(tag in strange and word not in case.question for word, tag in tagged_words(row))


_NAME_TAGS = frozenset({"nr", "ns", "nt", "nz"})


def _is_otherwise(found: Found, case: Case) -> bool:
    """Whether a figure is a difference where the question asks how much a thing is, or a revenue for a price.

    Or of a column whose name only begins with the one asked for: X2 Pro of X2.
    """
    question, names = case.question, case.analysis.names
    if case.ask.kind not in FIGURES:
        return False
    cell = case.read(found).cell(found.start, found.end)
    column = fold(cell.column) if cell else ""
    if column and column not in question and any(column.startswith(f"{name} ") for name in names):
        return True
    clause = case.clause(found)
    if _PRICE.search(question) and _TAKEN.search(clause) and not _EARNINGS.search(question):
        return True
    if case.ask.kind == "duration" and _WORTH.match(case.text(found), found.end):
        return True
    differs = _MORE.search(clause) or _MORE_THAN.match(case.text(found), found.end, found.sentence.end)
    return bool(differs) and not _DIFFERENCE.search(question)


_LONG_NOUN = re.compile("[\u4e00-\u9fff]{3,}")  # a shorter one has other words: 职工, 员工


def _counts_otherwise(found: Found, case: Case) -> bool:
    """Whether no character of the noun counted stands in a sentence or over it: of 高新技术 for 外贸企业537户.

    Or people are asked for in English and a Chinese figure has a measure of something else: 520只.
    """
    ask, passage = case.ask, case.passage(found)
    if "人" in ask.units and case.analysis.language == "en" and found.features["unit"] <= -1:
        return is_chinese(case.read(found).text[found.start : found.end])
    if not _LONG_NOUN.fullmatch(ask.noun) or detect_language(passage.text) != "zh":
        return False
    told = fold(" ".join(passage.titles)) + case.sentence(found)
    return not {*ask.noun} & {*told}


MAX_AGE = 150  # from which on a bare number tells no age in years


def _is_unmeasured(found: Found, case: Case) -> bool:
    """Whether a length or weight is asked for, or an age, and a number without a unit is found: a house's, a year."""
    short, units = case.text(found)[found.start : found.end], case.ask.units
    number = re.match(r"\d[\d,]*(?![\d.])", short)
    bare = number and (number[0] == short or -1 < found.features["unit"] < 0)
    if not number or not bare or case.ask.kind != "quantity":
        return False
    if "岁" in units:
        return int(number[0].replace(",", "")) > MAX_AGE
    return not {"厘米", "千克"}.isdisjoint(units)


def _is_left_blank(found: Found, case: Case) -> bool:
    """Whether what is found stands in a table, of which a blank cell is more what the question asks for."""
    read = [verbalise(passage.text) for passage in case.passages]
    cell = case.read(found).cell(found.start, found.end)
    if cell is None or not cell.column:
        return False
    asked = case.terms
    told = len(asked.intersection(content_terms(cell.names)))
    return any(len(asked.intersection(content_terms(names))) > told for one in read for names in one.blanks)


_MOST = re.compile(
    r"最[高低多少大小长短快慢早晚贵]|\b(?:highest|lowest|largest|smallest|biggest|fewest|longest|shortest|most)\b"
)


def _is_compared(found: Found, case: Case) -> bool:
    """Whether the rows of a table, which may go on in other passages, had to be compared to tell what is asked."""
    read = case.read(found)
    start, end = found.sentence.start, found.sentence.end
    in_table = any(start <= cell.start < end for cell in read.cells)
    return in_table and bool(_MOST.search(case.question)) and not _MOST.search(case.sentence(found))


_OR = re.compile(r"(?P<one>.+)还是(?P<other>[^,?呢]{1,8}?)[呢?]*")


def _alternative(case: Case, threshold: float) -> tuple[Found, float] | None:
    """Return the one of two alternatives that the best sentence with only one of them states: 用大火还是小火."""
    match = _OR.fullmatch(case.question)
    if not match:
        return None
    other = match["other"]
    for found in case.ranked:
        sentence = case.sentence(found)
        stated = [word for word in (match["one"][-len(other) :], other) if word in sentence]
        sure = case.surest(found)
        if len(stated) == 1 and sure >= threshold:
            start = found.sentence.start + sentence.index(stated[0])
            return replace(
                found, start=start, end=start + len(stated[0]), kind="phrase", parts=(), lead=0
            ), sure
    return None


_REMARK = re.compile(r"[（(][^（）()]*[)）]")


_LABEL = re.compile("[^:]{2,12}(?=:)")


def _told_in_full(case: Case) -> Found | None:
    """Return what a table or a list tells of all that a question names: of its row and column, or of its label."""
    start, end = case.ask.span
    asked = HOURS.sub(" ", f"{case.question[:start]} {case.question[end:]}")
    for found in case.ranked:
        cell, label = case.read(found).cell(found.start, found.end), _LABEL.match(case.sentence(found))
        if cell and cell.row:
            names = [*cell.row, _REMARK.sub("", cell.column)]
        elif label and not cell and found.features["kind"] == 1:
            names = [label[0]]
        else:
            continue
        if _names_all(asked, list(map(fold, names))) and not _is_of_another(found, case):
            return replace(found, start=cell.start, end=cell.end, parts=(), lead=0) if cell else found
    return None


def _names_all(asked: str, names: Sequence[str]) -> bool:
    """Whether a question holds each of some names, and nothing else that tells anything."""
    for name in names:
        if not name or name not in asked:
            return False
        asked = asked.replace(name, " ", 1)
    return not any(content_terms(asked))


_PHONE_OF = re.compile(
    r"(?P<of>[^,。?]{2,20}?)的?(?:联系)?(?:电话|手机|座机|热线)(?:号码?)?(?:是?多少|是什么)?[?。]?"
)
_PHONE = re.compile(
    r"(?<![\d.-])(?:(?:\(0\d{2,3}\)|0\d{2,3})[ -]?)?(?:1\d{10}|400-?\d{3}-?\d{4}|\d{7,8})(?![\d-])"
)


def _phone(case: Case) -> tuple[Found, float] | None:
    """Return the number beside the name whose telephone is asked for, in a line that need not call it that."""
    asked = _PHONE_OF.fullmatch(case.question)
    for found in case.ranked if asked else ():
        sentence = case.sentence(found)
        place = sentence.find(asked["of"]) if asked else -1
        numbers = [match.span() for match in _PHONE.finditer(sentence)]
        if place >= 0 and numbers:
            end = place + len(asked["of"]) if asked else 0
            near = min(numbers, key=lambda number: max(place - number[1], number[0] - end))
            start = found.sentence.start
            beside = replace(
                found, start=start + near[0], end=start + near[1], kind="phrase", parts=(), lead=0
            )
            return beside, max(SURE, case.surest(found))
    return None


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


def _in_office(best: Found, sure: float, case: Case) -> tuple[Found, float]:
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
