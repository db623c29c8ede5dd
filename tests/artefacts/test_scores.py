import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from created_equal.artefacts import (
    at_epochs,
    each_epoch,
    of_examples,
    open_scores,
    read_scores,
    write_scores,
)

EPOCHS, EXAMPLES = 12, 100_000
BULK = ("consistency", "consensus", "modal_label")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A scores file in which the splits alternate."""
    path = tmp_path_factory.mktemp("scores") / "scores.nc"
    generator = np.random.default_rng(0)
    of_epochs = ("epoch", "example")
    write_scores(
        xr.Dataset(
            {
                "consistency": (of_epochs, generator.random((EPOCHS, EXAMPLES), np.float32)),
                "consensus": (of_epochs, np.ones((EPOCHS, EXAMPLES), np.float32)),
                "modal_label": (of_epochs, np.zeros((EPOCHS, EXAMPLES), np.uint16)),
                "accessibility": ("example", generator.random(EXAMPLES)),
                "accuracy": (("network", "epoch", "split"), generator.random((3, EPOCHS, 2))),
            },
            coords={
                "epoch": np.arange(EPOCHS),
                "example": np.arange(EXAMPLES),
                "example_split": ("example", np.resize(["train", "test"], EXAMPLES)),
                "split": ["train", "test"],
            },
        ),
        path,
        {},
    )
    return path


def unread(scores):
    return [name for name in scores.variables if not scores.variables[name]._in_memory]


def test_opened_scores_equal_scores_in_memory(path):
    with open_scores(path) as scores:
        assert scores.identical(read_scores(path))


def test_epochs_that_no_figure_shows_are_not_read(path):
    with open_scores(path) as scores:
        assert sorted(unread(scores)) == sorted(BULK)
        shown = at_epochs(scores, (7, 3))
        for _ in each_epoch(scores, "consistency", "train"):
            pass
        assert not unread(shown)
        assert sorted(unread(scores)) == sorted(BULK)


def test_epochs_are_given_once_and_in_order(path):
    with open_scores(path) as scores:
        shown = at_epochs(scores, (7, 3, 7))
    assert shown.identical(read_scores(path).isel(epoch=[3, 7]))


def test_no_epochs(path):
    with open_scores(path) as scores:
        assert at_epochs(scores, ()).sizes["epoch"] == 0


@pytest.mark.parametrize("split, first", [("train", 0), ("test", 1)])
def test_one_epoch_after_the_other(path, split, first):
    expected = read_scores(path)["consistency"].values[:, first::2]
    with open_scores(path) as scores:
        found = list(each_epoch(scores, "consistency", split))
    assert np.array_equal(found, expected)


def test_an_epoch_can_be_read_without_the_others(path):
    with h5py.File(path) as file:
        assert [file[name].chunks for name in BULK] == [(1, 2**16)] * 3


def test_examples_are_given_by_name_in_the_order_asked_for(path):
    epochs, examples = np.array([9, 2]), np.array([70_003, 12, 70_000])
    expected = read_scores(path)["consistency"].sel(epoch=epochs, example=examples)
    with open_scores(path) as scores:
        found = of_examples(scores, "consistency", epochs, examples)
        assert sorted(unread(scores)) == sorted(BULK)
    assert found.dtype == np.float64
    assert np.array_equal(found, expected)


def test_examples_that_have_changed_their_names(path):
    """Nulls rename examples: values are looked up by the new name."""
    names = np.arange(EXAMPLES)[::-1]
    with open_scores(path) as scores:
        renamed = scores.assign_coords(example=names)
        found = of_examples(renamed, "consistency", np.array([3]), np.array([0, 5]))
        assert sorted(unread(renamed)) == sorted(BULK)
    assert np.array_equal(found[0], read_scores(path)["consistency"].values[3, [-1, -6]])


def test_no_examples(path):
    with open_scores(path) as scores:
        none = of_examples(scores, "consistency", np.array([3, 4]), np.array([], dtype=int))
    assert none.shape == (2, 0)


@pytest.mark.parametrize("epoch, example", [(EPOCHS, 0), (0, EXAMPLES)])
def test_a_missing_epoch_or_example_is_an_error(path, epoch, example):
    with open_scores(path) as scores, pytest.raises(KeyError, match="1 of 1"):
        of_examples(scores, "consistency", np.array([epoch]), np.array([example]))


@settings(deadline=None, max_examples=40)
@given(networks=st.integers(1, 400), seed=st.integers(0, 2**32 - 1))
def test_shares_written_as_numbers_of_networks_are_the_same_shares(
    networks, seed, tmp_path_factory
):
    path = tmp_path_factory.mktemp("compact") / "scores.nc"
    generator = np.random.default_rng(seed)
    counts = generator.integers(0, networks, (3, 50), endpoint=True)
    # scores.score_ensemble divides in the same way.
    shares = np.empty(counts.shape, np.float32)
    shares[:] = counts / networks
    scores = xr.Dataset(
        {
            "consistency": (("epoch", "example"), shares),
            "consensus": (("epoch", "example"), shares[:, ::-1]),
            "modal_label": (("epoch", "example"), np.zeros((3, 50), np.uint8)),
            "accuracy": (("network", "epoch"), np.ones((networks, 3))),
        }
    )
    write_scores(scores, path, {}, compact=True)
    assert read_scores(path).equals(scores)
    with open_scores(path) as opened:
        assert opened.equals(scores)
        assert opened["consistency"].dtype == np.float32
    assert h5py.File(path)["consistency"].dtype.kind == "u"
