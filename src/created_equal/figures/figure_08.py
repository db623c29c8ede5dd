"""Figure 8: consistency with random labels, and without easy examples."""

from collections.abc import Mapping
from string import ascii_lowercase

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, definition_of, select_epochs
from created_equal.errors import InputError
from created_equal.figures import histograms, style
from created_equal.figures.selection import check_splits
from created_equal.scores import mean_consistency

STAGES = 3


@style.styled
def draw(ensembles: Mapping[str, xr.Dataset], title: str) -> Figure:
    """Draw consistency (a-c) with random labels at three epochs, (d-g) on the hardest examples.

    The first ensemble is trained on random labels, up to two others on the hardest examples, chosen
    in different ways. (a) to (c) show the train set above and the test set below, at the epochs of
    ``three_epochs``. (d) and (f) show the train set of the hardest examples at the first epoch, (e)
    and (g) below them at the last.
    """
    (random_name, random), *hard_ones = ensembles.items()
    check_splits("figure_08", SPLITS, random)
    check_splits("figure_08", ["train"], *(hard for _, hard in hard_ones))
    chosen = three_epochs(random, random_name)
    random = select_epochs(random, chosen)
    figure = style.page(6)
    if len(hard_ones) > 1 and isinstance(figure, Figure):
        # The titles of narrow panels are wider than these.
        figure.get_layout_engine().set(rect=(0, 0, 0.97, 1))
    grid = figure.subplots(2, STAGES + len(hard_ones), sharex=True)
    letters = iter(ascii_lowercase)
    for epoch, column, letter in zip(chosen, grid.T, letters, strict=False):
        for axes, split in zip(column, SPLITS, strict=True):
            top = f"({letter}) epoch {epoch}\n" if split == SPLITS[0] else ""
            axes.set_title(top + _panel(axes, random, split, epoch))
    details = [style.describe(random_name, random, chosen)]
    shown = (
        "(a-c): random labels, after the first epoch, at the epoch whose mean consistency on the "
        f"train set is nearest to {_three_quarters(random):.2g}, and at the end."
    )
    if not hard_ones:
        shown += " Networks trained on the hardest examples are not shown."
    are_alike = len({_of_class(hard) for _, hard in hard_ones}) < len(hard_ones)
    for (name, hard), column in zip(hard_ones, grid.T[STAGES:], strict=True):
        trained = hard["epoch"].values[hard["epoch"].values > 0]
        ends = [int(trained[0]), int(trained[-1])]
        hard = select_epochs(hard, ends)
        first, last = next(letters), next(letters)
        for epoch, axes, letter in zip(ends, column, (first, last), strict=True):
            axes.set_ylabel(style.wrap_name(f"{name}, train", 20))
            axes.set_title(f"({letter}) epoch {epoch}\n{_panel(axes, hard, 'train', epoch)}")
        details.append(style.describe(name, hard, ends))
        named = f" ({name})" if are_alike else ""
        on_test = " and ".join(f"{accuracy(hard, 'test', epoch):.2f}" for epoch in ends)
        shown += (
            f" ({first}, {last}): the hardest examples{_of_class(hard)}{named}, and networks "
            f"trained on these alone; their test accuracy is {on_test}."
        )
    for axes, split in zip(grid[:, 0], SPLITS, strict=True):
        axes.set_ylabel(f"random labels, {split}\nfraction of examples")
    style.heading(figure, title, "; ".join(details), ensembles)
    style.footing(
        figure,
        style.CONSISTENCY,
        f"{shown} {style.chance_words(random)} Accuracy: mean over networks. "
        f"{histograms.bimodality_scale(figure, *ensembles.values())}",
    )
    return figure


def three_epochs(scores: xr.Dataset, ensemble: str) -> list[int]:
    """Choose the first trained epoch, one in the middle of learning random labels, and the last.

    In the middle, the mean consistency of the train set is nearest to three quarters of the way
    from chance to 1. For the paper's five classes that is 0.8, where its scores are centered.

    Raises:
        InputError: the ensemble was trained for fewer than three epochs.
    """
    epochs = scores["epoch"].values
    trained = np.flatnonzero(epochs > 0)
    if len(trained) < STAGES:
        raise InputError(
            f"figure_08 shows {STAGES} trained epochs, but {ensemble} was trained for "
            f"{len(trained)}; raise epochs in its recipe to at least {STAGES}."
        )
    distances = np.abs(mean_consistency(scores, "train") - _three_quarters(scores))
    middle = min(trained[1:-1], key=lambda place: round(float(distances[place]), 9))
    return epochs[[trained[0], middle, trained[-1]]].tolist()


def _three_quarters(scores: xr.Dataset) -> float:
    return style.chance(scores) + 0.75 * (1 - style.chance(scores))


def _of_class(scores: xr.Dataset) -> str:
    """Return how the hardest examples were chosen: of each class, or (nothing) of all."""
    derived = definition_of(scores).get("dataset", {}).get("derived", {})
    return " of each class" if derived.get("balanced") else ""


def accuracy(scores: xr.Dataset, split: str, epoch: int) -> float:
    """Return the mean accuracy of the networks on one split after one epoch."""
    return float(scores["accuracy"].sel(split=split, epoch=epoch).mean(dtype=float))


def _panel(axes: Axes, scores: xr.Dataset, split: str, epoch: int) -> str:
    words = histograms.consistency_histogram(axes, scores, split, epoch)
    return f"accuracy {accuracy(scores, split, epoch):.2f}\n{words}"
