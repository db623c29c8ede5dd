"""From an image file of any kind to 8-bit pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from created_equal.decoding.resizing import fit

GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Decoded:
    """Pixels (height, width, 3) uint8, and whether the file was grey (three equal channels)."""

    pixels: np.ndarray
    is_grey: bool


def decode_image(file: Path | BinaryIO, size: int | None) -> Decoded:
    """Decode an image file.

    Args:
        file: its path or its bytes, see ``open_image``.
        size: the wanted height and width (see ``resizing.fit``), or None to leave them.

    Raises:
        Exception: see ``open_image``.
    """
    image, is_grey = open_image(file)
    if size is not None:
        image = fit(image, size)
    return Decoded(np.asarray(image), is_grey)


def open_image(file: Path | BinaryIO) -> tuple[Image.Image, bool]:
    """Return an image file as RGB of 8 bits, at its full size, and whether it was grey.

    It is turned upright as its EXIF orientation says. What is transparent shows white. 16 bits
    are rounded to 8 (v / 257). Palettes, CMYK and other colour spaces become RGB. Of an animation
    the first frame is taken.

    Args:
        file: of any format that Pillow reads.

    Raises:
        Exception: whatever Pillow raises on a file that it cannot read, and ValueError for pixels
            that are neither 8 nor 16 bits deep; ``why_unreadable`` puts it in words.
    """
    with Image.open(file) as image:
        image.load()
        return _as_rgb(ImageOps.exif_transpose(image)), image.mode in GREY_MODES


def why_unreadable(error: Exception) -> str:
    """Return in a few words why an image file could not be read."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    return str(getattr(error, "strerror", None) or error)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return _eight_bits(image).convert("RGB")
    if image.has_transparency_data:
        upon_white = Image.new("RGBA", image.size, "white")
        upon_white.alpha_composite(image.convert("RGBA"))
        return upon_white.convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise ValueError("its pixels are neither 8 nor 16 bits deep")
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))
