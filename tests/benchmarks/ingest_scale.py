"""Ingests many made-up documents and searches them: speed, memory over time, size on disk.

    python tests/benchmarks/ingest_scale.py --documents 10000
    python tests/benchmarks/ingest_scale.py --documents 500 --embedder builtin

The documents are permuted sentences of the shipped samples with figures of their own. The fake embedder hashes
bigrams into 384 dimensions, so that what is measured is everything but the model.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.embedder import Embedder, Vectors, load_embedder
from index.ingest import ingest
from index.library import Library
from index.readers import DocumentReader, find_files
from index.search import search
from index.sentences import split_sentences

SAMPLES = Path(__file__).resolve().parents[2] / "index" / "samples"
LOOKS = 8  # at memory, evenly over the ingest
QUERY = 20  # characters, as many as a question has


class HashEmbedder:
    """Hashes character bigrams, 384 dimensions as the shipped embedder has."""

    dimensions = 384
    fingerprint = "hash-384"

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Count bigrams by their row."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            framed = f"^{text}$"
            counted = [self._row(framed[start : start + 2]) for start in range(len(framed) - 1)]
            np.add.at(vectors[row], counted, 1)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if progress is not None:
            progress(len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed as documents are."""
        return self.embed_documents(texts)

    def _row(self, bigram: str) -> int:
        if bigram not in self._rows:
            digest = hashlib.blake2b(bigram.encode(), digest_size=4).digest()
            self._rows[bigram] = int.from_bytes(digest) % self.dimensions
        return self._rows[bigram]


def sample_sentences() -> list[str]:
    """Return the sentences of the shipped samples."""
    found: list[str] = []
    with DocumentReader() as reader:
        for path in find_files([SAMPLES]).files:
            text = reader.read(path).text
            found += [text[start:end].strip() for start, end in split_sentences(text)]
    return [sentence for sentence in found if len(sentence) > 10]


def write_documents(folder: Path, count: int, characters: int, seed: int = 0) -> list[str]:
    """Write documents of permuted sentences; returns sentences to search for."""
    rng = random.Random(seed)
    sentences = sample_sentences()
    queries: list[str] = []
    for number in range(count):
        lines = [f"第{number}号档案"]
        while sum(map(len, lines)) < characters:
            lines.append(f"{rng.randrange(10_000)}年第{number}卷：" + "".join(rng.sample(sentences, 3)))
        path = folder / f"{number // 1000:03}" / f"{number:06}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join(lines), encoding="utf-8")
        if len(queries) < 200:
            queries.append(rng.choice(lines)[-QUERY:])
    return queries


def resident_mb() -> float:
    """Return the memory that this process holds now, in MB; its peak where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1e6


def percentiles(call: Callable[[str], object], queries: Sequence[str]) -> str:
    """Time a call per query, after three to warm up."""
    for query in queries[:3]:
        call(query)
    seconds: list[float] = []
    for query in queries:
        started = time.perf_counter()
        call(query)
        seconds.append(time.perf_counter() - started)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--characters", type=int, default=2_000, help="of a document")
    parser.add_argument("--embedder", default="fake", help="'fake', 'builtin', or any other embedder")
    options = parser.parse_args()
    embedder: Embedder = HashEmbedder() if options.embedder == "fake" else load_embedder(options.embedder)
    print(f"{options.documents:,} documents of {options.characters:,} characters, {embedder.fingerprint}")
    print(f"Python {platform.python_version()}, {platform.machine()}")
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), options.documents, options.characters, embedder)


def measure(folder: Path, count: int, characters: int, embedder: Embedder) -> None:
    """Ingest, ingest again, search; print each figure."""
    docs = folder / "docs"
    docs.mkdir()
    queries = write_documents(docs, count, characters)
    looks: dict[int, float] = {}

    def look(stage: str, done: int, total: int) -> None:
        if stage == "reading":
            looks.setdefault(done * LOOKS // total, resident_mb())

    with Library.create(
        folder / "library", fingerprint=embedder.fingerprint, dimensions=embedder.dimensions
    ) as library:
        report = ingest(library, [docs], embedder, progress=look)
        seconds = report.seconds
        print(f"ingest    {report.chunks:,} chunks, {report.chunks / seconds['total_s']:,.0f} chunks/s")
        print("          " + ", ".join(f"{stage[:-2]} {value:.1f} s" for stage, value in seconds.items()))
        print("memory    " + " → ".join(f"{mb:.0f}" for _, mb in sorted(looks.items())) + " MB")
        print(f"peak      {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, with the index")
        again = ingest(library, [docs], embedder)
        print(f"unchanged {again.unchanged:,} files in {again.seconds['total_s']:.2f} s")
        print(f"disk      {library.stats().bytes / 1e6:.0f} MB")
        started = time.perf_counter()
        problems = library.verify()
        print(f"verify    {len(problems)} problems in {time.perf_counter() - started:.1f} s")
    with Library.open(folder / "library") as library:
        started = time.perf_counter()
        index = library.vector_index()
        print(f"load      vector index in {time.perf_counter() - started:.2f} s")
        print(f"lexical   {percentiles(lambda query: library.lexical_search(query, 60), queries)}")
        vectors = {query: embedder.embed_queries([query]) for query in queries}
        print(f"dense     {percentiles(lambda query: index.search(vectors[query], 60), queries)}")
        print(f"search    {percentiles(lambda query: search(library, embedder, query, 10), queries)}")


if __name__ == "__main__":
    main()
