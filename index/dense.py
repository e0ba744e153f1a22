"""The dense leg: nearest neighbours by inner product with FAISS. Knows nothing of texts.

A ``VectorIndex`` is a cache of vectors whose truth is elsewhere: it never changes once built, and what is
saved is loaded only when stamp, size and checksum are those expected. FAISS crashes on some damaged bytes and
silently returns other neighbours for others, so it never sees a byte that was not checked before.

A saved index is ``dense-<generation>-<hash>.bin`` (the ids as little-endian int64, then FAISS's own form) and
``dense.json``, the manifest that names it; replacing the manifest is what makes a new one valid.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAT_LIMIT = 20_000
"""Up to this many vectors are searched exactly; more are compressed to a ninth, then refined with 8 bits."""

REFINE_FACTOR = 20
"""Candidates refined for each one asked for. recall@10: 0.66 with FAISS's own 1, 0.982 with 10, 0.993 with 20;
20 takes a tenth longer than 10 (30,000 vectors, 384 dimensions)."""

THREADS = 1
"""A search of 30,000 vectors takes 0.5 ms on one thread; two wait for each other: 10 ms on a busy machine."""

MANIFEST_NAME = "dense.json"
_FORMAT_VERSION = 1
_COMPRESSED = "RaBitQ,Refine(SQ8)"

_log = logging.getLogger(__name__)

Ids = NDArray[np.int64]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a saved index belongs to: a state of the library, an embedder, a number of vectors."""

    generation: int
    fingerprint: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    version: int
    faiss: str
    generation: int
    fingerprint: str
    count: int
    dimensions: int
    file: str
    bytes: int
    sha256: str


class VectorIndex:
    """An unchanging index; positions in FAISS are tied to ids by an array of its own, ``ids[position]``."""

    def __init__(self, ids: Ids, index: Any) -> None:
        self._ids = ids
        self._index = index

    @classmethod
    def build(cls, ids: Ids, vectors: Vectors, *, flat_limit: int = FLAT_LIMIT) -> VectorIndex:
        """Index vectors, shape (n, dimensions) with rows of unit length, under distinct ids, shape (n,).

        Raises:
            ValueError: shapes disagree, an id comes twice, or a vector is not finite.
        """
        ids = np.ascontiguousarray(ids, dtype=np.int64)
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if ids.ndim != 1 or vectors.ndim != 2 or len(ids) != len(vectors):
            raise ValueError(
                f"expected ids (n,) and vectors (n, dimensions), got {ids.shape} and {vectors.shape}"
            )
        if len(np.unique(ids)) != len(ids):
            raise ValueError(f"expected distinct ids, got {len(ids) - len(np.unique(ids))} of them twice")
        _check_finite(vectors)
        index = _empty_index(vectors.shape[1], compressed=len(ids) > flat_limit)
        if len(ids):
            with _few_threads():
                index.train(vectors)
                index.add(vectors)
        return cls(ids, index)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @property
    def exact(self) -> bool:
        """Whether neighbours and cosines are exactly those of a dot product."""
        return not _is_compressed(self._index)

    @property
    def ids(self) -> Ids:
        """The ids, shape (n,), in the order they were given."""
        return self._ids

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """Return the ids and cosines of the nearest vectors, best first, ties by id.

        ``queries`` has shape (q, dimensions) or (dimensions,), rows of unit length. Both results have shape
        (q, m) where m is ``k``, or the number of vectors that ``allowed`` leaves, if that is smaller.
        Ids in ``allowed`` that are not in the index are passed over.

        Raises:
            ValueError: the queries' dimensions are not the index's, or a query is not finite.
        """
        queries = np.ascontiguousarray(np.atleast_2d(queries), dtype=np.float32)
        if queries.shape[1] != self.dimensions:
            raise ValueError(f"expected queries of {self.dimensions} dimensions, got {queries.shape[1]}")
        _check_finite(queries)
        keep = None if allowed is None else np.isin(self._ids, np.asarray(allowed, dtype=np.int64))
        count = min(max(k, 0), len(self) if keep is None else int(keep.sum()))
        if count == 0 or len(queries) == 0:
            return np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
        cosines, positions = self._search_positions(queries, count, keep)
        ids = np.where(positions >= 0, self._ids[positions], np.iinfo(np.int64).max)
        order = np.lexsort((ids, -cosines), axis=1)
        found = int(
            (positions >= 0).sum(axis=1).min()
        )  # FAISS fills up with -1; none was seen, none may pass
        ids, cosines = (np.take_along_axis(array, order, axis=1)[:, :found] for array in (ids, cosines))
        return ids, cosines

    def _search_positions(
        self, queries: Vectors, count: int, keep: NDArray[np.bool_] | None
    ) -> tuple[Vectors, Ids]:
        """Ask FAISS; positions are -1 where it found nothing. ``keep`` flags the positions to consider."""
        faiss = _faiss()
        bitmap = None if keep is None else np.packbits(keep, bitorder="little")  # must outlive the search
        selector = None if bitmap is None else faiss.IDSelectorBitmap(bitmap)
        if _is_compressed(self._index):
            base = faiss.SearchParameters(sel=selector)
            params = faiss.IndexRefineSearchParameters(k_factor=REFINE_FACTOR, base_index_params=base)
        else:
            params = faiss.SearchParameters(sel=selector)
        with _few_threads():
            cosines, positions = self._index.search(queries, count, params=params)
        return cosines, positions

    def save(self, folder: Path, stamp: Stamp) -> None:
        """Write the index beside an older one, then make it the valid one in one step. One writer at a time.

        Raises:
            OSError: the folder cannot be written or the disk is full; an older index is still whole then.
            ValueError: the stamp counts other vectors than there are.
        """
        if stamp.count != len(self):
            raise ValueError(f"the stamp counts {stamp.count} vectors, the index holds {len(self)}")
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".dense-*.partial"):  # by a process that was killed while it wrote
            left.unlink(missing_ok=True)
        content = self._ids.astype("<i8").tobytes() + _faiss().serialize_index(self._index).tobytes()
        sha256 = hashlib.sha256(content).hexdigest()
        manifest = _Manifest(
            version=_FORMAT_VERSION,
            faiss=_faiss().__version__,
            **asdict(stamp),
            dimensions=self.dimensions,
            file=f"dense-{stamp.generation}-{sha256[:12]}.bin",
            bytes=len(content),
            sha256=sha256,
        )
        _write_atomically(folder / manifest.file, content)
        _write_atomically(folder / MANIFEST_NAME, json.dumps(asdict(manifest), indent=1).encode())
        for old in folder.glob("dense-*.bin"):
            if old.name != manifest.file:
                with suppress(OSError):  # on Windows a reader may hold it open; the next save tries again
                    old.unlink()

    @classmethod
    def load(cls, folder: Path, stamp: Stamp) -> VectorIndex | None:
        """Return the saved index if it is the one that the stamp describes, whole to the last bit, else None.

        None is no error: the index is built from the library again. The reason is logged.
        """
        try:
            manifest = _Manifest(**json.loads((folder / MANIFEST_NAME).read_bytes()))
            reason = _mismatch(manifest, stamp)
            content = b"" if reason else (folder / manifest.file).read_bytes()
            if not reason and hashlib.sha256(content).hexdigest() != manifest.sha256:
                reason = "its checksum is wrong"
            if not reason:
                return cls._parse(content, manifest)
        except FileNotFoundError:
            reason = "there is none"
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            reason = f"it cannot be read ({type(error).__name__}: {error})"
        _log.info("the saved vector index in %s is not used: %s", folder, reason)
        return None

    @classmethod
    def _parse(cls, content: bytes, manifest: _Manifest) -> VectorIndex:
        """Read checked bytes; raises ValueError where their parts disagree."""
        split = 8 * manifest.count
        ids = np.frombuffer(content[:split], dtype="<i8").astype(np.int64)
        index = _faiss().deserialize_index(np.frombuffer(content, dtype=np.uint8, offset=split))
        if index.ntotal != manifest.count or index.d != manifest.dimensions:
            raise ValueError(
                f"{index.ntotal} vectors of {index.d} dimensions where the manifest says otherwise"
            )
        return cls(ids, index)


@cache
def _faiss() -> Any:
    """Return FAISS, imported on first use."""
    import faiss

    return faiss


@contextmanager
def _few_threads() -> Iterator[None]:
    """Let FAISS use ``THREADS``, then put the number back: PyTorch may share its OpenMP, and this number."""
    faiss = _faiss()
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(THREADS)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _empty_index(dimensions: int, *, compressed: bool) -> Any:
    faiss = _faiss()
    description = _COMPRESSED if compressed else "Flat"
    return faiss.index_factory(dimensions, description, faiss.METRIC_INNER_PRODUCT)


def _is_compressed(index: Any) -> bool:
    return isinstance(index, _faiss().IndexRefine)


def _check_finite(vectors: Vectors) -> None:
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds NaN or infinity; the embedder that made it is at fault")


def _mismatch(manifest: _Manifest, stamp: Stamp) -> str:
    """Say in what a manifest is not what is wanted; "" when in nothing."""
    wanted = {"version": _FORMAT_VERSION, "faiss": _faiss().__version__, **asdict(stamp)}
    for name, value in wanted.items():
        found = getattr(manifest, name)
        if found != value:
            return f"its {name} is {found}, not {value}"
    if Path(manifest.file).name != manifest.file:
        return f"it names a file outside its folder ({manifest.file})"
    return ""


def _write_atomically(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, then replace; a crash leaves the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".dense-", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    with suppress(OSError):  # some file systems cannot flush a folder; only a cache is at stake
        sync(path.parent)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's entries, survive a power cut."""
    if os.name == "nt" and path.is_dir():  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
