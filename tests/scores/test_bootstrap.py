import numpy as np
import pytest
from learners import value_of

from created_equal.scores import band_of_mean, correlation_of, differences_from
from created_equal.scores.bootstrap import REPLICATES, interval_around, replicates_of


def interval_of(statistic, units, replicates=REPLICATES):
    resampled = replicates_of(statistic, units, replicates)
    return interval_around(value_of(statistic, units), resampled, (-np.inf, np.inf))


def mean_of(values):
    return lambda weights: weights @ values / weights.sum(axis=1)


def test_the_interval_of_a_mean_is_the_normal_one():
    """A percentile end of 1000 resamples has a deviation of about 0.05 of the mean's deviation."""
    values = np.random.default_rng(0).normal(3, 2, 400)
    deviation = values.std() / np.sqrt(400)
    expected = values.mean() - 1.96 * deviation, values.mean() + 1.96 * deviation
    assert interval_of(mean_of(values), 400) == pytest.approx(expected, abs=0.25 * deviation)


@pytest.mark.parametrize("statistic_of", ["mean", "correlation"])
def test_about_95_in_100_intervals_hold_the_truth(statistic_of):
    """Of 300 intervals, 272 to 297 must contain it.

    If each did with a probability of 0.95, this would fail by chance in 0.3 % of all seeds; the
    seed is fixed.
    """
    generator = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        a, b = generator.normal(size=(2, 100))
        statistic = mean_of(a) if statistic_of == "mean" else correlation_of(a, b)
        lower, upper = interval_of(statistic, 100, replicates=400)
        held += lower <= 0 <= upper
    assert 272 <= held <= 297


def test_the_value_is_that_of_the_original_sample():
    assert value_of(mean_of(np.array([0.3])), 1) == pytest.approx(0.3)


def test_undefined_resamples_are_left_out():
    def undefined_without_the_first(weights):
        return np.where(weights[:, 0] > 0, 2.0, np.nan)

    assert interval_of(undefined_without_the_first, 3) == (2, 2)


def test_weights_are_those_of_draws_with_replacement():
    weights = replicates_of(lambda weights: weights, 50)
    assert weights.shape == (1000, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.max(axis=1).min() >= 2
    # Binomial(50, 1/50): 0 in 36 %, 4 or more in 2 %.
    assert interval_of(lambda weights: weights[:, 0], 50) == (0, 3)


def lowest_mean_of(values):
    """Return the lowest mean of values (epoch, unit), which resamples bring below its own."""
    return lambda weights: (weights @ values.T / weights.sum(axis=1, keepdims=True)).min(axis=1)


def test_about_95_in_100_intervals_hold_a_minimum_over_epochs_and_all_hold_its_value():
    """Of 200 intervals, 181 to 197 must contain the mean over such examples, as above.

    Without the shift, 148 of them would, and 144 would contain the value itself.
    """
    generator = np.random.default_rng(3)
    samples = generator.normal(size=(200, 40, 60))
    statistics = [lowest_mean_of(sample) for sample in samples]
    values = np.array([value_of(statistic, 60) for statistic in statistics])
    lower, upper = np.transpose([interval_of(each, 60, replicates=200) for each in statistics])
    assert ((lower <= values) & (values <= upper)).all()
    assert 181 <= ((lower <= values.mean()) & (values.mean() <= upper)).sum() <= 197


def test_intervals_are_shifted_and_end_where_the_statistic_does():
    """The percentiles of 0.5, 0.6 and 0.7 are 0.505 and 0.695, and their median 0.6."""
    resampled = np.array([0.6, 0.5, 0.7])
    assert interval_around(0.9, resampled, (0, 2)) == pytest.approx((0.805, 0.995))
    assert interval_around(0.9, resampled, (0, 0.95)) == pytest.approx((0.805, 0.95))


def test_what_is_undefined_has_no_interval():
    assert np.isnan(interval_of(lambda weights: np.full(len(weights), np.nan), 5)).all()
    assert np.isnan(interval_around(np.nan, np.array([1.0, 2]), (0, 3))).all()
    assert interval_around(2.0, np.array([1.0, np.nan, 1]), (0, 3)) == (2, 2)


def test_many_units_are_resampled_in_parts(monkeypatch):
    values = np.random.default_rng(1).random(30)
    whole = interval_of(mean_of(values), 30)
    monkeypatch.setattr("created_equal.scores.bootstrap.NUMBERS_AT_ONCE", 100)
    assert interval_of(mean_of(values), 30) == pytest.approx(whole, rel=1e-12)


def test_the_band_is_about_two_standard_errors_on_either_side():
    flips = np.repeat([0.0, 1.0], 200)
    lower, upper = band_of_mean(flips)
    # The standard error is 0.025; 1000 resamples place a 2.5 % point within about 0.004 of its own.
    np.testing.assert_allclose([lower, upper], [0.451, 0.549], atol=0.006)
    assert interval_of(mean_of(flips), 400) == pytest.approx((lower, upper))


def test_every_row_has_the_band_that_it_has_alone():
    rows = np.random.default_rng(0).random((2, 3, 50))
    found = band_of_mean(rows)
    assert found.shape == (2, 3, 2)
    np.testing.assert_allclose(found[1, 2], band_of_mean(rows[1, 2]))
    np.testing.assert_allclose(band_of_mean(np.ones(1)), [1, 1])


def test_a_group_differs_more_than_random_parts_only_if_it_is_no_random_part():
    scores = np.random.default_rng(1).random((4, 500))
    random, of_parts = differences_from(scores[:, 30:], scores[:, :30])
    shifted, of_shifted = differences_from(scores[:, 30:], scores[:, :30] + 0.3)
    assert shifted == pytest.approx(0.3, abs=0.05)
    assert len(of_parts) == 1000
    # The mean of 30 less that of 470 has a deviation of 0.054, its absolute value a mean of 0.043.
    assert of_parts.mean() == pytest.approx(0.043, abs=0.003)
    assert random < of_parts.max() and of_shifted.max() < shifted


def test_differences_by_hand():
    difference, of_parts = differences_from(np.array([[0.0, 1.0]]), np.array([[1.0]]))
    assert difference == 0.5
    assert set(of_parts.tolist()) == {0.5, 1.0}
    # One of the three examples is 1 away from the two others.
    assert (of_parts == 1).mean() == pytest.approx(1 / 3, abs=0.05)


def test_a_random_part_differs_more_than_95_percent_of_parts_in_5_percent_of_cases():
    """Between 3 and 24 of 250 cases, with a probability of 0.999, if it is 5 percent."""
    generator, more = np.random.default_rng(2), 0
    for _ in range(250):
        scores = generator.random((3, 60)) + generator.normal(size=60)
        difference, of_parts = differences_from(scores[:, 20:], scores[:, :20])
        more += (of_parts < difference).mean() > 0.95
    assert 3 <= more <= 24
