"""Weighs the features of candidates: two logistic models, small enough to read. Takes features, gives numbers.

`RANKING` chooses between the candidates of one question (a conditional logit over `evidence.FEATURES`);
`CONFIDENCE` turns the best one's features into the chance that it is right (a logistic regression).
Both were fitted on development questions and on news sentences of the training data, never on test data.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

RANKING: Mapping[str, float] = {
    "coverage": 5.09,
    "context": 4.04,
    "near": 2.82,
    "left": 2.01,
    "right": 1.94,
    "year": 1.53,
    "kind": 2.40,
    "names": 1.37,
    "names_least": 0.75,
    "rival": -1.28,
    "unit": 0.81,
    "span": 0.99,
    "span_gap": 2.15,
    "relevance": 0.08,
    "cosine": -0.32,
    "cosine_gap": 3.68,
    "retrieval": 1.71,
    "asked": -2.11,
    "count": 1.27,
    "aligned": 2.13,
    "reader": 0.36,
    "length": -2.07,
}

CONFIDENCE: Mapping[str, float] = {
    "bias": -5.43,
    "coverage": 1.30,
    "context": 0.08,
    "near": 0.87,
    "left": 0.50,
    "right": 0.64,
    "year": 1.41,
    "names": 1.11,
    "names_least": 2.39,
    "rival": -0.47,
    "kind": 0.54,
    "unit": 0.23,
    "span": 0.70,
    "relevance": 0.68,
    "cosine": 0.61,
}


def rank_score(features: Mapping[str, float]) -> float:
    """Return the utility of a candidate; higher is better, and only differences mean anything."""
    return sum(weight * features[name] for name, weight in RANKING.items())


def confidence(features: Mapping[str, float]) -> float:
    """Return the chance, 0..1, that a candidate answers its question."""
    z = CONFIDENCE["bias"] + sum(w * features[name] for name, w in CONFIDENCE.items() if name != "bias")
    return 1 / (1 + exp(-max(-30.0, min(30.0, z))))
