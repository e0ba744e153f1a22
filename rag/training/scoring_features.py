"""Asks cases as the assistant would and keeps what its answerer saw: every candidate's features, and which are right.

Takes corpora and the models that ship, gives arrays. What was extracted is kept in a folder, by everything that
decides it: the cases, the models, and the code that answers and grades. It is extracted anew when any of them changes.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import index
import rag
from index.datatypes import Chunk, Filter
from index.text import detect_language
from index.weights import SUMS
from rag.answerers.evidence import FEATURES, Found
from rag.answerers.extractive import ExtractiveAnswerer
from rag.assistant import Assistant
from rag.datatypes import Passage
from rag.evaluation import matching
from rag.evaluation.matching import holds, normalise, overlaps
from rag.questions import analyse_question
from rag.remembering import RememberingEmbedder
from rag.retriever import retrieve
from rag.training.scoring_cases import Case, Corpus

logger = logging.getLogger(__name__)

WRONG, NEAR, EXACT = 0, 1, 2
"""Grades of a candidate: it is a gold answer; it holds one or is held by one of nearly its size; anything else."""

NEARLY = 0.4  # share of the longer of two answers from which one that holds the other is near
UNTOLD = 3  # characters of an answer that is left out wherever it stands, not only in its own sentence


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The candidates of a corpus's cases, one row each, those of a case together."""

    features: NDArray[np.float32]  # shape (candidates, len(FEATURES))
    grades: NDArray[np.int8]  # shape (candidates,)
    sizes: NDArray[np.int32]  # shape (cases,): candidates of each
    kinds: NDArray[np.str_]  # shape (cases,)
    groups: NDArray[np.str_]  # shape (cases,)
    languages: NDArray[np.str_]  # shape (cases,): of the questions


def extract(corpus: Corpus, folder: Path) -> Seen:
    """Return what the answerer sees of a corpus, from the folder if it was kept there."""
    kept = folder / f"{corpus.name}-{_fingerprint(corpus)}.npz"
    try:
        with np.load(kept, allow_pickle=False) as arrays:
            return Seen(**arrays)
    except (OSError, BadZipFile, ValueError, TypeError):
        logger.info("%s: asking %d questions", corpus.name, len(corpus.cases))
    seen = _ask_all(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    fields = {name: getattr(seen, name) for name in Seen.__slots__}
    with kept.with_suffix(".new").open("wb") as file:
        np.savez_compressed(file, **fields)
    kept.with_suffix(".new").replace(kept)
    return seen


def _fingerprint(corpus: Corpus) -> str:
    """Return sixteen hexadecimal digits of cases, documents, models, and the code that answers and grades."""
    digest = hashlib.sha256()
    for case in corpus.cases:
        digest.update(json.dumps(asdict(case), ensure_ascii=False).encode())
    for name, text in sorted(_texts(corpus).items()):
        digest.update(f"{name}\0{text}\0".encode())
    for room in (index, rag):
        home = Path(str(room.__file__)).parent
        skipped = {home / "training", home / "evaluation"}
        for path in sorted(home.rglob("*.py")):
            if skipped.isdisjoint(path.parents):
                digest.update(path.read_bytes())
        for path in sorted((home / "models").rglob("*")):
            if path.name == SUMS or path.suffix == ".xz":
                digest.update(path.read_bytes())
    for grading in (__file__, matching.__file__):
        digest.update(Path(grading).read_bytes())
    return digest.hexdigest()[:16]


def _texts(corpus: Corpus) -> Mapping[str, str]:
    if isinstance(corpus.documents, Path):
        files = sorted(path for path in corpus.documents.iterdir() if path.is_file())
        return {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files}
    return corpus.documents


def _ask_all(corpus: Corpus) -> Seen:
    """Read the documents into a library for the time being, and ask all cases of it."""
    with TemporaryDirectory(prefix="chuchu-scoring-") as name:
        documents = corpus.documents if isinstance(corpus.documents, Path) else Path(name) / "documents"
        if not isinstance(corpus.documents, Path):
            documents.mkdir()
            for file, text in corpus.documents.items():
                (documents / file).write_text(text, encoding="utf-8")
        with Assistant.from_documents(documents, library=Path(name) / "library") as assistant:
            # The assistant's own reader remembers what it read to rank the passages: half of the time.
            answerer = ExtractiveAnswerer(assistant.reader, embedder=RememberingEmbedder(assistant.embedder))
            library = assistant.library
            names = {document.id: document.name for document in library.documents()}
            chunks = [chunk for document_id in names for chunk in library.document_chunks(document_id)]
            asked = [_ask(case, assistant, answerer, _left_out(case, chunks, names)) for case in corpus.cases]
    return _stack(corpus.cases, asked)


def _ask(
    case: Case, assistant: Assistant, answerer: ExtractiveAnswerer, without: Iterable[int]
) -> list[tuple[list[float], int]]:
    """Return each candidate's features and grade, as the answerer finds them ``without`` some chunks."""
    found = retrieve(
        assistant.library,
        assistant.embedder,
        assistant.reader,
        case.question,
        assistant.settings,
        Filter(exclude_chunks=tuple(without)),
    )
    analysis = analyse_question(case.question)
    candidates = answerer.ranked(analysis, analysis.asks[0], found.passages, None)
    return [([c.features[name] for name in FEATURES], _grade(case, c, found.passages)) for c in candidates]


def _left_out(case: Case, chunks: Sequence[Chunk], names: Mapping[int, str]) -> list[int]:
    """Return the ids of the chunks that a case is asked without; ``names`` are of the documents."""
    if case.kind == "elsewhere":
        return [chunk.id for chunk in chunks if names[chunk.document_id] == case.group]
    return [*_telling(case, chunks)] if case.kind == "without" else []


def _telling(case: Case, chunks: Sequence[Chunk]) -> Iterator[int]:
    """Yield the ids of the chunks that tell a case's answer."""
    told = [answer for answer in case.answers if len(normalise(answer)) >= UNTOLD]
    for chunk in chunks:
        if any(holds(chunk.text, answer) for answer in told) or any(
            overlaps(chunk.text, quote) for quote in case.evidence
        ):
            yield chunk.id


def _grade(case: Case, found: Found, passages: Sequence[Passage]) -> int:
    """Grade a candidate by its words and by whether its sentence is evidence."""
    if not case.answerable:
        return WRONG
    text = passages[found.sentence.passage].text
    sentence = text[found.sentence.start : found.sentence.end]
    if not any(overlaps(sentence, quote) for quote in case.evidence):
        return WRONG
    return grade(text[found.start : found.end], case.answers, in_parts=case.in_parts)


def grade(text: str, answers: Sequence[str], *, in_parts: bool = False) -> int:
    """Grade the words of a candidate against gold answers: any one of them, or all its parts."""
    short = normalise(text)
    golds = [normalise(answer) for answer in answers]
    if in_parts:
        if not all(holds(text, answer) for answer in answers):
            return WRONG
        return EXACT if len(short) <= 1.3 * sum(map(len, golds)) + 2 else NEAR
    if short in golds:
        return EXACT
    for answer, gold in zip(answers, golds, strict=True):
        sizes = sorted((len(short), len(gold)))
        if sizes[0] >= NEARLY * sizes[1] and (holds(text, answer) or holds(answer, text)):
            return NEAR
    return WRONG


def _stack(cases: Sequence[Case], asked: Sequence[Sequence[tuple[list[float], int]]]) -> Seen:
    rows = [features for candidates in asked for features, _ in candidates]
    return Seen(
        features=np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURES)),
        grades=np.array([graded for candidates in asked for _, graded in candidates], dtype=np.int8),
        sizes=np.array([len(candidates) for candidates in asked], dtype=np.int32),
        kinds=np.array([case.kind for case in cases]),
        groups=np.array([case.group for case in cases]),
        languages=np.array([detect_language(case.question) for case in cases]),
    )
