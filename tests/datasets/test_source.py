import numpy as np

from created_equal.datasets.source import read_from_array
from created_equal.decoding.resizing import resize

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8), dtype=np.uint8)
VIEW = IMAGES.transpose(0, 2, 3, 1)  # in another memory layout


def test_rows_are_read_in_the_given_order():
    images = read_from_array(VIEW, np.array([3, 0]), None)
    assert np.array_equal(images, VIEW[[3, 0]])
    assert images.flags.c_contiguous


def test_every_image_is_resized():
    images = read_from_array(VIEW, np.arange(5), 4)
    assert images.shape == (5, 4, 4, 3)
    assert np.array_equal(images[2], resize(VIEW[2], 4))


def test_images_of_the_right_size_are_not_changed():
    assert np.array_equal(read_from_array(VIEW, np.arange(5), 8), VIEW)
