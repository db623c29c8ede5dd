"""The definition of a study: what config.yaml and config/studies/*.yaml say, checked."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

import yaml

from created_equal import derivation
from created_equal.errors import InputError
from created_equal.reference import REFERENCE, TRAIN, catalogue_path, read_catalogue
from created_equal.yaml_files import check, load_schema, parse_yaml, read_yaml, refuse, suggestion

CONFIG = Path("config.yaml")
STUDIES = Path("config/studies")
# The environment variable in which the workflow hands its config, as JSON, on to the commands.
CONFIG_VARIABLE = "CREATED_EQUAL_CONFIG"
NETWORKS = 100
RESULTS = "results"
PAPER_ARCHITECTURES = ("st_vgg", "small_st_vgg", "mnist_cnn")


@dataclass(frozen=True)
class Figure:
    """What a figure shows: how many epochs (0: all), of how many networks, trained for how many."""

    title: str
    epochs: int = 0
    trained: int = 1  # epochs at least
    networks: int = 1  # in the first ensemble at least
    dataset: bool = False  # whether it shows images or the classes' names


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
}
LIKE_FIGURE_01 = ("figure_03", "figure_09")
"""Figures that show figure 1's examples at its epochs."""
CROSS_DATASET = "cross_dataset"

# The keys under which a figure names one ensemble, with what such an ensemble must say of itself.
ROLES = {
    "ensemble": None,
    "linear": ("linear", True),
    "random_labels": ("labels", "random"),
    "hard": ("keep", "hardest"),
    "easiest": ("move_to_test", "easiest"),
    "hardest": ("move_to_test", "hardest"),
    "random": ("move_to_test", "random"),
}

# The classifiers that are no networks, and how many random states each has if a study does not say;
# those with 1 follow from the data alone.
BASELINES = {
    "svm": 1,
    "k_nearest_neighbours": 1,
    "perceptron": 10,
    "decision_tree": 10,
    "random_forest": 10,
    "gaussian_naive_bayes": 1,
    "adaboost": 1,
}


@dataclass(frozen=True)
class Config:
    """The knobs of config.yaml (schemas/config.schema.yaml says what each does)."""

    studies: tuple[str, ...] = ("digits",)
    data_root: Path = Path("data")
    download: bool = True
    networks: int | None = None
    networks_per_job: int = 5
    device: str = "auto"
    precision: str = "auto"
    scores: str = "trained"


@dataclass(frozen=True)
class Decay:
    """The learning rate is divided by ``factor`` after every ``every`` epochs."""

    factor: float
    every: int


@dataclass(frozen=True)
class Recipe:
    """How a network is trained (schemas/study.schema.yaml says what each key does)."""

    epochs: int = 140
    batch_size: int = 100
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    momentum: float = 0.0
    decay: Decay | None = None
    weight_decay: float = 0.0
    weight_decay_on: str = "weights"
    dropout: bool | float = True
    activation: str | None = None
    mini_batches: str = "permuted"
    augmentation: str | None = None

    @property
    def definition(self) -> dict:
        """What a network follows from, as plain JSON types."""
        values = asdict(self)
        # This key came later than networks that are kept, whose definitions are without it.
        if values["augmentation"] is None:
            del values["augmentation"]
        return values

    @classmethod
    def from_mapping(cls, values: Mapping) -> Self:
        """Return the recipe of checked keys; 1 and 1.0 are the same, dropout false and 0 too."""
        values = dict(values)
        for key in ("learning_rate", "momentum", "weight_decay"):
            if key in values:
                values[key] = float(values[key])
        if values.get("decay") is not None:
            decay = values["decay"]
            values["decay"] = Decay(float(decay["factor"]), decay["every"])
        if not isinstance(values.get("dropout", True), bool):
            values["dropout"] = float(values["dropout"]) or False
        return cls(**values)


@dataclass(frozen=True)
class Resources:
    """What a training job asks a cluster for; no result follows from it.

    schemas/study.schema.yaml says what each key does.
    """

    mem_mb: int | None = None
    cpus: int = 1
    minutes_per_network: int = 60
    networks_per_job: int | None = None

    def minutes(self, networks: int) -> int:
        """Return the run time of a job of so many networks, with half an hour to begin and end."""
        return 30 + networks * self.minutes_per_network


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
    resources: Resources = Resources()
    # The folder with its scores, to be made or kept there; None: they are not to be had.
    scores_in: str | None = RESULTS

    @property
    def derived(self) -> Mapping | None:
        """How its dataset is derived: a step, see ``derivation.steps``; None: it is the study's."""
        return self.dataset.get("derived")

    @property
    def is_round(self) -> bool:
        """Whether it is trained only to rank the examples for the next cut of a dataset."""
        step = self.derived or {}
        return "cut" in step and step["cut"] < len(derivation.shares(step))

    def per_job(self, networks: int) -> int:
        """Return how many networks a job trains, where the config says so many."""
        return min(networks, self.resources.networks_per_job or networks)

    @property
    def dataset_path(self) -> str:
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
    networks: int
    dataset: Mapping
    ensembles: dict[str, Ensemble]
    figures: dict[str, dict]
    baselines: dict[str, Baseline]
    refused: dict[str, list[str]] = field(default_factory=dict)

    def scores_path(self, ensemble: str) -> str:
        """Return where the scores of one of its ensembles are.

        Raises:
            InputError: they are kept nowhere.
        """
        folder = self.ensembles[ensemble].scores_in
        if folder is None:
            raise InputError(f"no scores of {self.name}/{ensemble} are kept; {TRAIN}.")
        return scores_path(self.name, ensemble, folder)


def load_config(values: Mapping | None = None) -> Config:
    """Return the checked config.

    Args:
        values: keys and values; None: those that a running workflow hands on, else those of
            config.yaml in the current directory. A key that is left out has its default. Values
            may be text, as they come from the command line.

    Raises:
        InputError: with a sentence for every problem.
    """
    where = CONFIG if values is None else "the configuration (config.yaml and --config)"
    if values is None:
        handed_on = os.environ.get(CONFIG_VARIABLE)
        values = _read(CONFIG) if handed_on is None else json.loads(handed_on)
    if isinstance(values, Mapping):
        values = {key: _of_command_line(key, value) for key, value in values.items()}
    sentences, _ = check(values, load_schema("config"))
    refuse(where, sentences)
    values = asdict(Config()) | values
    values["studies"] = tuple(dict.fromkeys(values["studies"]))
    values["data_root"] = Path(values["data_root"]).expanduser()
    if values["scores"] == REFERENCE and values["networks"] is not None:
        raise InputError(
            f"{where}: networks is {values['networks']}, but scores is {REFERENCE}, and those are "
            "of as many networks as were trained for them; leave one of the two out."
        )
    return Config(**values)


def study_names() -> list[str]:
    """Return the names of the studies in config/studies."""
    return sorted(path.stem for path in STUDIES.glob("[!.]*.yaml"))


def load_configured(name: str) -> Study:
    """Return a study as the config has it: with so many networks, and with scores from there."""
    config = load_config()
    return load_study(name, config.networks, config.scores)


def load_study(name: str, networks: int | None = None, scores: str = Config.scores) -> Study:
    """Return the checked study in config/studies/{name}.yaml.

    Args:
        name: the study's name.
        networks: how many networks every ensemble has; None: as the file says.
        scores: ``"trained"``, or ``"reference"`` for those that are kept with the code; figures of
            ensembles without such scores are then refused.

    Raises:
        InputError: there is no such study, or its file has problems: a sentence for each; or no
            scores of it are kept. What is wrong with a figure only is no such problem; see
            ``Study.refused``.
    """
    path = STUDIES / f"{name}.yaml"
    if name not in study_names():
        raise InputError(f"there is no study {name} ({path} does not exist); {_remedy(name)}")
    if not re.fullmatch("[a-z0-9_]+", name):
        raise InputError(
            f"{path}: {name} cannot be the name of a study; rename the file with lower-case "
            "letters, digits and underscores only."
        )
    values = _read(path)
    sentences, usable = check(values, load_schema("study"))
    sentences += dict.fromkeys(_contradictions(usable))
    refused = _refused_figures(usable, networks)
    if sentences:
        refuse(path, [*sentences, *(each for said in refused.values() for each in said)])
    dataset = {
        key: value
        for key, value in values["dataset"].items()
        if value is not None and (key, value) != ("images", "memory")
    }
    default = values.get("networks", NETWORKS)
    ensembles = {
        each: Ensemble(
            study=name,
            name=each,
            architecture=entry["architecture"],
            width=float(entry.get("width", 1)),
            networks=entry.get("networks", default) if networks is None else networks,
            recipe=_recipe(values, entry),
            dataset=dataset,
            linear=entry.get("linear", False),
            depth=entry.get("depth"),
            kernel=entry.get("kernel"),
            units=entry.get("units"),
            resources=Resources(**{**values.get("resources", {}), **entry.get("resources", {})}),
        )
        for each, entry in values["ensembles"].items()
    }
    study = Study(
        name=name,
        title=values["title"],
        networks=default if networks is None else networks,
        dataset=dataset,
        ensembles=_with_derived(ensembles, values["ensembles"], networks),
        figures=_with_epochs_of_figure_01(
            {
                figure: entry
                for figure, entry in values.get("figures", {}).items()
                if figure not in refused
            }
        ),
        baselines={
            each: Baseline(
                study=name,
                name=each,
                seeds=entry.get("seeds", BASELINES[each]),
                weak_learners=entry.get("weak_learners", 100) if each == "adaboost" else None,
                dataset=dataset,
            )
            for each, entry in values.get("baselines", {}).items()
        },
        refused=refused,
    )
    return _with_kept_scores(study) if scores == REFERENCE else study


def _with_epochs_of_figure_01(figures: Mapping[str, dict]) -> dict[str, dict]:
    """Return figures, of which those like figure 1, and of its ensemble, name its epochs or own."""
    first = figures.get("figure_01", {})
    return {
        name: {**first, **entry}
        if name in LIKE_FIGURE_01 and entry["ensemble"] == first.get("ensemble")
        else entry
        for name, entry in figures.items()
    }


def _with_kept_scores(study: Study) -> Study:
    """Return a study with the scores that are kept of it, and no figures of others."""
    catalogue = read_catalogue(study.name)
    absent, ensembles = {}, {}
    for name, ensemble in study.ensembles.items():
        kept, path = catalogue.get(name), scores_path(study.name, name, REFERENCE)
        ensembles[name] = replace(ensemble, scores_in=None)
        if kept is None:
            absent[name] = f"is not in {catalogue_path(study.name)}"
        elif kept["definition"] != ensemble.definition:
            absent[name] = f"has another definition in {catalogue_path(study.name)}"
        elif not Path(path).is_file():
            absent[name] = f"should have its scores in {path}, which is not there"
        else:
            networks = kept["networks"]
            ensembles[name] = replace(ensemble, networks=networks, scores_in=REFERENCE)
    refused = dict(study.refused)
    for figure, entry in study.figures.items():
        if sentences := [
            f"figures.{figure} shows {name}, which {absent[name]}; {TRAIN}."
            for name in ensembles_of(entry)
            if name in absent
        ]:
            refused[figure] = sentences
    figures = {name: entry for name, entry in study.figures.items() if name not in refused}
    title = f"{study.title} (reference scores)"
    return replace(study, title=title, ensembles=ensembles, figures=figures, refused=refused)


def load_studies(
    names: Sequence[str], networks: int | None = None, scores: str = Config.scores
) -> dict[str, Study]:
    """Return checked studies by name; raises as ``load_study``, for all that have problems."""
    found, problems = {}, []
    for name in names:
        try:
            found[name] = load_study(name, networks, scores)
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return found


def ensembles_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the ensembles that a figure entry of a study shows."""
    return (*(figure[role] for role in ROLES if role in figure), *figure.get("ensembles", ()))


def baselines_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the baselines that a figure entry of a study shows."""
    return tuple(figure.get("baselines", [figure["baseline"]] if "baseline" in figure else []))


def ensemble_across(study: Study) -> str | None:
    """Return the ensemble that stands for a study among others, that of its figure 1, or None."""
    return study.figures.get("figure_01", {}).get("ensemble")


def batches(networks: int, per_job: int) -> list[tuple[int, int]]:
    """Return the first and last number of the networks in each job: [(0, 4), (5, 9), ...]."""
    return [(first, min(first + per_job, networks) - 1) for first in range(0, networks, per_job)]


def dataset_path(study: str, ensemble: str | None = None) -> str:
    """Return where a study's dataset is, or that of an ensemble with a derived one of its own."""
    return f"results/{study}/{ensemble}/dataset.nc" if ensemble else f"results/{study}/dataset.nc"


def chosen_path(study: str, ensemble: str) -> str:
    """Return where the table is that says which examples an ensemble's derived dataset changed."""
    return f"results/{study}/{ensemble}/chosen.csv"


def predictions_path(study: str, ensemble: str, first: int | str, last: int | str) -> str:
    """Return where the predictions of networks first..last are; text, as ``"{first}"``, is kept."""
    first, last = (f"{each:04d}" if isinstance(each, int) else each for each in (first, last))
    return f"results/{study}/{ensemble}/predictions/{first}-{last}.nc"


def predictions_paths(study: str, ensemble: str, networks: int, per_job: int) -> list[str]:
    """Return where the predictions of networks 0..networks-1 are, in jobs of so many at most."""
    return [
        predictions_path(study, ensemble, first, last) for first, last in batches(networks, per_job)
    ]


def scores_path(study: str, ensemble: str, folder: str = RESULTS) -> str:
    """Return where the scores of an ensemble are, those that are made or others."""
    return f"{folder}/{study}/{ensemble}/scores.nc"


def baseline_path(study: str, baseline: str) -> str:
    """Return where the predictions of a baseline are."""
    return f"results/{study}/baselines/{baseline}.nc"


def claims_path(study: str, extension: str) -> str:
    """Return where a study's claims are; the extension is ``"csv"`` or ``"html"``."""
    return f"results/{study}/claims.{extension}"


def results_test_path(study: str) -> str:
    """Return where it is written that a study's results passed their tests."""
    return f"results/{study}/results_test.txt"


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


def figure_path(study: str | None, figure: str, extension: str) -> str:
    """Return where a figure is, of one study or, with None, of several.

    The extension is ``"pdf"``, ``"svg"`` or ``"png"``.
    """
    folder = f"paper_figures/{study}" if study else "paper_figures"
    return f"{folder}/{figure}.{extension}"


def _read(path: Path) -> object:
    if not path.is_file():
        raise InputError(
            f"{path} does not exist in {Path.cwd()}; run this in the folder of the repository."
        )
    return read_yaml(path)


def _remedy(name: str) -> str:
    known = study_names()
    if not known:
        return f"there is no study at all in {Path.cwd() / STUDIES}: run this in the repository."
    return suggestion(name, known)


def _of_command_line(key: str, value: object) -> object:
    """Return a knob's value from text as Snakemake's --config hands it on, other values as is."""
    if not isinstance(value, str):
        return value
    if key == "studies":
        return [name.strip() for name in value.split(",") if name.strip()]
    if key in ("download", "networks", "networks_per_job"):
        try:
            return parse_yaml(value)
        except yaml.YAMLError:
            return value
    return value


def _with_derived(
    ensembles: Mapping[str, Ensemble], entries: Mapping, networks: int | None
) -> dict[str, Ensemble]:
    """Return the ensembles with their datasets derived, and the rounds before each of them."""
    found = {}
    for name, ensemble in ensembles.items():
        for each in _derived(ensemble, entries[name].get("dataset"), ensembles, networks):
            found[each.name] = each
    return found


def _derived(
    ensemble: Ensemble,
    entry: Mapping | None,
    ensembles: Mapping[str, Ensemble],
    networks: int | None,
) -> Iterator[Ensemble]:
    if entry is None:
        yield ensemble
        return
    steps = derivation.steps(entry)
    in_round = entry.get("networks_per_round", ensemble.networks) if networks is None else networks
    ranking = ensembles[entry["ranked_by"]] if "ranked_by" in entry else None
    for number, step in enumerate(steps, start=1):
        if ranking is not None:
            digest = derivation.ranking_digest(ranking.definition, ranking.networks)
            step = step | {"ranked_by": digest}
        member = replace(
            ensemble,
            dataset={**ensemble.dataset, "derived": step},
            ranked_by=ranking.name if ranking else None,
        )
        if number < len(steps):
            name = derivation.round_name(ensemble.name, number)
            member = replace(member, name=name, networks=in_round)
        yield member
        ranking = member


def _recipe(values: Mapping, ensemble: Mapping) -> Recipe:
    merged = {**values.get("recipe", {}), **ensemble.get("recipe", {})}
    if ensemble.get("linear"):
        merged["activation"] = None
    elif merged.get("activation") is None and ensemble["architecture"] in PAPER_ARCHITECTURES:
        merged["activation"] = "elu"
    return Recipe.from_mapping(merged)


def _contradictions(values: Mapping) -> Iterator[str]:
    """Yield a sentence for every two values, right by themselves, that do not go together."""
    yield from _contradictions_in_dataset(values.get("dataset", {}))
    if values.get("baselines") and values.get("dataset", {}).get("images") == "files":
        yield (
            "baselines need all images in memory at once, but dataset.images is files; leave the "
            "baselines out, or set images: memory with fewer examples."
        )
    for name, ensemble in values.get("ensembles", {}).items():
        yield from _contradictions_in_ensemble(name, ensemble, values)


def _contradictions_in_dataset(dataset: Mapping) -> Iterator[str]:
    source = dataset.get("source")
    if source is None:
        return
    if "superclass" in dataset and source != "cifar100":
        yield (
            f"dataset.superclass is one of CIFAR-100's, but dataset.source is {source}; leave it "
            "out, or set source: cifar100."
        )
    if "path" in dataset and source != "image_folder":
        yield (
            f"dataset.path is for a folder of images, but dataset.source is {source}; leave it "
            "out, or set source: image_folder."
        )
    if "path" not in dataset and source == "image_folder":
        yield "dataset.path is missing; with source: image_folder, add the path of the folder."
    if dataset.get("images") == "files" and source != "image_folder":
        yield (
            f"dataset.images is files, but dataset.source is {source}, whose images are in no "
            "files of their own; leave it out, or set source: image_folder."
        )
    elif dataset.get("images") == "files" and dataset.get("size") is None:
        yield (
            "dataset.size is missing; with images: files, add the height and width that the "
            "networks shall see, for example size: 224."
        )


def _contradictions_in_ensemble(name: str, ensemble: Mapping, values: Mapping) -> Iterator[str]:
    architecture = ensemble.get("architecture", "st_vgg")
    if ensemble.get("width", 1) != 1 and architecture not in PAPER_ARCHITECTURES:
        yield (
            f"ensembles.{name}.width changes only {', '.join(PAPER_ARCHITECTURES)}, not "
            f"{architecture}; leave it out."
        )
    for key in ("depth", "kernel", "units"):
        if ensemble.get(key) is not None and architecture not in PAPER_ARCHITECTURES:
            yield (
                f"ensembles.{name}.{key} changes only {', '.join(PAPER_ARCHITECTURES)}, not "
                f"{architecture}; leave it out."
            )
    own, shared = ensemble.get("recipe", {}), values.get("recipe", {})
    recipe = {**shared, **own}
    if ensemble.get("linear") and own.get("activation") is not None:
        yield (
            f"ensembles.{name} is linear, but its recipe.activation is {own['activation']}; leave "
            "one of them out."
        )

    def where(key: str) -> str:
        return f"ensembles.{name}.recipe.{key}" if key in own else f"recipe.{key}"

    optimizer = recipe.get("optimizer", "sgd")
    if recipe.get("momentum", 0) and optimizer != "sgd":
        yield (
            f"{where('momentum')} is {recipe['momentum']}, but {optimizer} has none; set it to 0, "
            "or use sgd."
        )
    dropout = recipe.get("dropout", False)
    if not isinstance(dropout, bool) and dropout and not 1 / 256 <= dropout <= 255 / 256:
        yield (
            f"{where('dropout')} is {dropout}, but rates are multiples of 1/256: use one from "
            f"{1 / 256} (1/256) to {255 / 256} (255/256), or false for none."
        )
    dataset = values.get("dataset", {})
    augmentation = recipe.get("augmentation")
    if augmentation is not None and dataset.get("images", "memory") != "files":
        yield (
            f"{where('augmentation')} is {augmentation}, but dataset.images is not files; leave it "
            "out, or set images: files."
        )
    examples = dataset.get("train_examples")
    batch_size = recipe.get("batch_size", Recipe.batch_size)
    if examples is not None and batch_size > examples:
        yield (
            f"{where('batch_size')} is {batch_size}, but dataset.train_examples is only "
            f"{examples}; make the batches smaller."
        )
    yield from derivation.contradictions(name, values["ensembles"], examples, batch_size)


def _refused_figures(values: Mapping, networks: int | None) -> dict[str, list[str]]:
    """Return the figures that contradict the rest of a study, with a sentence for every reason."""
    found = {
        name: list(dict.fromkeys(_contradictions_in_figure(name, entry, values, networks)))
        for name, entry in values.get("figures", {}).items()
        if name in FIGURES and values.get("ensembles")
    }
    return {name: sentences for name, sentences in found.items() if sentences}


def _contradictions_in_figure(
    name: str, entry: Mapping, values: Mapping, networks: int | None
) -> Iterator[str]:
    ensembles = values["ensembles"]
    yield from _contradictions_in_roles(name, entry, values)
    epochs = entry.get("epochs")
    if epochs is not None and epochs != sorted(set(epochs)):
        yield f"figures.{name}.epochs must rise from one to the next, but is {epochs}; sort it."
    shown = [each for each in dict.fromkeys(ensembles_of(entry)) if each in ensembles]
    for ensemble in shown[:1]:
        there = networks or ensembles[ensemble].get("networks", values.get("networks", NETWORKS))
        if there < FIGURES[name].networks:
            yield (
                f"figures.{name} compares the two halves of {ensemble}, which has only {there} "
                f"network; train at least {FIGURES[name].networks}, or leave the figure out."
            )
    for ensemble in shown:
        recipe = {**values.get("recipe", {}), **ensembles[ensemble].get("recipe", {})}
        last = recipe.get("epochs", Recipe.epochs)
        if epochs is None and FIGURES[name].epochs > last + 1:
            yield (
                f"figures.{name} shows {FIGURES[name].epochs} epochs, but {ensemble} has only "
                f"{last + 1} (0 to {last}); train longer, or leave the figure out."
            )
        if FIGURES[name].trained > last:
            yield (
                f"figures.{name} needs networks that are trained for {FIGURES[name].trained} "
                f"epochs, but {ensemble} is trained for {last}; train longer, or leave the figure "
                "out."
            )
        for epoch in epochs or ():
            if epoch > last:
                yield (
                    f"figures.{name}.epochs has {epoch}, but {ensemble} is trained for {last} "
                    f"epochs; use epochs from 0 to {last}."
                )


def _contradictions_in_roles(name: str, entry: Mapping, values: Mapping) -> Iterator[str]:
    """Yield a sentence for everything shown that is not defined, or is not what it is shown as."""
    known = {kind: values.get(kind, {}) for kind in ("ensembles", "baselines")}
    shown = {"ensembles": ensembles_of(entry), "baselines": baselines_of(entry)}
    for kind, names in shown.items():
        for each in dict.fromkeys(names):
            if each not in known[kind]:
                remedy = suggestion(each, list(known[kind])) if known[kind] else "define it."
                yield f"figures.{name} shows {each}, which is not among the {kind}; {remedy}"
            elif names.count(each) > 1:
                yield f"figures.{name} shows {each} twice; name different {kind}."
    for role, ensemble in entry.items():
        if ROLES.get(role) and ensemble in known["ensembles"]:
            key, needed = ROLES[role]
            definition = known["ensembles"][ensemble]
            if {**definition, **(definition.get("dataset") or {})}.get(key) != needed:
                yield (
                    f"figures.{name}.{role} is {ensemble}, which does not have {key}: "
                    f"{str(needed).lower()}; name an ensemble that has."
                )
