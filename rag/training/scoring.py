"""The recipe of the answerer's weights, as one command: ask → look → fit → measure → write.

    python -m rag.training.scoring --data FOLDER --out rag/answerers/weights.json [--keep-ranking]

It asks questions of training and development data (`scoring_cases`) of the assistant as it ships, keeps the features
of what its answerer saw (`scoring_features`), and fits the ranking and the confidence (`logistic`) near the prior
weights that the present file states. How near is chosen by cross-validation over groups that share no document, the
prior having the benefit of the doubt;
what is printed was predicted for groups that were not fitted on. Made questions are easier than people's, so they
count less, and the prior more, than their number alone would have it.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from index.errors import SettingsError
from index.runtime import prepare_torch
from index.training.command import guarded
from rag.answerers.evidence import FEATURES
from rag.answerers.scoring import BIAS, WEIGHTS_FILE, Weights
from rag.training.calibration import auroc
from rag.training.logistic import (
    Bools,
    Choices,
    Floats,
    chances,
    chosen,
    fit_confidence,
    fit_ranking,
    log_losses,
    ranking_losses,
    strongest,
)
from rag.training.scoring_cases import CaseOptions, corpora
from rag.training.scoring_features import EXACT, NEAR, Seen, extract

logger = logging.getLogger("rag.training.scoring")

SEED = 20
FOLDS = 5
STRENGTHS = (30.0, 100.0, 300.0, float("inf"))
"""Of the prior; the last leaves it as it is."""

COUNTS: Mapping[str, float] = {
    "own": 10.0,
    "pages": 3.0,
    "news": 1.0,
    "cmrc": 0.5,
    "drcd": 0.5,
    "english": 0.5,
}
"""How much a question of each corpus counts: people's questions on newspaper pages are what the answerer is for;
those of CMRC, DRCD and the English sets have other answers than it gives, often longer."""

UNANSWERABLE = 0.35  # share of questions that the documents do not answer; made ones are more
CANDIDATES = 60  # of a question that are fitted on, the prior's best; those behind have next to no chance
BINS = 10  # of the expected calibration error
DECIMALS = 2  # of a written weight

DESCRIPTION = (
    "What each feature of a candidate counts; rag/answerers/evidence.py says what they are. Ranking: a conditional "
    "logit that chooses among the candidates of a question. Confidence: a logistic regression that gives the chosen "
    "one's chance to be right. Written by python -m rag.training.scoring, which holds them near the prior."
)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All cases with their candidates; arrays have one row for each case."""

    choices: Choices
    grades: NDArray[np.int8]  # shape (cases, candidates); padded with 0
    answerable: Bools
    corpora: NDArray[np.str_]
    folds: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What weights make of each case that has a candidate at all."""

    grades: NDArray[np.int8]  # of the candidate that was chosen
    chances: Floats  # its confidence

    @property
    def right(self) -> Bools:
        """Whether the chosen candidate is right, or nearly."""
        found: Bools = self.grades >= NEAR
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe; return 0, or 1 after one line on stderr that says what to do."""
    parser = argparse.ArgumentParser(
        prog="python -m rag.training.scoring",
        description="Fit the weights by which the answerer ranks candidates and tells how sure it is.",
        epilog="example: python -m rag.training.scoring --data data --out rag/answerers/weights.json",
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds train/ and dev/")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument(
        "--prior",
        type=Path,
        default=WEIGHTS_FILE,
        help="the file whose prior to stay near (default: the shipped one)",
    )
    parser.add_argument(
        "--features",
        type=Path,
        default=Path("scoring-features"),
        help="a folder that keeps what was extracted, for the next time (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-ranking", action="store_true", help="fit the confidence alone; the ranking is the prior's"
    )
    options = parser.parse_args(arguments)
    return guarded(
        lambda: run(
            options.data, options.out, options.prior, options.features, CaseOptions(), options.keep_ranking
        )
    )


def run(
    data: Path, out: Path, prior_file: Path, features: Path, options: CaseOptions, keep_ranking: bool = False
) -> None:
    """Extract, fit, print the measurements, and write the weights.

    Raises:
        SettingsError: the data folder is incomplete, or holds too few questions.
        ModelError: the prior's file is none.
    """
    prepare_torch()
    prior = read_prior(prior_file)
    seen = {corpus.name: extract(corpus, features) for corpus in corpora(data, options, SEED)}
    table = tabulate(seen, prior, Random(SEED))
    weights, strengths = fit(table, prior, keep_ranking)
    before = predictions(table, prior)
    after = cross_validated(table, prior, *strengths.values())
    measured = {"prior": scores(table, before), "fitted": scores(table, after)}
    print(as_markdown(measured))
    stated = {
        "description": DESCRIPTION,
        **rounded(weights),
        "prior": rounded(prior),
        "fitted": {
            "cases": {name: _counts(one.kinds) for name, one in seen.items()},
            "strengths": {name: None if np.isinf(s) else s for name, s in strengths.items()},
            "cross_validated": measured,
        },
    }
    out.write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
    logger.info("the weights are in %s", out)


def read_prior(path: Path) -> Weights:
    """Return the prior that a weights file states, or its weights where it states none."""
    weights = Weights.read(path)
    stated = json.loads(path.read_text(encoding="utf-8")).get("prior")
    return Weights(ranking=stated["ranking"], confidence=stated["confidence"]) if stated else weights


def tabulate(seen: Mapping[str, Seen], prior: Weights, random: Random) -> Table:
    """Put the prior's best candidates of all cases into one table, and deal the cases' groups to folds.

    Raises:
        SettingsError: there are fewer groups than folds.
    """
    parts = [_padded(one, prior, _counted(one, COUNTS.get(name, 1.0))) for name, one in seen.items()]
    names = np.concatenate([np.full(len(one.sizes), name) for name, one in seen.items()])
    groups = [f"{name}/{group}" for name, one in seen.items() for group in one.groups]
    order = sorted(set(groups))
    if len(order) < FOLDS:
        raise SettingsError(f"only {len(order)} documents have questions, {FOLDS} are needed; give more data")
    random.shuffle(order)
    fold = {group: n % FOLDS for n, group in enumerate(order)}
    choices = Choices(
        features=np.concatenate([part.features for part, _ in parts]),
        right=np.concatenate([part.right for part, _ in parts]),
        there=np.concatenate([part.there for part, _ in parts]),
        weights=np.concatenate([part.weights for part, _ in parts]),
    )
    return Table(
        choices=choices,
        grades=np.concatenate([grades for _, grades in parts]),
        answerable=np.concatenate([one.kinds == "answer" for one in seen.values()]),
        corpora=names,
        folds=np.array([fold[group] for group in groups]),
    )


def _counted(seen: Seen, count: float) -> Floats:
    """Return how much each case counts, the unanswerable ones together their share of all, shape (cases,)."""
    asked = seen.kinds == "answer"
    share = UNANSWERABLE / (1 - UNANSWERABLE) * asked.sum() / max(1, (~asked).sum())
    return np.where(asked, count, count * share)


def _padded(seen: Seen, prior: Weights, counts: Floats) -> tuple[Choices, NDArray[np.int8]]:
    """Return a corpus's cases as choices, and the grades of their candidates; right are those of the best grade."""
    ends = np.cumsum(seen.sizes)
    utilities = seen.features @ _vector(prior.ranking, FEATURES)
    features = np.zeros((len(ends), CANDIDATES, seen.features.shape[1]))
    grades = np.zeros((len(ends), CANDIDATES), dtype=np.int8)
    there = np.zeros((len(ends), CANDIDATES), dtype=np.bool_)
    for case, (start, end) in enumerate(zip(ends - seen.sizes, ends, strict=True)):
        kept = start + np.argsort(-utilities[start:end], kind="stable")[:CANDIDATES]
        features[case, : len(kept)] = seen.features[kept]
        grades[case, : len(kept)] = seen.grades[kept]
        there[case, : len(kept)] = True
    right = (grades > 0) & (grades == grades.max(axis=1, keepdims=True))
    return Choices(features, right, there, counts), grades


def fit(table: Table, prior: Weights, keep_ranking: bool = False) -> tuple[Weights, dict[str, float]]:
    """Choose how near to stay to the prior by cross-validation, then fit on everything."""
    strengths = STRENGTHS[-1:] if keep_ranking else STRENGTHS
    ranking = _choose("ranking", {s: _ranking_losses(table, prior, s) for s in strengths}, table)
    ranked = [_fit_ranking(table, inside, prior, ranking) for inside, _ in _splits(table)]
    apart = {s: _predicted_apart(table, prior, ranked, s) for s in STRENGTHS}
    confidence = _choose("confidence", {s: log_losses(p.chances, p.right) for s, p in apart.items()}, table)
    everything = np.arange(len(table.folds))
    ranks = _fit_ranking(table, everything, prior, ranking)
    weights = _fit_confidence(table, everything, prior, ranks, confidence)
    return weights, {"ranking": ranking, "confidence": confidence}


def _choose(name: str, losses: Mapping[float, Floats], table: Table) -> float:
    for strength, each in losses.items():
        logger.info(
            "%s, strength %g: loss %.4f", name, strength, np.average(each, weights=table.choices.weights)
        )
    return strongest(losses, table.choices.weights)


def _ranking_losses(table: Table, prior: Weights, strength: float) -> Floats:
    """Return the ranking's loss of each case, by weights that were fitted on other folds."""
    losses = np.zeros(len(table.folds))
    for inside, outside in _splits(table):
        fitted = _fit_ranking(table, inside, prior, strength)
        losses[outside] = ranking_losses(table.choices.take(outside), _vector(fitted, FEATURES))
    return losses


def cross_validated(table: Table, prior: Weights, ranking: float, confidence: float) -> Predictions:
    """Return predictions of each fold by weights that were fitted on the others."""
    ranked = [_fit_ranking(table, inside, prior, ranking) for inside, _ in _splits(table)]
    return _predicted_apart(table, prior, ranked, confidence)


def _predicted_apart(
    table: Table, prior: Weights, ranked: Sequence[Mapping[str, float]], strength: float
) -> Predictions:
    grades = np.zeros(len(table.folds), dtype=np.int8)
    given = np.zeros(len(table.folds))
    for (inside, outside), ranks in zip(_splits(table), ranked, strict=True):
        made = predictions(table, _fit_confidence(table, inside, prior, ranks, strength))
        grades[outside], given[outside] = made.grades[outside], made.chances[outside]
    return Predictions(grades, given)


def _splits(table: Table) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    return [(np.flatnonzero(table.folds != n), np.flatnonzero(table.folds == n)) for n in range(FOLDS)]


def _fit_confidence(
    table: Table, rows: NDArray[np.intp], prior: Weights, ranks: Mapping[str, float], strength: float
) -> Weights:
    """Fit the confidence on what a ranking chooses in some cases, and return it with the ranking."""
    if np.isinf(strength):
        return Weights(ranking=ranks, confidence=prior.confidence)
    names = [name for name in prior.confidence if name != BIAS]
    best = chosen(table.choices, _vector(ranks, FEATURES))
    inputs = table.choices.features[np.arange(len(best)), best][:, [FEATURES.index(name) for name in names]]
    labels = table.grades[np.arange(len(best)), best] >= NEAR
    start = _vector(prior.confidence, [*names, BIAS])
    fitted = fit_confidence(inputs[rows], labels[rows], table.choices.weights[rows], start, strength)
    return Weights(ranking=ranks, confidence=dict(zip([*names, BIAS], map(float, fitted), strict=True)))


def _fit_ranking(
    table: Table, rows: NDArray[np.intp], prior: Weights, strength: float
) -> Mapping[str, float]:
    if np.isinf(strength):
        return prior.ranking
    fitted = fit_ranking(table.choices.take(rows), _vector(prior.ranking, FEATURES), strength)
    return dict(zip(FEATURES, map(float, fitted), strict=True))


def _vector(weights: Mapping[str, float], names: Sequence[str]) -> Floats:
    return np.array([weights.get(name, 0.0) for name in names])


def predictions(table: Table, weights: Weights) -> Predictions:
    """Choose each case's best candidate and tell its chance; a case without candidates has none."""
    best = chosen(table.choices, _vector(weights.ranking, FEATURES))
    rows = np.arange(len(best))
    names = [name for name in weights.confidence if name != BIAS]
    inputs = table.choices.features[rows, best][:, [FEATURES.index(name) for name in names]]
    given = chances(inputs, _vector(weights.confidence, [*names, BIAS]))
    return Predictions(table.grades[rows, best], np.where(table.choices.there.any(axis=1), given, 0.0))


def calibration_error(probabilities: Floats, labels: Bools) -> float:
    """Return the expected calibration error, over equal bins of chances (Guo et al. 2017)."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    gaps = np.bincount(bins, weights=probabilities - labels, minlength=BINS)
    return float(np.abs(gaps).sum() / counts.sum())


def scores(table: Table, given: Predictions) -> dict[str, dict[str, float]]:
    """Measure predictions by corpus and over all, each case counting once."""
    measured: dict[str, dict[str, float]] = {}
    for name in (*dict.fromkeys(table.corpora), "all"):
        rows = table.corpora == name if name != "all" else np.ones(len(table.folds), dtype=np.bool_)
        asked = rows & table.answerable
        none = rows & ~table.answerable
        measured[str(name)] = {
            "answerable": int(asked.sum()),
            "unanswerable": int(none.sum()),
            "there": float((table.grades[asked].max(axis=1) >= NEAR).mean()),
            "right": float(given.right[asked].mean()),
            "exact": float((given.grades[asked] == EXACT).mean()),
            "ece": calibration_error(given.chances[rows], given.right[rows]),
            "log_loss": float(log_losses(given.chances[rows], given.right[rows]).mean()),
            "refusal_auroc": auroc(given.chances[rows], table.answerable[rows]) if none.any() else 1.0,
        }
    return measured


def as_markdown(measured: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return the measurements of several weights as one table."""
    names = list(next(iter(next(iter(measured.values())).values())))
    lines = [f"| corpus | weights | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for corpus in next(iter(measured.values())):
        for weights, by_corpus in measured.items():
            cells = [
                f"{value:.3f}" if isinstance(value, float) else str(value)
                for value in by_corpus[corpus].values()
            ]
            lines.append(f"| {corpus} | {weights} | {' | '.join(cells)} |")
    return "\n".join(lines)


def rounded(weights: Weights) -> dict[str, dict[str, float]]:
    """Return both models' weights as they are written."""
    return {
        name: {feature: round(value, DECIMALS) for feature, value in model.items()}
        for name, model in asdict(weights).items()
    }


def _counts(kinds: NDArray[np.str_]) -> dict[str, int]:
    """Return how many cases there are of each kind."""
    return {str(kind): int(count) for kind, count in zip(*np.unique(kinds, return_counts=True), strict=True)}


if __name__ == "__main__":
    sys.exit(main())
