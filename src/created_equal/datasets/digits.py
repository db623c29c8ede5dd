"""The digits that scikit-learn includes: 1,797 images of 8 x 8 pixels."""

import numpy as np
from sklearn.datasets import load_digits

from created_equal.datasets.choice import choose_stratified
from created_equal.datasets.source import Source, source_in_memory


def open_digits() -> Source:
    """Open scikit-learn's digits; a fixed, stratified third is the test set.

    Positions are those in ``load_digits``. Pixel values 0..16 are scaled to 0..255 and rounded.
    """
    digits = load_digits()
    positions = np.arange(len(digits.target))
    is_test = np.zeros(len(positions), dtype=bool)
    is_test[choose_stratified(digits.target, positions, len(positions) // 3)] = True
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    class_names = [str(name) for name in digits.target_names]
    return source_in_memory(pixels[..., None], digits.target, is_test, class_names)
