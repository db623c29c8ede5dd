"""Figure 1: the distribution of consistency scores in the four phases of learning."""

from collections.abc import Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import select_epochs
from created_equal.figures.histograms import (
    bimodality_scale,
    bimodality_words,
    four_phases,
    split_histogram,
)
from created_equal.figures.style import describe, footing, heading, phase_epochs, styled


@styled
def draw(
    scores: xr.Dataset, title: str, ensemble: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw histograms of consistency in four phases: train set above, test set below.

    Args:
        scores: the ensemble's scores, from ``read_scores`` or ``open_scores``.
        title: the study's title.
        ensemble: the ensemble's name.
        epochs: one epoch per phase; chosen by ``scores.phases`` if None.

    Raises:
        InputError: there are not four epochs, or the networks were not trained that long.
    """
    phases = phase_epochs(scores, epochs, "figure_01")
    all_scores, scores = scores, select_epochs(scores, phases.values())

    def fill(axes: Axes, split: str, epoch: int) -> str:
        split_histogram(axes, scores, "n_right", split, epoch)
        return bimodality_words(scores, split, epoch)

    figure = four_phases(scores, phases, fill)
    details = describe(ensemble, scores, list(phases.values()))
    heading(figure, title, details, {ensemble: all_scores})
    footing(
        figure,
        "consistency (fraction of the networks that are right)",
        f"Dashed: chance, 1/{scores.attrs['classes']}. "
        + bimodality_scale(scores.sizes["network"]),
    )
    return figure
