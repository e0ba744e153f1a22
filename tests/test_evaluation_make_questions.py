"""Questions drafted from documents: right answers, real evidence, and near misses that no document answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from index.datatypes import Chunk, Document, DocumentInfo
from index.errors import QuestionsError
from rag.evaluation.make_questions import make_questions
from rag.evaluation.matching import find, holds
from rag.evaluation.questions import Question

CHINESE = (
    "2021年，澄湖高新区实现工业产值312亿元，同比增长9.4%。该区还有3家医院。",
    "澄湖高新区管委会主任顾远山说，全区企业达到1,204家。",
    "澄湖市位于大江北岸，陆地面积1873平方公里。",
    "澄湖轮渡公司在2019年新开了一条航线。",
)
ENGLISH = ("In 2023 the Chenghu ferry company carried 268,000 people across the lake. It has 9 ferries.",)


GAPPED = "Seen from the pier, the winter harbour of Chenghu with 46 people looks like a small town."


class Shelf:
    """A library of a few paragraphs, a chunk each."""

    def __init__(self, *texts: Sequence[str], date: str | None = None) -> None:
        self._texts = texts
        self._date = date

    def documents(self) -> list[DocumentInfo]:
        return [
            DocumentInfo(id=n, source=f"docs/{n}.txt", title=f"澄湖手册{n}", date=self._date)
            for n in range(len(self._texts))
        ]

    def document(self, document_id: int) -> Document:
        text = "\n\n".join(self._texts[document_id])
        return Document(id=document_id, source=f"docs/{document_id}.txt", title="", text=text)

    def document_chunks(self, document_id: int) -> list[Chunk]:
        paragraphs = self._texts[document_id]
        return [
            Chunk(document_id=document_id, position=n, spans=((0, len(text)),), text=text)
            for n, text in enumerate(paragraphs)
        ]


def answerable(made: Sequence[Question]) -> dict[str, tuple[str, ...]]:
    return {question.question: question.answers or () for question in made if not question.unanswerable}


def test_the_asking_word_takes_the_place_of_the_answer() -> None:
    found = answerable(make_questions(Shelf(CHINESE), 40))
    assert found["2021年，澄湖高新区实现工业产值多少亿元？"] == ("312亿元",)
    assert found["澄湖市位于大江北岸，陆地面积多少平方公里？"] == ("1873平方公里",)
    assert found["澄湖高新区管委会主任是谁？"] == ("顾远山",)
    assert found["澄湖轮渡公司在哪一年新开了一条航线？"] == ("2019年",)


def test_who_reports_a_fact_and_the_gaps_of_a_scan_are_no_part_of_the_question() -> None:
    text = "据统计，澄湖轮渡公司全年运送旅客 36万人次，其中外地游客不少。"
    assert "澄湖轮渡公司全年运送旅客多少万人次？" in answerable(make_questions(Shelf([text]), 4))


def test_in_english_a_plain_sentence_becomes_a_question_and_another_leaves_a_gap() -> None:
    made = make_questions(Shelf(ENGLISH, (GAPPED,)), 40)
    natural = "How many people did the Chenghu ferry company carry across the lake in 2023?"
    gap = f"Which figure is missing: “{GAPPED.replace('46 people', '____')}”?"
    assert {q.question: (q.answers, q.type) for q in made if q.question in (natural, gap)} == {
        natural: (("268,000 people",), "fact"),
        gap: (("46 people",), "cloze"),
    }


def test_every_answer_stands_in_its_evidence_and_the_evidence_in_its_document() -> None:
    shelf = Shelf(CHINESE, ENGLISH)
    made = [question for question in make_questions(shelf, 40) if not question.unanswerable]
    assert made
    for question in made:
        [evidence] = question.evidence
        [document] = question.documents
        assert all(holds(evidence, answer) for answer in question.answers or ())
        assert not any(holds(question.question, answer) for answer in question.answers or ())
        assert find(shelf.document(int(document.split(".")[0])).text, evidence)


def test_sentences_that_lean_on_others_are_left_alone() -> None:
    made = make_questions(Shelf(CHINESE, ENGLISH), 40)
    assert not [
        question for question in made if "医院" in question.question or "ferries" in question.question
    ]


def test_near_misses_ask_for_a_year_or_place_that_no_document_holds() -> None:
    shelf = Shelf(CHINESE, ENGLISH, date="2022-05-01")
    missing = [question for question in make_questions(shelf, 30) if question.unanswerable]
    assert len(missing) >= 2
    everything = "".join(shelf.document(n).text for n in range(2))
    for question in missing:
        assert question.answers == ()
        changed = [y for y in range(1990, 2040) if str(y) in question.question]
        assert all(str(year) not in everything and not 2020 <= year <= 2023 for year in changed)
        assert changed or "澄湖市" not in question.question


@pytest.mark.parametrize(
    "more",
    [
        "二〇二〇年和二○二二年另有两座工厂建成。",
        "2020-22年新建了两座工厂。",
        "1998—02年修路；2020年至二〇二二年新建了两座工厂。",
        "澄湖码头2021年建成，次年扩建，2018年立项，两年后批准。",
    ],
)
def test_a_year_is_held_however_it_is_written(more: str) -> None:
    shelf = Shelf(("2021年，澄湖高新区实现工业产值312亿元。", more))
    asked = [question.question for question in make_questions(shelf, 30) if question.unanswerable]
    assert asked
    assert not [question for question in asked if "2020年，" in question or "2022年，" in question]


def test_a_question_with_two_answers_is_not_asked() -> None:
    twice = ("2021年，澄湖高新区实现工业产值312亿元。",), ("2021年，澄湖高新区实现工业产值345亿元。",)
    assert not [
        text for text in answerable(make_questions(Shelf(*twice, CHINESE), 40)) if "工业产值多少" in text
    ]
    same = ("2021年，澄湖高新区实现工业产值312亿元。",), ("2021年，澄湖高新区实现工业产值312亿元。",)
    found = answerable(make_questions(Shelf(*same), 40))
    assert list(found).count("2021年，澄湖高新区实现工业产值多少亿元？") == 1


def test_the_same_documents_and_seed_give_the_same_questions() -> None:
    assert make_questions(Shelf(CHINESE), 5) == make_questions(Shelf(CHINESE), 5)
    assert len({q.id for q in make_questions(Shelf(CHINESE, ENGLISH), 40)}) == len(
        make_questions(Shelf(CHINESE, ENGLISH), 40)
    )


def test_the_count_is_kept_and_a_fifth_is_unanswerable() -> None:
    many = [[f"{year}年，澄湖高新区实现工业产值{year - 1700}亿元。"] for year in range(1950, 2024, 3)]
    made = make_questions(Shelf(*many), 20)
    assert len(made) == 20
    assert sum(question.unanswerable for question in made) == 4


@pytest.mark.parametrize("texts", [(), (("没有数字的一句话而已。",),)])
def test_documents_without_facts_are_one_clear_line(texts: tuple[Sequence[str], ...]) -> None:
    with pytest.raises(QuestionsError, match="no question could be made"):
        make_questions(Shelf(*texts), 10)
