"""The dense leg against numpy dot products, and a saved index against every kind of damage."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.dense import MANIFEST_NAME, Ids, Stamp, VectorIndex, Vectors

DIMENSIONS = 24


def unit(count: int, seed: int, dimensions: int = DIMENSIONS) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((count, dimensions)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def topical(count: int, seed: int, dimensions: int = 384) -> Vectors:
    """Return unit vectors whose spectrum falls off like that of sentence embeddings."""
    generator = np.random.default_rng(seed)
    axes = np.random.default_rng(0).standard_normal((dimensions, dimensions))
    scales = 1 / np.sqrt(1 + np.arange(dimensions))
    vectors = (generator.standard_normal((count, dimensions)) * scales) @ axes
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def exact(ids: Ids, vectors: Vectors, queries: Vectors, k: int) -> tuple[Ids, Vectors]:
    cosines = queries @ vectors.T
    order = np.lexsort((np.broadcast_to(ids, cosines.shape), -cosines), axis=1)[:, :k]
    return ids[order], np.take_along_axis(cosines, order, axis=1)


IDS: Ids = np.random.default_rng(1).permutation(np.arange(5, 3_005, 3)).astype(np.int64)
VECTORS = unit(len(IDS), 2)
QUERIES = unit(20, 3)


@pytest.fixture(scope="module")
def index() -> VectorIndex:
    return VectorIndex.build(IDS, VECTORS)


@pytest.mark.parametrize("k", [1, 10])
def test_neighbours_are_those_of_the_dot_product(index: VectorIndex, k: int) -> None:
    ids, cosines = index.search(QUERIES, k)
    expected_ids, expected_cosines = exact(IDS, VECTORS, QUERIES, k)
    assert index.exact
    assert ids.tolist() == expected_ids.tolist()
    np.testing.assert_allclose(cosines, expected_cosines, atol=1e-6)


@pytest.mark.parametrize("k", [999, 1_000, 5_000])
def test_asking_for_more_than_there_are_gives_all_there_are(index: VectorIndex, k: int) -> None:
    """Among so many some cosines differ in their last bit only, which the order of summing decides."""
    ids, cosines = index.search(QUERIES, k)
    position = {identifier: n for n, identifier in enumerate(IDS.tolist())}
    rows = [[position[identifier] for identifier in row] for row in ids.tolist()]
    assert [len(set(row)) for row in rows] == [min(k, len(IDS))] * len(QUERIES)
    np.testing.assert_allclose(
        cosines, np.take_along_axis(QUERIES @ VECTORS.T, np.array(rows), axis=1), atol=1e-6
    )
    np.testing.assert_allclose(cosines, exact(IDS, VECTORS, QUERIES, k)[1], atol=1e-6)


def test_allowed_ids_are_a_filter_not_a_cut_of_the_best(index: VectorIndex) -> None:
    allowed = np.sort(IDS[::9])
    keep = np.isin(IDS, allowed)
    ids, cosines = index.search(QUERIES, 25, np.append(allowed, [1, 2, -1, 10**12]))
    expected_ids, expected_cosines = exact(IDS[keep], VECTORS[keep], QUERIES, 25)
    assert ids.tolist() == expected_ids.tolist()
    np.testing.assert_allclose(cosines, expected_cosines, atol=1e-6)


@pytest.mark.parametrize("allowed", [[], [1, 2, -1]])
def test_no_allowed_id_is_no_neighbour(index: VectorIndex, allowed: list[int]) -> None:
    ids, cosines = index.search(QUERIES, 5, np.array(allowed, dtype=np.int64))
    assert (ids.shape, cosines.shape) == ((20, 0), (20, 0))


def test_one_query_may_come_without_its_dimension(index: VectorIndex) -> None:
    assert index.search(QUERIES[0], 3)[0].tolist() == index.search(QUERIES[:1], 3)[0].tolist()


def test_equal_vectors_come_in_the_order_of_their_ids() -> None:
    ids = np.array([9, 4, 7], dtype=np.int64)
    index = VectorIndex.build(ids, np.repeat(unit(1, 5), 3, axis=0))
    assert index.search(unit(1, 6), 3)[0].tolist() == [[4, 7, 9]]


def test_an_empty_index_finds_nothing_and_survives_saving(tmp_path: Path) -> None:
    index = VectorIndex.build(np.empty(0, np.int64), np.empty((0, DIMENSIONS), np.float32))
    stamp = Stamp(generation=0, fingerprint="model", count=0)
    index.save(tmp_path, stamp)
    loaded = VectorIndex.load(tmp_path, stamp)
    assert loaded is not None
    for one in (index, loaded):
        assert (len(one), one.dimensions) == (0, DIMENSIONS)
        assert one.search(QUERIES, 5)[0].shape == (20, 0)


@pytest.mark.parametrize("k", [0, -1])
def test_no_neighbours_are_asked_for(index: VectorIndex, k: int) -> None:
    assert index.search(QUERIES, k)[0].shape == (20, 0)


@pytest.mark.parametrize(
    ("ids", "vectors", "message"),
    [
        (IDS[:3], VECTORS[:4], "expected ids"),
        (np.array([1, 2, 1]), VECTORS[:3], "distinct"),
        (IDS[:1], np.full((1, DIMENSIONS), np.nan, np.float32), "NaN"),
    ],
)
def test_what_cannot_be_indexed_is_refused(ids: Ids, vectors: Vectors, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VectorIndex.build(ids, vectors)


def test_a_query_that_does_not_fit_is_refused(index: VectorIndex) -> None:
    with pytest.raises(ValueError, match="24 dimensions, got 3"):
        index.search(np.ones((1, 3), np.float32), 5)
    with pytest.raises(ValueError, match="NaN"):
        index.search(np.full((1, DIMENSIONS), np.inf, np.float32), 5)


# Compressed


@pytest.fixture(scope="module")
def many() -> tuple[Ids, Vectors, VectorIndex]:
    vectors = topical(6_000, 7)
    ids = np.arange(len(vectors), dtype=np.int64) * 2 + 1
    return ids, vectors, VectorIndex.build(ids, vectors, flat_limit=5_999)


def recall(ids: Ids, expected: Ids) -> float:
    return float(
        np.mean([len(set(one) & set(other)) / len(other) for one, other in zip(ids, expected, strict=True)])
    )


def test_a_compressed_index_finds_nearly_the_same(many: tuple[Ids, Vectors, VectorIndex]) -> None:
    ids, vectors, index = many
    queries = topical(200, 8)
    assert not index.exact
    found, cosines = index.search(queries, 10)
    assert recall(found, exact(ids, vectors, queries, 10)[0]) >= 0.98
    true = np.take_along_axis(queries @ vectors.T, (found - 1) // 2, axis=1)
    np.testing.assert_allclose(cosines, true, atol=0.02)


def test_a_compressed_index_is_filtered_before_it_is_cut(many: tuple[Ids, Vectors, VectorIndex]) -> None:
    ids, vectors, index = many
    queries, keep = topical(50, 9), np.arange(len(ids)) % 40 == 3
    found, _ = index.search(queries, 10, ids[keep])
    assert set(found.ravel().tolist()) <= set(ids[keep].tolist())
    assert recall(found, exact(ids[keep], vectors[keep], queries, 10)[0]) >= 0.98
    assert sorted(index.search(queries[0], 50, ids[:3])[0][0].tolist()) == ids[:3].tolist()


def test_a_compressed_index_gives_every_id_once_when_all_are_asked_for(
    many: tuple[Ids, Vectors, VectorIndex],
) -> None:
    ids, _, index = many
    assert sorted(index.search(topical(1, 10), 10_000)[0][0].tolist()) == ids.tolist()


# On disk

STAMP = Stamp(generation=4, fingerprint="model 0a1b", count=len(IDS))


@pytest.mark.parametrize("flat_limit", [0, 10_000])
def test_a_saved_index_is_the_same_index(tmp_path: Path, flat_limit: int) -> None:
    index = VectorIndex.build(IDS, VECTORS, flat_limit=flat_limit)
    index.save(tmp_path, STAMP)
    loaded = VectorIndex.load(tmp_path, STAMP)
    assert loaded is not None
    assert loaded.ids.tolist() == IDS.tolist()
    assert loaded.exact == index.exact
    (ids, cosines), (expected_ids, expected_cosines) = loaded.search(QUERIES, 10), index.search(QUERIES, 10)
    assert ids.tolist() == expected_ids.tolist()
    assert cosines.tolist() == expected_cosines.tolist()


def test_saving_again_leaves_one_index_and_no_scraps(index: VectorIndex, tmp_path: Path) -> None:
    (tmp_path / ".dense-killed.partial").write_bytes(b"half")
    index.save(tmp_path, STAMP)
    VectorIndex.build(IDS[:9], VECTORS[:9]).save(tmp_path, replace(STAMP, generation=5, count=9))
    assert len(list(tmp_path.iterdir())) == 2
    assert VectorIndex.load(tmp_path, STAMP) is None
    assert VectorIndex.load(tmp_path, replace(STAMP, generation=5, count=9)) is not None


def test_a_stamp_that_counts_other_vectors_is_refused(index: VectorIndex, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="counts 3 vectors"):
        index.save(tmp_path, replace(STAMP, count=3))


@pytest.mark.parametrize(
    "other", [replace(STAMP, generation=5), replace(STAMP, fingerprint="another"), replace(STAMP, count=999)]
)
def test_an_index_of_another_stamp_is_not_used(
    index: VectorIndex, tmp_path: Path, other: Stamp, caplog: pytest.LogCaptureFixture
) -> None:
    index.save(tmp_path, STAMP)
    with caplog.at_level(logging.INFO):
        assert VectorIndex.load(tmp_path, other) is None
    assert "is not used" in caplog.text


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def header_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    at = 8 * len(IDS) if path.suffix == ".bin" else 0
    content[at : at + 12] = bytes(byte ^ 0xFF for byte in content[at : at + 12])
    path.write_bytes(content)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [halved, flipped, header_flipped, emptied, folder_instead, os.unlink])
@pytest.mark.parametrize("pattern", ["dense-*.bin", MANIFEST_NAME])
def test_a_damaged_index_is_not_used(
    index: VectorIndex, tmp_path: Path, damage: Callable[[Path], None], pattern: str
) -> None:
    index.save(tmp_path, STAMP)
    (path,) = tmp_path.glob(pattern)
    damage(path)
    assert VectorIndex.load(tmp_path, STAMP) is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"faiss": "0.1"},
        {"dimensions": 7},
        {"file": "../elsewhere.bin"},
        {"file": 3},
        {"count": "many"},
        {"sha256": "0" * 64},
        {"unheard_of": 1},
    ],
)
def test_a_manifest_that_says_something_else_is_not_believed(
    index: VectorIndex, tmp_path: Path, change: dict[str, object]
) -> None:
    index.save(tmp_path, STAMP)
    manifest = json.loads((tmp_path / MANIFEST_NAME).read_text())
    (tmp_path / MANIFEST_NAME).write_text(json.dumps(manifest | change))
    assert VectorIndex.load(tmp_path, STAMP) is None


@pytest.mark.parametrize("manifest", ["[]", "null", "3", "{}", '"text"'])
def test_a_manifest_of_another_shape_is_not_believed(tmp_path: Path, manifest: str) -> None:
    (tmp_path / MANIFEST_NAME).write_text(manifest)
    assert VectorIndex.load(tmp_path, STAMP) is None


def test_where_nothing_was_saved_there_is_nothing(tmp_path: Path) -> None:
    assert VectorIndex.load(tmp_path / "none", STAMP) is None


def test_a_failed_save_leaves_the_older_index_whole(
    index: VectorIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.save(tmp_path, STAMP)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            index.save(tmp_path, replace(STAMP, generation=5))
    assert VectorIndex.load(tmp_path, STAMP) is not None
    assert list(tmp_path.glob("*.partial")) == []


def test_faiss_is_loaded_when_it_is_needed() -> None:
    code = "import sys, index.dense; print('faiss' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_faiss_leaves_the_threads_of_pytorch_as_they_are() -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        vectors = np.eye(4, dtype=np.float32)
        VectorIndex.build(np.arange(4), vectors).search(vectors[:1], 2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
