"""From a path to a ``Document``: reads bytes, has them parsed, adds title and language. Knows no storage."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from index.datatypes import Document, Page, Span
from index.errors import ReadError
from index.readers.child import Child
from index.readers.columns import Box
from index.readers.draft import Draft
from index.readers.files import source_of
from index.readers.kinds import Kind, advice, kind_of
from index.readers.limits import DEFAULT_LIMITS, ReadLimits
from index.readers.parsers import HARMLESS, parse
from index.readers.pdf import PageBoxes

_MAGIC: tuple[tuple[bytes, str, tuple[Kind, ...]], ...] = (
    (b"%PDF-", "a PDF", ("pdf",)),
    (b"PK\x03\x04", "a ZIP archive or an Office document", ("docx",)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or encrypted Office document", ()),
    (b"{\\rtf", "an RTF document", ()),
    (b"\x89PNG", "a picture", ()),
    (b"\xff\xd8\xff", "a picture", ()),
    (b"GIF8", "a picture", ()),
)


class DocumentReader:
    """Reads files one after another, the risky formats in a child process that is started when first needed.

    Use it as a context manager; leaving it ends the child. Threads that share a reader take turns.
    """

    def __init__(self, limits: ReadLimits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self._child = Child(limits)

    def __enter__(self) -> DocumentReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process; the next ``read`` that needs one starts another."""
        self._child.close()

    def read(self, path: str | Path, *, content: bytes | None = None) -> Document:
        """Read one file.

        Parameters
        ----------
        path:
            The file; its extension tells its kind.
        content:
            Its bytes, if ``read_content`` has them already (to hash them, say); else they are read here.

        Raises
        ------
        ReadError
            With one sentence that names the file, the reason, and what to do.

        """
        path = Path(path)
        if content is None:
            content = read_content(path, self.limits)
        with _named(path):
            kind = _check(path, content)
            draft = self._parse(kind, content)
            if not draft.text.strip():
                raise ReadError("there is no text in it, only white space; leave it out or replace it.")
            if len(draft.text) > self.limits.max_characters:
                raise ReadError(
                    f"it holds {len(draft.text):,} characters, more than the limit of "
                    f"{self.limits.max_characters:,}; split it or raise max_characters."
                )
        return _document(path, draft)

    def page_boxes(self, path: str | Path, page: Page, spans: Sequence[Span]) -> PageBoxes:
        """Find where spans of a PDF document's text stand on one of its pages; see ``pdf.page_boxes``.

        Raises
        ------
        ReadError
            If the file cannot be read or is no longer the one that was ingested.

        """
        content = read_content(path, self.limits)
        with _named(Path(path)):
            reply, _ = self._child.ask(
                "boxes", content, number=page.number, span=page.span, spans=list(spans)
            )
        return PageBoxes(
            width=reply["width"], height=reply["height"], boxes=tuple(Box(*box) for box in reply["boxes"])
        )

    def render_page(self, path: str | Path, number: int, scale: float = 1.5) -> bytes:
        """Draw a page of a PDF as a PNG; ``number`` starts at 1, ``scale`` is in pixels per point.

        Raises
        ------
        ReadError
            If the file cannot be read or has no such page.

        """
        content = read_content(path, self.limits)
        with _named(Path(path)):
            return self._child.ask("render", content, number=number, scale=scale)[1]

    def _parse(self, kind: Kind, content: bytes) -> Draft:
        if kind in HARMLESS:
            return parse(kind, content, self.limits)
        _, payload = self._child.ask("parse", content, kind=kind)
        try:
            return Draft.from_json(json.loads(payload))
        except (ValueError, KeyError, TypeError) as error:
            raise ReadError(f"the parser's result makes no sense ({error}); save the file again.") from error


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the file's name before the message of a ``ReadError``."""
    try:
        yield
    except ReadError as error:
        raise ReadError(f"{path}: {error}") from error.__cause__


def read_content(path: str | Path, limits: ReadLimits = DEFAULT_LIMITS) -> bytes:
    """Read a file's bytes, making sure that it is a file, not too large, and did not change meanwhile.

    Raises
    ------
    ReadError
        With one sentence that names the file, the reason, and what to do.

    """
    path = Path(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # before opening: opening a named pipe would wait forever
            raise ReadError(f"{path}: is not a regular file; name a file.")
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if before.st_size > limits.max_bytes:
                raise ReadError(
                    f"{path}: is {before.st_size / 1e6:,.1f} MB, larger than the limit of "
                    f"{limits.max_bytes / 1e6:,.1f} MB; split it or raise the limit."
                )
            content = file.read(limits.max_bytes + 1)
            _check_unchanged(path, before, os.fstat(file.fileno()), path.stat(), len(content))
    except FileNotFoundError:
        raise ReadError(f"{path}: the file is not there (any more); list the folder again.") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ReadError(f"{path}: cannot be opened ({reason}); check its permissions.") from error
    return content


def _check_unchanged(
    path: Path, before: os.stat_result, after: os.stat_result, now: os.stat_result, length: int
) -> None:
    """Compare the file before and after reading, and with what its name leads to: editors replace files."""
    states = {(state.st_ino, state.st_size, state.st_mtime_ns) for state in (before, after, now)}
    if len(states) > 1 or length != before.st_size:
        raise ReadError(f"{path}: was changed while it was read; ingest it again when it is finished.")


def _check(path: Path, content: bytes) -> Kind:
    kind = kind_of(path)
    if kind is None:
        raise ReadError(advice(path))
    if not content:
        raise ReadError("the file is empty (0 bytes); leave it out or replace it.")
    if not content.strip(b"\x00"):
        raise ReadError("it holds nothing but NUL bytes, as after a failed copy; copy it again.")
    for magic, name, kinds in _MAGIC:
        if content.startswith(magic) and kind not in kinds:
            raise ReadError(
                f"it is {name} by its content but {path.suffix} by its name; "
                "save it as .docx, .pdf or .txt, or give it its right extension."
            )
    return kind


def _document(path: Path, draft: Draft) -> Document:
    from index.text import detect_language

    return Document(
        source=source_of(path),
        title=draft.title or path.stem.encode("utf-8", "replace").decode(),
        language=detect_language(draft.text),
        metadata=draft.metadata,
        page_count=len(draft.pages),
        characters=len(draft.text),
        text=draft.text,
        pages=draft.pages,
        marks=draft.marks,
    )
