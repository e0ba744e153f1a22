"""Brings a library up to date with files. Takes paths and an embedder, gives a report; knows no terminal.

A thread reads, analyses and chunks ahead while the calling thread embeds, in batches that cross documents,
and stores each document in one transaction. What waits between the two is bounded in characters, so memory
does not grow with the number of documents.
"""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from index.chunking import ChunkingOptions, chunk_document, context_text
from index.database import Connection, next_generation, transaction
from index.datatypes import Chunk, Document
from index.embedder import Embedder, Vectors
from index.errors import LibraryError, ReadError, SettingsError
from index.layout import analyse
from index.library import Library
from index.readers import (
    DEFAULT_LIMITS,
    DocumentReader,
    FileListing,
    ReadLimits,
    find_files,
    read_content,
    source_of,
)
from index.storing import RENAMED, Prepared, StoredFile, link, store_document, touch, unlink

_log = logging.getLogger(__name__)

Stage = Literal["reading", "embedding", "indexing"]
Progress = Callable[[Stage, int, int], None]
"""Called with (stage, done, total): files finished; chunks embedded of those known so far; 0 or 1 of 1 indexing.

Always from the thread that called ``ingest``, often: whoever draws it limits the rate.
"""

GROUP_CHUNKS = 256  # embedded together at most: enough to sort by length
_FIRST_CHUNKS = 32  # embedded together before it is known how long that takes, and where it takes long
_GROUP_S = 1.0  # about so long a group gathers, and so long it is embedded and stored: what a kill can lose
_AHEAD_CHARACTERS = 4_000_000  # of documents read ahead; one larger document still passes, alone
_AHEAD_FILES = 256  # decided ahead, whatever their size
_EMBED_AT_ONCE = 1_024  # texts in one call of the embedder, which returns all their vectors at once
_IDLE_S = 0.05  # when nothing more has been read for so long, what there is gets embedded
_FRESH_S = 2.0  # a file changed so recently could change again without a newer time, on coarse file systems
_TOUCHES = 500  # new times of unchanged files, noted in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestFailure:
    """A file that is not in the library, or in its old version; ``reason`` is a sentence that names it."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What happened to the files; counts are of files unless they say otherwise."""

    added: int = 0  # new content
    updated: int = 0  # other content than before
    unchanged: int = 0
    duplicates: int = 0  # new paths of content that is stored already
    moved: int = 0  # new paths of content whose old path is gone
    pruned: int = 0  # gone files, removed
    failed: tuple[IngestFailure, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)  # by reason, as the listing counts them
    chunks: int = 0  # embedded and stored
    characters: int = 0  # of the documents added and updated
    seconds: Mapping[str, float] = field(default_factory=dict)  # by stage; reading overlaps embedding

    @property
    def present(self) -> int:
        """Files whose content is in the library, new or not."""
        return self.added + self.updated + self.unchanged + self.duplicates + self.moved

    @property
    def changed(self) -> int:
        """Files whose documents are other than before."""
        return self.added + self.updated + self.duplicates + self.moved + self.pruned


class IngestInterrupted(KeyboardInterrupt):
    """Ctrl-C during an ingest: what ``report`` counts is stored, the next ingest goes on from there."""

    def __init__(self, report: IngestReport) -> None:
        super().__init__("interrupted")
        self.report = report


def ingest(
    library: Library,
    paths: Iterable[str | Path],
    embedder: Embedder,
    *,
    limits: ReadLimits = DEFAULT_LIMITS,
    chunking: ChunkingOptions | None = None,
    prune: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Read what is new or changed under some paths into a library.

    Parameters
    ----------
    library:
        where to; nobody else may be writing to it.
    paths:
        files and folders.
    embedder:
        the library's own.
    limits:
        on single files.
    chunking:
        None: as the library was made; other options need a rebuild.
    prune:
        also remove the files under ``paths`` that are gone from the disk.
    progress:
        told how far it is.

    Raises
    ------
    LibraryBusyError, EmbedderMismatchError, SettingsError
        before anything is read.
    LibraryError
        the disk is full; what was stored before is safe.
    IngestInterrupted
        Ctrl-C; what was stored before is safe.
    """
    library.require(embedder.fingerprint)
    options = library.chunking
    if chunking is not None and chunking != options:
        raise SettingsError(
            f"The library in {library.folder} was chunked with {asdict(options)}, not with "
            f"{asdict(chunking)}: run `chuchu library rebuild` with the new options."
        )
    clock = Clock()
    with library.writing() as connection:
        library.require(embedder.fingerprint)  # again: a rebuild may have ended before the lock was had
        with clock.time("find_s"):
            listing = find_files(paths, exclude=[library.folder])
        run = _Run(library, connection, embedder, clock, progress, listing)
        run.failed += [
            IngestFailure(path=source_of(error.path), reason=error.reason) for error in listing.errors
        ]
        try:
            with _ReadAhead(library, listing.files, limits, options, clock) as ahead:
                run.work_through(ahead)
            if run.gone:
                again = [path for path in listing.files if source_of(path) in run.gone]
                with _ReadAhead(library, again, limits, options, clock) as ahead:
                    run.work_through(ahead, last=True)
            if prune:
                run.prune()
            with clock.time("index_s"):
                run.index()
        except KeyboardInterrupt:
            raise IngestInterrupted(run.report()) from None
    return run.report()


def embed_sorted(
    embedder: Embedder, texts: Sequence[str], progress: Callable[[int], None] | None = None
) -> Vectors:
    """Embed texts of like length together, since padding is wasted work; rows in the order of ``texts``.

    The embedder is asked in calls of a bounded size. ``progress`` is called with the number of texts finished
    since its last call.
    """
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    vectors = np.empty((len(texts), embedder.dimensions), dtype=np.float32)
    for start in range(0, len(order), _EMBED_AT_ONCE):
        rows = order[start : start + _EMBED_AT_ONCE]
        vectors[rows] = embedder.embed_documents([texts[i] for i in rows], progress)
    return vectors


class Clock:
    """Adds up seconds by stage; each stage belongs to one thread."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def time(self, stage: str) -> Iterator[None]:
        """Count the block's duration."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started


# --- reading ahead -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document read, analysed and chunked, with the texts to embed."""

    document: Document
    as_read: Document
    chunks: tuple[Chunk, ...]
    contexts: tuple[str, ...]


def prepare(as_read: Document, options: ChunkingOptions) -> Reading:
    """Analyse and chunk a document as the reader gave it."""
    document, blocks = analyse(as_read)
    chunks = chunk_document(document, blocks, options)
    contexts = tuple(context_text(document, chunk) for chunk in chunks)
    return Reading(document=document, as_read=as_read, chunks=chunks, contexts=contexts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What was decided about one file: the first that applies of ``reason``, ``reading`` and ``state``."""

    path: str
    reason: str = ""  # why it failed
    reading: Reading | None = None  # to be embedded and stored
    state: Literal["unchanged", "touched", "known"] = "unchanged"
    file: StoredFile | None = None  # as it is now; None where it failed or is unchanged


class _ReadAhead:
    """Iterates over what was decided about the files, in their order, while a thread works ahead."""

    def __init__(
        self,
        library: Library,
        files: Sequence[Path],
        limits: ReadLimits,
        options: ChunkingOptions,
        clock: Clock,
    ) -> None:
        self._library, self._files, self._limits, self._options = library, files, limits, options
        self._clock = clock
        self._decided: queue.Queue[_File | BaseException | None] = queue.Queue(_AHEAD_FILES)
        self._room = threading.Condition()
        self._waiting = 0  # characters handed over and not yet stored
        self._on_their_way: set[str] = set()  # hashes of the same
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chuchu-read-ahead", daemon=True)

    def __enter__(self) -> _ReadAhead:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with self._room:
            self._room.notify_all()
        self._thread.join(timeout=30)  # a large file is being parsed; the thread dies with the process anyway

    def next(self, timeout_s: float | None) -> _File | None:
        """Return what was decided next, None at the end.

        Raises
        ------
        queue.Empty: nothing yet.
        """
        while True:
            try:
                decided = self._decided.get(timeout=1.0 if timeout_s is None else timeout_s)
            except queue.Empty:
                if timeout_s is None and self._thread.is_alive():
                    continue  # short waits, so that Ctrl-C is heard on every platform
                raise
            if isinstance(decided, BaseException):
                raise decided
            return decided

    def release(self, reading: Reading, file: StoredFile) -> None:
        """Tell that a document has been stored or given up."""
        with self._room:
            self._waiting -= len(reading.document.text)
            self._on_their_way.discard(file.sha256)
            self._room.notify_all()

    def _run(self) -> None:
        last: BaseException | None = None
        try:
            with DocumentReader(self._limits) as reader:
                for path in self._files:
                    if self._stop.is_set():
                        return
                    self._hand_over(self._decide(path, reader))
        except BaseException as error:  # of the library or our own: raised again in the thread that ingests
            last = error
        finally:
            self._hand_over(last)

    def _hand_over(self, decided: _File | BaseException | None) -> None:
        if isinstance(decided, _File) and decided.reading is not None:
            size = len(decided.reading.document.text)
            with self._room:
                self._room.wait_for(
                    lambda: (
                        self._stop.is_set() or not self._waiting or self._waiting + size <= _AHEAD_CHARACTERS
                    )
                )
                self._waiting += size
        while not self._stop.is_set():
            try:
                return self._decided.put(decided, timeout=0.2)
            except queue.Full:
                continue

    def _decide(self, path: Path, reader: DocumentReader) -> _File:
        name = source_of(path)
        known = self._library.stored_file(name)
        try:
            with self._clock.time("read_s"):
                state = path.stat()
                if known and (known.size, known.mtime_ns) == (state.st_size, state.st_mtime_ns):
                    return _File(path=name)
                content = read_content(path, self._limits)
                sha256 = hashlib.sha256(content).hexdigest()
        except (ReadError, OSError) as error:
            return _File(path=name, reason=_sentence(name, error))
        fresh = time.time_ns() - state.st_mtime_ns < _FRESH_S * 1e9
        # A file that changes between `stat` and `read_content` keeps the older time, and is looked at again.
        file = StoredFile(
            path=name, size=len(content), mtime_ns=0 if fresh else state.st_mtime_ns, sha256=sha256
        )
        renamed = known is not None and known.size == RENAMED
        if known and known.sha256 == sha256 and not renamed:
            return _File(path=name, state="touched", file=file)
        if not renamed and self._is_known(sha256, name):
            return _File(path=name, state="known", file=file)
        try:
            with self._clock.time("read_s"):
                as_read = reader.read(path, content=content)
            with self._clock.time("chunk_s"):
                reading = prepare(as_read, self._options)
        except ReadError as error:
            return _File(path=name, reason=str(error))
        except (
            Exception
        ) as error:  # a fault of ours that this document brings to light must not stop the others
            _log.exception("could not work on %s", name)
            return _File(path=name, reason=_sentence(name, error))
        self._on_their_way.add(sha256)
        return _File(path=name, reading=reading, file=file)

    def _is_known(self, sha256: str, path: str) -> bool:
        """Say whether this content needs no embedding: it is stored, or about to be.

        A document that was named after its file and has moved is read again, for its title is part of what is
        searched.
        """
        with self._room:
            if sha256 in self._on_their_way:
                return True
        stored = self._library.with_content(sha256)
        if stored is None:
            return False
        named_after_file = stored.title == Path(stored.source).stem != Path(path).stem
        return not named_after_file or any(os.path.lexists(s) for s in self._library.sources(stored.id))


def _is_gone(path: str) -> bool:
    """Whether a file is not there; one that cannot be looked at, by permission or a fault of the network, may be."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _only_file(path: str) -> tuple[int, int] | None:
    """Return what all names of a file share; None where there is no file, or several by hard links."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return (state.st_dev, state.st_ino) if state.st_ino and state.st_nlink == 1 else None


def _nearest_folder(path: str) -> str:
    """Return the innermost folder above a path that is there."""
    folder = os.path.dirname(path)
    return folder if os.path.isdir(folder) or folder == path else _nearest_folder(folder)


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:
        return False


def _sentence(path: str, error: Exception) -> str:
    if isinstance(error, ReadError):
        return str(error)
    if isinstance(error, OSError):
        return f"{path}: cannot be read ({error.strerror or error}); check that it is there and may be read."
    return f"{path}: could not be worked on ({type(error).__name__}: {error}); please report this."


# --- embedding and storing ---------------------------------------------------------------------------------


class _Run:
    """One ingest on the calling thread: gathers documents into groups, embeds, stores, counts."""

    def __init__(
        self,
        library: Library,
        connection: Connection,
        embedder: Embedder,
        clock: Clock,
        progress: Progress | None,
        listing: FileListing,
    ) -> None:
        self.failed: list[IngestFailure] = []
        self.gone: set[str] = set()  # files to be read after all, for their content is not stored any more
        self._library, self._connection, self._embedder = library, connection, embedder
        self._clock = clock
        self._listing = listing
        self._listed = {source_of(path) for path in listing.files}
        self._progress = progress or (lambda stage, done, total: None)
        self._counts: Counter[str] = Counter()
        self._group: list[_File] = []
        self._group_since = 0.0  # by the clock of `perf_counter`
        self._enough = _FIRST_CHUNKS  # for a group, by the speed of the one before
        self._touched: list[StoredFile] = []
        self._done = 0  # files, for the progress bar
        self._embedded = 0  # chunks
        self._known_chunks = 0
        self._changed = False

    def work_through(self, ahead: _ReadAhead, *, last: bool = False) -> None:
        """Take what was decided about each file and act on it; returns when all is stored.

        A file that was not read because its content was stored, and that has lost it to another file since,
        is put into ``gone``; if this is the ``last`` time, it fails.
        """
        self._tell_files()
        while True:
            try:
                decided = ahead.next(timeout_s=_IDLE_S if self._group else None)
            except queue.Empty:
                self._flush(ahead)
                continue
            if decided is None:
                break
            if decided.reading is not None:
                if not self._group:
                    self._group_since = time.perf_counter()
                self._group.append(decided)
                self._known_chunks += len(decided.reading.chunks)
            elif decided.state == "known":
                self._flush(ahead)  # its content may be in the group
                self._link(decided, last)
            else:
                self._note(decided)
            if self._is_due():
                self._flush(ahead)
        self._flush(ahead)
        self._store_touched()

    def _is_due(self) -> bool:
        """Whether the group is large enough to be embedded, or has been gathering for long."""
        chunks = sum(len(decided.reading.chunks) for decided in self._group if decided.reading)
        long = time.perf_counter() - self._group_since >= _GROUP_S
        return chunks >= min(self._enough, GROUP_CHUNKS) or bool(self._group and long)

    def _finished(self) -> None:
        """Count a file that nothing is left to do for."""
        self._done += 1
        self._tell_files()

    def _tell_files(self) -> None:
        self._progress("reading", self._done, len(self._listing.files))

    def _note(self, decided: _File) -> None:
        self._finished()
        if decided.reason:
            self.failed.append(IngestFailure(path=decided.path, reason=decided.reason))
            return
        self._counts["unchanged"] += 1
        if decided.file is not None:
            self._touched.append(decided.file)
            if len(self._touched) >= _TOUCHES:
                self._store_touched()

    def _store_touched(self) -> None:
        if self._touched:
            with transaction(self._connection):
                touch(self._connection, self._touched)
            self._touched.clear()

    def _flush(self, ahead: _ReadAhead) -> None:
        """Embed the group and store its documents, each in its own transaction."""
        if not self._group:
            return
        group, self._group = self._group, []
        texts = [text for decided in group if decided.reading for text in decided.reading.contexts]

        def tick(finished: int) -> None:
            self._embedded += finished
            self._progress("embedding", self._embedded, self._known_chunks)

        begun = time.perf_counter()
        with self._clock.time("embed_s"):
            vectors = embed_sorted(self._embedder, texts, tick)
        start = 0
        for decided in group:
            assert decided.reading is not None
            assert decided.file is not None
            end = start + len(decided.reading.chunks)
            with self._clock.time("store_s"):
                self._store(decided.reading, decided.file, vectors[start:end])
            ahead.release(decided.reading, decided.file)
            self._finished()
            start = end
        took = max(time.perf_counter() - begun, 0.001)  # some clocks are coarse
        self._enough = max(_FIRST_CHUNKS, int(len(texts) * _GROUP_S / took))

    def _store(self, reading: Reading, file: StoredFile, vectors: Vectors) -> None:
        prepared = Prepared(
            document=reading.document, as_read=reading.as_read, chunks=reading.chunks, vectors=vectors
        )
        superseded = self._superseded_by(file.path)
        if superseded or self._library.stored_file(file.path):
            outcome = "updated"
        else:
            outcome = "moved" if self._library.with_content(file.sha256) else "added"
        try:
            with transaction(self._connection):
                store_document(self._connection, prepared, file)
                for path in superseded:
                    unlink(self._connection, path)
                next_generation(self._connection)
        except LibraryError as error:  # this document's; those of the disk come as sqlite3.Error
            self.failed.append(IngestFailure(path=file.path, reason=str(error)))
            return
        self._changed = True
        self._counts[outcome] += 1
        self._counts["chunks"] += len(reading.chunks)
        self._counts["characters"] += len(reading.document.text)

    def _link(self, decided: _File, last: bool) -> None:
        """Give stored content one more path; older names of the file, and paths that are gone, make it a move."""
        assert decided.file is not None
        stored = self._library.with_content(decided.file.sha256)
        if stored is None and not last:
            self.gone.add(decided.path)
            return
        if stored is None:
            reason = f"{decided.path}: its content is the same as another file's that could not be stored."
            self.failed.append(IngestFailure(path=decided.path, reason=reason))
            self._finished()
            return
        gone = {path for path in self._library.sources(stored.id) if _is_gone(path)}
        gone |= self._superseded_by(decided.path)
        with transaction(self._connection):
            link(self._connection, decided.file)
            for path in gone:
                unlink(self._connection, path)
            next_generation(self._connection)
        self._changed = True
        self._counts["moved" if gone else "duplicates"] += 1
        self._finished()

    @cached_property
    def _unlisted(self) -> dict[tuple[int, int], set[str]]:
        """The stored paths that were not listed, by the files that they lead to."""
        names: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
        for (path,) in self._connection.execute("SELECT path FROM sources"):
            file = None if path in self._listed else _only_file(path)
            if file is not None:
                names[file].add(path)
        return names

    def _superseded_by(self, path: str) -> set[str]:
        """Return the stored paths that were not listed and lead to the same file, by a link or in another case.

        They are returned once.
        """
        file = _only_file(path)
        return set() if file is None else self._unlisted.pop(file, set())

    def prune(self) -> None:
        """Forget the files under the paths asked for that are gone, and other names of those that are listed.

        A folder that is gone itself or holds nothing may only be unmounted, and so may one below it that holds
        nothing; of one that cannot be listed nobody knows.
        """
        roots = [source_of(path) for path in self._listing.roots]
        folders = tuple(root.rstrip(os.sep) + os.sep for root in roots if os.path.isdir(root))
        unread = tuple(source_of(problem.path).rstrip(os.sep) + os.sep for problem in self._listing.errors)
        gone: defaultdict[str, list[str]] = defaultdict(list)  # by the nearest folder that is there
        stored = [path for (path,) in self._connection.execute("SELECT path FROM sources")]
        for path in stored:
            under = path in roots or path.startswith(folders)
            if under and path not in self._listed and not path.startswith(unread) and _is_gone(path):
                gone[_nearest_folder(path)].append(path)
        for folder, files in gone.items():
            if len(files) > 1 and _is_empty(folder):
                reason = (
                    f"{folder}: is empty and may be unmounted, so its {len(files)} files stay in the library; "
                    f"if they are gone for good, run `chuchu library remove '{folder}/*'`."
                )
                self.failed.append(IngestFailure(path=folder, reason=reason))
            else:
                self._forget(files)
        for path in self._listed.intersection(stored):  # of one that could not be read the old version stays
            self._forget(self._superseded_by(path))

    def _forget(self, paths: Iterable[str]) -> None:
        """Prune paths, each in its own transaction, so that others can write between two of them."""
        for path in paths:
            with transaction(self._connection):
                unlink(self._connection, path)
                next_generation(self._connection)
            self._changed = True
            self._counts["pruned"] += 1

    def index(self) -> None:
        """Bring the vector index up to date where something changed, and give the log's space back."""
        self._progress("indexing", 0, 1)
        if self._changed:
            self._library.save_index()
            with transaction(
                self._connection
            ):  # else it reads, then writes, and is refused if another wrote between
                self._connection.execute("PRAGMA optimize")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._progress("indexing", 1, 1)

    def report(self) -> IngestReport:
        """Return what has been done so far."""
        seconds = dict(self._clock.seconds) | {"total_s": time.perf_counter() - self._clock.started}
        counts = self._counts
        return IngestReport(
            added=counts["added"],
            updated=counts["updated"],
            unchanged=counts["unchanged"],
            duplicates=counts["duplicates"],
            moved=counts["moved"],
            pruned=counts["pruned"],
            failed=tuple(self.failed),
            skipped=dict(self._listing.skipped),
            chunks=counts["chunks"],
            characters=counts["characters"],
            seconds=seconds,
        )
