"""Runs an assistant over questions and keeps a run folder. Takes anything that can be asked.

The folder holds ``run.json``, ``results.jsonl``, ``results.csv``, ``metrics.json`` and ``report.html``. Answers
are appended as they come, so a run that was interrupted goes on where it stopped; the finished file has the
order of the questions whatever the number of workers.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol, runtime_checkable

from filelock import FileLock, Timeout

from index.errors import AnswererError, ChuchuError, ModelError, QuestionsError
from rag.answerers.names import is_elsewhere
from rag.datatypes import Answer
from rag.evaluation.describe import (
    continued,
    describe,
    describe_machine,
    describe_questions,
    differences,
    now,
    settings_dict,
)
from rag.evaluation.failures import classify, deepest_rank, is_lacking
from rag.evaluation.metrics import all_wrong, needs, score
from rag.evaluation.questions import Question, QuestionSet
from rag.evaluation.results import Result, read_results, result_line, write_results
from rag.evaluation.summary import summarise

logger = logging.getLogger(__name__)

RUN, RESULTS, METRICS, REPORT, TABLE = (
    "run.json",
    "results.jsonl",
    "metrics.json",
    "report.html",
    "results.csv",
)
WORKERS_WITH_SERVER = 4
WARM_UP = "预热 (warming up)"
GIVE_UP_AFTER = 5  # failures one after another: the model or its server is not there
DEEP = 50  # chunks searched for evidence that the passages lack

History = list[tuple[str, str]]
Progress = Callable[[int], None]
Stop = Callable[[], bool]


class Asks(Protocol):
    """An assistant, or anything that answers like one."""

    def ask(
        self, question: str, *, history: Sequence[tuple[str, str]] = (), documents: Sequence[str] = ()
    ) -> Answer:
        """Answer a question, given earlier (question, answer) turns, from documents that match a pattern."""
        ...


@runtime_checkable
class Searches(Protocol):
    """What can also be searched deeper than its answers' passages; hits have a ``chunk`` with a ``text``."""

    def search(self, query: str, k: int = ..., *, documents: Sequence[str] = ...) -> Sequence[Any]:
        """Return at most k hits, best first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished evaluation; ``info`` is run.json, ``metrics`` is metrics.json, ``folder`` where both lie."""

    info: Mapping[str, Any]
    results: tuple[Result, ...]
    metrics: Mapping[str, Any]
    folder: Path | None = None

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Read a run folder.

        Raises:
            QuestionsError: it is no run folder, or its run was not finished.
        """
        folder = Path(folder)
        info = _read_json(folder / RUN)
        if info.get("state") != "finished":
            raise QuestionsError(
                f"the run in {folder} was not finished; run chuchu eval with --out {folder} again"
            )
        return cls(
            info=info,
            results=tuple(read_results(folder / RESULTS)),
            metrics=_read_json(folder / METRICS),
            folder=folder,
        )


def evaluate(
    assistant: Asks,
    questions: QuestionSet,
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    overwrite: bool = False,
    documents: Sequence[str] = (),
) -> Run:
    """Ask all questions, score the answers, and write a run folder if one is named.

    Args:
        assistant: what to measure; called from ``workers`` threads.
        questions: as ``read_questions`` returns them.
        out: the run folder; one that an interrupted run of the same questions and settings left is continued.
        workers: questions asked at a time; None is 4 with a language model on another machine, else 1, since
            models on this one share its cores: more at a time gain a little, and each answer takes much longer.
        progress: called with the number of questions finished since its last call.
        stop: looked at after each question; once it is true, the run ends with the questions asked so far, and
            ``info["left_out"]`` tells how many were not. The same call without it goes on with those.
        overwrite: replace what another run left in the folder.
        documents: paths that the assistant's library was read from for this run, kept as ``info["documents"]``.

    Raises:
        QuestionsError: the folder holds a run of other questions or settings, or it was stopped before the
            first answer.
        AnswererError: the model failed several times in a row; what was done is kept.
    """
    stop = stop or _never
    workers = workers or _usual_workers(assistant)
    info = describe(assistant, questions, workers=workers)
    if documents:
        info["documents"] = list(documents)
    order = [question.id for question in questions.questions]
    if out is None:
        done = _ask_all(assistant, questions.questions, {}, workers, progress or _ignore, _ignore, stop)
        return _finish(info, done, order)
    folder = Path(out)
    with _locked(folder):
        if overwrite:
            _clear(folder)
        begun = _begun(folder, info)
        results = {r.question.id: r for r in _kept(folder) if not r.error} if begun else {}
        if begun:
            info = continued(begun, info, asked=len(results) < len(questions.questions))
        _write_json(folder / RUN, {**info, "state": "running"})
        write_results(folder / RESULTS, results.values())
        with (folder / RESULTS).open("a", encoding="utf-8") as file:

            def keep(result: Result) -> None:
                file.write(result_line(result))
                file.flush()

            results = _ask_all(
                assistant, questions.questions, results, workers, progress or _ignore, keep, stop
            )
        run = replace(_finish(info, results, order), folder=folder)
        write_run(run, folder)
    return run


def _usual_workers(assistant: object) -> int:
    """Return how many questions to ask at a time: more than one where another machine does the work."""
    answerer = str(settings_dict(assistant).get("answerer", ""))
    return WORKERS_WITH_SERVER if is_elsewhere(answerer) else 1


def write_run(run: Run, folder: Path) -> None:
    """Write all files of a finished run; ``run.json`` last, since it says that the others are whole."""
    from rag.evaluation.report import report_html, results_csv

    write_results(folder / RESULTS, run.results)
    _write_json(folder / METRICS, run.metrics)
    (folder / TABLE).write_text(results_csv(run.results), encoding="utf-8-sig")  # Excel needs the BOM
    (folder / REPORT).write_text(report_html(run), encoding="utf-8")
    _write_json(folder / RUN, run.info)


def end(folder: str | Path, reason: str = "") -> Run | None:
    """Finish an interrupted run with what was asked until then; None where that gave no answer.

    Args:
        folder: the run folder.
        reason: what interrupted it, kept as ``info["interrupted_by"]``.

    Raises:
        QuestionsError: it is no run folder, it is damaged, or its run is finished or under way.
    """
    folder = Path(folder)
    with _locked(folder):
        info = _read_json(folder / RUN)
        if info.get("state") != "running":
            raise QuestionsError(f"the run in {folder} was not interrupted; open it as it is")
        results = {result.question.id: result for result in _kept(folder)}
        if not any(result.answer for result in results.values()):
            return None
        run = _finish({**info, "interrupted_by": reason}, results, list(results))
        run = replace(run, folder=folder)
        write_run(run, folder)
    return run


# --- asking -----------------------------------------------------------------------------------------------


def _ask_all(
    assistant: Asks,
    questions: Sequence[Question],
    done: Mapping[str, Result],
    workers: int,
    progress: Progress,
    keep: Callable[[Result], None],
    stop: Stop,
) -> dict[str, Result]:
    """Ask what is not done yet; ``keep`` is called in this thread for each result as it comes."""
    results = dict(done)
    todo = [question for question in questions if question.id not in done]
    progress(len(done))
    failures = 0
    if todo:
        _warm_up(assistant)
    unless_stopped = takewhile(lambda _: not stop(), todo)
    for result in _in_parallel(lambda question: ask_one(assistant, question), unless_stopped, workers):
        results[result.question.id] = result
        keep(result)
        progress(1)
        failures = failed_in_a_row(failures, result)
        if failures == GIVE_UP_AFTER:
            raise AnswererError(
                f"answering failed {GIVE_UP_AFTER} times in a row ({result.error}); "
                "mend that and run the same command again, it goes on where it stopped"
            ) from AnswererError(result.error)
    return results


def failed_in_a_row(before: int, result: Result) -> int:
    """Return how often the model has failed with no answer in between; a question's own error tells nothing."""
    return before + result.model_failed if result.error else 0


def _in_parallel(
    work: Callable[[Question], Result], todo: Iterable[Question], workers: int
) -> Iterator[Result]:
    """Yield results as they come, at most ``workers`` under way."""
    if workers <= 1:
        yield from map(work, todo)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="evaluate") as pool:
        waiting = iter(todo)
        running: set[Future[Result]] = set()
        while True:
            running |= {pool.submit(work, question) for question in islice(waiting, workers - len(running))}
            if not running:
                return
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()


def ask_one(assistant: Asks, question: Question) -> Result:
    """Replay the conversation, ask the question and score the answer; an error becomes a result too."""
    try:
        history: History = []
        for earlier in question.history:
            reply = assistant.ask(earlier, history=tuple(history), documents=question.scope)
            history.append((earlier, reply.text))
        begun = perf_counter()
        answer = assistant.ask(question.question, history=tuple(history), documents=question.scope)
        seconds = perf_counter() - begun
    except ChuchuError as error:
        failed = _failed(question, str(error))
        return replace(failed, model_failed=isinstance(error, AnswererError | ModelError))
    except Exception as error:  # one broken answer must not cost hours of others; it is counted as wrong
        logger.exception("answering question %s failed", question.id)
        return _failed(question, f"{type(error).__name__}: {error}")
    answer = replace(answer, timings={"total_s": seconds, **answer.timings})
    rank = _search_rank(assistant, question, answer)
    return Result(
        question=question,
        answer=answer,
        scores=score(question, answer),
        failure=classify(question, answer, rank),
        search_rank=rank,
    )


def _failed(question: Question, message: str) -> Result:
    return Result(question=question, answer=None, scores=all_wrong(question), failure="error", error=message)


def _search_rank(assistant: Asks, question: Question, answer: Answer) -> int | None:
    """Where a deep search finds what the passages lack; asked only then, as it costs a search."""
    if not isinstance(assistant, Searches) or not question.answerable or not is_lacking(question, answer):
        return None
    try:
        hits = assistant.search(answer.query or question.question, DEEP, documents=question.scope)
    except ChuchuError:
        return None
    return deepest_rank(needs(question), [hit.chunk for hit in hits])


def _warm_up(assistant: Asks) -> None:
    """Load models before anything is timed, by a question of its own: models may remember what they have read."""
    try:
        assistant.ask(WARM_UP, history=(), documents=())
    except Exception as error:  # the same error comes again with the first question, and is kept there
        logger.debug("warming up failed: %s", error)


def _finish(info: Mapping[str, Any], results: Mapping[str, Result], order: Sequence[str]) -> Run:
    """Return the run of the results there are, in the order of their questions' ids."""
    ordered = tuple(results[identity] for identity in order if identity in results)
    count = info["questions"]["count"]
    if count and not ordered:
        raise QuestionsError("it was stopped before the first answer; run it again")
    threshold = info["settings"].get("refusal_threshold")
    finished = {**info, "state": "finished", "finished": now(), "left_out": count - len(ordered)}
    return Run(info=finished, results=ordered, metrics=summarise(ordered, threshold=threshold))


def _never() -> bool:
    """Go on."""
    return False


def _ignore(_: object) -> None:
    """Take no notice."""


# --- the folder -------------------------------------------------------------------------------------------


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise QuestionsError(
            f"another evaluation is writing to {folder}; wait or choose another --out"
        ) from None
    except OSError as error:
        raise QuestionsError(f"{folder} cannot be written to: {error.strerror or error}") from error
    try:
        yield
    except OSError as error:
        raise QuestionsError(
            f"{folder} could not be written: {error.strerror or error}; what is done is kept"
        ) from error
    finally:
        lock.release()
        (folder / ".lock").unlink(missing_ok=True)


@contextmanager
def claimed(
    out: str | Path, questions: QuestionSet, documents: Sequence[str] = (), *, overwrite: bool = False
) -> Iterator[None]:
    """Hold a run folder while documents are read into a library inside it, before ``evaluate`` takes it over.

    Args:
        out: the run folder.
        questions: what will be asked.
        documents: the paths that will be read; those of an earlier run must be the same.
        overwrite: hold the folder of another run too.

    Raises:
        QuestionsError: the folder holds a run of other questions, documents or another version, or something
            else, or another evaluation is writing to it.
    """
    folder = Path(out)
    with _locked(folder):
        if not overwrite:
            known = {"questions": describe_questions(questions), "documents": list(documents)}
            _begun(folder, {**known, **describe_machine()})
        yield


def _begun(folder: Path, info: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the ``run.json`` of a run that can go on, None for a fresh folder.

    Raises:
        QuestionsError: the folder holds a run that differs, or something else.
    """
    if not (folder / RUN).exists():
        foreign = [name for name in (RESULTS, METRICS, REPORT) if (folder / name).exists()]
        if foreign:
            raise QuestionsError(f"{folder} holds a {foreign[0]} without {RUN}; choose another --out")
        return None
    begun = _read_json(folder / RUN)
    differing = differences(begun, info)
    if differing:
        raise QuestionsError(
            f"{folder} holds another run ({'; '.join(differing[:3])}); choose another --out or --overwrite it"
        )
    return begun


def _kept(folder: Path) -> Iterable[Result]:
    path = folder / RESULTS
    return read_results(path, torn_end=True) if path.exists() else ()


def _clear(folder: Path) -> None:
    """Remove the files of a run, and nothing else."""
    for name in (RUN, RESULTS, METRICS, REPORT, TABLE):
        (folder / name).unlink(missing_ok=True)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise QuestionsError(
            f"{path.parent} is no run folder: {path.name} is missing; make one with chuchu eval"
        ) from None
    except (OSError, ValueError) as error:
        raise QuestionsError(f"{path} could not be read ({error}); run the evaluation again") from error
    if not isinstance(content, dict):
        raise QuestionsError(f"{path} holds no object; run the evaluation again")
    return content


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)


def write_texts(texts: Mapping[str, str], folder: Path) -> Path:
    """Write texts as files, one each, into a folder made anew: what a SQuAD file brings along."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
