"""Build networks, and count their floating-point operations."""

import warnings
from functools import cache

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from created_equal.errors import InputError
from created_equal.networks.dropout import dropouts
from created_equal.networks.paper import BLOCKS, build_paper_network
from created_equal.networks.public import build_public_network, check_linear
from created_equal.study import Architecture, Recipe

LARGEST_SIZE_TRIED = 512


def build_network(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build a network that maps images (example, channel, height, width) to logits (example, K).

    Args:
        architecture: the architecture.
        recipe: the recipe, which may have another activation and other dropout rates.
        image_shape: (height, width, channels).
        classes: K.

    Raises:
        InputError: the images are too small for the architecture, or it cannot be made linear.
    """
    image_shape = tuple(image_shape)
    if not _accepts(architecture, recipe, image_shape, classes):
        size, channels = min(image_shape[:2]), image_shape[2]
        smallest = next(
            (
                larger
                for larger in range(size + 1, LARGEST_SIZE_TRIED + 1)
                if _accepts(architecture, recipe, (larger, larger, channels), classes)
            ),
            None,
        )
        remedy = f"set size: {smallest} or more" if smallest else "choose another architecture"
        raise InputError(
            f"images of {image_shape[0]} x {image_shape[1]} pixels are too small for "
            f"{architecture.name}; {remedy} in the study's dataset."
        )
    if architecture.linear and architecture.name not in BLOCKS:
        check_linear(architecture.name, image_shape)
    return _build(architecture, recipe, image_shape, classes)


def count_flops(network: nn.Module, image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Return the floating-point operations for one image, a multiply-add counted as two.

    Only convolutions and matrix products count, as in torch.utils.flop_counter.

    Returns:
        (operations of a prediction, operations of a training step: forward and backward).
    """
    height, width, channels = image_shape
    images = torch.zeros(2, channels, height, width, device="meta")
    network = network.to("meta").train()
    for layer in dropouts(network):
        layer.noise = _no_noise
    with FlopCounterMode(display=False) as forward:
        logits = network(images)
    with FlopCounterMode(display=False) as backward:
        logits.sum().backward()
    predicting = forward.get_total_flops() // len(images)
    training = (forward.get_total_flops() + backward.get_total_flops()) // len(images)
    return predicting, training


def _build(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    build = build_paper_network if architecture.name in BLOCKS else build_public_network
    return build(architecture, recipe, image_shape, classes)


# Cached, because this takes longer than building a network.
@cache
def _accepts(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> bool:
    """Return whether images of this shape are large enough for the architecture."""
    height, width, channels = image_shape
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # PyTorch warns about empty layers before they raise an error.
            warnings.simplefilter("ignore")
            images = torch.zeros(2, channels, height, width, device="meta")
            _build_on_meta(architecture, recipe, image_shape, classes).eval()(images)
    except (RuntimeError, ValueError, AssertionError, ZeroDivisionError):
        return False
    return True


def _build_on_meta(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build on the meta device, which checks shapes without computing anything."""
    try:
        with torch.device("meta"):
            return _build(architecture, recipe, image_shape, classes)
    except NotImplementedError:  # torchvision's regnets read values while they are built
        return _build(architecture, recipe, image_shape, classes).to("meta")


def _no_noise(n_bytes: int) -> torch.Tensor:
    return torch.zeros(n_bytes, dtype=torch.uint8, device="meta")


# PyTorch warns that 2x2 "same" convolutions copy their input; with 4x4 pixels this costs nothing.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")
