"""Tests of a study's results: are they there, whole, and possible?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import (
    SPLITS,
    each_epoch,
    of_split,
    open_dataset,
    open_predictions,
    open_scores,
    read_chosen,
    read_predictions,
)
from created_equal.errors import InputError
from created_equal.study import (
    Baseline,
    Ensemble,
    Study,
    baseline_path,
    baselines_in,
    chosen_path,
    dataset_path,
    ensembles_behind,
    predictions_path,
    roles_of,
    scores_path,
)
from created_equal.study.derivation import sizes

ROUNDING = 1e-4
"""Accuracies and scores are kept in single precision."""
DEVIATIONS = 5
"""So many standard deviations of guessing from chance are still near chance."""
AGAIN = "delete it and run again"
LEARN = "give the ensemble's recipe a lower learning_rate or more epochs, and run again"


class Finding(NamedTuple):
    """What a test found.

    Attributes:
        well: whether all is as it should be.
        sentence: the file, the numbers, and what they should be; true whether or not all is well.
        remedy: what to do where it is not.
    """

    well: bool
    sentence: str
    remedy: str = AGAIN


def check_results(study: Study, networks_per_job: int) -> list[str]:
    """Test the results that a study's figures and claims rest on.

    Args:
        study: with the number of networks that was asked for.
        networks_per_job: as the config has it, which names the predictions files.

    Returns:
        a sentence for each test.

    Raises:
        InputError: a file is missing or damaged, or tests fail: with a sentence and a remedy for
            each.
    """
    findings = list(_findings(study, networks_per_job))
    failed = [f"{each.sentence}; {each.remedy}." for each in findings if not each.well]
    if failed:
        raise InputError(
            "\n  ".join(
                [f"{len(failed)} of {len(findings)} tests of {study.name}'s results fail:", *failed]
            )
        )
    return [finding.sentence for finding in findings]


def _findings(study: Study, networks_per_job: int) -> Iterator[Finding]:
    with open_dataset(Path(dataset_path(study.name))) as dataset:
        yield from of_dataset(dataset, study.name, study.dataset)
        for name in ensembles_behind(study):
            ensemble = study.ensembles[name]
            yield from of_files(ensemble, networks_per_job)
            path = scores_path(study.name, name)
            with open_scores(Path(path)) as scores:
                yield from of_scores(scores, path, ensemble)
                if ensemble.derived:
                    path = chosen_path(study.name, name)
                    chosen = read_chosen(Path(path))
                    yield from of_chosen(chosen, path, ensemble.derived, dataset, scores)
    for name in baselines_in(roles_of(study)):
        path = baseline_path(study.name, name)
        yield from of_baseline(read_predictions(Path(path)), path, study.baselines[name])


def of_dataset(dataset: xr.Dataset, study: str, definition: Mapping) -> Iterator[Finding]:
    """Yield what is found of a dataset: names are unique, counts are those asked for."""
    path = dataset_path(study)
    examples = dataset.sizes["example"]
    names = len(np.unique(dataset["example"].values))
    yield Finding(names == examples, f"{path}: {names} different names of {examples} examples")
    for split in SPLITS:
        wanted = definition.get(f"{split}_examples")
        if wanted is not None:
            there = of_split(dataset, split).sizes["example"]
            yield Finding(
                there == wanted, f"{path}: {there} {split} examples, and {wanted} in the study"
            )


def of_files(ensemble: Ensemble, networks_per_job: int) -> Iterator[Finding]:
    """Yield what is found of predictions files: each holds the networks and epochs it should.

    Raises:
        InputError: a file is missing or damaged.
    """
    for first, last in ensemble.batches(networks_per_job):
        path = predictions_path(ensemble.study, ensemble.name, first, last)
        with open_predictions(Path(path)) as contents:
            networks, epochs = contents["network"].values, contents["epoch"].values
        yield Finding(
            np.array_equal(np.sort(networks), np.arange(first, last + 1)),
            f"{path}: networks {_numbers(networks)}, and {first} to {last} in its name",
        )
        yield Finding(
            np.array_equal(epochs, np.arange(ensemble.recipe.epochs + 1)),
            f"{path}: epochs {_numbers(epochs)}, and 0 to {ensemble.recipe.epochs} in the study",
        )


def of_scores(scores: xr.Dataset, path: str, ensemble: Ensemble) -> Iterator[Finding]:
    """Yield what is found of an ensemble's scores: counts, bounds, agreement, and that it learnt.

    Args:
        scores: as ``open_scores`` returns them; they are read an epoch at a time.
        path: of their file, for the sentences.
        ensemble: its definition.
    """
    networks, chance = scores.sizes["network"], 1 / scores.attrs["classes"]
    yield Finding(
        networks == ensemble.networks,
        f"{path}: {networks} networks, and {ensemble.networks} in the study",
    )
    courses = [_course(scores, split) for split in SPLITS]
    lowest, gap, least, _, _ = np.min(courses, axis=(0, 1))
    most = np.max(courses, axis=(0, 1))[3]
    yield Finding(
        lowest >= 0 and gap >= -ROUNDING and most <= 1 + ROUNDING,
        f"{path}: consistency from {lowest:.4f}, consensus at most {most:.4f} and at "
        f"least {gap:.4f} more, where 0 <= consistency <= consensus <= 1 is possible",
    )
    yield Finding(
        least >= chance - ROUNDING,
        f"{path}: consensus from {least:.4f}, where no less than 1/K = {chance:.4f} is possible",
    )
    for split, course in zip(SPLITS, courses, strict=True):
        accuracy = scores["accuracy"].sel(split=split).mean("network", dtype=float).values
        apart = np.abs(course[:, 4] - accuracy).max()
        yield Finding(
            apart <= ROUNDING,
            f"{path}: mean consistency and mean accuracy of the {split} set at most {apart:.6f} "
            f"apart at any epoch, where {ROUNDING:.6f} is rounding",
        )
    yield from of_learning(scores, path, ensemble, chance)


def _course(scores: xr.Dataset, split: str) -> np.ndarray:
    """Return five numbers of a split's examples at each epoch: (epoch, 5) float64.

    The lowest consistency, the least by which consensus is more, the least and the highest
    consensus, and the mean consistency.
    """
    both = (each_epoch(scores, name, split) for name in ("consistency", "consensus"))
    rows = [
        (right.min(), (agreed - right).min(), agreed.min(), agreed.max(), right.mean(dtype=float))
        for right, agreed in zip(*both, strict=True)
    ]
    return np.array(rows)


def of_learning(
    scores: xr.Dataset, path: str, ensemble: Ensemble, chance: float
) -> Iterator[Finding]:
    """Yield whether the networks learnt: the course of their train loss, and their accuracies.

    Args:
        scores: with loss and accuracy (network, epoch, split).
        path: of their file, for the sentences.
        ensemble: its definition.
        chance: 1/K.
    """
    loss = scores["loss"].sel(split="train").transpose("network", "epoch").values.astype(float)
    learning = [falls(each) for each in loss]
    others = scores["network"].values[np.logical_not(learning)].tolist()
    yield Finding(
        all(learning),
        f"{path}: train loss from {loss[:, 0].mean():.4f} to {loss[:, -1].mean():.4f}, from the "
        "upper half of its range to the lowest quarter in "
        + (f"all but the networks {', '.join(map(str, others))}" if others else "each network"),
        LEARN,
    )
    train, test = (
        float(scores["accuracy"].sel(split=split).isel(epoch=-1).mean(dtype=float))
        for split in SPLITS
    )
    yield Finding(
        train > chance + ROUNDING,
        f"{path}: train accuracy {train:.4f} in the end, where chance is {chance:.4f}",
        LEARN,
    )
    derived = ensemble.derived or {}
    if "labels" in derived:
        examples = of_split(scores, "test").sizes["example"]
        near = DEVIATIONS * math.sqrt(chance * (1 - chance) / examples)
        yield Finding(
            abs(test - chance) <= near,
            f"{path}: test accuracy {test:.4f} of random labels, where {near:.4f} more or less "
            f"than chance, {chance:.4f}, is guessing",
            "look for images of the test set that are in the train set, too",
        )
    # Trained on the hardest alone, networks may well be at chance on the test set or below.
    elif derived.get("keep", "random") == "random":
        yield Finding(
            test > chance + ROUNDING,
            f"{path}: test accuracy {test:.4f} in the end, where chance is {chance:.4f}",
            LEARN,
        )


def falls(loss: np.ndarray) -> bool:
    """Return whether a network's loss (epoch,) falls in the course of learning.

    That is, whether in the range of all its values it begins in the upper half, and ends, by the
    mean of the last tenth of the epochs, in the lowest quarter. So does a network that learns at
    once, slowly, or late, as random labels are learnt; not one that diverges, and hardly ever one
    whose loss only fluctuates.
    """
    if not np.isfinite(loss).all() or np.ptp(loss) == 0:
        return False
    place = (loss - loss.min()) / np.ptp(loss)
    return bool(place[0] >= 0.5 and place[-max(1, len(loss) // 10) :].mean() <= 0.25)


def of_chosen(
    chosen: pd.DataFrame, path: str, step: Mapping, dataset: xr.Dataset, scores: xr.Dataset
) -> Iterator[Finding]:
    """Yield what is found of the table of chosen examples: their number, and where they are now.

    Args:
        chosen: as ``read_chosen`` returns it.
        path: of its file, for the sentences.
        step: the ensemble's, see ``derivation.steps``.
        dataset: the study's.
        scores: the ensemble's, on whose examples it was trained and tested.
    """
    if "labels" in step:
        yield _of_relabelled(chosen, path, dataset, scores)
        return
    train = of_split(scores, "train")["example"].values
    before = of_split(dataset, "train")["example"].values
    wanted = sizes(step, len(before))[: step.get("cut", 1) + 1]
    moves = "move_to_test" in step
    taken = chosen[chosen["what"] == ("moved" if moves else "removed")]
    rounds = [(taken["round"] == number).sum() for number in range(1, len(wanted))]
    left = [len(before) - count for count in np.cumsum(rounds)]
    yield Finding(
        left == wanted[1:] and len(taken) == len(chosen) and taken["example"].is_unique,
        f"{path}: {_listed(wanted)} train examples by the study's fraction, and {len(before)} less "
        f"those chosen are {_listed([len(before), *left])}",
    )
    examples = taken["example"].to_numpy()
    place = of_split(scores, "test")["example"].values if moves else []
    there = np.isin(examples, place).sum()
    absent = (~np.isin(examples, scores["example"].values)).sum()
    others = np.setdiff1d(before, examples)
    yield Finding(
        (there if moves else absent) == len(examples) > 0
        and np.array_equal(np.sort(train), others),
        f"{path}: of {len(examples)} chosen examples {there} are in the test set and {absent} in "
        f"neither, where all should be {'in the test set' if moves else 'in neither'}; of "
        f"{len(others)} others {np.isin(others, train).sum()} are in the train set, which has "
        f"{len(train)}",
    )


def _of_relabelled(
    chosen: pd.DataFrame, path: str, dataset: xr.Dataset, scores: xr.Dataset
) -> Finding:
    before = dataset["label"].sel(example=scores["example"].values).values
    changed = scores["example"].values[scores["label"].values != before]
    return Finding(
        np.array_equal(np.sort(chosen["example"]), np.sort(changed)) and changed.size > 0,
        f"{path}: {len(chosen)} relabelled examples, and {len(changed)} have another label than in "
        "the study's dataset",
    )


def of_baseline(predictions: xr.Dataset, path: str, baseline: Baseline) -> Iterator[Finding]:
    """Yield what is found of a baseline: its random states, and that its accuracy is right.

    Args:
        predictions: as ``read_predictions`` returns them.
        path: of their file, for the sentences.
        baseline: its definition.
    """
    states = predictions.sizes["network"]
    yield Finding(
        states == baseline.seeds,
        f"{path}: {states} random states, and {baseline.seeds} in the study",
    )
    right = predictions["prediction"] == predictions["label"]
    for split in SPLITS:
        share = right.isel(
            example=np.flatnonzero(predictions["example_split"].values == split)
        ).mean("example")
        apart = float(np.abs(share - predictions["accuracy"].sel(split=split)).max())
        yield Finding(
            apart <= ROUNDING,
            f"{path}: accuracy and share of right predictions of the {split} set at most "
            f"{apart:.6f} apart, where {ROUNDING:.6f} is rounding",
        )


def _listed(counts: Sequence[int]) -> str:
    return ", ".join(map(str, counts))


def _numbers(values: np.ndarray) -> str:
    return f"{values.min()} to {values.max()} ({len(values)})"
