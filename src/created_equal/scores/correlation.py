"""Pearson's correlation with its p-value and interval."""

import math
from typing import NamedTuple

import numpy as np

from created_equal.errors import InputError
from created_equal.extras import library
from created_equal.scores.bootstrap import Statistic, interval_around, replicates_of, value_of

SMALLEST_LOG10_P = -300.0
SMALLEST_VARIANCE = 1e-12


class Correlation(NamedTuple):
    """Pearson's r, log10 of its two-sided p-value, and the 95 % bootstrap interval of r."""

    r: float
    log10_p: float
    lower: float
    upper: float


def correlation(a: np.ndarray, b: np.ndarray) -> Correlation:
    """Return Pearson's correlation of two scores (example,) of the same examples or bins.

    Raises:
        InputError: there are fewer than three examples, or scores are constant or NaN.
    """
    undefined = InputError(
        "a correlation is undefined for fewer than three examples, for constant scores and for "
        "scores that are not numbers (half an ensemble of one network has none); give more "
        "networks or examples, or train longer."
    )
    if len(a) < 3:
        raise undefined
    statistic = correlation_of(a, b)
    r = value_of(statistic, len(a))
    if math.isnan(r):
        raise undefined
    interval = interval_around(r, replicates_of(statistic, len(a)), possible=(-1, 1))
    return Correlation(r, log10_p_of(r, len(a)), *interval)


def correlation_of(a: np.ndarray, b: np.ndarray) -> Statistic:
    """Return Pearson's correlation of a and b (unit,) as a statistic of weighted units."""
    # Centered, so that small deviations from a large mean keep their precision.
    a, b = (np.asarray(values, dtype=np.float64) - np.mean(values) for values in (a, b))

    def statistic(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1)
        mean_a, mean_b = weights @ a / total, weights @ b / total
        covariance = weights @ (a * b) / total - mean_a * mean_b
        variances = [
            weights @ (values**2) / total - mean**2 for values, mean in ((a, mean_a), (b, mean_b))
        ]
        product = np.where(
            np.minimum(*variances) > SMALLEST_VARIANCE, variances[0] * variances[1], np.nan
        )
        return np.clip(covariance / np.sqrt(product), -1, 1)

    return statistic


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
