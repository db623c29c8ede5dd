"""torchvision's classification models, by name."""

import torch
from torch import nn

from created_equal.errors import InputError
from created_equal.networks.activations import ACTIVATIONS
from created_equal.networks.dropout import count_dropouts


class ThreeChannels(nn.Module):
    """Repeats a grey image over the three channels that torchvision's models expect."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(-1, 3, -1, -1)


def build_public_network(
    architecture: str,
    activation: str | None,
    dropout: bool | float,
    image_shape: tuple[int, int, int],
    classes: int,
) -> nn.Module:
    """Return one of torchvision's classification models, untrained.

    Args:
        architecture: its name in torchvision, for example ``"resnet50"``.
        activation: None for the model's own, or a key of ``ACTIVATIONS`` to put in its place.
        dropout: True for the model's own rates, False for none, or one rate for all.
        image_shape: (height, width, channels); grey images are repeated over three channels.
        classes: number of outputs K.

    Raises:
        InputError: this version of torchvision has no such model.
    """
    # Takes a second to import, which the paper's own networks need not wait for.
    from torchvision import models

    if architecture not in models.list_models(module=models):
        raise InputError(
            f"torchvision {_torchvision_version()} has no model {architecture!r}; choose another "
            "architecture or another version of torchvision."
        )
    network = models.get_model(
        architecture, weights=None, num_classes=classes, **_options(architecture, image_shape)
    )
    count_dropouts(network, dropout)
    if activation is not None:
        _replace_activations(network, activation)
    return network if image_shape[2] == 3 else nn.Sequential(ThreeChannels(), network)


def _options(architecture: str, image_shape: tuple[int, int, int]) -> dict:
    height, width, _ = image_shape
    if architecture in ("googlenet", "inception_v3"):
        # Their second outputs only help to train on large images.
        return {"aux_logits": False, "init_weights": False}
    if architecture.startswith("vit_"):
        return {"image_size": height}
    if architecture.startswith("maxvit_"):
        return {"input_size": (height, width)}
    return {}


def _replace_activations(network: nn.Module, activation: str) -> None:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, (nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Hardswish)):
                setattr(parent, name, ACTIVATIONS[activation]())


def _torchvision_version() -> str:
    from torchvision import __version__

    return __version__
