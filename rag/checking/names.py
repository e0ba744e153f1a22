"""Finds the names in a sentence, and tells whether passages hold them, across Chinese and English too.

Takes texts; gives names with offsets, and for each yes, no, or cannot tell (a name whose other spelling nothing
here knows). Knows nothing of what is said of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from index.terms import name_spellings, pinyin_names, spelt_at, spelt_out, stem, tagged_words
from index.text import FUNCTION_WORDS, HAN, MONTHS, fold
from index.translation.lexicon import lexicon, singular, word_set
from rag.candidates import SURNAMES, find_candidates, flat
from rag.checking.values import ENGLISH_WORDS, KINDS, ORDINALS
from rag.naming import GENERIC_ENDING
from rag.numerals import han_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name at ``text[start:end]``; ``parts`` are the folded pieces of it that tell it from others."""

    start: int
    end: int
    parts: tuple[str, ...]
    person: bool = False
    initial: str = ""  # the letter of S. Pengcheng, folded
    kind: str = ""  # what is numbered, where the name is a number: line, 号楼, version


@dataclass(frozen=True, slots=True)
class Searched:
    """A text in which names are looked for: folded, its Latin words and their stems, its pinyin."""

    text: str
    folded: str
    words: frozenset[str]
    initials: str
    spelling: tuple[tuple[str, ...], ...]
    chinese: bool


@lru_cache(maxsize=512)
def searched(text: str) -> Searched:
    """Prepare a text for looking names up in it."""
    folded = fold(text)
    latin = re.findall(r"[a-z0-9]+(?:[.&+-][a-z0-9]+)*", folded)
    pieces = [piece for word in latin for piece in (word, *re.split("[.&+-]", word))]
    return Searched(
        text,
        folded,
        frozenset([*pieces, *(singular(piece) for piece in pieces), *(stem(piece) for piece in pieces)]),
        "".join(piece[0] for piece in latin),
        spelt_out(text),
        len(re.findall(f"[{HAN}]", folded)) > len(latin),
    )


_COMMON = (
    word_set(
        "i mr mrs ms dr prof professor mayor secretary director chairman chairwoman president manager deputy vice "
        "chief general minister governor party committee government city county district province town village "
        "street road company group corporation corp co inc ltd limited university college institute bank zone "
        "park centre center office bureau department ministry agency association daily news monday tuesday "
        "wednesday thursday friday saturday sunday q1 q2 q3 q4 h1 h2 gdp ceo cfo cto rmb cny usd eur yuan ok "
        "faq ai it"
    )
    | {month.lower() for month in MONTHS}
    | {month[:3].lower() for month in MONTHS}
    | FUNCTION_WORDS["en"]
)
_PLURAL_OR_DEMONYM = re.compile(r"(?:'s|s|n|an|ian|ese|ish|i)$")
_TITLED = re.compile(
    r".(?:厂长|局长|市长|校长|院长|书记|主任|经理|总|先生|女士|教授|博士|院士|老师|会长|所长)"
)
_CAPITALS = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z][A-Za-z0-9'’]*|[a-z]?\d*[A-Z][A-Za-z0-9]*)(?:[-.&+][A-Za-z0-9]+)*"
    r"(?:[ -](?:(?:of|de|van|von|and|&|the)[ ](?=[A-Z]))?(?:[A-Z][A-Za-z0-9'’]*)(?:[-.&+][A-Za-z0-9]+)*)*"
)
_INITIAL = re.compile(r"(?<![A-Za-z0-9.])([A-Z])\. ?\Z")


def find_names(text: str) -> list[Name]:
    """Return the names of a sentence: capitalised, coded and numbered ones (Line 2), and Chinese ones by their tags."""
    found: list[Name] = []
    for name in (*_numbered_names(text), *_latin_names(text), *_chinese_names(text)):
        if not any(name.start < other.end and other.start < name.end for other in found):
            found.append(name)
    return sorted(found, key=lambda name: name.start)


def _latin_names(text: str) -> Iterator[Name]:
    shown = flat(text)
    chinese = re.search(f"[{HAN}]", shown) is not None
    for match in _CAPITALS.finditer(shown):
        words = [
            (w.group(), match.start() + w.start()) for w in re.finditer(r"[A-Za-z0-9.&+'’-]+", match.group())
        ]
        initial = _INITIAL.search(shown, 0, match.start())
        opens = not (chinese or initial) and re.fullmatch(
            r"\W*|.*[.!?:;]\W*", shown[: match.start()], re.DOTALL
        )
        if opens and len(words) > 1 and words[0][0].lower() in _COMMON:
            words, opens = words[1:], None
        parts = tuple(
            part for word, _ in words
            for part in [re.sub(r"['’]s?$", "", fold(word)).strip(".-'’&+")]
            if len(part) > 1 and part not in _COMMON
        )  # fmt: skip
        if not parts or (opens and len(words) == 1 and _is_word(parts[0])):
            continue
        yield Name(
            start=initial.start() if initial else words[0][1],
            end=match.end(),
            parts=parts,
            initial=fold(initial[1]) if initial else "",
        )


_NUMERAL = r"(?:\d+|[一二三四五六七八九十百零]+)"
_NUMBERED = re.compile(  # with the others of a row: Lines 1, 2 and 3, 1至4号线
    rf"\b(?P<kind>{KINDS})s?\s?(?P<number>\d+)"
    r"(?P<behind>(?:,\s\d+)*,?\s(?:and|or|to)\s\d+|\s?[–-]\s?\d+)?(?![.\d]*\d)"
    rf"|(?<![\d月.])(?P<before>(?:{_NUMERAL}[、,和与及至到–-])*)(?P<number2>{_NUMERAL})"
    r"(?P<kind2>号[线楼院厂库馆]?)(?![召称人码])"
    r"|(?<![a-z\d.-])v?(?P<version>\d{1,3}(?:\.\d+){2,})(?![a-z\d-])(?<!\.\d{4})"
)
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


def _numbered_names(text: str) -> Iterator[Name]:
    for match in _NUMBERED.finditer(fold(text)):
        group = "number" if match["number"] else "number2" if match["number2"] else "version"
        kind = match["kind"] or match["kind2"] or "version"
        yield Name(start=match.start(group), end=match.end(group), parts=(match[group],), kind=kind)


def is_ordinary(name: Name) -> bool:
    """Tell whether a name is a number, or ordinary words alone, capitalised as in a heading: Key Figures."""
    return bool(name.kind) or all(_is_word(part) for part in name.parts)


def _is_word(word: str) -> bool:
    """Tell whether a Latin word is an ordinary one: the lexicon knows it, and not as a name."""
    meanings = lexicon("en", "zh").meanings(singular(word)) or lexicon("en", "zh").meanings(stem(word))
    return bool(meanings) and not _is_proper(meanings[0][0])


@lru_cache(maxsize=10_000)
def _is_proper(chinese: str) -> bool:
    tags = tagged_words(chinese)
    return len(tags) == 1 and len(chinese) > 1 and tags[0][1] in ("ns", "nr", "nrt", "nt", "nrfg")


_NEVER = word_set(
    "中国 我国 全国 本报 高达 记者 高新区 全区 全市 全县 全省 本市 园区 公司 企业 该市 该区 同比 高质量 "
    "温馨 小康 和谐 台风"
)
_VERBAL = ("v", "p", "c", "u", "r", "d", "m", "q", "x", "y", "f", "t")


def _chinese_names(text: str) -> Iterator[Name]:
    folded = fold(text)
    if not re.search(f"[{HAN}]", folded):
        return
    for c in find_candidates(text):
        if c.kind == "person" and re.fullmatch(f"[{HAN}·]+", folded[c.start : c.end]):
            if _TITLED.fullmatch(folded[c.start : c.end]):
                continue
            start = c.start + _led_in(folded[c.start : c.end])
            if c.end - start > 1:
                yield Name(start=start, end=c.end, parts=(folded[start : c.end],), person=True)
        elif c.kind == "organisation" and (core := _core(folded[c.start : c.end])):
            yield Name(start=c.start, end=c.end, parts=core)
    for match in _ORDINAL.finditer(folded):
        yield Name(start=match.start(), end=match.end(), parts=(match[1],))
    place = 0
    for word, tag in tagged_words(folded):
        start, end = place + _led_in(word), place + len(word)
        place = end
        bare = folded[start:end]
        if (
            tag not in _NAMING
            or len(bare) < 2
            or bare in _NEVER
            or bare[-1] in "内里上下中外前后间"
            or (tag == "nr" and len(bare) > 2 and bare[0] not in SURNAMES)
            or _ordinary(bare)
        ):
            continue
        stem_of_place = GENERIC_ENDING.sub("", bare) if tag == "ns" else bare
        person = tag.startswith("nr") and len(bare) < 4 and bare[0] in SURNAMES
        yield Name(
            start=start, end=end, parts=(stem_of_place if len(stem_of_place) > 1 else bare,), person=person
        )


_ORDINAL = re.compile("(第[一二三四五])(?=产业|剂|批|期|工厂|医院|中学|小学)")
_NAMING = frozenset({"nr", "nrt", "nrfg", "ns", "nt"})


def _led_in(word: str) -> int:
    """Return how many characters at its beginning are no part of a name: 由 of 由林婉如, 了 of 了岚川."""
    return 1 if word[0] in "了由向与和被对把将从在为于给让跟及到经" else 0


@lru_cache(maxsize=10_000)
def _ordinary(word: str) -> bool:
    """Tell whether a word tagged as a name is an ordinary one: the lexicon knows it by ordinary English words."""
    meanings = lexicon("zh", "en").meanings(word)
    return bool(meanings) and all(_is_word(part) or part in _COMMON for part in meanings[0][0].split())


_NAMED_ENDINGS = ("有限公司", "集团", "银行", "大学", "医院", "研究院")


def _core(name: str) -> tuple[str, ...]:
    """Return the words that tell an organisation from others: what stands before its generic ending."""
    bare = GENERIC_ENDING.sub("", name)
    words = tagged_words(bare)
    core: list[str] = []
    for word, tag in reversed(words):
        if core and tag.startswith(_VERBAL):
            break
        core.append(word)
    if not name.endswith(_NAMED_ENDINGS) and all(_ordinary(word) for word in core):
        return ()
    joined = "".join(reversed(core))
    return (joined,) if len(joined) > 1 and joined not in _NEVER else ()


# Looking names up


def holds(name: Name, text: Searched, *, chinese: bool) -> bool | None:
    """Tell whether a text holds a name of a sentence; None where its spelling in the text is not known.

    Args:
        name: a name of the sentence.
        text: where it is looked for.
        chinese: whether the sentence is Chinese.
    """
    if name.kind:
        return _holds_number(name, text)
    verdicts = [_holds_part(part, name, text) for part in name.parts]
    if not re.search(f"[{HAN}]", "".join(name.parts)):
        if not text.chinese:
            return all(verdicts)
        return _latin_verdict(name, verdicts) if _initial_fits(name, text) else False
    return False if False in verdicts else True if True in verdicts else None


def _holds_number(name: Name, text: Searched) -> bool | None:
    """Look a number up among those of its kind, or where the text numbers none of that kind, among all numbers."""
    (number,) = name.parts
    if name.kind == "version":
        return re.search(rf"(?<![\d.]){re.escape(number)}(?!\.?\d)", text.folded) is not None
    value = _value(number)
    alike = [
        match for match in _NUMBERED.finditer(text.folded) if name.kind in (match["kind"], match["kind2"])
    ]
    if alike:
        return any(_in_row(value, match) for match in alike)
    return None if value in _numbers(text) else False


def _in_row(number: Decimal, row: re.Match[str]) -> bool:
    """Tell whether a number is in a row of numbers of one kind, or between its ends: 3 in 1至4号线."""
    others = f"{row['before'] or ''} {row['behind'] or ''}"
    values = [_value(n) for n in re.findall(_NUMERAL, f"{others} {row['number'] or row['number2']}")]
    ranged = re.search(r"[至到–-]|\bto\b", others)
    return min(values) <= number <= max(values) if ranged else number in values


def _value(numeral: str) -> Decimal:
    """Return the number of digits or Chinese numerals; -1 where the numerals make none."""
    number = Decimal(numeral) if numeral.isdecimal() else han_number(numeral)
    return Decimal(-1) if number is None else number


@lru_cache(maxsize=512)
def _numbers(text: Searched) -> frozenset[Decimal]:
    """Return every number that a text writes, in digits, in words or numerals of either language, or in Roman ones."""
    words = ORDINALS | ENGLISH_WORDS | {roman: value for value, roman in enumerate(_ROMAN, 1)}
    return frozenset(
        [
            *(_value(numeral) for numeral in re.findall(_NUMERAL, text.folded)),
            *(Decimal(value) for word, value in words.items() if word in text.words),
        ]
    )


def _latin_verdict(name: Name, verdicts: Sequence[bool | None]) -> bool | None:
    """Judge a Latin name: a missing ordinary word (Zone) decides only where all its words are ordinary."""
    telling = [v for part, v in zip(name.parts, verdicts, strict=True) if not _is_word(part)]
    judged = telling or list(verdicts)
    return False if False in judged else True if True in judged else None


def _initial_fits(name: Name, text: Searched) -> bool:
    """Tell whether the letter of S. Pengcheng may be that of a character beside 鹏程, if a text spells it so at all."""
    beside = [
        text.spelling[place] if 0 <= place < len(text.spelling) else ()
        for part in (name.parts if name.initial else ())
        for start, end in _spelt(part, text)
        for place in (start - 1, end)
    ]
    return not beside or any(reading.startswith(name.initial) for readings in beside for reading in readings)


def _spelt(part: str, text: Searched) -> Iterator[tuple[int, int]]:
    """Yield every place where a text reads as a name in pinyin."""
    begin = 0
    while place := spelt_at(part, text.spelling[begin:]):
        yield begin + place[0], begin + place[1]
        begin += place[0] + 1


def _holds_part(part: str, name: Name, text: Searched) -> bool | None:
    if re.search(f"[{HAN}]", part):
        return _holds_chinese(part, name, text)
    return _holds_latin(part, text)


def _holds_latin(word: str, text: Searched) -> bool | None:
    if word in text.words or singular(word) in text.words or stem(word) in text.words:
        return True
    pieces = [piece for piece in re.split("[.&+'’-]", word) if piece]
    if len(pieces) > 1 and all(_holds_latin(piece, text) for piece in pieces):
        return True
    if len(word) > 4 and _same_root(word, text):
        return True
    if 2 < len(word) < 6 and not text.chinese and word in text.initials:
        return True
    return _across(word, text)


def _same_root(word: str, text: Searched) -> bool:
    """Tell whether a text has a country or its people in another form: German, Germany."""
    root = _PLURAL_OR_DEMONYM.sub("", word)
    return len(root) > 3 and any(
        w.startswith(root) and len(w) - len(root) < 4 and _PLURAL_OR_DEMONYM.search(w + "n")
        for w in text.words
    )


def _across(word: str, text: Searched) -> bool | None:
    """Look a Latin word up in a Chinese text: by its pinyin, then by what the lexicon says."""
    if not text.chinese:
        return False
    joined = word.replace("-", "").replace("'", "")
    if len(joined) > 3 and spelt_at(joined, text.spelling):
        return True
    meanings = lexicon("en", "zh").meanings(singular(word))
    if any(meaning in text.folded for meaning, _ in meanings):
        return True
    if meanings:
        return False if _is_proper(meanings[0][0]) and meanings[0][1] > 0.3 else None
    return False if len(joined) > 4 and pinyin_names(word.capitalize()) and _syllables(joined) > 1 else None


def _syllables(word: str) -> int:
    return len(re.findall("[aeiouv]+", word))


def _holds_chinese(part: str, name: Name, text: Searched) -> bool | None:
    if part in text.folded:
        return True
    if text.chinese:
        if name.person or len(part) < 4:
            return False
        pairs = [part[i : i + 2] for i in range(len(part) - 1)]
        return sum(pair in text.folded for pair in pairs) >= 0.75 * len(pairs)
    if any(all(form in text.words for form in forms) for forms in name_spellings(part)):
        return True
    meanings = lexicon("zh", "en").meanings(part)
    if any(
        all(w in text.words or singular(w) in text.words for w in english.split()) for english, _ in meanings
    ):
        return True
    if meanings:
        return False if _is_proper(part) else None
    spelt = name.person and 2 <= len(part) <= 3 and "·" not in part
    return False if spelt or _is_proper(part) else None
