"""Figure 4: do two ensembles, or the halves of one, learn the examples in the same order?"""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from created_equal.artefacts import SPLITS, select_epochs, select_split
from created_equal.errors import InputError
from created_equal.figures.style import (
    GRAY,
    MARKERS,
    PALETTE,
    SPLIT_COLORS,
    correlate_in_words,
    describe,
    footing,
    heading,
    page,
    styled,
)
from created_equal.scores import (
    MatchedEpochs,
    accuracy_by_epoch,
    best_matched_pairs,
    bin_edges,
    matched_epochs,
)

MOST_BINS = 21
SATURATION = 0.04
SATURATED = PALETTE[3]
COLOR_TICKS = (0, 0.01, 0.02, 0.03, SATURATION)


@styled
def draw(ensembles: Mapping[str, xr.Dataset], title: str) -> Figure:
    """Draw (a) split halves, (b) two architectures, (c, d) both at epochs of equal accuracy.

    (a) and (b) plot accessibility, each example's mean consistency over all epochs from 1 on. (c)
    and (d) show the joint distribution of consistency on the test set; cells above ``SATURATION``
    are red (in the paper white, which here is for cells without examples). Without two different
    pairs of epochs that match, (d) is empty, and without one (c) too.

    Args:
        ensembles: scores of two ensembles of one dataset, by name; (a) shows halves of the first.
        title: the study's title.

    Raises:
        InputError: the first ensemble has only one network, or the ensembles share no examples.
    """
    first_name, second_name = ensembles
    first = ensembles[first_name]
    if first.sizes["network"] < 2:
        raise InputError(
            f"figure_04 compares the two halves of {first_name}, which has only one network; "
            "train at least two, or remove figure_04 from the study."
        )
    pairs = _matched_epochs(ensembles)
    shown = {
        name: select_epochs(scores, [pair[index] for pair in pairs if pair])
        for index, (name, scores) in enumerate(ensembles.items())
    }
    common = {split: _common_examples(shown, split) for split in SPLITS}
    figure = page(7.4)
    grid = figure.subplots(2, 3, width_ratios=(1, 1, 0.05))
    halves = {
        split: select_split(first, split)["accessibility_half"].transpose("half", "example").values
        for split in SPLITS
    }
    _accessibility(grid[0, 0], halves, f"(a) halves of {first_name}")
    grid[0, 0].set(xlabel="accessibility, even networks", ylabel="accessibility, odd networks")
    both = {
        split: [part["accessibility"].values for part in parts] for split, parts in common.items()
    }
    _accessibility(grid[0, 1], both, f"(b) {first_name} and {second_name}")
    grid[0, 1].set(xlabel=f"accessibility, {first_name}", ylabel=f"accessibility, {second_name}")
    _legend(grid[0, 2], grid[0, 0].lines[: len(SPLITS)])
    shades = ScalarMappable(
        Normalize(0, SATURATION), colormaps["viridis"].with_extremes(over=SATURATED)
    )
    for axes, letter, matched in zip(grid[1], "cd", pairs, strict=False):
        _joint(axes, letter, common["test"], tuple(ensembles), matched, shades)
    figure.colorbar(
        shades, cax=grid[1, 2], extend="max", label="fraction of test examples", ticks=COLOR_TICKS
    )
    details = (
        f"{describe(name, scores)}, epochs 1 to {int(scores['epoch'].max())}"
        for name, scores in ensembles.items()
    )
    heading(figure, title, "; ".join(details), ensembles)
    footing(
        figure,
        "r: Pearson's correlation with its 95 % interval. In (c) and (d), white cells hold no "
        f"example, and red cells more than {100 * SATURATION:.0f} %.",
    )
    return figure


def joint_fractions(
    one: np.ndarray, other: np.ndarray, one_edges: np.ndarray, other_edges: np.ndarray
) -> np.ndarray:
    """Return the fraction of examples in each cell of two consistency scores.

    Args:
        one: (example,) consistency in the first ensemble, multiples of 1/N.
        other: (example,) consistency in the second ensemble.
        one_edges: (column + 1,), from ``bin_edges``.
        other_edges: (row + 1,), from ``bin_edges``.

    Returns:
        (row, column) float64, which sum to 1.
    """
    return np.histogram2d(other, one, (other_edges, one_edges))[0] / len(one)


def _common_examples(
    ensembles: Mapping[str, xr.Dataset], split: str
) -> tuple[xr.Dataset, xr.Dataset]:
    parts = [
        select_split(scores, split)[["n_right", "accessibility"]]
        .assign(accuracy=scores["accuracy"].sel(split=split).mean("network"))
        .assign_attrs(networks=scores.sizes["network"])
        for scores in ensembles.values()
    ]
    examples = np.intersect1d(*(part["example"].values for part in parts))
    if len(examples) < 2:
        raise InputError(
            f"figure_04 compares {' and '.join(ensembles)}, but they share no {split} examples; "
            "name two ensembles of the same dataset."
        )
    return tuple(part.sel(example=examples) for part in parts)


def _accessibility(axes: Axes, pairs: Mapping[str, Sequence[np.ndarray]], name: str) -> None:
    words = [name]
    for split, marker in zip(SPLITS, MARKERS, strict=False):
        x, y = pairs[split]
        axes.plot(
            x,
            y,
            linestyle="",
            marker=marker,
            markersize=3,
            markeredgewidth=0.4,
            markeredgecolor=SPLIT_COLORS[split],
            markerfacecolor=SPLIT_COLORS[split] if split == "train" else "none",
            alpha=max(0.05, min(0.7, 400 / len(x))),
            rasterized=True,
            label=f"{split} set",
        )
        words.append(f"{split}: {correlate_in_words(x, y)}")
    axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=0.9, gid="equal")
    axes.set_title("\n".join(words), loc="left")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)


def _legend(axes: Axes, lines: Sequence[Line2D]) -> None:
    axes.set_axis_off()
    legend = axes.legend(handles=lines, loc="upper left", handletextpad=0.2, borderpad=0)
    for handle in legend.legend_handles:
        handle.set_alpha(1)


def _matched_epochs(ensembles: Mapping[str, xr.Dataset]) -> tuple[MatchedEpochs | None, ...]:
    """Return the early and the late pair of epochs, and None for each that there is not.

    With few epochs there may be no match, or only one. The rest of the figure is still drawn.
    """
    accuracies = [accuracy_by_epoch(scores, "test") for scores in ensembles.values()]
    if not matched_epochs(*accuracies):
        return None, None
    early, late = best_matched_pairs(*accuracies)
    return early, late if late != early else None


def _joint(
    axes: Axes,
    letter: str,
    parts: tuple[xr.Dataset, xr.Dataset],
    names: tuple[str, str],
    matched: MatchedEpochs | None,
    shades: ScalarMappable,
) -> None:
    axes.set(xlabel=f"consistency, {names[0]}", ylabel=f"consistency, {names[1]}", box_aspect=1)
    axes.spines[["top", "right"]].set_visible(True)
    if matched is None:
        axes.set_title(
            f"({letter}) no {'other ' if letter == 'd' else ''}epochs with test accuracies\n"
            "within 0.01 of each other",
            loc="left",
        )
        return
    epochs = (matched.epoch_a, matched.epoch_b)
    chosen = [part.sel(epoch=epoch) for part, epoch in zip(parts, epochs, strict=True)]
    edges = [bin_edges(part.attrs["networks"], MOST_BINS) for part in chosen]
    values = [part["n_right"].values / part.attrs["networks"] for part in chosen]
    fractions = joint_fractions(*values, *edges)
    axes.pcolormesh(
        *edges,
        np.ma.masked_equal(fractions, 0),
        cmap=shades.cmap,
        norm=shades.norm,
        rasterized=True,
    )
    accuracy = float(chosen[0]["accuracy"])
    axes.set_title(
        f"({letter}) test accuracy {accuracy:.2f}:\n"
        f"{names[0]} epoch {epochs[0]}, {names[1]} epoch {epochs[1]}",
        loc="left",
    )
