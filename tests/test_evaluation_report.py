"""The page and the table: everything escaped, nothing from outside, both languages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from rag.datatypes import Answer, Passage
from rag.evaluation.questions import Question, QuestionSet
from rag.evaluation.report import passage_pieces, report_html, results_csv
from rag.evaluation.results import Result
from rag.evaluation.runner import Run, evaluate
from rag.evaluation.strings import STRINGS

MakeAnswer = Callable[..., Answer]
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">{{ 7*7 }} [x](javascript:alert(3)) http://evil.example/'


@pytest.fixture
def run(make_answer: MakeAnswer, scripted_assistant: Any) -> Run:
    questions = (
        Question(
            id="q1", question=f"几家？{HOSTILE}", answers=("12家", HOSTILE), evidence=(HOSTILE,), type=HOSTILE
        ),
        Question(
            id="q2", question="谁？", answers=(), type="unanswerable", language="zh", documents=(HOSTILE,)
        ),
        Question(id="q3", question="何时？", language="zh"),
    )
    script = {
        questions[0].question: make_answer(
            text=HOSTILE, short_answer=HOSTILE, passages=[HOSTILE, "12家"], cite=[1]
        ),
        "谁？": make_answer(text="李", passages=["李"], cite=[1]),
        "何时？": RuntimeError(HOSTILE),
    }
    return evaluate(scripted_assistant(script), QuestionSet(path=f"{HOSTILE}.jsonl", questions=questions))


class Tags(HTMLParser):
    """Collects elements with their attributes, and what was left open."""

    VOID = frozenset({"meta", "input", "br", "link", "img", "hr", "path", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


def test_text_of_documents_and_questions_is_only_ever_text(run: Run) -> None:
    tags = parsed(report_html(run))
    assert tags.open == []
    assert [tag for tag, _ in tags.seen].count("script") == 1
    assert not {tag for tag, _ in tags.seen} & {"img", "iframe", "object", "embed", "form", "base", "a"}
    assert not [name for _, attributes in tags.seen for name in attributes if name.startswith("on")]
    assert HOSTILE in "".join(tags.words)


def test_the_page_asks_for_nothing_from_outside(run: Run) -> None:
    tags = parsed(report_html(run))
    policy = next(a["content"] for tag, a in tags.seen if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    links = [a[name] for _, a in tags.seen for name in ("src", "href", "xlink:href", "action") if a.get(name)]
    assert all(link is not None and link.startswith("#") for link in links)
    style = re.search(r"<style>(.*?)</style>", report_html(run), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1].replace("url(#", "")
    assert "@import" not in style[1]


def test_every_text_is_there_in_both_languages(run: Run) -> None:
    tags = parsed(report_html(run))
    kinds = [attributes.get("class") for _, attributes in tags.seen]
    assert kinds.count("zh") == kinds.count("en") > 100
    assert all(chinese and english for chinese, english in STRINGS.values())
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for chinese, _ in STRINGS.values())
    assert not [english for _, english in STRINGS.values() if re.search(r"[\u4e00-\u9fff]", english)]


def test_the_drawings_are_vectors_with_the_pages_own_colours(run: Run) -> None:
    page = report_html(run)
    assert page.count("<svg") >= 4
    assert "var(--c1)" in page
    assert "data:image" not in page
    assert "@0n" not in page
    ids = re.findall(r' id="([^"]+)"', page.split("<svg", 1)[0])
    assert len(ids) == len(set(ids))


def test_a_figure_without_an_interval_has_a_single_dash(run: Run) -> None:
    (entries,) = run.metrics["by_document"].values()
    assert (entries["latency_p50_s"]["value"], entries["latency_p50_s"]["low"]) == (0.25, None)
    assert "– – –" not in report_html(run)


def test_the_same_run_gives_the_same_page(run: Run) -> None:
    assert report_html(run) == report_html(run)


def test_cited_words_and_gold_words_are_marked_where_they_stand(make_answer: MakeAnswer) -> None:
    answer = make_answer(passages=["前文。镇上有 12家工厂。后文。"], cite=[1])
    passage = Passage(
        number=1,
        document_id=1,
        source="a",
        title="a",
        text="前文。镇上有 12家工厂。后文。",
        spans=((100, 110), (200, 206)),
    )
    citation = replace(answer.citations[0], spans=((103, 110), (200, 202)))
    question = Question(id="q", question="几家？", answers=("12家",), evidence=("有12家",))
    result = Result(question=question, answer=replace(answer, citations=(citation,)))
    assert [(piece.text, piece.marks) for piece in passage_pieces(result, passage)] == [
        ("前文。", ()),
        ("镇上", ("cited",)),
        ("有 12家", ("cited", "gold")),
        ("工厂", ("cited",)),
        ("。后文。", ()),
    ]


def test_a_cell_that_a_spreadsheet_would_run_is_defused(make_answer: MakeAnswer) -> None:
    question = Question(id="q", question="=HYPERLINK(1)", answers=("-1",), type="fact")
    answer = make_answer(text="+1", passages=["x" * 40_000], confidence=0.5)
    row = next(
        csv.DictReader(
            io.StringIO(results_csv([Result(question=question, answer=answer, scores={"a": -1.0})]))
        )
    )
    assert (row["question"], row["gold_answers"], row["text"]) == ("'=HYPERLINK(1)", "'-1", "'+1")
    assert (row["a"], row["confidence"]) == ("-1.0", "0.5")
    assert len(row["passages"]) == 32_000


def test_a_page_of_thousands_of_questions_stays_of_bearable_size(run: Run) -> None:
    many = [replace(run.results[1], question=Question(id=f"m{n}", question="谁？")) for n in range(1_200)]
    page = report_html(replace(run, results=tuple(many)))
    assert page.count("data-state=") == 1_000
    assert "(200)" in page


def test_doubted_sentences_are_counted_marked_and_explained(
    doubted_answer: Answer, scripted_assistant: Any
) -> None:
    question = Question(id="q1", question="几吨？", answers=("42吨",), language="zh")
    asked = QuestionSet(path="q.jsonl", questions=(question,))
    run = evaluate(scripted_assistant({"几吨？": doubted_answer}), asked)
    assert (run.metrics["doubted_sentences"], run.metrics["doubted_answers"]) == (1, 1)
    page = report_html(run)
    assert '<mark class="doubted">售价9元。[2] ✖</mark>' in page
    assert "The passages it cites do not have this figure: 9元" in page
    assert "1 个回答中有 <b>1</b> 句未经引用的原文证实" in page
    (row,) = csv.DictReader(io.StringIO(results_csv(run.results)))
    assert row["doubts"] == "售价9元。[2] ✖ The passages it cites do not have this figure: 9元"


def test_a_run_of_a_version_without_doubts_still_has_a_report(run: Run) -> None:
    metrics = {name: value for name, value in run.metrics.items() if not name.startswith("doubted")}
    assert report_html(replace(run, metrics=metrics))
