"""Figure 6: is AdaBoost's order of difficulty the order in which networks learn?"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from created_equal.artefacts import SPLITS
from created_equal.figures import style
from created_equal.figures.selection import align
from created_equal.scores import BINS, band_of_mean, correlation, quantile_means, thirds

MARKS = 10


@style.styled
def draw(
    scores: xr.Dataset, boosting: xr.Dataset, title: str, ensemble: str, baseline: str
) -> Figure:
    """Draw AdaBoost's accuracy (a) by number of weak learners, (b) against accessibility.

    (a) is the upper row, (b) the lower one; the train set is on the left. (a) shows the thirds of
    each split by the ensemble's accessibility. (b) shows each example's mean accuracy over all k
    against its accessibility, and the means of both in ``BINS`` bins. In the predictions
    ``boosting``, the epochs are the numbers k of weak learners, and the coordinate weak_learners is
    the k at which boosting ended.
    """
    figure = style.page(7.6)
    grid = figure.subplots(2, 3, width_ratios=(1, 1, 0.3))
    for (above, below), split, letters in zip(
        grid.T, SPLITS, (("(a) ", "(b) "), ("", "")), strict=False
    ):
        cnn, boosted = align(scores, boosting, split, "figure_06", (ensemble, baseline))
        accessibility = cnn["accessibility"].values
        right = (boosted["prediction"].values == cnn["label"].values).mean(axis=0)
        _accuracy(above, right, accessibility, boosting["epoch"].values)
        style.mark_chance(above, scores)
        above.set_title(f"{letters[0]}{split} set")
        words = _difficulty(below, right.mean(axis=0), accessibility, style.SPLIT_COLORS[split])
        below.set_title(f"{letters[1]}{split} set\n{words}")
        below.set_xlabel(f"mean accuracy over k, {baseline}")
    grid[0, 0].set_ylabel(f"accuracy, {baseline}")
    grid[1, 0].set_ylabel(f"accessibility, {ensemble}")
    for axes, shown in zip(grid[:, 2], grid[:, 0], strict=True):
        style.legend_of(shown, axes, loc="upper left")
    details = style.describe_all_epochs(ensemble, scores, 1)
    words = boosting_words(baseline, boosting)
    style.heading(figure, title, f"{details}; {words}", {ensemble: scores})
    style.footing(
        figure,
        f"(a) Easy, intermediate, hard: thirds of the examples by accessibility to {ensemble}. "
        f"Bands: 95 % intervals over examples. {style.chance_words(scores)} "
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
    for number, (name, examples) in enumerate(thirds(accessibility).items()):
        if not examples.size:
            continue  # Two examples have no thirds.
        group = right[:, examples]
        band, mean = band_of_mean(group).T, group.mean(axis=1)
        style.curve(axes, k, mean, number, MARKS, band, markersize=3.5, label=name)
    axes.plot(k, right.mean(axis=1), color=style.GRAY, linewidth=0.9, label="all")
    axes.set(xlabel="number of weak learners, k", ylim=(0, 1.02))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))


def _difficulty(axes: Axes, boosted: np.ndarray, accessibility: np.ndarray, color: str) -> str:
    """Draw the examples and the bins; return their correlations as text."""
    bins = quantile_means(boosted, accessibility, BINS)
    axes.plot(
        boosted,
        accessibility,
        linestyle="",
        marker="o",
        markersize=2.5,
        markeredgewidth=0,
        color=color,
        alpha=max(0.08, min(0.6, 400 / len(boosted))),
        rasterized=True,
        label="example",
    )
    square = {"marker": "s", "markersize": 4, "markerfacecolor": "white", "markeredgecolor": "k"}
    axes.plot(*bins, linestyle="", label="bin mean", **square)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)
    points = {"examples": (boosted, accessibility), f"{len(bins[0])} bins": bins}
    words = (
        f"{name}: {style.correlation_words(correlation(*scores))}"
        for name, scores in points.items()
    )
    return "\n".join(words).replace(", p", "\np")
