"""Build a dataset whose images stay in their files."""

import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr
from PIL import Image

from created_equal.artefacts import (
    content_hash,
    label_examples,
    make_file_dataset,
    moments_of,
    sums_of,
)
from created_equal.datasets.choice import random_order
from created_equal.datasets.file_reading import Noticed, map_files
from created_equal.datasets.source import Source
from created_equal.decoding.image_file import decode_image

N_SAMPLED = 10_000  # train images from which the channels' means and deviations are computed


def build_file_dataset(source: Source, rows: np.ndarray, folder: str, size: int) -> xr.Dataset:
    """Build a dataset from rows of a source, see ``make_file_dataset``.

    Every file is read once to compute its hash. Only ``N_SAMPLED`` train images are decoded, so a
    broken file may go unnoticed until a network first predicts it, before its training.

    Raises:
        InputError: files cannot be read or are not images, or ``make_dataset`` rejects the data.
    """
    is_test = source.is_test[rows]
    examples = label_examples(
        source.labels[rows], source.positions[rows], is_test, source.class_names
    )
    files = [source.files[row] for row in rows]
    hashes = hash_files(files)
    train = np.flatnonzero(~is_test)
    moments = channel_moments([files[row] for row in train[sample(len(train))]], size)
    return make_file_dataset(examples, folder, source.file_names(rows), hashes, size, moments)


def hash_files(files: Sequence[Path]) -> np.ndarray:
    """Return the ``content_hash`` of each file, (file,) uint64; raises as ``map_files``."""
    return np.fromiter(map_files(_hash_file, files), dtype=np.uint64)


def sample(n_rows: int) -> np.ndarray:
    """Return at most ``N_SAMPLED`` ascending rows of ``n_rows``, the same ones every time."""
    return np.sort(random_order(0, 0, n_rows)[:N_SAMPLED])


def channel_moments(files: Sequence[Path], size: int) -> list[tuple[float, float]]:
    """Return each channel's mean and deviation over all files; raises as ``read_files``."""
    sums, noticed = np.zeros((3, 2), dtype=object), Noticed()
    decoded_files = map_files(partial(decode_image, size=size), files)
    for path, decoded in zip(files, decoded_files, strict=True):
        sums += np.array([sums_of(decoded.pixels[..., channel]) for channel in range(3)], object)
        noticed.add(path, decoded)
    noticed.report()
    count = len(files) * size**2
    return [moments_of(count, *of_channel) for of_channel in sums.tolist()]


def _hash_file(path: Path) -> int:
    content = path.read_bytes()
    Image.open(io.BytesIO(content)).close()
    return content_hash(content)
