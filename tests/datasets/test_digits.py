import numpy as np
from sklearn.datasets import load_digits

from created_equal.datasets.digits import open_digits


def test_a_third_of_every_class_is_the_test_set():
    source = open_digits()
    assert len(source.labels) == 1797
    assert source.is_test.sum() == 599
    n_all = np.bincount(source.labels)
    n_test = np.bincount(source.labels[source.is_test])
    assert np.abs(n_test - n_all / 3).max() <= 1


def test_the_split_is_the_same_everywhere():
    # Results are compared by position, so another split would make old results incomparable.
    first = np.flatnonzero(open_digits().is_test)[:10].tolist()
    assert first == [3, 6, 9, 14, 16, 21, 25, 30, 38, 43]


def test_pixels_and_positions_are_those_of_load_digits():
    source = open_digits()
    digits = load_digits()
    rows = np.array([0, 700, 1796])
    images = source.read(rows, None)
    assert images.shape == (3, 8, 8, 1)
    assert np.abs(images[..., 0] / 255 * 16 - digits.images[rows]).max() <= 8 / 255
    assert images.max() == 255
    assert source.positions[rows].tolist() == [0, 700, 1796]
    assert np.array_equal(source.labels, digits.target)
    assert list(source.class_names) == list("0123456789")
