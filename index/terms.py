"""Turns text into the terms of the lexical leg, and a query into weighted ones. Knows nothing of storage.

Words come from rjieba, jieba's dictionary and HMM in Rust, because it starts in 0.2 s where jieba takes 0.8 to
2 s, cuts 12 to 25 times as fast, gives 99.9 % the same words, and tags parts of speech, which finds the names.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from index.text import FUNCTION_WORDS, HAN, MONTHS, detect_language, fold, is_chinese

PINYIN_MARK = "~"
"""Starts a term that is pinyin, so that 大厅 ("dating") never answers the English word "dating"."""

PART_WEIGHT = 0.5
"""Weight in a query of bigrams, words inside words, and shorter forms of a number; whole words weigh 1.

Chosen on passage retrieval over CMRC 2018 trial and DRCD dev among 0, 0.1 … 1: 0.3 to 0.7 are alike.
"""

MAX_TERM = 64  # characters; what is longer is no word but a hash or a line of code, found by its beginning
MAX_QUERY_CHARACTERS = 2_000
MAX_QUERY_TERMS = 64  # a query's cost grows with them; whole words are kept before parts


class Token(NamedTuple):
    """A term and the code points that it stands for, half-open; ``whole`` unless it is part of something."""

    term: str
    start: int
    end: int
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTerm:
    """One term of a query; ``weight`` multiplies its share of the BM25 sum.

    ``prefix``: any term of the text that begins with it matches (a query of one Chinese character).
    """

    term: str
    weight: float = 1.0
    prefix: bool = False


def document_terms(text: str) -> list[str]:
    """Return the terms of a document's text, repeats kept: how often one occurs is the tf of BM25.

    Chinese: words in jieba's search mode, character bigrams that are no such word, pinyin of names.
    Numbers: whole with their unit, and in shorter forms ("885亿元", "885亿", "885"). Latin words: stemmed.
    """
    return [token[0] for token in tokens(text)]


def weighted_query(text: str) -> tuple[QueryTerm, ...]:
    """Return the distinct terms of a query with their weights, at most ``MAX_QUERY_TERMS``.

    Function words (什么, 多少, 的, how, many, the …) are dropped unless nothing else is left.
    """
    text = text[:MAX_QUERY_CHARACTERS]
    every = list(tokens(text, document=False))
    latin = _latin_words(text)
    stops = _stop_words(text)
    dropped = {stem(word) for word, *_ in latin if word in stops}
    content = [
        token for token in every if token.term not in dropped and token.term not in _STOP_TERMS
    ] or every
    weights: dict[str, float] = {}
    for token in content:
        weight = 1.0 if token.whole else PART_WEIGHT
        weights[token.term] = max(weight, weights.get(token.term, 0.0))
    for term in _query_pinyin(text, latin, stops):
        weights[term] = 1.0
    lone = _lone_characters(content)
    terms = [QueryTerm(term=term, weight=weight, prefix=term in lone) for term, weight in weights.items()]
    terms.sort(key=lambda term: -term.weight)
    return tuple(terms[:MAX_QUERY_TERMS])


def tokens(text: str, *, document: bool = True) -> Iterator[Token]:
    """Yield the terms of a text with where they stand in it.

    The document side has two kinds more: the pinyin of Chinese names, and the last character of each run of
    Han, so that every character begins some term and can be found by prefix.
    """
    folded = fold(text)
    for match in _PIECE.finditer(folded):
        start, end = match.span()
        piece = match.group()
        kind = match.lastgroup
        if kind == "han":
            yield from _han_tokens(piece, start, document)
        elif kind == "latin":
            yield from _latin_tokens(piece, start)
        elif kind == "unspaced":
            yield from _gram_tokens(piece, start, frozenset())
        elif kind == "word":
            yield Token(piece[:MAX_TERM], start, end, True)
        else:
            for position, form in enumerate(_number_forms(match)):
                yield Token(form[:MAX_TERM], start, end, position == 0)


# Han, and other scripts that put no spaces between words


def _han_tokens(run: str, start: int, document: bool) -> Iterator[Token]:
    if len(run) == 1:
        yield Token(run, start, start + 1, True)
        return
    cut = _segmenter().tokenize(run, "search")
    ends: dict[int, int] = {}
    for _, begin, end in cut:
        ends[begin] = max(end, ends.get(begin, 0))
    reach = 0  # search mode gives the words inside a word before the word itself
    wholes: set[tuple[int, int]] = set()
    for begin in sorted(ends):
        if begin >= reach:
            reach = ends[begin]
            wholes.add((begin, reach))
    for word, begin, end in cut:
        yield Token(word, start + begin, start + end, (begin, end) in wholes)
    words = {word for word, _, _ in cut}
    yield from _gram_tokens(run, start, words)
    if document:
        if run[-1] not in words:
            yield Token(run[-1], start + len(run) - 1, start + len(run), False)
        yield from _name_tokens(run, start)


def _gram_tokens(run: str, start: int, words: frozenset[str] | set[str]) -> Iterator[Token]:
    """Yield the bigrams that are not words already; a run of one character is its own term."""
    if len(run) == 1:
        yield Token(run, start, start + 1, True)
    for position in range(len(run) - 1):
        gram = run[position : position + 2]
        if gram not in words:
            yield Token(gram, start + position, start + position + 2, False)


def tagged_words(text: str) -> list[tuple[str, str]]:
    """Cut a text, as it is, into words with jieba's part-of-speech tags (n, nr person, ns place, v …)."""
    return [(word, tag) for word, tag in _segmenter().tag(text)]


@cache
def _segmenter() -> Any:
    """Return the module that cuts Chinese; its dictionary loads on import (0.2 s)."""
    import rjieba

    return rjieba


def _lone_characters(content: Sequence[Token]) -> list[str]:
    """Return the single Han characters of a query that has no longer Chinese term to search with."""
    if any(len(token.term) > 1 for token in content):
        return []
    return [token.term for token in content if re.fullmatch(f"[{HAN}]", token.term)]


# Numbers

_MONTHS = tuple(name.lower() for name in MONTHS)
_MONTH_NAMES = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)
_LATIN_UNITS = (
    "gwh|mwh|kwh|wh|gw|mw|kw|w|mah|ah|a|kv|v|km|kg|mm|cm|nm|m|t|g|l|ml|ha|gb|mb|tb|hz|khz|mhz|ghz|[°]c"
)
_CHINESE_UNITS = (
    "个百分点|平方千米|平方公里|平方米|立方米|公里|千米|厘米|毫米|纳米|微米|米|公顷|公斤|千克|毫克|微克|吨|克|斤|"
    "升|毫升|千瓦时|兆瓦时|吉瓦时|瓦时|千瓦|兆瓦|吉瓦|瓦|度|伏|安时|赫兹|摄氏度|亩|"
    "美元|欧元|日元|港元|英镑|韩元|卢布|人民币|元|块|角|"
    "年度|年代|年|个月|月份|月|日|号|天|周岁|周年|周|星期|小时|分钟|秒|时|分|世纪|季度|"
    "家次|人次|批次|户次|车次|家|人|名|位|户|个|项|款|件|条|套|台|辆|艘|架|座|栋|幢|间|所|处|片|块|"
    "本|册|页|篇|份|张|枚|颗|粒|株|棵|只|头|匹|次|届|期|批|轮|场|级|层|倍|折|成|岁|点|种|类|组|对|双|支|首|部|门|"
    "字|笔|单|宗|起|步|站|里|环|强|股"
)
_UNSPACED = (  # kana, Hangul, Thai, Lao, Myanmar, Khmer
    "\u3041-\u309f\u30a0-\u30ff\uac00-\ud7a3\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_PIECE = re.compile(
    rf"""
    (?P<iso>(?<!\d)(?:19|20)\d\d(?P<mark>[-/.])(?:0?[1-9]|1[0-2])(?P=mark)(?:0?[1-9]|[12]\d|3[01])(?!\d))
  | (?P<month>\b(?:{_MONTH_NAMES})\.?[ ](?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\b)
  | (?P<day>(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12]\d|3[01])[日号])
  | (?P<year>[〇零一二三四五六七八九]{{4}}年)
  | (?P<number>
      (?P<figure>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)
      (?P<unit>
          [ ]?(?:{_LATIN_UNITS})(?![a-z0-9])
        | [%‰]
        | [a-z]{{1,6}}(?![a-z0-9])
        | [ ]?(?P<scale>[余多]?[十百千万亿兆]*[余多]?)(?P<chinese>{_CHINESE_UNITS})?
      )
    )
  | (?P<han>[{HAN}]+)
  | (?P<latin>[a-z][a-z0-9]*(?:'[a-z]+)?(?:[-.]\d+(?![\d.]*[a-z]))*)
  | (?P<unspaced>[{_UNSPACED}]+)
  | (?P<word>[^\W_]+)
    """,
    re.VERBOSE,
)
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def _number_forms(match: re.Match[str]) -> list[str]:
    """Return the forms under which a number or date is found, the fullest first."""
    kind, piece = match.lastgroup, match.group()
    if kind == "iso":
        year, month, day = (int(part) for part in re.findall(r"\d+", piece))
        return [f"{month}月{day}日", f"{month}月", f"{year}年", str(year)]
    if kind == "month":
        name, day_text = re.split(r"[. ]+", piece, maxsplit=1)
        month = next(number for number, full in enumerate(_MONTHS, 1) if full.startswith(name))
        day = int(re.findall("[0-9]+", day_text)[0])
        return [f"{month}月{day}日", f"{month}月", stem(name)]
    if kind == "day":
        month, day = (int(part) for part in re.findall(r"\d+", piece))
        return [f"{month}月{day}日", f"{month}月"]
    if kind == "year":
        return [piece.translate(_DIGITS), piece.translate(_DIGITS)[:-1]]
    return _figure_forms(match)


def _figure_forms(match: re.Match[str]) -> list[str]:
    figure = match["figure"].replace(",", "")
    unit = match["unit"].strip()
    if match["scale"] is None:
        latin = [unit] if len(unit) > 1 and unit.isalpha() else []
        return [figure + unit, figure, *latin]
    scale = re.sub("[余多]", "", match["scale"])
    chinese = {"号": "日"}.get(match["chinese"] or "", match["chinese"] or "")
    return list(dict.fromkeys([figure + scale + chinese, figure + scale, figure]))


# Latin words

_STEMMER_LOCK = threading.Lock()  # a stemmer keeps the word it works on in itself


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case Latin word (Snowball English); short words stay as they are."""
    word = word.removesuffix("'s").replace("'", "")
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    with _STEMMER_LOCK:
        return str(_stemmer().stemWord(word))


def _latin_tokens(word: str, start: int) -> Iterator[Token]:
    end = start + len(word)
    letters = re.match("[a-z]+", word)
    if letters is None or letters.end() == len(word) or "'" in word:
        yield Token(stem(word).replace("-", "")[:MAX_TERM], start, end, True)
        return
    yield Token(word.replace("-", "")[:MAX_TERM], start, end, True)  # pm2.5, covid-19 → covid19
    if letters.end() > 1:
        yield Token(stem(letters.group())[:MAX_TERM], start, start + letters.end(), False)


def _latin_words(text: str) -> list[tuple[str, int, int]]:
    """Return the Latin words of a text, folded, and where they stand."""
    return [(m.group(), *m.span()) for m in re.finditer(r"[a-z]+(?:'[a-z]+)?", fold(text))]


# Pinyin of names

_SYLLABLE = re.compile(
    "(?:[zcs]h?|[bpmfdtnlgkhjqxrwy])?(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|"
    "in|iu|ou|ua|ue|ve|ui|un|uo|a|e|i|o|u|v)"
)
_SYLLABLES = re.compile(f"(?:{_SYLLABLE.pattern})+")
_NAME_HEADS = (
    "高新区", "高新技术", "开发区", "经开区", "工业园", "产业园", "园区", "新区", "示范区", "自治", "街道",
    "市", "省", "县", "区", "州", "镇", "乡", "村", "集团", "公司", "科技", "股份", "有限", "实业", "电子",
    "银行", "大学", "学院", "医院",
)  # fmt: skip
_PLACE_SUFFIXES = (
    "自治区", "自治州", "自治县", "特别行政区", "高新区", "新区", "省", "市", "县", "区", "镇", "乡", "州",
)  # fmt: skip
_MAX_COMPANY = 14  # characters of a company's name before 公司
_READINGS = {  # names whose usual spelling is not their pinyin
    "陕西": "shaanxi", "香港": "hongkong", "澳门": "macau", "西藏": "tibet", "内蒙古": "innermongolia",
    "哈尔滨": "harbin", "呼和浩特": "hohhot", "乌鲁木齐": "urumqi", "拉萨": "lhasa", "鄂尔多斯": "ordos",
}  # fmt: skip
_SURNAME_READINGS = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "任": "ren", "翟": "zhai", "盖": "ge",
    "区": "ou", "朴": "piao", "尉迟": "yuchi", "万俟": "moqi", "员": "yun", "覃": "qin", "华": "hua",
    "乐": "yue",
}  # fmt: skip
_DOUBLE_SURNAMES = frozenset({
    "欧阳", "司马", "上官", "诸葛", "慕容", "令狐", "皇甫", "尉迟", "公孙", "端木", "东方", "独孤", "南宫", "夏侯",
    "司徒", "万俟",
})  # fmt: skip


def _name_tokens(run: str, start: int) -> Iterator[Token]:
    """Yield the pinyin of what looks like a person, place or organisation in a run of Han characters.

    Evidence is the tag of the word, a place or company word right after it (新余 in 新余高新区), or that it is part of
    a company's name (蜂巢 in 蜂巢能源科技有限公司). A surname cut from its given name (王 / 鹏程) is joined again.
    """
    tagged: list[tuple[str, str]] = _segmenter().tag(run)
    of_companies = _words_of_companies(tagged)
    position = start
    previous = ("", "")
    for number, (word, tag) in enumerate(tagged):
        following = tagged[number + 1][0] if number + 1 < len(tagged) else ""
        end = position + len(word)
        if previous[1].startswith("nr") and len(previous[0]) == 1 and len(word) <= 2:
            for term in _person_pinyin(previous[0] + word):
                yield Token(PINYIN_MARK + term, position - 1, end, False)
        elif len(previous[0]) == len(word) == 1 and {number - 1, number} <= of_companies:
            yield Token(PINYIN_MARK + _pinyin(previous[0] + word), position - 1, end, False)  # 中 / 天
        named = (
            tag.startswith(("nr", "ns", "nt", "nz"))
            or following.startswith(_NAME_HEADS)
            or number in of_companies
        )
        if named and 2 <= len(word) <= 6 and not word.startswith(_NAME_HEADS):
            for term in _pinyin_forms(word, tag):
                yield Token(PINYIN_MARK + term, position, end, False)
        previous, position = (word, tag), end


def _words_of_companies(tagged: Sequence[tuple[str, str]]) -> set[int]:
    """Return the positions of the words before 公司 and 集团, back to a function word, a figure or what is too far."""
    positions: set[int] = set()
    for end, (word, _) in enumerate(tagged):
        if not word.endswith(("公司", "集团")):
            continue
        length = 0
        for position in range(end - 1, -1, -1):
            before, tag = tagged[position]
            length += len(before)
            if length > _MAX_COMPANY or tag[0] in "umpcrdy":
                break
            positions.add(position)
    return positions


@lru_cache(maxsize=50_000)
def _pinyin_forms(word: str, tag: str) -> tuple[str, ...]:
    """Return the spellings of a name: joined, without its place suffix, and a person's given name."""
    forms = [_pinyin(word)]
    for suffix in _PLACE_SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            forms.append(_pinyin(word.removesuffix(suffix)))
            break
    if tag.startswith("nr") and len(word) <= 4:
        forms.extend(_person_pinyin(word))
    return tuple(dict.fromkeys(form for form in forms if form.isalpha() and form.isascii()))


@lru_cache(maxsize=50_000)
def _person_pinyin(name: str) -> tuple[str, ...]:
    """Return surname and given name together, and each alone."""
    cut = 2 if name[:2] in _DOUBLE_SURNAMES and len(name) > 2 else 1
    surname, given = name[:cut], name[cut:]
    family = _SURNAME_READINGS.get(surname) or _pinyin(surname)
    return family + _pinyin(given), _pinyin(given), family


@lru_cache(maxsize=50_000)
def _pinyin(word: str) -> str:
    from pypinyin import lazy_pinyin

    return _READINGS.get(word) or "".join(lazy_pinyin(word)).replace("ü", "v")


def _query_pinyin(text: str, latin: list[tuple[str, int, int]], stops: frozenset[str]) -> list[str]:
    """Return pinyin terms for the Latin words of a query: each alone, and neighbours joined (Chen Jin Hu).

    A word of one syllable counts alone only where it is written like a name ("Mr Wang", not "how long"), and
    one of four letters too unless the query is hardly more than it ("wuxi gdp", not "who will make lace").
    """
    return list(dict.fromkeys(PINYIN_MARK + name for name, _, _ in _pinyin_spans(text, latin, stops)))


def pinyin_names(text: str) -> list[tuple[str, int, int]]:
    """Return what may be Chinese names in pinyin in a query, joined and in lower case, and where they stand."""
    return list(_pinyin_spans(text, _latin_words(text), _stop_words(text)))


def name_spellings(name: str) -> list[tuple[str, ...]]:
    """Return how English may spell a Chinese name, as folded words: changzhou; wang pengcheng; pengcheng wang."""
    spellings: list[tuple[str, ...]] = [(form,) for form in _pinyin_forms(name, "ns")]
    if 2 <= len(name) <= 4:
        full, given, family = _person_pinyin(name)
        spellings += [(family, given), (given, family), (full,)]
    return [forms for forms in spellings if all(form.isascii() and form.isalpha() for form in forms)]


def spelt_out(text: str) -> tuple[tuple[str, ...], ...]:
    """Return the readings in pinyin of every character of a text, the usual one first; none but of Han characters.

    Names that no tag gives away are found in it; see ``spelt_at``.
    """
    return tuple(map(_readings_of, fold(text)))


@cache
def _readings_of(character: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin

    if not is_chinese(character):
        return ()
    (forms,) = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore") or [[]]
    return tuple(form.replace("ü", "v") for form in forms)


def spelt_at(name: str, readings: Sequence[tuple[str, ...]]) -> tuple[int, int] | None:
    """Return where in ``spelt_out(text)`` a name in pinyin, joined and in lower case, is read first; half-open."""
    begins = (place for place, forms in enumerate(readings) if name.startswith(forms))
    ends = ((place, _read_to(name, readings, place)) for place in begins)
    return next(((place, end) for place, end in ends if end is not None), None)


def _read_to(name: str, readings: Sequence[tuple[str, ...]], place: int) -> int | None:
    """Return where the characters end that read as all of a name from one place on; None where they do not."""
    if not name:
        return place
    if place == len(readings):
        return None
    rests = (name.removeprefix(form) for form in sorted(readings[place]) if name.startswith(form))
    ends = (_read_to(rest, readings, place + 1) for rest in rests)
    return next((end for end in ends if end is not None), None)


def _pinyin_spans(
    text: str, latin: list[tuple[str, int, int]], stops: frozenset[str]
) -> Iterator[tuple[str, int, int]]:
    words = [
        (word.removesuffix("'s").replace("'", ""), start, end)
        for word, start, end in latin
        if word not in stops
    ]
    for first, (word, start, end) in enumerate(words):
        if not _SYLLABLES.fullmatch(word) and word not in _READINGS.values():
            continue
        one_syllable = _SYLLABLE.fullmatch(word) and "'" not in text[start:end]
        if one_syllable:
            alone = len(word) > 1 and text[start].isupper() and first > 0
        else:
            alone = len(word) > 4 or text[start].isupper() or len(latin) <= 3
        if alone:
            yield word, start, end
        joined, reach = word, end
        for next_word, next_start, next_end in words[first + 1 : first + 4]:
            if next_start - reach != 1 or not _SYLLABLES.fullmatch(next_word):
                break
            joined, reach = joined + next_word, next_end
            yield joined, start, next_end


# Function words

_STOP_TEXT = """
什么 多少 哪 哪里 哪儿 哪个 哪些 哪年 哪家 哪位 哪几 谁 是 的 了 在 和 与 吗 呢 吧 啊 被 把 将 对 从 于
有 为 几 几个 怎么 怎样 怎么样 如何 何 何时 何处 何地 为何 为什么 是否 有没有 或 及 以及 并 而 其 之 也
都 就 以 到 由 个 一 一个 他 她 它 他们 她们 它们 我 你 您 我们 这 那 这个 那个 请问 请 叫 叫做 时候 之间
中 里 位 名 么 些 哪一 一年 一天
年是 是什 是哪 是谁 是多 的是 了多 么时 有多 有哪 了什 什
が は を に の で と も へ か です ます
"""  # words, and the bigrams that questions are made of
_STOP_TERMS = frozenset(_STOP_TEXT.split())
_REQUESTS = frozenset(
    {"please", "tell", "me", "give", "show", "name", "list", "about", "also", "any", "all", "no"}
)


def _stop_words(text: str) -> frozenset[str]:
    """Return the Latin function words of a query's language, and of English, which mixes with all."""
    return FUNCTION_WORDS["en"] | FUNCTION_WORDS.get(detect_language(text), frozenset()) | _REQUESTS
