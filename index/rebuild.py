"""Makes a library whole again, or over with another embedder or other chunks; gives a report.

It never holds the database for long, so that what people say beside it is stored at once, and searching goes on
all the time. Damaged documents and the lexical tables are made anew first, while nobody else may read documents
in; another embedder's vectors are gathered beside the old ones (``index.reembed``); documents that are to be cut
again are replaced one by one, as a new version of a file would be. A process killed at any instant leaves a
library that answers, and the next rebuild goes on from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from index import lexical
from index.chunking import ChunkingOptions, context_text
from index.database import (
    CHUNK_COLUMNS,
    DOCUMENT_COLUMNS,
    RESTORE_OR_ANEW,
    Connection,
    chunk_from_row,
    code_version,
    connect_writer,
    damaged_text,
    document_from_row,
    give_space_back,
    next_generation,
    plain_database_errors,
    plain_errors,
    read_fact,
    read_info,
    text_digest,
    to_json,
    transaction,
    write_meta,
)
from index.datatypes import Document
from index.embedder import Embedder, Vectors
from index.errors import (
    EmbedderMismatchError,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryVersionError,
    ReadError,
)
from index.ingest import GROUP_CHUNKS, Progress, Reading, embed_sorted, prepare
from index.library import Library
from index.readers import DEFAULT_LIMITS, DocumentReader, ReadLimits, read_content
from index.reembed import forget, pending, reembed, writing_when_free
from index.storing import Prepared, delete_document, document_lexical_rows, replace_content
from index.verify import broken_documents

_Cut = tuple[int, Reading, Mapping[str, bytes]]  # document, what it is now, vectors by the texts it had

LOCK_NAME = "rebuild.lock"
RECHUNKING = "rechunking"  # the fact that a rebuild is cutting all documents again
_DONE = "rechunked"  # the table of those that have been

_REFERENCES = (
    ("sources", "document_id", "documents"),
    ("chunks", "document_id", "documents"),
    ("vectors", "chunk_id", "chunks"),
)
"""What is left of a document that is gone altogether; its file is new again to the next ingest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What was made anew."""

    documents: int = 0  # whose chunks were embedded or cut again
    chunks: int = 0  # embedded; those of a rebuild that was cut short are not counted again
    mended: tuple[str, ...] = ()  # sources of documents that were damaged
    lost: tuple[str, ...] = ()  # the same, whose text is damaged and whose file is gone or another: removed


def rebuild(
    library: Library,
    embedder: Embedder | None = None,
    *,
    embedder_name: str = "",
    chunking: ChunkingOptions | None = None,
    everything: bool = False,
    limits: ReadLimits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> RebuildReport:
    """Make the lexical tables and the FAISS cache anew, and mend documents that are damaged.

    With another embedder all chunks are embedded again; with other chunking options, or ``everything``, all
    documents are analysed and chunked again from their stored text, and what is new in them is embedded. A
    rebuild that was cut short goes on when it is called for again.

    Parameters
    ----------
    library:
        nobody else may be reading documents into it at the beginning; later on that is waited for.
    embedder:
        needed when anything has to be embedded.
    embedder_name:
        the name by which another embedder is loaded again.
    chunking:
        None: as before.
    everything:
        analyse and chunk all documents again even if nothing asks for it.
    limits:
        on files that are read again because their stored text is damaged.
    progress:
        told how far it is.

    Raises
    ------
    LibraryBusyError, LibraryDamagedError, LibraryError, EmbedderMismatchError
    """
    with _alone(library):
        return _Rebuild(
            library, embedder, embedder_name, chunking, everything, limits, progress or (lambda *_: None)
        ).run()


@contextmanager
def _alone(library: Library) -> Iterator[None]:
    """Be the one rebuild of a library, across processes."""
    from filelock import FileLock, Timeout

    lock = FileLock(library.folder / LOCK_NAME, timeout=0)
    try:
        with plain_errors(library.folder):
            lock.acquire()
    except Timeout:
        raise LibraryBusyError(
            f"Another process is rebuilding the library in {library.folder}: wait until it has finished, "
            "or stop it; what it has done is kept."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _check_file(connection: Connection, library: Library) -> None:
    """Refuse to write into a file whose pages are damaged: that could spoil what is still whole.

    The full-text index, which SQLite checks too from version 3.44 on, is made anew whatever state it is in.
    """
    messages = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    damage = [message for message in messages if message != "ok" and "fts5" not in message.lower()]
    if damage:
        raise LibraryDamagedError(
            f"The database in {library.folder} is damaged beyond mending ({damage[0]}): {RESTORE_OR_ANEW}"
        )


class _Rebuild:
    def __init__(
        self,
        library: Library,
        embedder: Embedder | None,
        embedder_name: str,
        chunking: ChunkingOptions | None,
        everything: bool,
        limits: ReadLimits,
        progress: Progress,
    ) -> None:
        self._library, self._embedder, self._limits, self._progress = library, embedder, limits, progress
        self._embedder_name = embedder_name
        self._other_model = embedder is not None and embedder.fingerprint != library.fingerprint
        present = _chunking(library)
        self._options = chunking or present or ChunkingOptions()
        self._rechunk = everything or self._options != present or _fact(library, RECHUNKING) is not None
        self._chunks = self._embedded = 0

    def run(self) -> RebuildReport:
        library, embedder = self._library, self._embedder
        goes_on = self._goes_on()
        with library.writing() as connection, damaged_text(connection):
            _check_file(connection, library)
            mended, lost = self._mend(connection)
            if not goes_on:  # the first time has done it
                self._lexical(connection)
        documents = len(mended)
        if not self._other_model:
            forget(library)  # what a rebuild left that is not wanted any more
        elif embedder is not None:
            self._chunks += reembed(library, embedder, self._embedder_name, self._progress)
            documents = library.stats().documents
        if self._rechunk and embedder is not None:
            documents = self._cut_again(embedder)
        self._progress("indexing", 0, 1)
        library.save_index()
        _shrink(library)
        self._progress("indexing", 1, 1)
        return RebuildReport(documents=documents, chunks=self._chunks, mended=tuple(mended), lost=tuple(lost))

    def _goes_on(self) -> bool:
        """Say whether this is a rebuild that was cut short, called for again."""
        if self._other_model:
            target = pending(self._library)
            return target is not None and target.fingerprint == getattr(self._embedder, "fingerprint", "")
        return _fact(self._library, RECHUNKING) == to_json(asdict(self._options))

    # --- what is damaged -----------------------------------------------------------------------------------

    def _mend(self, connection: Connection) -> tuple[list[str], list[str]]:
        """Make damaged documents anew; returns the sources of the mended and of the lost."""
        broken = sorted(broken_documents(connection))
        if self._embedder is None and (broken or (self._rechunk and _ids(connection))):
            count = len(broken) or len(_ids(connection))
            raise EmbedderMismatchError(
                f"{count} documents in {self._library.folder} must be embedded again: "
                f"hand in the embedder {self._library.embedder or self._library.fingerprint}."
            )
        with transaction(connection):
            for table, column, parent in _REFERENCES:
                connection.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})")
        mended: list[str] = []
        lost: list[str] = []
        with DocumentReader(self._limits) as reader:
            for document_id in broken:
                source = next(_paths(connection, document_id), Path(f"document {document_id}"))
                as_read = _read_again(connection, document_id, reader, self._limits)
                as_read = as_read or _as_stored(connection, document_id)
                (lost if as_read is None else mended).append(str(source))
                self._put(connection, document_id, as_read)
        return mended, lost

    def _put(self, connection: Connection, document_id: int, as_read: Document | None) -> None:
        """Replace one document, or delete it where nothing of it is left."""
        reading = None if as_read is None else prepare(as_read, self._options)
        vectors = None  # of another embedder: they come with all the others
        if reading is not None and self._embedder is not None and not self._other_model:
            vectors = self._embed(self._embedder, reading.contexts)
        with transaction(connection):
            if reading is None:
                delete_document(connection, document_id)
            else:
                replace_content(connection, document_id, _prepared(reading, vectors))
            next_generation(connection)

    def _embed(self, embedder: Embedder, texts: Sequence[str]) -> Vectors:
        self._chunks += len(texts)

        def tick(finished: int) -> None:
            self._embedded += finished
            self._progress("embedding", self._embedded, max(self._chunks, self._embedded))

        return embed_sorted(embedder, texts, tick)

    def _lexical(self, connection: Connection) -> None:
        """Make the lexical tables anew beside the old ones, a group of documents in each transaction."""
        with transaction(connection):
            lexical.begin_anew(connection)
        rows: list[tuple[int, str, str]] = []
        for document_id in _ids(connection):  # finding the terms is slow, and is done before a transaction
            rows += lexical.rows_of_terms(document_lexical_rows(connection, document_id))
            if len(rows) >= GROUP_CHUNKS:
                with transaction(connection):
                    lexical.add_anew(connection, rows)
                rows.clear()
        with transaction(connection):
            lexical.add_anew(connection, rows)
            lexical.finish_anew(connection)
            next_generation(connection)

    # --- cutting again -------------------------------------------------------------------------------------

    def _cut_again(self, embedder: Embedder) -> int:
        """Analyse and chunk all documents again; returns how many it did now.

        Those that another process reads in meanwhile are done as well: it may have begun with the old options.
        """
        options = to_json(asdict(self._options))
        done = 0
        with self._library.noting(write=True) as connection:
            if read_fact(connection, RECHUNKING) != options:
                connection.execute(f"DROP TABLE IF EXISTS {_DONE}")
                connection.execute(
                    f"CREATE TABLE {_DONE} (document_id INTEGER PRIMARY KEY "
                    "REFERENCES documents (id) ON DELETE CASCADE)"
                )
            write_meta(connection, {RECHUNKING: options, "chunking": options})
        list(lexical.rows_of_terms([(0, "", "词典")]))  # loads the dictionary before a transaction needs it
        while True:
            done += self._cut_missing(embedder)
            with writing_when_free(self._library) as connection:
                if not _uncut(connection):
                    with transaction(connection):
                        connection.execute(f"DROP TABLE {_DONE}")
                        connection.execute("DELETE FROM meta WHERE key = ?", (RECHUNKING,))
                        write_meta(connection, {"version": code_version()})
                    return done

    def _cut_missing(self, embedder: Embedder) -> int:
        with self._library.noting() as connection:
            ids = _uncut(connection)
        group: list[_Cut] = []
        for done, document_id in enumerate(ids, start=1):
            with self._library.snapshot(), self._library.noting() as connection:
                as_read = _as_stored(connection, document_id)
                known = _known_vectors(connection, document_id)
            if as_read is None:  # removed meanwhile, or damaged since it was looked at
                with self._library.noting(write=True) as connection:
                    _note_cut(connection, document_id)
                continue
            group.append((document_id, prepare(as_read, self._options), known))
            self._progress("reading", done, len(ids))
            if sum(len(reading.chunks) for _, reading, _ in group) >= GROUP_CHUNKS:
                self._store_cut(embedder, group)
        self._store_cut(embedder, group)
        return len(ids)

    def _store_cut(self, embedder: Embedder, group: list[_Cut]) -> None:
        """Embed what is new in a group of documents and store each; empties the list."""
        new = [text for _, reading, known in group for text in reading.contexts if text not in known]
        vectors = iter(self._embed(embedder, new))
        for document_id, reading, known in group:
            rows = np.empty((len(reading.chunks), embedder.dimensions), dtype=np.float32)
            for row, text in zip(rows, reading.contexts, strict=True):
                row[:] = np.frombuffer(known[text], dtype="<f2") if text in known else next(vectors)
            with self._library.noting(write=True) as connection:
                if _note_cut(connection, document_id):
                    replace_content(connection, document_id, _prepared(reading, rows))
                    next_generation(connection)
        group.clear()


def _shrink(library: Library) -> None:
    """Give the space of what went back to the disk, unless others are busy: then it serves what comes."""
    with suppress(LibraryBusyError), plain_database_errors(library.folder):
        connection = connect_writer(library.folder)
        try:
            give_space_back(connection, library.folder)
        finally:
            connection.close()


def _prepared(reading: Reading, vectors: Vectors | None) -> Prepared:
    return Prepared(
        document=reading.document, as_read=reading.as_read, chunks=reading.chunks, vectors=vectors
    )


def _chunking(library: Library) -> ChunkingOptions | None:
    """Return how a library is chunked; None: by options that this version does not have."""
    try:
        return library.chunking
    except LibraryVersionError:
        return None


def _fact(library: Library, key: str) -> str | None:
    with library.noting() as connection:
        return read_fact(connection, key)


def _ids(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY id")]


def _uncut(connection: Connection) -> list[int]:
    """Return the documents that have not been cut again."""
    rows = connection.execute(
        f"SELECT id FROM documents WHERE id NOT IN (SELECT document_id FROM {_DONE}) ORDER BY id"
    )
    return [row[0] for row in rows]


def _note_cut(connection: Connection, document_id: int) -> bool:
    """Note that a document is done; False: it was removed."""
    noted = connection.execute(f"INSERT INTO {_DONE} SELECT id FROM documents WHERE id = ?", (document_id,))
    return noted.rowcount > 0


def _known_vectors(connection: Connection, document_id: int) -> Mapping[str, bytes]:
    """Return the stored vectors of a document by the texts that they are of."""
    info = read_info(connection, document_id)
    if info is None:
        return {}
    rows = connection.execute(
        f"SELECT {CHUNK_COLUMNS}, vector FROM chunks JOIN vectors ON chunk_id = id WHERE document_id = ?",
        (document_id,),
    )
    return {context_text(info, chunk_from_row(row)): row[-1] for row in rows}


def _as_stored(connection: Connection, document_id: int) -> Document | None:
    """Return a document as it was before it was analysed; None: it is gone, or what is stored is damaged."""
    found = connection.execute(
        f"SELECT {DOCUMENT_COLUMNS}, as_read, text_sha256 FROM documents WHERE id = ?", (document_id,)
    ).fetchone()
    if found is None:
        return None
    *row, as_read, text_sha256 = found
    try:
        document = document_from_row(tuple(row))
        fields: dict[str, Any] = json.loads(as_read)
        fields["metadata"] = json.loads(fields["metadata"])
    except (ValueError, TypeError, KeyError):
        return None
    whole = text_digest(document.text) == text_sha256
    return replace(document, characters=len(document.text), **fields) if whole else None


def _read_again(
    connection: Connection, document_id: int, reader: DocumentReader, limits: ReadLimits
) -> Document | None:
    """Read a damaged document from a file that still has the same bytes; None: there is no such file."""
    sha256 = connection.execute("SELECT sha256 FROM documents WHERE id = ?", (document_id,)).fetchone()[0]
    for path in _paths(connection, document_id):
        try:
            content = read_content(path, limits)
            if hashlib.sha256(content).hexdigest() == sha256:
                return replace(reader.read(path, content=content), id=document_id)
        except ReadError:
            continue
    return None


def _paths(connection: Connection, document_id: int) -> Iterator[Path]:
    rows = connection.execute("SELECT path FROM sources WHERE document_id = ? ORDER BY id", (document_id,))
    yield from [Path(path) for (path,) in rows]
