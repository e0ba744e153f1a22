"""Answers, evidence and documents as fragments of HTML. Takes values, gives text; knows no server and no browser.

Everything that comes from documents, questions or models passes through ``escape``: it is shown, never obeyed.
Offsets are those of the answers; nothing is found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Literal

from index.datatypes import file_name
from rag.answerers.base import NOT_FOUND
from rag.datatypes import Answer, Citation, Doubt, Passage
from rag.doubts import SIGN, Stretch, doubts_about, explain, stretches
from ui.datatypes import Language, Message
from ui.marks import citation_marks, markers, passage_html, standing
from ui.strings import language_name, say

_GLOSS = (
    r"(?:\s?(\([^()]{1,40}\)))?[。．.\s]*"  # after the short answer: what it is in the question's language
)
_SEPARATOR = " › "
_NEAREST = 3  # passages shown where there is no answer
_LONG_SHORT_ANSWER = 24  # characters; longer ones are set smaller


# --- the conversation ------------------------------------------------------------------------------------------


def turn_html(message: Message, language: Language) -> str:
    """Return a question with its answer and what can be done with them."""
    return (
        f'<article class="turn" id="turn-{message.id}" data-message="{message.id}">'
        f"{question_html(message.question, language)}{answer_html(message.id, message.answer, language)}"
        f"{_actions(message, language)}</article>"
    )


def question_html(question: str, language: Language) -> str:
    """Return a question as its user wrote it."""
    label = escape(say(language, "you_asked"))
    return f'<h2 class="question"><span class="sr">{label}: </span><span>{escape(question)}</span></h2>'


def phase_html(
    phase: Literal["searching", "passages", "writing"],
    language: Language,
    *,
    passages: Sequence[Passage] = (),
    text: str = "",
) -> str:
    """Return an answer that is still being made: what is being done, and what of its text there is."""
    label = escape(say(language, phase, count=len(passages)) if phase == "passages" else say(language, phase))
    titles = list(dict.fromkeys(passage.title for passage in passages))[:3]
    found = "".join(f"<li>{escape(title)}</li>" for title in titles)
    body = (
        f'<p class="text">{escape(text)}</p>' if text else f'<ul class="found">{found}</ul>' if found else ""
    )
    return (
        f'<div class="answer working" aria-busy="true"><p class="phase" role="status">{label}</p>{body}</div>'
    )


def answer_html(message: int, answer: Answer, language: Language) -> str:
    """Return a finished answer: the short one large, its sentences with chips, badges, notes."""
    refused = answer.status == "unanswerable"
    body = _refusal(message, answer, language) if refused else _answered(message, answer, language)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in answer.notes)
    kind = " unanswerable" if refused else ""
    return (
        f'<div class="answer{kind}"><span class="sr">{escape(say(language, "answer"))}: </span>'
        f"{body}{notes}{_badges(answer, language)}</div>"
    )


def _answered(message: int, answer: Answer, language: Language) -> str:
    text, short = answer.text, answer.short_answer
    lead = re.compile(re.escape(short) + _GLOSS).match(text) if short else None
    rest_from = lead.end() if lead else 0
    gloss = f" <small>{escape(lead[1])}</small>" if lead and lead[1] else ""
    is_long = len(short) > _LONG_SHORT_ANSWER
    size = " long" if is_long else ""
    if is_long and not lead and standing(short, text):  # a clause that tells why: stressed where it stands
        short = ""
    doubt = next((d for d in answer.doubts if d.end <= rest_from), None)
    sign = _doubt_sign(doubt, language) if doubt else ""
    large = f'<p class="short{size}">{escape(short)}{gloss}{sign}</p>' if short else ""
    rest = _paragraphs(message, answer, rest_from, len(text), language)
    return f'{large}<div class="text">{rest}</div>' if rest.strip() else large


def _paragraphs(message: int, answer: Answer, start: int, stop: int, language: Language) -> str:
    """Return the answer's text from ``start`` to ``stop``, line by line, with its chips and its doubts."""
    lines = []
    for line in answer.text[start:stop].split("\n"):
        end = start + len(line)
        if line.strip():
            parts = (_stretch_html(message, answer, part, language) for part in stretches(answer, start, end))
            lines.append(f"<p>{''.join(parts)}</p>")
        start = end + 1
    return "".join(lines)


def _stretch_html(message: int, answer: Answer, part: Stretch, language: Language) -> str:
    text = _with_chips(message, answer, part.start, part.end)
    if part.doubt is None:
        return text
    sign = _doubt_sign(part.doubt, language) if part.ends_doubt else ""
    return f'<span class="doubted">{text}</span>{sign}'


def _doubt_sign(doubt: Doubt, language: Language) -> str:
    """Return the sign after a doubted sentence, which says why when it is pointed at, reached or read out."""
    head, why = escape(say(language, "doubted")), escape(explain(doubt, language))
    return (
        f'<span class="doubt" role="img" tabindex="0" data-place="{head}" data-quote="{why}" '
        f'aria-label="{head}: {why}">{SIGN}</span>'
    )


def _with_chips(message: int, answer: Answer, start: int, end: int) -> str:
    """Return ``answer.text[start:end]`` with [n] as chips and the short answer stressed."""
    pieces, at = [], start
    for (low, high), place in markers(answer, start, end):
        pieces.append(_stressed(answer.text[at:low], answer.short_answer))
        pieces.append(chip_html(message, place, answer.citations[place - 1]))
        at = high
    return "".join(pieces) + _stressed(answer.text[at:end], answer.short_answer)


def _stressed(text: str, short: str) -> str:
    pieces, at = [], 0
    for start, end in standing(short, text) if len(short) > 1 else ():
        pieces += [escape(text[at:start]), f"<strong>{escape(text[start:end])}</strong>"]
        at = end
    return "".join((*pieces, escape(text[at:])))


def chip_html(message: int, place: int, citation: Citation) -> str:
    """Return the chip of an answer's citation at a place, from 1: a link that the page opens the evidence for."""
    verdict = "" if citation.verdict == "supported" else " unsupported"
    where = escape(_place(citation))
    return (
        f'<a class="cite{verdict}" href="#cite-{message}-{place}" data-quote="{escape(citation.quote)}" '
        f'data-place="{where}" aria-label="[{citation.number}] {where}">{citation.number}</a>'
    )


def _refusal(message: int, answer: Answer, language: Language) -> str:
    nearest = _uncited(answer)[:_NEAREST]
    more = say(language, "unanswerable_more" if nearest else "unanswerable_nothing")
    said = escape(say(language, "unanswerable"))
    links = "".join(
        f'<li><a class="cite near" href="#passage-{message}-{p.number}" data-quote="{escape(p.text)}" '
        f'data-place="{escape(_place(p))}">{escape(_place(p))}</a><p>{escape(_shorten(p.text))}</p></li>'
        for p in nearest
    )
    fixed = next((sentence for sentence in NOT_FOUND.values() if answer.text.endswith(sentence)), "")
    own = _paragraphs(message, answer, 0, len(answer.text) - len(fixed), language)
    text = f'<div class="text">{own}</div>' if own else ""
    return (
        f'<p class="short">{said}</p>{text}<p class="more">{escape(more)}</p><ol class="nearest">{links}</ol>'
    )


def _badges(answer: Answer, language: Language) -> str:
    badges = []
    if answer.query.strip() != answer.question.strip():
        badges.append(
            f'<span class="badge">{escape(say(language, "understood_as", query=answer.query))}</span>'
        )
    source = _source_language(answer)
    if source and source != answer.language and answer.status == "answered":
        asked, of = language_name(language, answer.language), language_name(language, source)
        badges.append(
            f'<span class="badge languages">{escape(say(language, "cross_language", question=asked, source=of))}</span>'
        )
    if answer.status == "answered":
        percent = say(language, "confidence", percent=round(answer.confidence * 100))
        why = escape(say(language, "confidence_more"))
        badges.append(f'<span class="badge sure" title="{why}">{escape(percent)}</span>')
    if answer.doubts:
        doubted = escape(f"{SIGN} {say(language, 'doubted_count', count=len(answer.doubts))}")
        badges.append(f'<span class="badge bad">{doubted}</span>')
    seconds = answer.timings.get("total_s", 0.0)
    took = say(language, "took", seconds=f"{seconds:.1f}" if seconds >= 0.05 else "<0.1")
    badges.append(f'<span class="badge time">{escape(took)}</span>')
    return f'<p class="badges">{"".join(badges)}</p>'


def _source_language(answer: Answer) -> str:
    """Return the language of the first cited passage; "" where there is none."""
    passages = {passage.number: passage for passage in answer.passages}
    cited = (passages[c.passage] for c in answer.citations if c.passage in passages)
    return next((passage.language for passage in cited), "")


def _actions(message: Message, language: Language) -> str:
    def button(action: str, sign: str, key: str, pressed: bool | None = None) -> str:
        label = escape(say(language, key))
        state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
        return f'<button type="button" data-do="{action}" aria-label="{label}" title="{label}"{state}>{sign}</button>'

    given = message.feedback
    return (
        '<div class="actions">'
        + button("copy", _ICON_COPY, "copy")
        + button("retry", _ICON_RETRY, "retry")
        + button("edit", _ICON_EDIT, "edit")
        + button("undo", _ICON_UNDO, "undo")
        + '<span class="gap"></span>'
        + button("up", _ICON_UP, "good", given == "up")
        + button("down", _ICON_DOWN, "bad", given == "down")
        + button("wrong_citation", _ICON_FLAG, "wrong_citation", given == "wrong_citation")
        + "</div>"
    )


# --- the evidence ----------------------------------------------------------------------------------------------


def cards_html(message: int, answer: Answer, language: Language) -> str:
    """Return one card per citation, or per nearest passage where there is no answer, then the other passages."""
    question = f'<p class="of">{escape(answer.question)}</p>'
    passages = {passage.number: passage for passage in answer.passages}
    cited = [
        _card(f"cite-{message}-{place}", answer, passages[c.passage], language, citation=c)
        for place, c in enumerate(answer.citations, start=1)
        if c.passage in passages
    ]
    others = _uncited(answer)
    if not cited:
        near = "".join(_card(f"passage-{message}-{p.number}", answer, p, language) for p in others[:_NEAREST])
        return f'{question}<h3 class="group">{escape(say(language, "nearest"))}</h3>{near}' if near else ""
    rest = "".join(_card(f"passage-{message}-{p.number}", answer, p, language) for p in others)
    label = escape(say(language, "also_read", count=len(others)))
    more = f'<details class="others"><summary>{label}</summary>{rest}</details>' if others else ""
    return question + "".join(cited) + more


def _uncited(answer: Answer) -> list[Passage]:
    """Return the passages that no citation of an answer is from."""
    used = {citation.passage for citation in answer.citations}
    return [passage for passage in answer.passages if passage.number not in used]


def _card(
    anchor: str, answer: Answer, passage: Passage, language: Language, *, citation: Citation | None = None
) -> str:
    place: Citation | Passage = citation or passage
    text = passage_html(passage, citation_marks(answer, citation) if citation else [])
    quote = citation.quote if citation else passage.text
    number = f'<span class="number">{citation.number}</span>' if citation else ""
    facts = [escape(fact) for fact in _facts(place, language)]
    verdict, doubted = _verdict(answer, citation, language) if citation else ("", "")
    buttons = "".join(
        f'<button type="button" data-do="{action}">{escape(say(language, key))}</button>'
        for action, key in (
            ("open", "open_in_document"),
            ("exclude", "exclude"),
            ("copy_source", "copy_with_source"),
        )
    )
    chunks = ",".join(str(chunk) for chunk in passage.chunk_ids)
    return (
        f'<section class="card" tabindex="0" data-anchor="{anchor}" data-chunks="{chunks}" '
        f'data-source="{escape(_source_line(place, language))}" data-quote="{escape(quote)}">'
        f'<header>{number}<div><h4>{escape(place.title)}</h4><p class="facts">{" · ".join(facts)}</p></div>'
        f"{verdict}</header>{doubted}<blockquote>{text}</blockquote>"
        f'<p class="why">{_why(passage, language)}</p><div class="buttons">{buttons}</div></section>'
    )


def _verdict(answer: Answer, citation: Citation, language: Language) -> tuple[str, str]:
    """Return the sign of a citation, and where it is ✖ a line that says why."""
    if citation.verdict == "supported":
        label = escape(say(language, "verdict_ok"))
        return f'<span class="verdict ok" title="{label}" role="img" aria-label="{label}">✔</span>', ""
    reasons = [explain(doubt, language) for doubt in doubts_about(answer, citation)]
    label = escape("; ".join(reasons) or say(language, "verdict_bad"))
    sign = f'<span class="verdict bad" title="{label}" role="img" aria-label="{label}">{SIGN}</span>'
    return sign, f'<p class="doubted-why">{label}</p>'


def _why(passage: Passage, language: Language) -> str:
    parts = []
    if "dense" in passage.ranks:
        parts.append(escape(say(language, "dense_rank", rank=passage.ranks["dense"])))
    if "bm25" in passage.ranks:
        parts.append(escape(say(language, "bm25_rank", rank=passage.ranks["bm25"])))
    for kind in ("reranked", "relevance"):
        if kind in passage.scores:
            parts.append(escape(say(language, kind, percent=round(passage.scores[kind] * 100))))
    terms = "".join(f"<i>{escape(term)}</i>" for term in passage.matched[:8])
    if terms:
        parts.append(f'<span class="terms">{escape(say(language, "matched"))}{terms}</span>')
    return f'<span class="label">{escape(say(language, "why_found"))}</span> ' + " · ".join(parts)


def _facts(place: Citation | Passage, language: Language) -> Iterator[str]:
    if place.date:
        yield place.date
    if place.page:
        yield say(language, "page", page=place.page)
    heading = [part for part in dict.fromkeys(place.heading) if part != place.title]
    if heading:
        yield _SEPARATOR.join(heading)
    yield file_name(place.source)


def _source_line(place: Citation | Passage, language: Language) -> str:
    title = _SEPARATOR.join(dict.fromkeys((place.title, *place.heading)))
    start, end = place.spans[0][0], place.spans[-1][1]
    where = say(language, "where", source=file_name(place.source), start=start, end=end)
    page = say(language, "page", page=place.page) if place.page else ""
    return " · ".join(part for part in (title, place.date or "", page, where) if part)


def _place(place: Citation | Passage) -> str:
    return _SEPARATOR.join(dict.fromkeys((place.title, *place.heading[-1:])))


def _shorten(text: str, limit: int = 90) -> str:
    return text if len(text) <= limit else text[:limit] + "…"


def _icon(path: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>'


_ICON_COPY = _icon("M9 9h10v11H9zM5 15V4h10")
_ICON_RETRY = _icon("M20 5v5h-5M4 19v-5h5M19 10a7.5 7.5 0 0 0-13-3M5 14a7.5 7.5 0 0 0 13 3")
_ICON_EDIT = _icon("M4 20l1-4L16 5l3 3L8 19zM14 7l3 3")
_ICON_UNDO = _icon("M9 14l-5-5 5-5M4 9h9a6 6 0 0 1 0 12h-2")
_ICON_UP = _icon("M7 11v9H4v-9zM7 11l4-7c2 0 2 2 1.5 5H19l-1.5 9c-.3 1.5-1 2-2 2H7")
_ICON_DOWN = _icon("M7 13V4H4v9zM7 13l4 7c2 0 2-2 1.5-5H19l-1.5-9c-.3-1.5-1-2-2-2H7")
_ICON_FLAG = _icon("M5 21V4h12l-2 4 2 4H5")
