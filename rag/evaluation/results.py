"""What an evaluation makes: one result per question, read from and written to ``results.jsonl``.

Knows the format of a line; knows nothing of how answers are made or summed up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from index.errors import QuestionsError
from rag.datatypes import Answer
from rag.evaluation.questions import Question, question_dict

Failure = Literal[
    "",  # none, or nothing to measure it by
    "not_retrieved",
    "ranked_low",  # retrieved but not ranked high enough
    "wrong_sentence",
    "wrong_span",
    "wrongly_refused",
    "wrongly_answered",
    "error",
]

FAILURES: tuple[Failure, ...] = (
    "not_retrieved", "ranked_low", "wrong_sentence", "wrong_span", "wrongly_refused",
    "wrongly_answered", "error",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A question, its answer, and what they are worth. ``answer`` is None where answering failed."""

    question: Question
    answer: Answer | None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    failure: Failure = ""
    search_rank: int | None = (
        None  # where a deeper search finds the evidence, asked only when the passages lack it
    )
    error: str = ""
    model_failed: bool = field(default=False, compare=False)  # why there is an error; not kept

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "question": question_dict(self.question),
            "answer": self.answer.to_dict() if self.answer else None,
            "scores": dict(self.scores),
            "failure": self.failure,
            "search_rank": self.search_rank,
            "error": self.error,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Result:
        """Rebuild a result from ``to_dict()``."""
        answer = fields["answer"]
        return cls(
            question=Question.model_validate(fields["question"]),
            answer=Answer.from_dict(answer) if answer else None,
            scores=fields["scores"],
            failure=fields["failure"],
            search_rank=fields["search_rank"],
            error=fields["error"],
        )

    @property
    def confidence(self) -> float | None:
        """The answer's confidence, None where answering failed."""
        return self.answer.confidence if self.answer else None


def result_line(result: Result) -> str:
    """One line of ``results.jsonl``."""
    return json.dumps(result.to_dict(), ensure_ascii=False) + "\n"


def read_results(path: Path, *, torn_end: bool = False) -> list[Result]:
    """Read ``results.jsonl``; with ``torn_end`` a last line that was cut off is left out.

    Raises:
        QuestionsError: a line is no result.
    """
    return [result for _, result in _numbered_results(path, torn_end=torn_end)]


def _numbered_results(path: Path, *, torn_end: bool) -> Iterator[tuple[int, Result]]:
    try:
        lines = path.read_bytes().split(b"\n")  # the last may end in the middle of a character
    except OSError as error:
        raise QuestionsError(
            f"{path} could not be read ({error}); is it a run folder of chuchu eval?"
        ) from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, Result.from_dict(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            if torn_end and number == len(lines):
                return
            raise QuestionsError(
                f"{path}, line {number}: not a result ({error!r}); run the evaluation again"
            ) from error


def write_results(path: Path, results: Iterable[Result]) -> None:
    """Write all results, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w", encoding="utf-8") as file:
        file.writelines(result_line(result) for result in results)
    beside.replace(path)
