import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from created_equal.datasets.choice import choose_examples, choose_stratified
from created_equal.datasets.source import Source
from created_equal.errors import InputError

CLASS_SIZES = st.lists(st.integers(1, 30), min_size=1, max_size=8)


def labels_of(sizes):
    return np.repeat(np.arange(len(sizes)), sizes)


def source_of(train_sizes, test_sizes):
    labels = np.concatenate([labels_of(train_sizes), labels_of(test_sizes)])
    return Source(
        labels=labels,
        positions=np.arange(len(labels)),
        is_test=np.arange(len(labels)) >= sum(train_sizes),
        class_names=[f"class {k}" for k in range(len(train_sizes))],
        read=lambda rows, size: np.zeros((len(rows), 1, 1, 1), np.uint8),
    )


@given(CLASS_SIZES, st.data())
def test_exactly_that_many_of_every_class_and_in_order(sizes, data):
    labels = labels_of(sizes)
    count = data.draw(st.integers(len(sizes), len(labels)))
    rows = choose_stratified(labels, np.arange(len(labels)), count)
    assert len(rows) == count
    assert (np.diff(rows) > 0).all()
    assert set(labels[rows]) == set(range(len(sizes)))


@given(CLASS_SIZES, st.data())
def test_a_smaller_choice_is_contained_in_a_larger(sizes, data):
    labels = labels_of(sizes)
    positions = np.arange(len(labels)) * 7 + 3
    larger = data.draw(st.integers(len(sizes), len(labels)))
    smaller = data.draw(st.integers(len(sizes), larger))
    assert set(choose_stratified(labels, positions, smaller)) <= set(
        choose_stratified(labels, positions, larger)
    )


@given(st.integers(1, 8), st.integers(1, 20), st.data())
def test_classes_of_equal_size_differ_by_one_at_most(classes, each, data):
    labels = labels_of([each] * classes)
    count = data.draw(st.integers(classes, len(labels)))
    chosen = np.bincount(labels[choose_stratified(labels, np.arange(len(labels)), count)])
    assert chosen.max() - chosen.min() <= 1


@given(CLASS_SIZES, st.randoms(use_true_random=False), st.data())
def test_the_choice_goes_by_position_not_by_the_order_given(sizes, random, data):
    labels = labels_of(sizes)
    positions = np.arange(len(labels))
    count = data.draw(st.integers(len(sizes), len(labels)))
    order = np.array(random.sample(range(len(labels)), len(labels)))
    assert set(positions[choose_stratified(labels, positions, count)]) == set(
        positions[order][choose_stratified(labels[order], positions[order], count)]
    )


def test_unequal_classes_keep_their_shares():
    # Due after the first of each: of 8, at 3/16, 5/16, ...; of 4, at 3/8; of 2, at 3/4.
    labels = labels_of([8, 4, 2])
    rows = choose_stratified(labels, np.arange(14), 7)
    assert np.bincount(labels[rows]).tolist() == [4, 2, 1]


def test_the_choice_is_not_merely_the_first_ones():
    rows = choose_stratified(np.zeros(1000, int), np.arange(1000), 100)
    # The sum of 100 of 1000 positions: mean 49,950, deviation 2,740; false alarm below 1e-4.
    assert abs(rows.sum() - 49_950) < 4 * 2_740


def test_none_keeps_the_whole_split_and_numbers_choose_within_it():
    source = source_of([5, 5], [3, 3])
    assert choose_examples(source, None, None).tolist() == list(range(16))
    rows = choose_examples(source, 4, None)
    assert (rows >= 10).sum() == 6
    assert (rows < 10).sum() == 4
    rows = choose_examples(source, None, 2)
    assert (rows >= 10).sum() == 2
    assert sorted(source.labels[rows[rows >= 10]]) == [0, 1]


def test_more_than_there_are_is_refused():
    with pytest.raises(
        InputError, match=r"train_examples asks for 11 .* only 10 train .*at most 10"
    ):
        choose_examples(source_of([5, 5], [3, 3]), 11, None)
    with pytest.raises(InputError, match=r"test_examples asks for 7 .* only 6 test"):
        choose_examples(source_of([5, 5], [3, 3]), None, 7)


def test_fewer_than_classes_is_refused():
    with pytest.raises(InputError, match=r"asks for 2 .* fewer than the 3 classes; .*at least 3"):
        choose_examples(source_of([5, 5, 5], [3, 3, 3]), 2, None)
