"""Makes a library whole again, or over with another embedder or other chunks; gives a report.

Everything that changes is changed in one transaction: readers go on with the old state until it is committed,
and a process killed before that has changed nothing. Lexical tables and the FAISS cache are made anew in any
case.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from index import lexical
from index.chunking import ChunkingOptions
from index.database import (
    DOCUMENT_COLUMNS,
    Connection,
    code_version,
    document_from_row,
    next_generation,
    text_digest,
    to_json,
    transaction,
    write_meta,
)
from index.datatypes import Document
from index.embedder import Embedder
from index.errors import EmbedderMismatchError, LibraryDamagedError, ReadError
from index.ingest import GROUP_CHUNKS, Progress, Reading, embed_sorted, prepare
from index.library import Library
from index.readers import DEFAULT_LIMITS, DocumentReader, ReadLimits, read_content
from index.storing import Prepared, delete_document, lexical_rows, replace_content
from index.verify import broken_documents

_REFERENCES = (
    ("sources", "document_id", "documents"),
    ("chunks", "document_id", "documents"),
    ("vectors", "chunk_id", "chunks"),
)
"""What is left of a document that is gone altogether; its file is new again to the next ingest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildReport:
    """What was made anew."""

    documents: int = 0  # analysed, chunked and embedded again
    chunks: int = 0  # of those
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

    With another embedder or other chunking options, or ``everything``, all documents are analysed, chunked
    and embedded again from their stored text.

    Parameters
    ----------
    library:
        nobody else may be writing to it; reading goes on.
    embedder:
        needed when anything has to be embedded.
    embedder_name:
        the name by which another embedder is loaded again.
    chunking:
        None: as before.
    everything:
        embed all documents again even if nothing asks for it.
    limits:
        on files that are read again because their stored text is damaged.
    progress:
        told how far it is.

    Raises
    ------
    LibraryBusyError, LibraryDamagedError, LibraryError, EmbedderMismatchError
    """
    with library.writing() as connection:
        _check_file(connection, library)
        with transaction(connection):
            work = _Rebuild(
                library, connection, embedder, embedder_name, chunking, everything, limits, progress
            )
            report = work.run()
        library.save_index()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return report


def _check_file(connection: Connection, library: Library) -> None:
    """Refuse to write into a file whose pages are damaged: that could spoil what is still whole."""
    messages = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
    if messages != ["ok"]:
        raise LibraryDamagedError(
            f"The database in {library.folder} is damaged beyond mending ({messages[0]}): put a backup "
            "in its place, or delete the folder and ingest the documents again."
        )


class _Rebuild:
    def __init__(
        self,
        library: Library,
        connection: Connection,
        embedder: Embedder | None,
        embedder_name: str,
        chunking: ChunkingOptions | None,
        everything: bool,
        limits: ReadLimits,
        progress: Progress | None,
    ) -> None:
        self._library, self._connection, self._embedder, self._limits = library, connection, embedder, limits
        self._embedder_name = embedder_name
        self._progress = progress or (lambda stage, done, total: None)
        other_chunks = chunking is not None and chunking != library.chunking
        self._options = chunking or library.chunking
        self._other_model = embedder is not None and embedder.fingerprint != library.fingerprint
        self._everything = everything or other_chunks or self._other_model
        self._chunks = self._embedded = 0

    def run(self) -> RebuildReport:
        broken = broken_documents(self._connection)
        for table, column, parent in _REFERENCES:
            self._connection.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})")
        ids = self._ids() if self._everything else sorted(broken)
        if ids and self._embedder is None:
            raise EmbedderMismatchError(
                f"{len(ids)} documents in {self._library.folder} must be embedded again: "
                f"hand in the embedder {self._library.embedder or self._library.fingerprint}."
            )
        if self._embedder is not None:
            self._write_facts(self._embedder)
        mended, lost = self._documents(ids, set(broken))
        lexical.clear(self._connection)
        lexical.add(self._connection, lexical_rows(self._connection))
        next_generation(self._connection)
        return RebuildReport(
            documents=len(ids) - len(lost), chunks=self._chunks, mended=tuple(mended), lost=tuple(lost)
        )

    def _ids(self) -> list[int]:
        return [row[0] for row in self._connection.execute("SELECT id FROM documents ORDER BY id")]

    def _write_facts(self, embedder: Embedder) -> None:
        facts = {"chunking": to_json(asdict(self._options))}
        if self._other_model:
            facts |= {
                "fingerprint": embedder.fingerprint,
                "dimensions": str(embedder.dimensions),
                "embedder": self._embedder_name,
            }
        if self._everything:
            facts["version"] = code_version()
        write_meta(self._connection, facts)

    def _documents(self, ids: Sequence[int], broken: set[int]) -> tuple[list[str], list[str]]:
        """Work on these documents in groups; returns the sources of the mended and of the lost."""
        mended: list[str] = []
        lost: list[str] = []
        group: list[tuple[int, Reading]] = []
        with DocumentReader(self._limits) as reader:
            for done, document_id in enumerate(ids, start=1):
                as_read = self._read_again(document_id, reader) if document_id in broken else None
                as_read = as_read or self._as_stored(document_id)
                if document_id in broken:
                    source = next(self._paths(document_id), Path(f"document {document_id}"))
                    (lost if as_read is None else mended).append(str(source))
                if as_read is None:
                    delete_document(self._connection, document_id)
                else:
                    group.append((document_id, prepare(as_read, self._options)))
                self._progress("reading", done, len(ids))
                if sum(len(reading.chunks) for _, reading in group) >= GROUP_CHUNKS:
                    self._flush(group)
        self._flush(group)
        return mended, lost

    def _as_stored(self, document_id: int) -> Document | None:
        """Return a document as it was before it was analysed; None: what is stored of it is damaged."""
        *row, as_read, text_sha256 = self._connection.execute(
            f"SELECT {DOCUMENT_COLUMNS}, as_read, text_sha256 FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        try:
            document = document_from_row(tuple(row))
            fields: dict[str, Any] = json.loads(as_read)
            fields["metadata"] = json.loads(fields["metadata"])
        except (ValueError, TypeError, KeyError):
            return None
        whole = text_digest(document.text) == text_sha256
        return replace(document, characters=len(document.text), **fields) if whole else None

    def _read_again(self, document_id: int, reader: DocumentReader) -> Document | None:
        """Read a damaged document from a file that still has the same bytes; None: there is no such file."""
        sha256 = self._connection.execute(
            "SELECT sha256 FROM documents WHERE id = ?", (document_id,)
        ).fetchone()[0]
        for path in self._paths(document_id):
            try:
                content = read_content(path, self._limits)
                if hashlib.sha256(content).hexdigest() == sha256:
                    return replace(reader.read(path, content=content), id=document_id)
            except ReadError:
                continue
        return None

    def _paths(self, document_id: int) -> Iterator[Path]:
        rows = self._connection.execute(
            "SELECT path FROM sources WHERE document_id = ? ORDER BY id", (document_id,)
        )
        yield from [Path(path) for (path,) in rows]

    def _flush(self, group: list[tuple[int, Reading]]) -> None:
        """Embed a group and put it in the place of the old chunks; empties the list."""
        assert self._embedder is not None or not group
        texts = [text for _, reading in group for text in reading.contexts]
        self._chunks += len(texts)

        def tick(finished: int) -> None:
            self._embedded += finished
            self._progress("embedding", self._embedded, self._chunks)

        if self._embedder is not None:
            vectors = embed_sorted(self._embedder, texts, tick)
        start = 0
        for document_id, reading in group:
            end = start + len(reading.chunks)
            prepared = Prepared(
                document=reading.document,
                as_read=reading.as_read,
                chunks=reading.chunks,
                vectors=vectors[start:end],
            )
            replace_content(self._connection, document_id, prepared)
            start = end
        group.clear()
