"""Trains the embedder's fast sibling: one short vector for each piece of the same vocabulary, and no more.

    python -m index.training.embedder.static --data FOLDER --out FOLDER

It begins from the vocabulary and the rows of the embedder that a run in ``--out`` has made, or else of the
settings' start, which is the shipped one where it is not set. The rows are weighted by how rare their piece is
(SIF), cut to their principal components, and trained in large batches: translations and answers are drawn
together against the rest of the batch.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from index.training.command import guarded, recipe_parser
from index.training.embedder import mixture as mixtures
from index.training.embedder.align import weights_of
from index.training.embedder.encoder import ROWS
from index.training.embedder.mixture import Batch, Mixture
from index.training.embedder.parallel import Parallel, read_parallel, require_sentences
from index.training.embedder.settings import EmbedderSettings, Static
from index.training.embedder.train import contrast
from index.training.embedder.vocabulary import read_words
from index.weights import write_checksums

logger = logging.getLogger(__name__)

_SAMPLE = 20_000  # sentences that say how rare a piece is


def first_table(rows: Tensor, parallel: Parallel, tokenizer: Tokenizer, dimensions: int) -> Tensor:
    """Return the rows centred, weighted by SIF and turned to their principal components, of unit mean length."""
    step = max(1, len(parallel.pairs) // _SAMPLE)
    texts = [text for pair in parallel.pairs[::step] for text in (pair.text, pair.english)]
    numbers = [e.ids for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False) if e.ids]
    centred = rows - rows.mean(dim=0)
    _, _, directions = torch.linalg.svd(centred[:: max(1, len(rows) // 8_000)], full_matrices=False)
    table = centred @ directions[:dimensions].T
    weighted: Tensor = weights_of(numbers, len(rows))[:, None] * table / table.norm(dim=1).mean()
    return weighted


def means(table: Tensor, texts: Sequence[str], tokenizer: Tokenizer) -> Tensor:
    """Return unit vectors of texts, shape (texts, dimensions); a text without pieces counts as unknown."""
    numbers = [e.ids or [1] for e in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    flat = torch.tensor([piece for text in numbers for piece in text])
    starts = torch.tensor([0, *np.cumsum([len(text) for text in numbers])[:-1]])
    return functional.normalize(
        functional.embedding_bag(flat, table, starts, mode="mean", sparse=True), dim=1
    )


def loss_of(table: Tensor, batch: Batch, tokenizer: Tokenizer, temperature: float) -> Tensor:
    """Return the contrast of every two columns; the English counts as one."""
    columns = [*batch.columns, *([batch.english] if batch.english else [])]
    vectors = [means(table, column, tokenizer) for column in columns]
    wrong = means(table, batch.negatives, tokenizer) if batch.negatives else None
    return sum(
        (contrast(vector, vectors[-1], temperature, wrong) for vector in vectors[:-1]), torch.zeros(())
    ) / (len(vectors) - 1)


def train_static(
    mixture: Mixture, table: Tensor, tokenizer: Tokenizer, options: Static
) -> NDArray[np.float32]:
    """Return the trained table, shape (pieces, dimensions)."""
    moving = table.clone().requires_grad_()
    optimizer = torch.optim.SparseAdam([moving], lr=options.rate)
    for step in range(options.steps):
        loss = loss_of(moving, mixture.batch(step), tokenizer, options.temperature)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * max(0.02, 1 - step / options.steps)
        optimizer.step()  # type: ignore[no-untyped-call]  # torch has no types here
        if step % 50 == 0:
            logger.info("static step %d of %d: loss %.3f", step, options.steps, float(loss.detach()))
    return np.asarray(moving.detach().numpy(), dtype=np.float32)


def export_static(table: NDArray[np.float32], tokenizer: Tokenizer, folder: Path) -> Path:
    """Write a sentence-transformers folder with one ``StaticEmbedding``, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"embedding.weight": torch.from_numpy(table).to(torch.float16)}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)  # the library writes it for its owner alone
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}
    stated = {"similarity_fn_name": "cosine"}
    for name, content in (("modules.json", [module]), ("config_sentence_transformers.json", stated)):
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_checksums(folder)
    return folder


def run(settings: EmbedderSettings, data: Path, out: Path) -> Path:
    """Train and export the fast sibling; return its folder, ``fast`` in ``out``.

    Raises:
        SettingsError: the data folder is incomplete.
    """
    made = out / "embedder"
    start = made if made.is_dir() else settings.start_folder
    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.training.threads)
    options = settings.static
    tokenizer = Tokenizer.from_file(str(start / "tokenizer.json"))
    tokenizer.no_truncation()
    everyday = settings.everyday_folder
    parallel = read_parallel(data, settings.held_out, everyday)
    require_sentences(parallel, data)
    training = settings.training.model_copy(
        update={"batch_tokens": options.batch_tokens, "passage_tokens": options.batch_tokens, "columns": 1}
    )
    words = read_words(everyday / "words")
    asked = {"training": training, "mixture": options.mixture or settings.mixture}
    mixture = mixtures.build(settings.model_copy(update=asked), data, parallel, words, tokenizer)
    rows = load_file(start / "model.safetensors")[ROWS].float()
    table = first_table(rows, parallel, tokenizer, options.dimensions)
    return export_static(train_static(mixture, table, tokenizer, options), tokenizer, out / "fast")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; return 0, or 1 after one line on stderr that says what to do."""
    settings = Path(__file__).parent / "embedder.toml"
    parser = recipe_parser("index.training.embedder.static", str(__doc__), settings)
    options = parser.parse_args(arguments)
    return guarded(lambda: run(EmbedderSettings.read(options.settings), options.data, options.out))


if __name__ == "__main__":
    sys.exit(main())
