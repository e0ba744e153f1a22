"""A question in the other language: words, names, figures, order, and the shipped lexicon."""

from __future__ import annotations

import lzma
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from time import perf_counter

import pytest

from index.errors import ModelError
from index.text import HAN
from index.translation import Lexicon, translate
from index.translation.figures import chinese_number, english_number
from index.translation.lexicon import FILES, base_forms, choose, singular


class Words:
    """A vocabulary that holds these terms, and spells these names."""

    def __init__(self, held: Collection[str] = (), names: Mapping[str, str] | None = None) -> None:
        self.held = set(held)
        self.names = names or {}

    def frequency(self, term: str) -> int:
        return int(term in self.held)

    def written(self, pinyin: str) -> str | None:
        return self.names.get(pinyin)

    def sounding(self, name: str) -> str | None:
        return None


def chinese(question: str, words: Words | None = None) -> str:
    made = translate(question, source="en", target="zh", vocabulary=words)
    assert made is not None
    return made.text


def english(question: str, words: Words | None = None) -> str:
    made = translate(question, source="zh", target="en", vocabulary=words)
    assert made is not None
    return made.text


@pytest.mark.parametrize(
    ("question", "rendering"),
    [
        ("Who is the general manager of the company?", "公司 总经理 是谁？"),
        ("When was the hospital founded?", "医院 什么时候 成立？"),
        ("How many companies are there in Germany?", "德国 有 多少家 公司？"),
        ("What was the output value of the steel industry in 2019?", "2019年 钢铁工业 产值 是多少？"),
        (
            "How many students did the university recruit in September 2015?",
            "2015年9月 大学 招聘 多少名 学生？",
        ),
        ("Why did the factory close?", "工厂 为什么 关闭？"),
        ("Where is the museum?", "博物馆 在哪里？"),
        ("How old is the sun?", "太阳 多大？"),
        ("What's the height of the tower?", "塔 高度 是多少？"),
        ("Who stole the horses?", "谁 偷 马？"),
    ],
)
def test_an_english_question_is_rendered_in_the_order_of_a_chinese_one(question: str, rendering: str) -> None:
    assert chinese(question) == rendering


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("10 billion yuan", "100亿元"),
        ("$2.5 million", "250万美元"),
        ("88.5 billion", "885亿"),
        ("30%", "30%"),
        ("12.5 percent", "12.5%"),
        ("March 28, 2022", "2022年3月28日"),
        ("28 March 2022", "2022年3月28日"),
        ("March 28th", "3月28日"),
        ("September 2015", "2015年9月"),
        ("in May", "5月"),
        ("1998", "1998年"),
    ],
)
def test_figures_and_dates_are_written_as_chinese_writes_them(said: str, written: str) -> None:
    assert written in chinese(f"Who paid {said}?").split("？")[0].split()


def test_a_large_figure_is_searched_for_in_both_ways_of_writing_it() -> None:
    made = translate("Who sold 30,000 cars?", source="en", target="zh")
    assert made is not None
    assert {"30000", "3万"} <= {term.term for term in made.terms if term.weight == 1.0}


def test_a_name_in_pinyin_is_written_as_the_documents_write_it() -> None:
    words = Words(names={"yunhe": "云河", "chenjinhu": "陈金湖"})
    assert chinese("When did Chen Jinhu visit Yunhe?", words) == "陈金湖 什么时候 访问 云河？"


def test_chinese_and_unknown_names_inside_an_english_question_are_kept() -> None:
    made = translate("Who founded Zorblatt (卓布拉)?", source="en", target="zh")
    assert made is not None
    assert {"Zorblatt", "卓布拉"} <= set(made.leading)
    assert "zorblatt" in {term.term for term in made.terms}


def test_a_name_in_pinyin_that_nothing_writes_is_no_other_word() -> None:
    assert chinese("When did Liu Qi arrive?", Words()) == "Liu Qi 什么时候 到？"
    made = translate("When did Liu Qi's train arrive?", source="en", target="zh")
    assert made is not None
    assert made.names == (("Liu Qi",),)
    assert "香港" in chinese("Who flew to Hong Kong?")  # the lexicon has it whole


def test_a_place_in_pinyin_is_what_is_read_so_and_not_the_court_of_its_name() -> None:
    assert chinese("Where is the Haidian park?", Words()).startswith("海淀 ")
    assert chinese("Where is the Canada park?", Words()).startswith("加拿大 ")


def test_the_documents_decide_between_meanings() -> None:
    assert choose([("存款", 0.6), ("沉积物", 0.4)], Words({"沉积物"}))[0][0] == "沉积物"
    assert choose([("存款", 0.6), ("沉积物", 0.4)], Words())[0][0] == "存款"


def test_the_weights_of_the_meanings_of_a_word_add_up_to_one() -> None:
    chosen = choose([("甲", 0.5), ("乙", 0.3), ("丙", 0.1), ("丁", 0.05)], Words())
    assert sum(share for _, share in chosen) == pytest.approx(1.0)
    assert [word for word, _ in chosen] == ["甲", "乙", "丙"]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("花园的主人是谁？", ["who", "garden", "owner"]),
        ("工厂什么时候开工？", ["when", "factory"]),
        ("2015年9月发生了什么？", ["what", "September", "2015"]),
        ("100亿元的投资在哪里？", ["where", "10", "billion", "yuan", "investment"]),
    ],
)
def test_a_chinese_question_is_put_into_english_words(question: str, words: list[str]) -> None:
    said = re.findall(r"[A-Za-z0-9]+", english(question))
    assert said[0] == words[0]
    assert set(words) <= set(said)


def test_a_chinese_name_is_spelt_as_the_documents_spell_it() -> None:
    assert "Changzhou" in english("常州有多少人？", Words({"changzhou"}))
    assert "Wang Lihua" in english("王丽华是谁？", Words({"wang", "lihua"}))


def test_other_pairs_of_languages_have_no_translation() -> None:
    assert translate("Wie is dat?", source="nl", target="zh") is None
    assert translate("谁？", source="zh", target="zh") is None


@pytest.mark.parametrize(
    "question", ["", "?", "the of", "什么", "的", "１２３", "a" * 2000, "为什么" * 600, "\x00"]
)
def test_odd_questions_are_no_trouble(question: str) -> None:
    for source, target in FILES:
        assert translate(question, source=source, target=target) is not None


def test_numbers_with_chinese_and_english_scales_are_spelt_out_with_their_scales() -> None:
    assert [chinese_number(n) for n in (999, 30_000, 1.2e8, 3e12)] == ["999", "3万", "1.2亿", "3万亿"]
    assert [english_number(n) for n in (999, 30_000, 1.2e8, 1e10)] == [
        "999",
        "30,000",
        "120 million",
        "10 billion",
    ]


@pytest.mark.parametrize(
    ("word", "one"),
    [("companies", "company"), ("boxes", "box"), ("glass", "glass"), ("bus", "bus"), ("china's", "china")],
)
def test_plurals_and_possessives_become_singular(word: str, one: str) -> None:
    assert singular(word) == one


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("signed", "sign"),
        ("merging", "merge"),
        ("shipped", "ship"),
        ("carried", "carry"),
        ("stolen", "steal"),
        ("hoove", "hoof"),  # singular makes that of hooves
    ],
)
def test_the_base_of_a_verb_is_among_its_base_forms(word: str, base: str) -> None:
    assert base in base_forms(word)


@pytest.mark.parametrize(("source", "target"), FILES)
def test_the_shipped_lexicon_is_sorted_and_says_only_shares(source: str, target: str) -> None:
    path = Path(__file__).parents[1] / "index" / "models" / "lexicon" / FILES[source, target]
    lines = lzma.decompress(path.read_bytes()).decode().split("\n")
    assert lines == sorted(lines)
    for line in lines[:: len(lines) // 500]:
        key, *entries = line.split("\t")
        shares = [int(entry.rsplit(":", 1)[1]) for entry in entries]
        assert key, line
        assert shares == sorted(shares, reverse=True), line
        assert sum(shares) <= 102, line  # each is rounded
        assert source == "ja" or bool(re.search(f"[{HAN}]", key)) == (source == "zh"), line


def test_a_damaged_lexicon_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"en-zh\.tsv\.xz"):
        Lexicon.load("en", "zh", tmp_path)
    shipped = Path(__file__).parents[1] / "index" / "models" / "lexicon" / FILES["en", "zh"]
    content = bytearray(shipped.read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / FILES["en", "zh"]).write_bytes(content)
    with pytest.raises(ModelError, match="install chuchu again"):
        Lexicon.load("en", "zh", tmp_path)


def test_translating_costs_milliseconds() -> None:
    questions = [f"How many companies did city number {n} attract in 20{n:02}?" for n in range(10, 60)]
    chinese(questions[0])
    begun = perf_counter()
    for question in questions:
        chinese(question)
    assert (perf_counter() - begun) / len(questions) < 0.05  # 0.6 ms on an idle machine


def test_names_are_what_is_capitalised_and_chinese_in_brackets_replaces_what_it_explains() -> None:
    def names(question: str) -> list[str]:
        made = translate(question, source="en", target="zh", vocabulary=Words(names={"yunhe": "云河"}))
        assert made is not None
        return [forms[0] for forms in made.names]

    assert names("Which company in Germany sells cars?") == ["德国"]
    assert names("Who visited Yunhe in Japan?") == ["云河", "日本"]
    assert names("In which year was Qiaoshu upgraded?") == [
        "Qiaoshu"
    ]  # that no passage writes it says something too
    assert names("Does Yunhe sell cars of Cloud River Auto (云河汽车)?") == ["云河", "云河汽车"]


@pytest.mark.timeout(20)  # a word that is longer than any of the lexicon once went round for ever
def test_a_word_longer_than_the_lexicons_longest_is_put_in_parts() -> None:
    translation = translate("全国人民代表大会常务委员会何时召开？", source="zh", target="en")
    assert translation
    assert translation.text == "when national people congress standing committee convene?"


def test_a_persons_name_that_nothing_knows_is_put_in_pinyin() -> None:
    translation = translate("韦小宝在哪里办事？", source="zh", target="en")
    assert translation
    assert "Wei Xiaobao" in translation.text


def test_a_name_that_may_be_chinese_or_foreign_is_searched_for_as_both() -> None:
    def terms(*held: str) -> set[str]:
        made = translate("哈利在哪里？", source="zh", target="en", vocabulary=Words(held=set(held)))
        assert made
        return {term.term for term in made.terms}

    assert {"harri", "li"} <= terms("ha", "li", "harri")
    assert "harri" not in terms("ha", "li")
    assert "li" not in terms("harri")


def test_a_name_that_is_pinyin_in_english_too_keeps_its_full_weight() -> None:
    made = translate("北京在哪里？", source="zh", target="en", vocabulary=Words(held={"beij", "beijing"}))
    assert made
    assert max(term.weight for term in made.terms if term.term.startswith("beij")) == 1.0


def test_a_foreign_name_that_nothing_knows_loses_its_possessive() -> None:
    translation = translate("Who saw Xyzzyx's horse?", source="en", target="zh")
    assert translation
    assert "Xyzzyx " in translation.text
