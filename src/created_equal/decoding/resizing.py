"""The one way in which images are resized."""

import numpy as np
from PIL import Image, ImageOps


def fit(image: Image.Image, size: int) -> Image.Image:
    """Return the central square of an image, size x size.

    The shorter side becomes ``size`` and the longer one is cropped alike at both ends; bilinear,
    and averaged over the shrunken area (antialiased) where the image becomes smaller.

    Args:
        image: 8 bits a channel, mode L or RGB.
        size: pixels.
    """
    return ImageOps.fit(image, (size, size), method=Image.Resampling.BILINEAR)


def resize(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return the central square of an image (see ``fit``).

    Args:
        pixels: (height, width, channel) uint8, channel 1 or 3.
        size: pixels.

    Returns:
        (size, size, channel) uint8.
    """
    grey = pixels.shape[2] == 1
    image = Image.fromarray(pixels[..., 0] if grey else pixels)
    return np.asarray(fit(image, size)).reshape(size, size, -1)
