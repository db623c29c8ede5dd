"""The classifiers of section 5 other than AdaBoost, with scikit-learn's default settings.

The paper does not report its settings. The only one that differs from the default is the number of
neighbors; docs/paper.md has the reason.
"""

from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Perceptron
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

N_NEIGHBORS = 10


def make_classifier(name: str, seed: int) -> ClassifierMixin:
    """Return a classifier that is not fitted yet, by its key of ``study.BASELINES``."""
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
