"""Finds the words of a passage that answer a question. Takes texts, gives spans; knows nothing of search.

One pass of the network reads a question with all passages. What it thinks is kept as one ``Reading`` a
passage, which then scores any span of that passage by its offsets, finds the best one inside any part of it,
and says how likely the passage is to hold the answer at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import weights
from index.errors import ModelError
from index.runtime import prepare_torch
from rag.crossing import crossed
from rag.datatypes import Span
from rag.features import Featuriser, Row

if TYPE_CHECKING:
    from torch import Tensor

    from index.bert import Bert

OUTPUTS = 3  # start, end, relevance; behind them the two vectors
MAX_SPAN = 60  # tokens of an answer, about 90 Chinese characters
KEPT = 256  # readings, about 50 kB each for a passage of one window
BATCH_TOKENS = 2048  # more leave the cache

_SHIPPED = Path(__file__).parent / "models" / "reader"
_NOWHERE = -1e9
_UNBOUNDED = 1 << 20  # tokens; more than any passage has

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Turns the relevance logit into a chance: ``1 / (1 + exp(-(slope * logit + offset)))`` (Platt 1999)."""

    slope: float = 1.0
    offset: float = 0.0

    @classmethod
    def read(cls, folder: Path) -> Calibration:
        """Read ``calibration.json``; where there is none, logits are taken as they are.

        Raises:
            ModelError: the file is there and does not hold the two numbers.
        """
        path = folder / "calibration.json"
        if not path.is_file():
            return cls()
        try:
            stated = json.loads(path.read_text(encoding="utf-8"))["relevance"]
            return cls(slope=float(stated["slope"]), offset=float(stated["offset"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{path} does not hold a slope and an offset ({error}); install again."
            ) from None

    def probability(self, logit: float) -> float:
        """Return the chance, 0..1, that belongs to a logit."""
        return 1 / (1 + exp(-max(-60.0, min(60.0, self.slope * logit + self.offset))))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowScores:
    """What the network says of one window: the log-odds of the span from i to j.

    It is ``starts[i] + ends[j] + opens[i] @ closes[j]``: the product tells how well the two go together (Fajcik et
    al. 2021, "Rethinking the Objectives of Extractive Question Answering", arXiv:2008.12804). Half of the window's
    null and relevance logits is in each of the first two: score = span - null + relevance.
    """

    first: int  # the window's first token among the passage's
    is_last: bool  # whether the passage ends with it
    starts: Floats  # shape (tokens of the window,)
    ends: Floats
    opens: Floats  # shape (tokens of the window, width); a reader without products has a width of 0
    closes: Floats

    def span(self, first: int, last: int) -> float:
        """Return the log-odds of a span by its first and last token in the passage, which the window holds."""
        i, j = first - self.first, last - self.first
        return float(self.starts[i] + self.ends[j] + self.opens[i] @ self.closes[j])

    def holds(self, token: int) -> bool:
        """Whether a token of the passage lies in the window."""
        return self.first <= token < self.first + len(self.starts)

    def room(self, first: Integers, last: Integers) -> Integers:
        """Return how many tokens the window sees on either side of spans, at least; below 0: it does not hold them.

        An end of the window where the passage ends too is no bound.
        """
        before = first - self.first if self.first else first + _UNBOUNDED
        after = last + _UNBOUNDED if self.is_last else self.first + len(self.starts) - 1 - last
        return np.minimum(before, after)

    def band(self, low: int, high: int, longest: int) -> Floats:
        """Return the log-odds of spans between two tokens of the passage; -1e9 where the window does not hold them.

        Shape (high - low, longest): the first token, from ``low``, and how many more the span has. The window
        holds some token from ``low`` to ``high``.
        """
        scores = np.full((high - low, longest), _NOWHERE, dtype=np.float32)
        a, b = max(low - self.first, 0), min(high - self.first, len(self.starts))
        firsts = np.arange(b - a)[:, None]
        lasts = firsts + np.arange(longest)
        inside = lasts < b - a
        lasts[~inside] = 0
        held = self.starts[a:b, None] + self.ends[a:b][lasts]
        held += (self.opens[a:b] @ self.closes[a:b].T)[firsts, lasts]
        held[~inside] = _NOWHERE
        scores[self.first + a - low : self.first + b - low] = held
        return scores


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """What the reader thinks of one passage. Offsets are code points into ``text``, half-open."""

    passage: int  # its position in the list handed in, from 0
    text: str
    relevance: float  # 0..1, calibrated: does this passage hold the answer?
    relevance_logit: float  # before calibration; -1e9 for a passage without words
    tokens: NDArray[np.int64]  # shape (n, 2): offsets of the tokens, which never overlap
    windows: tuple[WindowScores, ...]

    def best(
        self, top: int = 1, *, start: int = 0, end: int | None = None, longest: int = MAX_SPAN
    ) -> list[Span]:
        """Return the best spans that lie inside ``start`` and ``end``, best first; often they overlap.

        Args:
            top: how many at most; a passage without words has none.
            start: offset where the part to look at begins.
            end: offset where it ends, by default the end of the passage.
            longest: the most tokens of a span.
        """
        end = len(self.text) if end is None else end
        inside = np.flatnonzero((self.tokens[:, 0] >= start) & (self.tokens[:, 1] <= end))
        if not len(inside) or not self.windows or top < 1:
            return []
        low = int(inside[0])
        scores = self._band(low, int(inside[-1]) + 1, longest).ravel()
        count = min(top, scores.size)
        spans: list[Span] = []
        for place in np.argpartition(scores, scores.size - count)[scores.size - count :]:
            first, more = divmod(int(place), longest)
            if scores[place] > _NOWHERE / 2:
                a, b = int(self.tokens[low + first, 0]), int(self.tokens[low + first + more, 1])
                while a < b and self.text[b - 1].isspace():  # the last token has no characters of its own
                    b -= 1
                if a < b:
                    spans.append(self._span(a, b, float(scores[place])))
        return sorted(spans, key=lambda span: (-span.score, span.start, span.end))

    def _band(self, low: int, high: int, longest: int) -> Floats:
        """Return the log-odds of spans between two tokens; shape as of a window's band."""
        held = [w for w in self.windows if w.first < high and w.first + len(w.starts) > low]
        if len(held) == 1:
            return held[0].band(low, high, longest)
        bands = np.stack([window.band(low, high, longest) for window in held])
        firsts = np.arange(low, high)[:, None]
        room = np.stack([window.room(firsts, firsts + np.arange(longest)) for window in held])
        return _over_windows(bands, room)

    def score(self, start: int, end: int) -> float:
        """Return the log-odds of any span, by its offsets; it is widened to whole tokens.

        Of several windows that hold it, it gets the mean of the one that likes it best and the one that sees
        most on either side of it. A span that none holds takes its start and its end each from the window that
        likes it best. A span without words scores -1e9.
        """
        first = int(np.searchsorted(self.tokens[:, 1], start, side="right"))
        last = int(np.searchsorted(self.tokens[:, 0], end, side="left")) - 1
        if first > last or not self.windows:  # a question without words is read with nothing
            return _NOWHERE
        whole = [window for window in self.windows if window.holds(first) and window.holds(last)]
        if len(whole) == 1:
            return whole[0].span(first, last)
        if whole:
            spans = np.array([window.span(first, last) for window in whole], dtype=np.float32)
            room = np.array([window.room(np.array(first), np.array(last)) for window in whole])
            return float(_over_windows(spans, room))
        starts = [w.starts[first - w.first] for w in self.windows if w.holds(first)]
        return float(max(starts) + max(w.ends[last - w.first] for w in self.windows if w.holds(last)))

    def span(self, start: int, end: int) -> Span:
        """Return any span of the passage with its score."""
        return self._span(start, end, self.score(start, end))

    def _span(self, start: int, end: int, score: float) -> Span:
        return Span(
            text=self.text[start:end],
            start=start,
            end=end,
            passage=self.passage,
            score=score,
            relevance=self.relevance,
        )


class Reader:
    """The extractive reader: a small BERT with a start, an end and a relevance output for each token, and two vectors.

    Span extraction as in Devlin et al. 2019 (arXiv:1810.04805), section 4.2, with matches as token types, and with
    a product of the two vectors for spans as wholes.
    """

    def __init__(
        self,
        bert: Bert,
        head: tuple[Tensor, Tensor],
        featuriser: Featuriser,
        calibration: Calibration,
        fingerprint: str,
    ) -> None:
        """Take what ``load`` has read; ``head`` maps a hidden state to its outputs, see ``OUTPUTS``."""
        self._bert = bert
        self._head = head
        self._featuriser = featuriser
        self._calibration = calibration
        self._lock = Lock()
        self._latest: dict[tuple[str, str, str], Reading] = {}
        self.fingerprint = fingerprint  # changes with the weights, the vocabulary and the calibration

    @classmethod
    def load(cls, path: str | Path | None = None, device: str = "cpu") -> Reader:
        """Load a reader's folder, by default the shipped one.

        Raises:
            ModelError: the folder is missing, damaged, or holds another kind of model.
            SettingsError: ``CHUCHU_THREADS`` is not a number.
        """
        folder = Path(path) if path else _SHIPPED
        digest = weights.short_digest(weights.verify(folder))
        prepare_torch()
        from index.bert import Bert, BertConfig, load_weights

        tensors = load_weights(folder, device)
        head = tensors.get("classifier.weight"), tensors.get("classifier.bias")
        if head[0] is None or head[1] is None or len(head[0]) < OUTPUTS or len(head[0]) % 2 != OUTPUTS % 2:
            raise ModelError(
                f"{folder} holds no reader: its classifier should have {OUTPUTS} outputs and pairs of more; "
                "give another folder."
            )
        return cls(
            Bert(BertConfig.read(folder), tensors, prefix="bert."),
            (head[0], head[1]),
            Featuriser.load(folder),
            Calibration.read(folder),
            f"{'builtin' if path is None else folder.name}@{digest}",
        )

    def relevance(self, question: str, passages: Sequence[str], above: Sequence[str] = ()) -> list[float]:
        """Return for each passage the calibrated chance, 0..1, that it holds the answer."""
        return [reading.relevance for reading in self.readings(question, passages, above)]

    def read(self, question: str, passages: Sequence[str], top: int = 3) -> list[Span]:
        """Return the ``top`` best spans of each passage, all in one list, best first.

        A question without words gives no spans, and so does a passage without any.
        """
        readings = self.readings(question, passages)
        return sorted(
            (s for r in readings for s in r.best(top)), key=lambda s: (-s.score, s.passage, s.start)
        )

    def readings(self, question: str, passages: Sequence[str], above: Sequence[str] = ()) -> list[Reading]:
        """Read a question with each passage, in the passages' order; everything else is got from this.

        The latest readings are kept, so that ranking passages and then answering from them costs one pass.

        Args:
            question: what is asked.
            passages: where the answer may stand.
            above: what stands over each passage and tells what it is about: titles, a date. No answer is found in it.
        """
        pages = list(zip(above or [""] * len(passages), passages, strict=True))
        with self._lock:
            known = {
                page: self._latest[question, *page] for page in pages if (question, *page) in self._latest
            }
        unread = list(dict.fromkeys(page for page in pages if page not in known))
        known.update(zip(unread, self._read(question, unread), strict=True))
        with self._lock:
            self._latest.update({(question, *page): known[page] for page in unread})
            while len(self._latest) > KEPT:
                del self._latest[next(iter(self._latest))]  # the oldest
        return [replace(known[page], passage=n) for n, page in enumerate(pages)]

    def _read(self, question: str, pages: Sequence[tuple[str, str]]) -> list[Reading]:
        """Run the network on all windows of all passages, each with the question put into its language too."""
        passages = [text for _, text in pages]
        over = self._featuriser.tokenise([above for above, _ in pages])
        texts = self._featuriser.tokenise(passages)
        questions = self._featuriser.tokenise([crossed(question, text, above) for above, text in pages])
        rows = [
            self._featuriser.rows(q, text, above)
            for q, text, above in zip(questions, texts, over, strict=True)
        ]
        logits = iter(self._logits([row for group in rows for row in group]))
        return [
            self._reading(text, tokens.spans, group, [next(logits) for _ in group])
            for text, tokens, group in zip(passages, texts, rows, strict=True)
        ]

    def _reading(
        self, text: str, tokens: NDArray[np.int64], rows: Sequence[Row], logits: Sequence[Floats]
    ) -> Reading:
        relevance = max((float(scores[0, 2]) for scores in logits), default=_NOWHERE)
        return Reading(
            passage=0,
            text=text,
            relevance=self._calibration.probability(relevance) if rows else 0.0,
            relevance_logit=relevance,
            tokens=tokens,
            windows=tuple(
                _window_scores(row, scores, len(tokens)) for row, scores in zip(rows, logits, strict=True)
            ),
        )

    def _logits(self, rows: Sequence[Row]) -> list[Floats]:
        """Return the network's outputs for each row, shape (its tokens, outputs)."""
        import torch
        from torch.nn import functional

        from index.bert import batches

        logits: list[Floats] = [np.empty((0, OUTPUTS), dtype=np.float32)] * len(rows)
        for batch in batches([len(row.ids) for row in rows], BATCH_TOKENS):
            ids = torch.from_numpy(np.concatenate([rows[n].ids for n in batch]))
            types = torch.from_numpy(np.concatenate([rows[n].types for n in batch]))
            lengths = [len(rows[n].ids) for n in batch]
            with torch.inference_mode():
                outputs = functional.linear(self._bert(ids, types, lengths), *self._head).cpu()
            for n, output in zip(batch, torch.split(outputs, lengths), strict=True):
                logits[n] = output.numpy()
        return logits


def _over_windows(scores: Floats, room: Integers) -> Floats:
    """Return the mean of the best score and the one with the most room; both arrays have a row for each window."""
    midmost = np.take_along_axis(scores, room.argmax(axis=0)[None], axis=0)[0]
    mean: Floats = (scores.max(axis=0) + midmost) / 2
    return mean


def _window_scores(row: Row, logits: Floats, tokens: int) -> WindowScores:
    """Take a window, of a passage of so many tokens, out of a row's logits; null and relevance are read at [CLS]."""
    width = (logits.shape[1] - OUTPUTS) // 2
    at_cls, window = logits[0], logits[row.offset : row.offset + row.length]
    scale = np.float32(max(width, 1) ** -0.5)
    product = scale * (at_cls[OUTPUTS : OUTPUTS + width] @ at_cls[OUTPUTS + width :])
    half = (at_cls[2] - at_cls[0] - at_cls[1] - product) / 2
    return WindowScores(
        first=row.first,
        is_last=row.first + row.length == tokens,
        starts=window[:, 0] + half,
        ends=window[:, 1] + half,
        opens=window[:, OUTPUTS : OUTPUTS + width] * scale,
        closes=window[:, OUTPUTS + width :],
    )
