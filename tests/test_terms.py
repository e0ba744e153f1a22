"""Terms of documents and queries: words, bigrams, numbers with units, Latin stems, pinyin of names."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.terms import (
    MAX_QUERY_TERMS,
    MAX_TERM,
    PART_WEIGHT,
    PINYIN_MARK,
    QueryTerm,
    document_terms,
    stem,
    tagged_words,
    tokens,
    weighted_query,
)
from index.text import fold

MIXED = st.text(
    st.one_of(
        st.characters(), st.sampled_from("青石镇陈金虎王在的0123456789,.%亿万元年月日 aAbcgwhGWh'-ァあ한ไ")
    )
)


def searched_for(query: str) -> list[str]:
    return [term.term for term in weighted_query(query)]


@settings(deadline=None)  # dictionaries load on first use
@given(MIXED)
def test_a_term_never_holds_a_character_at_which_the_full_text_index_would_split_it(text: str) -> None:
    for term in document_terms(text):
        assert re.fullmatch(r"[a-z0-9.%~\x80-\U0010ffff]+", term), term
        assert len(term) <= MAX_TERM


@settings(deadline=None)  # dictionaries load on first use
@given(MIXED)
def test_a_token_stands_where_it_says(text: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        if re.fullmatch("[\u4e00-\u9fff]+", token.term):
            assert fold(text[token.start : token.end]) == token.term


@settings(deadline=None)  # dictionaries load on first use
@given(MIXED)
def test_a_query_searches_for_each_term_once_and_only_for_terms_that_a_document_would_have(text: str) -> None:
    terms = searched_for(text)
    assert len(terms) == len(set(terms)) <= MAX_QUERY_TERMS
    assert {term for term in terms if not term.startswith(PINYIN_MARK)} <= set(document_terms(text))


def test_chinese_is_cut_in_search_mode_with_the_bigrams_between_words() -> None:
    assert document_terms("主导产业是造船") == [
        "主导", "产业", "主导产业", "是", "造船", "导产", "业是", "是造", "船",
    ]  # fmt: skip


def test_parts_weigh_less_and_function_words_nothing() -> None:
    assert weighted_query("主导产业是什么？") == (
        QueryTerm(term="主导产业"),
        QueryTerm(term="主导", weight=PART_WEIGHT),
        QueryTerm(term="产业", weight=PART_WEIGHT),
        QueryTerm(term="导产", weight=PART_WEIGHT),
        QueryTerm(term="业是", weight=PART_WEIGHT),
    )


@pytest.mark.parametrize("query", ["是什么", "the", "多少"])
def test_function_words_are_searched_for_where_there_is_nothing_else(query: str) -> None:
    assert searched_for(query)


@pytest.mark.parametrize("query", ["", "  ", "？！", "\x00", "\ud800", "😀"])
def test_a_query_without_words_has_no_terms(query: str) -> None:
    assert searched_for(query) == []


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("885亿元", ["885亿元", "885亿", "885"]),
        ("８８５億元", ["885亿元", "885亿", "885"]),
        ("885 亿元", ["885亿元", "885亿", "885"]),
        ("885亿", ["885亿", "885"]),
        ("23.2GWh", ["23.2gwh", "23.2", "gwh"]),
        ("23.2 GWh", ["23.2gwh", "23.2", "gwh"]),
        ("22.5%", ["22.5%", "22.5"]),
        ("2022年", ["2022年", "2022"]),
        ("二〇二二年", ["2022年", "2022"]),
        ("3月28日", ["3月28日", "3月"]),
        ("03月28号", ["3月28日", "3月"]),
        ("2022年3月28日", ["2022年", "2022", "3月28日", "3月"]),
        ("2022-03-28", ["3月28日", "3月", "2022年", "2022"]),
        ("2022/3/28", ["3月28日", "3月", "2022年", "2022"]),
        ("March 28, 2022", ["3月28日", "3月", "march", "2022"]),
        ("450余名", ["450名", "450"]),
        ("20多万人", ["20万人", "20万", "20"]),
        ("1,234,567", ["1234567"]),
        ("1,000万度", ["1000万度", "1000万", "1000"]),
        ("1,2", ["1", "2"]),
        ("320Ah", ["320ah", "320", "ah"]),
        ("PM2.5", ["pm2.5", "pm"]),
        ("covid-19", ["covid19", "covid"]),
        ("COVID19", ["covid19", "covid"]),
        ("Xi'an-2023", ["xian2023"]),
    ],
)
def test_numbers_are_kept_whole_and_in_shorter_forms(text: str, terms: list[str]) -> None:
    assert document_terms(text) == terms


def test_a_year_does_not_swallow_the_word_after_it() -> None:
    assert {"2022年", "产值"} <= set(document_terms("2022年产值"))


@pytest.mark.parametrize(
    ("one", "other"),
    [("companies", "company"), ("investing", "invested"), ("batteries'", "battery"), ("Town's", "town")],
)
def test_forms_of_a_latin_word_are_one_term(one: str, other: str) -> None:
    assert document_terms(one) == document_terms(other)


def test_short_words_are_not_stemmed() -> None:
    assert [stem(word) for word in ("gas", "bus", "its")] == ["gas", "bus", "its"]


def pinyin(text: str) -> set[str]:
    return {term.removeprefix(PINYIN_MARK) for term in document_terms(text) if term.startswith(PINYIN_MARK)}


@pytest.mark.parametrize(
    ("text", "spellings"),
    [
        ("常州的春天", {"changzhou"}),
        ("常州市政府", {"changzhou", "changzhoushi"}),
        ("市委书记陈金虎出席", {"chenjinhu", "jinhu", "chen"}),
        ("总经理王鹏程说", {"wangpengcheng", "pengcheng", "wang"}),
        ("重庆的桥", {"chongqing"}),
        ("新余高新区", {"xinyu"}),  # by what follows: jieba takes the word for an adjective
        ("江北蜂巢能源科技有限公司", {"fengchao"}),  # by its place in a company's name
        ("引进的中天宏远新材料公司", {"zhongtian", "hongyuan"}),
        ("曾国强院士", {"zengguoqiang"}),
        ("陕西与山西", {"shaanxi", "shanxi"}),
    ],
)
def test_names_are_found_by_their_pinyin(text: str, spellings: set[str]) -> None:
    assert spellings <= pinyin(text)


def test_ordinary_words_have_no_pinyin() -> None:
    assert pinyin("今天我们在工厂里看到了很多机器，大家都很高兴。") == set()


@pytest.mark.parametrize(
    ("query", "searched"),
    [
        ("Chen Jinhu", "chenjinhu"),
        ("Chen Jin Hu", "chenjinhu"),
        ("chenjinhu", "chenjinhu"),
        ("Jinhu Chen", "jinhu"),
        ("the mayor of Changzhou", "changzhou"),
        ("Changzhou’s mayor", "changzhou"),
        ("Xi'an", "xian"),
        ("xinyu", "xinyu"),
        ("wuxi gdp", "wuxi"),
        ("Who is Mr Wang?", "wang"),
        ("Hong Kong", "hongkong"),
        ("weather in Shaanxi", "shaanxi"),
    ],
)
def test_a_query_in_latin_letters_searches_for_pinyin(query: str, searched: str) -> None:
    assert PINYIN_MARK + searched in searched_for(query)


@pytest.mark.parametrize("query", ["how long can men sing songs", "who will make lace like the old women do"])
def test_short_english_words_are_no_names(query: str) -> None:
    found = {term for term in searched_for(query) if term.startswith(PINYIN_MARK)}
    assert found.isdisjoint({"~long", "~men", "~can", "~song", "~make", "~like", "~lace"})


def test_a_query_of_one_character_is_a_prefix() -> None:
    assert weighted_query("茶") == (QueryTerm(term="茶", prefix=True),)


def test_a_very_long_query_is_cut_to_its_first_words() -> None:
    terms = weighted_query("青石镇的造船厂在二月里交付了三艘新船，" * 5_000)
    assert len(terms) <= MAX_QUERY_TERMS
    assert "造船厂" in {term.term for term in terms}
    assert len(weighted_query("".join(chr(0x4E00 + n) for n in range(3_000)))) == MAX_QUERY_TERMS


def test_traditional_full_width_and_upper_case_have_the_same_terms() -> None:
    assert document_terms("造船廠在２０２２年發展ＡＢＣ業務") == document_terms("造船厂在2022年发展abc业务")


def test_tags_of_words_are_to_be_had() -> None:
    assert tagged_words("北京很大") == [("北京", "ns"), ("很大", "a")]


def test_nothing_heavy_is_loaded_before_the_first_text() -> None:
    code = "import sys, index.terms; print({'rjieba', 'pypinyin', 'zhconv', 'snowballstemmer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
