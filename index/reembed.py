"""Gives a library the vectors of another embedder while the old ones go on answering.

Takes a library and an embedder; knows nothing of files or of how documents are chunked.

The new vectors gather in a table beside, a group in each short transaction; chunks that are removed meanwhile
take theirs along, and chunks that come are embedded too. When none is missing and nobody reads documents in,
one transaction exchanges the tables by their names and states the new embedder. What was embedded before a
process was killed is kept, for as long as the next rebuild has the same target.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from index.chunking import context_text
from index.database import (
    CHUNK_COLUMNS,
    CHUNK_FIELDS,
    FACT_COLUMNS,
    Connection,
    chunk_from_row,
    digest,
    next_generation,
    read_fact,
    to_json,
    transaction,
    vector_blob,
    write_meta,
)
from index.datatypes import Chunk
from index.embedder import Embedder
from index.errors import LibraryBusyError
from index.ingest import GROUP_CHUNKS, Progress, embed_sorted
from index.library import Library
from index.storing import check_vectors

PENDING = "reembedding"  # the fact that names the target
_NEXT, _OLD = "vectors_next", "vectors_old"
_POLL_S = 0.2  # between two tries to be the one writer
_DROPPED_AT_ONCE = 2_000  # rows of a table that goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The embedder whose vectors are gathered."""

    fingerprint: str
    dimensions: int
    embedder: str  # the name by which it is loaded


def reembed(library: Library, embedder: Embedder, name: str, progress: Progress) -> int:
    """Embed all chunks with another embedder, then make it the library's; returns how many were embedded now.

    Raises
    ------
    LibraryError
        the vectors do not fit, or the disk is full; the old ones stay, and the new ones so far.
    """
    target = Target(fingerprint=embedder.fingerprint, dimensions=embedder.dimensions, embedder=name)
    begun = pending(library)
    if begun is None or (begun.fingerprint, begun.dimensions) != (target.fingerprint, target.dimensions):
        forget(library)
    with library.noting(write=True) as connection:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {_NEXT} (chunk_id INTEGER PRIMARY KEY "
            "REFERENCES chunks (id) ON DELETE CASCADE, vector BLOB NOT NULL)"
        )
        write_meta(connection, {PENDING: to_json(asdict(target))})
    embedded = 0
    while True:
        embedded += _embed_missing(library, embedder, progress)
        with writing_when_free(library) as connection:
            if not _missing(connection):
                _exchange(connection, target)
                break
    forget(library)
    return embedded


def pending(library: Library) -> Target | None:
    """Return the target of a rebuild that was cut short, None where there is none."""
    with library.noting() as connection:
        stated = read_fact(connection, PENDING)
    return None if stated is None else Target(**json.loads(stated))


def forget(library: Library) -> None:
    """Drop the vectors that are not in use: of a target given up, or those exchanged."""
    for table in (_NEXT, _OLD):
        while _drop_piece(library, table):
            continue
    with library.noting(write=True) as connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (PENDING,))


@contextmanager
def writing_when_free(library: Library) -> Iterator[Connection]:
    """Be the one writer as ``Library.writing`` is, but wait for others however long they take."""
    with ExitStack() as stack:
        while True:
            try:
                connection = stack.enter_context(library.writing())
                break
            except LibraryBusyError:
                time.sleep(_POLL_S)
        yield connection


def _drop_piece(library: Library, table: str) -> bool:
    """Delete some rows of a table, or the empty table; False: it is gone."""
    with library.noting(write=True) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            return False
        deleted = connection.execute(
            f"DELETE FROM {table} WHERE chunk_id IN (SELECT chunk_id FROM {table} LIMIT {_DROPPED_AT_ONCE})"
        )
        if not deleted.rowcount:
            connection.execute(f"DROP TABLE {table}")
    return True


def _embed_missing(library: Library, embedder: Embedder, progress: Progress) -> int:
    """Embed the chunks that have no new vector, in the order of their ids; returns how many there were."""
    with library.noting() as connection:
        total: int = connection.execute("SELECT count(*) FROM chunks").fetchone()[0]
        done: int = connection.execute(f"SELECT count(*) FROM {_NEXT}").fetchone()[0]
    before, after = done, 0

    def tick(finished: int) -> None:
        nonlocal done
        done += finished
        progress("embedding", min(done, total), total)

    while group := _next_group(library, after):
        _embed_group(library, embedder, group, tick)
        after = group[-1][0].id
    return done - before


def _next_group(library: Library, after: int) -> list[tuple[Chunk, str]]:
    """Return the next chunks without a new vector, and what of them is embedded."""
    with library.snapshot(), library.noting() as connection:
        rows = connection.execute(
            f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE id > ? AND NOT EXISTS "
            f"(SELECT 1 FROM {_NEXT} WHERE chunk_id = chunks.id) ORDER BY id LIMIT {GROUP_CHUNKS}",
            (after,),
        )
        chunks = [chunk_from_row(row) for row in rows]
        infos = library.document_infos(chunk.document_id for chunk in chunks)
    return [(chunk, context_text(infos[chunk.document_id], chunk)) for chunk in chunks]


def _embed_group(
    library: Library, embedder: Embedder, group: list[tuple[Chunk, str]], tick: Callable[[int], None]
) -> None:
    vectors = embed_sorted(embedder, [text for _, text in group], tick)
    check_vectors(vectors, len(group), embedder.dimensions, f"The library in {library.folder}")
    rows = [(chunk.id, vector_blob(vector)) for (chunk, _), vector in zip(group, vectors, strict=True)]
    with library.noting(write=True) as connection:  # chunks that were removed meanwhile are left out
        connection.executemany(
            f"INSERT INTO {_NEXT} SELECT id, ?2 FROM chunks WHERE id = ?1 ON CONFLICT DO NOTHING", rows
        )


def _missing(connection: Connection) -> bool:
    row = connection.execute(
        f"SELECT 1 FROM chunks WHERE NOT EXISTS (SELECT 1 FROM {_NEXT} WHERE chunk_id = chunks.id) LIMIT 1"
    ).fetchone()
    return row is not None


def _exchange(connection: Connection, target: Target) -> None:
    """Put the new vectors in the place of the old ones; nobody else may write documents."""
    digests = [
        (_digest(connection, document_id), document_id)
        for (document_id,) in connection.execute("SELECT id FROM documents").fetchall()
    ]
    with transaction(connection):
        connection.executemany("UPDATE documents SET digest = ? WHERE id = ?", digests)
        connection.execute(f"ALTER TABLE vectors RENAME TO {_OLD}")
        connection.execute(f"ALTER TABLE {_NEXT} RENAME TO vectors")
        facts = asdict(target)
        write_meta(connection, {name: str(value) for name, value in facts.items()})
        connection.execute("DELETE FROM meta WHERE key = ?", (PENDING,))
        next_generation(connection)


def _digest(connection: Connection, document_id: int) -> str:
    facts = connection.execute(
        f"SELECT {FACT_COLUMNS} FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    rows = connection.execute(
        f"SELECT vector, {CHUNK_FIELDS} FROM chunks JOIN {_NEXT} ON chunk_id = id "
        "WHERE document_id = ? ORDER BY position",
        (document_id,),
    )
    return digest(facts, ((row[1:], row[0]) for row in rows))
