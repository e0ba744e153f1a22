"""Reads parallel sentences, and keeps out of training what the model is measured on.

Takes the data folder's files, gives ``Pair``s of an English sentence and its translation. Held out are some
English sentences of the file that has seventeen varieties, in all of them, and everything that is in
``dev/tatoeba_test.tsv.gz``; a pair with either side of those is in no training set, whatever its source.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from index.errors import SettingsError
from index.text import is_chinese
from index.training.questions import all_written, read_translations
from index.training.tables import read_rows

VARIETIES = {  # of multi_parallel.tsv.gz, by its codes
    "jpn_Jpan": "ja",
    "kor_Hang": "ko",
    "deu_Latn": "de",
    "fra_Latn": "fr",
    "spa_Latn": "es",
    "por_Latn": "pt",
    "ita_Latn": "it",
    "rus_Cyrl": "ru",
    "arb_Arab": "ar",
    "hin_Deva": "hi",
    "vie_Latn": "vi",
    "tha_Thai": "th",
    "tur_Latn": "tr",
    "ind_Latn": "id",
    "ell_Grek": "el",
    "zho_Hans": "zh-Hans",
    "zho_Hant": "zh-Hant",
}
CHINESE = ("zh-Hans", "zh-Hant")
OURS = {"phrases", "questions"}  # sources that were written for this project


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A sentence and its English; ``source`` names the collection."""

    source: str
    language: str  # as in the values of VARIETIES
    english: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """Everything parallel that may be trained on, and what is held out of it."""

    pairs: tuple[Pair, ...]
    held_out: tuple[Mapping[str, str], ...]  # one mapping a sentence: "en" and each variety → text


def read_pairs(data: Path, everyday: Path | None = None) -> Iterator[Pair]:
    """Yield every pair of the training folder, and those of a folder of phrases/ and questions/, ``LANGUAGE.tsv``."""
    train = data / "train"
    for source, english, text in read_rows(train / "en_zh_pairs.tsv.gz"):
        yield Pair(source=source, language="zh-Hans", english=english, text=text)
    for source, code, english, text in read_rows(train / "multi_parallel.tsv.gz"):
        yield Pair(source=source, language=VARIETIES.get(code, code), english=english, text=text)
    for source, code, english, text in read_rows(train / "pydocs_multi.tsv.gz"):
        yield Pair(source=source, language=code.split("-")[0], english=english, text=text)
    for path in sorted((everyday / "phrases").glob("*.tsv")) if everyday else ():
        for text, english in read_rows(path):
            yield Pair(source="phrases", language=path.stem, english=english, text=text)
    yield from question_pairs(everyday / "questions") if everyday else ()


def question_pairs(folder: Path) -> Iterator[Pair]:
    """Yield the translated questions of a folder beside their English, where they have one, less those held out."""
    held = {question.question for question in all_written().held_out}
    for translation in read_translations(folder):
        original, text, language = translation.original, translation.text, translation.language
        english, other = (text, original) if language == "en" else (original, text)
        if original not in held and not is_chinese(english):
            code = CHINESE[0] if language in {"en", "zh"} else language
            yield Pair(source="questions", language=code, english=english, text=other)


def sameness(text: str) -> str:
    """Return what two sentences have in common that differ in case, blanks and punctuation alone."""
    return re.sub(r"[\W_]+", "", text.lower())


def hold_out(pairs: Iterable[Pair], tested: Iterable[str], count: int) -> Parallel:
    """Split off ``count`` sentences that all varieties have, and drop what is tested elsewhere.

    The choice depends on the sentences alone and not on the training seed: models stay comparable.

    Args:
        pairs: all pairs; those of the sources "ntrex" and "sib" in other languages than English are split.
        tested: sentences of any language that must not be trained on.
        count: sentences to hold out.
    """
    every = list(pairs)
    versions: dict[str, dict[str, str]] = defaultdict(dict)
    for pair in every:
        if pair.source in {"ntrex", "sib"}:
            versions[pair.english].setdefault(pair.language, pair.text)
    most = max((len(v) for v in versions.values()), default=0)
    complete = sorted(english for english, v in versions.items() if len(v) == most)
    chosen = Random(6).sample(complete, min(count, len(complete) // 2))
    held = tuple({"en": english, **versions[english]} for english in chosen)
    kept_out = {sameness(text) for row in held for text in row.values()} | {sameness(t) for t in tested}
    return Parallel(
        pairs=tuple(p for p in every if not {sameness(p.english), sameness(p.text)} & kept_out),
        held_out=held,
    )


def read_parallel(data: Path, held_out: int, everyday: Path | None = None) -> Parallel:
    """Read what the data folder and the one of everyday language hold; a missing file is left out."""
    tested = (text for row in read_rows(data / "dev" / "tatoeba_test.tsv.gz") for text in row[1:])
    return hold_out(read_pairs(data, everyday), tested, held_out)


def require_sentences(parallel: Parallel, data: Path) -> None:
    """Refuse a data folder of which nothing is left to train on but what was written for this project.

    Raises:
        SettingsError: it is one.
    """
    if all(pair.source in OURS for pair in parallel.pairs):
        raise SettingsError(
            f"{data} holds no parallel sentences; give the folder with train/ and dev/ in it."
        )
