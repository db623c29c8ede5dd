"""Glorot-uniform initialisation: Glorot and Bengio (2010), eq. 16; biases zero."""

import math

import torch
from torch import nn

from created_equal.training.engine.streams import Stream, Streams


@torch.no_grad()
def initialise(network: nn.Module, streams: Streams) -> None:
    """Draw the weights of every convolution and dense layer; set their biases to zero.

    Weights are uniform in +-sqrt(6 / (inputs + outputs)), where a convolution's inputs and outputs
    are counted with its kernel. Other parameters (batch norm, tokens) keep their values.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    for index, layer in enumerate(layers):
        bound = math.sqrt(6 / sum(nn.init._calculate_fan_in_and_fan_out(layer.weight)))
        uniform = streams.uniform(Stream.INITIALISATION, 0, index, layer.weight.numel())
        weights = (uniform * 2 - 1) * bound
        layer.weight.copy_(torch.from_numpy(weights).view(layer.weight.shape))
        if layer.bias is not None:
            layer.bias.zero_()
