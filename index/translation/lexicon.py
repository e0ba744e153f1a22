"""What words may mean, and which of the meanings a library's documents use. Knows nothing of sentences."""

from __future__ import annotations

import lzma
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from index.errors import ModelError
from index.terms import QueryTerm, weighted_query

OTHERS = ("ar", "de", "el", "es", "fr", "hi", "id", "it", "ja", "ko", "pt", "ru", "th", "tr", "vi")
"""Languages whose words are known in English only."""

FILES = {
    (source, target): f"{source}-{target}.tsv.xz"
    for source, target in (("en", "zh"), ("zh", "en"), *((language, "en") for language in OTHERS))
}
ALTERNATIVES = 3  # meanings of one word that are searched for
LEAST_SHARE = 0.15  # of the best meaning's score, below which a meaning is not searched for
UNSEEN = 0.1  # factor for a meaning that no document holds

_SHIPPED = Path(__file__).parents[1] / "models" / "lexicon"


class Vocabulary(Protocol):
    """What a library tells of the words of its documents."""

    def frequency(self, term: str) -> int:
        """Return in how many chunks a term of ``index.terms`` stands."""
        ...

    def written(self, pinyin: str) -> str | None:
        """Return how a Chinese name of that pinyin, joined and in lower case, is written; None if unknown."""
        ...

    def sounding(self, name: str) -> str | None:
        """Return how a foreign name that sounds like this one is written; None if unknown."""
        ...


class NoVocabulary:
    """A vocabulary for texts that no library holds: it knows nothing, so the lexicon alone decides."""

    def frequency(self, term: str) -> int:
        """Return 0."""
        return 0

    def written(self, pinyin: str) -> str | None:
        """Return None."""
        return None

    def sounding(self, name: str) -> str | None:
        """Return None."""
        return None


Meaning = tuple[str, float]
"""A word or phrase of the other language, and its share of all that the key was translated by, 0..1."""


class Lexicon:
    """Words and phrases of one language with their likely translations, sorted, one a line."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Take sorted lines ``key TAB word:percent TAB word:percent …``."""
        self._lines = lines

    @classmethod
    def load(cls, source: str, target: str, folder: Path = _SHIPPED) -> Lexicon:
        """Read one direction, in about 40 ms.

        Raises:
            ModelError: the file is missing or damaged.
        """
        path = folder / FILES[source, target]
        try:
            return cls(lzma.decompress(path.read_bytes()).decode().split("\n"))
        except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
            raise ModelError(f"The lexicon {path} cannot be read ({error}); install chuchu again.") from None

    def _place(self, key: str) -> int | None:
        place = bisect_left(self._lines, key + "\t")
        return place if place < len(self._lines) and self._lines[place].startswith(key + "\t") else None

    def __contains__(self, key: object) -> bool:
        """Tell whether a word or phrase is known."""
        return self._place(str(key)) is not None

    def meanings(self, key: str) -> list[Meaning]:
        """Return the translations of a word or phrase, most likely first; none where it is unknown."""
        place = self._place(key)
        if place is None:
            return []
        entries = (entry.rsplit(":", 1) for entry in self._lines[place].split("\t")[1:])
        return [(word, int(percent) / 100) for word, percent in entries]


@cache
def lexicon(source: str, target: str) -> Lexicon:
    """Return the shipped lexicon of one direction, read once."""
    return Lexicon.load(source, target)


class Unit(NamedTuple):
    """A stretch of the question and what it means; offsets are into the folded question, half-open."""

    start: int
    end: int
    kind: str  # "word", "name", "figure", "date", "kept", "asking", "unknown"
    meanings: tuple[Meaning, ...]  # best first, shares adding up to 1 at most

    @property
    def text(self) -> str:
        """The best meaning."""
        return self.meanings[0][0]


def singular(word: str) -> str:
    """Return an English word without possessive or plural ending, by its letters alone."""
    word = word.removesuffix("'s").replace("'", "")
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


_IRREGULAR_FORMS = """
awake awoke awoken, bear borne, beat beaten, become became, befall befell befallen, begin began begun, bend
bent, bite bit bitten, bleed bled, blow blew blown, break broke broken, breed bred, bring brought, build
built, buy bought, catch caught, choose chose chosen, cling clung, come came, creep crept, deal dealt, dig
dug, draw drew drawn, drink drank drunk, drive drove driven, eat ate eaten, fall fell fallen, feed fed, feel
felt, fight fought, find found, flee fled, fling flung, fly flew flown, forbid forbade forbidden, forget
forgot forgotten, forgive forgave forgiven, freeze froze frozen, get got gotten, give gave given, go went
gone, grow grew grown, hang hung, hear heard, hide hid hidden, hold held, keep kept, kneel knelt, know knew
known, lay laid, lead led, leap leapt, learn learnt, leave left, lend lent, lie lain, lose lost, make made,
mean meant, meet met, overhear overheard, pay paid, ride rode ridden, ring rang rung, rise rose risen, run
ran, say said, see saw seen, seek sought, sell sold, send sent, shake shook shaken, shine shone, shoot shot,
shrink shrank shrunk, sing sang sung, sink sank sunk, sit sat, sleep slept, slide slid, speak spoke spoken,
spend spent, spin spun, spit spat, spring sprang sprung, stand stood, steal stole stolen, stick stuck, sting
stung, strike struck stricken, swear swore sworn, sweep swept, swell swollen, swim swam swum, swing swung,
take took taken, teach taught, tear tore torn, tell told, think thought, throw threw thrown, understand
understood, wake woke woken, wear wore worn, weave wove woven, weep wept, win won, withdraw withdrew
withdrawn, write wrote written, child children, foot feet, goose geese, half halves, hoof hooves, knife
knives, leaf leaves, life lives, loaf loaves, man men, mouse mice, ox oxen, person people, self selves,
shelf shelves, thief thieves, tooth teeth, wife wives, wolf wolves, woman women
"""
_IRREGULAR = {
    singular(form): base
    for base, *forms in map(str.split, _IRREGULAR_FORMS.replace("\n", " ").split(","))
    for form in forms
}


def base_forms(word: str) -> tuple[str, ...]:
    """Return what a form may come from: signed → sign, merging → merge, shipped → ship, stolen → steal."""
    if word in _IRREGULAR:
        return (_IRREGULAR[word],)
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            base = word.removesuffix(ending)
            doubled = base[:-1] if base[-1] == base[-2] else ""
            final_y = base[:-1] + "y" if base.endswith("i") else ""
            return tuple(form for form in (base, base + "e", doubled, final_y) if form)
    return ()


def choose(meanings: Sequence[Meaning], vocabulary: Vocabulary) -> tuple[Meaning, ...]:
    """Order meanings by their share and by whether the documents use them."""
    scored = [(word, share * (1.0 if held(word, vocabulary) else UNSEEN)) for word, share in meanings]
    scored.sort(key=lambda entry: -entry[1])
    total = sum(score for _, score in scored[:ALTERNATIVES]) or 1.0
    return tuple(
        (word, score / total) for word, score in scored[:ALTERNATIVES] if score >= LEAST_SHARE * scored[0][1]
    )


def held(word: str, vocabulary: Vocabulary) -> bool:
    """Tell whether documents hold a word, or all the words it is made of."""
    return all(vocabulary.frequency(term.term) for term in terms_of(word) if term.weight == 1.0)


@lru_cache(maxsize=20_000)
def terms_of(text: str) -> tuple[QueryTerm, ...]:
    """Return the weighted terms of a word or phrase."""
    return weighted_query(text)


def weighted_terms(units: Sequence[Unit]) -> tuple[QueryTerm, ...]:
    """Return the terms of all units, each weighing the share of the meaning that it is part of.

    Weights of one word's meanings add up to 1, as in probabilistic structured queries (Darwish and Oard 2003).
    """
    weights: dict[str, float] = {}
    for unit in units:
        for word, share in unit.meanings:
            for term in terms_of(word):
                weights[term.term] = max(weights.get(term.term, 0.0), term.weight * _step(share))
    return tuple(QueryTerm(term=term, weight=weight) for term, weight in weights.items())


def _step(share: float) -> float:
    """Round a weight to 1, 1/2 or 1/4: each weight of a query costs a search of its own."""
    return 1.0 if share > 0.7 else 0.5 if share > 0.35 else 0.25


def all_alike(forms: Sequence[str]) -> tuple[Meaning, ...]:
    """Give every way of writing one figure full weight: a passage holds one of them."""
    return tuple((form, 1.0) for form in forms)


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text that blanks separate; the short way to write a set of words."""
    return frozenset(text.split())


def without_overlaps(units: Iterable[Unit]) -> list[Unit]:
    """Return the units that overlap no earlier one."""
    return outside(units, [])


def outside(units: Iterable[Unit], taken: Sequence[Unit]) -> list[Unit]:
    """Return the units, earlier ones first, that overlap neither a taken one nor each other."""
    kept: list[Unit] = []
    for unit in units:
        if not any(unit.start < other.end and other.start < unit.end for other in (*taken, *kept)):
            kept.append(unit)
    return kept
