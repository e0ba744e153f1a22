"""What each training step is shown: batches of fourteen sources, in an order that the seed alone decides.

A step takes one source, so that the other texts of its batch are of the same kind and hard to tell apart. The
batch of a step depends on the seed, the step and the data only: a run that goes on after a kill sees what one
that was not killed would have seen.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from random import Random

from tokenizers import Tokenizer

from index.errors import SettingsError
from index.training.embedder import glossed, passages
from index.training.embedder.parallel import CHINESE, OURS, Pair, Parallel
from index.training.embedder.settings import EmbedderSettings
from index.training.embedder.vocabulary import Word
from index.training.questions import ASKED, MARKED, Question, asked_again, split_sets, translated

_UNSPACED = ("ja", "th")  # languages that put no blank between words
_PASSAGES = {"cmrc", "jaquad", "qa_english", "news", "crossing", "written", "asked", "translated"}
_EVERYDAY = 90  # characters of an English sentence that is put word by word into other languages, at most
_PATIENCE = 8  # times the examples of a batch that are tried where most cannot be made
_PARALLEL_SHARE = 0.6  # of crossing batches, sentences for queries; else questions put word by word
_MANY_LANGUAGES = 0.5  # of those sentences, with a query in any of the languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Texts to draw together. ``english`` teaches by the teacher's vectors; without it, columns are compared.

    Each column holds a text for each example. ``negatives`` are passages that answer none of the queries.
    """

    source: str
    columns: tuple[tuple[str, ...], ...]
    english: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """Texts to draw together, with their English where the teacher has a say, and passages to keep away."""

    texts: tuple[str, ...]
    english: str = ""
    negatives: tuple[str, ...] = ()


Draw = Callable[[int, Random], Example | None]
"""Makes the example of a number below the source's size."""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of training example."""

    name: str
    size: int
    draw: Draw


class Mixture:
    """All sources with their shares; ``batch(step)`` is what a step is shown."""

    def __init__(self, sources: Sequence[Source], tokenizer: Tokenizer, settings: EmbedderSettings) -> None:
        """Keep the sources that have a share and data, and measure how long their examples are.

        Raises:
            SettingsError: there is none.
        """
        self._seed = settings.seed
        options = settings.training
        shares = settings.mixture.model_dump()
        lengths = {
            source.name: _tokens(source, tokenizer, options.longest, settings.seed)
            for source in sources
            if source.size and shares[source.name] > 0
        }
        self._sources = {s.name: s for s in sources if lengths.get(s.name)}
        if not self._sources:
            raise SettingsError(
                "Every source of the mixture has a share of 0 or no data; give more of either."
            )
        self._names = sorted(self._sources)
        self._shares = [shares[name] for name in self._names]
        self.counts = {
            name: max(4, min(source.size, int(tokens / lengths[name])))
            for name, source in self._sources.items()
            for tokens in [options.passage_tokens if name in _PASSAGES else options.batch_tokens]
        }
        self._orders: dict[tuple[str, int], list[int]] = {}
        self._names_of_steps: list[str] = []

    def source_at(self, step: int) -> str:
        """Return the name of the source that a step takes."""
        while len(self._names_of_steps) <= step:
            number = len(self._names_of_steps)
            random = Random(f"{self._seed}/source/{number}")
            self._names_of_steps.append(random.choices(self._names, self._shares)[0])
        return self._names_of_steps[step]

    def batch(self, step: int) -> Batch:
        """Return the examples of a step; each example of a source comes once before any comes again."""
        name = self.source_at(step)
        source, count = self._sources[name], self.counts[name]
        first = self._names_of_steps[:step].count(name) * count
        random = Random(f"{self._seed}/batch/{step}")
        found: list[Example] = []
        for n in range(_PATIENCE * count):
            if n >= count and len(found) > 1:
                break
            example = source.draw(self._number(source, first + n), random)
            if example:
                found.append(example)
        if not found:
            raise SettingsError(f"The data hold nothing for the source {name!r}; set mixture.{name} = 0.")
        width = min(len(example.texts) for example in found)
        return Batch(
            source=name,
            columns=tuple(zip(*(example.texts[:width] for example in found), strict=True)),
            english=tuple(example.english for example in found if example.english),
            negatives=tuple(text for example in found for text in example.negatives),
        )

    def _number(self, source: Source, place: int) -> int:
        epoch, place = divmod(place, source.size)
        if (source.name, epoch) not in self._orders:
            self._orders = {
                key: order
                for key, order in self._orders.items()
                if key[0] != source.name or key[1] >= epoch - 1
            }
            order = list(range(source.size))
            Random(f"{self._seed}/{source.name}/{epoch}").shuffle(order)
            self._orders[source.name, epoch] = order
        return self._orders[source.name, epoch][place]


def bank(parallel: Parallel, count: int, seed: int) -> list[str]:
    """Return English sentences to contrast with in every step; the teacher's vectors of them never change."""
    every = sorted({pair.english for pair in parallel.pairs if pair.source != "pydocs"})
    return Random(f"{seed}/bank").sample(every, min(count, len(every)))


def _tokens(source: Source, tokenizer: Tokenizer, longest: int, seed: int) -> float:
    """Return the tokens of an example, on average over some; 0 where none can be made."""
    random = Random(f"{seed}/{source.name}/sample")
    drawn = [source.draw(random.randrange(source.size), random) for _ in range(40)]
    found = [example for example in drawn if example]
    texts = [text for example in found for text in (*example.texts, *example.negatives)]
    return sum(min(len(e.ids), longest) for e in tokenizer.encode_batch_fast(texts)) / len(drawn)


def varieties(pairs: Sequence[Pair], columns: int) -> Source:
    """Return sentences of the file with seventeen varieties: several at once, English among them at times."""
    versions: dict[str, dict[str, str]] = defaultdict(dict)
    for pair in pairs:
        if pair.source in {"ntrex", "sib"}:
            versions[pair.english].setdefault(pair.language, pair.text)
    keys = sorted(versions)
    turns = 5  # each sentence this often an epoch, in other languages each time

    def draw(number: int, random: Random) -> Example:
        english = keys[number // turns]
        known = versions[english]
        others = sorted(known)
        Random(f"{english}/{number % turns}").shuffle(others)
        chosen = [known[language] for language in others[:columns]]
        chosen += [english] * (columns - len(chosen))
        return Example(tuple(chosen), english)

    return Source("varieties", turns * len(keys), draw)


def sentence_pairs(name: str, pairs: Sequence[Pair]) -> Source:
    """Return pairs whose one column is the translation."""
    return Source(name, len(pairs), lambda number, _: Example((pairs[number].text,), pairs[number].english))


def english_alone(pairs: Sequence[Pair]) -> Source:
    """Return English sentences by themselves: the teacher's vectors must not be forgotten."""
    chosen = sorted({pair.english for pair in pairs if pair.source != "pydocs"})
    return Source("english", len(chosen), lambda number, _: Example((chosen[number],), chosen[number]))


def glossed_sentences(pairs: Sequence[Pair], words: Sequence[Word], columns: int) -> Source:
    """Return everyday English sentences put word by word into languages of the glossaries."""
    languages = sorted({word.language for word in words})
    by_language = {
        language: glossed.forms_of(w for w in words if w.language == language) for language in languages
    }
    columns = min(columns, len(languages))
    keys = sorted(
        {p.english for p in pairs if p.source in {"tatoeba", "wmt", "ntrex"} and len(p.english) <= _EVERYDAY}
    )
    if not languages:
        keys = []

    def draw(number: int, random: Random) -> Example | None:
        english = keys[number]
        found: list[str] = []
        for language in random.sample(languages, len(languages)):
            joint = "" if language in _UNSPACED else " "
            text = glossed.gloss(english, by_language[language], joint, random)
            if text and len(found) < columns:
                found.append(text)
        return Example(tuple(found), english) if len(found) == columns else None

    return Source("glossed", len(keys), draw)


def _lookalikes(asked: Sequence[Question], language: str) -> passages.Lookalikes:
    """Return what finds windows, of the contexts in a language, that look like a text."""
    contexts = dict.fromkeys(a.context for a in asked if a.language == language)
    most = passages.SIZES[language][1]
    return passages.Lookalikes(
        [c for text in contexts for c in passages.chunks(text, language, most)], language
    )


def questions(name: str, asked: Sequence[Question], negatives: int) -> Source:
    """Return questions with windows around their answers, and lookalikes of other contexts or places."""
    looks = _lookalikes(asked, asked[0].language if asked else "en")

    def draw(number: int, random: Random) -> Example:
        one = asked[number]
        found = looks.find(one.question, one, 6) if negatives else []
        away = random.sample(found, min(negatives, len(found)))
        return Example((one.question, passages.window(one, random)), "", tuple(away))

    return Source(name, len(asked), draw)


def written_questions(name: str, asked: Sequence[Question], negatives: int) -> Source:
    """Return questions written on passages, in the passage's language and in another, and windows like theirs.

    A question of another language has no words in common with any passage; so the windows to keep away are found
    by the right one's words: other places of the same passage, or of one on the same matter.
    """
    looks = cache(partial(_lookalikes, asked))  # a source without a share never asks

    def draw(number: int, random: Random) -> Example:
        one = asked[number]
        right = passages.window(one, random)
        found = looks(one.language).find(right, one, 6) if negatives else []
        away = random.sample(found, min(negatives, len(found)))
        return Example((one.question, right), "", tuple(away))

    return Source(name, len(asked), draw)


def news(path: Path) -> Source:
    """Return sentences of articles with what stands around them."""
    articles = []
    if path.is_file():
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            articles = [line.strip() for line in lines if len(line) > 150]

    def draw(number: int, random: Random) -> Example | None:
        found = passages.around(articles[number][:4_000], random)
        return Example(found) if found else None

    return Source("news", len(articles), draw)


def crossing(
    pairs: Sequence[Pair], chinese: Sequence[Question], english: Sequence[Question], negatives: int
) -> Source:
    """Return queries and passages of two languages, most of them English and Chinese.

    A query is a sentence whose translation stands in the passage, or a question put word by word into the other
    language; neighbouring pairs of the news come from one document more often than not and fill a passage.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for pair in pairs:
        if pair.source in {"wmt", "ntrex"} and 25 <= len(pair.english) <= 220:
            found[pair.english].setdefault(pair.language, pair.text)
    versions = [{"en": english} | texts for english, texts in found.items() if {*texts} & {*CHINESE}]
    rich = [place for place, texts in enumerate(versions) if len(texts) > 2 + len(CHINESE)]
    asked = [*chinese, *english]
    looks = {language: _lookalikes(asked, language) for language in ("zh", "en")}
    into = {"zh": passages.put_into("en", "zh"), "en": passages.put_into("zh", "en")}
    size = min(len(versions), 2 * len(asked)) if asked else len(versions)

    def sentence(random: Random) -> Example:
        several = rich and random.random() < _MANY_LANGUAGES
        place = random.choice(rich) if several else random.randrange(len(versions))
        texts = versions[place]
        inner = random.choice(["en", *(language for language in CHINESE if language in texts)])
        outer = random.choice(
            [n for n in texts if n != inner and (several or (n == "en") != (inner == "en"))]
        )
        around = [n for n in (place - 1, place, place + 1) if 0 <= n < len(versions) and inner in versions[n]]
        joint = " " if inner == "en" else ""
        return Example((texts[outer], joint.join(versions[n][inner] for n in around)))

    def question(random: Random) -> Example | None:
        one = random.choice(english) if english and random.random() < 0.35 else random.choice(asked)
        query = into[one.language](one.question)
        if len(query) < 4:
            return None
        found = looks[one.language].find(one.question, one, 6) if negatives else []
        away = random.sample(found, min(negatives, len(found)))
        return Example((query, passages.window(one, random)), "", tuple(away))

    def draw(_: int, random: Random) -> Example | None:
        if versions and (not asked or random.random() < _PARALLEL_SHARE):
            return sentence(random)
        return question(random)

    return Source("crossing", size, draw)


def build(
    settings: EmbedderSettings, data: Path, parallel: Parallel, words: Sequence[Word], tokenizer: Tokenizer
) -> Mixture:
    """Read the data folder and return the mixture.

    Raises:
        SettingsError: the data hold nothing for any source that has a share.
    """
    train, options = data / "train", settings.training
    pairs = parallel.pairs
    asked = {name: split.training for name, split in split_sets(train).items()}
    again = {
        name: [both for folder in (ASKED, MARKED) for both in asked_again(folder / f"{name}.tsv", found)]
        for name, found in asked.items()
    }
    ours = passages.written_questions()
    in_others = translated(ours, settings.everyday_folder / "questions")
    stories = asked_again(MARKED / "fiction.tsv", ours)
    ours += [one for one, _ in stories]
    in_others += [other for _, other in stories]
    in_others += [other for found in again.values() for _, other in found]
    zh = [p for p in pairs if p.language in CHINESE and p.source not in {"ntrex", "sib"}]
    sources = [
        varieties(pairs, options.columns),
        sentence_pairs("docs", [p for p in pairs if p.source == "pydocs" and p.language not in CHINESE]),
        sentence_pairs("chinese", [p for n, p in enumerate(zh) if p.source != "pydocs" or n % 4 == 0]),
        english_alone(pairs),
        glossed_sentences(pairs, words, options.columns),
        sentence_pairs("phrases", [p for p in pairs if p.source in OURS and p.language not in CHINESE]),
        *(questions(name, found, options.negatives) for name, found in asked.items()),
        news(train / "news_zh.txt.gz"),
        written_questions("written", ours, options.negatives),
        written_questions("asked", [one for found in again.values() for one, _ in found], options.negatives),
        written_questions("translated", in_others, options.negatives),
        crossing(pairs, asked["cmrc"], asked["qa_english"], options.negatives),
    ]
    return Mixture(sources, tokenizer, settings)
