"""Pearson's correlation with its interval."""

from typing import NamedTuple

import numpy as np
from scipy.stats import pearsonr

from created_equal.errors import InputError
from created_equal.scores.bimodality import REPLICATES, band

SMALLEST_P = 1e-300


class Correlation(NamedTuple):
    """Pearson's r, its two-sided p-value, and the 95 % bootstrap interval of r."""

    r: float
    p: float
    lower: float
    upper: float


def correlation(a: np.ndarray, b: np.ndarray) -> Correlation:
    """Return Pearson's correlation of two scores over the same examples.

    Args:
        a: (example,) numbers, for example accessibility in one ensemble.
        b: (example,) numbers, of the same examples in the same order.

    Returns:
        r; p, where ``SMALLEST_P`` stands for all that is smaller (floating point ends there: write
        "p <= 1e-300"); lower and upper, the 95 % percentile interval of 200 resamples of the
        examples with replacement, always the same for the same input.

    Raises:
        InputError: the lengths differ, there are fewer than three examples, or values that are
            constant or not a number.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise InputError(
            f"scores of {len(a)} and of {len(b)} examples cannot be correlated; give both for "
            "the same examples."
        )
    if len(a) < 3 or not all(np.isfinite(v).all() and np.ptp(v) > 0 for v in (a, b)):
        raise InputError(
            "a correlation is undefined for fewer than three examples, for constant scores and "
            "for scores that are not numbers (half an ensemble of one network has none); give "
            "more networks or examples."
        )
    r, p = pearsonr(a, b)
    generator = np.random.default_rng(0)
    resamples = (generator.integers(len(a), size=len(a)) for _ in range(REPLICATES))
    lower, upper = band(np.array([_pearson(a[chosen], b[chosen]) for chosen in resamples]))
    return Correlation(float(r), max(float(p), SMALLEST_P), float(lower), float(upper))


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return a @ b / norm if norm > 0 else np.nan
