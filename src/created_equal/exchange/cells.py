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
        InputError: a value is missing, or of the wrong type; a cell is missing, or occurs twice
            with two predictions; an example has two labels or two splits; networks have different
            epochs; or a label is none of the classes, or looks like another.
    """
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
    cells = cells.assign(
        epoch=_whole(cells["epoch"], "epoch", path),
        split=_splits(cells["split"], path) if "split" in cells else split,
    )
    if first_epoch is not None:
        cells["epoch"] += first_epoch - cells["epoch"].min()
    labels, predicted, names = _encode(cells["label"], cells["predicted"], class_names, path)
    cells = cells.assign(label=labels, predicted=predicted)
    networks, network = _codes(cells["network"])
    examples, example, are_positions = _examples(cells)
    _refuse_two_labels(cells, examples, example, names, path)
    epochs, epoch = np.unique(cells["epoch"], return_inverse=True)
    shape = len(networks), len(epochs), len(examples)
    flat = np.ravel_multi_index((network, epoch, example), shape)
    first = pd.Series(flat).drop_duplicates().index.to_numpy()
    grid = np.full(np.prod(shape), -1, dtype=np.int64)
    grid[flat[first]] = predicted[first]
    _refuse_two_predictions(grid, flat, cells, names, path)
    grid = grid.reshape(shape)
    _refuse_missing(grid < 0, networks, epochs, examples, path)
    if len(cells) > grid.size:
        log.warning("%s has %d duplicate rows, which are ignored", path, len(cells) - grid.size)
    are_numbers = [isinstance(each, (int, np.integer)) and each >= 0 for each in networks]
    if not all(are_numbers):
        log.info(
            "networks are numbered in this order: %s",
            ", ".join(f"{number}: {name}" for number, name in enumerate(networks)),
        )
    return Log(
        predictions=grid,
        labels=examples["label"].to_numpy(),
        class_names=names,
        epochs=epochs,
        is_test=examples["is_test"].to_numpy(),
        networks=np.array(networks if all(are_numbers) else range(len(networks))),
        examples=np.array(examples["example"] if are_positions else range(len(examples))),
        example_names=() if are_positions else [*map(str, examples["example"])],
        cannot_give=cannot_give,
    )


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


def _refuse_two_labels(
    cells: pd.DataFrame,
    examples: pd.DataFrame,
    example: np.ndarray,
    names: Sequence[str],
    path: Path,
) -> None:
    differs = examples["label"].to_numpy()[example] != cells["label"].to_numpy()
    if differs.any():
        row = np.flatnonzero(differs)[0]
        of = examples.iloc[example[row]]
        raise InputError(
            f"{path} gives example {of['example']} two labels, {names[of['label']]} and "
            f"{names[cells['label'].iloc[row]]} (row {row + 1}); give each example one label."
        )


def _refuse_two_predictions(
    grid: np.ndarray, flat: np.ndarray, cells: pd.DataFrame, names: Sequence[str], path: Path
) -> None:
    differs = grid[flat] != cells["predicted"].to_numpy()
    if differs.any():
        row = np.flatnonzero(differs)[0]
        cell = cells.iloc[row]
        raise InputError(
            f"{path} has two predictions of network {cell['network']} for example "
            f"{cell['example']} after epoch {cell['epoch']}, {names[grid[flat[row]]]} and "
            f"{names[cell['predicted']]} (row {row + 1}); give one."
        )


def _refuse_missing(
    is_missing: np.ndarray,
    networks: Sequence,
    epochs: np.ndarray,
    examples: pd.DataFrame,
    path: Path,
) -> None:
    if not is_missing.any():
        return
    has = ~is_missing.all(axis=2)
    for number, of_network in enumerate(has):
        if not np.array_equal(of_network, has[0]):
            raise InputError(
                f"{path} has the epochs {_list(epochs[has[0]])} of network {networks[0]}, but "
                f"{_list(epochs[of_network])} of network {networks[number]}; give the same epochs "
                "of all networks."
            )
    network, epoch, example = np.argwhere(is_missing)[0]
    others = int(is_missing.sum()) - 1
    more = f", and {others} more {'is' if others == 1 else 'are'} missing" if others else ""
    raise InputError(
        f"{path} has no prediction of network {networks[network]} for example "
        f"{examples['example'].iloc[example]} after epoch {epochs[epoch]}"
        f"{more}; give all, or leave out the examples that are not complete."
    )


def _encode(
    labels: pd.Series, predicted: pd.Series, class_names: Sequence[str], path: Path
) -> tuple[np.ndarray, np.ndarray, Sequence[str]]:
    """Return labels and predicted labels as numbers, and the names of classes."""
    are_numbers = [_are_whole(each) for each in (labels, predicted)]
    if all(are_numbers):
        both = [each.to_numpy().astype(np.int64) for each in (labels, predicted)]
        low, high = int(min(map(np.min, both))), int(max(map(np.max, both)))
        classes = len(class_names) if class_names else min(high + 1, MOST_CLASSES)
        if low < 0 or high >= classes:
            wrong = low if low < 0 else high
            raise InputError(
                f"{path} has the label {wrong}, but labels are the whole numbers 0 to "
                f"{classes - 1}; correct it, or name all classes with --classes."
            )
        if not any((each == 0).any() for each in both):
            log.warning(
                "%s has no label 0, so class 0 of %d has no examples: if its labels count from 1, "
                "subtract 1 from them",
                path,
                classes,
            )
        return *both, class_names or [*map(str, range(classes))]
    if any(are_numbers) and not class_names:
        which = ("labels", "predicted labels")
        raise InputError(
            f"{path} has names as {which[are_numbers.index(False)]} and numbers as "
            f"{which[are_numbers.index(True)]}; give names of both, or numbers, or the names in "
            "the order of the numbers with --classes."
        )
    texts = [_as_text(each) for each in (labels, predicted)]
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
    both = [each.map(codes).to_numpy(np.int64) for each in texts]
    return *both, names


def _are_whole(values: pd.Series) -> bool:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return False
    has_64_bits = (values >= -(2**63)) & (values < 2**63)
    return bool((has_64_bits & (values == np.floor(values))).all())


def _as_text(values: pd.Series) -> pd.Series:
    return values.astype(np.int64).astype(str) if _are_whole(values) else values.astype(str)


def _whole(values: pd.Series, name: str, path: Path) -> pd.Series:
    if not _are_whole(values) or values.min() < 0:
        wrong = next(
            each
            for each in values
            if isinstance(each, bool)
            or not isinstance(each, (int, float))
            or not (0 <= each < 2**63 and each == int(each))
        )
        raise InputError(f"{path} has the {name} {wrong}; give whole numbers from 0 on.")
    return values.astype(np.int64)


def _splits(values: pd.Series, path: Path) -> pd.Series:
    folded = values.astype(str).str.strip().str.lower()
    unknown = folded[~folded.isin(SPLIT_NAMES)]
    if len(unknown):
        raise InputError(
            f"{path} has the split {values.loc[unknown.index[0]]}; write train or test."
        )
    others = sorted({*folded} - {"train", "test"})
    if others:
        log.info(
            "%s", ", ".join(f"the split {each} is taken as {SPLIT_NAMES[each]}" for each in others)
        )
    return folded.map(SPLIT_NAMES)


def _codes(values: pd.Series) -> tuple[list, np.ndarray]:
    """Return different values in order, numbers if all are, and the place of each."""
    values = values.astype(np.int64 if _are_whole(values) else str)
    different, codes = np.unique(values.to_numpy(), return_inverse=True)
    return different.tolist(), codes


def _list(values: np.ndarray) -> str:
    shown = [*map(str, values)]
    return ", ".join(shown if len(shown) <= 8 else [*shown[:3], "...", *shown[-2:]])
