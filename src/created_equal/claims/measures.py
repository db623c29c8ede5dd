"""From evidence to a statistic: one function for each kind of thing that the paper claims.

Each takes the evidence and the names that play the claim's roles, chooses by what was observed (at
which epochs, of which examples), and returns what is taken of the scores and the statistic of it.
So the same statistic can be computed again on other scores: those of a null, or of a resample of
the networks. Where nothing else is said, examples are those of the test set.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from math import inf

import numpy as np
import xarray as xr

from created_equal.artefacts import iterate_epochs, select_split
from created_equal.claims import statistics
from created_equal.claims.evidence import Evidence
from created_equal.claims.measured import Measured, Taken
from created_equal.errors import InputError
from created_equal.scores import (
    BINS,
    LEAST_FIT,
    MIDDLE,
    Statistic,
    below_chance,
    best_matched_pairs,
    correlation_of,
    informative_epochs,
    majority_right,
    mean_consistency,
    quantile_means,
    thirds,
)
from created_equal.study import BASELINE_PREFIX

FEW = 0.01
"""So large a part of the train set has consistency 1 when labels are first counted."""
FEWEST_SCORES = 5
"""Of an ensemble, in the joint distribution with another."""
SUMMARIES = {"lowest": np.nanmin, "mean over phase 3": np.nanmean, "final": np.nanmean}
SHARE, SIGNED, NOT_NEGATIVE = (0.0, 1.0), (-1.0, 1.0), (0.0, inf)
"""What statistics can be: shares; correlations and differences of shares; all others."""
RISE = (-1.5, 1.5)
"""Of a share along a straight line: a step in the middle of many points rises by almost 1.5."""


def accuracy(
    evidence: Evidence,
    name: str,
    *,
    split: str = "test",
    epoch: int = -1,
    highest: bool = False,
    less_chance: bool = False,
) -> Measured:
    """Return the mean accuracy, over networks and examples, of an ensemble or a baseline.

    Args:
        evidence: what it is measured on.
        name: the ensemble's or baseline's.
        split: ``"train"`` or ``"test"``.
        epoch: its place, so that -1 is the last.
        highest: of all epochs from 1 on that at which it is highest, instead.
        less_chance: 1/K is taken off.
    """
    scores = select_split(evidence.scores[name], split)
    epochs = scores["epoch"].values
    taken = _take(scores, name, epochs[epochs > 0] if highest else epochs[[epoch]])
    chance = less_chance / scores.attrs["classes"]
    return _measured(
        evidence,
        (taken,),
        lambda values: statistics.highest_mean_of(values - chance),
        split,
        possible=(-chance, 1 - chance),
    )


def accuracy_difference(evidence: Evidence, other: str, name: str) -> Measured:
    """Return the accuracy of the second less that of the first, at the last epoch of each."""
    taken = [
        _take(scores, each, scores["epoch"].values[-1:])
        for scores, each in zip(_common(evidence, other, name), (other, name), strict=True)
    ]
    return _measured(
        evidence, taken, lambda one, two: statistics.mean_of(two[0] - one[0]), possible=SIGNED
    )


def share_unanimous(evidence: Evidence, name: str, *, split: str) -> Measured:
    """Return the share of examples with a consistency of 0 or 1, median over epochs from 1 on."""
    scores = select_split(evidence.scores[name], split)
    networks = scores.sizes["network"]
    return _measured(
        evidence,
        (_take(scores, name, _trained(scores), "n_right"),),
        lambda n_right: statistics.median_of_means_of((n_right == 0) | (n_right == networks)),
        split,
        possible=SHARE,
    )


def share_below_chance(evidence: Evidence, name: str, *, split: str) -> Measured:
    """Return the share of examples with a consistency below 1/K at the beginning."""
    scores = select_split(evidence.scores[name], split)
    networks, classes = scores.sizes["network"], scores.attrs["classes"]
    return _measured(
        evidence,
        (_take(scores, name, [evidence.phases(name)["beginning"]], "n_right"),),
        lambda n_right: statistics.mean_of(below_chance(n_right[0], networks, classes)),
        split,
        possible=SHARE,
    )


def bimodality_in_phase(evidence: Evidence, name: str, *, phase: str, split: str) -> Measured:
    """Return the bi-modality of consistency at the epoch of a phase."""
    scores = select_split(evidence.scores[name], split)
    taken = _take(scores, name, [evidence.phases(name)[phase]])
    return _measured(evidence, (taken,), statistics.bimodality_of, split, possible=NOT_NEGATIVE)


def bimodality(
    evidence: Evidence, name: str, *, split: str = "test", over_epochs: str = "mean over phase 3"
) -> Measured:
    """Return the bi-modality of consistency: its lowest from epoch 1 on, its mean, or the final.

    Only epochs count at which the measure says something, the ``informative_epochs``.

    Args:
        evidence: what it is measured on.
        name: the ensemble's.
        split: ``"train"`` or ``"test"``.
        over_epochs: a key of ``SUMMARIES``.

    Raises:
        InputError: there are no such epochs; or the last is none of them, of which it should be.
    """
    scores = select_split(evidence.scores[name], split)
    match over_epochs:
        case "lowest":
            epochs = _informative(evidence, name, split)
        case "final":
            epochs = _last_if_informative(scores, name, split)
        case _:
            epochs = evidence.third_phase(name, split)
    return _measured(
        evidence,
        (_take(scores, name, epochs),),
        partial(statistics.bimodality_of, summary=SUMMARIES[over_epochs]),
        split,
        possible=NOT_NEGATIVE,
    )


def bimodality_difference(evidence: Evidence, other: str, name: str, *, split: str) -> Measured:
    """Return the mean bi-modality in phase 3 of the second less that of the first."""
    taken = [
        _take(scores, each, evidence.third_phase(each, split))
        for scores, each in zip(_common(evidence, other, name, split), (other, name), strict=True)
    ]
    return _measured(
        evidence,
        taken,
        lambda one, two: statistics.difference_of(
            statistics.bimodality_of(two), statistics.bimodality_of(one)
        ),
        split,
    )


def consensus_rises(evidence: Evidence, name: str) -> Measured:
    """Return Spearman's correlation of the mean consensus with the epoch, from epoch 0 on."""
    scores = select_split(evidence.scores[name], "test")
    taken = _take(scores, name, scores["epoch"].values, "consensus")
    return _measured(evidence, (taken,), statistics.rank_correlation_of, possible=SIGNED)


def moved_accuracy(evidence: Evidence, name: str, *, epoch: int) -> Measured:
    """Return the accuracy on the examples that were moved, at the epoch in this place."""
    scores = _moved(evidence, name)
    taken = _take(scores, name, scores["epoch"].values[[epoch]])
    return _measured(
        evidence,
        (taken,),
        lambda values: statistics.mean_of(values[0]),
        "moved",
        possible=SHARE,
    )


def moved_less_test(evidence: Evidence, original: str, name: str) -> Measured:
    """Return the accuracy on the moved examples less that on the original test set.

    The latter is that of the ensemble from whose train set nothing was moved; mean over all epochs
    from 1 on that both have. Its examples are not resampled.
    """
    scores, before = _moved(evidence, name), select_split(evidence.scores[original], "test")
    epochs = np.intersect1d(scores["epoch"].values, before["epoch"].values)[1:]
    return _measured(
        evidence,
        (_take(scores, name, epochs), _take(before, original, epochs)),
        lambda moved, of_test: statistics.mean_of(moved.mean(axis=0) - of_test.mean()),
        "moved",
        possible=SIGNED,
    )


def halves_correlate(evidence: Evidence, name: str) -> Measured:
    """Return Pearson's r of accessibility between the even and the odd networks.

    Raises:
        InputError: there is only one network.
    """
    if evidence.scores[name].sizes["network"] < 2:
        raise InputError(f"{name} has only one network, and no two halves; train at least two.")
    scores = select_split(evidence.scores[name], "test")
    taken = _take(scores, name, _trained(scores), "accessibility_half")
    return _correlation(evidence, (taken,), lambda halves: correlation_of(*halves), scores)


def ensembles_correlate(evidence: Evidence, other: str, name: str) -> Measured:
    """Return Pearson's r of accessibility between two ensembles, or one and a baseline."""
    taken, scores = _both_accessibilities(evidence, other, name)
    return _correlation(evidence, taken, correlation_of, scores)


def bins_correlate(evidence: Evidence, other: str, name: str) -> Measured:
    """Return Pearson's r of accessibility between the means of 40 bins of the second's."""
    taken, scores = _both_accessibilities(evidence, other, name)
    return _correlation(
        evidence,
        taken,
        lambda difficulty, score: correlation_of(*quantile_means(score, difficulty, BINS)),
        scores,
        points=BINS,
    )


def corners(evidence: Evidence, other: str, name: str, *, late: bool) -> Measured:
    """Return the corners of the joint distribution of consistency over its median cell.

    At the early or the late pair of epochs of equal accuracy that figure 4 shows.

    Raises:
        InputError: no epochs match, or there are fewer than ``FEWEST_SCORES``.
    """
    return _joint(evidence, other, name, late, statistics.corners_of)


def diagonal(evidence: Evidence, other: str, name: str, *, late: bool) -> Measured:
    """Return the diagonal of the joint distribution of consistency over what is beside it.

    Raises:
        InputError: no epochs match, or there are fewer than ``FEWEST_SCORES``.
    """
    return _joint(evidence, other, name, late, statistics.diagonal_of)


def right_where_right(evidence: Evidence, other: str, name: str, *, last: bool) -> Measured:
    """Return P(first right | second right) - P(first right), both by majority, at one epoch.

    It is that of the two which the figure shows: 1, or the last that both have, if the study does
    not name others.
    """
    one, two = _common(evidence, other, name)
    common = min(int(evidence.scores[each]["epoch"].max()) for each in (other, name))
    epoch = evidence.epochs.get("figure_05", (1, common))[last]

    def make(of_one: np.ndarray, of_two: np.ndarray) -> Statistic:
        right = majority_right(of_one[0], one.sizes["network"])
        given = majority_right(of_two[0], two.sizes["network"])
        return statistics.difference_of(
            statistics.mean_where(right, given), statistics.mean_of(right)
        )

    taken = (_take(one, other, [epoch], "n_right"), _take(two, name, [epoch], "n_right"))
    return _measured(evidence, taken, make, possible=SIGNED)


def easier_for_both(evidence: Evidence, other: str, name: str, *, last: bool) -> Measured:
    """Return the accuracy of a baseline where an ensemble's majority is right, less where wrong."""
    one, two = _common(evidence, other, name)
    epoch = evidence.epochs.get("figure_07", (1, int(one["epoch"].max())))[last]

    def make(of_one: np.ndarray, of_two: np.ndarray) -> Statistic:
        group = majority_right(of_one[0], one.sizes["network"])
        return statistics.difference_of(
            statistics.mean_where(of_two[0], group), statistics.mean_where(of_two[0], ~group)
        )

    taken = (_take(one, other, [epoch], "n_right"), _take(two, name, two["epoch"].values[-1:]))
    return _measured(evidence, taken, make, possible=SIGNED)


def boosting_level(evidence: Evidence, other: str, name: str, *, group: str) -> Measured:
    """Return AdaBoost's accuracy on a third of the examples less that on all, mean over k."""

    def make(accessibility: np.ndarray, curves: np.ndarray) -> Statistic:
        values = curves.mean(axis=0)
        return statistics.difference_of(
            statistics.mean_where(values, _third(accessibility, group)), statistics.mean_of(values)
        )

    return _boosting(evidence, other, name, make, SIGNED)


def boosting_rise(evidence: Evidence, other: str, name: str, *, group: str) -> Measured:
    """Return the rise of AdaBoost's accuracy on a third of the examples, from k = 1 to the last.

    Raises:
        InputError: there is only one k.
    """
    _check_slope(evidence, name)

    def make(accessibility: np.ndarray, curves: np.ndarray) -> Statistic:
        return statistics.mean_where(statistics.rise(curves), _third(accessibility, group))

    return _boosting(evidence, other, name, make, RISE)


def boosting_improvement(evidence: Evidence, name: str) -> Measured:
    """Return the rise of AdaBoost's accuracy on all examples, from k = 1 to the last.

    Raises:
        InputError: there is only one k.
    """
    _check_slope(evidence, name)
    scores = select_split(evidence.scores[name], "test")
    taken = _take(scores, name, scores["epoch"].values)
    return _measured(
        evidence,
        (taken,),
        lambda curves: statistics.mean_of(statistics.rise(curves)),
        possible=RISE,
    )


def labels_at_one(evidence: Evidence, name: str, *, more_at_end: bool = False) -> Measured:
    """Return how many labels the train examples of consistency 1 have, when there first are some.

    That is the first epoch from 1 on at which at least 1 % of the train examples have it.

    Args:
        evidence: what it is measured on.
        name: the ensemble's.
        more_at_end: how many more they are at the last epoch, instead.

    Raises:
        InputError: there never are so many.
    """
    scores = select_split(evidence.scores[name], "train")
    epochs, networks = scores["epoch"].values, scores.sizes["network"]
    shares = [(row == networks).mean() for row in iterate_epochs(scores, "n_right", "train")]
    reached = epochs[(np.array(shares) >= FEW) & (epochs > 0)]
    if not reached.size:
        raise InputError(
            f"fewer than {FEW:.0%} of the train examples ever have a consistency of 1 in {name}; "
            "train it for longer."
        )
    shown, classes = [reached[0], epochs[-1]][: 1 + more_at_end], scores.attrs["classes"]

    def make(n_right: np.ndarray, labels: np.ndarray) -> Statistic:
        labels = labels.astype(int)
        at_first, *at_end = (
            statistics.labels_of(labels, row == networks, classes) for row in n_right
        )
        return statistics.difference_of(at_end[0], at_first) if at_end else at_first

    taken = (_take(scores, name, shown, "n_right"), _take(scores, name, shown, "label"))
    lowest = -classes if more_at_end else 0
    return _measured(evidence, taken, make, "train", possible=(lowest, classes))


def patterns(evidence: Evidence, name: str) -> Measured:
    """Return how many of the five patterns of Fig 11 some example of either split shows."""
    scores = evidence.scores[name]
    networks, chance = scores.sizes["network"], 1 / scores.attrs["classes"]
    return _measured(
        evidence,
        (_take(scores, name, scores["epoch"].values, "n_right"),),
        lambda n_right: statistics.patterns_of(n_right, networks, chance, LEAST_FIT),
        "train and test",
        possible=(0, 5),
        replicates=100,
    )


def centre(evidence: Evidence, name: str) -> Measured:
    """Return the mean consistency of the train set at its lowest bi-modality (see there).

    Raises:
        InputError: the bi-modality says something at no epoch.
    """
    measure = evidence.scores[name]["bimodality"].sel(split="train")
    epochs = _informative(evidence, name, "train")
    epoch = epochs[np.argmin(measure.sel(epoch=epochs).values)]
    scores = select_split(evidence.scores[name], "train")
    return _measured(
        evidence,
        (_take(scores, name, [epoch]),),
        lambda values: statistics.mean_of(values[0]),
        "train",
        possible=SHARE,
    )


def epochs_in_words(epochs: Iterable[int]) -> str:
    """Return epochs in rising order as runs: ``"1 to 5, 8, 10 to 12"``."""
    runs = [
        [epoch for _, epoch in run]
        for _, run in groupby(enumerate(map(int, epochs)), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _measured(
    evidence: Evidence,
    taken: Iterable[Taken],
    make: Callable[..., Statistic],
    examples: str = "test",
    **keys,
) -> Measured:
    taken = tuple(taken)
    names = tuple(dict.fromkeys(each.name for each in taken))
    return Measured(
        taken=taken,
        make=make,
        examples=examples,
        networks=_networks(evidence, *names),
        epochs=_epochs(evidence, taken),
        **keys,
    )


def _correlation(
    evidence: Evidence,
    taken: Iterable[Taken],
    make: Callable[..., Statistic],
    scores: xr.Dataset,
    points: int | None = None,
) -> Measured:
    labels = scores["label"].values.astype(int)

    def within(*values: np.ndarray) -> Statistic:
        return make(*(statistics.without_class_means(each, labels) for each in values))

    return _measured(
        evidence,
        taken,
        make,
        within=within,
        points=min(points or len(labels), len(labels)),
        possible=SIGNED,
    )


def _joint(evidence: Evidence, other: str, name: str, late: bool, of: Callable) -> Measured:
    one, two = _common(evidence, other, name)
    accuracies = [
        evidence.scores[each]["accuracy"].sel(split="test").mean("network").values
        for each in (other, name)
    ]
    pair = best_matched_pairs(*accuracies)[late]
    networks = tuple(evidence.scores[each].sizes["network"] for each in (other, name))
    if min(networks) + 1 < FEWEST_SCORES:
        raise InputError(
            f"{other} and {name} have {networks[0]} and {networks[1]} networks, and so few "
            "different scores that corners and diagonal are nearly all there is; train at least "
            f"{FEWEST_SCORES - 1} networks of each."
        )
    return _measured(
        evidence,
        (
            _take(one, other, [pair.epoch_a], "n_right"),
            _take(two, name, [pair.epoch_b], "n_right"),
        ),
        lambda first, second: of(first[0], second[0], networks),
        possible=NOT_NEGATIVE,
    )


def _both_accessibilities(
    evidence: Evidence, other: str, name: str
) -> tuple[tuple[Taken, Taken], xr.Dataset]:
    one, two = _common(evidence, other, name)
    return (
        _take(one, other, _trained(one), "accessibility"),
        _take(two, name, _trained(two), "accessibility"),
    ), one


def _boosting(
    evidence: Evidence,
    other: str,
    name: str,
    make: Callable[..., Statistic],
    possible: tuple[float, float],
) -> Measured:
    one, two = _common(evidence, other, name)
    taken = (
        _take(one, other, _trained(one), "accessibility"),
        _take(two, name, two["epoch"].values),
    )
    return _measured(evidence, taken, make, possible=possible)


def _check_slope(evidence: Evidence, name: str) -> None:
    if evidence.scores[name].sizes["epoch"] < 2:
        raise InputError(f"{name} has a single weak learner, and no slope; raise weak_learners.")


def _informative(evidence: Evidence, name: str, split: str) -> np.ndarray:
    """Return the trained epochs at which bi-modality says something of agreement.

    Raises:
        InputError: there are none.
    """
    scores = evidence.scores[name]
    counts = informative_epochs(scores, split)
    counts &= ~np.isnan(scores["bimodality"].sel(split=split).values)
    counts &= scores["epoch"].values > 0
    if not counts.any():
        raise InputError(
            f"{name} has no epoch at which the {split} set's mean consistency is within {MIDDLE}, "
            "so that bi-modality says nothing of agreement; take smaller steps of learning."
        )
    return scores["epoch"].values[counts]


def _last_if_informative(scores: xr.Dataset, name: str, split: str) -> np.ndarray:
    """Return the last epoch, (1,), of the scores of a split.

    Raises:
        InputError: it is not informative.
    """
    last = scores.isel(epoch=[-1])
    if not informative_epochs(last, split).all():
        raise InputError(
            f"at the last epoch of {name} the mean consistency of the {split} set, "
            f"{mean_consistency(last, split)[0]:.3f}, is not within {MIDDLE}, so that bi-modality "
            "says nothing of agreement there; see its lowest, and its mean over phase 3."
        )
    return last["epoch"].values


def _common(
    evidence: Evidence, other: str, name: str, split: str = "test"
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return one split of the scores of two, the examples that both have in the same order.

    Raises:
        InputError: they have none in common, or other labels for them.
    """
    parts = [select_split(evidence.scores[each], split) for each in (other, name)]
    examples = np.intersect1d(*(part["example"].values for part in parts))
    one, two = (part.sel(example=examples) for part in parts)
    if not len(examples) or not np.array_equal(one["label"].values, two["label"].values):
        raise InputError(
            f"{other} and {name} cannot be compared on the {split} set: they share no examples "
            "there, or have other labels for them; name two of the same dataset in the study."
        )
    return one, two


def _moved(evidence: Evidence, name: str) -> xr.Dataset:
    scores = select_split(evidence.scores[name], "test")
    moved = evidence.moved.get(name, np.array([], dtype=np.int64))
    if not moved.size or not np.isin(moved, scores["example"].values).all():
        raise InputError(
            f"the scores of {name} do not say which of its test examples were moved there; "
            "take an ensemble whose dataset has move_to_test."
        )
    return scores.sel(example=moved)


def _third(accessibility: np.ndarray, group: str) -> np.ndarray:
    chosen = np.zeros(len(accessibility), dtype=bool)
    chosen[thirds(accessibility)[group]] = True
    return chosen


def _take(
    scores: xr.Dataset, name: str, epochs: Iterable[int], variable: str = "consistency"
) -> Taken:
    return Taken(name, scores["example"].values, np.asarray(epochs), variable)


def _trained(scores: xr.Dataset) -> np.ndarray:
    epochs = scores["epoch"].values
    return epochs[epochs > 0]


def _networks(evidence: Evidence, *names: str) -> int:
    """Return the size of the smallest ensemble; of baselines alone, how many random states.

    An ensemble whose examples were ranked by another counts as no larger than that one.
    """
    ensembles = [name for name in names if not name.startswith(BASELINE_PREFIX)] or names
    sizes = [evidence.scores[name].sizes["network"] for name in ensembles]
    return min([*sizes, *(evidence.ranked[name] for name in ensembles if name in evidence.ranked)])


def _epochs(evidence: Evidence, taken: Iterable[Taken]) -> str:
    """Return the epochs, and the numbers of weak learners, in words; by name where they differ.

    A classifier that is fitted once has none.
    """
    words = {
        each.name: epochs_in_words(each.epochs)
        for each in taken
        if evidence.scores[each.name].sizes["epoch"] > 1
    }
    if len(set(words.values())) < 2:
        return next(iter(words.values()), "")
    return "; ".join(
        f"{name.removeprefix(BASELINE_PREFIX)} {epochs}" for name, epochs in words.items()
    )
