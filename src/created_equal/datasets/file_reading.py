"""Many image files into one array."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from created_equal.decoding.image_file import Decoded, decode_image, why_unreadable
from created_equal.errors import InputError

NAMED = 3  # files that a message names before it only counts
CHUNK = 1024  # files between two looks at the results

log = logging.getLogger(__name__)


def read_files(files: Sequence[Path], rows: np.ndarray, size: int | None) -> np.ndarray:
    """Read image files: the ``read`` of a source, given ``files``.

    The files are decoded in parallel, straight into one array. Grey images among colour ones
    become colour, which is logged; are all of them grey, there is one channel.

    Args:
        files: the source's image files.
        rows: (chosen,) integers.
        size: images become size x size (see ``resizing.fit``); None: all have the same size.

    Returns:
        (chosen, height, width, channel) uint8, channel 1 or 3.

    Raises:
        InputError: some files cannot be read as images, or their sizes differ and size is None.
    """
    chosen = [files[row] for row in rows]
    first, shape = _first_shape(chosen, size)
    images = np.empty((len(chosen), *shape), dtype=np.uint8)
    is_grey = np.zeros(len(chosen), dtype=bool)
    problems: list[str] = []

    def read_one(index: int) -> Decoded | str:
        decoded = _try_decode(chosen[index], size)
        if isinstance(decoded, Decoded) and decoded.pixels.shape == shape:
            images[index] = decoded.pixels
            is_grey[index] = decoded.is_grey
            return ""
        return decoded

    for index, problem in enumerate(in_threads(read_one, range(len(chosen)))):
        if isinstance(problem, Decoded):
            raise _mixed_sizes(first, shape, chosen[index], problem.pixels.shape)
        if problem:
            problems.append(problem)
    if problems:
        raise unreadable(problems)
    if is_grey.all():
        return np.ascontiguousarray(images[..., :1])
    if is_grey.any():
        log.warning(
            "%d of %d images are grey among colour ones and were made colour, the first is %s",
            is_grey.sum(),
            len(chosen),
            chosen[int(is_grey.argmax())],
        )
    return images


def in_threads(function: Callable, items: Sequence) -> Iterator:
    """Yield what a function returns for each item, in order, computed in threads.

    In chunks: nothing piles up, and what is left midway ends soon.
    """
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(items), CHUNK):
            yield from pool.map(function, items[start : start + CHUNK])


def unreadable(problems: Sequence[str]) -> InputError:
    """Return what to raise where files cannot be read; each problem is a path and why."""
    named = ", ".join(problems[:NAMED])
    more = f" and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
    count = f"{len(problems)} files" if len(problems) > 1 else "1 file"
    return InputError(
        f"{count} cannot be read as images: {named}{more}; replace or remove them, and run again."
    )


def _first_shape(files: Sequence[Path], size: int | None) -> tuple[Path, tuple[int, int, int]]:
    """Return the first file that can be read, and the shape of its pixels."""
    problems = []
    for path in files:
        decoded = _try_decode(path, size)
        if isinstance(decoded, Decoded):
            return path, decoded.pixels.shape
        problems.append(decoded)
    raise unreadable(problems)


def _try_decode(path: Path, size: int | None) -> Decoded | str:
    """Decode a file, or say which it is and why it cannot be."""
    try:
        return decode_image(path, size)
    except Exception as error:  # Pillow's decoders raise nearly every kind on a broken file
        return f"{path} ({why_unreadable(error)})"


def _mixed_sizes(
    first: Path, shape: tuple[int, ...], other: Path, other_shape: tuple[int, ...]
) -> InputError:
    return InputError(
        f"the images have different sizes ({first} has {shape[1]} x {shape[0]} pixels, {other} "
        f"{other_shape[1]} x {other_shape[0]}); add size: N to the dataset, and all become N x N."
    )
