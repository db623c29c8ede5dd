"""The engine for GPUs, on a GPU if there is one, and on the CPU, where steps are not recorded."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from one_network import train_network

from created_equal.training.engine import make_group
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.graphs import GraphGroup
from created_equal.training.engine.images import Images
from created_equal.training.engine.trainee import Trainee

# The fraction of predictions that may differ, for examples between two labels, because the fused
# optimizer rounds differently from the default one.
BORDERLINE = 0.005


@pytest.fixture(scope="module")
def images(digits, device):
    return Images(digits, choose_setting(device, "fp32"))


def nothing():
    pass


def train(group, epochs):
    """Return the results of each network, a tuple with one result per epoch."""
    results = [group.evaluate(nothing)]
    for _ in range(epochs):
        for _ in group.finish_epoch():
            pass
        results.append(group.evaluate(nothing))
    return list(zip(*results, strict=True))


def predictions(results):
    return np.stack([result.predictions for result in results])


RECIPES = {
    "sgd": {},
    "decay": {"decay": None},
    "momentum": {"momentum": 0.9, "learning_rate": 0.02},
    "weight decay": {"weight_decay": 0.001},
    "adam": {"optimizer": "adam", "learning_rate": 0.002},
    "adadelta": {"optimizer": "adadelta", "learning_rate": 1.0},
    "no dropout": {"dropout": False},
    "independent": {"mini_batches": "independent"},
    "examples left out": {"batch_size": 13},
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_networks_equal_those_of_a_single_trainee(tiny, images, recipe):
    ensemble = tiny("small_st_vgg", 0.25, **({"epochs": 4, "batch_size": 5} | recipe))
    together = train(GraphGroup(ensemble, [0, 3], images), 4)
    for seed, results in zip((0, 3), together, strict=True):
        alone = list(train_network(ensemble, seed, images))
        assert [result.epoch for result in results] == [0, 1, 2, 3, 4]
        assert (predictions(results) != predictions(alone)).mean() <= BORDERLINE
        for one, other in zip(results, alone, strict=True):
            np.testing.assert_allclose(one.loss, other.loss, rtol=1e-3)


@pytest.mark.parametrize("mini_batches", ["permuted", "independent"])
def test_augmented_images_are_the_same_as_for_a_single_trainee(tiny, digits, device, mini_batches):
    images = Images(digits, choose_setting(device, "fp32"), "crop_and_flip")
    recipe = {"epochs": 3, "batch_size": 5, "augmentation": "crop_and_flip"}
    ensemble = tiny("small_st_vgg", 0.25, mini_batches=mini_batches, **recipe)
    together = train(GraphGroup(ensemble, [0, 3], images), 3)
    for seed, results in zip((0, 3), together, strict=True):
        alone = list(train_network(ensemble, seed, images))
        assert (predictions(results) != predictions(alone)).mean() <= BORDERLINE
        for one, other in zip(results, alone, strict=True):
            np.testing.assert_allclose(one.loss, other.loss, rtol=1e-3)
    # The same networks on images as they are learn otherwise.
    plain = list(train_network(ensemble, 0, Images(digits, images.setting)))
    assert (predictions(plain) != predictions(together[0])).mean() > 0.05


@pytest.mark.parametrize("batch_size, batches", [(80, 1), (40, 2), (30, 3), (79, 2)])
def test_predictions_do_not_depend_on_the_batch_size(
    tiny, images, monkeypatch, batch_size, batches
):
    ensemble = tiny("small_st_vgg", 0.25)
    (in_one_batch,) = GraphGroup(ensemble, [2], images).evaluate(nothing)
    monkeypatch.setattr("created_equal.training.engine.images.EXAMPLES_ON_CPU", batch_size)
    monkeypatch.setattr("created_equal.training.engine.images.PIXELS_ON_GPU", batch_size * 16 * 16)
    replayed = []
    (in_batches,) = GraphGroup(ensemble, [2], images).evaluate(lambda: replayed.append(1))
    assert len(replayed) == batches
    assert np.array_equal(in_one_batch.predictions, in_batches.predictions)
    np.testing.assert_allclose(in_one_batch.loss, in_batches.loss, rtol=1e-5)


ARCHITECTURES = [
    ("st_vgg", {}),
    ("st_vgg", {"linear": True}),
    ("st_vgg", {"depth": 3}),
    ("small_st_vgg", {"kernel": 4, "units": 20}),
    ("mnist_cnn", {"width": 0.5}),
]


@pytest.mark.parametrize("architecture, changes", ARCHITECTURES)
def test_other_architectures_equal_those_of_a_single_trainee(tiny, images, architecture, changes):
    ensemble = tiny(architecture, 0.25, changes)
    (results,) = train(GraphGroup(ensemble, [1], images), 2)
    alone = list(train_network(ensemble, 1, images))
    assert (predictions(results) != predictions(alone)).mean() <= BORDERLINE


def test_in_bf16_a_step_equals_that_of_a_single_trainee(tiny, digits, device):
    """The two cast weights and gradients differently, but to the same numbers."""
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


def test_in_bf16_networks_equal_those_of_a_single_trainee(tiny, digits, device):
    images = Images(digits, choose_setting(device, "bf16"))
    ensemble = tiny("small_st_vgg", 0.25, epochs=4)
    together = train(GraphGroup(ensemble, [0, 3], images), 4)
    for seed, results in zip((0, 3), together, strict=True):
        alone = list(train_network(ensemble, seed, images))
        assert (predictions(results) != predictions(alone)).mean() <= 2 * BORDERLINE


@pytest.mark.parametrize("members", [range(12), range(5, 9), [1, 5, 9], [5, 6]])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_is_the_same_in_every_group(tiny, digits, device, members, precision):
    """The network's position in a full or partly filled panel does not matter."""
    images = Images(digits, choose_setting(device, precision))
    ensemble = tiny(momentum=0.5)
    alone = train(GraphGroup(ensemble, [5], images), 2)[0]
    together = train(GraphGroup(ensemble, members, images), 2)[list(members).index(5)]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.predictions, other.predictions)
        assert np.array_equal(one.loss, other.loss)


def make_trainee(ensemble, seeds, images):
    return Trainee(ensemble, seeds[0], images)


@pytest.mark.parametrize("make, seeds", [(make_trainee, [1]), (GraphGroup, [0, 1])])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adadelta"])
def test_a_restored_group_continues_as_if_it_had_not_stopped(
    tiny, images, make, seeds, steps, optimizer
):
    momentum = {"momentum": 0.9} if optimizer == "sgd" else {}
    ensemble = tiny(optimizer=optimizer, batch_size=5, learning_rate=0.01, epochs=3, **momentum)
    original = make(ensemble, seeds, images)
    train(original, 1)
    for _, _ in zip(range(steps), original.finish_epoch(), strict=False):
        pass
    states = [clone(state) for state in original.states()]
    resumed = make(ensemble, seeds, images)
    resumed.restore(states)
    assert resumed.epoch == original.epoch == 1
    for group in (original, resumed):
        for _ in group.finish_epoch():
            pass
        assert group.epoch == 2
    for one, other in zip(original.evaluate(nothing), resumed.evaluate(nothing), strict=True):
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


def test_on_a_cpu_networks_are_trained_one_at_a_time(tiny, digits):
    images = Images(digits, choose_setting("cpu", "fp32"))
    group = make_group(tiny(), [4, 5, 6], images)
    assert isinstance(group, Trainee)
    assert group.seeds == [4]


# Shared noise, and steps in place of epochs.

NOISES = ("dropout", "initialisation", "mini_batches")


@pytest.mark.parametrize("mini_batches", ["permuted", "independent"])
@pytest.mark.parametrize("own", [None, *NOISES])
def test_networks_of_a_group_share_noise_as_single_trainees_do(tiny, images, own, mini_batches):
    shared = tuple(noise for noise in NOISES if noise != own)
    ensemble = replace(tiny(batch_size=10, mini_batches=mini_batches), shared=shared)
    # Six networks are two panels, and the last one is in a panel of its own size.
    seeds = [0, 2, 3, 4, 5, 9]
    together = train(GraphGroup(ensemble, seeds, images), 2)
    if own is None:
        for results in together[1:]:
            assert np.array_equal(predictions(results), predictions(together[0]))
    for seed, results in zip(seeds, together, strict=True):
        alone = list(train_network(ensemble, seed, images))
        assert (predictions(results) != predictions(alone)).mean() <= BORDERLINE
        for one, other in zip(results, alone, strict=True):
            np.testing.assert_allclose(one.loss, other.loss, rtol=1e-3)


def test_a_group_is_seen_after_steps(tiny, images):
    whole = tiny(batch_size=10)
    group = GraphGroup(replace(whole, steps=(1, 4)), [0, 3], images)
    seen = []
    for step in (1, 4):
        while group.moment < step:
            for _ in group.finish_epoch():
                if group.moment == step:
                    break
        seen.append(group.evaluate(nothing))
    assert [result.epoch for results in seen for result in results] == [1, 1, 4, 4]
    for results, after_epoch in zip(
        seen[1], train(GraphGroup(whole, [0, 3], images), 1), strict=True
    ):
        assert np.array_equal(results.predictions, after_epoch[1].predictions)
