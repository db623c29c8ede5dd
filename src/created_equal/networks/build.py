"""Build networks, and count their floating-point operations."""

import warnings
from functools import cache

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from created_equal.errors import InputError
from created_equal.networks.dropout import dropouts
from created_equal.networks.own import build_own_network
from created_equal.networks.paper import build_paper_network
from created_equal.networks.public import build_public_network, check_linear
from created_equal.study import PAPER_ARCHITECTURES, Architecture, Recipe

LARGEST_SIZE_TRIED = 512


def build_network(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build a network that maps images (example, channel, height, width) to logits (example, K).

    The recipe may replace the architecture's default activation and dropout rates. The shape is
    (height, width, channels).

    Raises:
        InputError: the images do not fit the architecture, or it cannot be made linear; or
            see ``build_own_network``.
    """
    if architecture.own:
        return build_own_network(architecture, recipe, image_shape, classes)
    height, width, channels = image_shape
    if not _accepts(architecture, image_shape, classes):
        for larger in range(min(height, width) + 1, LARGEST_SIZE_TRIED + 1):
            if _accepts(architecture, (larger, larger, channels), classes):
                remedy = f"set size: {larger} in the study's dataset"
                break
        else:
            remedy = "choose another architecture"
        raise InputError(
            f"images of {height} x {width} pixels do not fit {architecture.name}; {remedy}."
        )
    if architecture.linear and architecture.name not in PAPER_ARCHITECTURES:
        check_linear(architecture.name, image_shape)
    return _build(architecture, recipe, image_shape, classes)


def count_flops(network: nn.Module, image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Return the floating-point operations per image of a prediction and of a training step.

    Only convolutions and matrix products count, as in torch.utils.flop_counter, and a multiply-add
    counts as two. A training step is a forward and a backward pass.
    """
    height, width, channels = image_shape
    # Not on the meta device: people's own networks may need the values of tensors.
    images = torch.zeros(2, channels, height, width)
    network.train()
    for layer in dropouts(network):
        layer.noise = lambda n_bytes: torch.zeros(n_bytes, dtype=torch.uint8)
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
    is_papers = architecture.name in PAPER_ARCHITECTURES
    build = build_paper_network if is_papers else build_public_network
    return build(architecture, recipe, image_shape, classes)


# Cached, because this takes longer than building a network.
@cache
def _accepts(architecture: Architecture, image_shape: tuple[int, int, int], classes: int) -> bool:
    """Return whether images of this shape fit the architecture."""
    height, width, channels = image_shape
    recipe = Recipe()  # Neither activations nor dropout change a shape.
    # The meta device checks shapes without computing anything, but imports PyTorch's compiler, and
    # this takes longer than two images in the paper's small networks.
    device = "cpu" if architecture.name in PAPER_ARCHITECTURES else "meta"
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            # PyTorch warns about empty layers before they raise an error.
            warnings.simplefilter("ignore")
            images = torch.zeros(2, channels, height, width, device=device)
            try:
                with torch.device(device):
                    network = _build(architecture, recipe, image_shape, classes)
            except NotImplementedError:
                # torchvision's regnets need the values of tensors while they are built, and
                # tensors on the meta device have none.
                network = _build(architecture, recipe, image_shape, classes).to("meta")
            network.eval()(images)
    except (RuntimeError, ValueError, AssertionError, ZeroDivisionError):
        return False
    return True


# PyTorch warns that 2x2 "same" convolutions copy their input; with 4x4 pixels this costs nothing.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")
