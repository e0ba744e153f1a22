"""The options that name models, from the shell: --embedder, --dimensions, --reranker, and a library's rebuild."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_driver import Chuchu
from tiny_encoders import WIDTH, write_embedder, write_reranker

from rag.assistant import Assistant
from rag.settings import Settings

QUESTION = "青岭茶园2023年产茶叶多少吨？"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two embedders, e5-small and bge-m3, and a reranker that likes tea."""
    folder = tmp_path_factory.mktemp("models")
    write_embedder(folder / "e5-small", "bert", pooling="mean")
    write_embedder(folder / "bge-m3", "xlm-roberta", pooling="cls")
    write_reranker(folder / "tea", liked="茶园产吨")
    return folder


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "茶园.txt").write_text("青岭茶园2023年产茶叶42吨。", encoding="utf-8")
    (folder / "mill.md").write_text("# The mill\n\nThe mill was built in 1874.\n", encoding="utf-8")
    return folder


def info(chuchu: Chuchu, library: str = "lib") -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(chuchu("library", "info", "--library", library, "--json").out)
    return facts


def answer(chuchu: Chuchu, *options: str | Path) -> dict[str, Any]:
    result = chuchu("ask", QUESTION, "--library", "lib", "--json", *options)
    assert result.status == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    assert "42吨" in found["text"]
    return found


def test_dimensions_are_kept_with_the_library_and_others_are_refused(
    chuchu: Chuchu, documents: Path, models: Path
) -> None:
    made = chuchu(
        "ingest", documents, "--library", "lib", "--embedder", models / "e5-small", "--dimensions", "6"
    )
    assert made.status == 0, made.err
    facts = info(chuchu)
    assert (facts["dimensions"], facts["fingerprint"][:9]) == (6, "e5-small@")
    assert facts["fingerprint"].endswith(":6")
    answer(chuchu)
    answer(chuchu, "--dimensions", "6")
    other = chuchu("search", "茶叶", "--library", "lib", "--dimensions", "8")
    assert (other.status, other.out, "Traceback" in other.err) == (1, "", False)
    assert "chuchu library rebuild" in other.err.splitlines()[-1]
    assert chuchu("ingest", documents, "--library", "lib").status == 0
    more = chuchu(
        "ingest", documents, "--library", "new", "--embedder", models / "e5-small", "--dimensions", "17"
    )
    assert more.status == 1
    assert f"17 dimensions were asked of the embedder '{models / 'e5-small'}', which has {WIDTH}" in more.err
    assert not Path("new").exists()


def test_a_library_is_rebuilt_with_another_embedder_and_its_texts_stay(
    chuchu: Chuchu, documents: Path, models: Path
) -> None:
    chuchu("ingest", documents, "--library", "lib", "--embedder", models / "e5-small")
    before = answer(chuchu)
    rebuilt = chuchu("library", "rebuild", "--library", "lib", "--embedder", models / "bge-m3")
    assert (rebuilt.status, rebuilt.out) == (0, "")
    assert "2 documents embedded again" in rebuilt.err
    facts = info(chuchu)
    assert (facts["embedder"], facts["dimensions"]) == (str(models / "bge-m3"), WIDTH)
    after = answer(chuchu)
    assert after["citations"][0]["spans"] == before["citations"][0]["spans"]
    assert after["settings"] != before["settings"]
    again = chuchu("library", "rebuild", "--library", "lib")
    assert "0 documents embedded again" in again.err
    cut = chuchu("library", "rebuild", "--library", "lib", "--dimensions", "4")
    assert cut.status == 0, cut.err
    assert info(chuchu)["dimensions"] == 4
    everything = chuchu("library", "rebuild", "--library", "lib", "--everything")
    assert "2 documents embedded again" in everything.err
    assert info(chuchu)["dimensions"] == 4
    assert chuchu("library", "verify", "--library", "lib").status == 0


def test_an_embedder_in_a_folder_is_found_from_any_other(
    chuchu: Chuchu, documents: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = str(tmp_path / "lib")
    monkeypatch.chdir(models)
    chuchu("ingest", documents, "--library", library, "--embedder", "e5-small", "--dimensions", "6")
    assert info(chuchu, library)["embedder"] == str(models / "e5-small")
    monkeypatch.chdir(models / "bge-m3")
    assert "1 茶园" in " ".join(chuchu("search", "茶叶", "--library", library, "-k", "1").out.split())
    assert chuchu("search", "茶叶", "--library", library, "--embedder", "../e5-small").status == 0
    assert chuchu("library", "rebuild", "--library", library, "--embedder", ".").status == 0
    monkeypatch.chdir(tmp_path)
    facts = info(chuchu, library)
    assert (facts["embedder"], facts["fingerprint"][:7]) == (str(models / "bge-m3"), "bge-m3@")
    answer(chuchu)


def test_a_folder_that_is_called_as_a_shipped_embedder_is_not_meant(
    chuchu: Chuchu, documents: Path, tmp_path: Path
) -> None:
    (tmp_path / "builtin-fast").mkdir()
    assert chuchu("ingest", documents, "--library", "lib", "--embedder", "builtin-fast").status == 0
    assert info(chuchu)["embedder"] == "builtin-fast"


def test_a_rebuild_with_a_model_that_is_none_leaves_the_library_as_it_was(
    chuchu: Chuchu, documents: Path, models: Path
) -> None:
    chuchu("ingest", documents, "--library", "lib", "--embedder", models / "e5-small")
    before = info(chuchu)
    for name in ("./nowhere", str(documents)):
        failed = chuchu("library", "rebuild", "--library", "lib", "--embedder", name)
        assert (failed.status, failed.out, len(failed.err.splitlines())) == (1, "", 1)
    assert info(chuchu) == before
    answer(chuchu)


def test_an_open_assistant_follows_its_library_to_another_embedder(
    chuchu: Chuchu, documents: Path, models: Path
) -> None:
    chuchu("ingest", documents, "--library", "lib", "--embedder", models / "e5-small")
    with Assistant.open("lib") as assistant, Assistant.open("lib", embedder=str(models / "bge-m3")) as asked:
        first, print_before = assistant.ask(QUESTION), assistant.fingerprint
        assert assistant.embedder.fingerprint.startswith("e5-small@")
        chuchu("library", "rebuild", "--library", "lib", "--embedder", models / "bge-m3")
        second = assistant.ask(QUESTION)
        assert assistant.embedder.fingerprint == assistant.library.fingerprint
        assert assistant.embedder.fingerprint.startswith("bge-m3@")
        assert (second.text, second.citations[0].quote) == (first.text, first.citations[0].quote)
        assert assistant.fingerprint != print_before
        assert asked.ask(QUESTION).text == first.text  # it was asked for the new one from the start


def test_a_reranker_scores_the_passages_of_an_answer(chuchu: Chuchu, documents: Path, models: Path) -> None:
    chuchu("ingest", documents, "--library", "lib")
    plain, named = answer(chuchu), answer(chuchu, "--reranker", models / "tea")
    assert all("reranked" not in passage["scores"] for passage in plain["passages"])
    scores = {passage["title"]: passage["scores"]["reranked"] for passage in named["passages"]}
    assert scores["茶园"] > scores["The mill"]
    assert named["settings"] != plain["settings"]
    assert answer(chuchu, "--reranker", "reader")["settings"] == plain["settings"]
    Settings(reranker=str(models / "tea")).save(Path("lib"))
    assert answer(chuchu)["settings"] == named["settings"]
    assert answer(chuchu, "--reranker", "reader")["settings"] == plain["settings"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("./nowhere", "There is no reranker"), ("bge-m3", "has learned no scores for pairs")],
)
def test_what_is_no_reranker_is_one_line(
    chuchu: Chuchu, documents: Path, models: Path, name: str, complaint: str
) -> None:
    chuchu("ingest", documents, "--library", "lib")
    given = name if name.startswith(".") else str(models / name)
    for words in (["ask", QUESTION], ["eval", "q.jsonl"]):
        Path("q.jsonl").write_text(json.dumps({"question": QUESTION, "answers": ["42吨"]}), encoding="utf-8")
        result = chuchu(*words, "--library", "lib", "--reranker", given)
        assert (result.status, result.out) == (1, "")
        assert complaint in result.err.splitlines()[-1]
        assert "Traceback" not in result.err


def test_a_run_names_its_reranker(chuchu: Chuchu, documents: Path, models: Path) -> None:
    Path("q.jsonl").write_text(json.dumps({"question": QUESTION, "answers": ["42吨"]}), encoding="utf-8")
    result = chuchu("eval", "q.jsonl", "--documents", documents, "--out", "run", "--reranker", models / "tea")
    assert result.status == 0, result.err
    run = json.loads(Path("run/run.json").read_text(encoding="utf-8"))
    assert run["models"]["reranker"].startswith("tea@")
    assert run["settings"]["reranker"] == str(models / "tea")


def test_the_page_is_served_with_the_reranker_that_was_named(
    chuchu: Chuchu, documents: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Any] = []

    def serve(assistant: Assistant, *_: object, **__: object) -> None:
        served.append(assistant.ask(QUESTION).passages[0].scores)

    monkeypatch.setattr("ui.server.serve", serve)
    monkeypatch.setattr("ui.cli_chat._warm", lambda assistant: None)
    monkeypatch.setattr("ui.cli_chat._leave", lambda: None)
    result = chuchu("chat", documents, "--library", "lib", "--no-open", "--reranker", models / "tea")
    assert result.status == 0, result.err
    assert "reranked" in served[0]
