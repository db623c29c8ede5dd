"""Estimates of consistency with fewer or more networks, and statistics that hardly depend on N."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from created_equal.extras import library
from created_equal.scores.bimodality import bimodality_of_counts
from created_equal.scores.order import nan_mean

ENDS = 10
"""The ends have the scores up to 1/10 and from 9/10 on."""


class Beta(NamedTuple):
    """A Beta distribution of the probability with which a network is right about an example."""

    a: float
    b: float


class Agreement(NamedTuple):
    """The agreement of pairs of networks: both right or both wrong, and Fleiss' kappa."""

    share: float
    kappa: float


def histograms_of(n_right: Iterable[np.ndarray], networks: int) -> np.ndarray:
    """Return how many examples exactly 0, 1, ... N networks are right about.

    Args:
        n_right: for each epoch, how many networks are right, (example,).
        networks: N.

    Returns:
        (epoch, N + 1) integers.
    """
    return np.stack([np.bincount(row, minlength=networks + 1) for row in n_right])


def histograms_of_subensembles(histograms: np.ndarray, networks: int) -> np.ndarray:
    """Return the mean histograms of all sub-ensembles of a size.

    A sub-ensemble of n of N networks contains j of the k that are right with the probability of the
    hypergeometric distribution, so no sub-ensemble has to be drawn.

    Args:
        histograms: (..., N + 1) from ``histograms_of``.
        networks: n, at most N.

    Returns:
        (..., n + 1) float64.
    """
    total = histograms.shape[-1] - 1
    right, drawn = np.arange(total + 1)[:, None], np.arange(networks + 1)
    hypergeom = library("scipy.stats").hypergeom
    return histograms @ hypergeom.pmf(drawn, total, right, networks)


def fit_beta(histogram: np.ndarray) -> Beta:
    """Return the Beta distribution of maximum likelihood for a histogram (N + 1,).

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
    distribution, and less for one that rises or falls throughout.

    Args:
        histograms: (..., N + 1) from ``histograms_of``.

    Returns:
        (...) float64. A middle with less than one example counts as one. NaN for fewer than two
        networks, which have no middle.
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

    Args:
        histogram: (N + 1,) from ``histograms_of``, N >= 2.

    Returns:
        the share, as a mean over all pairs of networks; and Fleiss' kappa, which is 0 for networks
        of the same mean accuracy that err independently, and 1 if all agree. Neither depends on N,
        except for its precision.
    """
    networks = len(histogram) - 1
    share, right = histogram / histogram.sum(), np.arange(networks + 1)
    wrong = networks - right
    observed = share @ (right * (right - 1) + wrong * (wrong - 1)) / (networks * (networks - 1))
    accuracy = share @ right / networks
    chance = accuracy**2 + (1 - accuracy) ** 2
    kappa = (observed - chance) / (1 - chance) if chance < 1 else np.nan
    return Agreement(float(observed), float(kappa))


def mean_bimodality(histograms: np.ndarray, networks: int) -> float:
    """Return the bi-modality of subsets of the networks, mean over all subsets and epochs.

    Args:
        histograms: (epoch, N + 1) from ``histograms_of``.
        networks: the size of a subset; N if it is larger.
    """
    networks = min(networks, histograms.shape[1] - 1)
    return nan_mean(bimodality_of_counts(histograms_of_subensembles(histograms, networks)))


def free_of_networks(histograms: np.ndarray) -> tuple[float, ...]:
    """Return statistics that hardly depend on N: medians over epochs.

    Args:
        histograms: (epoch, N + 1) from ``histograms_of``, N >= 2.

    Returns:
        share and kappa of ``pairwise_agreement``, both ``shares_at_ends``, and a and b of
        ``fit_beta``.
    """
    found = [(*pairwise_agreement(row), *shares_at_ends(row), *fit_beta(row)) for row in histograms]
    # NaN, for a kappa without disagreement, is left out; pandas does not warn if nothing is left.
    return tuple(pd.DataFrame(found).median().tolist())


# The same histograms are fitted for several statistics.
@lru_cache(maxsize=2**14)
def _fit_beta(histogram: tuple[float, ...]) -> Beta:
    networks = len(histogram) - 1
    counts = np.arange(networks + 1)
    minimize, betaln = library("scipy.optimize").minimize, library("scipy.special").betaln

    def loss(logarithms: np.ndarray) -> float:
        a, b = np.exp(np.clip(logarithms, -7, 7))
        return np.dot(histogram, betaln(a, b) - betaln(counts + a, networks - counts + b))

    found = minimize(loss, np.log([0.5, 0.5]), method="Nelder-Mead", options={"xatol": 1e-3})
    return Beta(*np.exp(np.clip(found.x, -7, 7)).tolist())
