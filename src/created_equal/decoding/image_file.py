"""Decode an image file of any format to 8-bit pixels."""

import re
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from created_equal.decoding.resizing import fit

GRAY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N")


# The attribute texts has the warnings about the file that a thread decodes.
_warned = threading.local()


@dataclass(frozen=True)
class Decoded:
    """A decoded image file.

    Attributes:
        pixels: (height, width, 3) uint8.
        is_gray: whether the file was gray (three equal channels).
        format: its format, for example ``"PNG"``.
        changes: what its pixels lost or gained, in words that follow "3 images".
        brightest: of a file with more than 8 bits per channel, its largest value, as 0..255.
    """

    pixels: np.ndarray
    is_gray: bool
    format: str
    changes: tuple[str, ...] = ()
    brightest: int | None = None


def decode_image(file: Path | BinaryIO, size: int | None) -> Decoded:
    """Decode an image file; raises as ``open_image``.

    Args:
        file: its path or a binary stream, in any format that Pillow reads.
        size: height and width of the result (see ``resizing.fit``), or None to keep the size.
    """
    _warned.texts = []
    with _open(file) as image:
        is_deep = _is_deep(image)
        image.load()
        changes = tuple(_changes(image, size, is_deep))
        brightest = _brightest(image) if is_deep else None
        upright = _upright(image)
        if upright is None:
            changes += ("have EXIF data that cannot be read and are not rotated",)
        pixels = _as_rgb(upright or image)
        if size is not None:
            pixels = fit(pixels, size)
        is_gray = image.mode in GRAY_MODES
        # Numbers differ from file to file, and what differs is counted separately.
        texts = dict.fromkeys(re.sub(r"\d+", "N", text) for text in _warned.texts)
        changes += tuple(f'make Pillow warn: "{text}"' for text in texts)
        return Decoded(np.asarray(pixels), is_gray, str(image.format), changes, brightest)


@contextmanager
def keep_warnings() -> Iterator[None]:
    """Within the block, Pillow's warnings about a file become part of its ``Decoded.changes``.

    Python would show the first of each kind, without the file. Its filters belong to the process,
    so enter the block once for all threads.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # Large images that can be read.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        # A thread that decodes nothing has no list.
        warnings.showwarning = lambda text, *_: getattr(_warned, "texts", []).append(str(text))
        yield


def open_image(file: Path | BinaryIO) -> Image.Image:
    """Return an image file as 8-bit RGB at its full size.

    The image is rotated according to its EXIF orientation, if that can be read. Transparent pixels
    become white. 16-bit gray values are rounded to 8 bits (v / 257); of 16-bit color the higher
    byte is read. Palettes, CMYK and other color spaces become RGB. An animation yields its first
    frame.

    Raises:
        Exception: any error of Pillow for a file that it cannot read, and ValueError for pixels
            that have neither 8 nor 16 bits; ``why_unreadable`` describes it.
    """
    with _open(file) as image:
        image.load()
        return _as_rgb(_upright(image) or image)


def why_unreadable(error: Exception) -> str:
    """Describe in a few words why an image file could not be read."""
    if isinstance(error, UnidentifiedImageError):
        return "not an image, or of a format that Pillow cannot read, such as HEIC"
    if isinstance(error, Image.DecompressionBombError):
        n_pixels, most = (int(each) for each in re.findall(r"\d+", str(error)))
        return f"{n_pixels:,} pixels, but at most {most:,} can be read; reduce it"
    return str(getattr(error, "strerror", None) or error)


def _open(file: Path | BinaryIO) -> Image.Image:
    """Open an image file of any format but EPS, which Pillow would have Ghostscript execute."""
    image = Image.open(file)
    if image.format == "EPS":
        image.close()
        raise UnidentifiedImageError
    return image


def _upright(image: Image.Image) -> Image.Image | None:
    """Return an image rotated by its EXIF orientation, or None if its EXIF data cannot be read."""
    try:
        return ImageOps.exif_transpose(image)
    # The errors of Pillow's parser and writer of TIFF; the pixels were read before.
    except (
        *(SyntaxError, ValueError, LookupError, TypeError),
        *(AttributeError, ArithmeticError, struct.error),
    ):
        return None


def _is_deep(image: Image.Image) -> bool:
    """Return whether a file that is not loaded yet has more than 8 bits per channel.

    Pillow reads color images of 16 bits as 8 bits; only the raw mode of their tiles tells.
    """
    # BGR;16 is a BMP's 16 bits of all three channels together.
    modes = [str(tile[3]).replace("BGR;16", "") for tile in image.tile]
    return image.mode.startswith("I") or any(";16" in each for each in modes)


def _changes(image: Image.Image, size: int | None, is_deep: bool) -> Iterator[str]:
    if is_deep:
        yield "have more than 8 bits per channel, which are rounded to 8"
    if getattr(image, "is_animated", False):
        yield "have several frames or pages, of which only the first is read"
    # The A of LAB is no alpha, so ask Pillow.
    has_alpha = image.has_transparency_data and "A" in image.getbands()
    alpha = image.getchannel("A").getextrema()[0] if has_alpha else 255
    # Of a palette, the alpha of each color; otherwise the color that is transparent.
    keyed = image.info.get("transparency") if not image.mode.startswith("I") else None
    alpha = min([alpha, *keyed]) if isinstance(keyed, bytes) else alpha
    if alpha < 255 or (keyed is not None and not isinstance(keyed, bytes)):
        yield "have transparent pixels, which become white"
    if size is not None and min(image.size) < size:
        yield f"are smaller than {size} x {size} pixels and are enlarged"
    if size is not None and max(image.size) > 2 * min(image.size):
        yield "are so oblong that more than half of their pixels are cropped"


def _brightest(image: Image.Image) -> int:
    """Return the largest value of a deep image in any channel but alpha, as 0..255."""
    if image.mode.startswith("I"):
        return round(int(np.asarray(image).max()) / 257)
    bands = image.getbands()
    extrema = image.getextrema() if len(bands) > 1 else [image.getextrema()]
    return max(high for band, (_, high) in zip(bands, extrema, strict=True) if band != "A")


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        values = np.asarray(image)
        if image.mode == "F" or values.min() < 0 or values.max() > 65535:
            raise ValueError("its pixels have neither 8 nor 16 bits")
        image = Image.fromarray(np.rint(values / 257).astype(np.uint8))
    elif image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, "white")
        canvas.alpha_composite(image.convert("RGBA"))
        image = canvas
    return image.convert("RGB")
