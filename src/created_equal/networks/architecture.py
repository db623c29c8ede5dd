"""The description of an architecture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """An architecture and its variations.

    Attributes:
        name: one of the paper's architectures, ``"st_vgg"``, ``"small_st_vgg"`` or ``"mnist_cnn"``,
            or one of torchvision's classification models, for example ``"resnet50"``.
        activation: a key of ``ACTIVATIONS``; None for the default (ELU in the paper's).
        dropout: True for the default rates, False for none, or one rate for all layers.
        linear: whether to replace activations by identities and max-pooling by average pooling
            (section 4.2 of the paper); the network is then affine in its input in evaluation mode.
        width: factor on the numbers of filters and of dense units (rounded, at least 1). This and
            all following attributes apply to the paper's architectures only.
        depth: number of convolutions per block. Fewer are the first ones of the block; more are
            copies of its last. None for the default.
        kernel: kernel size of every convolution; None for the default.
        units: units of the dense layer, before the factor ``width``; None for the default.
    """

    name: str
    activation: str | None = None
    dropout: bool | float = True
    linear: bool = False
    width: float = 1.0
    depth: int | None = None
    kernel: int | None = None
    units: int | None = None
