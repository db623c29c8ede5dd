"""95 % intervals by resampling examples, and what resamples are."""

from collections.abc import Callable

import numpy as np

from created_equal.scores.bimodality import band

REPLICATES = 1000
NUMBERS_AT_ONCE = 2**25

Statistic = Callable[[np.ndarray], np.ndarray]
"""From weights (replicate, unit) to the statistic (replicate,) of units that count so much each."""


def value_of(statistic: Statistic, units: int) -> float:
    """Return a statistic of the units as they are, each once."""
    return float(statistic(np.ones((1, units)))[0])


def interval_of(
    statistic: Statistic, units: int, replicates: int = REPLICATES
) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of a statistic.

    Args:
        statistic: of weighted units.
        units: how many examples there are.
        replicates: how many resamples, each of ``units`` units drawn with replacement.

    Returns:
        lower and upper end, always the same for the same input. Resamples in which the statistic is
        undefined are left out; NaN where it is in all, and for a single unit, which is its only
        resample.
    """
    if units < 2:
        return float("nan"), float("nan")
    generator = np.random.default_rng(0)
    at_once = max(1, NUMBERS_AT_ONCE // units)
    found = [
        statistic(resample_weights(generator, min(at_once, replicates - start), units))
        for start in range(0, replicates, at_once)
    ]
    lower, upper = band(np.concatenate(found))
    return float(lower), float(upper)


def resample_weights(generator: np.random.Generator, replicates: int, units: int) -> np.ndarray:
    """Return how often each resample holds each unit: (replicate, unit) float64 whole numbers."""
    drawn = generator.integers(units, size=(replicates, units))
    drawn += np.arange(replicates)[:, None] * units
    counts = np.bincount(drawn.ravel(), minlength=replicates * units)
    return counts.reshape(replicates, units).astype(np.float64)
