"""The joint distribution of the consistency of two ensembles."""

from math import isqrt

import numpy as np

FEWEST_CELLS, MOST_CELLS = 7, 21
"""The smallest and the largest number of cells per side."""


def joint_cells(one: np.ndarray, other: np.ndarray, networks: tuple[int, int]) -> np.ndarray:
    """Return how many examples are in each cell of the square of two consistency scores.

    The square is divided into equal cells: floor(sqrt(n / 10)) per side for n examples, but 7 to
    21. Each score covers 1/(N + 1) of its side and its examples are spread evenly over it, so the
    number and size of the cells do not depend on N. Shares are ratios of whole numbers, which are
    summed before they are divided: a cell of 10 examples has exactly 10.

    Args:
        one: (example,) how many networks of one ensemble are right.
        other: (example,) how many networks of the other are right.
        networks: the numbers of networks of both.

    Returns:
        (cell, cell) float64 with the sum n.
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

    The two corners do not count. If the other cells have less than one example in all, they count
    as one.
    """
    on = np.eye(len(cells), dtype=bool)
    others = max(cells[~on].sum(), 1) / (~on).sum()
    return float(np.diag(cells)[1:-1].mean() / others)


def _overlaps(networks: int, sides: int) -> np.ndarray:
    """Return the overlap of each score's interval with each cell, (N + 1, cell), in whole numbers.

    The unit is 1 / (sides (N + 1)), so each row sums to ``sides``.
    """
    scores, cells = np.arange(networks + 2) * sides, np.arange(sides + 1) * (networks + 1)
    upper = np.minimum.outer(scores[1:], cells[1:])
    lower = np.maximum.outer(scores[:-1], cells[:-1])
    return np.maximum(upper - lower, 0)
