"""Ask a folder of documents and get the exact words each sentence of the answer stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from rag.reader import Reader

__all__ = ["Assistant", "Reader"]

_HOMES = {"Assistant": "rag.assistant", "Reader": "rag.reader"}


def __getattr__(name: str) -> Any:
    """Import on first use, so that ``import rag`` takes milliseconds and ``Reader`` needs no index."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
