"""Two legs, one list: takes a query and a library, gives ranked hits. Knows nothing of answers or readers.

Documents in another language than the query are searched with its translation; see ``index.translation``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import SupportsIndex

import numpy as np

from index.datatypes import Chunk, Filter, Hit
from index.embedder import Embedder, Vectors, translated_share, unit_rows
from index.errors import QueryError
from index.fusion import Run, dense_weight, merge_sides, near_duplicates, weighted_sum
from index.lexical import matched_terms
from index.library import Library
from index.terms import PINYIN_MARK, QueryTerm, document_terms, tokens, weighted_query
from index.text import detect_language
from index.translation import OTHERS, Translation, translate

OTHERS_SHARE = 2.0  # times an embedder's share, for a question in neither Chinese nor English
MAX_HITS = 1_000_000  # that can be asked for; SQLite takes no number of any size
MAX_QUERY = 2_000  # characters: a question; whole pages are no query, and their term lists would be slow


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """How the legs are asked and combined."""

    candidates: int = 60  # chunks from each leg
    dense_weight: float = 0.3  # of the min-max normalised scores, 0..1; the lexical leg has the rest
    crossing_weight: float = 0.5  # the same for documents that are searched with a translation


def check_query(query: str) -> str:
    """Return the query without outer white space.

    Raises:
        QueryError: it is empty, longer than a question can be, or no text.
    """
    query = check_unicode(query).strip()
    if not query:
        raise QueryError("the question is empty; write what you want to know")
    if len(query) > MAX_QUERY:
        raise QueryError(f"the question has {len(query):,} characters; {MAX_QUERY:,} are the limit")
    return query


def check_unicode(text: str) -> str:
    """Return a text that UTF-8 can hold as it is.

    Raises:
        QueryError: it is no text, or has half a character, as bytes that are no UTF-8 have on a command line.
    """
    if not isinstance(text, str):
        raise QueryError(f"a question is text, but {type(text).__name__} was given; pass a str")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise QueryError("the question is not valid Unicode; send it as UTF-8") from None
    return text


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
        QueryError: the query is empty, too long or no text, or ``k`` is no number of hits.
        EmbedderMismatchError: the library was embedded with another embedder.
    """
    query, options = check_query(query), options or SearchOptions()
    if not isinstance(k, SupportsIndex) or not 1 <= k.__index__() <= MAX_HITS:
        raise QueryError(
            f"{k!r} hits were asked for; ask for at least 1, at most {MAX_HITS:,}, as a whole number"
        )
    depth = max(options.candidates, 2 * k)  # some of them collapse
    with library.snapshot():
        library.require(embedder.fingerprint)  # a rebuild may have come between
        translated = translations(library, query)
        vectors = _query_vectors(embedder, query, translated)
        while True:
            found = _search_sides(library, vectors, query, depth, where or Filter(), options, translated)
            fused = merge_sides([(side.fused, side.confidence) for side in found])[:depth]
            chunks = _distinct(library.chunks([chunk_id for chunk_id, _ in fused]))[:k]
            if len(chunks) == k or len(fused) < depth:
                break
            depth *= 4  # so many collapsed that others may lie below them
        documents = library.document_infos(chunk.document_id for chunk in chunks)
    scores = {"cosine": _scores(s.dense for s in found), "bm25": _scores(s.lexical for s in found)}
    scores["fused"] = dict(fused)
    ranks = {"dense": _ranks(s.dense for s in found), "bm25": _ranks(s.lexical for s in found)}
    asked = {chunk_id: side.asked for side in found for chunk_id, _ in side.fused}
    return [
        Hit(
            rank=rank,
            chunk=chunk,
            document=documents[chunk.document_id],
            scores={kind: of[chunk.id] for kind, of in scores.items() if chunk.id in of},
            ranks={leg: of[chunk.id] for leg, of in ranks.items() if chunk.id in of},
            matched=matched_terms(asked[chunk.id], chunk.text),
        )
        for rank, chunk in enumerate(chunks, start=1)
    ]


def translations(library: Library, query: str) -> dict[str, Translation]:
    """Return the query in those languages of the library's documents that it is not in, as far as it goes."""
    source = detect_language(query)
    made = {
        language: translate(query, source=source, target=language, vocabulary=LibraryWords(library))
        for language in library.languages() - {source}
    }
    return {language: translation for language, translation in made.items() if translation is not None}


class LibraryWords:
    """What a library tells a translation of its words; see ``index.translation.Vocabulary``."""

    def __init__(self, library: Library) -> None:
        """Take an open library."""
        self._library = library

    def frequency(self, term: str) -> int:
        """Return in how many chunks a term stands."""
        return self._library.term_frequency(term)

    def written(self, pinyin: str) -> str | None:
        """Return how the best of the chunks with a name of that pinyin writes it."""
        term = PINYIN_MARK + pinyin
        if not self._library.term_frequency(term):
            return None
        found = self._library.lexical_search([QueryTerm(term=term)], 2)
        for chunk in self._library.chunks([chunk_id for chunk_id, _ in found]):
            for text in (chunk.text, *chunk.heading):
                for token in tokens(text):
                    if token.term == term:
                        return text[token.start : token.end]
        return None

    def sounding(self, name: str) -> str | None:
        """Return None: a library keeps the words of its chunks, not their sounds."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """What was found among the documents that are asked in one language."""

    asked: str | tuple[QueryTerm, ...]
    dense: Run
    lexical: Run
    fused: Run
    confidence: float  # the share of what was asked that the best chunk holds, 0..1


def _search_sides(
    library: Library,
    vectors: Mapping[str, Vectors],
    query: str,
    k: int,
    where: Filter,
    options: SearchOptions,
    rendered: Mapping[str, Translation],
) -> list[_Side]:
    """Search documents in each language by the query or its translation; mostly there is one side."""
    languages = library.languages()
    parts: list[tuple[frozenset[str], Translation | None]] = [
        (languages - rendered.keys(), None),
        *((frozenset({language}), translation) for language, translation in rendered.items()),
    ]
    if where.languages:
        parts = [(of & set(where.languages), translation) for of, translation in parts]
    parts = [(of, translation) for of, translation in parts if of]
    sides = []
    for of, translation in parts:
        only = replace(where, languages=tuple(sorted(of))) if len(parts) > 1 else where
        allowed = library.allowed(only)
        vector = vectors.get(translation.text if translation else query, vectors[query])
        dense = _dense(library, vector, k, allowed)
        asked = query if translation is None else translation.terms
        lexical = library.lexical_search(asked, k, allowed)
        if translation is None:
            weight = dense_weight(detect_language(query), of, usual=options.dense_weight)
        else:
            weight = options.crossing_weight if lexical else 1.0
        confidence = _confidence(library, query, translation, lexical) if len(parts) > 1 else 1.0
        fused = weighted_sum(dense, lexical, weight)
        sides.append(_Side(asked=asked, dense=dense, lexical=lexical, fused=fused, confidence=confidence))
    return sides


def _query_vectors(embedder: Embedder, query: str, rendered: Mapping[str, Translation]) -> dict[str, Vectors]:
    """Return the unit vectors to search with, shape (1, dimensions), by the query's text or a translation's.

    A translation is mixed with what was asked: word by word it loses the order, and a small embedder, asked in
    another language, the rarer words; the more so where the language is neither Chinese nor English. An embedder
    that wants none is asked for the query's vector alone.
    """
    share = translated_share(embedder)
    if detect_language(query) in OTHERS:
        share = min(1.0, OTHERS_SHARE * share)
    texts = [query, *(translation.text for translation in rendered.values() if share)]
    vectors = embedder.embed_queries(texts)
    mixed = unit_rows((1 - share) * vectors[:1] + share * vectors)  # the query with itself stays as it is
    return dict(zip(texts, mixed[:, None], strict=True))


def _dense(library: Library, vector: Vectors, k: int, allowed: frozenset[int] | None) -> Run:
    ids, cosines = library.vector_index().search(
        vector, k, None if allowed is None else np.array(sorted(allowed), dtype=np.int64)
    )
    return list(zip(ids[0].tolist(), cosines[0].tolist(), strict=True))


def _confidence(library: Library, query: str, translation: Translation | None, lexical: Run) -> float:
    """Return which share of the words asked for, by how rare they are, the best chunk by BM25 holds, 0..1.

    BM25 itself cannot be compared between a query and its translation, which has more terms.
    """
    if not lexical:
        return 0.0
    said = [query] if translation is None else translation.leading
    terms = {
        term.term
        for words in said
        for term in weighted_query(words)
        if term.weight == 1.0 and not term.term.startswith(PINYIN_MARK)
    }
    n = len(library.vector_index())
    rarity = {term: log(1 + n / (library.term_frequency(term) + 0.5)) for term in terms}
    (best,) = library.chunks([lexical[0][0]])
    held = set(document_terms(" ".join((*best.heading, best.text))))
    return sum(rarity[term] for term in terms & held) / (sum(rarity.values()) or 1.0)


def _scores(runs: Iterable[Run]) -> dict[int, float]:
    return {identifier: score for run in runs for identifier, score in run}


def _ranks(runs: Iterable[Run]) -> dict[int, int]:
    return {identifier: rank for run in runs for rank, (identifier, _) in enumerate(run, start=1)}


def _distinct(chunks: Sequence[Chunk]) -> list[Chunk]:
    """Leave out chunks that an earlier one says already, such as a pull quote of its own article."""
    first = near_duplicates([chunk.text for chunk in chunks])
    return [chunk for n, chunk in enumerate(chunks) if first[n] == n]
