"""Read many image files, and report what was noticed about them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from created_equal.decoding.image_file import Decoded, decode_image, keep_warnings, why_unreadable
from created_equal.errors import InputError

N_NAMED = 3  # files that an error message names; it counts the others
CHUNK = 64
FILES_PER_LOG_LINE = 100_000
# If the brightest 16-bit value of a data set is below half, its values have fewer than 16 bits.
HALF = 128
# An image whose brightest value is a sixteenth at most, among brighter ones, may have 12 bits.
SIXTEENTH = 16

log = logging.getLogger(__name__)


class Noticed:
    """Oddities of image files: for each, the number of files and the first of them."""

    def __init__(self):
        self._formats: Counter[str] = Counter()
        self._changes: dict[str, list] = {}
        self._brightest: list[tuple[int, Path]] = []

    def add(self, path: Path, decoded: Decoded) -> None:
        """Count what is noticed about a file."""
        self._formats[decoded.format] += 1
        for change in decoded.changes:
            self._changes.setdefault(change, [0, path])[0] += 1
        if decoded.brightest is not None:
            self._brightest.append((decoded.brightest, path))

    def report(self) -> None:
        """Log formats and changes.

        Raises:
            InputError: 16-bit files have values of fewer bits, of which 8 bits would leave few.
        """
        log.info("files: %s", ", ".join(f"{n:,} {name}" for name, n in self._formats.most_common()))
        for change, (count, first) in self._changes.items():
            log.warning(
                "%d of %d images %s (for example %s)", count, self._formats.total(), change, first
            )
        value, path = max(self._brightest, default=(HALF, None))
        if value < HALF:
            problem = (
                f"images have more than 8 bits per channel, but use only the lower part of "
                f"their range: in 8 bits the brightest, {path}, would be {value} of 255, and at "
                f"most {value + 1} levels would be left; multiply their values so that white is "
                "65535, or save them with 8 bits."
            )
            if 2 * len(self._brightest) > self._formats.total():
                raise InputError(f"the {problem}")
            # A few among images of 8 bits may just be dark.
            log.warning("%d of %d %s", len(self._brightest), self._formats.total(), problem)
        elif dark := [path for value, path in self._brightest if value <= SIXTEENTH]:
            log.warning(
                "%d of %d images with more than 8 bits per channel use at most a sixteenth of "
                "their range (for example %s); if these have 12 bits, multiply their values by 16",
                *(len(dark), len(self._brightest), dark[0]),
            )


def read_files(files: Sequence[Path], rows: np.ndarray, size: int | None) -> np.ndarray:
    """Read image files in parallel, see ``Source.read``.

    If all images are gray, the result has one channel. If only some are gray, they become color
    images and a warning is logged.

    Raises:
        InputError: files cannot be read as images, their sizes differ and size is None, or see
            ``Noticed.report``.
    """
    chosen = [files[row] for row in rows]
    images, first = None, None
    is_gray = np.zeros(len(chosen), dtype=bool)
    noticed = Noticed()
    for index, decoded in enumerate(map_files(partial(decode_image, size=size), chosen)):
        pixels = decoded.pixels
        if images is None:
            images, first = np.empty((len(chosen), *pixels.shape), np.uint8), chosen[index]
        if pixels.shape != images.shape[1:]:
            height, width = images.shape[1:3]
            raise InputError(
                f"the images have different sizes ({first} has {width} x {height} pixels, "
                f"{chosen[index]} {pixels.shape[1]} x {pixels.shape[0]}); add size: N to the "
                "dataset to make all of them N x N."
            )
        images[index], is_gray[index] = pixels, decoded.is_gray
        noticed.add(chosen[index], decoded)
    noticed.report()
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


def map_files(function: Callable[[Path], object], files: Sequence[Path]) -> Iterator:
    """Yield the result of a function for each image file, in order, computed in threads.

    Files are submitted in chunks, so few results pile up and an early exit does not wait long.

    Raises:
        InputError: the function fails on some files; it is raised after all files have been tried.
    """

    def attempt(path: Path) -> tuple[object, str]:
        try:
            return function(path), ""
        except Exception as error:  # Pillow raises many types of errors on broken files
            return None, f"{path} ({why_unreadable(error)})"

    problems = []
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), CHUNK):
            with keep_warnings():
                attempts = [*pool.map(attempt, files[start : start + CHUNK])]
            for n_read, (result, problem) in enumerate(attempts, start + 1):
                if n_read % FILES_PER_LOG_LINE == 0:
                    log.info("read %d of %d files", n_read, len(files))
                if problem:
                    problems.append(problem)
                elif not problems:
                    yield result
    if len(problems) == 1:
        raise InputError(
            f"1 file cannot be read as an image: {problems[0]}; replace or remove it, and run "
            "again."
        )
    if problems:
        named = ", ".join(problems[:N_NAMED])
        more = f" and {len(problems) - N_NAMED} more" if len(problems) > N_NAMED else ""
        raise InputError(
            f"{len(problems)} files cannot be read as images: {named}{more}; replace or remove "
            "them, and run again."
        )
