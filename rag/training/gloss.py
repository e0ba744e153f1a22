"""Puts a Chinese question into English word by word, by dictionary, with an English question word in front.

What comes out is no English sentence; it says with English words, names in pinyin and months by name what
the Chinese question says, which is what teaches the reader to find Chinese answers to English questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from index.text import MONTHS
from rag.training.answers import FoundAnswer
from rag.training.chinese_questions import ASKED, MadeQuestion
from rag.training.words import NAME_TAGS, Lexicon, Word, tag_words

_ASKS = {
    "figure": ("how much", "how many", "what is the", "what was the", "how much", "how many"),
    "date": ("when", "when did", "when was", "what year", "what date", "on what date", "in which year"),
    "person": ("who", "who", "who is", "who was", "what is the name of the person who"),
    "organisation": ("which company", "which institution", "which organization", "what company"),
    "place": ("where", "where", "which city", "which place", "in which city", "which country"),
    "work": ("what", "which work", "what is the title of"),
    "term": ("what", "what is", "which"),
    "list": ("what", "which", "what are"),
}
_ORGANISATIONS = {
    "大学": "which university",
    "医院": "which hospital",
    "银行": "which bank",
    "学院": "which college",
}
_FILLERS = ("the", "of", "in", "of the", "in the", "for", "to", "by", "a", "from", "at")
_NOT_A_MEANING = re.compile(r"(?:CL:|variant|old |abbr|see |surname|also|\(?classifier|used |same as|Taiwan)")
_PARTS_OF_DATES = {
    "上半年": "first half",
    "第一季度": "first quarter",
    "去年": "last year",
    "今年": "this year",
    "年底": "end of the year",
}


def english_by_gloss(
    question: MadeQuestion, answer: FoundAnswer, lexicon: Lexicon, random: Random
) -> str | None:
    """Return the question in glosses, or None where the dictionary knows fewer than two of its words."""
    glosses = [gloss for word in question.words for gloss in _question_word(word, lexicon, random)]
    if len(glosses) < 2:
        return None
    if random.random() < 0.3:  # English puts things in another order
        cut = random.randrange(len(glosses))
        glosses = glosses[cut:] + glosses[:cut]
    spoken = [_question_words(question, answer, random)]
    for gloss in glosses:
        if random.random() < 0.22:
            spoken.append(random.choice(_FILLERS))
        spoken.append(gloss)
    text = " ".join(spoken)
    return text[0].upper() + text[1:] + "?" if random.random() < 0.8 else text


def _question_words(question: MadeQuestion, answer: FoundAnswer, random: Random) -> str:
    asked = {word.text for word in question.words if word.tag == ASKED}
    if answer.kind == "person" and asked & {"是谁", "叫什么", "叫什么名字", "是哪位"}:
        return "who is the"
    if answer.kind == "organisation":
        for end, ask in _ORGANISATIONS.items():
            if any(end in said for said in answer.asks):
                return ask
    return random.choice(_ASKS.get(answer.kind, ("what",)))


def _question_word(word: Word, lexicon: Lexicon, random: Random) -> Iterator[str]:
    """Yield the gloss of a question's word; most function words have none."""
    if word.tag == ASKED or (word.tag[0] in "uyex" and not re.search("[0-9A-Za-z]", word.text)):
        return
    if word.tag[0] in "pdcf" and random.random() < 0.75:
        return
    gloss = gloss_of(word, lexicon, random)
    if gloss:
        yield gloss


def gloss_of(word: Word, lexicon: Lexicon, random: Random) -> str:
    """Return English for a Chinese word: its gloss, pinyin for names, else the glosses of its parts."""
    text = word.text
    if word.tag == "DATE":
        return _date(text)
    if re.fullmatch(r"[\dA-Za-z.,%]+", text):
        return text
    meanings = [] if word.tag == "nr" else list(_meanings(text, lexicon))
    if meanings:
        chosen = meanings[0] if random.random() < 0.75 else random.choice(meanings)
        return chosen.split(",")[0]
    if word.tag in NAME_TAGS or text in lexicon.names:
        return _pinyin(word)
    if len(text) > 1 and all("\u4e00" <= char <= "\u9fff" for char in text):
        parts = [part for part in tag_words(text) if part.text != text]
        parts = parts or [Word(char, "n", 0, 1) for char in text]
        return " ".join(filter(None, (gloss_of(part, lexicon, random) for part in parts)))
    return ""


def _meanings(text: str, lexicon: Lexicon) -> Iterator[str]:
    for gloss in lexicon.glosses.get(text, ())[:4]:
        meaning = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", gloss).strip().removeprefix("to ")
        if not _NOT_A_MEANING.match(meaning) and re.fullmatch(r"[A-Za-z0-9 ,'\-]{1,28}", meaning):
            yield meaning


def _date(text: str) -> str:
    match = re.fullmatch(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?.*", text)
    if match is None:
        return ""
    year, month, day = match.groups()
    spoken = [MONTHS[int(month) - 1]] if month and 1 <= int(month) <= 12 else []
    spoken += [part for part in (day, year) if part]
    spoken += [english for chinese, english in _PARTS_OF_DATES.items() if chinese in text]
    return " ".join(spoken)


def _pinyin(word: Word) -> str:
    from pypinyin import lazy_pinyin

    syllables = lazy_pinyin(word.text)
    if word.tag.startswith("nr") and 1 < len(syllables) < 4:
        return f"{syllables[0]} {''.join(syllables[1:])}".title()
    return "".join(syllables).title()
