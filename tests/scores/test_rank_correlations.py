import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr

from created_equal.scores import rank_correlations, spearman, without_class_means


@pytest.fixture(scope="module")
def metrics():
    """Three metrics with ties, of which the first two are the same but for noise and class."""
    generator = np.random.default_rng(0)
    ability = generator.normal(size=300)
    columns = {
        "one": np.round(ability, 1),
        "two": ability + generator.normal(0, 0.5, 300),
        "three": generator.integers(0, 4, 300),
    }
    return pd.DataFrame(columns)


def test_pooled_they_are_scipys(metrics):
    np.testing.assert_allclose(rank_correlations(metrics).r, spearmanr(metrics).statistic)


def test_within_classes_a_difference_of_classes_does_not_help():
    """Two metrics that share only the class: they correlate pooled, and not within."""
    generator = np.random.default_rng(1)
    labels = np.arange(600) % 3
    metrics = pd.DataFrame({name: labels + generator.random(600) for name in ("a", "b")})
    assert rank_correlations(metrics).r[0, 1] > 0.8
    within = rank_correlations(metrics, labels)
    assert within.r[0, 1] == pytest.approx(0, abs=0.12)
    ranks = [without_class_means(rankdata(metrics[name]), labels) for name in ("a", "b")]
    assert within.r[0, 1] == pytest.approx(spearman(*ranks))


def test_never_is_after_last():
    metrics = pd.DataFrame({"when": [1, 2, np.nan, np.nan, 3], "rank": [1, 2, 4.5, 4.5, 3]})
    assert rank_correlations(metrics).r[0, 1] == pytest.approx(1)


def test_intervals_hold_the_value_and_shrink_with_the_examples(metrics):
    few, many = rank_correlations(metrics[:50]), rank_correlations(metrics)
    for found in (few, many):
        assert (found.lower <= found.r + 1e-12).all()
        assert (found.r <= found.upper + 1e-12).all()
    assert (many.upper - many.lower)[0, 1] < (few.upper - few.lower)[0, 1]
    # About (1 - r^2) / sqrt(n) on each side, times 1.96.
    expected = 1.96 * (1 - many.r[0, 1] ** 2) / np.sqrt(300)
    assert (many.upper - many.lower)[0, 1] / 2 == pytest.approx(expected, rel=0.3)


def test_a_constant_metric_correlates_with_nothing(metrics):
    found = rank_correlations(metrics.assign(three=7))
    assert np.isnan(found.r[2]).all()
    assert np.isfinite(found.r[0, 1])
