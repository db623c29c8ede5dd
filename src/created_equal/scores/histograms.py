"""Statistics of how many networks are right about each example, and estimates for other N.

A histogram (..., N + 1) is how many examples exactly 0, 1, ... N networks are right about.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from created_equal.extras import library
from created_equal.scores.agreement import kappa
from created_equal.scores.bootstrap import band
from created_equal.scores.correlation import nan_mean

# Fewer than elsewhere, because every epoch and split has a band.
REPLICATES = 200
ENDS = 10  # The ends have the scores up to 1/10 and from 9/10 on.


class Agreement(NamedTuple):
    """The agreement of pairs of networks: both right or both wrong, and Fleiss' kappa."""

    share: float
    kappa: float


def histograms_of(n_right: Iterable[np.ndarray], networks: int) -> np.ndarray:
    """Return the histograms (epoch, N + 1) of how many networks are right, (example,) an epoch."""
    return np.stack([np.bincount(row, minlength=networks + 1) for row in n_right])


def bimodality_of_counts(histogram: np.ndarray) -> np.ndarray:
    """Return the bi-modality of consistency, (...) float64: kurtosis - skewness^2 - 1.

    This is Pearson's measure (1894), with kurtosis not in excess: 0 for two points, 0.8 for the
    uniform distribution and 2 for the normal distribution. NaN if all examples have the same score,
    or if there are none.
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

    Resampling examples with replacement is exactly a multinomial resample of the histogram
    (N + 1,), here with seed 0. Undefined replicates are left out; the band is NaN if all are, or if
    there are no examples.
    """
    histogram = np.asarray(histogram, dtype=np.int64)
    examples = histogram.sum()
    if not examples:
        return np.full(2, np.nan)
    resampled = np.random.default_rng(0).multinomial(examples, histogram / examples, REPLICATES)
    return band(bimodality_of_counts(resampled))


def histograms_of_subensembles(histograms: np.ndarray, networks: int) -> np.ndarray:
    """Return the mean histograms (..., n + 1) of all sub-ensembles of n of the N networks.

    A sub-ensemble contains j of the k networks that are right with the probability of the
    hypergeometric distribution, so no sub-ensemble has to be drawn.
    """
    total = histograms.shape[-1] - 1
    right, drawn = np.arange(total + 1)[:, None], np.arange(networks + 1)
    hypergeom = library("scipy.stats").hypergeom
    return histograms @ hypergeom.pmf(drawn, total, right, networks)


def fit_beta(histogram: np.ndarray) -> tuple[float, float]:
    """Return a and b of the Beta distribution of maximum likelihood for a histogram (N + 1,).

    The number of right networks is Beta-binomial if each example has a probability from a Beta
    distribution, with which each network is right about it independently. The fit does not depend
    on N, except for its precision; it needs N >= 2. Parameters are between e^-7 and e^7.
    """
    return _fit_beta(tuple(np.asarray(histogram).tolist()))


def expected_histograms(histograms: np.ndarray, networks: int) -> np.ndarray:
    """Return the histograms (epoch, n + 1) expected of n networks, by a Beta fit at each epoch."""
    counts, betabinom = np.arange(networks + 1), library("scipy.stats").betabinom
    return np.stack(
        [row.sum() * betabinom.pmf(counts, networks, *fit_beta(row)) for row in histograms]
    )


def two_peaks(histograms: np.ndarray) -> np.ndarray:
    """Return the ratio of the emptier end of consistency to the middle.

    The ends are the scores up to 0.1 and from 0.9 on. The ratio is of mean numbers of examples per
    possible score. It is above 1 if there are two peaks, at 0 and at 1, it is 1 for a uniform
    distribution, and less for one that rises or falls throughout. A middle with less than one
    example counts as one. NaN for fewer than two networks, which have no middle.
    """
    networks = histograms.shape[-1] - 1
    size = networks // ENDS + 1
    between = networks + 1 - 2 * size
    if between < 1:
        return np.full(histograms.shape[:-1], np.nan)
    ends = histograms[..., :size].sum(axis=-1), histograms[..., -size:].sum(axis=-1)
    middle = histograms[..., size:-size].sum(axis=-1)
    return (np.minimum(*ends) / size) / (np.maximum(middle, 1) / between)


def shares_at_ends(histogram: np.ndarray) -> tuple[float, float]:
    """Return the shares of examples with a consistency of at most 0.1, and of at least 0.9."""
    size = (len(histogram) - 1) // ENDS + 1
    return tuple(
        float(end.sum() / histogram.sum()) for end in (histogram[:size], histogram[-size:])
    )


def pairwise_agreement(histogram: np.ndarray) -> Agreement:
    """Return the share of examples about which two networks are both right or both wrong.

    It is a mean over all pairs of the N >= 2 networks. Fleiss' kappa is 0 for networks of the same
    mean accuracy that err independently, and 1 if all agree. Neither depends on N, except for its
    precision.
    """
    networks = len(histogram) - 1
    share, right = histogram / histogram.sum(), np.arange(networks + 1)
    wrong = networks - right
    observed = share @ (right * (right - 1) + wrong * (wrong - 1)) / (networks * (networks - 1))
    accuracy = share @ right / networks
    chance = accuracy**2 + (1 - accuracy) ** 2
    return Agreement(float(observed), kappa(observed, chance))


def mean_bimodality(histograms: np.ndarray, networks: int) -> float:
    """Return the bi-modality of the mean histogram of all subsets of n networks, mean over epochs.

    There are at most N networks in a subset.
    """
    networks = min(networks, histograms.shape[1] - 1)
    return nan_mean(bimodality_of_counts(histograms_of_subensembles(histograms, networks)))


def free_of_networks(histograms: np.ndarray) -> tuple[float, ...]:
    """Return statistics that hardly depend on N, which is at least 2: medians over epochs.

    ``histograms`` is (epoch, N + 1). The statistics are share and kappa of ``pairwise_agreement``,
    both ``shares_at_ends``, and a and b of ``fit_beta``.
    """
    found = [(*pairwise_agreement(row), *shares_at_ends(row), *fit_beta(row)) for row in histograms]
    # NaN, for a kappa without disagreement, is left out; pandas does not warn if nothing is left.
    return tuple(pd.DataFrame(found).median().tolist())


# The same histograms are fitted for several statistics.
@lru_cache(maxsize=2**14)
def _fit_beta(histogram: tuple[float, ...]) -> tuple[float, float]:
    networks = len(histogram) - 1
    counts = np.arange(networks + 1)
    minimize, betaln = library("scipy.optimize").minimize, library("scipy.special").betaln

    def loss(logarithms: np.ndarray) -> float:
        a, b = np.exp(np.clip(logarithms, -7, 7))
        return np.dot(histogram, betaln(a, b) - betaln(counts + a, networks - counts + b))

    found = minimize(loss, np.log([0.5, 0.5]), method="Nelder-Mead", options={"xatol": 1e-3})
    return tuple(np.exp(np.clip(found.x, -7, 7)).tolist())
