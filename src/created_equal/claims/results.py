"""Tests of a study's results: are they there, whole, and possible?"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from created_equal.artefacts import (
    SPLITS,
    of_split,
    open_predictions,
    read_dataset,
    read_predictions,
    read_scores,
)
from created_equal.claims.evidence import moved_examples
from created_equal.claims.roles import baselines_in, ensembles_behind, moved_in, roles_of
from created_equal.errors import InputError
from created_equal.study import (
    Baseline,
    Ensemble,
    Study,
    baseline_path,
    batches,
    chosen_path,
    dataset_path,
    predictions_path,
    scores_path,
)

ROUNDING = 1e-4
"""Accuracies and scores are kept in single precision."""
DEVIATIONS = 5
"""So many standard deviations of guessing from chance are still near chance."""


class Finding(NamedTuple):
    """What a test found: whether all is well, and a sentence with the file and the numbers."""

    well: bool
    sentence: str


def check_results(study: Study, networks_per_job: int) -> list[str]:
    """Test the results that a study's figures and claims rest on.

    Args:
        study: with the number of networks that was asked for.
        networks_per_job: as the config has it, which names the predictions files.

    Returns:
        a sentence for each test.

    Raises:
        InputError: a file is missing or damaged, or tests fail: with a sentence for each.
    """
    findings = list(_findings(study, networks_per_job))
    failed = [finding.sentence for finding in findings if not finding.well]
    if failed:
        raise InputError(
            "\n  ".join(
                [f"{len(failed)} of {len(findings)} tests of {study.name}'s results fail:", *failed]
            )
        )
    return [finding.sentence for finding in findings]


def _findings(study: Study, networks_per_job: int) -> Iterator[Finding]:
    yield from of_dataset(read_dataset(Path(dataset_path(study.name))), study.name, study.dataset)
    for name in ensembles_behind(study):
        ensemble, path = study.ensembles[name], scores_path(study.name, name)
        scores = read_scores(Path(path))
        yield from of_files(ensemble, networks_per_job)
        yield from of_scores(scores, path, ensemble)
    for name in moved_in(study):
        scores = read_scores(Path(scores_path(study.name, name)))
        yield of_moved(scores, moved_examples(study.name, name), chosen_path(study.name, name))
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
    jobs = batches(ensemble.networks, ensemble.per_job(networks_per_job))
    for first, last in jobs:
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
        scores: as ``read_scores`` returns them.
        path: of their file, for the sentences.
        ensemble: its definition.
    """
    networks, chance = scores.sizes["network"], 1 / scores.attrs["classes"]
    yield Finding(
        networks == ensemble.networks,
        f"{path}: {networks} networks, and {ensemble.networks} in the study",
    )
    consistency, consensus = scores["consistency"].values, scores["consensus"].values
    lowest, gap = consistency.min(), (consensus - consistency).min()
    yield Finding(
        lowest >= 0 and gap >= -ROUNDING and consensus.max() <= 1 + ROUNDING,
        f"{path}: consistency from {lowest:.4f}, consensus at most {consensus.max():.4f} and at "
        f"least {gap:.4f} more, where 0 <= consistency <= consensus <= 1",
    )
    yield Finding(
        consensus.min() >= chance - ROUNDING,
        f"{path}: consensus from {consensus.min():.4f}, and at least 1/K = {chance:.4f}",
    )
    for split in SPLITS:
        mean = of_split(scores, split)["consistency"].mean("example", dtype=float)
        accuracy = scores["accuracy"].sel(split=split).mean("network", dtype=float)
        apart = float(np.abs(mean - accuracy).max())
        yield Finding(
            apart <= ROUNDING,
            f"{path}: mean consistency and mean accuracy of the {split} set at most {apart:.6f} "
            "apart at any epoch",
        )
    yield from _of_learning(scores, path, ensemble, chance)


def _of_learning(
    scores: xr.Dataset, path: str, ensemble: Ensemble, chance: float
) -> Iterator[Finding]:
    loss = scores["loss"].sel(split="train").mean("network", dtype=float).values
    yield Finding(
        loss[-1] < loss[0],
        f"{path}: mean train loss {loss[0]:.4f} untrained and {loss[-1]:.4f} in the end, lower",
    )
    train, test = (
        float(scores["accuracy"].sel(split=split).isel(epoch=-1).mean(dtype=float))
        for split in SPLITS
    )
    yield Finding(
        train > chance + ROUNDING,
        f"{path}: train accuracy {train:.4f} in the end, above chance {chance:.4f}",
    )
    derived = ensemble.derived or {}
    if "labels" in derived:
        examples = of_split(scores, "test").sizes["example"]
        near = DEVIATIONS * math.sqrt(chance * (1 - chance) / examples)
        yield Finding(
            abs(test - chance) <= near,
            f"{path}: test accuracy {test:.4f} of random labels, within {near:.4f} of chance "
            f"{chance:.4f}",
        )
    # Trained on the hardest alone, networks may well be at chance on the test set or below.
    elif derived.get("keep", "random") == "random":
        yield Finding(
            test > chance + ROUNDING,
            f"{path}: test accuracy {test:.4f} in the end, above chance {chance:.4f}",
        )


def of_moved(scores: xr.Dataset, moved: np.ndarray, path: str) -> Finding:
    """Return whether all examples that were moved (example,) are in the test set of the scores."""
    there = np.isin(moved, of_split(scores, "test")["example"].values).sum()
    return Finding(
        there == len(moved) > 0,
        f"{path}: {there} of {len(moved)} moved examples in the test set, and none elsewhere",
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
            f"{apart:.6f} apart",
        )


def _numbers(values: np.ndarray) -> str:
    return f"{values.min()} to {values.max()} ({len(values)})"
