"""Fusion and the collapse of near-duplicates, against numbers worked out by hand."""

from __future__ import annotations

import random
import re
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import fusion
from index.fusion import (
    _shingles,
    containment,
    dense_weight,
    min_max,
    near_duplicates,
    reciprocal_rank,
    weighted_sum,
)

DENSE = [(1, 0.9), (2, 0.5), (3, 0.1)]
LEXICAL = [(2, 12.0), (4, 6.0), (1, 2.0)]


def test_scores_are_stretched_over_0_to_1() -> None:
    assert min_max(LEXICAL) == pytest.approx({2: 1.0, 4: 0.4, 1: 0.0})
    assert min_max(LEXICAL, floor=0.0) == pytest.approx({2: 1.0, 4: 0.5, 1: 1 / 6})
    assert min_max([(1, -3.0)]) == {1: 1.0}
    assert min_max([(1, 2.0), (5, 2.0)]) == {1: 1.0, 5: 1.0}
    assert min_max([]) == {}


def test_a_weighted_sum_worked_out_by_hand() -> None:
    fused = weighted_sum(DENSE, LEXICAL, 0.5)
    assert [identifier for identifier, _ in fused] == [2, 1, 4, 3]
    assert [score for _, score in fused] == pytest.approx([0.75, 0.5, 0.2, 0.0])


def test_a_weight_of_one_or_zero_is_one_leg() -> None:
    assert [identifier for identifier, _ in weighted_sum(DENSE, LEXICAL, 1.0)][:2] == [1, 2]
    assert [identifier for identifier, _ in weighted_sum(DENSE, LEXICAL, 0.0)][:2] == [2, 4]


def test_a_leg_that_found_nothing_leaves_the_other_in_its_order() -> None:
    assert [identifier for identifier, _ in weighted_sum([], LEXICAL)] == [2, 4, 1]
    assert [identifier for identifier, _ in weighted_sum(DENSE, [])] == [1, 2, 3]
    assert weighted_sum([], []) == []


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_a_weight_outside_0_to_1_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        weighted_sum(DENSE, LEXICAL, weight)


def test_reciprocal_rank_fusion_worked_out_by_hand() -> None:
    fused = reciprocal_rank([DENSE, LEXICAL])
    expected = [(2, 1 / 62 + 1 / 61), (1, 1 / 61 + 1 / 63), (4, 1 / 62), (3, 1 / 63)]
    assert [identifier for identifier, _ in fused] == [identifier for identifier, _ in expected]
    assert [score for _, score in fused] == pytest.approx([score for _, score in expected])


RUNS = st.dictionaries(st.integers(1, 30), st.floats(-1, 50), max_size=20).map(
    lambda scores: sorted(scores.items(), key=lambda item: -item[1])
)


@given(RUNS, RUNS, st.floats(0, 1))
def test_a_fused_run_holds_each_id_once_best_first_and_within_0_to_1(
    dense: list[tuple[int, float]], lexical: list[tuple[int, float]], weight: float
) -> None:
    fused = weighted_sum(dense, lexical, weight)
    assert sorted(identifier for identifier, _ in fused) == sorted(
        {i for i, _ in dense} | {i for i, _ in lexical}
    )
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)


@pytest.mark.parametrize(
    ("query", "languages", "named", "weight"),
    [
        ("zh", {"zh"}, False, 0.4),
        ("en", {"zh", "en"}, False, 0.4),
        ("en", {"zh"}, False, 1.0),
        ("en", {"zh"}, True, 0.7),
        ("en", set(), False, 0.4),
    ],
)
def test_across_languages_the_dense_leg_has_more_weight(
    query: str, languages: set[str], named: bool, weight: float
) -> None:
    assert dense_weight(query, languages, usual=0.4, named=named) == pytest.approx(weight)


REPORT = "青石镇造船厂去年交付新船31艘，产值达到885亿元，同比增长两成，职工人数也有所增加。"


@pytest.mark.parametrize(
    ("texts", "firsts"),
    [
        ([], []),
        ([REPORT, REPORT], [0, 0]),
        (
            [REPORT, "青石鎮造船廠去年交付新船３１艘， 產值達到885億元，同比增長兩成，職工人數也有所增加。"],
            [0, 0],
        ),
        ([REPORT + "镇长到会祝贺，并参观了新建的船坞。", REPORT], [0, 0]),  # said already
        ([REPORT[:12], REPORT], [0, 1]),  # a headline never hides its article
        ([REPORT, REPORT.replace("885", "832")], [0, 1]),  # figures that disagree
        ([REPORT, "绿茶和红茶是这里的特产。", REPORT[3:], "绿茶"], [0, 1, 0, 3]),
        (["", ""], [0, 0]),
        (["好", "好", "不"], [0, 0, 2]),
    ],
)
def test_a_text_that_was_said_already_points_to_the_first_that_says_it(
    texts: list[str], firsts: list[int]
) -> None:
    assert near_duplicates(texts) == firsts


def _near_duplicates_by_pairs(texts: list[str], overlap: float) -> list[int]:
    firsts: list[int] = []
    for position, text in enumerate(texts):
        shingles = _shingles(text)
        known = (
            n
            for n, first in enumerate(firsts)
            if n == first
            and set(re.findall(r"\d+", text)) <= set(re.findall(r"\d+", texts[n]))
            and containment(shingles, _shingles(texts[n])) >= overlap
        )
        firsts.append(next(known, position))
    return firsts


@given(
    st.lists(
        st.one_of(
            st.text(alphabet="ab1 ", max_size=12),
            st.builds(lambda start, end: REPORT[start:end], st.integers(0, 20), st.integers(15, 42)),
            st.builds(
                lambda old, new: REPORT.replace(old, new),
                st.sampled_from(REPORT),
                st.text("年厂9", max_size=3),
            ),
        ),
        max_size=12,
    ),
    st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0]),
)
def test_near_duplicates_are_those_that_comparing_all_pairs_finds(texts: list[str], overlap: float) -> None:
    assert near_duplicates(texts, overlap) == _near_duplicates_by_pairs(texts, overlap)


def test_few_of_many_texts_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = Mock(side_effect=containment)
    monkeypatch.setattr(fusion, "containment", compared)
    words = [
        f"{'abcdefghij'[n // 100]}{'klmnopqrst'[n // 10 % 10]}{'uvwxyzabcd'[n % 10]}" for n in range(1000)
    ]
    texts = [" ".join(("the mill of", *random.Random(n).sample(words, 12), "was built")) for n in range(300)]
    assert near_duplicates([*texts, *texts]) == [*range(300), *range(300)]
    assert compared.call_count < 10 * len(texts)
