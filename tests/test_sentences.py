from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import split_sentences

CASES = {
    "stops of both languages": (
        "湖城很美。你去过吗？去吧！It is far. Is it? Go!",
        ["湖城很美。", "你去过吗？", "去吧！", "It is far.", "Is it?", "Go!"],
    ),
    "closing quotes and brackets stay": (
        "他说：“船来了。”大家都笑了。（掌声。）会议结束。",
        ["他说：“船来了。”", "大家都笑了。", "（掌声。）", "会议结束。"],
    ),
    "a quotation keeps its speaker": (
        "“今年会更好。”园区主任李明说。下一步还要修路。",
        ["“今年会更好。”园区主任李明说。", "下一步还要修路。"],
    ),
    "decimals, abbreviations and initials": (
        "Dr. J. R. Lee paid $3.5 million to Acme Co. Ltd. on Jan. 5. It grew 2.4% vs. 2021.",
        ["Dr. J. R. Lee paid $3.5 million to Acme Co. Ltd. on Jan. 5.", "It grew 2.4% vs. 2021."],
    ),
    "an abbreviation can end a sentence": (
        "He works for Acme Inc. The firm is old.",
        ["He works for Acme Inc.", "The firm is old."],
    ),
    "addresses on the net": (
        "见http://lake.example/a.b?c=1.2。See www.lake.example/x.html now.",
        ["见http://lake.example/a.b?c=1.2。", "See www.lake.example/x.html now."],
    ),
    "numbers of list items": ("1. 建码头。\n2. 修公路。", ["1. 建码头。", "2. 修公路。"]),
    "a question in a title": ("《船去哪儿了？》一书出版。很好。", ["《船去哪儿了？》一书出版。", "很好。"]),
    "half-width marks in Chinese": (
        "系统上线.用户很多!真的吗?是的",
        ["系统上线.", "用户很多!", "真的吗?", "是的"],
    ),
    "lines and blank lines": ("湖城日报\n第3版\n\n正文。", ["湖城日报", "第3版", "正文。"]),
    "a wrapped line of Latin text": (
        "The harbour of the town was rebuilt in the spring of\nthat year. Boats came.",
        ["The harbour of the town was rebuilt in the spring of\nthat year.", "Boats came."],
    ),
    "a wrapped line in which the sentence begins": (
        "The mill burnt down. It was rebuilt by Harker and his\nPartner in 1850 and given the name of\n“New Mill”.",
        [
            "The mill burnt down.",
            "It was rebuilt by Harker and his\nPartner in 1850 and given the name of",
            "“New Mill”.",
        ],
    ),
    "a wrapped line before a sum": (
        "The roof leaked. To mend it the parish had to borrow more than\n£4,000 from\nLinz.",
        ["The roof leaked.", "To mend it the parish had to borrow more than\n£4,000 from", "Linz."],
    ),
    "emphasis": ("**要修路。**各区要配合。", ["**要修路。**", "各区要配合。"]),
    "a quoted question goes on": ('"Is it far?" he asked. No.', ['"Is it far?" he asked.', "No."]),
    "stops of other scripts": (
        "日本は島国です．ジョン．スミスは来た．यह एक देश है। बड़ा है। ما اسمها؟ كبيرة۔ نعم",
        ["日本は島国です．", "ジョン．スミスは来た．", "यह एक देश है।", "बड़ा है।", "ما اسمها؟", "كبيرة۔", "نعم"],
    ),
    "wrapped lines of other scripts": (
        "Он вышел из дома и пошёл по улице вдоль\nреки. 서울시는 새로운 교통 정책을 시행한다고 밝혔다\n의견을 듣는다.",
        [
            "Он вышел из дома и пошёл по улице вдоль\nреки.",
            "서울시는 새로운 교통 정책을 시행한다고 밝혔다\n의견을 듣는다.",
        ],
    ),
    "nothing": (" \n ", []),
}


@pytest.mark.parametrize("name", CASES)
def test_sentences_are_split_as_a_reader_would(name: str) -> None:
    text, expected = CASES[name]
    assert [text[start:end] for start, end in split_sentences(text)] == expected


@given(st.text(alphabet="湖城。！？”“（）)《》.!?,;：a Z1\n\u3000…*-\"'", max_size=120))
def test_every_character_but_white_space_lies_in_exactly_one_sentence(text: str) -> None:
    spans = split_sentences(text)
    assert all(start < end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
    covered = {position for start, end in spans for position in range(start, end)}
    assert all(position in covered for position, character in enumerate(text) if not character.isspace())
