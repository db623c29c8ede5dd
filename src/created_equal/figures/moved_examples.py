"""Examples moved from the train to the test set: are they learnt as if they had stayed?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import open_predictions, read_chosen
from created_equal.errors import InputError
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
def draw(
    moved: Mapping[str, xr.DataArray], scores: xr.Dataset, title: str, ensemble: str
) -> Figure:
    """Draw the accuracy of the easiest, random and hardest moved examples against the epoch.

    Args:
        moved: what ``moved_accuracy`` returns, for each of ``GROUPS``.
        scores: of the ensemble that was trained on all, whose test accuracy is the reference.
        title: the study's title.
        ensemble: its name.
    """
    figure = page(4)
    axes, aside = figure.subplots(1, 2, width_ratios=(1, 0.32))
    for number, group in enumerate(GROUPS):
        epochs, curves = moved[group]["epoch"].values, moved[group].values
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
            label=f"{group}: {moved[group].attrs['examples']} moved",
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
    )
    footing(
        figure,
        "Lines and bands: mean of the networks, and the middle 95 % of them. Original test set: "
        f"the mean accuracy of {ensemble}, from whose train set nothing was moved. Dashed level "
        f"line: chance, 1/{scores.attrs['classes']}.",
    )
    return figure


def moved_accuracy(predictions: Sequence[Path], chosen: Path, networks: int) -> xr.DataArray:
    """Return how many of the examples that were moved to the test set each network gets right.

    Args:
        predictions: the predictions files of an ensemble whose dataset was made by moving.
        chosen: the table of what was moved.
        networks: N; those with the numbers 0 to N - 1 count.

    Returns:
        accuracy (network, epoch) float64 in 0..1, with the attribute examples, their number.

    Raises:
        InputError: a file is missing or damaged, or moved examples are in none of the test sets.
    """
    table = read_chosen(chosen)
    moved = np.sort(table["example"][table["what"] == "moved"].to_numpy())
    parts = []
    for path in predictions:
        with open_predictions(path) as contents:
            of_test = contents["example_split"].values == "test"
            places = np.flatnonzero(of_test & np.isin(contents["example"].values, moved))
            if not len(moved) or len(places) < len(moved):
                raise InputError(
                    f"{chosen} does not say which test examples of {path} were moved; delete both "
                    "and build them again."
                )
            predicted = contents["prediction"].values
            right = predicted[..., places] == contents["label"].values[places]
            coordinates = {name: contents[name].values for name in ("network", "epoch")}
            parts.append(xr.DataArray(right.mean(axis=-1), coordinates))
    accuracy = xr.concat(parts, "network")
    return accuracy.sel(network=range(networks)).assign_attrs(examples=len(moved))
