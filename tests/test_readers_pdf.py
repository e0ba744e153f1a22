"""PDF: columns, paragraphs, boxes, pictures and damage, on files written here; their text is invented."""

from __future__ import annotations

import random
import re
import struct
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.datatypes import Page
from index.errors import ReadError
from index.readers import DocumentReader, ReadLimits
from index.readers.columns import Box, Glyph, make_runs, read_page
from index.readers.pdf import page_boxes, read_pdf, render_page


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of text on a PDF page, its base line ``x`` points from the left and ``y`` from the bottom."""

    text: str
    x: float
    y: float
    size: float = 10.0
    sideways: bool = False

    @property
    def width(self) -> float:
        """In points: ASCII is drawn in Courier, everything else in a font of square characters."""
        return self.size * (0.6 if self.text.isascii() else 1.0) * len(self.text)


def make_pdf(
    pages: Sequence[Sequence[Placed]],
    *,
    title: str = "",
    page_entries: str = "",
    size: tuple[int, int] = (600, 800),
    drawing: str = "",
    encrypted: bool = False,
) -> bytes:
    """Write a small PDF with a text layer; ``page_entries`` ("/Rotate 90") go into each page's dictionary.

    ``drawing`` are operators before the text; ``encrypted`` leaves a PDF that no password opens.
    """
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /U def /CMapType 2 def "
        b"1 begincodespacerange <0000> <FFFF> endcodespacerange "
        + b"".join(
            b"64 beginbfrange "
            + b" ".join(
                b"<%02X00> <%02XFF> <%02X00>" % (high, high, high) for high in range(first, first + 64)
            )
            + b" endbfrange "
            for first in range(0, 256, 64)
        )
        + b"endcmap end end"
    )
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>"
        % (b" ".join(b"%d 0 R" % (8 + 2 * number) for number in range(len(pages))), len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Square /Encoding /Identity-H "
        b"/DescendantFonts [5 0 R] /ToUnicode 7 0 R >>",
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Square /DW 1000 /FontDescriptor 6 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        b"<< /Type /FontDescriptor /FontName /Square /Flags 4 /FontBBox [0 -120 1000 880] /ItalicAngle 0 "
        b"/Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(to_unicode), to_unicode),
    ]
    for number, page in enumerate(pages):
        drawn = b"\n".join((drawing.encode(), *map(_drawn, page)))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R %s "
            b"/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>"
            % (*size, 9 + 2 * number, page_entries.encode())
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    objects.append(b"<< /Title <%s> >>" % (b"FEFF" + title.encode("utf-16-be").hex().upper().encode()))
    locked = b""
    if encrypted:  # with keys that no password fits
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"5A" * 32, b"A5" * 32))
        locked = b"/Encrypt %d 0 R /ID [<00> <00>]" % len(objects)
    information = len(objects) - encrypted
    content = b"%PDF-1.7\n"
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        content
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(offsets) + 1, entries)
        + b"trailer << /Size %d /Root 1 0 R /Info %d 0 R %s >>\n" % (len(offsets) + 1, information, locked)
        + b"startxref\n%d\n%%%%EOF\n" % len(content)
    )


def _drawn(line: Placed) -> bytes:
    if line.text.isascii():
        font, string = b"/F1", b"(%s)" % re.sub(rb"([()\\])", rb"\\\1", line.text.encode())
    else:
        font, string = b"/F2", b"<%s>" % line.text.encode("utf-16-be").hex().encode()
    matrix = b"0 1 -1 0" if line.sideways else b"1 0 0 1"
    return b"BT %s %f Tf %s %f %f Tm %s Tj ET" % (font, line.size, matrix, line.x, line.y, string)


INK = "春夏秋冬山川湖海风云雨雪花草树木江河日月星辰东西南北城市乡村道路桥梁学校工厂农田果园渔船灯塔"


def _prose(length: int, seed: int) -> str:
    """Make a sentence of random characters, of which every piece is likely to be found in one place only."""
    return "".join(random.Random(seed).choices(INK, k=length - 1)) + "。"


def _column(text: str, x: float, y: float, width: float, size: float = 10, indent: int = 0) -> list[Placed]:
    """Set Chinese text in lines of a width, 1.5 times its size apart, the first line indented."""
    count = int(width / size)
    text = "\u3000" * indent + text
    return [
        Placed(line, x + size * indent * (not number), y - 1.5 * size * number, size)
        for number, line in enumerate(
            text[start : start + count].lstrip("\u3000") for start in range(0, len(text), count)
        )
    ]


def _text(*pages: Sequence[Placed]) -> str:
    return read_pdf(make_pdf(pages)).text


def test_three_columns_come_out_whole_in_whatever_order_they_are_drawn() -> None:
    columns = [_prose(395, seed) for seed in range(3)]
    page = [
        line for number, text in enumerate(columns) for line in _column(text, 40 + 180 * number, 700, 160)
    ]
    expected = "\n\n".join(columns)
    assert _text(page) == expected
    assert _text(sorted(page, key=lambda line: (-line.y, line.x))) == expected
    assert _text(random.Random(1).sample(page, len(page))) == expected


def test_four_narrow_columns_with_a_narrow_gutter_come_out_whole() -> None:
    columns = [_prose(255, seed) for seed in range(4)]
    page = [
        line for number, text in enumerate(columns) for line in _column(text, 40 + 110 * number, 700, 100)
    ]
    assert _text(sorted(page, key=lambda line: -line.y)) == "\n\n".join(columns)


def test_headlines_that_span_columns_divide_the_page() -> None:
    first, second = "三座风车照亮柳桥镇的夜空", "渡船停航以后"
    texts = [_prose(295, 1), _prose(275, 2), _prose(195, 3), _prose(215, 4), _prose(185, 5)]
    page = [Placed(first, 60, 740, 30), Placed(second, 230, 480, 24)]
    for number, text in enumerate(texts[:2]):
        page += _column(text, 40 + 275 * number, 700, 250)
    for number, text in enumerate(texts[2:]):
        page += _column(text, 40 + 180 * number, 440, 160)
    draft = read_pdf(make_pdf([page]))
    assert draft.text == "\n\n".join((first, *texts[:2], second, *texts[2:]))
    assert [(mark.kind, mark.level, draft.text[slice(*mark.span)]) for mark in draft.marks] == [
        ("heading", 1, first),
        ("heading", 2, second),
    ]


def test_a_headline_over_two_of_three_columns_stays_with_them() -> None:
    headline = "渡船停航以后的两岸"
    texts = [_prose(475, 1), _prose(155, 2), _prose(155, 3), _prose(135, 4), _prose(135, 5)]
    page = (
        _column(texts[0], 40, 700, 160) + _column(texts[1], 220, 700, 160) + _column(texts[2], 400, 700, 160)
    )
    page += [Placed(headline, 225, 520, 26)]
    page += _column(texts[3], 220, 480, 160) + _column(texts[4], 400, 480, 160)
    assert _text(page) == "\n\n".join((*texts[:3], headline, *texts[3:]))


def test_a_headline_whose_second_line_is_short_stays_one_heading() -> None:
    texts = [_prose(395, seed) for seed in range(3)]
    page = [Placed("三座风车照亮了柳桥镇的夜空与", 90, 770, 30), Placed("河流", 270, 735, 30)]
    for number, text in enumerate(texts):
        page += _column(text, 40 + 180 * number, 700, 160)
    draft = read_pdf(make_pdf([page]))
    assert draft.text == "\n\n".join(("三座风车照亮了柳桥镇的夜空与河流", *texts))
    assert [mark.span for mark in draft.marks] == [(0, 16)]


def test_a_picture_with_a_caption_does_not_break_the_columns() -> None:
    texts = [_prose(115, 1), _prose(145, 2), _prose(495, 3)]
    page = [*_column(texts[0], 40, 700, 250), Placed("图为风车", 60, 400, 8)]
    page += _column(texts[1], 40, 370, 250) + _column(texts[2], 315, 700, 250)
    assert _text(page) == "\n\n".join((texts[0], "图为风车", *texts[1:]))


def test_indented_chinese_paragraphs_are_told_apart_and_joined_without_spaces() -> None:
    first, second, third = _prose(90, 1), _prose(75, 2), _prose(16, 3)
    page = _column(first, 40, 700, 200, indent=2)
    page += _column(second, 40, 625, 200, indent=2) + _column(third, 40, 565, 200, indent=2)
    assert _text(page) == "\n\n".join((first, second, third))


def test_english_lines_are_joined_with_spaces_and_broken_words_without() -> None:
    lines = ("The munici-", "pality built", "a well-known", "mill and sold", "it to a co-", "op again.")
    page = [Placed(line, 40, 700 - 12 * number) for number, line in enumerate(lines)]
    assert _text(page) == "The municipality built a well-known mill and sold it to a coop again."


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("a new “second bridge”", "and others"), "a new “second bridge” and others"),
        (("a promise of decades —", "“at last”…"), "a promise of decades — “at last”…"),
        (("She said “well…” ‘no’ twice",), "She said “well…” ‘no’ twice"),
        (("他们都说“大桥很好”", "“是的”——"), "他们都说“大桥很好”“是的”——"),
        (("他们都说大桥很好……", "ABC公司"), "他们都说大桥很好……ABC公司"),
    ],
)
def test_quotes_dashes_and_ellipses_are_of_the_script_beside_them(lines: Sequence[str], text: str) -> None:
    assert _text([Placed(line, 40, 700 - 12 * number) for number, line in enumerate(lines)]) == text


def test_chinese_and_english_on_one_line_keep_the_spaces_of_the_file() -> None:
    page = [Placed("风车由 ABC 公司建成，造价1.5亿元。", 40, 700)]
    assert _text(page) == "风车由 ABC 公司建成，造价1.5亿元。"


def test_a_table_is_read_row_by_row() -> None:
    rows = [("year", "output", "staff"), ("2021", "120.5", "300"), ("2022", "130.1", "310")]
    page = [
        Placed(cell, 40 + 150 * column, 700 - 18 * row)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    ]
    draft = read_pdf(make_pdf([page]))
    assert draft.text == "year\toutput\tstaff\n2021\t120.5\t300\n2022\t130.1\t310"
    assert [(mark.kind, mark.span) for mark in draft.marks] == [("table", (0, len(draft.text)))]


def test_pages_have_numbers_and_spans_and_an_empty_page_is_told() -> None:
    draft = read_pdf(make_pdf([[Placed("第一页的字", 40, 700)], [], [Placed("Page three", 40, 700)]]))
    assert draft.text == "第一页的字\n\nPage three"
    assert draft.pages == (
        Page(number=1, span=(0, 5)),
        Page(number=2, span=(5, 5)),
        Page(number=3, span=(7, 17)),
    )
    assert draft.metadata == {"pages_without_text": "2"}


def test_page_numbers_and_running_heads_are_furniture() -> None:
    pages = [
        [
            Placed("Marrow Bridge Gazette", 40, 770),
            *_column(_prose(200, number), 40, 700, 400),
            Placed(f"- {number} -", 280, 20),
        ]
        for number in range(1, 5)
    ]
    draft = read_pdf(make_pdf(pages))
    furniture = [draft.text[slice(*mark.span)] for mark in draft.marks if mark.kind == "furniture"]
    assert furniture == [
        part for number in range(1, 5) for part in ("Marrow Bridge Gazette", f"- {number} -")
    ]


def test_radicals_and_ligatures_become_the_characters_they_look_like() -> None:
    page = [Placed("\u2f47\u2f49风车 \ufb01ne", 40, 700), Placed("cafe\u0301", 40, 600)]
    assert _text(page) == "日月风车 fine\n\ncafé"


def test_a_rare_character_that_comes_in_two_halves_is_one() -> None:
    text = "柳桥镇𠮷野家开业。"
    assert _text([Placed(text, 40, 700)]) == text


def test_title_and_author_come_from_the_properties(tmp_path: Path) -> None:
    page = [Placed("风车的故事", 40, 700)]
    for title, expected in (("柳桥镇年报", "柳桥镇年报"), ("Microsoft Word - a.doc", "文件"), ("", "文件")):
        (tmp_path / "文件.pdf").write_bytes(make_pdf([page], title=title))
        with DocumentReader() as reader:
            assert reader.read(tmp_path / "文件.pdf").title == expected


@pytest.mark.parametrize(
    ("rotation", "drawing", "size"),
    [
        (0, "1 0 0 1 0 0 cm", (600, 800)),
        (90, "0 1 -1 0 600 0 cm", (800, 600)),
        (180, "-1 0 0 -1 600 800 cm", (600, 800)),
        (270, "0 -1 1 0 0 800 cm", (800, 600)),
    ],
)
def test_boxes_of_words_are_where_they_are_on_the_page_as_displayed(
    rotation: int, drawing: str, size: tuple[int, int]
) -> None:
    pages = [[Placed("another page", 40, 500)], [Placed("the mill of Marrow", 100, 500)]]
    content = make_pdf(pages, page_entries=f"/Rotate {rotation}", drawing=drawing)
    draft = read_pdf(content)
    assert draft.text == "another page\n\nthe mill of Marrow"
    start = draft.text.index("mill")
    found = page_boxes(content, draft.pages[1], [(start, start + 4)])
    (box,) = found.boxes
    assert (found.width, found.height) == size
    assert (box.left, box.right) == pytest.approx((124, 148), abs=1)  # Courier: 6 points a character
    assert box.top < size[1] - 500 < box.bottom + 1
    assert box.bottom - box.top < 15


def test_boxes_count_from_the_corner_of_the_part_of_the_page_that_is_shown() -> None:
    content = make_pdf([[Placed("the mill", 100, 500)]], page_entries="/CropBox [50 100 550 700]")
    found = page_boxes(content, Page(number=1, span=(0, 8)), [(0, 3)])
    assert (found.width, found.height) == (500, 600)
    assert found.boxes[0].left == pytest.approx(50, abs=1)
    assert found.boxes[0].top < 700 - 500 < found.boxes[0].bottom + 1


def test_a_stamp_drawn_sideways_comes_last_and_disturbs_no_column() -> None:
    columns = [_prose(395, 1), _prose(395, 2)]
    stamp = Placed("DRAFT COPY", 300, 300, 40, sideways=True)
    page = [stamp, *_column(columns[0], 40, 700, 250), *_column(columns[1], 315, 700, 250)]
    assert _text(page) == "\n\n".join((*columns, "DRAFT COPY"))


def test_boxes_over_several_lines_are_one_for_each_line() -> None:
    text = _prose(60, 1)
    content = make_pdf([_column(text, 40, 700, 200)])
    (page,) = read_pdf(content).pages
    boxes = page_boxes(content, page, [(10, 50)]).boxes
    assert [(round(box.left), round(box.right)) for box in boxes] == [(140, 240), (40, 240), (40, 140)]
    assert page_boxes(content, page, [(60, 90), (5, 5)]).boxes == ()


def test_boxes_of_another_file_or_page_are_refused() -> None:
    content = make_pdf([[Placed("The mill.", 40, 700)]])
    with pytest.raises(ReadError, match="has 9 characters now, not 5"):
        page_boxes(content, Page(number=1, span=(0, 5)), [(0, 5)])
    with pytest.raises(ReadError, match="no page 2"):
        page_boxes(content, Page(number=2, span=(0, 9)), [])


def test_a_page_is_drawn_as_a_png_with_ink_where_the_boxes_are() -> None:
    content = make_pdf([[Placed("HHHHHH", 100, 700, 40)]])
    picture = render_page(content, 1, 0.5)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, channels, rows = _pixels(picture)
    assert (width, height) == (300, 400)
    dark = [
        (x, y)
        for y in range(height)
        for x in range(width)
        if rows[y][x * channels : x * channels + 3] < b"\x80\x80\x80"
    ]
    (box,) = page_boxes(content, Page(number=1, span=(0, 6)), [(0, 6)]).boxes
    assert dark
    assert all(
        box.left - 2 <= 2 * x <= box.right + 2 and box.top - 2 <= 2 * y <= box.bottom + 2 for x, y in dark
    )


def _pixels(picture: bytes) -> tuple[int, int, int, list[bytes]]:
    """Decode a PNG whose rows are not filtered."""
    width, height, _, colour = struct.unpack(">IIBB", picture[16:26])
    channels = {0: 1, 2: 3, 6: 4}[colour]
    start = picture.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", picture[start - 8 : start - 4])
    rows = zlib.decompress(picture[start : start + length])
    stride = 1 + width * channels
    return width, height, channels, [rows[y * stride + 1 : (y + 1) * stride] for y in range(height)]


def test_a_huge_page_is_drawn_smaller() -> None:
    width, height = struct.unpack(">II", render_page(make_pdf([[]], size=(14400, 14400)), 1, 3)[16:24])
    assert width * height <= 31_000_000


def test_boxes_and_pictures_come_through_the_reader_with_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "风车 报告.pdf"
    path.write_bytes(make_pdf([[Placed("The mill.", 40, 700)]]))
    with DocumentReader() as reader:
        document = reader.read(path)
        assert (document.text, document.page_count, document.language) == ("The mill.", 1, "en")
        assert len(reader.page_boxes(path, document.pages[0], [(4, 8)]).boxes) == 1
        assert reader.render_page(path, 1).startswith(b"\x89PNG")
        with pytest.raises(ReadError, match=r"风车 报告\.pdf: it has 1 pages and no page 2"):
            reader.render_page(path, 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (make_pdf([[], []]), "no text layer, as scans have none; run OCR"),
        (
            make_pdf([[Placed("secret mill", 40, 700)]], encrypted=True),
            "it is encrypted; remove its password",
        ),
        (make_pdf([[Placed("a mill", 40, 700)]])[:-60], "cut off"),
        (make_pdf([[Placed("a mill", 40, 700)]])[:300], "cut off"),
        (b"<html>Please log in</html>", "it is no PDF, whatever its name says"),
        (b"not a PDF at all %%EOF", "not a PDF or it is damaged"),
        (make_pdf([[Placed("\ue001\ue002\ue003\ue004", 40, 700)]]), "cannot be read .* run OCR"),
        (make_pdf([]), "no pages|damaged"),
    ],
)
def test_what_cannot_be_read_is_a_read_error_that_says_what_to_do(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    with DocumentReader() as reader, pytest.raises(ReadError, match=message) as caught:
        reader.read(tmp_path / "a.pdf")
    assert str(caught.value).startswith(f"{tmp_path / 'a.pdf'}: ")


def test_limits_on_pages_and_characters_hold() -> None:
    content = make_pdf([[Placed("a mill", 40, 700)]] * 3)
    with pytest.raises(ReadError, match="3 pages, more than the 2 allowed"):
        read_pdf(content, ReadLimits(max_pages=2))
    with pytest.raises(ReadError, match="more than 10 characters"):
        read_pdf(content, ReadLimits(max_characters=10))


@given(
    st.lists(
        st.tuples(st.text("风车ab -\u0301", min_size=1, max_size=9), *[st.integers(0, 700)] * 2), max_size=12
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_drawn_every_character_has_its_box_and_comes_once(
    lines: list[tuple[str, int, int]],
) -> None:
    glyphs = [
        Glyph(character, Box(x + 10.0 * number, y, x + 10.0 * number + 9, y + 12), False)
        for text, x, y in lines
        for number, character in enumerate(text.replace(" ", ""))
    ]
    page = read_page(make_runs(glyphs))
    assert len(page.boxes) == len(page.text)
    assert unicodedata.is_normalized("NFC", page.text)
    assert all(
        (box is None) <= character.isspace() for character, box in zip(page.text, page.boxes, strict=True)
    )
    drawn = Counter(glyph.character for glyph in glyphs if glyph.character not in "-\u0301")
    assert (
        Counter(c for c in unicodedata.normalize("NFD", page.text) if not c.isspace() and c not in "-\u0301")
        == drawn
    )
    for before, after in pairwise(page.blocks):
        assert before.span[1] < after.span[0]
