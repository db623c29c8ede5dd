"""Examples grouped by how difficult they are, and those of each class to look at first."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import xarray as xr

GROUPS = ("easy", "intermediate", "hard")
# Bins of AdaBoost's score: with about 40 points, the paper's r of 0.83 has the paper's p of 1e-10.
BINS = 40
CLASSES_OF_DIFFICULTY = ("trivial", "in between", "impossible")
BLOCKS = ("easiest", "hardest", "most disputed", "agreed but wrong")
LEAST_CONSENSUS, MOST_CONSISTENCY = 0.9, 0.05
"""With at least this consensus and at most this consistency, networks agree on a wrong label."""


class Block(NamedTuple):
    """Some examples of a label, by their indices on the example axis, in order.

    ``equal_later`` (example,) is the number of examples that come after each one only because of
    their position: those have the same score, and may have been left out of the block.
    """

    label: int
    name: str
    examples: np.ndarray
    equal_later: np.ndarray


def difficulty_class(n_right: np.ndarray, n_networks: int) -> np.ndarray:
    """Return "trivial" where all networks are right, "impossible" where none is, or "in between".

    ``n_right`` (example,) is how many networks are right. This is the dichotomous data difficulty
    of Meding et al. (2022), whose networks differ in architecture too. More networks leave fewer
    examples at either end, so report N with it.
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


def extremes(scores: xr.Dataset, most: int) -> Iterator[Block]:
    """Yield the ``BLOCKS`` of each label in turn.

    The easiest examples have the highest accessibility, the hardest the lowest. The most disputed
    have the lowest consensus after the last epoch. For examples that are "agreed but wrong" at
    least 0.9 of the networks predict one label and at most 0.05 the example's own, so its label may
    be wrong; the largest difference comes first. Ties are in the order of positions.

    Args:
        scores: an ensemble's, from ``read_scores`` or ``open_scores``.
        most: the number of examples in a block; there are fewer if not enough qualify.
    """
    networks, names = scores.sizes["network"], scores["example"].values
    n_right, n_modal = (
        scores[name].isel(epoch=-1).values.astype(np.int64) for name in ("n_right", "n_modal")
    )
    agreed = (n_modal >= LEAST_CONSENSUS * networks) & (n_right <= MOST_CONSISTENCY * networks)
    accessibility = scores["accessibility"].values
    everyone = np.ones(len(names), dtype=bool)
    # By which score the examples of each block are sorted, and which of them qualify.
    chosen_by = (
        (-accessibility, everyone),
        (accessibility, everyone),
        (n_modal, everyone),
        (n_right - n_modal, agreed),
    )
    for label in range(scores.attrs["classes"]):
        of_label = scores["label"].values == label
        for name, (key, eligible) in zip(BLOCKS, chosen_by, strict=True):
            places = np.flatnonzero(of_label & eligible)
            order = np.lexsort((names[places], key[places]))
            later = equal_later(key[places[order]])
            yield Block(label, name, places[order[:most]], later[:most])


def equal_later(ordered: np.ndarray) -> np.ndarray:
    """Return, for each of the ascending values (value,), how many later ones are equal to it."""
    return np.searchsorted(ordered, ordered, side="right") - np.arange(1, len(ordered) + 1)
