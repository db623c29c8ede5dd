"""Histograms of scores that are multiples of 1/N, and pages of such histograms."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, select_split
from created_equal.figures.style import (
    HATCH_COLOR,
    LETTERS,
    SPLIT_COLORS,
    SPLIT_HATCHES,
    mark_chance,
    page,
)
from created_equal.scores import bin_edges, independent_null


def fractions(counts: np.ndarray, n_networks: int, edges: np.ndarray) -> np.ndarray:
    """Return the fraction of examples in each bin.

    Args:
        counts: (example,) numbers of networks; divided by N they are scores.
        n_networks: N.
        edges: (bin + 1,), from ``bin_edges``.

    Returns:
        (bin,) float64, which sum to 1.
    """
    return np.histogram(counts / n_networks, edges)[0] / len(counts)


def bars(
    axes: Axes, heights: np.ndarray, edges: np.ndarray, bottom: np.ndarray | None = None, **look
) -> None:
    """Draw a bar for each bin whose height is not 0."""
    look = {"edgecolor": "white", "linewidth": 0.3, "hatchcolor": HATCH_COLOR, **look}
    filled = heights > 0
    bottom = np.zeros(len(heights)) if bottom is None else bottom
    axes.bar(
        edges[:-1][filled],
        heights[filled],
        np.diff(edges)[filled],
        bottom[filled],
        align="edge",
        **look,
    )


def split_histogram(axes: Axes, scores: xr.Dataset, name: str, split: str, epoch: int) -> None:
    """Draw the histogram of a score of one split after one epoch.

    Args:
        axes: where to draw.
        scores: the ensemble's scores.
        name: counts that the score is computed from, ``"n_right"`` or ``"n_modal"``.
        split: ``"train"`` or ``"test"``.
        epoch: the epoch.
    """
    n_networks = scores.sizes["network"]
    edges = bin_edges(n_networks)
    counts = select_split(scores, split)[name].sel(epoch=epoch).values
    look = {"facecolor": SPLIT_COLORS[split], "hatch": SPLIT_HATCHES[split]}
    bars(axes, fractions(counts, n_networks, edges), edges, **look)


def four_phases(
    scores: xr.Dataset,
    phases: Mapping[str, int],
    fill: Callable[[Axes, str, int], str],
    height: float = 4.6,
) -> Figure:
    """Return a page of 2 x 4 panels: the phases from left to right, train above, test below.

    Args:
        scores: the ensemble's scores.
        phases: the epoch of each phase, by name.
        fill: draws one panel, called as ``fill(axes, split, epoch)``, and returns its title.
        height: height of the page in inches.
    """
    figure = page(height)
    grid = figure.subplots(len(SPLITS), len(phases), sharex=True, sharey="col")
    for row, split in zip(grid, SPLITS, strict=True):
        for axes, epoch in zip(row, phases.values(), strict=True):
            axes.set_title(fill(axes, split, epoch), loc="left")
            finish_panel(axes, scores)
        row[0].set_ylabel(f"{split} set\nfraction of examples")
    for axes, letter, (name, epoch) in zip(grid[0], LETTERS, phases.items(), strict=False):
        top = f"({letter}) {name}\nepoch {epoch}\n"
        axes.set_title(top + axes.get_title(loc="left"), loc="left")
    return figure


def finish_panel(axes: Axes, scores: xr.Dataset) -> None:
    """Set a histogram's x axis from 0 to 1, and mark chance."""
    mark_chance(axes, scores, vertical=True)
    margin = max(0.5 / scores.sizes["network"], 0.02)
    axes.set_xlim(-margin, 1 + margin)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.locator_params(axis="y", nbins=4)


def bimodality_words(scores: xr.Dataset, split: str, epoch: int) -> str:
    """Return two lines: the bi-modality of consistency and its 95 % interval over examples.

    Bi-modality is undefined if all scores are equal.
    """
    value = float(scores["bimodality"].sel(epoch=epoch, split=split))
    lower, upper = scores["bimodality_over_examples"].sel(epoch=epoch, split=split).values
    if np.isnan(value):
        return "bi-modality\nundefined"
    band = "undefined" if np.isnan(lower + upper) else f"{lower:.2f} to {upper:.2f}"
    return f"bi-modality {value:.2f}\n({band})"


def bimodality_scale(n_networks: int) -> str:
    """Return a sentence that explains the values of bi-modality for N networks."""
    return (
        "Bi-modality (95 % interval over examples): 0 for two points, 0.8 for a uniform "
        f"distribution, {independent_null(n_networks):.2f} (2\u00a0-\u00a02/N) for networks that "
        "err independently."
    )
