from __future__ import annotations

import pytest

from index.text import fold
from rag.years import Years


def year_of(figure: str, text: str, date: str | None = None, above: str = "") -> tuple[int | None, bool]:
    folded = fold(text)
    start = folded.index(figure)
    return Years(folded, (0, len(folded)), above, date).at(start, start + len(figure))


@pytest.mark.parametrize(
    ("figure", "year", "text"),
    [
        ("63家", 2022, "截至2022年末，园区有63家企业，比2021年末增加5家，达到68家。"),
        ("68家", 2022, "截至2022年末，园区有63家企业，比2021年末增加5家，达到68家。"),
        ("12家", 2021, "2022年由上年的12家增至27家。"),
        ("27家", 2022, "2022年由上年的12家增至27家。"),
        ("27家", 2022, "2022年从2021年的12家增至27家。"),
        ("5家", 2021, "从2021年起，园区引进5家企业。"),
        ("9亿", 2020, "去年产值12亿，2020年为9亿。"),
        ("8家", 2025, "力争到“十四五”末，产值比2020年翻一番，新增上市企业8家。"),
        ("400", 2022, "In 2022 it had 400 employees and in 2023 it had 450 employees."),
        ("450", 2023, "In 2022 it had 400 employees and in 2023 it had 450 employees."),
        ("412,000", 2023, "412,000 in 2023, compared with 398,500 in 2022."),
        ("398,500", 2022, "412,000 in 2023, compared with 398,500 in 2022."),
        ("1,702", 2023, "It had 1,846 employees, compared with 1,702 at the end of 2023."),
        (
            "£287.1 million",
            2023,
            "Revenue rose to £312.5 million (2023: £287.1 million), costs to £12 million.",
        ),
        ("8.9 million", 2023, "It carried 9.4 million, 6% more than in 2023, when 8.9 million travelled."),
    ],
)
def test_a_figure_is_of_the_year_that_its_sentence_tells(figure: str, year: int, text: str) -> None:
    assert year_of(figure, text, date="2023-05-01") == (year, True)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        ("800亿", "实现产值800亿元，较上年增长12%。"),
        ("12%", "实现产值800亿元，较上年增长12%。"),
        ("1,846", "It had 1,846 employees, compared with 1,702 at the end of 2023."),
        ("£312.5 million", "Revenue rose to £312.5 million (2023: £287.1 million), costs to £12 million."),
        ("£12 million", "Revenue rose to £312.5 million (2023: £287.1 million), costs to £12 million."),
        ("9.4 million", "It carried 9.4 million, 6% more than in 2023, when 8.9 million travelled."),
        ("6%", "It carried 9.4 million, 6% more than in 2023, when 8.9 million travelled."),
    ],
)
def test_a_year_that_is_only_compared_with_is_not_that_of_other_figures(figure: str, text: str) -> None:
    assert year_of(figure, text, date="2024-05-01") == (2024, False)


def test_a_year_that_was_only_compared_with_does_not_last() -> None:
    text = "收入比2021年增长5%。园区有12家企业。"
    place = text.index("园区")
    assert Years(text, (place, len(text)), "", "2024").at(place + 3, place + 6) == (2024, False)


def test_titles_tell_the_year_where_the_text_does_not() -> None:
    assert year_of("12家", "园区有12家企业。", date="2024", above="2021年园区概况") == (2021, False)
