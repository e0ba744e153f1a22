"""What a library keeps at hand and may lose: its vector index, in memory and on disk, and the texts read last.

Takes connections to the library's database, which is the truth; knows nothing of filters or of writing to it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from index.database import CACHE_FOLDER, Connection, make_stamp, plain_errors, read_meta, read_vectors
from index.datatypes import Document
from index.dense import Stamp, VectorIndex

_log = logging.getLogger(__name__)

LOCK_NAME = f"{CACHE_FOLDER}.lock"
_LOCK_S = 10.0  # another process writes the cache in less
_SLOW_BUILD_S = 0.5  # an index that is slower to build is not rebuilt at once while another process writes
_PATIENCE = 10  # … but after this many times its building time
_DOCUMENTS = 32
_CHARACTERS = 10_000_000  # of the documents together: 40 MB at most

Origin = tuple[int, int]
"""The device and inode of the database that a connection was opened on: another folder may take its place."""


@dataclass(frozen=True, slots=True)
class _Built:
    origin: Origin
    token: str
    fingerprint: str
    index: VectorIndex
    built_at: float
    build_s: float


class IndexCache:
    """The vector index of a library's folder; may be shared by threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest: _Built | None = None
        self._lock = threading.Lock()  # one thread builds, the others wait for it

    def get(self, connection: Connection, origin: Origin) -> VectorIndex:
        """Return the index of the state that a connection sees, from memory, from disk or built anew.

        One on disk is taken if its stamp and checksum are right. A large one in memory may lag behind another
        process for a while, but never be of another ``origin``: a thread that began before a folder was exchanged
        may build the old one's after ``forget``.
        """
        with self._lock:
            meta = read_meta(connection)
            latest = self._latest
            if latest is not None:
                age = time.monotonic() - latest.built_at
                patient = latest.build_s > _SLOW_BUILD_S and age < _PATIENCE * latest.build_s
                same = (latest.origin, latest.fingerprint) == (origin, meta["fingerprint"])
                if latest.token == meta["token"] or (patient and same):
                    return latest.index
            started = time.monotonic()
            index = self._load_or_build(connection, meta)
            self._keep(origin, meta, index, started)
            return index

    def build(self, connection: Connection, origin: Origin) -> tuple[VectorIndex, Stamp]:
        """Build the index of the state that a connection sees, whatever there is; returns what ``save`` takes."""
        meta = read_meta(connection)
        started = time.monotonic()
        index, stamp = self._build(connection, meta)
        with self._lock:
            self._keep(origin, meta, index, started)
        return index, stamp

    def save(self, index: VectorIndex, stamp: Stamp) -> None:
        """Write an index beside the database, unless another process is at it all the time.

        Raises
        ------
        LibraryError
            the disk is full.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / LOCK_NAME, timeout=_LOCK_S)
        with suppress(Timeout), plain_errors(self._folder), lock:
            index.save(self._folder / CACHE_FOLDER, stamp)

    def forget(self) -> None:
        """Drop the index in memory, and one that is being built: it may be of a folder that was exchanged."""
        with self._lock:
            self._latest = None

    def _keep(self, origin: Origin, meta: Mapping[str, str], index: VectorIndex, started: float) -> None:
        now = time.monotonic()
        self._latest = _Built(origin, meta["token"], meta["fingerprint"], index, now, now - started)

    def _load_or_build(self, connection: Connection, meta: Mapping[str, str]) -> VectorIndex:
        count = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        index = VectorIndex.load(self._folder / CACHE_FOLDER, make_stamp(meta, count))
        if index is None:
            index, stamp = self._build(connection, meta)
            self._try_to_save(index, stamp)
        return index

    def _build(self, connection: Connection, meta: Mapping[str, str]) -> tuple[VectorIndex, Stamp]:
        count = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        _log.info("building the vector index of %s from its database (%d chunks)", self._folder, count)
        ids, vectors = read_vectors(connection, count, int(meta["dimensions"]))
        return VectorIndex.build(ids, vectors), make_stamp(meta, count)

    def _try_to_save(self, index: VectorIndex, stamp: Stamp) -> None:
        """Write the cache unless somebody else does or the folder cannot be written: only time is lost."""
        from filelock import FileLock, Timeout

        with suppress(Timeout, OSError), FileLock(self._folder / LOCK_NAME, timeout=0):
            index.save(self._folder / CACHE_FOLDER, stamp)


class DocumentCache:
    """The documents read last, of one state of the library, which its token names; may be shared by threads."""

    def __init__(self) -> None:
        self._documents: OrderedDict[tuple[int, str], Document] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, document_id: int, token: str) -> Document | None:
        """Return a document as it is in a state of the library, if it is kept."""
        with self._lock:
            document = self._documents.get((document_id, token))
            if document is not None:
                self._documents.move_to_end((document_id, token))
            return document

    def add(self, document: Document, token: str) -> None:
        """Keep a document, and drop those of other states and the ones for which there is no room any more."""
        with self._lock:
            for key in [key for key in self._documents if key[1] != token]:
                del self._documents[key]
            self._documents[document.id, token] = document
            while len(self._documents) > _DOCUMENTS or (
                len(self._documents) > 1 and sum(len(d.text) for d in self._documents.values()) > _CHARACTERS
            ):
                self._documents.popitem(last=False)

    def forget(self) -> None:
        """Drop all."""
        with self._lock:
            self._documents.clear()
