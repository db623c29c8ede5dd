"""Published scores of the examples, from a table or from arrays."""

import logging
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import entropy

from created_equal.errors import InputError, because
from created_equal.study import suggestion
from created_equal.user_text import check_separator

FORMATS = (".csv", ".csv.gz", ".parquet", ".npz", ".npy")
POSITIONS = ("example", "position")
"""Columns that are positions in the source."""
KEYS = (*POSITIONS, "index", "idx", "id", "sample_id", "sample_idx", "guid", "Unnamed: 0")
"""``POSITIONS``, and columns that may count the rows instead; the last is pandas' for an index."""
LABELS = ("label", "labels")

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Published:
    """A published score: a row for each example."""

    path: Path
    column: str  # Its name in the file, after "entropy of" if it is that of frequencies.
    values: np.ndarray  # (row,) float64, all finite.
    keys: np.ndarray | None = None  # (row,) int64, each once; None: in the data set's own order.
    labels: np.ndarray | None = None  # (row,) integers.
    # Whether keys are positions in the source for certain, because the user named their column or
    # it is one of ``POSITIONS``; others may count the rows.
    are_positions: bool = False

    @property
    def name(self) -> str:
        """Its name in messages and in the figure: ``"scores of cscores.npz"``."""
        return f"{self.column} of {self.path.name}"


def read_published(path: Path, column: str | None = None, key: str | None = None) -> Published:
    """Read a published score from a .csv, .parquet, .npz or .npy file.

    An array (row, class) of counts or probabilities, such as people's labels, becomes the entropy
    of each row in nats.

    Args:
        path: the file.
        column: the score's column or array; by default the only one of numbers.
        key: the column of positions; by default one of ``KEYS``, in any case, if it has whole
            numbers.

    Raises:
        InputError: the file cannot be read; it has no such column, or several; values are missing
            or constant, or there are none; or a key occurs twice.
    """
    table = _read_table(path)
    for name in filter(None, (column, key)):
        if name not in table:
            raise InputError(f"{path} has no column {name}; {suggestion(name, list(table))}")
    is_named = key is not None
    key = key if is_named else _find_key(path, table, column)
    scores = {
        name: values for name, values in table.items() if name != key and values.dtype.kind in "iuf"
    }
    if column is None:
        offered = [name for name in scores if name not in LABELS]
        if not offered:
            raise InputError(
                f"{path} has no column of numbers but positions and labels; write scores with "
                "decimal points, without text."
            )
        if len(offered) > 1:
            raise InputError(
                f"{path} has several columns of numbers ({', '.join(offered)}); name the score "
                "with --column."
            )
        column = offered[0]
    if column not in scores:
        raise InputError(
            f"the column {column} of {path} has no numbers; {suggestion('', list(scores))}"
        )
    column, values = _as_score(path, column, scores[column])
    rows = len(values)
    labels = next((table[name] for name in LABELS if _is_whole(table.get(name), rows)), None)
    keys = None if key is None else _keys(path, key, table[key], rows)
    are_positions = keys is not None and (is_named or key.lower() in POSITIONS)
    return Published(path, column, values, keys, labels, are_positions)


def _find_key(path: Path, table: Mapping, column: str | None) -> str | None:
    """Return the first of ``KEYS`` that has numbers, if there is one; ``_keys`` checks them."""
    names = [name for name in table if name != column]
    found = [name for key in KEYS for name in names if name.lower() == key.lower()]
    key = next((name for name in found if _is_number(table[name])), None)
    if found and key is None:
        text = "the column %s of %s has no whole numbers, so rows are matched by their order"
        log.warning(text, found[0], path)
    return key


def _as_score(path: Path, column: str, values: np.ndarray) -> tuple[str, np.ndarray]:
    """Return a score's name and its values, (row,) float64, after checking them."""
    if not values.size:
        raise InputError(f"the column {column} of {path} is empty; give a row for each example.")
    values = values.astype(np.float64)
    missing = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if missing.size:
        raise InputError(
            f"the column {column} of {path} has no finite number in {missing.size:,} of "
            f"{len(values):,} rows (the first is row {missing[0]}); leave these rows out, in a "
            "file with a column of positions."
        )
    if values.ndim == 2 and values.shape[1] > 1 and (values >= 0).all() and values.any(1).all():
        column, values = f"entropy of {column}", entropy(values, axis=1)
    if values.ndim != 1:
        raise InputError(
            f"{column} of {path} has the shape {values.shape}; give a number for each example, or "
            "the counts or probabilities of its classes."
        )
    if values.min() == values.max():
        raise InputError(
            f"the column {column} of {path} is {values[0]:g} in all {len(values):,} rows, so it "
            "orders nothing; name another with --column."
        )
    return column, values


def _keys(path: Path, key: str, keys: np.ndarray, rows: int) -> np.ndarray:
    if not _is_whole(keys, rows):
        raise InputError(
            f"the column {key} of {path} is not a key: it must have a position, a whole number "
            "of at least 0, for each row."
        )
    keys = keys.astype(np.int64)
    found, counts = np.unique(keys, return_counts=True)
    if twice := found[counts > 1].tolist():
        raise InputError(
            f"{len(twice):,} positions are in several rows of {path} (column {key}), first "
            f"{twice[0]}; give each example one row."
        )
    return keys


def _is_number(values: np.ndarray) -> bool:
    return values.ndim == 1 and values.dtype.kind in "iuf"


def _is_whole(values: np.ndarray | None, rows: int) -> bool:
    """Return whether values are whole numbers from 0 on, one for each row."""
    if values is None or len(values) != rows or not _is_number(values):
        return False
    return bool(np.isfinite(values).all() and (values >= 0).all() and (values % 1 == 0).all())


def _read_table(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a table, or the arrays of a file, by name."""
    suffix = next((each for each in FORMATS if path.name.lower().endswith(each)), None)
    if suffix is None and path.exists():
        raise InputError(f"{path} is none of {', '.join(FORMATS)}; convert it to one of these.")
    try:
        if suffix == ".npy":
            return {path.stem: np.atleast_1d(np.load(path, allow_pickle=False))}
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return dict(_arrays(archive))
        read = pd.read_parquet if suffix == ".parquet" else pd.read_csv
        table = read(path)
        check_separator(path, table.columns)
        # Parquet keeps pandas' index, which may be the key, unless it counts the rows.
        has_key = any(str(name).strip().lower() in map(str.lower, KEYS) for name in table)
        counts_rows = table.index.equals(pd.RangeIndex(len(table)))
        if not counts_rows and (table.index.names[0] is not None or not has_key):
            table = table.reset_index(allow_duplicates=True)
        return {str(name).strip(): column.to_numpy() for name, column in table.items()}
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; correct the path.") from error
    except ImportError as error:
        raise InputError(
            f"{path} needs pyarrow to be read; pip install 'created-equal[tables]'."
        ) from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # An OSError without a number, such as gzip's, is about the contents.
        if getattr(error, "errno", None):
            raise InputError(
                f"{path} cannot be read {because(error, 'make it readable')}"
            ) from error
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"{path} is damaged, or not a {suffix} file ({reason}); replace it by an intact copy, "
            "in UTF-8 if it is text."
        ) from error


def _arrays(archive: np.lib.npyio.NpzFile) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays with their names, without pickled objects, which could run any code."""
    for name in archive.files:
        try:
            yield name, np.atleast_1d(archive[name])
        except ValueError as error:
            if "Object arrays" not in str(error):
                raise
