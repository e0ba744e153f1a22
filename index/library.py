"""A library: a folder that holds everything known about a set of documents.

Takes ids, filters and queries, gives documents, chunks and the two search legs; knows nothing of models or of
how files are read.

SQLite is the truth (`index.database`); the FAISS files beside it are a cache of it, rebuilt on any doubt.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from index import filters, lexical
from index.cache import DocumentCache, IndexCache
from index.chunking import ChunkingOptions
from index.database import (
    CACHE_FOLDER,
    CHUNK_COLUMNS,
    DOCUMENT_COLUMNS,
    FILE_NAME,
    INFO_COLUMNS,
    READABLE_FROM,
    RESTORE_OR_ANEW,
    SCHEMA_VERSION,
    Connection,
    ImmutableConnection,
    check_schema,
    chunk_from_row,
    code_version,
    connect_reader,
    connect_writer,
    document_from_row,
    info_from_row,
    migrate,
    next_generation,
    not_a_folder,
    not_found,
    plain_database_errors,
    plain_errors,
    read_fact,
    read_info,
    read_meta,
    to_json,
    transaction,
    unstated,
)
from index.datatypes import Chunk, Document, DocumentInfo, Filter
from index.dense import VectorIndex, sync
from index.embedder import BUILTIN, FAST
from index.errors import (
    EmbedderMismatchError,
    LibraryBusyError,
    LibraryDamagedError,
    LibraryError,
    LibraryNotFoundError,
    LibraryVersionError,
)
from index.filters import matches_name
from index.storing import StoredFile, delete_document, unlink
from index.terms import QueryTerm
from index.verify import Problem, find_problems

_log = logging.getLogger(__name__)

LOCK_NAME = "writer.lock"
_IDLE_CONNECTIONS = 8  # kept open for the next reader; more at once are opened and closed as needed


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryStats:
    """The figures of ``chuchu library info``."""

    folder: str
    documents: int
    sources: int  # paths; the same content at two paths is one document
    chunks: int
    characters: int
    dimensions: int
    fingerprint: str
    embedder: str  # the name it was asked for by
    chunking: Mapping[str, object]
    created: str  # ISO 8601, UTC
    version: str  # of the program that made it, or rebuilt all of it
    schema: int
    generation: int  # changes so far
    bytes: int  # on disk, the cache included


class Library:
    """An open library; may be shared by threads. Use as a context manager, or call ``close``.

    Reading never waits for writing. Each method sees the latest commit; ``snapshot`` lets several see the
    same one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._idle: list[Connection] = []
        self._lock = threading.Lock()  # of `_idle` and the two fields below
        self._file: tuple[int, int] | None = None  # device and inode of the database that `_idle` has open
        self._closed = False
        self._documents = DocumentCache()
        self._index = IndexCache(folder)
        self._local = threading.local()

    # --- opening and closing -------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        fingerprint: str,
        dimensions: int,
        embedder: str = "",
        chunking: ChunkingOptions | None = None,
    ) -> Library:
        """Make an empty library.

        Parameters
        ----------
        folder:
            made where it is missing, with its parents.
        fingerprint:
            of the embedder; other vectors are refused from then on.
        dimensions:
            of its vectors.
        embedder:
            the name by which the embedder is loaded again.
        chunking:
            how its documents are chunked; None: the defaults.

        Raises
        ------
        LibraryError
            there is one already, or the folder cannot be written.
        """
        folder = Path(folder).absolute()
        with plain_errors(folder):
            if folder.exists() and not folder.is_dir():
                raise LibraryError(not_a_folder(folder))
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except ValueError as error:  # a NUL, or half a character
                raise LibraryError(
                    f"{str(folder)!r} is no name of a folder ({error}): choose another."
                ) from error
        library = cls(folder)
        with library.writing(new=True) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0]:
                raise LibraryError(
                    f"There is a library in {folder} already: open it, or delete the folder first."
                )
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise LibraryDamagedError(
                    f"{folder / FILE_NAME} is a database of another program: choose another folder."
                )
            facts = {
                "generation": "0",
                "token": "",
                "fingerprint": fingerprint,
                "dimensions": str(dimensions),
                "embedder": embedder,
                "chunking": to_json(asdict(chunking or ChunkingOptions())),
                "version": code_version(),
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            migrate(connection, facts)
        return library

    @classmethod
    def open(cls, folder: str | Path, *, fingerprint: str | None = None) -> Library:
        """Open the library in a folder, which may be read-only.

        Parameters
        ----------
        folder:
            where it is.
        fingerprint:
            of the embedder at hand, refused if it is not the library's.

        Raises
        ------
        LibraryNotFoundError, LibraryVersionError, LibraryDamagedError, EmbedderMismatchError, LibraryError
        """
        folder = Path(folder).absolute()
        with plain_errors(folder):
            if not (folder / FILE_NAME).is_file():
                raise not_found(folder)
        library = cls(folder)
        try:
            with library._reading() as connection:
                version = check_schema(connection, folder)
            if version < SCHEMA_VERSION:
                library._lift(version)
            if fingerprint is not None:
                library.require(fingerprint)
        except BaseException:
            library.close()
            raise
        return library

    def _lift(self, version: int) -> None:
        """Bring the schema up to date; where that cannot be now, a library that can be read all the same is."""
        try:
            with self.writing() as connection:
                migrate(connection)
        except LibraryError as error:
            if version < READABLE_FROM:
                raise
            _log.warning("%s stays at schema %d: %s", self.folder, version, error)

    @classmethod
    def exists(cls, folder: str | Path) -> bool:
        """Say whether there is a library in a folder, be it damaged; one whose making was cut short is none."""
        try:
            cls.open(folder).close()
        except LibraryNotFoundError:
            return False
        except LibraryError:
            return True
        return True

    def close(self) -> None:
        """Close the files; using the library afterwards raises LibraryError."""
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
            self._index.forget()
        for connection in idle:
            connection.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Library({str(self.folder)!r})"

    # --- connections ---------------------------------------------------------------------------------------

    def _require_open(self) -> None:
        if self._closed:
            raise LibraryError(f"The library in {self.folder} is closed: open it again.")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Lend a connection: the snapshot's if this thread is in one, else an idle one, else a new one."""
        pinned: Connection | None = getattr(self._local, "connection", None)
        with plain_database_errors(self.folder):
            if pinned is not None:
                yield pinned
                return
            file = _file_in(self.folder)
            stale: list[Connection] = []
            with self._lock:
                self._require_open()
                if file != self._file:  # another library has been put in its place
                    stale, self._idle, self._file = self._idle, [], file
                    self._index.forget()
                    self._documents.forget()
                connection = self._idle.pop() if self._idle else None
            for left in stale:
                left.close()
            connection = connection or connect_reader(self.folder)
            self._local.origin = file
            whole = False
            try:
                yield connection
                whole = True  # an error can leave a query open, which would hold the state it was asked in
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                with self._lock:
                    room = not self._closed and len(self._idle) < _IDLE_CONNECTIONS
                    lasting = file == self._file and not isinstance(connection, ImmutableConnection)
                    keep = whole and room and lasting
                    if keep:
                        self._idle.append(connection)
                if not keep:
                    connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything that this thread reads in the block see one state, whatever is written meanwhile."""
        if getattr(self._local, "connection", None) is not None:
            yield
            return
        with self._reading() as connection:
            connection.execute("BEGIN")
            read_fact(connection, "token")  # the state is fixed here
            self._local.connection = connection
            try:
                yield
            finally:
                self._local.connection = None

    @contextmanager
    def writing(self, *, new: bool = False) -> Iterator[Connection]:
        """Be the one writer, across processes, for the length of the block; gives a connection to write with.

        Raises
        ------
        LibraryBusyError
            somebody else is writing.
        """
        from filelock import FileLock, Timeout

        self._require_open()
        with plain_database_errors(self.folder):
            if not new and not (self.folder / FILE_NAME).is_file():
                raise not_found(self.folder)
            lock = FileLock(self.folder / LOCK_NAME, timeout=0)
            try:
                with plain_errors(self.folder):
                    lock.acquire()
            except Timeout:
                raise LibraryBusyError(
                    f"Another process is writing to the library in {self.folder}: "
                    "wait until it has finished, or stop it; what it has stored stays."
                ) from None
            try:
                connection = connect_writer(self.folder, new=new)
                try:
                    yield connection
                finally:
                    connection.close()
            finally:
                lock.release()

    @contextmanager
    def noting(self, *, write: bool = False) -> Iterator[Connection]:
        """Lend a connection for what people say about the documents; what is in the index is not changed.

        With ``write`` the block is one short transaction. It does without the lock of ``writing``: SQLite lets
        it in between two documents of an ingest, in whatever process that runs.

        Raises
        ------
        LibraryBusyError
            somebody else has been in one transaction for ``BUSY_TIMEOUT_S``.
        LibraryError
            the library cannot be written.
        """
        if not write:
            with self._reading() as connection:
                yield connection
            return
        self._require_open()
        with plain_database_errors(self.folder):
            if not (self.folder / FILE_NAME).is_file():
                raise not_found(self.folder)
            connection = connect_writer(self.folder)
            try:
                with transaction(connection):
                    yield connection
            finally:
                connection.close()

    # --- facts ---------------------------------------------------------------------------------------------

    def _meta(self) -> dict[str, str]:
        with self._reading() as connection:
            meta = read_meta(connection)
        missing = unstated(meta)
        if missing:
            raise LibraryDamagedError(
                f"{self.folder / FILE_NAME} is damaged: it does not state its {', '.join(missing)}; "
                f"{RESTORE_OR_ANEW}"
            )
        return meta

    @property
    def generation(self) -> int:
        """Number of changes so far; it grows by one with each."""
        return int(self._meta()["generation"])

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the embedder that made the vectors."""
        return self._meta()["fingerprint"]

    @property
    def dimensions(self) -> int:
        """Length of its vectors."""
        return int(self._meta()["dimensions"])

    @property
    def embedder(self) -> str:
        """The name by which its embedder is loaded."""
        return self._meta()["embedder"]

    @property
    def chunking(self) -> ChunkingOptions:
        """How its documents are chunked.

        Raises
        ------
        LibraryVersionError
            by options that this version does not have.
        """
        fields = json.loads(self._meta()["chunking"])
        try:
            return ChunkingOptions(**fields)
        except TypeError:
            raise LibraryVersionError(
                f"The library in {self.folder} was chunked by another version of chuchu, with {fields}: "
                "run `chuchu library rebuild` to chunk it by this one."
            ) from None

    def require(self, fingerprint: str) -> None:
        """Check that an embedder is the library's own.

        Raises
        ------
        EmbedderMismatchError
            it is another; the message names both.
        """
        meta = self._meta()
        if meta["fingerprint"] != fingerprint:
            name, dimensions = meta["embedder"] or meta["fingerprint"], meta["dimensions"]
            cut = f" --dimensions {dimensions}" if meta["fingerprint"].endswith(f":{dimensions}") else ""
            (ours, _, old), (theirs, _, new) = (f.partition("@") for f in (meta["fingerprint"], fingerprint))
            said = (
                f"another version of {ours} ({old}, now {new}): run `chuchu library rebuild`."
                if ours == theirs and old.partition(":")[0] != new.partition(":")[0]
                else f"{meta['fingerprint']}, not with {fingerprint}: use --embedder {name}{cut}, or run "
                "`chuchu library rebuild` with the other one."
            )
            raise EmbedderMismatchError(f"The library in {self.folder} was embedded with {said}")

    def embedder_for(self, name: str = "", dimensions: int | None = None) -> tuple[str, int | None]:
        """Return the name and dimensions to load an embedder by, where not both were asked for.

        The library's own keeps the dimensions that it was cut to; another has all that it has.
        """
        meta = self._meta()
        name, own = from_anywhere(name), from_anywhere(meta["embedder"] or BUILTIN)
        if dimensions is None and name in ("", own):
            dimensions = int(meta["dimensions"])
        return name or own, dimensions

    def stats(self) -> LibraryStats:
        """Return counts, settings and size."""
        with self.snapshot(), self._reading() as connection:
            meta = self._meta()
            one = connection.execute
            documents, characters = one(
                "SELECT count(*), ifnull(sum(characters), 0) FROM documents"
            ).fetchone()
            sources = one("SELECT count(*) FROM sources").fetchone()[0]
            chunks = one("SELECT count(*) FROM chunks").fetchone()[0]
            schema = one("PRAGMA user_version").fetchone()[0]
        return LibraryStats(
            folder=str(self.folder),
            documents=documents,
            sources=sources,
            chunks=chunks,
            characters=characters,
            dimensions=int(meta["dimensions"]),
            fingerprint=meta["fingerprint"],
            embedder=meta["embedder"],
            chunking=json.loads(meta["chunking"]),
            created=meta["created"],
            version=meta.get("version", "unknown"),
            schema=schema,
            generation=int(meta["generation"]),
            bytes=_folder_bytes(self.folder),
        )

    # --- documents and chunks ------------------------------------------------------------------------------

    def documents(self, where: Filter | None = None) -> list[DocumentInfo]:
        """Return the documents that a filter lets through, in the order of their source paths.

        The filter's dates select documents with a chunk of that time.
        """
        where = where or Filter()
        with self.snapshot(), self._reading() as connection:
            infos = [
                info_from_row(row) for row in connection.execute(f"SELECT {INFO_COLUMNS} FROM documents")
            ]
            ids = filters.documents(connection, where)
        return sorted(
            (i for i in infos if ids is None or i.id in ids), key=lambda info: (info.source, info.id)
        )

    def document_infos(self, ids: Iterable[int]) -> dict[int, DocumentInfo]:
        """Return documents by their ids, without their texts; ids that are gone are left out."""
        wanted = to_json(sorted(set(ids)))
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {INFO_COLUMNS} FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                (wanted,),
            )
            return {info.id: info for info in map(info_from_row, rows)}

    def languages(self) -> frozenset[str]:
        """Return the languages that its documents are in."""
        with self._reading() as connection:
            return frozenset(row[0] for row in connection.execute("SELECT DISTINCT language FROM documents"))

    def document(self, document_id: int) -> Document:
        """Return a document with its text.

        Raises
        ------
        LibraryError
            there is none with that id (any more).
        """
        with self._reading() as connection:
            token = connection.execute("SELECT value FROM meta WHERE key = 'token'").fetchone()[0]
            known = self._documents.get(document_id, token)
            if known is not None:
                return known
            row = connection.execute(
                f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
        if row is None:
            raise LibraryError(
                f"There is no document {document_id} in {self.folder}: it was removed or read again, "
                "so search again."
            )
        document = document_from_row(row)
        self._documents.add(document, token)
        return document

    def sources(self, document_id: int) -> tuple[str, ...]:
        """Return the paths that hold a document's content, the one it is named after first."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT path FROM sources WHERE document_id = ? ORDER BY id", (document_id,)
            )
            return tuple(path for (path,) in rows)

    def chunks(self, ids: Sequence[int]) -> list[Chunk]:
        """Return chunks in the order asked for; ids that are gone are left out."""
        wanted = to_json([int(chunk_id) for chunk_id in ids])
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE id IN (SELECT value FROM json_each(?))", (wanted,)
            )
            found = {row[0]: chunk_from_row(row) for row in rows}
        return [found[int(chunk_id)] for chunk_id in ids if int(chunk_id) in found]

    def stored_file(self, path: str) -> StoredFile | None:
        """Return what is known of the file at an absolute path; None: it is not in the library."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT size, mtime_ns, sha256 FROM sources JOIN documents ON documents.id = document_id "
                "WHERE path = ?",
                (path,),
            ).fetchone()
        return row and StoredFile(path=path, size=row[0], mtime_ns=row[1], sha256=row[2])

    def with_content(self, sha256: str) -> DocumentInfo | None:
        """Return the document made from bytes of this hash; None: there is none."""
        with self._reading() as connection:
            row = connection.execute(
                f"SELECT {INFO_COLUMNS} FROM documents WHERE sha256 = ?", (sha256,)
            ).fetchone()
        return row and info_from_row(row)

    def document_chunks(self, document_id: int) -> list[Chunk]:
        """Return all chunks of a document in reading order."""
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {CHUNK_COLUMNS} FROM chunks WHERE document_id = ? ORDER BY position", (document_id,)
            )
            return [chunk_from_row(row) for row in rows]

    def without_match(self, patterns: Iterable[str]) -> list[str]:
        """Return those of some patterns that no document's file name or path matches."""
        with self._reading() as connection:
            paths = [path for (path,) in connection.execute("SELECT path FROM sources")]
        return [pattern for pattern in patterns if not any(matches_name(path, [pattern]) for path in paths)]

    # --- searching -----------------------------------------------------------------------------------------

    def allowed(self, where: Filter | None = None) -> frozenset[int] | None:
        """Return the ids of the chunks that a filter lets through; None means all of them."""
        where = where or Filter()
        if where == Filter():
            return None
        with self.snapshot(), self._reading() as connection:
            return filters.chunks(connection, where)

    def lexical_search(
        self, query: str | Sequence[QueryTerm], k: int, allowed: Set[int] | None = None
    ) -> list[tuple[int, float]]:
        """Return at most ``k`` (chunk id, BM25), best first; see ``index.lexical.search``."""
        with self.snapshot(), self._reading() as connection:
            return lexical.search(connection, query, k, allowed)

    def term_frequency(self, term: str) -> int:
        """Return in how many chunks a term of ``index.terms`` stands."""
        with self._reading() as connection:
            return lexical.frequency(connection, term)

    def vector_index(self) -> VectorIndex:
        """Return the dense index of the present state, kept in memory until the state changes.

        It is loaded from the cache beside the database if its stamp and checksum are right, else built from
        the database. A large index is not built anew at every commit of another process: for a while it may
        miss the newest chunks and hold some that are gone, which ``chunks`` leaves out.
        """
        with self.snapshot(), self._reading() as connection:
            return self._index.get(connection, self._local.origin)

    def save_index(self) -> None:
        """Bring the index in memory and its cache on disk up to the present state.

        Raises
        ------
        LibraryError
            the disk is full; the library itself is whole.
        """
        with self.snapshot(), self._reading() as connection:
            index, stamp = self._index.build(connection, self._local.origin)
        self._index.save(index, stamp)

    # --- changing ------------------------------------------------------------------------------------------

    def remove(self, which: Iterable[str | int]) -> list[DocumentInfo]:
        """Remove the documents with these ids, and the files whose names or paths match these patterns.

        A path as ``library list`` prints it is that file's only, whatever it would match as a pattern.
        A document goes with the last of its files. Each is removed by itself, so that others can write between
        two of them.

        Returns
        -------
            What was removed, named after the file that matched; empty when nothing did.
        """
        which = list(which)
        patterns = tuple(w for w in which if isinstance(w, str))
        removed: list[DocumentInfo] = []
        with self.writing() as connection:
            for document_id in sorted({w for w in which if isinstance(w, int)}):
                info = read_info(connection, document_id)
                if info is not None:
                    with transaction(connection):
                        delete_document(connection, document_id)
                        next_generation(connection)
                    removed.append(info)
            rows = connection.execute(
                "SELECT document_id, path FROM sources ORDER BY document_id, id"
            ).fetchall()
            exact = {path for _, path in rows}.intersection(patterns)
            patterns = tuple(pattern for pattern in patterns if pattern not in exact)
            for document_id, path in rows:
                if path not in exact and not matches_name(path, patterns):
                    continue
                info = read_info(connection, document_id)
                if info is not None:
                    with transaction(connection):
                        unlink(connection, path)
                        next_generation(connection)
                    removed.append(replace(info, source=path))
        return removed

    def verify(self) -> list[Problem]:
        """Return every mismatch between what is on disk and itself; an empty list means all is well."""
        try:
            with self.snapshot(), self._reading() as connection:
                return find_problems(connection, self.folder / CACHE_FOLDER)
        except LibraryDamagedError as error:  # too damaged to be looked through
            return [Problem(kind="database", message=str(error))]

    def backup(self, folder: str | Path) -> Path:
        """Write a whole, compact copy of the present state into a new folder, which is then a library itself.

        Raises
        ------
        LibraryError
            there is a library in that folder already, or it cannot be written.
        """
        folder = Path(folder).absolute()
        target, part = folder / FILE_NAME, folder / f"{FILE_NAME}.part"
        if target.exists():
            raise LibraryError(f"There is a library in {folder} already: choose a new folder for the backup.")
        with plain_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)  # of a backup that was interrupted
            connection = connect_reader(self.folder)
            try:
                connection.execute("PRAGMA query_only=OFF")  # VACUUM INTO writes, but only the copy
                connection.execute("VACUUM INTO ?", (str(part),))
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            finally:
                connection.close()
            sync(part)
            os.replace(part, target)
            sync(folder)
        return folder


def _file_in(folder: Path) -> tuple[int, int]:
    """Return the device and inode of a library's database, by which another one in its place is told."""
    with plain_errors(folder):
        try:
            state = os.stat(folder / FILE_NAME)
        except (FileNotFoundError, NotADirectoryError):
            raise not_found(folder) from None
    return state.st_dev, state.st_ino


def from_anywhere(embedder: str) -> str:
    """Return the name that an embedder is loaded by in any working folder: of a folder its absolute path."""
    if embedder in (BUILTIN, FAST) or not os.path.isdir(embedder):
        return embedder
    return os.path.abspath(embedder)


def unmatched(patterns: Iterable[str]) -> str:
    """Return the sentence that says that no document has such a name."""
    names = ", ".join(pattern or "''" for pattern in patterns)
    return f"no document matches {names}; `chuchu library list` shows what is there"


def _folder_bytes(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # a file of SQLite's that came and went
                total += os.stat(os.path.join(root, name)).st_size
    return total
