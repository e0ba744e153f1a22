"""Sessions end with the line in the users file that they began with."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ui.sessions import Sessions
from ui.users import Users


def test_a_password_that_changes_while_it_is_checked_lets_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Users(tmp_path / "users.txt")
    users.set("wang", "first password")
    sessions = Sessions(users)
    checked = users.check

    def check(name: str, password: str) -> bool:
        right = checked(name, password)
        users.set("wang", "second password")
        return right

    monkeypatch.setattr(users, "check", check)
    with ThreadPoolExecutor(1) as apart:  # a browser of other tests may have a loop running in this thread
        assert not apart.submit(lambda: asyncio.run(sessions.login("wang", "first password"))).result()
        monkeypatch.undo()
        assert apart.submit(lambda: asyncio.run(sessions.login("wang", "second password"))).result()


def test_only_sessions_whose_line_changed_end(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.txt")
    for name in ("wang", "li"):
        users.set(name, "a password")
    sessions = Sessions(users)
    sessions.tokens = {"1": "wang", "2": "ｗａｎｇ", "3": "li"}
    assert not sessions.refresh()
    users.set("wang", "a password")  # the same one, with another salt: it was set anew
    assert sessions.refresh()
    assert sessions.tokens == {"3": "li"}
    users.path.unlink()
    assert sessions.refresh()
    assert sessions.tokens == {}
