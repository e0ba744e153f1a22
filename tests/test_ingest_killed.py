"""A process that is killed in the middle of an ingest loses at most the documents on their way."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.ingest import ingest
from index.library import Library

if TYPE_CHECKING:
    from tests.conftest import FakeEmbedder

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = 40
KILLS = 12
SCRIPT = """
import signal, sys, time
sys.path.insert(0, "tests")
from conftest import FakeEmbedder
from index import ingest as module
from index.library import Library

class Slow(FakeEmbedder):
    def embed_documents(self, texts, progress=None):
        time.sleep(0.03)
        return super().embed_documents(texts, progress)

# Where the tests themselves run in a shell's background, an interruption would be ignored by what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
module.GROUP_CHUNKS = 4
with Library.open(sys.argv[1]) as library:
    print("ready", flush=True)
    module.ingest(library, [sys.argv[2]], Slow(), prune=True)
"""


def start(library: Path, docs: Path) -> subprocess.Popen[str]:
    """Start an ingest in another process and return when it has opened the library."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(library), str(docs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    with process.stdout or pytest.fail("it has no output") as output:
        assert output.readline() == "ready\n"
    return process


def write(docs: Path, version: int) -> None:
    """Write the documents: most change with the version, some stay, some come and go."""
    docs.mkdir(exist_ok=True)
    for n in range(DOCUMENTS):
        path = docs / f"{n:02}.txt"
        shown = 0 if n % 8 == 3 else version
        path.write_text(f"第{n}号卷宗，第{shown}版\n\n" + f"第{n}号卷宗里写着第{shown}件事。" * 30)
        if version % 2 and n % 8 == 1:
            path.unlink()


def state(library: Library) -> list[object]:
    """Everything that a library holds, without the ids."""
    found: list[object] = []
    for info in library.documents():
        document = library.document(info.id)
        chunks = [(c.spans, c.text, c.heading, c.date) for c in library.document_chunks(info.id)]
        found.append((document.source, document.title, document.text, document.marks, chunks))
    return found


def test_killed_at_a_dozen_instants(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    docs, whole, killed = tmp_path / "docs", tmp_path / "whole", tmp_path / "killed"
    write(docs, 0)
    for folder in (whole, killed):
        Library.create(folder, fingerprint="fake-64", dimensions=64).close()
    process = start(whole, docs)
    started = time.monotonic()
    assert process.wait(60) == 0
    duration = time.monotonic() - started
    longest = duration / 4  # until it is killed; what is there already takes no time
    interrupted = 0
    for turn in range(3 * KILLS):
        if interrupted == KILLS:
            break
        write(docs, turn // 3)  # killed three times over the same files, then some have changed
        process = start(killed, docs)
        started = time.monotonic()
        try:
            process.wait(random.Random(20 + turn).random() * longest)
            longest = time.monotonic() - started  # the machine is less busy than it was
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            interrupted += process.wait(10) == -signal.SIGKILL
        with Library.open(killed) as library:
            assert library.verify() == []
    assert interrupted == KILLS, "the ingest was too fast to be killed"
    for folder in (whole, killed):
        with Library.open(folder) as library:
            ingest(library, [docs], fake_embedder, prune=True)
            assert library.verify() == []
    with Library.open(whole) as one, Library.open(killed) as other:
        assert state(other) == state(one)
        query = fake_embedder.embed_queries(["第5号卷宗里写着"])
        found = [library.vector_index().search(query, 1) for library in (one, other)]
        assert found[0][1] == pytest.approx(found[1][1])
        texts = [
            library.chunks(ids[0].tolist())[0].text
            for library, (ids, _) in zip((one, other), found, strict=True)
        ]
        assert texts[0] == texts[1]


def test_interrupted_by_ctrl_c_it_ends_and_keeps_what_is_done(tmp_path: Path) -> None:
    docs, folder = tmp_path / "docs", tmp_path / "library"
    write(docs, 0)
    Library.create(folder, fingerprint="fake-64", dimensions=64).close()
    process = start(folder, docs)
    with Library.open(folder) as library:
        while not library.documents():
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) != 0
        assert 0 < len(library.documents()) <= DOCUMENTS
        assert library.verify() == []
