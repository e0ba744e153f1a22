"""The commands from the shell, with the shipped models over a few documents of their own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from index.library import Library
from rag.assistant import Assistant
from rag.evaluation.questions import Question, read_questions, write_questions
from rag.evaluation.tune import Step, Tuning
from rag.settings import Settings
from ui.cli import app

TEXTS = {
    "园区.txt": "澄湖高新区2023年年报\n\n2023年，澄湖高新区实现工业产值312亿元，同比增长9.4%。园区共有企业1204家。\n",
    "轮渡.txt": "澄湖轮渡\n\n澄湖轮渡公司成立于1986年，总部设在北码头。公司现有渡轮9艘，每天往返16班。\n",
    "museum.md": "# Chenghu Museum\n\nThe museum was opened in 1974 and holds 2,600 objects.\n",
}
QUESTIONS = (
    Question(
        id="a",
        question="2023年澄湖高新区工业产值是多少？",
        answers=("312亿元",),
        evidence=("实现工业产值312亿元",),
    ),
    Question(id="b", question="澄湖轮渡公司有几艘渡轮？", answers=("9艘",), documents=("轮渡.txt",)),
    Question(id="c", question="How many objects does the museum hold?", answers=("2,600",), language="en"),
    Question(id="d", question="火星基地的站长是谁？", answers=(), type="unanswerable"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents, their library and a questions file."""
    made = tmp_path_factory.mktemp("evaluation")
    (made / "docs").mkdir()
    for name, text in TEXTS.items():
        (made / "docs" / name).write_text(text, encoding="utf-8")
    Assistant.from_documents(made / "docs", library=made / "library").close()
    write_questions(made / "q.jsonl", QUESTIONS)
    return made


def chuchu(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def table(output: str) -> dict[str, list[str]]:
    rows = [line.split("\t") for line in output.splitlines() if "\t" in line]
    return {row[0]: row[1:] for row in rows}


def test_eval_answers_scores_and_reports(folder: Path) -> None:
    result = chuchu("eval", folder / "q.jsonl", "--library", folder / "library", "--out", folder / "run")
    assert result.exit_code == 0, result.output
    assert table(result.stdout)["retrieval_recall@5"] == ["1.0000", "1.0000", "1.0000", "3"]
    assert float(table(result.stdout)["answer_accuracy"][0]) >= 2 / 3
    assert str(folder / "run" / "report.html") in result.stderr
    info = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))
    assert info["state"] == "finished"
    assert info["corpus"]["documents"] == 3
    assert set(info["models"]) == {"embedder", "reader", "answerer"}
    assert info["settings"]["refusal_threshold"] == Settings().refusal_threshold


def test_eval_reads_documents_into_a_library_of_its_own(folder: Path, tmp_path: Path) -> None:
    result = chuchu("eval", folder / "q.jsonl", "--documents", folder / "docs", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run" / "library").is_dir()
    again = chuchu("eval", folder / "q.jsonl", "--documents", folder / "docs", "--out", tmp_path / "run")
    assert again.stdout == result.stdout


def test_eval_measures_the_documents_that_are_named_now(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ferry").mkdir()
    (tmp_path / "ferry" / "轮渡.txt").write_text(TEXTS["轮渡.txt"], encoding="utf-8")
    monkeypatch.chdir(tmp_path / "ferry")
    for documents, count in ((folder / "docs", 3), ("轮渡.txt", 1), (folder / "docs", 3), ("../ferry", 1)):
        options = ("--documents", documents, "--out", tmp_path / "run", "--overwrite")
        result = chuchu("eval", folder / "q.jsonl", *options)
        assert result.exit_code == 0, result.output
        info = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
        assert info["corpus"]["documents"] == count


def test_eval_leaves_the_library_of_another_run_alone_and_forgets_files_that_are_gone(
    folder: Path, tmp_path: Path
) -> None:
    for place, names in (("one", ("轮渡.txt", "museum.md")), ("two", ("园区.txt",))):
        (tmp_path / place).mkdir()
        for name in names:
            (tmp_path / place / name).write_text(TEXTS[name], encoding="utf-8")

    def run(place: str, *options: str) -> Result:
        documents = ("--documents", tmp_path / place, "--out", tmp_path / "run")
        return chuchu("eval", folder / "q.jsonl", *documents, *options)

    def names() -> list[str]:
        with Library.open(tmp_path / "run" / "library") as library:
            return sorted(document.name for document in library.documents())

    assert run("one").exit_code == 0
    info = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert info["documents"] == [str(tmp_path / "one")]
    other = run("two")
    assert (other.exit_code, names()) == (1, ["museum.md", "轮渡.txt"])
    assert f"documents: {tmp_path / 'one'} there, {tmp_path / 'two'} now" in str(other.exception)
    with FileLock(tmp_path / "run" / ".lock"):
        assert "another evaluation is writing" in str(run("two", "--overwrite").exception)
    assert names() == ["museum.md", "轮渡.txt"]
    (tmp_path / "one" / "museum.md").unlink()
    assert run("one", "--overwrite").exit_code == 0
    assert names() == ["轮渡.txt"]


def test_eval_reads_no_documents_into_the_samples(folder: Path, tmp_path: Path) -> None:
    options = ("--documents", folder / "docs", "--sample", "--out", tmp_path / "run")
    result = chuchu("eval", folder / "q.jsonl", *options)
    assert result.exit_code == 1
    assert "leave out --sample" in str(result.exception)


def test_eval_asks_for_samples_that_are_embedded_with_the_model_that_is_asked_for(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def sample_library(*options: object) -> Path:
        asked.extend(options)
        return tmp_path / "none"

    monkeypatch.setattr("ui.sample.sample_library", sample_library)
    options = ("--sample", "--embedder", "builtin-fast", "--dimensions", "64", "--out", tmp_path / "run")
    assert chuchu("eval", folder / "q.jsonl", *options).exit_code == 1
    assert asked == ["builtin-fast", 64]


def test_eval_reads_no_documents_into_a_library_that_is_there(folder: Path, tmp_path: Path) -> None:
    options = ("--documents", folder / "docs", "--library", tmp_path / "papers", "--out", tmp_path / "run")
    result = chuchu("eval", folder / "q.jsonl", *options)
    assert result.exit_code == 1
    assert "leave out --library" in str(result.exception)
    assert not (tmp_path / "papers").exists()


def test_eval_of_a_squad_file_brings_its_own_documents(tmp_path: Path) -> None:
    qas = [
        {
            "id": "s",
            "question": "澄湖轮渡公司成立于哪一年？",
            "answers": [{"text": "1986年", "answer_start": 8}],
        }
    ]
    paragraphs = [{"context": TEXTS["轮渡.txt"].split("\n\n")[1].strip(), "qas": qas}]
    squad = {"version": "1", "data": [{"title": "澄湖轮渡", "paragraphs": paragraphs}]}
    (tmp_path / "s.json").write_text(json.dumps(squad, ensure_ascii=False), encoding="utf-8")
    result = chuchu("eval", tmp_path / "s.json", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert table(result.stdout)["answer_accuracy"][0] == "1.0000"


def test_eval_says_that_accuracy_was_not_measured(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("question\n澄湖在哪里？\n", encoding="gb18030")
    result = chuchu("eval", tmp_path / "q.csv", "--library", folder / "library", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert set(table(result.stdout)) == {"metric", "latency_p50_s", "latency_p95_s"}
    assert "accuracy was not measured" in result.stderr
    assert "read as GB18030" in result.stderr


def test_python_and_the_shell_give_the_same_run(folder: Path, tmp_path: Path) -> None:
    with Assistant.open(folder / "library") as assistant:
        run = assistant.evaluate(folder / "q.jsonl")
    result = chuchu("eval", folder / "q.jsonl", "--library", folder / "library", "--out", tmp_path / "run")
    shell = {name: row[0] for name, row in table(result.stdout).items() if not name.startswith("latency")}
    python = {
        name: f"{m['value']:.4f}" for name, m in run.metrics["overall"].items() if m["value"] is not None
    }
    assert {name: value for name, value in python.items() if not name.startswith("latency")} | {
        "metric": "value"
    } == shell


def test_compare_prints_and_writes_what_differs(folder: Path, tmp_path: Path) -> None:
    for name, threshold in (("a", 0.5), ("b", 1.0)):
        settings = Settings(refusal_threshold=threshold)
        with Assistant.open(folder / "library", settings=settings) as assistant:
            assistant.evaluate(folder / "q.jsonl", tmp_path / name)
    result = chuchu("compare", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "c.html")
    assert result.exit_code == 0, result.output
    assert float(table(result.stdout)["answer_accuracy"][2]) < 0
    assert "refusal_threshold" in (tmp_path / "c.html").read_text(encoding="utf-8")


def test_questions_are_drafted_and_can_be_asked(folder: Path, tmp_path: Path) -> None:
    result = chuchu(
        "questions", "--library", folder / "library", "--count", "6", "--out", tmp_path / "made.jsonl"
    )
    assert result.exit_code == 0, result.output
    assert "not for saying how well people's own questions" in " ".join(result.stderr.split())
    made = read_questions(tmp_path / "made.jsonl").questions
    assert 3 <= len(made) <= 6
    asked = chuchu(
        "eval", tmp_path / "made.jsonl", "--library", folder / "library", "--out", tmp_path / "run"
    )
    assert float(table(asked.stdout)["answer_accuracy"][0]) > 0.5


def test_questions_replace_a_file_only_when_told_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text("mine", encoding="utf-8")
    options = ("--library", folder / "library", "--count", "2", "--out", tmp_path / "mine.jsonl")
    result = chuchu("questions", *options)
    assert result.exit_code == 1
    assert "mine.jsonl is there already" in str(result.exception)
    assert (tmp_path / "mine.jsonl").read_text(encoding="utf-8") == "mine"
    assert chuchu("questions", *options, "--overwrite").exit_code == 0
    assert read_questions(tmp_path / "mine.jsonl").questions


def test_tune_shows_before_and_after_and_changes_nothing_without_proof(folder: Path, tmp_path: Path) -> None:
    many = [q.model_copy(update={"id": f"{q.id}{n}"}) for n in range(7) for q in QUESTIONS]
    write_questions(tmp_path / "q.jsonl", many)
    result = chuchu("tune", tmp_path / "q.jsonl", "--library", folder / "library", "--dry-run")
    assert result.exit_code == 0, result.output
    assert set(table(result.stdout)) == {"what", "ranking", "refusal"}
    assert not (folder / "library" / "settings.json").exists()


def test_tune_keeps_what_it_fitted_and_not_the_models_it_was_asked_to_use(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[Settings] = []
    measured = {"before": 0.5, "after": 0.9, "low": 0.2, "high": 0.6, "p": 0.001, "n": 20}
    weights, threshold = {"dense_weight": 0.7}, {"refusal_threshold": 0.3}
    better = Step(name="ranking", measure="nDCG", present={"dense_weight": 0.3}, fitted=weights, **measured)
    worse = replace(better, name="refusal", present={"refusal_threshold": 0.4}, fitted=threshold, low=-0.2)

    def fit(assistant: Assistant, *_: object) -> Tuning:
        used.append(assistant.settings)
        return Tuning(steps=(better, worse), skipped=())

    monkeypatch.setattr("rag.evaluation.tune.tune", fit)
    shutil.copytree(folder / "library", tmp_path / "library")
    Settings(passages=7).save(tmp_path / "library")
    options = ("--embedder", "builtin", "--answerer", "openai:http://localhost:1/v1#qwen3")
    result = chuchu("tune", folder / "q.jsonl", "--library", tmp_path / "library", *options)
    assert result.exit_code == 0, result.output
    assert [settings.answerer for settings in used] == [options[-1]]
    assert Settings.load(tmp_path / "library") == Settings(passages=7, dense_weight=0.7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("eval", "missing.jsonl"), "missing.jsonl does not exist"),
        (("eval", "q.jsonl", "--library", "nowhere"), "nowhere"),
        (("compare", "nowhere", "nowhere"), "is no run folder"),
        (("tune", "q.jsonl", "--library", "library"), "too few to tune on"),
        (("questions", "--library", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_done_is_an_error_for_a_person(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(folder)
    result = chuchu(*arguments)
    assert result.exit_code == 1
    assert message in str(result.exception)
    assert type(result.exception).__module__ == "index.errors"


@pytest.mark.parametrize("command", ["eval", "compare", "questions", "tune"])
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = chuchu(command, "--help")
    assert result.exit_code == 0
    assert f"Example: chuchu {command}" in result.output
