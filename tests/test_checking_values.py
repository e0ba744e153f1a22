from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.translation.figures import chinese_number, english_number
from rag.checking.dates import Date, covers, find_dates
from rag.checking.values import Figure, bears_out, find_figures
from rag.numerals import han_number


def figures(text: str) -> list[Figure]:
    return find_figures(text, [(date.start, date.end) for date in find_dates(text)])


def values(text: str) -> list[tuple[str, str, str]]:
    return [(text[f.start : f.end], f"{f.number.normalize():f}"[:8], f.dimension) for f in figures(text)]


@pytest.mark.parametrize(
    ("text", "number", "dimension"),
    [
        ("885亿元", 88_500_000_000, "yuan"),
        ("八百八十五亿元", 88_500_000_000, "yuan"),
        ("8.85百亿元", 88_500_000_000, "yuan"),
        ("885億元", 88_500_000_000, "yuan"),
        ("８８５亿元", 88_500_000_000, "yuan"),
        ("88.5 billion yuan", 88_500_000_000, "yuan"),
        ("RMB 88.5 billion", 88_500_000_000, "yuan"),
        ("¥88.5bn", 88_500_000_000, "yuan"),
        ("$2.4 million", 2_400_000, "usd"),
        ("1亿2000万元", 120_000_000, "yuan"),
        ("一千亿元", 100_000_000_000, "yuan"),
        ("三点五亿元", 350_000_000, "yuan"),
        ("15%", 15, "%"),
        ("百分之十五", 15, "%"),
        ("一成半", 15, "%"),
        ("15 per cent", 15, "%"),
        ("3.2个百分点", Decimal("3.2"), "point"),
        ("一半", 50, "%"),
        ("两年半", Decimal("2.5"), "year"),
        ("4740余家", 4740, "house"),
        ("4,740 high-tech companies", 4740, "house"),
        ("一万七千多户", 17_000, "piece"),
        ("three hundred and fifty households", 350, ""),
        ("a dozen engineers", 12, "person"),
        ("two trillion yuan", 2_000_000_000_000, "yuan"),
        ("a trillion yuan", 1_000_000_000_000, "yuan"),
        ("12万平方米", 120_000, "square"),
        ("0.12平方公里", 120_000, "square"),
        ("576 megawatts", 576_000, "kw"),
        ("第十四届", 14, "rank"),
        ("the 14th session", 14, "rank"),
        ("the twenty-first session", 21, "rank"),
        ("$1.2M", 1_200_000, "usd"),
        ("€5m", 5_000_000, "eur"),
        ("US$3tn", 3_000_000_000_000, "usd"),
        ("5m yuan", 5_000_000, "yuan"),
        ("1.5m", Decimal("1.5"), "metre"),
        ("120m²", 120, "square"),
        ("3 km²", 3_000_000, "square"),
        ("1\u202f400\u00a0000 people", 1_400_000, "person"),
        ("1 400 000 people", 1_400_000, "person"),
        ("half a million yuan", 500_000, "yuan"),
        ("one and a half million yuan", 1_500_000, "yuan"),
        ("a million and a half yuan", 1_500_000, "yuan"),
        ("two and a half years", Decimal("2.5"), "year"),
        ("一个半小时", Decimal("1.5"), "hour"),
        ("一年半", Decimal("1.5"), "year"),
        ("1/2 of", 50, "%"),
        ("占3/4", 75, "%"),
        ("15:00", 900, "clock"),
        ("下午三点半", 930, "clock"),
        ("3 p.m.", 900, "clock"),
        ("中午12点", 720, "clock"),
        ("晚上12点", 0, "clock"),
        ("three o'clock", 180, "dial"),
        ("9:30", 570, "dial"),
        ("1小时20分钟", 80, "minute"),
        ("一小时二十分", 80, "minute"),
        ("one hour and twenty minutes", 80, "minute"),
        ("an hour and a half", Decimal("1.5"), "hour"),
        ("2年6个月", 30, "month"),
    ],
)
def test_one_figure_has_one_value_however_it_is_written(
    text: str, number: int | Decimal, dimension: str
) -> None:
    assert [(f.number, f.dimension) for f in figures(text)] == [(number, dimension)]


@pytest.mark.parametrize(
    "text", ["", "一家企业", "one of them",
             "5G基站", "PM2.5", "COVID-19", "百度", "十分漂亮", "第一", "2号线", "Line 2",
             "500m users", "2.3.7", "the first", "成立三成员会", "2023年3月5日", "十四五"]
)  # fmt: skip
def test_what_is_a_word_a_name_or_a_date_is_no_figure(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3至5亿元", [300_000_000, 500_000_000]),
        ("10-15%", [10, 15]),
        ("12、15和18亿元", [1_200_000_000, 1_500_000_000, 1_800_000_000]),
        ("between 3 and 5 million", [3_000_000, 5_000_000]),
        ("3、0人", [3, 0]),
        ("3、0亿元", [300_000_000, 0]),
        ("10 and 0 employees", [10, 0]),
        ("冬季气温-10~0℃", [10, 0]),
        ("| 120 300 450 |", [120, 300, 450]),
        ("9 to 5 p.m.", [540, 1020]),
        ("9:00—17:00", [540, 1020]),
        ("比分21:15", [21, 15]),
        ("上涨3点", [3]),
        ("一天8小时", [8]),
        ("1小时、20分钟", [1, 20]),
    ],
)
def test_a_bare_number_takes_scale_and_unit_of_the_one_it_is_joined_to(text: str, numbers: list[int]) -> None:
    assert [figure.number for figure in figures(text)] == numbers


@pytest.mark.parametrize(
    ("found", "said", "agrees"),
    [
        ("885亿元", "88.5 billion yuan", True),
        ("885亿元", "885亿", True),
        ("885亿元", "886亿元", False),
        ("885亿元", "885万元", False),
        ("885亿元", "885亿美元", False),
        ("15%", "15个百分点", False),
        ("15%", "15家", False),
        ("120家", "120人", False),
        ("120家", "120 companies", True),
        ("4740余家", "more than 4,700 companies", True),
        ("4740余家", "4,700 companies", False),
        ("368.7亿元", "约369亿元", True),
        ("368.7亿元", "近368亿元", False),
        ("96亿元", "近100亿元", True),
        ("三分之一", "one third", True),
        ("三分之一", "33.3%", True),
        ("33%", "三分之一", True),
        ("30%", "三分之一", False),
        ("三分之二", "67%", True),
        ("约1/3的", "one third", True),
        ("50个基点", "0.5个百分点", True),
        ("24个月", "两年", True),
        ("90分钟", "一个半小时", True),
        ("两年", "2", True),
        ("两个月", "60天", False),
        ("80分钟", "1小时20分钟", True),
        ("1小时20分钟", "20分钟", False),
        ("15:00", "下午3点", True),
        ("15:00", "3 p.m.", True),
        ("15:00", "3点", True),
        ("15:00", "3 a.m.", False),
        ("15:00", "15:30", False),
        ("15:00", "15", False),
        ("60岁以上", "60岁以下", False),
        ("60岁及以上", "60 and over", True),
        ("不得少于30人", "不得多于30人", False),
        ("不得少于30人", "at least 30 people", True),
        ("最多30人", "no more than 30 people", True),
        ("最多30人", "最少30人", False),
        ("not exceeding 30", "at least 30", False),
        ("under 18", "over 18", False),
        ("净利润12.5亿元", "净利润-12.5亿元", False),
        ("净亏损12.5亿元", "净利润-12.5亿元", True),
        ("a loss of $5 million", "-$5 million", True),
        ("同比-5%", "同比下降百分之五", True),
        ("5℃", "零下5℃", False),
        ("-5℃", "零下5度", True),
        ("-5℃", "5 degrees below zero", True),
        ("公元前221年", "221年", False),
        ("公元前221年", "221 BC", True),
        ("东风-41", "东风41", True),
        ("以上三项措施", "以下三项措施", True),
        ("turnover 5 million", "nearly 5 million", True),
        ("368元", f"约{'7' * 32}元", False),
        (f"{'7' * 40}元", "约368元", False),
        (f"{'7' * 32}元", f"约{'7' * 32}元", True),
    ],
)
def test_figures_agree_by_value_unit_and_the_rounding_that_is_said(
    found: str, said: str, agrees: bool
) -> None:
    assert bears_out(figures(found)[0], figures(said)[0]) is agrees


@given(st.integers(min_value=2, max_value=10**13))
def test_a_number_survives_being_written_in_chinese_and_english(number: int) -> None:
    number -= number % 10 ** max(0, len(str(number)) - 6)  # both writers keep six decimals
    (chinese,) = figures(chinese_number(float(number)) + "元")
    (english,) = figures(english_number(float(number)) + " yuan")
    assert chinese.number == english.number == number
    assert bears_out(chinese, english)


@given(st.text(alphabet="一二三十百千万亿0123456789.,%元年月日 abc第成半点", max_size=30))
def test_spans_lie_in_the_text_in_order_and_apart(text: str) -> None:
    spans = [(f.start, f.end) for f in figures(text)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "number"),
    [("十二", 12), ("一百零五", 105), ("两千", 2000), ("一万二千三百", 12300), ("三万亿", 3 * 10**12), ("〇三五", 35),
     ("三四", None), ("百", None), ("十四五", None)],
)  # fmt: skip
def test_chinese_numerals_make_a_number_or_none(text: str, number: int | None) -> None:
    assert han_number(text) == number


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("2023年3月5日", (2023, 3, 5, "")),
        ("二〇二三年三月五日", (2023, 3, 5, "")),
        ("2023-03-05", (2023, 3, 5, "")),
        ("March 5, 2023", (2023, 3, 5, "")),
        ("5 March 2023", (2023, 3, 5, "")),
        ("3月5日", (None, 3, 5, "")),
        ("去年", (2022, None, None, "")),
        ("去年10月", (2022, 10, None, "")),
        ("last year", (2022, None, None, "")),
        ("21日，记者获悉", (2023, 3, 21, "")),
        ("2023年第三季度", (2023, None, None, "Q3")),
        ("the third quarter of 2023", (2023, None, None, "Q3")),
        ("2023年上半年", (2023, None, None, "H1")),
        ("1990年代", (1990, None, None, "decade")),
        ("the 1990s", (1990, None, None, "decade")),
        ("in May", (None, 5, None, "")),
        ("2019-21", (2021, None, None, "")),
        ("公元前1046年", (-1046, None, None, "")),
        ("1046 BC", (-1046, None, None, "")),
        ("20世纪30年代", (1930, None, None, "decade")),
        ("12世纪", (1100, None, None, "century")),
        ("二十一世纪", (2000, None, None, "century")),
        ("the twenty-first century", (2000, None, None, "century")),
    ],
)
def test_a_date_is_read_by_value(text: str, stated: tuple[int | None, int | None, int | None, str]) -> None:
    assert [(d.year, d.month, d.day, d.part) for d in find_dates(text, "2023-03-22")] == [stated]


@pytest.mark.parametrize(
    "text",
    [
        "三个月",
        "It may rain.",
        "2022 people",
        "每天两班",
        "1,204 patients",
        "1996.01万元",
        "2013.5 million",
        "GB/T 1234-2020",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert find_dates(text) == []


def test_a_year_may_be_counted_from_the_one_before_it() -> None:
    assert [d.year for d in find_dates("In 2020 it was small; two years later it had grown.")] == [2020, 2022]
    assert [d.year for d in find_dates("2020年动工，次年竣工")] == [2020, 2021]
    assert [d.year for d in find_dates("次年竣工")] == [None]


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("净利润-12.5亿元，收入-$5 million，负3%", [True, True, True]),
        ("3亿元-5亿元", [False, False]),
        ("10-15%", [False, False]),
        ("10 -20%", [False, None]),
        ("东风-41", [False]),
        ("7胜3负2平", [None, None, None]),
        ("亏损5亿元。收入8亿元", [None, False]),
    ],
)
def test_a_sign_is_told_from_a_range_and_a_name(text: str, signs: list[bool | None]) -> None:
    assert [figure.minus for figure in figures(text)] == signs


def date(text: str) -> Date:
    return find_dates(text)[0]


@pytest.mark.parametrize(
    ("found", "said", "agrees"),
    [
        ("2023年3月5日", "March 2023", True),
        ("2023年3月", "2023年3月5日", False),
        ("3月5日", "2023年3月5日", True),
        ("3月5日", "2023年", False),
        ("2023年3月5日", "2022年3月5日", False),
        ("上世纪90年代", "1990年代", True),
        ("2023年第三季度", "2023年第一季度", False),
        ("1934年", "20世纪30年代", True),
        ("1934年", "the 1930s", True),
        ("1934年", "30年代", True),
        ("1934年", "20世纪40年代", False),
        ("20世纪30年代", "1930年", False),
        ("1153年", "12世纪", True),
        ("1153年", "the 13th century", False),
        ("1900年", "19世纪", True),
        ("公元前1046年", "公元前11世纪", True),
        ("公元前1046年", "11世纪", False),
        ("20世纪30年代", "20世纪", True),
        ("2023年6月", "2023年第二季度", True),
        ("2023年6月", "the first half of 2023", True),
        ("2023年6月", "2023年第三季度", False),
        ("2023年第二季度", "2023年上半年", True),
        ("2023年第二季度", "2023年6月", False),
    ],
)
def test_a_date_covers_what_says_no_more_than_it(found: str, said: str, agrees: bool) -> None:
    assert covers(date(found), date(said)) is agrees
