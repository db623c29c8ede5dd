"""torchvision's classification models, by name."""

from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from created_equal.errors import InputError
from created_equal.networks.activations import ACTIVATIONS
from created_equal.networks.dropout import replace_dropouts
from created_equal.study import Architecture, Recipe

NON_LINEARITIES = (
    nn.ReLU,
    nn.ReLU6,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
)
# Relative tolerance for rounding in double precision; other non-linearities deviate far more.
TOLERANCE = 1e-6


class ThreeChannels(nn.Module):
    """Repeats a gray image over the three channels that torchvision's models expect."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(-1, 3, -1, -1)


def build_public_network(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build one of torchvision's classification models, untrained.

    Args:
        architecture: the architecture. ``linear`` replaces modules only; see ``check_linear`` for
            models with other non-linearities.
        recipe: the recipe, which may have another activation and other dropout rates.
        image_shape: (height, width, channels); gray images are repeated over three channels.
        classes: number of outputs K.

    Raises:
        InputError: this version of torchvision has no such model.
    """
    # Imported late, because it takes a second and the paper's own networks do not need it.
    from torchvision import __version__, models

    name, activation = architecture.name, recipe.activation
    if name not in models.list_models(module=models):
        raise InputError(
            f"torchvision {__version__} has no model {name!r}; choose another "
            "architecture or another version of torchvision."
        )
    network = models.get_model(
        name, weights=None, num_classes=classes, **_options(name, image_shape)
    )
    replace_dropouts(network, recipe.dropout)
    if architecture.linear:
        _replace(network, NON_LINEARITIES, lambda _: nn.Identity())
        _replace(network, (nn.MaxPool2d,), _make_average_pool)
    elif activation is not None:
        _replace(network, NON_LINEARITIES, lambda _: ACTIVATIONS[activation]())
    return network if image_shape[2] == 3 else nn.Sequential(ThreeChannels(), network)


@cache
def check_linear(name: str, image_shape: tuple[int, int, int]) -> None:
    """Check that the linear variant of one of torchvision's models is affine in its input.

    This tests f(x + y) - f(x) - f(y) + f(0) = 0 on noise, in evaluation mode and double precision.

    Args:
        name: the name of the model in torchvision.
        image_shape: (height, width, channels), large enough for the model.

    Raises:
        InputError: the model has a non-linearity other than activation modules and max-pooling
            modules: attention, gates, layer norm, or a function called in its code.
    """
    height, width, channels = image_shape
    # The generator is restored, because networks in training draw from it too.
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        architecture, recipe = Architecture(name, linear=True), Recipe(dropout=False)
        network = build_public_network(architecture, recipe, image_shape, 2).double().eval()
        for parameter in network.parameters():
            if not parameter.any():
                # The last layer of some models starts at zero, which would hide the layers before.
                nn.init.normal_(parameter)
        x, y = torch.randn(2, channels, height, width, dtype=torch.float64)
        at_sum, at_x, at_y, at_zero = network(torch.stack([x + y, x, y, torch.zeros_like(x)]))
    deviation = (at_sum - at_x - at_y + at_zero).abs().max()
    if deviation > TOLERANCE * torch.stack([at_sum, at_x, at_y]).sub(at_zero).abs().max():
        raise InputError(
            f"{name} cannot be made linear, because it has non-linearities other than activations "
            "and max-pooling; leave linear out, or choose one of the paper's architectures, "
            "alexnet, a vgg or a resnet."
        )


def _options(name: str, image_shape: tuple[int, int, int]) -> dict:
    height, width, _ = image_shape
    if name in ("googlenet", "inception_v3"):
        # Their auxiliary outputs only help to train on large images.
        return {"aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        return {"image_size": height}
    if name.startswith("maxvit_"):
        return {"input_size": (height, width)}
    return {}


def _make_average_pool(pool: nn.MaxPool2d) -> nn.AvgPool2d:
    return nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode)


def _replace(
    network: nn.Module,
    kinds: tuple[type[nn.Module], ...],
    replacement: Callable[[nn.Module], nn.Module],
) -> None:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, kinds):
                setattr(parent, name, replacement(child))
