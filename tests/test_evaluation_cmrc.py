"""CMRC 2018's scores against the official script's algorithm, written down a second time with nltk itself."""

from __future__ import annotations

import random
import re

import pytest
from nltk.tokenize import NLTKWordTokenizer

from rag.evaluation import cmrc

OFFICIAL_PUNCTUATION = [
    "-", ":", "_", "*", "^", "/", "\\", "~", "`", "+", "=",
    "，", "。", "：", "？", "！", "“", "”", "；", "’", "《", "》", "……", "·", "、",
    "「", "」", "（", "）", "－", "～", "『", "』",
]  # fmt: skip

PIECES = (
    "临江镇", "885亿元", "2019年", "3月28日", "新能源汽车", "王小明", "《临江志》", "“水乡”", "，", "。", "、",
    "；", "……", "Paper Mill", "Inc.", "GDP", "22.5%", "1,024", "don't", "it's", "U.S.", "(R&D)", "－", "·", "～",
    "state-of-the-art", " ", "$3.50", "AI", "5G", "『江』", "e-mail", '"quoted"', "'single'", "cannot", "a/b",
    "C++", "#1",
)  # fmt: skip


def oracle_words(text: str) -> list[str]:
    return [str(token) for token in NLTKWordTokenizer().tokenize(text)]


def oracle_tokens(text: str) -> list[str]:
    found: list[str] = []
    pending = ""
    for character in str(text).lower().strip():
        if character in OFFICIAL_PUNCTUATION:
            continue
        if re.search(r"[\u4e00-\u9fa5]", character):
            if pending != "":
                found.extend(oracle_words(pending))
                pending = ""
            found.append(character)
        else:
            pending += character
    if pending != "":
        found.extend(oracle_words(pending))
    return found


def oracle_longest(left: list[str], right: list[str]) -> int:
    runs = [
        size
        for start in range(len(left))
        for size in range(1, len(left) - start + 1)
        if any(left[start : start + size] == right[i : i + size] for i in range(len(right) - size + 1))
    ]
    return max(runs, default=0)


def oracle_f1(references: list[str], prediction: str) -> float:
    best = 0.0
    for reference in references:
        gold, predicted = oracle_tokens(reference), oracle_tokens(prediction)
        common = oracle_longest(gold, predicted)
        if common:
            precision, recall = common / len(predicted), common / len(gold)
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def oracle_exact(references: list[str], prediction: str) -> float:
    def stripped(text: str) -> str:
        return "".join(c for c in text.lower().strip() if c not in OFFICIAL_PUNCTUATION)

    return 1.0 if any(stripped(reference) == stripped(prediction) for reference in references) else 0.0


def cases() -> list[tuple[str, list[str]]]:
    draw = random.Random(2018)

    def text() -> str:
        return "".join(draw.choices(PIECES, k=draw.randint(1, 5)))

    made = []
    for _ in range(120):
        references = [text() for _ in range(draw.randint(1, 3))]
        reference = draw.choice(references)
        prediction = draw.choice(
            [text(), reference, reference.upper(), reference[1:], f"“{reference}”。", text() + reference, ""]
        )
        made.append((prediction, references))
    return made


@pytest.mark.parametrize(("prediction", "references"), cases())
def test_a_hundred_cases_score_as_the_official_algorithm_does(prediction: str, references: list[str]) -> None:
    assert cmrc.exact_match(prediction, references) == oracle_exact(references, prediction)
    assert cmrc.f1(prediction, references) == pytest.approx(oracle_f1(references, prediction), abs=1e-12)


def test_the_cases_tell_good_from_bad() -> None:
    scores = [oracle_f1(references, prediction) for prediction, references in cases()]
    assert sum(score == 0 for score in scores) > 10
    assert sum(0 < score < 1 for score in scores) > 20
    assert sum(score == 1 for score in scores) > 10


@pytest.mark.parametrize(
    ("prediction", "references", "exact", "f1"),
    [
        ("885亿元", ["885亿元"], 1.0, 1.0),
        ("产值885亿元", ["885亿元"], 0.0, 2 * (3 / 5) * 1 / (3 / 5 + 1)),
        ("“水乡”", ["水乡"], 1.0, 1.0),
        ("BYD", ["byd"], 1.0, 1.0),
        ("甲乙丙", ["丙甲乙"], 0.0, 2 / 3),  # a substring, not a subsequence
        ("", ["水乡"], 0.0, 0.0),
        ("the Paper Mill Co.", ["Paper Mill"], 0.0, 2 * (2 / 5) * 1 / (2 / 5 + 1)),
    ],
)
def test_scores_that_were_worked_out_by_hand(
    prediction: str, references: list[str], exact: float, f1: float
) -> None:
    assert cmrc.exact_match(prediction, references) == exact
    assert cmrc.f1(prediction, references) == pytest.approx(f1)


def test_a_full_stop_inside_is_split_off_where_a_sentence_ends() -> None:
    assert cmrc.tokens("It grew. Then it fell.") == ["it", "grew", ".", "then", "it", "fell", "."]
    assert cmrc.tokens("mr. li of e.g. ltd. fame") == ["mr.", "li", "of", "e.g.", "ltd.", "fame"]
