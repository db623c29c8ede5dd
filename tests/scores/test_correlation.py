import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learners import value_of
from scipy import stats

from created_equal.scores import (
    correlation,
    correlation_of,
    log10_p_of,
    p_words,
    pearson,
    quantile_means,
    ranks,
)
from created_equal.scores.correlation import SMALLEST_LOG10_P


def test_by_hand():
    found = correlation([0, 1, 2, 3], [0, 1, 3, 2])
    assert found.r == pytest.approx(0.8)
    assert 10**found.log10_p == pytest.approx(0.2)


@given(st.integers(0, 2**32 - 1), st.floats(-3, 3))
def test_bounds_and_symmetry(seed, slope):
    a, noise = np.random.default_rng(seed).normal(size=(2, 30))
    found = correlation(a, slope * a + noise)
    assert -1 <= found.lower <= found.r <= found.upper <= 1
    r, p = stats.pearsonr(a, slope * a + noise)
    assert found.r == pytest.approx(r)
    assert found.log10_p == pytest.approx(np.log10(p), rel=1e-6, abs=1e-9)
    assert correlation(slope * a + noise, a) == pytest.approx(found)


def test_the_interval_is_that_of_fisher_for_normal_values():
    """1000 resamples estimate each end to about 5 % of the interval's half-width: fixed seed."""
    a, noise = np.random.default_rng(0).normal(size=(2, 1000))
    found = correlation(a, a + noise)
    fisher = stats.pearsonr(a, a + noise).confidence_interval(0.95)
    assert (found.lower, found.upper) == pytest.approx(fisher, abs=0.008)


@pytest.mark.parametrize(
    "a, b", [([1, 2], [1, 2]), ([], []), ([1, 1, 1], [1, 2, 3]), ([1, 2, 3], [1, np.nan, 3])]
)
def test_undefined_correlations_are_nan(a, b):
    assert np.isnan(correlation(a, b)).all()


@given(st.integers(0, 2**32 - 1))
def test_weights_are_copies(seed):
    """A weight of 3 counts like three equal units."""
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=(2, 12))
    weights = generator.multinomial(12, np.full(12, 1 / 12))
    copies = np.repeat(np.arange(12), weights)
    weighted = correlation_of(a, b)(weights[None].astype(float))[0]
    copied = value_of(correlation_of(a[copies], b[copies]), 12)
    assert weighted == pytest.approx(copied, nan_ok=True)


def test_correlation_of_constants_is_undefined():
    assert np.isnan(value_of(correlation_of(np.ones(5), np.arange(5)), 5))


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_a_correlation_does_not_depend_on_the_unit(unit):
    a, noise = np.random.default_rng(0).normal(size=(2, 30))
    assert correlation(a, unit * (a + noise)) == pytest.approx(correlation(a, a + noise))
    # 0.1 + 0.2 is not 0.3.
    constant = unit * np.where(a > 0, 0.1 + 0.2, 0.3)
    assert np.isnan(pearson(a, constant))
    assert np.isnan(value_of(correlation_of(a, constant), 30))


def test_rows_are_ranked_and_correlated_each_by_itself():
    one, other = np.random.default_rng(0).integers(0, 9, size=(2, 3, 40))
    for row in range(3):
        np.testing.assert_array_equal(ranks(one)[row], stats.rankdata(one[row]))
        expected = stats.pearsonr(one[row], other[row]).statistic
        assert pearson(one, other)[row] == pytest.approx(expected)
        assert pearson(one[row], other[row]) == pytest.approx(expected)


@pytest.mark.parametrize("r, points", [(0.3, 500), (-0.9, 60), (0.83, 40), (0.05, 3)])
def test_p_is_that_of_student_s_t(r, points):
    t = abs(r) * np.sqrt((points - 2) / (1 - r * r))
    assert 10 ** log10_p_of(r, points) == pytest.approx(2 * stats.t.sf(t, points - 2), rel=1e-9)


@pytest.mark.parametrize("r, points", [(0.99, 500), (-0.05, 1_281_167), (0.99, 1_281_167), (1, 3)])
def test_a_p_below_1e_300_has_the_smallest_logarithm(r, points):
    assert log10_p_of(r, points) == -300


def test_p_where_there_is_none():
    assert np.isnan(log10_p_of(np.nan, 20)) and np.isnan(log10_p_of(0.5, 2))


def test_bins_correlate_more_than_noisy_examples():
    """The interval is over bins; with new bins for resampled examples it would be below r."""
    generator = np.random.default_rng(0)
    a = generator.random(400)
    b = a + generator.normal(0, 0.5, 400)
    found = correlation(*quantile_means(a, b, 40))
    assert correlation(a, b).upper < 0.8 < found.r
    assert found.lower < found.r < found.upper
    assert found.log10_p == log10_p_of(found.r, 40)


@pytest.mark.parametrize(
    "log10_p, words",
    [
        (0.0, "p = 1"),
        (-1.5, "p = 0.032"),
        (-3, "p = 0.001"),
        (-3.5, "p ≤ 10⁻³"),
        (-50, "p ≤ 10⁻⁵⁰"),
        (-299.9, "p ≤ 10⁻²⁹⁹"),
        (SMALLEST_LOG10_P, "p < 10⁻³⁰⁰"),
    ],
)
def test_p_in_words(log10_p, words):
    assert p_words(log10_p) == words
