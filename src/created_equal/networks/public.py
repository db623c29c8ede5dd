"""torchvision's classification models, by name."""

from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from created_equal.errors import InputError
from created_equal.networks.activations import ACTIVATIONS
from created_equal.networks.dropout import Dropout, dropout_rate
from created_equal.study import Architecture, Recipe

NON_LINEARITIES = nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish
# Relative tolerance for rounding in double precision; other non-linearities deviate far more.
TOLERANCE = 1e-6


class ThreeChannels(nn.Module):
    """Repeats a gray image over the three channels that torchvision's models expect."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(-1, 3, -1, -1)


def build_public_network(
    architecture: Architecture, recipe: Recipe, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Build one of torchvision's classification models; arguments as in ``build_network``.

    Gray images are repeated over three channels. ``linear`` replaces modules only; see
    ``check_linear`` for models with other non-linearities.

    Raises:
        InputError: this version of torchvision has no such model.
    """
    # Imported late, because it takes a second and the paper's own networks do not need it.
    from torchvision import __version__, models

    name, height, width = architecture.name, *image_shape[:2]
    if name not in models.list_models(module=models):
        raise InputError(
            f"torchvision {__version__} has no model {name!r}; choose another "
            "architecture or another version of torchvision."
        )
    options = {}
    if name in ("googlenet", "inception_v3"):
        # Their auxiliary outputs help only in training on large images.
        options = {"aux_logits": False, "init_weights": False}
    elif name.startswith("vit_"):
        options = {"image_size": height}
    elif name.startswith("maxvit_"):
        options = {"input_size": (height, width)}
    network = models.get_model(name, weights=None, num_classes=classes, **options)
    replace_dropout(network, recipe)
    if architecture.linear:
        replace_layers(network, NON_LINEARITIES, lambda _: nn.Identity())
        replace_layers(
            network,
            nn.MaxPool2d,
            lambda each: nn.AvgPool2d(each.kernel_size, each.stride, each.padding, each.ceil_mode),
        )
    elif recipe.activation is not None:
        replace_layers(network, NON_LINEARITIES, lambda _: ACTIVATIONS[recipe.activation]())
    return network if image_shape[2] == 3 else nn.Sequential(ThreeChannels(), network)


def replace_dropout(network: nn.Module, recipe: Recipe) -> None:
    """Replace layers of ``nn.Dropout`` by those that draw from the engine's random numbers.

    Classes derived from it are kept, since they may compute anything.
    """

    def dropout(layer: nn.Dropout) -> nn.Module:
        is_derived = type(layer) is not nn.Dropout
        return layer if is_derived else Dropout(dropout_rate(recipe.dropout, layer.p))

    replace_layers(network, nn.Dropout, dropout)


@cache
def check_linear(name: str, image_shape: tuple[int, int, int]) -> None:
    """Check that the linear variant of one of torchvision's models is affine in its input.

    This tests f(x + y) - f(x) - f(y) + f(0) = 0 on noise, in evaluation mode and double precision.
    The images (height, width, channels) must be large enough for the model.

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


def replace_layers(
    network: nn.Module,
    kinds: type[nn.Module] | tuple[type[nn.Module], ...],
    replacement: Callable[[nn.Module], nn.Module],
) -> None:
    """Replace each layer of these kinds within a network by ``replacement(layer)``."""
    for parent in list(network.modules()):
        # Not named_children, which leaves out the second place of a layer that has two.
        for name, child in list(parent._modules.items()):
            if isinstance(child, kinds):
                setattr(parent, name, replacement(child))
