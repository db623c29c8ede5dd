"""The layers of the paper's own networks, as the kernels compute them for many networks at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import fused_kernels as kernels
import torch
from torch import nn
from triton import cdiv, next_power_of_2

from created_equal.errors import InputError
from created_equal.networks import Dropout

# Programs at least among which the sum over all pixels is divided that a filter's slope is.
PROGRAMS_OF_SLOPES = 32
ELEMENTS_OF_A_PROGRAM = 1024
# Rows, columns, depths: what leaves registers and shared memory for two programs at a time, as
# compiled for an H100. In fp32 there are no tensor cores, and tiles lie in registers alone.
LARGEST_TILES = {
    "fp32": (64, 32, (16,)),
    "tf32": (128, 64, (32, 16)),
    "bf16": (128, 128, (64, 32, 16)),
}
# Of the sum over pixels, at a time.
PIXELS_OF_SLOPES = 64


@dataclass(frozen=True)
class Layer:
    """A convolution (a dense layer: of images of one pixel) with what follows on it.

    Arrays are contiguous, the first axis the network: images and slopes (network, example, pixel,
    channel) in float32 or bfloat16, filters (network, k k input, output) of the same type, ``kept``
    (network, example, pixel, output) uint8 as ``fused_kernels.convolve`` writes it.

    Attributes:
        height, width, channels: of the images that it takes.
        columns: its outputs.
        kernel: rows and columns of its kernel.
        precision: ``"fp32"``, ``"tf32"`` or ``"bf16"``.
        elu: whether an ELU follows.
        pool: rows and columns of the windows that are pooled, 1 where none are.
        threshold: of 256 elements how many are dropped, on average.
    """

    height: int
    width: int
    channels: int
    columns: int
    kernel: int
    precision: str
    elu: bool = False
    pool: int = 1
    threshold: int = 0

    @property
    def pixels(self) -> int:
        """Pixels of an image that it takes."""
        return self.height * self.width

    @property
    def windows(self) -> int:
        """Pixels of an image that it gives."""
        return (self.height // self.pool) * (self.width // self.pool)

    @property
    def remembers(self) -> bool:
        """Whether elements have places that they were kept at."""
        return self.pool > 1 or self.threshold > 0

    @property
    def scale(self) -> float:
        """By what the elements are multiplied that are not dropped."""
        return 256 / (256 - self.threshold)

    def apply(
        self,
        images: torch.Tensor,
        filters: torch.Tensor,
        bias: torch.Tensor,
        noise: torch.Tensor | None,
        y: torch.Tensor,
        kept: torch.Tensor,
    ) -> None:
        """Write ``y`` and ``kept``.

        Args:
            images: may be the same for all networks, by an expanded axis.
            filters: the layer's.
            bias: (network, output) float32.
            noise: (network, octets), at least one for each element of ``y``; None: none is dropped.
            y: what the layer gives.
            kept: see ``Layer``.
        """
        networks, rows = len(images), images.shape[1] * self.windows * self.pool**2
        tiles = tiles_of(self.channels, self.columns, self.precision)
        kernels.convolve[tiles.grid(rows, self.columns), networks](
            images,
            filters,
            bias,
            kept if noise is None else noise,
            y,
            kept,
            images.stride(0),
            0 if noise is None else noise.shape[1],
            rows,
            self.height,
            self.width,
            self.channels,
            self.columns,
            self.kernel,
            self.threshold,
            1.0 if noise is None else self.scale,
            pool=self.pool,
            elu=self.elu,
            drops=self.threshold > 0,
            **tiles.options(),
        )

    def slopes_below(
        self,
        slopes: torch.Tensor,
        filters: torch.Tensor,
        below: "Layer",
        y: torch.Tensor,
        kept: torch.Tensor,
        result: torch.Tensor,
    ) -> None:
        """Write the slopes of the layer below, behind its pooling.

        Args:
            slopes: of the convolution's outputs.
            filters: the layer's.
            below: the layer whose ``y`` it took, with an ELU.
            y: that, of the shape of ``result`` or the same elements.
            kept: of the layer below.
            result: of what is pooled there.
        """
        networks, rows = len(slopes), slopes.shape[1] * self.pixels
        tiles = tiles_of(self.columns, self.channels, self.precision)
        kernels.slopes_of_images[tiles.grid(rows, self.channels), networks](
            slopes,
            filters,
            y,
            kept,
            result,
            rows,
            self.height,
            self.width,
            self.columns,
            self.channels,
            self.kernel,
            below.scale,
            places=below.pool**2,
            drops=below.threshold > 0,
            **tiles.options(),
        )

    def unpool(self, slopes: torch.Tensor, kept: torch.Tensor, result: torch.Tensor) -> None:
        """Write the slopes of the convolution's outputs, where they are pooled.

        Args:
            slopes: of what is pooled.
            kept: see ``Layer``.
            result: zero where pixels belong to no window.
        """
        elements = slopes[0].numel()
        kernels.unpool[cdiv(elements, ELEMENTS_OF_A_PROGRAM), len(slopes)](
            slopes,
            kept,
            result,
            elements,
            self.height,
            self.width,
            self.columns,
            pool=self.pool,
            length=ELEMENTS_OF_A_PROGRAM,
        )

    def slopes_of_filters(
        self,
        images: torch.Tensor,
        slopes: torch.Tensor,
        result: torch.Tensor,
        bias_result: torch.Tensor,
    ) -> None:
        """Write the slopes of filters and bias.

        Args:
            images: what the layer took.
            slopes: of the convolution's outputs.
            result: (network, k k input, output) float32.
            bias_result: (network, output) float32.
        """
        networks, rows = len(slopes), slopes.shape[1] * self.pixels
        tiles = tiles_of(self.channels, self.columns, self.precision)
        lines = cdiv(self.kernel**2 * self.channels, tiles.depth)
        programs = lines * cdiv(self.columns, tiles.columns)
        parts = min(cdiv(PROGRAMS_OF_SLOPES, programs), cdiv(rows, PIXELS_OF_SLOPES))
        of_part = cdiv(cdiv(rows, parts), PIXELS_OF_SLOPES) * PIXELS_OF_SLOPES
        partial = result.new_empty((parts, *result.shape))
        partial_bias = result.new_empty((parts, *bias_result.shape))
        kernels.slopes_of_filters[programs, networks, parts](
            images,
            slopes,
            partial,
            partial_bias,
            images.stride(0),
            rows,
            of_part,
            self.height,
            self.width,
            self.channels,
            self.columns,
            self.kernel,
            **replace(tiles, rows=PIXELS_OF_SLOPES).options(),
        )
        for of_parts, total in ((partial, result), (partial_bias, bias_result)):
            elements = total.numel()
            kernels.add_parts[(cdiv(elements, ELEMENTS_OF_A_PROGRAM),)](
                of_parts, total, elements, parts, length=ELEMENTS_OF_A_PROGRAM
            )


@dataclass(frozen=True)
class Tiles:
    """How large a part of a product a program computes.

    Attributes:
        rows, columns: of the result.
        depth: of the sum, at a time.
        aligned: whether channels are a multiple of the depth.
        precision: of the layer.
    """

    rows: int
    columns: int
    depth: int
    aligned: bool
    precision: str

    def grid(self, rows: int, columns: int) -> int:
        """Return how many tiles a product has."""
        return cdiv(rows, self.rows) * cdiv(columns, self.columns)

    def options(self) -> dict:
        """Return what every kernel of products is told of them."""
        return {
            "height_of_tile": self.rows,
            "width_of_tile": self.columns,
            "depth": self.depth,
            "aligned": self.aligned,
            "precision": "tf32" if self.precision == "tf32" else "ieee",
            "num_warps": 8 if self.columns > 64 else 4,
        }


def tiles_of(channels: int, columns: int, precision: str) -> Tiles:
    """Return the tiles of a product of neighbourhoods in some channels and filters.

    They follow from the layer, not from how many networks there are.
    """
    rows, most_columns, known = LARGEST_TILES[precision]
    depths = [depth for depth in known if channels % depth == 0]
    return Tiles(
        rows=rows,
        columns=min(most_columns, max(16, next_power_of_2(columns))),
        depth=depths[0] if depths else 32,
        aligned=bool(depths),
        precision=precision,
    )


def layers_of(
    network: nn.Sequential, image_shape: tuple[int, int, int], precision: str
) -> list[Layer]:
    """Return the layers of one of the paper's networks.

    Args:
        network: as ``networks.build_network`` makes it.
        image_shape: (height, width, channels).
        precision: see ``Layer``.

    Raises:
        InputError: there is something in it that the kernels do not know.
    """
    layers: list[Layer] = []
    height, width, channels = image_shape
    for module in network:
        match module:
            case nn.Conv2d(kernel_size=(kernel, _), out_channels=columns):
                layers.append(Layer(height, width, channels, columns, kernel, precision))
                channels = columns
            case nn.Linear(in_features=features, out_features=columns):
                layers.append(Layer(1, 1, features, columns, 1, precision))
            case nn.MaxPool2d(kernel_size=pool):
                layers[-1] = replace(layers[-1], pool=pool)
                height, width = height // pool, width // pool
            case nn.ELU():
                layers[-1] = replace(layers[-1], elu=True)
            case Dropout(threshold=threshold):
                layers[-1] = replace(layers[-1], threshold=threshold)
            case nn.Flatten():
                pass
            case _:
                raise InputError(
                    f"the kernels of this benchmark know no {type(module).__name__}; leave fused "
                    "out by --ways."
                )
    return layers


def filters_of(weight: torch.Tensor, pixels: int) -> torch.Tensor:
    """Return the weights of a layer as the kernels take them: (k k input, output).

    Args:
        weight: of a convolution (output, input, k, k), or of a dense layer (output, input), whose
            inputs are the channels of some pixels, channel by channel; here pixel by pixel.
        pixels: how many.
    """
    if weight.dim() == 2:
        weight = weight.unflatten(1, (-1, pixels))
    return weight.flatten(2).permute(2, 1, 0).flatten(0, 1)


def outputs_of(
    layers: Sequence[Layer], networks: int, images: int, device: torch.device
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return room for what every layer gives, and for what it has kept."""
    y, kept = [], []
    for layer in layers:
        shape = networks, images, layer.windows, layer.columns
        dtype = torch.bfloat16 if layer.precision == "bf16" else torch.float32
        y.append(torch.zeros(shape, dtype=dtype, device=device))
        kept.append(torch.zeros(shape if layer.remembers else 0, dtype=torch.uint8, device=device))
    return y, kept
