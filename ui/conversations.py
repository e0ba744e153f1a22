"""What people asked, what they were answered and what they thought of it, in the library's own database.

Takes whole answers and gives them back as they were, each user's own only; knows nothing of how they are shown.
Each change is one short transaction, which an ingest in another process lets in between two documents.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, get_args

from index.database import Connection, connect_memory, to_json, transaction
from index.datatypes import Filter, file_name
from index.errors import LibraryError, SettingsError
from index.library import Library
from index.text import fold
from rag.datatypes import Answer
from ui.datatypes import Feedback, Message, Summary

_log = logging.getLogger(__name__)

TITLE_CHARACTERS = 60  # of the first question, as the name of a conversation that was given none
MAX_TITLE = 200  # characters
MAX_NOTE = 2_000  # characters
MAX_SEARCH = 200  # characters
_Messages = list[Message]  # the class below has a method called list
_Judgements = list["Judgement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a user thought of an answer, kept with all that is needed to evaluate it later."""

    user: str
    message_id: int  # the message may be gone: edited, or asked again
    kind: Feedback
    note: str
    citation: int  # place of the wrong one in `Answer.citations`, from 1; 0: not told, or the whole answer
    history: tuple[str, ...]  # the questions before it
    where: Filter
    answer: Answer
    created: str  # ISO 8601, UTC


class Store(Protocol):
    """Where the rows are: a library's database, or memory."""

    def noting(self, *, write: bool = False) -> AbstractContextManager[Connection]:
        """Lend a connection; with ``write``, inside one transaction."""
        ...


class LibraryConversations:
    """Keeps conversations by user: another user's are not there, whatever id is asked for; "" is nobody's name.

    May be shared by threads. Each method raises LibraryError when the conversation or message is not this
    user's, or is gone, and where the library cannot be read or written (see ``Library.noting``).
    """

    def __init__(self, store: Store | None = None, *, note: str = "") -> None:
        """Take where to keep them; None: in memory, until the program ends."""
        self._store = store or _Memory()
        self.note = note  # one sentence on why they are not kept; "" when all is well

    @classmethod
    def open(cls, library: Library) -> LibraryConversations:
        """Open those of a library; of one that cannot be written they are in memory, and ``note`` says so."""
        try:
            with library.noting(write=True) as connection:
                for table in ("conversations", "messages", "feedback"):
                    connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()
        except LibraryError as error:
            _log.warning("conversations are kept in memory only: %s", error)
            return cls(note=str(error))
        return cls(library)

    # --- conversations -------------------------------------------------------------------------------------

    def new(self, user: str) -> int:
        """Begin a conversation; returns its id."""
        now = _now()
        with self._store.noting(write=True) as connection:
            cursor = connection.execute(
                "INSERT INTO conversations (user, title, created, updated) VALUES (?, '', ?, ?)",
                (user, now, now),
            )
            return int(cursor.lastrowid or 0)

    def list(self, user: str, query: str = "") -> list[Summary]:
        """Return a user's conversations, last changed first, that hold all words of a query.

        Both Chinese scripts, cases and widths are one; empty conversations are left out.
        """
        conditions, values = "", [user]
        for word in fold(query[:MAX_SEARCH]).split():
            conditions += (
                " AND (instr(fold(title), ?) OR EXISTS "
                "(SELECT 1 FROM messages WHERE conversation_id = conversations.id AND instr(folded, ?)))"
            )
            values += [word, word]
        with self._store.noting() as connection:
            connection.create_function("fold", 1, fold, deterministic=True)
            return _summaries(
                connection, f"user = ? AND said{conditions} ORDER BY updated DESC, id DESC", values
            )

    def summary(self, user: str, conversation: int) -> Summary:
        """Return what the list says of one conversation."""
        with self._store.noting() as connection:
            _check(connection, user, conversation)
            return _summaries(connection, "id = ?", [conversation])[0]

    def rename(self, user: str, conversation: int, title: str) -> None:
        """Give a conversation a name of one line; an empty one leaves it as it is."""
        with self._store.noting(write=True) as connection:
            _check(connection, user, conversation)
            if title := _line(title, MAX_TITLE):
                connection.execute("UPDATE conversations SET title = ? WHERE id = ?", (title, conversation))

    def delete(self, user: str, conversation: int) -> None:
        """Forget a conversation, its messages and what was thought of them."""
        with self._store.noting(write=True) as connection:
            _check(connection, user, conversation)
            connection.execute("DELETE FROM conversations WHERE id = ?", (conversation,))

    # --- messages ------------------------------------------------------------------------------------------

    def append(
        self,
        user: str,
        conversation: int,
        question: str,
        answer: Answer,
        *,
        where: Filter | None = None,
        replaces: Collection[int] = (),
    ) -> int:
        """Add a message, asked with a filter, and drop those it replaces; returns its id.

        The first names the conversation. Either all is done or nothing.
        """
        now = _now()
        with self._store.noting(write=True) as connection:
            _check(connection, user, conversation)
            _drop(connection, conversation, replaces)
            cursor = connection.execute(
                "INSERT INTO messages (conversation_id, question, scope, created, folded, answer) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    conversation,
                    question,
                    to_json(asdict(where or Filter())),
                    now,
                    fold(f"{question}\n{answer.text}"),
                    to_json(answer.to_dict()),
                ),
            )
            connection.execute(
                "UPDATE conversations SET updated = ?, title = iif(title = '', ?, title) WHERE id = ?",
                (now, _line(question, TITLE_CHARACTERS), conversation),
            )
            return int(cursor.lastrowid or 0)

    def messages(self, user: str, conversation: int) -> _Messages:
        """Return the messages of a conversation, oldest first."""
        with self._store.noting() as connection:
            _check(connection, user, conversation)
            rows = connection.execute(
                "SELECT id, question, answer, (SELECT kind FROM feedback WHERE message_id = messages.id) "
                "FROM messages WHERE conversation_id = ? ORDER BY id",
                (conversation,),
            ).fetchall()
        return [
            Message(id=row[0], question=row[1], answer=_answer(row[2]), feedback=row[3] or "") for row in rows
        ]

    def drop(self, user: str, conversation: int, messages: Collection[int]) -> None:
        """Drop messages of a conversation by their ids; what was thought of them is kept for evaluation."""
        with self._store.noting(write=True) as connection:
            _check(connection, user, conversation)
            _drop(connection, conversation, messages)

    def answer(self, user: str, message: int) -> Answer:
        """Return the answer of one message."""
        with self._store.noting() as connection:
            return _answer(_message(connection, user, message)[3])

    # --- feedback ------------------------------------------------------------------------------------------

    def feedback(self, user: str, message: int, kind: str, note: str = "", *, citation: int = 0) -> None:
        """Keep what a user thinks of an answer, the last word only; an empty ``kind`` takes it back.

        Raises
        ------
        SettingsError
            the kind is none of ``ui.datatypes.Feedback``.
        """
        if kind and kind not in get_args(Feedback):
            raise SettingsError(
                f"The feedback {kind!r} is unknown; {', '.join(get_args(Feedback))} are known."
            )
        with self._store.noting(write=True) as connection:
            conversation, _, scope, answer = _message(connection, user, message)
            if not kind:
                connection.execute("DELETE FROM feedback WHERE message_id = ?", (message,))
                return
            earlier = connection.execute(
                "SELECT question FROM messages WHERE conversation_id = ? AND id < ? ORDER BY id",
                (conversation, message),
            )
            history = to_json([question for (question,) in earlier])
            connection.execute(
                "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (message, conversation, kind, note[:MAX_NOTE], citation, history, scope, answer, _now()),
            )

    def judgements(self, user: str | None = None) -> _Judgements:
        """Return what a user thought of answers, or with None what all users did, oldest first."""
        with self._store.noting() as connection:
            rows = connection.execute(
                "SELECT user, message_id, kind, note, citation, history, scope, answer, feedback.created "
                "FROM feedback JOIN conversations ON conversations.id = conversation_id "
                "WHERE ? IS NULL OR user = ? ORDER BY feedback.created, message_id",
                (user, user),
            ).fetchall()
        return [
            Judgement(
                user=row[0],
                message_id=row[1],
                kind=row[2],
                note=row[3],
                citation=row[4],
                history=tuple(json.loads(row[5])),
                where=_filter(row[6]),
                answer=_answer(row[7]),
                created=row[8],
            )
            for row in rows
        ]


def questions_file(judgements: Iterable[Judgement], names: Mapping[int, str]) -> str:
    """Return a questions file (JSONL) of what was judged, ready for ``chuchu eval``.

    A good answer becomes the gold answer with its quotes as evidence; of a bad one only the question is known,
    and whoever evaluates fills in the rest. ``feedback`` holds the verdict and the whole answer as it was.

    Args:
        judgements: the latest of the same question counts.
        names: file names by document id, for questions that were asked of some documents only.
    """
    lines: dict[tuple[str, tuple[str, ...], Filter], str] = {}
    for judgement in judgements:
        key = (judgement.answer.question, judgement.history, judgement.where)
        lines.pop(key, None)
        lines[key] = to_json(_question(judgement, names))
    return "".join(line + "\n" for line in lines.values())


def _question(judgement: Judgement, names: Mapping[int, str]) -> dict[str, Any]:
    answer, where = judgement.answer, judgement.where
    scope = [*where.documents, *(names[number] for number in where.document_ids if number in names)]
    asked: dict[str, Any] = {
        "id": f"feedback-{judgement.message_id}",
        "question": answer.question,
        "language": answer.language,
        "history": list(judgement.history),
        "scope": scope,
    }
    if judgement.kind == "up" and answer.status == "unanswerable":
        asked |= {"type": "unanswerable", "answers": []}
    elif judgement.kind == "up":
        asked |= {
            "answers": [answer.short_answer] if answer.short_answer else None,
            "evidence": list(dict.fromkeys(citation.quote for citation in answer.citations)),
            "documents": list(dict.fromkeys(file_name(citation.source) for citation in answer.citations)),
        }
    verdict = {
        "kind": judgement.kind,
        "note": judgement.note,
        "citation": judgement.citation,
        "created": judgement.created,
    }
    return asked | {"feedback": verdict | {"answer": answer.to_dict()}}


class _Memory:
    """A database that ends with the program; its one connection lets one thread in at a time."""

    def __init__(self) -> None:
        self._connection = connect_memory()
        self._lock = threading.RLock()

    @contextmanager
    def noting(self, *, write: bool = False) -> Iterator[Connection]:
        """Lend the connection; with ``write``, inside a transaction."""
        with self._lock:
            if not write:
                yield self._connection
                return
            with transaction(self._connection):
                yield self._connection


def _check(connection: Connection, user: str, conversation: int) -> None:
    """Raise LibraryError unless a conversation is this user's."""
    if not connection.execute(
        "SELECT 1 FROM conversations WHERE id = ? AND user = ?", (conversation, user)
    ).fetchone():
        raise LibraryError(f"There is no conversation {conversation} any more: begin a new one.")


def _summaries(connection: Connection, condition: str, values: Sequence[object]) -> list[Summary]:
    """Return what the list says of the conversations that fulfil a condition; ``said`` are their messages."""
    rows = connection.execute(
        "SELECT id, title, updated, (SELECT count(*) FROM messages WHERE conversation_id = conversations.id) AS said "
        f"FROM conversations WHERE {condition}",
        values,
    )
    return [Summary(id=row[0], title=row[1], updated=row[2], messages=row[3]) for row in rows]


def _drop(connection: Connection, conversation: int, messages: Collection[int]) -> None:
    connection.execute(
        "DELETE FROM messages WHERE conversation_id = ? AND id IN (SELECT value FROM json_each(?))",
        (conversation, to_json(list(messages))),
    )


def _message(connection: Connection, user: str, message: int) -> tuple[int, str, str, str]:
    """Return conversation, question, scope and answer of a message of this user's."""
    row: tuple[int, str, str, str] | None = connection.execute(
        "SELECT conversation_id, question, scope, answer FROM messages WHERE id = ? AND conversation_id IN "
        "(SELECT id FROM conversations WHERE user = ?)",
        (message, user),
    ).fetchone()
    if row is None:
        raise LibraryError(f"There is no message {message} any more: ask again.")
    return row


def _answer(stored: str) -> Answer:
    return Answer.from_dict(json.loads(stored))


def _filter(stored: str) -> Filter:
    fields: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in json.loads(stored).items()
    }
    return Filter(**fields)


def _line(text: str, limit: int) -> str:
    """Return a text as one line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
