"""What config.yaml and config/studies/*.yaml say, checked."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from created_equal.errors import InputError
from created_equal.study import derivation
from created_equal.study.contradictions import contradictions, refused_figures
from created_equal.study.definition import (
    LIKE_FIGURE_01,
    PAPER_ARCHITECTURES,
    TRAIN,
    Baseline,
    Ensemble,
    Study,
)
from created_equal.study.kept_scores import catalogue_path, read_catalogue
from created_equal.study.keys import Config, DerivedEntry, Recipe, Resources, StudyFile
from created_equal.study.paths import (
    REFERENCE,
    RESULTS,
    STUDIES,
    predictions_folder,
    scores_path,
)
from created_equal.study.roles import ensembles_of
from created_equal.study.yaml_files import check, read_yaml, refuse, suggestion

CONFIG = Path("config.yaml")
# The environment variable in which the workflow hands its config, as JSON, on to the commands.
CONFIG_VARIABLE = "CREATED_EQUAL_CONFIG"
NETWORK_KEYS = ("architecture", "width", "linear", "depth", "kernel", "units")


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
    sentences, _ = check(values, Config)
    refuse(where, sentences)
    config = Config(**values)
    if config.scores == REFERENCE.name and config.networks is not None:
        refuse(
            where,
            [
                f"networks is {config.networks}, but scores is {REFERENCE}, and those are of as "
                "many networks as were trained for them; leave one of the two out."
            ],
        )
    return config


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
    values = _read_study(path)
    sentences, usable = check(values, StudyFile)
    # A key with a wrong value is not also said to be missing, or to contradict another.
    sentences += [
        each
        for each in dict.fromkeys(contradictions(usable))
        if not any(re.match(rf"{re.escape(each.split()[0])}(?!\w)", wrong) for wrong in sentences)
    ]
    refused = refused_figures(usable, networks)
    if sentences:
        refuse(path, [*sentences, *(each for said in refused.values() for each in said)])
    entry = StudyFile(**values)
    dataset = entry.dataset.definition
    ensembles = {
        each: Ensemble(
            study=name,
            name=each,
            networks=ensemble.networks or entry.networks if networks is None else networks,
            recipe=_recipe(values, each),
            dataset=dataset,
            resources=Resources(**_merged("resources", values, each)),
            **{key: getattr(ensemble, key) for key in NETWORK_KEYS},
        )
        for each, ensemble in entry.ensembles.items()
    }
    study = Study(
        name=name,
        title=entry.title,
        note=entry.note,
        dataset=dataset,
        ensembles=_with_derived(ensembles, entry, networks),
        figures=_with_epochs_of_figure_01(
            {
                figure: shown
                for figure, shown in values.get("figures", {}).items()
                if figure not in refused
            }
        ),
        baselines={
            each: Baseline(
                study=name,
                name=each,
                seeds=getattr(baseline, "seeds", 1),
                weak_learners=getattr(baseline, "weak_learners", None),
                dataset=dataset,
            )
            for each, baseline in entry.baselines
            if baseline is not None
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


def predictions_folders(*ensembles: Ensemble) -> list[list[Path]]:
    """Return, for each of these ensembles, the folders that may have its networks, its own first.

    An ensemble of another study with the same definition has the same networks, and some networks
    are kept in ``reference``. So none of them has to be trained twice.
    """
    same: dict[str, dict] = {json.dumps(each.definition): {} for each in ensembles}
    for study in study_names():
        # An invalid study has no networks; whoever runs it gets its errors.
        with suppress(InputError):
            for each in load_configured(study).ensembles.values():
                if (places := same.get(json.dumps(each.definition))) is not None:
                    places[each.study, each.name] = None
    found = []
    for ensemble in ensembles:
        own = (ensemble.study, ensemble.name)
        places = dict.fromkeys([own, *same[json.dumps(ensemble.definition)]])
        folders = [
            predictions_folder(*place, root) for root in (RESULTS, REFERENCE) for place in places
        ]
        found.append([folders[0], *(path for path in folders[1:] if path.is_dir())])
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


def _read_study(path: Path) -> object:
    """Return the contents of a study file: those of its base with its own in their place."""
    values = _read(path)
    if not isinstance(values, dict) or not isinstance(base := values.get("base"), str):
        return values
    if base not in study_names():
        known = [name for name in study_names() if name != path.stem]
        refuse(path, [f"base is {base}, which is no study; {suggestion(base, known)}"])
    base_values = _read(STUDIES / f"{base}.yaml")
    if isinstance(base_values, dict) and "base" in base_values:
        refuse(
            path,
            [
                f"base is {base}, which has a base itself; name that one "
                f"({base_values['base']}) and repeat what differs."
            ],
        )
    return _override(base_values, values)


def _override(base: object, own: object) -> object:
    """Return nested mappings merged, and any other value replaced by ``own``."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return base | {key: _override(base.get(key), value) for key, value in own.items()}


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


def _with_derived(
    ensembles: Mapping[str, Ensemble], entry: StudyFile, networks: int | None
) -> dict[str, Ensemble]:
    """Return the ensembles with their datasets derived, and the rounds before each of them."""
    found = {}
    for name, ensemble in ensembles.items():
        for each in _derived(ensemble, entry.ensembles[name].dataset, ensembles, networks):
            found[each.name] = each
    return found


def _derived(
    ensemble: Ensemble,
    entry: DerivedEntry | None,
    ensembles: Mapping[str, Ensemble],
    networks: int | None,
) -> Iterator[Ensemble]:
    if entry is None:
        yield ensemble
        return
    steps = derivation.steps(entry)
    in_round = entry.networks_per_round or ensemble.networks if networks is None else networks
    ranking = ensembles[entry.ranked_by] if entry.ranked_by else None
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


def _merged(key: str, values: Mapping, ensemble: str) -> dict:
    """Return the study's recipe or resources with what one of its ensembles has in their place."""
    return {**values.get(key, {}), **values["ensembles"][ensemble].get(key, {})}


def _recipe(values: Mapping, name: str) -> Recipe:
    merged, ensemble = _merged("recipe", values, name), values["ensembles"][name]
    if ensemble.get("linear"):
        merged["activation"] = None
    elif merged.get("activation") is None and ensemble["architecture"] in PAPER_ARCHITECTURES:
        merged["activation"] = "elu"
    return Recipe(**merged)
