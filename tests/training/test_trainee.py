import shutil
import sys
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from needs import require
from one_network import train_network
from torch.utils.checkpoint import checkpoint

from created_equal.artefacts import SPLITS, make_dataset
from created_equal.errors import InputError
from created_equal.networks import Dropout
from created_equal.networks.activations import ACTIVATIONS
from created_equal.training.engine.device import Setting, choose_setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.streams import Streams
from created_equal.training.engine.trainee import Trainee, draw_mini_batches, is_compiled

CPU = choose_setting("cpu", "fp32")


# Images.


def test_images_are_standardized_by_the_train_sets_moments(digits, images):
    pixels = digits["image"].values.astype(np.float64)
    expected = (pixels - digits["channel_mean"].item()) / digits["channel_std"].item()
    batch = images.batch(torch.arange(5, 20))
    assert batch.shape == (15, 1, 16, 16)
    assert batch.dtype == torch.float32
    np.testing.assert_allclose(
        batch.permute(0, 2, 3, 1).numpy(), expected[5:20], rtol=1e-5, atol=1e-6
    )
    train = images.batch(images.train)
    assert train.mean().item() == pytest.approx(0, abs=1e-5)
    assert train.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_color_images_are_channels_last_and_a_constant_channel_is_zero():
    generator = np.random.default_rng(0)
    pixels = generator.integers(256, size=(6, 4, 4, 3), dtype=np.uint8)
    pixels[..., 1] = 77
    dataset = make_dataset(
        pixels, [0, 1, 0, 1, 0, 1], range(6), [False] * 4 + [True] * 2, ["a", "b"]
    )
    batch = Images(dataset, CPU).batch(slice(0, 6))
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert batch.isfinite().all()
    assert not batch[:, 1].any()
    assert batch[:, 0].any()


# Mini-batches.


def batches(tiny, epoch, examples=47, seed=0, **recipe):
    ensemble = tiny(batch_size=10, **recipe)
    streams = Streams(ensemble.streams_definition, seed)
    drawn = draw_mini_batches(ensemble.recipe, streams, epoch, examples)
    return [batch.tolist() for batch in drawn]


def test_permuted_epochs_have_every_example_at_most_once(tiny):
    left_out = set()
    for epoch in range(1, 30):
        drawn = batches(tiny, epoch)
        assert [len(batch) for batch in drawn] == [10] * 4
        examples = [example for batch in drawn for example in batch]
        assert len(set(examples)) == 40
        assert set(examples) <= set(range(47))
        left_out |= set(range(47)) - set(examples)
    # An example is never left out with a probability of (40/47)^29 < 0.01; the seed is fixed.
    assert len(left_out) > 40


def test_permuted_epochs_without_remainder_have_every_example_once(tiny):
    drawn = batches(tiny, 3, examples=40)
    assert sorted(example for batch in drawn for example in batch) == list(range(40))


def test_independent_batches_repeat_examples_within_epochs_but_not_within_batches(tiny):
    drawn = [
        batch
        for epoch in range(1, 20)
        for batch in batches(tiny, epoch, mini_batches="independent")
    ]
    assert len(drawn) == 19 * 4
    assert all(len(set(batch)) == 10 for batch in drawn)
    assert len({tuple(batch) for batch in drawn}) == len(drawn)
    epochs = [set().union(*drawn[start : start + 4]) for start in range(0, len(drawn), 4)]
    assert all(len(examples) < 40 for examples in epochs)


@pytest.mark.parametrize("mini_batches", ["permuted", "independent"])
def test_batches_differ_between_epochs_and_networks(tiny, mini_batches):
    drawn = [
        batches(tiny, epoch, seed=seed, mini_batches=mini_batches)
        for epoch in (1, 2)
        for seed in (0, 1)
    ]
    assert len({str(each) for each in drawn}) == 4


# Training.


def losses(ensemble, images, seed=0):
    return np.array([result.loss for result in train_network(ensemble, seed, images)])


def test_the_results_of_an_epoch(tiny, digits, images):
    results = list(train_network(tiny(), 0, images))
    assert [result.epoch for result in results] == [0, 1, 2]
    split = digits["example_split"].values
    for result in results:
        assert result.predictions.shape == (80,)
        assert set(result.predictions.tolist()) <= set(range(10))
        is_right = result.predictions == digits["label"].values
        expected = [is_right[split == each].mean() for each in SPLITS]
        assert result.accuracy == pytest.approx(expected)
    # The loss of an untrained network is that of guessing, ln 10, within a tenth.
    assert results[0].loss == pytest.approx(np.log(10), rel=0.1)


RECIPES = {
    "sgd": {},
    "momentum": {"momentum": 0.9, "learning_rate": 0.02},
    "adam": {"optimizer": "adam", "learning_rate": 0.002},
    "adadelta": {"optimizer": "adadelta", "learning_rate": 1.0},
    "no dropout": {"dropout": False},
    "another dropout": {"dropout": 0.1},
    "weight decay": {"weight_decay": 0.001, "weight_decay_on": "all"},
    "independent": {"mini_batches": "independent"},
} | {
    activation: {"activation": activation, "optimizer": "adam", "learning_rate": 0.003}
    for activation in ACTIVATIONS
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_learns(tiny, images, recipe):
    # Four epochs of eight steps lower the train loss by at least 1 %.
    ensemble = tiny("small_st_vgg", 0.25, **({"epochs": 4, "batch_size": 5} | recipe))
    train = losses(ensemble, images)[:, 0]
    assert np.isfinite(train).all()
    assert train.min() < 0.99 * train[0]


def test_every_recipe_makes_other_networks(tiny, images):
    runs = [
        losses(tiny("small_st_vgg", 0.25, **recipe), images)[-1, 0] for recipe in RECIPES.values()
    ]
    assert len(set(runs)) == len(RECIPES)


def test_bf16_has_nearly_the_same_losses(tiny, digits):
    ensemble = tiny("small_st_vgg", 0.25, optimizer="adam", learning_rate=0.003, epochs=3)
    both = [
        losses(ensemble, Images(digits, choose_setting("cpu", precision)))
        for precision in ("fp32", "bf16")
    ]
    # The first epoch is before training, so it shows that predictions are in bf16, too.
    assert (both[0] != both[1]).all()
    np.testing.assert_allclose(*both, rtol=0.05)


def test_a_torchvision_model_with_its_own_randomness_is_reproducible(tiny, images):
    # EfficientNet's stochastic depth draws from PyTorch's generator.
    ensemble = tiny("efficientnet_b0", 1.0, batch_size=20, epochs=1, activation=None)
    first = losses(ensemble, images)
    torch.manual_seed(99)
    assert np.array_equal(first, losses(ensemble, images))


# Dropout.


class Checkpointed(torch.nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return checkpoint(self.inner, x, use_reentrant=False)


def masks_of(layers, tiny, images, monkeypatch):
    """Return the masks of 400 of ones (application, example, 400) in a step of these layers."""
    seen = []

    class Seen(torch.nn.Module):
        def forward(self, x):
            seen.append((x.detach() != 0).numpy())
            return x

    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(256, 400))
    torch.nn.init.ones_(flat[1].bias)
    network = torch.nn.Sequential(flat, *layers(Seen), torch.nn.Linear(400, 10))
    monkeypatch.setattr(
        "created_equal.training.engine.trainee.build_network", lambda *_: network.train()
    )
    next(Trainee(tiny(batch_size=20), 0, images).finish_epoch())
    return np.array(seen)


def test_a_dropout_layer_that_is_applied_twice_drops_others(tiny, images, monkeypatch):
    layer, other = Dropout(0.5), Dropout(0.5)
    shift = torch.nn.Softplus()  # No activation is 0.

    def layers(seen):
        return [part for each in (layer, layer, other) for part in (shift, each, seen())]

    masks = masks_of(layers, tiny, images, monkeypatch)
    assert masks.shape == (3, 20, 400)
    # Two independent masks are equal in half of 8,000 elements; one in 10^9 is 6.1 deviations off.
    for one, two in combinations(masks, 2):
        assert abs((one == two).mean() - 0.5) < 6.1 * 0.5 / np.sqrt(8000)
    # The first application of each layer has the numbers of a layer that is applied once.
    alone = masks_of(
        lambda seen: [shift, layer, seen(), shift, other, seen()], tiny, images, monkeypatch
    )
    assert np.array_equal(masks[[0, 2]], alone)


def test_checkpointed_activations_are_dropped_alike_both_times(tiny, images, monkeypatch):
    layer, shift = Dropout(0.5), torch.nn.Softplus()

    def layers(seen):
        return [Checkpointed(torch.nn.Sequential(shift, layer, seen(), shift))]

    before, again = masks_of(layers, tiny, images, monkeypatch)
    assert np.array_equal(before, again)
    with pytest.raises(InputError, match="checkpoints its activations; use several dropout layers"):
        masks_of(lambda seen: [layer, *layers(seen)], tiny, images, monkeypatch)


# Memory.


def test_channels_are_last_in_memory_as_pytorch_arranges_whole_modules(tiny, images, monkeypatch):
    """Also where a tensor fits both orders, as of 1 x 1 and depthwise convolutions."""

    def make(*_):
        torch.manual_seed(0)
        return torch.nn.Sequential(
            torch.nn.Conv2d(1, 8, 3, padding=1),
            torch.nn.Conv2d(8, 8, 1),
            torch.nn.Conv2d(8, 8, 3, padding=1, groups=8),
            torch.nn.BatchNorm2d(8),
            torch.nn.Flatten(),
            torch.nn.Linear(8 * 16 * 16, 10),
        )

    monkeypatch.setattr("created_equal.training.engine.trainee.build_network", make)
    found = Trainee(tiny(), 0, images).network.state_dict()
    expected = make().to(memory_format=torch.channels_last).state_dict()
    assert {name: each.stride() for name, each in found.items()} == {
        name: each.stride() for name, each in expected.items()
    }


# Compilation.


def test_torchvision_models_on_a_gpu_are_compiled(tiny, monkeypatch):
    monkeypatch.setenv("CC", sys.executable)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (9, 0))
    gpu = Setting(torch.device("cuda"), "bf16")
    public = tiny("resnet18")
    assert is_compiled(public, gpu)
    assert not is_compiled(public, CPU)
    assert not is_compiled(tiny("st_vgg"), gpu)
    with monkeypatch.context() as without_headers:
        without_headers.setattr("sysconfig.get_path", lambda *_: "/nowhere")
        assert not is_compiled(public, gpu)
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", "")
    assert not is_compiled(public, gpu)


def test_a_compiled_network_learns_and_is_saved_like_an_uncompiled_one(tiny, images, monkeypatch):
    require(
        shutil.which("g++") is not None, "there is no g++, which PyTorch needs to compile for a CPU"
    )
    ensemble = tiny("mnist_cnn", epochs=1, batch_size=20)

    def states_and_results():
        trainee = Trainee(ensemble, 0, images)
        (before,) = trainee.evaluate(lambda: None)
        for _ in trainee.finish_epoch():
            pass
        return *trainee.states(), [before, *trainee.evaluate(lambda: None)]

    plain, expected = states_and_results()
    compilations = torch._dynamo.utils.counters["stats"]
    before = compilations["unique_graphs"]
    monkeypatch.setattr("created_equal.training.engine.trainee.is_compiled", lambda *_: True)
    # The code that torch 2.15 vectorizes for AVX2 gives wrong losses. Only GPUs run compiled code.
    monkeypatch.setattr("torch._inductor.config.cpp.simdlen", 1)
    compiled, results = states_and_results()
    assert compilations["unique_graphs"] > before
    assert list(compiled["network"]) == list(plain["network"])
    for one, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-4)
    # An uncompiled network resumes from the state of a compiled one.
    monkeypatch.undo()
    trainee = Trainee(ensemble, 0, images)
    trainee.restore([compiled])
    (resumed,) = trainee.evaluate(lambda: None)
    np.testing.assert_allclose(resumed.loss, results[1].loss, rtol=1e-4)


# Shared noise.

NOISES = ("dropout", "initialisation", "mini_batches")
# A network of the paper, and one of torchvision with dropout and batch norm of its own.
SHARING = {"st_vgg": {"width": 0.125}, "shufflenet_v2_x0_5": {"width": 1.0}}


def course(ensemble, images, seed):
    return np.stack([result.loss for result in train_network(ensemble, seed, images)])


@pytest.mark.parametrize("name, variations", SHARING.items())
def test_networks_that_share_all_noise_are_equal_at_every_epoch(tiny, images, name, variations):
    ensemble = replace(tiny(name, **variations, batch_size=10), shared=NOISES)
    first, *others = (list(train_network(ensemble, seed, images)) for seed in (0, 1, 7))
    for other in others:
        for one, two in zip(first, other, strict=True):
            assert np.array_equal(one.predictions, two.predictions)
            assert np.array_equal(one.loss, two.loss)


@pytest.mark.parametrize("own", NOISES)
def test_networks_that_share_two_kinds_of_noise_differ_in_the_third(tiny, images, own):
    whole = tiny(batch_size=10)
    ensemble = replace(whole, shared=tuple(noise for noise in NOISES if noise != own))
    first, second, third = (course(ensemble, images, seed) for seed in (0, 1, 2))
    assert np.array_equal(first, course(whole, images, 0))
    for one, two in ((first, second), (first, third), (second, third)):
        # Untrained networks differ only in their initialisation.
        assert np.array_equal(one[0], two[0]) == (own != "initialisation")
        assert not np.array_equal(one[1:], two[1:])


def test_augmentation_is_shared_with_the_mini_batches(tiny, digits):
    images = Images(digits, CPU, "crop_and_flip")
    ensemble = tiny(batch_size=10, augmentation="crop_and_flip")
    shared = replace(ensemble, shared=NOISES)
    assert np.array_equal(course(shared, images, 0), course(shared, images, 3))
    of_others = replace(ensemble, shared=("dropout", "initialisation"))
    assert not np.array_equal(course(of_others, images, 0)[1:], course(of_others, images, 3)[1:])


# Steps in place of epochs.


def test_networks_seen_after_steps_are_those_seen_after_epochs(tiny, images):
    whole = tiny(batch_size=10)  # Four mini-batches an epoch.
    ensemble = replace(whole, steps=(1, 4, 6, 8))
    trained = Trainee(ensemble, 2, images)
    seen = {}
    while trained.moment < 8:
        for _ in trained.finish_epoch():
            if trained.moment in ensemble.moments:
                (seen[trained.moment],) = trained.evaluate(lambda: None)
                trained.network.train()
    assert [result.epoch for result in seen.values()] == [1, 4, 6, 8]
    _, first, second = train_network(whole, 2, images)
    for step, epoch in ((4, first), (8, second)):
        assert np.array_equal(seen[step].loss, epoch.loss)
        assert np.array_equal(seen[step].predictions, epoch.predictions)
