"""Spearman's correlations of many metrics with each other, pooled and within classes."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from created_equal.scores.bootstrap import REPLICATES, interval_around, replicates_of
from created_equal.scores.correlation import SMALLEST_VARIANCE
from created_equal.scores.order import without_class_means

# With more examples there are fewer replicates, because the intervals are narrow anyway.
EXAMPLES_OF_ALL_REPLICATES = 100_000
FEWEST_REPLICATES = 100


class RankCorrelations(NamedTuple):
    """Spearman's correlation of each pair of metrics, with the ends of its 95 % interval.

    Each is (metric, metric), NaN where one metric is constant.
    """

    r: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def rank_correlations(metrics: pd.DataFrame, labels: np.ndarray | None = None) -> RankCorrelations:
    """Return Spearman's correlations of all pairs of metrics.

    Args:
        metrics: one row per example, one column per metric. NaN ranks last: an example that is
            never learned ranks after the last one learned, and after the most forgotten one (Toneva
            et al., 2019).
        labels: (example,) from 0 on, to correlate ranks minus their class mean; None to pool all
            classes.

    Returns:
        with bootstrap intervals over examples, which keep their ranks.
    """
    ranks = metrics.rank(na_option="bottom").to_numpy()
    if labels is not None:
        within = np.apply_along_axis(without_class_means, 0, ranks, labels)
        # Rounded, so that ties within a class remain ties.
        ranks = pd.DataFrame(within.round(6)).rank().to_numpy()
    deviation = ranks.std(axis=0)
    constant = deviation < SMALLEST_VARIANCE
    scaled = (ranks - ranks.mean(axis=0)) / np.where(constant, np.nan, deviation)
    examples, pairs = len(scaled), (scaled.shape[1],) * 2
    r = _weighted(scaled, np.ones(examples))
    replicates = REPLICATES * EXAMPLES_OF_ALL_REPLICATES // examples
    found = replicates_of(
        lambda weights: np.array([_weighted(scaled, row) for row in weights]),
        examples,
        int(np.clip(replicates, FEWEST_REPLICATES, REPLICATES)),
    )
    ends = np.array(
        [interval_around(r[pair], found[:, *pair], (-1, 1)) for pair in np.ndindex(pairs)]
    )
    return RankCorrelations(r, *ends.T.reshape(2, *pairs))


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlations of columns (example, metric) with weights (example,)."""
    total = weights.sum()
    mean = weights @ values / total
    covariance = (values * weights[:, None]).T @ values / total - np.outer(mean, mean)
    variance = np.diag(covariance)
    deviation = np.sqrt(np.where(variance > SMALLEST_VARIANCE, variance, np.nan))
    return np.clip(covariance / np.outer(deviation, deviation), -1, 1)
