"""Moved examples: are train examples learned the same way after moving to the test set?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures.style import (
    GRAY,
    LINE_STYLES,
    MARKERS,
    PALETTE,
    describe,
    epoch_axis,
    footing,
    heading,
    mark_chance,
    page,
    styled,
)

MARKS = 12
"""Approximate number of markers on a curve."""
GROUPS = ("easiest", "random", "hardest")


@styled
def draw(moved: Mapping[str, xr.Dataset], scores: xr.Dataset, title: str, ensemble: str) -> Figure:
    """Draw the accuracy on the easiest, random and hardest moved examples over the epochs.

    Args:
        moved: scores of the ensemble trained after the move, for each of ``GROUPS``.
        scores: scores of the ensemble trained on the full train set, for comparison.
        title: the study's title.
        ensemble: the name of that ensemble.
    """
    figure = page(4)
    axes, legend = figure.subplots(1, 2, width_ratios=(1, 0.32))
    for number, group in enumerate(GROUPS):
        epochs, curves = moved[group]["epoch"].values, moved[group]["accuracy_moved"].values
        lower, upper = np.percentile(curves, (2.5, 97.5), axis=0)
        axes.fill_between(epochs, lower, upper, color=PALETTE[number], alpha=0.2, linewidth=0)
        axes.plot(
            epochs,
            curves.mean(axis=0),
            color=PALETTE[number],
            linestyle=LINE_STYLES[number],
            marker=MARKERS[number],
            markersize=3.5,
            markevery=max(1, len(epochs) // MARKS),
            label=f"{group}: {int(moved[group]['moved'].sum())} moved",
        )
    axes.plot(
        scores["epoch"].values,
        scores["accuracy"].sel(split="test").mean("network").values,
        color=GRAY,
        linestyle=LINE_STYLES[3],
        linewidth=1.6,
        label="original test set",
    )
    mark_chance(axes, scores, vertical=False)
    axes.set(ylim=(-0.02, 1.02), ylabel="accuracy")
    axes.margins(x=0.02)
    epoch_axis(axes)
    legend.set_axis_off()
    legend.legend(*axes.get_legend_handles_labels(), loc="upper left", borderpad=0, handlelength=3)
    moved_sizes = ", ".join(f"{group} N = {moved[group].sizes['network']}" for group in GROUPS)
    heading(
        figure,
        title,
        f"{describe(ensemble, scores)}, epochs 0 to {int(scores['epoch'].max())}; "
        f"after the move: {moved_sizes}",
        {ensemble: scores, **{f"{group} moved": moved[group] for group in GROUPS}},
    )
    footing(
        figure,
        "Lines and bands: mean over networks, and the range of the middle 95 % of networks. "
        f"Original test set: mean accuracy of {ensemble}, trained on the full train set. Dashed: "
        f"chance, 1/{scores.attrs['classes']}.",
    )
    return figure
