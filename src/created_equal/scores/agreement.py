"""How many networks are right about an example, and how many agree about it."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from created_equal.errors import InputError


class Modes(NamedTuple):
    """The two labels that most networks predict, of each example; see ``modes``."""

    modal_label: np.ndarray
    n_modal: np.ndarray
    n_runner_up: np.ndarray


def right_counts(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how many networks are right about each example.

    Args:
        predictions: (network, example) integers in 0..K-1.
        labels: (example,) integers in 0..K-1.

    Returns:
        (example,) in 0..N, of ``count_dtype``.
    """
    return (predictions == labels).sum(axis=0, dtype=count_dtype(len(predictions)))


def majority_right(n_right: np.ndarray, networks: int) -> np.ndarray:
    """Return whether more than half of the networks are right about each example.

    Args:
        n_right: (example,) how many of them are.
        networks: N.

    Returns:
        (example,) bool; half of the networks are no majority.
    """
    # In 64 bits, as here and below a product may not fit the type of the counts.
    return 2 * np.asarray(n_right, dtype=np.int64) > networks


def below_chance(n_right: np.ndarray, networks: int, classes: int) -> np.ndarray:
    """Return whether fewer of the networks are right about each example than guesses are.

    Args:
        n_right: (...) how many of them are.
        networks: N.
        classes: K.

    Returns:
        (...) bool; exactly N/K is not below.
    """
    return np.asarray(n_right, dtype=np.int64) * classes < networks


def modes(predictions: np.ndarray, classes: int) -> Modes:
    """Return the label that most networks predict, how many do, and how many the second label.

    It sorts the networks' labels and measures the runs, so that its memory does not depend on the
    number of classes.

    Args:
        predictions: (network, example) integers in 0..classes-1.
        classes: K.

    Returns:
        modal_label (example,) as the predictions, the smallest of several; n_modal (example,) in
        N/K..N; n_runner_up (example,) in 0..n_modal, which is 0 if all predict one label. Counts
        are of ``count_dtype``.

    Raises:
        InputError: a prediction is not in 0..classes-1.
    """
    predictions = np.asarray(predictions)
    if predictions.size and not 0 <= predictions.min() <= predictions.max() < classes:
        raise InputError(
            f"the predictions hold labels from {predictions.min()} to {predictions.max()}, but "
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
        # A run that becomes the longest has tied with it one network earlier, so that the length
        # that it overtakes is in `second` already.
        np.maximum(second, run, out=second, where=here != label)
    return Modes(label, longest, second)


def count_dtype(networks: int) -> np.dtype:
    """Return the smallest unsigned type that counts 0..networks."""
    return np.min_scalar_type(networks)
