"""Figure 2: the distribution of consistency scores on the test set throughout learning."""

from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import select_epochs
from created_equal.errors import InputError
from created_equal.figures import histograms, style
from created_equal.figures.selection import check_epochs, check_splits

PANELS, COLUMNS = 6, 3


@style.styled
def draw(
    scores: xr.Dataset,
    title: str,
    ensemble: str,
    epochs: Sequence[int] | None = None,
    steps: Mapping[str, xr.Dataset] | None = None,
) -> Figure:
    """Draw histograms of consistency on the test set after six epochs.

    ``steps`` has the name and the scores of an ensemble that was evaluated after mini-batches
    instead of epochs; up to six of its steps are shown below.
    """
    steps = steps or {}
    check_splits("figure_02", ["test"], scores)
    epochs = check_epochs(scores, epochs or six_epochs(scores), PANELS, "figure_02")
    panels = [(select_epochs(scores, epochs), epoch, f"epoch {epoch}") for epoch in epochs]
    details = [style.describe(ensemble, scores, epochs)]
    for name, of_steps in steps.items():
        trained = of_steps["epoch"].values[of_steps["epoch"].values > 0]
        places = np.linspace(0, len(trained) - 1, min(len(trained), PANELS)).round().astype(int)
        chosen = trained[places].tolist()
        found = select_epochs(of_steps, chosen)
        panels += [(found, step, f"after step {step}") for step in chosen]
        details.append(f"{style.describe(name, of_steps)}, after mini-batches, not epochs")
    rows = -(-len(panels) // COLUMNS)
    figure = style.page(1.3 + 1.75 * rows)
    grid = figure.subplots(rows, COLUMNS, sharex=True)
    for axes, letter, (shown, epoch, when) in zip(grid.flat, ascii_lowercase, panels, strict=False):
        words = histograms.consistency_histogram(axes, shown, "test", epoch)
        axes.set_title(f"({letter}) {when}\n{words}")
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    figure.supylabel("fraction of test examples")
    style.heading(figure, title, "; ".join(details), {ensemble: scores, **steps})
    scale = histograms.bimodality_scale(figure, scores, *steps.values())
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
            f"{PANELS - 1} epochs."
        )
    chosen = [0]
    for spaced in np.rint(np.geomspace(1, last, PANELS - 1)).astype(int):
        chosen.append(max(int(spaced), chosen[-1] + 1))
    return epochs[chosen].tolist()
