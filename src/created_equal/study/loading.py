"""What config.yaml and config/studies/*.yaml say, checked."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import yaml

from created_equal.errors import InputError
from created_equal.study import derivation
from created_equal.study.contradictions import contradictions, refused_figures
from created_equal.study.definition import (
    BASELINES,
    LIKE_FIGURE_01,
    NETWORKS,
    PAPER_ARCHITECTURES,
    TRAIN,
    Baseline,
    Config,
    Ensemble,
    Recipe,
    Resources,
    Study,
)
from created_equal.study.kept_scores import catalogue_path, read_catalogue
from created_equal.study.paths import REFERENCE, STUDIES, scores_path
from created_equal.study.roles import ensembles_of
from created_equal.study.yaml_files import (
    check,
    load_schema,
    parse_yaml,
    read_yaml,
    refuse,
    suggestion,
)

CONFIG = Path("config.yaml")
# The environment variable in which the workflow hands its config, as JSON, on to the commands.
CONFIG_VARIABLE = "CREATED_EQUAL_CONFIG"


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
    if values["scores"] == REFERENCE.name and values["networks"] is not None:
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
    sentences += dict.fromkeys(contradictions(usable))
    refused = refused_figures(usable, networks)
    if sentences:
        refuse(path, [*sentences, *(each for said in refused.values() for each in said)])
    dataset = _dataset(values["dataset"])
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
    return _with_kept_scores(study) if scores == REFERENCE.name else study


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
        elif not path.is_file():
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


def _dataset(entry: Mapping) -> dict:
    """Return a dataset entry without its defaults; in clutter, 1 and 1.0 are the same."""
    given = {
        key: value
        for key, value in entry.items()
        if value is not None and (key, value) != ("images", "memory")
    }
    if clutter := given.get("clutter"):
        shares = ("contrast", "fragment_contrast", "noise")
        given["clutter"] = clutter | {key: [float(each) for each in clutter[key]] for key in shares}
    return given


def _recipe(values: Mapping, ensemble: Mapping) -> Recipe:
    merged = {**values.get("recipe", {}), **ensemble.get("recipe", {})}
    if ensemble.get("linear"):
        merged["activation"] = None
    elif merged.get("activation") is None and ensemble["architecture"] in PAPER_ARCHITECTURES:
        merged["activation"] = "elu"
    return Recipe.from_mapping(merged)
