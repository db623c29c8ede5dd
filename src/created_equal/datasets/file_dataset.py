"""From a folder of images to a dataset whose images stay in their files."""

import io
import logging
from collections.abc import Sequence
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
from created_equal.datasets.file_reading import in_threads, unreadable
from created_equal.datasets.source import Source
from created_equal.decoding.image_file import decode_image, why_unreadable

SAMPLED = 10_000  # train images whose pixels give the channels' means and deviations
BETWEEN_LINES = 100_000  # files between two lines in the log

log = logging.getLogger(__name__)


def build_file_dataset(
    source: Source, rows: np.ndarray, folder: str, data_root: Path, size: int
) -> xr.Dataset:
    """Build a dataset of some examples of a source, see ``make_file_dataset``.

    Every file is read once, for its hash; only ``SAMPLED`` train images are decoded, a random
    choice that follows from their number alone, so another file may still turn out broken when a
    network first predicts it, before its training.

    Args:
        source: of image files.
        rows: (chosen,) integers, rows of the source.
        folder: where the files lie, as the study gives it.
        data_root: what it is relative to.
        size: of the images.

    Raises:
        InputError: files cannot be read, or are no images; and as ``make_dataset``.
    """
    is_test = source.is_test[rows]
    examples = label_examples(
        source.labels[rows], source.positions[rows], is_test, source.class_names
    )
    files = [source.files[row] for row in rows]
    hashes = hash_files(files)
    train = np.flatnonzero(~is_test)
    moments = channel_moments([files[row] for row in train[sample(len(train))]], size)
    root = data_root / Path(folder).expanduser()
    names = [path.relative_to(root).as_posix() for path in files]
    return make_file_dataset(examples, folder, names, hashes, size, moments)


def hash_files(files: Sequence[Path]) -> np.ndarray:
    """Return the ``content_hash`` of every file's bytes, (file,) uint64.

    Raises:
        InputError: some cannot be read, or do not begin as images do.
    """
    hashes = np.empty(len(files), dtype=np.uint64)
    problems = []
    for index, found in enumerate(in_threads(_hash_or_problem, files)):
        if isinstance(found, str):
            problems.append(found)
        else:
            hashes[index] = found
        if (index + 1) % BETWEEN_LINES == 0:
            log.info("%d of %d files are read", index + 1, len(files))
    if problems:
        raise unreadable(problems)
    return hashes


def sample(count: int) -> np.ndarray:
    """Return at most ``SAMPLED`` of ``count`` rows, (row,) rising: counted, always the same."""
    words = np.random.Philox(key=np.zeros(2, dtype=np.uint64)).random_raw(count)
    return np.sort(np.argsort(words, kind="stable")[:SAMPLED])


def channel_moments(files: Sequence[Path], size: int) -> list[tuple[float, float]]:
    """Return the mean and the standard deviation of each channel over the pixels of files.

    Raises:
        InputError: some cannot be read as images.
    """

    def sums_or_problem(path: Path) -> np.ndarray | str:
        try:
            pixels = decode_image(path, size).pixels
        except Exception as error:  # Pillow's decoders raise nearly every kind on a broken file
            return f"{path} ({why_unreadable(error)})"
        return np.array([sums_of(pixels[..., channel]) for channel in range(3)])

    found = list(in_threads(sums_or_problem, files))
    problems = [each for each in found if isinstance(each, str)]
    if problems:
        raise unreadable(problems)
    count = len(files) * size**2
    return [moments_of(count, *sums) for sums in np.sum(found, axis=0).tolist()]


def _hash_or_problem(path: Path) -> int | str:
    try:
        str(path).encode()
        octets = path.read_bytes()
        Image.open(io.BytesIO(octets)).close()
        return content_hash(octets)
    except UnicodeEncodeError:
        return f"{str(path)!a} (its name is not UTF-8)"
    except Exception as error:  # Pillow raises many kinds on a broken file
        return f"{path} ({why_unreadable(error)})"
