import math

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from created_equal.baselines.adaboost import PENALTY, boosted_predictions
from created_equal.errors import InputError


def samme(pixels, labels, is_train, weak_learners):
    """SAMME as in the paper by Hastie et al., algorithm 2, with the same weak learner.

    It ends before a weak learner that is no better than chance.
    """
    classes = labels.max() + 1
    weights = np.full(is_train.sum(), 1 / is_train.sum())
    votes = np.zeros((len(labels), classes))
    predictions = []
    for _ in range(weak_learners):
        learner = RidgeClassifier(alpha=PENALTY * pixels.shape[1], solver="lsqr")
        learner.fit(pixels[is_train], labels[is_train], sample_weight=weights)
        predicted = learner.predict(pixels)
        wrong = predicted[is_train] != labels[is_train]
        error = weights[wrong].sum() / weights.sum()
        if error >= 1 - 1 / classes:
            break
        alpha = math.log((1 - error) / error) + math.log(classes - 1)
        weights = weights * np.exp(alpha * wrong)
        weights /= weights.sum()
        votes[np.arange(len(labels)), predicted] += alpha
        predictions.append(votes.argmax(axis=1))
    return np.array(predictions)


@pytest.mark.parametrize(
    ("classes", "seed", "ends_early"), [(2, 4, False), (3, 1, True), (5, 5, False)]
)
def test_it_is_samme(classes, seed, ends_early):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, 300)
    pixels = rng.normal(0, 1, (300, 8)) + rng.normal(0, 0.5, (classes, 8))[labels]
    is_train = np.arange(300) < 200
    expected = samme(pixels, labels, is_train, 15)
    predictions, found = boosted_predictions(pixels, labels, is_train, 15)
    assert found == len(expected)
    assert (found < 15) == ends_early
    np.testing.assert_array_equal(predictions[:found], expected)
    assert (predictions[found:] == expected[-1]).all()
    assert (expected != expected[0]).any()


def test_by_hand():
    # Six train examples at -1 and 1, of which the third is wrong. With a penalty of 1/3, and the
    # weighted means, variances and covariances put in, the weak learners are
    # 1. 1/3 + x/2: its error is 1/6, its vote ln 5; the third example then weighs 1/2;
    # 2. 0.6 + 0.2045 (x + 0.4): class 1 everywhere, error 1/5, vote ln 4; then the first two weigh
    #    1/4 each and the third 5/16;
    # 3. 0.3978 (x + 0.625): error 5/16, vote ln 2.2.
    # At -3: 0, 1, 0. At -0.65: 1, 1, 0. At -5: 0, 0, 0.
    pixels = np.array([[-1.0], [-1], [-1], [1], [1], [1], [-3], [-0.65], [-5]])
    labels = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1])
    predictions, found = boosted_predictions(pixels, labels, np.arange(9) < 6, 3)
    assert found == 3
    assert predictions.tolist() == [[0, 0, 0, 1, 1, 1, 0, 1, 0]] * 3


def test_one_weak_learner_is_enough_where_a_line_separates():
    labels = np.array([0, 0, 1, 1, 0, 1])
    pixels = np.array([[-2.0], [-1], [1], [2], [-3], [3]])
    predictions, found = boosted_predictions(pixels, labels, np.arange(6) < 4, 5)
    assert found == 1
    assert predictions.tolist() == [labels.tolist()] * 5


def test_nothing_to_boost_is_said_in_one_sentence():
    labels = np.array([0, 1, 0, 1])
    with pytest.raises(InputError, match="no linear classifier is better than chance, so there is"):
        boosted_predictions(np.zeros((4, 2)), labels, np.full(4, True), 3)


def test_other_errors_are_not_taken_for_that_one():
    with pytest.raises(ValueError, match="NaN"):
        boosted_predictions(np.full((4, 2), np.nan), np.arange(4) % 2, np.full(4, True), 3)
