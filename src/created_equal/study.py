"""The definition of a study: what config.yaml and config/studies/*.yaml say, checked."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import yaml

from created_equal.errors import InputError
from created_equal.yaml_files import check, load_schema, parse_yaml, read_yaml, refuse, suggestion

CONFIG = Path("config.yaml")
STUDIES = Path("config/studies")
# The environment variable in which the workflow hands its config, as JSON, on to the commands.
CONFIG_VARIABLE = "CREATED_EQUAL_CONFIG"
PAPER_ARCHITECTURES = ("st_vgg", "small_st_vgg", "mnist_cnn")


@dataclass(frozen=True)
class Figure:
    """What a figure of the paper needs of a study: ensembles, and epochs to show (0: all)."""

    title: str
    ensembles: int = 1
    epochs: int = 0


FIGURES = {
    "figure_01": Figure("Consistency in the four phases of learning", epochs=4),
    "figure_02": Figure("Consistency on the test set through learning", epochs=6),
    "figure_03": Figure("Consensus in the four phases of learning", epochs=4),
    "figure_04": Figure("The order of learning of two architectures", ensembles=2),
    "figure_09": Figure("Consistency and the class that is predicted", epochs=4),
    "figure_10": Figure("Consistency of every example against the epoch"),
    "figure_11": Figure("Five examples that are learnt in different ways"),
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
class Ensemble:
    """Networks that differ only in their seed."""

    study: str
    name: str
    architecture: str
    width: float
    networks: int
    recipe: Recipe
    dataset: Mapping

    @property
    def definition(self) -> dict:
        """All that a network follows from beside its number, as plain JSON types."""
        return {
            "dataset": dict(self.dataset),
            "architecture": self.architecture,
            "width": self.width,
            "recipe": asdict(self.recipe),
        }


@dataclass(frozen=True)
class Study:
    """One data set with all its ensembles and figures."""

    name: str
    title: str
    networks: int
    dataset: Mapping
    ensembles: dict[str, Ensemble]
    figures: dict[str, dict]


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
    return Config(**values)


def study_names() -> list[str]:
    """Return the names of the studies in config/studies."""
    return sorted(path.stem for path in STUDIES.glob("[!.]*.yaml"))


def load_study(name: str, networks: int | None = None) -> Study:
    """Return the checked study in config/studies/{name}.yaml.

    Args:
        name: the study's name.
        networks: how many networks every ensemble has; None: as the file says.

    Raises:
        InputError: there is no such study, or its file has problems: a sentence for each.
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
    refuse(path, [*sentences, *dict.fromkeys(_contradictions(usable))])
    dataset = {key: value for key, value in values["dataset"].items() if value is not None}
    default = values.get("networks", 100)
    return Study(
        name=name,
        title=values["title"],
        networks=default if networks is None else networks,
        dataset=dataset,
        ensembles={
            each: Ensemble(
                study=name,
                name=each,
                architecture=entry["architecture"],
                width=float(entry.get("width", 1)),
                networks=entry.get("networks", default) if networks is None else networks,
                recipe=_recipe(values, entry),
                dataset=dataset,
            )
            for each, entry in values["ensembles"].items()
        },
        figures=values.get("figures", {}),
    )


def ensembles_of(figure: Mapping) -> tuple[str, ...]:
    """Return the names of the ensembles that a figure entry of a study shows."""
    return tuple(figure["ensembles"]) if "ensembles" in figure else (figure["ensemble"],)


def batches(networks: int, per_job: int) -> list[tuple[int, int]]:
    """Return the first and last number of the networks in each job: [(0, 4), (5, 9), ...]."""
    return [(first, min(first + per_job, networks) - 1) for first in range(0, networks, per_job)]


def dataset_path(study: str) -> str:
    """Return where a study's dataset is."""
    return f"results/{study}/dataset.nc"


def predictions_path(study: str, ensemble: str, first: int | str, last: int | str) -> str:
    """Return where the predictions of networks first..last are; text, as ``"{first}"``, is kept."""
    first, last = (f"{each:04d}" if isinstance(each, int) else each for each in (first, last))
    return f"results/{study}/{ensemble}/predictions/{first}-{last}.nc"


def scores_path(study: str, ensemble: str) -> str:
    """Return where the scores of an ensemble are."""
    return f"results/{study}/{ensemble}/scores.nc"


def figure_path(study: str, figure: str, extension: str) -> str:
    """Return where a figure is; the extension is ``"pdf"``, ``"svg"`` or ``"png"``."""
    return f"paper_figures/{study}/{figure}.{extension}"


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


def _recipe(values: Mapping, ensemble: Mapping) -> Recipe:
    merged = {**values.get("recipe", {}), **ensemble.get("recipe", {})}
    if merged.get("activation") is None and ensemble["architecture"] in PAPER_ARCHITECTURES:
        merged["activation"] = "elu"
    return Recipe.from_mapping(merged)


def _contradictions(values: Mapping) -> Iterator[str]:
    """Yield a sentence for every two values, right by themselves, that do not go together."""
    yield from _contradictions_in_dataset(values.get("dataset", {}))
    for name, ensemble in values.get("ensembles", {}).items():
        yield from _contradictions_in_ensemble(name, ensemble, values)
    for name, entry in values.get("figures", {}).items():
        if name in FIGURES:
            yield from _contradictions_in_figure(name, entry, values)


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


def _contradictions_in_ensemble(name: str, ensemble: Mapping, values: Mapping) -> Iterator[str]:
    architecture = ensemble.get("architecture", "st_vgg")
    if ensemble.get("width", 1) != 1 and architecture not in PAPER_ARCHITECTURES:
        yield (
            f"ensembles.{name}.width changes only {', '.join(PAPER_ARCHITECTURES)}, not "
            f"{architecture}; leave it out."
        )
    own, shared = ensemble.get("recipe", {}), values.get("recipe", {})
    recipe = {**shared, **own}

    def where(key: str) -> str:
        return f"ensembles.{name}.recipe.{key}" if key in own else f"recipe.{key}"

    optimizer = recipe.get("optimizer", "sgd")
    if recipe.get("momentum", 0) and optimizer != "sgd":
        yield (
            f"{where('momentum')} is {recipe['momentum']}, but {optimizer} has none; set it to 0, "
            "or use sgd."
        )
    examples = values.get("dataset", {}).get("train_examples")
    batch_size = recipe.get("batch_size", Recipe.batch_size)
    if examples is not None and batch_size > examples:
        yield (
            f"{where('batch_size')} is {batch_size}, but dataset.train_examples is only "
            f"{examples}; make the batches smaller."
        )


def _contradictions_in_figure(name: str, entry: Mapping, values: Mapping) -> Iterator[str]:
    ensembles = values.get("ensembles")
    if not ensembles or not {"ensemble", "ensembles"} & set(entry):
        return
    names = ensembles_of(entry)
    if len(set(names)) < len(names):
        yield f"figures.{name}.ensembles has {names[0]} twice; name two different ensembles."
    epochs = entry.get("epochs")
    if epochs is not None and epochs != sorted(set(epochs)):
        yield f"figures.{name}.epochs must rise from one to the next, but is {epochs}; sort it."
    for ensemble in dict.fromkeys(names):
        if ensemble not in ensembles:
            yield (
                f"figures.{name} shows {ensemble}, which is not among the ensembles; "
                f"{suggestion(ensemble, list(ensembles))}"
            )
            continue
        recipe = {**values.get("recipe", {}), **ensembles[ensemble].get("recipe", {})}
        last = recipe.get("epochs", Recipe.epochs)
        if epochs is None and FIGURES[name].epochs > last + 1:
            yield (
                f"figures.{name} shows {FIGURES[name].epochs} epochs, but {ensemble} has only "
                f"{last + 1} (0 to {last}); train longer, or leave the figure out."
            )
        for epoch in epochs or ():
            if epoch > last:
                yield (
                    f"figures.{name}.epochs has {epoch}, but {ensemble} is trained for {last} "
                    f"epochs; use epochs from 0 to {last}."
                )
