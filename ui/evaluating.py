"""The Evaluate page's actions: run a questions file, keep the run, show what fails. Knows no Gradio.

Runs are kept by user inside the library's folder, as run folders that ``chuchu compare`` reads.
"""

from __future__ import annotations

import queue
import re
import shutil
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from index.errors import ChuchuError, QuestionsError
from rag.assistant import Assistant
from rag.doubts import SIGN, explain
from ui.actions import Reply, Values, told
from ui.datatypes import Conversations, Language
from ui.strings import say
from ui.uploads import inside, safe_name

if TYPE_CHECKING:
    from rag.datatypes import Answer
    from rag.evaluation.questions import QuestionSet
    from rag.evaluation.results import Result
    from rag.evaluation.runner import Run

FOLDER = "runs"  # inside the library
_DRAFTED = 30  # questions made where there is no file
_SHOWN = 200  # failures
_UPDATE_S = 0.2
_RUN_NAME = re.compile(r"\d{8}-\d{6}")


class StoppedError(ChuchuError):
    """The person stopped the run; what was done is kept."""


class Evaluating:
    """Runs evaluations for all sessions of one assistant, one after another."""

    def __init__(self, assistant: Assistant, conversations: Conversations, uploaded: Path) -> None:
        """Take an open assistant, what keeps conversations, and the folder that the server puts uploads in."""
        self._assistant = assistant
        self._conversations = conversations
        self._uploaded = uploaded
        self._turn = threading.Lock()  # one run at a time: each uses all cores

    def runs(self, user: str, values: Values, language: Language) -> Reply:
        """Return the list of past runs, the latest first."""
        from rag.evaluation.runner import Run

        rows = []
        for folder in sorted(self._folder(user).glob("*"), reverse=True)[:50]:
            try:
                run = Run.load(folder)
            except (ChuchuError, OSError):  # cut short before it had anything
                continue
            accuracy = run.metrics["overall"]["answer_accuracy"]["value"]
            share = "" if accuracy is None else f" · {accuracy:.0%}"
            when = datetime.strptime(folder.name, "%Y%m%d-%H%M%S").strftime("%Y-%m-%d %H:%M UTC")
            count = say(language, "questions_count", count=len(run.results))
            rows.append(
                f'<li><button type="button" data-do="open_run" data-run="{escape(folder.name)}">'
                f"{escape(when)}</button> <small>{escape(count + share)}</small></li>"
            )
        return {"html": "".join(rows) or f'<li class="empty">{escape(say(language, "no_runs"))}</li>'}

    def run(self, user: str, values: Values, language: Language) -> Reply:
        """Return one run: metrics, plots, failures."""
        return {"html": run_html(self._load(user, values), language), "run": values["run"]}

    def report(self, user: str, values: Values, language: Language) -> Reply:
        """Return the whole report of a run as one file."""
        from rag.evaluation.report import report_html

        run = self._load(user, values)
        return {"text": report_html(run), "name": f"chuchu-{values['run']}.html", "type": "text/html"}

    def open_result(self, user: str, values: Values, language: Language) -> Reply:
        """Put a question of a run with its answer into a conversation of its own; returns its id."""
        run = self._load(user, values)
        found = next((r for r in run.results if r.question.id == values["question"]), None)
        if found is None or found.answer is None:
            raise QuestionsError("that question has no answer in this run; choose another")
        conversation = self._conversations.new(user)
        self._conversations.append(user, conversation, found.answer.question, found.answer)
        return {"conversation": conversation}

    def evaluate(self, user: str, values: Values, language: Language) -> Iterator[Reply]:
        """Run a file of questions, or questions drafted from the documents, and tell how far it is.

        ``values``: file with the path it was uploaded to and its name; or nothing, to draft some.
        """
        stop = threading.Event()
        try:
            yield from self._evaluate(user, values, language, stop)
        except Exception as error:
            yield {"done": True, "error": told(error, language)}
        finally:
            stop.set()  # also when the browser is gone: Gradio closes the generator

    def _evaluate(
        self, user: str, values: Values, language: Language, stop: threading.Event
    ) -> Iterator[Reply]:
        if not self._turn.acquire(blocking=False):
            raise QuestionsError(say(language, "run_busy"))
        try:
            questions = self._questions(values)
            name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            run = yield from self._watched(questions, self._folder(user) / name, language, stop)
            yield {"done": True, "run": name, "html": run_html(run, language)}
        finally:
            self._turn.release()

    def _questions(self, values: Values) -> QuestionSet:
        from rag.evaluation.make_questions import make_questions
        from rag.evaluation.questions import QuestionSet, read_questions

        file = values.get("file")
        if not isinstance(file, Mapping):
            made = make_questions(self._assistant.library, _DRAFTED)
            return QuestionSet(path="", questions=made, texts={}, skipped=(), notes=())
        path = inside(str(file.get("path")), self._uploaded)
        if path is None:
            raise QuestionsError("the upload did not finish; choose the file again")
        named = path.with_name(f"{safe_name(str(file.get('name'))).name}")
        if path != named:
            shutil.move(path, named)
        try:
            return read_questions(named)
        finally:
            named.unlink(missing_ok=True)

    def _watched(
        self, questions: QuestionSet, folder: Path, language: Language, stop: threading.Event
    ) -> Generator[Reply, None, Run]:
        """Evaluate on a thread of its own and yield how many questions are done."""
        from rag.evaluation.runner import evaluate

        said: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        outcome: list[Run | BaseException] = []

        def progress(count: int) -> None:
            if stop.is_set():
                raise StoppedError(say(language, "run_stopped"))
            said.put(count)

        def work() -> None:
            try:
                outcome.append(evaluate(self._assistant, questions, folder, progress=progress))
            except BaseException as error:
                outcome.append(error)
            said.put(None)

        threading.Thread(target=work, name="evaluation", daemon=True).start()
        done, total, shown = 0, len(questions.questions), 0.0
        yield _progress(0, total, language)
        while (count := said.get()) is not None:
            done += count
            if monotonic() - shown >= _UPDATE_S:
                shown = monotonic()
                yield _progress(done, total, language)
        (result,) = outcome
        if isinstance(result, BaseException):
            raise result
        return result

    def _folder(self, user: str) -> Path:
        return self._assistant.library.folder / FOLDER / safe_name(user).name

    def _load(self, user: str, values: Values) -> Run:
        from rag.evaluation.runner import Run

        name = str(values.get("run", ""))
        if not _RUN_NAME.fullmatch(name):
            raise QuestionsError("there is no such run; choose one of the list")
        return Run.load(self._folder(user) / name)


def run_html(run: Run, language: Language) -> str:
    """Return a run's metrics with their intervals, its plots, and the list of its failures."""
    from rag.evaluation.plots import plots
    from rag.evaluation.report import figure

    overall = run.metrics["overall"]
    rows = "".join(
        f"<tr><th>{_word(f'metric.{name}', language)}</th><td>{figure(metric['value'], name)}</td>"
        f"<td>{figure(metric['low'], name)} – {figure(metric['high'], name)}</td><td>{metric['n']}</td></tr>"
        for name, metric in overall.items()
        if metric["value"] is not None
    )
    head = "".join(f"<th>{_word(key, language)}</th>" for key in ("metric", "value", "interval", "count"))
    drawings = "".join(
        f"<figure><figcaption>{_word(f'plot.{name}', language)}</figcaption>{drawing}</figure>"
        for name, drawing in plots(run.metrics).items()
    )
    report = escape(say(language, "download_report"))
    return (
        f"<h2>{escape(say(language, 'questions_count', count=len(run.results)))}</h2>{_doubted(run, language)}"
        f'<button type="button" class="button" data-do="report">{report}</button>'
        f'<table class="metrics"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f'<div class="plots">{drawings}</div>{_failures_html(run.results, language)}'
    )


def _doubted(run: Run, language: Language) -> str:
    count = run.metrics.get("doubted_sentences", 0)  # runs of earlier versions do not tell
    return f'<p class="bad">{SIGN} {escape(say(language, "doubted_count", count=count))}</p>' if count else ""


def _failures_html(results: Sequence[Result], language: Language) -> str:
    failed = [result for result in results if result.failure]
    label = escape(say(language, "failures_count", count=len(failed), total=len(results)))
    rows = "".join(_failure(result, language) for result in failed[:_SHOWN])
    return f'<h2>{label}</h2><ul class="failures">{rows}</ul>'


def _failure(result: Result, language: Language) -> str:
    question, answer = result.question, result.answer
    gold = " | ".join(question.answers or ()) or say(language, "unanswerable")
    got = (answer.short_answer or answer.text) if answer else result.error
    if answer and answer.status == "unanswerable":
        got = say(language, "unanswerable")
    openable = f' data-do="open_result" data-question="{escape(question.id)}"' if answer else " disabled"
    return (
        f'<li><button type="button"{openable}><b>{escape(question.question)}</b>'
        f'<span class="kind">{_word(f"failure.{result.failure}", language)}</span>'
        f"<small>{escape(say(language, 'expected'))} {escape(gold[:120])}</small>"
        f"<small>{escape(say(language, 'got'))} {escape(got[:120])}</small>{_doubts(answer, language)}</button></li>"
    )


def _doubts(answer: Answer | None, language: Language) -> str:
    """Return the sentences of an answer that its passages do not bear out, each with the reason."""
    if answer is None:
        return ""
    sentences = ((answer.text[d.start : d.end][:160], explain(d, language)) for d in answer.doubts)
    return "".join(
        f'<small class="bad">{SIGN} “{escape(said)}” {escape(why)}</small>' for said, why in sentences
    )


def _word(key: str, language: Language) -> str:
    """Return a word of the reports, escaped; an unknown key stands for itself."""
    from rag.evaluation.strings import STRINGS

    pair = STRINGS.get(key, (key.partition(".")[2] or key,) * 2)
    return escape(pair[0 if language == "zh" else 1])


def _progress(done: int, total: int, language: Language) -> dict[str, Any]:
    text = say(language, "running", done=done, total=total)
    return {"done": False, "text": text, "share": done / total if total else 0.0}
