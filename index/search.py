"""Two legs, one list: takes a query and a library, gives ranked hits. Knows nothing of answers or readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.datatypes import Chunk, Filter, Hit
from index.embedder import Embedder
from index.errors import QueryError
from index.fusion import Run, dense_weight, near_duplicates, weighted_sum
from index.glossary import chinese_words
from index.lexical import matched_terms
from index.library import Library
from index.text import detect_language

MAX_QUERY = 2_000  # characters: a question; whole pages are no query, and their term lists would be slow


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How the legs are asked and combined."""

    candidates: int = 60  # chunks from each leg
    dense_weight: float = 0.3  # of the min-max normalised scores, 0..1; the lexical leg has the rest


def check_query(query: str) -> str:
    """Return the query without outer white space.

    Raises:
        QueryError: it is empty, or longer than a question can be.
    """
    query = query.strip()
    if not query:
        raise QueryError("the question is empty; write what you want to know")
    if len(query) > MAX_QUERY:
        raise QueryError(f"the question has {len(query):,} characters; {MAX_QUERY:,} are the limit")
    return query


def search(
    library: Library,
    embedder: Embedder,
    query: str,
    k: int = 10,
    *,
    where: Filter | None = None,
    options: SearchOptions | None = None,
) -> list[Hit]:
    """Return at most ``k`` hits, best first, near-duplicates collapsed into their best.

    Raises:
        QueryError: the query is empty or too long.
    """
    query, options = check_query(query), options or SearchOptions()
    depth = max(options.candidates, 2 * k)  # some of them collapse
    with library.snapshot():
        allowed = library.allowed(where)
        dense = _dense(library, embedder, query, depth, allowed)
        language, languages = detect_language(query), library.languages()
        # An English question shares no words with Chinese documents; a glossary lends it some.
        words = chinese_words(query) if language == "en" and "zh" in languages else ()
        lexical = library.lexical_search(" ".join((query, *words)), depth, allowed)
        weight = dense_weight(language, languages, usual=options.dense_weight, named=bool(words))
        fused = weighted_sum(dense, lexical, weight)[:depth]
        scores = {"cosine": dict(dense), "bm25": dict(lexical), "fused": dict(fused)}
        ranks = {"dense": _ranks(dense), "bm25": _ranks(lexical)}
        chunks = _distinct(library.chunks([chunk_id for chunk_id, _ in fused]))[:k]
        documents = library.document_infos(chunk.document_id for chunk in chunks)
    return [
        Hit(
            rank=rank,
            chunk=chunk,
            document=documents[chunk.document_id],
            scores={kind: of[chunk.id] for kind, of in scores.items() if chunk.id in of},
            ranks={leg: of[chunk.id] for leg, of in ranks.items() if chunk.id in of},
            matched=matched_terms(query, chunk.text),
        )
        for rank, chunk in enumerate(chunks, start=1)
    ]


def _dense(library: Library, embedder: Embedder, query: str, k: int, allowed: frozenset[int] | None) -> Run:
    ids, cosines = library.vector_index().search(
        embedder.embed_queries([query]),
        k,
        None if allowed is None else np.array(sorted(allowed), dtype=np.int64),
    )
    return list(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))


def _ranks(run: Run) -> dict[int, int]:
    return {identifier: rank for rank, (identifier, _) in enumerate(run, start=1)}


def _distinct(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Leave out chunks that an earlier one says already, such as a pull quote of its own article."""
    first = near_duplicates([chunk.text for chunk in chunks])
    return [chunk for n, chunk in enumerate(chunks) if first[n] == n]
