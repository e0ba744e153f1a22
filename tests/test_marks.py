"""Marks by offsets: what is marked is exactly the cited text, and nothing of a document is ever markup."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Document, Page
from rag.datatypes import Citation, Passage
from ui.marks import document_html, exact_words, in_passage, marked, standing

TEXTS = st.text(alphabet=st.sampled_from("茶园42吨<>&\"'\n "), max_size=40)


class Reader(HTMLParser):
    """Collects the text, and the text inside marks of one class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.quoted, self.tags = "", "", set[str]()
        self._inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._inside = self._inside or ("class", "quote") in attributes

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        self.text += data
        self.quoted += data if self._inside else ""


def passage(text: str, spans: tuple[tuple[int, int], ...]) -> Passage:
    return Passage(number=1, document_id=1, source="a.txt", title="a", text=text, spans=spans)


def citation(quote: str, spans: tuple[tuple[int, int], ...]) -> Citation:
    return Citation(
        number=1,
        passage=1,
        document_id=1,
        source="a.txt",
        title="a",
        page=None,
        heading=(),
        date=None,
        start=spans[0][0],
        end=spans[-1][1],
        spans=spans,
        quote=quote,
        answer_start=0,
        answer_end=1,
        verdict="supported",
    )


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_marking_changes_no_text_and_marks_exactly_the_span(text: str, a: int, b: int) -> None:
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    read = Reader(marked(text, [((start, end), "quote")]))
    assert read.text == text
    assert read.quoted == text[start:end]
    assert read.tags <= {"mark"}


def test_the_first_of_overlapping_marks_wins() -> None:
    html = marked("abcdef", [((2, 3), "hit"), ((1, 5), "quote")])
    assert html == 'a<mark class="quote">b</mark><mark class="hit">c</mark><mark class="quote">de</mark>f'


def test_spans_of_a_document_map_into_a_stitched_passage() -> None:
    stitched = passage("甲乙丙丁", ((10, 12), (20, 22)))
    assert in_passage(stitched, [(11, 21), (30, 40)]) == [(1, 2), (2, 3)]


def test_the_exact_words_are_found_where_a_quote_is_stitched() -> None:
    cited = citation("产茶42吨", ((5, 8), (30, 32)))
    assert exact_words("42吨", cited) == [(7, 8), (30, 32)]


def test_parts_of_a_list_are_marked_each_and_absent_ones_not() -> None:
    cited = citation("茶园和磨坊", ((0, 5),))
    assert exact_words("茶园、磨坊、桥梁", cited) == [(0, 2), (3, 5)]


def test_a_document_is_shown_whole_with_pages_headings_and_no_markup_of_its_own() -> None:
    text = "# 茶园\n<script>alert(1)</script>\n产茶42吨。"
    document = Document(
        id=1,
        source="a.pdf",
        title="a",
        text=text,
        pages=(Page(number=1, span=(0, 4)), Page(number=2, span=(5, len(text)))),
    )
    start = text.index("42吨")
    html = document_html(document, [((start, start + 3), "quote")], {"茶园"}, "zh")
    read = Reader(html)
    assert read.quoted == "42吨"
    assert read.tags <= {"p", "mark"}
    assert '<p class="heading"><mark class="syntax"># </mark>茶园</p>' in html
    assert [part in unescape(html) for part in ("第 1 页", "第 2 页", "<script>alert(1)</script>")] == [
        True
    ] * 3


def test_a_span_that_is_not_its_quote_marks_no_words() -> None:
    broken = replace(citation("产茶42吨", ((5, 8),)))
    assert exact_words("42吨", broken) == []


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("20", "In 2020 the school had 20 teachers.", ["20 t"]),
        ("20", "120, 20.5, 1,20, 20,000 and 20th", []),
        ("885亿元", "1885亿元后来是885亿元", ["885亿"]),
        ("王鹏", "王鹏程说王鹏来了", ["王鹏程说", "王鹏来了"]),
        ("ship", "shipyards build a ship", ["ship"]),
        ("", "anything", []),
    ],
)
def test_words_are_found_where_they_are_no_part_of_a_longer_figure_or_word(
    words: str, text: str, found: list[str]
) -> None:
    assert [text[start : start + 4] for start, _ in standing(words, text)] == found
