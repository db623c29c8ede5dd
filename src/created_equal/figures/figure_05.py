"""Figure 5: do linear networks get the same examples right as non-linear networks?"""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from created_equal.artefacts import select_epochs
from created_equal.figures import histograms, style
from created_equal.figures.selection import align, check_epochs
from created_equal.scores import bin_edges, majority_right

NON_LINEAR, LINEAR = style.PAIR


@style.styled
def draw(
    ensembles: Mapping[str, xr.Dataset], title: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw consistency of (a, b) non-linear networks at two epochs, (c) linear networks.

    All panels show the test set. In (a) and (b), bars in front show the examples that more than
    half of the linear networks (the second ensemble) classify correctly at the same epoch. (c) is
    at the second epoch. By default the epochs are 1 and the last epoch that both ensembles have.
    """
    first_name, linear_name = ensembles
    scores, linear = align(*ensembles.values(), "test", "figure_05", tuple(ensembles))
    if epochs is None:
        epochs = (1, min(int(each["epoch"].max()) for each in (scores, linear)))
    for each in (scores, linear):
        epochs = check_epochs(each, epochs, 2, "figure_05")
    scores, linear = (select_epochs(each, epochs) for each in (scores, linear))
    figure = style.page(4.2)
    panels = figure.subplots(1, 3, sharex=True)
    n_networks, n_linear = (each.sizes["network"] for each in (scores, linear))
    edges = bin_edges(n_networks)
    for axes, letter, epoch in zip(panels[:2], "ab", epochs, strict=True):
        n_right, of_linear = (each["n_right"].sel(epoch=epoch).values for each in (scores, linear))
        linear_right = majority_right(of_linear, n_linear)
        for counts, look in ((n_right, NON_LINEAR), (n_right[linear_right], LINEAR)):
            heights = histograms.fractions(counts, n_networks, edges, len(n_right))
            histograms.bars(axes, heights, edges, **look)
        histograms.finish_panel(axes, scores)
        words = chances_words(majority_right(n_right, n_networks), linear_right)
        axes.set_title(f"({letter}) epoch {epoch}\n{words}")
    words = histograms.consistency_histogram(panels[2], linear, "test", epochs[1], LINEAR)
    panels[2].set_title(f"(c) linear networks, epoch {epochs[1]}\n{words}")
    for axes, name in zip(panels, (first_name, first_name, linear_name), strict=True):
        axes.set_xlabel(style.wrap_name(f"consistency of {name}", 30))
    panels[0].set_ylabel("fraction of test examples")
    details = (style.describe(name, each, epochs) for name, each in ensembles.items())
    style.heading(figure, title, "; ".join(details), ensembles)
    in_linear = f"{linear_name}: in (a, b) the examples it gets right, in (c) all"
    style.footing_of_legend(
        figure,
        f"{style.chance_words(scores)} Right: more than half of the networks are right. "
        f"{histograms.bimodality_scale(figure, linear)}",
        [
            Patch(label=f"{first_name}: all test examples", **NON_LINEAR),
            Patch(label=in_linear, **LINEAR),
        ],
    )
    return figure


def chances_words(right: np.ndarray, linear_right: np.ndarray) -> str:
    """Return two lines: P(right), and P(right) given that the linear networks are right.

    Both arguments are (example,) bool: whether most of the networks are right.
    """
    given = f"{right[linear_right].mean():.2f}" if linear_right.any() else "undefined"
    return f"P(right) = {right.mean():.2f}\nP(right | linear right) = {given}"
