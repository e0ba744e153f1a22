"""Every kind of damage done by hand is found, and a rebuild mends it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.chunking import ChunkingOptions
from index.database import CACHE_FOLDER, FILE_NAME
from index.dense import MANIFEST_NAME, VectorIndex
from index.errors import EmbedderMismatchError, LibraryBusyError, LibraryDamagedError
from index.ingest import ingest
from index.library import Library
from index.rebuild import _check_file, rebuild

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

TEXTS = {
    "a.md": "# 柳林渡年报\n\n2020年，柳林渡过客四万人。渡船有三条，船工有九位。\n",
    "b.md": "# 柳林渡年报续\n\n2021年，柳林渡过客五万人。新船下了水，旧船进了博物馆。\n",
    "c.txt": "The ferry at Liulin carried 40,000 people in 2020.\n\nIt has three boats.\n",
}


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def library(tmp_path: Path, docs: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    with Library.create(
        tmp_path / "library", fingerprint="fake-64", dimensions=64, embedder="fake"
    ) as library:
        ingest(library, [docs], fake_embedder)
        assert library.verify() == []
        yield library


def contents(library: Library) -> list[object]:
    """Everything that a library holds, without ids."""
    return [
        (
            info.source,
            info.title,
            library.document(info.id).text,
            [(c.spans, c.text, c.heading) for c in library.document_chunks(info.id)],
            [c.text for c in library.chunks([i for i, _ in library.lexical_search("过客 ferry", 9)])],
        )
        for info in library.documents()
    ]


def run(library: Library, statement: str) -> None:
    """Alter the database behind the library's back, without a trace in its generation."""
    with library.writing() as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(statement)


SQL_DAMAGE = {
    "a text": ("text", "UPDATE documents SET text = replace(text, '四万', '九万')"),
    "a text that is no UTF-8": (
        "text",
        "UPDATE documents SET text = x'ff' || substr(CAST(text AS BLOB), 2) WHERE id = 1",
    ),
    "a text's length": ("text", "UPDATE documents SET characters = characters + 1 WHERE id = 2"),
    "a title": ("chunks", "UPDATE documents SET title = 'another' WHERE id = 1"),
    "a title that is no UTF-8": ("chunks", "UPDATE documents SET title = x'e6' || 'x' WHERE id = 1"),
    "a date": ("chunks", "UPDATE documents SET date = '1999' WHERE id = 1"),
    "marks": ("chunks", "UPDATE documents SET marks = '[[\"title\",0,1,1]]' WHERE id = 1"),
    "marks that are no JSON": ("chunks", "UPDATE documents SET marks = 'x' WHERE id = 1"),
    "a chunk's text": ("chunks", "UPDATE chunks SET text = text || '。' WHERE id = 1"),
    "a chunk's text that is no UTF-8": (
        "chunks",
        "UPDATE chunks SET text = x'ff' || substr(CAST(text AS BLOB), 2) WHERE id = 1",
    ),
    "a chunk's spans": ("chunks", "UPDATE chunks SET spans = '[[0,3]]' WHERE id = 1"),
    "spans that are no JSON": ("chunks", "UPDATE chunks SET spans = '[[0' WHERE id = 1"),
    "a chunk's heading": ("chunks", """UPDATE chunks SET heading = '["x"]' WHERE id = 1"""),
    "a chunk's page": ("chunks", "UPDATE chunks SET page = 7 WHERE id = 1"),
    "a chunk": ("chunks", "DELETE FROM chunks WHERE id = 1"),
    "a chunk's place": ("chunks", "UPDATE chunks SET position = 5 WHERE id = 1"),
    "a vector": ("vectors", "DELETE FROM vectors WHERE chunk_id = 1"),
    "a vector's size": ("vectors", "UPDATE vectors SET vector = x'0011' WHERE chunk_id = 1"),
    "a vector's value": ("chunks", "UPDATE vectors SET vector = zeroblob(128) WHERE chunk_id = 1"),
    "a vector of no chunk": ("vectors", "INSERT INTO vectors VALUES (999, zeroblob(128))"),
    "terms": ("lexical", "DELETE FROM lexical_terms WHERE chunk_id = 1"),
    "terms of no chunk": ("lexical", "INSERT INTO lexical_terms VALUES (999, x'', x'')"),
    "other terms": ("lexical", "UPDATE lexical_terms SET body = heading WHERE chunk_id = 1"),
    "terms that cannot be read": ("lexical", "UPDATE lexical_terms SET body = x'00' WHERE chunk_id = 1"),
    "an extra full-text row": (
        "lexical",
        "INSERT INTO lexical (rowid, heading, body) VALUES (999, 'x', 'y')",
    ),
    "a full-text row": (
        "lexical",
        "INSERT INTO lexical (lexical, rowid, heading, body) VALUES ('delete', 1, 'x', 'y')",
    ),
    "the whole full-text index": ("lexical", "INSERT INTO lexical (lexical) VALUES ('delete-all')"),
    "a full-text page": ("lexical", "UPDATE lexical_data SET block = zeroblob(20) WHERE id > 10"),
    "a document": ("database", "DELETE FROM documents WHERE id = 2"),
}


@pytest.mark.parametrize("damage", SQL_DAMAGE)
def test_damage_in_the_database_is_found_and_mended(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, damage: str
) -> None:
    kind, statement = SQL_DAMAGE[damage]
    before = contents(library)
    run(library, statement)
    problems = library.verify()
    assert kind in {problem.kind for problem in problems}
    rebuild(library, fake_embedder)
    assert library.verify() == []
    ingest(library, [docs], fake_embedder)  # what was lost altogether comes back from its file
    assert library.verify() == []
    assert contents(library) == before


def _flip(path: Path, place: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 0x10
    path.write_bytes(content)


def _vectors(folder: Path) -> Path:
    return next(folder.glob("dense-*.bin"))


def _of_other_vectors(folder: Path) -> None:
    """A cache that is whole and stamped as it should be, with the vectors in another order."""
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    from index.dense import Stamp

    stamp = Stamp(**{name: manifest[name] for name in ("generation", "fingerprint", "count")})
    index = VectorIndex.load(folder, stamp)
    assert index
    other = np.eye(stamp.count, index.dimensions, dtype=np.float32)
    VectorIndex.build(index.ids, other).save(folder, stamp)


CACHE_DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped at the start": lambda folder: _flip(_vectors(folder), 0),
    "flipped in the middle": lambda folder: _flip(_vectors(folder), 0.5),
    "flipped at the end": lambda folder: _flip(_vectors(folder), 1),
    "cut in half": lambda folder: _vectors(folder).write_bytes(_vectors(folder).read_bytes()[:400]),
    "emptied": lambda folder: _vectors(folder).write_bytes(b""),
    "vectors gone": lambda folder: _vectors(folder).unlink(),
    "manifest cut": lambda folder: (folder / MANIFEST_NAME).write_bytes(b'{"version": 1, "fai'),
    "other vectors": _of_other_vectors,
}


@pytest.mark.parametrize("damage", CACHE_DAMAGE)
def test_damage_in_the_cache_is_found_never_believed_and_mended(
    library: Library, fake_embedder: FakeEmbedder, damage: str
) -> None:
    query = fake_embedder.embed_queries(["渡船有三条"])
    expected = library.vector_index().search(query, 9)
    folder = library.folder / CACHE_FOLDER
    CACHE_DAMAGE[damage](folder)
    problems = library.verify()
    assert {problem.kind for problem in problems} == {"cache"}
    if damage != "other vectors":  # no crash or slip of the disk makes a right checksum and stamp
        with Library.open(library.folder) as again:
            found = again.vector_index().search(query, 9)
        assert [part.tolist() for part in found] == [part.tolist() for part in expected]
    rebuild(library)
    assert library.verify() == []
    with Library.open(library.folder) as again:
        found = again.vector_index().search(query, 9)
    assert [part.tolist() for part in found] == [part.tolist() for part in expected]


def test_a_missing_or_old_cache_is_no_problem(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    old = library.folder.with_name("old")
    shutil.copytree(library.folder / CACHE_FOLDER, old)
    (docs / "d.txt").write_text("又一份。")
    ingest(library, [docs], fake_embedder)
    shutil.rmtree(library.folder / CACHE_FOLDER)
    assert library.verify() == []
    old.rename(library.folder / CACHE_FOLDER)
    assert library.verify() == []


def test_damaged_pages_are_found_and_not_written_into(library: Library, fake_embedder: FakeEmbedder) -> None:
    with library.writing() as connection:
        roots = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE rootpage > 0 AND name IN ('documents', 'chunks', 'vectors')"
        ).fetchall()
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    library.close()
    path = library.folder / FILE_NAME
    content = bytearray(path.read_bytes())
    for (page,) in roots:  # not of the schema, without which the library would not even be opened
        content[(page - 1) * size : (page - 1) * size + 64] = b"\xff" * 64
    path.write_bytes(content)
    with Library.open(library.folder) as damaged:
        assert "database" in {problem.kind for problem in damaged.verify()}
        with pytest.raises(LibraryDamagedError, match="backup"):
            rebuild(damaged, fake_embedder)
    assert path.read_bytes() == content


class Checked:
    """A connection whose integrity check says what SQLite 3.44 and later say of a full-text index."""

    def __init__(self, *messages: str) -> None:
        self.messages = messages

    def execute(self, statement: str) -> list[tuple[str]]:
        return [(message,) for message in self.messages]


def test_a_damaged_full_text_index_is_no_reason_not_to_mend_it(library: Library) -> None:
    told = (
        'fts5: corruption found reading blob 2473901162497 from table "lexical"',
        "malformed inverted index for FTS5 table main.lexical",
    )
    _check_file(Checked(*told), library)  # type: ignore[arg-type]
    with pytest.raises(LibraryDamagedError, match=r"Tree 5 page 6.*library\.sqlite3-wal.*backup"):
        _check_file(Checked(*told, "Tree 5 page 6: btreeInitPage() returns error code 11"), library)  # type: ignore[arg-type]


def test_a_damaged_document_whose_file_is_gone_is_mended_from_its_text(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    before = contents(library)
    shutil.rmtree(docs)
    run(library, "DELETE FROM vectors")
    report = rebuild(library, fake_embedder)
    assert (len(report.mended), report.lost) == (3, ())
    assert contents(library) == before
    assert library.verify() == []


def test_a_document_whose_text_and_file_are_gone_is_removed_and_named(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    (docs / "a.md").unlink()
    run(library, SQL_DAMAGE["a text"][1])
    report = rebuild(library, fake_embedder)
    assert report.lost == (str(docs / "a.md"),)
    assert report.mended == ()
    assert [info.name for info in library.documents()] == ["b.md", "c.txt"]
    assert library.verify() == []


def test_text_that_cannot_be_decoded_is_told_with_its_document_and_what_mends_it(library: Library) -> None:
    run(library, SQL_DAMAGE["a text that is no UTF-8"][1])
    assert {problem.document_id for problem in library.verify()} == {1}
    with pytest.raises(LibraryDamagedError, match="chuchu library rebuild"):
        library.document(1)
    assert library.document(2).text


def test_what_was_mended_is_read_where_the_damage_was_met(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    """The error that is kept keeps the query alive, which must not hold the library in its old state."""
    run(library, SQL_DAMAGE["a chunk's text that is no UTF-8"][1])
    with pytest.raises(LibraryDamagedError) as met:
        library.chunks([1])
    rebuild(library, fake_embedder)
    assert library.verify() == []
    assert "rebuild" in str(met.value)


def test_a_document_whose_text_cannot_be_decoded_and_whose_file_is_gone_is_removed_and_named(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    shutil.rmtree(docs)
    run(library, SQL_DAMAGE["a text that is no UTF-8"][1])
    assert rebuild(library, fake_embedder).lost == (str(docs / "a.md"),)
    assert library.verify() == []


@pytest.mark.parametrize("fact", ["generation", "token", "fingerprint", "dimensions", "chunking"])
def test_a_fact_that_is_not_stated_is_a_problem(library: Library, fact: str) -> None:
    run(library, f"DELETE FROM meta WHERE key = '{fact}'")
    [problem] = library.verify()
    assert (problem.kind, problem.message) == ("database", f"The library does not state its {fact}.")
    with pytest.raises(LibraryDamagedError, match=f"does not state its {fact}"):
        library.stats()


@pytest.mark.parametrize("fact", ["generation", "dimensions"])
def test_a_number_that_is_none_is_not_stated(library: Library, fact: str) -> None:
    run(library, f"UPDATE meta SET value = '6' || x'ff' WHERE key = '{fact}'")
    [problem] = library.verify()
    assert fact in problem.message


def test_mending_without_an_embedder_says_which_is_needed(library: Library) -> None:
    run(library, "DELETE FROM vectors WHERE chunk_id = 1")
    problems = library.verify()
    with pytest.raises(EmbedderMismatchError, match="fake"):
        rebuild(library)
    assert library.verify() == problems


def test_a_rebuild_of_a_whole_library_embeds_nothing(library: Library, fake_embedder: FakeEmbedder) -> None:
    before, generation = contents(library), library.generation
    fake_embedder.texts.clear()
    report = rebuild(library, fake_embedder)
    assert (report.documents, fake_embedder.texts) == (0, [])
    assert (contents(library), library.generation) == (before, generation + 1)


def test_a_rebuild_with_another_embedder_changes_every_vector(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    before = contents(library)
    documents = {info.id for info in library.documents()}
    other = type(fake_embedder)(dimensions=32, name="other")
    report = rebuild(library, other, embedder_name="other-model")
    assert report.documents == 3
    assert (library.fingerprint, library.dimensions, library.embedder) == ("other-32", 32, "other-model")
    assert contents(library) == before
    assert {info.id for info in library.documents()} == documents
    assert library.vector_index().dimensions == 32
    assert library.verify() == []
    assert ingest(library, [docs], other).unchanged == 3
    with pytest.raises(EmbedderMismatchError):
        ingest(library, [docs], fake_embedder)


def test_a_rebuild_with_other_chunks(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    options = ChunkingOptions(target=12, maximum=20, minimum=5)
    chunks = library.stats().chunks
    rebuild(library, fake_embedder, chunking=options)
    assert library.stats().chunks > chunks
    assert library.chunking == options
    assert library.verify() == []
    assert ingest(library, [docs], fake_embedder, chunking=options).unchanged == 3


def test_readers_see_the_old_state_until_a_rebuild_is_done(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    before = contents(library)
    seen: dict[str, list[tuple[list[object], str]]] = {"embedding": [], "indexing": []}

    def look(stage: str, done: int, total: int) -> None:
        with Library.open(library.folder) as reader:
            seen[stage].append((contents(reader), reader.fingerprint))

    rebuild(library, type(fake_embedder)(dimensions=32), progress=look)
    assert seen["embedding"]
    assert all(state == (before, "fake-64") for state in seen["embedding"])
    assert seen["indexing"] == [(before, "fake-32")] * 2


def test_a_rebuild_that_fails_half_way_changes_nothing(library: Library, fake_embedder: FakeEmbedder) -> None:
    before = contents(library)

    def fail(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(library, type(fake_embedder)(dimensions=32), progress=fail)
    assert library.fingerprint == "fake-64"
    assert contents(library) == before
    assert library.verify() == []


def test_a_rebuild_while_another_writes_is_refused(library: Library, fake_embedder: FakeEmbedder) -> None:
    with library.writing(), Library.open(library.folder) as other, pytest.raises(LibraryBusyError):
        rebuild(other, fake_embedder)


def test_a_table_that_is_gone_is_damage(library: Library) -> None:
    run(library, "DROP TABLE chunks")
    problems = library.verify()
    assert problems
    assert problems[0].kind == "database"


def test_integrity_is_checked_by_sqlite_too(library: Library) -> None:
    """An index of the database that lacks a row: nothing of ours would notice."""
    library.close()
    with sqlite3.connect(library.folder / FILE_NAME) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'document_id)', 'size)') WHERE name = 'sources_by_document'"
        )
    connection.close()
    with Library.open(library.folder) as damaged:
        assert {problem.kind for problem in damaged.verify()} == {"database"}
