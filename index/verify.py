"""Finds every mismatch between what a library holds and itself.

Takes a connection and the cache's folder, gives problems in plain sentences; changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from index import lexical
from index.database import (
    CHUNK_FIELDS,
    FACT_COLUMNS,
    Connection,
    damaged_text,
    digest,
    make_stamp,
    read_meta,
    text_digest,
    unstated,
)
from index.dense import MANIFEST_NAME, VectorIndex
from index.storing import lexical_rows

ProblemKind = Literal["database", "text", "chunks", "vectors", "lexical", "cache"]
_LISTED = 20  # faults of SQLite's pages that are told apart
_SAMPLE = 100  # vectors looked up in the cache
_NEAR = 0.98  # the cosine of a vector with itself, after compression to 8 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something on disk that disagrees with something else; ``message`` says what."""

    kind: ProblemKind
    message: str
    document_id: int | None = None


def find_problems(connection: Connection, cache: Path) -> list[Problem]:
    """Check everything: the file, references, texts, chunks, vectors, lexical tables and the FAISS cache."""
    with damaged_text(connection):
        unstated = list(_facts(connection))
        found = [*_file(connection), *unstated]
        if unstated:  # what follows is compared with them
            return found
        return [*found, *_documents(connection), *_lexical(connection), *_cache(connection, cache)]


def broken_documents(connection: Connection) -> dict[int, list[Problem]]:
    """Return the documents whose stored text, facts, chunks or vectors are not what was stored."""
    broken: dict[int, list[Problem]] = {}
    for problem in _documents(connection):
        if problem.document_id is not None:
            broken.setdefault(problem.document_id, []).append(problem)
    return broken


def _file(connection: Connection) -> Iterator[Problem]:
    for (message,) in connection.execute(f"PRAGMA integrity_check({_LISTED})"):
        if message != "ok":
            yield Problem(kind="database", message=f"SQLite's integrity check: {message}.")
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Problem(
            kind="database", message=f"Row {row} of {table} refers to a row of {parent} that is gone."
        )
    lost = connection.execute(
        "SELECT count(*) FROM vectors WHERE chunk_id NOT IN (SELECT id FROM chunks)"
    ).fetchone()[0]
    if lost:
        yield Problem(kind="vectors", message=f"{lost} vectors belong to no chunk.")


def _facts(connection: Connection) -> Iterator[Problem]:
    for key in unstated(read_meta(connection)):
        yield Problem(kind="database", message=f"The library does not state its {key}.")


def _documents(connection: Connection) -> Iterator[Problem]:
    dimensions = int(read_meta(connection)["dimensions"])
    ids = [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY id")]
    for document_id in ids:  # one at a time: memory does not grow with the library
        for kind, message in _document(connection, document_id, dimensions):
            yield Problem(kind=kind, message=f"Document {document_id}: {message}.", document_id=document_id)


def _document(connection: Connection, document_id: int, dimensions: int) -> Iterator[tuple[ProblemKind, str]]:
    *facts, stored_digest, stored_text_digest, characters, text = connection.execute(
        f"SELECT {FACT_COLUMNS}, digest, text_sha256, characters, text FROM documents WHERE id = ?",
        (document_id,),
    ).fetchone()
    rows = connection.execute(
        f"SELECT id, vector, {CHUNK_FIELDS} "
        "FROM chunks LEFT JOIN vectors ON chunk_id = id WHERE document_id = ? ORDER BY position",
        (document_id,),
    ).fetchall()
    if not connection.execute("SELECT 1 FROM sources WHERE document_id = ?", (document_id,)).fetchone():
        yield "database", "it has no source"
    if text_digest(text) != stored_text_digest or len(text) != characters:
        yield "text", "its text is not the text that was stored"
    told = False
    for problem in _chunks(rows, text, dimensions):
        told = True
        yield problem
    chunks = [(row[2:], row[1] or b"") for row in rows]
    if not told and digest(facts, chunks) != stored_digest:
        yield "chunks", "its facts, chunks or vectors are not those that were stored"


def _chunks(rows: list[tuple[Any, ...]], text: str, dimensions: int) -> Iterator[tuple[ProblemKind, str]]:
    for position, row in enumerate(rows):
        chunk_id, vector, stored_position, spans, chunk_text = row[0], row[1], row[2], row[8], row[9]
        if stored_position != position:
            yield "chunks", f"chunk {chunk_id} stands at position {stored_position}, not {position}"
        if vector is None:
            yield "vectors", f"chunk {chunk_id} has no vector"
        elif len(vector) != 2 * dimensions:
            yield "vectors", f"the vector of chunk {chunk_id} has {len(vector)} bytes, not {2 * dimensions}"
        if not _is_slice(spans, chunk_text, text):
            yield "chunks", f"chunk {chunk_id} is not a slice of the text"


def _is_slice(spans: str, chunk_text: str, text: str) -> bool:
    try:
        return "".join(text[start:end] for start, end in json.loads(spans)) == chunk_text
    except (ValueError, TypeError):
        return False


def _lexical(connection: Connection) -> Iterator[Problem]:
    try:
        messages = lexical.mismatches(connection, lexical_rows(connection))
    except (ValueError, TypeError) as error:  # headings that are no JSON; told with their document, too
        messages = [f"What should be indexed cannot be read ({error})."]
    for message in messages:
        yield Problem(kind="lexical", message=message)


def _cache(connection: Connection, folder: Path) -> Iterator[Problem]:
    """Check that the cache is whole, and right if it is of the present state; none or an old one is fine."""
    for message in _cache_problems(connection, folder):
        yield Problem(kind="cache", message=f"The vector index in {folder}: {message}.")


def _cache_problems(connection: Connection, folder: Path) -> Iterator[str]:
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_bytes())
        name, generation, sha256 = manifest["file"], manifest["generation"], manifest["sha256"]
        content = (folder / Path(name).name).read_bytes()
    except FileNotFoundError as error:
        if error.filename and not str(error.filename).endswith(MANIFEST_NAME):
            yield f"its file {Path(error.filename).name} is missing"
        return
    except (OSError, ValueError, TypeError, KeyError) as error:
        yield f"its manifest cannot be read ({type(error).__name__}: {error})"
        return
    if hashlib.sha256(content).hexdigest() != sha256:
        yield f"its file {name} is not what was written"
        return
    meta = read_meta(connection)
    count = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
    if generation != int(meta["generation"]):
        return
    index = VectorIndex.load(folder, make_stamp(meta, count))
    if index is not None and not _agrees(connection, index, int(meta["dimensions"])):
        yield "its vectors are not those of the database"


def _agrees(connection: Connection, index: VectorIndex, dimensions: int) -> bool:
    """Say whether an index has the ids of the database, and finds a sample of its vectors where they are."""
    ids = np.array([row[0] for row in connection.execute("SELECT chunk_id FROM vectors")], dtype=np.int64)
    if index.dimensions != dimensions or not np.array_equal(np.sort(index.ids), np.sort(ids)):
        return False
    for chunk_id in ids[np.linspace(0, len(ids) - 1, min(_SAMPLE, len(ids))).astype(int)]:
        blob = connection.execute(
            "SELECT vector FROM vectors WHERE chunk_id = ?", (int(chunk_id),)
        ).fetchone()[0]
        vector = np.frombuffer(blob, dtype="<f2").astype(np.float32)
        if vector.shape != (dimensions,) or not np.isfinite(vector).all():
            return False  # told with its document, too
        _, cosines = index.search(vector, 1, np.array([chunk_id]))
        if cosines.shape[1] != 1 or abs(cosines[0, 0] - vector @ vector) > 1 - _NEAR:
            return False
    return True
