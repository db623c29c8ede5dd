"""Bins of scores that are multiples of 1/N, of one ensemble or of two."""

from math import isqrt

import numpy as np

MOST_BINS = 26
FEWEST_CELLS, MOST_CELLS = 7, 21
"""The smallest and the largest number of cells per side."""


def bin_edges(n_networks: int, most: int = MOST_BINS) -> np.ndarray:
    """Return the edges of histogram bins for the scores 0, 1/N, ..., 1: (bin + 1,) float64.

    Up to ``most`` scores (at least 9) have one bin each, centered on the score and 1/N wide. With
    more scores, every inner bin has the same odd number m of them, as small as possible; the rest
    is divided equally between the two end bins, which have m/2 to 3m/2 scores each. So no inner bar
    is high or low only because its bin has more or fewer scores than its neighbors, and the bins
    are symmetric about 1/2.
    """
    scores = n_networks + 1
    each = 1
    while scores > most * each:
        each += 2
    # The inner bins have a multiple of m scores in all; m is odd, so one size of end bins fits.
    ends = next(size for size in range((each + 1) // 2, scores) if (scores - 2 * size) % each == 0)
    inner = np.arange(ends, scores - ends + 1, each)
    return (np.concatenate([[0], inner, [scores]]) - 0.5) / n_networks


def joint_cells(one: np.ndarray, other: np.ndarray, networks: tuple[int, int]) -> np.ndarray:
    """Return how many examples are in each cell of the square of two consistency scores.

    The square is divided into equal cells: floor(sqrt(n / 10)) per side for n examples, but 7 to
    21. Each score covers 1/(N + 1) of its side and its examples are spread evenly over it, so the
    number and size of the cells do not depend on N. Shares are ratios of whole numbers, which are
    summed before they are divided: a cell of 10 examples has exactly 10.

    The scores are given as numbers of networks that are right, (example,), of each ensemble, and
    its number of networks. The result is (cell, cell) float64 with the sum n.
    """
    sides = min(MOST_CELLS, max(FEWEST_CELLS, isqrt(len(one) // 10)))
    first, second = (_overlaps(each, sides) for each in networks)
    histogram = np.zeros((networks[0] + 1, networks[1] + 1), dtype=np.int64)
    np.add.at(histogram, (one, other), 1)
    return first.T @ histogram @ second / sides**2


def corners(cells: np.ndarray) -> float:
    """Return the ratio of the emptier of the corners (0, 0) and (1, 1) to the median cell.

    A median of less than one example counts as one.
    """
    return float(min(cells[0, 0], cells[-1, -1]) / max(np.median(cells), 1))


def diagonal(cells: np.ndarray) -> float:
    """Return the ratio of the mean cell of equal consistency to the mean of the other cells.

    The outermost cells do not count: many examples are there because all or none of the networks of
    one ensemble are right. If the other cells have less than one example in all, they count as one.
    """
    inner = cells[1:-1, 1:-1]
    on = np.eye(len(inner), dtype=bool)
    others = max(inner[~on].sum(), 1) / (~on).sum()
    return float(inner[on].mean() / others)


def _overlaps(networks: int, sides: int) -> np.ndarray:
    """Return the overlap of each score's interval with each cell, (N + 1, cell), in whole numbers.

    The unit is 1 / (sides (N + 1)), so each row sums to ``sides``.
    """
    scores, cells = np.arange(networks + 2) * sides, np.arange(sides + 1) * (networks + 1)
    upper = np.minimum.outer(scores[1:], cells[1:])
    lower = np.maximum.outer(scores[:-1], cells[:-1])
    return np.maximum(upper - lower, 0)
