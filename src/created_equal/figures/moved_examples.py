"""Moved examples: are train examples learned the same way after moving to the test set?"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures import style

MARKS = 12
GROUPS = ("easiest", "random", "hardest")


@style.styled
def draw(moved: Mapping[str, xr.Dataset], scores: xr.Dataset, title: str, ensemble: str) -> Figure:
    """Draw the accuracy on the easiest, random and hardest moved examples over the epochs.

    ``moved`` has scores of the ensemble trained after the move, for each of ``GROUPS``; ``scores``
    are those of the ensemble trained on the full train set.
    """
    figure = style.page(4)
    axes, legend = figure.subplots(1, 2, width_ratios=(1, 0.32))
    for number, group in enumerate(GROUPS):
        epochs, curves = moved[group]["epoch"].values, moved[group]["accuracy_moved"].values
        band = np.percentile(curves, (2.5, 97.5), axis=0)
        size = moved[group].sizes["network"]
        label = f"{group}: {int(moved[group]['moved'].sum())} moved,\nN = {size} networks"
        mean = curves.mean(axis=0)
        style.curve(axes, epochs, mean, number, MARKS, band, markersize=3.5, label=label)
    on_test = scores["accuracy"].sel(split="test").mean("network").values
    look = {"color": style.GRAY, "linestyle": style.LINE_STYLES[3], "linewidth": 1.6}
    axes.plot(scores["epoch"].values, on_test, label="original test set", **look)
    style.mark_chance(axes, scores)
    axes.set(ylim=(-0.02, 1.02), ylabel="accuracy")
    axes.margins(x=0.02)
    style.epoch_axis(axes)
    style.legend_of(axes, legend, loc="upper left", handlelength=3)
    style.heading(
        figure,
        title,
        style.describe_all_epochs(ensemble, scores, 0),
        {ensemble: scores, **{f"{group} moved": moved[group] for group in GROUPS}},
    )
    style.footing(
        figure,
        "Lines and bands: mean over networks, and the range of the middle 95 % of networks. "
        f"Original test set: mean accuracy of {ensemble}, trained on the full train set. "
        f"{style.chance_words(scores)}",
    )
    return figure
