"""Figure 3: the distribution of consensus scores in the four phases of learning."""

from collections.abc import Sequence

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import consensus, select_split
from created_equal.figures import histograms, style


@style.styled
def draw(
    scores: xr.Dataset, title: str, ensemble: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw histograms of consensus at the epochs of figure 1: train set above, test set below."""
    figure = histograms.four_phases("figure_03", scores, title, ensemble, epochs, _panel)
    style.footing(
        figure,
        "consensus (fraction of the networks that predict the most frequent label, right or wrong)",
        f"Dashed: 1/{scores.attrs['classes']}, below which consensus never is. "
        "The paper expects the mean to rise with training.",
    )
    return figure


def _panel(axes: Axes, scores: xr.Dataset, split: str, epoch: int) -> str:
    histograms.histogram(axes, scores, "n_modal", split, epoch)
    return f"mean {float(consensus(select_split(scores, split)).sel(epoch=epoch).mean()):.2f}"
