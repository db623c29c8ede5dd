"""Read many image files into one array."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from created_equal.decoding.image_file import Decoded, decode_image, why_unreadable
from created_equal.errors import InputError

N_NAMED = 3  # files that an error message names; it counts the others
CHUNK = 1024

log = logging.getLogger(__name__)


def read_files(files: Sequence[Path], rows: np.ndarray, size: int | None) -> np.ndarray:
    """Read image files in parallel; with ``files`` bound, this is the ``read`` of a source.

    If all images are gray, the result has one channel. If only some are gray, they become color
    images and a warning is logged.

    Args:
        files: the source's image files.
        rows: (chosen,) integers.
        size: images become size x size (see ``resizing.fit``); None if all have the same size.

    Returns:
        (chosen, height, width, channel) uint8, with 1 or 3 channels.

    Raises:
        InputError: files cannot be read as images, or their sizes differ and size is None.
    """
    chosen = [files[row] for row in rows]
    first, shape = _first_shape(chosen, size)
    images = np.empty((len(chosen), *shape), dtype=np.uint8)
    is_gray = np.zeros(len(chosen), dtype=bool)
    problems: list[str] = []

    def read_one(index: int) -> Decoded | str:
        decoded = _try_decode(chosen[index], size)
        if isinstance(decoded, Decoded) and decoded.pixels.shape == shape:
            images[index] = decoded.pixels
            is_gray[index] = decoded.is_gray
            return ""
        return decoded

    for index, problem in enumerate(map_in_threads(read_one, range(len(chosen)))):
        if isinstance(problem, Decoded):
            other, other_shape = chosen[index], problem.pixels.shape
            raise InputError(
                f"the images have different sizes ({first} has {shape[1]} x {shape[0]} pixels, "
                f"{other} {other_shape[1]} x {other_shape[0]}); add size: N to the dataset to make "
                "all of them N x N."
            )
        if problem:
            problems.append(problem)
    if problems:
        raise unreadable(problems)
    if is_gray.all():
        return np.ascontiguousarray(images[..., :1])
    if is_gray.any():
        log.warning(
            "%d of %d images are gray and were converted to color like the others; the first is %s",
            is_gray.sum(),
            len(chosen),
            chosen[int(is_gray.argmax())],
        )
    return images


def map_in_threads(function: Callable, items: Sequence) -> Iterator:
    """Yield the results of a function for each item, in order, computed in threads.

    Items are submitted in chunks, so few results pile up and an early exit does not wait long.
    """
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(items), CHUNK):
            yield from pool.map(function, items[start : start + CHUNK])


def unreadable(problems: Sequence[str]) -> InputError:
    """Return the error for files that cannot be read; each problem has a path and a reason."""
    named = ", ".join(problems[:N_NAMED])
    more = f" and {len(problems) - N_NAMED} more" if len(problems) > N_NAMED else ""
    count = f"{len(problems)} files" if len(problems) > 1 else "1 file"
    return InputError(
        f"{count} cannot be read as images: {named}{more}; replace or remove them, and run again."
    )


def _first_shape(files: Sequence[Path], size: int | None) -> tuple[Path, tuple[int, int, int]]:
    """Return the first readable file and the shape of its pixels."""
    problems = []
    for path in files:
        decoded = _try_decode(path, size)
        if isinstance(decoded, Decoded):
            return path, decoded.pixels.shape
        problems.append(decoded)
    raise unreadable(problems)


def _try_decode(path: Path, size: int | None) -> Decoded | str:
    """Decode a file, or return its path and the reason why it cannot be decoded."""
    try:
        return decode_image(path, size)
    except Exception as error:  # Pillow raises many types of errors on broken files
        return f"{path} ({why_unreadable(error)})"
