"""The fixed, stratified choice of some examples."""

from hashlib import blake2b

import numpy as np

from created_equal.datasets.source import Source
from created_equal.errors import InputError


def choose_stratified(labels: np.ndarray, positions: np.ndarray, count: int) -> np.ndarray:
    """Choose ``count`` examples whose classes are as common as among all.

    The choice follows from the arguments alone. Within a class the examples stand in the order of
    a hash of their positions. Every class gets one example; each further one goes to the class
    where it is due by Webster's method: the r-th of a class of n (r = 0, 1, ...) at (r + 1/2) / n.
    So classes of equal size differ by at most one, and the choice of a smaller count is contained
    in that of a larger one.

    Args:
        labels: (example,) integers.
        positions: (example,) integers, all different.
        count: between the number of classes and the number of examples.

    Returns:
        (count,) int64, rows of ``labels``, rising.
    """
    by_class = np.lexsort((_hashes(positions), labels))
    _, starts, sizes = np.unique(labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(starts, sizes)
    due = np.where(rank == 0, 0.0, (rank + 0.5) / np.repeat(sizes, sizes))
    return np.sort(by_class[np.argsort(due, kind="stable")[:count]])


def choose_examples(
    source: Source, train_examples: int | None, test_examples: int | None
) -> np.ndarray:
    """Choose the rows of a source that a dataset keeps; None keeps the whole split.

    Returns:
        (chosen,) int64, rows of the source, rising.

    Raises:
        InputError: more examples are asked for than there are, or fewer than classes.
    """
    return np.sort(
        np.concatenate(
            [
                _choose_of_split(source, "train", train_examples),
                _choose_of_split(source, "test", test_examples),
            ]
        )
    )


def _choose_of_split(source: Source, split: str, count: int | None) -> np.ndarray:
    rows = np.flatnonzero(source.is_test == (split == "test"))
    if count is None:
        return rows
    if count > len(rows):
        raise InputError(
            f"{split}_examples asks for {count} examples, but there are only {len(rows)} "
            f"{split} examples; ask for at most {len(rows)}, or leave {split}_examples out."
        )
    classes = len(source.class_names)
    if count < classes:
        raise InputError(
            f"{split}_examples asks for {count} examples, fewer than the {classes} classes; "
            f"ask for at least {classes}, or leave {split}_examples out."
        )
    return rows[choose_stratified(source.labels[rows], source.positions[rows], count)]


def _hashes(positions: np.ndarray) -> np.ndarray:
    return np.array(
        [
            int.from_bytes(blake2b(b"%d" % position, digest_size=8).digest(), "little")
            for position in positions.tolist()
        ],
        dtype=np.uint64,
    )
