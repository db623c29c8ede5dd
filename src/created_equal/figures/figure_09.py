"""Figure 9: the distribution of consistency scores, colored by the most frequent prediction."""

from collections.abc import Sequence
from textwrap import fill as wrap

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from created_equal.artefacts import select_epochs, select_split
from created_equal.figures import histograms, style
from created_equal.figures.selection import phase_epochs
from created_equal.scores import bin_edges

# Hatching would clutter bars with this many parts. In grayscale, the order of the parts and the
# white lines between them distinguish them.
LOOKS = [style.filled(color) for color in style.PALETTE]
OTHERS = style.filled("0.85")


@style.styled
def draw(
    scores: xr.Dataset,
    dataset: xr.Dataset,
    title: str,
    ensemble: str,
    epochs: Sequence[int] | None = None,
) -> Figure:
    """Draw figure 1 with each bar split by the most frequent prediction for its examples.

    The ten most frequent labels have a color of their own; all others share one. The dataset has
    the names of the classes.
    """
    epochs = list(phase_epochs(scores, epochs, "figure_09").values())
    classes, n_networks = scores.attrs["classes"], scores.sizes["network"]
    edges = bin_edges(n_networks)
    modal = select_epochs(scores[["modal_label"]], epochs)["modal_label"].values
    labels = frequent_labels(modal, classes)
    looks = [*LOOKS[: len(labels)], OTHERS]

    def fill(axes: Axes, scores: xr.Dataset, split: str, epoch: int) -> str:
        panel = select_split(scores, split).sel(epoch=epoch)
        n_right, modal = panel["n_right"].values, panel["modal_label"].values
        bottom = np.zeros(len(edges) - 1)
        heights = stacked_fractions(n_right, modal, labels, n_networks, edges)
        for row, look in zip(heights, looks, strict=True):
            histograms.bars(axes, row, edges, bottom, **look)
            bottom += row
        histograms.finish_panel(axes, scores)
        return f"labels at 1: {len(np.unique(modal[n_right == n_networks]))}"

    figure = histograms.four_phases("figure_09", scores, title, ensemble, epochs, fill, height=5.6)
    for axes in figure.axes[len(epochs) :]:
        axes.set_xlabel("consistency")
    names = [wrap(str(dataset["class_name"].values[label]), 16) for label in labels]
    if n_others := classes - len(labels):
        names.append(f"{n_others} other labels")
    longest = max(style.drawn_length(line) for name in names for line in name.splitlines())
    style.footing_of_legend(
        figure,
        f"{style.chance_words(scores)} Labels at 1: number of labels with examples that every "
        "network gets right.\nMost frequent prediction, from bottom to top of each bar:",
        [Patch(label=name, **look) for name, look in zip(names, looks, strict=False)],
        columns=max(1, min(5, int(104 / (longest + 8)))),
    )
    return figure


def frequent_labels(modal: np.ndarray, classes: int) -> np.ndarray:
    """Return the most frequent labels of (epoch, example), at most ten, in increasing order.

    In a tie, the smallest labels are returned.
    """
    counts = np.bincount(modal.ravel(), minlength=classes)
    return np.sort(np.argsort(-counts, kind="stable")[: len(LOOKS)])


def stacked_fractions(
    n_right: np.ndarray, modal: np.ndarray, labels: np.ndarray, n_networks: int, edges: np.ndarray
) -> np.ndarray:
    """Return the fraction of examples in each bin, divided by their most frequent prediction.

    The counts and predictions are (example,). The result is (label + 1, bin) and sums to 1; the
    last row is for all predictions that are not among the labels.
    """
    groups = [*(modal == label for label in labels), ~np.isin(modal, labels)]
    parts = [
        histograms.fractions(n_right[group], n_networks, edges, len(modal)) for group in groups
    ]
    return np.array(parts)
