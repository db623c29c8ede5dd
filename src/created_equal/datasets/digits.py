"""The digits inside scikit-learn: 1,797 of 8 x 8 pixels, without a download."""

from functools import partial

import numpy as np
from sklearn.datasets import load_digits

from created_equal.datasets.choice import choose_stratified
from created_equal.datasets.source import Source, read_from_array


def open_digits() -> Source:
    """Open scikit-learn's digits, of which a fixed, stratified third is the test set.

    The positions are those in ``load_digits``; the values 0..16 become 0..255, rounded.
    """
    digits = load_digits()
    positions = np.arange(len(digits.target))
    is_test = np.zeros(len(positions), dtype=bool)
    is_test[choose_stratified(digits.target, positions, len(positions) // 3)] = True
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    return Source(
        labels=digits.target,
        positions=positions,
        is_test=is_test,
        class_names=[str(name) for name in digits.target_names],
        read=partial(read_from_array, pixels[..., None]),
    )
