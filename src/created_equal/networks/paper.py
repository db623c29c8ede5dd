"""The paper's own networks: st-VGG, small st-VGG and the MNIST architecture (Supp. A).

Details that the paper omits follow the authors' code for the same network: "same" padding, an
activation after every convolution and after the hidden dense layer, no batch normalization, and
blocks in the order convolution, activation, convolution, activation, max-pooling, dropout.
"""

from collections.abc import Sequence

from torch import nn

from created_equal.networks.activations import ACTIVATIONS, MONOTONE
from created_equal.networks.dropout import Dropout
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
    """Build one of the paper's own networks.

    Args:
        architecture: the architecture, whose name is a key of ``BLOCKS``. Fewer convolutions per
            block than usual are the first ones; additional ones are copies of the last. Numbers of
            filters and units are multiplied by the width and rounded, at least to 1.
        recipe: the recipe. Its default dropout rates mean 0.25 after pooling and 0.5 after the
            dense layer; its default activation means ELU.
        image_shape: (height, width, channels).
        classes: number of outputs K.
    """
    blocks, default_units = BLOCKS[architecture.name]
    activation, dropout = recipe.activation or "elu", recipe.dropout
    linear = architecture.linear
    height, width, channels = image_shape
    layers: list[nn.Module] = []
    for block in blocks:
        for filters, default_kernel in _set_depth(block, architecture.depth):
            filters = _scale(filters, architecture.width)
            kernel = architecture.kernel or default_kernel
            layers += [nn.Conv2d(channels, filters, kernel, padding="same")]
            layers += _activation(activation, linear)
            channels = filters
        layers += [nn.AvgPool2d(2) if linear else nn.MaxPool2d(2)]
        if not linear and activation in MONOTONE:
            # Pooling first is the same function, with a quarter of the activations to compute.
            layers[-2:] = reversed(layers[-2:])
        layers += _dropout(dropout, DROPOUT_AFTER_POOLING)
        height, width = height // 2, width // 2
    units = _scale(architecture.units or default_units, architecture.width)
    layers += [nn.Flatten(), nn.Linear(channels * height * width, units)]
    layers += [*_activation(activation, linear), *_dropout(dropout, DROPOUT_AFTER_DENSE)]
    layers += [nn.Linear(units, classes)]
    return nn.Sequential(*layers)


def _set_depth(block: Sequence[tuple[int, int]], depth: int | None) -> list[tuple[int, int]]:
    depth = depth or len(block)
    return [*block[:depth], *block[-1:] * (depth - len(block))]


def _activation(name: str, linear: bool) -> list[nn.Module]:
    return [] if linear else [ACTIVATIONS[name]()]


def _scale(units: int, width: float) -> int:
    return max(1, round(units * width))


def _dropout(dropout: bool | float, default_rate: float) -> list[nn.Module]:
    rate = default_rate if dropout is True else float(dropout)
    return [Dropout(rate)] if rate else []
