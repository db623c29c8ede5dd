"""What every source of images gives: its examples by name, and their pixels on demand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from created_equal.decoding.resizing import resize


@dataclass(frozen=True)
class Source:
    """The examples of a source, before some are chosen and their pixels are read.

    Attributes:
        labels: (example,) integers in 0..K-1.
        positions: (example,) int64, each example's position in the source, counted through the
            train files and on through the test files.
        is_test: (example,) bool.
        class_names: K names.
        read: ``read(rows, size)`` gives the images of these rows of the source, in that order:
            (len(rows), height, width, channel) uint8, made size x size unless size is None.
        files: each example's image file, of a source that has them.
    """

    labels: np.ndarray
    positions: np.ndarray
    is_test: np.ndarray
    class_names: Sequence[str]
    read: Callable[[np.ndarray, int | None], np.ndarray]
    files: Sequence[Path] = ()


def read_from_array(images: np.ndarray, rows: np.ndarray, size: int | None) -> np.ndarray:
    """Read images that are in memory already: the ``read`` of a source, given ``images``.

    Args:
        images: (example, height, width, channel) uint8; may be a view in any memory order.
        rows: (chosen,) integers.
        size: the wanted height and width, or None to leave them.

    Returns:
        (chosen, height, width, channel) uint8, contiguous.
    """
    height, width, channels = images.shape[1:]
    shape = (height, width) if size is None else (size, size)
    chosen = np.empty((len(rows), *shape, channels), dtype=np.uint8)
    # One by one: indexing a view in another memory order would cost a second copy of all.
    for target, row in zip(chosen, rows, strict=True):
        image = images[row]
        target[...] = image if image.shape[:2] == shape else resize(image, size)
    return chosen
