"""Datasets: images, labels, splits, and each example's position in the source."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts.files import (
    definition_in_head,
    load_artefact,
    open_artefact,
    write_artefact,
)
from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.versions import DECODING_VERSION

MOST_CLASSES = 2**15


def content_hash(contents: bytes) -> int:
    """Return a 64-bit hash of ``contents``."""
    return int.from_bytes(blake2b(contents, digest_size=8).digest(), "little")


def pixel_hashes(images: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of each image, (example,) uint64."""
    return np.array([content_hash(image.tobytes()) for image in images], dtype=np.uint64)


def make_dataset(
    images: np.ndarray,
    labels: np.ndarray,
    positions: np.ndarray,
    is_test: np.ndarray,
    class_names: Sequence[str],
    files: Sequence[str] = (),
) -> xr.Dataset:
    """Build a dataset and check it.

    Args:
        images: (example, height, width, channel) uint8, channel 1 or 3.
        labels: (example,) integers in 0..K-1.
        positions: (example,) integers, the position of each example in the source, which is its
            name; the train files are counted first, then the test files.
        is_test: (example,) bool.
        class_names: K names.
        files: the name of each example's file, if the images were in files.

    Returns:
        image (example, height, width, channel) uint8; label (example) int16; pixel_hash (example)
        uint64; file (example) if there are files; class_name (class); channel_mean and channel_std
        (channel) float64 over the train set, in pixel values 0..255; coordinates example int64 and
        example_split.

    Raises:
        InputError: there are fewer than two classes, a class has no train images, or there are no
            test images.
    """
    examples = label_examples(labels, positions, is_test, class_names)
    if len(files):
        examples = examples.assign(file=("example", np.array(files, dtype=object)))
    return add_images(examples, images)


def add_images(examples: xr.Dataset, images: np.ndarray) -> xr.Dataset:
    """Add images to a dataset without them, see ``make_dataset``.

    channel_mean and channel_std are NaN without train examples; only people who record their own
    training may have none.
    """
    is_train = examples["example_split"].values == "train"
    moments = [
        moments_of(pixels.size, *sums_of(pixels)) if pixels.size else (np.nan, np.nan)
        for pixels in (images[..., channel][is_train] for channel in range(images.shape[-1]))
    ]
    return examples.assign(
        image=(("example", "height", "width", "channel"), images),
        pixel_hash=("example", pixel_hashes(images)),
        **_channel_moments(moments),
    )


def label_examples(
    labels: np.ndarray, positions: np.ndarray, is_test: np.ndarray, class_names: Sequence[str]
) -> xr.Dataset:
    """Build and check a dataset without its images: label, class_name and the coordinates.

    Arguments and errors are those of ``make_dataset``.
    """
    is_test = np.asarray(is_test, dtype=bool)
    if len(class_names) < 2:
        raise InputError(
            f"the dataset has only one class ({', '.join(class_names)}); give at least two."
        )
    examples = make_examples(labels, positions, is_test, class_names)
    if absent := absent_classes(examples["label"].values[~is_test], class_names):
        raise InputError(
            f"the train set has no images of {absent}; add some, or leave the class out."
        )
    if not is_test.any():
        raise InputError("the dataset has no test images; add a test or val folder.")
    return examples


def absent_classes(labels: np.ndarray, class_names: Sequence[str]) -> str:
    """Return the names of the classes without an example, of at most five; "" if there are none."""
    counts = np.bincount(labels, minlength=len(class_names))
    absent = [name for name, count in zip(class_names, counts, strict=True) if not count]
    more = f" and {len(absent) - 5} more classes" if len(absent) > 5 else ""
    return ", ".join(absent[:5]) + more


def make_examples(
    labels: np.ndarray, positions: np.ndarray, is_test: np.ndarray, class_names: Sequence[str]
) -> xr.Dataset:
    """Build a dataset without its images, unchecked; arguments are those of ``make_dataset``.

    Raises:
        InputError: there are more than ``MOST_CLASSES`` classes.
    """
    if len(class_names) > MOST_CLASSES:
        raise InputError(
            f"there are {len(class_names):,} classes, but labels have 16 bits; give at most "
            f"{MOST_CLASSES:,} classes."
        )
    return xr.Dataset(
        {
            "label": ("example", np.asarray(labels, dtype=np.int16)),
            "class_name": ("class", np.array([*class_names], dtype=object)),
        },
        coords={
            "example": np.asarray(positions, dtype=np.int64),
            "example_split": ("example", np.where(is_test, "test", "train")),
        },
    )


def make_file_dataset(
    examples: xr.Dataset,
    folder: str,
    files: Sequence[str],
    hashes: np.ndarray,
    size: int,
    moments: Sequence[tuple[float, float]],
) -> xr.Dataset:
    """Build a dataset whose images stay in files.

    Args:
        examples: from ``label_examples``.
        folder: image folder as given in the study, absolute or relative to the config's data_root.
        files: path of each example's file, relative to ``folder``.
        hashes: (example,) uint64, ``content_hash`` of each file.
        size: height and width to which images are resized when they are read.
        moments: mean and standard deviation of each of the three channels over the train images.

    Returns:
        as ``make_dataset``, with file (example) and the attributes folder, height, width and
        channels instead of image; pixel_hash hashes the files.
    """
    return examples.assign(
        file=("example", np.array(files, dtype=object)),
        pixel_hash=("example", hashes),
        **_channel_moments(moments),
    ).assign_attrs(folder=folder, height=size, width=size, channels=len(moments))


def has_files(dataset: xr.Dataset) -> bool:
    """Return whether the images stay in files, see ``make_file_dataset``."""
    return "folder" in dataset.attrs


def has_images(dataset: xr.Dataset) -> bool:
    """Return whether there are images; those who record their own training may give labels only."""
    return "image" in dataset or has_files(dataset)


def image_shape(dataset: xr.Dataset) -> tuple[int, int, int]:
    """Return (height, width, channels) of a dataset's images."""
    if has_files(dataset):
        return tuple(int(dataset.attrs[name]) for name in ("height", "width", "channels"))
    return tuple(dataset["image"].shape[1:])


def sums_of(pixels: np.ndarray) -> tuple[int, int]:
    """Return the exact sums of uint8 pixels and of their squares."""
    squares = np.square(pixels, dtype=np.uint16)
    return int(pixels.sum(dtype=np.uint64)), int(squares.sum(dtype=np.uint64))


def moments_of(count: int, total: int, squares: int) -> tuple[float, float]:
    """Return the mean and standard deviation of ``count`` numbers, given their ``sums_of``."""
    return total / count, math.sqrt(count * squares - total**2) / count


def fingerprint(dataset: xr.Dataset) -> str:
    """Return a digest of the training data: pixels, labels, splits and order.

    If images stay in files, their pixels are determined by the file contents, the image size and
    the version of the decoding code; the location of the files does not matter. The shape of other
    images is left out if they are square: a square of another size has another number of pixels.
    """
    digest = blake2b(digest_size=16)
    for name in ("example", "example_split", "label", "pixel_hash"):
        digest.update(np.ascontiguousarray(dataset[name].values).tobytes())
    height, width, _ = image_shape(dataset)
    if has_files(dataset):
        decoded = {"shape": image_shape(dataset), "decoding_version": DECODING_VERSION}
        digest.update(canonical(decoded).encode())
    elif height != width:
        digest.update(canonical([height, width]).encode())
    return digest.hexdigest()


def check_data(path: Path, dataset: Path, remedy: str) -> None:
    """Check that an artefact was made with the images, labels and splits that a dataset has.

    Nothing is compared if one of the files is missing, or the artefact does not say.

    Args:
        path: the artefact: scores, a baseline, or a dataset that was derived from the other.
        dataset: the dataset.
        remedy: how to make the artefact again.

    Raises:
        InputError: it was made with another ``fingerprint``.
    """
    made_with = (definition_in_head(path) or {}).get("data")
    if made_with is None or not dataset.is_file():
        return
    if _fingerprint_in(dataset, dataset.stat().st_mtime_ns) != made_with:
        raise InputError(
            f"{path} was made with other images, labels or splits than {dataset} has now; "
            f"{remedy}, or restore the images and build the dataset again."
        )


@lru_cache
def _fingerprint_in(dataset: Path, modified: int) -> str:
    """Return the fingerprint of a dataset file, which was modified at this time."""
    with open_dataset(dataset, files=False) as contents:
        return fingerprint(contents)


def write_dataset(dataset: xr.Dataset, path: Path, definition: Mapping) -> None:
    """Write a dataset atomically; ``definition`` is the study's dataset entry."""
    write_artefact(dataset, path, "dataset", definition)


def open_dataset(path: Path, files: bool = True) -> xr.Dataset:
    """Open a dataset file lazily; close it, or use it in a ``with`` block.

    Args:
        path: the dataset file.
        files: whether the names of the images' files are needed. xarray reads them when it opens
            the dataset, and those of a million images take 200 MB.
    """
    return open_artefact(path, "dataset", () if files else ("file",))


def read_dataset(path: Path) -> xr.Dataset:
    """Read a dataset file into memory; see ``make_dataset`` for its contents."""
    return load_artefact(path, "dataset")


def _channel_moments(moments: Sequence[tuple[float, float]]) -> dict:
    mean, std = np.array(moments).T
    units = {"units": "pixel value, 0 to 255"}
    return {"channel_mean": ("channel", mean, units), "channel_std": ("channel", std, units)}
