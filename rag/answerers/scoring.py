"""Weighs the features of candidates: two logistic models, small enough to read. Takes features, gives numbers.

The ranking chooses between the candidates of one question (a conditional logit over `evidence.FEATURES`); the
confidence turns the best one's features into the chance that it is right (a logistic regression). Their weights
are in ``weights.json``, which ``python -m rag.training.scoring`` writes; it says there what they were fitted on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import exp
from pathlib import Path
from typing import Any

from index.errors import ModelError
from rag.answerers.evidence import FEATURES

WEIGHTS_FILE = Path(__file__).with_name("weights.json")
BIAS = "bias"  # the confidence's constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each feature counts; one that is not named counts nothing."""

    ranking: Mapping[str, float]
    confidence: Mapping[str, float]

    @classmethod
    def read(cls, path: Path) -> Weights:
        """Read a weights file.

        Raises:
            ModelError: it cannot be read, or names a feature that there is not.
        """
        try:
            stated: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            weights = cls(
                ranking={name: float(value) for name, value in stated["ranking"].items()},
                confidence={name: float(value) for name, value in stated["confidence"].items()},
            )
        except (OSError, UnicodeDecodeError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(
                f"{path} is no file of answer weights ({error!r}); install chuchu again"
            ) from error
        unknown = {*weights.ranking, *weights.confidence} - {*FEATURES, BIAS}
        if unknown:
            raise ModelError(
                f"{path} weighs {', '.join(sorted(unknown))}, which this version does not measure; "
                "fit the weights again with python -m rag.training.scoring"
            )
        return weights

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that change with any weight."""
        models = json.dumps([dict(self.ranking), dict(self.confidence)], sort_keys=True)
        return hashlib.sha256(models.encode()).hexdigest()[:8]

    def rank_score(self, features: Mapping[str, float]) -> float:
        """Return the utility of a candidate; higher is better, and only differences mean anything."""
        return sum(weight * features[name] for name, weight in self.ranking.items())

    def chance(self, features: Mapping[str, float]) -> float:
        """Return the chance, 0..1, that a candidate answers its question."""
        z = sum(
            weight * (1.0 if name == BIAS else features[name]) for name, weight in self.confidence.items()
        )
        return 1 / (1 + exp(-max(-30.0, min(30.0, z))))


@lru_cache(maxsize=1)
def shipped_weights() -> Weights:
    """Return the weights that come along, read on first use."""
    return Weights.read(WEIGHTS_FILE)


def rank_score(features: Mapping[str, float]) -> float:
    """Return the utility of a candidate by the shipped weights."""
    return shipped_weights().rank_score(features)


def confidence(features: Mapping[str, float]) -> float:
    """Return the chance, 0..1, that a candidate answers its question, by the shipped weights."""
    return shipped_weights().chance(features)
