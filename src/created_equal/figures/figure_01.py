"""Figure 1: the distribution of consistency scores in the four phases of learning."""

from collections.abc import Sequence

import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures import histograms, style


@style.styled
def draw(
    scores: xr.Dataset, title: str, ensemble: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw histograms of consistency in four phases: train set above, test set below."""
    figure = histograms.four_phases(
        "figure_01", scores, title, ensemble, epochs, histograms.consistency_histogram
    )
    scale = histograms.bimodality_scale(figure, scores)
    style.footing(figure, style.CONSISTENCY, f"{style.chance_words(scores)} {scale}")
    return figure
