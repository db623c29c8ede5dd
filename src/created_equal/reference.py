"""The scores that are kept with the code, so that they can be looked at without training.

reference/STUDY/ENSEMBLE/scores.nc are those of an ensemble; reference/STUDY/scores.json says of
each what it is of, and on what it was trained.
"""

import json
from pathlib import Path

from created_equal.errors import InputError

REFERENCE = "reference"
GET_ANEW = "get it anew from where you have the code."
TRAIN = "say scores=trained to train it"


def catalogue_path(study: str) -> Path:
    """Return where it is written which scores of a study are kept."""
    return Path(REFERENCE, study, "scores.json")


def read_catalogue(study: str) -> dict[str, dict]:
    """Return what is known of the scores that are kept of a study.

    Returns:
        by ensemble: definition, as the ensemble's; networks, their number; and what
        ``keep_scores`` has found of their training.

    Raises:
        InputError: none are kept, or the catalogue is none.
    """
    path = catalogue_path(study)
    try:
        catalogue = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        others = sorted(each.parent.name for each in Path(REFERENCE).glob("*/scores.json"))
        raise InputError(
            f"no scores of {study} are kept here ({path} does not exist); {TRAIN}, or take a "
            f"study of which there are: {', '.join(others) or 'none yet'}."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); {GET_ANEW}") from error
    for name, entry in catalogue.items() if isinstance(catalogue, dict) else [("it", None)]:
        if not isinstance(entry, dict) or not entry.keys() >= {"definition", "networks"}:
            raise InputError(f"{path} is no catalogue of scores (see {name}); {GET_ANEW}")
    return catalogue
