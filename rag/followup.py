"""Makes a follow-up question stand alone, by rules, from the questions and answers before it.

Takes a question and its history, gives a question. Knows five things people do in Chinese and English: leave out
all but what changed (那需求清单呢？ what about 2023?), correct themselves (不对，我问的是2021年), point back with a
pronoun (它, 该公司, she, that company), leave out the owner of what they ask for (那总投资是多少？), and leave out all
but a question word (有多少人？ why?). Anything else is returned as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text import detect_language, fold, is_chinese
from index.translation import OTHERS, into_english
from rag import followup_chinese as chinese
from rag import followup_english as english
from rag.followup_topics import TIME, asked_in_chinese, topics
from rag.questions import analyse_question


def resolve(question: str, history: Sequence[tuple[str, str]]) -> str:
    """Return the question with what it leaves to the history put back; unchanged where it leaves nothing.

    Args:
        question: as the person wrote it.
        history: earlier (question, answer) pairs, oldest first; an answer may be "".
    """
    earlier: list[tuple[str, str]] = []
    for asked, answered in history:
        earlier.append((_resolve(asked, earlier), answered))
    return _resolve(question, earlier)


SHORT = 2  # words that are no question by themselves: "Und 2021?", "¿Y en Berlín?"


def _resolve(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """As ``resolve``, with earlier questions that already stand alone."""
    if not earlier or not question.strip():
        return question
    meant = _corrected(question.strip())
    if meant:
        alone = _resolve(meant, earlier)
        return (
            question if alone == meant and meant not in question else alone
        )  # an opener of ours says nothing
    spoken = detect_language(earlier[-1][0])
    language = detect_language(question, default=spoken)
    if language in OTHERS and question.isascii() and len(question.split()) <= SHORT:
        language = spoken  # too few words to tell by: no is Spanish too
    if language in OTHERS:
        return _resolve_other(question.strip(), language, earlier)
    if language == "en":
        return _resolve_english(question.strip(), earlier)
    return _resolve_chinese(question.strip(), earlier)


_CORRECTED = re.compile(  # 不对，|2021年|; 我问的是|望江开发区|
    r"(?:(?P<no>(?:不是的?|不对|不|错了|[搞弄说问]错了|抱歉|对不起|不好意思)[,，.。!！、\s]+|不是[^,，]{1,20}[,，]而?(?=是))+(?:应该是|是)?)?"
    r"(?P<meant>我(?:刚才|其实)?(?:(?:想|要)?(?:问|说|指)的是|是(?:问|说|指)|的意思是))?"
    r"(?P<what>.{2,24}?)的?[吧啊呀。.!！]*"
)
_CORRECTED_ENGLISH = re.compile(  # No, I meant |2021|. But No. 5 is a number
    r"(?P<no>(?:(?:no|nope|wrong|sorry|actually|not [^,.]{1,20})(?:[,;!:–—-]+|\.(?!\s*\d))\s*(?:but )?|no (?=(?:19|20)\d\d\b))+)?"
    r"(?P<meant>i (?:meant|mean|asked (?:about|for)|was asking (?:about|for)),? )?"
    r"(?P<what>.{2,60}?)(?:,? please)?[.!]*",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"谢|不|没|算了|[好行对](?:[吧了]|$)|(?:thanks?|that|this|it|i|you|we|there|problem|not|never|no)\b",
    re.IGNORECASE,
)


def _corrected(question: str) -> str:
    """Return what a correction wants asked instead, as a follow-up of its own; "" where nothing is corrected."""
    for pattern, opened, closed in ((_CORRECTED, "", "呢？"), (_CORRECTED_ENGLISH, "What about ", "?")):
        match = pattern.fullmatch(fold(question))
        if not match or not (match["no"] or match["meant"]) or _POLITE.match(match["what"]):
            continue
        what = question[slice(*match.span("what"))]
        if match["what"].endswith("?") or chinese.has_question_word(match["what"]) or english.asks(what):
            return what
        return "" if english.has_verb(what) else f"{opened}{what}{closed}"
    return ""


def _resolve_other(question: str, language: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Return the question in English words where those lean on earlier ones; else as it is.

    A few words alone are an ellipsis: those that open one are no words of the rendering.
    """
    rendered = into_english(question, language)
    if len(rendered.split()) <= SHORT:
        rendered = f"And {rendered}?"
    said = [
        (into_english(asked, of) if (of := detect_language(asked)) in OTHERS else asked, answered)
        for asked, answered in earlier
    ]
    alone = _resolve_english(rendered, said)
    return question if alone == rendered else alone


def _resolve_chinese(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    last_question = earlier[-1][0]
    folded = fold(question)
    time = re.fullmatch(rf"({TIME})[?。]*", folded)
    if time:
        return _swap(last_question, question[: time.end(1)])
    ellipsis = chinese.ELLIPSIS.match(folded)
    if ellipsis and not chinese.has_question_word(ellipsis["what"]):
        what = question[slice(*ellipsis.span("what"))]
        bound = chinese.bind(what, earlier)
        end = question[slice(*ellipsis.span("end"))]
        if bound != what:
            return f"{bound}{chinese.predicate(last_question, end, bound)}"
        if chinese.is_elliptical(ellipsis, what, last_question):
            return _swap(last_question, what, end)
    bound = chinese.bind(question, earlier)
    if bound != question:
        return bound
    opened = re.match(
        rf"^(?:那么|那|其中|另外|还有)[,，]?(?!些|里|儿|个|家|位|种|年|天|时|{chinese.COUNTED})", folded
    )
    if opened and not chinese.has_owner(analyse_question(question[opened.end() :])):
        about = next(topics(earlier[-1:], "any"), "")
        return (
            f"{about}{'中' if folded.startswith('其中') else '的'}{question[opened.end() :]}"
            if about
            else question
        )
    return chinese.with_topic(question, earlier)


def _resolve_english(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    what = english.left_out(question, earlier[-1][0])
    if what:
        return _swap(earlier[-1][0], what) or question
    bound = english.bind(question, earlier)
    return bound if bound != question else english.with_topic(question, earlier)


def _swap(last: str, what: str, end: str = "呢") -> str:
    """Return the last question with what corresponds to ``what`` replaced by it, in whatever language each is asked."""
    if asked_in_chinese(last):
        if not english.is_time(what):
            return chinese.swap(last, what, end)
        year = english.year_in(what)
        return chinese.swap(last, f"{year}年") if year else ""
    time = re.fullmatch(TIME, fold(what))
    if time:
        return english.swap_time(last, re.sub(r"(?<=^\d{4})年度?$", "", what))
    if is_chinese(what) and not chinese.is_name(what):
        return chinese.asked_of(last, what, end)
    return english.swap(last, what)
