"""Histograms of scores that are multiples of 1/N, and pages of such histograms."""

from collections.abc import Callable, Sequence
from string import ascii_lowercase

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from created_equal.artefacts import SPLITS, select_epochs, select_split
from created_equal.figures import style
from created_equal.figures.selection import phase_epochs
from created_equal.scores import (
    MIDDLE,
    bimodality_of_uniform,
    bin_edges,
    independent_null,
    informative_epochs,
)

LOOKS = {"train": style.filled(style.PALETTE[0]), "test": style.filled(style.PALETTE[1], "////")}

NOT_INFORMATIVE = "not informative"


def fractions(
    counts: np.ndarray, n_networks: int, edges: np.ndarray, of: int | None = None
) -> np.ndarray:
    """Return the fraction of examples in each bin, (bin,), from counts of networks (example,).

    ``edges`` (bin + 1,) are those of ``bin_edges``; the fractions are of these examples, or of
    ``of`` examples.
    """
    return np.histogram(counts / n_networks, edges)[0] / (of or len(counts))


def bars(
    axes: Axes, heights: np.ndarray, edges: np.ndarray, bottom: np.ndarray | float = 0.0, **look
) -> None:
    """Draw a bar for each bin whose height is not 0."""
    filled = heights > 0
    x, widths = edges[:-1][filled], np.diff(edges)[filled]
    bottom = np.broadcast_to(bottom, heights.shape)[filled]
    axes.bar(x, heights[filled], widths, bottom, align="edge", **style.EDGES, **look)


def histogram(
    axes: Axes, scores: xr.Dataset, name: str, split: str, epoch: int, look: dict | None = None
) -> None:
    """Fill a panel with the histogram of ``n_right`` or ``n_modal``, divided by N."""
    n_networks = scores.sizes["network"]
    edges = bin_edges(n_networks)
    counts = select_split(scores, split)[name].sel(epoch=epoch).values
    bars(axes, fractions(counts, n_networks, edges), edges, **(look or LOOKS[split]))
    finish_panel(axes, scores)


def consistency_histogram(
    axes: Axes, scores: xr.Dataset, split: str, epoch: int, look: dict | None = None
) -> str:
    """Fill a panel with the histogram of consistency; return the words for its bi-modality."""
    histogram(axes, scores, "n_right", split, epoch, look)
    return bimodality_words(scores, split, epoch)


def four_phases(
    name: str,
    scores: xr.Dataset,
    title: str,
    ensemble: str,
    epochs: Sequence[int] | None,
    fill: Callable[[Axes, xr.Dataset, str, int], str],
    height: float = 5,
) -> Figure:
    """Return a page of 2 x 4 panels: the phases from left to right, train above, test below.

    ``fill(axes, scores, split, epoch)`` fills one panel and returns its title.
    """
    phases = phase_epochs(scores, epochs, name)
    shown = select_epochs(scores, phases.values())
    figure = style.page(height)
    grid = figure.subplots(len(SPLITS), len(phases), sharex=True, sharey="col")
    for row, split in zip(grid, SPLITS, strict=True):
        for axes, letter, (phase, epoch) in zip(row, ascii_lowercase, phases.items(), strict=False):
            top = f"({letter}) {phase}\nepoch {epoch}\n" if split == SPLITS[0] else ""
            axes.set_title(top + fill(axes, shown, split, epoch))
        row[0].set_ylabel(f"{split} set\nfraction of examples")
    details = style.describe(ensemble, scores, list(phases.values()))
    style.heading(figure, title, details, {ensemble: scores})
    return figure


def finish_panel(axes: Axes, scores: xr.Dataset) -> None:
    """Set a histogram's x axis from 0 to 1, and mark chance."""
    style.mark_chance(axes, scores, vertical=True)
    # Panels that share the axis may show fewer networks, in wider bars.
    panels = axes.get_shared_x_axes().get_siblings(axes)
    beyond = [-bar.get_x() for panel in panels for bar in panel.patches]
    margin = max(0.5 / scores.sizes["network"], 0.02, *beyond)
    axes.set_xlim(-margin, 1 + margin)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.locator_params(axis="y", nbins=4)


def bimodality_words(scores: xr.Dataset, split: str, epoch: int) -> str:
    """Return two lines: the bi-modality of consistency and its 95 % interval over examples.

    The interval is left out where bi-modality is not informative, see ``informative_epochs``.
    """
    at = scores.sel(epoch=[epoch])
    value = at["bimodality"].sel(split=split).item()
    lower, upper = at["bimodality_over_examples"].sel(split=split).values[0]
    if np.isnan(value):  # all scores are equal
        return "bi-modality\nundefined"
    if not informative_epochs(at, split)[0]:
        return f"bi-modality {value:.2f}\n({NOT_INFORMATIVE})"
    band = "undefined" if np.isnan(lower + upper) else f"{lower:.2f} to {upper:.2f}"
    return f"bi-modality {value:.2f}\n({band})"


def bimodality_scale(figure: Figure, *scores: xr.Dataset) -> str:
    """Return sentences that explain the bi-modality in panels' titles for each ensemble's N."""
    sizes = dict.fromkeys(each.sizes["network"] for each in scores)
    even = " and ".join(dict.fromkeys(f"{bimodality_of_uniform(each):.2g}" for each in sizes))
    independent = " and ".join(dict.fromkeys(f"{independent_null(size):.2f}" for size in sizes))
    words = (
        f"Bi-modality (95 % interval over examples): 0 for two points, {even} for a uniform "
        f"distribution, {independent} (2\u00a0-\u00a02/N) for networks that err independently."
    )
    if any(NOT_INFORMATIVE in text.get_text() for text in figure.findobj(Text)):
        lowest, highest = MIDDLE
        words += f" {NOT_INFORMATIVE.capitalize()}: a mean below {lowest} or above {highest}."
    return words
