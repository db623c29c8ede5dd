"""Matching the rows of a published score with our examples."""

import logging

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import definition_of
from created_equal.compare.published import ENOUGH, Published
from created_equal.errors import InputError
from created_equal.study import SOURCE_SIZES

log = logging.getLogger(__name__)


def names_of(scores: xr.Dataset) -> list[str]:
    """Return the names of the examples that have one; those recorded or imported may have."""
    return [*filter(None, scores["example_name"].values)] if "example_name" in scores else []


def positions_of_rows(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    """Return the position of each row's example in our scores.

    Keys are names of our examples, or positions, counted through the train set and then the test
    set, or within the split if one is given. Rows without keys are in the order of the source or of
    our examples, whichever has that many; numbers that are a permutation of 0, 1, ... are places in
    this order.

    Returns:
        (row,) int64, including positions that our scores do not have; -1 for an unknown name, and
        for an example that is not in the split.

    Raises:
        InputError: no order has as many examples, or two orders of different examples do; rows are
            counted from 1; few names are ours; it is not clear which positions are of test
            examples; or the labels show that the rows are in another order.
    """
    read = {"name": _by_name, "position": _by_position, "number": _by_number}
    positions = read.get(published.key_kind, _in_order)(published, scores, split)
    if split is not None:
        is_other = scores["example_split"].values != split
        positions = np.where(np.isin(positions, scores["example"].values[is_other]), -1, positions)
    _check_labels(published, scores, positions)
    _check_splits(published, scores, positions)
    return positions


def _by_name(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    """Return the positions of the examples that keys name, -1 for other keys."""
    keys, splits = published.keys, scores["example_split"].values
    names = scores["example_name"].values.astype(str)
    places = np.flatnonzero((names != "") & (splits == split if split else True))
    names, splits = pd.Index(names[places]), splits[places]
    if names.has_duplicates:
        raise InputError(
            "train and test examples have the same names, so it is not clear which of them "
            f"{published.path} is about; choose the set with --split train or --split test."
        )
    found = names.get_indexer(keys)
    has_row = np.isin(np.arange(len(names)), found)
    shares = [(found >= 0).mean(), *(has_row[splits == each].mean() for each in np.unique(splits))]
    # Numbers without a gap, which may only count the rows, are names by chance.
    may_count = any({*keys} == {*map(str, first + np.arange(len(keys)))} for first in (0, 1))
    if max(shares) < 1 and (may_count or max(shares) <= ENOUGH):
        raise InputError(
            f"in the column {published.key} of {published.path}, {np.sum(found >= 0):,} of "
            f"{len(keys):,} rows have the name of one of our {len(names):,} examples, too few to "
            "be sure that these are names; name another column with --key, or, if it has "
            "positions, call it position."
        )
    return np.where(found >= 0, scores["example"].values[places[found]], -1)


def _by_number(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    """Return positions: those of rows in order if keys count the rows, otherwise the keys."""
    keys = published.keys
    ascending, counts = np.sort(keys), np.arange(len(keys))
    if np.array_equal(ascending, counts + 1):
        raise InputError(
            f"the rows of {published.path} are counted from 1; count them from 0, or, if these are "
            "positions in the source, name their column with --key."
        )
    if np.array_equal(ascending, counts):
        return _in_order(published, scores, split)[keys]
    return _by_position(published, scores, split)


def _by_position(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    """Return positions in the source, from keys that are such or are positions in the test set.

    Recorded and imported examples are counted without those that were left out, so that a
    position past our train set may be that of another train example.
    """
    _warn_if_names(published, scores)
    keys, start = published.keys, _start_of_test(scores)
    if split == "test":
        if start is None:
            raise InputError(
                f"where the test set begins in the source is not known, so the positions in "
                f"{published.path} must be counted through the train and then the test set; leave "
                "--split out."
            )
        return keys + start
    ours = scores["example"].values
    are_clear = (
        split is not None
        or _source(scores) is not None
        or published.labels is not None  # ``_check_labels`` compares them.
        or np.array_equal(np.sort(keys), ours)
    )
    if not are_clear and start not in (None, len(ours)) and keys.max() >= start:
        raise InputError(
            f"the positions in {published.path} go up to {keys.max():,}, but there are "
            f"{start:,} train examples, so it is not clear which of the others are test examples; "
            "choose the set with --split train or --split test."
        )
    return keys


def _warn_if_names(published: Published, scores: xr.Dataset) -> None:
    """Warn if keys that are taken as positions are all names of ours, of other examples."""
    if not names_of(scores):
        return
    keys, names = published.keys, scores["example_name"].values.astype(str)
    _, ours, rows = np.intersect1d(scores["example"].values, keys, return_indices=True)
    are_same = np.array_equal(names[ours], keys[rows].astype(str))
    if np.isin(keys.astype(str), names).all() and not are_same:
        log.warning(
            "the column %s of %s is taken as positions, although all of them are names of our "
            "examples too: if they are names, call it id",
            *(published.key, published.path),
        )


def _in_order(published: Published, scores: xr.Dataset, split: str | None) -> np.ndarray:
    rows, ours = len(published.values), scores["example"].values
    is_test = scores["example_split"].values == "test"
    orders = [("both", ours), ("train", ours[~is_test]), ("test", ours[is_test])]
    if sizes := _whole_sizes(scores):
        whole, train = np.arange(sum(sizes)), sizes[0]
        orders += [("both", whole), ("train", whole[:train]), ("test", whole[train:])]
    orders = [each for which, each in orders if split in (None, which) and len(each) == rows]
    if orders and all(np.array_equal(orders[0], each) for each in orders):
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


def _source(scores: xr.Dataset) -> str | None:
    """Return the source of a study's data set; None if the scores are not a study's."""
    return definition_of(scores).get("dataset", {}).get("source")


def _whole_sizes(scores: xr.Dataset) -> tuple[int, int] | None:
    return SOURCE_SIZES.get(_source(scores))


def _start_of_test(scores: xr.Dataset) -> int | None:
    """Return the position of the first test example of the source; None if it is not known."""
    if sizes := _whole_sizes(scores):
        return sizes[0]
    return int(np.sum(scores["example_split"].values == "train")) if counts_on(scores) else None


def counts_on(scores: xr.Dataset) -> bool:
    """Return whether examples are numbered 0, 1, ..., the train ones first."""
    ours, is_test = scores["example"].values, scores["example_split"].values == "test"
    return np.array_equal(ours, np.arange(len(ours))) and np.array_equal(is_test, np.sort(is_test))


def _check_labels(published: Published, scores: xr.Dataset, positions: np.ndarray) -> None:
    """Check that labels in the file match ours, up to the numbering of the classes."""
    common, ours, rows = np.intersect1d(scores["example"].values, positions, return_indices=True)
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


def _check_splits(published: Published, scores: xr.Dataset, positions: np.ndarray) -> None:
    """Check that positions in a file with a column split are of the same set in ours.

    In recordings and imports, positions of test examples depend on the number of train examples.
    Studies may have moved some of theirs.
    """
    if published.splits is None or published.key_kind == "name" or _source(scores) is not None:
        return
    _, ours, rows = np.intersect1d(scores["example"].values, positions, return_indices=True)
    differing = rows[published.splits[rows] != scores["example_split"].values[ours]]
    if len(differing):
        row, other = differing.min(), {"train": "test", "test": "train"}
        split = published.splits[row]
        raise InputError(
            f"row {row} of {published.path} has the split {split}, but the position of a "
            f"{other[split]} example of ours; if they are the same examples, leave the column "
            "split out, otherwise give the rows of one set in our order, without a column of "
            "positions."
        )
