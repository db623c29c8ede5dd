"""The paper's own networks: st-VGG, small st-VGG and the MNIST architecture (Supp. A).

Details that the paper omits follow the authors' code for the same network: "same" padding, an
activation after every convolution and after the hidden dense layer, no batch normalization, and
blocks in the order convolution, activation, convolution, activation, max-pooling, dropout.
"""

from collections.abc import Sequence

from torch import nn

from created_equal.networks.activations import ACTIVATIONS, MONOTONE
from created_equal.networks.dropout import Dropout, dropout_rate
from created_equal.study import Architecture, Recipe

# The blocks of convolutions (filters, kernel size), and the units of the dense layer after them.
BLOCKS: dict[str, tuple[Sequence[Sequence[tuple[int, int]]], int]] = {
    "st_vgg": ([[(32, 3)] * 2, [(64, 3)] * 2, [(128, 3)] * 2, [(256, 2)] * 2], 512),
    "small_st_vgg": ([[(32, 3)] * 2, [(64, 3)] * 2], 128),
    "mnist_cnn": ([[(32, 3), (64, 3)]], 128),
}
DROPOUT_AFTER_POOLING = 0.25
DROPOUT_AFTER_DENSE = 0.5


def build_paper_network(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build one of the paper's own networks; arguments as in ``build_network``.

    Fewer convolutions per block than usual are the first ones; additional ones are copies of the
    last. Numbers of filters and units are multiplied by the width and rounded, at least to 1. The
    default activation is ELU.
    """
    blocks, default_units = BLOCKS[architecture.name]
    name, linear = recipe.activation or "elu", architecture.linear
    height, width, channels = image_shape

    def scale(units: int) -> int:
        return max(1, round(units * architecture.width))

    def activation() -> list[nn.Module]:
        return [] if linear else [ACTIVATIONS[name]()]

    def dropout(default_rate: float) -> list[nn.Module]:
        rate = dropout_rate(recipe.dropout, default_rate)
        return [Dropout(rate)] if rate else []

    layers: list[nn.Module] = []
    for block in blocks:
        depth = architecture.depth or len(block)
        for filters, kernel in [*block[:depth], *block[-1:] * (depth - len(block))]:
            filters, kernel = scale(filters), architecture.kernel or kernel
            layers += [nn.Conv2d(channels, filters, kernel, padding="same"), *activation()]
            channels = filters
        layers += [nn.AvgPool2d(2) if linear else nn.MaxPool2d(2)]
        if not linear and name in MONOTONE:
            # Pooling first is the same function, with a quarter of the activations to compute.
            layers[-2:] = reversed(layers[-2:])
        layers += dropout(DROPOUT_AFTER_POOLING)
        height, width = height // 2, width // 2
    units = scale(architecture.units or default_units)
    layers += [nn.Flatten(), nn.Linear(channels * height * width, units)]
    layers += [*activation(), *dropout(DROPOUT_AFTER_DENSE), nn.Linear(units, classes)]
    return nn.Sequential(*layers)
