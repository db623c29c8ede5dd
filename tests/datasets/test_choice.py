import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from created_equal.datasets.choice import choose_examples, choose_stratified
from created_equal.datasets.source import Source
from created_equal.errors import InputError

CLASS_SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=8)


def make_labels(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def make_source(train_sizes, test_sizes):
    labels = np.concatenate([make_labels(train_sizes), make_labels(test_sizes)])
    return Source(
        labels=labels,
        positions=np.arange(len(labels)),
        is_test=np.arange(len(labels)) >= sum(train_sizes),
        class_names=[f"class {k}" for k in range(len(train_sizes))],
        read=lambda rows, size: np.zeros((len(rows), 1, 1, 1), np.uint8),
    )


@given(CLASS_SIZES, st.data())
def test_the_choice_has_the_right_size_all_classes_and_ascending_rows(sizes, data):
    labels = make_labels(sizes)
    count = data.draw(st.integers(len(sizes), len(labels)))
    rows = choose_stratified(labels, np.arange(len(labels)), count)
    assert len(rows) == count
    assert (np.diff(rows) > 0).all()
    assert set(labels[rows]) == set(range(len(sizes)))


@given(CLASS_SIZES, st.data())
def test_a_smaller_choice_is_contained_in_a_larger_one(sizes, data):
    labels = make_labels(sizes)
    positions = np.arange(len(labels)) * 7 + 3
    larger = data.draw(st.integers(len(sizes), len(labels)))
    smaller = data.draw(st.integers(len(sizes), larger))
    assert set(choose_stratified(labels, positions, smaller)) <= set(
        choose_stratified(labels, positions, larger)
    )


@given(st.integers(1, 8), st.integers(1, 20), st.data())
def test_classes_of_equal_size_differ_by_at_most_one(n_classes, size, data):
    labels = make_labels([size] * n_classes)
    count = data.draw(st.integers(n_classes, len(labels)))
    chosen = np.bincount(labels[choose_stratified(labels, np.arange(len(labels)), count)])
    assert chosen.max() - chosen.min() <= 1


@given(CLASS_SIZES, st.randoms(use_true_random=False), st.data())
def test_the_choice_depends_on_positions_not_on_their_order(sizes, random, data):
    labels = make_labels(sizes)
    positions = np.arange(len(labels))
    count = data.draw(st.integers(len(sizes), len(labels)))
    order = np.array(random.sample(range(len(labels)), len(labels)))
    assert set(positions[choose_stratified(labels, positions, count)]) == set(
        positions[order][choose_stratified(labels[order], positions[order], count)]
    )


def test_unequal_classes_keep_their_shares():
    # After the first of each class, examples of the class of 8 are due at 3/16, 5/16, ..., those of
    # the class of 4 at 3/8, ..., and that of the class of 2 at 3/4.
    labels = make_labels([8, 4, 2])
    rows = choose_stratified(labels, np.arange(14), 7)
    assert np.bincount(labels[rows]).tolist() == [4, 2, 1]


def test_the_choice_is_spread_over_all_positions():
    rows = choose_stratified(np.zeros(1000, int), np.arange(1000), 100)
    # The sum of 100 of 1000 random positions has the mean 49,950 and the deviation 2,740.
    assert abs(rows.sum() - 49_950) < 4 * 2_740


def test_none_chooses_the_whole_split_and_a_number_a_part_of_it():
    source = make_source([5, 5], [3, 3])
    assert choose_examples(source, None, None).tolist() == list(range(16))
    rows = choose_examples(source, 4, None)
    assert (rows >= 10).sum() == 6
    assert (rows < 10).sum() == 4
    rows = choose_examples(source, None, 2)
    assert (rows >= 10).sum() == 2
    assert sorted(source.labels[rows[rows >= 10]]) == [0, 1]


def test_a_request_for_too_many_examples_is_rejected():
    with pytest.raises(InputError, match=r"asks for 11 .* only 10 train .*at most 10"):
        choose_examples(make_source([5, 5], [3, 3]), 11, None)
    with pytest.raises(InputError, match=r"test_examples asks for 7 .* only 6 test"):
        choose_examples(make_source([5, 5], [3, 3]), None, 7)


def test_fewer_than_classes_is_rejected():
    with pytest.raises(InputError, match=r"asks for 2 .* fewer than the 3 classes; .*at least 3"):
        choose_examples(make_source([5, 5, 5], [3, 3, 3]), 2, None)
