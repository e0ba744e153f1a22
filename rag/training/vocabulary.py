"""Gives a reader the words of a script that it lacks, in place of words that it does without.

    python -m rag.training.vocabulary HANGUL --data DATA --out FOLDER

The built-in embedder knows more languages than the reader, whose size is limited, and their word vectors are alike:
the reader's began as an earlier embedder's (median cosine 0.999). So a piece is copied with its vector, and stands
where an English piece stood that no text of the data folder is cut into. All other pieces keep their numbers.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from tokenizers import Tokenizer

from index.errors import SettingsError
from index.training.average import WEIGHTS, write
from index.training.command import guarded
from index.training.embedder.encoder import ROWS
from index.training.embedder.settings import SHIPPED as EMBEDDER
from index.weights import write_checksums
from rag.training.__main__ import SHIPPED

_TOKENIZER = "tokenizer.json"
_BLOCK = 2_000  # texts tokenised at a time
_FILES = (
    "en_zh_pairs.tsv.gz",
    "multi_parallel.tsv.gz",
    "news_zh.txt.gz",
    "qa_english.jsonl.gz",
    "qa_pairs.jsonl.gz",
)


def texts(folder: Path) -> Iterator[str]:
    """Yield the lines of the training files that a reader's words may be met in.

    Raises:
        SettingsError: a file is missing.
    """
    for name in _FILES:
        path = folder / "train" / name
        if not path.is_file():
            raise SettingsError(f"{path.parent} lacks {name}; give the folder that holds train/ as --data.")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from lines


def unused(tokenizer: Tokenizer, met: Iterable[str]) -> list[int]:
    """Return the numbers of the words of ASCII letters that none of the texts is cut into, the last ones first."""
    counts: Counter[int] = Counter()
    rest = iter(met)
    while block := list(islice(rest, _BLOCK)):
        for encoding in tokenizer.encode_batch_fast(block, add_special_tokens=False):
            counts.update(encoding.ids)
    words = [
        number
        for piece, number in tokenizer.get_vocab().items()
        if len(letters := piece.removeprefix("▁")) > 1 and letters.isascii() and letters.isalpha()
    ]
    return sorted((number for number in words if not counts[number]), reverse=True)


def of_script(pieces: Iterable[str], script: str) -> list[str]:
    """Return the pieces whose letters are all of a script, by their Unicode names, single ones first."""
    found = [
        piece
        for piece in pieces
        if piece and all(unicodedata.name(letter, "").split(" ")[0] == script for letter in piece)
    ]
    return sorted(found, key=lambda piece: len(piece) > 1)


def swap(reader: Path, embedder: Path, script: str, met: Iterable[str], out: Path) -> int:
    """Write a copy of a reader that has the embedder's pieces of a script; return how many.

    Args:
        reader: folder of the reader.
        embedder: folder of the embedder whose pieces and vectors are taken.
        script: first word of the Unicode names of its letters, as ``HANGUL``.
        met: texts whose words the reader has to keep.
        out: folder to write.

    Raises:
        SettingsError: the embedder has no such pieces that the reader lacks, or no word is free for them.
    """
    stated: dict[str, Any] = json.loads((reader / _TOKENIZER).read_text(encoding="utf-8"))
    giving = json.loads((embedder / _TOKENIZER).read_text(encoding="utf-8"))["model"]["vocab"]
    pieces: list[list[Any]] = stated["model"]["vocab"]
    known = {piece for piece, _ in pieces}
    places = {piece: number for number, (piece, _) in enumerate(giving) if piece not in known}
    wanted = of_script(places, script)
    free = unused(Tokenizer.from_file(str(reader / _TOKENIZER)), met)
    if not wanted or not free:
        lacking = "pieces of that script to give" if not wanted else "unused words to replace"
        raise SettingsError(f"{script}: there are no {lacking}.")
    weights = load_file(reader / WEIGHTS)
    (rows,) = (name for name in weights if name.endswith(ROWS))
    given = load_file(embedder / WEIGHTS)[ROWS]
    for number, piece in zip(free, wanted, strict=False):
        pieces[number] = giving[places[piece]]
        weights[rows][number] = given[places[piece]]
    shutil.copytree(reader, out, dirs_exist_ok=True)
    write(weights, out / WEIGHTS)
    (out / _TOKENIZER).write_text(json.dumps(stated, ensure_ascii=False), encoding="utf-8")
    write_checksums(out)
    return min(len(free), len(wanted))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        prog="rag.training.vocabulary", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("script", help="first word of the Unicode names of its letters: HANGUL, CYRILLIC, …")
    parser.add_argument(
        "--reader", type=Path, default=SHIPPED, help="folder of the reader (the built-in one)"
    )
    parser.add_argument(
        "--embedder", type=Path, default=EMBEDDER, help="folder of the embedder (the built-in)"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds train/")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the reader to")
    options = parser.parse_args(arguments)

    def run() -> None:
        count = swap(options.reader, options.embedder, options.script, texts(options.data), options.out)
        print(f"{options.out} has {count} pieces of {options.script} more, and as many words fewer.")

    return guarded(run)


if __name__ == "__main__":
    sys.exit(main())
