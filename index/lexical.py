"""The lexical leg: BM25 over the terms of ``index.terms``, kept by SQLite FTS5 in the library's own database.

FTS5 because a chunk, its vector and its terms then live and die in one transaction; bm25s rebuilds everything
on a change and tantivy keeps a second store that a crash can set apart from the first.

Takes an open connection and never commits: the transaction is the caller's. Terms are made here, not by FTS5:
its ``ascii`` tokenizer only splits at the spaces between them. The FTS table keeps no text; what was indexed
is kept deflated beside it, so that a removal takes out exactly what was put in, even by an older version.
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from index.terms import PART_WEIGHT, PINYIN_MARK, QueryTerm, Token, document_terms, tokens, weighted_query

HEADING_WEIGHT = 0.5
"""How much an occurrence in the heading path counts; one in the text counts 1.

Development questions on newspaper pages, MRR with 0: 0.956, 0.5: 0.971, 1 to 5: 0.961.
"""

_SCHEMA = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS lexical{0} USING fts5(
        heading, body, content='', detail='full', tokenize="ascii tokenchars '.%~'")""",
    """CREATE TABLE IF NOT EXISTS lexical_terms{0}(
        chunk_id INTEGER PRIMARY KEY, heading BLOB NOT NULL, body BLOB NOT NULL)""",
)
_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS lexical_vocabulary USING fts5vocab(lexical, 'row')"
_NEXT = "_next"  # the tables that are made beside those in use


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables of this leg where they are missing."""
    for statement in _SCHEMA:
        connection.execute(statement.format(""))
    connection.execute(_VOCABULARY)


def add(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """Index chunks given as (chunk id, heading path as text, text); an id already there is replaced."""
    for chunk_id, *columns in rows_of_terms(rows):
        remove(connection, [chunk_id])
        _insert(connection, chunk_id, columns, "")


def rows_of_terms(rows: Iterable[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    """Turn rows as for ``add`` into (chunk id, terms of the heading, terms of the text), which takes its time."""
    for chunk_id, heading, text in rows:
        yield chunk_id, " ".join(document_terms(heading)), " ".join(document_terms(text))


def _insert(connection: sqlite3.Connection, chunk_id: int, terms: Sequence[str], tables: str) -> None:
    connection.execute(
        f"INSERT INTO lexical{tables}(rowid, heading, body) VALUES (?, ?, ?)", (chunk_id, *terms)
    )
    connection.execute(
        f"INSERT INTO lexical_terms{tables}(chunk_id, heading, body) VALUES (?, ?, ?)",
        (chunk_id, *(zlib.compress(column.encode(), 1) for column in terms)),
    )


def remove(connection: sqlite3.Connection, chunk_ids: Iterable[int]) -> None:
    """Take chunks out of the leg; unknown ids are passed over. Document counts and lengths follow."""
    for chunk_id in chunk_ids:
        row = connection.execute(
            "SELECT heading, body FROM lexical_terms WHERE chunk_id = ?", (chunk_id,)
        ).fetchone()
        if row is None:
            continue
        columns = [zlib.decompress(column).decode() for column in row]
        connection.execute(
            "INSERT INTO lexical(lexical, rowid, heading, body) VALUES ('delete', ?, ?, ?)",
            (chunk_id, *columns),
        )
        connection.execute("DELETE FROM lexical_terms WHERE chunk_id = ?", (chunk_id,))


def search(
    connection: sqlite3.Connection,
    query: str | Sequence[QueryTerm],
    k: int,
    allowed: AbstractSet[int] | None = None,
) -> list[tuple[int, float]]:
    """Return the best ``k`` (chunk id, BM25) for a query, best first, ties by id; higher is better.

    The score is ``sum over terms of weight · idf · f·(k1+1) / (f + k1·(1-b+b·D/avgD))`` with k1 1.2, b 0.75,
    f the occurrences in the text plus ``HEADING_WEIGHT`` times those in the heading, D the number of terms of
    the chunk, ``idf = ln((N-n+0.5)/(n+0.5))``, which SQLite lifts to 1e-6 where a term stands in half of all
    chunks or more, and the weights of ``weighted_query`` (https://sqlite.org/fts5.html#the_bm25_function).

    A query may be given as weighted terms instead, which is how a translated question comes.
    ``allowed`` limits the result to these ids inside the query, so k of them come back if k of them match;
    idf stays that of the whole library.
    """
    terms = _with_corrections(connection, _query_terms(query))
    groups = [
        (weight, _match_expression([term for term in terms if term.weight == weight]))
        for weight in sorted({term.weight for term in terms}, reverse=True)
    ]
    if k <= 0 or not groups or (allowed is not None and not allowed):
        return []
    # "+rowid" keeps SQLite from running the full-text match once per allowed id
    only = "" if allowed is None else " AND +rowid IN (SELECT value FROM json_each(:allowed))"
    parts = " UNION ALL ".join(
        f"SELECT rowid AS id, -:weight{n} * bm25(lexical, :heading, 1.0) AS part"
        f" FROM lexical WHERE lexical MATCH :match{n}{only}"
        for n in range(len(groups))
    )
    values: dict[str, object] = {"heading": HEADING_WEIGHT, "k": k}
    for n, (weight, match) in enumerate(groups):
        values |= {f"weight{n}": weight, f"match{n}": match}
    if allowed is not None:
        values["allowed"] = json.dumps(sorted(allowed))
    statement = (  # MATERIALIZED: bm25() must not be flattened into the query that sums
        f"WITH hits AS MATERIALIZED ({parts})"
        " SELECT id, sum(part) FROM hits GROUP BY id ORDER BY sum(part) DESC, id LIMIT :k"
    )
    return [(int(chunk_id), float(score)) for chunk_id, score in connection.execute(statement, values)]


def _query_terms(query: str | Sequence[QueryTerm]) -> tuple[QueryTerm, ...]:
    return weighted_query(query) if isinstance(query, str) else tuple(query)


def frequency(connection: sqlite3.Connection, term: str) -> int:
    """Return in how many chunks a term stands."""
    row = connection.execute("SELECT doc FROM lexical_vocabulary WHERE term = ?", (term,)).fetchone()
    return int(row[0]) if row else 0


def matched_terms(query: str | Sequence[QueryTerm], text: str) -> tuple[str, ...]:
    """Return what of a text answers to a query's terms: its own words, verbatim, in their order, each once.

    Whole words, numbers and names stand for themselves; bigrams appear only where no word covers them, joined
    to the longest stretch. "Changzhou" matches as "常州" in a Chinese text.
    """
    terms = _query_terms(query)
    wanted = {term.term for term in terms if not term.prefix}
    prefixes = tuple(term.term for term in terms if term.prefix)
    # names cost most of the time, and only pinyin asks for them; the last characters are there for prefixes
    names = bool(prefixes) or any(term.startswith(PINYIN_MARK) for term in wanted)
    found = list(tokens(text, document=names))
    hits = [t for t in found if t.term in wanted]
    hits += [
        Token(p, t.start, t.start + len(p), True) for t in found for p in prefixes if t.term.startswith(p)
    ]
    wholes = _widest([t for t in hits if _speaks_for_itself(t)])
    covered = {position for start, end in wholes for position in range(start, end)}
    parts = [t for t in hits if not covered.intersection(range(t.start, t.end))]
    spans = sorted(wholes + _joined(parts))
    words = list(dict.fromkeys(text[start:end] for start, end in spans))
    return tuple([word for word in words if len(word) > 1] or words)


def mismatches(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, str]]) -> list[str]:
    """Compare the leg with what it should hold, given as for ``add``; one sentence for each difference.

    Reads only, so that it also works on a library that cannot be written: the terms kept for each chunk are
    made anew and compared, then the index's own counts of chunks and occurrences of every term with them.
    """
    other = 0
    wanted: set[int] = set()
    chunks_of: Counter[str] = Counter()
    occurrences: Counter[str] = Counter()
    for chunk_id, heading, text in rows:
        wanted.add(chunk_id)
        terms = document_terms(heading), document_terms(text)
        row = connection.execute(
            "SELECT heading, body FROM lexical_terms WHERE chunk_id = ?", (chunk_id,)
        ).fetchone()
        other += row is not None and [_unpacked(column) for column in row] != [
            " ".join(part) for part in terms
        ]
        occurrences.update(terms[0] + terms[1])
        chunks_of.update({*terms[0], *terms[1]})
    problems = [f"{other} chunks have other terms than their text."] if other else []
    for table, column in (("lexical_terms", "chunk_id"), ("lexical_docsize", "id")):
        held = {row[0] for row in connection.execute(f"SELECT {column} FROM {table}")}
        if held != wanted:
            missing, extra = len(wanted - held), len(held - wanted)
            problems.append(f"{table} lacks {missing} chunks and has {extra} that are gone.")
    vocabulary = {term: (chunks_of[term], count) for term, count in occurrences.items()}
    try:
        for term, chunks, count in connection.execute("SELECT term, doc, cnt FROM lexical_vocabulary"):
            if vocabulary.pop(term, None) != (chunks, count):
                problems.append("The full-text index counts terms otherwise than the chunks have them.")
                break
        else:
            if vocabulary:
                problems.append(f"The full-text index lacks {len(vocabulary)} terms that chunks have.")
    except sqlite3.DatabaseError as error:
        problems.append(f"The full-text index is damaged ({error}).")
    return problems


def _unpacked(column: bytes) -> str:
    """Return kept terms; what cannot be unpacked is no term."""
    try:
        return zlib.decompress(column).decode()
    except (zlib.error, UnicodeDecodeError):
        return "\0"


def begin_anew(connection: sqlite3.Connection) -> None:
    """Make empty tables beside those in use, whatever state these are in, or an earlier beginning left."""
    for table in ("lexical", "lexical_terms"):
        connection.execute(f"DROP TABLE IF EXISTS {table}{_NEXT}")
    for statement in _SCHEMA:
        connection.execute(statement.format(_NEXT))


def add_anew(connection: sqlite3.Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """Index chunks in the tables beside, given as ``rows_of_terms``; every chunk comes once."""
    for chunk_id, *columns in rows:
        _insert(connection, chunk_id, columns, _NEXT)


def finish_anew(connection: sqlite3.Connection) -> None:
    """Put the tables beside in the place of those in use."""
    connection.execute("DROP TABLE IF EXISTS lexical_vocabulary")
    for table in ("lexical", "lexical_terms"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"ALTER TABLE {table}{_NEXT} RENAME TO {table}")
    connection.execute(_VOCABULARY)


def _match_expression(terms: Sequence[QueryTerm]) -> str:
    """Return the FTS5 query for chunks with any of the terms; quotes keep a term from being syntax."""
    return " OR ".join(
        '"{}"{}'.format(term.term.replace('"', '""'), " *" if term.prefix else "") for term in terms
    )


_CORRECTABLE = re.compile(f"{PINYIN_MARK}?[a-z]{{5,}}")
_MAX_CORRECTIONS = 3
_MAX_CORRECTED = 8  # words, the heaviest first: each is compared with all terms of its first letter


def _with_corrections(connection: sqlite3.Connection, terms: tuple[QueryTerm, ...]) -> tuple[QueryTerm, ...]:
    """Add, for each Latin word that no chunk knows in any form, the known words one slip away (Chagnzhou)."""
    words = [term.term.removeprefix(PINYIN_MARK) for term in terms if _CORRECTABLE.fullmatch(term.term)]
    forms = {word: (word, PINYIN_MARK + word) for word in words}
    unknown = [word for word in forms if not any(frequency(connection, form) for form in forms[word])]
    corrected = unknown[:_MAX_CORRECTED]
    near = {other for word in corrected for form in forms[word] for other in _near_terms(connection, form)}
    return terms + tuple(QueryTerm(term=other, weight=PART_WEIGHT) for other in sorted(near))


def _near_terms(connection: sqlite3.Connection, term: str) -> list[str]:
    """Return the most frequent terms one slip away that begin with the same letter."""
    low = term[: 2 if term.startswith(PINYIN_MARK) else 1]
    high = low[:-1] + chr(ord(low[-1]) + 1)
    rows = connection.execute(
        "SELECT term, doc FROM lexical_vocabulary WHERE term >= ? AND term < ?", (low, high)
    )
    near = [(-count, other) for other, count in rows if _one_slip(term, other)]
    return [other for _, other in sorted(near)[:_MAX_CORRECTIONS]]


def _one_slip(left: str, right: str) -> bool:
    """Tell whether one letter added, dropped, changed or swapped with its neighbour is the difference."""
    if abs(len(left) - len(right)) > 1 or left == right:
        return False
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    one, two = left[start:], right[start:]
    return (
        one[1:] == two[1:]
        or one[1:] == two
        or one == two[1:]
        or (one[2:] == two[2:] and one[:2] == two[1::-1] and len(one) > 1)
    )


def _speaks_for_itself(token: Token) -> bool:
    """Tell a word, number or name from a part; a single character may be a piece of a word nobody knows."""
    return token.end - token.start > 1 and (
        token.whole or token.term.startswith(PINYIN_MARK) or token.term[0].isdigit()
    )


def _widest(found: Iterable[Token]) -> list[tuple[int, int]]:
    """Return the spans of tokens, without those that lie within another or run into an earlier one."""
    spans: list[tuple[int, int]] = []
    reach = 0
    for start, end in sorted({(t.start, t.end) for t in found}, key=lambda span: (span[0], -span[1])):
        if start >= reach:
            spans.append((start, end))
            reach = end
    return spans


def _joined(found: Iterable[Token]) -> list[tuple[int, int]]:
    """Return the spans of tokens with those that overlap made one."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted((t.start, t.end) for t in found):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans
