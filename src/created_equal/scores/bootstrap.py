"""95 % intervals by resampling examples, and what resamples are."""

import warnings
from collections.abc import Callable
from math import inf

import numpy as np

REPLICATES = 1000
LEVELS = (2.5, 97.5)
NUMBERS_AT_ONCE = 2**25

Statistic = Callable[[np.ndarray], np.ndarray]
"""From weights (replicate, unit) to the statistic (replicate, ...) of units that count so much."""


def value_of(statistic: Statistic, units: int) -> float:
    """Return a statistic of the units as they are, each once."""
    return float(statistic(np.ones((1, units)))[0])


def interval_of(
    statistic: Statistic,
    units: int,
    replicates: int = REPLICATES,
    possible: tuple[float, float] = (-inf, inf),
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a statistic, see ``interval_around``.

    Args:
        statistic: of weighted units, (replicate,).
        units: how many examples there are.
        replicates: how many resamples, each of ``units`` units drawn with replacement.
        possible: the least and the greatest value that the statistic can have.

    Returns:
        lower and upper end, always the same for the same input; NaN for a single unit too, which is
        its only resample.
    """
    if units < 2:
        return float("nan"), float("nan")
    found = replicates_of(statistic, units, replicates)
    return interval_around(value_of(statistic, units), found, possible)


def interval_around(
    value: float, replicates: np.ndarray, possible: tuple[float, float]
) -> tuple[float, float]:
    """Return the 95 % percentile interval of resamples, shifted until their median is the value.

    A resample holds some units twice and others not at all, so that its scores are noisier than
    those it is drawn from: agreement is less throughout, the lowest of many epochs is lower. What
    is of interest is how much the statistic varies, so the shift takes that away.

    Args:
        value: of the statistic itself.
        replicates: (replicate,) its values in resamples; those that are undefined are left out.
        possible: the least and the greatest value that the statistic can have, where the interval
            is cut off.

    Returns:
        lower and upper end; NaN where the value or all resamples are undefined.
    """
    if np.isnan(replicates).all():
        return float("nan"), float("nan")
    ends = band(replicates) + (value - np.nanmedian(replicates))
    lower, upper = np.clip(ends, *possible)
    return float(lower), float(upper)


def band_of_mean(values: np.ndarray) -> np.ndarray:
    """Return the 95 % bootstrap band of means over examples.

    Args:
        values: (..., example) numbers, of at least one example; all share the same resamples.

    Returns:
        (..., 2) float64, lower and upper; the same values always give the same band.
    """
    units = values.shape[-1]
    means = replicates_of(lambda weights: np.tensordot(weights, values, (1, -1)) / units, units)
    return np.moveaxis(band(means), 0, -1)


def replicates_of(statistic: Statistic, units: int, replicates: int = REPLICATES) -> np.ndarray:
    """Return a statistic of resamples of the units: (replicate, ...)."""
    generator = np.random.default_rng(0)
    at_once = max(1, NUMBERS_AT_ONCE // units)
    found = [
        statistic(resample_weights(generator, min(at_once, replicates - start), units))
        for start in range(0, replicates, at_once)
    ]
    return np.concatenate(found)


def resample_weights(generator: np.random.Generator, replicates: int, units: int) -> np.ndarray:
    """Return how often each resample holds each unit: (replicate, unit) float64 whole numbers."""
    weights = np.empty((replicates, units))
    for row in weights:
        row[:] = np.bincount(generator.integers(units, size=units), minlength=units)
    return weights


def one_by_one(statistic: Callable[[np.ndarray], float]) -> Statistic:
    """Return a statistic of weights from one of the indices of the units, each as often."""

    def of_weights(weights: np.ndarray) -> np.ndarray:
        units = np.arange(weights.shape[1])
        return np.array([statistic(np.repeat(units, row.astype(int))) for row in weights])

    return of_weights


def band(replicates: np.ndarray) -> np.ndarray:
    """Return the 95 % percentile interval, (2, ...), of the defined ones of (replicate, ...)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.nanpercentile(replicates, LEVELS, axis=0)
