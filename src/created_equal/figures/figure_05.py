"""Figure 5: do linear networks get the same examples right as non-linear networks?"""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from created_equal.artefacts import select_epochs, select_split
from created_equal.figures.alignment import align
from created_equal.figures.histograms import (
    bars,
    bimodality_scale,
    bimodality_words,
    finish_panel,
    fractions,
)
from created_equal.figures.style import (
    HATCH_COLOR,
    LETTERS,
    PALETTE,
    check_epochs,
    describe,
    footing_of_legend,
    heading,
    page,
    styled,
)
from created_equal.scores import bin_edges, majority_right

NON_LINEAR = {"facecolor": PALETTE[0], "hatch": ""}
LINEAR = {"facecolor": PALETTE[3], "hatch": "////"}


@styled
def draw(
    ensembles: Mapping[str, xr.Dataset], title: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw consistency of (a, b) non-linear networks at two epochs, (c) linear networks.

    All panels show the test set. In (a) and (b), bars in front show the examples that more than
    half of the linear networks classify correctly at the same epoch. (c) is at the second epoch.

    Args:
        ensembles: scores of two ensembles of one dataset, by name; the second is linear.
        title: the study's title.
        epochs: two epochs; by default 1 and the last epoch that both ensembles have.

    Raises:
        InputError: there are not two epochs, an ensemble was not trained that long, or the datasets
            differ.
    """
    first_name, linear_name = ensembles
    scores, linear = align(*ensembles.values(), "test", "figure_05", tuple(ensembles))
    if epochs is None:
        epochs = (1, min(int(each["epoch"].max()) for each in (scores, linear)))
    for each in (scores, linear):
        epochs = check_epochs(each, epochs, 2, "figure_05")
    scores, linear = (select_epochs(each, epochs) for each in (scores, linear))
    figure = page(3.6)
    panels = figure.subplots(1, 3, sharex=True)
    for axes, letter, epoch in zip(panels, LETTERS, epochs, strict=False):
        n_right, n_networks = scores["n_right"].sel(epoch=epoch).values, scores.sizes["network"]
        linear_right = majority_right(
            linear["n_right"].sel(epoch=epoch).values, linear.sizes["network"]
        )
        _overlay(axes, n_right, linear_right, n_networks)
        words = chances_words(majority_right(n_right, n_networks), linear_right)
        axes.set_title(f"({letter}) epoch {epoch}\n{words}", loc="left")
    _draw_linear(panels[2], linear, epochs[1])
    for axes, shown in zip(panels, (scores, scores, linear), strict=True):
        finish_panel(axes, shown)
        axes.set_xlabel("consistency")
    panels[0].set_ylabel("fraction of test examples")
    details = (describe(name, each, epochs) for name, each in ensembles.items())
    heading(figure, title, "; ".join(details), ensembles)
    footing_of_legend(
        figure,
        f"Dashed: chance, 1/{scores.attrs['classes']}. Right: more than half of the networks are "
        f"right. {bimodality_scale(linear.sizes['network'])}",
        [
            Patch(label=f"{first_name}: all test examples", **NON_LINEAR),
            Patch(
                label=f"{linear_name}: in (a, b) the examples it gets right, in (c) all",
                hatchcolor=HATCH_COLOR,
                **LINEAR,
            ),
        ],
    )
    return figure


def chances_words(right: np.ndarray, linear_right: np.ndarray) -> str:
    """Return two lines: P(right), and P(right) given that the linear networks are right.

    Args:
        right: (example,) bool, whether the majority of the non-linear networks is right.
        linear_right: (example,) bool, whether the majority of the linear networks is right.
    """
    given = f"{right[linear_right].mean():.2f}" if linear_right.any() else "undefined"
    return f"P(right) = {right.mean():.2f}\nP(right | linear right) = {given}"


def _overlay(axes: Axes, n_right: np.ndarray, linear_right: np.ndarray, n_networks: int) -> None:
    edges = bin_edges(n_networks)
    bars(axes, fractions(n_right, n_networks, edges), edges, **NON_LINEAR)
    if linear_right.any():
        part = fractions(n_right[linear_right], n_networks, edges) * linear_right.mean()
        bars(axes, part, edges, **LINEAR)


def _draw_linear(axes: Axes, linear: xr.Dataset, epoch: int) -> None:
    edges = bin_edges(linear.sizes["network"])
    n_right = select_split(linear, "test")["n_right"].sel(epoch=epoch).values
    bars(axes, fractions(n_right, linear.sizes["network"], edges), edges, **LINEAR)
    words = bimodality_words(linear, "test", epoch)
    axes.set_title(f"(c) linear networks, epoch {epoch}\n{words}", loc="left")
