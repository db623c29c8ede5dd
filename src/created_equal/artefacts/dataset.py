"""The dataset: images, labels, split, and each example's position in the source."""

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts.files import load_artefact, open_artefact, write_artefact
from created_equal.errors import InputError


def pixel_hashes(images: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of every image's pixels.

    Args:
        images: (example, height, width, channel) uint8.

    Returns:
        (example,) uint64; equal for equal pixels of equal shape.
    """
    return np.array(
        [
            int.from_bytes(blake2b(image.tobytes(), digest_size=8).digest(), "little")
            for image in images
        ],
        dtype=np.uint64,
    )


def make_dataset(
    images: np.ndarray,
    labels: np.ndarray,
    positions: np.ndarray,
    is_test: np.ndarray,
    class_names: Sequence[str],
) -> xr.Dataset:
    """Put a dataset together and check it.

    Args:
        images: (example, height, width, channel) uint8, channel 1 or 3.
        labels: (example,) integers in 0..K-1.
        positions: (example,) integers, each example's name: its position in the source, counted
            through the train files and on through the test files.
        is_test: (example,) bool.
        class_names: K names.

    Returns:
        image (example, height, width, channel) uint8; label (example) int16; pixel_hash (example)
        uint64; class_name (class); channel_mean and channel_std (channel) float64 of the train
        set, in units of pixel values 0..255; coordinates example int64 and example_split.

    Raises:
        InputError: fewer than two classes, a class without train images, no test images.
    """
    labels = np.asarray(labels, dtype=np.int16)
    is_test = np.asarray(is_test, dtype=bool)
    if len(class_names) < 2:
        raise InputError(
            f"the dataset has only one class ({', '.join(class_names)}); give at least two."
        )
    counts = np.bincount(labels[~is_test], minlength=len(class_names))
    empty = [name for name, count in zip(class_names, counts, strict=True) if not count]
    if empty:
        raise InputError(
            f"the train set has no images of {_names(empty)}; add some, or leave the class out."
        )
    if not is_test.any():
        raise InputError("the dataset has no test images; add a test or val folder.")
    moments = [_moments(images[..., channel][~is_test]) for channel in range(images.shape[-1])]
    mean, std = np.array(moments).T
    return xr.Dataset(
        {
            "image": (("example", "height", "width", "channel"), images),
            "label": ("example", labels),
            "pixel_hash": ("example", pixel_hashes(images)),
            "class_name": ("class", np.array(class_names, dtype=object)),
            "channel_mean": ("channel", mean, {"units": "pixel value, 0 to 255"}),
            "channel_std": ("channel", std, {"units": "pixel value, 0 to 255"}),
        },
        coords={
            "example": np.asarray(positions, dtype=np.int64),
            "example_split": ("example", np.where(is_test, "test", "train")),
        },
    )


def fingerprint(dataset: xr.Dataset) -> str:
    """Return a digest of what networks are trained on: pixels, labels, membership and order."""
    digest = blake2b(digest_size=16)
    for name in ("example", "example_split", "label", "pixel_hash"):
        digest.update(np.ascontiguousarray(dataset[name].values).tobytes())
    return digest.hexdigest()


def write_dataset(dataset: xr.Dataset, path: Path, definition: Mapping) -> None:
    """Write a dataset made by ``make_dataset``; ``definition`` is the study's dataset entry."""
    write_artefact(dataset, path, "dataset", definition)


def read_dataset(path: Path) -> xr.Dataset:
    """Read a dataset file into memory (see ``make_dataset`` for what is in it)."""
    return load_artefact(path, "dataset")


def open_dataset(path: Path) -> xr.Dataset:
    """Open a dataset file lazily; close it, or use it in a ``with`` block."""
    return open_artefact(path, "dataset")


def _moments(pixels: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of uint8 pixels, from exact sums of whole numbers."""
    count = pixels.size
    total = int(pixels.sum(dtype=np.uint64))
    squares = int(np.square(pixels, dtype=np.uint16).sum(dtype=np.uint64))
    return total / count, math.sqrt(count * squares - total**2) / count


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more classes"
