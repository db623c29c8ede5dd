"""From an image file of any kind to 8-bit pixels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from created_equal.datasets.resizing import fit

GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N")


@dataclass(frozen=True)
class Decoded:
    """Pixels (height, width, 3) uint8, and whether the file was grey (three equal channels)."""

    pixels: np.ndarray
    is_grey: bool


def decode_image(path: Path, size: int | None) -> Decoded:
    """Decode an image file.

    It is turned upright as its EXIF orientation says. What is transparent shows white. 16 bits
    are rounded to 8 (v / 257). Palettes, CMYK and other colour spaces become RGB. Of an animation
    the first frame is taken.

    Args:
        path: the file, of any format that Pillow reads.
        size: the wanted height and width (see ``resizing.fit``), or None to leave them.

    Raises:
        Exception: whatever Pillow raises on a file that it cannot read, and ValueError for pixels
            that are neither 8 nor 16 bits deep.
    """
    with Image.open(path) as file:
        file.load()
        is_grey = file.mode in GREY_MODES
        image = _as_rgb(ImageOps.exif_transpose(file))
    if size is not None:
        image = fit(image, size)
    return Decoded(np.asarray(image), is_grey)


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
