from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index import cache, database, storing
from index import library as library_module
from index.chunking import ChunkingOptions
from index.database import CACHE_FOLDER, FILE_NAME, SCHEMA_VERSION
from index.datatypes import Filter
from index.dense import VectorIndex
from index.errors import (
    EmbedderMismatchError,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    LibraryVersionError,
)
from index.filters import matches_name
from index.ingest import ingest
from index.library import Library
from index.rebuild import rebuild

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {
    "云河2021.txt": "云河镇二〇二一年年鉴\n\n2021年，云河镇产值达到12亿元。镇上新开了三家茶厂。\n",
    "云河2022.txt": "云河镇二〇二二年年鉴\n\n2022年，云河镇产值达到15亿元。青石桥完成了修缮。\n",
    "bridge.txt": "The Old Bridge\n\nThe bridge at Yunhe was repaired in 2022. It is 48 metres long.\n",
}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def make(folder: Path, embedder: FakeEmbedder) -> Library:
    return Library.create(
        folder, fingerprint=embedder.fingerprint, dimensions=embedder.dimensions, embedder="fake"
    )


@pytest.fixture
def library(tmp_path: Path, docs: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    with make(tmp_path / "library", fake_embedder) as library:
        ingest(library, [docs], fake_embedder)
        yield library


def test_a_new_library_is_empty_and_states_what_it_was_made_with(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    options = ChunkingOptions(target=100)
    with Library.create(
        tmp_path / "a" / "b", fingerprint="f", dimensions=8, embedder="name", chunking=options
    ) as library:
        assert library.documents() == []
        assert (library.fingerprint, library.dimensions, library.embedder) == ("f", 8, "name")
        assert library.chunking == options
        assert library.generation == 0
        assert library.lexical_search("云河", 5) == []
        assert library.verify() == []
        ids, cosines = library.vector_index().search(np.eye(1, 8, dtype=np.float32), 5)
        assert ids.shape[1] == cosines.shape[1] == 0
        stats = library.stats()
        assert (stats.documents, stats.chunks, stats.schema) == (0, 0, SCHEMA_VERSION)


def test_documents_and_chunks_come_back_as_they_were_stored(library: Library, docs: Path) -> None:
    infos = library.documents()
    assert [info.name for info in infos] == sorted(TEXTS)
    for info in infos:
        document = library.document(info.id)
        assert document.text == TEXTS[info.name]
        assert document.source == str(docs / info.name)
        chunks = library.document_chunks(info.id)
        assert chunks
        assert [chunk.position for chunk in chunks] == list(range(len(chunks)))
        for chunk in chunks:
            assert "".join(document.text[start:end] for start, end in chunk.spans) == chunk.text
            assert chunk.document_id == info.id
        assert library.sources(info.id) == (info.source,)


def test_chunks_come_in_the_order_asked_for_without_those_that_are_gone(library: Library) -> None:
    ids = [chunk.id for info in library.documents() for chunk in library.document_chunks(info.id)]
    asked = [*reversed(ids), 10_000_000, ids[0]]
    assert [chunk.id for chunk in library.chunks(asked)] == [*reversed(ids), ids[0]]


def test_both_legs_find_the_chunk_that_says_it(library: Library, fake_embedder: FakeEmbedder) -> None:
    [(lexical_id, _), *_] = library.lexical_search("茶厂", 3)
    assert "茶厂" in library.chunks([lexical_id])[0].text
    query = fake_embedder.embed_queries(["青石桥完成了修缮"])
    ids, cosines = library.vector_index().search(query, 2)
    assert "青石桥" in library.chunks([int(ids[0][0])])[0].text
    assert cosines[0][0] >= cosines[0][1]


def test_the_dense_leg_is_the_dot_product_of_the_stored_vectors(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    query = fake_embedder.embed_queries(["云河镇的产值"])
    with sqlite3.connect(library.folder / FILE_NAME) as connection:
        rows = connection.execute("SELECT chunk_id, vector FROM vectors").fetchall()
    connection.close()
    oracle = {i: float(np.frombuffer(blob, "<f2").astype("f4") @ query[0]) for i, blob in rows}
    ids, cosines = library.vector_index().search(query, 10)
    found = dict(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))
    assert found.keys() == oracle.keys()
    assert found == pytest.approx(oracle, abs=1e-3)  # float16


@pytest.mark.parametrize(
    ("where", "names"),
    [
        (Filter(), set(TEXTS)),
        (Filter(documents=("*2022*",)), {"云河2022.txt"}),
        (Filter(documents=("*2021*", "BRIDGE.txt")), {"云河2021.txt", "bridge.txt"}),
        (Filter(documents=("docs/*.txt",)), set(TEXTS)),
        (Filter(documents=("*.pdf",)), set()),
        (Filter(languages=("en",)), {"bridge.txt"}),
        (Filter(documents=("*2022*",), languages=("en",)), set()),
    ],
)
def test_a_filter_lets_through_the_chunks_of_its_documents(
    library: Library, where: Filter, names: set[str]
) -> None:
    assert {info.name for info in library.documents(where)} == names
    allowed = library.allowed(where)
    expected = frozenset(
        c.id for i in library.documents() if i.name in names for c in library.document_chunks(i.id)
    )
    assert (allowed is None and where == Filter()) or allowed == expected


def test_chunks_can_be_excluded(library: Library) -> None:
    everything = frozenset(c.id for i in library.documents() for c in library.document_chunks(i.id))
    one = min(everything)
    assert library.allowed(Filter(exclude_chunks=(one,))) == everything - {one}


@pytest.mark.parametrize(
    ("date", "where", "inside"),
    [
        ("2023-04-03", Filter(date_from="2023"), True),
        ("2023-04-03", Filter(date_to="2023"), True),
        ("2023-04-03", Filter(date_from="2023-04", date_to="2023-04"), True),
        ("2023-04-03", Filter(date_to="2023-04-02"), False),
        ("2023-04-03", Filter(date_from="2023-04-03", date_to="2023-04-03"), True),
        ("2023", Filter(date_from="2023-06"), True),
        ("2023", Filter(date_to="2022-12"), False),
        ("2023-12", Filter(date_from="2024"), False),
        (None, Filter(date_from="2000"), False),
    ],
)
def test_dates_are_compared_as_the_times_they_span(
    library: Library, date: str | None, where: Filter, inside: bool
) -> None:
    with library.writing() as connection:
        connection.execute("UPDATE documents SET date = NULL")
        connection.execute("UPDATE chunks SET date = ?", (date,))
    assert bool(library.allowed(where)) is inside
    assert bool(library.documents(where)) is inside


def test_a_chunk_without_a_date_has_its_documents(library: Library) -> None:
    with library.writing() as connection:
        connection.execute("UPDATE chunks SET date = NULL")
        connection.execute("UPDATE documents SET date = '2019' WHERE language = 'en'")
        connection.execute("UPDATE documents SET date = '2020' WHERE language <> 'en'")
    english = {info.id for info in library.documents(Filter(languages=("en",)))}
    allowed = library.allowed(Filter(date_to="2019"))
    assert allowed
    assert {chunk.document_id for chunk in library.chunks(sorted(allowed))} == english


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("/a/docs/Report 2023.txt", "*2023*", True),
        ("/a/docs/Report 2023.txt", "report 2023.TXT", True),
        ("/a/docs/report.txt", "docs/report.txt", True),
        ("/a/docs/report.txt", "./docs/*", True),
        ("/a/docs/report.txt", "report", False),
        ("/a/docs/报告[1].txt", "报告[1].txt", True),
        ("/a/docs/cafe\u0301.txt", "caf\u00e9.txt", True),
        ("C:\\docs\\report.txt", "report.*", True),
    ],
)
def test_name_patterns(path: str, pattern: str, matches: bool) -> None:
    assert matches_name(path, [pattern]) is matches


def test_a_removed_document_is_gone_from_everything(library: Library, fake_embedder: FakeEmbedder) -> None:
    generation = library.generation
    [gone] = [info for info in library.documents() if info.name == "bridge.txt"]
    chunk_ids = {chunk.id for chunk in library.document_chunks(gone.id)}
    assert library.remove(["bridge*"]) == [gone]
    assert library.generation == generation + 1
    assert gone not in library.documents()
    assert not chunk_ids & {i for i, _ in library.lexical_search("bridge", 10)}
    ids, _ = library.vector_index().search(fake_embedder.embed_queries(["The bridge"]), 10)
    assert not chunk_ids & set(ids[0].tolist())
    assert library.chunks(sorted(chunk_ids)) == []
    with pytest.raises(LibraryError, match="no document"):
        library.document(gone.id)
    assert library.verify() == []


def test_a_document_goes_with_the_last_of_its_names(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    for name in ("drafts", "final"):
        (docs / name).mkdir()
        (docs / name / "report.md").write_text("# 报告\n\n全镇修了42座桥。\n")
    ingest(library, [docs], fake_embedder)
    [both] = [info for info in library.documents() if info.name == "report.md"]
    assert [info.source for info in library.remove(["drafts/*"])] == [str(docs / "drafts" / "report.md")]
    assert library.sources(both.id) == (str(docs / "final" / "report.md"),)
    assert library.document(both.id).text
    assert [info.id for info in library.remove(["final/*"])] == [both.id]
    assert both.id not in {info.id for info in library.documents()}
    ingest(library, [docs], fake_embedder)
    [both] = [info for info in library.documents() if info.name == "report.md"]
    assert [info.id for info in library.remove([both.id])] == [
        both.id
    ]  # by its id it goes with all its names
    assert "report.md" not in {info.name for info in library.documents()}
    assert library.verify() == []


def test_others_can_write_between_two_removals(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def delete(connection: sqlite3.Connection, document_id: int) -> None:
        begun.append(connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])
        storing.delete_document(connection, document_id)

    monkeypatch.setattr(library_module, "delete_document", delete)
    generation = library.generation
    assert len(library.remove([info.id for info in library.documents()])) == len(TEXTS)
    assert begun == [str(generation + n) for n in range(len(TEXTS))]  # each in a transaction of its own
    assert library.generation == generation + len(TEXTS)


def test_patterns_without_a_match_are_told_one_by_one(library: Library) -> None:
    assert library.without_match(["bridge.txt", "*2023*", "*.txt", "missing.md"]) == ["*2023*", "missing.md"]


def test_a_whole_path_removes_its_own_file_only(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    names = ["Case.txt", "case.txt", "cas*.txt"]
    for name in names:
        (docs / name).write_text(f"茶园在{name}。", encoding="utf-8")
    ingest(library, [docs], fake_embedder)
    kept = len(library.documents()) - 2
    removed = library.remove([str(docs / "case.txt"), str(docs / "cas*.txt")])
    assert sorted(info.name for info in removed) == ["cas*.txt", "case.txt"]
    assert len(library.documents()) == kept


def test_removing_nothing_changes_nothing(library: Library) -> None:
    generation = library.generation
    assert library.remove(["*.pdf", 12345]) == []
    assert library.generation == generation


def test_ids_are_never_used_again(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    before = {info.id for info in library.documents()}
    chunks = {c.id for i in before for c in library.document_chunks(i)}
    library.remove(["*"])
    ingest(library, [docs], fake_embedder)
    after = {info.id for info in library.documents()}
    assert len(after) == len(before)
    assert not before & after
    assert not chunks & {c.id for i in after for c in library.document_chunks(i)}


# --- opening -----------------------------------------------------------------------------------------------


def test_opening_where_there_is_none_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFoundError, match=r"chuchu ingest DOCS --library .*nowhere"):
        Library.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_making_that_was_interrupted_is_no_library_and_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch()
    with pytest.raises(LibraryNotFoundError):
        Library.open(tmp_path)
    assert not Library.exists(tmp_path)
    Library.create(tmp_path, fingerprint="f", dimensions=4).close()
    assert Library.exists(tmp_path)


def test_a_library_made_among_other_files_leaves_them_alone(tmp_path: Path) -> None:
    drawing = tmp_path / CACHE_FOLDER / "bridge.svg"
    drawing.parent.mkdir()
    drawing.write_text("<svg/>")
    with Library.create(tmp_path, fingerprint="f", dimensions=4) as library:
        library.save_index()
    assert drawing.read_text() == "<svg/>"


def test_a_name_that_no_folder_can_have_is_one_clear_error(tmp_path: Path) -> None:
    for attempt in (Library.open, lambda folder: Library.create(folder, fingerprint="f", dimensions=4)):
        with pytest.raises(LibraryError, match="choose another"):
            attempt(tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_a_name_with_what_no_name_can_have_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(LibraryError, match="is no name of a folder"):
        Library.create(tmp_path / name, fingerprint="f", dimensions=4)


def test_a_file_in_the_place_of_the_cache_is_named_and_left_alone(library: Library) -> None:
    cache = library.folder / CACHE_FOLDER
    shutil.rmtree(cache, ignore_errors=True)
    cache.write_text("somebody's", encoding="utf-8")
    with pytest.raises(LibraryError, match=rf"{CACHE_FOLDER} cannot be used .*: move what is there away"):
        library.save_index()
    assert cache.read_text(encoding="utf-8") == "somebody's"


def test_a_library_is_not_made_twice(library: Library) -> None:
    with pytest.raises(LibraryError, match="already"):
        Library.create(library.folder, fingerprint="f", dimensions=4)
    assert len(library.documents()) == len(TEXTS)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="is a file"):
        Library.create(tmp_path / "file", fingerprint="f", dimensions=4)
    with pytest.raises(LibraryNotFoundError, match="is a file"):
        Library.open(tmp_path / "file")


def test_another_embedder_is_refused_by_both_names(library: Library) -> None:
    with pytest.raises(EmbedderMismatchError, match=r"fake-64.*other-128"):
        Library.open(library.folder, fingerprint="other-128")
    Library.open(library.folder, fingerprint="fake-64").close()


def test_another_version_of_the_same_embedder_is_a_matter_of_a_rebuild(tmp_path: Path) -> None:
    Library.create(tmp_path, fingerprint="builtin@12ab", dimensions=64).close()
    with pytest.raises(EmbedderMismatchError, match=r"another version of builtin \(12ab, now 34cd\): run"):
        Library.open(tmp_path, fingerprint="builtin@34cd")
    with pytest.raises(EmbedderMismatchError, match="use --embedder"):
        Library.open(tmp_path, fingerprint="builtin@12ab:32")


def test_a_newer_schema_is_refused(library: Library) -> None:
    with library.writing() as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(LibraryVersionError, match="upgrade"):
        Library.open(library.folder)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"hello " * 1000)
    with pytest.raises(LibraryDamagedError, match="ingest"):
        Library.open(tmp_path)


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE mine (x)")
    connection.close()
    for attempt in (Library.open, lambda f: Library.create(f, fingerprint="f", dimensions=4)):
        with pytest.raises(LibraryDamagedError, match="another program"):
            attempt(tmp_path)


def test_a_database_cut_in_half_is_refused_or_found_damaged(library: Library) -> None:
    library.close()
    path = library.folder / FILE_NAME
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    try:
        with Library.open(library.folder) as damaged:
            messages = [problem.message for problem in damaged.verify()]
    except LibraryDamagedError as error:
        messages = [str(error)]
    assert "damaged" in messages[0]


def test_a_closed_library_says_so(library: Library) -> None:
    library.close()
    with pytest.raises(LibraryError, match="closed"):
        library.documents()
    with pytest.raises(LibraryError, match="closed"):
        library.remove(["*"])
    with pytest.raises(LibraryError, match="closed"), library.noting(write=True):
        pass


# --- several at once ---------------------------------------------------------------------------------------


def test_a_library_put_in_the_place_of_another_is_read(
    library: Library, docs: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    assert len(library.documents()) == len(TEXTS)
    shutil.rmtree(library.folder)
    with pytest.raises(LibraryNotFoundError):
        library.documents()
    with make(library.folder, fake_embedder) as other:
        ingest(other, [docs / "bridge.txt"], fake_embedder)
    assert [info.name for info in library.documents()] == ["bridge.txt"]
    assert len(library.vector_index()) == library.stats().chunks
    assert ingest(library, [docs], fake_embedder).added == 2


def test_a_reader_that_takes_the_file_for_unchanging_is_not_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(folder: Path) -> sqlite3.Connection:
        return database._connect(folder / FILE_NAME, "mode=ro&immutable=1")

    monkeypatch.setattr(library_module, "connect_reader", connect)
    with Library.open(library.folder) as reader:
        assert len(reader.documents()) == len(TEXTS)
        library.remove(["bridge.txt"])
        with library.writing() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert len(reader.documents()) == len(TEXTS) - 1


def test_searching_goes_on_while_the_cache_is_written(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []

    def save(self: VectorIndex, folder: Path, stamp: object) -> None:
        thread = threading.Thread(target=lambda: found.append(len(library.vector_index())))
        thread.start()
        thread.join(timeout=10)

    monkeypatch.setattr(VectorIndex, "save", save)
    library.save_index()
    assert found == [library.stats().chunks]


def test_a_damaged_library_is_rebuilt_or_else_restored_without_the_log_that_is_left(library: Library) -> None:
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    with pytest.raises(LibraryDamagedError) as caught, database.plain_database_errors(library.folder):
        raise error
    said = str(caught.value)
    assert 0 < said.find("chuchu library rebuild") < said.find("library.sqlite3-wal") < said.find("backup")


def test_a_second_writer_is_told_at_once(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    with library.writing(), Library.open(library.folder) as other:
        with pytest.raises(LibraryBusyError, match="writing"):
            other.remove(["*"])
        with pytest.raises(LibraryBusyError):
            ingest(other, [docs], fake_embedder)
        assert len(other.documents()) == len(TEXTS)  # reading goes on
    assert library.remove(["bridge.txt"])  # and the lock is free again


def test_a_writer_in_another_process_is_seen(library: Library) -> None:
    script = (
        "import sys\n"
        "from index.library import Library\n"
        "with Library.open(sys.argv[1]) as library, library.writing():\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(library.folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        with pytest.raises(LibraryBusyError):
            library.remove(["*"])
        process.communicate()
    assert library.remove(["*"])


def test_threads_share_a_library(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    """Readers in many threads see whole states only: as many vectors as chunks, each hit has its chunk."""
    errors: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        query = fake_embedder.embed_queries(["云河镇产值"])
        try:
            while not stop.is_set():
                with library.snapshot():
                    ids = library.vector_index().search(query, 100)[0][0].tolist()
                    assert len(library.chunks(ids)) == len(ids) == library.stats().chunks
                    for info in library.documents():
                        assert library.document(info.id).id == info.id
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(15):
        (docs / "new.txt").write_text(f"第{turn}次修改：云河镇产值为{turn}亿元。")
        ingest(library, [docs], fake_embedder)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert errors == []


def test_a_snapshot_stays_the_same_while_another_writes(library: Library) -> None:
    with library.snapshot():
        before = library.documents()
        with Library.open(library.folder) as other:
            other.remove(["*"])
        assert library.documents() == before
        assert library.chunks([c.id for c in library.document_chunks(before[0].id)])
        assert len(library.vector_index().search(np.eye(1, 64, dtype=np.float32), 99)[0][0])
    assert library.documents() == []


def test_two_processes_read_while_one_writes(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    script = (
        "import sys, time\n"
        "import numpy as np\n"
        "from index.library import Library\n"
        "end = time.monotonic() + 60\n"
        "seen = set()\n"
        "with Library.open(sys.argv[1]) as library:\n"
        "    while time.monotonic() < end:\n"
        "        with library.snapshot():\n"
        "            chunks = [c.id for d in library.documents() for c in library.document_chunks(d.id)]\n"
        "            ids = library.vector_index().search(np.eye(1, 64, dtype='f4'), 999)[0][0]\n"
        "            assert sorted(chunks) == sorted(ids.tolist()), (chunks, ids)\n"
        "            names = {d.name for d in library.documents()}\n"
        "        seen.add(len(names))\n"
        "        if 'last.txt' in names: break\n"
        "print(max(seen))\n"
    )
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(library.folder)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(2)
    ]
    for n in range(12):
        (docs / f"more{n}.txt").write_text(f"又一份文件，编号{n}。")
        ingest(library, [docs], fake_embedder)
    (docs / "last.txt").write_text("最后一份文件。")
    ingest(library, [docs], fake_embedder)
    outputs = [reader.communicate(timeout=90)[0].strip() for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert outputs == ["16", "16"]


# --- the cache, copies, and folders that cannot be written -------------------------------------------------


def test_the_cache_is_made_again_when_it_is_missing(library: Library) -> None:
    shutil.rmtree(library.folder / CACHE_FOLDER)
    with Library.open(library.folder) as again:
        assert (
            len(again.vector_index().search(np.eye(1, 64, dtype=np.float32), 99)[0][0])
            == again.stats().chunks
        )
    assert (library.folder / CACHE_FOLDER).is_dir()


def test_the_index_is_kept_in_memory_until_something_changes(library: Library) -> None:
    first = library.vector_index()
    assert library.vector_index() is first
    library.remove(["bridge.txt"])
    assert library.vector_index() is not first


def test_a_large_index_may_lag_behind_another_writer_for_a_while(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks that are gone are left out, new ones come when the patience is over, another model at once."""
    monkeypatch.setattr(cache, "_SLOW_BUILD_S", 0.0)
    monkeypatch.setattr(cache, "_PATIENCE", 1e9)
    old = library.vector_index()
    with Library.open(library.folder) as writer:
        writer.remove(["bridge.txt"])
    assert library.vector_index() is old
    assert len(library.chunks(old.ids.tolist())) == library.stats().chunks < len(old)
    monkeypatch.setattr(cache, "_PATIENCE", 0)
    assert len(library.vector_index()) == library.stats().chunks
    monkeypatch.setattr(cache, "_PATIENCE", 1e9)
    with Library.open(library.folder) as writer:
        rebuild(writer, type(fake_embedder)(name="other"))
    assert library.vector_index().search(fake_embedder.embed_queries(["桥"]), 1)
    assert library.vector_index() is not old


def test_a_thread_that_began_before_a_folder_was_exchanged_leaves_no_index_of_the_old_one(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cache, "_SLOW_BUILD_S", 0.0)
    monkeypatch.setattr(cache, "_PATIENCE", 1e9)
    shutil.copytree(library.folder, tmp_path / "new")
    with Library.open(tmp_path / "new") as other:
        other.remove(["bridge.txt"])
    with library.snapshot():
        before = len(library.vector_index())
        library.folder.rename(tmp_path / "old")
        (tmp_path / "new").rename(library.folder)
        with ThreadPoolExecutor(1) as pool:
            after = pool.submit(lambda: len(library.vector_index())).result()
        assert len(library.vector_index()) == before > after
    assert len(library.vector_index()) == after


def test_a_cache_of_another_history_with_the_same_number_is_not_believed(
    library: Library, tmp_path: Path, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    """A backup put in place reaches the same generation and count by another way."""
    copy = library.backup(tmp_path / "copy")
    (docs / "a.txt").write_text("甲文件讲的是茶叶。")
    ingest(library, [docs], fake_embedder)
    (docs / "a.txt").write_text("乙文件讲的是钢铁。")
    with Library.open(copy) as other:
        ingest(other, [docs], fake_embedder)
        assert other.generation == library.generation
    library.close()
    os.replace(copy / FILE_NAME, library.folder / FILE_NAME)
    with Library.open(library.folder) as mixed:
        ids, cosines = mixed.vector_index().search(fake_embedder.embed_queries(["乙文件讲的是钢铁。"]), 1)
        assert mixed.chunks(ids[0].tolist())[0].text == "乙文件讲的是钢铁。"
        assert cosines[0][0] > 0.6


def test_a_backup_is_a_library(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder, docs: Path
) -> None:
    folder = library.backup(tmp_path / "backups" / "monday")
    with Library.open(folder, fingerprint=fake_embedder.fingerprint) as copy:
        assert copy.documents() == library.documents()
        assert copy.verify() == []
        (docs / "new.txt").write_text("新的一份。")
        assert ingest(copy, [docs], fake_embedder).added == 1
    with pytest.raises(LibraryError, match="already"):
        library.backup(folder)


@pytest.fixture
def read_only(library: Library, tmp_path: Path) -> Iterator[Path]:
    """A copy where nothing can be written: read-only mode for a user, a read-only mount for root."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if os.geteuid() == 0:
        mounted = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
        if subprocess.run(mounted, capture_output=True).returncode:
            pytest.skip("root may write everywhere, and mounting is not possible here")
    try:
        library.backup(folder)
        if os.geteuid() == 0:
            subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        else:
            folder.chmod(0o555)
        yield folder
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        else:
            folder.chmod(0o755)


def test_a_read_only_library_is_searched_and_refuses_writing(
    read_only: Path, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    with Library.open(read_only, fingerprint=fake_embedder.fingerprint) as library:
        assert len(library.documents()) == len(TEXTS)
        assert library.lexical_search("茶厂", 3)
        assert len(library.vector_index().search(np.eye(1, 64, dtype=np.float32), 2)[0][0]) == 2
        assert library.verify() == []
        with pytest.raises(LibraryError, match="cannot be written"):
            ingest(library, [docs], fake_embedder)
    with pytest.raises(LibraryError, match="cannot be written"):
        Library.create(read_only / "inner", fingerprint="f", dimensions=4)
