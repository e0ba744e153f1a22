"""Turns a run into one self-contained page and a table. Takes a run, gives text; computes no metric.

All text of documents, questions and answers is escaped; the page allows itself no connection at all.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from index.datatypes import Span
from rag.datatypes import Answer, Citation, Doubt, Passage
from rag.doubts import SIGN, doubts_about, explain, stretches
from rag.evaluation.matching import find
from rag.evaluation.plots import plots
from rag.evaluation.results import FAILURES, Result
from rag.evaluation.strings import STRINGS

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from rag.evaluation.runner import Run

MAX_SHOWN = 1_000  # questions on the page, failures first; a browser copes with these
HEADLINES = (
    "answer_accuracy",
    "short_exact_match",
    "retrieval_recall@5",
    "citation_precision",
    "refusal_auroc",
    "latency_p50_s",
)
_NO_SHARES = ("refusal_auroc", "retrieval_mrr", "retrieval_ndcg", "calibration", "risk")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of text and the marks on it: "cited", "gold"."""

    text: str
    marks: tuple[str, ...] = ()


def report_html(run: Run) -> str:
    """Return ``report.html``: headline numbers, plots, failures and every question, in both languages."""
    from markupsafe import Markup

    ordered = sorted(run.results, key=lambda result: (not result.failure, result.question.id))
    shown = ordered[:MAX_SHOWN]
    return (
        environment()
        .get_template("report.html")
        .render(
            run=run,
            metrics=run.metrics,
            overall=run.metrics["overall"],
            headlines=[name for name in HEADLINES if run.metrics["overall"][name]["value"] is not None],
            groups=[name for name in ("by_type", "by_language", "by_document") if run.metrics[name]],
            plots={name: Markup(drawing) for name, drawing in plots(run.metrics).items()},
            failures=[
                (name, run.metrics["failures"][name]) for name in FAILURES if run.metrics["failures"][name]
            ],
            counts=_counts(run.results),
            results=shown,
            left_out=len(ordered) - len(shown),
        )
    )


def results_csv(results: Iterable[Result]) -> str:
    """Return one line per question for a spreadsheet; cells that Excel would run as a formula are defused."""
    rows = [_cells(result) for result in results]
    stream = io.StringIO()
    if rows:
        writer = csv.DictWriter(stream, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows({name: _defused(cell) for name, cell in row.items()} for row in rows)
    return stream.getvalue()


def _cells(result: Result) -> dict[str, Any]:
    question, answer = result.question, result.answer
    cells: dict[str, Any] = {
        "id": question.id,
        "question": question.question,
        "type": question.type,
        "language": question.language,
        "gold_answers": " | ".join(question.answers or ()),
        "gold_documents": " | ".join(question.documents),
        "gold_evidence": " | ".join(question.evidence),
        "history": " | ".join(question.history),
        "failure": result.failure,
        "error": result.error,
        "search_rank": result.search_rank,
    }
    if answer:
        cells |= {
            "status": answer.status,
            "short_answer": answer.short_answer,
            "text": answer.text,
            "doubts": "\n".join(
                f"{answer.text[d.start : d.end]} {SIGN} {explain(d, 'en')}" for d in answer.doubts
            ),
            "confidence": round(answer.confidence, 4),
            "citations": "\n".join(
                f"[{c.number}] {c.source} {c.start}-{c.end}: {c.quote}" for c in answer.citations
            ),
            "passages": "\n".join(f"{p.number}. {p.source}: {p.text}" for p in answer.passages),
            **{name: round(seconds, 4) for name, seconds in answer.timings.items()},
        }
    return cells | dict(result.scores)


def _defused(cell: Any) -> Any:
    """Put a quote before what Excel would run (OWASP, "CSV injection"), and cut what no cell can hold."""
    if not isinstance(cell, str):
        return cell
    return ("'" + cell if cell.startswith(_FORMULA_STARTS) else cell)[:32_000]


# --- what the templates use -------------------------------------------------------------------------------


@cache
def environment() -> Environment:
    """Return the templates beside this module; everything is escaped unless it says otherwise."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("rag.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        version=_version(),
        t=both,
        state=state,
        pieces=passage_pieces,
        quote_pieces=quote_pieces,
        text_pieces=text_pieces,
        doubts_about=doubts_about,
        why=why,
        sign=SIGN,
    )
    made.filters.update(number=number, percent=percent, figure=figure)
    return made


def _version() -> str:
    try:
        return version("chuchu")
    except PackageNotFoundError:
        return ""


def both(key: str) -> Markup:
    """Return a text in both languages, of which the page shows one; an unknown key stands for itself."""
    return _in_both(*STRINGS.get(key, (key.partition(".")[2] or key,) * 2))


def _in_both(chinese: str, english: str) -> Markup:
    from markupsafe import Markup

    return Markup('<span class="zh">{}</span><span class="en">{}</span>').format(chinese, english)


def state(result: Result) -> str:
    """Return a failure's name, "ok", or "unknown" where nothing could be measured."""
    return result.failure or ("ok" if result.question.measured else "unknown")


def _counts(results: Sequence[Result]) -> dict[str, int]:
    """How many questions each filter button shows."""
    return {
        "all": len(results),
        "failed": sum(bool(result.failure) for result in results),
        **{name: sum(result.failure == name for result in results) for name in FAILURES},
    }


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with a fixed number of digits, or a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """Return a share as a percentage with one decimal, or a dash."""
    return "–" if value is None else f"{100 * value:.1f}%"


def figure(value: float | None, name: str) -> str:
    """Return a metric's value as it is best read: seconds, a plain number, or a percentage."""
    if name.endswith("_s"):
        return number(value)
    return number(value) if name.startswith(_NO_SHARES) else percent(value)


def passage_pieces(result: Result, passage: Passage) -> list[Piece]:
    """Return a passage's text cut at the words that are cited and those of the gold evidence."""
    citations = result.answer.citations if result.answer else ()
    cited = [
        span
        for citation in citations
        if citation.passage == passage.number
        for span in _inside(passage, citation)
    ]
    return list(_cut(passage.text, {"cited": cited, "gold": _gold(passage.text, result)}))


def quote_pieces(result: Result, citation: Citation) -> list[Piece]:
    """Return a quote cut at the words of the gold evidence."""
    return list(_cut(citation.quote, {"gold": _gold(citation.quote, result)}))


def text_pieces(answer: Answer) -> list[Piece]:
    """Return an answer's text cut at the sentences that are doubted."""
    return [
        Piece(
            text=answer.text[part.start : part.end] + (f" {SIGN}" if part.ends_doubt else ""),
            marks=("doubted",) if part.doubt else (),
        )
        for part in stretches(answer)
    ]


def why(doubt: Doubt) -> Markup:
    """Return why a sentence is doubted, in both languages."""
    return _in_both(explain(doubt, "zh"), explain(doubt, "en"))


def _gold(text: str, result: Result) -> list[Span]:
    """Where the evidence stands, or without evidence the gold answer."""
    wanted = result.question.evidence or result.question.answers or ()
    return [span for piece in wanted for span in find(text, piece)]


def _inside(passage: Passage, citation: Citation) -> Iterator[Span]:
    """Turn a citation's spans in the document into spans in the passage's text."""
    offset = 0
    for start, end in passage.spans:
        for cited_start, cited_end in citation.spans:
            low, high = max(start, cited_start), min(end, cited_end)
            if low < high:
                yield offset + low - start, offset + high - start
        offset += end - start


def _cut(text: str, marks: Mapping[str, Sequence[Span]]) -> Iterator[Piece]:
    """Yield the text in pieces that carry the same marks throughout."""
    edges = {0, len(text), *(edge for spans in marks.values() for span in spans for edge in span)}
    edges = {min(max(edge, 0), len(text)) for edge in edges}
    ordered = sorted(edges)
    for start, end in pairwise(ordered):
        over = tuple(name for name, spans in marks.items() if any(s <= start and end <= e for s, e in spans))
        yield Piece(text=text[start:end], marks=over)
