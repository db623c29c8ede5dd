"""Metrics of when networks learn an example, and how often they forget it.

Metrics of one network take ``right``, whether it is right after each epoch: (..., epoch, example)
bool. Leave epoch 0 out, because an untrained network is right by chance. The papers below evaluate
each mini-batch in training mode; predictions files have one evaluation per epoch, in evaluation
mode and without augmentation.
"""

import warnings

import numpy as np


def forgetting(right: np.ndarray) -> np.ndarray:
    """Return the number of forgetting events: right after one epoch and wrong after the next.

    The result is (..., example) float64, NaN if the network is never right. Toneva et al. (2019)
    count the events at each presentation of the example in training mode.
    """
    events = (right[..., :-1, :] & ~right[..., 1:, :]).sum(axis=-2)
    return np.where(ever_learned(right), events, np.nan)


def first_learned(right: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """Return the first of the epochs (epoch,) after which the network is right.

    The result is (..., example) float64, NaN if it is never right. Kwok et al. (2024) call it first
    learned.
    """
    return np.where(ever_learned(right), np.asarray(epochs)[right.argmax(axis=-2)], np.nan)


def learned_for_good(right: np.ndarray, epochs: np.ndarray) -> np.ndarray:
    """Return the first of the epochs (epoch,) from which the network stays right to the end.

    The result is (..., example) float64, NaN if it is wrong after the last epoch. It is the
    iteration learned of Baldock et al. (2021), and first unforgettable in Kwok et al. (2024).
    """
    # The number of epochs at the end after which it is right.
    length = (~right[..., ::-1, :]).argmax(axis=-2)
    length = np.where(right.all(axis=-2), right.shape[-2], length)
    return np.where(length > 0, np.asarray(epochs)[-np.maximum(length, 1)], np.nan)


def ever_learned(right: np.ndarray) -> np.ndarray:
    """Return whether the network is right after any epoch, (..., example) bool."""
    return right.any(axis=-2)


def median_network(epochs: np.ndarray) -> np.ndarray:
    """Return the median over networks of the epoch at which they learn an example.

    Epochs (network, example) are from ``first_learned`` or ``learned_for_good``. The result is
    (example,) float64, NaN if half of the networks or more never learn the example.
    """
    median = np.median(np.where(np.isnan(epochs), np.inf, epochs), axis=0)
    return np.where(np.isinf(median), np.nan, median)


def mean_network(values: np.ndarray) -> np.ndarray:
    """Return the mean over networks of values (network, example), ignoring NaN: (example,)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.nanmean(values, axis=0)


def variability(consistency: np.ndarray) -> np.ndarray:
    """Return the standard deviation over epochs of consistency (epoch, example), in 0..0.5.

    It is (example,) float64. Data maps (Swayamdipta et al., 2020) use the probability of the
    example's label instead.
    """
    return np.std(consistency, axis=0, dtype=np.float64)


def rise_of_mean(curves: np.ndarray) -> float:
    """Return the rise of the mean of curves (step, example), along its line of best fit."""
    return np.polyfit(np.linspace(0, 1, len(curves)), curves.mean(axis=1), 1)[0]
