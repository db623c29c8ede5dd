"""Bi-modality over the epochs, for all ensembles of a study or for one of each study."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.figures import style
from created_equal.figures.selection import check_splits
from created_equal.scores import MIDDLE, bimodality_of_uniform, independent_null, informative_epochs

COLUMNS = 3
HIGHEST = 3


@style.styled
def draw(
    ensembles: Mapping[str, xr.Dataset],
    title: str,
    shown: str = "ensembles trained with different settings",
) -> Figure:
    """Draw bi-modality on the test set by epoch, with a panel for each ensemble.

    Curves are thin and gray at epochs that are not ``scores.informative_epochs`` of the test set,
    and cut off above ``HIGHEST``. ``shown`` describes the ensembles in the heading.
    """
    check_splits("robustness", ["test"], *ensembles.values())
    columns = min(len(ensembles), COLUMNS)
    rows = -(-len(ensembles) // columns)
    figure = style.page(1.6 + 1.45 * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (name, scores) in zip(grid.flat, ensembles.items(), strict=False):
        _panel(axes, scores)
        axes.set_title(f"{style.wrap_name(name, 34)}\n{lowest_words(scores)}")
    for axes in grid.flat[len(ensembles) :]:
        axes.set_axis_off()
    figure.supylabel("bi-modality")
    details = f"bi-modality of consistency on the test set, for {shown}"
    style.heading(figure, title, details, ensembles)
    style.footing(
        figure,
        "epoch (0: untrained)",
        "Bi-modality is 2\u00a0-\u00a02/N for networks that err independently (dashed), "
        "0.8\u00a0-\u00a02.4/(N\u00b2\u00a0+\u00a02N) for a uniform distribution (dotted), and 0 "
        "for two points. Band: 95 % interval over examples. Gray: mean consistency is not between "
        f"{MIDDLE[0]} and {MIDDLE[1]}, so bi-modality is not informative. "
        "Lowest: over all epochs from 1 on that are not gray.",
    )
    return figure


def lowest_words(scores: xr.Dataset) -> str:
    """Return N, and the lowest bi-modality of all informative epochs from 1 on, with its epoch."""
    counts = (scores["epoch"] > 0) & informative_epochs(scores, "test")
    measure = scores["bimodality"].sel(split="test").where(counts)
    text = f"N = {scores.sizes['network']}"
    if measure.isnull().all():
        return f"{text}, no informative epoch from 1 on"
    return f"{text}, lowest {float(measure.min()):.2f} at epoch {int(measure.idxmin())}"


def _panel(axes: Axes, scores: xr.Dataset) -> None:
    epochs = scores["epoch"].values
    measure = scores["bimodality"].sel(split="test").values
    lower, upper = scores["bimodality_over_examples"].sel(split="test").values.T
    counts = informative_epochs(scores, "test")
    color, counted = style.PALETTE[0], np.where(counts, measure, np.nan)
    axes.plot(epochs, measure, color="0.6", linewidth=0.7, gid="all")
    axes.plot(epochs, counted, color=color, marker=".", markersize=3, gid="counts")
    axes.fill_between(epochs, lower, upper, where=counts, color=color, alpha=0.3, linewidth=0)
    # The band of a single epoch has no width.
    is_alone = counts & ~np.append(counts[1:], False) & ~np.append(False, counts[:-1])
    ends = epochs[is_alone], lower[is_alone], upper[is_alone]
    axes.vlines(*ends, color=color, alpha=0.3, linewidth=3)
    for level, line in ((independent_null, "--"), (bimodality_of_uniform, ":")):
        axes.axhline(
            level(scores.sizes["network"]), color=style.GRAY, linestyle=line, linewidth=0.9
        )
    axes.set(ylim=(0, HIGHEST), yticks=range(HIGHEST + 1))
    axes.margins(x=0.02)
    style.epoch_axis(axes)
    axes.set_xlabel("")
