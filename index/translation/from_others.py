"""Puts a question in one of fifteen other languages into English, word by word. Knows no order of words.

Words are looked up by their stems, phrases of up to three words first. Where words have no blanks between them
(Japanese, Thai), the longest known one is taken from each place on; where endings are glued to them (Korean,
Turkish) or words to words (German), the longest known beginning.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Container, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from index.text import HAN, MONTHS, fold, is_chinese
from index.translation.from_english import ASKING
from index.translation.lexicon import Unit, Vocabulary, choose, held, lexicon, word_set
from index.translation.palladius import readings

STEMMERS = {
    "ar": "arabic",
    "de": "german",
    "el": "greek",
    "es": "spanish",
    "fr": "french",
    "hi": "hindi",
    "id": "indonesian",
    "it": "italian",
    "pt": "portuguese",
    "ru": "russian",
    "tr": "turkish",
}
"""Snowball's name of each language whose words have endings that it knows."""

UNSPACED = {"ja": f"[{HAN}\u3041-\u30ff々ー]+", "th": "[\u0e01-\u0e4e]+"}
"""The letters of the languages in which nothing parts words."""

LONGEST_PHRASE = 3  # words; Vietnamese ones are syllables
_LONGEST_WORD = 20  # characters of a word where nothing parts words
_LONGEST_GLUED = 25  # characters of a word that is still taken apart
_KATAKANA = re.compile("[\u30a1-\u30ff]+")
_GLUED = {
    "ko": 1,
    "tr": 3,
    "hi": 3,
    "de": 4,
    "ru": 4,
    "el": 4,
}  # the least characters of a beginning that counts
_MARKS = r"\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0971-\u097f\u200c\u200d"
_LETTERS = rf"[^\W\d_][\w{_MARKS}]*(?:(?<=\d)\.\d+)?"  # vowel signs are not in \w; a figure may follow: PM2.5
_NAME = rf"(?:[A-Z][a-z]+['’](?=[a-z])[a-z]+|{_LETTERS})"  # Xi'an
_APOSTROPHES = frozenset(["fr", "it", "tr"])  # part words
_DECIMAL_COMMA = frozenset(["de", "el", "es", "fr", "id", "it", "pt", "ru", "tr", "vi"])
_STEMMER_LOCK = threading.Lock()  # a stemmer keeps the word it works on in itself


class Word(NamedTuple):
    """A word of a text under the key that the lexicon has it by; offsets into the text, half-open."""

    key: str
    start: int
    end: int


@cache
def _stemmer(language: str) -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer(STEMMERS[language])


EXACT = "="
"""Begins the key of a form whose meaning is another than its stem's."""

SILENT = "-"
"""The meaning of a function word."""


def form_of(word: str, language: str) -> str:
    """Return a word in lower case, without accents where they tell little."""
    return _plain(_lower(word, language), language)


@lru_cache(maxsize=20_000)
def key_of(word: str, language: str) -> str:
    """Return what a word is looked up by: its stem in lower case, without accents where they tell little."""
    word = _lower(word, language)
    if language in STEMMERS and len(word) <= _LONGEST_GLUED:
        with _STEMMER_LOCK:
            word = str(_stemmer(language).stemWord(word)) or word
    return _plain(word, language)


def _lower(word: str, language: str) -> str:
    word = unicodedata.normalize("NFC", word)
    if language == "tr":
        word = word.replace("I", "ı").replace("İ", "i")
    word = word.lower()
    return re.sub("[\u0640\u064b-\u065f\u0670]", "", word) if language == "ar" else word


def _plain(word: str, language: str) -> str:
    if language == "vi":  # where accents are tones
        return word
    return fold(word.translate(_ARABIC) if language == "ar" else word)


_ARABIC = str.maketrans("أإآىة", "ااايه")


def words_of(text: str, language: str, known: Container[str]) -> list[Word]:
    """Cut a text into words under their keys.

    ``known``: keys by which text without blanks, and words with others glued to them, are cut.
    """
    if language in UNSPACED:
        pattern = re.compile(rf"(?P<own>{UNSPACED[language]})|[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9'’-]*")
        found: list[Word] = []
        for run in pattern.finditer(text):
            if run["own"]:
                found += _longest(run.group(), run.start(), known)
            else:
                found.append(Word(run.group().lower(), *run.span()))
        return found
    words = []
    joined = language not in _APOSTROPHES
    for match in re.finditer(_NAME if joined else _LETTERS, text):
        word = match.group()
        before = text[max(0, match.start() - 2) : match.start()]
        if language == "tr" and re.fullmatch(r"\w['’]", before) and len(word) < 6:
            continue  # an ending behind a name
        if before[-1:].isdigit() and word.isascii():
            continue  # belongs to the figure: 5G
        words += _opened(word, match.start(), language, known)
    return words


def _longest(run: str, start: int, known: Container[str]) -> Iterator[Word]:
    """Cut a run of characters, the longest known word first; what is unknown stays together.

    Single Han characters in a row are most likely a name.
    """
    folded = fold(run)
    pieces: list[tuple[int, int, bool]] = []  # begin, end, whether it is known
    place = 0
    while place < len(run):
        end = next(
            (e for e in range(min(len(run), place + _LONGEST_WORD), place, -1) if folded[place:e] in known), 0
        )
        pieces.append((place, end or place + 1, end > 0))
        place = end or place + 1
    for sure, group in groupby(_joined_names(list(_by_script(pieces, run)), run), key=lambda piece: piece[2]):
        parts = list(group)
        for begin, end, _ in parts if sure else [(parts[0][0], parts[-1][1], False)]:
            yield Word(folded[begin:end], start + begin, start + end)


def _by_script(pieces: Sequence[tuple[int, int, bool]], run: str) -> Iterator[tuple[int, int, bool]]:
    """Yield the pieces of each stretch of katakana, as one unknown word where it is not all made of long ones."""
    for katakana, group in groupby(
        pieces, key=lambda piece: bool(_KATAKANA.fullmatch(run[piece[0] : piece[1]]))
    ):
        parts = list(group)
        if katakana and len(parts) > 1 and not all(known and end - begin > 2 for begin, end, known in parts):
            parts = [(parts[0][0], parts[-1][1], False)]
        yield from parts


def _joined_names(pieces: Sequence[tuple[int, int, bool]], run: str) -> list[tuple[int, int, bool]]:
    """Call single Han characters unknown that stand beside others, or beside unknown ones."""
    lone = [end - begin == 1 and is_chinese(run[begin:end]) for begin, end, _ in pieces]
    return [
        (begin, end, known and not (lone[n] and any(lone[max(0, n - 1) : n] + lone[n + 1 : n + 2])))
        for n, (begin, end, known) in enumerate(pieces)
    ]


def _opened(word: str, start: int, language: str, known: Container[str]) -> list[Word]:
    """Return a word under its key, or by the known words that it is made of."""
    key = key_of(word, language)
    if key in known:
        return [Word(key, start, start + len(word))]
    if language == "ar":
        for cut in (1, 2, 3):
            if re.fullmatch("[وفبلك]?[بلك]?(?:ال|ل)?", word[:cut]) and len(word) - cut >= 3:
                inner = key_of(word[cut:], language)
                if inner in known:
                    return [Word(inner, start + cut, start + len(word))]
    for base in _german_bases(key) if language == "de" else ():
        if base in known:
            return [Word(base, start, start + len(word))]
    own = not word.isascii() or language in ("de", "tr")  # a Latin word has no endings of other scripts
    least = _GLUED.get(language, 0) if own and len(word) <= _LONGEST_GLUED else 0
    for end in range(len(word) - 1, least - 1, -1) if least else ():
        head = form_of(word[:end], language) if language == "ko" else key_of(word[:end], language)
        if head not in known or (language == "ko" and end == 1 and word[end:] not in _KOREAN_ENDINGS):
            continue
        if language != "de":
            return [Word(head, start, start + end)]
        for joint in ("", "s", "es", "n", "en"):
            rest = word[end:].removeprefix(joint)
            tail = key_of(rest, language)
            if len(rest) >= (least if word[0].isupper() else least + 2) and tail in known:
                return [Word(head, start, start + end), Word(tail, start + end, start + len(word))]
    return [Word(key, start, start + len(word))]


_KOREAN_ENDINGS = word_set(  # behind a word of one syllable, which any name may begin with
    "은 는 이 가 을 를 의 에 에서 에게 로 으로 와 과 도 만 부터 까지"
    " 들 들은 들이 들을 들의 인가 인가요 입니까 이다 보다 마다 이나 나 하고"
)
_SEPARABLE = (
    "ab|an|auf|aus|bei|durch|ein|entgegen|fest|her|hin|los|mit|nach|um|vor|weg|weiter|zu|zuruck|zusammen"
)
_INSIDE = re.compile(rf"(?:(?P<before>{_SEPARABLE})(?:ge|zu)|ge)(?P<stem>\w{{3,}})")


def _german_bases(key: str) -> list[str]:
    """Return the stems that a German verb's form may come from: verkurzt → verkurz, aufgewertet → aufwert."""
    keys = [key]
    if (inside := _INSIDE.fullmatch(key)) is not None:
        keys.append((inside["before"] or "") + inside["stem"])
    keys += [k.removesuffix(end) for k in keys for end in ("et", "t") if k.endswith(end)]
    return [k for k in keys[1:] if len(k) > 2]


def other_units(query: str, language: str, english: Vocabulary, documents: Vocabulary) -> list[Unit]:
    """Return what a question in another language says in English, piece by piece, without its function words.

    Question words are units too: they say what is asked for.

    Args:
        query: the question.
        language: its language, one of ``OTHERS``.
        english: of documents in English, which choose among meanings.
        documents: of those that are searched, whatever their language: a word with a capital letter that they
            hold as it is written is a name, whatever it means.
    """
    query = plain_figures(unicodedata.normalize("NFKC" if language in UNSPACED else "NFC", query), language)
    known = lexicon(language, "en")
    units = [
        Unit(m.start(), m.end(), "kept", ((m.group(), 1.0),))
        for m in re.finditer(r"(?<![A-Za-zÀ-ӿ\d.,])\d+(?:[.,]\d+)*(?:%|[A-Za-z]{1,3}\b)?", query)
    ]
    words = words_of(query, language, known)
    place = 0
    while place < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - place), 0, -1):
            group = words[place : place + length]
            if any(not _near(query[a.end : b.start]) for a, b in pairwise(group)):
                continue
            start, end = group[0].start, group[-1].end
            written = " ".join(form_of(query[word.start : word.end], language) for word in group)
            meanings = known.meanings(EXACT + written) or known.meanings(" ".join(word.key for word in group))
            said = query[start:end]
            if length == 1 and start > 0 and said[0].isupper() and held(said, documents):
                units.append(Unit(start, end, "unknown", ((said, 1.0),)))
                break
            named = length == 1 and language == "ru" and said[0].isupper()
            if named and (name := _chinese_name(said, bool(meanings), documents)):
                units.append(Unit(start, end, "name", ((name.capitalize(), 1.0),)))
                break
            if meanings:
                if meanings[0][0] != SILENT:
                    if language != "de" or said.isupper():  # a name that is written alike keeps its capitals
                        meanings = [(said if word == fold(said) else word, share) for word, share in meanings]
                    units.append(Unit(start, end, "word", choose(meanings, english)))
                place += length - 1
                break
            if length == 1 and said[0].isalpha() and (len(said) > 2 or not said.islower()):
                units.append(Unit(start, end, "unknown", ((said, 1.0),)))
        place += 1
    return sorted(units)


def _chinese_name(word: str, known: bool, documents: Vocabulary) -> str:
    """Return the pinyin of a Russian word that the documents write as a name, or that is no known word; or nothing."""
    found = readings(word)
    return next(
        (pinyin for pinyin in found if documents.written(pinyin)), "" if known or not found else found[0]
    )


def _near(between: str) -> bool:
    return re.fullmatch(r"[\s\-'’]{0,2}", between) is not None


_COMMA_FIGURE = re.compile(
    r"(?<![\d.,])(?:[1-9]\d{0,2}(?P<by>[.\u00a0\u202f ])\d{3}(?:(?P=by)\d{3}){0,2}(?:,\d+)?|\d+,\d{1,2})"
    r"(?![.,]?\d)"
)
_DATES = {
    language: re.compile(
        rf"(?:(?<!\d)(?P<year>\d{{4}}){y}\s?)?(?P<month>1[0-2]|[1-9]){m}(?:\s?(?P<day>[0-3]?\d){d})?"
    )
    for language, (y, m, d) in {"ja": tuple("年月日"), "ko": tuple("년월일")}.items()
}


def _english_date(match: re.Match[str]) -> str:
    day, month, year = match["day"] or "", MONTHS[int(match["month"]) - 1], match["year"] or ""
    return f" {' '.join(part for part in (day, month, year) if part)} "


def plain_figures(text: str, language: str) -> str:
    """Return a text with figures and dates as English writes them: 1.234,5 → 1,234.5, ٣ → 3, 3月29日 → 29 March."""
    text = "".join(
        str(unicodedata.digit(char)) if unicodedata.category(char) == "Nd" and not char.isascii() else char
        for char in text
    )
    if language in _DATES:
        text = _DATES[language].sub(_english_date, text)
    if language not in _DECIMAL_COMMA:
        return text
    return _COMMA_FIGURE.sub(
        lambda match: re.sub(r"[.\u00a0\u202f ]", "_", match.group()).replace(",", ".").replace("_", ","),
        text,
    )


def in_english(units: Sequence[Unit]) -> str:
    """Return the units' best meanings in a row, what is asked for first; "and" parts what else is asked for."""
    said = [unit.text for unit in units]
    asking = [n for n, text in enumerate(said) if text.split()[0] in ASKING]
    for n in asking[1:]:
        said[n] = f"and {said[n]}"
    first = asking[0] if asking else 0
    return " ".join([*said[first : first + 1], *said[:first], *said[first + 1 :]])
