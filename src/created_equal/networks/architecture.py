"""The description of an architecture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """An architecture and its variations; None stands for the default.

    The name is one of the paper's, ``"st_vgg"``, ``"small_st_vgg"`` or ``"mnist_cnn"``, or one of
    torchvision's classification models, for example ``"resnet50"``. Linear networks have identities
    in place of activations and average pooling in place of max-pooling (section 4.2 of the paper),
    so that they are affine in their input in evaluation mode.
    """

    name: str
    activation: str | None = None  # a key of ACTIVATIONS
    dropout: bool | float = True  # True: the default rates; a number: one rate for all layers
    linear: bool = False
    # Of the paper's architectures only:
    width: float = 1.0  # factor on the numbers of filters and of dense units (at least 1)
    depth: int | None = None  # convolutions per block: its first, or more copies of its last
    kernel: int | None = None  # size of every convolution
    units: int | None = None  # of the dense layer, before the factor width
