"""How many networks are right about an example, and how many agree about it."""

from itertools import pairwise

import numpy as np

from created_equal.errors import InputError


def consistency(predictions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the fraction of networks that are right about each example (equation 1 of the paper).

    Args:
        predictions: (network, example) integers in 0..K-1.
        labels: (example,) integers in 0..K-1.

    Returns:
        (example,) float64 in 0..1: the mean over networks of 1[prediction = label].
    """
    right = (predictions == labels).sum(axis=0, dtype=count_dtype(len(predictions)))
    return right / len(predictions)


def majority_right(consistency: np.ndarray) -> np.ndarray:
    """Return whether more than half of the networks are right about each example.

    Args:
        consistency: (example,) multiples of 1/N in 0..1, in float32 or float64.

    Returns:
        (example,) bool; half of the networks are no majority.
    """
    return consistency > 0.5


def below_chance(consistency: np.ndarray, classes: int) -> np.ndarray:
    """Return whether fewer of the networks are right about each example than guesses are.

    Args:
        consistency: (...) multiples of 1/N in 0..1, in float32 or float64.
        classes: K.

    Returns:
        (...) bool; exactly 1/K is not below.
    """
    # In the precision of the scores: in single precision 1/K may be less than in double.
    return np.asarray(consistency, dtype=np.float32) < np.float32(1 / classes)


def consensus(predictions: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many networks agree on the label that is predicted most, and that label.

    Args:
        predictions: (network, example) integers in 0..classes-1.
        classes: K.

    Returns:
        score (example,) float64 in 1/K..1: the maximum over k of the fraction of networks that
        predict k; modal_label (example,) int64: that k, the smallest of several.

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
    counts, modal_label = modal_counts(predictions)
    return counts / len(predictions), modal_label.astype(np.int64)


def modal_counts(predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the size and the label of the largest group of networks that agree.

    It sorts the networks' labels and measures the runs, so that its memory does not depend on the
    number of classes.

    Args:
        predictions: (network, example) integers.

    Returns:
        count (example,) unsigned integers in 1..N; label (example,) as the predictions, the
        smallest where several groups are as large.
    """
    ordered = np.sort(predictions, axis=0)
    run = np.ones(ordered.shape[1], dtype=count_dtype(len(ordered)))
    longest, label = run.copy(), ordered[0].copy()
    for before, here in pairwise(ordered):
        run *= here == before
        run += 1
        np.copyto(label, here, where=run > longest)
        np.maximum(longest, run, out=longest)
    return longest, label


def count_dtype(networks: int) -> np.dtype:
    """Return the smallest unsigned type that counts 0..networks."""
    return np.min_scalar_type(networks)
