"""Cuts a Chinese question into words, names and figures, each with its English meanings, in a rough order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.terms import name_spellings, tagged_words
from index.text import HAN, fold
from index.translation.figures import figures_in_chinese
from index.translation.lexicon import Unit, Vocabulary, choose, held, lexicon, without_overlaps, word_set

LONGEST_CHINESE = 8  # characters

_ASKED_TEXT = """
when: 什么时候 何时
what year: 哪一年 哪年
what month: 几月
what day: 哪天
where: 哪里 哪儿 什么地方 何处
who: 谁 什么人 哪位
why: 为什么 为何
how much: 多少钱
how long: 多长时间 多久
how large: 多大
how tall: 多高
how far: 多远
how many: 多少 几
how: 怎么样 怎么 如何 怎样
which: 哪些 哪个 哪家 哪
what: 什么
is: 是否 吗
"""
_ASKED = {
    chinese: english
    for english, words in (line.split(":") for line in _ASKED_TEXT.strip().splitlines())
    for chinese in words.split()
}
_ASKED_PATTERN = re.compile(
    "(?:" + "|".join(sorted(_ASKED, key=lambda word: -len(word))) + ")[家个名位辆项种次篇部座]?"
)
_CHINESE_SILENT = word_set(
    "的 了 在 是 和 与 及 或 也 都 就 而 把 被 将 对 从 于 以 之 其 这 那 呢 吧 着 过 地 得 有 为 到 "
    "请问 请 一个 这个 那个 家 个 名 位"
)


def chinese_units(query: str, folded: str, vocabulary: Vocabulary) -> list[Unit]:
    """Return what a question in Chinese says, piece by piece, without its function words."""
    units = [*_latin_kept(query, folded), *figures_in_chinese(folded)]
    units += [
        Unit(match.start(), match.end(), "asking", ((_asked_word(match.group()), 1.0),))
        for match in _ASKED_PATTERN.finditer(folded)
    ]
    units = without_overlaps(units)
    place = 0
    while place < len(folded):
        inside = next((unit for unit in units if unit.start <= place < unit.end), None)
        if inside:
            place = inside.end
        elif re.match(f"[{HAN}]", folded[place]):
            reach = min((unit.start for unit in units if unit.start > place), default=len(folded))
            run = re.match(f"[{HAN}]+", folded[place:reach])
            assert run is not None
            units += _chinese_words(run.group(), place, vocabulary)
            place += run.end()
        else:
            place += 1
    return sorted(units)


def _asked_word(text: str) -> str:
    return _ASKED.get(text) or _ASKED[text[:-1]]


def _latin_kept(query: str, folded: str) -> Iterator[Unit]:
    for match in re.finditer(r"[a-z][a-z0-9.+-]*", folded):
        yield Unit(match.start(), match.end(), "kept", ((query[match.start() : match.end()], 1.0),))


def _chinese_words(run: str, start: int, vocabulary: Vocabulary) -> Iterator[Unit]:
    """Cut a run of Han characters: names that the documents spell in pinyin, then the lexicon's longest words."""
    tagged = tagged_words(run)
    ends: list[int] = []
    for word, _ in tagged:
        ends.append((ends[-1] if ends else 0) + len(word))
    starts = [0, *ends]
    first = 0
    while first < len(tagged):
        for last in range(min(len(tagged), first + 4), first, -1):
            piece = run[starts[first] : ends[last - 1]]
            if len(piece) > LONGEST_CHINESE and last > first + 1:
                continue
            unit = _chinese_unit(
                piece, [tag for _, tag in tagged[first:last]], start + starts[first], vocabulary
            )
            if unit:
                yield unit
            if unit or last == first + 1:
                first = last
                break


def _chinese_unit(piece: str, tags: Sequence[str], start: int, vocabulary: Vocabulary) -> Unit | None:
    if piece in _CHINESE_SILENT:
        return None
    end = start + len(piece)
    meanings = choose(lexicon("zh", "en").meanings(piece), vocabulary)
    named = tags[0].startswith(("nr", "ns", "nt", "nz")) and 2 <= len(piece) <= (4 if len(tags) == 1 else 3)
    if named and (len(tags) == 1 or tags[0].startswith("nr")):
        spelt = _spelt(piece, vocabulary)
        if spelt:
            # 哈利 is "Ha Li", if those are words of the documents, and "Harry", if they know him.
            known = meanings[0][0] if meanings and held(meanings[0][0], vocabulary) else spelt
            both = fold(known) != fold(spelt)
            names = ((spelt, 0.5), (known, 0.5)) if both else ((spelt, 1.0),)
            return Unit(start, end, "name", names)
    if meanings:
        return Unit(start, end, "word", meanings)
    heard = vocabulary.sounding(piece) if len(piece) > 1 else None
    if heard:
        return Unit(start, end, "name", ((heard, 1.0),))
    if len(tags) == 1 and len(piece) > 1:
        if named and tags[0].startswith("nr"):  # nobody's: its characters would mean anything
            return Unit(start, end, "name", ((_in_pinyin(piece), 1.0),))
        parts = [meaning for part in _parts(piece) for meaning in lexicon("zh", "en").meanings(part)[:1]]
        if len(parts) > 1:
            return Unit(start, end, "word", ((" ".join(word for word, _ in parts), 1.0),))
        return Unit(start, end, "unknown", ((piece, 1.0),))
    return None


def _parts(word: str) -> list[str]:
    """Cut a word that the lexicon lacks into the longest pieces that it has."""
    parts: list[str] = []
    place = 0
    while place < len(word):
        for length in range(min(len(word) - place, len(word) - 1), 0, -1):
            if length == 1 or lexicon("zh", "en").meanings(word[place : place + length]):
                parts.append(word[place : place + length])
                place += length
                break
    return parts


def _in_pinyin(name: str) -> str:
    """Return a person's name as English writes it, family name first: Wei Xiaobao."""
    return _capitalised(next((forms for forms in name_spellings(name) if len(forms) == 2), (name,)))


def _spelt(name: str, vocabulary: Vocabulary) -> str | None:
    """Return a name in pinyin as the documents have it: joined, or surname and given name; None if they do not."""
    for forms in name_spellings(name):
        if all(vocabulary.frequency(form) for form in forms):
            return _capitalised(forms)
    return None


def _capitalised(forms: Sequence[str]) -> str:
    return " ".join(form.capitalize() for form in forms)


def english_order(units: Sequence[Unit]) -> str:
    """Return the question with its question word, and the noun right after it, in front."""
    asking = next((n for n, unit in enumerate(units) if unit.kind == "asking"), None)
    if asking is None:
        return " ".join(unit.text for unit in units) + "?"
    front = [units[asking].text]
    if front == ["how many"] and (asking + 1 == len(units) or units[asking].end - units[asking].start == 2):
        front = ["how much"]  # 多少 without a measure word
    rest = [unit for unit in units if unit.kind != "asking"]
    if front[0] in ("how many", "how much", "which", "what") and asking + 1 < len(units):
        follower = units[asking + 1]
        if follower in rest and follower.start == units[asking].end:
            rest.remove(follower)
            front.append(follower.text)
    return " ".join([*front, *(unit.text for unit in rest)]) + "?"
