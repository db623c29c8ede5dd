"""Figure 2: the distribution of consistency scores on the test set throughout learning."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import select_epochs
from created_equal.errors import InputError
from created_equal.figures import histograms, style
from created_equal.figures.selection import check_epochs

PANELS = 6


@style.styled
def draw(
    scores: xr.Dataset, title: str, ensemble: str, epochs: Sequence[int] | None = None
) -> Figure:
    """Draw histograms of consistency on the test set after six epochs."""
    epochs = check_epochs(scores, epochs or six_epochs(scores), PANELS, "figure_02")
    shown = select_epochs(scores, epochs)
    figure = style.page(4.2)
    grid = figure.subplots(2, PANELS // 2, sharex=True)
    for axes, letter, epoch in zip(grid.flat, style.LETTERS, epochs, strict=False):
        words = histograms.consistency_histogram(axes, shown, "test", epoch).replace("\n", " ")
        axes.set_title(f"({letter}) epoch {epoch}\n{words}")
    figure.supylabel("fraction of test examples")
    style.heading(figure, title, style.describe(ensemble, scores, epochs), {ensemble: scores})
    scale = histograms.bimodality_scale(scores)
    style.footing(figure, style.CONSISTENCY, f"{style.chance_words(scores)} {scale}")
    return figure


def six_epochs(scores: xr.Dataset) -> list[int]:
    """Choose the first epoch that was recorded and five more, up to the last.

    Learning is fast at first and slow later, so the five are evenly spaced on a logarithmic scale
    of those recorded (rounded, and kept distinct). For 100 epochs they are 1, 3, 10, 32 and 100.

    Raises:
        InputError: fewer than six epochs were recorded.
    """
    epochs = scores["epoch"].values
    last = len(epochs) - 1
    if last < PANELS - 1:
        raise InputError(
            f"figure_02 shows {PANELS} epochs, but {len(epochs)} were recorded; train for at least "
            f"{PANELS - 1} epochs, or leave figure_02 out."
        )
    chosen = [0]
    for spaced in np.rint(np.geomspace(1, last, PANELS - 1)).astype(int):
        chosen.append(max(int(spaced), chosen[-1] + 1))
    return epochs[chosen].tolist()
