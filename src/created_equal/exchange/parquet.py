"""Tables as Parquet that Hugging Face, Spotlight and others understand."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from created_equal.exchange.columns import COLUMNS
from created_equal.extras import library

LABELS = ("label", "modal_label", "source_label")
CURVE = "consistency_by_epoch"


def write_parquet(
    file: io.IOBase | Path,
    parts: Iterable[pd.DataFrame],
    about: Mapping,
    class_names: Sequence[str] = (),
) -> None:
    """Write a table as Parquet, part by part, so that not all images are in memory at once.

    The schema has a description of each column, ``about`` as JSON under the key created_equal, and
    Hugging Face's features: labels are ClassLabel, images Image.

    Args:
        file: where.
        parts: the rows of the table, in one part or more; a column image has dictionaries
            {"bytes": PNG, "path": str}, and ``CURVE`` lists of numbers.
        about: what the table is of, in types that JSON has.
        class_names: of the labels; without them, labels are numbers.

    Raises:
        MissingLibraryError: pyarrow is not installed; an InputError.
    """
    arrow, parquet, parts = library("pyarrow"), library("pyarrow.parquet"), iter(parts)
    first = next(parts)
    schema = _schema(first, about, class_names)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for part in chain([first], parts):
            writer.write_table(arrow.Table.from_pandas(part, schema, preserve_index=False))


def _schema(table: pd.DataFrame, about: Mapping, class_names: Sequence[str]):
    arrow = library("pyarrow")
    types = {
        "image": arrow.struct({"bytes": arrow.binary(), "path": arrow.string()}),
        CURVE: arrow.list_(arrow.float32()),
        **dict.fromkeys(("example", *LABELS), arrow.int64()),
        "moved": arrow.bool_(),
    }
    fields = [
        arrow.field(
            name,
            types.get(name, arrow.float64() if is_numeric_dtype(table[name]) else arrow.string()),
            metadata={"description": COLUMNS[name]} if name in COLUMNS else None,
        )
        for name in table
    ]
    features = {}
    if "image" in table:
        features["image"] = {"_type": "Image"}
    if len(class_names):
        label = {"names": [*map(str, class_names)], "_type": "ClassLabel"}
        features |= {name: label for name in LABELS if name in table}
    return arrow.schema(
        fields,
        metadata={
            "huggingface": json.dumps({"info": {"features": features}}),
            "created_equal": json.dumps(about),
        },
    )
