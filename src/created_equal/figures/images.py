"""The images and the classes' names that figures show."""

from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts import read_images
from created_equal.errors import InputError


def images_of(
    names: np.ndarray, dataset: xr.Dataset, data_root: Path, figure: str, ensemble: str
) -> np.ndarray:
    """Return the images of some examples, by name: (example, height, width, channel) uint8.

    Args:
        names: (example,) positions in the source.
        dataset: the study's.
        data_root: folder that the image folder is relative to, if images stay in files.
        figure: the figure's name, for error messages.
        ensemble: the ensemble's name, for error messages.

    Raises:
        InputError: the dataset does not have the examples, or their files are missing or have
            changed.
    """
    is_missing = ~np.isin(names, dataset["example"].values)
    if is_missing.any():
        raise InputError(
            f"{figure} shows example {names[is_missing][0]} of {ensemble}, which the dataset does "
            "not have; build the scores again from this dataset."
        )
    shown = [read_images(dataset.sel(example=[name]), data_root) for name in names]
    return np.concatenate(shown) if shown else np.empty((0, 1, 1, 1), dtype=np.uint8)


def as_drawn(image: np.ndarray) -> np.ndarray:
    """Return an image (height, width, channel) as matplotlib draws it: gray without channel."""
    return image[..., 0] if image.shape[-1] == 1 else image


def class_name(dataset: xr.Dataset, label: int, longest: int = 25) -> str:
    """Return the class name of a label, cut to a number of characters."""
    name = str(dataset["class_name"].values[label])
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
