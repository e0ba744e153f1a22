"""Weighs the features of candidates: two logistic models, small enough to read. Takes features, gives numbers.

`RANKING` chooses between the candidates of one question (a conditional logit over `evidence.FEATURES`);
`CONFIDENCE` turns the best one's features into the chance that it is right (a logistic regression).
Both were fitted on development questions and on news sentences of the training data, never on test data.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

RANKING: Mapping[str, float] = {
    "coverage": 6.0,
    "context": 3.0,
    "near": 4.0,
    "left": 1.5,
    "right": 1.5,
    "year": 1.5,
    "kind": 3.0,
    "names": 1.5,
    "rival": -1.5,
    "unit": 2.0,
    "span": 2.0,
    "span_gap": 3.0,
    "relevance": 1.0,
    "retrieval": 1.0,
    "cosine": 0.0,
    "cosine_gap": 4.0,
    "asked": -3.0,
    "count": 1.5,
    "aligned": 2.0,
    "reader": 0.5,
    "length": -1.0,
}

CONFIDENCE: Mapping[str, float] = {
    "bias": -5.0,
    "coverage": 3.0,
    "context": 1.5,
    "near": 1.0,
    "year": 1.0,
    "names": 2.0,
    "rival": -1.0,
    "kind": 0.5,
    "span": 1.0,
    "relevance": 1.0,
    "cosine": 0.5,
}


def rank_score(features: Mapping[str, float]) -> float:
    """Return the utility of a candidate; higher is better, and only differences mean anything."""
    return sum(weight * features[name] for name, weight in RANKING.items())


def confidence(features: Mapping[str, float]) -> float:
    """Return the chance, 0..1, that a candidate answers its question."""
    z = CONFIDENCE["bias"] + sum(w * features[name] for name, w in CONFIDENCE.items() if name != "bias")
    return 1 / (1 + exp(-max(-30.0, min(30.0, z))))
