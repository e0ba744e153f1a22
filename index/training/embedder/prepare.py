"""Makes the widened start, once: the vocabulary, the new pieces' first rows, and their alignment."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from index.training.embedder.align import align
from index.training.embedder.encoder import ROWS
from index.training.embedder.parallel import CHINESE, Pair, Parallel
from index.training.embedder.rows import first_rows
from index.training.embedder.settings import EmbedderSettings
from index.training.embedder.vocabulary import Word, cut, inherited, widen

logger = logging.getLogger(__name__)

TOKENIZER, FIRST = "tokenizer.json", "first.safetensors"
"""The widened vocabulary, and what is trained."""


def prepare(
    settings: EmbedderSettings, start: Path, parallel: Parallel, words: Sequence[Word], out: Path
) -> tuple[Tokenizer, dict[str, Tensor]]:
    """Return the wider tokenizer and the weights to begin with, made now or by an earlier call."""
    if (out / FIRST).is_file():
        return Tokenizer.from_file(str(out / TOKENIZER)), load_file(out / FIRST)
    first = load_file(start / "model.safetensors")
    texts: dict[str, list[str]] = defaultdict(list)
    others = [pair for pair in parallel.pairs if pair.language not in CHINESE]
    for pair in others:
        if pair.source != "pydocs":  # whose words few other texts need
            texts[pair.language].append(pair.text)
    whole, options = Tokenizer.from_file(str(start / "tokenizer.json")), settings.vocabulary
    narrow = cut(whole, options.base) if options.base else whole
    tokenizer = widen(narrow, words, texts, options.quotas)
    if options.base:
        tokenizer, kept = inherited(tokenizer, whole, options.base)
        narrow = cut(tokenizer, len(kept))
        first[ROWS] = first[ROWS][kept]
    weights = {name: w.float() for name, w in first.items()}
    rows = weights[ROWS].numpy()
    logger.info(
        "%d pieces, %d of them new", tokenizer.get_vocab_size(), tokenizer.get_vocab_size() - len(rows)
    )
    aligned = _numbers(tokenizer, _sampled(others, settings.alignment.docs, settings.seed))
    made = first_rows(tokenizer, narrow, rows, words, others if settings.alignment.dice else ())
    made = align(made, len(rows), aligned, settings.alignment, settings.seed)
    weights[ROWS] = torch.from_numpy(np.ascontiguousarray(made))
    tokenizer.save(str(out / TOKENIZER))
    save_file(weights, out / (FIRST + ".new"))
    os.replace(out / (FIRST + ".new"), out / FIRST)
    return tokenizer, weights


def _sampled(pairs: Sequence[Pair], docs: int, seed: int) -> list[Pair]:
    """Return all pairs but those of documentation, and a sample of those."""
    technical = [pair for pair in pairs if pair.source == "pydocs"]
    return [pair for pair in pairs if pair.source != "pydocs"] + Random(seed).sample(
        technical, min(docs, len(technical))
    )


def _numbers(tokenizer: Tokenizer, pairs: Sequence[Pair]) -> list[tuple[list[int], list[int]]]:
    ours = tokenizer.encode_batch_fast([pair.text for pair in pairs], add_special_tokens=False)
    theirs = tokenizer.encode_batch_fast([pair.english for pair in pairs], add_special_tokens=False)
    return [(a.ids, b.ids) for a, b in zip(ours, theirs, strict=True) if a.ids and b.ids]
