"""Correlations of two scores, over all examples and within classes."""

from dataclasses import dataclass

import numpy as np

from created_equal.scores.bootstrap import REPLICATES, interval_around
from created_equal.scores.correlation import pearson, ranks, without_class_means
from created_equal.scores.hypotheses import FEWEST_NETWORKS

NUMBERS_AT_ONCE = 2**21
# Equal shares that are summed in another order differ in the last bits; rounded, they are ties.
DECIMALS = 12


@dataclass(frozen=True)
class Estimate:
    """A correlation of two scores, and its 95 % bootstrap interval."""

    value: float
    lower: float
    upper: float


def compare_scores(one: np.ndarray, other: np.ndarray, labels: np.ndarray) -> dict[str, Estimate]:
    """Return the ``correlations`` of two scores of the same examples, by name.

    Each is a score (example,), or a share for each network of an ensemble (network, example), of
    which ``mean_score`` is the mean; a single row if only the mean is known. Labels are (example,),
    from 0 on. Each of 1,000 resamples draws the examples with replacement, and the networks of both
    scores if ``resamples_networks``; the same input always gives the same intervals.
    """
    both, examples = (one, other), len(labels)
    generator, parts = np.random.default_rng(0), []
    at_once = max(1, NUMBERS_AT_ONCE // examples)
    for start in range(0, REPLICATES, at_once):
        rows = min(at_once, REPLICATES - start)
        means = [_means(score, generator, rows, resamples_networks(*both)) for score in both]
        drawn = generator.integers(examples, size=(rows, examples))
        resamples = (np.take_along_axis(mean, drawn, axis=1) for mean in means)
        parts.append(correlations(*resamples, labels[drawn]))
    observed = correlations(*(mean_score(score)[None] for score in both), labels[None])
    found = {}
    for name, (value,) in observed.items():
        replicates = np.concatenate([part[name] for part in parts])
        found[name] = Estimate(float(value), *interval_around(value, replicates, (-1, 1)))
    return found


def correlations(one: np.ndarray, other: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the correlations of samples of two scores, which are (sample, example), as labels are.

    Within classes, the mean rank of the class is subtracted from each rank among all examples, as
    in ``rank_correlations``. The differences are ranked and correlated over all examples, so large
    classes weigh more.

    Returns:
        "Spearman", "Spearman within classes" and "Pearson": (sample,) float64, NaN if a score is
        constant.
    """
    of_all = [ranks(score) for score in (one, other)]
    # The same class in two samples counts as two groups.
    groups = (labels + np.arange(len(labels))[:, None] * (labels.max() + 1)).ravel()
    # Rounded, so that ties within a class remain ties.
    within = [
        ranks(without_class_means(rank.ravel(), groups).reshape(rank.shape).round(6))
        for rank in of_all
    ]
    return {
        "Spearman": pearson(*of_all),
        "Spearman within classes": pearson(*within),
        "Pearson": pearson(one, other),
    }


def mean_score(score: np.ndarray) -> np.ndarray:
    """Return the mean over networks of shares (network, example); a score (example,) as it is."""
    return score if score.ndim == 1 else score.mean(axis=0).round(DECIMALS)


def resamples_networks(*scores: np.ndarray) -> bool:
    """Return whether intervals are over networks too: all ensembles have at least five."""
    ensembles = [score for score in scores if score.ndim == 2]
    return bool(ensembles) and all(len(score) >= FEWEST_NETWORKS for score in ensembles)


def _means(
    score: np.ndarray, generator: np.random.Generator, rows: int, over_networks: bool
) -> np.ndarray:
    """Return means over networks, which are drawn with replacement for each row: (row, example)."""
    if score.ndim == 1 or not over_networks:
        mean = mean_score(score)
        return np.broadcast_to(mean, (rows, len(mean)))
    networks = len(score)
    drawn = generator.integers(networks, size=(rows, networks))
    weights = [np.bincount(row, minlength=networks) for row in drawn]
    return (np.array(weights) @ score / networks).round(DECIMALS)
