"""Figure 6: is AdaBoost's order of difficulty the order in which networks learn?"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from created_equal.artefacts import SPLITS
from created_equal.figures.alignment import align
from created_equal.figures.style import (
    GRAY,
    LINE_STYLES,
    MARKERS,
    PALETTE,
    SPLIT_COLORS,
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
"""Approximate number of markers on a curve."""
LOOKS = dict(zip(GROUPS, zip(PALETTE, LINE_STYLES, MARKERS, strict=False), strict=False))


@styled
def draw(
    scores: xr.Dataset, boosting: xr.Dataset, title: str, ensemble: str, baseline: str
) -> Figure:
    """Draw AdaBoost's accuracy (a) by number of weak learners, (b) against accessibility.

    (a) shows the thirds of each split by the ensemble's accessibility. (b) shows each example's
    mean accuracy over all k against its accessibility, and the means of both in ``BINS`` bins.

    Args:
        scores: the ensemble's scores, from ``read_scores`` or ``open_scores``.
        boosting: the baseline's predictions; its epochs are the numbers k of weak learners, and
            its coordinate weak_learners is the k at which boosting ended.
        title: the study's title.
        ensemble: the ensemble's name.
        baseline: the baseline's name.

    Raises:
        InputError: the datasets differ.
    """
    figure = page(7.3)
    grid = figure.subplots(2, 3, width_ratios=(1, 1, 0.3))
    for column, split in enumerate(SPLITS):
        names = (ensemble, baseline)
        cnn, boosted = align(scores, boosting, split, "figure_06", names)
        accessibility = cnn["accessibility"].values
        is_right = boosted["prediction"].values == cnn["label"].values
        right = is_right.mean(axis=0)
        _accuracy(grid[0, column], right, accessibility, boosting["epoch"].values)
        mark_chance(grid[0, column], scores, vertical=False)
        grid[0, column].set_title(f"(a) {split} set", loc="left")
        words = _difficulty(grid[1, column], right, accessibility, split)
        grid[1, column].set_title(f"(b) {split} set\n{words}", loc="left")
        grid[1, column].set_xlabel(f"mean accuracy over k, {baseline}")
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
        f"Bands: 95 % intervals over examples. Dashed: chance, 1/{scores.attrs['classes']}. "
        "(b) Dots: examples. Squares: means of bins of about equal size, by the score on the x "
        "axis. r: Pearson's correlation with its 95 % interval, over examples or over bins.",
    )
    return figure


def boosting_words(baseline: str, boosting: xr.Dataset) -> str:
    """Return, for example, ``"adaboost, k = 1 to 100 (boosting ended at k = 33)"``."""
    most, found = int(boosting["epoch"].max()), int(boosting["weak_learners"].max())
    ended = f" (boosting ended at k = {found})" if found < most else ""
    return f"{baseline}, k = 1 to {most}{ended}"


def _accuracy(axes: Axes, right: np.ndarray, accessibility: np.ndarray, k: np.ndarray) -> None:
    """Draw accuracy over k for all examples and for each third; right is (k, example) in 0..1."""
    groups = thirds(accessibility)
    for name, (color, line, marker) in LOOKS.items():
        group = right[:, groups[name]]
        axes.fill_between(k, *band_of_mean(group).T, color=color, alpha=0.2, linewidth=0)
        axes.plot(
            k,
            group.mean(axis=1),
            color=color,
            linestyle=line,
            marker=marker,
            markersize=3.5,
            markevery=max(1, len(k) // MARKS),
            label=name,
        )
    axes.plot(k, right.mean(axis=1), color=GRAY, linewidth=0.9, label="all")
    axes.set(xlabel="number of weak learners, k", ylim=(0, 1.02))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))


def _difficulty(axes: Axes, right: np.ndarray, accessibility: np.ndarray, split: str) -> str:
    """Draw the examples and the bins; return their correlations as text."""
    boosted = right.mean(axis=0)
    bins = quantile_means(boosted, accessibility, BINS)
    axes.plot(
        boosted,
        accessibility,
        linestyle="",
        marker="o",
        markersize=2.5,
        markeredgewidth=0,
        color=SPLIT_COLORS[split],
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
        label="bin mean",
    )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)
    points = {"examples": (boosted, accessibility), f"{len(bins[0])} bins": bins}
    words = (f"{name}: {correlate_in_words(*scores)}" for name, scores in points.items())
    return "\n".join(words).replace(", p", "\np")
