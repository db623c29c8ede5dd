import re

import pytest
import torch
from torch import nn

from created_equal.errors import InputError
from created_equal.networks import Dropout, build_network, count_flops, dropouts
from created_equal.networks.activations import ACTIVATIONS, MONOTONE
from created_equal.study import Architecture, Recipe

COLOR = (32, 32, 3)


def build(name="st_vgg", shape=COLOR, classes=5, dropout=True, activation=None, **variations):
    recipe = Recipe(dropout=dropout, activation=activation)
    return build_network(Architecture(name, **variations), recipe, shape, classes)


def images(shape, n_images=2):
    height, width, channels = shape
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n_images, channels, height, width, generator=generator)


def count_parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameters_of_the_papers_networks():
    assert count_parameters(build("st_vgg")) == 1_208_101
    assert count_parameters(build("small_st_vgg")) == 590_629
    # By hand: 1*32*9+32, 32*64*9+64, 64*14*14*128+128, 128*10+10.
    assert count_parameters(build("mnist_cnn", shape=(28, 28, 1), classes=10)) == (
        320 + 18_496 + 1_605_760 + 1_290
    )


def test_operations_of_the_papers_networks():
    predicting, training = count_flops(build("st_vgg"), COLOR)
    assert round(predicting / 1e6, 2) == 90.90
    assert round(training / 1e6, 2) == 270.94
    assert round(count_flops(build("small_st_vgg"), COLOR)[0] / 1e6, 1) == 50.0


def test_operations_of_one_layer_by_hand():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.Flatten(), nn.Linear(256, 5))
    convolution, dense = 2 * 8 * 8 * 4 * 3 * 9, 2 * 256 * 5
    # Backward costs twice as much as forward, minus the gradient of the images.
    assert count_flops(network, (8, 8, 3)) == (
        convolution + dense,
        2 * convolution + 3 * dense,
    )


def describe(network):
    def describe_layer(layer):
        match layer:
            case nn.Conv2d():
                assert layer.padding == "same"
                assert layer.bias is not None
                return f"conv {layer.in_channels}-{layer.out_channels} {layer.kernel_size[0]}"
            case nn.Linear():
                return f"dense {layer.in_features}-{layer.out_features}"
            case nn.MaxPool2d():
                return f"pool {layer.kernel_size}"
            case Dropout():
                return f"dropout {layer.threshold / 256:g}"
        return type(layer).__name__.lower()

    return " | ".join(describe_layer(layer) for layer in network)


def test_st_vgg_layer_by_layer():
    # The paper pools after the second activation. Here pooling comes before it, which is the same
    # function (tested below).
    assert describe(build("st_vgg")) == " | ".join(
        [
            "conv 3-32 3 | elu | conv 32-32 3 | pool 2 | elu | dropout 0.25",
            "conv 32-64 3 | elu | conv 64-64 3 | pool 2 | elu | dropout 0.25",
            "conv 64-128 3 | elu | conv 128-128 3 | pool 2 | elu | dropout 0.25",
            "conv 128-256 2 | elu | conv 256-256 2 | pool 2 | elu | dropout 0.25",
            "flatten | dense 1024-512 | elu | dropout 0.5 | dense 512-5",
        ]
    )


def test_small_st_vgg_and_the_mnist_architecture_layer_by_layer():
    assert describe(build("small_st_vgg")) == " | ".join(
        [
            "conv 3-32 3 | elu | conv 32-32 3 | pool 2 | elu | dropout 0.25",
            "conv 32-64 3 | elu | conv 64-64 3 | pool 2 | elu | dropout 0.25",
            "flatten | dense 4096-128 | elu | dropout 0.5 | dense 128-5",
        ]
    )
    assert describe(build("mnist_cnn", shape=(28, 28, 1), classes=10)) == (
        "conv 1-32 3 | elu | conv 32-64 3 | pool 2 | elu | dropout 0.25 | "
        "flatten | dense 12544-128 | elu | dropout 0.5 | dense 128-10"
    )


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_pooling_before_the_activation_is_the_same_function(activation):
    network = build(width=0.25, activation=activation, dropout=False)
    after = []
    for layer in network:
        if (
            after
            and isinstance(after[-1], nn.MaxPool2d)
            and isinstance(layer, type(ACTIVATIONS[activation]()))
        ):
            after.insert(-1, layer)
        else:
            after.append(layer)
    pooled_first = [type(layer) for layer in after] != [type(layer) for layer in network]
    assert pooled_first == (activation in MONOTONE)
    kinds = [type(layer) for layer in after]
    pools = [index for index, kind in enumerate(kinds) if kind is nn.MaxPool2d]
    assert all(kinds[index - 1] is type(ACTIVATIONS[activation]()) for index in pools)
    with torch.no_grad():
        x = 3 * images(COLOR)
        assert torch.equal(network.eval()(x), nn.Sequential(*after).eval()(x))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_monotone_activations_never_decrease(activation):
    values = ACTIVATIONS[activation]()(torch.linspace(-20, 20, 4001, dtype=torch.float64))
    assert bool((values.diff() >= 0).all()) == (activation in MONOTONE)


def test_width_scales_filters_and_dense_units():
    assert describe(build("small_st_vgg", width=0.5)).startswith("conv 3-16 3 | elu | conv 16-16")
    assert describe(build("small_st_vgg", width=0.5)).endswith(
        "dense 2048-64 | elu | dropout 0.5 | dense 64-5"
    )
    narrowest = [layer for layer in build(width=0.001) if isinstance(layer, nn.Conv2d)]
    assert {layer.out_channels for layer in narrowest} == {1}


@pytest.mark.parametrize(
    ("dropout", "rates"),
    [(True, [0.25] * 4 + [0.5]), (False, []), (0.125, [0.125] * 5), (0.0, [])],
)
def test_dropout_has_default_rates_none_or_one_rate(dropout, rates):
    assert [layer.threshold / 256 for layer in dropouts(build(dropout=dropout))] == rates


def test_another_activation_replaces_the_default():
    assert " gelu " in describe(build(activation="gelu"))
    assert " elu " not in describe(build(activation="gelu"))


# Models of torchvision.


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "name", ["resnet18", "vgg11", "mobilenet_v3_small", "densenet121", "regnet_y_400mf"]
)
def test_torchvision_models_accept_small_images(name, channels):
    shape = (32, 32, channels)
    network = build(name, shape=shape, classes=7).eval()
    with torch.inference_mode():
        logits = network(images(shape))
    assert logits.shape == (2, 7)
    assert logits.isfinite().all()


def test_a_gray_image_is_repeated_over_three_channels():
    network = build("resnet18", shape=(32, 32, 1)).eval()
    gray = images((32, 32, 1))
    with torch.inference_mode():
        assert torch.equal(network(gray), network[1](gray.repeat(1, 3, 1, 1)))


@pytest.mark.parametrize(
    ("dropout", "rates"), [(True, [0.5, 0.5]), (False, []), (0.25, [0.25, 0.25])]
)
def test_dropout_of_torchvision_models_is_replaced(dropout, rates):
    with torch.device("meta"):
        network = build("vgg11", dropout=dropout)
    assert [layer.threshold / 256 for layer in dropouts(network)] == rates
    assert not any(isinstance(layer, nn.Dropout) for layer in network.modules())


def test_another_activation_replaces_those_of_torchvision_models():
    with torch.device("meta"):
        kinds = {type(layer) for layer in build("resnet18", activation="tanh").modules()}
    assert nn.Tanh in kinds
    assert nn.ReLU not in kinds


def test_an_unknown_model_is_rejected():
    with pytest.raises(
        InputError, match=r"^torchvision [\d.+a-z]+ has no model 'resnet19'; choose"
    ):
        build("resnet19")


# Images that are too small.


@pytest.mark.parametrize(
    ("architecture", "size", "smallest"),
    [("st_vgg", 8, 16), ("small_st_vgg", 3, 4), ("vgg16", 28, 32), ("alexnet", 32, 63)],
)
def test_images_that_are_too_small_are_rejected_with_the_smallest_size(
    architecture, size, smallest
):
    with torch.device("meta"):
        with pytest.raises(InputError) as caught:
            build(architecture, shape=(size, size, 3))
        assert str(caught.value) == (
            f"images of {size} x {size} pixels do not fit {architecture}; set size: {smallest} in "
            "the study's dataset."
        )
        build(architecture, shape=(smallest, smallest, 3))
        with pytest.raises(InputError, match=re.escape(f"set size: {smallest} in")):
            build(architecture, shape=(smallest - 1, smallest - 1, 3))


def test_st_vgg_accepts_every_size_from_the_smallest_on():
    for size in range(1, 40):
        shape = (size, size, 1)
        if size < 16:
            with pytest.raises(InputError, match="set size: 16 in"):
                build(width=0.05, shape=shape)
        else:
            network = build(width=0.05, shape=shape).eval()
            assert network(images(shape)).shape == (2, 5)


def test_images_that_are_not_divided_into_patches_are_rejected_with_the_next_size():
    with torch.device("meta"):
        for size, fits in ((100, 112), (120, 128)):
            with pytest.raises(InputError, match=f"do not fit vit_b_16; set size: {fits} in"):
                build("vit_b_16", shape=(size, size, 3))
        with pytest.raises(
            InputError, match=r"do not fit vit_b_16; choose another architecture\.$"
        ):
            build("vit_b_16", shape=(513, 600, 3))


def test_the_shorter_side_decides():
    with pytest.raises(InputError, match=r"^images of 8 x 40 pixels do not fit st_vgg;"):
        build(shape=(8, 40, 3))
    assert build(width=0.1, shape=(16, 40, 3)).eval()(images((16, 40, 3))).shape == (2, 5)
