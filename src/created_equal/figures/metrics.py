"""How metrics of difficulty correlate over examples, pooled and within classes."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from seaborn import color_palette

from created_equal.artefacts import SPLITS
from created_equal.errors import InputError
from created_equal.figures import style
from created_equal.scores import example_metrics, rank_correlations

SHOWN = (
    *("accessibility", "consistency", "consensus", "vote_margin", "mean_vote_margin"),
    *("vote_entropy", "vote_el2n", "disagreement", "first_learned", "learned_for_good"),
    *("ever_learned", "forgetting", "churn", "variability"),
)
"""The metrics in the figure, in this order; those that the scores lack are left out."""
FEWEST_EXAMPLES = 3
CELL = 0.2
"""The height of a cell, in inches."""


@style.styled
def draw(scores: xr.Dataset, title: str, ensemble: str) -> Figure:
    """Draw Spearman's correlations of ``SHOWN`` metrics, a matrix for each split.

    Above the diagonal they are pooled over classes, below it within classes, see
    ``scores.rank_correlations``.
    """
    correlations = table(scores)
    names = [name for name in SHOWN if name in {*correlations["metric"], *correlations["other"]}]
    figure = style.page(2.9 + CELL * len(names) * len(SPLITS))
    grid = figure.subplots(len(SPLITS), 1, sharex=True)
    for axes, split in zip(grid, SPLITS, strict=True):
        of_split = correlations[correlations["split"] == split]
        images = scores["example_split"].values == split
        axes.set_title(f"{split} set, {images.sum()} images")
        shown = _draw_matrix(axes, _matrix(of_split, names), names)
    bar = figure.colorbar(shown, ax=grid, shrink=0.4, aspect=30, pad=0.01)
    bar.outline.set_visible(False)
    bar.set_label("Spearman's correlation")
    details = "Spearman's correlations of metrics of difficulty, "
    details += style.describe_all_epochs(ensemble, scores, 1)
    style.heading(figure, title, details, {ensemble: scores})
    style.footing(
        figure,
        "Above the diagonal: over all images of the set. Below it: "
        "within classes, over ranks less the mean of their class. An image that is never learned "
        "ranks after those learned last, and as the most forgotten. Empty: a metric is the same "
        "for all images.",
    )
    return figure


def table(scores: xr.Dataset) -> pd.DataFrame:
    """Return the correlations as a table: a row for each split and pair of metrics.

    The columns pooled and within_class are Spearman's correlations, with the ends of their 95 %
    bootstrap intervals over examples; they are NaN if a metric is constant, or if there are fewer
    than ``FEWEST_EXAMPLES``.

    Raises:
        InputError: both splits have fewer.
    """
    metrics, labels = example_metrics(scores), scores["label"].values
    names = np.array([name for name in SHOWN if name in metrics])
    pairs = np.triu_indices(len(names), 1)
    parts = []
    for split in SPLITS:
        chosen = np.flatnonzero(scores["example_split"].values == split)
        if len(chosen) < FEWEST_EXAMPLES:
            continue
        columns = {"split": split, "metric": names[pairs[0]], "other": names[pairs[1]]}
        for kind, classes in (("pooled", None), ("within_class", labels[chosen])):
            found = rank_correlations(metrics[names].iloc[chosen], classes)
            columns[kind] = found.r[pairs]
            columns[f"{kind}_lower"] = found.lower[pairs]
            columns[f"{kind}_upper"] = found.upper[pairs]
        parts.append(pd.DataFrame(columns))
    if not parts:
        raise InputError(
            f"correlations of metrics need at least {FEWEST_EXAMPLES} examples in the train or the "
            "test set; score an ensemble that has more."
        )
    return pd.concat(parts, ignore_index=True)


def _matrix(correlations: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return a matrix of the correlations: pooled above the diagonal, within classes below."""
    matrix = np.full((len(names), len(names)), np.nan)
    for row in correlations.itertuples():
        one, other = names.index(row.metric), names.index(row.other)
        matrix[one, other], matrix[other, one] = row.pooled, row.within_class
    return matrix


def coefficient(r: float) -> str:
    """Return a correlation with two decimals and without a leading zero: .98, −.50, or 1."""
    text = f"{abs(r):.2f}".removeprefix("0").replace("1.00", "1")
    return f"−{text}" if r < 0 and text != ".00" else text


def _draw_matrix(axes: Axes, matrix: np.ndarray, names: list[str]):
    shown = axes.imshow(
        matrix, cmap=color_palette("vlag", as_cmap=True), vmin=-1, vmax=1, aspect="auto"
    )
    for (row, column), r in np.ndenumerate(matrix):
        if not np.isnan(r):
            color = "white" if abs(r) > 0.75 else "0.15"
            axes.text(column, row, coefficient(r), ha="center", va="center", color=color)
    axes.axline((-0.5, -0.5), slope=1, color=style.GRAY, linewidth=0.6)
    words = [name.replace("_", " ").replace("el2n", "EL2N") for name in names]
    axes.set_xticks(range(len(names)), words, rotation=90)
    axes.set_yticks(range(len(names)), words)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return shown
