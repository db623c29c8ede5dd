"""A user's own arrays in a NumPy file (.npz)."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from created_equal.artefacts import MOST_CLASSES
from created_equal.datasets.source import Source, source_in_memory
from created_equal.errors import InputError, because

NEEDED = ("train_images", "train_labels", "test_images", "test_labels")
OPTIONAL = ("class_names",)
# NumPy raises these for a damaged file, and for a file of another kind.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, RuntimeError)


def open_arrays(path: Path) -> Source:
    """Open a file that ``np.savez`` or ``np.savez_compressed`` wrote.

    It has train_images and test_images, (example, height, width) or (example, height, width,
    channel) uint8 with 1 or 3 channels; train_labels and test_labels, (example,) whole numbers in
    0..K-1; and optionally class_names, (K,) text. Positions count the train images, then the test
    images. Nothing in the file is unpickled.

    Raises:
        InputError: the file is missing or damaged, an array is missing or of another shape or
            type, or labels and names do not fit.
    """
    arrays = _read(path)
    images = [_images(path, name, arrays[name]) for name in ("train_images", "test_images")]
    labels = [_labels(path, name, arrays[name]) for name in ("train_labels", "test_labels")]
    if images[0].shape[1:] != images[1].shape[1:]:
        raise InputError(
            f"{path}: train_images are {_size(images[0])}, but test_images {_size(images[1])}; "
            "give both the same size."
        )
    for split, of_split, labels_of_split in zip(("train", "test"), images, labels, strict=True):
        if len(of_split) != len(labels_of_split):
            raise InputError(
                f"{path} has {len(of_split)} {split}_images and {len(labels_of_split)} "
                f"{split}_labels; give a label for each image."
            )
    is_test = np.repeat([False, True], [len(each) for each in images])
    labels = np.concatenate(labels)
    if unused := sorted({*range(labels.max())} - {*labels.tolist()}):
        raise InputError(
            f"{path}: labels run from {labels.min()} to {labels.max()}, but no example has label "
            f"{unused[0]}; number the classes from 0 without gaps."
        )
    class_names = _class_names(path, arrays.get("class_names"), int(labels.max()) + 1)
    return source_in_memory(np.concatenate(images), labels, is_test, class_names)


def _read(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays of a file by name; each of ``NEEDED`` is there."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if unknown := sorted(set(file) - {*NEEDED, *OPTIONAL}):
                raise InputError(
                    f"{path} has an array {unknown[0]}, which is not known; name the arrays "
                    f"{', '.join((*NEEDED, *OPTIONAL))}."
                )
            if missing := [name for name in NEEDED if name not in file]:
                raise InputError(f"{path} has no array {missing[0]}; add it with np.savez.")
            return {name: _array(path, file, name) for name in file}
    except OSError as error:
        otherwise = "put it there, or correct the dataset's path"
        raise InputError(f"{path} cannot be read {because(error, otherwise)}") from error
    except MemoryError as error:
        raise InputError(
            f"{path} is too large for the memory, or damaged ({error}); give fewer or smaller "
            "images, or write it again."
        ) from error
    except DAMAGED as error:
        # The reason is left out: of a text file, NumPy says how to load it unsafely.
        raise InputError(
            f"{path} is damaged, or was not written by np.savez; write it again."
        ) from error


def _array(path: Path, file: Mapping, name: str) -> np.ndarray:
    try:
        return np.asarray(file[name])
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise InputError(
            f"{path}: {name} holds Python objects, which are never read from a file; make it an "
            "array of numbers or of text, for example np.array(names, dtype=str)."
        ) from error


def _images(path: Path, name: str, images: np.ndarray) -> np.ndarray:
    """Return images as (example, height, width, channel), after checking them."""
    if images.dtype != np.uint8:
        whole = "values from 0 to 255: images.astype(np.uint8)"
        fractions = "values from 0 to 1: np.rint(255 * images).astype(np.uint8)"
        raise InputError(
            f"{path}: {name} are {images.dtype}; give uint8 from 0 to 255 "
            f"({whole if images.dtype.kind in 'iu' else fractions})."
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[3] not in (1, 3):
        raise InputError(
            f"{path}: {name} have the shape {images.shape}, with the channels first; put them "
            "last: images.transpose(0, 2, 3, 1)."
        )
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        raise InputError(
            f"{path}: {name} have the shape {images.shape}; give (example, height, width, channel) "
            "with 1 or 3 channels, and at least one example."
        )
    return images


def _labels(path: Path, name: str, labels: np.ndarray) -> np.ndarray:
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        raise InputError(
            f"{path}: {name} are {labels.dtype} of the shape {labels.shape}; give one whole number "
            "for each image."
        )
    if labels.min() < 0 or labels.max() >= MOST_CLASSES:
        raise InputError(
            f"{path}: {name} are from {labels.min()} to {labels.max()}; give whole numbers from 0 "
            f"to the number of classes less one, at most {MOST_CLASSES - 1}."
        )
    return labels.astype(np.int64)


def _class_names(path: Path, names: np.ndarray | None, classes: int) -> list[str]:
    """Return the names of the classes; their numbers, as text, if the file has none."""
    if names is None:
        return [str(label) for label in range(classes)]
    if names.ndim != 1 or names.dtype.kind != "U":
        raise InputError(
            f"{path}: class_names are {names.dtype} of the shape {names.shape}; give a list of "
            "text, np.array(names, dtype=str)."
        )
    names = names.tolist()
    if len(names) < classes:
        raise InputError(
            f"{path} has {len(names)} class_names, but a label {classes - 1}; give a name for each "
            "label, starting at 0."
        )
    if twice := [name for name in names if not name.strip() or names.count(name) > 1]:
        raise InputError(
            f"{path}: class_names has {twice[0]!r}, which is empty or not unique; give each class "
            "a name of its own."
        )
    return names


def _size(images: np.ndarray) -> str:
    return " x ".join(map(str, images.shape[1:]))
