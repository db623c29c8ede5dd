"""The table of what a derived dataset changed: which examples, why, and in which round."""

import io
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd

from created_equal.artefacts.files import write_whole
from created_equal.errors import DELETE, DamagedError, InputError

TYPES = {
    "example": "int64",
    "label": "int64",
    "class": "str",
    "score": "float64",
    "round": "int64",
    "what": "str",
}
# Begins the last line, a comment: a table that is cut short would read like a shorter one.
SEAL = b"# blake2b "


def write_chosen(chosen: pd.DataFrame, path: Path) -> None:
    """Write the table of chosen examples as CSV, so that ``path`` is whole or absent.

    Its last line is a comment with a digest of all lines before it.

    Args:
        chosen: one row per example and change: example (its position in the source), label and
            class (those of the source), score (the accessibility that it was chosen by, in 0..1,
            NaN if by chance), round (from 1 on), what ("moved" to the test set, "removed" from the
            train set, or "relabelled").
        path: where; missing folders are made.

    Raises:
        InputError: the place cannot be written to.
    """
    octets = chosen[list(TYPES)].to_csv(index=False).encode()
    write_whole(path, octets, _seal(octets))


def read_chosen(path: Path) -> pd.DataFrame:
    """Read a table that ``write_chosen`` has written.

    Raises:
        InputError: it is missing or unreadable.
        DamagedError: it is another table, or none.
    """
    try:
        octets = path.read_bytes()
        table, _, _ = octets.rpartition(SEAL)
        if octets != table + _seal(table):
            raise DamagedError(
                f"{path} is damaged (cut short, or its checksum is wrong) or no table of chosen "
                f"examples; {DELETE}"
            )
        return pd.read_csv(
            io.BytesIO(table),
            usecols=list(TYPES),
            dtype=TYPES,
            keep_default_na=False,  # a class may be called NA
            na_values={"score": [""]},
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist; build it with snakemake, or with created-equal derive_dataset."
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}); make it readable."
        ) from error


def moved_examples(path: Path) -> np.ndarray:
    """Return the names of the examples that a table says were moved to the test set, in order.

    Returns:
        (example,) int64.

    Raises:
        InputError: as ``read_chosen``.
    """
    chosen = read_chosen(path)
    return np.sort(chosen["example"][chosen["what"] == "moved"].to_numpy())


def _seal(octets: bytes) -> bytes:
    return SEAL + blake2b(octets, digest_size=16).hexdigest().encode() + b"\n"
