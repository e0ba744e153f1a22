"""From a question to numbered passages: search, merge, rerank by the reader. Knows nothing of answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

from index.datatypes import Filter
from index.embedder import Embedder
from index.library import Library
from index.search import SearchOptions, search, translations
from rag.context import number, passages_from_hits
from rag.datatypes import Passage
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.reader import Reader

READ_BY_RENDERING = frozenset({"zh"})
"""Languages whose passages the reader is asked about by the query's rendering.

Novels, F1 of the shipped reader. English questions on Chinese passages: 27.1 as they are, 27.7 rendered, 29.3 by
the better of both, which costs a second pass. Chinese questions on English passages: 28.6, 21.0, 25.0.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieval:
    """Numbered passages, best first, and the seconds of each stage."""

    passages: tuple[Passage, ...]
    timings: Mapping[str, float]  # retrieve_s, rerank_s
    renderings: Mapping[str, str] = field(default_factory=dict)  # of the query, by the passages' language


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
    with library.snapshot():
        translated = translations(library, query)
        hits = search(
            library,
            embedder,
            query,
            settings.passages,
            where=where,
            options=search_options(settings),
            translated=translated,
        )
    passages = passages_from_hits(hits)
    renderings = {
        language: translation.text
        for language, translation in translated.items()
        if language in READ_BY_RENDERING
    }
    found = perf_counter()
    passages = rerank(query, passages, reader, settings.rerank_weight, renderings)
    return Retrieval(
        passages=tuple(passages),
        timings={"retrieve_s": found - begun, "rerank_s": perf_counter() - found},
        renderings=renderings,
    )


def rerank(
    query: str,
    passages: Sequence[Passage],
    reader: Reader,
    weight: float,
    renderings: Mapping[str, str] | None = None,
) -> list[Passage]:
    """Reorder and renumber passages by ``(1 - weight) * fused + weight * relevance``; both are 0..1.

    A passage whose language is in ``renderings`` is read with that rendering of the query.
    """
    asked = [(renderings or {}).get(passage.language, query) for passage in passages]
    relevance = [0.0] * len(passages)
    for question in dict.fromkeys(asked):
        places = [n for n, other in enumerate(asked) if other == question]
        for n, value in zip(
            places, reader.relevance(question, [passages[n].text for n in places]), strict=True
        ):
            relevance[n] = value
    scored = [
        replace(passage, scores={**passage.scores, "relevance": value})
        for passage, value in zip(passages, relevance, strict=True)
    ]
    scored.sort(key=lambda p: (1 - weight) * p.scores["fused"] + weight * p.scores["relevance"], reverse=True)
    return number(scored)
