"""Real digits of 8 x 8 pixels."""

import numpy as np
import pytest
from own_training import Data
from sklearn.datasets import load_digits


@pytest.fixture(scope="session")
def data() -> Data:
    digits = load_digits()
    splits = {"train": slice(0, 300), "test": slice(300, 400)}
    pixels = (digits.images * 15).astype(np.uint8)
    return Data(
        {split: digits.data[part].astype(np.float32) / 16 for split, part in splits.items()},
        {split: pixels[part] for split, part in splits.items()},
        {split: digits.target[part] for split, part in splits.items()},
    )
