from __future__ import annotations

import pytest

from rag.figures import in_english


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("100亿元", "10 billion yuan"),
        ("1703亿元", "170.3 billion yuan"),
        ("2万亿元", "2 trillion yuan"),
        ("30万套", "300,000"),
        ("1000万度", "10 million kWh"),
        ("25度", ""),
        ("4740余家", "more than 4,740"),
        ("超3亿元", "more than 300 million yuan"),
        ("近60份", "nearly 60"),
        ("6亿元以上", "more than 600 million yuan"),
        ("22.5%", ""),
        ("１２．５萬平方米", "125,000 square metres"),
        ("2015年9月", "September 2015"),
        ("3月28日", "28 March"),
        ("4月中旬", "mid April"),
        ("2021年", "2021"),
        ("王大鹏", ""),
        ("12个园区和3家工厂", ""),
        ("10 billion", ""),
        ("", ""),
        ("13月40日", ""),
        ("1" * 40 + "元", ""),
        ("1" * 20 + "万亿元", ""),
    ],
)
def test_a_figure_is_said_exactly_or_not_at_all(chinese: str, english: str) -> None:
    assert in_english(chinese) == english
