import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from oracles import bimodality

from created_equal.errors import InputError
from created_equal.scores import PHASES, phases

CLASSES = 5


def scores_of(consistency, networks=20):
    """The scores that ``phases`` reads; a test set that would mislead it is there too."""
    n_right = np.rint(np.asarray(consistency) * networks).astype(np.min_scalar_type(networks))
    epochs, examples = n_right.shape
    both = np.concatenate([n_right, n_right[::-1]], axis=1)
    measure = [[bimodality(half) for half in np.split(epoch, 2)] for epoch in both]
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), both),
            "bimodality": (("epoch", "split"), measure),
        },
        coords={
            "network": np.arange(networks),
            "epoch": np.arange(epochs),
            "example_split": ("example", np.repeat(["train", "test"], examples)),
            "split": ["train", "test"],
        },
        attrs={"classes": CLASSES},
    )


def learning(networks, shares_at_zero, seed=0):
    """Untrained networks, then by epoch a share of examples near 0 and the others near 1."""
    generator = np.random.default_rng(seed)
    probability = [np.full(300, 1 / CLASSES)]
    for share in shares_at_zero:
        near_one = np.arange(300) >= share * 300
        probability.append(np.where(near_one, 0.97, 0.03))
    return generator.binomial(networks, np.array(probability)) / networks


@pytest.mark.parametrize("networks", [4, 6, 20, 100])
def test_small_mammals(networks):
    """Progress 0.25, 0.36, 0.43, 0.55, 0.78, 1 on train; all between chance and 1 is bi-modal."""
    chosen = phases(
        scores_of(learning(networks, [0.85, 0.6, 0.5, 0.45, 0.35, 0.2, 0.1, 0]), networks)
    )
    assert (chosen["initialisation"], chosen["beginning"], chosen["end"]) == (0, 1, 8)
    assert 2 <= chosen["bi-modality"] <= 5


def test_the_beginning_is_where_most_examples_are_below_chance():
    untrained = np.tile([0.1, 0.15, 0.25, 0.3], 25)
    weak = np.repeat([0.05, 0.5], [80, 20])
    half, done = np.repeat([0.0, 1.0], 50), np.repeat([0.5, 1.0], [1, 99])
    consistency = [untrained, untrained, weak, untrained, half, half, done]
    assert phases(scores_of(consistency)) == {
        "initialisation": 0,
        "beginning": 2,
        "bi-modality": 4,
        "end": 6,
    }


def test_an_example_at_exactly_chance_is_not_below_it():
    """A count times the classes may not fit into a byte; a file's attributes are numpy's."""
    at_chance, below = np.full(100, 0.01), np.repeat([0.0, 0.01], 50)
    consistency = [at_chance, at_chance, below, np.full(100, 0.6), np.ones(100)]
    scores = scores_of(consistency, 200).assign_attrs(classes=np.int64(100))
    assert phases(scores)["beginning"] == 2


def test_a_late_epoch_with_one_outlier_does_not_pass_for_bi_modal():
    middle = np.repeat([0.0, 0.1, 0.9, 1.0], 25)
    one_outlier = np.repeat([0.0, 1.0], [1, 99])
    consistency = [np.full(100, 0.2), np.tile([0.1, 0.3], 50), middle, one_outlier, one_outlier]
    scores = scores_of(consistency)
    assert scores["bimodality"].values[3, 0] < scores["bimodality"].values[2, 0]
    assert phases(scores)["bi-modality"] == 2


def test_an_ensemble_that_learns_in_one_epoch():
    done = np.repeat([0.5, 1.0], [1, 99])
    chosen = phases(scores_of([np.tile([0.1, 0.3], 50), done, done, done]))
    assert list(chosen.values()) == [0, 1, 2, 3]


def test_an_ensemble_that_learns_nothing():
    chosen = phases(scores_of(np.zeros((6, 10))))
    assert list(chosen.values()) == [0, 1, 2, 5]


@given(st.integers(3, 12), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_strictly_increasing_from_the_first_to_the_last(epochs, networks, seed):
    generator = np.random.default_rng(seed)
    consistency = generator.integers(0, networks, size=(epochs + 1, 6), endpoint=True) / networks
    chosen = phases(scores_of(consistency, networks))
    assert tuple(chosen) == PHASES
    values = list(chosen.values())
    assert values[0] == 0 and values[-1] == epochs
    assert (np.diff(values) > 0).all()


def test_too_few_epochs_are_refused():
    with pytest.raises(InputError, match="at least 3 epochs after the untrained one"):
        phases(scores_of(np.ones((3, 10))))


def test_without_the_untrained_networks_there_is_no_first_phase():
    scores = scores_of(learning(20, [0.85, 0.6, 0.5, 0.1, 0]))
    later = scores.assign_coords(epoch=scores["epoch"] + 1)
    with pytest.raises(InputError, match="but the first epoch of these scores is 1; record the"):
        phases(later)
