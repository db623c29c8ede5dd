"""Dropout with masks from counter-based random numbers instead of a generator's hidden state."""

from collections.abc import Callable

import torch
from torch import nn

from created_equal.errors import InputError

# A function that returns ``n_bytes`` random bytes: (n_bytes,) uint8.
Noise = Callable[[int], torch.Tensor]


class Dropout(nn.Module):
    """Dropout that draws its mask from the attribute ``noise``, which the training engine sets.

    Each element uses one random byte, which on a CPU takes a fraction of the time of PyTorch's
    dropout. So the rate is rounded to the nearest multiple of 1/256 (0.25 and 0.5 are exact), and
    the remaining elements are scaled according to the rounded rate. In bf16 the scale itself is
    rounded, as in PyTorch's dropout on a CPU: 4/3 becomes 1.3359, which is 0.2 % larger.

    Bytes are assigned to elements in the order example, height, width, channel, in every memory
    layout. The rate, the probability that an element is dropped, is 0 or from 1/256 to 255/256.

    Attributes:
        p: the rounded rate, under the name that nn.Dropout has for it.
    """

    def __init__(self, rate: float):
        super().__init__()
        if rate and not 1 / 256 <= rate <= 255 / 256:
            raise InputError(
                f"a dropout layer has the rate {rate}; give 0, or a rate from 1/256 to 255/256."
            )
        self.threshold = round(256 * rate)
        self.p = self.threshold / 256
        self.noise: Noise | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.threshold:
            return x
        if self.noise is None:
            raise RuntimeError(
                "Dropout.noise is not set; set it to a function that returns random bytes."
            )
        mask = (self.noise(x.numel()) >= self.threshold).to(x.dtype)
        mask *= 256 / (256 - self.threshold)
        if x.dim() != 4:
            return x * mask.view(x.shape)
        examples, channels, height, width = x.shape
        return x * mask.view(examples, height, width, channels).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        return f"rate={self.p:g}"


def dropout_rate(dropout: bool | float, default: float) -> float:
    """Return the rate of a layer: its default (True), none (False), or a given rate."""
    return default if dropout is True else float(dropout)


def dropouts(network: nn.Module) -> list[Dropout]:
    """Return a network's dropout layers, without those of rate 0, in the order of its modules."""
    return [module for module in network.modules() if isinstance(module, Dropout) and module.p]
