"""Settings of datasets in tests, and the real data in the environment variable DATA_ROOT."""

import os
from pathlib import Path

import pytest
from needs import require

NEEDED = (
    "cifar-100-python/train",
    "cifar-100-python/test",
    "cifar-100-python/meta",
    "MNIST/raw/train-images-idx3-ubyte.gz",
    "MNIST/raw/train-labels-idx1-ubyte.gz",
    "MNIST/raw/t10k-images-idx3-ubyte.gz",
    "MNIST/raw/t10k-labels-idx1-ubyte.gz",
    "tiny-imagenet-200/train",
    "tiny-imagenet-200/val/val_annotations.txt",
)

DIGITS = {"source": "digits", "size": 16, "train_examples": 40, "test_examples": 40}
CLUTTER = {
    "digit_size": [12, 16],
    "contrast": [0.5, 1.0],
    "fragments": 1,
    "fragment_size": 4,
    "fragment_contrast": [0.3, 1.0],
    "noise": [0.0, 0.2],
}


def overwrite(path: Path, content: bytes) -> None:
    """Write other bytes into a result, which is read-only, and may have a second name."""
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(content)


def find_data_root() -> Path | str:
    """Return the folder with all real data, or what is wrong with it."""
    given = os.environ.get("DATA_ROOT")
    if not given:
        return "no real data: set DATA_ROOT to a folder with CIFAR-100, MNIST and Tiny ImageNet"
    absent = [name for name in NEEDED if not (Path(given) / name).exists()]
    if absent:
        return f"no real data: DATA_ROOT is {given}, where {absent[0]} is missing"
    return Path(given)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Give the folder with the real data, which a test needs that asks for it."""
    found = find_data_root()
    require(isinstance(found, Path), str(found))
    return found
