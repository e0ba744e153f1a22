"""An embedder that remembers what it embedded last. Takes any embedder, gives the same vectors sooner.

Answers are looked for in sentences of the passages found, and neighbouring questions find the same passages: most
sentences of a question have been embedded for the one before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedder import Embedder, Vectors, translated_share

QUERIES = 64
REMEMBERED = 8_192  # texts: 12 MB of vectors with the shipped embedder, and their sentences


class RememberingEmbedder:
    """Embeds documents once as long as they are among the last; may be shared by threads."""

    def __init__(self, embedder: Embedder, *, most: int = REMEMBERED) -> None:
        self._embedder = embedder
        self._documents = _Memory(most)
        self._queries = _Memory(min(most, QUERIES))

    @property
    def fingerprint(self) -> str:
        """That of the embedder: the vectors are the same."""
        return self._embedder.fingerprint

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

    @property
    def translated_share(self) -> float:
        """That of the embedder."""
        return translated_share(self._embedder)

    def embed_documents(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
        """Embed those that are not remembered; ``progress`` is called with the number of texts finished."""
        vectors = self._recall(self._documents, texts, self._embedder.embed_documents)
        if progress is not None:
            progress(len(texts))
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed questions once: an answer is searched for and looked for with the same one."""
        return self._recall(self._queries, texts, self._embedder.embed_queries)

    def _recall(
        self, memory: _Memory, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]
    ) -> Vectors:
        known = memory.known(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known |= dict(zip(missing, embed(missing), strict=True))
        memory.keep({text: known[text] for text in texts})
        vectors: Vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[:] = known[text]
        return vectors


class _Memory:
    """The vectors of the texts that were used last; may be shared by threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        with self._lock:
            return {text: self._vectors[text] for text in texts if text in self._vectors}

    def keep(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        with self._lock:
            for text, vector in vectors.items():
                self._vectors[text] = vector
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)
