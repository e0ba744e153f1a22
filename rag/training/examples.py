"""Questions with a passage that answers them: read from question files, made from news and parallel text.

Takes the data folder's files, gives ``Example``; knows nothing of negatives, tokens or networks.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal, get_args

from index.datatypes import Span
from index.text import detect_language
from index.training.questions import Question
from index.training.sentences import sentences_of
from rag.training.answers import AnswerKind, find_answers
from rag.training.chinese_questions import ask
from rag.training.gloss import english_by_gloss
from rag.training.parallel import ask_in_english, shared_answers
from rag.training.words import NAME_TAGS, Lexicon, tag_words

Source = Literal[
    "asked_en",
    "asked_zh",
    "cmrc",
    "english",
    "english_news",
    "fiction",
    "gloss",
    "jaquad",
    "marked_en",
    "marked_zh",
    "news",
    "pages",
    "parallel",
    "written_en",
    "written_ko",
    "written_marked_en",
    "written_marked_zh",
    "written_zh",
]
SOURCES: tuple[Source, ...] = get_args(Source)
LANGUAGES: dict[Source, str] = {  # of the passages
    "asked_en": "en",
    "asked_zh": "zh",
    "cmrc": "zh",
    "english": "en",
    "english_news": "en",
    "fiction": "zh",
    "gloss": "zh",
    "jaquad": "ja",
    "marked_en": "en",
    "marked_zh": "zh",
    "news": "zh",
    "pages": "zh",
    "parallel": "zh",
    "written_en": "en",
    "written_ko": "ko",
    "written_marked_en": "en",
    "written_marked_zh": "zh",
    "written_zh": "zh",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question whose answer is ``passage[start:end]``; one that the passage does not answer has an empty one."""

    source: Source
    question: str
    passage: str
    start: int
    end: int
    document: int  # passages of the same document are its nearest negatives
    query: str  # finds passages that look like this one, in its language
    names: tuple[tuple[str, str], ...] = ()  # names that the question holds, with their tags

    @property
    def answer(self) -> str:
        """The answer's words."""
        return self.passage[self.start : self.end]


_SIZES: dict[str, Span] = {
    "zh": (80, 270),
    "ja": (80, 230),
    "ko": (120, 330),
    "en": (250, 650),
}  # characters, as chunks are
_FIRST_CONTEXT = 1_000_000  # as a document's number; articles of the news have lower ones
_LONGEST: dict[str, int] = {"zh": 90, "ja": 60, "ko": 70, "en": 240}  # characters of an answer


def cut_chunks(text: str, language: str, random: Random) -> list[str]:
    """Cut a text into chunks of whole sentences, of random size."""
    low, high = _SIZES[language]
    chunks: list[str] = []
    chunk, wanted = "", random.randint(low, high)
    for start, end in sentences_of(text, language):
        if chunk and len(chunk) + end - start > wanted:
            chunks.append(chunk)
            chunk, wanted = "", random.randint(low, high)
        chunk += text[start:end]
    return [*chunks, chunk] if chunk else chunks


def window_around(text: str, span: Span, language: str, random: Random) -> Span | None:
    """Return a window of whole sentences around a span, of random size, as a chunk would hold it."""
    spans = sentences_of(text, language)
    first = next((n for n, (start, end) in enumerate(spans) if start <= span[0] < end), None)
    last = next((n for n, (start, end) in enumerate(spans) if start < span[1] <= end), None)
    if first is None or last is None:
        return None
    low, high = _SIZES[language]
    wanted = random.randint(low, high)
    while True:
        size = spans[last][1] - spans[first][0]
        grow = []
        if first > 0 and size + spans[first - 1][1] - spans[first - 1][0] <= wanted:
            grow.append(-1)
        if last + 1 < len(spans) and size + spans[last + 1][1] - spans[last + 1][0] <= wanted:
            grow.append(1)
        if not grow:
            return (spans[first][0], spans[last][1]) if size <= 1.6 * high else None
        if random.choice(grow) < 0:
            first -= 1
        else:
            last += 1


_OPENING = re.compile(r"[（(，,。：；、]|是|为|\bis\b|\bwas\b|\bare\b|は、")
_LONGEST_SUBJECT = 36  # characters


def subject_of(text: str) -> str:
    """Return what a text is about, as a heading would say it: its first words; none where they don't end soon."""
    end = _OPENING.search(text, 1, _LONGEST_SUBJECT)
    return text[: end.start()].strip() if end else ""


def asked_examples(
    questions: Sequence[Question], source: Source, documents: dict[str, int], random: Random
) -> tuple[list[Example], list[tuple[int, str]], dict[str, str]]:
    """Return examples of questions that people asked, chunks of new contexts, and what all these are about.

    Args:
        questions: of one data set.
        source: its name.
        documents: the number of each context so far; that of a new one is added.
        random: chooses sizes.
    """
    language = LANGUAGES[source]
    examples: list[Example] = []
    chunks: list[tuple[int, str]] = []
    subjects: dict[str, str] = {}
    for asked in questions:
        subject = subject_of(asked.context)
        if asked.context not in documents:
            documents[asked.context] = _FIRST_CONTEXT + len(documents)
            pieces = cut_chunks(asked.context, language, random)
            chunks += [(documents[asked.context], piece) for piece in pieces]
            subjects |= dict.fromkeys(pieces, subject)
        document = documents[asked.context]
        end = asked.end
        while end > asked.start and asked.context[end - 1] in "。，；,. ":
            end -= 1
        if end - asked.start > _LONGEST[language] or (asked.answer and end == asked.start):
            continue
        whole = 0, len(asked.context)
        window = window_around(asked.context, (asked.start, end), language, random) if asked.answer else whole
        if window:
            passage = asked.context[window[0] : window[1]]
            subjects[passage] = subject
            crossing = detect_language(asked.question) != language
            examples.append(
                Example(
                    source=source,
                    question=asked.question,
                    passage=passage,
                    start=asked.start - window[0],
                    end=end - window[0],
                    document=document,
                    query=passage if crossing else asked.question,
                )
            )
    return examples, chunks, subjects


_BOILERPLATE = re.compile(
    "原标题|记者 |通讯员|图据|编辑|责编|摄影|来源：|版权|转载|投稿|本文|基金净值|主力资金"
)
_ARTICLE_HEAD = re.compile(r"^(?:原标题：?[^。！？ ]{0,40} |[，：]?正文：|[\d\- :]{8,20})")
_SHARES: dict[AnswerKind, float] = {  # of the kinds of answers; what people ask most comes most
    "figure": 0.34,
    "date": 0.14,
    "organisation": 0.13,
    "person": 0.12,
    "term": 0.11,
    "place": 0.09,
    "list": 0.05,
    "work": 0.04,
}


@dataclass(slots=True)
class NewsQuestions:
    """Examples made from news, with the chunks and pseudo-headings of the articles that were read."""

    chinese: list[Example]
    english: list[Example]  # the same kind, put into English word by word
    chunks: list[tuple[int, str]]
    headings: dict[int, str]


def read_news(path: Path) -> list[str]:
    """Read one article a line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [line.strip() for line in lines]


def news_questions(
    articles: Sequence[str], chinese: int, english: int, lexicon: Lexicon, random: Random
) -> NewsQuestions:
    """Make about so many Chinese and English questions from news, from as many articles as it takes."""
    made = NewsQuestions(chinese=[], english=[], chunks=[], headings={})
    counts: Counter[AnswerKind] = Counter()
    gloss_share = min(1.0, 1.1 * english / max(chinese, 1)) if english else 0.0
    for number in random.sample(range(len(articles)), len(articles)):
        if len(made.chinese) >= chinese and len(made.english) >= english:
            break
        chunks = news_chunks(articles[number], random)
        made.chunks += [(number, chunk) for chunk in chunks]
        made.headings[number] = re.split("[，。！？ ：,]", _ARTICLE_HEAD.sub("", articles[number]))[0][:28]
        for chunk in random.sample(chunks, min(2, len(chunks))):
            _ask_chunk(chunk, number, made, counts, gloss_share, lexicon, random)
    return made


def news_chunks(article: str, random: Random, low: int = 70, high: int = 210) -> list[str]:
    """Cut an article into chunks of whole sentences, without bylines and other boilerplate."""
    text = _ARTICLE_HEAD.sub("", article)
    kept = [text[s:e] for s, e in sentences_of(text, "zh") if not _BOILERPLATE.search(text[s:e])]
    chunks: list[str] = []
    while kept:
        wanted = random.randint(low, high)
        chunk = kept.pop(0)
        while kept and len(chunk) + len(kept[0]) <= wanted:
            chunk += kept.pop(0)
        if 50 <= len(chunk) <= 260:
            chunks.append(chunk)
    return chunks


def _ask_chunk(
    chunk: str,
    number: int,
    made: NewsQuestions,
    counts: Counter[AnswerKind],
    gloss_share: float,
    lexicon: Lexicon,
    random: Random,
) -> None:
    """Add up to three questions of a chunk, of the kinds that are behind their share."""
    words = tag_words(chunk)
    answers = find_answers(chunk, words, lexicon)
    random.shuffle(answers)
    answers.sort(key=lambda answer: counts[answer.kind] / _SHARES[answer.kind])
    for answer in answers[:3]:
        found = chunk[answer.start : answer.end]
        if len(found) > 28 or (answer.kind == "figure" and len(found) < 3 and chunk.count(found) > 1):
            continue
        question = ask(chunk, words, answer, random)
        if question is None:
            continue
        counts[answer.kind] += 1
        example = Example(
            source="news",
            question=question.text,
            passage=chunk,
            start=answer.start,
            end=answer.end,
            document=number,
            query=question.text,
            names=tuple((w.text, w.tag) for w in question.words if w.tag in NAME_TAGS and len(w.text) > 1),
        )
        made.chinese.append(example)
        if random.random() < gloss_share:
            english = english_by_gloss(question, answer, lexicon, random)
            if english:
                made.english.append(replace(example, source="gloss", question=english, names=()))


def read_parallel(
    path: Path, sources: frozenset[str] = frozenset({"wmt", "ntrex", "sib"})
) -> list[tuple[str, str]]:
    """Read pairs, ``source⇥English⇥Chinese``; by default of news and encyclopaedias, which state facts."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return [(row[1], row[2]) for row in rows if row[0] in sources]


def parallel_questions(
    pairs: Sequence[tuple[str, str]], lexicon: Lexicon, random: Random
) -> tuple[list[Example], list[Example], list[tuple[int, str]]]:
    """Return English questions on Chinese and on English passages, and the English passages as chunks.

    Neighbouring pairs come from one document more often than not: they fill the passages.
    """
    versions: dict[str, list[str]] = defaultdict(list)
    for english, chinese in pairs:
        versions[english].append(chinese)
    sentences = list(versions)
    crossing: list[Example] = []
    same: list[Example] = []
    for n, english in enumerate(sentences):
        if not 30 <= len(english) <= 400:
            continue
        chinese = random.choice(versions[english])
        answers = shared_answers(english, chinese, lexicon)
        for answer in random.sample(answers, min(2, len(answers))):
            question = ask_in_english(english, answer, random)
            if question:
                near = [sentences[m] for m in (n - 1, n + 1, n + 2) if 0 <= m < len(sentences)]
                fillers = [random.choice(versions[s]) for s in near]
                if random.random() < 0.4:
                    fillers = [random.choice(pairs)[1] for _ in range(3)]
                left, right = _surround(chinese, chinese[slice(*answer.chinese)], fillers, random)
                crossing.append(
                    _crossing(question, left + chinese + right, answer.chinese, len(left), -1 - n, chinese)
                )
        if answers and random.random() < 0.5:
            answer = random.choice(answers)
            question = ask_in_english(english, answer, random)
            if question:
                left = sentences[n - 1] + " " if n and len(sentences[n - 1]) < 250 else ""
                right = " " + sentences[n + 1] if n + 1 < len(sentences) else ""
                right = right if len(left) + len(english) + len(right) < 500 else ""
                example = _crossing(
                    question, left + english + right, answer.english, len(left), -1 - n, question
                )
                same.append(replace(example, source="english_news"))
    return crossing, same, [(example.document, example.passage) for example in same]


def _surround(text: str, answer: str, fillers: Sequence[str], random: Random) -> tuple[str, str]:
    """Return sentences to put before and after one, without its answer."""
    wanted = random.randint(60, 200)
    left = right = ""
    for filler in random.sample(list(fillers), len(fillers)):
        if len(left) + len(right) + len(text) + len(filler) <= wanted and answer not in filler:
            if random.random() < 0.5:
                left = filler + left
            else:
                right += filler
    return left, right


def _crossing(question: str, passage: str, span: Span, shift: int, document: int, query: str) -> Example:
    return Example(
        source="parallel",
        question=question,
        passage=passage,
        start=span[0] + shift,
        end=span[1] + shift,
        document=document,
        query=query,
    )


def spread(examples: Sequence[Example], count: int, random: Random) -> Iterator[Example]:
    """Yield ``count`` examples in random order, none a second time before all have come once."""
    while examples and count > 0:
        chosen = random.sample(list(examples), min(count, len(examples)))
        yield from chosen
        count -= len(chosen)
