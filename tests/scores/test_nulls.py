import numpy as np
import pytest
from learners import examples_of, predictions_of
from oracles import bimodality

from created_equal.artefacts import make_dataset
from created_equal.scores import (
    Answers,
    Axis,
    Counted,
    class_means,
    classes_kept,
    independent_networks,
    independent_null,
    nulls,
)


def ensemble_of(right, labels, is_test, classes=5):
    """Return made-up predictions of networks that are right (network, epoch, example) or wrong."""
    predicted = np.where(right, labels, (labels + 1) % classes)
    return predictions_of(predicted, examples_of(labels, is_test, classes))


def answers_of(predictions):
    return Answers(
        Axis(predictions),
        predictions["prediction"].values,
        predictions["network"].values,
        predictions["epoch"].values,
    )


def test_independent_networks_keep_accuracies_and_lose_agreement():
    """20 networks, 3,000 examples: they agree entirely, and as independent ones not at all.

    The deviation of the mean of 60,000 guesses is 0.002, and that of the bi-modality of 2,000
    examples about 0.04: bounds of four and five deviations, with a fixed seed.
    """
    labels, is_test = np.arange(3000) % 5, np.arange(3000) % 3 == 0
    right = np.zeros((20, 3, 3000), dtype=bool)
    right[:, 1:, :1500] = True
    predictions = ensemble_of(right, labels, is_test)
    null = Counted(independent_networks(predictions, Axis(predictions), seed=0))
    for column, part in enumerate((~is_test, is_test)):
        mean = null.n_right[:3, part].mean(axis=1) / 20
        expected = predictions["accuracy"].values[..., column].mean(axis=0)
        assert mean == pytest.approx(expected, abs=0.008)
    assert bimodality(null.n_right[1, ~is_test]) == pytest.approx(independent_null(20), abs=0.2)
    # A correlation of 2,000 independent pairs has a deviation of 0.022.
    assert abs(np.corrcoef(null.halves[:, ~is_test])[0, 1]) < 0.1


def test_accuracies_differ_between_independent_networks_as_they_did():
    """One network that is always right and one that never is: every count is 1."""
    right = np.zeros((2, 3, 60), dtype=bool)
    right[0] = True
    predictions = ensemble_of(right, np.arange(60) % 5, np.arange(60) < 20)
    null = Counted(independent_networks(predictions, Axis(predictions), seed=0))
    assert (null.n_right[:3, :60] == 1).all()
    assert (null.halves == [[1], [0]]).all()
    # Wrong networks predict all the other labels.
    wrong = null.answers.predictions[1, 0]
    assert (wrong != predictions["label"].values).all()
    assert len(set((wrong - predictions["label"].values) % 5)) == 4


def test_networks_that_share_only_the_classes_keep_their_courses_and_agree_on_no_example():
    """Networks that all know the same half of each of 5 classes, and whole classes from the start.

    Every network keeps its accuracy on every class at every epoch, and its curves stay whole.
    """
    labels, is_test = np.arange(600) % 5, np.arange(600) >= 400
    right = np.zeros((12, 4, 600), dtype=bool)
    right[:, 1:, labels == 0] = True
    right[:, 2:, ::2] = True
    predictions = ensemble_of(right, labels, is_test)
    before = answers_of(predictions)
    after = classes_kept(before, seed=0)
    for one, other in zip(before.right, after.right, strict=True):
        for group in (labels == label for label in range(5)):
            for part in (group & is_test, group & ~is_test):
                assert sorted(one[:, part].T.tolist()) == sorted(other[:, part].T.tolist())
    observed, null = (Counted(each).n_right[1:3, :600] for each in (before, after))
    # What is known of classes alone stays unanimous, what is known of examples does not.
    np.testing.assert_array_equal(null[0], observed[0])
    of_others = labels != 0
    assert bimodality(observed[1, of_others]) == pytest.approx(0, abs=1e-9)
    assert bimodality(null[1, of_others]) > 1.4


def null_of_means(images, labels, is_test, dataset_labels=None, classes=2):
    names = [str(label) for label in range(classes)]
    dataset_labels = labels if dataset_labels is None else dataset_labels
    dataset = make_dataset(images, dataset_labels, np.arange(len(images)), is_test, names)
    right = np.ones((3, 2, len(images)), dtype=bool)
    scores = ensemble_of(right, dataset_labels, is_test, classes).assign(label=("example", labels))
    return class_means(scores, Axis(scores), dataset)


def test_class_means_of_separable_images_are_always_right():
    """Two classes, black and white; the fourth test image is labelled white and is black."""
    images = np.zeros((6, 2, 2, 1), dtype=np.uint8)
    images[[1, 3]] = 255
    labels, is_test = np.array([0, 1, 0, 1, 1, 0]), np.array([0, 0, 0, 1, 1, 1], dtype=bool)
    null = null_of_means(images, labels, is_test)
    assert null.predictions.tolist() == [[[0, 1, 0, 1, 0, 0]] * 2]
    counted = Counted(null, np.array([3]))
    assert counted.n_right[1, :6].tolist() == [3, 3, 3, 3, 0, 3]
    # The image that is wrong is the least accessible.
    assert counted.accessibility.argmin() == 4
    assert counted.accessibility.min() == 0 and counted.accessibility.max() <= 1


def test_class_means_are_those_of_the_labels_that_the_networks_learned():
    """With the labels turned round, the classifier learns them turned round."""
    images = np.zeros((4, 1, 1, 1), dtype=np.uint8)
    images[[1, 3]] = 200
    is_test, turned = np.array([0, 0, 1, 1], dtype=bool), np.array([1, 0, 1, 0])
    null = null_of_means(images, turned, is_test, np.array([0, 1, 0, 1]))
    assert all(right.all() for right in null.right)


def test_a_class_without_train_examples_is_never_named():
    images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1) * 40
    labels, is_test = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1], dtype=bool)
    null = null_of_means(images, np.array([0, 0, 1, 1, 0, 2]), is_test, labels, classes=3)
    assert 2 not in null.predictions
    assert np.isfinite(null.accessibility).all()


def test_class_means_read_images_in_blocks(monkeypatch):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 255, (40, 2, 2, 1)).astype(np.uint8)
    labels, is_test = np.arange(40) % 2, np.arange(40) % 3 == 0
    whole = null_of_means(images, labels, is_test)
    monkeypatch.setattr(nulls, "EXAMPLES_AT_ONCE", 7)
    in_blocks = null_of_means(images, labels, is_test)
    np.testing.assert_array_equal(in_blocks.accessibility, whole.accessibility)
