import logging

import numpy as np
import pytest

from created_equal.artefacts import make_dataset
from created_equal.datasets.report import report


def dataset(images, labels, is_test, files=()):
    positions = np.arange(len(labels))
    return make_dataset(images, labels, positions, is_test, ["cat", "dog"], files)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO)
    return lambda level=logging.INFO: [
        record.getMessage() for record in caplog.records if record.levelno == level
    ]


def different(count):
    return np.random.default_rng(0).integers(256, size=(count, 3, 4, 1), dtype=np.uint8)


def test_it_counts_the_images_of_each_class(lines):
    images = different(5)
    images[0] = 255
    images[1] = 0
    report(dataset(images, [0, 0, 1, 0, 1], [False, False, False, True, True]))
    assert lines() == [
        "3 train and 2 test images in 2 classes, 3 x 4 pixels, gray",
        "  cat: 2 train, 1 test",
        "  dog: 1 train, 1 test",
        "values: 0 to 255 of 0 to 255",
    ]
    assert lines(logging.WARNING) == []


def test_equal_images_are_named_with_where_they_are(lines):
    images = different(7)
    images[3], images[5], images[6] = images[1], images[0], images[2]
    labels = [0, 0, 0, 1, 1, 0, 1]
    files = [f"{number}.png" for number in range(7)]
    report(dataset(images, labels, [False] * 5 + [True] * 2, files))
    assert lines(logging.WARNING) == [
        "3 images are present more than once (for example 0.png and 5.png)",
        "2 images are in both the train and the test set (for example 0.png and 5.png)",
        "2 images are in more than one class (for example 1.png and 3.png)",
    ]


def test_what_is_uneven_or_nearly_uniform_is_named(lines):
    images = different(24) % 5
    report(dataset(images, [0] * 21 + [1, 0, 1], [False] * 22 + [True] * 2))
    assert lines(logging.WARNING)[:2] == [
        "the values are only 0 to 4 of 0 to 255: the images are nearly uniform",
        "1 class has fewer than a tenth of the largest class's train images (for example dog "
        "with 1 of 21)",
    ]
