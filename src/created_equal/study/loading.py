"""Loading and checking config.yaml and config/studies/*.yaml."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import yaml

from created_equal.errors import InputError
from created_equal.paths import CONFIG, REFERENCE, REPOSITORY, STUDIES, find, study_path
from created_equal.study import derivation
from created_equal.study.contradictions import SOURCES, contradictions, recipe_of, refused_figures
from created_equal.study.kept_scores import with_kept_scores
from created_equal.study.keys import (
    NAME,
    Config,
    DerivedEntry,
    EnsembleEntry,
    OwnArchitecture,
    StudyFile,
)
from created_equal.study.own_networks import find_own_network
from created_equal.study.study import (
    LIKE_FIGURE_01,
    PAPER_ARCHITECTURES,
    Architecture,
    Baseline,
    Ensemble,
    Study,
)
from created_equal.study.yaml_files import (
    LONGEST_NAME,
    check,
    parse_yaml,
    read_yaml,
    refuse,
    suggestion,
)

# The environment variable in which the workflow passes its config to the commands, as JSON.
CONFIG_VARIABLE = "CREATED_EQUAL_CONFIG"
# The one in which it passes the text of study files, as it read them at its start, as JSON by name.
STUDIES_VARIABLE = "CREATED_EQUAL_STUDIES"
# Linux allows 128 KiB in a variable. Commands read files that do not fit in themselves.
PASSED_MOST = 120_000


def load_config(values: Mapping | None = None) -> Config:
    """Return the checked config.

    Args:
        values: keys and values, which may be text from the command line. None takes those that a
            running workflow passes, or otherwise those in config.yaml of the current directory.
            Missing keys have their defaults.

    Raises:
        InputError: with a sentence for every problem.
    """
    path = find(CONFIG)
    where = path if values is None else "the configuration (config.yaml and --config)"
    if values is None:
        values = _passed_config()
    if isinstance(values, Mapping) and isinstance(values.get("studies"), int | float):
        values = {**values, "studies": _typed_as(values["studies"], where)}
    sentences, _ = check(values, Config)
    refuse(where, sentences)
    config = Config(**values)
    if config.scores == REFERENCE.name:
        trained = {"networks": config.networks, "epochs": config.epochs}
        refuse(
            where,
            [
                f"{key} is {value}, but scores is {REFERENCE.name}, which has a fixed number of "
                f"{key}; leave one of the two out."
                for key, value in trained.items()
                if value is not None
            ],
        )
    return config


@contextmanager
def changed_config(words: Sequence[str]) -> Iterator[None]:
    """Change the config of this process and its children, until the end of the block.

    Args:
        words: each ``key=value``, as after Snakemake's --config.

    Raises:
        InputError: a word has no "=", or as in ``load_config``.
    """
    before = os.environ.get(CONFIG_VARIABLE)
    if words:
        if not isinstance(config := _passed_config(), Mapping):
            load_config()  # This raises the error.
        changed = {**config, **dict(map(_key_and_value, words))}
        load_config(changed)
        os.environ[CONFIG_VARIABLE] = json.dumps(changed)
    try:
        yield
    finally:
        os.environ.pop(CONFIG_VARIABLE, None)
        if before is not None:
            os.environ[CONFIG_VARIABLE] = before


def _passed_config() -> object:
    passed = os.environ.get(CONFIG_VARIABLE)
    if passed is not None:
        return json.loads(passed)
    values = read_yaml(find(CONFIG))
    # A file whose lines are all comments has all defaults.
    return {} if values is None else values


def _key_and_value(word: str) -> tuple[str, object]:
    key, equals, value = word.partition("=")
    if not key or not equals:
        raise InputError(
            f"--config takes words like epochs=4, but is given {word!r}; write KEY=VALUE."
        )
    try:
        return key, parse_yaml(value) if value.startswith("[") else value
    except yaml.YAMLError as error:
        raise InputError(
            f"--config is given {word!r}, whose list is not valid; write it like {key}=[a,b]."
        ) from error


def _typed_as(number: float, where: Path | str) -> str:
    """Return the study whose name Snakemake's --config turned into this number: 2020_10_10."""
    for name in (names := study_names()):
        with suppress(ValueError):
            if float(name) == number:
                return name
    sentence = f"studies is {number}, and no file in {STUDIES} has such a name"
    refuse(where, [f"{sentence}; {suggestion(str(number), names)}"])


def study_names() -> list[str]:
    """Return the names of the studies in config/studies, and of those that come with the code.

    A job of a run knows those of the run too, whose files may have been moved since.
    """
    folders = (STUDIES, REPOSITORY / STUDIES)
    found = {path.stem for folder in folders for path in folder.glob("[!.]*.yaml")}
    return sorted(found | {key for key in _passed() or () if re.fullmatch(NAME, key)})


def load_configured(name: str) -> Study:
    """Return a study with the number of networks and the scores that the config selects."""
    config = load_config()
    return load_study(name, config.networks, config.scores, config.epochs)


def load_study(
    name: str,
    n_networks: int | None = None,
    scores: str = Config.scores,
    epochs: int | None = None,
) -> Study:
    """Return the checked study in config/studies/{name}.yaml.

    Args:
        name: the study's name.
        n_networks: number of networks in every ensemble; None for the numbers in the file.
        scores: ``"trained"``, or ``"reference"`` for the scores that come with the code; figures of
            ensembles without such scores are then refused.
        epochs: number of epochs of every network; None for the numbers in the file.

    Raises:
        InputError: there is no such study, its file has problems (with a sentence for each), or it
            has no reference scores. Problems of single figures are not raised, see
            ``Study.refused``.
    """
    path = find(study_path(name))
    _check_name(name, path)
    sentences, values = check(_read_study(path), StudyFile)
    if epochs is not None and not sentences:
        _set_epochs(values, epochs)
        sentences, values = check(values, StudyFile)
    # A key that is invalid is not also reported as missing or as contradicting another.
    sentences += [
        each
        for each in dict.fromkeys(contradictions(values))
        if not any(re.match(rf"{re.escape(each.split()[0])}(?!\w)", wrong) for wrong in sentences)
    ]
    refused = refused_figures(values, n_networks)
    if sentences:
        refuse(path, [*sentences, *chain.from_iterable(refused.values())])
    for each in values["ensembles"]:
        _complete(each, values)
    entry = StudyFile(**values)
    figures = {
        each: shown for each, shown in values.get("figures", {}).items() if each not in refused
    }
    first = figures.get("figure_01", {})
    for each in LIKE_FIGURE_01:
        # They have its epochs if they show its ensemble and name none.
        if each in figures and figures[each]["ensemble"] == first.get("ensemble"):
            figures[each] = first | figures[each]
    ensembles = _make_ensembles(name, entry, n_networks)
    one, other = figures.get("figure_04", {}).get("ensembles", (None, None))
    if one and ensembles[one].definition == ensembles[other].definition:
        del figures["figure_04"]
        refused["figure_04"] = [
            f"figures.figure_04 compares {one} with {other}, which have the same definition and so "
            "the same networks; change the architecture or recipe of one, or leave the figure out."
        ]
    study = Study(
        name=name,
        title=entry.title,
        note=entry.note,
        dataset=entry.dataset.definition,
        ensembles=ensembles,
        figures=figures,
        baselines={
            each: Baseline(
                study=name,
                name=each,
                seeds=getattr(baseline, "seeds", 1),
                weak_learners=getattr(baseline, "weak_learners", None),
                dataset=entry.dataset.definition,
            )
            for each, baseline in entry.baselines
            if baseline is not None
        },
        refused=refused,
    )
    return with_kept_scores(study) if scores == REFERENCE.name else study


def load_studies(
    names: Sequence[str],
    n_networks: int | None = None,
    scores: str = Config.scores,
    epochs: int | None = None,
) -> dict[str, Study]:
    """Return checked studies by name; the InputError has the problems of all studies."""
    found, problems = {}, []
    for name in names:
        try:
            found[name] = load_study(name, n_networks, scores, epochs)
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return found


def _check_name(name: str, path: Path) -> None:
    """Raise InputError if there is no study of this name, or if none can have it."""
    if name not in study_names():
        other = STUDIES / f"{name}.yml"
        if other.is_file():
            remedy = f"rename {other} to {name}.yaml."
        elif "=" in name:
            remedy = f"write --config {name}."
        elif "," in name:
            remedy = f"where several studies can be named, write {name.replace(',', ' ')}."
        else:
            remedy = suggestion(name, study_names())
        raise InputError(f"there is no study {name} ({path} does not exist); {remedy}")
    if not re.fullmatch(NAME, name):
        raise InputError(
            f"{path}: {name} cannot be the name of a study; rename the file with lower-case "
            f"letters, digits and underscores only, at most {LONGEST_NAME}."
        )


def _set_epochs(values: dict, epochs: int) -> None:
    """Give every ensemble in a checked study file this number of epochs.

    A figure that names later epochs shows others, chosen from the scores.
    """
    values["recipe"] = values.get("recipe", {}) | {"epochs": epochs}
    for ensemble in values.get("ensembles", {}).values():
        ensemble.get("recipe", {}).pop("epochs", None)
    for figure in values.get("figures", {}).values():
        if any(each > epochs for each in figure.get("epochs", ())):
            del figure["epochs"]


def _complete(name: str, values: dict) -> None:
    """Add to an ensemble the keys of recipe and resources that its study sets."""
    ensemble, recipe = values["ensembles"][name], recipe_of(name, values)
    if ensemble.get("linear"):
        recipe["activation"] = None
    elif recipe["activation"] is None and ensemble["architecture"] in PAPER_ARCHITECTURES:
        recipe["activation"] = "elu"
    ensemble["recipe"] = recipe
    ensemble["resources"] = values.get("resources", {}) | ensemble.get("resources", {})


def _read_study(path: Path) -> object:
    """Return the contents of a study file, merged into those of its base."""
    values = read_yaml(path, _text_at_start)
    if not isinstance(values, dict) or not isinstance(base := values.get("base"), str):
        return values
    if base not in study_names():
        known = [name for name in study_names() if name != path.stem]
        refuse(path, [f"base is {base}, which is not a study; {suggestion(base, known)}"])
    inherited = read_yaml(find(study_path(base)), _text_at_start)
    if not isinstance(inherited, dict):
        return values
    if "base" in inherited:
        sentence = (
            f"base is {base}, which has a base itself; name that one ({inherited['base']}) and "
            "repeat what differs."
        )
        refuse(path, [sentence])
    own, other = values.get("dataset"), inherited.get("dataset")
    if isinstance(own, dict) and isinstance(other, dict) and "source" in own:
        # Keys that are for other sources are not inherited.
        inherited["dataset"] = {
            key: value
            for key, value in other.items()
            if key not in SOURCES or own["source"] in SOURCES[key]
        }
    merged = _override(inherited, values)
    for part in ("ensembles", "baselines", "figures"):
        entries, known = merged.get(part), inherited.get(part)
        if isinstance(entries, dict) and isinstance(known, dict):
            # Null leaves an entry out only here: it is a value of other keys, such as decay.
            merged[part] = {
                name: entry
                for name, entry in entries.items()
                if entry is not None or name not in known
            }
    return merged


def _text_at_start(path: Path) -> str:
    """Return the text of a study file; within a run of the workflow, see ``_at_start``."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        # Reading a pipe would wait forever.
        raise InputError(f"{path} is a pipe or a device; put a file in its place.")
    return _at_start(path.stem, lambda: path.read_text(encoding="utf-8"))


def _passed() -> dict[str, str] | None:
    """Return what jobs of a run get from its start, by name; None outside of runs."""
    return json.loads(os.environ.get(STUDIES_VARIABLE, "null"))


def _at_start(key: str, read: Callable[[], str]) -> str:
    """Return what is read; within a run of the workflow, what was read at the run's start.

    Snakemake records what it read then, even if a job starts after a file was edited.
    """
    passed = _passed()
    if passed is None:
        return read()
    if key not in passed:
        passed[key] = read()
        if len(text := json.dumps(passed)) <= PASSED_MOST:
            os.environ[STUDIES_VARIABLE] = text
    return passed[key]


def _override(base: object, own: object) -> object:
    """Return nested mappings merged, and ``own`` in place of any other value."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return base | {key: _override(base.get(key), value) for key, value in own.items()}


def _make_ensembles(study: str, entry: StudyFile, n_networks: int | None) -> dict[str, Ensemble]:
    """Return the ensembles by name, each after the ensembles of the rounds that lead to it."""
    plain = {
        name: Ensemble(
            study=study,
            name=name,
            architecture=_make_architecture(study, name, own),
            n_networks=n_networks or own.networks or entry.networks,
            recipe=own.recipe,
            dataset=entry.dataset.definition,
            resources=own.resources,
            label=own.label or "",
            shared=own.shared,
            steps=tuple(own.steps or ()),
        )
        for name, own in entry.ensembles.items()
    }
    return {
        each.name: each
        for name, ensemble in plain.items()
        for each in _derive(ensemble, entry.ensembles[name].dataset, plain, n_networks)
    }


def _make_architecture(study: str, name: str, entry: EnsembleEntry) -> Architecture:
    variations = (entry.width, entry.linear, entry.depth, entry.kernel, entry.units)
    if not isinstance(entry.architecture, OwnArchitecture):
        return Architecture(entry.architecture, *variations)
    path = find(study_path(study))
    module = entry.architecture.module
    try:
        own = find_own_network(module, path.parent, Path())
    except InputError as error:
        refuse(path, [f"ensembles.{name}.architecture.module is {module}, but {error}"])
    if _at_start(f"{own.folder / module}", lambda: own.digest) != own.digest:
        raise InputError(
            f"{study}/{name}: {own.module}.py, or a file that it imports, has changed since this "
            "run of the workflow began; undo the change, or stop the run and start it again."
        )
    return Architecture(module, *variations, own)


def _derive(
    ensemble: Ensemble,
    entry: DerivedEntry | None,
    ensembles: Mapping[str, Ensemble],
    n_networks: int | None,
) -> Iterator[Ensemble]:
    """Yield the ensembles of the rounds that lead to an ensemble, then the ensemble itself."""
    if entry is None:
        yield ensemble
        return
    steps = derivation.steps(entry)
    ranking = ensembles[entry.ranked_by] if entry.ranked_by else None
    for cut, step in enumerate(steps, start=1):
        if ranking is not None:
            digest = derivation.ranking_digest(ranking.definition, ranking.n_networks)
            step = step | {"ranked_by": digest}
        member = replace(
            ensemble,
            dataset={**ensemble.dataset, "derived": step},
            ranked_by=ranking.name if ranking else None,
        )
        if cut < len(steps):
            in_round = n_networks or entry.networks_per_round or ensemble.n_networks
            name = derivation.round_name(ensemble.name, cut)
            member = replace(member, name=name, n_networks=in_round)
        yield member
        ranking = member
