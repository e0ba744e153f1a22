"""From a question to numbered passages: search, rerank, merge, order by the reader too. Knows no answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest
from time import perf_counter

from index.datatypes import Filter, Hit
from index.embedder import Embedder
from index.library import Library
from index.search import SearchOptions, search
from rag.context import number, passages_from_hits
from rag.datatypes import Passage
from rag.keywords import as_question
from rag.questions import analyse_question
from rag.reranker import Reranker
from rag.settings import Settings
from rag.tables import verbalise


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Numbered passages, best first, and the seconds of each stage."""

    passages: tuple[Passage, ...]
    timings: Mapping[str, float]  # retrieve_s, rerank_s


def search_options(settings: Settings) -> SearchOptions:
    """Return the part of the settings that concerns search."""
    return SearchOptions(candidates=settings.candidates, dense_weight=settings.dense_weight)


def depth(settings: Settings, reranker: Reranker | None) -> int:
    """Return how many hits to search for: more than are kept where a cross-encoder chooses among them."""
    return settings.passages if reranker is None else max(settings.passages, settings.rerank_depth)


def retrieve(
    library: Library,
    embedder: Embedder,
    reader: Reranker,
    query: str,
    settings: Settings,
    where: Filter,
    reranker: Reranker | None = None,
) -> Retrieval:
    """Find passages for a standalone question and order them by score and the reader's relevance.

    The score is the fused one, or that of a cross-encoder, which then chooses the passages from more hits.
    """
    begun = perf_counter()
    with library.snapshot():  # a document may be removed once it is found
        hits = _hits(library, embedder, query, settings, where, depth(settings, reranker))
        texts = texts_of(library, hits)
    found = perf_counter()
    best = best_hits(query, hits, reranker, settings.passages)
    passages = passages_from_hits(best, texts.__getitem__)
    passages = rerank(query, passages, reader, settings.rerank_weight)
    return Retrieval(
        passages=tuple(passages),
        timings={"retrieve_s": found - begun, "rerank_s": perf_counter() - found},
    )


def _hits(
    library: Library, embedder: Embedder, query: str, settings: Settings, where: Filter, k: int
) -> list[Hit]:
    """Return the ``k`` best hits, those of each part of a question in turn: what is asked of B may stand far from A."""
    parts = analyse_question(query).parts
    queries = [query, *parts] if len(parts) > 1 else [query]
    options = search_options(settings)
    found = [search(library, embedder, text, k, where=where, options=options) for text in queries]
    if len(found) == 1:
        return found[0]
    best: dict[int, Hit] = {}
    for hit in filter(None, chain.from_iterable(zip_longest(*found))):
        best.setdefault(hit.chunk.id, hit)
    return [replace(hit, rank=rank) for rank, hit in enumerate(islice(best.values(), k), start=1)]


def merged(library: Library, hits: Sequence[Hit]) -> list[Passage]:
    """Return a library's hits as numbered passages."""
    return passages_from_hits(hits, texts_of(library, hits).__getitem__)


def texts_of(library: Library, hits: Sequence[Hit]) -> dict[int, str]:
    """Return the texts of the documents that hits are in, by their ids."""
    return {
        document_id: library.document(document_id).text for document_id in {hit.document.id for hit in hits}
    }


def best_hits(query: str, hits: Sequence[Hit], reranker: Reranker | None, k: int) -> list[Hit]:
    """Return the ``k`` best hits, ranked anew by a cross-encoder where there is one; ties stay in order.

    It is asked the question as it stands: unlike the shipped reader, those that are known read across languages.
    """
    if reranker is None:
        return list(hits[:k])
    relevance = reranker.relevance(query, [hit.chunk.text for hit in hits])
    scored = [
        replace(hit, scores={**hit.scores, "reranked": value})
        for hit, value in zip(hits, relevance, strict=True)
    ]
    scored.sort(key=lambda hit: hit.scores["reranked"], reverse=True)
    return [replace(hit, rank=rank) for rank, hit in enumerate(scored[:k], start=1)]


def rerank(
    query: str,
    passages: Sequence[Passage],
    reader: Reranker,
    weight: float,
) -> list[Passage]:
    """Reorder and renumber passages by ``(1 - weight) * score + weight * relevance``; both are 0..1.

    The score is the cross-encoder's, "reranked", or else "fused"; the relevance is the reader's.
    """
    relevance = reader.relevance(
        as_question(query),
        [verbalise(passage.text).text for passage in passages],
        [passage.above for passage in passages],
    )
    scored = [
        replace(passage, scores={**passage.scores, "relevance": value})
        for passage, value in zip(passages, relevance, strict=True)
    ]
    scored.sort(key=lambda p: (1 - weight) * _score(p) + weight * p.scores["relevance"], reverse=True)
    return number(scored)


def _score(passage: Passage) -> float:
    return passage.scores.get("reranked", passage.scores["fused"])
