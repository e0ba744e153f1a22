from __future__ import annotations

import os
from pathlib import Path

import pytest

import index.runtime
from index.errors import SettingsError
from index.runtime import models_at_once, precision, prepare_torch, thread_count


def test_two_threads_are_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHUCHU_THREADS", raising=False)
    assert thread_count() == min(2, os.cpu_count() or 1)


def test_the_environment_states_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUCHU_THREADS", " 3 ")
    assert thread_count() == 3


@pytest.mark.parametrize(
    ("cores", "threads", "expected"), [(1, 1, 2), (2, 2, 2), (8, 2, 4), (8, 1, 8), (6, 4, 2)]
)
def test_as_many_ask_models_at_once_as_their_threads_leave_cores_for(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int, expected: int
) -> None:
    monkeypatch.setenv("CHUCHU_THREADS", str(threads))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert models_at_once() == expected


@pytest.mark.parametrize("stated", ["0", "-1", "two", "1.5", "²", "２", "1025", "999999"])
def test_a_senseless_thread_count_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setenv("CHUCHU_THREADS", stated)
    with pytest.raises(SettingsError, match=f"CHUCHU_THREADS is '{stated}'.*whole number"):
        thread_count()


def test_torch_takes_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setenv("CHUCHU_THREADS", "1")
    prepare_torch()
    assert torch.get_num_threads() == 1
    monkeypatch.delenv("CHUCHU_THREADS")
    prepare_torch()
    assert torch.get_num_threads() == thread_count()


@pytest.mark.parametrize(("stated", "expected"), [("float32", "float32"), (" BFLOAT16 ", "bfloat16")])
def test_the_environment_states_the_precision(
    monkeypatch: pytest.MonkeyPatch, stated: str, expected: str
) -> None:
    monkeypatch.setenv("CHUCHU_PRECISION", stated)
    assert precision() == expected


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fma avx512f avx512_bf16 avx512_vnni", "bfloat16"),
        ("fma amx_bf16 amx_tile", "bfloat16"),
        ("fma avx2 avx512f avx512_vnni", "float32"),
        (None, "float32"),
    ],
)
@pytest.mark.parametrize("stated", ["", "auto"])
def test_by_itself_it_is_bfloat16_where_the_processor_has_the_instruction(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stated: str, flags: str | None, expected: str
) -> None:
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: none\n")
    monkeypatch.setattr(index.runtime, "_CPUINFO", tmp_path / "cpuinfo")
    index.runtime.multiplies_bfloat16.cache_clear()
    monkeypatch.setenv("CHUCHU_PRECISION", stated)
    assert precision() == expected
    index.runtime.multiplies_bfloat16.cache_clear()


def test_a_precision_that_there_is_not_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUCHU_PRECISION", "int4")
    with pytest.raises(SettingsError, match=r"CHUCHU_PRECISION is 'int4'.*float32, bfloat16 or auto"):
        precision()
