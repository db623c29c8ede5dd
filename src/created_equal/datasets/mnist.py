"""MNIST in torchvision's layout on disk, packed (.gz) or unpacked."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torchvision.datasets import MNIST
from torchvision.datasets.mnist import read_image_file, read_label_file
from torchvision.datasets.utils import extract_archive

from created_equal.datasets.fetch import check_file, download_file, lock_for_writing, unreadable
from created_equal.datasets.source import Source, read_from_array
from created_equal.errors import InputError


def open_mnist(data_root: Path, download: bool) -> Source:
    """Open MNIST: 60,000 train and 10,000 test images, 28 x 28 x 1, 10 classes.

    The four files are read from ``MNIST/raw``, which may be read-only. Packed files are verified by
    their checksum. An unpacked file is used only if the packed one is missing, and is verified by
    its length.

    Raises:
        InputError: files are missing, damaged, or cannot be downloaded.
    """
    folder = _find_files(data_root, download)
    train_images, train_labels = _read_split(folder, "train")
    test_images, test_labels = _read_split(folder, "t10k")
    labels = np.concatenate([train_labels, test_labels])
    return Source(
        labels=labels,
        positions=np.arange(len(labels)),
        is_test=np.arange(len(labels)) >= len(train_labels),
        class_names=[str(digit) for digit in range(10)],
        read=partial(read_from_array, np.concatenate([train_images, test_images])[..., None]),
    )


def _find_files(data_root: Path, download: bool) -> Path:
    """Return the folder of the four files; download missing ones."""
    folder = data_root / "MNIST" / "raw"
    missing = _find_missing(folder)
    if missing and not download:
        raise InputError(
            f"{folder / missing[0]} is missing; put it there (from {MNIST.mirrors[0]}), "
            "or set download: true."
        )
    if missing:
        with lock_for_writing(data_root) as scratch:
            # Another process may have downloaded them while this one waited.
            for name in _find_missing(folder):
                urls = [mirror + name for mirror in MNIST.mirrors]
                download_file(urls, folder / name, dict(MNIST.resources)[name], scratch)
    return folder


def _find_missing(folder: Path) -> list[str]:
    return [
        name
        for name, _ in MNIST.resources
        if not (folder / name).is_file() and not (folder / name).with_suffix("").is_file()
    ]


def _read_split(folder: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images = _read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", read_image_file)
    labels = _read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", read_label_file)
    if len(images) != len(labels):
        raise InputError(
            f"{folder} has {len(images)} {prefix} images but {len(labels)} {prefix} labels; delete "
            "these files and run again with download: true, or replace them by intact copies."
        )
    return images, labels


def _read_idx(packed: Path, reader: Callable[[str], torch.Tensor]) -> np.ndarray:
    if not packed.is_file():
        return _read_unpacked(packed.with_suffix(""), reader)
    check_file(packed, dict(MNIST.resources)[packed.name])
    with TemporaryDirectory() as folder:
        return _read_unpacked(Path(extract_archive(packed, folder)), reader)


def _read_unpacked(path: Path, reader: Callable[[str], torch.Tensor]) -> np.ndarray:
    try:
        return reader(str(path)).numpy()
    except OSError as error:
        raise unreadable(path, error) from error
    except (AssertionError, IndexError, RuntimeError, TypeError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} is damaged (its length or its header is wrong); delete it and run again "
            "with download: true, or replace it by an intact copy."
        ) from error
