"""The engine for GPUs: on one, where there is one, and on the CPU, where its steps are just run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from created_equal.training.engine import make_group
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.graphs import GraphGroup
from created_equal.training.engine.images import Images
from created_equal.training.engine.trainee import Trainee, train_network

# The fused optimizer rounds differently from the plain one: this share of the predictions may
# differ, those of examples that lie between two labels.
BORDERLINE = 0.005


@pytest.fixture(scope="module")
def images(digits, device):
    return Images(digits, choose_setting(device, "fp32"))


def nothing():
    pass


def train(group, epochs):
    """Return the results of every network, a list of epochs for each."""
    results = [group.evaluate(nothing)]
    for _ in range(epochs):
        for _ in group.finish_epoch():
            pass
        results.append(group.evaluate(nothing))
    return list(zip(*results, strict=True))


def predictions(of_network):
    return np.stack([result.predictions for result in of_network])


RECIPES = {
    "sgd": {},
    "decay": {"decay": None},
    "momentum": {"momentum": 0.9, "learning_rate": 0.02},
    "weight decay": {"weight_decay": 0.001},
    "adam": {"optimizer": "adam", "learning_rate": 0.002},
    "adadelta": {"optimizer": "adadelta", "learning_rate": 1.0},
    "no dropout": {"dropout": False},
    "independent": {"mini_batches": "independent"},
    "whole batches": {"batch_size": 13},
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_networks_are_those_of_the_plain_engine(tiny, images, recipe):
    ensemble = tiny("small_st_vgg", 0.25, **({"epochs": 4, "batch_size": 5} | recipe))
    together = train(GraphGroup(ensemble, [0, 3], images), 4)
    for seed, of_network in zip((0, 3), together, strict=True):
        alone = list(train_network(ensemble, seed, images))
        assert [result.epoch for result in of_network] == [0, 1, 2, 3, 4]
        differing = predictions(of_network) != predictions(alone)
        assert differing.mean() <= BORDERLINE
        for one, other in zip(of_network, alone, strict=True):
            np.testing.assert_allclose(one.loss, other.loss, rtol=1e-3)


@pytest.mark.parametrize("at_once, batches", [(80, 1), (40, 2), (30, 3), (79, 2)])
def test_all_examples_are_predicted_however_many_at_once(
    tiny, images, monkeypatch, at_once, batches
):
    ensemble = tiny("small_st_vgg", 0.25)
    (whole,) = GraphGroup(ensemble, [2], images).evaluate(nothing)
    monkeypatch.setattr("created_equal.training.engine.images.EXAMPLES_ON_CPU", at_once)
    monkeypatch.setattr("created_equal.training.engine.images.PIXELS_ON_GPU", at_once * 16 * 16)
    replayed = []
    (parts,) = GraphGroup(ensemble, [2], images).evaluate(lambda: replayed.append(1))
    assert len(replayed) == batches
    assert np.array_equal(whole.predictions, parts.predictions)
    np.testing.assert_allclose(whole.loss, parts.loss, rtol=1e-5)


ARCHITECTURES = [
    ("st_vgg", {}),
    ("st_vgg", {"linear": True}),
    ("st_vgg", {"depth": 3}),
    ("small_st_vgg", {"kernel": 4, "units": 20}),
    ("mnist_cnn", {"width": 0.5}),
]


@pytest.mark.parametrize("architecture, changes", ARCHITECTURES)
def test_other_architectures_too(tiny, images, architecture, changes):
    ensemble = replace(tiny(architecture, 0.25), **changes)
    (of_network,) = train(GraphGroup(ensemble, [1], images), 2)
    alone = list(train_network(ensemble, 1, images))
    assert (predictions(of_network) != predictions(alone)).mean() <= BORDERLINE


def test_in_bf16_a_step_is_that_of_the_plain_engine(tiny, digits, device):
    """The two cast weights and gradients in different ways, to the same numbers."""
    images = Images(digits, choose_setting(device, "bf16"))
    ensemble = tiny("small_st_vgg", 0.25)
    group, alone = GraphGroup(ensemble, [0], images), Trainee(ensemble, 0, images)
    weights = []
    for each in (group, alone):
        next(each.finish_epoch())
        (state,) = each.states()
        weights.append(torch.cat([weight.flatten() for weight in state["network"].values()]))
    assert weights[0].dtype == torch.float32
    # The fused optimizer rounds its product of rate and gradient differently.
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-6, atol=1e-7)


def test_in_bf16_networks_are_those_of_the_plain_engine(tiny, digits, device):
    images = Images(digits, choose_setting(device, "bf16"))
    ensemble = tiny("small_st_vgg", 0.25, epochs=4)
    together = train(GraphGroup(ensemble, [0, 3], images), 4)
    for seed, of_network in zip((0, 3), together, strict=True):
        alone = list(train_network(ensemble, seed, images))
        assert (predictions(of_network) != predictions(alone)).mean() <= 2 * BORDERLINE


@pytest.mark.parametrize("members", [range(12), range(5, 9), [1, 5, 9], [5, 6]])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_is_the_same_in_every_group(tiny, digits, device, members, precision):
    """At every place among the networks that predict together, and with fewer of them."""
    images = Images(digits, choose_setting(device, precision))
    ensemble = tiny(momentum=0.5)
    alone = train(GraphGroup(ensemble, [5], images), 2)[0]
    among = train(GraphGroup(ensemble, members, images), 2)[list(members).index(5)]
    for one, other in zip(alone, among, strict=True):
        assert np.array_equal(one.predictions, other.predictions)
        assert np.array_equal(one.loss, other.loss)


def trainee(ensemble, seeds, images):
    return Trainee(ensemble, seeds[0], images)


@pytest.mark.parametrize("group_of, seeds", [(trainee, [1]), (GraphGroup, [0, 1])])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adadelta"])
def test_a_group_resumes_from_its_states_as_if_it_had_not_stopped(
    tiny, images, group_of, seeds, steps, optimizer
):
    momentum = {"momentum": 0.9} if optimizer == "sgd" else {}
    ensemble = tiny(optimizer=optimizer, batch_size=5, learning_rate=0.01, epochs=3, **momentum)
    whole = group_of(ensemble, seeds, images)
    train(whole, 1)
    for _, _ in zip(range(steps), whole.finish_epoch(), strict=False):
        pass
    states = [clone(state) for state in whole.states()]
    resumed = group_of(ensemble, seeds, images)
    resumed.restore(states)
    assert resumed.epoch == whole.epoch == 1
    for group in (whole, resumed):
        for _ in group.finish_epoch():
            pass
        assert group.epoch == 2
    for one, other in zip(whole.evaluate(nothing), resumed.evaluate(nothing), strict=True):
        assert np.array_equal(one.predictions, other.predictions)
        assert np.array_equal(one.loss, other.loss)


def clone(state):
    match state:
        case torch.Tensor():
            return state.clone()
        case dict():
            return {key: clone(value) for key, value in state.items()}
        case list():
            return [clone(value) for value in state]
        case _:
            return state


def test_on_a_cpu_networks_take_turns(tiny, digits):
    images = Images(digits, choose_setting("cpu", "fp32"))
    group = make_group(tiny(), [4, 5, 6], images)
    assert isinstance(group, Trainee)
    assert group.seeds == [4]
