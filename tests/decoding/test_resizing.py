import numpy as np
import pytest

from created_equal.decoding.resizing import resize


@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_types_and_values_of_constant_images(channels):
    resized = resize(np.full((8, 8, channels), 77, np.uint8), 16)
    assert resized.shape == (16, 16, channels)
    assert resized.dtype == np.uint8
    assert (resized == 77).all()


def test_enlarging_is_bilinear():
    # At twice the size, new pixels are at 1/4 and 3/4 of the way between the old centers.
    step = np.array([[0, 100], [0, 100]], np.uint8)[..., None]
    assert resize(step, 4)[0, :, 0].tolist() == [0, 25, 75, 100]


def test_shrinking_averages():
    stripes = np.tile(np.array([0, 200], np.uint8), (64, 32))[..., None]
    inner = resize(stripes, 8)[:, 1:-1]
    assert np.abs(inner.astype(int) - 100).max() <= 2


def test_the_longer_side_is_cropped_equally_at_both_ends():
    wide = np.zeros((4, 8, 3), np.uint8)
    wide[:, 2:6] = [10, 20, 30]
    assert (resize(wide, 4) == [10, 20, 30]).all()
    assert (resize(wide.transpose(1, 0, 2), 4) == [10, 20, 30]).all()
