import numpy as np
import pytest

from created_equal.baselines.classifiers import make_classifier
from created_equal.study import BASELINES

NAMES = [name for name in BASELINES if name != "adaboost"]
# Those whose seed matters.
RANDOM = ["perceptron", "decision_tree", "random_forest"]


@pytest.fixture(scope="module")
def points():
    """Two overlapping classes of 100 points each in 20 dimensions."""
    labels = np.arange(200) % 2
    points = np.random.default_rng(0).normal(labels[:, None] * 0.5, 1, (200, 20))
    return points, labels


def predictions(name, seed, points):
    pixels, labels = points
    return make_classifier(name, seed).fit(pixels[:100], labels[:100]).predict(pixels)


@pytest.mark.parametrize("name", NAMES)
def test_each_classifier_learns_separate_classes(name):
    labels = np.arange(60) % 3
    points = np.random.default_rng(0).normal(0, 0.1, (60, 3)) + np.eye(3)[labels]
    assert (predictions(name, 0, (points, labels))[50:] == labels[50:]).all()


@pytest.mark.parametrize("name", NAMES)
def test_seeds_differ_only_for_random_methods(name, points):
    first, second = (predictions(name, seed, points) for seed in (0, 1))
    assert (first != second).any() == (name in RANDOM)


def test_neighbors_by_hand():
    # Six of the ten points nearest to -5 have the label 0; all eleven distant points have a 1.
    points = np.array([[float(x)] for x in (*range(10), *range(100, 111))])
    labels = np.array([0] * 6 + [1] * 15)
    classifier = make_classifier("k_nearest_neighbours", 0).fit(points, labels)
    assert classifier.predict([[-5.0], [105.0]]).tolist() == [0, 1]
