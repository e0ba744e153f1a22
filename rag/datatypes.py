"""The values that flow from passages to answers. They know nothing of how an answer is found or shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from index.datatypes import Span as TextSpan

Status = Literal["answered", "unanswerable"]
Verdict = Literal["supported", "unsupported"]
DoubtReason = Literal["figure", "date", "name", "quotation", "support", "uncited"]
Phase = Literal["searching", "passages", "text", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An answer span that the reader found. Offsets are code points into the passage it was given."""

    text: str
    start: int
    end: int
    passage: int  # position in the list of passages handed in, from 0
    score: float  # log-odds of this span against "not here"; higher is better
    relevance: float  # 0..1, calibrated: does this passage hold the answer?


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A numbered piece of evidence; ``"".join(document.text[s:e] for s, e in spans) == text``."""

    number: int  # from 1
    document_id: int
    source: str
    title: str
    text: str
    spans: tuple[TextSpan, ...]
    heading: tuple[str, ...] = ()
    page: int | None = None
    date: str | None = None
    language: str = "zh"
    chunk_ids: tuple[int, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)  # as in index.datatypes.Hit
    ranks: Mapping[str, int] = field(default_factory=dict)
    matched: tuple[str, ...] = ()
    title_path: tuple[str, ...] | None = None  # see `titles`; None: title and heading
    cut: bool = False  # rows of a table may be missing: lines are left out between its spans or go on behind

    @property
    def titles(self) -> tuple[str, ...]:
        """What stands over the text and is about it: the document's title, unless another article's, and its own."""
        return (self.title, *self.heading) if self.title_path is None else self.title_path

    @property
    def above(self) -> str:
        """The titles under which it is read, article › section, in one line.

        Not the document's title and date: where the reader learnt to read under them, half of the questions had no
        answer, and it holds that against every passage that has such.
        """
        titles = (title for title in dict.fromkeys(self.titles) if title != self.title)
        return " › ".join(" ".join(title.split()) for title in titles if title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What ties a sentence of the answer to the exact words of a document."""

    number: int  # the n of [n] in the answer's text, from 1
    passage: int  # the number of the passage that it lies in
    document_id: int
    source: str
    title: str
    page: int | None
    heading: tuple[str, ...]
    date: str | None
    start: int  # of the first span, into the document's text
    end: int  # of the last span
    spans: tuple[TextSpan, ...]
    quote: str  # the verbatim slices, joined
    answer_start: int  # the sentence of `Answer.text` that it supports, half-open
    answer_end: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A sentence of an answer that the passages it cites do not bear out."""

    start: int  # half-open, into the text of the draft or the answer, its markers included
    end: int
    reason: DoubtReason
    missing: tuple[str, ...] = ()  # the words of the sentence that stand in no passage it cites


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole reply. Frozen: retry and edit make a new one."""

    question: str
    query: str  # what was searched: the question, or its rewriting with the history
    language: str  # of the question
    status: Status
    text: str
    short_answer: str  # "" when unanswerable or when the question asks for no short one
    confidence: float  # 0..1, calibrated: the chance that the answer is right
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    timings: Mapping[str, float]  # seconds by stage: retrieve_s, rerank_s, answer_s, total_s
    settings: str  # fingerprint of the settings and models that made it
    notes: tuple[str, ...] = ()  # what the person should know: figures that disagree, a history that was used
    doubts: tuple[Doubt, ...] = ()  # sentences that failed their check; a language model's only

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types: the one form used by the API, ``--json``, run folders and exports."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Answer:
        """Rebuild an answer from ``to_dict()``, also after a round trip through JSON."""
        fields = dict(data)
        fields["citations"] = tuple(Citation(**_tuples(c)) for c in data["citations"])
        fields["passages"] = tuple(Passage(**_tuples(p)) for p in data["passages"])
        fields["notes"] = tuple(data.get("notes", ()))
        fields["doubts"] = tuple(Doubt(**_tuples(d)) for d in data.get("doubts", ()))
        return cls(**fields)


def _plain(value: Any) -> Any:
    """Turn tuples into lists at any depth, as a round trip through JSON does."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the lists that JSON made of tuples back into tuples."""
    return {
        name: tuple(tuple(v) if isinstance(v, list) else v for v in value)
        if isinstance(value, list)
        else value
        for name, value in fields.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of ``Assistant.stream``: searching → passages → text … → answer."""

    phase: Phase
    query: str = ""  # searching
    passages: tuple[Passage, ...] = ()  # passages
    text: str = ""  # text: a piece to append
    answer: Answer | None = None  # answer: the last event
