"""The house rules: imports run ui → rag → index, and each heavy library has one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BELOW = {"index": {"rag", "ui"}, "rag": {"ui"}, "ui": set()}
HOMES = {
    "faiss": {"index/dense.py"},
    "sentence_transformers": {"index/embedder.py", "rag/reranker.py"},
    "rjieba": {"index/terms.py"},
    "zhconv": {"index/text.py"},
    "pypinyin": {"index/terms.py"},
    "sqlite3": {"index/database.py", "index/lexical.py"},
    "transformers": {"rag/answerers/local.py"},
    "openai": {"rag/answerers/served.py"},
    "docx": {"index/readers/"},
    "pypdfium2": {"index/readers/"},
    "selectolax": {"index/readers/"},
    "gradio": {"ui/"},
    "matplotlib": {"rag/evaluation/plots.py"},
    "jinja2": {"rag/evaluation/report.py", "rag/answerers/local.py"},  # there, the errors of chat templates
    "nltk": {"rag/evaluation/cmrc.py"},
    "typer": {"ui/"},
    "rich": {"ui/"},
}
FILES = [path for room in BELOW for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    tops = {module.partition(".")[0] for module in imported(path)}
    assert not tops & BELOW[name.partition("/")[0]], "imports run ui → rag → index, never back"
    training = "/training/" in name  # training is a program of its own, beside the rooms' runtime
    astray = {lib for lib in tops & HOMES.keys() if not any(name.startswith(home) for home in HOMES[lib])}
    assert training or not astray, f"each heavy library has one home: {HOMES}"


def test_importing_rag_loads_no_heavy_library() -> None:
    heavy = "{'torch', 'transformers', 'sentence_transformers', 'faiss', 'jieba', 'gradio', 'pandas'}"
    code = f"import sys, rag; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[]"
