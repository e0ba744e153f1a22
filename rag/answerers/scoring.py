"""Weighs the features of candidates: two logistic models, small enough to read. Takes features, gives numbers.

`RANKING` chooses between the candidates of one question (a conditional logit over `evidence.FEATURES`);
`CONFIDENCE` turns the best one's features into the chance that it is right (a logistic regression).
Both were fitted on development questions and on news sentences of the training data, never on test data.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

RANKING: Mapping[str, float] = {
    "coverage": 5.42,
    "context": 3.60,
    "near": 3.35,
    "left": 1.89,
    "right": 1.79,
    "year": 1.53,
    "kind": 2.61,
    "names": 1.51,
    "names_least": 0.61,
    "rival": -1.39,
    "unit": 1.22,
    "span": 1.18,
    "span_gap": 2.26,
    "relevance": 0.45,
    "cosine": -0.17,
    "cosine_gap": 3.83,
    "retrieval": 1.36,
    "asked": -2.49,
    "count": 1.54,
    "aligned": 2.05,
    "reader": 0.28,
    "length": -1.69,
}

CONFIDENCE: Mapping[str, float] = {
    "bias": -5.13,
    "coverage": 1.32,
    "context": 0.28,
    "near": 0.74,
    "left": 0.27,
    "right": 0.47,
    "year": 1.38,
    "names": 1.06,
    "names_least": 2.21,
    "rival": -0.47,
    "kind": 0.81,
    "unit": 0.18,
    "span": 0.72,
    "relevance": 0.70,
    "cosine": 0.53,
}


def rank_score(features: Mapping[str, float]) -> float:
    """Return the utility of a candidate; higher is better, and only differences mean anything."""
    return sum(weight * features[name] for name, weight in RANKING.items())


def confidence(features: Mapping[str, float]) -> float:
    """Return the chance, 0..1, that a candidate answers its question."""
    z = CONFIDENCE["bias"] + sum(w * features[name] for name, w in CONFIDENCE.items() if name != "bias")
    return 1 / (1 + exp(-max(-30.0, min(30.0, z))))
