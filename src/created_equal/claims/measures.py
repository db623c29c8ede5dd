"""From evidence to a statistic: one function for each kind of thing that the paper claims.

Each takes the evidence and the names that play the claim's roles, and returns what is measured as
a statistic of units, with what it rests on. Where nothing else is said, examples are those of the
test set.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from created_equal.artefacts import of_split
from created_equal.claims import statistics
from created_equal.claims.bootstrap import REPLICATES, Statistic, value_of
from created_equal.claims.evidence import Evidence
from created_equal.claims.roles import BASELINES
from created_equal.errors import InputError
from created_equal.scores import (
    MIDDLE,
    best_matched_pairs,
    in_the_middle,
    majority_right,
    thirds,
)

BINS = 40
"""Of AdaBoost's score: an r of 0.83 with a p of 1e-10 is that of about 40 points."""
FIT = 0.5
"""From here on an example shows a pattern of learning (scores.example_patterns)."""
FEW = 0.01
"""So large a part of the train set has consistency 1 when labels are first counted."""
SUMMARIES = {"lowest": np.nanmin, "mean over phase 3": np.nanmean, "final": np.nanmean}


@dataclass(frozen=True)
class Measured:
    """A statistic, of which units, and what it rests on.

    Attributes:
        statistic: of weighted units.
        units: how many there are.
        over: what they are, for example ``"test examples"``.
        networks: in the smallest ensemble that it rests on.
        epochs: in words, for example ``"1 to 140"``.
        within_class: the same without the classes' means, where that is something; else NaN.
        replicates: of the bootstrap.
    """

    statistic: Statistic
    units: int
    over: str
    networks: int
    epochs: str
    within_class: float = float("nan")
    replicates: int = REPLICATES


def accuracy(
    evidence: Evidence,
    name: str,
    *,
    split: str = "test",
    epoch: int = -1,
    highest: bool = False,
    less_chance: bool = False,
) -> Measured:
    """Return the mean accuracy of an ensemble's networks, resampled over networks.

    Args:
        evidence: what it is measured on.
        name: the ensemble's.
        split: ``"train"`` or ``"test"``.
        epoch: its place, so that -1 is the last.
        highest: of all epochs that at which it is highest, instead.
        less_chance: 1/K is taken off.
    """
    scores = evidence.scores[name]
    values = scores["accuracy"].sel(split=split).transpose("network", "epoch").values
    values = values.astype(np.float64) - less_chance / scores.attrs["classes"]
    epochs = scores["epoch"].values
    return Measured(
        statistic=statistics.highest_mean_of(values)
        if highest
        else statistics.mean_of(values[:, epoch]),
        units=len(values),
        over="networks",
        networks=_networks(evidence, name),
        epochs=_span(epochs[1:]) if highest else str(epochs[epoch]),
    )


def share_right(evidence: Evidence, name: str) -> Measured:
    """Return a baseline's accuracy, the mean over its random states, resampled over examples."""
    scores = of_split(evidence.scores[name], "test")
    values = scores["consistency"].values[-1]
    return _of_examples(evidence, statistics.mean_of(values), scores, (name,), "")


def accuracy_difference(evidence: Evidence, other: str, name: str) -> Measured:
    """Return the accuracy of the second less that of the first, at the last epoch of each."""
    one, two = _common(evidence, other, name)
    values = two["consistency"].values[-1] - one["consistency"].values[-1]
    epochs = _last_epochs(evidence, other, name)
    return _of_examples(evidence, statistics.mean_of(values), one, (other, name), epochs)


def share_below_chance(evidence: Evidence, name: str) -> Measured:
    """Return the share of train examples with a consistency below 1/K at the beginning."""
    epoch = evidence.phases(name)["beginning"]
    scores = of_split(evidence.scores[name], "train").sel(epoch=epoch)
    below = scores["consistency"].values < 1 / scores.attrs["classes"]
    return _of_examples(evidence, statistics.mean_of(below), scores, (name,), str(epoch), "train")


def bimodality_in_phase(evidence: Evidence, name: str, *, phase: str) -> Measured:
    """Return the bi-modality of consistency on the train set at the epoch of a phase."""
    epoch = evidence.phases(name)[phase]
    scores = of_split(evidence.scores[name], "train")
    statistic = statistics.bimodality_of(scores["consistency"].sel(epoch=[epoch]).values)
    return _of_examples(evidence, statistic, scores, (name,), str(epoch), "train")


def bimodality(
    evidence: Evidence, name: str, *, split: str = "test", over_epochs: str = "mean over phase 3"
) -> Measured:
    """Return the bi-modality of consistency: its lowest from epoch 1 on, its mean, or the final.

    The lowest is sought where the measure says something: where consistency is ``in_the_middle``.

    Args:
        evidence: what it is measured on.
        name: the ensemble's.
        split: ``"train"`` or ``"test"``.
        over_epochs: a key of ``SUMMARIES``.
    """
    statistic, epochs = _bimodality(evidence, name, split, over_epochs)
    scores = of_split(evidence.scores[name], split)
    return _of_examples(evidence, statistic, scores, (name,), _span(epochs), split)


def bimodality_difference(evidence: Evidence, other: str, name: str, *, split: str) -> Measured:
    """Return the mean bi-modality in phase 3 of the second less that of the first."""
    first, first_epochs = _bimodality(evidence, other, split, "mean over phase 3")
    second, epochs = _bimodality(evidence, name, split, "mean over phase 3")
    one, _ = _common(evidence, other, name, split)
    return _of_examples(
        evidence,
        statistics.difference_of(second, first),
        one,
        (other, name),
        f"{_span(epochs)}; {_span(first_epochs)}",
        split,
    )


def consensus_rises(evidence: Evidence, name: str) -> Measured:
    """Return Spearman's correlation of the mean consensus with the epoch, from epoch 0 on."""
    scores = of_split(evidence.scores[name], "test")
    statistic = statistics.rank_correlation_of(scores["consensus"].values)
    return _of_examples(evidence, statistic, scores, (name,), _span(scores["epoch"].values))


def moved_accuracy(evidence: Evidence, name: str, *, epoch: int) -> Measured:
    """Return the accuracy on the examples that were moved, at the epoch in this place."""
    scores = _moved(evidence, name)
    epochs = scores["epoch"].values
    statistic = statistics.mean_of(scores["consistency"].values[epoch])
    return _of_examples(evidence, statistic, scores, (name,), str(epochs[epoch]), "moved")


def moved_less_test(evidence: Evidence, original: str, name: str) -> Measured:
    """Return the accuracy on the moved examples less that on the original test set.

    The latter is that of the ensemble from whose train set nothing was moved; mean over all epochs
    from 1 on that both have.
    """
    scores, before = _moved(evidence, name), of_split(evidence.observed[original], "test")
    last = min(scores.sizes["epoch"], before.sizes["epoch"])
    reference = before["consistency"].values[1:last].mean(dtype=np.float64)
    values = scores["consistency"].values[1:last].mean(axis=0, dtype=np.float64) - reference
    epochs = _span(scores["epoch"].values[1:last])
    return _of_examples(
        evidence, statistics.mean_of(values), scores, (original, name), epochs, "moved"
    )


def halves_correlate(evidence: Evidence, name: str) -> Measured:
    """Return Pearson's r of accessibility between the even and the odd networks.

    Raises:
        InputError: there is only one network.
    """
    if evidence.observed[name].sizes["network"] < 2:
        raise InputError(f"{name} has only one network, and no two halves; train at least two.")
    scores = of_split(evidence.scores[name], "test")
    even, odd = scores["accessibility_half"].transpose("half", "example").values
    epochs = _span(scores["epoch"].values[1:])
    return _correlation(evidence, (even, odd), scores, (name,), epochs)


def ensembles_correlate(evidence: Evidence, other: str, name: str) -> Measured:
    """Return Pearson's r of accessibility between two ensembles, or one and a baseline."""
    one, two = _common(evidence, other, name)
    values = (one["accessibility"].values, two["accessibility"].values)
    return _correlation(evidence, values, one, (other, name), _all_epochs(evidence, other, name))


def bins_correlate(evidence: Evidence, other: str, name: str) -> Measured:
    """Return Pearson's r of accessibility between the means of 40 bins of the second's."""
    one, two = _common(evidence, other, name)
    score, difficulty = two["accessibility"].values, one["accessibility"].values
    labels = one["label"].values.astype(int)
    within = statistics.binned_correlation_of(
        *(statistics.without_class_means(values, labels) for values in (score, difficulty)), BINS
    )
    epochs = _all_epochs(evidence, other, name)
    return _of_examples(
        evidence,
        statistics.binned_correlation_of(score, difficulty, BINS),
        one,
        (other, name),
        epochs,
        within_class=value_of(within, len(labels)),
    )


def corners(evidence: Evidence, other: str, name: str, *, late: bool) -> Measured:
    """Return the corners of the joint distribution of consistency over its median cell.

    At the early or the late pair of epochs of equal accuracy that figure 4 shows.

    Raises:
        InputError: no epochs match.
    """
    return _joint(evidence, other, name, late, statistics.corners_of)


def diagonal(evidence: Evidence, other: str, name: str, *, late: bool) -> Measured:
    """Return the diagonal of the joint distribution of consistency over what is beside it.

    Raises:
        InputError: no epochs match.
    """
    return _joint(evidence, other, name, late, statistics.diagonal_of)


def right_where_right(evidence: Evidence, other: str, name: str, *, last: bool) -> Measured:
    """Return P(first right | second right) - P(first right), both by majority, at one epoch.

    It is that of the two which the figure shows: 1, or the last that both have, if the study does
    not name others.
    """
    one, two = _common(evidence, other, name)
    common = min(int(evidence.observed[each]["epoch"].max()) for each in (other, name))
    epoch = evidence.epochs.get("figure_05", (1, common))[last]
    right, given = (
        majority_right(scores["consistency"].sel(epoch=epoch).values) for scores in (one, two)
    )
    statistic = statistics.difference_of(
        statistics.mean_where(right, given), statistics.mean_of(right)
    )
    return _of_examples(evidence, statistic, one, (other, name), str(epoch))


def easier_for_both(evidence: Evidence, other: str, name: str, *, last: bool) -> Measured:
    """Return the accuracy of a baseline where an ensemble's majority is right, less where wrong."""
    one, two = _common(evidence, other, name)
    epoch = evidence.epochs.get("figure_07", (1, int(one["epoch"].max())))[last]
    group = majority_right(one["consistency"].sel(epoch=epoch).values)
    values = two["consistency"].values[-1]
    statistic = statistics.difference_of(
        statistics.mean_where(values, group), statistics.mean_where(values, ~group)
    )
    return _of_examples(evidence, statistic, one, (other, name), str(epoch))


def boosting_level(evidence: Evidence, other: str, name: str, *, group: str) -> Measured:
    """Return AdaBoost's accuracy on a third of the examples less that on all, mean over k."""
    one, two = _common(evidence, other, name)
    values, chosen = two["consistency"].values.mean(axis=0), _third(one, group)
    statistic = statistics.difference_of(
        statistics.mean_where(values, chosen), statistics.mean_of(values)
    )
    epochs = _all_epochs(evidence, other, name)
    return _of_examples(evidence, statistic, one, (other, name), epochs)


def boosting_rise(evidence: Evidence, other: str, name: str, *, group: str) -> Measured:
    """Return the rise of AdaBoost's accuracy on a third of the examples, from k = 1 to the last.

    Raises:
        InputError: there is only one k.
    """
    one, two = _common(evidence, other, name)
    curves = two["consistency"].values
    if len(curves) < 2:
        raise InputError(f"{name} has a single weak learner, and no slope; raise weak_learners.")
    statistic = statistics.mean_where(statistics.rise(curves), _third(one, group))
    epochs = _all_epochs(evidence, other, name)
    return _of_examples(evidence, statistic, one, (other, name), epochs)


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
    observed = of_split(evidence.observed[name], "train")["consistency"].sel(epoch=slice(1, None))
    reached = (observed == 1).mean("example").values >= FEW
    if not reached.any():
        raise InputError(
            f"fewer than {FEW:.0%} of the train examples ever have a consistency of 1 in {name}; "
            "train it for longer."
        )
    first, last = int(observed["epoch"][reached.argmax()]), int(observed["epoch"][-1])
    scores = of_split(evidence.scores[name], "train")
    labels = scores["label"].values.astype(int)

    def at(epoch: int) -> Statistic:
        at_one = scores["consistency"].sel(epoch=epoch).values == 1
        return statistics.labels_of(labels, at_one, scores.attrs["classes"])

    if not more_at_end:
        return _of_examples(evidence, at(first), scores, (name,), str(first), "train")
    statistic = statistics.difference_of(at(last), at(first))
    return _of_examples(evidence, statistic, scores, (name,), f"{first} and {last}", "train")


def patterns(evidence: Evidence, name: str) -> Measured:
    """Return how many of the five patterns of Fig 11 some example of either split shows."""
    scores = evidence.scores[name]
    statistic = statistics.patterns_of(
        scores["consistency"].values, 1 / scores.attrs["classes"], FIT
    )
    return Measured(
        statistic=statistic,
        units=scores.sizes["example"],
        over="examples",
        networks=_networks(evidence, name),
        epochs=_span(scores["epoch"].values),
        replicates=100,
    )


def centre(evidence: Evidence, name: str) -> Measured:
    """Return the mean consistency of the train set at its lowest bi-modality (see there).

    Raises:
        InputError: the bi-modality says something at no epoch.
    """
    measure = evidence.observed[name]["bimodality"].sel(split="train").values
    telling = _telling(evidence, name, "train")
    epoch = int(telling[np.argmin(measure[telling])])
    scores = of_split(evidence.scores[name], "train")
    statistic = statistics.mean_of(scores["consistency"].values[epoch])
    return _of_examples(
        evidence, statistic, scores, (name,), str(scores["epoch"].values[epoch]), "train"
    )


def _correlation(
    evidence: Evidence,
    values: tuple[np.ndarray, np.ndarray],
    scores: xr.Dataset,
    names: tuple[str, ...],
    epochs: str,
) -> Measured:
    labels = scores["label"].values.astype(int)
    within = statistics.correlation_of(
        *(statistics.without_class_means(each, labels) for each in values)
    )
    return _of_examples(
        evidence,
        statistics.correlation_of(*values),
        scores,
        names,
        epochs,
        within_class=value_of(within, len(labels)),
    )


def _joint(evidence: Evidence, other: str, name: str, late: bool, of: Callable) -> Measured:
    one, two = _common(evidence, other, name)
    accuracies = [
        evidence.observed[each]["accuracy"].sel(split="test").mean("network").values
        for each in (other, name)
    ]
    pair = best_matched_pairs(*accuracies)[late]
    epochs = (pair.epoch_a, pair.epoch_b)
    values = [
        scores["consistency"].sel(epoch=epoch).values
        for scores, epoch in zip((one, two), epochs, strict=True)
    ]
    networks = tuple(evidence.observed[each].sizes["network"] for each in (other, name))
    return _of_examples(
        evidence,
        of(*values, networks),
        one,
        (other, name),
        f"{epochs[0]} and {epochs[1]}",
    )


def _bimodality(
    evidence: Evidence, name: str, split: str, over_epochs: str
) -> tuple[Statistic, np.ndarray]:
    scores = of_split(evidence.scores[name], split)
    epochs = scores["epoch"].values
    match over_epochs:
        case "lowest":
            chosen = epochs[_telling(evidence, name, split)]
        case "final":
            chosen = epochs[-1:]
        case _:
            chosen = evidence.third_phase(name, split)
    consistency = scores["consistency"].sel(epoch=chosen).values
    return statistics.bimodality_of(consistency, SUMMARIES[over_epochs]), chosen


def _telling(evidence: Evidence, name: str, split: str) -> np.ndarray:
    """Return the places of the trained epochs at which bi-modality says something of agreement.

    Raises:
        InputError: there are none.
    """
    observed = evidence.observed[name]
    counts = in_the_middle(of_split(observed, split)["consistency"].values)
    counts &= ~np.isnan(observed["bimodality"].sel(split=split).values)
    telling = np.flatnonzero(counts[1:]) + 1
    if not telling.size:
        raise InputError(
            f"{name} has no epoch at which the {split} set's mean consistency is within {MIDDLE}, "
            "so that bi-modality says nothing of agreement; take smaller steps of learning."
        )
    return telling


def _common(
    evidence: Evidence, other: str, name: str, split: str = "test"
) -> tuple[xr.Dataset, xr.Dataset]:
    """Return one split of the scores of two, the examples that both have in the same order.

    Raises:
        InputError: they have none in common, or other labels for them.
    """
    parts = [of_split(evidence.scores[each], split) for each in (other, name)]
    examples = np.intersect1d(*(part["example"].values for part in parts))
    one, two = (part.sel(example=examples) for part in parts)
    if not len(examples) or not np.array_equal(one["label"].values, two["label"].values):
        raise InputError(
            f"{other} and {name} cannot be compared on the {split} set: they share no examples "
            "there, or have other labels for them; name two of the same dataset in the study."
        )
    return one, two


def _moved(evidence: Evidence, name: str) -> xr.Dataset:
    scores = of_split(evidence.scores[name], "test")
    moved = evidence.moved.get(name, np.array([], dtype=np.int64))
    if not moved.size or not np.isin(moved, scores["example"].values).all():
        raise InputError(
            f"chosen.csv of {name} does not say which of its test examples were moved there; "
            "take an ensemble whose dataset has move_to_test."
        )
    return scores.sel(example=moved)


def _third(scores: xr.Dataset, group: str) -> np.ndarray:
    chosen = np.zeros(scores.sizes["example"], dtype=bool)
    chosen[thirds(scores["accessibility"].values)[group]] = True
    return chosen


def _of_examples(
    evidence: Evidence,
    statistic: Statistic,
    scores: xr.Dataset,
    names: tuple[str, ...],
    epochs: str,
    split: str = "test",
    within_class: float = float("nan"),
) -> Measured:
    return Measured(
        statistic=statistic,
        units=scores.sizes["example"],
        over=f"{split} examples",
        networks=_networks(evidence, *names),
        epochs=epochs,
        within_class=within_class,
    )


def _networks(evidence: Evidence, *names: str) -> int:
    """Return the size of the smallest ensemble; of baselines alone, how many random states.

    An ensemble whose examples were ranked by another counts as no larger than that one.
    """
    ensembles = [name for name in names if not name.startswith(BASELINES)] or names
    sizes = [evidence.observed[name].sizes["network"] for name in ensembles]
    return min([*sizes, *(evidence.ranked[name] for name in ensembles if name in evidence.ranked)])


def _last_epochs(evidence: Evidence, *names: str) -> str:
    lasts = (evidence.observed[name]["epoch"].values for name in names)
    return " and ".join(dict.fromkeys(str(epochs[-1]) for epochs in lasts if len(epochs) > 1))


def _all_epochs(evidence: Evidence, *names: str) -> str:
    """Return the trained epochs of ensembles, and the numbers of weak learners, in words."""
    every = (evidence.observed[name]["epoch"].values for name in names)
    return " and ".join(dict.fromkeys(_span(epochs[epochs > 0]) for epochs in every))


def _span(epochs: np.ndarray) -> str:
    return f"{epochs[0]} to {epochs[-1]}" if len(epochs) > 1 else str(epochs[0])
