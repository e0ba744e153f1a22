"""Which documents and chunks a filter lets through. Takes a connection to a library's database, gives ids."""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Iterable, Set

from index.database import Connection, Cursor, to_json
from index.datatypes import Filter, file_name
from index.errors import QueryError

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


def check_filter(where: Filter) -> Filter:
    """Return a filter whose fields hold what they are said to hold: another finds nothing, or fails far from here.

    Raises:
        QueryError: one does not; the message names it.
    """
    if not isinstance(where, Filter):
        raise QueryError(f"where is a Filter, but {type(where).__name__} was given")
    for name in ("documents", "languages"):
        texts = getattr(where, name)
        if not isinstance(texts, tuple | list) or not all(isinstance(text, str) for text in texts):
            raise QueryError(
                f"{name} is {texts!r}, but a list of texts was expected, such as ['*2023*'] or ['zh']"
            )
    for name in ("date_from", "date_to"):
        date = getattr(where, name)
        if date and not (isinstance(date, str) and _DATE.fullmatch(date)):
            raise QueryError(
                f"{name} is {date!r}, but a date such as 2023, 2023-05 or 2023-05-09 was expected"
            )
    return where


def documents(connection: Connection, where: Filter) -> set[int] | None:
    """Return the ids of the documents that a filter lets through; None: all.

    The filter's dates select documents with a chunk of that time.
    """
    ids = _documents(connection, where)
    if where.date_from or where.date_to:
        dated = {row[0] for row in _chunks(connection, where, "document_id")}
        ids = dated if ids is None else ids & dated
    return ids


def chunks(connection: Connection, where: Filter) -> frozenset[int]:
    """Return the ids of the chunks that a filter lets through."""
    rows = _chunks(connection, where, "id", _documents(connection, where))
    return frozenset(row[0] for row in rows).difference(where.exclude_chunks)


def matches_name(path: str, patterns: Iterable[str]) -> bool:
    """Say whether a path or its last parts match one of some patterns with ``*`` and ``?``, in any case.

    ``[`` is only itself: it stands in file names more often than in patterns.
    """
    path = unicodedata.normalize("NFC", path).casefold()
    name = file_name(path)
    for pattern in patterns:
        pattern = unicodedata.normalize("NFC", pattern).casefold().replace("[", "[[]")
        if any(
            fnmatch.fnmatchcase(text, form)
            for text, form in ((name, pattern), (path, pattern), (path, "*/" + pattern.removeprefix("./")))
        ):
            return True
    return False


def _documents(connection: Connection, where: Filter) -> set[int] | None:
    """Return the ids of the documents of the filter's names, ids and languages; None: all."""
    allowed: list[set[int]] = []
    if where.documents:
        rows = connection.execute("SELECT document_id, path FROM sources")
        allowed.append({document for document, path in rows if matches_name(path, where.documents)})
    if where.document_ids:
        allowed.append(set(where.document_ids))
    if where.languages:
        languages = to_json(where.languages)
        rows = connection.execute(
            "SELECT id FROM documents WHERE language IN (SELECT value FROM json_each(?))", (languages,)
        )
        allowed.append({row[0] for row in rows})
    return set.intersection(*allowed) if allowed else None


def _chunks(connection: Connection, where: Filter, column: str, within: Set[int] | None = None) -> Cursor:
    """Select ``column`` of the chunks whose date, or else their document's, overlaps the filter's time.

    Dates may stop at the year or month: "2023" begins before and ends after any day of that year. Bounds are
    filled up with 00 and 99, so that they compare as text.
    """
    conditions, values = ["1"], list[str]()
    if within is not None:
        conditions.append("document_id IN (SELECT value FROM json_each(?))")
        values.append(to_json(sorted(within)))
    date = "ifnull(chunks.date, (SELECT date FROM documents WHERE documents.id = document_id))"
    if where.date_from:
        conditions.append(f"substr({date} || '-99-99', 1, 10) >= ?")
        values.append((where.date_from + "-00-00")[:10])
    if where.date_to:
        conditions.append(f"substr({date} || '-00-00', 1, 10) <= ?")
        values.append((where.date_to + "-99-99")[:10])
    return connection.execute(f"SELECT {column} FROM chunks WHERE {' AND '.join(conditions)}", values)
