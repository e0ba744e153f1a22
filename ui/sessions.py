"""Ends the sessions of users who were removed or given another password. Knows the users file and the tokens."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, MutableMapping

from index.errors import SettingsError
from ui.users import Users, normal_name

_log = logging.getLogger(__name__)

_CHECKS_AT_ONCE = 2  # passwords; each takes 64 MiB for a twentieth of a second
State = tuple[int, int, int]
"""Inode, size and time of the last change in nanoseconds: a file that was replaced has another."""


class Sessions:
    """Who is logged in; looks at the users file before each request, which costs a few microseconds.

    Its methods are called in one thread, the event loop's; only passwords are checked in others.
    """

    def __init__(self, users: Users) -> None:
        self.tokens: MutableMapping[str, str] = {}  # token → name; the server's own, once there is one
        self._users = users
        self._turns = threading.BoundedSemaphore(_CHECKS_AT_ONCE)
        self._state = self._look()
        self._hashes = self._read()

    async def login(self, name: str, password: str) -> bool:
        """Say whether a user has this password, without holding up what else is served."""
        self.refresh()
        before = self._hashes.get(normal_name(name))
        right = await asyncio.to_thread(self._check, name, password)
        self.refresh()  # whoever got another password in between logs in with that
        return right and self._hashes.get(normal_name(name)) == before

    def refresh(self) -> bool:
        """End the sessions of those whose line in the users file is gone or another; returns whether it changed."""
        state = self._look()
        if state == self._state:
            return False
        hashes = self._read()
        for token, name in list(self.tokens.items()):
            known = normal_name(name)
            if known not in hashes or hashes[known] != self._hashes.get(known):
                del self.tokens[token]
        self._state, self._hashes = state, hashes
        return True

    def _check(self, name: str, password: str) -> bool:
        try:
            with self._turns:
                return self._users.check(name, password)
        except SettingsError as error:  # the file was damaged meanwhile
            _log.error("nobody can log in: %s", error)
            return False

    def _look(self) -> State | None:
        try:
            found = self._users.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def _read(self) -> Mapping[str, str]:
        """Return the hashes by name; none where the file cannot be read, so that nobody stays logged in."""
        try:
            return self._users.hashes()
        except SettingsError as error:
            _log.error("nobody can stay logged in: %s", error)
            return {}
