"""Which kinds of file can be read, told by their names, and what to do about the others."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["text", "markdown", "html", "pdf", "docx"]

KINDS: dict[str, Kind] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
"""Extension → kind. Logs and tables of figures (.log, .csv) are data rather than documents and are left out:
a folder's one large export would drown its prose; renamed to .txt they are read."""

_SAVE_AS_DOCX = "save it as .docx or .pdf in the program that made it"
_SAVE_AS_TEXT = "if it is text to be searched, copy it to a .txt file"
_ADVICE = {
    ".doc": _SAVE_AS_DOCX,
    ".docm": _SAVE_AS_DOCX,
    ".dotx": _SAVE_AS_DOCX,
    ".rtf": _SAVE_AS_DOCX,
    ".odt": _SAVE_AS_DOCX,
    ".wps": _SAVE_AS_DOCX,
    ".pages": _SAVE_AS_DOCX,
    ".ppt": "export it as .pdf",
    ".pptx": "export it as .pdf",
    ".xls": "export it as .pdf or .txt",
    ".xlsx": "export it as .pdf or .txt",
    ".epub": "convert it to .html or .pdf",
    ".caj": "convert it to .pdf with a text layer",
    ".djvu": "convert it to .pdf with a text layer",
    ".zip": "unpack it and name the folder",
} | dict.fromkeys(
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif"),
    "run OCR on it and save the result as .txt or .pdf",
)


def kind_of(path: Path) -> Kind | None:
    """Tell the kind of a file by its extension; None where it is not supported."""
    return KINDS.get(path.suffix.lower())


def supported_kinds() -> str:
    """List the extensions for a message."""
    *most, last = KINDS
    return f"{', '.join(most)} or {last}"


def advice(path: Path) -> str:
    """Say that a file's kind is not supported and what to do."""
    suffix = path.suffix.lower()
    named = f"{suffix} files are" if suffix else "files without an extension are"
    return f"{named} not read (only {supported_kinds()}); {_ADVICE.get(suffix, _SAVE_AS_TEXT)}."
