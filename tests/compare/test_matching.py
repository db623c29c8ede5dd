"""Which of our examples the rows of a published file are about."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from created_equal.compare.matching import positions_of_rows
from created_equal.compare.published import Published
from created_equal.errors import InputError


def scores_of(positions, is_test, source=None, labels=None, names=None):
    labels = np.zeros(len(positions), dtype=int) if labels is None else labels
    definition = f'{{"dataset": {{"source": "{source}"}}}}' if source else "{}"
    splits = np.where(is_test, "test", "train")
    scores = xr.Dataset(
        {"label": ("example", labels)},
        coords={"example": positions, "example_split": ("example", splits)},
        attrs={"definition": definition},
    )
    return scores if names is None else scores.assign(example_name=("example", names))


def published(rows, keys=None, labels=None):
    kind = None if keys is None else "name" if keys.dtype.kind == "U" else "number"
    values = np.arange(float(rows))
    return Published(Path("scores.npz"), "scores", values, keys, "id", kind, labels)


MAMMALS = np.array([4, 7, 49_999, 50_002, 59_999])  # A part of CIFAR-100.
SUPERCLASS = scores_of(MAMMALS, MAMMALS >= 50_000, "cifar100")
MIXED = scores_of(np.array([0, 1, 2, 5, 6]), np.array([1, 0, 0, 1, 0], dtype=bool))


@pytest.mark.parametrize(
    "rows, first, last",
    [(50_000, 0, 49_999), (10_000, 50_000, 59_999), (60_000, 0, 59_999)],
)
def test_rows_of_a_whole_source_are_in_its_order(rows, first, last):
    names = positions_of_rows(published(rows), SUPERCLASS, None)
    assert names.tolist() == list(range(first, last + 1))


@pytest.mark.parametrize("rows, expected", [(3, [1, 2, 6]), (2, [0, 5]), (5, [0, 1, 2, 5, 6])])
def test_rows_of_our_examples_are_in_our_order(rows, expected):
    assert positions_of_rows(published(rows), MIXED, None).tolist() == expected


def test_another_number_of_rows_is_refused():
    with pytest.raises(InputError, match="has 4 rows, but there are 3 train and 2 test examples; "):
        positions_of_rows(published(4), MIXED, None)
    with pytest.raises(InputError, match=r"2 test examples \(50,000 and 10,000 in the whole sou"):
        positions_of_rows(published(4), SUPERCLASS, None)
    with pytest.raises(InputError, match="has 10,000 rows"):
        positions_of_rows(published(10_000), SUPERCLASS, "train")


def test_as_many_train_as_test_examples_need_the_option_split():
    scores = scores_of(np.arange(6), np.arange(6) % 2 == 1)
    with pytest.raises(InputError, match="may be the train or the test set; choose one with"):
        positions_of_rows(published(3), scores, None)
    assert positions_of_rows(published(3), scores, "train").tolist() == [0, 2, 4]
    assert positions_of_rows(published(3), scores, "test").tolist() == [1, 3, 5]


def test_keys_are_positions():
    keys = np.array([59_999, 4, 11])
    assert positions_of_rows(published(3, keys), SUPERCLASS, None).tolist() == keys.tolist()


def test_keys_within_the_test_set_begin_with_0():
    keys = np.array([9_999, 2, 11])
    names = positions_of_rows(published(3, keys), SUPERCLASS, "test")
    assert names.tolist() == [59_999, 50_002, 50_011]
    contiguous = scores_of(np.arange(8), np.arange(8) >= 5)
    assert positions_of_rows(published(1, np.array([2])), contiguous, "test").tolist() == [7]
    alternating = scores_of(np.arange(8), np.arange(8) % 2 == 1)
    train_only = scores_of(np.arange(8) + 1, np.zeros(8, dtype=bool))
    for scores in (MIXED, alternating, train_only):
        with pytest.raises(InputError, match="where the test set begins in the source is not kno"):
            positions_of_rows(published(1, np.array([2])), scores, "test")


def test_keys_within_the_test_set_come_after_all_train_examples():
    train_only = scores_of(np.arange(8), np.zeros(8, dtype=bool))
    assert positions_of_rows(published(1, np.array([2])), train_only, "test").tolist() == [10]


def test_keys_that_count_the_rows_are_their_order():
    """A table of the 10,000 test examples is not about the first 10,000 train examples."""
    keys = np.random.default_rng(0).permutation(10_000)
    names = positions_of_rows(published(10_000, keys), SUPERCLASS, None)
    assert names.tolist() == (50_000 + keys).tolist()
    certain = replace(published(10_000, keys), key_kind="position")
    assert positions_of_rows(certain, SUPERCLASS, None).tolist() == keys.tolist()
    assert positions_of_rows(certain, SUPERCLASS, "test").tolist() == (50_000 + keys).tolist()


def test_with_a_split_rows_about_the_other_set_are_left_out():
    keys = np.array([4, 7, 11, 50_002, 59_999])
    assert positions_of_rows(published(5, keys), SUPERCLASS, "train").tolist() == [4, 7, 11, -1, -1]
    assert positions_of_rows(published(5, keys), SUPERCLASS, None).tolist() == keys.tolist()


def test_positions_past_the_train_set_are_ambiguous_if_the_source_is_not_known():
    """A published train set of 20 examples; we recorded 6 of them, and 3 test examples."""
    recorded = scores_of(np.arange(9), np.arange(9) >= 6, labels=np.arange(9) % 3)
    whole = replace(published(20, np.arange(20)), key_kind="position")
    for keys in (whole, published(2, np.array([3, 6])), published(2, np.array([8, 50]))):
        with pytest.raises(InputError, match=r"so it is not clear which of the others are test"):
            positions_of_rows(keys, recorded, None)
    assert positions_of_rows(whole, recorded, "train")[:9].tolist() == [*range(6), -1, -1, -1]
    assert positions_of_rows(whole, recorded, "test")[:3].tolist() == [6, 7, 8]
    # Below the train set's size, with a row for each of ours, or with labels, they are clear.
    for keys in ([0, 5], np.arange(9)[::-1]):
        found = positions_of_rows(published(len(keys), np.array(keys)), recorded, None)
        assert found.tolist() == [*keys]
    keys = np.array([3, 5, 6, 8])
    assert positions_of_rows(published(4, keys, keys % 3), recorded, None).tolist() == keys.tolist()
    with pytest.raises(InputError, match="are not those of our examples"):
        positions_of_rows(published(4, keys, np.array([0, 2, 1, 1])), recorded, None)
    train_only = scores_of(np.arange(6), np.zeros(6, dtype=bool))
    assert positions_of_rows(published(2, np.array([3, 6])), train_only, None).tolist() == [3, 6]


RECORDED = scores_of(np.arange(6), np.arange(6) >= 4, names=["30", "0", "60", "90", "7", "b"])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["90", "30", "0", "60"], [3, 0, 1, 2]),
        (["7", "x", "b"], [4, -1, 5]),  # All test examples.
        ([*map(str, range(100))], None),  # Those that were left out are in the file, too.
        (["30", "0", "90", "x", "y"], [0, 1, 3, -1, -1]),
    ],
)
def test_keys_are_names_of_ours(keys, expected):
    found = positions_of_rows(published(len(keys), np.array(keys)), RECORDED, None)
    if expected is None:
        assert found[[30, 0, 60, 90]].tolist() == [0, 1, 2, 3] and found[1] == -1
    else:
        assert found.tolist() == expected


@pytest.mark.parametrize("keys", [["x", "y", "z"], ["30", "x", "y", "z"], ["0", "1"], ["2", "1"]])
def test_keys_of_which_few_are_names_of_ours_are_refused(keys):
    """Numbers without a gap may count the rows, and 0 be a name by chance."""
    with pytest.raises(
        InputError, match=r"in the column id of .* rows have the name of one of our 6 examples, too"
    ):
        positions_of_rows(published(len(keys), np.array(keys)), RECORDED, None)


def test_names_that_are_in_both_sets_need_the_option_split():
    scores = scores_of(np.arange(6), np.arange(6) >= 3, names=["a", "b", "c"] * 2)
    keys = published(3, np.array(["b", "c", "a"]))
    with pytest.raises(InputError, match=r"train and test examples have the same names, .*choose"):
        positions_of_rows(keys, scores, None)
    assert positions_of_rows(keys, scores, "train").tolist() == [1, 2, 0]
    assert positions_of_rows(keys, scores, "test").tolist() == [4, 5, 3]


def test_a_set_without_names_is_not_matched_by_name():
    scores = scores_of(np.arange(4), np.arange(4) >= 2, names=["a", "b", "", ""])
    assert positions_of_rows(published(2, np.array(["b", "a"])), scores, None).tolist() == [1, 0]


def test_rows_that_are_counted_from_1_are_refused():
    """Each example would get the score of its neighbor."""
    keys = np.array([2, 1, 3, 4, 5])
    with pytest.raises(InputError, match="are counted from 1; count them from 0, or, if these are"):
        positions_of_rows(published(5, keys), SUPERCLASS, None)


def test_labels_show_that_rows_are_in_another_order():
    names = np.arange(12)
    scores = scores_of(names, names >= 8, labels=names % 3)
    # Classes may be numbered in another way.
    theirs = np.array([7, 2, 5])[names % 3]
    assert positions_of_rows(published(12, labels=theirs), scores, None).tolist() == names.tolist()
    with pytest.raises(InputError, match="are not those of our examples, so its rows are in anoth"):
        positions_of_rows(published(12, labels=np.sort(theirs)), scores, None)


def test_a_table_of_another_recording_is_not_matched_by_positions():
    """Of 4 train and 3 test examples, where ours are 3 and 3; there are no labels to tell."""
    scores = scores_of(np.arange(6), np.arange(6) >= 3)
    splits = np.array(["train"] * 4 + ["test"] * 3, dtype=object)
    other = replace(published(7, np.arange(7)), splits=splits, key_kind="position")
    other = replace(other, labels=np.zeros(7, dtype=int))
    for split in (None, "test"):
        row = 3 if split is None else 0
        with pytest.raises(InputError, match=f"row {row} of scores.npz has the split train, but"):
            positions_of_rows(other, scores, split)
    assert positions_of_rows(other, scores, "train").tolist() == [0, 1, 2, -1, -1, -1, 6]
    # An import may hold out examples that others train with, and have the source's positions.
    with pytest.raises(InputError, match="if they are the same examples, leave the column split"):
        positions_of_rows(other, scores, None)
    # A study may have moved train examples to the test set.
    study = scores.assign_attrs(definition='{"dataset": {"source": "digits"}}')
    assert positions_of_rows(other, study, None).tolist() == list(range(7))


@pytest.mark.parametrize(("names", "is_warned"), [("02413", True), ("01234", False)])
def test_positions_that_may_be_names_are_warned_of(caplog, names, is_warned):
    """As in a column example, whose whole numbers are positions."""
    scores = scores_of(np.arange(5), np.arange(5) >= 3, names=np.array([*names], dtype=object))
    keys = replace(published(3, np.array([0, 2, 4])), key="example", key_kind="position")
    keys = replace(keys, labels=np.zeros(3, dtype=int))
    assert positions_of_rows(keys, scores, None).tolist() == [0, 2, 4]
    assert ("example of scores.npz is taken as positions, although" in caplog.text) == is_warned
