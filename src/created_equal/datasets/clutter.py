"""Digits in clutter: as hard to learn as natural images, made from scikit-learn's small digits.

After the cluttered MNIST of V. Mnih et al., "Recurrent models of visual attention", NeurIPS 2014.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from created_equal.datasets.source import Source
from created_equal.decoding.resizing import resize

KEY = 0x636C7574746572  # "clutter": keeps these draws apart from all others
UNIFORMS = 12
"""Uniform numbers whose sum, less its mean, stands for a normal one: its variance is 1."""


def with_clutter(source: Source, clutter: Mapping) -> Source:
    """Return a source whose images have a random size, place and contrast, fragments and noise.

    An image depends on its position, on ``clutter`` and on the other images of its split alone, and
    is the same on every machine: the draws are counted (Philox keyed by the position), and no
    function is used that processors round differently, such as a logarithm. Fragments come from
    other images of the same split, so no pixel of the test set is in the train set.

    Args:
        source: grey images in memory.
        clutter: as in a study's dataset entry: digit_size (lowest and highest height and width in
            pixels, drawn as a whole number), contrast (lowest and highest factor on the pixels),
            fragments (how many), fragment_size (their height and width in pixels of the source),
            fragment_contrast (as contrast), noise (lowest and highest standard deviation, drawn
            for each image, as a share of the full range).
    """
    return replace(source, read=partial(_read, source, clutter))


def _read(source: Source, clutter: Mapping, rows: np.ndarray, size: int) -> np.ndarray:
    images = source.read(np.arange(len(source.labels)), None)
    splits = {split: np.flatnonzero(source.is_test == split) for split in (False, True)}
    cluttered = np.empty((len(rows), size, size, 1), dtype=np.uint8)
    for target, row in zip(cluttered, rows, strict=True):
        others = splits[source.is_test[row]]
        draw = _Draws(source.positions[row])
        target[..., 0] = _one(images, row, others[others != row], clutter, size, draw)
    return cluttered


def _one(
    images: np.ndarray, row: int, others: np.ndarray, clutter: Mapping, size: int, draw: "_Draws"
) -> np.ndarray:
    canvas = np.zeros((size, size))
    smallest, largest = clutter["digit_size"]
    side = smallest + draw.whole(largest - smallest + 1)
    _put(canvas, resize(images[row], side)[..., 0] * draw.between(*clutter["contrast"]), draw)
    length = clutter["fragment_size"]
    for _ in range(clutter["fragments"]):
        other = images[others[draw.whole(len(others))], ..., 0]
        top, left = (draw.whole(len(other) - length + 1) for _ in range(2))
        fragment = other[
            top : top + clutter["fragment_size"], left : left + clutter["fragment_size"]
        ]
        _put(canvas, fragment * draw.between(*clutter["fragment_contrast"]), draw)
    canvas += 255 * draw.between(*clutter["noise"]) * draw.normal(size * size).reshape(size, size)
    return np.rint(np.clip(canvas, 0, 255)).astype(np.uint8)


def _put(canvas: np.ndarray, pixels: np.ndarray, draw: "_Draws") -> None:
    """Draw square pixels at a random place; where two overlap, the brighter one is seen."""
    side = len(pixels)
    top, left = (draw.whole(len(canvas) - side + 1) for _ in range(2))
    part = canvas[top : top + side, left : left + side]
    np.maximum(part, pixels, out=part)


class _Draws:
    """The random numbers of one image, each draw with a counter of its own."""

    def __init__(self, position: int):
        self._key = np.array([KEY, position], dtype=np.uint64)
        self._drawn = 0

    def _words(self, count: int) -> np.ndarray:
        counter = np.array([0, 0, 0, self._drawn], dtype=np.uint64)
        self._drawn += 1
        return np.random.Philox(key=self._key, counter=counter).random_raw(count)

    def whole(self, below: int) -> int:
        """Draw a whole number in 0..below-1."""
        return (int(self._words(1)[0]) * below) >> 64

    def between(self, lowest: float, highest: float) -> float:
        """Draw a number between two."""
        return lowest + (highest - lowest) * (int(self._words(1)[0]) >> 11) * 2.0**-53

    def normal(self, count: int) -> np.ndarray:
        """Draw (count,) numbers, nearly normal and at most 6 from 0, in steps of 2^-16."""
        words = self._words(count * UNIFORMS // 4).astype("<u8", copy=False).view("<u2")
        sums = words.reshape(count, UNIFORMS).sum(axis=1, dtype=np.int64)
        return (sums - UNIFORMS * 32767.5) * 2.0**-16
