"""Tells that a candidate is told of something else than what is asked: another year, stage, owner, person or thing.

Takes a candidate and its case, gives yes or no. What is made of that is in `rag.answerers.choosing`.
"""

from __future__ import annotations

import re

from index.terms import tagged_words
from index.text import detect_language, fold, is_chinese
from rag.answerers.case import Case
from rag.answerers.evidence import Found
from rag.answerers.reach import BEFORE
from rag.asks import EXPLANATIONS, FIGURES
from rag.candidates import PHONE
from rag.tables import Cell, names_of_rows, verbalise
from rag.terms import content_terms
from rag.variants import names_other_variant

OTHER = 0.4  # of its confidence is left to what is told of another year, stage or owner: all else may fit

_PLAN = re.compile(
    r"力争|争取|确保|目标|预计|预期|有望|将(?:会|可|要|达|超|突破|实现|增|有)|届时"
    r"|\b(?:targets?|targeted|aims?|expects?|expected|forecasts?|hopes?|will)\b"
)
_ONCE = re.compile(
    r"[一二三四五六七八九十两几多\d]年前|当初|[起最]初|原(?:先|来|纪录|价|址|名)|以往|过去|刚(?:成立|起步|创办)"
)


_ADDS = re.compile("[新净再又]增|增加了?(?![到至])|新[设建添]")
_ADDED = re.compile(rf"(?:{_ADDS.pattern})[^,。\d]{{0,6}}$")


def is_elsewhen(found: Found, case: Case) -> bool:
    """Whether a figure's clause tells what is aimed at, was once or came newly, and that is not asked for."""
    question, clause = case.question, case.clause(found)
    if case.ask.kind not in FIGURES:
        return False
    if _PLAN.search(clause) and not _PLAN.search(question):
        return True
    if bool(_ADDED.search(clause)) != bool(_ADDS.search(question)):
        return True
    return bool(_ONCE.search(clause)) and not (BEFORE.search(question) or _ONCE.search(question))


_DENIED = re.compile(r"\b(?:not|never|no longer|nor|cannot|\w+n't)\b")


def denies_otherwise(found: Found, case: Case) -> bool:
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


def is_of_its_date(found: Found, case: Case) -> bool:
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


def is_of_another(found: Found, case: Case) -> bool:
    """Whether a candidate's sentence tells it of another year, stage, alternative or owner, or of something else."""
    return (
        _of_another_year(found, case)
        or found.features["stage"] <= -1
        or found.features["aligned"] < 0
        or _is_of_something_else(found, case)
    )


def _is_of_something_else(found: Found, case: Case) -> bool:
    """Whether what stands around a candidate tells it of another case, name, thing or holder of an office."""
    others = (_is_of_another_case, _is_named_otherwise, _is_otherwise, _is_deputy)
    return any(is_other(found, case) for is_other in others)


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


def is_free(found: Found, case: Case) -> bool:
    """Whether nothing tells that a candidate is of another year, stage or owner, or of something else."""
    told = min(found.features[name] for name in ("year", "stage", "aligned"))
    return told >= 0 and not _is_of_something_else(found, case)


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


def counts_otherwise(found: Found, case: Case) -> bool:
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


def is_unmeasured(found: Found, case: Case) -> bool:
    """Whether a length or weight is asked for, or an age, and a number without a unit is found: a house's, a year."""
    short, units = case.text(found)[found.start : found.end], case.ask.units
    number = re.match(r"\d[\d,]*(?![\d.])", short)
    bare = number and (number[0] == short or -1 < found.features["unit"] < 0)
    if not number or not bare or case.ask.kind != "quantity":
        return False
    if "岁" in units:
        return int(number[0].replace(",", "")) > MAX_AGE
    return not {"厘米", "千克"}.isdisjoint(units)


def is_left_blank(found: Found, case: Case) -> bool:
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


def is_compared(found: Found, case: Case) -> bool:
    """Whether the rows of a table, which may go on in other passages, had to be compared to tell what is asked."""
    read = case.read(found)
    start, end = found.sentence.start, found.sentence.end
    in_table = any(start <= cell.start < end for cell in read.cells)
    return in_table and bool(_MOST.search(case.question)) and not _MOST.search(case.sentence(found))


PHONE_OF = re.compile(
    r"(?P<of>[^,。?]{2,20}?)的?(?:联系)?(?:电话|手机|座机|热线)(?:号码?)?(?:是?多少|是什么)?[?。]?"
)
"""A question for the telephone number of something."""


def is_anothers_number(found: Found, case: Case) -> bool:
    """Whether a telephone number is found and nothing of whose it is to be stands in its sentence or over it."""
    asked, number = PHONE_OF.fullmatch(case.question), case.text(found)[found.start : found.end]
    if not asked or not PHONE.fullmatch(number):
        return False
    told = fold(" ".join(case.passage(found).titles)) + case.sentence(found)
    return not any(term in told for term in content_terms(asked["of"]))
