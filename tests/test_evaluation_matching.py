"""What counts as holding an answer or overlapping a quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.matching import find, find_loosely, holds, overlap, overlaps


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("实现产值885亿元。", "885亿元"),
        ("實現產值８８５億元", "885亿元"),  # Traditional, full width
        ("实现产值 8 85 亿 元", "885亿元"),  # torn by a scan
        ("共 12 345 6", "12"),  # cells of a table
        ("“临江－水乡”", "临江水乡"),
        ("The Paper Mill", "paper mill"),
        ("growth of 22.5%", "22.5%"),
        ("共1,024家", "1024家"),
        ("in 2019, 300 firms", "300 firms"),
        ("成立于2019[1]。", "2019"),
        ("2023年3月28日", "3月28日"),
        ("比亚迪（常州）公司", "比亚迪(常州)公司"),
        ("1. 5亿元用于修路", "5亿元"),  # the first of a list
        ("3．2022年产值", "2022年"),
        ("①2022年，镇上", "2022年"),
        ("企业500¹家", "500"),
        ("in 2019. 12 members", "2019"),
        ("in 2019. 12 members", "12 members"),
        ("由BYD的工厂", "BYD"),
        ("PaperMill", "paper mill"),
        ("manu-\nfacturing", "manufacturing"),
        ("o n e mill", "one"),
        ("closed on Mondays", "Monday"),
        ("第二十五届", "二十五届"),
        ("获奖者为张三、一等奖两名", "张三"),
        ("张三 一等奖", "张三"),  # cells of a table
        ("下午三点，五人到场", "五人"),
        ("重点三个项目", "三个项目"),
        ("全国唯一一家纸厂", "一家纸厂"),
        ("一萬二千人", "一万二千人"),
        ("三个厅分别有125，230，318个座位", "230"),
        ("排名全省第1，350家企业入驻", "350家"),
        ("共1，350家", "1350家"),  # the same comma groups digits
        ("on May 5 1958", "May 5, 1958"),
        ("on May 5, 1958", "May 5 1958"),
        ("100、200", "100 200"),
        ("用时5～10天", "5-10天"),
        ("用时5-10天", "5~10天"),
        ("最低气温为-5℃", "-5℃"),
        ("最低气温为零下5℃", "-5℃"),
        ("a low of minus 5 degrees", "−5 degrees"),
        ("最低气温为-5℃", "5℃"),  # who wrote no sign meant none
        ("10%-20%", "20%"),
    ],
)
def test_width_script_case_spacing_and_punctuation_do_not_matter(text: str, wanted: str) -> None:
    assert holds(text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("实现产值1885亿元", "885亿元"),
        ("增长12.5%", "2.5%"),
        ("增长12.5%", "12"),
        ("growth of 225", "22.5"),
        ("20190", "2019"),
        ("①2022年", "12022年"),
        ("500¹", "5001"),
        ("in 2019. 12 members", "201912"),
        ("其中2.5亿元", "5亿元"),
        ("it costs money", "one"),
        ("Tirana", "Iran"),
        ("we do not know", "no"),
        ("this is so", "i"),
        ("共有二十五人参加", "五人"),
        ("投资一百二十亿元", "二十亿元"),
        ("投资二十五万亿元", "二十五万"),
        ("增长百分之五点三", "百分之五"),
        ("增长百分之五点三", "三"),
        ("十一月开业", "一月"),
        ("一九九八年", "九八年"),
        ("1,350家", "350家"),
        ("利润增长12.5%", "-12.5%"),
        ("气温3℃-5℃", "-5℃"),
        ("100200", "100、200"),
        ("anything", "……"),
        ("", "甲"),
    ],
)
def test_a_figure_or_word_inside_another_and_nothing_at_all_are_not_held(text: str, wanted: str) -> None:
    assert not holds(text, wanted)


def test_overlap_is_the_longest_common_run_over_the_shorter() -> None:
    assert overlap("镇上有12家工厂，都在河边", "12家工厂") == 1.0
    assert overlap("甲乙丙丁", "乙丙戊己") == 0.5
    assert overlap("甲", "乙") == 0.0
    assert overlap("……", "甲") == 0.0


@given(st.text(max_size=30), st.text(max_size=30))
def test_overlap_is_symmetric_and_between_0_and_1(left: str, right: str) -> None:
    assert overlap(left, right) == overlap(right, left)
    assert 0.0 <= overlap(left, right) <= 1.0


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("镇上有12家工厂，都在河边。", "12家", True),
        ("今年镇上有12家工厂", "镇上有12家工厂都在河边", True),
        ("共12家", "这12家都造纸", False),  # a figure in common is chance
        ("镇上有工厂十二家", "河边的树木很高大", False),
    ],
)
def test_texts_overlap_by_holding_one_another_or_by_a_long_run(
    left: str, right: str, *, expected: bool
) -> None:
    assert overlaps(left, right) is expected


@given(st.text("甲乙1. ，\n", max_size=12), st.text("甲乙1. ，\n", max_size=3))
def test_what_is_found_is_what_was_wanted(text: str, wanted: str) -> None:
    for start, end in find(text, wanted):
        kept = [c for c in text[start:end] if c in "甲乙1"]
        assert kept == [c for c in wanted if c in "甲乙1"]


def test_a_quote_is_found_across_line_breaks_and_odd_spaces() -> None:
    text = "镇上 有12家\n工厂，都在河边。"
    assert [text[s:e] for s, e in find(text, "有12家工厂")] == ["有12家\n工厂"]


def test_a_figure_inside_a_longer_one_is_not_found() -> None:
    assert find_loosely("二十五人，其中 五 人", "五人") == (8, 11)
    assert find_loosely("共有二十五人", "五人") is None
