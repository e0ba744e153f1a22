from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from index import ingest as ingest_module
from index.chunking import ChunkingOptions
from index.datatypes import Block, Document
from index.embedder import Vectors
from index.errors import EmbedderMismatchError, LibraryError, SettingsError
from index.ingest import IngestInterrupted, IngestReport, embed_sorted, ingest
from index.layout import analyse
from index.library import Library
from index.readers import ReadLimits

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for n in range(6):
        (folder / f"{n}.txt").write_text(text_of(n), encoding="utf-8")
    for path in folder.iterdir():
        age(path)
    return folder


@pytest.fixture
def library(tmp_path: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    with Library.create(
        tmp_path / "library", fingerprint=fake_embedder.fingerprint, dimensions=fake_embedder.dimensions
    ) as library:
        yield library


def text_of(n: int) -> str:
    return f"石桥村{n}号账本\n\n第{n}年，石桥村收稻谷{n + 3}吨。村里修了{n}座水车。\n"


def age(path: Path, seconds: float = 100.0) -> None:
    """Make a file look older than the moment in which its time is not trusted."""
    state = path.stat()
    os.utime(path, (state.st_atime - seconds, state.st_mtime - seconds))


def counts(report: IngestReport) -> dict[str, int]:
    names = ("added", "updated", "unchanged", "duplicates", "moved", "pruned")
    found = {name: getattr(report, name) for name in names} | {"failed": len(report.failed)}
    return {name: count for name, count in found.items() if count}


def names(library: Library) -> list[str]:
    return [info.name for info in library.documents()]


def contents(library: Library) -> dict[str, str]:
    return {info.name: library.document(info.id).text for info in library.documents()}


def test_new_files_are_added_and_searched(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    report = ingest(library, [docs], fake_embedder)
    assert counts(report) == {"added": 6}
    assert report.chunks == len(fake_embedder.texts) == library.stats().chunks
    assert report.characters == sum(len(text_of(n)) for n in range(6))
    assert {
        "find_s",
        "read_s",
        "chunk_s",
        "embed_s",
        "store_s",
        "index_s",
        "total_s",
    } <= report.seconds.keys()
    ids, _ = library.vector_index().search(fake_embedder.embed_queries(["村里修了4座水车"]), 1)
    assert "4座水车" in library.chunks(ids[0].tolist())[0].text
    assert library.verify() == []


def test_what_is_embedded_has_its_title_before_it(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# 水车志\n\n## 东村\n\n东村有三座水车，都修于同一年。\n")
    ingest(library, [page], fake_embedder)
    [text] = [text for text in fake_embedder.texts if "三座水车" in text]
    assert text.startswith("水车志")
    assert "东村" in text


def test_an_unchanged_folder_embeds_nothing_and_changes_nothing(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    fake_embedder.texts.clear()
    generation = library.generation
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6}
    assert (fake_embedder.texts, library.generation) == ([], generation)


def test_unchanged_files_are_not_even_opened(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(library, [docs], fake_embedder)

    def refuse(path: Path, limits: ReadLimits) -> bytes:
        raise AssertionError(f"{path} was opened")

    monkeypatch.setattr(ingest_module, "read_content", refuse)
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6}


def test_a_touched_file_is_compared_by_its_bytes_once(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    fake_embedder.texts.clear()
    age(docs / "3.txt", 500)
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6}
    assert fake_embedder.texts == []
    stored = library.stored_file(str(docs / "3.txt"))
    assert stored
    assert stored.mtime_ns == (docs / "3.txt").stat().st_mtime_ns


def test_a_change_that_keeps_size_and_time_is_seen_when_the_file_was_fresh(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    """Coarse clocks: a file written twice within a tick looks the same from outside."""
    fresh = docs / "fresh.txt"
    fresh.write_text("甲村有船。")
    state = fresh.stat()
    ingest(library, [docs], fake_embedder)
    fresh.write_text("乙村有车。")
    os.utime(fresh, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6, "updated": 1}


def test_a_changed_file_replaces_its_old_chunks(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    fake_embedder.texts.clear()
    (docs / "2.txt").write_text("石桥村的新账本\n\n今年石桥村改种了油菜。\n")
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 5, "updated": 1}
    assert all("油菜" in text or "新账本" in text for text in fake_embedder.texts)
    assert len(library.documents()) == 6
    texts = [chunk.text for info in library.documents() for chunk in library.document_chunks(info.id)]
    assert not any("第2年" in text for text in texts)
    assert any("油菜" in text for text in texts)
    assert library.verify() == []


def test_the_same_content_twice_is_stored_once(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    (docs / "copy.txt").write_text(text_of(1))
    report = ingest(library, [docs], fake_embedder)
    assert counts(report) == {"added": 6, "duplicates": 1}
    [twice] = [info for info in library.documents() if len(library.sources(info.id)) == 2]
    assert library.sources(twice.id) == (str(docs / "1.txt"), str(docs / "copy.txt"))
    assert len(fake_embedder.texts) == library.stats().chunks


def test_a_duplicate_that_changes_becomes_a_document_of_its_own(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    (docs / "copy.txt").write_text(text_of(1))
    ingest(library, [docs], fake_embedder)
    (docs / "1.txt").write_text("另外的内容，说的是渡口。")
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6, "updated": 1}
    assert len(library.documents()) == 7
    assert "copy.txt" in names(library)
    (docs / "1.txt").write_text(text_of(1))  # and back: now the old one goes
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6, "duplicates": 1}
    assert len(library.documents()) == 6
    assert library.verify() == []


def test_a_renamed_file_is_the_same_document_under_its_new_name(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    old = docs / "old.md"
    old.write_text("# 水车的历史\n\n水车是木匠做的。\n")
    ingest(library, [docs], fake_embedder)
    [before] = [info for info in library.documents() if info.title == "水车的历史"]
    fake_embedder.texts.clear()
    new = old.rename(docs / "新.md")
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6, "moved": 1}
    assert fake_embedder.texts == []
    assert library.document(before.id).source == str(new)
    assert library.sources(before.id) == (str(new),)
    assert library.verify() == []


def test_a_renamed_file_that_gave_the_title_is_read_again(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    old = tmp_path / "渡口.txt"
    old.write_text("这一天下了雨，船没有开。大家都在岸边等着，一直等到天黑才回家去。")
    ingest(library, [old], fake_embedder)
    assert library.documents()[0].title == "渡口"
    new = old.rename(tmp_path / "码头.txt")
    assert counts(ingest(library, [new], fake_embedder)) == {"moved": 1}
    [info] = library.documents()
    assert (info.title, info.source) == ("码头", str(new))


def test_a_file_renamed_to_make_room_for_a_new_one_is_kept(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    """The new file comes first, and takes the old content out of the library before it is linked."""
    ingest(library, [docs], fake_embedder)
    (docs / "1.txt").rename(docs / "1_old.txt")
    (docs / "1.txt").write_text("另外的内容，说的是渡口。")
    calls: list[tuple[str, int, int]] = []
    report = ingest(library, [docs], fake_embedder, progress=lambda *call: calls.append(call))
    assert counts(report) == {"added": 1, "updated": 1, "unchanged": 5}
    assert [(done, total) for stage, done, total in calls if stage == "reading"][-1] == (7, 7)
    assert contents(library)["1_old.txt"] == text_of(1)
    assert "渡口" in contents(library)["1.txt"]
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 7}
    assert library.verify() == []


@pytest.mark.parametrize("order", [(1, 0), (1, 2, 0), (2, 0, 1)])
def test_files_that_exchange_their_names_exchange_their_contents(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, order: tuple[int, ...]
) -> None:
    ingest(library, [docs], fake_embedder)
    for name, content in enumerate(order):
        (docs / f"{name}.txt").write_text(text_of(content))
    assert ingest(library, [docs], fake_embedder).failed == ()
    assert contents(library) == {f"{n}.txt": text_of(n) for n in range(6)} | {
        f"{name}.txt": text_of(content) for name, content in enumerate(order)
    }
    assert all(len(library.sources(info.id)) == 1 for info in library.documents())
    assert library.verify() == []


def test_a_file_reached_by_another_name_is_one_file(
    library: Library, docs: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    (tmp_path / "alias").symlink_to(docs)
    ingest(library, [tmp_path / "alias"], fake_embedder)
    (docs / "1.txt").write_text("另外的内容，说的是渡口。")
    assert counts(ingest(library, [docs], fake_embedder)) == {"moved": 5, "updated": 1}
    assert {info.source for info in library.documents()} == {str(docs / f"{n}.txt") for n in range(6)}
    assert "渡口" in contents(library)["1.txt"]
    assert library.stats().sources == 6
    assert library.verify() == []


def test_hard_links_are_files_of_their_own(
    library: Library, docs: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "one.txt").hardlink_to(docs / "1.txt")
    ingest(library, [docs], fake_embedder)
    assert counts(ingest(library, [linked], fake_embedder)) == {"duplicates": 1}
    assert counts(ingest(library, [docs], fake_embedder, prune=True)) == {"unchanged": 6}
    assert library.stats().sources == 7


def test_pruning_forgets_an_older_name_of_a_listed_file(
    library: Library, docs: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    """As a library has it that an earlier version read under two names."""
    alias = tmp_path / "alias"
    alias.mkdir()
    (alias / "1.txt").write_text("从前的内容，说的是水车。")
    ingest(library, [docs, alias], fake_embedder)
    (alias / "1.txt").unlink()
    alias.rmdir()
    alias.symlink_to(docs)
    assert counts(ingest(library, [docs], fake_embedder, prune=True)) == {"unchanged": 6, "pruned": 1}
    assert {info.source for info in library.documents()} == {str(docs / f"{n}.txt") for n in range(6)}


def test_a_copy_that_lives_on_is_titled_after_itself(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    text = "这一天下了雨，船没有开。大家都在岸边等着，一直等到天黑才回家去。"
    for name in ("甲", "乙", "丙"):
        (folder / f"{name}.txt").write_text(text)
        age(folder / f"{name}.txt")
    ingest(library, [folder], fake_embedder)
    [info] = library.documents()
    library.remove([f"{info.title}.txt"])
    (folder / f"{info.title}.txt").unlink()
    assert counts(ingest(library, [folder], fake_embedder)) == {"unchanged": 1, "updated": 1}
    [left] = library.documents()
    assert left.id == info.id
    assert left.title == Path(left.source).stem != info.title
    assert len(library.sources(left.id)) == 2
    assert counts(ingest(library, [folder], fake_embedder)) == {"unchanged": 2}
    assert library.verify() == []


def test_a_deleted_file_stays_until_it_is_pruned(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    (docs / "0.txt").unlink()
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 5}
    assert "0.txt" in names(library)
    assert counts(ingest(library, [docs], fake_embedder, prune=True)) == {"unchanged": 5, "pruned": 1}
    assert "0.txt" not in names(library)
    assert library.verify() == []


def test_pruning_knows_the_home_folder(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(docs.parent))
    monkeypatch.setenv("USERPROFILE", str(docs.parent))
    ingest(library, ["~/docs"], fake_embedder)
    (docs / "0.txt").unlink()
    assert counts(ingest(library, ["~/docs"], fake_embedder, prune=True)) == {"unchanged": 5, "pruned": 1}
    (docs / "1.txt").unlink()
    assert counts(ingest(library, ["~/docs/1.txt"], fake_embedder, prune=True)) == {"pruned": 1, "failed": 1}


def test_pruning_touches_only_what_lies_under_the_paths(
    library: Library, docs: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    elsewhere = tmp_path / "docs2"  # its name begins like the other's
    elsewhere.mkdir()
    (elsewhere / "x.txt").write_text("别处的一份文件。")
    ingest(library, [docs, elsewhere], fake_embedder)
    (elsewhere / "x.txt").unlink()
    assert "pruned" not in counts(ingest(library, [docs], fake_embedder, prune=True))
    assert "x.txt" in names(library)


def test_a_folder_that_is_gone_is_reported_and_not_pruned(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    docs.rename(docs.with_name("unmounted"))
    report = ingest(library, [docs], fake_embedder, prune=True)
    assert counts(report) == {"failed": 1}
    assert str(docs) in report.failed[0].reason
    assert len(library.documents()) == 6


def test_an_empty_folder_may_be_unmounted_and_is_not_pruned(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    for path in docs.iterdir():
        path.unlink()
    assert counts(ingest(library, [docs], fake_embedder, prune=True)) == {"failed": 1}
    assert len(library.documents()) == 6


def test_an_empty_folder_below_may_be_unmounted_and_is_not_pruned(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    inner = docs / "usb" / "inner"
    inner.mkdir(parents=True)
    for n in (10, 11):
        (inner / f"{n}.txt").write_text(text_of(n))
    ingest(library, [docs], fake_embedder)
    for path in inner.iterdir():
        path.unlink()
    inner.rmdir()
    report = ingest(library, [docs], fake_embedder, prune=True)
    assert counts(report) == {"unchanged": 6, "failed": 1}
    assert str(docs / "usb") in report.failed[0].reason
    assert len(library.documents()) == 8
    (docs / "usb").rmdir()  # no mount point: its files were deleted with it
    assert counts(ingest(library, [docs], fake_embedder, prune=True)) == {"unchanged": 6, "pruned": 2}


def test_others_can_write_between_two_prunings(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    generation = library.generation
    for n in range(3):
        (docs / f"{n}.txt").unlink()
    ingest(library, [docs], fake_embedder, prune=True)
    assert library.generation == generation + 3  # each in a transaction of its own


def test_what_lies_below_a_folder_that_cannot_be_listed_is_not_pruned(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = docs / "locked"
    locked.mkdir()
    (locked / "x.txt").write_text(text_of(9), encoding="utf-8")
    ingest(library, [docs], fake_embedder)
    (docs / "0.txt").unlink()

    def deny(name: str) -> None:
        real = getattr(os, name)

        def denied(path: str | Path = ".", *arguments: Any, **options: Any) -> Any:
            if str(path).startswith(str(locked) if name == "scandir" else f"{locked}{os.sep}"):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *arguments, **options)

        monkeypatch.setattr(os, name, denied)

    for name in ("scandir", "lstat", "stat"):  # chmod stops no root
        deny(name)
    report = ingest(library, [docs], fake_embedder, prune=True)
    assert counts(report) == {"unchanged": 5, "pruned": 1, "failed": 1}
    assert "x.txt" in names(library)


def test_unreadable_files_are_named_with_their_reasons_and_stop_nothing(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    (docs / "empty.txt").touch()
    (docs / "nul.txt").write_bytes(b"\0" * 100)
    (docs / ".hidden").write_text("x")
    (docs / "picture.png").write_bytes(b"\x89PNG")
    report = ingest(library, [docs], fake_embedder)
    assert counts(report) == {"added": 6, "failed": 2}
    reasons = {Path(failure.path).name: failure.reason for failure in report.failed}
    assert "0 bytes" in reasons["empty.txt"]
    assert "NUL" in reasons["nul.txt"]
    assert sum(report.skipped.values()) == 2


def test_a_file_that_becomes_unreadable_keeps_its_old_version(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    ingest(library, [docs], fake_embedder)
    (docs / "5.txt").write_bytes(b"")
    report = ingest(library, [docs], fake_embedder)
    assert counts(report) == {"unchanged": 5, "failed": 1}
    assert "5.txt" in names(library)


def test_a_fault_in_one_document_does_not_stop_the_others(
    library: Library,
    docs: Path,
    fake_embedder: FakeEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fragile(document: Document) -> tuple[Document, tuple[Block, ...]]:
        if "3号" in document.text:
            raise RecursionError("too deep")
        return analyse(document)

    monkeypatch.setattr(ingest_module, "analyse", fragile)
    report = ingest(library, [docs], fake_embedder)
    assert counts(report) == {"added": 5, "failed": 1}
    assert "too deep" in report.failed[0].reason
    assert "3.txt" in caplog.text


def test_a_file_over_the_limit_is_refused_until_the_limit_is_raised(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    large = tmp_path / "large.txt"
    large.write_text("很长的文件。" * 1000)
    report = ingest(library, [large], fake_embedder, limits=ReadLimits(max_bytes=10_000))
    assert counts(report) == {"failed": 1}
    assert "limit" in report.failed[0].reason
    assert counts(ingest(library, [large], fake_embedder)) == {"added": 1}


@pytest.mark.parametrize(
    "name", ["带 空格.txt", "换\n行.txt", "😀.txt", "引'号\".txt", "%41?#.txt", "[1].txt"]
)
def test_odd_names_are_read_filtered_and_removed(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, name: str
) -> None:
    (docs / name).write_text("名字奇怪的一份文件。")
    ingest(library, [docs], fake_embedder)
    assert name in names(library)
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 7}
    assert [info.name for info in library.remove([name])] == [name]


def test_a_name_that_is_no_unicode_is_read(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    try:
        Path(os.fsdecode(os.fsencode(docs) + b"/\xff.txt")).write_text("名字不是统一码。")
    except OSError:
        pytest.skip("this file system has Unicode names only")
    assert counts(ingest(library, [docs], fake_embedder)) == {"added": 7}
    assert counts(ingest(library, [docs], fake_embedder, prune=True)) == {"unchanged": 7}


def test_the_library_inside_the_documents_is_not_read(
    tmp_path: Path, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    with Library.create(docs / "chuchu-library", fingerprint="fake-64", dimensions=64) as library:
        report = ingest(library, [docs], fake_embedder)
        assert counts(report) == {"added": 6}
        assert report.skipped == {}


def test_another_embedder_is_refused(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    other = type(fake_embedder)(dimensions=32)
    with pytest.raises(EmbedderMismatchError):
        ingest(library, [docs], other)
    assert other.texts == []


def test_other_chunks_need_a_rebuild(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    with pytest.raises(SettingsError, match="rebuild"):
        ingest(library, [docs], fake_embedder, chunking=ChunkingOptions(target=123))


def test_progress_ends_at_the_totals(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    calls: list[tuple[str, int, int]] = []
    threads: set[int] = set()

    def progress(stage: str, done: int, total: int) -> None:
        calls.append((stage, done, total))
        threads.add(threading.get_ident())

    report = ingest(library, [docs], fake_embedder, progress=progress)
    last = {stage: (done, total) for stage, done, total in calls}
    assert last == {"reading": (6, 6), "embedding": (report.chunks, report.chunks), "indexing": (1, 1)}
    assert threads == {threading.get_ident()}


class LengthEmbedder:
    """Embeds a text's length, and keeps the calls."""

    fingerprint, dimensions = "length", 1

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        self.calls.append([len(text) for text in texts])
        return np.array([[len(text)] for text in texts], dtype=np.float32)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self.embed_documents(texts)


def test_texts_are_embedded_by_length_and_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "_EMBED_AT_ONCE", 4)
    embedder = LengthEmbedder()
    lengths = [3, 9, 1, 7, 7, 2]
    vectors = embed_sorted(embedder, ["x" * n for n in lengths])
    assert vectors[:, 0].tolist() == lengths
    assert embedder.calls == [[9, 7, 7, 3], [2, 1]]


def test_batches_cross_documents(library: Library, docs: Path, fake_embedder: FakeEmbedder) -> None:
    calls: list[int] = []
    embed = fake_embedder.embed_documents

    def counting(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        calls.append(len(texts))
        return embed(texts, progress)

    fake_embedder.embed_documents = counting  # type: ignore[method-assign]
    ingest(library, [docs], fake_embedder)
    assert len(calls) < sum(calls)


def test_a_document_does_not_wait_long_for_others(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[int] = []
    embed = fake_embedder.embed_documents

    def counting(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        stored.append(library.stats().documents)
        return embed(texts, progress)

    fake_embedder.embed_documents = counting  # type: ignore[method-assign]
    monkeypatch.setattr(ingest_module, "_GROUP_S", 0.0)
    ingest(library, [docs], fake_embedder)
    assert stored == [0, 1, 2, 3, 4, 5]


def test_the_first_group_is_small_and_the_next_as_large_as_the_embedder_is_quick(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    embed = fake_embedder.embed_documents

    def counting(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        calls.append(len(texts))
        return embed(texts, progress)

    fake_embedder.embed_documents = counting  # type: ignore[method-assign]
    monkeypatch.setattr(ingest_module, "_FIRST_CHUNKS", 1)
    monkeypatch.setattr(ingest_module, "_GROUP_S", 1_000.0)
    monkeypatch.setattr(ingest_module, "_IDLE_S", 30.0)
    ingest(library, [docs], fake_embedder)
    assert calls == [1, 5]


def test_files_count_as_read_when_they_are_stored(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    told: list[tuple[int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "reading":
            told.append((done, library.stats().documents))

    ingest(library, [docs], fake_embedder, progress=progress)
    assert told == [(n, n) for n in range(7)]


def test_what_waits_is_bounded(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for a single document, they pass one by one instead of waiting for each other forever."""
    monkeypatch.setattr(ingest_module, "_AHEAD_CHARACTERS", 1)
    monkeypatch.setattr(ingest_module, "_AHEAD_FILES", 1)
    assert counts(ingest(library, [docs], fake_embedder)) == {"added": 6}


def test_an_interrupt_keeps_what_is_stored_and_the_next_ingest_goes_on(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_module, "GROUP_CHUNKS", 1)
    embed = fake_embedder.embed_documents

    def tired(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        if library.stats().documents == 3:
            raise KeyboardInterrupt
        return embed(texts, progress)

    fake_embedder.embed_documents = tired  # type: ignore[method-assign]
    with pytest.raises(IngestInterrupted) as interrupted:
        ingest(library, [docs], fake_embedder)
    assert counts(interrupted.value.report) == {"added": 3}
    assert len(library.documents()) == 3
    assert library.verify() == []
    fake_embedder.embed_documents = embed  # type: ignore[method-assign]
    assert counts(ingest(library, [docs], fake_embedder)) == {"added": 3, "unchanged": 3}
    assert not [thread for thread in threading.enumerate() if thread.name == "chuchu-read-ahead"]


@pytest.mark.parametrize("bad", ["shape", "nan", "length"])
def test_vectors_that_cannot_be_right_are_not_stored(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, bad: str
) -> None:
    embed = fake_embedder.embed_documents

    def wrong(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        vectors = embed(texts, progress)
        if bad == "nan":
            vectors[0, 0] = np.nan
        return vectors * 3 if bad == "length" else vectors

    if bad == "shape":
        fake_embedder.dimensions = 32
    fake_embedder.embed_documents = wrong  # type: ignore[method-assign]
    report = ingest(library, [docs / "0.txt"], fake_embedder)
    assert counts(report) == {"failed": 1}
    assert "embedder" in report.failed[0].reason
    assert library.documents() == []


def test_copies_of_what_cannot_be_stored_fail_as_it_does(
    library: Library, docs: Path, fake_embedder: FakeEmbedder
) -> None:
    for name in ("0_copy.txt", "0_copy_2.txt"):
        (docs / name).write_text(text_of(0))
    fake_embedder.dimensions = 32
    report = ingest(library, sorted(docs.glob("0*.txt")), fake_embedder)
    assert sorted(Path(failure.path).name for failure in report.failed) == [
        "0.txt",
        "0_copy.txt",
        "0_copy_2.txt",
    ]
    assert library.documents() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_one_clear_error_and_loses_nothing(
    small_disk: Path, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for n in range(60):
        (many / f"{n:02}.txt").write_text(
            f"第{n}号\n\n" + "".join(f"第{n}号的第{m}句话。" for m in range(400))
        )
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(200_000))
    with Library.create(small_disk / "library", fingerprint="fake-64", dimensions=64) as library:
        with pytest.raises(LibraryError, match=r"disk.* is full"):
            ingest(library, [many], fake_embedder)
        stored = len(library.documents())
        assert 0 < stored < 60
        ballast.unlink()
        assert library.verify() == []
        assert library.lexical_search("第0号的第5句话", 1)
        report = ingest(library, [many / "00.txt"], fake_embedder)
        assert counts(report) == {"unchanged": 1}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_up_while_the_cache_is_written_loses_only_the_cache(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    from index.dense import VectorIndex

    def full(self: VectorIndex, folder: Path, stamp: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(VectorIndex, "save", full)
        with pytest.raises(LibraryError, match=r"disk.* is full"):
            ingest(library, [docs], fake_embedder)
        assert len(library.vector_index().search(fake_embedder.embed_queries(["账本"]), 3)[0][0]) == 3
    assert counts(ingest(library, [docs], fake_embedder)) == {"unchanged": 6}
    assert library.verify() == []


def test_a_transaction_that_fails_leaves_no_trace(
    library: Library, docs: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old version is deleted and the new one half written when the disk says no."""
    ingest(library, [docs], fake_embedder)
    (docs / "1.txt").write_text("全新的内容。")

    def fail(connection: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "next_generation", fail)
        with pytest.raises(LibraryError, match=r"disk.* is full"):
            ingest(library, [docs], fake_embedder)
    assert library.verify() == []
    [info] = [info for info in library.documents() if info.name == "1.txt"]
    assert library.document(info.id).text == text_of(1)
