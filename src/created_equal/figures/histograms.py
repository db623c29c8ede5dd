"""Histograms of scores that are multiples of 1/N, and the rows of panels made of them."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, of_split
from created_equal.figures.style import (
    HATCH_COLOUR,
    LETTERS,
    SPLIT_COLOURS,
    SPLIT_HATCHES,
    mark_chance,
    page,
)
from created_equal.scores import bin_edges, independent_null


def fractions(counts: np.ndarray, networks: int, edges: np.ndarray) -> np.ndarray:
    """Return the fraction of examples in each bin.

    Args:
        counts: (example) numbers of networks, of which the scores are shares.
        networks: N.
        edges: (bin + 1), from ``bin_edges``.

    Returns:
        (bin) float64; the sum is 1.
    """
    return np.histogram(counts / networks, edges)[0] / len(counts)


def bars(
    axes: Axes, heights: np.ndarray, edges: np.ndarray, bottom: np.ndarray | None = None, **look
) -> None:
    """Draw one bar a bin, as wide as its bin; none where the height is 0."""
    look = {"edgecolor": "white", "linewidth": 0.3, "hatchcolor": HATCH_COLOUR, **look}
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
    """Draw the histogram of a score of one split after one epoch, in the split's look.

    Args:
        axes: where.
        scores: the ensemble's scores.
        name: of the counts that the score is a share of, ``"n_right"`` or ``"n_modal"``.
        split: ``"train"`` or ``"test"``.
        epoch: the epoch.
    """
    networks = scores.sizes["network"]
    edges = bin_edges(networks)
    counts = of_split(scores, split)[name].sel(epoch=epoch).values
    look = {"facecolor": SPLIT_COLOURS[split], "hatch": SPLIT_HATCHES[split]}
    bars(axes, fractions(counts, networks, edges), edges, **look)


def four_phases(
    scores: xr.Dataset,
    phases: Mapping[str, int],
    fill: Callable[[Axes, str, int], str],
    height: float = 4.6,
) -> Figure:
    """Return a page of 2 x 4 panels: the phases from left to right, train above, test below.

    Args:
        scores: the ensemble's scores.
        phases: the four phases' epochs by their names.
        fill: called as ``fill(axes, split, epoch)``; draws one panel and returns the words that
            stand above it.
        height: inches.
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
    """Give a histogram its x axis from 0 to 1 and the line at chance."""
    mark_chance(axes, scores, vertical=True)
    margin = max(0.5 / scores.sizes["network"], 0.02)
    axes.set_xlim(-margin, 1 + margin)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.locator_params(axis="y", nbins=4)


def bimodality_words(scores: xr.Dataset, split: str, epoch: int) -> str:
    """Return two lines: the bi-modality of the consistency scores and its 95 % band over examples.

    Where the scores are constant it has no value, and the words say so.
    """
    value = float(scores["bimodality"].sel(epoch=epoch, split=split))
    lower, upper = scores["bimodality_over_examples"].sel(epoch=epoch, split=split).values
    if np.isnan(value):
        return "bi-modality\nundefined"
    band = "undefined" if np.isnan(lower + upper) else f"{lower:.2f} to {upper:.2f}"
    return f"bi-modality {value:.2f}\n({band})"


def bimodality_scale(networks: int) -> str:
    """Return the sentence that says what values of the bi-modality mean for N networks."""
    return (
        "Bi-modality (95 % band over examples): 0 for two points, 0.8 for a uniform distribution, "
        f"{independent_null(networks):.2f} (2\u00a0-\u00a02/N) for networks that err independently."
    )
