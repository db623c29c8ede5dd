import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from created_equal.errors import InputError
from created_equal.networks import build_network, dropouts
from created_equal.networks.public import check_linear
from created_equal.study import Architecture, Recipe

SHAPES = {
    "st_vgg": (32, 32, 3),
    "small_st_vgg": (16, 16, 1),
    "mnist_cnn": (28, 28, 1),
    "alexnet": (64, 64, 3),
}
COLOR = (32, 32, 3)


def build(name, shape=COLOR, dropout=True, activation=None, **variations):
    recipe = Recipe(dropout=dropout, activation=activation)
    return build_network(Architecture(name, **variations), recipe, shape, 5)


@pytest.fixture(scope="module", params=SHAPES)
def linear(request):
    """The image shape of an architecture, and its linear network in double precision."""
    torch.manual_seed(0)
    shape = SHAPES[request.param]
    return shape, build(request.param, shape, dropout=False, linear=True).double()


@settings(max_examples=8)
@given(st.floats(-2, 2), st.integers(0, 2**31))
def test_a_linear_network_is_affine_in_its_images(linear, weight, seed):
    # Training mode makes no difference, because the networks have no dropout or batch norm.
    (height, width, channels), network = linear
    generator = torch.Generator().manual_seed(seed)
    size = (2, channels, height, width)
    x, y = torch.randn(size, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        mixed, at_x, at_y = network(torch.stack([weight * x + (1 - weight) * y, x, y]))
    torch.testing.assert_close(mixed, weight * at_x + (1 - weight) * at_y, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("architecture", SHAPES)
def test_the_same_network_is_not_affine_without_linear(architecture):
    torch.manual_seed(0)
    height, width, channels = SHAPES[architecture]
    network = build(architecture, SHAPES[architecture], dropout=False).double()
    x = torch.randn(1, channels, height, width, dtype=torch.float64)
    with torch.no_grad():
        deviation = network(x) + network(-x) - 2 * network(0 * x)
        scale = (network(x) - network(0 * x)).abs().max()
    assert deviation.abs().max() > 0.01 * scale


@pytest.mark.parametrize("architecture", SHAPES)
def test_linear_changes_neither_parameters_nor_dropout(architecture):
    plain, linear = (
        build(architecture, SHAPES[architecture], linear=each) for each in (False, True)
    )
    parameters, others = (list(each.parameters()) for each in (linear, plain))
    assert [each.shape for each in parameters] == [each.shape for each in others]
    assert [str(layer) for layer in dropouts(linear)] == [str(layer) for layer in dropouts(plain)]


def test_max_pooling_becomes_average_pooling_of_the_same_windows():
    layers = build("alexnet", (64, 64, 3), linear=True).modules()
    averages = [layer for layer in layers if isinstance(layer, nn.AvgPool2d)]
    assert [(each.kernel_size, each.stride) for each in averages] == [(3, 2)] * 3
    layers = build("squeezenet1_0", linear=True).modules()
    ceils = [layer.ceil_mode for layer in layers if isinstance(layer, nn.AvgPool2d)]
    assert ceils == [True] * 3


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("densenet121", COLOR),  # calls a function
        ("mobilenet_v3_small", COLOR),  # gates
        ("vit_b_32", COLOR),  # attention, followed by a last layer of zeros
    ],
)
def test_models_that_cannot_be_made_linear_are_rejected(architecture, shape):
    with pytest.raises(InputError, match=f"^{architecture} cannot be made linear, .*; leave"):
        build(architecture, shape, linear=True)


def test_the_check_does_not_advance_pytorchs_generator():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    check_linear("squeezenet1_1", (33, 33, 3))
    assert torch.equal(torch.get_rng_state(), before)


def test_linear_networks_have_the_same_smallest_size():
    for linear in (False, True):
        with pytest.raises(InputError, match="set size: 16 in"):
            build("st_vgg", (8, 8, 3), linear=linear)


def filters(network):
    return [
        (layer.out_channels, layer.kernel_size[0])
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]


def test_depth_kernel_and_units_by_hand():
    assert filters(build("small_st_vgg", depth=1)) == [(32, 3), (64, 3)]
    assert filters(build("small_st_vgg", depth=3)) == [(32, 3)] * 3 + [(64, 3)] * 3
    assert filters(build("mnist_cnn", depth=3)) == [(32, 3), (64, 3), (64, 3)]
    assert filters(build("mnist_cnn", depth=1)) == [(32, 3)]
    kernels = [kernel for _, kernel in filters(build("st_vgg", kernel=5))]
    assert kernels == [5] * 8
    # The dense layer has 64 filters of 8 x 8 pixels as inputs.
    first, last = (
        layer for layer in build("small_st_vgg", units=7).modules() if isinstance(layer, nn.Linear)
    )
    assert (first.in_features, first.out_features) == (4096, 7)
    assert (last.in_features, last.out_features) == (7, 5)


@pytest.mark.parametrize("architecture", ["st_vgg", "small_st_vgg", "mnist_cnn"])
def test_the_default_depth_and_units_change_nothing(architecture):
    default_units = {"st_vgg": 512}.get(architecture, 128)
    assert str(build(architecture, depth=2, units=default_units)) == str(build(architecture))


def test_width_scales_the_given_units():
    network = build("st_vgg", width=0.5, units=100)
    assert [each.out_features for each in network.modules() if isinstance(each, nn.Linear)] == [
        50,
        5,
    ]
