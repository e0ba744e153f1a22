"""The commands as a shell calls them: output on stdout, progress and errors on stderr, exit status 0, 1 or 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_driver import Chuchu

from ui.sample import _state


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "文 档"
    folder.mkdir()
    (folder / "茶园.txt").write_text("青岭茶园2023年产茶叶42吨。茶园主人是陆云起。\n", encoding="utf-8")
    (folder / "mill.md").write_text("# The mill\n\nThe mill was built in 1874.\n", encoding="utf-8")
    return folder


def test_ingest_ask_search_and_list_work_together(chuchu: Chuchu, documents: Path) -> None:
    ingested = chuchu("ingest", documents, "--library", "lib")
    assert (ingested.status, ingested.out) == (0, "")
    assert "2 added" in ingested.err
    assert "2 unchanged" in chuchu("ingest", documents, "--library", "lib").err

    asked = chuchu("ask", "青岭茶园2023年产茶叶多少吨？", "--library", "lib", "--json")
    answer = json.loads(asked.out)
    assert (asked.status, answer["status"]) == (0, "answered")
    assert "42吨" in answer["text"]
    assert answer["citations"][0]["quote"] in "青岭茶园2023年产茶叶42吨。茶园主人是陆云起。"
    assert "42吨" in chuchu("ask", "青岭茶园2023年产茶叶多少吨？", "--library", "lib").out

    hits = json.loads(chuchu("search", "茶叶", "--library", "lib", "-k", "1", "--json").out)
    assert [hit["document"]["title"] for hit in hits] == ["茶园"]
    assert "茶叶42吨" in chuchu("search", "茶叶", "--library", "lib").out

    listed = json.loads(chuchu("library", "list", "--library", "lib", "--json").out)
    assert {Path(document["source"]).name for document in listed} == {"茶园.txt", "mill.md"}


def test_library_commands_verify_rebuild_remove_and_tell(chuchu: Chuchu, documents: Path) -> None:
    chuchu("ingest", documents, "--library", "lib")
    assert chuchu("library", "verify", "--library", "lib").status == 0
    assert chuchu("library", "rebuild", "--library", "lib").status == 0
    assert json.loads(chuchu("library", "info", "--library", "lib", "--json").out)["documents"] == 2
    removed = chuchu("library", "remove", "*.md", "--library", "lib")
    assert (removed.status, "mill.md" in removed.out) == (0, True)
    assert json.loads(chuchu("library", "info", "--library", "lib", "--json").out)["documents"] == 1


def test_an_empty_library_is_told_apart_from_documents_that_do_not_say(
    chuchu: Chuchu, tmp_path: Path
) -> None:
    (tmp_path / "cut.pdf").write_bytes(b"%PDF-1.4")
    assert chuchu("ingest", tmp_path / "cut.pdf", "--library", "lib").status == 1
    asked = chuchu("ask", "青岭茶园2023年产茶叶多少吨？", "--library", "lib")
    assert (asked.status, "holds no documents yet" in asked.err) == (0, True)


def test_a_folder_without_a_document_makes_no_library(chuchu: Chuchu, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "table.bin").write_bytes(b"\0")
    ingested = chuchu("ingest", tmp_path / "empty", "--library", "lib")
    assert (ingested.status, "holds no document that can be read" in ingested.err) == (1, True)
    assert not (tmp_path / "lib").exists()


def test_removing_what_is_not_there_is_an_error(chuchu: Chuchu, documents: Path) -> None:
    chuchu("ingest", documents, "--library", "lib")
    result = chuchu("library", "remove", "*.pdf", "--library", "lib")
    assert (result.status, result.out) == (1, "")
    assert "*.pdf" in result.err
    result = chuchu("library", "remove", "*.md", "mill.md", "*.pdf", "--library", "lib")
    assert (result.status, "mill.md" in result.out) == (1, True)
    assert "matches *.pdf;" in result.err


def test_verify_names_a_mismatch_and_exits_1(chuchu: Chuchu, documents: Path) -> None:
    chuchu("ingest", documents, "--library", "lib")
    for cache in Path("lib").rglob("dense-*.bin"):
        cache.write_bytes(cache.read_bytes()[: cache.stat().st_size // 2])
    result = chuchu("library", "verify", "--library", "lib")
    assert result.status == 1
    assert "cache" in result.out
    assert "chuchu library rebuild" in result.err
    assert (
        "42吨" in chuchu("ask", "青岭茶园2023年产茶叶多少吨？", "--library", "lib").out
    )  # the truth is whole


def test_the_sample_documents_answer_and_leave_nothing_in_the_folder(chuchu: Chuchu, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    result = chuchu("ask", "--sample", "岚川精密的创始人是谁？")
    assert (result.status, "梁砚秋" in result.out) == (0, True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == before


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["ask", "什么？", "--library", "nowhere"], "nowhere"),
        (["ask", "", "--sample"], "the question is empty"),
        (["search", "  ", "--sample"], "the question is empty"),
        (["ask", "什么？", "--sample", "--answerer", "oracle"], "oracle"),
        (["ask", "什么？", "--sample", "--library", "papers"], "leave out --library"),
        (["search", "什么", "--sample", "--library", "papers"], "leave out --library"),
        (["questions", "--sample", "--library", "papers"], "leave out --library"),
        (["ingest", "missing.txt"], "missing.txt"),
        (["library", "verify", "--library", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_on_stderr_and_status_1(
    chuchu: Chuchu, words: list[str], named: str
) -> None:
    result = chuchu(*words)
    assert result.status == 1
    assert result.out == ""
    assert named in result.err
    assert "Traceback" not in result.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the operating system has no full device")
@pytest.mark.parametrize("words", [["ask", "岚川精密的创始人是谁？", "--sample"], ["library", "list"]])
def test_output_that_cannot_be_written_is_one_line_and_status_1(
    chuchu: Chuchu, documents: Path, words: list[str]
) -> None:
    chuchu("ingest", documents)
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "ui.cli", *words], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("chuchu: ")
    assert len(ended.stderr.splitlines()) == 1


def test_what_nobody_expected_is_one_line_and_status_1(
    chuchu: Chuchu, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a fault of ours")

    chuchu("ingest", documents, "--library", "lib")
    monkeypatch.setattr("index.library.Library.stats", fail)
    result = chuchu("library", "info", "--library", "lib")
    assert (result.status, result.err.count("\n")) == (1, 1)
    assert "ValueError: a fault of ours" in result.err


def test_a_mistyped_path_makes_no_library_and_among_others_is_no_success(
    chuchu: Chuchu, documents: Path
) -> None:
    for command in ("ingest", "chat"):
        assert chuchu(command, "papres").status == 1
        assert not Path("chuchu-library").exists()
    result = chuchu("ingest", documents, "papres", "--library", "lib")
    assert result.status == 1
    assert "papres" in result.out + result.err
    assert "茶" in chuchu("library", "list", "--library", "lib").out


def test_the_samples_are_embedded_with_the_model_that_is_asked_for(chuchu: Chuchu) -> None:
    for _ in range(2):
        result = chuchu("search", "岚川精密的创始人", "--sample", "--embedder", "builtin-fast", "-k", "1")
        assert (result.status, "岚川" in result.out) == (0, True)
    assert chuchu("search", "岚川精密的创始人", "--sample", "-k", "1").status == 0


def test_the_samples_library_is_that_of_the_embedder_however_it_is_spelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    monkeypatch.chdir(tmp_path)
    assert _state("model", None) == _state("./model/", None) == _state(str(model), None)
    monkeypatch.chdir(model)  # where the same name is another model's
    assert _state("model", None) != _state(str(model), None)


def test_the_samples_are_embedded_anew_when_a_shipped_embedder_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = tmp_path / "models" / "fast" / "SHA256SUMS"
    sums.parent.mkdir(parents=True)
    monkeypatch.setattr("ui.sample._HOME", tmp_path)
    states = set()
    for content in ("one", "another"):
        sums.write_text(content)
        states.add(_state("builtin-fast", None))
    assert len(states) == 2


@pytest.mark.parametrize(
    "words", [["fly"], ["ask"], ["search", "x", "-k", "0"], ["ingest"], ["ask", "x", "--wings"]]
)
def test_wrong_usage_exits_2(chuchu: Chuchu, words: list[str]) -> None:
    assert chuchu(*words).status == 2


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["chat"],
        ["ingest"],
        ["ask"],
        ["search"],
        ["eval"],
        ["compare"],
        ["questions"],
        ["tune"],
        ["models"],
    ]
    + [
        ["library", *name]
        for name in ([], ["list"], ["remove"], ["verify"], ["rebuild"], ["info"], ["feedback"])
    ]
    + [["users", *name] for name in ([], ["add"], ["remove"], ["list"])],
    ids=" ".join,
)
def test_every_command_has_help_with_an_example(chuchu: Chuchu, words: list[str]) -> None:
    result = chuchu(*words, "--help")
    assert result.status == 0
    assert " ".join(["Example: chuchu", *words]) in result.out


def test_one_bad_file_never_stops_the_others(chuchu: Chuchu, documents: Path) -> None:
    (documents / "leer.txt").write_bytes(b"")
    (documents / "nul.txt").write_bytes(bytes(5000))
    (documents / "kaputt.pdf").write_bytes(b"%PDF-1.7\nhalf of it")
    result = chuchu("ingest", documents, "--library", "lib")
    assert result.status == 0
    assert "2 added, 3 failed" in result.err
    assert all(name in result.err for name in ("leer.txt", "nul.txt", "kaputt.pdf"))


def test_a_bad_file_among_files_that_have_moved_is_no_failure(chuchu: Chuchu, documents: Path) -> None:
    (documents / "leer.txt").write_bytes(b"")
    chuchu("ingest", documents, "--library", "lib")
    documents.rename(documents.with_name("moved"))
    result = chuchu("ingest", "moved", "--library", "lib")
    assert "2 moved, 1 failed" in result.err
    assert result.status == 0


@pytest.mark.parametrize(
    "words",
    [
        ["ingest", ""],
        ["ingest", ".", "--library", ""],
        ["chat", ""],
        ["chat", "--auth", ""],
        ["ask", "什么？", "--library", ""],
        ["library", "list", "--library", ""],
        ["eval", ""],
        ["eval", "q.jsonl", "--documents", ""],
        ["eval", "q.jsonl", "--out", ""],
        ["compare", "a", ""],
        ["questions", "--out", ""],
        ["users", "list", "--file", ""],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_wrong_usage(chuchu: Chuchu, tmp_path: Path, words: list[str]) -> None:
    result = chuchu(*words)
    assert (result.status, result.out) == (2, "")
    assert "empty path" in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["空文件夹", "nothing readable"])
def test_a_folder_without_documents_is_an_error(chuchu: Chuchu, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    if name == "nothing readable":
        (folder / "picture.png").write_bytes(b"\x89PNG")
    result = chuchu("ingest", folder, "--library", "lib")
    assert result.status == 1
    assert name in result.err


def test_a_file_over_the_limit_is_refused_and_an_option_raises_it(chuchu: Chuchu, tmp_path: Path) -> None:
    big = tmp_path / "big.txt"
    big.write_text("青岭茶园很大。" * 100_000, encoding="utf-8")  # 2.1 MB
    refused = chuchu("ingest", big, "--library", "lib", "--max-megabytes", "1")
    assert refused.status == 1
    assert "big.txt" in refused.err


def test_a_name_with_spaces_emoji_and_a_newline_is_read_and_shown_on_one_line(
    chuchu: Chuchu, tmp_path: Path
) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "茶 🍵\n园.txt").write_text("青岭茶园2023年产茶叶42吨。", encoding="utf-8")
    assert chuchu("ingest", folder, "--library", "lib").status == 0
    listed = chuchu("library", "list", "--library", "lib").out
    assert len(listed.splitlines()) == 1
    assert "🍵" in listed


def test_ctrl_c_says_what_was_kept(documents: Path, monkeypatch: pytest.MonkeyPatch, chuchu: Chuchu) -> None:
    from index import ingest

    def interrupted(*_: object, **__: object) -> None:
        raise ingest.IngestInterrupted(ingest.IngestReport(added=3, chunks=40))

    monkeypatch.setattr(ingest, "ingest", interrupted)
    result = chuchu("ingest", documents, "--library", "lib")
    assert result.status == 130
    assert "3 added; 40 chunks" in result.err
    assert "stopped; what was finished is kept" in result.err


@pytest.mark.parametrize("both", [False, True], ids=["out", "out and err"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--help"], 0),
        (["fly"], 2),
        (["search", "产值", "-k", "50", "--sample"], 0),
        (["search", "产值", "-k", "50", "--sample", "--json"], 0),
        (["ingest", "文 档", "--library", "lib", "--embedder", "builtin-fast"], 0),
        (["library", "verify", "--library", "there"], 0),
        (["library", "verify", "--library", "nowhere"], 1),
        (["users", "list", "--file", "users.txt"], 0),
    ],
)
def test_a_closed_pipe_changes_nothing_but_what_is_shown(
    chuchu: Chuchu, documents: Path, words: list[str], status: int, both: bool
) -> None:
    chuchu("ingest", documents, "--library", "there", "--embedder", "builtin-fast")
    Path("users.txt").write_text("wang:$argon2id$\n")
    nobody_reads, pipe = os.pipe()
    os.close(nobody_reads)
    errors = pipe if both else subprocess.PIPE
    ended = subprocess.run([sys.executable, "-m", "ui.cli", *words], stdout=pipe, stderr=errors, check=False)
    os.close(pipe)
    assert ended.returncode == status
    assert b"BrokenPipe" not in (ended.stderr or b"")
    if words[0] == "ingest":
        assert len(json.loads(chuchu("library", "list", "--library", "lib", "--json").out)) == 2


def test_what_goes_wrong_is_never_told_on_standard_output(chuchu: Chuchu, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ui.cli", "library", "list", "--library", "nowhere"]
    ended = subprocess.run(["sh", "-c", '"$@" 2>&-', "sh", *command], stdout=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")
