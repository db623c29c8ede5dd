from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from created_equal.scores import (
    bimodality_of_counts,
    expected_histograms,
    fit_beta,
    free_of_networks,
    histograms_of_subensembles,
    mean_bimodality,
    pairwise_agreement,
    shares_at_ends,
    two_peaks,
)
from created_equal.scores.histograms import histograms_of


def right_networks(seed, networks=6, examples=40):
    """Return which networks (network, example) are right, some of them more often."""
    generator = np.random.default_rng(seed)
    return generator.random((networks, examples)) < generator.random(examples)


@given(st.integers(0, 100), st.integers(1, 6))
def test_subensembles_are_those_that_one_could_draw(seed, size):
    right = right_networks(seed)
    drawn = [
        histograms_of(right[list(chosen)].sum(axis=0)[None], size)[0]
        for chosen in combinations(range(6), size)
    ]
    found = histograms_of_subensembles(histograms_of(right.sum(axis=0)[None], 6), size)[0]
    np.testing.assert_allclose(found, np.mean(drawn, axis=0))


@given(st.integers(0, 100))
def test_agreement_is_that_of_all_pairs_and_independent_networks_have_a_kappa_of_0(seed):
    right = right_networks(seed)
    found = pairwise_agreement(histograms_of(right.sum(axis=0)[None], 6)[0])
    pairs = [(one == other).mean() for one, other in combinations(right, 2)]
    assert found.share == pytest.approx(np.mean(pairs))
    independent = pairwise_agreement(stats.binom.pmf(np.arange(7), 6, 0.7))
    assert independent.kappa == pytest.approx(0, abs=1e-12)
    assert pairwise_agreement(np.array([3, 0, 0, 5])) == (1, 1)


@pytest.mark.parametrize("networks", [5, 20, 100])
def test_a_beta_fit_does_not_depend_on_n_and_says_what_more_networks_would_show(networks):
    counts = 3000 * stats.betabinom.pmf(np.arange(networks + 1), networks, 0.3, 0.4)
    assert fit_beta(counts) == pytest.approx((0.3, 0.4), rel=1e-2)
    more = expected_histograms(counts[None], 100)[0]
    exact = 3000 * stats.betabinom.pmf(np.arange(101), 100, 0.3, 0.4)
    np.testing.assert_allclose(more, exact, atol=5)
    assert bimodality_of_counts(more) == pytest.approx(bimodality_of_counts(exact), abs=0.01)


@pytest.mark.parametrize("networks", [2, 5, 20, 100])
def test_two_peaks_are_above_1_and_a_rise_or_a_hump_is_below(networks):
    def peaks(a, b):
        return two_peaks(1e6 * stats.betabinom.pmf(np.arange(networks + 1), networks, a, b))

    assert peaks(1, 1) == pytest.approx(1)
    assert peaks(0.3, 0.4) > 1.2
    # It only rises, but its bi-modality is 0.73 with 100 networks, less than if it were uniform.
    assert peaks(1, 0.5) < 1
    assert peaks(3, 3) < 0.7


def test_two_peaks_and_ends_by_hand():
    """With 20 networks the ends are the scores of 0, 1 and 2, and of 18, 19 and 20."""
    counts = np.zeros(21)
    counts[[0, 2, 3, 10, 18, 20]] = 6, 3, 5, 10, 1, 5
    assert two_peaks(counts) == pytest.approx((6 / 3) / (15 / 15))
    assert shares_at_ends(counts) == pytest.approx((9 / 30, 6 / 30))
    # A middle without examples counts as if it had one.
    assert two_peaks(np.array([4, 0, 0, 0, 0, 8])) == 4 / (1 / 4)
    assert np.isnan(two_peaks(np.array([4, 8])))


def test_the_mean_bimodality_is_that_of_the_subsets_of_each_epoch_that_has_one():
    n_right = np.array([[0, 0, 3, 6, 6, 2], [1, 2, 3, 4, 5, 6], [6, 6, 6, 6, 6, 6]])
    histograms = np.array([histograms_of(row[None], 6)[0] for row in n_right])
    of_each = bimodality_of_counts(histograms_of_subensembles(histograms, 4))
    assert mean_bimodality(histograms, 4) == pytest.approx(of_each[:2].mean())
    assert np.isnan(of_each[2])
    assert mean_bimodality(histograms, 9) == mean_bimodality(histograms, 6)


@pytest.mark.filterwarnings("error")
def test_without_any_disagreement_there_is_no_kappa_and_no_warning():
    all_right = np.array([[0, 0, 0, 0, 9]])
    share, kappa, low, high, *_ = free_of_networks(np.repeat(all_right, 2, axis=0))
    assert (share, low, high) == (1, 0, 1) and np.isnan(kappa)
    # At one of the epochs there is one.
    some_right = np.array([[2, 1, 1, 1, 4]])
    assert free_of_networks(np.concatenate([all_right, some_right]))[1] == pytest.approx(
        pairwise_agreement(some_right[0]).kappa
    )
