"""Reading logits, and whether networks are right, from numpy's files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from created_equal.artefacts import label_dtype
from created_equal.errors import InputError, because
from created_equal.exchange.log import Log
from created_equal.exchange.others_logs import argmax

LABELS = ("labels", "label", "targets", "y")
LOGITS = ("logits", "logit", "probabilities", "outputs")
CORRECTNESS = ("correctness", "correct", "right", "is_right")
VALUES_AT_ONCE = 2**24


def log_of_arrays(
    source: str,
    path: Path,
    labels: Path | None,
    split: str,
    class_names: Sequence[str],
    first_epoch: int,
) -> Log:
    """Return the predictions of logits (or probabilities), or of whether networks are right.

    Args:
        source: "logits", (network, epoch, example, class), (network, example, class) or (example,
            class): of equal ones, the smallest label is predicted. Or "correctness", (network,
            epoch, example) or (network, example), bool or 0 and 1.
        path: .npy or .npz; logits are read piece by piece from an .npy file.
        labels: .npy (example,) whole numbers; None: in the .npz, or labels.npy in its folder.
            Without any, all examples of correctness have the first label.
        split: of all examples.
        class_names: the K classes, which chance depends on; without any, logits have numbers.
        first_epoch: the number of the first epoch.

    Raises:
        InputError: a file cannot be read, shapes do not fit, a largest logit is not finite, a value
            of correctness is neither 0 nor 1, or there are no classes.
    """
    if source == "logits":
        found = _read_logits(path, labels, class_names, first_epoch)
    else:
        found = _read_correctness(path, labels, class_names)
    predictions, label, class_names = found
    networks, epochs, examples = predictions.shape
    return Log(
        predictions,
        label,
        class_names,
        np.arange(first_epoch, first_epoch + epochs),
        np.full(examples, split == "test"),
        np.arange(networks),
        np.arange(examples),
        correctness_only=source == "correctness",
    )


def _read_logits(
    path: Path, labels: Path | None, class_names: Sequence[str], first_epoch: int
) -> tuple[np.ndarray, np.ndarray, Sequence[str]]:
    """Return predictions (network, epoch, example), labels (example,), and names of classes."""
    logits, arrays = _find(path, LOGITS)
    if logits.ndim not in (2, 3, 4) or logits.dtype.kind not in "iuf" or not logits.size:
        raise InputError(
            f"{path} has an array of {logits.dtype} and shape {logits.shape}; give logits as "
            "(network, epoch, example, class), (network, example, class) or (example, class)."
        )
    leading = {2: (1, 1), 3: (len(logits), 1), 4: logits.shape[:2]}[logits.ndim]
    logits = logits.reshape(*leading, *logits.shape[-2:])
    *shape, examples, classes = logits.shape
    label = _labels(path, labels, arrays, examples, classes)
    if label is None:
        raise InputError(
            f"{path} has no labels; put them into the file (labels) or its folder (labels.npy), or "
            "name their file with --labels."
        )
    predicted = np.empty((*shape, examples), dtype=label_dtype(max(classes, 2)))
    at_once = max(1, VALUES_AT_ONCE // classes)
    for network, epoch in np.ndindex(*shape):
        for start in range(0, examples, at_once):
            block = slice(start, start + at_once)
            where = f"{path}: network {network}, epoch {first_epoch + epoch}: it"
            predicted[network, epoch, block] = argmax(
                logits[network, epoch, block], where, range(examples)[block]
            )
    if class_names and len(class_names) != classes:
        raise InputError(
            f"--classes names {len(class_names)} classes, but {path} has logits of {classes}; name "
            "them all, in the order of the logits."
        )
    return predicted, label, class_names or [*map(str, range(classes))]


def _read_correctness(
    path: Path, labels: Path | None, class_names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, Sequence[str]]:
    """Return the same as ``_read_logits``; wrong networks predict the label after the right one."""
    right, arrays = _find(path, CORRECTNESS)
    if right.ndim not in (2, 3) or right.dtype.kind not in "biuf" or not right.size:
        raise InputError(
            f"{path} has an array of {right.dtype} and shape {right.shape}; give whether networks "
            "are right as (network, epoch, example) or (network, example), true or false."
        )
    wrong = ~np.isin(right, (0, 1))
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        raise InputError(
            f"{path} has {right[place]} at {place}, which is neither 0 nor 1; give true where a "
            "network is right, and false where it is wrong."
        )
    if not class_names:
        raise InputError(
            f"{path} does not say how many classes there are, which chance depends on; name them, "
            "or their number, with --classes."
        )
    classes, examples = len(class_names), right.shape[-1]
    right = right.astype(bool).reshape(len(right), -1, examples)
    label = _labels(path, labels, arrays, examples, classes)
    if label is None:
        label = np.zeros(examples, dtype=np.int64)
    predicted = np.where(right, label, (label + 1) % classes)
    return predicted.astype(label_dtype(classes)), label, class_names


def _find(path: Path, names: Sequence[str]) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
    """Return the array in a file, and all arrays by name."""
    arrays = _load(path)
    if isinstance(arrays, np.ndarray):
        return arrays, {}
    chosen = [arrays[name] for name in names if name in arrays]
    others = [array for name, array in arrays.items() if name not in LABELS]
    if not chosen and len(others) == 1:
        chosen = others
    if len(chosen) != 1:
        raise InputError(
            f"{path} has the arrays {', '.join(arrays) or 'none'}; name one of them {names[0]}."
        )
    return chosen[0], arrays


def _load(path: Path) -> np.ndarray | dict[str, np.ndarray]:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
        # Arrays of an .npz file are not read before they are asked for.
        return found if isinstance(found, np.ndarray) else dict(found)
    except OSError as error:
        raise InputError(f"{path} cannot be read {because(error, 'name another file')}") from error
    except Exception as error:  # numpy raises many types on broken files
        raise InputError(
            f"{path} is not an array in numpy's format ({' '.join(str(error).split())}); write it "
            "with numpy.save or numpy.savez, without objects."
        ) from error


def _labels(
    path: Path, labels: Path | None, arrays: Mapping[str, np.ndarray], examples: int, classes: int
) -> np.ndarray | None:
    where = labels or path.with_name("labels.npy")
    inside = next((arrays[name] for name in LABELS if name in arrays), None)
    if inside is not None and labels is None:
        given, where = inside, path
    elif where.exists() or labels is not None:
        given = _load(where)
    else:
        return None
    if not isinstance(given, np.ndarray) or given.shape != (examples,):
        raise InputError(
            f"the labels in {where} have the shape {getattr(given, 'shape', '?')}, but there are "
            f"{examples} examples in {path}; give one label for each."
        )
    if given.dtype.kind not in "iu":
        raise InputError(
            f"the labels in {where} are {given.dtype}; give whole numbers from 0 to {classes - 1}."
        )
    if given.min() < 0 or given.max() >= classes:
        raise InputError(
            f"the labels in {where} are from {given.min()} to {given.max()}, but there are "
            f"{classes} classes; give whole numbers from 0 to {classes - 1}."
        )
    return given.astype(np.int64)
