"""Says in words why sentences of an answer are doubted, and cuts its text at them. Pure; knows no screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.datatypes import Answer, Citation, Doubt, DoubtReason

SIGN = "✖"
_REASONS: dict[DoubtReason, tuple[str, str]] = {
    "figure": ("它引用的原文里没有这个数字", "The passages it cites do not have this figure"),
    "date": ("它引用的原文里没有这个日期", "The passages it cites do not have this date"),
    "name": ("它引用的原文里没有这个名称", "The passages it cites do not have this name"),
    "quotation": ("它引用的原文里没有这句引语", "The passages it cites do not have these quoted words"),
    "support": ("它引用的原文没有这样说", "The passages it cites do not say so"),
    "uncited": ("这句话没有注明出处", "This sentence cites no passage"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of an answer's text, and the doubt about it."""

    start: int  # half-open, into `Answer.text`
    end: int
    doubt: Doubt | None

    @property
    def ends_doubt(self) -> bool:
        """Whether the doubted sentence ends here: where its sign belongs."""
        return self.doubt is not None and self.end == self.doubt.end


def explain(doubt: Doubt, language: str) -> str:
    """Return why a sentence is doubted, with the words that are missing; in Chinese for "zh", else English."""
    reason = _REASONS[doubt.reason][0 if language == "zh" else 1]
    colon, comma = ("：", "、") if language == "zh" else (": ", ", ")
    return reason + (colon + comma.join(doubt.missing) if doubt.missing else "")


def stretches(answer: Answer, start: int = 0, end: int | None = None) -> Iterator[Stretch]:
    """Yield ``answer.text[start:end]`` cut at the edges of its doubts; of two that overlap the first counts."""
    end = len(answer.text) if end is None else end
    edges = {start, end} | {
        edge for doubt in answer.doubts for edge in (doubt.start, doubt.end) if start < edge < end
    }
    for low, high in pairwise(sorted(edges)):
        doubt = next((d for d in answer.doubts if d.start <= low and high <= d.end), None)
        yield Stretch(start=low, end=high, doubt=doubt)


def signed_text(answer: Answer) -> str:
    """Return the answer's text with a sign after each sentence that is doubted."""
    return "".join(
        answer.text[s.start : s.end] + (f" {SIGN}" if s.ends_doubt else "") for s in stretches(answer)
    )


def doubts_about(answer: Answer, citation: Citation) -> list[Doubt]:
    """Return the doubts about the sentence that a citation stands at."""
    return [d for d in answer.doubts if d.start < citation.answer_end and citation.answer_start < d.end]
