"""Figure 11: five images, each with its own way through learning."""

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import consistency, read_images
from created_equal.errors import InputError
from created_equal.figures.style import (
    LETTERS,
    LINE_STYLES,
    MARKERS,
    PALETTE,
    chance,
    describe,
    epoch_axis,
    footing,
    heading,
    mark_chance,
    page,
    styled,
)
from created_equal.scores import LEAST_FIT, example_patterns

LONGEST_NAME = 25
MARKS = 20
"""Markers on a curve, about: enough to tell it by, few enough to see it."""


@styled
def draw(
    scores: xr.Dataset, dataset: xr.Dataset, title: str, ensemble: str, data_root: Path = Path()
) -> Figure:
    """Draw five images beside their curves of consistency against epoch.

    ``scores.example_patterns`` finds the best example of each pattern among all examples of the
    train and the test set.

    Args:
        scores: the ensemble's scores, as ``read_scores`` returns them.
        dataset: the study's, for the images and the classes' names.
        title: the study's title.
        ensemble: the ensemble's name.
        data_root: what the dataset's folder is relative to, where its images stay in files.

    Raises:
        InputError: fewer than five examples or two epochs, a dataset without these examples, or
            their files are missing or have changed.
    """
    patterns = example_patterns(scores["n_right"], scores.sizes["network"], chance(scores))
    names = scores["example"].values[[found.index for found in patterns.values()]]
    absent = ~np.isin(names, dataset["example"].values)
    if absent.any():
        raise InputError(
            f"figure_11 shows example {names[absent][0]} of {ensemble}, which the dataset does not "
            "have; build the scores again from this dataset."
        )
    epochs = scores["epoch"].values
    figure = page(6.6)
    grid = figure.subplots(len(patterns), 2, width_ratios=(1, 5), sharex="col", squeeze=False)
    for number, ((pattern, found), name) in enumerate(zip(patterns.items(), names, strict=True)):
        image, curve = grid[number]
        example = scores.isel(example=found.index)
        _image(image, read_images(dataset.sel(example=[name]), data_root)[0])
        curve.plot(
            epochs,
            consistency(example).values,
            color=PALETTE[number],
            linestyle=LINE_STYLES[number],
            marker=MARKERS[number],
            markersize=3,
            markevery=max(1, len(epochs) // MARKS),
            clip_on=False,
            zorder=3,
        )
        curve.margins(x=0.02)
        mark_chance(curve, scores, vertical=False)
        curve.set(ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", "0.5", "1"))
        curve.set_title(
            f"({LETTERS[number]}) {pattern} ({fit_words(found.fit)}): class "
            f"{class_name(dataset, example['label'].item())}, "
            f"{example['example_split'].item()} set, position {name}",
            loc="left",
        )
    epoch_axis(grid[-1, 1])
    figure.supylabel("consistency (fraction of the networks that are right)")
    details = f"{describe(ensemble, scores)}, epochs 0 to {epochs[-1]}"
    heading(figure, title, details, {ensemble: scores})
    footing(
        figure,
        f"Dashed: chance, 1/{scores.attrs['classes']}. Fit: how well the example shows the "
        "pattern, 0 to 1. Position: in the source, counted through the train and the test files.",
    )
    return figure


def fit_words(fit: float) -> str:
    """Return the words for how well an example shows a pattern; below ``LEAST_FIT`` they warn."""
    return f"fit {fit:.2f}" if fit >= LEAST_FIT else f"best fit only {fit:.2f}"


def class_name(dataset: xr.Dataset, label: int) -> str:
    """Return the name that a dataset has for a label, cut to fit above a panel."""
    name = str(dataset["class_name"].values[label])
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."


def _image(axes: Axes, pixels: np.ndarray) -> None:
    axes.imshow(
        pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels, cmap="gray", vmin=0, vmax=255
    )
    axes.set_axis_off()
