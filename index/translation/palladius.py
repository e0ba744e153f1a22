"""Reads Chinese names as Russian writes them: Чанчжоу is changzhou, Логэн luogeng.

Russian spells Chinese syllables by the system of Palladius, one spelling a syllable but for a few, so that a name can
be read back. No list of names is needed.
"""

from __future__ import annotations

from functools import cache

_INITIALS = {
    "b": "б", "p": "п", "m": "м", "f": "ф", "d": "д", "t": "т", "n": "н", "l": "л", "g": "г", "k": "к", "h": "х",
    "j": "цз", "q": "ц", "x": "с", "zh": "чж", "ch": "ч", "sh": "ш", "r": "ж", "z": "цз", "c": "ц", "s": "с",
}  # fmt: skip
_FINALS = {
    "a": "а", "ai": "ай", "an": "ань", "ang": "ан", "ao": "ао", "e": "э", "ei": "эй", "en": "энь", "eng": "эн",
    "ong": "ун", "ou": "оу", "u": "у", "ua": "уа", "uai": "уай", "uan": "уань", "uang": "уан", "ui": "уй",
    "un": "унь", "uo": "о", "o": "о", "i": "и", "ia": "я", "ian": "янь", "iang": "ян", "iao": "яо", "ie": "е",
    "in": "инь", "ing": "ин", "iong": "юн", "iu": "ю",
}  # fmt: skip
_ALONE = {
    "a": "а", "ai": "ай", "an": "ань", "ang": "ан", "ao": "ао", "e": "э", "en": "энь", "er": "эр", "ou": "оу",
    "wa": "ва", "wai": "вай", "wan": "вань", "wang": "ван", "wei": "вэй", "wen": "вэнь", "weng": "вэн", "wo": "во",
    "wu": "у", "ya": "я", "yan": "янь", "yang": "ян", "yao": "яо", "ye": "е", "yi": "и", "yin": "инь",
    "ying": "ин", "yong": "юн", "you": "ю", "yu": "юй", "yuan": "юань", "yue": "юэ", "yun": "юнь",
    "zhi": "чжи", "chi": "чи", "shi": "ши", "ri": "жи", "zi": "цзы", "ci": "цы", "si": "сы", "hui": "хуэй",
    "nv": "нюй", "lv": "люй",
}  # fmt: skip
_ROUNDED = {"u": "юй", "uan": "юань", "ue": "юэ", "un": "юнь"}  # behind j, q and x
_PALATAL = ("j", "q", "x")
_BEFORE_I = ("b", "p", "m", "d", "t", "n", "l", *_PALATAL)
_ENDINGS = ("а", "у", "е", "ом", "ем", "и", "я", "ю")  # of cases
_LONGEST = 6  # letters of a syllable


@cache
def _syllables() -> dict[str, str]:
    """Return pinyin by Russian spelling; where two syllables share one, the commoner comes last and stays."""
    found: dict[str, str] = {}
    for initial, written in _INITIALS.items():
        for final, sound in _FINALS.items():
            if final[0] == "i" and initial not in _BEFORE_I:
                continue
            if initial in _PALATAL and final[0] != "i":
                continue
            if (final == "uo") == (initial in ("b", "p", "m", "f")) and final in ("o", "uo"):
                continue  # bo, but duo
            found[written + sound] = initial + final
        if initial in _PALATAL:
            found |= {written + sound: initial + final for final, sound in _ROUNDED.items()}
    return found | {written: pinyin for pinyin, written in _ALONE.items()}


def readings(word: str) -> list[str]:
    """Return what a Russian word may be in joined pinyin, as it stands first, then without an ending of its case.

    None where it is no Chinese name. An ending takes a soft sign with it: Сямэне is of Сямэнь, xiamen.
    """
    lower = word.lower()
    stems = [lower]
    for ending in _ENDINGS:
        if lower.endswith(ending):
            stems += [lower.removesuffix(ending), lower.removesuffix(ending) + "ь"]
    return list(dict.fromkeys("".join(parts) for stem in stems if (parts := _parted(stem))))


def _parted(word: str, *, first: bool = True) -> list[str]:
    """Return the syllables of a word, the longest first; none where it is not made of syllables.

    Behind н a vowel begins no syllable, but for a hard sign between them: Хунань is hunan, Чанъань changan.
    """
    for length in range(min(_LONGEST, len(word)), 0 if first else 1, -1):
        syllable, rest = word[:length], word[length:]
        if syllable not in _syllables():
            continue
        pinyin = _syllables()[syllable]
        if not rest:
            return [pinyin]
        if syllable.endswith("н") and rest[0] in "аоуэияюеё":
            continue
        if parts := _parted(rest.removeprefix("ъ"), first=False):
            return [pinyin, *parts]
    return []
