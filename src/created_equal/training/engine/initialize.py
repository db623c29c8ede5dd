"""Glorot-uniform initialization: Glorot and Bengio (2010), eq. 16, with biases of zero."""

import math

import torch
from torch import nn

from created_equal.training.engine.streams import Stream, Streams


@torch.no_grad()
def initialize(network: nn.Module, streams: Streams) -> None:
    """Draw the weights of every convolution and dense layer; set their biases to zero.

    Weights are uniform in +-sqrt(6 / (fan-in + fan-out)); the fans of a convolution include the
    size of its kernel. Other parameters (batch norm, tokens) keep their values, and so do layers
    whose weights are computed from others, as with weight or spectral normalization.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    for index, layer in enumerate(layers):
        if "weight" not in layer._parameters:
            continue
        bound = math.sqrt(6 / sum(nn.init._calculate_fan_in_and_fan_out(layer.weight)))
        uniform = streams.uniform(Stream.INITIALIZATION, 0, index, layer.weight.numel())
        weights = (uniform * 2 - 1) * bound
        layer.weight.copy_(torch.from_numpy(weights).view(layer.weight.shape))
        if layer.bias is not None:
            layer.bias.zero_()
