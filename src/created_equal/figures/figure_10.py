"""Figure 10: the consistency of every example over time."""

from collections.abc import Iterable

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, iterate_epochs, select_split
from created_equal.figures import style
from created_equal.figures.selection import check_splits

COLORS = "viridis"
MOST_ROWS = 600


@style.styled
def draw(scores: xr.Dataset, title: str, ensemble: str) -> Figure:
    """Draw consistency as an image with a row for each example and a column for each epoch.

    Each split is sorted by accessibility, with the easiest examples on top. With more than
    ``MOST_ROWS`` examples, each row is the mean of neighboring examples.
    """
    check_splits("figure_10", SPLITS, scores)
    figure = style.page(4.2)
    grid = figure.subplots(1, len(SPLITS), sharex=True, sharey=True)
    epochs = scores["epoch"].values
    first, last = int(epochs[0]), int(epochs[-1])
    for axes, letter, split in zip(grid, "ab", SPLITS, strict=True):
        accessibility = select_split(scores[["accessibility"]], split)["accessibility"].values
        rows = sorted_rows(iterate_epochs(scores, "consistency", split), accessibility)
        # Each epoch reaches half way to those that were recorded before and after it.
        edges = np.concatenate([[first - 0.5], (epochs[1:] + epochs[:-1]) / 2, [last + 0.5]])
        percent = np.linspace(100, 0, len(rows) + 1)
        look = {"cmap": COLORS, "vmin": 0, "vmax": 1, "rasterized": True}
        image = axes.pcolormesh(edges, percent, rows, **look)
        axes.set_title(f"({letter}) {split} set, {len(accessibility):,} examples")
        style.epoch_axis(axes)
    grid[0].set_ylabel("examples by accessibility\nhardest (0 %) to easiest (100 %)")
    bar = figure.colorbar(image, ax=grid, label="consistency")
    look = {"color": "white", "linestyle": "--", "linewidth": 1.2}
    bar.ax.axhline(style.chance(scores), gid="chance", **look)
    details = style.describe_all_epochs(ensemble, scores, first)
    is_whole = len(epochs) == last - first + 1
    gaps = "" if is_whole else " Not every epoch was recorded."
    style.heading(figure, title, details, {ensemble: scores})
    style.footing(
        figure,
        f"Dashed line in the color bar: chance, 1/{scores.attrs['classes']}. "
        "Accessibility: mean consistency over all epochs from 1 on." + gaps,
    )
    return figure


def sorted_rows(consistency: Iterable[np.ndarray], accessibility: np.ndarray) -> np.ndarray:
    """Return consistency (row, epoch) float64, sorted by accessibility, the highest first.

    ``consistency`` has for each epoch an array (example,). Rows are examples, or means of
    neighboring examples if there are more than ``MOST_ROWS``.
    """
    order = np.argsort(-accessibility, kind="stable")
    groups = np.array_split(order, min(len(order), MOST_ROWS))
    means = [[scores[group].mean(dtype=float) for group in groups] for scores in consistency]
    return np.array(means).T
