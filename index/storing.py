"""Writes documents into a library's database.

Takes a connection inside a transaction and whole documents with their chunks and vectors; knows nothing of
locks, files or models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index import lexical
from index.chunking import context_text
from index.database import (
    CHUNK_COLUMNS,
    Connection,
    chunk_fields,
    chunk_from_row,
    digest,
    read_info,
    text_digest,
    to_json,
    vector_blob,
)
from index.datatypes import Chunk, Document, DocumentInfo
from index.embedder import Vectors
from index.errors import LibraryError

RENAMED = -1  # the size of a file whose document is titled after another, gone one: to be read again


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file as the library saw it last."""

    path: str  # absolute
    size: int  # bytes, or RENAMED
    mtime_ns: int  # 0: too fresh to be trusted, compare the hash
    sha256: str  # of its bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document ready to be stored; ``vectors`` has a row for each chunk.

    None instead: it waits for another embedder, whose rebuild is under way.
    """

    document: Document
    as_read: DocumentInfo  # what the file itself stated, before it was analysed
    chunks: tuple[Chunk, ...]
    vectors: Vectors | None


def store_document(connection: Connection, prepared: Prepared, file: StoredFile) -> None:
    """Store a document read from a file; the version that the file had before goes.

    Raises
    ------
    LibraryError
        its chunks are not slices of its text, or its vectors do not fit.
    """
    _check(connection, prepared)
    same = connection.execute("SELECT id FROM documents WHERE sha256 = ?", (file.sha256,)).fetchone()
    own = connection.execute("SELECT document_id FROM sources WHERE path = ?", (file.path,)).fetchone()
    if same is not None and same == own:  # read again for its title
        replace_content(connection, same[0], prepared)
        touch(connection, [file])
        return
    unlink(connection, file.path)
    if same is not None:  # read again under another name
        delete_document(connection, same[0])
    columns = _document_columns(prepared) | {"sha256": file.sha256}
    cursor = connection.execute(
        f"INSERT INTO documents ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        list(columns.values()),
    )
    document_id = int(cursor.lastrowid or 0)
    _insert_source(connection, file, document_id)
    _insert_chunks(connection, prepared, document_id)


def replace_content(connection: Connection, document_id: int, prepared: Prepared) -> None:
    """Give a stored document other text, facts, chunks and vectors; its id, file hash and sources stay.

    Raises
    ------
    LibraryError
        as for ``store_document``.
    """
    _check(connection, prepared)
    _delete_chunks(connection, document_id)
    columns = _document_columns(prepared)
    connection.execute(
        f"UPDATE documents SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?",
        [*columns.values(), document_id],
    )
    _insert_chunks(connection, prepared, document_id)


def link(connection: Connection, file: StoredFile) -> None:
    """Name a file as one more source of the document with its content, if there still is one."""
    row = connection.execute("SELECT id FROM documents WHERE sha256 = ?", (file.sha256,)).fetchone()
    if row is not None:
        unlink(connection, file.path, keep=row[0])
        _insert_source(connection, file, row[0])


def unlink(connection: Connection, path: str, *, keep: int = 0) -> None:
    """Forget a source, and its document when that was its last, unless it is ``keep``."""
    row = connection.execute("DELETE FROM sources WHERE path = ? RETURNING document_id", (path,)).fetchone()
    if row is None or row[0] == keep:
        return
    left = connection.execute(
        "SELECT path, title FROM sources JOIN documents ON documents.id = document_id "
        "WHERE document_id = ? ORDER BY sources.id",
        row,
    ).fetchone()
    if left is None:
        delete_document(connection, row[0])
    elif left[1] == Path(path).stem != Path(left[0]).stem:
        connection.execute("UPDATE sources SET size = ? WHERE path = ?", (RENAMED, left[0]))


def touch(connection: Connection, files: Sequence[StoredFile]) -> None:
    """Note new times of files whose content is the same."""
    connection.executemany(
        "UPDATE sources SET size = ?, mtime_ns = ? WHERE path = ?",
        [(file.size, file.mtime_ns, file.path) for file in files],
    )


def delete_document(connection: Connection, document_id: int) -> None:
    """Delete a document, its sources, chunks, vectors and lexical rows."""
    _delete_chunks(connection, document_id)
    connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))  # sources follow by foreign key


def _delete_chunks(connection: Connection, document_id: int) -> None:
    rows = connection.execute("SELECT id FROM chunks WHERE document_id = ?", (document_id,))
    lexical.remove(connection, [row[0] for row in rows])  # first: it may need the rows that go
    connection.execute("DELETE FROM chunks WHERE document_id = ?", (document_id,))  # vectors follow


def _insert_source(connection: Connection, file: StoredFile, document_id: int) -> None:
    connection.execute(
        "INSERT INTO sources (path, document_id, size, mtime_ns) VALUES (?, ?, ?, ?)",
        (file.path, document_id, file.size, file.mtime_ns),
    )


def _insert_chunks(connection: Connection, prepared: Prepared, document_id: int) -> None:
    ids: list[int] = []
    for chunk in prepared.chunks:
        cursor = connection.execute(
            "INSERT INTO chunks (document_id, position, kind, article, page, date, heading, spans, text) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (document_id, *chunk_fields(chunk)),
        )
        ids.append(int(cursor.lastrowid or 0))
    if prepared.vectors is not None:
        blobs = map(vector_blob, prepared.vectors)
        connection.executemany("INSERT INTO vectors VALUES (?, ?)", list(zip(ids, blobs, strict=True)))
    document = prepared.document
    lexical.add(
        connection,
        [(i, above(document, chunk), chunk.text) for i, chunk in zip(ids, prepared.chunks, strict=True)],
    )


def above(document: DocumentInfo, chunk: Chunk) -> str:
    """Return what the lexical leg indexes beside a chunk's text: the title and headings embedded with it."""
    return context_text(document, chunk).removesuffix(chunk.text).rstrip()


def lexical_rows(connection: Connection) -> Iterator[tuple[int, str, str]]:
    """Yield what the lexical leg should hold, made anew from the stored documents and chunks."""
    for (document_id,) in connection.execute("SELECT id FROM documents ORDER BY id").fetchall():
        yield from document_lexical_rows(connection, document_id)


def document_lexical_rows(connection: Connection, document_id: int) -> list[tuple[int, str, str]]:
    """Return what the lexical leg should hold of one document."""
    info = read_info(connection, document_id)
    assert info is not None
    chunks = connection.execute(
        f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY position", (document_id,)
    )
    return [(chunk.id, above(info, chunk), chunk.text) for chunk in map(chunk_from_row, chunks)]


def _document_columns(prepared: Prepared) -> dict[str, str | int | None]:
    document, as_read = prepared.document, prepared.as_read
    facts = info_columns(document) | {
        "pages": to_json([(page.number, *page.span) for page in document.pages]),
        "marks": to_json([(mark.kind, *mark.span, mark.level) for mark in document.marks]),
        "as_read": to_json(info_columns(as_read)),
    }
    vectors = prepared.vectors
    blobs = [b""] * len(prepared.chunks) if vectors is None else [vector_blob(vector) for vector in vectors]
    chunks = zip((chunk_fields(chunk) for chunk in prepared.chunks), blobs, strict=True)
    return facts | {
        "page_count": document.page_count,
        "characters": len(document.text),
        "text_sha256": text_digest(document.text),
        "digest": digest(facts.values(), chunks),
        "text": document.text,
    }


def info_columns(info: DocumentInfo) -> dict[str, str | int | None]:
    """Return the columns that analysing a document can change."""
    return {
        "title": info.title,
        "language": info.language,
        "date": info.date,
        "metadata": to_json(dict(info.metadata)),
    }


def check_vectors(vectors: Vectors, count: int, dimensions: int, source: str) -> None:
    """Let no vectors in that are not one for each of ``count`` chunks of ``source``, of unit length.

    Raises
    ------
    LibraryError
        they are not.
    """
    if vectors.shape != (count, dimensions):
        raise LibraryError(
            f"{source}: the embedder gave vectors of shape {vectors.shape} for "
            f"{count} chunks, the library holds {dimensions} dimensions: use its own embedder."
        )
    if not bool((abs((vectors.astype("f4") ** 2).sum(axis=1) - 1.0) < 0.01).all()):  # NaN fails too
        raise LibraryError(
            f"{source}: the embedder gave vectors that are not of unit length: use another one."
        )


def _check(connection: Connection, prepared: Prepared) -> None:
    """Let nothing in that is wrong: chunks must be slices, with a unit vector of the right size for each."""
    text, chunks = prepared.document.text, prepared.chunks
    if prepared.vectors is not None:
        stated = connection.execute("SELECT value FROM meta WHERE key = 'dimensions'").fetchone()
        check_vectors(prepared.vectors, len(chunks), int(stated[0]), prepared.document.source)
    for position, chunk in enumerate(chunks):
        sliced = "".join(text[start:end] for start, end in chunk.spans)
        if not chunk.text or sliced != chunk.text or chunk.position != position:
            raise LibraryError(
                f"{prepared.document.source}: chunk {chunk.position} is not a slice of the text; "
                "please report this."
            )
