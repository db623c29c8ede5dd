"""Thumbnails of a dataset's images on sprite sheets."""

import io
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from PIL import Image

from created_equal.artefacts import ImageFiles, has_files, image_shape
from created_equal.errors import InputError

SHEET = 2048
"""The largest width and height of a sheet, in pixels."""
PIXELS = 60_000 * 32 * 32
"""Of all thumbnails together, about: many images have smaller thumbnails."""
LARGEST = 128
BLOCK = 16
"""WebP compresses blocks of this size; no two thumbnails share one."""
QUALITY = 75

log = logging.getLogger(__name__)


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
    """Make a thumbnail of each image of a dataset.

    Args:
        dataset: from ``open_dataset`` or ``read_dataset``, or some of its examples.
        data_root: folder that the image folder is relative to, if images stay in files.
    """
    height, width, _ = image_shape(dataset)
    largest = min(LARGEST, math.isqrt(PIXELS // dataset.sizes["example"]))
    scale = min(1, largest / max(height, width))
    height, width = (max(1, round(scale * size)) for size in (height, width))
    cell = tuple(BLOCK * math.ceil(size / BLOCK) for size in (width, height))
    columns, rows = (max(1, SHEET // size) for size in cell)
    sheets, missing, problem, sheet = [], [], "", None
    for index, image in enumerate(_images(dataset, data_root)):
        row, column = divmod(index % (columns * rows), columns)
        if row == column == 0:
            left = math.ceil((dataset.sizes["example"] - index) / columns)
            sheet = np.zeros((min(rows, left) * cell[1], columns * cell[0], 3), dtype=np.uint8)
            sheets.append(sheet)
        if isinstance(image, InputError):
            missing.append(index)
            problem = problem or str(image)
            continue
        thumbnail = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
        if scale < 1:
            thumbnail = thumbnail.resize((width, height), Image.Resampling.BOX)
        # The edges continue to the end of the block, so that they stay sharp.
        margins = ((0, cell[1] - height), (0, cell[0] - width), (0, 0))
        padded = np.pad(np.asarray(thumbnail.convert("RGB")), margins, mode="edge")
        place = slice(row * cell[1], (row + 1) * cell[1]), slice(column * cell[0], None)
        sheet[place][:, : cell[0]] = padded
        if row == rows - 1 and column == columns - 1:
            sheets[-1] = _webp(sheet)
    if isinstance(sheets[-1], np.ndarray):
        sheets[-1] = _webp(sheets[-1])
    return Thumbnails(sheets, width, height, cell, columns, rows, missing, problem)


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
