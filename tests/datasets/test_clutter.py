from dataclasses import replace
from functools import partial
from hashlib import sha256

import numpy as np
import pytest
from data import CLUTTER

from created_equal.datasets.clutter import _Draws, add_clutter
from created_equal.datasets.digits import open_digits
from created_equal.datasets.source import read_from_array
from created_equal.decoding.resizing import resize

PLAIN = CLUTTER | {
    "digit_size": [16, 16],
    "contrast": [1.0, 1.0],
    "fragments": 0,
    "fragment_contrast": [1.0, 1.0],
    "noise": [0.0, 0.0],
}
SIZE = 16


@pytest.fixture(scope="module")
def source():
    return open_digits()


@pytest.fixture(scope="module")
def pixels(source):
    return source.read(np.arange(len(source.labels)), None)


def replace_pixels(source, pixels):
    return replace(source, read=partial(read_from_array, pixels))


def test_images_are_the_same_on_every_machine(source):
    images = add_clutter(source, CLUTTER).read(np.arange(0, 1797, 7), SIZE)
    assert images.shape == (257, SIZE, SIZE, 1) and images.dtype == np.uint8
    digest = sha256(images.tobytes()).hexdigest()
    assert digest == "fc667b672c521c046d4d263508f5452794dbb3f7dd0c11b684e11b56168838de"


def test_an_image_does_not_depend_on_the_other_rows_read(source):
    cluttered = add_clutter(source, CLUTTER)
    rows = np.array([3, 100, 1000])
    together = cluttered.read(rows, SIZE)
    for row, image in zip(rows, together, strict=True):
        assert np.array_equal(cluttered.read(np.array([row]), SIZE)[0], image)


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_pixel_of_one_split_is_in_the_other(source, pixels, split):
    """Inverting all digits of one split does not change the images of the other."""
    in_split = source.is_test == (split == "test")
    changed = np.where(in_split[:, None, None, None], pixels, 255 - pixels)
    rows = np.flatnonzero(in_split)[:50]
    before = add_clutter(source, CLUTTER).read(rows, SIZE)
    after = add_clutter(replace_pixels(source, changed), CLUTTER).read(rows, SIZE)
    assert np.array_equal(before, after)


def test_without_clutter_a_digit_is_only_resized(source, pixels):
    rows = np.array([0, 500, 1796])
    images = add_clutter(source, PLAIN).read(rows, SIZE)
    for row, image in zip(rows, images, strict=True):
        assert np.array_equal(image, resize(pixels[row], SIZE))


def test_digits_have_random_sizes_and_places(source, pixels):
    """Trying all sizes and places finds the digit in each image."""
    images = add_clutter(source, PLAIN | {"digit_size": [12, 14]}).read(np.arange(40), SIZE)
    found = set()
    for row, image in enumerate(images):
        places = [
            (side, top, left)
            for side in (12, 13, 14)
            for top in range(SIZE - side + 1)
            for left in range(SIZE - side + 1)
            if np.array_equal(_paste(resize(pixels[row], side), top, left), image)
        ]
        assert places, row
        found |= set(places)
    assert {side for side, _, _ in found} == {12, 13, 14}
    assert {top for _, top, _ in found} >= {0, 1, 2, 3}
    assert {left for _, _, left in found} >= {0, 1, 2, 3}


def test_fragments_are_pieces_of_other_digits_of_the_split(source, pixels):
    black = PLAIN | {"contrast": [0.0, 0.0], "fragments": 1}
    rows = np.arange(20)
    for row, image in zip(rows, add_clutter(source, black).read(rows, SIZE), strict=True):
        others = np.flatnonzero(source.is_test == source.is_test[row])
        pieces = np.lib.stride_tricks.sliding_window_view(
            pixels[others[others != row], ..., 0], (4, 4), axis=(1, 2)
        )
        shown = np.lib.stride_tricks.sliding_window_view(image[..., 0], (4, 4))
        holds_all = shown.sum(axis=(2, 3)) == image.sum()
        assert any((pieces == piece).all(axis=(3, 4)).any() for piece in shown[holds_all])


def test_contrast_and_noise_are_within_their_bounds(source, pixels):
    rows = np.arange(200)
    dimmed = add_clutter(source, PLAIN | {"contrast": [0.5, 0.75]}).read(rows, SIZE)
    full = add_clutter(source, PLAIN).read(rows, SIZE)
    factor = dimmed.max(axis=(1, 2, 3)) / full.max(axis=(1, 2, 3))
    assert factor.min() >= 0.495 and factor.max() <= 0.755
    assert factor.min() < 0.52 and factor.max() > 0.73
    gray = replace_pixels(source, np.full_like(pixels, 128))
    noisy = add_clutter(gray, PLAIN | {"noise": [0.05, 0.1]}).read(rows, SIZE) / 255
    deviation = noisy.std(axis=(1, 2, 3))
    assert deviation.min() > 0.04 and deviation.max() < 0.115
    assert deviation.min() < 0.06 and deviation.max() > 0.09


def test_draws_are_nearly_normal():
    """The bounds for the moments of 40,000 draws are five standard errors."""
    draws = _Draws(7).normal(40_000)
    assert abs(draws.mean()) < 5 / 200
    assert abs(draws.std() - 1) < 5 / 200 / np.sqrt(2)
    assert abs((draws**3).mean()) < 5 * np.sqrt(15) / 200
    # The kurtosis of a sum of 12 uniform numbers is 3 - 1.2 / 12.
    assert abs((draws**4).mean() - 2.9) < 5 * np.sqrt(96) / 200


def test_draws_cover_their_range_evenly():
    draws = [_Draws(position).integer(5) for position in range(2_000)]
    assert np.abs(np.bincount(draws) - 400).max() < 5 * np.sqrt(320)
    between = np.array([_Draws(position).between(0.25, 0.75) for position in range(2_000)])
    assert between.min() >= 0.25 and between.max() < 0.75
    assert abs(between.mean() - 0.5) < 5 * 0.5 / np.sqrt(12 * 2_000)


def _paste(digit, top, left):
    image = np.zeros((SIZE, SIZE, 1), dtype=np.uint8)
    image[top : top + len(digit), left : left + len(digit)] = digit
    return image
