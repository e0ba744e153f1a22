"""An embedder that remembers what it embedded last. Takes any embedder, gives the same vectors sooner.

Answers are looked for in sentences of the passages found, and neighbouring questions find the same passages: most
sentences of a question have been embedded for the one before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedder import Embedder, Vectors

REMEMBERED = 8_192  # texts: 12 MB of vectors with the shipped embedder, and their sentences


class RememberingEmbedder:
    """Embeds documents once as long as they are among the last; may be shared by threads."""

    def __init__(self, embedder: Embedder, *, most: int = REMEMBERED) -> None:
        self._embedder = embedder
        self._most = most
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """That of the embedder: the vectors are the same."""
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed those that are not remembered; ``progress`` is called with the number of texts finished."""
        with self._lock:
            known = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= dict(zip(missing, self._embedder.embed_documents(missing), strict=True))
        with self._lock:
            for text in texts:
                self._vectors[text] = known[text]
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)
        if progress is not None:
            progress(len(texts))
        vectors: Vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[:] = known[text]
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, which are seldom the same."""
        return self._embedder.embed_queries(texts)
