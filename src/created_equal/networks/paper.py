"""The paper's hand-made networks: st-VGG, small st-VGG and the MNIST architecture (Supp. A).

What its text leaves open follows the same authors' code for the same network: "same" padding, an
activation after every convolution and after the hidden dense layer, no batch normalisation, in
the order convolution, activation, convolution, activation, max-pooling, dropout.
"""

from collections.abc import Sequence

from torch import nn

from created_equal.networks.activations import ACTIVATIONS, MONOTONE
from created_equal.networks.architecture import Architecture
from created_equal.networks.dropout import Dropout

# Blocks of convolutions (filters, kernel size), and the units of the dense layer behind them.
BLOCKS: dict[str, tuple[Sequence[Sequence[tuple[int, int]]], int]] = {
    "st_vgg": ([[(32, 3)] * 2, [(64, 3)] * 2, [(128, 3)] * 2, [(256, 2)] * 2], 512),
    "small_st_vgg": ([[(32, 3)] * 2, [(64, 3)] * 2], 128),
    "mnist_cnn": ([[(32, 3), (64, 3)]], 128),
}
DROPOUT_AFTER_POOLING = 0.25
DROPOUT_AFTER_DENSE = 0.5


def build_paper_network(
    architecture: Architecture, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Return one of the paper's own networks.

    Args:
        architecture: which one; its name is a key of ``BLOCKS``. Its own dropout is 0.25 after
            pooling and 0.5 after the dense layer; its own activation is ELU.
        image_shape: (height, width, channels).
        classes: number of outputs K.
    """
    blocks, own_units = BLOCKS[architecture.name]
    activation = architecture.activation or "elu"
    linear, dropout = architecture.linear, architecture.dropout
    height, width, channels = image_shape
    layers: list[nn.Module] = []
    for block in blocks:
        for filters, own_kernel in _of_depth(block, architecture.depth):
            filters = _scaled(filters, architecture.width)
            kernel = architecture.kernel or own_kernel
            layers += [nn.Conv2d(channels, filters, kernel, padding="same")]
            layers += _activation(activation, linear)
            channels = filters
        layers += [nn.AvgPool2d(2) if linear else nn.MaxPool2d(2)]
        if not linear and activation in MONOTONE:
            # The same function, with a quarter of the activations to compute.
            layers[-2:] = reversed(layers[-2:])
        layers += _dropout(dropout, DROPOUT_AFTER_POOLING)
        height, width = height // 2, width // 2
    units = _scaled(architecture.units or own_units, architecture.width)
    layers += [nn.Flatten(), nn.Linear(channels * height * width, units)]
    layers += [*_activation(activation, linear), *_dropout(dropout, DROPOUT_AFTER_DENSE)]
    layers += [nn.Linear(units, classes)]
    return nn.Sequential(*layers)


def _of_depth(block: Sequence[tuple[int, int]], depth: int | None) -> list[tuple[int, int]]:
    depth = depth or len(block)
    return [*block[:depth], *block[-1:] * (depth - len(block))]


def _activation(name: str, linear: bool) -> list[nn.Module]:
    return [] if linear else [ACTIVATIONS[name]()]


def _scaled(units: int, width: float) -> int:
    return max(1, round(units * width))


def _dropout(dropout: bool | float, own_rate: float) -> list[nn.Module]:
    rate = own_rate if dropout is True else float(dropout)
    return [Dropout(rate)] if rate else []
