"""Averages models that were trained from one start, weight by weight, and measures nothing.

    python -m index.training.average OUT FOLDER=SHARE FOLDER=SHARE …

Runs on other samples and in another order end in other places of one basin, and their mean is better than any of
them (Wortsman et al. 2022, "Model soups", arXiv:2203.05482). All else is the first folder's of those
with the most outputs, but for a reader's calibration, which is to be fitted anew.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor, float16, zeros_like

from index.errors import SettingsError
from index.training.command import guarded
from index.weights import write_checksums

logger = logging.getLogger(__name__)

WEIGHTS = "model.safetensors"
_CALIBRATION = "calibration.json"
_ALONE = 3  # first outputs of a reader, which mean the same in all; the others belong together in two halves


def mean(parts: Sequence[tuple[Mapping[str, Tensor], float]]) -> dict[str, Tensor]:
    """Return the weighted mean of models in float32; the shares are made to add up to 1.

    Outputs that only some of the models have are the mean of those.

    Raises:
        SettingsError: the models are not of one shape but for their outputs, have vectors of different widths in
            these, or a share is not above 0.
    """
    shapes = [
        {n: w.shape for n, w in weights.items() if not n.startswith("classifier.")} for weights, _ in parts
    ]
    if any(shape != shapes[0] for shape in shapes):
        raise SettingsError(
            "The models are not of one shape; average those that were trained from one start."
        )
    outputs = {_outputs(weights) for weights, _ in parts}
    if len(wide := sorted(count for count in outputs if count > _ALONE)) > 1:
        raise SettingsError(
            f"The models have {' and '.join(map(str, wide))} outputs; average those of one training.pair_width."
        )
    if not all(share > 0 for _, share in parts):
        raise SettingsError("A share is a number above 0, as in FOLDER=0.5.")
    return {name: _mean([(weights[name].float(), share) for weights, share in parts]) for name in parts[0][0]}


def _outputs(weights: Mapping[str, Tensor]) -> int:
    """Return how many outputs a reader has; an embedder has none."""
    return len(weights.get("classifier.bias", ()))


def _mean(tensors: Sequence[tuple[Tensor, float]]) -> Tensor:
    """Return the weighted mean along all rows that any of the tensors has."""
    longest = max((tensor for tensor, _ in tensors), key=len)
    total, shares = zeros_like(longest), zeros_like(longest)
    for tensor, share in tensors:
        total[: len(tensor)] += share * tensor
        shares[: len(tensor)] += share
    return total / shares


def write(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write weights as they are shipped: in fp16, readable by all."""
    halves = {name: weight.detach().cpu().to(float16).contiguous() for name, weight in weights.items()}
    save_file(halves, path, metadata={"format": "pt"})
    path.chmod(0o644)  # the library writes it for its owner alone


def average(shares: Mapping[Path, float], out: Path) -> Path:
    """Write the mean of models' folders, embedders or readers, as one folder.

    Raises:
        SettingsError: a folder holds no model, or another vocabulary than the first.
    """
    first = next(iter(shares))
    for folder in shares:
        for name in (WEIGHTS, "tokenizer.json"):
            if not (folder / name).is_file():
                raise SettingsError(f"{folder} holds no {name}; give folders of trained models.")
        if (folder / "tokenizer.json").read_bytes() != (first / "tokenizer.json").read_bytes():
            raise SettingsError(f"{folder} has another vocabulary than {first}; their rows do not match.")
    parts = {folder: load_file(folder / WEIGHTS) for folder in shares}
    weights = mean([(parts[folder], share) for folder, share in shares.items()])
    most = max(parts, key=lambda folder: _outputs(parts[folder]))
    shutil.copytree(most, out, dirs_exist_ok=True)
    write(weights, out / WEIGHTS)
    if (out / _CALIBRATION).is_file():
        (out / _CALIBRATION).unlink()
        logger.info("%s has no %s yet; fit it with python -m rag.training.calibration", out, _CALIBRATION)
    write_checksums(out)
    return out


def shares_of(stated: Sequence[str]) -> dict[Path, float]:
    """Read FOLDER=SHARE words.

    Raises:
        SettingsError: one is none.
    """
    shares: dict[Path, float] = {}
    for word in stated:
        folder, _, share = word.rpartition("=")
        try:
            shares[Path(folder)] = float(share)
        except ValueError:
            raise SettingsError(f"{word!r} is not FOLDER=SHARE, as in run/model=0.5.") from None
    return shares


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m index.training.average", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("shares", nargs="+", metavar="FOLDER=SHARE", help="a model's folder and its share")
    options = parser.parse_args(arguments)
    return guarded(lambda: average(shares_of(options.shares), options.out))


if __name__ == "__main__":
    sys.exit(main())
