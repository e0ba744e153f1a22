"""Mixes the sources into training windows, answerable ones and others, and turns them into flat arrays.

Everything slow happens here, once: cutting words, making questions, finding negatives, tokenising, matching.
What training reads is four arrays that are mapped from disk.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from index.bert import BertConfig
from index.datatypes import Span
from index.errors import SettingsError
from index.training.checkpoint import CHECKPOINT
from index.training.questions import (
    ASKED,
    MARKED,
    TRANSLATED,
    WRITTEN,
    WRITTEN_MARKED,
    Split,
    asked_again,
    split_sets,
    translated,
    written,
)
from index.weights import SUMS, sha256
from rag.crossing import crossed
from rag.features import MAX_ABOVE, MAX_QUESTION, WINDOW, Featuriser, Tokens
from rag.training.examples import (
    LANGUAGES,
    SOURCES,
    Example,
    Source,
    asked_examples,
    news_questions,
    parallel_questions,
    read_news,
    read_parallel,
    spread,
)
from rag.training.masking import hide, masked_texts
from rag.training.negatives import HardPassages, Names, near_miss, without_its_sentence
from rag.training.page_questions import READ_PAGES, PageQuestions, read_pages
from rag.training.settings import Mixture, TrainingSettings
from rag.training.words import Lexicon

logger = logging.getLogger(__name__)

LONGEST_ROW = MAX_QUESTION + MAX_ABOVE + WINDOW + 3  # tokens that a reader reads at a time, special ones too
MAX_PASSAGE = 184  # tokens of a training window; a little under the 192 that the reader reads at a time
HARDEST = 6  # passages of pages, the hardest, that a question is asked of in vain

_ASKED: dict[Source, tuple[Path, Source]] = {
    "asked_en": (ASKED / "qa_english.tsv", "english"),
    "asked_zh": (ASKED / "cmrc.tsv", "cmrc"),
    "fiction": (MARKED / "fiction.tsv", "written_zh"),
    "marked_en": (MARKED / "qa_english.tsv", "english"),
    "marked_zh": (MARKED / "cmrc.tsv", "cmrc"),
}
"""Questions written for this project on the contexts of other sources: their files, and those sources."""

_WRITTEN: dict[Source, Path] = {
    "written_en": WRITTEN,
    "written_ko": WRITTEN,
    "written_marked_en": WRITTEN_MARKED,
    "written_marked_zh": WRITTEN_MARKED,
    "written_zh": WRITTEN,
}
"""Passages written for this project with their questions: the folders of their batches."""

SampleKind = Literal["answer", "near_miss", "same_document", "hard", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A question with a passage to read; ``span`` is None where the passage does not answer it."""

    source: Source
    kind: SampleKind
    question: str
    passage: str
    span: Span | None
    above: str = ""  # what stands over the passage


@dataclass(slots=True)
class Sources:
    """What there is to train on: examples by source, passages by language or "pages", what stands over passages."""

    examples: dict[Source, list[Example]]
    hard: dict[str, HardPassages]
    above: dict[str, str]
    names: Names
    masked: list[tuple[str, str]]


def read_sources(data: Path, mixture: Mixture, random: Random) -> Sources:
    """Read the training files of a data folder and make questions of those that hold none.

    Raises:
        SettingsError: a file is missing.
    """
    folder = data / "train"
    wanted = [
        "cedict.tsv.gz",
        "news_zh.txt.gz",
        "en_zh_pairs.tsv.gz",
        "qa_pairs.jsonl.gz",
        "qa_english.jsonl.gz",
    ]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        raise SettingsError(
            f"{folder} lacks {', '.join(missing)}; give the folder that holds train/ as --data."
        )
    lexicon = Lexicon.read(folder / "cedict.tsv.gz")
    # Half as many again, so that every kind of question is there to choose from.
    want = int(1.5 * mixture.news), int(1.5 * mixture.gloss)
    news = news_questions(read_news(folder / "news_zh.txt.gz"), *want, lexicon, random)
    logger.info("news: %d Chinese and %d English questions", len(news.chinese), len(news.english))
    headings = {
        text: news.headings[number]
        for number, text in news.chunks
        if not text.startswith(news.headings[number])
    }
    pairs = read_parallel(folder / "en_zh_pairs.tsv.gz")
    crossing, same, english_chunks = parallel_questions(pairs, lexicon, random)
    logger.info("parallel text: %d questions on Chinese, %d on English", len(crossing), len(same))
    examples: dict[Source, list[Example]] = {
        "news": news.chinese,
        "gloss": news.english,
        "parallel": crossing,
        "english_news": same,
    }
    chunks: dict[str, list[tuple[int, str]]] = {"zh": news.chunks, "en": english_chunks, "ja": [], "ko": []}
    documents: dict[str, int] = {}
    subjects: dict[str, str] = {}
    for source, questions in data_sets(data, mixture.held_out).items():
        examples[source] = []
        for _ in range(max(1, round(getattr(mixture, source) / max(1, len(questions.training))))):
            # A question that comes more than once comes in another window.
            made, passages, about = asked_examples(questions.training, source, documents, random)
            examples[source] += made
            chunks[LANGUAGES[source]] += passages
            subjects |= about
        logger.info("%s: %d questions", source, len(examples[source]))
    hard = {language: HardPassages(passages, language) for language, passages in chunks.items()}
    pages = read_pages(READ_PAGES, Random(random.random())) if mixture.pages else PageQuestions()
    examples["pages"], hard["pages"] = pages.examples, pages.hard
    logger.info("pages: %d questions", len(pages.examples))
    return Sources(
        examples=examples,
        hard=hard,
        above=headings | subjects | pages.above,
        names=Names.of(news.chinese, [english for english, _ in pairs[::4]]),
        masked=masked_texts(chunks, pairs, mixture.masked, random),
    )


def data_sets(data: Path, cmrc_held_out: int) -> dict[Source, Split]:
    """Return the question sets, each split into what is trained on and what is held out."""
    sets = split_sets(data / "train", cmrc_held_out)
    splits: dict[Source, Split] = {
        "cmrc": sets["cmrc"],
        "jaquad": sets["jaquad"],
        "english": sets["qa_english"],
    }
    for source, folder in _WRITTEN.items():
        splits[source] = _with_translations(written(LANGUAGES[source], folder))
    for source, (path, known) in _ASKED.items():
        again = asked_again(path, splits[known].training)
        splits[source] = Split(training=tuple(one for both in again for one in both), held_out=())
    return splits


def _with_translations(split: Split) -> Split:
    """Add the Chinese and the English translations of what is trained on."""
    return replace(split, training=(*split.training, *translated(split.training, TRANSLATED, {"en", "zh"})))


def make_samples(sources: Sources, mixture: Mixture, random: Random) -> list[Sample]:
    """Return the windows to train on, shuffled: each source's share, some of them made unanswerable."""
    samples = [
        _with_noise(_sample(example, sources, mixture, random), mixture, random)
        for source in SOURCES
        for example in spread(sources.examples[source], getattr(mixture, source), random)
    ]
    random.shuffle(samples)
    return samples


def _sample(example: Example, sources: Sources, mixture: Mixture, random: Random) -> Sample:
    """Return the example as it is, or with a question or passage that do not fit."""
    over = sources.above if random.random() < mixture.headings else {}
    above = over.get(example.passage, "")
    positive = Sample(
        source=example.source,
        kind="answer",
        question=example.question,
        passage=example.passage,
        span=(example.start, example.end),
        above=above,
    )
    if not example.answer:
        return replace(positive, kind="near_miss", span=None)
    if random.random() >= mixture.negatives:
        return positive
    paged = example.source == "pages"
    hard = sources.hard["pages" if paged else LANGUAGES[example.source]]
    if not paged and random.random() < mixture.near_misses:  # of a page, 去年 may be the other year
        question = near_miss(example, sources.names, random)
        if question:
            return replace(positive, kind="near_miss", question=question, span=None)
    choice = random.random()
    kind: SampleKind = "same_document" if choice < 0.36 else "hard" if choice < 0.87 else "random"
    passage = None
    if paged:  # one page holds much that looks alike
        kind, passage = "hard", random.choice([None, *hard.hardest(example, HARDEST)])
    elif kind == "same_document":
        passage = hard.same_document(example, random)
        if passage is None and (passage := without_its_sentence(example)):
            over = {passage: above}
    elif kind == "hard":
        passage = hard.elsewhere(example, random)
    if passage is None:
        kind, passage = "random", hard.anything(random)
    return replace(positive, kind=kind, passage=passage, span=None, above=over.get(passage, ""))


_NARROW = str.maketrans("，：（）；", ",:();")


def _with_noise(sample: Sample, mixture: Mixture, random: Random) -> Sample:
    """Leave some Chinese passages as OCR does: ASCII punctuation, blanks around figures."""
    if LANGUAGES[sample.source] != "zh" or random.random() >= mixture.noise:
        return sample
    text = sample.passage.translate(_NARROW) if random.random() < 0.5 else sample.passage
    spaced = random.random() < 0.5
    pieces: list[str] = []
    places = [0]  # where each character begins in the new text
    for char, following in zip(text, [*text[1:], ""], strict=True):
        gap = spaced and _figure_edge(char, following) and random.random() < 0.5
        pieces.append(char + " " if gap else char)
        places.append(places[-1] + len(pieces[-1]))
    span = None
    if sample.span:
        span = places[sample.span[0]], places[sample.span[1] - 1] + 1
    return replace(sample, passage="".join(pieces), span=span)


def _figure_edge(char: str, following: str) -> bool:
    """Whether a digit and a Chinese character meet here."""
    if char.isdigit() == following.isdigit() or not following:
        return False
    return "\u4e00" <= (following if char.isdigit() else char) <= "\u9fff"


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Training windows, end to end in flat arrays mapped from disk.

    ``hidden`` has the tokens that are to be guessed, else 0; only windows of which nothing is asked have such.

    ``labels`` has a row a window: first and last token of the answer (0: [CLS], not here), 1 if the passage
    answers the question, where the passage begins, the source's number.
    """

    ids: NDArray[np.unsignedinteger]  # shape (tokens,)
    types: NDArray[np.uint8]  # shape (tokens,)
    hidden: NDArray[np.unsignedinteger]  # shape (tokens,)
    starts: NDArray[np.int64]  # shape (windows + 1,)
    labels: NDArray[np.int32]  # shape (windows, 5)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each window."""
        return np.diff(self.starts)

    @classmethod
    def load(cls, folder: Path) -> Windows:
        """Map the arrays of a prepared folder."""
        return cls(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS))

    def save(self, folder: Path) -> None:
        """Write the arrays, one file each."""
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))


_ARRAYS = ("ids", "types", "hidden", "starts", "labels")
MASKED = len(SOURCES)  # the source number of windows with hidden words
_BLOCK = 2_000  # samples tokenised at a time


def featurise(samples: Sequence[Sample], featuriser: Featuriser) -> Windows:
    """Tokenise samples and mark their matches; a sample whose answer does not fit a window is left out.

    Raises:
        SettingsError: no sample is left.
    """
    ids: list[NDArray[np.int64]] = []
    types: list[NDArray[np.int64]] = []
    labels: list[tuple[int, int, int, int, int]] = []
    for block in range(0, len(samples), _BLOCK):
        part = samples[block : block + _BLOCK]
        questions = featuriser.tokenise(
            [crossed(sample.question, sample.passage, sample.above) for sample in part]
        )
        passages = featuriser.tokenise([sample.passage for sample in part])
        over = featuriser.tokenise([sample.above for sample in part])
        for sample, question, passage, above in zip(part, questions, passages, over, strict=True):
            asked, titles = question.ids[:MAX_QUESTION], above.ids[-MAX_ABOVE:]
            place = _token_window(passage, sample.span)
            if not len(asked) or place is None:
                continue
            first, last, begin = place
            window = passage.ids[begin : begin + MAX_PASSAGE]
            row = featuriser.row(asked, featuriser.keys(asked), titles, window, begin)
            ids.append(row.ids)
            types.append(row.types)
            here = sample.span is not None
            offset = row.offset
            shift = offset - begin
            labels.append(
                (
                    first + shift if here else 0,
                    last + shift if here else 0,
                    int(here),
                    offset,
                    SOURCES.index(sample.source),
                )
            )
    if not ids:
        raise SettingsError("The mixture and the data make no question to train on; give more of either.")
    number = _number(featuriser)
    return Windows(
        np.concatenate(ids).astype(number),
        np.concatenate(types).astype(np.uint8),
        np.zeros(sum(map(len, ids)), dtype=number),
        np.cumsum([0, *map(len, ids)], dtype=np.int64),
        np.array(labels, dtype=np.int32),
    )


def _number(featuriser: Featuriser) -> np.dtype[np.unsignedinteger]:
    """Return a type that holds every number of the vocabulary, no wider than it must be."""
    return np.min_scalar_type(featuriser.pieces)


def featurise_masked(texts: Sequence[tuple[str, str]], featuriser: Featuriser, seed: int) -> Windows:
    """Tokenise texts and hide some of their words."""
    generator = np.random.default_rng(seed)
    firsts = featuriser.tokenise([first for first, _ in texts])
    seconds = featuriser.tokenise([second for _, second in texts])
    rows = [
        hide(first.ids[: MAX_PASSAGE // 2], second.ids[:MAX_PASSAGE], featuriser.pieces, generator)
        for first, second in zip(firsts, seconds, strict=True)
    ]
    ids, types, hidden = (np.concatenate([row[n] for row in rows]) for n in range(3))
    labels = np.zeros((len(rows), 5), dtype=np.int32)
    labels[:, 4] = MASKED
    number = _number(featuriser)
    return Windows(
        ids.astype(number),
        types.astype(np.uint8),
        hidden.astype(number),
        np.cumsum([0, *(len(row[0]) for row in rows)], dtype=np.int64),
        labels,
    )


def joined(one: Windows, other: Windows) -> Windows:
    """Return the windows of both."""
    return Windows(
        np.concatenate([one.ids, other.ids]),
        np.concatenate([one.types, other.types]),
        np.concatenate([one.hidden, other.hidden]),
        np.concatenate([one.starts, one.starts[-1] + other.starts[1:]]),
        np.concatenate([one.labels, other.labels]),
    )


def _token_window(passage: Tokens, span: Span | None) -> tuple[int, int, int] | None:
    """Return first and last token of a span and where the window begins, or None where it does not fit."""
    if not len(passage.ids):
        return None
    if span is None:
        return 0, 0, 0
    inside = np.flatnonzero(
        (passage.spans[:, 1] > span[0])
        & (passage.spans[:, 0] < span[1])
        & (passage.spans[:, 1] > passage.spans[:, 0])
    )
    if not len(inside):
        return None
    first, last = int(inside[0]), int(inside[-1])
    begin = max(0, min(first - 20, last - 150)) if last >= MAX_PASSAGE else 0
    return (first, last, begin) if last - begin < MAX_PASSAGE else None


def fingerprint(settings: TrainingSettings, data: Path, start: Path) -> str:
    """Return what the prepared arrays depend on: the mixture, the seed, the start, the contents of the files."""
    ours = [*WRITTEN.rglob("*.txt"), *TRANSLATED.glob("*.tsv"), *ASKED.rglob("*.tsv"), *READ_PAGES.glob("*")]
    files = sorted([*(data / "train").glob("*.gz"), *ours])
    files += [start / name for name in ("tokenizer.json", "stop_tokens.json", SUMS)]
    stated = {
        "seed": settings.seed,
        "mixture": settings.mixture.model_dump(),
        "files": [(file.name, sha256(file)) for file in files if file.is_file()],
    }
    return hashlib.sha256(json.dumps(stated, sort_keys=True).encode()).hexdigest()[:12]


def prepare(settings: TrainingSettings, data: Path, start: Path, out: Path) -> Windows:
    """Make the training windows, or map those that an earlier run has made of the same settings and files.

    Raises:
        SettingsError: the run in ``out`` has begun on other windows, the start reads too few tokens, or there is
            nothing to train on.
    """
    folder = out / "windows"
    stamp = folder / "prepared.json"
    expected = fingerprint(settings, data, start)
    if stamp.is_file():
        if json.loads(stamp.read_text(encoding="utf-8"))["fingerprint"] == expected:
            return Windows.load(folder)
        if (out / CHECKPOINT).is_file():
            raise SettingsError(
                f"{out} holds a run on other data or from another start; give those, or another --out."
            )
    featuriser = Featuriser.load(start)
    positions = BertConfig.read(start).max_position_embeddings
    if positions < LONGEST_ROW:
        raise SettingsError(
            f"{start} reads {positions} tokens at most, and a reader needs {LONGEST_ROW}; give another start."
        )
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    random = Random(settings.seed)
    sources = read_sources(data, settings.mixture, random)
    samples = make_samples(sources, settings.mixture, random)
    windows = featurise(samples, featuriser)
    if sources.masked:
        windows = joined(windows, featurise_masked(sources.masked, featuriser, settings.seed))
    windows.save(folder)
    counts = Counter(f"{sample.source}/{sample.kind}" for sample in samples)
    summary = {"fingerprint": expected, "windows": len(windows), "tokens": int(windows.starts[-1])}
    stamp.write_text(
        json.dumps(summary | {"samples": dict(sorted(counts.items()))}, indent=1), encoding="utf-8"
    )
    logger.info("prepared %d windows, %d tokens", len(windows), int(windows.starts[-1]))
    return Windows.load(folder)
