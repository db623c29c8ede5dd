"""Correlations of scores: Pearson's and Spearman's, p-values and bootstrap intervals."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from created_equal.extras import library
from created_equal.scores.bootstrap import (
    REPLICATES,
    Statistic,
    interval_around,
    replicates_of,
)

SMALLEST_LOG10_P = -300.0
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Of a sample that is not constant, if the variance of all is 1.
SMALLEST_VARIANCE = 1e-12
# Of the mean square, for a score that is not constant: rounding leaves about 1e-32 of it.
SMALLEST_SHARE = 1e-24
# With more examples ``rank_correlations`` draws fewer replicates: intervals are narrow anyway.
EXAMPLES_OF_ALL_REPLICATES = 100_000
FEWEST_REPLICATES = 100


class Correlation(NamedTuple):
    """Pearson's r, log10 of its two-sided p-value, and the 95 % bootstrap interval of r."""

    r: float
    log10_p: float
    lower: float
    upper: float


class RankCorrelations(NamedTuple):
    """Spearman's correlation of each pair of metrics, with the ends of its 95 % interval.

    Each is (metric, metric), NaN where one metric is constant.
    """

    r: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def correlation(a: np.ndarray, b: np.ndarray) -> Correlation:
    """Return Pearson's correlation of two scores (example,) of the same examples or bins.

    It is NaN for fewer than three examples, and if scores are constant or NaN.
    """
    r = pearson(a, b) if len(a) >= 3 else math.nan
    if math.isnan(r):
        return Correlation(r, r, r, r)
    replicates = replicates_of(correlation_of(a, b), len(a))
    return Correlation(r, log10_p_of(r, len(a)), *interval_around(r, replicates, (-1, 1)))


def correlation_of(a: np.ndarray, b: np.ndarray) -> Statistic:
    """Return Pearson's correlation of a and b (unit,) as a statistic of weighted units."""
    both = _standardised(np.column_stack([a, b]))
    return lambda weights: np.array([_weighted_correlations(both, row)[0, 1] for row in weights])


def log10_p_of(r: float, points: int) -> float:
    """Return log10 of the two-sided p-value of Pearson's r over n independent points.

    For unrelated normal values, r squared has the distribution Beta(1/2, n/2 - 1), so p is the
    regularized incomplete beta function I_x(n/2 - 1, 1/2) with x = 1 - r^2. ``SMALLEST_LOG10_P``
    means p < 1e-300; NaN means that r is NaN or there are fewer than three points.
    """
    if points < 3 or math.isnan(r):
        return math.nan
    p = library("scipy.special").betainc(points / 2 - 1, 0.5, 1 - r * r)
    return max(math.log10(p), SMALLEST_LOG10_P) if p else SMALLEST_LOG10_P


def p_words(log10_p: float) -> str:
    """Return a p-value as a number, or as a bound by a power of ten if it is below 0.001.

    Exponents are characters, because the style of figures turns off mathematics in titles.
    """
    if log10_p >= -3:
        return f"p = {10**log10_p:.2g}"
    sign = "<" if log10_p <= SMALLEST_LOG10_P else "≤"
    return f"p {sign} 10{f'-{math.floor(-log10_p)}'.translate(SUPERSCRIPTS)}"


def pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Pearson's r of two scores (..., example), of each row; NaN where one is constant."""
    a, b = (np.asarray(values, dtype=np.float64) for values in (a, b))
    smallest = [_smallest_variance(values) for values in (a, b)]
    a, b = (values - np.mean(values, axis=-1, keepdims=True) for values in (a, b))
    variances = [np.mean(values**2, axis=-1) for values in (a, b)]
    vary = np.logical_and(*np.greater(variances, smallest))
    product = np.where(vary, np.prod(variances, axis=0), np.nan)
    return np.clip(np.mean(a * b, axis=-1) / np.sqrt(product), -1, 1)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation of two scores (example,): Pearson's r of their ranks."""
    return pearson(ranks(a), ranks(b))


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of values (..., example) within each row, from 1.

    Equal values have the mean of their ranks.
    """
    rows = pd.DataFrame(np.atleast_2d(values))
    return rows.rank(axis=1).to_numpy().reshape(np.shape(values))


def without_class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return values (example,) minus the mean of their class; labels are (example,), from 0 on."""
    counts = np.maximum(np.bincount(labels), 1)
    return values - (np.bincount(labels, weights=values) / counts)[labels]


def nan_mean(values: Iterable[float]) -> float:
    """Return the mean of the values that are not NaN, NaN if there are none."""
    values = np.fromiter(values, np.float64)
    values = values[~np.isnan(values)]
    return float(values.mean()) if values.size else np.nan


def mean_rank_correlation(rows: np.ndarray) -> float:
    """Return the mean of Spearman's correlation over all pairs of rows (row, example).

    Undefined correlations are left out; NaN for a single row or example.
    """
    r = pd.DataFrame(rows).T.corr("spearman").to_numpy()
    return nan_mean(r[~np.eye(len(r), dtype=bool)])


def rank_correlations(metrics: pd.DataFrame, labels: np.ndarray | None = None) -> RankCorrelations:
    """Return Spearman's correlations of all pairs of metrics (example, metric).

    NaN ranks last: an example that is never learned ranks after the last one learned, and after the
    most forgotten one (Toneva et al., 2019). With labels (example,), from 0 on, ranks minus their
    class mean are correlated. Intervals are over examples, which keep their ranks.
    """
    ranked = metrics.rank(na_option="bottom").to_numpy()
    if labels is not None:
        within = np.apply_along_axis(without_class_means, 0, ranked, labels)
        # Rounded, so that ties within a class remain ties.
        ranked = pd.DataFrame(within.round(6)).rank().to_numpy()
    scaled = _standardised(ranked)
    examples, pairs = len(scaled), (scaled.shape[1],) * 2
    r = _weighted_correlations(scaled, np.ones(examples))
    replicates = REPLICATES * EXAMPLES_OF_ALL_REPLICATES // examples
    found = replicates_of(
        lambda weights: np.array([_weighted_correlations(scaled, row) for row in weights]),
        examples,
        int(np.clip(replicates, FEWEST_REPLICATES, REPLICATES)),
    )
    ends = np.array(
        [interval_around(r[pair], found[:, *pair], (-1, 1)) for pair in np.ndindex(pairs)]
    )
    return RankCorrelations(r, *ends.T.reshape(2, *pairs))


def _smallest_variance(values: np.ndarray) -> np.ndarray:
    """Return the variance up to which samples of scores (..., example) count as constant."""
    mean_square = np.mean(values**2, axis=-1)
    return SMALLEST_VARIANCE * np.var(values, axis=-1) + SMALLEST_SHARE * mean_square


def _standardised(values: np.ndarray) -> np.ndarray:
    """Return columns (example, metric) with a mean of 0 and a variance of 1; NaN if constant."""
    values = values.astype(np.float64)
    varies = values.var(axis=0) > _smallest_variance(values.T)
    return (values - values.mean(axis=0)) / np.where(varies, values.std(axis=0), np.nan)


def _weighted_correlations(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlations of standardised columns with weights (example,)."""
    total = weights.sum()
    mean = weights @ values / total
    covariance = (values * weights[:, None]).T @ values / total - np.outer(mean, mean)
    variance = np.diag(covariance)
    deviation = np.sqrt(np.where(variance > SMALLEST_VARIANCE, variance, np.nan))
    return np.clip(covariance / np.outer(deviation, deviation), -1, 1)
