"""Whether two scores order examples alike, and how much of that rests on the number of networks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from created_equal.scores.bootstrap import value_of
from created_equal.scores.correlation import correlation_of


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's r of two scores (example,), NaN if one is constant."""
    return value_of(correlation_of(a, b), len(a))


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Return Spearman's correlation of two scores (example,): Pearson's r of their ranks."""
    return pearson(ranks(a), ranks(b))


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of values (example,), from 1; equal values have the mean of their ranks."""
    return pd.Series(values).rank().to_numpy()


def without_class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return values (example,) less the mean of their class; labels (example,) from 0 on."""
    counts = np.maximum(np.bincount(labels), 1)
    return values - (np.bincount(labels, weights=values) / counts)[labels]


def spearman_brown(r: float, factor: float) -> float:
    """Return the correlation of two means of ``factor`` times as many networks each.

    If means over n networks correlate by r with means over n others, those over f n correlate by
    f r / (1 + (f - 1) r) (Spearman and Brown, 1910).
    """
    return factor * r / (1 + (factor - 1) * r)


def correlation_with_more(
    r: float, halves: Sequence[float], factors: Sequence[float]
) -> tuple[float, float]:
    """Return a correlation of two ensembles without the noise of finitely many networks.

    Args:
        r: the correlation of their accessibility.
        halves: for each ensemble, the correlation of its two halves.
        factors: for each, how many times as many networks there might be.

    Returns:
        r of infinitely many networks (Spearman's correction for attenuation), and r of as many as
        the factors say; at most 1 each, NaN if halves do not correlate.
    """
    here, there = (
        np.prod([spearman_brown(half, 2 * by) for half, by in zip(halves, each, strict=True)])
        for each in ([1] * len(halves), factors)
    )
    free = r / np.sqrt(here) if here > 0 else np.nan
    return tuple(float(np.clip(of, -1, 1)) for of in (free, free * np.sqrt(max(there, 0))))


def epochs_to_rise(n_right: np.ndarray, networks: int) -> np.ndarray:
    """Return how many epochs each example needs to rise from 1/6 to 5/6.

    Args:
        n_right: (epoch, example) how many networks are right.
        networks: N.

    Returns:
        (example,) epochs from the last with a consistency of at most 1/6 to the first of at least
        5/6; NaN for examples that never reach 5/6, or are there before they are at 1/6.
    """
    # In whole numbers, as fractions of all examples would need eight times the memory.
    high = n_right >= -(-5 * networks // 6)
    first = np.where(high.any(axis=0), high.argmax(axis=0), -1)
    low = n_right <= networks // 6
    low &= np.arange(len(low))[:, None] < first
    last = len(low) - 1 - low[::-1].argmax(axis=0)
    return np.where(low.any(axis=0), first - last, np.nan)
