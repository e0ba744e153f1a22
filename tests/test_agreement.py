"""A text says what was extracted when it holds the same values, however they are written."""

from __future__ import annotations

import pytest

from rag.checking.agreement import absent


@pytest.mark.parametrize(
    ("short", "text"),
    [
        ("885亿元", "产值达到8.85百亿元。"),
        ("885亿元", "产值达到八百八十五亿元。"),
        ("885亿元", "The output was 88.5 billion yuan."),
        ("2015年9月", "It opened in September 2015."),
        ("17%", "增长百分之十七。"),
        ("31 个", "共有31个项目。"),
        ("梁砚秋", "创始人是梁砚秋。"),
        ("梁砚秋", "It was founded by Liang Yanqiu."),  # another script: nothing is claimed
        ("甲公司；乙公司", "有乙公司和甲公司。"),
        ("优化营商环境并持续推动产业转型升级", "改善了环境。"),  # a long phrase is seldom repeated
        ("", "什么都没有。"),
    ],
)
def test_the_same_value_agrees(short: str, text: str) -> None:
    assert absent(short, text) == []


@pytest.mark.parametrize(
    ("short", "text", "missing"),
    [
        ("885亿元", "产值985亿元。", ["885亿元"]),
        ("885亿元", "产值885万元。", ["885亿元"]),
        ("2015年9月", "2016年9月开业。", ["2015年9月"]),
        ("梁砚秋", "创始人是陆云起。", ["梁砚秋"]),
        ("8所；5家", "有8所学校。", ["5家"]),
    ],
)
def test_another_value_is_told(short: str, text: str, missing: list[str]) -> None:
    assert absent(short, text) == missing
