"""Which network to build."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """An architecture with its variants.

    Attributes:
        name: ``"st_vgg"``, ``"small_st_vgg"`` or ``"mnist_cnn"``, which are the paper's own, or the
            name of one of torchvision's classification models, for example ``"resnet50"``.
        activation: a key of ``ACTIVATIONS``; None for the architecture's own (ELU for the paper's).
        dropout: True for the architecture's own rates, False for none, or one rate for all layers.
        linear: identities in place of activations, and average pooling in place of max-pooling
            (section 4.2 of the paper): in evaluation mode the network is an affine function of the
            images.
        width: factor on the numbers of filters and of dense units (rounded, at least 1). This and
            all further attributes are for the paper's own architectures only.
        depth: convolutions in each block: the first ``depth`` ones, or all of them and copies of
            the last; None for the architecture's own.
        kernel: kernel size of every convolution; None for the architecture's own.
        units: units of the dense layer, which ``width`` multiplies too; None for the architecture's
            own.
    """

    name: str
    activation: str | None = None
    dropout: bool | float = True
    linear: bool = False
    width: float = 1.0
    depth: int | None = None
    kernel: int | None = None
    units: int | None = None
