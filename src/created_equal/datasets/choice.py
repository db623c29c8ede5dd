"""Fixed choices of examples: stratified, or in a random order."""

import numpy as np
import pandas as pd

from created_equal.artefacts import content_hash
from created_equal.datasets.source import Source
from created_equal.errors import InputError


def choose_stratified(labels: np.ndarray, positions: np.ndarray, n_chosen: int) -> np.ndarray:
    """Choose examples so that each class keeps its share.

    The choice depends on the arguments alone. Within a class, examples are ordered by a hash of
    their positions. Every class gets one example, and all others are distributed by Webster's
    method, see ``due_times``. So classes of equal size differ by at most one example, and a smaller
    choice is contained in a larger one.

    Args:
        labels: (example,) integers.
        positions: (example,) integers, all different.
        n_chosen: between the number of classes and the number of examples.

    Returns:
        (n_chosen,) int64, ascending indices into ``labels``.
    """
    hashes = np.array([content_hash(b"%d" % each) for each in positions.tolist()], dtype=np.uint64)
    by_class = np.lexsort((hashes, labels))
    is_first = ~pd.Series(labels[by_class]).duplicated()
    due = np.where(is_first, 0.0, due_times(labels[by_class]))
    return np.sort(by_class[np.argsort(due, kind="stable")[:n_chosen]])


def due_times(labels: np.ndarray) -> np.ndarray:
    """Return when examples are due, if each class is to have its share at any time: (example,).

    The r-th example (r = 0, 1, ...) of a class of n is due at (r + 1/2) / n (Webster's method).
    """
    by_class = pd.Series(labels).groupby(labels)
    return ((by_class.cumcount() + 0.5) / by_class.transform("size")).to_numpy()


def choose_examples(
    source: Source, train_examples: int | None, test_examples: int | None
) -> np.ndarray:
    """Choose ascending rows of a source, (chosen,) int64; None chooses the whole split.

    Raises:
        InputError: more examples are requested than exist, or fewer than there are classes.
    """
    train = _choose_from_split(source, "train", train_examples)
    test = _choose_from_split(source, "test", test_examples)
    return np.sort(np.concatenate([train, test]))


def random_order(seed: int, stream: int, n_examples: int) -> np.ndarray:
    """Return a permutation, the argsort of counter-based random words: the same everywhere."""
    words = np.random.Philox(key=np.array([seed, stream], dtype=np.uint64)).random_raw(n_examples)
    return np.argsort(words, kind="stable")


def _choose_from_split(source: Source, split: str, n_chosen: int | None) -> np.ndarray:
    rows = np.flatnonzero(source.is_test == (split == "test"))
    if n_chosen is None:
        return rows
    if n_chosen > len(rows):
        raise InputError(
            f"{split}_examples asks for {n_chosen} examples, but there are only {len(rows)} "
            f"{split} examples; ask for at most {len(rows)}, or leave {split}_examples out."
        )
    classes = len(source.class_names)
    if n_chosen < classes:
        raise InputError(
            f"{split}_examples asks for {n_chosen} examples, fewer than the {classes} classes; "
            f"ask for at least {classes}, or leave {split}_examples out."
        )
    return rows[choose_stratified(source.labels[rows], source.positions[rows], n_chosen)]
