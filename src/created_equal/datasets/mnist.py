"""MNIST in torchvision's layout on disk, packed (.gz) or unpacked."""

import gzip
import zlib
from hashlib import md5
from pathlib import Path

import numpy as np
from torchvision.datasets import MNIST

from created_equal.datasets.fetch import download_file, lock_for_writing, unreadable
from created_equal.datasets.source import Source, source_in_memory
from created_equal.errors import InputError

# The contents of the four files. Other data sets, such as Fashion-MNIST, have files of these names.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


def open_mnist(data_root: Path, download: bool) -> Source:
    """Open MNIST: 60,000 train and 10,000 test images, 28 x 28 x 1, 10 classes.

    The four files are read from ``MNIST/raw``, which may be read-only. Their contents are verified,
    packed or not; an unpacked file is used only if the packed one is missing.

    Raises:
        InputError: files are missing, damaged or of another data set, or cannot be downloaded.
    """
    folder = _find_files(data_root, download)
    images, labels = (
        [_read_idx(folder / name) for name in MD5 if kind in name] for kind in ("images", "labels")
    )
    is_test = np.repeat([False, True], [len(split) for split in labels])
    class_names = [str(digit) for digit in range(10)]
    images, labels = np.concatenate(images)[..., None], np.concatenate(labels)
    return source_in_memory(images, labels, is_test, class_names)


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


def _read_idx(unpacked: Path) -> np.ndarray:
    """Return the array in a file: unsigned bytes after a header with its sizes."""
    packed = unpacked.with_name(f"{unpacked.name}.gz")
    path = packed if packed.is_file() else unpacked
    try:
        contents = path.read_bytes()
        contents = gzip.decompress(contents) if path == packed else contents
    except (EOFError, zlib.error, gzip.BadGzipFile):
        contents = b""
    except OSError as error:
        raise unreadable(path, error) from error
    if md5(contents, usedforsecurity=False).hexdigest() != MD5[unpacked.name]:
        raise InputError(
            f"{path} is damaged, or of another data set (its checksum is not that of MNIST); "
            "delete it and run again with download: true, or replace it by an intact copy."
        )
    sizes = np.frombuffer(contents, dtype=">u4", count=contents[3], offset=4)
    return np.frombuffer(contents, dtype=np.uint8, offset=4 + sizes.nbytes).reshape(sizes)
