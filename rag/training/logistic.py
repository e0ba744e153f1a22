"""Fits the two logistic models that weigh candidates, held near weights that are known to do well.

Takes arrays of features, gives weights; knows nothing of questions. Newton's method on all rows at once: there are
two dozen weights. The prior is Gaussian: ``strength / 2 * ((weight - prior) * spread)²`` for each weight, with the
spread of its feature, so that a strength means the same whatever a feature's scale (Chelba and Acero 2006,
"Adaptation of maximum entropy capitalizer", hold a model near another's weights in this way).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

STEPS = 60  # of Newton's method; it converges in 5 to 15
CLOSE = 1e-9  # expected decrease of the loss at which it stops

Point = tuple[float, Floats, Floats]
"""A loss with its gradient, shape (weights,), and its curvature, shape (weights, weights)."""


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """Questions with their candidates, padded to the same number."""

    features: Floats  # shape (questions, candidates, features); 0 where padded
    right: Bools  # shape (questions, candidates)
    there: Bools  # shape (questions, candidates); False: padding
    weights: Floats  # shape (questions,): how much a question counts

    def take(self, rows: NDArray[np.intp]) -> Choices:
        """Return some questions."""
        return Choices(self.features[rows], self.right[rows], self.there[rows], self.weights[rows])

    @property
    def decidable(self) -> Bools:
        """Which questions have a right candidate, shape (questions,)."""
        return np.asarray(self.right.any(axis=1))


def spreads(features: Floats, weights: Floats) -> Floats:
    """Return the weighted standard deviation of each feature, shape (features,), at least a little above 0."""
    mean = np.average(features, axis=0, weights=weights)
    variance = np.average((features - mean) ** 2, axis=0, weights=weights)
    return np.asarray(np.maximum(np.sqrt(variance), 1e-3), dtype=np.float64)


def fit_ranking(choices: Choices, prior: Floats, strength: float) -> Floats:
    """Return the weights that choose right candidates, shape (features,), held near ``prior``.

    The loss is ``-log P(a right candidate is chosen)``, a conditional logit (McFadden 1974). Questions without a
    right candidate say nothing and are left out.
    """
    kept = choices.take(np.flatnonzero(choices.decidable))
    rows = kept.features[kept.there]

    def loss(weights: Floats) -> Point:
        each, among_all, among_right = _chosen_and_right(kept, weights)
        mean = np.einsum("qc,qcf->qf", among_all, kept.features)
        wanted = np.einsum("qc,qcf->qf", among_right, kept.features)
        # The curvature of the part that is convex; with several right candidates the other part is left out.
        weighted = kept.features * (among_all * kept.weights[:, None])[:, :, None]
        curvature = np.tensordot(weighted, kept.features, axes=([0, 1], [0, 1]))
        curvature -= (mean * kept.weights[:, None]).T @ mean
        return float(kept.weights @ each), kept.weights @ (mean - wanted), curvature

    return _minimise(loss, prior, spreads(rows, np.ones(len(rows))), strength)


def _chosen_and_right(choices: Choices, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each question's loss, and the candidates' chances among all and among the right ones."""
    scores = np.where(choices.there, choices.features @ weights, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    right = np.exp(np.where(choices.right, scores, -np.inf) - scores.max(axis=1, keepdims=True))
    sums, right_sums = powers.sum(axis=1, keepdims=True), np.maximum(right.sum(axis=1, keepdims=True), 1e-300)
    return np.log(sums / right_sums)[:, 0], powers / sums, right / right_sums


def ranking_losses(choices: Choices, weights: Floats) -> Floats:
    """Return ``-log P(a right candidate is chosen)`` of each question, 0 where none is right, shape (questions,)."""
    return np.where(choices.decidable, _chosen_and_right(choices, weights)[0], 0.0)


def chosen(choices: Choices, weights: Floats) -> NDArray[np.intp]:
    """Return the position of each question's best candidate, shape (questions,)."""
    scores = np.where(choices.there, choices.features @ weights, -np.inf)
    return np.asarray(scores.argmax(axis=1))


def fit_confidence(features: Floats, labels: Bools, counts: Floats, prior: Floats, strength: float) -> Floats:
    """Return the weights of a logistic regression, shape (features + 1,), its constant last and held to nothing."""
    inputs = with_constant(features)

    def loss(weights: Floats) -> Point:
        logits = inputs @ weights
        given = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))
        each = np.logaddexp(0.0, logits) - labels * logits
        curvature = (inputs * (counts * given * (1 - given))[:, None]).T @ inputs
        return float(counts @ each), inputs.T @ (counts * (given - labels)), curvature

    return _minimise(loss, prior, np.append(spreads(features, counts), 0.0), strength)


def chances(features: Floats, weights: Floats) -> Floats:
    """Return the chances, 0..1, by a logistic regression whose constant is last."""
    logits = np.clip(with_constant(features) @ weights, -30.0, 30.0)
    return np.asarray(1 / (1 + np.exp(-logits)))


def log_losses(probabilities: Floats, labels: Bools) -> Floats:
    """Return ``-log P(label)`` of each case."""
    given = np.where(labels, probabilities, 1 - probabilities)
    return np.asarray(-np.log(np.maximum(given, 1e-12)))


def strongest(losses: Mapping[float, Floats], counts: Floats) -> float:
    """Return the greatest strength whose loss is at most one standard error above the least.

    The one-standard-error rule of Breiman et al. 1984 (section 3.4.3), the error being that of the cases' differences.

    Args:
        losses: of each case that was not fitted on, by the strength of the prior.
        counts: how much each case counts.
    """
    best = min(losses, key=lambda strength: float(counts @ losses[strength]))
    for strength in sorted(losses, reverse=True):
        more = losses[strength] - losses[best]
        mean = np.average(more, weights=counts)
        if mean <= np.sqrt(counts**2 @ (more - mean) ** 2) / counts.sum():
            return strength
    return best


def with_constant(features: Floats) -> Floats:
    """Return features with a column of ones behind them."""
    return np.hstack([features, np.ones((len(features), 1))])


def _minimise(loss: Callable[[Floats], Point], prior: Floats, spread: Floats, strength: float) -> Floats:
    """Return the minimum of a loss and of the distance from the prior."""
    held = strength * spread**2

    def at(weights: Floats) -> Point:
        value, gradient, curvature = loss(weights)
        away = weights - prior
        total = value + float(held @ away**2) / 2
        return total, gradient + held * away, curvature + np.diag(held + 1e-8)

    weights = prior.astype(np.float64)
    value, gradient, curvature = at(weights)
    for _ in range(STEPS):
        step = np.linalg.solve(curvature, gradient)
        slope = float(gradient @ step)
        if slope < CLOSE:
            break
        size = 1.0
        while size > 1e-6 and (there := at(weights - size * step))[0] > value - 1e-4 * size * slope:
            size /= 2
        weights, (value, gradient, curvature) = weights - size * step, there
    return weights
