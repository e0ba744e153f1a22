"""Errors in the language of the interface: every pattern is a sentence of the code; real files give Chinese ones."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from index.errors import ReadError
from index.readers import DocumentReader
from ui.errors import CHINESE, in_language

ROOT = Path(__file__).resolve().parents[1]


def sentences() -> str:
    """Every text of the code, one a line, {} for what is filled in."""
    found = []
    for path in (path for room in ("index", "rag", "ui") for path in (ROOT / room).rglob("*.py")):
        if path == ROOT / "ui" / "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found.append("".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values))  # type: ignore[misc]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


def test_every_pattern_is_a_sentence_of_the_code() -> None:
    said = sentences()
    # a sentence about a server is put together of its name and what it did
    astray = [
        english
        for english in CHINESE
        if english not in said
        and english.removeprefix("{} ") not in said
        and not all(part.strip() in said for part in re.split(r"\(HTTP \{\}\)", english.removeprefix("{} ")))
    ]
    assert astray == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("空.txt", b"", "空.txt：文件是空的（0 字节）；请换一个文件。"),
        ("空白.txt", b" \n\n ", "里面没有文字，只有空白；请换一个文件。"),
        ("零.txt", b"\0" * 64, "内容全是空字节，像是没有复制完；请重新复制。"),
        ("坏.docx", b"PK\x03\x04 cut off", "文件损坏或不完整；请重新复制或下载。"),
        ("断.pdf", b"%PDF-1.7\n1 0 obj", "PDF 不完整（缺少结尾）；请重新复制或下载。"),
        ("假.docx", b"%PDF-1.7\n%%EOF", "内容是 a PDF，扩展名却是 .docx；"),
    ],
)
def test_a_bad_file_is_told_in_chinese(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with DocumentReader() as reader, pytest.raises(ReadError) as caught:
        reader.read(tmp_path / name)
    english = str(caught.value).replace(str(tmp_path / name), name)
    assert said in in_language(english, "zh")
    assert in_language(english, "zh").startswith(f"{name}：")
    assert in_language(english, "en") == english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("the question has 2,100 characters; 2,000 are the limit", "问题有 2,100 个字符，最多 2,000 个。"),
        (
            "the server at localhost:11434 said nothing for 120 s; it may be overloaded",
            "the server at localhost:11434 有 120 秒没有回应，可能太忙。",
        ),
        *(
            (f"the model 'q' at http://h/v1 {english}", f"the model 'q' at http://h/v1 {chinese}")
            for english, chinese in {
                "failed (HTTP 503: down); ask again in 3600 s": "出错（HTTP 503：down）；请过 3600 秒再问。",
                "failed (HTTP 503: down); ask again later": "出错（HTTP 503：down）；请稍后再问。",
                "failed (out of memory); ask again later": "出错（out of memory）；请稍后再问。",
                "refused the request (HTTP 400: no)": "拒绝了请求（HTTP 400：no）。",
                "withheld its answer (safety); ask in other words": "拒绝给出回答（safety）；请换个说法再问。",
                "ended without a word; ask again": "没有写出一个字就结束了；请再问一次。",
            }.items()
        ),
        (
            "The language model 'a/b' needs about 9.1 GB on cpu, where 4.0 GB are free; take a smaller one, "
            "lower context_tokens, or let a server run a quantised one (openai:URL#MODEL).",
            "语言模型 a/b 在 cpu 上约需 9.1 GB，只有 4.0 GB 可用；请换小一些的模型，调低 context_tokens，"
            "或改用服务器上的量化模型（openai:URL#MODEL）。",
        ),
        (
            "松岭林场.txt: there is no such file or folder; check the path.",
            "松岭林场.txt：没有这个文件或文件夹；请检查它是否移走或改了名。",
        ),
        ("something that nobody foresaw", "something that nobody foresaw"),
    ],
)
def test_what_was_filled_in_is_kept(english: str, chinese: str) -> None:
    assert in_language(english, "zh") == chinese
