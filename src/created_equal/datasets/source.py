"""A source of images: its examples, and a function that reads their pixels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from created_equal.decoding.resizing import resize


@dataclass(frozen=True)
class Source:
    """All examples of a source, without their pixels.

    Attributes:
        labels: (example,) integers in 0..K-1.
        positions: (example,) int64, each example's position in the source, counted through the
            train files and then the test files.
        is_test: (example,) bool.
        class_names: the names of the K classes.
        read: ``read(rows, size)`` returns the images of the given rows, in that order, as
            (len(rows), height, width, channel) uint8, resized to size x size unless size is None.
        files: each example's image file, if the source consists of files.
        root: the folder of these files.
    """

    labels: np.ndarray
    positions: np.ndarray
    is_test: np.ndarray
    class_names: Sequence[str]
    read: Callable[[np.ndarray, int | None], np.ndarray]
    files: Sequence[Path] = ()
    root: Path = Path()

    def file_names(self, rows: np.ndarray) -> list[str]:
        """Return the files of these rows, relative to ``root``; none without files."""
        files = [self.files[row] for row in rows] if self.files else []
        return [path.relative_to(self.root).as_posix() for path in files]


def source_in_memory(
    images: np.ndarray,
    labels: np.ndarray,
    is_test: np.ndarray,
    class_names: Sequence[str],
    positions: np.ndarray | None = None,
) -> Source:
    """Return a source whose images are in an array, (example, height, width, channel) uint8.

    The array may have any memory layout. Positions are by default 0, 1, ...
    """
    positions = np.arange(len(labels)) if positions is None else positions
    read = partial(read_from_array, images)
    return Source(labels, positions, is_test, class_names, read)


def read_from_array(images: np.ndarray, rows: np.ndarray, size: int | None) -> np.ndarray:
    """Read contiguous images from an array in any memory layout, see ``Source.read``."""
    height, width, channels = images.shape[1:]
    shape = (height, width) if size is None else (size, size)
    chosen = np.empty((len(rows), *shape, channels), dtype=np.uint8)
    # Indexing with all rows would make a second copy of a view in another memory layout.
    for target, row in zip(chosen, rows, strict=True):
        image = images[row]
        target[...] = image if image.shape[:2] == shape else resize(image, size)
    return chosen
