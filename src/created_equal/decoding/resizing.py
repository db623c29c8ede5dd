"""Resizing of images."""

import numpy as np
from PIL import Image, ImageOps


def fit(image: Image.Image, size: int) -> Image.Image:
    """Crop an image (mode L or RGB) to its central square and resize that to size x size pixels.

    Resizing is bilinear, and antialiased if the image becomes smaller.
    """
    return ImageOps.fit(image, (size, size), method=Image.Resampling.BILINEAR)


def resize(pixels: np.ndarray, size: int) -> np.ndarray:
    """Crop and resize uint8 pixels (height, width, channel) to (size, size, channel), see ``fit``.

    There are 1 or 3 channels.
    """
    is_gray = pixels.shape[2] == 1
    image = Image.fromarray(pixels[..., 0] if is_gray else pixels)
    return np.asarray(fit(image, size)).reshape(size, size, -1)
