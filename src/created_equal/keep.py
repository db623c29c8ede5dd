"""Scores of a study put where others find them with the code: see ``reference``."""

import json
from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from created_equal.artefacts import definition_of, read_scores, write_scores
from created_equal.artefacts.files import write_whole
from created_equal.claims.roles import ensembles_in, roles_of
from created_equal.errors import InputError
from created_equal.reference import REFERENCE, catalogue_path, read_catalogue
from created_equal.study import Ensemble, Study, scores_path


def keep_scores(study: Study) -> Iterator[str]:
    """Copy the scores that a study's figures and claims rest on to ``reference``.

    Those that are kept already and are not here stay as they are.

    Args:
        study: as its file has it; its ensembles may have been trained with other numbers of
            networks, but those by which examples were ranked with these.

    Yields:
        a sentence for each ensemble.

    Raises:
        InputError: there are no scores at all, a file is damaged, or scores are of another
            definition than the study's.
    """
    wanted = ensembles_in(roles_of(study))
    there = [name for name in wanted if Path(scores_path(study.name, name)).is_file()]
    if not there:
        raise InputError(
            f"there are no scores of {study.name} to keep, of none of {', '.join(wanted)}; make "
            f"them first: snakemake --cores all --config studies={study.name}"
        )
    path = catalogue_path(study.name)
    catalogue = read_catalogue(study.name) if path.is_file() else {}
    for name in wanted:
        if name not in there:
            fate = "those of before stay" if name in catalogue else "left out"
            yield f"{name}: has no scores here; {fate}"
            continue
        scores = read_scores(Path(scores_path(study.name, name)))
        found = _entry(study.ensembles[name], scores)
        kept = Path(scores_path(study.name, name, REFERENCE))
        write_scores(scores, kept, definition_of(scores), compact=True)
        catalogue[name] = found
        write_whole(path, json.dumps(catalogue, indent=2, sort_keys=True).encode() + b"\n")
        yield f"{name}: {found['networks']} networks, {found['seconds']:.0f} s of training"


def _entry(ensemble: Ensemble, scores: xr.Dataset) -> dict:
    """Return what the catalogue says of an ensemble.

    Of its training: devices and precisions, versions of the libraries, and seconds, those of all
    devices (of a CPU: of all threads).
    """
    definition = definition_of(scores)
    if {key: definition.get(key) for key in ensemble.definition} != ensemble.definition:
        path = scores_path(ensemble.study, ensemble.name)
        raise InputError(
            f"{path} is of another definition than config/studies/{ensemble.study}.yaml, or its "
            "examples were ranked by another number of networks; make it anew with snakemake, and "
            "leave networks as the study has it."
        )
    return {
        "definition": ensemble.definition,
        "networks": scores.sizes["network"],
        "device": sorted(set(scores["device"].values.tolist())),
        "precision": sorted(set(scores["precision"].values.tolist())),
        "versions": json.loads(scores.attrs["trained_with"]),
        "seconds": round(float(scores["seconds"].sum()), 1),
    }
