"""The Evaluate page's actions: run a questions file, keep the run, show what fails. Knows no Gradio.

Runs are kept by user inside the library's folder, as run folders that ``chuchu compare`` reads.
"""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from index.errors import ChuchuError, QuestionsError
from rag.assistant import Assistant
from rag.doubts import SIGN, explain
from ui.actions import Reply, Values, told
from ui.choices import Choices, label
from ui.conversations import LibraryConversations
from ui.datatypes import Language
from ui.strings import say
from ui.uploads import inside, own_name, safe_name

if TYPE_CHECKING:
    from rag.datatypes import Answer
    from rag.evaluation.questions import QuestionSet
    from rag.evaluation.results import Result
    from rag.evaluation.runner import Run

FOLDER = "runs"  # inside the library
_DRAFTED = 30  # questions made where there is no file
_SHOWN = 200  # failures
_UPDATE_S = 0.2
_RUN_NAME = "%Y%m%d-%H%M%S"
_LISTED = 50  # runs


class Evaluating:
    """Runs evaluations for all sessions of one assistant, one after another."""

    def __init__(self, choices: Choices, conversations: LibraryConversations, uploaded: Path) -> None:
        """Take who may answer, what keeps conversations, and the folder that the server puts uploads in."""
        self._choices = choices
        self._library = choices.default.library
        self._conversations = conversations
        self._uploaded = uploaded
        self._turn = threading.Lock()  # one run at a time: each uses all cores
        self._under_way: tuple[str, threading.Event] | None = None  # whose it is, and what stops it

    def runs(self, user: str, values: Values, language: Language) -> Reply:
        """Return the list of past runs, the latest first."""
        rows = []
        for name, begun, run in islice(self._past(user), _LISTED):
            accuracy = run.metrics["overall"]["answer_accuracy"]["value"]
            share = "" if accuracy is None else f" · {accuracy:.0%}"
            when = begun.strftime("%Y-%m-%d %H:%M UTC")
            facts = _facts(run, language) + share
            rows.append(
                f'<li><button type="button" data-do="open_run" data-run="{escape(name)}">'
                f"{escape(when)}</button> <small>{escape(facts)}</small></li>"
            )
        return {"html": "".join(rows) or f'<li class="empty">{escape(say(language, "no_runs"))}</li>'}

    def _past(self, user: str) -> Iterator[tuple[str, datetime, Run]]:
        """Yield a user's runs, the latest first, each with its name and when it was begun."""
        from rag.evaluation.runner import Run

        for folder in sorted(self._folder(user).glob("*"), reverse=True):
            begun = _begun(folder.name)
            if begun is None:  # no run's: somebody put it there
                continue
            try:
                run: Run | None = Run.load(folder)
            except (ChuchuError, OSError):  # cut short, or damaged
                run = self._rest(folder)
            if run is not None:
                yield folder.name, begun, run

    def _rest(self, folder: Path) -> Run | None:
        """Finish a run that a killed server left; None where there is nothing to finish, or it may be under way."""
        if not self._turn.acquire(blocking=False):
            return None
        try:
            return _ended(folder)
        finally:
            self._turn.release()

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

        A run that is stopped, or whose browser is gone, ends after the question under way and is listed with
        what was asked until then.

        ``values``: file with the path it was uploaded to and its name; or nothing, to draft some; answerer (the
        key of a choice; "" or none: the default).
        """
        try:
            yield from self._evaluate(user, values, language)
        except Exception as error:
            yield {"done": True, "error": told(error, language)}

    def stop(self, user: str, values: Values, language: Language) -> Reply:
        """Let a user's run end with what was asked so far."""
        under_way = self._under_way
        if under_way is not None and under_way[0] == user:
            under_way[1].set()
        return {}

    def _evaluate(self, user: str, values: Values, language: Language) -> Iterator[Reply]:
        if not self._turn.acquire(blocking=False):
            raise QuestionsError(say(language, "run_busy"))
        try:
            assistant = self._choices.assistant(str(values.get("answerer") or ""))
            questions = self._questions(values)
            name = datetime.now(UTC).strftime(_RUN_NAME)
            folder = self._folder(user) / name
            work = _Work(assistant, questions, folder, language, finished=self._turn.release)
        except BaseException:
            self._turn.release()
            raise
        self._under_way = (user, work.stop)
        try:
            run = yield from work.watched()
        finally:
            work.stop.set()  # also when the browser is gone: Gradio closes the generator
        yield {"done": True, "run": name, "html": run_html(run, language)}

    def _questions(self, values: Values) -> QuestionSet:
        from rag.evaluation.make_questions import make_questions
        from rag.evaluation.questions import QuestionSet, read_questions

        file = values.get("file")
        if not isinstance(file, Mapping):
            made = make_questions(self._library, _DRAFTED)
            return QuestionSet(path="", questions=made, texts={}, skipped=(), notes=())
        path = inside(str(file.get("path")), self._uploaded)
        if path is None:
            raise QuestionsError("the upload did not finish; choose the file again")
        named = path.with_name(f"{safe_name(str(file.get('name'))).name}")
        if path != named:
            shutil.move(path, named)
        try:
            return replace(read_questions(named), path=named.name)
        except QuestionsError as error:  # where it lies for the moment is nobody's business
            raise QuestionsError(str(error).replace(str(named), named.name)) from error
        finally:
            named.unlink(missing_ok=True)

    def _folder(self, user: str) -> Path:
        return self._library.folder / FOLDER / own_name(user)

    def _load(self, user: str, values: Values) -> Run:
        from rag.evaluation.runner import Run

        name = str(values.get("run", ""))
        if _begun(name) is None:
            raise QuestionsError("there is no such run; choose one of the list")
        return Run.load(self._folder(user) / name)


class _Work:
    """A run on a thread of its own, which goes on until it is done or stopped, watched or not."""

    def __init__(
        self,
        assistant: Assistant,
        questions: QuestionSet,
        folder: Path,
        language: Language,
        *,
        finished: Callable[[], None],
    ) -> None:
        """Begin; ``finished`` is called when nothing is under way any more."""
        self.stop = threading.Event()
        self._language = language
        self._total = len(questions.questions)
        self._said: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._outcome: list[Run | BaseException] = []
        work = (assistant, questions, folder, finished)
        threading.Thread(target=self._run, args=work, name="evaluation", daemon=True).start()

    def watched(self) -> Generator[Reply, None, Run]:
        """Yield how many questions are done, a few times a second; return the run."""
        done, shown = 0, 0.0
        yield _progress(0, self._total, self._language)
        while (count := self._said.get()) is not None:
            done += count
            if monotonic() - shown >= _UPDATE_S:
                shown = monotonic()
                yield _progress(done, self._total, self._language)
        (result,) = self._outcome
        if isinstance(result, BaseException):
            raise result
        return result

    def _run(
        self, assistant: Assistant, questions: QuestionSet, folder: Path, finished: Callable[[], None]
    ) -> None:
        from rag.evaluation.runner import RUN, evaluate

        try:
            run = evaluate(assistant, questions, folder, progress=self._said.put, stop=self.stop.is_set)
            self._outcome.append(run)
        except BaseException as error:
            self._outcome.append(error)
            # what failed, without the advice to run a command again
            cause = error.__cause__ if isinstance(error.__cause__, ChuchuError) else error
            if kept := _ended(folder, told(cause, self._language)):
                self._outcome[:] = [kept]
            elif not (folder / RUN).exists():
                shutil.rmtree(folder, ignore_errors=True)  # it failed before it began
        finally:
            finished()
            self._said.put(None)


def _begun(name: str) -> datetime | None:
    """Return when a run was begun by the name of its folder; None where that is no run's."""
    try:
        begun = datetime.strptime(name, _RUN_NAME)
    except ValueError:
        return None
    return begun if begun.strftime(_RUN_NAME) == name else None


def _ended(folder: Path, reason: str = "") -> Run | None:
    """Finish an interrupted run with what was asked until then; None, and no folder, where that gave no answer."""
    from rag.evaluation.runner import end

    try:
        run = end(folder, reason)
    except (ChuchuError, OSError):  # finished, under way or damaged
        return None
    if run is None:
        shutil.rmtree(folder, ignore_errors=True)
    return run


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
    left_out = run.info.get("left_out", 0)
    stopped = (
        f'<p class="soft">{escape(say(language, "run_stopped", count=left_out))}</p>' if left_out else ""
    )
    if reason := run.info.get("interrupted_by"):
        stopped += f'<p class="bad">{_word("interrupted", language)}{escape(reason)}</p>'
    return (
        f"<h2>{escape(_facts(run, language))}</h2>{stopped}{_doubted(run, language)}"
        f'<button type="button" class="button" data-do="report">{report}</button>'
        f'<table class="metrics"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f'<div class="plots">{drawings}</div>{_failures_html(run.results, language)}'
    )


def _facts(run: Run, language: Language) -> str:
    """Return how many questions a run has and who answered them."""
    count = say(language, "questions_count", count=len(run.results))
    answerer = str(run.info.get("settings", {}).get("answerer") or "")
    return f"{count} · {label(answerer, language)}" if answerer else count


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
