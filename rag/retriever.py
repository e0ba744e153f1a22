"""From a question to numbered passages: search, merge, rerank by the reader. Knows nothing of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

from index.datatypes import Filter
from index.embedder import Embedder
from index.library import Library
from index.search import SearchOptions, search
from rag.context import number, passages_from_hits
from rag.datatypes import Passage
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Numbered passages, best first, and the seconds of each stage."""

    passages: tuple[Passage, ...]
    timings: Mapping[str, float]  # retrieve_s, rerank_s


def search_options(settings: Settings) -> SearchOptions:
    """Return the part of the settings that concerns search."""
    return SearchOptions(candidates=settings.candidates, dense_weight=settings.dense_weight)


def retrieve(
    library: Library,
    embedder: Embedder,
    reader: Reader,
    query: str,
    settings: Settings,
    where: Filter,
) -> Retrieval:
    """Find passages for a standalone question and order them by fused score and the reader's relevance."""
    begun = perf_counter()
    hits = search(library, embedder, query, settings.passages, where=where, options=search_options(settings))
    passages = passages_from_hits(hits)
    found = perf_counter()
    passages = rerank(query, passages, reader, settings.rerank_weight)
    return Retrieval(
        passages=tuple(passages),
        timings={"retrieve_s": found - begun, "rerank_s": perf_counter() - found},
    )


def rerank(query: str, passages: Sequence[Passage], reader: Reader, weight: float) -> list[Passage]:
    """Reorder and renumber passages by ``(1 - weight) * fused + weight * relevance``; both are 0..1."""
    relevance = reader.relevance(query, [passage.text for passage in passages])
    scored = [
        replace(passage, scores={**passage.scores, "relevance": value})
        for passage, value in zip(passages, relevance, strict=True)
    ]
    scored.sort(key=lambda p: (1 - weight) * p.scores["fused"] + weight * p.scores["relevance"], reverse=True)
    return number(scored)
