"""Where the sample documents' library lives: in the user's cache, made on first use and after an update."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import index
from index.embedder import BUILTIN
from index.library import Library, from_anywhere
from rag.assistant import Assistant

_HOME = Path(index.__file__).parent
DOCUMENTS = _HOME / "samples"


def sample_library(embedder: str | None = None, dimensions: int | None = None) -> Path:
    """Return the folder of a library that holds the sample documents as they are now; one for each embedder.

    It is made beside its place and moved there whole, so that two first questions at once do not meet.
    """
    from platformdirs import user_cache_path

    folder = user_cache_path("chuchu", appauthor=False) / f"sample-{_state(embedder or BUILTIN, dimensions)}"
    if Library.exists(folder):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix="sample-new-", dir=folder.parent))
    except OSError:  # no home to write in: the operating system's temporary folder will do
        beside = folder = Path(tempfile.mkdtemp(prefix="chuchu-sample-"))
    with Assistant.create(beside, embedder=embedder, dimensions=dimensions) as assistant:
        assistant.ingest(DOCUMENTS)
    if beside != folder:
        try:
            os.rename(beside, folder)
        except OSError:  # another process was first
            shutil.rmtree(beside, ignore_errors=True)
    return folder


def _state(embedder: str, dimensions: int | None) -> str:
    """Ten hexadecimal digits that change with the samples, where they lie, the embedder, and those that are shipped."""
    digest = hashlib.sha256(f"{DOCUMENTS}\0{from_anywhere(embedder)}\0{dimensions}".encode())
    for path in (*sorted(DOCUMENTS.iterdir()), *sorted(_HOME.glob("models/*/SHA256SUMS"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:10]
