"""The assistant: opens a library, searches it, answers from it. Everything else is a part of it.

It holds no state of any question, so one assistant serves many threads and sessions.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING

from index.datatypes import Filter, Hit
from index.embedder import BUILTIN, load_embedder
from index.errors import LibraryError, QueryError, ReadError
from index.filters import check_filter
from index.library import Library, from_anywhere, unmatched
from index.search import MAX_QUERY, check_query, check_unicode, search
from index.text import detect_language
from rag.answerers import load_answerer
from rag.answerers.base import Draft, Question, Rewriter
from rag.citations import cite
from rag.datatypes import Answer, Event
from rag.followup import resolve
from rag.reader import Reader
from rag.remembering import RememberingEmbedder
from rag.reranker import Reranker, load_reranker
from rag.retriever import Retrieval, retrieve, search_options
from rag.settings import Settings

if TYPE_CHECKING:
    from index.embedder import Embedder
    from index.ingest import IngestReport, Progress
    from rag.answerers.base import Answerer
    from rag.evaluation.runner import Run

DEFAULT_LIBRARY = "chuchu-library"

Paths = str | Path | Sequence[str | Path]
History = Sequence[tuple[str, str] | str]
"""Earlier turns, oldest first: (question, answer) pairs, or questions alone."""

_log = logging.getLogger(__name__)


class Assistant:
    """Answers questions about the documents of one library. Models load when they are first needed."""

    def __init__(
        self,
        library: Library,
        *,
        settings: Settings | None = None,
        embedder: Embedder | str | None = None,
        dimensions: int | None = None,
        reader: Reader | None = None,
        reranker: Reranker | None = None,
        answerer: Answerer | None = None,
    ) -> None:
        """Take an open library.

        The embedder may be handed in, or named, or is the one that the library names, cut to ``dimensions``
        or else to those of the library; reranker and answerer are handed in, or are those that the settings name.
        """
        self.library = library
        self.settings = settings or Settings()
        self._embedder_name = embedder if isinstance(embedder, str) else ""
        self._dimensions = dimensions
        self._embedder = None if isinstance(embedder, str) else embedder
        self._follows = not embedder and dimensions is None  # whatever embedder the library is given
        self._reader = reader
        self._reranker = reranker
        self.handed_answerer = answerer  # None: it is the one that the settings name
        self._answerer = answerer
        self._recalls: RememberingEmbedder | None = None
        self._loading = threading.RLock()

    @classmethod
    def open(
        cls,
        library: str | Path = DEFAULT_LIBRARY,
        *,
        settings: Settings | None = None,
        embedder: Embedder | str | None = None,
        dimensions: int | None = None,
    ) -> Assistant:
        """Open a library that exists, with the settings kept in its folder unless others are handed in.

        Raises:
            LibraryError: it is missing, damaged, or made by a newer version.
            SettingsError: its settings file is wrong.
        """
        return cls(
            Library.open(library),
            settings=settings or Settings.load(Path(library)),
            embedder=embedder,
            dimensions=dimensions,
        )

    @classmethod
    def create(
        cls,
        library: str | Path = DEFAULT_LIBRARY,
        *,
        settings: Settings | None = None,
        embedder: Embedder | str | None = None,
        dimensions: int | None = None,
    ) -> Assistant:
        """Open a library, or make an empty one where there is none.

        Raises:
            LibraryError: it is damaged, made by a newer version, or the folder cannot be written.
            EmbedderMismatchError: it exists and was embedded with another model.
            ModelError: the embedder cannot be loaded.
        """
        if Library.exists(library):
            return cls.open(library, settings=settings, embedder=embedder, dimensions=dimensions)
        name = from_anywhere(embedder) if isinstance(embedder, str) else "" if embedder else BUILTIN
        loaded = (
            load_embedder(name, dimensions) if embedder is None or isinstance(embedder, str) else embedder
        )
        made = Library.create(
            library, fingerprint=loaded.fingerprint, dimensions=loaded.dimensions, embedder=name
        )
        assistant = cls(made, settings=settings, embedder=embedder, dimensions=dimensions)
        assistant._embedder = loaded
        return assistant

    @classmethod
    def from_documents(
        cls,
        documents: Paths,
        library: str | Path = DEFAULT_LIBRARY,
        *,
        settings: Settings | None = None,
        embedder: Embedder | str | None = None,
    ) -> Assistant:
        """Open or make a library, read what is new or changed in the documents, and return its assistant.

        Files that cannot be read are logged and left out; ``ingest`` returns them with their reasons.

        Raises:
            ReadError: nothing could be read, and the library holds nothing either.
        """
        assistant = cls.create(library, settings=settings, embedder=embedder)
        report = assistant.ingest(documents)
        for failure in report.failed:
            _log.warning("%s was left out: %s", failure.path, failure.reason)
        if not assistant.library.documents():
            reasons = "; ".join(f"{failure.path}: {failure.reason}" for failure in report.failed[:3])
            raise ReadError(
                reasons or f"there is nothing to read in {documents}; name files or folders with documents"
            )
        return assistant

    def with_answerer(self, name: str) -> Assistant:
        """Return an assistant that answers by another answerer, over the same library and the same other models.

        The library stays this one's to close.

        Raises:
            SettingsError: there is no answerer of that name.
            ModelError, EmbedderMismatchError: the embedder cannot be loaded.
        """
        made = Assistant(
            self.library,
            settings=self.settings.changed(answerer=name),
            embedder=None if self._follows else self.embedder,
            dimensions=self._dimensions,
            reader=self.reader,
            reranker=self.reranker,
        )
        made._embedder = self.embedder  # shared until a rebuild, also where it follows the library's
        return made

    @property
    def embedder(self) -> Embedder:
        """The library's embedder, loaded on first use; another one after a rebuild, unless one was asked for.

        Raises:
            ModelError, EmbedderMismatchError
        """
        with self._loading:
            stale = (
                self._follows and self._embedder and self._embedder.fingerprint != self.library.fingerprint
            )
            if self._embedder is None or stale:
                self._embedder = load_embedder(
                    *self.library.embedder_for(self._embedder_name, self._dimensions)
                )
                self._answerer, self._recalls = self.handed_answerer, None  # ours hold the one that was
            self.library.require(self._embedder.fingerprint)
            return self._embedder

    @property
    def reader(self) -> Reader:
        """The reader, loaded on first use."""
        with self._loading:
            self._reader = self._reader or Reader.load()
            return self._reader

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that the settings name, loaded on first use; None: the reader alone reranks.

        Raises:
            ModelError: it cannot be loaded.
        """
        with self._loading:
            self._reranker = self._reranker or load_reranker(self.settings.reranker)
            return self._reranker

    @property
    def answerer(self) -> Answerer:
        """The answerer that the settings name, made on first use."""
        with self._loading:
            remembering = self._remembering  # first: a rebuild may have changed the embedder
            self._answerer = self._answerer or load_answerer(self.settings, self.reader, remembering)
            return self._answerer

    @property
    def _remembering(self) -> RememberingEmbedder:
        """The embedder as questions use it: searching for an answer and looking for it embed the same texts."""
        with self._loading:
            embedder = self.embedder  # first: a rebuild may have changed it
            self._recalls = self._recalls or RememberingEmbedder(embedder)
            return self._recalls

    def ingest(
        self,
        documents: Paths,
        *,
        prune: bool = False,
        max_bytes: int | None = None,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Read new and changed files and folders into the library; see ``index.ingest.ingest``."""
        from index.ingest import ingest
        from index.readers import ReadLimits

        paths = [documents] if isinstance(documents, str | Path) else documents
        limits = ReadLimits() if max_bytes is None else ReadLimits(max_bytes=max_bytes)
        return ingest(
            self.library,
            [Path(p) for p in paths],
            self.embedder,
            limits=limits,
            prune=prune,
            progress=progress,
        )

    def search(
        self, query: str, k: int = 10, *, documents: str | Sequence[str] = (), where: Filter | None = None
    ) -> list[Hit]:
        """Return the chunks that match a query best.

        Args:
            query: words or a question.
            k: how many hits at most.
            documents: shell patterns on file names or paths, or one; any may match.
            where: a whole filter instead, also by date and language.

        Raises:
            QueryError: the query is empty or too long, or no document has such a name or id.
        """
        where = self._existing(where or _only(documents))
        return search(
            self.library, self.embedder, query, k, where=where, options=search_options(self.settings)
        )

    def ask(
        self,
        question: str,
        *,
        history: History = (),
        documents: str | Sequence[str] = (),
        where: Filter | None = None,
    ) -> Answer:
        """Answer a question from the documents.

        Args:
            question: in Chinese, English or one of fifteen more languages; may lean on the history ("那2023年呢？").
            history: earlier turns, oldest first.
            documents: shell patterns on file names or paths, or one; any may match.
            where: a whole filter instead, also by date, language and chunks to leave out.

        Raises:
            QueryError: the question is empty or too long, or no document has such a name or id.
            AnswererError: a language model could not be reached or failed.
        """
        for event in self.stream(question, history=history, documents=documents, where=where):
            if event.answer is not None:
                return event.answer
        raise RuntimeError("the stream ended without an answer")

    def stream(
        self,
        question: str,
        *,
        history: History = (),
        documents: str | Sequence[str] = (),
        where: Filter | None = None,
    ) -> Iterator[Event]:
        """Answer as ``ask`` does, in steps: searching → passages → text … → answer."""
        begun = perf_counter()
        asked = self._asked(check_query(question), history)
        where = self._existing(where or _only(documents))
        yield Event(phase="searching", query=asked.text)
        found = retrieve(
            self.library, self._remembering, self.reader, asked.text, self.settings, where, self.reranker
        )
        yield Event(phase="passages", query=asked.text, passages=found.passages)
        draft = None
        for piece in self.answerer.stream(asked, found.passages):
            if isinstance(piece, Draft):
                draft = piece
            else:
                yield Event(phase="text", text=piece)
        assert draft is not None, "an answerer ends its stream with a draft"
        yield Event(phase="answer", answer=self._finish(asked, found, draft, begun))

    def _existing(self, where: Filter) -> Filter:
        """Return a filter whose documents exist: finding nothing in documents that do not exist is no answer."""
        check_filter(where)
        if where.documents and (unknown := self.library.without_match(where.documents)):
            raise QueryError(unmatched(unknown))
        if where.document_ids and not self.library.document_infos(where.document_ids):
            raise QueryError("the chosen documents are not in the library any more; choose again")
        return where

    def _asked(self, text: str, history: History) -> Question:
        """Make a question stand alone by its history, and tell its language.

        A language model rewrites it; where there is none, or it does not succeed, rules do.
        """
        turns = _turns(history)
        language = detect_language(text, default=detect_language(turns[-1][0]) if turns else "zh")
        alone = text
        if turns:
            answerer = self.answerer
            written = answerer.rewrite(text, turns, language) if isinstance(answerer, Rewriter) else ""
            alone = written or resolve(text, turns)
            if len(alone) > MAX_QUERY:  # a long turn before; what was asked now is a question all the same
                alone = text
        return Question(text=alone, original=text, language=language, history=turns)

    def _finish(self, asked: Question, found: Retrieval, draft: Draft, begun: float) -> Answer:
        with self.library.snapshot():
            citations = cite(draft, found.passages, self._text)
        total = perf_counter() - begun
        spent = sum(found.timings.values())
        return Answer(
            question=asked.original,
            query=asked.text,
            language=asked.language,
            status="answered" if draft.answered else "unanswerable",
            text=draft.text,
            short_answer=draft.short_answer,
            confidence=draft.confidence,
            citations=citations,
            passages=found.passages,
            timings={**found.timings, "answer_s": total - spent, "total_s": total},
            settings=self.fingerprint,
            notes=draft.notes,
            doubts=draft.doubts,
        )

    def _text(self, document_id: int) -> str | None:
        """Return the stored text that a citation is checked against; None when the document is gone."""
        try:
            return self.library.document(document_id).text
        except LibraryError:
            return None

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with any setting or model."""
        parts = (self.settings, self.embedder, self.reader, self.reranker, self.answerer)
        prints = [part.fingerprint for part in parts if part is not None]
        return hashlib.sha256("\n".join(prints).encode()).hexdigest()[:16]

    def evaluate(
        self,
        questions: str | Path,
        out: str | Path | None = None,
        *,
        workers: int | None = None,
        skip_bad: bool = False,
        overwrite: bool = False,
    ) -> Run:
        """Ask all questions of a file, score the answers, and write a run folder if ``out`` names one.

        Raises:
            QuestionsError: a line of the file is bad, or ``out`` holds another run.
            AnswererError: answering failed several times in a row; what was done is kept.
        """
        from rag.evaluation.questions import read_questions
        from rag.evaluation.runner import evaluate

        asked = read_questions(questions, skip_bad=skip_bad)
        return evaluate(self, asked, out, workers=workers, overwrite=overwrite)

    def close(self) -> None:
        """Close the library."""
        self.library.close()

    def __enter__(self) -> Assistant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _only(documents: str | Sequence[str]) -> Filter:
    if isinstance(documents, Iterable):  # anything else is refused as a filter
        documents = (documents,) if isinstance(documents, str) else tuple(documents)
    return Filter(documents=documents)


def _turns(history: History) -> tuple[tuple[str, str], ...]:
    """Return the turns before as questions and answers.

    Raises:
        QueryError: it is something else, or no valid Unicode.
    """
    try:
        turns = tuple((turn, "") if isinstance(turn, str) else (turn[0], turn[1]) for turn in history)
        readable = all(isinstance(text, str) for turn in turns for text in turn)
    except (TypeError, LookupError):
        readable = False
    if not readable or isinstance(history, str):
        raise QueryError(
            "the history is no list of earlier turns; give questions, or (question, answer) pairs"
        )
    for turn in turns:
        check_unicode("".join(turn))
    return turns
