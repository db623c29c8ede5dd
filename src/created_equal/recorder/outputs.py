"""The outputs of a network for some examples as arrays, from any library."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from created_equal.errors import InputError

NAMES_OF_LABELS = ("labels", "label")
NAMES_OF_IDS = ("ids", "id")
LARGEST = float(np.finfo(np.float16).max)
# By how much probabilities may miss 0, 1 or a sum of 1 if they are rounded, as to two decimals.
ROUNDING = 0.011


class Outputs(NamedTuple):
    """The outputs of a network for some examples.

    Attributes:
        predicted: (example,) labels, of any integer type; the first of equal logits.
        values: (example, class) float64 logits or probabilities; None if only labels are known.
    """

    predicted: np.ndarray
    values: np.ndarray | None


def as_array(values: object) -> np.ndarray:
    """Return a tensor of any library, on any device, or a list of them or of numbers as an array.

    Raises:
        InputError: the parts of a list have different shapes.
    """
    if isinstance(values, tuple | list) and any(hasattr(each, "detach") for each in values):
        values = [as_array(each) for each in values]
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        # numpy has no bfloat16.
        values = values.float() if values.is_floating_point() else values
    try:
        array = np.asarray(values)
        # That of JAX and Keras is not among numpy's own types.
        return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
    except ValueError as error:
        raise InputError(
            f"a list of {len(values)} parts has parts of different shapes; give one array."
        ) from error


def class_numbers(labels: object, classes: Sequence[str]) -> np.ndarray | None:
    """Return labels as whole numbers (example,): also from (example, 1), floats and one-hot rows.

    Names of classes become their places. None if they are something else, such as soft labels.
    """
    labels = as_array(labels)
    if labels.dtype.kind in "UO":
        places = {name: place for place, name in enumerate(classes)}
        numbers = [places.get(str(name)) for name in labels.ravel()]
        return None if None in numbers else np.array(numbers, np.int64)
    if labels.dtype.kind not in "iufb" or not (labels == np.floor(labels)).all():
        return None
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    elif labels.ndim == 2 and labels.shape[1] == len(classes) and _is_one_hot(labels):
        labels = labels.argmax(axis=1)
    return labels.astype(np.int64)


def _is_one_hot(rows: np.ndarray) -> bool:
    return bool(np.isin(rows, (0, 1)).all() and (rows.sum(axis=1) == 1).all())


def read_outputs(outputs: object, classes: int, where: str) -> Outputs:
    """Return the outputs of a network after checking them.

    Args:
        outputs: labels (example,), or logits or probabilities (example, class).
        classes: K.
        where: the network, epoch and split, for error messages.

    Raises:
        InputError: they are none of these, or not finite.
    """
    values = as_array(outputs)
    if values.ndim == 1 and values.dtype.kind in "iu":
        if len(values) and not 0 <= values.min() <= values.max() < classes:
            raise InputError(
                f"{where} the labels range from {values.min()} to {values.max()}, but there are "
                f"{classes} classes; give labels from 0 to {classes - 1}."
            )
        return Outputs(values, None)
    if values.ndim != 2 or values.shape[1] != classes or values.dtype.kind not in "iuf":
        raise InputError(
            f"{where} the outputs have the shape {values.shape} ({values.dtype}); give logits or "
            f"probabilities (example, class) of {classes} classes, or labels (example,) as "
            "integers."
        )
    values = values.astype(np.float64)
    if np.isneginf(values).any():
        raise InputError(
            f"{where} some logits are minus infinity; give a finite number, such as -10,000, where "
            "a class is left out."
        )
    if not np.isfinite(values).all():
        raise InputError(
            f"{where} some outputs are not finite, so the network has diverged; train it with a "
            "lower learning rate, or leave it out."
        )
    return Outputs(values.argmax(axis=1), values)


def margins(log_probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the logit of each example's label minus the largest other one, (example,) float16.

    This is the margin of Pleiss et al. (2020), https://arxiv.org/abs/2001.10528, clipped to the
    range of float16.
    """
    own = np.arange(len(labels)), labels
    others = log_probability.copy()
    others[own] = -np.inf
    difference = log_probability[own] - others.max(axis=1)
    return np.clip(difference, -LARGEST, LARGEST).astype(np.float16)


def true_probabilities(log_probability: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the probability of each example's label, (example,) float16."""
    return np.exp(log_probability[np.arange(len(labels)), labels]).astype(np.float16)


def logits_of(outputs: object) -> object:
    """Return the logits in a model's output: the entry of that name, or else the first or only."""
    if isinstance(outputs, Mapping):
        return outputs["logits"] if "logits" in outputs else next(iter(outputs.values()))
    outputs = getattr(outputs, "logits", outputs)
    return outputs[0] if isinstance(outputs, tuple | list) else outputs


def parts_of(batch: object) -> tuple[object, object | None, object | None]:
    """Return the inputs, the labels and the ids of a batch; labels and ids may be None.

    A batch is the inputs alone; a sequence of inputs, labels and optionally ids; or a mapping with
    the optional keys labels (or label) and ids (or id), whose other entries are inputs.

    Raises:
        InputError: a sequence has more than these three parts.
    """
    if isinstance(batch, Mapping):
        inputs = dict(batch)
        labels, ids = (
            next((inputs.pop(name) for name in names if name in inputs), None)
            for names in (NAMES_OF_LABELS, NAMES_OF_IDS)
        )
        return inputs, labels, ids
    if isinstance(batch, tuple | list):
        if len(batch) > 3:
            raise InputError(
                f"a batch of a loader has {len(batch)} parts; give (inputs, labels, ids), or a "
                "mapping with labels and ids."
            )
        inputs, labels, ids = (*batch, None, None)[:3]
        return inputs, labels, ids
    return batch, None, None


def may_be_probabilities(values: np.ndarray) -> bool:
    """Return whether all outputs (example, class) are from 0 to 1."""
    return bool(values.min(initial=0) >= -ROUNDING and values.max(initial=1) <= 1 + ROUNDING)


def sum_to_one(values: np.ndarray) -> np.ndarray:
    """Return which rows (example, class) sum to 1, (example,) bool."""
    return np.abs(values.sum(axis=1) - 1) <= ROUNDING


def log_probability(values: np.ndarray, are_probabilities: bool) -> np.ndarray:
    """Return the log-probabilities (example, class) of probabilities or of logits."""
    if are_probabilities:
        # Single precision is exact down to here, and softmax of a logarithm is the identity.
        values = np.log(np.maximum(values, np.finfo(np.float32).tiny))
    values = values - values.max(axis=1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=1, keepdims=True))
