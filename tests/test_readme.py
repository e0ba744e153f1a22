"""What the README shows is what happens."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag import Assistant
from ui.sample import DOCUMENTS

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(DOCUMENTS, made / "papers")
    return made


@pytest.fixture(scope="module")
def assistant(folder: Path) -> Iterator[Assistant]:
    with Assistant.from_documents(folder / "papers", library=folder / "samples") as made:
        yield made


def test_the_python_example_runs_as_it_stands(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(folder)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(
    ("question", "shown"),
    re.findall(r'\$ chuchu ask --sample "(.+?)"\n    (.+)\n', README),
    ids=lambda text: text,
)
def test_a_shown_question_gets_the_shown_answer(assistant: Assistant, question: str, shown: str) -> None:
    assert assistant.ask(question).text == shown
