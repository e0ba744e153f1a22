"""Who may use the page: a text file with one ``name:hash`` a line. Takes names and passwords, says yes or no.

Passwords are hashed by Argon2id with a salt of their own and argon2-cffi's defaults (RFC 9106, low memory); a
name that is not there costs as much time as a wrong password.
"""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import SettingsError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

NOBODY = "local"
"""Whose conversations they are where nobody logs in; no user is called so."""

MIN_PASSWORD = 8  # characters; NIST SP 800-63B
MAX_PASSWORD = 1_000  # characters
_NAME = re.compile(r"[\w.@-]{1,64}")


class Users:
    """The users of one file, which is read again at each question, so that a change counts at once."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def names(self) -> tuple[str, ...]:
        """Return the names in the order of the file.

        Raises
        ------
        SettingsError
            the file is missing, cannot be read, or a line of it is no ``name:hash``.
        """
        return tuple(self._read())

    def hashes(self) -> Mapping[str, str]:
        """Return each name's hash, which is another one after each change of a password.

        Raises
        ------
        SettingsError
            as for ``names``.
        """
        return self._read()

    def check(self, name: str, password: str) -> bool:
        """Say whether a user has this password; takes as long for a name that is not there.

        Raises
        ------
        SettingsError
            as for ``names``.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        name, password = _normal(name), _normal(password)[:MAX_PASSWORD]
        stored = self._read().get(name)
        try:
            right = _hasher().verify(stored or _nobodys_hash(), password)
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None

    def set(self, name: str, password: str) -> bool:
        """Add a user, or give one another password; returns whether the name is new.

        Raises
        ------
        SettingsError
            the name or password is none that can be, differs from another user's in capitals only (some file
            systems would give both one folder), or the file cannot be read or written.
        """
        name, password = _checked_name(name), _checked_password(password)
        users = self._read() if self.path.exists() else {}
        new = name not in users
        alike = [other for other in users if other.casefold() == name.casefold()]
        if new and alike:
            raise SettingsError(
                f"There is a user {alike[0]} already: choose a name that differs in more than capitals."
            )
        self._write(users | {name: _hasher().hash(password)})
        return new

    def remove(self, name: str) -> None:
        """Take a user out of the file; a page that is being served ends the user's sessions at once.

        Raises
        ------
        SettingsError
            there is no such user, or the file cannot be read or written.
        """
        users = self._read()
        if _normal(name) not in users:
            raise SettingsError(
                f"There is no user {name!r} in {self.path}: there are {', '.join(users) or 'none'}."
            )
        self._write({other: stored for other, stored in users.items() if other != _normal(name)})

    def _read(self) -> dict[str, str]:
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            raise SettingsError(
                f"There is no users file {self.path}: make one with `chuchu users add NAME --file {self.path}`."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The users file {self.path} cannot be read: {error}.") from error
        users: dict[str, str] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, stored = line.partition(":")
            if (
                not _NAME.fullmatch(name)
                or not stored.startswith("$argon2")
                or name in users
                or name == NOBODY
            ):
                raise SettingsError(
                    f"Line {number} of {self.path} is not name:hash with a name of its own and a hash of Argon2: "
                    "take it out, and add the user with `chuchu users add`."
                )
            users[name] = stored
        return users

    def _write(self, users: dict[str, str]) -> None:
        """Replace the file whole, readable by its owner only."""
        content = "".join(f"{name}:{stored}\n" for name, stored in users.items())
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, beside = tempfile.mkstemp(prefix=self.path.name, dir=self.path.parent)  # mode 0600
            try:
                with open(descriptor, "w", encoding="utf-8") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(beside, self.path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(beside)
                raise
        except OSError as error:
            raise SettingsError(
                f"The users file {self.path} cannot be written ({error.strerror}): choose another --file."
            ) from error


def ask_password(name: str, *, prompt: Callable[[str], str], once: bool = False) -> str:
    """Ask for a new password, twice unless it comes from a pipe.

    Raises
    ------
    SettingsError
        the two differ, or it is none that can be.
    """
    password = _checked_password(prompt(f"Password of {name}: "))
    if not once and _normal(prompt("The same again: ")) != password:
        raise SettingsError("The two passwords differ: nothing was changed, run it again.")
    return password


def _checked_name(name: str) -> str:
    name = _normal(name)
    if not _NAME.fullmatch(name) or name == NOBODY:
        raise SettingsError(
            f"{name!r} cannot be a user's name: it needs 1 to 64 letters, digits or . _ - @, "
            f"and is not {NOBODY!r}, which stands for pages without log-in."
        )
    return name


def _checked_password(password: str) -> str:
    password = _normal(password)
    try:
        password.encode()
    except UnicodeEncodeError:
        raise SettingsError("The password is not valid Unicode: type it, or send it as UTF-8.") from None
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise SettingsError(
            f"The password has {len(password)} characters: {MIN_PASSWORD} to {MAX_PASSWORD:,} are needed."
        )
    return password


def normal_name(name: str) -> str:
    """Return the form in which a name stands in the file."""
    return _normal(name)


def _normal(text: str) -> str:
    """Return a name or password in one form, however the keyboard composes its letters; outer space goes."""
    return unicodedata.normalize("NFKC", text).strip()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Return a hash with today's parameters that no password has, to spend the same time on unknown names."""
    return _hasher().hash(os.urandom(32).hex())
