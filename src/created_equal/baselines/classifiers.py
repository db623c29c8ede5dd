"""The classifiers of section 5: six with scikit-learn's default settings, and AdaBoost.

The paper does not report its settings. The only one that differs from the default is the number of
neighbors; docs/paper.md has the reason.

AdaBoost is SAMME (Hastie, Rosset, Zhu and Zou, 2009) over weak linear classifiers. The weak learner
is ridge regression onto the classes (+1 for an example's class, -1 for the others; the largest
value is the prediction), with a penalty of a third of the pixels' total variance; docs/paper.md
compares it with others. One alone has an accuracy of 0.38 on the test set of small mammals. Its
intercept follows the weights of the classes, so it is seldom worse than chance: boosting continues
for all 100 weak learners on small mammals, household furniture and digits, and for 82 on insects
and aquatic mammals. Nothing is random, so there is one AdaBoost per dataset.
"""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import Perceptron, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from created_equal.errors import InputError

N_NEIGHBORS = 10
PENALTY = 1 / 3


def make_classifier(name: str, seed: int) -> ClassifierMixin:
    """Return one of the six that is not fitted yet, by its key of ``study.BASELINES``."""
    match name:
        case "svm":
            return SVC()
        case "k_nearest_neighbours":
            return KNeighborsClassifier(n_neighbors=N_NEIGHBORS)
        case "perceptron":
            return Perceptron(random_state=seed)
        case "decision_tree":
            return DecisionTreeClassifier(random_state=seed)
        case "random_forest":
            return RandomForestClassifier(n_estimators=100, random_state=seed)
        case "gaussian_naive_bayes":
            return GaussianNB()


def boosted_predictions(
    pixels: np.ndarray, labels: np.ndarray, is_train: np.ndarray, weak_learners: int
) -> tuple[np.ndarray, int]:
    """Return predictions (k, example) after k = 1..weak_learners, and the k when boosting ended.

    Boosting ends early after a weak learner that is always right on the train set, or before one
    that is no better than chance under the weights. The predictions for each larger k are then
    those of the last weak learner. The pixels (example, feature) are standardized, and all classes
    occur in the train set.

    Raises:
        InputError: the first weak learner is no better than chance.
    """
    # The weights sum to 1 and standardized pixels have a variance of 1, so PENALTY is a fraction of
    # their total variance for any number of examples and pixels.
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
    predictions = list(classifier.staged_predict(pixels))
    n_fitted = len(predictions)
    predictions += predictions[-1:] * (weak_learners - n_fitted)
    return np.array(predictions, dtype=labels.dtype), n_fitted
