"""Text and Markdown: encodings, normalisation, pages, marks, and what is not text. The sentences are invented."""

from __future__ import annotations

import codecs
import random
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.datatypes import Page
from index.errors import ReadError
from index.readers import DocumentReader, ReadLimits
from index.readers.draft import normalise
from index.readers.text import decode, find_encoding, read_markdown, read_text

SIMPLIFIED = "柳桥镇去年新建了三座风车，发电量达到一千二百万度，居民的电费因此下降了两成。"
TRADITIONAL = "柳橋鎮去年新建了三座風車，發電量達到一千二百萬度，居民的電費因此下降了兩成。"
SHORT = {
    "gb18030": "今年的产量",
    "big5": "今年的產量",
    "utf-16-le": "今年产量增长",
    "utf-16-be": "今年产量增长",
}


KOREAN = "작년에 버들다리 마을은 풍차 세 대를 새로 세웠고, 주민들의 전기 요금은 이 할가량 내려갔다."
JAPANESE = "柳橋町では去年、新しい風車が三基建てられ、住民の電気料金が二割ほど下がりました。"
THAI = "ปีที่แล้วเมืองสะพานหลิวได้สร้างกังหันลมใหม่สามตัว ค่าไฟของชาวบ้านจึงลดลงสองในสิบส่วน"
NAMES = {
    "gb18030": [
        "温莉",
        "香蕉牛奶",
        "欧阳菲菲 端木蕻良 慕容雪村",
        "当归 黄芪 甘草 茯苓 枸杞 陈皮",
        "葡萄 蜘蛛 蝴蝶 玻璃",
    ],
    "big5": ["香蕉牛奶", "紅樓夢", "歐陽菲菲 端木蕻良", "當歸 黃耆 甘草 茯苓 枸杞 陳皮"],
}


def _read(folder: Path, content: bytes, name: str = "a.txt") -> str:
    (folder / name).write_bytes(content)
    with DocumentReader() as reader:
        return reader.read(folder / name).text


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("gb18030", b""),
        ("big5", b""),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
@pytest.mark.parametrize("length", ["one sentence", "long", "mixed with English"])
def test_chinese_is_read_in_each_encoding(tmp_path: Path, encoding: str, mark: bytes, length: str) -> None:
    sentence = TRADITIONAL if encoding == "big5" else SIMPLIFIED
    text = {
        "one sentence": sentence,
        "long": (sentence + "\n") * 3000,
        "mixed with English": "The mill report, version 2.\n" * 3000 + sentence,
    }[length]
    assert _read(tmp_path, mark + text.encode(encoding)) == text


@pytest.mark.parametrize(("encoding", "text"), SHORT.items())
def test_a_few_characters_are_enough_to_tell_the_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
def test_any_piece_of_a_text_is_told_apart(encoding: str) -> None:
    text = TRADITIONAL if encoding == "big5" else SIMPLIFIED
    pieces = [text[start : start + 8] for start in range(len(text) - 8)]
    assert [decode(piece.encode(encoding))[0] for piece in pieces] == pieces


@pytest.mark.parametrize(("encoding", "text"), [(e, text) for e, texts in NAMES.items() for text in texts])
def test_chinese_is_told_without_any_frequent_character(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    ("encoding", "text", "shortest"), [("cp949", KOREAN, 8), ("euc_jp", JAPANESE, 12), ("cp874", THAI, 60)]
)
def test_korean_japanese_and_thai_are_not_taken_for_chinese(encoding: str, text: str, shortest: int) -> None:
    pieces = [text[start : start + shortest] for start in range(len(text) - shortest)]
    for piece in (*pieces, text, (text + "\n") * 300, "The mill report, version 2.\n" * 300 + text):
        assert decode(piece.encode(encoding)) == (piece, {"encoding": encoding})


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "La bicyclette est arrivée à l'école près de la forêt, où les élèves dînaient déjà. " * 5),
        ("shift_jis", "今日は天気がいいので、公園まで自転車で行きました。とても楽しかったです。" * 5),
        ("koi8-r", "Сегодня хорошая погода, и мы поехали в парк на велосипедах всей семьёй. " * 5),
    ],
)
def test_other_encodings_are_left_to_charset_normalizer(encoding: str, text: str) -> None:
    found, _ = decode(text.encode(encoding))
    same = sum(a == b for a, b in zip(found, text, strict=False)) / len(text)
    assert same > 0.95


def test_a_long_line_of_ascii_takes_no_time() -> None:
    text = f"{SIMPLIFIED}\n{'x' * 200_000}\n{SIMPLIFIED}"
    started = time.monotonic()
    assert decode(text.encode("gb18030")) == (text, {"encoding": "gb18030"})
    assert time.monotonic() - started < 10  # some milliseconds; quadratic takes minutes


def test_the_encoding_is_metadata(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(SIMPLIFIED.encode("gb18030"))
    with DocumentReader() as reader:
        document = reader.read(tmp_path / "a.txt")
    assert document.metadata == {"encoding": "gb18030"}
    assert (document.title, document.language, document.characters) == ("a", "zh", len(SIMPLIFIED))
    assert document.source == str(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_file_cut_in_mid_character_is_read_and_says_so(encoding: str) -> None:
    text, metadata = decode((SIMPLIFIED * 20).encode(encoding)[:-1])
    assert text.startswith(SIMPLIFIED * 19)
    assert metadata == {"encoding": encoding, "undecodable": "1"}


@pytest.mark.parametrize(
    "text",
    [
        "La bicyclette est arrivée à l'école près de la forêt, où les élèves dînaient déjà. ",
        "Die Brücke über den Fluß wurde für die Bürger größer gebaut, nächstes Jahr öffnet sie. ",
        "Сегодня хорошая погода, и мы поехали в парк на велосипедах всей семьёй. ",
    ],
)
def test_one_bad_byte_does_not_hide_utf8(text: str) -> None:
    found = decode((text * 5).encode() + b"\xff" + text.encode())
    assert found == (f"{text * 5}\ufffd{text}", {"encoding": "utf-8", "undecodable": "1"})


def test_line_ends_become_line_feeds_and_unicode_is_composed(tmp_path: Path) -> None:
    text = _read(tmp_path, "a\r\nb\rc\u2028d\x85e cafe\u0301 \uf900".encode())
    assert text == "a\nb\nc\nd\ne café 豈"


def test_what_steers_a_terminal_or_breaks_a_database_is_dropped(tmp_path: Path) -> None:
    assert _read(tmp_path, b"safe \x1b[31mred\x07 text " + b"and more " * 20).startswith(
        "safe [31mred text and"
    )


@given(st.text())
def test_normalising_twice_changes_nothing_and_lines_can_be_normalised_apart(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode("utf-8")
    lines = text.replace("\r\n", "\n").split("\n")
    assert "\n".join(normalise(line) for line in lines) == once


def test_form_feeds_make_pages() -> None:
    draft = read_text("第一页\f第二页\r\n续\f".encode())
    assert draft.text == "第一页\n第二页\n续\n"
    assert draft.pages == (Page(number=1, span=(0, 3)), Page(number=2, span=(4, 9)))
    assert [draft.text[slice(*page.span)] for page in draft.pages] == ["第一页", "第二页\n续"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"the file is empty \(0 bytes\)"),
        (b"\x00" * 5000, "nothing but NUL bytes"),
        (b" \n\t\r\n \xe3\x80\x80", "only white space"),
        (random.Random(1).randbytes(5000), "binary data|not recognised"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 20, "binary data|not recognised"),
        (b"%PDF-1.7 ...", "a PDF by its content but .txt by its name"),
        (b"PK\x03\x04 ...", "ZIP archive"),
        (b"\x89PNG\r\n\x1a\n...", "a picture"),
    ],
)
def test_what_is_not_text_is_refused_with_the_reason_and_the_name(
    tmp_path: Path, content: bytes, message: str
) -> None:
    with pytest.raises(ReadError, match=message) as caught:
        _read(tmp_path, content, "咄咄 怪事.txt")
    assert str(caught.value).startswith(f"{tmp_path / '咄咄 怪事.txt'}: ")
    assert str(caught.value).endswith(".")


def test_too_many_characters_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * 101, encoding="utf-8")
    with (
        DocumentReader(ReadLimits(max_characters=100)) as reader,
        pytest.raises(ReadError, match="101 characters, more than the limit of 100"),
    ):
        reader.read(tmp_path / "a.txt")


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04")
    with DocumentReader() as reader, pytest.raises(ReadError, match=r"\.xlsx files are not read"):
        reader.read(tmp_path / "a.xlsx")


MARKDOWN = """---
title: "The Mill Report"
author: Wen Li
---
# The mill of Marrow Bridge

| year | output |
|------|-------:|
| 2021 | 120 |

```sh
# not a heading
| a | b |
|---|---|
```
Mass | is not a table.
"""


def test_markdown_keeps_its_text_and_marks_code_tables_and_front_matter() -> None:
    draft = read_markdown(MARKDOWN.encode())
    assert draft.text == MARKDOWN
    assert draft.title == "The Mill Report"
    assert draft.metadata == {"encoding": "utf-8", "author": "Wen Li"}
    assert [(mark.kind, draft.text[slice(*mark.span)]) for mark in draft.marks] == [
        ("furniture", '---\ntitle: "The Mill Report"\nauthor: Wen Li\n---\n'),
        ("table", "| year | output |\n|------|-------:|\n| 2021 | 120 |"),
        ("code", "```sh\n# not a heading\n| a | b |\n|---|---|\n```"),
    ]


def test_front_matter_may_begin_with_a_comment() -> None:
    draft = read_markdown("---\n# 草稿\ntags:\n  - 甲\n- 乙\ntitle: 青山志\n---\n# 第一章\n".encode())
    assert draft.title == "青山志"


@pytest.mark.parametrize(
    "between", ["三座风车建成。\n\n产量很高。", "Three mills: one is new.\nTwo are old."]
)
def test_text_between_two_rules_is_no_front_matter(between: str) -> None:
    draft = read_markdown(f"---\n{between}\n---\n\n# 风车\n".encode())
    assert (draft.title, draft.marks, draft.metadata) == ("风车", (), {"encoding": "utf-8"})


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# 风车 *年报* #\ntext", "风车 年报"),
        ("```\n# code\n```\n# Real", "Real"),
        ("no heading", ""),
        ("~~~\n# open to the end", ""),
        ("## second level\n# First", "First"),
    ],
)
def test_the_first_heading_is_the_title(text: str, title: str) -> None:
    assert read_markdown(text.encode()).title == title


@pytest.mark.parametrize("unit", ["```\n", "|", "| a |\n|-|\n", "# x\n", "~~~~ "])
def test_markdown_made_to_be_slow_is_not(unit: str) -> None:
    read_markdown(
        (unit * 200_000).encode()
    )  # the test's time limit is the assertion: quadratic takes an hour


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_raise_a_read_error(content: bytes) -> None:
    try:
        text, _ = decode(content)
    except ReadError:
        return
    normalise(text).encode("utf-8")


def test_empty_bytes_have_an_encoding() -> None:
    assert find_encoding(b"") == "utf-8"
