"""Published scores of the examples, from a table or from arrays."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import entropy

from created_equal.artefacts import SPLITS
from created_equal.errors import InputError, because
from created_equal.study import suggestion
from created_equal.user_text import check_separator

FORMATS = (".csv", ".csv.gz", ".parquet", ".npz", ".npy")
POSITIONS = ("example", "position")
"""Columns that are positions in the source."""
KEYS = (*POSITIONS, "index", "idx", "id", "sample_id", "sample_idx", "guid", "Unnamed: 0")
"""``POSITIONS``, and columns that may count the rows instead; the last is pandas' for an index."""
LABELS = ("label", "labels", "target", "targets", "gold", "y_true")
ENOUGH = 0.5
"""If no more of the names are known, they are probably not those of the same examples."""
# NumPy and pandas raise these for a damaged file, and for a file of another kind.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, RuntimeError)
KeyKind = Literal["name", "position", "number"]
"""A key is the name of an example, its position in the source, or a number, which may be either
its position or that of a row in a file without keys."""


@dataclass(frozen=True, eq=False)
class Published:
    """A published score: a row for each example."""

    path: Path
    column: str  # Its name in the file, after "entropy of" if it is that of frequencies.
    values: np.ndarray  # (row,) float64, all finite.
    # (row,) numbers (int64) or names (text), each once; None: in the data set's own order.
    keys: np.ndarray | None = None
    key: str | None = None  # Their column.
    key_kind: KeyKind | None = None
    labels: np.ndarray | None = None  # (row,) integers.
    splits: np.ndarray | None = None  # (row,) the set of each example, as the file has it.

    @property
    def name(self) -> str:
        """Its name in messages and in the figure: ``"scores of cscores.npz"``."""
        return f"{self.column} of {self.path.name}"


def read_published(
    path: Path, column: str | None = None, key: str | None = None, names: Sequence[str] = ()
) -> Published:
    """Read a published score from a .csv, .parquet, .npz or .npy file.

    An array (row, class) of counts or probabilities, such as people's labels, becomes the entropy
    of each row in nats.

    Args:
        path: the file.
        column: the score's column or array; by default the only one of numbers.
        key: the column of keys; by default one of ``KEYS``, in any case, or one that has names of
            our examples.
        names: those of our examples, if they have some. Keys are then names, but whole numbers in
            one of ``POSITIONS`` are positions, as all keys are if our examples have no names.

    Raises:
        InputError: the file cannot be read; it has no such column, or several; values are missing
            or constant, or there are none; or a key occurs twice, or is no position.
    """
    table = _read_table(path)
    for name in filter(None, (column, key)):
        if name not in table:
            raise InputError(f"{path} has no column {name}; {suggestion(name, list(table))}")
    is_named = key is not None
    key = key if is_named else _find_key(path, table, column, names)
    scores = {
        name: values for name, values in table.items() if name != key and values.dtype.kind in "iuf"
    }
    if column is None:
        offered = [name for name in scores if name.lower() not in LABELS]
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
    found = (_labels(table[name], rows) for name in table if name.lower() in LABELS)
    labels = next((each for each in found if each is not None), None)
    keys = None if key is None else _keys(path, key, table[key], rows, bool(names))
    key_kind = None
    if keys is not None:
        are_positions = is_named or key.lower() in POSITIONS
        key_kind = "name" if keys.dtype.kind == "U" else "position" if are_positions else "number"
    splits = table.get("split")
    if splits is not None and not (len(splits) == rows and np.isin(splits, SPLITS).all()):
        splits = None
    return Published(path, column, values, keys, key, key_kind, labels, splits)


def _find_key(path: Path, table: Mapping, column: str | None, names: Sequence[str]) -> str | None:
    """Return the first of ``KEYS`` that has text or, unless our examples have names, numbers.

    If there is none, it is the first of all; ``_keys`` checks the values. Without any, it is a
    column, whatever it is called, that mostly has names of our examples, each once.
    """
    columns = [name for name in table if name != column]
    found = [name for key in KEYS for name in columns if name.lower() == key.lower()]
    if names and not found:
        # Arrays of an .npz may be huge, as influences of 50,000 examples on 10,000 others are.
        may_be = [
            each for each in columns if table[each].ndim == 1 and table[each].dtype.kind != "f"
        ]
        texts = _as_text(path, {name: table[name] for name in may_be})
        found = [name for name in may_be if _are_names(texts[name], names)]
    return min(found, key=lambda name: _is_number(table[name]) == bool(names), default=None)


def _are_names(values: np.ndarray, names: Sequence[str]) -> bool:
    is_unique = 0 < len(values) == len(np.unique(values))
    return is_unique and bool(np.isin(values, names).mean() > ENOUGH)


def _labels(values: np.ndarray, rows: int) -> np.ndarray | None:
    """Return labels as integers, those of names in any order; None if some are missing."""
    if values.shape != (rows,) or pd.isna(values).any():
        return None
    if _is_whole(values, rows):
        return values
    return None if _is_number(values) else np.unique(values.astype(str), return_inverse=True)[1]


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


def _keys(path: Path, key: str, keys: np.ndarray, rows: int, have_names: bool) -> np.ndarray:
    """Return keys as positions (int64), or as names (text)."""
    is_whole = _is_whole(keys, rows)
    if have_names and not (is_whole and key.lower() in POSITIONS):
        keys = _names(path, key, keys, rows)
    elif is_whole:
        keys = keys.astype(np.int64)
    else:
        raise InputError(
            f"the column {key} of {path} is not a key: our examples have no names, so it must have "
            "a position, a whole number of at least 0, in each row; name another with --key, or "
            f"leave {key} out if the rows are in the order of our examples."
        )
    found, counts = np.unique(keys, return_counts=True)
    if twice := found[counts > 1].tolist():
        raise InputError(
            f"{len(twice):,} examples are in several rows of {path} (column {key}), first "
            f"{twice[0]}; give each example one row."
        )
    return keys


def _names(path: Path, key: str, keys: np.ndarray, rows: int) -> np.ndarray:
    """Return keys as text."""
    names = _as_text(path, {key: keys})[key]
    if names.shape != (rows,) or (names == "").any():
        raise InputError(
            f"the column {key} of {path} is not a key: it must have the name of an example in each "
            "row; fill it in, or name another with --key."
        )
    return names


def _as_text(path: Path, table: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return columns as text, as it is in the file: in a .csv, 007 is not 7, and NA not missing.

    Missing values are "".
    """
    if path.name.lower().endswith((".csv", ".csv.gz")):
        table = _read_table(path, dtype=str, keep_default_na=False)
    texts = {}
    for name, values in table.items():
        exact = values.astype(np.int64) if _is_whole(values, len(values)) else values
        texts[name] = np.where(pd.isna(values), "", exact.astype(str))
    return texts


def _is_number(values: np.ndarray) -> bool:
    return values.ndim == 1 and values.dtype.kind in "iuf"


def _is_whole(values: np.ndarray | None, rows: int) -> bool:
    """Return whether values are whole numbers from 0 on, one for each row."""
    if values is None or len(values) != rows or not _is_number(values):
        return False
    return bool(np.isfinite(values).all() and (values >= 0).all() and (values % 1 == 0).all())


def _read_table(path: Path, **of_csv: object) -> dict[str, np.ndarray]:
    """Return the columns of a table, or the arrays of a file, by name.

    Arguments ``of_csv`` are pandas', for a .csv.
    """
    suffix = next((each for each in FORMATS if path.name.lower().endswith(each)), None)
    if suffix is None and path.exists():
        raise InputError(f"{path} is none of {', '.join(FORMATS)}; convert it to one of these.")
    try:
        if suffix == ".npy":
            return {path.stem: np.atleast_1d(np.load(path, allow_pickle=False))}
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return dict(_arrays(archive))
        table = pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path, **of_csv)
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
    except (OSError, *DAMAGED) as error:
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
