"""Correlations of two scores, over all examples and within classes, with their intervals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from created_equal.scores import (
    compare_scores,
    correlations,
    rank_correlations,
    resamples_networks,
)

LABELS = np.repeat([0, 1], 20)


def test_correlations_are_those_of_scipy():
    a, b = np.random.default_rng(0).normal(size=(2, 40))
    b += a
    found = compare_scores(a, b, LABELS)
    assert found["Pearson"].value == pytest.approx(stats.pearsonr(a, b).statistic)
    assert found["Spearman"].value == pytest.approx(stats.spearmanr(a, b).statistic)


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_a_correlation_does_not_depend_on_the_unit(unit):
    a, b = np.random.default_rng(0).normal(size=(2, 40))
    one, other, labels = (values[None] for values in (a, unit * (a + b), LABELS))
    expected = stats.pearsonr(a, a + b).statistic
    assert correlations(one, other, labels)["Pearson"] == pytest.approx(expected)
    constant = np.full((1, 40), 0.1 * unit)
    assert np.isnan(correlations(one, constant, labels)["Pearson"])


def within(one, other, labels):
    """Return Spearman's correlation within classes."""
    rows = (np.asarray(values)[None] for values in (one, other, labels))
    return correlations(*rows)["Spearman within classes"][0]


def test_what_only_the_class_has_in_common_is_no_correlation_within_classes():
    one = np.concatenate([np.arange(20), 100 + np.arange(20)])
    other = np.concatenate([np.tile([0, 1], 10), 100 + np.tile([0, 1], 10)])
    assert stats.spearmanr(one, other).statistic > 0.75
    assert abs(within(one, other, LABELS)) < 0.1
    # By hand: ranks 1 2 3 4, less the class's mean 1.5 or 3.5: -1/2 1/2 -1/2 1/2.
    pairs = [0, 0, 1, 1]
    assert within([0, 1, 2, 3], [0, 1, 3, 2], pairs) == pytest.approx(0)
    assert within([0, 1, 2, 3], [1, 0, 3, 2], pairs) == pytest.approx(-1)


def test_a_large_class_weighs_more():
    labels = np.repeat([0, 1], [30, 10])
    one = np.arange(40)
    assert within(one, np.concatenate([np.arange(30), 39 - np.arange(10)]), labels) > 0.8


def test_within_classes_it_is_the_correlation_of_the_figure_of_metrics():
    generator = np.random.default_rng(4)
    one, other = generator.integers(0, 5, size=(2, 40))
    found = rank_correlations(pd.DataFrame({"one": one, "other": other}), LABELS)
    assert within(one, other, LABELS) == pytest.approx(found.r[0, 1])


def test_each_sample_is_correlated_alone():
    """As resamples are, which have other labels in each row."""
    generator = np.random.default_rng(3)
    one, other = generator.normal(size=(2, 4, 30))
    labels = generator.integers(0, 3, size=(4, 30))
    for name, values in correlations(one, other, labels).items():
        alone = [correlations(one[[row]], other[[row]], labels[[row]])[name][0] for row in range(4)]
        np.testing.assert_allclose(values, alone)


def test_equal_means_over_networks_are_ties():
    """In floating point, sevenths that are summed in another order have another sum."""
    generator = np.random.default_rng(0)
    counts = generator.integers(0, 8, size=(2, 6, 40))
    expected = stats.spearmanr(*counts.sum(axis=1)).statistic
    found = compare_scores(*(counts / 7), LABELS)["Spearman"]
    assert found.value == pytest.approx(expected, abs=1e-12)
    constant = np.array([generator.permutation([1, 2, 3, 4, 6, 7]) for _ in range(40)]).T / 7
    assert np.isnan(compare_scores(constant, counts[0] / 7, LABELS)["Spearman"].value)


def test_a_constant_score_has_no_correlation():
    assert np.isnan(within(np.ones(40), np.arange(40), LABELS))
    assert np.isnan(compare_scores(np.ones(40), np.arange(40), LABELS)["Pearson"].lower)


def test_intervals_contain_the_value_repeat_and_shrink_with_more_examples():
    generator, widths = np.random.default_rng(1), []
    for examples in (40, 640):
        a, b = generator.normal(size=(2, examples))
        labels = np.arange(examples) % 4
        found = compare_scores(a, a + b, labels)
        assert found == compare_scores(a, a + b, labels)
        assert all(-1 <= of.lower < of.value < of.upper <= 1 for of in found.values())
        widths.append(found["Spearman"].upper - found["Spearman"].lower)
    assert widths[1] < widths[0] / 2


def test_networks_are_resampled_if_each_ensemble_has_five():
    """Of a few noisy networks that agree on nothing but the mean, the interval is wider."""
    generator = np.random.default_rng(2)
    truth = generator.normal(size=400)
    networks = truth + 4 * generator.normal(size=(6, 400))
    labels = np.zeros(400, dtype=int)
    over = {
        name: compare_scores(networks if name == "both" else networks.mean(axis=0), truth, labels)
        for name in ("both", "examples")
    }
    assert over["both"]["Pearson"].value == pytest.approx(over["examples"]["Pearson"].value)
    widths = {name: of["Pearson"].upper - of["Pearson"].lower for name, of in over.items()}
    assert widths["both"] > 1.2 * widths["examples"]
    assert resamples_networks(networks, truth)
    assert not resamples_networks(networks, networks[:4])
    assert not resamples_networks(truth, truth)
