"""Whether a folder of weights is whole. Takes a folder, gives checksums; knows nothing of their use.

Shipped folders hold ``SHA256SUMS``, in the format of ``sha256sum``: one line ``<hex digest>  <file>`` for
each file that changes what the model computes. Hashing 77 MB takes 0.07 s, so it is done at every load.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from index.errors import ModelError

SUMS = "SHA256SUMS"
_PATTERNS = ("*.safetensors", "*/*.safetensors", "*.json", "*/config.json", "vocab.txt", "*.model")


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def model_files(folder: Path) -> list[Path]:
    """Return the weights, configurations and vocabularies of a model folder, sorted by name."""
    return sorted({path for pattern in _PATTERNS for path in folder.glob(pattern) if path.is_file()})


def checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a model folder, by its name relative to the folder."""
    return {path.relative_to(folder).as_posix(): sha256(path) for path in model_files(folder)}


def write_checksums(folder: Path) -> None:
    """Write ``SHA256SUMS``; call it last, when new weights have been saved."""
    lines = (f"{digest}  {name}\n" for name, digest in checksums(folder).items())
    (folder / SUMS).write_text("".join(lines), encoding="ascii")


def verify(folder: Path) -> dict[str, str]:
    """Return the checksums of a model folder after comparing them with its ``SHA256SUMS``.

    Raises:
        ModelError: there is no such folder or no ``SHA256SUMS`` in it, or a file is missing or altered.
    """
    if not (folder / SUMS).is_file():
        raise ModelError(f"There is no whole model in {folder}: it holds no {SUMS}; install chuchu again.")
    found = checksums(folder)
    for line in (folder / SUMS).read_text(encoding="ascii").splitlines():
        digest, _, name = line.partition("  ")
        if name not in found:
            raise ModelError(f"The model in {folder} has lost its {name}; install chuchu again.")
        if found[name] != digest:
            raise ModelError(
                f"{folder / name} is damaged: its SHA-256 begins {found[name][:12]}, expected was "
                f"{digest[:12]}; install chuchu again."
            )
    return found


def short_digest(sums: dict[str, str]) -> str:
    """Return twelve hexadecimal digits that change when any file does."""
    joined = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]
