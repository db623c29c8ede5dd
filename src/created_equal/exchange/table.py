"""The table of an ensemble's examples, one row each, and that of its epochs."""

import io
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import definition_of, write_atomically
from created_equal.errors import InputError
from created_equal.exchange.columns import COLUMNS
from created_equal.exchange.parquet import write_parquet
from created_equal.scores import epoch_metrics, example_metrics

log = logging.getLogger(__name__)


def example_table(scores: xr.Dataset, dataset: xr.Dataset | None = None) -> pd.DataFrame:
    """Return a table with a row for each example, in the order of the scores.

    Args:
        scores: an ensemble's, from ``read_scores`` or ``open_scores``.
        dataset: the study's, for names of classes and files and for hashes; None: without them.

    Returns:
        the columns of ``columns.COLUMNS`` that can be computed: modal labels and votes are those
        after the last epoch, and of what is learned the untrained epoch is left out. Columns about
        several epochs are missing if only one was trained. Missing values are NaN.

    Raises:
        InputError: the dataset does not have an example.
    """
    labels = scores["label"].values.astype(np.int64)
    table = example_metrics(scores).reset_index()
    table["split"] = scores["example_split"].values
    table["label"] = labels
    if "example_name" in scores:
        table["name"] = scores["example_name"].values.astype(str)
    if "moved" in scores:
        table["moved"] = scores["moved"].values
    if "modal_label" in table:
        table["modal_label"] = table["modal_label"].astype(np.int64)
    if dataset is not None:
        places = dataset.get_index("example").get_indexer(table["example"])
        if (places < 0).any():
            missing = table["example"][places < 0].iloc[0]
            raise InputError(
                f"the scores have example {missing}, which the dataset does not have; build the "
                "scores again from this dataset."
            )
        names = dataset["class_name"].values.astype(str)
        table["class"] = names[labels]
        if "modal_label" in table:
            table["modal_class"] = names[table["modal_label"]]
        source_labels = dataset["label"].values[places].astype(np.int64)
        if (source_labels != labels).any():
            table["source_label"] = source_labels
        if "pixel_hash" in dataset:
            # As text, because many programs would round such numbers.
            hashes = dataset["pixel_hash"].values[places].tolist()
            table["pixel_hash"] = [f"{each:016x}" for each in hashes]
        if "file" in dataset:
            table["file"] = dataset["file"].values[places].astype(str)
    return table[[name for name in COLUMNS if name in table]]


def about(scores: xr.Dataset, study: str, ensemble: str) -> dict:
    """Return what a table is of, in types that JSON has, for files that hold one."""
    return {
        "study": study,
        "ensemble": ensemble,
        "networks": scores.sizes["network"],
        "epochs": scores["epoch"].values.tolist(),
        "classes": int(scores.attrs["classes"]),
        "definition": definition_of(scores),
        "trained_with": json.loads(scores.attrs["trained_with"]),
        "scored_with": json.loads(scores.attrs.get("versions", "{}")),
        "contents": scores.attrs.get("contents", "").partition(" ")[0],
    }


def write_tables(
    scores: xr.Dataset, dataset: xr.Dataset | None, about: Mapping, folder: Path
) -> None:
    """Write examples.csv, examples.parquet and epochs.csv into a folder, which is created.

    ``about``, see the function of that name, is for the metadata of examples.parquet. Without
    pyarrow, that file is left out, with a warning. It raises as ``example_table`` and
    ``write_atomically``.
    """
    table = example_table(scores, dataset)
    if "forgetting" not in scores:
        log.warning(
            "an earlier version wrote the scores, without forgetting and others, which are left "
            "out; score the ensemble again to have them"
        )
    write_atomically(folder / "examples.csv", as_csv(table))
    write_atomically(folder / "epochs.csv", as_csv(epoch_metrics(scores)))
    file = io.BytesIO()
    try:
        write_parquet(file, [table], about)
    except InputError as error:
        log.warning("%s is left out: %s", folder / "examples.parquet", error)
    else:
        write_atomically(folder / "examples.parquet", file.getvalue())


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8."""
    return table.to_csv(index=False, lineterminator="\n").encode()
