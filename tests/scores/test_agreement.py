import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from created_equal.errors import InputError
from created_equal.scores import below_chance, consensus, consistency, majority_right


@st.composite
def ensembles(draw):
    """Predictions (network, example), labels (example) and the number of classes."""
    classes = draw(st.integers(2, 300))
    networks, examples = draw(st.integers(1, 12)), draw(st.integers(1, 8))
    label = st.integers(0, classes - 1)
    dtype = np.min_scalar_type(classes - 1)
    return (
        draw(arrays(dtype, (networks, examples), elements=label)),
        draw(arrays(dtype, examples, elements=label)),
        classes,
    )


def test_by_hand():
    predictions = np.array([[0, 2, 1, 2], [0, 1, 1, 0], [0, 1, 2, 1], [0, 0, 2, 1]])
    labels = np.array([0, 2, 2, 2])
    assert consistency(predictions, labels).tolist() == [1, 0.25, 0.5, 0.25]
    score, modal_label = consensus(predictions, 3)
    assert score.tolist() == [1, 0.5, 0.5, 0.5]
    assert modal_label.tolist() == [0, 1, 1, 1]


def test_types():
    predictions = np.array([[3, 1]], dtype=np.uint8)
    score, modal_label = consensus(predictions, 5)
    assert consistency(predictions, np.array([3, 0])).dtype == score.dtype == np.float64
    assert modal_label.dtype == np.int64


@given(ensembles())
def test_bounds(ensemble):
    predictions, labels, classes = ensemble
    right = consistency(predictions, labels)
    agreeing, modal_label = consensus(predictions, classes)
    assert ((right >= 0) & (right <= agreeing) & (agreeing <= 1)).all()
    assert (agreeing >= 1 / classes).all()
    assert np.array_equal(consistency(predictions, modal_label), agreeing)


@given(ensembles())
def test_consensus_is_the_most_frequent_label_and_the_smallest_of_several(ensemble):
    predictions, _, classes = ensemble
    counts = np.stack([np.bincount(column, minlength=classes) for column in predictions.T])
    score, modal_label = consensus(predictions, classes)
    assert np.array_equal(modal_label, counts.argmax(axis=1))
    assert np.array_equal(score, counts.max(axis=1) / len(predictions))


@given(ensembles(), st.randoms(use_true_random=False))
def test_the_order_of_networks_does_not_matter(ensemble, random):
    predictions, labels, classes = ensemble
    order = random.sample(range(len(predictions)), len(predictions))
    assert np.array_equal(consistency(predictions[order], labels), consistency(predictions, labels))
    for shuffled, plain in zip(
        consensus(predictions[order], classes), consensus(predictions, classes), strict=True
    ):
        assert np.array_equal(shuffled, plain)


@given(ensembles(), st.randoms(use_true_random=False))
def test_the_order_of_examples_goes_through(ensemble, random):
    predictions, labels, classes = ensemble
    order = random.sample(range(len(labels)), len(labels))
    assert np.array_equal(
        consistency(predictions[:, order], labels[order]), consistency(predictions, labels)[order]
    )
    assert np.array_equal(
        consensus(predictions[:, order], classes)[1], consensus(predictions, classes)[1][order]
    )


@given(ensembles(), st.randoms(use_true_random=False))
def test_the_names_of_classes_do_not_matter(ensemble, random):
    predictions, labels, classes = ensemble
    renamed = np.array(random.sample(range(classes), classes))
    assert np.array_equal(
        consistency(renamed[predictions], renamed[labels]), consistency(predictions, labels)
    )
    assert np.array_equal(
        consensus(renamed[predictions], classes)[0], consensus(predictions, classes)[0]
    )


@given(ensembles())
def test_one_network_agrees_with_itself(ensemble):
    predictions, labels, classes = ensemble
    score, modal_label = consensus(predictions[:1], classes)
    assert (score == 1).all()
    assert np.array_equal(modal_label, predictions[0])
    assert np.array_equal(consistency(predictions[:1], labels), predictions[0] == labels)


def test_more_networks_than_a_byte_counts():
    predictions = np.repeat([[1], [0]], [300, 299], axis=0)
    score, modal_label = consensus(predictions, 2)
    assert (score[0], modal_label[0]) == (300 / 599, 1)


@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_label_that_is_no_class_is_refused(wrong):
    with pytest.raises(InputError, match=r"labels from .* only 3 classes"):
        consensus(np.array([[0, wrong]]), 3)


def test_a_majority_is_more_than_half() -> None:
    consistency = np.array([0, 0.5, 0.5 + 1 / 8, 1], dtype=np.float32)
    np.testing.assert_array_equal(majority_right(consistency), [False, False, True, True])


@given(st.integers(2, 1000), st.integers(1, 20), st.sampled_from([np.float32, np.float64]))
def test_exactly_chance_is_not_below_it(classes, per_class, precision):
    """Of N = K times some networks, those that guess, one less, and one more."""
    networks = classes * per_class
    right = np.array([per_class - 1, per_class, per_class + 1])
    consistency = (right / networks).astype(precision)
    assert below_chance(consistency, classes).tolist() == [True, False, False]
