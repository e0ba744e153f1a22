"""Turns texts into unit vectors. Takes strings, gives float32 arrays; knows nothing of documents or storage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Shape (n, dimensions), rows of unit length."""


@runtime_checkable
class Embedder(Protocol):
    """Anything that embeds. Query and document sides are told apart because many models prompt them apart."""

    @property
    def fingerprint(self) -> str:
        """Name and content of the model in one short string; vectors of different fingerprints never mix."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def embed_documents(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed passages; ``progress`` is called with the number of texts finished since its last call."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions."""
        ...
