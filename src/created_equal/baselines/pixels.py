"""The features of the classifiers: standardized pixels."""

import numpy as np
import xarray as xr


def standardize_pixels(dataset: xr.Dataset) -> np.ndarray:
    """Standardize each channel by its mean and deviation over the train set; return images as rows.

    Args:
        dataset: see ``artefacts.make_dataset``.

    Returns:
        (example, height * width * channel) float32; a constant channel is 0.
    """
    mean = dataset["channel_mean"].values.astype(np.float32)
    std = dataset["channel_std"].values.astype(np.float32)
    images = dataset["image"].values.astype(np.float32)
    images -= mean
    images /= np.where(std > 0, std, 1)
    return images.reshape(len(images), -1)
