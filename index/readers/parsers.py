"""From a kind and bytes to a draft: the one table of parsers, used here and in the parsing process."""

from __future__ import annotations

from index.errors import ReadError
from index.readers.draft import Draft
from index.readers.kinds import Kind
from index.readers.limits import ReadLimits
from index.readers.text import read_markdown, read_text

HARMLESS: frozenset[Kind] = frozenset({"text", "markdown"})
"""Kinds parsed by this project's own code in linear time; the others are parsed in a process of their own."""


def parse(kind: Kind, content: bytes, limits: ReadLimits) -> Draft:
    """Parse a file's bytes.

    Raises
    ------
    ReadError
        If they are not what ``kind`` says, or break a limit; the message does not name the file.

    """
    if kind == "text":
        return read_text(content)
    if kind == "markdown":
        return read_markdown(content)
    if kind == "html":
        from index.readers.html import read_html

        return read_html(content)
    if kind == "docx":
        from index.readers.docx import read_docx

        return read_docx(content, limits)
    if kind == "pdf":
        from index.readers.pdf import read_pdf

        return read_pdf(content, limits)
    raise ReadError(f"there is no parser for {kind}.")
