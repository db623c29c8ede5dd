"""Figure 10: every example's consistency score over time."""

from collections.abc import Iterable

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, each_epoch, of_split
from created_equal.figures.style import chance, describe, epoch_axis, footing, heading, page, styled

COLOURS = "viridis"
MOST_ROWS = 600


@styled
def draw(scores: xr.Dataset, title: str, ensemble: str) -> Figure:
    """Draw consistency against epoch for the whole set as an image, a row an example.

    The examples are sorted by accessibility, the easiest on top, in each split by itself. With
    more than ``MOST_ROWS`` examples a row is the mean of neighbours in this order.

    Args:
        scores: the ensemble's scores, as ``read_scores`` returns them.
        title: the study's title.
        ensemble: the ensemble's name.
    """
    figure = page(4.2)
    grid = figure.subplots(1, len(SPLITS), sharex=True, sharey=True)
    last = int(scores["epoch"].max())
    for axes, letter, split in zip(grid, "ab", SPLITS, strict=True):
        part = of_split(scores[["accessibility"]], split)
        image = axes.imshow(
            sorted_rows(each_epoch(scores, "consistency", split), part["accessibility"].values),
            cmap=COLOURS,
            vmin=0,
            vmax=1,
            aspect="auto",
            interpolation="nearest",
            extent=(-0.5, last + 0.5, 0, 100),
        )
        axes.set_title(f"({letter}) {split} set, {part.sizes['example']:,} examples", loc="left")
        epoch_axis(axes)
    grid[0].set_ylabel("examples by accessibility\nhardest (0 %) to easiest (100 %)")
    bar = figure.colorbar(image, ax=grid, label="consistency")
    bar.ax.axhline(chance(scores), color="white", linestyle="--", linewidth=1.2, gid="chance")
    details = f"{describe(ensemble, scores)}, epochs 0 to {last}"
    heading(figure, title, details, {ensemble: scores})
    footing(
        figure,
        f"Dashed line in the colour bar: chance, 1/{scores.attrs['classes']}. "
        "Accessibility: mean consistency over all epochs from 1 on.",
    )
    return figure


def sorted_rows(consistency: Iterable[np.ndarray], accessibility: np.ndarray) -> np.ndarray:
    """Return the examples' curves sorted by accessibility, the highest first.

    Args:
        consistency: (example,) in 0..1 of one epoch after the other.
        accessibility: (example).

    Returns:
        (row, epoch) float64: one row an example up to ``MOST_ROWS``; beyond, each row is the mean
        of neighbours, in groups whose sizes differ by at most one.
    """
    order = np.argsort(-accessibility, kind="stable")
    groups = np.array_split(order, min(len(order), MOST_ROWS))
    means = [[scores[group].mean(dtype=float) for group in groups] for scores in consistency]
    return np.array(means).T
