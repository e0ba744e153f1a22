from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.errors import SettingsError
from ui.users import NOBODY, Users, ask_password

PASSWORD = "正确 horse battery"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    users = Users(tmp_path / "users.txt")
    users.set("wang", PASSWORD)
    return users


def test_only_the_right_password_of_a_user_is_right(users: Users) -> None:
    users.set("李雷", "另一个密码八个字")
    assert users.names() == ("wang", "李雷")
    assert users.check("wang", PASSWORD)
    assert users.check(" wang ", PASSWORD)
    assert users.check("李雷", "另一个密码八个字")
    for name, password in (
        ("wang", PASSWORD + "x"),
        ("wang", PASSWORD.upper()),
        ("wang", ""),
        ("Wang", PASSWORD),
        ("李雷", PASSWORD),
        ("", ""),
        ("nobody", PASSWORD),
        ("wang\n", "x" * 100_000),
        (NOBODY, PASSWORD),
    ):
        assert not users.check(name, password)


def test_a_password_is_the_same_however_it_is_composed(users: Users) -> None:
    users.set("ann", "caf\u00e9 12345")
    assert users.check("ann", "cafe\u0301 12345")
    assert users.check("ann", "ｃａｆé １２３４５")


def test_the_file_holds_salted_hashes_and_is_its_owners_alone(users: Users) -> None:
    users.set("twin", PASSWORD)
    lines = users.path.read_text().splitlines()
    hashes = [line.partition(":")[2] for line in lines]
    assert all(stored.startswith("$argon2id$") for stored in hashes)
    assert hashes[0] != hashes[1], "each has a salt of its own"
    assert PASSWORD not in users.path.read_text()
    if sys.platform != "win32":
        assert users.path.stat().st_mode & 0o077 == 0
    assert [path.name for path in users.path.parent.iterdir()] == ["users.txt"]


def test_setting_a_user_again_changes_the_password_only(users: Users) -> None:
    assert users.set("li", "first password")
    assert not users.set("li", "second password")
    assert users.names() == ("wang", "li")
    assert users.check("li", "second password")
    assert not users.check("li", "first password")
    users.remove("li")
    assert not users.check("li", "second password")
    assert users.check("wang", PASSWORD)


def test_two_users_differ_in_more_than_capitals(users: Users) -> None:
    users.set("Lin", "a long password")
    with pytest.raises(SettingsError, match="a user Lin already"):
        users.set("lin", "another password")
    assert not users.set("Lin", "another password")


def test_an_unknown_name_takes_as_long_as_a_wrong_password(users: Users) -> None:
    def spent(name: str) -> float:
        begun = time.process_time()
        users.check(name, "wrong password")
        return time.process_time() - begun

    spent("nobody")  # makes the hash that unknown names are compared with
    known, unknown = (statistics.median(spent(name) for _ in range(5)) for name in ("wang", "nobody"))
    assert 1 / 3 < known / unknown < 3
    assert unknown > 0.005, "a quick no would tell that there is no such user"


@pytest.mark.parametrize("name", ["", " ", "a b", "a:b", "a\nb", "x" * 65, "../etc", "<b>", NOBODY])
def test_a_name_that_cannot_be_is_refused_in_a_sentence(users: Users, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be a user's name"):
        users.set(name, PASSWORD)


def test_a_password_that_no_file_can_hold_is_refused(users: Users) -> None:
    with pytest.raises(SettingsError, match="not valid Unicode"):
        users.set("li", "pass\udcffword")


@pytest.mark.parametrize("password", ["", "short", " " * 20, "x" * 1001])
def test_a_password_that_cannot_be_is_refused_in_a_sentence(users: Users, password: str) -> None:
    with pytest.raises(SettingsError, match="characters: 8 to 1,000 are needed"):
        users.set("li", password)


def test_a_missing_file_names_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="chuchu users add NAME --file"):
        Users(tmp_path / "none.txt").check("wang", PASSWORD)


@pytest.mark.parametrize(
    "line", ["wang", "wang:secret", "a b:$argon2id$x", "wang:$2b$12$abc", f"{NOBODY}:$argon2id$x"]
)
def test_a_bad_line_is_named_and_nobody_gets_in(tmp_path: Path, line: str) -> None:
    path = tmp_path / "users.txt"
    path.write_text(f"# the users\n\n{line}\n")
    with pytest.raises(SettingsError, match=r"Line 3 of .*users\.txt"):
        Users(path).check("wang", "secret")


def test_a_damaged_hash_lets_nobody_in(users: Users) -> None:
    users.path.write_text("wang:$argon2id$v=19$m=65536,t=3,p=4$broken\n")
    assert not users.check("wang", PASSWORD)


def test_two_different_passwords_change_nothing() -> None:
    said = iter(["password one", "password two"])
    with pytest.raises(SettingsError, match="differ"):
        ask_password("wang", prompt=lambda _: next(said))


def command(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *arguments], input=typed, capture_output=True, text=True, check=False
    )


def test_the_commands_add_list_and_remove(tmp_path: Path) -> None:
    file = str(tmp_path / "users.txt")
    added = command("users", "add", "wang", "--file", file, typed=PASSWORD + "\n")
    assert (added.returncode, added.stdout) == (0, "")
    assert Users(file).check("wang", PASSWORD)
    assert command("users", "list", "--file", file).stdout == "wang\n"
    assert command("users", "remove", "wang", "--file", file).returncode == 0
    refused = command("users", "remove", "wang", "--file", file)
    assert refused.returncode == 1
    assert refused.stderr.startswith("chuchu: There is no user 'wang'")
    short = command("users", "add", "wang", "--file", file, typed="short\n")
    assert short.returncode == 1
    assert len(short.stderr.splitlines()) == 1


@pytest.mark.parametrize("closed", [False, True])
def test_what_comes_from_a_pipe_and_is_no_password_is_one_line(tmp_path: Path, closed: bool) -> None:
    words = [sys.executable, "-m", "ui.cli", "users", "add", "wang", "--file", str(tmp_path / "users.txt")]
    shell = ["sh", "-c", '"$@" <&-' if closed else '"$@"', "sh", *words]
    ended = subprocess.run(
        shell, input=None if closed else b"pass\xff\xfeword\n", capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert (b"0 characters" if closed else b"not valid Unicode") in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
