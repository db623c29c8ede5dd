"""Decode an image file of any format to 8-bit pixels."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from created_equal.decoding.resizing import fit

GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Decoded:
    """Pixels (height, width, 3) uint8, and whether the file was gray (three equal channels)."""

    pixels: np.ndarray
    is_gray: bool


def decode_image(file: Path | BinaryIO, size: int | None) -> Decoded:
    """Decode an image file.

    Args:
        file: its path or a binary stream, in any format that Pillow reads.
        size: height and width of the result (see ``resizing.fit``), or None to keep the size.

    Raises:
        Exception: see ``open_image``.
    """
    image, is_gray = open_image(file)
    if size is not None:
        image = fit(image, size)
    return Decoded(np.asarray(image), is_gray)


def open_image(file: Path | BinaryIO) -> tuple[Image.Image, bool]:
    """Return an image file as 8-bit RGB at its full size, and whether it was gray.

    The image is rotated according to its EXIF orientation. Transparent pixels become white. 16-bit
    values are rounded to 8 bits (v / 257). Palettes, CMYK and other color spaces become RGB. An
    animation yields its first frame.

    Args:
        file: its path or a binary stream, in any format that Pillow reads.

    Raises:
        Exception: any error of Pillow for a file that it cannot read, and ValueError for pixels
            that have neither 8 nor 16 bits; ``why_unreadable`` describes it.
    """
    with Image.open(file) as image:
        image.load()
        return _as_rgb(ImageOps.exif_transpose(image)), image.mode in GRAY_MODES


def why_unreadable(error: Exception) -> str:
    """Describe in a few words why an image file could not be read."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    return str(getattr(error, "strerror", None) or error)


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return _to_8_bits(image).convert("RGB")
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, "white")
        canvas.alpha_composite(image.convert("RGBA"))
        return canvas.convert("RGB")
    return image.convert("RGB")


def _to_8_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if image.mode == "F" or values.min() < 0 or values.max() > 65535:
        raise ValueError("its pixels have neither 8 nor 16 bits")
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))
