import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from learners import ensembles

from created_equal.scores.agreement import below_chance, majority_right, modes, right_counts


def test_by_hand():
    predictions = np.array([[0, 2, 1, 2], [0, 1, 1, 0], [0, 1, 2, 1], [0, 0, 2, 1]])
    labels = np.array([0, 2, 2, 2])
    assert right_counts(predictions, labels).tolist() == [4, 1, 2, 1]
    found = modes(predictions)
    assert found.modal_label.tolist() == [0, 1, 1, 1]
    assert found.n_modal.tolist() == [4, 2, 2, 2]
    assert found.n_runner_up.tolist() == [0, 1, 2, 1]


@pytest.mark.parametrize(
    "predicted, modal_label, n_modal, n_runner_up",
    [
        # A tie of all, of the first two, and of the last two; the smallest label is the modal one.
        ([3, 1, 0, 2], 0, 1, 1),
        ([4, 0, 2, 2, 0], 0, 2, 2),
        ([4, 3, 3, 0, 4], 3, 2, 2),
        # The runner-up has a smaller label, a larger one, or one on either side.
        ([0, 0, 3, 3, 3], 3, 3, 2),
        ([1, 1, 1, 4, 4], 1, 3, 2),
        ([0, 2, 2, 2, 4, 4], 2, 3, 2),
        ([0, 0, 2, 2, 2, 4], 2, 3, 2),
        # The mode is overtaken twice.
        ([0, 1, 1, 2, 2, 2], 2, 3, 2),
        ([3, 3, 3], 3, 3, 0),
        ([3], 3, 1, 0),
    ],
)
def test_modes_of_one_example_by_hand(predicted, modal_label, n_modal, n_runner_up):
    """There are five classes; no network predicts some of them."""
    found = modes(np.array(predicted, dtype=np.uint8)[:, None])
    assert [each.tolist() for each in found] == [[modal_label], [n_modal], [n_runner_up]]


@pytest.mark.parametrize("networks, dtype", [(1, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_counts_are_of_the_smallest_type_that_holds_them(networks, dtype):
    predictions = np.full((networks, 2), 3, dtype=np.uint16)
    found = modes(predictions)
    assert right_counts(predictions, np.array([3, 0])).dtype == dtype
    assert (found.n_modal.dtype, found.n_runner_up.dtype) == (dtype, dtype)
    assert found.modal_label.dtype == np.uint16
    assert right_counts(predictions, np.array([3, 0])).tolist() == [networks, 0]
    assert found.n_modal.tolist() == [networks] * 2


@given(ensembles())
def test_bounds(ensemble):
    predictions, labels, classes = ensemble
    networks, n_right = len(predictions), right_counts(predictions, labels).astype(int)
    modal_label, n_modal, n_runner_up = (each.astype(int) for each in modes(predictions))
    assert ((n_right >= 0) & (n_right <= n_modal)).all()
    assert (n_runner_up <= n_modal).all()
    assert (n_modal + n_runner_up <= networks).all()
    assert (n_modal * classes >= networks).all()
    # The second group is the largest of all but the first.
    assert (n_runner_up * (classes - 1) >= networks - n_modal).all()
    # A network that is right predicts the modal label or another one.
    other = modal_label != labels
    assert (n_right[other] <= n_runner_up[other]).all()
    assert np.array_equal(right_counts(predictions, modal_label), n_modal)


@given(ensembles())
def test_modes_are_the_two_most_frequent_labels_and_the_first_the_smallest_of_several(ensemble):
    predictions, _, classes = ensemble
    counts = np.stack([np.bincount(column, minlength=classes) for column in predictions.T])
    found = modes(predictions)
    assert np.array_equal(found.modal_label, counts.argmax(axis=1))
    ordered = np.sort(counts, axis=1)
    assert np.array_equal(found.n_modal, ordered[:, -1])
    assert np.array_equal(found.n_runner_up, ordered[:, -2])


@given(ensembles(), st.randoms(use_true_random=False))
def test_the_order_of_networks_does_not_matter(ensemble, random):
    predictions, labels, _ = ensemble
    order = random.sample(range(len(predictions)), len(predictions))
    assert np.array_equal(
        right_counts(predictions[order], labels), right_counts(predictions, labels)
    )
    for shuffled, plain in zip(modes(predictions[order]), modes(predictions), strict=True):
        assert np.array_equal(shuffled, plain)


@given(ensembles(), st.randoms(use_true_random=False))
def test_the_order_of_examples_is_kept(ensemble, random):
    predictions, labels, _ = ensemble
    order = random.sample(range(len(labels)), len(labels))
    assert np.array_equal(
        right_counts(predictions[:, order], labels[order]), right_counts(predictions, labels)[order]
    )
    for shuffled, plain in zip(modes(predictions[:, order]), modes(predictions), strict=True):
        assert np.array_equal(shuffled, plain[order])


@given(ensembles(), st.randoms(use_true_random=False))
def test_the_names_of_classes_do_not_matter(ensemble, random):
    predictions, labels, classes = ensemble
    renamed = np.array(random.sample(range(classes), classes))
    assert np.array_equal(
        right_counts(renamed[predictions], renamed[labels]), right_counts(predictions, labels)
    )
    _, *of_renamed = modes(renamed[predictions])
    _, *plain = modes(predictions)
    assert np.array_equal(of_renamed, plain)


@given(ensembles())
def test_one_network_agrees_with_itself(ensemble):
    predictions, labels, _ = ensemble
    found = modes(predictions[:1])
    assert (found.n_modal == 1).all()
    assert (found.n_runner_up == 0).all()
    assert np.array_equal(found.modal_label, predictions[0])
    assert np.array_equal(right_counts(predictions[:1], labels), predictions[0] == labels)


def test_more_networks_than_a_byte_counts():
    predictions = np.repeat([[1], [0], [2]], [300, 299, 4], axis=0)
    assert right_counts(predictions, np.array([0])).tolist() == [299]
    assert [each.tolist() for each in modes(predictions)] == [[1], [300], [299]]


@pytest.mark.parametrize("networks", [8, 200])
def test_a_majority_is_more_than_half(networks):
    """Twice 200 does not fit into a byte."""
    half = networks // 2
    n_right = np.array([0, half, half + 1, networks], dtype=np.uint8)
    assert majority_right(n_right, networks).tolist() == [False, False, True, True]
    assert majority_right(n_right, networks + 1).tolist() == [False, False, True, True]


@given(st.integers(2, 1000), st.integers(1, 20))
def test_exactly_chance_is_not_below_it(classes, per_class):
    """With N a multiple of K: as many networks as guessing, one fewer, and one more."""
    networks = classes * per_class
    n_right = np.array([per_class - 1, per_class, per_class + 1], np.min_scalar_type(networks))
    assert below_chance(n_right, networks, classes).tolist() == [True, False, False]
