"""Runs the command as a shell does: words in, exit status and both streams out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import ui.cli


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


class Chuchu:
    """Runs the command in this process, which spares the seconds of loading models for each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd

    def __call__(self, *words: str | Path) -> Result:
        self._monkeypatch.setattr(sys, "argv", ["chuchu", *map(str, words)])
        self._capfd.readouterr()
        try:
            ui.cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = self._capfd.readouterr()
        return Result(status, out, err)


@pytest.fixture
def chuchu(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Chuchu:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return Chuchu(monkeypatch, capfd)
