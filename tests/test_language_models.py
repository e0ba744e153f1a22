"""Language models through the whole assistant, with the shipped models and sample documents, and by the shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_driver import Chuchu
from openai_server import Act, fails, says, serving
from tiny_models import write_model

from index.errors import AnswererError, SettingsError
from rag import Assistant, prompts
from rag.datatypes import Answer
from rag.settings import Settings
from ui.sample import DOCUMENTS

SECRET = "sk-secret-0123456789"
QUESTION = "2022年澜湾高新区实现工业产值多少？"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "library"
    Assistant.from_documents(DOCUMENTS, library=folder).close()
    return folder


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHUCHU_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


class Scripted:
    """An assistant whose language model is a server that says what it is told."""

    def __init__(self, library: Path, *acts: Act, strict: bool = False) -> None:
        self._serving = serving(*acts)
        self.server = self._serving.__enter__()
        settings = Settings(answerer=f"openai:{self.server.url}#m", strict=strict)
        self.assistant = Assistant.open(library, settings=settings)

    def close(self) -> None:
        self.assistant.close()
        self._serving.__exit__(None, None, None)


@pytest.fixture
def opened() -> Iterator[list[Scripted]]:
    made: list[Scripted] = []
    yield made
    for scripted in made:
        scripted.close()


def cited(answer: Answer) -> int:
    """The number of the passage that the sample question is answered by."""
    return next(passage.number for passage in answer.passages if "368亿元" in passage.text)


def test_an_answer_is_cited_in_the_documents_and_doubted_where_they_do_not_bear_it_out(
    library: Path, opened: list[Scripted]
) -> None:
    with Assistant.open(library) as extractive:
        number = cited(extractive.ask(QUESTION))
    text = f"2022年园区实现工业产值368亿元，同比增长17.9%[{number}]。高新技术企业达到531家[{number}]。"
    opened.append(Scripted(library, says(*text)))
    assistant = opened[0].assistant
    events = list(assistant.stream(QUESTION))
    answer = events[-1].answer
    assert answer is not None
    assert answer.text == "".join(event.text for event in events if event.phase == "text")
    assert answer.text == text.replace(f"[{number}]", "[1]")
    right, wrong = answer.citations
    assert (right.verdict, wrong.verdict) == ("supported", "unsupported")
    stored = assistant.library.document(right.document_id).text
    assert "".join(stored[start:end] for start, end in right.spans) == right.quote
    assert "368亿元" in right.quote
    (doubt,) = answer.doubts
    assert (doubt.reason, doubt.missing) == ("figure", ("531家",))
    assert answer.text[doubt.start : doubt.end] == "高新技术企业达到531家[1]。"
    assert answer.short_answer == "368亿元"
    assert Answer.from_dict(json.loads(json.dumps(answer.to_dict()))) == answer


def test_strict_leaves_out_what_is_doubted(library: Path, opened: list[Scripted]) -> None:
    text = "2022年园区实现工业产值368亿元，同比增长17.9%。2022年园区实现工业产值468亿元。"
    opened.append(Scripted(library, says(*text), strict=True))
    answer = opened[0].assistant.ask(QUESTION)
    assert "368亿元" in answer.text
    assert "468" not in answer.text
    assert not answer.doubts
    assert any("删去" in note for note in answer.notes)


def test_a_follow_up_is_rewritten_by_the_model_and_searched_as_rewritten(
    library: Path, opened: list[Scripted]
) -> None:
    rewritten = "2022年澜湾高新区有多少家高新技术企业？"
    opened.append(Scripted(library, says(rewritten), says("2022年园区高新技术企业达到231家。")))
    events = list(opened[0].assistant.stream("那高企数量呢？", history=[(QUESTION, "368亿元。")]))
    answer = events[-1].answer
    assert answer is not None
    assert (events[0].query, answer.query, answer.question) == (rewritten, rewritten, "那高企数量呢？")
    first, second = opened[0].server.recorded.bodies
    assert "368亿元。" in first["messages"][1]["content"]
    assert rewritten in second["messages"][1]["content"]


def test_rules_rewrite_where_the_model_does_not(library: Path, opened: list[Scripted]) -> None:
    opened.append(Scripted(library, fails(400), says("2022年园区实现工业产值368亿元。")))
    history = [("2021年澜湾高新区实现工业产值多少？", "")]
    answer = opened[0].assistant.ask("那2022年呢？", history=history)
    assert answer.query == QUESTION


def test_a_first_question_is_not_rewritten(library: Path, opened: list[Scripted]) -> None:
    opened.append(Scripted(library, says("文档中没有找到答案。")))
    answer = opened[0].assistant.ask(QUESTION)
    assert (answer.status, answer.text, answer.citations) == ("unanswerable", "文档中没有找到答案。", ())
    assert len(opened[0].server.recorded.bodies) == 1


def test_a_run_records_model_and_prompts_and_never_the_key(
    library: Path, opened: list[Scripted], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHUCHU_API_KEY", SECRET)
    questions = tmp_path / "questions.jsonl"
    lines = [{"id": f"q{n}", "question": QUESTION, "answers": ["368亿元"]} for n in range(6)]
    questions.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    opened.append(Scripted(library, says("2022年园区实现工业产值368亿元。")))
    run = opened[0].assistant.evaluate(questions, tmp_path / "run")
    assert run.metrics["overall"]["answer_accuracy"]["value"] == 1.0
    info = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert info["workers"] == 1  # the server is on this machine
    assert info["models"]["answerer"].startswith(
        f"openai:{opened[0].server.url}#m temperature=0 prompts={prompts.digest()}"
    )
    assert "openai" in info["versions"]
    assert opened[0].server.recorded.keys[0] == SECRET
    for path in [*(tmp_path / "run").rglob("*"), *library.rglob("*")]:
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_a_server_that_is_not_there_is_one_clear_error(library: Path) -> None:
    with serving(says("")) as server:
        name = f"openai:{server.url}#m"
    settings = Settings(answerer=name)
    with Assistant.open(library, settings=settings) as assistant:
        assistant._answerer = _hasty(assistant)
        with pytest.raises(AnswererError, match="is the server running"):
            assistant.ask(QUESTION)


def _hasty(assistant: Assistant) -> Any:
    """The answerer of an assistant, which gives up at once."""
    answerer: Any = assistant.answerer
    answerer._model._options = replace(answerer._model._options, retries=0)
    return answerer


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("oracle", "there is no answerer 'oracle'; use extractive, transformers:NAME or openai:URL#MODEL"),
        ("extractive:x", "there is no answerer"),
        ("transformers:", "there is no answerer"),
        ("openai:http://localhost:11434/v1", "names no model"),
        ("openai:localhost:11434#qwen3", "not of the form"),
        ("openai:ftp://localhost/v1#qwen3", "not of the form"),
        ("openai:http://localhost:port/v1#qwen3", "cannot be read"),
        (f"openai:http://me:{SECRET}@localhost/v1#qwen3", "CHUCHU_API_KEY"),
        (f"openai:http://localhost/v1?key={SECRET}#qwen3", "CHUCHU_API_KEY"),
    ],
)
def test_a_wrong_name_is_refused_by_the_settings_and_never_repeats_a_secret(
    name: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings().changed(answerer=name)
    assert said in str(caught.value)
    (tmp_path / "settings.json").write_text(json.dumps({"answerer": name}), encoding="utf-8")
    with pytest.raises(SettingsError) as kept:
        Settings.load(tmp_path)
    for error in (caught.value, kept.value):
        assert SECRET not in str(error) + repr(error) + repr(error.__cause__)


def test_the_shell_answers_with_a_served_model_and_strictly(chuchu: Chuchu) -> None:
    text = "2022年园区实现工业产值368亿元。2022年园区实现工业产值468亿元。"
    with serving(says(*text)) as server:
        name = f"openai:{server.url}#m"
        marked = json.loads(chuchu("ask", "--sample", QUESTION, "--answerer", name, "--json").out)
        strict = json.loads(chuchu("ask", "--sample", QUESTION, "--answerer", name, "--strict", "--json").out)
    assert [doubt["reason"] for doubt in marked["doubts"]] == ["uncited"]
    assert ("468" in marked["text"], "468" in strict["text"]) == (True, False)


def test_the_shell_answers_with_a_model_on_this_machine(
    chuchu: Chuchu,
    tmp_path: Path,
) -> None:
    """Its weights are random, so what it writes is noise: it is shown, doubted, and the command ends well."""
    folder = write_model(tmp_path / "tiny", "qwen")
    settings = Settings(answerer=f"transformers:{folder}", max_new_tokens=16)
    with Assistant.from_documents(DOCUMENTS, library=tmp_path / "lib") as assistant:
        settings.save(assistant.library.folder)
    asked = chuchu("ask", QUESTION, "--library", "lib", "--json")
    assert (asked.status, json.loads(asked.out)["question"]) == (0, QUESTION)


def test_the_models_are_listed_and_checked(chuchu: Chuchu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUCHU_API_KEY", SECRET)
    listed = chuchu("models")
    rows = [line.split("\t") for line in listed.out.splitlines()]
    assert (listed.status, [row[:3] for row in rows]) == (
        0,
        [
            ["kind", "name", "state"],
            ["embedder", "builtin", "ok"],
            ["reader", "builtin", "ok"],
            ["answerer", "extractive", "ok"],
        ],
    )
    with serving(says("2023年产茶叶42吨[1]。"), fails(401, f"bad {SECRET}")) as server:
        name = f"openai:{server.url}#m"
        good = chuchu("models", "--answerer", name, "--json")
        bad = chuchu("models", "--answerer", name, "--json")
    assert [check["ok"] for check in json.loads(good.out)] == [True, True, True]
    (failed,) = [check for check in json.loads(bad.out) if not check["ok"]]
    assert (bad.status, failed["kind"], failed["name"]) == (1, "answerer", name)
    assert "does not accept the key" in failed["detail"]
    assert "1 of 3 models do not answer: answerer" in bad.err
    assert SECRET not in good.out + good.err + bad.out + bad.err


def test_a_wrong_answerer_is_one_line(chuchu: Chuchu) -> None:
    result = chuchu("models", "--answerer", f"openai:http://u:{SECRET}@localhost/v1#m")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("chuchu: answerer: the answerer's URL holds a user")
    assert SECRET not in result.err
