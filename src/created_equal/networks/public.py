"""torchvision's classification models, by name."""

from collections.abc import Callable
from functools import cache

import torch
from torch import nn

from created_equal.errors import InputError
from created_equal.networks.activations import ACTIVATIONS
from created_equal.networks.architecture import Architecture
from created_equal.networks.dropout import count_dropouts

NON_LINEARITIES = (
    nn.ReLU,
    nn.ReLU6,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
)
# Of what a network gives, in double precision; what is not linear deviates by far more.
ROUNDING = 1e-6


class ThreeChannels(nn.Module):
    """Repeats a grey image over the three channels that torchvision's models expect."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(-1, 3, -1, -1)


def build_public_network(
    architecture: Architecture, image_shape: tuple[int, int, int], classes: int
) -> nn.Module:
    """Return one of torchvision's classification models, untrained.

    Args:
        architecture: which one. If it is linear, only modules are replaced; see ``check_linear``
            for models with other non-linearities.
        image_shape: (height, width, channels); grey images are repeated over three channels.
        classes: number of outputs K.

    Raises:
        InputError: this version of torchvision has no such model.
    """
    # Imported late: it takes a second, and the paper's own networks do not need it.
    from torchvision import models

    name, activation = architecture.name, architecture.activation
    if name not in models.list_models(module=models):
        raise InputError(
            f"torchvision {_torchvision_version()} has no model {name!r}; choose another "
            "architecture or another version of torchvision."
        )
    network = models.get_model(
        name, weights=None, num_classes=classes, **_options(name, image_shape)
    )
    count_dropouts(network, architecture.dropout)
    if architecture.linear:
        _make_linear(network)
    elif activation is not None:
        _replace(network, NON_LINEARITIES, lambda _: ACTIVATIONS[activation]())
    return network if image_shape[2] == 3 else nn.Sequential(ThreeChannels(), network)


@cache
def check_linear(name: str, image_shape: tuple[int, int, int]) -> None:
    """Check that one of torchvision's models is affine in its input once it is made linear.

    f(x + y) - f(x) - f(y) + f(0) = 0 is tried on noise, in evaluation mode and double precision.

    Args:
        name: its name in torchvision.
        image_shape: (height, width, channels), large enough for it.

    Raises:
        InputError: it is not: something in it that is no activation module and no max-pooling
            module is not linear (attention, gates, layer norm, a function called in its code).
    """
    height, width, channels = image_shape
    # The networks that are trained draw from the same generator.
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        architecture = Architecture(name, dropout=False, linear=True)
        network = build_public_network(architecture, image_shape, 2).double().eval()
        for parameter in network.parameters():
            if not parameter.any():
                # The last layer of some models starts at zero, and would hide what is before it.
                nn.init.normal_(parameter)
        x, y = torch.randn(2, channels, height, width, dtype=torch.float64)
        at_sum, at_x, at_y, at_zero = network(torch.stack([x + y, x, y, torch.zeros_like(x)]))
    deviation = (at_sum - at_x - at_y + at_zero).abs().max()
    if deviation > ROUNDING * torch.stack([at_sum, at_x, at_y]).sub(at_zero).abs().max():
        raise InputError(
            f"{name} cannot be made linear, as more of it is not linear than its "
            "activations and max-pooling; leave linear out, or choose one of the paper's "
            "architectures, alexnet, a vgg or a resnet."
        )


def _options(name: str, image_shape: tuple[int, int, int]) -> dict:
    height, width, _ = image_shape
    if name in ("googlenet", "inception_v3"):
        # Their second outputs only help to train on large images.
        return {"aux_logits": False, "init_weights": False}
    if name.startswith("vit_"):
        return {"image_size": height}
    if name.startswith("maxvit_"):
        return {"input_size": (height, width)}
    return {}


def _make_linear(network: nn.Module) -> None:
    _replace(network, NON_LINEARITIES, lambda _: nn.Identity())
    _replace(network, (nn.MaxPool2d,), _average_pool)


def _average_pool(pool: nn.MaxPool2d) -> nn.AvgPool2d:
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


def _torchvision_version() -> str:
    from torchvision import __version__

    return __version__
