"""Questions to fit the answerer's weights on: written ones, of question sets, made from news. Takes a data folder.

Gives ``Corpus``: documents to search, and cases to ask of them. A case is answerable, or its answer is left out of
the search ("without") or the whole document is ("elsewhere"), or it asks for another year or name than the documents
tell of ("near_miss"). Nothing that a person asked and the reader was trained on comes up: of question sets the
development parts, or the contexts that its recipe holds out, are asked about. Of news it may have seen an article,
though with other questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

from index.errors import SettingsError
from index.text import detect_language
from index.training.questions import HELD_OUT
from index.training.questions import Question as ContextQuestion
from index.training.sentences import sentences_of
from rag.evaluation.questions import Question as OwnQuestion
from rag.evaluation.questions import read_questions as read_own
from rag.followup import resolve
from rag.questions import analyse_question
from rag.training.evaluate import squad
from rag.training.examples import Example, news_questions, read_news
from rag.training.mixture import data_sets
from rag.training.negatives import Names, near_miss
from rag.training.words import Lexicon

PAGES = Path(__file__).parent / "pages"
"""Newspaper pages invented for this project by a language model, and questions on them."""

CMRC, DRCD = "cmrc2018_trial", "drcd_dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOptions:
    """How many questions to ask of what; every one costs 0.3 s of two idle cores, and a second of busy ones."""

    articles: int = 60  # of news, all searched
    news: int = 110  # Chinese questions made from them
    gloss: int = 35  # the same kind, put into English word by word
    written: int = 120  # Chinese and English ones on Chinese passages written for this project
    cmrc: int = 300  # of CMRC 2018's trial part
    drcd: int = 300  # of DRCD's development part, in Traditional characters
    english: int = 30  # English questions that people asked on English texts
    without: float = 0.3  # share of answerable questions asked once more with their answer left out
    elsewhere: float = 0.25  # share of those on written pages asked once more of the other pages alone
    near_misses: float = 0.25  # share asked once more of another year or name
    questions: str = "../questions/dev.jsonl"  # own ones, relative to the data folder
    documents: str = "../seeds"  # what they ask about


CaseKind = Literal["answer", "without", "elsewhere", "near_miss", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question to ask; it stands alone."""

    kind: CaseKind  # "none": a question that its author knew the documents not to answer
    question: str
    answers: tuple[str, ...]  # any one of them, or where `in_parts` all; of "without" what must not be found
    evidence: tuple[str, ...]  # the words that hold them, white space aside
    group: str  # cases that share a document are of one group: never in two folds
    in_parts: bool = False

    @property
    def answerable(self) -> bool:
        """Whether what is searched holds the answer."""
        return self.kind == "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Documents, and the questions to ask of them."""

    name: str
    documents: Path | Mapping[str, str]  # a folder, or texts by file name
    cases: tuple[Case, ...]


def corpora(data: Path, options: CaseOptions, seed: int) -> list[Corpus]:
    """Read and make all corpora of a data folder.

    Raises:
        SettingsError: a file is missing.
    """
    needed = [
        data / "train" / f"{n}.gz"
        for n in ("cedict.tsv", "news_zh.txt", "qa_pairs.jsonl", "qa_english.jsonl")
    ]
    needed += [data / "dev" / f"{n}.json.gz" for n in (CMRC, DRCD)]
    own = (data / options.questions).resolve(), (data / options.documents).resolve()
    missing = [str(path) for path in (*needed, *own) if not path.exists()]
    if missing:
        raise SettingsError(f"{', '.join(missing)} is missing; give the folder that holds train/ as --data")
    sets = data_sets(data, HELD_OUT)
    return [
        own_corpus(*own),
        pages_corpus(options, Random(seed)),
        news_corpus(data, options, Random(seed)),
        asked_corpus("written", sets["written_zh"].held_out, "zh", options.written, options, Random(seed)),
        asked_corpus("cmrc", _development(data, CMRC), "zh", options.cmrc, options, Random(seed)),
        asked_corpus("drcd", _development(data, DRCD), "zh", options.drcd, options, Random(seed)),
        asked_corpus("english", sets["english"].held_out, "en", options.english, options, Random(seed)),
    ]


def _development(data: Path, name: str) -> list[ContextQuestion]:
    """Return the questions of a development set, each with the first of its answers."""
    return [
        ContextQuestion(
            language="zh",
            question=asked.question,
            context=asked.passage,
            start=start,
            end=start + len(answer),
        )
        for asked in squad(data / "dev" / f"{name}.json.gz")
        for answer in asked.answers[:1]
        if asked.question.strip() and (start := asked.passage.find(answer)) >= 0
    ]


def own_corpus(questions: Path, documents: Path) -> Corpus:
    """Our own questions on our own documents, those with several parts left out; each again without its evidence."""
    read = read_own(questions).questions
    told = {question.id: question.documents for question in read}
    asked = list(_cases(read))
    groups = _groups(told[case.group] for case in asked)
    cases: list[Case] = []
    for case in asked:
        if told[case.group]:
            case = replace(case, group=groups[told[case.group][0]])
        cases += [case, replace(case, kind="without")] if case.answerable else [case]
    return Corpus(name="own", documents=documents, cases=tuple(cases))


def _groups(documents: Iterable[Iterable[str]]) -> dict[str, str]:
    """Return the group of each document, named by its first one; documents that stand together share a group."""
    groups: list[set[str]] = []
    for together in map(set, documents):
        touched = [group for group in groups if not group.isdisjoint(together)]
        groups = [group for group in groups if group.isdisjoint(together)]
        groups.append(together.union(*touched))
    return {document: min(group) for group in groups for document in group}


def pages_corpus(options: CaseOptions, random: Random) -> Corpus:
    """Questions in a reader's own words on written newspaper pages, a quarter of which the pages nearly answer."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.txt"))}
    cases: list[Case] = []
    for asked in _cases(read_own(PAGES / "questions.jsonl").questions):
        page = asked.group.rpartition("-")[0]  # whose name the numbers of its questions follow
        case = replace(asked, group=f"{page}.txt")
        cases.append(case)
        if case.answerable and random.random() < options.without:
            cases.append(replace(case, kind="without"))
        if case.answerable and random.random() < options.elsewhere:
            cases.append(replace(case, kind="elsewhere"))
    return Corpus(name="pages", documents=texts, cases=tuple(cases))


def _cases(questions: Iterable[OwnQuestion]) -> Iterator[Case]:
    """Yield questions as cases, those with several parts left out; each is a group of its own."""
    for asked in questions:
        text = resolve(asked.question, [(turn, "") for turn in asked.history])
        if asked.answers is None or len(analyse_question(text).parts) > 1:
            continue
        yield Case(
            kind="none" if asked.unanswerable else "answer",
            question=text,
            answers=asked.answers,
            evidence=asked.evidence,
            group=asked.id,
            in_parts=asked.in_parts,
        )


def news_corpus(data: Path, options: CaseOptions, random: Random) -> Corpus:
    """Chinese questions made from news, some of them put into English, on the articles they were made from."""
    articles = read_news(data / "train" / "news_zh.txt.gz")
    lexicon = Lexicon.read(data / "train" / "cedict.tsv.gz")
    # Few questions of each article: the more articles, the harder they are to find.
    many = 4 * options.news, 4 * options.gloss
    made = news_questions(random.sample(articles, options.articles), *many, lexicon, random)
    names = Names.of(made.chinese, [])
    chosen = [
        *random.sample(made.chinese, min(options.news, len(made.chinese))),
        *random.sample(made.english, min(options.gloss, len(made.english))),
    ]
    bodies: dict[int, list[str]] = {}
    for number, chunk in made.chunks:
        bodies.setdefault(number, []).append(chunk)
    documents = {
        f"{number}.txt": f"{made.headings[number]}\n\n{''.join(chunks)}\n"
        for number, chunks in bodies.items()
    }
    cases = [case for example in chosen for case in made_cases(example, names, options, random)]
    return Corpus(name="news", documents=documents, cases=tuple(cases))


def asked_corpus(
    name: str,
    questions: Sequence[ContextQuestion],
    language: str,
    count: int,
    options: CaseOptions,
    random: Random,
) -> Corpus:
    """Questions that were asked of contexts, some of which answer none; without near misses."""
    chosen = random.sample(list(questions), min(count, len(questions)))
    contexts = {context: f"{n}.txt" for n, context in enumerate(dict.fromkeys(q.context for q in chosen))}
    cases: list[Case] = []
    for asked in chosen:
        case = Case(
            kind="answer" if asked.answer else "none",
            question=asked.question,
            answers=(asked.answer,) if asked.answer else (),
            evidence=(_sentence(asked.context, asked.start, asked.end, language),) if asked.answer else (),
            group=contexts[asked.context],
        )
        cases.append(case)
        if asked.answer and random.random() < options.without:
            cases.append(replace(case, kind="without"))
    return Corpus(name=name, documents={file: text for text, file in contexts.items()}, cases=tuple(cases))


def made_cases(example: Example, names: Names, options: CaseOptions, random: Random) -> Iterable[Case]:
    """Yield a made question, sometimes also without its answer, and asked of another year or name."""
    case = Case(
        kind="answer",
        question=example.question,
        answers=(example.answer.strip("《》“”"),),
        evidence=(_sentence(example.passage, example.start, example.end, "zh"),),
        group=str(example.document),
    )
    yield case
    if random.random() < options.without:
        yield replace(case, kind="without")
    other = near_miss(example, names, random) if random.random() < options.near_misses else None
    if other and detect_language(other) == detect_language(example.question):
        yield replace(case, kind="near_miss", question=other)


def _sentence(text: str, start: int, end: int, language: str) -> str:
    """Return the sentences that an answer lies in, without white space at their ends."""
    spans = [span for span in sentences_of(text, language) if span[0] < end and start < span[1]]
    return re.sub(r"^\s+|\s+$", "", text[spans[0][0] : spans[-1][1]])
