from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from index import weights
from index.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "model.safetensors").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "1_Pooling" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "README.md").write_text("no part of what the model computes", encoding="utf-8")
    weights.write_checksums(tmp_path)
    return tmp_path


def test_a_whole_folder_passes_and_its_digest_ignores_the_readme(folder: Path) -> None:
    before = weights.short_digest(weights.verify(folder))
    (folder / "README.md").write_text("rewritten", encoding="utf-8")
    assert weights.short_digest(weights.verify(folder)) == before
    assert len(before) == 12


def test_the_checksums_are_those_of_sha256sum(folder: Path) -> None:
    subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True, capture_output=True
    )
    assert list(weights.verify(folder)) == ["1_Pooling/config.json", "config.json", "model.safetensors"]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "1_Pooling/config.json"])
def test_one_flipped_byte_is_named_with_its_file(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} is damaged: its SHA-256 begins .* install chuchu again"):
        weights.verify(folder)


def test_a_lost_file_is_named(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"has lost its model\.safetensors"):
        weights.verify(folder)


def test_an_absent_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no whole model in .*nowhere"):
        weights.verify(tmp_path / "nowhere")
