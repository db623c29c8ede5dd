"""A study with its ensembles, baselines and figures, and the definitions of the first two."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from created_equal.errors import InputError
from created_equal.study import derivation
from created_equal.study.keys import (
    BaselinesEntry,
    PaperArchitecture,
    Recipe,
    Resources,
)
from created_equal.study.paths import (
    RESULTS,
    STUDIES,
    batches,
    dataset_path,
    predictions_path,
    scores_path,
)
from created_equal.study.yaml_files import suggestion

TRAIN = "say scores=trained to train it"
PAPER_ARCHITECTURES = get_args(PaperArchitecture)


@dataclass(frozen=True)
class Figure:
    """What a figure shows: how many epochs (0: all), of how many networks, trained for how many."""

    title: str
    epochs: int = 0
    trained: int = 1  # epochs at least
    networks: int = 1  # in the first ensemble at least
    dataset: bool = False  # whether it shows images or the classes' names
    table: bool = False  # whether there is a csv file with what it shows


FIGURES = {
    "figure_01": Figure("Consistency in the four phases of learning", epochs=4),
    "figure_02": Figure("Consistency on the test set through learning", epochs=6),
    "figure_03": Figure("Consensus in the four phases of learning", epochs=4),
    "figure_04": Figure("The order of learning of two architectures", networks=2),
    "figure_05": Figure("What linear networks get right", epochs=2),
    "figure_06": Figure("AdaBoost on easy and hard examples"),
    "figure_07": Figure("What other classifiers get right", epochs=2),
    "figure_08": Figure("Random labels, and no easy examples", trained=3),
    "figure_09": Figure("Consistency and the class that is predicted", epochs=4, dataset=True),
    "figure_10": Figure("Consistency of every example against the epoch"),
    "figure_11": Figure("Five examples that are learnt in different ways", trained=2, dataset=True),
    "moved_examples": Figure("Examples moved to the test set"),
    "robustness": Figure("Bi-modality whatever the hyper-parameters"),
    "gallery": Figure("Images to look at first", dataset=True, table=True),
}
LIKE_FIGURE_01 = ("figure_03", "figure_09")
"""Figures that show figure 1's examples at its epochs."""
CROSS_DATASET = "cross_dataset"

# The baselines, and how many random states each has by default; those with 1 are determined by the
# data alone.
BASELINES = {
    name: seeds.default if (seeds := baseline.annotation.model_fields.get("seeds")) else 1
    for name, baseline in BaselinesEntry.model_fields.items()
}


@dataclass(frozen=True)
class Ensemble:
    """Networks that differ only in their seed."""

    study: str
    name: str
    architecture: str
    width: float
    networks: int
    recipe: Recipe
    dataset: Mapping
    linear: bool = False
    depth: int | None = None
    kernel: int | None = None
    units: int | None = None
    # By the scores of this ensemble, and from the dataset that it is trained on, this ensemble's
    # dataset is derived; None: it is the study's, or derived from the study's without scores.
    ranked_by: str | None = None
    resources: Resources = field(default_factory=Resources)
    # The folder with its scores, to be made or kept there; None: they are not to be had.
    scores_in: Path | None = RESULTS

    @property
    def derived(self) -> Mapping | None:
        """How its dataset is derived: a step, see ``derivation.steps``; None: it is the study's."""
        return self.dataset.get("derived")

    @property
    def is_round(self) -> bool:
        """Whether it is trained only to rank the examples for the next cut of a dataset."""
        step = self.derived or {}
        return "cut" in step and step["cut"] < len(derivation.shares(step))

    def batches(self, networks_per_job: int) -> list[tuple[int, int]]:
        """Return the first and last number of the networks in each job: [(0, 4), (5, 9), ...].

        Args:
            networks_per_job: as the config has it; the ensemble's resources may say fewer.
        """
        at_most = self.resources.networks_per_job or networks_per_job
        return batches(self.networks, min(networks_per_job, at_most))

    def predictions_paths(self, networks_per_job: int) -> list[Path]:
        """Return where the predictions of its networks are, a file for each of the ``batches``."""
        return [
            predictions_path(self.study, self.name, first, last)
            for first, last in self.batches(networks_per_job)
        ]

    @property
    def dataset_path(self) -> Path:
        """Where the dataset is that its networks are trained on."""
        return dataset_path(self.study, self.name if self.derived else None)

    @property
    def definition(self) -> dict:
        """All that a network follows from beside its number, as plain JSON types."""
        return {
            "dataset": dict(self.dataset),
            "architecture": self.architecture,
            "width": self.width,
            "linear": self.linear,
            "depth": self.depth,
            "kernel": self.kernel,
            "units": self.units,
            "recipe": self.recipe.definition,
        }


@dataclass(frozen=True)
class Baseline:
    """A classifier that is no network, fitted once for each of the random states 0..seeds-1."""

    study: str
    name: str
    seeds: int
    weak_learners: int | None
    dataset: Mapping

    @property
    def definition(self) -> dict:
        """All that its predictions follow from, as plain JSON types."""
        return {
            "dataset": dict(self.dataset),
            "baseline": self.name,
            "seeds": self.seeds,
            "weak_learners": self.weak_learners,
        }


@dataclass(frozen=True)
class Study:
    """One data set with all its ensembles, baselines and figures.

    A figure whose entry contradicts the rest of the study, as by showing an ensemble that is not
    defined, or whose scores should be kept and are not, is not among ``figures``; ``refused`` has
    what is wrong with it, in sentences.
    """

    name: str
    title: str
    dataset: Mapping
    ensembles: dict[str, Ensemble]
    figures: dict[str, dict]
    baselines: dict[str, Baseline]
    note: str = ""
    refused: dict[str, list[str]] = field(default_factory=dict)

    @property
    def epochs(self) -> dict[str, list[int]]:
        """The epochs that it names for a figure, by figure; claims are measured at them too."""
        return {
            figure: entry["epochs"] for figure, entry in self.figures.items() if "epochs" in entry
        }

    def scores_path(self, ensemble: str) -> Path:
        """Return where the scores of one of its ensembles are.

        Raises:
            InputError: they are kept nowhere.
        """
        folder = self.ensembles[ensemble].scores_in
        if folder is None:
            raise InputError(f"no scores of {self.name}/{ensemble} are kept; {TRAIN}.")
        return scores_path(self.name, ensemble, folder)


def baseline_of(study: Study, name: str) -> Baseline:
    """Return one of a study's baselines.

    Raises:
        InputError: the study does not have it, or there is no such classifier.
    """
    if name in study.baselines:
        return study.baselines[name]
    remedy = (
        f"add it under baselines in {STUDIES / study.name}.yaml."
        if name in BASELINES
        else suggestion(name, list(BASELINES))
    )
    raise InputError(f"the study {study.name} has no baseline {name}; {remedy}")
