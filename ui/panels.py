"""The frame of the page and its lists: documents, past conversations, first screen. Values in, HTML out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from html import escape

from index.datatypes import DocumentInfo, file_name
from index.ingest import IngestReport
from index.library import LibraryStats
from ui.datatypes import Language, Summary
from ui.errors import in_language
from ui.strings import language_name, say

SHOWN = 200  # documents or conversations listed at once; the others are found by searching

_TOP = """
<div id="chuchu"%s>
<a class="skip" href="#%s" data-t="%s"></a>
<header class="top">
  <a class="brand" href="./"><b>出处</b><span>chuchu</span></a>
  <nav class="pages"><a href="./" data-t="chat"></a><a href="library" data-t="library"></a>
    <a href="evaluate" data-t="evaluate"></a></nav>
  <div class="tools">
    <div class="menu export"><button type="button" data-do="export_menu" aria-haspopup="true" aria-expanded="false"
      data-t="export"></button>
      <div class="items" hidden><button type="button" data-do="export_markdown" data-t="export_markdown"></button>
      <button type="button" data-do="export_html" data-t="export_html"></button>
      <button type="button" data-do="export_json" data-t="export_json"></button></div></div>
    <button type="button" class="language" data-do="language" data-t="switch_language"></button>
    <button type="button" class="theme" data-do="theme" data-label="theme">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z"/></svg>
    </button>
  </div>
</header>
"""

_END = """
<div class="toast" role="status" hidden></div>
</div>
"""

CHAT = (
    _TOP % ("", "question", "skip_to_question")
    + """
<aside class="left" data-label="library">
  <button type="button" class="new" data-do="new" data-t="new_chat"></button>
  <section class="documents">
    <h2><span data-t="documents"></span><span class="add">
      <button type="button" data-do="add_files" data-t="add_files"></button>
      <button type="button" data-do="add_folder" data-t="add_folder"></button></span></h2>
    <input class="find" type="search" name="documents" data-placeholder="search_documents" autocomplete="off">
    <p class="scope" role="status"></p>
    <div class="progress" role="status" hidden></div>
    <div class="told" role="status"><div class="report" hidden></div></div>
    <ul class="list"></ul>
    <input class="files" type="file" multiple hidden><input class="folder" type="file" webkitdirectory hidden>
  </section>
  <section class="conversations">
    <h2 data-t="conversations"></h2>
    <input class="find" type="search" name="conversations" data-placeholder="search_conversations" autocomplete="off">
    <ul class="list"></ul>
  </section>
</aside>
<main class="centre" data-label="chat">
  <div class="scroll"><div class="turns" role="log" aria-live="off"></div></div>
  <p class="sr answered" role="status"></p>
  <div class="composer">
    <p class="editing" hidden><span data-t="editing"></span><button type="button" data-do="cancel_edit"
      data-t="cancel"></button></p>
    <div class="box"><textarea id="question" rows="1" maxlength="2000" data-placeholder="ask_placeholder"></textarea>
      <button type="button" class="send" data-do="send" data-label="send">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 19V5M5.5 11.5L12 5l6.5 6.5"/></svg></button>
      <button type="button" class="stop" data-do="stop" data-label="stop" hidden>
        <svg viewBox="0 0 24 24" aria-hidden="true"><rect x="7" y="7" width="10" height="10" rx="1.5"/></svg>
      </button></div>
    <div class="below"><label class="answerer" hidden><span data-t="answerer"></span><select></select></label>
      <p class="hint" data-t="ask_hint"></p></div>
  </div>
</main>
<aside class="right" data-label="evidence">
  <section class="cards" tabindex="-1"></section>
  <section class="reader" hidden><header><h3></h3>
    <div class="views" hidden><button type="button" data-do="view_text" data-t="text_view"></button>
      <button type="button" data-do="view_page" data-t="page_view"></button></div>
    <button type="button" data-do="next_mark" data-t="to_highlight"></button>
    <button type="button" class="close" data-do="close_reader" data-label="close">×</button></header>
    <p class="gone" hidden></p>
    <div class="body" tabindex="0"></div></section>
</aside>
<nav class="tabs"><button type="button" data-tab="left" data-t="documents"></button>
  <button type="button" data-tab="centre" data-t="chat"></button>
  <button type="button" data-tab="right" data-t="evidence"></button></nav>
<div class="tip" role="tooltip" hidden></div>
<div class="drop" hidden><p data-t="drop_here"></p></div>
"""
    + _END
)
"""The chat page without its contents; the script fills in the words of the language by ``data-t``."""

LIBRARY = (
    _TOP % (' class="single" data-page="library"', "main", "skip_to_contents")
    + """
<main class="sheet-page documents" id="main" tabindex="-1">
  <h1 data-t="library"></h1>
  <dl class="stats"></dl>
  <p class="deeds"><button type="button" class="button" data-do="add_files" data-t="add_files"></button>
    <button type="button" class="button" data-do="add_folder" data-t="add_folder"></button>
    <button type="button" class="button" data-do="verify" data-t="verify"></button></p>
  <div class="progress" role="status" hidden></div>
  <div class="told" role="status"><div class="report" hidden></div></div>
  <input class="find" type="search" name="documents" data-placeholder="search_documents" autocomplete="off">
  <p class="scope" role="status" hidden></p>
  <table><thead><tr><th data-t="title"></th><th data-t="date"></th><th data-t="kind"></th><th data-t="size"></th>
    <th></th></tr></thead><tbody class="list"></tbody></table>
  <input class="files" type="file" multiple hidden><input class="folder" type="file" webkitdirectory hidden>
</main>
<div class="drop" hidden><p data-t="drop_here"></p></div>
"""
    + _END
)

EVALUATE = (
    _TOP % (' class="single" data-page="evaluate"', "main", "skip_to_contents")
    + """
<main class="sheet-page evaluation" id="main" tabindex="-1">
  <h1 data-t="evaluate"></h1>
  <p class="lead" data-t="evaluate_more"></p>
  <label class="answerer" hidden><span data-t="answerer"></span><select></select></label>
  <p class="deeds"><button type="button" class="button" data-do="choose_questions" data-t="choose_questions"></button>
    <button type="button" class="button" data-do="draft_questions" data-t="draft_questions"></button>
    <button type="button" class="button stop-run" data-do="stop_run" data-t="stop" hidden></button></p>
  <p class="soft" data-t="draft_warning"></p>
  <div class="progress" role="status" hidden></div>
  <section class="runs"><h2 data-t="past_runs"></h2><ul class="list"></ul></section>
  <section class="run" tabindex="-1"></section>
  <input class="questions-file" type="file" accept=".jsonl,.csv,.json" hidden>
</main>
"""
    + _END
)


def documents_html(
    documents: Sequence[DocumentInfo], chosen: Collection[int], query: str, language: Language
) -> str:
    """Return the list of documents whose title, name or date holds the query; ``chosen`` are ticked."""
    if not documents:
        return f'<li class="empty">{escape(say(language, "no_documents"))}</li>'
    found = searched(documents, query)
    if not found:
        return f'<li class="empty">{escape(say(language, "no_match"))}</li>'
    rows = "".join(_document(info, info.id in chosen, language) for info in found[:SHOWN])
    left = len(found) - SHOWN
    more = f'<li class="empty">{escape(say(language, "more_documents", count=left))}</li>' if left > 0 else ""
    return rows + more


def searched(documents: Sequence[DocumentInfo], query: str) -> list[DocumentInfo]:
    """Return the documents whose title, name or date holds all words of a query."""
    wanted = query.casefold().split()
    texts = (f"{info.title} {info.name} {info.date or ''}".casefold() for info in documents)
    return [info for info, text in zip(documents, texts, strict=True) if all(word in text for word in wanted)]


def _document(info: DocumentInfo, chosen: bool, language: Language) -> str:
    facts = [
        info.date or "",
        say(language, "pages", count=info.page_count) if info.page_count else "",
        say(language, "characters", count=f"{info.characters:,}"),
        language_name(language, info.language),
    ]
    title, name = escape(info.title), escape(info.name)
    facts_html = escape(" · ".join(fact for fact in facts if fact))
    buttons = "".join(
        f'<button type="button" data-do="{action}" title="{label}" aria-label="{label}: {title}">{sign}</button>'
        for action, sign, label in (
            ("reread", "↻", escape(say(language, "reread"))),
            ("remove", "×", escape(say(language, "remove"))),
        )
    )
    tick = escape(say(language, "scope_tick"))
    return (
        f'<li data-document="{info.id}" data-title="{title}"><input type="checkbox" aria-label="{tick}: {title}"'
        f'{" checked" if chosen else ""}><button type="button" class="title" data-do="read" title="{name}">'
        f'<b>{title}</b><small>{facts_html}</small></button><span class="row-tools">{buttons}</span></li>'
    )


def rows_html(
    found: Sequence[DocumentInfo], outlines: Mapping[int, Sequence[str]], searching: bool, language: Language
) -> str:
    """Return documents as rows of a table, the first ones where they are many, each with its outline to unfold."""
    if not found:
        return _wide_row(say(language, "no_match" if searching else "no_documents"))
    left = len(found) - SHOWN
    more = _wide_row(say(language, "more_documents", count=left)) if left > 0 else ""
    return "".join(_row(info, outlines.get(info.id, ()), language) for info in found[:SHOWN]) + more


def _wide_row(text: str) -> str:
    return f'<tr><td colspan="5" class="empty">{escape(text)}</td></tr>'


def _row(info: DocumentInfo, outline: Sequence[str], language: Language) -> str:
    title, name = escape(info.title), escape(info.name)
    parts = "".join(f"<li>{escape(heading)}</li>" for heading in outline[:100])
    facts = "".join(f"<li>{escape(key)}: {escape(value)}</li>" for key, value in info.metadata.items())
    unfolded = f"<details><summary>{name}</summary><ul>{facts}</ul><ol>{parts}</ol></details>"
    pages = say(language, "pages", count=info.page_count) + " · " if info.page_count else ""
    length = escape(pages + say(language, "characters", count=f"{info.characters:,}"))
    buttons = "".join(
        f'<button type="button" data-do="{action}">{escape(say(language, key))}</button>'
        for action, key in (("ask_only", "ask_only_this"), ("reread", "reread"), ("remove", "remove"))
    )
    return (
        f'<tr data-document="{info.id}" data-title="{title}"><td><b>{title}</b>{unfolded}</td>'
        f"<td>{escape(info.date or '')}</td><td>{escape(language_name(language, info.language))}</td>"
        f'<td>{length}</td><td class="row-deeds">{buttons}</td></tr>'
    )


def stats_html(stats: LibraryStats, language: Language) -> str:
    """Return the figures of a library as a list of terms."""
    facts = {
        "stats_documents": f"{stats.documents:,}",
        "stats_chunks": f"{stats.chunks:,}",
        "stats_characters": f"{stats.characters:,}",
        "stats_bytes": f"{stats.bytes / 1e6:,.1f} MB",
        "stats_embedder": escape(stats.embedder),
        "stats_created": _day(stats.created),
    }
    return "".join(
        f"<div><dt>{escape(say(language, key))}</dt><dd>{value}</dd></div>" for key, value in facts.items()
    )


def _day(instant: str) -> str:
    """Return the day of an instant in UTC; the page's script makes it that of the reader's own clock."""
    return f'<time datetime="{escape(instant)}">{escape(instant[:10])}</time>'


def problems_html(problems: Sequence[str], language: Language) -> str:
    """Return what a check of the library found."""
    rows = "".join(f"<li>{escape(problem)}</li>" for problem in problems[:50])
    found = f"<ul>{rows}</ul>" if problems else f"<p>{escape(say(language, 'verified'))}</p>"
    return f'{found}<button type="button" data-do="dismiss">{escape(say(language, "dismiss"))}</button>'


def conversations_html(
    summaries: Sequence[Summary], current: int | None, searching: bool, language: Language
) -> str:
    """Return the list of past conversations, the current one marked."""
    if not summaries:
        none = say(language, "no_conversation_match" if searching else "no_conversations")
        return f'<li class="empty">{escape(none)}</li>'
    rows = "".join(_conversation(summary, summary.id == current, language) for summary in summaries[:SHOWN])
    left = len(summaries) - SHOWN
    more = escape(say(language, "more_conversations", count=left))
    return rows + (f'<li class="empty">{more}</li>' if left > 0 else "")


def _conversation(summary: Summary, current: bool, language: Language) -> str:
    title = escape(summary.title)
    rename, delete = escape(say(language, "rename")), escape(say(language, "delete"))
    return (
        f'<li data-conversation="{summary.id}"><button type="button" class="title" data-do="conversation"'
        f"{' aria-current=true' if current else ''}><b>{title}</b>"
        f"<small>{_day(summary.updated)}</small></button>"
        f'<span class="row-tools"><button type="button" data-do="rename" title="{rename}" '
        f'aria-label="{rename}: {title}">✎</button><button type="button" data-do="delete" title="{delete}" '
        f'aria-label="{delete}: {title}">×</button></span></li>'
    )


def welcome_html(examples: Sequence[str], language: Language) -> str:
    """Return the first screen, with questions that the library can answer."""
    ask = questions_html(examples, say(language, "try_asking"), "examples")
    return (
        f'<div class="welcome"><h1>{escape(say(language, "welcome"))}</h1>'
        f"<p>{escape(say(language, 'welcome_more'))}</p>{ask}</div>"
    )


def questions_html(questions: Sequence[str], label: str, kind: str) -> str:
    """Return questions that a click asks; nothing where there are none."""
    if not questions:
        return ""
    buttons = "".join(
        f'<li><button type="button" dir="auto" data-do="ask_this">{escape(question)}</button></li>'
        for question in questions
    )
    return f'<div class="{kind}"><h3>{escape(label)}</h3><ul>{buttons}</ul></div>'


def report_html(
    report: IngestReport, names: Mapping[str, str], refused: Sequence[str], language: Language
) -> str:
    """Return what an ingest did and each file that was left out, named as its user knows it.

    ``refused`` are the reasons of files that did not come as far as being read.
    """
    counts = {
        "added": report.added + report.moved + report.duplicates,
        "updated": report.updated,
        "unchanged": report.unchanged,
    }
    done = f"<p>{escape(say(language, 'ingested', **counts))}</p>" if names else ""
    failures = [
        in_language(
            failure.reason.replace(failure.path, names.get(failure.path) or file_name(failure.path)), language
        )
        for failure in report.failed
    ]
    return done + failures_html([*refused, *failures], language)


def failures_html(reasons: Sequence[str], language: Language) -> str:
    """Return the reasons why files were left out, and a button that takes the report away."""
    head = ""
    if reasons:
        label = escape(say(language, "not_read", count=len(reasons)))
        rows = "".join(f"<li>{escape(reason)}</li>" for reason in reasons[:50])
        head = f'<p class="failed">{label}</p><ul>{rows}</ul>'
    return f'{head}<button type="button" data-do="dismiss">{escape(say(language, "dismiss"))}</button>'
