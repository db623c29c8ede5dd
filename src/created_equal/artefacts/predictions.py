"""Predictions: the label that each network predicts for each example after each epoch."""

import json
from collections.abc import Iterable, Mapping, Sequence
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
from created_equal.definitions import canonical
from created_equal.errors import InputError

# What the networks of an ensemble have in common about examples, and its words in messages.
OF_EXAMPLES = {
    "example": "position",
    "example_split": "split",
    "label": "label",
    "example_name": "name",
}
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


def trained_with(parts: Iterable[xr.Dataset]) -> str:
    """Return the versions of the libraries that networks were trained with, as a JSON list.

    Copies have them in the attribute ``trained_with``, because ``versions`` are those of the
    program that wrote the file.
    """
    found = {}
    for part in parts:
        kept = part.attrs.get("trained_with")
        of_part = json.loads(kept) if kept else [json.loads(part.attrs["versions"])]
        found |= {canonical(each): each for each in of_part}
    return canonical([*found.values()])


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


def belong_to(predictions: xr.Dataset, scores: xr.Dataset) -> bool:
    """Return whether predictions have the definition, the examples and the labels of scores."""
    return definition_of(predictions) == definition_of(scores) and all(
        np.array_equal(predictions[name].values, scores[name].values)
        for name in ("example", "label")
    )


def check_one_ensemble(opened: Sequence[xr.Dataset], paths: Sequence[Path]) -> None:
    """Check that predictions files belong to one ensemble and share no network.

    Raises:
        InputError: definitions, epochs or examples differ, or a network occurs twice.
    """
    first = opened[0]
    seen: dict[int, Path] = {}
    for contents, path in zip(opened, paths, strict=True):
        if difference := _difference(contents, first):
            raise InputError(
                f"{path} and {paths[0]} belong to different ensembles ({difference}); delete the "
                "one that is out of date, or score them in separate folders."
            )
        pair = (contents, path), (first, paths[0])
        for (one, of_one), (other, of_other) in (pair, pair[::-1]):
            alone = np.setdiff1d(one["epoch"].values, other["epoch"].values)
            if alone.size:
                shown = ", ".join(map(str, alone[:5])) + (", ..." if alone.size > 5 else "")
                raise InputError(
                    f"{of_other} lacks epochs that {of_one} has ({shown}); train all networks for "
                    "the same epochs, or remove the file of one."
                )
        for network in contents["network"].values.tolist():
            if network in seen:
                raise InputError(
                    f"network {network} is both in {seen[network]} and in {path}; give each "
                    "network once."
                )
            seen[network] = path


def _difference(one: xr.Dataset, other: xr.Dataset) -> str:
    """Return what two ensembles differ in, in words; "" if they are the same."""
    both, sizes = (one, other), (one.sizes["example"], other.sizes["example"])
    if found := _different_value(*map(definition_of, both)):
        return found
    if sizes[0] != sizes[1]:
        return f"they have {sizes[0]} and {sizes[1]} examples"
    for name, word in OF_EXAMPLES.items():
        a, b = (
            each[name].values if name in each.variables else np.full(sizes[0], "") for each in both
        )
        if (differs := a != b).any():
            place = differs.argmax()
            return (
                f"the {word} of example {place} is {a.tolist()[place]!r} and {b.tolist()[place]!r}"
            )
    return ""


def _different_value(one: object, other: object, key: str = "definition") -> str:
    """Return the key and both values of the first difference; "" if there is none."""
    one, other = (
        dict(enumerate(each)) if isinstance(each, list) else each for each in (one, other)
    )
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = ((each, one.get(each, "-"), other.get(each, "-")) for each in {**one, **other})
        found = (_different_value(a, b, f"{key}.{each}") for each, a, b in pairs)
        return next(filter(None, found), "")
    return "" if one == other else f"{key} is {one!r:.60} and {other!r:.60}"
