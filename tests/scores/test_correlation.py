import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from created_equal.errors import InputError
from created_equal.scores import SMALLEST_P, correlation


def test_by_hand():
    found = correlation([0, 1, 2, 3], [0, 1, 3, 2])
    assert found.r == pytest.approx(0.8)
    assert found.p == pytest.approx(0.2)


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_bounds_and_symmetry(seed, slope):
    a, noise = np.random.default_rng(seed).normal(size=(2, 30))
    found = correlation(a, slope * a + noise)
    assert -1 <= found.lower <= found.r <= found.upper <= 1
    assert SMALLEST_P <= found.p <= 1
    assert correlation(slope * a + noise, a) == pytest.approx(found)


def test_the_interval_is_that_of_fisher_for_normal_values():
    """200 resamples estimate each end to about 10 % of the interval's half-width: fixed seed."""
    a, noise = np.random.default_rng(0).normal(size=(2, 1000))
    found = correlation(a, a + noise)
    fisher = stats.pearsonr(a, a + noise).confidence_interval(0.95)
    assert (found.lower, found.upper) == pytest.approx(fisher, abs=0.015)


def test_a_p_value_too_small_for_floating_point():
    a = np.linspace(0, 1, 5000)
    assert correlation(a, a + 0.01 * np.sin(99 * a)).p == SMALLEST_P


@pytest.mark.parametrize(
    "a, b, message",
    [
        ([1, 2, 3], [1, 2], "scores of 3 and of 2 examples"),
        ([1, 2], [1, 2], "undefined"),
        ([1, 1, 1], [1, 2, 3], "undefined"),
        ([1, 2, 3], [1, np.nan, 3], "give more networks"),
    ],
)
def test_undefined_correlations_are_refused(a, b, message):
    with pytest.raises(InputError, match=message):
        correlation(a, b)
