from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import pytest

from index import hub
from index.errors import ModelError


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["config.json", "model.safetensors"], []),
        (["pytorch_model.bin", "model.safetensors"], []),
        (["pytorch_model.bin", "onnx/model.onnx", "colbert_linear.pt"], ["pytorch_model.bin"]),
        (
            ["pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"],
            ["pytorch_model-00001-of-00002.bin"],
        ),
        (["model.safetensors", "2_Dense/pytorch_model.bin"], ["2_Dense/pytorch_model.bin"]),
    ],
)
def test_weights_that_are_only_pickles_are_told(files: list[str], expected: list[str]) -> None:
    assert hub.pickled(files) == expected


def located(
    monkeypatch: pytest.MonkeyPatch, cache: Path, requests: list[Any], files: list[str]
) -> hub.Source:
    class Api:
        def model_info(self, repository: str, timeout: float) -> Any:
            return SimpleNamespace(siblings=[SimpleNamespace(rfilename=name) for name in files])

        def get_repo_discussions(self, repository: str, **_: str) -> list[Any]:
            return requests

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    return hub.locate("BAAI/bge-m3", kind="embedder", owner="x", instead="builtin")


def request(author: str, num: int) -> Any:
    return SimpleNamespace(author=author, title=hub.CONVERSION, num=num)


def test_pickles_are_taken_from_the_converters_request_and_from_nobody_elses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = [request("somebody", 1), request(hub.CONVERTER, 7)]
    files = ["config.json", "pytorch_model.bin"]
    assert located(monkeypatch, tmp_path, asked, files).revision == "refs/pr/7"
    assert located(monkeypatch, tmp_path, asked, ["model.safetensors"]).revision is None
    with pytest.raises(ModelError, match=r"holds pytorch_model\.bin and no safetensors"):
        located(monkeypatch, tmp_path, asked[:1], files)


def test_what_was_downloaded_is_found_in_its_revision(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "models--BAAI--bge-m3"
    for ref, commit, weights in (
        ("main", "a" * 40, "pytorch_model.bin"),
        ("refs/pr/7", "b" * 40, "model.safetensors"),
    ):
        (folder / "refs" / ref).parent.mkdir(parents=True, exist_ok=True)
        (folder / "refs" / ref).write_text(commit)
        snapshot = folder / "snapshots" / commit
        snapshot.mkdir(parents=True)
        for name in ("config.json", weights):
            (snapshot / name).touch()
    source = located(monkeypatch, tmp_path, [], [])
    assert (source.local, source.revision, source.content()) == (True, "refs/pr/7", "b" * 12)


@pytest.mark.parametrize(
    ("index", "shards", "local"),
    [
        ({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}, [1, 2], True),
        ({"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}, [1], False),
        ({}, [1, 2], False),
        ([], [1, 2], False),
    ],
)
def test_a_download_that_was_broken_off_between_two_shards_is_gone_on_with(
    index: Any, shards: list[int], local: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "models--BAAI--bge-m3"
    snapshot = folder / "snapshots" / ("a" * 40)
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("a" * 40)
    (snapshot / "config.json").touch()
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(index))
    for n in shards:
        (snapshot / f"model-{n}.safetensors").touch()
    assert located(monkeypatch, tmp_path, [], ["model-1.safetensors"]).local is local


@pytest.mark.parametrize(
    "name", ["model.safetensors", "2_Dense/model.safetensors", "vocab.txt", "spiece.model"]
)
def test_the_content_of_a_folder_is_other_when_a_file_that_counts_is(tmp_path: Path, name: str) -> None:
    source = hub.Source(repository=str(tmp_path), local=True)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"first")
    before = source.content()
    (tmp_path / name).write_bytes(b"other")
    assert source.content() != before
