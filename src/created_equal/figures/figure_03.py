"""Figure 3: the distribution of consensus scores in the four phases of learning."""

from collections.abc import Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import consensus, select_epochs, select_split
from created_equal.figures.histograms import four_phases, split_histogram
from created_equal.figures.style import describe, footing, heading, phase_epochs, styled


@styled
def draw(
    scores: xr.Dataset, title: str, ensemble: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw histograms of consensus at the epochs of figure 1: train set above, test set below.

    Args:
        scores: the ensemble's scores, from ``read_scores`` or ``open_scores``.
        title: the study's title.
        ensemble: the ensemble's name.
        epochs: one epoch per phase; chosen by ``scores.phases`` if None.

    Raises:
        InputError: there are not four epochs, or the networks were not trained that long.
    """
    phases = phase_epochs(scores, epochs, "figure_03")
    all_scores, scores = scores, select_epochs(scores, phases.values())

    def fill(axes: Axes, split: str, epoch: int) -> str:
        split_histogram(axes, scores, "n_modal", split, epoch)
        mean = float(consensus(select_split(scores, split)).sel(epoch=epoch).mean())
        return f"mean {mean:.2f}"

    figure = four_phases(scores, phases, fill)
    details = describe(ensemble, scores, list(phases.values()))
    heading(figure, title, details, {ensemble: all_scores})
    footing(
        figure,
        "consensus (fraction of the networks that predict the most frequent label, right or wrong)",
        f"Dashed: lowest possible consensus, 1/{scores.attrs['classes']}. "
        "The paper expects the mean to rise with training.",
    )
    return figure
