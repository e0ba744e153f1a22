"""Markers and sentences of a text that comes in pieces: the same wherever it is cut."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answerers.markers import Marked, SentenceParser, expand


def parse(pieces: list[str]) -> list[tuple[str, str, tuple[tuple[int, int], ...]]]:
    parser = SentenceParser()
    ended: list[Marked] = []
    for piece in pieces:
        ended += parser.feed(piece)
        parser.beginning()
    ended += parser.finish()
    return [(s.lead, s.text, s.markers) for s in ended]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("产值885亿元[1]。", [("", "产值885亿元。", ((7, 1),))]),
        ("产值885亿元。[1]", [("", "产值885亿元。", ((8, 1),))]),
        ("产值885亿元【２】。", [("", "产值885亿元。", ((7, 2),))]),
        ("产值885亿元【1†source】。", [("", "产值885亿元。", ((7, 1),))]),
        ("产值885亿元[段落3]。", [("", "产值885亿元。", ((7, 3),))]),
        ("It was 88.5 billion [1, 3].", [("", "It was 88.5 billion.", ((19, 1), (19, 3)))]),
        ("Built in 1874 [2-4].", [("", "Built in 1874.", ((13, 2), (13, 3), (13, 4)))]),
        ("产值[1][2]增长。", [("", "产值增长。", ((2, 1), (2, 2)))]),
        (
            "产值885亿元。[1]同比增长17%[2]。",
            [("", "产值885亿元。", ((8, 1),)), ("", "同比增长17%。", ((7, 2),))],
        ),
        (
            "It was built in 1874. [1] It grew in 1900. [2]",
            [("", "It was built in 1874.", ((21, 1),)), (" ", "It grew in 1900.", ((16, 2),))],
        ),
        ("甲。[1]\n- 乙[2]\n", [("", "甲。", ((2, 1),)), ("\n", "- 乙", ((3, 2),))]),
        ("甲成立。\n[2] 乙成立。", [("", "甲成立。", ()), ("\n ", "乙成立。", ((0, 2),))]),
        ("甲成立。\n[2]\n乙成立。", [("", "甲成立。", ((4, 2),)), ("\n\n", "乙成立。", ())]),
        ("根据第2段，产值885亿元。", [("", "根据，产值885亿元。", ((2, 2),))]),
        ("依据段落 3 的描述，产值增长[1]。", [("", "依据 的描述，产值增长。", ((2, 3), (11, 1)))]),
        ("根据段落[1] 的描述，产值增长。", [("", "根据段落 的描述，产值增长。", ((4, 1),))]),
        (
            "按照第3段落实责任。地铁第2段，已开通。",
            [("", "按照第3段落实责任。", ()), ("", "地铁第2段，已开通。", ())],
        ),
        ("According to passage 2, it grew.", [("", "According to , it grew.", ((13, 2),))]),
        ("Based on passage 1, 12 men came.", [("", "Based on , 12 men came.", ((9, 1),))]),
        ("According to the passage 12 men came.", [("", "According to the passage 12 men came.", ())]),
        ("见[2022]年报[附件]。", [("", "见[2022]年报[附件]。", ())]),
        ("“项目已开工[1]。”李明说。", [("", "“项目已开工。”李明说。", ((6, 1),))]),
        ("产值增长（段落1）。", [("", "产值增长。", ((4, 1),))]),
        ("产值增长[段落1, 段落2]。", [("", "产值增长。", ((4, 1), (4, 2)))]),
        ("产值增长[第1段]。", [("", "产值增长。", ((4, 1),))]),
        ("段落1指出，产值增长。", [("", "段落指出，产值增长。", ((2, 1),))]),
        ("段落1和段落 2中提到产值增长。", [("", "段落中提到产值增长。", ((2, 1), (2, 2)))]),
        ("It grew (Passage 1).", [("", "It grew.", ((7, 1),))]),
        ("It grew [Passage 1, Passage 2].", [("", "It grew.", ((7, 1), (7, 2)))]),
        ("It grew [1, 2 and 3].", [("", "It grew.", ((7, 1), (7, 2), (7, 3)))]),
        (r"It grew \[1\].", [("", "It grew.", ((7, 1),))]),
        ("Passage 1 states that it grew.", [("", "Passage states that it grew.", ((7, 1),))]),
        ("Passages 1, 2 and 3 say so.", [("", "Passages say so.", ((8, 1), (8, 2), (8, 3)))]),
        ("产值增长[1]、[2]和（段落3）。", [("", "产值增长。", ((4, 1), (4, 2), (4, 3)))]),
        (
            "Growth [1] and [2]. Loss [1], [3].",
            [("", "Growth.", ((6, 1), (6, 2))), (" ", "Loss.", ((4, 1), (4, 3)))],
        ),
        ("It grew [1] and shrank [2].", [("", "It grew and shrank.", ((7, 1), (18, 2)))]),
        ("产值[1]、段落2指出的利润。", [("", "产值、段落指出的利润。", ((2, 1), (5, 2)))]),
        (
            "According to passage 2 [1], it grew.",
            [("", "According to , it grew.", ((13, 2), (13, 1)))],
        ),
        ("第1段指出，产值增长。", [("", "段落指出，产值增长。", ((2, 1),))]),
        ("根据段落1和段落2，产值增长。", [("", "根据，产值增长。", ((2, 1), (2, 2)))]),
        ("根据第1段、第3段，产值增长。", [("", "根据，产值增长。", ((2, 1), (2, 3)))]),
        ("根据段落1，12 家企业。", [("", "根据，12 家企业。", ((2, 1),))]),
        (
            "According to passages 1, 2 and 4, it grew.",
            [("", "According to , it grew.", ((13, 1), (13, 2), (13, 4)))],
        ),
        (
            "According to passages 3 to 5, it grew.",
            [("", "According to , it grew.", ((13, 3), (13, 4), (13, 5)))],
        ),
        ("Passages 1 to 3 say so.", [("", "Passages say so.", ((8, 1), (8, 2), (8, 3)))]),
        ("根据第2段到第4段，产值增长。", [("", "根据，产值增长。", ((2, 2), (2, 3), (2, 4)))]),
        ("It grew [2 to 4].", [("", "It grew.", ((7, 2), (7, 3), (7, 4)))]),
        ("As stated in passage 1, it grew.", [("", "As stated in , it grew.", ((13, 1),))]),
        ("It grew (see passage 2).", [("", "It grew.", ((7, 2),))]),
        ("产值增长（见段落1）。", [("", "产值增长。", ((4, 1),))]),
        ("产值增长（来源：段落1、段落3）。", [("", "产值增长。", ((4, 1), (4, 3)))]),
        ("以上信息来自段落1。", [("", "以上信息来自。", ((6, 1),))]),
        ("According to passage 1 to us.", [("", "According to  to us.", ((13, 1),))]),
        ("产值增长（见附件2）。", [("", "产值增长（见附件2）。", ())]),
        ("他们的意见第3段，", [("", "他们的意见第3段，", ())]),
        ("Passage 1 reportage.", [("", "Passage 1 reportage.", ())]),
        ("段落1落实责任，共12人（附件2）。", [("", "段落1落实责任，共12人（附件2）。", ())]),
        ("It grew in 1912 (12), passage 1 done.", [("", "It grew in 1912 (12), passage 1 done.", ())]),
        ("区间为[0, 1]，取arr[0]。", [("", "区间为[0, 1]，取arr[0]。", ())]),
        ("取`a[1][2]`与`f(x)[3]`[1]。", [("", "取`a[1][2]`与`f(x)[3]`。", ((20, 1),))]),
        (
            "```py\nx = a[1]\n```\n产值[1]。",
            [("", "```py\nx = a[1]", ()), ("\n", "```", ()), ("\n", "产值。", ((2, 1),))],
        ),
        (
            "`GDP [1]`and GDP[2], `未完\nGDP[3]",
            [("", "`GDP`and GDP, `未完", ((4, 1), (12, 2))), ("\n", "GDP", ((3, 3),))],
        ),
        ("产值增长[2]–[4]。", [("", "产值增长。", ((4, 2), (4, 3), (4, 4)))]),
        ("人口增长【2】至【4】。", [("", "人口增长。", ((4, 2), (4, 3), (4, 4)))]),
        ("It grew [1], [3] to [5].", [("", "It grew.", ((7, 1), (7, 3), (7, 4), (7, 5)))]),
        ("It grew [4] - [2].", [("", "It grew.", ((7, 4), (7, 2)))]),
        ("It grew [1] today [2].", [("", "It grew today.", ((7, 1), (13, 2)))]),
        ("It grew [1] – see [3].", [("", "It grew – see.", ((7, 1), (13, 3)))]),
        ("It grew [1,\n2].", [("", "It grew [1,\n2].", ())]),
        ("增长（见\n段落1）。[2]", [("", "增长（见", ()), ("\n", "段落1）。", ((5, 2),))]),
        ("未写完 [1", [("", "未写完 [1", ())]),
        ("", []),
        ("[1]", []),
    ],
)
def test_sentences_and_markers(
    text: str, sentences: list[tuple[str, str, tuple[tuple[int, int], ...]]]
) -> None:
    assert parse([text]) == sentences
    assert parse(list(text)) == sentences


@pytest.mark.parametrize(
    "row",
    ["[[1]] " * 20, "（passages 1）" * 20, "(document 1) " * 20, "[1," + " " * 300, "[[1]] " * 2000,
     *(f"{begun}{' ' * 20_000}" for begun in ("第", "段落", "（见", "in ", "[1")), "段落1和" * 5000, "根据" * 10_000],
)  # fmt: skip
def test_a_model_that_repeats_itself_is_read_without_delay(row: str) -> None:
    parser = SentenceParser()
    started = time.process_time()
    parser.feed(f"{row}foo bar")
    parser.finish()
    assert time.process_time() - started < 3.0


def test_numbers_are_expanded_and_a_range_has_a_limit() -> None:
    assert expand("1, 3-5、７") == [1, 3, 4, 5, 7]
    assert expand("4-2") == [4, 2]
    assert len(expand("1-999")) == 50


TEXTS = st.lists(
    st.sampled_from(
        [
            *"。！？.!?\n ，、”“）产值元aT3",
            "[1]",
            "【2】",
            "[1,",
            "[",
            "]",
            "U.S.",
            "3.14",
            "说。",
            " The ",
            "第1项",
            "根据",
            "第2段",
            "段落3",
            "Based on passage 4",
            "（段落1",
            "（见段落",
            "来自",
            "第1段",
            "As stated in passages 2",
            "）",
            "指出",
            " and ",
            "Passages 1",
            " to ",
            " in passage 1",
            "见",
            " state",
            "`",
            "a[1]",
        ]
    ),
    max_size=60,
).map("".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines may be busy
@given(TEXTS, st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_what_was_shown_of_a_sentence_is_how_it_begins_wherever_it_is_cut(
    text: str, sizes: list[int]
) -> None:
    parser = SentenceParser()
    shown, ended, at, turn = "", [], 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        for sentence in parser.feed(text[at : at + size]):
            assert _whole(sentence).startswith(shown)
            ended.append(sentence)
            shown = ""
        beginning = _whole(parser.beginning())
        assert beginning.startswith(shown)
        shown = beginning
        at, turn = at + size, turn + 1
    for sentence in parser.finish():
        assert _whole(sentence).startswith(shown)
        ended.append(sentence)
        shown = ""
    assert not shown
    joined = "".join(sentence.lead + sentence.text for sentence in ended)
    assert joined == parse_words(text)


def parse_words(text: str) -> str:
    """The whole text at once, without markers and the white space at its end."""
    return "".join(lead + words for lead, words, _ in parse([text]))


def _whole(sentence: Marked) -> str:
    text, at = sentence.lead, 0
    for offset, number in sentence.markers:
        text += sentence.text[at:offset] + f"[{number}]"
        at = offset
    return text + sentence.text[at:]
