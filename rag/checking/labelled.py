"""Measures a checker on labelled sentences: a JSONL file of cases in, precision and recall of each label out.

One case a line: ``{"id", "label", "question"?, "sentence", "passages": [{"text", "title"?, "date"?}],
"languages"?}``; its label is one of ``LABELS``, its passages are those that the sentence cites in its reply to the
question.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from index.errors import ChuchuError
from index.text import detect_language
from rag.checking.checker import Checked, SentenceChecker
from rag.datatypes import DoubtReason, Passage

LITERAL = ("wrong_figure", "wrong_year", "wrong_entity")
LABELS = ("supported", *LITERAL, "unsupported", "partly")
_FOUND: Mapping[DoubtReason | None, tuple[str, ...]] = {
    None: ("supported",),
    "figure": ("wrong_figure",),
    "date": ("wrong_year",),
    "name": ("wrong_entity",),
    "quotation": (),
    "support": ("unsupported", "partly"),
    "uncited": (),
}
"""The labels that a reason stands for; a weak support does not tell the last two apart."""


class CasesError(ChuchuError):
    """A file of labelled sentences that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sentence, the passages that it cites, and what is wrong with it."""

    id: str
    label: str
    sentence: str
    passages: tuple[Passage, ...]
    question: str = ""  # that the sentence replies to


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Precision and recall of one label, or of several together."""

    name: str
    cases: int
    found: int  # cases that the checker gave this label
    right: int  # of those, the ones that have it

    @property
    def precision(self) -> float:
        """Right of found, 0..1; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Right of all that have the label, 0..1; 1 where none has."""
        return self.right / self.cases if self.cases else 1.0


def read_cases(path: Path) -> list[Case]:
    """Read a file of labelled sentences.

    Raises:
        CasesError: it cannot be read, or a line is not a case; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CasesError(f"{path} cannot be read ({error}); give a JSONL file in UTF-8.") from None
    return [_case(line, f"{path}:{n}") for n, line in enumerate(lines, start=1) if line.strip()]


def _case(line: str, place: str) -> Case:
    try:
        fields = json.loads(line)
        passages = tuple(_passage(n, stated) for n, stated in enumerate(fields["passages"], start=1))
        case = Case(
            id=fields["id"],
            label=fields["label"],
            sentence=fields["sentence"],
            passages=passages,
            question=fields.get("question", ""),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CasesError(
            f"{place} is not a case ({error!r}); it needs id, label, sentence and passages."
        ) from None
    if case.label not in LABELS:
        raise CasesError(f"{place} has the label {case.label!r}; use one of {', '.join(LABELS)}.")
    return case


def _passage(number: int, stated: Mapping[str, str]) -> Passage:
    text = stated["text"]
    return Passage(
        number=number,
        document_id=number,
        source=f"{number}.txt",
        title=stated.get("title", ""),
        text=text,
        spans=((0, len(text)),),
        date=stated.get("date"),
        language=detect_language(text),
    )


def check_cases(checker: SentenceChecker, cases: Iterable[Case]) -> list[tuple[Case, Checked]]:
    """Check every case."""
    return [(case, checker.check(case.sentence, case.passages, question=case.question)) for case in cases]


def agrees(case: Case, result: Checked) -> bool:
    """Tell whether a check gave a reason that stands for the case's label."""
    return case.label in _FOUND[result.reason]


def measure(checked: Sequence[tuple[Case, Checked]]) -> list[Row]:
    """Return a row for each label, one for any literal fault, and one for any fault.

    A literal fault counts as found together with the others whichever of the three it was taken for.
    """
    literal = frozenset(
        reason for reason in get_args(DoubtReason) if reason in ("figure", "date", "name", "quotation")
    )
    doubts = frozenset(get_args(DoubtReason))
    rows = [_row(label, {label}, _reasons(label), checked) for label in LABELS[:4]]
    rows.append(_row("any of the three", set(LITERAL), literal, checked))
    rows += [_row(label, {label}, frozenset({"support"}), checked) for label in LABELS[4:]]
    rows.append(_row("unsupported or partly", set(LABELS[4:]), frozenset({"support"}), checked))
    rows.append(_row("anything wrong", set(LABELS[1:]), doubts, checked))
    return rows


def _reasons(label: str) -> frozenset[DoubtReason | None]:
    return frozenset(reason for reason, labels in _FOUND.items() if label in labels)


def _row(
    name: str,
    labels: set[str],
    reasons: frozenset[DoubtReason | None],
    checked: Sequence[tuple[Case, Checked]],
) -> Row:
    having = [case.label in labels for case, _ in checked]
    given = [result.reason in reasons for _, result in checked]
    return Row(
        name=name,
        cases=sum(having),
        found=sum(given),
        right=sum(h and g for h, g in zip(having, given, strict=True)),
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| label | sentences | precision | recall |", "|---|---|---|---|"]
    lines += [f"| {r.name} | {r.cases} | {r.precision:.3f} | {r.recall:.3f} |" for r in rows]
    return "\n".join(lines)
