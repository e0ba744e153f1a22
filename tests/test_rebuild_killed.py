"""A rebuild that is killed goes on where it was; what happens beside it is stored at once and ends up right."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.chunking import ChunkingOptions
from index.database import FILE_NAME, connect_reader
from index.errors import EmbedderMismatchError, LibraryBusyError
from index.ingest import ingest
from index.library import Library
from index.rebuild import rebuild
from index.reembed import pending, writing_when_free
from index.search import search

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = 30
OFTEN = pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.slow)])
GROUP = 4
SCRIPT = """
import os, sys, time
sys.path.insert(0, "tests")
from conftest import FakeEmbedder
from index import lexical, rebuild as rebuilding, reembed
from index.library import Library

class Slow(FakeEmbedder):
    def embed_documents(self, texts, progress=None):
        time.sleep(0.06)
        with open(sys.argv[2], "a", encoding="utf-8") as log:
            log.writelines(repr(text) + "\\n" for text in texts)
        return super().embed_documents(texts, progress)

reembed.GROUP_CHUNKS = rebuilding.GROUP_CHUNKS = 4
embedder = Slow(dimensions=int(sys.argv[3]), name=sys.argv[4])
list(lexical.rows_of_terms([(0, "", "词典")]))
with Library.open(sys.argv[1]) as library:
    print("ready", flush=True)
    rebuilding.rebuild(library, embedder, embedder_name="new", everything=sys.argv[5] == "everything")
"""


def start(library: Path, log: Path, *, model: str = "new", everything: bool = False) -> subprocess.Popen[str]:
    """Start a rebuild in another process and return when it has opened the library."""
    command = [sys.executable, "-c", SCRIPT, str(library), str(log), "32" if model == "new" else "64", model]
    process = subprocess.Popen(
        [*command, "everything" if everything else "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    with process.stdout or pytest.fail("it has no output") as output:
        assert output.readline() == "ready\n"
    return process


def write(docs: Path, numbers: range) -> None:
    docs.mkdir(exist_ok=True)
    for n in numbers:
        text = "\n\n".join(f"第{n}号卷宗第{part}节里写着第{n}件事。" * 25 for part in range(3))
        (docs / f"{n:02}.txt").write_text(f"第{n}号卷宗\n\n{text}", encoding="utf-8")


@pytest.fixture
def library(tmp_path: Path, fake_embedder: FakeEmbedder) -> Iterator[Library]:
    write(tmp_path / "docs", range(DOCUMENTS))
    with Library.create(tmp_path / "library", fingerprint="fake-64", dimensions=64) as library:
        ingest(library, [tmp_path / "docs"], fake_embedder)
        yield library


def state(library: Library) -> list[object]:
    """Everything that a library holds, without the ids."""
    return [
        (
            info.source,
            info.title,
            library.document(info.id).text,
            [(c.spans, c.text, c.heading) for c in library.document_chunks(info.id)],
        )
        for info in library.documents()
    ]


def killed_often(kills: int, begin: Callable[[], subprocess.Popen[str]], look: Callable[[], bool]) -> int:
    """Kill a process at random instants, then let it end; returns how often it was killed before its end.

    That is fewer than ``kills`` where it was done before.

    ``look`` is called after each and says whether the work is done. Its instants become later and later, so that
    some fall into what comes before the embedding and some into what comes after.
    """
    killed = 0
    for turn in range(kills):
        process = begin()
        try:
            process.wait(random.Random(turn).uniform(0.1, 0.5 + 1.2 * turn / kills))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += process.wait(10) == -signal.SIGKILL
        if look():
            break
    assert begin().wait(120) == 0
    assert look()
    assert killed >= kills * 3 // 4, "the rebuild was too fast to be killed"
    return killed


@OFTEN
def test_killed_at_any_instant_it_goes_on_and_embeds_nothing_twice(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder, kills: int
) -> None:
    before, log = state(library), tmp_path / "log"
    answers: list[str] = []

    def look() -> bool:
        assert library.verify() == []
        assert state(library) == before
        answers.append(library.fingerprint)
        if answers[-1] == "fake-64":
            hits = search(library, fake_embedder, "第7号卷宗第2节", 3)
            assert "第7号卷宗第2节" in hits[0].chunk.text
        return answers[-1] == "new-32"

    killed = killed_often(kills, lambda: start(library.folder, log), look)
    lines = log.read_text(encoding="utf-8").splitlines()
    chunks = library.stats().chunks
    assert len(set(lines)) == chunks
    assert len(lines) <= chunks + killed * GROUP  # a group on its way is lost by each kill
    other = type(fake_embedder)(dimensions=32, name="new")
    report = rebuild(library, other)  # what the last kill left is cleared away
    assert (report.documents, other.texts) == (0, [])
    assert library.embedder == "new"
    assert "第7号卷宗第2节" in search(library, other, "第7号卷宗第2节", 3)[0].chunk.text
    assert tables(library) & {"vectors_next", "vectors_old", "lexical_next"} == set()


@OFTEN
def test_killed_while_it_cuts_again_it_goes_on(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder, kills: int
) -> None:
    options = ChunkingOptions(target=60, maximum=90, minimum=20)
    whole = tmp_path / "whole"
    with Library.open(library.backup(whole)) as copy:
        rebuild(copy, fake_embedder, chunking=options)
        expected = state(copy)
    assert expected != state(library)
    with library.noting(write=True) as connection:  # as a rebuild that was killed at once leaves it
        from index.rebuild import RECHUNKING, to_json

        connection.execute("CREATE TABLE rechunked (document_id INTEGER PRIMARY KEY REFERENCES documents)")
        stated = to_json({"target": 60, "maximum": 90, "minimum": 20, **_others(options)})
        connection.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", [(RECHUNKING, stated), ("chunking", stated)]
        )
    log = tmp_path / "log"

    def look() -> bool:
        assert library.verify() == []
        assert search(library, fake_embedder, "第7号卷宗第2节", 3)
        return "rechunked" not in tables(library)

    killed = killed_often(kills, lambda: start(library.folder, log, model="fake"), look)
    assert state(library) == expected
    lines = Counter(log.read_text(encoding="utf-8").splitlines())
    most = max(len(library.document_chunks(info.id)) for info in library.documents())
    assert sum(lines.values()) <= library.stats().chunks + killed * (GROUP + most)


def _others(options: ChunkingOptions) -> dict[str, object]:
    from dataclasses import asdict

    return {
        name: value for name, value in asdict(options).items() if name not in ("target", "maximum", "minimum")
    }


def tables(library: Library) -> set[str]:
    connection = connect_reader(library.folder)
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def test_what_is_said_beside_it_is_stored_within_a_second(library: Library, tmp_path: Path) -> None:
    process = start(library.folder, tmp_path / "log")
    waits: list[float] = []
    while process.poll() is None:
        begun = time.monotonic()
        with library.noting(write=True) as connection:
            connection.execute(
                "INSERT INTO conversations (user, title, created, updated) VALUES ('', '', '', '')"
            )
        waits.append(time.monotonic() - begun)
        time.sleep(0.005)
    assert process.wait() == 0
    assert library.fingerprint == "new-32"
    assert len(waits) > 50
    assert max(waits) < 1.0
    with library.noting() as connection:
        stored = connection.execute("SELECT count(*) FROM conversations").fetchone()[0]
    assert stored == len(waits)


def test_documents_that_come_and_go_meanwhile_end_up_right(
    library: Library, tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    docs = tmp_path / "docs"
    other = type(fake_embedder)(dimensions=32, name="new")
    fake_embedder.texts.clear()
    calls = 0

    def meanwhile(stage: str, done: int, total: int) -> None:
        nonlocal calls
        calls += stage == "embedding"
        if calls != 3:
            return
        with Library.open(library.folder) as beside:  # another process would do the same
            beside.remove(["05.txt"])
            write(docs, range(DOCUMENTS, DOCUMENTS + 4))
            (docs / "06.txt").write_text("第6号卷宗换了内容：铁匠铺。", encoding="utf-8")
            (docs / "05.txt").unlink()
            report = ingest(beside, [docs], fake_embedder)
            assert (report.added, report.updated) == (4, 1)

    class InSmallSteps(type(other)):  # type: ignore[misc]
        def embed_documents(self, texts: list[str], progress: Callable[[int], None] | None = None) -> object:
            for _ in range(3):
                if progress:
                    progress(0)
            return super().embed_documents(texts, progress)

    rebuild(library, InSmallSteps(dimensions=32, name="new"), embedder_name="new", progress=meanwhile)
    assert library.verify() == []
    assert library.fingerprint == "new-32"
    names = [info.name for info in library.documents()]
    assert len(names) == DOCUMENTS + 3
    assert "05.txt" not in names
    assert "铁匠铺" in search(library, other, "铁匠铺", 1)[0].chunk.text
    assert f"第{DOCUMENTS + 3}号" in search(library, other, f"第{DOCUMENTS + 3}号卷宗", 1)[0].chunk.text
    with pytest.raises(EmbedderMismatchError):
        ingest(library, [docs], fake_embedder)


def test_the_exchange_waits_for_an_ingest_that_began_before(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    """Vectors of the old embedder that are still on their way must not land among the new ones."""
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Library.open(library.folder) as beside, beside.writing():
            locked.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    begun = False

    def progress(stage: str, finished: int, total: int) -> None:
        nonlocal begun
        if stage == "embedding" and not begun:
            begun = True
            holder.start()
            assert locked.wait(10)
            threading.Timer(0.6, done.set).start()

    started = time.monotonic()
    rebuild(library, type(fake_embedder)(dimensions=32, name="new"), progress=progress)
    holder.join()
    assert time.monotonic() - started > 0.5
    assert library.fingerprint == "new-32"
    assert library.verify() == []


def test_somebody_busy_while_one_has_the_lock_is_no_reason_to_wait(library: Library) -> None:
    with pytest.raises(LibraryBusyError, match="in between"), writing_when_free(library):
        raise LibraryBusyError("in between")


def test_two_rebuilds_at_once_are_told_apart(library: Library, tmp_path: Path) -> None:
    process = start(library.folder, tmp_path / "log")
    try:
        while pending(library) is None:
            time.sleep(0.005)
        with pytest.raises(LibraryBusyError, match="rebuilding"):
            rebuild(library)
    finally:
        process.kill()
        process.wait()
    left = pending(library)
    assert left is not None
    assert (left.embedder, left.dimensions) == ("new", 32)


def test_another_target_or_none_drops_what_was_gathered(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "embedding":
            raise KeyboardInterrupt

    for embedder in (type(fake_embedder)(dimensions=32), type(fake_embedder)(dimensions=16)):
        with pytest.raises(KeyboardInterrupt):
            rebuild(library, embedder, embedder_name="other", progress=stop)
        left = pending(library)
        assert left is not None
        assert left.fingerprint == embedder.fingerprint
    rebuild(library, fake_embedder)
    assert pending(library) is None
    assert "vectors_next" not in tables(library)
    assert library.verify() == []


def test_it_goes_on_with_the_same_embedder_by_another_name(
    library: Library, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.reembed.GROUP_CHUNKS", GROUP)

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "embedding" and done > 2 * GROUP:
            raise KeyboardInterrupt

    embedder = type(fake_embedder)(dimensions=32)
    with pytest.raises(KeyboardInterrupt):
        rebuild(library, embedder, embedder_name="models/new", progress=stop)
    report = rebuild(library, embedder, embedder_name="/home/models/new")
    assert report.chunks == library.stats().chunks - 2 * GROUP
    assert library.stats().embedder == "/home/models/new"


def test_the_space_of_the_old_vectors_is_given_back(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    write(tmp_path / "docs", range(DOCUMENTS))
    wide = type(fake_embedder)(dimensions=2048, name="wide")
    with Library.create(tmp_path / "library", fingerprint="wide-2048", dimensions=2048) as library:
        ingest(library, [tmp_path / "docs"], wide)
        path = library.folder / FILE_NAME
        before, chunks = path.stat().st_size, library.stats().chunks
        rebuild(library, fake_embedder, embedder_name="narrow")
        assert library.verify() == []
    assert before - path.stat().st_size > 0.8 * chunks * 2 * (2048 - 64)


def test_a_library_whose_file_could_not_shrink_can_after_a_rebuild(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    path = library.folder / FILE_NAME
    with library.writing() as connection:  # as an earlier version made it
        connection.execute("PRAGMA auto_vacuum=NONE")
        connection.execute("VACUUM")
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (0,)
        connection.execute("CREATE TABLE waste (x)")
        connection.execute("INSERT INTO waste VALUES (zeroblob(3000000))")
        connection.execute("DROP TABLE waste")
    rebuild(library, fake_embedder)
    with library.writing() as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert path.stat().st_size < 3_000_000
    assert library.verify() == []


def test_everything_with_another_embedder_keeps_the_words_it_need_not_embed_again(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    before, ids = state(library), {info.id for info in library.documents()}
    other = type(fake_embedder)(dimensions=32, name="new")
    report = rebuild(library, other, embedder_name="new", everything=True)
    assert state(library) == before
    assert {info.id for info in library.documents()} == ids
    assert report.documents == DOCUMENTS
    assert report.chunks == len(other.texts) == library.stats().chunks
    assert library.verify() == []


def test_a_damaged_document_is_mended_while_the_embedder_changes(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    before = state(library)
    with library.noting(write=True) as connection:
        connection.execute("UPDATE chunks SET text = 'other' WHERE id = 3")
        connection.execute("DELETE FROM vectors WHERE chunk_id = 9")
    other = type(fake_embedder)(dimensions=32, name="new")
    report = rebuild(library, other, embedder_name="new")
    assert len(report.mended) == 2
    assert state(library) == before
    assert library.verify() == []


def test_options_of_another_version_are_replaced_by_a_rebuild(
    library: Library, fake_embedder: FakeEmbedder
) -> None:
    with library.noting(write=True) as connection:
        connection.execute("""UPDATE meta SET value = '{"shape": "round"}' WHERE key = 'chunking'""")
    rebuild(library, fake_embedder)
    assert library.chunking == ChunkingOptions()
    assert library.verify() == []
