import numpy as np

from created_equal.artefacts import make_dataset
from created_equal.baselines.fit import standardize_pixels


def dataset(images, is_test):
    labels = np.arange(len(images)) % 2
    return make_dataset(images, labels, np.arange(len(images)), is_test, ["a", "b"])


def test_pixels_by_hand():
    # In the train set channel 0 is 0 and 10 (mean 5, deviation 5), and channel 1 is constant.
    images = np.ones((3, 1, 1, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = [0, 10, 20]
    images[:, 0, 0, 2] = [1, 3, 2]
    rows = standardize_pixels(dataset(images, [False, False, True]))
    assert rows.dtype == np.float32
    assert rows.tolist() == [[-1, 0, -1], [1, 0, 1], [3, 0, 0]]


def test_the_train_set_has_mean_0_and_deviation_1_in_each_channel():
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 5, 3), dtype=np.uint8)
    rows = standardize_pixels(dataset(images, np.arange(50) >= 30))
    channels = rows.reshape(50, 4, 5, 3)[:30]
    np.testing.assert_allclose(channels.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(channels.std(axis=(0, 1, 2)), 1, atol=1e-5)
