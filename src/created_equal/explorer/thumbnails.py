"""Thumbnails of a dataset's images on sprite sheets."""

import io
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from PIL import Image

from created_equal.artefacts import ImageFiles, has_files, has_images, image_shape
from created_equal.errors import InputError

SHEET = 2048
"""The largest width and height of a sheet, in pixels."""
PIXELS = 60_000 * 32 * 32
"""Of all thumbnails together, about: many images have smaller thumbnails."""
LARGEST = 128
BLOCK = 16
"""WebP compresses blocks of this size; no two thumbnails share one."""
QUALITY = 75
WITHOUT_IMAGES = 32
"""The width and height of blank thumbnails."""


class Thumbnails(NamedTuple):
    """Sheets as WebP files, and where the thumbnails are on them, row by row, sheet by sheet."""

    sheets: list[bytes]
    width: int
    height: int
    cell: tuple[int, int]
    """The width and height that each thumbnail takes up on a sheet."""
    columns: int
    rows: int
    missing: list[int]
    """The indices of images that cannot be read; their thumbnails are blank."""
    problem: str
    """Why the first of these cannot be read."""


def make_thumbnails(dataset: xr.Dataset, data_root: Path) -> Thumbnails:
    """Make a thumbnail of each image of a dataset; see ``artefacts.ImageFiles``."""
    examples = dataset.sizes["example"]
    if not has_images(dataset):
        blank = (WITHOUT_IMAGES, WITHOUT_IMAGES)
        return Thumbnails([], *blank, blank, 1, 1, list(range(examples)), "")
    height, width, _ = image_shape(dataset)
    largest = min(LARGEST, math.isqrt(PIXELS // examples))
    scale = min(1, largest / max(height, width))
    height, width = (max(1, round(scale * size)) for size in (height, width))
    cell = tuple(BLOCK * math.ceil(size / BLOCK) for size in (width, height))
    columns, rows = (max(1, SHEET // size) for size in cell)
    images = _images(dataset, data_root)
    sheets, missing, problem = [], [], ""
    for start in range(0, examples, columns * rows):
        number = min(columns * rows, examples - start)
        shape = (math.ceil(number / columns) * cell[1], columns * cell[0], 3)
        sheet = np.zeros(shape, dtype=np.uint8)
        for place, image in enumerate(islice(images, number)):
            if isinstance(image, InputError):
                missing.append(start + place)
                problem = problem or str(image)
                continue
            top, left = place // columns * cell[1], place % columns * cell[0]
            sheet[top : top + cell[1], left : left + cell[0]] = _fill(image, (width, height), cell)
        sheets.append(_webp(sheet))
    return Thumbnails(sheets, width, height, cell, columns, rows, missing, problem)


def _fill(image: np.ndarray, size: tuple[int, int], cell: tuple[int, int]) -> np.ndarray:
    """Return an image as a thumbnail whose edges go on to the end of its cell, to stay sharp."""
    height, width, channels = image.shape
    if size != (width, height):
        thumbnail = Image.fromarray(image[..., 0] if channels == 1 else image)
        image = np.asarray(thumbnail.resize(size, Image.Resampling.BOX)).reshape(*size[::-1], -1)
    margins = ((0, cell[1] - size[1]), (0, cell[0] - size[0]), (0, 0))
    return np.pad(image, margins, mode="edge")


def _images(dataset: xr.Dataset, data_root: Path) -> Iterator[np.ndarray | InputError]:
    """Yield each image, (height, width, channel) uint8, or why it cannot be read."""
    if not has_files(dataset):
        yield from dataset["image"].values
        return
    files = ImageFiles(dataset, data_root)
    for index in range(len(files)):
        try:
            yield files.pixels(index)
        except InputError as error:
            yield error


def _webp(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()
