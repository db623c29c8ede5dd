"""Examples grouped by how difficult they are."""

import numpy as np

GROUPS = ("easy", "intermediate", "hard")
# Bins of AdaBoost's score: with about 40 points, the paper's r of 0.83 has the paper's p of 1e-10.
BINS = 40
CLASSES_OF_DIFFICULTY = ("trivial", "in between", "impossible")


def difficulty_class(n_right: np.ndarray, n_networks: int) -> np.ndarray:
    """Return "trivial" where all networks are right, "impossible" where none is, or "in between".

    This is the dichotomous data difficulty of Meding et al. (2022), whose networks differ in
    architecture too. More networks leave fewer examples at either end, so report N with it.

    Args:
        n_right: (example,) how many networks are right.
        n_networks: N.

    Returns:
        (example,) text, see ``CLASSES_OF_DIFFICULTY``.
    """
    trivial, between, impossible = CLASSES_OF_DIFFICULTY
    return np.select([n_right == n_networks, n_right == 0], [trivial, impossible], between)


def thirds(accessibility: np.ndarray) -> dict[str, np.ndarray]:
    """Return the indices of the easy, intermediate and hard thirds of the examples, by ``GROUPS``.

    Sizes differ by at most one; in a tie, earlier examples count as easier.
    """
    order = np.argsort(-accessibility, kind="stable")
    return dict(zip(GROUPS, np.array_split(order, len(GROUPS)), strict=True))


def quantile_means(
    score: np.ndarray, other: np.ndarray, bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of two scores (example,) in bins of similar first score: two (bin,) float64.

    The examples are sorted by the first score (ties keep their order) and divided into bins whose
    sizes differ by at most one; there are no more bins than examples.
    """
    order = np.argsort(score, kind="stable")
    groups = np.array_split(order, min(bins, len(order)))
    return tuple(
        np.array([values[group].mean(dtype=np.float64) for group in groups])
        for values in (score, other)
    )
