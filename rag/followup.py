"""Makes a follow-up question stand alone, by rules, from the questions and answers before it.

Takes a question and its history, gives a question. Knows seven things people do in Chinese and English: leave out
all but what changed (那需求清单呢？ what about 2023?), correct themselves (不对，我问的是2021年), point back with a
pronoun (它, 该公司, she, that company) or count what an answer lists (第二个呢？), leave out the owner of what they ask
for (那总投资是多少？), leave out all but a question word (有多少人？ why?), and want the last answer in another language
(用英文回答), which is to ask again. Anything else is returned as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from index.text import detect_language, fold, is_chinese
from index.translation import OTHERS, into_english
from rag import followup_chinese as chinese
from rag import followup_english as english
from rag import followup_items as items
from rag.followup_topics import TIME, asked_in_chinese, topics
from rag.questions import analyse_question


def resolve(question: str, history: Sequence[tuple[str, str]]) -> str:
    """Return the question with what it leaves to the history put back; unchanged where it leaves nothing.

    Args:
        question: as the person wrote it.
        history: earlier (question, answer) pairs, oldest first; an answer may be "".
    """
    earlier: list[tuple[str, str]] = []
    called: dict[str, str] = {}
    for asked, answered in history:
        alone = _resolve_called(asked, earlier, called)
        called |= _called(asked, alone)
        earlier.append((alone, answered))
    return _resolve_called(question, earlier, called)


_HE_OR_SHE = re.compile(r"\b(?:(?P<she>she|her)|he|him|his)\b|(?P<ta>她)|(?<![其吉])他(?!们)", re.IGNORECASE)


def _called(question: str, alone: str) -> dict[str, str]:
    """Return the name that a person's pronoun was bound to, and which pronoun that was."""
    pronoun = _HE_OR_SHE.search(question)
    if not pronoun:
        return {}
    before, after = question[: pronoun.start()], question[pronoun.end() :]
    bound = alone.startswith(before) and alone.endswith(after) and alone != question
    name = re.sub(r"['’]s?$", "", alone[len(before) : len(alone) - len(after)]) if bound else ""
    return {name: "she" if pronoun["she"] or pronoun["ta"] else "he"} if name else {}


def _resolve_called(question: str, earlier: Sequence[tuple[str, str]], called: Mapping[str, str]) -> str:
    """As ``_resolve``; who was called she is no he later on."""
    alone = _resolve(question, earlier)
    meant = _called(question, alone)
    others = [turn for turn in earlier if not any(name in "".join(turn) for name in meant)]
    if not others or all(called.get(name, how) == how for name, how in meant.items()):
        return alone
    other = _resolve_called(question, others, called)
    return alone if other == question else other


_LANGUAGES = (
    r"中文|汉语|英[文语]|日[文语]|韩[文语]|法[文语]|德[文语]|俄[文语]|西班牙[文语]|english|chinese|mandarin"
)
_IN_A_LANGUAGE = re.compile(  # 请用英文回答。 Answer in English, please.
    rf"(?:请|请你|你?能|可以|麻烦)?(?:再|改)?[用以](?:{_LANGUAGES})(?:再|来)?(?:回答|说|讲|答)(?:一下|一遍)?[吗吧。.?!]*"
    rf"|(?:(?:please|can you|could you) )?(?:answer|reply|say (?:that|it)|repeat (?:that|it)) in (?:{_LANGUAGES})(?:,? please)?[.?!]*",
    re.IGNORECASE,
)
SHORT = 2  # words that are no question by themselves: "Und 2021?", "¿Y en Berlín?"


def _resolve(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """As ``resolve``, with earlier questions that already stand alone."""
    if not earlier or not question.strip():
        return question
    if _IN_A_LANGUAGE.fullmatch(fold(question.strip())):
        return earlier[-1][0]
    counted = items.bind(question.strip(), earlier)
    if counted != question.strip():
        return counted
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
