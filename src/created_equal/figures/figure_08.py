"""Figure 8: consistency with random labels, and without easy examples."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, select_epochs
from created_equal.errors import InputError
from created_equal.figures.histograms import (
    bimodality_scale,
    bimodality_words,
    finish_panel,
    split_histogram,
)
from created_equal.figures.style import (
    LETTERS,
    chance,
    describe,
    footing,
    heading,
    page,
    styled,
)
from created_equal.scores import mean_consistency

STAGES = ("beginning", "learning", "end")


@styled
def draw(ensembles: Mapping[str, xr.Dataset], title: str) -> Figure:
    """Draw consistency (a-c) with random labels at three epochs, (d) on the hardest examples.

    (a) to (c) show the train set above and the test set below, at the epochs of ``three_epochs``.
    (d) shows the train set, at the first epoch above and at the last below.

    Args:
        ensembles: scores by name: first the ensemble trained on random labels, then the ensemble
            trained on the hardest examples.
        title: the study's title.

    Raises:
        InputError: the ensemble with random labels was trained for fewer than three epochs.
    """
    (random_name, random), (hard_name, hard) = ensembles.items()
    chosen = three_epochs(random, random_name)
    trained = hard["epoch"].values[hard["epoch"].values > 0]
    ends = (int(trained[0]), int(trained[-1]))
    random, hard = select_epochs(random, chosen), select_epochs(hard, ends)
    figure = page(5)
    grid = figure.subplots(2, len(STAGES) + 1, sharex=True)
    for letter, stage, epoch, column in zip(LETTERS, STAGES, chosen, grid.T, strict=False):
        for axes, split in zip(column, SPLITS, strict=True):
            _panel(axes, random, split, epoch)
        column[0].set_title(
            f"({letter}) {stage}\nepoch {epoch}\n{column[0].get_title(loc='left')}", loc="left"
        )
    for axes, stage, epoch in zip(grid[:, 3], ("(d) hard, beginning", "end"), ends, strict=True):
        _panel(axes, hard, "train", epoch)
        on_test = f"test accuracy {accuracy(hard, 'test', epoch):.2f}"
        words = f"{stage}\nepoch {epoch}\n{on_test}\ntrain {axes.get_title(loc='left')}"
        axes.set_title(words, loc="left")
    for axes, split in zip(grid[:, 0], SPLITS, strict=True):
        axes.set_ylabel(f"{split} set, random labels\nfraction of examples")
    for axes in grid[:, 3]:
        axes.set_ylabel("train set, hard")
    details = (describe(random_name, random, chosen), describe(hard_name, hard, ends))
    heading(figure, title, "; ".join(details), ensembles)
    footing(
        figure,
        "consistency (fraction of the networks that are right)",
        f"Dashed: chance, 1/{random.attrs['classes']}. Accuracy: mean over networks, on the "
        f"examples of the panel. {bimodality_scale(random.sizes['network'])}",
    )
    return figure


def three_epochs(scores: xr.Dataset, ensemble: str) -> list[int]:
    """Choose the first trained epoch, an epoch in the middle of learning, and the last epoch.

    In the middle, the mean consistency of the train set is nearest to three quarters of the way
    from chance to 1. For the paper's five classes that is 0.8, where its scores are centered.

    Args:
        scores: scores of the ensemble trained on random labels.
        ensemble: its name, for error messages.

    Raises:
        InputError: it was trained for fewer than three epochs.
    """
    epochs = scores["epoch"].values
    trained = np.flatnonzero(epochs > 0)
    if len(trained) < len(STAGES):
        raise InputError(
            f"figure_08 shows {len(STAGES)} trained epochs, but {ensemble} was trained for "
            f"{len(trained)}; raise epochs in its recipe to at least {len(STAGES)}."
        )
    sought = chance(scores) + 0.75 * (1 - chance(scores))
    distances = np.abs(mean_consistency(scores, "train") - sought)
    middle = min(trained[1:-1], key=lambda place: round(float(distances[place]), 9))
    return epochs[[trained[0], middle, trained[-1]]].tolist()


def accuracy(scores: xr.Dataset, split: str, epoch: int) -> float:
    """Return the mean accuracy of the networks on one split after one epoch."""
    return float(scores["accuracy"].sel(split=split, epoch=epoch).mean(dtype=float))


def _panel(axes: Axes, scores: xr.Dataset, split: str, epoch: int) -> None:
    split_histogram(axes, scores, "n_right", split, epoch)
    words = bimodality_words(scores, split, epoch)
    axes.set_title(f"accuracy {accuracy(scores, split, epoch):.2f}\n{words}", loc="left")
    finish_panel(axes, scores)
