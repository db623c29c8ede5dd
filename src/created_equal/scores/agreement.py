"""Counts of the networks that are right about an example, and of those that agree."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from created_equal.errors import InputError


class Modes(NamedTuple):
    """The labels that most networks predict, see ``modes``; each field is (example,)."""

    modal_label: np.ndarray
    n_modal: np.ndarray
    n_runner_up: np.ndarray


def right_counts(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how many networks (network, example) are right, (example,) of ``count_dtype``."""
    return (predictions == labels).sum(axis=0, dtype=count_dtype(len(predictions)))


def majority_right(n_right: np.ndarray, n_networks: int) -> np.ndarray:
    """Return whether more than half of the networks are right, for each count in ``n_right``."""
    # In 64 bits, because here and below a product may overflow the type of the counts.
    return 2 * np.asarray(n_right, dtype=np.int64) > n_networks


def below_chance(n_right: np.ndarray, n_networks: int, classes: int) -> np.ndarray:
    """Return whether fewer than N/K networks are right, for each count in ``n_right``."""
    return np.asarray(n_right, dtype=np.int64) * classes < n_networks


def modes(predictions: np.ndarray, classes: int) -> Modes:
    """Return the label that most networks predict, and the counts of the two most frequent labels.

    The networks' labels are sorted and the runs are counted, so memory does not depend on the
    number of classes.

    Args:
        predictions: (network, example) integers in 0..classes-1.
        classes: K.

    Returns:
        modal_label, the smallest label in a tie; n_modal in N/K..N; n_runner_up in 0..n_modal, 0 if
        all networks agree. Counts have the type ``count_dtype``.

    Raises:
        InputError: a prediction is not in 0..classes-1.
    """
    predictions = np.asarray(predictions)
    if predictions.size and not 0 <= predictions.min() <= predictions.max() < classes:
        raise InputError(
            f"the predictions have labels from {predictions.min()} to {predictions.max()}, but "
            f"there are only {classes} classes, counted from 0; give the predictions of networks "
            "that were trained on this dataset."
        )
    ordered = np.sort(predictions, axis=0)
    run = np.ones(ordered.shape[1], dtype=count_dtype(len(ordered)))
    longest, label, second = run.copy(), ordered[0].copy(), np.zeros_like(run)
    for before, here in pairwise(ordered):
        run *= here == before
        run += 1
        np.copyto(label, here, where=run > longest)
        np.maximum(longest, run, out=longest)
        # A run that becomes the longest was as long as the longest one network earlier, so `second`
        # has the overtaken length already.
        np.maximum(second, run, out=second, where=here != label)
    return Modes(label, longest, second)


def count_dtype(n_networks: int) -> np.dtype:
    """Return the smallest unsigned type that counts 0..n_networks."""
    return np.min_scalar_type(n_networks)
