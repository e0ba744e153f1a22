"""The lexical leg against the BM25 formula, and what it must find whatever way it is written."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import lexical
from index.terms import QueryTerm, document_terms, weighted_query

K1, B = 1.2, 0.75  # fixed in SQLite
Rows = list[tuple[int, str, str]]

TEXTS = [
    "青石镇造船厂2022年交付新船31艘，产值885亿元，同比增长22.5%。",
    "市委书记陈金虎在常州会见了造船厂的客人，双方谈到储能电站，容量23.2GWh。",
    "绿茶和红茶是青石镇的特产，二月里采茶的人很多。",
    "The shipyard of Greenstone delivered thirty-one vessels; its companies invested in storage.",
    "2023年3月28日，新余高新区的一家电池工厂落成，产值达到832亿元。",
    "气候条件十分好，适宜种水稻。",
]
ROWS: Rows = [(10 * n + 7, "青石镇年鉴 › 工业" if n < 3 else "", text) for n, text in enumerate(TEXTS)]
FILLER: Rows = [(1_000 + n, "", f"这里写着别的事情，编号甲{n}，没有什么意思。") for n in range(30)]


def library(rows: Rows) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    lexical.create_tables(connection)
    lexical.add(connection, rows)
    return connection


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = library(ROWS + FILLER)
    yield connection
    connection.close()


def found(connection: sqlite3.Connection, query: str, k: int = 1) -> list[str]:
    texts = {chunk_id: text for chunk_id, _, text in ROWS + FILLER}
    return [texts[chunk_id] for chunk_id, _ in lexical.search(connection, query, k)]


def bm25(rows: Rows, query: str) -> dict[int, float]:
    """Score by the formula in the docstring of ``lexical.search``, term by term, in plain Python."""
    headings = {chunk_id: Counter(document_terms(heading)) for chunk_id, heading, _ in rows}
    bodies = {chunk_id: Counter(document_terms(text)) for chunk_id, _, text in rows}
    lengths = {chunk_id: headings[chunk_id].total() + bodies[chunk_id].total() for chunk_id in bodies}
    average = sum(lengths.values()) / len(rows)
    scores: dict[int, float] = {}
    for term in weighted_query(query):
        assert not term.prefix
        holding = [n for n in bodies if headings[n][term.term] or bodies[n][term.term]]
        idf = math.log((len(rows) - len(holding) + 0.5) / (len(holding) + 0.5))
        idf = idf if idf > 0 else 1e-6
        for n in holding:
            f = lexical.HEADING_WEIGHT * headings[n][term.term] + bodies[n][term.term]
            part = f * (K1 + 1) / (f + K1 * (1 - B + B * lengths[n] / average))
            scores[n] = scores.get(n, 0.0) + term.weight * idf * part
    return scores


@pytest.mark.parametrize(
    "query",
    [
        "造船厂的产值是多少？",
        "青石镇工业",
        "storage companies",
        "陈金虎 常州 2023年",
        "别的事情没有意思",
        "885亿元",
    ],
)
def test_scores_are_those_of_the_formula(connection: sqlite3.Connection, query: str) -> None:
    expected = sorted(bm25(ROWS + FILLER, query).items(), key=lambda item: (-item[1], item[0]))
    result = lexical.search(connection, query, 100)
    assert dict(result) == pytest.approx(dict(expected), rel=1e-9)
    assert [score for _, score in result] == sorted((score for _, score in result), reverse=True)


SENTENCES = st.lists(st.text(st.sampled_from("青石镇造船厂的产值1年ab 。"), max_size=12), max_size=8)


@settings(deadline=None, max_examples=60)
@given(SENTENCES, SENTENCES, st.text(st.sampled_from("青石镇造船厂产值1年ab "), min_size=2, max_size=12))
def test_what_comes_and_goes_leaves_no_trace(stay: list[str], leave: list[str], query: str) -> None:
    kept: Rows = [(n, text[:2], text) for n, text in enumerate(stay, start=1)]
    gone: Rows = [(n, text[:3], text) for n, text in enumerate(leave, start=1)]
    gone = [(n + len(kept) // 2, heading, text) for n, heading, text in gone]  # some will be replaced
    with_history, fresh = library(gone), library(kept)
    try:
        lexical.remove(with_history, [n for n, _, _ in gone if n > len(kept)])
        lexical.remove(with_history, [12345])
        lexical.add(with_history, kept)
        assert lexical.search(with_history, query, 50) == lexical.search(fresh, query, 50)
        counts = "SELECT term, doc, cnt FROM lexical_vocabulary ORDER BY term"
        assert with_history.execute(counts).fetchall() == fresh.execute(counts).fetchall()
        assert lexical.mismatches(with_history, kept) == []
    finally:
        with_history.close()
        fresh.close()


def test_an_emptied_leg_is_empty(connection: sqlite3.Connection) -> None:
    lexical.remove(connection, [chunk_id for chunk_id, _, _ in ROWS + FILLER])
    assert lexical.search(connection, "造船厂", 5) == []
    assert connection.execute("SELECT count(*) FROM lexical_vocabulary").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM lexical_terms").fetchone() == (0,)


def test_a_transaction_that_is_rolled_back_changes_nothing(connection: sqlite3.Connection) -> None:
    connection.commit()
    before = lexical.search(connection, "造船厂", 5)
    lexical.add(connection, [(5, "造船厂", "造船厂造船厂")])
    lexical.remove(connection, [7])
    assert lexical.search(connection, "造船厂", 5) != before
    connection.rollback()
    assert lexical.search(connection, "造船厂", 5) == before


def test_a_damaged_leg_is_noticed_and_can_be_made_anew(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM lexical_terms WHERE chunk_id = 7")
    assert lexical.mismatches(connection, ROWS + FILLER) != []
    lexical.begin_anew(connection)
    lexical.add_anew(connection, [(5, "船厂", "begun and given up")])
    lexical.begin_anew(connection)
    lexical.add_anew(connection, lexical.rows_of_terms(ROWS + FILLER))
    assert lexical.mismatches(connection, ROWS + FILLER) != []
    lexical.finish_anew(connection)
    assert lexical.mismatches(connection, ROWS + FILLER) == []
    lexical.remove(connection, [7])
    lexical.add(connection, [row for row in ROWS + FILLER if row[0] == 7])
    assert lexical.mismatches(connection, ROWS + FILLER) == []


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("造船厂的产值是多少？", 0),
        ("造船廠的產值是多少？", 0),  # Traditional
        ("２０２２年交付了多少艘新船？", 0),  # full width
        ("青石镇造传厂交付", 0),  # a slip of the pen
        ("８８５亿", 0),
        ("who is Chen Jinhu?", 1),
        ("Changzhou", 1),
        ("chenjinhu", 1),
        ("Chagnzhou", 1),  # letters swapped
        ("Changzho", 1),  # a letter lost
        ("23.2 gwh", 1),
        ("茶", 2),
        ("company investments in vessel", 3),
        ("shipyrad", 3),
        ("Xinyu", 4),
        ("March 28, 2023", 4),
        ("2023-03-28", 4),
    ],
)
def test_a_passage_is_found_however_the_query_is_written(
    connection: sqlite3.Connection, query: str, number: int
) -> None:
    assert found(connection, query) == [TEXTS[number]]


def test_a_term_in_the_heading_counts_but_less_than_one_in_the_text(connection: sqlite3.Connection) -> None:
    lexical.add(connection, [(1, "港口", "一些话。"), (2, "一些话。", "港口")])
    assert [chunk_id for chunk_id, _ in lexical.search(connection, "港口", 5)] == [2, 1]


def test_allowed_ids_are_a_filter_not_a_cut_of_the_best(connection: sqlite3.Connection) -> None:
    everything = lexical.search(connection, "没有意思 产值", 100)
    allowed = {1_003, 1_017, 47, 999_999}
    assert (
        lexical.search(connection, "没有意思 产值", 2, allowed)
        == [hit for hit in everything if hit[0] in allowed][:2]
    )
    assert lexical.search(connection, "没有意思", 5, set()) == []
    assert lexical.search(connection, "没有意思", 50, frozenset(range(5_000))) == lexical.search(
        connection, "没有意思", 50
    )


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "？！",
        '"',
        "'; DROP TABLE lexical; --",
        "NEAR(a b)",
        "heading: x",
        "a AND OR NOT",
        "*",
        "^a",
        "\x00",
    ],
)
def test_a_query_is_never_taken_for_syntax(connection: sqlite3.Connection, query: str) -> None:
    assert isinstance(lexical.search(connection, query, 3), list)
    assert lexical.search(connection, "造船厂", 1)


def test_only_the_first_unknown_words_are_corrected() -> None:
    known = ["bakery", "castle", "dragon", "forest", "garden", "harbor", "island", "jungle", "kitten"]
    connection = sqlite3.connect(":memory:")
    lexical.create_tables(connection)
    lexical.add(connection, [(n, "", word) for n, word in enumerate(known, start=1)])
    slips = [QueryTerm(term=word[:-1] + "x") for word in known]
    assert [i for i, _ in lexical.search(connection, slips, 10)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [i for i, _ in lexical.search(connection, slips[::-1], 10)] == [2, 3, 4, 5, 6, 7, 8, 9]
    connection.close()


def test_no_results_are_asked_for(connection: sqlite3.Connection) -> None:
    assert lexical.search(connection, "造船厂", 0) == []


def test_any_text_can_be_indexed() -> None:
    rows: Rows = [
        (1, "\x00", "\ud800\udfff \x00"),
        (2, "", ""),
        (3, "a" * 100_000, "9" * 100_000 + "中" * 5_000),
    ]
    connection = library(rows)
    assert lexical.mismatches(connection, rows) == []
    assert [chunk_id for chunk_id, _ in lexical.search(connection, "中中", 5)] == [3]
    connection.close()


@pytest.mark.parametrize(
    ("query", "text", "matched"),
    [
        ("造船廠２０２２年的產值是多少？", TEXTS[0], ("造船厂", "2022年", "产值")),
        ("885亿", TEXTS[0], ("885亿元",)),
        ("Who is Chen Jinhu of Changzhou?", TEXTS[1], ("陈金虎", "常州")),
        ("companies that invest", TEXTS[3], ("companies", "invested")),
        ("茶", TEXTS[2], ("茶",)),
        ("潮汐能", "这是潮汐，能发电。", ("潮汐",)),
        ("是什么", TEXTS[5], ()),
        ("没有的词", TEXTS[5], ()),
        ("", TEXTS[0], ()),
    ],
)
def test_matched_terms_are_the_words_of_the_text(query: str, text: str, matched: tuple[str, ...]) -> None:
    assert lexical.matched_terms(query, text) == matched


def test_bigrams_that_no_word_covers_are_joined() -> None:
    assert lexical.matched_terms("氟硼铍钠矿", "发现了氟硼铍钠矿。") == ("氟硼铍钠矿",)
