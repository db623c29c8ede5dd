import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import bimodality
from scipy import stats

from created_equal.artefacts import consistency, make_dataset, select_split
from created_equal.claims import measures, nulls
from created_equal.claims.nulls import (
    Nulls,
    class_means,
    independent_networks,
    right_count_distribution,
    shuffled_within_class,
)
from created_equal.scores import independent_null
from created_equal.scores.bootstrap import value_of


def test_right_counts_of_equal_networks_are_binomial():
    found = right_count_distribution(np.full(6, 0.3))
    assert found == pytest.approx(stats.binom.pmf(np.arange(7), 6, 0.3))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_right_counts_have_the_mean_of_the_accuracies(accuracies):
    found = right_count_distribution(np.array(accuracies))
    assert found.sum() == pytest.approx(1)
    assert found @ np.arange(len(found)) == pytest.approx(sum(accuracies), abs=1e-9)


def test_independent_networks_keep_accuracies_and_lose_agreement(networks):
    """20 networks, 3,000 examples: they agree entirely, and as independent ones not at all.

    The deviation of the mean of 60,000 guesses is 0.002, and that of the bi-modality of 2,000
    examples about 0.04: bounds of four and five deviations, with a fixed seed.
    """
    examples = 3000
    labels, is_test = np.arange(examples) % 5, np.arange(examples) % 3 == 0
    right = np.zeros((20, 3, examples), dtype=bool)
    right[:, 1:, : examples // 2] = True
    scores = networks(right, labels, is_test)
    null = independent_networks(scores)
    assert null["accuracy"].equals(scores["accuracy"])
    for split in ("train", "test"):
        mean = consistency(select_split(null, split)).mean("example")
        assert mean.values == pytest.approx(
            scores["accuracy"].sel(split=split).mean("network").values, abs=0.008
        )
    assert scores["bimodality"].sel(split="train").values[1] == pytest.approx(0, abs=1e-9)
    measured = bimodality(select_split(null, "train")["n_right"].values[1])
    assert measured == pytest.approx(independent_null(20), abs=0.2)
    even, odd = select_split(null, "train")["accessibility_half"].values
    # A correlation of 2,000 independent pairs has a deviation of 0.022.
    assert abs(np.corrcoef(even, odd)[0, 1]) < 0.1


def test_independent_networks_agree_on_what_most_of_them_say(networks):
    labels, is_test = np.arange(200) % 5, np.arange(200) % 4 == 0
    right = np.random.default_rng(0).random((9, 4, 200)) < 0.6
    null = independent_networks(networks(right, labels, is_test))
    n_right, n_modal = null["n_right"].values, null["n_modal"].values
    assert (n_modal >= n_right).all() and (n_modal <= 9).all()
    assert (5 * n_modal >= 9).all()
    is_right = null["modal_label"].values == labels
    assert (is_right == (n_modal == n_right)).all()
    assert ((null["modal_label"].values >= 0) & (null["modal_label"].values < 5)).all()
    np.testing.assert_allclose(null["accessibility"], n_right[1:].mean(axis=0) / 9)


def test_accuracies_differ_between_independent_networks_as_they_did(networks):
    """One network that is always right and one that never is: every count is 1."""
    right = np.zeros((2, 3, 60), dtype=bool)
    right[0] = True
    null = independent_networks(networks(right, np.arange(60) % 5, np.arange(60) < 20))
    assert (null["n_right"].values == 1).all()
    assert (null["accessibility_half"].values == [[1], [0]]).all()


def test_all_numbers_of_weak_learners_count_for_a_baseline_of_independent_errors(made_up):
    """A baseline's epochs begin at 1; the first, too, is trained."""
    scores = made_up("digits", True).scores["baselines/adaboost"]
    assert scores["epoch"].values.tolist() == list(range(1, 11))
    null = independent_networks(scores)
    np.testing.assert_allclose(null["accessibility"], consistency(null).mean("epoch"))


@pytest.mark.filterwarnings("error")
def test_a_single_weak_learner_has_a_null(made_up):
    evidence = made_up("digits", True)
    scores = evidence.scores["baselines/adaboost"].isel(epoch=[0])
    null = independent_networks(scores)
    np.testing.assert_array_equal(null["accessibility"], consistency(null).values[0])
    # Two halves of one random state: one is empty.
    assert np.isnan(null["accessibility_half"].values).all(axis=1).tolist() == [False, True]


def test_shuffling_keeps_each_class_and_split_and_loses_the_rest(made_up):
    scores = made_up("digits", True).scores["cnn"]
    null = shuffled_within_class(scores).sel(example=scores["example"].values)
    labels, split = scores["label"].values, scores["example_split"].values
    assert null["example_split"].equals(scores["example_split"])
    assert null["label"].equals(scores["label"])
    for label in range(5):
        for each in ("train", "test"):
            group = (labels == label) & (split == each)
            before, after = (s["n_right"].values[:, group].T.tolist() for s in (scores, null))
            assert sorted(before) == sorted(after)
            assert before != after
    # Curves stay whole: consistency still makes up accessibility.
    np.testing.assert_allclose(null["accessibility"], consistency(null)[1:].mean("epoch"))
    assert null["accuracy"].equals(scores["accuracy"])


def test_shuffled_halves_share_only_their_classes(made_up):
    scores = made_up("digits", True).scores["cnn"]
    null = shuffled_within_class(scores).sel(example=scores["example"].values)
    before = scores["accessibility_half"].values
    after = null["accessibility_half"].values
    assert np.corrcoef(*before)[0, 1] > 0.99
    labels = scores["label"].values
    within = [
        half - np.bincount(labels, half)[labels] / np.bincount(labels)[labels] for half in after
    ]
    # 300 independent pairs: a deviation of 0.06.
    assert abs(np.corrcoef(*within)[0, 1]) < 0.25


def test_class_means_of_separable_images_are_always_right(networks):
    """Two classes, black and white; the third test image is labelled white and is black."""
    images = np.zeros((6, 2, 2, 1), dtype=np.uint8)
    images[[1, 3]] = 255
    labels, is_test = np.array([0, 1, 0, 1, 1, 0]), np.array([0, 0, 0, 1, 1, 1], dtype=bool)
    dataset = make_dataset(images, labels, np.arange(6), is_test, ["black", "white"])
    scores = networks(np.ones((3, 2, 6), dtype=bool), labels, is_test).assign_attrs(classes=2)
    null = class_means(scores, dataset)
    assert null["modal_label"].values.tolist() == [[0, 1, 0, 1, 0, 0]] * 2
    assert null["n_right"].values.tolist() == [[3, 3, 3, 3, 0, 3]] * 2
    assert null["accuracy"].values[:, -1] == pytest.approx(np.array([[1, 2 / 3]] * 3))
    # The image that is wrong is the least accessible.
    assert null["accessibility"].values.argmin() == 4
    assert null["accessibility"].values.min() == 0 and null["accessibility"].values.max() <= 1


def test_class_means_are_those_of_the_labels_that_the_networks_learnt(networks):
    """With the labels turned round, the classifier learns them turned round."""
    images = np.zeros((4, 1, 1, 1), dtype=np.uint8)
    images[[1, 3]] = 200
    is_test = np.array([0, 0, 1, 1], dtype=bool)
    dataset = make_dataset(images, np.array([0, 1, 0, 1]), np.arange(4), is_test, ["a", "b"])
    turned = networks(np.ones((2, 2, 4), dtype=bool), np.array([1, 0, 1, 0]), is_test)
    null = class_means(turned.assign_attrs(classes=2), dataset)
    assert (null["accuracy"].values == 1).all()


def test_a_class_without_train_examples_is_never_named(networks):
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * 40
    labels, is_test = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1], dtype=bool)
    dataset = make_dataset(images, labels, np.arange(6), is_test, ["a", "b", "c"])
    scores = networks(np.ones((2, 2, 6), dtype=bool), np.array([0, 0, 1, 1, 0, 2]), is_test)
    null = class_means(scores.assign_attrs(classes=3), dataset)
    assert 2 not in null["modal_label"].values
    assert np.isfinite(null["accessibility"].values).all()


def test_what_a_null_replaces(made_up):
    evidence = made_up("digits", True)
    nulls = Nulls(evidence)
    both = nulls.under("shuffled_within_class", ("cnn", "linear"))
    assert both["cnn"] is not evidence.scores["cnn"]
    assert both["linear"] is not evidence.scores["linear"]
    assert both["main"] is evidence.scores["main"]
    last = nulls.under("class_means", ("cnn", "linear"))
    assert last["cnn"] is evidence.scores["cnn"]
    assert last["linear"] is not evidence.scores["linear"]
    assert last["linear"]["network"].equals(evidence.scores["linear"]["network"])
    again = nulls.under("shuffled_within_class", ("cnn",))
    assert again["cnn"] is both["cnn"]


def test_nulls_are_the_same_twice(made_up):
    evidence = made_up("digits", True)
    for kind in ("independent_networks", "shuffled_within_class", "class_means"):
        one, two = (Nulls(evidence).under(kind, ("cnn",))["cnn"] for _ in range(2))
        assert one.equals(two)


def test_of_a_large_split_independent_networks_answer_a_part_always_the_same(made_up, monkeypatch):
    """Of 200 train and 100 test examples, 150 and 100; ensembles answer the same."""
    monkeypatch.setattr(nulls, "INDEPENDENT_EXAMPLES", 150)
    evidence = made_up("digits", True)
    one, two = (Nulls(evidence).under("independent_networks", ("cnn", "linear")) for _ in range(2))
    names = one["cnn"]["example"].values
    assert np.array_equal(names, one["linear"]["example"].values)
    assert np.array_equal(names, two["cnn"]["example"].values)
    splits = [select_split(one["cnn"], split).sizes["example"] for split in ("train", "test")]
    assert splits == [150, 100]
    assert one["cnn"]["label"].equals(evidence.scores["cnn"]["label"].sel(example=names))


@pytest.mark.parametrize(
    "measure",
    [measures.consensus_rises, measures.bimodality, measures.labels_at_one, measures.patterns],
)
def test_a_statistic_under_a_null_of_a_part_is_that_of_the_part(made_up, monkeypatch, measure):
    evidence = made_up("digits", True)
    measured = measure(evidence, "main")
    monkeypatch.setattr(nulls, "INDEPENDENT_EXAMPLES", 60)
    null = Nulls(evidence)
    scores = null.under("independent_networks", ("main",))
    assert len(scores["main"]["example"]) == 120
    part = measured.among(scores["main"]["example"].values)
    assert part.units == {"test": 60, "train": 60}.get(measured.examples, 120)
    expected = value_of(part.statistic(scores), part.units)
    assert null.value("independent_networks", measured, ("main",)) == expected


def test_there_is_no_null_of_class_means_without_images(made_up):
    evidence = made_up("digits", True)
    without = replace(evidence, dataset=evidence.dataset.drop_vars("image"))
    measured = measures.accuracy(evidence, "cnn")
    found = [Nulls(each).value("class_means", measured, ("cnn",)) for each in (evidence, without)]
    assert [math.isnan(value) for value in found] == [False, True]


def test_class_means_read_images_in_blocks_and_in_any_order(made_up, monkeypatch):
    evidence = made_up("digits", True)
    scores = evidence.scores["cnn"]
    whole = class_means(scores, evidence.dataset)
    monkeypatch.setattr(nulls, "EXAMPLES_AT_ONCE", 7)
    order = np.random.default_rng(0).permutation(scores.sizes["example"])
    assert class_means(scores, evidence.dataset.isel(example=order)).equals(whole)
