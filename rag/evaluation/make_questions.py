"""Drafts questions from the documents of a library, for people who have none. Takes a library, gives questions.

A figure, date or name in a sentence becomes what is asked for: in Chinese the asking word takes its place, which
makes a natural question; in English a plain sentence is turned into one, and others leave a gap to fill. Near
misses ask for a year or a place that no document holds, so the right reply is that the documents do not say.

Good for: seeing that a library works, comparing settings, and tuning them. Not good for: saying how well people's
own questions will be answered. These take their words from the documents, ask for one fact of one sentence, and
are easier than what people ask.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from index.datatypes import Chunk, Document, DocumentInfo
from index.errors import QuestionsError
from index.sentences import split_sentences
from index.text import detect_language, fold
from rag.candidates import Candidate, find_candidates, parse_year
from rag.checking.dates import find_dates
from rag.evaluation.english_questions import ask_for
from rag.evaluation.matching import normalise
from rag.evaluation.questions import UNANSWERABLE, Question

T = TypeVar("T")

WARNING = (
    "Drafted from the documents' own words: good for comparing settings and for tuning, "
    "not for saying how well people's own questions are answered."
)
UNANSWERABLE_SHARE = 0.2
MAX_SENTENCE = {
    "zh": 90,
    "en": 240,
}  # characters; longer ones hold several facts, and their questions are unclear
MIN_STEM = {"zh": 10, "en": 30}  # characters of the question beside what is asked for
_PER_DOCUMENT = 400  # drafts kept of one document, so that one long book does not fill the memory

_ASKED = {"money": "多少", "percent": "多少", "quantity": "多少", "duration": "多少"}
_GAP = "____"
_ENGLISH_ASK = {
    "money": "Which amount is missing",
    "percent": "Which percentage is missing",
    "quantity": "Which figure is missing",
    "duration": "Which length of time is missing",
    "date": "Which date is missing",
}
_LEANS = re.compile(  # needs the sentence before it
    r"[\s“\"'‘（(]*(?:该|其|这|那|此|它|他|她|同时|同年|同期|另外|此外|与此同时|但|而|并|也|还|因此|所以|对此|(?i:"
    r"it|its|this|that|these|those|they|their|he|she|his|her|but|and|also|however|there|the (?:latter|former|same))\b)"
)
_VAGUE = re.compile(r"[该这此][^，。]|我们?|本[报刊文]|获悉|记者|报道|如下|以下|上述|前者|后者")
_REPORTED = re.compile(  # who reports it is not asked
    r"^(?:据(?:悉|了解|介绍|统计|报道|透露)|(?:截至)?目前|[^，。；：]{2,20}(?:介绍|表示|透露|告诉记者))[，：]"
)
_NO_NAME = re.compile(  # 公司董事长: of which company?
    r"^(?:公司|集团|企业|管委会|中心|学校|学院|医院|园区|[全本]?[市区县省])?[\u4e00-\u9fff]{2,4}$"
)
_INNER = str.maketrans("《》", "〈〉")  # a title inside a title
_GOVERNING_YEAR = re.compile(  # the year of what is asked, not one in passing
    r"(?:^|》中，|截至|到|，)(?P<zh>(?:19|20)\d\d)年|(?:“|^)In (?P<en>(?:19|20)\d\d)\b| in (?P<last>(?:19|20)\d\d)\?$"
)
_PAIRS = (("“", "”"), ("《", "》"), ("（", "）"), ("(", ")"), ("「", "」"))
_RELATIVE = re.compile(r"今年|去年|前年|明年|当年|本月|上月|目前|日前|近日|昨[日天]|今[日天]|同比|环比")
_RELATIVE_EN = re.compile(
    r"(?i)\b(?:our|my|this|that|these|those|its|their|his|her|last|next|same|current|now)\b"
)
_CLAUSE_END = re.compile(r"[，,；;。！!？?：:](?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=\s?年|\b)")
_HAN_DIGIT = "〇零一二三四五六七八九"
_HAN_YEAR = re.compile(rf"(?<![{_HAN_DIGIT}])[一二][{_HAN_DIGIT}]{{3}}(?![{_HAN_DIGIT}])")
_YEARS = re.compile(
    r"(?<!\d)(?P<first>(?:19|20)\d\d)\s?年?\s?[-–—~至到/]\s?(?P<last>\d\d|(?:19|20)\d\d)(?!\d)"
)
_MOST_YEARS = 50  # from the first to the last of a span; 2019-05 is a month
_TITLE_AND_NAME = re.compile(
    r"(?P<title>[\u4e00-\u9fff]{2,18}(?:主任|书记|董事长|总经理|副总裁|总裁|校长|院长|馆长|局长|市长|县长|镇长|所长|"
    r"会长|秘书长|负责人|创始人|总工程师))(?P<name>[\u4e00-\u9fff]{2,4})(?=[，,]?(?:说|表示|介绍|指出|告诉|认为|透露|"
    r"在|坦言|强调|[，。,]))"
)
_ELSEWHERE = (
    "北京", "上海", "天津", "重庆", "广州", "深圳", "杭州", "南京", "苏州", "无锡", "宁波", "温州", "合肥", "芜湖",
    "福州", "厦门", "泉州", "南昌", "济南", "青岛", "烟台", "郑州", "洛阳", "武汉", "宜昌", "长沙", "株洲", "佛山",
    "东莞", "珠海", "南宁", "桂林", "海口", "成都", "绵阳", "贵阳", "昆明", "大理", "拉萨", "西安", "宝鸡", "兰州",
    "西宁", "银川", "沈阳", "大连", "长春", "太原", "唐山", "包头",
)  # fmt: skip
_PLACE = re.compile(r"(?P<name>[\u4e00-\u9fff]{2,3})(?=[市县省](?!长))")


class Readable(Protocol):
    """What is needed of a library."""

    def documents(self) -> list[DocumentInfo]:
        """Return all documents, without their texts."""
        ...

    def document(self, document_id: int) -> Document:
        """Return one document."""
        ...

    def document_chunks(self, document_id: int) -> list[Chunk]:
        """Return a document's chunks in reading order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A question that could be asked, and the sentence it comes from."""

    question: Question
    kind: str  # of what is asked for: money, date, person …
    document: str


def make_questions(library: Readable, count: int = 50, *, seed: int = 1) -> tuple[Question, ...]:
    """Draft at most ``count`` questions, a fifth of them unanswerable, spread over documents and kinds of fact.

    The same documents and seed give the same questions.

    Raises:
        QuestionsError: the documents hold no sentence that a question can be made of.
    """
    infos = library.documents()
    drafts = [draft for info in infos for draft in _drafts_of(library, info)]
    drafts = _unambiguous(drafts)
    if not drafts:
        raise QuestionsError(
            "no question could be made: the documents hold no sentence with a figure, date or name"
        )
    draw = random.Random(seed)
    missing = _near_misses(
        drafts, _AbsenceCheck(library, infos), draw, wanted=round(count * UNANSWERABLE_SHARE)
    )
    chosen = _spread(drafts, count - len(missing), draw)
    return tuple(sorted((*chosen, *missing), key=lambda question: question.id))


# --- from sentences to questions ------------------------------------------------------------------------------


def _drafts_of(library: Readable, info: DocumentInfo) -> list[Draft]:
    """Return the drafts of one document, at most two a sentence."""
    drafts: list[Draft] = []
    for chunk in library.document_chunks(info.id):
        if chunk.kind not in ("paragraph", "list"):
            continue
        for start, end in split_sentences(chunk.text):
            sentence = " ".join(chunk.text[start:end].split())
            drafts += list(_drafts_of_sentence(sentence, chunk, info))[:2]
        if len(drafts) >= _PER_DOCUMENT:
            break
    return drafts


def _drafts_of_sentence(sentence: str, chunk: Chunk, info: DocumentInfo) -> Iterator[Draft]:
    language = detect_language(sentence, info.language)
    if language not in MAX_SENTENCE or not _stands_alone(sentence, language):
        return
    make = _chinese if language == "zh" else _english
    for kind, answers, text in make(sentence, chunk.heading[0] if chunk.heading else info.title):
        yield Draft(
            kind=kind,
            document=info.name,
            question=Question(
                id=_identity(text, info.name),
                question=text,
                answers=tuple(dict.fromkeys(answers)),
                documents=(info.name,),
                evidence=(sentence,),
                type="cloze" if _GAP in text else "fact",
                language=language,
            ),
        )


def _stands_alone(sentence: str, language: str) -> bool:
    """Whether a sentence can be understood by itself and is whole: no pronoun first, brackets and quotes in pairs."""
    return (
        MIN_STEM[language] <= len(sentence) <= MAX_SENTENCE[language]
        and sentence[-1] in "。！.!”"
        and not _LEANS.match(sentence)
        and all(sentence.count(opening) == sentence.count(closing) for opening, closing in _PAIRS)
        and "\ufffd" not in sentence
    )


def _chinese(sentence: str, title: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield (kind, answers, question): the asking word takes the place of the answer."""
    candidates = find_candidates(sentence)
    who = "是誰" if fold(sentence) != _fold_width(sentence) else "是谁"
    for match in _TITLE_AND_NAME.finditer(sentence):
        names = [c for c in candidates if c.kind == "person" and c.start == match.start("name")]
        if (
            names
            and not _VAGUE.search(sentence)
            and not _NO_NAME.match(match["title"])
            and _names_something(match["title"])
        ):
            yield "person", [sentence[names[0].start : names[0].end]], f"{match['title']}{who}？"
    for candidate in candidates:
        asked = _asking_word(candidate, sentence[candidate.start : candidate.end])
        if not asked or _is_part_of_longer(sentence, candidate):
            continue
        stem = _until_clause_end(sentence, candidate)
        before, behind = stem[: candidate.start].rstrip(), stem[candidate.end :].lstrip()
        text = f"{_REPORTED.sub('', before)}{asked}{behind}".strip("，,；;。 ")
        if not _is_clear(text, asked) or sentence.count(sentence[candidate.start : candidate.end]) > 1:
            continue
        if _RELATIVE.search(text) or not _names_something(sentence[: candidate.start]):
            text = f"在《{title.translate(_INNER)}》中，{text}"
        yield candidate.kind, _answers(sentence, candidate), f"{text}？"


def _is_clear(text: str, asked: str) -> bool:
    """Whether a question says enough, points at nothing outside itself, and reports a fact, not the reporting."""
    return (
        len(text) - len(asked) >= MIN_STEM["zh"]
        and not _VAGUE.search(text)
        and all(text.count(opening) == text.count(closing) for opening, closing in _PAIRS)
    )


def _answers(sentence: str, candidate: Candidate) -> list[str]:
    """Return the answer as it stands, and with the modifier in front that belongs to its meaning."""
    return [sentence[candidate.start - lead : candidate.end] for lead in (0, candidate.lead)]


def _asking_word(candidate: Candidate, answer: str) -> str:
    """Return the word that asks for a candidate in its place; "" for what is not asked for."""
    if not re.search(r"\d", answer):
        return ""
    if candidate.kind == "date":
        return "哪一年" if re.fullmatch(r"\d{4}\s?年", answer) else "哪一天" if answer[-1] in "日号號" else ""
    if candidate.kind not in _ASKED or not candidate.unit:
        return ""
    unit = re.search(r"[^\d.,．，]+$", answer)
    return (
        f"{_ASKED[candidate.kind]}{unit[0].strip()}" if unit and candidate.kind != "percent" else "百分之多少"
    )


def _english(sentence: str, title: str) -> Iterator[tuple[str, list[str], str]]:
    """Yield (kind, answers, question): a question where the sentence is plain, else one with a gap to fill."""
    del title  # the whole sentence is quoted
    for candidate in find_candidates(sentence):
        answer = sentence[candidate.start : candidate.end]
        if candidate.kind not in _ENGLISH_ASK or not re.search(r"\d", answer) or sentence.count(answer) > 1:
            continue
        if _is_part_of_longer(sentence, candidate):
            continue
        answers = [answer, answer[candidate.lead :]]
        question = ask_for(sentence, candidate.start, candidate.end, candidate.kind)
        if question and not _RELATIVE_EN.search(question):
            yield candidate.kind, answers, question
            continue
        if candidate.kind == "quantity" and not candidate.unit:  # of what is not told
            continue
        gapped = f"{sentence[: candidate.start]}{_GAP}{sentence[candidate.end :]}"
        if len(gapped) - len(_GAP) >= MIN_STEM["en"]:
            yield (
                candidate.kind,
                answers,
                f"{_ENGLISH_ASK[candidate.kind]}: “{gapped}”?",
            )


def _is_part_of_longer(sentence: str, candidate: Candidate) -> bool:
    """Whether a figure goes on beyond the candidate, as in ranges, ordinals and model names."""
    before, after = sentence[: candidate.start][-1:], sentence[candidate.end :][:1]
    return bool(
        re.match(r"[\w.～~\-—第“《]", before) and re.match(r"[A-Za-z\d.～~\-—第“《]", before)
    ) or bool(re.match(r"[A-Za-z\d～~\-—”》]", after))


def _until_clause_end(sentence: str, candidate: Candidate) -> str:
    """Return the sentence up to the end of the candidate's clause; of a date that is its clause, the next one's."""
    end = _CLAUSE_END.search(sentence, candidate.end)
    if end and end.start() - candidate.end <= 2 and candidate.kind == "date":
        end = _CLAUSE_END.search(sentence, end.end())
    return sentence[: end.start()] if end else sentence


def _names_something(text: str) -> bool:
    """Whether an organisation, a place or a quoted name stands in a text, so that its subject is clear."""
    return any(c.kind in ("organisation", "place", "quoted", "person") for c in find_candidates(text))


def _fold_width(text: str) -> str:
    """Return what ``fold`` makes of a text apart from turning Traditional characters into Simplified ones."""
    return "".join(c if "\u3400" <= c <= "\u9fff" else fold(c) for c in text)


def _identity(text: str, document: str) -> str:
    return "m" + hashlib.sha256(f"{document}\0{text}".encode()).hexdigest()[:10]


# --- choosing ---------------------------------------------------------------------------------------------------


def _unambiguous(drafts: Sequence[Draft]) -> list[Draft]:
    """Leave out questions that two places answer differently; of those that agree the first stays."""
    by_text: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_text.setdefault(normalise(draft.question.question), []).append(draft)
    return [
        same[0]
        for same in by_text.values()
        if len({normalise((draft.question.answers or ("",))[0]) for draft in same}) == 1
    ]


def _spread(drafts: Sequence[Draft], count: int, draw: random.Random) -> list[Question]:
    """Take turns through documents, and within them through kinds of fact, so that none dominates."""
    groups: dict[str, dict[str, list[Draft]]] = {}
    for draft in draw.sample(list(drafts), len(drafts)):
        groups.setdefault(draft.document, {}).setdefault(draft.kind, []).append(draft)
    turns = {name: _alternate(list(kinds.values())) for name, kinds in sorted(groups.items())}
    return [draft.question for _, draft in zip(range(count), _alternate(list(turns.values())), strict=False)]


def _alternate(lists: Iterable[Sequence[T]]) -> list[T]:
    """First of each, second of each, and so on."""
    lists = list(lists)
    return [items[n] for n in range(max(map(len, lists), default=0)) for items in lists if n < len(items)]


# --- near misses ------------------------------------------------------------------------------------------------


class _AbsenceCheck:
    """Knows which years and places no document holds, in its text, title or date."""

    def __init__(self, library: Readable, infos: Sequence[DocumentInfo]) -> None:
        self._years: set[int] = set()
        self._places: set[str] = set()
        for info in infos:
            text = library.document(info.id).text
            stated = fold(" ".join((text, info.title, *info.metadata.values())))
            chunks = library.document_chunks(info.id)
            self._years |= _years_in(stated)
            for chunk in chunks:  # 次年, two years later
                self._years |= {
                    date.year for date in find_dates(chunk.text, chunk.date or info.date) if date.year
                }
            for year in {int(date[:4]) for date in (info.date, *(chunk.date for chunk in chunks)) if date}:
                self._years |= {year - 2, year - 1, year, year + 1}  # 前年, 去年, 今年, 明年
            self._places |= {place for place in _ELSEWHERE if place in stated}

    def nearest_year(self, year: int) -> int | None:
        """Return the year nearest to one that no document holds, within ten years; the earlier of two."""
        near = (year + step for distance in range(1, 11) for step in (-distance, distance))
        return next((other for other in near if other not in self._years), None)

    def places(self) -> list[str]:
        """Return cities that no document names."""
        return [place for place in _ELSEWHERE if place not in self._places]


def _years_in(folded: str) -> set[int]:
    """Return the years that a text writes, in either numerals, with those inside its spans: 2020 of 2019-21."""
    digits = _HAN_YEAR.sub(lambda match: str(parse_year(match[0])), folded)
    years = {int(year) for year in re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", digits)}
    years |= {int(f"20{year}") for year in re.findall(r"(?<!\d)'(\d\d)(?!\d)", digits)}
    for match in _YEARS.finditer(digits):
        first, last = int(match["first"]), int(match["first"][: -len(match["last"])] + match["last"])
        last += 100 if last < first else 0
        years |= set(range(first, last + 1)) if last - first <= _MOST_YEARS else set()
    return years


def _near_misses(
    drafts: Sequence[Draft], absent: _AbsenceCheck, draw: random.Random, *, wanted: int
) -> list[Question]:
    """Turn questions into ones that no document answers, by a year or a place that none of them holds."""
    made: dict[str, Question] = {}
    for draft in draw.sample(list(drafts), len(drafts)):
        if len(made) >= wanted:
            break
        text = _with_other_year(draft, absent) or _with_other_place(draft, absent, draw)
        if text:
            made[text] = Question(
                id=_identity(text, UNANSWERABLE),
                question=text,
                answers=(),
                type=UNANSWERABLE,
                language=draft.question.language,
            )
    return list(made.values())


def _with_other_year(draft: Draft, absent: _AbsenceCheck) -> str:
    """Return the question about a year that no document mentions; "" where it names none, or asks for it."""
    text = draft.question.question
    match = _GOVERNING_YEAR.search(text)
    if match is None or draft.kind == "date" or len(set(_YEAR.findall(text))) != 1:
        return ""
    year = match["zh"] or match["en"] or match["last"]
    other = absent.nearest_year(int(year))
    return text.replace(year, str(other)) if other and not re.search(rf"《[^》]*{year}", text) else ""


def _with_other_place(draft: Draft, absent: _AbsenceCheck, draw: random.Random) -> str:
    """Return the question about a place that no document mentions; "" where it names none."""
    text = draft.question.question
    match = _PLACE.search(text)
    places = absent.places()
    if match is None or not places or draft.question.language != "zh" or text.startswith("在《"):
        return ""
    starts = [
        c.start for c in find_candidates(text) if c.kind == "place" and c.start <= match.start() < c.end
    ]
    if not starts or starts[0] != match.start():
        return ""
    return text.replace(match["name"], draw.choice(places))
