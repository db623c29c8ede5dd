"""The paper's hand-made networks: st-VGG, small st-VGG and the MNIST architecture (Supp. A).

What its text leaves open follows the same authors' code for the same network: "same" padding, an
activation after every convolution and after the hidden dense layer, no batch normalisation, in
the order convolution, activation, convolution, activation, max-pooling, dropout.
"""

from collections.abc import Sequence

from torch import nn

from created_equal.networks.activations import ACTIVATIONS, MONOTONE
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
    architecture: str,
    width: float,
    activation: str,
    dropout: bool | float,
    image_shape: tuple[int, int, int],
    classes: int,
    *,
    linear: bool = False,
    depth: int | None = None,
    kernel: int | None = None,
    units: int | None = None,
) -> nn.Module:
    """Return one of the paper's own networks.

    Args:
        architecture: a key of ``BLOCKS``.
        width: factor on the numbers of filters and of dense units (rounded, at least 1).
        activation: a key of ``ACTIVATIONS``; unused if ``linear``.
        dropout: True for the paper's rates (0.25 after pooling, 0.5 after the dense layer), False
            for none, or one rate for both.
        image_shape: (height, width, channels).
        classes: number of outputs K.
        linear: without activations, and with average pooling in place of max-pooling (section 4.2
            of the paper).
        depth: convolutions in each block: the first so many, the last one repeated; None: 2.
        kernel: kernel size of every convolution; None: the architecture's own.
        units: units of the dense layer, which ``width`` multiplies too; None: the architecture's
            own.
    """
    blocks, own_units = BLOCKS[architecture]
    height, length, channels = image_shape
    layers: list[nn.Module] = []
    for block in blocks:
        for filters, own_kernel in _of_depth(block, depth):
            filters = _scaled(filters, width)
            layers += [nn.Conv2d(channels, filters, kernel or own_kernel, padding="same")]
            layers += _activation(activation, linear)
            channels = filters
        layers += [nn.AvgPool2d(2) if linear else nn.MaxPool2d(2)]
        if not linear and activation in MONOTONE:
            # The same function, with a quarter of the activations to compute.
            layers[-2:] = reversed(layers[-2:])
        layers += _dropout(dropout, DROPOUT_AFTER_POOLING)
        height, length = height // 2, length // 2
    units = _scaled(units or own_units, width)
    layers += [nn.Flatten(), nn.Linear(channels * height * length, units)]
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
