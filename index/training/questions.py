"""Questions with the context that answers them: of data sets, and those that were written for this project.

The embedder and the reader learn from the same ones, and hold the same ones out.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from random import Random

from index.errors import SettingsError
from index.text import fold, is_chinese
from index.training.tables import read_rows

WRITTEN = Path(__file__).parent / "passages"  # written for this project: BATCH/LANGUAGE-TOPIC.txt
WRITTEN_MARKED = WRITTEN / "marked"  # the same, with answers as long as people mark them
LANGUAGES = ("en", "ko", "zh")  # of those passages
TRANSLATED = Path(__file__).parent / "embedder" / "everyday" / "questions"  # the same in others: LANGUAGE.tsv
ASKED = Path(__file__).parent / "asked"  # questions written on contexts that have some: SET.tsv
MARKED = ASKED / "marked"  # more of them, whose answers are as long as the set's own
HELD_OUT = 1_000  # questions of CMRC's training part that are held out, by context; a tenth of other sets
SHINGLE = 40  # characters that tell two cuts of one text: letters and digits, folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a data set: ``context[start:end]`` answers it; where that is empty, nothing does."""

    language: str  # of the context
    question: str
    context: str
    start: int
    end: int

    @property
    def answer(self) -> str:
        """The answer's words."""
        return self.context[self.start : self.end]


def read_questions(path: Path, source: str | None = None) -> list[Question]:
    """Read gzipped ``{src, lang, q, ctx, a, s}`` lines, those of one source or all; none where there is no file.

    An answer that is not at ``s`` is looked for; one that is not in its context is left out.
    """
    if not path.is_file():
        return []
    questions: list[Question] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if source and row["src"] != source:
                continue
            start = row["s"] if row["ctx"].startswith(row["a"], row["s"]) else row["ctx"].find(row["a"])
            if start >= 0:
                questions.append(
                    Question(
                        language=row["lang"],
                        question=row["q"],
                        context=row["ctx"],
                        start=start,
                        end=start + len(row["a"]),
                    )
                )
    return questions


def read_written(path: Path) -> list[Question]:
    """Read passages that were written for this project, with their questions; ``LANGUAGE-TOPIC.txt``.

    Lines of tab-separated fields: ``P``, a passage; ``Q``, a question on it and its answer's words, which
    are meant where they stand first; ``N``, a question that the passage does not answer.

    Raises:
        SettingsError: a line is none of these, or an answer is not in its passage.
    """
    questions: list[Question] = []
    context = ""
    language = path.name.partition("-")[0]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        kind, *fields = line.split("\t")
        if kind == "P" and len(fields) == 1:
            (context,) = fields
        elif kind == "N" and len(fields) == 1 and context:
            questions.append(Question(language=language, question=fields[0], context=context, start=0, end=0))
        elif kind == "Q" and len(fields) == 2 and fields[1] and fields[1] in context:
            asked, answer = fields
            start = context.find(answer)
            end = start + len(answer)
            questions.append(
                Question(language=language, question=asked, context=context, start=start, end=end)
            )
        else:
            raise SettingsError(
                f"{path}, line {number}: expected P, Q or N with tab-separated fields, an answer in its passage."
            )
    return questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A question set in two parts that share no context; some questions may be in neither."""

    training: tuple[Question, ...]
    held_out: tuple[Question, ...]


def hold_out(questions: Sequence[Question], count: int) -> Split:
    """Split off about ``count`` questions by context, so that no context is on both sides.

    The choice depends on the contexts alone and not on the training seed: models stay comparable.
    """
    asked = Counter(question.context for question in questions)
    contexts = sorted(asked)
    Random(6).shuffle(contexts)
    held: set[str] = set()
    total = 0
    for context in contexts:
        if total >= count:
            break
        held.add(context)
        total += asked[context]
    return Split(
        training=tuple(question for question in questions if question.context not in held),
        held_out=tuple(question for question in questions if question.context in held),
    )


def without_overlaps(split: Split) -> Split:
    """Leave out of training the contexts that share a shingle with a held-out one: cuts of one article overlap."""
    held = {question.context for question in split.held_out}
    told = {shingle for context in held for shingle in _shingles(context)}
    contexts = {question.context for question in split.training}
    kept = {context for context in contexts if told.isdisjoint(_shingles(context))}
    return replace(split, training=tuple(one for one in split.training if one.context in kept))


def _shingles(text: str) -> Iterator[str]:
    """Yield every ``SHINGLE`` characters that follow each other in a text, folded, without blanks and marks."""
    dense = re.sub(r"[\W_]+", "", fold(text))
    return (dense[start : start + SHINGLE] for start in range(len(dense) - SHINGLE + 1))


def split_sets(folder: Path, cmrc_held_out: int = HELD_OUT) -> dict[str, Split]:
    """Return the question sets of a folder of training files, by name; one whose file is missing is empty.

    What is left to train on overlaps with nothing that is held out.
    """
    pairs = folder / "qa_pairs.jsonl.gz"
    cmrc, jaquad = read_questions(pairs, "cmrc"), read_questions(pairs, "jaquad")
    english = read_questions(folder / "qa_english.jsonl.gz")
    splits = {
        "cmrc": hold_out(cmrc, cmrc_held_out),
        "jaquad": hold_out(jaquad, len(jaquad) // 10),
        "qa_english": hold_out(english, len(english) // 10),
    }
    return {name: without_overlaps(split) for name, split in splits.items()}


def written_files(folder: Path, pattern: str = "*.txt") -> list[Path]:
    """Return the files of written passages in a folder, batch by batch."""
    return sorted(folder.glob(f"*/{pattern}"))


def written(language: str, folder: Path = WRITTEN) -> Split:
    """Return the written questions of a folder on passages of a language.

    Each batch is split by itself, so that what is held out stays so when more is written.
    """
    splits = []
    for _, files in groupby(written_files(folder, f"{language}-*.txt"), key=lambda path: path.parent):
        asked = [question for path in files for question in read_written(path)]
        splits.append(hold_out(asked, len(asked) // 10))
    return _together(splits)


def all_written() -> Split:
    """Return the written questions of both folders on passages of all languages."""
    return _together(
        [written(language, folder) for folder in (WRITTEN, WRITTEN_MARKED) for language in LANGUAGES]
    )


def _together(splits: Sequence[Split]) -> Split:
    return Split(
        training=tuple(question for split in splits for question in split.training),
        held_out=tuple(question for split in splits for question in split.held_out),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A question as it was written, and the same in another language."""

    language: str
    original: str
    text: str


def read_translations(folder: Path) -> Iterator[Translation]:
    """Yield what the files ``LANGUAGE.tsv`` of a folder hold: a translation, a tab, and the question as written."""
    for path in sorted(folder.glob("*.tsv")):
        for text, original in read_rows(path):
            yield Translation(language=path.stem, original=original, text=text)


def by_original(folder: Path) -> defaultdict[str, list[Translation]]:
    """Return the translations of a folder by the question as written; none of a question that has none."""
    found: defaultdict[str, list[Translation]] = defaultdict(list)
    for translation in read_translations(folder):
        found[translation.original].append(translation)
    return found


def translated(
    questions: Iterable[Question], folder: Path, languages: Container[str] | None = None
) -> list[Question]:
    """Return the answered ones of the questions that a folder has in other languages, in these, or in some of them."""
    translations = by_original(folder)
    return [
        replace(asked, question=translation.text)
        for asked in questions
        if asked.answer
        for translation in translations[asked.question]
        if languages is None or translation.language in languages
    ]


def context_key(context: str) -> str:
    """Return what stands for a context where its text is not ours to repeat."""
    return hashlib.sha256(context.encode()).hexdigest()[:10]


def asked_again(path: Path, questions: Iterable[Question]) -> list[tuple[Question, Question]]:
    """Return what a file has on the contexts of some questions of a set, each in two languages.

    Lines of tab-separated fields: the context's ``context_key``; a question in its language; the answer's words,
    which are meant where they stand first; and the question in the other one of Chinese and English.

    Raises:
        SettingsError: an answer is not in its context.
    """
    contexts = {context_key(asked.context): asked for asked in questions}
    found: list[tuple[Question, Question]] = []
    for number, (key, question, answer, translation) in enumerate(read_rows(path), start=1):
        if key in contexts:
            start = contexts[key].context.find(answer)
            if start < 0:
                raise SettingsError(f"{path}, line {number}: expected an answer that is in its context.")
            one = replace(contexts[key], question=question, start=start, end=start + len(answer))
            found.append((one, replace(one, question=translation)))
    return found


def in_english_and_chinese() -> Iterator[tuple[str, str]]:
    """Yield the (English, Chinese) versions of questions written for this project, but for those held out."""
    held = all_written().held_out
    questions, contexts = {asked.question for asked in held}, {context_key(asked.context) for asked in held}
    pairs = [
        (translation.original, translation.text)
        for translation in read_translations(TRANSLATED)
        if translation.language in ("en", "zh") and translation.original not in questions
    ]
    for path in sorted(ASKED.rglob("*.tsv")):
        pairs += [(one, other) for key, one, _, other in read_rows(path) if key not in contexts]
    for one, other in pairs:
        yield (other, one) if is_chinese(one) else (one, other)
