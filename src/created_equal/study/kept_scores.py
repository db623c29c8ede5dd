"""The scores that are kept with the code, so that they can be looked at without training.

reference/STUDY/ENSEMBLE/scores.nc has the scores of an ensemble; reference/STUDY/scores.json lists
each with its definition and with how its networks were trained.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from created_equal.errors import InputError
from created_equal.study.definition import TRAIN, Ensemble, Study
from created_equal.study.paths import REFERENCE, scores_path
from created_equal.study.roles import ensembles_in, roles_of

GET_AGAIN = "get it again from where you have the code."


def catalogue_path(study: str) -> Path:
    """Return the path of the list of a study's kept scores."""
    return REFERENCE / study / "scores.json"


def read_catalogue(study: str) -> dict[str, dict]:
    """Return the list of a study's kept scores.

    Returns:
        by ensemble: its definition, its number of networks, and what ``keep_scores`` has found of
        their training.

    Raises:
        InputError: none are kept, or the file is not such a list.
    """
    path = catalogue_path(study)
    try:
        catalogue = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        others = sorted(each.parent.name for each in REFERENCE.glob("*/scores.json"))
        raise InputError(
            f"no scores of {study} are kept here ({path} does not exist); {TRAIN}, or take a "
            f"study of which there are: {', '.join(others) or 'none yet'}."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); {GET_AGAIN}") from error
    for name, entry in catalogue.items() if isinstance(catalogue, dict) else [("it", None)]:
        if not isinstance(entry, dict) or not entry.keys() >= {"definition", "networks"}:
            raise InputError(f"{path} is no catalogue of scores (see {name}); {GET_AGAIN}")
    return catalogue


def keep_scores(study: Study) -> Iterator[str]:
    """Copy the scores that a study's figures and claims need to ``reference``.

    Scores that were kept earlier and are not in ``results`` now stay as they are.

    Args:
        study: as its file has it; its ensembles may have been trained with other numbers of
            networks, except those that rank the examples of others.

    Yields:
        a sentence for each ensemble.

    Raises:
        InputError: there are no scores at all, a file is damaged, or scores belong to another
            definition than the study's.
    """
    # Imported here: a run that trains nothing needs no arrays.
    from created_equal.artefacts import definition_of, open_scores, write_atomically

    wanted = ensembles_in(roles_of(study))
    available = [name for name in wanted if scores_path(study.name, name).is_file()]
    if not available:
        raise InputError(
            f"there are no scores of {study.name} to keep, of none of {', '.join(wanted)}; make "
            f"them first: snakemake --cores all --config studies={study.name}"
        )
    path = catalogue_path(study.name)
    catalogue = read_catalogue(study.name) if path.is_file() else {}
    for name in wanted:
        if name not in available:
            fate = "the earlier ones stay" if name in catalogue else "left out"
            yield f"{name}: has no scores here; {fate}"
            continue
        source = scores_path(study.name, name)
        with open_scores(source) as scores:
            _check_definition(study.ensembles[name], definition_of(scores))
            networks, seconds = scores.sizes["network"], float(scores["seconds"].sum())
            catalogue[name] = {
                "definition": study.ensembles[name].definition,
                "networks": networks,
                "device": sorted(set(scores["device"].values.tolist())),
                "precision": sorted(set(scores["precision"].values.tolist())),
                "versions": json.loads(scores.attrs["trained_with"]),
                # The sum over all devices (on a CPU: over all threads).
                "seconds": round(seconds, 1),
            }
        write_atomically(scores_path(study.name, name, REFERENCE), source.read_bytes())
        write_atomically(path, json.dumps(catalogue, indent=2, sort_keys=True).encode() + b"\n")
        yield f"{name}: {networks} networks, {seconds:.0f} s of training"


def _check_definition(ensemble: Ensemble, definition: dict) -> None:
    """Raise InputError if scores with this definition are not the ensemble's."""
    if {key: definition.get(key) for key in ensemble.definition} != ensemble.definition:
        path = scores_path(ensemble.study, ensemble.name)
        raise InputError(
            f"{path} is of another definition than config/studies/{ensemble.study}.yaml, or its "
            "examples were ranked by another number of networks; make it again with snakemake, "
            "and leave networks as the study has it."
        )
