"""Files made to harm: each ends in a ReadError, the machine and the reader live on."""

from __future__ import annotations

import gc
import io
import os
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers import DocumentReader, ReadLimits
from index.readers.child import Child
from index.readers.draft import Draft

GOOD = b"<p>The mill turns.</p>"
linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux limits address space"
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.html"
    path.write_bytes(GOOD)
    return path


def _pdf_bomb(operators: int) -> bytes:
    """Write a page that draws a letter over and over, deflated a thousandfold."""
    stream = zlib.compress(b"BT /F1 9 Tf " + b"(a) Tj " * operators + b"ET", 9)
    parts = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, part) for number, part in enumerate(parts, 1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R /Size 6 >>\nstartxref\n0\n%%EOF\n"


@linux_only
def test_a_pdf_bomb_ends_in_a_read_error_and_the_next_file_is_read(tmp_path: Path, good: Path) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(_pdf_bomb(8_000_000))
    assert bomb.stat().st_size < 200_000
    with DocumentReader(ReadLimits(child_bytes=700_000_000, child_seconds=60)) as reader:
        with pytest.raises(ReadError, match=r"bomb\.pdf: .*(memory|took more than)"):
            reader.read(bomb)
        assert reader.read(good).text == "The mill turns."


def test_what_takes_too_long_is_stopped_and_the_next_file_is_read(tmp_path: Path, good: Path) -> None:
    (tmp_path / "slow.html").write_bytes(b"<div>" * 300_000)  # the parser needs minutes: quadratic time
    with DocumentReader(ReadLimits(child_seconds=3)) as reader:
        reader.read(good)  # the process is up
        start = time.monotonic()
        with pytest.raises(ReadError, match=r"slow\.html: reading it took more than 3 seconds"):
            reader.read(tmp_path / "slow.html")
        assert time.monotonic() - start < 20
        assert reader.read(good).text == "The mill turns."


def test_a_docx_bomb_is_refused_within_the_childs_memory(tmp_path: Path) -> None:
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(250):
            part.write(b"<w:p/>" * 160_000)
    (tmp_path / "bomb.docx").write_bytes(file.getvalue())
    with DocumentReader() as reader, pytest.raises(ReadError, match=r"bomb\.docx: it unpacks to 240 MB"):
        reader.read(tmp_path / "bomb.docx")


def test_a_child_that_was_killed_is_started_again(good: Path) -> None:
    with DocumentReader() as reader:
        reader.read(good)
        process = reader._child._process
        assert process is not None
        process.kill()
        process.wait()
        assert reader.read(good).text == "The mill turns."


def test_leaving_the_reader_ends_the_child_and_reading_again_starts_one(good: Path) -> None:
    reader = DocumentReader()
    with reader:
        reader.read(good)
        process = reader._child._process
        assert process is not None
    assert process.poll() is not None
    assert reader.read(good).text == "The mill turns."
    reader.close()


def test_a_reader_that_nobody_closed_ends_its_child(good: Path) -> None:
    reader = DocumentReader()
    reader.read(good)
    process = reader._child._process
    assert process is not None
    del reader
    gc.collect()
    assert process.poll() is not None
    assert process.stdin is not None
    assert process.stdin.closed


def test_text_and_markdown_need_no_child(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# The mill\n", encoding="utf-8")
    with DocumentReader() as reader:
        reader.read(tmp_path / "a.md")
        assert reader._child._process is None


def test_an_interrupt_leaves_no_late_reply_behind(
    tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.readers import child as child_module

    with DocumentReader() as reader:
        reader.read(good)
        receive = child_module._receive

        def interrupted(pipe: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(child_module, "_receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reader.read(good)
        monkeypatch.setattr(child_module, "_receive", receive)
        (tmp_path / "other.html").write_bytes(b"<p>Another text.</p>")
        assert reader.read(tmp_path / "other.html").text == "Another text."


def test_a_script_without_a_main_guard_can_read_and_folders_shadow_nothing(
    tmp_path: Path, good: Path
) -> None:
    (tmp_path / "selectolax.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; sys.path.pop(0)\n"  # where the shadow lies
        "from index.readers import DocumentReader\n"
        f"print(DocumentReader().read({str(good)!r}).text)\n",
        encoding="utf-8",
    )
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "The mill turns.\n"


def test_a_child_that_sends_nonsense_is_not_believed() -> None:
    values = {
        "text": "abc",
        "marks": [],
        "pages": [{"number": 1, "span": [0, 4]}],
        "title": "",
        "metadata": {},
    }
    with pytest.raises(ValueError, match=r"span 0\.\.4 is outside a text of 3 characters"):
        Draft.from_json(values)
    assert Draft.from_json(Draft(text="abc", metadata={"a": "b"}).to_json()) == Draft(
        text="abc", metadata={"a": "b"}
    )


def test_an_unknown_task_and_a_parser_that_fails_are_read_errors() -> None:
    child = Child(ReadLimits())
    try:
        with pytest.raises(ReadError, match="there is no task 'dance'"):
            child.ask("dance", b"")
        with pytest.raises(ReadError, match="the parser failed on it"):
            child.ask("parse", b"")  # without a kind
        reply, payload = child.ask("parse", GOOD, kind="html")
        assert (reply["length"], b"The mill turns." in payload) == (len(payload), True)
    finally:
        child.close()


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.html"])
def test_damaged_files_never_end_in_anything_but_a_read_error(tmp_path: Path, name: str) -> None:
    whole = {"a.pdf": _pdf_bomb(50), "a.docx": _document(), "a.html": b"<table><tr><td>a<td>b</table>" * 20}[
        name
    ]
    path = tmp_path / name
    messages: list[str] = []
    with DocumentReader() as reader:
        for position in range(0, len(whole), max(1, len(whole) // 60)):
            damaged = bytearray(whole)
            damaged[position : position + 4] = b"\xff\x00\x7f<"
            path.write_bytes(damaged)
            try:
                reader.read(path)
            except ReadError as error:
                messages.append(str(error))
    assert all(message.startswith(f"{path}: ") and len(message) < 400 for message in messages)


def _document() -> bytes:
    from docx import Document

    document = Document()
    document.add_heading("The mill", 1)
    document.add_paragraph("It turns.")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()
