"""Questions on newspaper pages written for this project, on the passages that the assistant would read.

The pages are read, taken apart and cut into chunks as documents are; what stands over a chunk goes with it. Takes a
folder of pages and their questions, gives examples; knows nothing of tokens or networks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from index.chunking import DEFAULT_OPTIONS
from index.datatypes import Hit, Span
from index.ingest import prepare
from index.readers import DocumentReader
from index.text import is_chinese
from rag.context import passages_from_hits
from rag.crossing import crossed
from rag.datatypes import Passage
from rag.evaluation.matching import find_loosely
from rag.training.examples import Example
from rag.training.negatives import HardPassages

READ_PAGES = Path(__file__).parent / "pages" / "read"  # what the reader is trained on; the scoring has others
FIRST_PAGE = 5_000_000  # as a document's number; contexts have lower ones
LONGEST = 90  # characters of an answer
NEAREST = 2  # passages that a question without an answer is asked of


@dataclass(slots=True)
class PageQuestions:
    """Examples, all passages to find wrong ones among, and what stands over each passage."""

    examples: list[Example] = field(default_factory=list)
    hard: HardPassages = field(default_factory=lambda: HardPassages([], "zh"))
    above: dict[str, str] = field(default_factory=dict)


def read_pages(folder: Path, random: Random) -> PageQuestions:
    """Read ``PAGE.txt`` files and ``questions.jsonl``, which is in the format of questions to evaluate."""
    asked: dict[str, list[dict[str, Any]]] = {}
    for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        page = row["id"].rpartition("-")[0]  # also of a question that its page does not answer
        asked.setdefault(page, []).append(row)
    made = PageQuestions()
    chunks: list[tuple[int, str]] = []
    reader = DocumentReader()
    for number, page in enumerate(sorted(asked), start=FIRST_PAGE):
        reading = prepare(reader.read(folder / f"{page}.txt"), DEFAULT_OPTIONS)
        hits = [Hit(rank=1, chunk=chunk, document=reading.document, scores={}) for chunk in reading.chunks]
        passages = list(_cut(hits, reading.document.text, random))
        made.above |= {passage.text: passage.above for passage in passages}
        texts = [passage.text for passage in passages]
        chunks += [(number, text) for text in texts]
        found = HardPassages([(number, text) for text in texts], "zh")
        for row in asked[page]:
            made.examples += (
                _answered(row, texts, number)
                if row["answers"]
                else _unanswered(row["question"], found, number)
            )
    made.hard = HardPassages(chunks, "zh")
    return made


def _cut(hits: Sequence[Hit], text: str, random: Random) -> Iterator[Passage]:
    """Yield each chunk as a passage, and some merged with the next one as neighbours that are found together are."""
    for hit, following in zip(hits, [*hits[1:], None], strict=True):
        yield from passages_from_hits([hit], lambda _: text)
        if following and random.random() < 0.5:
            merged = passages_from_hits([hit, following], lambda _: text)
            if len(merged) == 1:
                yield from merged


def _answered(asked: dict[str, Any], passages: Sequence[str], document: int) -> Iterator[Example]:
    """Yield a question with each passage that holds its evidence and its answer."""
    question: str = asked["question"]
    crossing = not is_chinese(question)
    for passage in passages:
        evidence = find_loosely(passage, asked["evidence"][0])
        if evidence and (span := _answer(passage, evidence, asked)):
            yield Example(
                source="pages",
                question=question,
                passage=passage,
                start=span[0],
                end=span[1],
                document=document,
                query=passage if crossing else question,
            )


def _unanswered(question: str, page: HardPassages, document: int) -> Iterator[Example]:
    """Yield a question with the passages of its page that look most as if they answered it."""
    whole = "\n".join(text for _, text in page.chunks)
    for n in page.search(crossed(question, whole), k=NEAREST):
        yield Example(
            source="pages",
            question=question,
            passage=page.chunks[n][1],
            start=0,
            end=0,
            document=document,
            query=question,
        )


def _answer(passage: str, evidence: Span, asked: dict[str, Any]) -> Span | None:
    """Return where the answer stands in its evidence: of a list from the first part to the last one."""
    part = passage[slice(*evidence)]
    found = [span for answer in asked["answers"] if (span := find_loosely(part, answer))]
    if not found:
        return None
    if asked["type"] == "list":
        if len(found) < len(asked["answers"]):
            return None
        found = [(min(start for start, _ in found), max(end for _, end in found))]
    start, end = found[0]
    return (evidence[0] + start, evidence[0] + end) if end - start <= LONGEST else None
