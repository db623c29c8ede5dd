import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from created_equal.scores.dynamics import (
    ever_learned,
    first_learned,
    forgetting,
    learned_for_good,
    mean_network,
    median_network,
    rise_of_mean,
    variability,
)

nan = float("nan")
# One network, at epochs 1, 2, 3, 5 and 8.
EPOCHS = np.array([1, 2, 3, 5, 8])
RIGHT = {
    "always": "11111",
    "never": "00000",
    "at last": "00001",
    "forgotten": "10000",
    "back and forth": "10101",
    "in the middle": "01100",
}

rights = arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 7), st.integers(1, 5)))


def test_by_hand():
    right = np.array([[mark == "1" for mark in marks] for marks in RIGHT.values()]).T
    np.testing.assert_array_equal(first_learned(right, EPOCHS), [1, nan, 8, 1, 1, 2])
    np.testing.assert_array_equal(learned_for_good(right, EPOCHS), [1, nan, 8, nan, 8, nan])
    np.testing.assert_array_equal(forgetting(right), [0, nan, 0, 1, 2, 1])
    assert ever_learned(right).tolist() == [True, False, True, True, True, True]


@given(rights)
def test_they_are_what_a_loop_over_epochs_says(right):
    epochs = 2 + 3 * np.arange(right.shape[1])
    found = zip(
        *(first_learned(right, epochs).ravel(), learned_for_good(right, epochs).ravel()),
        *(forgetting(right).ravel(), ever_learned(right).ravel()),
        np.moveaxis(right, 1, -1).reshape(-1, right.shape[1]),
        strict=True,
    )
    for first, for_good, forgotten, ever, marks in found:
        at = [epoch for epoch, mark in zip(epochs, marks, strict=True) if mark]
        expected = min(at, default=nan)
        assert first == pytest.approx(expected, nan_ok=True)
        stays = [epoch for number, epoch in enumerate(epochs) if marks[number:].all()]
        assert for_good == pytest.approx(min(stays, default=nan), nan_ok=True)
        events = sum(before and not after for before, after in pairwise(marks))
        assert forgotten == pytest.approx(events if at else nan, nan_ok=True)
        assert ever == bool(at)


@given(rights)
def test_what_is_learned_for_good_without_forgetting_was_learned_first_then(right):
    epochs = np.arange(right.shape[1])
    first, for_good = first_learned(right, epochs), learned_for_good(right, epochs)
    kept = forgetting(right) == 0
    # Never forgotten means that the first epoch is the last first one, and the last epoch is right.
    np.testing.assert_array_equal(first[kept], for_good[kept])
    learned = ~np.isnan(for_good)
    assert (first[learned] <= for_good[learned]).all()


def test_the_median_network_counts_never_as_the_last():
    columns = [[1, 2, 3], [1, 2, nan], [1, nan, nan], [nan, nan, nan]]
    assert np.array_equal(median_network(np.array(columns).T), [2, 2, nan, nan], equal_nan=True)
    even = [[1, 2, 3, 6], [1, 2, 4, nan], [1, 2, nan, nan]]
    assert np.array_equal(median_network(np.array(even).T), [2.5, 3, nan], equal_nan=True)


def test_the_mean_network_leaves_out_those_that_never_learn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = mean_network(np.array([[1, nan], [nan, nan], [4, nan]]))
    assert np.array_equal(found, [2.5, nan], equal_nan=True)


def test_variability_is_half_at_most():
    consistency = np.array([[0, 0.2, 0], [1, 0.4, 0], [0, 0.6, 0], [1, 0.8, 0]])
    np.testing.assert_allclose(variability(consistency), [0.5, np.sqrt(0.05), 0])


def test_the_rise_is_that_of_a_line():
    line = np.linspace(0.2, 0.7, 6)[:, None]
    assert rise_of_mean(np.hstack([line - 0.1, line + 0.1])) == pytest.approx(0.5)
