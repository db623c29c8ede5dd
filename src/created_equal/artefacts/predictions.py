"""Predictions: the label that each network predicts for each example after each epoch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from created_equal.artefacts.files import (
    SPLITS,
    definition_of,
    load_artefact,
    open_artefact,
    write_artefact,
)
from created_equal.errors import InputError

# Scoring reads all epochs of a block of examples at once: 808 KiB for 101 epochs, 1000 classes.
CHUNKS = {"network": 1, "example": 2**12}


def label_dtype(classes: int) -> np.dtype:
    """Return the smallest unsigned dtype that holds the labels 0..classes-1."""
    return np.min_scalar_type(classes - 1)


def make_predictions(
    predictions: np.ndarray,
    accuracy: np.ndarray,
    loss: np.ndarray,
    seeds: Sequence[int],
    dataset: xr.Dataset,
    epochs: Sequence[int] | None = None,
) -> xr.Dataset:
    """Build the predictions of some networks.

    Args:
        predictions: (network, epoch, example) integers in 0..K-1.
        accuracy: (network, epoch, split) in 0..1, splits in the order train, test.
        loss: (network, epoch, split), mean cross-entropy in nats.
        seeds: the seed of each network.
        dataset: the dataset they were trained on; it gives the labels and the example axis.
        epochs: number of each epoch; defaults to 0, 1, ..., where 0 is untrained.

    Returns:
        prediction, accuracy and loss as above; label (example); coordinates network, epoch,
        example, example_split, split; attribute classes = K.
    """
    classes = dataset.sizes["class"]
    return xr.Dataset(
        {
            "prediction": (
                ("network", "epoch", "example"),
                np.asarray(predictions, dtype=label_dtype(classes)),
            ),
            "accuracy": (("network", "epoch", "split"), np.asarray(accuracy, dtype=np.float32)),
            "loss": (("network", "epoch", "split"), np.asarray(loss, dtype=np.float32)),
            "label": ("example", dataset["label"].values),
        },
        coords={
            "network": np.asarray(seeds, dtype=np.int64),
            "epoch": np.asarray(
                range(predictions.shape[1]) if epochs is None else epochs, dtype=np.int64
            ),
            "example": dataset["example"].values,
            "example_split": ("example", dataset["example_split"].values),
            "split": list(SPLITS),
        },
        attrs={"classes": classes},
    )


def write_predictions(predictions: xr.Dataset, path: Path, definition: Mapping) -> None:
    """Write predictions; ``definition`` is the ensemble's, the same for all of its files."""
    write_artefact(predictions, path, "predictions", definition, CHUNKS)


def read_predictions(path: Path) -> xr.Dataset:
    """Read a predictions file into memory."""
    return load_artefact(path, "predictions")


def open_predictions(path: Path) -> xr.Dataset:
    """Open a predictions file lazily; close it, or use it in a ``with`` block."""
    return open_artefact(path, "predictions")


def check_one_ensemble(opened: Sequence[xr.Dataset], paths: Sequence[Path]) -> None:
    """Check that predictions files belong to one ensemble and share no network.

    Raises:
        InputError: definitions, epochs or examples differ, or a network occurs twice.
    """
    first = opened[0]
    seen: dict[int, Path] = {}
    for contents, path in zip(opened, paths, strict=True):
        same = definition_of(contents) == definition_of(first) and all(
            np.array_equal(contents[name].values, first[name].values)
            for name in ("epoch", "example", "example_split", "label")
        )
        if not same:
            raise InputError(
                f"{path} and {paths[0]} belong to different ensembles (their definitions or "
                "examples differ); delete the one that is out of date and run again."
            )
        for network in contents["network"].values.tolist():
            if network in seen:
                raise InputError(
                    f"network {network} is both in {seen[network]} and in {path}; give each "
                    "network once."
                )
            seen[network] = path
