"""Clutter makes scikit-learn's small digits as hard to learn as natural images.

It follows the cluttered MNIST of V. Mnih et al., "Recurrent models of visual attention", NeurIPS
2014.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from created_equal.datasets.source import Source
from created_equal.decoding.resizing import resize

# "clutter" in ASCII, which makes these draws independent of all others.
KEY = 0x636C7574746572
# The sum of 12 uniform numbers, minus its mean, is nearly normal with a variance of 1.
UNIFORMS = 12


def add_clutter(source: Source, clutter: Mapping) -> Source:
    """Return a source of digits with random size, place and contrast, plus fragments and noise.

    An image depends only on its position, on ``clutter`` and on the other images of its split. It
    is the same on every machine: the random numbers are counter-based (Philox keyed by the
    position), and functions that processors round differently, such as logarithms, are avoided.
    Fragments come from other images of the same split, so no test pixel is in the train set.

    Args:
        source: gray images in memory.
        clutter: a ``study.keys.ClutterEntry`` as a mapping.
    """
    return replace(source, read=partial(_read, source, clutter))


def _read(source: Source, clutter: Mapping, rows: np.ndarray, size: int) -> np.ndarray:
    images = source.read(np.arange(len(source.labels)), None)
    splits = {split: np.flatnonzero(source.is_test == split) for split in (False, True)}
    cluttered = np.empty((len(rows), size, size, 1), dtype=np.uint8)
    for target, row in zip(cluttered, rows, strict=True):
        others = splits[source.is_test[row]]
        draw = _Draws(source.positions[row])
        target[..., 0] = _draw_image(images, row, others[others != row], clutter, size, draw)
    return cluttered


def _draw_image(
    images: np.ndarray, row: int, others: np.ndarray, clutter: Mapping, size: int, draw: "_Draws"
) -> np.ndarray:
    canvas = np.zeros((size, size))
    smallest, largest = clutter["digit_size"]
    side = smallest + draw.integer(largest - smallest + 1)
    _paste(canvas, resize(images[row], side)[..., 0] * draw.between(*clutter["contrast"]), draw)
    side = clutter["fragment_size"]
    for _ in range(clutter["fragments"]):
        other = images[others[draw.integer(len(others))], ..., 0]
        top, left = (draw.integer(len(other) - side + 1) for _ in range(2))
        fragment = other[top : top + side, left : left + side]
        _paste(canvas, fragment * draw.between(*clutter["fragment_contrast"]), draw)
    canvas += 255 * draw.between(*clutter["noise"]) * draw.normal(size * size).reshape(size, size)
    return np.rint(np.clip(canvas, 0, 255)).astype(np.uint8)


def _paste(canvas: np.ndarray, pixels: np.ndarray, draw: "_Draws") -> None:
    """Paste a square at a random place; where it overlaps others, the brighter pixel wins."""
    side = len(pixels)
    top, left = (draw.integer(len(canvas) - side + 1) for _ in range(2))
    part = canvas[top : top + side, left : left + side]
    np.maximum(part, pixels, out=part)


class _Draws:
    """The random numbers of one image; each draw has a counter of its own."""

    def __init__(self, position: int):
        self._key = np.array([KEY, position], dtype=np.uint64)
        self._n_draws = 0

    def _words(self, count: int) -> np.ndarray:
        counter = np.array([0, 0, 0, self._n_draws], dtype=np.uint64)
        self._n_draws += 1
        return np.random.Philox(key=self._key, counter=counter).random_raw(count)

    def integer(self, below: int) -> int:
        """Draw an integer in 0..below-1."""
        return (int(self._words(1)[0]) * below) >> 64

    def between(self, lowest: float, highest: float) -> float:
        """Draw a number from [lowest, highest)."""
        return lowest + (highest - lowest) * (int(self._words(1)[0]) >> 11) * 2.0**-53

    def normal(self, count: int) -> np.ndarray:
        """Draw (count,) nearly normal numbers: multiples of 2^-16 in [-6, 6]."""
        words = self._words(count * UNIFORMS // 4).astype("<u8", copy=False).view("<u2")
        sums = words.reshape(count, UNIFORMS).sum(axis=1, dtype=np.int64)
        return (sums - UNIFORMS * 32767.5) * 2.0**-16
