"""The kernels, beside PyTorch's layers: on a GPU where there is one, else in the interpreter."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fused_layers import Layer, filters_of, layers_of, outputs_of
from torch import nn
from torch.nn import functional as F

from created_equal.errors import InputError
from created_equal.networks import build_network

NETWORKS, IMAGES = 2, 3
COMPILE = Path(__file__).with_name("compile_kernels.py")
# Bytes that the programs of a processor share at most, by the GPU's compute capability.
SHARED = {80: 163 * 1024, 90: 227 * 1024}


@pytest.fixture(params=["cpu", *["cuda"] * torch.cuda.is_available()])
def device(request):
    return torch.device(request.param)


# PyTorch says that a copy may be padded, where a kernel is even.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def in_pytorch(layer, images, convolution, keep):
    """Return what a layer gives for (image, channel, height, width), before and after dropout."""
    y = F.conv2d(images, *convolution, padding="same")
    if layer.pool > 1:
        y = F.max_pool2d(y, layer.pool)
    if layer.elu:
        y = F.elu(y)
    return y * keep * layer.scale if layer.threshold else y


def by_pixel(images):
    """Return (..., pixel, channel) for (..., channel, height, width)."""
    return images.flatten(-2).transpose(-1, -2).contiguous()


CASES = {
    "pooled": Layer(6, 8, 16, 20, 3, "fp32", elu=True, pool=2),
    "dropped": Layer(6, 6, 3, 32, 3, "fp32", elu=True, pool=2, threshold=64),
    "odd": Layer(7, 5, 4, 8, 3, "fp32", elu=True, pool=2, threshold=128),
    "plain": Layer(5, 7, 2, 5, 3, "fp32", elu=True),
    "even kernel": Layer(4, 4, 32, 16, 2, "fp32", elu=True, pool=2, threshold=64),
    "wide kernel": Layer(6, 5, 1, 3, 5, "fp32", elu=True),
    "many outputs": Layer(3, 3, 5, 140, 3, "fp32", elu=True),
    "dense": Layer(1, 1, 40, 70, 1, "fp32", elu=True, threshold=128),
    "tf32": Layer(6, 8, 32, 80, 3, "tf32", elu=True, pool=2, threshold=64),
    "bf16": Layer(8, 8, 64, 130, 3, "bf16", elu=True, pool=2, threshold=64),
}


@pytest.mark.parametrize("layer", CASES.values(), ids=CASES)
def test_layers_and_their_slopes_are_those_of_pytorch(layer, device):
    """A layer, another on top of it, and back through both."""
    torch.manual_seed(1)
    top = Layer(layer.height // layer.pool, layer.width // layer.pool, layer.columns, 6, 3,
                layer.precision)  # fmt: skip
    layers = [layer, top]
    images = torch.randn(NETWORKS, IMAGES, layer.channels, layer.height, layer.width)
    shapes = [(NETWORKS, each.columns, each.channels, each.kernel, each.kernel) for each in layers]
    weights = [torch.randn(shape) / (shape[2] * shape[3]) for shape in shapes]
    biases = [torch.randn(NETWORKS, each.columns) for each in layers]
    y, kept = outputs_of(layers, NETWORKS, IMAGES, device)
    if layer.precision == "bf16" and device.type == "cpu":
        # The interpreter multiplies no bf16 (its bits, as integers); the tiles are the same.
        y = [each.half() for each in y]
    dtype = y[0].dtype
    images, *weights = (each.to(dtype).float() for each in (images, *weights))
    noise = torch.randint(256, (NETWORKS, -(-y[0][0].numel() // 8) * 8), dtype=torch.uint8)
    keep = (noise >= layer.threshold)[:, : y[0][0].numel()].view(y[0].shape)
    slopes = torch.randn(y[1].shape).to(dtype).float()

    expected = []
    for network in range(NETWORKS):
        leaves = [each[network].requires_grad_() for each in (*weights, *biases)]
        mask = keep[network].transpose(1, 2).unflatten(-1, (top.height, top.width))
        first = in_pytorch(layer, images[network], (leaves[0], leaves[2]), mask)
        second = in_pytorch(top, first, (leaves[1], leaves[3]), None)
        backwards = slopes[network].transpose(1, 2).reshape(second.shape)
        found = torch.autograd.grad(second, leaves, backwards)
        expected.append([by_pixel(first), by_pixel(second), *found])
    expected = [torch.stack(each).detach() for each in zip(*expected, strict=True)]
    for place in (2, 3):
        expected[place] = torch.stack([filters_of(each, 1) for each in expected[place]])

    def put(tensor):
        return tensor.detach().to(device)

    filters = [put(torch.stack([filters_of(e, 1) for e in each])).to(dtype) for each in weights]
    seen = put(by_pixel(images)).to(dtype)
    layer.apply(seen, filters[0], put(biases[0]), put(noise), y[0], kept[0])
    top.apply(y[0], filters[1], put(biases[1]), None, y[1], kept[1])
    found = [torch.zeros_like(put(each)) for each in expected[2:]]
    above = put(slopes).to(dtype)
    top.slopes_of_filters(y[0], above, found[1], found[3])
    below = torch.zeros_like(y[0])
    top.slopes_below(above, filters[1], layer, y[0], kept[0], below)
    if layer.pool > 1:
        pooled, below = below, y[0].new_zeros((NETWORKS, IMAGES, layer.pixels, layer.columns))
        layer.unpool(pooled, kept[0], below)
    layer.slopes_of_filters(seen, below, found[0], found[2])

    # Of the largest element: bf16 has 8 bits, tf32 and half 11; the interpreter has no tf32.
    tolerance = {"fp32": 1e-5, "tf32": 5e-3, "bf16": 3e-2}
    if device.type == "cpu":
        tolerance |= {"tf32": 1e-5, "bf16": 5e-3}
    for ours, theirs in zip([*y, *found], expected, strict=True):
        difference = (ours.float().cpu() - theirs).abs().max()
        assert difference <= tolerance[layer.precision] * theirs.abs().max()


def test_without_noise_nothing_is_dropped(device):
    layer = Layer(2, 2, 3, 4, 3, "fp32", elu=True, threshold=128)
    (y,), (kept,) = outputs_of([layer], 1, 5, device)
    images, filters = torch.randn(1, 5, 4, 3), torch.randn(1, 27, 4)
    layer.apply(images.to(device), filters.to(device), torch.ones(1, 4).to(device), None, y, kept)
    assert (y != 0).all()


def test_images_may_be_the_same_for_all_networks(device):
    layer = Layer(4, 4, 3, 8, 3, "fp32", elu=True)
    images, filters = torch.randn(1, 5, 16, 3), torch.randn(NETWORKS, 27, 8)
    bias = torch.zeros(NETWORKS, 8, device=device)
    given = []
    for seen in (images.expand(NETWORKS, -1, -1, -1), images.repeat(NETWORKS, 1, 1, 1)):
        (y,), (kept,) = outputs_of([layer], NETWORKS, 5, device)
        layer.apply(seen.to(device), filters.to(device), bias, None, y, kept)
        given.append(y)
    assert torch.equal(*given)


def test_the_layers_of_the_papers_network():
    network = build_network("st_vgg", 1.0, "elu", True, (32, 32, 3), 5)
    layers = layers_of(network, (32, 32, 3), "bf16")
    assert [each.columns for each in layers] == [32, 32, 64, 64, 128, 128, 256, 256, 512, 5]
    assert [each.height for each in layers] == [32, 32, 16, 16, 8, 8, 4, 4, 1, 1]
    assert [each.pool for each in layers] == [1, 2] * 4 + [1, 1]
    assert [each.threshold for each in layers] == [0, 64] * 4 + [128, 0]
    assert [each.elu for each in layers] == [True] * 9 + [False]
    assert layers[8].channels == 2 * 2 * 256


@pytest.mark.parametrize("changes, name", [({"linear": True}, "AvgPool2d"), ({}, "Tanh")])
def test_other_layers_are_refused(changes, name):
    network = build_network("small_st_vgg", 1.0, "tanh", True, (16, 16, 1), 10, **changes)
    with pytest.raises(InputError, match=rf"know no {name}; leave fused out by --ways\.$"):
        layers_of(network, (16, 16, 1), "fp32")


def test_a_dense_layer_takes_pixel_by_pixel():
    images, layer = torch.randn(4, 6, 3, 5), nn.Linear(6 * 3 * 5, 7)
    given = by_pixel(images).flatten(1) @ filters_of(layer.weight, 3 * 5) + layer.bias
    torch.testing.assert_close(given, layer(images.flatten(1)))


@pytest.mark.parametrize("capability", SHARED)
def test_all_kernels_of_the_papers_network_compile_for_gpus(capability, tmp_path):
    """What the interpreter lets pass and the compiler does not; and nothing spills."""
    environment = {key: each for key, each in os.environ.items() if key != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, COMPILE, str(capability), "bf16"],
        capture_output=True,
        text=True,
        env=environment | {"TRITON_CACHE_DIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    compiled = json.loads(done.stdout.splitlines()[-1])
    products = {"convolve", "slopes_of_images", "slopes_of_filters"}
    assert {each["name"] for each in compiled} == products | {"unpool", "add_parts"}
    for each in compiled:
        assert each["shared"] <= SHARED[capability]
        if each["name"] in products:
            assert each["spilled"] == 0
            assert each["tensor_cores"]
