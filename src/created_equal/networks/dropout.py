"""Dropout whose masks are counted, not taken from a generator with a hidden state."""

from collections.abc import Callable

import torch
from torch import nn

# Takes a number of bytes and returns as many random ones, uint8 of shape (number,).
Noise = Callable[[int], torch.Tensor]


class Dropout(nn.Module):
    """Dropout that draws its mask from ``noise``, which the training engine sets.

    One random byte decides over one element, which on a CPU costs a fraction of PyTorch's own
    dropout; so the rate is rounded to the nearest multiple of 1/256 (0.25 and 0.5 are exact), and
    what is kept is scaled by that rounded rate. In bf16 the scale itself is rounded, as it is by
    PyTorch's own dropout on a CPU: 4/3 becomes 1.3359, 0.2 % more.

    The elements are counted in the order example, height, width, channel, whatever the memory
    layout.

    Args:
        rate: 0, or from 1/256 to 255/256.

    Raises:
        ValueError: the rate is another, which would be rounded to none or all.
    """

    def __init__(self, rate: float):
        super().__init__()
        if rate and not 1 / 256 <= rate <= 255 / 256:
            raise ValueError(f"the rate of dropout is {rate}, not 0 or from 1/256 to 255/256")
        self.threshold = round(256 * rate)
        self.noise: Noise | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.threshold:
            return x
        if self.noise is None:
            raise RuntimeError("Dropout.noise is not set: it has no random numbers to draw from.")
        keep = (self.noise(x.numel()) >= self.threshold).to(x.dtype)
        keep *= 256 / (256 - self.threshold)
        return x * _in_layout_of(x, keep)

    def extra_repr(self) -> str:
        return f"rate={self.threshold / 256:g}"


def dropouts(network: nn.Module) -> list[Dropout]:
    """Return a network's dropout layers in the order of its modules."""
    return [module for module in network.modules() if isinstance(module, Dropout)]


def count_dropouts(network: nn.Module, dropout: bool | float) -> None:
    """Put ``Dropout`` in the place of every ``nn.Dropout`` of a network.

    Args:
        network: changed in place.
        dropout: True keeps each layer's rate, False removes it, a number replaces it.
    """
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Dropout):
                rate = child.p if dropout is True else float(dropout)
                setattr(parent, name, Dropout(rate) if rate else nn.Identity())


def _in_layout_of(x: torch.Tensor, elements: torch.Tensor) -> torch.Tensor:
    if x.dim() != 4:
        return elements.view(x.shape)
    examples, channels, height, width = x.shape
    return elements.view(examples, height, width, channels).permute(0, 3, 1, 2)
