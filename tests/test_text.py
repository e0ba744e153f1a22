"""Folding keeps every code point at its place; the language of a question is told by what holds it together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.text import MAX_LANGUAGE_SAMPLE, detect_language, fold, is_chinese


def test_every_code_point_folds_to_one_that_folds_to_itself() -> None:
    everything = [chr(code) for code in range(0x110000)]
    folded = [fold(char) for char in everything]
    assert [len(char) for char in folded] == [1] * len(everything)
    assert [fold(char) for char in folded] == folded


@settings(deadline=None)  # dictionaries load on first use
@given(st.text(st.characters(exclude_characters="○")))  # which folds by what stands before it
def test_folding_works_code_point_by_code_point(text: str) -> None:
    assert fold(text) == "".join(fold(char) for char in text)
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("臺灣發展與後續計劃", "台湾发展与后续计划"),
        ("２０２２年，ＧＤＰ　８８５．５％", "2022年,gdp 885.5%"),
        ("Café ÀÉÎÕÜ Đặng", "cafe aeiou dang"),
        ("“引号”「括号」‘单’", '"引号""括号"\'单\''),
        ("ΣΟΦΟΣ σοφος", "σοφοσ σοφοσ"),
        ("İstanbul", "istanbul"),
        ("⼈⼝", "人口"),  # Kangxi radicals, as some PDF files hold
        ("", ""),
    ],
)
def test_forms_that_people_take_for_the_same_fold_alike(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_circle_is_the_zero_of_a_year_and_nothing_elsewhere() -> None:
    assert fold("二○一五年，二○○八年") == fold("二〇一五年，二〇〇八年")
    assert fold("王○○ ○ bullet 二○二三年") == "王○○ ○ bullet 二〇二三年"


@pytest.mark.parametrize("text", ["①2022年", "10²", "㎡", "ß", "ﬁ", "㍿", "Ⅻ½"])
def test_a_figure_is_never_made_of_a_sign(text: str) -> None:
    assert [char for char in fold(text) if char.isdecimal()] == [char for char in text if char.isdecimal()]
    assert len(fold(text)) == len(text)


def test_a_lone_surrogate_is_left_alone() -> None:
    assert fold("a\ud800b") == "a\ud800b"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("青石镇有多少人口？", "zh"),
        ("青石鎮有多少人口？", "zh"),
        ("What is the GDP of 常州?", "en"),
        ("BYD的总投资是多少", "zh"),
        ("NVIDIA GeForce RTX 4090 Ti是什么?", "zh"),
        ("Who runs the 青石镇新能源汽车产业园管理委员会 and its 投资公司?", "en"),
        ("GDP 青石", "zh"),
        ("Lanchuan Pro多重？", "zh"),
        ("what about 2023?", "en"),
        ("OpenAI", "en"),
        ("東京タワーはどこですか", "ja"),
        ("優の良品在哪里买", "zh"),
        ("이 회사의 대표는 누구입니까?", "ko"),
        ("Кто директор?", "ru"),
        ("Хто є директором її?", "uk"),
        ("Wer ist der Direktor?", "de"),
        ("Quel est le chiffre d'affaires ?", "fr"),
        ("¿Quién es la directora?", "es"),
        ("Qual é o investimento total da empresa?", "pt"),
        ("Berapa total investasi perusahaan ini?", "id"),
        ("Giám đốc của công ty là ai?", "vi"),
        ("من هو المدير؟", "ar"),
        ("निदेशक कौन है?", "hi"),
        ("ใครเป็นผู้อำนวยการ", "th"),
        ("2023?", "zh"),
        ("", "zh"),
    ],
)
def test_the_language_of_a_question(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_text_without_letters_has_the_language_it_is_said_to_have() -> None:
    assert detect_language("2023: 42 %", default="en") == "en"


def test_a_long_text_is_judged_by_its_beginning() -> None:
    assert (
        detect_language("这是一段中文。" * MAX_LANGUAGE_SAMPLE + "the end of it " * MAX_LANGUAGE_SAMPLE)
        == "zh"
    )


def test_a_chinese_text_with_english_names_stays_chinese() -> None:
    text = "青石镇的 River Mill Components 公司在 2022 年与 Northern Light Batteries 签了合同，工厂由两家共同管理。"
    assert detect_language(text * 5) == "zh"


def test_han_characters_are_seen_anywhere() -> None:
    assert [is_chinese(text) for text in ("abc 中", "abc", "かな", "𠀀")] == [True, False, False, True]
