"""Weighs the features of candidates: two logistic models, small enough to read. Takes features, gives numbers.

`RANKING` chooses between the candidates of one question (a conditional logit over `evidence.FEATURES`);
`CONFIDENCE` turns the best one's features into the chance that it is right (a logistic regression).
Both were fitted on development questions and on news sentences of the training data, never on test data.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

RANKING: Mapping[str, float] = {
    "coverage": 4.76,
    "context": 4.47,
    "bare": -0.60,
    "near": 2.27,
    "left": 2.07,
    "right": 1.99,
    "year": 1.52,
    "kind": 2.36,
    "names": 1.21,
    "names_least": 0.85,
    "rival": -1.17,
    "unit": 0.72,
    "span": 0.90,
    "span_gap": 2.12,
    "relevance": -0.21,
    "cosine": -0.22,
    "cosine_gap": 3.78,
    "retrieval": 2.11,
    "asked": -1.94,
    "count": 1.14,
    "aligned": 2.20,
    "reader": 0.34,
    "length": -2.21,
}

CONFIDENCE: Mapping[str, float] = {
    "bias": -5.48,
    "coverage": 1.14,
    "context": 0.29,
    "bare": -0.27,
    "near": 0.78,
    "left": 0.58,
    "right": 0.78,
    "year": 1.34,
    "names": 1.11,
    "names_least": 2.40,
    "rival": -0.44,
    "kind": 0.59,
    "unit": 0.37,
    "span": 0.64,
    "relevance": 0.76,
    "cosine": 1.11,
}


def rank_score(features: Mapping[str, float]) -> float:
    """Return the utility of a candidate; higher is better, and only differences mean anything."""
    return sum(weight * features[name] for name, weight in RANKING.items())


def confidence(features: Mapping[str, float]) -> float:
    """Return the chance, 0..1, that a candidate answers its question."""
    z = CONFIDENCE["bias"] + sum(w * features[name] for name, w in CONFIDENCE.items() if name != "bias")
    return 1 / (1 + exp(-max(-30.0, min(30.0, z))))
