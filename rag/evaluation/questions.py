"""Reads questions files: JSONL, JSON, CSV and SQuAD JSON, whatever Excel made of their encoding.

Takes a path, gives checked questions; knows nothing of assistants or scores. A bad line is named by its
number and column.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import unicodedata
import zlib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from index.errors import QuestionsError
from index.sentences import split_sentences
from index.text import detect_language

UNANSWERABLE = "unanswerable"
PARTS_TYPES = ("list", "multi_hop")
"""Types whose ``answers`` are parts that must all appear; in all others any one of them counts."""

MEASURED_TYPES = (UNANSWERABLE, *PARTS_TYPES)
"""Types that decide how an answer is measured; all others only group the results."""

LIST_COLUMNS = ("answers", "documents", "evidence", "history", "scope")
LIST_SEPARATOR = "|"
MAX_BYTES = 500_000_000  # unpacked; a questions file is text that people or programs wrote, not a corpus
_SHOWN_PROBLEMS = 5


class Question(BaseModel):
    """One line of a questions file; only ``question`` is required."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, coerce_numbers_to_str=True
    )

    id: str = ""
    question: str = Field(min_length=1, max_length=2_000)
    answers: tuple[str, ...] | None = None  # None: not known, so accuracy is not measured
    documents: tuple[str, ...] = ()  # names of the files that hold the answer; gold, not a filter
    evidence: tuple[str, ...] = ()  # verbatim quotes, white space aside
    type: str = ""
    language: str = ""
    history: tuple[str, ...] = ()  # earlier questions of the same conversation
    scope: tuple[str, ...] = ()  # patterns of the only documents to search

    @field_validator(*LIST_COLUMNS, mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        """Accept a single string where a list is meant."""
        return (value,) if isinstance(value, str | int | float) and not isinstance(value, bool) else value

    @field_validator("documents", "evidence", "history", "scope", mode="before")
    @classmethod
    def _null_is_empty(cls, value: Any) -> Any:
        return () if value is None else value

    @field_validator("id", "type", "language", mode="before")
    @classmethod
    def _null_is_unknown(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("type")
    @classmethod
    def _type_that_counts(cls, value: str) -> str:
        return _known_type(value)

    @field_validator(*LIST_COLUMNS)
    @classmethod
    def _no_blank_items(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return value if value is None else tuple(item for item in value if item)

    @model_validator(mode="after")
    def _answers_fit_the_type(self) -> Question:
        if self.type == UNANSWERABLE and self.answers:
            raise ValueError(f'type is "{UNANSWERABLE}" but there are answers; empty one of the two')
        return self

    @property
    def unanswerable(self) -> bool:
        """Whether the documents are known not to say."""
        return self.type == UNANSWERABLE

    @property
    def answerable(self) -> bool:
        """Whether a gold answer is known."""
        return bool(self.answers)

    @property
    def measured(self) -> bool:
        """Whether accuracy can be told."""
        return self.answerable or self.unanswerable

    @property
    def in_parts(self) -> bool:
        """Whether all of ``answers`` must appear rather than any one."""
        return self.type in PARTS_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a line; ``line`` starts at 1, ``column`` names a column or a character position."""

    line: int
    column: str
    message: str

    def __str__(self) -> str:
        return (
            f"line {self.line}, {self.column}: {self.message}"
            if self.column
            else f"line {self.line}: {self.message}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """The questions of a file, and the texts that came along in it (SQuAD), by file name."""

    path: str
    questions: tuple[Question, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of the questions' content; the same in any order of lines."""
        rows = sorted(q.model_dump_json() for q in self.questions)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]


def read_questions(path: str | Path, *, skip_bad: bool = False) -> QuestionSet:
    """Read a questions file; its name tells its kind (.jsonl, .json, .csv, .tsv, also .gz).

    Args:
        path: the file.
        skip_bad: leave bad lines out and list them in ``skipped`` instead of raising.

    Raises:
        QuestionsError: it cannot be read, a line is bad, or no question is left.
    """
    path = Path(path)
    text, notes = _decode(path, _read_bytes(path))
    suffix = path.with_suffix("").suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    texts: dict[str, str] = {}
    rows: Iterable[tuple[int, Any]]
    if suffix in (".csv", ".tsv"):
        rows = _csv_rows(path, text)
    elif suffix == ".json":
        rows = _json_rows(path, text, texts)
    else:
        rows = _jsonl_rows(text)
    questions, problems, unknown = _check(rows)
    notes += [_unknown_column(name) for name in unknown]
    notes += _unknown_types(questions)
    if problems and not skip_bad:
        raise QuestionsError(_complaint(path, problems))
    if not questions:
        raise QuestionsError(f'{path} holds no question; expected lines such as {{"question": "…"}}')
    return QuestionSet(
        path=str(path), questions=tuple(questions), texts=texts, skipped=tuple(problems), notes=tuple(notes)
    )


def write_questions(path: str | Path, questions: Iterable[Question]) -> None:
    """Write questions as JSONL, leaving out what is empty.

    Raises:
        QuestionsError: the file cannot be written.
    """
    lines = (json.dumps(question_dict(q), ensure_ascii=False) + "\n" for q in questions)
    try:
        Path(path).write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise QuestionsError(f"{path} cannot be written: {error.strerror or error}") from error


def question_dict(question: Question) -> dict[str, Any]:
    """Return the fields that hold something; ``answers`` also when it is known to be empty."""
    fields = question.model_dump(mode="json")
    return {
        name: value for name, value in fields.items() if value or (name == "answers" and value is not None)
    }


# --- bytes and text ---------------------------------------------------------------------------------------


def _read_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise QuestionsError(f"{path} does not exist; name a JSONL, CSV or SQuAD file") from None
    except IsADirectoryError:
        raise QuestionsError(f"{path} is a folder; name a JSONL, CSV or SQuAD file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise QuestionsError(f"{path} could not be read: {error}") from error
    if len(content) > MAX_BYTES:
        raise QuestionsError(f"{path} has more than {MAX_BYTES:,} bytes; split it")
    return content


def _decode(path: Path, content: bytes) -> tuple[str, list[str]]:
    """UTF-8 with or without BOM, UTF-16 with BOM (Excel's "Unicode text"), else GB18030 (Excel in China)."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text, [] if encoding == "utf-8-sig" else [f"{path.name} was read as {encoding.upper()}"]
    line = _first_undecodable_line(content)
    raise QuestionsError(f"{path}, line {line}: neither UTF-8 nor GB18030; save the file as UTF-8")


def _first_undecodable_line(content: bytes) -> int:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content[: error.start].count(b"\n") + 1
    return 1


# --- rows: (line number, fields or the Problem with them) -------------------------------------------------


def _jsonl_rows(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except json.JSONDecodeError as error:
            yield (
                number,
                Problem(line=number, column=f"column {error.colno}", message=f"no JSON: {error.msg}"),
            )
        except RecursionError:
            yield number, Problem(line=number, column="", message="nested too deeply")


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, Problem(line=line, column="", message=f"no CSV: {error}")
            line = reader.line_num + 1
            continue
        if not header:
            header = [cell.strip().lower() for cell in cells]
            if "question" not in header:
                found = ", ".join(name for name in header if name)[:200]
                raise QuestionsError(
                    f'{path}, line 1: no column "question" among: {found}; name it in the first line'
                )
        elif any(cell.strip() for cell in cells):
            yield line, _csv_fields(header, cells, line)
        line = reader.line_num + 1


def _delimiter(text: str) -> str:
    """Return the separator that gives the most known column names; Excel writes , or ; by country."""
    first = text.partition("\n")[0].lower()
    return max(
        ",;\t", key=lambda d: sum(cell.strip(' "\r') in Question.model_fields for cell in first.split(d))
    )


def _csv_fields(header: Sequence[str], cells: Sequence[str], line: int) -> dict[str, Any] | Problem:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        message = (
            f"{len(cells)} cells, the first line names {len(header)}; put quotes around a cell with a comma"
        )
        return Problem(line=line, column=f"column {len(header) + 1}", message=message)
    fields: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=False):
        if name in LIST_COLUMNS:
            items = tuple(item for part in cell.split(LIST_SEPARATOR) if (item := part.strip()))
            fields[name] = items or None
        elif cell.strip():
            fields[name] = cell
        elif name == "question":
            fields[name] = ""
    if _known_type(fields.get("type", "")) == UNANSWERABLE and fields.get("answers") is None:
        fields["answers"] = ()
    return fields


def _json_rows(path: Path, text: str, texts: dict[str, str]) -> Iterator[tuple[int, Any]]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSONL that is called .json
            yield from _jsonl_rows(text)
            return
        raise QuestionsError(
            f"{path}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}"
        ) from error
    except RecursionError:
        raise QuestionsError(f"{path} is nested too deeply to be a questions file") from None
    if isinstance(content, dict) and isinstance(content.get("data"), list):
        yield from _squad_rows(path, content["data"], texts)
    elif isinstance(content, list):
        yield from enumerate(content, start=1)
    else:
        yield 1, content


# --- SQuAD ------------------------------------------------------------------------------------------------


def _squad_rows(path: Path, articles: list[Any], texts: dict[str, str]) -> Iterator[tuple[int, Any]]:
    """One text per article, one row per question; ``line`` counts the questions from 1."""
    number = 0
    taken: set[str] = set()
    for position, article in enumerate(articles, start=1):
        try:
            title = str(article.get("title") or f"article {position}")
            paragraphs = [(str(p["context"]), list(p["qas"])) for p in article["paragraphs"]]
        except (TypeError, KeyError, AttributeError) as error:
            raise QuestionsError(
                f"{path}: article {position} is not as in SQuAD (missing: {error})"
            ) from error
        name = _file_name(title, position, taken)
        taken.add(name.lower())
        texts[name] = "\n\n".join(context.strip() for context, _ in paragraphs) + "\n"
        for context, qas in paragraphs:
            for qa in qas:
                number += 1
                yield number, _squad_fields(qa, context, name, number)


def _file_name(title: str, position: int, taken: Container[str]) -> str:
    """Return a safe file name that still shows the title; ``taken`` are names in lower case."""
    safe = (
        "".join(c if c.isalnum() or c in " -_()（）·" else "_" for c in title).strip(" ._")[:60] or "article"
    )
    name = f"{safe}.txt"
    return name if name.lower() not in taken else f"{safe} {position}.txt"


def _squad_fields(qa: Any, context: str, name: str, number: int) -> dict[str, Any] | Problem:
    try:
        answers = [(str(a["text"]), int(a.get("answer_start", -1))) for a in qa.get("answers") or ()]
        question, impossible = qa["question"], bool(qa.get("is_impossible", False)) or not answers
        identity = str(qa.get("id", ""))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        return Problem(line=number, column="qas", message=f"not as in SQuAD: {error!r}")
    fields: dict[str, Any] = {"id": identity, "question": question, "documents": (name,)}
    if impossible:
        return fields | {"answers": (), "documents": (), "type": UNANSWERABLE}
    unique = tuple(dict.fromkeys(text for text, _ in answers))
    return fields | {"answers": unique, "type": "fact", "evidence": (_sentence_of(context, *answers[0]),)}


def _sentence_of(context: str, answer: str, start: int) -> str:
    """Return the sentences that the answer lies in; its place is looked up where the file errs."""
    if context[start : start + len(answer)] != answer or start < 0:
        start = context.find(answer)
    if start < 0:
        return answer
    touched = [(s, e) for s, e in split_sentences(context) if s < start + len(answer) and e > start]
    return context[touched[0][0] : touched[-1][1]].strip() if touched else answer


# --- checking ---------------------------------------------------------------------------------------------


def _check(rows: Iterable[tuple[int, Any]]) -> tuple[list[Question], list[Problem], list[str]]:
    """Return the good questions with an id and a language each, the problems, and unknown column names."""
    questions: list[Question] = []
    problems: list[Problem] = []
    unknown: dict[str, None] = {}
    lines: dict[str, int] = {}
    made = Counter[str]()
    for line, row in rows:
        if isinstance(row, Problem):
            problems.append(row)
            continue
        if not isinstance(row, dict):
            problems.append(
                Problem(line=line, column="", message='expected an object such as {"question": "…"}')
            )
            continue
        unknown.update(dict.fromkeys(str(name) for name in row if name and name not in Question.model_fields))
        try:
            question = Question.model_validate(row)
        except ValidationError as error:
            problems += [_problem(line, entry) for entry in error.errors()]
            continue
        if not question.id:
            question = question.model_copy(update={"id": _made_id(question, made)})
        if question.id in lines:
            message = f'"{question.id}" is used in line {lines[question.id]} already; ids must differ'
            problems.append(Problem(line=line, column='column "id"', message=message))
            continue
        lines[question.id] = line
        questions.append(_completed(question))
    return questions, problems, list(unknown)


def _made_id(question: Question, made: Counter[str]) -> str:
    """Make an id from the content, so that it does not depend on the order of lines."""
    content = json.dumps([question.question, question.history, question.scope], ensure_ascii=False)
    identity = "h" + hashlib.sha256(content.encode()).hexdigest()[:10]
    made[identity] += 1
    return identity if made[identity] == 1 else f"{identity}-{made[identity]}"


def _completed(question: Question) -> Question:
    """Fill in what follows from the rest: the language; the type of a question with answers."""
    return question.model_copy(
        update={
            "language": question.language or detect_language(question.question),
            "type": question.type or ("fact" if question.answers else ""),
        }
    )


def _problem(line: int, entry: Mapping[str, Any]) -> Problem:
    place: tuple[Any, ...] = entry["loc"]
    column = f'column "{place[0]}"' if place else ""
    item = f"item {place[1] + 1}: " if len(place) > 1 and isinstance(place[1], int) else ""
    return Problem(line=line, column=column, message=item + str(entry["msg"]).removeprefix("Value error, "))


def _unknown_column(name: str) -> str:
    near = get_close_matches(name.lower(), Question.model_fields, n=1, cutoff=0.7)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    return f'column "{name[:60]}" is not known and was left aside{hint}'


def _known_type(value: str) -> str:
    """Return the type that decides what is measured, however it is spelt; any other as it is."""
    spelt = unicodedata.normalize("NFKC", value).strip().lower().replace("-", "_").replace(" ", "_")
    return spelt if spelt in MEASURED_TYPES else value


def _unknown_types(questions: Sequence[Question]) -> Iterator[str]:
    """Yield a note for each type that nearly is one which decides what is measured."""
    found = Counter(question.type for question in questions if question.type not in MEASURED_TYPES)
    answered = {question.type for question in questions if question.answers}
    for name, count in found.items():
        near = get_close_matches(name.lower(), MEASURED_TYPES, n=1, cutoff=0.8)
        if near and not (near[0] == UNANSWERABLE and name in answered):
            yield f'type "{name[:60]}" ({count} questions) changes nothing; did you mean "{near[0]}"?'


def _complaint(path: Path, problems: Sequence[Problem]) -> str:
    shown = "; ".join(str(problem) for problem in problems[:_SHOWN_PROBLEMS])
    more = f"; and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    return f"{path}, {shown}{more}. Mend the lines or pass --skip-bad to leave them out."
