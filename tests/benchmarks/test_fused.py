"""Networks that are trained by kernels of our own, beside those of the plain engine."""

from dataclasses import replace
from pathlib import Path

import fused_layers
import numpy as np
import pytest
import torch
from fused import Fused
from fused_layers import filters_of
from ways import WAYS

from created_equal.datasets import build_dataset
from created_equal.errors import InputError
from created_equal.study import Decay
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.plain import PlainGroup, train_network

DIGITS = {"source": "digits", "size": 8, "train_examples": 20, "test_examples": 10}
PIXELS_OF_DENSE = 16


@pytest.fixture(scope="module", params=["cpu", *["cuda"] * torch.cuda.is_available()])
def images(request):
    dataset = build_dataset(DIGITS, Path("unused"), download=False)
    return Images(dataset, choose_setting(request.param, "fp32"))


@pytest.fixture(autouse=True)
def few_programs(images, monkeypatch):
    """The interpreter takes a tenth of a second for a program, however much it computes."""
    if images.setting.device.type == "cpu":
        monkeypatch.setitem(fused_layers.LARGEST_TILES, "fp32", (1024, 32, (128, 16)))
        monkeypatch.setattr(fused_layers, "PIXELS_OF_SLOPES", 512)


@pytest.fixture
def ensemble(tiny):
    def make(**recipe):
        return tiny("mnist_cnn", 0.125, **({"batch_size": 10} | recipe))

    return make


def assert_weights_of_the_plain_engine(fused, ensemble, numbers, images, epochs):
    half = len(fused.weights) // 2
    for place, number in enumerate(numbers):
        group = PlainGroup(ensemble, [number], images)
        for _ in range(epochs):
            for _ in group.finish_epoch():
                pass
        arrays = group.states()[0]["network"]
        weights = [each for name, each in arrays.items() if name.endswith("weight")]
        biases = [each for name, each in arrays.items() if name.endswith("bias")]
        for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
            first_dense = weight.dim() == 2 and weights[layer - 1].dim() == 4
            expected = filters_of(weight, PIXELS_OF_DENSE if first_dense else 1)
            given = fused.weights[half + layer].view(len(numbers), -1)[place]
            torch.testing.assert_close(fused.weights[layer][place], expected, rtol=0, atol=2e-6)
            torch.testing.assert_close(given, bias, rtol=0, atol=2e-6)


@pytest.mark.parametrize(
    "recipe",
    [{"decay": Decay(1.8, 1)}, {"momentum": 0.9, "weight_decay": 0.01}, {"dropout": False}],
    ids=["decay", "momentum and weight decay", "no dropout"],
)
def test_they_are_those_of_the_plain_engine(ensemble, images, recipe):
    """First weights, and what two epochs make of them: order, dropout, slopes, updates, rates."""
    fused = Fused(ensemble(**recipe), [0, 3], images)
    assert_weights_of_the_plain_engine(fused, ensemble(**recipe), [0, 3], images, 0)
    for _ in range(2):
        fused.finish_epoch()
    assert_weights_of_the_plain_engine(fused, ensemble(**recipe), [0, 3], images, 2)


def test_in_bf16_the_kernels_see_the_weights_of_now(ensemble, images):
    """The interpreter cannot multiply bf16, so on a CPU these weights are not a network's."""
    in_bf16 = replace(images.setting, precision="bf16")
    fused = Fused(ensemble(), [0], Images(build_dataset(DIGITS, Path("unused"), False), in_bf16))
    for _ in range(2):
        for cast, weight in zip(fused.cast_filters, fused.weights, strict=False):
            assert cast.dtype == torch.bfloat16
            torch.testing.assert_close(
                cast, weight.detach().bfloat16(), rtol=0, atol=0, equal_nan=True
            )
        fused.finish_epoch()


def test_a_network_is_the_same_in_every_group(ensemble, images):
    alone, among = (Fused(ensemble(), numbers, images) for numbers in ([3], [0, 3]))
    for each in (alone, among):
        each.finish_epoch()
    half = len(alone.weights) // 2
    for one, other in zip(alone.weights[:half], among.weights[:half], strict=True):
        assert torch.equal(one[0], other[1])


def test_they_predict_every_example_after_each_epoch(ensemble, images, monkeypatch):
    monkeypatch.setattr("fused.PREDICTED_AT_ONCE", 13)
    said = list(WAYS["fused"](ensemble(epochs=2), [0, 1], images))
    alone = [list(train_network(ensemble(epochs=2), number, images))[1:] for number in (0, 1)]
    for epoch in range(2):
        expected = np.stack([results[epoch].predictions for results in alone])
        assert np.array_equal(said[epoch], expected)


def test_independent_mini_batches_are_refused(ensemble, images):
    with pytest.raises(InputError, match=r"^mini-batches of tests/tiny are not permuted, which"):
        Fused(ensemble(mini_batches="independent"), [0], images)
