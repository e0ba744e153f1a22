"""From paths to the files to read, in a stable order, and counts of what was passed over. Opens no file."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.readers.kinds import advice, kind_of, supported_kinds

_SYSTEM_NAMES = frozenset(
    {
        "$recycle.bin",
        "__macosx",
        "__pycache__",
        "desktop.ini",
        "lost+found",
        "node_modules",
        "system volume information",
        "thumbs.db",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """A path that was asked for and cannot be read; ``reason`` is one sentence that names it."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileListing:
    """The files to read, each once, absolute, in a stable order.

    ``skipped`` counts by reason ("hidden", "system", "unsupported .png", "link leading outside" …) what
    lies in a named folder and is not read; a skipped folder counts once.
    """

    files: tuple[Path, ...] = ()
    roots: tuple[Path, ...] = ()  # the paths that were asked for, absolute
    skipped: Mapping[str, int] = field(default_factory=dict)
    errors: tuple[FileProblem, ...] = ()


def source_of(path: Path) -> str:
    """Name a file as ``Document.source`` does: its absolute path as text that UTF-8 can hold."""
    return os.fsencode(os.path.abspath(path)).decode("utf-8", "backslashreplace")


def absolute(path: str | Path) -> Path:
    """Return the absolute path that a person means; ``~`` is the home folder where no file is called so."""
    if not os.path.lexists(path):
        path = os.path.expanduser(path)
    return Path(os.path.abspath(path))


def find_files(paths: Iterable[str | Path], *, exclude: Iterable[str | Path] = ()) -> FileListing:
    """List the readable files under some files and folders.

    Parameters
    ----------
    paths:
        Files and folders; a folder is searched through all its depth. Each file is listed once, even if it is
        reached in two ways. Order: as named; inside a folder by name.
    exclude:
        Files and folders to leave out without a count, such as the library itself.

    Returns
    -------
    FileListing
        A missing path, an unsupported file that was named, a folder without anything to read: entries in
        ``errors``. Links inside a folder are followed to files within it only, links to folders never: there
        are no loops, and nothing outside of what was named is read.

    """
    search = _Search(exclude)
    for path in paths:
        search.add(path)
    return FileListing(
        files=tuple(search.files.values()),
        roots=tuple(search.roots),
        skipped=dict(search.skipped),
        errors=tuple(search.errors),
    )


class _Search:
    def __init__(self, exclude: Iterable[str | Path]) -> None:
        self.files: dict[str, Path] = {}  # by real path: one file is read once, however it is reached
        self.roots: list[Path] = []
        self.skipped: Counter[str] = Counter()
        self.errors: list[FileProblem] = []
        self._exclude = {os.path.realpath(path) for path in exclude}

    def add(self, name: str | Path) -> None:
        path = absolute(name)
        self.roots.append(path)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return self._fail(path, why_missing(path))
        except (OSError, ValueError) as error:
            return self._fail(path, f"{path}: cannot be reached ({_why(error)}); check the path.")
        if stat.S_ISDIR(mode):
            return self._add_folder(path)
        if not stat.S_ISREG(mode):
            return self._fail(path, f"{path}: is neither a file nor a folder; name one of those.")
        if kind_of(path) is None:
            return self._fail(path, f"{path}: {advice(path)}")
        self.files.setdefault(os.path.realpath(path), path)

    def _add_folder(self, folder: Path) -> None:
        found: list[Path] = []
        links: list[Path] = []
        skipped: Counter[str] = Counter()
        failures = len(self.errors)
        root = os.path.realpath(folder)
        for entry in self._walk(folder, skipped):
            (links if entry.is_symlink() else found).append(Path(entry.path))
        for path in found:
            self.files.setdefault(os.path.realpath(path), path)
        for path in links:
            target = os.path.realpath(path)
            if not os.path.isfile(target):
                skipped["broken link" if not os.path.exists(target) else "link to a folder"] += 1
            elif not target.startswith(root.rstrip(os.sep) + os.sep):
                skipped["link leading outside"] += 1
            elif self.files.setdefault(target, path) is not path:
                skipped["link to a file that is read anyway"] += 1
        self.skipped += skipped
        if not found and not links and len(self.errors) == failures:
            counts = ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items()))
            self._fail(
                folder,
                f"{folder}: holds no document that can be read ({counts or 'it is empty'}); "
                f"expected {supported_kinds()}.",
            )

    def _walk(self, folder: Path, skipped: Counter[str]) -> Iterator[os.DirEntry[str]]:
        waiting: list[os.DirEntry[str]] = self._entries(folder)
        while waiting:
            entry = waiting.pop()
            reason = self._reason_to_skip(entry)
            if reason is None:
                if entry.is_dir(follow_symlinks=False):
                    waiting.extend(self._entries(Path(entry.path)))
                else:
                    yield entry
            elif reason:
                skipped[reason] += 1

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name, reverse=True)  # a stack: last out first
        except OSError as error:
            self._fail(folder, f"{folder}: cannot be listed ({_why(error)}); check its permissions.")
            return []

    def _reason_to_skip(self, entry: os.DirEntry[str]) -> str | None:
        """Say why an entry is passed over: None if it is not, empty if it should not even be counted."""
        if self._exclude and os.path.realpath(entry.path) in self._exclude:
            return ""
        if entry.name.lower() in _SYSTEM_NAMES or entry.name.startswith("~$"):  # ~$: Word's lock files
            return "system"
        if entry.name.startswith("."):
            return "hidden"
        try:
            attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
            if attributes & (stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM):  # Windows only
                return "hidden"
            if entry.is_dir(follow_symlinks=False):
                return None
            if entry.is_symlink() and entry.is_dir():
                return "link to a folder"
            if not entry.is_symlink() and not entry.is_file():
                return "not a regular file"
        except OSError:  # it went away while the folder was listed, or a loop of links
            return "broken link" if entry.is_symlink() else "vanished"
        if kind_of(Path(entry.name)) is None:
            return f"unsupported {Path(entry.name).suffix.lower() or '(no extension)'}"
        return None

    def _fail(self, path: Path, reason: str) -> None:
        self.errors.append(FileProblem(path=path, reason=reason))


def why_missing(path: Path) -> str:
    """Return the sentence about a named file or folder that is not there."""
    if path.is_symlink():
        return f"{path}: is a link to a file that does not exist; name the file itself."
    return f"{path}: there is no such file or folder; check the path."


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
