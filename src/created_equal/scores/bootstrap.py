"""95 % bootstrap intervals. The resampled units are examples or networks."""

import warnings
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd

REPLICATES = 1000
LEVELS = (2.5, 97.5)
PARTS = 1000
NUMBERS_AT_ONCE = 2**25

# A statistic of weighted units: weights (replicate, unit) -> (replicate, ...).
Statistic = Callable[[np.ndarray], np.ndarray]


def interval_around(
    value: float, replicates: np.ndarray, possible: tuple[float, float]
) -> tuple[float, float]:
    """Return the 95 % percentile interval of replicates, shifted so that their median is the value.

    A resample has some units twice and others not at all, so its scores are noisier than the
    original ones: agreement is lower throughout, and so is the lowest of many epochs. The shift
    removes this bias, because only the variation of the statistic is of interest.

    Undefined replicates (replicate,) are left out. The interval is clipped to the possible values;
    it is NaN if the value or all replicates are undefined.
    """
    lower, upper = np.clip(band(around(value, replicates)), *possible)
    return float(lower), float(upper)


def around(value: float, replicates: np.ndarray) -> np.ndarray:
    """Return replicates (replicate,) shifted so that their median is the value."""
    return replicates + (value - pd.Series(replicates).median())


def band_of_mean(values: np.ndarray) -> np.ndarray:
    """Return the 95 % bootstrap band of means over examples: (..., example) -> (..., 2).

    All means share the same resamples.
    """
    units = values.shape[-1]
    means = replicates_of(lambda weights: np.tensordot(weights, values, (1, -1)) / units, units)
    return np.moveaxis(band(means), 0, -1)


def differences_from(others: np.ndarray, group: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the difference of a group from others, and those under permutation of all of them.

    A difference is the absolute difference of means over examples, averaged over epochs; scores are
    (epoch, example).

    Returns:
        the difference of the group, and those of 1,000 random parts of all examples (seed 0), each
        as large as the group, from the rest: (part,).
    """
    together, size = np.concatenate([group, others], axis=1), group.shape[1]
    examples = together.shape[1]
    parts = np.arange(size), *_draw_parts(examples, size)
    of_parts = np.array([together[:, part].sum(axis=1) for part in parts])
    of_rest = together.sum(axis=1) - of_parts
    found = np.abs(of_parts / size - of_rest / (examples - size)).mean(axis=1)
    return float(found[0]), found[1:]


# Every resample is compared with the same parts.
@lru_cache(maxsize=1)
def _draw_parts(examples: int, size: int) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.choice(examples, size, replace=False) for _ in range(PARTS)]


def replicates_of(statistic: Statistic, units: int, replicates: int = REPLICATES) -> np.ndarray:
    """Return a statistic of resamples of units with replacement (seed 0), (replicate, ...)."""
    generator, found = np.random.default_rng(0), []
    at_once = max(1, NUMBERS_AT_ONCE // units)
    for start in range(0, replicates, at_once):
        weights = np.empty((min(at_once, replicates - start), units))
        for row in weights:
            row[:] = np.bincount(generator.integers(units, size=units), minlength=units)
        found.append(statistic(weights))
    return np.concatenate(found)


def band(replicates: np.ndarray) -> np.ndarray:
    """Return the 95 % percentile interval (2, ...) of the defined replicates (replicate, ...)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.nanpercentile(replicates, LEVELS, axis=0)
