"""Which of our examples the rows of a published file are about."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from created_equal.compare.matching import names_of_rows
from created_equal.compare.published import Published
from created_equal.errors import InputError


def scores_of(names, is_test, source=None, labels=None):
    labels = np.zeros(len(names), dtype=int) if labels is None else labels
    definition = f'{{"dataset": {{"source": "{source}"}}}}' if source else "{}"
    return xr.Dataset(
        {"label": ("example", labels)},
        coords={"example": names, "example_split": ("example", np.where(is_test, "test", "train"))},
        attrs={"definition": definition},
    )


def published(rows, keys=None, labels=None):
    return Published(Path("scores.npz"), "scores", np.arange(float(rows)), keys, labels)


MAMMALS = np.array([4, 7, 49_999, 50_002, 59_999])  # A part of CIFAR-100.
SUPERCLASS = scores_of(MAMMALS, MAMMALS >= 50_000, "cifar100")
MIXED = scores_of(np.array([0, 1, 2, 5, 6]), np.array([1, 0, 0, 1, 0], dtype=bool))


@pytest.mark.parametrize(
    "rows, first, last",
    [(50_000, 0, 49_999), (10_000, 50_000, 59_999), (60_000, 0, 59_999)],
)
def test_rows_of_a_whole_source_are_in_its_order(rows, first, last):
    names = names_of_rows(published(rows), SUPERCLASS, None)
    assert names.tolist() == list(range(first, last + 1))


@pytest.mark.parametrize("rows, expected", [(3, [1, 2, 6]), (2, [0, 5]), (5, [0, 1, 2, 5, 6])])
def test_rows_of_our_examples_are_in_our_order(rows, expected):
    assert names_of_rows(published(rows), MIXED, None).tolist() == expected


def test_another_number_of_rows_is_refused():
    with pytest.raises(InputError, match="has 4 rows, but there are 3 train and 2 test examples; "):
        names_of_rows(published(4), MIXED, None)
    with pytest.raises(InputError, match=r"2 test examples \(50,000 and 10,000 in the whole sou"):
        names_of_rows(published(4), SUPERCLASS, None)
    with pytest.raises(InputError, match="has 10,000 rows"):
        names_of_rows(published(10_000), SUPERCLASS, "train")


def test_as_many_train_as_test_examples_need_the_option_split():
    scores = scores_of(np.arange(6), np.arange(6) % 2 == 1)
    with pytest.raises(InputError, match="may be the train or the test set; choose one with"):
        names_of_rows(published(3), scores, None)
    assert names_of_rows(published(3), scores, "train").tolist() == [0, 2, 4]
    assert names_of_rows(published(3), scores, "test").tolist() == [1, 3, 5]


def test_keys_are_positions():
    keys = np.array([59_999, 4, 11])
    assert names_of_rows(published(3, keys), SUPERCLASS, None).tolist() == keys.tolist()


def test_keys_within_the_test_set_begin_with_0():
    keys = np.array([9_999, 2, 11])
    names = names_of_rows(published(3, keys), SUPERCLASS, "test")
    assert names.tolist() == [59_999, 50_002, 50_011]
    contiguous = scores_of(np.arange(8), np.arange(8) >= 5)
    assert names_of_rows(published(1, np.array([2])), contiguous, "test").tolist() == [7]
    alternating = scores_of(np.arange(8), np.arange(8) % 2 == 1)
    train_only = scores_of(np.arange(8) + 1, np.zeros(8, dtype=bool))
    for scores in (MIXED, alternating, train_only):
        with pytest.raises(InputError, match="where the test set begins in the source is not kno"):
            names_of_rows(published(1, np.array([2])), scores, "test")


def test_keys_within_the_test_set_come_after_all_train_examples():
    train_only = scores_of(np.arange(8), np.zeros(8, dtype=bool))
    assert names_of_rows(published(1, np.array([2])), train_only, "test").tolist() == [10]


def test_keys_that_count_the_rows_are_their_order():
    """A table of the 10,000 test examples is not about the first 10,000 train examples."""
    keys = np.random.default_rng(0).permutation(10_000)
    names = names_of_rows(published(10_000, keys), SUPERCLASS, None)
    assert names.tolist() == (50_000 + keys).tolist()
    certain = replace(published(10_000, keys), are_positions=True)
    assert names_of_rows(certain, SUPERCLASS, None).tolist() == keys.tolist()
    assert names_of_rows(certain, SUPERCLASS, "test").tolist() == (50_000 + keys).tolist()


def test_rows_that_are_counted_from_1_are_refused():
    """Each example would get the score of its neighbor."""
    keys = np.array([2, 1, 3, 4, 5])
    with pytest.raises(InputError, match="are counted from 1; count them from 0, or, if these are"):
        names_of_rows(published(5, keys), SUPERCLASS, None)


def test_labels_show_that_rows_are_in_another_order():
    names = np.arange(12)
    scores = scores_of(names, names >= 8, labels=names % 3)
    # Classes may be numbered in another way.
    theirs = np.array([7, 2, 5])[names % 3]
    assert names_of_rows(published(12, labels=theirs), scores, None).tolist() == names.tolist()
    with pytest.raises(InputError, match="are not those of our examples, so its rows are in anoth"):
        names_of_rows(published(12, labels=np.sort(theirs)), scores, None)
