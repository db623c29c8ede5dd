"""Bi-modality against the epoch, a small panel for each of many ensembles."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.figures.style import GREY, PALETTE, broken, epoch_axis, footing, page
from created_equal.scores import MIDDLE, UNIFORM, independent_null, informative_epochs

COLUMNS = 3
HIGHEST = 3


def small_multiples(panels: Mapping[str, xr.Dataset]) -> Figure:
    """Return a page with a panel for each ensemble: bi-modality on the test set by epoch.

    A value counts only at the ``scores.informative_epochs`` of the test set; elsewhere the curve is
    thin and grey, and above ``HIGHEST`` it is cut off.

    Args:
        panels: name to scores of each ensemble, at least one.
    """
    columns = min(len(panels), COLUMNS)
    rows = -(-len(panels) // columns)
    figure = page(1.6 + 1.45 * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (name, scores) in zip(grid.flat, panels.items(), strict=False):
        _panel(axes, scores)
        axes.set_title(f"{broken(name, 34)}\n{least_words(scores)}", loc="left")
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    figure.supylabel("bi-modality")
    footing(
        figure,
        "epoch (0: untrained)",
        "Dashed: 2\u00a0-\u00a02/N, networks that err independently; dotted: 0.8, a uniform "
        "distribution; 0: two points. Band: 95 % over examples. Grey: the mean consistency is not "
        f"between {MIDDLE[0]} and {MIDDLE[1]}, and the measure says nothing of agreement. Least: "
        "over the epochs from 1 on that are not grey.",
    )
    return figure


def least_words(scores: xr.Dataset) -> str:
    """Return N and the least bi-modality of the trained networks that counts, with its epoch."""
    measure = scores["bimodality"].sel(split="test").values
    trained = scores["epoch"].values > 0
    counts = trained & informative_epochs(scores, "test") & ~np.isnan(measure)
    networks = f"N = {scores.sizes['network']}"
    if not counts.any():
        return f"{networks}, no epoch that counts"
    least = int(np.argmin(np.where(counts, measure, np.inf)))
    return f"{networks}, least {measure[least]:.2f} at epoch {int(scores['epoch'][least])}"


def _panel(axes: Axes, scores: xr.Dataset) -> None:
    epochs = scores["epoch"].values
    measure = scores["bimodality"].sel(split="test").values
    lower, upper = scores["bimodality_over_examples"].sel(split="test").values.T
    counts = informative_epochs(scores, "test")
    axes.plot(epochs, measure, color="0.6", linewidth=0.7, gid="all")
    axes.plot(
        epochs,
        np.where(counts, measure, np.nan),
        color=PALETTE[0],
        marker=".",
        markersize=3,
        gid="counts",
    )
    axes.fill_between(epochs, lower, upper, where=counts, color=PALETTE[0], alpha=0.3, linewidth=0)
    for level, line in ((independent_null(scores.sizes["network"]), "--"), (UNIFORM, ":")):
        axes.axhline(level, color=GREY, linestyle=line, linewidth=0.9)
    axes.set(ylim=(0, HIGHEST), yticks=range(HIGHEST + 1))
    axes.margins(x=0.02)
    epoch_axis(axes)
    axes.set_xlabel("")
