"""Pearson's measure of bi-modality, its value for independent networks, and its band."""

import numpy as np
import xarray as xr

from created_equal.artefacts import iterate_epochs
from created_equal.scores.bootstrap import band

# For each epoch and split, so fewer than elsewhere.
REPLICATES = 200
MIDDLE = (0.05, 0.9)
UNIFORM = 0.8
"""The measure of evenly spread scores; below it, they gather at both ends."""


def bimodality_of_moments(second: np.ndarray, third: np.ndarray, fourth: np.ndarray) -> np.ndarray:
    """Return kurtosis - skewness^2 - 1 (Pearson 1894), the kurtosis not in excess.

    Args:
        second: (...) mean squares of deviations from the mean, not 0.
        third: (...) means of their third powers.
        fourth: (...) means of their fourth powers.

    Returns:
        (...) 0 for two points, 0.8 for the uniform distribution, 2 for the normal; never less than
        0.
    """
    # Rounding can bring it below its bound.
    return np.maximum(fourth / second**2 - third**2 / second**3 - 1, 0)


def bimodality_of_counts(histogram: np.ndarray) -> np.ndarray:
    """Return the bi-modality of consistency from about how many examples 0..N networks are right.

    Args:
        histogram: (..., N + 1): the number of examples about which exactly 0, 1, ... N networks
            are right.

    Returns:
        (...) float64, NaN where all examples have the same score, for there it is undefined, or
        where there are none.
    """
    histogram = np.asarray(histogram, dtype=np.float64)
    count = np.arange(histogram.shape[-1], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = histogram / histogram.sum(axis=-1, keepdims=True)
        deviation = count - (share * count).sum(axis=-1, keepdims=True)
        second, third, fourth = ((share * deviation**power).sum(axis=-1) for power in (2, 3, 4))
        measure = bimodality_of_moments(second, third, fourth)
    return np.where((histogram > 0).sum(axis=-1) > 1, measure, np.nan)


def mean_consistency(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return the mean consistency of the examples of a split at each epoch, (epoch,) float64."""
    networks = scores.sizes["network"]
    rows = iterate_epochs(scores, "n_right", split)
    return np.array([row.sum() / (networks * len(row)) for row in rows])


def distance_from_middle(mean: np.ndarray) -> np.ndarray:
    """Return how far means of consistency are from ``MIDDLE``: 0 within it."""
    return np.abs(mean - np.clip(mean, *MIDDLE))


def informative_epochs(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return at which epochs the bi-modality of a split says something about agreement.

    Where nearly all examples have one score the measure grows without bound, or is 0 for a single
    example that has another; so it counts only where the mean consistency is within ``MIDDLE``.

    Args:
        scores: as ``open_scores`` returns them.
        split: ``"train"`` or ``"test"``.

    Returns:
        (epoch,) bool.
    """
    return distance_from_middle(mean_consistency(scores, split)) == 0


def independent_null(networks: int) -> float:
    """Return the bi-modality that ``networks`` independent networks of one accuracy would show.

    If each network is right about each example with probability p, independently of the other
    networks and of the example, the number of right networks is binomial. With q = 1 - p, its
    kurtosis is 3 + (1 - 6pq) / (Npq) and its squared skewness (1 - 4pq) / (Npq), so that

        kurtosis - skewness^2 - 1  =  2 + (1 - 6pq - 1 + 4pq) / (Npq)  =  2 - 2/N

    for every p strictly between 0 and 1. It is the value for infinitely many examples.
    """
    return 2 - 2 / networks


def band_over_examples(histogram: np.ndarray) -> np.ndarray:
    """Return the 95 % bootstrap band of bi-modality over examples.

    A resample of examples with replacement is a multinomial resample of the histogram, exactly.

    Args:
        histogram: (N + 1,) the number of examples about which 0..N networks are right.

    Returns:
        (2,) float64, lower and upper; resamples in which it is undefined are left out, and NaN
        where it is undefined in all. The same histogram always gives the same band.
    """
    histogram = np.asarray(histogram, dtype=np.int64)
    examples = histogram.sum()
    resampled = np.random.default_rng(0).multinomial(examples, histogram / examples, REPLICATES)
    return band(bimodality_of_counts(resampled))
