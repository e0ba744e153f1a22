"""A question, its candidates and their passages, as the rules that choose among the candidates look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.text import fold
from rag.answerers.evidence import Found
from rag.answerers.scoring import confidence
from rag.asks import Ask
from rag.datatypes import Passage
from rag.questions import QuestionAnalysis
from rag.tables import Verbalised, verbalise
from rag.terms import content_terms


@dataclass(frozen=True, slots=True)
class Case:
    """An analysed question, its candidates, best first, and the passages that they were found in."""

    analysis: QuestionAnalysis
    ranked: Sequence[Found]
    passages: Sequence[Passage]

    @property
    def ask(self) -> Ask:
        """The first thing asked."""
        return self.analysis.asks[0]

    @property
    def question(self) -> str:
        """The folded question."""
        return self.analysis.folded

    @property
    def terms(self) -> set[str]:
        """The content words of the question."""
        return set(content_terms(self.question))

    def passage(self, found: Found) -> Passage:
        """Return the passage of a candidate."""
        return self.passages[found.sentence.passage]

    def read(self, found: Found) -> Verbalised:
        """Return what is read of a candidate's passage: its tables as sentences."""
        return verbalise(self.passage(found).text)

    def text(self, found: Found) -> str:
        """Return the folded passage of a candidate, as it is read."""
        return fold(self.read(found).text)

    def sentence(self, found: Found) -> str:
        """Return the folded sentence of a candidate."""
        return self.text(found)[found.sentence.start : found.sentence.end]

    def before(self, found: Found) -> str:
        """Return what stands before a candidate in its sentence, folded."""
        return self.text(found)[found.sentence.start : found.start]

    def clause(self, found: Found) -> str:
        """Return what stands before a candidate in its clause, folded."""
        return re.split(r"[,;:。!?]", self.before(found))[-1]

    def surest(self, best: Found) -> float:
        """Return the highest confidence of the candidates in the same sentence."""
        return max(confidence(found.features) for found in self.ranked if found.sentence == best.sentence)

    def beside(self, best: Found) -> Iterator[Found]:
        """Yield the candidates of the same kind in the same sentence, best first."""
        return (f for f in self.ranked if f.sentence == best.sentence and f.kind == best.kind)
