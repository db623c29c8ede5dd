import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles import bimodality
from scipy import stats

from created_equal.scores import (
    bimodality_of_counts,
    bimodality_of_uniform,
    independent_null,
    informative_epochs,
    mean_consistency,
)
from created_equal.scores.histograms import band_over_examples

histograms = st.integers(2, 30).flatmap(
    lambda bins: arrays(np.int64, bins, elements=st.integers(0, 2000))
)


def scores_of(histogram):
    networks = len(histogram) - 1
    return np.repeat(np.arange(networks + 1) / networks, histogram)


def test_by_hand():
    # Deviations -1, 0, 1: kurtosis (2/3) / (2/3)^2 = 1.5, no skewness.
    assert bimodality_of_counts([1, 1, 1]) == pytest.approx(0.5)
    # Deviations -1/4 three times, 3/4 once: two points, so their weights do not matter.
    assert bimodality_of_counts([3, 0, 0, 0, 1]) == pytest.approx(0, abs=1e-12)


@given(histograms)
def test_it_is_scipys_kurtosis_and_skewness_of_the_scores(histogram):
    expected = bimodality(scores_of(histogram))
    assert bimodality_of_counts(histogram) == pytest.approx(
        expected, nan_ok=True, rel=1e-6, abs=1e-9
    )


@given(histograms)
def test_never_negative_and_the_same_in_the_mirror(histogram):
    assume((histogram > 0).sum() > 1)
    measure = bimodality_of_counts(histogram)
    assert measure >= -1e-9
    assert bimodality_of_counts(histogram[::-1]) == pytest.approx(measure, rel=1e-6, abs=1e-9)


@given(st.integers(1, 100), st.integers(1, 500), st.integers(1, 500))
def test_all_agree(networks, right, wrong):
    histogram = np.zeros(networks + 1)
    histogram[[0, -1]] = wrong, right
    assert bimodality_of_counts(histogram) == pytest.approx(0, abs=1e-9)


def test_constant_and_empty_are_undefined():
    assert np.isnan(bimodality_of_counts([[0, 7, 0], [0, 0, 0]])).all()


def test_exact_for_a_single_outlier_among_a_million():
    histogram = np.zeros(101)
    histogram[[0, 100]] = 1, 10**6
    assert bimodality_of_counts(histogram) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("networks", [2, 7, 100])
@pytest.mark.parametrize("accuracy", [0.01, 0.2, 0.56, 0.9])
def test_independent_networks_exactly(networks, accuracy):
    right = stats.binom(networks, accuracy).pmf(np.arange(networks + 1))
    assert bimodality_of_counts(right) == pytest.approx(independent_null(networks))


def test_one_network_has_two_points():
    assert independent_null(1) == 0


@pytest.mark.parametrize("networks", [1, 3, 20, 1000])
def test_a_uniform_distribution_has_less_than_0_8_with_few_networks(networks):
    found = float(bimodality_of_counts(np.ones(networks + 1)))
    assert bimodality_of_uniform(networks) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize(
    "name, expected",
    [("beta 0.2", 0.24), ("beta 0.5", 0.50), ("uniform", 0.79), ("one tenth uniform", 0.06)],
)
def test_calibration(name, expected):
    """Probabilities of being right by example, 100 networks, 100,000 examples.

    The standard deviation of the measure is 0.003 or less (uniform: 0.0025), the tolerance 0.03:
    it does not fail by chance.
    """
    generator = np.random.default_rng(0)
    examples = 100_000
    unanimous = generator.integers(2, size=examples)
    probability = {
        "beta 0.2": generator.beta(0.2, 0.2, examples),
        "beta 0.5": generator.beta(0.5, 0.5, examples),
        "uniform": generator.random(examples),
        "one tenth uniform": np.where(
            generator.random(examples) < 0.1, generator.random(examples), unanimous
        ),
    }[name]
    histogram = np.bincount(generator.binomial(100, probability), minlength=101)
    measured = float(bimodality_of_counts(histogram))
    assert measured == pytest.approx(expected, abs=0.03)


def test_the_band_over_examples_covers_the_truth():
    """95 % bands of samples of 500 uniform examples, over 200 samples.

    The uniform distribution of 0..10 has the true value of its own histogram. With a true coverage
    of 0.93 (percentile bands are a little narrow) 200 bands cover from 88 to 98.5 % of the time in
    all but 0.5 % of the seeds.
    """
    truth = bimodality_of_counts(np.ones(11))
    generator = np.random.default_rng(0)
    samples = generator.multinomial(500, np.ones(11) / 11, size=200)
    bands = np.array([band_over_examples(sample) for sample in samples])
    assert 0.88 <= np.mean((bands[:, 0] <= truth) & (truth <= bands[:, 1])) <= 0.985


def test_the_band_over_examples_is_reproducible_and_undefined_for_constant_scores():
    histogram = [30, 5, 10, 55]
    lower, upper = band_over_examples(histogram)
    assert lower < bimodality_of_counts(histogram) < upper
    assert band_over_examples(histogram).tolist() == [lower, upper]
    assert np.isnan(band_over_examples([0, 10, 0])).all()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 30), st.integers(1, 30))
def test_two_points_are_never_below_zero_by_rounding(few, many, low, apart):
    histogram = np.zeros(61)
    histogram[low], histogram[low + apart] = few, many
    assert 0 <= bimodality_of_counts(histogram) < 1e-9


def one_split(n_right, networks):
    """Scores in which every second example is in the test set, about which no network is right."""
    n_right = np.asarray(n_right, dtype=np.uint8)
    both = np.stack([n_right, np.zeros_like(n_right)], axis=2).reshape(len(n_right), -1)
    split = np.resize(["train", "test"], both.shape[1])
    return xr.Dataset(
        {"n_right": (("epoch", "example"), both)},
        {"network": np.arange(networks), "example_split": ("example", split)},
    )


def test_one_sided_scores_are_not_informative():
    scores = one_split(np.repeat([1, 6, 50, 89, 95], 7).reshape(5, 7), 100)
    assert mean_consistency(scores, "train").tolist() == [0.01, 0.06, 0.5, 0.89, 0.95]
    assert informative_epochs(scores, "train").tolist() == [False, *[True] * 3, False]
    assert not informative_epochs(scores, "test").any()


def test_the_ends_of_the_middle_belong_to_it():
    """Of 20 networks 1 and 18 are right about every example; or 0 and 20 in the same mean."""
    counts = [[1, 1, 1, 1, 1], [18] * 5, [20, 20, 20, 20, 10], [20, 20, 20, 20, 11]]
    assert informative_epochs(one_split(counts, 20), "train").tolist() == [True, True, True, False]
