"""A whole conversation as Markdown, one HTML file, or JSON. Takes messages, gives text; loads nothing, runs nothing.

What documents, questions and models say is shown as text: no markup of theirs comes alive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from html import escape

from index.datatypes import Span
from rag.datatypes import Answer, Citation, Passage
from rag.doubts import SIGN, doubts_about, explain, signed_text, stretches
from ui.datatypes import Language, Message
from ui.marks import markers

_SEPARATOR = " › "
_NEAREST = 3  # passages that are told where there is no answer

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "sources": "出处",
        "nearest": "文档里没有答案。最接近的段落",
        "page": "第{page}页",
        "characters": "字符 {spans}",
        "supported": "与原文一致",
        "unsupported": "与原文不一致",
        "query": "检索的问题",
        "made": "由 chuchu 出处 导出。位置是文档文本中的字符序号，从 0 起，不含末尾。",
    },
    "en": {
        "sources": "Sources",
        "nearest": "The documents do not say. The nearest passages",
        "page": "p. {page}",
        "characters": "characters {spans}",
        "supported": "matches the document",
        "unsupported": "differs from the document",
        "query": "Searched for",
        "made": "Exported by chuchu 出处. Offsets count characters of the document's text from 0, the end excluded.",
    },
}

# No script may run and nothing may be loaded, whatever the file is opened with.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_STYLE = """
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #5f6368; --line: #d9d9de; --tint: #f4f4f6; --cite: #0b57d0;
  --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececf0; --soft: #a8abb2; --line: #3c3c43; --tint: #232327;
  --cite: #a8c7fa; --bad: #f2b8b5; } }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.65 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; border-top: 1px solid var(--line);
  padding-top: 1.5rem; } h3 { font-size: .9rem; color: var(--soft); margin: 1.2rem 0 .4rem; }
.text, blockquote { white-space: pre-wrap; } .short { font-size: 1.25rem; font-weight: 600; margin: .3rem 0; }
.note, .facts, footer { color: var(--soft); font-size: .85rem; } .bad { color: var(--bad); }
a.cite { color: var(--cite); text-decoration: none; font-size: .8em; vertical-align: super; }
li { margin: .6rem 0; } li:target { background: var(--tint); outline: 6px solid var(--tint); }
blockquote { margin: .3rem 0; padding: .3rem .8rem; border-left: 3px solid var(--line); background: var(--tint); }
"""


def to_html(title: str, messages: Sequence[Message], language: Language) -> str:
    """Return one self-contained page: every question, answer and quote, with source, page and offsets."""
    turns = "".join(_turn_html(message, language) for message in messages)
    name = escape(_line(title))
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n{turns}"
        f"<footer><p>{escape(_WORDS[language]['made'])}</p></footer>\n</body>\n</html>\n"
    )


def to_json(title: str, messages: Sequence[Message], language: Language) -> str:
    """Return the conversation for programs: of each message ``Answer.to_dict()``, and what was thought of it."""
    told = [{"answer": message.answer.to_dict(), "feedback": message.feedback} for message in messages]
    content = {"title": title, "language": language, "messages": told}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def to_markdown(title: str, messages: Sequence[Message], language: Language) -> str:
    """Return the conversation as Markdown: every question, answer and quote, with source, page and offsets."""
    parts = [f"# {_plain(_line(title))}"]
    for message in messages:
        parts += _turn_markdown(message, language)
    return "\n\n".join([*parts, "---", _WORDS[language]["made"]]) + "\n"


# --- HTML --------------------------------------------------------------------------------------------------


def _turn_html(message: Message, language: Language) -> str:
    answer = message.answer
    short = f'<p class="short">{escape(answer.short_answer)}</p>\n' if answer.short_answer else ""
    notes = "".join(f'<p class="note">{escape(note)}</p>\n' for note in _notes(answer, language))
    quotes = "".join(_quote_html(message.id, answer, place, language) for place in _places(answer))
    label = escape(_label(answer, language))
    sources = f"<h3>{label}</h3>\n<ol>\n{quotes}</ol>\n" if quotes else ""
    text = _text_html(message.id, answer)
    return (
        f'<section id="message-{message.id}">\n<h2 class="text">{escape(message.question)}</h2>\n{short}'
        f'<p class="text">{text}</p>\n{notes}{sources}</section>\n'
    )


def _text_html(message: int, answer: Answer) -> str:
    """Return the answer's text, its [n] linked to the quotes below it, doubted sentences with their sign."""
    pieces = []
    for part in stretches(answer):
        text = _with_links(message, answer, part.start, part.end)
        sign = f" {SIGN}" if part.ends_doubt else ""
        pieces.append(f'<span class="bad">{text}{sign}</span>' if part.doubt else text)
    return "".join(pieces)


def _with_links(message: int, answer: Answer, start: int, end: int) -> str:
    pieces, at = [], start
    for (low, high), place in markers(answer, start, end):
        anchor = _anchor(message, answer, answer.citations[place - 1])
        pieces.append(
            f'{escape(answer.text[at:low])}<a class="cite" href="#{anchor}">{answer.text[low:high]}</a>'
        )
        at = high
    return "".join(pieces) + escape(answer.text[at:end])


def _anchor(message: int, answer: Answer, place: Citation | Passage) -> str:
    """Return what the text's links call a quote; citations that are listed once are called alike."""
    if isinstance(place, Passage):
        return f"passage-{message}-{place.number}"
    quoted = [(citation.number, citation.spans) for citation in answer.citations]
    return f"cite-{message}-{quoted.index((place.number, place.spans)) + 1}"


def _quote_html(message: int, answer: Answer, place: Citation | Passage, language: Language) -> str:
    """Return a quote with its facts."""
    facts = " · ".join(escape(fact) for fact in _facts(place, language))
    verdict = ""
    if isinstance(place, Citation):
        kind = "good" if place.verdict == "supported" else "bad"
        verdict = f' · <span class="{kind}">{escape(_verdict(answer, place, language))}</span>'
    anchor = _anchor(message, answer, place)
    return (
        f'<li id="{anchor}" value="{place.number}"><blockquote>{escape(_quoted(place))}</blockquote>'
        f'<p class="facts">{facts}{verdict}</p></li>\n'
    )


# --- Markdown ----------------------------------------------------------------------------------------------


def _turn_markdown(message: Message, language: Language) -> list[str]:
    answer = message.answer
    parts = [f"## {_plain(_line(message.question))}"]
    if answer.short_answer:
        parts.append(f"**{_plain(_line(answer.short_answer)).strip()}**")
    parts.append(_plain(signed_text(answer)))
    parts += [f"*{_plain(_line(note))}*" for note in _notes(answer, language)]
    if places := _places(answer):
        parts.append(f"### {_label(answer, language)}")
        parts += [_quote_markdown(answer, place, language) for place in places]
    return parts


def _quote_markdown(answer: Answer, place: Citation | Passage, language: Language) -> str:
    quote = "\n".join(f"> {_plain(line)}" for line in _quoted(place).splitlines())
    facts = " · ".join(_plain(_line(fact)) for fact in _facts(place, language))
    verdict = f" · {_plain(_verdict(answer, place, language))}" if isinstance(place, Citation) else ""
    return f"\\[{place.number}\\]\n\n{quote}\n\n{facts}{verdict}"


_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~$!&^=]")  # "$" is mathematics in many readers
_LIST = re.compile(r"^([-+]|\d{1,9}[.)])")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|javascript|vbscript|data|file|www)([:.])|(\w)(@)(?=\w)")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", ":": "&#58;", ".": "&#46;", "@": "&#64;"}


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is: escaped, and without addresses that readers turn into links."""
    return "  \n".join(_plain_line(line.strip()) for line in text.splitlines())  # an indented line is code


def _plain_line(line: str) -> str:
    line = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), line)
    line = _LIST.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)
    return _LINK.sub(lambda found: (found[1] or found[3]) + _ENTITIES[found[2] or found[4]], line)


# --- both --------------------------------------------------------------------------------------------------


def _places(answer: Answer) -> Sequence[Citation | Passage]:
    """Return what an answer stands on: its citations, or the nearest passages where there is no answer."""
    if answer.status == "unanswerable" and not answer.citations:
        return answer.passages[:_NEAREST]
    quoted: dict[tuple[int, tuple[Span, ...]], Citation] = {}
    for citation in answer.citations:
        quoted.setdefault((citation.number, citation.spans), citation)
    return sorted(quoted.values(), key=lambda citation: citation.number)


def _label(answer: Answer, language: Language) -> str:
    refused = answer.status == "unanswerable" and not answer.citations
    return _WORDS[language]["nearest" if refused else "sources"]


def _quoted(place: Citation | Passage) -> str:
    return place.quote if isinstance(place, Citation) else place.text


def _verdict(answer: Answer, citation: Citation, language: Language) -> str:
    if citation.verdict == "supported":
        return f"✔ {_WORDS[language]['supported']}"
    reasons = [_line(explain(doubt, language)) for doubt in doubts_about(answer, citation)]
    return f"{SIGN} {'; '.join(reasons) or _WORDS[language]['unsupported']}"


def _notes(answer: Answer, language: Language) -> list[str]:
    """Return what was searched where that differs, why sentences are doubted, and the answer's own notes."""
    searched = [] if answer.query.strip() == answer.question.strip() else [answer.query]
    queries = [f"{_WORDS[language]['query']}: {query}" for query in searched]
    doubts = [f"{SIGN} “{_line(answer.text[d.start : d.end])}” {explain(d, language)}" for d in answer.doubts]
    return [*queries, *doubts, *answer.notes]


def _facts(place: Citation | Passage, language: Language) -> list[str]:
    """Return title › headings, date, page, file and offsets: enough to find the words again."""
    words = _WORDS[language]
    spans = ", ".join(f"{start}–{end}" for start, end in place.spans)
    return [
        fact
        for fact in (
            _SEPARATOR.join(dict.fromkeys((place.title, *place.heading))),
            place.date or "",
            words["page"].format(page=place.page) if place.page else "",
            place.source,
            words["characters"].format(spans=spans),
        )
        if fact
    ]


def _line(text: str) -> str:
    return " ".join(text.split())
