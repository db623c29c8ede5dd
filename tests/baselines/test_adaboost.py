import math

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from created_equal.baselines.classifiers import PENALTY, boosted_predictions
from created_equal.errors import InputError


def samme(pixels, labels, is_train, weak_learners):
    """Algorithm 2 of Hastie et al. (SAMME), with the same weak learner.

    Boosting ends before a weak learner that is no better than chance.
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
def test_predictions_equal_those_of_samme(classes, seed, ends_early):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, 300)
    pixels = rng.normal(0, 1, (300, 8)) + rng.normal(0, 0.5, (classes, 8))[labels]
    is_train = np.arange(300) < 200
    expected = samme(pixels, labels, is_train, 15)
    predictions, n_fitted = boosted_predictions(pixels, labels, is_train, 15)
    assert n_fitted == len(expected)
    assert (n_fitted < 15) == ends_early
    np.testing.assert_array_equal(predictions[:n_fitted], expected)
    assert (predictions[n_fitted:] == expected[-1]).all()
    assert (expected != expected[0]).any()


def test_predictions_by_hand():
    # The train set has six examples at -1 and 1, of which the third has the wrong label. With a
    # penalty of 1/3 and the weighted means, variances and covariances, the weak learners are
    # 1. 1/3 + x/2: error 1/6, vote ln 5; the third example then has a weight of 1/2;
    # 2. 0.6 + 0.2045 (x + 0.4): class 1 for all, error 1/5, vote ln 4; then the first two examples
    #    have a weight of 1/4 each and the third 5/16;
    # 3. 0.3978 (x + 0.625): error 5/16, vote ln 2.2.
    # They predict 0, 1, 0 at -3; 1, 1, 0 at -0.65; and 0, 0, 0 at -5.
    pixels = np.array([[-1.0], [-1], [-1], [1], [1], [1], [-3], [-0.65], [-5]])
    labels = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1])
    predictions, n_fitted = boosted_predictions(pixels, labels, np.arange(9) < 6, 3)
    assert n_fitted == 3
    assert predictions.tolist() == [[0, 0, 0, 1, 1, 1, 0, 1, 0]] * 3


def test_one_weak_learner_is_enough_for_separable_classes():
    labels = np.array([0, 0, 1, 1, 0, 1])
    pixels = np.array([[-2.0], [-1], [1], [2], [-3], [3]])
    predictions, n_fitted = boosted_predictions(pixels, labels, np.arange(6) < 4, 5)
    assert n_fitted == 1
    assert predictions.tolist() == [labels.tolist()] * 5


def test_nothing_to_boost_is_reported():
    labels = np.array([0, 1, 0, 1])
    with pytest.raises(InputError, match="no linear classifier is better than chance, so there is"):
        boosted_predictions(np.zeros((4, 2)), labels, np.full(4, True), 3)


def test_other_errors_are_not_mistaken_for_nothing_to_boost():
    with pytest.raises(ValueError, match="NaN"):
        boosted_predictions(np.full((4, 2), np.nan), np.arange(4) % 2, np.full(4, True), 3)
