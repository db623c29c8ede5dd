"""The statistics of the claims, each as a function of how much every unit counts.

A unit is an example. Each function here takes what was observed and returns a
``Statistic``: weights (replicate, unit) -> (replicate,), undefined values being NaN. With all
weights 1 it is the statistic itself; with the weights of a resample it is its bootstrap replicate.
"""

from collections.abc import Callable
from math import isqrt

import numpy as np
from scipy.sparse import csr_array
from scipy.stats import rankdata

from created_equal.scores import (
    SMALLEST_VARIANCE,
    Statistic,
    bimodality_of_moments,
    correlation_of,
    one_by_one,
    pattern_fits,
    shown_patterns,
)

FEWEST_CELLS, MOST_CELLS = 7, 21
"""To a side."""
SCORES_AT_ONCE = 2**22


def mean_of(values: np.ndarray) -> Statistic:
    """Return the mean of values (unit,)."""
    return mean_where(values, np.ones(len(values), dtype=bool))


def mean_where(values: np.ndarray, chosen: np.ndarray) -> Statistic:
    """Return the mean of values (unit,) over the units chosen (unit,) bool."""
    values, chosen = np.asarray(values, dtype=np.float64), np.asarray(chosen, dtype=np.float64)
    return lambda weights: _ratio(weights @ (values * chosen), weights @ chosen)


def highest_mean_of(values: np.ndarray) -> Statistic:
    """Return the highest mean over units of values (epoch, unit)."""
    return lambda weights: np.max(weights @ values.T / weights.sum(axis=1, keepdims=True), axis=1)


def median_of_means_of(values: np.ndarray) -> Statistic:
    """Return the median over epochs of the mean over units of values (epoch, unit)."""

    def statistic(weights: np.ndarray) -> np.ndarray:
        # Epoch by epoch, as the floating point numbers of all would be many times the values.
        means = [weights @ row.astype(np.float64) for row in values]
        return np.median(means, axis=0) / weights.sum(axis=1)

    return statistic


def difference_of(first: Statistic, second: Statistic) -> Statistic:
    """Return the first statistic less the second, of the same units."""
    return lambda weights: first(weights) - second(weights)


def without_class_means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return values (..., example) less the mean of their class; labels (example,) from 0 on."""
    counts = np.maximum(np.bincount(labels), 1)

    def of_row(row: np.ndarray) -> np.ndarray:
        return row - (np.bincount(labels, weights=row) / counts)[labels]

    return np.apply_along_axis(of_row, -1, values)


def rank_correlation_of(scores: np.ndarray) -> Statistic:
    """Return Spearman's correlation of the mean of scores (epoch, example) with the epoch."""
    epochs = np.arange(len(scores), dtype=np.float64)

    def statistic(weights: np.ndarray) -> np.ndarray:
        ranks = rankdata(weights @ scores.T.astype(np.float64), axis=1)
        return np.array(
            [correlation_of(row, epochs)(np.ones((1, len(epochs))))[0] for row in ranks]
        )

    return statistic


def bimodality_of(
    consistency: np.ndarray, summary: Callable[..., np.ndarray] = np.nanmean
) -> Statistic:
    """Return kurtosis - skewness^2 - 1 of the examples at each epoch, put together over epochs.

    Args:
        consistency: (epoch, example).
        summary: ``np.nanmean`` or ``np.nanmin``; epochs at which all examples have one score, where
            the measure is undefined, are left out.
    """
    at_once = max(1, SCORES_AT_ONCE // max(1, consistency.shape[1]))

    def statistic(weights: np.ndarray) -> np.ndarray:
        total = weights.sum(axis=1, keepdims=True)
        # The powers of all epochs would be several times as large as the scores.
        blocks = [
            [weights @ power / total for power in _powers(consistency[start : start + at_once])]
            for start in range(0, len(consistency), at_once)
        ]
        first, second, third, fourth = np.concatenate(blocks, axis=2)
        variance = second - first**2
        variance = np.where(variance > SMALLEST_VARIANCE, variance, np.nan)
        skew = third - 3 * first * second + 2 * first**3
        tails = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
        measure = bimodality_of_moments(variance, skew, tails)
        defined = ~np.isnan(measure).all(axis=1)
        found = np.full(len(weights), np.nan)
        found[defined] = summary(measure[defined], axis=1)
        return found

    return statistic


def corners_of(one: np.ndarray, other: np.ndarray, networks: tuple[int, int]) -> Statistic:
    """Return how many times as full as the median cell the emptier of two corner cells is.

    The square of two consistency scores is cut into equal cells: to a side no more than leave ten
    examples a cell, but 7 to 21. Each score takes up an interval as wide as the others', 1/(N + 1),
    and its examples are spread evenly over it: so there are as many cells, and as large ones,
    whatever N is. The corners are those of (0, 0) and (1, 1). The median counts as one example
    where it is less.

    Args:
        one: (example,) how many networks of one ensemble are right.
        other: (example,) how many of the other.
        networks: both N.
    """
    cells = _cells(one, other, networks)

    def statistic(weights: np.ndarray) -> np.ndarray:
        filled = (cells @ weights.T).T
        return np.minimum(filled[:, 0], filled[:, -1]) / np.maximum(np.median(filled, axis=1), 1)

    return statistic


def diagonal_of(one: np.ndarray, other: np.ndarray, networks: tuple[int, int]) -> Statistic:
    """Return how many times as full as those beside it the cells of the diagonal are, on average.

    That is, of the line of equal consistency, without its two corners. Cells and arguments as for
    ``corners_of``; those beside the diagonal count as one example in all where they hold less.
    """
    cells = _cells(one, other, networks)
    on = np.eye(isqrt(cells.shape[0]), dtype=bool).ravel()
    inner = on.copy()
    inner[[0, -1]] = False

    def statistic(weights: np.ndarray) -> np.ndarray:
        filled = (cells @ weights.T).T
        beside = np.maximum(filled[:, ~on].sum(axis=1), 1) / (~on).sum()
        return filled[:, inner].mean(axis=1) / beside

    return statistic


def labels_of(labels: np.ndarray, chosen: np.ndarray, classes: int) -> Statistic:
    """Return how many different labels (example,) there are among the examples chosen (bool)."""
    where = (labels[chosen], np.flatnonzero(chosen))
    among = csr_array((np.ones(chosen.sum()), where), shape=(classes, len(labels)))
    return lambda weights: np.count_nonzero(among @ weights.T, axis=0).astype(np.float64)


def patterns_of(n_right: np.ndarray, networks: int, chance: float, fit: float) -> Statistic:
    """Return how many of the five patterns of Fig 11 an example meets with at least ``fit``.

    Args:
        n_right: (epoch, example) how many networks are right, from epoch 0 on.
        networks: N.
        chance: 1/K.
        fit: from 0 to 1.
    """
    fits = pattern_fits(n_right, networks, chance)

    def statistic(chosen: np.ndarray) -> float:
        found = shown_patterns(fits[:, chosen])
        return float(sum(example.fit >= fit for example in found.values()))

    return one_by_one(statistic)


def rise(curves: np.ndarray) -> np.ndarray:
    """Return how much each curve (step, unit) rises from its first to its last step: (unit,).

    Along the straight line that fits it best (least squares).
    """
    step = np.arange(len(curves)) - (len(curves) - 1) / 2
    return step @ curves / (step @ step) * (len(curves) - 1)


def _cells(one: np.ndarray, other: np.ndarray, networks: tuple[int, int]) -> csr_array:
    """Return how much of each example is in each cell: (cell, example), 1 in all of an example."""
    sides = min(MOST_CELLS, max(FEWEST_CELLS, isqrt(len(one) // 10)))
    rows, columns = (
        csr_array(_shares(each, sides)[n_right.astype(np.intp)])
        for n_right, each in zip((one, other), networks, strict=True)
    )
    every = np.arange(sides)
    return (rows[:, np.repeat(every, sides)] * columns[:, np.tile(every, sides)]).T.tocsr()


def _shares(networks: int, sides: int) -> np.ndarray:
    """Return which share of each score's interval is in each cell of a side, (N + 1, side)."""
    scores, cells = (np.linspace(0, 1, number + 1) for number in (networks + 1, sides))
    upper = np.minimum.outer(scores[1:], cells[1:])
    lower = np.maximum.outer(scores[:-1], cells[:-1])
    return np.maximum(upper - lower, 0) * (networks + 1)


def _powers(scores: np.ndarray) -> list[np.ndarray]:
    """Return the deviations of scores (epoch, unit) from the epoch's mean to the powers 1 to 4.

    (unit, epoch) each. Only those of different scores are computed, as there are few.
    """
    different = np.unique(scores)
    which = np.searchsorted(different, scores)
    which += np.arange(len(scores))[:, None] * len(different)
    deviation = different - scores.mean(axis=1, keepdims=True)
    return [np.take(deviation**power, which).T for power in (1, 2, 3, 4)]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
