"""The whole pipe with the shipped models on the sample documents: what a person asks, what they get."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.datatypes import Filter, Hit
from index.errors import EmbedderMismatchError, LibraryNotFoundError, QueryError, ReadError
from index.library import Library
from index.search import search
from rag import Assistant
from rag.datatypes import Answer
from ui.sample import DOCUMENTS


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("samples") / "library"
    with Assistant.from_documents(DOCUMENTS, library=folder) as made:
        yield made


def assert_shows_what_it_says(assistant: Assistant, answer: Answer) -> None:
    """Every citation is verbatim in the stored text, every sentence that says something has one."""
    assert answer.citations
    for citation in answer.citations:
        text = assistant.library.document(citation.document_id).text
        assert "".join(text[start:end] for start, end in citation.spans) == citation.quote
        assert citation.verdict == "supported"
        assert f"[{citation.number}]" in answer.text[citation.answer_start : citation.answer_end]


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("2022年澜湾高新区实现工业产值多少？", "368亿元"),
        ("2021年澜湾高新区的工业产值是多少？", "312亿元"),
        ("岚川精密的创始人是谁？", "梁砚秋"),
        ("北码头至白鹭岛的航线票价多少？", "18元"),
        ("首批人才公寓有多少套？", "620套"),
        ("「銜月銅舟」有多重？", "2.84公斤"),
        ("临澜市的最高峰海拔多少米？", "684米"),
        ("桐光电子有多少名员工？", "387人"),
    ],
)
def test_it_answers_with_the_exact_words_and_shows_where_they_stand(
    assistant: Assistant, question: str, short: str
) -> None:
    answer = assistant.ask(question)
    assert answer.status == "answered"
    assert short in answer.text
    assert len(answer.text) <= 400
    assert_shows_what_it_says(assistant, answer)


def test_each_part_of_a_question_is_searched_for(assistant: Assistant) -> None:
    answer = assistant.ask("岚川精密和桐光电子分别成立于哪一年？")
    assert answer.short_answer == "2009年；2012年"
    assert len({citation.document_id for citation in answer.citations}) == 2
    assert [passage.number for passage in answer.passages] == list(range(1, len(answer.passages) + 1))
    assert len({passage.chunk_ids for passage in answer.passages}) == len(answer.passages)


@pytest.mark.parametrize(
    "question",
    [
        "谁发明了蒸汽机？",
        "2022年青岛高新区的工业产值是多少？",
        "临澜市地铁票价多少？",
        "Who is the mayor of Berlin?",
    ],
)
def test_it_says_when_the_documents_do_not_say_and_shows_the_nearest_passages(
    assistant: Assistant, question: str
) -> None:
    answer = assistant.ask(question)
    assert answer.status == "unanswerable"
    assert answer.short_answer == ""
    assert answer.citations == ()
    assert answer.passages


def test_a_follow_up_is_understood_from_the_history(assistant: Assistant) -> None:
    answer = assistant.ask("那2021年呢？", history=[("2022年澜湾高新区实现工业产值多少？", "368亿元。")])
    assert "312亿元" in answer.text
    assert "2021" in answer.query
    assert answer.question == "那2021年呢？"


def test_history_may_be_questions_alone(assistant: Assistant) -> None:
    answer = assistant.ask("那2021年呢？", history=["2022年澜湾高新区实现工业产值多少？"])
    assert "312亿元" in answer.text


def test_only_the_documents_asked_for_are_searched(assistant: Assistant) -> None:
    answer = assistant.ask("海棠轮渡公司运送旅客多少人次？", documents=["*2022-03*"])
    assert "268万人次" in answer.text
    assert {Path(passage.source).name for passage in answer.passages} == {"临澜日报-2022-03-16.txt"}
    hits = assistant.search("海棠轮渡公司", documents="*2022-03*")  # one pattern, not its letters
    assert {Path(hit.document.source).name for hit in hits} == {"临澜日报-2022-03-16.txt"}


def test_documents_that_are_not_there_are_named(assistant: Assistant) -> None:
    with pytest.raises(QueryError, match=r"no document matches \*2032\*"):
        assistant.ask("海棠轮渡公司运送旅客多少人次？", documents="*2032*")
    with pytest.raises(QueryError, match=r"no document matches \*2032\*;"):
        assistant.search("海棠轮渡公司", documents=["*2022-03*", "*2032*"])


def test_a_follow_up_without_words_is_answered_in_the_language_of_the_turn_before(
    assistant: Assistant,
) -> None:
    answer = assistant.ask("2021?", history=["What was the industrial output of Lanwan in 2022?"])
    assert answer.language == "en"
    assert answer.query == "What was the industrial output of Lanwan in 2021?"


def test_a_filter_by_date_leaves_only_chunks_of_that_time(assistant: Assistant) -> None:
    hits = assistant.search("工业产值", where=Filter(date_from="2023-03-01", date_to="2023-03"))
    dates = {hit.chunk.date or hit.document.date for hit in hits}
    assert hits
    assert {"2023-03-22"} <= dates
    assert all(date and (date == "2023" or date.startswith("2023-03")) for date in dates), dates


def test_a_hit_names_its_rank_scores_and_document(assistant: Assistant) -> None:
    hits = assistant.search("谐波减速器的年产能", k=3)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert "减速器" in hits[0].chunk.text
    assert set(hits[0].scores) <= {"cosine", "bm25", "fused"}
    assert hits[0].document.source.endswith(hits[0].document.name)
    assert hits[0].document.title


@pytest.mark.parametrize(
    "query",
    ["谐波减速器年产多少万台", "諧波減速器年產多少萬台", "谐波减速器年产１２万台", "谐波减速机年产多少万台"],
)
def test_script_width_and_a_slip_make_no_difference_to_what_is_found(
    assistant: Assistant, query: str
) -> None:
    assert any("谐波减速器12万台" in hit.chunk.text for hit in assistant.search(query, k=5))


def test_the_stream_goes_from_searching_to_the_same_answer(assistant: Assistant) -> None:
    events = list(assistant.stream("岚川精密的创始人是谁？"))
    phases = [event.phase for event in events]
    assert phases[:2] == ["searching", "passages"]
    assert set(phases[2:-1]) == {"text"}
    answer = events[-1].answer
    assert answer is not None
    assert "".join(event.text for event in events) == answer.text
    assert answer.text == assistant.ask("岚川精密的创始人是谁？").text


def test_an_answer_survives_json(assistant: Assistant) -> None:
    answer = assistant.ask("岚川精密的创始人是谁？")
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer
    assert json.loads(json.dumps(answer.to_dict())) == answer.to_dict()


def test_threads_may_share_an_assistant(assistant: Assistant) -> None:
    questions = ["岚川精密的创始人是谁？", "首批人才公寓有多少套？"] * 3
    expected = [assistant.ask(question).text for question in questions]
    got: dict[int, str] = {}

    def work(n: int) -> None:
        got[n] = assistant.ask(questions[n]).text

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(questions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[n] for n in range(len(questions))] == expected


@pytest.mark.parametrize("question", ["", " \n\t", "长" * 100_000])
def test_an_empty_or_endless_question_is_refused_in_one_sentence(assistant: Assistant, question: str) -> None:
    with pytest.raises(QueryError, match="the question"):
        assistant.ask(question)


@pytest.mark.parametrize("turn", ["2021年\udce4", ("2021年？", "312亿元\udce4")])
def test_a_history_that_is_no_text_is_refused(assistant: Assistant, turn: str | tuple[str, str]) -> None:
    with pytest.raises(QueryError, match="valid Unicode"):
        assistant.ask("那2022年呢？", history=[turn])


@pytest.mark.parametrize(
    "history", [None, 5, "去年呢？", [None], [()], [("2021年？", None)], [{"role": "user"}]]
)
def test_a_history_of_another_shape_is_refused(assistant: Assistant, history: Any) -> None:
    with pytest.raises(
        QueryError, match=r"list of earlier turns; give questions, or \(question, answer\) pairs"
    ):
        assistant.ask("那2022年呢？", history=history)


def test_a_long_turn_before_makes_no_short_question_too_long(assistant: Assistant) -> None:
    before = f"请看：{'澜湾' * 990}2021年的产值是多少？"
    assert assistant.ask("那2022年的工业总产值呢？", history=[before]).query == "那2022年的工业总产值呢？"


@pytest.mark.parametrize("documents", [None, 5, b"x", ["*", None], [Path("x.txt")]])
def test_documents_that_are_no_names_are_refused(assistant: Assistant, documents: Any) -> None:
    with pytest.raises(QueryError, match=r"^documents is .*a list of texts was expected"):
        assistant.search("产值", documents=documents)


@pytest.mark.parametrize(
    ("where", "field"),
    [
        (Filter(languages="zh"), "languages"),  # type: ignore[arg-type]
        (Filter(date_from="last year"), "date_from"),
        (Filter(date_to=2023), "date_to"),  # type: ignore[arg-type]
        ("*2023*", "where"),
    ],
)
def test_a_filter_that_lets_nothing_through_by_mistake_is_refused(
    assistant: Assistant, where: Any, field: str
) -> None:
    with pytest.raises(QueryError, match=f"^{field} is "):
        assistant.search("产值", where=where)


def test_a_pattern_without_a_character_is_named(assistant: Assistant) -> None:
    with pytest.raises(QueryError, match="no document matches '';"):
        assistant.search("产值", documents="")


def test_documents_that_are_removed_once_they_are_found_are_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(library: Library, *rest: Any, **options: Any) -> list[Hit]:
        hits = search(library, *rest, **options)
        with Library.open(library.folder) as other:
            other.remove(["*"])
        return hits

    with Assistant.from_documents(DOCUMENTS, library=tmp_path / "library") as assistant:
        monkeypatch.setattr("rag.retriever.search", found)
        assert "368亿元" in assistant.ask("2022年澜湾高新区实现工业产值多少？").text
        assert assistant.library.documents() == []


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match="nowhere"):
        Assistant.open(tmp_path / "nowhere")


def test_nothing_to_read_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    with pytest.raises(ReadError, match="docs"):
        Assistant.from_documents(tmp_path / "docs", library=tmp_path / "library")


def test_a_library_refuses_another_embedder(assistant: Assistant) -> None:
    class Other:
        fingerprint = "other"
        dimensions = 3

    with pytest.raises(EmbedderMismatchError, match="other"):
        assistant.library.require(Other.fingerprint)
