"""Makes ``dictionaries.tsv.gz``, what common words of other languages mean in English; run once, by hand.

    python -m index.training.embedder.dictionaries --freedict FOLDER --edict FILE --out data/train/dictionaries.tsv.gz

One line a word: ``language⇥word⇥frequency (Zipf)⇥gloss/gloss``. Words and frequencies are those of wordfreq
(Speer 2022), base forms those of simplemma, glosses those of FreeDict and, for Japanese, of EDICT. The recipe
only reads the file; without it, words of other languages begin from parallel text alone.
"""

from __future__ import annotations

import argparse
import gzip
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

FREEDICT = {  # language: its dictionaries into English and from English, by FreeDict's names
    "de": ("deu-eng", "eng-deu"),
    "fr": ("fra-eng", "eng-fra"),
    "es": ("spa-eng", "eng-spa"),
    "it": ("ita-eng", "eng-ita"),
    "pt": ("por-eng", "eng-por"),
    "ru": ("", "eng-rus"),
    "ar": ("ara-eng", "eng-ara"),
    "hi": ("", "eng-hin"),
    "tr": ("tur-eng", "eng-tur"),
    "id": ("", "eng-ind"),
    "el": ("ell-eng", "eng-ell"),
}
FREQUENT = ("de", "fr", "es", "it", "pt", "ru", "ar", "hi", "vi", "tr", "id", "el", "ja", "ko")
_LEMMATISED = frozenset({"de", "fr", "es", "it", "pt", "ru", "hi", "tr", "id", "el"})
_MOST_GLOSSES = 4
_LONGEST_GLOSS = 3  # words; longer ones explain rather than translate

Glosses = dict[str, list[str]]
"""By word in lower case, its glosses, the first ones first."""

_HEAD = re.compile(r"^(\S[^/]*?) /.*/(?: <[^>]*>)*$")
_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|<[^>]*>|\{[^}]*\}|^\s*\d+\.\s*|^to (?=\w)")
_NO_GLOSS = re.compile(r'^\s*(?:see:|Synonym|Note|"|\(|Antonym|\[)|^\s{2,}')


def read_freedict(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (headword, gloss) of a FreeDict dictionary in dictd's format, ``freedict-….dict.dz``."""
    head = ""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            match = _HEAD.match(line)
            if match:
                head = re.sub(r"^\d+\.\s*", "", match[1]).strip()
            elif head and line.strip() and not _NO_GLOSS.match(line):
                for part in re.split("[,;]", line):
                    gloss = _ASIDE.sub("", part).strip()
                    gloss = _ASIDE.sub("", gloss).strip(" .")
                    if gloss and gloss.count(" ") < _LONGEST_GLOSS:
                        yield head, gloss


def read_edict(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (headword, gloss) of EDICT, ``食べる [たべる] /(v1,vt) (1) to eat/…/``, in EUC-JP; readings count too."""
    for line in path.read_text(encoding="euc_jp", errors="replace").splitlines():
        head, _, rest = line.partition(" /")
        reading = re.search(r"\[(.+?)\]", head)
        words = [head.split(" ")[0], *([reading[1]] if reading and "(P)" in rest else [])]
        for gloss in rest.split("/")[:_MOST_GLOSSES]:
            gloss = re.sub(r"\([^)]*\)|^\s*to (?=\w)", "", re.sub(r"\([^)]*\)", "", gloss).strip()).strip()
            if gloss and not gloss.startswith("EntL") and gloss.count(" ") < _LONGEST_GLOSS:
                yield from ((word, gloss) for word in words)


def _add(glosses: Glosses, word: str, gloss: str) -> None:
    known = glosses[word.lower()]
    if gloss not in known and len(known) < _MOST_GLOSSES:
        known.append(gloss)


def read_glosses(language: str, freedict: Path, edict: Path) -> Glosses:
    """Return what dictionaries say of a language's words: those into English first, then the turned ones."""
    glosses: Glosses = defaultdict(list)
    if language == "ja":
        for word, gloss in read_edict(edict):
            _add(glosses, word, gloss)
    into, from_english = FREEDICT.get(language, ("", ""))
    if into:
        for word, gloss in read_freedict(freedict / f"freedict-{into}.dict.dz"):
            _add(glosses, word, gloss)
    if from_english:
        for english, word in read_freedict(freedict / f"freedict-{from_english}.dict.dz"):
            _add(glosses, word, english)
    return glosses


def glosses_of(word: str, language: str, glosses: Mapping[str, list[str]]) -> list[str]:
    """Return the glosses of a word or else of its base form."""
    if word in glosses:
        return glosses[word]
    if language in _LEMMATISED:
        import simplemma

        return glosses.get(simplemma.lemmatize(word, lang=language).lower(), [])
    return []


def rows(language: str, freedict: Path, edict: Path, count: int) -> Iterator[str]:
    """Yield the lines of a language: its most frequent words, the most frequent first."""
    import wordfreq

    glosses = read_glosses(language, freedict, edict)
    frequencies = wordfreq.get_frequency_dict(language)
    for word in sorted(frequencies, key=lambda w: (-frequencies[w], w))[:count]:
        zipf = math.log10(frequencies[word]) + 9  # of a thousand million words, one is 0
        yield f"{language}\t{word}\t{zipf:.2f}\t{'/'.join(glosses_of(word, language, glosses))}\n"


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--freedict", type=Path, required=True, help="folder of FreeDict's .dict.dz files")
    parser.add_argument("--edict", type=Path, required=True, help="the file edict, in EUC-JP")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument(
        "--words", type=int, default=16_000, help="words of a language (default: %(default)s)"
    )
    options = parser.parse_args()
    with gzip.open(options.out, "wt", encoding="utf-8") as file:
        for language in FREQUENT:
            file.writelines(rows(language, options.freedict, options.edict, options.words))


if __name__ == "__main__":
    main()
