"""The process that parses risky files, and the pipe to it. Knows tasks and bytes; no paths, no storage.

Each message is one line of JSON, whose "length" says how many bytes follow it. A hostile file that crashes a
parser, fills the memory it may have, or never ends, ends this process and not the program: the parent says so
in a ``ReadError`` and starts another for the next file. JSON rather than pickle: whoever takes the child over
gains nothing in the parent.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from index.errors import ReadError
from index.readers.limits import ReadLimits

_ROOT = Path(__file__).resolve().parents[2]  # the folder that holds the package `index`
_SPARE_CPU_SECONDS = 5  # the parent's clock acts first; this ends a child whose parent died


class Child:
    """A parsing process, started when first asked and again after it died. Safe to share between threads.

    The process ends with ``close``, with the last reference to this object, or with the program.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes]], Child] | None = None  # of the process
        self._lock = threading.Lock()

    def ask(self, task: str, content: bytes, **options: Any) -> tuple[dict[str, Any], bytes]:
        """Have a task done on some bytes.

        Returns
        -------
        tuple[dict[str, Any], bytes]
            The reply's values and the bytes that came with it.

        Raises
        ------
        ReadError
            If the task raised it, took too long, needed too much memory, or crashed; the file is not named.

        """
        with self._lock:
            process = self._started()
            late = threading.Event()

            def stop() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(self._limits.child_seconds, stop)
            timer.daemon = True
            timer.start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                _send(process.stdin, {"task": task, **options}, content)
                reply, payload = _receive(process.stdout)
            except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
                self._kill()
                raise ReadError(self._obituary(late.is_set())) from error
            except BaseException:  # such as Ctrl-C: the reply that still comes would answer the next question
                self._kill()
                raise
            finally:
                timer.cancel()
        if "error" in reply:
            raise ReadError(str(reply["error"]))
        return reply, payload

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._kill()
        if self._process is None:
            inherited = os.environ.get("PYTHONPATH")
            path = os.pathsep.join([str(_ROOT), *([inherited] if inherited else [])])
            self._process = subprocess.Popen(
                # -P: a docx.py in the current folder is not the library of that name
                [sys.executable, "-P", "-m", "index.readers.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"},
            )
            self._end = weakref.finalize(self, _end, self._process)
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):  # it died at once: the question that follows will tell
                _send(self._process.stdin, {"limits": asdict(self._limits)}, b"")
        return self._process

    def _kill(self) -> None:
        self._process = None
        if self._end is not None:
            self._end()

    def _obituary(self, late: bool) -> str:
        if late:
            return (
                f"reading it took more than {self._limits.child_seconds:g} seconds and was stopped; "
                "split it, or raise the time limit if you trust it."
            )
        return (
            f"the parser crashed on it, or needed more than {self._limits.child_bytes / 1e9:.1f} GB of "
            "memory; save it again or print it to a new PDF."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _send(pipe: IO[bytes], values: Mapping[str, Any], payload: bytes) -> None:
    pipe.write(json.dumps({**values, "length": len(payload)}).encode() + b"\n")
    pipe.write(payload)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    line = pipe.readline()
    if not line:
        raise EOFError
    values = json.loads(line)
    length = int(values["length"])
    payload = pipe.read(length)
    if len(payload) != length:
        raise EOFError
    return values, payload


# ---- in the child ----------------------------------------------------------------------------------------


def main() -> None:
    """Serve tasks from standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes the pipe
    requests = sys.stdin.buffer
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not get into the pipe
    try:
        values, _ = _receive(requests)
        limits = ReadLimits(**values["limits"])
        _limit_memory(limits)
        while True:
            task, content = _receive(requests)
            _limit_cpu(limits)
            _send(replies, *_answer(task, content, limits))
    except (EOFError, BrokenPipeError):
        return


def _answer(task: Mapping[str, Any], content: bytes, limits: ReadLimits) -> tuple[dict[str, Any], bytes]:
    try:
        return _perform(task, content, limits)
    except ReadError as error:
        return {"error": str(error)}, b""
    except MemoryError:
        return {
            "error": f"it needs more than {limits.child_bytes / 1e9:.1f} GB of memory to read; split it."
        }, b""
    except Exception as error:
        # Damaged files make parsers raise anything at all; this is the one place that makes it a sentence.
        kind = type(error).__name__
        return {"error": f"the parser failed on it ({kind}: {error}); it is damaged: save it again."}, b""


def _perform(task: Mapping[str, Any], content: bytes, limits: ReadLimits) -> tuple[dict[str, Any], bytes]:
    from index.datatypes import Page
    from index.readers import parsers, pdf

    if task["task"] == "parse":
        draft = parsers.parse(task["kind"], content, limits)
        return {}, json.dumps(draft.to_json()).encode()
    if task["task"] == "boxes":
        page = Page(number=task["number"], span=tuple(task["span"]))
        found = pdf.page_boxes(content, page, [tuple(span) for span in task["spans"]])
        return {"width": found.width, "height": found.height, "boxes": found.boxes}, b""
    if task["task"] == "render":
        return {}, pdf.render_page(content, task["number"], task["scale"])
    raise ReadError(f"there is no task {task['task']!r}.")


def _limit_memory(limits: ReadLimits) -> None:
    """Limit the address space where the system can (Linux); elsewhere the time limit stands alone."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.child_bytes, limits.child_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):  # Windows has no such module, macOS no such limit
        return


def _limit_cpu(limits: ReadLimits) -> None:
    """Allow this task its seconds on top of what earlier ones used."""
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = math.ceil(used.ru_utime + used.ru_stime + limits.child_seconds) + _SPARE_CPU_SECONDS
        _, most = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))
    except (ImportError, OSError, ValueError):
        return


if __name__ == "__main__":
    main()
