from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score

from created_equal.scores.agreement import (
    error_consistency,
    error_consistency_between,
    variance_if_independent,
    variance_of_accuracy,
)

rights = arrays(bool, st.tuples(st.integers(2, 6), st.integers(1, 9)))


def kappa(right):
    return error_consistency(right.sum(axis=0), right.mean(axis=1))


def of_pairs(pairs):
    """Return kappa of all pairs of networks (example,), by a loop over them."""
    pairs = list(pairs)
    observed = np.mean([np.mean(one == other) for one, other in pairs])
    expected = np.mean(
        [one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean()) for one, other in pairs]
    )
    return (observed - expected) / (1 - expected) if expected < 1 - 1e-9 else np.nan


def test_two_networks_by_hand():
    """Both are right about 2 of 4, and about one of them together: as by chance."""
    right = np.array([[1, 1, 0, 0], [1, 0, 1, 0]], dtype=bool)
    assert kappa(right) == 0
    assert kappa(right[[0, 0]]) == 1
    assert kappa(np.array([right[0], ~right[0]])) == -1


@given(arrays(bool, st.tuples(st.just(2), st.integers(2, 12))))
def test_of_two_networks_it_is_cohens_kappa(right):
    if right.mean() in (0, 1):
        assert np.isnan(kappa(right))
    else:
        assert kappa(right) == pytest.approx(cohen_kappa_score(*right), abs=1e-12)


@given(rights)
def test_of_many_it_is_the_loop_over_pairs(right):
    assert kappa(right) == pytest.approx(of_pairs(combinations(right, 2)), abs=1e-9, nan_ok=True)


@given(rights, st.integers(1, 6), st.randoms(use_true_random=False))
def test_between_ensembles_it_is_the_loop_over_pairs(right, networks, random):
    shape = networks, right.shape[1]
    other = np.array([random.random() < 0.5 for _ in range(np.prod(shape))]).reshape(shape)
    assert error_consistency_between(right.mean(axis=0), other.mean(axis=0)) == pytest.approx(
        of_pairs(product(right, other)), abs=1e-9, nan_ok=True
    )


def test_networks_that_err_independently_have_none_and_the_variance_of_that():
    """400 networks and 500 examples of different difficulty, far more than chance needs."""
    generator = np.random.default_rng(0)
    easy = generator.uniform(0.2, 0.9, 500)
    right = generator.random((400, 500)) < easy
    # Difficulty alone makes errors consistent, but not the accuracies vary more.
    assert kappa(right) > 0.1
    ratio = variance_of_accuracy(right.mean(axis=1)) / variance_if_independent(
        right.sum(axis=0), 400
    )
    assert ratio == pytest.approx(1, abs=0.25)
    alike = generator.random((400, 500)) < 0.5
    assert kappa(alike) == pytest.approx(0, abs=0.01)


def test_variances_by_hand():
    right = np.array([[1, 1, 0], [1, 0, 0]], dtype=bool)
    assert variance_of_accuracy(right.mean(axis=1)) == pytest.approx(((2 - 1) / 3) ** 2 / 2)
    # One example is divided: 2/1 * 0.5 * 0.5 / 9.
    assert variance_if_independent(right.sum(axis=0), 2) == pytest.approx(0.5 / 9)


def test_a_single_network_has_neither():
    right = np.array([[1, 0, 1]], dtype=bool)
    assert np.isnan(kappa(right))
    assert np.isnan(variance_of_accuracy(right.mean(axis=1)))
    assert np.isnan(variance_if_independent(right.sum(axis=0), 1))


def test_counts_in_bytes_do_not_overflow():
    n_right = np.array([200, 100, 0], dtype=np.uint8)
    expected = error_consistency(n_right.astype(int), np.full(200, 0.5))
    assert error_consistency(n_right, np.full(200, 0.5, dtype=np.float32)) == expected
    assert variance_if_independent(n_right, 200) == variance_if_independent(
        n_right.astype(int), 200
    )
