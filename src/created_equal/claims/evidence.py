"""All that the claims of a study rest on: scores, predictions and the dataset."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts import (
    consistency,
    open_dataset,
    open_scores,
    read_predictions,
)
from created_equal.errors import InputError
from created_equal.scores import MIDDLE, informative_epochs, learning_warnings, phases
from created_equal.study import (
    BASELINE_PREFIX,
    REFERENCE,
    Ensemble,
    Roles,
    Study,
    baseline_path,
    baselines_in,
    dataset_path,
    ensembles_in,
    moved_in,
    roles_of,
)


@dataclass(frozen=True)
class Evidence:
    """What claims are measured on.

    Attributes:
        study: the study's name.
        roles: see ``roles_of``.
        epochs: the epochs that the study names for a figure, by figure.
        dataset: the study's own; its images are read when they are asked for.
        scores: by name, as ``open_scores`` returns them; a baseline's, under ``baselines/NAME``,
            are those of ``scores_of``.
        predictions: the predictions files that each of the scores were made from, by name; none
            of scores that are kept with the code.
        moved: names of the examples that were moved to the test set, by ensemble.
        ranked: the size of the smallest ensemble by which its examples were ranked, by ensemble.
        kept: whether the scores are those that are kept with the code, of some ensembles only.
    """

    study: str
    roles: Roles
    epochs: Mapping[str, Sequence[int]]
    dataset: xr.Dataset
    scores: Mapping[str, xr.Dataset]
    predictions: Mapping[str, Sequence[Path]]
    moved: Mapping[str, np.ndarray]
    ranked: Mapping[str, int] = field(default_factory=dict)
    kept: bool = False

    def phases(self, name: str) -> dict[str, int]:
        """Return the epochs of the four phases: the study's choice for figure 1, or by rule.

        Raises:
            InputError: the networks were trained for fewer than three epochs.
        """
        found = phases(self.scores[name])
        named = self.epochs.get("figure_01")
        if named and self.roles["figure_01.ensemble"] == (name,):
            return dict(zip(found, named, strict=True))
        return found

    def third_phase(self, name: str, split: str) -> np.ndarray:
        """Return the epochs of phase 3: those after the beginning that are ``informative_epochs``.

        Raises:
            InputError: there are none.
        """
        beginning = phases(self.scores[name])["beginning"]
        epochs = self.scores[name]["epoch"].values
        epochs = epochs[(epochs > beginning) & informative_epochs(self.scores[name], split)]
        if not epochs.size:
            raise InputError(
                f"{name} has no epoch of phase 3 on the {split} set: after epoch {beginning} the "
                f"mean consistency is not within {MIDDLE}; take smaller steps of learning."
            )
        return epochs

    def warnings(self) -> list[str]:
        """Return a warning for each ensemble that did not learn; baselines have no training."""
        return [
            warning
            for name, scores in self.scores.items()
            if not name.startswith(BASELINE_PREFIX)
            for warning in learning_warnings(f"{self.study}/{name}", scores)
        ]


@contextmanager
def open_evidence(study: Study, networks_per_job: int) -> Iterator[Evidence]:
    """Open the scores and the dataset that a study's claims rest on, in a ``with`` block.

    Args:
        study: with the number of networks that was asked for.
        networks_per_job: as the config has it, which names the predictions files.

    Raises:
        InputError: a file is missing or damaged.
    """
    roles = roles_of(study)
    with ExitStack() as stack:
        scores = {
            name: stack.enter_context(open_scores(study.scores_path(name)))
            for name in ensembles_in(roles)
        }
        predictions = {
            name: _predictions_of(study.ensembles[name], networks_per_job) for name in scores
        }
        for name in baselines_in(roles):
            path = baseline_path(study.name, name)
            scores[BASELINE_PREFIX + name] = scores_of(read_predictions(path))
            predictions[BASELINE_PREFIX + name] = [path]
        yield Evidence(
            study=study.name,
            roles=roles,
            epochs=study.epochs,
            dataset=stack.enter_context(open_dataset(dataset_path(study.name))),
            scores=scores,
            predictions=predictions,
            moved={name: _moved_in(scores[name]) for name in moved_in(study)},
            ranked={name: _ranked_by(study, name) for name in scores if name in study.ensembles},
            kept=any(each.scores_in == REFERENCE for each in study.ensembles.values()),
        )


def _predictions_of(ensemble: Ensemble, networks_per_job: int) -> list[Path]:
    if ensemble.scores_in == REFERENCE:
        return []
    return ensemble.predictions_paths(networks_per_job)


def _moved_in(scores: xr.Dataset) -> np.ndarray:
    return np.sort(scores["example"].values[scores["moved"].values])


def _ranked_by(study: Study, name: str) -> int:
    """Return the size of the smallest ensemble on the way to an ensemble's dataset, and its own."""
    smallest = study.ensembles[name].n_networks
    while (name := study.ensembles[name].ranked_by) is not None:
        smallest = min(smallest, study.ensembles[name].n_networks)
    return smallest


def scores_of(predictions: xr.Dataset) -> xr.Dataset:
    """Return the scores of a baseline, as far as claims need them.

    Args:
        predictions: as ``read_predictions`` returns them.

    Returns:
        n_right (epoch, example) of the random states; accessibility (example), the mean consistency
        over all epochs (there is no untrained one); accuracy (network, epoch, split); label
        (example).
    """
    scores = xr.Dataset(
        {
            "n_right": (predictions["prediction"] == predictions["label"]).sum("network"),
            "accuracy": predictions["accuracy"],
            "label": predictions["label"],
        },
        attrs={"classes": predictions.attrs["classes"]},
    )
    return scores.assign(accessibility=consistency(scores).mean("epoch"))
