"""Pearson's measure of bi-modality, its band, and its value for independent networks."""

import numpy as np
import xarray as xr

from created_equal.artefacts import iterate_epochs
from created_equal.scores.bootstrap import band

# Fewer than elsewhere, because every epoch and split has a band.
REPLICATES = 200
# The measure is informative only if the mean consistency is in this range.
MIDDLE = (0.05, 0.9)


def bimodality_of_counts(histogram: np.ndarray) -> np.ndarray:
    """Return the bi-modality of consistency, (...) float64: kurtosis - skewness^2 - 1.

    This is Pearson's measure (1894), with kurtosis not in excess: 0 for two points, 0.8 for the
    uniform distribution and 2 for the normal distribution. It is undefined (NaN) if all examples
    have the same score, or if there are none.

    Args:
        histogram: (..., N + 1), the number of examples about which exactly 0, 1, ... N networks are
            right.
    """
    histogram = np.asarray(histogram, dtype=np.float64)
    count = np.arange(histogram.shape[-1], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = histogram / histogram.sum(axis=-1, keepdims=True)
        deviation = count - (share * count).sum(axis=-1, keepdims=True)
        second, third, fourth = ((share * deviation**power).sum(axis=-1) for power in (2, 3, 4))
        # Rounding can make it slightly negative.
        measure = np.maximum(fourth / second**2 - third**2 / second**3 - 1, 0)
    return np.where((histogram > 0).sum(axis=-1) > 1, measure, np.nan)


def mean_consistency(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return the mean consistency of the examples of a split at each epoch, (epoch,) float64."""
    n_networks = scores.sizes["network"]
    rows = iterate_epochs(scores, "n_right", split)
    return np.array([row.sum() / (n_networks * len(row)) for row in rows])


def distance_from_middle(mean: np.ndarray) -> np.ndarray:
    """Return the distance of mean consistencies from ``MIDDLE``; 0 within it."""
    return np.abs(mean - np.clip(mean, *MIDDLE))


def informative_epochs(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return whether the bi-modality of a split is informative at each epoch, (epoch,) bool.

    If nearly all examples have the same score, the measure grows without bound, or is 0 because of
    a single other example. So it counts only if the mean consistency is within ``MIDDLE``.
    """
    return distance_from_middle(mean_consistency(scores, split)) == 0


def independent_null(n_networks: int) -> float:
    """Return the bi-modality of N independent networks of equal accuracy.

    If each network is right about each example with probability p, independently of the other
    networks and of the example, the number of right networks is binomial. With q = 1 - p, its
    kurtosis is 3 + (1 - 6pq) / (Npq) and its squared skewness (1 - 4pq) / (Npq), so that

        kurtosis - skewness^2 - 1  =  2 + (1 - 6pq - 1 + 4pq) / (Npq)  =  2 - 2/N

    for every p strictly between 0 and 1, with infinitely many examples.
    """
    return 2 - 2 / n_networks


def bimodality_of_uniform(n_networks: int) -> float:
    """Return the bi-modality if 0, 1, ... N networks are right about equally many examples.

    The kurtosis of n equally frequent numbers in a row is 3 - 6/5 (n^2 + 1) / (n^2 - 1), which
    gives 0.8 - 2.4 / (N (N + 2)) for n = N + 1. If bi-modality is lower, scores gather at both
    ends.
    """
    return 0.8 - 2.4 / (n_networks * (n_networks + 2))


def band_over_examples(histogram: np.ndarray) -> np.ndarray:
    """Return the 95 % bootstrap band of bi-modality over examples, (lower, upper) float64.

    Resampling examples with replacement is exactly a multinomial resample of the histogram, which
    is (N + 1,) as in ``bimodality_of_counts``. Undefined replicates are left out; the band is NaN
    if all are, or if there are no examples. The same histogram always gives the same band.
    """
    histogram = np.asarray(histogram, dtype=np.int64)
    examples = histogram.sum()
    if not examples:
        return np.full(2, np.nan)
    resampled = np.random.default_rng(0).multinomial(examples, histogram / examples, REPLICATES)
    return band(bimodality_of_counts(resampled))
