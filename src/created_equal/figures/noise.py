"""Noise: what makes networks disagree, and whether the order of learning depends on the examples.

(a) and (b) compare networks that differ in only one kind of noise with networks that differ in all,
as Summers and Dinneen (2021) do; (c) compares networks trained on disjoint examples.
"""

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from created_equal.artefacts import select_split
from created_equal.errors import InputError
from created_equal.figures import style
from created_equal.scores import (
    Examples,
    Hypotheses,
    Scores,
    correlation_with_more,
    interval_around,
    pearson,
    spearman,
    spearman_brown,
)

REPLICATES = 200
MOST_EPOCHS = 24
MARKS = 8
NOISES = ("initialisation", "mini_batches", "dropout")
HALVES = ("first_half", "second_half")


@style.styled
def draw(hypotheses: Hypotheses, names: Mapping[str, str], title: str, ensemble: str) -> Figure:
    """Draw (a) disagreement, (b) its ratio to that of all noise, (c) two halves of the train set.

    ``names`` maps the keys of the figure (``"ensemble"``, ``NOISES`` and ``HALVES``) to the names
    of ensembles; ``ensemble`` is the label of the first. The epochs are those that the first four
    ensembles have in common, at most about ``MOST_EPOCHS``.

    Raises:
        InputError: the ensembles have different test examples or labels.
    """
    different = ("ensemble", *NOISES)
    of_noise, of_halves = (tuple(names[each] for each in keys) for keys in (different, HALVES))
    test = _test_examples(hypotheses, *of_noise, *of_halves)
    epochs = _common_epochs(hypotheses, of_noise)
    found, lower, upper = disagreements(hypotheses, of_noise, epochs, test)
    figure = style.page(5.2)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.1))
    ends, look = [], {"markersize": 3.5}
    for number, key in enumerate(different):
        band = lower[0, number], upper[0, number]
        label = "all three" if key == "ensemble" else key.replace("_", "-")
        style.curve(left, epochs, found[0, number], number, MARKS, band, **look, label=label)
        if number:
            band = lower[1, number], upper[1, number]
            style.curve(middle, epochs, found[1, number], number, MARKS, band, **look)
            at_end = (each[1, number, -1] for each in (found, lower, upper))
            ends.append(f"{label} {_words(*at_end)}")
    left.set_title("(a) networks that differ in")
    left.set(ylabel="disagreement of two networks", ylim=(0, None))
    left.legend(loc="upper right", borderpad=0, handlelength=3)
    middle.set_title("\n".join([f"(b) share of it at epoch {epochs[-1]}", *ends]))
    middle.axhline(1, color=style.GRAY, linestyle="--", linewidth=0.9)
    middle.set(ylabel="disagreement / that of all three", ylim=(0, None))
    for axes in (left, middle):
        axes.margins(x=0.02)
        style.epoch_axis(axes)
        axes.locator_params(axis="x", nbins=4)  # The panels are narrow.
    _halves(right, hypotheses, of_halves, test)
    sizes = ", ".join(
        f"{key.replace('_', '-' if key in NOISES else ' ')} N = {hypotheses.networks(names[key])}"
        for key in (*NOISES, *HALVES)
    )
    scores = hypotheses.scores[names["ensemble"]]
    whole = select_split(scores, "test").sizes["example"]
    shown_of = "" if len(test.names) == whole else f", {len(test.names):,} of {whole:,} at random"
    shown = f"epochs {epochs[0]} to {epochs[-1]}"
    if len(epochs) <= epochs[-1] - epochs[0]:
        shown += f" ({len(epochs)} shown)"
    details = f"{style.describe(ensemble, scores)}, {shown}; {sizes}"
    compared = {
        ensemble if key == "ensemble" else name: hypotheses.scores[name]
        for key, name in names.items()
    }
    style.heading(figure, title, details, compared)
    style.footing(
        figure,
        f"Test set{shown_of}. Disagreement: the share of pairs of networks that predict different "
        "labels, mean over examples. All networks of a curve share the other kinds of noise. Bands "
        "and brackets: 95 % intervals over networks and examples, none with fewer than 5 networks. "
        "(c) r is Pearson's correlation, rank r is Spearman's. Same half: r expected between two "
        "ensembles of this size trained on one half (from half-ensembles, by Spearman-Brown). "
        "Ratio: r divided by it, at most 1.",
    )
    return figure


def disagreements(
    hypotheses: Hypotheses, names: tuple[str, ...], epochs: np.ndarray, examples: Examples
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return disagreement, and its ratio to that of the first ensemble, with intervals.

    The values and the ends of their intervals are each (2, name, epoch), see ``_with_intervals``.
    """

    def values(scores: Scores) -> np.ndarray:
        means = [scores.disagreement(name, epochs, examples).mean(axis=1) for name in names]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.array([means, means / means[0]])

    observed = hypotheses.observed(names, by_network=True)
    return _with_intervals(values, observed, hypotheses, names, (0, np.inf))


def _halves(axes: Axes, hypotheses: Hypotheses, names: tuple[str, str], examples: Examples) -> None:
    def values(scores: Scores) -> np.ndarray:
        """Return r of both, r expected of networks of one half, their ratio, and rank r: (4,)."""
        one, two = (scores.accessibility(name, examples) for name in names)
        halves = [scores.correlation_of_halves(name, examples, pearson) for name in names]
        r = pearson(one, two)
        ratio, _ = correlation_with_more(r, halves, [1, 1])
        reliable = [spearman_brown(half, 2) for half in halves]
        expected = np.sqrt(np.prod(reliable)) if min(halves) > 0 else np.nan
        return np.array([r, expected, ratio, spearman(one, two)])

    observed = hypotheses.observed(names, by_network=False)
    found = _with_intervals(values, observed, hypotheses, names, (-1, 1))
    r, expected, ratio, rank = (_words(*each) for each in zip(*found, strict=True))
    axes.set_title(
        f"(c) disjoint halves\nof the train set\nr {r}\nsame half {expected}\n"
        f"ratio {ratio}\nrank r {rank}"
    )
    both = [observed.accessibility(name, examples) for name in names]
    style.accessibility_points(axes, {"test": both}, ("first half", "second half"))


def _with_intervals(
    values: Callable[[Scores], np.ndarray],
    observed: Scores,
    hypotheses: Hypotheses,
    names: tuple[str, ...],
    possible: tuple[float, float],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of the observed scores, and the ends of their intervals, each (...).

    The 95 % intervals are over networks and examples; they are NaN with too few networks.
    """
    found = values(observed)
    ends = np.full((2, *found.shape), np.nan)
    if hypotheses.resamples_networks(names):
        resamples = np.array([values(each) for each in hypotheses.resamples(names, REPLICATES)])
        for place in np.ndindex(found.shape):
            ends[:, *place] = interval_around(found[place], resamples[:, *place], possible)
    return found, *ends


def _words(value: float, lower: float, upper: float) -> str:
    band = "" if np.isnan(lower) else f" ({lower:.2f} to {upper:.2f})"
    return f"{value:.2f}{band}"


def _test_examples(hypotheses: Hypotheses, *names: str) -> Examples:
    """Return the sampled test examples, after checking that all ensembles have the same."""
    found = [select_split(hypotheses.scores[name], "test") for name in names]
    if any(not each[key].equals(found[0][key]) for each in found for key in ("example", "label")):
        raise InputError(
            f"noise compares {', '.join(names)}, but their test examples or labels differ; name "
            "ensembles of the same dataset in the study."
        )
    return Examples(np.intersect1d(found[0]["example"].values, hypotheses.sample), "test")


def _common_epochs(hypotheses: Hypotheses, names: tuple[str, ...]) -> np.ndarray:
    common = reduce(np.intersect1d, [hypotheses.scores[name]["epoch"].values for name in names])
    trained = common[common > 0]
    if len(trained) <= MOST_EPOCHS:
        return trained
    places = np.geomspace(1, len(trained), MOST_EPOCHS).round().astype(int)
    return trained[np.unique(places) - 1]
