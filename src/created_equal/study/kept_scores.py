"""Scores that are kept with the code, so that figures can be rendered without training.

reference/STUDY/ENSEMBLE/scores.nc has the scores of an ensemble; the catalogue
reference/STUDY/scores.json lists each with its definition and how its networks were trained.
reference/STUDY/baselines/BASELINE.nc has the predictions of a baseline.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from created_equal.errors import InputError
from created_equal.paths import REFERENCE, baseline_path, find, scores_path
from created_equal.study.keys import ROLES, FiguresEntry
from created_equal.study.roles import baselines_in, ensembles_in, ensembles_of, roles_of
from created_equal.study.study import FIGURES, TRAIN, Ensemble, Study

GET_AGAIN = "get it again from where you have the code."


def read_catalogue(study: str) -> dict[str, dict]:
    """Return the entries of a study's catalogue of scores by ensemble, see ``keep_scores``.

    Raises:
        InputError: no scores of the study are kept, or the catalogue is invalid.
    """
    path = find(_catalogue_path(study))
    try:
        catalogue = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        others = sorted(each.parent.name for each in find(REFERENCE).glob("*/scores.json"))
        raise InputError(
            f"reference has no scores of {study} ({path} does not exist); {TRAIN}, or choose a "
            f"study that has some: {', '.join(others) or 'none yet'}."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); {GET_AGAIN}") from error
    for name, entry in catalogue.items() if isinstance(catalogue, dict) else [("it", None)]:
        if not isinstance(entry, dict) or not entry.keys() >= {"definition", "networks"}:
            raise InputError(f"{path} is not a catalogue of scores (see {name}); {GET_AGAIN}")
    return catalogue


def with_kept_scores(study: Study) -> Study:
    """Return a study that uses its kept scores, without the figures that need other scores.

    Ensembles that a figure can do without are left out of it.
    """
    ensembles, missing = _kept_ensembles(study)
    refused, incomplete, figures = dict(study.refused), [], {}
    for figure, entry in study.figures.items():
        rest, lacking = _without(missing, figure, entry), {}
        for name in ensembles_of(entry):
            if name in missing:
                lacking.setdefault(missing[name], []).append(name)
        sentences = [
            f"figures.{figure} {'is drawn without' if rest else 'shows'} {', '.join(names)} "
            f"({reason}); {TRAIN}."
            for reason, names in lacking.items()
        ]
        if rest:
            incomplete += sentences
            entry, sentences = rest, []
        if FIGURES[figure].predictions:
            sentences += [
                f"figures.{figure} needs the predictions of {name}, which do not come with its "
                f"scores; {TRAIN}."
                for name in ensembles_of(entry)
                if name not in missing and not ensembles[name].predictions_paths(1)
            ]
        if sentences:
            refused[figure] = sentences
        else:
            figures[figure] = entry
    return replace(
        study,
        title=f"{study.title} (reference scores)",
        ensembles=ensembles,
        figures=figures,
        refused=refused,
        incomplete=incomplete,
    )


def _kept_ensembles(study: Study) -> tuple[dict[str, Ensemble], dict[str, str]]:
    """Return the ensembles with their kept scores, and why some have none, both by name."""
    path, catalogue = find(_catalogue_path(study.name)), read_catalogue(study.name)
    ensembles, missing = {}, {}
    for name, ensemble in study.ensembles.items():
        kept, scores = catalogue.get(name), find(scores_path(study.name, name, REFERENCE))
        ensembles[name] = replace(ensemble, scores_in=None)
        if kept is None:
            missing[name] = f"not in {path}"
        elif kept["definition"] != ensemble.definition:
            missing[name] = f"of another definition in {path}"
        elif not scores.is_file():
            missing[name] = f"{scores} does not exist"
        else:
            n_networks = kept["networks"]
            ensembles[name] = replace(ensemble, n_networks=n_networks, scores_in=REFERENCE)
    return ensembles, missing


def _without(missing: Mapping, figure: str, entry: Mapping) -> Mapping | None:
    """Return a figure's entry without the missing ensembles, or None if it needs them."""
    rest = {key: value for key, value in entry.items() if key not in ROLES or value not in missing}
    if "ensembles" in rest:
        rest["ensembles"] = [name for name in rest["ensembles"] if name not in missing]
    try:
        FiguresEntry.model_fields[figure].annotation.model_validate(rest)
    except ValidationError:
        return None
    return rest


def keep_scores(study: Study) -> Iterator[str]:
    """Copy the scores and baselines that a study's figures and claims need to ``reference``.

    Files that were kept earlier and are no longer in ``results`` stay as they are.

    Args:
        study: the study as in its file; its ensembles may have other numbers of networks, except
            those that rank the examples of others.

    Yields:
        a sentence for each ensemble and baseline.

    Raises:
        InputError: there are no scores at all, a file is damaged, or ``Study.check_results`` finds
            one that was not made for the study. Then none is replaced.
    """
    # Imported here, because dry runs and cluster jobs import this module too, and need no arrays.
    from created_equal.artefacts import open_predictions, write_atomically

    wanted = ensembles_in(roles_of(study))
    available = [name for name in wanted if scores_path(study.name, name).is_file()]
    if not available:
        raise InputError(
            f"there are no scores of {study.name} to keep (of {', '.join(wanted)}); make them "
            f"first: snakemake --cores all --config studies={study.name}"
        )
    path = _catalogue_path(study.name)
    catalogue = read_catalogue(study.name) if find(path).is_file() else {}
    baselines = [
        name for name in baselines_in(roles_of(study)) if baseline_path(study.name, name).is_file()
    ]
    # All of them are read before one replaces another that was kept.
    study.check_results(available, baselines)
    entries = {name: _entry(study.ensembles[name]) for name in available}
    for name in baselines:
        open_predictions(baseline_path(study.name, name)).close()
    for name in wanted:
        if name not in available:
            fate = "the earlier ones stay" if name in catalogue else "left out"
            yield f"{name}: no scores in results; {fate}"
            continue
        source, entry = scores_path(study.name, name), entries[name]
        catalogue[name] = entry
        write_atomically(scores_path(study.name, name, REFERENCE), source.read_bytes())
        write_atomically(path, json.dumps(catalogue, indent=2, sort_keys=True).encode() + b"\n")
        yield f"{name}: {entry['networks']} networks, {entry['seconds']:.0f} s of training"
    for name in baselines:
        source = baseline_path(study.name, name)
        write_atomically(baseline_path(study.name, name, REFERENCE), source.read_bytes())
        yield f"baselines/{name}: its predictions"


def _entry(ensemble: Ensemble) -> dict:
    """Return an ensemble's entry in the catalogue."""
    from created_equal.artefacts import open_scores

    with open_scores(scores_path(ensemble.study, ensemble.name)) as scores:
        return {
            "definition": ensemble.definition,
            "networks": scores.sizes["network"],
            "device": sorted(set(scores["device"].values.tolist())),
            "precision": sorted(set(scores["precision"].values.tolist())),
            "versions": json.loads(scores.attrs["trained_with"]),
            # The sum over all devices (on a CPU: over all threads).
            "seconds": round(float(scores["seconds"].sum()), 1),
        }


def _catalogue_path(study: str) -> Path:
    return REFERENCE / study / "scores.json"
