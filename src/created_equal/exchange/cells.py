"""Predictions from a long table of cells: one row for each network, epoch and example."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from created_equal.artefacts import MOST_CLASSES
from created_equal.errors import InputError
from created_equal.exchange.log import Log
from created_equal.user_text import lookalike

# What splits are called; those that are not train or test are held out from training, too.
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("test", "val", "valid", "validation", "dev", "eval", "held-out"), "test"),
}

log = logging.getLogger(__name__)


def log_of_cells(
    cells: pd.DataFrame,
    path: Path,
    split: str,
    class_names: Sequence[str],
    first_epoch: int | None,
    cannot_give: Sequence[str],
) -> Log:
    """Return the predictions of a table of cells, after checking that it is complete.

    Args:
        cells: the columns network, epoch, example, predicted, label, and perhaps split. Labels are
            whole numbers from 0, or names.
        path: where they are from, for messages.
        split: of all examples, if there is no column.
        class_names: of the classes in order; without any, names in alphabetical order, or the
            numbers up to the largest.
        first_epoch: the number of the first epoch; None: numbers stay as they are.
        cannot_give: see ``Log``.

    Raises:
        InputError: a value is missing or of the wrong type; a cell is missing; rows contradict one
            another; or a label is none of the classes, or looks like another.
    """
    cells = _complete(cells, path)
    cells = cells.assign(
        epoch=_whole(cells["epoch"], "epoch", path),
        split=_splits(cells, path) if "split" in cells else split,
    )
    if first_epoch is not None:
        cells["epoch"] += first_epoch - cells["epoch"].min()
    elif cells["epoch"].min() == 0:
        log.warning(
            "%s begins with epoch 0, which is taken as the untrained network: if it is the first "
            "trained epoch, give --first-epoch 1",
            path,
        )
    both, names = _encode(cells["label"], cells["predicted"], class_names, path)
    cells["label"], cells["predicted"] = both
    are_whole = _are_whole(cells["network"])
    named = cells["network"].astype(np.int64 if are_whole else str).to_numpy()
    networks, network = np.unique(named, return_inverse=True)
    examples, example, are_positions = _examples(cells)
    _refuse_two(cells, "label", example, "gives example {example} two labels", names, path)
    epochs, epoch = np.unique(cells["epoch"], return_inverse=True)
    shape = len(networks), len(epochs), len(examples)
    place = network, epoch, example
    what = "has two predictions of network {network} for example {example} after epoch {epoch}"
    _refuse_two(cells, "predicted", np.ravel_multi_index(place, shape), what, names, path)
    grid = np.full(shape, -1, dtype=np.int64)
    grid[place] = cells["predicted"]
    _refuse_missing(grid < 0, networks, epochs, examples, path)
    if len(cells) > grid.size:
        log.warning("%s has %d duplicate rows, which are ignored", path, len(cells) - grid.size)
    are_numbers = are_whole and networks[0] >= 0
    if not are_numbers:
        numbered = (f"{number}: {name}" for number, name in enumerate(networks))
        log.info("networks are numbered in this order: %s", ", ".join(numbered))
    return Log(
        predictions=grid,
        labels=examples["label"].to_numpy(),
        class_names=names,
        epochs=epochs,
        is_test=examples["is_test"].to_numpy(),
        networks=networks if are_numbers else np.arange(len(networks)),
        examples=np.array(examples["example"] if are_positions else range(len(examples))),
        example_names=() if are_positions else [*map(str, examples["example"])],
        cannot_give=cannot_give,
    )


def _complete(cells: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return cells, after checking that none is empty, with whole numbers of examples as int64."""
    if not len(cells):
        raise InputError(f"{path} has no predictions; give a file with some.")
    is_object = cells["example"].dtype == object
    if is_object and not cells["example"].map(pd.api.types.is_hashable).all():
        raise InputError(f"{path} has lists as examples; give each example a number or a name.")
    for name in cells:
        if (is_missing := cells[name].isna()).any():
            rows = np.flatnonzero(is_missing)
            raise InputError(
                f"{path} has no {name} in {len(rows)} row{'s' if len(rows) > 1 else ''}, the first "
                f"of which is row {rows[0] + 1}; fill it in, or leave these examples out."
            )
    if _are_whole(cells["example"]):  # pandas makes floats of them if others are missing.
        return cells.assign(example=cells["example"].astype(np.int64))
    return cells


def _examples(cells: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, bool]:
    """Number the examples, train before test; numbers ascend, names are in their first order.

    Returns:
        a table with a row for each example; the number of the example in each row of cells; and
        whether the examples are positions.
    """
    table = cells[["example", "split", "label"]].drop_duplicates(["example", "split"])
    is_integer = pd.api.types.is_integer_dtype(table["example"])
    # Larger numbers, such as hashes, are names: JavaScript would round them.
    are_numbers = is_integer and table["example"].between(0, 2**53).all()
    order = ["is_test", "example"] if are_numbers else ["is_test"]
    table = table.assign(is_test=table["split"] == "test").sort_values(order, kind="stable")
    table = table.reset_index(drop=True)
    index = pd.MultiIndex.from_frame(table[["example", "split"]])
    numbers = index.get_indexer(pd.MultiIndex.from_frame(cells[["example", "split"]]))
    return table, numbers, bool(are_numbers and table["example"].is_unique)


def _refuse_two(
    cells: pd.DataFrame, column: str, key: np.ndarray, what: str, names: Sequence[str], path: Path
) -> None:
    """Raise InputError if rows with the same key, (row,) integers, have two different labels."""
    first = cells[column].groupby(key, sort=False).transform("first").to_numpy()
    differs = first != cells[column].to_numpy()
    if differs.any():
        row = differs.argmax()
        cell = cells.iloc[row]
        raise InputError(
            f"{path} {what.format(**cell)}, {names[first[row]]} and {names[cell[column]]} "
            f"(row {row + 1}); give one."
        )


def _refuse_missing(
    is_missing: np.ndarray,
    networks: np.ndarray,
    epochs: np.ndarray,
    examples: pd.DataFrame,
    path: Path,
) -> None:
    if not is_missing.any():
        return
    first, *others = ~is_missing.all(axis=2)
    for network, has in zip(networks[1:], others, strict=True):
        if not np.array_equal(has, first):
            raise InputError(
                f"{path} has the epochs {_list(epochs[first])} of network {networks[0]}, but "
                f"{_list(epochs[has])} of network {network}; give the same epochs of all networks."
            )
    network, epoch, example = np.argwhere(is_missing)[0]
    n_others = is_missing.sum() - 1
    more = f", and {n_others} more {'is' if n_others == 1 else 'are'} missing" if n_others else ""
    raise InputError(
        f"{path} has no prediction of network {networks[network]} for example "
        f"{examples['example'].iloc[example]} after epoch {epochs[epoch]}"
        f"{more}; give all, or leave out the examples that are not complete."
    )


def _encode(
    labels: pd.Series, predicted: pd.Series, class_names: Sequence[str], path: Path
) -> tuple[np.ndarray, Sequence[str]]:
    """Return labels and predicted labels as numbers, (2, row) int64, and the names of classes."""
    are_numbers = [_are_whole(each) for each in (labels, predicted)]
    if all(are_numbers):
        both = np.stack([each.to_numpy().astype(np.int64) for each in (labels, predicted)])
        low, high = both.min(), both.max()
        classes = len(class_names) or min(int(high) + 1, MOST_CLASSES)
        if low < 0 or high >= classes:
            raise InputError(
                f"{path} has the label {low if low < 0 else high}, but labels are the whole "
                f"numbers 0 to {classes - 1}; correct it, or name all classes with --classes."
            )
        if low > 0:
            log.warning(
                "%s has no label 0, so class 0 of %d has no examples: if its labels count from 1, "
                "subtract 1 from them",
                *(path, classes),
            )
        return both, class_names or [*map(str, range(classes))]
    for each in (labels, predicted):
        if pd.api.types.is_float_dtype(each) and not _are_whole(each):
            odd = next(value for value in each if value % 1)
            raise InputError(
                f"{path} has the {'label' if each is labels else 'predicted label'} {odd}; give "
                "whole numbers or names of classes, neither probabilities nor values of a "
                "regression."
            )
    if any(are_numbers) and not class_names:
        which = ("labels", "predicted labels")
        raise InputError(
            f"{path} has names as {which[are_numbers.index(False)]} and numbers as "
            f"{which[are_numbers.index(True)]}; give names of both, or numbers, or the names in "
            "the order of the numbers with --classes."
        )
    texts = [
        (each.astype(np.int64) if is_number else each).astype(str)
        for each, is_number in zip((labels, predicted), are_numbers, strict=True)
    ]
    found = sorted({*texts[0], *texts[1]})
    names = class_names or found
    codes = {name: number for number, name in enumerate(names)}
    if class_names and any(are_numbers):
        # Numbers are places in the list of names.
        codes |= {str(number): number for number in range(len(names))}
    for name in found:
        others = [] if name in class_names else [each for each in names if each != name]
        if alike := lookalike(name, others):
            raise InputError(
                f"{path} has the labels {name!r} and {alike!r}, which look alike; write both in "
                "one way, or name both with --classes if both are meant."
            )
        if name not in codes:
            raise InputError(
                f"{path} has the label {name}, which is none of the classes "
                f"{', '.join(names[:10])}; correct it, or name it with --classes."
            )
    return np.stack([each.map(codes).to_numpy(np.int64) for each in texts]), names


def _are_whole(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return False
    has_64_bits = (values >= -(2**63)) & (values < 2**63)
    return bool((has_64_bits & (values == np.floor(values))).all())


def _whole(values: pd.Series, name: str, path: Path) -> pd.Series:
    if not _are_whole(values) or values.min() < 0:
        wrong = next(
            each
            for each in values
            if isinstance(each, bool)
            or not isinstance(each, (int, float))
            or not (0 <= each < 2**63 and each == int(each))
        )
        raise InputError(f"{path} has the {name} {wrong}; give whole numbers, starting at 0.")
    return values.astype(np.int64)


def _splits(cells: pd.DataFrame, path: Path) -> pd.Series:
    values = cells["split"]
    folded = values.astype(str).str.strip().str.lower()
    unknown = values[~folded.isin(SPLIT_NAMES)]
    if len(unknown):
        raise InputError(f"{path} has the split {unknown.iloc[0]}; write train or test.")
    split = folded.map(SPLIT_NAMES)
    each = pd.DataFrame({"example": cells["example"], "split": split, "own": folded})
    each = each.drop_duplicates()
    if len(twice := each[each.duplicated(["example", "split"], keep=False)]):
        example = twice["example"].iloc[0]
        one, other, *_ = twice["own"][twice["example"] == example]
        raise InputError(
            f"{path} has an example {example} in {one} and in {other}, which both count as "
            f"{twice['split'].iloc[0]}; leave one of these splits out."
        )
    for other in sorted({*folded} - {"train", "test"}):
        log.info("the split %s is taken as %s", other, SPLIT_NAMES[other])
    return split


def _list(values: np.ndarray) -> str:
    shown = [*map(str, values)]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:3], "...", *shown[-2:]])
