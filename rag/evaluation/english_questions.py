"""Turns an English sentence with a figure or date into a question that asks for it. Pure; rules over plain sentences.

"The plant will cost RMB 740 million." → "How much will the plant cost?" A sentence of another form than those
below gives nothing, rather than a question that nobody would ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_PAST = (
    "added=add appeared=appear arrived=arrive attracted=attract became=become began=begin bought=buy built=build "
    "called=call came=come carried=carry caught=catch closed=close completed=complete contained=contain cost=cost "
    "covered=cover created=create cut=cut delivered=deliver developed=develop died=die donated=donate drew=draw "
    "earned=earn employed=employ ended=end established=establish exported=export fell=fall finished=finish "
    "founded=found gained=gain gave=give grew=grow handled=handle harvested=harvest held=hold hired=hire "
    "hosted=host included=include increased=increase invested=invest joined=join kept=keep launched=launch "
    "learned=learn left=leave lost=lose made=make measured=measure moved=move needed=need offered=offer "
    "opened=open ordered=order owned=own paid=pay planted=plant printed=print produced=produce published=publish "
    "raised=raise ran=run reached=reach recalled=recall received=receive recorded=record replaced=replace "
    "required=require rose=rise saved=save sent=send served=serve shipped=ship signed=sign sold=sell spent=spend "
    "started=start stood=stand stored=store supplied=supply took=take trained=train treated=treat used=use "
    "visited=visit welcomed=welcome won=win wrote=write "
)
_BASE_OF_PAST = dict(re.findall(r"(\w+)=(\w+)", _PAST))
_BASE_OF_PRESENT = {
    **{f"{base}s": base for base in _BASE_OF_PAST.values() if not base.endswith(("ch", "sh", "y", "x"))},
    **{
        "carries": "carry",
        "supplies": "supply",
        "reaches": "reach",
        "finishes": "finish",
        "catches": "catch",
    },
    **{"launches": "launch", "publishes": "publish", "has": "have", "seats": "seat", "weighs": "weigh"},
}
_PRESENT_OF_MANY = {"have": "have", "cost": "cost", "take": "take", "need": "need", "hold": "hold"}
_DETERMINERS = frozenset(
    ("The", "A", "An", "Each", "Every", "All", "Some", "Two", "Three", "Four", "Net", "Gross")
)
_LEAD = r"(?P<lead>(?:In|By|On|During|Since|At|From) (?:[A-Z]?[\w']+ ){0,4}?[\w']+,? )?"
_SUBJECT = r"(?P<subject>[A-Z\d][^,;:“”\"()]{1,80}?|[a-z][^,;:“”\"()]{2,80}?)"
_COUNTED = re.compile(r"[\d.,]+(?: (?:thousand|million|billion))?(?= [a-z])")
_VERB = rf"(?P<verb>{'|'.join(sorted({*_BASE_OF_PAST, *_BASE_OF_PRESENT, *_PRESENT_OF_MANY}))})"
_ABOUT = r"(?:(?:about|around|almost|nearly|over|more than|some|only|roughly|up to|between) )?"
_AUXILIARY = r"(?P<auxiliary>will|can|could|would|should|must|may|has|have|had)"
_BE = r"(?P<be>is|was|are|were|will be)"
_NOUN = r"(?P<noun>(?: [a-z][a-z-]+){1,3}?)"
_TAIL = r"(?P<tail>(?: (?:in|on|at|to|from|for|across|by|of|per|after|before|during|every|each|a|with|over) [^,;:]+?)?)"
_END = r"(?:[,;].*)?[.!]$"
_PREPOSITION = r"(?P<preposition>in|on|at) "
_SHORTEST, _LONGEST = 16, 150  # characters
_NO_SUBJECT = re.compile(
    r"(?i)(?:we|i|you|it|they|he|she|this|that|these|those|there|here|who|which|what|when|where|if|as|while|because|"
    r"although|after|before|and|but|or|so|nor|yet|not)\b"
)
_Ask = Callable[["re.Match[str]"], str]


def ask_for(sentence: str, start: int, end: int, kind: str) -> str:
    """Return a question whose answer is ``sentence[start:end]``; "" where the sentence is of no plain form.

    Args:
        sentence: one English sentence with its full stop.
        start: of the figure or date.
        end: behind it.
        kind: "money", "percent", "quantity", "duration" or "date", as in ``rag.candidates``.
    """
    forms = _DATE_FORMS if kind == "date" else _FIGURE_FORMS
    counted = _COUNTED.match(sentence[start:end]) if kind == "quantity" else None
    if counted:  # "268,000 people": the noun that is counted belongs to the question
        question = _first(forms, sentence, counted[0].rstrip(), kind)
        if question:
            return question
    return _first(forms, sentence, sentence[start:end], kind)


def _first(forms: Sequence[tuple[str, _Ask]], sentence: str, answer: str, kind: str) -> str:
    for form, ask in forms:
        found = re.fullmatch(form.replace("<answer>", re.escape(answer)), sentence)
        if found and not _NO_SUBJECT.match(found["subject"]) and _is_whole(found["subject"]):
            question = " ".join(ask(found).split()) if _fits(found, kind) else ""
            if _SHORTEST <= len(question) <= _LONGEST:
                return question
    return ""


def _fits(found: re.Match[str], kind: str) -> bool:
    """Whether a figure is asked for as its kind can be: a bare number only with the noun that it counts."""
    groups = found.groupdict()
    return kind == "date" or "verb" not in groups or ("noun" in groups) == (kind == "quantity")


def _is_whole(subject: str) -> bool:
    """Whether a subject holds no clause of its own."""
    return not re.search(r"\b(?:which|who|that|when|because|and then|than|if|there|we|it|they)\b", subject)


def _start(found: re.Match[str]) -> str:
    """Return the subject as it stands inside a sentence: names keep their capital."""
    words = found["subject"].split(" ")
    first = words[0]
    follows_lower = len(words) > 1 and words[1][:1].islower()
    if found.groupdict().get("lead") or not first.istitle() or not (first in _DETERMINERS or follows_lower):
        return found["subject"]
    return " ".join([first.lower(), *words[1:]])


def _lead(found: re.Match[str]) -> str:
    lead = (found.groupdict().get("lead") or "").strip(" ,")
    return f" {lead[:1].lower()}{lead[1:]}" if lead else ""


def _rest(found: re.Match[str]) -> str:
    return (found.groupdict().get("tail") or "") + _lead(found)


def _what(found: re.Match[str]) -> str:
    be = "will" if found["be"] == "will be" else found["be"]
    return f"What {be} {_start(found)}{' be' if be == 'will' else ''}{_lead(found)}?"


def _how(found: re.Match[str]) -> str:
    return f"How {found['size']} {found['be']} {_start(found)}{_lead(found)}?"


def _by_auxiliary(found: re.Match[str]) -> str:
    return f"{_asked(found)} {found['auxiliary']} {_start(found)} {found['verb']}{_rest(found)}?"


def _by_verb(found: re.Match[str]) -> str:
    do, base = _do(found["verb"])
    return f"{_asked(found)} {do} {_start(found)} {base}{_rest(found)}?" if base else ""


def _do(verb: str) -> tuple[str, str]:
    if verb in _BASE_OF_PAST:
        return "did", _BASE_OF_PAST[verb]
    if verb in _BASE_OF_PRESENT:
        return "does", _BASE_OF_PRESENT[verb]
    return "do", _PRESENT_OF_MANY.get(verb, "")


def _asked(found: re.Match[str]) -> str:
    groups = found.groupdict()
    if groups.get("noun"):
        return f"How many{groups['noun']}"
    return "How long" if groups["verb"] in ("take", "takes", "took") else "How much"


def _when_be(found: re.Match[str]) -> str:
    be, verb = found["be"], found["verb"]
    if be == "will be":
        return f"When will {_start(found)} be {verb}{found['middle']}?"
    return f"When {be} {_start(found)} {verb}{found['middle']}?"


def _when_auxiliary(found: re.Match[str]) -> str:
    return f"When {found['auxiliary']} {_start(found)} {found['verb']}{found['middle']}?"


def _when_verb(found: re.Match[str]) -> str:
    do, base = _do(found["verb"])
    return f"When {do} {_start(found)} {base}{found['middle']}?" if base else ""


_PARTICIPLE = r"(?P<verb>[a-z]+(?:ed|en|ought|ilt|eld|old|et|un|ut))"
_MIDDLE = r"(?P<middle>(?: [^,;:]+?)?)"
_FIGURE_FORMS: tuple[tuple[str, _Ask], ...] = (
    (rf"{_LEAD}{_SUBJECT} {_BE} {_ABOUT}<answer>(?: (?P<size>long|high|tall|wide|deep|old)){_END}", _how),
    (rf"{_LEAD}{_SUBJECT} {_BE} {_ABOUT}<answer>{_END}", _what),
    (rf"{_LEAD}{_SUBJECT} {_AUXILIARY} (?P<verb>[a-z]+) {_ABOUT}<answer>{_TAIL}{_END}", _by_auxiliary),
    (rf"{_LEAD}{_SUBJECT} {_AUXILIARY} (?P<verb>[a-z]+) {_ABOUT}<answer>{_NOUN}{_TAIL}{_END}", _by_auxiliary),
    (rf"{_LEAD}{_SUBJECT} {_VERB} {_ABOUT}<answer>{_TAIL}{_END}", _by_verb),
    (rf"{_LEAD}{_SUBJECT} {_VERB} {_ABOUT}<answer>{_NOUN}{_TAIL}{_END}", _by_verb),
)
_DATE_FORMS: tuple[tuple[str, _Ask], ...] = (
    (rf"{_SUBJECT} {_BE} {_PARTICIPLE}{_MIDDLE} {_PREPOSITION}<answer>{_END}", _when_be),
    (
        rf"{_SUBJECT} (?P<auxiliary>will) (?P<verb>[a-z]+){_MIDDLE} {_PREPOSITION}<answer>{_END}",
        _when_auxiliary,
    ),
    (rf"{_SUBJECT} {_VERB}{_MIDDLE} {_PREPOSITION}<answer>{_END}", _when_verb),
)
