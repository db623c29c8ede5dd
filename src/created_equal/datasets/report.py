"""The log of a new dataset: its contents and its oddities."""

import logging
from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, has_files, image_shape

CLASSES_LISTED = 100
UNEVEN = 10  # Classes smaller than the largest divided by this get a warning.
NARROW = 32  # A smaller range of pixel values gets a warning.

log = logging.getLogger(__name__)


def report(dataset: xr.Dataset) -> None:
    """Log what a dataset holds, with a warning for everything odd."""
    height, width, channels = image_shape(dataset)
    counts = _counts(dataset)
    train, test = counts.sum()
    log.info(
        "%s train and %s test images in %d classes, %d x %d pixels, %s",
        *(f"{train:,}", f"{test:,}", len(counts), height, width),
        "gray" if channels == 1 else "color",
    )
    for name, (train, test) in counts.iloc[:CLASSES_LISTED].iterrows():
        log.info("  %s: %d train, %d test", name, train, test)
    if len(counts) > CLASSES_LISTED:
        log.info("  and %d more classes", len(counts) - CLASSES_LISTED)
    if not has_files(dataset):
        values = dataset["image"].values
        lowest, highest = int(values.min()), int(values.max())
        log.info("values: %d to %d of 0 to 255", lowest, highest)
        if highest - lowest < NARROW:
            log.warning(
                "the values are only %d to %d of 0 to 255: the images are nearly uniform",
                *(lowest, highest),
            )
    for sentence in (*_uneven(counts), *_twins(dataset)):
        log.warning("%s", sentence)


def _counts(dataset: xr.Dataset) -> pd.DataFrame:
    """Return the number of examples by class (rows) and split (columns)."""
    labels, splits = dataset["label"].values, dataset["example_split"].values
    names = dataset["class_name"].values
    counts = {split: np.bincount(labels[splits == split], minlength=len(names)) for split in SPLITS}
    return pd.DataFrame(counts, index=names)


def _uneven(counts: pd.DataFrame) -> Iterator[str]:
    for split, of_classes in counts.items():
        small = of_classes[of_classes * UNEVEN < of_classes.max()]
        if len(small):
            verb = "classes have" if len(small) > 1 else "class has"
            yield (
                f"{len(small)} {verb} fewer than a tenth of the largest class's {split} images "
                f"(for example {small.index[0]} with {small.iloc[0]} of {of_classes.max()})"
            )


def _twins(dataset: xr.Dataset) -> Iterator[str]:
    """Yield sentences about images that are there more than once."""
    hashes = dataset["pixel_hash"].values
    repeated = np.flatnonzero(pd.Series(hashes).duplicated(keep=False))
    copies = pd.DataFrame(
        {
            "label": dataset["label"].values[repeated],
            "split": dataset["example_split"].values[repeated],
            "place": repeated,
        }
    ).groupby(hashes[repeated])
    found = copies.agg(
        labels=("label", "nunique"),
        splits=("split", "nunique"),
        first=("place", "first"),
        last=("place", "last"),
    ).sort_values("first")
    for what, among in (
        ("present more than once", found),
        ("in both the train and the test set", found[found["splits"] > 1]),
        ("in more than one class", found[found["labels"] > 1]),
    ):
        if len(among):
            first, last = (_name(dataset, place) for place in among[["first", "last"]].iloc[0])
            verb = "images are" if len(among) > 1 else "image is"
            yield f"{len(among)} {verb} {what} (for example {first} and {last})"


def _name(dataset: xr.Dataset, place: int) -> str:
    """Return an example's file, or its position."""
    if "file" in dataset:
        return str(dataset["file"].values[place])
    return f"position {dataset['example'].values[place]}"
