"""Figure 6: AdaBoost's accuracy on easy and hard examples, and its difficulty beside the CNN's."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from created_equal.artefacts import SPLITS
from created_equal.figures.alignment import lined_up
from created_equal.figures.style import (
    GREY,
    LINE_STYLES,
    MARKERS,
    PALETTE,
    SPLIT_COLOURS,
    correlate_in_words,
    describe,
    footing,
    heading,
    mark_chance,
    page,
    styled,
)
from created_equal.scores import BINS, GROUPS, band_of_mean, quantile_means, thirds

MARKS = 10
"""Markers on a curve, about."""
LOOKS = dict(zip(GROUPS, zip(PALETTE, LINE_STYLES, MARKERS, strict=False), strict=False))


@styled
def draw(
    scores: xr.Dataset, boosting: xr.Dataset, title: str, ensemble: str, baseline: str
) -> Figure:
    """Draw (a) AdaBoost's accuracy against k by difficulty, (b) its difficulty and the CNN's.

    (a): thirds of each split by the ensemble's accessibility. (b): of each example AdaBoost's
    accuracy, the mean over all k, and the ensemble's accessibility; and the means of both in
    ``BINS`` bins of AdaBoost's.

    Args:
        scores: the ensemble's scores, as ``read_scores`` returns them.
        boosting: the baseline's predictions, whose epochs are the numbers k of weak learners; the
            coordinate weak_learners says after how many boosting ended.
        title: the study's title.
        ensemble: the ensemble's name.
        baseline: the baseline's name.

    Raises:
        InputError: they are of different datasets.
    """
    figure = page(7.3)
    grid = figure.subplots(2, 3, width_ratios=(1, 1, 0.3))
    for column, split in enumerate(SPLITS):
        names = (ensemble, baseline)
        of_cnn, of_boosting = lined_up(scores, boosting, split, "figure_06", names)
        accessibility = of_cnn["accessibility"].values
        is_right = of_boosting["prediction"].values == of_cnn["label"].values
        right = is_right.mean(axis=0)
        _accuracy(grid[0, column], right, accessibility, boosting["epoch"].values)
        mark_chance(grid[0, column], scores, vertical=False)
        grid[0, column].set_title(f"(a) {split} set", loc="left")
        words = _difficulty(grid[1, column], right, accessibility, split)
        grid[1, column].set_title(f"(b) {split} set\n{words}", loc="left")
        grid[1, column].set_xlabel(f"accuracy over k, {baseline}")
    grid[0, 0].set_ylabel(f"accuracy, {baseline}")
    grid[1, 0].set_ylabel(f"accessibility, {ensemble}")
    for axes, shown in zip(grid[:, 2], grid[:, 0], strict=True):
        axes.set_axis_off()
        axes.legend(*shown.get_legend_handles_labels(), loc="upper left", borderpad=0)
    heading(
        figure,
        title,
        f"{describe(ensemble, scores)}, epochs 1 to {int(scores['epoch'].max())}; "
        f"{boosting_words(baseline, boosting)}",
        {ensemble: scores},
    )
    footing(
        figure,
        f"(a) Easy, intermediate, hard: thirds of the examples by accessibility to {ensemble}. "
        "Bands: 95 % over the examples. Dashed level line: chance, "
        f"1/{scores.attrs['classes']}. (b) Dots are examples, squares are means of examples in "
        "bins of about equal size by the score on the x axis. r: Pearson's correlation, with its "
        "95 % interval over the examples, or over the bins.",
    )
    return figure


def boosting_words(baseline: str, boosting: xr.Dataset) -> str:
    """Return, for example, ``"adaboost, k from 1 to 100"``, and whether boosting ended before."""
    most, found = int(boosting["epoch"].max()), int(boosting["weak_learners"].max())
    ended = f" (it ended after {found})" if found < most else ""
    return f"{baseline}, k from 1 to {most}{ended}"


def _accuracy(axes: Axes, right: np.ndarray, accessibility: np.ndarray, k: np.ndarray) -> None:
    """Draw accuracy against k of all and of each group; right (k, example) in 0..1."""
    groups = thirds(accessibility)
    for name, (colour, line, marker) in LOOKS.items():
        of_group = right[:, groups[name]]
        axes.fill_between(k, *band_of_mean(of_group).T, color=colour, alpha=0.2, linewidth=0)
        axes.plot(
            k,
            of_group.mean(axis=1),
            color=colour,
            linestyle=line,
            marker=marker,
            markersize=3.5,
            markevery=max(1, len(k) // MARKS),
            label=name,
        )
    axes.plot(k, right.mean(axis=1), color=GREY, linewidth=0.9, label="all")
    axes.set(xlabel="number of weak learners, k", ylim=(0, 1.02))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))


def _difficulty(axes: Axes, right: np.ndarray, accessibility: np.ndarray, split: str) -> str:
    """Draw the examples and the bins; return the words for their correlations."""
    boosted = right.mean(axis=0)
    bins = quantile_means(boosted, accessibility, BINS)
    axes.plot(
        boosted,
        accessibility,
        linestyle="",
        marker="o",
        markersize=2.5,
        markeredgewidth=0,
        color=SPLIT_COLOURS[split],
        alpha=max(0.08, min(0.6, 400 / len(boosted))),
        rasterized=True,
        label="example",
    )
    axes.plot(
        *bins,
        linestyle="",
        marker="s",
        markersize=4,
        markerfacecolor="white",
        markeredgecolor="black",
        label="mean of\na bin",
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)
    of = {"examples": (boosted, accessibility), f"{len(bins[0])} bins": bins}
    words = {name: correlate_in_words(*scores) for name, scores in of.items()}
    return "\n".join(f"{name}: {said}" for name, said in words.items()).replace(", p", "\np")
