"""The images and class names that figures show."""

from pathlib import Path, PurePosixPath

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from created_equal.artefacts import read_images
from created_equal.errors import InputError
from created_equal.figures.style import GRAY, drawn_length

LONGEST = 25  # characters of a name


def images_of(
    names: np.ndarray, dataset: xr.Dataset, data_root: Path, figure: str, ensemble: str
) -> np.ndarray:
    """Return the images of examples (example,): (example, height, width, channel) uint8.

    ``data_root`` is the folder that the image folder is relative to, if images stay in files.
    ``figure`` and ``ensemble`` are named in error messages.

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


def show_image(axes: Axes, image: np.ndarray, **place) -> None:
    """Show an image (height, width, channel) uint8, in gray if it has one channel."""
    shown = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(shown, cmap="gray", vmin=0, vmax=255, **place)


def class_name(dataset: xr.Dataset, label: int, longest: int = LONGEST) -> str:
    """Return the class name of a label, cut to a ``drawn_length`` of ``longest``."""
    name = str(dataset["class_name"].values[label])
    if drawn_length(name) <= longest:
        return name
    cut = (f"{name[:end]}…" for end in range(min(len(name), 2 * longest), 0, -1))
    return next((each for each in cut if drawn_length(each) <= longest), "…")


def example_name(dataset: xr.Dataset, example: int) -> str:
    """Return an example's file name without its folder, cut, or its position if it has no file."""
    if "file" not in dataset:
        return f"position {example}"
    name = PurePosixPath(str(dataset["file"].sel(example=example).item())).name
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def draw_row(axes: Axes, top: float, images: np.ndarray, words: list[str]) -> None:
    """Draw images side by side, each in a unit square, with its words below; "none" without images.

    The y axis points down, with the images, (image, height, width, channel) uint8, below ``top``.
    """
    margin = 0.04
    if not len(images):
        axes.text(0.5, top + 0.5, "none", ha="center", va="center", color=GRAY)
    for column, image in enumerate(images):
        height, width = np.array(image.shape[:2]) / max(image.shape[:2]) * (1 - 2 * margin)
        left, above = column + (1 - width) / 2, top + (1 - height) / 2
        show_image(axes, image, extent=(left, left + width, above + height, above))
        axes.text(column + 0.5, top + 1, words[column], ha="center", va="top", linespacing=1.05)
