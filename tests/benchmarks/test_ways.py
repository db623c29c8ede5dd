import shutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from needs import require
from torch import nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn import functional as F
from ways import WAYS, Mapped, Shifted, Unfolded, first_network

from created_equal.errors import InputError
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.plain import train_network

CANDIDATES = [Unfolded, Shifted]


@pytest.fixture
def images(digits):
    return Images(digits, choose_setting("cpu", "fp32"))


def value_and_slopes(layer, x):
    """Return what a layer gives, and the slopes of a function of it."""
    x = x.clone().requires_grad_()
    y = layer(x)
    slopes = torch.autograd.grad((y * torch.cos(y)).sum(), [layer.weight, layer.bias, x])
    return [y, *slopes]


@pytest.mark.parametrize("candidate", CANDIDATES)
@settings(deadline=None, max_examples=40)
@given(
    kernel=st.integers(1, 5),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    seed=st.integers(0, 2**32),
)
def test_a_candidate_is_the_convolution_of_pytorch(candidate, kernel, channels, size, seed):
    torch.manual_seed(seed)
    layer = nn.Conv2d(*channels, kernel, padding="same", dtype=torch.float64)
    x = torch.randn(3, channels[0], *size, dtype=torch.float64)
    for ours, theirs in zip(
        value_and_slopes(candidate(layer), x), value_and_slopes(layer, x), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_mapped_over_networks_it_is_each_ones_convolution(candidate):
    assert_mapped_is_each_ones(candidate, lambda function: function)


def test_compiled_it_is_the_same():
    require(shutil.which("g++") is not None, "no g++ here, with which PyTorch compiles for a CPU")
    assert_mapped_is_each_ones(Unfolded, torch.compile)


def assert_mapped_is_each_ones(candidate, compiled):
    layers = [nn.Conv2d(2, 3, 2, padding="same") for _ in range(4)]
    x = torch.randn(4, 5, 2, 6, 6)
    weights, buffers = stack_module_state([candidate(layer) for layer in layers])
    one = candidate(layers[0])
    apply = compiled(vmap(lambda *state: functional_call(one, state[:2], state[2:])))
    with torch.no_grad():
        together = apply(weights, buffers, x)
        apart = torch.stack([layer(part) for layer, part in zip(layers, x, strict=True)])
    torch.testing.assert_close(together, apart)


def stepped_apart(ensemble, numbers, images, index, rate):
    """Return the weights after a step of gradient descent, one network after the other."""
    weights = []
    for number, chosen in zip(numbers, index, strict=True):
        network = first_network(ensemble, number, images)
        parameters = dict(network.named_parameters())
        loss = F.cross_entropy(network(images.batch(chosen)), images.labels[chosen])
        slopes = torch.autograd.grad(loss, list(parameters.values()))
        weights.append(
            {
                name: (each - rate * slope).detach()
                for (name, each), slope in zip(parameters.items(), slopes, strict=True)
            }
        )
    return {name: torch.stack([each[name] for each in weights]) for name in weights[0]}


def assert_same_step(ensemble, images, **way):
    numbers, index = [3, 5], images.train[torch.tensor([[1, 7, 30, 2], [0, 4, 9, 11]])]
    networks = Mapped(ensemble, numbers, images, **way)
    before = {name: each.clone() for name, each in networks.weights.items()}
    networks.step(index, rate=0.1)
    expected = stepped_apart(ensemble, numbers, images, index, rate=0.1)
    assert expected.keys() == networks.weights.keys()
    for name, weights in expected.items():
        assert not torch.equal(before[name], weights)
        torch.testing.assert_close(networks.weights[name], weights, rtol=0, atol=1e-5)
    said = networks.predict()
    network = first_network(ensemble, 3, images)
    with torch.no_grad():
        logits = functional_call(
            network,
            {name: each[0] for name, each in expected.items()},
            (images.batch(slice(None)),),
        )
    assert (said[0] == logits.argmax(1)).float().mean() > 0.98


@pytest.mark.parametrize("convolution", [None, *CANDIDATES])
def test_a_step_of_mapped_networks_is_each_ones_step(tiny, images, convolution):
    assert_same_step(tiny(dropout=False), images, convolution=convolution)


def test_networks_that_are_mapped_drop_out_differently(tiny, images):
    networks = Mapped(tiny(dropout=0.5), [3, 3], images)
    networks.step(images.train[:4].expand(2, 4), rate=0.1)
    assert any(not torch.equal(*each) for each in networks.weights.values())


def test_mapped_ways_refuse_what_they_do_not_do(tiny, images):
    with pytest.raises(InputError, match=r"^tests/tiny is trained by more than plain SGD"):
        Mapped(tiny(momentum=0.9), [0], images)


@pytest.mark.parametrize("way", ["engine", "loop", "vmap"])
def test_a_way_predicts_every_example_after_each_epoch(tiny, images, way):
    said = list(WAYS[way](tiny(epochs=3), [0, 1], images))
    assert sum(len(each) for each in said) == 2 * 3
    assert all(each.shape[1] == len(images) for each in said)


def test_the_engines_networks_are_the_workflows(tiny, images):
    said = list(WAYS["engine"](tiny(epochs=2), [0, 1], images))
    results = [
        result.predictions
        for number in (0, 1)
        for result in list(train_network(tiny(epochs=2), number, images))[1:]
    ]
    assert np.array_equal(np.concatenate(said), np.stack(results))


@pytest.mark.parametrize("way", ["loop", "vmap"])
def test_the_other_ways_learn_as_the_engine_does(tiny, images, way):
    ensemble = tiny("small_st_vgg", epochs=20, batch_size=5, dropout=False)
    learnt = {}
    for name in ("engine", way):
        *_, said = WAYS[name](ensemble, [0], images)
        right = torch.from_numpy(said[0]).long() == images.labels
        learnt[name] = right[images.train].float().mean()
    assert learnt["engine"] > 0.8
    assert learnt[way] > learnt["engine"] - 0.15
