import numpy as np

from created_equal.scores import band_of_mean


def test_the_band_covers_the_mean_as_often_as_it_says() -> None:
    # 400 samples of 200 coin flips of 0.3. Of correct 95 % bands fewer than 90 % or more than 99 %
    # cover 0.3 with a probability of 1e-4 (binomial), and the seed is fixed.
    flips = np.random.default_rng(0).random((400, 200)) < 0.3
    lower, upper = np.array([band_of_mean(sample) for sample in flips]).T
    assert 0.90 < np.mean((lower <= 0.3) & (upper >= 0.3)) < 0.99


def test_the_band_is_about_two_standard_errors_on_either_side() -> None:
    flips = np.repeat([0.0, 1.0], 200)
    lower, upper = band_of_mean(flips)
    # The standard error is 0.025; 200 resamples place a 2.5 % point within about 0.01 of its own.
    np.testing.assert_allclose([lower, upper], [0.451, 0.549], atol=0.012)


def test_every_row_has_the_band_that_it_has_alone() -> None:
    rows = np.random.default_rng(0).random((2, 3, 50))
    found = band_of_mean(rows)
    assert found.shape == (2, 3, 2)
    np.testing.assert_allclose(found[1, 2], band_of_mean(rows[1, 2]))
    np.testing.assert_allclose(band_of_mean(np.ones(1)), [1, 1])
