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
        predictions: (network, epoch, example) integers in 0..K-1, one for each example of the
            dataset, in its order.
        accuracy: (network, epoch, split) in 0..1, splits in the order train, test.
        loss: (network, epoch, split), mean cross-entropy in nats.
        seeds: the seed of each network.
        dataset: the dataset they were trained on; it gives the labels and the example axis.
        epochs: number of each epoch, in ascending order; defaults to 0, 1, ..., where 0 is
            untrained. They may begin with 1, if the untrained network was not recorded.

    Returns:
        prediction, accuracy and loss as above; label (example); coordinates network, epoch,
        example, example_split, split; attribute classes = K.

    Raises:
        InputError: predictions are not labels of the dataset, or have another shape; or epochs are
            negative or do not ascend.
    """
    classes = dataset.sizes["class"]
    predictions = np.asarray(predictions)
    epochs = np.arange(predictions.shape[1]) if epochs is None else np.asarray(epochs)
    _check(predictions, (len(seeds), len(epochs), dataset.sizes["example"]), classes)
    if epochs.dtype.kind not in "iu" or epochs.min() < 0 or (np.diff(epochs) < 1).any():
        raise InputError(
            f"the numbers of the epochs are {', '.join(map(str, epochs))}; give whole numbers in "
            "ascending order, where 0 is the untrained network."
        )
    return xr.Dataset(
        {
            "prediction": (
                ("network", "epoch", "example"),
                predictions.astype(label_dtype(classes)),
            ),
            "accuracy": (("network", "epoch", "split"), np.asarray(accuracy, dtype=np.float32)),
            "loss": (("network", "epoch", "split"), np.asarray(loss, dtype=np.float32)),
            "label": ("example", dataset["label"].values),
        },
        coords={
            "network": np.asarray(seeds, dtype=np.int64),
            "epoch": epochs.astype(np.int64),
            "example": dataset["example"].values,
            "example_split": ("example", dataset["example_split"].values),
            "split": list(SPLITS),
        },
        attrs={"classes": classes},
    )


def make_predictions_without_loss(
    predictions: np.ndarray,
    seeds: Sequence[int],
    dataset: xr.Dataset,
    epochs: Sequence[int] | None = None,
) -> xr.Dataset:
    """Build predictions whose losses are unknown (NaN); arguments as in ``make_predictions``."""
    is_right = predictions == dataset["label"].values
    accuracy = mean_by_split(is_right, dataset["example_split"].values)
    loss = np.full_like(accuracy, np.nan)
    return make_predictions(predictions, accuracy, loss, seeds, dataset, epochs)


def mean_by_split(values: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """Return the mean over the examples of each split, (..., split) float64; NaN without any.

    Args:
        values: (..., example).
        splits: (example,) ``"train"`` or ``"test"``.
    """
    means = np.full((*values.shape[:-1], len(SPLITS)), np.nan)
    for index, split in enumerate(SPLITS):
        if (splits == split).any():
            means[..., index] = values[..., splits == split].mean(axis=-1)
    return means


def _check(predictions: np.ndarray, shape: tuple[int, ...], classes: int) -> None:
    """Raise InputError if predictions do not have this shape, or are not in 0..classes-1."""
    if predictions.shape != shape:
        raise InputError(
            f"the predictions have the shape {predictions.shape}, but (network, epoch, example) "
            f"is {shape}; give each network's prediction for every example after every epoch."
        )
    # Other types would be cast silently: 1.9 to 1, and -1 to 255.
    is_label = predictions.dtype.kind in "iu" and 0 <= predictions.min() <= predictions.max()
    if not is_label or predictions.max() >= classes:
        raise InputError(
            f"the predictions range from {predictions.min()} to {predictions.max()} "
            f"({predictions.dtype}), but labels are the whole numbers 0 to {classes - 1}; give "
            "the predicted labels."
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


def join_predictions(parts: Sequence[xr.Dataset], axis: str) -> xr.Dataset:
    """Join predictions along ``"network"`` or ``"epoch"``; they have the same examples."""
    return xr.concat(
        parts,
        dim=axis,
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="exact",
        combine_attrs="override",
    )


def _examples(contents: xr.Dataset) -> xr.Dataset:
    """Return positions, splits, labels, and, if recorded or imported with them, names."""
    return contents[[name for name in ("label", "example_name") if name in contents]]


def check_one_ensemble(opened: Sequence[xr.Dataset], paths: Sequence[Path]) -> None:
    """Check that predictions files belong to one ensemble and share no network.

    Raises:
        InputError: definitions, epochs or examples differ, or a network occurs twice.
    """
    first = opened[0]
    seen: dict[int, Path] = {}
    for contents, path in zip(opened, paths, strict=True):
        same = definition_of(contents) == definition_of(first)
        if not same or not _examples(contents).equals(_examples(first)):
            raise InputError(
                f"{path} and {paths[0]} belong to different ensembles (their definitions or "
                "examples differ); delete the one that is out of date and run again."
            )
        if not np.array_equal(contents["epoch"].values, first["epoch"].values):
            last, other = (int(each["epoch"][-1]) for each in (contents, first))
            raise InputError(
                f"{path} has other epochs than {paths[0]} (their last are {last} and {other}); "
                "train all networks for the same epochs, or remove the file of one."
            )
        for network in contents["network"].values.tolist():
            if network in seen:
                raise InputError(
                    f"network {network} is both in {seen[network]} and in {path}; give each "
                    "network once."
                )
            seen[network] = path
