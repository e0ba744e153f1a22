from __future__ import annotations

import pytest

from index.text import fold
from rag.variants import names_other_variant


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Z5有多重？", "Z5 Pro重595克，Z5 Pro Max重720克"),
        ("Z5 Pro有多重？", "Z5重480克，Z5 Pro Max重720克"),
        ("Z5 Pro多少钱？", "Z5的价格是4299元"),
        ("How heavy is the Mate 30?", "The Mate 30 Lite weighs 166 g."),
        ("B座的租金是多少？", "B座东租金2.8元"),
        ("B座东的租金是多少？", "B座西租金2.6元，B座租金2.7元"),
        ("一期投了多少钱？", "一期扩建投资1.8亿元"),
    ],
)
def test_a_text_names_another_thing_whose_name_is_longer_or_shorter(question: str, text: str) -> None:
    assert names_other_variant(fold(question), fold(text))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Z5有多重？", "Z5、Z5 Pro分别重480克、595克"),
        ("Z5 Pro有多重？", "Z5Pro重595克"),
        ("Z5比Z5 Pro轻多少？", "它比Z5重12克"),
        ("Z5有多重？", "Z50 Pro重595克，AZ5 Pro重720克"),
        ("Z5有多重？", "Z5 Professional Edition 595克"),
        ("How heavy was it in May 2022?", "In May 2022 Pro League began."),
        ("B座在哪里？", "B座东侧有车站"),
        ("一期扩建投了多少钱？", "一期扩建工程和一期一样"),
        ("一期扩建投了多少钱？", "一期的厂房去年扩建"),
        ("哪一期投得最多？", "一期扩建投资1.8亿元"),
        ("白鹭园有多大？", "Z5 Pro重595克"),
    ],
)
def test_what_is_named_alike_or_not_at_all_is_no_other_variant(question: str, text: str) -> None:
    assert not names_other_variant(fold(question), fold(text))
