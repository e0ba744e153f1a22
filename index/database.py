"""The library's one SQLite file: its schema, how it is opened, and what its errors mean.

Takes folders and rows, gives connections and the project's values; knows nothing of models, files to read or
queries.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index import lexical
from index.datatypes import Chunk, Document, DocumentInfo, Mark, Page
from index.dense import Stamp
from index.errors import (
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    LibraryVersionError,
)

Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
FILE_NAME = "library.sqlite3"
CACHE_FOLDER = "vectors"
APPLICATION_ID = 0x63686368  # "chch", so that another program's database is never taken for a library
BUSY_TIMEOUT_S = (
    10.0  # for the moments in which SQLite recovers or checkpoints; writers exclude each other above it
)
_INCREMENTAL = 2  # SQLite's number for it
_PAGES_AT_ONCE = 1_000  # given back in one transaction, 4 MB: some 20 ms
_REWRITTEN_BYTES = 100_000_000
_NUMBERS = ("generation", "dimensions")  # of the facts about a library
_RESTORE = f"delete {FILE_NAME}-wal and {FILE_NAME}-shm and put a backup of {FILE_NAME} in its place"
"""The advice for a damaged library: a log left there would be played into the backup, and damage it too."""
RESTORE_OR_ANEW = f"{_RESTORE}, or delete the folder and ingest the documents again."

_SCHEMA_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: an old citation can go stale, never astray
    sha256 TEXT NOT NULL UNIQUE,           -- of the file's bytes
    title TEXT NOT NULL,
    language TEXT NOT NULL,
    date TEXT,
    metadata TEXT NOT NULL,                -- JSON object
    page_count INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    as_read TEXT NOT NULL,                 -- JSON: title, language, date, metadata before they were analysed
    pages TEXT NOT NULL,                   -- JSON [[number, start, end], …]
    marks TEXT NOT NULL,                   -- JSON [[kind, start, end, level], …]
    text_sha256 TEXT NOT NULL,
    digest TEXT NOT NULL,                  -- of the row, its chunks and their vectors; see `digest`
    text TEXT NOT NULL                     -- last, so that reading the other columns does not read it
);
CREATE INDEX documents_by_language ON documents (language);
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,                -- in order of arrival; a document is named after its oldest source
    path TEXT NOT NULL UNIQUE,             -- absolute
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    size INTEGER NOT NULL,                 -- bytes; -1: its document is named after a file that is gone
    mtime_ns INTEGER NOT NULL              -- 0: too fresh to be trusted, compare the hash
);
CREATE INDEX sources_by_document ON sources (document_id);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    article INTEGER NOT NULL,
    page INTEGER,
    date TEXT,
    heading TEXT NOT NULL,                 -- JSON [text, …]
    spans TEXT NOT NULL,                   -- JSON [[start, end], …]
    text TEXT NOT NULL,
    UNIQUE (document_id, position)
);
CREATE TABLE vectors (
    chunk_id INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
    vector BLOB NOT NULL                   -- little-endian float16, unit length
);
"""

_SCHEMA_2 = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: an old link can go stale, never astray
    user TEXT NOT NULL,                    -- "" where nobody logs in
    title TEXT NOT NULL,
    created TEXT NOT NULL,                 -- ISO 8601, UTC
    updated TEXT NOT NULL
);
CREATE INDEX conversations_by_user ON conversations (user, updated);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    scope TEXT NOT NULL,                   -- JSON object: the filter that the question was asked with
    created TEXT NOT NULL,
    folded TEXT NOT NULL,                  -- question and answer as they are searched
    answer TEXT NOT NULL                   -- JSON object: the whole answer, its quotes and passages included
);
CREATE INDEX messages_by_conversation ON messages (conversation_id);
CREATE TABLE feedback (
    message_id INTEGER PRIMARY KEY,        -- no reference: what was judged stays when the question is edited
    conversation_id INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    note TEXT NOT NULL,
    citation INTEGER NOT NULL,             -- the number of the wrong one; 0: not told, or the answer as a whole
    history TEXT NOT NULL,                 -- JSON [question, …] asked before it
    scope TEXT NOT NULL,                   -- as in messages
    answer TEXT NOT NULL,                  -- as in messages
    created TEXT NOT NULL
);
CREATE INDEX feedback_by_conversation ON feedback (conversation_id);
"""


def _to_version_1(connection: sqlite3.Connection) -> None:
    _run(connection, _SCHEMA_1)
    lexical.create_tables(connection)


def _to_version_2(connection: sqlite3.Connection) -> None:
    _run(connection, _SCHEMA_2)


def _run(connection: sqlite3.Connection, schema: str) -> None:
    for statement in schema.split(";\n"):  # `executescript` would commit first
        if statement.strip():
            connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_to_version_1, _to_version_2)
"""Each step lifts a database by one version, in one transaction; the next room's tables are the next step."""

SCHEMA_VERSION = len(MIGRATIONS)
READABLE_FROM = 1
"""Documents and searches need no step after this one, so a library that cannot be lifted can still be read."""


# --- opening -----------------------------------------------------------------------------------------------


def connect_writer(folder: Path, *, new: bool = False) -> sqlite3.Connection:
    """Open the database for writing, making the file where there is none; the caller holds the lock."""
    connection = sqlite3.connect(
        folder / FILE_NAME, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )
    try:
        if new:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # see `give_space_back`
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit survives a power cut
        connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_memory() -> sqlite3.Connection:
    """Open a database in memory that holds what people say and no documents; the caller lets one thread in."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys=ON")
    _to_version_2(connection)
    return connection


class ImmutableConnection(sqlite3.Connection):
    """A reader that takes the file for unchanging: what was read is wrong when it was written or replaced."""


def connect_reader(folder: Path) -> sqlite3.Connection:
    """Open the database for reading, also in a folder that cannot be written.

    Readers of a WAL database share a small file beside it. Where it cannot be made (a read-only folder) the
    database is opened as immutable, which is safe for as long as nobody writes it, unless a writer died there:
    its log would be left out, so that is refused.
    """
    path = folder / FILE_NAME
    if os.access(path, os.W_OK) and os.access(folder, os.W_OK):
        return _connect(path, "mode=rw")
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise LibraryError(
                f"{folder} is read-only and was left in the middle of writing: "
                "make it writable and open it once."
            ) from None
        return _connect(path, "mode=ro&immutable=1")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        factory=ImmutableConnection if "immutable" in mode else sqlite3.Connection,
    )
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read opens the files
    except BaseException:
        connection.close()
        raise
    return connection


def check_schema(connection: sqlite3.Connection, folder: Path) -> int:
    """Return the schema version of a library.

    Raises
    ------
    LibraryNotFoundError
        the database is empty: its making was interrupted.
    LibraryDamagedError
        it belongs to another program.
    LibraryVersionError
        it was made by a newer version.
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise not_found(folder)
        raise LibraryDamagedError(
            f"{folder / FILE_NAME} is a database of another program, not a library: choose another folder."
        )
    if version > SCHEMA_VERSION:
        raise LibraryVersionError(
            f"The library in {folder} has schema {version}, this version of chuchu reads up to "
            f"{SCHEMA_VERSION}: upgrade chuchu, or ingest the documents into a new folder."
        )
    return version


def migrate(connection: sqlite3.Connection, facts: Mapping[str, str] | None = None) -> None:
    """Lift the database to the present schema and state facts about a new one, all of it or nothing."""
    with transaction(connection):
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in MIGRATIONS[version:]:
            step(connection)
        write_meta(connection, facts or {})
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")


def not_a_folder(folder: Path) -> str:
    """Return the sentence that says that a library's place is taken by a file."""
    return f"{folder} is a file: a library is a folder, choose another --library."


def not_found(folder: Path) -> LibraryNotFoundError:
    """Return the error that says how to make a library there."""
    if folder.is_file():
        return LibraryNotFoundError(not_a_folder(folder))
    return LibraryNotFoundError(
        f"There is no library in {folder}: make one with `chuchu ingest DOCS --library {folder}`."
    )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit all of the block or nothing; the write lock is taken at its start."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise


def give_space_back(connection: sqlite3.Connection, folder: Path) -> None:
    """Shrink the file by what was deleted, in short transactions; the caller is in none.

    A library made before files could shrink in pieces is rewritten in one, if that takes no more than about a
    second; else the space is kept for what comes next.
    """
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == _INCREMENTAL:
        while connection.execute("PRAGMA freelist_count").fetchone()[0]:
            connection.execute(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})").fetchall()
    elif (folder / FILE_NAME).stat().st_size <= _REWRITTEN_BYTES:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # in force from the next statement on
        connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


@contextmanager
def damaged_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Let text that is no UTF-8 be read, with "�" where it is damaged."""
    connection.text_factory = lambda content: content.decode(errors="replace")
    try:
        yield
    finally:
        connection.text_factory = str


@contextmanager
def plain_database_errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite can say into one clear error of the library in ``folder``."""
    try:
        yield
    except sqlite3.Error as error:
        plain = _plain(error, folder)
        if plain is None:
            raise
        raise plain from error


@contextmanager
def plain_errors(folder: Path) -> Iterator[None]:
    """Turn what SQLite and the disk can say into one clear error of the library in ``folder``."""
    try:
        with plain_database_errors(folder):
            yield
    except TimeoutError:  # of a lock: the caller knows whose
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(folder) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise _read_only(folder) from error
        raise LibraryError(
            f"{error.filename or folder} cannot be used ({error.strerror or error}): "
            "move what is there away, or choose another --library."
        ) from error


def _plain(error: sqlite3.Error, folder: Path) -> LibraryError | None:
    """Return the library's error for SQLite's, None for a mistake in our own code."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte; the others refine it
    if code == sqlite3.SQLITE_FULL:
        return _disk_full(folder)
    if code == sqlite3.SQLITE_IOERR:
        full = _free_bytes(folder) < 1 << 20  # the shared-memory file cannot grow: reported as an I/O error
        return _disk_full(folder) if full else LibraryError(f"The disk under {folder} failed: {error}.")
    gone = code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column"))
    if code == sqlite3.SQLITE_CORRUPT:
        return LibraryDamagedError(
            f"{folder / FILE_NAME} is damaged ({error}): run `chuchu library rebuild`; if that does not help, "
            f"{RESTORE_OR_ANEW}"
        )
    if gone or code == sqlite3.SQLITE_NOTADB:
        return LibraryDamagedError(f"{folder / FILE_NAME} is damaged ({error}): {RESTORE_OR_ANEW}")
    if str(error).startswith("Could not decode to UTF-8"):  # Python's own, without a code
        return LibraryDamagedError(
            f"A text in {folder / FILE_NAME} is damaged: run `chuchu library rebuild`; "
            f"if that does not help, {_RESTORE}."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryBusyError(f"Another process is using the library in {folder}: try again in a moment.")
    if code == sqlite3.SQLITE_READONLY:
        return _read_only(folder)
    if code == sqlite3.SQLITE_CANTOPEN:
        return LibraryError(
            f"{folder / FILE_NAME} cannot be opened: check that its folder may be read and written."
        )
    return None


def _disk_full(folder: Path) -> LibraryError:
    return LibraryError(
        f"The disk under {folder} is full: what was stored before is safe; free some space and run it again."
    )


def _read_only(folder: Path) -> LibraryError:
    return LibraryError(f"{folder} cannot be written: change its permissions, or choose another --library.")


def _free_bytes(folder: Path) -> int:
    try:
        status = os.statvfs(folder)
    except (OSError, AttributeError):  # Windows has no statvfs
        return 1 << 62
    return status.f_bavail * status.f_frsize


# --- facts about the whole ---------------------------------------------------------------------------------


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """Return what is known about the library as a whole."""
    return dict(connection.execute("SELECT key, value FROM meta"))


def read_fact(connection: sqlite3.Connection, key: str) -> str | None:
    """Return one of the facts about the library as a whole; None where it is not stated."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def unstated(meta: Mapping[str, str]) -> list[str]:
    """Return which facts that every library states are missing, or no numbers where they are to be."""
    return [
        key
        for key in ("generation", "token", "fingerprint", "dimensions", "chunking")
        if key not in meta or (key in _NUMBERS and not meta[key].isdecimal())
    ]


def write_meta(connection: sqlite3.Connection, values: Mapping[str, str]) -> None:
    """Set facts about the library as a whole."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))


def code_version() -> str:
    """Return the version of the program that cuts and indexes, as a library notes it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("chuchu")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "unknown"


def next_generation(connection: sqlite3.Connection) -> None:
    """Count one more change, inside the transaction that makes it.

    The token is new at every change, because a backup put in place can reach the same number by another way.
    """
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")
    connection.execute("UPDATE meta SET value = ? WHERE key = 'token'", (secrets.token_hex(8),))


# --- rows and values ---------------------------------------------------------------------------------------

_FIRST_SOURCE = "(SELECT path FROM sources WHERE document_id = documents.id ORDER BY sources.id LIMIT 1)"
INFO_COLUMNS = f"id, {_FIRST_SOURCE}, title, language, date, metadata, page_count, characters"
DOCUMENT_COLUMNS = f"{INFO_COLUMNS}, pages, marks, text"
FACT_COLUMNS = "title, language, date, metadata, pages, marks, as_read"  # in the order of `digest`
CHUNK_FIELDS = "position, kind, article, page, date, heading, spans, text"  # in that of `chunk_fields`
CHUNK_COLUMNS = "id, document_id, position, spans, text, kind, article, heading, page, date"


def to_json(value: object) -> str:
    """Return the one JSON form in which values are stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_info(connection: sqlite3.Connection, document_id: int) -> DocumentInfo | None:
    """Return what is known of a document; None: there is none of this id."""
    row = connection.execute(f"SELECT {INFO_COLUMNS} FROM documents WHERE id = ?", (document_id,)).fetchone()
    return row and info_from_row(row)


def info_from_row(row: tuple[Any, ...]) -> DocumentInfo:
    """Make the value from ``INFO_COLUMNS``."""
    return DocumentInfo(**_info_fields(row))


def document_from_row(row: tuple[Any, ...]) -> Document:
    """Make the value from ``DOCUMENT_COLUMNS``."""
    pages, marks, text = row[8:11]
    return Document(
        **_info_fields(row),
        text=text,
        pages=tuple(Page(number=number, span=(start, end)) for number, start, end in json.loads(pages)),
        marks=tuple(
            Mark(kind=kind, span=(start, end), level=level) for kind, start, end, level in json.loads(marks)
        ),
    )


def _info_fields(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("id", "source", "title", "language", "date", "metadata", "page_count", "characters")
    fields = dict(zip(names, row, strict=False))
    fields["metadata"] = json.loads(fields["metadata"])
    fields["source"] = fields["source"] or ""
    return fields


def chunk_from_row(row: tuple[Any, ...]) -> Chunk:
    """Make the value from ``CHUNK_COLUMNS``."""
    return Chunk(
        id=row[0],
        document_id=row[1],
        position=row[2],
        spans=tuple((start, end) for start, end in json.loads(row[3])),
        text=row[4],
        kind=row[5],
        article=row[6],
        heading=tuple(json.loads(row[7])),
        page=row[8],
        date=row[9],
    )


def chunk_fields(chunk: Chunk) -> tuple[Any, ...]:
    """Return a chunk's columns: position, kind, article, page, date, heading, spans, text."""
    return (
        chunk.position,
        chunk.kind,
        chunk.article,
        chunk.page,
        chunk.date,
        to_json(chunk.heading),
        to_json(chunk.spans),
        chunk.text,
    )


def vector_blob(vector: NDArray[np.float32]) -> bytes:
    """Return a vector as it is stored."""
    return vector.astype("<f2").tobytes()


def make_stamp(meta: Mapping[str, str], count: int) -> Stamp:
    """Return the cache's stamp: the token in it tells apart histories that reach the same generation."""
    return Stamp(
        generation=int(meta["generation"]), fingerprint=f"{meta['fingerprint']} {meta['token']}", count=count
    )


def read_vectors(
    connection: sqlite3.Connection, count: int, dimensions: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return all chunk ids, ascending, and their vectors, shape (count, dimensions), rows of unit length.

    Raises
    ------
    LibraryDamagedError
        a vector has another size, or is none.
    """
    ids = np.empty(count, dtype=np.int64)
    vectors = np.empty((count, dimensions), dtype=np.float32)
    for row, (chunk_id, blob) in enumerate(
        connection.execute("SELECT chunk_id, vector FROM vectors ORDER BY chunk_id")
    ):
        if len(blob) != 2 * dimensions:
            raise LibraryDamagedError(
                f"The vector of chunk {chunk_id} has {len(blob)} bytes instead of {2 * dimensions}: "
                "run `chuchu library rebuild`."
            )
        ids[row] = chunk_id
        vectors[row] = np.frombuffer(blob, dtype="<f2")
    if not np.isfinite(vectors).all():
        raise LibraryDamagedError("A stored vector holds NaN or infinity: run `chuchu library rebuild`.")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # float16 rounding moves them by some 1e-4
    np.divide(vectors, lengths, out=vectors, where=lengths > 0)
    return ids, vectors


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest(info: Iterable[object], chunks: Iterable[tuple[tuple[Any, ...], bytes]]) -> str:
    """Return the SHA-256 of a document's stored facts, chunks and vectors, so that no change goes unseen.

    ``info`` is title, language, date, metadata, pages, marks and as_read as stored; a chunk is its
    ``chunk_fields`` and blob.
    """
    hasher = hashlib.sha256(to_json(list(info)).encode())
    for fields, blob in chunks:
        hasher.update(to_json(fields).encode())
        hasher.update(blob)
    return hasher.hexdigest()
