"""Finds how a Chinese text writes a foreign name, by its sound: Hermione is 赫敏, Slytherin 斯莱特林.

Chinese writes foreign names with a few hundred characters, syllable by syllable. Vowels go astray on the way and
consonants keep their kind: so both sides are put into kinds of consonants and aligned (after Knight and Graehl
1998, "Machine transliteration", with costs by hand instead of learnt ones). No list of names is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from index.terms import spelt_out
from index.text import fold, is_chinese

_TRANSCRIBING = (
    "阿艾安昂奥澳巴白拜班邦包保鲍北贝本比彼毕宾波伯勃博布卜采蔡查柴昌川茨次达大戴丹当道得德登邓狄迪蒂底丁顶东"
    "杜都顿多厄恩尔耳法凡范方菲费芬丰冯佛夫弗福富盖甘冈高戈哥歌格葛根贡古瓜圭哈海汉豪赫黑亨洪侯胡华怀惠霍基吉"
    "及季济加嘉佳贾简江杰捷金津京久喀卡凯坎康考科柯克肯孔库夸奎昆阔拉腊来莱赖兰朗劳勒雷蕾楞黎里理利莉力立丽列"
    "林琳隆娄卢鲁露路伦罗洛吕略马玛麦迈曼芒毛茅梅门蒙孟米密敏明缪摩莫默姆木穆纳娜奈南内尼涅宁纽农努诺欧帕派潘"
    "庞佩彭皮匹平珀泼普朴齐奇恰契乔钦琴青琼丘屈让热日荣茹若撒萨塞赛桑森瑟沙莎山善绍舍申什圣施石史士舒朔思斯丝"
    "松苏素索塔台泰坦唐陶特腾提汀廷通图土托脱瓦万旺威韦维魏温文翁沃乌武伍西锡席希悉夏先香肖谢辛欣兴休修许逊雅"
    "亚扬延杨耶叶伊依因英永尤于约宰赞泽曾扎詹张兆哲珍真芝治朱珠卓兹子宗佐丝薇妮妲娅姬黛芙萝珊茜荷"
)
_RUN = re.compile(f"[{_TRANSCRIBING}]{{2,}}")
_LONGEST = 7  # characters of a written name
_SILENT = 0.15  # cost of a sound that may be left out
_CHANGED = 1.0  # cost of one that may not
_FAR = 0.17  # cost by sound of the name, beyond which another name is meant

Sound = tuple[frozenset[str], float]
"""The kinds that a consonant may be of, and what it costs to have nothing on the other side."""


def _sound(kinds: str, cost: float = _CHANGED) -> Sound:
    return frozenset(kinds), cost


# What is read first comes first. Kinds: B p, M n, F v, D t, L r, R at the end of a syllable, K g, S and all that
# hisses, H, W, Y, V a vowel that begins.
_LATIN: tuple[tuple[str, Sequence[Sound]], ...] = (
    (r"tch|sch|sh|zh|ts|tz|cz", [_sound("S")]),
    (r"^kn|^gn", [_sound("M")]),
    (r"ch", [_sound("SK")]),
    (r"ph", [_sound("F")]),
    (r"^gh", [_sound("K")]),
    (r"gh", [_sound("K", _SILENT)]),
    (r"th", [_sound("DS")]),
    (r"ck|q|k|c(?![eiy])", [_sound("K")]),
    (r"dg(?=[eiy])|j", [_sound("SY")]),
    (r"c", [_sound("S")]),
    (r"x", [_sound("KS"), _sound("S", 0.4)]),
    (r"g(?=[eiy])", [_sound("KS")]),
    (r"g", [_sound("K")]),
    (r"s|z", [_sound("S")]),
    (r"b|p", [_sound("B")]),
    (r"m|n", [_sound("M")]),
    (r"d|t", [_sound("D")]),
    (r"[lr](?=[aeiouy])(?!e$)", [_sound("L")]),
    (r"l", [_sound("LR")]),
    (r"r", [_sound("LR", _SILENT)]),
    (r"f", [_sound("F")]),
    (r"v", [_sound("FW")]),
    (r"w(?=[aeiouy])(?!e$)", [_sound("W", 0.5)]),
    (r"^h", [_sound("H")]),
    (r"h(?=[aeiouy])", [_sound("H", 0.3)]),
    (r"^y|(?<=i)[ao]$", [_sound("Y", 0.3)]),
    (r"^[aeiou]", [_sound("V", 0.3)]),
)
_READ = re.compile("|".join(f"(?P<r{n}>{pattern})" for n, (pattern, _) in enumerate(_LATIN)))

_INITIALS: dict[str, Sound] = {
    "zh": _sound("S"), "ch": _sound("S"), "sh": _sound("S"), "z": _sound("S"), "c": _sound("S"), "s": _sound("S"),
    "b": _sound("B"), "p": _sound("B"), "m": _sound("M"), "n": _sound("M"), "f": _sound("F"), "d": _sound("D"),
    "t": _sound("D"), "l": _sound("L"), "r": _sound("LY"), "g": _sound("K"), "k": _sound("K"), "h": _sound("H"),
    "j": _sound("SKY"), "q": _sound("SK"), "x": _sound("SHK"), "w": _sound("WFV", 0.3), "y": _sound("YSV", 0.3),
}  # fmt: skip


@lru_cache(maxsize=4_000)
def _latin_sounds(name: str) -> tuple[Sound, ...]:
    plain = re.sub(r"(.)\1", r"\1", name.lower())
    sounds: list[Sound] = []
    for match in _READ.finditer(plain):
        sounds += _LATIN[int((match.lastgroup or "r0")[1:])][1]
    return tuple(sounds)


@lru_cache(maxsize=4_000)
def _syllable_sounds(syllable: str) -> tuple[Sound, ...]:
    if syllable == "er":
        return (_sound("R", _SILENT),)
    initial = next((i for i in _INITIALS if syllable.startswith(i)), "")
    sounds = [_INITIALS[initial]] if initial else [_sound("V", 0.3)] if syllable else []
    if syllable.startswith("hu") and syllable != "hu":
        sounds = [_sound("HW")]
    return (*sounds, _sound("M", 0.5)) if syllable.endswith(("n", "ng")) else tuple(sounds)


def _distance(one: Sequence[Sound], other: Sequence[Sound]) -> float:
    """Return the least cost of an alignment (Wagner and Fischer 1974)."""
    row = [0.0]
    for _, cost in other:
        row.append(row[-1] + cost)
    for kinds, cost in one:
        diagonal, row[0] = row[0], row[0] + cost
        for n, (others, other_cost) in enumerate(other, start=1):
            met = diagonal + (0.0 if kinds & others else max(_CHANGED, cost, other_cost))
            diagonal, row[n] = row[n], min(met, row[n] + cost, row[n - 1] + other_cost)
    return row[-1]


def sounding(name: str, text: str) -> str | None:
    """Return how a text writes a name that sounds like this one of the other script; None where nothing is near.

    A Latin word is looked for in Chinese and Chinese characters among the capitalised words of a Latin text. The
    nearest by sound is taken, of equally near ones what stands there more often, of those what comes first.
    """
    found = [
        (cost + 0.02 * abs(len(chinese) - len(sounds)), -text.count(written), place, written)
        for place, written, chinese, syllables, latin in _candidates(name, text)
        if _telling(sounds := _latin_sounds(latin))
        and (cost := _distance(sounds, syllables)) <= _FAR * len(sounds)
    ]
    return min(found)[-1] if found else None


def _telling(sounds: Sequence[Sound]) -> bool:
    """Tell whether a name has two consonants at least that are never left out."""
    return sum(cost == _CHANGED for _, cost in sounds) >= 2


def _candidates(name: str, text: str) -> Iterator[tuple[int, str, str, list[Sound], str]]:
    """Yield what may be the name: its place, as written, and both sides, the Chinese one with its sounds."""
    if is_chinese(name):
        if _RUN.fullmatch(fold(name)):
            syllables = _spelt(spelt_out(name))
            for match in re.finditer(r"[A-Z][a-zà-ÿ]+", text):
                yield match.start(), match.group(), name, syllables, match.group()
        return
    readings, latin = spelt_out(text), name.removesuffix("'s").removesuffix("’s")
    for run in _RUN.finditer(fold(text)):
        for start in range(run.start(), run.end() - 1):
            for end in range(start + 2, min(run.end(), start + _LONGEST) + 1):
                written = text[start:end]
                yield start, written, written, _spelt(readings[start:end]), latin


def _spelt(readings: Sequence[Sequence[str]]) -> list[Sound]:
    """Return the sounds of some characters, each by its usual reading."""
    return [sound for forms in readings for sound in _syllable_sounds(next(iter(forms), ""))]
