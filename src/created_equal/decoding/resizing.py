"""Resizing of images."""

import numpy as np
from PIL import Image, ImageOps


def fit(image: Image.Image, size: int) -> Image.Image:
    """Crop an image to its central square and resize that to size x size.

    Resizing is bilinear, and antialiased if the image becomes smaller.

    Args:
        image: 8 bits per channel, mode L or RGB.
        size: height and width in pixels.
    """
    return ImageOps.fit(image, (size, size), method=Image.Resampling.BILINEAR)


def resize(pixels: np.ndarray, size: int) -> np.ndarray:
    """Crop and resize pixels, see ``fit``.

    Args:
        pixels: (height, width, channel) uint8, with 1 or 3 channels.
        size: height and width of the result.

    Returns:
        (size, size, channel) uint8.
    """
    is_gray = pixels.shape[2] == 1
    image = Image.fromarray(pixels[..., 0] if is_gray else pixels)
    return np.asarray(fit(image, size)).reshape(size, size, -1)
