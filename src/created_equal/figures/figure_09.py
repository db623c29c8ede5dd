"""Figure 9: the distribution of consistency scores, colored by the most frequent prediction."""

from collections.abc import Sequence
from textwrap import fill as wrap

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from created_equal.artefacts import select_epochs, select_split
from created_equal.figures.histograms import bars, four_phases, fractions
from created_equal.figures.style import (
    HATCH_COLOR,
    HATCHES,
    PALETTE,
    describe,
    heading,
    phase_epochs,
    styled,
)
from created_equal.scores import bin_edges

MOST_CLASSES = len(PALETTE)
OTHERS = {"facecolor": "0.85", "hatch": ""}


@styled
def draw(
    scores: xr.Dataset,
    dataset: xr.Dataset,
    title: str,
    ensemble: str,
    epochs: Sequence[int] | None = None,
) -> Figure:
    """Draw figure 1 with each bar divided by the most frequent prediction for its examples.

    The ten most frequent labels have a look of their own; all others share one.

    Args:
        scores: the ensemble's scores, from ``read_scores`` or ``open_scores``.
        dataset: the study's dataset, for the class names.
        title: the study's title.
        ensemble: the ensemble's name.
        epochs: one epoch per phase; chosen by ``scores.phases`` if None.

    Raises:
        InputError: there are not four epochs, or the networks were not trained that long.
    """
    phases = phase_epochs(scores, epochs, "figure_09")
    all_scores, scores = scores, select_epochs(scores, phases.values())
    n_networks = scores.sizes["network"]
    edges = bin_edges(n_networks)
    shown = frequent_labels(scores["modal_label"].values, scores.attrs["classes"])

    def fill(axes: Axes, split: str, epoch: int) -> str:
        panel = select_split(scores, split).sel(epoch=epoch)
        heights = stacked_fractions(
            panel["n_right"].values, panel["modal_label"].values, shown, n_networks, edges
        )
        bottom = np.zeros(len(edges) - 1)
        for row, look in zip(heights, [*_looks(len(shown)), OTHERS], strict=True):
            bars(axes, row, edges, bottom, **look)
            bottom += row
        unanimous = np.unique(panel["modal_label"].values[panel["n_right"].values == n_networks])
        return f"labels at 1: {len(unanimous)}"

    figure = four_phases(scores, phases, fill, height=5.2)
    details = describe(ensemble, scores, list(phases.values()))
    heading(figure, title, details, {ensemble: all_scores})
    names = dataset["class_name"].values
    handles = [
        Patch(label=wrap(str(names[label]), 16), hatchcolor=HATCH_COLOR, **look)
        for label, look in zip(shown, _looks(len(shown)), strict=True)
    ]
    if len(shown) < scores.attrs["classes"]:
        n_others = scores.attrs["classes"] - len(shown)
        handles.append(Patch(label=f"{n_others} other labels", **OTHERS))
    for axes in figure.axes[len(phases) :]:
        axes.set_xlabel("consistency")
    figure.legend(
        handles=handles,
        title=f"Dashed: chance, 1/{scores.attrs['classes']}. Labels at 1: number of labels with "
        "examples that every network gets right.\n"
        "Most frequent prediction, from bottom to top of each bar:",
        loc="outside lower center",
        ncols=5,
        handleheight=1.4,
        handlelength=2.2,
    )
    return figure


def frequent_labels(modal: np.ndarray, classes: int) -> np.ndarray:
    """Return the most frequent labels, at most ten, in increasing order.

    Args:
        modal: (epoch, example) integers in 0..classes-1.
        classes: K.

    Returns:
        (label,) int64; of labels that are equally frequent, the smallest are returned.
    """
    counts = np.bincount(modal.ravel(), minlength=classes)
    return np.sort(np.argsort(-counts, kind="stable")[:MOST_CLASSES])


def stacked_fractions(
    n_right: np.ndarray,
    modal: np.ndarray,
    shown: np.ndarray,
    n_networks: int,
    edges: np.ndarray,
) -> np.ndarray:
    """Return the fraction of examples in each bin, divided by their most frequent prediction.

    Args:
        n_right: (example,) how many networks are right.
        modal: (example,) most frequent prediction.
        shown: (label,) labels that have a row of their own.
        n_networks: N.
        edges: (bin + 1,), from ``bin_edges``.

    Returns:
        (label + 1, bin) float64, which sum to 1; the last row is for all other labels.
    """
    groups = [modal == label for label in shown] + [~np.isin(modal, shown)]
    return np.array(
        [
            fractions(n_right[group], n_networks, edges) * group.mean()
            if group.any()
            else np.zeros(len(edges) - 1)
            for group in groups
        ]
    )


def _looks(count: int) -> list[dict]:
    return [
        {"facecolor": color, "hatch": hatch}
        for color, hatch in zip(PALETTE[:count], HATCHES[:count], strict=True)
    ]
