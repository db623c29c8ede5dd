"""Whether two scores order the examples alike, over all examples and within classes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from created_equal.scores.bootstrap import REPLICATES, interval_around
from created_equal.scores.hypotheses import FEWEST_NETWORKS
from created_equal.scores.order import pearson, spearman, without_class_means


@dataclass(frozen=True)
class Estimate:
    """A correlation of two scores, and its 95 % bootstrap interval."""

    value: float
    lower: float
    upper: float


def spearman_within_class(a: np.ndarray, b: np.ndarray, labels: np.ndarray) -> float:
    """Return Spearman's correlation of two scores (example,) without the effect of the class.

    It is Pearson's r of the ranks among all examples, less the mean rank of their class; so large
    classes weigh more. Labels (example,) count from 0.
    """
    return pearson(*(without_class_means(rankdata(values), labels) for values in (a, b)))


STATISTICS: Mapping[str, Callable[[np.ndarray, np.ndarray, np.ndarray], float]] = {
    "Spearman": lambda a, b, labels: spearman(a, b),
    "Spearman within classes": spearman_within_class,
    "Pearson": lambda a, b, labels: pearson(a, b),
}


def compare_scores(one: np.ndarray, other: np.ndarray, labels: np.ndarray) -> dict[str, Estimate]:
    """Return the ``STATISTICS`` of two scores of the same examples.

    Each resample draws the examples with replacement, and the networks of both scores if
    ``resamples_networks``; the same input always gives the same intervals.

    Args:
        one: a score (example,), or the score by each network of an ensemble (network, example),
            which is averaged.
        other: as ``one``.
        labels: (example,) integers from 0 on.
    """
    both, generator = (one, other), np.random.default_rng(0)
    over_networks = resamples_networks(*both)
    found = {name: [] for name in STATISTICS}
    for _ in range(REPLICATES):
        means = [
            _resampled_mean(score, generator) if over_networks else _mean(score) for score in both
        ]
        drawn = generator.integers(len(labels), size=len(labels))
        for name, statistic in STATISTICS.items():
            found[name].append(statistic(*(mean[drawn] for mean in means), labels[drawn]))
    values = {name: of(*map(_mean, both), labels) for name, of in STATISTICS.items()}
    return {
        name: Estimate(value, *interval_around(value, np.array(found[name]), (-1, 1)))
        for name, value in values.items()
    }


def resamples_networks(*scores: np.ndarray) -> bool:
    """Return whether intervals are over networks too: all ensembles have five, and one is there."""
    ensembles = [score for score in scores if score.ndim == 2]
    return bool(ensembles) and all(len(score) >= FEWEST_NETWORKS for score in ensembles)


def _mean(score: np.ndarray) -> np.ndarray:
    return score.mean(axis=0) if score.ndim == 2 else score


def _resampled_mean(score: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    if score.ndim == 1:
        return score
    networks = len(score)
    drawn = generator.integers(networks, size=networks)
    return np.bincount(drawn, minlength=networks) @ score / networks
