"""Asks the chat page as many users at once do, and watches how soon they see text and what memory it takes.

    python tests/benchmarks/chat_load.py --users 20 --cores 2 --seconds 60
    python tests/benchmarks/chat_load.py --users 20 --cores 2 --questions 2000

The page is served as people serve it (``chuchu chat`` on the sample documents, loopback only) by a process that
may use so many cores. In each round all users send a question at the same moment, over the queue and the stream
that the page's own script uses, and the next round begins when all are answered: the worst that so many users do.
Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from rag.evaluation.describe import describe_machine, now
from ui.sample import DOCUMENTS

QUESTIONS = Path(__file__).parents[1] / "data" / "sample_questions.jsonl"
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one user saw; seconds from sending."""

    sign_s: float  # any sign of life: searching, passages
    text_s: float  # the first text of the answer
    done_s: float  # the whole answer with its evidence


def main() -> None:
    """Serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--cores", type=int, default=2, help="that the page's process may use")
    parser.add_argument("--seconds", type=float, default=60.0, help="after which no new round begins")
    parser.add_argument("--questions", type=int, default=0, help="ask so many instead, however long it takes")
    options = parser.parse_args()
    questions = [json.loads(line)["question"] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    with (
        tempfile.TemporaryDirectory(prefix="chuchu-load-") as folder,
        serving(Path(folder), options.cores) as (
            address,
            process,
        ),
    ):
        users = [User(address) for _ in range(options.users)]
        warm_up(users[0], questions)
        numbers = measure(users, questions, options, process)
    print(json.dumps({"date": now(), **describe_machine(), "cores": options.cores} | numbers, indent=2))


@contextmanager
def serving(folder: Path, cores: int) -> Iterator[tuple[str, int]]:
    """Serve the samples from a process of its own; yields the address and the process's id."""

    def limit() -> None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])

    command = [sys.executable, "-m", "ui.cli", "chat", str(DOCUMENTS), "--library", str(folder / "library")]
    process = subprocess.Popen(
        [*command, "--port", "0", "--no-open"], stderr=subprocess.PIPE, text=True, preexec_fn=limit
    )
    assert process.stderr is not None
    try:
        said = ""
        for line in process.stderr:
            said += line
            if found := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        else:
            raise RuntimeError(f"the page was not served: {said}")
        threading.Thread(target=process.stderr.read, daemon=True).start()  # or it would fill the pipe
        yield found[0], process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


class User:
    """One browser window: a session that asks by the page's own events."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=PATIENCE_S)
        self._session = f"{random.getrandbits(64):x}"
        config = self._client.get("config").json()
        (self._event,) = (d for d in config["dependencies"] if d["api_name"] == "page_ask")
        self._conversation: int | None = None

    def ask(self, question: str) -> Timing:
        """Ask, read the stream to its end, and return when what was seen.

        Raises
        ------
        RuntimeError
            the page said that something went wrong.
        """
        (target,) = self._event["targets"]
        values = {"question": question, "turn": 1, "conversation": self._conversation, "language": "zh"}
        begun = time.perf_counter()
        joined = self._client.post(
            "gradio_api/queue/join",
            json={
                "data": [],
                "event_data": values,
                "fn_index": self._event["id"],
                "trigger_id": target[0],
                "session_hash": self._session,
            },
        )
        joined.raise_for_status()
        seen: dict[str, float] = {}
        for reply in self._stream(joined.json()["event_id"]):
            since = time.perf_counter() - begun
            if reply.get("phase") == "error":
                raise RuntimeError(reply["error"])
            seen.setdefault(reply.get("phase", "?"), since)
            self._conversation = reply.get("conversation", self._conversation)
        done = seen["answer"]
        return Timing(sign_s=min(seen.values()), text_s=min(seen.get("text", done), done), done_s=done)

    def _stream(self, event: str) -> Iterator[dict[str, Any]]:
        """Yield what the page's script is handed, the differences put together."""
        from gradio_client.utils import apply_diff

        output: Any = None
        with self._client.stream(
            "GET", "gradio_api/queue/data", params={"session_hash": self._session}
        ) as lines:
            for line in lines.iter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message.get("event_id", event) != event:
                    continue
                if message["msg"] in ("process_generating", "process_streaming"):
                    data = message["output"]["data"][0]
                    output = data if output is None else apply_diff(output, data)
                    yield output.get("value", output)
                elif message["msg"] == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(str(message["output"]))
                    return
        raise RuntimeError("the stream ended before the answer did")


def warm_up(user: User, questions: list[str]) -> None:
    """Let the models load."""
    for question in questions[:3]:
        user.ask(question)


def measure(
    users: list[User], questions: list[str], options: argparse.Namespace, process: int
) -> dict[str, Any]:
    """Ask in rounds; returns times in seconds and memory in MB."""
    timings: list[Timing] = []
    failures: list[str] = []
    memory = [resident_mb(process)]
    chosen = random.Random(0)
    begun, cpu = time.perf_counter(), cpu_s(process)
    asked = 0
    while asked < options.questions if options.questions else time.perf_counter() - begun < options.seconds:
        together = threading.Barrier(len(users))
        threads = [
            threading.Thread(target=one, args=(user, chosen.choice(questions), together, timings, failures))
            for user in users
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        asked += len(users)
        memory.append(resident_mb(process))
    seconds = time.perf_counter() - begun
    third = max(1, len(memory) // 3)
    return {
        "users": len(users),
        "questions": asked,
        "failures": len(failures),
        "first_failures": failures[:3],
        "answers_per_s": round(len(timings) / seconds, 2),
        "cpu_s_per_answer": round((cpu_s(process) - cpu) / max(1, len(timings)), 3),
        "first_sign_s": percentiles([t.sign_s for t in timings]),
        "first_text_s": percentiles([t.text_s for t in timings]),
        "answer_s": percentiles([t.done_s for t in timings]),
        "memory_mb": {
            "at_first": memory[0],
            "after_a_third": memory[third],
            "after_two_thirds": memory[min(2 * third, len(memory) - 1)],
            "at_last": memory[-1],
            "at_most": max(memory),
        },
    }


def one(
    user: User, question: str, together: threading.Barrier, timings: list[Timing], failures: list[str]
) -> None:
    """Ask one question when all others do."""
    together.wait()
    try:
        timings.append(user.ask(question))
    except Exception as error:  # whatever it is, a user would have seen it
        failures.append(f"{type(error).__name__}: {error}")


def percentiles(values: list[float]) -> dict[str, float]:
    """Return the 50th and 95th percentile and the largest (nearest rank)."""
    if not values:
        return {}
    ordered = sorted(values)
    at = {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * share))]
        for name, share in (("p50", 0.5), ("p95", 0.95))
    }
    return {name: round(value, 3) for name, value in (at | {"max": ordered[-1]}).items()}


def cpu_s(process: int) -> float:
    """Return the processor time that a process has used (Linux), in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(process: int) -> int:
    """Return the memory of a process that is in RAM (Linux), in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) // 1024


if __name__ == "__main__":
    main()
