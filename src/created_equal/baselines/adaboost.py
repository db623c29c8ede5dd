"""AdaBoost over weak linear classifiers: SAMME (Hastie, Rosset, Zhu and Zou, 2009).

The paper does not say which linear classifiers it boosts. A linear classifier without restraint
separates small mammals (2,500 examples in 3,072 dimensions), and boosting ends with the first. The
weak learner here is ridge regression onto the classes (+1 for an example's own, -1 for the others;
the largest value is the prediction), with a penalty of a third of the pixels' total variance:
- it takes the weights of the examples, as scikit-learn's AdaBoostClassifier asks of it;
- it is weak: 0.38 of the small mammals' test set by itself;
- its intercept follows the classes' shares of the weights, so that it is seldom worse than chance:
  boosting goes on for all of 100 weak learners on small mammals, household furniture and digits,
  and for 82 on insects and aquatic mammals.
A linear SVM after one pass of stochastic gradient descent was tried, too: on small mammals boosting
ends after 14 to 33 of them, with one that is worse than chance. Logistic regression with a penalty
as strong goes on, but takes seven times as long.

Nothing here is random, so there is one AdaBoost to a dataset.
"""

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.linear_model import RidgeClassifier

from created_equal.errors import InputError

PENALTY = 1 / 3


def boosted_predictions(
    pixels: np.ndarray, labels: np.ndarray, is_train: np.ndarray, weak_learners: int
) -> tuple[np.ndarray, int]:
    """Return what AdaBoost predicts after each number k of weak learners.

    Boosting ends early with a weak learner that is always right on the train set, or before one
    that is no better than chance under the weights. More of them would change no prediction, so
    that for each k beyond, the last prediction stands again.

    Args:
        pixels: (example, feature) float, standardised.
        labels: (example,) integers in 0..K-1, each in the train set.
        is_train: (example,) bool, the examples to fit to.
        weak_learners: the largest k.

    Returns:
        predictions (k, example) of the labels' type, for k = 1..weak_learners, and how many weak
        learners there are before boosting ends.

    Raises:
        InputError: the first weak learner is no better than chance.
    """
    # The weights sum to one, and standardised pixels have a variance of one each: PENALTY is a
    # share of their total variance, whatever the numbers of examples and pixels.
    weak_learner = RidgeClassifier(alpha=PENALTY * pixels.shape[1], solver="lsqr")
    classifier = AdaBoostClassifier(weak_learner, n_estimators=weak_learners)
    try:
        classifier.fit(pixels[is_train], labels[is_train])
    except ValueError as error:
        if "worse than random" not in str(error):
            raise
        raise InputError(
            "adaboost: on the train set no linear classifier is better than chance, so there is "
            "nothing to boost; leave baselines.adaboost out of the study."
        ) from error
    found = len(classifier.estimators_)
    predictions = np.empty((weak_learners, len(labels)), dtype=labels.dtype)
    for k, predicted in enumerate(classifier.staged_predict(pixels)):
        predictions[k] = predicted
    predictions[found:] = predictions[found - 1]
    return predictions, found
