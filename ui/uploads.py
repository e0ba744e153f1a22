"""Moves uploaded files into a library's own folder. Takes what a browser says, gives paths; trusts neither.

A file is taken only from the upload folder, and moved out of it, so that no address of the page leads to it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import shutil
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.readers.kinds import kind_of, supported_kinds
from ui.datatypes import Language
from ui.strings import say
from ui.users import NOBODY

_log = logging.getLogger(__name__)

FOLDER = "uploads"  # inside the library
MAX_FILES = 2_000  # in one go
_MAX_DEPTH = 8  # folders above an uploaded file that are kept
_MAX_NAME = 120  # characters of one part of a path; file systems end at 255 bytes
_MAX_SUFFIX = 16  # characters; what is longer is no kind of file but part of the name
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\/\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as the browser names it: where it was uploaded to, and its path in the dropped folder."""

    path: str
    name: str


def safe_name(name: str) -> Path:
    """Return a relative path that stays where it is put: no "..", no drive, no hidden or reserved name."""
    parts = []
    for part in name.replace("\\", "/").split("/"):
        part = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", part)).strip().strip(".")
        if not part:
            continue
        stem, suffix = os.path.splitext(part)
        if len(suffix) > _MAX_SUFFIX:
            stem, suffix = part, ""
        stem = stem[: _MAX_NAME - len(suffix)]
        while len((stem + suffix).encode()) > 2 * _MAX_NAME:  # Chinese takes three bytes a character
            stem = stem[:-1]
        part = stem + suffix
        parts.append(f"_{part}" if _RESERVED.fullmatch(part) else part)
    return Path(*(parts[-_MAX_DEPTH:] or ["_"]))


def own_name(user: str) -> str:
    """Return the name of a user's own folder among those of all users."""
    name = safe_name(user).name
    return name if name == user else f"{name}-{_digest(user)}"  # two names may be made safe alike


def _own_path(name: str) -> Path:
    """Return where an upload of this name goes: a safe path that it shares with no other name."""
    path, name = safe_name(name), unicodedata.normalize("NFC", name)
    return path if path.as_posix() == name else path.with_stem(f"{path.stem}-{_digest(name)}")


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def keep(
    uploads: Sequence[Upload], library: Path, uploaded: Path, language: Language, user: str = NOBODY
) -> tuple[list[Path], list[str]]:
    """Move uploads into the library's folder; one takes the place of an earlier one of its name and user.

    Args:
        uploads: at most MAX_FILES are taken.
        library: the library's folder.
        uploaded: the folder that the server puts uploads in.
        language: of the reasons.
        user: whose uploads they are; where users log in, each has a folder of their own.

    Returns:
        The paths where they are now, and a sentence for each file that was refused.
    """
    kept: list[Path] = []
    refused: list[str] = []
    folder = library / FOLDER if user == NOBODY else library / FOLDER / own_name(user)
    if len(uploads) > MAX_FILES:
        refused.append(say(language, "too_many_files", limit=MAX_FILES))
    left = Counter(upload.path for upload in uploads[:MAX_FILES])  # those alike in name and content share one
    for upload in uploads[:MAX_FILES]:
        left[upload.path] -= 1
        name = _own_path(upload.name)
        if kind_of(name) is None:
            refused.append(say(language, "not_a_kind", name=upload.name, kinds=supported_kinds()))
            continue
        source = inside(upload.path, uploaded)
        if source is None:
            refused.append(say(language, "upload_gone", name=upload.name))
            continue
        target = folder / name
        try:
            _put(source, target, move=not left[upload.path])
        except OSError as error:
            _log.error("%s could not be kept: %s", target, error)
            reason = error.strerror or str(error)
            refused.append(say(language, "upload_not_kept", name=upload.name, reason=reason))
            continue
        kept.append(target)
    return kept, refused


def _put(source: Path, target: Path, *, move: bool) -> None:
    """Move or copy a file; one that was there before goes when all of the new one is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.parent / f".{secrets.token_hex(8)}.part"  # no kind that is read
    try:
        (shutil.move if move else shutil.copy2)(source, beside)
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def inside(path: str, folder: Path) -> Path | None:
    """Return a regular file inside a folder, links followed; None: it is none, or it is elsewhere."""
    try:
        real, root = Path(path).resolve(strict=True), folder.resolve(strict=True)
    except (OSError, ValueError):
        return None
    return real if real.is_file() and root in real.parents and not Path(path).is_symlink() else None
