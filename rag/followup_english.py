"""What an English follow-up leaves out or points back at, and how that is put back. Takes and gives questions.

Knows English questions; of those before, what `followup_topics` tells, in whatever language they were asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text import HAN, MONTHS
from rag.followup_topics import Sort, names_english, subject, topics
from rag.questions import ENGLISH_OPENERS

_OPENS = "|".join(sorted(ENGLISH_OPENERS - {"its", "a", "an"}))
_ASKS = r"what|which|who(?:m|se)?|when|where|why|how"
_HELPS = r"do|does|did|is|are|was|were|has|have|had|can|could|will|would|should"
_AND = r"(?:(?:and|but|so) )"
_ABOUT = rf"(?:{_AND}?(?:what|how) about)"

# Times

_YEAR = r"(?<![\d.,])(?:19|20)\d\d(?![\d.,]*\d)"
_MONTH = rf"(?-i:{'|'.join(MONTHS)})"
_OF_A_YEAR = r"(?:first|second|third|fourth|last) (?:half|quarter)|(?:end|start|beginning|middle|turn) of the year|Q[1-4]"
_WHOLE = r"year|month|quarter|week|decade|century|season"
_PREPOSITION = r"(?:in|at|on|by|for|during|since|until|as of)"
_TIME = (
    rf"(?:(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH}(?: \d{{1,2}}(?!\d),?)?(?:,? {_YEAR})?|{_YEAR}(?:[-–/]\d\d(?:\d\d)?)?"
    rf"|(?:the )?(?:{_OF_A_YEAR})(?: of| in)?(?: {_YEAR})?|(?:the )?(?:end|start|beginning|middle|turn) of {_YEAR}"
    rf"|(?:the )?(?:last|this|next|previous|following|preceding|same) (?:{_WHOLE})"
    rf"|the (?:{_WHOLE}) (?:before|after)|an? (?:{_WHOLE}) (?:earlier|later|before)|today|now)"
)
_TIME_PHRASE = rf"\b(?:{_PREPOSITION} )?(?:early |late |mid-)?{_TIME}(?![\w-])"
_TIME_ASKED = re.compile(  # and at the end of 2024? what was it in 2023? last year?
    rf"^(?:{_ABOUT} |{_AND}?(?:what|how (?:much|many|high|large|big)) (?:is|are|was|were) (?:it|that|they) |{_AND})?"
    rf"(?P<time>{_TIME_PHRASE})\s*[?？.]*$",
    re.IGNORECASE,
)
_YEAR_BEFORE = re.compile(
    r"(?:in )?(?:the )?(?:year before|(?:previous|preceding) year|year earlier)|a year (?:earlier|before)",
    re.IGNORECASE,
)
_YEAR_AFTER = re.compile(r"(?:in )?the (?:year after|(?:next|following) year)|a year later", re.IGNORECASE)


def asks(text: str) -> bool:
    """Whether a text opens as an English question does."""
    return re.match(rf"(?:{_ABOUT}|{_ASKS}|{_HELPS})\b", text, re.IGNORECASE) is not None


def has_verb(text: str) -> bool:
    """Whether an English text is a sentence of its own, as far as its auxiliary verb tells."""
    return re.search(rf"\b(?:{_HELPS})\b", text, re.IGNORECASE) is not None


def is_time(phrase: str) -> bool:
    """Whether a few English words say when."""
    return re.fullmatch(_TIME_PHRASE, phrase, re.IGNORECASE) is not None


def year_in(phrase: str) -> str:
    """Return the first year in an English text, or ""."""
    match = re.search(_YEAR, phrase)
    return match.group() if match else ""


def swap_time(last: str, phrase: str) -> str:
    """Return a question that is not Chinese, asked of another time: year for year, else phrase for phrase."""
    year = year_in(last)
    if year and _YEAR_BEFORE.fullmatch(phrase):
        return last.replace(year, str(int(year) - 1), 1)
    if year and _YEAR_AFTER.fullmatch(phrase):
        return last.replace(year, str(int(year) + 1), 1)
    if year and re.fullmatch(rf"(?:(?:in|for) )?{_YEAR}", phrase, re.IGNORECASE):
        return last.replace(year, year_in(phrase), 1)
    if not re.match(rf"{_PREPOSITION} ", phrase, re.IGNORECASE):
        phrase = f"{_preposition(phrase)}{phrase}"
    if year and re.search(rf"(?:{_MONTH}|half|quarter|Q\d)$", phrase, re.IGNORECASE):
        phrase += f" {year}" if re.search(rf"{_MONTH}$", phrase) else f" of {year}"
    old = re.search(_TIME_PHRASE, last, re.IGNORECASE)
    if old and re.match(rf"{_PREPOSITION} |.*\D$", old.group(), re.IGNORECASE):
        return last[: old.start()] + phrase + last[old.end() :]
    return f"{last.rstrip(' ?？')} {phrase}?"


def _preposition(phrase: str) -> str:
    """Return what stands before a time, "" before last year, now and 去年."""
    if re.match(r"(?:the )?(?:end|start|beginning|turn)\b", phrase, re.IGNORECASE):
        return "at "
    return "in " if re.match(rf"\d|{_MONTH}|(?:the )?(?:{_OF_A_YEAR}|middle)", phrase, re.IGNORECASE) else ""


# Ellipses

_ELLIPSIS = re.compile(
    rf"^(?:{_ABOUT}(?: (?:in|for|of|at|on))?(?: the)?"
    rf"|and(?: (?:in|for|of|at|on))?(?: the)?(?! (?:{_OPENS})\b))"
    rf" (?P<what>(?![^?]*\b(?:{_ASKS})\b)[^?\s][^?]{{0,59}}?)\s*\??$",
    re.IGNORECASE,
)
_BARE_NAME = re.compile(
    rf"^(?:[Aa]nd )?(?:[Ii]n|[Ff]or) (?P<what>(?![^?]*\b(?:{_ASKS}|is|are|was|were|do|does|did|has|have|had|can|will)\b)"
    r"[A-Z][^?,]{1,40}?)\s*[?？]?$"
)
_BARE_COUNT = re.compile(
    rf"^{_AND}?how many (?P<what>(?!(?:{_HELPS}|of)\b)[a-z][\w-]*(?: (?!(?:{_HELPS}|of)\b)[a-z][\w-]*)?)\s*\?+$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(
    r"\b(?:(?:its|his|their)\b(?=\s+\w)|her\b(?=\s+(?!(?:in|at|on|by|as|with|after|before|for|from|to|and|or|but|when|during|since|until)\b)\w))",
    re.IGNORECASE,
)


def left_out(question: str, last: str) -> str:
    """Return all that an English question says where it leaves out the rest: a time, a name or a thing; else ""."""
    if match := _TIME_ASKED.match(question):
        return match["time"]
    if match := _ELLIPSIS.match(question) or _BARE_NAME.match(question):
        return match["what"].strip()
    count = _BARE_COUNT.match(question)
    return count["what"] if count and _COUNTED.search(last) else ""


_OWNED = re.compile(
    r"(?<=['’]s )[a-z][\w&-]*(?: (?!(?:in|of|for|at|on|by|during|since|and)\b)[\w&-]+){0,3}(?= (?:in|for|at|on|by|during)\b|\?|$)"
)
"""What belongs to someone in a question, up to its time or place: Lanchuan's |net profit| in 2023?"""

_COUNTED = re.compile(rf"(?<=\bhow many )[\w-]+(?:(?: [\w-]+){{0,2}}?(?= (?:{_HELPS})\b))?", re.IGNORECASE)
"""What a question counts: how many |full-time employees| did …"""

_ONE = re.compile(r"\ban? (?:[\w-]+(?= (?:ticket|pass|place|room|seat)s?\b) )?[\w-]+", re.IGNORECASE)
"""One of a kind that a question asks of."""

_PAYING = re.compile(
    r"(?:adult|student|pupil|senior|pensioner|member|group|resident|(?:under|over)-\d+)s|children|families",
    re.IGNORECASE,
)
_DAY = r"(?:(?:an?|the) )?(?:weekday|weekend|(?:(?:public|bank) )?holiday|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)s?\b"

_PLURAL = re.compile(r"(?:[^su]s|people|women|men|children|staff)$", re.IGNORECASE)
_ASKED_FOR = re.compile(
    rf"^what (?:is|are|was|were|will be) (?P<what>.+?)(?= {_TIME_PHRASE}|\s*\?|$)", re.IGNORECASE
)
"""What a question asks for, without its time: what was |Lanchuan's net profit| in 2023?"""

_OWNING = re.compile(r"[A-Z].*['’]s [a-z].*|.+ of (?:the )?[A-Z].*")  # Linz's profit, the profit of Linz


def swap(last: str, what: str) -> str:
    """Return a question that is not Chinese with its time, its name, or its object replaced."""
    if is_time(what):
        return swap_time(last, what)
    what = _POSSESSIVE.sub("", what).strip()
    words = what.split()
    named = names_english(last)
    asked = _ASKED_FOR.match(last)
    if _OWNING.fullmatch(what):
        return last[: asked.start("what")] + what + last[asked.end("what") :] if asked else f"What is {what}?"
    if named and (words[-1][:1].isupper() or re.search(f"[{HAN}]", what)):
        return last.replace(named[0], re.sub(r"['’]s$", "", what), 1)
    if day := re.fullmatch(_DAY, what, re.IGNORECASE):  # on |a Saturday|
        old = re.search(rf"(?<=\b[Oo]n ){_DAY}|(?<=\b[Aa]t ){_DAY}", last, re.IGNORECASE)
        return last[: old.start()] + day[0] + last[old.end() :] if old else f"{last.rstrip(' ?')} on {what}?"
    one = _ONE.search(last) if _ONE.match(what) or _PAYING.fullmatch(what) else None
    if one:  # how much does |an adult| pay? and a child?
        return last[: one.start()] + what + last[one.end() :]
    counted = _COUNTED.search(last)
    if counted and _PLURAL.search(what):
        return last[: counted.start()] + what + last[counted.end() :]
    alike = re.search(rf"\b[\w-]+(?= {re.escape(words[-1])}\b)", last) if len(words) > 1 else None
    if alike:
        return last[: alike.start()] + " ".join(words[:-1]) + last[alike.end() :]
    owned = _OWNED.search(last)
    if owned:
        return last[: owned.start()] + what + last[owned.end() :]
    owner, what = subject(last), re.sub(r"^an? ", "", what)
    return f"What is the {what} of {owner}?" if owner else f"{last.rstrip(' ?')}, {what}?"


# Pronouns

_NO_ANTECEDENT = (  # an it that stands for nothing: it takes three hours, is it true that, was it Li who
    r" (?:takes?|took)\b(?! (?:place|over|effect|off|part|on|up)\b)|(?<=is it)(?= that\b)| (?:true|possible)\b"
    r"| (?:safe|easy|hard|difficult|necessary|important|legal|allowed|better|best|worth|known|said)\b(?= (?:to|for|that|if)\b)"
    r"| (?:rain|snow)s?\b| (?-i:(?:[A-Z][\w.-]* )+(?:who|that)\b)"
)
_THAT = r"(?:that|this|the same)"
_SORTS: tuple[tuple[str, Sort], ...] = (
    (
        rf"{_THAT} (?:company|firm|enterprise|organi[sz]ation)"
        r"|the (?:company|firm|enterprise)(?= |\?)(?! (?:that|which|who|whose|with|behind|of)\b)",
        "company",
    ),
    (rf"{_THAT} (?:zone|park|city|country|place)", "place"),
    (rf"{_THAT} person|he|she|him|his|her", "person"),
    (rf"{_THAT} (?:project|product|university)|(?-i:[Ii]t)(?!{_NO_ANTECEDENT})|its(?=\s+\w)", "thing"),
    (r"they|them|their(?=\s+\w)", "any"),
)
_PRONOUNS = tuple((re.compile(rf"\b(?:{words})\b", re.IGNORECASE), sort) for words, sort in _SORTS)
_LEAD_IN = re.compile(
    r"^(?:(?:and|but|so) )?(?:in|at|on|by|as|of|for|from|during|since|after|before|under|until|according)\b[^,]*,\s*",
    re.IGNORECASE,
)
_CLAUSE = re.compile(  # a noun in the clause before: who designed |the museum and| when
    r"\b(?:the|an?|this|that) [a-z][^,;]*(?:[,;]| (?:and|or|but|when|before|after|if|because|while|where|how|why|who)\b)",
    re.IGNORECASE,
)
_OF_A_FIGURE = re.compile(  # what a figure does, not its owner: why did it rise, was it higher
    r" (?:rise|fall|grow|increase|decrease|decline|drop|change|improve|shrink|double)\b|"
    r"(?<=is it)(?= (?:higher|lower|more|less)\b)|(?<=was it)(?= (?:higher|lower|more|less)\b)",
    re.IGNORECASE,
)


def bind(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Put what the first pronoun points at in its place, unless the question itself says it."""
    found = [(match, sort) for pattern, sort in _PRONOUNS if (match := pattern.search(question))]
    if not found:
        return question
    pronoun, sort = min(found, key=lambda pair: pair[0].start())
    if _has_antecedent(question[: pronoun.start()]):
        return question
    asked_for = _ASKED_FOR.match(earlier[-1][0])
    if asked_for and pronoun.group().lower() == "it" and _OF_A_FIGURE.match(question, pronoun.end()):
        meant = asked_for["what"]
    else:
        meant = next(topics(earlier, sort), "")
    if not meant:
        return question
    owns = _POSSESSIVE.match(question, pronoun.start())
    ending = ("'" if meant.endswith("s") else "'s") if owns else ""
    return question[: pronoun.start()] + meant + ending + question[pronoun.end() :]


def _has_antecedent(before: str) -> bool:
    """Whether a question itself says, before a pronoun, what that may point at."""
    return bool(names_english(before) or _CLAUSE.search(_LEAD_IN.sub("", before)))


# Bare question words

_BARE_WORD = re.compile(
    rf"^{_AND}?(?P<word>(?:(?:by|with|for|from|to|since|until|in) )?(?:why|when|where|how|who|whom|(?:what|which) (?:year|month|day))"
    r"|how (?:much|many|long|often)|who (?:said|says) (?:that|this|so))(?: exactly)?\s*\?+$",
    re.IGNORECASE,
)
_BARE_SIZE = re.compile(
    rf"^{_AND}?(?P<word>how (?:high|tall|large|big|old|wide|deep|far|heavy|fast))\s*\?+$", re.IGNORECASE
)
_ADVERB = re.compile(rf"^(?:when|where|why|how)(?= (?:{_HELPS})\b)", re.IGNORECASE)
_ASKING = re.compile(
    rf"^(?:(?:how many|how much|{_ASKS})(?: (?:is|are|was|were)(?= (?!\w+(?:ed|en)\b)))?|(?:do|does|did))\s+",
    re.IGNORECASE,
)


def with_topic(question: str, earlier: Sequence[tuple[str, str]]) -> str:
    """Ask a question that is hardly more than its question word of what the conversation is about."""
    last = earlier[-1][0]
    if match := _BARE_WORD.match(question):
        word = match["word"]
        if re.fullmatch(r"(?!who|how )(?:\w+ )?\w+", word, re.IGNORECASE) and _ADVERB.match(last):
            return _ADVERB.sub(word[:1].upper() + word[1:], last)
        said = _ASKING.sub("", last).rstrip(" ?？")
        return f"{said}, {word.lower()}?" if said else question
    size, count = _BARE_SIZE.match(question), _BARE_COUNT.match(question)
    meant = next(topics(earlier, "thing"), "") if size or count else ""
    if size and meant:
        return f"{size['word']} is {meant}?"
    return f"How many {count['what']} does {meant} have?" if count and meant else question
