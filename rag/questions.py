"""What a question says, in Chinese and English: its language, what it asks for, its parts, its years and names.

Takes the text of one question that stands alone; gives a `QuestionAnalysis`. Knows nothing of documents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from index.terms import tagged_words
from index.text import detect_language, fold
from rag.asks import AnswerKind, Ask, asks_what_it_is, find_asks
from rag.candidates import COUNTED
from rag.comparing import Comparison, find_comparison
from rag.numerals import han_number
from rag.question_parts import split_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnalysis:
    """A question understood as far as its form tells. ``folded`` has the offsets of ``text``."""

    text: str
    folded: str
    language: str
    asks: tuple[Ask, ...]  # at least one
    parts: tuple[str, ...]  # questions that stand alone, one for each thing asked; (text,) when one is asked
    years: tuple[int, ...] = ()
    quoted: tuple[str, ...] = ()  # folded, without their marks
    names: tuple[str, ...] = ()  # folded: Latin names and numbers, bracketed aliases, X公司, X高新区 …
    relative_year: int | None = None  # 去年 -1, 今年 0, 明年 1
    comparison: Comparison | None = None  # of two things, which the parts then ask about

    @property
    def kind(self) -> AnswerKind:
        """The kind of the first thing asked."""
        return self.asks[0].kind

    @property
    def content(self) -> str:
        """The folded question with its question words and years blanked: what a passage must speak of."""
        characters = list(self.folded)
        for ask in self.asks:
            start, end = ask.span
            characters[start:end] = " " * (end - start)
        return _without_years("".join(characters))


_YEAR = re.compile(
    r"(?<!\d)((?:1[0-9]|20)\d\d)(?!\d|(?:\.\d)|\s*(?:元|万|亿|家|名|个|人|吨|户|项|件|亩|米|套|台|%|[余几]|多(?!少)|[平立]方|公[里顷斤]"
    rf"|千[米瓦克]|兆瓦|[辆座株艘架]|位(?![列于置])|度(?!假)|次(?!年)|(?:{COUNTED})\b))"
)
_CHINESE_YEAR = re.compile(r"([一二][〇零一二三四五六七八九]{3})年")
_WHOLE_YEAR = re.compile(rf"(?<!\d)(?:1\d|20)\d\d\s?年度?|{_CHINESE_YEAR.pattern}度?")
_QUOTED = re.compile(r"[“\"「『《‘]([^”\"」』》’]{1,60})[”\"」』》’]")
_LATIN_NAME = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z0-9.+-]*[A-Z0-9])[A-Za-z0-9][A-Za-z0-9.+-]*[A-Za-z0-9]")
_SUFFIXED_NAME = re.compile(
    r"[\u4e00-\u9fffa-z0-9()·]{2,24}?(?:有限公司|股份公司|分公司|公司|集团|高新技术产业开发区|国家高新区|高新区|开发区|经开区|保税区|示范区|自贸区|科教城|产业园|创新园|园区|新区"
    r"|分中心|研究院|研究所|实验室|大学|学院|医院|银行|(?<![城上面门股超都])[省市县区镇](?![场内外民政值占分间块别域]))"
)
_RELATIVE_YEARS = (
    ("前年", -2),
    ("去年", -1),
    ("上年", -1),
    ("今年", 0),
    ("本年", 0),
    ("当年", 0),
    ("明年", 1),
    ("last year", -1),
    ("this year", 0),
    ("next year", 1),
)


def analyse_question(text: str) -> QuestionAnalysis:
    """Analyse one question by rules.

    A question with no question word is taken as a phrase asked for. Parts are found for 分别/"respectively" over a
    pair or a list, and for several question words in one sentence.
    """
    folded = fold(text).replace("甚么", "什么")
    language = "zh" if detect_language(text) == "zh" else "en"
    comparison = find_comparison(text, language)
    asks = (Ask(kind="quantity", span=comparison.span),) if comparison else find_asks(folded, language)
    if asks[0].kind == "yes_no" and detect_language(text) not in ("zh", "en"):  # German "was" asks what
        asks = (replace(asks[0], kind="phrase"), *asks[1:])
    names = _names(text, folded)
    quoted = tuple(match.group(1).strip() for match in _QUOTED.finditer(folded))
    if asks[0].kind == "phrase" and asks_what_it_is(folded, (*names, *quoted)):
        asks = (replace(asks[0], kind="definition"), *asks[1:])
    return QuestionAnalysis(
        text=text,
        folded=folded,
        language=language,
        asks=asks,
        parts=comparison.questions if comparison else split_parts(text, folded, asks, language),
        years=_years(folded),
        quoted=quoted,
        names=names,
        relative_year=next((shift for word, shift in _RELATIVE_YEARS if word in folded), None),
        comparison=comparison,
    )


def _years(folded: str) -> tuple[int, ...]:
    years = [int(match.group(1)) for match in _YEAR.finditer(folded)]
    for match in _CHINESE_YEAR.finditer(folded):
        years.append(int(han_number(match.group(1)) or 0))
    return tuple(dict.fromkeys(years))


def _without_years(folded: str) -> str:
    """Blank years with their 年, which would be cut as part of the next word: 年云 in 2023年云溪."""
    return _WHOLE_YEAR.sub(lambda match: " " * len(match.group()), folded)


_ENGLISH_CAPITALS = re.compile(
    r"(?<![A-Za-z])[A-Z][A-Za-z&.'-]*[A-Za-z](?:\s+(?:of\s+|and\s+)?[A-Z][A-Za-z&.'-]*[A-Za-z])*"
)
ENGLISH_OPENERS = frozenset((
    "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "is", "are", "was", "were", "do",
    "does", "did", "in", "at", "on", "by", "of", "the", "a", "an", "has", "have", "had", "can", "could",
    "for", "to", "from", "according", "will", "would", "should", "please", "tell", "name", "list", "and",
    "or", "that", "this", "it", "its", "after", "before", "during", "since",
))  # fmt: skip
"""Words that may open an English question with a capital letter and are no names."""


def _names(text: str, folded: str) -> tuple[str, ...]:
    """Return folded names: capitals and codes in Latin script, X公司 and the like in Chinese, bracketed aliases."""
    names: list[str] = []
    for match in _ENGLISH_CAPITALS.finditer(text):
        for run in _POSSESSIVE.split(match.group()):  # two names, Lanchuan and R&D, in Lanchuan's R&D
            words = run.split()
            if match.start() == 0:  # a capital that only opens the sentence
                while words and words[0].lower() in ENGLISH_OPENERS:
                    words = words[1:]
            names.append(fold(" ".join(words)))
    for match in _LATIN_NAME.finditer(text):
        word = match.group()
        if (
            not word[0].isdigit()
            and word.lower() not in ENGLISH_OPENERS
            and (match.start() or not word.istitle())
        ):
            names.append(fold(word))
    for match in _SUFFIXED_NAME.finditer(folded):
        name = re.sub(
            r"^.*(?:在|(?<![得周])到(?!家)|由|为|对|是|年[度初末底]|[年月日中]|哪家|和|与|的|有|名单|榜单)(?=[^在由为对是年月日和与的]{2})(?!限)",
            "",
            match.group(),
        )
        if not _ANY_QUESTION_WORD.search(name):
            names.append(name)
    for word, tag in tagged_words(_without_years(folded)):
        if tag.startswith(("nr", "ns", "nt", "nz")) and not any(word in name for name in names):
            names.append(word)
    return tuple(dict.fromkeys(name for name in names if len(name) > 1 and name not in _EVERYWHERE))


_POSSESSIVE = re.compile(r"['’]s?(?:\s+|$)")
_EVERYWHERE = frozenset(("中国", "我国", "全国", "国家高新区", "高新区"))  # names that tell nothing apart
_ANY_QUESTION_WORD = re.compile(r"什么|多少|哪|谁|何时|几[个家名]")
