"""The epochs and the examples that a measure chooses, once, from the observed scores."""

from functools import reduce

import numpy as np
import pandas as pd

from created_equal import scores as stats
from created_equal.artefacts import select_split
from created_equal.claims.evidence import Evidence
from created_equal.errors import InputError
from created_equal.scores import MIDDLE, PHASES, Examples
from created_equal.study import BASELINE_PREFIX


def all_epochs(evidence: Evidence, name: str) -> np.ndarray:
    """Return the recorded epochs of an ensemble, (epoch,)."""
    return evidence.scores[name]["epoch"].values


def trained_epochs(evidence: Evidence, name: str) -> np.ndarray:
    """Return the recorded epochs after epoch 0, (epoch,)."""
    return all_epochs(evidence, name)[all_epochs(evidence, name) > 0]


def several_epochs(evidence: Evidence, name: str) -> np.ndarray:
    """Return the trained epochs, or numbers of weak learners; raises InputError if only one."""
    if len(found := trained_epochs(evidence, name)) < 2:
        what = "weak learner" if name.startswith(BASELINE_PREFIX) else "trained epoch"
        raise InputError(f"{name} has a single {what}, and no change; take two or more.")
    return found


def accuracies_of(evidence: Evidence, *names: str, split: str) -> list[pd.Series]:
    """Return the mean accuracies at the recorded epochs of each of these, (epoch,), by number."""
    return [stats.accuracy_by_epoch(evidence.scores[name], split) for name in names]


def informative_accuracies(evidence: Evidence, *names: str, split: str) -> list[pd.Series]:
    """Return mean accuracies (epoch,); NaN outside ``MIDDLE``, where scores are nearly equal.

    Raises:
        InputError: two ensembles are equally accurate at none of the other epochs.
    """
    lowest, highest = MIDDLE
    found = accuracies_of(evidence, *names, split=split)
    found = [each.where(each.between(lowest, highest)) for each in found]
    if not stats.matched_epochs(*found):
        raise InputError(
            f"{' and '.join(names)} are equally accurate at no epochs with accuracies of {lowest} "
            f"to {highest}; take smaller steps of learning, or train longer."
        )
    return found


def epochs_at(evidence: Evidence, name: str, split: str, at: str) -> np.ndarray:
    """Return the epochs of a phase, or all that count for a summary over epochs.

    Raises:
        InputError: there are none at which histograms say something about agreement.
    """
    epochs = all_epochs(evidence, name)
    if at.endswith(">= 1"):
        return trained_epochs(evidence, name)
    if (phase := at.removeprefix("the epoch of ")) in PHASES:
        return np.array([evidence.phases(name)[phase]])
    chosen = evidence.informative(name, split)
    if at == "phase 3":
        chosen &= epochs > evidence.phases(name, by_rule=True)["beginning"]
    if at == "the last epoch":
        chosen &= epochs == epochs[-1]
    if not chosen.any():
        raise InputError(
            f"the mean consistency of {name} on the {split} set is not within {MIDDLE} at {at}, so "
            "histograms say nothing about agreement; take smaller steps of learning."
        )
    found = epochs[chosen]
    if at == "the epoch of lowest bi-modality":
        bimodality = evidence.scores[name]["bimodality"].sel(split=split, epoch=found).values
        return found[[bimodality.argmin()]]
    return found


def examples_of(evidence: Evidence, split: str, *names: str) -> Examples:
    """Return the examples of a split that all of these have, or those moved in the last of them.

    Raises:
        InputError: they share no examples of the split or have other labels for them, or the scores
            do not say which were moved.
    """
    return evidence.once((split, *names), lambda: _chosen(evidence, split, *names))


def _chosen(evidence: Evidence, split: str, *names: str) -> Examples:
    if split == "train and test":
        return Examples(evidence.scores[names[0]]["example"].values, split)
    if split == "moved":
        moved = evidence.moved.get(names[-1])
        if moved is None:
            raise InputError(
                f"the scores of {names[-1]} do not say which of its test examples were moved "
                "there; take an ensemble whose dataset has move_to_test."
            )
        return Examples(moved, split)
    parts = [select_split(evidence.scores[name], split) for name in names]
    found = reduce(np.intersect1d, [part["example"].values for part in parts])
    labels = [part["label"].sel(example=found).values for part in parts]
    if not len(found) or not np.array_equal(labels[0], labels[-1]):
        raise InputError(
            f"{names[0]} and {names[-1]} cannot be compared on the {split} set: they share no "
            "examples there, or have other labels for them; name two of the same dataset in the "
            "study."
        )
    return Examples(found, split)


def figure_epochs(evidence: Evidence, when: str, other: str, name: str) -> dict[str, int]:
    """Return the epochs of a figure's beginning or end: the study's choice, or 1 and the last.

    A classifier of figure 7 is the same at both.
    """
    is_classifier = name.startswith(BASELINE_PREFIX)
    last, own = (int(all_epochs(evidence, each)[-1]) for each in (other, name))
    figure, last = ("figure_07", last) if is_classifier else ("figure_05", min(last, own))
    epoch = evidence.epochs.get(figure, (1, last))[when == "end"]
    return {other: epoch, name: own if is_classifier else epoch}


def spread(values: np.ndarray, most: int) -> np.ndarray:
    """Return at most this number of values or rows, evenly spaced, with the first and the last."""
    return values[np.unique(np.linspace(0, len(values) - 1, most).astype(int))]
