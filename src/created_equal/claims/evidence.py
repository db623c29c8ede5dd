"""All that the claims of a study rest on: scores, predictions and the dataset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from created_equal import scores as stats
from created_equal.artefacts import open_dataset, open_scores, read_predictions
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
    find,
    load_study,
    read_yaml,
    roles_of,
    study_path,
    with_rankings,
)


@dataclass(frozen=True)
class Evidence:
    """What claims are measured on; scores and predictions of a baseline are at baselines/NAME."""

    study: str
    data: str  # The study whose data it has: its own name, or that of its base.
    roles: Roles  # See ``roles_of``.
    epochs: Mapping[str, Sequence[int]]  # Those that the study names for a figure, by figure.
    dataset: xr.Dataset  # The study's own; its images are read when they are asked for.
    scores: Mapping[str, xr.Dataset]  # From ``open_scores`` or ``scores_of_baseline``.
    predictions: Mapping[str, Sequence[Path]]  # Files; none if only the scores are kept.
    moved: Mapping[str, np.ndarray]  # Names of the examples moved to the test set.
    # The size of the smallest of an ensemble and those by which its examples were ranked.
    ranked: Mapping[str, int] = field(default_factory=dict)
    # Those that are not trained as the study of this data trains them.
    trained_otherwise: frozenset[str] = frozenset()
    kept: bool = False  # Whether the scores are those kept with the code, of some ensembles only.
    _known: dict = field(default_factory=dict, init=False)

    def phases(self, name: str, by_rule: bool = False) -> dict[str, int]:
        """Return the epochs of the four phases: the study's choice for figure 1, or by rule."""
        found = self.once((stats.phases, name), lambda: stats.phases(self.scores[name]))
        named = self.epochs.get("figure_01")
        if named and not by_rule and self.roles["figure_01.ensemble"] == (name,):
            return dict(zip(found, named, strict=True))
        return found

    def informative(self, name: str, split: str) -> np.ndarray:
        """Return the trained epochs, (epoch,) bool, that are ``informative_epochs`` of a split."""
        scores, key = self.scores[name], ("informative", name, split)
        found = self.once(key, lambda: stats.informative_epochs(scores, split))
        defined = ~np.isnan(scores["bimodality"].sel(split=split).values)
        return found & defined & (scores["epoch"].values > 0)

    def once(self, key: tuple, make: Callable[[], Any]) -> Any:
        """Return what is made of the evidence, made once; it may read all scores."""
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def problem(self, name: str) -> str:
        """Return why an ensemble did not learn, or ""; baselines have no training."""
        if name.startswith(BASELINE_PREFIX):
            return ""
        return self.once(("problem", name), lambda: stats.learning_problem(self.scores[name]))

    def warnings(self) -> list[str]:
        """Return a warning for each ensemble that did not learn."""
        return [
            warning
            for name, scores in self.scores.items()
            if self.problem(name)
            for warning in stats.learning_warnings(f"{self.study}/{name}", scores)
        ]


@contextmanager
def open_evidence(study: Study, networks_per_job: int) -> Iterator[Evidence]:
    """Open the scores and the dataset that a study's claims rest on, in a ``with`` block.

    The config's networks_per_job names the predictions files. A file that is missing or damaged
    raises ``InputError``.
    """
    roles, data = roles_of(study), _data_of(study)
    with ExitStack() as stack:
        scores = {
            # No claim is about the metrics of examples, which are half of what is read here.
            name: stack.enter_context(open_scores(study.scores_path(name))).drop_vars(
                stats.OF_EXAMPLES, errors="ignore"
            )
            for name in ensembles_in(roles)
        }
        ensembles = {name: study.ensembles[name] for name in scores}
        predictions = {
            name: of.predictions_paths(networks_per_job) for name, of in ensembles.items()
        }
        for name in baselines_in(roles):
            path = baseline_path(study.name, name)
            scores[BASELINE_PREFIX + name] = stats.scores_of_baseline(read_predictions(path))
            predictions[BASELINE_PREFIX + name] = [path]
        yield Evidence(
            study=study.name,
            data=data,
            roles=roles,
            epochs=study.epochs,
            dataset=stack.enter_context(open_dataset(dataset_path(study.name), files=False)),
            scores=scores,
            predictions=predictions,
            moved={
                name: np.sort(scores[name]["example"].values[scores[name]["moved"].values])
                for name, of in ensembles.items()
                if "move_to_test" in of.derived
            },
            ranked={
                name: min(study.ensembles[each].n_networks for each in with_rankings(study, [name]))
                for name in ensembles
            },
            trained_otherwise=_trained_otherwise(data, ensembles),
            kept=any(each.scores_in == REFERENCE for each in study.ensembles.values()),
        )


def _trained_otherwise(data: str, ensembles: Mapping[str, Ensemble]) -> frozenset[str]:
    """Return the ensembles with other settings, except for examples, than the study of this data.

    Its file is read without config's number of epochs, which is that of a trial.
    """
    planned = load_study(data).ensembles if find(study_path(data)).is_file() else {}

    def settings(ensemble: Ensemble) -> dict:
        return {key: of for key, of in ensemble.definition.items() if key != "dataset"}

    return frozenset(
        name
        for name, ensemble in ensembles.items()
        if name not in planned or settings(planned[name]) != settings(ensemble)
    )


def _data_of(study: Study) -> str:
    path = find(study_path(study.name))
    values = read_yaml(path) if path.is_file() else {}
    return study.name if "dataset" in values else values.get("base", study.name)
