"""Says where a model is and whether it may be opened, before anything of it is loaded.

Takes a folder or a Hugging Face name, gives where its files are and in which revision; knows nothing of what
a model computes. Only safetensors may be opened: a pickle can run code. Asking once beforehand also turns a
misspelt name or a missing network into an error after a second; the loaders themselves would try again for
over a minute, or ask a service elsewhere to convert the weights.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from index import weights
from index.errors import ModelError

CONVERTER = "SFconvertbot"
"""Hugging Face's own converter of pickles; transformers trusts its pull requests too, and no others."""

CONVERSION = "Adding `safetensors` variant of this model"  # the title of such a pull request

LOADING_ERRORS = (OSError, ValueError, RuntimeError, ImportError, KeyError)
"""What transformers raises when a model cannot be loaded."""

Model = TypeVar("Model")

_CONFIGURATIONS = ("modules.json", "config.json")
_PICKLE = re.compile(r"pytorch_model\b.*\.(bin|pt|pth)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model's files come from."""

    repository: str  # a Hugging Face name with its owner, or a folder
    local: bool  # on this machine already: the network is not asked
    revision: str | None = None  # of the converter's pull request; None: the main branch, or a folder

    def content(self) -> str:
        """Return what changes with the content: a digest of a folder, or the commit of a name.

        Raises:
            ModelError: the files of a name are not in the cache, so they were not loaded from there.
        """
        if Path(self.repository).is_dir():
            return weights.short_digest(weights.checksums(Path(self.repository)))
        snapshot = _snapshot(self.repository, self.revision)
        if snapshot is None:
            raise ModelError(f"{self.repository!r} was loaded, but its files are not in the cache.")
        return snapshot.name[:12]


def locate(name_or_path: str, *, kind: str, owner: str, instead: str) -> Source:
    """Find a model that may be opened.

    Args:
        name_or_path: a folder, or a Hugging Face name.
        kind: what it is to be, for the messages: "embedder", "reranker".
        owner: whose model a name without an owner is.
        instead: what comes with the package and needs no model elsewhere.

    Raises:
        ModelError: there is none, it is gated, cannot be asked for, or holds only pickles.
    """
    folder = Path(name_or_path)
    if name_or_path and folder.is_dir():
        if not any((folder / name).is_file() for name in _CONFIGURATIONS):
            raise ModelError(
                f"The folder {name_or_path!r} holds no model: no modules.json and no config.json."
            )
        _refuse_pickles(name_or_path, kind, _files(folder))
        return Source(repository=name_or_path, local=True)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name_or_path) or name_or_path.startswith("."):
        raise ModelError(
            f"There is no {kind} in {name_or_path!r}: no such folder, and not a Hugging Face name."
        )
    repository = name_or_path if "/" in name_or_path else f"{owner}/{name_or_path}"
    return _cached(repository) or _asked_for(name_or_path, repository, kind, instead)


def load(make: Callable[..., Model], source: Source, *, name: str, kind: str, device: str | None) -> Model:
    """Load a model by a class of sentence-transformers: only safetensors, no code of the model's own.

    Args:
        make: the class.
        source: what ``locate`` returned.
        name: what the model was asked for by, for the messages.
        kind: what it is to be, as in ``locate``.
        device: such as "cpu" or "cuda"; None: where sentence-transformers puts it.

    Raises:
        ModelError: it is damaged, too large, or of a kind that transformers does not know.
    """
    from huggingface_hub.constants import HF_HUB_CACHE
    from safetensors import SafetensorError

    logging.getLogger("transformers").setLevel(logging.ERROR)  # its report of unused heads says nothing here
    try:
        return make(
            source.repository,
            device=device,
            revision=source.revision,
            cache_folder=HF_HUB_CACHE,
            local_files_only=source.local,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except (*LOADING_ERRORS, SafetensorError) as error:
        raise unloadable(name, kind, error) from error


def short_name(name_or_path: str) -> str:
    """Return the last part of a name or path."""
    return name_or_path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def first_line(error: BaseException) -> str:
    """Return the first line of an error's text; libraries add paragraphs of advice about themselves."""
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def unloadable(name: str, kind: str, error: Exception) -> ModelError:
    """Return the error that says why a library could not load a model."""
    if "trust_remote_code" in str(error):
        return ModelError(
            f"The {kind} {name!r} needs code from its own repository, which is never run here: "
            "choose a model that transformers knows."
        )
    return ModelError(f"The {kind} {name!r} could not be loaded: {first_line(error)}")


def pickled(files: Iterable[str]) -> list[str]:
    """Return the weights among a model's files that are there as pickles alone, without safetensors beside."""
    paths = [PurePosixPath(name) for name in files]
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    return sorted(str(path) for path in paths if _PICKLE.match(path.name) and path.parent not in safe)


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def _refuse_pickles(name: str, kind: str, files: Iterable[str]) -> None:
    found = pickled(files)
    if found:
        raise ModelError(
            f"The {kind} {name!r} holds {found[0]} and no safetensors in its place; a pickle can run code, so it "
            "is not opened: take a model with model.safetensors, or convert one you trust and give its folder."
        )


def _asked_for(name: str, repository: str, kind: str, instead: str) -> Source:
    """Ask Hugging Face for a model that is not on this machine."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    api = HfApi()
    try:
        files = [file.rfilename for file in api.model_info(repository, timeout=10).siblings or ()]
        revision = _conversion(api, repository) if pickled(files) else None
    except GatedRepoError:
        raise ModelError(
            f"The {kind} {name!r} is gated: accept its terms on huggingface.co and run `hf auth login`."
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError(
            f"There is no {kind} {name!r}: neither a folder nor a name on huggingface.co."
        ) from None
    except Exception as error:  # the HTTP client behind the hub library is not ours to name
        raise ModelError(
            f"The {kind} {name!r} is not on this machine and huggingface.co could not be asked "
            f"({first_line(error)}); go online, give a folder, or use {instead!r}."
        ) from error
    if revision is None:
        _refuse_pickles(name, kind, files)
    return Source(repository=repository, local=False, revision=revision)


def _conversion(api: Any, repository: str) -> str | None:
    """Return the reference of the converter's open pull request, whose weights are the pickle's; None: none."""
    requests = api.get_repo_discussions(
        repository, author=CONVERTER, discussion_type="pull_request", discussion_status="open"
    )
    for request in requests:
        if request.author == CONVERTER and request.title == CONVERSION:
            return f"refs/pr/{request.num}"
    return None


def _cached(repository: str) -> Source | None:
    """Return a model that has been downloaded before, with its weights; the network is not asked."""
    requests = _cache_folder(repository) / "refs" / "refs" / "pr"
    for revision in (None, *(f"refs/pr/{path.name}" for path in sorted(requests.glob("*")))):
        snapshot = _snapshot(repository, revision)
        if snapshot is None or not any((snapshot / name).is_file() for name in _CONFIGURATIONS):
            continue
        files = _files(snapshot)
        has_weights = any(name.endswith(".safetensors") for name in files)
        if has_weights and _has_every_shard(snapshot, files) and not pickled(files):
            return Source(repository=repository, local=True, revision=revision)
    return None


def _has_every_shard(snapshot: Path, files: Iterable[str]) -> bool:
    """Whether all weights are there that an index names: a download may have been broken off between two files."""
    for index in (snapshot / name for name in files if name.endswith(".safetensors.index.json")):
        try:
            shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # it is damaged
            return False
        if not all((index.parent / shard).is_file() for shard in shards):
            return False
    return True


def _snapshot(repository: str, revision: str | None) -> Path | None:
    """Return the folder in the cache that holds a revision of a model; None: it was never downloaded."""
    folder = _cache_folder(repository)
    try:
        commit = (folder / "refs" / (revision or "main")).read_text(encoding="ascii").strip()
    except OSError:
        return None
    snapshot = folder / "snapshots" / commit
    return snapshot if snapshot.is_dir() else None


def _cache_folder(repository: str) -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.file_download import repo_folder_name

    return Path(HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")
