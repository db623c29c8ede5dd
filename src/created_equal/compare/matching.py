"""Matching the rows of a published score with our examples."""

import numpy as np
import xarray as xr

from created_equal.artefacts import definition_of
from created_equal.compare.published import Published
from created_equal.errors import InputError
from created_equal.study import SOURCE_SIZES


def names_of_rows(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    """Return the name of each row's example in our scores, which is its position in the source.

    Keys are positions, counted through the train set and then the test set, or within the split if
    one is given. Rows without keys are in the order of the source or of our examples, whichever has
    that many; keys that are a permutation of 0, 1, ... are places in this order, unless they are
    positions for certain.

    Returns:
        (row,) int64, including names that our scores do not have.

    Raises:
        InputError: no order has as many examples, or two orders of different examples do; rows are
            counted from 1; or the labels show that the rows are in another order.
    """
    keys, counts = published.keys, np.arange(len(published.values))
    may_count = keys is not None and not published.are_positions
    if may_count and np.array_equal(np.sort(keys), counts + 1):
        raise InputError(
            f"the rows of {published.path} are counted from 1; count them from 0, or, if these are "
            "positions in the source, name their column with --key."
        )
    if keys is None:
        names = _in_order(published, scores, split)
    elif may_count and np.array_equal(np.sort(keys), counts):
        names = _in_order(published, scores, split)[keys]
    else:
        names = keys + (_start_of_test(published, scores) if split == "test" else 0)
    _check_labels(published, scores, names)
    return names


def _in_order(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    rows, ours = len(published.values), scores["example"].values
    is_test = scores["example_split"].values == "test"
    orders = [("both", ours), ("train", ours[~is_test]), ("test", ours[is_test])]
    if sizes := _whole_sizes(scores):
        whole, train = np.arange(sum(sizes)), sizes[0]
        orders += [("both", whole), ("train", whole[:train]), ("test", whole[train:])]
    orders = [names for which, names in orders if split in (None, which) and len(names) == rows]
    if orders and all(np.array_equal(orders[0], names) for names in orders):
        return orders[0]
    if orders:
        raise InputError(
            f"the {rows:,} rows of {published.path} may be the train or the test set; choose one "
            "with --split train or --split test."
        )
    known = f" ({sizes[0]:,} and {sizes[1]:,} in the whole source)" if sizes else ""
    raise InputError(
        f"{published.path} has {rows:,} rows, but there are {np.sum(~is_test):,} train and "
        f"{np.sum(is_test):,} test examples{known}; give a file with a row for each, or with a "
        "column of positions (--key)."
    )


def _whole_sizes(scores: xr.Dataset) -> tuple[int, int] | None:
    return SOURCE_SIZES.get(definition_of(scores).get("dataset", {}).get("source"))


def _start_of_test(published: Published, scores: xr.Dataset) -> int:
    """Return the position of the first test example of the source."""
    if sizes := _whole_sizes(scores):
        return sizes[0]
    ours = scores["example"].values
    is_test = scores["example_split"].values == "test"
    first = int(np.sum(~is_test))
    if np.array_equal(ours, np.arange(len(ours))) and is_test[first:].all():
        return first
    raise InputError(
        f"where the test set begins in the source is not known, so the positions in "
        f"{published.path} must be counted through the train and then the test set; leave --split "
        "out."
    )


def _check_labels(published: Published, scores: xr.Dataset, names: np.ndarray) -> None:
    """Check that labels in the file match ours, up to the numbering of the classes."""
    common, ours, rows = np.intersect1d(scores["example"].values, names, return_indices=True)
    if published.labels is None or not len(common):
        return
    theirs = published.labels[rows].astype(np.int64)
    pairs = np.unique([theirs, scores["label"].values[ours]], axis=1)
    if len(pairs[0]) > max(len(np.unique(each)) for each in pairs):
        raise InputError(
            f"the labels in {published.path} are not those of our examples, so its rows are in "
            "another order or of another data set; name the column of positions with --key, or the "
            "set with --split."
        )
