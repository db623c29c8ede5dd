"""Reading others' logs: cartography's, AUM's, long tables, those of model-vs-human."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from created_equal.errors import InputError, because
from created_equal.user_text import check_separator

# What columns are called, in lower case.
SYNONYMS = {
    "network": ("network", "seed", "model", "run", "net", "member", "subj"),
    "epoch": ("epoch", "epochs", "num_measurements"),
    "example": (
        *("example", "guid", "sample_id", "sample_idx", "example_id", "index", "idx", "id"),
        *("imagename", "file", "file_name", "filename"),
    ),
    "predicted": (
        *("predicted", "pred", "prediction", "predicted_label", "pred_label", "y_pred"),
        "object_response",
    ),
    "label": ("label", "gold", "target", "y", "y_true", "true_label", "given_label", "category"),
    "split": ("split",),
}
DURING_TRAINING = (
    "it was recorded during training, so images may have been augmented and dropout on, and the "
    "network was still learning within each epoch"
)

log = logging.getLogger(__name__)


def read_cartography(path: Path) -> pd.DataFrame:
    """Return the cells of training dynamics as cartography writes them.

    Args:
        path: a folder with dynamics_epoch_0.jsonl, ... (or in it a folder training_dynamics), of
            one network; or a folder of such folders, of a network each, in alphabetical order.

    Raises:
        InputError: there are none, or a line is not as it should be.
    """
    files = _files_of_networks(path, "dynamics_epoch_*.json*", "training_dynamics")
    if not files:
        raise InputError(
            f"{path} has no dynamics_epoch_0.jsonl, nor a folder that has; give the folder that "
            "cartography calls training_dynamics, or a folder of those."
        )
    parts, widths = [], set()
    for network, file in files:
        number = file.name.removeprefix("dynamics_epoch_").split(".")[0]
        if not number.isdecimal():
            raise InputError(f"{file} has no number of an epoch in its name; rename it.")
        records = [*_records(file, f"logits_epoch_{number}")]
        widths |= {len(logits) for _, _, logits in records}
        if len(widths) > 1:
            raise InputError(
                f"{file} has logits of {' and of '.join(map(str, sorted(widths)))} classes; give "
                "logs of one data set."
            )
        if not records or 0 in widths:
            raise InputError(
                f"{file} has no logits; write it again with cartography's log_training_dynamics."
            )
        guids, gold, logits = zip(*records, strict=True)
        parts.append(
            pd.DataFrame(
                {
                    "network": network,
                    "epoch": int(number),
                    "example": guids,
                    "predicted": argmax(np.array(logits), file, guids),
                    "label": gold,
                }
            )
        )
    cells = pd.concat(parts, ignore_index=True)
    cells.attrs["classes"] = widths.pop()
    return cells


def read_aum(path: Path) -> pd.DataFrame:
    """Return the cells of AUM's full_aum_records.csv.

    Args:
        path: the file, or a folder that has it, of one network; or a folder of such folders or
            files, of a network each, in alphabetical order.

    Raises:
        InputError: there is none, or its columns are not AUM's.
    """
    files = _files_of_networks(path, "*full_aum_records*.csv*", "")
    if path.is_file():
        files = [(path.name, path)]
    if not files and (path / "aum_values.csv").exists():
        raise InputError(
            f"{path / 'aum_values.csv'} has only the mean margins; run AUM with compressed=False, "
            "which writes full_aum_records.csv."
        )
    if not files:
        raise InputError(
            f"{path} has no full_aum_records.csv; give this file, or a folder of folders with one."
        )
    cells = [_aum(file, f"{name}/{file.name}") for name, file in files]
    return pd.concat(cells, ignore_index=True)


def read_long_table(path: Path) -> pd.DataFrame:
    """Return the cells of a long table: a row for each network, epoch and example.

    Args:
        path: .csv, .csv.gz or .parquet, with columns as in ``SYNONYMS``; without network, there is
            one, and without epoch, one, number 1.

    Raises:
        InputError: it cannot be read; a column is missing, or occurs twice.
    """
    table = read_table(path)
    names, columns = _names_of_columns(path, table), {}
    for role, synonyms in SYNONYMS.items():
        found = [name for name in names if _role(name) == role]
        if len(found) > 1:
            raise InputError(
                f"{path} has several columns for the {role}: {', '.join(found)}; keep only one."
            )
        if found:
            columns[role] = table[found[0]]
        elif role in ("example", "predicted", "label"):
            raise InputError(
                f"{path} has no column for the {role} ({', '.join(synonyms)}), only "
                f"{', '.join(map(str, table))}; rename the one that has it."
            )
    _warn_of_one(path, set(names), columns)
    return pd.DataFrame({"network": 0, "epoch": 1, **columns})


def _warn_of_one(path: Path, names: set, columns: Mapping[str, pd.Series]) -> None:
    """Warn of a table without networks or epochs that has columns which are not read."""
    ignored = names - {column.name for column in columns.values()}
    for role in ("network", "epoch"):
        if ignored and role not in columns:
            log.warning(
                "%s has no column for the %s (%s), so all rows are of one; if one of these has it, "
                "rename it: %s",
                *(path, role, ", ".join(SYNONYMS[role]), ", ".join(sorted(map(str, ignored)))),
            )


def read_model_vs_human(path: Path) -> pd.DataFrame:
    """Return the cells of model-vs-human's tables: a network for each subj, and one epoch.

    Args:
        path: a .csv file, or a folder of those of one experiment and condition.

    Raises:
        InputError: see ``read_long_table``, or there are several conditions.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path} has no .csv files; give those of one experiment.")
    tables = [read_table(file) for file in files]
    for file, table in zip(files, tables, strict=True):
        if missing := {"subj", "object_response", "category", "imagename"} - {*table}:
            raise InputError(f"{file} has no column {min(missing)}; give model-vs-human's tables.")
    table = pd.concat(tables, ignore_index=True)
    conditions = sorted(map(str, table["condition"].unique())) if "condition" in table else []
    if len(conditions) > 1:
        raise InputError(
            f"{path} has {len(conditions)} conditions ({', '.join(conditions[:5])}); give the rows "
            "of one."
        )
    short = table["imagename"].map(_short_name, na_action="ignore")
    is_unique = not pd.DataFrame({"subj": table["subj"], "image": short}).duplicated().any()
    return pd.DataFrame(
        {
            "network": table["subj"],
            "epoch": 1,
            "example": short if is_unique else table["imagename"],
            "predicted": table["object_response"],
            "label": table["category"],
        }
    )


def _short_name(name: object) -> str:
    """Return what a file name of model-vs-human has in common among subjects.

    The beginning names the trial and the subject; see ``get_short_imagename`` in model-vs-human.
    """
    *_, before, last = ["", *str(name).split("_")]
    return f"{before}_{last}" if before.startswith("n0") else last


def read_table(path: Path) -> pd.DataFrame:
    """Return a .csv, .csv.gz or .parquet file; raises InputError if it cannot be read."""
    if path.is_fifo():
        raise InputError(f"{path} is a pipe, which can be read only once; write it to a file.")
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            # Parquet keeps pandas' index, where a named one is a column to its writer.
            is_named = any(name is not None for name in table.index.names)
            table = table.reset_index(allow_duplicates=True) if is_named else table
            return _with_numpy_types(table)
        # A class may be named "NA"; and read in chunks, an id would be 5 in one, "5" in another.
        how = {"keep_default_na": False, "na_values": [""], "low_memory": False}
        header = pd.read_csv(path, nrows=0, **how)
        named = [name for name in header if _role(name) in ("network", "example")]
        table = pd.read_csv(path, dtype=dict.fromkeys(named, str), **how)
        table = table.assign(**{name: _numbers_or_names(table[name]) for name in named})
    except OSError as error:
        raise InputError(f"{path} cannot be read {because(error, 'name another file')}") from error
    except ImportError as error:
        raise InputError(
            f"{path} is Parquet, which needs pyarrow; pip install 'created-equal[tables]', or "
            "write it as CSV."
        ) from error
    except Exception as error:  # pandas and pyarrow raise many types on broken files
        raise InputError(
            f"{path} cannot be read as a table ({' '.join(str(error).split())}); write it as CSV "
            "in UTF-8, or as Parquet."
        ) from error
    check_separator(path, table.columns)
    return table


def _with_numpy_types(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without categories, as which pandas reads partitions, and Arrow's types."""
    for place, dtype in enumerate(table.dtypes):
        if isinstance(dtype, pd.api.extensions.ExtensionDtype):
            table.isetitem(place, table.iloc[:, place].astype(object).infer_objects())
    return table


def _numbers_or_names(texts: pd.Series) -> pd.Series:
    """Return text as whole numbers, unless this would make two equal, such as 1.1 and 1.10."""
    places, names = pd.factorize(texts)
    numbers = pd.to_numeric(pd.Series(names, dtype=object), errors="coerce")
    is_exact = numbers.dtype.kind in "iu" or bool((numbers.abs() < 2**53).all())
    if not (is_exact and (numbers % 1 == 0).all() and numbers.is_unique):
        return texts
    if texts.hasnans:
        return numbers.reindex(places).set_axis(texts.index)
    return pd.Series(numbers.to_numpy()[places], texts.index)


def _role(name: object) -> str | None:
    """Return what a column has, see ``SYNONYMS``."""
    name = str(name).strip().lower()
    return next((role for role, synonyms in SYNONYMS.items() if name in synonyms), None)


def _names_of_columns(path: Path, table: pd.DataFrame) -> list:
    """Return the names as they are in the file; of equal ones in a .csv, pandas changes some."""
    if path.suffix == ".parquet":
        return [*table]
    return pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False).loc[0].tolist()


def argmax(logits: np.ndarray, where: object, names: Sequence) -> np.ndarray:
    """Return the label of the largest logit (example, class), the smallest of several.

    Raises:
        InputError: the largest logit is not a finite number, as where one is NaN or all are -inf.
    """
    _refuse_unless_finite(logits.max(axis=1), where, names)
    return logits.argmax(axis=1)


def _refuse_unless_finite(largest: np.ndarray, where: object, names: Sequence) -> None:
    is_bad = ~np.isfinite(largest)
    if is_bad.any():
        raise InputError(
            f"{where} has a logit of example {names[is_bad.argmax()]} that is infinite or "
            "not a number; leave this example out of all logs, or the networks that diverged."
        )


def _files_of_networks(path: Path, pattern: str, within: str) -> list[tuple[str, Path]]:
    """Return the files in a network's folder, or of all networks, with the names of the folders."""
    found = []
    for folder in (path, *sorted(each for each in path.glob("*") if each.is_dir())):
        files = sorted(folder.glob(pattern)) or sorted((folder / within).glob(pattern))
        found += [(folder.name, file) for file in files]
        if folder == path and found:
            break
    return found


def _records(file: Path, key: str) -> Iterator[tuple[object, object, list]]:
    """Yield guid, gold and logits of each line."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read ({error}); give a file in UTF-8.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            guid, gold, logits = (record[name] for name in ("guid", "gold", key))
            logits = [float("nan") if each is None else float(each) for each in logits]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"line {number} of {file} is not a record with guid, gold and {key}; write it "
                "again with cartography's log_training_dynamics."
            ) from error
        yield guid, gold, logits


def _aum(file: Path, network: str) -> pd.DataFrame:
    """Return the cells of one network.

    AUM writes values into target_logit and other_logit and labels into target_val and other_val.
    Others who write such files do it the other way round, so the margin decides.
    """
    table = read_table(file)
    numbers = (
        *("num_measurements", "target_logit", "target_val"),
        *("other_logit", "other_val", "margin"),
    )
    if missing := [name for name in ("sample_id", *numbers) if name not in table]:
        raise InputError(
            f"{file} has no column {missing[0]}; give the full_aum_records.csv that AUM writes "
            "with compressed=False."
        )
    if texts := [name for name in numbers if table[name].dtype.kind not in "iuf"]:
        raise InputError(
            f"the column {texts[0]} of {file} is not of numbers only; give the "
            "full_aum_records.csv as AUM writes it."
        )
    values = next((each for each in ("logit", "val") if _has_values(table, each)), None)
    if values is None:
        raise InputError(
            f"{file} has margins that are not the difference of its logits; write it again."
        )
    labels = "val" if values == "logit" else "logit"
    target, other = (table[f"{name}_{values}"] for name in ("target", "other"))
    _refuse_unless_finite(np.maximum(target, other).values, file, table["sample_id"])
    own, best_other = (table[f"{name}_{labels}"] for name in ("target", "other"))
    # Equal logits: the smallest label, as argmax has it.
    is_own = (target > other) | ((target == other) & (own < best_other))
    return pd.DataFrame(
        {
            "network": network,
            "epoch": table["num_measurements"],
            "example": table["sample_id"],
            "predicted": np.where(is_own, own, best_other),
            "label": own,
        }
    )


def _has_values(table: pd.DataFrame, kind: str) -> bool:
    """Return whether the margins of AUM are differences of these columns."""
    margin = table[f"target_{kind}"] - table[f"other_{kind}"]
    return np.allclose(margin, table["margin"], rtol=1e-3, atol=1e-4, equal_nan=True)
