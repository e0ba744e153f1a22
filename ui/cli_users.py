"""The commands ``chuchu users …``: who may log in to the chat page. Passwords are asked for, never an argument."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ui.options import path
from ui.users import Users, ask_password

File = Annotated[Path, typer.Option("--file", "-f", parser=path, help="The users file.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The user's name.", show_default=False)]

users_app = typer.Typer(
    help="Say who may log in to the chat page (chuchu chat --auth FILE).",
    epilog="Example: chuchu users add wang --file users.txt",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@users_app.command("add", epilog="Example: chuchu users add wang --file users.txt")
def users_add(name: Name, file: File) -> None:
    """Add a user, or give one another password, asked for (or read from a pipe); old sessions end at once."""
    from getpass import getpass

    typed = sys.stdin.isatty()
    password = ask_password(name, prompt=getpass if typed else _first_line, once=not typed)
    added = Users(file).set(name, password)
    typer.echo(f"{name} {'was added to' if added else 'has another password in'} {file}", err=True)


@users_app.command("remove", epilog="Example: chuchu users remove wang --file users.txt")
def users_remove(name: Name, file: File) -> None:
    """Take a user out; whoever is logged in under the name is logged out at once."""
    Users(file).remove(name)
    typer.echo(f"{name} was removed from {file}", err=True)


@users_app.command("list", epilog="Example: chuchu users list --file users.txt")
def users_list(file: File) -> None:
    """List the names."""
    for name in Users(file).names():
        typer.echo(name)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(users_app, name="users")


def _first_line(_: str) -> str:
    return sys.stdin.readline().rstrip("\n")
