"""A study with its ensembles, baselines and figures."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import get_args

from created_equal.errors import InputError
from created_equal.paths import (
    REFERENCE,
    REPOSITORY,
    RESULTS,
    baseline_path,
    dataset_path,
    find,
    predictions_folder,
    predictions_path,
    scores_path,
    study_path,
)
from created_equal.study import derivation
from created_equal.study.keys import BaselinesEntry, PaperArchitecture, Recipe, Resources
from created_equal.study.own_networks import OwnNetwork
from created_equal.study.yaml_files import suggestion

TRAIN = "train the networks with scores=trained"
PAPER_ARCHITECTURES = get_args(PaperArchitecture)


@dataclass(frozen=True)
class Figure:
    """A figure's title, and what it needs besides the keys of its entry."""

    title: str
    trained: int = 1  # The smallest number of epochs of every ensemble.
    n_networks: int = 1  # The smallest number of networks of the first ensemble, in noise of each.
    dataset: bool = False  # Whether it needs images, names of classes or a sample of examples.
    table: bool = False  # Whether its data are also written as csv.
    predictions: bool = False  # Whether it needs the predictions of every network.


FIGURES = {
    "figure_01": Figure("Consistency in the four phases of learning"),
    "figure_02": Figure("Consistency on the test set through learning"),
    "figure_03": Figure("Consensus in the four phases of learning"),
    "figure_04": Figure("The order of learning of two architectures", n_networks=2),
    "figure_05": Figure("What linear networks get right"),
    "figure_06": Figure("AdaBoost on easy and hard examples"),
    "figure_07": Figure("What other classifiers get right"),
    "figure_08": Figure("Random labels, and no easy examples", trained=3),
    "figure_09": Figure("Consistency and the class that is predicted", dataset=True),
    "figure_10": Figure("Consistency of every example against the epoch"),
    "figure_11": Figure("Five examples learned in different ways", trained=2, dataset=True),
    "moved_examples": Figure("Examples moved to the test set"),
    "robustness": Figure("Bi-modality with other hyper-parameters"),
    "noise": Figure("What makes networks disagree", n_networks=2, dataset=True, predictions=True),
    "gallery": Figure("Images to look at first", dataset=True, table=True),
    "metrics": Figure("How metrics of difficulty correlate", table=True),
}
# Figures that show the examples of figure 1 at its epochs.
LIKE_FIGURE_01 = ("figure_03", "figure_09")
CROSS_DATASET = "cross_dataset"

SOURCE_SIZES = {
    "mnist": (60_000, 10_000),
    "cifar10": (50_000, 10_000),
    "cifar100": (50_000, 10_000),
}
"""The numbers of train and test examples of whole sources; positions of test examples follow."""
BASELINES = tuple(BaselinesEntry.model_fields)

# Names that are written differently, not only with spaces.
WRITTEN = {
    "st_vgg": "st-VGG",
    "mnist_cnn": "MNIST CNN",
    "svm": "SVM",
    "adaboost": "AdaBoost",
    "adam": "Adam",
    "relu": "ReLU",
    "gaussian_naive_bayes": "Gaussian naive Bayes",
}


def label_of(name: str) -> str:
    """Return a readable name: ``"small st-VGG"``, ``"learning rate 0.05"``."""
    name = name.removeprefix("variation_")
    for key, written in WRITTEN.items():
        name = re.sub(rf"(?<![a-z0-9]){key}(?![a-z0-9])", written, name)
    return re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ")


@dataclass(frozen=True)
class Architecture:
    """An architecture and its variations; ``EnsembleEntry`` describes the fields."""

    name: str
    width: float = 1.0
    linear: bool = False
    depth: int | None = None
    kernel: int | None = None
    units: int | None = None
    own: OwnNetwork | None = None


@dataclass(frozen=True)
class Ensemble:
    """Networks that differ only in their seed."""

    study: str
    name: str
    architecture: Architecture
    n_networks: int
    recipe: Recipe
    dataset: Mapping
    # The ensemble whose scores rank the examples, and from whose dataset this one's is derived.
    ranked_by: str | None = None
    resources: Resources = field(default_factory=Resources)
    # Its name in figures; if empty, that of ``label_of``.
    label: str = ""
    # The noise that all networks share, and the mini-batches after which predictions are saved
    # instead of after epochs; see ``EnsembleEntry``.
    shared: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()
    # The folder of its scores; None if they are neither saved nor to be computed.
    scores_in: Path | None = RESULTS

    @property
    def derived(self) -> Mapping:
        """The step (see ``derivation.steps``) that derives its dataset; empty for the study's."""
        return self.dataset.get("derived", {})

    @property
    def is_round(self) -> bool:
        """Whether it is trained only to rank the examples for the next cut of a dataset."""
        step = self.derived
        return "cut" in step and step["cut"] < len(derivation.shares(step))

    @property
    def leads_to(self) -> str:
        """The name of the ensemble that a round leads to; otherwise its own."""
        return self.name.rpartition("_round_")[0] if self.is_round else self.name

    def batches(self, networks_per_job: int) -> list[tuple[int, int]]:
        """Return the first and last seed of each job: [(0, 4), (5, 9), ...]."""
        per_job = min(networks_per_job, self.resources.networks_per_job or networks_per_job)
        return [
            (first, min(first + per_job, self.n_networks) - 1)
            for first in range(0, self.n_networks, per_job)
        ]

    def predictions_paths(self, networks_per_job: int) -> list[Path]:
        """Return the paths of its predictions, a file for each of the ``batches``.

        Of an ensemble with kept scores, they are the predictions kept with these, if there are any.
        """
        if self.scores_in == REFERENCE:
            from created_equal.artefacts import definition_in_head

            kept = predictions_folder(self.study, self.name, REFERENCE)
            wanted = definition_in_head(find(scores_path(self.study, self.name, REFERENCE)))
            # Those in the current folder and those that come with the code, by name.
            files = {
                path.name: path
                for folder in (REPOSITORY / kept, kept)
                for path in folder.glob("[0-9]*.nc")
            }
            # Networks that were kept earlier may be of another definition, data or engine.
            return [path for _, path in sorted(files.items()) if definition_in_head(path) == wanted]
        return [
            predictions_path(self.study, self.name, first, last)
            for first, last in self.batches(networks_per_job)
        ]

    def check_train_set(self, n_train: int) -> None:
        """Raise InputError if a train set of this size has no mini-batch."""
        if n_train < self.recipe.batch_size:
            raise InputError(
                f"{self.study}/{self.name}: the train set has {n_train} examples, fewer than one "
                f"mini-batch; set ensembles.{self.leads_to}.recipe.batch_size to {n_train} or less."
            )

    @property
    def dataset_path(self) -> Path:
        """The path of the dataset that its networks are trained on."""
        return dataset_path(self.study, self.name if self.derived else None)

    @property
    def moments(self) -> list[int]:
        """When predictions are saved: after 0, 1, 2, ... epochs, or after 0 and the ``steps``."""
        return [0, *(self.steps or range(1, self.recipe.epochs + 1))]

    @property
    def unit(self) -> str:
        """The unit of ``moments``."""
        return "step" if self.steps else "epoch"

    @property
    def definition(self) -> dict:
        """Everything except the seed that determines a network, as plain JSON types."""
        # Left out if empty, as in definitions that are older than these keys.
        added = {"shared": list(self.shared), "steps": list(self.steps)}
        return self.streams_definition | {key: value for key, value in added.items() if value}

    @property
    def streams_definition(self) -> dict:
        """The part of the definition that determines the streams of random numbers.

        So network i of an ensemble with ``shared`` or ``steps`` draws the same numbers as network i
        of the ensemble without them, except for those that are shared.
        """
        variations = asdict(self.architecture)
        architecture, own = variations.pop("name"), variations.pop("own")
        if own:
            architecture = {"module": architecture, "digest": own["digest"]}
        return {
            "dataset": dict(self.dataset),
            "architecture": architecture,
            **variations,
            "recipe": self.recipe.definition,
        }


@dataclass(frozen=True)
class Baseline:
    """A classifier that is not a network, fitted once for each of the random states 0..seeds-1."""

    study: str
    name: str
    seeds: int
    weak_learners: int | None
    dataset: Mapping

    @property
    def definition(self) -> dict:
        """Everything that determines its predictions, as plain JSON types."""
        return {
            "dataset": dict(self.dataset),
            "baseline": self.name,
            "seeds": self.seeds,
            "weak_learners": self.weak_learners,
        }


@dataclass(frozen=True)
class Study:
    """One data set with all its ensembles, baselines and figures.

    A figure that contradicts the rest of the study (for example because it shows an undefined
    ensemble), or whose reference scores are missing, is not in ``figures``; ``refused`` has the
    reasons. ``incomplete`` has sentences that name the ensembles that figures are drawn without.
    """

    name: str
    title: str
    dataset: Mapping
    ensembles: dict[str, Ensemble]
    figures: dict[str, dict]
    baselines: dict[str, Baseline]
    note: str = ""
    refused: dict[str, list[str]] = field(default_factory=dict)
    incomplete: Sequence[str] = ()

    @property
    def epochs(self) -> dict[str, list[int]]:
        """The epochs given for its figures, by figure; claims are measured at them too."""
        return {
            figure: entry["epochs"] for figure, entry in self.figures.items() if "epochs" in entry
        }

    def label(self, ensemble: str) -> str:
        """Return the name of one of its ensembles in figures."""
        return self.ensembles[ensemble].label or label_of(ensemble)

    def scores_path(self, ensemble: str) -> Path:
        """Return the path of an ensemble's scores; raises InputError if they are not saved."""
        folder = self.ensembles[ensemble].scores_in
        if folder is None:
            raise InputError(f"no scores of {self.name}/{ensemble} come with the code; {TRAIN}.")
        path = scores_path(self.name, ensemble, folder)
        return find(path) if folder == REFERENCE else path

    def check_results(self, ensembles: Iterable[str], baselines: Iterable[str] = ()) -> None:
        """Check that scores and baselines, if they exist, were made for the study as it is now.

        Raises:
            InputError: one has another definition, or was made from other images, labels or splits
                than the dataset has, if that exists; or see ``scores_path``.
        """
        from created_equal.artefacts import check_data, check_if_made_for

        for name in ensembles:
            check_if_made_for(self.scores_path(name), self.ensembles[name].definition)
            dataset, again = self.ensembles[name].dataset_path, "train and score its networks again"
            check_data(self.scores_path(name), dataset, again)
            self.check_dataset(name)
        for name in baselines:
            check_if_made_for(baseline_path(self.name, name), self.baselines[name].definition)
            path = baseline_path(self.name, name)
            check_data(path, dataset_path(self.name), "fit it again")

    def check_dataset(self, ensemble: str) -> None:
        """Check that the dataset of an ensemble was derived from those that it is derived from now.

        Raises:
            InputError: one of these has had other images, labels or splits.
        """
        from created_equal.artefacts import check_data

        while (of := self.ensembles.get(ensemble)) and of.derived:
            ranking = self.ensembles.get(of.ranked_by)
            again = f"run created-equal derive_dataset {self.name} {of.name}"
            source = ranking.dataset_path if ranking else dataset_path(self.name)
            check_data(of.dataset_path, source, again)
            ensemble = of.ranked_by


def ensemble_of(study: Study, name: str) -> Ensemble:
    """Return one of a study's ensembles; raises InputError if it has none of this name."""
    if name in study.ensembles:
        return study.ensembles[name]
    raise InputError(
        f"the study {study.name} has no ensemble {name}; {suggestion(name, list(study.ensembles))}"
    )


def check_networks_differ(study: Study, names: Sequence[str]) -> None:
    """Raise InputError if two of a study's ensembles have the same networks.

    Networks depend on the definition of their ensemble, and not on its name.
    """
    for one, other in combinations(names, 2):
        if ensemble_of(study, one).definition == ensemble_of(study, other).definition:
            raise InputError(
                f"{one} and {other} in {study.name} have the same definition and so the same "
                "networks; name two ensembles that differ."
            )


def baseline_of(study: Study, name: str) -> Baseline:
    """Return one of a study's baselines; raises InputError if it has none of this name."""
    if name in study.baselines:
        return study.baselines[name]
    remedy = (
        f"add it under baselines in {study_path(study.name)}."
        if name in BASELINES
        else suggestion(name, BASELINES)
    )
    raise InputError(f"the study {study.name} has no baseline {name}; {remedy}")
