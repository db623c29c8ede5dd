import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from created_equal.scores import (
    accessibility,
    accuracy_by_epoch,
    best_matched_pairs,
    matched_epochs,
    nearest_matches,
)

curves = (
    st.integers(2, 12)
    .flatmap(
        # Half the tolerance apart, so that some are equal, some nearly, and others not.
        lambda epochs: arrays(
            np.float64, epochs, elements=st.integers(0, 12).map(lambda n: n / 200)
        )
    )
    .map(pd.Series)
)


def test_accessibility_leaves_out_the_untrained_epoch():
    n_right = np.array([[10, 2], [0, 10], [5, 10]], dtype=np.uint8)
    assert accessibility(n_right, 10, np.arange(3)).tolist() == [0.25, 1]


def test_examples_that_are_right_as_often_are_exactly_as_accessible():
    """In floating point 0.1 + 0.2 is not 0.3."""
    n_right = np.array([[0, 0], [1, 0], [2, 3]], dtype=np.uint8)
    first, second = accessibility(n_right, 10, np.arange(3))
    assert first == second == 0.15


def test_many_epochs_of_many_networks_are_more_than_a_byte_counts():
    n_right = np.full((300, 2), 200, dtype=np.uint8)
    assert accessibility(n_right, 250, np.arange(300)).tolist() == [0.8, 0.8]


def test_matched_epochs_by_hand():
    pairs = matched_epochs(pd.Series([0.3, 0.40, 0.60]), pd.Series([0.40, 0.39, 0.55, 0.6075]))
    assert [pair[:2] for pair in pairs] == [(1, 1), (2, 3)]
    assert [pair.difference for pair in pairs] == pytest.approx([0.01, -0.0075])


@given(curves, curves)
def test_matched_epochs_are_all_those_within_the_tolerance(a, b):
    found = {pair[:2] for pair in matched_epochs(a, b)}
    for epoch_a in range(len(a)):
        for epoch_b in range(len(b)):
            is_equal = abs(a[epoch_a] - b[epoch_b]) < 0.0125
            is_trained = epoch_a > 0 and epoch_b > 0
            assert ((epoch_a, epoch_b) in found) == (is_equal and is_trained)


def test_best_pairs_of_a_fast_and_a_slow_ensemble():
    # Both reach 0.2 to 0.8: sought are 0.4 and 0.8.
    fast = pd.Series([0.1, 0.2, 0.4, 0.6, 0.8, 0.9])
    slow = pd.Series([0.1, 0.15, 0.2, 0.3, 0.405, 0.5, 0.6, 0.7, 0.8])
    early, late = best_matched_pairs(fast, slow)
    assert (early.epoch_a, early.epoch_b) == (2, 4)
    assert (late.epoch_a, late.epoch_b) == (4, 8)


@given(curves, curves)
def test_best_pairs_are_matched_and_differ_where_they_can(a, b):
    pairs = matched_epochs(a, b)
    if not pairs:
        return
    early, late = best_matched_pairs(a, b)
    assert {early, late} <= set(pairs)
    assert (early == late) == (len(pairs) == 1)
    assert a[early.epoch_a] + b[early.epoch_b] <= a[late.epoch_a] + b[late.epoch_b]


def test_accessibility_counts_the_first_epoch_where_the_untrained_one_was_not_recorded():
    n_right = np.array([[0, 4], [4, 4], [4, 4]], dtype=np.uint8)
    assert accessibility(n_right, 4, np.array([1, 2, 3])).tolist() == [2 / 3, 1]
    assert accessibility(n_right, 4, np.array([0, 5, 9])).tolist() == [1, 1]


def test_matched_epochs_are_numbered_as_recorded():
    """A recording may count steps or examples, of which an array would not fit in memory."""
    scores = xr.Dataset(
        {"accuracy": (("network", "epoch", "split"), [[[0.1], [0.4], [0.6]]])},
        {"network": [0], "epoch": [0, 3, 10**15], "split": ["test"]},
    )
    accuracy = accuracy_by_epoch(scores, "test")
    assert accuracy.to_dict() == {0: 0.1, 3: 0.4, 10**15: 0.6}
    pairs = best_matched_pairs(accuracy, pd.Series([0.1, 0.4, 0.6]))
    assert [pair[:2] for pair in pairs] == [(3, 1), (10**15, 2)]


def test_the_last_bit_of_a_sum_does_not_choose_a_pair():
    """Two pairs are equally far from what is sought, but for rounding; the earliest counts."""
    a = pd.Series([0, np.nextafter(0.5, 0), 0.5, 0.9])
    early, _ = best_matched_pairs(a, a)
    assert (early.epoch_a, early.epoch_b) == (1, 1)


def test_nearest_matches_has_one_epoch_for_each_of_the_first():
    first, second = [0.1, 0.400, 0.5, 0.9], [0.1, 0.395, 0.405, 0.508]
    # Both 0.395 and 0.405 are 0.005 from 0.400; the later counts. Nothing is within 0.01 of 0.9.
    found = nearest_matches(pd.Series(first), pd.Series(second))
    assert [(pair.epoch_a, pair.epoch_b) for pair in found] == [(1, 2), (2, 3)]
