"""A folder of scores, and images, that others' tools open: Parquet, CSV, a dataset card."""

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import consistency, has_images, read_images, write_atomically
from created_equal.errors import InputError
from created_equal.exchange.column_page import markdown
from created_equal.exchange.columns import COLUMNS
from created_equal.exchange.new_folder import new_folder
from created_equal.exchange.parquet import CURVE, write_parquet
from created_equal.exchange.table import as_csv, example_table
from created_equal.extras import library
from created_equal.scores import epoch_metrics

ROWS_AT_ONCE = 1000
CARD = """---
configs:
- config_name: default
  data_files: scores.parquet
tags:
- example-difficulty
- training-dynamics
---

# Scores of {ensemble} on {study}

{networks} networks that differ only in their seed, epochs {first} to {last}. A row for each
example; in `scores.parquet`, `label` is a ClassLabel{of_images} for Hugging Face, and the metadata
has the definition of the networks under the key `created_equal`. Written by created-equal.

{columns}
`epochs.csv` has the metrics of each epoch and split.

## Opening it

```python
from datasets import load_dataset
scores = load_dataset("parquet", data_files="scores.parquet", split="train")
```

The one split of Hugging Face has all rows; the column `split` says which are train and which are
test examples.

    spotlight scores.parquet{spotlight}
    embedding-atlas scores.parquet --x variability --y accessibility{atlas}
{folders}"""
FOLDERS = """
`data/` has the images. `metadata.csv` (`file_name`) is for Hugging Face's imagefolder, `labels.csv`
(`filepath`) for fiftyone:

```python
load_dataset("imagefolder", data_dir=".")

import fiftyone
fields = {fields}
fiftyone.Dataset.from_dir(".", fiftyone.types.CSVDataset, fields=fields)
```
"""


def export_scores(
    scores: xr.Dataset,
    dataset: xr.Dataset,
    about: Mapping,
    folder: Path,
    images: bool = False,
    data_root: Path = Path(),
) -> None:
    """Write scores into a new folder, which is whole or absent.

    Its files are scores.parquet, scores.csv, epochs.csv and README.md, and with images, which are
    in scores.parquet too, data/POSITION.png, labels.csv and metadata.csv.

    Args:
        scores: an ensemble's, from ``read_scores`` or ``open_scores``.
        dataset: the study's.
        about: see ``table.about``.
        folder: a new folder.
        images: whether to write the images.
        data_root: folder that the image folder is relative to, if images stay in files.

    Raises:
        InputError: the dataset has no images to write; or as ``new_folder``, ``example_table``,
            ``read_images`` and ``write_parquet``.
    """
    table = example_table(scores, dataset)
    names = [*map(str, dataset["class_name"].values)]
    if images:
        library("PIL.Image")
        if not has_images(dataset):
            raise InputError(
                "there are no images; give them to the recorder, or leave --images out."
            )
    with new_folder(folder) as unfinished:
        if images:
            (unfinished / "data").mkdir()
        parts = _parts(table, scores, dataset, images, unfinished, data_root)
        write_parquet(unfinished / "scores.parquet", parts, about, names)
        write_atomically(unfinished / "scores.csv", as_csv(table))
        write_atomically(unfinished / "epochs.csv", as_csv(epoch_metrics(scores)))
        if images:
            # fiftyone looks for the files in data by itself.
            for name, column, place in (
                ("labels.csv", "filepath", ""),
                ("metadata.csv", "file_name", "data/"),
            ):
                named = table.copy()
                named.insert(0, column, [place + _file_of(each) for each in table["example"]])
                write_atomically(unfinished / name, as_csv(named))
        card = _card(table, about, images)
        write_atomically(unfinished / "README.md", card.encode())


def _file_of(example: int) -> str:
    return f"{example:06d}.png"


def _parts(
    table: pd.DataFrame,
    scores: xr.Dataset,
    dataset: xr.Dataset,
    images: bool,
    folder: Path,
    data_root: Path,
) -> Iterator[pd.DataFrame]:
    """Yield parts of the table with curves and images, and write the images into files."""
    positions = dataset.get_index("example").get_indexer(table["example"])
    for start in range(0, len(table), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        part = table.iloc[rows].copy()
        curves = consistency(scores.isel(example=rows)).transpose("example", "epoch").values
        part[CURVE] = [*curves.astype(np.float32)]
        if images:
            pixels = read_images(dataset.isel(example=positions[rows]), data_root)
            part["image"] = [
                {"bytes": _png(image), "path": f"data/{_file_of(example)}"}
                for image, example in zip(pixels, part["example"], strict=True)
            ]
            for image in part["image"]:
                (folder / image["path"]).write_bytes(image["bytes"])
        yield part


def _png(image: np.ndarray) -> bytes:
    """Return an image (height, width, channel) uint8 as PNG."""
    contents = io.BytesIO()
    gray = image[..., 0] if image.shape[-1] == 1 else image
    library("PIL.Image").fromarray(gray).save(contents, "PNG")
    return contents.getvalue()


def _card(table: pd.DataFrame, about: Mapping, images: bool) -> str:
    words = {name: COLUMNS[name] for name in table} | {CURVE: "c after each epoch, a list"}
    if images:
        words["image"] = "the image as PNG, as networks see it but before standardization"
    kinds = {"i": "int", "u": "int", "f": "float"}
    fields = ", ".join(
        f"{json.dumps(name)}: {kinds.get(values.dtype.kind, 'str')}"
        for name, values in table.items()
    )
    return CARD.format(
        study=about["study"],
        ensemble=about["ensemble"],
        networks=about["networks"],
        first=about["epochs"][0],
        last=about["epochs"][-1],
        columns=markdown(words),
        of_images=" and `image` an Image" if images else "",
        spotlight=f" --dtype {CURVE}=Sequence1D" + (" --dtype image=Image" if images else ""),
        atlas=" --image image" if images else "",
        folders=FOLDERS.replace("{fields}", f"{{{fields}}}") if images else "",
    )
