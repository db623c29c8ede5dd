from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from created_equal.scores import (
    correlation_with_more,
    correlations_of_drawn_halves,
    forms_of_correlation,
    mean_rank_correlation,
    nan_mean,
    of_equal_halves,
    pearson,
    rapidity,
    rises,
    spearman,
    spearman_brown,
    without_class_means,
)


def test_a_constant_has_no_correlation():
    assert np.isnan(spearman(np.arange(60), np.ones(60)))


def test_without_class_means_nothing_is_left_of_classes():
    labels = np.array([0, 0, 2, 2, 2])
    values = np.array([1.0, 3.0, 5.0, 5.0, 8.0])
    assert without_class_means(values, labels) == pytest.approx([-1, 1, -1, -1, 2])


def test_more_networks_correlate_as_spearman_and_brown_say():
    """Means of 40 noisy networks each, of 20,000 examples; those of 10 predict it."""
    generator = np.random.default_rng(0)
    truth = generator.normal(size=20_000)
    networks = truth + 3 * generator.normal(size=(80, 20_000))
    r = {
        size: pearson(networks[:size].mean(axis=0), networks[size : 2 * size].mean(axis=0))
        for size in (10, 40)
    }
    assert spearman_brown(r[10], 4) == pytest.approx(r[40], abs=0.01)
    assert spearman_brown(0.5, 1) == 0.5
    assert spearman_brown(-0.3, 2) == pytest.approx(-0.6 / 0.7)
    for r, factor in ((-1, 2), (-0.6, 2), (-0.3, 26), (-1, 1)):
        assert np.isnan(spearman_brown(r, factor))


@pytest.mark.parametrize("sizes", [(1, 5), (2, 4), (5, 1), (3, 2)])
def test_parts_of_unlike_size_say_how_halves_would_correlate(sizes):
    generator = np.random.default_rng(0)
    truth = generator.normal(size=50_000)
    networks = truth + generator.normal(size=(sum(sizes), 50_000))
    parts = np.split(networks, [sizes[0]])
    r = pearson(*(part.mean(axis=0) for part in parts))
    # Two networks correlate by 1/2.
    half = sum(sizes) / 2
    assert of_equal_halves(r, sizes) == pytest.approx(half / (half + 1), abs=0.01)
    assert of_equal_halves(0.7, (3, 3)) == 0.7 and of_equal_halves(-0.1, sizes) == -0.1
    assert np.isnan(of_equal_halves(np.nan, sizes))


def test_halves_that_are_drawn_from_counts_correlate_as_real_ones():
    """Networks that err independently, of examples that differ in how easy they are."""
    generator = np.random.default_rng(0)
    chances = generator.beta(0.5, 0.5, 20_000)
    right = generator.random((21, 20_000)) < chances
    for correlation in (pearson, spearman):
        real = of_equal_halves(
            correlation(right[:11].sum(axis=0), right[11:].sum(axis=0)), (11, 10)
        )
        counts = right.sum(axis=0)[None]
        (drawn,) = correlations_of_drawn_halves(counts, 21, correlation)
        assert drawn == pytest.approx(real, abs=0.01)
        assert correlations_of_drawn_halves(counts, 21, correlation) == [drawn]


def test_the_forms_of_a_mean_of_correlations_are_means():
    one, two = np.random.default_rng(0).normal(size=(2, 3, 50))
    two += one
    pairs = list(zip(one, two, strict=True))
    within = [(x[::-1], y) for x, y in pairs]
    found = forms_of_correlation(pearson, iter(pairs), iter(within), [[0.9] * 3, [0.8] * 3], [2, 1])
    of_pairs = [stats.spearmanr(*pair).statistic for pair in pairs]
    assert found["spearman"] == pytest.approx(np.mean(of_pairs))
    assert found["within_class"] == pytest.approx(np.mean([pearson(*pair) for pair in within]))
    of_within = [stats.spearmanr(*pair).statistic for pair in within]
    assert found["spearman_within_class"] == pytest.approx(np.mean(of_within))
    r = np.mean([pearson(*pair) for pair in pairs])
    noise = spearman_brown(0.9, 2) * spearman_brown(0.8, 2)
    assert found["corrected"] == pytest.approx(r / np.sqrt(noise), abs=0.03)
    assert r < found["expected"] < found["corrected"] and np.isnan(found["log10_p"])
    (single,) = pairs[:1]
    alone = forms_of_correlation(pearson, [single], [single], [[0.9]], [1])
    assert 10 ** alone["log10_p"] == pytest.approx(stats.pearsonr(*single).pvalue)


def test_the_mean_of_what_is_defined():
    assert nan_mean([1, np.nan, 2]) == 1.5
    assert np.isnan(nan_mean([np.nan])) and np.isnan(nan_mean([]))


def test_rises_by_hand():
    """Six networks: at most one is low, at least five is high."""
    n_right = np.array(
        [
            [0, 1, 2, 0, 6],
            [0, 5, 2, 2, 0],
            [1, 0, 5, 4, 1],
            [3, 6, 6, 4, 0],
            [6, 6, 6, 4, 0],
        ]
    )
    # The first example from epoch 2 to 4, the second from 0 to 1; the others do not rise.
    np.testing.assert_array_equal(rises(n_right, 6), [[2, 0], [4, 1]])
    # They need 2 and 1 epochs, and are in the middle at 3 and 0.5: quartiles 1.125 and 2.375.
    assert rapidity(n_right, 6, np.arange(5)) == pytest.approx(1.5 / 1.25)
    assert rapidity(n_right, 6, np.arange(0, 50, 10)) == pytest.approx(1.5 / 1.25)
    assert np.isnan(rapidity(n_right[:, 2:], 6, np.arange(5)))
    assert np.isnan(rapidity(n_right[:, :1], 6, np.arange(5)))


def test_mean_rank_correlation_is_that_of_all_pairs():
    rows = np.array([[1, 2, 4, 3], [2, 3, 9, 8], [4, 3, 2, 1], [5, 5, 5, 5]])
    pairs = [spearman(one, two) for one, two in combinations(rows[:3], 2)]
    assert mean_rank_correlation(rows) == pytest.approx(np.mean(pairs))
    assert np.isnan(mean_rank_correlation(rows[:1]))


@pytest.mark.filterwarnings("error")
def test_ranks_of_a_single_example_have_no_correlation_and_no_warning():
    assert np.isnan(mean_rank_correlation(np.array([[1], [2], [2]])))


def test_the_correlation_without_noise_is_undefined_if_halves_do_not_correlate():
    assert np.isnan(correlation_with_more(0.3, [-0.1, -0.1], [1, 1])).all()
    # Two halves that correlate by 1/3 have a reliability of 1/2 together.
    assert correlation_with_more(0.3, [1 / 3, 1 / 3], [1, 1]) == pytest.approx((0.6, 0.3))
    # Four halves have a reliability of 2/3, so twice as many networks of both correlate by 0.4, and
    # twice as many of one by the geometric mean of 0.3 and 0.4.
    assert correlation_with_more(0.3, [1 / 3, 1 / 3], [2, 2]) == pytest.approx((0.6, 0.4))
    assert correlation_with_more(0.3, [1 / 3, 1 / 3], [2, 1]) == pytest.approx((0.6, 0.12**0.5))
