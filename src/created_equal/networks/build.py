"""From an architecture's name to a network, and what a network costs."""

import warnings
from functools import cache

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from created_equal.errors import InputError
from created_equal.networks.dropout import dropouts
from created_equal.networks.paper import BLOCKS, build_paper_network
from created_equal.networks.public import build_public_network, check_linear

LARGEST_SIZE_TRIED = 512


def build_network(
    architecture: str,
    width: float,
    activation: str | None,
    dropout: bool | float,
    image_shape: tuple[int, int, int],
    classes: int,
    *,
    linear: bool = False,
    depth: int | None = None,
    kernel: int | None = None,
    units: int | None = None,
) -> nn.Module:
    """Return a network with images (example, channel, height, width) in, logits (example, K) out.

    Args:
        architecture: ``"st_vgg"``, ``"small_st_vgg"``, ``"mnist_cnn"`` or the name of one of
            torchvision's classification models.
        width: factor on the numbers of filters of the first three.
        activation: its name, or None for the architecture's own (ELU for the first three).
        dropout: True for the architecture's own rates, False for none, or one rate for all.
        image_shape: (height, width, channels).
        classes: K.
        linear: with identities in place of activations and average pooling in place of
            max-pooling: an affine function of the images in evaluation mode.
        depth: convolutions in each block of the first three; None: their own.
        kernel: kernel size of every convolution of the first three; None: their own.
        units: units of the dense layer of the first three, times ``width``; None: their own.

    Raises:
        InputError: the images are too small for the architecture, or it cannot be made linear.
    """
    definition = architecture, width, activation, dropout, classes, linear, depth, kernel, units
    image_shape = tuple(image_shape)
    if not _accepts(definition, image_shape):
        size = min(image_shape[:2])
        smallest = next(
            (
                larger
                for larger in range(size + 1, LARGEST_SIZE_TRIED + 1)
                if _accepts(definition, (larger, larger, image_shape[2]))
            ),
            None,
        )
        remedy = f"set size: {smallest} or more" if smallest else "choose another architecture"
        raise InputError(
            f"images of {image_shape[0]} x {image_shape[1]} pixels are too small for "
            f"{architecture}; {remedy} in the study's dataset."
        )
    if linear and architecture not in BLOCKS:
        check_linear(architecture, image_shape)
    return _build(definition, image_shape)


def count_flops(network: nn.Module, image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Return the floating-point operations for one image, a multiply-add counted as two.

    Convolutions and matrix products are counted, as torch.utils.flop_counter does.

    Returns:
        (of a prediction, of a training step: forward and backward).
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
    examples = len(images)
    predicting = forward.get_total_flops()
    return predicting // examples, (predicting + backward.get_total_flops()) // examples


def _build(definition: tuple, image_shape: tuple[int, int, int]) -> nn.Module:
    architecture, width, activation, dropout, classes, linear, depth, kernel, units = definition
    if architecture in BLOCKS:
        return build_paper_network(
            architecture,
            width,
            activation or "elu",
            dropout,
            image_shape,
            classes,
            linear=linear,
            depth=depth,
            kernel=kernel,
            units=units,
        )
    return build_public_network(
        architecture, activation, dropout, image_shape, classes, linear=linear
    )


# Not tried anew for each network of an ensemble, which takes longer than to build one.
@cache
def _accepts(definition: tuple, image_shape: tuple[int, int, int]) -> bool:
    height, length, channels = image_shape
    try:
        with torch.no_grad(), warnings.catch_warnings():
            # Of layers without elements, which are refused right after.
            warnings.simplefilter("ignore")
            images = torch.zeros(2, channels, height, length, device="meta")
            _without_numbers(definition, image_shape).eval()(images)
    except (RuntimeError, ValueError, AssertionError, ZeroDivisionError):
        return False
    return True


def _without_numbers(definition: tuple, image_shape: tuple[int, int, int]) -> nn.Module:
    """Build on the meta device, where nothing is computed or stored but shapes are checked."""
    try:
        with torch.device("meta"):
            return _build(definition, image_shape)
    except NotImplementedError:  # torchvision's regnets read numbers while they are built
        return _build(definition, image_shape).to("meta")


def _no_noise(number: int) -> torch.Tensor:
    return torch.zeros(number, dtype=torch.uint8, device="meta")


# A 2x2 "same" convolution pads one side, which costs nothing at the 4x4 pixels where it is used.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")
