"""The table of the examples that a derived dataset moved, removed or relabeled."""

import io
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pandas as pd

from created_equal.artefacts.files import write_atomically
from created_equal.errors import DELETE, DamagedError, InputError, because

TYPES = {
    "example": "int64",
    "label": "int64",
    "class": "str",
    "score": "float64",
    "round": "int64",
    "what": "str",
}
# The last line is a comment with a checksum: a truncated CSV file would read as a shorter one.
SEAL = b"# blake2b "


def write_chosen(chosen: pd.DataFrame, path: Path) -> None:
    """Write the table of chosen examples as CSV, see ``write_atomically``.

    Args:
        chosen: one row per example and change: example (position in the source), label and class
            (as in the source), score (accessibility in 0..1, NaN if chosen at random), round
            (from 1), what ("moved" to the test set, "removed" from the train set, or
            "relabelled").
        path: output file; missing folders are created.
    """
    table = chosen[list(TYPES)].to_csv(index=False).encode()
    write_atomically(path, table, _seal(table))


def read_chosen(path: Path) -> pd.DataFrame:
    """Read a table written by ``write_chosen``.

    Raises:
        InputError: the file is missing or unreadable.
        DamagedError: the checksum does not match.
    """
    try:
        contents = path.read_bytes()
        table, _, _ = contents.rpartition(SEAL)
        if contents != table + _seal(table):
            raise DamagedError(
                f"{path} is damaged (cut short, or its checksum is wrong) or not a table of "
                f"chosen examples; {DELETE}"
            )
        return pd.read_csv(
            io.BytesIO(table),
            usecols=list(TYPES),
            dtype=TYPES,
            keep_default_na=False,  # A class may be named "NA".
            na_values={"score": [""]},
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist; build it with snakemake --cores all {path}."
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read {because(error, 'make it readable')}") from error


def moved_examples(path: Path) -> np.ndarray:
    """Return the examples that were moved to the test set, (example,) int64, sorted."""
    chosen = read_chosen(path)
    return np.sort(chosen["example"][chosen["what"] == "moved"].to_numpy())


def _seal(table: bytes) -> bytes:
    return SEAL + blake2b(table, digest_size=16).hexdigest().encode() + b"\n"
