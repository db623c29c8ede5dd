"""Examples moved from the train to the test set: are they learnt as if they had stayed?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures.style import (
    GREY,
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
"""Markers on a curve, about."""
GROUPS = ("easiest", "random", "hardest")


@styled
def draw(moved: Mapping[str, xr.Dataset], scores: xr.Dataset, title: str, ensemble: str) -> Figure:
    """Draw the accuracy of the easiest, random and hardest moved examples against the epoch.

    Args:
        moved: for each of ``GROUPS`` the scores of the ensemble whose dataset was made so.
        scores: of the ensemble that was trained on all, whose test accuracy is the reference.
        title: the study's title.
        ensemble: its name.
    """
    figure = page(4)
    axes, aside = figure.subplots(1, 2, width_ratios=(1, 0.32))
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
        color=GREY,
        linestyle=LINE_STYLES[3],
        linewidth=1.6,
        label="original test set",
    )
    mark_chance(axes, scores, vertical=False)
    axes.set(ylim=(-0.02, 1.02), ylabel="accuracy")
    axes.margins(x=0.02)
    epoch_axis(axes)
    aside.set_axis_off()
    aside.legend(*axes.get_legend_handles_labels(), loc="upper left", borderpad=0, handlelength=3)
    networks = ", ".join(f"{group} N = {moved[group].sizes['network']}" for group in GROUPS)
    heading(
        figure,
        title,
        f"{describe(ensemble, scores)}, epochs 0 to {int(scores['epoch'].max())}; "
        f"after the move: {networks}",
        {ensemble: scores, **{f"{group} moved": moved[group] for group in GROUPS}},
    )
    footing(
        figure,
        "Lines and bands: mean of the networks, and the middle 95 % of them. Original test set: "
        f"the mean accuracy of {ensemble}, from whose train set nothing was moved. Dashed level "
        f"line: chance, 1/{scores.attrs['classes']}.",
    )
    return figure
