"""DOCX: body, notes and structure, on files made here with python-docx. The text is invented."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from index.errors import ReadError
from index.readers import DocumentReader, ReadLimits
from index.readers.docx import read_docx

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _saved(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _report() -> Any:
    from docx import Document

    document = Document()
    document.core_properties.title = "柳桥镇年报"
    document.core_properties.author = "温莉"
    document.sections[0].header.paragraphs[0].text = "页眉"
    document.add_heading("柳桥镇二〇二三年年报", 0)
    document.add_heading("风车", 1)
    document.add_paragraph("三座风车建成。")
    document.add_paragraph("一号", style="List Bullet")
    document.add_paragraph("二号", style="List Number")
    table = document.add_table(2, 3)
    for row, values in zip(table.rows, (("年份", "万度", ""), ("2022", "1,300", "好")), strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("表一 发电量", style="Caption")
    document.add_heading("Details", 2)
    document.add_paragraph("“风很大。”", style="Intense Quote")
    return document


def test_a_document_is_read_in_order_with_its_structure() -> None:
    draft = read_docx(_saved(_report()))
    assert draft.text == "\n\n".join(
        (
            "柳桥镇二〇二三年年报",
            "风车",
            "三座风车建成。",
            "一号\n二号",
            "年份\t万度\t\n2022\t1,300\t好",
            "表一 发电量",
            "Details",
            "“风很大。”",
        )
    )
    assert [(mark.kind, mark.level, draft.text[slice(*mark.span)]) for mark in draft.marks] == [
        ("title", 0, "柳桥镇二〇二三年年报"),
        ("heading", 1, "风车"),
        ("list_item", 0, "一号"),
        ("list_item", 0, "二号"),
        ("table", 0, "年份\t万度\t\n2022\t1,300\t好"),
        ("caption", 0, "表一 发电量"),
        ("heading", 2, "Details"),
        ("quote", 0, "“风很大。”"),
    ]
    assert (draft.title, draft.metadata) == ("柳桥镇年报", {"author": "温莉"})


def _with_body(xml: str, **parts: str) -> bytes:
    """Put paragraphs as raw XML before those of an empty document, and further parts beside it."""
    from docx import Document

    return _edited(
        _saved(Document()), lambda part: part.replace(b"<w:body>", b"<w:body>" + xml.encode(), 1), parts
    )


def _edited(content: bytes, edit: Callable[[bytes], bytes], parts: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "word/document.xml":
                part = edit(part)
            if name == "word/_rels/document.xml.rels" and parts:
                kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
                added = "".join(
                    f'<Relationship Id="x{key}" Type="{kind}/{key}" Target="{key}.xml"/>' for key in parts
                )
                part = part.replace(b"</Relationships>", added.encode() + b"</Relationships>")
            new.writestr(name, part)
        for key, xml in (parts or {}).items():
            new.writestr(f"word/{key}.xml", xml)
    return file.getvalue()


def test_changes_fields_breaks_boxes_and_controls_are_read_as_shown() -> None:
    draft = read_docx(
        _with_body(
            "<w:p><w:r><w:t>one</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
            "<w:ins><w:r><w:t> two</w:t></w:r></w:ins><w:r><w:br/></w:r><w:hyperlink><w:r><w:t>three</w:t></w:r>"
            "</w:hyperlink><w:r><w:instrText>PAGE</w:instrText><w:noBreakHyphen/><w:tab/><w:t>four</w:t></w:r></w:p>"
            "<w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
            "<w:p><w:r><w:t>beside </w:t><w:pict><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p>"
            "</w:txbxContent></w:pict><w:t>a box</w:t></w:r></w:p>"
        )
    )
    assert draft.text == "one two\nthree-\tfour\n\nin a control\n\nbeside a box\n\nin a box"


def test_readings_above_characters_are_left_out() -> None:
    ruby = (
        "<w:p><w:r><w:t>渡口在</w:t></w:r><w:r><w:ruby><w:rt><w:r><w:t>wěi</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>渭</w:t></w:r></w:rubyBase></w:ruby></w:r><w:r><w:t>河边。</w:t></w:r></w:p>"
    )
    assert read_docx(_with_body(ruby)).text == "渡口在渭河边。"


def test_formulas_are_read() -> None:
    formula = (
        '<w:p><w:r><w:t>产值</w:t></w:r><m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        "<m:r><m:t>y=3x</m:t></m:r></m:oMath><w:r><w:t>。</w:t></w:r></w:p>"
    )
    assert read_docx(_with_body(formula)).text == "产值y=3x。"


def test_a_box_in_a_cell_comes_once() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>好</w:t></w:r></w:p></w:txbxContent>"
    drawn = (
        '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    cells = "".join(
        f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r>{more}</w:p></w:tc>"
        for text, more in (("一号", ""), ("风车", drawn))
    )
    assert read_docx(_with_body(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>")).text == "一号\t风车 好"


def test_footnotes_come_after_the_body_without_words_separators() -> None:
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>---</w:t></w:r></w:p>'
        '</w:footnote><w:footnote w:id="1"><w:p><w:r><w:t>见附录。</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    assert (
        read_docx(_with_body("<w:p><w:r><w:t>正文。</w:t></w:r></w:p>", footnotes=notes)).text
        == "正文。\n\n见附录。"
    )


def test_a_table_of_one_column_is_a_frame_around_paragraphs() -> None:
    row = "<w:tr><w:tc><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:tc></w:tr>"
    draft = read_docx(_with_body(f"<w:tbl>{row % 'one'}{row % 'two'}</w:tbl>"))
    assert (draft.text, draft.marks) == ("one\n\ntwo", ())


def test_merged_cells_leave_each_figure_in_its_column() -> None:
    from docx import Document

    document = Document()
    table = document.add_table(4, 3)
    rows = (("市", "园区", "产值"), ("湖城", "东园", "3.4"), ("", "西园", "4.1"), ("合计", "", "7.5"))
    for row, values in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 0).merge(table.cell(3, 1))
    assert read_docx(_saved(document)).text == "市\t园区\t产值\n湖城\t东园\t3.4\n湖城\t西园\t4.1\n合计\t\t7.5"


def test_a_first_row_with_a_blank_cell_at_its_end_keeps_its_place() -> None:
    rows = (("", "2022年", ""), ("产值", "3.4", "略"))
    made = ("".join(f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>" for text in row) for row in rows)
    draft = read_docx(_with_body(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in made)}</w:tbl>"))
    assert draft.text == "2022年\t\n产值\t3.4\t略"


def test_a_cell_that_claims_to_be_endlessly_wide_is_one_column_wide() -> None:
    cells = ("甲", "乙"), ("丙", "丁")
    wide = f'<w:tcPr><w:gridSpan w:val="{"9" * 5_000}"/></w:tcPr>'
    rows = (
        "".join(f"<w:tc>{wide}<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>" for text in row)
        for row in cells
    )
    draft = read_docx(_with_body(f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"))
    assert draft.text == "甲\t乙\n丙\t丁"


@pytest.mark.parametrize(
    "title",
    ["Word 文档", "Microsoft Word - report.doc", "untitled", "幻灯片 1", "a.docx", "\xcf\xd6\xb4\xfa"],
)
def test_titles_that_programs_leave_behind_are_not_titles(tmp_path: Path, title: str) -> None:
    document = _report()
    document.core_properties.title = title
    (tmp_path / "年报.docx").write_bytes(_saved(document))
    with DocumentReader() as reader:
        assert reader.read(tmp_path / "年报.docx").title == "年报"


def _zip(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def _bomb(size: int) -> bytes:
    def fill(part: bytes) -> bytes:
        return part.replace(b"<w:body>", b"<w:body>" + b"<w:p/>" * (size // 6), 1)

    return _edited(_saved(_report()), fill)


def test_a_zip_bomb_is_refused_by_what_it_declares() -> None:
    bomb = _bomb(210_000_000)
    assert len(bomb) < 2_000_000
    with pytest.raises(ReadError, match=r"it unpacks to 21\d MB, more than the limit of 200 MB"):
        read_docx(bomb)
    with pytest.raises(ReadError, match="times its size"):
        read_docx(_bomb(30_000_000))
    with pytest.raises(ReadError, match="5,001 parts"):
        read_docx(_zip({f"{number}.txt": b"" for number in range(5001)}))


def test_a_zip_bomb_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(_zip({"word/document.xml": b" " * 5_000_000}))
    size = (5_000_000).to_bytes(4, "little")
    while size in bomb:
        start = bomb.index(size)
        bomb[start : start + 4] = (100).to_bytes(4, "little")
    with pytest.raises(ReadError):
        read_docx(bytes(bomb), ReadLimits(max_zip_bytes=1000))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_external_entity_is_not_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "secret.txt").write_text("the secret of the mill", encoding="utf-8")

    def attack(part: bytes) -> bytes:
        body = part.decode().partition("?>")[2].replace("三座风车建成。", "&secret;")
        doctype = f'<!DOCTYPE w:document [<!ENTITY secret SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>'
        return f'<?xml version="1.0" encoding="{encoding}"?>{doctype}{body}'.encode(encoding)

    content = _edited(_saved(_report()), attack)
    with pytest.raises(ReadError, match="declares XML entities"):
        read_docx(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a zip", "damaged or cut off"),
        (_zip({"a.txt": b"no document"}), "no Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "old or encrypted Office document"),
    ],
)
def test_what_is_no_document_is_a_read_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.docx").write_bytes(content)
    with DocumentReader() as reader, pytest.raises(ReadError, match=message):
        reader.read(tmp_path / "a.docx")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_cut_off_document_is_a_read_error(share: float) -> None:
    content = _saved(_report())
    with pytest.raises(ReadError, match="damaged or cut off"):
        read_docx(content[: int(len(content) * share)])
