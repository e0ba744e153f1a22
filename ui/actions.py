"""What the page can ask for, one method each. Takes a user and plain values, gives plain values; knows no Gradio.

Holds no state of any session: which conversation is open and what is ticked comes with each call.
"""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from time import monotonic
from typing import Any, Literal, cast

from index.datatypes import Filter
from index.errors import ChuchuError, LibraryError
from index.ingest import IngestReport
from rag.assistant import Assistant
from rag.datatypes import Answer, Event, Passage
from ui import panels, render
from ui.choices import Choices, without_credentials
from ui.conversations import LibraryConversations
from ui.datatypes import Feedback, Language, Message
from ui.errors import in_language
from ui.reading import Reading
from ui.strings import say
from ui.suggestions import Suggestions
from ui.uploads import Upload, keep

Values = Mapping[str, Any]
Reply = dict[str, Any]
Action = Callable[[str, Values, Language], Reply]

_log = logging.getLogger(__name__)

_UPDATE_S = 0.15  # between two updates of a stream: what the eye follows, and what many users at once allow
_TURNS_OF_HISTORY = 6
_STOPPED = 1_000  # questions that are remembered as stopped; fewer wait at any time
_TICKET_CHARS = 40
_UNKEPT = 0  # stands for the id of a message that could not be kept; no message has it
FEEDBACK: tuple[Feedback, ...] = ("up", "down", "wrong_citation")


class Actions:
    """Serves all sessions of one assistant; may be shared by threads."""

    def __init__(
        self,
        choices: Choices,
        conversations: LibraryConversations,
        uploaded: Path,
        more: Mapping[str, Action] | None = None,
        max_bytes: int | None = None,
    ) -> None:
        """Take who may answer, what keeps conversations, the folder of uploads, and other pages' actions.

        ``max_bytes`` is how large a file may be that is read; None: the readers' own limit.
        """
        self.assistant = choices.default
        self.conversations = conversations
        self.reading = Reading(self.assistant.library)
        self._choices = choices
        self._suggestions = Suggestions(self.assistant)
        self._uploaded = uploaded
        self._max_bytes = max_bytes
        self._writing = threading.Lock()  # the library has one writer: who comes second waits
        self._stopped: deque[tuple[str, str]] = deque(maxlen=_STOPPED)  # users and tickets
        self._started = secrets.token_hex(4)  # another one after each start, which a page notices by it
        own: dict[str, Action] = {
            "alive": lambda user, values, language: {"server": self._started},
            "answerers": self._answerers,
            "stop": self._stop,
            "documents": self._documents,
            "remove": self._remove,
            "conversations": self._conversations,
            "conversation": self._conversation,
            "rename": self._rename,
            "delete": self._delete,
            "evidence": self._evidence,
            "reader": self._reader,
            "page": self._page,
            "undo": self._undo,
            "feedback": self._feedback,
            "examples": self._examples,
            "follow_ups": self._follow_ups,
            "export": self._export,
            "stats": self._stats,
            "verify": self._verify,
        }
        self._actions: Mapping[str, Action] = {**own, **(more or {})}

    def call(self, user: str, action: str, values: Values, language: Language) -> Reply:
        """Do one thing; what goes wrong comes back as ``{"error": sentence}``."""
        try:
            if action not in self._actions:
                raise LibraryError(f"the page asked for {action[:40]!r}, which there is not; load it again")
            return self._actions[action](user, values, language)
        except Exception as error:
            return {"error": told(error, language)}

    # --- asking --------------------------------------------------------------------------------------------

    def ask(self, user: str, values: Values, language: Language) -> Iterator[Reply]:
        """Answer a question in steps, each a whole picture of the answer so far; store it at the end.

        ``values``: question; conversation (None: a new one); replaces (a message, which goes with all after it
        once the new answer is there); shown (the last message that the page shows: later ones are another page's
        and stay); documents (ids to ask, empty: all); exclude (chunks to leave out); answerer (the key of a
        choice; "" or none: the default); ticket (what the page calls this question: "stop" with it ends it, also
        where it comes first).
        """
        try:
            with closing(self._ask(user, values, language)) as steps:
                while (user, _ticket(values)) not in self._stopped and (reply := next(steps, None)):
                    yield reply
        except Exception as error:
            yield {"phase": "error", "error": told(error, language)}

    def _ask(self, user: str, values: Values, language: Language) -> Generator[Reply, None, None]:
        question = str(values.get("question", ""))
        conversation = _maybe_int(values.get("conversation"))
        earlier = [] if conversation is None else self.conversations.messages(user, conversation)
        replaces, replaced = _maybe_int(values.get("replaces")), list[int]()
        if replaces is not None:
            position = _position(earlier, replaces)
            earlier, replaced = earlier[:position], _shown(earlier[position:], values)
        history = [(m.question, m.answer.text) for m in earlier[-_TURNS_OF_HISTORY:]]
        where = Filter(
            document_ids=tuple(_ints(values.get("documents"))),
            exclude_chunks=tuple(_ints(values.get("exclude"))),
        )
        assistant = self._choices.assistant(str(values.get("answerer") or ""))
        answer = yield from self._stream(assistant, question, history, where, language)
        try:
            if conversation is None:
                conversation = self.conversations.new(user)
            message = self.conversations.append(
                user, conversation, answer.question, answer, where=where, replaces=replaced
            )
        except Exception as error:  # it took its time to be made, and can be read all the same
            yield {
                "phase": "error",
                "error": say(language, "not_kept", reason=told(error, language)),
                "html": render.answer_html(_UNKEPT, answer, language),
                "cards": render.cards_html(_UNKEPT, answer, language),
            }
            return
        made = Message(id=message, question=answer.question, answer=answer)
        yield {
            "phase": "answer",
            "conversation": conversation,
            "message": message,
            "html": render.turn_html(made, language),
            "cards": render.cards_html(message, answer, language),
        }

    def _stop(self, user: str, values: Values, language: Language) -> Reply:
        if ticket := _ticket(values):
            self._stopped.append((user, ticket))
        return {}

    def _answerers(self, user: str, values: Values, language: Language) -> Reply:
        return {"choices": [asdict(choice) for choice in self._choices.listed(language)]}

    def _stream(
        self,
        assistant: Assistant,
        question: str,
        history: Sequence[tuple[str, str]],
        where: Filter,
        language: Language,
    ) -> Generator[Reply, None, Answer]:
        text, passages, shown = "", tuple[Passage, ...](), 0.0
        for event in assistant.stream(question, history=history, where=where):
            if event.answer is not None:
                yield _picture(event, text, passages, language)  # the last moment to stop: then it is kept
                return event.answer
            text, passages = text + event.text, event.passages or passages
            if event.phase != "text" or monotonic() - shown >= _UPDATE_S:
                shown = monotonic() if event.phase == "text" else shown
                yield _picture(event, text, passages, language)
        raise RuntimeError("the stream ended without an answer")

    # --- conversations -------------------------------------------------------------------------------------

    def _conversations(self, user: str, values: Values, language: Language) -> Reply:
        query, current = str(values.get("query", "")), _maybe_int(values.get("conversation"))
        found = self.conversations.list(user, query)
        return {"html": panels.conversations_html(found, current, bool(query.strip()), language)}

    def _conversation(self, user: str, values: Values, language: Language) -> Reply:
        messages = self.conversations.messages(user, int(values["conversation"]))
        html = "".join(render.turn_html(message, language) for message in messages)
        last = messages[-1] if messages else None
        cards = render.cards_html(last.id, last.answer, language) if last else ""
        return {"html": html, "cards": cards, "message": last.id if last else None}

    def _rename(self, user: str, values: Values, language: Language) -> Reply:
        title = " ".join(str(values.get("title", "")).split())[:120]
        if title:
            self.conversations.rename(user, int(values["conversation"]), title)
        return self._conversations(user, {**values, "conversation": values.get("current")}, language)

    def _delete(self, user: str, values: Values, language: Language) -> Reply:
        self.conversations.delete(user, int(values["conversation"]))
        return self._conversations(user, {**values, "conversation": values.get("current")}, language)

    def _undo(self, user: str, values: Values, language: Language) -> Reply:
        conversation = int(values["conversation"])
        messages = self.conversations.messages(user, conversation)
        undone = messages[_position(messages, int(values["message"])) :]
        self.conversations.drop(user, conversation, _shown(undone, values))
        return {"question": undone[0].question}

    def _feedback(self, user: str, values: Values, language: Language) -> Reply:
        kind = values.get("kind") if values.get("kind") in FEEDBACK else ""
        self.conversations.feedback(
            user,
            int(values["message"]),
            str(kind),
            str(values.get("note", "")),
            citation=_maybe_int(values.get("citation")) or 0,
        )
        return {"said": say(language, "thanks") if kind else ""}

    def _export(self, user: str, values: Values, language: Language) -> Reply:
        from ui import export

        conversation = int(values["conversation"])
        messages = self.conversations.messages(user, conversation)
        title = self.conversations.summary(user, conversation).title or say(language, "new_chat")
        write, suffix, kind = {
            "html": (export.to_html, "html", "text/html"),
            "json": (export.to_json, "json", "application/json"),
        }.get(str(values.get("format")), (export.to_markdown, "md", "text/markdown"))
        text = write(title, messages, language)
        return {"text": text, "name": f"{_file_stem(title)}.{suffix}", "type": kind}

    # --- evidence and documents ----------------------------------------------------------------------------

    def _evidence(self, user: str, values: Values, language: Language) -> Reply:
        message = int(values["message"])
        return {"html": render.cards_html(message, self.conversations.answer(user, message), language)}

    def _reader(self, user: str, values: Values, language: Language) -> Reply:
        if "document" in values:
            return self.reading.document(int(values["document"]), language)
        answer = self.conversations.answer(user, int(values["message"]))
        return self.reading.evidence(answer, str(values["kind"]), int(values["number"]), language)

    def _page(self, user: str, values: Values, language: Language) -> Reply:
        spans = [(int(start), int(end)) for start, end in values.get("spans", [])]
        return self.reading.page(int(values["document"]), int(values["page"]), spans, language)

    def _documents(self, user: str, values: Values, language: Language) -> Reply:
        documents = self.assistant.library.documents()
        chosen = set(_ints(values.get("chosen")))
        kept = sorted(chosen & {info.id for info in documents})
        html = panels.documents_html(documents, chosen, str(values.get("query", "")), language)
        scope = (
            say(language, "scope_some", count=len(kept))
            if kept
            else say(language, "scope_all", count=len(documents))
        )
        return {"html": html, "chosen": kept, "scope": scope, "count": len(documents)}

    def _stats(self, user: str, values: Values, language: Language) -> Reply:
        library = self.assistant.library
        html = panels.stats_html(library.stats(), language)
        query = str(values.get("query", ""))
        found = panels.searched(library.documents(), query)
        outlines = {info.id: self.reading.outline(info.id) for info in found[: panels.SHOWN]}
        return {"html": html, "rows": panels.rows_html(found, outlines, bool(query.strip()), language)}

    def _verify(self, user: str, values: Values, language: Language) -> Reply:
        problems = [problem.message for problem in self.assistant.library.verify()]
        return {"html": panels.problems_html(problems, language)}

    def _remove(self, user: str, values: Values, language: Language) -> Reply:
        with self._writing:
            self.assistant.library.remove([int(values["document"])])
        return self._documents(user, values, language)

    def _examples(self, user: str, values: Values, language: Language) -> Reply:
        quick = panels.welcome_html([], language)
        if values.get("quick"):
            return {"html": quick}
        return {"html": panels.welcome_html(self._suggestions.examples(language), language)}

    def _follow_ups(self, user: str, values: Values, language: Language) -> Reply:
        answer = self.conversations.answer(user, int(values["message"]))
        asked = [m.question for m in self.conversations.messages(user, int(values["conversation"]))]
        found = self._suggestions.follow_ups(answer, asked)
        return {"html": panels.questions_html(found, say(language, "follow_up"), "follow-ups")}

    # --- reading files -------------------------------------------------------------------------------------

    def ingest(self, user: str, values: Values, language: Language) -> Iterator[Reply]:
        """Read uploads, or a document's file once more, into the library; tell how far it is.

        ``values``: files, each with the path it was uploaded to and its name; or document, an id.
        """
        try:
            yield from self._ingest(user, values, language)
        except Exception as error:
            yield {"done": True, "html": panels.failures_html([told(error, language)], language)}

    def _ingest(self, user: str, values: Values, language: Language) -> Iterator[Reply]:
        library = self.assistant.library
        if "document" in values:
            info = library.document_infos([int(values["document"])]).get(int(values["document"]))
            if info is None:
                raise LibraryError(
                    f"There is no document {values['document']} any more; load the page again."
                )
            paths, refused = [Path(info.source)], list[str]()
        else:
            uploads = [Upload(path=str(f["path"]), name=str(f["name"])) for f in values.get("files", [])]
            paths, refused = keep(uploads, library.folder, self._uploaded, language, user)
        report = IngestReport()
        if paths:
            report = yield from self._watched(paths, language)
        names = {str(path): path.name for path in paths}
        html = panels.report_html(report, names, refused, language)
        failed = len(report.failed) + len(refused)
        yield {"done": True, "html": html, "failed": failed, "changed": report.changed}

    def _watched(self, paths: Sequence[Path], language: Language) -> Generator[Reply, None, IngestReport]:
        """Ingest on a thread of its own and yield what it says, a few times a second."""
        said: queue.SimpleQueue[tuple[str, int, int] | None] = queue.SimpleQueue()
        outcome: list[IngestReport | BaseException] = []

        def work() -> None:
            try:
                with self._writing:
                    report = self.assistant.ingest(
                        paths,
                        max_bytes=self._max_bytes,
                        progress=lambda stage, done, total: said.put((stage, done, total)),
                    )
                outcome.append(report)
            except BaseException as error:
                outcome.append(error)
            said.put(None)

        threading.Thread(target=work, name="ingest", daemon=True).start()
        shown = 0.0
        while (step := said.get()) is not None:
            stage, done, total = step
            if monotonic() - shown >= _UPDATE_S:
                shown = monotonic()
                text = (
                    say(language, stage, done=done, total=total)
                    if stage != "indexing"
                    else say(language, stage)
                )
                yield {"done": False, "text": text, "share": done / total if total else 0.0}
        (result,) = outcome
        if isinstance(result, BaseException):
            raise result
        return result


def told(error: BaseException, language: Language) -> str:
    """Return the sentence that a person sees: an error's own, or a number that the log explains."""
    if isinstance(error, ChuchuError):
        return in_language(without_credentials(str(error)), language)
    number = secrets.token_hex(4)
    _log.error("internal error %s", number, exc_info=error)
    return say(language, "internal_error", id=number)


def _picture(event: Event, text: str, passages: Sequence[Passage], language: Language) -> Reply:
    if text:
        return {"phase": "text", "html": render.phase_html("writing", language, text=text)}
    phase: Literal["passages", "searching"] = "searching" if event.phase == "searching" else "passages"
    return {"phase": phase, "html": render.phase_html(phase, language, passages=passages)}


def _position(messages: Sequence[Message], message: int) -> int:
    for position, one in enumerate(messages):
        if one.id == message:
            return position
    raise LibraryError("that message is not in this conversation (any more); load the page again")


def _shown(messages: Sequence[Message], values: Values) -> list[int]:
    """Return the ids of those messages that the page shows; it has not seen what another page asked since."""
    last = _maybe_int(values.get("shown"))
    return [one.id for one in messages if last is None or one.id <= last]


def _ticket(values: Values) -> str:
    """Return what the page calls a question, cut: a thousand are remembered. "" where it has no name."""
    return str(values.get("ticket") or "")[:_TICKET_CHARS]


def _maybe_int(value: object) -> int | None:
    return None if value in (None, "") else int(cast("str", value))


def _ints(values: object) -> list[int]:
    return [int(value) for value in values] if isinstance(values, list | tuple) else []


def _file_stem(title: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in title)[:60].strip("-") or "chuchu"
