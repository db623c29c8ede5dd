"""Figure 4: do two ensembles, or the halves of one, learn the examples in the same order?"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from created_equal.artefacts import SPLITS, consistency, definition_of, select_epochs, select_split
from created_equal.errors import InputError
from created_equal.figures import style
from created_equal.figures.selection import check_splits
from created_equal.scores import (
    MatchedEpochs,
    accuracy_by_epoch,
    best_matched_pairs,
    bin_edges,
    correlation,
    nearest_matches,
    pearson,
    spearman,
    without_class_means,
)

MOST_BINS = 21
SATURATION = 0.04
SATURATED = style.PALETTE[3]
R_WORDS = "r: Pearson's correlation with its 95 % interval over examples; rank r: Spearman's."
# In characters; a longer title would reach into the next panel.
LONGEST_TITLE = 38
COLOR_TICKS = (0, 0.01, 0.02, 0.03, SATURATION)


@style.styled
def draw(ensembles: Mapping[str, xr.Dataset], title: str) -> Figure:
    """Draw (a) split halves, (b) two architectures, (c to e) both at epochs of equal accuracy.

    (a) and (b) plot accessibility, each example's mean consistency over all epochs from 1 on, (a)
    for the halves of the first ensemble. (c) and (d) show the joint distribution of consistency on
    the test set; cells above ``SATURATION`` are orange (in the paper they are white, which here
    means no examples). (e), which the paper does not have, shows the correlation of consistency at
    all epochs of equal accuracy. If only one pair of epochs matches, (d) is empty; if none does,
    (c) and (e) are too. With a single ensemble there is only (a).

    Raises:
        InputError: a split has no examples, the first ensemble has a single network, or two
            ensembles cannot be compared.
    """
    check_splits("figure_04", SPLITS, *ensembles.values())
    (name, first), *others = ensembles.items()
    if first.sizes["network"] < 2:
        raise InputError(
            f"figure_04 compares the two halves of {name}, which has a single network; train more."
        )
    if not others:
        return _draw_halves(name, first, title)
    ((other_name, _),) = others
    examples = {split: _common_examples(ensembles, split) for split in SPLITS}
    both = {
        split: [scores["accessibility"].sel(example=each).values for scores in ensembles.values()]
        for split, each in examples.items()
    }
    accuracies = [accuracy_by_epoch(scores, "test") for scores in ensembles.values()]
    # With few epochs there may be no match, or only one; the rest of the figure is still drawn.
    matches = nearest_matches(*accuracies)
    early, late = best_matched_pairs(*accuracies) if matches else (None, None)
    figure = style.page(10)
    panels = figure.subplot_mosaic(
        [["a", "b", "key"], ["c", "d", "colors"], ["e", "e", "e"]],
        width_ratios=(1, 1, 0.05),
        height_ratios=(1, 1, 0.5),
    )
    _halves(panels["a"], name, first)
    _accessibility(panels["b"], both, f"(b) {name} and {other_name}", tuple(ensembles))
    style.legend_of(panels["a"], panels["key"], loc="center left", handletextpad=0.2)
    shades = ScalarMappable(
        Normalize(0, SATURATION), colormaps["viridis"].with_extremes(over=SATURATED)
    )
    edges = [bin_edges(scores.sizes["network"], MOST_BINS) for scores in ensembles.values()]
    for letter, pair in (("c", early), ("d", late if late != early else None)):
        axes = panels[letter]
        axes.set(xlabel=f"consistency, {name}", ylabel=f"consistency, {other_name}", box_aspect=1)
        axes.spines[["top", "right"]].set_visible(True)
        other = "other " if letter == "d" and early else ""
        words = f"no {other}epochs with test accuracies\nwithin 0.01 of each other"
        if pair:
            values = _consistency(ensembles.values(), pair, examples["test"])
            cells = np.ma.masked_equal(joint_fractions(*values, *edges), 0)
            axes.pcolormesh(*edges, cells, cmap=shades.cmap, norm=shades.norm, rasterized=True)
            which = (f"{name} epoch {pair.epoch_a},", f"{other_name} epoch {pair.epoch_b}")
            between = " " if len(" ".join(which)) <= LONGEST_TITLE else "\n"
            words = f"test accuracy {accuracies[0][pair.epoch_a]:.2f}:\n{between.join(which)}"
        axes.set_title(f"({letter}) {words}")
    figure.colorbar(
        shades,
        cax=panels["colors"],
        extend="max",
        label="fraction of test examples",
        ticks=COLOR_TICKS,
    )
    _agreement(panels["e"], ensembles, matches, accuracies[0], examples["test"])
    details = (style.describe_all_epochs(*each, 1) for each in ensembles.items())
    style.heading(figure, title, "; ".join(details), ensembles)
    style.footing(
        figure,
        f"{R_WORDS} In (c) and (d), white cells hold no example, and orange cells more than "
        f"{100 * SATURATION:.0f} %. (e): Pearson's r over the test examples, at each "
        "epoch of the first ensemble, with the second at its epoch nearest in accuracy (within "
        "0.01).",
    )
    return figure


def _draw_halves(name: str, scores: xr.Dataset, title: str) -> Figure:
    figure = style.page(4.6)
    halves, legend = figure.subplots(1, 2)
    _halves(halves, name, scores)
    style.legend_of(halves, legend, loc="center left", handletextpad=0.2)
    style.heading(figure, title, style.describe_all_epochs(name, scores, 1), {name: scores})
    style.footing(figure, R_WORDS)
    return figure


def _halves(axes: Axes, name: str, scores: xr.Dataset) -> None:
    halves = {
        split: select_split(scores, split)["accessibility_half"].transpose("half", "example").values
        for split in SPLITS
    }
    _accessibility(axes, halves, f"(a) halves of {name}", ("every second network", "the others"))


def joint_fractions(
    one: np.ndarray, other: np.ndarray, one_edges: np.ndarray, other_edges: np.ndarray
) -> np.ndarray:
    """Return the fraction of examples in each cell (row, column) of two consistency scores.

    The columns are the bins of the first score (example,), the rows those of the other.
    """
    return np.histogram2d(other, one, (other_edges, one_edges))[0] / len(one)


def _common_examples(ensembles: Mapping[str, xr.Dataset], split: str) -> np.ndarray:
    names = (select_split(scores, split)["example"].values for scores in ensembles.values())
    examples = np.intersect1d(*names)
    if len(examples) < 2:
        raise InputError(
            f"figure_04 compares {' and '.join(ensembles)}, but they share no {split} examples; "
            "name two ensembles of the same dataset."
        )
    if not all("dataset" in definition_of(scores) for scores in ensembles.values()):
        _check_numbers(ensembles)
    labels = [scores["label"].sel(example=examples).values for scores in ensembles.values()]
    if not np.array_equal(*labels):
        raise InputError(
            f"figure_04 compares {' and '.join(ensembles)}, but their {split} examples have "
            "different labels; name two ensembles of the same dataset."
        )
    return examples


def _check_numbers(ensembles: Mapping[str, xr.Dataset]) -> None:
    """Raise InputError if the same numbers are different examples of two ensembles.

    Recordings and imports number theirs from 0 on, whatever they are, and test after train ones.
    """
    one, other = ensembles.values()
    both = np.intersect1d(one["example"].values, other["example"].values)
    columns = {"example_split", "label", "example_name"}
    for name in columns & one.variables.keys() & other.variables.keys():
        values, others = (scores[name].sel(example=both).values for scores in (one, other))
        # In a split without names, they are empty.
        if ((values != others) & (values != "") & (others != "")).any():
            raise InputError(
                f"{' and '.join(ensembles)} have different examples with the same numbers; name "
                "two ensembles of the same dataset, in the same order."
            )


def _accessibility(
    axes: Axes, pairs: Mapping[str, Sequence[np.ndarray]], name: str, labels: tuple[str, str]
) -> None:
    style.accessibility_points(axes, pairs, labels)
    words, ranks = [name], []
    for split, (x, y) in pairs.items():
        words.append(f"{split}: {style.correlation_words(correlation(x, y))}")
        rank = spearman(x, y)
        ranks.append(f"{split} {'undefined' if np.isnan(rank) else f'{rank:.3f}'}")
    axes.set_title("\n".join([*words, f"rank r: {', '.join(ranks)}"]))


def _agreement(
    axes: Axes,
    ensembles: Mapping[str, xr.Dataset],
    pairs: Sequence[MatchedEpochs],
    accuracy: pd.Series,
    examples: np.ndarray,
) -> None:
    """Draw the correlation of consistency at all epochs of equal accuracy, and that of classes.

    The latter is the correlation expected if one of the two shuffles its examples within their
    class: then the covariance is that of the class means.
    """
    labels = next(iter(ensembles.values()))["label"].sel(example=examples).values
    found, of_classes = [], []
    for pair in pairs:
        both = _consistency(ensembles.values(), pair, examples)
        means = np.array([each - without_class_means(each, labels) for each in both])
        found.append(pearson(*both))
        scale = np.prod(np.std(means, axis=1)) / (np.prod(np.std(both, axis=1)) or np.nan)
        of_classes.append(pearson(*means) * scale)
    x = [accuracy[pair.epoch_a] for pair in pairs]
    for values, color, marker, label in (
        (found, style.PALETTE[0], "o", "observed"),
        (of_classes, style.GRAY, "s", "expected if one is shuffled within classes"),
    ):
        axes.plot(x, values, linestyle="", marker=marker, markersize=4, color=color, label=label)
    words = "do they agree whenever they are equally accurate?"
    if not pairs:
        words = "no epochs with test accuracies within 0.01 of each other"
    axes.set_title(f"(e) {words}")
    lowest = min((r for r in (*found, *of_classes) if r < 0), default=0)
    limits = (lowest - 0.05, 1.05)
    axes.set(xlabel="test accuracy of both", ylabel="r of consistency", ylim=limits)
    if pairs:
        is_middle_free = not any(0.3 < r < 0.7 for r in (*found, *of_classes))
        axes.legend(loc="center" if is_middle_free else "best")


def _consistency(
    ensembles: Iterable[xr.Dataset], pair: MatchedEpochs, examples: np.ndarray
) -> list[np.ndarray]:
    return [
        consistency(select_epochs(scores, [epoch]).sel(epoch=epoch, example=examples)).values
        for scores, epoch in zip(ensembles, pair[:2], strict=True)
    ]
