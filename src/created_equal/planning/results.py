"""Tests of a study's results: are all files there, and do they hold what the study asks for?"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import (
    SPLITS,
    definition_of,
    open_dataset,
    open_predictions,
    open_scores,
    read_chosen,
    select_split,
)
from created_equal.definitions import in_study, short_digest
from created_equal.errors import InputError
from created_equal.scores import learning_warnings
from created_equal.study import (
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

Tests = Iterator[tuple[str, bool]]
"""Pairs: a sentence that is true either way, and whether its test passes."""


def test_results(study: Study, networks_per_job: int) -> list[str]:
    """Test the results that a study's figures and claims rest on.

    The study has the number of networks that was asked for, and the config's networks_per_job names
    the predictions files. Return a sentence for each test, then a warning for each ensemble that
    did not learn.

    Raises:
        InputError: a file is missing or damaged, or tests fail: a sentence for each.
    """
    tests, warnings = [], []
    with open_dataset(dataset_path(study.name)) as dataset:
        tests += of_dataset(dataset, study)
        for name in ensembles_behind(study):
            ensemble, path = study.ensembles[name], scores_path(study.name, name)
            tests += of_predictions(ensemble, networks_per_job)
            with open_scores(path) as scores:
                tests.append(_defined(path, scores, ensemble.definition))
                tests.append(_count(path, scores.sizes["network"], ensemble.n_networks, "networks"))
                warnings += learning_warnings(f"{study.name}/{name}", scores)
                if ensemble.derived:
                    path = chosen_path(study.name, name)
                    chosen = read_chosen(path)
                    tests += of_chosen(chosen, path, ensemble.derived, dataset, scores)
    for name in baselines_in(roles_of(study)):
        path = baseline_path(study.name, name)
        with open_predictions(path) as predictions:
            states, wanted = predictions.sizes["network"], study.baselines[name].seeds
            tests.append(_defined(path, predictions, study.baselines[name].definition))
        tests.append(_count(path, states, wanted, "random states"))
    failed = [f"{sentence}; delete it and run again." for sentence, passes in tests if not passes]
    if failed:
        heading = f"{len(failed)} of {len(tests)} tests of {study.name}'s results fail:"
        raise InputError("\n  ".join([heading, *failed]))
    study.check_results(ensembles_behind(study), baselines_in(roles_of(study)))
    return [sentence for sentence, _ in tests] + [f"warning: {each}" for each in warnings]


def warnings_in(files: Iterable[str]) -> list[str]:
    """Return a warning for each ensemble that did not learn, of the scores among some files.

    Scores that are missing or damaged are left to the job that needs them.
    """
    warnings = []
    for path in sorted({Path(file) for file in files if Path(file).name == "scores.nc"}):
        with suppress(InputError), open_scores(path) as scores:
            warnings += learning_warnings("/".join(path.parts[-3:-1]), scores)
    return warnings


def of_dataset(dataset: xr.Dataset, study: Study) -> Tests:
    """Yield the tests of a study's dataset: its definition, and unique names and numbers."""
    path, names = dataset_path(study.name), dataset["example"].values
    different = len(np.unique(names))
    yield _defined(path, dataset, study.dataset)
    yield f"{path}: {len(names)} examples with {different} different names", different == len(names)
    for split in SPLITS:
        wanted = study.dataset.get(f"{split}_examples")
        if wanted is not None:
            found = select_split(dataset, split).sizes["example"]
            yield _count(path, found, wanted, f"{split} examples")


def of_predictions(ensemble: Ensemble, networks_per_job: int) -> Tests:
    """Yield the tests of an ensemble's predictions: definition, networks and epochs of a file."""
    for first, last in ensemble.batches(networks_per_job):
        path = predictions_path(ensemble.study, ensemble.name, first, last)
        unit, moments = ensemble.unit, ensemble.moments
        with open_predictions(path) as contents:
            networks, epochs = np.sort(contents["network"].values), contents["epoch"].values
            yield _defined(path, contents, ensemble.definition)
        yield (
            f"{path}: networks {_range(networks)}; its name says {first} to {last}",
            np.array_equal(networks, np.arange(first, last + 1)),
        )
        yield (
            f"{path}: {unit}s {_range(epochs)}; the study defines 0 to {moments[-1]}",
            np.array_equal(epochs, moments),
        )


def of_chosen(
    chosen: pd.DataFrame, path: Path, step: Mapping, dataset: xr.Dataset, scores: xr.Dataset
) -> Tests:
    """Yield the tests of an ensemble's chosen examples: their number, and where they are now.

    The step is the ensemble's, see ``derivation.steps``; the dataset is the study's, before it.
    """
    examples = chosen["example"].to_numpy()
    if "labels" in step:
        names = scores["example"].values
        before = dataset["label"].sel(example=names).values
        changed = names[scores["label"].values != before]
        yield (
            f"{path}: {len(examples)} relabelled examples, and {len(changed)} have another label "
            "than in the study's dataset",
            changed.size > 0 and np.array_equal(np.sort(examples), np.sort(changed)),
        )
        return
    before, train, test = (
        select_split(contents, split)["example"].values
        for contents, split in ((dataset, "train"), (scores, "train"), (scores, "test"))
    )
    wanted = sizes(step, len(before))[: step.get("cut", 1) + 1]
    left = [len(before) - int((chosen["round"] <= cut).sum()) for cut in range(len(wanted))]
    yield (
        f"{path}: {left} train examples after each round; the study defines {wanted}",
        left == wanted and chosen["example"].is_unique,
    )
    moved = "move_to_test" in step
    what, place = ("moved", test) if moved else ("removed", np.setdiff1d(before, [*train, *test]))
    yield (
        f"{path}: {np.isin(examples, place).sum()} of {len(examples)} examples are {what}, and "
        f"{len(train)} of {len(before)} left in the train set",
        np.isin(examples, place).all()
        and (chosen["what"] == what).all()
        and np.array_equal(np.sort(train), np.setdiff1d(before, examples)),
    )


def _defined(path: Path, contents: xr.Dataset, wanted: Mapping) -> tuple[str, bool]:
    found, asked = short_digest(in_study(definition_of(contents))), short_digest(wanted)
    return f"{path}: the definition {found}; that of the study is {asked}", found == asked


def _count(path: Path, found: int, wanted: int, what: str) -> tuple[str, bool]:
    return f"{path}: {found} {what}; the study defines {wanted}", found == wanted


def _range(values: np.ndarray) -> str:
    return f"{values.min()} to {values.max()} ({len(values)})"
