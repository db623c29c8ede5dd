from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from created_equal.artefacts import (
    consensus,
    consistency,
    iterate_epochs,
    open_scores,
    read_scores,
    select_epochs,
    write_scores,
)
from created_equal.artefacts.files import open_artefact, write_artefact
from created_equal.errors import InputError

NETWORKS, EPOCHS, EXAMPLES = 300, 12, 100_000
BULK = ("n_right", "modal_label", "n_modal", "n_runner_up")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A scores file in which the splits alternate."""
    path = tmp_path_factory.mktemp("scores") / "scores.nc"
    generator = np.random.default_rng(0)
    of_epochs = ("epoch", "example")
    write_scores(
        xr.Dataset(
            {
                **{
                    name: (
                        of_epochs,
                        generator.integers(0, NETWORKS + 1, (EPOCHS, EXAMPLES), np.uint16),
                    )
                    for name in BULK
                },
                "accessibility": ("example", generator.random(EXAMPLES)),
                "accuracy": (
                    ("network", "epoch", "split"),
                    generator.random((NETWORKS, EPOCHS, 2)),
                ),
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


def test_small_scores_are_read_at_once(path):
    with open_scores(path) as scores:
        assert not unread(scores)


def test_a_with_block_closes_the_file(path, monkeypatch):
    def is_open():
        return path in {each.resolve() for each in Path("/proc/self/fd").iterdir()}

    monkeypatch.setattr("created_equal.artefacts.scores.IN_MEMORY", 0)
    with open_scores(path) as scores:
        assert unread(scores) and is_open()
    assert not is_open()
    with open_artefact(path, "scores"):
        assert is_open()
    assert not is_open()


def test_epochs_that_no_figure_shows_are_not_read(path, monkeypatch):
    monkeypatch.setattr("created_equal.artefacts.scores.IN_MEMORY", 2**20)
    with open_scores(path) as scores:
        assert sorted(unread(scores)) == sorted(BULK)
        shown = select_epochs(scores, (7, 3))
        for _ in iterate_epochs(scores, "consistency", "train"):
            pass
        assert not unread(shown)
        assert sorted(unread(scores)) == sorted(BULK)


def test_epochs_are_given_once_and_in_order(path):
    with open_scores(path) as scores:
        shown = select_epochs(scores, (7, 3, 7))
    assert shown.identical(read_scores(path).isel(epoch=[3, 7]))


def test_no_epochs(path):
    with open_scores(path) as scores:
        assert select_epochs(scores, ()).sizes["epoch"] == 0


@pytest.mark.parametrize("split, first", [("train", 0), ("test", 1)])
def test_one_epoch_after_the_other(path, split, first):
    expected = read_scores(path)["n_right"].values[:, first::2]
    with open_scores(path) as scores:
        found = list(iterate_epochs(scores, "n_right", split))
        shares = list(iterate_epochs(scores, "consistency", split))
    assert found[0].dtype == np.uint16
    assert np.array_equal(found, expected)
    assert np.array_equal(shares, expected / NETWORKS)


def test_an_epoch_can_be_read_without_the_others(path):
    with h5py.File(path) as file:
        assert [file[name].chunks for name in BULK] == [(1, 2**16)] * 4


def test_shares_are_exact_in_double_precision():
    scores = xr.Dataset(
        {
            "n_right": (("epoch", "example"), np.arange(256, dtype=np.uint8)[None]),
            "n_modal": (("epoch", "example"), np.full((1, 256), 255, dtype=np.uint8)),
        },
        {"network": np.arange(255)},
    )
    assert consistency(scores).values[0].tolist() == [count / 255 for count in range(256)]
    assert consensus(scores).dtype == np.float64
    assert (consensus(scores) == 1).all()


def test_scores_of_an_earlier_format_are_refused_with_the_remedy(tmp_path):
    """They had shares, and no format."""
    path = tmp_path / "scores.nc"
    shares = np.ones((3, 5), dtype=np.float32)
    old = xr.Dataset(dict.fromkeys(("consistency", "consensus"), (("epoch", "example"), shares)))
    write_artefact(old, path, "scores", {})
    for read in (read_scores, open_scores):
        with pytest.raises(InputError, match=rf"^{path} was written by .* delete it and run again"):
            read(path)
