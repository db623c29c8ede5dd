"""Figure 11: five images that are learned in different ways."""

from pathlib import Path

import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import consistency
from created_equal.figures.images import as_drawn, class_name, images_of
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

MARKS = 20
"""Approximate number of markers on a curve."""


@styled
def draw(
    scores: xr.Dataset, dataset: xr.Dataset, title: str, ensemble: str, data_root: Path = Path()
) -> Figure:
    """Draw five images, each with its consistency over the epochs.

    ``scores.example_patterns`` finds the best example of each pattern in both splits.

    Args:
        scores: the ensemble's scores, from ``read_scores`` or ``open_scores``.
        dataset: the study's dataset, for images and class names.
        title: the study's title.
        ensemble: the ensemble's name.
        data_root: folder that the image folder is relative to, if images stay in files.

    Raises:
        InputError: there are fewer than five examples or two epochs, the dataset does not have the
            examples, or their files are missing or have changed.
    """
    patterns = example_patterns(scores["n_right"], scores.sizes["network"], chance(scores))
    names = scores["example"].values[[found.index for found in patterns.values()]]
    images = images_of(names, dataset, data_root, "figure_11", ensemble)
    epochs = scores["epoch"].values
    figure = page(6.6)
    grid = figure.subplots(len(patterns), 2, width_ratios=(1, 5), sharex="col", squeeze=False)
    for number, ((pattern, found), name) in enumerate(zip(patterns.items(), names, strict=True)):
        image, curve = grid[number]
        example = scores.isel(example=found.index)
        image.imshow(as_drawn(images[number]), cmap="gray", vmin=0, vmax=255)
        image.set_axis_off()
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
        "pattern, from 0 to 1. Position: index in the source, train files first, then test files.",
    )
    return figure


def fit_words(fit: float) -> str:
    """Return the text for an example's fit to a pattern, a warning if it is below ``LEAST_FIT``."""
    return f"fit {fit:.2f}" if fit >= LEAST_FIT else f"best fit only {fit:.2f}"
