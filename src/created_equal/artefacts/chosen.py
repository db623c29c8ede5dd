"""The table of what a derived dataset changed: which examples, why, and in which round."""

from pathlib import Path

import pandas as pd

from created_equal.artefacts.files import write_whole
from created_equal.errors import InputError

TYPES = {
    "example": "int64",
    "label": "int64",
    "class": "str",
    "score": "float64",
    "round": "int64",
    "what": "str",
}


def write_chosen(chosen: pd.DataFrame, path: Path) -> None:
    """Write the table of chosen examples as CSV, so that ``path`` is whole or absent.

    Args:
        chosen: one row per example and change: example (its position in the source), label and
            class (those of the source), score (the accessibility that it was chosen by, in 0..1,
            NaN if by chance), round (from 1 on), what ("moved" to the test set, "removed" from the
            train set, or "relabelled").
        path: where; missing folders are made.

    Raises:
        InputError: the place cannot be written to.
    """
    write_whole(path, chosen[list(TYPES)].to_csv(index=False).encode())


def read_chosen(path: Path) -> pd.DataFrame:
    """Read a table that ``write_chosen`` has written.

    Raises:
        InputError: it is missing, or not such a table.
    """
    try:
        return pd.read_csv(
            path,
            usecols=list(TYPES),
            dtype=TYPES,
            keep_default_na=False,  # a class may be called NA
            na_values={"score": [""]},
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist; build it with snakemake, or with created-equal derive_dataset."
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is not a table of chosen examples; delete it and run again to rebuild it."
        ) from error
